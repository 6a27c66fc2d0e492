"""Dataset → Graph: who follows, answers, or shares something with whom."""

from graphkit.graphs.cointeraction import cointeraction_graph
from graphkit.graphs.facts import describe
from graphkit.graphs.follow import follow_graph
from graphkit.graphs.interaction import interaction_graph

__all__ = ["cointeraction_graph", "describe", "follow_graph", "interaction_graph"]

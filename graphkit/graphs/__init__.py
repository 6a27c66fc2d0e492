"""Dataset → Graph: who follows, answers, or shares something with whom, and on what evidence."""

from graphkit.graphs.backbone import Backbone, backbone
from graphkit.graphs.cointeraction import cointeraction_graph
from graphkit.graphs.coordination import Coordination, coordinated_accounts
from graphkit.graphs.describe import GraphFacts, describe
from graphkit.graphs.evidence import EdgeEvidence, edge_evidence
from graphkit.graphs.methods import methods_paragraph
from graphkit.graphs.planning import ProjectionPlan, cap_sensitivity, plan
from graphkit.graphs.social import follow_graph, interaction_graph, interaction_times, layers
from graphkit.graphs.spark import read_spark_edges, spark_cointeraction, spark_edges
from graphkit.teaching import teach

__all__ = [
    "Backbone",
    "Coordination",
    "EdgeEvidence",
    "GraphFacts",
    "ProjectionPlan",
    "backbone",
    "cap_sensitivity",
    "cointeraction_graph",
    "coordinated_accounts",
    "describe",
    "edge_evidence",
    "follow_graph",
    "interaction_graph",
    "interaction_times",
    "layers",
    "methods_paragraph",
    "plan",
    "read_spark_edges",
    "spark_cointeraction",
    "spark_edges",
]


def __dir__() -> list[str]:
    return __all__


teach(globals())

"""Dataset → Graph: who follows, answers, or shares something with whom, and on what evidence."""

from graphkit.graphs.backbone import backbone
from graphkit.graphs.cointeraction import cointeraction_graph
from graphkit.graphs.coordination import coordinated_accounts
from graphkit.graphs.describe import describe
from graphkit.graphs.evidence import edge_evidence
from graphkit.graphs.methods import methods_paragraph
from graphkit.graphs.planning import cap_sensitivity, plan
from graphkit.graphs.social import follow_graph, interaction_graph, interaction_times, layers
from graphkit.graphs.spark import read_spark_edges, spark_cointeraction, spark_edges

__all__ = [
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

from . import communities, graphs, measures, plot, readwrite, synthetic
from .communities import agreement, find_community, label_communities, leiden, visibility
from .data.dataset import Dataset
from .data.graph import Graph
from .data.impressions import Impressions
from .data.partition import Partition
from .data.platform import Platform
from .data.tags import STOP_TAGS
from .data.vocabulary import Vocabulary
from .errors import GraphkitError, GraphkitWarning
from .graphs import cointeraction_graph, follow_graph, interaction_graph
from .progress import show_progress
from .readwrite import load_platform, read_dataset, write_dataset
from .study import study_communities

__version__: str

__all__ = [
    "STOP_TAGS",
    "Dataset",
    "Graph",
    "GraphkitError",
    "GraphkitWarning",
    "Impressions",
    "Partition",
    "Platform",
    "Vocabulary",
    "__version__",
    "agreement",
    "cointeraction_graph",
    "communities",
    "find_community",
    "follow_graph",
    "graphs",
    "interaction_graph",
    "label_communities",
    "leiden",
    "load_platform",
    "measures",
    "plot",
    "read_dataset",
    "readwrite",
    "show_progress",
    "study_communities",
    "synthetic",
    "visibility",
    "write_dataset",
]

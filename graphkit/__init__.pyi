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

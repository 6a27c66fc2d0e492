from . import (
    attribution,
    communities,
    data,
    datasets,
    graphs,
    measures,
    nullmodels,
    plot,
    privacy,
    readwrite,
    recommenders,
    simulation,
    study,
    synthetic,
)
from .communities import agreement, find_community, label_communities, leiden, track, visibility
from .data.dataset import Dataset
from .data.graph import Graph
from .data.impressions import Impressions
from .data.partition import Partition
from .data.platform import Platform
from .data.tags import STOP_TAGS
from .data.vocabulary import Vocabulary
from .errors import GraphkitError, GraphkitWarning
from .graphs import backbone, cointeraction_graph, follow_graph, interaction_graph, layers
from .measures import contrast, measure_spread
from .parallel import show_progress
from .progress import set_progress
from .readwrite import from_frame, load_platform, read_any, read_dataset, write_dataset
from .recommenders import follower_centric, interest_centric
from .simulation import build_world, resample_worlds, simulate_spread, split_world_data
from .study import run_study, study_communities

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
    "attribution",
    "backbone",
    "build_world",
    "cointeraction_graph",
    "communities",
    "contrast",
    "data",
    "datasets",
    "find_community",
    "follow_graph",
    "follower_centric",
    "from_frame",
    "graphs",
    "interaction_graph",
    "interest_centric",
    "label_communities",
    "layers",
    "leiden",
    "load_platform",
    "measure_spread",
    "measures",
    "nullmodels",
    "plot",
    "privacy",
    "read_any",
    "read_dataset",
    "readwrite",
    "recommenders",
    "resample_worlds",
    "run_study",
    "set_progress",
    "show_progress",
    "simulate_spread",
    "simulation",
    "split_world_data",
    "study",
    "study_communities",
    "synthetic",
    "track",
    "visibility",
    "write_dataset",
]

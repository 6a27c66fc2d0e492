"""Types: immutable values that functions take and return."""

from graphkit.data.answers import Answers
from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.impressions import Impressions
from graphkit.data.incidence import IncidenceMatrix
from graphkit.data.partition import Partition, Runs
from graphkit.data.platform import Planted, Platform
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.teaching import teach

__all__ = [
    "Answers",
    "ArmTally",
    "Dataset",
    "Graph",
    "ImportReport",
    "Impressions",
    "IncidenceMatrix",
    "Partition",
    "Planted",
    "Platform",
    "Provenance",
    "Runs",
    "Spread",
    "Vocabulary",
    "World",
]


def __dir__() -> list[str]:
    return __all__


teach(globals())

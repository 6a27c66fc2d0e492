"""Null models and benchmarks: rewired graphs and logs, random graphs, planted communities."""

from graphkit.nullmodels.curveball import curveball
from graphkit.nullmodels.forest import random_forest
from graphkit.nullmodels.planted import lfr, planted_partition, random_graph
from graphkit.nullmodels.rewire import rewire
from graphkit.teaching import teach

__all__ = ["curveball", "lfr", "planted_partition", "random_forest", "random_graph", "rewire"]


def __dir__() -> list[str]:
    return __all__


teach(globals())

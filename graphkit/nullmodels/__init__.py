"""Null models and benchmarks: rewired graphs, random graphs, planted communities."""

from graphkit.nullmodels.planted import lfr, planted_partition, random_graph
from graphkit.nullmodels.rewire import rewire

__all__ = ["lfr", "planted_partition", "random_graph", "rewire"]


def __dir__() -> list[str]:
    return __all__

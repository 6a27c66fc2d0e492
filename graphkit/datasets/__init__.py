"""Public data by name: a registry with addresses, hashes and terms, and downloads that are checked."""

from graphkit.datasets.fetching import Fetched, fetch
from graphkit.datasets.registry import available
from graphkit.teaching import teach

__all__ = ["Fetched", "available", "fetch"]


def __dir__() -> list[str]:
    return __all__


teach(globals())

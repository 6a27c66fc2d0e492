"""Communities of a converted graph, as lists of sets."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities._levels import level_memberships
from graphkit.data.membership import canonical_membership
from graphkit.errors import DataError, check_integer, check_number
from graphkit.networkx_backend.conversion import Converted
from graphkit.rng import Streams

__all__ = ["last", "partitions"]


def partitions(
    verb: str,
    graph: Any,
    weight: str | None,
    resolution: float,
    seed: Any,
    *,
    threshold: float = 0.0,
) -> Iterator[list[set[Any]]]:
    """The partitions of the levels that `verb`, a function of networkx, goes through."""
    if not isinstance(graph, Converted):
        raise DataError(
            f"{verb}: this is a {type(graph).__name__}, not a converted graph: call "
            f'nx.community.{verb}(graph, backend="graphkit").'
        )
    levels = level_memberships(
        graph.graph(weight),
        resolution=_resolution(verb, resolution),
        refined=verb.startswith("leiden"),
        threshold=check_number("threshold", threshold, finite=False),
        seed=_drawn(seed),
        verb=verb,
    )
    return (_sets(graph.nodes, membership) for membership in levels)


def last(levels: Iterator[list[set[Any]]], max_level: int | None) -> list[set[Any]]:
    """The last of all levels, or of the first `max_level`."""
    if max_level is not None:
        levels = islice(levels, check_integer("max_level", max_level, 1))
    return deque(levels, maxlen=1).pop()


def _resolution(verb: str, resolution: float) -> float:
    value = check_number("resolution", resolution)
    if value < 0:
        raise NotImplementedError(
            f"{verb}: resolution={resolution!r} rewards what modularity is to penalise; graphkit "
            "takes 0 or more."
        )
    return value


def _drawn(seed: Any) -> int:
    """62 bits from the generator that networkx makes of a seed, or from the seed itself.

    networkx stands Python's global generator for None; that one is left alone.
    """
    if seed is None or seed is getattr(random, "_inst", None):
        return Streams().integer("networkx", bits=62)
    if hasattr(seed, "randrange"):
        high, low = int(seed.randrange(1 << 31)), int(seed.randrange(1 << 31))
        return high << 31 | low
    return Streams(seed).integer("networkx", bits=62)


def _sets(nodes: list[Any], membership: npt.NDArray[np.int32]) -> list[set[Any]]:
    """The communities, largest first, ties by the first node."""
    codes = canonical_membership(membership)
    by_community = map(nodes.__getitem__, np.argsort(codes, kind="stable").tolist())
    return [set(islice(by_community, size)) for size in np.bincount(codes).tolist()]

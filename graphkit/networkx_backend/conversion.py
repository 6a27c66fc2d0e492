"""Communities of a converted graph, as lists of sets."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from operator import methodcaller
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities.native import level_memberships
from graphkit.data.graph import Graph
from graphkit.data.partition import canonical_membership
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, check_integer, check_number
from graphkit.rng import Streams

__all__ = ["Converted", "from_networkx", "to_networkx"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Converted:
    """A networkx graph in compressed rows; may be passed to networkx in its place.

    networkx keeps it, and may hand one with weights to a call without, so that it holds what
    either needs.

    Attributes
    ----------
    nodes
        The nodes themselves, in the order of the rows: sorted as a Vocabulary sorts ids, or
        as they came where it cannot.
    vocabulary
        The nodes as ids, or their numbers where they cannot be ids.
    indptr, indices
        As in :class:`graphkit.Graph`.
    parallel
        float64 (entries,): edges behind each entry; 1 but in a multigraph.
    weights
        float64 (entries,) for each edge attribute asked for.
    directed
        Whether an entry is an arc.
    """

    nodes: list[Any]
    vocabulary: Vocabulary
    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    parallel: Floats
    weights: dict[str, Floats]
    directed: bool

    __networkx_backend__ = "graphkit"

    def is_directed(self) -> bool:
        """Whether edges have a direction; networkx asks before it dispatches."""
        return self.directed

    def is_multigraph(self) -> bool:
        """No: parallel edges are merged."""
        return False

    def graph(self, weight: str | None) -> Graph:
        """The graph with one attribute as weights, or each edge counting 1."""
        if weight is not None and weight not in self.weights:
            raise DataError(
                f"weight={weight!r} was not converted (only {sorted(self.weights)} were): pass "
                "the networkx graph, or convert it with edge_attrs={" + repr(weight) + ": 1}."
            )
        values = self.parallel if weight is None else self.weights[weight]
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            row = int(np.searchsorted(self.indptr, bad[0], side="right")) - 1
            ends = self.nodes[row], self.nodes[self.indices[bad[0]]]
            raise DataError(
                f"the edge {ends[0]!r} – {ends[1]!r} has {weight}={values[bad[0]]}, which is not a "
                "finite number: drop the edge or give it a weight."
            )
        made = Provenance("networkx", {"weight": weight})
        return Graph(
            self.vocabulary, self.indptr, self.indices, values, self.directed, provenance=made
        )


def from_networkx(graph: Any, edge_attrs: Mapping[str, Any]) -> Converted:
    """The rows of the adjacency, in the order of the ids, columns ascending."""
    came: list[Any] = []
    rows: list[Any] = []
    for node, row in graph.adjacency():
        came.append(node)
        rows.append(row)
    ids_are_nodes = True
    try:
        vocabulary = Vocabulary(came)
        codes = vocabulary.encode(came)
    except DataError:  # floats, or objects that nothing orders
        ids_are_nodes = False
        codes = np.arange(len(came), dtype=np.int32)
        vocabulary = Vocabulary(codes)
    place = np.argsort(codes).tolist()
    nodes, rows = [came[i] for i in place], [rows[i] for i in place]
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    size = int(indptr[-1])
    heads = chain.from_iterable(rows)
    if ids_are_nodes and vocabulary.kind == "int":  # three times as fast as one by one
        columns = vocabulary.encode(np.fromiter(heads, np.int64, size))
    else:
        code = dict(zip(came, codes.tolist(), strict=True))
        columns = np.fromiter(map(code.__getitem__, heads), np.int32, size)
    indices, order = _ascending(indptr, columns)
    # an entry's data: the attributes of its edge, in a multigraph those of its edges by key
    data = list(chain.from_iterable(map(methodcaller("values"), rows)))
    many = graph.is_multigraph()
    parallel = np.fromiter(map(len, data), np.float64, size)[order] if many else np.ones(size)
    weights = {}
    for name, default in edge_attrs.items():
        try:
            if many:  # exact sums are the same in any order of the keys
                found = [
                    math.fsum(one.get(name, default) for one in keyed.values()) for keyed in data
                ]
            else:
                found = [one.get(name, default) for one in data]
            weights[name] = np.fromiter(found, np.float64, size)[order]
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(
                f"the edge attribute {name!r} is not a number on every edge ({error}): correct "
                "it, name another, or pass weight=None."
            ) from None
    return Converted(nodes, vocabulary, indptr, indices, parallel, weights, graph.is_directed())


def to_networkx(converted: Converted) -> Any:
    """A networkx Graph or DiGraph with the attributes that were converted."""
    import networkx as nx

    graph: Any = nx.DiGraph() if converted.directed else nx.Graph()
    graph.add_nodes_from(converted.nodes)
    tails = np.repeat(np.arange(len(converted.nodes)), np.diff(converted.indptr))
    ends = [converted.nodes[i] for i in tails], [converted.nodes[i] for i in converted.indices]
    graph.add_edges_from(zip(*ends, strict=True))
    for name, values in converted.weights.items():
        pairs = dict(zip(zip(*ends, strict=True), values.tolist(), strict=True))
        nx.set_edge_attributes(graph, pairs, name)
    return graph


def _ascending(
    indptr: npt.NDArray[np.int64], indices: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Columns ascending within each row, and where each stood."""
    import scipy.sparse as sp

    n = indptr.size - 1
    matrix = sp.csr_array((np.arange(indices.size), indices, indptr), shape=(n, n))
    matrix.sort_indices()
    return matrix.indices.astype(np.int32, copy=False), matrix.data


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

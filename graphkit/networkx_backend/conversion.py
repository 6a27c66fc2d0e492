"""Conversion of networkx graphs to arrays, and their communities as lists of sets."""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from operator import methodcaller
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities.native import level_memberships
from graphkit.data.graph import Graph
from graphkit.data.membership import canonical_membership
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, check_number
from graphkit.rng import Streams

Floats = npt.NDArray[np.float64]

#: What Leiden can maximise, by the names of networkx.
METRICS = ("modularity", "cpm")

#: Modularity by mergers that gain most: what a networkx without these options describes.
BEFORE_37 = {"metric": "modularity", "theta": 0.0}


@dataclass(frozen=True, eq=False)
class Converted:
    """A networkx graph in compressed rows, which networkx accepts in its place.

    networkx caches it, and may pass one with weights to a call without, so it holds both.

    Attributes
    ----------
    nodes
        The nodes in the order of the rows: sorted as in a Vocabulary, or as given if they
        cannot be sorted.
    vocabulary
        The nodes as ids, or their positions if they cannot be ids.
    indptr, indices
        As in :class:`graphkit.Graph`.
    parallel
        float64 (entries,): multiplicity of each entry; 1 except in a multigraph.
    weights
        float64 (entries,) for each requested edge attribute.
    directed
        Whether an entry is a directed edge.
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
        """Graph weighted by one attribute, or by the multiplicity of edges."""
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
    """Convert a networkx graph: rows in the order of the ids, columns ascending."""
    adjacency = list(graph.adjacency())
    given, rows = [node for node, _ in adjacency], [row for _, row in adjacency]
    ids_are_nodes = True
    try:
        vocabulary = Vocabulary(given)
        codes = vocabulary.encode(given)
    except DataError:  # floats, or objects without an order
        ids_are_nodes = False
        codes = np.arange(len(given), dtype=np.int32)
        vocabulary = Vocabulary(codes)
    order = np.argsort(codes).tolist()
    nodes, rows = [given[i] for i in order], [rows[i] for i in order]
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    size = int(indptr[-1])
    targets = chain.from_iterable(rows)
    if ids_are_nodes and vocabulary.kind == "int":  # three times as fast as one by one
        columns = vocabulary.encode(np.fromiter(targets, np.int64, size))
    else:
        code = dict(zip(given, codes.tolist(), strict=True))
        columns = np.fromiter(map(code.__getitem__, targets), np.int32, size)
    indices, entries = _sort_columns(indptr, columns)
    # per entry: the attributes of its edge, or in a multigraph those of its edges by key
    data = list(chain.from_iterable(map(methodcaller("values"), rows)))
    many = graph.is_multigraph()
    parallel = np.fromiter(map(len, data), np.float64, size)[entries] if many else np.ones(size)
    weights = {}
    for name, default in edge_attrs.items():
        try:
            if many:  # exact sums are the same in any order of the keys
                sums = (math.fsum(e.get(name, default) for e in keyed.values()) for keyed in data)
                found = list(sums)
            else:
                found = [edge.get(name, default) for edge in data]
            weights[name] = np.fromiter(found, np.float64, size)[entries]
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(
                f"the edge attribute {name!r} is not a number on every edge ({error}): correct "
                "it, name another, or pass weight=None."
            ) from None
    return Converted(nodes, vocabulary, indptr, indices, parallel, weights, graph.is_directed())


def to_networkx(converted: Converted) -> Any:
    """Convert back to a networkx Graph or DiGraph with the converted attributes."""
    import networkx as nx

    graph: Any = nx.DiGraph() if converted.directed else nx.Graph()
    graph.add_nodes_from(converted.nodes)
    sources = np.repeat(np.arange(len(converted.nodes)), np.diff(converted.indptr))
    ends = [[converted.nodes[i] for i in codes] for codes in (sources, converted.indices)]
    graph.add_edges_from(zip(*ends, strict=True))
    for name, values in converted.weights.items():
        pairs = dict(zip(zip(*ends, strict=True), values.tolist(), strict=True))
        nx.set_edge_attributes(graph, pairs, name)
    return graph


def _sort_columns(
    indptr: npt.NDArray[np.int64], indices: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Columns sorted within each row, and the original position of each."""
    import scipy.sparse as sp

    n = indptr.size - 1
    matrix = sp.csr_array((np.arange(indices.size), indices, indptr), shape=(n, n))
    matrix.sort_indices()
    return matrix.indices.astype(np.int32, copy=False), matrix.data


def partitions(
    caller: str,
    graph: Any,
    weight: str | None,
    resolution: float,
    seed: Any,
    *,
    threshold: float = 0,
    metric: str | None = "modularity",
    theta: float | None = 0.0,
) -> Iterator[list[set[Any]]]:
    """Partitions after each level of the networkx function `caller`.

    `None` is the default of the installed networkx, which does not fill it in where the caller
    passes a converted graph.
    """
    if not isinstance(graph, Converted):
        raise DataError(
            f"{caller}: this is a {type(graph).__name__}, not a converted graph: call "
            f'nx.community.{caller}(graph, backend="graphkit").'
        )
    quality = default_option(caller, "metric") if metric is None else metric
    if quality not in METRICS:
        raise NotImplementedError(
            f"{caller}: graphkit maximises {' or '.join(map(repr, METRICS))}, not "
            f"metric={metric!r}."
        )
    gamma = check_number("resolution", resolution)
    if gamma < 0:
        raise NotImplementedError(
            f"{caller}: resolution={resolution!r} rewards what {quality} penalises; graphkit takes "
            "0 or more."
        )
    spread = check_number(
        "theta", default_option(caller, "theta") if theta is None else theta, finite=False
    )
    if spread < 0:
        raise NotImplementedError(
            f"{caller}: theta={theta!r} prefers the merger that gains least; graphkit takes 0, for "
            "the one that gains most, or more."
        )
    levels = level_memberships(
        graph.graph(weight),
        quality=quality,
        resolution=gamma,
        theta=spread,
        refined=caller.startswith("leiden"),
        threshold=check_number("threshold", threshold, finite=False),
        seed=_draw_seed(seed),
        verb=caller,
    )
    return (_node_sets(graph.nodes, membership) for membership in levels)


def default_option(caller: str, option: str) -> Any:
    """Default of an option in the installed networkx; before 3.7 it has neither of these two."""
    import networkx as nx

    parameters = inspect.signature(getattr(nx.community, caller)).parameters
    return parameters[option].default if option in parameters else BEFORE_37[option]


def _draw_seed(seed: Any) -> int:
    """62-bit seed from the generator that networkx makes of a seed, or from the seed itself.

    networkx passes Python's global generator for None; it is not used.
    """
    if seed is None or seed is getattr(random, "_inst", None):
        return Streams().integer("networkx", bits=62)
    if hasattr(seed, "randrange"):
        high, low = int(seed.randrange(1 << 31)), int(seed.randrange(1 << 31))
        return high << 31 | low
    return Streams(seed).integer("networkx", bits=62)


def _node_sets(nodes: list[Any], membership: npt.NDArray[np.int32]) -> list[set[Any]]:
    """The communities, largest first, ties by the first node."""
    codes = canonical_membership(membership)
    by_community = map(nodes.__getitem__, np.argsort(codes, kind="stable").tolist())
    return [set(islice(by_community, size)) for size in np.bincount(codes).tolist()]

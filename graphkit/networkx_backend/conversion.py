"""A networkx graph in arrays, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from operator import methodcaller
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError

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

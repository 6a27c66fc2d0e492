"""What a graph must be before any engine sees it: one place, for every engine alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph, csr_from_codes
from graphkit.data.partition import Partition
from graphkit.errors import DataError, OptionError, check_integer, check_number

__all__ = [
    "LINEAR",
    "QUALITIES",
    "Prepared",
    "check_iterations",
    "check_resolution",
    "check_sizes",
    "prepare",
    "require_partition",
    "shared_nodes",
    "unit",
]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]

#: The qualities that can be maximised or computed.
QUALITIES = ("modularity", "cpm", "rber", "surprise", "significance")

#: Those that fall with γ along a line: weight inside minus γ times an expectation.
LINEAR = ("modularity", "cpm")


@dataclass(frozen=True, eq=False)
class Prepared:
    """The part of a graph that communities are made of: no loops, no isolated nodes.

    Attributes
    ----------
    nodes
        int32, shape (k,): codes, in the graph, of the nodes that have an edge; ascending.
    n_nodes
        Nodes of the graph, those without edges included.
    indptr, indices
        int64 (k + 1,) and int32 (entries,): compressed rows over positions in `nodes`,
        ascending; an undirected edge stands in both its rows.
    weights
        float64, shape (entries,), all above zero; empty if every weight is 1.
    directed
        Whether an entry is an arc row → column.
    removed
        What was left out, as counts by reason.
    """

    nodes: Codes
    n_nodes: int
    indptr: npt.NDArray[np.int64]
    indices: Codes
    weights: Floats
    directed: bool
    removed: dict[str, int]

    @classmethod
    def of_edges(
        cls,
        n: int,
        tail: npt.NDArray[Any],
        head: npt.NDArray[Any],
        weight: Floats | None,
        *,
        directed: bool,
    ) -> Prepared:
        """Edges among n nodes; parallel ones are merged."""
        arrays = csr_from_codes(n, tail, head, weight, directed=directed)
        return cls(np.arange(n, dtype=np.int32), n, *arrays, directed, {})

    @property
    def size(self) -> int:
        """Number of nodes that have an edge."""
        return int(self.nodes.size)

    @property
    def possible_pairs(self) -> float:
        """Pairs of nodes that an edge could join: ordered ones where directed."""
        ordered = float(self.size) * (self.size - 1)
        return ordered if self.directed else ordered / 2

    @cached_property
    def total(self) -> float:
        """Weight of all edges, each once."""
        everything = float(self.weights.sum()) if self.weights.size else float(self.indices.size)
        return everything if self.directed else everything / 2

    @property
    def density(self) -> float:
        """Total weight over possible pairs, among nodes that have an edge."""
        return self.total / self.possible_pairs

    @cached_property
    def _edges(self) -> tuple[Codes, Codes, Floats]:
        tail = np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self.indptr))
        weight = self.weights if self.weights.size else np.ones(self.indices.size)
        if self.directed:
            return tail, self.indices, weight
        once = tail < self.indices
        return tail[once], self.indices[once], weight[once]

    @property
    def tail(self) -> Codes:
        """First end of each edge as a position in `nodes`, shape (m,); each edge once, sorted."""
        return self._edges[0]

    @property
    def head(self) -> Codes:
        """Other end of each edge, shape (m,); above the tail if undirected."""
        return self._edges[1]

    @property
    def weight(self) -> Floats:
        """Weight of each edge, shape (m,)."""
        return self._edges[2]

    @cached_property
    def _strengths(self) -> tuple[Floats, Floats]:
        if not self.weights.size:
            out = np.diff(self.indptr).astype(np.float64)
        else:
            out = np.zeros(self.size)
            some = np.diff(self.indptr) > 0
            out[some] = np.add.reduceat(self.weights, self.indptr[:-1][some])
        if not self.directed:
            return out, out
        into = np.bincount(self.indices, self.weights if self.weights.size else None, self.size)
        return out, into.astype(np.float64)

    def strengths(self) -> tuple[Floats, Floats]:
        """Out- and in-strength of each node, shape (k,) each; the same if undirected."""
        return self._strengths

    @cached_property
    def symmetric(self) -> tuple[npt.NDArray[np.int64], Codes, Floats]:
        """Compressed rows without direction: weights of opposite arcs are added."""
        if not self.directed:
            return self.indptr, self.indices, self.weights
        import scipy.sparse as sp

        weights = self.weights if self.weights.size else np.ones(self.indices.size)
        arcs = sp.csr_array((weights, self.indices, self.indptr), shape=(self.size,) * 2)
        both = (arcs + arcs.T).tocsr()
        both.sort_indices()
        return both.indptr.astype(np.int64), both.indices.astype(np.int32), both.data


def prepare(graph: Graph, *, verb: str) -> Prepared:
    """Edges that count: no self-loops, no zero weights; refuses what cannot be meant.

    Raises
    ------
    DataError
        If `graph` is no Graph, has no nodes or no edges, has a negative weight, or nothing
        but self-loops and weights of zero.
    """
    if not isinstance(graph, Graph):
        raise DataError(
            f"{verb} needs a graphkit Graph, not a {type(graph).__name__}: convert it with "
            "Graph.from_networkx, Graph.from_igraph, Graph.from_scipy or Graph.from_edges."
        )
    if not graph.n_nodes:
        raise DataError(f"{verb}: the graph has no nodes: there is nothing to partition.")
    if not graph.n_edges:
        raise DataError(
            f"{verb}: the graph has {graph.n_nodes:,} nodes and no edges, so no communities: "
            "loosen the rule that ties nodes (min_shared, window, backbone)."
        )
    indptr, indices = graph.indptr, graph.indices
    weights = graph.weights if graph.is_weighted else np.empty(0)
    removed: dict[str, int] = {}
    if graph.n_loops or (weights.size and weights.min() <= 0):
        _refuse_negative(graph, verb)
        tails = np.repeat(np.arange(graph.n_nodes, dtype=np.int32), np.diff(indptr))
        loops = tails == indices
        zero = (graph.weights == 0) & ~loops
        keep = ~(loops | zero)
        removed["self-loops"] = int(loops.sum())
        removed["edges of weight zero"] = int(zero.sum()) // (1 if graph.directed else 2)
        if not keep.any():
            raise DataError(
                f"{verb}: nothing ties one node to another: of {graph.n_edges:,} edges, "
                f"{removed['self-loops']:,} are self-loops and "
                f"{removed['edges of weight zero']:,} have weight zero. Check the weights."
            )
        indptr = np.concatenate([[0], np.cumsum(np.bincount(tails[keep], minlength=graph.n_nodes))])
        indices, weights = indices[keep], graph.weights[keep]
        if (weights == 1).all():
            weights = np.empty(0)
    with np.errstate(over="ignore"):
        strengths = 2 * float(weights.sum())
    if not math.isfinite(strengths):
        raise DataError(
            f"{verb}: the weights are finite, but their sum is not (largest: {weights.max():g}): "
            "divide them by their mean."
        )
    touched = np.diff(indptr) > 0
    if graph.directed:
        touched[indices] = True
    nodes = np.flatnonzero(touched).astype(np.int32)
    if nodes.size < graph.n_nodes:
        removed["nodes without an edge"] = graph.n_nodes - int(nodes.size)
        position = np.cumsum(touched, dtype=np.int32) - np.int32(1)
        indices = position[indices]
        indptr = np.concatenate([[0], indptr[1:][touched]])
    return Prepared(
        nodes=nodes,
        n_nodes=graph.n_nodes,
        indptr=np.ascontiguousarray(indptr, dtype=np.int64),
        indices=np.ascontiguousarray(indices, dtype=np.int32),
        weights=weights,
        directed=graph.directed,
        removed={reason: count for reason, count in removed.items() if count},
    )


def _refuse_negative(graph: Graph, verb: str) -> None:
    if not graph.weights.min(initial=0.0) < 0:
        return
    tail, head, weight = graph.edge_arrays()
    negative = np.flatnonzero(weight < 0)
    first = int(negative[0])
    ids = graph.vocabulary.ids
    ends = [ids[code : code + 1].tolist()[0] for code in (tail[first], head[first])]
    raise DataError(
        f"{verb}: the edge {ends[0]!r} – {ends[1]!r} has the weight {weight[first]:g} "
        f"({negative.size:,} edges are negative); this needs weights of zero or more: drop these "
        "edges, take a weight that cannot be negative, or part the graph by sign: "
        'leiden(by_sign(graph), layer_weights={"positive": 1, "negative": -1}).'
    )


def require_partition(partition: Partition, *, verb: str) -> None:
    """Raise a DataError unless `partition` is a Partition."""
    if not isinstance(partition, Partition):
        raise DataError(
            f"{verb} needs a graphkit Partition, not a {type(partition).__name__}: see "
            "Partition.from_membership."
        )


def shared_nodes(
    a: Partition, b: Partition | Graph, *, verb: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Codes, in `a` and in `b`, of the nodes that both know; in `a`'s order.

    Raises
    ------
    DataError
        If there are none; the message shows ids of both.
    """
    found = b.vocabulary.lookup(a.vocabulary)
    here = np.flatnonzero(found >= 0)
    if not here.size:
        mine, theirs = (", ".join(repr(i) for i in x.vocabulary.ids[:3].tolist()) for x in (a, b))
        raise DataError(
            f"{verb}: no node is in both: the partition has ids such as {mine or 'none'} "
            f"({a.node_kind}), the {'graph' if isinstance(b, Graph) else 'other'} such as "
            f"{theirs or 'none'} ({b.node_kind}). Use two that are about the same nodes."
        )
    return here, found[here].astype(np.int64)


def check_resolution(resolution: float | None) -> float | None:
    """The resolution as a float; raises an OptionError unless it is finite and above 0."""
    if resolution is None:
        return None
    hint = "None takes the default (1 for modularity, the density for CPM)."
    return check_number("resolution", resolution, 0, low_open=True, hint=hint)


def check_iterations(iterations: int) -> int:
    """The number of iterations: 1 or more, or −1 for as many as improve anything."""
    if iterations == -1:
        return -1
    return check_integer("iterations", iterations, 1, hint="Or -1: until nothing improves.")


def check_sizes(min_size: int, max_size: int | None) -> tuple[int, int | None]:
    """Least and largest size of a community; raises an OptionError if they contradict."""
    least = check_integer("min_size", min_size, 1)
    most = check_integer("max_size", max_size, 1, optional=True)
    if most is not None and most < least:
        raise OptionError(f"min_size={least} is above max_size={most}.")
    return least, most


def unit(weight: Floats) -> float:
    """The power of two near the mean weight: dividing by it loses no digit.

    leidenalg compares gains with a fixed tolerance, so that the unit of the weights would
    change its result.
    """
    typical = float(weight.mean()) or float(weight.max())
    return math.ldexp(1.0, math.frexp(typical)[1] - 1)

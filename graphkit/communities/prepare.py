"""Graph validation and conversion before community detection, the same for every engine."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.data.rows import csr_from_codes
from graphkit.errors import DataError, OptionError, check_integer, check_number

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: The qualities that can be maximised or computed.
QUALITIES = ("modularity", "cpm", "rber", "surprise", "significance")

#: Those that fall with γ along a line: weight inside minus γ times an expectation.
LINEAR = ("modularity", "cpm")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A graph without self-loops, zero weights and isolated nodes, in compressed sparse rows.

    `nodes` (int32, (k,)) holds the ascending graph codes of the nodes that have an edge, of
    `n_nodes` in all. `indptr` (int64, (k + 1,)) and `indices` (int32, (entries,)) are rows over
    positions in `nodes`, ascending: an undirected edge is in both its rows, a `directed` one in
    that of its source. `weights` (float64, (entries,)) are above zero, and empty if all are 1.
    `removed` counts what was left out by reason.
    """

    nodes: Codes
    n_nodes: int
    indptr: npt.NDArray[np.int64]
    indices: Codes
    weights: Floats
    directed: bool
    removed: dict[str, int]

    def __post_init__(self) -> None:
        # read-only, whatever was given, so that each kernel is compiled only once
        for name in ("indptr", "indices", "weights"):
            array = getattr(self, name).view()
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def of_edges(
        cls,
        n: int,
        source: npt.NDArray[Any],
        target: npt.NDArray[Any],
        weight: Floats | None,
        *,
        directed: bool,
    ) -> Prepared:
        """Edges among n nodes; parallel ones are merged."""
        arrays = csr_from_codes(n, source, target, weight, directed=directed)
        return cls(np.arange(n, dtype=np.int32), n, *arrays, directed, {})

    @property
    def size(self) -> int:
        """Number of nodes that have an edge."""
        return int(self.nodes.size)

    @property
    def possible_pairs(self) -> float:
        """Pairs of nodes that an edge could join, ordered if directed."""
        ordered = float(self.size) * (self.size - 1)
        return ordered if self.directed else ordered / 2

    def expand_nodes(self, values: npt.NDArray[Any], fill: float) -> npt.NDArray[Any]:
        """Values of all nodes of the graph, on the last axis; `fill` for those without an edge."""
        full = np.full((*values.shape[:-1], self.n_nodes), fill, dtype=values.dtype)
        full[..., self.nodes] = values
        return full

    @cached_property
    def total(self) -> float:
        """Weight of all edges, each once."""
        everything = float(self.weights.sum()) if self.weights.size else float(self.indices.size)
        return everything if self.directed else everything / 2

    @property
    def density(self) -> float:
        """Total weight over possible pairs, among nodes that have an edge; NaN if there are none."""
        return self.total / self.possible_pairs if self.size else math.nan

    @cached_property
    def _edge_list(self) -> tuple[Codes, Codes, Floats]:
        source = np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self.indptr))
        weight = self.weights if self.weights.size else np.ones(self.indices.size)
        if self.directed:
            return source, self.indices, weight
        once = source < self.indices
        return source[once], self.indices[once], weight[once]

    @property
    def source(self) -> Codes:
        """Source of each edge as a position in `nodes`, shape (m,); each edge once, sorted."""
        return self._edge_list[0]

    @property
    def target(self) -> Codes:
        """Target of each edge, shape (m,); above the source if undirected."""
        return self._edge_list[1]

    @property
    def weight(self) -> Floats:
        """Weight of each edge, shape (m,)."""
        return self._edge_list[2]

    @cached_property
    def _node_strengths(self) -> tuple[Floats, Floats]:
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
        return self._node_strengths

    @cached_property
    def symmetric(self) -> tuple[npt.NDArray[np.int64], Codes, Floats]:
        """Undirected compressed rows: the weights of opposite directed edges are added."""
        if not self.directed:
            return self.indptr, self.indices, self.weights
        import scipy.sparse as sp

        weights = self.weights if self.weights.size else np.ones(self.indices.size)
        directed = sp.csr_array((weights, self.indices, self.indptr), shape=(self.size,) * 2)
        both = (directed + directed.T).tocsr()
        both.sort_indices()
        return both.indptr.astype(np.int64), both.indices.astype(np.int32), both.data


def prepare(
    graph: GraphLike, *, caller: str, remedy: str = "", may_be_empty: bool = False
) -> Prepared:
    """The graph without self-loops, zero weights and isolated nodes.

    `remedy` is a sentence for a graph without edges, which is refused unless it `may_be_empty`.

    Raises
    ------
    DataError
        If `graph` is no graph, has no nodes or no edges, has a negative weight, or only
        self-loops and weights of zero.
    """
    graph = as_graph(graph, caller)
    if not graph.n_nodes and not may_be_empty:
        nothing = f"{caller}: the graph has no nodes: there is nothing to partition. {remedy}"
        raise DataError(nothing.rstrip())
    if not graph.n_edges and not may_be_empty:
        nothing = (
            f"{caller}: the graph has {graph.n_nodes:,} nodes and no edges, so no communities: "
            f"loosen the rule that joins nodes (min_shared, window, backbone). {remedy}"
        )
        raise DataError(nothing.rstrip())
    indptr, indices = graph.indptr, graph.indices
    weights = graph.weights if graph.is_weighted else np.empty(0)
    removed: dict[str, int] = {}
    if graph.n_loops or (weights.size and weights.min() <= 0):
        _refuse_negative(graph, caller)
        sources = np.repeat(np.arange(graph.n_nodes, dtype=np.int32), np.diff(indptr))
        loops = sources == indices
        zero = (graph.weights == 0) & ~loops
        keep = ~(loops | zero)
        removed["self-loops"] = int(loops.sum())
        removed["edges of weight zero"] = int(zero.sum()) // (1 if graph.directed else 2)
        if not keep.any() and not may_be_empty:
            nothing = (
                f"{caller}: nothing joins one node to another: of {graph.n_edges:,} edges, "
                f"{removed['self-loops']:,} are self-loops and "
                f"{removed['edges of weight zero']:,} have weight zero. Check the weights. {remedy}"
            )
            raise DataError(nothing.rstrip())
        indptr = np.concatenate(
            [[0], np.cumsum(np.bincount(sources[keep], minlength=graph.n_nodes))]
        )
        indices, weights = indices[keep], graph.weights[keep]
        if (weights == 1).all():
            weights = np.empty(0)
    with np.errstate(over="ignore"):
        strengths = 2 * float(weights.sum())
    if not math.isfinite(strengths):
        raise DataError(
            f"{caller}: the weights are finite, but their sum is not (largest: {weights.max():g}): "
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
    indptr = np.ascontiguousarray(indptr, dtype=np.int64)
    indices = np.ascontiguousarray(indices, dtype=np.int32)
    removed = {reason: count for reason, count in removed.items() if count}
    return Prepared(nodes, graph.n_nodes, indptr, indices, weights, graph.directed, removed)


def _refuse_negative(graph: Graph, caller: str) -> None:
    if not graph.weights.min(initial=0.0) < 0:
        return
    source, target, weight = graph.edge_arrays()
    negative = np.flatnonzero(weight < 0)
    first = int(negative[0])
    ids = graph.vocabulary.ids
    ends = [ids[code : code + 1].tolist()[0] for code in (source[first], target[first])]
    raise DataError(
        f"{caller}: the edge {ends[0]!r} – {ends[1]!r} has the weight {weight[first]:g} "
        f"({negative.size:,} edges are negative); this needs weights of zero or more: drop these "
        "edges, take a weight that cannot be negative, or part the graph by sign: "
        'leiden(by_sign(graph), layer_weights={"positive": 1, "negative": -1}).'
    )


def require_partition(partition: Partition, *, caller: str) -> None:
    """Raise a DataError unless `partition` is a Partition."""
    if not isinstance(partition, Partition):
        kind = type(partition).__name__
        how = "make one with graphkit.Partition.from_membership(ids, communities)"
        if kind in ("Graph", "DiGraph"):
            how = "find one with graphkit.leiden(graph)"
        elif kind in ("Dataset", "Platform"):
            how = "find one with graphkit.leiden(graphkit.cointeraction_graph(dataset))"
        raise DataError(f"{caller} needs a graphkit Partition, not a {kind}: {how}.")


def shared_nodes(a: Partition, b: Partition | Graph, *, caller: str) -> tuple[Counts, Counts]:
    """Codes in `a` and in `b` of the nodes in both, in `a`'s order; a DataError if none."""
    found = b.vocabulary.lookup(a.vocabulary)
    here = np.flatnonzero(found >= 0)
    if not here.size:
        mine, theirs = (", ".join(repr(i) for i in x.vocabulary.ids[:3].tolist()) for x in (a, b))
        raise DataError(
            f"{caller}: no node is in both: the partition has ids such as {mine or 'none'} "
            f"({a.node_kind}), the {'graph' if isinstance(b, Graph) else 'other'} such as "
            f"{theirs or 'none'} ({b.node_kind}). Use two that are about the same nodes."
        )
    return here, found[here].astype(np.int64)


def community_columns(partition: Partition) -> dict[str, Any]:
    """Columns community, label and size of a table with one row per community."""
    count = partition.n_communities
    labels = pl.Series([partition.name(c) for c in range(count)], dtype=pl.String)
    return {
        "community": np.arange(count, dtype=np.int32),
        "label": labels,
        "size": pl.Series(partition.sizes, dtype=pl.Int64),
    }


def check_resolution(resolution: float | None) -> float | None:
    """The resolution as a float; an OptionError unless it is finite and above 0."""
    if resolution is None:
        return None
    hint = "None takes the default (1 for modularity, the density for CPM)."
    return check_number("resolution", resolution, 0, low_open=True, hint=hint)


def check_iterations(iterations: int) -> int:
    """The number of iterations: 1 or more, or −1 for as many as improve the quality."""
    if iterations == -1:
        return -1
    return check_integer("iterations", iterations, 1, hint="Or -1: until nothing improves.")


def check_sizes(min_size: int, max_size: int | None) -> tuple[int, int | None]:
    """Least and largest size of a community; an OptionError if they contradict."""
    least = check_integer("min_size", min_size, 1)
    most = check_integer("max_size", max_size, 1, optional=True)
    if most is not None and most < least:
        raise OptionError(f"min_size={least} is above max_size={most}.")
    return least, most


def weight_unit(weight: Floats) -> float:
    """The power of two near the mean weight: dividing by it loses no digit."""
    typical = float(weight.mean()) or float(weight.max())
    return math.ldexp(1.0, math.frexp(typical)[1] - 1)


def scale_weights(weights: Floats, one: float) -> Floats:
    """Weights above 0 over their unit, none of them 0: the kernels know neighbours by it."""
    scaled = weights / one
    return np.maximum(scaled, np.finfo(np.float64).tiny, out=scaled)

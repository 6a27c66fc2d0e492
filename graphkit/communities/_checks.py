"""What a graph must be before any engine sees it: one place, for every engine alike."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, OptionError

__all__ = [
    "QUALITIES",
    "Prepared",
    "check_iterations",
    "check_resolution",
    "check_runs",
    "prepare",
    "require_partition",
    "shared_nodes",
]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]

#: The qualities that can be maximised or computed.
QUALITIES = ("modularity", "cpm")


@dataclass(frozen=True, eq=False)
class Prepared:
    """The part of a graph that communities are made of: no loops, no isolated nodes.

    Attributes
    ----------
    nodes
        int32, shape (k,): codes, in the graph, of the nodes that have an edge; ascending.
    n_nodes
        Nodes of the graph, those without edges included.
    tail, head
        int32, shape (m,): ends of each edge as positions in `nodes`; sorted, tail ≤ head
        where undirected.
    weight
        float64, shape (m,), all above zero.
    directed
        Whether an edge runs from tail to head only.
    removed
        What was left out, as counts by reason.
    """

    nodes: Codes
    n_nodes: int
    tail: Codes
    head: Codes
    weight: Floats
    directed: bool
    removed: dict[str, int]

    @property
    def size(self) -> int:
        """Number of nodes that have an edge."""
        return int(self.nodes.size)

    @property
    def possible_pairs(self) -> float:
        """Pairs of nodes that an edge could join: ordered ones where directed."""
        ordered = float(self.size) * (self.size - 1)
        return ordered if self.directed else ordered / 2

    @property
    def density(self) -> float:
        """Total weight over possible pairs, among nodes that have an edge."""
        return float(self.weight.sum()) / self.possible_pairs

    def strengths(self) -> tuple[Floats, Floats]:
        """Out- and in-strength of each node, shape (k,) each; the same if undirected."""
        out, into = (
            np.bincount(end, weights=self.weight, minlength=self.size).astype(np.float64)
            for end in (self.tail, self.head)
        )
        return (out, into) if self.directed else (out + into, out + into)


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
    tail, head, weight = graph.edge_arrays()
    if not tail.size:
        raise DataError(
            f"{verb}: the graph has {graph.n_nodes:,} nodes and no edges, so no communities: "
            "loosen the rule that ties nodes (min_shared, window, backbone)."
        )
    _refuse_negative(graph, tail, head, weight, verb)
    loops = tail == head
    zero = (weight == 0) & ~loops
    keep = ~(loops | zero)
    if not keep.any():
        raise DataError(
            f"{verb}: nothing ties one node to another: of {tail.size:,} edges, "
            f"{int(loops.sum()):,} are self-loops and {int(zero.sum()):,} have weight zero. "
            "Check the weights."
        )
    tail, head, weight = tail[keep], head[keep], weight[keep]
    with np.errstate(over="ignore"):
        strengths = 2 * float(weight.sum())
    if not math.isfinite(strengths):
        raise DataError(
            f"{verb}: the weights are finite, but their sum is not (largest: {weight.max():g}): "
            "divide them by their mean."
        )
    touched = np.zeros(graph.n_nodes, dtype=bool)
    touched[tail] = touched[head] = True
    position = np.cumsum(touched, dtype=np.int64) - 1
    removed = {
        "self-loops": int(loops.sum()),
        "edges of weight zero": int(zero.sum()),
        "nodes without an edge": int((~touched).sum()),
    }
    return Prepared(
        nodes=np.flatnonzero(touched).astype(np.int32),
        n_nodes=graph.n_nodes,
        tail=position[tail].astype(np.int32),
        head=position[head].astype(np.int32),
        weight=weight,
        directed=graph.directed,
        removed={reason: count for reason, count in removed.items() if count},
    )


def _refuse_negative(graph: Graph, tail: Codes, head: Codes, weight: Floats, verb: str) -> None:
    negative = np.flatnonzero(weight < 0)
    if negative.size:
        first = int(negative[0])
        ids = graph.vocabulary.ids
        raise DataError(
            f"{verb}: the edge {ids[tail[first]]!r} – {ids[head[first]]!r} has the weight "
            f"{weight[first]:g} ({negative.size:,} edges are negative); modularity and CPM need "
            "weights of zero or more: drop these edges, or take a weight that cannot be negative."
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
    try:
        value = float(resolution)
    except (TypeError, ValueError):
        value = math.nan
    if isinstance(resolution, bool | str) or not math.isfinite(value) or value <= 0:
        raise OptionError(
            f"resolution={resolution!r} must be a finite number above 0; None takes the default "
            "(1 for modularity, the density for CPM)."
        )
    return value


def check_runs(runs: int) -> int:
    """The number of runs; raises an OptionError unless it is a whole number from 1 up."""
    return _whole("runs", runs, "a whole number from 1 up", lambda value: value >= 1)


def check_iterations(iterations: int) -> int:
    """The number of iterations: 1 or more, or −1 for as many as improve anything."""
    return _whole(
        "iterations", iterations, "1 or more, or -1 (until nothing improves)",
        lambda value: value >= 1 or value == -1,
    )  # fmt: skip


def _whole(name: str, value: Any, wanted: str, accepts: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or not accepts(number):
        raise OptionError(f"{name}={value!r} must be {wanted}.")
    return number

"""What a single run of Leiden or Louvain passes through: one partition per level."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from graphkit.communities import native
from graphkit.communities import prepare as checks
from graphkit.communities.engines import unit
from graphkit.data.graph import Graph

__all__ = ["level_memberships"]

Codes = npt.NDArray[np.int32]


def level_memberships(
    graph: Graph, *, resolution: float, refined: bool, threshold: float, seed: int, verb: str
) -> Iterator[Codes]:
    """Membership of all nodes after the first level, and after each that raised modularity.

    Self-loops count towards strengths and total weight, where :func:`graphkit.leiden` leaves
    them out; nodes that nothing ties to another are alone. Levels end where one adds no more
    than `threshold` to modularity. Leiden (`refined`) begins anew, from the partition it has,
    until an iteration gains as little as makes :func:`graphkit.leiden` stop.
    """
    tail, head, weight = graph.edge_arrays()
    if not ((tail != head) & (weight != 0)).any() and not (weight < 0).any():
        return iter([np.arange(graph.n_nodes, dtype=np.int32)])
    prepared = checks.prepare(graph, verb=verb)
    indptr, indices, weights = prepared.symmetric
    one = unit(prepared.weights) if prepared.weights.size else 1.0
    out, into = (graph.strength(mode=side) / one for side in ("out", "in"))
    nodes = prepared.nodes
    rows = native.rows_of(
        indptr, indices, weights / one, out[nodes], into[nodes] if graph.directed else np.empty(0),
        np.empty(0, np.int64), np.empty(0, np.bool_),
    )  # fmt: skip
    total = float(out.sum()) / (1 if graph.directed else 2)
    task = native.Task(resolution / float(out.sum()), refined=refined)
    found = _levels(rows, task, threshold * total, seed)
    return (_everywhere(one_level, nodes, graph.n_nodes) for one_level in found)


def _levels(rows: native.Rows, task: native.Task, threshold: float, seed: int) -> Iterator[Codes]:
    state = np.array([seed], dtype=np.uint64)
    membership = np.arange(rows.n, dtype=np.int32)
    order: Codes | None = None
    total = (float(rows.weights.sum()) if rows.weights.size else rows.indices.size) / 2
    first = True
    while True:
        before = 0.0
        for homes, flat, gained in native.levels(
            rows, task, membership.copy(), state, refined=task.refined
        ):
            if not (first or gained > before):
                continue
            membership = homes[flat]
            if order is None:
                yield membership
            else:
                there = np.empty_like(membership)
                there[order] = membership
                yield there
            if gained - before <= threshold:
                return
            first, before = False, gained
        if not task.refined or before <= native.LEAST_GAIN * total:
            return
        if order is None and rows.n >= native.LARGE:
            rows, membership, order = native.laid_out(rows, membership)


def _everywhere(membership: Codes, nodes: Codes, n: int) -> Codes:
    """A membership of some nodes as one of all n; the others are alone."""
    if nodes.size == n:
        return membership
    full = np.arange(n, dtype=np.int32) + np.int32(nodes.size)
    full[nodes] = membership
    return full

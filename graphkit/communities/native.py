"""The native Leiden: what the kernels do to a graph, level by level, iteration by iteration."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities import prepare as checks
from graphkit.communities.prepare import unit
from graphkit.data.graph import Graph
from graphkit.kernels import leiden as kernel
from graphkit.kernels.leiden import Csr, MoveState, RefineState, Rows

__all__ = ["Rows", "Task", "laid_out", "level_memberships", "levels", "rows_of", "solve"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]

#: Nodes are visited in random order, but in blocks of so many neighbours in memory, once a
#: graph no longer fits the cache.
BLOCK = 64

#: From so many nodes on, a graph is laid out anew by community after the first pass.
LARGE = 50_000

#: Iterations go on until so many in succession gain no more than this share of the total
#: weight. One without a gain does not mean that the next has none, for it refines in another
#: order; on noise that matters most. Large graphs stop where they would gain next to nothing.
IDLE, LEAST_GAIN = 3, 1e-12
IDLE_LARGE, LEAST_GAIN_LARGE = 1, 1e-5


def rows_of(*arrays: npt.NDArray[Any]) -> Rows:
    """Rows of these arrays, read-only throughout, or every kernel would be compiled twice."""
    frozen = [array.view() for array in arrays]
    for array in frozen:
        array.setflags(write=False)
    return Rows(*frozen)


@dataclass(frozen=True)
class Task:
    """What to do with the rows: γ, iterations (−1: until none moves), θ, and limits."""

    gamma: float
    iterations: int = -1
    theta: float = 0.0
    max_size: int = 0
    refined: bool = True


def solve(rows: Rows, task: Task, seed: int, initial: Codes | None = None) -> Codes:
    """One run: membership of each node, codes below n; communities are connected pieces.

    Without an initial membership, all but a single iteration start with a pass that does not
    refine (Louvain's): it is cheap, and says how to lay the graph out in memory.
    """
    state = np.array([seed], dtype=np.uint64)
    membership = np.empty(rows.n, dtype=np.int32)
    membership[:] = np.arange(rows.n) if initial is None else initial
    order: Codes | None = None
    left = task.iterations
    large = rows.n >= LARGE
    total = (float(rows.weights.sum()) if rows.weights.size else float(rows.indices.size)) / 2
    least = total * (LEAST_GAIN_LARGE if large and left < 0 else LEAST_GAIN)
    idle, patience = 0, IDLE_LARGE if large else IDLE
    if task.refined and initial is None and left != 1:
        _moved(rows, task, membership, state)
        if large:
            rows, membership, order = laid_out(rows, membership)
        membership, _ = _iteration(rows, task, membership, state, refined=False, settled=True)
        left -= 1
    while left != 0 and idle < patience:
        membership, gained = _iteration(rows, task, membership, state, refined=task.refined)
        left -= 1
        idle = 0 if gained > least else idle + 1
    if not rows.fixed.size:
        pieces = np.empty(rows.n, dtype=np.int32)
        kernel.split_connected(rows.indptr, rows.indices, membership, pieces)
        membership = pieces
    if order is None:
        return membership
    there = np.empty_like(membership)
    there[order] = membership
    return there


def _iteration(
    rows: Rows,
    task: Task,
    membership: Codes,
    state: npt.NDArray[np.uint64],
    *,
    refined: bool,
    settled: bool = False,
) -> tuple[Codes, float]:
    """Membership after all levels of one iteration, and what they gained."""
    through = levels(rows, task, membership, state, refined=refined, settled=settled)
    homes, flat, gained = deque(through, maxlen=1).pop()
    return homes[flat], gained


def levels(
    rows: Rows,
    task: Task,
    membership: Codes,
    state: npt.NDArray[np.uint64],
    *,
    refined: bool,
    settled: bool = False,
) -> Iterator[tuple[Codes, Codes, float]]:
    """Move, refine and aggregate until nothing can be aggregated, level by level.

    Yields the community of each part, the part of each node of `rows`, and the gain so far;
    changes `membership`. Where its nodes have `settled` already, moving is left out once.
    """
    flat: Codes | None = None
    gained = 0.0
    while True:
        n = rows.n
        if not settled:
            gained += _moved(rows, task, membership, state)
        settled = False
        if refined:
            parts, homes = _by_home(_refined(rows, task, membership, state), membership)
        else:
            parts = _renumbered(membership, n)
            homes = np.arange(int(parts.max(initial=-1)) + 1, dtype=np.int32)
        flat = parts if flat is None else parts[flat]
        yield homes, flat, gained
        if homes.size == n:
            return
        rows = _aggregated(rows, parts, homes.size)
        membership = homes


def _visits(n: int, state: npt.NDArray[np.uint64]) -> Codes:
    """Nodes in the order of their first visit."""
    order = np.empty(n, dtype=np.int32)
    kernel.shuffle_blocks(order, BLOCK if n >= LARGE else 1, state)
    return order


def _moved(rows: Rows, task: Task, membership: Codes, state: npt.NDArray[np.uint64]) -> float:
    """Move the nodes, in place; the sum of the gains."""
    n = rows.n
    # working memory from here, where large arrays get large pages
    scratch = MoveState(
        np.empty((n, 2)), np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.bool_)
    )
    gain: float = kernel.move_nodes(
        rows, task.gamma, task.max_size, membership, _visits(n, state), scratch
    )
    return gain


def _refined(rows: Rows, task: Task, membership: Codes, state: npt.NDArray[np.uint64]) -> Codes:
    """The part of each node, named by one of its nodes."""
    n = rows.n
    parts, whole = np.empty(n, np.int32), np.empty((n, 2 if rows.mass_in.size else 1))
    scratch = RefineState(parts, np.empty((n, 3)), whole)
    kernel.refine(rows, task.gamma, task.theta, membership, _visits(n, state), state, scratch)
    return parts


def _by_home(parts: Codes, membership: Codes) -> tuple[Codes, Codes]:
    """Parts numbered by (community, first node), so that kin lie together; community of each."""
    roots = np.flatnonzero(parts == np.arange(parts.size))
    homes = _renumbered(membership[roots], parts.size)
    by_home = np.argsort(homes, kind="stable")
    code = np.empty(parts.size, dtype=np.int32)
    code[roots[by_home]] = np.arange(roots.size)
    return code[parts], homes[by_home]


def _renumbered(codes: Codes, top: int) -> Codes:
    """Codes 0 … k − 1 in the order of the old ones, which lie below `top`."""
    seen = np.zeros(top, dtype=np.bool_)
    seen[codes] = True
    rank = np.cumsum(seen, dtype=np.int32) - np.int32(1)
    renumbered: Codes = rank[codes]
    return renumbered


def _aggregated(rows: Rows, parts: Codes, n_parts: int) -> Rows:
    """The graph of the parts, which are numbered 0 … n_parts − 1."""
    order = np.empty(rows.n, dtype=np.int32)
    kernel.sorted_by(parts, n_parts, order)
    # as large as could be: what is not written takes no memory
    most = rows.indices.size
    new = Csr(np.empty(n_parts + 1, np.int64), np.empty(most, np.int32), np.empty(most))
    filled = kernel.aggregate(rows.csr, parts, order, n_parts, new)
    mass, mass_in, size, fixed = rows.mass, rows.mass_in, rows.size, rows.fixed
    mass = np.bincount(parts, weights=mass, minlength=n_parts).astype(np.float64)
    if mass_in.size:
        mass_in = np.bincount(parts, weights=mass_in, minlength=n_parts).astype(np.float64)
    if size.size:
        size = np.bincount(parts, weights=size, minlength=n_parts).astype(np.int64)
    if fixed.size:
        fixed = np.bincount(parts[fixed], minlength=n_parts) > 0
    return rows_of(
        new.indptr, new.indices[:filled], new.weights[:filled], mass, mass_in, size, fixed
    )


def laid_out(rows: Rows, membership: Codes) -> tuple[Rows, Codes, Codes]:
    """The same graph with its nodes by community, their new membership, and the order."""
    homes = _renumbered(membership, rows.n)
    order, position = np.empty(rows.n, np.int32), np.empty(rows.n, np.int32)
    kernel.sorted_by(homes, rows.n, order)
    position[order] = np.arange(rows.n, dtype=np.int32)
    new = Csr(*(np.empty_like(array) for array in rows.csr))
    kernel.permuted_rows(rows.csr, order, position, new)
    masses = (array[order] if array.size else array for array in rows[3:])
    there = rows_of(*new, *masses)
    return there, homes[order], order


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
    rows = rows_of(
        indptr,
        indices,
        weights / one,
        out[nodes],
        into[nodes] if graph.directed else np.empty(0),
        np.empty(0, np.int64),
        np.empty(0, np.bool_),
    )
    total = float(out.sum()) / (1 if graph.directed else 2)
    task = Task(resolution / float(out.sum()), refined=refined)
    found = _levels(rows, task, threshold * total, seed)
    return (_everywhere(one_level, nodes, graph.n_nodes) for one_level in found)


def _levels(rows: Rows, task: Task, threshold: float, seed: int) -> Iterator[Codes]:
    state = np.array([seed], dtype=np.uint64)
    membership = np.arange(rows.n, dtype=np.int32)
    order: Codes | None = None
    total = (float(rows.weights.sum()) if rows.weights.size else rows.indices.size) / 2
    first = True
    while True:
        before = 0.0
        for homes, flat, gained in levels(
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
        if not task.refined or before <= LEAST_GAIN * total:
            return
        if order is None and rows.n >= LARGE:
            rows, membership, order = laid_out(rows, membership)


def _everywhere(membership: Codes, nodes: Codes, n: int) -> Codes:
    """A membership of some nodes as one of all n; the others are alone."""
    if nodes.size == n:
        return membership
    full = np.arange(n, dtype=np.int32) + np.int32(nodes.size)
    full[nodes] = membership
    return full

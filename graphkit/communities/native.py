"""Native Leiden algorithm: iterations of local moving, refinement and aggregation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphkit.communities import parallel_native
from graphkit.communities import prepare as checks
from graphkit.communities.prepare import Codes, scale_weights, weight_unit
from graphkit.data.graph import Graph
from graphkit.kernels import leiden as kernel
from graphkit.kernels.leiden_arrays import Options, Room, Rows
from graphkit.kernels.partitions import split_connected
from graphkit.kernels.random import splitmix64
from graphkit.parallel import stop_if_over

#: Nodes are visited in random order, but in blocks of so many neighbours in memory, once a
#: graph no longer fits the cache.
BLOCK = 64

#: From so many nodes on, each step runs on all cores, and the nodes are sorted by community after
#: the first pass.
LARGE = 50_000

#: Iterations stop after so many in succession that gain no more than this share of the total
#: weight. The next iteration refines in another order and may gain again, on noise most of all.
#: It costs the more, the more entries the rows have: large graphs stop earlier.
IDLE, LEAST_GAIN = 3, 1e-12
IDLE_LARGE, LEAST_GAIN_LARGE = 1, 1e-5

#: Below so many entries graphs are small. From there on the least gain grows with the square of
#: the entries, up to the highest at so many, where the patience ends.
SMALL, MANY = 100_000, 1_000_000
IDLE_MIDDLE, HIGHEST_LEAST = 2, 1e-4

State = npt.NDArray[np.uint64]


class Level(NamedTuple):
    """The graph of a level, and the node of it that each node of the first level is part of."""

    rows: Rows
    parts: Codes | None
    """None on the first level."""


def make_rows(*arrays: npt.NDArray[Any]) -> Rows:
    """Rows of these arrays, all read-only, so that each kernel is compiled only once."""
    frozen = [array.view() for array in arrays]
    for array in frozen:
        array.setflags(write=False)
    return Rows(*frozen)


def run_leiden(
    rows: Rows, options: Options, iterations: int, seed: int, initial: Codes | None = None
) -> Codes:
    """Membership of each node after one run, codes below n; communities are connected.

    −1 iterations are as many as pay.
    Without an initial membership, all but a single iteration start with a pass without
    refinement (Louvain's): it is cheap, and its communities give the memory layout.
    """
    state = np.array([seed], dtype=np.uint64)
    membership = np.empty(rows.n, dtype=np.int32)
    membership[:] = np.arange(rows.n) if initial is None else initial
    order: Codes | None = None
    left = iterations
    large = rows.n >= LARGE
    room = None if large else Room.for_levels(rows, random=options.theta > 0)
    share, patience = _stopping_rule(rows, until_idle=left < 0)
    least, idle = share * _total_weight(rows), 0
    if options.refined and initial is None and left != 1:
        if large:
            _move_large(rows, options, membership, state)
            rows, membership, order = sort_by_community(rows, membership)
        unrefined = options._replace(refined=False)
        membership, _, _ = _run_iteration(
            rows, unrefined, membership, state, settled=large, room=room
        )
        left -= 1
    level = Level(rows, None)
    while left != 0 and idle < patience:
        membership, gained, level = _run_iteration(rows, options, membership, state, room=room)
        left -= 1
        idle = 0 if gained > least else idle + 1
    if not rows.fixed.size:
        membership = _split_connected(membership, level)
    return _restore_order(membership, order)


def _stopping_rule(rows: Rows, *, until_idle: bool) -> tuple[float, int]:
    """Share of the total weight that an iteration must gain, and how many may miss it.

    Where the number of iterations is given, only those that gain nothing are left out.
    """
    entries = rows.indices.size
    if rows.n >= LARGE:
        return LEAST_GAIN_LARGE if until_idle else LEAST_GAIN, IDLE_LARGE
    if not until_idle or entries < SMALL:
        return LEAST_GAIN, IDLE
    if entries < MANY:
        return HIGHEST_LEAST * (entries / MANY) ** 2, IDLE_MIDDLE
    return HIGHEST_LEAST, IDLE_LARGE


def _total_weight(rows: Rows) -> float:
    return (float(rows.weights.sum()) if rows.weights.size else float(rows.indices.size)) / 2


def _restore_order(membership: Codes, order: Codes | None) -> Codes:
    """Membership in the original order of the nodes."""
    if order is None:
        return membership
    original = np.empty_like(membership)
    original[order] = membership
    return original


def _split_connected(membership: Codes, level: Level) -> Codes:
    """Connected parts of all communities, in the order of their first nodes."""
    rows, parts = level
    if parts is not None:
        # parts are connected, so that only their graph is searched, which is much smaller
        coarse = np.empty(rows.n, dtype=np.int32)
        coarse[parts] = membership
        found = _split_connected(coarse, Level(rows, None))[parts]
        first = np.empty(rows.n, dtype=np.int32)
        first[found[::-1]] = np.arange(parts.size - 1, -1, -1)
        return first[found]
    if rows.n >= LARGE:
        return parallel_native.split_connected(rows.csr, membership)
    pieces, stack = np.full(rows.n, -1, dtype=np.int32), np.empty(rows.n, dtype=np.int32)
    split_connected(rows.indptr, rows.indices, membership, pieces, stack)
    return pieces


def _run_iteration(
    rows: Rows,
    options: Options,
    membership: Codes,
    state: State,
    *,
    settled: bool = False,
    room: Room | None = None,
) -> tuple[Codes, float, Level]:
    """Membership after all levels of one iteration, the gain in quality, and the second level.

    Without refinement, with a single level, or below `LARGE` nodes, that is the graph itself.
    """
    second = Level(rows, None)
    parts: Codes | None = None
    for level in iterate_levels(
        rows, options, membership, state, settled=settled, room=room, most=-1
    ):
        graph, communities, flat, gained = level
        if parts is not None and second.parts is None and options.refined:
            second = Level(graph, parts)
        parts = flat if parts is None else parts
    return _flatten(communities, flat), gained, second


def _flatten(communities: Codes, flat: Codes | None) -> Codes:
    """Community of each node of the first level, of that of each node of a later one."""
    return communities if flat is None else communities[flat]


def iterate_levels(
    rows: Rows,
    options: Options,
    membership: Codes,
    state: State,
    *,
    settled: bool = False,
    room: Room | None = None,
    most: int = 1,
) -> Iterator[tuple[Rows, Codes, Codes | None, float]]:
    """Levels of one iteration: move, refine and aggregate until nothing can be aggregated.

    Yields a graph, the community of each of its nodes, the node of it that each node of `rows` is
    part of (`None`: the graph is `rows`), and the gain so far: after each level of `LARGE` nodes or
    more, and after each `most` of those below it (−1: all), then with the graph of the first of
    them. Changes `membership`. If its nodes, `LARGE` or more, have `settled`, the first move is
    omitted.
    """
    flat: Codes | None = None
    gained = 0.0
    while (n := rows.n) >= LARGE:
        if not settled:
            gained += _move_large(rows, options, membership, state)
        settled = False
        if options.refined:
            parts, communities = _number_parts(
                _refine_large(rows, options, membership, state), membership
            )
        else:
            parts = _renumber_codes(membership, n)
            communities = np.arange(int(parts.max(initial=-1)) + 1, dtype=np.int32)
        flat = parts if flat is None else parts[flat]
        yield rows, communities, flat, gained
        if communities.size == n:
            return
        rows = _aggregate_large(rows, parts, communities.size)
        membership = communities
    room = room or Room.for_levels(rows, random=options.theta > 0)
    graph, level = rows, 0
    while True:
        stop_if_over()
        n, more = kernel.run_levels(n, graph, options, level, most, membership, state, room)
        gained += more
        yield rows, membership, flat, gained
        if not n:
            return
        graph, level, room = make_rows(*room.new), level + 1, room.turned


def _move_large(rows: Rows, options: Options, membership: Codes, state: State) -> float:
    """Local moving on all cores, in place; returns the sum of the gains."""
    stop_if_over()
    order = np.empty(rows.n, dtype=np.int32)
    kernel.shuffle_blocks(order, BLOCK, state)
    return parallel_native.move_nodes(rows, options.gamma, options.max_size, membership, order)


def _refine_large(rows: Rows, options: Options, membership: Codes, state: State) -> Codes:
    """Refinement on all cores: the part of each node, identified by one of its nodes."""
    stop_if_over()
    seed = int(splitmix64(state))
    return parallel_native.refine_nodes(rows, options.gamma, options.theta, membership, seed)


def _number_parts(parts: Codes, membership: Codes) -> tuple[Codes, Codes]:
    """Parts numbered by (community, first node), and the community of each part."""
    roots = np.flatnonzero(parts == np.arange(parts.size))
    communities = _renumber_codes(membership[roots], parts.size)
    by_home, _ = parallel_native.by_code(communities, parts.size)
    code = np.empty(parts.size, dtype=np.int32)
    code[roots[by_home]] = np.arange(roots.size)
    return code[parts], communities[by_home]


def _renumber_codes(codes: Codes, top: int) -> Codes:
    """Codes 0 … k − 1 in the order of the given codes, which are below `top`."""
    seen = np.zeros(top, dtype=np.bool_)
    seen[codes] = True
    rank = np.cumsum(seen, dtype=np.int32) - np.int32(1)
    renumbered: Codes = rank[codes]
    return renumbered


def _aggregate_large(rows: Rows, parts: Codes, n_parts: int) -> Rows:
    """Aggregate graph, on all cores, of the parts, which are numbered 0 … n_parts − 1."""
    new = parallel_native.aggregate_graph(rows.csr, parts, n_parts)
    summed = [
        np.bincount(parts, weights=w, minlength=n_parts).astype(w.dtype) if w.size else w
        for w in (rows.out_weight, rows.in_weight, rows.size)
    ]
    fixed = rows.fixed
    if fixed.size:
        fixed = np.bincount(parts[fixed], minlength=n_parts) > 0
    return make_rows(*new, *summed, fixed)


def sort_by_community(rows: Rows, membership: Codes) -> tuple[Rows, Codes, Codes]:
    """The graph with its nodes sorted by community, their membership, and the order."""
    communities = _renumber_codes(membership, rows.n)
    order, _ = parallel_native.by_code(communities, rows.n)
    position = np.empty(rows.n, np.int32)
    position[order] = np.arange(rows.n, dtype=np.int32)
    new = parallel_native.permute_rows(rows.csr, order, position)
    by_node = (array[order] if array.size else array for array in rows[3:])
    return make_rows(*new, *by_node), communities[order], order


def level_memberships(
    graph: Graph,
    *,
    quality: str = "modularity",
    resolution: float,
    theta: float = 0.0,
    refined: bool,
    threshold: float,
    seed: int,
    verb: str,
) -> Iterator[Codes]:
    """Membership of all nodes after the first level, and after each that raised the quality.

    Self-loops count towards strengths and total weight, which :func:`graphkit.leiden` leaves
    out; nodes without an edge to another node are alone. In CPM each node counts as 1, and
    a directed pair has two places for edges. `theta` has the unit of the weights. Levels end
    when one adds no more than `threshold`, in units of the total weight, to the quality. Leiden
    (`refined`) starts again from its partition until an iteration gains as little as makes
    :func:`graphkit.leiden` stop.
    """
    source, target, weight = graph.edge_arrays()
    if not ((source != target) & (weight != 0)).any() and not (weight < 0).any():
        return iter([np.arange(graph.n_nodes, dtype=np.int32)])
    prepared = checks.prepare(graph, caller=verb)
    indptr, indices, weights = prepared.symmetric
    one = weight_unit(prepared.weights) if prepared.weights.size else 1.0
    out, into = (graph.strength(mode=side) / one for side in ("out", "in"))
    nodes = prepared.nodes
    if quality == "cpm":
        gamma = resolution / one * (2 if graph.directed else 1)
        node_weights = np.ones(nodes.size), np.empty(0)
    else:
        gamma = resolution / float(out.sum())
        node_weights = out[nodes], into[nodes] if graph.directed else np.empty(0)
    unused = np.empty(0, np.int64), np.empty(0, np.bool_)
    rows = make_rows(indptr, indices, scale_weights(weights, one), *node_weights, *unused)
    total = float(out.sum()) / (1 if graph.directed else 2)
    options = Options(gamma, theta=theta / one, refined=refined)
    found = _improving_levels(rows, options, threshold * total, seed)
    return (_expand_membership(one_level, nodes, graph.n_nodes) for one_level in found)


def _improving_levels(rows: Rows, options: Options, threshold: float, seed: int) -> Iterator[Codes]:
    state = np.array([seed], dtype=np.uint64)
    membership = np.arange(rows.n, dtype=np.int32)
    order: Codes | None = None
    total = _total_weight(rows)
    first = True
    while True:
        before = 0.0
        levels = iterate_levels(rows, options, membership.copy(), state)
        for _, communities, flat, gained in levels:
            if not (first or gained > before):
                continue
            membership = _flatten(communities, flat).copy()
            yield _restore_order(membership, order)
            if gained - before <= threshold:
                return
            first, before = False, gained
        if not options.refined or before <= LEAST_GAIN * total:
            return
        if order is None and rows.n >= LARGE:
            rows, membership, order = sort_by_community(rows, membership)


def _expand_membership(membership: Codes, nodes: Codes, n: int) -> Codes:
    """Membership of all n nodes from one of some nodes; the others are alone."""
    if nodes.size == n:
        return membership
    full = np.arange(n, dtype=np.int32) + np.int32(nodes.size)
    full[nodes] = membership
    return full

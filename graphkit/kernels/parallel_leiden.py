"""Kernels of the Leiden algorithm on large graphs, each for a range that one thread works on.

Ranges of nodes, communities or parts are independent of each other, so that a result depends
neither on the ranges nor on the threads that work on them; only :func:`settle_moves` is serial.
Quality and rows are those of :mod:`graphkit.kernels.leiden`.

The weights of a node to the communities near it are summed in a small hash table, which stays in
the nearest cache. Its keys begin with a stamp, new for every node, so that nothing needs clearing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from graphkit.kernels.compile import inner, kernel
from graphkit.kernels.intrinsics import prefetch
from graphkit.kernels.leiden import ASKED, TINY, merge_node, prefetch_row, weight_within
from graphkit.kernels.random import GOLDEN, mix, splitmix64

Array = Any


class BatchState(NamedTuple):
    """Communities and waiting nodes while nodes move in batches."""

    totals: Array
    """float64, (n, 1) or, with two node weights, (n, 2): node weights of each community."""
    count: Array
    """int32, (n,): nodes of each community."""
    held: Array
    """int64, (n,): original nodes of each community; empty without a size limit."""
    waiting: Array
    """bool, (n,): whether a node is to be visited."""
    empty: Array
    """int32, (n + 1,): communities without nodes, and last their number."""


class Near(NamedTuple):
    """Working memory of one thread: a table of weights by community."""

    keys: Array
    """int64, a power of two: stamp and community, −1 at first."""
    weights: Array
    """float64, as long."""
    slots: Array
    """int32, (widest row,): slots used, in the order of the neighbours."""
    stamp: Array
    """int64, (1,)."""


@inner
def _first_slot(code: int, mask: int) -> Any:
    """First slot of a code in a table (Fibonacci hashing)."""
    return ((np.uint64(code) * GOLDEN) >> np.uint64(32)) & np.uint64(mask)


@inner
def _mask_for(entries: int) -> Any:
    """Mask of a table that is at most half full, a power of two less one."""
    mask = np.int64(15)
    while mask < 2 * entries:
        mask = 2 * mask + 1
    return mask


@kernel()
def list_waiting(order: Array, waiting: Array, nodes: Array) -> int:
    """List the waiting nodes in the given order; returns their number."""
    k = 0
    for i in range(order.size):
        v = order[i]
        if waiting[v]:
            nodes[k] = v
            k += 1
    return k


@kernel()
def propose_moves(
    rows: Any,
    gamma: float,
    max_size: int,
    membership: Array,
    state: Any,
    nodes: Array,
    first: int,
    last: int,
    best: Array,
    near: Any,
) -> None:
    """Best community of the nodes ``nodes[first:last]`` as things stand; −1 is a new one.

    Fills ``best[first:last]``. `rows` is a :class:`graphkit.kernels.leiden_arrays.Rows`, `state` a
    :class:`BatchState`, `near` a :class:`Near`.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight, size = rows.out_weight, rows.in_weight, rows.size
    totals, count, held = state.totals, state.count, state.held
    keys, sums, slots = near.keys, near.weights, near.slots
    two, limited, unit = in_weight.size > 0, max_size > 0, weights.size == 0
    stamp = near.stamp[0]
    for i in range(first, last):
        v = nodes[i]
        if i + 8 < last:
            # in steps, as each uses what the previous one has fetched
            prefetch(indptr, np.int64(nodes[i + 8]))
            u = nodes[i + 5]
            prefetch(indices, indptr[u])
            prefetch(indices, indptr[u] + 16)
            u = nodes[i + 2]
            for e in range(indptr[u], min(indptr[u + 1], indptr[u] + ASKED)):
                prefetch(membership, np.int64(indices[e]))
            u = nodes[i + 1]
            for e in range(indptr[u], min(indptr[u + 1], indptr[u] + ASKED)):
                prefetch(totals, np.int64(membership[indices[e]]))
        own = membership[v]
        begin, end = indptr[v], indptr[v + 1]
        mask = _mask_for(end - begin)
        stamp += 1
        high = stamp << 32
        n_near = 0
        strength, to_own = 0.0, 0.0
        for e in range(np.uint64(begin), np.uint64(end)):
            c = membership[np.uint32(indices[e])]
            weight = 1.0 if unit else weights[e]
            strength += weight
            if c == own:
                to_own += weight
                continue
            key = high | c
            at = _first_slot(c, mask)
            while keys[at] >= high and keys[at] != key:
                at = (at + np.uint64(1)) & np.uint64(mask)
            if keys[at] == key:
                sums[at] += weight
            else:
                keys[at] = key
                sums[at] = weight
                slots[n_near] = at
                n_near += 1
        a = gamma * out_weight[v]
        b = 0.0
        stay = 0.0
        shared = count[own] > 1
        if two:
            b = gamma * in_weight[v]
        if shared:
            stay = to_own - a * (totals[own, 0] - out_weight[v])
            if two:
                stay = to_own - a * (totals[own, 1] - in_weight[v])
                stay -= b * (totals[own, 0] - out_weight[v])
        found, gain = own, stay + TINY * strength
        if shared and gain < 0.0:
            found, gain = np.int32(-1), 0.0
        for t in range(n_near):
            slot = slots[t]
            c = np.int32(keys[slot] - high)
            g = sums[slot] - a * totals[c, 0]
            if two:
                g = sums[slot] - a * totals[c, 1] - b * totals[c, 0]
            if g > gain and (not limited or held[c] + size[v] <= max_size):
                found, gain = c, g
        best[i] = found
    near.stamp[0] = stamp


@kernel()
def settle_moves(
    rows: Any,
    gamma: float,
    max_size: int,
    membership: Array,
    state: Any,
    nodes: Array,
    first: int,
    last: int,
    best: Array,
    moved: Array,
) -> tuple[int, float]:
    """Make the proposed moves one by one, if they gain as things stand then; others wait again.

    Lists the nodes that moved; returns their number and the sum of the gains.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight, size = rows.out_weight, rows.in_weight, rows.size
    totals, count, held, waiting = state.totals, state.count, state.held, state.waiting
    empty = state.empty
    n_empty = empty[empty.size - 1]
    two, limited, unit = in_weight.size > 0, max_size > 0, weights.size == 0
    gains = 0.0
    m = 0
    for i in range(first, last):
        v, c = nodes[i], best[i]
        own = membership[v]
        if i + 4 < last:
            u = nodes[i + 4]
            prefetch(indices, indptr[u])
            prefetch(indices, indptr[u] + 16)
            u = nodes[i + 2]
            if best[i + 2] != membership[u]:
                prefetch(totals, np.int64(best[i + 2]))
                for e in range(indptr[u], min(indptr[u + 1], indptr[u] + ASKED)):
                    prefetch(membership, np.int64(indices[e]))
        if c == own:
            continue
        if (c >= 0 and count[c] == 0) or (c < 0 and (n_empty == 0 or count[own] == 1)):
            waiting[v] = m > 0
            continue
        to_own, to_best, strength = 0.0, 0.0, 0.0
        for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
            # no branches, which would be mispredicted
            d = membership[np.uint32(indices[e])]
            weight = 1.0 if unit else weights[e]
            strength += weight
            to_own += weight if d == own else 0.0
            to_best += weight if d == c else 0.0
        a = gamma * out_weight[v]
        b = 0.0
        stay, gain = 0.0, 0.0
        if two:
            b = gamma * in_weight[v]
        if count[own] > 1:
            stay = to_own - a * (totals[own, 0] - out_weight[v])
            if two:
                stay = to_own - a * (totals[own, 1] - in_weight[v])
                stay -= b * (totals[own, 0] - out_weight[v])
        if c >= 0:
            gain = to_best - a * totals[c, 0]
            if two:
                gain = to_best - a * totals[c, 1] - b * totals[c, 0]
        fits = not limited or c < 0 or held[c] + size[v] <= max_size
        if gain <= stay + TINY * strength or not fits:
            # if nothing has moved since, it was rounding that made it look better
            waiting[v] = m > 0
            continue
        gains += gain - stay
        if c < 0:
            n_empty -= 1
            c = empty[n_empty]
        count[own] -= 1
        count[c] += 1
        totals[own, 0] -= out_weight[v]
        totals[c, 0] += out_weight[v]
        if two:
            totals[own, 1] -= in_weight[v]
            totals[c, 1] += in_weight[v]
        if limited:
            held[own] -= size[v]
            held[c] += size[v]
        if count[own] == 0:
            totals[own, 0] = 0.0
            if two:
                totals[own, 1] = 0.0
            empty[n_empty] = own
            n_empty += 1
        membership[v] = c
        moved[m] = v
        m += 1
    empty[empty.size - 1] = n_empty
    return m, gains


@kernel()
def wake_neighbours(
    rows: Any, membership: Array, waiting: Array, moved: Array, first: int, last: int
) -> None:
    """Neighbours in other communities of the nodes ``moved[first:last]`` wait for a visit."""
    indptr, indices, fixed = rows.indptr, rows.indices, rows.fixed
    pinned = fixed.size > 0
    for i in range(first, last):
        v = moved[i]
        if i + 2 < last:
            u = moved[i + 2]
            for e in range(indptr[u], min(indptr[u + 1], indptr[u] + ASKED)):
                prefetch(waiting, np.int64(indices[e]))
        c = membership[v]
        for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
            u = np.uint32(indices[e])
            if not waiting[u] and membership[u] != c and not (pinned and fixed[u]):
                waiting[u] = True


@inner
def _shuffle_range(order: Array, first: int, last: int, random: Array) -> None:
    """Random order of ``order[first:last]`` (Fisher–Yates)."""
    for i in range(last - 1, first, -1):
        j = first + np.int64(splitmix64(random) % np.uint64(i - first + 1))
        order[i], order[j] = order[j], order[i]


@kernel()
def refine_communities(
    rows: Any,
    gamma: float,
    theta: float,
    membership: Array,
    order: Array,
    start: Array,
    first: int,
    last: int,
    seed: Any,
    parts: Any,
) -> None:
    """Refinement of the communities first … last − 1, as in ``leiden.refine_nodes``.

    ``order[start[c]:start[c + 1]]`` holds the nodes of community c, ascending; they are visited in
    random order, and every community has random numbers of its own. `parts` is a
    :class:`graphkit.kernels.leiden_arrays.Parts` of any content.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight = rows.out_weight, rows.in_weight
    towards, near = parts.towards, parts.near
    two, unit = in_weight.size > 0, weights.size == 0
    random = np.empty(1, np.uint64)
    for c in range(first, last):
        begin, end = start[c], start[c + 1]
        whole, whole_in = 0.0, 0.0
        for i in range(begin, end):
            v = order[i]
            parts.of[v] = v
            parts.alone[v] = True
            whole += out_weight[v]
            if two:
                parts.total_in[v] = in_weight[v]
                whole_in += in_weight[v]
        if end - begin < 2:
            continue
        for i in range(begin, end):
            v = order[i]
            towards[v] = 0.0
            parts.totals[v] = out_weight[v]
            begins, ends = np.uint64(indptr[v]), np.uint64(indptr[v + 1])
            parts.rest[v] = weight_within(begins, ends, indices, weights, membership, np.int32(c))
        random[0] = mix(seed + np.uint64(c) * GOLDEN)
        _shuffle_range(order, begin, end, random)
        for i in range(begin, end):
            v = order[i]
            if not parts.alone[v] or parts.rest[v] == 0.0:
                continue
            one, one_in = out_weight[v], 0.0
            expected = gamma * one * (whole - one)
            if two:
                one_in = in_weight[v]
                expected = gamma * one * (whole_in - one_in) + gamma * one_in * (whole - one)
            if parts.rest[v] < expected - TINY * parts.rest[v]:
                continue
            n_near = np.int64(0)
            for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
                u = np.uint32(indices[e])
                if membership[u] == c:
                    p = np.uint32(parts.of[u])
                    before = towards[p]
                    near[np.uint64(n_near)] = parts.of[u]
                    n_near += before == 0.0
                    towards[p] = before + (1.0 if unit else weights[e])
            merge_node(v, n_near, one, one_in, whole, whole_in, gamma, theta, parts, random)


@kernel()
def aggregate_parts(
    csr: Any,
    parts: Array,
    order: Array,
    start: Array,
    first: int,
    last: int,
    new: Any,
    table: Array,
    place: Array,
) -> int:
    """Rows of the parts first … last − 1 in the aggregate graph, from the first entry of `new` on.

    ``order[start[p]:start[p + 1]]`` holds the nodes of part p. Fills ``new.indptr[p + 1]`` with
    the length of row p, without loops; returns the end of the last row. `table` (int64, −1 at
    first) and `place` (int32) are working memory of the thread.
    """
    indptr, indices, weights = csr.indptr, csr.indices, csr.weights
    new_indptr, new_indices, new_weights = new.indptr, new.indices, new.weights
    unit = weights.size == 0
    n_parts = start.size - 1
    at = 0
    for p in range(first, last):
        entries = 0
        for i in range(start[p], start[p + 1]):
            v = order[i]
            entries += indptr[v + 1] - indptr[v]
        mask = min(_mask_for(entries), table.size - 1)
        direct = mask >= n_parts
        high = np.int64(p) << 32
        begin = at
        for i in range(start[p], start[p + 1]):
            v = order[i]
            if i + 8 < order.size:
                # in steps, as each uses what the previous one has fetched
                prefetch(indptr, np.int64(order[i + 8]))
                prefetch_row(indices, weights, indptr[order[i + 5]])
                u = order[i + 2]
                for e in range(indptr[u], min(indptr[u + 1], indptr[u] + ASKED)):
                    prefetch(parts, np.int64(indices[e]))
            for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
                q = parts[np.uint32(indices[e])]
                if q == p:
                    continue
                weight = 1.0 if unit else weights[e]
                key = high | q
                slot = np.uint64(q) if direct else _first_slot(q, mask)
                # what is left of other parts counts as free
                while table[slot] != key and (table[slot] >> 32) == p:
                    slot = (slot + np.uint64(1)) & np.uint64(mask)
                if table[slot] == key:
                    new_weights[begin + place[slot]] += weight
                else:
                    table[slot] = key
                    place[slot] = at - begin
                    new_indices[at] = q
                    new_weights[at] = weight
                    at += 1
        new_indptr[p + 1] = at - begin
    return at


@kernel()
def permute_rows(csr: Any, order: Array, position: Array, new: Any, first: int, last: int) -> None:
    """Fill rows first … last − 1 of `new` with those of `order`, columns renamed by its inverse.

    ``new.indptr`` is filled.
    """
    indptr, indices, weights = csr.indptr, csr.indices, csr.weights
    new_indptr, new_indices, new_weights = new.indptr, new.indices, new.weights
    for i in range(first, last):
        v = order[i]
        if i + 8 < last:
            prefetch(indptr, np.int64(order[i + 8]))
            prefetch(indices, indptr[order[i + 4]])
            prefetch(indices, indptr[order[i + 4]] + 16)
            u = order[i + 1]
            for e in range(indptr[u], min(indptr[u + 1], indptr[u] + ASKED)):
                prefetch(position, np.int64(indices[e]))
        at = new_indptr[i]
        for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
            new_indices[at] = position[np.uint32(indices[e])]
            if weights.size > 0:
                new_weights[at] = weights[e]
            at += 1


@kernel()
def split_communities(
    csr: Any, membership: Array, order: Array, first: int, last: int, parts: Array, stack: Array
) -> None:
    """Connected parts of whole communities, whose nodes are ``order[first:last]``, ascending.

    A part is identified by its first node; `parts` starts as −1.
    """
    indptr, indices = csr.indptr, csr.indices
    for i in range(first, last):
        v = order[i]
        if parts[v] >= 0:
            continue
        parts[v] = v
        stack[0] = v
        depth = 1
        while depth > 0:
            depth -= 1
            u = stack[depth]
            for e in range(indptr[u], indptr[u + 1]):
                w = indices[e]
                if membership[w] == membership[v] and parts[w] < 0:
                    parts[w] = v
                    stack[depth] = w
                    depth += 1

"""Kernels of random edges: edge sets, double-edge swaps, stub matching, independent edges.

Edges are arrays of shape (m, 2). A set of edges is an open-addressing hash table of int64 keys,
source · n + target with the smaller end first if undirected, −1 where free; its length is a
power of two. Results depend on the seed of the NumPy generator only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.compile import inner, kernel
from graphkit.kernels.random import GOLDEN

Array = Any

FREE = np.int64(-1)

#: Random partners that are tried for an invalid edge.
MAX_PARTNERS = 400

#: Attempted swaps per edge that randomise a Havel–Hakimi graph.
SWAPS = 20


def table_length(n_edges: int) -> int:
    """Length of the hash table of `n_edges` edges: a power of two, at most five eighths full."""
    return 1 << max(3, (n_edges * 8 // 5).bit_length())


@inner
def _edge_key(a: int, b: int, n: int, directed: bool) -> Any:
    if directed or a < b:
        return np.int64(a) * n + b
    return np.int64(b) * n + a


@inner
def _first_slot(key: int, mask: int) -> Any:
    """First slot of the key (Fibonacci hashing): the high half of a product, masked."""
    return np.int64((np.uint64(key) * GOLDEN) >> np.uint64(32)) & mask


@inner
def _find_slot(table: Array, mask: int, key: int) -> Any:
    """Slot of the key, or the free slot where it would be inserted (linear probing)."""
    at = _first_slot(key, mask)
    while table[at] != FREE and table[at] != key:
        at = (at + 1) & mask
    return at


@inner
def _has_key(table: Array, mask: int, key: int) -> Any:
    return table[_find_slot(table, mask, key)] == key


@inner
def _insert_key(table: Array, mask: int, key: int) -> bool:
    """Insert the key; whether it was new."""
    at = _find_slot(table, mask, key)
    if table[at] == key:
        return False
    table[at] = key
    return True


@inner
def _delete_key(table: Array, mask: int, key: int) -> None:
    """Delete a key that is in the table, with backward shift: no tombstones."""
    gap = _find_slot(table, mask, key)
    at = (gap + 1) & mask
    while table[at] != FREE:
        # a key moves to the gap unless its first slot lies after the gap
        if ((at - _first_slot(table[at], mask)) & mask) >= ((at - gap) & mask):
            table[gap] = table[at]
            gap = at
        at = (at + 1) & mask
    table[gap] = FREE


@inner
def _draw_below(draws: Any, n: int) -> int:
    """Uniform integer in 0 … n − 1."""
    return min(int(draws.random() * n), n - 1)


@inner
def _swap_pairs(
    edges: Array, m: int, n: int, directed: bool, table: Array, mask: int, attempts: int, draws: Any
) -> int:
    """Attempt double-edge swaps among m simple edges (in `table`); number of swaps made."""
    made = 0
    for _ in range(attempts):
        e, f = _draw_below(draws, m), _draw_below(draws, m)
        a, b = edges[e, 0], edges[e, 1]
        c, d = edges[f, 0], edges[f, 1]
        reverse = not directed and draws.random() < 0.5
        if reverse:
            c, d = d, c
        if a == d or c == b:
            if not directed or b != c or a == d:
                continue
            # path a → b → d: if a third edge closes it, the triangle may be reversed; without
            # this, swaps do not reach every directed graph
            g = _draw_below(draws, m)
            if edges[g, 0] != d or edges[g, 1] != a:
                continue
            one, two = _edge_key(b, a, n, True), _edge_key(d, b, n, True)
            three = _edge_key(a, d, n, True)
            taken = _has_key(table, mask, one) or _has_key(table, mask, two)
            if taken or _has_key(table, mask, three):
                continue
            for i, j in ((a, b), (b, d), (d, a)):
                _delete_key(table, mask, _edge_key(i, j, n, True))
            for key in (one, two, three):
                _insert_key(table, mask, key)
            edges[e, 1] = d
            edges[f, 1] = a
            edges[g, 1] = b
            made += 1
            continue
        one, two = _edge_key(a, d, n, directed), _edge_key(c, b, n, directed)
        if _has_key(table, mask, one) or _has_key(table, mask, two):
            continue
        _delete_key(table, mask, _edge_key(a, b, n, directed))
        _delete_key(table, mask, _edge_key(c, d, n, directed))
        _insert_key(table, mask, one)
        _insert_key(table, mask, two)
        edges[e, 1] = d
        if reverse:  # the stored source of the partner is d
            edges[f, 0] = b
        else:
            edges[f, 1] = b
        made += 1
    return made


@kernel()
def swap_edges(
    edges: Array, n: int, directed: bool, table: Array, attempts: int, draws: Any
) -> int:
    """Randomise simple edges in place, preserving all degrees; number of swaps made.

    Random edges (a, b) and (c, d) become (a, d) and (c, b), unless that makes a loop or a
    parallel edge; a failed attempt counts as a step.
    """
    mask = table.size - 1
    table[:] = FREE
    m = edges.shape[0]
    for e in range(m):
        _insert_key(table, mask, _edge_key(edges[e, 0], edges[e, 1], n, directed))
    made: int = _swap_pairs(edges, m, n, directed, table, mask, attempts, draws)
    return made


@inner
def _are_linked(
    a: int, c: int, start: Array, neighbour: Array, stamp: Array, queue: Array, clock: int
) -> bool:
    """Whether a path joins two nodes: breadth-first search from both, the smaller side first.

    `stamp` is below `clock` for all nodes before; `queue` has two rows of a place per node.
    """
    stamp[a], stamp[c] = clock, clock + 1
    queue[0, 0], queue[1, 0] = a, c
    heads_a, heads_c, tail_a, tail_c = 0, 0, 1, 1
    while heads_a < tail_a and heads_c < tail_c:
        side = 0 if tail_a <= tail_c else 1
        own = clock + side
        if side == 0:
            node = queue[0, heads_a]
            heads_a += 1
        else:
            node = queue[1, heads_c]
            heads_c += 1
        for at in range(start[node], start[node + 1]):
            other = neighbour[at]
            if stamp[other] == own:
                continue
            if stamp[other] >= clock:
                return True
            stamp[other] = own
            if side == 0:
                queue[0, tail_a] = other
                tail_a += 1
            else:
                queue[1, tail_c] = other
                tail_c += 1
    return False


@kernel()
def swap_connected(
    edges: Array, n: int, directed: bool, table: Array, attempts: int, draws: Any
) -> int:
    """As `swap_edges`, for a (weakly) connected graph, which stays so: other swaps fail.

    Directed triangles are not reversed.
    """
    mask = table.size - 1
    table[:] = FREE
    m = edges.shape[0]
    start = np.zeros(n + 1, dtype=np.int64)
    for e in range(m):
        _insert_key(table, mask, _edge_key(edges[e, 0], edges[e, 1], n, directed))
        start[edges[e, 0] + 1] += 1
        start[edges[e, 1] + 1] += 1
    for node in range(n):
        start[node + 1] += start[node]
    # the place of each end among the neighbours of the other
    place = np.empty((m, 2), dtype=np.int64)
    neighbour = np.empty(2 * m, dtype=np.int64)
    cursor = start.copy()
    for e in range(m):
        for end in range(2):
            node = edges[e, end]
            place[e, end] = cursor[node]
            neighbour[cursor[node]] = edges[e, 1 - end]
            cursor[node] += 1
    stamp = np.full(n, -1, dtype=np.int64)
    queue = np.empty((2, n), dtype=np.int64)
    made = 0
    for step in range(attempts):
        e, f = _draw_below(draws, m), _draw_below(draws, m)
        a, b = edges[e, 0], edges[e, 1]
        c, d = edges[f, 0], edges[f, 1]
        at_a, at_b = place[e, 0], place[e, 1]
        at_c, at_d = place[f, 0], place[f, 1]
        reverse = not directed and draws.random() < 0.5
        if reverse:
            c, d = d, c
            at_c, at_d = at_d, at_c
        if a == d or c == b:
            continue
        one, two = _edge_key(a, d, n, directed), _edge_key(c, b, n, directed)
        if _has_key(table, mask, one) or _has_key(table, mask, two):
            continue
        neighbour[at_a], neighbour[at_d] = d, a
        neighbour[at_c], neighbour[at_b] = b, c
        # all else hangs on a, b, c or d, and the new edges join a with d and b with c
        if not _are_linked(a, c, start, neighbour, stamp, queue, 2 * step):
            neighbour[at_a], neighbour[at_b] = b, a
            neighbour[at_c], neighbour[at_d] = d, c
            continue
        _delete_key(table, mask, _edge_key(a, b, n, directed))
        _delete_key(table, mask, _edge_key(c, d, n, directed))
        _insert_key(table, mask, one)
        _insert_key(table, mask, two)
        edges[e, 1], place[e, 1] = d, at_d
        end = 0 if reverse else 1  # the stored source of a turned partner is d
        edges[f, end], place[f, end] = b, at_b
        made += 1
    return made


@inner
def _repair_edges(
    edges: Array,
    m: int,
    n: int,
    group: Array,
    table: Array,
    mask: int,
    valid: Array,
    invalid: Array,
    draws: Any,
) -> int:
    """Make m matched pairs of ends a simple graph by swaps with random partners; invalid left.

    Loops, parallel edges and, where `group` is given, edges within a group are invalid. A swap
    is made only if both new edges are valid. On return ``valid[e]`` marks the valid edges,
    which are in the table.
    """
    grouped = group.size > 0
    waiting = 0
    for e in range(m):
        a, b = edges[e, 0], edges[e, 1]
        fits = a != b and not (grouped and group[a] == group[b])
        valid[e] = fits and _insert_key(table, mask, _edge_key(a, b, n, False))
        if not valid[e]:
            invalid[waiting] = e
            waiting += 1
    left = waiting
    for w in range(waiting):
        e = invalid[w]
        if valid[e]:  # was the partner of an earlier one
            continue
        for _ in range(MAX_PARTNERS):
            f = _draw_below(draws, m)
            a, b = edges[e, 0], edges[e, 1]
            c, d = edges[f, 0], edges[f, 1]
            if draws.random() < 0.5:
                c, d = d, c
            if f == e or a == d or c == b:
                continue
            if grouped and (group[a] == group[d] or group[c] == group[b]):
                continue
            one, two = _edge_key(a, d, n, False), _edge_key(c, b, n, False)
            if one == two or _has_key(table, mask, one) or _has_key(table, mask, two):
                continue
            if valid[f]:
                _delete_key(table, mask, _edge_key(c, d, n, False))
                left -= 1
            else:
                left -= 2
            _insert_key(table, mask, one)
            _insert_key(table, mask, two)
            edges[e, 1] = d
            edges[f, 0], edges[f, 1] = c, b
            valid[e] = valid[f] = True
            break
    return left


@kernel()
def join_ends(edges: Array, n: int, group: Array, table: Array, draws: Any) -> int:
    """Match edge ends to simple edges between two groups; valid edges come first.

    Parameters
    ----------
    edges
        Shape (m, 2): 2m ends in random order; changed in place.
    n, group
        Nodes, and the group of each.
    table
        Scratch array of ``table_length(m)``.

    Returns
    -------
    int
        Number of valid edges; the rest of `edges` found no partner.
    """
    m = edges.shape[0]
    table[:] = FREE
    valid = np.empty(m, dtype=np.bool_)
    invalid = np.empty(m, dtype=np.int64)
    left = _repair_edges(edges, m, n, group, table, table.size - 1, valid, invalid, draws)
    if left:
        kept = 0
        for e in range(m):
            if valid[e]:
                for side in range(2):
                    edges[kept, side], edges[e, side] = edges[e, side], edges[kept, side]
                kept += 1
    joined: int = m - left
    return joined


@inner
def _first_below(values: Array, n: int, bound: int) -> Any:
    """Position of the first of n descending values below the bound."""
    low, high = 0, n
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < bound:
            high = middle
        else:
            low = middle + 1
    return low


@inner
def _havel_hakimi(degree: Array, edges: Array, order: Array, rest: Array) -> int:
    """Simple graph of given degrees by the Havel–Hakimi algorithm; number of edges.

    The node of least remaining degree is joined to those of largest. Ends that cannot be
    joined remain in `degree`, which is zero elsewhere on return.
    """
    n = degree.size
    order[:n] = np.argsort(-degree, kind="mergesort")
    for i in range(n):
        rest[i] = degree[order[i]]
    made = 0
    for last in range(n - 1, -1, -1):
        node = order[last]
        want = min(rest[last], last)
        while want > 0 and rest[want - 1] == 0:
            want -= 1
        degree[node] = rest[last] - want
        if want == 0:
            continue
        bound = rest[want - 1]
        # of the nodes with `bound` ends left, the last are used: the order stays descending
        low, high = _first_below(rest, last, bound + 1), _first_below(rest, last, bound)
        for k in range(want):
            i = k if k < low else high - want + k
            edges[made, 0], edges[made, 1] = node, order[i]
            rest[i] -= 1
            made += 1
    return made


@kernel()
def pair_within(
    start: Array, degree: Array, edges: Array, table: Array, draws: Any
) -> tuple[int, int]:
    """Random simple graph of given degrees within each community.

    Parameters
    ----------
    start
        Community c has the nodes start[c] … start[c + 1] − 1.
    degree
        Ends of each node: an even number in each community, each below its size. On return
        those that could not be joined.
    edges
        Filled; shape (half of the ends, 2).
    table
        Scratch array, long enough for the largest community.

    Returns
    -------
    tuple of int
        Number of edges, and of communities built by Havel–Hakimi and swapped.
    """
    sizes = start[1:] - start[:-1]
    most, widest = 0, 0
    for c in range(sizes.size):
        most = max(most, degree[start[c] : start[c + 1]].sum())
        widest = max(widest, sizes[c])
    ends = np.empty(most, dtype=np.int32)
    local = np.empty((most // 2, 2), dtype=np.int32)
    valid = np.empty(most // 2, dtype=np.bool_)
    invalid = np.empty(most // 2, dtype=np.int64)
    order = np.empty(widest, dtype=np.int64)
    rest = np.empty(widest, dtype=np.int64)
    nowhere = np.empty(0, dtype=np.int32)
    used, by_rule = 0, 0
    for c in range(sizes.size):
        first, size = start[c], sizes[c]
        k = 0
        for v in range(size):
            for _ in range(degree[first + v]):
                ends[k] = v
                k += 1
        for i in range(k - 1, 0, -1):
            j = _draw_below(draws, i + 1)
            ends[i], ends[j] = ends[j], ends[i]
        m = k // 2
        for e in range(m):
            local[e, 0], local[e, 1] = ends[2 * e], ends[2 * e + 1]
        length = 8
        while length * 5 < m * 8:
            length *= 2
        small, mask = table[:length], length - 1
        small[:] = FREE
        left = _repair_edges(local, m, size, nowhere, small, mask, valid, invalid, draws)
        if left:
            by_rule += 1
            m = _havel_hakimi(degree[first : first + size], local, order, rest)
            small[:] = FREE
            for e in range(m):
                _insert_key(small, mask, _edge_key(local[e, 0], local[e, 1], size, False))
            _swap_pairs(local, m, size, False, small, mask, SWAPS * m, draws)
        else:
            degree[first : first + size] = 0
        for e in range(m):
            edges[used, 0] = first + local[e, 0]
            edges[used, 1] = first + local[e, 1]
            used += 1
    return used, by_rule


@kernel()
def assign_slots(needs: Array, sizes: Array, slots: Array, draws: Any) -> int:
    """Assign nodes to slots of communities, uniformly over all feasible assignments.

    A node with k ends inside needs a community of more than k slots. Nodes with most ends come
    first: their choice does not change the number of assignments of the others.

    Parameters
    ----------
    needs
        Ends inside of each node, descending.
    sizes
        Slots of each community, descending; community 0 has the slots 0, 1, …
    slots
        Filled: the slot of each node.

    Returns
    -------
    int
        Number of nodes assigned: all, or the index of the first without a slot.
    """
    free = np.empty(needs.size, dtype=np.int64)
    community, opened, n_free = 0, 0, 0
    for i in range(needs.size):
        while community < sizes.size and sizes[community] > needs[i]:
            size = sizes[community]
            free[n_free : n_free + size] = np.arange(opened, opened + size)
            n_free += size
            opened += size
            community += 1
        if n_free == 0:
            return i
        at = _draw_below(draws, n_free)
        slots[i] = free[at]
        n_free -= 1
        free[at] = free[n_free]
    assigned: int = needs.size
    return assigned


@kernel()
def even_out(start: Array, degree: Array, inside: Array, draws: Any) -> None:
    """Make the number of ends inside each community even, in place.

    One end of a random node moves out or, equally likely, in.
    """
    for c in range(start.size - 1):
        first, stop = start[c], start[c + 1]
        if inside[first:stop].sum() % 2 == 0:
            continue
        into = draws.random() < 0.5
        able = 0
        for _ in range(2):
            for v in range(first, stop):
                if into:
                    able += degree[v] > inside[v] and inside[v] < stop - first - 1
                else:
                    able += inside[v] > 0
            if able:
                break
            into = False
        which = _draw_below(draws, able)
        for v in range(first, stop):
            can_gain = degree[v] > inside[v] and inside[v] < stop - first - 1
            if (into and can_gain) or (not into and inside[v] > 0):
                if which == 0:
                    inside[v] += 1 if into else -1
                    break
                which -= 1


@kernel()
def distinct_edges(edges: Array, n: int, directed: bool, table: Array, draws: Any) -> None:
    """Fill `edges` with distinct pairs of nodes, uniform over all sets of pairs."""
    mask = table.size - 1
    table[:] = FREE
    made = 0
    while made < edges.shape[0]:
        a, b = _draw_below(draws, n), _draw_below(draws, n)
        if a != b and _insert_key(table, mask, _edge_key(a, b, n, directed)):
            edges[made, 0], edges[made, 1] = a, b
            made += 1


@kernel()
def other_edges(edges: Array, n: int, directed: bool, taken: Array, table: Array) -> None:
    """Fill `edges` with all pairs of nodes that are not among `taken`."""
    mask = table.size - 1
    table[:] = FREE
    for e in range(taken.shape[0]):
        _insert_key(table, mask, _edge_key(taken[e, 0], taken[e, 1], n, directed))
    made = 0
    for a in range(n):
        for b in range(0 if directed else a + 1, n):
            if a != b and not _has_key(table, mask, _edge_key(a, b, n, directed)):
                edges[made, 0], edges[made, 1] = a, b
                made += 1


@kernel()
def skip_pairs(
    start: Array,
    rate: Array,
    sources: Array,
    out: Array,
    targets: Array,
    into: Array,
    directed: bool,
    group: Array,
    capacity: int,
    draws: Any,
) -> Array:
    """Independent edges within blocks of nodes, in linear time (Miller & Hagberg 2011).

    Parameters
    ----------
    start, rate
        Block c is the segment start[c] … start[c + 1] − 1 of the four arrays that follow;
        a pair in it is joined with probability min(1, rate[c] · out · into).
    sources, out, targets, into
        Nodes and their propensities as source and as target, descending within each block. If
        undirected, both sides must be the same.
    group
        Pairs of the same group are excluded; empty: no groups.
    capacity
        Initial length of the array of edges.

    Returns
    -------
    array
        Edges, shape (m, 2).
    """
    edges = np.empty((max(capacity, 16), 2), dtype=np.int32)
    grouped = group.size > 0
    m = 0
    for c in range(rate.size):
        first, stop = start[c], start[c + 1]
        for i in range(first, stop):
            a = sources[i]
            scale = rate[c] * out[i]
            j = first if directed else i + 1
            if j >= stop:
                continue
            p = min(1.0, scale * into[j])
            while j < stop and p > 0.0:
                if p < 1.0:
                    jump = np.log1p(-draws.random()) / np.log1p(-p)
                    if jump >= stop - j:
                        break
                    j += int(jump)
                wanted = min(1.0, scale * into[j])
                b = targets[j]
                if (
                    draws.random() * p < wanted
                    and a != b
                    and not (grouped and group[a] == group[b])
                ):
                    if m == edges.shape[0]:
                        more = np.empty((2 * m, 2), dtype=np.int32)
                        more[:m] = edges
                        edges = more
                    edges[m, 0], edges[m, 1] = a, b
                    m += 1
                p = wanted
                j += 1
    return edges[:m].copy()

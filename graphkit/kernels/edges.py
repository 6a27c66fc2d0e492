"""Random edges as kernels: hash sets of edges, swaps, pairing with repair, independent edges.

Edges stand in arrays of shape (m, 2). A set of them is an open-addressing table of int64
keys, tail · n + head with the smaller end first where undirected, −1 where free; its length
is a power of two. Draws come from a NumPy generator, one after the other, so that results
depend on its seed only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.compile import kernel
from graphkit.kernels.random import GOLDEN

__all__ = [
    "distinct_edges",
    "even_out",
    "join_ends",
    "other_edges",
    "pair_within",
    "place",
    "skip_pairs",
    "swap_edges",
    "table_length",
]

Array = Any

FREE = np.int64(-1)

#: Partners that an edge out of place is offered before it is given up.
PATIENCE = 400

#: Attempted swaps per edge that randomise a graph built by rule.
SWAPS = 20


def table_length(n_edges: int) -> int:
    """Length of a table for so many edges: a power of two, at most five eighths in use."""
    return 1 << max(3, (n_edges * 8 // 5).bit_length())


# sets of edges ---------------------------------------------------------------------------


@kernel()
def _key(a: int, b: int, n: int, directed: bool) -> Any:
    if directed or a < b:
        return np.int64(a) * n + b
    return np.int64(b) * n + a


@kernel()
def _home(key: int, mask: int) -> Any:
    """Where the key would like to be: the high half of a product, folded to the table."""
    return np.int64((np.uint64(key) * GOLDEN) >> np.uint64(32)) & mask


@kernel()
def _holds(table: Array, mask: int, key: int) -> bool:
    at = _home(key, mask)
    while table[at] != FREE:
        if table[at] == key:
            return True
        at = (at + 1) & mask
    return False


@kernel()
def _add(table: Array, mask: int, key: int) -> bool:
    """Put the key in; whether it was new."""
    at = _home(key, mask)
    while table[at] != FREE:
        if table[at] == key:
            return False
        at = (at + 1) & mask
    table[at] = key
    return True


@kernel()
def _drop(table: Array, mask: int, key: int) -> None:
    """Take out a key that is in, and close the gap: no marks are left behind."""
    gap = _home(key, mask)
    while table[gap] != key:
        gap = (gap + 1) & mask
    at = (gap + 1) & mask
    while table[at] != FREE:
        # a key may fill the gap unless its home lies behind the gap, up to where it is
        if ((at - _home(table[at], mask)) & mask) >= ((at - gap) & mask):
            table[gap] = table[at]
            gap = at
        at = (at + 1) & mask
    table[gap] = FREE


@kernel()
def _below(draws: Any, n: int) -> int:
    """A whole number from 0 to n − 1."""
    return min(int(draws.random() * n), n - 1)


# swaps -----------------------------------------------------------------------------------


@kernel()
def _swap(
    edges: Array, m: int, n: int, directed: bool, table: Array, mask: int, attempts: int, draws: Any
) -> int:
    """Attempted double-edge swaps among m simple edges that `table` holds; how many were made."""
    made = 0
    for _ in range(attempts):
        e, f = _below(draws, m), _below(draws, m)
        a, b = edges[e, 0], edges[e, 1]
        c, d = edges[f, 0], edges[f, 1]
        turn = not directed and draws.random() < 0.5
        if turn:
            c, d = d, c
        if a == d or c == b:
            if not directed or b != c or a == d:
                continue
            # a path a → b → d; if a third draw closes it, the triangle may turn round:
            # without this, swaps alone do not reach every directed graph
            g = _below(draws, m)
            if edges[g, 0] != d or edges[g, 1] != a:
                continue
            one, two, three = _key(b, a, n, True), _key(d, b, n, True), _key(a, d, n, True)
            if _holds(table, mask, one) or _holds(table, mask, two) or _holds(table, mask, three):
                continue
            _drop(table, mask, _key(a, b, n, True))
            _drop(table, mask, _key(b, d, n, True))
            _drop(table, mask, _key(d, a, n, True))
            _add(table, mask, one)
            _add(table, mask, two)
            _add(table, mask, three)
            edges[e, 1] = d
            edges[f, 1] = a
            edges[g, 1] = b
            made += 1
            continue
        one, two = _key(a, d, n, directed), _key(c, b, n, directed)
        if _holds(table, mask, one) or _holds(table, mask, two):
            continue
        _drop(table, mask, _key(a, b, n, directed))
        _drop(table, mask, _key(c, d, n, directed))
        _add(table, mask, one)
        _add(table, mask, two)
        edges[e, 1] = d
        if turn:  # the partner's stored tail is d: its head stays where it was
            edges[f, 0] = b
        else:
            edges[f, 1] = b
        made += 1
    return made


@kernel()
def swap_edges(
    edges: Array, n: int, directed: bool, table: Array, attempts: int, draws: Any
) -> int:
    """Randomise simple edges without loops in place, keeping all degrees; swaps made.

    Edges (a, b) and (c, d), drawn at random, become (a, d) and (c, b) unless that makes a
    loop or an edge that is there; an attempt that fails counts as a step.
    """
    mask = table.size - 1
    table[:] = FREE
    m = edges.shape[0]
    for e in range(m):
        _add(table, mask, _key(edges[e, 0], edges[e, 1], n, directed))
    made: int = _swap(edges, m, n, directed, table, mask, attempts, draws)
    return made


# random pairing of ends ------------------------------------------------------------------


@kernel()
def _repair(
    edges: Array,
    m: int,
    n: int,
    group: Array,
    table: Array,
    mask: int,
    right: Array,
    wrong: Array,
    draws: Any,
) -> int:
    """Make m paired ends a simple graph by swaps with random partners; how many stay wrong.

    Wrong are loops, second copies and, where `group` is given, edges within one group. A
    swap is made only if both new edges are right. On return ``right[e]`` tells which are,
    and the table holds those.
    """
    apart = group.size > 0
    waiting = 0
    for e in range(m):
        a, b = edges[e, 0], edges[e, 1]
        fits = a != b and not (apart and group[a] == group[b])
        right[e] = fits and _add(table, mask, _key(a, b, n, False))
        if not right[e]:
            wrong[waiting] = e
            waiting += 1
    left = waiting
    for w in range(waiting):
        e = wrong[w]
        if right[e]:  # was the partner of an earlier one
            continue
        for _ in range(PATIENCE):
            f = _below(draws, m)
            a, b = edges[e, 0], edges[e, 1]
            c, d = edges[f, 0], edges[f, 1]
            if draws.random() < 0.5:
                c, d = d, c
            if f == e or a == d or c == b:
                continue
            if apart and (group[a] == group[d] or group[c] == group[b]):
                continue
            one, two = _key(a, d, n, False), _key(c, b, n, False)
            if one == two or _holds(table, mask, one) or _holds(table, mask, two):
                continue
            if right[f]:
                _drop(table, mask, _key(c, d, n, False))
                left -= 1
            else:
                left -= 2
            _add(table, mask, one)
            _add(table, mask, two)
            edges[e, 1] = d
            edges[f, 0], edges[f, 1] = c, b
            right[e] = right[f] = True
            break
    return left


@kernel()
def join_ends(edges: Array, n: int, group: Array, table: Array, draws: Any) -> int:
    """Pair the ends in `edges` anew, each pair in two groups; the right pairs come first.

    Parameters
    ----------
    edges
        Shape (m, 2): 2m ends in random order; changed in place.
    n, group
        Nodes, and the group of each.
    table
        Scratch of ``table_length(m)``.

    Returns
    -------
    int
        Number of right edges; what comes after them in `edges` found no partner.
    """
    m = edges.shape[0]
    table[:] = FREE
    right = np.empty(m, dtype=np.bool_)
    wrong = np.empty(m, dtype=np.int64)
    left = _repair(edges, m, n, group, table, table.size - 1, right, wrong, draws)
    if left:
        kept = 0
        for e in range(m):
            if right[e]:
                for side in range(2):
                    edges[kept, side], edges[e, side] = edges[e, side], edges[kept, side]
                kept += 1
    joined: int = m - left
    return joined


@kernel()
def _first_below(values: Array, n: int, bound: int) -> Any:
    """Position of the first of n descending values that is under the bound."""
    low, high = 0, n
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < bound:
            high = middle
        else:
            low = middle + 1
    return low


@kernel()
def _by_rule(degree: Array, edges: Array, order: Array, rest: Array) -> int:
    """A simple graph of these degrees (Havel and Hakimi), as far as there is one; its edges.

    The node of least degree left is joined to those of largest; what it lacks stays in
    `degree`, which is zero elsewhere on return.
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
        # the stretch of nodes with `bound` ends left
        low, high = _first_below(rest, last, bound + 1), _first_below(rest, last, bound)
        short = want - low  # of that stretch, its end is used: the order stays descending
        for i in range(low):
            edges[made, 0], edges[made, 1] = node, order[i]
            rest[i] -= 1
            made += 1
        for i in range(high - short, high):
            edges[made, 0], edges[made, 1] = node, order[i]
            rest[i] -= 1
            made += 1
    return made


@kernel()
def pair_within(
    start: Array, degree: Array, edges: Array, table: Array, draws: Any
) -> tuple[int, int]:
    """A random simple graph of given degrees within each community.

    Parameters
    ----------
    start
        Community c holds the nodes start[c] … start[c + 1] − 1.
    degree
        Ends of each node, an even number in each community, fewer than its nodes each. On
        return those that could not be joined, zero almost everywhere.
    edges
        Room for half of them; filled.
    table
        Scratch, long enough for the largest community.

    Returns
    -------
    tuple of int
        Edges made, and communities that had to be built by rule and swapped.
    """
    sizes = start[1:] - start[:-1]
    most, widest = 0, 0
    for c in range(sizes.size):
        most = max(most, degree[start[c] : start[c + 1]].sum())
        widest = max(widest, sizes[c])
    ends = np.empty(most, dtype=np.int32)
    local = np.empty((most // 2, 2), dtype=np.int32)
    right = np.empty(most // 2, dtype=np.bool_)
    wrong = np.empty(most // 2, dtype=np.int64)
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
            j = _below(draws, i + 1)
            ends[i], ends[j] = ends[j], ends[i]
        m = k // 2
        for e in range(m):
            local[e, 0], local[e, 1] = ends[2 * e], ends[2 * e + 1]
        length = 8
        while length * 5 < m * 8:
            length *= 2
        small, mask = table[:length], length - 1
        small[:] = FREE
        left = _repair(local, m, size, nowhere, small, mask, right, wrong, draws)
        if left:
            by_rule += 1
            m = _by_rule(degree[first : first + size], local, order, rest)
            small[:] = FREE
            for e in range(m):
                _add(small, mask, _key(local[e, 0], local[e, 1], size, False))
            _swap(local, m, size, False, small, mask, SWAPS * m, draws)
        else:
            degree[first : first + size] = 0
        for e in range(m):
            edges[used, 0] = first + local[e, 0]
            edges[used, 1] = first + local[e, 1]
            used += 1
    return used, by_rule


@kernel()
def place(needs: Array, sizes: Array, slots: Array, draws: Any) -> int:
    """Deal places in communities to nodes, uniformly over all ways in which everyone fits.

    A node that needs k ends inside fits where there are more than k places. Those who need
    most are dealt first: whatever they take, the number of ways for the rest is the same.

    Parameters
    ----------
    needs
        Ends inside of each node, descending.
    sizes
        Places in each community, descending; community 0 has the places 0, 1, …
    slots
        Filled: the place of each node.

    Returns
    -------
    int
        Nodes that found a place: all, or the index of the first that did not.
    """
    free = np.empty(needs.size, dtype=np.int64)
    community, opened, n_free = 0, 0, 0
    for i in range(needs.size):
        while community < sizes.size and sizes[community] > needs[i]:
            for _ in range(sizes[community]):
                free[n_free] = opened
                n_free += 1
                opened += 1
            community += 1
        if n_free == 0:
            return i
        at = _below(draws, n_free)
        slots[i] = free[at]
        n_free -= 1
        free[at] = free[n_free]
    everyone: int = needs.size
    return everyone


@kernel()
def even_out(start: Array, degree: Array, inside: Array, draws: Any) -> None:
    """Give each community an even number of ends inside, in place.

    One end of a random node of it changes sides: out as readily as in.
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
        which = _below(draws, able)
        for v in range(first, stop):
            room = degree[v] > inside[v] and inside[v] < stop - first - 1
            if (into and room) or (not into and inside[v] > 0):
                if which == 0:
                    inside[v] += 1 if into else -1
                    break
                which -= 1


# independent edges -----------------------------------------------------------------------


@kernel()
def distinct_edges(edges: Array, n: int, directed: bool, table: Array, draws: Any) -> None:
    """Fill `edges` with distinct pairs of nodes, every set of pairs equally likely."""
    mask = table.size - 1
    table[:] = FREE
    made = 0
    while made < edges.shape[0]:
        a, b = _below(draws, n), _below(draws, n)
        if a != b and _add(table, mask, _key(a, b, n, directed)):
            edges[made, 0], edges[made, 1] = a, b
            made += 1


@kernel()
def other_edges(edges: Array, n: int, directed: bool, taken: Array, table: Array) -> None:
    """All pairs of nodes that are not among `taken`, written into `edges`."""
    mask = table.size - 1
    table[:] = FREE
    for e in range(taken.shape[0]):
        _add(table, mask, _key(taken[e, 0], taken[e, 1], n, directed))
    made = 0
    for a in range(n):
        for b in range(0 if directed else a + 1, n):
            if a != b and not _holds(table, mask, _key(a, b, n, directed)):
                edges[made, 0], edges[made, 1] = a, b
                made += 1


@kernel()
def skip_pairs(
    start: Array,
    rate: Array,
    tails: Array,
    out: Array,
    heads: Array,
    into: Array,
    directed: bool,
    group: Array,
    room: int,
    draws: Any,
) -> Array:
    """Independent edges within blocks of nodes, in time of their number (Miller, Hagberg 2011).

    Parameters
    ----------
    start, rate
        Block c is the stretch start[c] … start[c + 1] − 1 of the four arrays that follow;
        a pair in it is joined with probability min(1, rate[c] · out · into).
    tails, out, heads, into
        Nodes and their propensities as tail and as head, descending within each block. If
        undirected, both sides must be the same.
    group
        Pairs of the same group are left out; empty: no groups.
    room
        Edges to expect; more are taken in as well.

    Returns
    -------
    array
        Edges, shape (m, 2).
    """
    edges = np.empty((max(room, 16), 2), dtype=np.int32)
    apart = group.size > 0
    m = 0
    for c in range(rate.size):
        first, stop = start[c], start[c + 1]
        for i in range(first, stop):
            a = tails[i]
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
                b = heads[j]
                if draws.random() * p < wanted and a != b and not (apart and group[a] == group[b]):
                    if m == edges.shape[0]:
                        more = np.empty((2 * m, 2), dtype=np.int32)
                        more[:m] = edges
                        edges = more
                    edges[m, 0], edges[m, 1] = a, b
                    m += 1
                p = wanted
                j += 1
    return edges[:m].copy()

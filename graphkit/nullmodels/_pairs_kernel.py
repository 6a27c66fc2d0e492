"""Kernels of independent edges: distinct pairs of nodes, and pairs with given probabilities.

Sets of edges and the caching of compiled code are as in ``_kernel.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.jit import kernel
from graphkit.nullmodels._kernel import FREE, _add, _below, _holds, _key

__all__ = ["distinct_edges", "other_edges", "skip_pairs"]

Array = Any


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
    start: Array, rate: Array, tails: Array, out: Array, heads: Array, into: Array,
    directed: bool, group: Array, room: int, draws: Any,
) -> Array:  # fmt: skip
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

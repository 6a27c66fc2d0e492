"""Kernel of the triangles: how many go through each node, in O(m^1.5).

Each edge points to the end of higher degree (ties: the larger code), so that no node has more
than √(2m) outgoing edges; every triangle is then found once, from its lowest node.
"""

from __future__ import annotations

from typing import Any

from graphkit.jit import kernel

__all__ = ["orient", "triangles"]

Array = Any


@kernel()
def orient(indptr: Array, indices: Array, start: Array, heads: Array) -> None:
    """The upward edges of each node of a symmetric adjacency without loops.

    Fills `start`, zero at first and of size n + 1, and `heads`, of size m.
    """
    used = 0
    for u in range(indptr.size - 1):
        degree = indptr[u + 1] - indptr[u]
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            other = indptr[v + 1] - indptr[v]
            if other > degree or (other == degree and v > u):
                heads[used] = v
                used += 1
        start[u + 1] = used


@kernel()
def triangles(
    first: int, stop: int, start: Array, heads: Array, mark: Array, through: Array
) -> None:
    """Adds to `through` the triangles whose lowest node is `first` … `stop` − 1.

    `mark` is −1 everywhere at first and belongs to the calling thread, as does `through`.
    """
    for u in range(first, stop):
        for e in range(start[u], start[u + 1]):
            mark[heads[e]] = u
        for e in range(start[u], start[u + 1]):
            v = heads[e]
            closed = 0
            for f in range(start[v], start[v + 1]):
                w = heads[f]
                if mark[w] == u:
                    through[w] += 1
                    closed += 1
            through[u] += closed
            through[v] += closed

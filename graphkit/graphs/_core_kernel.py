"""Kernel of the k-core: the core number of each node, in time linear in the edges."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.jit import kernel

__all__ = ["core_numbers"]

Array = Any


@kernel()
def core_numbers(indptr: Array, indices: Array) -> Array:
    """Core numbers of a symmetric adjacency without loops: least degrees are peeled first.

    Nodes are held in order of their remaining degree, `start` being the first place of each
    degree; losing an edge swaps a node with the first of its degree.
    """
    n = indptr.size - 1
    degree = indptr[1:] - indptr[:-1]
    most = 0
    for v in range(n):
        most = max(most, degree[v])
    start = np.zeros(most + 2, dtype=np.int64)
    for v in range(n):
        start[degree[v] + 1] += 1
    for d in range(most + 1):
        start[d + 1] += start[d]
    cursor = start[:-1].copy()
    order = np.empty(n, dtype=np.int64)
    place = np.empty(n, dtype=np.int64)
    for v in range(n):
        place[v] = cursor[degree[v]]
        order[place[v]] = v
        cursor[degree[v]] += 1
    for i in range(n):
        v = order[i]
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            if degree[u] > degree[v]:
                d = degree[u]
                first = order[start[d]]
                if first != u:
                    order[start[d]], order[place[u]] = u, first
                    place[first], place[u] = place[u], start[d]
                start[d] += 1
                degree[u] = d - 1
    return degree

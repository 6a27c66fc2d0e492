"""Kernel of random trees of given degrees, from their Prüfer sequences."""

from __future__ import annotations

from typing import Any

from graphkit.kernels.compile import kernel

Array = Any


@kernel()
def draw_trees(start: Array, degree: Array, sequence: Array, draws: Any, edges: Array) -> None:
    """Draw a uniform tree on each segment start[c] … start[c + 1] − 1 of two nodes or more.

    `degree` of each node is used up. `sequence` holds the nodes of each segment, each one time
    fewer than its degree, segment after segment; it is shuffled in place, to a uniform Prüfer
    sequence. `edges`, shape (m, 2), takes the trees in the same order.
    """
    used = 0
    for c in range(start.size - 1):
        low, high = start[c], start[c + 1]
        first = low - 2 * c  # each earlier tree has two entries fewer than nodes
        length = high - low - 2
        for k in range(length - 1, 0, -1):
            other = min(int(draws.random() * (k + 1)), k)
            a, b = first + k, first + other
            sequence[a], sequence[b] = sequence[b], sequence[a]
        next_leaf = low
        while degree[next_leaf] != 1:
            next_leaf += 1
        leaf = next_leaf
        for k in range(length):
            inner = sequence[first + k]
            edges[used, 0], edges[used, 1] = leaf, inner
            used += 1
            degree[inner] -= 1
            if degree[inner] == 1 and inner < next_leaf:
                leaf = inner
                continue
            next_leaf += 1
            while degree[next_leaf] != 1:
                next_leaf += 1
            leaf = next_leaf
        edges[used, 0], edges[used, 1] = leaf, high - 1
        used += 1

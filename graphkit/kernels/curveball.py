"""Kernel of curveball trades: a random two-mode network with the degrees of both sides."""

from __future__ import annotations

from typing import Any

from graphkit.kernels.compile import inner, kernel

Array = Any


@inner
def _draw_below(draws: Any, n: int) -> int:
    """Uniform integer in 0 … n − 1."""
    return min(int(draws.random() * n), n - 1)


@kernel()
def trade_objects(
    start: Array, objects: Array, actors: Array, trades: int, mark: Array, pool: Array, draws: Any
) -> int:
    """Randomise compressed rows of distinct objects in place; number of trades that could move one.

    In a trade two of the `actors`, drawn at random, put what only one of them has into a pool
    and deal it anew, each as many as before. `mark`, one per object, is 0 before and after; the
    pool holds two of the longest rows. The objects of a row end up in any order.
    """
    moved = 0
    for _ in range(trades):
        first = _draw_below(draws, actors.size)
        second = _draw_below(draws, actors.size - 1)
        if second >= first:
            second += 1
        a, b = actors[first], actors[second]
        for at in range(start[a], start[a + 1]):
            mark[objects[at]] = 1
        # what both have goes to the front of each row, the rest to the pool
        size = 0
        free_b = start[b]
        for at in range(start[b], start[b + 1]):
            x = objects[at]
            if mark[x] == 1:
                mark[x] = 2
                objects[free_b] = x
                free_b += 1
            else:
                pool[size] = x
                size += 1
        free_a = start[a]
        for at in range(start[a], start[a + 1]):
            x = objects[at]
            if mark[x] == 2:
                objects[free_a] = x
                free_a += 1
            else:
                pool[size] = x
                size += 1
            mark[x] = 0
        own = start[a + 1] - free_a
        if own > 0 and own < size:
            moved += 1
            for k in range(own):
                other = k + _draw_below(draws, size - k)
                pool[k], pool[other] = pool[other], pool[k]
            for k in range(own):
                objects[free_a + k] = pool[k]
            for k in range(own, size):
                objects[free_b + k - own] = pool[k]
        else:  # one row holds the other: all goes back to where it was
            for k in range(size - own, size):
                objects[free_a + k - (size - own)] = pool[k]
            for k in range(size - own):
                objects[free_b + k] = pool[k]
    return moved

"""Kernels of layouts: keys of nodes that names do not change, and places of areas in the plane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphkit.kernels.compile import kernel
from graphkit.kernels.random import GOLDEN, mix

Array = Any


@kernel()
def refine_keys(
    indptr: Array, indices: Array, weights: Array, area: Array, keys: Array, new: Array
) -> None:
    """One round of colour refinement: a hash of a node's key and the multiset of its neighbours'.

    `weights` are the bits of the weights, as uint64. Sums wrap around, so that they do not depend
    on the order of the neighbours, and thus not on the names of the nodes.
    """
    for i in range(keys.size):
        total = np.uint64(0)
        for at in range(indptr[i], indptr[i + 1]):
            j = indices[at]
            same = np.uint64(area[i] == area[j])
            total += mix(mix(keys[j] + GOLDEN) ^ weights[at] ^ same)
        new[i] = mix(mix(keys[i] ^ GOLDEN) + total)


@kernel()
def attract(ratio: Array, place: Array, sweeps: int) -> None:
    """Places that minimise Σ s_ab d_ab² / 2 − Σ d_ab over pairs, by sweeps that never raise it.

    `ratio` holds s, symmetric, shape (C, C), each row with a positive sum; `place` has shape (C, 2)
    and is changed. Each area in turn goes to the minimum of a quadratic that lies above the sum and
    touches it where the area is.
    """
    n = place.shape[0]
    for _ in range(sweeps):
        largest = 0.0
        for a in range(n):
            x = y = total = 0.0
            for b in range(n):
                if b == a:
                    continue
                s = ratio[a, b]
                dx = place[a, 0] - place[b, 0]
                dy = place[a, 1] - place[b, 1]
                d = math.sqrt(dx * dx + dy * dy)
                x += s * place[b, 0]
                y += s * place[b, 1]
                if d > 0.0:
                    x += dx / d
                    y += dy / d
                total += s
            if total > 0.0:
                x /= total
                y /= total
                largest = max(largest, abs(x - place[a, 0]), abs(y - place[a, 1]))
                place[a, 0] = x
                place[a, 1] = y
        if largest < 1e-6:
            break


@kernel()
def push_apart(place: Array, radius: Array, gap: float, sweeps: int) -> bool:
    """Move overlapping discs apart until each pair is `gap` apart; whether that was reached.

    Of a pair, the smaller disc moves more: in proportion to the area of the other.
    """
    n = place.shape[0]
    for _ in range(sweeps):
        clear = True
        for a in range(n):
            for b in range(a + 1, n):
                dx = place[b, 0] - place[a, 0]
                dy = place[b, 1] - place[a, 1]
                need = radius[a] + radius[b] + gap
                square = dx * dx + dy * dy
                if square >= need * need:
                    continue
                d = math.sqrt(square)
                if d > 0.0:
                    dx /= d
                    dy /= d
                else:  # one place: away in a direction of their own
                    dx = math.cos(float(a + b))
                    dy = math.sin(float(a + b))
                lack = need - d
                if lack < 1e-9 * need:
                    continue
                clear = False
                lack *= 1.0 + 1e-9  # so that rounding leaves no overlap
                heavy = radius[a] * radius[a]
                light = radius[b] * radius[b]
                share = light / (heavy + light)
                place[a, 0] -= dx * lack * share
                place[a, 1] -= dy * lack * share
                place[b, 0] += dx * lack * (1.0 - share)
                place[b, 1] += dy * lack * (1.0 - share)
        if clear:
            return True
    return False

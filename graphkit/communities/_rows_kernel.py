"""Kernels on the rows of a graph with communities: aggregate, lay out, split, sum, join.

Rows and weights are as in :mod:`graphkit.communities._kernel`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.communities._kernel import ASKED, FAR
from graphkit.jit import kernel
from graphkit.lanes import prefetch

__all__ = [
    "aggregate",
    "inside_weight",
    "join_small",
    "permuted_rows",
    "sorted_by",
    "split_connected",
]

Array = Any


@kernel()
def sorted_by(codes: Array, n_codes: int, order: Array) -> None:
    """Fill `order` with the nodes by code, ties by node (a counting sort)."""
    start = np.zeros(n_codes + 1, np.int64)
    for v in range(codes.size):
        start[codes[v] + 1] += 1
    for c in range(n_codes):
        start[c + 1] += start[c]
    for v in range(codes.size):
        order[start[codes[v]]] = v
        start[codes[v]] += 1


@kernel()
def aggregate(
    indptr: Array, indices: Array, weights: Array, parts: Array, order: Array, n_parts: int,
    new_indptr: Array, new_indices: Array, new_weights: Array,
) -> int:  # fmt: skip
    """The graph whose nodes are the parts, 0 … n_parts − 1; loops are left out.

    `order` lists the nodes by part. Returns the number of entries filled.
    """
    n = indptr.size - 1
    unit = weights.size == 0
    far = n >= FAR
    towards = np.zeros(n_parts)
    at = 0
    i = 0
    new_indptr[0] = 0
    for p in range(n_parts):
        begin = at
        while i < n and parts[order[i]] == p:
            v = order[i]
            i += 1
            for e in range(indptr[v], indptr[v + 1]):
                if far and e + 16 < indices.size:
                    prefetch(towards, np.int64(parts[indices[e + 16]]))
                q = parts[indices[e]]
                if q == p:
                    continue
                before = towards[q]
                if before == 0.0:
                    new_indices[at] = q
                    at += 1
                towards[q] = before + (1.0 if unit else weights[e])
        for e in range(begin, at):
            q = new_indices[e]
            new_weights[e] = towards[q]
            towards[q] = 0.0
        new_indptr[p + 1] = at
    return at


@kernel()
def permuted_rows(
    indptr: Array, indices: Array, weights: Array, order: Array, position: Array,
    new_indptr: Array, new_indices: Array, new_weights: Array,
) -> None:  # fmt: skip
    """Rows in the order of `order`, columns renamed by `position`, its inverse."""
    at = 0
    n = order.size
    new_indptr[0] = 0
    for i in range(n):
        v = order[i]
        if n >= FAR and i + 8 < n:
            prefetch(indptr, np.int64(order[i + 8]))
            prefetch(indices, indptr[order[i + 4]])
            prefetch(indices, indptr[order[i + 4]] + 16)
            u = order[i + 1]
            for e in range(indptr[u], min(indptr[u + 1], indptr[u] + ASKED)):
                prefetch(position, np.int64(indices[e]))
        for e in range(indptr[v], indptr[v + 1]):
            new_indices[at] = position[indices[e]]
            if weights.size > 0:
                new_weights[at] = weights[e]
            at += 1
        new_indptr[i + 1] = at


@kernel()
def split_connected(indptr: Array, indices: Array, membership: Array, parts: Array) -> int:
    """Number the connected pieces of all communities, by first node; returns how many."""
    n = indptr.size - 1
    parts[:] = -1
    stack = np.empty(n, np.int32)
    found = 0
    for v in range(n):
        if parts[v] >= 0:
            continue
        parts[v] = found
        stack[0] = v
        depth = 1
        while depth > 0:
            depth -= 1
            u = stack[depth]
            for e in range(indptr[u], indptr[u + 1]):
                w = indices[e]
                if parts[w] < 0 and membership[w] == membership[v]:
                    parts[w] = found
                    stack[depth] = w
                    depth += 1
        found += 1
    return found


@kernel()
def inside_weight(indptr: Array, indices: Array, weights: Array, membership: Array) -> float:
    """Weight of all entries whose ends share a community; −1 belongs to none.

    Summed row by row, so that rounding errors stay small.
    """
    everything = 0.0
    for v in range(indptr.size - 1):
        home = membership[v]
        if home < 0:
            continue
        row = 0.0
        for e in range(indptr[v], indptr[v + 1]):
            if membership[indices[e]] == home:
                row += 1.0 if weights.size == 0 else weights[e]
        everything += row
    return everything


@kernel()
def join_small(
    indptr: Array, indices: Array, weights: Array, mass: Array, mass_in: Array, gamma: float,
    size: Array, smallest: Array, min_size: int, max_size: int, target: Array,
) -> int:  # fmt: skip
    """One round: small communities join a neighbour each; returns how many did.

    Rows are those of the graph of communities; `smallest` lists the small ones in the order
    of their turns. `target` starts as 0 … k − 1 and ends as the community joined; a community
    that another joined, or that has joined one, stays as it is for this round.
    """
    two, limited = mass_in.size > 0, max_size > 0
    joined = 0
    settled = np.zeros(target.size, np.bool_)
    towards = np.zeros(target.size)
    for i in range(smallest.size):
        c = smallest[i]
        if settled[c]:
            continue
        # neighbours that have joined each other are one
        for e in range(indptr[c], indptr[c + 1]):
            towards[target[indices[e]]] += weights[e]
        best, gain = -1, -np.inf
        for e in range(indptr[c], indptr[c + 1]):
            d = target[indices[e]]
            tie = towards[d]
            if tie == 0.0:
                continue
            towards[d] = 0.0
            if limited and size[c] + size[d] > max_size:
                continue
            g = tie - gamma * mass[c] * mass[d]
            if two:
                g = tie - gamma * (mass[c] * mass_in[d] + mass_in[c] * mass[d])
            if g > gain or (g == gain and d < best):
                best, gain = d, g
        if best < 0:
            continue
        target[c] = best
        settled[c] = settled[best] = True
        size[best] += size[c]
        mass[best] += mass[c]
        if two:
            mass_in[best] += mass_in[c]
        joined += 1
    return joined

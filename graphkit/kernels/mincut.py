"""Kernels of the minimum cut (edge connectivity) of many graphs, each up to a bound.

Contractions of Nagamochi, Ono and Ibaraki: in a maximum-adjacency scan an edge (u, v) whose
target has r(v) ≥ λ edges to the scanned set, itself included, joins nodes that no cut below
λ separates, so that they may be merged. λ is the smallest cut found: every degree of a merged
node and every prefix of the scan is a cut. Values in the queue are capped at λ, which keeps
the lemma true (Henzinger et al. 2018, doi:10.1145/3274662) and makes the queue a few
stacks. A scan costs O(edges + λ · nodes).

In graphs of nearly equal degrees a scan merges little. Then a set grows from one node to all:
each next node joins after a flow of λ between the two, or lowers λ to the flow found.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkit.kernels.compile import inner, kernel

#: A scan that leaves more than this share of more than so many nodes is the last.
WORTH, MANY = 0.9, 64

Array = Any


@inner
def _find_root(parent: Array, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@inner
def _merge_small(
    n: int, start: Array, neighbours: Array, cut: int, parent: Array, used: Array, times: Array
) -> None:
    """Merge nodes of low degree into a neighbour that has half of their edges.

    Any other cut that separates the two is no smaller with the node moved to the other side
    (Padberg & Rinaldi 1990). Each node takes part in one merger per round.
    """
    for v in range(n):
        degree = start[v + 1] - start[v]
        if used[v] or degree > 2 * cut:
            continue
        best = -1
        for p in range(start[v], start[v + 1]):
            u = neighbours[p]
            times[u] += 1
            if 2 * times[u] >= degree and not used[u]:
                best = u
        for p in range(start[v], start[v + 1]):
            times[neighbours[p]] = 0
        if best >= 0:
            parent[_find_root(parent, v)] = _find_root(parent, best)
            used[v] = used[best] = True


@inner
def _scan_adjacency(n: int, start: Array, neighbours: Array, cut: int, parent: Array) -> int:
    """Maximum-adjacency scan that merges nodes; returns the smallest cut found."""
    reach = np.zeros(n, dtype=np.int64)
    seen = np.zeros(n, dtype=np.bool_)
    stacks = np.empty((cut + 1, n), dtype=np.int32)
    filled = np.zeros(cut + 1, dtype=np.int64)
    cap = cut
    stacks[0, 0] = 0
    filled[0] = 1
    scanned, border, top = 0, 0, 0
    while top >= 0:
        if filled[top] == 0:
            top -= 1
            continue
        filled[top] -= 1
        u = stacks[top, filled[top]]
        if seen[u] or min(reach[u], cap) != top:
            continue
        seen[u] = True
        scanned += 1
        border += start[u + 1] - start[u] - 2 * reach[u]
        if scanned < n and border < cut:
            cut = border
            if cut == 0:
                return 0
        for p in range(start[u], start[u + 1]):
            v = neighbours[p]
            if seen[v]:
                continue
            reach[v] += 1
            if reach[v] <= cap:
                stacks[reach[v], filled[reach[v]]] = v
                filled[reach[v]] += 1
                top = max(top, reach[v])
            if reach[v] >= cut:
                parent[_find_root(parent, v)] = _find_root(parent, u)
    return cut


@inner
def _bounded_flow(
    node: int,
    most: int,
    start: Array,
    neighbours: Array,
    edge: Array,
    ends: Array,
    grown: Array,
    flow: Array,
    came: Array,
    queue: Array,
    used: Array,
) -> int:
    """Maximum flow (edge-disjoint paths) from a node to the set `grown`, at most `most`.

    `flow` is zero before and after; so is `came`, the edge by which the search reached a node,
    with −1.
    """
    found, n_used = 0, 0
    while found < most:
        queue[0] = node
        came[node] = -2
        read, filled, last = 0, 1, -1
        while read < filled and last < 0:
            u = queue[read]
            read += 1
            for p in range(start[u], start[u + 1]):
                v, e = neighbours[p], edge[p]
                sent = flow[e] if ends[e, 0] == u else -flow[e]
                if came[v] == -1 and sent < 1:
                    came[v] = e
                    queue[filled] = v
                    filled += 1
                    if grown[v]:
                        last = v
                        break
        v = last
        while v >= 0 and v != node:
            e = came[v]
            if ends[e, 1] == v:
                flow[e] += 1
                v = ends[e, 0]
            else:
                flow[e] -= 1
                v = ends[e, 1]
            used[n_used] = e
            n_used += 1
        for q in range(filled):
            came[queue[q]] = -1
        if last < 0:
            break
        found += 1
    for q in range(n_used):
        flow[used[q]] = 0
    return found


@inner
def _grow_set(
    n: int, m: int, start: Array, neighbours: Array, edge: Array, ends: Array, cut: int
) -> int:
    """Minimum cut of a connected graph, at most `cut`, by one flow per node."""
    grown = np.zeros(n, dtype=np.bool_)
    waiting = np.empty(2 * m + 1, dtype=np.int32)
    flow = np.zeros(m, dtype=np.int8)
    came = np.full(n, -1, dtype=np.int64)
    queue = np.empty(n, dtype=np.int32)
    used = np.empty(cut * n, dtype=np.int64)
    waiting[0] = 0
    read, filled = 0, 1
    while read < filled:
        u = waiting[read]
        read += 1
        if grown[u]:
            continue
        if read > 1:
            cut = _bounded_flow(
                u, cut, start, neighbours, edge, ends, grown, flow, came, queue, used
            )
        grown[u] = True
        for p in range(start[u], start[u + 1]):
            if not grown[neighbours[p]]:
                waiting[filled] = neighbours[p]
                filled += 1
    return cut


@inner
def _minimum_cut(n: int, source: Array, target: Array, bound: int) -> Any:
    """Minimum cut of one graph, connected or not, at most `bound`."""
    cut = bound
    source, target = source.copy(), target.copy()
    m = source.size
    slow = False
    while n > 1:
        start = np.zeros(n + 1, dtype=np.int64)
        for e in range(m):
            start[source[e] + 1] += 1
            start[target[e] + 1] += 1
        for v in range(n):
            cut = min(cut, start[v + 1])
            start[v + 1] += start[v]
        if cut == 0:
            return 0
        cursor = start[:-1].copy()
        neighbours = np.empty(2 * m, dtype=np.int32)
        edge = np.empty(2 * m, dtype=np.int64)
        for e in range(m):
            for here, there in ((source[e], target[e]), (target[e], source[e])):
                neighbours[cursor[here]] = there
                edge[cursor[here]] = e
                cursor[here] += 1
        if slow:
            ends = np.stack((source[:m], target[:m]), axis=1)
            return _grow_set(n, m, start, neighbours, edge, ends, cut)
        parent = np.arange(n)
        cut = _scan_adjacency(n, start, neighbours, cut, parent)
        if cut == 0:
            return 0
        # the edges of merged nodes are out of date
        used = np.zeros(n, dtype=np.bool_)
        for v in range(n):
            if parent[v] != v:
                used[v] = used[_find_root(parent, v)] = True
        _merge_small(n, start, neighbours, cut, parent, used, np.zeros(n, dtype=np.int64))
        code = np.full(n, -1, dtype=np.int32)
        k = 0
        for v in range(n):
            r = _find_root(parent, v)
            if code[r] < 0:
                code[r] = k
                k += 1
        kept = 0
        for e in range(m):
            a, b = code[_find_root(parent, source[e])], code[_find_root(parent, target[e])]
            if a != b:
                source[kept] = a
                target[kept] = b
                kept += 1
        slow = k > MANY and k > WORTH * n
        n, m = k, kept
    return cut


@kernel()
def bounded_cuts(
    sizes: Array, edge_start: Array, source: Array, target: Array, bounds: Array
) -> Array:
    """Edge connectivity of many graphs, each counted up to its bound.

    Parameters
    ----------
    sizes
        Nodes of each graph, at least 1.
    edge_start
        Edges edge_start[c] … edge_start[c + 1] − 1 belong to graph c.
    source, target
        Ends of each edge, numbered from 0 within its graph; no loops, each edge once.
    bounds
        At least 1 for each graph.

    Returns
    -------
    array
        int64, min(edge connectivity, bound); −1 for a graph of one node.
    """
    cuts = np.full(sizes.size, -1, dtype=np.int64)
    for c in range(sizes.size):
        if sizes[c] > 1:
            first, last = edge_start[c], edge_start[c + 1]
            cuts[c] = _minimum_cut(sizes[c], source[first:last], target[first:last], bounds[c])
    return cuts

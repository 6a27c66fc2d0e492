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
def _contract(n: int, start: Array, neighbours: Array, cut: int) -> Any:
    """Nodes that no cut below the smallest one found separates, merged.

    Returns the smallest cut found, the number of merged nodes and the edges between them.
    """
    parent = np.arange(n)
    nothing = np.empty(0, dtype=np.int32)
    cut = _scan_adjacency(n, start, neighbours, cut, parent)
    if cut == 0:
        return cut, 1, nothing, nothing
    # the edges of merged nodes are out of date
    used = np.zeros(n, dtype=np.bool_)
    for v in range(n):
        if parent[v] != v:
            used[v] = used[_find_root(parent, v)] = True
    _merge_small(n, start, neighbours, cut, parent, used, np.zeros(n, dtype=np.int64))
    code = np.full(n, -1, dtype=np.int32)
    of_root = np.full(n, -1, dtype=np.int32)
    k = 0
    for v in range(n):
        r = _find_root(parent, v)
        if of_root[r] < 0:
            of_root[r] = k
            k += 1
        code[v] = of_root[r]
    if k == 1:
        return cut, k, nothing, nothing
    kept = 0
    for v in range(n):
        for p in range(start[v], start[v + 1]):
            kept += code[v] < code[neighbours[p]]
    source, target = np.empty(kept, dtype=np.int32), np.empty(kept, dtype=np.int32)
    kept = 0
    for v in range(n):
        for p in range(start[v], start[v + 1]):
            if code[v] < code[neighbours[p]]:
                source[kept] = code[v]
                target[kept] = code[neighbours[p]]
                kept += 1
    return cut, k, source, target


@inner
def _is_connected(n: int, start: Array, neighbours: Array) -> bool:
    seen = np.zeros(n, dtype=np.bool_)
    queue = np.empty(n, dtype=np.int32)
    queue[0] = 0
    seen[0] = True
    read, filled = 0, 1
    while read < filled:
        u = queue[read]
        read += 1
        for p in range(start[u], start[u + 1]):
            v = neighbours[p]
            if not seen[v]:
                seen[v] = True
                queue[filled] = v
                filled += 1
    return filled == n


@inner
def _minimum_cut(n: int, start: Array, neighbours: Array, bound: int) -> Any:
    """Minimum cut of one graph without parallel edges, connected or not, at most `bound`.

    The least degree decides alone where it is half of the nodes (Chartrand 1966,
    doi:10.1137/0114065) or one node is joined to all others (Plesník 1975); where it is 1, it
    is left to see whether the graph is connected.
    """
    least, most = n, 0
    for v in range(n):
        degree = start[v + 1] - start[v]
        least, most = min(least, degree), max(most, degree)
    cut = min(bound, least)
    if cut == 0 or least >= n // 2 or most == n - 1:
        return cut
    if cut == 1:
        return 1 if _is_connected(n, start, neighbours) else 0
    cut, k, source, target = _contract(n, start, neighbours, cut)
    slow = k > MANY and k > WORTH * n
    while k > 1:
        n, m = k, source.size
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
        edge = np.empty(2 * m if slow else 0, dtype=np.int64)
        for e in range(m):
            for here, there in ((source[e], target[e]), (target[e], source[e])):
                neighbours[cursor[here]] = there
                if slow:
                    edge[cursor[here]] = e
                cursor[here] += 1
        if slow:
            ends = np.stack((source, target), axis=1)
            return _grow_set(n, m, start, neighbours, edge, ends, cut)
        cut, k, source, target = _contract(n, start, neighbours, cut)
        slow = k > MANY and k > WORTH * n
    return cut


@inner
def _inner_rows(
    indptr: Array,
    indices: Array,
    codes: Array,
    members: Array,
    place: Array,
    directed: bool,
    start: Array,
    neighbours: Array,
    last: Array,
) -> None:
    """Rows of one community over the places of its members, each edge in both its rows, once.

    `place` (of each node) is of this community's members, `last` below 0 for all places.
    """
    n = members.size
    used = 0
    if not directed:
        for i in range(n):
            v = members[i]
            start[i] = used
            for p in range(indptr[v], indptr[v + 1]):
                if codes[indices[p]] == codes[v]:
                    neighbours[used] = place[indices[p]]
                    used += 1
        start[n] = used
        return
    start[: n + 2] = 0
    for i in range(n):
        v = members[i]
        for p in range(indptr[v], indptr[v + 1]):
            if codes[indices[p]] == codes[v]:
                start[i + 2] += 1
                start[place[indices[p]] + 2] += 1
    for i in range(n):
        start[i + 2] += start[i + 1]
    for i in range(n):  # start[i + 1] is the cursor of row i, and ends as its end
        v = members[i]
        for p in range(indptr[v], indptr[v + 1]):
            if codes[indices[p]] == codes[v]:
                j = place[indices[p]]
                neighbours[start[i + 1]] = j
                neighbours[start[j + 1]] = i
                start[i + 1] += 1
                start[j + 1] += 1
    first = 0
    for i in range(n):  # reciprocal edges are one edge
        end = start[i + 1]
        start[i] = used
        for p in range(first, end):
            if last[neighbours[p]] != i:
                last[neighbours[p]] = i
                neighbours[used] = neighbours[p]
                used += 1
        first = end
    start[n] = used


@kernel()
def community_cuts(
    indptr: Array, indices: Array, codes: Array, directed: bool, sizes: Array, bounds: Array
) -> Array:
    """Edge connectivity of each community of a graph, without direction, up to its bound.

    Parameters
    ----------
    indptr, indices
        Rows of the graph without loops: an undirected edge is in both its rows, a `directed`
        one in that of its source.
    codes
        Community of each node, −1 if none.
    sizes, bounds
        Of each community: its members, nodes without a row included, and at least 1.

    Returns
    -------
    array
        int64, min(edge connectivity, bound); −1 for a community of one node.
    """
    count = sizes.size
    first = np.zeros(count + 1, dtype=np.int64)
    entries = np.zeros(count + 1, dtype=np.int64)  # of all rows of a community, at most
    for v in range(codes.size):
        if codes[v] >= 0:
            first[codes[v] + 1] += 1
            entries[codes[v]] += indptr[v + 1] - indptr[v]
    largest = 0
    for c in range(count):
        largest = max(largest, first[c + 1])
        first[c + 1] += first[c]
    members = np.empty(first[count], dtype=np.int32)
    place = np.empty(codes.size, dtype=np.int32)
    cursor = first[:-1].copy()
    for v in range(codes.size):
        if codes[v] >= 0:
            at = cursor[codes[v]]
            place[v] = at - first[codes[v]]
            members[at] = v
            cursor[codes[v]] = at + 1
    start = np.empty(largest + 2, dtype=np.int64)
    neighbours = np.empty(entries.max() * (2 if directed else 1), dtype=np.int32)
    last = np.empty(largest, dtype=np.int32)
    cuts = np.full(count, -1, dtype=np.int64)
    for c in range(count):
        n = first[c + 1] - first[c]
        if sizes[c] < 2:
            continue
        if n < sizes[c]:  # a member without an edge
            cuts[c] = 0
            continue
        last[:n] = -1
        inside = members[first[c] : first[c + 1]]
        _inner_rows(indptr, indices, codes, inside, place, directed, start, neighbours, last)
        cuts[c] = _minimum_cut(n, start, neighbours, bounds[c])
    return cuts

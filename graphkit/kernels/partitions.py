"""Kernels of partitions: contingency table, expected information, matching, edges inside.

Also connected parts, and the merging of small communities.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graphkit.kernels.compile import BORROWING, kernel

#: A tail ends at probabilities below this share of that of the mode.
TAIL = 1e-18

Array = Any


@kernel()
def group_nodes(membership: Array, cursor: Array, members: Array) -> None:
    """Nodes by community, ascending in each; `cursor` starts as the start of each community."""
    for node in range(membership.size):
        at = cursor[membership[node]]
        members[at] = node
        cursor[membership[node]] = at + 1


@kernel()
def overlap_cells(
    start: Array,
    members: Array,
    b: Array,
    sizes_b: Array,
    count: Array,
    row: Array,
    column: Array,
    shared: Array,
    similarity: Array,
) -> int:
    """Pairs of communities that share nodes, by row; returns their number.

    `count` (a counter per column) is zero before and after. For each node, `similarity` is
    what its two communities share, over the larger of them.
    """
    used = 0
    for i in range(start.size - 1):
        first = used
        size = start[i + 1] - start[i]
        for at in range(start[i], start[i + 1]):
            j = b[members[at]]
            if count[j] == 0:
                column[used] = j
                used += 1
            count[j] += 1
        for at in range(start[i], start[i + 1]):
            node = members[at]
            j = b[node]
            similarity[node] = count[j] / max(size, sizes_b[j])
        for cell in range(first, used):
            row[cell] = i
            shared[cell] = count[column[cell]]
            count[column[cell]] = 0
    return used


@kernel()
def best_columns(
    start: Array, members: Array, b: Array, sizes_b: Array, f1: Array, match: Array
) -> None:
    """Best F1 of each row of the contingency table, and its column; ties: the smaller one.

    `b` is −1 for nodes in no column; `f1` starts as 0 and `match` as −1.
    """
    count = np.zeros(sizes_b.size, dtype=np.int32)
    for i in range(f1.size):
        for at in range(start[i], start[i + 1]):
            j = b[members[at]]
            if j >= 0:
                count[j] += 1
        for at in range(start[i], start[i + 1]):
            j = b[members[at]]
            if j < 0 or count[j] == 0:  # no community, or seen
                continue
            score = 2 * count[j] / (start[i + 1] - start[i] + sizes_b[j])
            count[j] = 0
            if score > f1[i] or (score == f1[i] and j < match[i]):
                f1[i] = score
                match[i] = j


@kernel()
def expected_cells(sizes: Array, n: int, table: Array) -> None:
    """Expected term of the mutual information for each pair of sizes.

    The hypergeometric probabilities are computed from their ratios, outward from the mode, and
    divided by their sum, which avoids differences of large logarithms.
    """
    for i in range(sizes.size):
        for j in range(i, sizes.size):
            a, b = sizes[i], sizes[j]
            mean = a / n * b
            mode = int((a + 1.0) * (b + 1.0) / (n + 2.0))
            mode = min(max(mode, a + b - n, 0), a, b)
            whole = 0.0
            summed = 0.0
            p = 1.0
            for k in range(mode, min(a, b) + 1):
                whole += p
                if k > 0:
                    summed += p * k * math.log(k / mean)
                p *= (a - k) / (k + 1.0) * ((b - k) / (n - a - b + k + 1.0))
                if p < TAIL:
                    break
            p = 1.0
            for k in range(mode, max(a + b - n, 0), -1):
                p *= k / (a - k + 1.0) * ((n - a - b + k) / (b - k + 1.0))
                whole += p
                if k > 1:
                    summed += p * (k - 1) * math.log((k - 1) / mean)
                if p < TAIL:
                    break
            table[i, j] = table[j, i] = summed / whole / n


@kernel()
def strongest_first(row: Array, column: Array, order: Array, match: Array, taken: Array) -> None:
    """Match rows to columns one to one, greedily in the given order; `match` starts as −1."""
    for at in order:
        if match[row[at]] < 0 and not taken[column[at]]:
            match[row[at]] = column[at]
            taken[column[at]] = True


@kernel()
def sum_edges(
    indptr: Array,
    indices: Array,
    weights: Array,
    codes: Array,
    directed: bool,
    edges: Array,
    inside: Array,
    leaving: Array,
    entering: Array,
    between: Array,
) -> int:
    """Edges inside each community, and weights inside, leaving and entering, in one pass.

    An edge of an undirected graph, in both its rows, leaves the smaller node. `codes` are −1
    for nodes in no community; `weights` may be empty, for 1. The weights of all edges that are
    inside no community are written to `between`, unless that is empty; returns their number.
    """
    others = 0
    for v in range(codes.size):
        c = codes[v]
        for p in range(indptr[v], indptr[v + 1]):
            u = indices[p]
            if u < v and not directed:
                continue
            w = weights[p] if weights.size else 1.0
            d = codes[u]
            if c == d and c >= 0:
                edges[c] += 1
                inside[c] += w
                continue
            if c >= 0:
                leaving[c] += w
            if d >= 0:
                entering[d] += w
            if between.size:
                between[others] = w
            others += 1
    return others


@kernel()
def count_reciprocated(indptr: Array, indices: Array) -> int:
    """Directed edges whose reverse is an edge, too; rows are ascending, without loops."""
    cursor = indptr[:-1].copy()
    found = 0
    for v in range(cursor.size):
        for p in range(indptr[v], indptr[v + 1]):
            u = indices[p]
            at = cursor[u]  # sources ascend, so that no row is read twice
            while at < indptr[u + 1] and indices[at] < v:
                at += 1
            cursor[u] = at
            found += at < indptr[u + 1] and indices[at] == v
    return found


@kernel(**BORROWING)
def split_connected(
    indptr: Array, indices: Array, membership: Array, parts: Array, stack: Array
) -> int:
    """Number the connected parts of all communities, by first node; returns their number.

    `parts` starts as −1; `stack` has room for all nodes.
    """
    found = 0
    for v in range(parts.size):
        if parts[v] >= 0:
            continue
        parts[v] = found
        stack[0] = v
        depth = 1
        while depth > 0:
            depth -= 1
            u = stack[depth]
            for e in range(np.uint64(indptr[u]), np.uint64(indptr[u + 1])):
                w = np.uint32(indices[e])
                if parts[w] < 0 and membership[w] == membership[v]:
                    parts[w] = found
                    stack[depth] = indices[e]
                    depth += 1
        found += 1
    return found


@kernel(**BORROWING)
def inside_weight(indptr: Array, indices: Array, weights: Array, membership: Array) -> float:
    """Weight of all entries within a community (−1 is none), summed by row for precision."""
    everything = 0.0
    for v in range(indptr.size - 1):
        own = membership[v]
        if own < 0:
            continue
        row = 0.0
        for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
            # no branch, which would be mispredicted
            weight = 1.0 if weights.size == 0 else weights[e]
            row += weight if membership[np.uint32(indices[e])] == own else 0.0
        everything += row
    return everything


@kernel()
def join_small(
    indptr: Array,
    indices: Array,
    weights: Array,
    out_weight: Array,
    in_weight: Array,
    gamma: float,
    size: Array,
    max_size: int,
    smallest: Array,
    target: Array,
) -> int:
    """One round of merging small communities into neighbours; returns the number merged.

    Rows are those of the graph of communities; `smallest` lists the small ones in order.
    `target` starts as 0 … k − 1 and ends as the community joined. A community takes part in
    one merger per round.
    """
    two, limited = in_weight.size > 0, max_size > 0
    joined = 0
    settled = np.zeros(target.size, np.bool_)
    towards = np.zeros(target.size)
    for i in range(smallest.size):
        c = smallest[i]
        if settled[c]:
            continue
        # neighbours that have been merged count as one
        for e in range(indptr[c], indptr[c + 1]):
            towards[target[indices[e]]] += weights[e]
        best, gain = -1, -np.inf
        for e in range(indptr[c], indptr[c + 1]):
            d = target[indices[e]]
            between = towards[d]
            if between == 0.0:
                continue
            towards[d] = 0.0
            if limited and size[c] + size[d] > max_size:
                continue
            g = between - gamma * out_weight[c] * out_weight[d]
            if two:
                g = between - gamma * (out_weight[c] * in_weight[d] + in_weight[c] * out_weight[d])
            if g > gain or (g == gain and d < best):
                best, gain = d, g
        if best < 0:
            continue
        target[c] = best
        settled[c] = settled[best] = True
        size[best] += size[c]
        out_weight[best] += out_weight[c]
        if two:
            in_weight[best] += in_weight[c]
        joined += 1
    return joined

"""Kernels of the Leiden algorithm: local moving, refinement, aggregation.

The quality is the weight inside communities minus γ times its expectation under a null model
with node weights a and b; the expectation between node v and set C is

    γ a_v A_C               with one node weight (undirected modularity: strength; CPM: 1)
    γ (a_v B_C + b_v A_C)   with two (directed modularity: out- and in-strength)

`indices` and `weights` are rows of a symmetric graph without loops, in any order; empty weights
mean that each is 1. Ties go to the first neighbour, so that a result is a function of the
arrays and the state of the generator alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from graphkit.kernels.compile import borrowing, kernel, prefetch
from graphkit.kernels.random import splitmix64

#: A gain must exceed another by this share of the strength, or rounding could make two moves
#: undo each other for ever.
TINY = 1e-12

#: From so many nodes on, the data of the next nodes are prefetched.
FAR = 20_000

#: Most neighbours to prefetch: two or three hundred fill the first-level cache.
ASKED = 64

#: Weights within the own community, most of all, are added elsewhere; so many rows of a table take
#: what is written in their place, in turn, so that no addition waits for the one before it.
SPARE = 8

Array = Any


class Csr(NamedTuple):
    """A symmetric graph without loops in compressed sparse rows, every edge in both its rows."""

    indptr: Array
    """int64, (n + 1,)."""
    indices: Array
    """int32, (entries,)."""
    weights: Array
    """float64, (entries,), above zero; empty if all are 1."""


class Rows(NamedTuple):
    """The graph of one level: compressed rows as in :class:`Csr`, and node weights."""

    indptr: Array
    indices: Array
    weights: Array
    out_weight: Array
    """float64, (n,): a of the null model."""
    in_weight: Array
    """float64, (n,): b of the null model; empty for one node weight."""
    size: Array
    """int64, (n,): number of original nodes; empty without a size limit."""
    fixed: Array
    """bool, (n,): nodes that must not move; empty if none."""

    @property
    def n(self) -> int:
        """Number of nodes."""
        return int(self.indptr.size) - 1

    @property
    def csr(self) -> Csr:
        """The rows alone."""
        return Csr(self.indptr, self.indices, self.weights)


class MoveState(NamedTuple):
    """Working memory of :func:`move_nodes`, by community except for the last."""

    towards: Array
    """float64, (n + SPARE,): edge weight to the current node."""
    totals: Array
    """float64, (n,): node weight."""
    nodes: Array
    """int32, (n,): number of nodes."""
    empty: Array
    """int32, (n,): communities without nodes."""
    waiting: Array
    """bool, (n,): whether a node is queued."""
    inside: Array
    """float64, (n,): edge weight of each node within its community."""
    stale: Array
    """bool, (n,): whether that is to be summed anew, as a neighbour came after the last visit."""


class RefineState(NamedTuple):
    """Result and working memory of :func:`refine_nodes`."""

    parts: Array
    """int32, (n,): the part of each node, identified by one of its nodes."""
    towards: Array
    """float64, (n + SPARE,): edge weight of each part to the current node."""
    totals: Array
    """float64, (n,): node weight of each part."""
    rest: Array
    """float64, (n,): edge weight of each part, a node at first, to the rest of its community."""
    stale: Array
    """bool, (n,): the nodes for which that is to be computed; of the others it is given."""
    whole: Array
    """float64, (n, 1) or, with two node weights, (n, 2): node weights of each community."""


@borrowing
def prefetch_row(indices: Array, weights: Array, at: Any) -> None:
    """Prefetch the first entries of the row that begins at a place."""
    prefetch(indices, at)
    prefetch(indices, at + 16)
    if weights.size > 0:
        prefetch(weights, at)
        prefetch(weights, at + 8)
        prefetch(weights, at + 16)


@kernel()
def shuffle_blocks(order: Array, block: int, state: Array) -> None:
    """Fill with 0 … n − 1: blocks of consecutive nodes in random order (Fisher–Yates)."""
    n = order.size
    n_blocks = (n + block - 1) // block
    blocks = np.arange(n_blocks).astype(np.int32)
    for i in range(n_blocks - 1, 0, -1):
        j = np.int64(splitmix64(state) % np.uint64(i + 1))
        blocks[i], blocks[j] = blocks[j], blocks[i]
    at = 0
    for i in range(n_blocks):
        first = np.int64(blocks[i]) * block
        for v in range(first, min(n, first + block)):
            order[at] = v
            at += 1


@kernel()
def move_nodes(
    rows: Any, gamma: float, max_size: int, membership: Array, queue: Array, state: Any
) -> float:
    """Local moving: nodes join the neighbouring community of highest gain, until none does.

    `queue` holds the nodes in the order of their first visit; a node whose neighbour leaves
    its community is queued again. Changes `membership`, whose codes lie below n; returns the
    sum of the gains, 0 if nothing moved. A `max_size` of 0 is no limit. `rows` is a
    :class:`Rows`, `state` a :class:`MoveState` of any content.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight, size, fixed = rows.out_weight, rows.in_weight, rows.size, rows.fixed
    towards, totals, count, empty = state.towards, state.totals, state.nodes, state.empty
    waiting, inside, stale = state.waiting, state.inside, state.stale
    n = indptr.size - 1
    two, limited, unit, pinned = in_weight.size > 0, max_size > 0, weights.size == 0, fixed.size > 0
    total_in = np.zeros(n if two else 0)
    held = np.zeros(n if limited else 0, np.int64)
    widest = 0
    for v in range(n):
        towards[v] = 0.0
        totals[v] = 0.0
        count[v] = 0
        waiting[v] = not (pinned and fixed[v])
        stale[v] = True
        widest = max(widest, indptr[v + 1] - indptr[v])
    towards[n:] = 1.0  # never 0, or they would count as communities
    for v in range(n):
        c = membership[v]
        totals[c] += out_weight[v]
        count[c] += 1
        if two:
            total_in[c] += in_weight[v]
        if limited:
            held[c] += size[v]
    n_empty = 0
    for c in range(n - 1, -1, -1):
        if count[c] == 0:
            empty[n_empty] = c
            n_empty += 1
    near = np.empty(widest + 1, np.int32)
    gains = 0.0
    read, left = 0, n
    while left > 0:
        v = queue[read]
        read += 1
        if read == n:
            read = 0
        left -= 1
        if not waiting[v]:
            continue
        waiting[v] = False
        own = membership[v]
        first, last = np.uint64(indptr[v]), np.uint64(indptr[v + 1])
        if n >= FAR and left > 8:
            # in steps, as each uses what the previous one has fetched
            ahead = read + 8
            prefetch(indptr, np.int64(queue[ahead if ahead < n else ahead - n]))
            ahead = read + 5
            u = queue[ahead if ahead < n else ahead - n]
            prefetch(indices, indptr[u])
            prefetch(indices, indptr[u] + 16)
            ahead = read + 2
            u = queue[ahead if ahead < n else ahead - n]
            for e in range(indptr[u], min(indptr[u + 1], indptr[u] + ASKED)):
                prefetch(membership, np.int64(indices[e]))
            u = queue[read if read < n else read - n]
            for e in range(indptr[u], min(indptr[u + 1], indptr[u] + ASKED)):
                prefetch(towards, np.int64(membership[indices[e]]))
        elif left > 3:
            ahead = read + 2
            u = queue[ahead if ahead < n else ahead - n]
            prefetch_row(indices, weights, indptr[u])
        n_near = 0
        to_own = 0.0
        for e in range(first, last):
            # no branches, which would be mispredicted
            c = np.int64(membership[np.uint32(indices[e])])
            weight = 1.0 if unit else weights[e]
            to_own += weight if c == own else 0.0
            c = n + np.int64(e & np.uint64(SPARE - 1)) if c == own else c
            before = towards[np.uint64(c)]
            near[np.uint64(n_near)] = c
            n_near += before == 0.0
            towards[np.uint64(c)] = before + weight
        a = gamma * out_weight[v]
        b = 0.0
        totals[own] -= out_weight[v]
        count[own] -= 1
        stay = 0.0
        if two:
            b = gamma * in_weight[v]
            total_in[own] -= in_weight[v]
        if count[own] > 0:
            stay = to_own - a * totals[own]
            if two:
                stay = to_own - a * total_in[own] - b * totals[own]
        inside[v] = to_own
        stale[v] = False
        strength = to_own
        best, gain, to_best = own, -np.inf, 0.0
        for t in range(n_near):
            c = np.uint32(near[t])
            weight = towards[c]
            strength += weight
            towards[c] = 0.0
            g = weight - a * totals[c]
            if two:
                g = weight - a * total_in[c] - b * totals[c]
            if g > gain and (not limited or held[c] + size[v] <= max_size):
                best, gain, to_best = near[t], g, weight
        least = stay + TINY * strength
        if count[own] > 0 and least < 0.0 and n_empty > 0:
            if gain <= 0.0:
                best, gain, to_best = empty[n_empty - 1], 0.0, 0.0
        elif gain <= least:
            best = own
        totals[best] += out_weight[v]
        count[best] += 1
        if two:
            total_in[best] += in_weight[v]
        if best == own:
            continue
        gains += gain - stay
        if count[best] == 1:
            n_empty -= 1
        if count[own] == 0:
            totals[own] = 0.0
            if two:
                total_in[own] = 0.0
            empty[n_empty] = own
            n_empty += 1
        if limited:
            held[own] -= size[v]
            held[best] += size[v]
        membership[v] = best
        inside[v] = to_best
        for e in range(first, last):
            u = np.uint32(indices[e])
            if waiting[u]:
                continue
            if membership[u] == best:
                stale[u] = True
            elif not (pinned and fixed[u]):
                waiting[u] = True
                at = read + left
                queue[at if at < n else at - n] = indices[e]
                left += 1
    return gains


@kernel()
def refine_nodes(
    rows: Any,
    gamma: float,
    theta: float,
    membership: Array,
    order: Array,
    random: Array,
    state: Any,
) -> None:
    """Refinement: inside each community, well-connected nodes merge into well-connected parts.

    Every node starts alone and is visited once, if still alone. With θ = 0 it joins the part
    of highest gain, else part S with probability ∝ exp(gain / θ) among gains of 0 or more
    (its own is 0). `rows` is a :class:`Rows`, `state` a :class:`RefineState` of any content,
    whose parts are filled; `random` is the state of the generator.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight = rows.out_weight, rows.in_weight
    parts, towards, totals, whole = state.parts, state.towards, state.totals, state.whole
    rest, stale = state.rest, state.stale
    n = indptr.size - 1
    two, unit = in_weight.size > 0, weights.size == 0
    whole[:] = 0.0
    widest = 0
    for v in range(n):
        whole[membership[v], 0] += out_weight[v]
        if two:
            whole[membership[v], 1] += in_weight[v]
        widest = max(widest, indptr[v + 1] - indptr[v])
    total_in = in_weight.copy()
    alone = np.ones(n, np.bool_)
    for v in range(n):
        parts[v] = v
        towards[v] = 0.0
        totals[v] = out_weight[v]
        if not stale[v]:
            continue
        own = membership[v]
        inside = 0.0
        for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
            # no branch, which would be mispredicted
            weight = 1.0 if unit else weights[e]
            inside += weight if membership[np.uint32(indices[e])] == own else 0.0
        rest[v] = inside
    towards[n:] = 1.0  # never 0, or they would count as parts
    near = np.empty(widest + 1, np.int32)
    chance, reach = np.empty(widest if theta > 0.0 else 0), np.empty(widest if theta > 0.0 else 0)
    for i in range(n):
        v = order[i]
        outside = rest[v]
        if not alone[v] or outside == 0.0:
            continue
        own = membership[v]
        a = gamma * out_weight[v]
        b = 0.0
        expected = a * (whole[own, 0] - out_weight[v])
        if two:
            b = gamma * in_weight[v]
            expected = a * (whole[own, 1] - in_weight[v]) + b * (whole[own, 0] - out_weight[v])
        tiny = TINY * outside
        if outside < expected - tiny:
            continue
        if i + 2 < n and alone[order[i + 2]]:
            prefetch_row(indices, weights, indptr[order[i + 2]])
        n_near = 0
        for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
            # no branches, which would be mispredicted
            u = np.uint32(indices[e])
            p = np.int64(parts[u])
            p = p if membership[u] == own else n + np.int64(e & np.uint64(SPARE - 1))
            before = towards[np.uint64(p)]
            near[np.uint64(n_near)] = p
            n_near += before == 0.0
            towards[np.uint64(p)] = before + (1.0 if unit else weights[e])
        best, gain, to_best = v, tiny, 0.0
        n_open = 0
        top = 0.0
        for t in range(n_near):
            part = np.uint32(near[t])
            weight, total = towards[part], totals[part]
            towards[part] = 0.0
            g = weight - a * total
            if two:
                g = weight - a * total_in[part] - b * total
            # few parts gain more, so that it is asked first
            if g < 0.0 or (theta == 0.0 and g <= gain):
                continue
            bound = gamma * total * (whole[own, 0] - total)
            if two:
                bound = gamma * (
                    total * (whole[own, 1] - total_in[part])
                    + total_in[part] * (whole[own, 0] - total)
                )
            if rest[part] < bound - TINY * rest[part]:
                continue
            if theta > 0.0:
                near[n_open] = near[t]
                reach[n_open] = weight
                chance[n_open] = g
                top = max(top, g)
                n_open += 1
            else:
                best, gain, to_best = near[t], g, weight
        if n_open > 0:
            # relative to the largest exponent, to avoid overflow
            everything = np.exp(-top / theta)
            for t in range(n_open):
                chance[t] = np.exp((chance[t] - top) / theta)
                everything += chance[t]
            pick = np.float64(splitmix64(random) >> np.uint64(11)) * 2.0**-53 * everything
            for t in range(n_open):
                pick -= chance[t]
                if pick < 0.0:
                    best, to_best = near[t], reach[t]
                    break
        if best != v:
            rest[best] += outside - 2.0 * to_best
            totals[best] += out_weight[v]
            if two:
                total_in[best] += in_weight[v]
            parts[v] = best
            alone[best] = False


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
def aggregate_graph(csr: Any, parts: Array, order: Array, n_parts: int, new: Any) -> int:
    """Fill `new` with the graph whose nodes are the parts, 0 … n_parts − 1; without loops.

    `order` lists the nodes by part. Returns the number of entries filled.
    """
    indptr, indices, weights = csr.indptr, csr.indices, csr.weights
    new_indptr, new_indices, new_weights = new.indptr, new.indices, new.weights
    n = indptr.size - 1
    unit = weights.size == 0
    far = n >= FAR
    before_last = np.uint64(max(indices.size - 16, 0))
    towards = np.zeros(n_parts + SPARE)
    towards[n_parts:] = 1.0  # never 0, or they would count as parts
    at = 0
    i = 0
    new_indptr[0] = 0
    for p in range(n_parts):
        begin = at
        while i < n and parts[order[i]] == p:
            v = order[i]
            i += 1
            if i < n:
                prefetch_row(indices, weights, indptr[order[i]])
            for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
                if far and e < before_last:
                    prefetch(towards, np.int64(parts[indices[e + np.uint64(16)]]))
                q = np.int64(parts[np.uint32(indices[e])])
                q = n_parts + np.int64(e & np.uint64(SPARE - 1)) if q == p else q
                before = towards[np.uint64(q)]
                new_indices[np.uint64(at)] = q  # kept if it is new
                at += before == 0.0
                towards[np.uint64(q)] = before + (1.0 if unit else weights[e])
        for e in range(begin, at):
            q = new_indices[e]
            new_weights[e] = towards[q]
            towards[q] = 0.0
        new_indptr[p + 1] = at
    return at


@kernel()
def split_connected(indptr: Array, indices: Array, membership: Array, parts: Array) -> int:
    """Number the connected parts of all communities, by first node; returns their number."""
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
            for e in range(np.uint64(indptr[u]), np.uint64(indptr[u + 1])):
                w = np.uint32(indices[e])
                if parts[w] < 0 and membership[w] == membership[v]:
                    parts[w] = found
                    stack[depth] = indices[e]
                    depth += 1
        found += 1
    return found


@kernel()
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
    csr: Any,
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
    indptr, indices, weights = csr.indptr, csr.indices, csr.weights
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

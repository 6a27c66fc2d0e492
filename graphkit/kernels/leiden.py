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

from typing import Any

import numpy as np

from graphkit.kernels.compile import ROLLED, borrowing, kernel
from graphkit.kernels.intrinsics import prefetch
from graphkit.kernels.leiden_arrays import SPARE, Parts, Rows
from graphkit.kernels.random import splitmix64

#: A gain must exceed another by this share of the strength, or rounding could make two moves
#: undo each other for ever.
TINY = 1e-12

#: That a node stays is only told from its last visit if it is beyond this share of what is summed.
ROUNDING = 1e-9

#: Most neighbours to prefetch: two or three hundred fill the first-level cache.
ASKED = 64

Array = Any


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


@borrowing
def shuffle(order: Array, n: int, state: Array) -> None:
    """Fill with 0 … n − 1 in random order (Fisher–Yates)."""
    for v in range(n):
        order[v] = v
    for i in range(n - 1, 0, -1):
        j = np.int64(splitmix64(state) % np.uint64(i + 1))
        order[i], order[j] = order[j], order[i]


@borrowing
def clear_weights(n: int, towards: Array) -> None:
    """Set the edge weight towards each of n communities, or parts, to 0."""
    for c in range(n):
        towards[c] = 0.0
    for t in range(SPARE):
        towards[n + t] = 1.0  # never 0, or they would count as communities


@borrowing
def sum_node_weights(n: int, weight: Array, codes: Array, n_codes: int, totals: Array) -> float:
    """Node weight of each community, or part; returns that of all n nodes.

    Without node weights, as where the null model has one only, that is 0, and nothing is filled.
    """
    everything = 0.0
    if weight.size == 0:
        return everything
    for c in range(n_codes):
        totals[c] = 0.0
    for v in range(n):
        totals[codes[v]] += weight[v]
        everything += weight[v]
    return everything


@borrowing
def sum_towards(
    first: Any,
    last: Any,
    indices: Array,
    weights: Array,
    codes: Array,
    own: int,
    n_codes: int,
    towards: Array,
    near: Array,
    n_near: int,
) -> tuple[int, float]:
    """Edge weight of a row, from entry first to last − 1, towards each community, or part, but `own`.

    Those that are new are listed in `near`, from place `n_near` on. Returns the end of the list,
    and the weight towards `own`.
    """
    to_own = 0.0
    for e in range(first, last):
        # no branches, which would be mispredicted
        c = np.int64(codes[np.uint32(indices[e])])
        weight = 1.0 if weights.size == 0 else weights[e]
        to_own += weight if c == own else 0.0
        c = n_codes + np.int64(e & np.uint64(SPARE - 1)) if c == own else c
        before = towards[np.uint64(c)]
        near[np.uint64(n_near)] = c  # kept if it is new
        n_near += before == 0.0
        towards[np.uint64(c)] = before + weight
    return n_near, to_own


@borrowing
def note_move(u: Any, weight: float, left: bool, joined: bool, slack: Array, stale: Array) -> None:
    """A neighbour of node u, at this edge weight, has left its community, or joined it, or neither."""
    stale[u] = True
    slack[u] += weight if joined else -weight
    slack[u] -= weight if left else 0.0


@borrowing
def move_nodes(
    n: int, rows: Any, options: Any, membership: Array, visits: Any, memory: Any
) -> float:
    """Local moving: nodes join the neighbouring community of highest gain, until none does.

    ``memory.order`` holds the n nodes in the order of their first visit; a node whose neighbour
    leaves its community is queued again. Changes `membership`, whose codes lie below n; returns
    the sum of the gains, 0 if nothing moved. `rows` is a :class:`Rows`, `options` are
    :class:`Options`, `memory` is a :class:`Memory`.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight, size, fixed = rows.out_weight, rows.in_weight, rows.size, rows.fixed
    towards, totals, total_in, held = memory.towards, memory.totals, memory.total_in, memory.held
    near, count, empty, queue = memory.near, memory.count, memory.empty, memory.order
    waiting, inside, stale, slack = memory.waiting, visits.inside, visits.stale, visits.slack
    gone, gone_in = visits.left[0], visits.left[1]
    gamma, max_size = options.gamma, options.max_size
    two, limited, unit, pinned = in_weight.size > 0, max_size > 0, weights.size == 0, fixed.size > 0
    clear_weights(n, towards)
    all_out = sum_node_weights(n, out_weight, membership, n, totals)
    all_in = sum_node_weights(n, in_weight, membership, n, total_in)
    for v in range(n):
        waiting[v] = not (pinned and fixed[v])
        count[v] = 0
        if limited:
            held[v] = 0
    for v in range(n):
        count[membership[v]] += 1
        if limited:
            held[membership[v]] += size[v]
    n_empty = 0
    for c in range(n - 1, -1, -1):
        if count[c] == 0:
            empty[n_empty] = c
            n_empty += 1
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
        a = gamma * out_weight[v]
        b = 0.0
        totals[own] -= out_weight[v]
        expected, everything = a * (totals[own] + gone), a * all_out
        if two:
            b = gamma * in_weight[v]
            total_in[own] -= in_weight[v]
            expected = a * (total_in[own] + gone_in) + b * (totals[own] + gone)
            everything = a * all_in + b * all_out
        if slack[v] > expected:
            totals[own] += out_weight[v]
            if two:
                total_in[own] += in_weight[v]
            continue
        first, last = np.uint64(indptr[v]), np.uint64(indptr[v + 1])
        if left > 3:
            ahead = read + 2
            u = queue[ahead if ahead < n else ahead - n]
            prefetch_row(indices, weights, indptr[u])
        n_near, to_own = sum_towards(
            first, last, indices, weights, membership, own, n, towards, near, np.int64(0)
        )
        count[own] -= 1
        stay = 0.0
        if count[own] > 0:
            stay = to_own - a * totals[own]
            if two:
                stay = to_own - a * total_in[own] - b * totals[own]
        inside[v], stale[v] = to_own, False
        strength = to_own
        best, gain, to_best = own, -np.inf, 0.0
        for t in range(n_near):
            d = np.uint32(near[t])
            weight = towards[d]
            strength += weight
            towards[d] = 0.0
            g = weight - a * totals[d]
            if two:
                g = weight - a * total_in[d] - b * totals[d]
            if g > gain and (not limited or held[d] + size[v] <= max_size):
                best, gain, to_best = near[t], g, weight
        least = stay + TINY * strength
        slack[v] = expected + min(least, least - gain) - ROUNDING * (strength + everything)
        if limited:
            slack[v] = -np.inf  # a community that is full may have room later
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
        inside[v], slack[v] = to_best, -np.inf
        gone += out_weight[v]
        if two:
            gone_in += in_weight[v]
        for e in range(first, last):
            u = np.uint32(indices[e])
            there = membership[u]
            note_move(u, 1.0 if unit else weights[e], there == own, there == best, slack, stale)
            if waiting[u] or there == best or (pinned and fixed[u]):
                continue
            waiting[u] = True
            at = read + left
            queue[at if at < n else at - n] = indices[e]
            left += 1
    visits.left[0], visits.left[1] = gone, gone_in
    return gains


@borrowing
def weight_within(
    first: Any, last: Any, indices: Array, weights: Array, membership: Array, own: int
) -> float:
    """Edge weight of a row, from entry first to last − 1, within a community."""
    inside = 0.0
    for e in range(first, last):
        # no branch, which would be mispredicted
        weight = 1.0 if weights.size == 0 else weights[e]
        inside += weight if membership[np.uint32(indices[e])] == own else 0.0
    return inside


@borrowing
def merge_node(
    v: int,
    n_near: int,
    weight: float,
    weight_in: float,
    whole: float,
    whole_in: float,
    gamma: float,
    theta: float,
    parts: Any,
    random: Array,
) -> None:
    """Let node v, alone so far, join one of the well-connected parts near it, or stay alone.

    With θ = 0 that is the part of highest gain, else part S with probability ∝ exp(gain / θ)
    among gains of 0 or more (its own is 0). The weights are those of the node and of its community;
    `parts` is a :class:`Parts`, whose `towards` ends as 0.
    """
    towards, totals, total_in, rest = parts.towards, parts.totals, parts.total_in, parts.rest
    near, chance, reach = parts.near, parts.chance, parts.reach
    two = total_in.size > 0
    a, b = gamma * weight, gamma * weight_in
    best, gain, to_best = np.int64(v), TINY * rest[v], 0.0
    n_open = 0
    top = 0.0
    for t in range(n_near):
        part = np.uint32(near[t])
        to_part, total = towards[part], totals[part]
        towards[part] = 0.0
        g = to_part - a * total
        if two:
            g = to_part - a * total_in[part] - b * total
        # few parts gain more, so that it is asked first
        if g < 0.0 or (theta == 0.0 and g <= gain):
            continue
        bound = gamma * total * (whole - total)
        if two:
            bound = gamma * (total * (whole_in - total_in[part]) + total_in[part] * (whole - total))
        if rest[part] < bound - TINY * rest[part]:
            continue
        if theta > 0.0:
            near[n_open] = near[t]
            reach[n_open] = to_part
            chance[n_open] = g
            top = max(top, g)
            n_open += 1
        else:
            best, gain, to_best = np.int64(part), g, to_part
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
                best, to_best = np.int64(near[t]), reach[t]
                break
    if best != v:
        rest[best] += rest[v] - 2.0 * to_best
        totals[best] += weight
        if two:
            total_in[best] += weight_in
        parts.of[v] = best
        parts.alone[best] = False


@borrowing
def refine_nodes(
    n: int, rows: Any, options: Any, membership: Array, random: Array, visits: Any, memory: Any
) -> None:
    """Refinement: inside each community, well-connected nodes merge into well-connected parts.

    Every node starts alone and is visited once, in the order of ``memory.order``, if still alone.
    `rows` is a :class:`Rows`, `options` are :class:`Options`, `memory` is a :class:`Memory` whose
    `parts` are filled. `visits` are those of the last move. `random` is the state of the generator.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight = rows.out_weight, rows.in_weight
    towards, totals, total_in, near = memory.towards, memory.totals, memory.total_in, memory.near
    whole, whole_in, rest = memory.whole, memory.whole_in, memory.rest
    inside, stale = visits.inside, visits.stale
    of, order, alone = memory.parts, memory.order, memory.waiting
    gamma, theta = options.gamma, options.theta
    two, unit = in_weight.size > 0, weights.size == 0
    parts = Parts(of, alone, towards, totals, total_in, rest, near, memory.chance, memory.reach)
    sum_node_weights(n, out_weight, membership, n, whole)
    sum_node_weights(n, in_weight, membership, n, whole_in)
    clear_weights(n, towards)
    for v in range(n):
        if two:
            total_in[v] = in_weight[v]
        alone[v] = True
        of[v] = v
        totals[v] = out_weight[v]
        if stale[v]:
            first, last = np.uint64(indptr[v]), np.uint64(indptr[v + 1])
            inside[v] = weight_within(first, last, indices, weights, membership, membership[v])
            stale[v] = False
        rest[v] = inside[v]
    for i in range(n):
        v = order[i]
        if not alone[v] or rest[v] == 0.0:
            continue
        own = membership[v]
        one, all_out, one_in, all_in = out_weight[v], whole[own], 0.0, 0.0
        expected = gamma * one * (all_out - one)
        if two:
            one_in, all_in = in_weight[v], whole_in[own]
            expected = gamma * one * (all_in - one_in) + gamma * one_in * (all_out - one)
        if rest[v] < expected - TINY * rest[v]:
            continue
        if i + 2 < n and alone[order[i + 2]]:
            prefetch_row(indices, weights, indptr[order[i + 2]])
        n_near = np.int64(0)
        for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
            # no branches, which would be mispredicted
            u = np.uint32(indices[e])
            p = np.int64(of[u])
            p = p if membership[u] == own else n + np.int64(e & np.uint64(SPARE - 1))
            before = towards[np.uint64(p)]
            near[np.uint64(n_near)] = p
            n_near += before == 0.0
            towards[np.uint64(p)] = before + (1.0 if unit else weights[e])
        merge_node(v, n_near, one, one_in, all_out, all_in, gamma, theta, parts, random)


@borrowing
def sorted_by(n: int, codes: Array, n_codes: int, start: Array, order: Array) -> None:
    """Fill `order` with n nodes by code, ties by node (a counting sort).

    `start` has room for n_codes + 1 numbers, and ends with where those of each code end.
    """
    for c in range(n_codes + 1):
        start[c] = 0
    for v in range(n):
        start[codes[v] + 1] += 1
    for c in range(n_codes):
        start[c + 1] += start[c]
    for v in range(n):
        order[start[codes[v]]] = v
        start[codes[v]] += 1


@borrowing
def number_parts(n: int, communities: Array, memory: Any) -> int:
    """Number the parts by community, then by the node that identifies each; returns their number.

    Fills ``memory.homes`` with the community of each part; communities are numbered, too.
    """
    parts, order, code, near = memory.parts, memory.order, memory.empty, memory.near
    sorted_by(n, communities, n, memory.count, order)
    k = 0
    number, last = -1, -1
    for i in range(n):
        v = order[i]
        if communities[v] != last:
            last = communities[v]
            number += 1
        if parts[v] == v:
            code[v] = k
            near[k] = number
            k += 1
    for v in range(n):
        parts[v] = code[parts[v]]
    for p in range(k):
        memory.homes[p] = near[p]
    return k


@borrowing
def aggregate_graph(n: int, rows: Any, parts: Array, n_parts: int, new: Any, memory: Any) -> None:
    """Fill `new` with the graph whose nodes are the parts, 0 … n_parts − 1, without loops.

    A part with a fixed node is fixed.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    new_indptr, new_indices, new_weights = new.indptr, new.indices, new.weights
    order, towards = memory.order, memory.towards
    sorted_by(n, parts, n_parts, memory.count, order)
    clear_weights(n_parts, towards)
    at: Any = np.int64(0)  # a plain 0 has a type of its own, and kernels would be compiled twice
    i = 0
    new_indptr[0] = 0
    for p in range(n_parts):
        begin = at
        while i < n and parts[order[i]] == p:
            v = order[i]
            i += 1
            if i < n:
                prefetch_row(indices, weights, indptr[order[i]])
            first, last = np.uint64(indptr[v]), np.uint64(indptr[v + 1])
            at, _ = sum_towards(
                first, last, indices, weights, parts, np.int32(p), n_parts, towards, new_indices, at
            )
        for e in range(begin, at):
            q = new_indices[e]
            new_weights[e] = towards[q]
            towards[q] = 0.0
        new_indptr[p + 1] = at
    limited, pinned = rows.size.size > 0, rows.fixed.size > 0
    sum_node_weights(n, rows.out_weight, parts, n_parts, new.out_weight)
    sum_node_weights(n, rows.in_weight, parts, n_parts, new.in_weight)
    for p in range(n_parts):
        if limited:
            new.size[p] = 0
        if pinned:
            new.fixed[p] = False
    for v in range(n):
        if limited:
            new.size[parts[v]] += rows.size[v]
        if pinned and rows.fixed[v]:
            new.fixed[parts[v]] = True


@borrowing
def follow_moves(n: int, rows: Any, membership: Array, memory: Any) -> None:
    """Bring what is known from the first level's visits to what the later levels have moved.

    The community that most nodes of one are in now is the same one; the other nodes have moved.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight = rows.out_weight, rows.in_weight
    flat, homes, visits = memory.flat, memory.homes, memory.first
    slack, stale, left = visits.slack, visits.stale, visits.left
    same, lead, old = memory.near, memory.count, memory.empty
    for c in range(n):
        same[c] = old[c] = -1
        lead[c] = 0
    for v in range(n):
        # majority vote (Boyer–Moore)
        c, d = membership[v], homes[flat[v]]
        if lead[c] == 0:
            same[c] = d
        lead[c] += 1 if same[c] == d else -1
    for c in range(n):
        d = same[c]
        if d >= 0 and (old[d] < 0 or lead[c] > lead[old[d]]):
            old[d] = c
    for v in range(n):
        own, best = membership[v], homes[flat[v]]
        if old[best] == own:
            continue
        slack[v] = -np.inf
        stale[v] = True
        left[0] += out_weight[v]
        if in_weight.size > 0:
            left[1] += in_weight[v]
        for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
            u = np.uint32(indices[e])
            weight = 1.0 if weights.size == 0 else weights[e]
            note_move(u, weight, membership[u] == own, homes[flat[u]] == best, slack, stale)


@kernel(**ROLLED)
def run_levels(
    n: int,
    rows: Any,
    options: Any,
    level: int,
    most: int,
    membership: Array,
    random: Array,
    room: Any,
) -> tuple[int, float]:
    """Levels of one iteration: move, refine and aggregate until nothing can be aggregated.

    Begins with level 0, or goes on with the one given, whose n nodes are in the communities
    ``room.memory.homes``, and ends after `most` levels. Fills `membership`, of the nodes of level
    0. `options` are :class:`Options`, `room` is a :class:`Room`. Returns the number of nodes of
    the next level, 0 if there is none, and the gain.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight, size, fixed = rows.out_weight, rows.in_weight, rows.size, rows.fixed
    memory, new, spare = room.memory, room.new, room.spare
    parts, flat, order, code = memory.parts, memory.flat, memory.order, memory.empty
    gained = 0.0
    n_first, homes, visits = n, memory.homes, memory.later
    if level == 0:
        homes, visits = membership, memory.first
        for v in range(n):
            flat[v] = v
    else:
        for v in range(membership.size):
            memory.first.slack[v] = -np.inf
            memory.first.stale[v] = True
    while True:
        graph = Rows(indptr, indices, weights, out_weight, in_weight, size, fixed)
        shuffle(order, n, random)
        gained += move_nodes(n, graph, options, homes, visits, memory)
        if options.refined:
            shuffle(order, n, random)
            refine_nodes(n, graph, options, homes, random, visits, memory)
        else:
            # each community is a part, identified by its first node
            for v in range(n - 1, -1, -1):
                code[homes[v]] = v
            for v in range(n):
                parts[v] = code[homes[v]]
        k = number_parts(n, homes, memory)
        homes, visits = memory.homes, memory.later
        for p in range(k):
            visits.slack[p] = -np.inf
            visits.stale[p] = True
        for v in range(membership.size):
            flat[v] = parts[flat[v]]
        most -= 1
        if k == n:
            k = 0
            break
        aggregate_graph(n, graph, parts, k, new, memory)
        n = k
        if most == 0:
            break
        indptr, indices, weights = new.indptr, new.indices, new.weights
        out_weight, in_weight, size, fixed = new.out_weight, new.in_weight, new.size, new.fixed
        new, spare = spare, new
    if level == 0:
        follow_moves(n_first, rows, membership, memory)
    for v in range(membership.size):
        membership[v] = homes[flat[v]]
    return k, gained

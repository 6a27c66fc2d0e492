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

from graphkit.kernels.compile import BORROWING, ROLLED, borrowing, kernel
from graphkit.kernels.intrinsics import prefetch
from graphkit.kernels.random import splitmix64

#: A gain must exceed another by this share of the strength, or rounding could make two moves
#: undo each other for ever.
TINY = 1e-12

#: That a node stays is only told from its last visit if it is beyond this share of what is summed.
ROUNDING = 1e-9

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


class Visits(NamedTuple):
    """What is known of the n nodes of a level from their last visits.

    A node at home stays as long as its `slack` is above the expectation, by the null model, between
    it and its community and all that has left a community so far: no total has fallen by more.
    """

    inside: Array
    """float64, (n,): edge weight of each node within its community."""
    stale: Array
    """bool, (n,): whether that is to be summed anew, as neighbours have moved since."""
    slack: Array
    """float64, (n,): bound below which that expectation is to stay; −inf if unknown."""
    left: Array
    """float64, (2,): node weights of all nodes that have moved."""

    @classmethod
    def none(cls, n: int) -> Visits:
        """Nothing is known of n nodes."""
        return cls(np.empty(n), np.ones(n, np.bool_), np.full(n, -np.inf), np.zeros(2))


class Memory(NamedTuple):
    """Working memory of the levels of a graph with n nodes, of any content."""

    towards: Array
    """float64, (n + SPARE,): edge weight from the current node to each community, or part."""
    near: Array
    """int32, (n + 1,): communities, or parts, near the current node; or the community of parts."""
    totals: Array
    """float64, (n,): node weight of each community, or part."""
    total_in: Array
    """float64, (n,): the second node weight; empty for one."""
    whole: Array
    """float64, (n,): node weight of each community while nodes are refined."""
    whole_in: Array
    """float64, (n,): the second node weight; empty for one."""
    held: Array
    """int64, (n,): original nodes of each community; empty without a size limit."""
    chance: Array
    """float64, (n,): chance of each part near the current node; empty if θ is 0."""
    reach: Array
    """float64, (n,): edge weight to that part; empty if θ is 0."""
    rest: Array
    """float64, (n,): edge weight of each part to the rest of its community."""
    waiting: Array
    """bool, (n,): whether a node is queued, or is a part by itself."""
    order: Array
    """int32, (n,): nodes in the order of their visits, or by part."""
    count: Array
    """int32, (n + 1,): number of nodes of each community, or parts before it."""
    empty: Array
    """int32, (n,): communities without nodes, or numbers of parts."""
    parts: Array
    """int32, (n,): the part of each node of a level."""
    homes: Array
    """int32, (n,): the community of each node of a level after the first."""
    flat: Array
    """int32, (n,): the node of a level that each node of the first level is part of."""
    first: Visits
    """Visits on the first level, kept from one iteration to the next."""
    later: Visits
    """Visits on a later level."""

    @classmethod
    def of(cls, n: int, *, two: bool, limited: bool, random: bool) -> Memory:
        """Memory for n nodes: with two node weights, a limited size, random merging, or not."""
        second, limit, chances = n if two else 0, n if limited else 0, n if random else 0
        floats = n + SPARE, n, second, n, second, chances, chances, n
        towards, totals, total_in, whole, whole_in, chance, reach, rest = map(np.empty, floats)
        lengths = n + 1, n, n + 1, n, n, n, n
        near, order, count, empty, parts, homes, flat = (np.empty(k, np.int32) for k in lengths)
        held = np.empty(limit, np.int64)
        waiting = np.empty(n, np.bool_)
        sums = towards, near, totals, total_in, whole, whole_in, held, chance, reach
        codes = order, count, empty, parts, homes, flat
        return cls(*sums, rest, waiting, *codes, Visits.none(n), Visits.none(n))


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
def move_nodes(
    n: int, rows: Any, gamma: float, max_size: int, membership: Array, visits: Any, memory: Any
) -> float:
    """Local moving: nodes join the neighbouring community of highest gain, until none does.

    ``memory.order`` holds the n nodes in the order of their first visit; a node whose neighbour
    leaves its community is queued again. Changes `membership`, whose codes lie below n; returns
    the sum of the gains, 0 if nothing moved. A `max_size` of 0 is no limit. `rows` is a
    :class:`Rows`, `memory` a :class:`Memory`.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight, size, fixed = rows.out_weight, rows.in_weight, rows.size, rows.fixed
    towards, totals, total_in, held = memory.towards, memory.totals, memory.total_in, memory.held
    near, count, empty, queue = memory.near, memory.count, memory.empty, memory.order
    waiting, inside, stale, slack = memory.waiting, visits.inside, visits.stale, visits.slack
    gone, gone_in = visits.left[0], visits.left[1]
    two, limited, unit, pinned = in_weight.size > 0, max_size > 0, weights.size == 0, fixed.size > 0
    for v in range(n):
        towards[v] = 0.0
        totals[v] = 0.0
        count[v] = 0
        waiting[v] = not (pinned and fixed[v])
        if two:
            total_in[v] = 0.0
        if limited:
            held[v] = 0
    for t in range(SPARE):
        towards[n + t] = 1.0  # never 0, or they would count as communities
    all_out, all_in = 0.0, 0.0
    for v in range(n):
        c = membership[v]
        totals[c] += out_weight[v]
        count[c] += 1
        all_out += out_weight[v]
        if two:
            total_in[c] += in_weight[v]
            all_in += in_weight[v]
        if limited:
            held[c] += size[v]
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
            weight = 1.0 if unit else weights[e]
            stale[u] = True
            slack[u] += weight if membership[u] == best else -weight
            slack[u] -= weight if membership[u] == own else 0.0
            if waiting[u] or membership[u] == best or (pinned and fixed[u]):
                continue
            waiting[u] = True
            at = read + left
            queue[at if at < n else at - n] = indices[e]
            left += 1
    visits.left[0], visits.left[1] = gone, gone_in
    return gains


@borrowing
def refine_nodes(
    n: int,
    rows: Any,
    gamma: float,
    theta: float,
    membership: Array,
    random: Array,
    visits: Any,
    memory: Any,
) -> None:
    """Refinement: inside each community, well-connected nodes merge into well-connected parts.

    Every node starts alone and is visited once, in the order of ``memory.order``, if still alone.
    With θ = 0 it joins the part of highest gain, else part S with probability ∝ exp(gain / θ)
    among gains of 0 or more (its own is 0). `rows` is a :class:`Rows`, `memory` a
    :class:`Memory` whose `parts` are filled: each is identified by one of its nodes. `visits` are
    those of the last move. `random` is the state of the generator.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight = rows.out_weight, rows.in_weight
    towards, totals, total_in, near = memory.towards, memory.totals, memory.total_in, memory.near
    whole, whole_in, rest = memory.whole, memory.whole_in, memory.rest
    inside, stale = visits.inside, visits.stale
    parts, order, alone = memory.parts, memory.order, memory.waiting
    chance, reach = memory.chance, memory.reach
    two, unit = in_weight.size > 0, weights.size == 0
    for c in range(n):
        whole[c] = 0.0
        if two:
            whole_in[c] = 0.0
    for v in range(n):
        whole[membership[v]] += out_weight[v]
        if two:
            whole_in[membership[v]] += in_weight[v]
            total_in[v] = in_weight[v]
        alone[v] = True
        parts[v] = v
        towards[v] = 0.0
        totals[v] = out_weight[v]
        if not stale[v]:
            rest[v] = inside[v]
            continue
        own = membership[v]
        to_own = 0.0
        for e in range(np.uint64(indptr[v]), np.uint64(indptr[v + 1])):
            # no branch, which would be mispredicted
            weight = 1.0 if unit else weights[e]
            to_own += weight if membership[np.uint32(indices[e])] == own else 0.0
        inside[v] = rest[v] = to_own
        stale[v] = False
    for t in range(SPARE):
        towards[n + t] = 1.0  # never 0, or they would count as parts
    for i in range(n):
        v = order[i]
        outside = rest[v]
        if not alone[v] or outside == 0.0:
            continue
        own = membership[v]
        a = gamma * out_weight[v]
        b = 0.0
        expected = a * (whole[own] - out_weight[v])
        if two:
            b = gamma * in_weight[v]
            expected = a * (whole_in[own] - in_weight[v]) + b * (whole[own] - out_weight[v])
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
            bound = gamma * total * (whole[own] - total)
            if two:
                bound = gamma * (
                    total * (whole_in[own] - total_in[part]) + total_in[part] * (whole[own] - total)
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


@kernel(**BORROWING)
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


@kernel(**BORROWING)
def aggregate_graph(
    n: int, csr: Any, parts: Array, order: Array, n_parts: int, towards: Array, new: Any
) -> int:
    """Fill `new` with the graph whose nodes are the parts, 0 … n_parts − 1; without loops.

    `order` lists the n nodes by part; `towards` has room for n_parts + SPARE weights. Returns the
    number of entries filled.
    """
    indptr, indices, weights = csr.indptr, csr.indices, csr.weights
    new_indptr, new_indices, new_weights = new.indptr, new.indices, new.weights
    unit = weights.size == 0
    for p in range(n_parts):
        towards[p] = 0.0
    for t in range(SPARE):
        towards[n_parts + t] = 1.0  # never 0, or they would count as parts
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
            stale[u] = True
            slack[u] += weight if homes[flat[u]] == best else -weight
            slack[u] -= weight if membership[u] == own else 0.0


@kernel(**ROLLED)
def run_levels(
    n: int,
    rows: Any,
    gamma: float,
    theta: float,
    max_size: int,
    refined: bool,
    level: int,
    most: int,
    homes: Array,
    membership: Array,
    random: Array,
    new: Any,
    spare: Any,
    memory: Any,
) -> tuple[int, float]:
    """Levels of one iteration: move, refine and aggregate until nothing can be aggregated.

    Begins with level 0, or goes on with the one given, whose n nodes are in the communities
    `homes`, and ends after `most` levels. Fills `membership`, of the nodes of level 0. `new` and
    `spare`, each a :class:`Rows` with room for all nodes and entries, take the graphs of the next
    levels in turn; `memory` is a :class:`Memory`, kept from level to level. Returns the number of
    nodes of the next level, 0 if there is none, and the gain.
    """
    indptr, indices, weights = rows.indptr, rows.indices, rows.weights
    out_weight, in_weight, size, fixed = rows.out_weight, rows.in_weight, rows.size, rows.fixed
    parts, flat, order, count = memory.parts, memory.flat, memory.order, memory.count
    code, near = memory.empty, memory.near
    two, limited, pinned = in_weight.size > 0, size.size > 0, fixed.size > 0
    gained = 0.0
    base, n_base, visits = rows, n, memory.first
    if level == 0:
        for v in range(n):
            flat[v] = v
    else:
        visits = memory.later
        for v in range(membership.size):
            memory.first.slack[v] = -np.inf
            memory.first.stale[v] = True
    while True:
        graph = Rows(indptr, indices, weights, out_weight, in_weight, size, fixed)
        shuffle(order, n, random)
        gained += move_nodes(n, graph, gamma, max_size, homes, visits, memory)
        if refined:
            shuffle(order, n, random)
            refine_nodes(n, graph, gamma, theta, homes, random, visits, memory)
        else:
            # each community is a part, identified by its first node
            for v in range(n - 1, -1, -1):
                code[homes[v]] = v
            for v in range(n):
                parts[v] = code[homes[v]]
        # parts are numbered by community, then root, the node that identifies them
        sorted_by(n, homes, n, count, order)
        k: Any = np.int64(0)  # a plain 0 has a type of its own, and kernels would be compiled twice
        number, last = -1, -1
        for i in range(n):
            v = order[i]
            if homes[v] != last:
                last = homes[v]
                number += 1
            if parts[v] == v:
                code[v] = k
                near[k] = number
                k += 1
        homes = memory.homes
        visits = memory.later
        for v in range(n):
            parts[v] = code[parts[v]]
        for p in range(k):
            homes[p] = near[p]
            visits.slack[p] = -np.inf
            visits.stale[p] = True
        for v in range(membership.size):
            flat[v] = parts[flat[v]]
        most -= 1
        if k == n:
            k = 0
            break
        sorted_by(n, parts, k, count, order)
        rest = Csr(new.indptr, new.indices, new.weights)
        csr = Csr(indptr, indices, weights)
        aggregate_graph(n, csr, parts, order, k, memory.towards, rest)
        new_out, new_in, new_size, new_fixed = new.out_weight, new.in_weight, new.size, new.fixed
        for p in range(k):
            new_out[p] = 0.0
            if two:
                new_in[p] = 0.0
            if limited:
                new_size[p] = 0
            if pinned:
                new_fixed[p] = False
        for v in range(n):
            p = parts[v]
            new_out[p] += out_weight[v]
            if two:
                new_in[p] += in_weight[v]
            if limited:
                new_size[p] += size[v]
            if pinned and fixed[v]:
                new_fixed[p] = True
        n = k
        if most == 0:
            break
        indptr, indices, weights = new.indptr, new.indices, new.weights
        out_weight, in_weight, size, fixed = new_out, new_in, new_size, new_fixed
        new, spare = spare, new
    if level == 0:
        follow_moves(n_base, base, membership, memory)
    for v in range(membership.size):
        membership[v] = homes[flat[v]]
    return k, gained

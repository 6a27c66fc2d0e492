"""Arrays of the Leiden algorithm: graphs, options, and what is kept from step to step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

#: Weights within the own community, most of all, are added elsewhere; so many rows of a table take
#: what is written in their place, in turn, so that no addition waits for the one before it.
SPARE = 8

Array = Any


class Options(NamedTuple):
    """What communities are sought, and how."""

    gamma: float
    """γ of the quality."""
    theta: float = 0.0
    """θ of random merging, in units of the weights; 0 takes the highest gain."""
    max_size: int = 0
    """Most original nodes in a community; 0 is no limit."""
    refined: bool = True
    """Whether communities are refined before they are aggregated."""


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


class Parts(NamedTuple):
    """Parts of communities while nodes are refined, each identified by one of its nodes."""

    of: Array
    """int32, (n,): the part of each node."""
    alone: Array
    """bool, (n,): whether a node is a part by itself."""
    towards: Array
    """float64, (n or more,): edge weight from the current node to each part."""
    totals: Array
    """float64, (n,): node weight of each part."""
    total_in: Array
    """float64, (n,): the second node weight; empty for one."""
    rest: Array
    """float64, (n,): edge weight of each part to the rest of its community."""
    near: Array
    """int32, (widest row + 1 or more,): parts near the current node."""
    chance: Array
    """float64, as long, or empty if θ is 0: chance of each."""
    reach: Array
    """float64, as long, or empty if θ is 0: edge weight to each."""


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


class Room(NamedTuple):
    """Where the levels of a graph are computed, one iteration after another."""

    memory: Memory
    new: Rows
    """Takes the graph of the next level, and that after it `spare`."""
    spare: Rows

    @classmethod
    def for_levels(cls, rows: Rows, *, random: bool = False) -> Room:
        """Room for the levels of this graph; with or without random merging."""
        n, entries = rows.n, rows.indices.size
        two, limited = rows.in_weight.size > 0, rows.size.size > 0
        # upper bounds: pages that are not written take no memory
        new, spare = (
            Rows(
                np.empty(n + 1, np.int64),
                np.empty(entries, np.int32),
                np.empty(entries),
                *map(np.empty_like, rows[3:]),
            )
            for _ in range(2)
        )
        return cls(Memory.of(n, two=two, limited=limited, random=random), new, spare)

    @property
    def turned(self) -> Room:
        """The same, for the level after the one that was computed last."""
        return self._replace(new=self.spare, spare=self.new)

"""Slices with their nodes coupled through time: one sum of qualities for leidenalg."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from graphkit.communities import prepare as checks
from graphkit.communities._engines import connected
from graphkit.communities._named import check_named_graphs
from graphkit.communities.engines import Term, optimised, translated, unit, with_nodes
from graphkit.communities.multilayer import evaluate_layer
from graphkit.communities.prepare import Prepared
from graphkit.data.graph import Graph
from graphkit.errors import DataError, GraphkitWarning

__all__ = ["Coupled", "couple", "evaluate_slices", "slices_runner"]

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Coupled:
    """All nodes at all times at which they have an edge.

    Attributes
    ----------
    prepared
        The edges of each slice, over its own nodes.
    offsets
        int64, shape (slices + 1,): nodes of slice s are offsets[s] … offsets[s + 1] − 1.
    before, after
        int32: ends of each coupling.
    interslice
        Weight of a coupling.
    removed
        What was left out, as counts by slice and reason.
    """

    prepared: tuple[Prepared, ...]
    offsets: npt.NDArray[np.int64]
    before: Codes
    after: Codes
    interslice: float
    removed: dict[str, int]

    @property
    def size(self) -> int:
        """Number of nodes, over all times."""
        return int(self.offsets[-1])

    def span(self, at: int) -> slice:
        """Where the nodes of a slice stand."""
        return slice(int(self.offsets[at]), int(self.offsets[at + 1]))

    def spread(self, at: int) -> Prepared:
        """The edges of a slice, over all nodes at all times."""
        p, first = self.prepared[at], self.offsets[at]
        return Prepared.of_edges(
            self.size, p.tail + first, p.head + first, p.weight, directed=p.directed
        )

    def couplings(self) -> Prepared:
        """The couplings as edges; undirected, so that both ends count alike."""
        weight = np.full(self.before.size, self.interslice)
        return Prepared.of_edges(self.size, self.before, self.after, weight, directed=False)


def couple(slices: Mapping[str, Graph], omega: float) -> Coupled:
    """Slices with their nodes coupled to themselves in the next slice.

    Raises
    ------
    DataError
        See :func:`graphkit.communities.slices.leiden_slices`.
    """
    verb = "leiden_slices"
    check_named_graphs(slices, verb=verb, what="slice")
    if len(slices) < 2:
        raise DataError(
            f"{verb}: there is one slice, {next(iter(slices))!r}: give two or more, or use "
            "leiden(graph)."
        )
    names = tuple(slices)
    prepared = tuple(checks.prepare(g, verb=f"{verb}: slice {n!r}") for n, g in slices.items())
    offsets = np.concatenate([[0], np.cumsum([p.size for p in prepared])]).astype(np.int64)
    graphs = tuple(slices.values())
    before, after = [], []
    for at in range(len(graphs) - 1):
        now, then = prepared[at], prepared[at + 1]
        place = np.full(graphs[at + 1].n_nodes + 1, -1, dtype=np.int64)
        place[then.nodes] = np.arange(then.size)
        # an unknown node is looked up in the last place, which is none
        found = place[graphs[at + 1].vocabulary.lookup(graphs[at].vocabulary)[now.nodes]]
        here = np.flatnonzero(found >= 0)
        before.append(here + offsets[at])
        after.append(found[here] + offsets[at + 1])
    if not any(ends.size for ends in before):
        shown = "; ".join(
            f"{name!r} has ids such as {', '.join(repr(i) for i in g.vocabulary.ids[:3].tolist())}"
            for name, g in list(slices.items())[:2]
        )
        raise DataError(
            f"{verb}: no node has an edge in two neighbouring slices, so that nothing couples "
            f"them ({shown}): use slices of the same nodes, or longer ones."
        )
    for (name, after_it), ends in zip(pairwise(names), before, strict=True):
        if not ends.size:
            warnings.warn(
                f"{verb}: no node has an edge both in {name!r} and in {after_it!r}: no community "
                "can last from one to the other.",
                GraphkitWarning,
                stacklevel=3,
            )
    removed = {
        f"{name}: {reason}": count
        for name, p in zip(names, prepared, strict=True)
        for reason, count in p.removed.items()
    }
    return Coupled(
        prepared, offsets, np.concatenate(before).astype(np.int32),
        np.concatenate(after).astype(np.int32), omega, removed,
    )  # fmt: skip


def slices_runner(
    coupled: Coupled, quality: str, gammas: tuple[float, ...], iterations: int
) -> Callable[[int], Codes]:
    weights = np.concatenate([p.weight for p in coupled.prepared])
    one = unit(weights)
    terms = []
    every = [coupled.spread(at) for at in range(len(gammas))]
    with translated():
        for at, (p, gamma) in enumerate(zip(coupled.prepared, gammas, strict=True)):
            sizes = np.zeros(coupled.size, dtype=np.int64)
            sizes[coupled.span(at)] = 1
            terms.append(
                Term(
                    with_nodes(every[at]), (p.weight / one).tolist(), quality,
                    gamma / one if quality == "cpm" else gamma, sizes=sizes.tolist(),
                )
            )  # fmt: skip
        if coupled.interslice > 0:
            # more than all edges together changes nothing, but drowns them in rounding
            most = 4 * float(weights.sum()) / one * max(1.0, *gammas)
            tie = min(coupled.interslice / one, most)
            edges = coupled.couplings()
            every.append(edges)
            terms.append(
                Term(
                    with_nodes(edges), [tie] * edges.tail.size, "cpm", 0.0,
                    sizes=[0] * coupled.size,
                )
            )  # fmt: skip
    tail, head = (np.concatenate([getattr(p, end) for p in every]) for end in ("tail", "head"))
    binding = Prepared.of_edges(coupled.size, tail, head, None, directed=False)

    def run(seed: int) -> Codes:
        return connected(binding, optimised(terms, seed, iterations=iterations))

    return run


def evaluate_slices(
    coupled: Coupled, membership: Codes, quality: str, gammas: tuple[float, ...]
) -> float:
    """Quality of the whole; see :func:`leiden_slices`."""
    directed = coupled.prepared[0].directed
    together = int(np.count_nonzero(membership[coupled.before] == membership[coupled.after]))
    alone = [
        evaluate_layer(p, membership[coupled.span(at)], quality, gammas[at])
        for at, p in enumerate(coupled.prepared)
    ]
    if quality != "modularity":
        return math.fsum(alone) + coupled.interslice * together * (2 if directed else 1)
    masses = [float(p.weight.sum()) * (1 if directed else 2) for p in coupled.prepared]
    tie = 2 * coupled.interslice
    total = math.fsum(masses) + tie * coupled.before.size
    inside = math.fsum(mass / total * q for mass, q in zip(masses, alone, strict=True))
    return inside + tie / total * together

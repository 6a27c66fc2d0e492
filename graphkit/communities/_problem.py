"""What :func:`graphkit.leiden` is to solve: one graph, or several layers, behind one face."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities import prepare as checks
from graphkit.communities._densities import check_takes, resolved_density
from graphkit.communities._engines import Wishes, check_engine, packages, runner
from graphkit.communities._small import absorbed
from graphkit.communities.multilayer import (
    evaluate_layers,
    layers_runner,
    prepare_layers,
    resolved_layers,
)
from graphkit.communities.quality import evaluate
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import OptionError

__all__ = ["Problem", "of_graph", "of_layers"]

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Problem:
    """Nodes, how one run goes, and what the result is worth.

    Attributes
    ----------
    vocabulary, node_kind
        All nodes, those without an edge included.
    nodes
        int32, shape (k,): codes of the nodes that have an edge.
    run
        Seed → membership of `nodes`, −1 where unassigned.
    evaluate
        Membership of `nodes` → quality.
    engine, resolution, parameters, made_from, removed
        For the provenance.
    """

    vocabulary: Vocabulary
    node_kind: str
    nodes: Codes
    run: Callable[[int], Codes]
    evaluate: Callable[[Codes], float]
    engine: str
    resolution: float | None
    parameters: dict[str, Any]
    made_from: tuple[Graph, ...]
    removed: dict[str, int]

    @property
    def n_nodes(self) -> int:
        """All nodes."""
        return len(self.vocabulary)

    @property
    def packages(self) -> tuple[str, ...]:
        """Packages whose versions belong in the provenance."""
        return packages(self.engine)

    def everywhere(self, membership: Codes) -> Codes:
        """A membership of `nodes` as one of all nodes."""
        full = np.full(self.n_nodes, -1, dtype=np.int32)
        full[self.nodes] = membership
        return full


def of_graph(
    graph: Graph,
    quality: str,
    resolution: float | None,
    wishes: Wishes,
    engine: str | None,
    initial: Partition | None,
    fixed: Iterable[Any] | None,
    sizes: tuple[int, int | None],
) -> Problem:
    """The problem of one graph."""
    prepared = checks.prepare(graph, verb="leiden")
    check_takes(prepared, quality, resolution, verb="leiden")
    gamma = resolved_density(prepared, quality, resolution)
    wishes, said = _placed(wishes, graph.vocabulary, prepared.nodes, initial, fixed, sizes)
    engine = check_engine(engine, quality, wishes)
    start = runner(prepared, engine=engine, quality=quality, resolution=gamma, wishes=wishes)

    def run(seed: int) -> Codes:
        found = start(seed)
        if sizes[0] == 1:
            return found
        assert gamma is not None
        return absorbed(
            prepared, found, quality=quality, resolution=gamma, min_size=sizes[0], max_size=sizes[1]
        )

    if sizes[0] > 1 and gamma is None:
        raise OptionError(
            f"leiden: min_size= is not available for {quality}: take modularity, cpm or rber."
        )
    return Problem(
        graph.vocabulary, graph.node_kind, prepared.nodes, run,
        lambda membership: evaluate(prepared, membership, quality, gamma),
        engine, gamma, said, (graph,), prepared.removed,
    )  # fmt: skip


def of_layers(
    layers: Mapping[str, Graph],
    quality: str,
    resolution: float | None,
    wishes: Wishes,
    layer_weights: Mapping[str, float] | None,
    engine: str | None,
    initial: Partition | None,
    fixed: Iterable[Any] | None,
    sizes: tuple[int, int | None],
) -> Problem:
    """The problem of several layers, which leidenalg solves."""
    if engine not in (None, "leidenalg") or wishes.theta or sizes[0] > 1:
        what = "theta=" if wishes.theta else "min_size=" if sizes[0] > 1 else f"engine={engine!r}"
        raise OptionError(f"leiden: {what} is not available for layers, which leidenalg solves.")
    ready = prepare_layers(layers, layer_weights=layer_weights)
    gammas = resolved_layers(ready, quality, resolution)
    wishes, said = _placed(wishes, ready.vocabulary, ready.nodes, initial, fixed, sizes)
    run = layers_runner(
        ready, quality=quality, resolutions=gammas, iterations=wishes.iterations,
        initial=wishes.initial, fixed=wishes.fixed, max_size=wishes.max_size,
    )  # fmt: skip
    said |= {
        "layer_weights": dict(zip(ready.names, ready.weights, strict=True)),
        "resolutions": dict(zip(ready.names, gammas, strict=True)),
    }
    return Problem(
        ready.vocabulary, ready.node_kind, ready.nodes, run,
        lambda membership: evaluate_layers(ready, membership, quality, gammas),
        "leidenalg", gammas[0] if len(set(gammas)) == 1 else None, said,
        tuple(layers.values()), ready.removed,
    )  # fmt: skip


def _placed(
    wishes: Wishes,
    vocabulary: Vocabulary,
    nodes: Codes,
    initial: Partition | None,
    fixed: Iterable[Any] | None,
    sizes: tuple[int, int | None],
) -> tuple[Wishes, dict[str, Any]]:
    """The wishes in terms of the nodes that have an edge, and what to say of them."""
    said: dict[str, Any] = {}
    start, held = None, None
    if initial is not None:
        checks.require_partition(initial, verb="leiden: initial=")
        codes = initial.vocabulary.lookup(vocabulary)[nodes]
        start = np.where(codes >= 0, initial.membership[codes], -1).astype(np.int32)
        said["initial"] = initial.membership_key
    if fixed is not None:
        if isinstance(fixed, str):
            raise OptionError(f"leiden: fixed={fixed!r} is one text: pass a list of ids.")
        named = vocabulary.encode(list(fixed))
        mask = np.zeros(len(vocabulary), dtype=bool)
        mask[named] = True
        held = mask[nodes] if mask.any() else None
        said["fixed"] = int(mask.sum())
    if held is not None and start is not None and (start[held] < 0).any():
        lost = int(nodes[np.flatnonzero(held & (start < 0))[0]])
        raise OptionError(
            f"leiden: fixed= names {vocabulary.ids[lost : lost + 1].tolist()[0]!r} "
            f"({int((start[held] < 0).sum()):,} such nodes), which initial= assigns to no "
            "community: assign it, or do not fix it."
        )
    if held is not None and sizes[0] > 1:
        raise OptionError(
            "leiden: fixed= and min_size= contradict each other, for a small community of fixed "
            "members could not join another: leave one out."
        )
    if sizes != (1, None):
        said |= {"min_size": sizes[0], "max_size": sizes[1]}
    if wishes.theta:
        said["theta"] = wishes.theta
    return replace(wishes, initial=start, fixed=held, max_size=sizes[1]), said

"""Several graphs over the same nodes, and communities that serve all of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities import prepare as checks
from graphkit.communities._densities import (
    DENSITY_QUALITIES,
    check_takes,
    evaluate_density,
    resolved_density,
)
from graphkit.communities._engines import connected
from graphkit.communities._named import check_named_graphs, refuse_strangers, union_vocabulary
from graphkit.communities.engines import (
    Term,
    optimised,
    rejoined,
    starting_codes,
    translated,
    unit,
    with_nodes,
)
from graphkit.communities.prepare import Prepared
from graphkit.communities.quality import evaluate
from graphkit.data.graph import Graph
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import OptionError, check_number, nearest

__all__ = [
    "Layers",
    "evaluate_layer",
    "evaluate_layers",
    "layers_runner",
    "prepare_layers",
    "resolved_layers",
]

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Layers:
    """The parts of several graphs that communities are made of, over the same nodes.

    Attributes
    ----------
    vocabulary
        Ids of all nodes that any layer knows.
    nodes
        int32, shape (k,): their codes in `vocabulary`, of those that have an edge in any
        layer whose weight is not 0; ascending.
    names
        Of the layers whose weight is not 0, in the order given.
    prepared
        The edges of each, ends as positions in `nodes`.
    weights
        Weight λ of each, never 0.
    node_kind
        What the nodes are.
    removed
        What was left out, as counts by layer and reason.
    """

    vocabulary: Vocabulary
    nodes: Codes
    names: tuple[str, ...]
    prepared: tuple[Prepared, ...]
    weights: tuple[float, ...]
    node_kind: str
    removed: dict[str, int]

    @property
    def size(self) -> int:
        """Number of nodes that have an edge."""
        return int(self.nodes.size)

    @property
    def binding(self) -> Prepared:
        """The edges of all layers of positive weight, as one graph: what can tie."""
        ties = [p for p, weight in zip(self.prepared, self.weights, strict=True) if weight > 0]
        tail, head = (np.concatenate([getattr(p, end) for p in ties]) for end in ("tail", "head"))
        return Prepared.of_edges(self.size, tail, head, None, directed=False)


def prepare_layers(
    layers: Mapping[str, Graph],
    *,
    layer_weights: Mapping[str, float] | None = None,
    verb: str = "leiden",
) -> Layers:
    """Layers over the union of their nodes, without loops, zero weights and idle nodes.

    Raises
    ------
    DataError
        See :func:`check_named_graphs`; also if a layer has no edges that tie, a negative
        weight, or no node in common with the others.
    OptionError
        If a layer weight is unknown, not finite, or none is above 0.
    """
    check_named_graphs(layers, verb=verb, what="layer")
    lambdas = _checked_weights(layers, layer_weights, verb)
    names = tuple(name for name in layers if lambdas[name])
    ready = {name: checks.prepare(layers[name], verb=f"{verb}: layer {name!r}") for name in names}
    refuse_strangers(layers, verb)
    vocabulary = union_vocabulary(layers)
    codes = {name: vocabulary.lookup(layers[name].vocabulary)[p.nodes] for name, p in ready.items()}
    touched = np.zeros(len(vocabulary), dtype=bool)
    for known in codes.values():
        touched[known] = True
    nodes = np.flatnonzero(touched).astype(np.int32)
    position = np.cumsum(touched, dtype=np.int64) - 1
    removed = {
        f"{name}: {reason}": count
        for name, p in ready.items()
        for reason, count in p.removed.items()
        if reason != "nodes without an edge"
    }
    if idle := len(vocabulary) - nodes.size:
        removed["nodes without an edge"] = idle
    aligned = tuple(
        _aligned(p, position[codes[name]].astype(np.int32), nodes, len(vocabulary))
        for name, p in ready.items()
    )
    kind = next(iter(layers.values())).node_kind
    weights = tuple(lambdas[name] for name in names)
    return Layers(vocabulary, nodes, names, aligned, weights, kind, removed)


def _aligned(prepared: Prepared, places: Codes, nodes: Codes, n_nodes: int) -> Prepared:
    """The same edges among more nodes; both vocabularies are sorted, so that rows stay so."""
    lengths = np.zeros(nodes.size, dtype=np.int64)
    lengths[places] = np.diff(prepared.indptr)
    return replace(
        prepared,
        nodes=nodes,
        n_nodes=n_nodes,
        indptr=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
        indices=places[prepared.indices],
    )


def _checked_weights(
    layers: Mapping[str, Graph], given: Mapping[str, float] | None, verb: str
) -> dict[str, float]:
    found = dict.fromkeys(layers, 1.0)
    if given is not None and not isinstance(given, Mapping):
        raise OptionError(
            f"{verb}: layer_weights must map names of layers to numbers, not be a "
            f"{type(given).__name__}."
        )
    for name, value in (given or {}).items():
        if name not in found:
            raise OptionError(
                f"{verb}: layer_weights names {name!r}, which is no layer."
                f"{nearest(str(name), layers)} Layers: {', '.join(layers)}."
            )
        found[name] = check_number(f"layer_weights[{name!r}]", value)
    if max(found.values()) <= 0:
        raise OptionError(
            f"{verb}: no layer has a weight above 0 ({found}): nothing could hold a community "
            "together."
        )
    return found


def resolved_layers(
    layers: Layers, quality: str, resolution: float | None, *, verb: str = "leiden"
) -> tuple[float | None, ...]:
    """The resolution in each layer: the one given, or the layer's own default.

    Refuses, by :func:`check_takes`, what the quality cannot mean.
    """
    for name, prepared in zip(layers.names, layers.prepared, strict=True):
        check_takes(prepared, quality, resolution, verb=f"{verb}: layer {name!r}")
    return tuple(resolved_density(p, quality, resolution) for p in layers.prepared)


def evaluate_layer(
    prepared: Prepared, membership: npt.NDArray[Any], quality: str, resolution: float | None
) -> float:
    """Any quality of a membership of one layer's nodes."""
    if quality in DENSITY_QUALITIES:
        return evaluate_density(prepared, membership, quality, resolution)
    if resolution is None:
        resolution = resolved_density(prepared, quality, None) or 1.0
    return evaluate(prepared, membership, quality, resolution)


def evaluate_layers(
    layers: Layers,
    membership: npt.NDArray[Any],
    quality: str,
    resolutions: tuple[float | None, ...],
) -> float:
    r"""Quality of one membership in all layers: :math:`\sum_l \lambda_l Q_l`.

    Each :math:`Q_l` is that of layer l alone, over the nodes of all layers. Modularity is
    divided by the layer's own weight, so that a layer counts by its λ, not by its unit or
    its number of edges; the other qualities keep the unit of the layer's weights.
    """
    return math.fsum(
        weight * evaluate_layer(p, membership, quality, gamma)
        for p, weight, gamma in zip(layers.prepared, layers.weights, resolutions, strict=True)
    )


def layers_runner(
    layers: Layers,
    *,
    quality: str,
    resolutions: tuple[float | None, ...],
    iterations: int,
    initial: npt.NDArray[Any] | None = None,
    fixed: npt.NDArray[np.bool_] | None = None,
    max_size: int | None = None,
) -> Callable[[int], Codes]:
    """One run on all layers as a function of its seed: one code per node of `layers`.

    Communities are connected by the edges of the layers of positive weight, unless members
    that are fixed hold them together.
    """
    with translated():
        terms = _terms(layers, quality, resolutions)
    start = starting_codes(layers.size, initial, fixed, max_size)
    binding = layers.binding

    def run(seed: int) -> Codes:
        found = optimised(
            terms, seed, iterations=iterations, initial=start, fixed=fixed, max_size=max_size
        )
        parts = connected(binding, found)
        return parts if fixed is None else rejoined(parts, found, fixed)

    return run


def _terms(layers: Layers, quality: str, resolutions: tuple[float | None, ...]) -> tuple[Term, ...]:
    terms, factors = [], []
    for p, weight, gamma in zip(layers.prepared, layers.weights, resolutions, strict=True):
        one = unit(p.weight)
        # leidenalg counts both directions of an undirected edge, and divides by nothing
        both = 1 if p.directed or quality in ("surprise", "significance") else 2
        if quality == "modularity":
            factors.append(weight * one / (both * float(p.weight.sum())))
        else:
            factors.append(weight * (1.0 if quality == "significance" else one) / both)
            if gamma is not None:
                gamma = gamma * (p.density if quality == "rber" else 1.0) / one
        terms.append(Term(with_nodes(p), (p.weight / one).tolist(), quality, gamma))
    # gains near 1, as of a single graph: leidenalg takes those below 2e-15 for none
    largest = max(abs(factor) for factor in factors)
    return tuple(
        replace(term, factor=factor / largest) for term, factor in zip(terms, factors, strict=True)
    )

"""Several graphs over the same nodes, and communities that serve all of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities import prepare as checks
from graphkit.communities.engines import (
    Term,
    connected,
    optimised,
    rejoined,
    starting_codes,
    translated,
    with_nodes,
)
from graphkit.communities.prepare import Prepared, unit
from graphkit.communities.quality import (
    DENSITY_QUALITIES,
    check_takes,
    evaluate,
    evaluate_density,
    resolved_density,
)
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, OptionError, check_number, nearest

__all__ = [
    "Layers",
    "by_sign",
    "check_named_graphs",
    "evaluate_layer",
    "evaluate_layers",
    "layers_runner",
    "prepare_layers",
    "resolved_layers",
]


def check_named_graphs(graphs: Mapping[str, Graph], *, verb: str, what: str) -> None:
    """Refuse what is no mapping of names to graphs of one kind.

    Raises
    ------
    DataError
        If it is no mapping or empty, a name is no text, a value no Graph, or the graphs
        differ in direction, in what their nodes are, or in the kind of their ids.
    """
    if not isinstance(graphs, Mapping):
        raise DataError(
            f"{verb} needs a mapping of names to graphs, not a {type(graphs).__name__}: such as "
            f"{{'first {what}': graph, 'second {what}': other}}."
        )
    if not graphs:
        raise DataError(f"{verb}: the mapping is empty: give at least one {what}.")
    for name, graph in graphs.items():
        if not isinstance(name, str):
            raise DataError(f"{verb}: the {what} {name!r} is not named by text: use str({name!r}).")
        if not isinstance(graph, Graph):
            raise DataError(
                f"{verb}: the {what} {name!r} is a {type(graph).__name__}, not a graphkit Graph: "
                "convert it with Graph.from_networkx, Graph.from_igraph or Graph.from_edges."
            )
    (first, one), *others = graphs.items()
    for name, graph in others:
        for mine, theirs, advice in (
            (_way(one), _way(graph), "use to_undirected() on the directed ones"),
            (f"of {one.node_kind}", f"of {graph.node_kind}", "use graphs of the same nodes"),
            (
                f"with ids of kind {one.vocabulary.kind!r}",
                f"with ids of kind {graph.vocabulary.kind!r}",
                "give all ids in one kind",
            ),
        ):
            if mine != theirs and one.n_nodes and graph.n_nodes:
                raise DataError(
                    f"{verb}: the {what} {first!r} is {mine}, {name!r} {theirs}: {advice}."
                )


def _way(graph: Graph) -> str:
    return "directed" if graph.directed else "undirected"


def union_vocabulary(layers: Mapping[str, Graph]) -> Vocabulary:
    """Ids of all nodes that any of the graphs knows; one of them must have nodes."""
    known = [graph.vocabulary for graph in layers.values() if graph.n_nodes]
    if all(vocabulary == known[0] for vocabulary in known[1:]):
        return known[0]
    if known[0].kind == "object":
        return Vocabulary([i for vocabulary in known for i in vocabulary])
    return Vocabulary(pl.concat([vocabulary.series for vocabulary in known]))


def refuse_strangers(layers: Mapping[str, Graph], verb: str) -> None:
    """Raise a DataError unless every layer knows a node that another knows."""
    known = [(name, graph.vocabulary) for name, graph in layers.items()]
    if len(known) < 2:
        return
    everyone = union_vocabulary(layers)
    counts = np.zeros(len(everyone), dtype=np.int64)
    codes = [everyone.lookup(vocabulary) for _, vocabulary in known]
    for found in codes:
        counts[found] += 1
    for (name, vocabulary), found in zip(known, codes, strict=True):
        if found.size and not (counts[found] > 1).any():
            mine = ", ".join(repr(i) for i in vocabulary.ids[:3].tolist())
            other = next(v for n, v in known if n != name)
            theirs = ", ".join(repr(i) for i in other.ids[:3].tolist())
            raise DataError(
                f"{verb}: the layer {name!r} shares no node with another layer (it has ids such as "
                f"{mine}, another has {theirs}): layers must be about the same nodes."
            )


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


def by_sign(graph: Graph) -> dict[str, Graph]:
    r"""The positive and the negative edges of a signed graph, as two layers for Leiden.

    Modularity and its kin have no meaning for negative weights. Communities of a signed
    graph have many positive edges inside and many negative ones between them: give the two
    layers to :func:`graphkit.leiden`, with a positive and a negative weight.

    With ``layer_weights={"positive": 1, "negative": -1}`` both signs count alike, however
    few the edges of one. To count them by their share of the weight, as in the modularity
    of Gómez, Jensen and Arenas [1]_, use :math:`w^+/(w^+ + w^-)` and
    :math:`-w^-/(w^+ + w^-)`, with w the `total_weight` of each layer. With
    ``quality="cpm"`` and weights of 1 and −1 it is the Potts model of Traag and
    Bruggeman [2]_, with the same γ in both layers.

    Parameters
    ----------
    graph
        With positive and negative weights.

    Returns
    -------
    dict
        ``"positive"`` and ``"negative"``: graphs of all nodes. The weights of the second are
        turned to positive ones. Edges of weight zero are in neither, and counted.

    Raises
    ------
    DataError
        If `graph` is no Graph, or lacks one of the signs.

    References
    ----------
    .. [1] Gómez, S., Jensen, P. & Arenas, A. (2009). Analysis of community structure in
       networks of correlated data. Physical Review E, 80, 016114.
       doi:10.1103/PhysRevE.80.016114
    .. [2] Traag, V. A. & Bruggeman, J. (2009). Community detection in networks with positive
       and negative links. Physical Review E, 80, 036115. doi:10.1103/PhysRevE.80.036115

    Examples
    --------
    Two camps of two that dislike each other, and one friendship across:

    >>> g = Graph.from_edges("aabbc", "bccdd", [1, -1, 1, -1, 1], directed=False)
    >>> layers = by_sign(g)
    >>> {name: (layer.n_edges, layer.total_weight) for name, layer in layers.items()}
    {'positive': (3, 3.0), 'negative': (2, 2.0)}
    """
    if not isinstance(graph, Graph):
        raise DataError(
            f"by_sign needs a graphkit Graph, not a {type(graph).__name__}: convert it with "
            "Graph.from_networkx, Graph.from_igraph or Graph.from_edges."
        )
    tail, head, weight = graph.edge_arrays()
    for sign, there in (("negative", (weight < 0).any()), ("positive", (weight > 0).any())):
        if not there:
            other = "positive" if sign == "negative" else "negative"
            raise DataError(
                f"by_sign: the graph has no {sign} weight, so there is nothing to part: "
                + (
                    "leiden(graph) takes it as it is."
                    if sign == "negative"
                    else f"with {other} weights alone nothing holds a community together."
                )
            )
    zero = int(np.count_nonzero(weight == 0))
    layers = {}
    for name, keep in (("positive", weight > 0), ("negative", weight < 0)):
        removed = {"edges of the other sign": int((~keep).sum()) - zero}
        if zero:
            removed["edges of weight zero"] = zero
        layers[name] = Graph._from_codes(
            graph.vocabulary,
            tail[keep],
            head[keep],
            np.abs(weight[keep]),
            directed=graph.directed,
            node_kind=graph.node_kind,
            provenance=Provenance.of(
                "by_sign", {"sign": name}, made_from=(graph,), removed=removed
            ),
        )
    return layers

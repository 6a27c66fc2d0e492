"""Multilayer communities: one partition of several graphs over the same nodes, by Leiden."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from graphkit.communities import prepare as checks
from graphkit.communities.engines import (
    LeidenOptions,
    Run,
    Term,
    igraph_graph,
    optimise_leidenalg,
    rejoin_fixed,
    split_disconnected,
    starting_codes,
    translate_errors,
)
from graphkit.communities.prepare import Codes, Prepared, weight_unit
from graphkit.communities.quality import (
    DENSITY_QUALITIES,
    check_quality_input,
    default_resolution,
    evaluate,
    evaluate_density,
)
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, OptionError, check_number, nearest

__all__ = ["by_sign"]


def check_named_graphs(
    graphs: Mapping[str, GraphLike], *, caller: str, what: str
) -> dict[str, Graph]:
    """The graphs, those of other libraries converted.

    Raises a DataError unless they are a mapping from names to graphs of one direction and node
    kind.
    """
    if not isinstance(graphs, Mapping):
        raise DataError(
            f"{caller} needs a mapping of names to graphs, not a {type(graphs).__name__}: such as "
            f"{{'first {what}': graph, 'second {what}': other}}."
        )
    if not graphs:
        raise DataError(f"{caller}: the mapping is empty: give at least one {what}.")
    found: dict[str, Graph] = {}
    for name, graph in graphs.items():
        if not isinstance(name, str):
            raise DataError(
                f"{caller}: the {what} {name!r} is not named by text: use str({name!r})."
            )
        found[name] = as_graph(graph, f"{caller}: the {what} {name!r}")
    (first, one), *others = found.items()
    for name, graph in others:
        kinds = [f"with ids of kind {g.vocabulary.kind!r}" for g in (one, graph)]
        ways = ["directed" if g.directed else "undirected" for g in (one, graph)]
        nodes = [f"of {g.node_kind}" for g in (one, graph)]
        for (mine, theirs), advice in (
            (ways, "use to_undirected() on the directed ones"),
            (nodes, "use graphs of the same nodes"),
            (kinds, "give all ids in one kind"),
        ):
            if mine != theirs and one.n_nodes and graph.n_nodes:
                raise DataError(
                    f"{caller}: the {what} {first!r} is {mine}, {name!r} {theirs}: {advice}."
                )
    return found


def union_vocabulary(layers: Mapping[str, Graph]) -> Vocabulary:
    """Union of the graphs' node ids; at least one graph must have nodes."""
    known = [graph.vocabulary for graph in layers.values() if graph.n_nodes]
    if all(vocabulary == known[0] for vocabulary in known[1:]):
        return known[0]
    if known[0].kind == "object":
        return Vocabulary([i for vocabulary in known for i in vocabulary])
    return Vocabulary(pl.concat([vocabulary.series for vocabulary in known]))


def refuse_disjoint(layers: Mapping[str, Graph], caller: str) -> None:
    """Raise a DataError if the nodes of a layer are disjoint from those of all others."""
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
                f"{caller}: the layer {name!r} shares no node with another layer (it has ids such as "
                f"{mine}, another has {theirs}): layers must be about the same nodes."
            )


@dataclass(frozen=True, eq=False)
class Layers:
    """Prepared layers over the same nodes.

    `vocabulary` is the union of the layers' ids; `nodes` (int32, (k,)) are the ascending codes
    of those that have an edge in a layer whose weight is not 0. `names`, `prepared` (edges
    between positions in `nodes`) and `weights` (λ, never 0) have one value per such layer, in
    the order given. `removed` counts what was left out by layer and reason.
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
    def positive_edges(self) -> Prepared:
        """The edges of all layers of positive weight as one graph, which keeps nodes together."""
        positive = [p for p, w in zip(self.prepared, self.weights, strict=True) if w > 0]
        source = np.concatenate([p.source for p in positive])
        target = np.concatenate([p.target for p in positive])
        return Prepared.of_edges(self.size, source, target, None, directed=False)


def prepare_layers(
    layers: Mapping[str, GraphLike],
    *,
    layer_weights: Mapping[str, float] | None = None,
    caller: str = "leiden",
) -> Layers:
    """Layers over the union of their nodes, without loops, zero weights and isolated nodes.

    Refuses what :func:`check_named_graphs`, `prepare`, :func:`refuse_disjoint` and
    :func:`_checked_weights` refuse.
    """
    layers = check_named_graphs(layers, caller=caller, what="layer")
    lambdas = _checked_weights(layers, layer_weights, caller)
    names = tuple(name for name in layers if lambdas[name])
    remedy = "Or leave the layer out."
    ready = {
        name: checks.prepare(layers[name], caller=f"{caller}: layer {name!r}", remedy=remedy)
        for name in names
    }
    refuse_disjoint(layers, caller)
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
        _align_rows(p, position[codes[name]].astype(np.int32), nodes, len(vocabulary))
        for name, p in ready.items()
    )
    kind = next(iter(layers.values())).node_kind
    weights = tuple(lambdas[name] for name in names)
    return Layers(vocabulary, nodes, names, aligned, weights, kind, removed)


def _align_rows(prepared: Prepared, places: Codes, nodes: Codes, n_nodes: int) -> Prepared:
    """The same edges among more nodes; sorted rows stay sorted, as both vocabularies are."""
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
    layers: Mapping[str, Graph], given: Mapping[str, float] | None, caller: str
) -> dict[str, float]:
    found = dict.fromkeys(layers, 1.0)
    if given is not None and not isinstance(given, Mapping):
        raise OptionError(
            f"{caller}: layer_weights must map names of layers to numbers, not be a "
            f"{type(given).__name__}."
        )
    for name, value in (given or {}).items():
        if name not in found:
            raise OptionError(
                f"{caller}: layer_weights names {name!r}, which is no layer."
                f"{nearest(str(name), layers)} Layers: {', '.join(layers)}."
            )
        found[name] = check_number(f"layer_weights[{name!r}]", value)
    if max(found.values()) <= 0:
        raise OptionError(
            f"{caller}: no layer has a weight above 0 ({found}): nothing could hold a community "
            "together."
        )
    return found


def layer_resolutions(
    layers: Layers, quality: str, resolution: float | None, *, caller: str = "leiden"
) -> tuple[float | None, ...]:
    """The resolution in each layer: the one given, or the default for the layer."""
    for name, prepared in zip(layers.names, layers.prepared, strict=True):
        check_quality_input(prepared, quality, resolution, caller=f"{caller}: layer {name!r}")
    return tuple(default_resolution(p, quality, resolution) for p in layers.prepared)


def evaluate_layer(
    prepared: Prepared, membership: Codes, quality: str, resolution: float | None
) -> float:
    """Quality of a membership of one layer's nodes."""
    if quality in DENSITY_QUALITIES:
        return evaluate_density(prepared, membership, quality, resolution)
    if resolution is None:
        resolution = default_resolution(prepared, quality, None) or 1.0
    return evaluate(prepared, membership, quality, resolution)


def evaluate_layers(
    layers: Layers, membership: Codes, quality: str, resolutions: tuple[float | None, ...]
) -> float:
    r"""Quality of one membership in all layers: :math:`\sum_l \lambda_l Q_l`.

    Each :math:`Q_l` is that of layer l alone, over the nodes of all layers. Modularity is
    divided by the layer's own weight, so that the influence of a layer is its λ; the other
    qualities keep the unit of the layer's weights.
    """
    return math.fsum(
        weight * evaluate_layer(p, membership, quality, gamma)
        for p, weight, gamma in zip(layers.prepared, layers.weights, resolutions, strict=True)
    )


def layers_runner(
    layers: Layers, options: LeidenOptions, *, quality: str, resolutions: tuple[float | None, ...]
) -> Run:
    """One run on all layers as a function of its seed: one code per node of `layers`.

    Communities are connected by the edges of the layers of positive weight, or by members that
    are fixed.
    """
    with translate_errors():
        terms = _layer_terms(layers, quality, resolutions)
    start = starting_codes(layers.size, options.initial, options.fixed, options.max_size)
    positive = layers.positive_edges

    def run_once(seed: int) -> Codes:
        found = optimise_leidenalg(terms, seed, options, start)
        parts = split_disconnected(positive, found)
        return parts if options.fixed is None else rejoin_fixed(parts, found, options.fixed)

    return run_once


def _layer_terms(
    layers: Layers, quality: str, resolutions: tuple[float | None, ...]
) -> tuple[Term, ...]:
    terms, factors = [], []
    for p, weight, gamma in zip(layers.prepared, layers.weights, resolutions, strict=True):
        one = weight_unit(p.weight)
        # leidenalg counts both directions of an undirected edge, and divides by nothing
        both = 1 if p.directed or quality in ("surprise", "significance") else 2
        if quality == "modularity":
            factors.append(weight * one / (both * float(p.weight.sum())))
        else:
            factors.append(weight * (1.0 if quality == "significance" else one) / both)
            if gamma is not None:
                gamma = gamma * (p.density if quality == "rber" else 1.0) / one
        terms.append(Term(igraph_graph(p), (p.weight / one).tolist(), quality, gamma))
    # gains near 1, as for a single graph: leidenalg ignores those below 2e-15
    largest = max(abs(factor) for factor in factors)
    return tuple(
        replace(term, factor=factor / largest) for term, factor in zip(terms, factors, strict=True)
    )


def by_sign(graph: GraphLike) -> dict[str, Graph]:
    r"""The positive and the negative edges of a signed graph, as two layers for Leiden.

    Modularity and similar qualities are undefined for negative weights. Communities of a signed
    graph have many positive edges inside and many negative ones between them: pass the two
    layers to :func:`graphkit.leiden`, with a positive and a negative weight.

    With ``layer_weights={"positive": 1, "negative": -1}`` both signs have equal influence,
    whatever their number of edges. To weigh them by their share of the weight, as in the
    modularity of Gómez, Jensen and Arenas [1]_, use :math:`w^+/(w^+ + w^-)` and
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
        ``"positive"`` and ``"negative"``: graphs of all nodes; the second has the absolute
        weights. Edges of weight zero are in neither, and counted.

    Raises
    ------
    DataError
        If `graph` is no graph, or lacks one of the signs.

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
    graph = as_graph(graph, "by_sign")
    source, target, weight = graph.edge_arrays()
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
        record = Provenance.of("by_sign", {"sign": name}, made_from=(graph,), removed=removed)
        layers[name] = Graph._from_codes(
            graph.vocabulary,
            source[keep],
            target[keep],
            np.abs(weight[keep]),
            directed=graph.directed,
            node_kind=graph.node_kind,
            provenance=record,
            attributes=graph.attributes,
        )
    return layers

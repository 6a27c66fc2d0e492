"""Several layers at once, and signed graphs as two of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import igraph
import leidenalg
import networkx as nx
import numpy as np
import numpy.typing as npt
import pytest

import graphkit as gk
from graphkit.communities.engines import LeidenOptions
from graphkit.communities.multilayer import (
    Layers,
    by_sign,
    check_named_graphs,
    evaluate_layer,
    evaluate_layers,
    layer_resolutions,
    layers_runner,
    prepare_layers,
)
from graphkit.communities.quality import DENSITY_QUALITIES
from graphkit.data.graph import Graph
from graphkit.data.partition import canonical_membership
from graphkit.errors import DataError, OptionError

ALL = ("modularity", "cpm", *DENSITY_QUALITIES)
KINDS = {
    "modularity": leidenalg.ModularityVertexPartition,
    "cpm": leidenalg.CPMVertexPartition,
    "rber": leidenalg.RBERVertexPartition,
    "surprise": leidenalg.SurpriseVertexPartition,
    "significance": leidenalg.SignificanceVertexPartition,
}


def random_layers(
    seed: int, *, directed: bool = False, weighted: bool = True, n: int = 30, m: int = 90
) -> dict[str, Graph]:
    rng = np.random.default_rng(seed)
    found = {}
    for name, edges in (("follow", m), ("stitch", m // 2)):
        tail, head = rng.integers(0, n, (2, edges))
        pairs = np.unique(np.stack([tail, head]) if directed else np.sort([tail, head], 0), axis=1)
        weight = rng.gamma(1.0, 3.0, pairs.shape[1]) + 0.01 if weighted else None
        found[name] = Graph.from_edges(pairs[0], pairs[1], weight, directed=directed)
    return found


def best_of(
    layers: Layers, quality: str = "modularity", *, runs: int = 10, **options: Any
) -> tuple[npt.NDArray[np.int32], float]:
    gammas = layer_resolutions(layers, quality, options.pop("resolution", None))
    run = layers_runner(layers, LeidenOptions(**options), quality=quality, resolutions=gammas)
    found = [canonical_membership(run(seed)) for seed in range(runs)]
    worth = [evaluate_layers(layers, m, quality, gammas) for m in found]
    return found[int(np.argmax(worth))], max(worth)


def partitions_of(n: int) -> Iterator[list[int]]:
    """Every partition of n nodes, as restricted growth strings."""

    def grow(head: list[int]) -> Iterator[list[int]]:
        if len(head) == n:
            yield head
            return
        for code in range(max(head) + 2):
            yield from grow([*head, code])

    yield from grow([0])


# the quality -----------------------------------------------------------------------------


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("quality", ALL)
def test_quality_is_the_weighted_sum_that_leidenalg_computes(quality: str, directed: bool) -> None:
    graphs = random_layers(3, directed=directed, weighted=quality != "significance")
    layers = prepare_layers(graphs, layer_weights={"stitch": -0.7, "follow": 2})
    resolution = 0.4 if quality in ("cpm", "rber") else None
    gammas = layer_resolutions(layers, quality, resolution)
    membership = np.random.default_rng(1).integers(0, 5, layers.size)
    theirs = 0.0
    for p, weight in zip(layers.prepared, (2, -0.7), strict=True):
        edges = list(zip(p.source.tolist(), p.target.tolist(), strict=True))
        options: dict[str, Any] = {"initial_membership": membership.tolist()}
        if quality != "significance":
            options["weights"] = p.weight.tolist()
        if resolution is not None:
            options["resolution_parameter"] = resolution
        graph = igraph.Graph(n=p.size, edges=edges, directed=directed)
        twice = 2 if quality in ("cpm", "rber") and not directed else 1
        theirs += weight * KINDS[quality](graph, **options).quality() / twice
    ours = evaluate_layers(layers, membership, quality, gammas)
    assert ours == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 0.3), (1.0, -0.5)])
@pytest.mark.parametrize("quality", ["modularity", "cpm"])
@pytest.mark.parametrize("directed", [True, False])
def test_small_layers_reach_their_exact_optimum(
    quality: str, weights: tuple[float, float], directed: bool
) -> None:
    for seed in range(4):
        graphs = random_layers(seed, n=7, m=12, directed=directed)
        layers = prepare_layers(graphs, layer_weights=dict(zip(graphs, weights, strict=True)))
        gammas = layer_resolutions(layers, quality, None)
        ties = layers.positive_edges
        best = -np.inf
        for candidate in partitions_of(layers.size):
            codes = np.array(candidate)
            inside = codes[ties.source] == codes[ties.target]
            held = nx.Graph(
                zip(ties.source[inside].tolist(), ties.target[inside].tolist(), strict=True)
            )
            held.add_nodes_from(range(layers.size))
            if nx.number_connected_components(held) == codes.max() + 1:
                best = max(best, evaluate_layers(layers, codes, quality, gammas))
        assert best_of(layers, quality, runs=30)[1] == pytest.approx(best, rel=1e-9)


def test_one_layer_is_the_graph_itself(karate: Graph) -> None:
    layers = prepare_layers({"club": karate})
    membership, quality = best_of(layers)
    assert quality == pytest.approx(0.4197896120973044, abs=1e-12)
    assert np.bincount(membership).tolist() == [12, 11, 6, 5]
    assert best_of(prepare_layers({"club": karate}, layer_weights={"club": 3}))[1] == pytest.approx(
        3 * quality
    )


def test_two_weak_layers_show_together_what_neither_shows_alone() -> None:
    # four groups; the first layer tells {0,1} from {2,3}, the second {0,2} from {1,3}
    group = np.repeat(np.arange(4), 15)
    rng = np.random.default_rng(2)
    pairs = np.array(list(itertools.combinations(range(60), 2)))
    graphs = {}
    for name, side in (("first", group // 2), ("second", group % 2)):
        same = side[pairs[:, 0]] == side[pairs[:, 1]]
        chosen = pairs[rng.random(same.size) < np.where(same, 0.6, 0.05)]
        graphs[name] = Graph.from_edges(chosen[:, 0], chosen[:, 1], directed=False)
    for name, graph in graphs.items():
        assert best_of(prepare_layers({name: graph}), resolution=1.2)[0].max() == 1
    membership, _ = best_of(prepare_layers(graphs), resolution=1.2)
    assert np.array_equal(membership, canonical_membership(group))


@pytest.mark.parametrize("quality", ALL)
def test_communities_are_connected_by_layers_of_positive_weight(quality: str) -> None:
    graphs = random_layers(5, n=60, m=120, weighted=quality != "significance")
    layers = prepare_layers(graphs, layer_weights={"stitch": -1})
    membership, _ = best_of(layers, quality, runs=3)
    follow = graphs["follow"]
    for code in range(membership.max() + 1):
        members = layers.vocabulary.ids[layers.nodes[membership == code]].tolist()
        if len(members) > 1:
            assert int(follow.subgraph(members).components().max()) == 0


def test_a_seed_decides_and_neither_rows_nor_units_do() -> None:
    graphs = random_layers(6, n=80, m=300)
    mixed = {}
    for name, graph in graphs.items():
        e = graph.edges().sample(fraction=1, shuffle=True, seed=3)
        mixed[name] = Graph.from_edges(
            e["target"],
            e["source"],
            e["weight"] * (2.0**600 if name == "stitch" else 0.25),
            directed=False,
        )
    found = []
    for given in (graphs, graphs, mixed):
        layers = prepare_layers(given)
        run = layers_runner(layers, LeidenOptions(), quality="modularity", resolutions=(1.0, 1.0))
        found.append(np.stack([run(seed) for seed in (0, 7, 2**31 - 1)]))
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_size_start_and_fixed_members_hold_in_layers_too() -> None:
    layers = prepare_layers(random_layers(7, n=50, m=200))
    assert np.bincount(best_of(layers, max_size=6)[0]).max() <= 6
    initial = np.full(layers.size, -1)
    initial[[0, 20, 40]] = 1
    membership, _ = best_of(layers, initial=initial, fixed=initial >= 0)
    assert len(set(membership[[0, 20, 40]].tolist())) == 1


# which nodes and edges count -------------------------------------------------------------


def test_layers_are_aligned_on_the_union_of_their_nodes() -> None:
    a = Graph.from_edges("abcx", "bcax", directed=False, nodes="abcxz")
    b = Graph.from_edges(["c", "d", "a"], ["d", "e", "e"], [1, 2, 0], directed=False)
    layers = prepare_layers({"a": a, "b": b})
    assert layers.vocabulary.ids.tolist() == ["a", "b", "c", "d", "e", "x", "z"]
    assert layers.nodes.tolist() == [0, 1, 2, 3, 4]
    assert layers.removed == {
        "a: self-loops": 1,
        "b: edges of weight zero": 1,
        "nodes without an edge": 2,
    }
    first, second = layers.prepared
    assert (first.size, second.size, second.n_nodes) == (5, 5, 7)
    assert list(zip(second.source.tolist(), second.target.tolist(), strict=True)) == [
        (2, 3),
        (3, 4),
    ]
    # a node counts in every layer, also where it has no edge
    assert second.density == pytest.approx(3 / 10)
    codes = np.array([0, 0, 0, 1, 1])
    assert evaluate_layer(second, codes, "cpm", 0.5) == pytest.approx(2 - 0.5 * (3 + 1))


def test_a_layer_of_weight_zero_ties_nothing() -> None:
    graphs = random_layers(9)
    with_far = graphs | {"far": Graph.from_edges([0, 900], [900, 901], directed=False)}
    layers = prepare_layers(with_far, layer_weights={"far": 0})
    assert layers.names == ("follow", "stitch")
    assert layers.removed["nodes without an edge"] == 2
    assert np.array_equal(best_of(layers)[0], best_of(prepare_layers(graphs))[0])


def test_ids_may_be_tuples() -> None:
    a = Graph.from_edges([("x", 1), ("x", 2)], [("x", 2), ("x", 3)], directed=False)
    b = Graph.from_edges([("x", 3)], [("y", 1)], directed=False)
    assert prepare_layers({"a": a, "b": b}).vocabulary.ids.tolist()[-1] == ("y", 1)


# signed graphs ---------------------------------------------------------------------------


def camps(directed: bool = False) -> Graph:
    """Two camps of four: friends inside, enemies across, and one friendship across."""
    pairs = list(itertools.combinations(range(8), 2))
    weight = [1 if (u < 4) == (v < 4) or (u, v) == (0, 4) else -1 for u, v in pairs]
    return Graph.from_edges([u for u, _ in pairs], [v for _, v in pairs], weight, directed=directed)


@pytest.mark.parametrize("quality", ALL)
def test_two_camps_are_told_apart(quality: str) -> None:
    signed = by_sign(camps())
    layers = prepare_layers(signed, layer_weights={"positive": 1, "negative": -1})
    membership, worth = best_of(layers, quality)
    assert membership.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    if quality == "modularity":
        # 12 of 13 friendly ties inside, no hostile one; both null models expect one half
        assert worth == pytest.approx((12 / 13 - 1 / 2) - (0 - 1 / 2), abs=1e-12)


def test_weights_by_share_give_the_signed_modularity_of_gomez() -> None:
    rng = np.random.default_rng(4)
    pairs = np.array(list(itertools.combinations(range(12), 2)))
    weight = rng.normal(0.3, 1, len(pairs))
    signed = by_sign(Graph.from_edges(pairs[:, 0], pairs[:, 1], weight, directed=False))
    total = {name: layer.total_weight for name, layer in signed.items()}
    both = sum(total.values())
    layers = prepare_layers(
        signed,
        layer_weights={"positive": total["positive"] / both, "negative": -total["negative"] / both},
    )
    codes = rng.integers(0, 3, 12)
    matrix = np.zeros((12, 12))
    matrix[pairs[:, 0], pairs[:, 1]] = matrix[pairs[:, 1], pairs[:, 0]] = weight
    plus, minus = np.maximum(matrix, 0), np.maximum(-matrix, 0)
    null = np.zeros((12, 12))
    for part, sign in ((plus, 1), (minus, -1)):
        strength = part.sum(0)
        null += sign * np.outer(strength, strength) / part.sum()
    same = codes[:, None] == codes[None, :]
    published = ((matrix - null) * same).sum() / (plus.sum() + minus.sum())
    ours = evaluate_layers(layers, codes, "modularity", (1.0, 1.0))
    assert ours == pytest.approx(published, rel=1e-12)


@pytest.mark.parametrize("directed", [True, False])
def test_by_sign_parts_the_edges_and_loses_none(directed: bool) -> None:
    g = Graph.from_edges("aabcd", "bccde", [1, -2, 0, 3, -0.5], directed=directed)
    signed = by_sign(g)
    positive, negative = signed["positive"], signed["negative"]
    assert positive.edges().rows() == [("a", "b", 1.0), ("c", "d", 3.0)]
    assert negative.edges().rows() == [("a", "c", 2.0), ("d", "e", 0.5)]
    for layer in (positive, negative):
        assert layer.vocabulary == g.vocabulary
        assert layer.directed is directed
        assert layer.provenance.inputs == (g.content_key,)
        assert layer.provenance.removed == {"edges of the other sign": 2, "edges of weight zero": 1}


def test_by_sign_refuses_what_has_one_sign() -> None:
    with pytest.raises(DataError, match=r"no negative weight.*leiden"):
        by_sign(Graph.from_edges("ab", "bc", directed=False))
    with pytest.raises(DataError, match="no positive weight"):
        by_sign(Graph.from_edges("ab", "bc", [-1, -1], directed=False))
    with pytest.raises(DataError, match="not a list"):
        by_sign([])  # type: ignore[arg-type]


# refusals --------------------------------------------------------------------------------

LINE = Graph.from_edges("ab", "bc", directed=False)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ({}, "the mapping is empty"),
        ([LINE], "mapping of names to graphs, not a list"),
        ({1: LINE}, "the layer 1 is not named by text"),
        ({"a": LINE, "b": nx.Graph()}, "layer 'b': the graph has no nodes"),
        ({"a": LINE, "b": [("a", "b")]}, "the layer 'b' needs a graphkit Graph, .* not a list"),
        ({"a": LINE, "b": Graph.from_edges("a", "b", directed=True)}, "'a' is undirected, 'b' dir"),
        (
            {"a": LINE, "b": Graph.from_edges("a", "b", directed=False, node_kind="items")},
            "'a' is of nodes, 'b' of items",
        ),
        (
            {"a": LINE, "b": Graph.from_edges([1], [2], directed=False)},
            "'a' is with ids of kind 'str', 'b' with ids of kind 'int'",
        ),
        (
            {"a": LINE, "b": Graph.from_edges("x", "y", directed=False)},
            "layer 'a' shares no node .* 'a', 'b', 'c', another has 'x', 'y'",
        ),
        ({"a": LINE, "b": Graph.from_edges("", "", directed=False)}, "layer 'b': the graph has no"),
        (
            {"a": LINE, "b": Graph.from_edges("a", "b", [-1], directed=False)},
            "layer 'b': the edge 'a' – 'b' has the weight -1",
        ),
        ({"a": Graph.from_edges("a", "a", directed=False)}, "layer 'a': nothing joins"),
    ],
)
def test_layers_that_cannot_be_meant_are_refused(layers: Any, message: str) -> None:
    with pytest.raises(DataError, match=re.compile(message)):
        prepare_layers(layers)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"folow": 1}, "'folow', which is no layer. Did you mean 'follow'"),
        ({"follow": float("nan")}, r"layer_weights\['follow'\]=nan: a finite"),
        ({"follow": float("inf")}, "finite"),
        ({"follow": "1"}, "finite"),
        ({"follow": True}, "finite"),
        ({"follow": None}, "finite"),
        ({"follow": 0, "stitch": -1}, "no layer has a weight above 0"),
        ([1, 1], "must map names of layers to numbers, not be a list"),
    ],
)
def test_layer_weights_that_cannot_be_meant_are_refused(weights: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        prepare_layers(random_layers(1), layer_weights=weights)


def test_qualities_refuse_by_layer() -> None:
    layers = prepare_layers(random_layers(1))
    with pytest.raises(DataError, match="layer 'follow': significance"):
        layer_resolutions(layers, "significance", None)
    with pytest.raises(OptionError, match="surprise has no resolution"):
        layer_resolutions(layers, "surprise", 1.0)
    with pytest.raises(DataError, match="slices: the mapping is empty: give at least one slice"):
        check_named_graphs({}, caller="slices", what="slice")


# real data -------------------------------------------------------------------------------


@pytest.mark.real_data
def test_friends_and_listening_together_give_up_little_of_either(shared_data: Path) -> None:
    folder = shared_data / "hetrec2011_lastfm_2k"
    if not folder.is_dir():
        pytest.skip("the folder 'hetrec2011_lastfm_2k' is absent")
    ds, _ = gk.readwrite.read_hetrec_lastfm(folder)
    graphs = {
        "friends": gk.follow_graph(ds).to_undirected(),
        "listening": gk.cointeraction_graph(
            ds, between="accounts", through="items", weight="tfidf", top=10
        ),
    }
    alone = {}
    for name, graph in graphs.items():
        single = prepare_layers({name: graph})
        alone[name] = best_of(single, runs=1)[1]
    both = prepare_layers(graphs)
    membership, _ = best_of(both, runs=1)
    for p, name in zip(both.prepared, both.names, strict=True):
        kept = evaluate_layer(p, membership, "modularity", 1.0) / alone[name]
        assert kept > {"friends": 0.75, "listening": 0.9}[name]

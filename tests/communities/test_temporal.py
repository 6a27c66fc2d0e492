"""Communities over coupled time slices."""

from __future__ import annotations

from typing import Any

import igraph
import leidenalg
import numpy as np
import pytest

from graphkit.communities import partition_quality
from graphkit.communities.temporal import couple_slices, evaluate_slices, leiden_slices
from graphkit.data.graph import Graph
from graphkit.data.partition import canonical_membership
from graphkit.errors import DataError, GraphkitWarning, OptionError
from graphkit.parallel import show_progress


def series(
    *, directed: bool = False, times: int = 3, n: int = 40, weighted: bool = True, seed: int = 0
) -> dict[str, Graph]:
    """Random graphs in which some nodes are away at some times."""
    rng = np.random.default_rng(seed)
    found = {}
    for at in range(times):
        here = np.flatnonzero(rng.random(n) < 0.8)
        tail, head = here[rng.integers(0, here.size, (2, 3 * n))]
        pairs = np.unique(np.stack([tail, head]) if directed else np.sort([tail, head], 0), axis=1)
        weight = rng.gamma(1.0, 2.0, pairs.shape[1]) + 0.01 if weighted else None
        found[f"t{at}"] = Graph.from_edges(
            pairs[0], pairs[1], weight, directed=directed, nodes=range(n)
        )
    return found


def planted(times: int = 4, *, moved: int = 0, seed: int = 1) -> tuple[dict[str, Graph], Any]:
    """Three groups of 20; the first `moved` nodes change to the next group half way."""
    rng = np.random.default_rng(seed)
    pairs = np.array(np.triu_indices(60, 1))
    found, groups = {}, []
    for at in range(times):
        group = np.repeat(np.arange(3), 20)
        if at >= times // 2:
            group[:moved] = 1
        same = group[pairs[0]] == group[pairs[1]]
        tail, head = pairs[:, rng.random(same.size) < np.where(same, 0.5, 0.03)]
        found[f"t{at}"] = Graph.from_edges(tail, head, directed=False, nodes=range(60))
        groups.append(group)
    return found, np.stack(groups)


# the quality -----------------------------------------------------------------------------


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("quality", ["modularity", "cpm"])
@pytest.mark.parametrize("omega", [0.0, 0.3, 5.0])
def test_quality_is_the_published_double_sum(quality: str, directed: bool, omega: float) -> None:
    slices = series(directed=directed)
    coupled = couple_slices(slices, omega)
    membership = np.random.default_rng(2).integers(0, 4, coupled.size).astype(np.int32)
    gamma = 0.7
    n = 40
    graphs = list(slices.values())
    codes = np.full((3, n), -1)
    for at, p in enumerate(coupled.prepared):
        codes[at, p.nodes] = membership[coupled.slice_span(at)]
    total = worth = 0.0
    for at, graph in enumerate(graphs):
        matrix = graph.without_loops().to_scipy().toarray()
        there = codes[at] >= 0
        same = (codes[at][:, None] == codes[at][None, :]) & there[:, None] & there[None, :]
        if quality == "modularity":
            null = np.outer(matrix.sum(1), matrix.sum(0)) / matrix.sum()
            worth += ((matrix - gamma * null) * same).sum()
        else:
            np.fill_diagonal(same, False)
            worth += ((matrix - gamma) * same).sum()
        total += matrix.sum()
    for at in range(2):
        both = (codes[at] >= 0) & (codes[at + 1] >= 0)
        total += 2 * omega * both.sum()
        worth += 2 * omega * (both & (codes[at] == codes[at + 1])).sum()
    expected = worth / total if quality == "modularity" else worth / (1 if directed else 2)
    found = evaluate_slices(coupled, membership, quality, (gamma,) * 3)
    assert found == pytest.approx(expected, rel=1e-12)


def test_quality_is_that_of_leidenalgs_own_layers() -> None:
    slices, omega = series(seed=3), 0.8
    coupled = couple_slices(slices, omega)
    membership = np.random.default_rng(5).integers(0, 4, coupled.size).astype(np.int32)
    graphs = []
    for p in coupled.prepared:
        g = igraph.Graph(
            n=p.size, edges=list(zip(p.source.tolist(), p.target.tolist(), strict=True))
        )
        g.vs["id"], g.es["weight"] = p.nodes.tolist(), p.weight.tolist()
        graphs.append(g)
    layers, between, _ = leidenalg.time_slices_to_layers(graphs, interslice_weight=omega)
    options = {"initial_membership": membership.tolist(), "weights": "weight"}
    theirs = (
        sum(leidenalg.RBConfigurationVertexPartition(g, **options).quality() for g in layers)
        + leidenalg.CPMVertexPartition(
            between, resolution_parameter=0, node_sizes="node_size", **options
        ).quality()
    )
    out_weight = sum(2 * sum(g.es["weight"]) for g in graphs) + 2 * omega * between.ecount()
    assert between.ecount() == coupled.before.size > 0
    found = evaluate_slices(coupled, membership, "modularity", (1.0,) * 3)
    assert found == pytest.approx(theirs / out_weight, rel=1e-12)


# the coupling ----------------------------------------------------------------------------


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("quality", ["modularity", "cpm"])
@pytest.mark.parametrize("omega", [0, 1e-9])
def test_hardly_coupled_slices_each_reach_their_own_best(
    quality: str, directed: bool, omega: float
) -> None:
    slices = series(directed=directed, n=20)
    tracks = leiden_slices(slices, interslice=omega, quality=quality, runs=30, rng=1)
    for graph, p in zip(slices.values(), tracks.partitions, strict=True):
        assert p.quality == partition_quality(graph, p, quality=quality, resolution=p.resolution)
        # the best of many independent runs on that slice alone
        alone = best_alone(graph, quality, p.resolution)
        assert p.quality == pytest.approx(alone, rel=0.02)
    assert tracks.n_tracks >= max(p.n_communities for p in tracks.partitions)
    if omega == 0:
        assert tracks.n_tracks == sum(p.n_communities for p in tracks.partitions)


def best_alone(graph: Graph, quality: str, resolution: float | None) -> float:
    g = graph.without_loops().to_igraph()
    kind = {
        "modularity": leidenalg.RBConfigurationVertexPartition,
        "cpm": leidenalg.CPMVertexPartition,
    }[quality]
    found = [
        leidenalg.find_partition(
            g, kind, weights="weight", resolution_parameter=resolution, n_iterations=-1, seed=seed
        )
        for seed in range(30)
    ]
    best = max(p.quality() for p in found)
    total = sum(g.es["weight"]) * (1 if quality == "modularity" else 0.5)
    out_weight = 1 if graph.directed else 2
    return best / (total * out_weight) if quality == "modularity" else best / out_weight


@pytest.mark.parametrize("omega", [1e3, 1e12, 1e300])
@pytest.mark.parametrize("quality", ["modularity", "cpm"])
def test_firmly_coupled_slices_have_the_same_communities(quality: str, omega: float) -> None:
    slices, group = planted()
    tracks = leiden_slices(slices, interslice=omega, quality=quality, runs=3, rng=1)
    first = tracks.partitions[0]
    for p, ids in zip(tracks.partitions, tracks.track_ids, strict=True):
        assert np.array_equal(p.membership, first.membership)
        assert ids.tolist() == list(range(first.n_communities))
    assert np.array_equal(first.membership, canonical_membership(group[0]))


def test_movers_are_seen_and_noise_is_not() -> None:
    slices, group = planted(moved=8)
    tracks = leiden_slices(slices, interslice=1, rng=1)
    found = np.stack(
        [ids[p.membership] for p, ids in zip(tracks.partitions, tracks.track_ids, strict=True)]
    )
    assert tracks.n_tracks == 3
    assert np.array_equal(canonical_membership(found.ravel()), canonical_membership(group.ravel()))


def test_more_coupling_never_means_more_changes() -> None:
    slices = series(n=60, seed=4)
    kept = []
    for omega in (0, 0.5, 2, 8, 100):
        tracks = leiden_slices(slices, interslice=omega, runs=5, rng=1)
        coupled = couple_slices(slices, omega)
        numbers = np.concatenate(
            [
                ids[p.membership[q.nodes]]
                for p, q, ids in zip(
                    tracks.partitions, coupled.prepared, tracks.track_ids, strict=True
                )
            ]
        )
        kept.append(int((numbers[coupled.before] == numbers[coupled.after]).sum()))
    assert kept[0] == 0
    assert kept[-1] == coupled.before.size
    assert kept == sorted(kept)


# what comes back -------------------------------------------------------------------------


def test_the_evidence_of_the_runs_is_kept() -> None:
    slices = series(seed=6)
    tracks = leiden_slices(slices, interslice=0.5, runs=4, rng=5)
    coupled = couple_slices(slices, 0.5)
    first = tracks.partitions[0]
    assert tracks.times == ("t0", "t1", "t2")
    assert first.runs is not None
    best = int(np.argmax(first.runs.qualities))
    numbers = []
    for p, q, ids, graph in zip(
        tracks.partitions, coupled.prepared, tracks.track_ids, slices.values(), strict=True
    ):
        assert p.runs is not None
        assert p.runs.memberships.shape == (4, graph.n_nodes)
        assert np.array_equal(p.runs.qualities, first.runs.qualities)
        assert np.array_equal(p.runs.memberships[best], p.membership)
        assert p.quality_function == "modularity"
        assert p.labels == (None,) * p.n_communities
        assert np.array_equal(np.flatnonzero(p.membership >= 0), q.nodes)
        numbers.append(ids[p.membership[q.nodes]])
    whole = evaluate_slices(coupled, np.concatenate(numbers), "modularity", (1.0,) * 3)
    assert whole == pytest.approx(first.runs.qualities.max(), rel=1e-12)
    record = tracks.provenance
    assert record.verb == "leiden_slices"
    assert record.seed == 5
    assert record.inputs == tuple(g.content_key for g in slices.values())
    assert record.parameters["best quality"] == first.runs.qualities.max()
    assert set(record.versions) == {"graphkit", "igraph", "leidenalg"}
    lost = {
        name: int((p.membership < 0).sum())
        for name, p in zip(slices, tracks.partitions, strict=True)
    }
    assert {n: record.removed[f"{n}: nodes without an edge"] for n in slices} == lost


def test_nodes_that_a_slice_does_not_know_are_as_those_without_an_edge() -> None:
    slices = series(seed=7)
    pruned = {
        name: graph.subgraph(graph.without_loops().degree() > 0) for name, graph in slices.items()
    }
    full, short = (leiden_slices(s, interslice=0.5, runs=2, rng=3) for s in (slices, pruned))
    for p, q in zip(full.partitions, short.partitions, strict=True):
        assert np.array_equal(p.membership[p.membership >= 0], q.membership)
    for a, b in zip(full.track_ids, short.track_ids, strict=True):
        assert np.array_equal(a, b)


def test_a_seed_decides_and_neither_rows_nor_units_do() -> None:
    slices = series(seed=8)
    mixed = {}
    for name, graph in slices.items():
        e = graph.edges().sample(fraction=1, shuffle=True, seed=3)
        mixed[name] = Graph.from_edges(
            e["target"], e["source"], e["weight"] * 2.0**-500, directed=False, nodes=range(40)
        )
    one, two = (leiden_slices(slices, interslice=0.5, runs=3, rng=2) for _ in range(2))
    other = leiden_slices(mixed, interslice=0.5 * 2.0**-500, runs=3, rng=2)
    for tracks in (two, other):
        for p, q in zip(one.partitions, tracks.partitions, strict=True):
            assert p.runs is not None
            assert q.runs is not None
            assert np.array_equal(p.runs.memberships, q.runs.memberships)
    assert one.content_key == two.content_key == other.content_key


def test_a_single_run_claims_no_agreement() -> None:
    tracks = leiden_slices(series(), runs=1, iterations=2, rng=1)
    assert all(np.isnan(p.stability) for p in tracks.partitions)


def test_progress_is_reported_and_stops_between_runs() -> None:
    seen: list[tuple[str, int, int]] = []
    with show_progress(lambda *step: seen.append(step)):
        leiden_slices(series(), runs=2, rng=1)
    assert seen == [("leiden_slices", done, 2) for done in range(3)]


# slices without edges --------------------------------------------------------------------

TRIANGLES = Graph.from_edges([1, 2, 3, 4, 5, 6], [2, 3, 1, 5, 6, 4], directed=False)
QUIET = {
    "no edges": Graph.from_edges([], [], directed=False, nodes=range(1, 7)),
    "no nodes": Graph.from_edges([], [], directed=False),
    "loops": Graph.from_edges([1, 2], [1, 2], directed=False, nodes=range(1, 7)),
    "weights of zero": Graph.from_edges([1], [2], [0.0], directed=False, nodes=range(1, 7)),
}


@pytest.mark.parametrize("quality", ["modularity", "cpm"])
@pytest.mark.parametrize("name", QUIET)
@pytest.mark.parametrize("at", range(4))
def test_a_slice_without_edges_stops_nothing(name: str, at: int, quality: str) -> None:
    quiet = QUIET[name]
    slices = {f"week {w}": quiet if w == at else TRIANGLES for w in range(4)}
    with pytest.warns(GraphkitWarning, match=f"no edge joins two nodes in 'week {at}'") as told:
        tracks = leiden_slices(slices, quality=quality, runs=2, rng=1)
    assert len(told) == 1
    for w, found in enumerate(tracks.partitions):
        wanted = [-1] * quiet.n_nodes if w == at else [0, 0, 0, 1, 1, 1]
        assert found.membership.tolist() == wanted
        assert np.isnan(found.quality) == (w == at)
    # communities do not last across it
    assert tracks.n_tracks == (2 if at in (0, 3) else 4)
    # the others are as they are without it
    rest = {w: graph for w, graph in slices.items() if graph is TRIANGLES}
    alone = leiden_slices(rest, quality=quality, runs=2, rng=1)
    qualities = [p.quality for p in tracks.partitions if not np.isnan(p.quality)]
    assert qualities == [p.quality for p in alone.partitions]


def test_only_quiet_slices_between_all_others() -> None:
    slices = {"a": TRIANGLES, "b": QUIET["loops"], "c": QUIET["no nodes"], "d": TRIANGLES}
    with pytest.warns(GraphkitWarning, match="in 'b', 'c': its nodes are unassigned"):
        tracks = leiden_slices(slices, runs=2, rng=1)
    assert [p.n_communities for p in tracks.partitions] == [2, 0, 0, 2]
    assert [ids.tolist() for ids in tracks.track_ids] == [[0, 1], [], [], [2, 3]]


@pytest.mark.parametrize("name", QUIET)
def test_too_few_slices_with_edges_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="none of the 2 slices has an edge"):
        leiden_slices({"a": QUIET[name], "b": QUIET["no edges"]})
    with pytest.raises(DataError, match=r"only the slice 'b' has an edge.*leiden"):
        leiden_slices({"a": QUIET[name], "b": TRIANGLES})


def test_slices_of_a_single_edge() -> None:
    pair = Graph.from_edges([1], [2], directed=False)
    tracks = leiden_slices({"a": pair, "b": pair}, runs=2, rng=1)
    assert [p.membership.tolist() for p in tracks.partitions] == [[0, 0], [0, 0]]


def test_disjoint_slices_beside_a_quiet_one_are_refused() -> None:
    other = Graph.from_edges([11, 12], [12, 13], directed=False)
    slices = {"a": TRIANGLES, "b": QUIET["no edges"], "c": other}
    with (
        pytest.warns(GraphkitWarning, match="no edge joins"),
        pytest.raises(DataError, match="'a' has ids such as 1, 2, 3; 'c' has ids such as 11"),
    ):
        leiden_slices(slices)


# refusals --------------------------------------------------------------------------------

LINE = Graph.from_edges("ab", "bc", directed=False)


@pytest.mark.parametrize(
    ("slices", "message"),
    [
        ({}, "leiden_slices: the mapping is empty: give at least one slice"),
        ({"may": LINE}, "there is one slice, 'may': give two or more"),
        ([LINE, LINE], "mapping of names to graphs, not a list"),
        ({"may": LINE, "june": None}, "the slice 'june' needs a graphkit Graph, .* NoneType"),
        ({"may": LINE, "june": Graph.from_edges("ab", "bc", directed=True)}, "undirected, 'june'"),
        (
            {"may": LINE, "june": Graph.from_edges("xy", "yz", directed=False)},
            "no node has an edge in two neighbouring slices.*'may' has ids such as 'a', 'b', 'c'",
        ),
        (
            {"may": LINE, "june": Graph.from_edges("a", "b", [-1], directed=False)},
            "slice 'june': the edge 'a' – 'b' has the weight -1",
        ),
    ],
)
def test_slices_that_cannot_be_meant_are_refused(slices: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        leiden_slices(slices)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interslice": -0.1}, "interslice=-0.1: a finite number from 0 on is needed"),
        ({"interslice": float("nan")}, "interslice=nan"),
        ({"interslice": float("inf")}, "interslice=inf"),
        ({"interslice": "1"}, "interslice='1'"),
        ({"interslice": True}, "interslice=True"),
        ({"quality": "modularty"}, "Did you mean 'modularity'"),
        ({"resolution": 0}, "resolution=0"),
        ({"runs": 0}, "runs=0"),
        ({"iterations": 0}, "iterations=0"),
        ({"rng": -1}, "rng=-1"),
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        leiden_slices({"may": LINE, "june": LINE}, **options)


def test_a_break_in_the_series_is_told() -> None:
    away = Graph.from_edges("xy", "yz", directed=False)
    with pytest.warns(GraphkitWarning, match="both in 'june' and in 'july'"):
        tracks = leiden_slices({"may": LINE, "june": LINE, "july": away}, rng=1)
    assert not set(tracks.track_ids[2]) & set(tracks.track_ids[1])

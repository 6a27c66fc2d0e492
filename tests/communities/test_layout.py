"""Layouts of communities: discs, nodes and ties, and the meta-graph."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist, squareform

import graphkit as gk
from graphkit.communities import Layout, layout, meta_graph
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, OptionError
from graphkit.measures import mixing


def planted(n: int = 360, groups: int = 6, seed: int = 0) -> tuple[Graph, Partition]:
    """A graph of whole weights with communities of different sizes, and a ring of them."""
    rng = np.random.default_rng(seed)
    chances = np.arange(1, groups + 1) / (groups * (groups + 1) / 2)
    place = np.sort(rng.choice(groups, n, p=chances))
    a, b = rng.integers(0, n, (2, 40 * n))
    step = (place[a] - place[b]) % groups
    chance = np.where(step == 0, 0.5, np.where((step == 1) | (step == groups - 1), 0.08, 0.01))
    kept = rng.random(a.size) < chance
    weight = rng.integers(1, 5, kept.sum())
    graph = Graph.from_edges(a[kept], b[kept], weight, directed=False, nodes=range(n))
    return graph, Partition.from_membership(range(n), place)


def gaps(found: Layout) -> np.ndarray:
    """Distances between the edges of the discs of each pair."""
    frame = found.frame
    radius = frame["radius"].to_numpy()
    return pdist(frame.select("x", "y").to_numpy()) - pdist(
        radius[:, None], lambda a, b: a[0] + b[0]
    )


def test_meta_graph_holds_what_mixing_counts() -> None:
    graph, partition = planted()
    meta, found = meta_graph(graph, partition), mixing(graph, partition)
    matrix = meta.to_scipy().toarray()
    assert np.array_equal(matrix, found.observed - np.diag(np.diag(found.observed)))
    assert meta.attributes is not None
    assert np.array_equal(meta.attributes["inside"].to_numpy() * 2, np.diag(found.observed))
    assert meta.attributes["size"].to_list() == partition.sizes.tolist()
    assert meta.provenance.removed == {"self-loops": graph.n_loops}
    directed = Graph.from_edges("aaxb", "bxaa", [1, 2, 4, 8], directed=True)
    meta = meta_graph(directed, Partition.from_membership({"a": "p", "b": "p", "x": "q"}))
    assert meta.directed
    assert meta.edges().rows() == [(0, 1, 2.0), (1, 0, 4.0)]
    assert meta.attributes is not None
    assert meta.attributes.rows() == [(0, "p", 2, 9.0), (1, "q", 1, 0.0)]
    some = meta_graph(directed, Partition.from_membership({"a": 0, "b": 1, "elsewhere": 1}))
    assert some.provenance.removed == {"edges with an endpoint in no community": 2}
    assert some.attributes is not None
    assert some.attributes["size"].to_list() == [1, 1]


def four_pairs() -> tuple[Graph, Partition]:
    """Four communities of two; weights 3 between 0 and 1 and between 2 and 3, else 1."""
    rows = [("a1", "b1", 3), ("c1", "d1", 3), ("a1", "c1", 1), ("a2", "d1", 1), ("b1", "c2", 1)]
    rows += [("b2", "d2", 1)] + [(f"{c}1", f"{c}2", 9) for c in "abcd"]
    source, target, weight = zip(*rows, strict=True)
    graph = Graph.from_edges(source, target, weight, directed=False)
    return graph, Partition.from_membership({i: i[0] for i in graph.vocabulary})


def test_expected_weights_are_those_of_quasi_independence() -> None:
    graph, partition = four_pairs()
    found = layout(graph, partition, min_group_size=2, rng=1)
    # each has 5 to three others: 5/3 each
    assert found.ties["weight"].to_list() == [3, 3, 1, 1, 1, 1]
    np.testing.assert_allclose(found.ties["expected"], 5 / 3)
    np.testing.assert_allclose(found.ties["ratio"], [1.8, 1.8] + [0.6] * 4)
    assert found.ties.select("source", "target").rows()[:2] == [(0, 1), (2, 3)]
    # the nearer, the higher the ratio
    far = squareform(pdist(found.frame.select("x", "y").to_numpy()))
    assert max(far[0, 1], far[2, 3]) < far[:2, 2:].min()
    graph, partition = planted()
    ties = layout(graph, partition, rng=1).ties
    both = pl.concat(
        [ties, ties.rename({"source": "target", "target": "source"}).select(ties.columns)]
    )
    sums = both.group_by("source").agg(pl.col("weight", "expected").sum())
    np.testing.assert_allclose(sums["weight"], sums["expected"], rtol=1e-6)


def test_discs_are_apart_and_as_large_as_their_members() -> None:
    graph, partition = planted()
    found = layout(graph, partition, rng=1)
    assert found.frame.height == partition.n_communities == 6
    assert found.frame["size"].to_list() == partition.sizes.tolist()
    np.testing.assert_allclose(
        found.frame["radius"] ** 2 / found.frame["size"], 1 / np.pi / 0.93**2
    )
    assert gaps(found).min() > 0.2 * found.frame["radius"].mean()
    centres = found.frame.select("x", "y").to_numpy()[found.area]
    away = np.hypot(*(found.positions - centres).T)
    assert (away < 0.97 * found.frame["radius"].to_numpy()[found.area]).all()
    nearest = cKDTree(found.positions).query(found.positions, k=2)[0][:, 1]
    assert nearest.min() > 0.58  # the width of a dot
    assert "discs" in repr(found)
    assert found == layout(graph, partition, rng=1)
    assert hash(found.content_key) == hash(layout(graph, partition, rng=1).content_key)


def test_nodes_with_most_weight_inside_are_in_the_middle_and_others_face_their_ties() -> None:
    graph, partition = planted()
    found = layout(graph, partition, rng=1)
    source, target, weight = graph.edge_arrays()
    place = partition.membership
    inside = (place[source] == place[target]) & (source != target)
    own = np.bincount(source[inside], weight[inside], graph.n_nodes)
    own += np.bincount(target[inside], weight[inside], graph.n_nodes)
    centres = found.frame.select("x", "y").to_numpy()
    away = np.hypot(*(found.positions - centres[found.area]).T)
    for code in range(3):
        members = np.flatnonzero(found.area == code)
        order = members[np.argsort(away[members])]
        assert own[order[0]] == own[members].max()
        assert own[order[-1]] <= np.median(own[members])
    # the cosine of the place of a node in its disc and of the mean direction to its neighbours in
    # others; all nodes of a ring cannot face one way
    across = (place[source] != place[target]) & (source != target)
    a, b = np.r_[source[across], target[across]], np.r_[target[across], source[across]]
    lead = centres[found.area[b]] - centres[found.area[a]]
    lead *= (np.r_[weight[across], weight[across]] / np.hypot(*lead.T))[:, None]
    lead = np.column_stack([np.bincount(a, part, graph.n_nodes) for part in lead.T])
    way = found.positions - centres[found.area]
    cosine = (way * lead).sum(axis=1) / np.maximum(np.hypot(*way.T) * np.hypot(*lead.T), 1e-9)
    assert cosine.mean() > 0.3


def test_layout_does_not_depend_on_rows_or_names() -> None:
    graph, partition = planted()
    found = layout(graph, partition, rng=1)
    rows = graph.edges().rows()
    random.Random(4).shuffle(rows)
    target, source, weight = zip(*rows, strict=True)
    shuffled = Graph.from_edges(source, target, weight, directed=False, nodes=range(graph.n_nodes))
    again = layout(shuffled, partition, rng=1)
    assert again.positions.tobytes() == found.positions.tobytes()
    # other names, in another order, of nodes and of communities
    new = np.random.default_rng(5).permutation(graph.n_nodes)
    names = [f"n{k:04}" for k in new]
    renamed = Graph.from_edges(
        [names[i] for i in source], [names[i] for i in target], weight, directed=False, nodes=names
    )
    other = Partition.from_membership(names, [f"g{9 - c}" for c in partition.membership])
    moved = layout(renamed, other, rng=1)
    codes = renamed.vocabulary.encode(names)
    np.testing.assert_allclose(moved.positions[codes], found.positions, atol=1e-6)
    assert not np.allclose(layout(graph, partition, rng=2).positions, found.positions)


def test_small_communities_share_a_disc_and_nothing_is_lost() -> None:
    sizes = [12, 11, 3, 2, 1]
    place = np.repeat([0, 1, 2, 3, 4, -1], [*sizes, 4])
    n = place.size
    graph = Graph.from_edges(range(n - 1), range(1, n), directed=False, nodes=range(n))
    partition = Partition.from_membership([*range(n), 77], [*place, 0])
    found = layout(graph, partition, rng=1)
    assert found.frame.select("community", "label", "communities", "size").rows() == [
        (0, "community 0", 1, 12),
        (1, "community 1", 1, 11),
        (None, "other", 3, 6),
    ]
    assert dict(found.provenance.removed) == {
        "nodes without a community": 4,
        "communities below min_group_size": 3,
        "nodes of these communities": 6,
        "members that are no nodes of the graph": 1,
    }
    assert np.bincount(found.area + 1).tolist() == [4, 12, 11, 6]
    # those without a community lie below
    bottom = (found.frame["y"] - found.frame["radius"]).min()
    assert found.positions[found.area < 0, 1].max() < bottom
    assert np.isfinite(found.positions).all()
    assert layout(graph, partition, min_group_size=1, rng=1).frame.height == 5


def test_more_communities_than_discs(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(sys.modules["graphkit.communities.layout"], "MOST_AREAS", 3)
    place = np.repeat(np.arange(5), [4, 3, 3, 3, 2])
    graph = Graph.from_edges(range(14), range(1, 15), directed=False)
    found = layout(graph, Partition.from_membership(range(15), place), min_group_size=3, rng=1)
    assert found.frame["community"].to_list() == [0, 1, 2, None]
    assert found.frame["size"].to_list() == [4, 3, 3, 5]
    assert found.provenance.removed["communities beyond the 3 largest"] == 1
    assert found.provenance.removed["communities below min_group_size"] == 1


def test_graphs_of_one_community_one_node_and_no_edges() -> None:
    one = Graph.from_edges([], [], directed=False, nodes=["a"])
    found = layout(one, Partition.from_membership(["a"], [0]), rng=1)
    assert found.positions.tolist() == [[0.0, 0.0]]
    assert found.frame["label"].to_list() == ["other"]
    whole = Graph.from_edges(range(19), range(1, 20), directed=True)
    found = layout(whole, Partition.from_membership(range(20), [0] * 20), rng=1)
    assert found.frame.select("size", "x", "y").rows() == [(20, 0.0, 0.0)]
    assert not found.ties.height
    # no edges at all, and two halves that no edge joins
    bare = Graph.from_edges([], [], directed=False, nodes=range(60))
    halves = Graph.from_edges([0, 1, 30, 31], [1, 2, 31, 32], directed=False, nodes=range(60))
    for graph in (bare, halves):
        found = layout(
            graph, Partition.from_membership(range(60), [k // 15 for k in range(60)]), rng=1
        )
        assert not found.ties.height
        assert gaps(found).min() > 0
        # nor are the discs far from each other
        assert gaps(found).max() < 10 * found.frame["radius"].max()


def test_a_star_of_communities_has_finite_expectations() -> None:
    # the hub has all ties: no other expectation is possible
    leaves = 5
    graph = Graph.from_edges(
        [0] * leaves, range(1, leaves + 1), range(1, leaves + 1), directed=False
    )
    found = layout(graph, Partition.from_membership(range(6), range(6)), min_group_size=1, rng=1)
    np.testing.assert_allclose(found.ties["ratio"], 1, atol=1e-3)
    assert gaps(found).min() > 0


def test_communities_that_no_tie_joins_are_near_the_others() -> None:
    graph, partition = planted()
    source, target, weight = graph.edge_arrays()
    n = graph.n_nodes
    more = np.arange(12)
    far = Graph.from_edges(
        np.r_[source, n + more],
        np.r_[target, n + (more + 1) % 12],
        np.r_[weight, np.ones(12)],
        directed=False,
    )
    place = np.r_[partition.membership, np.full(12, partition.n_communities)]
    found = layout(far, Partition.from_membership(range(n + 12), place), rng=1)
    alone = found.frame.height - 1
    assert alone not in (*found.ties["source"], *found.ties["target"])
    x, y, r = found.frame.select("x", "y", "radius").to_numpy().T
    middle = np.array([x[:alone].mean(), y[:alone].mean()])
    around = (np.hypot(x[:alone] - middle[0], y[:alone] - middle[1]) + r[:alone]).max()
    away = np.hypot(x[alone] - middle[0], y[alone] - middle[1]) - r[alone] - around
    assert away == pytest.approx(0.25 * r.mean())
    assert gaps(found).min() > 0


def test_direction_and_scale_of_weights_do_not_matter() -> None:
    graph, partition = planted(120, 4)
    found = layout(graph, partition, min_group_size=2, rng=1)
    source, target, weight = graph.edge_arrays()
    for factor, directed in ((1.0, True), (2.0**900, False), (2.0**-900, False)):
        other = Graph.from_edges(
            target, source, weight * factor, directed=directed, nodes=range(graph.n_nodes)
        )
        moved = layout(other, partition, min_group_size=2, rng=1)
        frame = moved.frame.select("x", "y").to_numpy()
        np.testing.assert_allclose(frame, found.frame.select("x", "y").to_numpy(), atol=1e-5)


def test_what_cannot_be_laid_out_is_refused() -> None:
    graph = Graph.from_edges(["a"], ["b"], [-1.0], directed=False)
    partition = Partition.from_membership({"a": 0, "b": 0})
    with pytest.raises(DataError, match="weight -1"):
        layout(graph, partition)
    plain = Graph.from_edges(["a"], ["b"], directed=False)
    with pytest.raises(DataError, match="no node of the graph is in a community"):
        layout(plain, Partition.from_membership(["a", "b"], [-1, -1]))
    with pytest.raises(DataError, match="no node of the graph is in a community"):
        meta_graph(plain, Partition.from_membership([1, 2], [0, 0]))
    with pytest.raises(OptionError, match="min_group_size=0"):
        layout(plain, partition, min_group_size=0)
    with pytest.raises(DataError, match="needs a graphkit Partition"):
        meta_graph(plain, [0, 0])  # type: ignore[arg-type]


def test_positions_are_those_that_a_file_takes(tmp_path) -> None:  # type: ignore[no-untyped-def]
    graph, partition = planted(60, 3)
    found = layout(graph, partition, rng=1)
    gk.readwrite.write_gexf(
        graph, tmp_path / "g.gexf", partition=partition, positions=found.positions
    )
    text = (tmp_path / "g.gexf").read_text()
    assert text.count("<viz:position") == 60
    assert f'x="{found.positions[7, 0]}"' in text
    gk.readwrite.write_gexf(graph, tmp_path / "h.gexf", partition=partition, positions=found)
    assert (tmp_path / "h.gexf").read_text() == text
    # a layout of other nodes places those that it holds
    more = Graph.from_edges([graph.vocabulary.ids[7]], ["one more"], directed=False)
    gk.readwrite.write_gexf(more, tmp_path / "m.gexf", positions=found)
    placed = (tmp_path / "m.gexf").read_text()
    assert placed.count("<viz:position") == 1
    assert f'x="{found.positions[7, 0]}"' in placed


def test_global_generators_do_not_move() -> None:
    graph, partition = planted(60, 3)
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    layout(graph, partition, rng=1)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002

"""Controversy and leaning against dense algebra, walks, networkx, and plain loops."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.impressions import Impressions
from graphkit.data.partition import Partition
from graphkit.errors import DataError, GraphkitWarning, OptionError
from graphkit.measures import controversy, exposed_leaning, neighbours_leaning

TRIANGLES = [("a", "b"), ("a", "c"), ("b", "c"), ("c", "d"), ("d", "e"), ("d", "f"), ("e", "f")]


def graph_of(edges: list[tuple[Any, ...]], directed: bool = False) -> Graph:
    sources, targets, *weights = zip(*edges, strict=True)
    return Graph.from_edges(sources, targets, *weights, directed=directed)


def random_sides(seed: int, n: int, inside: float, across: float) -> tuple[Graph, Partition]:
    draws = np.random.default_rng(seed)
    side = np.arange(n) % 2
    edges = [
        (f"n{i:03}", f"n{j:03}", 1 + draws.integers(3))
        for i, j in itertools.combinations(range(n), 2)
        if draws.random() < (inside if side[i] == side[j] else across)
    ]
    graph = graph_of(edges)
    labels = [f"s{int(node[1:]) % 2}" for node in graph.vocabulary.ids.tolist()]
    return graph, Partition.from_membership(graph.vocabulary, labels)


def dense_rwc(graph: Graph, side: np.ndarray, hubs: int) -> tuple[float, ...]:
    """RWC by the fundamental matrix of the absorbing chain, N = (I − Q)⁻¹."""
    a = graph.to_undirected().to_scipy().toarray()
    np.fill_diagonal(a, 0)
    degree = (a > 0).sum(axis=1)
    order = sorted(range(len(side)), key=lambda i: (-degree[i], i))
    ends = {s: [i for i in order if side[i] == s][:hubs] for s in (0, 1)}
    walks = [i for i in range(len(side)) if i not in ends[0] + ends[1]]
    p = a / a.sum(axis=1, keepdims=True)
    n = np.linalg.inv(np.eye(len(walks)) - p[np.ix_(walks, walks)])
    reach = {
        s: dict(zip(walks, n @ p[np.ix_(walks, ends[s])].sum(axis=1), strict=True)) for s in (0, 1)
    }
    to = {
        (s, t): np.mean([reach[t][i] for i in walks if side[i] == s])
        for s in (0, 1)
        for t in (0, 1)
    }  # start, end
    p_xx, p_yy = to[0, 0] / (to[0, 0] + to[1, 0]), to[1, 1] / (to[1, 1] + to[0, 1])
    return p_xx * p_yy - (1 - p_xx) * (1 - p_yy), p_xx, p_yy


# controversy ------------------------------------------------------------------------------


def test_a_path_by_hand() -> None:
    """x1 – x2 – y2 – y1 with the ends as hubs: a walk from x2 ends at x1 in 2 of 3 cases."""
    edges = [("x1", "x2"), ("x2", "y2"), ("y2", "y1")]
    edges += [("x1", "x3"), ("x1", "x4"), ("y1", "y3"), ("y1", "y4")]  # leaves return at once
    graph = graph_of(edges)
    sides = Partition.from_membership({n: n[0] for n in graph.vocabulary.ids.tolist()})
    row = controversy(graph, sides, hubs=1).frame.row(0, named=True)
    stay = (2 / 3 + 1 + 1) / 3
    assert row["p_xx"] == row["p_yy"] == pytest.approx(stay, abs=1e-9)
    assert row["p_yx"] == row["p_xy"] == pytest.approx(1 - stay, abs=1e-9)
    assert row["rwc"] == pytest.approx(stay**2 - (1 - stay) ** 2, abs=1e-9)
    assert (row["starts"], row["stuck"]) == (6, 0)


def test_sides_without_an_edge_between_them_score_one() -> None:
    graph = graph_of([e for e in TRIANGLES if e != ("c", "d")])
    sides = Partition.from_membership({n: int(n > "c") for n in "abcdef"})
    assert controversy(graph, sides, hubs=1).frame["rwc"].to_list() == [1.0]


def test_walks_that_always_end_on_the_other_side_score_minus_one() -> None:
    """A bipartite double star: leaves of a hub belong to the other side."""
    edges = [("X", f"y{i}") for i in range(3)] + [("Y", f"x{i}") for i in range(3)]
    sides = Partition.from_membership(
        {n: n[0].lower() for n in ["X", "Y", *(f"{s}{i}" for s in "xy" for i in range(3))]}
    )
    assert controversy(graph_of(edges), sides, hubs=1).frame["rwc"].to_list() == [-1.0]


@pytest.mark.parametrize("hubs", [1, 3, 6])
@pytest.mark.parametrize("across", [0.02, 0.1, 0.3])
def test_controversy_against_dense_algebra(across: float, hubs: int) -> None:
    graph, sides = random_sides(5, 60, 0.3, across)
    row = controversy(graph, sides, hubs=hubs).frame.row(0, named=True)
    expected = dense_rwc(graph, sides.membership, hubs)
    assert (row["rwc"], row["p_xx"], row["p_yy"]) == pytest.approx(expected, abs=1e-8)


def test_controversy_against_walks() -> None:
    graph, sides = random_sides(8, 40, 0.25, 0.08)
    draws, hubs = np.random.default_rng(2), 2
    a = graph.to_scipy().toarray()
    degree, side = (a > 0).sum(axis=1), sides.membership
    order = np.lexsort((np.arange(side.size), -degree))
    ends = {int(i) for s in (0, 1) for i in order[side[order] == s][:hubs]}
    steps = [(np.flatnonzero(row), np.cumsum(row[row > 0]) / row.sum()) for row in a]
    count = np.zeros((2, 2))
    for start in (0, 1):
        starts = [i for i in np.flatnonzero(side == start).tolist() if i not in ends]
        for _ in range(1_500):
            at = starts[draws.integers(len(starts))]
            while at not in ends:
                to, chance = steps[at]
                at = int(to[np.searchsorted(chance, draws.random(), side="right")])
            count[start, side[at]] += 1
    p = count / count.sum(axis=0)
    expected = p[0, 0] * p[1, 1] - p[1, 0] * p[0, 1]
    found = controversy(graph, sides, hubs=hubs).frame["rwc"][0]
    assert found == pytest.approx(expected, abs=0.05)


def test_a_random_partition_has_no_controversy_and_a_planted_one_has() -> None:
    graph, sides = random_sides(3, 200, 0.15, 0.01)
    assert controversy(graph, sides).frame["rwc"][0] > 0.5
    values = []
    for seed in range(6):
        mixed = np.random.default_rng(seed).permutation(sides.membership)
        values.append(
            controversy(graph, Partition.from_membership(graph.vocabulary, mixed)).frame["rwc"][0]
        )
    assert abs(np.mean(values)) < 0.05


def test_karate_is_divided() -> None:
    """Zachary's club: the two leaders and those of highest degree as hubs."""
    club = nx.karate_club_graph()
    graph = Graph.from_networkx(club, weight=None)
    labels = {node: club.nodes[node]["club"] for node in club}
    sides = Partition.from_membership(graph.vocabulary, labels)
    found = controversy(graph, sides, hubs=2).frame.row(0, named=True)
    expected = dense_rwc(graph, sides.membership, 2)
    assert found["rwc"] == pytest.approx(expected[0], abs=1e-8)
    assert found["rwc"] > 0.3


def test_many_communities_in_pairs_and_against_the_rest() -> None:
    graph, _ = random_sides(4, 90, 0.2, 0.2)
    ids = graph.vocabulary.ids.tolist()
    three = Partition.from_membership(graph.vocabulary, [f"c{i % 3}" for i in range(len(ids))])
    pairs = controversy(graph, three, hubs=3)
    assert pairs.frame.select("community", "other").rows() == [
        ("c0", "c1"), ("c0", "c2"), ("c1", "c2"),
    ]  # fmt: skip
    # a pair is in the graph of the two alone
    kept = three.membership != 2
    alone = graph.subgraph(kept)
    two = Partition.from_membership(
        alone.vocabulary, [f"c{i % 3}" for i in range(90) if i % 3 != 2]
    )
    assert controversy(alone, two, hubs=3).frame["rwc"][0] == pairs.frame["rwc"][0]
    rest = controversy(graph, three, hubs=3, against="rest").frame
    assert rest["other"].to_list() == [None] * 3
    first = dense_rwc(graph, (three.membership != 0).astype(int), 3)
    assert rest["rwc"][0] == pytest.approx(first[0], abs=1e-8)


def test_nodes_that_reach_no_hub_or_no_community_are_counted() -> None:
    graph = graph_of([*TRIANGLES, ("p", "q"), ("c", "z")])
    labels = {n: None if n == "z" else int(n > "c") for n in graph.vocabulary.ids.tolist()}
    sides = Partition.from_membership(graph.vocabulary, labels)
    found = controversy(graph, sides, hubs=1)
    assert (found.frame["starts"][0], found.frame["stuck"][0], found.n_excluded) == (6, 2, 1)
    assert found.frame["rwc"][0] == 1
    # a side that is all hubs has no start
    assert controversy(graph, sides, hubs=3).frame["rwc"][0] is None
    assert "nodes without a community" in repr(found)


def test_edges_of_a_directed_graph_are_walked_both_ways() -> None:
    sides = Partition.from_membership({n: int(n > "c") for n in "abcdef"})
    both = controversy(graph_of(TRIANGLES), sides, hubs=1)
    one_way = controversy(graph_of([*TRIANGLES, ("a", "a")], directed=True), sides, hubs=1)
    assert one_way.frame.equals(both.frame)


def test_long_chains_are_solved() -> None:
    """A ladder of 3,000 rungs, on which conjugate gradients take long."""
    names = [f"{s}{i:04}" for s in "xy" for i in range(3_000)]
    edges = [(a, b) for a, b in itertools.pairwise(names[:3_000])]
    edges += [(a, b) for a, b in itertools.pairwise(names[3_000:])] + [("x0000", "y0000")]
    edges += [("x2999", f"x9{i:03}") for i in range(3)] + [("y2999", f"y9{i:03}") for i in range(3)]
    graph = graph_of(edges)
    sides = Partition.from_membership({n: n[0] for n in graph.vocabulary.ids.tolist()})
    row = controversy(graph, sides, hubs=1).frame.row(0, named=True)
    # from step d of 5,999 between the hubs, a walk ends at the other with chance d / 5,999
    away = sum(d / 5_999 for d in range(1, 3_000)) / 3_002
    assert row["p_xy"] == pytest.approx(away, abs=1e-6)


def test_controversy_of_what_does_not_fit_is_refused() -> None:
    graph = graph_of(TRIANGLES)
    sides = Partition.from_membership({n: int(n > "c") for n in "abcdef"})
    with pytest.raises(OptionError, match="hubs=0"):
        controversy(graph, sides, hubs=0)
    with pytest.raises(OptionError, match=r"against='other' is unknown"):
        controversy(graph, sides, against="other")
    with pytest.raises(DataError, match="not over the nodes"):
        controversy(graph, Partition.from_membership({"a": 0, "b": 1}))
    with pytest.raises(DataError, match="1 communities"):
        controversy(graph, Partition.from_membership(dict.fromkeys("abcdef", 0)))
    signed = graph_of([(*e, -1.0) for e in TRIANGLES])
    with pytest.raises(DataError, match="a weight is -1"):
        controversy(signed, sides)
    ring = graph_of([(f"{i:03}", f"{(i + 1) % 101:03}") for i in range(101)])
    with pytest.raises(DataError, match="5,050 pairs"):
        controversy(ring, Partition.from_membership(ring.vocabulary, range(101)))


# leaning of neighbours --------------------------------------------------------------------


def test_neighbours_leaning_against_a_loop() -> None:
    graph, _ = random_sides(6, 50, 0.15, 0.05)
    draws = np.random.default_rng(1)
    leaning = draws.uniform(-1, 1, graph.n_nodes)
    leaning[::7] = np.nan
    found = neighbours_leaning(graph, leaning, draws=19, rng=1)
    a = graph.to_scipy().toarray() > 0
    pairs = []
    for i in range(graph.n_nodes):
        others = [leaning[j] for j in np.flatnonzero(a[i]) if not np.isnan(leaning[j])]
        if others and not np.isnan(leaning[i]):
            pairs.append((leaning[i], np.mean(others)))
    assert found.n == len(pairs) == found.frame.height
    assert found.correlation == pytest.approx(np.corrcoef(np.array(pairs).T)[0, 1])
    assert found.frame["neighbours_leaning"].to_numpy() == pytest.approx([m for _, m in pairs])
    missing = found.removed["nodes without a leaning"]
    assert missing == np.isnan(leaning).sum()
    assert found.n + sum(found.removed.values()) == graph.n_nodes


def test_echo_chambers_are_beyond_the_null_and_mixed_leanings_are_not() -> None:
    graph, sides = random_sides(9, 120, 0.15, 0.02)
    draws = np.random.default_rng(4)
    chambers = np.clip(
        np.where(sides.membership == 0, 0.6, -0.6) + draws.normal(0, 0.2, 120), -1, 1
    )
    found = neighbours_leaning(graph, chambers, rng=1)
    assert found.correlation > 0.8 > 0.4 > found.high
    assert found.p == 0.001
    p = [
        neighbours_leaning(graph, draws.permutation(chambers), draws=99, rng=seed).p
        for seed in range(20)
    ]
    assert 0.3 < np.mean(p) < 0.7
    again = neighbours_leaning(graph, chambers, rng=1)
    assert again == found
    assert neighbours_leaning(graph, chambers, rng=2) != found


def test_neighbours_of_a_directed_graph_are_targets() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("d", "d")]
    graph = graph_of(edges, directed=True)
    found = neighbours_leaning(graph, [1.0, 0.5, -1.0, 0.0], draws=19, rng=1)
    assert found.frame.rows() == [
        ("a", 1.0, 1, 0.5),
        ("b", 0.5, 1, -1.0),
        ("c", -1.0, 1, 1.0),
        ("d", 0.0, 1, 1.0),
    ]


def test_leanings_without_variation_have_no_correlation() -> None:
    found = neighbours_leaning(graph_of(TRIANGLES), [0.5] * 6, rng=1)
    assert np.isnan([found.correlation, found.p, found.low, found.high]).all()
    assert "correlation" in repr(found)


@pytest.mark.parametrize(
    "leaning",
    [[0.5] * 5, [2.0] + [0.0] * 5, ["left"] * 6, [[0.0] * 6], None, [1j] * 6, [np.inf] * 6],
)
def test_impossible_leanings_are_refused(leaning: Any) -> None:
    with pytest.raises(DataError, match="leaning: 6 numbers from −1 to 1"):
        neighbours_leaning(graph_of(TRIANGLES), leaning, rng=1)


def test_too_few_leanings_are_refused() -> None:
    with pytest.raises(DataError, match="2 nodes have a leaning and a neighbour"):
        neighbours_leaning(graph_of(TRIANGLES), [0.1, 0.2, None, None, None, None], rng=1)
    with pytest.raises(OptionError, match="draws=3"):
        neighbours_leaning(graph_of(TRIANGLES), [0.1] * 6, draws=3)


# leaning of what is shown -----------------------------------------------------------------


def test_exposed_leaning_against_a_loop() -> None:
    draws = np.random.default_rng(2)
    n, m, k = 12, 20, 200
    log = {
        "account_id": [f"a{i:02}" for i in draws.integers(0, n, k)],
        "item_id": [f"v{i:02}" for i in draws.integers(0, m, k)],
    }
    shown = Impressions.from_dataset(Dataset(impressions=log))
    own = draws.uniform(-1, 1, len(shown.accounts)).round(1)
    own[:3] = [np.nan, 0.0, 0.1]
    of_item = draws.uniform(-1, 1, len(shown.items)).round(1)
    of_item[:4] = np.nan
    found = exposed_leaning(shown, own, of_item, neutral=0.2)
    items = dict(zip(shown.items.ids.tolist(), of_item, strict=True))
    pairs = set(zip(log["account_id"], log["item_id"], strict=True))
    assert found.removed["repeated impressions of an item to an account"] == k - len(pairs)
    for row in found.frame.iter_rows(named=True):
        seen = [items[i] for a, i in pairs if a == row["account_id"] and not np.isnan(items[i])]
        assert row["items"] == len(seen)
        assert row["mean_leaning"] == pytest.approx(np.mean(seen))
        mine = row["leaning"]
        if mine is None or abs(mine) <= 0.2:
            assert row["like_minded"] is row["cross_cutting"] is None
        else:
            assert row["like_minded"] == pytest.approx(
                np.mean([x * np.sign(mine) > 0.2 for x in seen])
            )
            assert row["cross_cutting"] == pytest.approx(
                np.mean([x * np.sign(mine) < -0.2 for x in seen])
            )
            assert row["like_minded"] + row["cross_cutting"] + row["neutral"] == pytest.approx(1)
    sideless = found.frame.filter(pl.col("like_minded").is_null()).height
    assert found.removed["accounts without a side (from like-minded and cross-cutting)"] == sideless
    assert "like_minded, median account" in repr(found)


def test_exposed_leaning_of_what_does_not_fit_is_refused() -> None:
    shown = Impressions.from_dataset(Dataset(impressions={"account_id": ["a"], "item_id": ["v"]}))
    with pytest.raises(DataError, match="item_leaning: 1 numbers"):
        exposed_leaning(shown, [0.1], [0.1, 0.2])
    with pytest.raises(OptionError, match="neutral=1"):
        exposed_leaning(shown, [0.1], [0.1], neutral=1)
    with pytest.raises(DataError, match=r"Impressions\.from_dataset"):
        exposed_leaning(Dataset(impressions={"account_id": ["a"], "item_id": ["v"]}), [0.1], [0.1])  # type: ignore[arg-type]
    assert exposed_leaning(shown, [0.1], [None]).frame.height == 0


# public data ------------------------------------------------------------------------------


@pytest.mark.real_data
def test_friends_of_listeners_are_divided_by_their_communities(shared_data: Path) -> None:
    """Friendships of Last.fm: communities found in them score above shuffled ones."""
    lastfm, _ = gk.readwrite.read_hetrec_lastfm(shared_data / "hetrec2011_lastfm_2k")
    friends = gk.follow_graph(lastfm).to_undirected().largest_component()
    found = gk.leiden(friends, runs=1, rng=1)
    scores = controversy(friends, found, against="rest").frame.drop_nulls("rwc")
    draws = np.random.default_rng(1)
    mixed = Partition.from_membership(friends.vocabulary, draws.permutation(found.membership))
    shuffled = controversy(friends, mixed, against="rest").frame.drop_nulls("rwc")
    assert scores["rwc"].median() > 0.3 > 0.1 > shuffled["rwc"].median()  # type: ignore[operator]


def test_edges_of_weight_zero_are_no_edges() -> None:
    edges = [("a", "b", 1.0), ("b", "c", 1.0), ("c", "d", 1.0), ("d", "e", 1.0), ("e", "f", 1.0)]
    nothing = [("z", "a", 0.0), ("z", "f", 0.0), ("b", "e", 0.0), ("b", "f", 0.0)]
    found = []
    for rows in (edges, edges + nothing):
        source, target, weight = zip(*rows, strict=True)
        graph = Graph.from_edges(source, target, weight, directed=False, nodes="abcdefz")
        sides = Partition.from_membership({n: int(n > "c") for n in "abcdefz"}, graph=graph)
        found.append(controversy(graph, sides, hubs=1).frame)
    assert found[0].equals(found[1])
    assert found[0].item(0, "stuck") == 1


# leanings by id ---------------------------------------------------------------------------


def test_leanings_by_id_do_not_depend_on_their_order() -> None:
    graph = graph_of(TRIANGLES)
    nodes = graph.vocabulary.ids.tolist()
    leaning = dict(zip(nodes, [-1.0, -0.5, -1.0, 1.0, 0.5, 1.0], strict=True))
    expected = neighbours_leaning(graph, list(leaning.values()), rng=1)
    backwards = dict(reversed(leaning.items()))
    found = neighbours_leaning(graph, backwards, rng=1)
    assert found.frame.equals(expected.frame)
    assert found.correlation == expected.correlation
    pd = pytest.importorskip("pandas")
    series = neighbours_leaning(graph, pd.Series(backwards), rng=1)
    assert series.frame.equals(expected.frame)
    # the numbers of rows are no ids
    rows = neighbours_leaning(graph, pd.Series(list(leaning.values())), rng=1)
    assert rows.frame.equals(expected.frame)


def test_leanings_of_other_ids_are_counted_and_missing_ones_unknown() -> None:
    graph = graph_of(TRIANGLES)
    nodes = graph.vocabulary.ids.tolist()
    leaning = {"elsewhere": 0.3} | dict(zip(nodes[:5], [-1.0, -1, -1, 1, 1], strict=True))
    found = neighbours_leaning(graph, leaning, rng=1)
    assert found.removed["leaning: unknown ids"] == 1
    assert found.removed["nodes without a leaning"] == 1
    with pytest.raises(DataError, match="none of its 2 ids is known"):
        neighbours_leaning(graph, {"x": 1.0, "y": -1.0}, rng=1)


def test_leanings_of_mostly_unknown_ids_are_told() -> None:
    graph = graph_of(TRIANGLES)
    leaning: dict[str, float] = dict(zip("abc", [-1.0, -1, 1], strict=True))
    strange = {f"0{x}": 0.5 for x in "abcdefg"}
    exposed = {"account_id": list("abcdef"), "item_id": list("uuuuuu")}
    shown = Impressions.from_dataset(Dataset(impressions=exposed))
    with pytest.warns(GraphkitWarning, match="only 2 of its 9 ids are among the 6 known ones"):
        exposed_leaning(shown, {"a": 1.0, "b": -1.0} | strange, {"u": 0.5})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # half of the nodes are known: that of the others more are known is no matter
        assert neighbours_leaning(graph, leaning | strange, rng=1).n == 3


@pytest.mark.parametrize("ids", [range(12), range(1, 13)])
@pytest.mark.parametrize("kind", [int, str])
def test_numbers_of_rows_that_are_ids_are_refused(ids: range, kind: type) -> None:
    pd = pytest.importorskip("pandas")
    nodes = [kind(x) for x in ids]
    graph = graph_of(list(zip(nodes, nodes[1:] + nodes[:1], strict=True)))
    leaning = pd.Series(np.linspace(-1, 1, 12))
    if nodes == list(range(12)):  # both readings are one
        assert neighbours_leaning(graph, leaning, rng=1).frame["leaning"].is_sorted()
        leaning = leaning[:9]
    with pytest.raises(DataError, match=r"also an id.*series\.index = series\.index.*to_numpy\(\)"):
        neighbours_leaning(graph, leaning, rng=1)
    if len(leaning) == 12:
        neighbours_leaning(graph, leaning.to_numpy(), rng=1)
    if ids[0] == 0:
        leaning.index = leaning.index.astype(str) if kind is str else leaning.index.tolist()
        found = neighbours_leaning(graph, leaning, rng=1).frame
        assert found.filter(node=kind(2))["leaning"][0] == leaning[kind(2)]


def test_a_series_of_another_length_is_told_to_have_no_ids() -> None:
    pd = pytest.importorskip("pandas")
    with pytest.raises(DataError, match="holds no ids, only the numbers of its rows"):
        neighbours_leaning(graph_of(TRIANGLES), pd.Series([0.5, 1.0]), rng=1)


def test_exposed_leaning_by_id() -> None:
    log = {"account_id": ["a", "a", "a", "b"], "item_id": ["u", "v", "w", "u"]}
    shown = Impressions.from_dataset(Dataset(impressions=log))
    expected = exposed_leaning(shown, [-0.5, 1.0], [-1.0, 0.5, 0.0])
    items = {"w": 0.0, "v": 0.5, "u": -1.0, "elsewhere": 0.1}
    found = exposed_leaning(shown, {"b": 1.0, "a": -0.5}, items)
    assert found.frame.equals(expected.frame)
    assert found.removed["item_leaning: unknown ids"] == 1

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.communities import leiden
from graphkit.communities.report import community_report
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError


def of(graph: nx.Graph, groups: list[int] | None = None) -> tuple[Graph, Partition]:
    """The graph and a partition of it, by default into one community."""
    g = Graph.from_networkx(graph)
    nodes = sorted(graph)
    return g, Partition.from_membership(nodes, groups or [0] * len(nodes))


def cut(graph: nx.Graph) -> tuple[int | None, int, bool | None]:
    row = community_report(*of(graph)).row(0, named=True)
    return row["min_cut"], row["cut_needed"], row["well_connected"]


# cuts ------------------------------------------------------------------------------------


def test_cuts_of_graphs_whose_cut_is_known() -> None:
    assert cut(nx.path_graph(9)) == (1, 1, True)
    assert cut(nx.path_graph(10)) == (1, 2, False)  # 1 is not above log10(10)
    assert cut(nx.cycle_graph(99)) == (2, 2, True)
    assert cut(nx.cycle_graph(100)) == (2, 3, False)
    assert cut(nx.complete_graph(100)) == (3, 3, True)  # 99 in truth: counting stops
    assert cut(nx.barbell_graph(50, 0)) == (1, 3, False)
    assert cut(nx.star_graph(8)) == (1, 1, True)
    assert cut(nx.circular_ladder_graph(500)) == (3, 4, False)
    pieces = nx.disjoint_union(nx.complete_graph(3), nx.complete_graph(3))
    assert cut(pieces) == (0, 1, False)


def test_the_bound_is_the_smallest_whole_number_above_log10() -> None:
    for n in (2, 9, 10, 11, 99, 100, 999, 1000):
        assert cut(nx.path_graph(n))[1] == math.floor(math.log10(n)) + 1


@settings(max_examples=80)
@given(st.integers(2, 13), st.floats(0, 1), st.integers(0, 2**31), st.integers(1, 9))
def test_cuts_agree_with_networkx(n: int, p: float, seed: int, bound: int) -> None:
    graph = nx.gnp_random_graph(n, p, seed=seed)
    assert bounded(graph, bound) == min(nx.edge_connectivity(graph), bound)


@settings(max_examples=40)
@given(st.integers(0, 2**31), st.integers(0, 7), st.sampled_from([3, 4, 5, 6]))
def test_a_narrow_bridge_between_even_blobs_is_found(seed: int, ties: int, degree: int) -> None:
    # all nodes have the same degree, so that no single node gives the cut away
    one, other = (nx.random_regular_graph(degree, 20, seed=seed + k) for k in (0, 1))
    graph = nx.disjoint_union(one, other)
    rng = np.random.default_rng(seed)
    graph.add_edges_from(zip(rng.integers(0, 20, ties), rng.integers(20, 40, ties), strict=True))
    assert bounded(graph, 7) == min(nx.edge_connectivity(graph), 7)


def bounded(graph: nx.Graph, bound: int) -> int:
    from graphkit.kernels.mincut import community_cuts

    rows = nx.to_scipy_sparse_array(graph, format="csr")
    indptr, indices = rows.indptr.astype(np.int64), rows.indices.astype(np.int32)
    codes, sizes = np.zeros(len(graph), dtype=np.int32), np.array([len(graph)])
    return int(community_cuts(indptr, indices, codes, False, sizes, np.array([bound]))[0])


@given(st.integers(0, 2**31), st.booleans())
@settings(max_examples=25)
def test_every_community_of_a_random_partition(seed: int, directed: bool) -> None:
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(30, 0.3, seed=seed, directed=directed)
    graph.add_edge(0, 1)
    groups = rng.integers(-1, 4, 30)
    p = Partition.from_membership(range(30), groups)
    report = community_report(Graph.from_networkx(graph), p)
    for row in report.iter_rows(named=True):
        members = p.members(row["community"]).tolist()
        inner = nx.Graph(graph.subgraph(members))
        needed = math.floor(math.log10(len(members))) + 1
        assert row["size"] == len(members)
        assert row["edges"] == graph.subgraph(members).number_of_edges()
        if len(members) == 1:
            assert (row["min_cut"], row["well_connected"], row["density"]) == (None, None, None)
            continue
        assert row["min_cut"] == min(nx.edge_connectivity(inner), needed)
        assert row["well_connected"] == (nx.edge_connectivity(inner) > math.log10(len(members)))
        assert row["density"] == pytest.approx(nx.density(graph.subgraph(members)))


@settings(max_examples=15)
@given(st.integers(0, 2**31), st.integers(0, 7), st.sampled_from([3, 4, 5, 6]))
def test_even_blobs_too_large_for_one_scan(seed: int, ties: int, degree: int) -> None:
    # hardly an edge is proven by a scan here: the set grows by flows instead
    one = nx.random_regular_graph(degree, 90, seed=seed)
    other = nx.random_regular_graph(degree, 70, seed=seed + 1)
    graph = nx.disjoint_union(one, other)
    rng = np.random.default_rng(seed)
    graph.add_edges_from(zip(rng.integers(0, 90, ties), rng.integers(90, 160, ties), strict=True))
    assert bounded(graph, 7) == min(nx.edge_connectivity(graph), 7)


def test_large_communities() -> None:
    rng = np.random.default_rng(2)
    n = 50_000
    ends = rng.integers(0, n, (200_000, 2))
    g = Graph.from_edges(ends[:, 0], ends[:, 1], directed=False).largest_component()
    p = Partition.from_membership(g.vocabulary, np.zeros(g.n_nodes, int))
    row = community_report(g, p).row(0, named=True)
    assert (row["min_cut"], row["cut_needed"], row["well_connected"]) == (1, 5, False)
    # two rings of steps 1 and 173, joined by three edges: no node gives the cut away
    node = np.arange(n)
    tail, head = np.tile(node, 2), np.concatenate([node + 1, node + 173]) % n
    both = Graph.from_edges(
        np.concatenate([tail, tail + n, [5, 600, 7000]]),
        np.concatenate([head, head + n, [n + 1, n + 20_000, n + 9]]),
        directed=False,
    )
    whole = Partition.from_membership(both.vocabulary, np.zeros(2 * n, int))
    assert community_report(both, whole)["min_cut"].to_list() == [3]
    halves = Partition.from_membership(both.vocabulary, np.repeat([0, 1], n))
    assert community_report(both, halves)["min_cut"].to_list() == [4, 4]


# borders ---------------------------------------------------------------------------------


def test_weights_and_conductance_are_those_of_networkx() -> None:
    graph = nx.karate_club_graph()
    groups = [0 if graph.nodes[n]["club"] == "Mr. Hi" else 1 for n in graph]
    g, p = of(graph, groups)
    for row in community_report(g, p).iter_rows(named=True):
        members = p.members(row["community"]).tolist()
        expected = nx.conductance(graph, members, weight="weight")
        assert row["conductance"] == pytest.approx(expected)
        assert row["external_weight"] == nx.cut_size(graph, members, weight="weight")
        assert row["internal_weight"] == graph.subgraph(members).size(weight="weight")


def test_directions_weigh_both_ways_but_cut_as_one() -> None:
    g = Graph.from_edges("abbcxa", "bacbcx", [1, 2, 3, 4, 5, 6], directed=True)
    p = Partition.from_membership("abcx", [0, 0, 0, -1])
    row = community_report(g, p).row(0, named=True)
    assert (row["edges"], row["density"]) == (4, 4 / 6)
    assert (row["internal_weight"], row["external_weight"]) == (10, 11)
    assert row["conductance"] == 11 / 11  # the node outside has 11 ends, the fewer
    assert row["min_cut"] == 1  # a–b and b–c, whichever way


def test_nodes_without_a_community_are_outside() -> None:
    g = Graph.from_edges("aabbcd", "bcccde", directed=False)
    known = Partition.from_membership("abcde", [0, 0, 0, -1, -1])
    partial = Partition.from_membership("abc", [0, 0, 0])
    one, other = (community_report(g, p) for p in (known, partial))
    assert one.equals(other)
    assert one.row(0, named=True)["external_weight"] == 1


def test_loops_and_empty_edges_do_not_count() -> None:
    g = Graph.from_edges("aabc", "abca", [9.0, 1, 1, 0], directed=False)
    row = community_report(g, Partition.from_membership("abc", [0, 0, 0])).row(0, named=True)
    assert (row["edges"], row["internal_weight"]) == (2, 2)
    assert row["conductance"] is None  # nothing lies outside
    assert row["min_cut"] == 1


def test_members_without_edges_part_their_community() -> None:
    g = Graph.from_edges("ab", "bc", directed=False, nodes="abcd")
    row = community_report(g, Partition.from_membership("abcd", [0] * 4)).row(0, named=True)
    assert (row["min_cut"], row["well_connected"]) == (0, False)


# sureness --------------------------------------------------------------------------------


def test_sureness_is_of_the_members() -> None:
    g = Graph.from_networkx(nx.karate_club_graph(), weight=None)
    p = leiden(g, rng=3)
    report = community_report(g, p)
    assert p.consistency is not None
    for row in report.iter_rows(named=True):
        values = p.consistency[p.membership == row["community"]]
        assert row["consistency"] == pytest.approx(float(values.mean()))
        assert row["low_confidence"] == pytest.approx(float((values < 0.5).mean()))
    for single in (leiden(g, runs=1, rng=1), Partition.from_membership(range(34), [0] * 34)):
        columns = community_report(g, single).select("consistency", "low_confidence")
        assert columns.null_count().row(0) == (columns.height, columns.height)


def test_no_community_gives_no_row() -> None:
    g = Graph.from_edges("ab", "bc", directed=False)
    empty = community_report(g, Partition.from_membership("abc", [-1, -1, -1]))
    full = community_report(g, Partition.from_membership("abc", [0, 0, 0]))
    assert empty.height == 0
    assert empty.schema == full.schema


def test_what_is_refused() -> None:
    g = Graph.from_edges("ab", "bc", directed=False)
    strangers = Partition.from_membership("abx", [0, 0, 0])
    with pytest.raises(DataError, match=r"node 'x' of the partition is not in the graph \(1 such"):
        community_report(g, strangers)
    with pytest.raises(DataError, match="community_report needs a graphkit Partition"):
        community_report(g, g)  # type: ignore[arg-type]
    p = Partition.from_membership("abc", [0, 0, 0])
    with pytest.raises(DataError, match="community_report needs a graphkit Graph"):
        community_report(p, p)  # type: ignore[arg-type]


@given(st.integers(0, 2**31), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_sums_are_those_of_a_slow_twin_to_the_bit(
    seed: int, directed: bool, weighted: bool
) -> None:
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, 25, (90, 2))
    weight = rng.random(90) if weighted else np.ones(90)
    g = Graph.from_edges(ends[:, 0], ends[:, 1], weight, directed=directed, nodes=range(25))
    groups = {i: int(c) for i, c in enumerate(rng.integers(-1, 4, 25))}
    p = Partition.from_membership(list(groups), list(groups.values()))
    codes = dict(zip(p.vocabulary.ids.tolist(), p.membership.tolist(), strict=True))
    edges = np.zeros(p.n_communities, dtype=int)
    inside, leaving, entering = np.zeros((3, p.n_communities))
    for one, other, w in g.edges().rows():
        a, b = codes[one], codes[other]
        if a == b and a >= 0 and one != other:
            edges[a] += 1
            inside[a] += w
        if a != b and a >= 0:
            leaving[a] += w
        if a != b and b >= 0:
            entering[b] += w
    report = community_report(g, p)
    assert report["edges"].to_list() == edges.tolist()
    assert report["internal_weight"].to_list() == inside.tolist()
    assert report["external_weight"].to_list() == (leaving + entering).tolist()


def test_cuts_that_degrees_decide() -> None:
    assert cut(nx.complete_bipartite_graph(60, 60)) == (3, 3, True)  # degrees of half the nodes
    assert bounded(nx.wheel_graph(40), 9) == 3  # one node is joined to all others
    assert bounded(nx.complete_bipartite_graph(7, 8), 9) == 7
    # two cliques of six: degrees of five are below half of the twelve nodes
    two = nx.disjoint_union(nx.complete_graph(6), nx.complete_graph(6))
    assert bounded(two, 9) == 0
    two.add_edge(0, 6)
    assert bounded(two, 9) == 1
    two.add_node(12)
    two.add_edges_from((12, v) for v in range(12))
    assert bounded(two, 9) == min(nx.edge_connectivity(two), 9) == 6


def test_a_member_without_an_edge_makes_a_cut_of_nothing() -> None:
    g = Graph.from_edges("aab", "bcc", directed=False, nodes="abcde")
    p = Partition.from_membership("abcde", [0, 0, 0, 0, 1])
    assert community_report(g, p)["min_cut"].to_list() == [0, None]

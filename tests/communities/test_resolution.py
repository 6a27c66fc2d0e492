from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.communities import agreement, partition_quality
from graphkit.communities import leiden as find_communities
from graphkit.communities.prepare import prepare
from graphkit.communities.quality import evaluate
from graphkit.communities.resolution import (
    PartitionLines,
    ResolutionProfile,
    quality_line,
    resolution_limit,
    resolution_profile,
    upper_envelope,
)
from graphkit.data.graph import Graph
from graphkit.data.partition import AGREE, Partition, canonical_membership
from graphkit.errors import DataError, GraphkitWarning, OptionError
from graphkit.parallel import show_progress

both_qualities = pytest.mark.parametrize("quality", ["modularity", "cpm"])


@contextmanager
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphkitWarning)
        yield


def ring(cliques: int = 30) -> Graph:
    return Graph.from_networkx(nx.ring_of_cliques(cliques, 5))


def blocks(groups: int, size: int, inside: float, outside: float, seed: int = 1) -> Graph:
    model = nx.planted_partition_graph(groups, size, inside, outside, seed=seed)
    return Graph.from_networkx(model)


def nested() -> Graph:
    """Four groups of four groups of twenty."""
    rng = np.random.default_rng(1)
    large, small = np.arange(320) // 80, np.arange(320) // 20
    within = np.where(large[:, None] == large, 0.15, 0.01)
    chance = np.where(small[:, None] == small, 0.7, within)
    tail, head = np.nonzero(np.triu(rng.random((320, 320)) < chance, 1))
    return Graph.from_edges(tail, head, directed=False)


def planted(graph: Graph, size: int) -> Partition:
    ids = [int(i) for i in graph.vocabulary.ids]
    return Partition.from_membership(ids, [i // size for i in ids])


def random_weighted(*, directed: bool) -> Graph:
    rng = np.random.default_rng(5)
    tail, head = rng.integers(0, 60, (2, 240))
    return Graph.from_edges(tail, head, rng.random(240), directed=directed)


@pytest.fixture(scope="module")
def of_ring() -> ResolutionProfile:
    with pytest.warns(GraphkitWarning, match="resolution limit") as caught:
        profile = resolution_profile(ring(), runs=5, rng=1)
    assert len(caught) == 1
    assert "15 of its 15 communities" in str(caught[0].message)
    assert 'quality="cpm"' in str(caught[0].message)
    assert caught[0].filename == __file__
    return profile


# the envelope ----------------------------------------------------------------------------

lines = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=30).map(
    lambda pairs: np.array(pairs, dtype=np.float64).T
)


@given(lines=lines, low=st.sampled_from([0.1, 0.5, 1.0]), span=st.sampled_from([1.5, 4.0, 40.0]))
@settings(max_examples=200)
def test_envelope_is_the_highest_line_everywhere(
    lines: np.ndarray, low: float, span: float
) -> None:
    internal, expected = lines
    high = low * span
    order, bounds = upper_envelope(internal, expected, low, high)
    assert (bounds[0], bounds[-1]) == (low, high)
    assert (np.diff(bounds) > 0).all()
    assert len(bounds) == len(order) + 1
    assert (np.diff(expected[order]) < 0).all()
    gammas = np.concatenate([np.geomspace(low, high, 97), bounds])
    brute = (internal[:, None] - expected[:, None] * gammas).max(axis=0)
    for gamma, best in zip(gammas, brute, strict=True):
        at = min(int(np.searchsorted(bounds[1:], gamma)), len(order) - 1)
        assert internal[order[at]] - gamma * expected[order[at]] == pytest.approx(best, abs=1e-9)
    # no line is listed without a domain of its own: in its middle it alone is the best
    for place, number in enumerate(order):
        gamma = (bounds[place] + bounds[place + 1]) / 2
        value = internal - gamma * expected
        rivals = np.flatnonzero(np.isclose(value, value[number], rtol=0, atol=1e-12))
        assert (expected[rivals] == expected[number]).all()
        assert number == rivals[0]


def test_lines_that_only_touch_the_envelope_are_left_out() -> None:
    internal, expected = np.array([4.0, 3.0, 2.0]), np.array([3.0, 2.0, 1.0])
    assert upper_envelope(internal, expected, 0.5, 2.0) == ([0, 2], [0.5, 1.0, 2.0])
    assert upper_envelope(internal, expected, 1.0, 2.0) == ([2], [1.0, 2.0])
    assert upper_envelope(internal, expected, 0.5, 1.0) == ([0], [0.5, 1.0])


def test_equal_lines_that_round_apart_share_one_domain() -> None:
    internal = np.array([0.9, 0.9 * (1 - 1e-16), 0.5])
    expected = np.array([0.5 * (1 + 2e-16), 0.5, 0.1])
    order, bounds = upper_envelope(internal, expected, 0.1, 5.0)
    assert (order, bounds) == ([0, 2], pytest.approx([0.1, 1.0, 5.0]))


@both_qualities
@pytest.mark.parametrize("directed", [False, True])
def test_a_line_is_the_quality_at_every_resolution(quality: str, directed: bool) -> None:
    prepared = prepare(random_weighted(directed=directed), caller="test")
    rng = np.random.default_rng(2)
    for count in (1, 3, 20, prepared.size):
        membership = canonical_membership(rng.integers(0, count, prepared.size))
        internal, expected = quality_line(prepared, membership, quality)
        for gamma in (0.01, 1.0, 7.5):
            quality_there = evaluate(prepared, membership, quality, gamma)
            assert internal - gamma * expected == pytest.approx(quality_there, abs=1e-12)


def test_memberships_below_the_envelope_are_forgotten() -> None:
    prepared = prepare(ring(6), caller="test")
    found = PartitionLines(prepared, "cpm", 0.01, 2.0)
    rng = np.random.default_rng(3)
    noise = [canonical_membership(rng.integers(0, 4, prepared.size)) for _ in range(9)]
    cliques = canonical_membership(np.arange(30) // 5)
    assert found.add_partitions(np.stack([*noise, noise[0]])) == 9
    assert found.add_partitions(np.stack([cliques, np.arange(30, dtype=np.int32)])) == 2
    assert set(found.kept) == set(found.order)
    assert found.to_frame().height == 11
    assert found.to_frame().get_column("runs").to_list() == [2, *[1] * 10]
    assert 9 in found.order


# laws of the profile ---------------------------------------------------------------------


@both_qualities
@pytest.mark.parametrize("directed", [False, True])
def test_domains_cover_the_range_and_none_found_is_better(quality: str, directed: bool) -> None:
    graph = random_weighted(directed=directed)
    with quiet():
        profile = resolution_profile(graph, quality=quality, steps=8, runs=4, rng=1)
    domains, found = profile.domains, profile.found
    low, high = domains.get_column("low").to_list(), domains.get_column("high").to_list()
    grid = profile.frame.get_column("resolution").to_numpy()
    assert (low[0], high[-1]) == (grid[0], grid[-1])
    assert low[1:] == high[:-1]
    assert (domains.get_column("width") > 0).all()
    assert found.get_column("domain").drop_nulls().sort().to_list() == list(range(domains.height))
    assert int(found.get_column("runs").sum()) == 8 * 4
    internal, expected = (found.get_column(c).to_numpy() for c in ("internal", "expected"))
    for row, partition in zip(domains.iter_rows(named=True), profile.partitions, strict=True):
        assert partition.n_communities == row["communities"]
        assert row["low"] <= partition.resolution <= row["high"]
        for gamma in np.geomspace(row["low"], row["high"], 5).tolist():
            mine = partition_quality(graph, partition, quality=quality, resolution=gamma)
            assert mine >= (internal - gamma * expected).max() - 1e-9
            assert mine == pytest.approx(row["internal"] - gamma * row["expected"], abs=1e-9)
        own = partition_quality(graph, partition, quality=quality, resolution=partition.resolution)
        assert partition.quality == pytest.approx(own, abs=1e-12)
    assert (profile.frame["optimal_quality"] >= profile.frame["quality"] - 1e-9).all()


def test_each_resolution_shows_what_leiden_finds_there(of_ring: ResolutionProfile) -> None:
    frame = of_ring.frame
    assert 1.0 in frame.get_column("resolution").to_list()
    row = frame.filter(resolution=1.0).row(0, named=True)
    here = of_ring.at(1.0)
    assert here.n_communities == 15
    assert row["optimal_quality"] == pytest.approx(0.8878787878787879, abs=1e-12)
    assert row["quality"] <= row["optimal_quality"]
    assert row["distinct"] <= 5
    again = find_communities(ring(), resolution=1.0, runs=5, rng=1)
    assert 15 <= again.n_communities <= 18
    assert 15 <= row["communities"] <= 18


def test_at_gives_the_partition_of_the_domain(of_ring: ResolutionProfile) -> None:
    for row in of_ring.domains.iter_rows(named=True):
        middle = (row["low"] * row["high"]) ** 0.5
        assert of_ring.at(middle) is of_ring.partitions[row["domain"]]
        assert of_ring.at(row["high"]) is of_ring.partitions[row["domain"]]
    assert of_ring.at(of_ring.low) is of_ring.partitions[0]
    with pytest.raises(OptionError, match=r"resolution=99.*0\.1 to 33"):
        of_ring.at(99)
    with pytest.raises(OptionError, match="outside the range"):
        of_ring.at(float("nan"))


@both_qualities
def test_trivial_partitions_compete_even_if_no_run_finds_them(quality: str) -> None:
    # a triangle, and one with a tail
    two = Graph.from_edges("aabddef", "bcceffg", directed=False)
    profile = resolution_profile(two, quality=quality, resolutions=(1e-6, 1e3), steps=2, rng=1)
    first, last = profile.partitions[0], profile.partitions[-1]
    assert first.sizes.tolist() == [4, 3]
    assert profile.found.get_column("communities").to_list()[:2] == [2, 7]
    assert last.n_communities == 7
    assert profile.domains.get_column("trivial").to_list()[0 :: len(profile.partitions) - 1] == [
        True,
        True,
    ]


# graphs whose answer is known ------------------------------------------------------------


def test_ring_of_cliques_suggests_the_cliques(of_ring: ResolutionProfile) -> None:
    assert of_ring.suggested is not None
    assert agreement(of_ring.suggested, planted(ring(), 5))["ari"] == 1.0
    assert of_ring.suggested.verdict == "runs agree; null not tested"
    row = of_ring.domains.row(of_ring.suggestion, named=True)
    # two neighbours part where their edge, 1/m, is worth γ·2·(22/2m)²: γ = 660/22²
    assert row["low"] == pytest.approx(15 / 11)


def test_cpm_on_the_ring_needs_no_warning() -> None:
    profile = resolution_profile(ring(), quality="cpm", runs=5, rng=1)
    assert profile.limit is None
    assert profile.suggested is not None
    assert agreement(profile.suggested, planted(ring(), 5))["ari"] == 1.0
    row = profile.domains.row(profile.suggestion, named=True)
    # one edge between two cliques is worth 25 pairs; cliques fall apart above 1
    assert (row["low"], row["high"]) == pytest.approx((1 / 25, 1.0))
    assert profile.at(0.5).n_communities == 30


@both_qualities
def test_a_clique_has_nothing_between_one_and_all(quality: str) -> None:
    graph = Graph.from_networkx(nx.complete_graph(100))
    profile = resolution_profile(
        graph, quality=quality, resolutions=(0.1, 10), steps=5, runs=3, rng=1
    )
    assert [p.n_communities for p in profile.partitions] == [1, 100]
    splinters = 1.0 if quality == "cpm" else 100 / 99
    assert profile.domains.get_column("high").to_list() == pytest.approx([splinters, 10])
    assert profile.domains.get_column("trivial").all()
    assert profile.suggested is None
    assert "none" in repr(profile)


@both_qualities
def test_groups_within_groups_are_two_plateaus(quality: str) -> None:
    graph = nested()
    profile = resolution_profile(graph, quality=quality, steps=16, runs=5, rng=1)
    stable = profile.domains.filter(pl.col("stability") >= AGREE, ~pl.col("trivial"))
    widest = stable.sort("width", descending=True).head(2)
    assert widest.get_column("communities").to_list() == [4, 16]
    for domain, size in zip(widest.get_column("domain"), (80, 20), strict=True):
        assert agreement(profile.partitions[domain], planted(graph, size))["ari"] == 1.0
    assert profile.suggestion == widest.item(0, "domain")


def test_noise_has_no_plateau() -> None:
    graph = Graph.from_networkx(nx.gnm_random_graph(400, 1000, seed=1))
    profile = resolution_profile(graph, steps=12, runs=5, rng=1)
    assert profile.suggested is None
    assert profile.suggestion is None
    # wide domains there are; runs do not agree on them
    wide = profile.domains.filter(~pl.col("trivial")).get_column("width").max()
    assert wide > 0.15
    assert profile.provenance.removed["nodes without an edge"] == 1
    assert profile.partitions[0].n_unassigned == 1


def test_one_run_has_no_stability_and_no_suggestion() -> None:
    profile = resolution_profile(blocks(6, 20, 0.6, 0.02), steps=6, runs=1, rng=1)
    assert profile.frame.get_column("stability").null_count() == 6
    assert profile.domains.get_column("stability").null_count() == profile.domains.height
    assert profile.suggested is None


# the limit -------------------------------------------------------------------------------


def test_limit_on_the_ring_is_the_papers(of_ring: ResolutionProfile) -> None:
    limit = of_ring.limit
    assert limit is not None
    assert limit.get_column("internal").to_list() == [21.0] * 15
    assert limit.get_column("bound").to_numpy() == pytest.approx(np.sqrt(2 * 330))
    assert limit.get_column("parts").to_list() == [2] * 15
    assert limit.get_column("weak").to_list() == [2] * 15
    assert limit.select(pl.col("below").all(), pl.col("hides").all()).row(0) == (True, True)
    assert "15 of 15 communities" in repr(of_ring)


def test_limit_spares_communities_that_are_one() -> None:
    right = resolution_limit(ring(), planted(ring(), 5), rng=1)
    assert right.get_column("hides").sum() == 0
    for graph in (
        Graph.from_networkx(nx.karate_club_graph(), weight=None),
        blocks(4, 40, 0.5, 0.04),
        blocks(4, 100, 0.1, 0.02),
        Graph.from_networkx(nx.gnm_random_graph(500, 1250, seed=1)),
    ):
        limit = resolution_limit(graph, find_communities(graph, runs=3, rng=1), rng=1)
        assert limit.get_column("hides").sum() == 0
    # of these some split in runs that agree, but into parts tied to the rest of the club
    club = Graph.from_networkx(nx.karate_club_graph(), weight=None)
    split = resolution_limit(club, find_communities(club, rng=1), rng=1)
    assert (split.get_column("agreement") > 0.75).any()
    assert split.get_column("weak").max() < 2


def test_limit_grows_with_the_graph() -> None:
    shares = []
    for groups in (10, 40, 160):
        graph = blocks(groups, 15, 0.5, 2 / (15 * groups))
        p = find_communities(graph, runs=3, rng=1)
        limit = resolution_limit(graph, p, runs=3, rng=1)
        shares.append(float(limit.get_column("hides").mean()))
    assert shares[0] == 0
    assert shares[-1] > 0.5
    assert shares == sorted(shares)


def test_limit_knows_weights_and_directions() -> None:
    graph = ring()
    tail, head, weight = graph.edge_arrays()
    pairs = planted(graph, 10)
    plain = resolution_limit(graph, pairs, rng=1)
    heavy = Graph.from_edges(tail, head, 8 * weight, directed=False)
    scaled = resolution_limit(heavy, pairs, rng=1)
    assert scaled.get_column("bound")[0] == pytest.approx(8 * plain.get_column("bound")[0])
    assert scaled.select("parts", "weak", "hides").equals(plain.select("parts", "weak", "hides"))
    both = Graph.from_edges([*tail, *head], [*head, *tail], directed=True)
    arcs = resolution_limit(both, pairs, rng=1)
    assert arcs.get_column("internal").to_list() == [42.0] * 15
    assert arcs.get_column("bound")[0] == pytest.approx(np.sqrt(2 * 660))
    assert arcs.get_column("hides").all()
    # both ends of an arc count: the club's parts are no communities in this form either
    club = nx.karate_club_graph().to_directed()
    members = Graph.from_networkx(club, weight=None)
    assert not resolution_limit(members, find_communities(members, rng=1), rng=1)["hides"].any()
    finer = resolution_limit(graph, pairs, resolution=4.0, rng=1)
    assert finer.get_column("bound")[0] == pytest.approx(plain.get_column("bound")[0] / 2)


def test_limit_of_parts_without_edges_and_of_unassigned_nodes() -> None:
    graph = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    p = Partition.from_membership("abcdef", [0, 0, 0, 1, -1, 2])
    limit = resolution_limit(graph, p, rng=1)
    assert limit.select("size", "internal", "parts", "agreement", "hides").rows()[1:] == [
        (1, 0.0, 1, None, False),
        (1, 0.0, 1, None, False),
    ]
    assert limit.row(0, named=True)["internal"] == 3.0
    one = resolution_limit(graph, p, runs=1, rng=1)
    assert one.get_column("agreement").null_count() == 3
    assert not one.get_column("hides").any()


def test_limit_refuses_what_has_none() -> None:
    graph = ring(6)
    cpm = find_communities(graph, quality="cpm", resolution=0.5, runs=1, rng=1)
    with pytest.raises(DataError, match="found by CPM"):
        resolution_limit(graph, cpm)
    part = Partition.from_membership([0, 1], [0, 0])
    with pytest.raises(DataError, match=r"node 2 of the graph.*28 such"):
        resolution_limit(graph, part)
    letters = Graph.from_edges("abc", "bca", directed=False)
    with pytest.raises(DataError, match=r"node 'c' of the graph.*1 such"):
        resolution_limit(letters, Partition.from_membership("ab", [0, 0]))
    with pytest.raises(OptionError, match="runs=0"):
        resolution_limit(graph, planted(graph, 5), runs=0)
    with pytest.raises(DataError, match="needs a graphkit Partition"):
        resolution_limit(graph, graph)  # type: ignore[arg-type]


# promises --------------------------------------------------------------------------------


def test_same_seed_same_profile_whatever_the_order_of_edges() -> None:
    graph = nested()
    tail, head, _ = graph.edge_arrays()
    turned = Graph.from_edges(head[::-1], tail[::-1], directed=False)
    one, other = (resolution_profile(g, steps=6, runs=3, rng=4) for g in (graph, turned))
    assert one.frame.equals(other.frame)
    assert one.domains.equals(other.domains)
    assert one.found.equals(other.found)
    assert [p.content_key for p in one.partitions] == [p.content_key for p in other.partitions]
    assert one.provenance.to_dict() == other.provenance.to_dict() | {
        "parents": one.provenance.to_dict()["parents"]
    }


def test_runs_at_one_resolution_do_not_depend_on_the_others() -> None:
    graph = Graph.from_networkx(nx.gnm_random_graph(100, 250, seed=1))
    few = resolution_profile(graph, resolutions=[2.0, 4.0], runs=4, rng=1)
    more = resolution_profile(graph, resolutions=np.array([3.0, 4.0, 2.0, 4.0]), runs=4, rng=1)
    assert more.frame.get_column("resolution").to_list() == [2.0, 3.0, 4.0]
    columns = ("resolution", "quality", "stability", "distinct")
    assert few.frame.select(columns).equals(more.frame.select(columns)[[0, 2]])


def test_provenance_tells_what_was_run(of_ring: ResolutionProfile) -> None:
    record = of_ring.provenance
    assert record.verb == "resolution_profile"
    assert (record.seed, record.inputs) == (1, (ring().content_key,))
    assert record.parameters["runs"] == 5
    assert record.parameters["resolutions"] == of_ring.frame["resolution"].to_list()
    assert of_ring.suggested is not None
    assert of_ring.suggested.provenance == record
    assert "<table>" in of_ring._repr_html_()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resolutions": (2.0, 1.0)}, "low < high"),
        ({"resolutions": (1.0, 2.0, 3.0)}, "range"),
        ({"resolutions": (1.0, 1.0)}, "low < high"),
        ({"resolutions": [1.0]}, "two or more"),
        ({"resolutions": [1.0, -1.0]}, "resolution=-1.0"),
        ({"resolutions": [1.0, None]}, "two or more"),
        ({"resolutions": "fine"}, "list of numbers"),
        ({"resolutions": 1.0}, "list of numbers"),
        ({"steps": 1}, "steps=1"),
        ({"steps": 2.5}, "steps=2.5"),
        ({"steps": True}, "steps=True"),
        ({"runs": 0}, "runs=0"),
        ({"quality": "modularty"}, "Did you mean 'modularity'"),
        ({"engine": "igraf"}, "engine='igraf'"),
    ],
)
def test_options_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        resolution_profile(ring(4), **options)  # type: ignore[arg-type]


def test_ctrl_c_passes() -> None:
    def report(what: str, done: int, total: int) -> None:
        if what == "resolution profile" and done == 2:
            raise KeyboardInterrupt

    with show_progress(report), pytest.raises(KeyboardInterrupt):
        resolution_profile(nested(), steps=6, runs=2, rng=1)

    def late(what: str, done: int, total: int) -> None:
        if what == "resolution limit" and done == 1:
            raise KeyboardInterrupt

    with show_progress(late), pytest.raises(KeyboardInterrupt):
        resolution_profile(nested(), steps=4, runs=2, rng=1)

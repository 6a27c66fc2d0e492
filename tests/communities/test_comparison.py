from __future__ import annotations

import math
import time

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
)

from graphkit.communities import agreement, best_matches
from graphkit.communities.comparison import (
    ExpectedInformation,
    compare_runs,
    match_communities,
    node_agreement,
)
from graphkit.data.partition import Partition, canonical_membership
from graphkit.errors import DataError


def partition(membership: list[int]) -> Partition:
    return Partition.from_membership(range(len(membership)), membership)


PAIRS = st.integers(2, 60).flatmap(
    lambda n: st.tuples(
        *[st.lists(st.integers(0, 8), min_size=n, max_size=n).map(lambda m: m) for _ in "ab"]
    )
)


@settings(max_examples=150)
@given(PAIRS)
def test_agrees_with_scikit_learn(pair: tuple[list[int], list[int]]) -> None:
    a, b = (canonical_membership(m) for m in pair)
    found = agreement(partition(a.tolist()), partition(b.tolist()))
    assert found["nmi"] == pytest.approx(normalized_mutual_info_score(a, b), abs=1e-9)
    assert found["ari"] == pytest.approx(adjusted_rand_score(a, b), abs=1e-9)
    if len(set(a.tolist())) < a.size or len(set(b.tolist())) < b.size:
        assert found["ami"] == pytest.approx(adjusted_mutual_info_score(a, b), abs=1e-7)
    assert found["nodes"] == a.size


@pytest.mark.parametrize("groups", [(2, 2), (40, 7), (900, 300), (1, 50), (1800, 1990)])
def test_agrees_with_scikit_learn_for_many_communities(groups: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    n = 2000
    a = canonical_membership((rng.pareto(1.5, n) * 20).astype(int) % groups[0])
    b = canonical_membership(np.where(rng.random(n) < 0.6, a, rng.integers(0, groups[1], n)))
    found = agreement(partition(a.tolist()), partition(b.tolist()))["ami"]
    assert found == pytest.approx(adjusted_mutual_info_score(a, b), abs=1e-9)


def test_extremes() -> None:
    alone, together = partition(list(range(9))), partition([0] * 9)
    halves = partition([0, 0, 0, 0, 1, 1, 1, 1, 1])
    for p in (alone, together, halves):
        assert agreement(p, p) == {
            "ami": 1,
            "nmi": 1,
            "ari": 1,
            "vi": 0,
            "ecs": 1,
            "nodes": 9,
            "unassigned": 0,
            "unshared": 0,
        }
    for p, q in ((alone, together), (together, halves), (alone, halves)):
        found = agreement(p, q)
        assert found["ami"] == pytest.approx(0, abs=1e-12)
        assert found["ari"] == pytest.approx(0, abs=1e-12)


def test_is_symmetric_and_ignores_numbers() -> None:
    rng = np.random.default_rng(3)
    a, b = partition(rng.integers(0, 5, 80).tolist()), partition(rng.integers(0, 9, 80).tolist())
    one, other = agreement(a, b), agreement(b, a)
    assert one == {k: pytest.approx(v, abs=1e-12) for k, v in other.items()}


def test_only_nodes_that_both_assign_are_compared() -> None:
    a = Partition.from_membership("abcdefg", [0, 0, 0, 1, 1, -1, 1])
    b = Partition.from_membership("bcdefgxy", [0, 0, 1, 1, 1, -1, 2, 2])
    assert agreement(a, b) == {
        "ami": 1,
        "nmi": 1,
        "ari": 1,
        "vi": 0,
        "ecs": 1,
        "nodes": 4,
        "unassigned": 2,
        "unshared": 3,
    }


def test_nothing_to_compare() -> None:
    a = Partition.from_membership("ab", [0, 1])
    with pytest.raises(DataError, match=r"no node is in both: the partition has ids such as 'a'"):
        agreement(a, Partition.from_membership("xy", [0, 1]))
    with pytest.raises(DataError, match="the other such as 1, 2"):
        agreement(a, Partition.from_membership([1, 2], [0, 1]))
    with pytest.raises(DataError, match="none of the 2 nodes"):
        agreement(a, Partition.from_membership("ab", [-1, -1]))
    with pytest.raises(DataError, match="needs a graphkit Partition, not a list"):
        agreement(a, [0, 1])  # type: ignore[arg-type]


def test_agreement_shows_itself_and_is_a_mapping_of_its_numbers() -> None:
    a = Partition.from_membership("abcdef", [0, 0, 0, 1, 1, 1])
    b = Partition.from_membership("abcdeg", [0, 0, 1, 1, 1, -1])
    found = agreement(a, b)
    assert list(found) == ["ami", "nmi", "ari", "vi", "ecs", "nodes", "unassigned", "unshared"]
    assert found["ami"] == found.ami == dict(found)["ami"] == found.get("ami")
    assert found == dict(found)
    assert found == agreement(a, b)
    assert found != agreement(a, a)
    assert "provenance" not in found
    with pytest.raises(KeyError):
        found["provenance"]
    assert pl.DataFrame([found, agreement(a, a)]).get_column("nodes").to_list() == [5, 6]
    assert pl.DataFrame([{"by": "hand", **found}]).columns == ["by", *found]
    assert "AMI (1 equal, 0 by chance)" in repr(found)
    assert "<th style='text-align:left'>adjusted Rand index</th>" in found._repr_html_()
    assert found.provenance.inputs == (a.content_key, b.content_key)


def test_object_ids() -> None:
    a = Partition.from_membership([("u", 1), ("u", 2), ("u", 3)], [0, 0, 1])
    assert agreement(a, a)["nodes"] == 3


# variation of information and single nodes ---------------------------------------------


@settings(max_examples=80)
@given(PAIRS)
def test_variation_of_information_agrees_with_igraph(pair: tuple[list[int], list[int]]) -> None:
    from igraph import compare_communities

    a, b = partition(pair[0]), partition(pair[1])
    expected = compare_communities(a.membership.tolist(), b.membership.tolist(), method="vi")
    assert agreement(a, b)["vi"] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(0, 4), min_size=12, max_size=12), min_size=3, max_size=3))
def test_variation_of_information_is_a_metric(rows: list[list[int]]) -> None:
    a, b, c = (partition(row) for row in rows)
    near = agreement(a, b)["vi"] + agreement(b, c)["vi"]
    assert agreement(a, c)["vi"] <= near + 1e-12
    assert agreement(a, c)["vi"] <= math.log(12) + 1e-12


def pagerank_similarity(a: list[int], b: list[int], alpha: float) -> list[float]:
    """Gates et al.'s definition: walks that go on with probability alpha, node by node."""
    ranks = []
    for membership in (np.array(a), np.array(b)):
        same = (membership[:, None] == membership[None, :]).astype(float)
        step = same / same.sum(axis=1, keepdims=True)
        n = len(membership)
        ranks.append((1 - alpha) * np.linalg.inv(np.eye(n) - alpha * step))
    gap = np.abs(ranks[0] - ranks[1]).sum(axis=1)
    similarity: list[float] = (1 - gap / (2 * alpha)).tolist()
    return similarity


@settings(max_examples=60)
@given(PAIRS, st.sampled_from([0.9, 0.5]))
def test_node_agreement_is_the_pagerank_definition(
    pair: tuple[list[int], list[int]], alpha: float
) -> None:
    a, b = partition(pair[0]), partition(pair[1])
    found = node_agreement(a, b)["similarity"].to_list()
    assert found == pytest.approx(pagerank_similarity(*pair, alpha), abs=1e-9)
    assert agreement(a, b)["ecs"] == pytest.approx(np.mean(found))


def test_node_agreement_keeps_nodes_that_one_does_not_assign() -> None:
    a = Partition.from_membership("abcde", [0, 0, -1, 1, 1])
    b = Partition.from_membership("bcdez", [0, 1, -1, 1, 0])
    assert node_agreement(a, b).rows() == [
        ("b", 0, 0, 1.0),
        ("c", None, 1, None),
        ("d", 1, None, None),
        ("e", 1, 1, 1.0),
    ]
    with pytest.raises(DataError, match="node_agreement: no node is in both"):
        node_agreement(a, Partition.from_membership("z", [0]))
    nothing = Partition.from_membership("abcde", [-1] * 5)
    assert node_agreement(a, nothing)["similarity"].null_count() == 5


@pytest.mark.parametrize("n", [7, 60, 5000])
def test_expected_information_agrees_with_the_hypergeometric_sum(n: int) -> None:
    from scipy.stats import hypergeom

    sizes = np.unique(np.array([1, 2, 3, n // 7 + 1, n // 3, n // 2, n - 1, n]))
    expected = ExpectedInformation(sizes, n)
    for a in sizes.tolist():
        for b in sizes.tolist():
            k = np.arange(max(1, a + b - n), min(a, b) + 1)
            log = np.log(k / (a / n * b))
            slow = float((k / n * log * hypergeom.pmf(k, n, a, b)).sum())
            one = expected.expected_value(np.array([a]), np.array([b]))
            assert one == pytest.approx(slow, rel=1e-8, abs=1e-13)


# one to one ------------------------------------------------------------------------------


def test_match_communities_by_hand() -> None:
    a = Partition.from_membership("abcdefghi", [0, 0, 0, 0, 1, 1, 1, 2, 2], labels=["p", "q", "r"])
    b = Partition.from_membership("abcdefg", [0, 0, 0, 1, 1, 1, 1], labels=["x", "y"])
    frame = match_communities(a, b)
    assert frame.rows() == [
        (0, "p", 4, 1, "x", 0.75, 3),
        (1, "q", 3, 0, "y", 0.75, 3),
        (2, "r", 2, None, None, None, None),
    ]
    # both of the small ones resemble the large one; only one can be tied to it
    small = Partition.from_membership("abcdef", [0, 0, 0, 1, 1, 2])
    large = Partition.from_membership("abcdef", [0] * 6)
    assert best_matches(small, large)["match"].to_list() == [0, 0, 0]
    assert match_communities(small, large)["matched"].to_list() == [0, None, None]


# best matches ----------------------------------------------------------------------------


def test_best_matches_by_hand() -> None:
    a = Partition.from_membership("abcdefghi", [0, 0, 0, 0, 1, 1, 2, 2, -1], labels=["p", "q", "r"])
    b = Partition.from_membership("abcdefi", [0, 0, 0, -1, 1, 1, 1], labels=["x", "y"])
    frame = best_matches(a, b)
    assert frame.select("community", "label", "size", "shared").rows() == [
        (0, "p", 4, 4),
        (1, "q", 2, 2),
        (2, "r", 2, 0),
    ]
    # d is a member that b does not assign: it counts in |A|; i has no community in a
    assert frame.get_column("f1").to_list() == [pytest.approx(6 / 7), 1.0, None]
    assert frame.get_column("match_label").to_list() == ["x", "y", None]


def test_best_matches_where_nothing_overlaps() -> None:
    a = Partition.from_membership("ab", [0, 0])
    b = Partition.from_membership("ab", [-1, -1])
    assert best_matches(a, b).select("shared", "match", "f1").rows() == [(2, None, 0.0)]
    with pytest.raises(DataError, match="no node is in both"):
        best_matches(a, Partition.from_membership("z", [0]))


@given(PAIRS)
def test_best_matches_agree_with_the_slow_twin(pair: tuple[list[int], list[int]]) -> None:
    a, b = partition(pair[0]), partition(pair[1])
    rows = best_matches(a, b).rows(named=True)
    for row in rows:
        mine = set(np.flatnonzero(a.membership == row["community"]).tolist())
        scores = []
        for code in range(b.n_communities):
            other = set(np.flatnonzero(b.membership == code).tolist())
            scores.append(2 * len(mine & other) / (len(mine) + len(other)))
        assert row["f1"] == pytest.approx(max(scores))
        assert row["match"] == scores.index(max(scores))


# runs ------------------------------------------------------------------------------------


def slow_consistency(memberships: np.ndarray) -> list[float]:
    runs, n = memberships.shape
    values = []
    for node in range(n):
        total = 0.0
        for i in range(runs):
            for j in range(i):
                one, other = (
                    set(np.flatnonzero(memberships[k] == memberships[k, node]).tolist())
                    for k in (i, j)
                )
                total += len(one & other) / max(len(one), len(other))
        values.append(total / math.comb(runs, 2))
    return values


@settings(max_examples=40)
@given(st.integers(2, 5), st.integers(2, 25), st.integers(0, 10**6))
def test_runs_agree_with_the_slow_twins(runs: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    distinct = np.stack([canonical_membership(rng.integers(0, 4, n)) for _ in range(runs)])
    memberships = distinct[rng.integers(0, runs, runs)]  # some of them equal
    agreed, consistency = compare_runs(memberships)
    pairs = [
        adjusted_mutual_info_score(memberships[i], memberships[j])
        for i in range(runs)
        for j in range(i)
    ]
    assert agreed == pytest.approx(np.mean(pairs), abs=1e-7)
    assert consistency.dtype == np.float32
    assert consistency.tolist() == pytest.approx(slow_consistency(memberships), abs=1e-6)


def test_equal_runs_agree_entirely() -> None:
    agreed, consistency = compare_runs(np.tile(np.array([0, 0, 1, 1, 2], np.int32), (4, 1)))
    assert agreed == 1
    assert (consistency == 1).all()


def test_a_single_run_has_no_agreement() -> None:
    agreed, consistency = compare_runs(np.zeros((1, 3), dtype=np.int32))
    assert np.isnan(agreed)
    assert np.isnan(consistency).all()


def test_ten_runs_of_twenty_thousand_nodes_are_quick() -> None:
    # scikit-learn needs half a second for each of the 45 pairs; the bound here is generous
    rng = np.random.default_rng(0)
    base = rng.integers(0, 500, 20_000)
    memberships = np.stack(
        [
            canonical_membership(np.where(rng.random(base.size) < 0.7, base, rng.permutation(base)))
            for _ in range(10)
        ]
    )
    began = time.perf_counter()
    agreed, _ = compare_runs(memberships)
    assert time.perf_counter() - began < 10
    one = adjusted_mutual_info_score(memberships[0], memberships[1])
    assert agreed == pytest.approx(one, abs=0.02)


@settings(max_examples=60)
@given(st.integers(0, 2**31))
def test_best_matches_are_those_of_a_slow_twin(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = Partition.from_membership(range(30), rng.integers(-1, 5, 30).tolist())
    b = Partition.from_membership(range(5, 40), rng.integers(-1, 6, 35).tolist())
    found = best_matches(a, b)
    shared = {i for i in range(5, 30) if a.membership[a.vocabulary.lookup([i])[0]] >= 0}
    for row in found.rows(named=True):
        mine = shared & set(a.members(row["community"]).tolist())
        best, match = 0.0, None
        for code in range(b.n_communities):
            other = shared & set(b.members(code).tolist())
            if mine & other and 2 * len(mine & other) / (len(mine) + len(other)) > best:
                best, match = 2 * len(mine & other) / (len(mine) + len(other)), code
        assert row["shared"] == len(mine)
        assert (row["match"], row["f1"]) == (match, best if mine else None)

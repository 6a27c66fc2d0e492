from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.data.partition import Partition, Runs, canonical_membership
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError, OptionError

CODES = st.lists(st.integers(-1, 6), min_size=1, max_size=40)


@given(CODES)
def test_canonical_numbers_by_size_then_smallest_node(codes: list[int]) -> None:
    canonical = canonical_membership(codes).tolist()
    groups: dict[int, list[int]] = {}
    for node, code in enumerate(codes):
        if code >= 0:
            groups.setdefault(code, []).append(node)
    ordered = sorted(groups.values(), key=lambda nodes: (-len(nodes), nodes[0]))
    expected = [-1] * len(codes)
    for rank, nodes in enumerate(ordered):
        for node in nodes:
            expected[node] = rank
    assert canonical == expected
    assert canonical_membership(canonical).tolist() == canonical


@given(CODES, st.permutations(range(7)))
def test_canonical_ignores_the_given_numbers(codes: list[int], renamed: list[int]) -> None:
    other = [-1 if c < 0 else renamed[c] for c in codes]
    assert np.array_equal(canonical_membership(codes), canonical_membership(other))


def test_from_names_and_from_codes() -> None:
    named = Partition.from_membership(["c", "a", "b", "d"], ["x", "y", "y", None])
    assert named.frame().rows() == [("a", 0, "y"), ("b", 0, "y"), ("c", 1, "x"), ("d", None, None)]
    coded = Partition.from_membership(["c", "a", "b"], [0, 1, 1], labels=["x", "y"])
    assert coded.labels == ("y", "x")
    assert coded.members("y").tolist() == ["a", "b"]
    assert coded.members(1).tolist() == ["c"]


def test_what_is_refused() -> None:
    vocabulary = Vocabulary(["a", "b", "c"])
    with pytest.raises(DataError, match="numbered by size"):
        Partition(vocabulary, np.array([0, 1, 1]))
    with pytest.raises(DataError, match="shape"):
        Partition(vocabulary, np.array([0, 0]))
    with pytest.raises(DataError, match="unique"):
        Partition(vocabulary, np.array([0, 0, 1]), ("x", "x"))
    with pytest.raises(DataError, match="3 labels for 1"):
        Partition(vocabulary, np.array([0, 0, 0]), ("x", "y", "z"))
    with pytest.raises(DataError, match="each id once"):
        Partition.from_membership(["a", "a"], [0, 1])
    with pytest.raises(DataError, match="labels for community codes up to"):
        Partition.from_membership(["a", "b"], [0, 1], labels=["x"])


def test_unknown_communities_are_named() -> None:
    partition = Partition.from_membership(["a", "b"], ["booktok", "cats"])
    with pytest.raises(MissingDataError, match="Did you mean 'booktok'"):
        partition.members("bookto")
    for code in (2, -1, 0.5, True, None):
        with pytest.raises(OptionError, match="from 0 to 1"):
            partition.members(code)  # type: ignore[arg-type]
    assert partition.members(np.int64(1)).tolist() == ["b"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("agreement", "verdict"),
    [
        (0.9, "runs agree; null not tested"),
        (0.6, "runs agree in part; null not tested"),
        (0.23, "runs disagree"),
        (float("nan"), "one run"),
    ],
)
def test_verdict(agreement: float, verdict: str) -> None:
    runs = Runs(np.zeros((2, 2), np.int32), np.ones(2), agreement, np.ones(2, np.float32))
    partition = Partition(Vocabulary("ab"), np.zeros(2, np.int32), runs=runs)
    assert partition.verdict == verdict
    assert Partition(Vocabulary("ab"), np.zeros(2, np.int32)).verdict == "one run"


def test_summary_averages_consistency_over_members() -> None:
    runs = Runs(
        np.zeros((2, 4), np.int32), np.ones(2), 1.0, np.array([1, 0.5, 0.2, np.nan], np.float32)
    )
    partition = Partition(Vocabulary("abcd"), np.array([0, 0, 1, -1]), runs=runs)
    assert partition.summary()["consistency"].to_list() == pytest.approx([0.75, 0.2])
    assert partition.summary()["share"].to_list() == [0.5, 0.25]
    assert partition.n_unassigned == 1


def test_save_and_load(tmp_path: Path) -> None:
    runs = Runs(np.array([[0, 0, -1]] * 2, np.int32), np.array([0.4, 0.3]), 0.5, np.ones(3, "f4"))
    evidence = pl.DataFrame({"community": [0], "tag": ["x"], "z": [3.5]})
    partition = Partition(
        Vocabulary("abc"),
        np.array([0, 0, -1]),
        ("x",),
        0.4,
        "modularity",
        1.0,
        runs,
        evidence,
        "accounts",
        Provenance("leiden", {"quality": "modularity"}, seed=2**100),
    )
    again = Partition.load(partition.save(tmp_path / "p"))
    assert again.content_key == partition.content_key
    assert again.provenance == partition.provenance
    assert again.evidence is not None
    assert again.evidence.equals(evidence)
    assert again.runs is not None
    assert again.runs.agreement == 0.5
    assert np.array_equal(again.runs.memberships, runs.memberships)


def test_membership_key_ignores_names() -> None:
    plain = Partition.from_membership(["a", "b"], [0, 1])
    named = plain.with_labels(["x", "y"], None, Provenance("label"))
    assert named.membership_key == plain.membership_key
    assert named.content_key != plain.content_key


def test_it_shows_itself() -> None:
    partition = Partition.from_membership(["a", "b"], ["<x>", "y"])
    assert "communities" in repr(partition)
    assert "&lt;x&gt;" in partition._repr_html_()


def test_everything_unassigned() -> None:
    partition = Partition.from_membership(["a", "b"], [-1, -1])
    assert partition.n_communities == 0
    assert partition.summary().height == 0
    assert "none" in repr(partition)


# names belong to one membership ----------------------------------------------------------


def named() -> Partition:
    return Partition.from_membership("abcd", [0, 0, 0, 1], labels=["x", "y"])


def test_labels_do_not_move_to_other_communities() -> None:
    p = named()
    assert p.labels_key == p.membership_key
    with pytest.raises(DataError, match="labels belong to another partition"):
        replace(p, membership=np.array([0, 0, 1, 1], np.int32))
    with pytest.raises(DataError, match="labels belong to another partition"):
        replace(p, vocabulary=Vocabulary("abce"))
    bare = replace(p, membership=np.array([0, 0, 1, 1], np.int32), labels=(), labels_key="")
    assert bare.labels == (None, None)
    unnamed = Partition.from_membership("abcd", [0, 0, 0, 1])
    assert unnamed.labels_key == ""
    assert replace(unnamed, membership=np.array([0, 0, 1, 1], np.int32)).n_communities == 2


def test_evidence_of_other_communities_is_refused() -> None:
    p, other = named(), Partition.from_membership("abcd", [0, 0, 1, 1])
    evidence = pl.DataFrame({"community": [0], "tag": ["x"], "membership_key": p.membership_key})
    assert p.with_labels(["n", "m"], evidence, p.provenance).labels == ("n", "m")
    with pytest.raises(DataError, match="evidence for these labels belongs to another"):
        other.with_labels(["n", "m"], evidence, p.provenance)
    renamed = p.with_labels(["n", None], None, p.provenance)
    assert renamed.labels_key == p.membership_key


def test_a_file_with_swapped_memberships_is_refused(tmp_path: Path) -> None:
    from graphkit.data.files import load_arrays, save_arrays

    path = named().save(tmp_path / "p")
    assert Partition.load(path).labels == ("x", "y")
    header, arrays = load_arrays(path, "Partition")
    arrays["membership"] = np.array([0, 0, 1, 1], np.int32)
    kept = {k: v for k, v in header.items() if k not in ("noun", "format")}
    with pytest.raises(DataError, match="labels belong to another partition"):
        Partition.load(save_arrays(tmp_path / "q", "Partition", kept, arrays))


# confident -------------------------------------------------------------------------------


def unsure() -> Partition:
    consistency = np.array([0.9, 0.4, 0.2, 0.7, 0.6, 0.1, np.nan], np.float32)
    membership = np.array([0, 0, 0, 1, 1, 2, -1], np.int32)
    runs = Runs(np.stack([membership] * 2), np.ones(2), 0.6, consistency)
    p = Partition(Vocabulary("abcdefg"), membership, ("x", "y", "z"), 0.4, "modularity", 1.0, runs)
    evidence = pl.DataFrame(
        {
            "community": pl.Series([0, 1, 1, 2], dtype=pl.Int32),
            "tag": list("xyuz"),
            "rank": [1, 1, 2, 1],
            "membership_key": p.membership_key,
        }
    )
    return p.with_labels(p.labels, evidence, p.provenance)


def test_confident_leaves_out_uncertain_nodes() -> None:
    p = unsure()
    q = p.confident()
    assert q.membership.tolist() == [1, -1, -1, 0, 0, -1, -1]
    assert q.labels == ("y", "x")
    assert q.provenance.verb == "Partition.confident"
    assert q.provenance.parameters == {"minimum": 0.5}
    assert q.provenance.removed == {
        "nodes of consistency below 0.5": 3,
        "communities without a node left": 1,
    }
    assert q.provenance.inputs == (p.content_key,)
    assert np.isnan(q.quality)
    assert (q.verdict, q.stability) == ("runs agree in part; null not tested", 0.6)
    assert q.evidence is not None
    assert q.evidence.select("community", "tag").rows() == [(0, "y"), (0, "u"), (1, "x")]
    assert q.evidence["membership_key"].unique().to_list() == [q.membership_key]


def test_confident_shows_itself(tmp_path: Path) -> None:
    q = unsure().confident()
    assert q.frame().select("id", "community", "label").rows()[:2] == [
        ("a", 1, "x"),
        ("b", None, None),
    ]
    assert q.summary().select("label", "size").rows() == [("y", 2), ("x", 1)]
    assert q.summary()["consistency"].to_list() == pytest.approx([0.65, 0.9])
    assert "runs agree in part" in repr(q)
    assert "runs agree in part" in q._repr_html_()
    assert Partition.load(q.save(tmp_path / "q")).content_key == q.content_key


def test_confident_bounds_are_inclusive() -> None:
    p = unsure()
    assert p.confident(0.7).membership.tolist() == [0, -1, -1, 1, -1, -1, -1]
    assert np.array_equal(p.confident(0).membership, p.membership)
    assert p.confident(0).provenance.removed == {}
    none = p.confident(1)
    assert none.n_communities == 0
    assert none.summary().height == 0
    assert none.labels == ()


def test_confident_needs_several_runs() -> None:
    with pytest.raises(DataError, match="does not come from several runs"):
        named().confident()
    runs = Runs(np.zeros((1, 2), np.int32), np.ones(1), float("nan"), np.full(2, np.nan, "f4"))
    with pytest.raises(DataError, match="does not come from several runs"):
        Partition(Vocabulary("ab"), np.zeros(2, np.int32), runs=runs).confident()
    for minimum in (-0.1, 1.1, float("nan"), "0.5"):
        with pytest.raises(OptionError, match="minimum="):
            unsure().confident(minimum)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("agreement", "words"),
    [
        (0.9, "nearly the same"),
        (0.6, "some communities only"),
        (0.2, "artefact of one run"),
        (float("nan"), "no run-to-run agreement"),
    ],
)
def test_cards_say_what_the_verdict_means(agreement: float, words: str) -> None:
    runs = Runs(np.zeros((2, 2), np.int32), np.ones(2), agreement, np.ones(2, np.float32))
    p = Partition(Vocabulary("ab"), np.zeros(2, np.int32), runs=runs)
    assert words in repr(p)
    assert words in p._repr_html_()


# memberships of other tools ---------------------------------------------------------------

HASHES = [7281986300348026145, 7281986300348026145, 7281986300348026146]


class Missing:
    """Stands for the missing value of pandas, which has no truth value."""

    def __bool__(self) -> bool:
        raise TypeError


NA = type("NAType", (Missing,), {})()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([1382979469312, 1382979469312, 1047972020224], [0, 0, 1]),
        (np.array([1382979469312, 1382979469312, 1047972020224]), [0, 0, 1]),
        (HASHES, [0, 0, 1]),
        (np.array(HASHES), [0, 0, 1]),
        (pl.Series(HASHES), [0, 0, 1]),
        (np.array([2**64 - 1, 2**64 - 1, 2**63], np.uint64), [0, 0, 1]),
        (pl.Series([2**64 - 1, 2**64 - 1, 2**63], dtype=pl.UInt64), [0, 0, 1]),
        ([2**63, 2**63, -1], [0, 0, -1]),
        ([2**127, 2**127, 5], [0, 0, 1]),
        (np.array([0.0, 0.0, np.nan]), [0, 0, -1]),
        ([0, 0, None], [0, 0, -1]),
        ([0, 0, NA], [0, 0, -1]),
        ([np.int8(3), np.uint64(3), np.float32(4)], [0, 0, 1]),
        ([3, 3.0, -1.0], [0, 0, -1]),
        (np.ma.masked_array([1, 1, 1], [False, False, True]), [0, 0, -1]),
        (pl.Series([5, 5, None]), [0, 0, -1]),
        (pl.Series([5.0, 5.0, None]), [0, 0, -1]),
        (pl.Series(["x", "x", None], dtype=pl.Categorical), [0, 0, -1]),
        (pl.Series(["x", "x", None], dtype=pl.Enum(["y", "x"])), [0, 0, -1]),
        (np.array(["x", "x", "y"]), [0, 0, 1]),
        (["x", "x", float("nan")], [0, 0, -1]),
        ([np.str_("x"), "x", NA], [0, 0, -1]),
        ([True, True, False], [0, 0, 1]),
        (np.array([True, True, False]), [0, 0, 1]),
        ([None, None, None], [-1, -1, -1]),
        ((code for code in (9, 9, 8)), [0, 0, 1]),
        ({"a": 7, "b": 7, "c": 1}, [0, 0, 1]),
        ({"c": "x", "a": "y", "b": "y"}, [0, 0, 1]),
        ({"b": 1, "a": 1}, [0, 0, -1]),
    ],
)
def test_from_membership_reads_what_other_tools_give(given: object, expected: list[int]) -> None:
    found = Partition.from_membership("abc", given)  # type: ignore[arg-type]
    assert found.membership.tolist() == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([0.2, 0.7, 0.7], r"membership 0\.2 of node 1 is no code: codes are integers"),
        (np.array([0, 0.5, 1]), r"membership 0\.5 of node 2"),
        ([0, 1, float("inf")], "membership inf of node 3"),
        ([0.0, 0.0, 2.0**60], r"membership 1\.15\S+ of node 3 .* up to 2\^53 if they come as"),
        ([("x", 1), ("x", 1), ("y", 2)], r"membership \('x', 1\) of node 1 is a tuple.* make them"),
        ([["x"], ["x"], ["y"]], "of node 1 is a list"),
        (pl.Series([["x"], ["x"], ["y"]]), "of node 1 is a list"),
        ([{"a", "b"}, {"c"}], r"membership 1 is a set: .*for node in nodes"),
        ([b"x", b"x", b"y"], "of node 1 is a bytes"),
        ([0, -2, 1], "membership -2 of node 2 is below 0"),
        (np.array([0, 0, -7281986300348026145]), "-7281986300348026145 of node 3 is below 0"),
        (["x", 1, 1], r"mix names such as 'x' with codes such as 1: make all of them text"),
        (["x", "x", -1], r"mix names .* unassigned nodes None"),
        ([0, 1], "2 memberships for 3 ids"),
        ([], "0 memberships for 3 ids"),
        (np.zeros((3, 2), int), r"shape \(3, 2\); one entry per id"),
        (5, "a int is no membership"),
        ({"a": 0, "b": 0, "c": 1, "d": 1}, "1 keys of the memberships are no ids, such as 'd'"),
        ({0: 0, 1: 0, 2: 1}, "3 keys of the memberships are no ids, such as 0"),
    ],
)
def test_from_membership_refuses_what_is_no_code(given: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Partition.from_membership("abc", given)  # type: ignore[arg-type]


def test_from_membership_counts_missing_entries() -> None:
    def removed(given: object) -> dict[str, int]:
        return dict(Partition.from_membership("abc", given).provenance.removed)  # type: ignore[arg-type]

    reason = "nodes without a membership"
    assert removed([0, None, float("nan")]) == {reason: 2}
    assert removed({"b": 1}) == {reason: 2}
    assert removed(["x", None, "y"]) == {reason: 1}
    assert removed([0, -1, -1]) == {}


def test_from_membership_of_clusterings_of_igraph() -> None:
    import igraph
    import leidenalg

    graph = igraph.Graph(6, [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)])
    expected = [0, 0, 0, 1, 1, 1]
    cover = leidenalg.find_partition(graph, leidenalg.ModularityVertexPartition, seed=1)
    for found in (graph.community_leiden("modularity"), graph.connected_components(), cover):
        assert Partition.from_membership("abcdef", found).membership.tolist() == expected


def test_from_membership_names_codes_of_any_size() -> None:
    with pytest.raises(DataError, match="2 labels for community codes up to 7281986300348026146"):
        Partition.from_membership("abc", HASHES, labels=["x", "y"])
    with pytest.raises(DataError, match="memberships are text, which names the communities"):
        Partition.from_membership("abc", ["x", "x", "y"], labels=["x", "y"])
    found = Partition.from_membership("abc", [2, 2, 0], labels=["x", "y", "z"])
    assert found.labels == ("z", "x")


@pytest.mark.parametrize(
    "given",
    [
        np.array([2**32, 2**32, 2**32 + 1]),
        np.array([0.2, 0.7, 1.0]),
        np.array([0, 0, np.nan]),
        np.array([2**64 - 1, 2**64 - 1, 0], np.uint64),
        np.array(["x", "x", "y"]),
    ],
)
def test_a_membership_that_does_not_fit_is_refused(given: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"^partition: membership (holds numbers|must hold)"):
        Partition(Vocabulary("abc"), given)


def test_ids_and_memberships_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(DataError, match="give the ids first"):
        Partition.from_membership({"a": 0, "b": 0}, ["a", "b"])

from __future__ import annotations

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
    with pytest.raises(OptionError, match="from 0 to 1"):
        partition.members(2)


@pytest.mark.parametrize(
    ("agreement", "verdict"),
    [(0.9, "stable"), (0.6, "partly stable"), (0.23, "unstable"), (float("nan"), "untested")],
)
def test_verdict(agreement: float, verdict: str) -> None:
    runs = Runs(np.zeros((2, 2), np.int32), np.ones(2), agreement, np.ones(2, np.float32))
    partition = Partition(Vocabulary("ab"), np.zeros(2, np.int32), runs=runs)
    assert partition.verdict == verdict
    assert Partition(Vocabulary("ab"), np.zeros(2, np.int32)).verdict == "untested"


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
        Vocabulary("abc"), np.array([0, 0, -1]), ("x",), 0.4, "modularity", 1.0, runs, evidence,
        "accounts", Provenance("leiden", {"quality": "modularity"}, seed=2**100),
    )  # fmt: skip
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

from __future__ import annotations

import pickle
from collections import Counter
from typing import Any

import pytest

from graphkit.data.dataset import Dataset
from graphkit.data.incidence import SIDES, account_tags, incidence
from graphkit.data.tags import STOP_TAGS, fold_tag
from graphkit.errors import MissingDataError, OptionError


@pytest.fixture
def dataset() -> Dataset:
    return Dataset(
        accounts={"account_id": ["a", "b", "c", "d"]},
        items={
            "item_id": ["v1", "v2", "v3"],
            "author_id": ["a", "b", None],
            "tags": [["#BookTok", "booktok", "fyp"], ["cats"], None],
            "sound_id": ["s1", None, "s1"],
            "created_at": ["2024-01-01", "2024-01-02", "2024-01-03"],
        },
        interactions={
            "account_id": ["b", "b", "c", "c", "a", "c", "d"],
            "item_id": ["v1", "v1", "v1", "v3", "v3", "v2", "v2"],
            "kind": ["like", "share", "like", "stitch", "like", "view", "tag"],
            "at": ["2024-02-01"] * 6 + [None],
            "target_item_id": [None, None, None, "v1", None, None, None],
            "tag": [None] * 6 + ["Kittens"],
        },
    )


def pairs(dataset: Dataset, between: str, through: str, **more: Any) -> Counter[tuple[str, str]]:
    found = incidence(dataset, between=between, through=through, **more)
    ids, things = found.between.ids[found.rows], found.through.ids[found.columns]
    return Counter(zip(ids.tolist(), things.tolist(), strict=True))


EXPECTED = {
    ("accounts", "items"): {("b", "v1"): 2, ("c", "v1"): 2, ("a", "v3"): 1},
    ("accounts", "authors"): {("b", "a"): 2, ("c", "a"): 2},
    ("accounts", "tags"): {
        ("b", "booktok"): 2,
        ("b", "fyp"): 2,
        ("c", "booktok"): 2,
        ("c", "fyp"): 2,
        ("d", "kittens"): 1,
    },
    ("accounts", "sounds"): {("b", "s1"): 2, ("c", "s1"): 2, ("a", "s1"): 1},
    ("authors", "items"): {("a", "v1"): 1, ("b", "v2"): 1},
    ("authors", "tags"): {("a", "booktok"): 1, ("a", "fyp"): 1, ("b", "cats"): 1},
    ("authors", "sounds"): {("a", "s1"): 1},
    ("items", "tags"): {
        ("v1", "booktok"): 1,
        ("v1", "fyp"): 1,
        ("v2", "cats"): 1,
        ("v2", "kittens"): 1,
    },
    ("items", "sounds"): {("v1", "s1"): 1, ("v3", "s1"): 1},
    ("tags", "sounds"): {("booktok", "s1"): 1, ("fyp", "s1"): 1},
}


@pytest.mark.parametrize(("between", "through"), list(EXPECTED))
def test_definitions_in_both_directions(dataset: Dataset, between: str, through: str) -> None:
    expected = EXPECTED[between, through]
    assert pairs(dataset, between, through) == expected
    swapped = {(thing, entity): n for (entity, thing), n in expected.items()}
    assert pairs(dataset, through, between) == swapped


def test_every_two_sides_have_a_definition() -> None:
    assert {frozenset(p) for p in EXPECTED} == {
        frozenset((a, b)) for a in SIDES for b in SIDES if a != b
    }


def test_entities_without_pairs_stay(dataset: Dataset) -> None:
    found = incidence(dataset, between="accounts", through="items")
    assert list(found.between.ids) == ["a", "b", "c", "d"]


def test_kinds_select_acts(dataset: Dataset) -> None:
    assert pairs(dataset, "accounts", "items", kinds=("view",)) == {("c", "v2"): 1}
    with pytest.raises(MissingDataError, match=r"of kind play; the table has like"):
        pairs(dataset, "accounts", "items", kinds=("play",))
    with pytest.raises(OptionError, match="Did you mean 'like'"):
        pairs(dataset, "accounts", "items", kinds=("likes",))


def test_exclusion_is_folded_and_counted(dataset: Dataset) -> None:
    found = incidence(dataset, between="authors", through="tags", exclude={"#BookTok", "nothing"})
    assert found.removed == {"pairs of 1 excluded tags": 1}
    with pytest.raises(MissingDataError, match="nothing connects"):
        incidence(dataset, between="authors", through="tags", exclude={"booktok", "fyp", "cats"})
    with pytest.raises(OptionError, match="one text"):
        incidence(dataset, between="authors", through="tags", exclude="booktok")


def test_what_is_left_out_is_counted(dataset: Dataset) -> None:
    found = incidence(dataset, between="accounts", through="authors")
    assert found.removed == {"interactions with items of unknown author": 1}


def test_times(dataset: Dataset) -> None:
    acted = incidence(dataset, between="accounts", through="items")
    assert acted.time_column == "interactions.at"
    assert acted.at is not None
    assert (acted.at > 0).all()
    made = incidence(dataset, between="authors", through="tags")
    assert made.time_column == "items.created_at"


def test_sides_are_checked(dataset: Dataset) -> None:
    with pytest.raises(OptionError, match="name two different sides"):
        incidence(dataset, between="items", through="items")
    with pytest.raises(OptionError, match="Did you mean 'tags'"):
        incidence(dataset, between="accounts", through="tag")


def test_missing_tables_are_named() -> None:
    ds = Dataset(follows={"follower_id": ["a"], "followee_id": ["b"]})
    with pytest.raises(MissingDataError, match="needs the table 'interactions'"):
        incidence(ds, between="accounts", through="items")
    with pytest.raises(MissingDataError, match="needs the table 'items'"):
        incidence(ds, between="authors", through="items")


def test_account_tags_prefers_own_words(dataset: Dataset) -> None:
    uses = Counter(account_tags(dataset, verb="x").rows())
    assert uses == {("a", "booktok"): 1, ("a", "fyp"): 1, ("b", "cats"): 1, ("d", "kittens"): 1}
    acted = Dataset(
        items={"item_id": ["v"], "tags": [["x"]]},
        interactions={"account_id": ["a"], "item_id": ["v"], "kind": ["like"]},
    )
    assert account_tags(acted, verb="x").rows() == [("a", "x")]


def test_a_log_of_views_alone_has_tags_of_what_was_viewed() -> None:
    items = {"item_id": ["v", "w"], "tags": [["x"], ["y"]]}
    seen = {"account_id": ["a", "b"], "item_id": ["v", "w"], "kind": ["view", "skip"]}
    views = Dataset(items=items, interactions=seen)
    assert sorted(account_tags(views, verb="x").rows()) == [("a", "x"), ("b", "y")]
    liked = Dataset(items=items, interactions=seen | {"kind": ["view", "like"]})
    assert account_tags(liked, verb="x").rows() == [("b", "y")]


@pytest.mark.parametrize(
    ("tag", "folded"),
    [("#BookTok", "booktok"), (" ＃ＦＹＰ ", "fyp"), ("STRASSE", "strasse"), ("Straße", "strasse")],
)
def test_folding(tag: str, folded: str) -> None:
    assert fold_tag(tag) == folded
    assert fold_tag(folded) == folded


def test_stop_tags_are_folded_and_hold_the_family() -> None:
    assert all(fold_tag(t) == t for t in STOP_TAGS)
    for tag in ("fyp", "foryou", "foryoupage", "viral", "fypシ", "fypppppp", "stitch", "duet"):
        assert fold_tag(tag) in STOP_TAGS
    for tag in ("booktok", "books", "anime", "comedy", "alttok"):
        assert tag not in STOP_TAGS


def test_a_dataset_keeps_its_last_incidences(dataset: Dataset) -> None:
    sides = {"between": "accounts", "through": "items"}
    first = incidence(dataset, **sides)
    assert incidence(dataset, **sides) is first
    assert not first.rows.flags.writeable
    other = incidence(dataset, **sides, kinds=("like",))
    assert other is not first
    incidence(dataset, between="items", through="accounts")
    again = incidence(dataset, **sides)
    assert again is not first  # two newer ones took its place
    assert (again.rows == first.rows).all()
    assert again.through == first.through
    copy = pickle.loads(pickle.dumps(dataset))
    assert copy == dataset
    assert not copy._pairs

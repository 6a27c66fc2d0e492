"""Extracts: merging, repeated rows, kinds of times, and sums."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from graphkit.errors import MissingDataError
from graphkit.readwrite.extract import Extract, ImportOptions, combine, merge_rows
from graphkit.readwrite.source import Source

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def extract(table: str, rows: dict[str, list[object]], **kinds: str) -> Extract:
    made = Extract(time_kinds={k.replace("_", ".", 1): v for k, v in kinds.items()})
    made.add(table, pl.DataFrame(rows))
    made.count(table, len(next(iter(rows.values()))))
    return made


def test_items_of_several_files_complete_one_another() -> None:
    one = extract("items", {"item_id": ["1", "2"], "caption": [None, "b"]})
    two = extract("items", {"item_id": ["1"], "caption": ["a"], "duration": [3.0]})
    dataset, total = combine([one, two], source="test", caller="t", parameters={})
    assert dataset.items is not None
    assert dataset.items.select("item_id", "caption", "duration").rows() == [
        ("1", "a", 3.0),
        ("2", "b", None),
    ]
    assert total.notes["items", "described in several places: merged"] == 1
    assert (total.read, total.kept) == ({"items": 3}, {"items": 3})


def test_an_interaction_that_is_read_twice_is_kept_once() -> None:
    act = {"account_id": ["a"], "item_id": ["1"], "kind": ["like"], "at": [NOON]}
    untimed = act | {"at": [None], "kind": ["comment"]}
    parts = [extract("interactions", rows) for rows in (act, act, untimed, untimed)]
    dataset, total = combine(parts, source="test", caller="t", parameters={})
    assert dataset.interactions is not None
    # without a time, two rows may be two acts
    assert dataset.interactions.height == 3
    assert total.notes["interactions", "the same interaction in several places: kept once"] == 1


def test_likes_without_a_time_that_several_files_share_are_kept_once() -> None:
    likes = {"account_id": ["a", "a"], "item_id": ["1", "2"], "kind": ["like", "like"]}
    more = {"account_id": ["a", "b"], "item_id": ["1", "1"], "kind": ["like", "like"]}
    parts = [extract("interactions", rows) for rows in (likes, more)]
    dataset, total = combine(parts, source="test", caller="t", parameters={})
    assert dataset.interactions is not None
    assert dataset.interactions.select("account_id", "item_id").rows() == [
        ("a", "1"),
        ("a", "2"),
        ("b", "1"),
    ]
    assert total.notes["interactions", "the same interaction in several places: kept once"] == 1


def test_impressions_may_repeat_in_one_file_and_are_shared_by_several() -> None:
    seen = {"account_id": ["a", "a"], "item_id": ["1", "1"], "at": [NOON, NOON]}
    thrice = {name: [*cells, cells[0]] for name, cells in seen.items()}
    parts = [extract("impressions", rows) for rows in (seen, thrice)]
    dataset, total = combine(parts, source="t", caller="t", parameters={})
    assert dataset.impressions is not None
    assert dataset.impressions.height == 3
    assert total.notes["impressions", "the same impression in several places: kept once"] == 2


def test_impressions_without_a_time_are_all_kept_and_noted() -> None:
    seen = {"account_id": ["a"], "item_id": ["1"]}
    parts = [extract("impressions", seen)] * 2
    dataset, total = combine(parts, source="t", caller="t", parameters={})
    assert dataset.impressions is not None
    assert dataset.impressions.height == 2
    note = "without a time, in several files: some may be the same"
    assert total.notes["impressions", note] == 2


def test_accounts_that_are_only_mentioned_are_added() -> None:
    known = extract("accounts", {"account_id": ["a"]})
    follows = extract("follows", {"follower_id": ["a", "c", "c"], "followee_id": ["b", "a", "c"]})
    dataset, total = combine([known, follows], source="test", caller="t", parameters={})
    assert list(dataset.account_ids.ids) == ["a", "b", "c"]
    assert total.notes["accounts", "added: another table mentions it"] == 2
    assert total.notes["follows", "an account follows itself: left out"] == 1


def test_times_of_several_kinds_are_of_the_least_telling() -> None:
    act = {"account_id": ["a"], "item_id": ["1"], "kind": ["like"], "at": [NOON]}
    parts = [
        extract("interactions", act, interactions_at=kind) for kind in ("event", "bound", "event")
    ]
    dataset, total = combine(parts, source="test", caller="t", parameters={})
    assert dataset.time_kinds["interactions.at"] == "bound"
    assert any("times of several kinds" in note for _, note in total.notes)


def test_nothing_at_all_is_an_error() -> None:
    with pytest.raises(MissingDataError, match="nothing that a dataset holds"):
        combine([Extract()], source="some log", caller="t", parameters={})


def test_merging_keeps_the_order_of_first_occurrence() -> None:
    frame = pl.DataFrame({"k": ["b", "a", "b"], "v": [None, 1, 2]})
    assert merge_rows(frame, ["k"]).rows() == [("b", 2), ("a", 1)]


def test_accounts_are_given_for_all_files_or_by_file() -> None:
    source = Source(Path("x/liked.json"))
    assert ImportOptions(account="ann").account_of(source) == "ann"
    assert ImportOptions(account={"liked.json": "bob"}).account_of(source) == "bob"
    with pytest.raises(MissingDataError, match=r"liked\.json holds likes.*account={'liked.json'"):
        ImportOptions(account={"other.json": "bob"}).require_account(source, "likes")
    with pytest.raises(
        MissingDataError, match="pass direction='followers' or direction='following'"
    ):
        ImportOptions().require_direction(source, "following_user")


def test_two_ratings_in_one_second_are_two() -> None:
    act = {"account_id": ["a"] * 3, "item_id": ["1"] * 3, "kind": ["rating"] * 3, "at": [NOON] * 3}
    rated = extract("interactions", act | {"value": [5.0, 3.0, 5.0]})
    dataset, _ = combine([rated], source="test", caller="t", parameters={})
    assert dataset.interactions is not None
    assert dataset.interactions.get_column("value").to_list() == [5.0, 3.0]


def test_of_two_files_the_one_that_tells_whom_an_act_answers() -> None:
    act = {"account_id": ["a", "a"], "item_id": ["1", "2"], "kind": ["reply"] * 2, "at": [NOON] * 2}
    bare = extract("interactions", act)
    told = extract("interactions", act | {"target_account_id": ["b", None]})
    for parts in ([bare, told], [told, bare]):
        dataset, total = combine(parts, source="test", caller="t", parameters={})
        assert dataset.interactions is not None
        rows = dataset.interactions.select("item_id", "target_account_id").sort("item_id").rows()
        assert rows == [("1", "b"), ("2", None)]
        assert total.notes["interactions", "the same interaction in several places: kept once"] == 2

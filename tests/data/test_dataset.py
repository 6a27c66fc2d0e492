from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import graphkit as gk
from graphkit.data.dataset import Dataset
from graphkit.errors import DataError, GraphkitError, GraphkitWarning, MissingDataError, OptionError

FOLLOWS = {"follower_id": ["a", "b"], "followee_id": ["b", "c"]}


def small(**more: Any) -> Dataset:
    tables: dict[str, Any] = {
        "items": {
            "item_id": ["v1", "v2", "v3"],
            "author_id": ["a", "b", "b"],
            "created_at": ["2024-01-01", "2024-02-01", "2024-03-01"],
            "tags": [["BookTok", "x"], [], None],
        },
        "interactions": {
            "account_id": ["a", "c", "c"],
            "item_id": ["v2", "v1", "v3"],
            "kind": ["like", "share", "like"],
            "at": ["2024-02-02T00:00:00Z", "2024-01-05 10:00:00", "2024-03-02"],
        },
    }
    return Dataset(**(tables | more))


def test_types_after_conforming() -> None:
    ds = small(
        accounts={"account_id": [1, 2], "follower_count": ["3", ""]}, items=None, interactions=None
    )
    assert ds.accounts is not None
    assert ds.accounts.rows() == [("1", 3), ("2", None)]


def test_naive_times_are_utc_and_offsets_are_converted() -> None:
    ds = Dataset(follows=FOLLOWS | {"since": ["2024-01-01", "2024-01-01T10:00:00+02:00"]})
    assert ds.follows is not None
    assert ds.follows["since"].to_list() == [
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 1, 1, 8, tzinfo=UTC),
    ]
    assert ds.time_kinds["follows.since"] == "event"


def test_arrow_frames_are_accepted() -> None:
    class Foreign:
        """A frame that only speaks the Arrow stream interface."""

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return pl.DataFrame(FOLLOWS).__arrow_c_stream__(requested_schema)

    assert Dataset(follows=Foreign()).content_key == Dataset(follows=FOLLOWS).content_key  # type: ignore[arg-type]


def test_extra_columns_are_kept() -> None:
    ds = Dataset(accounts={"account_id": ["a"], "my_note": ["hello"]})
    assert ds.accounts is not None
    assert ds.accounts["my_note"].to_list() == ["hello"]


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "at least one table"),
    ({"follows": {"follower_id": [], "followee_id": []}}, "every table is empty"),
    ({"follows": {"follower_id": ["a"]}}, r"'follows'.*'followee_id' is missing"),
    ({"follows": {"follower_id": ["a"], "folowee_id": ["b"]}}, "looks like 'followee_id'"),
    ({"follows": {"follower_id": [1.0], "followee_id": ["b"]}}, r"read as float.*1\.0.*text"),
    ({"follows": {"follower_id": ["7.32077E+18"], "followee_id": ["b"]}}, "scientific notation"),
    ({"follows": {"follower_id": ["a", None], "followee_id": ["b", "c"]}}, r"row 2.*no id"),
    ({"follows": {"follower_id": ["a", "a"], "followee_id": ["b", "b"]}}, "must be unique"),
    ({"follows": {"follower_id": ["a"], "followee_id": ["a"]}}, "follows itself"),
    ({"accounts": {"account_id": ["a", "a"]}}, r"'accounts'.*unique.*'a'"),
    (
        {"accounts": {"account_id": ["a"]}, "follows": FOLLOWS},
        r"row 1: follower_id|not in the table",
    ),
    ({"interactions": {"account_id": ["a"], "kind": [" "]}}, r"row 1: ' ' is no kind.*like"),
    ({"interactions": {"account_id": ["a"], "kind": [None]}}, r"row 1: None is no kind.*like"),
    ({"impressions": {"account_id": ["a"], "item_id": ["v"], "at": [0]}}, "unit and origin"),
    ({"impressions": {"account_id": ["a"], "item_id": ["v"], "at": ["1970-01-01"]}}, "1990–2100"),
    ({"impressions": {"account_id": ["a"], "item_id": ["v"], "at": ["soon"]}}, "is not a time"),
    (
        {"impressions": {"account_id": ["a"], "item_id": ["v"], "watch_fraction": [float("nan")]}},
        "nan",
    ),
    (
        {"impressions": {"account_id": ["a"], "item_id": ["v"], "watch_fraction": [-0.5]}},
        r"\[0, ∞\]",
    ),
    ({"items": {"item_id": ["v"], "divisiveness": [1.5]}}, r"\[0, 1\]"),
    ({"items": {"item_id": ["v"], "duration": ["long"]}}, r"'long' is not a number"),
    ({"items": {"item_id": ["v"], "tags": ['["a"']}}, "not a JSON list"),
    ({"items": {"item_id": ["v", "w"], "embedding": [[1.0], [1.0, 2.0]]}}, "mixes lengths"),
    ({"accounts": {"account_id": ["a"], "follower_count": [1.5]}}, "whole number"),
    ({"accounts": {"account_id": ["a"], "list_complete": ["maybe"]}}, "true or false"),
    ({"accounts": [1, 2]}, "is a list"),
]


@pytest.mark.parametrize(("tables", "message"), BAD)
def test_bad_input_is_named(tables: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        Dataset(**tables)
    assert isinstance(caught.value, GraphkitError)
    assert isinstance(caught.value, ValueError)


def test_unknown_references_name_row_and_remedy() -> None:
    with pytest.raises(DataError, match=r"'interactions', row 2: account_id='z'.*unknown='add'"):
        Dataset(
            accounts={"account_id": ["a"]},
            interactions={"account_id": ["a", "z"], "kind": ["like", "like"]},
        )


def test_time_kinds_are_checked() -> None:
    with pytest.raises(OptionError, match="time_kinds"):
        small(time_kinds={"interactions.at": "evnt"})
    with pytest.raises(OptionError, match="not a time column"):
        small(time_kinds={"interactions.when": "event"})
    ds = small(time_kinds={"interactions.at": "item_created"})
    with pytest.raises(MissingDataError, match="'item_created'"):
        ds.require_event_times("interactions.at", verb="x")


def test_require_names_what_is_missing() -> None:
    with pytest.raises(MissingDataError, match=r"needs the table 'follows'.*items, interactions"):
        small().require("follows", verb="follow_graph")
    with pytest.raises(MissingDataError, match=r"items\.sound_id"):
        small().require("items", "sound_id", verb="x")


def test_split_time_parts_rows_and_keeps_what_they_mention() -> None:
    past, future = small().split_time("2024-02-15")
    assert past.items is not None
    assert future.items is not None
    assert past.items["item_id"].to_list() == ["v1", "v2"]
    assert future.items["item_id"].to_list() == ["v3"]
    assert past.interactions is not None
    assert past.interactions.height == 2
    assert future.interactions is not None
    assert future.interactions.height == 1
    late = small(impressions={"account_id": ["a"], "item_id": ["v1"], "at": ["2024-03-05"]})
    _, after = late.split_time("2024-02-15")
    assert after.items is not None
    assert after.items["item_id"].to_list() == ["v1", "v3"]


def test_split_time_boundary_belongs_to_the_future() -> None:
    past, future = small().split_time(datetime(2024, 3, 2))
    assert past.interactions is not None
    assert future.interactions is not None
    assert past.interactions.height + future.interactions.height == 3
    assert future.interactions["item_id"].to_list() == ["v3"]


def test_split_time_needs_a_rule_for_rows_without_time() -> None:
    ds = small(
        interactions={
            "account_id": ["a", "a"],
            "item_id": ["v1", "v3"],
            "kind": ["like", "like"],
            "at": [None, "2024-03-05"],
        }
    )
    with pytest.raises(MissingDataError, match="untimed="):
        ds.split_time("2024-02-01")
    past, _ = ds.split_time("2024-02-01", untimed="past")
    assert past.interactions is not None
    assert past.interactions.height == 1
    past, _ = ds.split_time("2024-02-01", untimed="drop")
    assert past.provenance.removed == {"interactions without a time": 1}
    with pytest.raises(DataError, match="nothing happens"):
        ds.split_time("2030-01-01", untimed="drop")
    with pytest.raises(OptionError, match="ISO 8601"):
        ds.split_time("1st of May")


def test_select_accounts() -> None:
    ds = small(follows=FOLLOWS).select_accounts(["a", "b"])
    assert ds.follows is not None
    assert ds.follows.rows() == [("a", "b")]
    assert ds.interactions is not None
    assert ds.interactions["account_id"].to_list() == ["a"]
    assert ds.items is not None
    assert ds.items["item_id"].to_list() == ["v1", "v2", "v3"]


def test_content_key_sees_values_only() -> None:
    assert small().content_key == small().content_key
    other = small(source="elsewhere")
    assert other.content_key == small().content_key
    assert small(follows=FOLLOWS).content_key != small().content_key


def test_it_shows_itself() -> None:
    ds = small(source="<a test>")
    assert "3 rows" in repr(ds)
    assert "&lt;a test&gt;" in ds._repr_html_()
    summary = ds.summary()
    assert summary.filter(pl.col("column") == "at")["filled"].to_list() == [1.0]


def test_fields_cannot_be_set() -> None:
    with pytest.raises(AttributeError):
        small().items = None  # type: ignore[misc]


def test_watch_fractions_that_are_times_are_told() -> None:
    log = {
        "account_id": ["a"] * 3,
        "item_id": ["v", "w", "x"],
        "watch_fraction": [900, 12_000, 31_000],
    }
    with pytest.warns(GraphkitWarning, match="look like seconds or milliseconds"):
        Dataset(impressions=log)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Dataset(impressions=log | {"watch_fraction": [0.2, 1.0, 40.0]})  # one is watched often


def test_values_of_views_that_are_times_are_told(tmp_path: Path) -> None:
    log = {"account_id": ["a"] * 3, "item_id": ["v", "w", "x"], "value": [900, 12_000, 31_000]}
    with pytest.warns(GraphkitWarning, match="half of the values of views are above 12,000"):
        ds = Dataset(interactions=log | {"kind": ["view"] * 3})
    with pytest.warns(GraphkitWarning, match="Counts of plays are of the kind 'play'"):
        gk.from_frame(log, account="account_id", item="item_id", value="value", kind_is="view")
    folder = gk.readwrite.write_dataset(ds, tmp_path / "log")
    with pytest.warns(GraphkitWarning, match="look like seconds or milliseconds"):
        gk.readwrite.read_dataset(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Dataset(interactions=log | {"kind": ["play"] * 3})
        Dataset(interactions=log | {"kind": ["view"] * 3, "value": [0.2, 1.0, 40.0]})
        Dataset(
            interactions=log | {"kind": ["view", "rating", "rating"], "value": [None, 8.0, 9.0]}
        )


def test_two_datasets_are_joined_with_what_was_left_out() -> None:
    log = {"user": ["a", "b", "b"], "video": ["v", "v", "w"], "tag": ["#x", "#x", "#y"]}
    first = gk.from_frame(log, account="user", item="video", kind_is="like", tags="tag")
    with pytest.warns(GraphkitWarning, match="follows itself"):
        follows = gk.from_frame(
            {"who": ["a", "a", "b", "c"], "whom": ["b", "b", "b", "a"]},
            follower="who",
            followee="whom",
        )
    both = first.join(follows)
    assert list(both.tables) == ["items", "follows", "interactions"]
    told = {"follows: account follows itself": 1, "follows: the same row again": 1}
    assert both.provenance.removed == told
    assert both.provenance.census() == told  # counted once
    assert gk.graphs.methods_paragraph(gk.follow_graph(both)).count("the same row again") == 1
    # a table of both, with an item that only the second log has
    second = gk.Dataset(interactions={"account_id": ["a"], "item_id": ["z"], "kind": ["like"]})
    more = both.join(second).join(follows)
    assert more.interactions is not None
    assert more.interactions.height == 4
    assert list(more.item_ids.ids) == ["v", "w", "z"]
    again = "follows: the same follower_id and followee_id in both datasets"
    assert more.provenance.removed[again] == 2
    with pytest.warns(GraphkitWarning, match="no account is in both"):
        first.join(gk.Dataset(follows={"follower_id": ["1"], "followee_id": ["2"]}))
    with pytest.raises(DataError, match="join needs a graphkit Dataset"):
        first.join(follows.follows)  # type: ignore[arg-type]


def test_different_meanings_and_keys_are_not_joined() -> None:
    one = gk.Dataset(interactions={"account_id": ["a"], "kind": ["like"], "at": ["2026-01-01"]})
    other = gk.Dataset(**one.tables, time_kinds={"interactions.at": "bound"})
    with pytest.raises(DataError, match="time kind 'event' in one and 'bound' in the other"):
        one.join(other)
    hidden = gk.privacy.pseudonymise(one, gk.privacy.PseudonymKey(b"k" * 32))
    with pytest.raises(DataError, match="pseudonyms"):
        one.join(hidden)


def test_a_required_column_is_told_before_a_likeness() -> None:
    with pytest.raises(DataError, match=r"column 'account_id' is missing.*from_frame"):
        Dataset(interactions={"user": ["a"], "video": ["v"], "tags": ["x"], "action": ["like"]})

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

import graphkit as gk
from graphkit.errors import DataError, FileError, MissingDataError, OptionError


@pytest.fixture
def log() -> gk.Dataset:
    acts = {
        "account_id": ["a", "b", "b", "c", "c", "b"],
        "item_id": ["w", "w", "v", None, "x", "x"],
        "kind": ["like", "like", "like", "mention", "duet", "duet"],
        "target_account_id": [None, None, None, "a", None, "a"],
        "target_item_id": [None, None, None, None, "v", None],
    }
    return gk.Dataset(
        accounts={"account_id": ["a", "b", "c"]},
        items={"item_id": ["v", "w", "x"], "author_id": ["a", "b", None]},
        follows={"follower_id": ["a", "b", "c"], "followee_id": ["b", "c", "a"]},
        interactions=acts,
        impressions={
            "account_id": ["b", "c", "a"],
            "item_id": ["w", "v", "w"],
            "parent_account_id": ["a", None, "b"],
        },
        memberships={"account_id": ["a", "b"], "group_id": ["g", "g"]},
        refresh_due=date(2026, 1, 31),
    )


def test_a_purged_account_is_nowhere(log: gk.Dataset) -> None:
    left = log.purge(["a", "nobody"])
    for name, frame in left.tables.items():
        for column in frame.select(pl.col(pl.String)):
            assert "a" not in column, (name, column.name)
    assert left.items is not None
    assert left.items["item_id"].to_list() == ["w", "x"]
    assert left.interactions is not None
    # c's mention of a has no object left; the duets lose a, and an item of a, as their target
    rows = left.interactions.select("account_id", "item_id", "target_account_id", "target_item_id")
    assert rows.rows() == [("b", "w", None, None), ("c", "x", None, None), ("b", "x", None, None)]
    assert left.impressions is not None
    assert left.impressions.rows() == [("b", "w", None)]
    assert dict(left.provenance.removed) == {
        "accounts: rows": 1,
        "items: rows": 1,
        "follows: rows": 2,
        "interactions: rows": 2,
        "interactions: target_item_id emptied": 1,
        "interactions: target_account_id emptied": 2,
        "interactions: rows without an object left": 1,
        "impressions: rows": 2,
        "impressions: parent_account_id emptied": 1,
        "memberships: rows": 1,
    }
    assert dict(left.provenance.parameters) == {"ids": 2, "ids not in the data": 1}
    assert left.refresh_due == log.refresh_due
    assert log.purge([]).content_key == log.content_key


def test_ids_as_they_came_purge_no_pseudonyms(log: gk.Dataset) -> None:
    key = gk.privacy.PseudonymKey(bytes(32))
    hidden = gk.privacy.pseudonymise(log, key)
    with pytest.raises(DataError, match=f"pseudonyms of the key {key.fingerprint}"):
        hidden.purge(["a"])
    left = hidden.purge([key.pseudonym("a", "account")])
    assert dict(left.provenance.removed) == dict(log.purge(["a"]).provenance.removed)
    assert hidden.purge([]).content_key == hidden.content_key


def test_nothing_left_is_refused(log: gk.Dataset) -> None:
    follows = gk.Dataset(follows={"follower_id": ["a"], "followee_id": ["b"]})
    with pytest.raises(DataError, match="nothing is left"):
        follows.purge(["a"])
    with pytest.raises(OptionError, match="a collection of ids is needed"):
        log.purge("a")


@pytest.mark.parametrize("form", ["txt", "csv", "parquet"])
def test_only_valid_items_stay(log: gk.Dataset, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"valid.{form}"
    valid = pl.DataFrame({"seen": ["1", "2", "3"], "item_id": ["w", " x ", "y"]})
    if form == "parquet":
        valid.write_parquet(file)
    elif form == "csv":
        valid.write_csv(file)
    else:
        file.write_text("w\n\n x\ny\n")
    left = log.keep_valid(file)
    assert left.items is not None
    assert left.items["item_id"].to_list() == ["w", "x"]
    assert left.interactions is not None
    assert left.interactions["item_id"].to_list() == ["w", "w", None, "x", "x"]
    assert left.interactions["target_item_id"].null_count() == 5
    assert left.impressions is not None
    assert left.impressions["item_id"].to_list() == ["w", "w"]
    assert left.accounts is not None
    assert left.accounts.height == 3
    assert dict(left.provenance.parameters) == {"ids": 3, "ids not in the data": 1}
    # the next day is another
    assert left.refresh_due is None


def test_lists_that_are_none(log: gk.Dataset, tmp_path: Path) -> None:
    empty, other = tmp_path / "empty.txt", tmp_path / "other.parquet"
    empty.write_text("")
    pl.DataFrame({"id": ["w"]}).write_parquet(other)
    with pytest.raises(FileError, match="holds no"):
        log.keep_valid(empty)
    with pytest.raises(FileError, match="cannot be read"):
        log.keep_valid(tmp_path / "none.txt")
    with pytest.raises(MissingDataError, match="has no column 'item_id'; there are id"):
        log.keep_valid(other)


@pytest.mark.parametrize(
    "text", ["what,video_id\nfirst,w\nsecond,x\n", "item_id;seen\nw;1\nx;2\n", "W\nX\n"]
)
def test_a_list_in_another_spelling_removes_nothing(
    log: gk.Dataset, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "valid.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=r"none of its \d ids is that of an item"):
        log.keep_valid(file)


def test_the_day_of_the_next_refresh_is_kept(log: gk.Dataset, tmp_path: Path) -> None:
    folder = gk.write_dataset(log, tmp_path / "log")
    assert "refresh_due = 2026-01-31\n" in (folder / "dataset.toml").read_text()
    again, _ = gk.read_dataset(folder)
    assert again.refresh_due == date(2026, 1, 31)
    header = folder / "dataset.toml"
    header.write_text(header.read_text().replace("= 2026-01-31", '= "soon"'))
    with pytest.raises(DataError, match="refresh_due = 'soon' is no day"):
        gk.read_dataset(folder)

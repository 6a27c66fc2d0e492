"""Datasets in the formats of CooRTweet and RecBole, read back by graphkit and by pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import graphkit as gk
from graphkit.errors import FileError, MissingDataError, OptionError
from graphkit.readwrite import read_any, write_coortweet, write_recbole

AT = "2024-05-30 15:00:24"
LOG: dict[str, list[Any]] = {
    "account_id": ["0017", "@bob", "=cem", "0017", "7281986300348026145", "@bob"],
    "item_id": ["7374807619341093709", "7374807619341093709", "08", None, "08", "d1"],
    "kind": ["like", "share", "like", "share", "like", "duet"],
    "at": [AT, "2024-05-30 15:00:24.75", AT, AT, None, AT],
    "target_item_id": [None, None, None, None, None, "08"],
}


def dataset(**more: Any) -> gk.Dataset:
    return gk.Dataset(interactions=LOG, **more)


def test_write_coortweet_has_a_row_per_share_of_an_object(tmp_path: Path) -> None:
    report = write_coortweet(dataset(), tmp_path / "s.csv", kinds=("like", "share", "duet"))
    table = pd.read_csv(tmp_path / "s.csv", dtype=str)
    assert table.values.tolist() == [
        ["08", "=cem", "like:1", "1717081224"],
        ["08", "@bob", "d1", "1717081224"],
        ["7374807619341093709", "0017", "like:2", "1717081224"],
        ["7374807619341093709", "@bob", "share:1", "1717081224"],
    ]
    assert table.columns.tolist() == ["object_id", "account_id", "content_id", "timestamp_share"]
    assert report.rows.rows() == [("interactions", 6, 4)]
    assert report.dropped.select("reason", "rows").rows() == [
        ("no object: the item, or the post that is answered, is missing", 1),
        ("no time", 1),
    ]
    assert report.notes.rows() == [("interactions", "times cut to whole seconds", 1)]


def test_write_coortweet_comes_back(tmp_path: Path) -> None:
    write_coortweet(dataset(), tmp_path / "s.csv", kinds="like")
    again, _ = read_any(tmp_path / "s.csv")
    assert again.interactions is not None
    assert again.interactions.select("account_id", "item_id").rows() == [
        ("=cem", "08"),
        ("0017", "7374807619341093709"),
    ]
    pairs = gk.graphs.coordinated_accounts(again, window="1s", min_participation=1)
    assert pairs.graph.n_edges == 0


def test_write_coortweet_finds_the_same_coordination(tmp_path: Path) -> None:
    platform = gk.synthetic.platform(accounts=300, rng=5).dataset
    kinds = ["share", "repost", "like"]
    assert platform.interactions is not None
    # the reader keeps an interaction once, so that the twin has each once as well
    once = platform.interactions.unique(["account_id", "item_id", "at"], maintain_order=True)
    twin = gk.Dataset(interactions=once)
    write_coortweet(twin, tmp_path / "s.csv", kinds=kinds)
    again, _ = read_any(tmp_path / "s.csv")
    options: dict[str, Any] = {"window": "1h", "min_participation": 1}
    theirs = gk.graphs.coordinated_accounts(again, kinds=["share"], **options)
    own = gk.graphs.coordinated_accounts(twin, kinds=kinds, **options)
    assert own.graph.n_edges > 0
    assert theirs.frame.equals(own.frame)


def test_write_coortweet_needs_event_times(tmp_path: Path) -> None:
    untimed = gk.Dataset(interactions={k: LOG[k] for k in ("account_id", "item_id", "kind")})
    with pytest.raises(MissingDataError, match=r"interactions\.at"):
        write_coortweet(untimed, tmp_path / "s.csv")
    collected = dataset(time_kinds={"interactions.at": "collected"})
    with pytest.raises(MissingDataError, match="collected"):
        write_coortweet(collected, tmp_path / "s.csv")
    with pytest.raises(OptionError, match="Did you mean 'like'"):
        write_coortweet(dataset(), tmp_path / "s.csv", kinds="likee")
    assert not list(tmp_path.iterdir())


def test_write_recbole_comes_back(tmp_path: Path) -> None:
    full = dataset(
        accounts={"account_id": ["0017", "@bob", "=cem", "7281986300348026145"],
                  "country": ["NL", None, "DE", "US"], "follower_count": [3, 4, 5, 6]},
        items={"item_id": ["08", "7374807619341093709", "d1"], "author_id": ["@bob", None, "=cem"],
               "tags": [["#One two", "b"], [], None], "caption": ["x", None, None],
               "embedding": [[0.5, 1.0], [0.0, 0.25], None]},
        follows={"follower_id": ["0017"], "followee_id": ["@bob"]},
        memberships={"account_id": ["0017"], "group_id": ["g"]},
    )  # fmt: skip
    report = write_recbole(full, tmp_path / "mine")
    assert {p.name for p in (tmp_path / "mine").iterdir()} == {
        *("mine.inter", "mine.user", "mine.item", "mine.net")
    }
    notes = {(table, note): n for table, note, n in report.notes.rows()}
    assert notes["items", "caption: not in this format"] == 1
    assert notes["items", "tags with blanks; written with _"] == 1
    assert notes["memberships", "this table: not in this format"] == 1
    assert report.dropped.rows() == [("interactions", "no item", 1)]
    again, _ = read_any(tmp_path / "mine")
    columns = ["account_id", "item_id", "kind", "at"]
    assert full.interactions is not None
    assert again.interactions is not None
    kept = full.interactions.filter(pl.col("item_id").is_not_null()).select(columns)
    assert again.interactions.select(columns).sort(columns).equals(kept.sort(columns))
    assert again.items is not None
    assert again.items.sort("item_id").select("item_id", "author_id").rows() == [
        ("08", "@bob"),
        ("7374807619341093709", None),
        ("d1", "=cem"),
    ]
    text = (tmp_path / "mine" / "mine.item").read_text().splitlines()
    assert text[0] == "item_id:token\tauthor_id:token\ttags:token_seq\tembedding:float_seq"
    assert text[1] == "08\t@bob\t#One_two b\t0.5 1.0"
    assert again.follows is not None
    assert again.follows.rows() == [("0017", "@bob")]


def test_write_recbole_of_ratings_alone(tmp_path: Path) -> None:
    rated = {"account_id": ["a"], "item_id": ["1"], "kind": ["rating"], "at": [AT], "value": [2.5]}
    write_recbole(gk.Dataset(interactions=rated), tmp_path / "r")
    text = (tmp_path / "r" / "r.inter").read_text()
    assert text == (
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\na\t1\t2.5\t1717081224.0\n"
    )
    again, _ = read_any(tmp_path / "r")
    assert again.interactions is not None
    assert again.interactions.select("kind", "value").rows() == [("rating", 2.5)]


def test_write_recbole_is_the_same_in_any_order_of_rows(tmp_path: Path) -> None:
    turned = gk.Dataset(interactions={name: values[::-1] for name, values in LOG.items()})
    write_recbole(dataset(), tmp_path / "a" / "x")
    write_recbole(turned, tmp_path / "b" / "x")
    one, other = (tmp_path / name / "x" / "x.inter" for name in "ab")
    assert one.read_bytes() == other.read_bytes()


def test_write_recbole_wants_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="is a file"):
        write_recbole(dataset(), tmp_path / "file")

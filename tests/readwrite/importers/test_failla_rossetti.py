"""The Bluesky data of Failla and Rossetti, on invented rows."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphkit.errors import FileError
from graphkit.readwrite.extract import Extract, ImportOptions
from graphkit.readwrite.importers.failla_rossetti import IMPORTERS
from graphkit.readwrite.source import Source, look_at

TABLES, POSTS = IMPORTERS
AT = datetime(2024, 3, 1, 12, 5, tzinfo=UTC)
POST = {
    "post_id": 10,
    "user_id": 1,
    "instance": "planted.example",
    "date": 202403011205,
    "text": "words",
    "langs": ["eng", None],
    "like_count": 1,
    "reply_count": 2,
    "repost_count": 3,
    "reply_to": None,
    "replied_author": None,
    "thread_root": None,
    "thread_root_author": None,
    "repost_from": None,
    "reposted_author": None,
    "quotes": None,
    "quoted_author": None,
    "labels": None,
    "sent_label": 1,
    "sent_score": 0.5,
}


def read(importer: Any, *paths: Path) -> Extract:
    samples = [look_at(Source(path)) for path in paths]
    assert all(importer.recognise(sample) for sample in samples)
    extract: Extract = importer.read(samples, ImportOptions())
    return extract


def test_tables_without_a_header(tmp_path: Path) -> None:
    follows, acts = tmp_path / "followers.csv.gz", tmp_path / "interactions.csv.gz"
    follows.write_bytes(gzip.compress(b"1,2\n2,1\n"))
    acts.write_bytes(
        gzip.compress(b"1,2,3,,,202403011205\n2,,,1,,202403011205\n3,,,,1,209913011205\n")
    )
    extract = read(TABLES, follows, acts)
    assert extract.tables["follows"].rows() == [("1", "2"), ("2", "1")]
    columns = ["account_id", "kind", "at", "target_account_id"]
    assert extract.tables["interactions"].select(columns).rows() == [
        ("1", "reply", AT, "2"),
        ("2", "repost", None, "1"),
        ("3", "quote", None, "1"),
    ]
    assert extract.notes == {
        ("interactions", "reposts, whose own time is not in the file"): 1,
        ("interactions", "date: no possible time: set to missing"): 1,
    }
    assert extract.read == {"follows": 2, "interactions": 3}
    # a list of edges of anyone
    edges = tmp_path / "edges.csv"
    edges.write_text("1,2\n2,1\n")
    assert TABLES.recognise(look_at(Source(edges))) is None


def test_counts_beyond_64_bits_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text(json.dumps(POST | {"repost_count": -(10**30)}), encoding="utf-8")
    (row,) = read(POSTS, path).tables["items"].select("item_id", "share_count").rows()
    assert row == ("10", None)


def test_posts(tmp_path: Path) -> None:
    lines = [
        POST,
        POST | {"post_id": 11, "reply_to": 5, "replied_author": 2, "langs": None},
        POST | {"post_id": 12, "repost_from": 6, "reposted_author": 3},
        POST | {"post_id": 13, "quotes": 7, "quoted_author": 4, "date": 20240301},
    ]
    path = tmp_path / "1.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines) + '{"post_id": "cut')
    extract = read(POSTS, path)
    assert extract.read == {"posts": 5}
    assert extract.dropped == {("posts", "no valid JSON"): 1}
    columns = ["item_id", "author_id", "created_at", "language", "share_count"]
    assert extract.tables["items"].select(columns).rows() == [
        ("10", "1", AT, "eng", 3),
        ("11", "1", AT, None, 3),
        ("6", "3", AT, "eng", 3),
        ("13", "1", None, "eng", 3),
    ]
    columns = ["account_id", "item_id", "kind", "at", "target_item_id", "target_account_id"]
    assert extract.tables["interactions"].select(columns).rows() == [
        ("1", "6", "repost", None, None, "3"),
        ("1", "11", "reply", AT, "5", "2"),
        ("1", "13", "quote", None, "7", "4"),
    ]
    assert extract.notes == {
        ("posts", "reposts, whose own time is not in the file"): 1,
        ("posts", "date: no possible time: set to missing"): 1,
    }
    assert "planted" not in str(extract.tables)


def test_a_broken_file_of_posts(tmp_path: Path) -> None:
    path = tmp_path / "1.jsonl"
    keys = {key: ["planted"] for key in POST}
    path.write_text(json.dumps(keys) + "\n")
    with pytest.raises(FileError, match="another shape") as caught:
        read(POSTS, path)
    assert "planted" not in str(caught.value)

"""Tables of twarc-csv, on invented rows."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphkit.readwrite.extract import Extract, ImportOptions
from graphkit.readwrite.importers.twarc_tables import IMPORTERS
from graphkit.readwrite.source import Source, look_at

(TWARC,) = IMPORTERS
AT = datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC)
TWEET = {
    "id": "1796194956604345165",
    "author_id": "644",
    "created_at": "2024-05-30T15:00:24.000Z",
    "referenced_tweets.replied_to.id": "",
    "referenced_tweets.retweeted.id": "",
    "referenced_tweets.quoted.id": "",
    "in_reply_to_user_id": "",
    "retweeted_user_id": "",
    "quoted_user_id": "",
    "text": "words",
    "lang": "en",
    "public_metrics.like_count": 3,
    "entities.hashtags": "",
    "entities.mentions": "",
    "author.username": "planted",
    "author.public_metrics.followers_count": 9,
}


def read(path: Path, *rows: dict[str, Any]) -> Extract:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    sample = look_at(Source(path))
    assert TWARC.recognise(sample) is not None
    return TWARC.read([sample], ImportOptions())


def test_posts(tmp_path: Path) -> None:
    tags = json.dumps([{"start": 0, "end": 5, "tag": "книги"}, {"tag": "a"}])
    named = json.dumps([{"username": "planted", "id": "645"}, {"username": "planted"}])
    extract = read(
        tmp_path / "t.csv",
        TWEET | {"entities.hashtags": tags, "entities.mentions": named},
        TWEET
        | {
            "id": 2,
            "referenced_tweets.retweeted.id": 9,
            "retweeted_user_id": 646,
            "entities.mentions": named,
        },
        TWEET
        | {
            "id": 3,
            "referenced_tweets.quoted.id": 8,
            "quoted_user_id": 647,
            "entities.hashtags": "[broken",
        },
        TWEET | {"id": 4, "referenced_tweets.replied_to.id": 7, "in_reply_to_user_id": 648},
    )
    columns = ["account_id", "item_id", "kind", "at", "target_item_id", "target_account_id"]
    assert extract.tables["interactions"].select(columns).rows() == [
        ("644", "2", "repost", AT, "9", "646"),
        ("644", "3", "quote", AT, "8", "647"),
        ("644", "4", "reply", AT, "7", "648"),
        ("644", TWEET["id"], "mention", AT, None, "645"),
    ]
    items = extract.tables["items"]
    assert items.get_column("tags").to_list() == [["книги", "a"], None, None, None]
    assert extract.notes == {
        ("posts", "entities.hashtags: no JSON list of objects: set to missing"): 1
    }
    assert extract.tables["accounts"].rows() == [("644", 9)]
    assert "planted" not in str(extract.tables)


def test_users(tmp_path: Path) -> None:
    user = {
        "id": "644",
        "created_at": "2024-05-30T15:00:24.000Z",
        "username": "planted",
        "public_metrics.followers_count": 9,
        "public_metrics.following_count": 8,
    }
    extract = read(tmp_path / "u.csv", user)
    assert extract.tables["accounts"].rows() == [("644", 9, 8)]
    assert extract.read == {"users": 1}

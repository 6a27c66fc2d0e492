"""Tables of 4CAT and Zeeschuimer, on invented rows."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphkit.readwrite.extract import Extract, ImportOptions
from graphkit.readwrite.importers.fourcat import IMPORTERS
from graphkit.readwrite.source import Source, look_at

(FOURCAT,) = IMPORTERS
AT = datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC)
POST = {
    "id": "7374807619341093709",
    "author": "Ann",
    "unix_timestamp": 1717081224,
    "hashtags": "a,b",
    "plays": 9,
    "likes": 3,
    "comments": 2,
    "shares": 1,
    "music_id": 5,
    "author_followers": 7,
    "author_full": "Planted",
    "body": "words",
    "timestamp": "2024-05-30 16:00:24",
}
TWEET = {
    "id": "1796194956604345165",
    "author": "Ann",
    "author_id": "644",
    "unix_timestamp": 1717081224,
    "is_retweet": "no",
    "retweeted_user": "",
    "is_quote_tweet": "no",
    "quote_tweet_id": "",
    "quote_author": "",
    "is_reply": "no",
    "replied_author": "",
    "hashtags": "a",
}


def write(path: Path, *rows: dict[str, Any], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(path: Path, **options: Any) -> Extract:
    sample = look_at(Source(path))
    assert FOURCAT.recognise(sample) is not None
    return FOURCAT.read([sample], ImportOptions(**options))


def test_what_was_made_up_is_missing(tmp_path: Path) -> None:
    path = write(
        tmp_path / "posts.csv",
        POST | {"missing_fields": "", "my_annotation": "planted"},
        POST | {"id": 2, "missing_fields": "plays, shares,author_followers", "my_annotation": ""},
        POST | {"id": 3, "author": "REDACTED", "missing_fields": "", "my_annotation": ""},
    )
    extract = read(path)
    counts = ["item_id", "author_id", "view_count", "like_count", "share_count"]
    assert extract.tables["items"].select(counts).rows() == [
        (POST["id"], "ann", 9, 3, 1),
        ("2", "ann", None, 3, None),
        ("3", None, 9, 3, 1),
    ]
    assert extract.tables["accounts"].rows() == [("ann", 7)]
    # the second column of times may be of the zone of a server
    assert set(extract.tables["items"].get_column("created_at")) == {AT}
    assert "planted" not in str(extract.tables).lower()


def test_what_was_seen_keeps_its_order(tmp_path: Path) -> None:
    rows = [POST, POST | {"id": 2, "author": "null", "plays": "undefined"}, POST]
    path = write(tmp_path / "zeeschuimer.csv", *rows, delimiter=";")
    reason = "whose feed it was is not in the file: pass account="
    assert read(path).dropped == {("impressions", reason): 3}
    assert "impressions" not in read(path).tables
    extract = read(path, account="@Donor")
    assert extract.tables["impressions"].rows() == [
        ("donor", POST["id"], 0),
        ("donor", "2", 1),
        ("donor", POST["id"], 2),
    ]
    assert extract.kept == {"tiktok-posts": 3, "impressions": 3}
    # 4CAT does not keep the order
    commas = write(tmp_path / "4cat.csv", *rows)
    assert "impressions" not in read(commas, account="donor").tables


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_comments(delimiter: str, tmp_path: Path) -> None:
    comment = {
        "id": "1",
        "author": "Ann",
        "unix_timestamp": 1717081224,
        "post_id": "77",
        "is_comment_on_comment": "no",
        "timestamp": "2024-05-30 16:00:24",
        "body": "planted",
    }
    path = write(
        tmp_path / "comments.csv",
        comment,
        comment | {"author": "bob", "is_comment_on_comment": "yes"},
        comment | {"author": "null"},
        comment | {"author": "@6442518968339926327"},
        delimiter=delimiter,
    )
    extract = read(path, account="donor")
    columns = ["account_id", "item_id", "kind", "at"]
    assert extract.tables["interactions"].select(columns).rows() == [
        ("ann", "77", "comment", AT),
        ("6442518968339926327", "77", "comment", AT),
        ("bob", "77", "reply", AT),
    ]
    assert extract.dropped == {("tiktok-comments", "no author"): 1}
    assert extract.notes["tiktok-comments", "author: a numeric id in place of a user name"] == 1
    assert set(extract.tables) == {"interactions"}


def test_posts_of_x_name_accounts_by_their_ids(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.csv",
        TWEET,
        TWEET
        | {
            "id": 2,
            "author": "Bob",
            "author_id": 645,
            "is_retweet": "yes",
            "retweeted_user": "ann",
        },
        TWEET | {"id": 3, "is_quote_tweet": "yes", "quote_tweet_id": 9, "quote_author": "Cleo"},
        TWEET | {"id": 4, "is_reply": "yes", "replied_author": "bob"},
        TWEET | {"id": 5, "is_retweet": "yes"},
    )
    extract = read(path)
    columns = ["account_id", "item_id", "kind", "target_item_id", "target_account_id"]
    assert extract.tables["interactions"].select(columns).rows() == [
        ("645", "2", "repost", None, "644"),
        ("644", None, "repost", None, None),
        ("644", "3", "quote", "9", "@cleo"),
        ("644", "4", "reply", None, "645"),
    ]
    assert extract.notes == {
        ("x-posts", "quote_author: an id is not in the file: @ and the user name"): 1,
        ("x-posts", "reposts, whose original is not in the file"): 2,
    }
    assert extract.tables["items"].height == 5


def test_posts_of_bluesky(tmp_path: Path) -> None:
    post = {
        "id": "at://did:plc:ann/app.bsky.feed.post/1",
        "author_id": "did:plc:ann",
        "created_at": "2024-05-30T15:00:24.120000+00:00",
        "replied_to_post": "",
        "quoted_post": "",
        "repost_count": 1,
        "tags": "a,b",
        "languages": "en,de",
        "author": "planted",
    }
    other = "at://did:plc:bob/app.bsky.feed.post/2"
    path = write(
        tmp_path / "b.csv",
        post,
        post | {"id": "at://did:plc:ann/app.bsky.feed.post/3", "replied_to_post": other},
        post | {"id": "at://did:plc:ann/app.bsky.feed.post/4", "quoted_post": other},
    )
    extract = read(path)
    columns = ["kind", "target_item_id", "target_account_id"]
    assert extract.tables["interactions"].select(columns).rows() == [
        ("reply", other, "did:plc:bob"),
        ("quote", other, "did:plc:bob"),
    ]
    assert extract.tables["items"].get_column("language").unique().to_list() == ["en"]


def test_messages_of_telegram(tmp_path: Path) -> None:
    message = {
        "id": "chat-7",
        "chat": "Chat",
        "author": "",
        "unix_timestamp": 1717081224,
        "is_reply": "no",
        "reply_to": "",
        "author_forwarded_from_id": "",
        "author_forwarded_from_username": "",
        "author_forwarded_from_name": "Planted",
        "views": 5,
        "body": "words",
    }
    path = write(
        tmp_path / "t.csv",
        message,
        message
        | {"id": "chat-8", "is_reply": "yes", "reply_to": 7, "author": "Ann", "chat": "chat"},
        message
        | {
            "id": "chat-9",
            "author_forwarded_from_id": 1,
            "author_forwarded_from_username": "Other",
        },
        message | {"id": "chat-10", "author_forwarded_from_id": 2},
    )
    extract = read(path)
    columns = ["account_id", "item_id", "kind", "target_item_id", "target_account_id"]
    assert extract.tables["interactions"].select(columns).rows() == [
        ("chat", "chat-9", "repost", None, "other"),
        ("chat", "chat-10", "repost", None, "2"),
        ("ann", "chat-8", "reply", "chat-7", None),
    ]
    assert "planted" not in str(extract.tables).lower()


def test_posts_of_threads(tmp_path: Path) -> None:
    post = {
        "id": "3",
        "author": "Ann",
        "author_is_verified": "no",
        "is_paid_partnership": "no",
        "unix_timestamp": 1717081224,
        "reposts": 1,
        "quotes": 2,
        "likes": 3,
        "replies": 4,
        "hashtags": "a,b",
    }
    items = read(write(tmp_path / "t.csv", post)).tables["items"]
    assert items.rows() == [("3", "ann", AT, ["a", "b"], 3, 4, 1)]


def test_the_cells_of_a_broken_row_stand_in_other_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.csv", POST, POST | {"id": 2})
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("2,Ann,", "2;Ann,"), encoding="utf-8")
    extract = read(path)
    assert extract.tables["items"].get_column("item_id").to_list() == [POST["id"]]
    assert extract.dropped == {
        ("tiktok-posts", f"fewer cells than the {len(POST)} of the header"): 1
    }

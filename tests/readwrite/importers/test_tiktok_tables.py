"""Tables and dumps of wrappers of TikTok's interfaces, on invented rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graphkit.errors import DataError, FileError, MissingDataError, OptionError
from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.tiktok_tables import IMPORTERS
from graphkit.readwrite.source import Source, look_at

RESEARCH, HIDDEN, PYKTOK, DUMP = IMPORTERS
ONE, TWO = "7374807619341093709", "7374260471684524087"


def write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(importer: Any, *paths: Path, **options: Any) -> Extract:
    extract: Extract = importer.read(
        [look_at(Source(path)) for path in paths], ImportOptions(**options)
    )
    return extract


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("a|b", ["a", "b"]),
        ('"c(""a"", ""b"")"', ["a", "b"]),
        ("\"['a', 'b']\"", ["a", "b"]),
        ("character(0)", []),
        ("[]", []),
        ("", None),
    ],
)
def test_lists_as_each_program_writes_them(
    cell: str, tags: list[str] | None, tmp_path: Path
) -> None:
    path = write(
        tmp_path, "videos.csv", "id,username,create_time,hashtag_names", f"{ONE},Ann,1,{cell}"
    )
    assert read(RESEARCH, path).tables["items"].get_column("tags").to_list() == [tags]


def test_appended_batches_with_other_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "videos.csv",
        ",id,username,create_time,like_count,view_count",
        f"0,{ONE},Ann,1717081224,,5",
        f"0,{TWO},bob,1716953856,7",
        f"1,{TWO},bob,1716953856,7,8,9",
        f"2,{TWO},bob,1716953856,7.0,",
    )
    extract = read(RESEARCH, path)
    assert extract.read == {"videos": 4}
    assert extract.dropped == {
        ("videos", "fewer cells than the 6 of the header"): 1,
        ("videos", "more cells than the 6 of the header"): 1,
    }
    columns = ["item_id", "author_id", "like_count", "view_count"]
    assert extract.tables["items"].select(columns).rows() == [
        (ONE, "ann", None, 5),
        (TWO, "bob", 7, None),
    ]


@pytest.mark.parametrize("column", ["following_user", "target_account"])
def test_lists_of_follows_ask_for_their_direction(column: str, tmp_path: Path) -> None:
    path = write(tmp_path, "list.csv", f"display_name,username,{column}", "A,Ann,@Bob", "C,,bob")
    with pytest.raises(MissingDataError, match=f"{column!r} is the account that was asked"):
        read(RESEARCH, path)
    for direction, pair in (("followers", ("ann", "bob")), ("following", ("bob", "ann"))):
        extract = read(RESEARCH, path, direction=direction)
        assert extract.tables["follows"].rows() == [pair]
        assert extract.dropped == {("follows", "no username"): 1}
    named = write(tmp_path, "my_following.csv", path.read_text())
    with pytest.raises(OptionError, match="its name says 'following'"):
        read(RESEARCH, named, direction="followers")


def test_times_of_a_database_may_be_local(tmp_path: Path) -> None:
    path = write(tmp_path, "v.csv", "id,username,create_time", f"{ONE},Ann,2024-05-30 11:00:24")
    with pytest.raises(MissingDataError, match="4 h behind UTC: tz='-04:00'"):
        read(RESEARCH, path)
    created = read(RESEARCH, path, tz="America/New_York").tables["items"].get_column("created_at")
    assert created.to_list() == [datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("column", "kind"),
    [("liked_by_user", "like"), ("reposted_by_user", "repost"), ("pinned_by_user", "pinned")],
)
def test_acts_have_no_time_of_their_own(column: str, kind: str, tmp_path: Path) -> None:
    path = write(
        tmp_path, "x.csv", f"id,username,create_time,{column}", f"{ONE},Ann,1717081224,Bob"
    )
    extract = read(RESEARCH, path)
    assert extract.tables["interactions"].to_dicts() == [
        {"account_id": "bob", "item_id": ONE, "kind": kind}
    ]
    created = extract.tables["items"].get_column("created_at")
    assert created.to_list() == [datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC)]


def test_likes_without_who_liked_ask(tmp_path: Path) -> None:
    lines = ("id,username,create_time", f"{ONE},Ann,1717081224")
    path = write(tmp_path, "liked_videos.csv", *lines)
    with pytest.raises(MissingDataError, match="does not say of whom: pass account="):
        read(RESEARCH, path)
    extract = read(RESEARCH, path, account={"liked_videos.csv": "@Bob"})
    assert extract.tables["interactions"].rows() == [("bob", ONE, "like")]
    # another file whose name only holds the word
    other = read(RESEARCH, write(tmp_path, "most_liked_videos.csv", *lines))
    assert set(other.tables) == {"items"}


def test_mentions_are_of_the_time_of_the_video(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "v.csv",
        "id,username,create_time,video_mention_list",
        f"{ONE},Ann,1717081224,\"['bob', 'cleo']\"",
        f"{TWO},Ann,1717081224,[]",
    )
    rows = read(RESEARCH, path).tables["interactions"]
    assert rows.get_column("target_account_id").to_list() == ["bob", "cleo"]
    assert rows.get_column("kind").unique().to_list() == ["mention"]


def test_comments_have_no_author(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "comments.csv",
        "text,video_id,create_time,id,like_count,parent_comment_id,reply_count",
        f"planted,{ONE},1717081224,1,0,{ONE},0",
        f"planted,{ONE},1717081224,2,0,1,0",
    )
    extract = read(RESEARCH, path)
    assert extract.kept == {"comments": 0}
    reason = "the Research API does not tell who wrote a comment: only the videos are read"
    assert extract.dropped == {("comments", reason): 2}
    assert {name: frame.columns for name, frame in extract.tables.items()} == {"items": ["item_id"]}


def test_profiles_without_a_name(tmp_path: Path) -> None:
    header = "is_verified,likes_count,video_count,display_name,follower_count,following_count"
    path = write(tmp_path, "users.csv", header, "TRUE,1,1,Planted,5,6")
    with pytest.raises(MissingDataError, match="holds users, and does not say of whom"):
        read(RESEARCH, path)
    assert read(RESEARCH, path, account="Ann").tables["accounts"].rows() == [("ann", 5, 6)]
    two = write(tmp_path, "two.csv", header, "TRUE,1,1,Planted,5,6", "TRUE,1,1,Planted,7,8")
    with pytest.raises(DataError, match="2 profiles without their names"):
        read(RESEARCH, two, account="Ann")
    named = write(tmp_path, "named.csv", f"username,{header}", "Ann,TRUE,1,1,Planted,5,6")
    assert read(RESEARCH, named).tables["accounts"].rows() == [("ann", 5, 6)]


def test_followers_of_the_hidden_interface(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "f.csv",
        "id,uniqueId,secUid,nickname,followerCount,followingCount",
        "6442518968339926327,Ann,MS4,Planted,5,6",
    )
    with pytest.raises(MissingDataError, match="direction="):
        read(HIDDEN, path, account="bob")
    with pytest.raises(MissingDataError, match="account="):
        read(HIDDEN, path, direction="followers")
    extract = read(HIDDEN, path, account="bob", direction="followers")
    assert extract.tables["follows"].rows() == [("ann", "bob")]
    assert extract.tables["accounts"].rows() == [("ann", 5, 6)]


def test_pyktok(tmp_path: Path) -> None:
    header = (
        "video_id,video_timestamp,video_diggcount,video_playcount,video_description,"
        "author_username,author_verified"
    )
    row = f"{ONE},2024-05-30T17:00:24,5,6,words #tag,Ann,\"{{'nickname': 'planted'}}\""
    path = write(tmp_path, "p.csv", header, row, row)
    extract = read(PYKTOK, path, tz="Europe/Berlin")
    assert extract.notes["videos", "no column of hashtags: they stand in the captions only"] == 2
    dataset, total = combine([extract], source="p.csv", caller="test", parameters={})
    assert total.notes["items", "described in several places: merged"] == 1
    assert dataset.items is not None
    assert dataset.items.select("item_id", "author_id", "created_at", "like_count").rows() == [
        (ONE, "ann", datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC), 5)
    ]
    assert "planted" not in str(extract.tables)


def test_comments_of_pyktok(tmp_path: Path) -> None:
    user = "\"{{'uid': '1', 'nickname': 'Planted', 'unique_id': '{}'}}\""
    path = write(
        tmp_path,
        "c.csv",
        "cid,aweme_id,create_time,digg_count,reply_id,text,user",
        f"1,{ONE},1717081224,0,0,planted,{user.format('Ann')}",
        f"2,{ONE},1717081225,0,1,planted,{user.format('Bob')}",
        f"3,{ONE},1717081225,0,1,planted,{{}}",
    )
    extract = read(PYKTOK, path)
    assert extract.tables["interactions"].select("account_id", "item_id", "kind").rows() == [
        ("ann", ONE, "comment"),
        ("bob", ONE, "reply"),
    ]
    assert extract.dropped == {("comments", "no user"): 1}


def test_parquet_and_feather_keep_lists(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "video_id": [ONE],
            "author_name": ["Ann"],
            "create_time": [datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC)],
            "hashtag_names": [["a,b", "c"]],
            "hashtag_info_list": [[{"hashtag_id": 1}]],
        }
    )
    frame.write_parquet(tmp_path / "v.parquet")
    frame.write_ipc(tmp_path / "v.feather")
    for name in ("v.parquet", "v.feather"):
        items = read(RESEARCH, tmp_path / name).tables["items"]
        assert items.rows() == [
            (ONE, "ann", datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC), ["a,b", "c"])
        ]


# ------------------------------------------------------------------ dumps of ResearchTikPy
def dump(folder: Path, *records: dict[str, Any]) -> Path:
    return write(folder, "dump.jsonl", *(json.dumps(record) for record in records))


def line(**more: Any) -> dict[str, Any]:
    return {"status_code": 200, "success": True, "error": "", "username": "Ann", **more}


def test_followers_in_a_dump(tmp_path: Path) -> None:
    path = dump(tmp_path, line(follower_username="Bob"), line(success=False, error="no"))
    sample = look_at(Source(path))
    assert DUMP.recognise(sample) == (
        "its keys are 'username', 'success', 'error' and 'follower_username'"
    )
    extract = read(DUMP, path)
    assert extract.tables["follows"].rows() == [("bob", "ann")]
    assert extract.read == {"follows": 2}
    assert extract.dropped == {("follows", "a failed request"): 1}


def test_followed_accounts_are_taken_from_the_error(tmp_path: Path) -> None:
    answer = {
        "data": {
            "user_following": [{"username": "Bob", "display_name": "planted"}, {"username": "Cleo"}]
        },
        "error": {"code": "ok"},
    }
    empty = {"data": {"user_following": []}}
    path = dump(
        tmp_path,
        line(error=json.dumps(answer), display_name=None),
        line(error=str(answer).replace("Bob", "Dan"), display_name=None),
        line(error=json.dumps(empty), display_name=None),
        line(error={"error": {"code": "internal_error"}}, display_name=None),
    )
    assert DUMP.recognise(look_at(Source(path))) is not None
    extract = read(DUMP, path)
    pairs = [("ann", "bob"), ("ann", "cleo"), ("ann", "dan"), ("ann", "cleo")]
    assert extract.tables["follows"].rows() == pairs
    assert extract.kept == {"follows": 4}
    assert extract.dropped == {("follows", "a failed request"): 1}
    assert extract.notes == {("follows", "a list in the text of an error: read from there"): 3}


def test_a_broken_dump(tmp_path: Path) -> None:
    path = write(
        tmp_path, "dump.jsonl", '{"username": {"planted": 1}, "success": true, "error": 1}'
    )
    with pytest.raises(FileError, match="another shape") as caught:
        read(DUMP, path)
    assert "planted" not in str(caught.value)

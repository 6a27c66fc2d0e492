"""Answers of the API of X and archives of its accounts, on invented posts."""

from __future__ import annotations

import json
import locale
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graphkit.errors import FileError
from graphkit.readwrite.extract import Extract, ImportOptions
from graphkit.readwrite.importers.x import IMPORTERS
from graphkit.readwrite.source import Sample, list_sources, look_at

API, ARCHIVE = IMPORTERS
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def tweet(ident: str, author: str | None = "11", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"id": ident, "text": f"text {ident}", "edit_history_tweet_ids": [ident]}
    if author is not None:
        made |= {"author_id": author, "created_at": "2024-05-01T12:00:00.000Z"}
    return made | more


def user(ident: str, followers: int | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"id": ident, "username": "planted", "name": "PLANTED"}
    if followers is not None:
        made["public_metrics"] = {"followers_count": followers, "following_count": 1}
    return made


def refers(kind: str, ident: str) -> dict[str, Any]:
    return {"referenced_tweets": [{"type": kind, "id": ident}]}


def look(folder: Path) -> list[Sample]:
    return [look_at(source) for source in list_sources(folder)[0]]


def read(folder: Path, *lines: Any, name: str = "tweets.jsonl") -> Extract:
    (folder / name).write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    samples = look(folder)
    assert all(API.recognise(sample) for sample in samples), [s.keys for s in samples]
    extract = API.read(samples, ImportOptions())
    assert "planted" not in str((extract.tables, extract.notes, extract.dropped)).lower()
    return extract


def acts(extract: Extract) -> list[tuple[Any, ...]]:
    columns = ["account_id", "item_id", "kind", "target_item_id", "target_account_id"]
    return extract.tables["interactions"].select(columns).rows()


def test_references_become_reposts_quotes_and_replies_with_their_targets(tmp_path: Path) -> None:
    page = {
        "data": [
            tweet("7000000000000000001", "12", **refers("retweeted", "1"), text="RT @planted: te…"),
            tweet("7000000000000000002", "13", **refers("quoted", "1")),
            tweet(
                "7000000000000000003", "14", **refers("replied_to", "9"), in_reply_to_user_id="15"
            ),
            tweet("7000000000000000004", "14", **refers("quoted", "8")),
        ],
        "includes": {
            "tweets": [tweet("1", "11", entities={"hashtags": [{"tag": "BookTok"}]})],
            "users": [user("11", 5), user("12")],
        },
        "errors": [{"detail": "PLANTED"}],
        "meta": {"result_count": 4},
    }
    extract = read(tmp_path, page)
    assert acts(extract) == [
        ("12", "7000000000000000001", "repost", "1", "11"),
        ("13", "7000000000000000002", "quote", "1", "11"),
        ("14", "7000000000000000003", "reply", "9", "15"),
        ("14", "7000000000000000004", "quote", "8", None),
    ]
    assert extract.tables["interactions"].get_column("at").to_list() == [NOON] * 4
    items = {row["item_id"]: row for row in extract.tables["items"].rows(named=True)}
    # a retweet is cut off: its original has the whole text, and the tags
    assert items["7000000000000000001"]["caption"] == "text 1"
    assert items["7000000000000000001"]["tags"] == ["BookTok"]
    assert items["9"]["author_id"] == "15"
    assert items["8"]["author_id"] is None
    assert extract.notes["items", "only referenced: deleted, hidden or not included"] == 2
    assert extract.notes["answers", "errors reported by the API"] == 1
    accounts = extract.tables["accounts"].rows()
    assert accounts == [("11", 5, 1), ("12", None, None)]


def test_a_tweet_that_is_included_again_is_dropped_and_counted_and_completed(
    tmp_path: Path,
) -> None:
    bare = tweet("1")
    full = tweet("1", public_metrics={"like_count": 3, "reply_count": 2, "impression_count": 9})
    extract = read(
        tmp_path, {"data": [bare]}, {"data": [tweet("2")], "includes": {"tweets": [full]}}
    )
    assert extract.read == {"posts": 3}
    assert dict(extract.dropped) == {("posts", "repeated tweet"): 1}
    row = extract.tables["items"].row(0, named=True)
    assert (row["like_count"], row["comment_count"], row["view_count"]) == (3, 2, 9)


@pytest.mark.parametrize(
    "shape",
    [
        lambda a, b: [{"data": [a, b], "meta": {}}],
        lambda a, b: [{"data": a, "matching_rules": [{"id": "9"}]}, {"data": b}],
        lambda a, b: [a, b],
        lambda a, b: [{**a, "author": user("11")}, {**b, "author": user("12")}],
        lambda a, b: [[a, b]],
        lambda a, b: [[{"data": [a]}, {"data": [b]}]],
        lambda a, b: [{**b, "referenced_tweets": [{**a, "type": "quoted"}]}],
    ],
    ids=["page", "stream", "bare", "flat", "array", "pages", "nested"],
)
def test_every_shape_of_an_answer_gives_the_same_items(tmp_path: Path, shape: Any) -> None:
    lines = shape(tweet("1", "11"), tweet("2", "12"))
    items = read(tmp_path, *lines).tables["items"].sort("item_id")
    rows = items.select("item_id", "author_id", "created_at", "caption").rows()
    assert rows == [("1", "11", NOON, "text 1"), ("2", "12", NOON, "text 2")]


def test_a_stream_mixes_posts_and_lines_of_errors(tmp_path: Path) -> None:
    extract = read(tmp_path, {"data": tweet("1")}, {"errors": [{"title": "PLANTED"}]}, {"meta": {}})
    assert extract.read == {"posts": 1}
    assert extract.notes["answers", "errors reported by the API"] == 1
    assert extract.notes["answers", "without posts"] == 1


def test_an_empty_answer_and_one_of_errors_are_known_as_what_they_are(tmp_path: Path) -> None:
    empty = {"meta": {"result_count": 0}}
    (tmp_path / "page_2.json").write_text(json.dumps(empty), encoding="utf-8")
    wrong = {"errors": [{"resource_type": "tweet", "parameter": "id", "detail": "PLANTED"}]}
    (tmp_path / "page_3.json").write_text(json.dumps(wrong), encoding="utf-8")
    extract = read(tmp_path, {"data": [tweet("1")]})
    assert extract.read == {"posts": 1}
    assert not extract.refused
    assert extract.notes["answers", "without posts"] == 1
    assert extract.notes["answers", "errors reported by the API"] == 1


def test_one_page_longer_than_the_beginning_is_one_line_of_several(tmp_path: Path) -> None:
    pages = [
        {"data": [tweet(str(n), text="x" * 1000) for n in range(k, k + 400)]} for k in (0, 400)
    ]
    assert read(tmp_path, *pages, name="pages.json").read == {"posts": 800}


def test_mentions_are_those_of_the_post_but_not_of_a_retweet(tmp_path: Path) -> None:
    named = {"entities": {"mentions": [{"id": "21"}, {"id": "22"}, {"username": "planted"}]}}
    extract = read(
        tmp_path,
        tweet("1", "11", **named),
        tweet("2", "12", **named, **refers("replied_to", "1"), in_reply_to_user_id="21"),
        tweet("3", "13", **named, **refers("retweeted", "1")),
    )
    mentions = [row for row in acts(extract) if row[2] == "mention"]
    assert mentions == [
        ("11", "1", "mention", None, "21"),
        ("11", "1", "mention", None, "22"),
        ("12", "2", "mention", None, "21"),
        ("12", "2", "mention", None, "22"),
    ]


@pytest.mark.parametrize(
    ("path", "follows", "expected"),
    [
        ("users/5/followers", [("6", "5")], []),
        ("users/5/following", [("5", "6")], []),
        ("users/5/muting", [], []),
        ("lists/5/members", [], []),
        ("users/by", [], []),
        ("tweets/5/liking_users", [], [("6", "5", "like", None, None)]),
        ("tweets/5/retweeted_by", [], [("6", "5", "repost", None, None)]),
    ],
)
def test_lists_of_accounts_belong_to_whom_the_request_names(
    tmp_path: Path, path: str, follows: list[Any], expected: list[Any]
) -> None:
    url = f"https://api.twitter.com/2/{path}?max_results=100"
    page = {"data": [user("6", 7)], "meta": {"result_count": 1}, "__twarc": {"url": url}}
    extract = read(tmp_path, page)
    tables = extract.tables
    assert tables.get("follows", pl.DataFrame()).rows() == follows
    assert (acts(extract) if "interactions" in tables else []) == expected
    assert tables["accounts"].rows() == [("6", 7, 1)]
    assert "6" not in tables.get("items", pl.DataFrame({"item_id": [""]})).get_column("item_id")
    assert extract.read == {"accounts": 1}


def test_liked_posts_are_likes_of_whom_the_request_names_without_a_time(tmp_path: Path) -> None:
    url = "https://api.twitter.com/2/users/5/liked_tweets"
    extract = read(tmp_path, {"data": [tweet("1")], "__twarc": {"url": url}})
    row = extract.tables["interactions"].row(0, named=True)
    assert (row["account_id"], row["item_id"], row["kind"], row["at"]) == ("5", "1", "like", None)
    assert extract.tables["items"].row(0)[:3] == ("1", "11", NOON)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            {"data": [{"start": "2024", "end": "2025", "tweet_count": 3}]},
            "numbers of posts per time",
        ),
        (
            {"id": "1", "action": "delete", "redacted_at": "2024", "reason": "PLANTED"},
            "which posts still exist",
        ),
        ({"data": [user("6")], "meta": {"result_count": 1}}, "whose followers or friends"),
    ],
    ids=["counts", "compliance", "users"],
)
def test_files_that_look_alike_are_named_and_refused(tmp_path: Path, line: Any, why: str) -> None:
    with pytest.raises(FileError, match=why) as caught:
        read(tmp_path, line, line, name="other.jsonl")
    assert len(str(caught.value)) <= 600
    assert "planted" not in str(caught.value).lower()
    extract = read(tmp_path, tweet("1"))
    assert [source.name for source in extract.refused] == ["other.jsonl"]
    assert extract.read == {"posts": 1}


# ------------------------------------------------------------------ archives
def part(folder: Path, name: str, rows: list[Any], word: str | None = None) -> None:
    word = word or name.removesuffix(".js").replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    text = f"window.YTD.{word}.part0 = {json.dumps(rows)}"
    (folder / name).write_text(text, encoding="utf-8")


def own(ident: str, text: str = "x", **more: Any) -> dict[str, Any]:
    made = {"id_str": ident, "created_at": "Wed May 01 12:00:00 +0000 2024", "full_text": text}
    return {"tweet": made | {"lang": "en", "favorite_count": "3", "source": "PLANTED"} | more}


def archive(folder: Path, posts_name: str = "tweets.js") -> None:
    data = folder / "data"
    part(data, "account.js", [{"account": {"accountId": "5", "email": "PLANTED@example.org"}}])
    part(data, "following.js", [{"following": {"accountId": "6", "userLink": "PLANTED"}}])
    part(data, "follower.js", [{"follower": {"accountId": "7"}}])
    part(data, "like.js", [{"like": {"tweetId": "71", "fullText": "PLANTED"}}])
    part(data, "direct-messages.js", [{"dmConversation": {"messages": ["PLANTED SECRET"]}}])
    part(data, "ip-audit.js", [{"ipAudit": {"loginIp": "PLANTED"}}])
    named = {"user_mentions": [{"id_str": "8", "screen_name": "planted"}], "hashtags": []}
    part(
        data,
        posts_name,
        [
            own("81", "#BookTok", entities={"hashtags": [{"text": "BookTok"}]}),
            own("82", in_reply_to_status_id_str="91", in_reply_to_user_id_str="9"),
            own("83", "RT @planted: hello", entities=named),
            own("84", "hello @planted", entities=named),
        ],
    )


def read_archive(folder: Path, **options: Any) -> Extract:
    samples = look(folder)
    assert all(ARCHIVE.recognise(sample) for sample in samples)
    assert len({ARCHIVE.group(sample.source) for sample in samples}) == 1
    return ARCHIVE.read(samples, ImportOptions(**options))


@pytest.mark.parametrize("name", ["tweets.js", "tweet.js", "tweets-part1.js"])
def test_an_archive_has_posts_likes_and_both_follow_lists(tmp_path: Path, name: str) -> None:
    archive(tmp_path, name)
    extract = read_archive(tmp_path)
    assert extract.tables["accounts"].rows() == [("5", True)]
    assert extract.tables["follows"].rows() == [("7", "5"), ("5", "6")]
    assert sorted(acts(extract)) == [
        ("5", "71", "like", None, None),
        ("5", "82", "reply", "91", "9"),
        ("5", "83", "repost", None, "8"),
        ("5", "84", "mention", None, "8"),
    ]
    times = dict(extract.tables["interactions"].select("item_id", "at").rows())
    assert times == {"71": None, "82": NOON, "83": NOON, "84": NOON}
    items = {row["item_id"]: row for row in extract.tables["items"].rows(named=True)}
    assert items["81"]["tags"] == ["BookTok"]
    assert items["81"]["like_count"] == 3
    assert {items[i]["author_id"] for i in ("81", "82", "83", "84")} == {"5"}
    assert items["91"]["author_id"] == "9"
    assert extract.kept == {"posts": 4, "likes": 1, "followers": 1, "following": 1}
    assert extract.notes["interactions", "a repost, whose original is not in the export"] == 1
    reasons = {source.name: why for source, why in extract.refused.items()}
    assert reasons["direct-messages.js"].endswith("not read: messages.")
    assert set(reasons) == {"direct-messages.js", "ip-audit.js"}
    told = str((extract.notes, extract.refused, [f.drop("caption", strict=False).rows() for f in extract.tables.values()]))  # fmt: skip
    assert "planted" not in told.replace(str(tmp_path), "").lower()


def test_posts_of_older_archives_are_not_wrapped(tmp_path: Path) -> None:
    part(tmp_path, "tweet.js", [own("81")["tweet"], own("82")])
    items = read_archive(tmp_path).tables["items"]
    assert items.get_column("item_id").to_list() == ["81", "82"]
    assert items.get_column("created_at").to_list() == [NOON, NOON]


def test_the_owner_is_the_given_account_that_of_the_export_or_its_folder(tmp_path: Path) -> None:
    archive(tmp_path / "donor7")
    assert read_archive(tmp_path, account="ann").tables["accounts"].item(0, 0) == "ann"
    assert read_archive(tmp_path).tables["accounts"].item(0, 0) == "5"
    (tmp_path / "donor7" / "data" / "account.js").unlink()
    extract = read_archive(tmp_path)
    assert extract.tables["accounts"].item(0, 0) == "donor:donor7"
    assert extract.notes["accounts", "the owner is not in the export: named by its folder"] == 1


def test_times_of_an_archive_do_not_depend_on_the_language_of_the_machine(tmp_path: Path) -> None:
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905
    stamps = [f"Xxx {name} 09 20:19:24 +0100 2018" for name in months]
    part(tmp_path, "tweets.js", [own(str(n + 1), created_at=s) for n, s in enumerate(stamps)])
    before = locale.setlocale(locale.LC_TIME)
    try:
        for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "tr_TR.UTF-8"):
            try:
                locale.setlocale(locale.LC_TIME, name)
            except locale.Error:
                continue
        times = read_archive(tmp_path).tables["items"].get_column("created_at").to_list()
    finally:
        locale.setlocale(locale.LC_TIME, before)
    assert times == [datetime(2018, n, 9, 19, 19, 24, tzinfo=UTC) for n in range(1, 13)]


def test_a_broken_part_of_an_archive_is_refused_and_its_content_is_not_shown(
    tmp_path: Path,
) -> None:
    archive(tmp_path)
    broken = tmp_path / "data" / "like.js"
    broken.write_text('window.YTD.like.part0 = [{"like": {"PLANTED', encoding="utf-8")
    extract = read_archive(tmp_path)
    (why,) = (why for source, why in extract.refused.items() if source.name == "like.js")
    assert "PLANTED" not in why
    assert "likes" not in extract.read


# ------------------------------------------------------------------ samples
def expected_of(shared_data: Path, name: str) -> tuple[Path, dict[str, Any]]:
    samples = shared_data / "samples"
    if not samples.is_dir():
        pytest.skip("the samples are not beside the public data sets")
    return samples / name, json.loads((samples / "expected.json").read_text("utf-8"))[name]


def ids(extract: Extract, *columns: str) -> int:
    found: set[Any] = set()
    for frame in extract.tables.values():
        for column in columns:
            if column in frame.columns:
                found |= set(frame.get_column(column).drop_nulls())
    return len(found)


@pytest.mark.parametrize("name", ["x_v2/twarc_pages.jsonl", "x_v2/twarc_flat.jsonl"])
def test_the_samples_of_answers_have_the_counts_of_their_table(
    shared_data: Path, name: str
) -> None:
    path, expected = expected_of(shared_data, name)
    extract = API.read(look(path), ImportOptions())
    assert extract.read["posts"] == expected["rows"]
    assert ids(extract, "account_id", "author_id", "target_account_id") == expected["accounts"]
    assert extract.tables["items"].height == expected["items"]
    tags = extract.tables["items"].get_column("tags").explode().drop_nulls()
    assert tags.n_unique() == expected["tags"]
    kinds = dict(extract.tables["interactions"].get_column("kind").value_counts().rows())
    kinds |= {why: n for (_, why), n in extract.notes.items() if why.startswith("errors")}
    assert kinds == expected["interactions"]
    assert {why: n for (_, why), n in extract.dropped.items()} == expected["noted"]


def test_the_sample_of_an_archive_has_the_counts_of_its_table(shared_data: Path) -> None:
    path, expected = expected_of(shared_data, "personal_exports/x_archive/data/")
    extract = ARCHIVE.read(look(path), ImportOptions())
    assert sum(extract.read.values()) == expected["rows"]
    accounts = ("account_id", "author_id", "target_account_id", "follower_id", "followee_id")
    assert ids(extract, *accounts) == expected["accounts"]
    assert ids(extract, "item_id", "target_item_id") == expected["items"]
    assert extract.tables["follows"].height == expected["follows"]
    kinds = dict(extract.tables["interactions"].get_column("kind").value_counts().rows())
    told = expected["interactions"]
    assert kinds == {
        "like": told["like (no time)"],
        "reply": told["reply"],
        "repost": told["repost (original id unknown)"],
    }
    assert extract.kept["posts"] == told["own post"]

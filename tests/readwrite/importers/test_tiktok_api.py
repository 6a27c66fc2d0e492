from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphkit.errors import DataError, FileError, GraphkitError, MissingDataError
from graphkit.readwrite import read_tiktok_api
from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.tiktok_api import IMPORTERS
from graphkit.readwrite.source import Source, list_sources, look_at

SECOND = 1_717_180_199
TIME = datetime(2024, 5, 31, 18, 29, 59, tzinfo=UTC)
ASK = "whose they are is not in the answer: pass account="


def number(low: int = 1) -> int:
    return (SECOND << 32) + low


def item(low: int = 1) -> str:
    return str(number(low))


def video(low: int = 1, username: str = "Ann", **more: Any) -> dict[str, Any]:
    return {
        "id": number(low),
        "username": username,
        "create_time": SECOND,
        "region_code": "DE",
        "view_count": 5,
    } | more


def page(key: str, *entries: Any, code: str = "ok", **more: Any) -> dict[str, Any]:
    error = {"code": code, "message": "PLANTED", "log_id": "2024"}
    return {"data": {key: list(entries), "has_more": False} | more, "error": error}


def person(name: str | None) -> dict[str, Any]:
    return {"username": name, "display_name": "PLANTED"}


def put(folder: Path, name: str, *documents: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(d if isinstance(d, str) else json.dumps(d) for d in documents))
    return path


def read(path: Path | Sequence[Path], **options: Any) -> Extract:
    """Extract of files or a folder; nothing planted is in it, and counts add up."""
    paths = [path] if isinstance(path, Path) else path
    samples = [look_at(source) for some in paths for source in list_sources(some)[0]]
    extract = IMPORTERS[0].read(samples, ImportOptions(**options))
    told = [f.to_dicts() for f in extract.tables.values()]
    assert "PLANTED" not in f"{told}{extract.notes}{extract.dropped}{extract.refused}"
    assert all(rows >= 0 for rows in extract.kept.values())
    assert {table for table, _ in extract.dropped} <= set(extract.read)
    return extract


def test_videos_and_mentions(tmp_path: Path) -> None:
    whole = video(
        1,
        "@Ann ",
        music_id=7106833215612345678,
        video_description="hi #a",
        hashtag_names=["a"],
        video_mention_list=["@Bob"],
        video_duration=15,
        like_count=1,
        comment_count=2,
        share_count=3,
        favorites_count=4,
        voice_to_text="PLANTED",
    )
    extract = read(put(tmp_path, "a.json", page("videos", whole, video(2, "bob"))))
    assert extract.tables["items"].to_dicts()[0] == {
        "item_id": item(),
        "author_id": "ann",
        "created_at": TIME,
        "duration": 15.0,
        "tags": ["a"],
        "sound_id": "7106833215612345678",
        "caption": "hi #a",
        "country": "DE",
        "view_count": 5,
        "like_count": 1,
        "comment_count": 2,
        "share_count": 3,
        "favorites_count": 4,
    }
    assert extract.tables["interactions"].rows() == [("ann", item(), "mention", TIME, "bob")]
    assert extract.read == {"videos": 2, "mentions": 1, "answers": 1}
    assert extract.dropped == {}


@pytest.mark.parametrize(
    ("key", "kind", "table"),
    [
        ("user_liked_videos", "like", "likes"),
        ("pinned_videos_list", "pinned", "pinned videos"),
        ("user_pinned_videos", "pinned", "pinned videos"),
        ("reposted_videos", "repost", "reposts"),
        ("user_reposted_videos", "repost", "reposts"),
    ],
)
def test_lists_of_an_account(tmp_path: Path, key: str, kind: str, table: str) -> None:
    held = page(key, video(1, video_mention_list=["bob"]), video(2), video(1))
    path = put(tmp_path, "a.json", held)
    extract = read(path, account="@Ida")
    # the time of the act is not in the answer, that of the video is
    assert extract.tables["interactions"].rows() == [
        ("ida", item(1), kind, None),
        ("ida", item(2), kind, None),
    ]
    assert extract.tables["items"].select("item_id", "created_at").rows() == [
        (item(1), TIME),
        (item(2), TIME),
    ]
    assert extract.read[table] == 3
    assert extract.dropped[table, "the same video again"] == 1
    reason = "in a list of liked, pinned or reposted videos only"
    assert extract.dropped["mentions", reason] == 1
    # without the account, the videos are kept
    extract = read(path)
    assert "interactions" not in extract.tables
    assert extract.tables["items"].height == 2
    assert extract.dropped[table, ASK] == 3


def test_directions_of_follows_are_in_the_keys(tmp_path: Path) -> None:
    people = [person("Bob"), person("cem"), person("ida"), person(None), None, person("bob")]
    put(tmp_path, "a.json", page("user_followers", *people, cursor=1717027200))
    put(tmp_path, "b.json", page("user_following", person("Dan")))
    extract = read(tmp_path, account={"a.json": "Ida", "b.json": "ida"})
    assert extract.tables["follows"].rows() == [("bob", "ida"), ("cem", "ida"), ("ida", "dan")]
    assert extract.dropped == {
        ("follows", "no username"): 2,
        ("follows", "an account follows itself"): 1,
        ("follows", "the same follow again"): 1,
    }
    assert extract.read["follows"] == 7
    note = "the cursors of pages bound the times of follows: not kept"
    assert extract.notes["follows", note] == 6
    dataset, _ = combine([extract], source="x", caller="test", parameters={})
    assert dataset.follows is not None
    assert "since" not in dataset.follows.columns


@pytest.mark.parametrize(
    "document",
    [
        page("user_followers", person("bob")),
        page("user_following", person("bob")),
        {"data": {"display_name": "PLANTED", "follower_count": 1}, "error": {"code": "ok"}},
    ],
)
def test_the_account_is_asked_for(tmp_path: Path, document: Any) -> None:
    with pytest.raises(MissingDataError, match=r"a\.json .* pass account=") as caught:
        read(put(tmp_path, "a.json", document))
    assert len(str(caught.value)) <= 600
    # beside videos, they are dropped and counted
    put(tmp_path, "b.json", page("videos", video()))
    extract = read(tmp_path)
    assert list(extract.tables) == ["items"]
    assert [n for (_, why), n in extract.dropped.items() if why == ASK] == [1]


def test_user_info(tmp_path: Path) -> None:
    about = {"display_name": "PLANTED", "bio_description": "PLANTED", "likes_count": 9}
    counts = {"follower_count": 13, "following_count": 4}
    put(tmp_path, "a.json", {"data": about | counts, "error": {"code": "ok"}})
    put(tmp_path, "b.json", [counts | {"username": "Eve"} | about])
    extract = read(tmp_path, account={"a.json": "ida"})
    assert extract.tables["accounts"].rows() == [("ida", 13, 4), ("eve", 13, 4)]
    assert extract.kept["accounts"] == 2


def test_comments_have_no_author(tmp_path: Path) -> None:
    comment = {
        "id": number(9),
        "video_id": number(1),
        "parent_comment_id": number(1),
        "text": "PLANTED",
        "create_time": SECOND,
    }
    put(tmp_path, "a.json", page("comments", comment, comment | {"video_id": number(2)}))
    put(tmp_path, "b.json", [comment | {"video_id": number(3)}])
    put(tmp_path, "c.json", page("videos", video(2)))
    extract = read(tmp_path)
    assert extract.tables["items"].select("item_id", "author_id", "created_at").rows() == [
        (item(2), "ann", TIME),
        (item(1), None, TIME),
        (item(3), None, TIME),
    ]
    assert "interactions" not in extract.tables
    assert extract.read["comments"] == 3
    assert extract.kept["comments"] == 0


def test_playlists(tmp_path: Path) -> None:
    answer = {"data": {"playlist_id": 7, "playlist_video_ids": [number(1), number(2)]}}
    extract = read(put(tmp_path, "a.json", answer))
    assert extract.tables["items"].rows() == [(item(1), TIME), (item(2), TIME)]
    assert extract.read == {"playlists": 1, "answers": 1}


def test_task_states_are_refused(tmp_path: Path) -> None:
    state = {"data": {"task_id": 1, "task_status": "Processing"}, "error": {"code": "ok"}}
    path = put(tmp_path, "a.json", state)
    with pytest.raises(FileError, match="batch-compliance"):
        read(path)
    put(tmp_path, "b.json", page("videos", video()))
    extract = read(tmp_path)
    assert list(extract.refused) == [Source(path)]
    assert extract.tables["items"].height == 1


def test_one_web_page_among_a_thousand_answers(tmp_path: Path) -> None:
    for n in range(40):
        put(tmp_path, f"{n:03}.json", page("videos", video(n)))
    web = put(tmp_path, "020a.json", "<!DOCTYPE html><html><body>PLANTED 502</body></html>")
    extract = read(tmp_path)
    assert list(extract.refused) == [Source(web)]
    assert extract.read["videos"] == 40
    _, report = read_tiktok_api(tmp_path)
    assert report.rows.rows() == [("videos", 40, 40), ("files", 41, 40)]
    assert report.dropped.rows() == [("files", "file that holds no answer of the Research API", 1)]
    # the same as lines of one file
    lines = [page("videos", video(n)) for n in range(999)]
    path = put(tmp_path, "all.ndjson", *lines[:500], "<html>PLANTED</html>", *lines[500:])
    for read_lines in (read, read_tiktok_api):
        found = read_lines(path)
        if isinstance(found, Extract):
            assert found.kept["videos"] == 999
            assert found.dropped == {("answers", "a web page in place of an answer"): 1}
        else:
            assert found[1].rows.rows()[0] == ("videos", 999, 999)
            assert found[1].n_dropped == 1


def test_other_json_shows_nothing_of_itself(tmp_path: Path) -> None:
    secret = [{"id": "1", "text": "PLANTED " * 200, "name": "PLANTED"}] * 100
    for document in (
        {"data": secret, "includes": {"users": secret}},
        {"users": secret},
        {"data": {"videos": {"PLANTED": 1}}},
        {"data": {"videos": "PLANTED"}},
        [{f"{letter}_key_{'x' * 200}": "PLANTED" for letter in "abcdefghijklmnop"}],
        [["PLANTED"]],
        "PLANTED",
    ):
        path = put(tmp_path, "a.json", json.dumps(document))
        with pytest.raises(GraphkitError) as caught:
            read_tiktok_api(path)
        assert len(str(caught.value)) <= 600 + len(str(path))
        assert "PLANTED" not in str(caught.value)


def test_odd_values_cost_one_record(tmp_path: Path) -> None:
    odd = video(2) | {"hashtag_names": {"PLANTED": 1}}
    put(tmp_path, "a.json", page("videos", video(1), odd, video(3), None))
    put(tmp_path, "b.ndjson", video(4), "{PLANTED", odd, "", video(5), '{"id": 7')
    extract = read(tmp_path)
    assert extract.tables["items"].get_column("item_id").to_list() == [
        item(n) for n in (1, 3, 4, 5)
    ]
    why = "another shape: 'hashtag_names' holds objects, and a list of texts is needed"
    assert extract.dropped == {
        ("videos", why): 1,
        ("answers", why): 1,
        ("videos", "null in place of a video"): 1,
        ("answers", "no valid JSON"): 1,
        ("videos", "truncated last line"): 1,
    }
    assert extract.read["videos"] == 7


def test_ids_written_as_floats_refuse_a_file(tmp_path: Path) -> None:
    path = put(tmp_path, "a.json", '{"data": {"videos": [{"id": 7.1e18, "username": "a"}]}}')
    with pytest.raises(DataError, match=r'"id": 7\.1e18 was written as a float'):
        read(path)
    put(tmp_path, "b.json", page("videos", video()))
    assert list(read(tmp_path).refused) == [Source(path)]


@pytest.mark.parametrize(
    "document",
    [
        {"data": {"comments": [{"id": 1, "video_id": 7.1e18}]}},
        {"data": {"playlist_id": 1, "playlist_video_ids": [7.1e18]}},
        [{"id": 1, "parent_comment_id": 2, "video_id": 7.1e18}],
    ],
)
def test_floats_among_other_ids_are_refused(tmp_path: Path, document: Any) -> None:
    with pytest.raises(GraphkitError, match=r"float"):
        read(put(tmp_path, "a.json", document))


def test_half_a_character_and_nan(tmp_path: Path) -> None:
    text = json.dumps(page("videos", video(1, video_description="a")))
    text = text.replace('"a"', '"a\\ud83d"').replace('"view_count": 5', '"view_count": NaN')
    extract = read(put(tmp_path, "a.json", text))
    assert extract.tables["items"].get_column("caption").to_list() == ["a\ufffd"]
    note = "NaN or half a character: read as missing or as U+FFFD"
    assert extract.notes["videos", note] == 1


def test_the_reader_takes_all_answers(tmp_path: Path) -> None:
    put(tmp_path, "v.json", page("videos", video(1, "bob"), video(2)))
    put(tmp_path, "l.json", page("user_liked_videos", video(1, "bob")))
    put(tmp_path, "f.json", page("user_followers", person("bob")))
    put(tmp_path, "u.json", {"data": {"follower_count": 3}, "error": {"code": "ok"}})
    put(tmp_path, "c.json", page("comments", {"id": 1, "video_id": number(3)}))
    dataset, report = read_tiktok_api(tmp_path, account="Ida")
    assert dataset.interactions is not None
    assert dataset.interactions.select("account_id", "item_id", "kind").rows() == [
        ("ida", item(1), "like")
    ]
    assert dataset.follows is not None
    assert dataset.follows.rows() == [("bob", "ida")]
    assert dataset.accounts is not None
    assert set(dataset.accounts.get_column("account_id")) == {"ida", "ann", "bob"}
    assert dataset.items is not None
    assert set(dataset.items.get_column("item_id")) == {item(1), item(2), item(3)}
    assert report.rows.rows() == [
        ("videos", 3, 2),
        ("likes", 1, 1),
        ("follows", 1, 1),
        ("accounts", 1, 1),
        ("comments", 1, 0),
    ]
    # whose they are is needed, and told
    dataset, report = read_tiktok_api(tmp_path)
    assert dataset.follows is None
    lost = {table: n for table, why, n in report.dropped.rows() if why == ASK}
    assert lost == {"likes": 1, "follows": 1, "accounts": 1}


@pytest.mark.parametrize(
    "document",
    [
        {"data": [{"id": "1", "text": "x"}], "includes": {}, "meta": {}},
        [{"id": "1", "username": "x", "text": "y"}],
        {"id": "1", "author": {"uniqueId": "x"}, "createTime": 1},
        {"comments": [{"cid": "1", "aweme_id": "2"}]},
    ],
)
def test_other_files_are_not_taken(tmp_path: Path, document: Any) -> None:
    assert IMPORTERS[0].recognise(look_at(Source(put(tmp_path, "a.json", document)))) is None


@pytest.mark.real_data
def test_samples(shared_data: Path) -> None:
    samples = shared_data / "samples"
    if not samples.is_dir():
        pytest.skip("the samples are not among the public data sets")
    expected = json.loads((samples / "expected.json").read_text())
    folder = samples / "tiktok_research_api"
    files = [[folder / f"videos_page_{n}.json" for n in (1, 2)]]
    files += [[path] for path in sorted(folder.iterdir()) if "videos_page_" not in path.name]
    for paths in files:
        name = "videos_page_*.json" if len(paths) > 1 else paths[0].name
        want = expected[f"tiktok_research_api/{name}"]
        extract = read(paths, account="sample_ida")
        tables = extract.tables
        items, follows = tables.get("items"), tables.get("follows")
        acts, users = tables.get("interactions"), tables.get("accounts")
        assert (0 if items is None else items.height) == want["items"]
        assert (0 if follows is None else follows.height) == want["follows"]
        counted = {} if acts is None else dict(acts.get_column("kind").value_counts().rows())
        if comments := extract.read.get("comments"):
            counted["comment (no author)"] = comments
        assert counted == want["interactions"]
        people = {
            name
            for frame in (items, follows, acts, users)
            if frame is not None
            for column in frame.columns
            if column in ("author_id", "account_id", "target_account_id")
            or (column.startswith("follow") and column.endswith("_id"))
            for name in frame.get_column(column).drop_nulls()
        }
        assert len(people) == want["accounts"]
        kinds = ("videos", "follows", "comments", "accounts")
        assert sum(extract.read.get(kind, 0) for kind in kinds) == want["rows"]
        if items is not None and "tags" in items.columns:
            assert items.get_column("tags").explode().drop_nulls().n_unique() == want["tags"]
        failed = sum(n for (_, why), n in extract.notes.items() if why.startswith("answer of"))
        assert failed == want["noted"].get("error answer", 0)


def test_answers_that_are_nested_too_deeply_are_dropped_or_refused(tmp_path: Path) -> None:
    deep = json.dumps(video(2))[:-1] + ', "other": ' + "[" * 200_000 + "]" * 200_000 + "}"
    for lines in ([deep, json.dumps(video())], [json.dumps(video()), deep]):
        extract = read(put(tmp_path, "videos.ndjson", *lines))
        assert extract.tables["items"].get_column("item_id").to_list() == [item()]
        assert extract.dropped == {("answers", "JSON that is nested too deeply"): 1}
    (tmp_path / "videos.ndjson").unlink()
    with pytest.raises(FileError, match="it is JSON that is nested too deeply"):
        read(put(tmp_path, "page.json", f"[{json.dumps(video())},\n{deep}]"))


def test_ids_of_each_file_are_judged_by_themselves(tmp_path: Path) -> None:
    files = {
        "a": [video(n) for n in (1, 2, 3)],
        "b": [video() | {"id": (number() + n * 1000) // 1000 * 1000} for n in (1, 2, 3)],
        "c": [],
        "d": "no answer",
        "e": [video(5), video(6, music_id="0")],
    }
    paths = []
    for name, videos in files.items():
        paths.append(tmp_path / f"{name}.json")
        text = json.dumps(page("videos", *videos)) if isinstance(videos, list) else videos
        paths[-1].write_text(text)
    found = IMPORTERS[0].read([look_at(Source(path)) for path in paths], ImportOptions())
    assert found.tables["items"].height == 8
    assert [name for name in found.refused if name.path == paths[3]]
    told = {text: n for (_, text), n in found.notes.items() if "rounded" in text}
    assert list(told.values()) == [3]


def test_many_files_are_one_table(tmp_path: Path) -> None:
    samples = []
    for n in range(1, 30):
        path = tmp_path / f"{n:02}.json"
        path.write_text("[1]" if n % 7 == 0 else json.dumps([video(n), video(n + 1)]))
        samples.append(look_at(Source(path)))
    found = IMPORTERS[0].read(samples, ImportOptions())
    kept = {item(m) for n in range(1, 30) if n % 7 for m in (n, n + 1)}
    assert set(found.tables["items"].get_column("item_id")) == kept
    assert len(found.refused) == 4
    assert found.read["videos"] == 50

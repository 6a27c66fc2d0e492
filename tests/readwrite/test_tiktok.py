from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import igraph
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphkit.errors import DataError, FileError, GraphkitError, OptionError
from graphkit.parallel import show_progress
from graphkit.readwrite import read_dataset, read_tiktok_api, write_dataset

SECOND = 1_717_180_199
TIME = datetime(2024, 5, 31, 18, 29, 59, tzinfo=UTC)


def video_id(second: int = SECOND, low: int = 1) -> int:
    """An id as the platform makes them: creation second above, anything below."""
    return (second << 32) + low


def video(low: int = 1, username: str = "ann", **more: Any) -> dict[str, Any]:
    return {"id": video_id(low=low), "username": username, "create_time": SECOND} | more


def page(*videos: dict[str, Any], code: str = "ok") -> dict[str, Any]:
    data = {"videos": list(videos), "cursor": 20, "has_more": False, "search_id": "71"}
    return {"data": data, "error": {"code": code, "message": "", "log_id": "2024"}}


def put(folder: Path, name: str, *documents: Any) -> Path:
    """One JSON document, or several as lines; packed if the name says so."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "\n".join(json.dumps(d) for d in documents).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def url(low: int, username: str, second: int = SECOND) -> str:
    return f"https://www.tiktok.com/@{username}/video/{video_id(second, low)}"


def edges(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def counts(frame: pl.DataFrame) -> dict[tuple[str, str], int]:
    return {(table, text): n for table, text, n in frame.rows()}


# --- one video object


def test_every_column(tmp_path: Path) -> None:
    whole = {
        "id": 7375232772228682300,
        "create_time": SECOND,
        "username": "@Ann.Lee ",
        "region_code": "us",
        "video_description": "Hi\u0000 #BookTok",
        "music_id": 7106833215612345678,
        "like_count": 5,
        "comment_count": 4,
        "share_count": 3,
        "view_count": 2**40,
        "favorites_count": 1,
        "effect_ids": ["0"],
        "hashtag_names": ["BookTok", "fyp"],
        "hashtag_info_list": [{"hashtag_id": 1, "hashtag_description": "d"}],
        "sticker_info_list": {"sticker_id": 2, "sticker_name": "s"},
        "effect_info_list": [{"effect_id": "3", "effect_name": "e", "effect_photo_url": "u"}],
        "video_mention_list": ["@Bob", "cem"],
        "video_label": {"content": "Learn about the election"},
        "video_tag": {"type": 1, "number": 2},
        "playlist_id": 7000000000000000000,
        "voice_to_text": "hello",
        "is_stem_verified": True,
        "video_duration": 15,
    }
    ds, report = read_tiktok_api(put(tmp_path, "page.json", page(whole)))
    assert ds.items is not None
    assert ds.items.to_dicts() == [
        {
            "item_id": "7375232772228682300",
            "author_id": "ann.lee",
            "created_at": TIME,
            "duration": 15.0,
            "tags": ["BookTok", "fyp"],
            "sound_id": "7106833215612345678",
            "caption": "Hi #BookTok",
            "country": "US",
            "view_count": 2**40,
            "like_count": 5,
            "comment_count": 4,
            "share_count": 3,
            "favorites_count": 1,
            "voice_to_text": "hello",
            "is_stem_verified": True,
        }
    ]
    assert ds.interactions is not None
    assert [
        (r["account_id"], r["item_id"], r["kind"], r["at"], r["target_account_id"])
        for r in ds.interactions.to_dicts()
    ] == [
        ("ann.lee", "7375232772228682300", "mention", TIME, "bob"),
        ("ann.lee", "7375232772228682300", "mention", TIME, "cem"),
    ]
    assert dict(ds.time_kinds) == {"items.created_at": "item_created", "interactions.at": "event"}
    assert ds.source == "TikTok Research API"
    assert report.rows.rows() == [("videos", 1, 1), ("mentions", 2, 2)]
    assert report.n_dropped == 0
    assert report.notes.rows() == [("videos", "username: blanks around ids: stripped", 1)]


def test_keys_that_vary_by_row(tmp_path: Path) -> None:
    rows = [
        video(1, hashtag_names=["a"], favourites_count=7),
        {"video_id": str(video_id(low=2)), "create_time": str(SECOND), "username": "bob"},
        {"region_code": "", "username": "cem", "hashtag_names": [], "item_id": video_id(low=3)},
        video(4, hashtag_names=None, favorites_count=8, region_code="Gb", is_stem_verified=None),
    ]
    ds, _ = read_tiktok_api(put(tmp_path, "a.json", rows))
    assert ds.items is not None
    assert ds.items.get_column("item_id").to_list() == [str(video_id(low=n)) for n in (1, 2, 3, 4)]
    assert ds.items.get_column("tags").to_list() == [["a"], None, [], None]
    assert ds.items.get_column("favorites_count").to_list() == [7, None, None, 8]
    assert ds.items.get_column("country").to_list() == [None, None, None, "GB"]
    assert ds.items.get_column("created_at").to_list() == [TIME] * 4
    # columns that no video has are left out
    assert "sound_id" not in ds.items.columns
    assert "is_stem_verified" not in ds.items.columns
    assert ds.interactions is None


@given(numbers=st.lists(st.integers(2**53, 10**21), min_size=1, max_size=8, unique=True))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("name", ["a.json", "a.ndjson", "b.json"])
def test_long_ids_keep_their_digits(tmp_path: Path, numbers: list[int], name: str) -> None:
    videos = [{"id": n, "username": "ann", "music_id": n + 1} for n in numbers]
    documents = videos if name == "a.ndjson" else [videos if name == "a.json" else page(*videos)]
    ds, _ = read_tiktok_api(put(tmp_path, name, *documents))
    assert ds.items is not None
    assert ds.items.get_column("item_id").to_list() == [str(n) for n in numbers]
    assert ds.items.get_column("sound_id").to_list() == [str(n + 1) for n in numbers]


@pytest.mark.parametrize("key", ["id", "video_id", "music_id"])
@pytest.mark.parametrize("number", ["7.375232772228683e+18", "7375232772228682752.0", "7E18"])
def test_ids_written_as_floats_are_refused(tmp_path: Path, key: str, number: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(f'[{{"id": 1, "username": "ann", "{key}" : {number}}}]')
    with pytest.raises(
        DataError, match=r"a\.json: .*written as a float.*digits are lost"
    ) as caught:
        read_tiktok_api(path)
    assert number in str(caught.value)


# --- times


@pytest.mark.parametrize("factor", [1, 1000, 1_000_000])
def test_unit_of_time_by_magnitude(tmp_path: Path, factor: int) -> None:
    ds, report = read_tiktok_api(put(tmp_path, "a.json", [video(create_time=SECOND * factor)]))
    assert ds.items is not None
    assert ds.items.get_column("created_at").to_list() == [TIME]
    assert report.notes.height == 0


def test_times_that_cannot_be(tmp_path: Path) -> None:
    rows = [video(n, create_time=t) for n, t in enumerate([0, -5, 10**18, "soon", 5 * 10**9])]
    ds, report = read_tiktok_api(put(tmp_path, "a.json", rows))
    assert ds.items is not None
    assert ds.items.get_column("created_at").null_count() == 5
    assert counts(report.notes) == {
        ("videos", "create_time is no possible time: set to missing"): 5
    }


def test_a_missing_time_is_taken_from_the_id(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [video(1), {"id": 12, "username": "ann"}]
    del rows[0]["create_time"]
    ds, report = read_tiktok_api(put(tmp_path, "a.json", rows))
    assert ds.items is not None
    assert ds.items.get_column("created_at").to_list() == [TIME, None]
    assert counts(report.notes) == {("videos", "no create_time: taken from the id"): 1}


def test_a_wrong_time_zone_is_noted(tmp_path: Path) -> None:
    rows = [video(n, create_time=SECOND + 7200 * (n > 1)) for n in range(4)]
    ds, report = read_tiktok_api(put(tmp_path, "a.json", rows))
    [(key, n)] = counts(report.notes).items()
    assert n == 2
    assert "more than an hour from the time in the id (median +2.0 h)" in key[1]
    assert ds.items is not None
    assert ds.items.height == 4


# --- what is dropped


def test_the_same_video_again(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.json",
        [video(1, view_count=10, region_code="us", hashtag_names=["x"]), video(2, view_count=1)],
    )
    put(tmp_path, "b.json", [video(1, view_count=30, region_code=None, hashtag_names=["x", "y"])])
    put(tmp_path, "c.json", [video(2, "other"), video(1, view_count=20)])
    ds, report = read_tiktok_api([tmp_path])
    assert ds.items is not None
    assert ds.items.select("author_id", "view_count", "country", "tags").rows() == [
        ("ann", 1, None, None),
        ("ann", 30, "US", ["x", "y"]),
    ]
    assert counts(report.dropped) == {("videos", "the same video again"): 3}
    assert counts(report.notes) == {
        ("videos", "username differs between records of one video: of most views kept"): 1
    }
    assert report.rows.rows() == [("videos", 5, 2)]


def test_videos_without_id_or_username(tmp_path: Path) -> None:
    rows = [video(1), video(2, username=None), video(3, username=" @ "), {"username": "x"}]
    _, report = read_tiktok_api(put(tmp_path, "a.json", rows))
    assert counts(report.dropped) == {("videos", "no id"): 1, ("videos", "no username"): 2}
    assert report.rows.rows() == [("videos", 4, 1)]


def test_mentions_without_a_name(tmp_path: Path) -> None:
    rows = [video(1, video_mention_list=["Bob", "", "@", None]), video(2, video_mention_list=[])]
    ds, report = read_tiktok_api(put(tmp_path, "a.json", rows))
    assert ds.interactions is not None
    assert ds.interactions.height == 1
    assert counts(report.dropped) == {("mentions", "no name"): 3}


def test_a_truncated_last_line(tmp_path: Path) -> None:
    path = put(tmp_path, "a.ndjson", video(1), video(2))
    path.write_text(path.read_text() + '\n\n{"id": 73752327722')
    ds, report = read_tiktok_api(path)
    assert ds.items is not None
    assert ds.items.height == 2
    assert counts(report.dropped) == {("videos", "truncated last line"): 1}
    assert report.rows.rows() == [("videos", 3, 2)]


# --- shapes of files


@pytest.mark.parametrize(
    ("name", "documents"),
    [
        ("a.json", [[video(1), video(2)]]),
        ("a.json", [page(video(1), video(2))]),
        ("a.json", [[page(video(1)), page(), page(video(2))]]),
        ("a.ndjson", [video(1), video(2)]),
        ("a.jsonl", [page(video(1)), page(video(2))]),
        ("a.JSONL.gz", [page(video(1)), video(2)]),
        ("a.json.gz", [[video(1), video(2)]]),
        ("a.ndjson.gz", [[video(1)], [], [video(2)]]),
        ("a.json", [video(1), video(2)]),
        ("a.json", [page(video(1)), page(video(2))]),
        ("a.json", [[page(video(1)), video(2), None]]),
    ],
)
def test_shapes(tmp_path: Path, name: str, documents: list[Any]) -> None:
    path = put(tmp_path, name, *documents)
    if name == "a.JSONL.gz":
        path = path.rename(tmp_path / "a.jsonl.gz")
    for given_path in (path, str(path), [path], tmp_path, [tmp_path], str(tmp_path / "*.js*")):
        if name.endswith(("ndjson", "ndjson.gz")) and given_path == str(tmp_path / "*.js*"):
            continue
        ds, report = read_tiktok_api(given_path)
        assert ds.items is not None
        ids = sorted(ds.items.get_column("item_id").to_list())
        assert ids == [str(video_id(low=1)), str(video_id(low=2))]
        # what is no video is counted too
        empty = counts(report.dropped).get(("videos", "null in place of a video"), 0)
        assert empty == str(documents).count("None")
        assert report.rows.rows() == [("videos", 2 + empty, 2)]


def test_indented_json_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("\ufeff" + json.dumps([video(1, video_description="a\n\u2028b")], indent=2))
    ds, _ = read_tiktok_api(path)
    assert ds.items is not None
    assert ds.items.get_column("caption").to_list() == ["a\n\u2028b"]


def test_line_separators_inside_a_line(tmp_path: Path) -> None:
    text = json.dumps(video(1, video_description="a\u2028\u0085b"), ensure_ascii=False)
    (tmp_path / "a.ndjson").write_text(text + "\r\n" + json.dumps(video(2)) + "\r\n")
    ds, _ = read_tiktok_api(tmp_path)
    assert ds.items is not None
    assert ds.items.height == 2


def test_answers_with_errors_are_noted(tmp_path: Path) -> None:
    failed = {"data": {}, "error": {"code": "rate_limit_exceeded", "message": "m", "log_id": "1"}}
    put(tmp_path, "a.ndjson", page(video(1)), failed, {"data": None, "error": failed["error"]})
    _, report = read_tiktok_api(tmp_path)
    assert counts(report.notes) == {
        ("videos", "answer of the API with the error 'rate_limit_exceeded'"): 2
    }


def test_folders_are_searched_and_files_read_once(tmp_path: Path) -> None:
    put(tmp_path, "x/y/a.json", [video(1)])
    put(tmp_path, "x/b.jsonl.gz", video(2))
    put(tmp_path, "x/.hidden.json", [video(3)])
    (tmp_path / "x" / "README.md").write_text("no JSON")
    given_paths = [tmp_path, tmp_path / "x" / "y" / "a.json", str(tmp_path / "**" / "*.gz")]
    _, report = read_tiktok_api(given_paths)
    assert report.rows.rows() == [("videos", 2, 2)]
    assert report.n_dropped == 0


def test_round_trip(tmp_path: Path) -> None:
    put(tmp_path, "a.json", [video(1, hashtag_names=["x"], video_mention_list=["b"], view_count=1)])
    edges(tmp_path, "a_edges.txt", f"{url(1, 'ann')},{url(2, 'bob')}")
    ds, _ = read_tiktok_api(tmp_path, stitches=tmp_path)
    assert read_dataset(write_dataset(ds, tmp_path / "out"))[0].content_key == ds.content_key


def test_progress_is_told(tmp_path: Path) -> None:
    put(tmp_path, "a.json", [video(1)])
    edges(tmp_path, "a_edges.txt", f"{url(1, 'ann')},{url(2, 'bob')}")
    seen: list[tuple[str, int, int]] = []
    with show_progress(lambda *step: seen.append(step)):
        read_tiktok_api(tmp_path, stitches=tmp_path)
    assert ("reading videos", 1, 1) in seen
    assert ("reading stitches", 1, 1) in seen


# --- errors


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ('[{"id": 1, "usrname": "a"}]', DataError, ["'usrname'", "'username'", "rename"]),
        ('[{"id": 1, "user": "a"}]', DataError, ["'username'", "There are 'id', 'user'"]),
        ('[{"vid": 1, "username": "a"}]', DataError, ["no video has the key 'id'", "'vid'"]),
        ('[{"cid": "1", "text": "hi"}]', DataError, ["no video has the key 'id'"]),
        ("[]", DataError, ["no video in 1 JSON files"]),
        ("", DataError, ["no video in 1 JSON files"]),
        ("hello", FileError, ["cannot be read as video objects"]),
        ('[{"id": 1}, {"id"', FileError, ["cannot be read as video objects"]),
        ("[1, 2]", FileError, ["cannot be read as video objects"]),
        ('[{"id": 1, "username": {"x": 1}}]', FileError, ["cannot be read as video objects"]),
        ('{"id": 1, "username": "a"}\n{"id"\n{"id": 2}', FileError, ["a.json, line 2,"]),
    ],
)
def test_errors_name_file_and_key(
    tmp_path: Path, text: str, error: type[GraphkitError], words: list[str]
) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(error) as caught:
        read_tiktok_api(tmp_path)
    for word in words:
        assert word in str(caught.value)
    if text not in ("[]", ""):
        assert str(tmp_path / "a.json") in str(caught.value)


def test_one_file_of_misspelt_keys_is_refused_beside_others(tmp_path: Path) -> None:
    put(tmp_path, "a.json", [video(1)])
    put(tmp_path, "b.json", [{"id": 2, "user_name": "bob"}])
    with pytest.raises(DataError, match=r"b\.json: key 'user_name' looks like 'username'"):
        read_tiktok_api(tmp_path)


def test_a_misspelt_key_that_is_not_needed_is_noted(tmp_path: Path) -> None:
    _, report = read_tiktok_api(put(tmp_path, "a.json", [video(1, hashtag_name=["x"])]))
    assert counts(report.notes) == {
        ("videos", "key 'hashtag_name' not read; it looks like 'hashtag_names'"): 1
    }


def test_places(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x")
    with pytest.raises(FileError, match="nowhere does not exist"):
        read_tiktok_api(tmp_path / "nowhere")
    with pytest.raises(FileError, match="matches no file"):
        read_tiktok_api([str(tmp_path / "*.json")])
    with pytest.raises(FileError, match="holds no JSON files"):
        read_tiktok_api(tmp_path)
    with pytest.raises(OptionError, match="nothing to read"):
        read_tiktok_api([])
    with pytest.raises(FileError, match="holds no lists of stitches"):
        read_tiktok_api([], stitches=[put(tmp_path / "json", "a.json", []).parent])
    (tmp_path / "a.json").write_bytes(b"[\xff]")
    with pytest.raises(FileError, match=r"a\.json cannot be read: .*utf-8"):
        read_tiktok_api(tmp_path)
    (tmp_path / "a.json").rename(tmp_path / "a.json.gz")
    with pytest.raises(FileError, match=r"a\.json\.gz cannot be read: .*gzip"):
        read_tiktok_api(tmp_path)


# --- stitches


def test_stitches_and_records(tmp_path: Path) -> None:
    put(tmp_path, "a.json", [video(1, "ann", create_time=SECOND + 30), video(2, "bob")])
    lines = edges(
        tmp_path,
        "tag_edges.txt",
        f"{url(1, 'Ann')},{url(2, 'bobby')}",  # bob was called bobby
        f"{url(2, 'bob')},{url(2, 'bob')}",  # a loop stays
        f"{url(3, 'cem', SECOND + 60)},{url(4, 'dea', SECOND - 60)}",  # neither has a record
        f"{url(5, 'eve')},None",
        f"{url(5, 'eve')}, none ",
        f"{url(5, 'eve')},",
        f"{url(5, 'eve')}",
        "",
        f"None,{url(1, 'ann')}",
        f"{url(1, 'ann')},https://www.tiktok.com/music/x",
        f'"{url(1, "ann")}?lang=en","{url(2, "bob")}"',  # the first line again
    )
    ds, report = read_tiktok_api(tmp_path, stitches=[lines])
    assert ds.interactions is not None
    a, b, c, d = (
        str(video_id(*x)) for x in ((SECOND, 1), (SECOND, 2), (SECOND + 60, 3), (SECOND - 60, 4))
    )
    at = [datetime.fromtimestamp(SECOND + more, UTC) for more in (30, 0, 60)]
    rows = ds.interactions.select(
        "account_id", "item_id", "kind", "at", "target_account_id", "target_item_id"
    ).rows()
    assert rows == [
        ("ann", a, "stitch", at[0], "bobby", b),
        ("bob", b, "stitch", at[1], "bob", b),
        ("cem", c, "stitch", at[2], "dea", d),
    ]
    assert ds.items is not None
    assert ds.items.select("item_id", "author_id").rows() == [
        (a, "ann"),
        (b, "bob"),
        (c, "cem"),
        (d, "dea"),
    ]
    assert ds.items.get_column("created_at").to_list()[2:] == [
        at[2],
        datetime.fromtimestamp(SECOND - 60, UTC),
    ]
    assert counts(report.dropped) == {
        ("stitches", "the first field is no video URL"): 1,
        ("stitches", "stitched video unknown"): 3,
        ("stitches", "the second field is no video URL"): 2,
        ("stitches", "the same stitch again"): 1,
    }
    assert counts(report.notes) == {
        ("videos", "added: only a stitch mentions it"): 2,
        ("stitches", "URL of the stitched video names another account than its record"): 1,
    }
    assert report.rows.rows() == [("videos", 2, 2), ("stitches", 10, 3)]


def test_stitches_alone(tmp_path: Path) -> None:
    lines = edges(tmp_path, "s.csv", "stitcher_url,stitched_url", f"{url(1, 'a')},{url(2, 'b')}")
    for paths in ([], ()):
        ds, report = read_tiktok_api(paths, stitches=lines)
        assert report.rows.rows() == [("stitches", 1, 1)]
        assert ds.items is not None
        assert ds.items.height == 2
        assert list(ds.account_ids) == ["a", "b"]


def test_time_of_a_stitch_whose_record_has_none(tmp_path: Path) -> None:
    put(tmp_path, "a.json", [video(1, create_time=0)])
    lines = edges(tmp_path, "x.txt", f"{url(1, 'ann')},{url(2, 'bob')}")
    ds, _ = read_tiktok_api(tmp_path, stitches=lines)
    assert ds.interactions is not None
    assert ds.interactions.get_column("at").to_list() == [TIME]


def test_ids_of_another_make_have_no_time(tmp_path: Path) -> None:
    base = "https://www.tiktok.com/@ann/video/"
    lines = edges(tmp_path, "x.txt", f"{base}12,{base}123456789012345678901")
    ds, _ = read_tiktok_api([], stitches=lines)
    assert ds.items is not None
    assert ds.items.rows() == [("12", "ann", None), ("123456789012345678901", "ann", None)]


def test_the_same_stitch_under_two_tags_counts_once(tmp_path: Path) -> None:
    line = f"{url(1, 'a')},{url(2, 'b')}"
    edges(tmp_path, "books_edges.txt", line, f"{url(3, 'a')},{url(2, 'b')}")
    edges(tmp_path, "novels_edges.csv", line)
    edges(tmp_path, "README.txt", "about, these files")
    ds, report = read_tiktok_api([], stitches=[tmp_path, tmp_path / "books_edges.txt"])
    assert report.rows.rows() == [("stitches", 3, 2)]
    assert counts(report.dropped) == {("stitches", "the same stitch again"): 1}
    assert ds.interactions is not None
    assert ds.interactions.height == 2


def test_a_folder_without_named_lists_means_all_its_texts(tmp_path: Path) -> None:
    edges(tmp_path, "a.txt", f"{url(1, 'a')},{url(2, 'b')}")
    edges(tmp_path, "b.csv", f"{url(2, 'b')},{url(3, 'c')}")
    _, report = read_tiktok_api([], stitches=tmp_path)
    assert report.rows.rows() == [("stitches", 2, 2)]


def test_lists_without_a_line(tmp_path: Path) -> None:
    lines = edges(tmp_path, "x.txt", "", "")
    with pytest.raises(DataError, match="no stitch in 1 lists"):
        read_tiktok_api([], stitches=lines)
    ds, report = read_tiktok_api(put(tmp_path, "a.json", [video(1)]), stitches=lines)
    assert ds.interactions is None
    assert report.rows.rows() == [("videos", 1, 1), ("stitches", 0, 0)]


# --- real records

PUBLISHED = [
    # tag, accounts, stitches, self-loops, multi-edges, weak components, largest
    ("comedy", 4608, 3737, 32, 104, 1135, 1838),
    ("booktok", 3540, 2792, 266, 91, 1119, 844),
    ("storytime", 2036, 1385, 56, 58, 762, 173),
    ("anime", 1605, 1363, 67, 73, 443, 646),
    ("catsoftiktok", 1059, 745, 30, 9, 354, 142),
    ("dogsoftiktok", 919, 560, 23, 4, 385, 13),
    ("gaza", 801, 555, 9, 12, 269, 109),
    ("maga", 644, 689, 5, 70, 106, 414),
    ("challenge", 485, 345, 17, 36, 191, 35),
    ("learnontiktok", 464, 413, 13, 15, 131, 79),
    ("jazz", 32, 16, 0, 0, 16, 2),
]


@pytest.mark.real_data
@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row[0])
@pytest.mark.parametrize("records", [True, False], ids=["with records", "edges alone"])
def test_published_stitch_graphs(
    shared_data: Path, row: tuple[str, int, int, int, int, int, int], records: bool
) -> None:
    folder = shared_data / "tiktok_stitchgraph"
    tag = row[0]
    lines = folder / "edges" / f"{tag}_edges.txt"
    files = [folder / side / f"{tag}.json" for side in ("sources", "targets")] if records else []
    ds, report = read_tiktok_api(files, stitches=[lines])
    assert ds.interactions is not None
    arcs = ds.interactions.select("account_id", "target_account_id").rows()
    graph = igraph.Graph.TupleList(arcs, directed=True)
    components = graph.connected_components(mode="weak").sizes()
    loops = sum(a == b for a, b in arcs)
    surplus = sum(n - 1 for n in Counter(arcs).values())
    found = (tag, graph.vcount(), len(arcs), loops, surplus, len(components), max(components))
    assert found == row
    raw = [line.split(",")[1] for line in lines.read_text().split("\n") if line]
    unknown = sum(second == "None" for second in raw)
    assert counts(report.dropped).get(("stitches", "stitched video unknown"), 0) == unknown
    assert report.rows.filter(table="stitches").rows() == [("stitches", len(raw), len(arcs))]


@pytest.mark.real_data
def test_the_whole_folder_as_it_is(shared_data: Path) -> None:
    folder = shared_data / "tiktok_stitchgraph"
    ds, report = read_tiktok_api([folder], stitches=[folder])
    assert report.rows.rows() == [("videos", 24529, 23307), ("stitches", 15204, 13824)]
    assert counts(report.dropped) == {
        ("videos", "the same video again"): 1222,
        ("stitches", "stitched video unknown"): 1017,
        ("stitches", "the same stitch again"): 363,
    }
    assert ds.items is not None
    assert ds.items.height == 23307 + 1598
    assert set(ds.items.get_column("country").drop_nulls().str.len_bytes()) == {2}
    assert (
        ds.items.select(pl.col("country").str.to_uppercase() == pl.col("country")).to_series().all()
    )
    # every digit of every id, against Python's own JSON
    exact = {
        str(v["id"])
        for side in ("sources", "targets")
        for file in (folder / side).glob("*.json")
        for v in json.loads(file.read_text(encoding="utf-8"))
    }
    assert exact <= set(ds.items.get_column("item_id"))
    gap = (
        ds.require("interactions", "at", verb="test")
        .join(ds.items.select(target_item_id="item_id", before="created_at"), on="target_item_id")
        .select((pl.col("at") - pl.col("before")).dt.total_seconds() / 86400)
        .to_series()
    )
    # published for all 36 tags, per line of the lists: 0.289 and 0.812
    assert gap.min() >= 0
    assert (gap <= 1).mean() == pytest.approx(0.263, abs=0.001)
    assert (gap <= 30).mean() == pytest.approx(0.797, abs=0.001)


def tag(name: Any) -> dict[str, Any]:
    return {"hashtag_id": "1", "hashtag_name": name, "hashtag_description": 'a "}" in it'}


@pytest.mark.parametrize(
    ("more", "tags", "notes"),
    [
        ({"hashtag_info_list": [tag("a"), tag("b")]}, ["a", "b"], (1, 0)),
        ({"hashtag_info_list": tag("a")}, ["a"], (1, 0)),
        ({"hashtag_info_list": [tag("b")], "hashtag_names": ["a"]}, ["a"], (0, 0)),
        ({"hashtag_info_list": [tag("b")], "hashtag_names": []}, ["b"], (1, 0)),
        ({"hashtag_info_list": [tag("b")], "hashtag_names": None}, ["b"], (1, 0)),
        ({"hashtag_info_list": [None, tag(""), tag(None), tag("b")]}, ["b"], (1, 3)),
        ({"hashtag_info_list": [{"hashtag_id": "1"}]}, None, (0, 1)),
        ({"hashtag_info_list": [{"hashtag_id": "1"}], "hashtag_names": []}, [], (0, 1)),
        ({"hashtag_info_list": [{}]}, None, (0, 1)),
        ({"hashtag_info_list": []}, None, (0, 0)),
        ({"hashtag_info_list": None}, None, (0, 0)),
    ],
)
def test_tags_in_hashtag_info_list(
    tmp_path: Path, more: dict[str, Any], tags: list[str] | None, notes: tuple[int, int]
) -> None:
    ds, report = read_tiktok_api(put(tmp_path, "a.json", [video(**more)]))
    assert ds.items.get_column("tags").to_list() == [tags]
    filled, nameless = notes
    wanted = {
        ("videos", "no hashtag_names: tags taken from hashtag_info_list"): filled,
        ("tags", "entry of hashtag_info_list without a hashtag_name: not read"): nameless,
    }
    assert counts(report.notes) == {note: n for note, n in wanted.items() if n}


def test_hashtag_name_outside_hashtag_info_list_is_noted(tmp_path: Path) -> None:
    _, report = read_tiktok_api(put(tmp_path, "a.json", [video(hashtag_name=["a"])]))
    note = "key 'hashtag_name' not read; it looks like 'hashtag_names'"
    assert counts(report.notes) == {("videos", note): 1}


@pytest.mark.parametrize("key", ["hashtag_names", "video_mention_list"])
@pytest.mark.parametrize("value", [{"name": "ann"}, [{"name": "ann"}]])
def test_objects_where_texts_are_needed(tmp_path: Path, key: str, value: Any) -> None:
    with pytest.raises(FileError, match=f"'{key}' holds objects, and a list of texts is needed"):
        read_tiktok_api(put(tmp_path, "a.json", [video(**{key: value})]))


@pytest.mark.parametrize("value", [None, [], [None], ["@", ""]])
def test_lists_of_mentions_without_a_name(tmp_path: Path, value: Any) -> None:
    ds, report = read_tiktok_api(put(tmp_path, "a.json", [video(video_mention_list=value)]))
    assert ds.interactions is None
    assert report.dropped.get_column("rows").sum() == len(value or [])

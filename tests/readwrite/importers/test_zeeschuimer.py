from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graphkit.errors import FileError
from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.zeeschuimer import IMPORTERS
from graphkit.readwrite.source import Source, look_at

SECOND = 1_717_180_199
TIME = datetime(2024, 5, 31, 18, 29, 59, tzinfo=UTC)
UNKNOWN = ("impressions", "whose feed it was is not in the file: pass account=")


def item(low: int = 1) -> str:
    return str((SECOND << 32) + low)


def line(low: int = 1, second: float = 0, nav: str = "1:1:1", **more: Any) -> dict[str, Any]:
    at = (SECOND + 3600) * 1000 + int(1000 * second)
    return {
        "nav_index": nav,
        "item_id": item(low),
        "timestamp_collected": at,
        "last_updated": at,
        "source_platform": "tiktok.com",
        "source_platform_url": "https://www.tiktok.com/foryou",
        "source_url": "https://www.tiktok.com/PLANTED",
        "user_agent": "PLANTED",
        "data": {
            "id": item(low),
            "createTime": SECOND,
            "author": {"uniqueId": "Ann", "nickname": "PLANTED"},
            "desc": "hi",
        },
        "id": low,
    } | more


def wrap(one: dict[str, Any]) -> dict[str, Any]:
    """A line as 4CAT keeps it."""
    return {**one["data"], "__import_meta": {k: v for k, v in one.items() if k != "data"}}


def said(cid: str, who: str, reply: str = "0") -> dict[str, Any]:
    data = {
        "cid": cid,
        "id": cid,
        "text": "PLANTED",
        "aweme_id": item(),
        "create_time": SECOND,
        "reply_id": reply,
        "user": {"unique_id": who},
    }
    return line() | {"source_platform": "tiktok-comments", "data": data}


def put(folder: Path, *lines: Any, name: str = "a.ndjson") -> Path:
    path = folder / name
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    return path


def read(*paths: Path, account: Any = "@Sock") -> Extract:
    samples = [look_at(Source(path)) for path in paths]
    assert all(IMPORTERS[0].recognise(sample) for sample in samples)
    extract = IMPORTERS[0].read(samples, ImportOptions(account=account))
    assert "PLANTED" not in str([f.to_dicts() for f in extract.tables.values()])
    assert "PLANTED" not in str(extract.notes) + str(extract.dropped)
    assert all(rows >= 0 for rows in extract.kept.values())
    return extract


@pytest.mark.parametrize("shape", [dict, wrap], ids=["Zeeschuimer", "4CAT"])
def test_posts_are_exposures_in_their_order(tmp_path: Path, shape: Any) -> None:
    lines = [line(1, 0), line(2, 1.5), line(1, 9, nav="1:1:2"), line(3, 1)]
    extract = read(put(tmp_path, *map(shape, lines)))
    shown = TIME + timedelta(hours=1)
    assert extract.tables["impressions"].rows() == [
        ("sock", item(1), shown, "foryou", 0),
        ("sock", item(3), shown + timedelta(seconds=1), "foryou", 1),
        ("sock", item(2), shown + timedelta(seconds=1.5), "foryou", 2),
        ("sock", item(1), shown + timedelta(seconds=9), "foryou", 0),
    ]
    assert extract.tables["items"].select("item_id", "author_id", "created_at").rows() == [
        (item(n), "ann", TIME) for n in (1, 2, 3)
    ]
    assert extract.kept == {"posts": 4, "impressions": 4}
    assert extract.time_kinds["impressions.at"] == "collected"
    dataset, _ = combine([extract], source="x", caller="test", parameters={})
    assert dataset.impressions is not None
    assert dataset.impressions.height == 4


def test_without_an_account_only_the_items_are_kept(tmp_path: Path) -> None:
    extract = read(put(tmp_path, line(1), line(2)), account=None)
    assert extract.tables["items"].height == 2
    assert "impressions" not in extract.tables
    assert extract.dropped == {UNKNOWN: 2}
    assert extract.kept == {"posts": 2, "impressions": 0}


def test_each_file_may_have_an_account(tmp_path: Path) -> None:
    files = [put(tmp_path, line(n), name=f"{n}.ndjson") for n in (1, 2, 3)]
    extract = read(*files, account={"1.ndjson": "Eve", "2.ndjson": "@bob"})
    assert extract.tables["impressions"].select("account_id", "item_id").rows() == [
        ("eve", item(1)),
        ("bob", item(2)),
    ]
    assert extract.dropped == {UNKNOWN: 1}


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/foryou?lang=en", "foryou"),
        ("/", "foryou"),
        ("", "foryou"),
        ("/en/", "foryou"),
        ("/following", "following"),
        ("/friends", "friends"),
        ("/explore", "explore"),
        ("/search?q=PLANTED", "search"),
        ("/search/video?q=PLANTED", "search"),
        ("/tag/PLANTED", "hashtag page"),
        ("/music/PLANTED-1", "sound page"),
        ("/@PLANTED", "user page"),
        ("/@PLANTED/video/7?q=1", "video page"),
        ("/live", "live"),
        ("/messages?x=PLANTED", "other page"),
    ],
)
def test_surface_is_the_kind_of_page(tmp_path: Path, path: str, surface: str) -> None:
    one = line(source_platform_url=f"https://www.tiktok.com{path}")
    extract = read(put(tmp_path, one, line(2)))
    assert extract.tables["impressions"].get_column("surface").to_list()[0] == surface


def test_updates_after_collection_are_noted(tmp_path: Path) -> None:
    extract = read(put(tmp_path, line(1), line(2) | {"last_updated": (SECOND + 9999) * 1000}))
    [(key, n)] = extract.notes.items()
    assert n == 1
    assert "later exposures to it are not in the file" in key[1]


def test_comments_and_replies(tmp_path: Path) -> None:
    extract = read(put(tmp_path, said("1", "Ann"), said("2", "bob", reply="1")))
    assert extract.tables["interactions"].rows() == [
        ("ann", item(), "comment", TIME, None),
        ("bob", item(), "reply", TIME, "ann"),
    ]
    assert extract.kept == {"comments": 2}


def test_lines_of_other_platforms_are_refused_by_name(tmp_path: Path) -> None:
    other = line() | {"source_platform": "twitter.com", "data": {"legacy": {"x": "PLANTED"}}}
    path = put(tmp_path, other, other)
    with pytest.raises(FileError, match=r"a\.ndjson: lines of Zeeschuimer of 'twitter\.com'") as e:
        read(path)
    assert len(str(e.value)) <= 600
    extract = read(path, put(tmp_path, line(1), name="b.ndjson"))
    assert list(extract.refused) == [Source(path)]
    assert extract.tables["items"].height == 1


def test_broken_and_other_lines_are_counted(tmp_path: Path) -> None:
    others = [line() | {"source_platform": name} for name in ("gab.com", "PLANTED words")]
    extract = read(put(tmp_path, line(1), *others, '{"id": "PLANTED', line(2)))
    assert extract.tables["items"].height == 2
    assert extract.dropped == {
        ("lines", "no valid JSON"): 1,
        ("lines", "of gab.com: not read"): 1,
        ("lines", "of another platform: not read"): 1,
    }
    assert extract.read == {"posts": 2, "impressions": 2, "lines": 3}


def test_author_as_text_and_other_shapes(tmp_path: Path) -> None:
    plain = line(1)
    plain["data"]["author"] = "Bob"
    nobody = line(2)
    nobody["data"]["author"] = None
    extract = read(put(tmp_path, plain, nobody))
    assert extract.tables["items"].get_column("author_id").to_list() == ["bob", None]


@pytest.mark.real_data
def test_samples(shared_data: Path) -> None:
    folder = shared_data / "samples"
    if not folder.is_dir():
        pytest.skip("the samples are not among the public data sets")
    expected = json.loads((folder / "expected.json").read_text())
    base = "zeeschuimer_4cat/zeeschuimer-export-tiktok"
    name = f"{base}.com-2024-06-01T010000.ndjson"
    want, extract = expected[name], read(folder / name)
    shown, items = extract.tables["impressions"], extract.tables["items"]
    assert shown.height == want["interactions"]["impression"] == want["rows"]
    assert items.height == want["items"]
    assert items.get_column("author_id").n_unique() == want["accounts"]
    assert items.get_column("tags").explode().drop_nulls().n_unique() == want["tags"]
    # the samples tell times in whole seconds
    assert shown.get_column("at").min() == datetime.fromisoformat(want["first"])
    name = f"{base}-comments-2024-06-01T010000.ndjson"
    want, extract = expected[name], read(folder / name)
    acts = extract.tables["interactions"]
    assert dict(acts.get_column("kind").value_counts().rows()) == want["interactions"]
    assert acts.get_column("account_id").n_unique() == want["accounts"]
    assert extract.tables["items"].height == want["items"]
    assert acts.get_column("at").min() == datetime.fromisoformat(want["first"])
    assert acts.get_column("at").max() == datetime.fromisoformat(want["last"])

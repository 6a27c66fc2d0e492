"""Whatever a file holds, it is read with counts that add up, or refused in a few words."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from graphkit.errors import GraphkitError, GraphkitWarning
from graphkit.readwrite import read_any, read_graph

VIDEO = 7374807619341093709
AUTHOR = {"id": "6442450945390851128", "uniqueId": "ann", "nickname": "PLANTED name"}


def lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def _seen(number: int) -> dict[str, Any]:
    return {
        "nav_index": "1:2:1",
        "timestamp_collected": 1717117200000 + number,
        "last_updated": 1717117200000 + number,
        "source_platform": "tiktok.com",
        "source_platform_url": "https://www.tiktok.com/search?q=PLANTED",
        "user_agent": "PLANTED agent",
        "data": {"id": str(VIDEO + number), "createTime": 1717081224, "author": AUTHOR},
    }


def _event(number: int) -> dict[str, Any]:
    record = {"$type": "app.bsky.feed.like", "createdAt": "2024-05-01T00:20:00Z"}
    subject = {"uri": f"at://did:plc:two/app.bsky.feed.post/3k{number}", "cid": "PLANTED"}
    commit = {"operation": "create", "collection": "app.bsky.feed.like", "rkey": f"r{number}"}
    return {
        "did": "did:plc:one",
        "time_us": 1714522800000000 + number,
        "kind": "commit",
        "commit": commit | {"record": record | {"subject": subject}},
    }


EXPORT = {
    "Profile And Settings": {
        "Profile Info": {"ProfileMap": {"userName": "ann", "emailAddress": "PLANTED@mail"}}
    },
    "Your Activity": {
        "Watch History": {
            "VideoList": [
                {"Date": "2024-05-30 15:00:24", "Link": f"https://www.tiktokv.com/video/{VIDEO}/"}
            ]
        },
        "Like List": {"ItemFavoriteList": [{"date": "2024-05-30 15:00:24", "link": "PLANTED"}]},
    },
    "Direct Message": {"Chat History": {"ChatHistory": {"PLANTED": [{"Content": "PLANTED"}]}}},
}
ANSWER = {
    "data": {
        "videos": [
            {
                "id": VIDEO + i,
                "username": f"Ann{i}",
                "create_time": 1717081224,
                "region_code": "DE",
                "video_description": "PLANTED",
                "hashtag_names": ["one", "two"],
                "view_count": 3,
            }
            for i in range(3)
        ]
    },
    "error": {"code": "ok", "message": "", "log_id": "1"},
}
COMMENT = {
    "id": "c1",
    "author": "ann",
    "subreddit": "Books",
    "link_id": "t3_p1",
    "parent_id": "t1_c0",
    "created_utc": 1717081224,
    "body": "PLANTED",
}
#: Small invented files of many formats, by their names.
FILES = {
    "user_data_tiktok.json": json.dumps(EXPORT, indent=1),
    "videos.json": json.dumps(ANSWER),
    "feed.ndjson": lines(*map(_seen, range(4))),
    "events.ndjson": lines(*map(_event, range(4))),
    "RC.ndjson": lines(COMMENT, COMMENT | {"id": "c2", "parent_id": "t1_c1"}),
    "like.js": 'window.YTD.like.part0 = [{"like": {"tweetId": "5", "fullText": "PLANTED"}}]',
    "ratings.csv": "userId,movieId,rating,timestamp\n1,2,4.5,1717081224\n2,2,3,1717081225\n",
    "shares.csv": "object_id,account_id,content_id,timestamp_share\no,a,c,1717081224\no,b,d,17\n",
    "posts.csv": (
        "id,author,unix_timestamp,hashtags,plays,music_id,body,missing_fields\n"
        f'{VIDEO},Ann,1717081224,"one,two",5,9,PLANTED,\n'
    ),
    "edges.csv": "Source,Target,Type,Weight\n1,2,Directed,0.5\n2,3,Directed,2\n",
    "g.gml": 'graph [ directed 1 node [ id 0 label "a" ] node [ id 1 label "b" ] '
    "edge [ source 0 target 1 ] ]",
    "g.graphml": '<graphml><graph edgedefault="directed"><node id="a"/><node id="b"/>'
    '<edge source="a" target="b"/></graph></graphml>',
    "g.net": '*Vertices 2\n1 "a"\n2 "b"\n*Arcs\n1 2 1.5\n',
}
SUFFIXES = (".txt", ".csv", ".json", ".ndjson", ".parquet", ".js", ".graphml", ".xlsx", ".net", "")
PIECES = (b'"', b"{", b"}", b"\0", b",", b"null", b"9" * 20, b"-1", b"NaN", b"\n", b"[]", b"1e400")
VALUES = ("null", '""', "-5", "1e30", "[]", "{}", "true", "9" * 23, '"\\u0000"', '"\\ud800"')


def changed(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The file in other wrappings, encodings and names, cut off, and with bytes that are wrong."""
    dice = random.Random(name)
    yield name, data
    yield f"{name}.gz", gzip.compress(data)
    yield f"{name}.gz", gzip.compress(data)[:-9]
    yield f"{name}.gz", data
    yield f"{name}.zst", zstandard.compress(data)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"inside/{name}", data)
    yield "packed.zip", packed.getvalue()
    yield "packed.zip", packed.getvalue()[:-30]
    for ends in (b"\r\n", b"\r"):
        yield name, data.replace(b"\n", ends)
    yield name, b"\xef\xbb\xbf" + data
    yield name, data.decode().encode("utf-16")
    yield name, data + "é".encode("latin-1")
    for suffix in SUFFIXES:
        yield Path(name).stem + suffix, data
    for part in (0.2, 0.5, 0.9):
        yield name, data[: int(len(data) * part)]
    yield name, data + data
    first, _, rest = data.partition(b"\n")
    yield name, first
    yield name, rest
    for _ in range(8):
        wrong = bytearray(data)
        at = dice.randrange(len(wrong))
        wrong[at : at + dice.choice((0, 1, 30))] = dice.choice(PIECES)
        yield name, bytes(wrong)
    text = data.decode()
    for _ in range(8 * name.endswith(("json", ".js"))):

        def value(match: re.Match[str]) -> str:
            return dice.choice(VALUES) if dice.random() < 0.2 else match.group()

        yield name, re.sub(r'(?<=: )("[^"]*"|-?\d+)', value, text).encode()


def check(read: Any, path: Path, options: dict[str, Any]) -> None:
    """Read a file, and check what is said and counted."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            result = read(path, **options)
        except GraphkitError as error:
            result = None
            texts.append(str(error))
    assert all(issubclass(one.category, GraphkitWarning) for one in told)
    texts += [str(one.message) for one in told]
    texts = [text.replace(str(path), "") for text in texts]
    assert max(map(len, texts), default=0) <= 600
    if read is read_any and result is not None:
        dataset, report = result
        dropped: dict[str, int] = {}
        for table, _, rows in report.dropped.rows():
            dropped[table] = dropped.get(table, 0) + rows
        for table, n_read, kept in report.rows.select("table", "read", "kept").rows():
            assert n_read == kept + dropped.get(table, 0)
            assert kept >= 0
        assert set(report.files.get_column("status")) <= {"read", "not read", "not understood"}
        texts += [str(report.dropped.rows()), str(report.notes.rows()), str(report.files.rows())]
        for frame in dataset.tables.values():
            texts += [str(frame.select(pl.col(pl.String).exclude("caption", "tags")).rows())]
    assert "planted" not in "".join(texts).lower()


@pytest.mark.filterwarnings("ignore::graphkit.errors.GraphkitWarning")
def test_the_files_are_read_as_they_are(tmp_path: Path) -> None:
    for name, text in FILES.items():
        path = tmp_path / name
        path.write_text(text)
        if name.startswith(("g.", "edges")):
            assert read_graph(path)[0].n_edges > 0
        else:
            dataset, _ = read_any(path, account="me")
            assert dataset.tables


@pytest.mark.parametrize("name", FILES)
def test_any_change_of_a_file(name: str, tmp_path: Path) -> None:
    for number, (new, data) in enumerate(changed(name, FILES[name].encode())):
        path = tmp_path / str(number) / new
        path.parent.mkdir()
        path.write_bytes(data)
        options = {"account": "me", "direction": "followers", "tz": "+02:00"} if number % 2 else {}
        check(read_any, path, options)
        check(read_graph, path, {})


def test_every_file_of_a_folder_is_counted(tmp_path: Path) -> None:
    dice = random.Random(1)
    count = 0
    for name, text in FILES.items():
        for number, (new, data) in enumerate(dice.sample(list(changed(name, text.encode())), 3)):
            folder = tmp_path / "all" / f"{name} {number}"
            folder.mkdir(parents=True)
            (folder / new.replace("packed.zip", "packed.bin")).write_bytes(data)
            count += 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphkitWarning)
        _, report = read_any(tmp_path / "all")
    assert report.files.height == count
    check(read_any, tmp_path / "all", {})

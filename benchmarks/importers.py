"""Importers of JSON lines beside Polars and DuckDB: speed and memory on wide records.

    python benchmarks/importers.py [--quick] [--size MB] [--rounds N] [--only SHAPE]

Invented lines of two shapes: posts as Zeeschuimer collects them (some 15 kB each), and video objects
of the Research API with long transcripts (some 3 kB). graphkit builds its tables of a whole file;
Polars and DuckDB read the columns that graphkit takes from the same file, and nothing more. The
readers alternate, each in a process of its own, after their imports. Shown are the medians over rounds of wall and CPU
seconds, megabytes per CPU second, and the largest memory of the process.

Figures of one round of 1,000 MB on two quiet cores; MB per second of the wall, MB per CPU second, peak MB:

    posts of 10.4 kB    graphkit 190, 180, 354    Polars 740, 391, 1159    DuckDB 1707, 868, 358
    videos of 3.5 kB    graphkit 155, 144, 735    Polars 891, 462, 1282    DuckDB 1318, 674, 366

A row fails if graphkit reads less than 100 MB in a CPU second, takes more than 1 GB, or counts
other posts than were written.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHAPES = ("zeeschuimer", "research")
READERS = ("graphkit", "polars", "duckdb")
WORDS = ["invented", "words", "of", "a", "caption", "книги", "シ", 'in "quotes"', "line\nend"]


def post(number: int, rng: random.Random) -> dict[str, Any]:
    """One line of Zeeschuimer: a post with its formats, covers and effects."""
    item = str((1_700_000_000 + number << 32) + number % 1000)
    name = f"account_{number % 5000}"
    tags = rng.sample(range(300), 4)
    url = "https://example.org/" + "0123456789abcdef" * 12
    counts = {
        k: rng.randrange(10**6) for k in ("playCount", "diggCount", "shareCount", "commentCount")
    }
    formats = [
        {
            "Bitrate": rng.randrange(10**6),
            "QualityType": q,
            "PlayAddr": {"UrlList": [url] * 3, "Uri": "v1"},
        }
        for q in range(8)
    ]
    data = {
        "id": item,
        "desc": " ".join(rng.choices(WORDS, k=30)),
        "createTime": 1_700_000_000 + number,
        "author": {"id": str(number % 5000), "uniqueId": name, "nickname": "x", "avatarThumb": url},
        "authorStats": {
            "followerCount": 10,
            "followingCount": 5,
            "heartCount": 99,
            "videoCount": 3,
        },
        "stats": counts | {"collectCount": "4"},
        "statsV2": {k: str(v) for k, v in counts.items()} | {"collectCount": "4"},
        "challenges": [
            {"id": str(t), "title": f"tag{t}", "desc": "", "coverLarger": url} for t in tags
        ],
        "textExtra": [
            {"hashtagName": f"tag{t}", "hashtagId": str(t), "start": 0, "end": 4} for t in tags
        ],
        "music": {"id": str(number % 700), "title": "sound", "playUrl": url, "coverLarge": url},
        "video": {
            "id": item,
            "duration": 30,
            "bitrateInfo": formats,
            "cover": url,
            "playAddr": url,
        },
        "contents": [{"desc": "x", "textExtra": [{"hashtagName": f"tag{t}"} for t in tags]}] * 3,
        "duetInfo": {"duetFromId": "0"},
        "effectStickers": [{"ID": str(e), "name": "effect"} for e in range(5)],
    }
    return {
        "nav_index": f"1700000000:1:{number // 400}",
        "item_id": item,
        "timestamp_collected": 1_750_000_000_000 + number * 700,
        "last_updated": 1_750_000_000_000 + number * 700,
        "source_platform": "tiktok.com",
        "source_platform_url": "https://www.tiktok.com/foryou",
        "source_url": url,
        "user_agent": "invented",
        "data": data,
        "id": number,
    }


def video(number: int, rng: random.Random) -> dict[str, Any]:
    """One video object of the Research API."""
    tags = rng.sample(range(300), 4)
    keys = ("view_count", "like_count", "comment_count", "share_count")
    return {
        "id": (1_700_000_000 + number << 32) + number % 1000,
        "username": f"account_{number % 5000}",
        "create_time": 1_700_000_000 + number,
        "region_code": "DE",
        "video_description": " ".join(rng.choices(WORDS, k=40)),
        "music_id": 7_000_000_000_000_000_000 + number % 700,
        "hashtag_names": [f"tag{t}" for t in tags],
        "hashtag_info_list": [
            {"hashtag_id": t, "hashtag_name": f"tag{t}", "hashtag_description": "words " * 20}
            for t in tags
        ],
        "effect_info_list": [{"effect_id": str(e), "effect_name": "effect"} for e in range(5)],
        "voice_to_text": " ".join(rng.choices(WORDS, k=200)),
        "video_duration": 30,
    } | {key: rng.randrange(10**6) for key in keys}


def write(path: Path, shape: str, size: int) -> int:
    """Write lines of about `size` bytes in all; returns their number."""
    make = post if shape == "zeeschuimer" else video
    rng, number, written = random.Random(1), 0, 0
    with path.open("wb") as file:
        while written < size:
            line = json.dumps(make(number, rng), ensure_ascii=number % 2 == 0).encode() + b"\n"
            written += file.write(line)
            number += 1
    return number


def read_graphkit(path: Path, shape: str) -> int:
    """Items of the importer."""
    from graphkit.readwrite.extract import ImportOptions
    from graphkit.readwrite.importers import tiktok_api, zeeschuimer
    from graphkit.readwrite.source import Source, look_at

    module = zeeschuimer if shape == "zeeschuimer" else tiktok_api
    read = module.IMPORTERS[0].read
    extract = read([look_at(Source(path))], ImportOptions(account="me"))
    return extract.tables["items"].height


def read_polars(path: Path, shape: str) -> int:
    """The same columns by a schema that has no others."""
    import polars as pl

    text, number = pl.String, pl.Int64
    tags = pl.List(pl.Struct({"hashtagName": text}))
    if shape == "zeeschuimer":
        data = pl.Struct(
            {
                "id": text,
                "desc": text,
                "createTime": number,
                "author": pl.Struct({"id": text, "uniqueId": text}),
                "authorStats": pl.Struct({"followerCount": number, "followingCount": number}),
                "statsV2": pl.Struct(
                    dict.fromkeys(("playCount", "diggCount", "shareCount", "commentCount"), text)
                ),
                "textExtra": tags,
                "music": pl.Struct({"id": text}),
                "video": pl.Struct({"duration": number}),
                "duetInfo": pl.Struct({"duetFromId": text}),
            }
        )
        schema: dict[str, Any] = {
            "nav_index": text,
            "timestamp_collected": number,
            "last_updated": number,
            "source_platform_url": text,
            "data": data,
        }
    else:
        schema = dict.fromkeys(("username", "region_code", "video_description"), text)
        schema |= dict.fromkeys(("id", "create_time", "music_id", "video_duration"), number)
        schema |= dict.fromkeys(
            ("view_count", "like_count", "comment_count", "share_count"), number
        )
        schema["hashtag_names"] = pl.List(text)
    return pl.scan_ndjson(path, schema=schema).collect(engine="streaming").height


def read_duckdb(path: Path, shape: str) -> int:
    """The same columns by a schema that has no others."""
    import duckdb

    if shape == "zeeschuimer":
        counts = (
            "STRUCT(playCount VARCHAR, diggCount VARCHAR, shareCount VARCHAR, commentCount VARCHAR)"
        )
        data = (
            'STRUCT(id VARCHAR, "desc" VARCHAR, createTime BIGINT, '
            "author STRUCT(id VARCHAR, uniqueId VARCHAR), "
            f"authorStats STRUCT(followerCount BIGINT, followingCount BIGINT), statsV2 {counts}, "
            "textExtra STRUCT(hashtagName VARCHAR)[], music STRUCT(id VARCHAR), "
            "video STRUCT(duration BIGINT), duetInfo STRUCT(duetFromId VARCHAR))"
        )
        columns = {
            "nav_index": "VARCHAR",
            "timestamp_collected": "BIGINT",
            "last_updated": "BIGINT",
            "source_platform_url": "VARCHAR",
            "data": data,
        }
    else:
        columns = dict.fromkeys(("username", "region_code", "video_description"), "VARCHAR")
        columns |= dict.fromkeys(("id", "create_time", "music_id", "video_duration"), "BIGINT")
        columns |= dict.fromkeys(
            ("view_count", "like_count", "comment_count", "share_count"), "BIGINT"
        )
        columns["hashtag_names"] = "VARCHAR[]"
    rows = duckdb.sql(
        "SELECT * FROM read_json($path, format='newline_delimited', columns=$columns)",
        params={"path": str(path), "columns": columns},
    )
    return rows.pl().height


READ: dict[str, Callable[[Path, str], int]] = {
    "graphkit": read_graphkit,
    "polars": read_polars,
    "duckdb": read_duckdb,
}


def measure(reader: str, shape: str, path: Path) -> None:
    """In a process of its own: seconds, memory and rows, as JSON on standard output."""
    few = path.with_suffix(".few.ndjson")
    with path.open("rb") as file:
        few.write_bytes(file.readline() + file.readline())
    READ[reader](few, shape)  # imports
    before, start = time.process_time(), time.perf_counter()
    rows = READ[reader](path, shape)
    wall, cpu = time.perf_counter() - start, time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "rows": rows}))


def compare(shape: str, size: int, rounds: int, folder: Path) -> list[str]:
    """Print the table of a shape; returns what fails."""
    path = folder / f"{shape}.ndjson"
    written = write(path, shape, size)
    megabytes = path.stat().st_size / 1e6
    found: dict[str, list[dict[str, float]]] = {reader: [] for reader in READERS}
    for _ in range(rounds):
        for reader in READERS:
            command = [sys.executable, __file__, "--child", reader, shape, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                found[reader].append(json.loads(done.stdout))
            else:
                print(f"{reader}: {done.stderr.strip().splitlines()[-1][:200]}")
    print(
        f"\n{shape}: {megabytes:,.0f} MB, {written:,} lines of {1000 * megabytes / written:.1f} kB"
    )
    print("| reader | wall s | CPU s | MB per CPU s | MB per s | peak MB | rows |")
    print("|---|---|---|---|---|---|---|")
    failures = []
    for reader, runs in found.items():
        if not runs:
            continue
        middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        speed = megabytes / middle["cpu"]
        print(
            f"| {reader} | {middle['wall']:.2f} | {middle['cpu']:.2f} | {speed:,.0f} "
            f"| {megabytes / middle['wall']:,.0f} | {middle['peak']:,.0f} | {middle['rows']:,.0f} |"
        )
        if reader == "graphkit":
            if speed < 100:
                failures.append(f"{shape}: {speed:.0f} MB in a CPU second")
            if middle["peak"] > 1024:
                failures.append(f"{shape}: {middle['peak']:,.0f} MB of memory")
            if middle["rows"] != written:
                failures.append(f"{shape}: {middle['rows']:,.0f} items, {written:,} written")
    path.unlink()
    return failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="50 MB, one round")
    parser.add_argument("--size", type=int, default=1000, help="megabytes of each file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=SHAPES)
    parser.add_argument(
        "--child", nargs=3, metavar=("READER", "SHAPE", "FILE"), help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    if options.child:
        reader, shape, path = options.child
        measure(reader, shape, Path(path))
        return 0
    size, rounds = (50, 1) if options.quick else (options.size, options.rounds)
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        for shape in SHAPES:
            if options.only in (None, shape):
                failures += compare(shape, size * 1_000_000, rounds, Path(folder))
    for failure in failures:
        print(f"fails: {failure}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())

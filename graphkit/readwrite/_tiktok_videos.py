"""Records of the TikTok Research API → items and mentions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl

from graphkit.data.schema import EARLIEST, LATEST
from graphkit.errors import DataError
from graphkit.parallel import track
from graphkit.readwrite._tiktok_json import COUNTS, missing_key, read_records

__all__ = ["NO_VIDEOS", "handle", "id_time", "read_videos"]

Counts = Counter[tuple[str, str]]

TIME = pl.Datetime("us", "UTC")

#: No TikTok id is older than the company, in seconds; nor do the upper bits go past 2100.
_FIRST_SECOND, _LAST_SECOND = 1_325_376_000, 4_102_444_800

NO_VIDEOS = pl.DataFrame(
    schema={"item_id": pl.String, "author_id": pl.String, "created_at": TIME,
            "mentions": pl.List(pl.String)}
)  # fmt: skip


def handle(name: pl.Expr) -> pl.Expr:
    """A user name in the form in which it is compared: lower case, without ``@``."""
    return _text(_text(name).str.strip_prefix("@").str.to_lowercase())


def _text(column: pl.Expr) -> pl.Expr:
    # answers of the API hold null bytes here and there
    clean = column.str.replace_all("\x00", "", literal=True).str.strip_chars()
    return pl.when(clean != "").then(clean)


def id_time(ids: pl.Expr) -> pl.Expr:
    """The creation time in the upper 32 bits of a video id; missing for ids of another make."""
    seconds = ids.cast(pl.Int64, strict=False) // (1 << 32)
    possible = seconds.is_between(_FIRST_SECOND, _LAST_SECOND)
    return pl.when(possible).then(pl.from_epoch(seconds * 1_000_000, "us")).cast(TIME)


def read_videos(files: list[Path], dropped: Counts, notes: Counts) -> tuple[pl.DataFrame, int]:
    """One row per video of all files, and the number of records read.

    Columns: those of the items table, the counts of the API, and ``mentions``.
    """
    frames = []
    read = 0
    for path in track(files, "reading videos", len(files)):
        records, cut = read_records(path, notes)
        dropped["videos", "truncated last line"] += cut
        read += records.height + cut
        frames.append(records.with_columns(_text(pl.col("id")), handle(pl.col("username"))))
    if not frames:
        return NO_VIDEOS, 0
    records = pl.concat(frames)
    for needed in ("id", "username"):
        if records.height and records.get_column(needed).null_count() == records.height:
            largest = max(range(len(files)), key=lambda i: frames[i].height)
            raise DataError(missing_key(needed, files[largest]))
        there = records.filter(pl.col(needed).is_not_null())
        dropped["videos", f"no {needed}"] += records.height - there.height
        records = there
    once = _one_per_video(records, notes)
    dropped["videos", "the same video again"] += records.height - once.height
    return _as_items(once, notes), read


def _one_per_video(records: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Of records with one id the one with most views, completed from the others."""
    records = records.with_columns(_number("view_count")).with_row_index("row")
    again = pl.col("id").is_duplicated()
    repeated = records.filter(again)
    if not repeated.height:
        return records.drop("row")
    names = repeated.group_by("id").agg(pl.col("username").n_unique())
    differing = int((names.get_column("username") > 1).sum())
    notes["videos", "username differs between records of one video: of most views kept"] += (
        differing
    )
    merged = (
        repeated.sort("view_count", descending=True, nulls_last=True, maintain_order=True)
        .group_by("id", maintain_order=True)
        .agg(pl.all().drop_nulls().first())
    )
    rows = pl.concat([records.filter(~again), merged.select(records.columns)])
    return rows.sort("row").drop("row")


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Int64, strict=False)


def _as_items(records: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    given = pl.col("create_time").str.strip_chars().cast(pl.Int64, strict=False)
    # seconds, unless they are so many that they must be milli- or microseconds
    time = given * pl.when(given < 10**11).then(10**6).when(given < 10**14).then(10**3).otherwise(1)
    low, high = (int(t.timestamp()) * 1_000_000 for t in (EARLIEST, LATEST))
    possible = (given < 10**17) & time.is_between(low, high, closed="left")
    created = pl.when(possible).then(pl.from_epoch(time, "us")).cast(TIME)
    stem = pl.col("is_stem_verified").str.to_lowercase()
    items = records.select(
        pl.col("id").alias("item_id"),
        pl.col("username").alias("author_id"),
        created.alias("created_at"),
        _number("video_duration").cast(pl.Float64).alias("duration"),
        pl.col("hashtag_names").alias("tags"),
        _text(pl.col("music_id")).alias("sound_id"),
        _text(pl.col("video_description")).alias("caption"),
        _text(pl.col("region_code")).str.to_uppercase().alias("country"),
        *(_number(name) for name in COUNTS),
        _text(pl.col("voice_to_text")),
        stem.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean),
        pl.col("video_mention_list").alias("mentions"),
        pl.col("create_time").is_null().alias("untimed"),
    )
    items = _check_times(items, notes)
    kept = ("item_id", "author_id", "created_at", "tags", "mentions")
    empty = [c for c in items.columns if c not in kept and items[c].null_count() == items.height]
    return items.drop(empty)


def _check_times(items: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Compare times with those in the ids, which also stand in where a record has none."""
    inside = id_time(pl.col("item_id"))
    lacking = pl.col("untimed") & inside.is_not_null()
    wrong = ~pl.col("untimed") & pl.col("created_at").is_null()
    gap = (inside - pl.col("created_at")).dt.total_seconds()
    facts = items.select(
        lacking=lacking.sum(),
        wrong=wrong.sum(),
        far=(gap.abs() > 3600).sum(),
        median=(gap.filter(gap.abs() > 3600).median() / 3600),
    ).row(0, named=True)
    notes["videos", "no create_time: taken from the id"] += facts["lacking"]
    notes["videos", "create_time is no possible time: set to missing"] += facts["wrong"]
    if facts["far"]:
        text = (
            "create_time is more than an hour from the time in the id (median "
            f"{-facts['median']:+.1f} h): check the time zone if these are many"
        )
        notes["videos", text] += facts["far"]
    created = pl.when(lacking).then(inside).otherwise("created_at").alias("created_at")
    return items.with_columns(created).drop("untimed")

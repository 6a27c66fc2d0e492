"""Lines of Zeeschuimer: posts of TikTok in the order in which a browser showed them, and comments."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import msgspec
import polars as pl

from graphkit.errors import FileError, GraphkitError, name_some
from graphkit.readwrite.extract import Extract, Importer, ImportOptions
from graphkit.readwrite.importers.tiktok_web import (
    Datum,
    add_comments,
    add_posts,
    as_handle,
    comments_of,
    place_of,
    posts_of,
    read_seconds,
)
from graphkit.readwrite.records import Id, RecordReader, id_text
from graphkit.readwrite.rows import frame_of_rows
from graphkit.readwrite.source import Sample

__all__ = ["IMPORTERS"]

#: Values of ``source_platform`` that are read.
POSTS, COMMENTS = "tiktok.com", "tiktok-comments"


class _Meta(msgspec.Struct):
    """When and where an item was collected; the browser and the page's address are never kept."""

    nav_index: str | None = None
    timestamp_collected: int | float | str | None = None
    last_updated: int | float | str | None = None
    source_platform: str | None = None
    source_platform_url: str | None = None


class _Inside(Datum):
    """The item as 4CAT writes it: beside what Zeeschuimer says of it."""

    meta: _Meta | None = msgspec.field(default=None, name="__import_meta")


class _Line(_Inside):
    """A line, or an item that 4CAT has wrapped."""

    data: Datum | None = None
    nav_index: str | None = None
    timestamp_collected: int | float | str | None = None
    last_updated: int | float | str | None = None
    source_platform: str | None = None
    source_platform_url: str | None = None


_VIEW = {"nav_index": pl.String, "collected": pl.String, "updated": pl.String, "address": pl.String}

#: Pages of TikTok by their paths, without what was searched for or whose page it was.
_PAGES = {
    r"^/foryou|^/?$|^/[a-z]{2}(?:-[A-Za-z]+)?/?$": "foryou",
    r"^/following": "following",
    r"^/friends": "friends",
    r"^/explore|^/discover": "explore",
    r"^/search": "search",
    r"^/tag/": "hashtag page",
    r"^/music/": "sound page",
    r"^/@[^/]*/(?:video|photo)/": "video page",
    r"^/@": "user page",
    r"^/live": "live",
}

_NO_ACCOUNT = "whose feed it was is not in the file: pass account="


def _surface(address: str) -> pl.Expr:
    """The kind of page, never its address."""
    path = pl.col(address).str.extract(r"^https?://[^/?#]+([^?#]*)")
    # the first page whose pattern fits
    found = pl.lit("other page")
    for pattern, name in reversed(_PAGES.items()):
        found = pl.when(path.str.contains(pattern)).then(pl.lit(name)).otherwise(found)
    return pl.when(path.is_not_null()).then(found)


def _platforms(sample: Sample) -> list[str]:
    found = re.findall(r'"source_platform"\s*:\s*"([^"]*)"', sample.text)
    return list(dict.fromkeys(map(_name_of, found)))


def _name_of(platform: str) -> str:
    """A platform by its name, if it is one."""
    return platform if re.fullmatch(r"[a-z0-9.-]{1,30}", platform) else "another platform"


def _recognise(sample: Sample) -> str | None:
    if sample.kind not in ("json", "ndjson"):
        return None
    if sample.has("source_platform", "timestamp_collected", "data"):
        return "its keys are source_platform, timestamp_collected and data"
    if sample.has("__import_meta.source_platform"):
        return "its keys are __import_meta and those of an item"
    return None


def _refusal(sample: Sample, platforms: list[str]) -> str:
    named = name_some(platforms, 5)
    return (
        f"{sample.source.place}: lines of Zeeschuimer of {named}, which are not read: load the file "
        "into 4CAT, or choose CSV in Zeeschuimer, and import the CSV."
    )


def _read(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    extract = Extract()
    posts: list[pl.DataFrame] = []
    comments: list[pl.DataFrame] = []
    for number, sample in enumerate(samples):
        account = as_handle(options.account_of(sample.source))
        try:
            for post, comment in _pieces(sample, extract):
                posts.append(
                    post.with_columns(viewer=pl.lit(account, pl.String), file=pl.lit(number))
                )
                comments.append(comment)
        except GraphkitError as error:
            if len(samples) == 1:
                raise
            extract.refused[sample.source] = str(error)
    for table in {table for table, _ in extract.dropped}:
        lost = sum(n for (t, _), n in extract.dropped.items() if t == table)
        extract.count(table, lost)
    place = place_of(samples)
    if posts and (rows := pl.concat(posts)).height:
        extract.count("posts", rows.height)
        _add_exposure(add_posts(rows, place, extract), extract)
    if comments and (rows := pl.concat(comments)).height:
        extract.count("comments", rows.height)
        add_comments(rows, place, extract)
    return extract


def _pieces(sample: Sample, extract: Extract) -> Sequence[tuple[pl.DataFrame, pl.DataFrame]]:
    """Posts with their exposure, and comments, of the lines of a file."""
    platforms = _platforms(sample)
    if platforms and not {POSTS, COMMENTS} & set(platforms):
        raise FileError(_refusal(sample, platforms))
    reader: RecordReader[_Line] = RecordReader(
        _Line, "lines", read={}, dropped=extract.dropped, notes=extract.notes
    )
    found = []
    for lines in reader.pieces(sample.source, sample):
        post: list[Datum] = []
        comment: list[Datum] = []
        views: list[tuple[str | None, ...]] = []
        others: Counter[str] = Counter()
        for line in lines:
            meta, datum = line.meta or line, line.data or line
            if meta.source_platform not in (POSTS, COMMENTS, None):
                others[meta.source_platform] += 1
            elif datum.cid is not None:
                comment.append(datum)
            else:
                post.append(datum)
                views.append(
                    (
                        meta.nav_index,
                        _text(meta.timestamp_collected),
                        _text(meta.last_updated),
                        meta.source_platform_url,
                    )
                )
        for platform, n in others.items():
            extract.dropped["lines", f"of {_name_of(platform)}: not read"] += n
        exposure = frame_of_rows(views, _VIEW).with_columns(_surface("address").alias("surface"))
        frame = posts_of(post).hstack(exposure.drop("address"))
        found.append((frame, comments_of(comment)))
    return found


def _text(value: Id | float | None) -> str | None:
    if isinstance(value, float):
        return str(int(value) if math.isfinite(value) else value)
    return id_text(value)


def _add_exposure(posts: pl.DataFrame, extract: Extract) -> None:
    """Add an impression for every post that was shown, in the order of its navigation."""
    collected = read_seconds(posts.get_column("collected"))
    updated = read_seconds(posts.get_column("updated"))
    shown = posts.select(
        "item_id", "nav_index", "surface", "viewer", "file", at=collected
    ).with_row_index("row")
    if later := int((updated > collected).sum()):
        extract.notes[
            "impressions",
            "updated after it was collected: later exposures to it are not in the file",
        ] += later
    if again := shown.height - shown.get_column("item_id").n_unique():
        extract.notes["impressions", "of a post that was shown before"] += again
    extract.count("impressions", shown.height)
    # an export holds what was collected before it: the n-th repeat of one is the n-th of another
    same = ["viewer", "item_id", "nav_index", "surface", "at"]
    numbered = shown.with_columns(nth=pl.int_range(pl.len()).over(*same, "file"))
    once = numbered.filter(pl.col("at").is_null() | pl.struct(*same, "nth").is_first_distinct())
    if copied := shown.height - once.height:
        extract.dropped["impressions", "also in another export of the same browser"] += copied
    known = once.filter(pl.col("viewer").is_not_null())
    if unknown := once.height - known.height:
        extract.dropped["impressions", _NO_ACCOUNT] += unknown
    extract.add(
        "impressions",
        known.sort("at", "row", nulls_last=True).select(
            account_id="viewer",
            item_id="item_id",
            at="at",
            surface="surface",
            position=pl.int_range(pl.len()).over("viewer", "nav_index"),
        ),
    )
    extract.time_kinds["impressions.at"] = "collected"


IMPORTERS: tuple[Importer, ...] = (
    Importer("zeeschuimer", "lines of Zeeschuimer", _recognise, _read),
)

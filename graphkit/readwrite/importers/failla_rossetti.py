"""The Bluesky data of Failla and Rossetti: tables (see failla_rossetti.toml), and lines of posts.

A repost has the date of its original there, so that its own time is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import polars as pl

from graphkit.data.times import PLAUSIBLE, TIME
from graphkit.readwrite.extract import Extract, Importer, ImportOptions, merge_rows
from graphkit.readwrite.gather import read_each, series_of
from graphkit.readwrite.importers.dialects import importers_of, load_formats
from graphkit.readwrite.records import Id, RecordReader, id_text
from graphkit.readwrite.source import Sample

__all__ = ["IMPORTERS"]


class _Post(msgspec.Struct):
    """A line of a user's file: a post, or a repost."""

    post_id: Id
    user_id: Id
    date: Id | None = None
    text: str | None = None
    langs: list[str | None] | str | None = None
    like_count: int | None = None
    reply_count: int | None = None
    repost_count: int | None = None
    reply_to: Id | None = None
    replied_author: Id | None = None
    repost_from: Id | None = None
    reposted_author: Id | None = None
    quotes: Id | None = None
    quoted_author: Id | None = None


_IDS = (
    "post_id",
    "user_id",
    "date",
    "reply_to",
    "replied_author",
    "repost_from",
    "reposted_author",
    "quotes",
    "quoted_author",
)
_COUNTS = {
    "like_count": "like_count",
    "comment_count": "reply_count",
    "share_count": "repost_count",
}


def recognise_posts(sample: Sample) -> str | None:
    """Whether a file holds lines of posts."""
    keys = ("post_id", "user_id", "thread_root_author", "reposted_author", "quoted_author")
    if sample.kind not in ("ndjson", "json") or not sample.has(*keys):
        return None
    return f"its keys are {', '.join(keys)}"


def read_posts(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    """Posts and what they answer, quote or repost, of the files of users."""
    extract = Extract()
    read_each(samples, extract, _read_file)
    return extract


def _read_file(sample: Sample, extract: Extract) -> None:
    reader = RecordReader[_Post](
        _Post, "posts", read=extract.read, dropped=extract.dropped, notes=extract.notes
    )
    for posts in reader.pieces(sample.source, sample):
        _add_posts(posts, extract)


def _add_posts(posts: list[_Post], extract: Extract) -> None:
    columns: dict[str, pl.Series] = {
        name: pl.Series([id_text(getattr(post, name)) for post in posts], dtype=pl.String)
        for name in _IDS
    }
    for name in _COUNTS.values():
        columns[name] = series_of(name, [getattr(post, name) for post in posts], pl.Int64)
    columns["text"] = pl.Series([post.text for post in posts], dtype=pl.String)
    columns["language"] = pl.Series([_language(post) for post in posts], dtype=pl.String)
    day = pl.col("date").str.to_datetime("%Y%m%d%H%M", time_unit="us", strict=False)
    at = day.dt.replace_time_zone("UTC").cast(TIME)
    possible = at.cast(pl.Int64).is_between(*PLAUSIBLE, closed="left")
    frame = pl.DataFrame(columns).with_columns(at=pl.when(possible).then(at))
    bad = frame.filter(pl.col("date").is_not_null() & pl.col("at").is_null()).height
    extract.notes["posts", "date: no possible time: set to missing"] += bad
    repost = pl.col("repost_from").is_not_null()
    # what is known of a reposted post is known of the original
    items = frame.select(
        pl.coalesce("repost_from", "post_id").alias("item_id"),
        pl.when(repost).then("reposted_author").otherwise("user_id").alias("author_id"),
        created_at="at",
        caption="text",
        language="language",
        **{target: pl.col(source) for target, source in _COUNTS.items()},
    )
    # many repost the same
    extract.add("items", merge_rows(items, ("item_id",)))
    reposts = frame.filter(repost)
    extract.notes["posts", "reposts, whose own time is not in the file"] += reposts.height
    extract.add(
        "interactions",
        reposts.select(
            account_id="user_id",
            item_id="repost_from",
            kind=pl.lit("repost"),
            target_account_id="reposted_author",
        ),
    )
    own = frame.filter(~repost)
    for kind, target, author in (
        ("reply", "reply_to", "replied_author"),
        ("quote", "quotes", "quoted_author"),
    ):
        extract.add(
            "interactions",
            own.filter(pl.any_horizontal(pl.col(target, author).is_not_null())).select(
                account_id="user_id",
                item_id="post_id",
                kind=pl.lit(kind),
                at="at",
                target_item_id=target,
                target_account_id=author,
            ),
        )


def _language(post: _Post) -> str | None:
    if isinstance(post.langs, list):
        return next((language for language in post.langs if language), None)
    return post.langs or None


IMPORTERS = (
    *importers_of(load_formats(Path(__file__).with_suffix(".toml"))),
    Importer(
        "failla-rossetti-posts",
        "posts of the Bluesky data of Failla and Rossetti",
        recognise_posts,
        read_posts,
    ),
)

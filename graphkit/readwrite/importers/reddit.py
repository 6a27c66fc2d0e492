"""Reddit: dumps of comments and of posts (Pushshift, Arctic Shift), by month or by subreddit.

An item is a post, with its prefix (``t3_…``). A comment is an interaction with the post below which
it stands: of kind ``comment`` if it answers the post, and ``reply`` if it answers a comment, towards
the account of that comment where this is in the files. A subreddit is a group, in which everyone who
wrote in it is a member. A crosspost is a repost. The account ``[deleted]`` is nobody: what it wrote is dropped and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import polars as pl

from graphkit.data.times import TIME
from graphkit.readwrite.extract import Extract, Importer, ImportOptions, merge_rows
from graphkit.readwrite.gather import (
    finish,
    frame_of,
    in_range,
    microseconds_of,
    not_impossible,
    read_each,
)
from graphkit.readwrite.records import RecordReader
from graphkit.readwrite.source import Sample

__all__ = ["IMPORTERS"]

_COMMENTS, _POSTS = "comments", "posts"

#: Authors who are nobody.
_NOBODY = frozenset(("[deleted]", "[removed]", ""))


class _Comment(msgspec.Struct, gc=False):
    id: str
    subreddit: str
    link_id: str
    author: str | None = None
    # numbers without a prefix do not say whether a post or a comment is answered
    parent_id: str | int | None = None
    created_utc: int | float | None = None


class _Post(msgspec.Struct, gc=False):
    id: str
    subreddit: str
    author: str | None = None
    created_utc: int | float | None = None
    title: str | None = None
    num_comments: int | None = None
    crosspost_parent: str | None = None


_COMMENT_TYPES: dict[str, Any] = {
    "account_id": pl.String,
    "item_id": pl.String,
    "parent": pl.String,
    "own": pl.String,
    "at": pl.Int64,
    "group_id": pl.String,
}
_POST_TYPES: dict[str, Any] = {
    "item_id": pl.String,
    "author_id": pl.String,
    "created_at": pl.Int64,
    "caption": pl.String,
    "comment_count": pl.Int64,
    "group_id": pl.String,
    "original": pl.String,
}


def _prefixed(name: str, prefix: str) -> str:
    return name if name.startswith(prefix) else prefix + name


def _comment_rows(records: list[_Comment], extract: Extract) -> pl.DataFrame:
    rows: list[tuple[Any, ...]] = []
    nobody = unclear = 0
    for record in records:
        author, parent = record.author, record.parent_id
        if author is None or author in _NOBODY:
            nobody += 1
        elif not isinstance(parent, str) or parent[:3] not in ("t1_", "t3_"):
            unclear += 1
        else:
            seconds = record.created_utc
            rows.append(
                (
                    author.lower(),
                    _prefixed(record.link_id, "t3_"),
                    parent,
                    _prefixed(record.id, "t1_"),
                    microseconds_of(seconds),
                    record.subreddit,
                )
            )
    if nobody:
        extract.dropped[_COMMENTS, "author deleted"] += nobody
    if unclear:
        extract.dropped[_COMMENTS, "what it answers is not told"] += unclear
    return frame_of(rows, _COMMENT_TYPES)


def _post_rows(records: list[_Post], extract: Extract) -> pl.DataFrame:
    rows: list[tuple[Any, ...]] = []
    nobody = 0
    for record in records:
        author, seconds = record.author, record.created_utc
        if author is None or author in _NOBODY:
            nobody += 1
            continue
        rows.append(
            (
                _prefixed(record.id, "t3_"),
                author.lower(),
                microseconds_of(seconds),
                record.title,
                record.num_comments,
                record.subreddit,
                record.crosspost_parent,
            )
        )
    if nobody:
        extract.dropped[_POSTS, "author deleted"] += nobody
    return frame_of(rows, _POST_TYPES)


def _recognise_comments(sample: Sample) -> str | None:
    if sample.has("subreddit", "link_id", "parent_id", "created_utc"):
        return "its keys are 'subreddit', 'link_id' and 'parent_id'"
    return None


def _recognise_posts(sample: Sample) -> str | None:
    posts = sample.has("subreddit", "title", "created_utc", "num_comments")
    if posts and not sample.has("link_id"):
        return "its keys are 'subreddit', 'title' and 'num_comments'"
    return None


def _take_file(
    frames: list[pl.DataFrame],
    type: Any,
    kind: str,
    rows: Callable[[list[Any], Extract], pl.DataFrame],
    sample: Sample,
    extract: Extract,
) -> None:
    reader: RecordReader[Any] = RecordReader(
        type, kind, read=extract.read, dropped=extract.dropped, notes=extract.notes
    )
    own = [rows(records, extract) for records in reader.pieces(sample.source, sample)]
    frames += own


def _read_comments(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    extract = Extract()
    frames = [pl.DataFrame(schema=_COMMENT_TYPES)]
    read_each(samples, extract, partial(_take_file, frames, _Comment, _COMMENTS, _comment_rows))
    rows = pl.concat(frames, rechunk=False)
    frames.clear()
    rows = not_impossible(rows, ["account_id", "item_id", "group_id"], extract, _COMMENTS)
    once = rows.unique("own", keep="first", maintain_order=True)
    if again := rows.height - once.height:
        extract.dropped[_COMMENTS, "repeated comment"] += again
    rows = once.with_columns(in_range(once.get_column("at").cast(TIME), extract, _COMMENTS))
    authors = rows.select(parent="own", target_account_id="account_id")
    answers = pl.col("parent").str.starts_with("t1_")
    told = rows.filter(answers).select("parent").unique().join(authors, on="parent")
    rows = rows.join(told, on="parent", how="left", maintain_order="left")
    if absent := int(rows.select((answers & pl.col("target_account_id").is_null()).sum()).item()):
        extract.notes[_COMMENTS, "answers a comment that is not in the files: towards nobody"] += (
            absent
        )
    extract.add(
        "interactions",
        rows.select(
            "account_id",
            "item_id",
            kind=pl.when(answers).then(pl.lit("reply")).otherwise(pl.lit("comment")),
            at="at",
            target_account_id="target_account_id",
        ),
    )
    _add_members(rows, "account_id", extract)
    return finish(extract)


def _read_posts(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    extract = Extract()
    frames = [pl.DataFrame(schema=_POST_TYPES)]
    read_each(samples, extract, partial(_take_file, frames, _Post, _POSTS, _post_rows))
    rows = pl.concat(frames, rechunk=False)
    rows = not_impossible(rows, ["item_id", "author_id", "group_id"], extract, _POSTS)
    once = merge_rows(rows, ["item_id"])
    if again := rows.height - once.height:
        extract.dropped[_POSTS, "repeated post"] += again
    rows = once.with_columns(in_range(once.get_column("created_at").cast(TIME), extract, _POSTS))
    extract.add("items", rows.drop("group_id", "original"))
    authors = rows.select(original="item_id", target_account_id="author_id")
    shared = rows.filter(pl.col("original").is_not_null())
    shared = shared.join(authors, on="original", how="left", maintain_order="left")
    extract.add(
        "interactions",
        shared.select(
            "item_id",
            account_id="author_id",
            kind=pl.lit("repost"),
            at="created_at",
            target_item_id="original",
            target_account_id="target_account_id",
        ),
    )
    _add_members(rows, "author_id", extract)
    return finish(extract)


def _add_members(rows: pl.DataFrame, account: str, extract: Extract) -> None:
    members = rows.select(account_id=account, group_id="group_id")
    extract.add("memberships", members.unique(maintain_order=True))


IMPORTERS: tuple[Importer, ...] = (
    Importer(
        "reddit-comments", "a dump of comments of Reddit", _recognise_comments, _read_comments
    ),
    Importer("reddit-posts", "a dump of posts of Reddit", _recognise_posts, _read_posts),
)

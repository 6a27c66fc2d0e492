"""Posts and comments as the web pages of TikTok hold them: TikTok-Api, SIGI_STATE, answers of pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import polars as pl

from graphkit.data.ids import creation_time
from graphkit.data.times import PLAUSIBLE, TIME, parse_times
from graphkit.errors import GraphkitError
from graphkit.readwrite.extract import Extract, Importer, ImportOptions, merge_rows
from graphkit.readwrite.records import Id, RecordReader, id_text
from graphkit.readwrite.rows import frame_of_rows
from graphkit.readwrite.source import Sample
from graphkit.readwrite.tiktok_ids import positive, take_handles, take_keys

__all__ = ["IMPORTERS", "Datum", "add_comments", "add_posts", "comments_of", "posts_of"]

#: Numbers, which the pages write as text or as numbers.
Number = int | float | str | None

COUNTS = ("view_count", "like_count", "comment_count", "share_count", "favorites_count")


class Author(msgspec.Struct, gc=False):
    """Author of a post; older pages write the name alone."""

    id: Id | None = None
    handle: str | None = msgspec.field(default=None, name="uniqueId")


class AuthorStats(msgspec.Struct, gc=False):
    """Numbers of an author's followers and followed."""

    followers: Number = msgspec.field(default=None, name="followerCount")
    following: Number = msgspec.field(default=None, name="followingCount")


class Stats(msgspec.Struct, gc=False):
    """Counts of a post."""

    view_count: Number = msgspec.field(default=None, name="playCount")
    like_count: Number = msgspec.field(default=None, name="diggCount")
    comment_count: Number = msgspec.field(default=None, name="commentCount")
    share_count: Number = msgspec.field(default=None, name="shareCount")
    favorites_count: Number = msgspec.field(default=None, name="collectCount")


class Extra(msgspec.Struct, gc=False):
    """A marked part of a caption; hashtags are read, mentions of persons are not."""

    tag: str | None = msgspec.field(default=None, name="hashtagName")


class Challenge(msgspec.Struct, gc=False):
    """A hashtag."""

    title: str | None = None


class Music(msgspec.Struct, gc=False):
    """The sound."""

    id: Id | None = None


class Clip(msgspec.Struct, gc=False):
    """The video file."""

    duration: Number = None


class Duet(msgspec.Struct, gc=False):
    """The video that a duet answers; 0 if it is none."""

    target: Id | None = msgspec.field(default=None, name="duetFromId")


class Stitch(msgspec.Struct, gc=False):
    """The video that a stitch cites."""

    target: Id | None = msgspec.field(default=None, name="stitchFromId")


class User(msgspec.Struct, gc=False):
    """Author of a comment."""

    uid: Id | None = None
    unique_id: str | None = None


class Datum(msgspec.Struct):
    """A post, or a comment, which has a ``cid``; nothing else of either is built."""

    id: Id | None = None
    caption: str | None = msgspec.field(default=None, name="desc")
    created: Number = msgspec.field(default=None, name="createTime")
    author: Author | str | None = None
    author_stats: AuthorStats | None = msgspec.field(default=None, name="authorStats")
    stats: Stats | None = None
    stats_v2: Stats | None = msgspec.field(default=None, name="statsV2")
    challenges: list[Challenge | None] | None = None
    extras: list[Extra | None] | None = msgspec.field(default=None, name="textExtra")
    music: Music | None = None
    video: Clip | None = None
    duet: Duet | None = msgspec.field(default=None, name="duetInfo")
    stitch: Stitch | None = msgspec.field(default=None, name="stitchInfo")
    cid: Id | None = None
    aweme_id: Id | None = None
    reply_id: Id | None = None
    commented: Number = msgspec.field(default=None, name="create_time")
    user: User | None = None


_NO_STATS = AuthorStats()

_TEXT, _TEXTS = pl.String(), pl.List(pl.String)
_POST: dict[str, Any] = {
    **dict.fromkeys(("item_id", "handle", "uid", "created", "duration"), _TEXT),
    **dict.fromkeys(("sound_id", "caption", "duet", "stitch", "followers", "following"), _TEXT),
    **dict.fromkeys(COUNTS, _TEXT),
    "tags": _TEXTS,
}
_COMMENT: dict[str, Any] = dict.fromkeys(
    ("cid", "item_id", "handle", "uid", "reply_id", "created"), _TEXT
)


def _number(value: Number) -> str | None:
    return None if value is None else str(value)


def _count(stats: Stats | None, name: str) -> str | None:
    return None if stats is None else _number(getattr(stats, name))


def posts_of(records: Iterable[Datum]) -> pl.DataFrame:
    """Columns of text of posts."""
    return frame_of_rows(map(_post_row, records), _POST)


def _post_row(post: Datum) -> tuple[Any, ...]:
    author, stats, more = post.author, post.stats, post.stats_v2
    handle, uid = (
        (author.handle, id_text(author.id)) if isinstance(author, Author) else (author, None)
    )
    by = post.author_stats or _NO_STATS
    counts = (_count(more, name) or _count(stats, name) for name in COUNTS)
    tags = [e.tag for e in post.extras or () if e is not None and e.tag]
    tags = tags or [c.title for c in post.challenges or () if c is not None and c.title]
    told = post.extras is not None or post.challenges is not None
    return (
        id_text(post.id),
        handle,
        uid,
        _number(post.created),
        None if post.video is None else _number(post.video.duration),
        None if post.music is None else id_text(post.music.id),
        post.caption,
        None if post.duet is None else id_text(post.duet.target),
        None if post.stitch is None else id_text(post.stitch.target),
        _number(by.followers),
        _number(by.following),
        *counts,
        list(dict.fromkeys(tags)) if told else None,
    )


def comments_of(records: Iterable[Datum]) -> pl.DataFrame:
    """Columns of text of comments."""
    rows = (
        (
            id_text(c.cid),
            id_text(c.aweme_id),
            None if c.user is None else c.user.unique_id,
            None if c.user is None else id_text(c.user.uid),
            id_text(c.reply_id),
            _number(c.commented),
        )
        for c in records
    )
    return frame_of_rows(rows, _COMMENT)


def place_of(samples: Sequence[Sample]) -> str:
    """How messages name several files."""
    more = f" and {len(samples) - 1} more" if len(samples) > 1 else ""
    return f"{samples[0].source.place}{more}"


def as_handle(name: str | None) -> str | None:
    """A user name in lower case and without ``@``, `None` if nothing is left."""
    return (name.replace("\x00", "").strip().removeprefix("@").lower() or None) if name else None


def read_seconds(series: pl.Series) -> pl.Series:
    """Times from numbers since 1970 as text; missing where they are none."""
    at = parse_times(series, series.name).at
    possible = at.is_between(*PLAUSIBLE, closed="left")
    return at.set(~possible, None).cast(TIME)


def take_accounts(frame: pl.DataFrame, table: str, place: str, extract: Extract) -> pl.Series:
    """Accounts of rows with a ``handle`` and a ``uid``: the handle, else the number."""
    seen: Counter[str] = Counter()
    handles = take_handles(frame.get_column("handle"), place, (), seen)
    profiles = handles.str.starts_with("{").fill_null(False)
    if profiles.any():
        # an object that a program wrote out as text, with names and descriptions
        seen["a whole profile as text: read as missing"] += int(profiles.sum())
        handles = handles.set(profiles, None)
    extract.notes.update({(table, f"user name: {text}"): n for text, n in seen.items()})
    found = pl.DataFrame({"handle": handles, "uid": frame.get_column("uid")})
    by_number = found.select(
        (pl.col("handle").is_null() & pl.col("uid").is_not_null()).sum()
    ).item()
    if by_number:
        extract.notes[table, "no user name: the number of the account is its id"] += by_number
    return found.select(pl.coalesce("handle", "uid").alias("account_id")).to_series()


def add_posts(
    frame: pl.DataFrame, place: str, extract: Extract, table: str = "posts"
) -> pl.DataFrame:
    """Add the items, authors, duets and stitches of posts to an extract; posts with ids as they came.

    Of one post in several records, that with most views is kept, completed from the others.
    """
    if not frame.height:
        return frame
    keys = ("item_id", "uid", "sound_id", "duet", "stitch")
    frame = frame.with_columns(
        take_keys(frame.get_column(key), f"{place}: {key}", (), Counter()) for key in keys
    )
    frame = frame.with_columns(
        take_accounts(frame, table, place, extract).alias("author_id"),
        read_seconds(frame.get_column("created")).alias("created_at"),
        *(positive(name, pl.Int64) for name in (*COUNTS, "followers", "following")),
        positive("duration", pl.Float64),
    )
    there = frame.filter(pl.col("item_id").is_not_null())
    if lost := frame.height - there.height:
        extract.dropped[table, "no id"] += lost
    best = there.sort("view_count", descending=True, nulls_last=True, maintain_order=True)
    merged = merge_rows(best, ["item_id"])
    once = (
        there.select("item_id")
        .unique(maintain_order=True)
        .join(merged, on="item_id", maintain_order="left")
    )
    if again := there.height - once.height:
        extract.notes[table, "the same post again: the record with most views is kept"] += again
    untimed = once.select(
        (pl.col("created_at").is_null() & creation_time(pl.col("item_id")).is_not_null()).sum()
    ).item()
    if untimed:
        extract.notes[table, "no time of creation: taken from the id"] += untimed
    caption = pl.col("caption").str.replace_all("\x00", "", literal=True)
    items = once.select(
        "item_id",
        "author_id",
        pl.coalesce("created_at", creation_time(pl.col("item_id"))),
        "duration",
        "tags",
        "sound_id",
        pl.when(caption.str.strip_chars() != "").then(caption).alias("caption"),
        *COUNTS,
    )
    extract.add("items", items)
    extract.time_kinds["items.created_at"] = "item_created"
    counted = once.filter(
        pl.col("author_id").is_not_null()
        & (pl.col("followers").is_not_null() | pl.col("following").is_not_null())
    ).select(account_id="author_id", follower_count="followers", following_count="following")
    extract.add("accounts", counted.unique("account_id", keep="first", maintain_order=True))
    for kind in ("duet", "stitch"):
        linked = once.filter(pl.col(kind).is_not_null() & (pl.col(kind) != "0"))
        extract.add(
            "interactions",
            linked.filter(pl.col("author_id").is_not_null()).select(
                account_id="author_id",
                item_id="item_id",
                kind=pl.lit(kind),
                at=pl.coalesce("created_at", creation_time(pl.col("item_id"))),
                target_item_id=kind,
            ),
        )
    return there


def add_comments(
    frame: pl.DataFrame, place: str, extract: Extract, table: str = "comments"
) -> None:
    """Add comments to an extract; a reply names the author of the comment that it answers."""
    if not frame.height:
        return
    frame = frame.with_columns(
        take_keys(frame.get_column("item_id"), f"{place}: aweme_id", (), Counter()),
        take_accounts(frame, table, place, extract).alias("account_id"),
        read_seconds(frame.get_column("created")).alias("at"),
        (pl.col("reply_id").is_not_null() & (pl.col("reply_id") != "0")).alias("reply"),
    )
    once = frame.filter(pl.col("cid").is_null() | pl.col("cid").is_first_distinct())
    if again := frame.height - once.height:
        extract.dropped[table, "the same comment again"] += again
    there = once.filter(pl.col("account_id").is_not_null())
    if lost := once.height - there.height:
        extract.dropped[table, "no author"] += lost
    parents = there.filter(pl.col("cid").is_not_null()).select(
        reply_id="cid", target_account_id="account_id"
    )
    acts = there.join(parents, on="reply_id", how="left", maintain_order="left").select(
        "account_id",
        "item_id",
        pl.when("reply").then(pl.lit("reply")).otherwise(pl.lit("comment")).alias("kind"),
        "at",
        pl.when("reply").then("target_account_id").alias("target_account_id"),
    )
    extract.add("interactions", acts)
    add_mentioned_items(there.get_column("item_id"), table, extract)


def add_mentioned_items(ids: pl.Series, table: str, extract: Extract) -> None:
    """Add items that are known by their id alone, with the time in it."""
    bare = pl.DataFrame({"item_id": ids.drop_nulls().unique(maintain_order=True)})
    held = extract.tables.get("items")
    if held is not None:
        bare = bare.join(held, on="item_id", how="anti", maintain_order="left")
    if bare.height:
        created = creation_time(pl.col("item_id")).alias("created_at")
        extract.add("items", bare.with_columns(created))
        extract.time_kinds["items.created_at"] = "item_created"
        extract.notes[table, "posts known by their id alone: time of creation from the id"] += (
            bare.height
        )


# --- files of TikTok-Api and of web pages


#: In place of a key that is not there: no JSON is empty.
_ABSENT = msgspec.Raw(b"")


class _Detail(msgspec.Struct):
    post: msgspec.Raw = msgspec.field(default=_ABSENT, name="itemStruct")


class _Page(msgspec.Struct):
    detail: _Detail | None = msgspec.field(default=None, name="itemInfo")


class _Scope(msgspec.Struct):
    page: _Page | None = msgspec.field(default=None, name="webapp.video-detail")
    reflow: _Page | None = msgspec.field(default=None, name="webapp.reflow.video.detail")


class _Answer(Datum):
    item_list: list[msgspec.Raw] | None = msgspec.field(default=None, name="itemList")
    item_module: dict[str, msgspec.Raw] | None = msgspec.field(default=None, name="ItemModule")
    comments: list[msgspec.Raw] | None = None
    scope: _Scope | None = msgspec.field(default=None, name="__DEFAULT_SCOPE__")
    detail: _Detail | None = msgspec.field(default=None, name="itemInfo")
    post: msgspec.Raw = msgspec.field(default=_ABSENT, name="itemStruct")

    def entries(self) -> list[msgspec.Raw] | None:
        """Posts and comments of an answer, `None` if the record is one itself."""
        details = [self.detail]
        if self.scope is not None:
            details += [page.detail for page in (self.scope.page, self.scope.reflow) if page]
        lists = [self.item_list, self.comments]
        if self.item_module is not None:
            lists.append(list(self.item_module.values()))
        posts = [self.post, *(detail.post for detail in details if detail)]
        lists.append([post for post in posts if len(post)])
        if not any(lists) and self.item_list is None and self.comments is None:
            return [] if self.scope or self.item_module is not None else None
        return [entry for some in lists for entry in some or ()]


_ENTRY: msgspec.json.Decoder[Datum] = msgspec.json.Decoder(Datum, strict=False)


def _entries_of(answers: list[_Answer], extract: Extract) -> list[Datum]:
    found: list[Datum] = []
    for answer in answers:
        entries = answer.entries()
        if entries is None:
            if answer.id is None and answer.cid is None:
                extract.dropped["answers", "neither posts nor comments"] += 1
            else:
                found.append(answer)
            continue
        extract.count("answers", 1)
        for entry in entries:
            try:
                found.append(_ENTRY.decode(entry))
            except (msgspec.DecodeError, RecursionError):
                extract.count("posts", 1)
                extract.dropped["posts", "of another shape"] += 1
    return found


#: Paths of keys that only these pages have.
_SIGNS = (
    "itemList.createTime",
    "itemList.author.uniqueId",
    "__DEFAULT_SCOPE__",
    "itemInfo.itemStruct",
    "comments.aweme_id",
)


#: Keys of posts, of which one must be there: other logs have an id, an author and a time as well.
_MORE = ("desc", "stats", "statsV2", "video", "music", "challenges", "textExtra", "authorStats")


def _recognise(sample: Sample) -> str | None:
    if sample.has("source_platform") or sample.has("__import_meta"):
        return None
    found = [sign for sign in _SIGNS if sample.has(sign)]
    if sample.has("ItemModule"):
        found.append("ItemModule")
    if not found and sample.has("createTime", "author", "id"):
        found = [key for key in ("createTime", "author", *_MORE) if sample.has(key)]
        found = found if len(found) > 2 else []
    if not found and sample.has("cid", "aweme_id"):
        found = ["cid", "aweme_id"]
    return f"its keys are {' and '.join(found)}" if found else None


def _read(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    extract = Extract()
    posts, comments = [], []
    for sample in samples:
        reader: RecordReader[_Answer] = RecordReader(
            _Answer, "answers", read={}, dropped=extract.dropped, notes=extract.notes
        )
        try:
            for piece in reader.pieces(sample.source, sample):
                found = _entries_of(piece, extract)
                posts.append(posts_of(d for d in found if d.cid is None))
                comments.append(comments_of(d for d in found if d.cid is not None))
        except GraphkitError as error:
            if len(samples) == 1:
                raise
            extract.refused[sample.source] = str(error)
    if lost := sum(n for (table, _), n in extract.dropped.items() if table == "answers"):
        extract.count("answers", lost)
    place = place_of(samples)
    if posts and (rows := pl.concat(posts)).height:
        extract.count("posts", rows.height)
        add_posts(rows, place, extract)
    if comments and (rows := pl.concat(comments)).height:
        extract.count("comments", rows.height)
        add_comments(rows, place, extract)
    return extract


IMPORTERS: tuple[Importer, ...] = (
    Importer("tiktok-web", "posts or comments of TikTok's web pages", _recognise, _read),
)

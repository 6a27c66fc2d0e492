"""Mastodon: the archive of an account, and the list of those whom it follows.

Accounts are addresses of actors (``https://host/users/name``) in posts and likes, and ``name@host``
in the list of follows. The two are not joined: the host of a name need not be that of its actor.
Likes and bookmarks have no times. Posts that are addressed to persons only are messages, which are
not read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

import msgspec
import polars as pl

from graphkit.readwrite.extract import Extract, Importer, ImportOptions
from graphkit.readwrite.gather import (
    finish,
    folder_of,
    frame_of,
    moments,
    not_impossible,
    owner_of,
    read_each,
    read_rows,
    refuse,
)
from graphkit.readwrite.records import RecordReader, decode_document
from graphkit.readwrite.source import Sample

__all__ = ["IMPORTERS"]

_PUBLIC = ("https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public")

#: The actor in the address of a post of Mastodon; addresses of other programs do not name it.
_ACTOR = r"^(https?://[^/\s]+(?:/ap)?/users/[^/?#\s]+)/"
_ADDRESS = re.compile(r"^@?[^@\s,;]+@[^@\s,;/]+\.[^@\s,;/]+$")


class _Actor(msgspec.Struct):
    id: str


class _Tag(msgspec.Struct):
    type: str | None = None
    name: str | None = None
    href: str | None = None


class _Note(msgspec.Struct):
    id: str
    published: str | None = None
    inReplyTo: str | None = None
    content: str | None = None
    tag: list[_Tag] | None = None


class _Activity(msgspec.Struct):
    type: str
    actor: str | None = None
    published: str | None = None
    to: list[str] | str | None = None
    cc: list[str] | str | None = None
    object: _Note | str | None = None


class _Collection(msgspec.Struct):
    id: str | None = None
    orderedItems: list[msgspec.Raw] | None = None


def _is_message(activity: _Activity) -> bool:
    """Whether a post is addressed neither to the public nor to followers."""
    readers: list[str] = []
    for field in (activity.to, activity.cc):
        readers += [field] if isinstance(field, str) else field or []
    return not any(reader in _PUBLIC or reader.endswith("/followers") for reader in readers)


def _plain(content: str | None) -> str | None:
    """Text of a post, which is written in HTML."""
    if content is None:
        return None
    lines = re.sub(r"<br\s*/?>|</p>\s*<p[^>]*>", "\n", content)
    return html.unescape(re.sub(r"<[^>]*>", "", lines))


_NOTE_TYPES: dict[str, Any] = {
    "item_id": pl.String,
    "created_at": pl.String,
    "tags": pl.List(pl.String),
    "caption": pl.String,
    "parent": pl.String,
    "mentions": pl.List(pl.String),
}
_FOLLOWED = "followed"


def _recognise(sample: Sample) -> str | None:
    if sample.has("preferredUsername", "outbox", "id"):
        return "its keys are 'preferredUsername' and 'outbox'"
    if sample.has("orderedItems") and sample.has("@context"):
        return "its keys are '@context' and 'orderedItems'"
    if sample.kind == "delimited":
        if sample.header[:1] == ("Account address",):
            return "its first column is 'Account address'"
        named = "follow" in sample.source.name
        if named and len(sample.header) == 1 and _ADDRESS.match(sample.header[0]):
            return "its only column has addresses of accounts"
    return None


class _Export:
    """Rows of the files of one export."""

    def __init__(self) -> None:
        self.actor: str | None = None
        self.notes: list[tuple[Any, ...]] = []
        self.reposts: list[tuple[str, str | None]] = []
        self.marked: list[tuple[str, str]] = []
        self.followed: list[pl.DataFrame] = []

    def take(self, sample: Sample, extract: Extract) -> None:
        if sample.kind == "delimited":
            self._take_follows(sample, extract)
        elif sample.has("preferredUsername"):
            self.actor = decode_document(sample.source, _Actor).id
        else:
            self._take_collection(sample, extract)

    def _take_follows(self, sample: Sample, extract: Extract) -> None:
        named = sample.header[:1] == ("Account address",)
        name = sample.source.name
        if "Show boosts" not in sample.header and "follow" not in name:
            raise refuse(sample, "a list of accounts, such as of muted ones, but not of follows")
        names = None if named else ["Account address"]
        frame = read_rows(sample, _FOLLOWED, extract, names)
        addresses = frame.to_series(0)
        addresses = addresses.str.strip_chars().str.strip_prefix("@").str.to_lowercase()
        # the account follows those of the list, unless the list is of its followers
        followers = "Show boosts" not in sample.header and "follower" in name
        self.followed.append(addresses.alias("other").to_frame().with_columns(followers=followers))

    def _take_collection(self, sample: Sample, extract: Extract) -> None:
        whole: _Collection = decode_document(sample.source, _Collection)
        entries = whole.orderedItems or []
        of = re.sub(r"\.json$|^.*/", "", f"{whole.id or ''}") or sample.source.name
        for word, kind in (("likes", "like"), ("bookmarks", "save")):
            if of == word or sample.source.name == f"{word}.json":
                reader: RecordReader[str] = _reader(str, word, extract)
                self.marked += [(kind, url) for url in reader.take(entries, sample.source)]
                return
        if of != "outbox" and sample.source.name != "outbox.json":
            raise refuse(sample, "a list that is neither of posts, nor of likes or bookmarks")
        activities: RecordReader[_Activity] = _reader(_Activity, "posts", extract)
        for activity in activities.take(entries, sample.source):
            note = activity.object
            if activity.type == "Announce" and isinstance(note, str):
                self.reposts.append((note, activity.published))
            elif activity.type == "Create" and isinstance(note, _Note):
                if _is_message(activity):
                    extract.dropped["posts", "a message to persons: not read"] += 1
                    continue
                self.notes.append(_note_row(note, activity))
            else:
                extract.dropped["posts", "neither a post nor a repost"] += 1


def _reader(type: Any, kind: str, extract: Extract) -> RecordReader[Any]:
    return RecordReader(type, kind, read=extract.read, dropped=extract.dropped, notes=extract.notes)


def _note_row(note: _Note, activity: _Activity) -> tuple[Any, ...]:
    tags = [t.name.lstrip("#") for t in note.tag or () if t.type == "Hashtag" and t.name]
    named = [t.href for t in note.tag or () if t.type == "Mention" and t.href]
    return (
        note.id,
        note.published or activity.published,
        list(dict.fromkeys(tags)),
        _plain(note.content),
        note.inReplyTo,
        list(dict.fromkeys(named)),
    )


def _read(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    extract, export = Extract(), _Export()
    read_each(samples, extract, export.take)
    folder = folder_of(samples[0].source)
    owner = owner_of(samples, options, extract, export.actor, folder)
    extract.add("accounts", pl.DataFrame({"account_id": [owner]}))
    acts = [*_posts(export, owner, extract), _marks(export, owner, extract)]
    rows = pl.concat(acts, how="diagonal")
    unknown = rows.filter(pl.col("kind") != "mention").select(
        (pl.col("target_account_id").is_null()).sum()
    )
    if count := int(unknown.item()):
        extract.notes["interactions", "the address of the post does not name its account"] += count
    extract.add("interactions", rows)
    about = rows.select(
        item_id=pl.when(pl.col("kind") == "reply").then("target_item_id").otherwise("item_id"),
        author_id=pl.when(pl.col("kind") != "mention").then("target_account_id"),
    )
    extract.add(
        "items", about.filter(pl.col("author_id").is_not_null()).unique(maintain_order=True)
    )
    if export.followed:
        follows = pl.concat(export.followed)
        whole = follows.filter(pl.col("other").is_not_null())
        if lost := follows.height - whole.height:
            extract.dropped[_FOLLOWED, "no address"] += lost
        whole = not_impossible(whole, ["other"], extract, _FOLLOWED)
        towards = pl.when("followers")
        extract.add(
            "follows",
            whole.select(
                towards.then("other").otherwise(pl.lit(owner)).alias("follower_id"),
                towards.then(pl.lit(owner)).otherwise("other").alias("followee_id"),
            ),
        )
        extract.notes[_FOLLOWED, "named name@host, and in posts and likes by another address"] += (
            whole.height
        )
    return finish(extract)


def _posts(export: _Export, owner: str, extract: Extract) -> list[pl.DataFrame]:
    """Replies, mentions and reposts; items of posts are added."""
    who = pl.lit(owner).alias("account_id")
    posts = frame_of(export.notes, _NOTE_TYPES)
    posts = posts.with_columns(moments(posts.get_column("created_at"), extract, "posts"))
    once = posts.unique("item_id", keep="first", maintain_order=True)
    if again := posts.height - once.height:
        extract.dropped["posts", "repeated post"] += again
    extract.add(
        "items",
        once.select("item_id", pl.lit(owner).alias("author_id"), "created_at", "tags", "caption"),
    )
    replies = once.filter(pl.col("parent").is_not_null()).select(
        who,
        "item_id",
        kind=pl.lit("reply"),
        at="created_at",
        target_item_id="parent",
        target_account_id=pl.col("parent").str.extract(_ACTOR, 1),
    )
    mentions = once.explode("mentions").filter(pl.col("mentions").is_not_null())
    mentions = mentions.select(
        who, "item_id", kind=pl.lit("mention"), at="created_at", target_account_id="mentions"
    )
    reposts = frame_of(export.reposts, {"item_id": pl.String, "at": pl.String})
    reposts = reposts.with_columns(moments(reposts.get_column("at"), extract, "posts")).select(
        who, "item_id", kind=pl.lit("repost"), at="at", target_account_id=_author()
    )
    return [replies, mentions, reposts]


def _author() -> pl.Expr:
    return pl.col("item_id").str.extract(_ACTOR, 1)


def _marks(export: _Export, owner: str, extract: Extract) -> pl.DataFrame:
    """Likes and bookmarks, which have no times."""
    rows = frame_of(export.marked, {"kind": pl.String, "item_id": pl.String})
    for kind, what in (("like", "likes"), ("save", "bookmarks")):
        some = rows.filter(pl.col("kind") == kind)
        if some.height:
            extract.notes[what, f"the export has no times of {what}"] += some.height
        if again := some.height - some.get_column("item_id").n_unique():
            extract.dropped[what, "listed twice"] += again
    return rows.unique(maintain_order=True).select(
        pl.lit(owner).alias("account_id"), "item_id", "kind", target_account_id=_author()
    )


IMPORTERS: tuple[Importer, ...] = (
    Importer(
        "mastodon-export", "the archive of an account of Mastodon", _recognise, _read, folder_of
    ),
)

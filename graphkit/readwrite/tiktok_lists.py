"""What answers of the Research API hold beside videos: follows, likes, accounts, mentioned items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from graphkit.data.ids import creation_time
from graphkit.data.times import TIME
from graphkit.readwrite.extract import ImportOptions
from graphkit.readwrite.files import Counts, count_removed
from graphkit.readwrite.tiktok_answers import Answers
from graphkit.readwrite.tiktok_ids import normalise_handle, positive, take_handles, take_keys

__all__ = ["Others", "build_others"]

_BARE: dict[str, Any] = {"item_id": pl.String, "created_at": TIME}


@dataclass
class Others:
    """What answers hold beside videos.

    Attributes
    ----------
    tables
        Rows of ``follows``, ``interactions`` and ``accounts``, where there are any.
    items
        Items that are known by their id alone.
    read
        Number of records, by kind.
    """

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    items: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_BARE))
    read: dict[str, int] = field(default_factory=dict)


#: Kinds of interaction of an account with the videos in its lists, and what they are called.
_LISTS = {"like": "likes", "pinned": "pinned videos", "repost": "reposts"}

_NOT_ASKED = "whose they are is not in the answer: pass account="


def build_others(
    answers: Sequence[Answers],
    records: pl.DataFrame,
    options: ImportOptions,
    dropped: Counts,
    notes: Counts,
    real_ids: Collection[str] = (),
) -> Others:
    """Follows, likes and other interactions, and accounts; items that are only mentioned."""
    others = Others()
    asked = pl.DataFrame(
        {
            "file": range(len(answers)),
            "asked": [options.account_of(some.source) for some in answers],
        },
        schema={"file": pl.Int32, "asked": pl.String},
    ).with_columns(normalise_handle(pl.col("asked")))
    parts = []
    for kind, table in _LISTS.items():
        rows = records.filter(pl.col("held") == kind)
        if not rows.height:
            continue
        others.read[table] = rows.height
        named = rows.join(asked, on="file", maintain_order="left")
        there = named.filter(pl.col("asked").is_not_null())
        rows = count_removed(named, there, dropped, table, _NOT_ASKED)
        once = rows.unique(["asked", "item_id"], keep="first", maintain_order=True)
        rows = count_removed(rows, once, dropped, table, "the same video again")
        notes[table, "the answer has the time of the video, not of the act: missing"] += rows.height
        parts.append(
            rows.select(
                account_id="asked", item_id="item_id", kind=pl.lit(kind), at=pl.lit(None, TIME)
            )
        )
    if parts and (acts := pl.concat(parts)).height:
        others.tables["interactions"] = acts
    _add_follows(answers, asked, others, dropped, notes, real_ids)
    _add_users(answers, asked, others, dropped, notes, real_ids)
    _add_mentioned(answers, records.get_column("item_id"), others, dropped, notes)
    return others


def _add_follows(
    answers: Sequence[Answers],
    asked: pl.DataFrame,
    others: Others,
    dropped: Counts,
    notes: Counts,
    real_ids: Collection[str],
) -> None:
    rows = [(number, *row) for number, some in enumerate(answers) for row in some.follows]
    if not rows:
        return
    frame = pl.DataFrame(
        rows, schema={"file": pl.Int32, "name": pl.String, "side": pl.String}, orient="row"
    )
    others.read["follows"] = frame.height
    seen: Counter[str] = Counter()
    names = take_handles(frame.get_column("name"), "key 'username'", real_ids, seen)
    notes.update({("follows", f"username: {text}"): n for text, n in seen.items()})
    frame = frame.with_columns(names).join(asked, on="file", maintain_order="left")
    for reason, right in (
        ("no username", pl.col("name").is_not_null()),
        (_NOT_ASKED, pl.col("asked").is_not_null()),
        ("an account follows itself", pl.col("name") != pl.col("asked")),
    ):
        frame = count_removed(frame, frame.filter(right), dropped, "follows", reason)
    ask, name, side = pl.col("asked"), pl.col("name"), pl.col("side")
    follows = frame.select(
        follower_id=pl.when(side == "followers").then(name).otherwise(ask),
        followee_id=pl.when(side == "followers").then(ask).otherwise(name),
    )
    once = follows.unique(maintain_order=True)
    if count_removed(follows, once, dropped, "follows", "the same follow again").height:
        others.tables["follows"] = once


def _add_users(
    answers: Sequence[Answers],
    asked: pl.DataFrame,
    others: Others,
    dropped: Counts,
    notes: Counts,
    real_ids: Collection[str],
) -> None:
    rows = [(number, *row) for number, some in enumerate(answers) for row in some.users]
    if not rows:
        return
    schema = {"file": pl.Int32, "name": pl.String, "follower_count": pl.String}
    frame = pl.DataFrame(rows, schema={**schema, "following_count": pl.String}, orient="row")
    others.read["accounts"] = frame.height
    names = take_handles(frame.get_column("name"), "key 'username'", real_ids, Counter())
    frame = frame.with_columns(names).join(asked, on="file", maintain_order="left")
    users = frame.select(
        account_id=pl.coalesce("name", "asked"),
        follower_count=positive("follower_count", pl.Int64),
        following_count=positive("following_count", pl.Int64),
    )
    there = users.filter(pl.col("account_id").is_not_null())
    users = count_removed(users, there, dropped, "accounts", _NOT_ASKED)
    once = users.unique("account_id", keep="last", maintain_order=True)
    if count_removed(users, once, dropped, "accounts", "the same account again").height:
        others.tables["accounts"] = once


def _add_mentioned(
    answers: Sequence[Answers], known: pl.Series, others: Others, dropped: Counts, notes: Counts
) -> None:
    """Items of comments, which have no author, and of playlists."""
    commented = [i for some in answers for i in some.commented]
    listed = [i for some in answers for i in some.listed]
    if commented:
        others.read["comments"] = len(commented)
        dropped["comments", "comments without an author: their videos are kept"] += len(commented)
    if lists := sum(some.playlists for some in answers):
        others.read["playlists"] = lists
        notes["playlists", "only the ids of their videos are kept"] += lists
    ids = pl.Series("item_id", commented + listed, dtype=pl.String)
    ids = take_keys(ids, "key 'video_id'", (), Counter()).drop_nulls().unique(maintain_order=True)
    ids = ids.filter(~ids.is_in(known.implode()))
    if len(ids):
        created = creation_time(pl.col("item_id")).alias("created_at")
        others.items = ids.to_frame().with_columns(created)
        notes["videos", "known from a comment or playlist: time taken from the id"] += len(ids)

"""A small platform written by hand: 24 accounts in three communities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.parallel import refuse_after_fork

__all__ = ["toy"]

_TOPICS = {"alt": "#alttok", "book": "BookTok", "cat": "CatTok"}

# follower: followees
_FOLLOWS = {
    "book1": "book2 book3 book4 cat1",
    "book2": "book3 book4 book5",
    "book3": "book4 book5 book6",
    "book4": "book5 book6 book7",
    "book5": "book6 book7 book8 alt5 alt6",
    "book6": "book7 book8 book1 alt6 alt7",
    "book7": "book8 book1 book2 alt7 alt8",
    "book8": "book1 book2 book3 alt8 alt5",
    "cat1": "cat2 cat3 cat4",
    "cat2": "cat3 cat4 cat5",
    "cat3": "cat4 cat5 cat6",
    "cat4": "cat5 cat6 cat7",
    "cat5": "cat6 cat7 cat8 book5",
    "cat6": "cat7 cat8 cat1",
    "cat7": "cat8 cat1 cat2",
    "cat8": "cat1 cat2 cat3",
    "alt1": "cat1 cat2",
    "alt2": "cat2 cat3",
    "alt3": "cat3 cat4",
    "alt4": "cat4 cat5",
    "alt5": "cat5",
    "alt6": "cat6",
    "alt7": "cat7",
    "alt8": "cat8",
}

# id, author, day of March 2024, seconds, quality, sound, tags, caption
_ITEMS = (
    ("v01", "book1", 1, 30, 0.9, "s2", "BookTok fyp bookish", "this plot twist"),
    ("v02", "book2", 2, 45, 0.6, "s1", "booktok bookstagram fyp", "my shelf in one minute"),
    ("v03", "book3", 3, 20, 0.7, None, "books booktok fantasy", "slow burn and a sequel"),
    ("v04", "book4", 4, 60, 0.5, "s2", "bookish foryou", "reading until late"),
    ("v05", "cat1", 1, 15, 0.8, "s1", "CatTok fyp cats", "the empty bowl"),
    ("v06", "cat2", 2, 12, 0.9, "s4", "cattok catsoftiktok foryou", "zoomies at three"),
    ("v07", "cat3", 3, 10, 0.6, "s4", "cats kitten", "tiny meow"),
    ("v08", "cat4", 4, 25, 0.5, None, "cattok FYP", "the box again"),
    ("v09", "alt1", 1, 20, 0.8, "s3", "alttok fyp altfashion", "thrifted lace"),
    ("v10", "alt2", 2, 35, 0.7, "s3", "AltTok goth", "black eyeliner"),
    ("v11", "alt3", 3, 18, 0.6, "s1", "alt goth viral", "platform boots"),
    ("v12", "alt4", 4, 40, 0.5, "s3", "alttok postpunk fyp", "the basement show"),
    ("v13", "alt5", 5, 20, 0.6, "s3", "stitch alttok", "the lace, my way"),
    ("v14", "cat6", 5, 12, 0.6, "s4", "duet cattok", "and mine at four"),
)

# item: viewers who watched to the end and liked | viewers who left after a tenth
_SHOWN = {
    "v01": "book2 book3 book5 book6 book7 book8 | book4 cat1 cat2 alt1 alt2",
    "v02": "book1 book3 book4 book5 book7 book8 | book6 cat3 cat4 alt3 alt4",
    "v03": "book1 book2 book4 book5 book6 book8 | book7 cat5 cat6 alt5 alt6",
    "v04": "book1 book2 book3 book6 book7 cat8 | book5 cat7 alt7 alt8",
    "v05": "cat2 cat3 cat5 cat6 cat7 cat8 | cat4 book1 book2 alt5 alt6",
    "v06": "cat1 cat3 cat4 cat5 cat7 cat8 | cat6 book3 book4 alt7 alt8",
    "v07": "cat1 cat2 cat4 cat5 cat6 cat8 | cat7 book5 book6 alt1 alt2",
    "v08": "cat1 cat2 cat3 cat6 cat7 book8 | cat5 book7 alt3 alt4",
    "v09": "alt2 alt3 alt5 alt6 alt7 alt8 | alt4 book5 book6 cat1 cat2",
    "v10": "alt1 alt3 alt4 alt5 alt7 alt8 | alt6 book7 book8 cat3 cat4",
    "v11": "alt1 alt2 alt4 alt5 alt6 alt8 | alt7 book1 book2 cat5 cat6",
    "v12": "alt1 alt2 alt3 alt6 alt7 cat8 | alt5 book3 book4 cat7",
    "v13": "alt1 alt2 alt3 alt4 | book5 cat5",
    "v14": "cat1 cat2 cat3 cat4 | book6 alt6",
}

# kind, account, item; an hour after the post was shown to the account
_REACTIONS = (
    ("comment", "book2", "v01"),
    ("comment", "cat3", "v06"),
    ("comment", "alt7", "v09"),
    ("share", "book5", "v03"),
    ("share", "alt3", "v10"),
    ("save", "book8", "v02"),
    ("save", "cat7", "v05"),
)

# kind, account, its new item, the parent post
_REPLIES = (("stitch", "alt5", "v13", "v09"), ("duet", "cat6", "v14", "v06"))

_GROUPS = {
    "g1": "book1 book2 book3 book4 book5 book6 cat1",
    "g2": "cat1 cat2 cat3 cat4 cat5 cat6 alt1 alt2",
}


def toy() -> Platform:
    """Small platform of 24 accounts in three communities of eight, written by hand.

    Members of ``BookTok`` and ``CatTok`` follow one another. Members of ``#alttok`` like the same
    videos, but follow only ``CatTok`` accounts, and half of them are followed from ``BookTok``: in
    the follow graph their community is split between the other two. Every video is shown to
    members of all communities. No number is random.

    Returns
    -------
    Platform
        24 accounts (``alt1`` … ``alt8``, ``book1`` …, ``cat1`` …), 14 videos of which one is a
        stitch and one a duet, 70 follows, 141 impressions, 89 interactions, 15 memberships.
        Interests are 0.8 for the own topic and 0.1 for each other.

    Examples
    --------
    >>> platform = toy()
    >>> {name: table.height for name, table in platform.dataset.tables.items()}
    {'accounts': 24, 'items': 14, 'follows': 70, 'interactions': 89, 'impressions': 141, \
'memberships': 15}
    >>> platform.truth.labels, platform.truth.sizes.tolist()
    (('#alttok', 'BookTok', 'CatTok'), [8, 8, 8])
    """
    refuse_after_fork()
    record = Provenance("synthetic.toy")
    accounts = sorted(_FOLLOWS)
    follows = [(a, b) for a in accounts for b in sorted(_FOLLOWS[a].split())]
    members = sorted((a, group) for group, names in _GROUPS.items() for a in names.split())
    dataset = Dataset(
        accounts=_accounts_table(accounts),
        items=_items_table(),
        follows=_frame(follows, "follower_id followee_id"),
        interactions=_interactions_table(),
        impressions=_impressions_table().drop("finished"),
        memberships=_frame(members, "account_id group_id"),
        source="graphkit.synthetic.toy (synthetic, written by hand)",
        provenance=record,
    )
    stems = list(_TOPICS)
    homes = [stems.index(a[:-1]) for a in accounts]
    truth = Partition.from_membership(
        accounts, homes, labels=list(_TOPICS.values()), node_kind="accounts", provenance=record
    )
    interests = (0.1 + 0.7 * np.eye(3))[homes].astype(np.float32)
    topics = np.array([stems.index(author[:-1]) for _, author, *_ in _ITEMS], dtype=np.int32)
    quality = np.array([row[4] for row in _ITEMS], dtype=np.float32)
    labels = tuple(_TOPICS.values())
    return Platform(dataset, truth, labels, interests, topics, quality, {"written": "by hand"})


def _frame(rows: list[Any], columns: str) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=columns.split(), orient="row", infer_schema_length=None)


def _accounts_table(accounts: list[str]) -> pl.DataFrame:
    followed = [b for followees in _FOLLOWS.values() for b in followees.split()]
    return pl.DataFrame(
        {
            "account_id": accounts,
            "country": ["DE" if a[-1] in "78" else "US" for a in accounts],
            "language": ["de" if a[-1] in "78" else "en" for a in accounts],
            "follower_count": [followed.count(a) for a in accounts],
            "following_count": [len(_FOLLOWS[a].split()) for a in accounts],
            "list_complete": [True] * len(accounts),
        }
    )


def _noon_of(day: int, hours: int = 0) -> datetime:
    return datetime(2024, 3, day, 12, tzinfo=UTC) + timedelta(hours=hours)


def _items_table() -> pl.DataFrame:
    rows = [
        (item, author, _noon_of(day), float(seconds), tags.split(), sound, caption, "en", "US")
        for item, author, day, seconds, _, sound, tags, caption in _ITEMS
    ]
    columns = "item_id author_id created_at duration tags sound_id caption language country"
    return _frame(rows, columns)


def _impressions_table() -> pl.DataFrame:
    """Impressions: the k-th viewer of an item sees it k hours after it was posted."""
    rows = []
    for item, _, day, *_ in _ITEMS:
        finished, left = (part.split() for part in _SHOWN[item].split("|"))
        for hours, account in enumerate(finished + left, start=1):
            done = account in finished
            rows.append(
                (account, item, _noon_of(day, hours), "for_you", 1.0 if done else 0.1, done)
            )
    frame = _frame(rows, "account_id item_id at surface watch_fraction finished")
    return frame.sort("account_id", "at", "item_id")


def _interactions_table() -> pl.DataFrame:
    shown = _impressions_table()
    times = {(a, i): at for a, i, at in shown.select("account_id", "item_id", "at").iter_rows()}
    author = {row[0]: row[1] for row in _ITEMS}
    day = {row[0]: row[2] for row in _ITEMS}
    liked = shown.filter("finished").select("account_id", "item_id", "at").iter_rows()
    rows: list[tuple[object, ...]] = [(a, i, "like", at, None, None) for a, i, at in liked]
    rows += [
        (a, i, kind, times[a, i] + timedelta(hours=1), None, None) for kind, a, i in _REACTIONS
    ]
    rows += [(a, i, kind, _noon_of(day[i]), to, author[to]) for kind, a, i, to in _REPLIES]
    frame = _frame(rows, "account_id item_id kind at target_item_id target_account_id")
    return frame.sort("account_id", "at", "item_id", "kind")

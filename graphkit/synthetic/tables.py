"""Tables of a synthetic dataset, from codes and seconds to ids and times."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl

from graphkit.rng import Streams
from graphkit.synthetic.accounts import Codes, Floats, draw_weighted
from graphkit.synthetic.activity import CHANCES, ObservedFeed, Posts, Reactions, Replies
from graphkit.synthetic.topics import AGES, COUNTRIES, DEVICES

START = datetime(2024, 2, 15, tzinfo=UTC)
"""Beginning of the window of every platform."""


def make_ids(prefix: str, n: int, width: int) -> pl.Series:
    """`n` ids that sort by code, such as ``a00017``.

    Examples
    --------
    >>> make_ids("a", 3, 2).to_list()
    ['a00', 'a01', 'a02']
    """
    width = max(width, len(str(max(n - 1, 0))))
    numbers = pl.Series(np.arange(n)).cast(pl.String).str.zfill(width)
    return (pl.lit(prefix) + numbers).pipe(pl.select).to_series().alias("id")


def to_times(seconds: Codes) -> pl.Series:
    """Seconds from the start of the window as UTC microseconds."""
    microseconds = (seconds + int(START.timestamp())) * 1_000_000
    return pl.Series(microseconds).cast(pl.Datetime("us", "UTC"))


def accounts_table(
    account: pl.Series,
    followers: Codes,
    followees: Codes,
    *,
    local: Codes | None = None,
    ages: Codes | None = None,
    streams: Streams,
) -> pl.DataFrame:
    """Accounts with country, language and device, which are independent of the community.

    `local` has the country of accounts whose community decides it, else −1; `ages` the age band.
    """
    rng = streams.generator("places")
    n = len(account)
    country = draw_weighted(np.array([c[2] for c in COUNTRIES]), n, rng)
    english = rng.random(n) < 0.25
    places = country if local is None else np.where(local >= 0, local, country)
    language = pl.Series([c[1] for c in COUNTRIES]).gather(places)
    device = draw_weighted(np.array([d[1] for d in DEVICES]), n, rng)
    table = pl.DataFrame(
        {
            "account_id": account,
            "country": pl.Series([c[0] for c in COUNTRIES]).gather(places),
            "language": language.set(pl.Series(english), "en"),
            "device": pl.Series([d[0] for d in DEVICES]).gather(device),
            "follower_count": np.bincount(followees, minlength=n),
            "following_count": np.bincount(followers, minlength=n),
            "list_complete": pl.repeat(True, n, eager=True),
        }
    )
    if ages is None:
        return table
    return table.with_columns(age_band=pl.Series([a[0] for a in AGES]).gather(ages))


def items_table(
    item: pl.Series,
    accounts: pl.DataFrame,
    posts: Posts,
    *,
    tags: pl.Series,
    captions: pl.Series,
    sounds: tuple[Codes, int],
    origins: pl.Series,
    flags: list[str],
) -> pl.DataFrame:
    """Posts, with the language and country of their author, and its leaning, if there is any.

    `flags` has the flag of each topic.
    """
    author = accounts[posts.author]
    sound, n_sounds = sounds
    none = pl.lit([], dtype=pl.List(pl.String))
    label = pl.concat_list(pl.lit(pl.Series(flags).gather(posts.topic)))
    flagged = pl.when(pl.Series(posts.misleading)).then(label).otherwise(none)
    table = pl.DataFrame(
        {
            "item_id": item,
            "author_id": author["account_id"],
            "created_at": to_times(posts.created),
            "duration": posts.duration,
            "tags": tags,
            "sound_id": make_ids("s", n_sounds, 4).gather(pl.Series(sound).replace(-1, None)),
            "caption": captions,
            "language": author["language"],
            "country": author["country"],
            "origin": origins,
            "flags": pl.select(flagged).to_series(),
            "divisiveness": posts.divisiveness,
        }
    )
    if "leaning" not in author.columns:
        return table
    said = author["leaning"] * (0.5 + table["divisiveness"])
    return table.with_columns(leaning=said.clip(-1.0, 1.0).round(3))


def follows_table(account: pl.Series, source: Codes, target: Codes, since: Codes) -> pl.DataFrame:
    """Directed edges follower → followee, ordered by both."""
    return pl.DataFrame(
        {
            "follower_id": account.gather(source),
            "followee_id": account.gather(target),
            "since": to_times(since),
        }
    )


def impressions_table(
    account: pl.Series, item: pl.Series, feed: ObservedFeed, fraction: Floats, shown_at: Codes
) -> pl.DataFrame:
    """Impressions, ordered by account and session."""
    return pl.DataFrame(
        {
            "account_id": account.gather(feed.account),
            "item_id": item.gather(feed.item),
            "at": to_times(shown_at),
            "surface": pl.repeat("for_you", len(feed), eager=True),
            "position": feed.position,
            "watch_fraction": fraction,
        }
    )


def interactions_table(
    account: pl.Series,
    item: pl.Series,
    posts: Posts,
    feed: ObservedFeed,
    reactions: Reactions,
    replies: Replies,
) -> pl.DataFrame:
    """Reactions, duets and stitches, ordered by account, time and item."""
    kinds = [*CHANCES, "stitch", "duet"]
    shown, replying = reactions.impression, replies.item
    codes = pl.DataFrame(
        {
            "account": np.concatenate([feed.account[shown], posts.author[replying]]),
            "item": np.concatenate([feed.item[shown], replying]),
            "kind": np.concatenate([reactions.kind, len(CHANCES) + replies.duet.astype(np.int64)]),
            "at": np.concatenate([reactions.at, posts.created[replying]]),
            "target": np.concatenate([np.full(shown.size, -1), replies.parent]),
        }
    ).sort("account", "at", "item", "kind")
    target = codes["target"].replace(-1, None)
    return pl.DataFrame(
        {
            "account_id": account.gather(codes["account"]),
            "item_id": item.gather(codes["item"]),
            "kind": pl.Series(kinds).gather(codes["kind"]),
            "at": to_times(codes["at"].to_numpy()),
            "target_item_id": item.gather(target),
            "target_account_id": account.gather(pl.Series(posts.author).gather(target)),
        }
    )


def memberships_table(
    account: pl.Series, member: Codes, group: Codes, n_groups: int
) -> pl.DataFrame:
    """Memberships of accounts in groups, ordered by both."""
    return pl.DataFrame(
        {"account_id": account.gather(member), "group_id": make_ids("g", n_groups, 3).gather(group)}
    )

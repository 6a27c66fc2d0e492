"""What a log says of every impression: how long, of what, how often before, and what followed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.incidence import ACTS
from graphkit.data.platform import Platform
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError
from graphkit.simulation.build import SHORTEST, item_draws
from graphkit.simulation.interests import (
    InterestSpace,
    acted_items,
    interest_space,
    mean_features,
    unit_rows,
)

__all__ = ["Evidence", "gather"]

Flags = npt.NDArray[np.bool_]

#: Kinds of interactions that count as each reaction.
KINDS_OF = {
    "like": ("like",),
    "comment": ("comment",),
    "share": ("share", "repost"),
    "duet": ("duet",),
    "stitch": ("stitch",),
}

_EARLIEST = -(2**62)


def reacted(
    ds: Dataset, rows: pl.DataFrame, missing: dict[str, str], removed: dict[str, int]
) -> dict[str, Flags]:
    """By reaction, whether the account did it to the item after this and no later impression.

    Acts that no impression of the item came before are counted in `removed`.
    """
    acts = _timed_interactions(ds)
    found: dict[str, Flags] = {}
    lost = 0
    for name, kinds in KINDS_OF.items():
        if acts is None:
            missing[f"{name}_base"] = "there are no interactions with items"
            continue
        own = acts.filter(pl.col("kind").is_in(list(kinds))).select("account", "item", "at")
        matched = _after(rows.select("account", "item", "at", "row"), own, ["account", "item"])
        lost += int(matched.get_column("row").null_count())
        found[name] = _marked(matched, rows.height)
    removed["reactions to items of which no impression came before"] = lost
    return found


def new_follows(
    ds: Dataset, rows: pl.DataFrame, gap: float, missing: dict[str, str]
) -> tuple[Flags, Flags] | None:
    """Whether an impression led to following its author within `gap` minutes, and where it could."""
    ties = _ties(ds)
    author = _authors(ds)
    if ties is None or author is None or not _event(ds, "follows.since", "impressions.at"):
        missing["follow_base"] = (
            "this takes times of follows and impressions (follows.since, impressions.at) and "
            "items.author_id"
        )
        return None
    shown = rows.join(author, on="item", how="left", maintain_order="left")
    shown = shown.select("account", pl.col("author").alias("other"), "at", "row")
    candidates = shown.drop_nulls().filter(pl.col("account") != pl.col("other"))
    risk = candidates.join(ties, on=["account", "other"], how="left", maintain_order="left").filter(
        pl.col("tied").is_null() | (pl.col("since") > pl.col("at")).fill_null(False)
    )
    dated = ties.drop_nulls().select("account", "other", at="since")
    matched = _after(risk.select("account", "other", "at", "row"), dated, ["account", "other"])
    soon = matched.filter(pl.col("at") - pl.col("shown") <= int(gap * 60e6))
    at_risk = np.zeros(rows.height, bool)
    at_risk[risk.get_column("row").to_numpy()] = True
    return _marked(soon, rows.height), at_risk


def followed_circle(
    ds: Dataset, rows: pl.DataFrame, missing: dict[str, str]
) -> npt.NDArray[np.float64]:
    """1 − 2^(−r), with r the followees who posted, passed on, liked or commented before.

    Without times of acts and impressions, r counts only who posted it.
    """
    social = np.zeros(rows.height)
    ties = _ties(ds)
    if ties is None:
        missing["social_share"] = "there are no follows"
        return social
    author = _authors(ds)
    always = pl.lit(_EARLIEST, dtype=pl.Int64)  # whoever posted it did so before it was shown
    parts = []
    if author is not None:
        parts.append(author.select(pl.col("author").alias("other"), "item", did=always))
    acts = _timed_interactions(ds) if _event(ds, "interactions.at", "impressions.at") else None
    if acts is not None:
        kinds = [kind for group in KINDS_OF.values() for kind in group]
        done = acts.filter(pl.col("kind").is_in(kinds) & pl.col("at").is_not_null())
        parts.append(done.select(pl.col("account").alias("other"), "item", did="at"))
    if not parts:
        missing["social_share"] = "neither items.author_id nor timed acts say what followees did"
        return social
    did = pl.concat(parts).group_by("other", "item").agg(pl.col("did").min())
    before = (pl.col("did") == _EARLIEST) | (pl.col("did") < pl.col("at"))
    tied = pl.col("since").is_null() | pl.col("at").is_null() | (pl.col("since") <= pl.col("at"))
    counted = (
        ties.lazy()
        .join(did.lazy(), on="other")
        .join(rows.lazy().select("account", "item", "at", "row"), on=["account", "item"])
        .filter((before & tied).fill_null(False))
        .group_by("row")
        .agg(pl.len().alias("r"))
        .collect(engine="streaming")
    )
    r = counted.get_column("r").to_numpy().astype(np.float64)
    social[counted.get_column("row").to_numpy()] = 1.0 - 0.5**r
    return social


def _event(ds: Dataset, *columns: str) -> bool:
    return all(ds.time_kinds.get(column, "none") == "event" for column in columns)


def _timed_interactions(ds: Dataset) -> pl.DataFrame | None:
    """Account, item (of an answer, the one it answers), kind, at; `None` without any."""
    table = ds.interactions
    columns = (
        []
        if table is None
        else [pl.col(c) for c in ("target_item_id", "item_id") if c in table.columns]
    )
    if table is None or not columns:
        return None
    at = pl.col("at").to_physical() if _event(ds, "interactions.at", "impressions.at") else None
    known = table.select(
        "account_id",
        pl.coalesce(columns).alias("item_id"),
        pl.col("kind").cast(pl.String),
        (pl.lit(None) if at is None else at).cast(pl.Int64).alias("at"),
    ).drop_nulls("item_id")
    return pl.DataFrame(
        {
            "account": ds.account_ids.encode(known.get_column("account_id")),
            "item": ds.item_ids.encode(known.get_column("item_id")),
        }
    ).with_columns(known.get_column("kind"), known.get_column("at"))


def _authors(ds: Dataset) -> pl.DataFrame | None:
    if ds.items is None or "author_id" not in ds.items.columns:
        return None
    known = ds.items.select("item_id", "author_id").drop_nulls()
    return pl.DataFrame(
        {
            "item": ds.item_ids.encode(known.get_column("item_id")),
            "author": ds.account_ids.encode(known.get_column("author_id")),
        }
    )


def _ties(ds: Dataset) -> pl.DataFrame | None:
    """Account, other (whom it follows), since (null where unknown), and a mark."""
    if ds.follows is None or not ds.follows.height:
        return None
    frame = pl.DataFrame(
        {
            "account": ds.account_ids.encode(ds.follows.get_column("follower_id")),
            "other": ds.account_ids.encode(ds.follows.get_column("followee_id")),
        }
    )
    since = pl.lit(None, dtype=pl.Int64).alias("since")
    if _event(ds, "follows.since"):
        return frame.with_columns(
            ds.follows.get_column("since").to_physical().cast(pl.Int64), tied=pl.lit(True)
        )
    return frame.with_columns(since, tied=pl.lit(True))


def _after(shown: pl.DataFrame, acts: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Of each act, its time, and `row` and time of the last impression not after it.

    An impression without a time is older than all others, an act without one later.
    """
    both = pl.concat(
        [
            shown.with_columns(pl.col("at").fill_null(_EARLIEST), act=pl.lit(False)),
            acts.with_columns(pl.col("at").fill_null(-_EARLIEST), act=pl.lit(True)),
        ],
        how="diagonal",
    ).sort(*by, "at", "act", "row")
    shown_at = pl.when(~pl.col("act")).then("at")
    return both.with_columns(
        pl.col("row").forward_fill().over(by), shown_at.forward_fill().over(by).alias("shown")
    ).filter("act")


def _marked(matched: pl.DataFrame, n: int) -> Flags:
    marks = np.zeros(n, bool)
    marks[matched.get_column("row").drop_nulls().to_numpy()] = True
    return marks


Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Space = InterestSpace | Mapping[str, float] | str | None

#: Share of a dataset's items from which tastes are learned; watching is fitted to the others.
TASTE_SHARE = 0.5
_VERB = "calibrate"
_BLOCK = 1 << 18


@dataclass
class Evidence:
    """Impressions in order of account and time, n of them, and what each outcome depends on.

    Attributes
    ----------
    account, item
        int64, shape (n,): codes.
    held
        bool, shape (n,): of accounts that are held out.
    watch
        shape (n,): watch fraction, at most 1; NaN where unknown.
    interest
        shape (n,): cosine of interest and features; NaN where one of them is unknown.
    social, quality, length, repeats, divisive, flagged
        shape (n,): 1 − 2^(−r); quality − ½; ln(duration / 20 s); earlier posts of the topic in
        the session; divisiveness; 1 if flagged. All are 0 where unknown.
    session
        int64, shape (n,): number of the session; −1 without a time.
    ended
        int8, shape (n,): 1 if the session ended after this post, 0 if it went on, −1 if
        nobody knows.
    opened
        shape (accounts,): ticks in which the account opened the feed; −1 if it never did.
    ticks
        Ticks that the log covers.
    account_held
        bool, shape (accounts,).
    reactions
        By name: bool, shape (n,).
    at_risk
        bool, shape (n,): of posts whose author is not followed yet.
    missing
        Why there is no evidence, by parameter.
    removed
        Rows left out, by reason.
    planted
        Whether interests are the true ones, not learned.
    """

    account: Codes
    item: Codes
    held: Flags
    watch: Floats
    interest: Floats
    social: Floats
    quality: Floats
    length: Floats
    repeats: Floats
    divisive: Floats
    flagged: Floats
    session: Codes
    ended: npt.NDArray[np.int8]
    opened: Floats
    ticks: int
    account_held: Flags
    reactions: dict[str, Flags]
    at_risk: Flags
    missing: dict[str, str] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    planted: bool = False


def gather(
    source: Platform | Dataset,
    *,
    space: Space,
    dimensions: int,
    seed: int,
    held_out: float,
    gap: float,
    tick: float,
) -> Evidence:
    """The evidence of a log; `gap` in minutes, `tick` in hours."""
    ds = source.dataset if isinstance(source, Platform) else source
    shown = ds.require("impressions", "watch_fraction", verb=_VERB)
    if not shown.height:
        raise MissingDataError(f"{_VERB} needs impressions; the table has no rows.")
    missing: dict[str, str] = {}
    removed: dict[str, int] = {}
    timed = ds.time_kinds.get("impressions.at", "none") == "event"
    rows = _ordered(shown, ds, timed)
    account, item = (rows.get_column(c).to_numpy().astype(np.int64) for c in ("account", "item"))
    account_held = _account_draws(ds.account_ids) < held_out
    at = rows.get_column("at").fill_null(-1).to_numpy()
    watch = np.minimum(rows.get_column("watch").fill_null(np.nan).to_numpy(), 1.0)
    removed["impressions without a watch fraction"] = int(np.isnan(watch).sum())
    found = _space_of(source, space, dimensions, seed)
    features = found.rows(ds.item_ids)
    planted = source if isinstance(source, Platform) and found.kind == "planted" else None
    session = _sessions(account, at, gap)
    evidence = Evidence(
        account=account,
        item=item,
        held=account_held[account],
        watch=watch,
        interest=_interest(ds, planted, features, rows, removed),
        social=np.zeros(account.size),
        quality=np.zeros(account.size),
        repeats=_repeats(session, features, item),
        session=session,
        ended=_ended(session, at, gap),
        opened=np.full(len(ds.account_ids), -1.0),
        ticks=0,
        account_held=account_held,
        reactions={},
        at_risk=np.zeros(account.size, bool),
        missing=missing,
        removed=removed,
        planted=planted is not None,
        **_of_items(ds, item, missing),
    )
    if planted is not None:
        evidence.quality = planted.item_quality[item].astype(np.float64) - 0.5
    else:
        missing["watch_quality"] = "the log holds no quality of posts"
    if timed and (session >= 0).any():
        evidence.opened, evidence.ticks = _openings(account, at, session, len(ds.account_ids), tick)
    else:
        why = "impressions.at holds no times of the act: there are no sessions"
        missing |= dict.fromkeys(("fatigue", "stop_base", "stop_slope", "activity"), why)
    evidence.social = followed_circle(ds, rows, missing)
    evidence.reactions = reacted(ds, rows, missing, removed)
    follow = new_follows(ds, rows, gap, missing)
    if follow is not None:
        evidence.reactions["follow"], evidence.at_risk = follow
    return evidence


def _account_draws(accounts: Vocabulary) -> Floats:
    """The place of every account in [0, 1): a hash of its id."""
    key = b"graphkit accounts"
    digests = (hashlib.blake2b(str(i).encode(), digest_size=8, key=key).digest() for i in accounts)
    return np.array([int.from_bytes(d, "big") / 2**64 for d in digests])


def _ordered(shown: pl.DataFrame, ds: Dataset, timed: bool) -> pl.DataFrame:
    """Impressions as codes, in one order whatever that of the rows: account, item, at, watch."""
    frame = pl.DataFrame(
        {
            "account": ds.account_ids.encode(shown.get_column("account_id")),
            "item": ds.item_ids.encode(shown.get_column("item_id")),
            "watch": shown.get_column("watch_fraction"),
        }
    )
    nothing = pl.lit(None, dtype=pl.Int64)
    at = shown.get_column("at").to_physical().cast(pl.Int64) if timed else nothing.alias("at")
    place = shown.get_column("position") if "position" in shown.columns else nothing
    frame = frame.with_columns(at.alias("at"), place.alias("position"))
    return frame.sort("account", "at", "position", "item", "watch").with_row_index("row")


def _space_of(
    source: Platform | Dataset, space: Space, dimensions: int, seed: int
) -> InterestSpace:
    """The space as it was given or asked for."""
    if not isinstance(space, InterestSpace):
        return interest_space(source, sources=space, dimensions=dimensions, rng=seed)
    items = source.dataset.item_ids if isinstance(source, Platform) else source.item_ids
    if not space.rows(items).any():
        raise DataError(
            f"{_VERB}: the space places none of the items; its own are such as "
            f"{space.items.ids[:1].tolist()}: make one from the same dataset."
        )
    return space


def _interest(
    ds: Dataset,
    planted: Platform | None,
    features: npt.NDArray[np.float32],
    rows: pl.DataFrame,
    removed: dict[str, int],
) -> Floats:
    """Cosine of interest and features; NaN where one is unknown or served to learn the other."""
    account, item = rows.get_column("account").to_numpy(), rows.get_column("item").to_numpy()
    if planted is not None:
        tastes, usable = unit_rows(planted.interests), np.ones(item.size, bool)
    else:
        learnt: Flags = np.asarray(item_draws(ds.item_ids) < TASTE_SHARE)
        acts = _taste_interactions(ds, rows)
        acts = acts.filter(pl.Series(learnt[acts.get_column("item").to_numpy()]))
        tastes, usable = (
            mean_features(acts, features, len(ds.account_ids)),
            np.logical_not(learnt[item]),
        )
        removed["of watching: impressions of items that tastes are learned from"] = int(
            np.count_nonzero(~usable)
        )
    has_taste: Flags = np.asarray(tastes.any(axis=1))
    has_features: Flags = np.asarray(features.any(axis=1))
    known = has_taste[account] & has_features[item]
    removed["of watching: impressions of unknown taste or unknown features"] = int(
        np.count_nonzero(usable & ~known)
    )
    interest = np.full(item.size, np.nan)
    use = np.flatnonzero(known & usable)
    for first in range(0, use.size, _BLOCK):  # never all vectors at once
        part = use[first : first + _BLOCK]
        left, right = tastes[account[part]], features[item[part]]
        interest[part] = np.einsum("ij,ij->i", left, right, dtype=np.float64)
    return interest


def _taste_interactions(ds: Dataset, rows: pl.DataFrame) -> pl.DataFrame:
    """What tastes are learned from: acts, or without any what was watched, by its fraction."""
    if ds.interactions is not None:
        kinds = ds.interactions.get_column("kind").cast(pl.String)
        if kinds.is_in(list(ACTS)).any():
            return acted_items(ds.interactions, ds.account_ids, ds.item_ids)
    seen = rows.select("account", "item", weight=pl.col("watch").clip(0, 1)).drop_nulls()
    return seen.sort("item", "account", "weight")


def _of_items(ds: Dataset, item: Codes, missing: dict[str, str]) -> dict[str, Floats]:
    """Length, divisiveness and flags of the items shown, 0 where unknown."""
    found = {name: np.zeros(len(ds.item_ids)) for name in ("length", "divisive", "flagged")}
    table = ds.items if ds.items is not None else pl.DataFrame(schema={"item_id": pl.String})
    codes = ds.item_ids.encode(table.get_column("item_id"))
    if "duration" in table.columns:
        seconds = table.get_column("duration").fill_null(20.0).to_numpy()
        found["length"][codes] = np.log(np.where(seconds < SHORTEST, 20.0, seconds) / 20.0)
    else:
        missing["watch_length"] = "there is no column items.duration"
    if "divisiveness" in table.columns:
        found["divisive"][codes] = table.get_column("divisiveness").fill_null(0.0).to_numpy()
    else:
        missing["comment_divisive"] = "there is no column items.divisiveness"
    if "flags" in table.columns:
        flagged = table.get_column("flags").list.len().fill_null(0) > 0
        found["flagged"][codes] = flagged.to_numpy()
    else:
        missing["share_flagged"] = "there is no column items.flags"
    return {name: values[item] for name, values in found.items()}


def _sessions(account: Codes, at: Codes, gap: float) -> Codes:
    """Numbers of sessions: an account's impressions without a longer pause than `gap`."""
    pause = np.diff(at, prepend=-1) > gap * 60e6
    new = (np.diff(account, prepend=-1) != 0) | pause
    return np.where(at < 0, -1, np.cumsum(new) - 1)


def _repeats(session: Codes, features: npt.NDArray[np.float32], item: Codes) -> Floats:
    """Earlier posts of the same topic, the largest feature, in the same session."""
    topic = np.where(features.any(axis=1), features.argmax(axis=1), -1)[item]
    key = session * features.shape[1] + topic
    order = np.argsort(key, kind="stable")
    first = np.diff(key[order], prepend=-1) != 0
    index = np.arange(key.size)
    rank = np.empty(key.size)
    rank[order] = index - np.maximum.accumulate(np.where(first, index, 0))
    return np.where((session < 0) | (topic < 0), 0.0, rank)


def _ended(session: Codes, at: Codes, gap: float) -> npt.NDArray[np.int8]:
    """Whether a session ended here: known if the log goes on for at least `gap`."""
    last = np.diff(session, append=-2) != 0
    known = at + gap * 60e6 <= at.max()
    ended = np.where(last, np.where(known, 1, -1), 0)
    return np.where(session < 0, -1, ended).astype(np.int8)


def _openings(
    account: Codes, at: Codes, session: Codes, accounts: int, tick: float
) -> tuple[Floats, int]:
    """Ticks in which each account opened the feed, of the whole ticks that the log covers."""
    opening = (session >= 0) & (np.diff(session, prepend=-1) != 0)
    start, step = int(at[session >= 0].min()), int(tick * 3600e6)
    ticks = max(int((at.max() - start) // step), 1)
    when = (at[opening] - start) // step
    pairs = np.unique(account[opening][when < ticks] * ticks + when[when < ticks])
    opened = np.bincount(pairs // ticks, minlength=accounts).astype(np.float64)
    seen = np.zeros(accounts, bool)
    seen[account[session >= 0]] = True
    return np.where(seen, opened, -1.0), ticks

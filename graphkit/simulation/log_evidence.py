"""Observations of a log: for each impression, watching, its covariates, and later reactions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.incidence import ACTS
from graphkit.data.platform import Platform
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.simulation.arrays import largest_topic
from graphkit.simulation.build import SHORTEST, item_draws
from graphkit.simulation.interests import (
    InterestSpace,
    interacted_items,
    interest_space,
    mean_features,
    unit_rows,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
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


def reactions_after(
    ds: Dataset, rows: pl.DataFrame, missing: dict[str, str], removed: dict[str, int]
) -> dict[str, Flags]:
    """By reaction, whether it followed this impression, the last one of the item before it.

    Interactions without an earlier impression of the item are counted in `removed`.
    """
    interactions = _timed_interactions(ds)
    found: dict[str, Flags] = {}
    lost = 0
    for name, kinds in KINDS_OF.items():
        if interactions is None:
            missing[f"{name}_base"] = "there are no interactions with items"
            continue
        own = interactions.filter(pl.col("kind").is_in(list(kinds))).select("account", "item", "at")
        matched = _match_impressions(
            rows.select("account", "item", "at", "row"), own, ["account", "item"]
        )
        lost += int(matched.get_column("row").null_count())
        found[name] = _mark_rows(matched, rows.height)
    removed["reactions to items of which no impression came before"] = lost
    return found


def new_follows(
    ds: Dataset, rows: pl.DataFrame, gap: float, missing: dict[str, str]
) -> tuple[Flags, Flags] | None:
    """Whether the author was followed within `gap` minutes, and which rows are at risk of it."""
    follows = _follow_pairs(ds)
    author = _author_pairs(ds)
    if (
        follows is None
        or author is None
        or not _has_event_times(ds, "follows.since", "impressions.at")
    ):
        missing["follow_base"] = (
            "this takes times of follows and impressions (follows.since, impressions.at) and "
            "items.author_id"
        )
        return None
    shown = rows.join(author, on="item", how="left", maintain_order="left")
    shown = shown.select("account", pl.col("author").alias("other"), "at", "row")
    candidates = shown.drop_nulls().filter(pl.col("account") != pl.col("other"))
    risk = candidates.join(
        follows, on=["account", "other"], how="left", maintain_order="left"
    ).filter(pl.col("followed").is_null() | (pl.col("since") > pl.col("at")).fill_null(False))
    dated = follows.drop_nulls().select("account", "other", at="since")
    matched = _match_impressions(
        risk.select("account", "other", "at", "row"), dated, ["account", "other"]
    )
    soon = matched.filter(pl.col("at") - pl.col("shown") <= int(gap * 60e6))
    at_risk = np.zeros(rows.height, bool)
    at_risk[risk.get_column("row").to_numpy()] = True
    return _mark_rows(soon, rows.height), at_risk


def social_exposure(ds: Dataset, rows: pl.DataFrame, missing: dict[str, str]) -> Floats:
    """Social exposure 1 − 2^(−r): r followees posted, reshared, liked or commented before.

    Without times of interactions and impressions, r counts the posters only.
    """
    social = np.zeros(rows.height)
    follows = _follow_pairs(ds)
    if follows is None:
        missing["social_share"] = "there are no follows"
        return social
    author = _author_pairs(ds)
    always = pl.lit(_EARLIEST, dtype=pl.Int64)  # the post was made before it was shown
    parts = []
    if author is not None:
        parts.append(author.select(pl.col("author").alias("other"), "item", did=always))
    interactions = (
        _timed_interactions(ds)
        if _has_event_times(ds, "interactions.at", "impressions.at")
        else None
    )
    if interactions is not None:
        kinds = [kind for group in KINDS_OF.values() for kind in group]
        done = interactions.filter(pl.col("kind").is_in(kinds) & pl.col("at").is_not_null())
        parts.append(done.select(pl.col("account").alias("other"), "item", did="at"))
    if not parts:
        missing["social_share"] = "there are neither items.author_id nor timed interactions"
        return social
    did = pl.concat(parts).group_by("other", "item").agg(pl.col("did").min())
    before = (pl.col("did") == _EARLIEST) | (pl.col("did") < pl.col("at"))
    followed = (
        pl.col("since").is_null() | pl.col("at").is_null() | (pl.col("since") <= pl.col("at"))
    )
    counted = (
        follows.lazy()
        .join(did.lazy(), on="other")
        .join(rows.lazy().select("account", "item", "at", "row"), on=["account", "item"])
        .filter((before & followed).fill_null(False))
        .group_by("row")
        .agg(pl.len().alias("r"))
        .collect(engine="streaming")
    )
    r = counted.get_column("r").to_numpy().astype(np.float64)
    social[counted.get_column("row").to_numpy()] = 1.0 - 0.5**r
    return social


def _has_event_times(ds: Dataset, *columns: str) -> bool:
    return all(ds.time_kinds.get(column, "none") == "event" for column in columns)


def _timed_interactions(ds: Dataset) -> pl.DataFrame | None:
    """Account, item (of a reply, its parent post), kind and time; `None` without any."""
    table = ds.interactions
    if table is None:
        return None
    columns = [pl.col(c) for c in ("target_item_id", "item_id") if c in table.columns]
    if not columns:
        return None
    at = (
        pl.col("at").to_physical()
        if _has_event_times(ds, "interactions.at", "impressions.at")
        else None
    )
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


def _author_pairs(ds: Dataset) -> pl.DataFrame | None:
    if ds.items is None or "author_id" not in ds.items.columns:
        return None
    known = ds.items.select("item_id", "author_id").drop_nulls()
    return pl.DataFrame(
        {
            "item": ds.item_ids.encode(known.get_column("item_id")),
            "author": ds.account_ids.encode(known.get_column("author_id")),
        }
    )


def _follow_pairs(ds: Dataset) -> pl.DataFrame | None:
    """Account, other (its followee), since (null where unknown), and the mark ``followed``."""
    if ds.follows is None or not ds.follows.height:
        return None
    frame = pl.DataFrame(
        {
            "account": ds.account_ids.encode(ds.follows.get_column("follower_id")),
            "other": ds.account_ids.encode(ds.follows.get_column("followee_id")),
        }
    )
    since: Any = pl.lit(None, dtype=pl.Int64).alias("since")
    if _has_event_times(ds, "follows.since"):
        since = ds.follows.get_column("since").to_physical().cast(pl.Int64)
    return frame.with_columns(since, followed=pl.lit(True))


def _match_impressions(
    shown: pl.DataFrame, interactions: pl.DataFrame, by: list[str]
) -> pl.DataFrame:
    """Match each interaction with the last impression not after it: time, `row`, time shown.

    An impression without a time precedes all others, an interaction without one is last.
    """
    both = pl.concat(
        [
            shown.with_columns(pl.col("at").fill_null(_EARLIEST), act=pl.lit(False)),
            interactions.with_columns(pl.col("at").fill_null(-_EARLIEST), act=pl.lit(True)),
        ],
        how="diagonal",
    ).sort(*by, "at", "act", "row")
    shown_at = pl.when(~pl.col("act")).then("at")
    return both.with_columns(
        pl.col("row").forward_fill().over(by), shown_at.forward_fill().over(by).alias("shown")
    ).filter("act")


def _mark_rows(matched: pl.DataFrame, n: int) -> Flags:
    marks = np.zeros(n, bool)
    marks[matched.get_column("row").drop_nulls().to_numpy()] = True
    return marks


Space = InterestSpace | Mapping[str, float] | str | None

#: Share of items from which tastes are learned; watching is fitted to the others.
TASTE_SHARE = 0.5
_CALLER = "calibrate"
_BLOCK = 1 << 18


@dataclass
class LogObservations:
    """Log observations: n impressions in order of account and time, outcomes and covariates.

    Attributes
    ----------
    account, item
        int64, shape (n,): codes.
    held
        bool, shape (n,): rows of held-out accounts.
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
        int8, shape (n,): 1 if the session ended after this post, 0 if not, −1 if unknown.
    opened
        shape (accounts,): ticks in which the account opened the feed; −1 if never.
    ticks
        Ticks that the log covers.
    account_held
        bool, shape (accounts,): held-out accounts.
    reactions
        By name: bool, shape (n,).
    at_risk
        bool, shape (n,): the author is not followed yet.
    missing, removed
        Why a parameter is not identified, by parameter; rows left out, by reason.
    planted
        Whether interests are the true ones, not learned.
    """

    account: Ints
    item: Ints
    held: Flags
    watch: Floats
    interest: Floats
    social: Floats
    quality: Floats
    length: Floats
    repeats: Floats
    divisive: Floats
    flagged: Floats
    session: Ints
    ended: npt.NDArray[np.int8]
    opened: Floats
    ticks: int
    account_held: Flags
    reactions: dict[str, Flags]
    at_risk: Flags
    missing: dict[str, str] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    planted: bool = False


def gather_observations(
    source: Platform | Dataset,
    space: Space,
    dimensions: int,
    seed: int,
    held_out: float,
    gap: float,
    tick: float,
) -> LogObservations:
    """Observations of a log; `gap` in minutes, `tick` in hours."""
    ds = source.dataset if isinstance(source, Platform) else source
    shown = ds.require("impressions", "watch_fraction", verb=_CALLER)
    if not shown.height:
        raise MissingDataError(f"{_CALLER} needs impressions; the table has no rows.")
    missing: dict[str, str] = {}
    removed: dict[str, int] = {}
    timed = ds.time_kinds.get("impressions.at", "none") == "event"
    rows = _sort_impressions(shown, ds, timed)
    account, item = (rows.get_column(c).to_numpy().astype(np.int64) for c in ("account", "item"))
    account_held = _account_draws(ds.account_ids) < held_out
    at = rows.get_column("at").fill_null(-1).to_numpy()
    watch = np.minimum(rows.get_column("watch").fill_null(np.nan).to_numpy(), 1.0)
    removed["impressions without a watch fraction"] = int(np.isnan(watch).sum())
    found = _resolve_space(source, space, dimensions, seed)
    features = found.rows(ds.item_ids)
    planted = source if isinstance(source, Platform) and found.kind == "planted" else None
    session = _number_sessions(account, at, gap)
    observations = LogObservations(
        account=account,
        item=item,
        held=account_held[account],
        watch=watch,
        interest=_interest_cosines(ds, planted, features, rows, removed),
        social=np.zeros(account.size),
        quality=np.zeros(account.size),
        repeats=_count_repeats(session, features, item),
        session=session,
        ended=_session_ends(session, at, gap),
        opened=np.full(len(ds.account_ids), -1.0),
        ticks=0,
        account_held=account_held,
        reactions={},
        at_risk=np.zeros(account.size, bool),
        missing=missing,
        removed=removed,
        planted=planted is not None,
        **_item_columns(ds, item, missing),
    )
    if planted is not None:
        observations.quality = planted.item_quality[item].astype(np.float64) - 0.5
    else:
        missing["watch_quality"] = "the log holds no quality of posts"
    if timed and (session >= 0).any():
        observations.opened, observations.ticks = _count_openings(
            account, at, session, len(ds.account_ids), tick
        )
    else:
        why = "impressions.at holds no times of the act: there are no sessions"
        missing |= dict.fromkeys(("fatigue", "stop_base", "stop_slope", "activity"), why)
    observations.social = social_exposure(ds, rows, missing)
    observations.reactions = reactions_after(ds, rows, missing, removed)
    follow = new_follows(ds, rows, gap, missing)
    if follow is not None:
        observations.reactions["follow"], observations.at_risk = follow
    return observations


def _account_draws(accounts: Vocabulary) -> Floats:
    """Hash of every account's id, in [0, 1)."""
    key = b"graphkit accounts"
    digests = (hashlib.blake2b(str(i).encode(), digest_size=8, key=key).digest() for i in accounts)
    return np.array([int.from_bytes(d, "big") / 2**64 for d in digests])


def _sort_impressions(shown: pl.DataFrame, ds: Dataset, timed: bool) -> pl.DataFrame:
    """Impressions as codes, sorted by account and time: account, item, at, watch."""
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


def _resolve_space(
    source: Platform | Dataset, space: Space, dimensions: int, seed: int
) -> InterestSpace:
    """The given space, checked, or a new one of the given sources."""
    if space is None and isinstance(source, Platform):
        space = "planted"
    if not isinstance(space, InterestSpace):
        if space == "interactions":
            raise OptionError(
                f"{_CALLER}: in a space of interactions, accounts that place an item would explain "
                "their own watching of it: name content, an embedding or a space."
            )
        return interest_space(source, sources=space, dimensions=dimensions, rng=seed)
    items = source.dataset.item_ids if isinstance(source, Platform) else source.item_ids
    if not space.rows(items).any():
        raise DataError(
            f"{_CALLER}: the space places none of the items; its own are such as "
            f"{space.items.ids[:1].tolist()}: make one from the same dataset."
        )
    return space


def _interest_cosines(
    ds: Dataset,
    planted: Platform | None,
    features: npt.NDArray[np.float32],
    rows: pl.DataFrame,
    removed: dict[str, int],
) -> Floats:
    """Cosine of interest and features; NaN where one is unknown or was used to learn the other."""
    account, item = rows.get_column("account").to_numpy(), rows.get_column("item").to_numpy()
    if planted is not None:
        tastes, usable = unit_rows(planted.interests), np.ones(item.size, bool)
    else:
        learnt: Flags = np.asarray(item_draws(ds.item_ids) < TASTE_SHARE)
        interactions = _taste_interactions(ds, rows)
        interactions = interactions.filter(
            pl.Series(learnt[interactions.get_column("item").to_numpy()])
        )
        tastes = mean_features(interactions, features, len(ds.account_ids))
        usable = np.logical_not(learnt[item])
        reason = "of watching: impressions of items that tastes are learned from"
        removed[reason] = int(np.count_nonzero(~usable))
    has_taste: Flags = np.asarray(tastes.any(axis=1))
    has_features: Flags = np.asarray(features.any(axis=1))
    known = has_taste[account] & has_features[item]
    reason = "of watching: impressions of unknown taste or unknown features"
    removed[reason] = int(np.count_nonzero(usable & ~known))
    interest = np.full(item.size, np.nan)
    use = np.flatnonzero(known & usable)
    for first in range(0, use.size, _BLOCK):  # in blocks, to bound memory
        part = use[first : first + _BLOCK]
        left, right = tastes[account[part]], features[item[part]]
        interest[part] = np.einsum("ij,ij->i", left, right, dtype=np.float64)
    return interest


def _taste_interactions(ds: Dataset, rows: pl.DataFrame) -> pl.DataFrame:
    """Interactions from which tastes are learned; without any, watch fractions."""
    if ds.interactions is not None:
        kinds = ds.interactions.get_column("kind").cast(pl.String)
        if kinds.is_in(list(ACTS)).any():
            return interacted_items(ds.interactions, ds.account_ids, ds.item_ids)
    seen = rows.select("account", "item", weight=pl.col("watch").clip(0, 1)).drop_nulls()
    return seen.sort("item", "account", "weight")


def _item_columns(ds: Dataset, item: Ints, missing: dict[str, str]) -> dict[str, Floats]:
    """Length, divisiveness and flags of the items shown, 0 where unknown."""
    found = {name: np.zeros(len(ds.item_ids)) for name in ("length", "divisive", "flagged")}
    table = ds.items if ds.items is not None else pl.DataFrame(schema={"item_id": pl.String})
    codes = ds.item_ids.encode(table.get_column("item_id"))
    columns = ("duration", "watch_length"), ("divisiveness", "comment_divisive")
    for column, parameter in (*columns, ("flags", "share_flagged")):
        if column not in table.columns:
            missing[parameter] = f"there is no column items.{column}"
    if "duration" in table.columns:
        seconds = table.get_column("duration").fill_null(20.0).to_numpy()
        found["length"][codes] = np.log(np.where(seconds < SHORTEST, 20.0, seconds) / 20.0)
    if "divisiveness" in table.columns:
        found["divisive"][codes] = table.get_column("divisiveness").fill_null(0.0).to_numpy()
    if "flags" in table.columns:
        found["flagged"][codes] = table.get_column("flags").list.len().fill_null(0).to_numpy() > 0
    return {name: values[item] for name, values in found.items()}


def _number_sessions(account: Ints, at: Ints, gap: float) -> Ints:
    """Session numbers: runs of an account's impressions without a pause longer than `gap`."""
    pause = np.diff(at, prepend=-1) > gap * 60e6
    new = (np.diff(account, prepend=-1) != 0) | pause
    return np.where(at < 0, -1, np.cumsum(new) - 1)


def _count_repeats(session: Ints, features: npt.NDArray[np.float32], item: Ints) -> Floats:
    """Number of earlier posts of the same topic in the session; topics are those of the engine."""
    topic = largest_topic(features)[item].astype(np.int64)
    key = session * (2 * features.shape[1]) + topic
    order = np.argsort(key, kind="stable")
    first = np.diff(key[order], prepend=-1) != 0
    index = np.arange(key.size)
    rank = np.empty(key.size)
    rank[order] = index - np.maximum.accumulate(np.where(first, index, 0))
    return np.where((session < 0) | (topic < 0), 0.0, rank)


def _session_ends(session: Ints, at: Ints, gap: float) -> npt.NDArray[np.int8]:
    """Whether a session ended here; known if the log continues for at least `gap`."""
    last = np.diff(session, append=-2) != 0
    known = at + gap * 60e6 <= at.max()
    ended = np.where(last, np.where(known, 1, -1), 0)
    return np.where(session < 0, -1, ended).astype(np.int8)


def _count_openings(
    account: Ints, at: Ints, session: Ints, accounts: int, tick: float
) -> tuple[Floats, int]:
    """Number of ticks in which each account opened the feed, and of whole ticks of the log."""
    opening = (session >= 0) & (np.diff(session, prepend=-1) != 0)
    start, step = int(at[session >= 0].min()), int(tick * 3600e6)
    ticks = max(int((at.max() - start) // step), 1)
    when = (at[opening] - start) // step
    pairs = np.unique(account[opening][when < ticks] * ticks + when[when < ticks])
    opened = np.bincount(pairs // ticks, minlength=accounts).astype(np.float64)
    seen = np.zeros(accounts, bool)
    seen[account[session >= 0]] = True
    return np.where(seen, opened, -1.0), ticks

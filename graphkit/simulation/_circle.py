"""What followed an impression, and what the circle had done before it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset

__all__ = ["KINDS_OF", "followed_circle", "new_follows", "reacted"]

Flags = npt.NDArray[np.bool_]

#: Kinds of interactions that count as each reaction.
KINDS_OF = {
    "like": ("like",), "comment": ("comment",), "share": ("share", "repost"),
    "duet": ("duet",), "stitch": ("stitch",),
}  # fmt: skip

_EARLIEST = -(2**62)


def reacted(
    ds: Dataset, rows: pl.DataFrame, missing: dict[str, str], removed: dict[str, int]
) -> dict[str, Flags]:
    """By reaction, whether the account did it to the item after this and no later impression.

    Acts that no impression of the item came before are counted in `removed`.
    """
    acts = _acts(ds)
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
    acts = _acts(ds) if _event(ds, "interactions.at", "impressions.at") else None
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


def _acts(ds: Dataset) -> pl.DataFrame | None:
    """Account, item (of an answer, the one it answers), kind, at; `None` without any."""
    table = ds.interactions
    columns = [] if table is None else [
        pl.col(c) for c in ("target_item_id", "item_id") if c in table.columns
    ]  # fmt: skip
    if table is None or not columns:
        return None
    at = pl.col("at").to_physical() if _event(ds, "interactions.at", "impressions.at") else None
    known = table.select(
        "account_id", pl.coalesce(columns).alias("item_id"), pl.col("kind").cast(pl.String),
        (pl.lit(None) if at is None else at).cast(pl.Int64).alias("at"),
    ).drop_nulls("item_id")  # fmt: skip
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

"""From a simulation's measures to contrasts, the scan over s, and two headlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from graphkit.data.results import Visibility
from graphkit.measures import contrast
from graphkit.study._sentences import Gap, Headline, headline, without_filler
from graphkit.study.disclosure import shown_communities

__all__ = ["add_hosting", "contrasts", "headlines", "mark_sign_changes", "scan_rows", "told_apart"]

#: What the scan over s shows, beside the headlines.
SCANNED = ("crossing", "hosting_hidden", "viewer_value")

KINDS = ("interest", "follow", "planted")


def told_apart(
    seen: Visibility, least: int, others: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Communities that the follow graph does not show, and those that it shows.

    Only those that are large enough for a report: what a handful of accounts share says
    nothing about a culture (`others` as in :func:`shown_communities`). Where nothing can be
    said of visibility they are in neither.
    """
    frame = seen.frame.sort("size", descending=True, maintain_order=True)
    frame = frame.head(shown_communities(frame.get_column("size").to_list(), least, others))
    known = frame.filter(pl.col("follow_f1").is_not_null())
    hidden = known.filter(~pl.col("visible")).get_column("label").to_list()
    return tuple(hidden), tuple(known.filter("visible").get_column("label").to_list())


def add_hosting(
    outcome: pl.DataFrame, hidden: Mapping[str, Sequence[str]], visible: Mapping[str, Sequence[str]]
) -> pl.DataFrame:
    """The outcome with the hosting of hidden communities, and of all others.

    ``hosting_hidden`` and ``hosting_visible`` are means of ``hosting_reach`` over the
    communities that the follow graph does not show, and over those that it shows, each
    counting once; ``hosting_gap`` is the first minus the second.

    Parameters
    ----------
    outcome
        Result of :func:`graphkit.measure_spread`.
    hidden, visible
        Names of the communities that the follow graph does not show, and of those that it
        shows, by kind of partition; kinds that are not in it get no such rows.
    """
    keys = ["arm", "world", "replication", "partition", "budget", "calibrated"]
    parts = [outcome]
    for kind, names in hidden.items():
        rows = outcome.filter(
            measure="hosting_reach", partition=kind
        ).filter(pl.col("community").is_not_null())  # fmt: skip
        wide = rows.group_by(keys, maintain_order=True).agg(
            pl.col("value")
            .filter(pl.col("community").is_in(list(names)))
            .mean()
            .alias("hosting_hidden"),
            pl.col("value")
            .filter(pl.col("community").is_in(list(visible[kind])))
            .mean()
            .alias("hosting_visible"),
        )
        wide = wide.with_columns(hosting_gap=pl.col("hosting_hidden") - pl.col("hosting_visible"))
        long = wide.unpivot(index=keys, variable_name="measure", value_name="value")
        long = long.with_columns(pl.lit(None, pl.String).alias("community"))
        parts.append(long.select(outcome.columns))
    return pl.concat(parts)


def contrasts(outcome: pl.DataFrame, arms: Sequence[str]) -> pl.DataFrame:
    """Every arm against the first."""
    return pl.concat([contrast(outcome, arm, arms[0]) for arm in arms[1:]])


def scan_rows(outcome: pl.DataFrame, arms: Sequence[str], s: float) -> pl.DataFrame:
    """The contrasts of one value of s that the scan shows."""
    kept = outcome.filter(
        pl.col("community").is_null() & pl.col("measure").is_in(SCANNED)
    )  # fmt: skip
    found = contrasts(kept, arms)
    return found.select(pl.lit(float(s)).alias("s"), pl.all())


def mark_sign_changes(scan: pl.DataFrame) -> pl.DataFrame:
    """A column ``sign_change``: the interval lies on the other side of 0 than at a smaller s.

    Compared is with the last smaller s whose interval leaves 0 out; what cannot be told
    changes nothing.
    """
    keys = ["partition", "measure", "arm", "baseline"]
    sign = pl.when(pl.col("low") > 0).then(1).when(pl.col("high") < 0).then(-1)
    scan = scan.sort(*keys, "s", nulls_last=True).with_columns(sign.alias("sign"))
    before = pl.col("sign").forward_fill().shift(1).over(keys)
    return scan.with_columns(
        (pl.col("sign") * before < 0).fill_null(False).alias("sign_change")
    ).drop("sign")


def headlines(
    found: pl.DataFrame,
    arms: Sequence[str],
    hidden: Mapping[str, Sequence[str]],
    unfilled: pl.DataFrame | None = None,
) -> list[Headline]:
    """Crossing, and hosting of what the follow graph does not show, arm by arm.

    `unfilled` are the contrasts with slots left empty in place of filler, where there was
    any: a headline then says whether its sign is the same.
    """
    able = {kind for kind, names in hidden.items() if names}
    result = []
    for arm in arms[1:]:
        for measure, scale, unit, title, claim, more, less in (
            ("crossing", 1.0, "times chance", "Crossing borders",
             "carries content across borders", "carries more across borders",
             "carries less across borders"),
            ("hosting_hidden", 100.0, "% of its members",
             "Hosting what the follow graph does not show",
             "shows a post of such a community to", "hosts such communities more",
             "hosts such communities less"),
        ):  # fmt: skip
            hosting = measure == "hosting_hidden"
            keep = able if hosting else None
            gaps = _gaps(found, arm, measure, scale, keep)
            none = "no partition has a community that the follow graph does not show"
            said = headline(
                f"{title}: {arm} against {arms[0]}", claim, gaps, arm=arm, baseline=arms[0],
                unit=unit, more=more, less=less,
                without=none if hosting else "no partition allows it",
            )  # fmt: skip
            if unfilled is not None and gaps:
                bare = _gaps(unfilled, arm, measure, scale, keep)
                said = without_filler(said, gaps, bare, arm=arm, baseline=arms[0], unit=unit)
            result.append(said)
    return result


def _gaps(
    found: pl.DataFrame, arm: str, measure: str, scale: float, kinds: set[str] | None
) -> dict[str, Gap]:
    """The differences of a measure by kind of partition, of these kinds only if given."""
    rows = found.filter(
        (pl.col("arm") == arm) & (pl.col("measure") == measure)
        & pl.col("community").is_null() & pl.col("difference").is_not_null()
    )  # fmt: skip
    gaps = {}
    for row in rows.iter_rows(named=True):
        value, base, gap, low, high = (
            float("nan") if row[c] is None else scale * row[c]
            for c in ("arm_mean", "baseline_mean", "difference", "low", "high")
        )
        gaps[row["partition"]] = Gap(value, base, gap, low, high, int(row["worlds"]))
    order = [k for k in KINDS if k in gaps] + [k for k in gaps if k not in KINDS]
    return {kind: gaps[kind] for kind in order if kinds is None or kind in kinds}

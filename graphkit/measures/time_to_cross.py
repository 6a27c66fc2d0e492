"""Time to cross: ticks until a post has reached other communities, as survival."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import MOST_ARRIVALS, OLDEST, Spread
from graphkit.errors import DataError, MissingDataError, check_flag, check_integer
from graphkit.measures.catalogue import PartitionTallies, RunTallies, outcome_schema, run_keys
from graphkit.measures.mixing import partition_of
from graphkit.measures.samples import samples_of
from graphkit.measures.survival import ROUNDING, kaplan_meier, median_survival
from graphkit.parallel import refuse_after_fork

__all__ = ["TimeToCross", "time_to_cross"]

Bools = npt.NDArray[np.bool_]

_KEY: dict[str, Any] = {
    "arm": pl.String,
    "world": pl.Int64,
    "replication": pl.Int64,
    "community": pl.String,
}
_COUNTS = ("at_risk", "crossed", "censored")
_CURVES: dict[Any, Any] = {**_KEY, "age": pl.Int64, **dict.fromkeys(_COUNTS, pl.Int64)}
_CURVES |= dict.fromkeys(("survival", "low", "high"), pl.Float64)
_LEFT_OUT = ("not_entered", "no_origin", "cannot_cross")
_FRAME = {**_KEY, **dict.fromkeys(("posts", "crossed", "censored"), pl.Int64)}
_FRAME |= dict.fromkeys(("median", "restricted_mean", "crossed_share"), pl.Float64)
_FRAME |= dict.fromkeys(("horizon", "followed", "later", *_LEFT_OUT), pl.Int64)
_OUTCOME = outcome_schema(
    *("arm", "world", "replication", "partition", "community", "measure", "value"),
    *("budget", "calibrated", "sample"),
)


@dataclass(frozen=True, repr=False, eq=False)
class TimeToCross(Frozen, title="Time to cross", table="frame"):
    """Result of :func:`time_to_cross`.

    Attributes
    ----------
    curves
        Kaplan–Meier, one row per run, community and age: arm, world, replication, community (null:
        posts of all), age, at_risk, crossed, censored (posts at this age), survival (share of the
        posts that have not crossed after this age; null where none are at risk, unless all have
        crossed), low, high (null where survival is 0 or 1). The interval takes the posts of a
        run as independent; it says nothing about other worlds.
    frame
        One row per run and community: arm, world, replication, community, posts, crossed,
        censored (by the end of the run), median (age; null if survival does not fall to one
        half), restricted_mean (ticks), crossed_share (before the horizon), horizon (τ), followed
        (posts in both), later (posts that entered too late for them), and the posts left out of
        everything: not_entered, no_origin, cannot_cross.
    outcome
        Measures ``time_to_cross`` and ``crossed_share`` of every run in the columns of
        :func:`graphkit.measure_spread`, with the parts of a jackknife and the shares of filler:
        for :func:`graphkit.contrast` and :func:`graphkit.measures.arm_means`.
    partition
        Kind of partition.
    communities
        Foreign communities that a post must reach.
    """

    curves: pl.DataFrame
    frame: pl.DataFrame
    outcome: pl.DataFrame
    partition: str
    communities: int
    provenance: Provenance = field(default_factory=lambda: Provenance("time_to_cross"))

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "partition": self.partition,
            "crossed": _communities_text(self.communities),
        }
        whole = self.frame.filter(pl.col("community").is_null())
        for (arm,), rows in whole.group_by("arm", maintain_order=True):
            means = rows.select(pl.col("restricted_mean", "crossed_share", "horizon").mean())
            mean, share, horizon = means.row(0)
            text = "no post is followed" if mean is None else f"{mean:.3g} of {horizon:.0f} ticks"
            facts[f"arm {arm}"] = text if share is None else f"{text}, {share:.0%} crossed"
        return facts | dict(self.provenance.removed)


def time_to_cross(
    spread: Spread,
    partition: str,
    *,
    communities: int = 3,
    horizon: int | None = None,
    by_community: bool = False,
    confidence: float = 0.95,
) -> TimeToCross:
    """When posts reach other communities: survival curves, medians and restricted means.

    The time to cross T of a post is its age (0 in the tick in which it enters) when `communities`
    communities other than its community of origin have been reached: 5 accounts of each were
    shown it, its posters not counted. Posts that have not crossed when the run ends are
    right-censored at their age then, and S(t) = P(T > t) is estimated by Kaplan and Meier's
    method.

    The median is the smallest age t with S(t) ≤ 1/2, also where S is exactly 1/2.

    The restricted mean is Σ S(t) over the ages t < τ, the mean of min(T, τ). It is over the posts
    that are followed for τ ages, so that none is censored before τ and it is a plain mean; those
    that enter later are left out of it, and counted. Unlike the mean of T it is known, and unlike
    the median it always exists.

    Arms run the same posts. They are compared by differences of min(T, τ) per post, averaged in
    a world, over worlds: ``contrast(found.outcome, arm, baseline, primary=["time_to_cross"])``.
    With 3 communities and the default horizon, :func:`measure_spread` has the same measures. Under
    a free budget, each arm is averaged over the posts that entered in it. :func:`logrank` is for
    groups of different posts.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`.
    partition
        Kind of partition, such as ``"planted"``.
    communities
        Foreign communities that a post must reach, from 1 to 8.
    horizon
        τ, in ticks; by default the ages for which all posts of the first half of the run are
        followed, T − (T − 1) // 2 of T ticks, as in :func:`graphkit.measures.reach_by_age`.
    by_community
        Whether there are curves and means of the posts of each community of origin as well.
    confidence
        Confidence level of the intervals of the curves.

    Returns
    -------
    TimeToCross
        Of a jackknife, curves and frame are of the whole only. Left out and counted are posts that
        did not enter, posts without a community of origin, and posts that can never cross: fewer
        than `communities` communities other than their own have 5 accounts.

    Raises
    ------
    MissingDataError
        For an unknown kind of partition, and for tallies of an earlier version, which did not
        record when communities were reached.
    DataError
        If no post can cross.
    OptionError
        For `communities` outside 1 … 8, or a `horizon` outside 1 … T.

    References
    ----------
    Royston, P., & Parmar, M. K. B. (2013). Restricted mean survival time: an alternative to the
    hazard ratio for the design and analysis of randomized trials with a time-to-event outcome.
    BMC Medical Research Methodology, 13, 152. https://doi.org/10.1186/1471-2288-13-152

    Examples
    --------
    >>> import graphkit as gk
    >>> platform = gk.synthetic.platform(80, communities=4, rng=1)
    >>> world = gk.build_world(platform, ticks=6, rng=1)
    >>> arms = {"uniform": gk.recommenders.uniform(), "interest": gk.interest_centric()}
    >>> spread = gk.simulate_spread(world, arms, ticks=6, slots=3, rng=1)
    >>> found = time_to_cross(spread, "planted", communities=1)
    >>> found.frame.get_column("horizon").to_list()
    [4, 4]
    """
    refuse_after_fork()
    check_integer("communities", communities, 1, MOST_ARRIVALS)
    check_flag("by_community", by_community)
    keys, samples = run_keys(spread), samples_of(spread.worlds)
    n_ticks = spread.tallies[keys[0]].ticks.shape[1]
    check_integer("horizon", horizon, 1, min(n_ticks, OLDEST + 1), optional=True)
    curves: list[pl.DataFrame] = []
    rows: list[dict[str, Any]] = []
    outcome: list[tuple[object, ...]] = []
    for arm, w, r in keys:
        partition_of(spread, w, partition)
        run = RunTallies.of(spread, arm, w, r)
        if partition not in run.tally.arrivals:
            raise MissingDataError(
                f"the tallies of arm {arm!r} were saved by an earlier version, which did not record "
                "when communities were reached: simulate again, into another checkpoint."
            )
        found = PartitionTallies(run, partition, communities_reached=communities, horizon=horizon)
        names: list[tuple[str | None, Bools]] = [(None, np.ones(run.world.n_posts, np.bool_))]
        if by_community:
            part = found.partition
            homes = run.world.homes[partition]
            names += [(part.name(c), homes == c) for c in range(part.n_communities)]
        facts = (spread.budget, spread.calibrated, samples[w])
        shown = run.tally.impressions
        filler = int(run.tally.sources[-1]) / shown if shown else None
        outcome.append((arm, w, r, None, None, "filler", filler, *facts))
        for community, group in names:
            row = _summary_row(found, group)
            for name, value in (
                ("time_to_cross", row["restricted_mean"]),
                ("crossed_share", row["crossed_share"]),
            ):
                outcome.append((arm, w, r, partition, community, name, value, *facts))
            if spread.worlds[w].sample == "part":
                continue  # nearly the whole once more
            key = {"arm": arm, "world": w, "replication": r, "community": community}
            curve = _curve(found, group, confidence)
            if curve is not None:
                curves.append(curve.select(*(pl.lit(v).alias(k) for k, v in key.items()), pl.all()))
                row["median"] = median_survival(curve["age"], curve["survival"])
            rows.append(key | row)
    if not curves:
        raise DataError(
            f"no post can cross under the partition {partition!r}: needed are a post that enters, and "
            f"beside its own {_communities_text(communities)}. Take fewer communities, or a coarser "
            "partition."
        )
    frame = pl.DataFrame(rows, schema=_FRAME)
    long = pl.DataFrame(outcome, schema=_OUTCOME, orient="row")
    record = Provenance.of(
        "time_to_cross",
        {"partition": partition, "communities": communities, "horizon": horizon},
        made_from=(spread,),
        removed=_removed(frame),
    )
    every = pl.concat([curve.cast(_CURVES) for curve in curves])
    return TimeToCross(every, frame, long, partition, communities, record)


def _communities_text(count: int) -> str:
    return f"{count} foreign {'community' if count == 1 else 'communities'}, 5 accounts each"


def _summary_row(found: PartitionTallies, group: Bools) -> dict[str, Any]:
    """Counts, restricted mean and share crossed of a group of posts."""
    run = found.run
    can, followed = found.can_cross & group, found.followed & group
    crossed = int((found.crossed_at[can] >= 0).sum())
    known = run.entered & (run.world.homes[found.kind] >= 0) & group
    mean = share = None
    if followed.any():
        mean, share = (float(x[followed].mean()) for x in (found.times_to_cross, found.crossed))
    return {
        "posts": int(can.sum()),
        "crossed": crossed,
        "censored": int(can.sum()) - crossed,
        "median": None,
        "restricted_mean": mean,
        "crossed_share": share,
        "horizon": found.ages_followed,
        "followed": int(followed.sum()),
        "later": int((can & ~followed).sum()),
        "not_entered": int((group & ~run.entered).sum()),
        "no_origin": int((group & run.entered).sum()) - int(known.sum()),
        "cannot_cross": int((known & ~can).sum()),
    }


def _curve(found: PartitionTallies, group: Bools, confidence: float) -> pl.DataFrame | None:
    """Kaplan–Meier at every age up to the highest at which a post was seen; `None` without posts."""
    can = found.can_cross & group
    if not can.any():
        return None
    ages = found.crossed_at[can]
    last = found.run.tally.ticks.shape[1] - 1 - found.run.world.ticks[can].astype(np.int64)
    durations = np.where(ages >= 0, ages, np.minimum(last, OLDEST))
    table = kaplan_meier(durations, ages >= 0, confidence=confidence).rename(
        {"time": "age", "ended": "crossed"}
    )
    every = pl.DataFrame({"age": np.arange(min(int(last.max()), OLDEST) + 1, dtype=np.float64)})
    filled = every.join(table, on="age", how="left", maintain_order="left")
    return filled.with_columns(
        pl.col("at_risk").fill_null(strategy="backward").fill_null(0),
        pl.col("crossed", "censored").fill_null(0),
        pl.col("survival").fill_null(strategy="forward").fill_null(1.0),
        # undefined where survival is 1, at first, or 0, at last
        pl.col("low", "high").fill_null(strategy="forward"),
    ).with_columns(
        # nobody knows how a curve above 0 goes on without posts at risk
        pl.when((pl.col("at_risk") > 0) | (pl.col("survival") < ROUNDING)).then(pl.col("survival")),
        *(
            pl.when((pl.col("at_risk") > 0) & (pl.col("survival") > ROUNDING)).then(pl.col(name))
            for name in ("low", "high")
        ),
    )


def _removed(frame: pl.DataFrame) -> dict[str, int]:
    """Posts left out, summed over worlds, replications and arms."""
    whole = frame.filter(pl.col("community").is_null())
    words = {
        "not_entered": "posts that did not enter, over all runs",
        "no_origin": "posts without a community of origin, over all runs",
        "cannot_cross": "posts that can never cross, over all runs",
        "later": "posts too late for the restricted mean, over all runs",
    }
    counts = {text: int(whole.get_column(name).sum()) for name, text in words.items()}
    return {text: count for text, count in counts.items() if count}

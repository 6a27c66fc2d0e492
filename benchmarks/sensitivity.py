"""What kills the headline: hosting of a hidden community under one changed condition at a time.

Usage: python benchmarks/sensitivity.py [--quick] [--worlds=5] [--accounts=2500] [--only=TEXT]

Every row is a set of independent synthetic platforms (the same seeds in every row, as far as the
condition allows) under two feeds and random exposure. Columns: hosting of #alttok (share of its
members that a post of it reaches, %) under each; the difference interest − follower with its 95 %
interval over platforms; the slope of the difference over the follow homophily of all twelve
communities, and its value at chance; and the difference in crossing. A row kills the headline if
the interval of the difference includes 0 ("dies"), or lies on the other side ("turns"); if the
interest feed is not above random exposure, neither feed hosts ("below chance").
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

import graphkit as gk

HIDDEN, TICKS = "#alttok", 12
FOLLOWER, INTEREST = gk.follower_centric(), gk.interest_centric()


def unchanged(feed: gk.Feed) -> gk.Feed:
    """The feed as it is."""
    return feed


@dataclass(frozen=True)
class Row:
    """One condition: what differs from the defaults."""

    name: str
    platform: dict[str, Any] = field(default_factory=dict)
    world: dict[str, Any] = field(default_factory=dict)
    simulation: dict[str, Any] = field(default_factory=dict)
    interest: Callable[[gk.Feed], gk.Feed] = unchanged
    follower: Callable[[gk.Feed], gk.Feed] = unchanged


def weighted(**more: float) -> Callable[[gk.Feed], gk.Feed]:
    """A change of some weights of a feed."""
    return lambda feed: feed.but(feed.name, weights=more)


def penalised(value: float) -> Callable[[gk.Feed], gk.Feed]:
    """A change of the penalty of repeated topics."""
    return lambda feed: feed.but(feed.name, topic_penalty=value)


def explored(quota: int) -> Callable[[gk.Feed], gk.Feed]:
    """Candidates from everywhere, beside those of the interest source."""
    return lambda feed: feed.but(feed.name, sources={"everywhere": quota})


def followed(share: float) -> dict[str, Any]:
    """The dial of how much the hidden community follows itself."""
    return {"homophily": {**SPECTRUM, HIDDEN: share}}


SPECTRUM = gk.synthetic.platform(60, rng=1).parameters["homophily"]

ROWS = (
    Row("defaults: tags, sounds, captions"),
    Row("oracle: planted topics", world={"space": "planted"}),
    Row("tags only", world={"space": {"tags": 1.0}}),
    Row("captions only", world={"space": {"captions": 1.0}}),
    Row("who acted on what (SVD), no content", world={"space": "interactions"}),
    Row("tag noise .1", platform={"tag_noise": 0.1}),
    Row("tag noise .9", platform={"tag_noise": 0.9}),
    Row("profile noise 50 %", world={"profile_noise": 0.5}),
    Row("profile noise 90 %", world={"profile_noise": 0.9}),
    Row("cold start", world={"cold_start": True}),
    Row("posts misread 30 %", world={"feature_noise": 0.3}),
    Row("posts misread 70 %", world={"feature_noise": 0.7}),
    Row("hidden community follows itself .1", platform=followed(0.1)),
    Row("hidden community follows itself .25", platform=followed(0.25)),
    Row("hidden community follows itself .5", platform=followed(0.5)),
    Row("hidden community follows itself 1", platform=followed(1.0)),
    Row("taste social, s = .5", simulation={"social_share": 0.5}),
    Row("taste social, s = .8", simulation={"social_share": 0.8}),
    Row("interest feed explores (180)", interest=explored(180)),
    Row("interest feed + global reactions 1", interest=weighted(global_reactions=1.0)),
    Row("interest feed + author's followers 1", interest=weighted(author_followers=1.0)),
    Row("interest feed, topic penalty .3", interest=penalised(0.3)),
    Row("interest feed, topic penalty .8", interest=penalised(0.8)),
    Row("slots 3", simulation={"slots": 3}),
    Row("slots 30", simulation={"slots": 30}),
    Row("posts × 4", platform={"posts_per_account": 4.8}),
    Row(
        "follower feed + 60 candidates from everywhere, interest .6",
        follower=lambda feed: feed.but(
            feed.name, sources={"everywhere": 60}, weights={"interest": 0.6}
        ),
    ),
    Row("follows itself .25, topic penalty .3", platform=followed(0.25), interest=penalised(0.3)),
    Row("slots left empty", simulation={"reading": "empty"}),
    Row("shared slots", simulation={"reading": "shared"}),
)


def run(row: Row, n: int, accounts: int) -> dict[str, Any]:
    """The figures of one row."""
    options = dict(row.simulation)
    behaviour = gk.simulation.Behaviour(social_share=options.pop("social_share", 0.2))
    like = gk.synthetic.platform(accounts, **row.platform, rng=1)
    worlds = gk.synthetic.worlds(n, like=like, ticks=TICKS, **row.world, rng=7)
    arms = {"follower": row.follower(FOLLOWER), "interest": row.interest(INTEREST)}
    arms["uniform"] = gk.recommenders.uniform()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gk.errors.GraphkitWarning)
        spread = gk.simulate_spread(
            worlds, arms, ticks=TICKS, behaviour=behaviour, rng=11, **options
        )
    seen = [gk.visibility(w.partitions["planted"], w.follows, runs=2, rng=1) for w in worlds]
    outcome = gk.measures.hosting_by_visibility(gk.measure_spread(spread), {"planted": seen})
    gap = gk.contrast(outcome, "interest", "follower").frame
    chance = gk.contrast(outcome, "interest", "uniform").frame
    level = outcome.filter(arm="uniform", measure="hosting_reach", community=HIDDEN)
    return {
        "row": row.name,
        "uniform": 100 * level["value"].mean(),
        **figures(gap, "hosting_reach", HIDDEN),
        "beyond": figures(chance, "hosting_reach", HIDDEN)["low"],
        **{f"slope {k}": v for k, v in figures(gap, "hosting_slope").items()},
        **{f"at chance {k}": v for k, v in figures(gap, "hosting_at_chance").items()},
        **{f"crossing {k}": v for k, v in figures(gap, "crossing", scale=1).items()},
        "filler": max(spread.summary()["filler"]),
    }


def figures(
    gap: pl.DataFrame, measure: str, community: str | None = None, scale: float = 100
) -> dict[str, float | None]:
    """Both arms, their difference and its interval, in per cent."""
    same = pl.col("community").eq_missing(pl.lit(community, pl.String))
    row = gap.filter(same, measure=measure, partition="planted").row(0, named=True)
    names = {"follower": "baseline_mean", "interest": "arm_mean", "I − F": "difference"}
    names |= {"low": "low", "high": "high"}
    return {k: None if row[c] is None else scale * row[c] for k, c in names.items()}


def verdict(low: float | None, high: float | None, beyond: float | None) -> str:
    """Whether the interval lies above zero, and the interest feed above random exposure."""
    if low is None or high is None or beyond is None:
        return "?"
    if low > 0:
        return "holds" if beyond > 0 else "below chance"
    return "turns" if high < 0 else "dies"


def main() -> None:
    options = dict(arg.lstrip("-").split("=") for arg in sys.argv[1:] if "=" in arg)
    quick = "--quick" in sys.argv
    n = int(options.get("worlds", 2 if quick else 5))
    accounts = int(options.get("accounts", 600 if quick else 2500))
    rows = [row for row in ROWS if options.get("only", "") in row.name]
    print(f"{n} platforms of {accounts} accounts a row, {TICKS} ticks\n")
    print(
        "| condition | follower | interest | uniform | I − F [95 %] | headline | slope I − F [95 %]"
        " | at chance | crossing I − F [95 %] | filler |\n|" + "---|" * 10
    )
    for row in rows:
        f = run(row, n, accounts)
        print(
            f"| {f['row']} | {f['follower']:.1f} | {f['interest']:.1f} | {f['uniform']:.1f} "
            f"| {f['I − F']:+.1f} [{f['low']:+.1f}, {f['high']:+.1f}] "
            f"| {verdict(f['low'], f['high'], f['beyond'])} "
            f"| {f['slope I − F']:+.1f} [{f['slope low']:+.1f}, {f['slope high']:+.1f}] "
            f"| {f['at chance I − F']:+.1f} "
            f"| {f['crossing I − F']:+.3f} [{f['crossing low']:+.3f}, {f['crossing high']:+.3f}] "
            f"| {f['filler']:.0%} |".replace("-", "−"),
            flush=True,
        )


if __name__ == "__main__":
    main()

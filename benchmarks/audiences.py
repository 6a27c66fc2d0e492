"""What a For-You feed learns from, and what it shows to whom.

Usage: python benchmarks/audiences.py [--accounts=500] [--worlds=6] [--ticks=6]

First an ablation: the feed of interests, and the same without completion, country (the signal and the
weight), device and language, one at a time, on platforms whose country goes with the community not at
all, half and wholly (`locality`). They differ in country and language alone, so that effects are
compared within each world. `graphkit.attribution.ablate(worlds, nothing, feed, factors=FACTORS)`
divides the same differences in one call, from both ends; `feed_change` says how many posts change.

Then exposure by age on platforms with communities of harm, and the gap between minors and adults.

Two published statements are held against them:

* Boeker & Urman (2022; abstract, arXiv:2201.12271): language and location, likes, follows and time
  watched all influence what TikTok recommends. Here: every factor changes some of the feed.
* Xue et al. (2025; abstract, arXiv:2509.05838): minimal differences in exposure to harmful content
  between accounts of adults and of youth. Here no feed reads an age, so that a gap is that of the
  communities that each age is in: with `ages=0` there should be none.
"""

from __future__ import annotations

import sys
import tempfile

import numpy as np
import polars as pl

import graphkit as gk
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.measures import audience_exposure, feed_change
from graphkit.measures.intervals import OVER_POPULATIONS, Scheme
from graphkit.recommenders import Feed

#: What is switched off, as `factors` of gk.attribution.ablate.
FACTORS = {
    "completion": ("signals.completion",),
    "country": ("signals.country", "weights.same_country"),
    "device": ("signals.device",),
    "language": ("weights.same_language",),
}
MEASURES = ("viewer_value", "crossing")
LOCALITIES = (0.0, 0.5, 1.0)
#: Of the second part: three large communities, one that divides, and those that must be named.
HARM = ("comedy", "dance", "K-pop", "FoodTok", "politics", "challenges", "antivax", "QAnon")


def without(feed: Feed, factor: str) -> Feed:
    """The feed with the numbers of a factor at 0."""
    changes: dict[str, dict[str, float]] = {"signals": {}, "weights": {}}
    for key in FACTORS[factor]:
        table, _, name = key.partition(".")
        changes[table][name] = 0.0
    return feed.but(f"without {factor}", **changes)


def text(values: np.ndarray) -> str:
    """Mean over worlds with its 95 % interval."""
    found = Scheme(OVER_POPULATIONS, values.size).find(
        values, np.abs(values), np.arange(values.size), 0.95
    )
    return f"{found.centre:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"


def effects(outcome: pl.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """Value of the whole feed less that without a factor, by world."""
    rows = outcome.filter(pl.col("measure").is_in(MEASURES), pl.col("community").is_null())
    found = {}
    for measure in MEASURES:
        wide = rows.filter(measure=measure).pivot(on="arm", index="world", values="value")
        wide = wide.sort("world")
        for factor in FACTORS:
            found[measure, factor] = (wide["all"] - wide[factor]).to_numpy()
    return found


def simulate(worlds: list[World], ticks: int) -> tuple[Spread, pl.DataFrame]:
    """The feeds, and how much of the whole one each factor changes."""
    feed = gk.interest_centric()
    arms = {"all": feed, **{factor: without(feed, factor) for factor in FACTORS}}
    with tempfile.TemporaryDirectory() as folder:
        options = {"ticks": ticks, "slots": 8, "impressions": folder, "rng": 3}
        spread = gk.simulate_spread(worlds, arms, **options)
        change = feed_change(gk.simulation.scan_impressions(folder), worlds, baseline="all")
    return spread, change


def ablation(accounts: int, count: int, ticks: int) -> None:
    """Tables of effects by locality, and of what locality adds."""
    by_locality = {}
    for cold in (False, True):
        print(f"\n## Ablation, {'cold start' if cold else 'known profiles'}\n")
        print("| locality | factor | viewer value | crossing | share of the feed changed |")
        print("|---|---|---|---|---|")
        for locality in LOCALITIES[::2] if cold else LOCALITIES:
            like = gk.synthetic.platform(accounts, locality=locality, rng=1)
            worlds = gk.synthetic.worlds(count, like=like, ticks=ticks, cold_start=cold, rng=2)
            spread, change = simulate(worlds, ticks)
            found = by_locality[cold, locality] = effects(gk.measure_spread(spread))
            for factor in FACTORS:
                cells = [text(found[measure, factor]) for measure in MEASURES]
                row = change.filter(arm=factor).row(0, named=True)
                cells.append(f"{row['change']:.3f} [{row['low']:.3f}, {row['high']:.3f}]")
                print(f"| {locality:g} | {factor} | {' | '.join(cells)} |", flush=True)
        print("\nEffect at locality 1 less that at 0, within worlds:\n")
        print("| factor | viewer value | crossing |\n|---|---|---|")
        for factor in FACTORS:
            none, whole = by_locality[cold, 0.0], by_locality[cold, 1.0]
            gaps = [text(whole[m, factor] - none[m, factor]) for m in MEASURES]
            print(f"| {factor} | {' | '.join(gaps)} |")


def exposure(accounts: int, count: int, ticks: int) -> None:
    """Flagged and divisive posts by age, and the gap of minors."""
    for ages in (0.0, 1.0):
        like = gk.synthetic.platform(accounts, communities=HARM, ages=ages, rng=1)
        worlds = gk.synthetic.worlds(count, like=like, ticks=ticks, rng=2)
        arms = {
            "interest-centric": gk.interest_centric(),
            "follower-centric": gk.follower_centric(),
            "uniform": gk.recommenders.uniform(),
        }
        spread = gk.simulate_spread(worlds, arms, ticks=ticks, slots=8, rng=3)
        print(f"\n## Exposure by age, ages={ages:g}\n")
        print("| feed | group | members | flagged | ratio to uniform | divisive | ratio |")
        print("|---|---|---|---|---|---|---|")
        found = audience_exposure(spread, by="age_band")
        for arm in arms:
            for group in found.levels["group"].unique().sort():
                cells = []
                for measure in ("flagged_share", "divisive_share"):
                    of = {"arm": arm, "measure": measure, "group": group}
                    level = found.levels.filter(**of).row(0, named=True)
                    gap = found.frame.filter(**of)
                    ratio = "" if not gap.height else f"{gap['ratio'].item():.2f}"
                    bounds = f"[{level['low']:.4f}, {level['high']:.4f}]"
                    cells += [f"{level['value']:.4f} {bounds}", ratio]
                print(f"| {arm} | {group} | {level['members']:.0f} | {' | '.join(cells)} |")
        print("\n| feed | measure | minors less adults | direction |\n|---|---|---|---|")
        rows = audience_exposure(spread, by="minors").levels.filter(group="minors")
        for row in rows.filter(pl.col("measure").str.ends_with("_share")).iter_rows(named=True):
            bounds = f"[{row['gap_low']:+.4f}, {row['gap_high']:+.4f}]"
            cells = f"{row['measure']} | {row['gap']:+.4f} {bounds} | {row['direction']}"
            print(f"| {row['arm']} | {cells} |", flush=True)


def main() -> None:
    given = dict(arg.lstrip("-").split("=") for arg in sys.argv[1:])
    sizes = [
        int(given.get(k, usual)) for k, usual in (("accounts", 500), ("worlds", 6), ("ticks", 6))
    ]
    ablation(*sizes)
    exposure(*sizes)


if __name__ == "__main__":
    main()

"""Are flagged communities hosted as others are, and what do three interventions cost?

Usage: python benchmarks/harm.py [--accounts=600] [--worlds=8] [--ticks=8] [--slots=10] [--plots=FOLDER]

Independently made platforms. In each, a lot decides which three of the communities below the median
size hold flagged posts (four in ten of theirs), and which accounts are minors (a quarter, and one in
ten of unknown age): all of these are assumptions. So flagged communities differ from their controls
in their flags alone, and a difference in hosting is caused by what feeds and viewers do with flags.

At the end, the cascades of flagged posts against those of others, for comparison with Vosoughi et
al. (2018): false news spread to more people, deeper and more broadly; and with Juul and Ugander
(2021): not so among cascades of the same size.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import polars as pl

import graphkit as gk
from graphkit import plot
from graphkit.data.world import World
from graphkit.measures import flagged_cascades, hosting_of_flagged, intervention_costs
from graphkit.measures.intervention_costs import COSTS, PRIMARY
from graphkit.recommenders import Feed, interventions, uniform
from graphkit.rng import Streams

#: Flagged communities of a world, and the share of their posts that are flagged.
COMMUNITIES, SHARE = 3, 0.4
#: Share of minors, and of accounts of unknown age.
MINORS, UNKNOWN = 0.25, 0.1


def mark(world: World, rng: np.random.Generator) -> World:
    """The world with flags in some small communities, and with ages."""
    part, homes = world.partitions["planted"], world.homes["planted"]
    posts = np.bincount(homes[homes >= 0], minlength=part.n_communities)
    able = np.flatnonzero(
        (part.sizes >= 10) & (part.sizes <= np.median(part.sizes)) & (posts >= 10)
    )
    chosen = rng.choice(able, COMMUNITIES, replace=False)
    flagged = np.isin(homes, chosen) & (rng.random(world.n_posts) < SHARE)
    ages = rng.choice([-1, 0, 1], world.n_accounts, p=[UNKNOWN, MINORS, 1 - MINORS - UNKNOWN])
    return dataclasses.replace(
        world,
        flagged=flagged,
        age_band=ages.astype(np.int32),
        code_names={**world.code_names, "age_band": ("13-17", "18+")},
    )


def told(row: dict[str, object], scale: float = 1.0) -> str:
    if row["difference"] is None:
        return "unknown"
    low, middle, high = (float(str(row[key])) * scale for key in ("low", "difference", "high"))
    return f"{middle:+.3g} [{low:+.3g}, {high:+.3g}]"


def main() -> None:
    options = dict(arg.lstrip("-").split("=") for arg in sys.argv[1:])
    accounts, count = int(options.get("accounts", 600)), int(options.get("worlds", 8))
    ticks, slots = int(options.get("ticks", 8)), int(options.get("slots", 10))
    like = gk.synthetic.platform(accounts, rng=1)
    streams = Streams(1)
    made = gk.synthetic.worlds(count, like=like, ticks=ticks, rng=3)
    worlds = [mark(w, streams.generator("marks", i)) for i, w in enumerate(made)]
    feeds = {"interest-centric": gk.interest_centric(), "follower-centric": gk.follower_centric()}
    arms: dict[str, Feed] = {"uniform": uniform(), **feeds}
    groups = {}
    for name, feed in feeds.items():
        changed = interventions(feed)
        groups[name] = list(changed)
        arms |= changed
    spread = gk.simulate_spread(worlds, arms, ticks=ticks, slots=slots, reading="empty", rng=5)

    hosted = hosting_of_flagged(spread, partition="planted")
    print("## Hosting of flagged communities (within-community reach, points of %)\n")
    print("| arm | flagged | others of their size | difference | Holm p | verdict (margin ±20 %) |")
    print("|---|---|---|---|---|---|")
    for row in hosted.frame.filter(measure="hosting_reach").iter_rows(named=True):
        level = f"{100 * row['flagged']:.1f} | {100 * row['unflagged']:.1f}"
        p = "" if row["p_holm"] is None else f"{row['p_holm']:.2g}"
        print(f"| {row['arm']} | {level} | {told(row, 100)} | {p} | {row['verdict']} |")
    print(f"\n{dict(hosted.communities.group_by('group').len().sort('group').rows())}")

    costs = intervention_costs(spread, groups, partition="planted")
    print("\n## Interventions: change against the same feed without (* tested)\n")
    for base, names in groups.items():
        print(f"| {base}: | before | {' | '.join(n.split(', ', 1)[1] for n in names)} |")
        print("|---" * (2 + len(names)) + "|")
        for measure in COSTS:
            rows = [
                costs.frame.filter(baseline=base, arm=arm, measure=measure).row(0, named=True)
                for arm in names
            ]
            if rows[0]["difference"] is None:
                continue
            star = "*" if measure in PRIMARY else ""
            cells = [f"{told(row)} ({row['direction']})" for row in rows]
            before = f"{rows[0]['baseline_mean']:.3g} {rows[0]['unit']}"
            print(f"| {measure}{star} | {before} | {' | '.join(cells)} |")
        print()

    found = flagged_cascades(spread)
    print("## Cascades: flagged − others\n")
    print("| arm | matched by | measure | flagged | others | difference | FDR | direction |")
    print("|---|---|---|---|---|---|---|---|")
    for row in found.frame.filter(pl.col("arm").is_in(list(feeds))).iter_rows(named=True):
        if row["difference"] is None:
            continue
        level = f"{row['flagged']:.3f} | {row['unflagged']:.3f}"
        p = "" if row["p_fdr"] is None else f"{row['p_fdr']:.2g}"
        start = f"{row['arm']} | {row['matching']} | {row['measure']}"
        print(f"| {start} | {level} | {told(row)} | {p} | {row['direction']} |")
    if folder := options.get("plots"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        plot.hosting_of_flagged(hosted).savefig(f"{folder}/hosting_of_flagged.png")
        plot.intervention_costs(costs).savefig(f"{folder}/intervention_costs.png")


if __name__ == "__main__":
    main()

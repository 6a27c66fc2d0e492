"""Does variety pay? Session length and retention over the penalty of a repeated topic.

Usage: python benchmarks/variety.py [--accounts=1500] [--worlds=5] [--ticks=10]

A platform like the bundled one, the feed of interests, under either budget, with the assumed
behaviour, without boredom, and without boredom and fatigue, where variety cannot pay by either.
"""

from __future__ import annotations

import sys
import tempfile
import time

import graphkit as gk
from graphkit.attribution import Variety, variety
from graphkit.simulation import Behaviour

BEHAVIOURS = {
    "default": Behaviour(),
    "boredom 0": Behaviour(boredom=0.0),
    "boredom 0, fatigue 0": Behaviour(boredom=0.0, fatigue=0.0),
}


def print_optima(found: Variety) -> None:
    """One line per budget and measure."""
    print("\n| budget | measure | best | optimum | set | vertex | cost of monotony | % |")
    print("|---|---|---|---|---|---|---|---|")
    for row in found.optimum.iter_rows(named=True):
        several = ", ".join(f"{p:g}" for p in row["undistinguished"] or ())
        vertex = row["no_vertex"]
        if row["vertex"] is not None:
            vertex = f"{row['vertex']:.3f} [{row['vertex_low']:.3f}, {row['vertex_high']:.3f}]"
        cost, percent = f"{row['cost']:.4g}", f"{row['cost_percent']:.2f}"
        if row["cost_low"] is not None:
            cost += f" [{row['cost_low']:.4g}, {row['cost_high']:.4g}] {row['direction']}"
            percent += f" [{row['percent_low']:.2f}, {row['percent_high']:.2f}]"
        kind = "" if row["partition"] is None else f" ({row['partition']})"
        place = f"{row['budget']} | {row['measure']}{kind} | {row['best']:g} | {row['optimum']}"
        print(f"| {place} | {several} | {vertex} | {cost} | {percent} |")


def print_curves(found: Variety) -> None:
    """Means by penalty."""
    wide = found.curves.pivot("penalty", index=["budget", "measure", "partition"], values="mean")
    print(f"\n| budget | measure | {' | '.join(wide.columns[3:])} |")
    print("|---" * (len(wide.columns) - 1) + "|")
    for budget, measure, _, *means in wide.iter_rows():
        print(f"| {budget} | {measure} | {' | '.join(f'{mean:.5g}' for mean in means)} |")


def main() -> None:
    options = dict(arg.lstrip("-").split("=") for arg in sys.argv[1:])
    accounts, count = int(options.get("accounts", 1500)), int(options.get("worlds", 5))
    ticks = int(options.get("ticks", 10))
    like = gk.synthetic.platform(accounts, rng=1)
    worlds = gk.synthetic.worlds(count, like=like, ticks=ticks, rng=3)
    for name, behaviour in BEHAVIOURS.items():
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            more = {"behaviour": behaviour, "cache": f"{folder}/cache", "rng": 1}
            found = variety(worlds, gk.interest_centric(), ticks=ticks, **more)
        print(f"\n## {name}")
        print_optima(found)
        print_curves(found)
        filler = found.curves.get_column("filler").max()
        print(
            f"\nlargest share of filler {filler:.1%}; {time.perf_counter() - start:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()

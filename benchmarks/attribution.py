"""Attribution on gaps whose causes are known: one cause among eight, a 2×2 design, none, Ishigami.

Usage: python benchmarks/attribution.py [--only=cause|design|null|ishigami] [--repeats=200]

* cause: two feeds differ in eight numbers, of which one can matter; its share of the gap.
* design: sources × ranking, from the feed of circles to that of interests: main effects, interaction.
* null: two feeds of the same distribution and other draws, on new small worlds each time; how often
  any factor is found at Holm's .05, with the interval of Clopper and Pearson.
* ishigami: Sobol indices beside the known ones.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import polars as pl
from scipy import stats

import graphkit as gk
from graphkit.attribution import Shapley, shapley, sobol_indices
from graphkit.attribution.sensitivity import saltelli_points
from graphkit.recommenders import Feed, source_by_ranking

RANDOM = Feed("random", {"everywhere": 240}, {"chance": 1.0}, learning_rate=0.0)
#: Nothing but the weight of interest is read: there are no fresh candidates, no half-life of a
#: profile that does not learn, no discount of an author, for whom the decay is 1.
ONE_CAUSE = RANDOM.but(
    "one cause",
    weights={"interest": 2.0},
    signals={"like": 0.1, "skip": -0.1},
    author_floor=0.5,
    half_life=10.0,
    interest_share=0.5,
    trial_size=30,
    trial_growth=2.0,
)
#: Uniform draws, ranked by chance or against it, from more or fewer of them.
ONE_WAY = Feed("one way", {"everywhere": 24}, {"chance": 1.0}, learning_rate=0.0)
OTHER_WAY = ONE_WAY.but(
    "other way", sources={"everywhere": 30}, weights={"chance": -1.0}, trial_growth=2.0
)


def print_parts(found: Shapley) -> None:
    """Gap, parts and interactions as a table."""
    for gap in found.gap.iter_rows(named=True):
        print(f"\n{gap['measure']}: gap {number(gap, 'gap')}, filler {gap['filler']:.0%}\n")
        print("| factor | part | share | Holm p | direction |\n|---|---|---|---|---|")
        for row in found.frame.filter(measure=gap["measure"]).iter_rows(named=True):
            share = "" if row["share"] is None else f"{row['share']:.1%}"
            p = "" if row["p_holm"] is None else f"{row['p_holm']:.2g}"
            print(f"| {row['factor']} | {number(row)} | {share} | {p} | {row['direction']} |")
        for row in found.interactions.filter(measure=gap["measure"]).iter_rows(named=True):
            if row["value"]:
                pair = f"{row['factor']} × {row['other']}"
                print(f"| {pair} (interaction) | {number(row)} | | | {row['direction']} |")


def number(row: dict[str, float], name: str = "value") -> str:
    """A value with its interval."""
    if row["low"] is None:
        return f"{row[name]:+.4f}"
    return f"{row[name]:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}]"


def run_cause() -> None:
    """Eight numbers, one cause, ten worlds."""
    like = gk.synthetic.platform(200, communities=6, rng=1)
    worlds = gk.synthetic.worlds(10, like=like, ticks=4, rng=3)
    options = {"measure": ["crossing", "viewer_value"], "ticks": 3, "slots": 5}
    print_parts(shapley(worlds, RANDOM, ONE_CAUSE, factors="numbers", rng=1, **options))


def run_design() -> None:
    """Sources × ranking, from circles to interests; slots that a feed cannot fill stay empty."""
    like = gk.synthetic.platform(600, rng=1)
    worlds = gk.synthetic.worlds(10, like=like, ticks=8, rng=5)
    corners = source_by_ranking()
    a, b = corners["circle × circle reactions"], corners["everywhere × interest"]
    names = {"source": "sources", "ranking": "weights"}
    options = {"measure": ["crossing", "viewer_value"], "ticks": 8, "reading": "empty"}
    print_parts(shapley(worlds, a, b, factors=names, rng=1, **options))


def run_null(repeats: int) -> None:
    """Rate of findings where there is nothing to find."""
    like = gk.synthetic.platform(100, communities=3, rng=1)
    found = {"crossing": 0, "viewer_value": 0}
    tests = dict.fromkeys(found, 0)
    for repeat in range(repeats):
        worlds = gk.synthetic.worlds(6, like=like, ticks=3, rng=1000 + repeat)
        options = {"measure": list(found), "ticks": 2, "slots": 4, "factors": "numbers"}
        rows = shapley(worlds, ONE_WAY, OTHER_WAY, rng=repeat, **options).frame
        for name in found:
            p = rows.filter(measure=name).get_column("p_holm").drop_nulls()
            found[name] += int((p < 0.05).any())
            tests[name] += len(p)
    print("\n| measure | tests per repeat | any finding | rate | 95 % |\n|---|---|---|---|---|")
    for name, count in found.items():
        low, high = stats.binomtest(count, repeats).proportion_ci()
        each = tests[name] / repeats
        rate = f"{count / repeats:.1%} | {low:.1%} to {high:.1%}"
        print(f"| {name} | {each:.2f} | {count} of {repeats} | {rate} |")


def run_ishigami() -> None:
    """Indices of the Ishigami function, a = 7 and b = 0.1."""
    points = saltelli_points(dict.fromkeys("xyz", (-np.pi, np.pi)), 1024, rng=3)
    x, y, z = points.T
    outputs = np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)
    known = pl.DataFrame(
        {"known_first": [0.3139, 0.4424, 0.0], "known_total": [0.5576, 0.4424, 0.2437]}
    )
    table = sobol_indices(outputs, list("xyz"), rng=3).frame.hstack(known)
    print("\n| parameter | first | known | total | known |\n|---|---|---|---|---|")
    for row in table.iter_rows(named=True):
        texts = [
            f"{row[k]:.3f} [{row[f'{k}_low']:.3f}, {row[f'{k}_high']:.3f}] | {row[f'known_{k}']:.4f}"
            for k in ("first", "total")
        ]
        print(f"| {row['parameter']} | {' | '.join(texts)} |")


def main() -> None:
    options = dict(arg.lstrip("-").split("=") for arg in sys.argv[1:] if "=" in arg)
    repeats = int(options.get("repeats", 200))
    parts: dict[str, Callable[[], None]] = {
        "cause": run_cause,
        "design": run_design,
        "null": lambda: run_null(repeats),
        "ishigami": run_ishigami,
    }
    for name, run in parts.items():
        if options.get("only", name) == name:
            start = time.perf_counter()
            print(f"\n## {name}")
            run()
            print(f"\n{time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()

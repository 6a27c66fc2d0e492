"""Feeds by payout schemes: income, survival of small creators and the four goals, free budget.

Usage: python benchmarks/economy.py [--accounts=700] [--worlds=8] [--ticks=10] [--figure=FILE]

Small synthetic worlds made independently; creators respond to income under each scheme, by the
assumed behaviour. The last lines hold the concentration of income against published figures.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np

import graphkit as gk
from graphkit import plot
from graphkit.errors import GraphkitWarning
from graphkit.measures import Economy, economy, lorenz, payouts

#: Columns of the table.
SHOWN = ("income_gini", "living_share", "small_kept_share", "creators_kept", "viewer_value")
SHOWN += ("kept_sessions", "platform_value")
#: Published concentrations: share of the creators, share that they hold, of what, and source.
PUBLISHED = (
    (0.03, 0.85, "views", "YouTube channels, Bärtl 2018, doi:10.1177/1354856517736979 (abstract)"),
    (0.01, 0.50, "income", "paid Twitch channels of 2021, Wall Street Journal (press, of a leak)"),
)


def simulate(accounts: int, count: int, ticks: int) -> Economy:
    """The economy of every payout scheme that comes with the package, under three feeds."""
    like = gk.synthetic.platform(accounts, rng=1)
    worlds = gk.synthetic.worlds(count, like=like, ticks=ticks, rng=3)
    arms = {
        "follower": gk.follower_centric(),
        "interest": gk.interest_centric(),
        "uniform": gk.recommenders.uniform(),
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        spreads = [
            gk.simulate_spread(worlds, arms, ticks=ticks, budget="free", payout=name, rng=1)
            for name in payouts()
        ]
    return economy(spreads, list(payouts()), baseline="follower")


def print_table(found: Economy) -> None:
    """Means with intervals, and the differences that are distinguishable."""
    wide = found.wide().select("payout", "arm", *SHOWN)
    print(f"\n| {' | '.join(wide.columns)} |\n{'|---' * wide.width}|")
    for row in wide.iter_rows():
        print(f"| {' | '.join(str(cell) for cell in row)} |")
    print(
        "\n| varies | measure | differences | higher | lower | not claimed |\n|---|---|---|---|---|---|"
    )
    for (varies, measure), rows in found.contrasts.group_by(
        "varies", "measure", maintain_order=True
    ):
        counts = dict(rows["direction"].value_counts().iter_rows())
        filled = counts.get("not claimed: filler", 0)
        numbers = rows.height, counts.get("higher", 0), counts.get("lower", 0), filled
        print(f"| {varies} | {measure} | {' | '.join(map(str, numbers))} |")
    print(f"\n{found.sentence}")


def top_share(values: np.ndarray, part: float) -> float:
    """Share that the highest `part` of the values hold; a fraction of the last one counts."""
    holders, held = lorenz(values).T
    return 1 - float(np.interp(1 - part, holders, held))


def print_published(found: Economy) -> None:
    """Concentration of views and of income beside the published."""
    by_name = {income.payout.name: income for income in found.incomes}
    for part, share, what, source in PUBLISHED:
        income = by_name["per_view" if what == "views" else "subscriptions"]
        for arm in income.frame["arm"].unique(maintain_order=True):
            shares = [top_share(x, part) for (a, _, _), x in income.incomes.items() if a == arm]
            mean = np.mean(shares)
            print(
                f"top {part:.0%} hold {mean:.1%} of {what} ({arm}); published {share:.0%}: {source}"
            )


def main() -> None:
    options = dict(arg.lstrip("-").split("=") for arg in sys.argv[1:])
    sizes = (("accounts", 700), ("worlds", 8), ("ticks", 10))
    start = time.perf_counter()
    found = simulate(*(int(options.get(name, usual)) for name, usual in sizes))
    print_table(found)
    print_published(found)
    if "figure" in options:
        plot.economy(found).savefig(options["figure"], dpi=110)
    print(f"\n{time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()

"""How often the interval over worlds holds the truth.

    python benchmarks/interval_coverage.py

Worlds are drawn with paired arms whose values share the world's level, two replications
each, and a known mean difference; `contrast` is asked for its 95 % interval. The
percentile bootstrap over worlds stands beside it, to show why it is not used. The last
row is a stress, not a promise: differences as skewed as an exponential distribution.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.measures import contrast

RUNS, REPLICATIONS = 4000, 2
Draws = npt.NDArray[np.float64]


def normal(draws: np.random.Generator, shape: tuple[int, ...]) -> Draws:
    """Normal differences between worlds."""
    return draws.normal(0, 1, shape)


def skewed(draws: np.random.Generator, shape: tuple[int, ...]) -> Draws:
    """Difference of two arms, each skewed (gamma, skewness 1.4 and 0.7), centred."""
    return draws.gamma(2, 1, shape) - draws.gamma(8, 0.3, shape) - 2 + 2.4


def exponential(draws: np.random.Generator, shape: tuple[int, ...]) -> Draws:
    """Exponential differences (skewness 2), centred."""
    return draws.exponential(1, shape) - 1


def outcome(differences: Draws, draws: np.random.Generator) -> pl.DataFrame:
    """An outcome with one community per run: arm b, and arm a above it by the differences."""
    runs, worlds = differences.shape
    shape = (runs, worlds, REPLICATIONS)
    level = draws.gamma(3, 2, (runs, worlds, 1))
    base = level + draws.normal(0, 0.4, shape)
    own = level + 0.5 + differences[:, :, None] + draws.normal(0, 0.4, shape)
    run, world, replication = (axis.ravel() for axis in np.indices(shape))
    sides = [
        pl.DataFrame(
            {"world": world, "replication": replication, "community": run, "value": side.ravel()}
        ).with_columns(
            pl.col("community").cast(pl.String),
            arm=pl.lit(arm),
            measure=pl.lit("m"),
            partition=pl.lit("planted"),
            budget=pl.lit("matched"),
        )
        for arm, side in (("a", own), ("b", base))
    ]
    return pl.concat(sides)


def bootstrap(differences: Draws, draws: np.random.Generator) -> float:
    """Coverage of a percentile bootstrap over the worlds, at a truth of zero."""
    held = 0
    for row in differences[:1000]:
        means = row[draws.integers(0, row.size, (1000, row.size))].mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        held += low <= 0 <= high
    return held / 1000


def main() -> None:
    """Print the coverages."""
    print(f"{'differences':>12} {'worlds':>7} {'t interval':>11} {'bootstrap':>10}   {RUNS} runs")
    for name, shape in (("normal", normal), ("skewed", skewed), ("exponential", exponential)):
        for worlds in (5, 10, 20):
            draws = np.random.default_rng([worlds, len(name)])
            differences = shape(draws, (RUNS, worlds))
            gap = contrast(outcome(differences, draws), "a", "b")
            held = gap.select(((pl.col("low") <= 0.5) & (pl.col("high") >= 0.5)).mean()).item()
            over = bootstrap(differences, draws)
            note = "  stress" if name == "exponential" else ""
            print(f"{name:>12} {worlds:>7} {held:>11.1%} {over:>10.1%}{note}")


if __name__ == "__main__":
    main()

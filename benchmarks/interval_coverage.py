"""How often the intervals of a contrast hold the truth, on the paths that users take.

    python benchmarks/interval_coverage.py [--quick] [path …]

Platforms made anew are the populations; the truth is the mean difference between an
interest-centric and a follower-centric feed over the other platforms. Paths: worlds made
independently, ten at a time; `resample_worlds` of one world, with planted and with content-based
interest spaces, and with few and many groups; and of a log of items without authors, which are
introduced. Measures were fixed beforehand.

Columns: the truth and the standard deviation over populations; how often a nominal 95 % interval
holds the truth (bounds 91 to 99.5 %); its half-width over t times that deviation (of ten
worlds, over √10; bounds 0.9 to 1.6); bias of the centre in standard errors (bound 0.25). `shift` is
that of the parts of a jackknife from their whole, likewise in standard errors: they are smaller
platforms. `noise` is the deviation of the half-width over populations, relative to its mean. A figure that misses its bound is marked and
makes the exit code 1. All paths take over an hour of one core's time.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

import graphkit as gk
from graphkit.data.platform import Platform
from graphkit.data.world import World

Floats = npt.NDArray[np.float64]

POPULATIONS, ACCOUNTS, TICKS, WORLDS, SETS = 200, 900, 6, 10, 400
#: Communities: by default the follow graph does not show the first, and shows the second.
HIDDEN, VISIBLE = "#alttok", "BookTok"
MEASURES: tuple[tuple[str, str | None], ...] = (
    ("crossing", None),
    ("hosting_reach", HIDDEN),
    ("hosting_reach", VISIBLE),
    ("viewer_value", None),
    ("creator_gini", None),
    ("small_creator_share", None),
    ("reach_outside", None),
)
COVERS, WIDTHS, BIAS = (0.91, 0.995), (0.9, 1.6), 0.25
#: The interest spaces that feeds read: the planted topics (an oracle), and content, the default.
PLANTED, CONTENT = "planted", None


def platform(number: int) -> Platform:
    """One population."""
    return gk.synthetic.platform(ACCOUNTS, rng=3000 + number)


def planted(number: int) -> World:
    """A world in which feeds read the planted topics."""
    return gk.build_world(platform(number), ticks=TICKS, space=PLANTED, rng=number)


def from_content(number: int) -> World:
    """A world in which feeds read tags, sounds and captions."""
    return gk.build_world(platform(number), ticks=TICKS, space=CONTENT, rng=number)


def introduced(number: int) -> World:
    """A world of a log whose items have no authors: some are held out and introduced."""
    made = platform(number)
    tables = dict(made.dataset.tables)
    tables["items"] = tables["items"].drop("author_id")
    log = gk.Dataset(**tables, time_kinds=made.dataset.time_kinds)
    return gk.build_world(log, {"planted": made.truth}, posts="introduced", ticks=TICKS, rng=number)


@dataclass(frozen=True)
class Path:
    """One way to an interval."""

    name: str
    world: Callable[[int], World]
    groups: int
    populations: int = POPULATIONS


PATHS = (
    Path("planted", planted, 20),
    Path("content", from_content, 20),
    Path("introduced", introduced, 20),
    Path("planted, 10 groups", planted, 10),
    Path("planted, 80 groups", planted, 80, 60),
)


def measured(worlds: list[World], number: int) -> pl.DataFrame:
    """The outcome, the fixed measures only."""
    arms = {"follower": gk.follower_centric(), "interest": gk.interest_centric()}
    spread = gk.simulate_spread(worlds, arms, ticks=TICKS, rng=number)
    outcome = gk.measure_spread(spread).filter(
        pl.col("partition").is_null() | (pl.col("partition") == "planted")
    )
    wanted = [
        (pl.col("measure") == measure) & pl.col("community").eq_missing(pl.lit(community))
        for measure, community in MEASURES
    ]
    return outcome.filter(pl.any_horizontal(wanted))


def read(outcome: pl.DataFrame) -> Floats:
    """Difference, low, high and standard error of each measure, shape (measures, 4)."""
    gap = gk.contrast(outcome, "interest", "follower")
    rows = (
        gap.frame.filter(pl.col("community").eq_missing(pl.lit(community)), measure=measure).row(
            0, named=True
        )
        for measure, community in MEASURES
    )
    found = [[row[name] for name in ("difference", "low", "high", "se")] for row in rows]
    return np.array(found, dtype=np.float64)


def jackknife(path: Path, number: int) -> tuple[Floats, Floats]:
    """Intervals of one population, and the mean shift of the parts from the whole."""
    outcome = measured(gk.resample_worlds(path.world(number), path.groups, rng=number), number)
    sides = outcome.pivot(
        on="arm", index=["measure", "community", "world"], values="value", maintain_order=True
    ).with_columns(d=pl.col("interest") - pl.col("follower"))
    shift = []
    for measure, community in MEASURES:
        rows = (
            sides.filter(pl.col("community").eq_missing(pl.lit(community)), measure=measure)
            .sort("world")["d"]
            .to_numpy()
        )
        shift.append(rows[1:].mean() - rows[0])
    return read(outcome), np.array(shift)


def alone(path: Path, number: int) -> pl.DataFrame:
    """The outcome of one population, as one of several worlds."""
    return measured([path.world(number)], number).with_columns(world=pl.lit(number, pl.Int64))


def report(
    name: str, truth: Floats, found: Floats, deviation: Floats, shift: Floats, quantile: float
) -> bool:
    """Print a row per measure; whether all of them keep the bounds.

    `truth` and `found` have shapes (populations, measures) and (populations, measures, 4).
    """
    good, half = True, (found[:, :, 2] - found[:, :, 1]) / 2
    held = (found[:, :, 1] <= truth) & (truth <= found[:, :, 2])
    bias = np.nanmean(found[:, :, 0] - truth, axis=0) / np.nanmean(found[:, :, 3], axis=0)
    for k, (measure, community) in enumerate(MEASURES):
        known = np.isfinite(half[:, k])
        covers, ratio = held[known, k].mean(), half[known, k].mean() / (quantile * deviation[k])
        figures = (
            (f"{covers:8.1%}", COVERS[0] <= covers <= COVERS[1]),
            (f"{ratio:6.2f}", WIDTHS[0] <= ratio <= WIDTHS[1]),
            (f"{bias[k]:+6.2f}", abs(bias[k]) < BIAS),
        )
        shown = " ".join(text + (" " if fits else "*") for text, fits in figures)
        good &= all(fits for _, fits in figures)
        label = measure if community is None else f"{measure} {community}"
        noise = half[known, k].std() / half[known, k].mean()
        moved = "–" if np.isnan(shift[k]) else f"{shift[k]:+.2f}"
        missing = "" if known.all() else f"  without an interval: {int((~known).sum())}"
        print(
            f"{name:>20} {label:>22} {np.nanmean(truth[:, k]):+8.4f} {deviation[k]:7.4f} {shown} "
            f"{moved:>6} {noise:5.2f}{missing}",
            flush=True,
        )
    return good


def run_jackknife(path: Path, pool: ProcessPoolExecutor, populations: int) -> bool:
    """One path over all populations."""
    results = list(pool.map(partial(jackknife, path), range(populations)))
    found, shift = np.array([r[0] for r in results]), np.array([r[1] for r in results])
    centre = found[:, :, 0]
    # a population without a post of a community has no value for it
    truth = (np.nansum(centre, axis=0) - centre) / (np.isfinite(centre).sum(axis=0) - 1)
    moved = np.nanmean(shift, axis=0) / np.nanmean(found[:, :, 3], axis=0)
    quantile = float(stats.t.ppf(0.975, path.groups - 1))
    return report(path.name, truth, found, np.nanstd(centre, axis=0, ddof=1), moved, quantile)


def run_independent(path: Path, pool: ProcessPoolExecutor, populations: int, sets: int) -> bool:
    """Intervals of random sets of ten worlds; the truth is the mean over the others."""
    outcomes = list(pool.map(partial(alone, path), range(populations)))
    together = pl.concat(outcomes)
    each = np.array([read(outcome)[:, 0] for outcome in outcomes])
    draws, found, truth = np.random.default_rng(1), [], []
    for _ in range(sets):
        chosen = np.sort(draws.permutation(populations)[:WORLDS])
        found.append(read(together.filter(pl.col("world").is_in(chosen.tolist()))))
        truth.append(np.delete(each, chosen, axis=0).mean(axis=0))
    intervals, centre = np.array(found), np.array(truth)
    deviation, none = each.std(axis=0, ddof=1) / np.sqrt(WORLDS), np.full(len(MEASURES), np.nan)
    quantile = float(stats.t.ppf(0.975, WORLDS - 1))
    return report(f"{WORLDS} worlds", centre, intervals, deviation, none, quantile)


def main() -> int:
    """Run the paths; 1 if a figure misses its bound."""
    asked = [name for name in sys.argv[1:] if not name.startswith("--")]
    quick = "--quick" in sys.argv
    start, good = time.perf_counter(), True
    print(
        f"{'path':>20} {'measure':>22} {'truth':>8} {'SD':>7} {'covers':>8}   {'width':>5}   "
        f"{'bias':>5}   shift noise"
    )
    # processes that are forked from one with threads may hang
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        if not asked or "independent" in asked:
            counts = (20, 20) if quick else (POPULATIONS, SETS)
            good &= run_independent(PATHS[0], pool, *counts)
        for path in PATHS:
            if not asked or path.name in asked:
                good &= run_jackknife(path, pool, 4 if quick else path.populations)
    said = "all bounds kept" if good else "bounds missed: *"
    said = "too few populations to judge" if quick else said
    print(f"{time.perf_counter() - start:.0f} s; {said}")
    return 0 if good or quick else 1


if __name__ == "__main__":
    sys.exit(main())

"""What a feed reads of posts: how hosting depends on it, and what is left under chance.

    python benchmarks/reading.py [--quick] [--only NAME] [--platforms N] [--permuted N]

`settings`: fresh platforms; share of the members of the hidden community who are shown a post of
their own, in an interest-centric feed that reads planted topics (the oracle), content, content of
which a share is misread, who acted on what, with blurred profiles, and from a cold start; beside it
a follower-centric and a uniform feed, and crossing. Means over platforms with their standard
errors. Rows fail if the oracle hosts less than content, content less than content of which
70 % is misread, or that less than a cold start.

`permuted`: Last.fm (HetRec 2011) without its tags, as it is and with permuted audiences: who
listened to what by curveball trades, so that accounts and artists keep their degrees. Hosting,
averaged over the communities found in the log, of interest- and follower-centric feeds less that of
a uniform one. A row fails if a mean under permuted audiences is more than three standard errors
from zero, or the log as it is does not exceed them.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import graphkit as gk
from graphkit.data.incidence import IncidenceMatrix
from graphkit.data.vocabulary import Vocabulary
from graphkit.nullmodels import curveball
from graphkit.recommenders import uniform

HETREC = Path(__file__).parents[2] / "shared" / "data" / "hetrec2011_lastfm_2k"
HIDDEN = "#alttok"

#: What a world is built with, by setting.
SETTINGS: dict[str, dict[str, Any]] = {
    "oracle": {"space": "planted"},
    "content": {},
    "tags alone": {"space": {"tags": 1.0}},
    "captions alone": {"space": {"captions": 1.0}},
    "who acted on what": {"space": "interactions"},
    "30 % misread": {"feature_noise": 0.3},
    "70 % misread": {"feature_noise": 0.7},
    "profiles 50 % another's": {"profile_noise": 0.5},
    "profiles 90 % another's": {"profile_noise": 0.9},
    "cold start": {"cold_start": True},
}
#: Each must host at least as much as the next.
ORDER = ("oracle", "content", "70 % misread", "cold start")

ARMS = {"interest": gk.interest_centric(), "follower": gk.follower_centric(), "uniform": uniform()}


def outcome(world: gk.World, arms: dict[str, Any], ticks: int, slots: int) -> pl.DataFrame:
    """Rows of all measures: arm, partition, community, measure, value."""
    return gk.measure_spread(gk.simulate_spread(world, arms, ticks=ticks, slots=slots, rng=1))


def mean_error(values: list[float]) -> tuple[float, float]:
    """Mean and its standard error."""
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


def settings(platforms: int, accounts: int, ticks: int) -> list[str]:
    """Print the table over settings; returns the rows that fail."""
    rows: dict[str, dict[str, list[float]]] = {}
    for seed in range(platforms):
        made = gk.synthetic.platform(accounts, rng=1000 + seed)
        for name, options in SETTINGS.items():
            world = gk.build_world(made, ticks=ticks, rng=1, **options)
            arms = ARMS if name == "content" else {"interest": ARMS["interest"]}
            frame = outcome(world, arms, ticks, 10).filter(
                pl.col("partition").is_null() | (pl.col("partition") == "planted")
            )
            for arm in arms:
                row = rows.setdefault(name if arm == "interest" else arm, {})
                own = frame.filter(arm=arm)
                value = own.filter(measure="hosting_reach", community=HIDDEN)["value"].item()
                row.setdefault("hosting", []).append(value)
                whole = own.filter(pl.col("community").is_null())
                for measure in ("crossing", "viewer_value"):
                    found = whole.filter(measure=measure)["value"].item()
                    row.setdefault(measure, []).append(found)
                if arm == "interest":
                    likeness = world.provenance.parameters["rank_correlation"]
                    row.setdefault("likeness", []).append(likeness)
    print(f"{platforms} platforms of {accounts:,} accounts, {ticks} ticks; means ± standard error")
    print(f"{'':24}{'hosting ' + HIDDEN:>18}{'crossing':>16}{'viewer value':>16}{'likeness':>10}")
    for name, row in rows.items():
        cells = [
            "{:.3f} ± {:.3f}".format(*mean_error(row[measure]))
            for measure in ("hosting", "crossing", "viewer_value")
        ]
        likeness = f"{np.mean(row['likeness']):.2f}" if "likeness" in row else ""
        print(f"{name:24}{cells[0]:>18}{cells[1]:>16}{cells[2]:>16}{likeness:>10}")
    means = {name: np.mean(rows[name]["hosting"]) for name in ORDER}
    pairs = itertools.pairwise(ORDER)
    return [f"{a} hosts less than {b}" for a, b in pairs if means[a] < means[b]]


def permute(dataset: gk.Dataset, seed: int) -> gk.Dataset:
    """The log with permuted audiences."""
    table = dataset.interactions
    assert table is not None
    between, through = (Vocabulary(table.get_column(c)) for c in ("account_id", "item_id"))
    codes = (between.encode(table["account_id"]), through.encode(table["item_id"]))
    log = curveball(IncidenceMatrix.from_codes(between, through, *codes), rng=seed)
    columns = {
        "account_id": between.series.gather(pl.Series(log.rows)),
        "item_id": through.series.gather(pl.Series(log.things)),
    }
    rows = pl.DataFrame(columns).with_columns(kind=pl.lit("play"))
    return gk.Dataset(interactions=rows, follows=dataset.follows)


def hosting(dataset: gk.Dataset, seed: int) -> dict[str, float]:
    """Hosting of each arm, averaged over the communities of 10 accounts or more."""
    piece = gk.split_world_data(dataset, posts="introduced")
    graph = gk.cointeraction_graph(piece, weight="tfidf", top=30)
    found = gk.leiden(graph, runs=1, rng=seed)
    world = gk.build_world(
        dataset, {"interest": found}, posts="introduced", share_of_posts=0.4, ticks=6, rng=seed
    )
    sizes = world.partitions["interest"].sizes
    names = [world.partitions["interest"].name(c) for c in np.flatnonzero(sizes >= 10)]
    rows = outcome(world, ARMS, 6, 10).filter(
        pl.col("measure") == "hosting_reach", pl.col("community").is_in(names)
    )
    return dict(rows.group_by("arm").agg(pl.col("value").mean()).iter_rows())


def permuted(draws: int) -> list[str]:
    """Print hosting under permuted audiences; returns the rows that fail."""
    if not HETREC.is_dir():
        print(f"{HETREC.name} is absent: permuted audiences are left out")
        return []
    whole = gk.readwrite.read_hetrec_lastfm(HETREC)[0]
    assert whole.interactions is not None
    plays = whole.interactions.filter(pl.col("kind") == "play")
    bare = gk.Dataset(interactions=plays, follows=whole.follows)
    real, failed = hosting(bare, 0), []
    shuffled = [hosting(permute(bare, seed), seed) for seed in range(draws)]
    print(f"Last.fm without tags; {draws} logs with permuted audiences; hosting less uniform's")
    for arm in ("interest", "follower"):
        gaps = [x[arm] - x["uniform"] for x in shuffled]
        mean, error = mean_error(gaps)
        own = real[arm] - real["uniform"]
        print(f"{arm:24}as it is {own:+.4f}   permuted {mean:+.4f} ± {error:.4f}")
        if abs(mean) > 3 * error:
            failed.append(f"{arm}: permuted audiences host {mean:+.4f}")
        if own < mean + 3 * error:
            failed.append(f"{arm}: the log as it is hosts no more than permuted ones")
    return failed


def main() -> int:
    """Run both parts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=("settings", "permuted"))
    parser.add_argument("--platforms", type=int)
    parser.add_argument("--permuted", type=int)
    given = parser.parse_args()
    begin, failed = time.perf_counter(), []
    if given.only != "permuted":
        size = (600, 4) if given.quick else (2500, 12)
        failed += settings(given.platforms or (3 if given.quick else 20), *size)
    if given.only != "settings":
        failed += permuted(given.permuted or (4 if given.quick else 100))
    print(f"{time.perf_counter() - begin:.0f} s")
    for row in failed:
        print("FAILED", row)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

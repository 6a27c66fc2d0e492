"""Three readings of slots that a feed cannot fill: filled, empty, shared; which signs they change.

    python benchmarks/filler_readings.py [--quick] [--data bundled …] [--folder DATA]

Follower-centric, interest-centric and chronological feeds (the last with random posts where it runs
out, as other feeds; the preset ends) are compared pairwise by crossing, Gini coefficient of creators
and share of small creators. Shared slots are those that both feeds of the
pair fill. Differences are means with 95 % t intervals: over replications within one world for the
bundled platform and for HetRec's Last.fm (where it is at hand: artists introduced by listeners),
and over platforms made afresh. The last column has the signs of the three intervals (0: not
distinguishable), in brackets where filler is above 25 % and no direction is claimed. "sparse" is
Last.fm with a fifth of the friendships, 2.7 an account. Behaviour is the default one, which is not
calibrated.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from _facts import Interval

import graphkit as gk
from graphkit.data.graph import Graph
from graphkit.data.spread import FILLER_LIMIT, Spread
from graphkit.data.world import World
from graphkit.errors import GraphkitWarning
from graphkit.recommenders import Feed, chronological, follower_centric, interest_centric

READINGS = ("filled", "empty", "shared")
MEASURES = ("crossing", "creator_gini", "small_creator_share")
ARMS: dict[str, Callable[[], Feed]] = {
    "follower": follower_centric,
    "interest": interest_centric,
    "chronological": lambda: chronological().but("padded", filler="uniform"),
}
PAIRS = (("follower", "chronological"), ("interest", "chronological"), ("interest", "follower"))
SIGNS = {1: "+", 0: "0", -1: "−"}
TICKS, SLOTS = 12, 10
HETREC = "hetrec2011_lastfm_2k"


def of_platform(platform: gk.Platform) -> World:
    """A world with the planted partition alone."""
    return gk.build_world(platform, ticks=TICKS, rng=1)


def bundled(quick: bool, folder: Path) -> list[World]:
    """The bundled platform."""
    return [of_platform(gk.load_platform())]


def fresh(quick: bool, folder: Path) -> list[World]:
    """Platforms made independently."""
    number, accounts = (2, 300) if quick else (10, 2_000)
    return [of_platform(gk.synthetic.platform(accounts, rng=700 + w)) for w in range(number)]


def lastfm(quick: bool, folder: Path) -> list[World]:
    """Last.fm, with the interest partition; nothing if it is not at hand."""
    if not (folder / HETREC).is_dir():
        return []
    dataset = gk.readwrite.read_hetrec_lastfm(folder / HETREC)[0]
    piece = gk.split_world_data(dataset, posts="introduced")
    graph = gk.cointeraction_graph(piece, weight="tfidf", top=30)
    partition = gk.leiden(graph, runs=3 if quick else 10, rng=1)
    options = {"posts": "introduced", "share_of_posts": 0.4, "ticks": TICKS}
    return [gk.build_world(dataset, {"interest": partition}, **options, rng=1)]


def sparse(quick: bool, folder: Path) -> list[World]:
    """Last.fm with a fifth of its friendships."""
    return [thinned(world, 0.2) for world in lastfm(quick, folder)]


def thinned(world: World, share: float) -> World:
    """A world with a random share of its follows."""
    tail, head, _ = world.follows.edge_arrays()
    kept = np.random.default_rng(1).random(tail.size) < share
    ids = np.array(world.accounts.ids, dtype=object)
    ends = (ids[side[kept]].tolist() for side in (tail, head))
    follows = Graph.from_edges(*ends, directed=True, nodes=world.accounts)
    return dataclasses.replace(world, follows=follows)


DATA = {"bundled": bundled, "fresh": fresh, "lastfm": lastfm, "sparse": sparse}


def simulated(worlds: list[World], arms: tuple[str, ...], reading: str, again: int) -> Spread:
    """The arms in all worlds; how much of it is filler is in the table."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        return gk.simulate_spread(
            worlds,
            {arm: ARMS[arm]() for arm in arms},
            ticks=TICKS,
            slots=SLOTS,
            replications=again,
            reading=reading,
            rng=1,
        )


def gap(spread: Spread, arm: str, baseline: str, measure: str) -> Interval:
    """Paired difference of an arm and a baseline, over worlds or else over replications."""
    kind = next(iter(spread.worlds[0].partitions))
    rows = gk.measure_spread(spread).filter(
        pl.col("measure") == measure,
        pl.col("community").is_null(),
        pl.col("partition").is_null() | (pl.col("partition") == kind),
    )
    wide = rows.pivot("arm", index=["world", "replication"], values="value")
    found = (wide[arm] - wide[baseline]).to_numpy()
    if len(spread.worlds) > 1:
        found = found.reshape(len(spread.worlds), -1).mean(axis=1)
    return Interval.of(found)


def table(worlds: list[World], again: int) -> list[str]:
    """Rows of the table: pair and measure, and the difference in each reading."""
    rows = []
    whole = {reading: simulated(worlds, tuple(ARMS), reading, again) for reading in READINGS[:2]}
    fillers = {arm: whole["filled"].filler(arm) for arm in ARMS}
    kept = dict(whole["empty"].summary().select("arm", "kept").rows())
    for arm in ARMS:
        rows.append(f"{arm}: {fillers[arm]:.0%} filler, or {1 - kept[arm]:.0%} empty")
    heads = "".join(f"{reading:<25}" for reading in (*READINGS, "signs"))
    rows.append(f"{'':<25}{'measure':<20}{heads}".rstrip())
    for pair in PAIRS:
        shared = simulated(worlds, pair, "shared", again)
        share = float(shared.summary()["kept"][0])
        for measure in MEASURES:
            found = {r: gap(spread, *pair, measure) for r, spread in whole.items()}
            found["shared"] = gap(shared, *pair, measure)
            signs = [SIGNS[found[reading].sign] for reading in READINGS]
            if max(fillers[name] for name in pair) > FILLER_LIMIT:
                signs[0] = f"({signs[0]})"
            values = "".join(f"{found[reading]!s:<25}" for reading in READINGS)
            rows.append(f"{' − '.join(pair):<25}{measure:<20}{values}{' '.join(signs)}")
        rows.append(f"{'':<25}shared slots: {share:.0%}")
    return rows


def main() -> None:
    """Print a table for each set of worlds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small worlds, few replications")
    parser.add_argument("--data", nargs="*", choices=list(DATA), default=list(DATA))
    beside = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--folder", type=Path, default=beside, help="of public data sets")
    options = parser.parse_args()
    for name in options.data:
        start = time.perf_counter()
        worlds = DATA[name](options.quick, options.folder)
        if not worlds:
            print(f"{name}: {HETREC} is not in {options.folder.name!r}, skipped\n")
            continue
        again = 2 if options.quick or len(worlds) > 1 else 10
        unit = f"{len(worlds)} platforms" if len(worlds) > 1 else f"{again} replications"
        degree = worlds[0].follows.n_edges / worlds[0].n_accounts
        print(f"{name}: {unit}, {worlds[0].n_accounts:,} accounts, {degree:.1f} follows an account")
        print("\n".join(f"  {row}" for row in table(worlds, again)))
        print(f"  {time.perf_counter() - start:.0f} s\n", flush=True)


if __name__ == "__main__":
    main()

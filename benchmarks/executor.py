"""Simulation in this process, in one other and in two: seconds, and whether the bytes are equal.

    python benchmarks/executor.py [--accounts 3000] [--groups 5] [--ticks 12] [--rounds 3]

A jackknife of one synthetic world under three feeds, by turns in each way. Wall time and the
seconds of all cores, of the processes that were started too, with their start: they import
graphkit and load its compiled kernels. The run in this process uses threads on all cores; two
processes share them.
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from contextlib import nullcontext
from typing import Any

import polars as pl

import graphkit as gk
from graphkit.errors import GraphkitWarning
from graphkit.parallel import open_executor
from graphkit.recommenders import follower_centric, interest_centric, uniform

ARMS = {"follower": follower_centric(), "interest": interest_centric(), "uniform": uniform()}
WAYS = ("here", "processes:1", "processes:2")


def core_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def simulate(way: str, worlds: list[gk.World], ticks: int) -> dict[str, Any]:
    wall, cores = time.perf_counter(), core_seconds()
    with nullcontext() if way == "here" else open_executor(way) as executor:
        begun = time.perf_counter()
        spread = gk.simulate_spread(worlds, ARMS, ticks=ticks, rng=1, executor=executor)
        inside = time.perf_counter() - begun
    row: dict[str, Any] = {"way": way, "wall": time.perf_counter() - wall, "simulating": inside}
    return row | {"cores": core_seconds() - cores, "key": spread.content_key}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("accounts", 3000), ("groups", 5), ("ticks", 12), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    warnings.simplefilter("ignore", GraphkitWarning)
    world = gk.build_world(gk.synthetic.platform(accounts=given.accounts, rng=1), rng=1)
    worlds = gk.resample_worlds(world, given.groups, rng=1)
    simulate("here", worlds[:1], 2)  # compiles, or loads what is compiled
    rows = [simulate(way, worlds, given.ticks) for _ in range(given.rounds) for way in WAYS]
    table = pl.DataFrame(rows)
    numbers = table.group_by("way", maintain_order=True).agg(
        pl.col("wall", "simulating", "cores").min().round(2)
    )
    print(f"{world.n_accounts:,} accounts, {len(worlds)} worlds, {len(ARMS)} feeds: seconds, least")
    print(numbers)
    print("bytes equal:", table.get_column("key").n_unique() == 1)


if __name__ == "__main__":
    main()

"""Impressions per second and peak memory of simulate_spread, beside a dense NumPy simulator.

Run: ``python benchmarks/simulation.py [accounts …]`` (default 10000 100000). Each size runs
in a process of its own, so that peaks do not mix. Every factor and source is on.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time

import numpy as np

import graphkit as gk
from graphkit.data.world import World
from graphkit.recommenders import FACTORS, Feed
from graphkit.simulation import _engine

TICKS, SLOTS = 5, 10
EVERYTHING = Feed(
    "every source and factor",
    {"following": 40, "circle": 40, "interest": 80, "fresh": 20, "trending": 20, "everywhere": 20},
    dict.fromkeys(FACTORS, 0.2),
    topic_penalty=0.1,
    author_penalty=0.1,
)


def peak() -> float:
    """Peak memory of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def dense_step(world: World, rng: np.random.Generator) -> float:
    """Seconds of one step of an accounts × posts simulator: score all, show the best ten."""
    n, m = world.n_accounts, world.n_posts
    seen = np.zeros((n, m), dtype=bool)
    start = time.perf_counter()
    score = world.profiles @ world.post_features.T
    score[seen] = -np.inf
    best = np.argpartition(-score, SLOTS, axis=1)[:, :SLOTS]
    rows = np.arange(n)[:, None]
    taste = np.einsum("ad,akd->ak", world.interests, world.post_features[best])
    liked = rng.random(best.shape) < 1 / (1 + np.exp(2.6 - 4 * taste))
    seen[rows, best] = True
    np.add.at(np.zeros(m), best[liked], 1)
    return time.perf_counter() - start


def measure(accounts: int) -> None:
    """Print one line."""
    world = gk.build_world(
        gk.synthetic.platform(accounts, impressions_per_account=30, rng=1), rng=1
    )
    built = peak()
    # posts from the first tick on, so that every session has a choice
    gk.simulate_spread(world, {"all": EVERYTHING}, ticks=1, slots=1, budget="free", rng=1)
    lines = []
    for name, feed in (("all factors", EVERYTHING), ("follower", gk.follower_centric()),
                       ("interest", gk.interest_centric())):  # fmt: skip
        start = time.perf_counter()
        spread = gk.simulate_spread(
            world, {"arm": feed}, ticks=TICKS, slots=SLOTS, budget="free", rng=1
        )
        seconds = time.perf_counter() - start
        shown = spread.impressions("arm")
        lines.append(f"{name}: {shown / seconds:,.0f} impressions/s")
    total = peak()
    text = f"{accounts:>9,} accounts, {world.n_posts:,} posts, {_engine.cores()} threads | "
    text += " | ".join(lines) + f" | peak {total:.2f} GB ({built:.2f} before)"
    cells = accounts * world.n_posts
    if cells <= 2e8:
        per_step = accounts * SLOTS / dense_step(world, np.random.default_rng(1))
        text += f" | dense NumPy: {per_step:,.0f} impressions/s, peak {peak():.2f} GB"
    else:
        text += f" | dense NumPy: needs {cells * 9 / 2**30:,.0f} GB, not run"
    print(text, flush=True)


if __name__ == "__main__":
    for size in [int(a) for a in sys.argv[1:]] or [10_000, 100_000]:
        process = multiprocessing.get_context("spawn").Process(target=measure, args=(size,))
        process.start()
        process.join()

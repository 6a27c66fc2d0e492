"""Impressions per second, growth and memory of simulate_spread; T-RECS, EoN and NDlib beside it.

    python benchmarks/simulation.py                     # all cases but the million; ~15 minutes
    python benchmarks/simulation.py speed linear        # some of the cases
    python benchmarks/simulation.py million             # a million accounts, 100 million impressions
    python benchmarks/simulation.py --quick             # small sizes, to see that it runs

Cases: `speed` (every source and factor on, and each preset, at 100 000 accounts), `linear` (10 000
to 300 000 accounts, with their posts and without, and 5 to 20 ticks), `million`, `trecs`
(popularity and content filtering, side by side) and `cascade` (a share-only feed as the independent
cascade; see ``cascade.py``).

Each measurement has a process of its own. Worlds are those of ``_worlds.py``: 32 dimensions, 0.4
posts and 17 follows per account, an account opens the feed in every other tick, 10 slots. Seconds
are those of the whole call of ``simulate_spread``, kernels compiled before on a small world; what
the numbering of the world and the index of posts take of them ("prepare") is given apart, and the
median rate without it ("prepared /s"). CPU time is that of all threads; on a machine that others
use it says more than the clock. Memory is the peak of the process while it runs, the world
included.

The peers were installed beside graphkit, in one environment of Python 3.11:

    pip install EoN==2.0 ndlib==6.0.1 six
    pip install --no-deps trecs==0.2.1 lenskit==0.14.4 csr==0.5.2 binpickle==0.3.4 seedbank==0.1.2
    pip install tqdm pandas psutil cffi msgpack anyconfig

T-RECS asks for pandas 1.0.5 and an old LensKit; neither is used by the two recommenders that are
measured, which run on the current NumPy. In a step it shows every user ten items, of which one is
chosen; graphkit shows as many, all of which are watched. Both sides take turns; T-RECS' constructor
and graphkit's world are not in the seconds, graphkit's own preparation is. T-RECS learns by one
least-squares problem per user, graphkit's interest feed ranks the 100 nearest posts of its index.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

import numpy as np
from _leiden_sides import memory, settle
from _simulation_peers import ATTRIBUTES, SLOTS, trecs_model, trecs_run, versions
from _worlds import planted_world

import graphkit as gk
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.parallel import cores
from graphkit.recommenders import FACTORS, Feed, presets
from graphkit.simulation import Behaviour
from graphkit.simulation.arrays import prepare_arrays

Figures = dict[str, Any]

EVERYTHING = Feed(
    "every source and factor",
    {
        "following": 20,
        "circle": 20,
        "groups": 10,
        "interest": 50,
        "fresh": 10,
        "trending": 10,
        "covisited": 10,
        "everywhere": 10,
    },
    dict.fromkeys(FACTORS, 0.2) | {"cross_posted": -0.2, "flagged": -0.2},
    topic_penalty=0.1,
    author_penalty=0.1,
    author_decay=0.5,
    author_floor=0.25,
    half_life=20.0,
    interest_share=0.5,
)
FEEDS = {
    "everything": EVERYTHING,
    "interest_centric": presets.interest_centric(),
    "follower_centric": presets.follower_centric(),
    "circle_popularity": presets.circle_popularity(),
    "watch_time": presets.watch_time(),
    "chronological": presets.chronological(),
    "popularity": presets.popularity(),
    "uniform": presets.uniform(),
    "blend, half": presets.blend(presets.follower_centric(), presets.interest_centric(), 0.5),
    "interest only": Feed("interest only", {"interest": 100}, {"interest": 1.0}),
}
RATE, CANDIDATES, MEMORY, STEEPEST = 500_000, 100, 16.0, 1.1


def in_a_process(work: Any, *given: Any, **more: Any) -> Any:
    """What `work` returns in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *given, **more).result()


def simulate(world: World, name: str, ticks: int, activity: float, budget: str) -> Spread:
    """One arm; the call that is measured."""
    return gk.simulate_spread(
        world,
        {"arm": FEEDS[name]},
        ticks=ticks,
        slots=SLOTS,
        budget=budget,
        behaviour=Behaviour(activity=activity),
        rng=1,
    )


def measure(
    name: str,
    accounts: int,
    ticks: int,
    repeats: int,
    *,
    posts: int | None = None,
    activity: float = 0.5,
    budget: str = "matched",
) -> Figures:
    """Seconds, impressions, candidates, recall and memory of one feed in one world."""
    simulate(planted_world(2000, ticks=2), name, 2, activity, budget)
    world = planted_world(accounts, ticks=ticks, posts=posts)
    built = memory("VmHWM")
    settle()
    seconds, busy = [], []
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        spread = simulate(world, name, ticks, activity, budget)
        seconds.append(time.perf_counter() - start)
        busy.append(time.process_time() - used)
    peak = memory("VmHWM")
    start = time.perf_counter()
    prepare_arrays(world, [FEEDS[name]])
    prepared = time.perf_counter() - start
    told = spread.summary().row(0, named=True)
    return {
        "accounts": accounts,
        "posts": world.n_posts,
        "ticks": ticks,
        "impressions": told["impressions"],
        "best": min(seconds),
        "median": statistics.median(seconds),
        "cpu": min(busy),
        "prepared": prepared,
        "candidates": told["candidates_per_session"],
        "recall": told["index_recall"],
        "filler": told["filler"],
        "peak": peak / 2**30,
        "built": built / 2**30,
    }


def show(label: str, found: Figures) -> None:
    """One row of the table of speeds."""
    rate, middle = (found["impressions"] / found[key] for key in ("best", "median"))
    ticks = found["impressions"] / (found["median"] - found["prepared"])
    recall = "–" if found["recall"] is None else f"{found['recall']:.3f}"
    print(
        f"{label:<28}{found['impressions']:>12,}{found['median']:>9.2f}{found['prepared']:>9.2f}"
        f"{rate:>12,.0f}{middle:>12,.0f}{ticks:>12,.0f}{1e9 / rate:>8,.0f}"
        f"{1e9 * found['cpu'] / found['impressions']:>8,.0f}{found['candidates']:>9.0f}"
        f"{recall:>8}{found['filler']:>8.1%}{found['peak']:>7.2f}",
        flush=True,
    )


def head(title: str) -> None:
    """Head of a table of speeds."""
    print(
        f"\n{title}\n{'':<28}{'impressions':>12}{'seconds':>9}{'prepare':>9}{'best /s':>12}"
        f"{'median /s':>12}{'prepared /s':>12}{'ns each':>8}{'CPU ns':>8}{'ranked':>9}{'recall':>8}{'filler':>8}{'GB':>7}"
    )


def verdict(what: str, target: str, found: str, met: bool) -> None:
    """One line: what was asked for, what was found."""
    print(f"{what:<68}{target:>12}{found:>12}   {'met' if met else 'MISSED'}", flush=True)


def speed(options: argparse.Namespace) -> None:
    """Every feed at one size."""
    accounts, ticks = 3000 if options.quick else 100_000, 5
    head(f"{accounts:,} accounts, {ticks} ticks of {SLOTS} slots, {cores()} threads")
    found = in_a_process(measure, "everything", accounts, ticks, options.repeats)
    show("everything", found)
    for name in FEEDS:
        if name != "everything":
            show(name, in_a_process(measure, name, accounts, ticks, options.repeats))
    free = in_a_process(measure, "everything", accounts, ticks, options.repeats, budget="free")
    show("everything, free budget", free)
    rate = found["impressions"] / found["median"]
    verdict("impressions/s, everything on (median)", f"≥ {RATE:,}", f"{rate:,.0f}", rate >= RATE)
    ticking = found["impressions"] / (found["median"] - found["prepared"])
    verdict("the same, with the world prepared", f"≥ {RATE:,}", f"{ticking:,.0f}", ticking >= RATE)
    ranked = found["candidates"]
    verdict("candidates per session", f"≥ {CANDIDATES}", f"{ranked:.1f}", ranked >= CANDIDATES)
    recall = found["recall"]
    verdict("recall@100 of the interest index", "≥ 0.9", f"{recall:.3f}", recall >= 0.9)


def linear(options: argparse.Namespace) -> None:
    """Cost per impression as the world, the accounts alone, and the ticks grow."""
    sizes = (1000, 2000, 4000) if options.quick else (10_000, 30_000, 100_000, 300_000)
    lengths = (2, 4) if options.quick else (5, 10, 20)
    middle = sizes[1]
    series = {
        "accounts and posts": [(accounts, 5, None) for accounts in sizes],
        "accounts, posts the same": [(accounts, 5, 2 * middle) for accounts in sizes],
        "ticks": [(middle, ticks, None) for ticks in lengths],
    }
    slopes = {}
    for what, worlds in series.items():
        head(f"everything on, {SLOTS} slots, growing: {what}")
        points = []
        for accounts, ticks, posts in worlds:
            found = in_a_process(
                measure, "everything", accounts, ticks, options.repeats, posts=posts
            )
            show(f"{accounts:,} × {found['posts']:,}, {ticks} ticks", found)
            points.append((found["impressions"], found["best"]))
        slopes[what] = float(np.polyfit(*np.log(np.array(points)).T, 1)[0])
    for what, slope in slopes.items():
        verdict(
            f"slope of log seconds in log impressions, {what}",
            f"≤ {STEEPEST}",
            f"{slope:.3f}",
            slope <= STEEPEST,
        )


def million(options: argparse.Namespace) -> None:
    """A million accounts that all open the feed in each of ten ticks."""
    accounts = 20_000 if options.quick else 1_000_000
    head(f"{accounts:,} accounts, all of them in each of 10 ticks of {SLOTS} slots")
    found = in_a_process(measure, "everything", accounts, 10, 1, activity=1.0)
    show("everything", found)
    most = max(found["peak"], found["built"])
    print(f"peak while the world was made: {found['built']:.2f} GB")
    verdict("peak memory of the process, GB", f"≤ {MEMORY:g}", f"{most:.2f}", most <= MEMORY)


def beside_trecs(kind: str, users: int, items: int, steps: int, repeats: int) -> Figures:
    """Both sides in one process, in turn: seconds per step, and memory above what was held."""
    name = {"popularity": "popularity", "content filtering": "interest only"}[kind]
    trecs_run(trecs_model(kind, 50, 60, 1), 2)
    simulate(planted_world(2000, ticks=2), name, 2, 1.0, "matched")
    world = planted_world(users, ticks=1, posts=items)
    world = replace(world, ticks=np.zeros(items, np.int32))
    sides: Figures = {"theirs": [], "ours": [], "memory": {}}
    for repeat in range(repeats):
        held = settle()
        model = trecs_model(kind, users, items, repeat)
        start = time.perf_counter()
        trecs_run(model, steps)
        sides["theirs"].append((time.perf_counter() - start) / steps)
        sides["memory"]["theirs"] = memory("VmHWM") - held
        del model
        held = settle()
        start = time.perf_counter()
        spread = simulate(world, name, steps, 1.0, "matched")
        sides["ours"].append((time.perf_counter() - start) / steps)
        sides["memory"]["ours"] = memory("VmHWM") - held
        assert spread.impressions("arm") == users * SLOTS * steps
    sides["recall"] = spread.summary().item(0, "index_recall")
    return sides


def trecs(options: argparse.Namespace) -> None:
    """Popularity and content filtering at three sizes."""
    print(f"\n{versions('trecs', 'numpy', 'scipy')}; {ATTRIBUTES} attributes, {SLOTS} items a step")
    print(
        f"{'':<34}{'T-RECS s/step':>15}{'graphkit s/step':>17}{'ratio':>8}{'T-RECS MB':>12}"
        f"{'graphkit MB':>13}{'recall':>8}"
    )
    for users in (200, 400) if options.quick else (1000, 3000, 10_000):
        for kind in ("popularity", "content filtering"):
            found = in_a_process(beside_trecs, kind, users, 1250, 3, max(options.repeats, 2))
            theirs, ours = (statistics.median(found[side]) for side in ("theirs", "ours"))
            told = found["memory"]
            recall = "–" if found["recall"] is None else f"{found['recall']:.3f}"
            print(
                f"{f'{kind}, {users:,} × 1,250':<34}{theirs:>15.3f}{ours:>17.4f}"
                f"{theirs / ours:>8,.0f}{told['theirs'] / 1e6:>12,.0f}{told['ours'] / 1e6:>13,.0f}"
                f"{recall:>8}",
                flush=True,
            )


def cascade(options: argparse.Namespace) -> None:
    """The independent cascade, see ``cascade.py``."""
    import cascade as script

    script.compare_all(quick=options.quick)


CASES = {"speed": speed, "linear": linear, "million": million, "trecs": trecs, "cascade": cascade}


def main() -> None:
    """Run the cases that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", choices=[[], *CASES])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print(
        f"{versions('numba', 'numpy')}; load when it began: "
        + ", ".join(f"{load:.1f}" for load in os.getloadavg())
    )
    for case in options.cases or [name for name in CASES if name != "million"]:
        CASES[case](options)


if __name__ == "__main__":
    main()

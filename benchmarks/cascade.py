"""A share-only feed is the independent cascade: mean outbreaks and seconds beside EoN and NDlib.

    python benchmarks/cascade.py            # some minutes
    python benchmarks/cascade.py --quick    # fewer cascades, to see that it runs

Everybody who is shown a post passes it on, once; what a followee posts or passes on is delivered
with chance p, by one draw per follow and post, in the next tick; nothing else is shown. So a post
spreads from its poster along reversed follows as an independent cascade. EoN is run with its
discrete SIR (infected for one step), NDlib with its independent cascade, from the same nodes on
the same graph, a random one of 10 000 nodes and 100 000 arcs, directed, or with the ties of both
directions; p = 0.08 lies below the threshold, p = 0.15 above. Seconds are for all cascades,
graphs and worlds built before, graphkit's own numbering of the world included; EoN and NDlib run
one cascade after the other on one thread, graphkit all of them at once on all threads.

    pip install EoN==2.0 ndlib==6.0.1 six
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from _leiden_sides import settle
from _simulation_peers import eon_sizes, ndlib_sizes, networkx_of, versions

import graphkit as gk
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.measures.cascades import cascades
from graphkit.recommenders import Feed
from graphkit.simulation import Behaviour

Codes = np.ndarray
NODES, DEGREE = 10_000, 10
#: Reactions to so many posts of a tick are heard by followers; a slot more shows if one waits.
HEARD = 8
ALWAYS, NEVER = 60.0, -60.0
#: Everybody opens the feed in every tick, watches everything and passes everything on.
SHARER = Behaviour(
    social_share=0,
    noise=0,
    watch_base=ALWAYS,
    watch_taste=0,
    watch_quality=0,
    watch_length=0,
    fatigue=0,
    like_base=NEVER,
    comment_base=NEVER,
    share_base=ALWAYS,
    follow_base=NEVER,
    duet_base=NEVER,
    stitch_base=NEVER,
    reaction_slope=0,
    comment_divisive=0,
    share_flagged=0,
    unfollow_base=NEVER,
    activity=1,
)


@dataclass(frozen=True)
class Plan:
    """Posts, how many enter per tick, ticks after the last, and how many cascades of each side."""

    p: float
    posts: int
    per_tick: float
    tail: int
    replications: int
    eon: int
    ndlib: int


PLANS = (Plan(0.08, 40_000, 1000, 70, 1, 10_000, 25), Plan(0.15, 250, 1.5, 60, 8, 500, 25))
QUICK = (Plan(0.08, 2000, 1000, 70, 1, 500, 3), Plan(0.15, 50, 1.5, 60, 1, 50, 3))


def random_arcs(*, directed: bool, seed: int = 2) -> tuple[Codes, Codes]:
    """Tail and head of the arcs of a random graph; undirected ties are there in both directions."""
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, NODES, (2, NODES * DEGREE // (1 if directed else 2)))
    ends = ends[:, ends[0] != ends[1]]
    if not directed:
        ends = np.concatenate([ends, ends[::-1]], axis=1)
    arcs = np.unique(ends[0] * NODES + ends[1])
    return arcs // NODES, arcs % NODES


def share_world(tail: Codes, head: Codes, posters: Codes, ticks: Codes, seed: int = 3) -> World:
    """A world whose heads follow their tails, and in which nothing but follows matters."""
    rng = np.random.default_rng(seed)
    n, m = NODES, posters.size
    accounts, posts = Vocabulary(np.arange(n)), Vocabulary(np.arange(m))
    keys = rng.permutation(np.unique(rng.integers(0, 2**63, n + m + 100, np.uint64)))
    return World(
        accounts=accounts,
        posts=posts,
        account_keys=keys[:n],
        post_keys=keys[n : n + m],
        follows=Graph.from_edges(head, tail, directed=True, nodes=accounts),
        interests=np.ones((n, 1)),
        profiles=np.ones((n, 1)),
        post_features=np.ones((m, 1)),
        taste_features=np.ones((m, 1)),
        poster_indptr=np.arange(m + 1),
        posters=posters,
        authored=True,
        ticks=ticks,
        quality=np.full(m, 0.5),
        partitions={"all": Partition.from_membership(accounts, np.zeros(n, np.int64))},
        homes={"all": np.zeros(m)},
    )


def share_feed(world: World, p: float) -> Feed:
    """A feed of what the circle posts and passes on, with room for all of it."""
    most = int(np.diff(world.follows.indptr).max())
    sources = {"following": most, "circle": HEARD * most}
    return Feed("share only", sources, {}, delivery=p, filler="empty")


def graphkit_sizes(world: World, plan: Plan, seed: int) -> Codes:
    """Cascade sizes of all posts in all replications, if nothing was lost on the way."""
    ticks = int(world.ticks.max()) + 1 + plan.tail
    spread = gk.simulate_spread(
        world,
        {"shares": share_feed(world, plan.p)},
        ticks=ticks,
        slots=HEARD + 1,
        replications=plan.replications,
        behaviour=SHARER,
        rng=seed,
    )
    sizes = []
    for tally in spread.of("shares"):
        _, account, _, tick, _ = tally.shares.T.astype(np.int64)
        load = int(np.unique(account * ticks + tick, return_counts=True)[1].max())
        if load > HEARD or tick.max() == ticks - 1 or account.size != tally.impressions:
            raise SystemExit(
                f"the cascades are not whole: {load} posts of an account in a tick ({HEARD} are "
                f"heard), last share in tick {tick.max()} of {ticks}"
            )
        sizes.append(cascades(tally.shares, world.n_posts).size)
    return np.concatenate(sizes)


def interval(sizes: Codes) -> tuple[float, float, float]:
    """Mean, and its 99 % interval by the normal distribution."""
    half = 2.576 * sizes.std(ddof=1) / np.sqrt(sizes.size)
    return float(sizes.mean()), float(sizes.mean() - half), float(sizes.mean() + half)


def compare(plan: Plan, *, directed: bool) -> bool:
    """One table; whether graphkit's mean lies in EoN's interval."""
    tail, head = random_arcs(directed=directed)
    # at most four posts of each, as many as the feed certainly looks at
    posters = np.resize(np.random.default_rng(4).permutation(NODES), plan.posts)
    world = share_world(
        tail, head, posters, (np.arange(plan.posts) / plan.per_tick).astype(np.int64)
    )
    graph = networkx_of(tail, head, NODES, directed=directed)
    print(
        f"\n{'directed' if directed else 'undirected'}, {NODES:,} nodes, {tail.size:,} arcs, "
        f"p = {plan.p}\n{'side':<12}{'cascades':>9}{'mean outbreak, 99 % interval':>34}"
        f"{'seconds':>9}{'ms/cascade':>12}{'µs/node':>9}{'× graphkit':>12}"
    )
    # first runs import and compile
    graphkit_sizes(share_world(tail, head, posters[:9], np.zeros(9)), PLANS[0], 1)
    eon_sizes(graph, plan.p, posters[:1], 1)
    ndlib_sizes(graph, plan.p, posters[:1], 1)
    found, per_node = {}, {}
    for side, run in {
        "graphkit": lambda: graphkit_sizes(world, plan, 5),
        "EoN": lambda: eon_sizes(graph, plan.p, np.resize(posters, plan.eon), 6),
        "NDlib": lambda: ndlib_sizes(graph, plan.p, np.resize(posters, plan.ndlib), 7),
    }.items():
        settle()
        start = time.perf_counter()
        sizes = run()
        seconds = time.perf_counter() - start
        found[side], per_node[side] = sizes, seconds / sizes.sum()
        mean, low, high = interval(sizes)
        print(
            f"{side:<12}{sizes.size:>9,}{f'{mean:,.2f}  [{low:,.2f}, {high:,.2f}]':>34}"
            f"{seconds:>9.1f}{seconds / sizes.size * 1e3:>12.2f}{per_node[side] * 1e6:>9.1f}"
            f"{per_node[side] / per_node['graphkit']:>12.1f}",
            flush=True,
        )
    ours, theirs = found["graphkit"], found["EoN"]
    _, low, high = interval(theirs)
    inside = low <= ours.mean() <= high
    error = np.sqrt(ours.var(ddof=1) / ours.size + theirs.var(ddof=1) / theirs.size)
    print(
        f"graphkit's mean is {'inside' if inside else 'OUTSIDE'} EoN's interval; difference "
        f"{(ours.mean() - theirs.mean()) / error:+.2f} standard errors"
    )
    return bool(inside)


def compare_all(*, quick: bool) -> None:
    """Both graphs, below and above the threshold."""
    print(f"\n{versions('EoN', 'ndlib', 'networkx', 'numpy')}")
    inside = [
        compare(plan, directed=d) for plan in (QUICK if quick else PLANS) for d in (True, False)
    ]
    print(f"\n{sum(inside)} of {len(inside)} means inside EoN's interval")


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    compare_all(quick=parser.parse_args().quick)


if __name__ == "__main__":
    main()

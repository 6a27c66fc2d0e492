"""A share-only feed is the independent cascade along reversed follows."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import norm

import graphkit as gk
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.spread import ArmTally
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.kernels.state import RECENT
from graphkit.measures.cascades import Cascades, cascades
from graphkit.recommenders import Feed
from graphkit.simulation import Behaviour

Arcs = list[tuple[int, int]]
Bools = npt.NDArray[np.bool_]

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
#: Bounds at 99.9 %.
Z = float(norm.ppf(0.9995))


def spread_of(
    n: int, arcs: Arcs, posters: list[int], entering: list[int], p: float, *, ticks: int, rng: int
) -> tuple[ArmTally, Cascades]:
    """Posts pass along the arcs, each with chance p; nothing is lost on the way."""
    m = len(posters)
    accounts, posts = Vocabulary(np.arange(n)), Vocabulary(np.arange(m))
    keys = np.random.default_rng(rng).permutation(np.arange(1, n + m + 1, dtype=np.uint64))
    tail, head = np.array(arcs).T
    follows = Graph.from_edges(head, tail, directed=True, nodes=accounts)
    world = World(
        accounts=accounts,
        posts=posts,
        account_keys=keys[:n],
        post_keys=keys[n:],
        follows=follows,
        interests=np.ones((n, 1)),
        profiles=np.ones((n, 1)),
        post_features=np.ones((m, 1)),
        taste_features=np.ones((m, 1)),
        poster_indptr=np.arange(m + 1),
        posters=np.array(posters),
        authored=True,
        ticks=np.array(entering),
        quality=np.full(m, 0.5),
        partitions={"all": Partition.from_membership(accounts, np.zeros(n, np.int64))},
        homes={"all": np.zeros(m)},
    )
    most = int(np.diff(follows.indptr).max())
    feed = Feed(
        "share only",
        {"following": 4 * most, "circle": RECENT * most},
        {},
        delivery=p,
        filler="empty",
    )
    spread = gk.simulate_spread(
        world, {"shares": feed}, ticks=ticks, slots=RECENT + 1, behaviour=SHARER, rng=rng
    )
    (tally,) = spread.of("shares")
    # whoever was shown a post passed it on, at most as many in a tick as followers hear of
    assert tally.shares.shape[0] == tally.impressions
    _, account, _, tick, _ = tally.shares.T.astype(np.int64)
    if account.size:
        assert np.bincount(account * ticks + tick).max() <= RECENT
        assert tick.max() < ticks - 1
    return tally, cascades(tally.shares, m)


def copies(arcs: Arcs, size: int, times: int) -> Arcs:
    """The graph so many times, unconnected."""
    return [(a + k * size, b + k * size) for k in range(times) for a, b in arcs]


def closure(open_arcs: Bools) -> Bools:
    """Whether column is reached from row, per percolated graph; shape (draws, n, n) like arcs."""
    paths = open_arcs | np.eye(open_arcs.shape[1], dtype=bool)
    for _ in range(open_arcs.shape[1].bit_length()):
        steps = paths.astype(np.float32)
        paths = steps @ steps > 0
    return paths


def random_arcs(n: int, m: int, seed: int) -> Arcs:
    codes = np.random.default_rng(seed).choice(n * n, m, replace=False)
    return [(int(c) // n, int(c) % n) for c in np.sort(codes) if c // n != c % n]


@pytest.mark.parametrize("p", [0.3, 0.8])
def test_on_a_path_the_chance_to_come_so_far_is_a_power(p: float) -> None:
    length, times = 6, 4000
    path = [(i, i + 1) for i in range(length - 1)]
    posters = [k * length for k in range(times)]
    tally, trees = spread_of(
        length * times, copies(path, length, times), posters, [0] * times, p, ticks=8, rng=1
    )
    for depth in range(1, length):
        chance = p**depth
        far = np.count_nonzero(trees.depth >= depth) / times
        assert far == pytest.approx(chance, abs=Z * np.sqrt(chance * (1 - chance) / times))
    # a chain: as many edges as nodes beside the root, one step per tick
    assert (trees.size == trees.depth + 1).all()
    post, account, _, tick, _ = tally.shares.T
    assert (account - np.array(posters)[post] == tick + 1).all()


def test_on_a_star_it_is_binomial() -> None:
    leaves, times, p = 12, 3000, 0.35
    star = [(0, leaf) for leaf in range(1, leaves + 1)]
    posters = [k * (leaves + 1) for k in range(times)]
    _, trees = spread_of(
        (leaves + 1) * times,
        copies(star, leaves + 1, times),
        posters,
        [0] * times,
        p,
        ticks=3,
        rng=2,
    )
    variance = leaves * p * (1 - p)
    assert trees.size.mean() == pytest.approx(1 + leaves * p, abs=Z * np.sqrt(variance / times))
    fourth = variance * (1 + 3 * (leaves - 2) * p * (1 - p))
    error = np.sqrt((fourth - variance**2) / times)
    assert trees.size.var() == pytest.approx(variance, abs=Z * error)
    assert trees.depth.max() == 1


def test_on_a_graph_with_cycles_the_mean_is_that_over_all_subgraphs() -> None:
    arcs = [(0, 1), (1, 0), (1, 2), (2, 0), (0, 3), (3, 2), (2, 4), (4, 3), (4, 5), (5, 1), (3, 5)]
    n, times, p = 6, 4000, 0.45
    subsets = np.array(list(itertools.product((False, True), repeat=len(arcs))))
    open_arcs = np.zeros((subsets.shape[0], n, n), bool)
    open_arcs[:, [a for a, _ in arcs], [b for _, b in arcs]] = subsets
    opened = subsets.sum(axis=1)
    weight = p**opened * (1 - p) ** (len(arcs) - opened)
    size = closure(open_arcs)[:, 0].sum(axis=1)
    mean = float(weight @ size)
    error = np.sqrt((weight @ size**2 - mean**2) / times)
    _, trees = spread_of(
        n * times,
        copies(arcs, n, times),
        [k * n for k in range(times)],
        [0] * times,
        p,
        ticks=9,
        rng=3,
    )
    assert trees.size.mean() == pytest.approx(mean, abs=Z * error)
    share = float(weight @ (size == n))
    full = np.count_nonzero(trees.size == n) / times
    assert full == pytest.approx(share, abs=Z * np.sqrt(share * (1 - share) / times))


@pytest.mark.parametrize("p", [0.15, 0.4])
def test_on_a_random_graph_the_mean_is_that_of_percolation(p: float) -> None:
    n, times, draws = 30, 100, 3000
    arcs = random_arcs(n, 100, seed=4)
    everyone = range(n)
    open_arcs = np.zeros((draws, n, n), bool)
    rows, columns = np.array(arcs).T
    open_arcs[:, rows, columns] = np.random.default_rng(5).random((draws, len(arcs))) < p
    theirs = closure(open_arcs).sum(axis=2)
    # a post per account and copy, two at a time
    posters = [k * n + a for k in range(times) for a in everyone]
    entering = [a // 2 for _ in range(times) for a in everyone]
    _, trees = spread_of(
        n * times, copies(arcs, n, times), posters, entering, p, ticks=n // 2 + n + 1, rng=6
    )
    ours = trees.size.reshape(times, n)
    # posts of one copy spread independently; draws of one percolated graph do not
    error = np.sqrt(
        ours.var(axis=0, ddof=1).sum() / n**2 / times + theirs.mean(axis=1).var(ddof=1) / draws
    )
    assert ours.mean() == pytest.approx(theirs.mean(), abs=Z * error)


def test_what_is_always_delivered_reaches_exactly_the_descendants() -> None:
    n = 40
    arcs = random_arcs(n, 50, seed=7)
    open_arcs = np.zeros((1, n, n), bool)
    open_arcs[0, [a for a, _ in arcs], [b for _, b in arcs]] = True
    tally, trees = spread_of(n, arcs, list(range(n)), list(range(n)), 1.0, ticks=2 * n + 1, rng=8)
    descendants = closure(open_arcs)[0]
    for start in range(n):
        expected = set(np.flatnonzero(descendants[start])) - {start}
        assert set(tally.shares[tally.shares[:, 0] == start, 1]) == expected
        assert trees.size[start] == len(expected) + 1


def test_draws_are_of_the_edge_whatever_the_tick() -> None:
    n, p = 40, 0.5
    arcs = random_arcs(n, 120, seed=9)
    posters = list(range(n))
    early, _ = spread_of(n, arcs, posters, posters, p, ticks=2 * n + 1, rng=10)
    late, _ = spread_of(n, arcs, posters, [2 * a for a in posters], p, ticks=3 * n + 1, rng=10)
    both = [set(map(tuple, tally.shares[:, :2].tolist())) for tally in (early, late)]
    assert both[0] == both[1]

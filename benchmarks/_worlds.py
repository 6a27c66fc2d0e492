"""Worlds of any size straight from arrays, with planted communities, for benchmarks."""

from __future__ import annotations

import numpy as np

from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World

TOPICS, GROUPS_EACH, FOLLOWS_EACH, POSTS_EACH = 32, 3, 17, 0.4


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1, float32."""
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def planted_world(n: int, *, ticks: int, posts: int | None = None, seed: int = 1) -> World:
    """A world of n accounts in 32 communities and 32 dimensions, 17 follows each.

    Accounts follow seven of ten within their community, by fame; posts are mixtures of topics
    around their author's; two thirds of them are there when the simulation begins. There are
    0.4 n posts unless their number is given.
    """
    rng = np.random.default_rng(seed)
    m = max(int(n * POSTS_EACH), 20) if posts is None else posts
    home = rng.integers(0, TOPICS, n)
    fame = rng.lognormal(0.0, 1.0, n)
    interests = rng.dirichlet(np.full(TOPICS, 0.15), n)
    interests[np.arange(n), home] += 1.0
    interests = unit(interests)
    profiles = unit(np.abs(interests + rng.normal(0, 0.08, interests.shape)))
    author = _by_weight(fame, m, rng)
    features = rng.dirichlet(np.full(TOPICS, 0.1), m)
    features[np.arange(m), home[author]] += 1.0
    features = unit(features)
    source = np.repeat(np.arange(n), rng.poisson(FOLLOWS_EACH, n))
    by_home = np.argsort(home, kind="stable")
    starts = np.searchsorted(home[by_home], np.arange(TOPICS + 1))
    total = np.concatenate([[0.0], np.cumsum(fame[by_home])])
    low, high = total[starts[home[source]]], total[starts[home[source] + 1]]
    near = by_home[
        np.minimum(np.searchsorted(total, low + rng.random(source.size) * (high - low)) - 1, n - 1)
    ]
    target = np.where(rng.random(source.size) < 0.7, near, _by_weight(fame, source.size, rng))
    keep = source != target
    arcs = np.unique(source[keep].astype(np.int64) * n + target[keep])
    accounts, posts = Vocabulary(np.arange(n)), Vocabulary(np.arange(m))
    members = np.sort(rng.integers(0, max(n // 200, 1), (n, GROUPS_EACH)), axis=1)
    country = rng.integers(0, 8, n)
    entry = np.where(rng.random(m) < 2 / 3, 0, rng.integers(0, ticks, m))
    truth = Partition.from_membership(accounts, home)
    return World(
        accounts=accounts,
        posts=posts,
        account_keys=rng.permutation(np.unique(rng.integers(0, 2**63, 2 * n, np.uint64)))[:n],
        post_keys=rng.permutation(np.unique(rng.integers(0, 2**63, 2 * m, np.uint64)))[:m],
        follows=Graph.from_edges(arcs // n, arcs % n, directed=True, nodes=accounts),
        interests=interests,
        profiles=profiles,
        post_features=features,
        taste_features=features,
        poster_indptr=np.arange(m + 1),
        posters=author,
        authored=True,
        ticks=entry,
        quality=rng.random(m),
        partitions={"planted": truth},
        homes={"planted": truth.membership[author]},
        durations=rng.lognormal(3.0, 0.6, m) + 1,
        divisiveness=rng.beta(1, 4, m),
        flagged=rng.random(m) < 0.03,
        cross_posted=rng.random(m) < 0.06,
        country=country,
        language=country % 3,
        device=rng.integers(0, 3, n),
        post_country=country[author],
        post_language=country[author] % 3,
        group_indptr=np.arange(n + 1) * GROUPS_EACH,
        groups=members.ravel(),
    )


def _by_weight(weight: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Codes drawn in proportion to their weights."""
    total = np.cumsum(weight)
    return np.minimum(np.searchsorted(total, rng.random(size) * total[-1]), weight.size - 1)

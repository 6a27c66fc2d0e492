"""Who follows whom, and who joins which group."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.rng import Streams
from graphkit.synthetic._draws import categorical, weighted, zipf
from graphkit.synthetic.accounts import Population

__all__ = ["draw_follows", "draw_memberships", "followed_topics"]

_RANDOM = 0.08
"""Share of follows that are made for fame alone, whatever the topic."""
_RECIPROCAL = 0.12
"""Chance that a follow is returned."""
_FOCUS = 2.0
"""Power of interest in the chance of being followed for a topic: specialists are found, dabblers are not."""
_GROUPS_PER_ACCOUNT = 1.2
_ACCOUNTS_PER_GROUP = 60

Codes = npt.NDArray[np.int64]


def followed_topics(population: Population) -> npt.NDArray[np.float64]:
    """What accounts follow and join, shape (n, k): their interests, hidden cultures replaced by the mainstream."""
    topics, shares = population.topics, population.shares
    wanted = population.interests.astype(np.float64)
    hidden = np.array([t.hidden for t in topics])
    target = np.array([t.mainstream for t in topics]) & ~hidden
    if not target.any():
        target = ~hidden
    if hidden.any() and target.any():
        moved = wanted[:, hidden].sum(axis=1)
        wanted[:, hidden] = 0.0
        wanted[:, target] += moved[:, None] * (shares[target] / shares[target].sum())
    return wanted


def draw_follows(
    population: Population, *, per_account: float, days: int, streams: Streams
) -> tuple[Codes, Codes, Codes]:
    """Follower, followee and second (from the start of the window, may be negative), without repeats."""
    rng = streams.generator("follows")
    n, k = population.interests.shape
    degree = rng.poisson(rng.gamma(2.0, per_account / (1.0 + _RECIPROCAL) / 2.0, n))
    follower = np.repeat(np.arange(n), degree)
    topic = categorical(followed_topics(population), follower, rng)
    at_random = rng.random(len(follower)) < _RANDOM
    followee = np.empty_like(follower)
    followee[at_random] = weighted(population.popularity, int(at_random.sum()), rng)
    for j in range(k):
        chosen = np.flatnonzero(~at_random & (topic == j))
        if chosen.size:
            known_for = (
                population.popularity * population.interests[:, j].astype(np.float64) ** _FOCUS
            )
            followee[chosen] = weighted(known_for, len(chosen), rng)
    back = rng.random(len(follower)) < _RECIPROCAL
    source = np.concatenate([follower, followee[back]])
    target = np.concatenate([followee, follower[back]])
    arcs = np.unique((source * n + target)[source != target])
    source, target = np.divmod(arcs, n)
    window = days * 86_400
    recent = rng.random(len(arcs)) < 0.25
    since = np.where(
        recent,
        rng.integers(0, window, len(arcs)),
        -1 - np.fmod(rng.exponential(200 * 86_400, len(arcs)), 1_500 * 86_400).astype(np.int64),
    )
    return source, target, since


def draw_memberships(population: Population, *, streams: Streams) -> tuple[Codes, Codes, int]:
    """Account and group without repeats, and the number of groups."""
    rng = streams.generator("groups")
    n, k = population.interests.shape
    n_groups = np.maximum(1, np.rint(n * population.shares / _ACCOUNTS_PER_GROUP).astype(np.int64))
    n_groups[[t.hidden for t in population.topics]] = 0
    if not n_groups.any():
        n_groups[:] = 1
    first = np.concatenate([[0], np.cumsum(n_groups)])
    total = int(first[-1])
    account = np.repeat(np.arange(n), rng.poisson(_GROUPS_PER_ACCOUNT, n))
    topic = categorical(followed_topics(population), account, rng)
    at_random = (rng.random(len(account)) < 0.1) | (n_groups[topic] == 0)
    group = rng.integers(0, total, len(account))
    for j in range(k):
        chosen = np.flatnonzero(~at_random & (topic == j))
        if chosen.size:
            group[chosen] = first[j] + zipf(int(n_groups[j]), len(chosen), rng)
    pairs = np.unique(account * total + rng.permutation(total)[group])
    return pairs // total, pairs % total, total

"""Who lives on the platform: homes, interests, appetite for posting, fame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.rng import Streams
from graphkit.synthetic.topics import HOURS, Topic

__all__ = [
    "Population",
    "categorical",
    "draw_follows",
    "draw_memberships",
    "moments",
    "populate",
    "weighted",
    "zipf",
]

_CONCENTRATION = 40.0
"""Of the Dirichlet law behind the population-wide part of interests: higher is more alike."""
_SECOND_WEIGHT = (0.15, 0.40)
"""Range of a second interest's share of the own part; below one half, so that home stays the stronger."""
_NEVER_POSTS = 0.45
"""Share of accounts that only watch."""
_SUPPLY_EXPONENT = -0.65
"""Posts per head fall with a community's size to this power: small cultures talk more."""


@dataclass(frozen=True)
class Population:
    """Accounts by code, 0 … n−1, and topics by code, 0 … k−1 (largest community first)."""

    topics: tuple[Topic, ...]
    home: npt.NDArray[np.int32]
    """Code of each account's planted home, shape (n,)."""
    interests: npt.NDArray[np.float32]
    """Share of each topic in each account's interest, shape (n, k); rows sum to 1."""
    activity: npt.NDArray[np.float64]
    """Relative rate of posting, shape (n,); 0 for those who only watch."""
    skill: npt.NDArray[np.float64]
    """Standard normal; raises the quality of posts and the number of followers, shape (n,)."""
    popularity: npt.NDArray[np.float64]
    """Relative chance of being followed, shape (n,)."""

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Share of accounts at home in each topic, shape (k,)."""
        counts = np.bincount(self.home, minlength=len(self.topics))
        shares: npt.NDArray[np.float64] = counts / counts.sum()
        return shares

    @property
    def supply(self) -> npt.NDArray[np.float64]:
        """Relative rate of posts per unit of interest in each topic, shape (k,)."""
        supply: npt.NDArray[np.float64] = self.shares**_SUPPLY_EXPONENT
        return supply


def populate(
    n: int, topics: tuple[Topic, ...], *, mixing: float, overlap: float, streams: Streams
) -> Population:
    """Draw `n` accounts; every trait except `interests` is independent of the home."""
    home, topics = _homes(n, topics, streams.generator("homes"))
    traits = streams.generator("traits")
    skill = traits.standard_normal(n)
    activity = traits.lognormal(0.0, 1.0, n) * (traits.random(n) >= _NEVER_POSTS)
    if not activity.any():
        activity[0] = 1.0
    fame = traits.lognormal(0.0, 1.2, n) * np.exp(0.4 * skill)
    popularity = fame * np.where(activity > 0, 1.0, 0.15)
    interests = _interests(home, topics, mixing, overlap, streams.generator("interests"))
    return Population(topics, home, interests, activity, skill, popularity)


def _homes(
    n: int, topics: tuple[Topic, ...], rng: np.random.Generator
) -> tuple[npt.NDArray[np.int32], tuple[Topic, ...]]:
    """Community sizes by largest remainder, at least two each, dealt out at random."""
    shares = np.array([t.share for t in topics])
    exact = n * shares / shares.sum()
    sizes = np.floor(exact).astype(np.int64)
    short = n - int(sizes.sum())
    sizes[np.argsort(sizes - exact, kind="stable")[:short]] += 1
    while sizes.min() < 2:
        sizes[sizes.argmax()] -= 1
        sizes[sizes.argmin()] += 1
    home = rng.permutation(np.repeat(np.arange(len(topics)), sizes))
    first = np.array([int(np.flatnonzero(home == k)[0]) for k in range(len(topics))])
    order = np.lexsort((first, -sizes))  # the order of codes in a partition
    code = np.empty(len(topics), dtype=np.int32)
    code[order] = np.arange(len(topics), dtype=np.int32)
    return code[home], tuple(topics[k] for k in order)


def _interests(
    home: npt.NDArray[np.int32],
    topics: tuple[Topic, ...],
    mixing: float,
    overlap: float,
    rng: np.random.Generator,
) -> npt.NDArray[np.float32]:
    n, k = len(home), len(topics)
    own = np.zeros((n, k))
    own[np.arange(n), home] = 1.0
    code = {topic.label: i for i, topic in enumerate(topics)}
    has_second = rng.random(n) < overlap
    pick, weight = rng.random(n), rng.uniform(*_SECOND_WEIGHT, n)
    for i, topic in enumerate(topics):
        near = np.array([code[label] for label in topic.neighbours if label in code], dtype=int)
        if near.size:
            members = np.flatnonzero(has_second & (home == i))
            second = near[(pick[members] * near.size).astype(int)]
            own[members, i] -= weight[members]
            own[members, second] += weight[members]
    shares = np.bincount(home, minlength=k) / n
    common = rng.dirichlet(_CONCENTRATION * shares, n)
    interests = (1.0 - mixing) * own + mixing * common
    interests /= interests.sum(axis=1, keepdims=True)
    return interests.astype(np.float32)


def weighted(
    weights: npt.NDArray[np.float64], size: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """`size` positions, each with chance proportional to its weight."""
    cumulated = np.cumsum(weights, dtype=np.float64)
    picked = np.searchsorted(cumulated, rng.random(size) * cumulated[-1], side="right")
    last = int(np.flatnonzero(weights)[-1])
    positions: npt.NDArray[np.int64] = np.minimum(picked, last).astype(np.int64)
    return positions


def categorical(
    weights: npt.NDArray[np.float64], rows: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """One column for each entry of `rows`, with chance proportional to that row's weights."""
    cumulated = np.cumsum(weights, axis=1, dtype=np.float64)
    draw = rng.random(len(rows)) * cumulated[rows, -1]
    column = np.zeros(len(rows), dtype=np.int64)
    for j in range(weights.shape[1] - 1):
        column += cumulated[rows, j] <= draw
    return column


def zipf(n: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """`size` ranks out of 0 … n−1, rank r with chance proportional to 1 / (r + 1)."""
    return weighted(1.0 / np.arange(1.0, n + 1.0), size, rng)


def moments(days: int, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """`size` seconds in 0 … 86400·days − 1: any day alike, hours by the rhythm of the day."""
    hour = weighted(np.array(HOURS, dtype=np.float64), size, rng)
    return rng.integers(0, days, size) * 86_400 + hour * 3_600 + rng.integers(0, 3_600, size)


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

"""Accounts of a synthetic platform: communities, interests, traits, follows and groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.rng import Streams
from graphkit.synthetic.topics import HOURS, Topic

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CONCENTRATION = 40.0
"""Concentration of the Dirichlet distribution of the population-wide part of interests."""
_SECOND_WEIGHT = (0.15, 0.40)
"""Range of a second interest's weight; below one half, so that the first stays the stronger."""
_NEVER_POSTS = 0.45
"""Share of accounts that only watch."""
_SUPPLY_EXPONENT = -0.65
"""Posts per member fall with the size of a community to this power."""


@dataclass(frozen=True)
class Population:
    """Traits of accounts 0 … n−1, and topics 0 … k−1 (largest community first).

    `home` (n,) is the code of the planted community; `interests` (n, k) the share of each topic,
    rows summing to 1; `activity` (n,) the relative rate of posting, 0 for accounts that only
    watch; `skill` (n,) a standard normal trait that raises the quality of posts and the number of
    followers; `popularity` (n,) the relative chance of being followed.
    """

    topics: tuple[Topic, ...]
    home: npt.NDArray[np.int32]
    interests: npt.NDArray[np.float32]
    activity: Floats
    skill: Floats
    popularity: Floats

    @property
    def shares(self) -> Floats:
        """Share of accounts in each community, shape (k,)."""
        return np.bincount(self.home, minlength=len(self.topics)) / self.home.size

    @property
    def supply(self) -> Floats:
        """Relative rate of posts per unit of interest in each topic, shape (k,)."""
        return np.power(self.shares, _SUPPLY_EXPONENT)


def draw_population(
    n: int, topics: tuple[Topic, ...], *, mixing: float, overlap: float, streams: Streams
) -> Population:
    """Draw `n` accounts; every trait except `interests` is independent of the community."""
    home, topics = _draw_communities(n, topics, streams.generator("homes"))
    traits = streams.generator("traits")
    skill = traits.standard_normal(n)
    activity = traits.lognormal(0.0, 1.0, n) * (traits.random(n) >= _NEVER_POSTS)
    if not activity.any():
        activity[0] = 1.0
    fame = traits.lognormal(0.0, 1.2, n) * np.exp(0.4 * skill)
    popularity = fame * np.where(activity > 0, 1.0, 0.15)
    interests = _draw_interests(home, topics, mixing, overlap, streams.generator("interests"))
    return Population(topics, home, interests, activity, skill, popularity)


def _draw_communities(
    n: int, topics: tuple[Topic, ...], rng: np.random.Generator
) -> tuple[npt.NDArray[np.int32], tuple[Topic, ...]]:
    """Community of each account: sizes by largest remainder, at least two, in random order."""
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


def _draw_interests(
    home: npt.NDArray[np.int32],
    topics: tuple[Topic, ...],
    mixing: float,
    overlap: float,
    rng: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """Share of each topic in each account's interest: (1 − mixing) · own + mixing · Dirichlet."""
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


def draw_weighted(weights: Floats, size: int, rng: np.random.Generator) -> Codes:
    """`size` positions, drawn with probability proportional to their weights."""
    cumulated = np.cumsum(weights, dtype=np.float64)
    picked = np.searchsorted(cumulated, rng.random(size) * cumulated[-1], side="right")
    last = int(np.flatnonzero(weights)[-1])
    positions: Codes = np.minimum(picked, last)
    return positions


def draw_columns(weights: Floats, rows: Codes, rng: np.random.Generator) -> Codes:
    """One column per entry of `rows`, drawn with probability proportional to that row's weights."""
    cumulated = np.cumsum(weights, axis=1, dtype=np.float64)
    draw = rng.random(len(rows)) * cumulated[rows, -1]
    column = np.zeros(len(rows), dtype=np.int64)
    for j in range(weights.shape[1] - 1):
        column += cumulated[rows, j] <= draw
    return column


def draw_zipf(n: int, size: int, rng: np.random.Generator) -> Codes:
    """`size` ranks in 0 … n−1, rank r with probability proportional to 1 / (r + 1)."""
    return draw_weighted(1.0 / np.arange(1.0, n + 1.0), size, rng)


def draw_times(days: int, size: int, rng: np.random.Generator) -> Codes:
    """`size` seconds in 0 … 86400·days − 1: uniform over days, hours in proportion to `HOURS`."""
    hour = draw_weighted(np.array(HOURS, dtype=np.float64), size, rng)
    return rng.integers(0, days, size) * 86_400 + hour * 3_600 + rng.integers(0, 3_600, size)


_RANDOM = 0.08
"""Share of follows drawn by popularity alone, whatever the topic."""
_RECIPROCAL = 0.12
"""Chance that a follow is returned."""
_FOCUS = 2.0
"""Exponent of interest in the chance of being followed for a topic: favours specialists."""
_GROUPS_PER_ACCOUNT = 1.2
_ACCOUNTS_PER_GROUP = 60


def topics_followed(population: Population) -> Floats:
    """Topics that accounts follow and join, shape (n, k).

    Of the interest in topic j, the share ``homophily`` stays there; the rest goes to the mainstream
    topics other than j, by the sizes of their communities (to all others if there are none).
    """
    topics, shares = population.topics, population.shares
    interests = population.interests.astype(np.float64)
    homophily = np.array([t.homophily for t in topics])
    mainstream = np.array([t.mainstream for t in topics])
    moved = np.empty((len(topics), len(topics)))
    for j in range(len(topics)):
        others = np.arange(len(topics)) != j
        target = others & mainstream if (others & mainstream).any() else others
        moved[j] = (1.0 - homophily[j]) * np.where(target, shares, 0.0) / shares[target].sum()
    wanted: Floats = interests * homophily + interests @ moved
    return wanted


def draw_follows(
    population: Population, *, per_account: float, days: int, streams: Streams
) -> tuple[Codes, Codes, Codes]:
    """Distinct edges follower → followee, and their second in the window (may be negative)."""
    rng = streams.generator("follows")
    n, k = population.interests.shape
    degree = rng.poisson(rng.gamma(2.0, per_account / (1.0 + _RECIPROCAL) / 2.0, n))
    follower = np.repeat(np.arange(n), degree)
    topic = draw_columns(topics_followed(population), follower, rng)
    at_random = rng.random(len(follower)) < _RANDOM
    followee = np.empty_like(follower)
    followee[at_random] = draw_weighted(population.popularity, int(at_random.sum()), rng)
    for j in range(k):
        chosen = np.flatnonzero(~at_random & (topic == j))
        if chosen.size:
            interest = population.interests[:, j].astype(np.float64)
            attraction = population.popularity * interest**_FOCUS
            followee[chosen] = draw_weighted(attraction, len(chosen), rng)
    returned = rng.random(len(follower)) < _RECIPROCAL
    source = np.concatenate([follower, followee[returned]])
    target = np.concatenate([followee, follower[returned]])
    # sorted at once: np.unique puts integers into a hash table first, which takes longer
    edges = np.sort((source * n + target)[source != target])
    edges = edges[np.diff(edges, prepend=-1) > 0]
    source, target = np.divmod(edges, n)
    window = days * 86_400
    recent = rng.random(len(edges)) < 0.25
    since = np.where(
        recent,
        rng.integers(0, window, len(edges)),
        -1 - np.fmod(rng.exponential(200 * 86_400, len(edges)), 1_500 * 86_400).astype(np.int64),
    )
    return source, target, since


def draw_leaning(n: int, *, streams: Streams) -> Floats:
    """Political leaning of each account in [−1, 1], independent of all its other traits."""
    leaning: Floats = np.round(2.0 * streams.generator("leaning").beta(2.0, 2.0, n) - 1.0, 3)
    return leaning


def drop_cross_cutting(
    leaning: Floats, source: Codes, target: Codes, *, chance: float, streams: Streams
) -> npt.NDArray[np.bool_]:
    """Which follows stay, if each between accounts of opposite leaning is dropped by `chance`."""
    draws = streams.generator("cross-cutting follows").random(source.size)
    stays: npt.NDArray[np.bool_] = (leaning[source] * leaning[target] >= 0) | (draws >= chance)
    return stays


def draw_memberships(population: Population, *, streams: Streams) -> tuple[Codes, Codes, int]:
    """Distinct pairs of account and group, and the number of groups."""
    rng = streams.generator("groups")
    n, k = population.interests.shape
    homophily = np.array([t.homophily for t in population.topics])
    n_groups = np.rint(n * population.shares * homophily / _ACCOUNTS_PER_GROUP).astype(np.int64)
    n_groups = np.where(homophily > 0, np.maximum(1, n_groups), 0)
    if not n_groups.any():
        n_groups[:] = 1
    first = np.concatenate([[0], np.cumsum(n_groups)])
    total = int(first[-1])
    account = np.repeat(np.arange(n), rng.poisson(_GROUPS_PER_ACCOUNT, n))
    topic = draw_columns(topics_followed(population), account, rng)
    at_random = (rng.random(len(account)) < 0.1) | (n_groups[topic] == 0)
    group = rng.integers(0, total, len(account))
    for j in range(k):
        chosen = np.flatnonzero(~at_random & (topic == j))
        if chosen.size:
            group[chosen] = first[j] + draw_zipf(int(n_groups[j]), len(chosen), rng)
    pairs = np.unique(account * total + rng.permutation(total)[group])
    return pairs // total, pairs % total, total

"""Who lives on the platform: homes, interests, appetite for posting, fame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.rng import Streams
from graphkit.synthetic.topics import Topic

__all__ = ["Population", "populate"]

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

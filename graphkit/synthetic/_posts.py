"""What is posted: author, topic, time, length, quality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.rng import Streams
from graphkit.synthetic._draws import categorical, moments, weighted
from graphkit.synthetic.accounts import Population

__all__ = ["Posts", "draw_posts"]

_OFF_TOPIC = 0.05
"""Share of posts whose topic is anybody's instead of the author's."""
_ANSWERS = 0.07
"""Share of posts that are meant as duets or stitches, if the author has seen something to answer."""


@dataclass(frozen=True)
class Posts:
    """Items by code, 0 … m−1, in an order that says nothing about them."""

    author: npt.NDArray[np.int64]
    topic: npt.NDArray[np.int64]
    created: npt.NDArray[np.int64]
    """Seconds from the start of the window."""
    duration: npt.NDArray[np.float64]
    """Seconds."""
    quality: npt.NDArray[np.float32]
    """0 … 1."""
    divisiveness: npt.NDArray[np.float64]
    """0 … 1."""
    misleading: npt.NDArray[np.bool_]
    answer: npt.NDArray[np.bool_]
    """Meant as an answer to another post."""

    def __len__(self) -> int:
        return len(self.author)


def draw_posts(population: Population, *, per_account: float, days: int, streams: Streams) -> Posts:
    """Post on topic j at rate activity × interest in j × supply of j."""
    rng = streams.generator("posts")
    n = len(population.home)
    size = max(1, round(n * per_account))
    rates = population.interests * population.supply
    author = weighted(population.activity * rates.sum(axis=1), size, rng)
    topic = categorical(rates, author, rng)
    off = rng.random(size) < _OFF_TOPIC
    topic[off] = weighted(population.shares * population.supply, int(off.sum()), rng)
    created = moments(days, size, rng)
    duration = np.clip(np.rint(rng.lognormal(np.log(22.0), 0.65, size)), 5.0, 180.0)
    merit = -0.1 + 0.8 * population.skill[author] + 0.8 * rng.standard_normal(size)
    quality = np.round(1.0 / (1.0 + np.exp(-merit)), 3).astype(np.float32)
    answer = rng.random(size) < _ANSWERS
    opinion, chance = streams.generator("opinion"), streams.generator("flags").random(size)
    mean = np.array([t.divisiveness for t in population.topics])[topic]
    divisiveness = np.round(opinion.beta(6.0 * mean, 6.0 * (1.0 - mean)), 2)
    misleading = chance < np.array([t.flagged for t in population.topics])[topic]
    return Posts(author, topic, created, duration, quality, divisiveness, misleading, answer)

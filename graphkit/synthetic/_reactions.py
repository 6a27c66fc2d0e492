"""What accounts do with what they are shown: watch, like, comment, share, save, answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.rng import Streams
from graphkit.synthetic._feed import Feed
from graphkit.synthetic._posts import Posts
from graphkit.synthetic.accounts import Population

__all__ = ["Actions", "Answers", "draw_answers", "react", "watch"]

_LONGEST_SESSION = 3_300
"""Seconds after which a session's clock stands still."""
_IDLE, _TAKEN, _BEND = 0.05, 0.95, 0.8
"""Expected watch fraction without interest, and its rise per unit of interest in a post of middling quality."""
_NOISE = 0.4
"""Standard deviation of the logarithm of watch fractions around their expectation."""
_HALF = 0.5
"""Watch fraction at which an account reacts half as readily as it ever does."""
CHANCES: dict[str, float] = {"like": 0.75, "comment": 0.08, "share": 0.07, "save": 0.09}
"""Chance of each reaction of a fully captured viewer."""


@dataclass(frozen=True)
class Answers:
    """Duets and stitches: the new item, the original that its author had seen, which of the two."""

    item: npt.NDArray[np.int64]
    original: npt.NDArray[np.int64]
    duet: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Actions:
    """Reactions to impressions: position in the feed, kind (index into CHANCES), second."""

    impression: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]


def draw_answers(population: Population, posts: Posts, feed: Feed, *, streams: Streams) -> Answers:
    """Let every post meant as an answer pick its original among what its author had been shown.

    Originals are posts that answer nothing, shown in a session that began an hour or more before;
    each is picked with weight (interest in its topic × quality)². Posts that find none stay ordinary.
    """
    rng = streams.generator("answers")
    item = np.flatnonzero(posts.answer)
    n = len(population.home)
    first = np.searchsorted(feed.account, np.arange(n + 1))
    author = posts.author[item]
    length = first[author + 1] - first[author]
    which = np.repeat(np.arange(len(item)), length)
    offset = np.arange(len(which)) - np.repeat(np.cumsum(length) - length, length)
    shown = np.repeat(first[author], length) + offset
    usable = (feed.opened[shown] + 3_600 <= posts.created[item[which]]) & ~posts.answer[
        feed.item[shown]
    ]
    which, original = which[usable], feed.item[shown[usable]]
    appeal = population.interests[author[which], posts.topic[original]] * posts.quality[original]
    score = 2.0 * np.log(appeal.astype(np.float64) + 1e-6) + rng.gumbel(size=len(which))
    best = np.lexsort((score, which))
    last = np.flatnonzero(np.diff(which[best], append=-1))
    chosen = best[last]
    duet = rng.random(len(item)) < 0.5
    return Answers(item[which[chosen]], original[chosen], duet[which[chosen]])


def watch(
    population: Population, posts: Posts, feed: Feed, *, streams: Streams
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Watch fraction of each impression, rounded to two decimals, and the second it was shown."""
    rng = streams.generator("watching")
    interest: npt.NDArray[np.float64] = population.interests[
        feed.account, posts.topic[feed.item]
    ].astype(np.float64)
    duration = posts.duration[feed.item]
    expected = _IDLE + _TAKEN * interest**_BEND * (0.5 + 0.8 * posts.quality[feed.item])
    expected *= (20.0 / duration) ** 0.15
    noise = np.exp(_NOISE * rng.standard_normal(len(feed)) - _NOISE**2 / 2.0)
    fraction: npt.NDArray[np.float64] = np.minimum(expected * noise, 4.0).round(2)
    seconds: npt.NDArray[np.int64] = np.ceil(fraction * duration).astype(np.int64) + 1
    elapsed = np.cumsum(seconds) - seconds
    begins = np.flatnonzero(feed.position == 0)
    elapsed -= np.repeat(elapsed[begins], np.diff(begins, append=len(feed)))
    shown_at: npt.NDArray[np.int64] = feed.opened + np.minimum(elapsed, _LONGEST_SESSION)
    return fraction, shown_at


def react(
    posts: Posts,
    feed: Feed,
    fraction: npt.NDArray[np.float64],
    shown_at: npt.NDArray[np.int64],
    *,
    streams: Streams,
) -> Actions:
    """Draw reactions from watching: chance × w³ / (w³ + half³), comments more so when divisive."""
    rng = streams.generator("reactions")
    cube = fraction**3
    capture = cube / (cube + _HALF**3)
    found: list[npt.NDArray[np.int64]] = []
    for kind, chance in CHANCES.items():
        ready = chance * capture
        if kind == "comment":
            ready = ready * (1.0 + 2.0 * posts.divisiveness[feed.item])
        found.append(np.flatnonzero(rng.random(len(feed)) < ready))
    impression = np.concatenate(found)
    kinds = np.repeat(np.arange(len(found)), [len(f) for f in found])
    watched = np.minimum(fraction[impression], 1.0) * posts.duration[feed.item[impression]]
    delay = np.ceil(watched * rng.random(len(impression))).astype(np.int64)
    order = np.lexsort((kinds, impression))
    at = shown_at[impression] + delay
    return Actions(impression[order], kinds[order], at[order])

"""The feeds that are compared: one model, other numbers."""

from __future__ import annotations

from graphkit.errors import OptionError
from graphkit.recommenders.feed import FACTORS, SOURCES, Feed

__all__ = [
    "blend", "chronological", "follower_centric", "interest_centric", "popularity",
    "source_by_ranking", "uniform",
]  # fmt: skip


def interest_centric() -> Feed:
    """TikTok's For You as its makers describe it: likeness to what was watched, and variety.

    Direction from TikTok (2020): finishing a video is a strong signal, likes, comments and
    shares count, follower count and past hits are no direct factors, and topics are mixed.
    The sizes of the weights are assumptions.

    References
    ----------
    TikTok (2020). How TikTok recommends videos #ForYou. TikTok Newsroom, 18 June 2020.
    """
    return Feed(
        "interest-centric",
        {"interest": 120, "fresh": 30, "everywhere": 10},
        {"interest": 1.0, "expected_watch": 0.3, "recency": 0.1, "followed": 0.05},
        topic_penalty=0.08,
        author_penalty=0.1,
    )


def follower_centric() -> Feed:
    """The classic social feed: what followees post, and what the circle reacted to.

    Reactions and comments of the circle raise a post (Facebook's "meaningful social
    interactions" of 2018 gives the direction); the sizes of the weights are assumptions.
    """
    return Feed(
        "follower-centric",
        {"following": 120, "circle": 120},
        {"circle_reactions": 0.6, "circle_comments": 0.6, "followed": 0.5, "recency": 0.4,
         "global_reactions": 0.1, "interest": 0.2},
        author_penalty=0.1,
    )  # fmt: skip


def chronological() -> Feed:
    """Posts of followees, newest first."""
    return Feed("chronological", {"following": 400}, {"recency": 1.0}, learning_rate=0.0)


def popularity() -> Feed:
    """What most react to, the same for everybody."""
    return Feed(
        "popularity",
        {"trending": 200, "fresh": 20},
        {"global_reactions": 1.0, "recency": 0.05},
        learning_rate=0.0,
    )


def uniform() -> Feed:
    """Uniform draws over all posts: the baseline whose crossing is 1."""
    return Feed("uniform", {"everywhere": 60}, {"chance": 1.0}, learning_rate=0.0)


def blend(first: Feed, second: Feed, share: float) -> Feed:
    """A feed whose numbers lie between two others: ``share`` = 0 is the first, 1 the second.

    Quotas, weights, penalties, signals and the learning rate are interpolated linearly;
    the filler rule is the first's.

    Parameters
    ----------
    first, second
        Two feeds.
    share
        In [0, 1].

    Examples
    --------
    >>> half = blend(follower_centric(), interest_centric(), 0.5)
    >>> half.sources["following"], half.weights["interest"]
    (60, 0.6)
    """
    if not 0 <= share <= 1:
        raise OptionError(f"share={share} must lie in [0, 1].")

    def mix(a: float, b: float) -> float:
        # exact at both ends, so that the ends are the two feeds themselves
        return a if share == 0 else b if share == 1 else (1 - share) * a + share * b

    sources = {s: round(mix(first.sources.get(s, 0), second.sources.get(s, 0))) for s in SOURCES}
    weights = {f: mix(first.weights.get(f, 0.0), second.weights.get(f, 0.0)) for f in FACTORS}
    signals = {
        s: mix(first.signals.get(s, 0.0), second.signals.get(s, 0.0))
        for s in {**first.signals, **second.signals}
    }
    return Feed(
        f"{1 - share:.0%} {first.name}, {share:.0%} {second.name}",
        {s: q for s, q in sources.items() if q},
        {f: w for f, w in weights.items() if w},
        mix(first.topic_penalty, second.topic_penalty),
        mix(first.author_penalty, second.author_penalty),
        signals,
        mix(first.learning_rate, second.learning_rate),
        first.filler,
    )


def source_by_ranking() -> dict[str, Feed]:
    """The 2×2 of source (circle | everywhere) × ranking (circle reactions | interest).

    Candidate pools alone can make a difference: the four feeds part their effect from that
    of the ranking.
    """
    pools = {"circle": {"following": 120, "circle": 120}, "everywhere": {"everywhere": 240}}
    rankings = {
        "circle reactions": {"circle_reactions": 0.6, "circle_comments": 0.6, "recency": 0.2},
        "interest": {"interest": 1.0, "recency": 0.2},
    }
    return {
        f"{pool} × {ranking}": Feed(f"{pool} × {ranking}", sources, weights)
        for pool, sources in pools.items()
        for ranking, weights in rankings.items()
    }

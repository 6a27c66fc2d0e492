"""Preset feeds: platforms as their operators describe them, and baselines."""

from __future__ import annotations

import math
from typing import Any

from graphkit.errors import OptionError, check_choice, check_number
from graphkit.recommenders.factors import NUMBERS, TABLES
from graphkit.recommenders.feed import Feed

__all__ = [
    "blend",
    "chronological",
    "circle_popularity",
    "follower_centric",
    "interest_centric",
    "popularity",
    "published",
    "source_by_ranking",
    "uniform",
    "watch_time",
]


def interest_centric() -> Feed:
    """TikTok's For You as described by TikTok: similarity to what was watched, and diversity.

    Directions from TikTok (2020). The feed learns from what a viewer finished, liked, shared
    or commented on; finishing a longer video is a strong signal, so completion has the largest
    strength. Captions, sounds and hashtags describe the content, so `interest` has the largest
    weight. Followees are one input among others: a small quota of `following`, a small weight
    of `followed`. The same country is a weak indicator; language and device count less than
    behaviour. Follower count and earlier hits are not direct factors, so `author_followers`,
    `author_hits`, `global_reactions` and `small_creator` have no weight. Videos outside the
    known interests are added and repeats of a sound or creator avoided, hence `everywhere`,
    `interest_share` and the penalties.

    Assumptions: every size. Quotas of 120, 30, 20 and 10; weights of 1, 0.3, 0.1, 0.05, 0.05
    and 0.02; penalties of 0.08 and 0.1; at most a quarter of the interest quota from one cell;
    a half-life of 30 ticks; an exploration budget of 20 views that grows fourfold; signals from
    1 (completion) to −0.3 (left early).

    References
    ----------
    TikTok (2020). How TikTok recommends videos #ForYou. TikTok Newsroom, 18 June 2020.

    Examples
    --------
    >>> feed = interest_centric()
    >>> "author_followers" in feed.weights, feed.signals["completion"], feed.signals["country"]
    (False, 1.0, 0.05)
    """
    return Feed(
        "interest-centric",
        {"interest": 120, "fresh": 30, "following": 20, "everywhere": 10},
        {
            "interest": 1.0,
            "expected_watch": 0.3,
            "recency": 0.1,
            "followed": 0.05,
            "same_language": 0.05,
            "same_country": 0.02,
        },
        topic_penalty=0.08,
        author_penalty=0.1,
        interest_share=0.25,
        half_life=30.0,
        trial_size=20,
        trial_growth=4.0,
        source="directions: TikTok Newsroom, 18 June 2020; sizes: assumptions",
    )


def follower_centric() -> Feed:
    """In-network social feed (Facebook): posts of followees and groups, reactions of followees.

    Directions from the "meaningful social interactions" of 2018: posts of friends, family and
    groups come before others, and posts that start conversations first, so comments of
    followees count more than their other reactions (Vogelstein 2018). Emoji reactions counted
    five likes, which favours divisive posts (Merrill & Oremus 2021); the model has one kind of
    like, and divisive posts draw more comments. The source `groups` covers pages and groups.

    Assumptions: every size. Quotas of 120, 120 and 40; weights of 0.6 for comments and 0.4
    for other reactions of followees, 0.5 for posts of followees, 0.4 for recency, 0.1 for
    global reactions and 0.1 for interest; a penalty of 0.1 per post of a poster.

    References
    ----------
    Vogelstein (2018). Facebook's Adam Mosseri on why you'll see less video, more from friends.
    Wired, January 2018.
    Merrill & Oremus (2021). Five points for anger, one for a "like". The Washington Post,
    26 October 2021.

    Examples
    --------
    >>> feed = follower_centric()
    >>> feed.sources["groups"], feed.weights["circle_comments"] > feed.weights["circle_reactions"]
    (40, True)
    """
    return Feed(
        "follower-centric",
        {"following": 120, "circle": 120, "groups": 40},
        {
            "circle_comments": 0.6,
            "followed": 0.5,
            "circle_reactions": 0.4,
            "recency": 0.4,
            "global_reactions": 0.1,
            "interest": 0.1,
        },
        author_penalty=0.1,
        source="directions: Facebook's meaningful social interactions (2018); sizes: assumptions",
    )


def circle_popularity() -> Feed:
    """Instagram: popularity among followees (in-network), recency, demotion of cross-posts.

    Directions from Mosseri (2021, 2023): most posts of the feed are by followees; popularity and
    recency of a post come first, then the probabilities that the viewer stays, comments, likes
    or shares; several posts of one person in a row are avoided, so the penalty per poster is
    large. Clips visibly posted elsewhere first are recommended less (The Verge 2021), and
    original content is preferred (Mosseri 2023), hence a negative weight on `cross_posted`. The
    source speaks of viewers who do not follow the author, the weight is for all; in synthetic worlds
    it leaves cross-posts without reach (:func:`graphkit.attribution.cross_post_demotion`).

    Assumptions: every size. Quotas of 120, 60 and 40; weights of 0.7 for reactions and 0.2 for
    comments of followees, 0.4 for recency, 0.3 for global reactions, 0.2 each for posts of
    followees, interest and expected likes, −0.5 for cross-posts; a penalty of 0.2.

    References
    ----------
    Mosseri (2021). Shedding more light on how Instagram works. Instagram, June 2021.
    Mosseri (2023). Instagram ranking explained. Instagram, May 2023.
    The Verge (2021). Instagram says its algorithm won't promote Reels that have a TikTok
    watermark. 9 February 2021.

    Examples
    --------
    >>> circle_popularity().weights["cross_posted"]
    -0.5
    """
    return Feed(
        "circle-popularity",
        {"following": 120, "circle": 60, "interest": 40},
        {
            "circle_reactions": 0.7,
            "recency": 0.4,
            "global_reactions": 0.3,
            "circle_comments": 0.2,
            "followed": 0.2,
            "interest": 0.2,
            "expected_like": 0.2,
            "cross_posted": -0.5,
        },
        author_penalty=0.2,
        source="directions: Instagram (2021, 2023); sizes: assumptions",
    )


def watch_time() -> Feed:
    """YouTube: expected watch time, co-visitation, subscriptions.

    Directions: candidates come from co-visitation with what the viewer watched (Davidson et
    al. 2010) and from similarity to the viewer's history, a few hundred in all, and are ranked
    by expected watch time; new videos get an exploration budget (Covington et al. 2016).
    Subscriptions are the source `following`.

    Assumptions: every size. Quotas of 120, 80, 60 and 20; weights of 1 for expected watch time,
    0.3 for interest, 0.1 each for expected watch fraction, subscriptions and recency; penalties
    of 0.05 and 0.1; a half-life of 30 ticks. Watch time is in minutes, at most one, and needs
    known durations.

    References
    ----------
    Davidson et al. (2010). The YouTube video recommendation system. RecSys.
    doi:10.1145/1864708.1864770
    Covington, Adams & Sargin (2016). Deep neural networks for YouTube recommendations.
    RecSys. doi:10.1145/2959100.2959190

    Examples
    --------
    >>> watch_time().sources["covisited"]
    120
    """
    return Feed(
        "watch-time",
        {"covisited": 120, "interest": 80, "following": 60, "fresh": 20},
        {
            "expected_watch_time": 1.0,
            "interest": 0.3,
            "expected_watch": 0.1,
            "followed": 0.1,
            "recency": 0.1,
        },
        topic_penalty=0.05,
        author_penalty=0.1,
        half_life=30.0,
        source="directions: Davidson et al. (2010), Covington et al. (2016); sizes: assumptions",
    )


def chronological() -> Feed:
    """Reverse chronological baseline: posts of followees, newest first.

    It soon runs out of posts, and then it ends: open slots stay empty, for no baseline is filled up
    with random posts. It shows fewer posts than other feeds: ``reading="shared"`` compares equal numbers.
    """
    return Feed(
        "chronological", {"following": 400}, {"recency": 1.0}, learning_rate=0.0, filler="empty"
    )


def popularity() -> Feed:
    """Popularity baseline: posts with most reactions, the same for all viewers.

    Assumptions: quotas of 200 and 20 (cold start of new posts), and a weight of 0.05 for
    recency, which breaks near ties.
    """
    return Feed(
        "popularity",
        {"trending": 200, "fresh": 20},
        {"global_reactions": 1.0, "recency": 0.05},
        learning_rate=0.0,
    )


def uniform() -> Feed:
    """Random baseline: uniform draws from all posts, with a crossing of 1.

    Its 60 candidates fill up to 60 slots, so that nothing of it is filler.
    """
    return Feed("uniform", {"everywhere": 60}, {"chance": 1.0}, learning_rate=0.0)


#: Numbers of presets that :func:`published` changes: tried by hand, then searched for by
#: benchmarks/published_figures.py.
PUBLISHED: dict[str, dict[str, Any]] = {
    "interest_centric": {
        "topic_penalty": 0.15,
        "signals": {"follow": 1.2, "like": 1.0, "completion": 0.3},
    },
    "follower_centric": {},
}


def published(preset: str) -> Feed:
    """A preset with numbers chosen so that published figures are met.

    The interest-centric feed has a larger topic penalty, by the share of recommendations that
    exploit known interests (Vombatkere et al. 2024), and learns most from follows, then likes,
    then completions, by what moves recommendations most (Boeker & Urman 2022); TikTok's own
    account, which the preset follows otherwise, ranks completion first. The follower-centric feed
    is as it was. See :func:`graphkit.attribution.published_figures` for the figures that
    were used (``use = "tune"``) and for the others, which had been seen and are not a blind test, and
    :meth:`graphkit.simulation.Behaviour.published` for the viewers.

    Parameters
    ----------
    preset
        ``"interest_centric"`` or ``"follower_centric"``.

    Raises
    ------
    OptionError
        For another name.

    References
    ----------
    Vombatkere, K. et al. (2024). TikTok and the art of personalization. WWW.
    doi:10.1145/3589334.3645600
    Boeker, M. & Urman, A. (2022). An empirical investigation of personalization factors on
    TikTok. WWW. doi:10.1145/3485447.3512102

    Examples
    --------
    >>> feed = published("interest_centric")
    >>> feed.signals["like"] > feed.signals["completion"]
    True
    """
    check_choice("preset", preset, PUBLISHED)
    feed = {"interest_centric": interest_centric, "follower_centric": follower_centric}[preset]()
    if not PUBLISHED[preset]:
        return feed
    source = f"{feed.source}; tuned to published figures"
    return feed.but(feed.name, **PUBLISHED[preset], source=source)


def blend(first: Feed, second: Feed, share: float) -> Feed:
    """Linear interpolation of two feeds: (1 − share) · first + share · second, number by number.

    Quotas and exploration budgets are rounded; half-lives are interpolated as rates
    1 / half-life. The filler is that of the first feed, at 1 that of the second.

    Parameters
    ----------
    first, second
        Two feeds without score functions.
    share
        In [0, 1].

    Raises
    ------
    OptionError
        If `share` is out of range, or a feed has a score function: combine the two scores in a
        custom function instead.

    Examples
    --------
    >>> half = blend(follower_centric(), interest_centric(), 0.5)
    >>> half.sources["following"], half.weights["interest"], half.half_life
    (70, 0.55, 60.0)
    """
    share = check_number("share", share, 0, 1)
    for feed in (first, second):
        if feed.score is not None:
            raise OptionError(
                f"feed {feed.name!r} has a score function, which cannot be blended: mix the two "
                "scores in a function of your own."
            )

    def mix_values(a: float, b: float) -> float:
        # exact at both ends and between equal numbers
        if share in (0, 1) or a == b:
            return b if share == 1 else a
        return (1 - share) * a + share * b

    numbers: dict[str, Any] = {}
    for key, number in NUMBERS.items():
        value = mix_values(getattr(first, key), getattr(second, key))
        numbers[key] = round(value) if number.whole else value
    if 0 < share < 1 and first.half_life != second.half_life:
        rate = mix_values(1 / first.half_life, 1 / second.half_life)
        numbers["half_life"] = 1 / rate if rate else math.inf
    for name, table in TABLES.items():
        a, b = getattr(first, name), getattr(second, name)
        mixed = {key: mix_values(a.get(key, 0), b.get(key, 0)) for key in table.known}
        whole = table.number.whole
        numbers[name] = {k: round(v) if whole else v for k, v in mixed.items() if v}
    texts = dict.fromkeys(text for text in (first.source, second.source) if text)
    return Feed(
        f"{1 - share:.0%} {first.name}, {share:.0%} {second.name}",
        filler=first.filler if share < 1 else second.filler,
        source="; ".join(texts),
        **numbers,
    )


def source_by_ranking() -> dict[str, Feed]:
    """2×2 design of source (circle | everywhere) × ranking (circle reactions | interest).

    The four feeds separate the effect of candidate generation (in-network or random) from that
    of ranking. Pools have the same size, and recency the same weight; the sizes are assumptions.

    Examples
    --------
    >>> list(source_by_ranking())[:2]
    ['circle × circle reactions', 'circle × interest']
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

"""Tables of the parameters of a feed: candidate sources, ranking factors, signals, ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from graphkit.errors import OptionError, check_choice, check_integer, check_number

#: Candidate sources, and the posts that each generates.
SOURCES = {
    "following": "recent posts of followees of the viewer",
    "circle": "in-network posts: reshared, liked or commented on by followees of the viewer",
    "groups": "recent posts by members of the groups of the viewer",
    "interest": "posts nearest to the learned profile of the viewer",
    "fresh": "cold start: new posts whose exploration budget grows if they are watched to the end",
    "trending": "posts of the last ticks with most reactions",
    "covisited": "co-visitation: last completions by accounts with a completion in common",
    "everywhere": "random exploration: posts drawn uniformly from all",
}

#: Ranking factors of a viewer × post pair, in [0, 1] (interest in [−1, 1]), in the order of the
#: kernel ``pair_factors``.
PAIR_FACTORS = {
    "interest": "cosine of the viewer's learned profile and the post's features",
    "circle_reactions": "1 − 2^(−r), r followees of the viewer who reshared or liked the post",
    "circle_comments": "1 − 2^(−c), c comments by followees of the viewer",
    "followed": "1 if the viewer follows the account that posted it",
    "same_country": "1 if viewer and post have the same known country",
    "same_language": "1 if viewer and post have the same known language",
    "chance": "uniform random number",
}

#: Query-independent (static) ranking factors of a post, in [0, 1].
POST_FACTORS = {
    "expected_watch": "mean watch fraction of the post so far, shrunk to the overall mean",
    "expected_watch_time": "expected_watch times the post's duration, in minutes, at most 1",
    "expected_like": "likes per view so far, shrunk to the overall rate",
    "expected_comment": "comments per view so far, shrunk to the overall rate",
    "expected_share": "shares, duets and stitches per view so far, shrunk to the overall rate",
    "expected_skip": "views left early, per view so far, shrunk to the overall rate",
    "global_reactions": "ln(1 + reactions) / ln(1 + reactions of the most reacted post)",
    "author_followers": "ln(1 + followers of the author) / ln(1 + followers of the most followed)",
    "author_hits": "ln(1 + reactions to the author's posts) / ln(1 + those of the highest author)",
    "small_creator": "1 if the author has fewer followers than the median author",
    "recency": "2^(−age / 3), age in ticks",
    "cross_posted": "1 if first posted on another platform (a negative weight demotes it)",
    "flagged": "1 if the post is flagged (a negative weight demotes it)",
}

#: All ranking factors.
FACTORS = PAIR_FACTORS | POST_FACTORS

#: Factors of the recent activity of followees.
CIRCLE_FACTORS = ("circle_reactions", "circle_comments")

#: Reactions that a feed learns from; the last two are priors of new accounts.
SIGNALS = {
    "completion": "watched to the end (watch fraction ≥ 0.9)",
    "like": "liked",
    "comment": "commented on",
    "share": "shared",
    "follow": "followed the author",
    "answer": "answered by a duet or stitch",
    "skip": "left early (watch fraction < 0.25)",
    "country": "mean profile of the accounts of the same country, at the beginning",
    "device": "mean profile of the accounts with the same device, at the beginning",
}


class Number(NamedTuple):
    """Range and meaning of a parameter of a feed."""

    part: str
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    finite: bool = True
    whole: bool = False

    def checked(self, parameter: str, value: object) -> float:
        """The value as an int or a float; raises an OptionError if it is out of range."""
        if self.whole:
            return check_integer(parameter, value, int(self.low))
        ends: dict[str, Any] = {
            "low_open": self.low_open,
            "high_open": self.high_open,
            "finite": self.finite,
        }
        return check_number(parameter, value, self.low, self.high, **ends)


class Table(NamedTuple):
    """Parameters of a feed by key: the meaning of each key, and their common range."""

    known: Mapping[str, str]
    number: Number

    def checked(self, parameter: str, given: object) -> dict[str, float]:
        """The numbers in the order of the table; raises an OptionError if one is invalid."""
        if not isinstance(given, Mapping):
            raise OptionError(
                f"{parameter}={given!r} must be a mapping of each {self.number.part} to its number."
            )
        for key in given:
            check_choice(parameter, key, self.known)
        keys = [key for key in self.known if key in given]
        return {key: self.number.checked(f"{parameter}[{key!r}]", given[key]) for key in keys}


#: Parameters of a feed that are tables.
TABLES = {
    "sources": Table(SOURCES, Number("source", "quota of candidates", 0, whole=True)),
    "weights": Table(FACTORS, Number("factor", "weight in the score")),
    "signals": Table(SIGNALS, Number("signal", "step of the learned profile")),
}

#: The other parameters of a feed.
NUMBERS = {
    "topic_penalty": Number("diversity", "subtracted per chosen post of the same topic", 0),
    "author_penalty": Number("diversity", "subtracted per chosen post of the same poster", 0),
    "author_decay": Number("diversity", "base of the discount per chosen post of the author", 0, 1),
    "author_floor": Number("diversity", "lower bound of the discount per author", 0, 1),
    "learning_rate": Number(
        "learning", "step length of a signal of strength 1", 0, 1, high_open=True
    ),
    "half_life": Number(
        "learning", "half-life of the learned profile, in ticks", 0, low_open=True, finite=False
    ),
    "interest_share": Number(
        "candidates", "largest share of the interest quota from one cell", 0, 1, low_open=True
    ),
    "delivery": Number(
        "candidates", "probability that a followee's post is delivered", 0, 1, low_open=True
    ),
    "trial_size": Number(
        "candidates", "initial exploration budget of a post, in views", 1, whole=True
    ),
    "trial_growth": Number("candidates", "growth factor of the exploration budget", 1),
    "minor_cap": Number(
        "intervention", "largest share of flagged posts in the slots of a session of a minor", 0, 1
    ),
    "share_friction": Number(
        "intervention",
        "share of the shares of flagged posts that are averted",
        0,
        1,
        high_open=True,
    ),
}

#: Rules of backfill for slots without a candidate.
FILLERS = ("uniform", "empty", "popularity")

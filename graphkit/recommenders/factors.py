"""The numbers of a feed: candidate sources, ranking factors, signals and others, with their ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from graphkit.errors import OptionError, check_choice, check_integer, check_number

__all__ = [
    "CIRCLE_FACTORS",
    "FACTORS",
    "FILLERS",
    "NUMBERS",
    "PAIR_FACTORS",
    "POST_FACTORS",
    "SIGNALS",
    "SOURCES",
    "TABLES",
    "Number",
    "Table",
]

#: Where candidates come from, and what each gives.
SOURCES = {
    "following": "recent posts of accounts the viewer follows",
    "circle": "posts that accounts the viewer follows passed on, liked or commented on",
    "groups": "recent posts by members of the groups the viewer is in",
    "interest": "posts nearest to what the feed knows of the viewer's interests",
    "fresh": "new posts on trial with an audience that widens if they are finished",
    "trending": "posts of the last ticks with most reactions",
    "covisited": "what those finished last who finished what the viewer finished last",
    "everywhere": "posts drawn uniformly from all",
}

#: Ranking factors of a viewer and a post; each lies in [0, 1] (interest in [−1, 1]). The kernel
#: ``pair_factors`` numbers them in this order.
PAIR_FACTORS = {
    "interest": "cosine of the viewer's learned profile and the post's features",
    "circle_reactions": "1 − 2^(−r), r who the viewer follows and who passed it on or liked it",
    "circle_comments": "1 − 2^(−c), c comments by accounts the viewer follows",
    "followed": "1 if the viewer follows who posted it",
    "same_country": "1 if viewer and post are of the same known country",
    "same_language": "1 if viewer and post are of the same known language",
    "chance": "a uniform draw",
}

#: Ranking factors of a post alone, the same for every viewer; each lies in [0, 1].
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
    "cross_posted": "1 if the post was first posted elsewhere (a negative weight demotes it)",
    "flagged": "1 if the post is flagged (a negative weight demotes it)",
}

#: Everything that ranks a candidate.
FACTORS = PAIR_FACTORS | POST_FACTORS

#: Factors that count what a viewer's followees did lately.
CIRCLE_FACTORS = ("circle_reactions", "circle_comments")

#: What a feed learns from, per reaction; the last two are what it assumes beforehand.
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
    """The range and meaning of a number of a feed."""

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
        return check_number(
            parameter,
            value,
            self.low,
            self.high,
            low_open=self.low_open,
            high_open=self.high_open,
            finite=self.finite,
        )


class Table(NamedTuple):
    """Numbers of a feed by name: the meaning of each name, and the range of all."""

    known: Mapping[str, str]
    number: Number

    def checked(self, parameter: str, given: object) -> dict[str, float]:
        """The numbers in the order of the table; raises an OptionError for what cannot be."""
        if not isinstance(given, Mapping):
            raise OptionError(
                f"{parameter}={given!r} must be a mapping of each {self.number.part} to its number."
            )
        for key in given:
            check_choice(parameter, key, self.known)
        return {
            key: self.number.checked(f"{parameter}[{key!r}]", given[key])
            for key in self.known
            if key in given
        }


#: The tables of a feed.
TABLES = {
    "sources": Table(SOURCES, Number("source", "quota of candidates", 0, whole=True)),
    "weights": Table(FACTORS, Number("factor", "weight in the score")),
    "signals": Table(SIGNALS, Number("signal", "move of the learned profile")),
}

#: The other numbers of a feed.
NUMBERS = {
    "topic_penalty": Number("diversity", "subtracted per chosen post of the same topic", 0),
    "author_penalty": Number("diversity", "subtracted per chosen post of the same poster", 0),
    "author_decay": Number("diversity", "base of the discount per chosen post of the author", 0, 1),
    "author_floor": Number("diversity", "what the discount per author never falls below", 0, 1),
    "learning_rate": Number(
        "learning", "length that a signal of strength 1 adds to the profile", 0, 1, high_open=True
    ),
    "half_life": Number(
        "learning",
        "ticks after which half of what was learned is forgotten",
        0,
        low_open=True,
        finite=False,
    ),
    "interest_share": Number(
        "candidates", "largest share of the interest quota from one cell", 0, 1, low_open=True
    ),
    "delivery": Number(
        "candidates", "chance that a followee's post is delivered at all", 0, 1, low_open=True
    ),
    "trial_size": Number("candidates", "first audience of a fresh post, in views", 1, whole=True),
    "trial_growth": Number("candidates", "how much that audience widens each time", 1),
}

#: What fills slots that no candidate fills.
FILLERS = ("uniform", "empty", "popularity")

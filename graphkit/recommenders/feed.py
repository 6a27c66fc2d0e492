"""A feed is data: sources with quotas, weights of ranking factors, a diversity rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.display import html_card, text_card
from graphkit.errors import OptionError, nearest

if TYPE_CHECKING:
    from graphkit.recommenders.context import Context

__all__ = ["FACTORS", "SIGNALS", "SOURCES", "Feed"]

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

#: What ranks a candidate; each factor lies in [0, 1] (interest in [−1, 1]).
FACTORS = {
    "interest": "cosine of the viewer's learned profile and the post's features",
    "circle_reactions": "1 − 2^(−r), r who the viewer follows and who passed it on or liked it",
    "circle_comments": "1 − 2^(−c), c comments by accounts the viewer follows",
    "followed": "1 if the viewer follows who posted it",
    "same_country": "1 if viewer and post are of the same known country",
    "same_language": "1 if viewer and post are of the same known language",
    "chance": "a uniform draw",
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

#: What fills slots that no candidate fills, see :attr:`Feed.filler`.
FILLERS = ("uniform", "empty", "popularity")


@dataclass(frozen=True, repr=False)
class Feed:
    """How one feed chooses and ranks; presets differ in these numbers only.

    Attributes
    ----------
    name
        What it stands for.
    sources
        Quota of candidates per source of ``SOURCES``; absent sources give none.
    weights
        Weight per factor of ``FACTORS``; absent factors count nothing. The score of a
        candidate is Σ weight · factor.
    topic_penalty, author_penalty
        Subtracted from a candidate's score for each post of the same topic (largest
        feature), or by the same poster, already chosen for the session.
    author_decay, author_floor
        A positive score is multiplied by floor + (1 − floor) · decay^k after k posts of the
        author; both in [0, 1].
    signals
        How much each reaction of ``SIGNALS`` moves the learned profile toward the post.
    learning_rate
        Length that one signal of strength 1 adds to the learned profile, whose length is 1 at
        the beginning; in [0, 1).
    interest_share
        At most this share of the interest quota comes from any one cell of near posts, in
        (0, 1], so that the strongest interest does not crowd out the others; 1 for no limit.
    half_life
        Ticks after which half of what was learned is forgotten; infinite for never.
    delivery
        Chance that what a followee posts or passes on is delivered to the viewer at all: one
        draw per edge and post, in (0, 1].
    trial_size, trial_growth
        First audience of a fresh post, in views, and by how much it widens each time that the
        post is watched to the end at least as often, per view, as all posts are.
    score
        A function of a :class:`Context` that scores pairs in place of `weights`.
    filler
        What fills slots that no candidate fills: ``"uniform"`` (a keyed uniform draw over
        unseen posts), ``"popularity"`` (the unseen post with most reactions), both marked as
        filler; or ``"empty"``.

    Examples
    --------
    >>> Feed("newest first", {"following": 200}, {"recency": 1.0}).score_of(recency=0.5)
    0.5
    """

    name: str
    sources: Mapping[str, int]
    weights: Mapping[str, float]
    topic_penalty: float = 0.0
    author_penalty: float = 0.0
    author_decay: float = 1.0
    author_floor: float = 0.0
    signals: Mapping[str, float] = field(
        default_factory=lambda: {
            "completion": 1.0, "like": 0.6, "comment": 0.4, "share": 0.8, "follow": 0.8,
            "answer": 0.8, "skip": -0.3, "country": 0.05, "device": 0.02,
        }
    )  # fmt: skip
    learning_rate: float = 0.05
    interest_share: float = 1.0
    half_life: float = math.inf
    delivery: float = 1.0
    trial_size: int = 20
    trial_growth: float = 4.0
    filler: str = "uniform"
    score: Callable[[Context], npt.NDArray[np.float32]] | None = None

    def __post_init__(self) -> None:
        for name, given, known in (
            ("source", self.sources, SOURCES),
            ("factor", self.weights, FACTORS),
            ("signal", self.signals, SIGNALS),
        ):
            for key, value in given.items():
                if key not in known:
                    raise OptionError(
                        f"feed {self.name!r}: unknown {name} {key!r}.{nearest(key, known)} "
                        f"Known: {', '.join(known)}."
                    )
                if not math.isfinite(value):
                    raise OptionError(f"feed {self.name!r}: {name} {key!r} is {value}.")
        for key, quota in self.sources.items():
            if quota < 0 or quota != int(quota):
                raise OptionError(f"feed {self.name!r}: quota of {key!r} is {quota}, not 0, 1, ….")
        for key in ("topic_penalty", "author_penalty"):
            if not getattr(self, key) >= 0:
                raise OptionError(f"feed {self.name!r}: {key} must be 0 or larger.")
        if not 0 <= self.learning_rate < 1:
            raise OptionError(f"feed {self.name!r}: learning_rate must lie in [0, 1).")
        if self.filler not in FILLERS:
            raise OptionError(
                f"feed {self.name!r}: filler={self.filler!r} is unknown. Known: {FILLERS}."
            )
        for key in ("sources", "weights", "signals"):
            object.__setattr__(self, key, MappingProxyType(dict(getattr(self, key))))

    def score_of(self, **factors: float) -> float:
        """The score of a candidate with these factors, before diversity."""
        return sum(self.weights.get(key, 0.0) * value for key, value in factors.items())

    def but(
        self,
        name: str,
        *,
        sources: Mapping[str, int] | None = None,
        weights: Mapping[str, float] | None = None,
        filler: str | None = None,
    ) -> Feed:
        """The same feed with some sources or weights changed."""
        return replace(
            self,
            name=name,
            sources={**self.sources, **(sources or {})},
            weights={**self.weights, **(weights or {})},
            filler=filler or self.filler,
        )

    @property
    def frame(self) -> pl.DataFrame:
        """Every number of the feed: part, key, value, meaning."""
        rows = [
            *(("source", k, float(self.sources.get(k, 0)), v) for k, v in SOURCES.items()),
            *(("factor", k, float(self.weights.get(k, 0)), v) for k, v in FACTORS.items()),
            ("diversity", "topic_penalty", self.topic_penalty, "per chosen post of the same topic"),
            ("diversity", "author_penalty", self.author_penalty, "per chosen post of the poster"),
            *(("signal", k, float(self.signals.get(k, 0)), v) for k, v in SIGNALS.items()),
            ("learning", "learning_rate", self.learning_rate, "share of the profile per signal"),
        ]
        return pl.DataFrame(rows, schema=["part", "key", "value", "meaning"], orient="row")

    def _facts(self) -> dict[str, object]:
        return {
            "sources": ", ".join(f"{k} {v}" for k, v in self.sources.items() if v),
            "ranked by": ", ".join(f"{k} {v:g}" for k, v in self.weights.items() if v),
            "diversity": f"topic −{self.topic_penalty:g}, author −{self.author_penalty:g}",
            "filler": self.filler,
        }

    def __repr__(self) -> str:
        return text_card(f"Feed: {self.name}", self._facts())

    def _repr_html_(self) -> str:
        return html_card(f"Feed: {self.name}", {}, self.frame)

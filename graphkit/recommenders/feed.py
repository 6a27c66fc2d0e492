"""A feed is data: sources with quotas, weights of ranking factors, a diversity rule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import polars as pl

from graphkit.data.display import html_card, text_card
from graphkit.errors import OptionError, nearest

__all__ = ["FACTORS", "SIGNALS", "SOURCES", "Feed"]

#: Where candidates come from, and what each gives.
SOURCES = {
    "following": "recent posts of accounts the viewer follows",
    "circle": "posts that accounts the viewer follows shared, liked or commented on",
    "interest": "posts nearest to what the feed knows of the viewer's interests",
    "fresh": "new posts on trial with a small audience",
    "trending": "posts with most reactions in the last ticks",
    "everywhere": "posts drawn uniformly from all",
}

#: What ranks a candidate; each factor lies in [0, 1] (interest in [−1, 1]).
FACTORS = {
    "interest": "cosine of the viewer's learned profile and the post's features",
    "expected_watch": "mean watch fraction of the post so far, shrunk to the overall mean",
    "circle_reactions": "1 − 2^(−r), r shares and likes by accounts the viewer follows",
    "circle_comments": "1 − 2^(−c), c comments by accounts the viewer follows",
    "global_reactions": "ln(1 + reactions) / ln(1 + reactions of the most reacted post)",
    "followed": "1 if the viewer follows who posted it",
    "recency": "2^(−age / 3), age in ticks",
    "chance": "a uniform draw",
}

#: What a feed learns from, per reaction.
SIGNALS = {
    "completion": "watched to the end (watch fraction ≥ 0.9)",
    "like": "liked",
    "comment": "commented on",
    "share": "shared",
    "skip": "left early (watch fraction < 0.25)",
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
    signals
        How much each reaction of ``SIGNALS`` moves the learned profile toward the post.
    learning_rate
        Share of the profile that one signal of strength 1 replaces, in [0, 1).
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
    signals: Mapping[str, float] = field(
        default_factory=lambda: {
            "completion": 1.0, "like": 0.6, "comment": 0.4, "share": 0.8, "skip": -0.3,
        }
    )  # fmt: skip
    learning_rate: float = 0.05
    filler: str = "uniform"

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

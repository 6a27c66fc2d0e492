"""Recommender system of a feed as data: candidate sources, factor weights, re-ranking, learning."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.errors import OptionError, check_choice, shorten
from graphkit.recommenders.factors import FACTORS, FILLERS, NUMBERS, SIGNALS, SOURCES, TABLES

if TYPE_CHECKING:
    from graphkit.recommenders.context import Context

__all__ = ["FACTORS", "FILLERS", "SIGNALS", "SOURCES", "Feed"]

Score = Callable[["Context"], npt.NDArray[np.float32]]


@dataclass(frozen=True, repr=False)
class Feed(Frozen):
    """Recommender system given as numbers: candidate quotas, weights, diversity, learning.

    Attributes
    ----------
    name
        Name in tables and figures.
    sources
        Quota of candidates per source of ``SOURCES``; 0 if absent.
    weights
        Weight per factor of ``FACTORS``; 0 if absent. The score of a candidate is
        Σ weight · factor.
    topic_penalty, author_penalty
        Greedy re-ranking: subtracted from the score of a candidate for each post of the same
        topic (largest feature), or by the same poster, already selected for the session.
    author_decay, author_floor
        A positive score is multiplied by floor + (1 − floor) · decay^k after k posts of the
        author; both in [0, 1].
    signals
        Strength with which each reaction of ``SIGNALS`` moves the learned profile to the post.
    learning_rate
        Step length of a signal of strength 1 in the learned profile, whose initial length is
        1; in [0, 1).
    interest_share
        Largest share of the interest quota, rounded up, from one cell of the index, in (0, 1],
        so that the strongest interest does not crowd out the others; 1 for no limit.
    half_life
        Half-life of the learned profile, in ticks; infinite for no decay.
    delivery
        Probability that a post or reshare of a followee is delivered to the viewer: one draw
        per edge and post, in (0, 1].
    trial_size, trial_growth
        Cold start: initial exploration budget of a new post, in views, and its growth factor
        whenever the completion rate of the post is at least that of all posts.
    minor_cap
        Largest share of the slots of a session, in [0, 1] and rounded down to whole posts, that
        show flagged posts to an account known to be a minor (:attr:`World.minors`; an account of
        unknown age is none). Re-ranking passes over flagged candidates beyond it, and so does the
        filler: at 0 no minor is shown any. 1 for no cap.
    share_friction
        Friction: share of the shares of flagged posts, in [0, 1), that viewers give up when they
        are asked once more. Shares of other posts are not asked about, nor duets and stitches,
        which take longer than a tap anyway. The feed counts and learns from what is left.
    filler
        Backfill of slots without a candidate: ``"uniform"`` (uniform draw from unseen posts),
        ``"popularity"`` (the unseen post with most reactions), both marked as filler; or
        ``"empty"``.
    score
        Function of a :class:`Context` that scores pairs instead of `weights`, which are empty.
    source
        Origin of the numbers, as text; :func:`preset_numbers` has that of every number of the
        presets.

    Raises
    ------
    OptionError
        For an unknown source, factor or signal (the nearest is named), and numbers that are
        not finite or out of range.

    Examples
    --------
    >>> Feed("newest first", {"following": 200}, {"recency": 1.0}).score_of(recency=0.5)
    0.5

    A custom score function, here with the scores of ``follower_centric``:

    >>> from graphkit.recommenders import follower_centric
    >>> def circle_first(context):
    ...     score = 0.6 * context.factor("circle_comments")
    ...     score += 0.4 * context.factor("circle_reactions")
    ...     score += 0.5 * context.factor("followed")
    ...     score += 0.4 * context.factor("recency")
    ...     score += 0.1 * context.factor("global_reactions")
    ...     score += 0.1 * context.factor("interest")
    ...     return score
    >>> mine = follower_centric().but("mine", score=circle_first)
    >>> mine.diff(follower_centric()).filter(part="score").row(0)
    ('score', 'score', 'circle_first', 'Σ weight · factor')
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
            "completion": 1.0,
            "like": 0.6,
            "comment": 0.4,
            "share": 0.8,
            "follow": 0.8,
            "answer": 0.8,
            "skip": -0.3,
            "country": 0.05,
            "device": 0.02,
        }
    )
    learning_rate: float = 0.05
    interest_share: float = 1.0
    half_life: float = math.inf
    delivery: float = 1.0
    trial_size: int = 20
    trial_growth: float = 4.0
    minor_cap: float = 1.0
    share_friction: float = 0.0
    filler: str = "uniform"
    score: Score | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise OptionError(
                f"a feed's name is {shorten(self.name)}: give it a text that says what it is."
            )
        start = f"feed {shorten(self.name)}:"
        if not isinstance(self.source, str):
            raise OptionError(
                f"{start} source is {shorten(self.source)}, not a text that says where its numbers come "
                "from; quotas go into sources."
            )
        for key, number in NUMBERS.items():
            self._set(**{key: number.checked(f"{start} {key}", getattr(self, key))})
        for key, table in TABLES.items():
            checked = table.checked(f"{start} {key}", getattr(self, key))
            self._set(**{key: MappingProxyType(checked)})
        check_choice(f"{start} filler", self.filler, FILLERS)
        if self.score is not None and not callable(self.score):
            raise OptionError(
                f"{start} score is {shorten(self.score)}: give a function of a Context that returns "
                "float32[n_pairs], or leave it out."
            )
        if self.score is not None and self.weights:
            raise OptionError(
                f"{start} it has weights and a score function, which takes their place: give one "
                "of them, and leave weights={} beside a function."
            )

    def score_of(self, **factors: float) -> float:
        """Score Σ weight · factor of a candidate with these factors, before re-ranking."""
        return sum(self.weights.get(key, 0.0) * value for key, value in factors.items())

    def but(
        self,
        name: str,
        *,
        sources: Mapping[str, int] | None = None,
        weights: Mapping[str, float] | None = None,
        signals: Mapping[str, float] | None = None,
        topic_penalty: float | None = None,
        author_penalty: float | None = None,
        author_decay: float | None = None,
        author_floor: float | None = None,
        learning_rate: float | None = None,
        interest_share: float | None = None,
        half_life: float | None = None,
        delivery: float | None = None,
        trial_size: int | None = None,
        trial_growth: float | None = None,
        minor_cap: float | None = None,
        share_friction: float | None = None,
        filler: str | None = None,
        score: Score | None = None,
        source: str | None = None,
    ) -> Feed:
        """Copy of the feed with some numbers changed.

        Parameters
        ----------
        name
            Name of the new feed.
        sources, weights, signals
            Numbers that replace those of the same keys. Weights replace a score function.
        topic_penalty, author_penalty, author_decay, author_floor, learning_rate, \
        interest_share, half_life, delivery, trial_size, trial_growth, minor_cap, share_friction, \
        filler, source
            New values; unchanged if absent.
        score
            A function that replaces the weights.

        Examples
        --------
        >>> feed = Feed("newest first", {"following": 200}, {"recency": 1.0})
        >>> feed.but("half delivered", delivery=0.5).diff(feed).rows()
        [('candidates', 'delivery', '0.5', '1')]
        """
        given = locals()
        for key in ("sources", "weights", "signals"):
            if given[key] is not None and not isinstance(given[key], Mapping):
                raise OptionError(
                    f"feed {name!r}: {key}={shorten(given[key])}: numbers by key are needed, such as "
                    f"{{{next(iter(TABLES[key].known))!r}: 1}}."
                )
        keys = (*NUMBERS, "filler", "source")
        changes: dict[str, Any] = {key: given[key] for key in keys if given[key] is not None}
        if score is not None:
            changes |= {"score": score, "weights": weights or {}}
        elif weights:
            changes |= {"score": None, "weights": {**self.weights, **weights}}
        return replace(
            self,
            name=name,
            sources={**self.sources, **(sources or {})},
            signals={**self.signals, **(signals or {})},
            **changes,
        )

    @property
    def frame(self) -> pl.DataFrame:
        """All numbers of the feed: part, key, value, meaning; the same rows for all feeds."""
        rows = [
            (table.number.part, key, float(getattr(self, name).get(key, 0)), meaning)
            for name, table in TABLES.items()
            for key, meaning in table.known.items()
        ]
        rows += [(n.part, k, float(getattr(self, k)), n.meaning) for k, n in NUMBERS.items()]
        return pl.DataFrame(rows, schema=["part", "key", "value", "meaning"], orient="row")

    def diff(self, other: Feed) -> pl.DataFrame:
        """Differences between the numbers of two feeds.

        Parameters
        ----------
        other
            Another feed.

        Returns
        -------
        polars.DataFrame
            part, key, this, other: the numbers, filler and score function that differ, as text.

        Examples
        --------
        >>> feed = Feed("newest first", {"following": 200}, {"recency": 1.0})
        >>> feed.but("fewer", sources={"following": 50}).diff(feed).rows()
        [('source', 'following', '50', '200')]
        """
        mine, others = (f.frame.select("part", "key", "value").rows() for f in (self, other))
        rows = [
            (part, key, _format_number(value), _format_number(theirs))
            for (part, key, value), (_, _, theirs) in zip(mine, others, strict=True)
            if value != theirs
        ]
        if self.filler != other.filler:
            rows.append(("filler", "filler", self.filler, other.filler))
        if self.score != other.score:
            rows.append(("score", "score", _name_of(self.score), _name_of(other.score)))
        names = ("part", "key", "this", "other")
        return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")

    def _facts(self) -> dict[str, object]:
        ranked = ", ".join(f"{k} {v:g}" for k, v in self.weights.items() if v)
        facts: dict[str, object] = {
            "sources": ", ".join(f"{k} {v}" for k, v in self.sources.items() if v),
            "ranked by": ranked if self.score is None else f"{_name_of(self.score)}(context)",
            "diversity": f"topic −{self.topic_penalty:g}, author −{self.author_penalty:g}",
            "filler": self.filler,
        }
        if self.minor_cap < 1 or self.share_friction:
            facts["flagged posts"] = (
                f"at most {self.minor_cap:.3g} of a minor's slots, {self.share_friction:.3g} of the "
                "shares averted"
            )
        return facts | ({"source": self.source} if self.source else {})

    def _title(self) -> str:
        return f"Feed: {self.name}"

    def _table(self) -> pl.DataFrame:
        return self.frame.filter(pl.col("value") != 0)


def _format_number(value: float) -> str:
    """Shortest text that parses to the number."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _name_of(score: Score | None) -> str:
    if score is None:
        return "Σ weight · factor"
    return str(getattr(score, "__qualname__", type(score).__qualname__))

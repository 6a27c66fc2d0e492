"""What the numbers of a feed may be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import TYPE_CHECKING

from graphkit.errors import OptionError, nearest
from graphkit.recommenders.parts import FACTORS, FILLERS, SIGNALS, SOURCES

if TYPE_CHECKING:
    from graphkit.recommenders.feed import Feed

__all__ = ["check_feed"]


def _share(x: float) -> bool:
    return 0 < x <= 1


def _unit(x: float) -> bool:
    return 0 <= x <= 1


def _finite_from_0(x: float) -> bool:
    return 0 <= x < math.inf


#: NaN is in none of these.
_RANGES: dict[str, tuple[Callable[[float], bool], str]] = {
    "topic_penalty": (_finite_from_0, "finite and 0 or larger"),
    "author_penalty": (_finite_from_0, "finite and 0 or larger"),
    "author_decay": (_unit, "in [0, 1]"),
    "author_floor": (_unit, "in [0, 1]"),
    "learning_rate": (lambda x: 0 <= x < 1, "in [0, 1)"),
    "half_life": (lambda x: x > 0, "larger than 0, infinite for never"),
    "interest_share": (_share, "in (0, 1]"),
    "delivery": (_share, "in (0, 1]"),
    "trial_size": (lambda x: 1 <= x < math.inf and x == int(x), "a whole number, 1 or larger"),
    "trial_growth": (lambda x: 1 <= x < math.inf, "finite and 1 or larger"),
}


def check_feed(feed: Feed) -> None:
    """Refuse a feed with a name that is unknown or a number that cannot be.

    Raises
    ------
    OptionError
        Naming the feed, the key and the value; for an unknown key also the nearest known one.
    """
    if not isinstance(feed.name, str) or not feed.name:
        raise OptionError(f"a feed's name is {feed.name!r}: give it a text that says what it is.")
    start = f"feed {feed.name!r}:"
    if not isinstance(feed.source, str):
        raise OptionError(
            f"{start} source is {feed.source!r}, not a text that says where its numbers come "
            "from; quotas go into sources."
        )
    for key, (allowed, words) in _RANGES.items():
        value = _number(start, key, getattr(feed, key))
        if not allowed(value):
            raise OptionError(f"{start} {key} is {value:g}, but must be {words}.")
    _check_table(start, "source", feed.sources, SOURCES)
    _check_table(start, "factor", feed.weights, FACTORS)
    _check_table(start, "signal", feed.signals, SIGNALS)
    for key, quota in feed.sources.items():
        if quota < 0 or quota != int(quota):
            raise OptionError(f"{start} the quota of {key!r} is {quota:g}, not 0, 1, ….")
    if feed.filler not in FILLERS:
        raise OptionError(
            f"{start} filler={feed.filler!r} is unknown.{nearest(str(feed.filler), FILLERS)} "
            f"Known: {', '.join(FILLERS)}."
        )
    if feed.score is None:
        return
    if not callable(feed.score):
        raise OptionError(
            f"{start} score is {feed.score!r}: give a function of a Context that returns "
            "float32[n_pairs], or leave it out."
        )
    if feed.weights:
        raise OptionError(
            f"{start} it has weights and a score function, which takes their place: give one of "
            "them, and leave weights={} beside a function."
        )


def _check_table(start: str, kind: str, given: object, known: Mapping[str, str]) -> None:
    if not isinstance(given, Mapping):
        raise OptionError(f"{start} {given!r} must be a mapping of each {kind} to its number.")
    for key, value in given.items():
        if key not in known:
            raise OptionError(
                f"{start} unknown {kind} {key!r}.{nearest(str(key), known)} "
                f"Known: {', '.join(known)}."
            )
        if not math.isfinite(_number(start, f"{kind} {key!r}", value)):
            raise OptionError(f"{start} {kind} {key!r} is {value}, not a finite number.")


def _number(start: str, key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise OptionError(f"{start} {key} is {value!r}, not a number.")
    return float(value)

"""Arms of a comparison: feeds, each under the name of its arm."""

from __future__ import annotations

from collections.abc import Mapping

from graphkit.errors import OptionError, shorten
from graphkit.recommenders import presets
from graphkit.recommenders.feed import Feed

__all__ = ["check_arms"]


def check_arms(arms: Mapping[str, Feed], caller: str) -> None:
    """Raise an :class:`OptionError` unless these are feeds by the names of their arms.

    Examples
    --------
    >>> check_arms({"a": "interest_centric"}, "simulate_spread")
    Traceback (most recent call last):
        ...
    graphkit.errors.OptionError: simulate_spread: arms has 'a': str, and needs a feed under \
a text as name: graphkit.recommenders.interest_centric().
    """
    if not isinstance(arms, Mapping):
        given = "a Feed" if isinstance(arms, Feed) else shorten(arms)
        if isinstance(arms, list | tuple):
            given = f"a {type(arms).__name__} of {len(arms)}"
        feed = _call_of(arms) or "feed"
        raise OptionError(
            f"{caller}: arms is {given}: give feeds by the names of their arms, such as "
            f'arms={{"first": {feed}, "second": graphkit.recommenders.uniform()}}.'
        )
    for name, feed in arms.items():
        if isinstance(name, str) and isinstance(feed, Feed):
            continue
        call = _call_of(feed)
        raise OptionError(
            f"{caller}: arms has {shorten(name)}: {type(feed).__name__}, and needs a feed under a text as name"
            + (f": {call}." if call else ".")
        )


def _call_of(value: object) -> str:
    """The call of a preset that was given as its name, or not called; empty for all else."""
    name = value if isinstance(value, str) else getattr(value, "__name__", "")
    name = name.replace("-", "_")
    return f"graphkit.recommenders.{name}()" if name in presets.__all__ else ""

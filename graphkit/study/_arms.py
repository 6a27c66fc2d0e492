"""An arm of a study file → a feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from graphkit.errors import OptionError, check_choice
from graphkit.recommenders import (
    FACTORS,
    SOURCES,
    Feed,
    blend,
    chronological,
    follower_centric,
    interest_centric,
    popularity,
    uniform,
)

__all__ = ["PRESETS", "feed_of"]

PRESETS: dict[str, Callable[[], Feed]] = {
    "follower_centric": follower_centric,
    "interest_centric": interest_centric,
    "chronological": chronological,
    "popularity": popularity,
    "uniform": uniform,
}


def feed_of(
    name: str, preset: str | None, pair: tuple[str, ...], share: float,
    sources: Mapping[str, int], weights: Mapping[str, float], filler: str,
) -> Feed:  # fmt: skip
    """The preset or the blend of two, with the numbers that the study changes.

    Raises
    ------
    OptionError
        For an unknown preset, source or factor; the message names the nearest.
    """
    if (preset is None) == (not pair):
        raise OptionError(f"{name!r} needs either preset or blend.")
    for known in (preset,) if preset is not None else pair:
        check_choice(f"{name!r}: preset", known, PRESETS)
    for key in sources:
        check_choice(f"{name!r}: sources", key, SOURCES)
    for key in weights:
        check_choice(f"{name!r}: weights", key, FACTORS)
    if preset is not None:
        feed = PRESETS[preset]()
    elif len(pair) == 2:
        feed = blend(PRESETS[pair[0]](), PRESETS[pair[1]](), share)
    else:
        raise OptionError(f"{name!r}: blend names two presets, not {list(pair)}.")
    return feed.but(name, sources=sources, weights=weights, filler=filler)

"""An arm of a study file → a feed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from graphkit.errors import OptionError, check_choice
from graphkit.recommenders import (
    Feed,
    blend,
    chronological,
    circle_popularity,
    follower_centric,
    interest_centric,
    popularity,
    ranker,
    read_feed,
    uniform,
    watch_time,
)
from graphkit.recommenders.factors import NUMBERS, TABLES

if TYPE_CHECKING:
    from graphkit.study.config import ArmConfig

__all__ = ["PRESETS", "feed_of"]

PRESETS: dict[str, Callable[[], Feed]] = {
    "follower_centric": follower_centric,
    "interest_centric": interest_centric,
    "circle_popularity": circle_popularity,
    "watch_time": watch_time,
    "chronological": chronological,
    "popularity": popularity,
    "uniform": uniform,
}


def feed_of(arm: ArmConfig, base: Path) -> Feed:
    """The feed that an arm names, with the numbers that the study changes.

    Parameters
    ----------
    arm
        Of a study.
    base
        Folder that files are relative to.

    Raises
    ------
    OptionError
        For an unknown preset, ranker, source, factor or signal; the message names the nearest.
    FileError
        If the feed's file cannot be read.
    """
    start = f"{arm.name!r}:"
    named = [key for key in ("preset", "blend", "file", "ranker") if getattr(arm, key)]
    if len(named) != 1:
        found = f", not {' and '.join(named)}" if named else ""
        raise OptionError(f"{arm.name!r} needs one of preset, blend, file or ranker{found}.")
    changes = {key: getattr(arm, key) for key in (*TABLES, *NUMBERS, "filler")}
    return _named(arm, start, base).but(arm.name, **changes)


def _named(arm: ArmConfig, start: str, base: Path) -> Feed:
    if arm.file:
        return read_feed(base / Path(arm.file).expanduser())
    if arm.ranker:
        return ranker(arm.ranker)
    names = [arm.preset] if arm.preset else arm.blend
    for name in names:
        check_choice(f"{start} preset", name, PRESETS)
    if arm.preset:
        return PRESETS[arm.preset]()
    if len(arm.blend) != 2:
        raise OptionError(f"{start} blend names two presets, not {list(arm.blend)}.")
    first, second = arm.blend
    return blend(PRESETS[first](), PRESETS[second](), arm.share)

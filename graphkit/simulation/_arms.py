"""What the arms of a simulation are, in plain values, and what they need of the worlds."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from graphkit.data.provenance import content_key
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError
from graphkit.recommenders.feed import Feed

__all__ = ["check_worlds", "feed_facts"]


def feed_facts(feed: Feed) -> dict[str, object]:
    """Every number of a feed, its filler rule, its score function and where it is from.

    A function is known by its name and a key of its text and of the plain values that it
    holds (defaults and closure); what it reads elsewhere is not seen.
    """
    rows = feed.frame.select("part", "key", "value").iter_rows()
    facts: dict[str, object] = {f"{part}.{key}": value for part, key, value in rows}
    score = "weights" if feed.score is None else _function(feed.score)
    return facts | {"filler": feed.filler, "score": score, "origin": feed.source}


def _function(score: Any) -> str:
    name, held = "", []
    while isinstance(score, partial):
        held += [*score.args, *sorted(score.keywords.items())]
        score = score.func
    if not inspect.isroutine(score):
        # an object that can be called: its class, and what it holds
        held += sorted(getattr(score, "__dict__", {}).items())
        score = type(score)
    name = f"{score.__module__}.{score.__qualname__}"
    code = getattr(score, "__code__", None)
    try:
        text = inspect.getsource(score)
    except (OSError, TypeError):
        text = (
            "" if code is None else f"{code.co_code.hex()} {code.co_names} {_plain(code.co_consts)}"
        )
    held += [cell.cell_contents for cell in getattr(score, "__closure__", None) or ()]
    held += list(getattr(score, "__defaults__", None) or ())
    held += sorted((getattr(score, "__kwdefaults__", None) or {}).items())
    return f"{name} {content_key(text, _plain(tuple(held)))}"


def _plain(value: Any) -> Any:
    """Values whose text is the same in every process; of others, only their type."""
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return content_key(np.asarray(value))
    if isinstance(value, tuple | list):
        return tuple(_plain(v) for v in value)
    if isinstance(value, Mapping):
        return tuple((str(k), _plain(v)) for k, v in value.items())
    return type(value).__qualname__


def check_worlds(worlds: Sequence[World], arms: Mapping[str, Feed], ticks: int) -> None:
    """Refuse worlds in which an arm could not show what it should.

    Weights of ties and places, and the source of groups, in a world that knows none simply
    give nothing: a preset with groups must run on data without memberships, too.
    """
    for w, world in enumerate(worlds):
        if int(world.ticks.min()) >= ticks:
            raise DataError(
                f"world {w}: no post enters before tick {int(world.ticks.min())}, and ticks={ticks}: "
                "nothing could be shown. Run for longer."
            )
        for name, feed in arms.items():
            _check(name, feed, w, world)


def _check(name: str, feed: Feed, w: int, world: World) -> None:
    quota = feed.sources.get
    social = [s for s in ("following", "circle") if quota(s, 0)]
    if social and not world.follows.n_edges:
        raise MissingDataError(
            f"arm {name!r} shows what followees post or react to ({', '.join(social)}), but world "
            f"{w} has no follows: leave these sources out, or build it from data with follows."
        )
    if quota("interest", 0) or feed.weights.get("interest", 0.0):
        blank = "features of posts" * (not world.post_features.any())
        blank = blank or "profiles" * (not world.profiles.any())
        if blank:
            raise MissingDataError(
                f"arm {name!r} ranks by interest, but world {w} has no {blank}: it was made "
                "without tags, or from too little history."
            )

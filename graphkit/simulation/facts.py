"""Facts that tell a simulation from others: numbers, and what a score function is made of."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from graphkit.data.frozen import content_key
from graphkit.data.provenance import Provenance
from graphkit.data.world import World
from graphkit.recommenders.feed import Feed
from graphkit.simulation.behaviour import Behaviour

if TYPE_CHECKING:
    from graphkit.measures.payouts import Payout

#: Types of values with a text of their own.
_PLAIN = bool | int | float | str | bytes


def feed_facts(feed: Feed) -> dict[str, object]:
    """Parameters of a feed, its filler, score function and origin, as plain values.

    A function is identified by its name and a key of its text and of the plain values that it
    holds (defaults and closure).
    """
    rows = feed.frame.select("part", "key", "value").iter_rows()
    facts: dict[str, object] = {f"{part}.{key}": value for part, key, value in rows}
    score = "weights" if feed.score is None else _describe_function(feed.score)
    return facts | {"filler": feed.filler, "score": score, "origin": feed.source}


def _describe_function(score: Any) -> str:
    name, text, held = _taken_apart(score)
    return f"{name} {content_key(text, _plain_value(held))}"


def is_identified(feed: Feed) -> bool:
    """Whether :func:`feed_facts` tell all that a score function holds, for it is plain values."""
    return feed.score is None or _is_plain(_taken_apart(feed.score)[2])


def _taken_apart(score: Any) -> tuple[str, str, tuple[Any, ...]]:
    """Name and text of a score function, and the values that it holds."""
    held: list[Any] = []
    while isinstance(score, partial):
        held += [*score.args, *sorted(score.keywords.items())]
        score = score.func
    if inspect.ismethod(score):
        held += _attributes(score.__self__)
    elif not inspect.isroutine(score):
        # a callable object: its class and attributes
        held += _attributes(score)
        score = type(score)
    name = f"{score.__module__}.{score.__qualname__}"
    code = getattr(score, "__code__", None)
    try:
        # from Python 3.13 on the text of "<string>" is that of the command line, not of exec()
        if code is not None and code.co_filename == "<string>":
            raise OSError
        text = inspect.getsource(score)
    except (OSError, TypeError):
        text = (
            ""
            if code is None
            else f"{code.co_code.hex()} {code.co_names} {_plain_value(code.co_consts)}"
        )
    held += [cell.cell_contents for cell in getattr(score, "__closure__", None) or ()]
    held += list(getattr(score, "__defaults__", None) or ())
    held += sorted((getattr(score, "__kwdefaults__", None) or {}).items())
    return name, text, tuple(held)


def _attributes(owner: Any) -> list[Any]:
    """Names and values of the attributes of an object; itself where it has no dictionary of them."""
    if isinstance(owner, type):  # of a class method
        return []
    return sorted(vars(owner).items()) if hasattr(owner, "__dict__") else [owner]


def _is_plain(value: Any) -> bool:
    """Whether :func:`_plain_value` keeps the value, and not only its type."""
    if isinstance(value, np.ndarray | np.generic):
        return not value.dtype.hasobject
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    return value is None or isinstance(value, _PLAIN)


def _plain_value(value: Any) -> Any:
    """Reduce a value to plain values with reproducible text; others to their type."""
    if value is None or isinstance(value, _PLAIN):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return content_key(np.asarray(value))
    if isinstance(value, tuple | list):
        return tuple(_plain_value(v) for v in value)
    if isinstance(value, Mapping):
        return tuple((str(k), _plain_value(v)) for k, v in value.items())
    return type(value).__qualname__


def simulation_facts(
    population: Sequence[World],
    arms: Mapping[str, Feed],
    numbers: Mapping[str, int],
    budget: str,
    reading: str,
    behaviour: Behaviour,
    payout: Payout | None = None,
) -> dict[str, Any]:
    """All arguments of a simulation but its seed, as plain values, and versions."""
    facts = {
        "arms": {name: feed_facts(feed) for name, feed in arms.items()},
        **numbers,
        "budget": budget,
        "reading": reading,
        "behaviour": dict(behaviour.frame.select("parameter", "value").iter_rows()),
        "worlds": [world.content_key for world in population],
        "versions": dict(Provenance.of("simulate_spread", packages=("numba", "numpy")).versions),
    }
    if payout is not None:
        facts["payout"] = {"name": payout.name, **dict(payout.frame.iter_rows())}
    return facts

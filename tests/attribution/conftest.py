"""Small worlds, and games in place of simulations."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl
import pytest

import graphkit as gk
from graphkit.data.world import World
from graphkit.recommenders import Feed

Game = Callable[[Feed, int, int], float | None]


@pytest.fixture(scope="package")
def small_worlds() -> list[World]:
    """Four small worlds made independently."""
    like = gk.synthetic.platform(100, communities=3, rng=1)
    return gk.synthetic.worlds(4, like=like, ticks=3, rng=3)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Replaces simulations by a function of feed, number of the world, and replication.

    Returns the number of evaluated feeds of each call.
    """

    def start(game: Game, worlds: Sequence[World], filler: float = 0.0) -> list[int]:
        calls: list[int] = []
        number = {world.content_key: w for w, world in enumerate(worlds)}

        def evaluate(some: Sequence[World], arms: Mapping[str, Feed], **more: Any) -> pl.DataFrame:
            calls.append(len(arms))
            rows = [
                (arm, w, r, None, None, measure, value, "matched", False, world.sample)
                for arm, feed in arms.items()
                for w, world in enumerate(some)
                for r in range(more.get("replications", 1))
                for measure, value in (
                    ("viewer_value", game(feed, number[world.content_key], r)),
                    ("filler", filler),
                )
            ]
            names = ("arm", "world", "replication", "partition", "community", "measure", "value")
            types = dict.fromkeys((*names, "budget", "calibrated", "sample"), pl.String)
            types |= {"world": pl.Int64, "replication": pl.Int64, "value": pl.Float64}
            types |= {"calibrated": pl.Boolean}
            return pl.DataFrame(rows, schema=types, orient="row")

        def evaluate_each(some: Sequence[World], cases: Any, **more: Any) -> list[pl.DataFrame]:
            return [evaluate(some, arms, **more) for arms, _ in cases]

        for name, function in (("coalitions", evaluate), ("sensitivity", evaluate_each)):
            module = importlib.import_module(f"graphkit.attribution.{name}")
            monkeypatch.setattr(module, function.__name__, function)
        return calls

    return start

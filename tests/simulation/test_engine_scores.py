"""A researcher's own score: what it is given, that it decides, and what it may not return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import OptionError
from graphkit.recommenders import FACTORS, SOURCES, Feed, follower_centric
from graphkit.recommenders.context import Context
from graphkit.simulation import engine as _scores
from graphkit.simulation.engine import Run

Log = Callable[[Run], list[tuple[int, ...]]]


def by_weights(context: Context) -> np.ndarray:
    score = np.zeros(context.n_pairs)
    for name, weight in follower_centric().weights.items():
        score += weight * context.factor(name)
    return score.astype(np.float32)


def test_a_preset_built_anew_shows_the_same(
    world: World, run_of: Callable[..., Run], log_of: Log
) -> None:
    theirs = follower_centric()
    mine = theirs.but("mine", score=by_weights)
    # scores in float32 may part what weights leave equal, and the other way round
    shown = [log_of(run_of(world, feed, ticks=4)) for feed in (theirs, mine)]
    assert len(set(shown[0]) & set(shown[1])) > 0.98 * len(shown[0])


def test_the_context_holds_the_candidates_in_codes_of_the_world(
    world: World, run_of: Callable[..., Run]
) -> None:
    kept: list[Context] = []

    def first(context: Context) -> np.ndarray:
        kept.append(context)
        return np.zeros(context.n_pairs, np.float32)

    run = run_of(world, Feed("own", dict.fromkeys(SOURCES, 20), {}, score=first), ticks=5)
    candidates = 0
    for t in range(run.ticks):
        active, shown, _ = run.step(t)
        context = kept[-1]
        assert context.tick == t
        assert np.unique(context.viewer).tolist() == sorted(run.arrays.accounts[active].tolist())
        assert (
            np.unique(context.viewer.astype(np.int64) * 10**6 + context.post).size
            == context.n_pairs
        )
        assert (world.ticks[context.post] <= t).all()
        assert not (world.posters[context.post] == context.viewer).any()
        # what was chosen was among them, from the same source
        pairs = set(
            zip(
                context.viewer.tolist(), context.post.tolist(), context.source.tolist(), strict=True
            )
        )
        for i, a in enumerate(run.arrays.accounts[active].tolist()):
            for post, source in zip(shown.post[i], shown.source[i], strict=True):
                assert (
                    source == len(SOURCES) or (a, int(run.arrays.posts[post]), int(source)) in pairs
                )
        for name in FACTORS:
            low = -1 - 1e-6 if name == "interest" else 0
            values = context.factor(name)
            assert values.dtype == np.float32
            assert ((values >= low) & (values <= 1 + 1e-6)).all(), name
        follows = {(int(a), int(b)) for a, b in zip(*world.follows.edge_arrays()[:2], strict=True)}
        known = [
            (a, int(world.posters[p])) in follows
            for a, p in zip(context.viewer.tolist(), context.post.tolist(), strict=True)
        ]
        assert (context.factor("followed") == known).all()
        candidates += context.n_pairs
    assert len(kept) == 5
    assert run.tallies.candidates == candidates


def test_the_score_decides(world: World, run_of: Callable[..., Run], log_of: Log) -> None:
    def by_code(context: Context) -> np.ndarray:
        return -context.post.astype(np.float32)

    feed = Feed("own", {"everywhere": 300}, {}, score=by_code)
    rows = log_of(run_of(world, feed, ticks=1, slots=5))
    for a in {row[1] for row in rows}:
        shown = [row[3] for row in rows if row[1] == a]
        there = [p for p in range(world.n_posts) if world.ticks[p] == 0 and world.posters[p] != a]
        assert shown == sorted(shown)
        assert shown[0] <= there[3]


def test_batches_change_no_byte(
    world: World,
    all_feeds: dict[str, Feed],
    run_of: Callable[..., Run],
    log_of: Log,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feed = all_feeds["own score"]
    once = log_of(run_of(world, feed))
    monkeypatch.setattr(_scores, "BATCH", 7)
    assert log_of(run_of(world, feed)) == once


def ones(context: Context) -> np.ndarray:
    return np.ones(context.n_pairs, np.float32)


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (lambda c: ones(c).tolist(), "returned a list: return a NumPy array of float32"),
        (lambda c: ones(c).astype(np.float64), r"returned float64.*astype\(np.float32\)"),
        (lambda c: ones(c)[:-1], "returned shape"),
        (lambda c: ones(c)[:, None], "returned shape"),
        (
            lambda c: ones(c) * np.float32("nan"),
            r"returned nan for pair 0 \(post \d+, viewer \d+\)",
        ),
        (lambda c: ones(c) / np.float32(0), "returned inf"),
        (lambda c: c.factor("intrest"), "intrest.*interest"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_cannot_be_used_is_refused(
    world: World, simulate: Callable[..., Spread], score: Any, message: str
) -> None:
    arms = {"own": Feed("mine", {"everywhere": 20}, {}, score=score)}
    with pytest.raises(OptionError, match=message):
        simulate(world, arms)


def test_the_function_s_own_errors_are_not_hidden(
    world: World, simulate: Callable[..., Spread]
) -> None:
    def broken(context: Context) -> np.ndarray:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        simulate(world, {"own": Feed("mine", {"everywhere": 20}, {}, score=broken)})


def test_a_feed_without_sources_asks_for_no_score(
    world: World, run_of: Callable[..., Run], log_of: Log
) -> None:
    rows = log_of(run_of(world, Feed("none", {}, {}, score=ones), ticks=2))
    assert {row[4] for row in rows} == {len(SOURCES)}

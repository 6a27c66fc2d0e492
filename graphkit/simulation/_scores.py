"""A researcher's own scores: candidates to the function, its scores to the kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphkit.kernels.sessions import Pairs, Scores, pairs
from graphkit.kernels.state import Now
from graphkit.recommenders.context import Context, checked_scores
from graphkit.recommenders.factors import PAIR_FACTORS, POST_FACTORS

if TYPE_CHECKING:
    from graphkit.simulation.engine import Run

__all__ = ["given_scores"]

Ints = npt.NDArray[np.int64]

#: Sessions that a function scores at a time.
BATCH = 8192


def given_scores(run: Run, now: Now, active: Ints) -> Scores:
    """Scores of every session's candidates, and where each session's begin."""
    sizes, parts = [np.zeros(1, np.int64)], [np.zeros(0, np.float32)]
    for begin in range(0, active.size, BATCH):
        size, scores = _batch(run, now, active[begin : begin + BATCH])
        sizes.append(size)
        parts.append(scores)
    return Scores(np.concatenate(parts), np.cumsum(np.concatenate(sizes))[:-1])


def _batch(run: Run, now: Now, active: Ints) -> tuple[Ints, npt.NDArray[np.float32]]:
    """Candidates per session, and the function's scores of all of them."""
    assert run.feed.score is not None
    scene, width = run.scene, int(run.dials.quotas.sum())
    room = active.size * width
    found = Pairs(
        post=np.zeros(room, np.int32),
        source=np.zeros(room, np.int8),
        factors=np.zeros((len(PAIR_FACTORS), room), np.float32),
        size=np.zeros(active.size, np.int64),
    )

    def collect(low: int, high: int, scratch: Any) -> None:
        pairs(run.feeding(now), active, low, high, scratch, width, found)

    run.in_ranges(collect, active.size)
    post, source, factors, size = found
    used = np.arange(room) % max(width, 1) < np.repeat(size, width)
    chosen = post[used]
    values: dict[str, Any] = {name: factors[row, used] for row, name in enumerate(PAIR_FACTORS)}
    for name in POST_FACTORS:
        values[name] = _of_posts(run, name, now.t, chosen)
    context = Context(
        world=scene.world,
        tick=now.t,
        viewer=scene.accounts[np.repeat(active, size)].astype(np.int32),
        post=scene.posts[chosen].astype(np.int32),
        source=source[used],
        factors=values,
    )
    return size, checked_scores(run.feed.name, context, run.feed.score(context))


def _of_posts(run: Run, name: str, tick: int, posts: npt.NDArray[np.int32]) -> Any:
    """A factor of posts alone, looked up when it is asked for."""
    return lambda: run.book.factor(name, tick)[posts].astype(np.float32)

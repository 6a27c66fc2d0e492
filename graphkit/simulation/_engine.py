"""One arm in one replication of one world, tick by tick."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.spread import ArmTally
from graphkit.data.world import World
from graphkit.recommenders._arrays import RING, SHARE, Dials, Scratch, State
from graphkit.recommenders.feed import FILLERS, SIGNALS, SOURCES, Feed
from graphkit.simulation._kernel import Mind, Shown, finish, merge, sessions
from graphkit.simulation._stage import now_of, stage_of
from graphkit.simulation._viewers import Viewers
from graphkit.simulation.behaviour import Behaviour
from graphkit.threads import cores

__all__ = ["Run"]

#: Sessions below which threads are not worth their start.
FEW = 256


class Run:
    """The state of a simulation of one feed in one world; it changes between ticks only.

    Parameters
    ----------
    world, feed, behaviour
        Who is shown what, by which rule, and how they answer.
    ticks, slots
        Length, and posts per session.
    free
        Whether satisfaction decides who leaves and returns.
    seed
        Of every draw in this replication of this world; the same in all arms.
    workers
        Threads; no result depends on it.
    """

    def __init__(
        self, world: World, feed: Feed, behaviour: Behaviour, *, ticks: int, slots: int,
        free: bool, seed: int, workers: int | None = None,
    ) -> None:  # fmt: skip
        n, m = world.n_accounts, world.n_posts
        self.world, self.feed, self.behaviour = world, feed, behaviour
        self.ticks, self.slots, self.seed = ticks, slots, seed
        self.workers = workers or cores()
        self.stage = stage_of(world)
        self.viewers = Viewers(world, behaviour, np.uint64(seed), free)
        room = np.minimum(self.viewers.most_sessions(ticks) * slots, m)
        # tables of seen posts, at most two thirds full
        seen_start = np.concatenate([[0], np.cumsum(room + room // 2 + 2)]).astype(np.int64)
        self.state = State(
            profiles=world.profiles.copy(),
            ring=np.full((n, RING, 3), -1_000_000, np.int32),
            ring_next=np.zeros(n, np.int64),
            seen_start=seen_start,
            seen=np.full(int(seen_start[-1]), -1, np.int32),
        )
        self.dials = _dials(feed, behaviour, slots)
        self.mind = _mind(feed, behaviour)
        self.watch, self.views = np.zeros(m, np.int64), np.zeros(m, np.int64)
        self.reacted = np.zeros(m, np.int64)
        self.sources = np.zeros(len(SOURCES) + 1, np.int64)
        self.reactions = np.zeros((m, 5), np.int64)
        self.item_ticks = np.zeros((m, ticks), np.int32)
        self.shares: list[npt.NDArray[np.int32]] = []
        self.sessions = self.empty = 0
        self.leave = self.back = 0.0

    def step(self, t: int) -> tuple[npt.NDArray[np.int64], Shown, int]:
        """Run tick t; returns who had a session, what it showed, and slots left empty."""
        active = self.viewers.open_feed(t)
        shape = (active.size, self.slots)
        shown = Shown(
            post=np.full(shape, -1, np.int32),
            source=np.zeros(shape, np.int8),
            watch=np.zeros(shape, np.int32),
            react=np.zeros(shape, np.int8),
            parent=np.full(shape, -1, np.int32),
            propensity=np.zeros((active.size, 2)),
        )
        now = now_of(self.stage, self.feed, t, self.seed, self.watch, self.views, self.reacted)

        def show(low: int, high: int, scratch: Scratch) -> None:
            sessions(
                self.stage, self.state, now, self.dials, self.mind, active, low, high, scratch,
                shown,
            )  # fmt: skip

        _in_ranges(show, active.size, self.workers, self._scratch)
        missing = int(
            merge(
                t, active, shown, self.state, self.watch, self.views, self.reacted, self.sources,
                self.reactions, self.item_ticks,
            )
        )  # fmt: skip
        self.sessions += int(active.size)
        self.empty += missing
        # sums over sorted values: no order of accounts shows in the last digit
        self.leave += float(np.sort(shown.propensity[:, 0]).sum())
        self.back += float(np.sort(shown.propensity[:, 1]).sum())
        rows, places = np.nonzero(shown.react & SHARE)
        made = [shown.post[rows, places], active[rows], shown.parent[rows, places]]
        self.shares.append(np.stack([*made, np.full(rows.size, t)], axis=1).astype(np.int32))
        self.viewers.close_feed(active, shown.propensity, t)
        return active, shown, missing

    def tally(self) -> ArmTally:
        """What was shown to whom, by community of every partition."""
        views, diet, reach = {}, {}, {}
        for kind, partition in self.world.partitions.items():
            views[kind], diet[kind], reach[kind] = finish(
                self.state.seen_start, self.state.seen, partition.membership,
                partition.n_communities, self.world.homes[kind], self.stage.p_indptr,
                self.stage.posters,
            )  # fmt: skip
        held = max(self.sessions, 1)
        return ArmTally(
            views, diet, reach, self.item_ticks, self.reactions, self.watch, self.sources,
            self.sessions, self.empty, self.leave / held, self.back / held,
            np.concatenate([np.zeros((0, 4), np.int32), *self.shares]),
        )  # fmt: skip

    def _scratch(self) -> Scratch:
        """Room for every post that one session can meet."""
        widest = int(np.diff(self.stage.f_indptr).max(initial=0)) * RING if self.dials.circle else 0
        room = min(widest + int(self.dials.quotas.sum()), self.world.n_posts) + 1
        places = 1 << int(2 * room).bit_length()
        return Scratch(
            place=np.zeros(places, np.int32),
            met=np.zeros((room, 6), np.int32),
            score=np.zeros(room),
            pool=np.zeros(room, np.int32),
        )


def _dials(feed: Feed, behaviour: Behaviour, slots: int) -> Dials:
    weight = feed.weights.get
    quotas = np.array([feed.sources.get(s, 0) for s in SOURCES], np.int64)
    social = ("circle_reactions", "circle_comments")
    return Dials(
        quotas=quotas,
        interest=float(weight("interest", 0.0)),
        reactions=float(weight("circle_reactions", 0.0)),
        comments=float(weight("circle_comments", 0.0)),
        followed=float(weight("followed", 0.0)),
        chance=float(weight("chance", 0.0)),
        topic_penalty=float(feed.topic_penalty),
        author_penalty=float(feed.author_penalty),
        filler=FILLERS.index(feed.filler),
        slots=slots,
        circle=behaviour.social_share > 0 or any(weight(s, 0.0) for s in social),
    )


def _mind(feed: Feed, behaviour: Behaviour) -> Mind:
    own = {
        name: float(getattr(behaviour, name)) for name in Mind._fields if hasattr(behaviour, name)
    }
    signals = np.array([feed.signals.get(s, 0.0) for s in SIGNALS], np.float64)
    return Mind(
        **own,
        signals=signals,
        learning_rate=float(feed.learning_rate),
        halves=0.5 ** np.arange(64),
    )


def _in_ranges(
    task: Callable[[int, int, Any], None], size: int, workers: int, scratch: Callable[[], Any]
) -> None:
    """Run the task over 0 … size − 1 in ranges, by threads where that pays."""
    if workers == 1 or size < FEW:
        task(0, size, scratch())
        return
    free: SimpleQueue[Any] = SimpleQueue()
    for _ in range(workers):
        free.put(scratch())

    def work(low: int, high: int) -> None:
        mine = free.get()
        try:
            task(low, high, mine)
        finally:
            free.put(mine)

    step = max(FEW // 4, -(-size // (4 * workers)))
    with ThreadPoolExecutor(workers) as pool:
        steps = [pool.submit(work, low, min(low + step, size)) for low in range(0, size, step)]
        wait(steps)
        for done in steps:
            done.result()

"""One arm in one replication of one world, tick by tick."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.spread import ArmTally
from graphkit.kernels.search import assign
from graphkit.kernels.sessions import Pairs, Scores, Shown, finish, merge, pairs, sessions
from graphkit.kernels.state import DUET, PASSED_ON, RING, SHARE, Feeding, Now, State
from graphkit.parallel import cores
from graphkit.recommenders.context import Context, checked_scores
from graphkit.recommenders.factors import PAIR_FACTORS, POST_FACTORS
from graphkit.recommenders.feed import SOURCES, Feed
from graphkit.recommenders.search import recall, replace_features
from graphkit.simulation.agents import Creators, Ties, Viewers
from graphkit.simulation.arrays import (
    Prepared,
    dials_of,
    first_profiles,
    lines_of,
    mind_of,
    scratch_of,
    topics,
)
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.platform_state import Book

__all__ = ["Run"]

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


#: Sessions below which threads are not worth their start.
FEW = 256
#: Accounts on whom the recall of the interest index is measured at the end.
MEASURED = 200
#: What changes of the state: all but where the tables of seen posts begin.
_CHANGED = tuple(name for name in State._fields if name != "seen_start")


class Run:
    """The state of a simulation of one feed in one world; it changes between ticks only.

    Parameters
    ----------
    scene, feed, behaviour
        Who is shown what, by which rule, and how they answer.
    ticks, slots
        Length, and posts per session.
    free
        Whether satisfaction and reward decide who leaves, returns, posts and follows.
    seed
        Of every draw in this replication of this world; the same in all arms.
    workers
        Threads; no result depends on it.
    """

    def __init__(
        self,
        scene: Prepared,
        feed: Feed,
        behaviour: Behaviour,
        *,
        ticks: int,
        slots: int,
        free: bool,
        seed: int,
        workers: int | None = None,
    ) -> None:
        n, m = scene.accounts.size, scene.posts.size
        self.scene, self.feed, self.behaviour = scene, feed, behaviour
        self.ticks, self.slots, self.free, self.seed = ticks, slots, free, seed
        self.workers = workers or cores()
        self.stage, self.index = scene.stage, scene.index
        self._searches = feed.sources.get("interest", 0) > 0
        if free and behaviour.drift > 0:
            # drifting posts change their features in this arm only
            features = self.stage.features.copy()
            self.stage = self.stage._replace(
                features=features, lines=lines_of(features), facts=self.stage.facts.copy()
            )
            self.index = self.index._replace(blocks=self.index.blocks.copy())
        key = np.uint64(seed)
        self.viewers = Viewers(self.stage.account_keys, behaviour, key, free)
        self.creators = Creators(self.stage, behaviour, key, free)
        self.ties = Ties(n, free)
        self.book = Book(scene, feed, ticks)
        self.dials = dials_of(feed, behaviour, slots, ticks)
        self.mind = mind_of(behaviour, free)
        room = np.minimum(self.viewers.most_sessions(ticks) * slots, m)
        # tables of seen posts, at most two thirds full
        seen_start = np.concatenate([[0], np.cumsum(room + room // 2 + 2)]).astype(np.int64)
        remembered = (n, m) if feed.sources.get("covisited", 0) else (0, 0)
        self.state = State(
            profiles=first_profiles(scene, feed),
            last=np.full(n, -1, np.int32),
            cell=np.zeros(n, np.int32),
            ring=np.full((n, RING, 2), -(2**30), np.int32),
            ring_next=np.zeros(n, np.int8),
            done=np.full((remembered[0], RING), -1, np.int32),
            done_next=np.zeros(remembered[0], np.int8),
            fans=np.full((remembered[1], RING), -1, np.int32),
            fans_next=np.zeros(remembered[1], np.int8),
            seen_start=seen_start,
            seen=np.full(int(seen_start[-1]), -1, np.int32),
            dropped=np.zeros(m, np.bool_),
        )
        if self._searches:
            assign(self.state.profiles, self.index.centres, 0, n, self.state.cell)
        self.sources = np.zeros(len(SOURCES) + 1, np.int64)
        self.shares: list[npt.NDArray[np.int32]] = []
        self.sessions = self.empty = self.candidates = 0
        self.leave = self.back = self.stay = 0.0

    def step(self, t: int) -> tuple[npt.NDArray[np.int64], Shown, int]:
        """Run tick t; returns who had a session, what it showed, and slots left empty."""
        self._enter(t)
        active = self.viewers.open_feed(t)
        shape = (active.size, self.slots)
        shown = Shown(
            post=np.full(shape, -1, np.int32),
            source=np.zeros(shape, np.int8),
            watch=np.zeros(shape, np.int32),
            react=np.zeros(shape, np.uint8),
            parent=np.full(shape, -1, np.int32),
            propensity=np.zeros((active.size, 3)),
            candidates=np.zeros(active.size, np.int32),
        )
        followers = np.bincount(self.stage.f_indices, minlength=self.scene.accounts.size)
        now = self.book.now(t, self.seed, self.state.dropped, followers)
        self._show(now, active, shown)
        missing = int(
            merge(
                t,
                active,
                shown,
                self.state,
                self.book.watch,
                self.book.views,
                self.book.reacted,
                self.sources,
                self.book.reactions,
                self.book.item_ticks,
            )
        )
        self.book.widen_trials()
        self._record(t, active, shown, missing)
        self.stage = self.ties.act(self.stage, active, shown.post, shown.react)
        self.viewers.close_feed(active, shown.propensity, t)
        return active, shown, missing

    def memory(self) -> dict[str, npt.NDArray[Any]]:
        """All that ticks change, by name: what a run can be taken up from again.

        Arrays are those of the run itself, not copies.
        """
        kept = {
            f"{part}.{name}": np.asarray(getattr(owner, name))
            for part, owner, names in self._parts()
            for name in names
        }
        kept |= {f"state.{name}": getattr(self.state, name) for name in _CHANGED}
        if self.free:
            kept |= {"f_indptr": self.stage.f_indptr, "f_indices": self.stage.f_indices}
        kept["shares"] = np.concatenate([np.zeros((0, 5), np.int32), *self.shares])
        return kept | self._drifting()

    def restore(self, kept: dict[str, npt.NDArray[Any]]) -> None:
        """Take a run of the same arguments up again: the inverse of :meth:`memory`."""
        for part, owner, names in self._parts():
            for name in names:
                value = kept[f"{part}.{name}"]
                setattr(owner, name, value if value.ndim else value.item())
        # others hold these arrays, too
        changed = {f"state.{name}": getattr(self.state, name) for name in _CHANGED}
        for name, array in (changed | self._drifting()).items():
            array[...] = kept[name]
        if self.free:
            self.stage = self.stage._replace(f_indptr=kept["f_indptr"], f_indices=kept["f_indices"])
        self.shares = [kept["shares"]]

    def _parts(self) -> list[tuple[str, object, tuple[str, ...]]]:
        return [
            ("run", self, ("sources", "sessions", "empty", "candidates", "leave", "back", "stay")),
            ("viewers", self.viewers, ("gone", "mood")),
            ("creators", self.creators, ("quit", "posting", "quitting", "scheduled")),
            ("ties", self.ties, ("_won", "_left", "gained", "lost")),
            ("book", self.book, ("watch", "views", "reacted", "reactions", "item_ticks", "trial")),
        ]

    def _drifting(self) -> dict[str, npt.NDArray[Any]]:
        """Features that this run changes."""
        if not (self.free and self.behaviour.drift > 0):
            return {}
        stage = self.stage
        return {"features": stage.features, "facts": stage.facts, "blocks": self.index.blocks}

    def tally(self) -> ArmTally:
        """What was shown to whom, in the world's codes, by community of every partition."""
        scene = self.scene
        world, accounts, posts = scene.world, scene.accounts, scene.posts
        back_a, back_p = np.argsort(accounts), np.argsort(posts)
        views, diet, reach = {}, {}, {}
        for kind, partition in world.partitions.items():
            found = finish(
                self.state.seen_start,
                self.state.seen,
                partition.membership[accounts],
                partition.n_communities,
                world.homes[kind][posts],
                self.stage.p_indptr,
                self.stage.posters,
            )
            views[kind], diet[kind], reach[kind] = (
                found[0][back_p],
                found[1][back_a],
                found[2][back_a],
            )
        held, creators = max(self.sessions, 1), self.creators
        scheduled = creators.scheduled or float("nan")
        shares = np.concatenate([np.zeros((0, 5), np.int32), *self.shares])
        shares[:, 0] = posts[shares[:, 0]]
        shares[:, 1] = accounts[shares[:, 1]]
        shares[:, 2] = np.where(shares[:, 2] < 0, -1, accounts[shares[:, 2]])
        return ArmTally(
            views=views,
            diet=diet,
            member_reach=reach,
            ticks=self.book.item_ticks[back_p],
            reactions=self.book.reactions[back_p],
            watch=self.book.watch[back_p],
            sources=self.sources.copy(),
            sessions=self.sessions,
            empty=self.empty,
            leave=self.leave / held,
            back=self.back / held,
            stay=self.stay / held,
            candidates=self.candidates,
            shares=shares,
            posting=creators.posting / scheduled,
            quitting=creators.quitting / scheduled,
            posted=~self.state.dropped[back_p],
            left=self.viewers.gone[back_a],
            quit=creators.quit[back_a],
            gained=self.ties.gained[back_a],
            lost=self.ties.lost[back_a],
            recall=self._recall(),
        )

    def _enter(self, t: int) -> None:
        """Settle which of the tick's posts are posted, and as what."""
        if not self.scene.world.authored or t == 0:
            return
        low, high = self.book.n_eligible(t - 1), self.book.n_eligible(t)
        dropped, reacted = self.state.dropped, self.book.reacted
        moving = self.creators.schedule(low, high, reacted, dropped)
        if moving.size and self.behaviour.drift > 0:
            features = self.creators.drift(moving, reacted, dropped).astype(np.float32)
            self.stage.features[moving] = features
            self.stage.facts[moving, 1] = topics(features)
            if self.index.posts.size:
                replace_features(self.index, moving, features)

    def feeding(self, now: Now) -> Feeding:
        """All that the feed ranks from at one tick."""
        return Feeding(self.stage, self.state, now, self.index, self.dials)

    def _show(self, now: Now, active: npt.NDArray[np.int64], shown: Shown) -> None:
        """All sessions of a tick; viewers of near interests one after the other, for speed."""
        order = np.arange(active.size)
        if self._searches:
            order = np.argsort(self.state.cell[active], kind="stable")
        given = Scores(np.zeros(0, np.float32), np.zeros(0, np.int64))
        if self.feed.score is not None:
            given = given_scores(self, now, active)
        feeding = self.feeding(now)

        def show(low: int, high: int, scratch: Any) -> None:
            sessions(feeding, self.mind, active, order, low, high, scratch, given, shown)

        self.in_ranges(show, active.size)

    def _record(self, t: int, active: npt.NDArray[np.int64], shown: Shown, missing: int) -> None:
        self.sessions += int(active.size)
        self.empty += missing
        self.candidates += int(shown.candidates.sum())
        # sums over sorted values: no order of accounts shows in the last digit
        leave, back, stay = (float(np.sort(column).sum()) for column in shown.propensity.T)
        self.leave, self.back, self.stay = self.leave + leave, self.back + back, self.stay + stay
        rows, places = np.nonzero(shown.react & PASSED_ON)
        react = shown.react[rows, places]
        kind = np.where(react & SHARE, 0, np.where(react & DUET, 1, 2))
        made = [shown.post[rows, places], active[rows], shown.parent[rows, places]]
        columns = np.stack([*made, np.full(rows.size, t), kind], axis=1)
        self.shares.append(columns.astype(np.int32))

    def _recall(self) -> float:
        """Recall@100 of the index for profiles as they are at the end."""
        if not self._searches:
            return float("nan")
        profiles = self.state.profiles
        known = np.flatnonzero(profiles.any(axis=1))
        picked = known[np.linspace(0, known.size - 1, min(MEASURED, known.size)).astype(np.int64)]
        n_eligible = self.book.n_eligible(self.ticks - 1)
        return recall(self.index, profiles[picked], n_eligible)

    def in_ranges(self, task: Callable[[int, int, Any], None], size: int) -> None:
        """Run the task over 0 … size − 1 in ranges, by threads where that pays."""

        def scratch() -> Any:
            return scratch_of(self.stage, self.index, self.dials)

        if self.workers == 1 or size < FEW:
            task(0, size, scratch())
            return
        free: SimpleQueue[Any] = SimpleQueue()
        for _ in range(self.workers):
            free.put(scratch())

        def work(low: int, high: int) -> None:
            mine = free.get()
            try:
                task(low, high, mine)
            finally:
                free.put(mine)

        step = max(FEW // 4, -(-size // (8 * self.workers)))
        with ThreadPoolExecutor(self.workers) as pool:
            steps = [pool.submit(work, low, min(low + step, size)) for low in range(0, size, step)]
            try:
                for done in steps:
                    done.result()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

"""Readings of open slots in one pass: filled, left empty, and shared by groups of arms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.kernels.sessions import TickImpressions, first_propensities
from graphkit.kernels.state import TASTE_TOPIC
from graphkit.parallel import track
from graphkit.recommenders.feed import Feed
from graphkit.rng import Streams
from graphkit.simulation.arguments import check_arguments, check_shared, warn_of_tallies
from graphkit.simulation.arrays import SimulationArrays, prepare_arrays
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.engine import Run
from graphkit.simulation.facts import simulation_facts
from graphkit.simulation.pieces import exhausted_error
from graphkit.simulation.shared_slots import Ints, SharedSlots, SharedTally, shared_slots
from graphkit.simulation.simulate import (
    assert_matched,
    numbers_of_draws,
    simulate_spread,
    what_stands,
)
from graphkit.simulation.storage import Checkpoint, Job, held_interrupt, spread_of
from graphkit.simulation.tallies import Tallies

if TYPE_CHECKING:
    from concurrent.futures import Executor


class SharedView:
    """Tallies of the shared slots of a run that shows all: same viewers, posts and state.

    Parameters
    ----------
    run
        The run, of a matched budget.
    arrays
        Its world, with the partitions to tally by.
    shared
        Slots that the arms share so far: those of a tick are known once all arms have run it.
    """

    def __init__(self, run: Run, arrays: SimulationArrays, shared: SharedSlots) -> None:
        self._run, self._arrays = run, arrays
        # places for all slots that are offered: an upper bound of those that will be shared
        self._slots = SharedTally(shared.caps, arrays.posts.size, run.sources.size)
        self._tallies = Tallies(
            arrays, run.behaviour, seed=run.seed, free=False, of_shared=True, slots=self._slots
        )
        self._caps = shared.caps

    def follow(self, run: Run, t: int, active: Ints, shown: TickImpressions, missing: int) -> None:
        """Tally a tick of the run, or of the one that goes on for it, when its slots are known."""
        self._run, tallies = run, self._tallies
        if t and run.arrays.world.authored:
            entering = run.counts.n_eligible(t - 1), run.counts.n_eligible(t)
            tallies.creators.schedule(*entering, self._slots.reacted, run.state.withdrawn)
        limit = self._caps[active, t].astype(np.int32)
        propensity = np.zeros_like(shown.propensity)
        topics = run.static.attributes[:, TASTE_TOPIC]
        first_propensities(
            *(run.viewer_params, topics, shown.post, shown.fraction, limit), propensity
        )
        shown = self._slots.add(t, active, shown._replace(propensity=propensity))
        tallies.arrivals.add(t, active, shown.post)
        tallies.add(t, active, shown, missing)
        tallies.follow_changes.apply(run.static, active, shown.post, shown.react)

    def tally(self) -> ArmTally:
        """Tallies of the shared slots."""
        return self._run.tally_of(self._tallies, self._arrays)


@dataclass(frozen=True)
class _ReadWorld:
    """Arrays of a world with the partitions of the filled reading, and with those of the others."""

    filled: SimulationArrays
    others: SimulationArrays

    @classmethod
    def of(cls, filled: World, others: World, arms: Mapping[str, Feed]) -> _ReadWorld:
        """The same arrays of both."""
        arrays = prepare_arrays(filled, list(arms.values()))
        return cls(arrays, replace(arrays, world=others))


class _Replication:
    """All arms of one replication of a world, tick by tick.

    An arm whose feed leaves no slot open runs once. Of another, the run with slots left empty
    begins when its filler is first used, before which both are the same.

    Parameters
    ----------
    arrays
        The world.
    arms, groups
        The feeds, and the arms that share slots.
    number
        Of the world, for messages.
    fill, leave
        Whether open slots are filled, and whether they are left empty, and shared.
    **options
        Of each run.
    """

    def __init__(
        self,
        arrays: _ReadWorld,
        arms: Mapping[str, Feed],
        groups: Sequence[Sequence[str]],
        number: int,
        *,
        fill: bool,
        leave: bool,
        **options: Any,
    ) -> None:
        self._arrays, self._options, self._number = arrays.others, options, number
        self._fill, self._leave = fill, leave
        whole = arrays.filled if fill else arrays.others
        if not fill:
            arms = {arm: _emptied(feed) for arm, feed in arms.items()}
        self._runs = {arm: Run(whole, feed, **options) for arm, feed in arms.items()}
        self._emptied: dict[str, Run] = {}
        self._views: list[tuple[SharedSlots, dict[str, SharedView]]] = []
        for group in groups if leave else ():
            shared = shared_slots(self._arrays, **options)
            views = {arm: SharedView(self._runs[arm], self._arrays, shared) for arm in group}
            self._views.append((shared, views))

    def step(self, t: int) -> None:
        """Run tick t of all arms."""
        shown = {arm: run.step(t) for arm, run in self._runs.items()}
        for arm, run in self._runs.items():
            missing = shown[arm][2]
            if missing and run.feed.filler != "empty":
                raise exhausted_error(arm, self._number, t, missing, run.arrays.world)
            if self._leave and run.sources[-1] and arm not in self._emptied:
                emptied = Run(self._arrays, _emptied(run.feed), **self._options)
                for before in range(t):  # rarely any: feeds find least in the first tick
                    emptied.step(before)
                self._emptied[arm] = emptied
        shown |= {arm: run.step(t) for arm, run in self._emptied.items()}
        runs = self._runs | self._emptied
        for shared, views in self._views:
            for arm in views:
                active, posts, _ = shown[arm]
                shared.lower(t, active, posts.post)
            for arm, view in views.items():
                view.follow(runs[arm], t, *shown[arm])

    def tallies(self) -> list[dict[str, ArmTally]]:
        """Tallies by arm: with slots filled, with slots left empty, and of each group."""
        whole = {arm: run.tally() for arm, run in self._runs.items()}
        if not self._leave:
            return [whole]
        kinds = self._arrays.world.partitions
        empty = {
            arm: self._emptied[arm].tally() if arm in self._emptied else tally.of_kinds(kinds)
            for arm, tally in whole.items()
        }
        groups = [{arm: view.tally() for arm, view in views.items()} for _, views in self._views]
        return [*([whole] if self._fill else []), empty, *groups]


def _emptied(feed: Feed) -> Feed:
    return feed.but(feed.name, filler="empty")


class _Reading:
    """A reading of open slots: the arms and worlds that it is of, and its tallies so far."""

    def __init__(
        self,
        name: str,
        arms: Mapping[str, Feed],
        worlds: tuple[World, ...],
        folder: Path,
        numbers: Mapping[str, int],
        behaviour: Behaviour,
        rng: int,
    ) -> None:
        self._arms, self._worlds, self._repeats = tuple(arms), worlds, numbers["replications"]
        self._facts = simulation_facts(worlds, arms, numbers, "matched", name, behaviour)
        pairs = product(range(len(worlds)), range(self._repeats))
        self.jobs = [(arm, w, r) for w, r in pairs for arm in arms]
        self.kept = Checkpoint(folder, self._facts, rng, rng)
        self.tallies: dict[Job, ArmTally] = {}

    def has(self, w: int, r: int) -> bool:
        """Whether all arms of a replication are tallied; those of the checkpoint are loaded."""
        for job in ((arm, w, r) for arm in self._arms):
            if job not in self.tallies and (known := self.kept.tally(job)) is not None:
                self.tallies[job] = known
        return all((arm, w, r) in self.tallies for arm in self._arms)

    def keep(self, w: int, r: int, found: Mapping[str, ArmTally]) -> None:
        """Add the tallies of a replication, and save them."""
        for arm, tally in found.items():
            self.tallies[arm, w, r] = tally
            self.kept.keep_tally((arm, w, r), tally)

    def spread(self) -> Spread:
        """The spread of the tallies so far."""
        tallies = {job: self.tallies[job] for job in self.jobs if job in self.tallies}
        return spread_of(self._worlds, tallies, self._repeats, self._facts, self.kept.seed)

    def finished(self) -> Spread:
        """The spread of all tallies."""
        shared = self._facts["reading"] == "shared"
        assert_matched(self.tallies, self._arms, len(self._worlds), self._repeats, shared)
        return self.spread()


@dataclass(frozen=True)
class _Pass:
    """What one pass over the replications simulates, and the readings that it fills.

    Attributes
    ----------
    worlds, tried
        The worlds, and the same with the partitions of the filled reading.
    arms, groups
        The feeds, and the arms that share slots.
    options
        Of each run: ticks, slots and behaviour.
    streams
        Random streams of the draws.
    filled
        The filled reading, or its spread where that is known.
    others
        The readings of slots left empty, and of each group.
    wanted
        Whether the others are wanted, by the filled one.
    """

    worlds: tuple[World, ...]
    tried: tuple[World, ...]
    arms: Mapping[str, Feed]
    groups: Sequence[Sequence[str]]
    options: Mapping[str, Any]
    streams: Streams
    filled: _Reading | Spread
    others: Sequence[_Reading]
    wanted: Callable[[Spread], bool]

    def so_far(self) -> Spread | None:
        """What is known of the filled reading; none before the first replication."""
        if isinstance(self.filled, Spread):
            return self.filled
        return self.filled.spread() if self.filled.tallies else None

    def lacking(self, w: int, r: int, leave: bool) -> list[_Reading]:
        """Readings to fill with a replication: the others only if slots are to be left empty."""
        found = [*self.others] if leave else []
        if isinstance(self.filled, _Reading) and not self.filled.has(w, r):
            found.insert(0, self.filled)
        return [] if all(one.has(w, r) for one in found) else found

    def begin(self, arrays: _ReadWorld, w: int, r: int, fill: bool, leave: bool) -> _Replication:
        """A replication, before its first tick."""
        drawn = self.streams.integer("draws", numbers_of_draws(self.worlds)[w], r)
        options: dict[str, Any] = {**self.options, "free": False, "seed": drawn}
        return _Replication(arrays, self.arms, self.groups, w, fill=fill, leave=leave, **options)


def _simulate(wanted: _Pass, pairs: Sequence[tuple[int, int]], leave: bool | None = None) -> None:
    """Simulate what these replications of worlds lack, with slots left empty if `leave`.

    Without it they are, until the filled reading says after a replication whether that is wanted.
    """
    ticks, arrays = wanted.options["ticks"], None
    for (w, r), t in track(product(pairs, range(ticks)), "simulating", len(pairs) * ticks):
        if t == 0:
            if leave is None and (known := wanted.so_far()) is not None:
                leave = wanted.wanted(known)
            replication, into = None, wanted.lacking(w, r, leave is not False)
            if into:
                if arrays is None or arrays.filled.world is not wanted.tried[w]:
                    arrays = _ReadWorld.of(wanted.tried[w], wanted.worlds[w], wanted.arms)
                fill = into[0] is wanted.filled
                replication = wanted.begin(arrays, w, r, fill, leave is not False)
        if replication is None:
            continue
        with held_interrupt():
            replication.step(t)
            if t == ticks - 1:
                for reading, found in zip(into, replication.tallies(), strict=True):
                    reading.keep(w, r, found)


@dataclass(frozen=True)
class Readings:
    """Spreads of the readings of open slots; those that are not wanted are none.

    Attributes
    ----------
    filled, empty
        All arms with open slots filled, and left empty.
    shared
        Each group of arms over the slots that it shares.
    """

    filled: Spread
    empty: Spread | None = None
    shared: Sequence[Spread] = ()


def simulate_readings(
    worlds: Sequence[World],
    arms: Mapping[str, Feed],
    groups: Sequence[Sequence[str]],
    *,
    filled: Spread | Path,
    tried: Sequence[World] | None = None,
    wanted: Callable[[Spread], bool] = lambda spread: True,
    ticks: int,
    replications: int,
    slots: int,
    behaviour: Behaviour,
    checkpoint: Path,
    executor: Executor | None = None,
    rng: int,
) -> Readings:
    """Spreads of ``reading="filled"``, ``"empty"``, and ``"shared"`` for each group, in one pass.

    They are those of :func:`simulate_spread` with a matched budget, to the byte: a feed whose open
    slots stay empty shows the same posts whichever of them are tallied, and one without open slots
    the same whatever becomes of them. All arms run a tick before the next, so that the shared slots
    of the tick are known when it is tallied. With an executor the spreads are simulated one after
    the other.

    Parameters
    ----------
    worlds, arms, ticks, replications, slots, behaviour, executor, rng
        As in :func:`simulate_spread`; fewer than 256 slots.
    groups
        Names of the arms that share slots, two or more each.
    filled
        The spread with slots filled, if it is known; else the folder of its checkpoint, which may
        be one of :func:`simulate_spread`.
    tried
        The worlds with further partitions, by which only the filled slots are tallied.
    wanted
        Whether the other readings are wanted, by the filled one. It is asked at the end, and once
        by what is known after the first replication, so that few are simulated in vain, or late.
    checkpoint
        Folder of the checkpoints of the others, one per spread; a replication of all arms is saved
        at its end.

    Raises
    ------
    GraphkitError
        As :func:`simulate_spread`.
    """
    few, many = tuple(worlds), tuple(tried or worlds)
    check_arguments(few, arms, ticks, replications, slots, "matched", "filled")
    empties = {arm: _emptied(feed) for arm, feed in arms.items()}
    told = [("empty", empties), *(("shared", {a: empties[a] for a in group}) for group in groups)]
    for _, some in told[1:]:
        check_shared(some, slots, "matched")
    folders = [checkpoint / f"{at}" for at in range(len(told))]
    numbers = {"ticks": ticks, "replications": replications, "slots": slots}
    if executor is not None:
        common: dict[str, Any] = {**numbers, "behaviour": behaviour, "executor": executor}
        if isinstance(filled, Path):
            filled = simulate_spread(many, arms, **common, checkpoint=filled, rng=rng)
        if not wanted(filled):
            return Readings(filled)
        spreads = [
            simulate_spread(few, some, **common, reading=name, checkpoint=folder, rng=rng)
            for (name, some), folder in zip(told, folders, strict=True)
        ]
        return Readings(filled, spreads[0], spreads[1:])
    own = numbers, behaviour, rng
    known: _Reading | Spread
    if isinstance(filled, Path):
        warn_of_tallies(many, len(arms) * replications)
        known = _Reading("filled", arms, many, filled, *own)
    else:
        known = filled
    others = [
        _Reading(name, some, few, folder, *own)
        for (name, some), folder in zip(told, folders, strict=True)
    ]
    options = {"ticks": ticks, "slots": slots, "behaviour": behaviour}
    whole = _Pass(few, many, arms, groups, options, Streams(rng), known, others, wanted)
    pairs = list(product(range(len(few)), range(replications)))
    try:
        _simulate(whole, pairs)
        spread = whole.so_far()
        assert spread is not None
        leave = wanted(spread)
        # those that did not seem to be wanted
        late = [pair for pair in pairs if leave and not all(one.has(*pair) for one in others)]
        if late:
            _simulate(whole, late, leave)
    except KeyboardInterrupt:
        told_of = [known] if isinstance(known, _Reading) else others
        done = sum(len(one.tallies) for one in told_of)
        runs = sum(len(one.jobs) for one in told_of)
        raise KeyboardInterrupt(what_stands(done, runs, told_of[0].kept, None)) from None
    if isinstance(known, _Reading):
        known = known.finished()
    if not leave:
        return Readings(known)
    empty, *shared = [one.finished() for one in others]
    return Readings(known, empty, shared)

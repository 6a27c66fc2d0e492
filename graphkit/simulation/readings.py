"""Readings of open slots that need one simulation: left empty, and shared by groups of arms."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
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
from graphkit.simulation.agents import Creators, FollowChanges
from graphkit.simulation.arrays import prepare_arrays
from graphkit.simulation.arrivals import Arrivals
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.engine import Run
from graphkit.simulation.shared_slots import Ints, SharedSlots, SharedTally, shared_slots
from graphkit.simulation.simulate import (
    assert_matched,
    check_shared,
    check_worlds,
    numbers_of_draws,
    simulate_spread,
    simulation_facts,
    what_stands,
)
from graphkit.simulation.storage import Checkpoint, Job, held_interrupt, spread_of

if TYPE_CHECKING:
    from concurrent.futures import Executor


class SharedView(Run):
    """Tallies of the shared slots of a run that shows all: same viewers, posts and state.

    Parameters
    ----------
    run
        The run, of a matched budget.
    shared
        Slots that the arms share so far: those of a tick are known once all arms have run it.
    """

    def __init__(self, run: Run, shared: SharedSlots) -> None:
        # what the run changes in place is seen here as well
        self.__dict__.update(copy.copy(run).__dict__)
        n, key = self.arrays.accounts.size, np.uint64(self.seed)
        self.shared, self.counting = shared, False
        # places for all slots that are offered: an upper bound of those that will be shared
        self.shared_tally = SharedTally(shared.caps, self.arrays.posts.size, self.sources.size)
        self.creators = Creators(self.static, self.behaviour, key, False)
        self.follow_changes = FollowChanges(n, False)
        self.arrivals = Arrivals(self.arrays)
        self.shares = []

    def follow(self, t: int, active: Ints, shown: TickImpressions, missing: int) -> None:
        """Tally a tick of the run, when its shared slots are known."""
        assert self.shared is not None
        assert self.shared_tally is not None
        self._enter_posts(t)
        limit = self.shared.caps[active, t].astype(np.int32)
        propensity = np.zeros_like(shown.propensity)
        topics = self.static.attributes[:, TASTE_TOPIC]
        first_propensities(
            *(self.viewer_params, topics, shown.post, shown.fraction, limit), propensity
        )
        shown = self.shared_tally.add(t, active, shown._replace(propensity=propensity))
        self.arrivals.add(t, active, shown.post)
        self._record_tick(t, active, shown, missing)
        self.follow_changes.apply(self.static, active, shown.post, shown.react)


def simulate_readings(
    worlds: Sequence[World],
    arms: Mapping[str, Feed],
    groups: Sequence[Sequence[str]],
    *,
    ticks: int,
    replications: int,
    slots: int,
    behaviour: Behaviour,
    checkpoint: Path,
    executor: Executor | None = None,
    rng: int,
) -> tuple[Spread, list[Spread]]:
    """Spreads of ``reading="empty"``, and of ``"shared"`` for each group of arms, in one pass.

    They are those of :func:`simulate_spread` with a matched budget, to the byte: a feed whose open
    slots stay empty shows the same posts whichever of them are tallied. All arms run a tick before
    the next, so that the shared slots of the tick are known when it is tallied. With an executor
    the spreads are simulated one after the other.

    Parameters
    ----------
    worlds, arms, ticks, replications, slots, behaviour, executor, rng
        As in :func:`simulate_spread`; fewer than 256 slots.
    groups
        Names of the arms that share slots, two or more each.
    checkpoint
        Folder of the checkpoints, one per spread; a replication of all arms is saved at its end.

    Raises
    ------
    GraphkitError
        As :func:`simulate_spread`.
    """
    population = tuple(worlds)
    arms = {name: feed.but(feed.name, filler="empty") for name, feed in arms.items()}
    for group in groups:
        check_shared({name: arms[name] for name in group}, slots, "matched")
    check_worlds(population, arms, ticks)
    numbers = {"ticks": ticks, "replications": replications, "slots": slots}
    told = [("empty", tuple(arms)), *(("shared", tuple(group)) for group in groups)]
    if executor is not None:
        spreads = [
            simulate_spread(
                *(population, {name: arms[name] for name in names}),
                ticks=ticks,
                replications=replications,
                slots=slots,
                reading=reading,
                behaviour=behaviour,
                checkpoint=checkpoint / f"{at}",
                executor=executor,
                rng=rng,
            )
            for at, (reading, names) in enumerate(told)
        ]
        return spreads[0], spreads[1:]
    facts, kept, tallies = [], [], []
    for at, (reading, names) in enumerate(told):
        some = {name: arms[name] for name in names}
        facts.append(simulation_facts(population, some, numbers, "matched", reading, behaviour))
        kept.append(Checkpoint(checkpoint / f"{at}", facts[-1], rng, rng))
        tallies.append(dict[Job, ArmTally]())
    streams, drawn = Streams(rng), numbers_of_draws(population)
    pairs = list(product(range(len(population)), range(replications)))
    wanted = [(at, arm) for at, (_, names) in enumerate(told) for arm in names]
    steps = ((w, r, t) for w, r in pairs for t in range(ticks))
    arrays: Any = None
    runs: dict[str, Run] = {}
    views: list[tuple[SharedSlots, dict[str, SharedView]]] = []
    try:
        for w, r, t in track(steps, "simulating", len(pairs) * ticks):
            if t == 0:
                runs = {}
                for at, arm in wanted:
                    if (known := kept[at].tally((arm, w, r))) is not None:
                        tallies[at][arm, w, r] = known
                if all((arm, w, r) in tallies[at] for at, arm in wanted):
                    continue
                if arrays is None or arrays.world is not population[w]:
                    arrays = prepare_arrays(population[w], list(arms.values()))
                options: dict[str, Any] = {"ticks": ticks, "slots": slots, "free": False}
                options["seed"] = streams.integer("draws", drawn[w], r)
                runs = {
                    name: Run(arrays, feed, behaviour, **options) for name, feed in arms.items()
                }
                views = []
                for _, names in told[1:]:
                    shared = shared_slots(arrays, behaviour, **options)
                    views.append((shared, {a: SharedView(runs[a], shared) for a in names}))
            if not runs:
                continue
            with held_interrupt():
                shown = {arm: run.step(t) for arm, run in runs.items()}
                for shared, by_arm in views:
                    for arm in by_arm:
                        active, posts, _ = shown[arm]
                        shared.lower(t, active, posts.post)
                    for arm, view in by_arm.items():
                        view.follow(t, *shown[arm])
                if t < ticks - 1:
                    continue
                every: list[Mapping[str, Run]] = [runs, *(by_arm for _, by_arm in views)]
                for at, by_name in enumerate(every):
                    for arm, run in by_name.items():
                        tallies[at][arm, w, r] = run.tally()
                        kept[at].keep_tally((arm, w, r), tallies[at][arm, w, r])
    except KeyboardInterrupt:
        done = sum(map(len, tallies))
        raise KeyboardInterrupt(
            what_stands(done, len(wanted) * len(pairs), kept[0], None)
        ) from None
    found = []
    for at, (reading, names) in enumerate(told):
        ordered = {(arm, w, r): tallies[at][arm, w, r] for w, r in pairs for arm in names}
        assert_matched(ordered, names, len(population), replications, reading == "shared")
        found.append(spread_of(population, ordered, replications, facts[at], rng))
    return found[0], found[1:]

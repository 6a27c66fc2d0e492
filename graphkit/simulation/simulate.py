"""Simulation of spread: the same worlds under several feeds, with common random numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphkit.data.files import locked_folder
from graphkit.data.frozen import content_key
from graphkit.data.spread import FILLER_LIMIT, FILLER_WARNED, ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import FileError, OptionError, shorten, warn
from graphkit.parallel import check_executor, refuse_after_fork, track
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.arguments import (
    check_arguments,
    check_payout,
    check_population,
    warn_of_tallies,
)
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.facts import simulation_facts
from graphkit.simulation.storage import Checkpoint, Job, Log, held_interrupt, spread_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from graphkit.measures.payouts import Payout
    from graphkit.simulation.engine import Run
    from graphkit.simulation.shared_slots import SharedSlots

__all__ = ["simulate_spread"]


def simulate_spread(
    worlds: World | Sequence[World],
    arms: Mapping[str, Feed],
    *,
    ticks: int,
    replications: int = 1,
    slots: int = 10,
    budget: str = "matched",
    reading: str = "filled",
    behaviour: Behaviour | None = None,
    payout: Payout | str | None = None,
    impressions: str | Path | None = None,
    checkpoint: str | Path | None = None,
    executor: Executor | None = None,
    rng: RNGLike | None = None,
) -> Spread:
    """Simulate every world under every feed and tally the impressions.

    In each tick, each account that opens the feed is shown `slots` unseen posts: candidates are
    generated, scored and greedily re-ranked, and open slots are backfilled by the feed's filler.
    The viewer reacts (see :class:`Behaviour`), the feed learns its profile, and followers see
    the reactions from the next tick on.

    **Common random numbers.** Every draw is a hash of (seed, world, replication, event, account
    key, post key), so it depends neither on the arm nor on any order. The worlds of
    :func:`resample_worlds` are one in this: what is in a part draws what it draws in the whole.

    **Budget.** Under ``"matched"`` posts, sessions and slots are exogenous and the same in all
    arms; the propensities to leave, to return, to post and to give up are recorded. Under
    ``"free"`` they take effect: viewers leave, return less often and end sessions early, creators
    post less, give up and adapt their content, follows are gained and lost, and duets and
    stitches become posts of those who made them, some ticks later: see :class:`Behaviour`. The
    same account answers the same post alike in every arm. :meth:`Spread.world_of` gives the world
    with these posts, over which measures of a free budget are taken, too.

    **Payout.** With `payout`, creators post, give up and adapt their content by their income in
    place of reactions: in ρ of :class:`Behaviour`, reactions per own earlier post become income per
    own earlier post, in the unit in which the mean post earns as many as it has reactions. Without
    any reaction or income so far, ρ is 0. Content moves toward the posts that earned, weighted by
    what each earned (:meth:`graphkit.measures.Payout.of_posts`); who earned nothing does not
    adapt. Income is that of :class:`graphkit.measures.Payout` by the posts so far,
    followers as they are, and the thresholds of the scheme among the creators so far; its size
    has no effect, only its distribution has. Money never enters ranking: feeds and viewers read
    nothing of it, and impressions differ only as other posts are published.

    **Reading.** What becomes of slots that a feed cannot fill from its own sources. ``"filled"``:
    the filler of each feed, by default a random unseen post; a feed of few candidates is then
    compared mostly by its filler. That of :func:`chronological` is none, so that it shows fewer
    posts than other arms. ``"empty"``: they stay empty, in every arm, so that arms differ
    in the number of impressions. ``"shared"``: as ``"empty"``, and only slots that all arms fill
    are tallied. With k(a, t) the smallest number of posts that any arm shows account a in its
    session of tick t, the first k(a, t) positions of that session count in every arm, so that
    impressions are equal in all arms. The other posts are still seen and learned from. Means over
    sessions are over those with k ≥ 1, each over its first k posts; counts of candidates and of
    empty slots are of whole sessions. It takes up to twice the time: one run to count, one to
    tally. To compare a feed with :func:`chronological` over equally many posts, take ``"shared"``.

    **Custom feeds.** An arm may be any :class:`Feed`, also one whose `score` is a function of the
    candidates (see :class:`Context`). Weights of fields that a world lacks (follows, countries,
    groups) have no effect; a feed of followees or interests in a world without them is an error.

    **Memory** does not grow with the impressions, except for seen posts: 6 bytes per slot that an
    account can be shown, and 8 per account, and a byte per post and community for
    :func:`graphkit.measures.time_to_cross`. Shares, duets and stitches take 20 bytes each.
    Shared slots take a byte per account and tick, and 4 per impression. An answer takes what a post
    takes, while its run lasts; of its features nothing is kept.

    **Checkpoints.** With `checkpoint`, every finished arm, world and replication is saved, and the
    current one about once a minute and on interruption: Ctrl-C waits for the end of the tick, a
    second one does not. The same call resumes from there with bit-identical results; a damaged
    file is set aside with a warning, and its run is computed again. While a simulation runs, no
    other may use its folders. :func:`read_checkpoint` reads the finished part. A checkpoint of other
    arguments is an error. A score function is identified by its name, its source text and the
    plain values that it holds (closure, defaults, attributes), not by what it reads elsewhere.

    **Executors.** With `executor`, each replication of a world, or some of its arms, is simulated
    wherever that decides, with the same result to the byte. A world is pickled once; a process
    pool gets it with each of its pieces, a Dask cluster once, and passes it to the workers that
    need it. Workers need the same versions of graphkit, Numba and NumPy, and find score functions
    by the names of their modules. A forked process cannot simulate: start pools by "spawn".
    Ctrl-C cancels what has not begun. The checkpoint keeps each piece as it arrives.

    Parameters
    ----------
    worlds
        One world; several made independently; or those of :func:`graphkit.resample_worlds`, all of
        them.
    arms
        Feeds by the names of the arms.
    ticks
        Ticks to run, at least 1.
    replications
        Random repeats within each world.
    slots
        Posts per session.
    budget
        ``"matched"`` or ``"free"``, see above.
    reading
        ``"filled"``, ``"empty"`` or ``"shared"``, see above. Shared slots need at least two arms,
        at most 255 slots and a matched budget: under a free one arms differ in their sessions.
    behaviour
        Parameters of viewers and creators; by default the documented assumptions.
    payout
        A :class:`graphkit.measures.Payout`, or the name of one of
        :func:`graphkit.measures.payouts`, to whose incomes creators respond; under a free budget
        only, and in worlds whose posts have authors. By default they respond to reactions.
    impressions
        Folder for all impressions, one Parquet file per arm, world, replication and tick, about 10
        bytes per row; :func:`scan_impressions` reads it. New, empty, or of the same simulation.
        Of shared slots, it holds the tallied impressions only.
    checkpoint
        Folder of a checkpoint; new, empty, or of the same arguments.
    executor
        A :class:`concurrent.futures.Executor`, such as
        ``ProcessPoolExecutor(4, multiprocessing.get_context("spawn"))``, or of a Dask client
        ``client.get_executor()``; by default this process. Not with `impressions`.
    rng
        Seed; by default that of the checkpoint, if any.

    Returns
    -------
    Spread

    Raises
    ------
    OptionError
        For zero ticks, no arms, other values out of range, a checkpoint of other arguments,
        impressions with an executor, and a payout under a matched budget.
    MissingDataError
        If a feed shows by follows or interest, and a world has none.
    DataError
        If no post enters in time, or a world is exhausted under ``matched``: some viewer has
        seen every post. With a payout, if posts are introduced by seeders.
    FileError
        If a folder holds something else, cannot be written, or is in use by another run.
    GraphkitError
        If a worker of the executor dies: the message names the piece.

    Warns
    -----
    GraphkitWarning
        If the counts by community would not fit into memory: they have a column per community.
        If filler is 20 % or more of the impressions of an arm.

    Examples
    --------
    >>> import polars as pl
    >>> import graphkit as gk
    >>> from graphkit.recommenders import chronological, uniform
    >>> world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    >>> arms = {"newest": chronological(), "uniform": uniform()}
    >>> spread = gk.simulate_spread(world, arms, ticks=2, slots=3, reading="shared", rng=1)
    >>> spread.impressions("newest") == spread.impressions("uniform")
    True

    The chronological feed fills few of its slots; those that both fill are compared:

    >>> spread.summary().select("arm", "empty_slots", pl.col("kept").round(2)).rows()
    [('newest', 83, 0.39), ('uniform', 0, 0.39)]
    """
    refuse_after_fork()
    population, behaviour = check_population(worlds), behaviour or Behaviour()
    if None not in (checkpoint, impressions) and Path(checkpoint) == Path(impressions):  # type: ignore[arg-type]
        raise FileError(f"checkpoint and impressions are both {checkpoint}: name two folders.")
    check_executor(executor)
    if executor is not None and impressions is not None:
        raise OptionError(
            f"impressions={shorten(str(impressions))}: workers of an executor cannot write to one "
            "folder. Leave out the impressions or the executor."
        )
    ticks, replications, slots, arms = check_arguments(
        population, arms, ticks, replications, slots, budget, reading
    )
    scheme = check_payout(payout, budget, population)
    warn_of_tallies(population, len(arms) * replications)
    numbers = {"ticks": ticks, "replications": replications, "slots": slots}
    facts = simulation_facts(population, arms, numbers, budget, reading, behaviour, scheme)
    with ExitStack() as locks:
        for folder, purpose in ((checkpoint, "a checkpoint"), (impressions, "impressions")):
            if folder is not None:
                locks.enter_context(locked_folder(Path(folder), purpose))
        streams, kept, log = Streams(rng), None, None
        if checkpoint is not None:
            given = None if rng is None else streams.seed
            kept = Checkpoint(checkpoint, facts, given, streams.seed)
            streams = Streams(kept.seed)
        if impressions is not None:
            key = content_key(json.dumps(facts), streams.seed)
            log = Log(impressions, key, tuple(arms), len(population), replications, ticks)
        if executor is None:
            spread = _simulate(population, arms, facts, behaviour, scheme, streams, kept, log)
        else:
            spread = _simulate_on(
                executor, population, arms, facts, behaviour, scheme, streams, kept
            )
    _warn_of_filler(spread)
    return spread


def _warn_of_filler(spread: Spread) -> None:
    """Warn of arms that are compared by their filler more than a little."""
    shares = {arm: spread.filler(arm) for arm in spread.arms}
    shares = {arm: share for arm, share in shares.items() if share >= FILLER_WARNED}
    if not shares:
        return
    named = ", ".join(f"{share:.0%} of {arm!r}" for arm, share in shares.items())
    warn(
        f"simulate_spread: filler is a large part of the impressions ({named}): posts in slots that "
        "the feed cannot fill from its own sources. Leave these slots empty with reading='empty', "
        "or tally only slots that all arms fill with reading='shared'. No direction is claimed "
        f"where filler is above {FILLER_LIMIT:.0%} in either arm."
    )


def _simulate(
    population: tuple[World, ...],
    arms: Mapping[str, Feed],
    facts: Mapping[str, Any],
    behaviour: Behaviour,
    payout: Payout | None,
    streams: Streams,
    kept: Checkpoint | None,
    log: Log | None,
) -> Spread:
    """Simulate with these `facts`, from the checkpoint on."""
    from graphkit.simulation.arrays import SimulationArrays, prepare_arrays
    from graphkit.simulation.engine import Run
    from graphkit.simulation.pieces import exhausted_error
    from graphkit.simulation.shared_slots import shared_slots

    ticks, slots, budget = facts["ticks"], facts["slots"], facts["budget"]
    replications, drawn = facts["replications"], numbers_of_draws(population)
    numbers = range(len(population)), range(replications)
    jobs = [(arm, w, r) for w, r in product(*numbers) for arm in arms]
    tallies: dict[Job, ArmTally] = {}
    if kept is not None:
        for job in jobs:
            known = kept.tally(job) if log is None or log.has_ticks(job, ticks) else None
            if known is not None:
                tallies[job] = known
    arrays: SimulationArrays | None = None
    run: Run | None = None
    # the run, whether it counts shared slots, and the ticks it has done; None within a tick
    at: tuple[Job, bool, int] | None = None
    runs = [(job, False) for job in jobs]
    counts: _Counts | None = None
    if facts["reading"] == "shared":
        # the arms of a replication are run to count its shared slots, and again to tally them
        pairs = product(product(*numbers), (True, False), arms)
        runs = [((arm, w, r), counting) for (w, r), counting, arm in pairs]
        counts = _Counts(tuple(arms), kept)
    steps = ((*one, t) for one in runs for t in range(ticks))
    try:
        for job, counting, t in track(steps, "simulating", len(runs) * ticks):
            arm, w, r = job
            if counts is not None and counts.done(job, counting, tallies):
                continue
            if job in tallies and not counting:
                continue
            if t == 0:
                at = None
                if arrays is None or arrays.world is not population[w]:
                    arrays = prepare_arrays(population[w], list(arms.values()))
                options: dict[str, Any] = {"ticks": ticks, "slots": slots}
                options |= {"free": budget == "free", "seed": streams.integer("draws", drawn[w], r)}
                if counts is not None:
                    if counts.shared is None:
                        counts.start(shared_slots(arrays, behaviour, **options))
                    options |= {"shared": counts.shared, "counting": counting}
                run = Run(arrays, arms[arm], behaviour, **options, payout=payout)
                done, memory = (0, {}) if kept is None else kept.load_state(job, counting)
                if done and log is not None and not counting and not log.has_ticks(job, done):
                    done = 0
                if done:
                    run.restore(memory)
                at = job, counting, done
            assert run is not None
            assert at is not None
            if t >= at[2]:
                with nullcontext() if kept is None else held_interrupt():
                    at = None
                    active, shown, missing = run.step(t)
                    if missing and arms[arm].filler != "empty" and budget == "matched":
                        raise exhausted_error(arm, w, t, missing, population[w])
                    if log is not None and not counting:
                        log.write_tick(job, t, run.arrays, active, shown)
                    at = job, counting, t + 1
            if t == ticks - 1 and counting:
                assert counts is not None
                # the log is of the second run
                counts.finish(job, run, tally=log is None)
            elif t == ticks - 1:
                tallies[job] = run.tally()
                if kept is not None:
                    kept.keep_tally(job, tallies[job])
            elif kept is not None and kept.due and at == (job, counting, t + 1):
                kept.keep_state(job, t + 1, run.memory(), counting)
    except KeyboardInterrupt:
        if kept is not None and run is not None and at and at[2]:
            job, counting, done = at
            over = job in tallies or (counts is not None and counts.done(job, counting, tallies))
            if not over:
                kept.keep_state(job, done, run.memory(), counting)
        raise KeyboardInterrupt(what_stands(len(tallies), len(jobs), kept, log)) from None
    if log is not None:
        log.finish()
    tallies = {job: tallies[job] for job in jobs}
    if budget == "matched":
        assert_matched(tallies, tuple(arms), len(population), replications, counts is not None)
    return spread_of(population, tallies, replications, facts, streams.seed)


def _simulate_on(
    executor: Executor,
    population: tuple[World, ...],
    arms: Mapping[str, Feed],
    facts: Mapping[str, Any],
    behaviour: Behaviour,
    payout: Payout | None,
    streams: Streams,
    kept: Checkpoint | None,
) -> Spread:
    """Simulate with these `facts` by an executor, from the checkpoint on."""
    from graphkit.simulation.pieces import on_executor, pieces_of, tally_piece

    numbers = {name: facts[name] for name in ("ticks", "slots", "budget", "reading")}
    replications, drawn = facts["replications"], numbers_of_draws(population)
    pairs = product(range(len(population)), range(replications))
    jobs = [(arm, w, r) for w, r in pairs for arm in arms]
    tallies: dict[Job, ArmTally] = {}
    if kept is not None:
        for job in jobs:
            if (known := kept.tally(job)) is not None:
                tallies[job] = known
    pieces = pieces_of(
        *([job for job in jobs if job not in tallies], arms),
        lambda w, r: streams.integer("draws", drawn[w], r),
        apart=True,
        **numbers,
        behaviour=behaviour,
        payout=payout,
    )

    def keep(number: int, found: dict[str, ArmTally]) -> None:
        for arm, tally in found.items():
            job = arm, pieces[number].world, pieces[number].replication
            tallies[job] = tally
            if kept is not None:
                kept.keep_tally(job, tally)

    told = "Without a checkpoint, finished runs are lost."
    if kept is not None:
        told = f"Finished runs are kept in {kept.path}: the same call goes on."
    try:
        on_executor(executor, tally_piece, population, pieces, keep=keep, kept=told)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(what_stands(len(tallies), len(jobs), kept, None)) from None
    tallies = {job: tallies[job] for job in jobs}
    if facts["budget"] == "matched":
        shared = facts["reading"] == "shared"
        assert_matched(tallies, tuple(arms), len(population), replications, shared)
    return spread_of(population, tallies, replications, facts, streams.seed)


def numbers_of_draws(population: tuple[World, ...]) -> list[int]:
    """Number by which each world draws: its own, or that of the first of a jackknife."""
    samples = [world.sample for world in population]
    return [
        w if sample == "population" else next(i for i, s in enumerate(samples) if s != "population")
        for w, sample in enumerate(samples)
    ]


class _Counts:
    """Counting of shared slots, one replication of a world after the other.

    Attributes
    ----------
    shared
        Shared slots of the current replication; `None` before its first run.
    """

    def __init__(self, arms: tuple[str, ...], kept: Checkpoint | None) -> None:
        self._arms, self._kept = arms, kept
        self._of: tuple[int, int] | None = None
        self._counted: list[str] = []
        self._caps: Any = None
        self._whole: dict[str, ArmTally] = {}
        self.shared: SharedSlots | None = None

    def done(self, job: Job, counting: bool, tallies: dict[Job, ArmTally]) -> bool:
        """Whether a run need not be made; `tallies` takes that of an arm whose slots all count."""
        arm, w, r = job
        if self._of != (w, r):
            self._of, self.shared, self._whole = (w, r), None, {}
            self._counted, self._caps = (
                ([], None) if self._kept is None else self._kept.load_shared(w, r)
            )
        if counting:
            finished = all((name, w, r) in tallies for name in self._arms)
            return finished or arm in self._counted
        tally = self._whole.pop(arm, None)
        if tally is not None and self.shared and tally.impressions == self.shared.size:
            tallies[job] = tally
            if self._kept is not None:
                self._kept.keep_tally(job, tally)
        return job in tallies

    def start(self, shared: SharedSlots) -> None:
        """Begin with the slots that are offered, or go on from a checkpoint."""
        self.shared = shared
        if self._caps is not None:
            np.minimum(shared.caps, self._caps, out=shared.caps)

    def finish(self, job: Job, run: Run, *, tally: bool) -> None:
        """End the counting run of an arm; keep its `tally` if all its slots may be shared."""
        assert self.shared is not None
        arm, w, r = job
        self._counted.append(arm)
        if self._kept is not None:
            self._kept.keep_shared(w, r, self._counted, self.shared.caps)
        if tally and int(run.sources.sum()) == self.shared.size:
            self._whole[arm] = run.tally()


def what_stands(done: int, runs: int, kept: Checkpoint | None, log: Log | None) -> str:
    """What an interrupted simulation leaves, and how to go on."""
    shown = "" if log is None else f" Impressions so far are in {log.path}."
    if kept is None:
        return (
            f"{done} of {runs} runs were finished; without a checkpoint none are kept: with "
            f"checkpoint='folder' the same call goes on from there.{shown}"
        )
    return (
        f"{done} of {runs} runs are finished and kept in {kept.path}.{shown} Run the same again to "
        "continue."
    )


def assert_matched(
    tallies: Mapping[Job, ArmTally], arms: tuple[str, ...], worlds: int, reps: int, shared: bool
) -> None:
    """Assert that sessions and slots are equal in all arms, and shared impressions, too."""
    for w, r in product(range(worlds), range(reps)):
        found = [tallies[a, w, r] for a in arms]
        held = {(t.sessions, t.offered, t.impressions if shared else 0) for t in found}
        if len(held) > 1:
            raise AssertionError(f"arms differ in sessions or slots under 'matched': {held}")

"""simulate_spread: the same worlds shown through several feeds, fairly."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from graphkit.data.frozen import content_key
from graphkit.data.provenance import Provenance
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError, check_choice, check_integer
from graphkit.parallel import track
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.storage import Checkpoint, Job, Log, held_interrupt, spread_of

__all__ = ["simulate_spread"]


def feed_facts(feed: Feed) -> dict[str, object]:
    """Every number of a feed, its filler rule, its score function and where it is from.

    A function is known by its name and a key of its text and of the plain values that it
    holds (defaults and closure); what it reads elsewhere is not seen.
    """
    rows = feed.frame.select("part", "key", "value").iter_rows()
    facts: dict[str, object] = {f"{part}.{key}": value for part, key, value in rows}
    score = "weights" if feed.score is None else _describe_function(feed.score)
    return facts | {"filler": feed.filler, "score": score, "origin": feed.source}


def _describe_function(score: Any) -> str:
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
            ""
            if code is None
            else f"{code.co_code.hex()} {code.co_names} {_plain_value(code.co_consts)}"
        )
    held += [cell.cell_contents for cell in getattr(score, "__closure__", None) or ()]
    held += list(getattr(score, "__defaults__", None) or ())
    held += sorted((getattr(score, "__kwdefaults__", None) or {}).items())
    return f"{name} {content_key(text, _plain_value(tuple(held)))}"


def _plain_value(value: Any) -> Any:
    """Values whose text is the same in every process; of others, only their type."""
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return content_key(np.asarray(value))
    if isinstance(value, tuple | list):
        return tuple(_plain_value(v) for v in value)
    if isinstance(value, Mapping):
        return tuple((str(k), _plain_value(v)) for k, v in value.items())
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
            _check_feed(name, feed, w, world)


def _check_feed(name: str, feed: Feed, w: int, world: World) -> None:
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


def simulate_spread(
    worlds: World | Sequence[World],
    arms: Mapping[str, Feed],
    *,
    ticks: int,
    replications: int = 1,
    slots: int = 10,
    budget: str = "matched",
    behaviour: Behaviour | None = None,
    impressions: str | Path | None = None,
    checkpoint: str | Path | None = None,
    rng: RNGLike | None = None,
) -> Spread:
    """Show every world through every feed and tally who is shown what.

    In each tick, each account that opens the feed is shown `slots` unseen posts: candidates
    of the feed's sources are scored, chosen greedily with its diversity rule, and, where
    they do not suffice, filled by its filler rule. The viewer reacts (see
    :class:`Behaviour`), the feed learns its profile, and the circle sees the reactions from
    the next tick on.

    Every draw is a hash of (seed, world, replication, event, account key, post key): what
    a viewer would draw for a post depends neither on the arm nor on the order of anything.

    **Budget.** Under ``"matched"`` posts, sessions and slots come from outside and are the same
    in all arms, so that arms differ in what is shown only; the propensities to leave, to return,
    to post and to give up are recorded. Under ``"free"`` they are acted on: who is bored leaves
    or returns less often, sessions end early, creators post less or give up, drift toward what
    was rewarded, and follows are won and lost.

    **Feeds of one's own.** An arm may be any :class:`Feed`, also one whose `score` is a function
    of the candidates (see :class:`Context`). Weights of what a world does not know (ties,
    countries, groups) count nothing; a feed of followees, or of interests, where there are none is
    refused.

    **Memory** does not grow with the impressions, but for what each account has seen: 6 bytes per
    slot that it can be shown, and 8 per account. Shares, duets and stitches are 20 bytes each.

    **Checkpoints.** With `checkpoint`, every arm, world and replication that is finished is kept,
    and the one under way about once a minute and when it is interrupted: Ctrl-C waits for the end
    of the tick, a second one does not. The same call then goes on from there, and returns the
    same bytes as if it had never stopped; what is broken or half-written is done again.
    :func:`read_checkpoint` reads what there is in the meantime. A checkpoint of other arguments
    is refused. Of a score function it knows the name, the text and the plain values that it
    holds when it is given (closure, defaults, attributes), not what it reads elsewhere.

    Parameters
    ----------
    worlds
        One world, or several of :func:`graphkit.resample_worlds`.
    arms
        Feeds by the names of the arms.
    ticks
        Ticks to run, at least 1.
    replications
        Random repeats within each world, with other draws.
    slots
        Posts per session.
    budget
        ``"matched"``: posts, sessions and slots are exogenous and equal in all arms;
        leaving and returning are recorded as propensities. ``"free"``: they are acted on.
    behaviour
        Parameters of the viewers; the documented assumptions if absent.
    impressions
        A folder for every impression, in one Parquet file per arm, world, replication and tick,
        written when the tick is over; :func:`scan_impressions` reads it. It is new, empty, or
        holds those of this very simulation. A row takes about 10 bytes there.
    checkpoint
        A folder from which the simulation can go on; new, empty, or of the same arguments.
    rng
        Seed. Where none is given, that of the checkpoint, if there is one.

    Returns
    -------
    Spread

    Raises
    ------
    OptionError
        For zero ticks, no arms, other values out of range, and a checkpoint of other arguments.
    MissingDataError
        If a feed shows by follows or interest, and a world has none.
    DataError
        If no post enters in time, or a world is exhausted under ``matched``: some viewer has
        seen every post.
    FileError
        If a folder holds something else, or cannot be written.

    Examples
    --------
    >>> import graphkit as gk
    >>> from graphkit.recommenders import chronological, uniform
    >>> world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    >>> arms = {"newest": chronological(), "uniform": uniform()}
    >>> spread = gk.simulate_spread(world, arms, ticks=2, slots=3, rng=1)
    >>> spread.impressions("newest") == spread.impressions("uniform")
    True
    """
    from graphkit.simulation.arrays import SimulationArrays, prepare_arrays
    from graphkit.simulation.engine import Run

    population = (worlds,) if isinstance(worlds, World) else tuple(worlds)
    behaviour = behaviour or Behaviour()
    check_choice("budget", budget, ("matched", "free"))
    ticks = check_integer("ticks", ticks, 1)
    replications = check_integer("replications", replications, 1)
    slots = check_integer("slots", slots, 1)
    if not population or not arms:
        raise OptionError("simulate_spread needs at least one world and one arm.")
    check_worlds(population, arms, ticks)
    facts = {
        "arms": {name: feed_facts(feed) for name, feed in arms.items()},
        "ticks": ticks,
        "replications": replications,
        "slots": slots,
        "budget": budget,
        "behaviour": dict(behaviour.frame.iter_rows()),
        "worlds": [world.content_key for world in population],
        "versions": dict(Provenance.of("simulate_spread", packages=("numba", "numpy")).versions),
    }
    streams, kept, log = Streams(rng), None, None
    if checkpoint is not None:
        kept = Checkpoint(checkpoint, facts, None if rng is None else streams.seed, streams.seed)
        streams = Streams(kept.seed)
    if impressions is not None:
        log = Log(
            impressions,
            content_key(json.dumps(facts), streams.seed),
            tuple(arms),
            worlds=len(population),
            replications=replications,
            ticks=ticks,
        )
    jobs = [
        (arm, w, r) for w in range(len(population)) for r in range(replications) for arm in arms
    ]
    tallies: dict[Job, ArmTally] = {}
    if kept is not None:
        for job in jobs:
            known = kept.tally(job) if log is None or log.has_ticks(job, ticks) else None
            if known is not None:
                tallies[job] = known
    arrays: SimulationArrays | None = None
    run: Run | None = None
    at: tuple[Job, int] | None = None  # the run and the ticks it has done; None within a tick
    steps = ((job, t) for job in jobs for t in range(ticks))
    try:
        for job, t in track(steps, "simulating", len(jobs) * ticks):
            if job in tallies:
                continue
            arm, w, r = job
            if t == 0:
                at = None
                if arrays is None or arrays.world is not population[w]:
                    arrays = prepare_arrays(population[w], list(arms.values()))
                run = Run(
                    arrays,
                    arms[arm],
                    behaviour,
                    ticks=ticks,
                    slots=slots,
                    free=budget == "free",
                    seed=streams.integer("draws", w, r),
                )
                done, memory = (0, {}) if kept is None else kept.load_state(job)
                if done and log is not None and not log.has_ticks(job, done):
                    done = 0
                if done:
                    run.restore(memory)
                at = job, done
            assert run is not None
            assert at is not None
            if t >= at[1]:
                with nullcontext() if kept is None else held_interrupt():
                    at = None
                    active, shown, missing = run.step(t)
                    if missing and arms[arm].filler != "empty" and budget == "matched":
                        raise _exhausted_error(job, t, missing, population[w])
                    if log is not None:
                        log.write_tick(job, t, run.arrays, active, shown)
                    at = job, t + 1
            if t == ticks - 1:
                tallies[job] = run.tally()
                if kept is not None:
                    kept.keep_tally(job, tallies[job])
            elif kept is not None and kept.due and at == (job, t + 1):
                kept.keep_state(job, t + 1, run.memory())
    except KeyboardInterrupt:
        if kept is not None and run is not None and at and at[1] and at[0] not in tallies:
            kept.keep_state(*at, run.memory())
        raise
    tallies = {job: tallies[job] for job in jobs}
    if budget == "matched":
        _assert_matched(tallies, tuple(arms), len(population), replications)
    return spread_of(population, tallies, replications, facts, streams.seed)


def _exhausted_error(job: Job, t: int, missing: int, world: World) -> DataError:
    return DataError(
        f"arm {job[0]!r}, world {job[1]}: in tick {t} {missing} slots cannot be filled: some "
        f"viewers have seen every post that has entered. Fewer ticks or slots, or more or earlier "
        f"posts ({world.n_posts} now) are needed."
    )


def _assert_matched(
    tallies: Mapping[Job, ArmTally], arms: tuple[str, ...], worlds: int, reps: int
) -> None:
    """Equal sessions and impressions in all arms, or the comparison is not fair."""
    for w in range(worlds):
        for r in range(reps):
            held = {
                (tallies[a, w, r].sessions, tallies[a, w, r].impressions + tallies[a, w, r].empty)
                for a in arms
            }
            if len(held) > 1:
                raise AssertionError(f"arms differ in sessions or slots under 'matched': {held}")

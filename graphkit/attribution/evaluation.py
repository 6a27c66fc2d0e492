"""Evaluation of many feeds: simulated and measured run by run, kept in a cache, and resumed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import polars as pl

from graphkit.data.files import locked_folder, open_folder, set_aside, write_record, write_whole
from graphkit.data.frozen import content_key
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import FileError, MissingDataError, OptionError, nearest, shorten
from graphkit.measures.hosting_visibility import RANDOM, Views, hosting_by_visibility
from graphkit.measures.payouts import Payout
from graphkit.measures.samples import samples_of
from graphkit.measures.spread import measure_spread
from graphkit.parallel import check_executor, refuse_after_fork, show_progress, stop_if_over, track
from graphkit.recommenders import uniform
from graphkit.recommenders.factors import SOURCES
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.arguments import check_arguments, check_payout, check_population
from graphkit.simulation.arrays import SimulationArrays
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.facts import feed_facts, is_identified, simulation_facts
from graphkit.simulation.pieces import ENOUGH, Piece, on_executor, pieces_of, tally_arms
from graphkit.simulation.simulate import numbers_of_draws

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["evaluate"]

#: Record of a folder of evaluations.
RECORD = "evaluations.json"
#: Key of a file's metadata with what its rows are of, and a key of the rows.
_OF = "graphkit_evaluation"

#: Arm, world, replication.
Job = tuple[str, int, int]


class RunOptions(TypedDict):
    """Options of :func:`evaluate` that what divides or varies feeds passes on."""

    ticks: int
    replications: int
    slots: int
    budget: str
    reading: str
    behaviour: Behaviour | None
    cache: str | Path | None
    executor: Executor | None


def evaluate(
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
    visibility: Views | None = None,
    random: str = RANDOM,
    cache: str | Path | None = None,
    executor: Executor | None = None,
    rng: RNGLike | None = None,
) -> pl.DataFrame:
    """Measures of every world under every feed, in memory that does not grow with the runs.

    The table is that of ``measure_spread(simulate_spread(worlds, arms, …))``, to the last digit
    and row. Each arm of each replication of a world is measured when it is simulated, and its
    tallies are dropped, so that hundreds of arms are no trouble: the coalitions of a Shapley
    division, or the feeds of a sensitivity analysis. Arms whose feeds differ in nothing but name
    and origin are simulated once.

    **Cache.** With `cache`, the rows of every finished arm, world and replication are kept there,
    one file each, under a key of all that they depend on: the content of the world, the numbers
    and score function of the feed (see :func:`simulate_spread`, Checkpoints), the behaviour,
    the payout, ticks, slots, budget, reading, the seed of the draws, and the versions of graphkit, Numba and
    NumPy; of shared slots also the feeds of all arms. Any later call reads what is there, also
    one with more or other arms, worlds or replications, and one after an interruption. A score
    function may hold plain values and arrays only, for it could not be told from others. A damaged
    file is set aside with a warning, and its run is computed again. While a call runs, no other
    may use the folder.

    No warning is given of filler: the measure ``filler`` has its share, and
    :func:`graphkit.contrast` claims no direction where it is large.

    Parameters
    ----------
    worlds, arms, ticks, replications, slots, budget, reading, behaviour, payout
        As for :func:`graphkit.simulate_spread`.
    visibility
        If given, the rows of :func:`graphkit.measures.hosting_by_visibility` are appended.
    random
        With `visibility`, the arm of random posts; if no arm has this name,
        :func:`graphkit.recommenders.uniform` is added under it.
    cache
        Folder of the cache: new, empty, or that of earlier calls.
    executor
        Where runs are simulated and measured, as for :func:`graphkit.simulate_spread`.
    rng
        Seed; by default that of the first call with this cache, if any.

    Returns
    -------
    polars.DataFrame
        As :func:`graphkit.measure_spread` returns it.

    Raises
    ------
    OptionError, MissingDataError, DataError
        As for :func:`graphkit.simulate_spread` and :func:`graphkit.measures.hosting_by_visibility`;
        with a cache, for a score function that holds other objects than plain values and arrays.
    FileError
        If the folder holds something else, cannot be written, or is in use by another call.

    Warns
    -----
    GraphkitWarning
        For each damaged file of the cache.

    Examples
    --------
    >>> import graphkit as gk
    >>> from graphkit.recommenders import chronological, uniform
    >>> world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    >>> arms = {"newest": chronological(), "uniform": uniform()}
    >>> outcome = evaluate(world, arms, ticks=2, slots=3, reading="shared", rng=1)
    >>> spread = gk.simulate_spread(world, arms, ticks=2, slots=3, reading="shared", rng=1)
    >>> outcome.equals(gk.measure_spread(spread))
    True
    """
    options: dict[str, Any] = {"ticks": ticks, "replications": replications, "slots": slots}
    options |= {"budget": budget, "reading": reading, "visibility": visibility, "random": random}
    options |= {"cache": cache, "executor": executor, "rng": rng, "payout": payout}
    return evaluate_each(worlds, [(arms, behaviour or Behaviour())], **options)[0]


def evaluate_each(
    worlds: World | Sequence[World],
    cases: Sequence[tuple[Mapping[str, Feed], Behaviour]],
    *,
    ticks: int,
    replications: int,
    slots: int,
    budget: str,
    reading: str,
    visibility: Views | None,
    random: str,
    cache: str | Path | None,
    executor: Executor | None,
    rng: RNGLike | None,
    payout: Payout | str | None = None,
) -> list[pl.DataFrame]:
    """The table of :func:`evaluate` for each case of arms and behaviour, with the same draws.

    Runs that several cases have in common are made once, and an executor gets those of all
    cases at once.
    """
    refuse_after_fork()
    population = check_population(worlds)
    check_executor(executor)
    with ExitStack() as locks:
        streams, kept = Streams(rng), None
        plans = []
        for arms, behaviour in cases:
            if visibility is not None and isinstance(arms, Mapping) and random not in arms:
                arms = {**arms, random: uniform()}
            if not isinstance(behaviour, Behaviour):
                raise OptionError(f"behaviour={shorten(behaviour)}: give a Behaviour.")
            ticks, replications, slots, arms = check_arguments(
                *(population, arms, ticks, replications, slots, budget, reading), "evaluate"
            )
            if cache is not None:
                _check_identified(arms)
            numbers = {"ticks": ticks, "slots": slots, "budget": budget, "reading": reading}
            scheme = check_payout(payout, budget, population)
            plans.append(_Plan(population, arms, replications, numbers, behaviour, scheme))
        _check_kinds(population[0], visibility)
        if cache is not None:
            locks.enter_context(locked_folder(Path(cache), "evaluations"))
            kept = _Cache(Path(cache), None if rng is None else streams.seed, streams.seed)
            streams = Streams(kept.seed)
        found = _rows_of_all(plans, streams, kept, executor)
    samples = samples_of(population)
    sample = pl.col("world").replace_strict(
        list(range(len(samples))), samples, return_dtype=pl.String
    )
    outcomes = []
    for plan, rows in zip(plans, found, strict=True):
        jobs = product(plan.arms, range(len(population)), range(replications))
        outcome = pl.concat([_rows_of(rows[plan.same[arm], w, r], arm, w, r) for arm, w, r in jobs])
        outcome = outcome.with_columns(sample=sample)
        if visibility is not None:
            outcome = hosting_by_visibility(outcome, visibility, random=random)
        outcomes.append(outcome)
    return outcomes


def _check_identified(arms: Mapping[str, Feed]) -> None:
    """Refuse to keep rows of score functions that no key tells from others."""
    for name, feed in arms.items():
        if not is_identified(feed):
            raise OptionError(
                f"cache: the score function of arm {name!r} holds more than numbers, texts and arrays, "
                "and another one could not be told from it. Let it hold those, or leave out the cache."
            )


def _check_kinds(world: World, visibility: Views | None) -> None:
    """Refuse kinds of partition that no world has, before anything is simulated."""
    kinds = list(world.partitions)
    for kind in visibility if isinstance(visibility, Mapping) else ():
        if kind not in kinds:
            raise MissingDataError(
                f"visibility: no partition {kind!r} in the worlds.{nearest(kind, kinds)} "
                f"Partitions: {', '.join(kinds)}."
            )


@dataclass(frozen=True)
class _Plan:
    """All runs of one case."""

    worlds: tuple[World, ...]
    arms: Mapping[str, Feed]
    replications: int
    numbers: Mapping[str, Any]
    behaviour: Behaviour
    payout: Payout | None = None

    @cached_property
    def facts(self) -> dict[str, str]:
        """Key of the feed of each arm."""
        return {name: _facts_of(feed) for name, feed in self.arms.items()}

    @cached_property
    def same(self) -> dict[str, str]:
        """By arm, the first one of the same feed."""
        first: dict[tuple[str, int], str] = {}
        # two functions of one text may read other things: only one and the same will do
        return {
            name: first.setdefault((self.facts[name], id(feed.score)), name)
            for name, feed in self.arms.items()
        }

    @cached_property
    def distinct(self) -> dict[str, Feed]:
        """Feeds of which none is the same as another."""
        return {arm: feed for arm, feed in self.arms.items() if self.same[arm] == arm}

    def keys(self, seeds: Mapping[tuple[int, int], int], worlds: Sequence[str]) -> dict[Job, str]:
        """Key of all that the rows of each run depend on, world by world; `worlds` has theirs."""
        numbers = {name: self.numbers[name] for name in ("ticks", "slots")}
        told = self.numbers["budget"], self.numbers["reading"]
        facts = simulation_facts((), {}, numbers, *told, self.behaviour, self.payout)
        feeds = {arm: self.facts[arm] for arm in self.distinct}
        shared = sorted(set(feeds.values())) if told[1] == "shared" else []
        same = json.dumps(facts | {"shared by": shared}, sort_keys=True)
        return {
            (arm, w, r): content_key(same, worlds[w], feeds[arm], seed)
            for (w, r), seed in seeds.items()
            for arm in self.distinct
        }

    def functions(self, job: Job) -> tuple[int, ...]:
        """Score functions that the rows of a run depend on, and no key tells apart."""
        feeds = self.arms.values() if self.numbers["reading"] == "shared" else ()
        return tuple(id(feed.score) for feed in (self.arms[job[0]], *feeds))


def _rows_of_all(
    plans: Sequence[_Plan], streams: Streams, kept: _Cache | None, executor: Executor | None
) -> list[dict[Job, pl.DataFrame]]:
    """The rows of all runs of each plan; what several have in common is made once."""
    worlds, replications = plans[0].worlds, plans[0].replications
    drawn = numbers_of_draws(worlds)
    seeds = {
        (w, r): streams.integer("draws", drawn[w], r)
        for w, r in product(range(len(worlds)), range(replications))
    }
    known = [content_key(world.content_key, names_of(world)) for world in worlds]
    keys = [plan.keys(seeds, known) for plan in plans]
    marks = [
        {job: (key, plan.functions(job)) for job, key in own.items()}
        for plan, own in zip(plans, keys, strict=True)
    ]
    rows: dict[Any, pl.DataFrame] = {}
    wanted: dict[Any, tuple[int, Job]] = {}
    for number, own in enumerate(marks):
        for job, mark in own.items():
            wanted.setdefault(mark, (number, job))
    if kept is not None:
        loaded = ((mark, kept.load(mark[0])) for mark in wanted)
        rows = {mark: frame for mark, frame in loaded if frame is not None}
    missing: dict[int, list[Job]] = {}
    for mark, (number, job) in wanted.items():
        if mark not in rows:
            missing.setdefault(number, []).append(job)
    apart = executor is not None and len(missing) < ENOUGH
    pieces: list[tuple[int, Piece]] = []
    for number, jobs in missing.items():
        plan = plans[number]
        options = {**plan.numbers, "behaviour": plan.behaviour, "payout": plan.payout}
        own_pieces = pieces_of(
            jobs, plan.distinct, lambda w, r: seeds[w, r], apart=apart, **options
        )
        pieces += [(number, piece) for piece in own_pieces]
    # the arrays of one world after the other
    pieces.sort(key=lambda each: (each[1].world, each[1].searches))

    def keep(at: int, arm: str, frame: pl.DataFrame) -> None:
        number, piece = pieces[at]
        mark = marks[number][arm, piece.world, piece.replication]
        if kept is not None:
            kept.keep(mark[0], frame)
        rows[mark] = frame

    done, count = len(rows), len(wanted) - len(rows)
    only = [piece for _, piece in pieces]
    try:
        if executor is None:
            for at, arm, frame in track(_simulate(worlds, only), "evaluating", count):
                keep(at, arm, frame)
        else:
            _send(executor, worlds, only, keep, kept)
    except KeyboardInterrupt:
        stands = (
            f"{len(rows) - done} of {count} runs were finished; without a cache none are kept: with "
            "cache='folder' the same call goes on from there."
        )
        if kept is not None:
            stands = (
                f"{len(rows)} of {len(wanted)} runs are finished and kept in {kept.path}. Run "
                "the same again to continue."
            )
        raise KeyboardInterrupt(stands) from None
    return [{job: rows[mark] for job, mark in own.items()} for own in marks]


def _send(
    executor: Executor,
    worlds: Sequence[World],
    pieces: Sequence[Piece],
    keep: Callable[[int, str, pl.DataFrame], None],
    kept: _Cache | None,
) -> None:
    """Have the pieces simulated and measured by an executor."""

    def keep_all(at: int, rows: dict[str, pl.DataFrame]) -> None:
        for arm, frame in rows.items():
            keep(at, arm, frame)

    told = "Without a cache, finished runs are lost."
    if kept is not None:
        told = f"Finished runs are kept in {kept.path}: the same call goes on."
    on_executor(executor, measure_piece, worlds, pieces, keep=keep_all, kept=told)


def _simulate(
    worlds: Sequence[World], pieces: Sequence[Piece]
) -> Iterator[tuple[int, str, pl.DataFrame]]:
    """Number of the piece, arm and rows of one run after the other."""
    arrays: Any = None
    for at, piece in enumerate(pieces):
        world = worlds[piece.world]
        if arrays is None or arrays[:2] != (piece.world, piece.searches):
            arrays = (piece.world, piece.searches, piece.arrays(world))
        for arm, tally in tally_arms(arrays[2], piece):
            yield at, arm, measure_tally(world, tally, piece)


def measure_piece(arrays: SimulationArrays, piece: Piece) -> dict[str, pl.DataFrame]:
    """The measures of the wanted arms of a piece."""
    found = tally_arms(arrays, piece)
    return {arm: measure_tally(arrays.world, tally, piece) for arm, tally in found}


def measure_tally(world: World, tally: ArmTally, piece: Piece) -> pl.DataFrame:
    """The measures of one run, as those of a spread that holds nothing else."""
    spread = _spread_of((world,), {("", 0, 0): tally}, piece.budget, piece.reading, piece.behaviour)
    with show_progress(lambda what, done, total: stop_if_over()):
        return measure_spread(spread)


def _spread_of(
    worlds: tuple[World, ...],
    tallies: Mapping[Job, ArmTally],
    budget: str,
    reading: str,
    behaviour: Behaviour,
) -> Spread:
    """A spread of one arm without a name."""
    sources = (*SOURCES, "filler")
    calibrated = behaviour.calibrated
    return Spread(worlds, ("",), tallies, 1, sources, budget, calibrated, reading=reading)


def _rows_of(rows: pl.DataFrame, arm: str, world: int, replication: int) -> pl.DataFrame:
    """The measures of one run, under its arm and numbers."""
    numbers = {"world": world, "replication": replication}
    return rows.with_columns(
        pl.lit(arm, pl.String).alias("arm"),
        *(pl.lit(number, rows.schema[name]).alias(name) for name, number in numbers.items()),
    )


def names_of(world: World) -> list[str]:
    """Names of all communities, which are in the rows."""
    parts = world.partitions.values()
    return [part.name(c) for part in parts for c in range(part.n_communities)]


def _facts_of(feed: Feed) -> str:
    """Key of all that a feed does; its name and the origin of its numbers are left out."""
    facts = feed_facts(feed)
    del facts["origin"]
    return content_key(json.dumps(facts, sort_keys=True))


class _Cache:
    """Rows of finished runs in a folder, one Parquet file each under the key of the run.

    Parameters
    ----------
    path
        New, empty, or with rows of earlier calls.
    seed
        The given seed; `None` if it was drawn, and then that of the first call applies.
    drawn
        The drawn seed.
    """

    def __init__(self, path: Path, seed: int | None, drawn: int) -> None:
        self.path = path
        record = open_folder(path, RECORD, "evaluations")
        self.seed = drawn if seed is None else seed
        if record is None:
            write_record(path / RECORD, {"seed": str(self.seed)}, sealed=True)
        elif seed is None:
            self.seed = int(record["seed"])

    def _file(self, key: str) -> Path:
        # folders of few files
        return self.path / key[:2] / f"{key[2:]}.parquet"

    def load(self, key: str) -> pl.DataFrame | None:
        """The rows of a run; `None` if there are none, or its file was damaged."""
        path = self._file(key)
        if not os.path.lexists(path):
            return None
        try:
            known = pl.read_parquet_metadata(path).get(_OF)
            rows = pl.read_parquet(path, glob=False, hive_partitioning=False)
        except OSError as error:
            set_aside(path, FileError(f"{path} cannot be read: {error.strerror or error}."))
            return None
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            set_aside(path, FileError(f"{path} is damaged: it is no whole Parquet file."))
            return None
        if known != _seal(key, rows):
            set_aside(path, FileError(f"{path} is damaged, or holds the rows of another run."))
            return None
        return rows

    def keep(self, key: str, rows: pl.DataFrame) -> None:
        """Save the rows of a finished run."""
        options: dict[str, Any] = {"compression": "zstd", "metadata": {_OF: _seal(key, rows)}}
        write_whole(self._file(key), lambda part: rows.write_parquet(part, **options))


def _seal(key: str, rows: pl.DataFrame) -> str:
    return content_key(key, rows)

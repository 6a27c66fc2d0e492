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
from typing import TYPE_CHECKING, Any

import polars as pl

from graphkit.data.files import locked_folder, open_folder, set_aside, write_record, write_whole
from graphkit.data.frozen import content_key
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import FileError, MissingDataError, nearest
from graphkit.measures.catalogue import world_samples
from graphkit.measures.hosting_visibility import RANDOM, Views, hosting_by_visibility
from graphkit.measures.spread import measure_spread
from graphkit.parallel import check_executor, refuse_after_fork, show_progress, stop_if_over, track
from graphkit.recommenders import uniform
from graphkit.recommenders.factors import SOURCES
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.arrays import SimulationArrays
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.pieces import Piece, on_executor, pieces_of, tally_arms
from graphkit.simulation.simulate import (
    check_arguments,
    feed_facts,
    numbers_of_draws,
    simulation_facts,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["evaluate"]

#: Record of a folder of evaluations.
RECORD = "evaluations.json"
#: Key of a file's metadata with what its rows are of, and a key of the rows.
_OF = "graphkit_evaluation"

#: Arm, world, replication.
Job = tuple[str, int, int]


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
    ticks, slots, budget, reading, the seed of the draws, and the versions of graphkit, Numba and
    NumPy; of shared slots also the feeds of all arms. Any later call reads what is there, also
    one with more or other arms, worlds or replications, and one after an interruption. A damaged
    file is set aside with a warning, and its run is computed again. While a call runs, no other
    may use the folder.

    No warning is given of filler: the measure ``filler`` has its share, and
    :func:`graphkit.contrast` claims no direction where it is large.

    Parameters
    ----------
    worlds, arms, ticks, replications, slots, budget, reading, behaviour
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
        As for :func:`graphkit.simulate_spread` and :func:`graphkit.measures.hosting_by_visibility`.
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
    refuse_after_fork()
    population = (worlds,) if isinstance(worlds, World) else tuple(worlds)
    behaviour = behaviour or Behaviour()
    check_executor(executor)
    if visibility is not None and random not in arms:
        arms = {**arms, random: uniform()}
    ticks, replications, slots, arms = check_arguments(
        *(population, arms, ticks, replications, slots, budget, reading), "evaluate"
    )
    _check_kinds(population[0], visibility)
    numbers = {"ticks": ticks, "slots": slots, "budget": budget, "reading": reading}
    with ExitStack() as locks:
        streams, kept = Streams(rng), None
        if cache is not None:
            locks.enter_context(locked_folder(Path(cache), "evaluations"))
            kept = _Cache(Path(cache), None if rng is None else streams.seed, streams.seed)
            streams = Streams(kept.seed)
        plan = _Plan(population, arms, replications, numbers, behaviour, streams)
        rows = plan.rows(kept, executor)
    jobs = product(arms, range(len(population)), range(replications))
    outcome = pl.concat([_rows_of(rows[plan.same[arm], w, r], arm, w, r) for arm, w, r in jobs])
    samples = world_samples(_spread_of(population, {}, budget, reading, behaviour))
    sample = pl.col("world").replace_strict(
        list(range(len(samples))), samples, return_dtype=pl.String
    )
    outcome = outcome.with_columns(sample=sample)
    if visibility is None:
        return outcome
    return hosting_by_visibility(outcome, visibility, random=random)


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
    """All runs of an evaluation."""

    worlds: tuple[World, ...]
    arms: Mapping[str, Feed]
    replications: int
    numbers: Mapping[str, Any]
    behaviour: Behaviour
    streams: Streams

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

    def rows(self, kept: _Cache | None, executor: Executor | None) -> dict[Job, pl.DataFrame]:
        """The rows of every run, of each feed once."""
        distinct = [arm for arm, first in self.same.items() if arm == first]
        keys = self._keys(distinct)
        found: dict[Job, pl.DataFrame] = {}
        if kept is not None:
            for job, key in keys.items():
                if (rows := kept.load(key)) is not None:
                    found[job] = rows
        missing = [job for job in keys if job not in found]

        def keep(job: Job, rows: pl.DataFrame) -> None:
            found[job] = rows
            if kept is not None:
                kept.keep(keys[job], rows)

        done = len(found)
        try:
            if executor is None:
                for job, rows in track(self._simulate(missing), "evaluating", len(missing)):
                    keep(job, rows)
            else:
                self._send(executor, missing, keep, kept)
        except KeyboardInterrupt:
            stands = f"{len(found) - done} of {len(missing)} runs were finished; "
            stands += "without a cache none are kept."
            if kept is not None:
                stands = (
                    f"{len(found)} of {len(keys)} runs are finished and kept in {kept.path}. Run "
                    "the same again to continue."
                )
            raise KeyboardInterrupt(stands) from None
        return found

    def _keys(self, distinct: Sequence[str]) -> dict[Job, str]:
        """Key of all that the rows of each run depend on, world by world."""
        feeds = {arm: self.facts[arm] for arm in distinct}
        numbers = {name: self.numbers[name] for name in ("ticks", "slots")}
        told = self.numbers["budget"], self.numbers["reading"]
        facts = simulation_facts((), {}, numbers, *told, self.behaviour)
        shared = sorted(set(feeds.values())) if told[1] == "shared" else []
        same = json.dumps(facts | {"shared by": shared}, sort_keys=True)
        known = [content_key(world.content_key, _names_of(world)) for world in self.worlds]
        return {
            (arm, w, r): content_key(same, known[w], feeds[arm], self._seed(w, r))
            for w, r in product(range(len(self.worlds)), range(self.replications))
            for arm in distinct
        }

    def _seed(self, w: int, r: int) -> int:
        return self.streams.integer("draws", numbers_of_draws(self.worlds)[w], r)

    def _pieces(self, missing: Sequence[Job], *, apart: bool) -> list[Piece]:
        distinct = {arm: feed for arm, feed in self.arms.items() if self.same[arm] == arm}
        options = {**self.numbers, "behaviour": self.behaviour}
        return pieces_of(missing, distinct, self._seed, apart=apart, **options)

    def _send(
        self,
        executor: Executor,
        missing: Sequence[Job],
        keep: Callable[[Job, pl.DataFrame], None],
        kept: _Cache | None,
    ) -> None:
        """Have the missing runs simulated and measured by an executor."""

        def keep_all(piece: Piece, rows: dict[str, pl.DataFrame]) -> None:
            for arm, frame in rows.items():
                keep((arm, piece.world, piece.replication), frame)

        told = "Without a cache, finished runs are lost."
        if kept is not None:
            told = f"Finished runs are kept in {kept.path}: the same call goes on."
        pieces = self._pieces(missing, apart=True)
        on_executor(executor, measure_piece, self.worlds, pieces, keep=keep_all, kept=told)

    def _simulate(self, missing: Sequence[Job]) -> Iterator[tuple[Job, pl.DataFrame]]:
        """The rows of the missing runs, one after the other."""
        arrays: Any = None
        for piece in self._pieces(missing, apart=False):
            world = self.worlds[piece.world]
            if arrays is None or arrays[:2] != (piece.world, piece.searches):
                arrays = (piece.world, piece.searches, piece.arrays(world))
            for arm, tally in tally_arms(arrays[2], piece):
                yield (arm, piece.world, piece.replication), measure_tally(world, tally, piece)


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


def _names_of(world: World) -> list[str]:
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

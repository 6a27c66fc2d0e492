"""Storage of a simulation: checkpoints (tallies and the current run) and impressions."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.answers import answer_ids
from graphkit.data.files import (
    load_arrays,
    open_folder,
    read_record,
    save_arrays,
    set_aside,
    write_record,
    write_whole,
)
from graphkit.data.frozen import content_key
from graphkit.data.provenance import Provenance
from graphkit.data.spread import REACTIONS, ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import FileError, MissingDataError, OptionError, shorten, warn
from graphkit.kernels.state import SKIPPED, WATCH_UNIT
from graphkit.readwrite.files import sha256_of
from graphkit.recommenders.feed import SOURCES

if TYPE_CHECKING:
    from graphkit.kernels.sessions import TickImpressions
    from graphkit.simulation.arrays import SimulationArrays

__all__ = ["read_checkpoint", "scan_impressions"]

#: Arm, world, replication.
Job = tuple[str, int, int]

#: Longer names of arms are cut, and numbered.
_LONGEST = 100


def arm_folders(arms: Iterable[str]) -> dict[str, str]:
    """Folder names of arms, distinct on any file system.

    Examples
    --------
    >>> arm_folders(["interest", "A/B", "a/b"])
    {'interest': 'arm=interest', 'A/B': 'arm=A%2FB', 'a/b': 'arm=a%2Fb=2'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for place, arm in enumerate(arms):
        name = quote(arm, safe="")
        if len(name) > _LONGEST or name.casefold() in taken:
            # no quoted name holds a "="
            name = f"{name[:_LONGEST]}={place}"
        taken.add(name.casefold())
        names[arm] = f"arm={name}"
    return names


def job_folder(root: Path, folders: dict[str, str], job: Job) -> Path:
    """Folder of an arm, world and replication."""
    arm, world, replication = job
    return root / folders[arm] / f"world={world}" / f"replication={replication}"


CHECKPOINT_RECORD = "checkpoint.json"
#: The current run is saved after so many seconds of work, and when it is interrupted.
SECONDS = 60.0
#: Number of differences that an error names.
_NAMED = 6


class Checkpoint:
    """Checkpoint of a simulation in a folder; a damaged file of it is set aside, with a warning.

    Parameters
    ----------
    path
        New, empty, or a checkpoint of the same arguments.
    facts
        All arguments in plain values.
    seed
        The given seed; `None` if it was drawn, and then that of the checkpoint applies.
    drawn
        The drawn seed.

    Raises
    ------
    OptionError
        If it is a checkpoint of other arguments: the error says what differs.
    FileError
        If the folder holds anything else.
    """

    def __init__(
        self, path: str | Path, facts: Mapping[str, Any], seed: int | None, drawn: int
    ) -> None:
        self.path = Path(path)
        record = open_folder(self.path, CHECKPOINT_RECORD, "checkpoints")
        self.seed = drawn if seed is None else seed
        if record is None:
            content = {"seed": str(self.seed), "facts": dict(facts)}
            write_record(self.path / CHECKPOINT_RECORD, content, sealed=True)
        else:
            if seed is None:
                self.seed = int(record["seed"])
            before, now = record["facts"], json.loads(json.dumps(facts))
            _refuse_others(
                self.path,
                {"seed": int(record["seed"]), "order of arms": [*before["arms"]], **before},
                {"seed": self.seed, "order of arms": [*now["arms"]], **now},
            )
        self._folders = arm_folders(facts["arms"])
        self._key = _run_key(facts, self.seed)
        self._since = time.monotonic()

    def tally(self, job: Job) -> ArmTally | None:
        """Tally of a finished run; `None` if it is unfinished or its file was damaged."""
        folder = job_folder(self.path, self._folders, job)
        tally = _load_tally(folder / "tally.npz", content_key(self._key, *job), set_aside)
        if tally is not None:
            # left over if the process ended just before
            (folder / "state.npz").unlink(missing_ok=True)
        return tally

    def keep_tally(self, job: Job, tally: ArmTally) -> None:
        """Save the tally of a finished run, and delete its state."""
        folder = job_folder(self.path, self._folders, job)
        tally.save(folder / "tally.npz", of=content_key(self._key, *job), passing=True)
        (folder / "state.npz").unlink(missing_ok=True)
        self._since = time.monotonic()

    def load_state(
        self, job: Job, counting: bool = False
    ) -> tuple[int, dict[str, npt.NDArray[Any]]]:
        """Finished ticks of a run and its arrays; 0 ticks without a whole file."""
        path = self._state_path(job, counting)
        if not os.path.lexists(path):
            return 0, {}
        try:
            header, arrays = load_arrays(path, "Run")
            if header["of"] != content_key(self._key, *job):
                raise FileError(f"{path} is the state of another run.")
            return int(header["ticks"]), arrays
        except FileError as error:
            set_aside(path, error)
            return 0, {}

    def keep_state(
        self, job: Job, ticks: int, memory: Mapping[str, npt.NDArray[Any]], counting: bool = False
    ) -> None:
        """Save a run after `ticks` whole ticks."""
        path = self._state_path(job, counting)
        header = {"ticks": ticks, "of": content_key(self._key, *job)}
        # uncompressed: it is read at most once, and hash tables hardly compress
        save_arrays(path, "Run", header, memory, compressed=False)
        self._since = time.monotonic()

    def _state_path(self, job: Job, counting: bool) -> Path:
        """File of the state of a run; another one while it counts the shared slots."""
        name = "counting.npz" if counting else "state.npz"
        return job_folder(self.path, self._folders, job) / name

    def load_shared(self, world: int, replication: int) -> tuple[list[str], Any]:
        """Arms whose shared slots are counted, and the caps so far; none without a whole file."""
        path = self._shared_path(world, replication)
        if not os.path.lexists(path):
            return [], None
        try:
            header, arrays = load_arrays(path, "SharedSlots")
            if header["of"] != content_key(self._key, world, replication):
                raise FileError(f"{path} is of another simulation.")
            return header["arms"], arrays["caps"]
        except FileError as error:
            set_aside(path, error)
            return [], None

    def keep_shared(
        self, world: int, replication: int, arms: Sequence[str], caps: npt.NDArray[np.uint8]
    ) -> None:
        """Save the shared slots of these arms, and delete the state of the last one."""
        path = self._shared_path(world, replication)
        header = {"arms": list(arms), "of": content_key(self._key, world, replication)}
        save_arrays(path, "SharedSlots", header, {"caps": caps}, passing=True)
        self._state_path((arms[-1], world, replication), True).unlink(missing_ok=True)

    def _shared_path(self, world: int, replication: int) -> Path:
        return self.path / f"shared-slots-{world}-{replication}.npz"

    @property
    def due(self) -> bool:
        """Whether the last save is at least `SECONDS` ago."""
        return time.monotonic() - self._since >= SECONDS


def read_checkpoint(folder: str | Path, worlds: World | Sequence[World]) -> Spread:
    """Read the finished part of a simulation from its checkpoint, as a spread.

    The spread holds worlds and replications that every arm has finished, so that arms remain
    comparable: R′ replications of W′ worlds that maximise W′ · R′ (ties: more worlds), renumbered
    from 0.

    Parameters
    ----------
    folder
        The `checkpoint` of :func:`graphkit.simulate_spread`; it is not changed.
    worlds
        All worlds given there.

    Returns
    -------
    Spread
        Of these worlds; ``provenance.removed`` counts omitted runs, and a warning names each
        damaged file, whose run counts as not finished. After the simulation it equals the result
        of :func:`graphkit.simulate_spread`.

    Raises
    ------
    MissingDataError
        If no replication is finished by all arms.
    OptionError
        If the worlds are others.
    FileError
        If the folder is not a checkpoint, or cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> import graphkit as gk
    >>> from graphkit.recommenders import uniform
    >>> world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    >>> arms = {"uniform": uniform(), "interest": gk.interest_centric()}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     spread = gk.simulate_spread(world, arms, ticks=2, slots=3, checkpoint=folder, rng=1)
    ...     same = read_checkpoint(folder, world)
    >>> same.content_key == spread.content_key
    True
    """
    root = Path(folder)
    record = read_record(root / CHECKPOINT_RECORD)
    if record is None:
        raise FileError(
            f"{root} holds no {CHECKPOINT_RECORD}: it is not a checkpoint of a simulation."
        )
    facts: dict[str, Any] = record["facts"]
    given = (worlds,) if isinstance(worlds, World) else tuple(worlds)
    _refuse_others(
        root, {"worlds": facts["worlds"]}, {"worlds": [world.content_key for world in given]}
    )
    arms, repeats = tuple(facts["arms"]), int(facts["replications"])
    folders = arm_folders(arms)
    jobs = [(arm, w, r) for arm in arms for w in range(len(given)) for r in range(repeats)]
    key = _run_key(facts, int(record["seed"]))
    found: dict[Job, ArmTally] = {}
    for job in jobs:
        path = job_folder(root, folders, job) / "tally.npz"
        tally = _load_tally(path, content_key(key, *job), _warn_of)
        if tally is not None:
            found[job] = tally
    # of each world, replications from 0 on that all arms have finished
    whole = [
        next((r for r in range(repeats) if any((a, w, r) not in found for a in arms)), repeats)
        for w in range(len(given))
    ]
    height = max(range(1, repeats + 1), key=lambda r: (r * sum(x >= r for x in whole), -r))
    kept = [w for w, x in enumerate(whole) if x >= height]
    if not kept:
        raise MissingDataError(
            f"{root}: no replication of a world is finished by all arms yet ({len(found)} of "
            f"{len(jobs)} runs are done). Go on with simulate_spread(…, checkpoint=…)."
        )
    numbers = range(len(kept)), range(height), arms
    tallies = {(arm, w, r): found[arm, kept[w], r] for w, r, arm in product(*numbers)}
    removed = {
        "runs not finished": len(jobs) - len(found),
        "finished runs left out": len(found) - len(tallies),
        "worlds left out": len(given) - len(kept),
    }
    removed = {reason: count for reason, count in removed.items() if count}
    chosen = tuple(given[w] for w in kept)
    return spread_of(chosen, tallies, height, facts, int(record["seed"]), removed)


def spread_of(
    worlds: tuple[World, ...],
    tallies: Mapping[Job, ArmTally],
    replications: int,
    facts: Mapping[str, Any],
    seed: int,
    removed: Mapping[str, int] | None = None,
) -> Spread:
    """Assemble the spread of a simulation from its tallies."""
    told = ("arms", "ticks", "slots", "budget", "reading", "behaviour", "payout")
    keys = [key for key in told if key in facts]
    return Spread(
        worlds,
        tuple(facts["arms"]),
        tallies,
        replications,
        (*SOURCES, "filler"),
        facts["budget"],
        bool(facts["behaviour"]["calibrated"]),
        Provenance.of(
            "simulate_spread",
            {**{key: facts[key] for key in keys}, "replications": replications},
            seed=seed,
            made_from=worlds,
            removed=removed,
            packages=("numba", "numpy"),
        ),
        facts.get("reading", "filled"),
    )


def _run_key(facts: Mapping[str, Any], seed: int) -> str:
    """Key of a simulation: of all its arguments and its seed."""
    return content_key(json.dumps(facts, sort_keys=True), seed)


def _load_tally(path: Path, of: str, damaged: Callable[[Path, object], None]) -> ArmTally | None:
    """The tally of a finished run; `None` without one, or after a call of `damaged`."""
    if not os.path.lexists(path):
        return None
    try:
        return ArmTally.load(path, of=of)
    except FileError as error:
        damaged(path, error)
        return None


def _warn_of(path: Path, why: object) -> None:
    del path  # the reason names it
    warn(f"{why} Its run is left out.")


def _flatten_values(value: Any, name: str = "") -> dict[str, Any]:
    """Flatten nested values to a mapping by path."""
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = {"number": len(value), **{str(k): v for k, v in enumerate(value)}}.items()
    else:
        return {name: value}
    flat: dict[str, Any] = {}
    for key, part in parts:
        flat |= _flatten_values(part, f"{name}.{key}" if name else str(key))
    return flat


def _refuse_others(path: Path, was: dict[str, Any], given: dict[str, Any]) -> None:
    """Raise unless both are equal, naming the differences."""
    before, now, none = _flatten_values(was), _flatten_values(given), "nothing"
    keys = [key for key in {**before, **now} if before.get(key, none) != now.get(key, none)]
    keys.sort(key=lambda key: key.count("."))
    if not keys:
        return
    named = (
        f"{k} was {shorten(before.get(k, none))}, now {shorten(now.get(k, none))}"
        for k in keys[:_NAMED]
    )
    more = f"; and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    raise OptionError(
        f"checkpoint {path} is of other arguments: {'; '.join(named)}{more}. Give those it was made "
        "with, or name another folder."
    )


@contextmanager
def held_interrupt() -> Iterator[None]:
    """Defer Ctrl-C to the end of the block; a second one interrupts at once."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    held: list[FrameType | None] = []

    def defer_interrupt(number: int, frame: FrameType | None) -> None:
        if held:
            before(number, frame)
        held.append(frame)

    signal.signal(signal.SIGINT, defer_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if held:
        before(signal.SIGINT, held[0])


LOG_RECORD = "simulation.json"
#: Rows of a file that are compressed together.
ROWS = 1 << 17
#: Key of a file's metadata with the run and the tick that it is of.
_TICK = "graphkit_tick"

_SCHEMA: dict[str, Any] = dict.fromkeys(["account_id", "item_id", "surface"], pl.String)
_SCHEMA |= {"position": pl.Int32, "watch_fraction": pl.Float32}
_SCHEMA |= {"parent_account_id": pl.String, "tick": pl.Int32} | dict.fromkeys(REACTIONS, pl.Boolean)


class Log:
    """Log of a simulation's impressions in a folder.

    Parameters
    ----------
    path
        New, empty, or with impressions of the same simulation, which are replaced. A damaged
        file of it is set aside, with a warning.
    run
        Key of the simulation.
    arms, worlds, replications, ticks
        Arms, and numbers of worlds, replications and ticks.
    """

    def __init__(
        self,
        path: str | Path,
        run: str,
        arms: tuple[str, ...],
        worlds: int,
        replications: int,
        ticks: int,
    ) -> None:
        self.path = Path(path)
        self._folders = arm_folders(arms)
        self._run = run
        record = open_folder(self.path, LOG_RECORD, "impressions")
        if record is not None and record.get("run") != run:
            raise FileError(
                f"{self.path} holds the impressions of another simulation, or of other arguments: "
                "name another folder."
            )
        content: dict[str, Any] = {"run": run, "arms": self._folders, "worlds": worlds}
        content |= {"replications": replications, "ticks": ticks}
        content["columns"] = {name: str(dtype()) for name, dtype in _SCHEMA.items()}
        self._content = content
        write_record(
            self.path / LOG_RECORD, content | {"finished": False, "sha256": {}}, sealed=True
        )

    def finish(self) -> None:
        """Record that all ticks are written: from then on none may be missing or changed."""
        c = self._content
        jobs = product(self._folders, range(c["worlds"]), range(c["replications"]))
        paths = [
            job_folder(self.path, self._folders, job) / _tick_file(t)
            for job in jobs
            for t in range(c["ticks"])
        ]
        digests = {path.relative_to(self.path).as_posix(): sha256_of(path) for path in paths}
        record = c | {"finished": True, "sha256": digests}
        write_record(self.path / LOG_RECORD, record, sealed=True)

    def has_ticks(self, job: Job, ticks: int) -> bool:
        """Whether the files of the first `ticks` ticks are there."""
        folder, whole = job_folder(self.path, self._folders, job), True
        for t in range(ticks):
            path = folder / _tick_file(t)
            if not os.path.lexists(path):
                whole = False
            elif fault := _tick_fault(path, _tick_facts(self._run, job, t)):
                set_aside(path, f"{path} {fault}.")
                whole = False
        return whole

    def write_tick(
        self,
        job: Job,
        t: int,
        arrays: SimulationArrays,
        active: npt.NDArray[np.int64],
        shown: TickImpressions,
    ) -> None:
        """Write one tick, in the order of the sessions."""
        path = job_folder(self.path, self._folders, job) / _tick_file(t)
        rows = _impression_rows(arrays, active, shown)
        posts = _post_names(arrays)
        frame = rows.lazy().select(*_log_columns(arrays.world.accounts.series, posts, t))
        options: dict[str, Any] = {"compression": "zstd", "row_group_size": ROWS}
        options["metadata"] = {_TICK: _tick_facts(self._run, job, t)}
        write_whole(path, lambda part: frame.sink_parquet(part, engine="streaming", **options))


def _tick_file(t: int) -> str:
    return f"tick-{t:05d}.parquet"


def _tick_facts(run: str, job: Job, t: int) -> str:
    """What a file of the log says that it is."""
    arm, world, replication = job
    facts = {"run": run, "arm": arm, "world": world, "replication": replication, "tick": t}
    return json.dumps(facts, sort_keys=True)


def _tick_fault(path: Path, facts: str) -> str | None:
    """What is wrong with a file of the log, as a clause; `None` if it is the one of these facts."""
    try:
        known = pl.read_parquet_metadata(path).get(_TICK)
        schema = dict(pl.read_parquet_schema(path))
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return "is damaged: it is no whole Parquet file"
    if known != facts or schema != _SCHEMA:
        return "is not the file of this run and tick"
    return None


def _impression_rows(
    arrays: SimulationArrays, active: npt.NDArray[np.int64], shown: TickImpressions
) -> pl.DataFrame:
    """Impressions of a tick, in the world's codes."""
    rows, places = np.nonzero(shown.post >= 0)
    parent = shown.parent[rows, places]
    return pl.DataFrame(
        {
            "account": arrays.accounts[active[rows]].astype(np.uint32),
            "item": arrays.posts[shown.post[rows, places]].astype(np.uint32),
            "source": shown.source[rows, places],
            "position": places.astype(np.int32),
            "watch": shown.watch[rows, places],
            "parent": np.where(parent < 0, -1, arrays.accounts[parent]).astype(np.int32),
            "react": shown.react[rows, places],
        }
    )


def _post_names(arrays: SimulationArrays) -> pl.Series:
    """Names of the world's posts, and of the answers that entered behind them."""
    posts = arrays.world.posts
    count = arrays.posts.size - len(posts)
    if not count:
        return posts.series
    texts = pl.Series("id", [str(name) for name in answer_ids(posts, count)])
    return pl.concat([posts.series.cast(pl.String), texts])


def _log_columns(accounts: pl.Series, posts: pl.Series, t: int) -> list[pl.Expr]:
    """Expressions for the columns of the log, streamed so that ids are not all in memory."""
    react, watch, parent = pl.col("react"), pl.col("watch"), pl.col("parent")
    flags = [(react & (1 << bit) != 0).alias(name) for bit, name in enumerate(REACTIONS[:8])]
    return [
        _decode_names(pl.col("account"), accounts).alias("account_id"),
        _decode_names(pl.col("item"), posts).alias("item_id"),
        _decode_names(pl.col("source"), pl.Series([*SOURCES, "filler"])).alias("surface"),
        pl.col("position"),
        (watch.cast(pl.Float32) / WATCH_UNIT).alias("watch_fraction"),
        _decode_names(pl.when(parent >= 0).then(parent), accounts).alias("parent_account_id"),
        pl.lit(t, pl.Int32).alias("tick"),
        *flags,
        (watch < int(SKIPPED * WATCH_UNIT)).alias("skip"),
    ]


def _decode_names(column: pl.Expr, names: pl.Series) -> pl.Expr:
    texts = names.cast(pl.String)
    return column.map_batches(
        lambda codes: texts.gather(codes.cast(pl.UInt32)),
        return_dtype=pl.String,
        is_elementwise=True,
    )


def scan_impressions(folder: str | Path, *, verify: bool = True) -> pl.LazyFrame:
    """Read the impressions that :func:`simulate_spread` wrote, without loading them.

    Parameters
    ----------
    folder
        The `impressions` of the simulation; after an interruption, with its finished ticks.
    verify
        Whether the files of a finished simulation are compared with the SHA-256 of its record,
        for which they are read once, about a second per gigabyte.

    Returns
    -------
    polars.LazyFrame
        One row per impression: account_id, item_id (of an answer, its id in
        :meth:`Spread.world_of`, which is that of another post in another run), surface (the source
        of the feed that it came from, or ``filler``), position (from 0), watch_fraction (in 1/65536),
        parent_account_id (the followee from whom it was reshared, if any), tick; a bool for
        every reaction of ``REACTIONS``; arm, world, replication.

    Raises
    ------
    MissingDataError
        If no tick was written.
    FileError
        If the folder holds no impressions of a simulation, or cannot be read; if a file is damaged,
        changed, or of another run or tick, or missing other than the last ones of an interrupted
        run.

    Examples
    --------
    >>> import tempfile
    >>> import graphkit as gk
    >>> from graphkit.recommenders import uniform
    >>> world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     spread = gk.simulate_spread(
    ...         world, {"uniform": uniform()}, ticks=2, slots=3, impressions=folder, rng=1
    ...     )
    ...     log = scan_impressions(folder).collect()
    >>> log.height == spread.impressions("uniform")
    True
    >>> log.columns[:4], log.columns[-3:]
    (['account_id', 'item_id', 'surface', 'position'], ['arm', 'world', 'replication'])

    The rows of an arm are the impressions of a dataset like any other:

    >>> log = gk.Dataset(impressions=log.filter(arm="uniform", replication=0))
    """
    root = Path(folder)
    record = read_record(root / LOG_RECORD)
    if record is None:
        raise FileError(f"{root} holds no {LOG_RECORD}: it is not a folder of impressions.")
    folders = arm_folders(record["arms"])
    if folders != record["arms"]:
        raise FileError(f"{root / LOG_RECORD} is damaged: its arms have other folders. {_AGAIN}")
    held = _find_ticks(root, record, folders)
    if verify and record["finished"]:
        for path in (path for paths in held.values() for path in paths):
            if sha256_of(path) != record["sha256"].get(path.relative_to(root).as_posix()):
                raise FileError(f"{path} is not the file that was written. {_AGAIN}")
    parts = []
    for arm, w, r in product(folders, range(record["worlds"]), range(record["replications"])):
        if files := held[arm, w, r]:
            rows = pl.scan_parquet(files, glob=False, hive_partitioning=False)
            numbers = {"world": pl.lit(w, pl.Int32), "replication": pl.lit(r, pl.Int32)}
            parts.append(rows.with_columns(arm=pl.lit(arm), **numbers))
    if not parts:
        raise MissingDataError(f"{root}: no tick has been written yet.")
    return pl.concat(parts)


#: What to do about a log that is not whole.
_AGAIN = "Get the folder again, or run the same simulation again with these impressions."


def _find_ticks(
    root: Path, record: Mapping[str, Any], folders: dict[str, str]
) -> dict[Job, list[Path]]:
    """The files of each run in the order of ticks; an error unless they are a whole log's first."""
    held: dict[Job, list[Path]] = {}
    missing: Path | None = None
    # in the order in which a simulation writes them
    for w, r, arm in product(range(record["worlds"]), range(record["replications"]), folders):
        job = (arm, w, r)
        held[job] = []
        for t in range(record["ticks"]):
            path = job_folder(root, folders, job) / _tick_file(t)
            if not os.path.lexists(path):
                missing = missing or path
                continue
            if missing is not None:
                raise FileError(f"{missing} is missing, but later ticks are there. {_AGAIN}")
            if fault := _tick_fault(path, _tick_facts(record["run"], job, t)):
                raise FileError(f"{path} {fault}. {_AGAIN}")
            held[job].append(path)
    if missing is not None and record["finished"]:
        raise FileError(f"{missing} is missing from a finished simulation. {_AGAIN}")
    known = {path for paths in held.values() for path in paths}
    others = sorted(
        p for p in root.rglob("*.parquet") if p not in known and not p.name.startswith(".")
    )
    if others:
        warn(
            f"{root} holds {len(others)} Parquet files that are not of this simulation, such as "
            f"{others[0].name}; they are not read."
        )
    return held

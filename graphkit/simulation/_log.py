"""Impressions of a simulation as Parquet files, written tick by tick, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.files import open_folder, read_record, write_record, write_whole
from graphkit.data.spread import REACTIONS
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import FileError, MissingDataError
from graphkit.kernels.state import SKIPPED, WATCH_UNIT
from graphkit.recommenders.feed import SOURCES
from graphkit.simulation._folders import Job, arm_folders, job_folder

if TYPE_CHECKING:
    from graphkit.kernels.sessions import Shown
    from graphkit.simulation.arrays import Prepared

__all__ = ["Log", "scan_impressions"]

RECORD = "simulation.json"
#: Rows of a file that are compressed together.
ROWS = 1 << 17

_SCHEMA = {
    "account_id": pl.String, "item_id": pl.String, "surface": pl.String, "position": pl.Int32,
    "watch_fraction": pl.Float32, "parent_account_id": pl.String, "tick": pl.Int32,
    **dict.fromkeys(REACTIONS, pl.Boolean),
}  # fmt: skip


class Log:
    """A folder into which one simulation writes what it shows.

    Parameters
    ----------
    path
        New, empty, or with impressions of this very simulation, which are replaced.
    run
        Key of the simulation.
    arms, worlds, replications, ticks
        How much there will be.
    """

    def __init__(
        self, path: str | Path, run: str, arms: tuple[str, ...], *, worlds: int,
        replications: int, ticks: int,
    ) -> None:  # fmt: skip
        self.path = Path(path)
        self._folders = arm_folders(arms)
        record = open_folder(self.path, RECORD, "impressions")
        if record is not None and record.get("run") != run:
            raise FileError(
                f"{self.path} holds the impressions of another simulation, or of other arguments: "
                "name another folder."
            )
        write_record(
            self.path / RECORD,
            {
                "run": run, "arms": self._folders, "worlds": worlds,
                "replications": replications, "ticks": ticks,
                "columns": {name: str(dtype()) for name, dtype in _SCHEMA.items()},
            },
        )  # fmt: skip

    def has(self, job: Job, ticks: int) -> bool:
        """Whether the files of the first ticks are there."""
        folder = job_folder(self.path, self._folders, job)
        return all((folder / _file(t)).is_file() for t in range(ticks))

    def write(
        self, job: Job, t: int, scene: Prepared, active: npt.NDArray[np.int64], shown: Shown
    ) -> None:
        """Write one tick, in the order of the sessions."""
        path = job_folder(self.path, self._folders, job) / _file(t)
        rows = _rows(scene, active, shown)
        frame = rows.lazy().select(*_columns(scene.world.accounts, scene.world.posts, t))
        write_whole(
            path,
            lambda part: frame.sink_parquet(
                part, compression="zstd", row_group_size=ROWS, engine="streaming"
            ),
        )


def _file(t: int) -> str:
    return f"tick-{t:05d}.parquet"


def _rows(scene: Prepared, active: npt.NDArray[np.int64], shown: Shown) -> pl.DataFrame:
    """Impressions in codes of the world."""
    rows, places = np.nonzero(shown.post >= 0)
    parent = shown.parent[rows, places]
    return pl.DataFrame(
        {
            "account": scene.accounts[active[rows]].astype(np.uint32),
            "item": scene.posts[shown.post[rows, places]].astype(np.uint32),
            "source": shown.source[rows, places],
            "position": places.astype(np.int32),
            "watch": shown.watch[rows, places],
            "parent": np.where(parent < 0, -1, scene.accounts[parent]).astype(np.int32),
            "react": shown.react[rows, places],
        }
    )  # fmt: skip


def _columns(accounts: Vocabulary, posts: Vocabulary, t: int) -> list[pl.Expr]:
    """The columns of the log, piece by piece: ids are never all in memory at once."""
    react, watch, parent = pl.col("react"), pl.col("watch"), pl.col("parent")
    flags = [(react & (1 << bit) != 0).alias(name) for bit, name in enumerate(REACTIONS[:8])]
    return [
        _named(pl.col("account"), accounts.series).alias("account_id"),
        _named(pl.col("item"), posts.series).alias("item_id"),
        _named(pl.col("source"), pl.Series([*SOURCES, "filler"])).alias("surface"),
        pl.col("position"),
        (watch.cast(pl.Float32) / WATCH_UNIT).alias("watch_fraction"),
        _named(pl.when(parent >= 0).then(parent), accounts.series).alias("parent_account_id"),
        pl.lit(t, pl.Int32).alias("tick"),
        *flags,
        (watch < int(SKIPPED * WATCH_UNIT)).alias("skip"),
    ]


def _named(column: pl.Expr, names: pl.Series) -> pl.Expr:
    texts = names.cast(pl.String)
    return column.map_batches(
        lambda codes: texts.gather(codes.cast(pl.UInt32)),
        return_dtype=pl.String,
        is_elementwise=True,
    )


def scan_impressions(folder: str | Path) -> pl.LazyFrame:
    """Read the impressions that :func:`simulate_spread` wrote, without loading them.

    Parameters
    ----------
    folder
        What was given as `impressions`. Of a simulation that was interrupted it holds the ticks
        that were finished.

    Returns
    -------
    polars.LazyFrame
        One row per impression: account_id, item_id, surface (the source of the feed that it
        came from, or ``filler``), position (from 0), watch_fraction (in 1/65536),
        parent_account_id (the followee through whom it was passed on, where it was), tick; a
        bool for every reaction of ``REACTIONS``; arm, world, replication.

    Raises
    ------
    MissingDataError
        If no tick was written.
    FileError
        If the folder holds no impressions of a simulation, or cannot be read.

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
    record = read_record(root / RECORD)
    if record is None:
        raise FileError(f"{root} holds no {RECORD}: it is no folder of impressions.")
    folders: Mapping[str, str] = record["arms"]
    parts = []
    for arm in folders:
        for w in range(record["worlds"]):
            for r in range(record["replications"]):
                found = job_folder(root, dict(folders), (arm, w, r))
                files = [found / _file(t) for t in range(record["ticks"])]
                files = [file for file in files if file.is_file()]
                if files:
                    parts.append(
                        pl.scan_parquet(files, glob=False, hive_partitioning=False).with_columns(
                            arm=pl.lit(arm),
                            world=pl.lit(w, pl.Int32),
                            replication=pl.lit(r, pl.Int32),
                        )
                    )
    if not parts:
        raise MissingDataError(f"{root}: no tick has been written yet.")
    return pl.concat(parts)

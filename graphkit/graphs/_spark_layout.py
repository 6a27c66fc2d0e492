"""From sorted Parquet to flat arrays that every worker maps, in one pass over each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from graphkit.errors import DataError
from graphkit.graphs.options import ProjectionOptions
from graphkit.graphs.projection import Floats, Ints
from graphkit.graphs.spark_worker import ARRAYS

__all__ = ["cut_rows", "lay_out"]

#: Rows that are held at a time.
BATCH = 1 << 22

#: Work of a block at least, entries walked: a tenth of a second.
LEAST = 1 << 24

#: Work of a block at most: without `top` it may all become edges, some gigabytes of them;
#: with it, a minute or two.
MOST, MOST_TOP = 1 << 26, 1 << 32


def lay_out(folder: Path, n: int, degree: Ints, options: ProjectionOptions) -> Ints:
    """Write the arrays of `folder` from its sorted tables; returns the work of each row.

    Sizes are added up in the order of rows and objects, as the local engine does, so that
    they agree to the last bit.
    """
    from graphkit.graphs._projection import scales

    arrays = folder / "arrays"
    arrays.mkdir(exist_ok=True)
    timed = options.span is not None
    counted = options.by_multiplicity and not timed
    adds = scales(options.weight, np.zeros(0, np.int32), np.zeros(0, np.int32), degree, n)[0]
    size: Floats = np.zeros(n if options.weight in ("jaccard", "cosine", "tfidf") else 0)
    shared = degree > 1  # an object of one actor has its part in sizes, but makes no edge
    entries = np.zeros(degree.size, dtype=np.int64)
    files = {name: (arrays / f"{name}.bin").open("wb") for name in ARRAYS}
    try:
        for part in _read(folder / "by_thing", ("col", "at", "row") if timed else ("col", "row")):
            keep = shared[part["col"]]
            entries += np.bincount(part["col"][keep], minlength=degree.size)
            _append(files["members"], part["row"][keep])
            if timed:
                _append(files["times"], part["at"][keep])
            if counted:
                _append(files["thing_acts"], part["acts"][keep].astype(np.int32))
        length = np.zeros(n, dtype=np.int64)
        work = np.zeros(n, dtype=np.int64)
        before = (-1, -1)
        for part in _read(folder / "by_row", ("row", "col", "at") if timed else ("row", "col")):
            row, col = part["row"], part["col"]
            if size.size:
                fresh = np.ones(row.size, dtype=bool)  # a pair of several times counts once
                fresh[1:] = (row[1:] != row[:-1]) | (col[1:] != col[:-1])
                fresh[:1] = (int(row[0]), int(col[0])) != before
                before = (int(row[-1]), int(col[-1]))
                np.add.at(size, row[fresh], adds[col[fresh]] if adds.size else 1.0)
            keep = shared[col]
            row, col = row[keep], col[keep]
            length += np.bincount(row, minlength=n)
            np.add.at(work, row, entries[col])
            _append(files["things"], col)
            if timed:
                _append(files["row_times"], part["at"][keep])
            if counted:
                _append(files["row_acts"], part["acts"][keep].astype(np.int32))
        _append(files["row_start"], np.concatenate([[0], np.cumsum(length)]))
        _append(files["thing_start"], np.concatenate([[0], np.cumsum(entries)]))
        _append(files["adds"], adds)
        _append(files["size"], size)
    finally:
        for file in files.values():
            file.close()
    return work


def cut_rows(work: Ints, slots: int, *, top: bool) -> list[int]:
    """Bounds of blocks of about equal work, several for each of `slots` tasks at a time."""
    done = np.cumsum(work)
    everything = int(done[-1]) if done.size else 0
    step = min(max(everything // (8 * slots), LEAST), MOST_TOP if top else MOST)
    cuts = np.searchsorted(done, np.arange(step, everything, step)) + 1
    bounds: list[int] = np.unique(np.concatenate([[0], cuts, [work.size]])).tolist()
    return bounds


def _append(file: BinaryIO, array: npt.NDArray[Any]) -> None:
    name = Path(file.name).stem
    np.ascontiguousarray(array, dtype=ARRAYS[name]).tofile(file)


def _read(folder: Path, order: tuple[str, ...]) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """The rows of a sorted table, batch by batch; raises unless they are in order."""
    import pyarrow.parquet as pq

    last: tuple[int, ...] | None = None
    for path in sorted(folder.glob("part-*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(batch_size=BATCH):
            part = {name: batch.column(name).to_numpy() for name in batch.schema.names}
            if not batch.num_rows:
                continue
            keys = [part[name] for name in order]
            ends = tuple(int(k[-1]) for k in keys)
            if last is not None and tuple(int(k[0]) for k in keys) < last:
                raise DataError(f"{path} is out of order: Spark's sorted output was changed.")
            last = ends
            yield part

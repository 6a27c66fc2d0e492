"""Spark task of the projection: map the incidence, compute a block of rows, write its edges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.files import write_whole
from graphkit.errors import FileError
from graphkit.graphs.options import ProjectionOptions

#: Flat files of the incidence, by row and by object; empty where a weight needs none.
#: `row_start`, `objects`: objects of each actor (interactions, with `row_times`, under a window);
#: `object_start`, `members`: actors of each object, with `times` under a window;
#: `row_multiplicity`, `object_multiplicity` in either order; `contribution` of each object and
#: `size` of each actor, see ``projection.weight_scales``.
ARRAYS: dict[str, Any] = dict.fromkeys(
    ("row_start", "row_times", "object_start", "times"), np.int64
)
ARRAYS |= dict.fromkeys(("objects", "members", "row_multiplicity", "object_multiplicity"), np.int32)
ARRAYS |= dict.fromkeys(("contribution", "size"), np.float64)


def map_arrays(folder: Path) -> SimpleNamespace:
    """Memory-mapped arrays of a folder, of which all tasks of a machine share one copy."""
    arrays = {}
    for name, dtype in ARRAYS.items():
        path = folder / f"{name}.bin"
        try:
            empty = path.stat().st_size == 0
        except OSError as error:
            raise FileError(
                f"the worker cannot see {path}: workspace= must be a folder that the driver and "
                "all workers see under the same path."
            ) from error
        # private and writable, the only kind that the kernels are compiled for
        arrays[name] = np.empty(0, dtype) if empty else np.memmap(path, dtype, "c").view(np.ndarray)
    return SimpleNamespace(**arrays)


def write_block(
    folder: Path, low: int, high: int, number: int, options: ProjectionOptions
) -> dict[str, int]:
    """Write the edges of the rows low … high − 1; returns counts of pairs.

    The file is complete or absent, and the same whenever and wherever the function runs.
    """
    found = _compute_block(map_arrays(folder / "arrays"), low, high, options)
    lengths = np.concatenate([np.zeros(0, np.int64), *(b.lengths for b in found)])
    pieces = [piece for block in found for piece in block.pieces]
    low_ends = np.concatenate([np.zeros(0, np.int32), *(piece[2] for piece in pieces)])
    high_ends = np.repeat(np.arange(low, high, dtype=np.int32), lengths)
    weights = np.concatenate([np.zeros(0), *(piece[3] for piece in pieces)])
    frame = pl.DataFrame({"source": low_ends, "target": high_ends, "weight": weights})
    target = folder / ("candidates" if options.top else "edges") / f"part-{number:06d}.parquet"
    write_whole(target, lambda part: frame.write_parquet(part, statistics=False))
    few, weightless, passed = sum((b.tally for b in found), np.zeros(3, np.int64)).tolist()
    return {"edges": frame.height, "few": few, "weightless": weightless, "passed": passed}


def _compute_block(
    a: SimpleNamespace, low: int, high: int, options: ProjectionOptions
) -> list[Any]:
    from graphkit.graphs.projection import EventLists, PairLists, RowProduct, edge_rule, some_rows

    first, last = int(a.row_start[low]), int(a.row_start[high])
    objects = a.objects[first:last]
    lists: EventLists | PairLists
    if options.span is not None:
        starts = a.row_start[low : high + 1] - first
        own = (starts, objects, a.row_times[first:last])
        lists = EventLists(*own, a.object_start, a.members, a.times, options.span, low)
        entries = np.ones(objects.size if options.by_multiplicity else 0)
    else:
        both = (a.row_start, a.objects, a.object_start, a.members, a.object_multiplicity)
        lists = some_rows(both, low, high, whole=options.top is not None)
        entries = a.row_multiplicity[first:last].astype(np.float64)  # empty unless they count
    if a.contribution.size:
        entries = a.contribution[objects]
    n = a.row_start.size - 1
    return RowProduct(lists, edge_rule(options, entries, a.size, n), n).run_blocks(1, None)


def block_function(folder: str, bounds: list[int], options: ProjectionOptions) -> Any:
    """Function for ``mapInArrow``: block numbers in, one row of counts per block out."""
    options = replace(options, exclude=())  # applied already, and maybe long

    def run(batches: Any) -> Any:
        import pyarrow as pa

        from graphkit.graphs import spark_worker as worker

        for batch in batches:
            for number in batch.column(0).to_pylist():
                low, high = bounds[number], bounds[number + 1]
                counted = worker.write_block(Path(folder), low, high, number, options)
                yield pa.RecordBatch.from_pydict({k: [v] for k, v in counted.items()})

    return run

"""What one Spark task does: map the incidence, walk a block of rows, write its edges."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.files import write_whole
from graphkit.errors import FileError

__all__ = ["ARRAYS", "Layout", "Plan", "mapped", "walk_block"]

#: Flat files of the layout and what they hold; see ``Layout``.
ARRAYS = {
    "row_start": np.int64, "things": np.int32, "row_acts": np.int32, "row_times": np.int64,
    "thing_start": np.int64, "members": np.int32, "thing_acts": np.int32, "times": np.int64,
    "gain": np.float64, "size": np.float64,
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """The options of the projection, as a task needs them; `top` and `window` 0 if none."""

    weight: str
    min_shared: int
    top: int
    window: int


@dataclass(frozen=True)
class Layout:
    """The incidence as flat arrays, by row and by thing; empty where a weight needs none.

    `row_start`, `things`: things of each entity (acts, with `row_times`, under a window);
    `thing_start`, `members`: entities of each thing, with `times` under a window;
    `row_acts`, `thing_acts`: how often, in either order; `gain` of each thing and `size` of
    each entity, see ``_projection.scales``.
    """

    row_start: Any
    things: Any
    row_acts: Any
    row_times: Any
    thing_start: Any
    members: Any
    thing_acts: Any
    times: Any
    gain: Any
    size: Any


def mapped(folder: Path) -> Layout:
    """The arrays of a folder, mapped: all tasks of a machine share one copy in memory."""
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
        # private and writable: the kernels are compiled for no other kind
        arrays[name] = np.empty(0, dtype) if empty else np.memmap(path, dtype, "c").view(np.ndarray)
    return Layout(**arrays)


def walk_block(folder: Path, low: int, high: int, number: int, plan: Plan) -> dict[str, int]:
    """Write the edges of the rows low … high − 1; returns what was counted.

    The file is whole or absent, and the same whenever and wherever the task runs.
    """
    found = _walk(mapped(folder / "arrays"), low, high, plan)
    lengths = np.concatenate([np.zeros(0, np.int64), *(b.lengths for b in found)])
    pieces = [piece for block in found for piece in block.pieces]
    heads = np.concatenate([np.zeros(0, np.int32), *(piece[2] for piece in pieces)])
    tails = np.repeat(np.arange(low, high, dtype=np.int32), lengths)
    weights = np.concatenate([np.zeros(0), *(piece[3] for piece in pieces)])
    frame = pl.DataFrame({"source": heads, "target": tails, "weight": weights})
    target = folder / ("candidates" if plan.top else "edges") / f"part-{number:06d}.parquet"
    write_whole(target, lambda part: frame.write_parquet(part, statistics=False))
    few, weightless, passed = sum((b.tally for b in found), np.zeros(3, np.int64)).tolist()
    return {"edges": frame.height, "few": few, "weightless": weightless, "passed": passed}


def _walk(a: Layout, low: int, high: int, plan: Plan) -> list[Any]:
    from graphkit.graphs._lists import EventLists, PairLists, some_rows
    from graphkit.graphs._projection import BY_ACTS, _mode_and_form
    from graphkit.graphs._walk import Walk

    first, last = int(a.row_start[low]), int(a.row_start[high])
    things = a.things[first:last]
    lists: EventLists | PairLists
    if plan.window:
        lists = EventLists(
            a.row_start[low : high + 1] - first, things, a.row_times[first:last],
            a.thing_start, a.members, a.times, plan.window, base=low,
        )  # fmt: skip
    else:
        lists = some_rows(
            a.row_start, a.things, a.thing_start, a.members, low, high,
            whole=plan.top > 0, often=a.thing_acts,
        )  # fmt: skip
    gain = a.gain[things] if a.gain.size else a.gain
    if plan.weight in BY_ACTS:
        gain = np.ones(things.size) if plan.window else a.row_acts[first:last].astype(np.float64)
    mode, form = _mode_and_form(plan.weight)
    n = a.row_start.size - 1
    walk = Walk(
        lists, gain, mode, a.size, form, n, min_shared=plan.min_shared, top=min(plan.top, n)
    )
    return walk.run(1, None)


def task(folder: str, bounds: list[int], plan: Plan) -> Any:
    """The function for ``mapInArrow``: block numbers in, one row of counts per block out."""
    settings = json.dumps(asdict(plan))

    def run(batches: Any) -> Any:
        import pyarrow as pa

        from graphkit.graphs import _spark_worker as worker

        for batch in batches:
            for number in batch.column(0).to_pylist():
                counted = worker.walk_block(
                    Path(folder), bounds[number], bounds[number + 1], number,
                    worker.Plan(**json.loads(settings)),
                )  # fmt: skip
                yield pa.RecordBatch.from_pydict({k: [v] for k, v in counted.items()})

    return run

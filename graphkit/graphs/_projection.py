"""From acts (entity, thing) to the edges among entities: arrays in, arrays out.

The verb and its words are in ``cointeraction.py``, the lists that are walked in
``_lists.py``, the walk in ``_walk.py`` and its loops in ``_kernel.py``, what makes rows
symmetric in ``_symmetric.py``. What joins them stands here, and what a shared thing adds
under each weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graphkit.graphs._lists import (
    Codes,
    EventLists,
    Floats,
    Ints,
    PairLists,
    distinct_pairs,
    event_lists,
    pair_lists,
    some_rows,
    starts,
)
from graphkit.graphs._symmetric import merged, mirrored
from graphkit.graphs._walk import Walk
from graphkit.threads import cores

__all__ = [
    "WEIGHTS",
    "Prepared",
    "Projection",
    "RowBlock",
    "finish",
    "laid_out",
    "prepare",
    "project",
    "project_rows",
    "scales",
]

#: Weights of an edge; each is defined in the docstring of ``cointeraction_graph``.
WEIGHTS = ("count", "pairs", "actions", "jaccard", "cosine", "newman", "tfidf")

#: Weights for which it matters how often an entity acted on a thing.
BY_ACTS = ("pairs", "actions")


@dataclass(frozen=True)
class Projection:
    """Edges as symmetric compressed rows, and what was left out on the way.

    Attributes
    ----------
    indptr, indices, weights
        Neighbours of each entity, ascending.
    pairs
        Distinct pairs (entity, thing) that were projected.
    capped_things, capped_pairs
        Things above `max_degree`, and their distinct pairs.
    few
        Pairs of entities that share something, but less than `min_shared`.
    weightless
        Pairs of entities whose weight is 0.
    outside_top
        Edges that `top` let go.
    """

    indptr: Ints
    indices: Codes
    weights: Floats
    pairs: int
    capped_things: int
    capped_pairs: int
    few: int
    weightless: int
    outside_top: int


@dataclass(frozen=True)
class RowBlock:
    """Edges of the rows first … last − 1.

    Attributes
    ----------
    first, last
        The rows.
    lengths
        Neighbours of each row.
    heads, values
        Neighbours, ascending, and weights, one row after the other.
    few, weightless, passed
        Pairs of these rows with an earlier row: those that share something, but less than
        `min_shared`; those of weight 0; and the others.
    """

    first: int
    last: int
    lengths: Ints
    heads: Codes
    values: Floats
    few: int
    weightless: int
    passed: int


@dataclass(frozen=True)
class Prepared:
    """The lists to walk, what each entry adds, and what a cap took away."""

    walk: Walk
    degree: Ints
    pairs: int
    capped_things: int
    capped_pairs: int


def prepare(
    rows: Codes,
    columns: Codes,
    n: int,
    m: int,
    *,
    at: Ints | None = None,
    window: int | None = None,
    weight: str = "count",
    min_shared: int = 1,
    max_degree: int | None = None,
    top: int | None = None,
) -> Prepared:
    """Everything before the walk; parameters as in `project`."""
    by_acts = weight in BY_ACTS and window is None
    entities, things, often = distinct_pairs(rows, columns, m, acts=by_acts)
    degree = np.bincount(things, minlength=m)
    heavy = degree > (n if max_degree is None else max_degree)
    before = things.size
    if heavy.any():
        keep = ~heavy[things]
        entities, things = entities[keep], things[keep]
        often = often[keep] if by_acts else often
        degree[heavy] = 0
    pairs = int(things.size)
    gain, size = scales(weight, entities, things, degree, n)
    ties = degree > 1  # a thing of one entity has its part in sizes, but ties nobody
    lists: PairLists | EventLists
    mode, form = _mode_and_form(weight)
    if window is None:
        keep = ties[things]
        entities, things = entities[keep], things[keep]
        often = often[keep] if by_acts else often
        lists = pair_lists(entities, things, often, n, m, whole=top is not None)
        gain = often.astype(np.float64) if by_acts else gain[things] if gain.size else gain
    else:
        assert at is not None
        keep = ties[columns]
        each = weight in BY_ACTS
        lists = event_lists(rows[keep], columns[keep], at[keep], n, m, window, each=each)
        gain = np.ones(lists.things.size) if each else gain[lists.things] if gain.size else gain
    walk = Walk(
        lists, gain, mode, size, form, n,
        min_shared=min_shared, top=0 if top is None else min(top, n),
    )  # fmt: skip
    return Prepared(walk, degree, pairs, int(heavy.sum()), int(before - pairs))


def project(
    rows: Codes,
    columns: Codes,
    n: int,
    m: int,
    *,
    at: Ints | None = None,
    window: int | None = None,
    weight: str = "count",
    min_shared: int = 1,
    max_degree: int | None = None,
    top: int | None = None,
    mutual: bool = False,
    workers: int | None = None,
    block_work: int | None = None,
    kept: Path | None = None,
) -> Projection:
    """Tie `n` entities by the things, `m` of them, that they share.

    Parameters
    ----------
    rows, columns
        Entity and thing of each act, in any order, with repetitions.
    at, window
        Time of each act and the largest distance in time that counts, in one unit.
    weight, min_shared, max_degree, top, mutual
        As in ``cointeraction_graph``.
    workers, block_work
        Threads, and the work between two progress reports; no result depends on them.
    kept
        Folder of finished blocks: read where there, written where not.
    """
    ready = prepare(
        rows, columns, n, m, at=at, window=window, weight=weight, min_shared=min_shared,
        max_degree=max_degree, top=top,
    )  # fmt: skip
    workers = workers or cores()
    return finish(ready, mutual=mutual, workers=workers, block_work=block_work, kept=kept)


def finish(
    ready: Prepared,
    *,
    mutual: bool = False,
    workers: int | None = None,
    block_work: int | None = None,
    kept: Path | None = None,
) -> Projection:
    """The walk and all that follows it; parameters as in `project`."""
    workers = workers or cores()
    walk = ready.walk
    blocks = walk.run(workers, block_work, kept)
    few, weightless, passed = sum((block.tally for block in blocks), np.zeros(3, int)).tolist()
    walk.release()
    if walk.top:
        indptr, indices, weights = merged(blocks, mutual)
    else:
        indptr, indices, weights = mirrored(blocks, walk.later, workers)
    return Projection(
        indptr, indices, weights, ready.pairs, ready.capped_things, ready.capped_pairs,
        few, weightless, outside_top=passed - indices.size // 2,
    )  # fmt: skip


def project_rows(
    row_start: Ints,
    things: Codes,
    thing_start: Ints,
    members: Codes,
    *,
    rows: tuple[int, int],
    weight: str = "count",
    min_shared: int = 1,
    top: int | None = None,
    gain: Floats | None = None,
    size: Floats | None = None,
    whole: bool = False,
    workers: int = 1,
) -> RowBlock:
    """The edges of some rows, from an incidence that is laid out already.

    Nothing of the incidence is copied except what belongs to these rows, so all arrays may
    be mapped from files (mode ``"c"``: kernels are compiled anew for arrays that are
    read-only). Blocks that cover 0 … n together give every edge once.

    Parameters
    ----------
    row_start, things
        Things of entity i: things[row_start[i]] … things[row_start[i + 1] − 1], ascending,
        each once; int64, shape (n + 1,), and int32.
    thing_start, members
        Entities of each thing likewise, ascending; int64, shape (m + 1,), and int32.
    rows
        The first entity, and the one after the last.
    weight, min_shared, top
        As in ``cointeraction_graph``; weights by numbers of acts are not among them.
    gain, size
        What `scales` gives for all entities, so that it is computed once for all blocks;
        computed here if absent.
    whole
        Rows hold all neighbours, not only those j < i; always so with `top`.
    workers
        Threads.

    Examples
    --------
    >>> import numpy as np
    >>> who = {"row_start": np.array([0, 2, 3, 4]), "things": np.array([0, 1, 0, 1], np.int32),
    ...        "thing_start": np.array([0, 2, 4]), "members": np.array([0, 1, 0, 2], np.int32)}
    >>> found = project_rows(**who, rows=(1, 3))
    >>> found.lengths.tolist(), found.heads.tolist(), found.values.tolist()
    ([1, 1], [0, 0], [1.0, 1.0])
    """
    if weight in BY_ACTS:
        raise ValueError(f"project_rows does not count acts, which weight={weight!r} needs.")
    low, high = rows
    n = row_start.size - 1
    if gain is None or size is None:
        entities = np.repeat(np.arange(n, dtype=np.int32), np.diff(row_start))
        gain, size = scales(weight, entities, np.asarray(things), np.diff(thing_start), n)
    mode, form = _mode_and_form(weight)
    whole = whole or top is not None
    lists = some_rows(row_start, things, thing_start, members, low, high, whole=whole)
    mine = gain[things[row_start[low] : row_start[high]]] if gain.size else gain
    walk = Walk(
        lists, mine, mode, size, form, n,
        min_shared=min_shared, top=0 if top is None else min(top, n),
    )  # fmt: skip
    blocks = walk.run(workers, None)
    few, weightless, passed = sum((block.tally for block in blocks), np.zeros(3, int)).tolist()
    pieces = [piece for block in blocks for piece in block.pieces]
    return RowBlock(
        low, high, np.concatenate([np.zeros(0, np.int64), *(b.lengths for b in blocks)]),
        np.concatenate([np.zeros(0, np.int32), *(piece[2] for piece in pieces)]),
        np.concatenate([np.zeros(0), *(piece[3] for piece in pieces)]),
        few, weightless, passed,
    )  # fmt: skip


def laid_out(entities: Codes, things: Codes, n: int, m: int) -> tuple[Ints, Codes, Ints, Codes]:
    """The incidence that `project_rows` takes, from distinct pairs sorted by entity, thing."""
    order = np.argsort(things, kind="stable")
    return starts(entities, n), things, starts(things, m), entities[order]


def scales(
    weight: str, entities: Codes, things: Codes, degree: Ints, n: int
) -> tuple[Floats, Floats]:
    """What each thing adds to a pair that shares it (empty: 1), and the size of entities."""
    nothing: Floats = np.zeros(0)
    if weight == "newman":
        return 1.0 / np.maximum(degree - 1, 1), nothing
    if weight == "tfidf":
        gain: Floats = np.log(n / np.maximum(degree, 1)) ** 2
        return gain, np.asarray(np.bincount(entities, weights=gain[things], minlength=n))
    if weight in ("jaccard", "cosine"):
        return nothing, np.bincount(entities, minlength=n).astype(np.float64)
    return nothing, nothing


def _mode_and_form(weight: str) -> tuple[int, int]:
    """How the kernel adds up, and what it makes of the sum."""
    from graphkit.graphs import _kernel as kernel

    modes = {"pairs": kernel.PRODUCT, "actions": kernel.LESSER}
    forms = {"jaccard": kernel.JACCARD, "cosine": kernel.COSINE, "tfidf": kernel.COSINE}
    return modes.get(weight, kernel.EACH), forms.get(weight, kernel.RAW)

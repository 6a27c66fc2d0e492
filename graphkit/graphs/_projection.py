"""From interactions of actors with objects to the edges among actors: arrays in, arrays out.

The public function and its words are in ``cointeraction.py``, the lists that are walked in
``_lists.py``, the walk in ``_walk.py`` and its loops in ``_kernel.py``, what makes rows
symmetric in ``_symmetric.py``. This module joins them, and says what a shared object adds under
each weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graphkit.graphs._symmetric import merged, mirrored
from graphkit.graphs._walk import Walk
from graphkit.graphs.options import ProjectionOptions
from graphkit.graphs.projection import (
    Codes,
    EdgeRule,
    EventLists,
    Floats,
    Ints,
    PairLists,
    distinct_pairs,
    event_lists,
    pair_lists,
)
from graphkit.threads import cores

__all__ = ["Prepared", "Projection", "edge_rule", "finish", "prepare", "project", "scales"]


@dataclass(frozen=True)
class Projection:
    """Edges as symmetric compressed rows, and what was left out on the way.

    Attributes
    ----------
    indptr, indices, weights
        Neighbours of each actor, ascending.
    pairs
        Distinct pairs of actor and object that were projected.
    capped_objects, capped_pairs
        Objects above `max_degree`, and their distinct pairs.
    few
        Pairs of actors that share something, but less than `min_shared`.
    weightless
        Pairs of actors whose weight is 0.
    outside_top
        Edges that `top` let go.
    """

    indptr: Ints
    indices: Codes
    weights: Floats
    pairs: int
    capped_objects: int
    capped_pairs: int
    few: int
    weightless: int
    outside_top: int


@dataclass(frozen=True)
class Prepared:
    """The lists to walk, from so many interactions, and what a cap took away."""

    walk: Walk
    options: ProjectionOptions
    interactions: int
    degree: Ints
    pairs: int
    capped_objects: int
    capped_pairs: int


def prepare(
    rows: Codes,
    columns: Codes,
    n: int,
    m: int,
    options: ProjectionOptions,
    *,
    at: Ints | None = None,
) -> Prepared:
    """Everything before the walk; parameters as in `project`."""
    window = options.span
    counted = options.by_multiplicity and window is None
    actors, objects, multiplicity = distinct_pairs(rows, columns, m, counted=counted)
    degree = np.bincount(objects, minlength=m)
    heavy = degree > (n if options.max_degree is None else options.max_degree)
    before = objects.size
    if heavy.any():
        keep = ~heavy[objects]
        actors, objects = actors[keep], objects[keep]
        multiplicity = multiplicity[keep] if counted else multiplicity
        degree[heavy] = 0
    pairs = int(objects.size)
    adds, size = scales(options.weight, actors, objects, degree, n)
    shared = degree > 1  # an object of one actor has its part in sizes, but makes no edge
    lists: PairLists | EventLists
    if window is None:
        keep = shared[objects]
        actors, objects = actors[keep], objects[keep]
        multiplicity = multiplicity[keep] if counted else multiplicity
        lists = pair_lists(actors, objects, multiplicity, n, m, whole=options.top is not None)
        entries = multiplicity.astype(np.float64)
    else:
        assert at is not None
        keep = shared[columns]
        each = options.by_multiplicity
        lists = event_lists(rows[keep], columns[keep], at[keep], n, m, window, each=each)
        objects = lists.objects
        entries = np.ones(objects.size if each else 0)
    if adds.size:
        entries = adds[objects]
    walk = Walk(lists, edge_rule(options, entries, size, n), n)
    capped = int(heavy.sum())
    return Prepared(walk, options, rows.size, degree, pairs, capped, int(before - pairs))


def project(
    rows: Codes,
    columns: Codes,
    n: int,
    m: int,
    options: ProjectionOptions,
    *,
    at: Ints | None = None,
    workers: int | None = None,
    block_work: int | None = None,
    kept: Path | None = None,
) -> Projection:
    """Link `n` actors by the objects, `m` of them, that they share.

    Parameters
    ----------
    rows, columns
        Actor and object of each interaction, in any order, with repetitions.
    options
        What to make of them; they were selected already.
    at
        Time of each interaction in microseconds, where there is a window.
    workers, block_work
        Threads, and the work between two progress reports; no result depends on them.
    kept
        Folder of finished blocks: read where there, written where not.
    """
    ready = prepare(rows, columns, n, m, options, at=at)
    return finish(ready, workers=workers, block_work=block_work, kept=kept)


def finish(
    ready: Prepared,
    *,
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
        indptr, indices, weights = merged(blocks, ready.options.mutual)
    else:
        indptr, indices, weights = mirrored(blocks, walk.later, workers)
    return Projection(
        indptr,
        indices,
        weights,
        ready.pairs,
        ready.capped_objects,
        ready.capped_pairs,
        few,
        weightless,
        outside_top=passed - indices.size // 2,
    )


def scales(
    weight: str, actors: Codes, objects: Codes, degree: Ints, n: int
) -> tuple[Floats, Floats]:
    """What each object adds to a pair that shares it (empty: 1), and the size of actors."""
    nothing: Floats = np.zeros(0)
    if weight == "newman":
        return 1.0 / np.maximum(degree - 1, 1), nothing
    if weight == "tfidf":
        adds: Floats = np.log(n / np.maximum(degree, 1)) ** 2
        return adds, np.asarray(np.bincount(actors, weights=adds[objects], minlength=n))
    if weight in ("jaccard", "cosine"):
        return nothing, np.bincount(actors, minlength=n).astype(np.float64)
    return nothing, nothing


def edge_rule(options: ProjectionOptions, entries: Floats, size: Floats, n: int) -> EdgeRule:
    """The rule of the kernel, from what each entry of the lists adds and the size of actors."""
    from graphkit.graphs import _kernel as kernel

    modes = {"pairs": kernel.PRODUCT, "actions": kernel.LESSER}
    forms = {"jaccard": kernel.JACCARD, "cosine": kernel.COSINE, "tfidf": kernel.COSINE}
    mode, form = modes.get(options.weight, kernel.EACH), forms.get(options.weight, kernel.RAW)
    return EdgeRule(entries, mode, size, form, options.min_shared, min(options.top or 0, n))

"""Plan of a projection: what it would cost, and which caps would make it fit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from time import perf_counter

import numpy as np
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.incidence import Incidence
from graphkit.data.incidence_matrix import IncidenceMatrix
from graphkit.data.plan import ProjectionPlan, size_text
from graphkit.data.provenance import Provenance
from graphkit.errors import OptionError
from graphkit.graphs import _costs as costs
from graphkit.graphs._projection import Prepared, prepare
from graphkit.graphs.options import ProjectionOptions, at_most, gather
from graphkit.graphs.projection import Ints, PairLists
from graphkit.threads import cores

__all__ = ["check_budget", "plan"]


def plan(
    source: Dataset | IncidenceMatrix | Incidence,
    *,
    between: str = "accounts",
    through: str = "items",
    kinds: Collection[str] | None = None,
    weight: str = "count",
    min_shared: int = 1,
    max_degree: int | None = None,
    window: str | timedelta | None = None,
    top: int | None = None,
    mutual: bool = False,
    exclude: Iterable[str] = (),
    memory: int | str | None = None,
) -> ProjectionPlan:
    """Cost of ``cointeraction_graph`` with the same options, estimated from a sample of rows.

    The wedges, Σ k (k − 1) / 2 over the numbers of actors k of all objects, are counted
    exactly. The lists are built, a sample of rows of about two million wedges is walked, and
    the edges and seconds scaled up from it by wedges; so the plan takes about as long as
    sorting the interactions. Memory follows from the edges expected.

    Parameters
    ----------
    source
        The dataset, or an incidence built from one; then `between`, `through`, `kinds` and
        `exclude` have been decided already and only name its sides.
    between, through, kinds, weight, min_shared, max_degree, window, top, mutual, exclude, memory
        As in :func:`graphkit.cointeraction_graph`.

    Returns
    -------
    ProjectionPlan
        With a table of caps, halving from the most popular object down, and whether each fits.

    Raises
    ------
    OptionError
        For an unknown side, kind or weight, or a number out of range.
    MissingDataError
        As in :func:`graphkit.cointeraction_graph`.

    Examples
    --------
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "b", "c", "a", "b"], "item_id": ["v", "v", "v", "w", "w"],
    ...     "kind": ["like"] * 5})
    >>> found = plan(ds, memory="1 GB")
    >>> found.wedges, found.edges, found.fits, found.sampled
    (4, 3, True, 1.0)
    """
    options = ProjectionOptions(
        between=between,
        through=through,
        kinds=kinds,
        window=window,
        exclude=exclude,
        weight=weight,
        min_shared=min_shared,
        max_degree=max_degree,
        top=top,
        mutual=mutual,
        memory=memory,
    )
    chosen = gather(source, options, caller="plan")
    n, m = len(chosen.found.between), len(chosen.found.through)
    budget, begin = at_most(memory), perf_counter()
    ready = prepare(chosen.rows, chosen.columns, n, m, options, at=chosen.at)
    provenance = Provenance.of(
        "plan",
        chosen.parameters | {"memory": budget},
        made_from=() if isinstance(source, Incidence) else (source,),
        packages=("numba", "numpy"),
    )
    return _planned(ready, budget, perf_counter() - begin, provenance)


def _planned(
    ready: Prepared, budget: int, listing: float, provenance: Provenance
) -> ProjectionPlan:
    """The plan of a walk that is prepared; `listing` are the seconds its lists took."""
    walk = ready.walk
    found = costs.sampled(walk)
    seconds = listing + found.seconds / cores()
    seconds += (2 if walk.top else 1) * found.kept * costs.seconds_to_mirror()
    return ProjectionPlan(
        walk.n,
        int(np.count_nonzero(ready.degree)) + ready.capped_objects,
        ready.pairs,
        _wedges(ready.degree),
        _edges(found.kept, cut=walk.top > 0),
        seconds,
        _memory(ready, found.kept),
        budget,
        found.share,
        _caps(ready, budget),
        _others(ready, budget, found),
        provenance,
    )


def check_budget(ready: Prepared, *, caller: str) -> None:
    """Raise an :class:`OptionError` with advice if the projection will not fit.

    What even the most edges possible fit into is not looked at further.
    """
    budget = at_most(ready.options.memory)
    n = ready.walk.n
    most = min(float(ready.walk.work.sum()), n * (n - 1) / (1 if ready.walk.top else 2))
    if ready.walk.top:
        most = min(most, float(n) * ready.walk.top)
    if _memory(ready, most) <= budget:
        return
    found = costs.sampled(ready.walk)
    if _memory(ready, found.kept) <= budget:
        ready.walk.forget()
        return
    told = _planned(ready, budget, 0.0, Provenance("plan"))
    raise OptionError(
        f"{caller}: about {size_text(told.memory)} would be needed for about {told.edges:,} edges "
        f"({told.wedges:,} wedges), and {size_text(budget)} may be used: {told.advice}. Or allow "
        "more with memory=…; graphkit.graphs.plan shows the choices."
    )


def _wedges(degree: Ints) -> int:
    return int((degree * (degree - 1) // 2).sum())


def _edges(kept: float, *, cut: bool) -> int:
    """Edges of the result: with `top`, a row keeps an edge that often both ends keep."""
    return round(0.9 * kept) if cut else round(kept)


def _memory(
    ready: Prepared, kept: float, *, pairs: int | None = None, cut: bool | None = None
) -> int:
    walk = ready.walk
    return costs.memory_needed(
        ready.interactions,
        ready.pairs if pairs is None else pairs,
        walk.n,
        ready.degree.size,
        kept,
        top=walk.top > 0 if cut is None else cut,
        weighted=walk.rule.contribution.size > 0,
        timed=not isinstance(walk.lists, PairLists),
    )


def _caps(ready: Prepared, budget: int) -> pl.DataFrame:
    """One row per cap, each half the one before."""
    degree, walk = ready.degree, ready.walk
    rows = []
    cap = int(degree.max(initial=0)) // 2
    # entries of the lists are of actors that share; each belongs to an object of some degree
    entry_degree = walk.degree_of_entries()
    whole = costs.sampled(walk).kept / max(1, _wedges(degree)) if entry_degree is None else 0.0
    while cap >= 2:
        heavy = degree > cap
        left, gone = _wedges(degree[~heavy]), int(degree[heavy].sum())
        if entry_degree is None:  # interactions in time: in proportion
            kept = whole * left
        else:
            kept = costs.sampled(costs.capped(walk, entry_degree > cap)).kept
        edges, memory = (
            _edges(kept, cut=walk.top > 0),
            _memory(ready, kept, pairs=ready.pairs - gone),
        )
        rows.append((cap, int(heavy.sum()), gone, left, edges, memory, memory <= budget))
        cap //= 2
    names = ["max_degree", "things_removed", "pairs_removed", "wedges", "edges", "memory"]
    schema = dict.fromkeys(names, pl.Int64) | {"fits": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _others(ready: Prepared, budget: int, found: costs.Sample) -> pl.DataFrame:
    """What a higher `min_shared` or a `top` would do."""
    walk = ready.walk
    tries = []
    if isinstance(walk.lists, PairLists):
        nothing = np.zeros(walk.lists.length.size, dtype=bool)
        for least in (walk.rule.min_shared + 1, walk.rule.min_shared + 3):
            kept = costs.sampled(costs.capped(walk, nothing, least)).kept
            tries.append((f"min_shared={least}", kept, walk.top > 0))
    if not walk.top:
        for most in (50, 10):
            tries.append((f"top={most}", min(2 * found.kept, float(walk.n) * most), True))
    rows = []
    for option, kept, cut in tries:
        memory = _memory(ready, kept, cut=cut)
        rows.append((option, _edges(kept, cut=cut), memory, memory <= budget))
    schema = {"option": pl.String, "edges": pl.Int64, "memory": pl.Int64, "fits": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")

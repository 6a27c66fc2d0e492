"""What a projection would cost, and which caps would make it fit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.incidence import Incidence
from graphkit.data.incidence_matrix import IncidenceMatrix
from graphkit.data.plan import ProjectionPlan, size_text
from graphkit.data.provenance import Provenance
from graphkit.errors import MissingDataError, OptionError
from graphkit.graphs import _costs as costs
from graphkit.graphs._acts import check_options, gather
from graphkit.graphs._lists import Ints, PairLists
from graphkit.graphs._options import microseconds
from graphkit.graphs._projection import Prepared, prepare
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
    """What ``cointeraction_graph`` with the same options would cost.

    The wedges, Σ k (k − 1) / 2 over the numbers of entities k of all things, are counted
    exactly. The lists are built, a sample of rows of about two million wedges is walked, and
    the edges and seconds scaled up from it by wedges; so the plan takes about as long as
    sorting the acts. Memory follows from the edges expected.

    Parameters
    ----------
    source
        The dataset, or an incidence built from one; then `between`, `through`, `kinds` and
        `exclude` have been decided already and only name its sides.
    between, through, kinds, weight, min_shared, max_degree, window, top, mutual, exclude
        As in :func:`graphkit.cointeraction_graph`.
    memory
        Budget: bytes, or text such as ``"4 GB"``. By default 80 % of the memory free now.

    Returns
    -------
    ProjectionPlan
        With a table of caps, halving from the most popular thing down, and whether each fits.

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
    check_options(
        weight=weight, min_shared=min_shared, max_degree=max_degree, top=top, mutual=mutual,
        window=window,
    )  # fmt: skip
    budget = costs.at_most(memory)
    if isinstance(source, Incidence):
        acts, at = source, source.at
        span = None if window is None else microseconds(window)
        rows, columns = source.rows, source.columns
        if span is not None:
            if at is None:
                raise MissingDataError("plan: window= needs the time of each act (incidence.at).")
            timed = at >= 0
            rows, columns, at = rows[timed], columns[timed], at[timed]
        parameters: dict[str, Any] = {"between": between, "through": through}
        made_from: tuple[Any, ...] = ()
    else:
        gathered = gather(
            source, between=between, through=through, kinds=kinds, window=window,
            exclude=exclude, counted=weight in ("pairs", "actions"), verb="plan",
        )  # fmt: skip
        acts, at, span = gathered.found, gathered.at, gathered.window
        rows, columns, parameters = gathered.rows, gathered.columns, gathered.parameters
        made_from = (source,)
    from time import perf_counter

    begin = perf_counter()
    ready = prepare(
        rows, columns, len(acts.between), len(acts.through), at=at, window=span, weight=weight,
        min_shared=min_shared, max_degree=max_degree, top=top,
    )  # fmt: skip
    listing = perf_counter() - begin
    return planned(
        ready, rows.size, budget, listing,
        Provenance.of(
            "plan",
            parameters | {
                "weight": weight, "min_shared": min_shared, "max_degree": max_degree, "top": top,
                "mutual": mutual, "memory": budget,
            },
            made_from=made_from,
            packages=("numba", "numpy"),
        ),
    )  # fmt: skip


def planned(
    ready: Prepared, acts: int, budget: int, listing: float, provenance: Provenance
) -> ProjectionPlan:
    """The plan of a walk that stands ready; `listing` are the seconds its lists took."""
    walk = ready.walk
    found = costs.sampled(walk)
    edges = _edges(ready, found.kept)
    seconds = listing + found.seconds / cores()
    seconds += (2 if walk.top else 1) * found.kept * costs.seconds_to_mirror()
    return ProjectionPlan(
        walk.n, int(np.count_nonzero(ready.degree)) + ready.capped_things, ready.pairs,
        _wedges(ready.degree), edges, seconds, _memory(ready, acts, ready.pairs, found.kept),
        budget, found.share, _caps(ready, acts, budget), _others(ready, acts, budget, found),
        provenance,
    )  # fmt: skip


def check_budget(ready: Prepared, acts: int, memory: int | str | None, *, verb: str) -> None:
    """Raise an :class:`OptionError` with advice if the projection will not fit.

    What even the most edges possible fit into is not looked at further.
    """
    budget = costs.at_most(memory)
    n = ready.walk.n
    most = min(float(ready.walk.work.sum()), n * (n - 1) / (1 if ready.walk.top else 2))
    if ready.walk.top:
        most = min(most, float(n) * ready.walk.top)
    if _memory(ready, acts, ready.pairs, most) <= budget:
        return
    found = costs.sampled(ready.walk)
    if _memory(ready, acts, ready.pairs, found.kept) <= budget:
        ready.walk.forget()
        return
    told = planned(ready, acts, budget, 0.0, Provenance("plan"))
    raise OptionError(
        f"{verb}: about {size_text(told.memory)} would be needed for about {told.edges:,} edges "
        f"({told.wedges:,} wedges), and {size_text(budget)} may be used: {told.advice}. Or allow "
        "more with memory=…; graphkit.graphs.plan shows the choices."
    )


def _wedges(degree: Ints) -> int:
    return int((degree * (degree - 1) // 2).sum())


def _edges(ready: Prepared, kept: float) -> int:
    """Edges of the result: with `top`, a row keeps an edge that often both ends keep."""
    return round(0.9 * kept) if ready.walk.top else round(kept)


def _memory(ready: Prepared, acts: int, pairs: int, kept: float) -> int:
    walk = ready.walk
    return costs.memory_needed(
        acts, pairs, walk.n, ready.degree.size, kept, top=walk.top > 0,
        weighted=walk.gain.size > 0, timed=not isinstance(walk.lists, PairLists),
    )  # fmt: skip


def _caps(ready: Prepared, acts: int, budget: int) -> pl.DataFrame:
    """One row per cap, each half the one before."""
    degree, walk = ready.degree, ready.walk
    rows = []
    cap = int(degree.max(initial=0)) // 2
    # entries of the lists are of entities that share; each belongs to a thing of some degree
    entry_degree = walk.degree_of_entries()
    whole = costs.sampled(walk).kept / max(1, _wedges(degree)) if entry_degree is None else 0.0
    while cap >= 2:
        heavy = degree > cap
        left = _wedges(degree[~heavy])
        pairs = ready.pairs - int(degree[heavy].sum())
        if entry_degree is None:  # acts in time: in proportion
            kept = whole * left
        else:
            kept = costs.sampled(costs.capped(walk, entry_degree > cap)).kept
        memory = _memory(ready, acts, pairs, kept)
        rows.append(
            (cap, int(heavy.sum()), int(degree[heavy].sum()), left, _edges(ready, kept), memory,
             memory <= budget)
        )  # fmt: skip
        cap //= 2
    names = ["max_degree", "things_removed", "pairs_removed", "wedges", "edges", "memory"]
    schema = dict.fromkeys(names, pl.Int64) | {"fits": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _others(ready: Prepared, acts: int, budget: int, found: costs.Sample) -> pl.DataFrame:
    """What a higher `min_shared` or a `top` would do."""
    walk = ready.walk
    rows = []
    if isinstance(walk.lists, PairLists):
        nothing = np.zeros(walk.lists.length.size, dtype=bool)
        for least in (walk.min_shared + 1, walk.min_shared + 3):
            kept = costs.sampled(costs.capped(walk, nothing, least)).kept
            rows.append((f"min_shared={least}", kept, walk.top > 0))
    if not walk.top:
        for most in (50, 10):
            rows.append((f"top={most}", min(2 * found.kept, float(walk.n) * most), True))
    table = []
    for option, kept, cut in rows:
        memory = costs.memory_needed(
            acts, ready.pairs, walk.n, ready.degree.size, kept, top=cut,
            weighted=walk.gain.size > 0, timed=not isinstance(walk.lists, PairLists),
        )  # fmt: skip
        edges = round(0.9 * kept) if cut else round(kept)
        table.append((option, edges, memory, memory <= budget))
    schema = {"option": pl.String, "edges": pl.Int64, "memory": pl.Int64, "fits": pl.Boolean}
    return pl.DataFrame(table, schema=schema, orient="row")

"""Who shares what with whom: the projection of an incidence onto one side."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

import numpy as np

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.incidence import Incidence, incidence
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, MissingDataError, OptionError, check_choice
from graphkit.graphs._options import at_least, microseconds
from graphkit.graphs._projection import WEIGHTS, Projection, project

__all__ = ["cointeraction_graph"]


def cointeraction_graph(
    dataset: Dataset,
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
) -> Graph:
    r"""Tie two nodes by the things that they share.

    With :math:`B_{it} = 1` if entity i acted on thing t (however often), :math:`d_i` the
    things of i, :math:`k_t` the entities of t, N all entities, and
    :math:`c_{ij} = \sum_t B_{it} B_{jt}`, the weights are

    ===========  ====================================================================
    ``count``    :math:`c_{ij}`
    ``jaccard``  :math:`c_{ij} / (d_i + d_j - c_{ij})`
    ``cosine``   :math:`c_{ij} / \sqrt{d_i d_j}`
    ``newman``   :math:`\sum_t B_{it} B_{jt} / (k_t - 1)` [1]_
    ``tfidf``    cosine of rows weighted by :math:`w_t = \ln(N / k_t)`:
                 :math:`\sum_t w_t^2 B_{it} B_{jt} / \sqrt{\sum_t w_t^2 B_{it} \sum_t w_t^2 B_{jt}}`
    ===========  ====================================================================

    Nothing larger than the result is held: rows are computed one after the other, filtered,
    and cut to `top` on the way, in parallel. No result depends on the order of rows or the
    number of threads.

    Parameters
    ----------
    dataset
        With the tables that the two sides need, see `through`.
    between
        What is tied: ``"accounts"`` (who act), ``"authors"`` (who make items),
        ``"items"``, ``"tags"`` or ``"sounds"``. All entities of this side are nodes.
    through
        What they share: another of the same. What each pair means is said in
        :mod:`graphkit.data.incidence`.
    kinds
        Kinds of interaction that count as an act, by default all but view, mention and tag.
    weight
        One of the above. Edges whose weight is 0 (under ``tfidf`` a thing of everybody) are
        left out and counted.
    min_shared
        Things that two nodes must share at least, whatever the weight.
    max_degree
        Things of more entities than this are left out before anything is counted. Off by
        default: ``tfidf`` weighs them down instead.
    window
        A thing is shared only if both acted on it within this time, such as ``"10s"``,
        ``"5min"``, ``"2h"``, ``"1d"`` or a timedelta. Needs event times; acts without one
        are left out and counted. Degrees and sizes are those of all acts that have a time.
    top
        Keep each node's heaviest edges only, ties to the smaller id.
    mutual
        With `top`: keep edges that are among the heaviest of both ends; otherwise of either.
    exclude
        Ids of things to leave out, such as ``graphkit.STOP_TAGS``.

    Returns
    -------
    Graph
        Undirected, weighted. Its provenance counts what each rule left out.

    Raises
    ------
    OptionError
        For an unknown side, kind or weight, or a number out of range.
    MissingDataError
        If a table, a column or event times are missing.
    DataError
        If no edge is left.

    References
    ----------
    .. [1] Newman, M. E. J. (2001). Scientific collaboration networks. II. Physical Review E,
       64, 016132. https://doi.org/10.1103/PhysRevE.64.016132

    Examples
    --------
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "b", "b", "c"], "item_id": ["v", "v", "w", "w"],
    ...     "kind": ["like"] * 4})
    >>> cointeraction_graph(ds).edges().rows()
    [('a', 'b', 1.0), ('b', 'c', 1.0)]
    """
    check_choice("weight", weight, WEIGHTS)
    at_least("min_shared", min_shared, 1)
    at_least("max_degree", max_degree, 2, optional=True)
    at_least("top", top, 1, optional=True)
    if mutual and top is None:
        raise OptionError("mutual=True goes with top=…, which is not given.")
    span = None if window is None else microseconds(window)
    exclude = sorted(exclude) if not isinstance(exclude, str) else exclude
    found = incidence(
        dataset, between=between, through=through, kinds=kinds, exclude=exclude,
        verb="cointeraction_graph",
    )  # fmt: skip
    removed = dict(found.removed)
    rows, columns, at = found.rows, found.columns, None
    if span is not None:
        timed = _times(dataset, found)
        untimed = int((~timed).sum())
        if untimed:
            removed["acts without a time"] = untimed
        rows, columns = rows[timed], columns[timed]
        assert found.at is not None
        at = found.at[timed]
    result = project(
        rows, columns, len(found.between), len(found.through), at=at, window=span,
        weight=weight, min_shared=min_shared, max_degree=max_degree, top=top, mutual=mutual,
    )  # fmt: skip
    removed |= _left_out(result, through, max_degree, min_shared, top)
    if not result.indices.size:
        raise DataError(
            f"cointeraction_graph: no two {between} are tied through {through}"
            + (
                f"; left out: {', '.join(f'{n:,} {k}' for k, n in removed.items())}"
                if removed
                else ""
            )
            + ". Relax min_shared=, max_degree=, window= or exclude=, or share through something else."
        )
    return Graph(
        found.between,
        result.indptr,
        result.indices,
        result.weights,
        directed=False,
        node_kind=between,
        provenance=Provenance.of(
            "cointeraction_graph",
            {
                "between": between, "through": through, "kinds": kinds, "weight": weight,
                "min_shared": min_shared, "max_degree": max_degree,
                "window": None if span is None else f"{span / 1e6:g} s",
                "top": top, "mutual": mutual, "exclude": exclude,
            },
            made_from=(dataset,),
            removed=removed,
            packages=("numba", "numpy"),
        ),
    )  # fmt: skip


def _left_out(
    result: Projection, through: str, max_degree: int | None, min_shared: int, top: int | None
) -> dict[str, int]:
    counts = {
        f"{through} of more than {max_degree} entities": result.capped_things,
        f"pairs with {through} of more than {max_degree} entities": result.capped_pairs,
        f"edges that share less than {min_shared}": result.few,
        "edges of weight 0": result.weightless,
        f"edges outside the top {top}": result.outside_top,
    }
    return {reason: n for reason, n in counts.items() if n}


def _times(dataset: Dataset, found: Incidence) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which acts have a time; raises unless these are times of acts."""
    if found.at is None or found.time_column is None:
        raise MissingDataError(
            "cointeraction_graph: window= needs the time of each act, and there is none: give "
            "interactions.at (or, between authors, items.created_at)."
        )
    if found.time_column == "interactions.at":
        dataset.require_event_times(found.time_column, verb="cointeraction_graph(window=…)")
    timed: np.ndarray[tuple[int], np.dtype[np.bool_]] = found.at >= 0
    return timed

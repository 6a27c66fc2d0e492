"""Who shares what with whom: the projection of an incidence onto one side."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.incidence import ACTS, Incidence, incidence
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
    ``jaccard``  :math:`c_{ij} / (d_i + d_j - c_{ij})` [1]_
    ``cosine``   :math:`c_{ij} / \sqrt{d_i d_j}` [2]_
    ``newman``   :math:`\sum_t B_{it} B_{jt} / (k_t - 1)` [3]_
    ``tfidf``    cosine of rows weighted by :math:`w_t = \ln(N / k_t)` [4]_:
                 :math:`\sum_t w_t^2 B_{it} B_{jt} / (|i| |j|)`,
                 :math:`|i|^2 = \sum_t w_t^2 B_{it}`
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
        ``"items"``, ``"tags"`` or ``"sounds"``. All entities of this side are nodes; those
        that share nothing stay, without an edge.
    through
        What they share: another of the same. What each pair means is said in
        :mod:`graphkit.data.incidence`.
    kinds
        Kinds of interaction that count as an act, by default all but view, mention and tag.
        They matter where one of the sides is ``"accounts"``.
    weight
        One of the above. Edges whose weight is 0 (under ``tfidf`` a thing of everybody) are
        left out and counted.
    min_shared
        Things that two nodes must share at least, :math:`c_{ij}`, whatever the weight.
    max_degree
        Things of more entities than this are left out before anything is counted. Off by
        default: ``tfidf`` weighs them down instead.
    window
        A thing is shared only if an act of i and an act of j on it are at most this far
        apart: text such as ``"10s"``, ``"5min"``, ``"2h"``, ``"1d"``, or a timedelta. Needs
        event times (the act of an author is the creation of the item); acts without one are
        left out first and counted. The window restricts what is shared, :math:`B_{it}
        B_{jt}` in every sum and so :math:`c_{ij}`; the degrees :math:`d_i`, :math:`k_t` and
        norms :math:`|i|` stay those of all acts that have a time.
    top
        Keep this many of each node's heaviest edges, ties to the smaller id. An edge stays
        if either end keeps it.
    mutual
        With `top`: an edge stays only if both ends keep it.
    exclude
        Ids of things to leave out before anything is counted, such as
        ``graphkit.STOP_TAGS``.

    Returns
    -------
    Graph
        Undirected, weighted, without self-loops. Its provenance counts what each rule left
        out. It has no edge where no two nodes share enough.

    Raises
    ------
    OptionError
        For an unknown side, kind or weight, or a number out of range.
    MissingDataError
        If a table, a column or event times are missing, or nothing ties the two sides.
    DataError
        If `max_degree` leaves nothing to share.

    References
    ----------
    .. [1] Jaccard, P. (1912). The distribution of the flora in the alpine zone. New
       Phytologist, 11, 37–50. https://doi.org/10.1111/j.1469-8137.1912.tb05611.x
    .. [2] Salton, G., Wong, A., Yang, C. S. (1975). A vector space model for automatic
       indexing. Communications of the ACM, 18, 613–620. https://doi.org/10.1145/361219.361220
    .. [3] Newman, M. E. J. (2001). Scientific collaboration networks. II. Physical Review E,
       64, 016132. https://doi.org/10.1103/PhysRevE.64.016132
    .. [4] Spärck Jones, K. (1972). A statistical interpretation of term specificity and its
       application in retrieval. Journal of Documentation, 28, 11–21.
       https://doi.org/10.1108/eb026526

    Examples
    --------
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "b", "c", "a", "b"], "item_id": ["v", "v", "v", "w", "w"],
    ...     "kind": ["like"] * 5})
    >>> cointeraction_graph(ds).edges().rows()
    [('a', 'b', 2.0), ('a', 'c', 1.0), ('b', 'c', 1.0)]
    >>> cointeraction_graph(ds, weight="newman").edges().rows()
    [('a', 'b', 1.5), ('a', 'c', 0.5), ('b', 'c', 0.5)]
    >>> capped = cointeraction_graph(ds, max_degree=2)
    >>> capped.edges().rows(), dict(capped.provenance.removed)
    ([('a', 'b', 1.0)],
     {'items of more than 2 entities': 1, 'pairs with items of more than 2 entities': 3})
    """
    check_choice("weight", weight, WEIGHTS)
    at_least("min_shared", min_shared, 1)
    at_least("max_degree", max_degree, 2, optional=True)
    at_least("top", top, 1, optional=True)
    if mutual and top is None:
        raise OptionError("mutual=True goes with top=…, which is not given.")
    span = None if window is None else microseconds(window)
    exclude = exclude if isinstance(exclude, str) else sorted(set(exclude))
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
    if not result.pairs:
        raise DataError(
            f"cointeraction_graph: max_degree={max_degree} leaves nothing: all "
            f"{result.capped_things:,} {through} have more {between} than that "
            f"({_told(removed)}). Raise it; weight='tfidf' weighs them down instead."
        )
    acts = (kinds,) if isinstance(kinds, str) else kinds or ACTS
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
                "between": between, "through": through,
                "kinds": sorted(set(acts)) if "accounts" in (between, through) else None,
                "weight": weight, "min_shared": min_shared, "max_degree": max_degree,
                "window": None if span is None else f"{span / 1e6:g} s",
                "top": top, "mutual": mutual, "exclude": exclude,
            },
            made_from=(dataset,),
            removed=removed,
            packages=("numba", "numpy"),
        ),
    )  # fmt: skip


def _told(removed: dict[str, int]) -> str:
    return "left out: " + ", ".join(f"{n:,} {reason}" for reason, n in removed.items())


def _left_out(
    result: Projection, through: str, max_degree: int | None, min_shared: int, top: int | None
) -> dict[str, int]:
    counts = {
        f"{through} of more than {max_degree} entities": result.capped_things,
        f"pairs with {through} of more than {max_degree} entities": result.capped_pairs,
        f"pairs of nodes that share less than {min_shared}": result.few,
        "edges of weight 0": result.weightless,
        f"edges outside the top {top}": result.outside_top,
    }
    return {reason: n for reason, n in counts.items() if n}


def _times(dataset: Dataset, found: Incidence) -> npt.NDArray[np.bool_]:
    """Which acts have a time; raises unless these are times of acts."""
    if found.at is None or found.time_column is None:
        raise MissingDataError(
            "cointeraction_graph: window= needs the time of each act, and there is none: give "
            "interactions.at (or, between authors, items.created_at)."
        )
    if found.time_column == "interactions.at":
        dataset.require_event_times(found.time_column, verb="cointeraction_graph(window=…)")
    kind = dataset.time_kinds[found.time_column]
    if kind not in ("event", "item_created"):
        raise MissingDataError(
            f"cointeraction_graph(window=…) needs the time of creation in {found.time_column}, "
            f"but its time kind is {kind!r}."
        )
    return found.at >= 0

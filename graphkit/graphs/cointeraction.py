"""Who shares what with whom: the projection of an incidence onto one side."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.incidence_matrix import IncidenceMatrix
from graphkit.data.provenance import Provenance, content_key
from graphkit.errors import DataError
from graphkit.graphs._acts import Acts, check_options, gather, told
from graphkit.graphs._costs import at_most
from graphkit.graphs._projection import Prepared, Projection, finish, prepare
from graphkit.graphs.plan import check_budget

__all__ = ["cointeraction_graph"]


def cointeraction_graph(
    dataset: Dataset | IncidenceMatrix,
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
    resume: str | Path | None = None,
) -> Graph:
    r"""Tie two nodes by the things that they share.

    With :math:`B_{it} = 1` if entity i acted on thing t (however often), :math:`d_i` the
    things of i, :math:`k_t` the entities of t, N all entities, :math:`n_{it}` the acts of i on
    t, and :math:`c_{ij} = \sum_t B_{it} B_{jt}`, the weights are

    ===========  ====================================================================
    ``count``    :math:`c_{ij}`
    ``pairs``    :math:`\sum_t n_{it} n_{jt}`, pairs of acts, one of each, on the same thing
    ``actions``  :math:`\sum_t \min(n_{it}, n_{jt})`, acts of one side that match one of the
                 other each
    ``jaccard``  :math:`c_{ij} / (d_i + d_j - c_{ij})` [1]_
    ``cosine``   :math:`c_{ij} / \sqrt{d_i d_j}` [2]_
    ``newman``   :math:`\sum_t B_{it} B_{jt} / (k_t - 1)` [3]_
    ``tfidf``    cosine of rows weighted by :math:`w_t = \ln(N / k_t)` [4]_:
                 :math:`\sum_t w_t^2 B_{it} B_{jt} / (|i| |j|)`,
                 :math:`|i|^2 = \sum_t w_t^2 B_{it}`
    ===========  ====================================================================

    Acts on the same thing by the same entity count once, except under ``pairs`` and
    ``actions``, where each act counts, those at one and the same time too.

    Nothing larger than the result is held: rows are computed one after the other, filtered,
    and cut to `top` on the way, in parallel. No result depends on the order of rows or the
    number of threads.

    Parameters
    ----------
    dataset
        With the tables that the two sides need, see `through`; or the incidence matrix of a
        log, from :func:`graphkit.readwrite.read_incidence`, whose sides are those that it was
        read with: `between` and `through` are then not asked, `kinds` and `window` refused.
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
        norms :math:`|i|` stay those of all acts that have a time. Under ``pairs`` only pairs of
        acts within the window count; ``actions`` is not defined with one.
    top
        Keep this many of each node's heaviest edges, ties to the smaller id. An edge stays
        if either end keeps it.
    mutual
        With `top`: an edge stays only if both ends keep it.
    exclude
        Ids of things to leave out before anything is counted, such as
        ``graphkit.STOP_TAGS``.
    memory
        Bytes that may be used, or text such as ``"4 GB"``; by default 80 % of the memory free
        now. See :func:`graphkit.graphs.plan`.
    resume
        A folder for the blocks of rows that are finished. Where a call with the same data and
        options was interrupted, the next one reads them there and goes on, to the same bytes;
        the folder can be deleted afterwards.

    Returns
    -------
    Graph
        Undirected, weighted, without self-loops. Its provenance counts what each rule left
        out. It has no edge where no two nodes share enough.

    Raises
    ------
    OptionError
        For an unknown side, kind or weight, or a number out of range; or, before anything is
        computed, if more than `memory` would be needed: the message says which options fit.
    MissingDataError
        If a table, a column or event times are missing, or nothing ties the two sides.
    DataError
        If `max_degree` leaves nothing to share, or the folder `resume` holds something else.

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
    check_options(
        weight=weight, min_shared=min_shared, max_degree=max_degree, top=top, mutual=mutual,
        window=window,
    )  # fmt: skip
    acts = gather(
        dataset, between=between, through=through, kinds=kinds, window=window, exclude=exclude,
        counted=weight in ("pairs", "actions"), verb="cointeraction_graph",
    )  # fmt: skip
    between, through = acts.parameters["between"], acts.parameters["through"]
    found, removed = acts.found, dict(acts.removed)
    budget = at_most(memory)
    options = {
        "weight": weight, "min_shared": min_shared, "max_degree": max_degree, "top": top,
    }  # fmt: skip
    folder = None
    if resume is not None:
        folder = _folder(Path(resume), acts, options)
    ready = prepare(
        acts.rows, acts.columns, len(found.between), len(found.through), at=acts.at,
        window=acts.window, weight=weight, min_shared=min_shared, max_degree=max_degree, top=top,
    )  # fmt: skip
    if not ready.pairs:
        removed |= _capped(ready, through, max_degree)
        raise DataError(
            f"cointeraction_graph: max_degree={max_degree} leaves nothing: all "
            f"{ready.capped_things:,} {through} have more {between} than that "
            f"({told(removed)}). Raise it; weight='tfidf' weighs them down instead."
        )
    check_budget(ready, acts.rows.size, budget, verb="cointeraction_graph")
    result = finish(ready, mutual=mutual, kept=folder)
    removed |= _left_out(result, through, max_degree, min_shared, top)
    return Graph(
        found.between,
        result.indptr,
        result.indices,
        result.weights,
        directed=False,
        node_kind=between,
        provenance=Provenance.of(
            "cointeraction_graph",
            acts.parameters | options | {"mutual": mutual},
            made_from=(dataset,),
            removed=removed,
            packages=("numba", "numpy"),
        ),
    )


def _folder(folder: Path, acts: Acts, options: dict[str, Any]) -> Path:
    """The folder of finished blocks, which must be of this projection or new."""
    asked = json.dumps(options | {"window": acts.window}, sort_keys=True)
    key = content_key(
        acts.found.between.content_key, acts.found.through.content_key, acts.rows, acts.columns,
        np.zeros(0) if acts.at is None else acts.at, asked,
    )  # fmt: skip
    note = folder / "projection.json"
    if note.exists():
        if json.loads(note.read_text(encoding="utf-8"))["key"] != key:
            raise DataError(
                f"cointeraction_graph: resume={str(folder)!r} holds blocks of another projection "
                "(other data or options): name another folder, or delete this one."
            )
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DataError(
            f"cointeraction_graph: resume={str(folder)!r} is not empty and holds no projection: "
            "name a new or an empty folder."
        )
    note.write_text(json.dumps({"key": key, "options": asked}) + "\n", encoding="utf-8")
    return folder


def _capped(found: Projection | Prepared, through: str, max_degree: int | None) -> dict[str, int]:
    counts = {
        f"{through} of more than {max_degree} entities": found.capped_things,
        f"pairs with {through} of more than {max_degree} entities": found.capped_pairs,
    }
    return {reason: n for reason, n in counts.items() if n}


def _left_out(
    result: Projection, through: str, max_degree: int | None, min_shared: int, top: int | None
) -> dict[str, int]:
    counts = {
        f"pairs of nodes that share less than {min_shared}": result.few,
        "edges of weight 0": result.weightless,
        f"edges outside the top {top}": result.outside_top,
    }
    return _capped(result, through, max_degree) | {r: n for r, n in counts.items() if n}

"""One-mode projection (co-interaction graph) of a two-mode network of actors and objects."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import numpy as np

from graphkit.data.dataset import Dataset
from graphkit.data.files import locked_folder, open_folder, write_record
from graphkit.data.frozen import content_key
from graphkit.data.graph import Graph, graph_of_rows
from graphkit.data.incidence import IncidenceMatrix
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, FileError
from graphkit.graphs.options import Interactions, ProjectionOptions, gather_interactions
from graphkit.graphs.planning import check_budget
from graphkit.graphs.projection import Prepared, prepare_product, run_product

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
    r"""One-mode projection: link two actors by the objects that they share.

    With :math:`B_{it} = 1` if actor i interacted with object t (at least once), :math:`d_i` the
    objects of i, :math:`k_t` the actors of t, N all actors, :math:`n_{it}` the interactions of i
    with t, and :math:`c_{ij} = \sum_t B_{it} B_{jt}`, the weights are

    ===========  ====================================================================
    ``count``    :math:`c_{ij}`
    ``pairs``    :math:`\sum_t n_{it} n_{jt}`, pairs of interactions with the same object
    ``actions``  :math:`\sum_t \min(n_{it}, n_{jt})`, interactions matched one to one
    ``jaccard``  :math:`c_{ij} / (d_i + d_j - c_{ij})` [1]_
    ``cosine``   :math:`c_{ij} / \sqrt{d_i d_j}` [2]_
    ``newman``   :math:`\sum_t B_{it} B_{jt} / (k_t - 1)` [3]_
    ``tfidf``    cosine of rows weighted by :math:`w_t = \ln(N / k_t)` [4]_:
                 :math:`\sum_t w_t^2 B_{it} B_{jt} / (|i| |j|)`,
                 :math:`|i|^2 = \sum_t w_t^2 B_{it}`
    ===========  ====================================================================

    Interactions of one actor with one object count once, except under ``pairs`` and
    ``actions``, where each counts, also simultaneous ones.

    Rows are computed, filtered and cut to `top` in parallel blocks, so that nothing larger than
    the result is held. The result does not depend on the order of rows or the number of threads.

    Parameters
    ----------
    dataset
        With the tables that the two node sets need, see `through`; or the incidence matrix of a
        log, from :func:`graphkit.readwrite.read_incidence`, with the node sets that it was read
        with: `between` and `through` are then ignored, `kinds` and `window` refused.
    between
        The actors: ``"accounts"`` (who interact), ``"authors"`` (who make items), ``"items"``,
        ``"tags"`` or ``"sounds"``. All of them are nodes, also those without an edge.
    through
        The objects: another of these node sets. :mod:`graphkit.data.incidence` defines the
        incidence of each pair.
    kinds
        Kinds of interaction that count; used where one of the node sets is ``"accounts"``. By
        default like, comment, share, repost, save, duet, stitch, reply and play: views, mentions
        and tags are left out, and so are all others, such as quote, rating or one's own, which
        are counted. Capitals do not matter in known kinds.
    weight
        One of the above. Edges of weight 0 (under ``tfidf`` an object of all actors) are left
        out and counted.
    min_shared
        Least :math:`c_{ij}` of an edge, for every weight.
    max_degree
        Objects of more actors than this are left out before anything is counted. Off by
        default: ``tfidf`` gives them little weight instead.
    window
        An object is shared only if an interaction of i and one of j with it are at most this
        far apart: text such as ``"10s"``, ``"5min"``, ``"2h"``, ``"1d"``, or a timedelta. Needs
        event times (an author interacts with an item by creating it); interactions without one
        are left out first and counted. The window restricts :math:`B_{it} B_{jt}` in every sum
        and so :math:`c_{ij}`; the degrees :math:`d_i`, :math:`k_t` and norms :math:`|i|` are
        those of all interactions with a time. Under ``pairs`` only pairs within the window
        count; ``actions`` is not defined with a window.
    top
        Keep this many of each node's heaviest edges (ties: the smaller id). An edge is kept if
        either end keeps it. There is no default, for none serves all: between tags through
        authors, whose tags are many, communities glue planted topics together without it (pairs
        of tags on the bundled platform: precision 0.70 to 0.87, by `weight`; 0.91 to 0.98 with
        ``top=20``, at the same recall or a higher one); through items they do not (1.00 without
        it, and from 20 on), and below 10 topics split. Compare several, as
        :func:`graphkit.graphs.plan` says of dense projections of tags.
    mutual
        With `top`: an edge is kept only if both ends keep it.
    exclude
        Ids of objects to leave out before anything is counted, such as
        ``graphkit.STOP_TAGS``.
    memory
        Bytes that may be used, or text such as ``"4 GB"``; by default 80 % of the available
        memory. See :func:`graphkit.graphs.plan`.
    resume
        A folder for finished blocks of rows. After an interruption, a call with the same data
        and options reads them and continues, to the same result; the folder can be deleted
        afterwards.

    Returns
    -------
    Graph
        Undirected, weighted, without self-loops; possibly without edges. Its provenance counts
        what each rule left out.

    Raises
    ------
    OptionError
        For an unknown node set, kind or weight, or a number out of range; or, before anything
        is computed, if more than `memory` would be needed: the message says which options fit.
    MissingDataError
        If a table, a column or event times are missing, or nothing links the two node sets.
    DataError
        If `max_degree` leaves nothing to share, or the folder `resume` holds something else.

    Warns
    -----
    GraphkitWarning
        If more than two minutes are expected, before anything is computed: the message says which
        options take less.

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
     {'items of more than 2 actors': 1, 'pairs with items of more than 2 actors': 3})
    """
    options = ProjectionOptions(
        *(between, through, kinds, window, exclude, weight, min_shared, max_degree),
        *(top, mutual, memory),
    )
    chosen = gather_interactions(dataset, options, caller="cointeraction_graph")
    with ExitStack() as locks:
        folder = None
        if resume is not None:
            locks.enter_context(locked_folder(Path(resume), "the blocks of a projection"))
            folder = _resume_folder(Path(resume), chosen, options)
        return _project(dataset, chosen, options, folder)


def _project(
    dataset: Dataset | IncidenceMatrix,
    chosen: Interactions,
    options: ProjectionOptions,
    folder: Path | None,
) -> Graph:
    """The graph of the chosen interactions; finished blocks are kept in `folder`."""
    between, through = chosen.parameters["between"], chosen.parameters["through"]
    found, removed = chosen.found, dict(chosen.removed)
    max_degree, min_shared, top = options.max_degree, options.min_shared, options.top
    n, m = len(found.between), len(found.through)
    lists = (chosen.rows, chosen.columns, n, m, options, chosen.at)
    ready = prepare_product(*lists, in_blocks=folder is not None)
    if not ready.pairs:
        removed |= _count_capped(ready, through)
        left_out = ", ".join(f"{k:,} {reason}" for reason, k in removed.items())
        raise DataError(
            f"cointeraction_graph: max_degree={max_degree} leaves nothing: all "
            f"{ready.capped_objects:,} {through} have more {between} than that (left out: "
            f"{left_out}). Raise it; weight='tfidf' weighs them down instead."
        )
    check_budget(ready, caller="cointeraction_graph")
    result = run_product(ready, kept=folder)
    few = {
        f"pairs of nodes that share less than {min_shared}": result.few,
        "edges of weight 0": result.weightless,
        f"edges outside the top {top}": result.outside_top,
    }
    removed |= _count_capped(ready, through) | {reason: k for reason, k in few.items() if k}
    provenance = Provenance.of(
        "cointeraction_graph",
        chosen.parameters,
        made_from=(dataset,),
        removed=removed,
        packages=("numba", "numpy"),
    )
    return graph_of_rows(
        *(found.between, result.indptr, result.indices, result.weights),
        directed=False,
        node_kind=between,
        provenance=provenance,
    )


def _resume_folder(folder: Path, chosen: Interactions, options: ProjectionOptions) -> Path:
    """Folder of finished blocks; raises if it belongs to another projection."""
    names = ("weight", "min_shared", "max_degree", "top")
    blocks = {name: getattr(options, name) for name in names} | {"window": options.span}
    asked = json.dumps(blocks, sort_keys=True)
    key = content_key(
        *(chosen.found.between.content_key, chosen.found.through.content_key),
        *(chosen.rows, chosen.columns, np.zeros(0) if chosen.at is None else chosen.at, asked),
    )
    name = "projection.json"
    try:
        record = open_folder(folder, name, "the blocks of a projection")
    except FileError as error:
        raise DataError(f"cointeraction_graph: resume={str(folder)!r}: {error}") from error
    if record is None:
        write_record(folder / name, {"key": key, "options": asked}, sealed=True)
    elif record["key"] != key:
        raise DataError(
            f"cointeraction_graph: resume={str(folder)!r} holds blocks of another projection "
            "(other data or options): name another folder, or delete this one."
        )
    return folder


def _count_capped(ready: Prepared, through: str) -> dict[str, int]:
    heavy = f"{through} of more than {ready.options.max_degree} actors"
    counts = {heavy: ready.capped_objects, f"pairs with {heavy}": ready.capped_pairs}
    return {reason: k for reason, k in counts.items() if k}

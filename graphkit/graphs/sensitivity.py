"""Sensitivity of a projection to a cap on popular objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.incidence_matrix import IncidenceMatrix
from graphkit.errors import OptionError, check_integer
from graphkit.graphs._projection import Projection, finish, prepare
from graphkit.graphs.options import ProjectionOptions, gather
from graphkit.graphs.planning import check_budget
from graphkit.parallel import track

__all__ = ["cap_sensitivity"]


def cap_sensitivity(
    dataset: Dataset | IncidenceMatrix,
    *,
    caps: Sequence[int],
    between: str = "accounts",
    through: str = "items",
    kinds: Collection[str] | None = None,
    weight: str = "count",
    min_shared: int = 1,
    window: str | timedelta | None = None,
    top: int | None = None,
    mutual: bool = False,
    exclude: Iterable[str] = (),
    memory: int | str | None = None,
) -> pl.DataFrame:
    r"""Sensitivity of ``cointeraction_graph`` to `max_degree`.

    Each capped graph is compared with the one without a cap: E and E₀ are their edges, and
    the agreement of edges is :math:`|E \cap E_0| / |E \cup E_0|`. Weights are compared on
    :math:`E \cap E_0` by Spearman's rank correlation, equal ones at their mean rank [1]_. (Capped
    graphs can have edges of their own only with `top`, or where the weight of an edge was 0.)

    Parameters
    ----------
    dataset, between, through, kinds, weight, min_shared, window, top, mutual, exclude, memory
        As in :func:`graphkit.cointeraction_graph`.
    caps
        Values of `max_degree` to try, each from 2 on.

    Returns
    -------
    polars.DataFrame
        One row per cap, the mildest first, after one without a cap (null): max_degree;
        things_removed, pairs_removed (of actor and object); edges; total_weight; isolates
        (actors without an edge); edge_jaccard in [0, 1] (null where neither graph has an
        edge); weight_spearman in [−1, 1] (null where fewer than two edges are common, or
        all weights are alike).

    Raises
    ------
    OptionError
        For caps that are none or below 2, and as in :func:`graphkit.cointeraction_graph`.
    MissingDataError
        As in :func:`graphkit.cointeraction_graph`.

    References
    ----------
    .. [1] Spearman, C. (1904). The proof and measurement of association between two things.
       American Journal of Psychology, 15, 72–101. https://doi.org/10.2307/1412159

    Examples
    --------
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "b", "c", "a", "b"], "item_id": ["v", "v", "v", "w", "w"],
    ...     "kind": ["like"] * 5})
    >>> columns = ["max_degree", "pairs_removed", "edges", "isolates", "edge_jaccard"]
    >>> cap_sensitivity(ds, caps=[2]).select(columns).rows()
    [(None, 0, 3, 0, 1.0), (2, 3, 1, 1, 0.3333333333333333)]
    """
    options = ProjectionOptions(
        between, through, kinds, window, exclude, weight, min_shared, None, top, mutual, memory
    )
    if not caps:
        raise OptionError("cap_sensitivity: caps is empty: name at least one max_degree.")
    for each in caps:
        check_integer("caps", each, 2)
    chosen = gather(dataset, options, caller="cap_sensitivity")
    n, m = len(chosen.found.between), len(chosen.found.through)
    rows = []
    whole: Projection | None = None
    tries = [None, *sorted(set(caps), reverse=True)]
    for cap in track(tries, "caps", len(tries)):
        capped = replace(options, max_degree=cap)
        ready = prepare(chosen.rows, chosen.columns, n, m, capped, at=chosen.at)
        check_budget(ready, caller="cap_sensitivity")
        found = finish(ready)
        whole = found if whole is None else whole
        agreement, correlation = _compared(found, whole)
        edges, total = found.indices.size // 2, float(found.weights.sum()) / 2
        isolates = int((np.diff(found.indptr) == 0).sum())
        removed = (found.capped_objects, found.capped_pairs)
        rows.append((cap, *removed, edges, total, isolates, agreement, correlation))
    whole_numbers = ["max_degree", "things_removed", "pairs_removed", "edges"]
    schema = dict.fromkeys(whole_numbers, pl.Int64) | {
        "total_weight": pl.Float64,
        "isolates": pl.Int64,
        "edge_jaccard": pl.Float64,
        "weight_spearman": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _compared(found: Projection, whole: Projection) -> tuple[float | None, float | None]:
    """Jaccard of the edges, and Spearman's correlation of the weights of those common."""
    keys, other_keys = _keys(found), _keys(whole)
    _, ours, theirs = np.intersect1d(keys, other_keys, assume_unique=True, return_indices=True)
    union = keys.size + other_keys.size - ours.size
    if not union:
        return None, None
    a = pl.Series(found.weights[_upper(found)][ours]).rank().to_numpy()
    b = pl.Series(whole.weights[_upper(whole)][theirs]).rank().to_numpy()
    if ours.size < 2 or a.min() == a.max() or b.min() == b.max():
        return ours.size / union, None
    return ours.size / union, float(np.corrcoef(a, b)[0, 1])


def _upper(found: Projection) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    tails = np.repeat(np.arange(found.indptr.size - 1), np.diff(found.indptr))
    return np.asarray(tails < found.indices)


def _keys(found: Projection) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    n = found.indptr.size - 1
    tails = np.repeat(np.arange(n), np.diff(found.indptr))
    return np.asarray((tails * n + found.indices)[tails < found.indices])

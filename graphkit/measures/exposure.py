"""Inequality and diversity of exposure: Gini, Lorenz, entropy, intra-list distance, calibration."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.tags import fold_tags
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import (
    DataError,
    check_choice,
    check_codes,
    check_counts,
    check_integer,
    check_number,
)

Floats = npt.NDArray[np.float64]

#: Numbers of a dense product that are held at once.
CELLS = 1 << 22


def gini(values: npt.ArrayLike) -> float:
    """Gini coefficient: 0 if all values are equal, (n − 1)/n if one holder has everything.

    G = Σ_i (2i − n − 1) v_i / (n Σ v), the n values ascending and i from 1 on, which is
    half the relative mean absolute difference. Zeros count; NaN without any positive value.

    Parameters
    ----------
    values
        Shape (n,): amount of each holder, 0 or larger.

    Raises
    ------
    DataError
        If a number is negative, missing or infinite, or the shape is another.

    References
    ----------
    Gini, C. (1912). Variabilità e mutabilità. Dorfman, R. (1979). A formula for the Gini
    coefficient. The Review of Economics and Statistics, 61(1), 146–149.
    https://doi.org/10.2307/1924845

    Examples
    --------
    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 8])
    (0.0, 0.75)
    """
    ordered = _ascending_amounts(values)
    total, n = float(ordered.sum()), ordered.size
    if not total > 0:
        return float("nan")
    # whole numbers stay exact until the one division
    return float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum() / (n * total))


def lorenz(values: npt.ArrayLike) -> Floats:
    """Lorenz curve, shape (n + 1, 2): cumulative share of the holders, lowest first, and of values.

    NaN in the second column without any positive value.

    Parameters
    ----------
    values
        Shape (n,): amount of each holder, 0 or larger.

    Raises
    ------
    DataError
        If a number is negative, missing or infinite, or the shape is another.

    Examples
    --------
    >>> lorenz([3, 1]).tolist()
    [[0.0, 0.0], [0.5, 0.25], [1.0, 1.0]]
    """
    ordered = _ascending_amounts(values)
    held = np.concatenate([[0.0], np.cumsum(ordered)])
    with np.errstate(invalid="ignore"):
        held = held / held[-1]
    return np.column_stack([np.linspace(0, 1, ordered.size + 1), held])


def small_creator_share(impressions: npt.ArrayLike, followers: npt.ArrayLike) -> float:
    """Share of the impressions of the half of the creators with fewest followers.

    In [0, 1]; 0.5 if impressions do not depend on followers. Creators with as many followers
    as the median creator fill the rest of the half in equal parts, so the order of rows does
    not matter. NaN without impressions.

    Parameters
    ----------
    impressions
        Shape (k,): impressions of each creator, zeros included.
    followers
        Shape (k,): their followers; a creator whose followers are unknown must be left out.

    Raises
    ------
    DataError
        If a number is negative, missing or infinite, or the two differ in length.

    Examples
    --------
    >>> small_creator_share([1, 3, 6], [0, 5, 90])
    0.25
    >>> small_creator_share([1, 3, 6], [5, 5, 5])
    0.5
    """
    shown = check_counts("impressions", impressions, (None,)).astype(np.float64)
    hint = "One count per creator: leave those of unknown followers out of both."
    size = check_counts("followers", followers, shown.shape, hint=hint).astype(np.float64)
    if not shown.sum() > 0:
        return float("nan")
    half = size.size / 2
    middle = np.sort(size)[(size.size - 1) // 2]
    below, tied = size < middle, size == middle
    part = (half - np.count_nonzero(below)) / np.count_nonzero(tied)
    return float((shown[below].sum() + part * shown[tied].sum()) / shown.sum())


def entropy(counts: npt.ArrayLike) -> Floats:
    """Normalised Shannon entropy of each row of counts, −Σ p log p / log C, in [0, 1].

    0 if one of the C columns has everything, 1 if all have the same. NaN for a row without
    counts, and for all rows if C = 1.

    Parameters
    ----------
    counts
        Shape (n, C): counts of each row by community.

    Raises
    ------
    DataError
        If a number is negative, missing or infinite, or the shape is another.

    References
    ----------
    Shannon, C. E. (1948). A mathematical theory of communication. Bell System Technical
    Journal, 27(3), 379–423. https://doi.org/10.1002/j.1538-7305.1948.tb01338.x

    Examples
    --------
    >>> entropy([[4, 0], [2, 2]]).tolist()
    [0.0, 1.0]
    """
    return diversity(counts)[0]


def effective_number(counts: npt.ArrayLike) -> Floats:
    """Effective number (Hill number of order 1) of each row of counts, exp(H).

    In [1, C]; NaN for a row without counts.

    Parameters
    ----------
    counts
        Shape (n, C): counts of each row by community.

    Raises
    ------
    DataError
        If a number is negative, missing or infinite, or the shape is another.

    References
    ----------
    Hill, M. O. (1973). Diversity and evenness. Ecology, 54(2), 427–432.
    https://doi.org/10.2307/1934352

    Examples
    --------
    >>> effective_number([[4, 0, 0], [2, 2, 0]]).round(12).tolist()
    [1.0, 2.0]
    """
    return diversity(counts)[1]


def diversity(counts: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The :func:`entropy` and the :func:`effective_number` of each row of counts.

    Examples
    --------
    >>> [found.round(12).tolist() for found in diversity([[4, 0], [2, 2]])]
    [[0.0, 1.0], [1.0, 2.0]]
    """
    table = check_counts("counts", counts, (None, None)).astype(np.float64)
    nats = _entropy_nats(table)
    single = np.full(nats.size, np.nan)
    return single if table.shape[1] < 2 else nats / np.log(table.shape[1]), np.exp(nats)


def intra_list_distance(counts: npt.ArrayLike) -> Floats:
    """Intra-list distance of each row: share of the pairs of a list that differ in community.

    The mean distance of two items of the same list (Ziegler et al. 2005), with distance 1
    between communities and 0 within: 1 − Σ n_c (n_c − 1) / (N (N − 1)). In [0, 1]; NaN for
    a row of fewer than two.

    Parameters
    ----------
    counts
        Shape (n, C): items of each list by community, whole numbers.

    Raises
    ------
    DataError
        If a number is negative, missing, a fraction or infinite, or the shape is another.

    References
    ----------
    Ziegler, C.-N., McNee, S. M., Konstan, J. A., & Lausen, G. (2005). Improving
    recommendation lists through topic diversification. WWW '05, 22–32.
    https://doi.org/10.1145/1060745.1060754

    Examples
    --------
    >>> intra_list_distance([[3, 0], [1, 1], [2, 2], [1, 0]]).round(4).tolist()
    [0.0, 1.0, 0.6667, nan]
    """
    table = check_counts("counts", counts, (None, None), whole=True).astype(np.float64)
    total = table.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        table *= table - 1
        same = table.sum(axis=1) / (total * (total - 1))
    return np.asarray(np.where(total > 1, 1 - same, np.nan), dtype=np.float64)


def feature_distance(
    account: npt.ArrayLike,
    item: npt.ArrayLike,
    features: npt.ArrayLike | sparse.sparray,
    *,
    size: int | None = None,
) -> Floats:
    """Intra-list distance by features: mean cosine distance of two items shown to one account.

    With u_i the features of item i scaled to unit length and N items, the mean of 1 − u_i · u_j over
    the pairs of the list (Ziegler et al. 2005) is 1 − (|Σ u_i|² − N) / (N (N − 1)): no pair is
    visited. In [0, 2], in [0, 1] for features of 0 or more; NaN for an account with fewer than two
    items. Of one class per item it is :func:`intra_list_distance`. An item counts once per account,
    and items without features (all 0) are left out.

    Parameters
    ----------
    account, item
        Shape (k,): codes of who was shown what, as of :class:`Impressions`.
    features
        Shape (m, d): features of each item, such as tags (0 or 1; sparse for many) or an embedding:
        see :func:`item_features`.
    size
        Number of accounts n; by default the largest code and one.

    Returns
    -------
    numpy.ndarray
        Shape (n,).

    Raises
    ------
    DataError
        If the arrays do not fit each other, or hold what is no code or no finite number.

    References
    ----------
    Ziegler, C.-N., McNee, S. M., Konstan, J. A., & Lausen, G. (2005). Improving
    recommendation lists through topic diversification. WWW '05, 22–32.
    https://doi.org/10.1145/1060745.1060754

    Examples
    --------
    Two items with a tag in common of two each, and two with none:

    >>> tags = [[1, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 1]]
    >>> feature_distance([0, 0, 1, 1, 2], [0, 1, 2, 3, 3], tags).round(4).tolist()
    [0.5, 1.0, nan]
    """
    table = _check_features("features", features)
    account, item, n = _check_lists(account, item, table.shape[0], size)
    squares = table.multiply(table) if sparse.issparse(table) else table**2
    length = np.sqrt(np.asarray(squares.sum(axis=1)).ravel())
    scale = np.divide(1.0, length, out=np.zeros_like(length), where=length > 0)
    shown = _list_matrix(account, item, (n, table.shape[0]))
    shown.data = scale[shown.indices]
    count = np.bincount(account[length[item] > 0], minlength=n).astype(np.float64)
    total = np.empty(n)
    step = n + 1 if sparse.issparse(table) else max(CELLS // max(table.shape[1], 1), 1)
    for first in range(0, n, step):
        sums = shown[first : first + step] @ table
        part = sums.multiply(sums) if sparse.issparse(sums) else sums**2
        total[first : first + step] = np.asarray(part.sum(axis=1)).ravel()
    with np.errstate(divide="ignore", invalid="ignore"):
        alike = (total - count) / (count * (count - 1))
    # rounding may leave a little less than 0 of equal items
    return np.asarray(np.where(count > 1, np.maximum(1 - alike, 0.0), np.nan), np.float64)


def class_counts(
    account: npt.ArrayLike,
    item: npt.ArrayLike,
    classes: npt.ArrayLike | sparse.sparray,
    *,
    size: int | None = None,
) -> Floats:
    """Items shown to each account by class, shape (n, G), as :func:`miscalibration` takes them.

    An item of several classes is shared by them: p(g|u) ∝ Σ_i p(g|i), as in Steck (2018). An item
    counts once per account; items without a class are left out.

    Parameters
    ----------
    account, item
        Shape (k,): codes of who was shown what, as of :class:`Impressions`.
    classes
        Shape (m, G): weight of each class in each item, 0 or more, such as 1 for each of its tags;
        dense or sparse.
    size
        Number of accounts n; by default the largest code and one.

    Raises
    ------
    DataError
        If the arrays do not fit each other, hold what is no code or no weight, or the result would
        have more than 50 million numbers.

    References
    ----------
    Steck, H. (2018). Calibrated recommendations. RecSys '18, 154–162.
    https://doi.org/10.1145/3240323.3240372

    Examples
    --------
    >>> genres = [[1, 1], [0, 1]]
    >>> class_counts([0, 0, 1], [0, 1, 1], genres).tolist()
    [[0.5, 1.5], [0.0, 1.0]]
    """
    table = _check_features("classes", classes, low=0.0)
    account, item, n = _check_lists(account, item, table.shape[0], size)
    if n * table.shape[1] > 50_000_000:
        raise DataError(
            f"classes: {n:,} accounts × {table.shape[1]:,} classes are more than 50,000,000 "
            "numbers: keep the most frequent classes, or take communities of tags."
        )
    total = np.asarray(table.sum(axis=1)).ravel()
    shown = _list_matrix(account, item, (n, table.shape[0]))
    shown.data = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)[shown.indices]
    counts = shown @ table
    return np.asarray(counts.toarray() if sparse.issparse(counts) else counts, np.float64)


def item_features(dataset: Dataset, *, by: str = "tags") -> sparse.csr_array | Floats:
    """Features of the items of a log, as :func:`feature_distance` and :func:`class_counts` take them.

    Rows follow the items of :class:`Impressions`; an item without tags, or without an embedding, has
    a row of zeros.

    Parameters
    ----------
    dataset
        With items.
    by
        ``"tags"``: 1 for each tag of the item, the tags sorted and their spellings folded, sparse;
        or ``"embedding"``: its numbers.

    Returns
    -------
    scipy.sparse.csr_array or numpy.ndarray
        Shape (items, tags), or (items, numbers of an embedding).

    Raises
    ------
    MissingDataError
        Without the column.
    DataError
        If it is no Dataset.

    Examples
    --------
    >>> from graphkit.data.dataset import Dataset
    >>> log = Dataset(items={"item_id": ["w", "v"], "tags": [["Books", "art"], ["books"]]})
    >>> item_features(log).toarray().tolist()
    [[0.0, 1.0], [1.0, 1.0]]
    """
    check_choice("by", by, ("tags", "embedding"))
    require_dataset(dataset, caller="item_features")
    items = dataset.require("items", by, verb="item_features")
    rows = dataset.item_ids.encode(items.get_column("item_id")).astype(np.int64)
    column, size = items.get_column(by), len(dataset.item_ids)
    length = column.list.len().fill_null(0).to_numpy()
    values = column.drop_nulls().explode(empty_as_null=False)
    of = np.repeat(rows, length)
    if by == "embedding":
        table = np.zeros((size, int(length.max(initial=0))))
        known = length > 0
        table[rows[known]] = values.to_numpy().astype(np.float64).reshape(int(known.sum()), -1)
        return table
    folded = fold_tags(values)
    given = (folded.is_not_null() & (folded != "")).to_numpy()
    tags = Vocabulary(folded.filter(given))
    codes = tags.encode(folded.filter(given)).astype(np.int64)
    pairs = np.unique(of[given] * max(len(tags), 1) + codes)
    at = (pairs // max(len(tags), 1), pairs % max(len(tags), 1))
    return sparse.csr_array((np.ones(pairs.size), at), shape=(size, len(tags)))


def _check_lists(
    account: npt.ArrayLike, item: npt.ArrayLike, items: int, size: int | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """Codes of the distinct pairs of account and item, sorted, and the number of accounts."""
    n = check_integer("size", size, 0, optional=True)
    most = np.iinfo(np.int32).max if n is None else n - 1
    accounts = check_codes("account", account, (None,), 0, int(most))
    hint = "One item per account."
    codes = check_codes("item", item, accounts.shape, 0, items - 1, hint=hint)
    n = int(accounts.max(initial=-1)) + 1 if n is None else n
    pairs = np.unique(accounts.astype(np.int64) * max(items, 1) + codes)
    return pairs // max(items, 1), pairs % max(items, 1), n


def _list_matrix(
    account: npt.NDArray[np.int64], item: npt.NDArray[np.int64], shape: tuple[int, int]
) -> sparse.csr_array:
    """Lists of items as rows of a sparse matrix; the pairs are sorted and distinct."""
    indptr = np.concatenate([[0], np.cumsum(np.bincount(account, minlength=shape[0]))])
    return sparse.csr_array((np.ones(item.size), item, indptr), shape=shape)


def _check_features(
    name: str, value: npt.ArrayLike | sparse.sparray, *, low: float = -np.inf
) -> Any:
    """Features as float64, dense or sparse rows; a DataError if they are no finite numbers."""
    table: Any = value
    wanted = "a table of finite numbers" + (f" of {low:g} or more" if np.isfinite(low) else "")
    try:
        table = table.tocsr() if sparse.issparse(table) else np.asarray(table)
        fits = table.ndim == 2 and table.dtype.kind in "iufb"
        table = table.astype(np.float64) if fits else table
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{name}: {wanted} is needed, in rows of equal length.") from error
    if not fits:
        raise DataError(
            f"{name}: {wanted} is needed, one row per item, not {table.dtype} of shape {table.shape}."
        )
    entries: Floats = table.data if sparse.issparse(table) else table
    wrong = ~np.isfinite(entries) | (entries < low) | (np.abs(entries) > 1e150)
    if wrong.any():
        raise DataError(f"{name}: {wanted} is needed, and there is {entries[wrong].ravel()[0]:g}.")
    return table


def miscalibration(history: npt.ArrayLike, shown: npt.ArrayLike, *, alpha: float = 0.01) -> Floats:
    """Miscalibration of each row: divergence of what is shown from what was watched before.

    KL(p‖q̃) = Σ_c p_c ln(p_c / q̃_c) with q̃ = (1 − α) q + α p, p the shares of the history and q
    those of what was shown (Steck 2018). From 0, if they are equal, to ln(1 / α) ≈ 4.6, if they
    are disjoint; NaN for a row without history, or to which nothing was shown.

    Parameters
    ----------
    history, shown
        Shape (n, C): items of each account by community, or by any other class, such as
        :func:`class_counts` of two parts of a log.
    alpha
        The share α of p in q̃, in (0, 1): it bounds the divergence where a class is never
        shown.

    Raises
    ------
    OptionError
        If `alpha` is not between 0 and 1.
    DataError
        If the two differ in shape, or a number is negative, missing or infinite.

    References
    ----------
    Steck, H. (2018). Calibrated recommendations. RecSys '18, 154–162.
    https://doi.org/10.1145/3240323.3240372

    Examples
    --------
    >>> miscalibration([[7, 3], [5, 5]], [[70, 30], [9, 0]]).round(4).tolist()
    [0.0, 1.9585]
    """
    check_number("alpha", alpha, 0, 1, low_open=True, high_open=True)
    before = check_counts("history", history, (None, None)).astype(np.float64)
    hint = "It is that of the history."
    after = check_counts("shown", shown, before.shape, hint=hint).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = before / before.sum(axis=1, keepdims=True)
        q = (1 - alpha) * (after / after.sum(axis=1, keepdims=True)) + alpha * p
        # keeps NaN, and 0 · ln 0 = 0; q is 0 where α p is too small for a float
        terms = np.where((p > 0) & (q > 0), p * np.log(p / q), p + 0 * q)
    return np.asarray(terms.sum(axis=1), dtype=np.float64)


def _entropy_nats(table: Floats) -> Floats:
    """Shannon entropy of each row, in nats."""
    total = table.sum(axis=1, keepdims=True)
    share = table / np.where(total > 0, total, 1.0)
    terms = np.where(share > 0, share, 1.0)
    np.log(terms, out=terms)
    terms *= share
    return np.asarray(np.where(total[:, 0] > 0, 0.0 - terms.sum(axis=1), np.nan), np.float64)


def _ascending_amounts(values: npt.ArrayLike) -> Floats:
    return np.sort(check_counts("values", values, (None,)).astype(np.float64))

"""Adjacency matrices as entries: reading them, adding repeated entries, checking symmetry."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.errors import DataError

Codes = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Entries = tuple[Codes, Codes, Floats]

#: Opposite entries that differ by less than this share of the larger are equal up to rounding.
ROUNDING = 1e-12


def read_matrix(matrix: Any) -> tuple[int, Codes, Codes, Floats]:
    """Size, rows, columns and values of a square matrix, sorted by row and column, each once.

    `matrix` is sparse or dense, of any type of real numbers. Repeated entries are added as float64, in
    ascending order so that the sum does not depend on their order; zeros and masked entries
    are left out.

    Raises
    ------
    DataError
        If the matrix is not square, too large, or holds anything but finite real numbers.
    """
    import scipy.sparse as sp

    if sp.issparse(matrix):
        _check_square(matrix.shape)
        entries = matrix.tocoo()
        rows, columns, given = entries.row, entries.col, entries.data
        _check_kind(given.dtype)
    else:
        try:
            dense = np.asarray(np.ma.filled(matrix, 0) if np.ma.isMaskedArray(matrix) else matrix)
        except (TypeError, ValueError) as error:
            raise DataError(f"the matrix cannot be read: {error}.") from None
        _check_square(dense.shape)
        _check_kind(dense.dtype)
        # compared with 0, as a missing value or text would be skipped otherwise
        rows, columns = np.nonzero(dense != 0)
        given = dense[rows, columns]
    values = _as_floats(given, rows, columns)
    n = int(matrix.shape[0] if sp.issparse(matrix) else dense.shape[0])
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    new = np.ones(rows.size, dtype=np.bool_)
    new[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    if new.all():
        values = values[order]
    else:
        group = np.cumsum(new)
        ascending = np.lexsort((values[order], group))
        with np.errstate(over="ignore"):  # refused below
            values = np.add.reduceat(values[order][ascending], np.flatnonzero(new))
        rows, columns = rows[new], columns[new]
    _check_finite(values, rows, columns)
    kept = values != 0
    return n, rows[kept], columns[kept], values[kept]


def fold_symmetric(n: int, rows: Codes, columns: Codes, values: Floats) -> Entries:
    """Entries of the upper triangle of a symmetric matrix, opposite ones averaged.

    The entries are those of :func:`read_matrix`. The result is the same for the transpose.

    Raises
    ------
    DataError
        If opposite entries differ by more than rounding; the first such pair is named.
    """
    position = np.lexsort((rows, columns))  # of the transpose, in the order of the entries
    same = (columns[position] == rows).all() and (rows[position] == columns).all()
    if not same:
        _refuse_lone(n, rows, columns, values)
    opposite = values[position]
    low, high = np.minimum(values, opposite), np.maximum(values, opposite)
    with np.errstate(over="ignore"):
        gap = high - low
    wrong = np.flatnonzero(gap > ROUNDING * np.maximum(np.abs(low), np.abs(high)))
    if wrong.size:
        first = wrong[0]
        pair = values[first], opposite[first]
        raise _asymmetric(int(rows[first]), int(columns[first]), *pair, wrong.size // 2)
    upper = rows <= columns
    return rows[upper], columns[upper], low[upper] + gap[upper] / 2


def _refuse_lone(n: int, rows: Codes, columns: Codes, values: Floats) -> None:
    """Raise for the first entry whose opposite is absent."""
    keys = rows.astype(np.int64) * n + columns
    lone = np.flatnonzero(~np.isin(columns.astype(np.int64) * n + rows, keys))
    first = lone[0]
    raise _asymmetric(int(rows[first]), int(columns[first]), values[first], 0.0, lone.size)


def _asymmetric(row: int, column: int, value: float, opposite: float, count: int) -> DataError:
    return DataError(
        f"the matrix is not symmetric: entry ({row}, {column}) is {value:.17g}, but ({column}, "
        f"{row}) is {opposite:.17g} ({count:,} such pairs; rows are counted from 0). Use "
        "directed=True, or average it: (matrix + matrix.T) / 2."
    )


def _check_square(shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or shape[0] != shape[1]:
        raise DataError(f"the matrix has shape {shape}; an adjacency matrix is square.")
    if shape[0] > np.iinfo(np.int32).max:
        raise DataError(f"the matrix has {shape[0]:,} rows; a graph holds up to 2^31 − 1 nodes.")


def _check_kind(dtype: np.dtype[Any]) -> None:
    if dtype.kind not in "biufO":
        kind = "complex numbers" if dtype.kind == "c" else f"values of type {dtype}"
        raise DataError(
            f"the matrix holds {kind}, but weights are real: take abs(matrix), or convert it."
        )


def _as_floats(given: npt.NDArray[Any], rows: Codes, columns: Codes) -> Floats:
    try:
        if given.dtype.kind == "O" and any(isinstance(value, str | bytes) for value in given):
            raise TypeError("it holds text")
        with np.errstate(over="ignore"):  # an infinite one is refused
            values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"the matrix must hold real numbers: {error}.") from None
    _check_finite(values, rows, columns)
    return values


def _check_finite(values: Floats, rows: Codes, columns: Codes) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        first = bad[0]
        raise DataError(
            f"entry ({rows[first]}, {columns[first]}) of the matrix is {values[first]}, which is not "
            f"a finite number ({bad.size:,} such entries; rows are counted from 0): set it to 0, or "
            "to a weight."
        )

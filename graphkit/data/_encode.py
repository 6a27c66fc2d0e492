"""Ids ↔ codes for long columns: each distinct id is held once, whatever the number of rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.errors import DataError

__all__ = ["Coder", "refuse_mangled"]

Codes = npt.NDArray[np.int32]


class Coder:
    """Gives each distinct id a code as columns come in, piece by piece.

    Rows are looked up by a 64-bit hash, which is some times faster than by text, and every
    row is then compared with the id that it was given: two ids of one hash are seen, and the
    piece is done again under another hash. So no result depends on the hash function.

    Parameters
    ----------
    ids
        Distinct ids that are known beforehand; their codes are their positions.

    Examples
    --------
    >>> coder = Coder()
    >>> first, second = coder.add(pl.Series(["b", "c", None])), coder.add(pl.Series(["a", "b"]))
    >>> first.tolist(), second.tolist()
    ([0, 1, -1], [2, 0])
    >>> ids, place = coder.finish()
    >>> ids.to_list(), place[first[:2]].tolist(), place[second].tolist()
    (['a', 'b', 'c'], [1, 2], [0, 1])
    """

    __slots__ = ("_ids", "_seed", "_table")

    def __init__(self, ids: pl.Series | None = None) -> None:
        self._seed = 0
        self._ids = pl.Series("id", [], dtype=pl.String) if ids is None else ids.alias("id")
        self._learn()

    def add(self, values: pl.Series) -> Codes:
        """Provisional codes of text `values`, shape (len(values),), −1 where null."""
        present = values.is_not_null() if values.null_count() else None
        given = values if present is None else values.filter(present)
        found = self._codes(given)
        while not (self._ids.gather(found) == given).all():  # two ids of one hash
            self._seed += 1
            self._learn()
            found = self._codes(given)
        if present is None:
            return found
        codes = np.full(len(values), -1, dtype=np.int32)
        codes[present.to_numpy()] = found
        return codes

    def finish(self) -> tuple[pl.Series, Codes]:
        """All ids seen, sorted, and the place of each provisional code among them."""
        order = self._ids.arg_sort()
        place = np.empty(len(order), dtype=np.int32)
        place[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
        return self._ids.gather(order), place

    def _learn(self) -> None:
        """Hash the ids known, under the first seed that tells them apart."""
        while True:
            hashes = _hash(self._ids, self._seed)
            if hashes.n_unique() == len(hashes):
                break
            self._seed += 1
        self._table = _table(hashes, 0)

    def _codes(self, values: pl.Series) -> Codes:
        hashes = _hash(values, self._seed)
        first = hashes.arg_unique().sort()
        one_each = pl.DataFrame({"hash": hashes.gather(first), "first": first})
        fresh = one_each.join(self._table, on="hash", how="anti", maintain_order="left")
        if fresh.height:
            if len(self._ids) + fresh.height > np.iinfo(np.int32).max:
                raise DataError("there are more than 2^31 − 1 distinct ids, the most that fit.")
            # adding nothing copies: a selection alone would keep the whole piece in memory
            new = values.gather(fresh.get_column("first")).alias("id") + ""
            added = _table(fresh.get_column("hash"), len(self._ids))
            self._ids = pl.concat([self._ids, new], rechunk=True)
            self._table = pl.concat([self._table, added], rechunk=True)
        codes = hashes.to_frame("hash").join(
            self._table, on="hash", how="left", maintain_order="left"
        )
        found: Codes = codes.get_column("code").to_numpy()
        return found


def refuse_mangled(ids: pl.Series, place: str) -> None:
    """Raise if an id is a number in scientific notation, as spreadsheets write long ids."""
    hits = ids.filter(ids.str.contains(r"^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"))
    if len(hits):
        raise DataError(
            f"{place}: {hits[0]!r} is a number in scientific notation ({len(hits):,} such ids); its "
            "digits are lost: export the column as text."
        )


def _hash(values: pl.Series, seed: int) -> pl.Series:
    return values.hash(seed=seed).alias("hash")


def _table(hashes: pl.Series, first: int) -> pl.DataFrame:
    codes = np.arange(first, first + len(hashes), dtype=np.int32)
    return pl.DataFrame({"hash": hashes, "code": codes})

"""Vocabulary: the mapping between ids and codes, their positions in arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen, content_key
from graphkit.errors import DataError, MissingDataError, nearest, shorten
from graphkit.parallel import refuse_after_fork

Codes = npt.NDArray[np.int32]


class Vocabulary(Frozen):
    """Distinct ids in sorted order; the code of an id is its position, 0 … n−1.

    Results thus depend neither on the order of rows nor on the hash seed. Strings sort by
    code point, integers by value; ids of other hashable kinds (tuples, mixtures) by type and value.

    `ids` is any iterable of hashable ids, with repetitions; `None` and floats are refused. Integers
    beyond 64 bits with sign are ids of kind ``"object"``; NumPy's scalars are those of Python.

    Examples
    --------
    >>> v = Vocabulary(["b", "a", "b", "c"])
    >>> list(v.ids), len(v)
    (['a', 'b', 'c'], 3)
    >>> v.encode(["c", "a"]).tolist()
    [2, 0]
    """

    _kind: str
    _values: pl.Series | list[Any]

    def __init__(self, ids: Iterable[Any] | pl.Series) -> None:
        refuse_after_fork()
        series, objects = _as_series(ids)
        if series is not None:
            if series.null_count():
                raise DataError("an id is missing (None): every node needs an id.")
            self._kind = "str" if series.dtype == pl.String else "int"
            self._values = _distinct_ids(series)
        else:
            self._values = _sorted_objects(objects)
            self._kind = "object"
        if len(self._values) > np.iinfo(np.int32).max:
            raise DataError(f"{len(self._values)} ids are more than 2^31 − 1 codes can hold.")

    @property
    def kind(self) -> str:
        """Type of the ids: ``"str"``, ``"int"`` or ``"object"``."""
        return self._kind

    @cached_property
    def ids(self) -> npt.NDArray[Any]:
        """The ids in code order, shape (n,), read-only (integers, or objects)."""
        if isinstance(self._values, pl.Series):
            array = self._values.to_numpy()
            if self._kind == "int":
                array = array.astype(np.int64)
        else:
            array = np.empty(len(self._values), dtype=object)
            for i, value in enumerate(self._values):  # tuples must stay single objects
                array[i] = value
        array = np.array(array, copy=not array.flags.owndata)
        array.setflags(write=False)
        return array

    @property
    def series(self) -> pl.Series:
        """The ids as a Polars series of strings or integers, named ``id``."""
        refuse_after_fork()
        if isinstance(self._values, pl.Series):
            return self._values.alias("id")
        return pl.Series("id", [str(v) for v in self._values], dtype=pl.String)

    @cached_property
    def content_key(self) -> str:
        """Key of the ids, see :func:`graphkit.data.frozen.content_key`."""
        if isinstance(self._values, pl.Series):
            return content_key(self._values)
        return content_key([f"{type(v).__name__}:{v!r}" for v in self._values])

    @cached_property
    def _codes_by_id(self) -> dict[Any, int]:
        return {value: code for code, value in enumerate(self._values)}

    @cached_property
    def _codes_by_hash(self) -> tuple[int, pl.DataFrame]:
        """Seed under which the hashes of the ids differ, and the code of each hash."""
        ids, seed = self.series, 0
        while (hashes := ids.hash(seed)).n_unique() < len(ids):
            seed += 1
        codes = pl.Series(np.arange(len(ids), dtype=np.int32))
        return seed, pl.DataFrame({"hash": hashes, "code": codes})

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.ids)

    def __contains__(self, value: object) -> bool:
        return bool(self.lookup([value])[0] >= 0) if len(self) else False

    @cached_property
    def _key(self) -> str:
        return self.content_key

    def _facts(self) -> dict[str, object]:
        return {"ids": len(self), "kind": self._kind}

    def __repr__(self) -> str:
        shown = ", ".join(repr(v) for v in self.ids[:4].tolist())
        return f"Vocabulary({len(self):,} ids: {shown}{', …' if len(self) > 4 else ''})"

    def lookup(self, values: Iterable[Any] | pl.Series) -> Codes:
        """Codes of `values`, −1 where an id is unknown; shape (len(values),), int32."""
        refuse_after_fork()
        series, objects = _as_series(values)
        if series is None or self._kind == "object":
            items = objects if series is None else series.to_list()
            found = [self._codes_by_id.get(v, -1) for v in items]
            return np.array(found, dtype=np.int32)
        if len(self) == 0 or (series.dtype == pl.String) != (self._kind == "str"):
            return np.full(len(series), -1, dtype=np.int32)
        if len(series) == len(self) and series.equals(self.series):
            return np.arange(len(self), dtype=np.int32)
        if self._kind == "str":
            return self._lookup_texts(series)
        return self._lookup_integers(series)

    def _lookup_texts(self, series: pl.Series) -> Codes:
        """Codes by hash, which is faster than by text; then each text is compared."""
        seed, table = self._codes_by_hash
        hashes = series.hash(seed).alias("hash").to_frame()
        found = hashes.join(table, on="hash", how="left", maintain_order="left")
        codes = found.get_column("code")
        # no two ids have one hash: another text with the hash of an id is no id
        same = self.series.gather(codes) == series
        array = codes.fill_null(-1).to_numpy().astype(np.int32, copy=False)
        if same.null_count() or not same.all():
            array = np.where(same.fill_null(False).to_numpy(), array, np.int32(-1))
        return array

    def _lookup_integers(self, series: pl.Series) -> Codes:
        missing = series.is_null().to_numpy() if series.null_count() else None
        values = (series.fill_null(0) if missing is not None else series).to_numpy()
        if not values.size:
            return np.empty(0, dtype=np.int32)
        low, high = int(self.ids[0]), int(self.ids[-1])
        inside = low <= int(values.min()) and int(values.max()) <= high
        found: Codes
        if inside and high - low + 1 == len(self):
            found = (values if low == 0 else values - low).astype(np.int32)
        elif inside and _is_dense(low, high, len(self) + values.size):
            table = np.full(high - low + 1, -1, dtype=np.int32)
            table[self.ids - low] = np.arange(len(self), dtype=np.int32)
            found = table[values - low]
        else:
            positions = np.searchsorted(self.ids, values)
            positions[positions == len(self)] = 0
            found = np.where(self.ids[positions] == values, positions, -1).astype(np.int32)
        if missing is not None:
            found[missing] = -1
        return found

    def encode(self, values: Iterable[Any] | pl.Series) -> Codes:
        """Codes of `values`, shape (len(values),), int32.

        Raises
        ------
        MissingDataError
            If an id is unknown; the message names the first one.
        """
        values = values if isinstance(values, pl.Series | list | np.ndarray) else list(values)
        codes = self.lookup(values)
        unknown = np.flatnonzero(codes < 0)
        if unknown.size:
            first = values[int(unknown[0])]
            hint = nearest(str(first), [str(v) for v in self.ids[:2000]])
            raise MissingDataError(
                f"id {first!r} is unknown ({unknown.size} of {len(codes)} are); the vocabulary "
                f"holds {len(self)} ids of kind {self._kind!r}.{hint}"
            )
        return codes

    def take(self, codes: npt.ArrayLike) -> Vocabulary:
        """Vocabulary of some `codes`, or of a boolean mask; ids stay sorted."""
        picked = np.asarray(codes)
        if picked.dtype != bool:
            mask = np.zeros(len(self), dtype=bool)
            mask[picked] = True
            picked = mask
        if isinstance(self._values, pl.Series):
            return Vocabulary(self._values.filter(pl.Series(picked)))
        return Vocabulary([v for v, keep in zip(self._values, picked, strict=True) if keep])


def _is_dense(low: int, high: int, count: int) -> bool:
    """Whether a table of all integers from low to high has fewer than 4 · count entries."""
    return high - low < 4 * count


def _distinct_ids(series: pl.Series) -> pl.Series:
    """Distinct ids in ascending order; dense integers are marked in a table."""
    if series.dtype != pl.String and len(series):
        low, high = series.min(), series.max()
        assert isinstance(low, int)
        assert isinstance(high, int)
        if _is_dense(low, high, len(series)):
            seen = np.zeros(high - low + 1, dtype=np.bool_)
            values = series.to_numpy()
            seen[values if low == 0 else values - low] = True
            return pl.Series(np.flatnonzero(seen) + low, dtype=pl.Int64)
    if len(series) and bool((series.slice(1) > series.slice(0, len(series) - 1)).all()):
        if series.dtype == pl.String:
            return series
        # integers may lie in an array of the caller, who may change it later
        return pl.Series(series.name, series.to_numpy().copy())
    return series.unique().sort()


def _as_series(ids: Iterable[Any] | pl.Series) -> tuple[pl.Series | None, list[Any]]:
    """Series of strings or integers; a list of objects for all other ids."""
    if isinstance(ids, Vocabulary):
        ids = ids.series if ids.kind != "object" else list(ids)
    if isinstance(ids, pl.Series):
        series = ids
    elif isinstance(ids, np.ndarray) and ids.dtype.kind in "iufU":
        series = pl.Series(ids)
    else:
        objects = list(ids)
        kinds = set(map(type, objects))
        if any(issubclass(k, np.generic) for k in kinds):
            objects = [v.item() if isinstance(v, np.generic) else v for v in objects]
            kinds = set(map(type, objects))
        if any(issubclass(k, float) for k in kinds):
            _refuse_floats(objects)
        if unhashable := [k.__name__ for k in kinds if k.__hash__ is None]:
            raise DataError(f"ids are {unhashable[0]} objects: pass strings, integers or tuples.")
        if kinds <= {str}:
            try:
                series = pl.Series(objects, dtype=pl.String)
            except UnicodeEncodeError as error:
                raise DataError(
                    f"id {error.object!r} holds half a surrogate pair, which no UTF-8 text can: "
                    "correct it."
                ) from None
        elif bool not in kinds and all(issubclass(k, int) for k in kinds):
            try:
                series = pl.Series(objects, dtype=pl.Int64)
            except (OverflowError, TypeError):
                return None, objects
        else:
            return None, objects
    if isinstance(series.dtype, pl.Enum | pl.Categorical):
        series = series.cast(pl.String)
    if series.dtype.is_float():
        _refuse_floats(series.drop_nulls().head(1).to_list())
        series = series.cast(pl.String)  # nothing but nulls
    if series.dtype.is_integer():
        fitting = series.cast(pl.Int64, strict=False)
        if fitting.null_count() > series.null_count():
            return None, series.to_list()
        series = fitting
    elif series.dtype == pl.Null:
        series = series.cast(pl.String)
    elif series.dtype != pl.String:
        return _as_series(series.to_list())
    return series, []


def _refuse_floats(values: list[Any]) -> None:
    """Raise for the first float among the values, if there is one."""
    for value in values:
        if isinstance(value, float):
            raise DataError(
                f"id {value!r} is a float: ids above 2^53 lose digits that way. "
                "Read the column as text, or pass integers or strings."
            )


def _sorted_objects(values: list[Any]) -> list[Any]:
    if any(v is None for v in values):
        raise DataError("an id is missing (None): every node needs an id.")
    try:
        distinct = list(dict.fromkeys(values))
    except TypeError as error:
        raise DataError(f"ids must be hashable: {error}.") from None
    for value in distinct:
        try:
            str(value).encode()
        except UnicodeEncodeError:
            raise DataError(
                f"id {shorten(value)} holds half a surrogate pair, which no UTF-8 text can: correct it."
            ) from None
        except ValueError:
            raise DataError(f"id {shorten(value)} has too many digits: pass it as text.") from None
    try:
        return sorted(distinct, key=lambda v: (type(v).__qualname__, v))
    except TypeError:
        pass
    texts = {(type(v).__qualname__, repr(v)): v for v in distinct}
    if len(texts) < len(distinct) or any(" at 0x" in text for _, text in texts):
        raise DataError(
            "ids of these kinds cannot be ordered reproducibly: use strings, integers, or "
            "objects with '<' or a telling repr()."
        )
    return [texts[key] for key in sorted(texts)]

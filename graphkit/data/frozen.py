"""Base class of immutable values: display, equality, read-only arrays, pickling."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.display import html_card, text_card
from graphkit.errors import DataError
from graphkit.parallel import refuse_after_fork


class Frozen:
    """Base of frozen dataclasses (``frozen=True, repr=False, eq=False``).

    Two values are equal if they are of one class and all fields but the provenance hold the
    same numbers, texts and tables; NaN equals NaN. Arrays are read-only, also after pickling
    and copying, which leave out the values of cached properties.

    A class statement may name the `title` of the display (else the name of the class) and the
    attribute or method that gives the `table` below it in a notebook.
    """

    _heading: ClassVar[str]
    _below: ClassVar[str]

    def __init_subclass__(cls, *, title: str = "", table: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._heading, cls._below = title or cls.__name__, table

    def __post_init__(self) -> None:
        self._set(**vars(self))

    def _set(self, **values: Any) -> None:
        """Set fields, their arrays made read-only."""
        for name, value in values.items():
            object.__setattr__(self, name, _read_only(value))

    def _set_arrays(
        self, shape: tuple[int, ...] | None = None, **dtypes: npt.DTypeLike | None
    ) -> None:
        """Make fields contiguous, read-only arrays of these types; absent ones stay `None`."""
        for name, dtype in dtypes.items():
            if (value := getattr(self, name)) is None:
                continue
            kind = type(self).__name__.lower()
            try:
                with np.errstate(invalid="ignore"):  # what does not fit is refused below
                    array = np.ascontiguousarray(value, dtype=dtype)
            except (TypeError, ValueError, OverflowError) as error:
                raise DataError(f"{kind}: {name} must hold {dtype}: {error}.") from None
            if array.dtype.kind == "i" and not _same_integers(np.asarray(value), array):
                raise DataError(
                    f"{kind}: {name} holds numbers that {array.dtype} cannot hold: whole numbers up "
                    f"to {np.iinfo(array.dtype).max:,} are needed."
                )
            if shape not in (None, array.shape):
                raise DataError(f"{kind}: {name} has shape {array.shape}, not {shape}.")
            self._set(**{name: array})

    @cached_property
    def _key(self) -> str:
        """Key of all fields but the provenance."""
        state = self.__getstate__()
        return content_key(*(_to_repr_form(v) for name, v in state.items() if name != "provenance"))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self is other or self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: _PickledMapping(value) if isinstance(value, MappingProxyType) else value
            for name, value in vars(self).items()
            if not isinstance(getattr(type(self), name, None), cached_property)
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        proxies = {
            k: MappingProxyType(v) for k, v in state.items() if isinstance(v, _PickledMapping)
        }
        self._set(**state | proxies)

    def _title(self) -> str:
        return self._heading

    def _facts(self) -> dict[str, object]:
        """Displayed facts, one per line."""
        return dict(self.__getstate__())

    def _table(self) -> pl.DataFrame | None:
        """The table below the facts in a notebook."""
        refuse_after_fork()
        found = attrgetter(self._below)(self) if self._below else None
        return found() if callable(found) else found

    def __repr__(self) -> str:
        return text_card(self._title(), self._facts())

    def _repr_html_(self) -> str:
        return html_card(self._title(), self._facts(), self._table())


def _same_integers(given: npt.NDArray[Any], cast: npt.NDArray[Any]) -> bool:
    """Whether a cast to integers changed no value."""
    if given.dtype == cast.dtype or np.can_cast(given.dtype, cast.dtype):
        return True
    return bool((given == cast).all())


class _PickledMapping(dict[Any, Any]):
    """Pickled form of a read-only mapping."""


def _read_only(value: Any) -> Any:
    """`value` with its arrays, those in tuples and mappings too, as read-only views."""
    if isinstance(value, np.ndarray):
        value = value.view()
        value.setflags(write=False)
    elif type(value) is tuple:
        return tuple(_read_only(v) for v in value)
    elif type(value) in (dict, MappingProxyType):
        return type(value)({k: _read_only(v) for k, v in value.items()})
    return value


def _to_repr_form(value: Any) -> Any:
    """`value` such that its `repr` is complete: large parts by their content key."""
    if isinstance(value, Frozen):
        return value._key
    if isinstance(value, np.ndarray | pl.DataFrame | pl.Series):
        return content_key(value)
    if isinstance(value, Mapping):
        return sorted((repr(k), _to_repr_form(v)) for k, v in value.items())
    if isinstance(value, tuple | list):
        return [_to_repr_form(v) for v in value]
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    value = value.item() if isinstance(value, np.generic) else value
    # 1 and 1.0 are one number
    return int(value) if isinstance(value, float) and value.is_integer() else value


def content_key(*parts: Any) -> str:
    """Key of the content of arrays, series, frames and plain values: 32 hex digits.

    Equal content gives equal keys on every machine; it depends on values and on their
    order, not on how they are laid out in memory.
    """
    refuse_after_fork()
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        _update_digest(digest, part)
    return digest.hexdigest()


def _update_digest(digest: hashlib.blake2b, part: Any) -> None:
    if isinstance(part, np.ndarray) and part.dtype != object:
        digest.update(f"array{part.dtype.str}{part.shape}".encode())
        digest.update(np.ascontiguousarray(part).data)
    elif isinstance(part, pl.DataFrame):
        digest.update(f"frame{part.height}".encode())
        for name in part.columns:
            digest.update(name.encode())
            _update_digest(digest, part.get_column(name))
    elif isinstance(part, pl.Series):
        _update_with_series(digest, part)
    else:
        value = part.tolist() if isinstance(part, np.ndarray) else part
        digest.update(f"{type(part).__name__}:{value!r}".encode())


def _update_with_series(digest: hashlib.blake2b, series: pl.Series) -> None:
    if isinstance(series.dtype, pl.Enum | pl.Categorical):
        series = series.cast(pl.String)
    digest.update(f"series{series.dtype}{len(series)}".encode())
    if series.null_count():
        _update_digest(digest, series.is_null().to_numpy())
    if series.dtype == pl.String:
        _update_digest(digest, series.str.len_bytes().fill_null(0).to_numpy())
        texts = series.drop_nulls()
        for first in range(0, len(texts), 1 << 18):  # in pieces, to bound memory
            digest.update(texts.slice(first, 1 << 18).str.join("").item().encode())
    elif isinstance(series.dtype, pl.Struct):
        _update_digest(digest, series.struct.unnest())
    elif isinstance(series.dtype, pl.List):
        _update_digest(digest, series.list.len().fill_null(0).to_numpy())
        flat = series.drop_nulls()
        _update_with_series(digest, flat.explode(empty_as_null=False))
    else:
        physical = series.to_physical()
        if physical.null_count():
            physical = physical.fill_null(False if physical.dtype == pl.Boolean else 0)
        _update_digest(digest, physical.to_numpy())

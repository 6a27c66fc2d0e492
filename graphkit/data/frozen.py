"""The base of values that never change: display, equality, read-only arrays, pickling."""

from __future__ import annotations

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

__all__ = ["Frozen"]


class Frozen:
    """Base of frozen dataclasses (``frozen=True, repr=False, eq=False``).

    Two values are equal if they are of one class and all fields but the provenance hold the
    same numbers, texts and tables; NaN equals NaN. Arrays are read-only, also after pickling
    and copying, which leave out what cached properties have computed.

    A class statement may name the title of the display (else that of the class) and the
    attribute or method that gives the table below it in a notebook.
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
            array = np.ascontiguousarray(value, dtype=dtype)
            if shape not in (None, array.shape):
                kind = type(self).__name__.lower()
                raise DataError(f"{kind}: {name} has shape {array.shape}, not {shape}.")
            self._set(**{name: array})

    # equality ------------------------------------------------------------------------

    @cached_property
    def _key(self) -> str:
        """Key of all fields but the provenance."""
        from graphkit.data.provenance import content_key

        state = self.__getstate__()
        return content_key(*(_plain(v) for name, v in state.items() if name != "provenance"))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self is other or self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    # pickling and copying ------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: _Items(value) if isinstance(value, MappingProxyType) else value
            for name, value in vars(self).items()
            if not isinstance(getattr(type(self), name, None), cached_property)
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        proxies = {k: MappingProxyType(v) for k, v in state.items() if isinstance(v, _Items)}
        self._set(**state | proxies)

    # display -------------------------------------------------------------------------

    def _title(self) -> str:
        return self._heading

    def _facts(self) -> dict[str, object]:
        """What is shown, one fact a line."""
        return dict(self.__getstate__())

    def _table(self) -> pl.DataFrame | None:
        """The table below the facts in a notebook."""
        found = attrgetter(self._below)(self) if self._below else None
        return found() if callable(found) else found

    def __repr__(self) -> str:
        return text_card(self._title(), self._facts())

    def _repr_html_(self) -> str:
        return html_card(self._title(), self._facts(), self._table())


class _Items(dict[Any, Any]):
    """A read-only mapping on its way through a pickle."""


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


def _plain(value: Any) -> Any:
    """`value` such that its `repr` tells all of it: large parts by their key."""
    from graphkit.data.provenance import content_key

    if isinstance(value, Frozen):
        return value._key
    if isinstance(value, np.ndarray | pl.DataFrame | pl.Series):
        return content_key(value)
    if isinstance(value, Mapping):
        return sorted((repr(k), _plain(v)) for k, v in value.items())
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    value = value.item() if isinstance(value, np.generic) else value
    # 1 and 1.0 are one number
    return int(value) if isinstance(value, float) and value.is_integer() else value

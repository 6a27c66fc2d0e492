"""Where a derived value came from: verb, parameters, seed, versions, inputs."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from graphkit._version import __version__
from graphkit.data.frozen import Frozen

__all__ = ["Provenance", "content_key"]


@dataclass(frozen=True, eq=False)
class Provenance(Frozen):
    """The record that every derived noun carries.

    Attributes
    ----------
    verb
        Name of the function that made the value, such as ``"follow_graph"``.
    parameters
        Its parameters as given and as resolved, JSON-representable.
    seed
        Root seed of its random streams; `None` where nothing was drawn.
    inputs
        Content keys of what it was made from, in the order of the arguments.
    removed
        What the verb took away, as counts by reason.
    versions
        Versions of graphkit and of the engines that took part.
    parents
        Provenance of the inputs, so that the whole chain can be told.
    """

    verb: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    inputs: tuple[str, ...] = ()
    removed: Mapping[str, int] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    parents: tuple[Provenance, ...] = ()

    def __post_init__(self) -> None:
        self._set(
            parameters=MappingProxyType({k: _plain(v) for k, v in self.parameters.items()}),
            removed=MappingProxyType(dict(self.removed)),
            versions=MappingProxyType({"graphkit": __version__, **self.versions}),
        )

    @classmethod
    def of(
        cls,
        verb: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        seed: int | None = None,
        made_from: tuple[Any, ...] = (),
        removed: Mapping[str, int] | None = None,
        packages: tuple[str, ...] = (),
    ) -> Provenance:
        """The record of a verb applied to nouns, which bring their own records."""
        parents = tuple(p for p in (getattr(n, "provenance", None) for n in made_from) if p)
        return cls(
            verb=verb,
            parameters=parameters or {},
            seed=seed,
            inputs=tuple(noun.content_key for noun in made_from),
            removed=removed or {},
            versions={name: _version_of(name) for name in packages},
            parents=parents,
        )

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON types."""
        return {
            "verb": self.verb,
            "parameters": dict(self.parameters),
            "seed": self.seed,
            "inputs": list(self.inputs),
            "removed": dict(self.removed),
            "versions": dict(self.versions),
            "parents": [p.to_dict() for p in self.parents],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Provenance:
        """The inverse of :meth:`to_dict`."""
        return cls(
            verb=record["verb"],
            parameters=record["parameters"],
            seed=record["seed"],
            inputs=tuple(record["inputs"]),
            removed=record["removed"],
            versions=record["versions"],
            parents=tuple(cls.from_dict(p) for p in record["parents"]),
        )


@lru_cache(maxsize=64)
def _version_of(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _plain(value: Any) -> Any:
    """`value` in JSON types: sets sorted, arrays and long collections by their key."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return [_plain(v) for v in sorted(value)]
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, np.ndarray | pl.Series):
        return f"array {content_key(value)}"
    return str(value)


def content_key(*parts: Any) -> str:
    """Key of the content of arrays, series, frames and plain values: 32 hex digits.

    Equal content gives equal keys on every machine; it depends on values and on their
    order, not on how they are laid out in memory.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()


def _feed(digest: hashlib.blake2b, part: Any) -> None:
    if isinstance(part, np.ndarray) and part.dtype != object:
        digest.update(f"array{part.dtype.str}{part.shape}".encode())
        digest.update(np.ascontiguousarray(part).data)
    elif isinstance(part, pl.DataFrame):
        digest.update(f"frame{part.height}".encode())
        for name in part.columns:
            digest.update(name.encode())
            _feed(digest, part.get_column(name))
    elif isinstance(part, pl.Series):
        _feed_series(digest, part)
    else:
        value = part.tolist() if isinstance(part, np.ndarray) else part
        digest.update(f"{type(part).__name__}:{value!r}".encode())


def _feed_series(digest: hashlib.blake2b, series: pl.Series) -> None:
    if isinstance(series.dtype, pl.Enum | pl.Categorical):
        series = series.cast(pl.String)
    digest.update(f"series{series.dtype}{len(series)}".encode())
    if series.null_count():
        _feed(digest, series.is_null().to_numpy())
    if series.dtype == pl.String:
        _feed(digest, series.str.len_bytes().fill_null(0).to_numpy())
        texts = series.drop_nulls()
        for first in range(0, len(texts), 1 << 18):  # piecewise: never all texts in one
            digest.update(texts.slice(first, 1 << 18).str.join("").item().encode())
    elif isinstance(series.dtype, pl.Struct):
        _feed(digest, series.struct.unnest())
    elif isinstance(series.dtype, pl.List):
        _feed(digest, series.list.len().fill_null(0).to_numpy())
        flat = series.drop_nulls()
        _feed_series(digest, flat.explode(empty_as_null=False))
    else:
        physical = series.to_physical()
        if physical.null_count():
            physical = physical.fill_null(False if physical.dtype == pl.Boolean else 0)
        _feed(digest, physical.to_numpy())

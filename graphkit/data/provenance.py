"""Where a derived value came from: verb, parameters, seed, versions, inputs."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from graphkit._version import __version__
from graphkit.data.frozen import Frozen, content_key

__all__ = ["Provenance"]


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

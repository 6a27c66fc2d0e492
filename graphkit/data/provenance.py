"""Provenance of derived values: function, parameters, seed, versions, inputs."""

from __future__ import annotations

import importlib.metadata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from graphkit._version import __version__
from graphkit.data.frozen import Frozen, content_key


@dataclass(frozen=True, eq=False)
class Provenance(Frozen):
    """Record of how a value was made; every derived value carries one.

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
        What the function left out, as counts by reason.
    versions
        Versions of graphkit and of the engines that took part.
    parents
        Provenance of the inputs, so that the whole chain is recorded.
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
            parameters=MappingProxyType({k: _to_json_type(v) for k, v in self.parameters.items()}),
            removed=MappingProxyType(dict(self.removed)),
            versions=MappingProxyType({"graphkit": __version__, **self.versions}),
        )

    @classmethod
    def of(
        cls,
        caller: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        seed: int | None = None,
        made_from: tuple[Any, ...] = (),
        removed: Mapping[str, int] | None = None,
        packages: tuple[str, ...] = (),
    ) -> Provenance:
        """Record of a function call on values, whose own records become its parents.

        `made_from` are the values, `packages` those whose versions are recorded; all else is
        as the attributes.
        """
        records = (getattr(value, "provenance", None) for value in made_from)
        return cls(
            caller,
            parameters or {},
            seed,
            tuple(value.content_key for value in made_from),
            removed or {},
            {name: _package_version(name) for name in packages},
            tuple(record for record in records if record),
        )

    def find(self, parameter: str) -> Any:
        """The latest value of a parameter in the record and its parents; `None` without one."""
        value = self.parameters.get(parameter)
        if value is not None:
            return value
        found = (parent.find(parameter) for parent in self.parents)
        return next((one for one in found if one is not None), None)

    def census(self) -> dict[str, int]:
        """What the function and those before it left out, as counts by reason; each record once."""
        records: dict[int, Provenance] = {}
        waiting = [self]
        while waiting:
            one = waiting.pop()
            if id(one) not in records:
                records[id(one)] = one
                waiting += one.parents
        found: Counter[str] = Counter()
        for one in records.values():
            found.update(one.removed)
        return {reason: found[reason] for reason in sorted(found) if found[reason]}

    def without_counts(self) -> Provenance:
        """The record and its parents, all without what was left out."""
        return replace(self, removed={}, parents=tuple(p.without_counts() for p in self.parents))

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON types."""
        mappings = {
            name: dict(getattr(self, name)) for name in ("parameters", "removed", "versions")
        }
        lists = {"inputs": list(self.inputs), "parents": [p.to_dict() for p in self.parents]}
        record = {"verb": self.verb, "seed": self.seed} | mappings | lists
        return {spec.name: record[spec.name] for spec in fields(self)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Provenance:
        """The inverse of :meth:`to_dict`."""
        values = {spec.name: record[spec.name] for spec in fields(cls)}
        parents = tuple(cls.from_dict(p) for p in record["parents"])
        return cls(**values | {"inputs": tuple(record["inputs"]), "parents": parents})


@lru_cache(maxsize=64)
def _package_version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _to_json_type(value: Any) -> Any:
    """`value` in JSON types: sets sorted, arrays and long collections by their key."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(k): _to_json_type(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return [_to_json_type(v) for v in sorted(value)]
    if isinstance(value, tuple | list):
        return [_to_json_type(v) for v in value]
    if isinstance(value, np.ndarray | pl.Series):
        return f"array {content_key(value)}"
    return str(value)

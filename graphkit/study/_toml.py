"""Keys checked with a hint, and errors in one sentence."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from graphkit.errors import OptionError, nearest

__all__ = ["check_keys", "explain"]


def check_keys(model: Any, values: Mapping[str, Any], place: str, section: str = "") -> None:
    """Refuse keys that the model does not have, section by section.

    Raises
    ------
    OptionError
        Naming the key with its section and the nearest known key.
    """
    fields = _fields_of(model)
    for key, value in values.items():
        where = f"{section}.{key}" if section else key
        if key not in fields:
            hint = nearest(key, fields) or _elsewhere(model, key)
            inside = f"[{section}]" if section else "a study"
            raise OptionError(
                f"{place}: {where} is unknown.{hint} Known in {inside}: {', '.join(fields)}."
            )
        inner = _section_of(fields[key])
        if inner is None:
            continue
        many = isinstance(value, list)
        for entry in value if many else [value]:
            if not isinstance(entry, Mapping):
                shape = f"a table: [{where}]" if inner is fields[key] else f"tables: [[{where}]]"
                raise OptionError(f"{place}: {where} = {value!r} must be {shape}.")
            check_keys(inner, entry, place, where)


def _fields_of(model: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(model):
        return {f.name: f.type for f in dataclasses.fields(model)}
    return {name: info.annotation for name, info in model.model_fields.items()}


def _section_of(annotation: Any) -> Any:
    """The model or dataclass that an annotation is, or is a tuple of."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and (
            issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind)
        ):
            return kind
    return None


def _elsewhere(model: Any, key: str) -> str:
    """A hint for a key that belongs into a section of the model."""
    for name, annotation in _fields_of(model).items():
        inner = _section_of(annotation)
        if inner is not None and key in _fields_of(inner):
            return f" Did you mean '{name}.{key}'?"
    return ""


def explain(error: ValidationError) -> str:
    """What is wrong with the values, one clause each."""
    clauses = []
    for found in error.errors():
        where = ".".join(str(part) for part in found["loc"])
        value = found["input"]
        shown = "" if isinstance(value, dict) or found["type"] == "missing" else f" = {value!r}"
        why = str(found["msg"]).removeprefix("Value error, ")
        clauses.append(f"{where}{shown}: {why[:1].lower()}{why[1:].rstrip('.')}")
    return "; ".join(clauses) + "."

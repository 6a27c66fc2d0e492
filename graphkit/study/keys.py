"""Keys of a study file: unknown ones, and values that cannot be, told in graphkit's own words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from graphkit.errors import OptionError, nearest, shorten
from graphkit.measures import Payout


def check_keys(model: Any, values: Mapping[str, Any], place: str, section: str = "") -> None:
    """Refuse keys that the model does not have, with their section and the nearest known key."""
    fields = _fields_of(model)
    for key, value in values.items():
        where = f"{section}.{key}" if section else key
        if key not in fields:
            hint = nearest(key, fields) or _hint_section(model, key)
            inside = f"[{section}]" if section else "a study"
            raise OptionError(
                f"{place}: {where} is unknown.{hint} Known in {inside}: {', '.join(fields)}."
            )
        inner = _section_of(fields[key])
        if inner is None:
            continue
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, str) and inner is Payout:
                continue  # the name of one
            if inner is Payout and not isinstance(entry, Mapping):
                raise OptionError(
                    f"{place}: {where} = {shorten(value)} must be the name of a payout scheme, or its "
                    "numbers: { name = …, per_view = … }."
                )
            if not isinstance(entry, Mapping):
                shape = f"a table: [{where}]" if inner is fields[key] else f"tables: [[{where}]]"
                raise OptionError(f"{place}: {where} = {shorten(value)} must be {shape}.")
            check_keys(inner, entry, place, where)


def _fields_of(model: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(model):
        return {f.name: f.type for f in dataclasses.fields(model)}
    return {name: info.annotation for name, info in model.model_fields.items()}


def _section_of(annotation: Any) -> Any:
    """The model or dataclass that an annotation is, or is a tuple of, or allows."""
    inside = [kind for part in get_args(annotation) for kind in (part, *get_args(part))]
    for kind in (annotation, *inside):
        if isinstance(kind, type) and (
            issubclass(kind, BaseModel) or dataclasses.is_dataclass(kind)
        ):
            return kind
    return None


def _hint_section(model: Any, key: str) -> str:
    """Hint for a key that belongs to a section of the model."""
    for name, annotation in _fields_of(model).items():
        inner = _section_of(annotation)
        if inner is not None and key in _fields_of(inner):
            return f" Did you mean '{name}.{key}'?"
    return ""


def explain_errors(error: ValidationError) -> str:
    """Invalid values with the reason, one clause each."""
    clauses = []
    places = [found["loc"] for found in error.errors()]
    for found in error.errors():
        *above, last = found["loc"] or ("",)
        one = (*above, Payout.__name__)
        if last == "str" and any(place[: len(one)] == one for place in places):
            continue  # what is no name either is told of as numbers
        where = ".".join(str(part) for part in found["loc"] if part != Payout.__name__)
        value = found["input"]
        shown = (
            "" if isinstance(value, dict) or found["type"] == "missing" else f" = {shorten(value)}"
        )
        why = str(found["msg"]).removeprefix("Value error, ")
        clauses.append(f"{where}{shown}: {why[:1].lower()}{why[1:].rstrip('.')}")
    return "; ".join(clauses) + "."

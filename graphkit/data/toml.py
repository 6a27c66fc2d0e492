"""TOML of plain values; the standard library reads TOML only."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import tomli_w

__all__ = ["to_toml"]


def to_toml(values: Mapping[str, Any]) -> str:
    """TOML text of nested tables; keys that are `None` are listed in a comment at its head.

    Examples
    --------
    >>> print(to_toml({"sources": {"fresh": 30}, "name": "new", "seed": None}))
    # not set: seed
    <BLANKLINE>
    name = "new"
    <BLANKLINE>
    [sources]
    fresh = 30
    <BLANKLINE>
    """
    unset: dict[str, None] = {}
    text = tomli_w.dumps(_set_keys(values, "", unset))
    if not unset:
        return text
    comment = textwrap.fill(
        ", ".join(unset),
        100,
        initial_indent="# not set: ",
        subsequent_indent="#   ",
        break_on_hyphens=False,
    )
    return f"{comment}\n\n{text}"


def _set_keys(value: Any, name: str, unset: dict[str, None]) -> Any:
    """The value without keys that are `None`, whose dotted names are added to `unset`."""
    if isinstance(value, list):
        return [_set_keys(entry, name, unset) for entry in value]
    if not isinstance(value, Mapping):
        return value
    names = {key: f"{name}.{key}" if name else key for key in value}
    unset |= {names[key]: None for key, entry in value.items() if entry is None}
    return {k: _set_keys(v, names[k], unset) for k, v in value.items() if v is not None}

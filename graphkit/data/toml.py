"""A small TOML writer; the standard library reads TOML only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["to_toml"]


def to_toml(values: Mapping[str, Any]) -> str:
    """Scalars first, then one table per section; what is not set stands as a comment.

    Examples
    --------
    >>> print(to_toml({"sources": {"fresh": 30}, "name": "new", "seed": None}))
    name = "new"
    # seed is not set
    <BLANKLINE>
    [sources]
    fresh = 30
    <BLANKLINE>
    """
    lines: list[str] = []
    _table(lines, values, "")
    return "\n".join(lines).strip() + "\n"


def _table(lines: list[str], values: Mapping[str, Any], section: str) -> None:
    later = {}
    for key, value in values.items():
        if _is_table(value):
            later[key] = value
        elif value is None:
            lines.append(f"# {_key(key)} is not set")
        else:
            lines.append(f"{_key(key)} = {_value(value)}")
    for key, value in later.items():
        name = f"{section}.{_key(key)}" if section else _key(key)
        many = isinstance(value, list)
        for entry in value if many else [value]:
            lines += ["", f"[[{name}]]" if many else f"[{name}]"]
            _table(lines, entry, name)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
    )


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    # JSON's escapes are TOML's, but for DEL, which TOML does not take as it is
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")

"""A study file with every key, its default and what it does, written from the configuration itself."""

from __future__ import annotations

import inspect
import json
import math
import re
import textwrap
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel

from graphkit.study.config import StudyConfig

__all__ = ["describe_keys", "study_text"]

_WIDTH = 80
_HEAD = """\
# A study of graphkit. Lines such as
#
#     #seed = 1
#
# hold defaults: take the # in front of the key away to change one. Sections
# may stay as they are.
#
# graphkit check study.toml                   validates this file and its data
# graphkit communities study.toml --out DIR   finds, names and tests communities
# graphkit run study.toml --out DIR           compares feeds and writes a report
"""


def study_text(values: Mapping[str, Mapping[str, Any]] | None = None) -> str:
    """Text of a study file: every section and key is explained, and has its default.

    Parameters
    ----------
    values
        By section and key, what is not the default.

    Examples
    --------
    >>> print(study_text({"data": {"source": "any", "path": "log.csv"}})[:20])
    # A study of graphki
    """
    values = values or {}
    defaults = json.loads(StudyConfig().model_dump_json())
    told = describe_keys(StudyConfig)
    top = [name for name in defaults if not isinstance(defaults[name], dict | list)]
    parts = [_HEAD, "".join(_key(name, told, defaults[name], None) for name in top)]
    for name in defaults:
        if name == "arms":
            parts.append(_arms(defaults[name]))
        elif name not in top:
            section = getattr(StudyConfig(), name)
            parts.append(_section(name, type(section), defaults[name], values.get(name, {})))
    return "\n".join(parts)


def _section(name: str, of: type, defaults: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    told = describe_keys(of)
    keys = [_key(key, told, default, values.get(key)) for key, default in defaults.items()]
    return f"{_comment(_summary(of))}[{name}]\n{''.join(keys)}"


def _arms(arms: list[dict[str, Any]]) -> str:
    """The feeds that are compared, whose keys are explained once."""
    from graphkit.study.config import ArmConfig

    told = describe_keys(ArmConfig)
    lines = [
        _comment("The feeds that are compared; the first is the baseline. " + _summary(ArmConfig))
    ]
    lines += [_comment(f"{name}: {text}", "  ") for name, text in told.items() if text]
    for arm in arms:
        given = {key: value for key, value in arm.items() if key in ("name", "preset")}
        lines.append("\n[[arms]]\n" + "".join(f"{k} = {_toml(v)}\n" for k, v in given.items()))
    return "".join(lines)


def _key(name: str, told: Mapping[str, str], default: Any, value: Any) -> str:
    text = _comment(told.get(name, ""))
    if value is not None:
        return f"{text}{name} = {_toml(value)}\n"
    if default is None:
        return f"{text}#{name} =  # not set\n"
    return f"{text}#{name} = {_toml(default)}\n"


def _comment(text: str, indent: str = "") -> str:
    lines = textwrap.wrap(
        text, _WIDTH - 2, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )
    return "".join(f"# {line}\n" for line in lines)


def _summary(of: type) -> str:
    """First paragraph of the docstring of a section."""
    return _plain((inspect.getdoc(of) or "").split("\n\n")[0])


def describe_keys(of: type) -> dict[str, str]:
    """What each key of a section means, from the docstrings; of keys told together, with the first.

    Examples
    --------
    >>> from graphkit.study.config import ScanConfig
    >>> describe_keys(ScanConfig)["social_share"]
    'Values of s; none for no sweep.'
    """
    found: dict[str, str] = {}
    for base in reversed(of.__mro__):
        if base not in (object, BaseModel):
            found |= _attributes(inspect.cleandoc(base.__doc__ or ""))
    names = list(of.model_fields) if issubclass(of, BaseModel) else []
    names = [f.name for f in fields(of)] if is_dataclass(of) else names
    return {name: found[name] for name in names if name in found}


def _attributes(doc: str) -> dict[str, str]:
    """The section Attributes of a numpydoc docstring, by name."""
    _, mark, body = doc.partition("Attributes\n----------\n")
    body = re.split(r"\n\n\w[^\n]*\n-{3,}\n", body)[0] if mark else ""
    found: dict[str, str] = {}
    for block in re.split(r"\n(?=\S)", body):
        heads, _, text = block.partition("\n")
        names = [name.strip() for name in heads.split(",")]
        plain = _plain(text)
        if len(names) > 1:
            plain = f"{', '.join(names)}: {plain}"
        found |= {names[0]: plain} | dict.fromkeys(names[1:], "")
    return {name: text for name, text in found.items() if name}


def _plain(text: str) -> str:
    """A text of a docstring without the marks of its markup."""
    text = re.sub(r":\w+:`~?([^`]*)`", r"\1", text)
    text = re.sub(r"\s*\[\d+\]_", "", text).replace("`", "")
    return " ".join(text.split())


def _toml(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, dict):
        inside = ", ".join(f"{_bare(key)} = {_toml(entry)}" for key, entry in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)

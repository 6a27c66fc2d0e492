"""Display of values: one layout for text and for Jupyter."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import polars as pl


def number(value: object) -> str:
    """Format a number with thousands separators, at most four significant decimals.

    Examples
    --------
    >>> number(1014138), number(0.123456), number(None)
    ('1,014,138', '0.1235', '–')
    """
    if value is None or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


#: Controls but tab and newline, halves of characters, and marks that turn the text after them.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def plain_text(text: str) -> str:
    r"""Text that only shows itself: codes of terminals as U+FFFD, no marks of direction.

    Examples
    --------
    >>> plain_text("red \x1b[31m, and \u202edrawkcab")
    'red \ufffd[31m, and drawkcab'
    """
    return _TURNS.sub("", _CONTROLS.sub("\ufffd", text))


def text_card(title: str, facts: Mapping[str, object]) -> str:
    """Title and one fact per line, aligned."""
    width = max((len(k) for k in facts), default=0)
    lines = [title, *(f"  {k:<{width}}  {number(v)}" for k, v in facts.items())]
    return plain_text("\n".join(lines))


def html_card(title: str, facts: Mapping[str, object], frame: pl.DataFrame | None = None) -> str:
    """Title and facts as HTML, with an optional table below."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(k)}</th>"
        f"<td style='text-align:left'>{html.escape(number(v))}</td></tr>"
        for k, v in facts.items()
    )
    below = "" if frame is None else html_frame(frame)
    head = f"<strong>{html.escape(title)}</strong>"
    return plain_text(f"<div>{head}<table>{rows}</table>{below}</div>")


def html_frame(frame: pl.DataFrame, rows: int = 25) -> str:
    """HTML table of the first `rows` rows, with formatted numbers and escaped text."""
    head = "".join(f"<th>{html.escape(c)}</th>" for c in frame.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(format_cell(v))}</td>" for v in row) + "</tr>"
        for row in frame.head(rows).iter_rows()
    )
    more = frame.height - rows
    note = f"<p>… and {more:,} more rows</p>" if more > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


def format_cell(value: object) -> str:
    """A list as text separated by commas; anything else by :func:`number`."""
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    return number(value)

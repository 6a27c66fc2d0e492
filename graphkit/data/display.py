"""Display of values: one layout for text and for Jupyter."""

from __future__ import annotations

import html
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


def text_card(title: str, facts: Mapping[str, object]) -> str:
    """Title and one fact per line, aligned."""
    width = max((len(k) for k in facts), default=0)
    return "\n".join([title, *(f"  {k:<{width}}  {number(v)}" for k, v in facts.items())])


def html_card(title: str, facts: Mapping[str, object], frame: pl.DataFrame | None = None) -> str:
    """Title and facts as HTML, with an optional table below."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(k)}</th>"
        f"<td style='text-align:left'>{html.escape(number(v))}</td></tr>"
        for k, v in facts.items()
    )
    below = "" if frame is None else html_frame(frame)
    return f"<div><strong>{html.escape(title)}</strong><table>{rows}</table>{below}</div>"


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

"""Tables and pictures of a report, as values that the template only has to show."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from graphkit.data.display import number

__all__ = ["Picture", "Table", "embed", "table"]


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes
    ----------
    caption
        Above it.
    columns, numeric
        Heads, and which columns stand to the right.
    rows
        Texts.
    """

    caption: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A PNG as base64, with the words for those who do not see it."""

    png: str
    alt: str
    caption: str


def table(frame: pl.DataFrame, caption: str, last: Sequence[str] = ()) -> Table:
    """A frame as a table: numbers short, underscores in heads as spaces.

    Parameters
    ----------
    frame
        Rows.
    caption
        Above the table.
    last
        Texts of a row at the end, if there is one.
    """
    rows = [tuple(_cell(v) for v in row) for row in frame.iter_rows()]
    if last:
        rows.append((*last, *[""] * (frame.width - len(last))))
    return Table(
        caption,
        tuple(name.replace("_", " ") for name in frame.columns),
        tuple(dtype.is_numeric() for dtype in frame.dtypes),
        tuple(rows),
    )


def _cell(value: object) -> str:
    if isinstance(value, list | tuple | pl.Series):
        return ", ".join(str(v) for v in value)
    if isinstance(value, float) and value == value and 0 < abs(value) < 1000:
        return f"{value:.3g}".replace("-", "−")
    return number(value).replace("-", "−") if isinstance(value, int | float) else number(value)


def embed(folder: Path, named: Iterable[tuple[str, str, str]]) -> dict[str, Picture]:
    """Figures of a results folder, as far as they are there: name, alt, caption of each."""
    found = {}
    for name, alt, caption in named:
        path = folder / "figures" / f"{name}.png"
        if path.exists():
            png = base64.b64encode(path.read_bytes()).decode("ascii")
            found[name] = Picture(png, alt, caption)
    return found

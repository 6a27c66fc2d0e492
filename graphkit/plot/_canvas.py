"""One look for all figures, and a figure that shows itself in Jupyter."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = [
    "ACCENT", "BASE", "INK", "MUTED", "PALE", "Canvas", "all_calibrated", "blank_canvas", "foot",
    "head",
]  # fmt: skip

INK = "#22262b"
MUTED = "#6b7580"
PALE = "#d7dde3"
ACCENT = "#c2410c"
BASE = "#2563a8"

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


class Canvas(Figure):
    """A Matplotlib figure that needs no pyplot: it shows itself, and saves the same bytes."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
        return buffer.getvalue()

    def write(self, path: str | Path, *, dpi: int = 150) -> Path:
        """Save without a time stamp or version, so that equal figures are equal files."""
        path = Path(path)
        metadata = {"Software": None} if path.suffix == ".png" else {"Date": None}
        self.savefig(path, dpi=dpi, metadata=metadata)
        return path


def blank_canvas(width: float, height: float, columns: int = 1) -> tuple[Canvas, list[Axes]]:
    """A figure of this size in inches with a row of axes, in graphkit's style."""
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure = Canvas(figsize=(width, height), layout="constrained")
        axes = [figure.add_subplot(1, columns, i + 1) for i in range(columns)]
    return figure, axes


def head(axes: Axes, text: str) -> None:
    """A title, bold and to the left."""
    axes.set_title(text, loc="left", fontsize=11, fontweight="bold")


def foot(figure: Canvas, *notes: str, calibrated: bool) -> None:
    """A small line at the foot: notes, and a warning unless behaviour was fitted to a log."""
    said = [note for note in notes if note]
    said += [] if calibrated else ["behaviour not calibrated"]
    if said:
        figure.supxlabel("; ".join(said), x=0.99, ha="right", fontsize=8, color=MUTED)


def all_calibrated(frame: pl.DataFrame) -> bool:
    """Whether a frame marks none of its rows as uncalibrated."""
    if "calibrated" not in frame.columns:
        return True
    return bool(frame.get_column("calibrated").fill_null(True).all())

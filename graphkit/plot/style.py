"""One look for all figures, and a figure that shows itself in Jupyter."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import polars as pl
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

__all__ = [
    "ACCENT",
    "BASE",
    "INK",
    "MUTED",
    "PALE",
    "Canvas",
    "all_calibrated",
    "blank_canvas",
    "foot",
    "head",
    "name_dots",
]

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


Floats = npt.NDArray[np.float64]
#: What is tried: points from the dot to the name, and directions, right and left first.
_GAPS = (7.0, 13.0, 22.0, 34.0, 50.0, 75.0)
_ANGLES = np.deg2rad([0, 180, 45, 135, 315, 225, 90, 270, 22, 158, 338, 202, 67, 113, 293, 247])
#: From this gap on, or where another dot is as near, a line leads from the name to its dot.
_FAR = 20.0


def name_dots(
    figure: Canvas,
    axes: Axes,
    dots: Sequence[tuple[float, float]],
    names: Sequence[str],
    colours: Sequence[Any],
    bars: Sequence[tuple[float, float, float, float]],
) -> None:
    """Write a name beside each dot; one that has to stand farther off gets a line to it.

    Limits of the axes must be set. Each name in turn takes the place at which it covers
    least of dots, names, bars and what lies outside, and then the nearest.

    Parameters
    ----------
    dots, names, colours
        Of each dot, in the units of the axes.
    bars
        Boxes that names should not cover, as (left, bottom, right, top) in those units.
    """
    figure.draw_without_rendering()  # lays the axes out, so that pixels are known
    to_pixels, point = axes.transData.transform, figure.dpi / 72
    at = np.asarray([to_pixels(dot) for dot in dots], dtype=np.float64)
    frame = np.asarray(axes.get_window_extent().extents, dtype=np.float64)
    radius = 4 * point
    around = np.column_stack([at - radius, at + radius])
    corners = [(*to_pixels(bar[:2]), *to_pixels(bar[2:])) for bar in bars]
    thin = np.asarray(corners, dtype=np.float64).reshape(-1, 4) + point * np.array([-1, -1, 1, 1])
    taken = np.empty((0, 4))
    # the crowded first, since they have least choice
    apart = np.sqrt(((at[:, None] - at[None]) ** 2).sum(axis=2))
    order = np.argsort(np.sort(apart, axis=1)[:, :3].sum(axis=1), kind="stable")
    for dot in order.tolist():
        text = axes.annotate(
            names[dot],
            dots[dot],
            xytext=(0, 0),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=9,
            fontweight="bold",
            color=_dark(colours[dot]),
            arrowprops={
                "arrowstyle": "-",
                "color": colours[dot],
                "linewidth": 0.7,
                "shrinkA": 0,
                "shrinkB": 3,
            },
        )
        text.set_in_layout(False)
        extent = text.get_window_extent()
        size = np.array([extent.width, extent.height]) / 2 + 1.5 * point
        others = np.delete(at, dot, axis=0)
        best, chosen, least, near = np.zeros(2), np.zeros(4), np.inf, True
        for gap in _GAPS:
            for angle in _ANGLES.tolist():
                way = np.array([np.cos(angle), np.sin(angle)])
                edge = float((size / np.maximum(np.abs(way), 1e-9)).min())
                shift = way * (gap * point + edge)
                box = np.concatenate([at[dot] + shift - size, at[dot] + shift + size])
                hard = _covered(box, around) + 2 * _covered(box, taken) + 4 * _outside(box, frame)
                doubt = _nearest(box, others) < 1.5 * gap * point
                cost = (hard + _covered(box, thin)) / point**2 + gap + 8 * doubt
                if cost < least:
                    best, chosen, least = shift, box, cost
                    near = gap < _FAR and not doubt
        text.set_position(tuple((best / point).tolist()))
        if near and text.arrow_patch is not None:
            text.arrow_patch.set_visible(False)
        taken = np.vstack([taken, chosen])


def _nearest(box: Floats, dots: Floats) -> float:
    """Distance of a box to the nearest dot; infinite without any."""
    if not dots.size:
        return float("inf")
    away = np.maximum(np.maximum(box[:2] - dots, dots - box[2:]), 0)
    return float(np.sqrt((away**2).sum(axis=1)).min())


def _dark(colour: Any) -> tuple[float, ...]:
    """A colour dark enough to be read on white."""
    return tuple(0.75 * part for part in to_rgb(colour))


def _covered(box: Floats, others: Floats) -> float:
    """Area that a box shares with others."""
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    return float((np.maximum(width, 0) * np.maximum(height, 0)).sum())


def _outside(box: Floats, frame: Floats) -> float:
    """Area of a box outside the frame."""
    area = float((box[2] - box[0]) * (box[3] - box[1]))
    return area - _covered(box, frame[None])

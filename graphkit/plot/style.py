"""Style of all figures: canvas, colours, titles, notes, and labels that do not overlap."""

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
from matplotlib.axis import Axis
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, NullFormatter

from graphkit.data.files import write_whole
from graphkit.errors import DataError, MissingDataError

__all__ = ["ACCENT", "BASE", "INK", "MUTED", "PALE", "Canvas", "blank_canvas"]

INK = "#22262b"
MUTED = "#6b7580"
PALE = "#d7dde3"
ACCENT = "#c2410c"
BASE = "#2563a8"

Floats = npt.NDArray[np.float64]

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
        write_whole(path, lambda part: self.savefig(part, dpi=dpi, metadata=metadata))
        return path


def blank_canvas(width: float, height: float, columns: int = 1) -> tuple[Canvas, list[Axes]]:
    """A figure of this size in inches with a row of axes, in graphkit's style."""
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure = Canvas(figsize=(width, height), layout="constrained")
        axes = [figure.add_subplot(1, columns, i + 1) for i in range(columns)]
    return figure, axes


def require_columns(frame: pl.DataFrame, names: str, hint: str) -> None:
    """Refuse a frame that lacks one of the columns, which are given separated by spaces."""
    missing = [name for name in names.split() if name not in frame.columns]
    if missing:
        raise MissingDataError(f"the frame has no column {', '.join(missing)}: {hint}.")


def require_type(figure: str, found: object, kind: type, maker: str) -> None:
    """Refuse anything but a result of this type."""
    if not isinstance(found, kind):
        raise DataError(
            f"plot.{figure} needs a {kind.__name__}, not a {type(found).__name__}: see {maker}."
        )


def column_arrays(frame: pl.DataFrame, *names: str) -> list[npt.NDArray[Any]]:
    """Columns of a frame as arrays."""
    return [frame.get_column(name).to_numpy() for name in names]


def head(axes: Axes, text: str) -> None:
    """A title, bold and to the left."""
    axes.set_title(text, loc="left", fontsize=11, fontweight="bold")


def foot(figure: Canvas, *notes: str, calibrated: bool) -> None:
    """Notes below a figure, and a warning unless behaviour was fitted to a log."""
    shown = [note for note in notes if note]
    shown += [] if calibrated else ["behaviour not calibrated"]
    if shown:
        figure.supxlabel("; ".join(shown), x=0.99, ha="right", fontsize=8, color=MUTED)


def all_calibrated(frame: pl.DataFrame) -> bool:
    """Whether a frame marks none of its rows as uncalibrated."""
    if "calibrated" not in frame.columns:
        return True
    return bool(frame.get_column("calibrated").fill_null(True).all())


def finish_chart(
    figure: Canvas, axes: Axes, frame: pl.DataFrame, title: str, x: str, y: str, note: str = ""
) -> None:
    """Title, labels of both axes, muted ticks, and the foot with a note."""
    head(axes, title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.tick_params(colors=MUTED, labelcolor=INK)
    foot(figure, note, calibrated=all_calibrated(frame))


def draw_line(
    axes: Axes, frame: pl.DataFrame, x: str, y: str, colour: Any, *, marker: str | None, **more: Any
) -> None:
    """A line of y over x, with the band from ``low`` to ``high`` where both are known."""
    at, low, high = column_arrays(frame.drop_nulls(["low", "high"]), x, "low", "high")
    axes.fill_between(at, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(*column_arrays(frame, x, y), color=colour, linewidth=2, marker=marker, **more)


def write_note(axes: Axes, x: float, y: float, text: str, **more: Any) -> None:
    """A small muted text at a place given in fractions of the axes."""
    axes.text(x, y, text, transform=axes.transAxes, fontsize=8.5, color=MUTED, **more)


def write_beside(
    axes: Axes, text: str, at: tuple[float, float], shift: tuple[float, float], **more: Any
) -> Annotation:
    """A text shifted from a place by so many points."""
    return axes.annotate(text, at, xytext=shift, textcoords="offset points", **more)


def leader_line(colour: Any, width: float, gap: float = 0) -> dict[str, Any]:
    """Properties of a line from a text to its place, which ends `gap` points before it."""
    return {"arrowstyle": "-", "color": colour, "linewidth": width, "shrinkA": 0, "shrinkB": gap}


def format_ticks(axis: Axis, template: str, scale: float = 1) -> None:
    """Numbers at the major ticks in this format, after scaling; none at the minor ticks."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: template.format(scale * value)))
    axis.set_minor_formatter(NullFormatter())


#: Candidate positions: points from the dot to the name, and directions, right and left first.
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
    """Write a name next to each dot, with a line to it if the name is farther off.

    Limits of the axes must be set. Each name in turn gets the position with the least overlap
    with dots, names, bars and the outside of the axes, and of equal ones the nearest.

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
    # the most crowded first
    distances = np.sqrt(((at[:, None] - at[None]) ** 2).sum(axis=2))
    order = np.argsort(np.sort(distances, axis=1)[:, :3].sum(axis=1), kind="stable")
    for dot in order.tolist():
        style = {"ha": "center", "va": "center", "fontsize": 9, "fontweight": "bold"}
        line = leader_line(colours[dot], 0.7, 3)
        ink = tuple(0.75 * part for part in to_rgb(colours[dot]))  # legible on white
        text = write_beside(
            axes, names[dot], dots[dot], (0, 0), color=ink, arrowprops=line, **style
        )
        text.set_in_layout(False)
        extent = text.get_window_extent()
        size = np.array([extent.width, extent.height]) / 2 + 1.5 * point
        others = np.delete(at, dot, axis=0)
        best, taken_box, least, near = np.zeros(2), np.zeros(4), np.inf, True
        for gap in _GAPS:
            for angle in _ANGLES.tolist():
                way = np.array([np.cos(angle), np.sin(angle)])
                edge = float((size / np.maximum(np.abs(way), 1e-9)).min())
                shift = way * (gap * point + edge)
                box = np.concatenate([at[dot] + shift - size, at[dot] + shift + size])
                hard = _overlap_area(box, around) + 2 * _overlap_area(box, taken)
                hard += 4 * _area_outside(box, frame)
                ambiguous = _dot_distance(box, others) < 1.5 * gap * point
                cost = (hard + _overlap_area(box, thin)) / point**2 + gap + 8 * ambiguous
                if cost < least:
                    best, taken_box, least = shift, box, cost
                    near = gap < _FAR and not ambiguous
        text.set_position(tuple((best / point).tolist()))
        if near and text.arrow_patch is not None:
            text.arrow_patch.set_visible(False)
        taken = np.vstack([taken, taken_box])


def _dot_distance(box: Floats, dots: Floats) -> float:
    """Distance of a box to the nearest dot; infinite without any."""
    if not dots.size:
        return float("inf")
    away = np.maximum(np.maximum(box[:2] - dots, dots - box[2:]), 0)
    return float(np.sqrt((away**2).sum(axis=1)).min())


def _overlap_area(box: Floats, others: Floats) -> float:
    """Area that a box shares with others."""
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    return float((np.maximum(width, 0) * np.maximum(height, 0)).sum())


def _area_outside(box: Floats, frame: Floats) -> float:
    """Area of a box outside the frame."""
    area = float((box[2] - box[0]) * (box[3] - box[1]))
    return area - _overlap_area(box, frame[None])

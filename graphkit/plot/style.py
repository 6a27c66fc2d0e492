"""Style of all figures: colours, panels on a sheet, titles, legends, notes and axes."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, NullFormatter

from graphkit.errors import DataError, GraphkitWarning, MissingDataError, OptionError, check_choice
from graphkit.plot.canvas import Canvas, figure_of, lay_out, quiet_glyphs, rc_settings, settle_texts
from graphkit.plot.fonts import BASE_FAMILY
from graphkit.plot.labels import ONE_LINE, break_names, break_text, cover_each_other, write_beside

__all__ = ["ACCENT", "BASE", "INK", "MUTED", "PALE", "Canvas", "Place", "Width", "blank_canvas"]

INK = "#22262b"
MUTED = "#6b7580"
PALE = "#d7dde3"
ACCENT = "#c2410c"
BASE = "#2563a8"

Floats = npt.NDArray[np.float64]

#: Where a figure may be drawn in place of a canvas of its own.
Place = Axes | SubFigure
#: Of a new figure: as wide as its content wants, or for a screen of 390 pixels.
Width = Literal["page", "phone"]
#: Inches that are 390 pixels on a phone: there, letters of 8 points are 11 pixels high.
PHONE = 3.9

_STYLE: dict[str, Any] = {
    "font.family": BASE_FAMILY,
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


def name_in_legend(
    axes: Axes, handles: Mapping[str, Artist], *, outside: Sheet | None = None
) -> None:
    """A legend of these names, also of those that begin with an underscore; inside, or outside.

    Outside it is to the right, on a phone below; in axes of a caller it stays inside.
    """
    options: dict[str, Any] = {"loc": "best", "handlelength": 2.6}
    if outside is not None and outside.narrow:
        outside.legend(handles, "lower left")
        return
    if outside is not None and not outside.inside:
        options |= {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    _name_handles(axes, handles, **options)


def _name_handles(
    place: Axes | Figure | SubFigure, handles: Mapping[str, Artist], **options: Any
) -> None:
    # Matplotlib hides a label that begins with an underscore
    places = [str(at) for at in range(len(handles))]
    options = {"frameon": False, "fontsize": 8.5} | options
    legend = place.legend(list(handles.values()), places, **options)
    for text, name in zip(legend.get_texts(), handles, strict=True):
        text.set_text(name)


def blank_canvas(
    width: float, height: float, columns: int = 1, *, below: bool = False
) -> tuple[Canvas, list[Axes]]:
    """A figure of this size in inches with a row, or a column, of axes, in graphkit's style."""
    shape = (columns, 1) if below else (1, columns)
    with rc_settings(_STYLE):
        figure = Canvas(figsize=(width, height), layout="constrained")
        axes = [figure.add_subplot(*shape, i + 1) for i in range(columns)]
    return figure, axes


@dataclass
class Sheet:
    """What a figure is drawn on: its axes, and what is written around them.

    Attributes
    ----------
    figure
        A new canvas, the part of a figure that the caller gave, or the figure of the caller's axes.
    axes
        One per panel, in reading order.
    inside
        Whether the axes are the caller's: around them nothing is written.
    narrow
        Whether it is for a phone.
    fitted
        Whether labels were broken already.
    note
        What is written below.
    named
        The legend, on a phone.
    """

    figure: Figure | SubFigure
    axes: list[Axes]
    inside: bool = False
    narrow: bool = False
    fitted: bool = False
    note: Text | None = None
    named: dict[str, Artist] = field(default_factory=dict)

    @property
    def root(self) -> Figure:
        """The whole figure."""
        return self.figure.canvas.figure

    @property
    def wide(self) -> float:
        """Inches that a text below may take."""
        place = self.axes[0].bbox if self.inside else self.figure.bbox
        return float(place.width / self.root.dpi)

    def arrange(self, rows: int, columns: int, cells: Iterable[tuple[int, int]]) -> None:
        """Put the panels into cells of a grid; on a phone below each other."""
        places = list(cells)
        if self.narrow:
            rows, columns, places = len(places), 1, [(at, 0) for at in range(len(places))]
        grid = GridSpec(rows, columns, figure=self.figure)  # type: ignore[arg-type]
        for axes, (row, column) in zip(self.axes, places, strict=True):
            axes.set_subplotspec(grid[row, column])

    def title(self, text: str) -> None:
        """A title of all panels."""
        if self.narrow or isinstance(self.figure, SubFigure):
            text = textwrap.fill(text, max(int(9.5 * self.wide), 20))
        look: dict[str, Any] = {"ha": "left", "fontweight": "bold", "parse_math": False}
        self.figure.suptitle(text, x=0.01, fontsize=12, **look)

    def legend(self, handles: Mapping[str, Artist], where: str, columns: int = 2) -> None:
        """A legend outside all panels, such as ``"upper left"``; in the caller's axes inside."""
        if self.inside:
            _name_handles(self.axes[0], handles, loc="best")
            return
        if self.narrow:
            # below the panels, when it is known what else stands there
            self.named |= handles
            return
        _name_handles(self.figure, handles, loc=f"outside {where}", ncols=columns)

    def colorbar(self, image: Any, axes: Axes | list[Axes], label: str, **more: Any) -> None:
        """A bar of colours, at the right of these axes; on a phone below them."""
        options = {"shrink": 0.7, "pad": 0.02} | more
        if self.narrow:
            options |= {"location": "bottom", "shrink": 0.9}
        bar = self.figure.colorbar(image, ax=axes, **options)
        bar.set_label(label, fontsize=9)

    def fit(self) -> None:
        """Break labels and titles that are wider than their place, where it is small."""
        if self.fitted or not (self.inside or self.narrow or isinstance(self.figure, SubFigure)):
            return
        self.fitted = True
        above, broken = None, list[Axis]()
        if self.narrow:
            named = [axis for axes in self.axes for axis in (axes.yaxis, axes.xaxis)]
            broken = [axis for axis in named if break_names(axis)]
            if len(self.axes) == 1 and (text := self.axes[0].get_title(loc="left")):
                # above the names of rows, too
                head(self.axes[0], "")
                look: dict[str, Any] = {"ha": "left", "fontsize": 11, "fontweight": "bold"}
                above = self.figure.suptitle(text, x=0.01, **look)
        self._settle()
        if self.narrow:
            self._name_below()
        lay_out(self.root)
        for longest in ONE_LINE:
            if not any(cover_each_other(axis) for axis in broken):
                break
            for axis in broken:
                break_names(axis, longest)
            lay_out(self.root)
        if above is not None:
            break_text(above, 0.97 * self.figure.bbox.width)
        for axes in self.axes:
            extent = axes.get_window_extent()
            room = extent.width
            if not self.inside:
                room = max(room, self.figure.bbox.x1 - extent.x0)
            break_text(axes._left_title, room)  # type: ignore[attr-defined]
            middle, whole = (extent.x0 + extent.x1) / 2, self.figure.bbox
            beside = 1.94 * min(middle - whole.x0, whole.x1 - middle)
            break_text(axes.xaxis.label, extent.width if self.inside else beside)
            break_text(axes.yaxis.label, extent.height, upright=True)

    def _name_below(self) -> None:
        """The legend between the panels and the notes, for which the notes leave empty lines."""
        if not self.named:
            return
        columns = 2 if max(map(len, self.named)) < 22 else 1
        look: dict[str, Any] = {"loc": "outside lower left", "ncols": columns}
        if self.note is not None:
            with quiet_glyphs():
                top = float(self.note.get_window_extent().y1 / self.figure.bbox.height)
            look |= {"loc": "lower left", "bbox_to_anchor": (0.0, top)}
            lines = 2 + int(1.6 * -(-len(self.named) // columns))
            self.note.set_text("\n" * lines + self.note.get_text())
        _name_handles(self.figure, self.named, **look)

    def _settle(self) -> str:
        """Make texts plain in a figure of the caller; a canvas does so itself."""
        return settle_texts(self.axes[0] if self.inside else self.figure, self.axes)

    def done(self) -> Canvas:
        """The whole figure: a canvas, unless it is the caller's own."""
        self.fit()
        if not isinstance(self.root, Canvas) and (said := self._settle()):
            warnings.warn(said, GraphkitWarning, stacklevel=3)
        # a caller that gives no place gets a canvas, and is told so by the type
        return cast(Canvas, self.root)


def open_sheet(
    caller: str, width: float, height: float, columns: int = 1, *, ax: Place | None, on: Width
) -> tuple[Sheet, list[Axes]]:
    """What a figure is drawn on, and its axes: a new canvas, or a place in a figure of the caller.

    Every figure takes its place this way. ``ax=`` is axes, for a figure of one panel, or a
    ``SubFigure``, for any figure: it has room for several panels, their title and their legend.
    The caller's figure is not resized, and its other axes are left alone. On a phone, panels lie
    below each other.
    """
    check_choice("width", on, ("page", "phone"))
    if ax is None:
        if on == "page":
            figure, axes = blank_canvas(width, height, columns)
            return Sheet(figure, axes), axes
        tall = height if columns == 1 else 0.92 * height * columns
        figure, axes = blank_canvas(PHONE, min(tall, 60.0), columns, below=True)
        return Sheet(figure, axes, narrow=True), axes
    if on != "page":
        raise OptionError(
            f"plot.{caller}: width={on!r} is of a new figure, and ax= has its own: give one of them."
        )
    if isinstance(ax, SubFigure):
        with rc_settings(_STYLE):
            axes = [ax.add_subplot(1, columns, i + 1) for i in range(columns)]
        return Sheet(ax, axes), axes
    part = (
        f"this figure has {columns} panels: pass a SubFigure, such as "
        "matplotlib.pyplot.figure(layout='constrained').subfigures(1, 2)[0]."
    )
    if columns > 1:
        raise DataError(f"plot.{caller}: ax={type(ax).__name__} has no room for it, {part}")
    figure_of(ax, caller)
    return Sheet(ax.figure, [ax], inside=True), [ax]


def require_columns(frame: pl.DataFrame, names: str, hint: str) -> None:
    """Refuse what is no frame, or lacks one of the columns, which are given separated by spaces."""
    if not isinstance(frame, pl.DataFrame):
        kind = type(frame)
        raise DataError(
            f"a {kind.__name__} of {kind.__module__.partition('.')[0]} cannot be drawn here: a Polars "
            f"frame is needed ({hint})."
        )
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
    axes.set_title(text, loc="left", fontsize=11, fontweight="bold", parse_math=False)


def ends_of(cells: npt.NDArray[Any], limit: float) -> str:
    """Ends of a bar of colours beyond which there are values: of what is below −limit, or above limit."""
    ends = ("min" if (cells < -limit).any() else "", "max" if (cells > limit).any() else "")
    return "both" if all(ends) else ends[0] or ends[1] or "neither"


def foot(sheet: Sheet, *notes: str, calibrated: bool) -> None:
    """Notes below a figure, and a warning unless behaviour was fitted to a log."""
    shown = [note for note in notes if note]
    shown += [] if calibrated else ["behaviour not calibrated"]
    if shown:
        text = textwrap.fill("; ".join(shown), max(int(14 * sheet.wide), 30))
        look: dict[str, Any] = {"ha": "right", "fontsize": 8, "color": MUTED, "parse_math": False}
        if sheet.inside:
            # below the label of the axis, wherever that will be
            axes = sheet.axes[0]
            place: Any = ("axes fraction", axes.xaxis.label)
            write_beside(axes, text, (1, 0), (0, -4), xycoords=place, va="top", **look)
        else:
            sheet.note = sheet.figure.supxlabel(text, x=0.99, **look)
    sheet.fit()


def all_calibrated(frame: pl.DataFrame) -> bool:
    """Whether a frame marks none of its rows as uncalibrated."""
    if "calibrated" not in frame.columns:
        return True
    return bool(frame.get_column("calibrated").fill_null(True).all())


def finish_chart(
    sheet: Sheet, axes: Axes, frame: pl.DataFrame, title: str, x: str, y: str, note: str = ""
) -> None:
    """Title, labels of both axes, muted ticks, and the foot with a note."""
    head(axes, title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.tick_params(colors=MUTED, labelcolor=INK)
    foot(sheet, note, calibrated=all_calibrated(frame))


#: Marks of communities by their verdict, where colours are those of the communities.
VERDICTS = {"hidden": "D", "visible": "o"}


def mark_verdicts(
    axes: Axes,
    x: Floats,
    y: npt.NDArray[Any],
    verdicts: Sequence[str],
    colours: Sequence[str],
    *,
    marked: bool,
) -> None:
    """Dots of communities, one form per verdict if `marked`."""
    for mark in dict.fromkeys(VERDICTS.get(v, "X") if marked else "o" for v in verdicts):
        own = [at for at, v in enumerate(verdicts) if not marked or VERDICTS.get(v, "X") == mark]
        inks = [colours[at] for at in own]
        axes.scatter(x[own], y[own], color=inks, s=48, marker=mark, zorder=3)


def draw_line(
    axes: Axes, frame: pl.DataFrame, x: str, y: str, colour: Any, *, marker: str | None, **more: Any
) -> Line2D:
    """A line of y over x, with the band from ``low`` to ``high`` where both are known."""
    at, low, high = column_arrays(frame.drop_nulls(["low", "high"]), x, "low", "high")
    axes.fill_between(at, low, high, color=colour, alpha=0.18, linewidth=0)
    (line,) = axes.plot(
        *column_arrays(frame, x, y), color=colour, linewidth=2, marker=marker, **more
    )
    return line


def write_note(axes: Axes, x: float, y: float, text: str, **more: Any) -> None:
    """A small muted text at a place given in fractions of the axes."""
    axes.text(x, y, text, transform=axes.transAxes, fontsize=8.5, color=MUTED, **more)


def format_ticks(axis: Axis, template: str, scale: float = 1) -> None:
    """Numbers at the major ticks in this format, after scaling; none at the minor ticks."""
    # no lambda: figures can be pickled
    axis.set_major_formatter(FuncFormatter(partial(_tick_text, template, scale)))
    axis.set_minor_formatter(NullFormatter())


def _tick_text(template: str, scale: float, value: float, _place: int | None) -> str:
    text = template.format(scale * value)
    if not any(c in "123456789" for c in text):
        text = text.lstrip("+-")  # zero has no sign
    return text.replace("-", "−")

"""Style of all figures: canvas, colours, titles, notes, and labels that do not overlap."""

from __future__ import annotations

import io
import logging
import textwrap
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.ticker import (
    FuncFormatter,
    LogFormatter,
    LogitFormatter,
    NullFormatter,
    ScalarFormatter,
)
from matplotlib.transforms import Bbox

from graphkit.data.files import write_whole
from graphkit.data.tags import drop_unseen
from graphkit.errors import DataError, GraphkitWarning, MissingDataError
from graphkit.plot.fonts import BASE_FAMILY, describe_lack, fallback_families

__all__ = ["ACCENT", "BASE", "INK", "MUTED", "PALE", "Canvas", "blank_canvas"]

INK = "#22262b"
MUTED = "#6b7580"
PALE = "#d7dde3"
ACCENT = "#c2410c"
BASE = "#2563a8"

Floats = npt.NDArray[np.float64]

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


#: While a figure is drawn, numbers at ticks may be formulas of Matplotlib's, and nothing is TeX.
_DRAWN: dict[str, Any] = {"text.parse_math": True, "text.usetex": False}


class Canvas(Figure):
    """A Matplotlib figure that needs no pyplot: it shows itself, and saves the same bytes.

    Its texts are drawn as they are: dollar signs are no formulas, but in numbers that Matplotlib
    writes at ticks. Letters that the font lacks are taken from other installed fonts; where
    none has them, one :class:`~graphkit.errors.GraphkitWarning` says what to install.
    """

    _warned = False

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure, its texts as they are."""
        self._settle_texts()
        with quiet_glyphs(), mpl.rc_context(_DRAWN):  # type: ignore[arg-type]
            super().draw(renderer)

    def get_tightbbox(self, *args: Any, **more: Any) -> Bbox:
        """The box around all that is drawn, in inches."""
        self._settle_texts()
        with quiet_glyphs(), mpl.rc_context(_DRAWN):  # type: ignore[arg-type]
            return super().get_tightbbox(*args, **more)

    def _settle_texts(self) -> None:
        """Make all texts plain, and give them fonts; also those that were added since."""
        with quiet_glyphs(), mpl.rc_context(_DRAWN):  # type: ignore[arg-type]
            numbers = {id(text) for text in self._tick_numbers()}
            texts = [text for text in self.findobj(Text) if isinstance(text, Text)]
            letters = set().union(*(text.get_text() for text in texts))
            more, missing = fallback_families(letters)
        for text in texts:
            text.set_parse_math(id(text) in numbers)
            if text.get_usetex():
                text.set_usetex(False)
        if more or missing:
            for text in texts:
                own = text.get_fontfamily()
                added = [name for name in (BASE_FAMILY, *more) if name not in own]
                if added and not text.get_text().isascii():
                    text.set_fontfamily([*own, *added])
        if not self._warned and (message := describe_lack(missing, letters)):
            self._warned = True
            warnings.warn(message, GraphkitWarning, stacklevel=1)

    def _tick_numbers(self) -> Iterator[Text]:
        """Texts that Matplotlib writes at ticks; makes all ticks."""
        for axes in self.axes:
            for axis in (axes.xaxis, axes.yaxis):
                axis.get_ticklabels(which="both")
                major = isinstance(axis.get_major_formatter(), _NUMBERS)
                minor = isinstance(axis.get_minor_formatter(), _NUMBERS)
                ticks = [*(axis.get_major_ticks() if major else ())]
                ticks += axis.get_minor_ticks() if minor else ()
                for tick in ticks:
                    yield from (tick.label1, tick.label2)
                if major:
                    yield axis.get_offset_text()

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


#: Formatters whose texts may be formulas of Matplotlib's own.
_NUMBERS = (ScalarFormatter, LogFormatter, LogitFormatter)


@contextmanager
def quiet_glyphs() -> Iterator[None]:
    """Without Matplotlib's warnings of letters: a :class:`Canvas` gives one for all."""
    log = logging.getLogger("matplotlib.font_manager")
    log.addFilter(_is_no_weight)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"(?s)Glyph \d+ .*missing from", UserWarning)
            warnings.filterwarnings("ignore", "Matplotlib currently does not support", UserWarning)
            yield
    finally:
        log.removeFilter(_is_no_weight)


def _is_no_weight(record: logging.LogRecord) -> bool:
    """Whether a message is not of the weight of a font: many of other scripts have only one."""
    return "font weight" not in record.getMessage()


#: Characters of a name that are drawn, unless there is less room.
LONGEST = 48


def shown(name: object, longest: int = LONGEST) -> str:
    r"""A name as it is drawn: on one line, shortened, without marks that turn the text around it.

    Every name that comes from data passes through here.

    Examples
    --------
    >>> shown("#ba$$in"), shown("a\tb\n"), shown(" "), shown("\x07")
    ('#ba$$in', 'a b', '(empty)', '\ufffd')
    >>> len(shown("x" * 300)), shown("x" * 300)[-2:]
    (48, 'x…')
    """
    kept = drop_unseen(str(name))
    kept = "".join(" " if c.isspace() else _drawable(c) for c in kept)
    text = " ".join(kept.split())
    if len(text) > longest:
        text = text[: longest - 1].rstrip() + "…"
    return text or "(empty)"


def _drawable(c: str) -> str:
    """The character, or a sign in place of a control or of half a character."""
    return "\ufffd" if unicodedata.category(c) in ("Cc", "Cs") else c


def shown_all(names: Iterable[object], longest: int = LONGEST) -> list[str]:
    """:func:`shown` of each of some names."""
    return [shown(name, longest) for name in names]


def told_apart(names: Sequence[str]) -> list[str]:
    """:func:`shown_all`, but names that are drawn alike keep their ends, or get a number.

    Ends are kept of names with a comma where they are cut: arms with an intervention have the name
    of the feed, and behind a comma that of the intervention.

    Examples
    --------
    >>> told_apart(["x" * 60 + ", demoted", "x" * 60 + ", capped"])[1][-9:]
    'x, capped'
    >>> told_apart(["a", "a"])
    ['a (1)', 'a (2)']
    """
    begun = shown_all(names)
    drawn = [
        shown(f"…{name[1 - LONGEST :]}")
        if ", " in name[LONGEST - 2 :] and begun.count(short) > 1
        else short
        for name, short in zip(names, begun, strict=True)
    ]
    return [
        name if drawn.count(name) == 1 else f"{name} ({at})" for at, name in enumerate(drawn, 1)
    ]


def name_in_legend(axes: Axes, handles: Mapping[str, Artist], *, outside: bool = False) -> None:
    """A legend of these names, also of those that begin with an underscore; to the right, or inside."""
    # Matplotlib hides a label that does
    places = [str(at) for at in range(len(handles))]
    options: dict[str, Any] = {
        "frameon": False,
        "fontsize": 8.5,
        "loc": "best",
        "handlelength": 2.6,
    }
    if outside:
        options |= {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    legend = axes.legend(list(handles.values()), places, **options)
    for text, name in zip(legend.get_texts(), handles, strict=True):
        text.set_text(name)


def blank_canvas(width: float, height: float, columns: int = 1) -> tuple[Canvas, list[Axes]]:
    """A figure of this size in inches with a row of axes, in graphkit's style."""
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure = Canvas(figsize=(width, height), layout="constrained")
        axes = [figure.add_subplot(1, columns, i + 1) for i in range(columns)]
    return figure, axes


def figure_of(axes: object, caller: str) -> Figure:
    """The whole figure of axes that a user gave, also where they are of a part of it."""
    figure = axes.figure.canvas.figure if isinstance(axes, Axes) and axes.figure else None
    if figure is None:
        raise DataError(
            f"plot.{caller}: ax={type(axes).__name__} is no axes of a Matplotlib figure: pass one, such "
            "as the second value of matplotlib.pyplot.subplots()."
        )
    return figure


def draw_as_they_are(axes: Axes) -> None:
    """No text of these axes is a formula; a :class:`Canvas` sees to that itself."""
    for text in axes.findobj(Text):
        if isinstance(text, Text):
            text.set_parse_math(False)
            text.set_usetex(False)


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
    axes.set_title(text, loc="left", fontsize=11, fontweight="bold")


def foot(figure: Canvas, *notes: str, calibrated: bool) -> None:
    """Notes below a figure, and a warning unless behaviour was fitted to a log."""
    shown = [note for note in notes if note]
    shown += [] if calibrated else ["behaviour not calibrated"]
    if shown:
        text = textwrap.fill("; ".join(shown), int(14 * figure.get_figwidth()))
        figure.supxlabel(text, x=0.99, ha="right", fontsize=8, color=MUTED)


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
    # no lambda: figures can be pickled
    axis.set_major_formatter(FuncFormatter(partial(_tick_text, template, scale)))
    axis.set_minor_formatter(NullFormatter())


def _tick_text(template: str, scale: float, value: float, _place: int | None) -> str:
    text = template.format(scale * value)
    if not any(c in "123456789" for c in text):
        text = text.lstrip("+-")  # zero has no sign
    return text.replace("-", "−")


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
            axes, shown(names[dot]), dots[dot], (0, 0), color=ink, arrowprops=line, **style
        )
        text.set_in_layout(False)
        text.set_parse_math(False)
        with quiet_glyphs():
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

"""Style of all figures: canvas, colours, titles, notes, and labels that do not overlap."""

from __future__ import annotations

import io
import logging
import textwrap
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis, YAxis
from matplotlib.backend_bases import RendererBase, get_registered_canvas_class
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure, SubFigure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.ticker import (
    FixedFormatter,
    FuncFormatter,
    LogFormatter,
    LogitFormatter,
    NullFormatter,
    ScalarFormatter,
)
from matplotlib.transforms import Bbox

from graphkit.data.files import write_whole
from graphkit.data.tags import drop_unseen
from graphkit.errors import DataError, GraphkitWarning, MissingDataError, OptionError, check_choice
from graphkit.plot.fonts import BASE_FAMILY, describe_lack, fallback_families

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
#: Characters of a line of a name beside a row, on a phone; and lines.
_NARROW, _NAME_LINES = 17, 2
#: Characters of a name where there is room for one line only, or where wide letters leave less.
_ONE_LINE = (_NARROW, 14)

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
#: While a figure is saved that has its layout.
_LAID_OUT: dict[str, Any] = {"figure.autolayout": False, "figure.constrained_layout.use": False}


class Canvas(Figure):
    """A Matplotlib figure that needs no pyplot: it shows itself, and saves the same bytes.

    Its texts are drawn as they are: dollar signs are no formulas, but in numbers that Matplotlib
    writes at ticks. Letters that the font lacks are taken from other installed fonts; where
    none has them, one :class:`~graphkit.errors.GraphkitWarning` says what to install.
    """

    _warned = False
    _settled = False

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure, its texts as they are."""
        if not self._settled:
            self._settle_texts()
        with quiet_glyphs(), mpl.rc_context(_DRAWN):  # type: ignore[arg-type]
            super().draw(renderer)

    def get_tightbbox(self, *args: Any, **more: Any) -> Bbox:
        """The box around all that is drawn, in inches."""
        self._settle_texts()
        with quiet_glyphs(), mpl.rc_context(_DRAWN):  # type: ignore[arg-type]
            return super().get_tightbbox(*args, **more)

    def lay_out(self) -> None:
        """Give all axes their places, so that pixels are known, without drawing anything."""
        self._settle_texts()
        with quiet_glyphs(), mpl.rc_context(_DRAWN):  # type: ignore[arg-type]
            engine = self.get_layout_engine()
            if self.axes and engine is not None:
                with suppress(ValueError):  # as Matplotlib does
                    engine.execute(self)
            for axes in self.axes:
                locator: Any = axes.get_axes_locator()
                axes.apply_aspect(None if locator is None else locator(axes, None))

    def save(self, path: Any, kind: str, dpi: float, metadata: Mapping[str, Any]) -> None:
        """Save a file of this kind, the same bytes as Matplotlib's ``savefig``.

        That draws the whole figure without output first, only to lay it out.
        """
        own, engine, sharp = self.canvas, self.get_layout_engine(), self.dpi
        with mpl.rc_context(_LAID_OUT):  # type: ignore[arg-type]
            try:
                if (canvas := get_registered_canvas_class(kind)) is not None:
                    canvas(self)
                self.set_dpi(dpi)
                self.lay_out()
                self.set_layout_engine(None)
                self._settled = True
                self.savefig(path, format=kind, dpi=dpi, metadata=metadata)
            finally:
                self._settled = False
                self.set_canvas(own)
                self.set_dpi(sharp)
                self.set_layout_engine(engine)

    def _settle_texts(self) -> None:
        """Make all texts plain, and give them fonts; also those that were added since."""
        said = settle_texts(self, self.axes)
        if said and not self._warned:
            self._warned = True
            warnings.warn(said, GraphkitWarning, stacklevel=1)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
        return buffer.getvalue()

    def write(self, path: str | Path, *, dpi: int = 150) -> Path:
        """Save without a time stamp or version, so that equal figures are equal files.

        An SVG has its letters as paths: it looks the same without the fonts of this machine.
        """
        path = Path(path)
        kind = path.suffix[1:].lower() or self.canvas.get_default_filetype()
        metadata = {"Software": None} if kind == "png" else {"Date": None}
        with mpl.rc_context({"svg.hashsalt": "graphkit", "svg.fonttype": "path"}):
            write_whole(path, lambda part: self.save(part, kind, dpi, metadata))
        return path


def lay_out(figure: Figure) -> None:
    """Give the axes of a figure their places, so that pixels are known."""
    if isinstance(figure, Canvas):
        figure.lay_out()
        return
    with quiet_glyphs():
        figure.draw_without_rendering()


#: Formatters whose texts may be formulas of Matplotlib's own.
_NUMBERS = (ScalarFormatter, LogFormatter, LogitFormatter)


def settle_texts(drawn: Artist, all_axes: Iterable[Axes]) -> str:
    """Make texts plain but for the numbers at ticks of these axes, and give them fonts.

    Returns what is to be said of letters that no font has, if there are any.
    """
    with quiet_glyphs(), mpl.rc_context(_DRAWN):  # type: ignore[arg-type]
        numbers = {id(text) for text in _tick_numbers(all_axes)}
        texts = [text for text in drawn.findobj(Text) if isinstance(text, Text)]
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
    return describe_lack(missing, letters)


def _tick_numbers(all_axes: Iterable[Axes]) -> Iterator[Text]:
    """Texts that Matplotlib writes at ticks; makes all ticks."""
    for axes in all_axes:
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
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure = Canvas(figsize=(width, height), layout="constrained")
        axes = [figure.add_subplot(*shape, i + 1) for i in range(columns)]
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
    settle_texts(axes, [axes])


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
        self._settle()
        above, broken = None, list[Axis]()
        if self.narrow:
            named = [axis for axes in self.axes for axis in (axes.yaxis, axes.xaxis)]
            broken = [axis for axis in named if _break_names(axis)]
            if len(self.axes) == 1 and (text := self.axes[0].get_title(loc="left")):
                # above the names of rows, too
                head(self.axes[0], "")
                look: dict[str, Any] = {"ha": "left", "fontsize": 11, "fontweight": "bold"}
                above = self.figure.suptitle(text, x=0.01, **look)
            self._settle()
            self._name_below()
        lay_out(self.root)
        for longest in _ONE_LINE:
            if not any(_cover_each_other(axis) for axis in broken):
                break
            for axis in broken:
                _break_names(axis, longest)
            lay_out(self.root)
        if above is not None:
            _break_text(above, 0.97 * self.figure.bbox.width)
        for axes in self.axes:
            extent = axes.get_window_extent()
            room = extent.width
            if not self.inside:
                room = max(room, self.figure.bbox.x1 - extent.x0)
            _break_text(axes._left_title, room)  # type: ignore[attr-defined]
            middle, whole = (extent.x0 + extent.x1) / 2, self.figure.bbox
            beside = 1.94 * min(middle - whole.x0, whole.x1 - middle)
            _break_text(axes.xaxis.label, extent.width if self.inside else beside)
            _break_text(axes.yaxis.label, extent.height, upright=True)

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


def _break_text(text: Text, room: float, *, upright: bool = False) -> None:
    """Write a text on as many lines as it needs to be as wide as the room, in pixels."""
    words = text.get_text()
    if not words.strip():
        return
    with quiet_glyphs():
        extent = text.get_window_extent()
    wide = extent.height if upright else extent.width
    if wide > room > 0:
        longest = max(map(len, words.split("\n")))
        most = max(int(0.96 * longest * room / wide), 12)
        text.set_text("\n".join(textwrap.fill(line, most) for line in words.split("\n")))


def _break_names(axis: Axis, on_one_line: int | None = None) -> bool:
    """Put long names at an axis on two lines, or one of so many characters, cut where that does not do.

    Returns whether any is long.
    """
    if isinstance(axis.get_major_formatter(), _NUMBERS):
        return False
    names = [" ".join(text.get_text().split()) for text in axis.get_ticklabels()]
    if max(map(len, names), default=0) <= (on_one_line or _NARROW):
        return False
    if on_one_line:
        broken = [_shortened(name, on_one_line) for name in names]
    else:
        options: dict[str, Any] = {"max_lines": _NAME_LINES, "placeholder": "…"}
        broken = ["\n".join(textwrap.wrap(name, _NARROW, **options)) for name in names]
    axis.set_major_formatter(FixedFormatter(broken))
    return True


def _shortened(name: str, longest: int) -> str:
    """A name that is cut, but first loses what it has in parentheses: no number is cut."""
    head, _, rest = name.rpartition(" (")
    if len(name) > longest > len(head) + 1 and head and rest.endswith(")"):
        return f"{head} …"
    return shown(name, longest)


def _cover_each_other(axis: Axis) -> bool:
    """Whether names that are written across an axis cover others, for they have several lines."""
    texts = [text for text in axis.get_ticklabels() if text.get_text()]
    along = int(isinstance(axis, YAxis))
    if not texts or (texts[0].get_rotation() % 180 == 90) == along:
        return False
    boxes = np.array([text.get_window_extent().extents for text in texts])
    boxes = boxes[np.argsort(boxes[:, along])]
    return bool((boxes[1:, along] < boxes[:-1, along + 2]).any())


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
        with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
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
    sheet: Sheet,
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
    lay_out(sheet.root)
    to_pixels, point = axes.transData.transform, sheet.root.dpi / 72
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

"""Canvas of all figures: shows itself, saves the same bytes, and has letters for all its texts."""

from __future__ import annotations

import gzip
import io
import logging
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase, RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter, LogitFormatter, ScalarFormatter
from matplotlib.transforms import Bbox

from graphkit.data.files import write_whole
from graphkit.errors import DataError, GraphkitWarning
from graphkit.parallel import own_warnings, settings_lock
from graphkit.plot.fonts import BASE_FAMILY, describe_lack, fallback_families

__all__ = ["Canvas"]

#: While a figure is drawn, numbers at ticks may be formulas of Matplotlib's, and nothing is TeX.
_DRAWN: dict[str, Any] = {"text.parse_math": True, "text.usetex": False}

#: While a figure is saved that has its layout.
_LAID_OUT: dict[str, Any] = {"figure.autolayout": False, "figure.constrained_layout.use": False}

#: Entries of metadata to leave out, by format: the time, and the version of Matplotlib.
_UNTIMED: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "svgz": {"Date": None},
    "pdf": {"CreationDate": None},
}

#: PostScript, in whose head no entry can be left out: the time, and the name of a passing file.
_POSTSCRIPT = ("eps", "ps")
_STAMPS = re.compile(rb"^%%(?:CreationDate|Title):.*\n", re.MULTILINE)


class Canvas(Figure):
    """A Matplotlib figure that needs no pyplot: it shows itself, and saves the same bytes.

    Its texts are drawn as they are: dollar signs are no formulas, but in numbers that Matplotlib
    writes at ticks. Letters that the font lacks are taken from other installed fonts; where
    none has them, one :class:`~graphkit.errors.GraphkitWarning` says what to install.
    """

    _warned = False
    #: Of a figure that is being saved: it is laid out when it is first drawn.
    _engine: LayoutEngine | None = None

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        # keeps one renderer, which measures each text once
        FigureCanvasAgg(self)

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure, its texts as they are."""
        self._settle_texts()
        # once: a figure that is cut to what it shows is drawn a second time, into the smaller box
        engine, self._engine = self._engine, None
        with quiet_glyphs(), rc_settings(_DRAWN):
            if engine is not None:
                self._place(engine, renderer)
            super().draw(renderer)

    def get_tightbbox(self, *args: Any, **more: Any) -> Bbox:
        """The box around all that is drawn, in inches."""
        self._settle_texts()
        with quiet_glyphs(), rc_settings(_DRAWN):
            return super().get_tightbbox(*args, **more)

    def lay_out(self) -> None:
        """Give all axes their places, so that pixels are known, without drawing anything."""
        self._settle_texts()
        with quiet_glyphs(), rc_settings(_DRAWN):
            self._place(self.get_layout_engine())

    def _place(self, engine: LayoutEngine | None, renderer: RendererBase | None = None) -> None:
        """Give all axes their places by an engine; a renderer that is given measures the texts."""
        own = self.canvas
        if renderer is not None:
            _Measuring(self, renderer)
        try:
            if self.axes and engine is not None:
                with suppress(ValueError):  # as Matplotlib does
                    engine.execute(self)
        finally:
            self.set_canvas(own)
        for axes in self.axes:
            locator: Any = axes.get_axes_locator()
            axes.apply_aspect(None if locator is None else locator(axes, None))

    def save(self, path: Any, kind: str, dpi: float, metadata: Mapping[str, Any] | None) -> None:
        """Save a file of this kind, the same bytes as Matplotlib's ``savefig``.

        That draws the whole figure without output first, only to lay it out, and measures the
        texts again for each of the two.
        """
        engine = self.get_layout_engine()
        with rc_settings(_LAID_OUT):
            try:
                self.set_layout_engine(None)
                self._engine = engine
                self.savefig(path, format=kind, dpi=dpi, metadata=metadata)
            finally:
                self._engine = None
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
        """Save a PNG, SVG or PDF without a time stamp, so that equal figures are equal files.

        An SVG has its letters as paths: it looks the same without the fonts of this machine. EPS
        and compressed SVG have no time either; other formats are saved as Matplotlib does.
        """
        path = Path(path)
        kind = path.suffix[1:].lower() or self.canvas.get_default_filetype()
        with rc_settings({"svg.hashsalt": "graphkit", "svg.fonttype": "path"}):
            write_whole(path, lambda part: self._save_untimed(part, kind, dpi))
        return path

    def _save_untimed(self, path: Path, kind: str, dpi: float) -> None:
        if kind not in (*_POSTSCRIPT, "svgz"):
            self.save(path, kind, dpi, _UNTIMED.get(kind))
            return
        # Matplotlib has no option to leave the time out of these
        buffer = io.BytesIO()
        self.save(buffer, kind.removesuffix("z"), dpi, _UNTIMED.get(kind))
        written = buffer.getvalue()
        if kind == "svgz":
            path.write_bytes(gzip.compress(written, mtime=0))
            return
        head, end, body = written.partition(b"%%EndComments")
        path.write_bytes(_STAMPS.sub(b"", head) + end + body)


class _Measuring(FigureCanvasBase):
    """Gives a figure the renderer that draws it, to measure its texts as well."""

    def __init__(self, figure: Figure, renderer: RendererBase) -> None:
        super().__init__(figure)
        self._given = renderer

    def get_renderer(self) -> RendererBase:
        return self._given


def lay_out(figure: Figure) -> None:
    """Give the axes of a figure their places, so that pixels are known."""
    if isinstance(figure, Canvas):
        figure.lay_out()
        return
    with quiet_glyphs():
        figure.draw_without_rendering()


#: Formatters whose texts may be formulas of Matplotlib's own.
NUMBERS = (ScalarFormatter, LogFormatter, LogitFormatter)


def settle_texts(drawn: Artist, all_axes: Iterable[Axes]) -> str:
    """Make texts plain but for the numbers at ticks of these axes, and give them fonts.

    Returns what is to be said of letters that no font has, if there are any.
    """
    with quiet_glyphs(), rc_settings(_DRAWN):
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
            axis.get_ticklabels()
            major = isinstance(axis.get_major_formatter(), NUMBERS)
            minor = isinstance(axis.get_minor_formatter(), NUMBERS)
            ticks = [*(axis.get_major_ticks() if major else ())]
            ticks += axis.get_minor_ticks() if minor else ()
            for tick in ticks:
                yield from (tick.label1, tick.label2)
            if major:
                yield axis.get_offset_text()


@contextmanager
def rc_settings(values: Mapping[str, Any]) -> Iterator[None]:
    """Context of some of Matplotlib's settings, for one thread at a time.

    Settings are those of the process, as filters of warnings are: see :func:`own_warnings`.
    ``rc_context`` copies all of them, every time.
    """
    settings: MutableMapping[Any, Any] = mpl.rcParams
    with settings_lock:
        before = {name: settings[name] for name in values}
        try:
            settings.update(values)
            yield
        finally:
            settings.update(before)


@contextmanager
def quiet_glyphs() -> Iterator[None]:
    """Without Matplotlib's warnings of letters: a :class:`Canvas` gives one for all."""
    log = logging.getLogger("matplotlib.font_manager")
    log.addFilter(_is_no_weight)
    try:
        with own_warnings():
            warnings.filterwarnings("ignore", r"(?s)Glyph \d+ .*missing from", UserWarning)
            warnings.filterwarnings("ignore", "Matplotlib currently does not support", UserWarning)
            yield
    finally:
        log.removeFilter(_is_no_weight)


def _is_no_weight(record: logging.LogRecord) -> bool:
    """Whether a message is not of the weight of a font: many of other scripts have only one."""
    return "font weight" not in record.getMessage()


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

"""Labels of figures: names as they are drawn, broken into lines, and placed without overlaps."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.axis import Axis, YAxis
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FixedFormatter

from graphkit.data.tags import drop_unseen
from graphkit.plot.canvas import NUMBERS, lay_out, quiet_glyphs

Floats = npt.NDArray[np.float64]

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


#: Characters of a line of a name beside a row, on a phone; and lines.
_NARROW, _NAME_LINES = 17, 2
#: Characters of a name where there is room for one line only, or where wide letters leave less.
ONE_LINE = (_NARROW, 14)


def break_text(text: Text, room: float, *, upright: bool = False) -> None:
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


def break_names(axis: Axis, on_one_line: int | None = None) -> bool:
    """Put long names at an axis on two lines, or one of so many characters, cut where that does not do.

    Returns whether any is long.
    """
    if isinstance(axis.get_major_formatter(), NUMBERS):
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


def cover_each_other(axis: Axis) -> bool:
    """Whether names that are written across an axis cover others, for they have several lines."""
    texts = [text for text in axis.get_ticklabels() if text.get_text()]
    along = int(isinstance(axis, YAxis))
    if not texts or (texts[0].get_rotation() % 180 == 90) == along:
        return False
    boxes = np.array([text.get_window_extent().extents for text in texts])
    boxes = boxes[np.argsort(boxes[:, along])]
    return bool((boxes[1:, along] < boxes[:-1, along + 2]).any())


def write_beside(
    axes: Axes, text: str, at: tuple[float, float], shift: tuple[float, float], **more: Any
) -> Annotation:
    """A text shifted from a place by so many points."""
    return axes.annotate(text, at, xytext=shift, textcoords="offset points", **more)


def leader_line(colour: Any, width: float, gap: float = 0) -> dict[str, Any]:
    """Properties of a line from a text to its place, which ends `gap` points before it."""
    return {"arrowstyle": "-", "color": colour, "linewidth": width, "shrinkA": 0, "shrinkB": gap}


#: Candidate positions: points from the dot to the name, and directions, right and left first.
_GAPS = (7.0, 13.0, 22.0, 34.0, 50.0, 75.0)
_ANGLES = np.deg2rad([0, 180, 45, 135, 315, 225, 90, 270, 22, 158, 338, 202, 67, 113, 293, 247])
_WAYS = np.column_stack([np.cos(_ANGLES), np.sin(_ANGLES)])
#: From this gap on, or where another dot is as near, a line leads from the name to its dot.
_FAR = 20.0


def name_dots(
    figure: Figure,
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
    lay_out(figure)
    to_pixels, point = axes.transData.transform, figure.dpi / 72
    at = np.asarray([to_pixels(dot) for dot in dots], dtype=np.float64)
    frame = np.asarray(axes.get_window_extent().extents, dtype=np.float64)
    radius = 4 * point
    around = np.column_stack([at - radius, at + radius])
    corners = [(*to_pixels(bar[:2]), *to_pixels(bar[2:])) for bar in bars]
    thin = np.asarray(corners, dtype=np.float64).reshape(-1, 4) + point * np.array([-1, -1, 1, 1])
    taken, gaps = np.empty((0, 4)), np.array(_GAPS)
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
        edge = (size / np.maximum(np.abs(_WAYS), 1e-9)).min(axis=1)
        shifts = _WAYS * (gaps[:, None, None] * point + edge[:, None])
        shifts = shifts.reshape(-1, 2)
        boxes = np.hstack([at[dot] + shifts - size, at[dot] + shifts + size])
        hard = _overlap_areas(boxes, around) + 2 * _overlap_areas(boxes, taken)
        hard += 4 * _areas_outside(boxes, frame)
        gap = np.repeat(gaps, len(_WAYS))
        ambiguous = _dot_distances(boxes, np.delete(at, dot, axis=0)) < 1.5 * gap * point
        cost = (hard + _overlap_areas(boxes, thin)) / point**2 + gap + 8 * ambiguous
        best = int(cost.argmin())
        text.set_position(tuple((shifts[best] / point).tolist()))
        if gap[best] < _FAR and not ambiguous[best] and text.arrow_patch is not None:
            text.arrow_patch.set_visible(False)
        taken = np.vstack([taken, boxes[best]])


def _dot_distances(boxes: Floats, dots: Floats) -> Floats:
    """Distance of each box to its nearest dot; infinite without any."""
    each = boxes[:, None]
    away = np.maximum(np.maximum(each[..., :2] - dots, dots - each[..., 2:]), 0)
    nearest: Floats = np.sqrt((away**2).sum(axis=2)).min(axis=1, initial=np.inf)
    return nearest


def _overlap_areas(boxes: Floats, others: Floats) -> Floats:
    """Area that each box shares with others, together."""
    each = boxes[:, None]
    width = np.minimum(each[..., 2], others[:, 2]) - np.maximum(each[..., 0], others[:, 0])
    height = np.minimum(each[..., 3], others[:, 3]) - np.maximum(each[..., 1], others[:, 1])
    shared: Floats = (np.maximum(width, 0) * np.maximum(height, 0)).sum(axis=1)
    return shared


def _areas_outside(boxes: Floats, frame: Floats) -> Floats:
    """Area of each box outside the frame."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas - _overlap_areas(boxes, frame[None])

"""Where ties run: communities × communities, observed against independence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from graphkit.errors import DataError
from graphkit.measures import Mixing
from graphkit.plot._canvas import ACCENT, INK, Canvas, blank_canvas, head

__all__ = ["borders", "matrices"]


def borders(
    panels: Mapping[str, Mixing], *, top: int = 16, highlight: tuple[str, ...] = ()
) -> Canvas:
    """Matrices side by side: log₂ of observed over expected ties between communities.

    Blue: fewer ties than independence would give; red: more. Cells with an expectation
    below 5 are blank. A culture that lives in shared interest only has a red diagonal cell
    in one panel and none in the other.

    Parameters
    ----------
    panels
        Mixing results by title, all over the same communities.
    top
        Communities shown, the largest first.
    highlight
        Names of communities to set off by colour.
    """
    return matrices(panels, top, highlight, "ties", ("from", "to"))


def matrices(
    panels: Mapping[str, Mixing], top: int, highlight: tuple[str, ...], unit: str,
    sides: tuple[str, str],
) -> Canvas:  # fmt: skip
    """The figure of :func:`borders` for any unit, with its names of rows and columns."""
    if not panels:
        raise DataError("at least one Mixing result is needed.")
    labels = next(iter(panels.values())).labels[:top]
    if any(panel.labels[:top] != labels for panel in panels.values()):
        raise DataError("all panels must be over the same communities: use one partition.")
    size = len(labels)
    side = 1.9 + 0.29 * size
    figure, axes = blank_canvas(side * len(panels) + 0.8, side, columns=len(panels))
    images: list[AxesImage] = []
    for position, (ax, (title, panel)) in enumerate(zip(axes, panels.items(), strict=True)):
        ratio = panel.log_ratio()[:size, :size]
        shown = np.ma.masked_invalid(np.where(np.isneginf(ratio), -4.0, ratio))
        images.append(ax.imshow(np.clip(shown, -4, 4), cmap="RdBu_r", vmin=-4, vmax=4))
        head(ax, title)
        if panel.directed:
            ax.set_ylabel(sides[0], fontsize=9)
            ax.set_xlabel(sides[1], fontsize=9)
        ax.set_xticks(range(size), labels, rotation=90, fontsize=8)
        ax.set_yticks(range(size), labels if position == 0 else [""] * size, fontsize=8)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        for tick in (*ax.get_xticklabels(), *ax.get_yticklabels()):
            tick.set_color(ACCENT if tick.get_text() in highlight else INK)
        for name in set(highlight) & set(labels):
            at = labels.index(name)
            ax.add_patch(_frame_around(at))
    bar = figure.colorbar(images[0], ax=axes, shrink=0.7, pad=0.02)
    bar.set_label(f"log₂ observed / expected {unit}", fontsize=9)
    return figure


def _frame_around(position: int) -> Rectangle:
    corner = (position - 0.5, position - 0.5)
    return Rectangle(corner, 1, 1, fill=False, edgecolor=INK, linewidth=1.6)

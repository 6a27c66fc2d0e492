"""Figure of a contrast of flows: a matrix of differences, with what can and cannot be told."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Rectangle

from graphkit.errors import DataError, check_integer
from graphkit.measures.flow_contrast import FlowContrast
from graphkit.measures.intervals import FILLER, HIGHER, LOWER
from graphkit.plot import style
from graphkit.plot.labels import shown, shown_all
from graphkit.plot.style import INK, MUTED, PALE, Canvas, Place, Width

__all__ = ["flow_contrast"]

#: Differences beyond this are drawn in the last colour.
MOST = 3.0


def flow_contrast(
    found: FlowContrast, *, top: int = 16, ax: Place | None = None, width: Width = "page"
) -> Canvas:
    """Matrix of the differences of two arms' flows, home community by viewer's community.

    Red: the arm carries more from the row to the column than the baseline, beyond the totals of
    both communities; blue: less. A framed cell has a direction that can be claimed; in a cell
    with a dot no difference can be told, or none is claimed for filler; a hatched one was not
    compared, for too few impressions were expected there.

    Parameters
    ----------
    found
        Result of :func:`graphkit.measures.flow_contrast`.
    top
        Communities shown, the largest first.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("flow_contrast", found, FlowContrast, "graphkit.measures.flow_contrast")
    top = check_integer("top", top, 1)
    if not found.frame.height:
        raise DataError("no cell of the contrast was compared: there is nothing to draw.")
    labels = found.labels[:top]
    size, names = len(labels), shown_all(labels)
    cells = found.matrix()[:size, :size]
    side = 2.6 + 0.34 * size + 0.07 * max(0, max(map(len, names)) - 12)
    sheet, (axes,) = style.open_sheet(
        "flow_contrast", max(side + 1.4, 5.2), max(side, 4.0), ax=ax, on=width
    )
    limit = min(MOST, max(0.5, float(np.nanmax(np.abs(cells), initial=0.0))))
    shade = np.ma.masked_invalid(np.clip(cells, -limit, limit))
    image = axes.imshow(shade, cmap="RdBu_r", vmin=-limit, vmax=limit)
    told = {
        (home, viewer): direction
        for home, viewer, direction in found.frame.select("home", "viewer", "direction").iter_rows()
    }
    for row, home in enumerate(labels):
        for column, viewer in enumerate(labels):
            corner = (column - 0.5, row - 0.5)
            if (home, viewer) not in told:
                box = {"hatch": "////", "facecolor": "white", "edgecolor": PALE}
                axes.add_patch(Rectangle(corner, 1, 1, linewidth=0, **box))  # type: ignore[arg-type]
            elif told[home, viewer] in (HIGHER, LOWER):
                inner = (column - 0.46, row - 0.46)
                frame = {"fill": False, "edgecolor": INK, "linewidth": 1.3}
                axes.add_patch(Rectangle(inner, 0.92, 0.92, **frame))  # type: ignore[arg-type]
            else:
                axes.plot(column, row, "o", color=MUTED, markersize=3.5, markeredgecolor="white")
    axes.set_xticks(range(size), names, rotation=90, fontsize=8)
    axes.set_yticks(range(size), names, fontsize=8)
    axes.set_ylabel("community of origin", fontsize=9)
    axes.set_xlabel("community of viewers", fontsize=9)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    title = f"Flows: {shown(found.arm)} − {shown(found.baseline)}"
    style.head(axes, title)
    extend = style.ends_of(cells, limit)
    sheet.colorbar(image, axes, "difference of log₂ (observed / expected)", extend=extend)
    filled = FILLER in told.values()
    level = f"{100 * (1 - found.confidence):.3g} %"
    notes = [
        "no direction is claimed: filler"
        if filled
        else f"framed: told apart at a false discovery rate of {level}",
        "" if filled else "dot: no difference can be told",
        "hatched: fewer than 5 impressions expected" if len(told) < len(found.labels) ** 2 else "",
        f"intervals {found.interval}",
    ]
    style.foot(sheet, *notes, calibrated=found.calibrated)
    return sheet.done()

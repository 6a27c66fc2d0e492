"""Would the follow graph have shown them? One row per community."""

from __future__ import annotations

import numpy as np
import polars as pl

from graphkit.data.results import Visibility
from graphkit.errors import DataError
from graphkit.plot._canvas import ACCENT, BASE, MUTED, PALE, Canvas, blank_canvas, head

__all__ = ["visibility"]


def visibility(found: Visibility, *, top: int = 25) -> Canvas:
    """Best match on the follow graph, and follows inside against chance, per community.

    Left: median over runs of the best F1 with a community of the follow graph; from 0.5 on
    (dashed) it counts as visible. Right: share of the members' follows that stay inside
    (dot) and what chance would give with the same degrees (bar).

    Parameters
    ----------
    found
        A result of :func:`graphkit.visibility`.
    top
        Communities shown, the largest first.
    """
    frame = found.frame.head(top).filter(pl.col("follow_f1").is_not_null())
    if not frame.height:
        raise DataError("no community shares enough nodes with the follow graph to be plotted.")
    frame = frame.sort("follow_f1", "size", descending=[True, True])
    rows = np.arange(frame.height)[::-1]
    figure, (left, right) = blank_canvas(10, 1.5 + 0.34 * frame.height, columns=2)
    colours = [BASE if v else ACCENT for v in frame.get_column("visible").to_list()]
    scores = frame.get_column("follow_f1").to_numpy()
    left.hlines(rows, 0, scores, color=PALE, linewidth=2)
    left.scatter(scores, rows, color=colours, s=48, zorder=3)
    left.axvline(0.5, color=MUTED, linewidth=1, linestyle="--")
    left.set_xlim(0, 1.02)
    left.set_yticks(rows, frame.get_column("label").to_list())
    for tick, colour in zip(left.get_yticklabels(), colours, strict=True):
        tick.set_color("#22262b" if colour == BASE else ACCENT)
    left.set_xlabel("best F1 with a community of the follow graph")
    hidden = frame.height - int(frame.get_column("visible").sum())
    head(left, f"Visible among followers? {hidden} of {frame.height} are not")
    inside = frame.get_column("internal_share").to_numpy()
    chance = frame.get_column("expected_share").to_numpy()
    right.barh(rows, chance, color=PALE, height=0.6, label="expected by degrees alone")
    right.scatter(inside, rows, color=colours, s=48, zorder=3, label="observed")
    right.set_yticks(rows, [""] * frame.height)
    right.set_xlim(0, max(0.05, float(np.nanmax(np.r_[inside, chance]))) * 1.08)
    right.set_xlabel("share of members' follows that stay inside")
    head(right, "Follows inside, against chance")
    right.legend(frameon=False, fontsize=8.5, loc="lower right")
    for axes in (left, right):
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(-0.6, frame.height - 0.4)
    return figure

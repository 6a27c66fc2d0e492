"""Whether a conclusion outlives the one assumption that could decide it: s."""

from __future__ import annotations

import polars as pl

from graphkit.errors import DataError, MissingDataError
from graphkit.plot._canvas import INK, MUTED, Canvas, all_calibrated, blank_canvas, foot, head
from graphkit.plot._means import with_unit
from graphkit.plot.reach import arm_colours

__all__ = ["s_scan"]


def s_scan(frame: pl.DataFrame, *, measure: str = "crossing") -> Canvas:
    """Difference of a measure over the social share s of taste, with sign changes marked.

    A line per partition with its interval; a vertical line stands where a line changes
    its sign, read off straight between the two neighbouring values of s.

    Parameters
    ----------
    frame
        Results of :func:`graphkit.contrast` with a column ``s``, stacked.
    measure
        The measure shown, over all communities.
    """
    needed = ("s", "measure", "partition", "community", "arm", "baseline", "difference")
    missing = [name for name in (*needed, "low", "high") if name not in frame.columns]
    if missing:
        raise MissingDataError(
            f"the frame has no column {', '.join(missing)}: stack contrasts, with a column s."
        )
    rows = frame.filter(
        (pl.col("measure") == measure)
        & pl.col("community").is_null()
        & pl.col("difference").is_not_null()
    ).sort("s", maintain_order=True)
    if not rows.height:
        raise DataError(f"the frame has no difference of {measure!r} over all communities.")
    pairs = rows.select("arm", "baseline").unique()
    if pairs.height > 1:
        raise DataError("one figure shows one pair of arms: filter the frame by arm and baseline.")
    if rows.select("partition", "s").is_duplicated().any():
        raise DataError("a value of s occurs more than once for one partition.")
    kinds = rows.get_column("partition").unique(maintain_order=True).to_list()
    figure, (axes,) = blank_canvas(7.2, 4.2)
    axes.axhline(0, color=INK, linewidth=1)
    changes = []
    for name, colour in arm_colours([str(kind) for kind in kinds]).items():
        kind = None if name == "None" else name
        line = rows.filter(pl.col("partition").eq_missing(pl.lit(kind, dtype=pl.String)))
        s, difference = line.get_column("s").to_list(), line.get_column("difference").to_list()
        bounds = line.drop_nulls(["low", "high"])
        axes.fill_between(
            bounds.get_column("s").to_list(), bounds.get_column("low").to_list(),
            bounds.get_column("high").to_list(), color=colour, alpha=0.18, linewidth=0,
        )  # fmt: skip
        label = f"{kind} partition" if kind else measure
        axes.plot(s, difference, color=colour, linewidth=2, marker="o", markersize=4, label=label)
        changes += [(at, colour) for at in sign_changes(s, difference)]
    for at, colour in changes:
        axes.axvline(at, color=colour, linewidth=1, linestyle="--")
        axes.annotate(
            f"s = {at:.2f}", (at, 1), xycoords=("data", "axes fraction"), xytext=(3, -10),
            textcoords="offset points", fontsize=8.5, color=colour,
        )  # fmt: skip
    arm, baseline = pairs.row(0)
    axes.set_xlabel("s: share of taste that is social")
    axes.set_ylabel(with_unit(f"{measure}, {arm} − {baseline}", measure))
    axes.legend(frameon=False, fontsize=8.5, loc="best")
    head(axes, "The sign changes" if changes else "The sign does not change with s")
    axes.tick_params(colors=MUTED, labelcolor=INK)
    foot(figure, calibrated=all_calibrated(rows))
    return figure


def sign_changes(s: list[float], difference: list[float]) -> list[float]:
    """Where a line through the points crosses zero.

    Points at zero are crossed only if the signs beside them differ, and then there (in
    their middle).

    Examples
    --------
    >>> sign_changes([0.0, 0.5, 1.0], [2.0, -2.0, -1.0])
    [0.25]
    >>> sign_changes([0.0, 0.5, 1.0], [2.0, 0.0, 1.0])
    []
    >>> sign_changes([0.0, 0.5, 1.0], [2.0, 0.0, -9.0])
    [0.5]
    """
    found, zeros = [], []
    last: tuple[float, float] | None = None
    for x, y in zip(s, difference, strict=True):
        if y == 0:
            zeros.append(x)
            continue
        if last is not None and (last[1] > 0) != (y > 0):
            x0, y0 = last
            straight = x0 + (x - x0) * y0 / (y0 - y)
            found.append(sum(zeros) / len(zeros) if zeros else straight)
        last, zeros = (x, y), []
    return found

"""Communities from coarse to fine: how many, how surely, and which view lasts."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import FuncFormatter, NullFormatter

from graphkit.data.membership import STABLE
from graphkit.data.profile import ResolutionProfile
from graphkit.errors import DataError
from graphkit.plot._canvas import ACCENT, BASE, INK, MUTED, PALE, Canvas, blank_canvas, head

__all__ = ["resolution"]


def resolution(profile: ResolutionProfile) -> Canvas:
    """Number of communities and agreement of runs against γ, with the domains as bands.

    Above, a step per admissible partition over the γ where it is the best one found, and a
    dot per γ that was run; below, how far the runs at each γ agree. Bands take turns with
    the domains; the suggested one is red and named, where there is one.

    Parameters
    ----------
    profile
        Result of :func:`graphkit.communities.resolution_profile`.
    """
    if not isinstance(profile, ResolutionProfile):
        raise DataError(
            f"plot.resolution needs a ResolutionProfile, not a {type(profile).__name__}: see "
            "resolution_profile."
        )
    figure, (above, below) = blank_canvas(7.2, 4.8, 2)
    grid = GridSpec(2, 1, figure=figure, height_ratios=(2.4, 1))
    above.set_subplotspec(grid[0])
    below.set_subplotspec(grid[1])
    below.sharex(above)
    above.set_xscale("log")
    above.set_yscale("log")
    for axes in (above, below):
        _bands(axes, profile)
    gamma = profile.frame.get_column("resolution").to_numpy()
    above.scatter(
        gamma, profile.frame.get_column("communities").to_numpy(), s=26, facecolor="white",
        edgecolor=BASE, linewidth=1.3, zorder=3, label="best run at this γ",
    )  # fmt: skip
    _steps(above, profile)
    stability = profile.frame.get_column("stability").to_numpy()
    below.plot(gamma, stability, color=BASE, linewidth=1.6, marker="o", markersize=4)
    below.axhline(STABLE, color=MUTED, linewidth=1, linestyle="--")
    below.text(
        0.01, 0.03, f"dashed: stable from {STABLE}", transform=below.transAxes, fontsize=8.5,
        color=MUTED,
    )  # fmt: skip
    below.set_ylim(-0.28, 1.06)  # room for the note
    below.set_ylabel("agreement of\nruns (AMI)")
    below.set_xlabel(f"resolution γ of {_NAMES[profile.quality_function]}")
    above.set_ylabel("communities")
    # room for the dots at both ends
    above.set_xlim(profile.low / 1.06, profile.high * 1.06)
    above.tick_params(labelbottom=False)
    for axis in (above.xaxis, above.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
        axis.set_minor_formatter(NullFormatter())
    above.legend(frameon=False, fontsize=8.5, loc="upper left")
    head(above, _title(profile))
    return figure


_NAMES = {"modularity": "modularity", "cpm": "CPM"}


def _bands(axes: Axes, profile: ResolutionProfile) -> None:
    """Every second domain pale, the suggested one red."""
    for row in profile.domains.iter_rows(named=True):
        if row["domain"] == profile.suggestion:
            axes.axvspan(row["low"], row["high"], color=ACCENT, alpha=0.14, linewidth=0)
        elif row["domain"] % 2:
            axes.axvspan(row["low"], row["high"], color=PALE, alpha=0.5, linewidth=0)


def _steps(axes: Axes, profile: ResolutionProfile) -> None:
    """A horizontal line per domain at its number of communities."""
    name = "best found over this range"
    for row in profile.domains.iter_rows(named=True):
        chosen = row["domain"] == profile.suggestion
        axes.hlines(
            row["communities"], row["low"], row["high"], color=ACCENT if chosen else INK,
            linewidth=4 if chosen else 2, zorder=2,
            label="" if chosen else name,
        )  # fmt: skip
        if not chosen:
            name = ""
        else:
            axes.annotate(
                f"suggested: {row['communities']:,}",
                ((row["low"] * row["high"]) ** 0.5, row["communities"]),
                xytext=(0, 9), textcoords="offset points", ha="center", fontsize=9,
                color=ACCENT, fontweight="bold",
            )  # fmt: skip


def _title(profile: ResolutionProfile) -> str:
    if profile.suggestion is None:
        return "No partition lasts over a stable range of γ"
    row = profile.domains.row(profile.suggestion, named=True)
    return f"{row['communities']:,} communities last from γ = {row['low']:.2g} to {row['high']:.2g}"

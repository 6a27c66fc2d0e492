"""Which communities there are: size, name, evidence and how sure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpec
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, NullFormatter

from graphkit.communities.resolution import ResolutionProfile
from graphkit.communities.visibility import Visibility
from graphkit.data.partition import STABLE, Partition
from graphkit.data.tags import fold_tag
from graphkit.errors import DataError
from graphkit.measures import Mixing
from graphkit.plot.style import ACCENT, BASE, INK, MUTED, PALE, Canvas, blank_canvas, foot, head

__all__ = ["borders", "communities", "flows", "matrices", "resolution", "visibility"]


def communities(partition: Partition, *, top: int = 20) -> Canvas:
    """Bars of community sizes with names and their strongest tags; faint where unsure.

    Parameters
    ----------
    partition
        With labels and runs, if they are to be shown.
    top
        Communities shown, the largest first; the title says how many are left out.

    Returns
    -------
    Canvas
        A Matplotlib figure.
    """
    shown = min(top, partition.n_communities)
    if shown < 1:
        raise DataError("the partition has no community to plot.")
    summary = partition.summary().head(shown)
    sizes = summary.get_column("size").to_numpy()
    sure = np.ones(shown)
    if "consistency" in summary.columns:
        sure = summary.get_column("consistency").fill_null(1).to_numpy()
    figure, (axes,) = blank_canvas(9.5, 1.3 + 0.36 * shown)
    rows = np.arange(shown)[::-1]
    colours = [(*_rgb(BASE), 0.25 + 0.75 * float(s)) for s in sure]
    axes.barh(rows, sizes, color=colours, height=0.74)
    axes.set_yticks(rows, summary.get_column("label").to_list())
    axes.tick_params(axis="y", length=0)
    words = _evidence_words(partition)
    for row, code, size, value in zip(rows, range(shown), sizes, sure, strict=True):
        note = f" {size:,}"
        if "consistency" in summary.columns:
            note += f" · {value:.2f}"
        if words.get(code):
            note += f"   {words[code]}"
        axes.annotate(note, (size, row), va="center", fontsize=8.5, color=MUTED)
    axes.set_xlim(0, float(sizes.max()) * 1.75)
    axes.set_xticks([tick for tick in axes.get_xticks() if tick <= sizes.max()])
    axes.set_xlabel(f"{partition.node_kind} (bar), consistency over runs (number, and shade)")
    left_out = partition.n_communities - shown
    rest = f"; {left_out} smaller ones not shown" if left_out else ""
    verdict = f" — {partition.verdict}" if partition.runs is not None else ""
    head(axes, f"{partition.n_communities} communities{verdict}{rest}")
    return figure


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)


def _evidence_words(partition: Partition, most: int = 4) -> dict[int, str]:
    """The strongest tags of each community beside the one it is named after."""
    if partition.evidence is None or not partition.evidence.height:
        return {}
    names = [fold_tag(name) for name in partition.labels if name]
    frame = partition.evidence.filter(~pl.col("tag").is_in(names))
    groups = frame.sort("community", "rank").group_by("community", maintain_order=True)
    words = groups.agg(pl.col("tag").head(most))
    return {code: ", ".join(t.lstrip("#") for t in tags) for code, tags in words.rows()}


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
    panels: Mapping[str, Mixing],
    top: int,
    highlight: tuple[str, ...],
    unit: str,
    sides: tuple[str, str],
) -> Canvas:
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
        gamma,
        profile.frame.get_column("communities").to_numpy(),
        s=26,
        facecolor="white",
        edgecolor=BASE,
        linewidth=1.3,
        zorder=3,
        label="best run at this γ",
    )
    _steps(above, profile)
    stability = profile.frame.get_column("stability").to_numpy()
    below.plot(gamma, stability, color=BASE, linewidth=1.6, marker="o", markersize=4)
    below.axhline(STABLE, color=MUTED, linewidth=1, linestyle="--")
    below.text(
        0.01,
        0.03,
        f"dashed: stable from {STABLE}",
        transform=below.transAxes,
        fontsize=8.5,
        color=MUTED,
    )
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
            row["communities"],
            row["low"],
            row["high"],
            color=ACCENT if chosen else INK,
            linewidth=4 if chosen else 2,
            zorder=2,
            label="" if chosen else name,
        )
        if not chosen:
            name = ""
        else:
            axes.annotate(
                f"suggested: {row['communities']:,}",
                ((row["low"] * row["high"]) ** 0.5, row["communities"]),
                xytext=(0, 9),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                color=ACCENT,
                fontweight="bold",
            )


def _title(profile: ResolutionProfile) -> str:
    if profile.suggestion is None:
        return "No partition lasts over a stable range of γ"
    row = profile.domains.row(profile.suggestion, named=True)
    return f"{row['communities']:,} communities last from γ = {row['low']:.2g} to {row['high']:.2g}"


def flows(arms: Mapping[str, Mixing], *, top: int = 16, highlight: tuple[str, ...] = ()) -> Canvas:
    """Matrices side by side: log₂ of observed over expected impressions, one per arm.

    Rows are the home communities of the posts, columns the viewers' communities. Red: more
    impressions than independence would give; blue: fewer. Cells with an expectation below
    5 are blank. The darker the diagonal beside the rest, the less a feed carries across.

    Parameters
    ----------
    arms
        Results of :func:`graphkit.measures.flow` by the name of the arm, over the same
        communities.
    top
        Communities shown, the largest first.
    highlight
        Names of communities to set off by colour.
    """
    figure = matrices(arms, top, highlight, "impressions", ("post at home in", "shown to"))
    marks = [panel.provenance.parameters.get("calibrated", True) for panel in arms.values()]
    foot(figure, calibrated=all(marks))
    return figure

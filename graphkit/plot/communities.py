"""Figures of communities: sizes and consistency, visibility, mixing matrices, resolution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.gridspec import GridSpec
from matplotlib.patches import Rectangle

from graphkit.communities.resolution import ResolutionProfile
from graphkit.data.partition import AGREE, Partition
from graphkit.data.tags import fold_tag
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, OptionError, check_choice
from graphkit.measures import Mixing
from graphkit.plot import style
from graphkit.plot.labels import shown, shown_all, write_beside
from graphkit.plot.palette import Palette
from graphkit.plot.style import ACCENT, BASE, INK, MUTED, PALE, Canvas, Place, Width, column_arrays

__all__ = ["borders", "communities", "flows", "resolution", "visibility"]


def communities(
    partition: Partition,
    *,
    top: int = 20,
    verdict: str | None = None,
    palette: Palette | None = None,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Bars of community sizes with names and over-represented tags, shaded by consistency over runs.

    Parameters
    ----------
    partition
        With labels and runs, if they are to be shown.
    top
        Communities shown, the largest first; the title says how many are left out.
    verdict
        What the title says of them, such as the outcome of a null test; by default how far the
        runs agree.
    palette
        Colours of the communities, :func:`graphkit.plot.palette` of their partition; by default one blue.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.

    Returns
    -------
    Canvas
        A Matplotlib figure.
    """
    count = min(top, partition.n_communities)
    if count < 1:
        raise DataError("the partition has no community to plot.")
    summary = partition.summary().head(count)
    sizes = summary.get_column("size").to_numpy()
    has_runs = "consistency" in summary.columns
    stability = (
        summary.get_column("consistency").fill_null(1).to_numpy() if has_runs else np.ones(count)
    )
    sheet, (axes,) = style.open_sheet("communities", 9.5, 1.3 + 0.36 * count, ax=ax, on=width)
    rows = np.arange(count)[::-1]
    hues = [BASE if palette is None else palette[partition.name(c)] for c in range(count)]
    colours = [
        (*to_rgb(hue), 0.25 + 0.75 * float(s)) for hue, s in zip(hues, stability, strict=True)
    ]
    axes.barh(rows, sizes, color=colours, height=0.74)
    axes.set_yticks(rows, shown_all(summary.get_column("label")))
    axes.tick_params(axis="y", length=0)
    words = _strongest_tags(partition)
    for row, code, size, value in zip(rows, range(count), sizes, stability, strict=True):
        note = f" {size:,}" + (f" · {value:.2f}" if has_runs else "")
        # on a phone there is no room for tags
        note += f"   {words[code]}" if words.get(code) and not sheet.narrow else ""
        axes.annotate(note, (size, row), va="center", fontsize=8.5, color=MUTED)
    axes.set_xlim(0, float(sizes.max()) * 1.75)
    axes.set_xticks([tick for tick in axes.get_xticks() if tick <= sizes.max()])
    runs = " (bar), consistency over runs (number, and shade)" if has_runs else ""
    axes.set_xlabel(f"{shown(partition.node_kind)}{runs}")
    left_out = partition.n_communities - count
    rest = f"; {left_out} smaller ones not shown" if left_out else ""
    if verdict is None:
        verdict = partition.verdict if partition.runs is not None else ""
    said = f" — {verdict}" if verdict else ""
    style.head(axes, f"{partition.n_communities} communities{said}{rest}")
    return sheet.done()


def _strongest_tags(partition: Partition, most: int = 4) -> dict[int, str]:
    """Over-represented tags of each community other than the one it is named after."""
    if partition.evidence is None or not partition.evidence.height:
        return {}
    names = [form for name in partition.labels if name for form in (name, fold_tag(name))]
    frame = partition.evidence.filter(~pl.col("tag").is_in(names))
    groups = frame.sort("community", "rank").group_by("community", maintain_order=True)
    words = groups.agg(pl.col("tag").head(most))
    return {code: ", ".join(shown(t.lstrip("#")) for t in tags) for code, tags in words.rows()}


def visibility(
    found: Visibility,
    *,
    top: int = 25,
    palette: Palette | None = None,
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Best match on the follow graph, and follows inside, observed and expected, per community.

    Left: median over runs of the best F1 with a community of the follow graph; from 0.5 on
    (dashed) it is visible. Right: share of the members' follows that stay inside (dot), and its
    expectation from degrees alone (bar). Communities whose verdict is hidden are in colour,
    those that are undecided or cannot be judged are pale.

    Parameters
    ----------
    found
        A result of :func:`graphkit.visibility`.
    top
        Communities shown, the largest first.
    palette
        Colours of the communities, :func:`graphkit.plot.palette` of their partition: then marks
        show the verdict, a diamond for hidden and a cross where there is none.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    if not isinstance(found, Visibility):
        raise DataError(
            f"plot.visibility draws the result of gk.visibility(partition, follow_graph), and was given "
            f"a {type(found).__name__}."
        )
    frame = found.frame.head(top).filter(pl.col("follow_f1").is_not_null())
    if not frame.height:
        raise DataError("no community shares enough nodes with the follow graph to be plotted.")
    frame = frame.sort("follow_f1", "size", descending=[True, True])
    rows = np.arange(frame.height)[::-1]
    sheet, (left, right) = style.open_sheet(
        "visibility", 10, 1.5 + 0.34 * frame.height, columns=2, ax=ax, on=width
    )
    shades = {"visible": BASE, "hidden": ACCENT}
    colours = [shades.get(v, MUTED) for v in frame.get_column("verdict").to_list()]
    scores = frame.get_column("follow_f1").to_numpy()
    left.hlines(rows, 0, scores, color=PALE, linewidth=2)
    hues, verdicts = colours, frame.get_column("verdict").to_list()
    if palette is not None:
        hues = [palette[str(name)] for name in frame.get_column("label")]
    style.mark_verdicts(left, scores, rows, verdicts, hues, marked=palette is not None)
    left.axvline(0.5, color=MUTED, linewidth=1, linestyle="--")
    left.set_xlim(0, 1.02)
    left.set_yticks(rows, shown_all(frame.get_column("label")))
    for tick, colour in zip(left.get_yticklabels(), colours, strict=True):
        tick.set_color(INK if colour == BASE else colour)
    left.set_xlabel("best F1 with a community of the follow graph")
    hidden = frame.filter(verdict="hidden").height
    style.head(left, f"Visible among followers? {hidden} of {frame.height} hidden")
    inside, chance = column_arrays(frame, "internal_share", "expected_share")
    right.barh(rows, chance, color=PALE, height=0.6, label="expected from degrees alone")
    style.mark_verdicts(right, inside, rows, verdicts, hues, marked=palette is not None)
    right.scatter([], [], color=MUTED, s=48, label="observed")
    names = shown_all(frame.get_column("label"))
    right.set_yticks(rows, names if sheet.narrow else [""] * frame.height)
    right.set_xlim(0, max(0.05, float(np.nanmax(np.r_[inside, chance]))) * 1.08)
    right.set_xlabel("share of members' follows that stay inside")
    style.head(right, "Follows inside, observed and expected")
    right.legend(frameon=False, fontsize=8.5, loc="lower right")
    for axes in (left, right):
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(-0.6, frame.height - 0.4)
    return sheet.done()


def borders(
    panels: Mixing | Mapping[str, Mixing],
    *,
    top: int = 16,
    highlight: tuple[str, ...] = (),
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Mixing matrices side by side: log₂ of observed over expected edge weight.

    Red: more weight between two communities than under independence; blue: less. Cells with
    an expectation below 5 are blank. A community of shared interest that the follow graph does
    not show has a red diagonal cell in one panel and none in the other.

    Parameters
    ----------
    panels
        A result of :func:`graphkit.measures.mixing`, or several by title, all over the same
        communities.
    top
        Communities shown, the largest first.
    highlight
        Names of communities to mark by colour.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    if isinstance(panels, Mixing):
        panels = {"Edges between communities": panels}
    sides = ("from", "to")
    sheet, note = _draw_matrices("borders", panels, top, highlight, "edge weight", sides, ax, width)
    style.foot(sheet, note, calibrated=True)
    return sheet.done()


def _checked_highlight(highlight: Iterable[str], labels: tuple[str, ...]) -> tuple[str, ...]:
    """Names to highlight; one text, and names of no community, are refused."""
    if isinstance(highlight, str):
        raise OptionError(f"highlight={highlight!r} is one text: pass a tuple of names.")
    names = tuple(highlight)
    for name in filter(None, names):  # a community without a name is called by its number
        check_choice("highlight", name, labels)
    return names


def _draw_matrices(
    caller: str,
    panels: Mapping[str, Mixing],
    top: int,
    highlight: tuple[str, ...],
    unit: str,
    sides: tuple[str, str],
    ax: Place | None,
    width: Width,
) -> tuple[style.Sheet, str]:
    """Mixing matrices in any unit, with titles of rows and columns; and a note on what is not drawn."""
    if not isinstance(panels, Mapping) or not panels:
        raise DataError("at least one Mixing result is needed: see graphkit.measures.mixing.")
    labels = next(iter(panels.values())).labels[:top]
    if any(panel.labels[:top] != labels for panel in panels.values()):
        raise DataError("all panels must be over the same communities: use one partition.")
    highlight = _checked_highlight(highlight, next(iter(panels.values())).labels)
    size, names = len(labels), shown_all(labels)
    # with room for names; a phone's width bounds the matrix, however many communities there are
    side = 4.4 if width == "phone" else 1.9 + 0.29 * size
    side += 0.07 * max(0, max(map(len, names)) - 16)
    sheet, panel_axes = style.open_sheet(
        caller, side * len(panels) + 0.8, side, columns=len(panels), ax=ax, on=width
    )
    ratios = [panel.log_ratio()[:size, :size] for panel in panels.values()]
    for position, (axes, (title, panel)) in enumerate(zip(panel_axes, panels.items(), strict=True)):
        ratio = ratios[position]
        cells = np.ma.masked_invalid(np.where(np.isneginf(ratio), -4.0, ratio))
        image = axes.imshow(np.clip(cells, -4, 4), cmap="RdBu_r", vmin=-4, vmax=4)
        style.head(axes, shown(title))
        if panel.directed:
            axes.set_ylabel(sides[0], fontsize=9)
            axes.set_xlabel(sides[1], fontsize=9)
        axes.set_xticks(range(size), names, rotation=90, fontsize=8)
        axes.set_yticks(
            range(size), names if position == 0 or width == "phone" else [""] * size, fontsize=8
        )
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        for axis in (axes.xaxis, axes.yaxis):
            for tick, name in zip(axis.get_major_ticks(), labels, strict=True):
                for label in (tick.label1, tick.label2):  # at either side
                    label.set_color(ACCENT if name in highlight else INK)
        for name in dict.fromkeys(name for name in labels if name in highlight):
            corner = (labels.index(name) - 0.5, labels.index(name) - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=INK, linewidth=1.6))
    # beside few rows there is no room for it on one line
    blank = "\n" if size < 10 and width == "page" else " "
    unit = f"log₂ observed / expected{blank}{unit}"
    sheet.colorbar(image, panel_axes, unit, extend=style.ends_of(np.concatenate(ratios), 4))
    every = len(next(iter(panels.values())).labels)
    return sheet, f"the {size} largest of {every} communities" if size < every else ""


def resolution(
    profile: ResolutionProfile, *, ax: Place | None = None, width: Width = "page"
) -> Canvas:
    """Number of communities and agreement of runs over the resolution γ, with domains as bands.

    Above, a step per admissible partition over the γ at which it is the best one found, and a
    dot per γ that was run; below, the agreement of runs at each γ. Bands alternate between
    domains; the suggested one, if there is one, is red and labelled.

    Parameters
    ----------
    profile
        Result of :func:`graphkit.communities.resolution_profile`.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    style.require_type("resolution", profile, ResolutionProfile, "resolution_profile")
    sheet, (above, below) = style.open_sheet(
        "resolution", 7.2, 2.9 if width == "phone" else 4.8, 2, ax=ax, on=width
    )
    grid = GridSpec(2, 1, figure=sheet.figure, height_ratios=(2.4, 1))  # type: ignore[arg-type]
    above.set_subplotspec(grid[0])
    below.set_subplotspec(grid[1])
    below.sharex(above)
    above.set(xscale="log", yscale="log")
    for axes in (above, below):
        _draw_domains(axes, profile)
    gamma, count, stability = column_arrays(profile.frame, "resolution", "communities", "stability")
    dots: dict[str, Any] = {"facecolor": "white", "edgecolor": BASE, "linewidth": 1.3, "zorder": 3}
    above.scatter(gamma, count, s=26, label="best run at this γ", **dots)
    _draw_steps(above, profile)
    below.plot(gamma, stability, color=BASE, linewidth=1.6, marker="o", markersize=4)
    below.axhline(AGREE, color=MUTED, linewidth=1, linestyle="--")
    style.write_note(below, 0.01, 0.03, f"dashed: runs agree from {AGREE}")
    below.set_ylim(-0.28, 1.06)  # with space for the note
    below.set_ylabel("agreement of\nruns (AMI)")
    names = {"modularity": "modularity", "cpm": "CPM"}
    below.set_xlabel(f"resolution γ of {names[profile.quality_function]}")
    above.set_ylabel("communities")
    # with space for the dots at both ends
    above.set_xlim(profile.low / 1.06, profile.high * 1.06)
    above.tick_params(labelbottom=False)
    for axis in (above.xaxis, above.yaxis):
        style.format_ticks(axis, "{:,.6g}")
    above.legend(frameon=False, fontsize=8.5, loc="upper left")
    style.head(above, _resolution_title(profile))
    return sheet.done()


def _draw_domains(axes: Axes, profile: ResolutionProfile) -> None:
    """Every second domain pale, the suggested one red."""
    for row in profile.domains.iter_rows(named=True):
        if row["domain"] == profile.suggestion:
            axes.axvspan(row["low"], row["high"], color=ACCENT, alpha=0.14, linewidth=0)
        elif row["domain"] % 2:
            axes.axvspan(row["low"], row["high"], color=PALE, alpha=0.5, linewidth=0)


def _draw_steps(axes: Axes, profile: ResolutionProfile) -> None:
    """A horizontal line per domain at its number of communities."""
    label = "best found over this range"
    for row in profile.domains.iter_rows(named=True):
        span = (row["communities"], row["low"], row["high"])
        if row["domain"] != profile.suggestion:
            axes.hlines(*span, color=INK, linewidth=2, zorder=2, label=label)
            label = ""
            continue
        axes.hlines(*span, color=ACCENT, linewidth=4, zorder=2, label="")
        at = (row["low"] * row["high"]) ** 0.5, row["communities"]
        text = {"ha": "center", "fontsize": 9, "fontweight": "bold", "color": ACCENT}
        write_beside(axes, f"suggested: {row['communities']:,}", at, (0, 9), **text)


def _resolution_title(profile: ResolutionProfile) -> str:
    if profile.suggestion is None:
        return "No partition lasts over a range of γ in which runs agree"
    row = profile.domains.row(profile.suggestion, named=True)
    return f"{row['communities']:,} communities last from γ = {row['low']:.2g} to {row['high']:.2g}"


def flows(
    arms: Mixing | Mapping[str, Mixing],
    *,
    top: int = 16,
    highlight: tuple[str, ...] = (),
    ax: Place | None = None,
    width: Width = "page",
) -> Canvas:
    """Flow matrices side by side: log₂ of observed over expected impressions, one per arm.

    Rows are the posts' communities of origin, columns the viewers' communities. Red: more
    impressions than under independence; blue: fewer. Cells with an expectation below 5 are
    blank. A dark diagonal means that exposure stays within communities.

    Parameters
    ----------
    arms
        A result of :func:`graphkit.measures.flow`, or several by the name of the arm, over the
        same communities.
    top
        Communities shown, the largest first.
    highlight
        Names of communities to mark by colour.
    ax
        Where to draw in a figure of the caller, see :mod:`graphkit.plot`; by default a new one.
    width
        Of a new figure: ``"page"``, or ``"phone"``, legible at 390 pixels.
    """
    if isinstance(arms, Mixing):
        arms = {str(arms.provenance.parameters.get("arm", "Impressions between communities")): arms}
    sides = ("community of origin", "community of viewers")
    sheet, note = _draw_matrices("flows", arms, top, highlight, "impressions", sides, ax, width)
    marks = [panel.provenance.parameters.get("calibrated", True) for panel in arms.values()]
    style.foot(sheet, note, calibrated=all(marks))
    return sheet.done()

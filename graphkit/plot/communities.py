"""Which communities there are: size, name, evidence and how sure."""

from __future__ import annotations

import numpy as np
import polars as pl

from graphkit.data.partition import Partition
from graphkit.data.tags import fold_tag
from graphkit.errors import DataError
from graphkit.plot._canvas import BASE, MUTED, Canvas, blank_canvas, head

__all__ = ["communities"]


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

"""The alluvial figure: bars and bands have the heights of the nodes that they stand for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.text import Text

from graphkit.communities.tracking import Tracks, track
from graphkit.data.partition import Partition
from graphkit.errors import DataError, OptionError
from graphkit.plot.alluvial import _separate_heights, alluvial
from graphkit.plot.style import Canvas


@pytest.fixture
def tracks() -> Tracks:
    rng = np.random.default_rng(3)
    labels = np.array(["#books", "#cats", "#films", "#food"])
    now = np.repeat(np.arange(4), [40, 30, 20, 10])
    series = {}
    for month in ("may", "june", "july"):
        names = [None if rng.random() < 0.1 else str(labels[c]) for c in now]
        series[month] = Partition.from_membership(range(100), names, node_kind="accounts")
        now = np.where(rng.random(100) < 0.1, rng.integers(0, 4, 100), now)
    return track(series)


def texts(canvas: Canvas) -> str:
    canvas.canvas.draw()
    return "\n".join(t.get_text() for t in canvas.findobj(Text))


def heights(canvas: Canvas) -> tuple[list[float], list[float]]:
    bars, bands = [], []
    for patch in canvas.axes[0].patches:
        if isinstance(patch, Rectangle):
            bars.append(patch.get_height())
        elif isinstance(patch, PathPatch):
            points = patch.get_path().vertices
            bands.append(float(points[7][1] - points[0][1]))
    return bars, bands


def test_bars_and_bands_hold_all_nodes(tracks: Tracks) -> None:
    assigned = [len(p.vocabulary) - p.n_unassigned for p in tracks.partitions]
    flows = tracks.alluvial()
    for top in (2, 8):
        bars, bands = heights(alluvial(tracks, top=top))
        assert sum(bars) == pytest.approx(sum(assigned))
        kept = flows.drop_nulls(["source", "target"])["nodes"].sum()
        assert sum(bands) == pytest.approx(kept)
    bars, bands = heights(alluvial(tracks, unassigned=True))
    assert sum(bars) == pytest.approx(300)
    assert sum(bands) == pytest.approx(200)  # nobody is absent


def test_bands_stay_inside_their_bars(tracks: Tracks) -> None:
    axes = alluvial(tracks, top=3, unassigned=True).axes[0]
    bars = [p for p in axes.patches if isinstance(p, Rectangle)]
    spans = [
        (p.get_x(), p.get_x() + p.get_width(), p.get_y(), p.get_y() + p.get_height()) for p in bars
    ]
    for patch in axes.patches:
        if not isinstance(patch, PathPatch):
            continue
        points = patch.get_path().vertices
        for x, low, high in (
            (points[0][0], points[0][1], points[7][1]),
            (points[3][0], points[3][1], points[4][1]),
        ):
            assert any(
                min(abs(x - a), abs(x - b)) < 1e-9 and low >= c - 1e-9 and high <= d + 1e-9
                for a, b, c, d in spans
            )


def test_names_and_what_is_pooled(tracks: Tracks) -> None:
    shown = texts(alluvial(tracks, top=2))
    assert "#books" in shown
    assert "#food" not in shown
    assert "2 others" in shown
    assert "the 2 smaller ones are pooled" in shown
    assert f"may\n{100 - tracks.partitions[0].n_unassigned}" in shown
    assert "in none" not in shown
    whole = texts(alluvial(tracks, unassigned=True))
    assert "others" not in whole
    assert "in none" in whole


def test_names_do_not_overlap() -> None:
    assert _separate_heights([0.0, 0.1, 0.2, 5.0], 1.0, 9.0) == [0.0, 1.0, 2.0, 5.0]
    assert _separate_heights([8.8, 8.9], 1.0, 9.0) == [8.0, 9.0]
    assert _separate_heights([], 1.0, 9.0) == []


def test_equal_figures_are_equal_files(tracks: Tracks, tmp_path: Path) -> None:
    one = alluvial(tracks).write(tmp_path / "1.png").read_bytes()
    assert one == alluvial(tracks).write(tmp_path / "2.png").read_bytes()


def test_refusals(tracks: Tracks) -> None:
    with pytest.raises(DataError, match="two times or more"):
        alluvial(track([tracks.partitions[0]]))
    with pytest.raises(OptionError, match="top=0"):
        alluvial(tracks, top=0)
    empty = Partition.from_membership("ab", [-1, -1])
    with pytest.raises(DataError, match="no community"):
        alluvial(track([empty, empty]))

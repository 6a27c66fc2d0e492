"""Figures of hosting: what they show, and what they refuse."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from graphkit import plot
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import Contrast
from graphkit.plot.style import ACCENT, BASE, MUTED, Canvas


def texts(canvas: Canvas) -> str:
    canvas.canvas.draw()
    return "\n".join(t.get_text() for t in canvas.findobj(Text))


@pytest.fixture
def seen() -> Visibility:
    frame = pl.DataFrame(
        {
            "label": ["#alt", "#cats", "#books", "#none"],
            "homophily": [0.0, 0.3, 0.6, None],
            "verdict": ["hidden", "undecided", "visible", "not judgeable"],
        }
    )
    return Visibility(frame, np.zeros((1, 1), np.int32), 1.0)


@pytest.fixture
def gap() -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "community": ["#alt", "#cats", "#books", "#none", None, None],
            "measure": ["hosting_reach"] * 4 + ["hosting_at_chance", "hosting_slope"],
            "difference": [0.1, 0.04, -0.05, 0.2, 0.11, -0.25],
            "low": [0.08, 0.02, -0.08, 0.1, 0.1, -0.3],
            "high": [0.12, 0.06, -0.02, 0.3, 0.12, -0.2],
        }
    )
    same = {"partition": "planted", "arm": "interest", "baseline": "follower"}
    same |= {"interval": "over samples like this one"}
    return frame.with_columns(**{k: pl.lit(v) for k, v in same.items()}, calibrated=pl.lit(False))


def test_communities_stand_over_their_homophily_with_a_line(
    gap: pl.DataFrame, seen: Visibility
) -> None:
    canvas = plot.hosting(gap, seen)
    written = texts(canvas)
    assert "interest − follower" in written
    assert "#alt" in written
    assert "#none" not in written  # it has no homophily
    assert "over samples like this one" in written
    axes = canvas.axes[0]
    dots = [c for c in axes.collections if isinstance(c, PathCollection)]
    assert [c.get_offsets()[0].tolist() for c in dots] == [[0.0, 0.1], [0.3, 0.04], [0.6, -0.05]]
    assert [to_hex(c.get_facecolor()[0]) for c in dots] == [ACCENT, MUTED, BASE]
    line = axes.lines[-1]
    assert np.allclose(line.get_ydata(), [0.11, 0.11 - 0.25 * 0.6])
    without = plot.hosting(gap.filter(measure="hosting_reach"), seen)
    assert len(without.axes[0].lines) == len(axes.lines) - 1
    # the line ends where the communities do
    drawn = plot.hosting(gap.filter(pl.col("community").ne_missing("#alt")), seen).axes[0].lines[-1]
    assert drawn.get_xdata().tolist() == [0.3, 0.6]


def test_above_a_quarter_of_filler_no_direction_is_shown(
    gap: pl.DataFrame, seen: Visibility
) -> None:
    known = {"filler": 0.0, "baseline_filler": 0.31, "fixed": "partition and labels of the data"}
    gap = gap.with_columns(**{name: pl.lit(value) for name, value in known.items()})
    written = texts(plot.hosting(gap, seen)).replace("\n", " ")
    assert "held fixed: partition and labels of the data" in written
    assert "filler: interest 0%, follower 31%" in written
    filled = gap.with_columns(direction=pl.lit("not claimed: filler"))
    canvas = plot.hosting(Contrast(filled), seen)
    assert "no direction is claimed" in texts(canvas)
    axes = canvas.axes[0]
    dots = [c for c in axes.collections if isinstance(c, PathCollection)]
    assert {to_hex(c.get_facecolor()[0]) for c in dots} == {MUTED}
    assert len(axes.lines) == len(plot.hosting(gap, seen).axes[0].lines) - 1


def test_long_names_and_notes_stay_in_the_figure(gap: pl.DataFrame, seen: Visibility) -> None:
    names = {
        "arm": "a_$x$ feed of interests 50 %",
        "baseline": "another feed, of followees, and more",
    }
    known = {"filler": 0.1, "baseline_filler": 0.2, "fixed": "partition and labels of the data"}
    gap = gap.with_columns(**{name: pl.lit(value) for name, value in (names | known).items()})
    canvas = plot.hosting(gap, seen)
    canvas.canvas.draw()
    width = canvas.get_figwidth() * canvas.dpi
    written = [t for t in canvas.findobj(Text) if len(t.get_text()) > 9]  # no ticks
    assert any(names["arm"] in t.get_text() for t in written)
    for text in written:
        box = text.get_window_extent()
        assert box.x0 >= -1, text.get_text()
        assert box.x1 <= width + 1, text.get_text()


def test_one_partition_and_one_pair_of_arms(gap: pl.DataFrame, seen: Visibility) -> None:
    two = pl.concat([gap, gap.with_columns(partition=pl.lit("follow"))])
    with pytest.raises(DataError, match="planted, follow: choose one"):
        plot.hosting(two, seen)
    assert plot.hosting(two, seen, partition="follow").axes
    with pytest.raises(DataError, match="several pairs"):
        plot.hosting(pl.concat([gap, gap.with_columns(arm=pl.lit("other"))]), seen)
    with pytest.raises(MissingDataError, match="of the same partition"):
        plot.hosting(gap.with_columns(community=pl.lit("x")), seen)
    with pytest.raises(MissingDataError, match="no column low"):
        plot.hosting(gap.drop("low"), seen)
    old = Visibility(seen.frame.drop("homophily"), np.zeros((1, 1), np.int32), 1.0)
    with pytest.raises(MissingDataError, match="no column homophily"):
        plot.hosting(gap, old)
    for wrong in (None, {"low": [1]}, [gap]):
        for figure in (plot.contrast, plot.own_share, plot.s_scan, plot.trade_off, plot.reach):
            with pytest.raises(DataError, match="a Polars frame is needed"):
                figure(wrong)  # type: ignore[operator]
        with pytest.raises(DataError, match="a Polars frame is needed"):
            plot.hosting(wrong, seen)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="Visibility"):
        plot.hosting(gap, gap)  # type: ignore[arg-type]


def test_own_share_has_a_panel_per_arm_and_no_thin_steps() -> None:
    frame = pl.DataFrame(
        {
            "arm": ["a"] * 3 + ["b"] * 3,
            "partition": "planted",
            "community": "#alt",
            "shown_before": [0, 20, 40] * 2,
            "accounts": [50, 30, 9] * 2,
            "share": [0.1, 0.2, 1.0, 0.05, 0.05, 1.0],
        }
    )
    canvas = plot.own_share(frame)
    assert len(canvas.axes) == 2
    assert canvas.axes[0].lines[0].get_xydata().tolist() == [[0.0, 0.1], [20.0, 0.2]]
    assert "posts shown before" in texts(canvas)
    with pytest.raises(MissingDataError, match="no community #books"):
        plot.own_share(frame, ["#books"])
    two = pl.concat([frame, frame.with_columns(partition=pl.lit("follow"))])
    with pytest.raises(DataError, match="planted, follow: keep the rows of one"):
        plot.own_share(two)
    with pytest.raises(MissingDataError, match="no step of any community has 10 accounts"):
        plot.own_share(frame.with_columns(accounts=9))
    many = pl.concat([frame.with_columns(community=pl.lit(f"#{i:02}")) for i in range(40)])
    assert len(plot.own_share(many).axes[0].lines) == 6
    eighteen = [f"#{i:02}" for i in range(18)]
    canvas = plot.own_share(many, eighteen)
    looks = {(line.get_color(), line.get_linestyle()) for line in canvas.axes[0].lines}
    assert len(looks) == 18
    assert set(eighteen) <= set(texts(canvas).splitlines())
    with pytest.raises(OptionError, match="19 lines cannot be told apart"):
        plot.own_share(many, [*eighteen, "#20"])
    with pytest.raises(MissingDataError, match="no column accounts"):
        plot.own_share(frame.drop("accounts"))

"""Figures of spread: what they show, and that equal figures are equal files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import polars as pl
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from graphkit import plot
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import Contrast, Mixing, ReachCurve
from graphkit.plot.style import ACCENT, BASE, MUTED, Canvas


def texts(canvas: Canvas) -> str:
    canvas.canvas.draw()
    return "\n".join(t.get_text() for t in canvas.findobj(Text))


@pytest.fixture
def gap() -> pl.DataFrame:
    rows = 4
    return pl.DataFrame(
        {
            "partition": [None, "planted", "planted", "planted"],
            "community": [None, None, "#alt", "#books"],
            "measure": ["reach", "crossing", "hosting_reach", "hosting_reach"],
            "arm": ["interest"] * rows,
            "baseline": ["follower"] * rows,
            "arm_mean": [20000.0, 0.4, 0.3, 0.2],
            "baseline_mean": [18000.0, 0.9, 0.3, 0.4],
            "difference": [2000.0, -0.5, 0.0, None],
            "low": [1000.0, -0.6, -0.1, None],
            "high": [3000.0, -0.4, 0.1, None],
            "interval": ["over populations of the same making"] * rows,
            "worlds": [10] * rows,
            "replications": [20] * rows,
        }
    )


def test_contrast_gives_numbers_and_colours(gap: pl.DataFrame) -> None:
    canvas = plot.contrast(gap)
    shown = texts(canvas)
    assert "interest − follower" in shown
    assert "cross-community exposure\nplanted partition" in shown
    assert "−0.50  [−0.60, −0.40]" in shown
    assert "18,000 → 20,000" in shown
    assert "+2,000  [+1,000, +3,000]" in shown
    assert "over populations of the same making (10 worlds)" in shown
    assert "accounts per post" in shown  # the unit of the difference
    # a row without a difference keeps its line, and has no dot
    assert "#books, planted partition" in shown
    assert "not estimable" in shown
    dots = [c for c in canvas.axes[0].collections if isinstance(c, PathCollection)]
    assert [to_hex(c.get_facecolor()[0]) for c in dots] == [ACCENT, BASE, MUTED]
    assert "2 more rows are not shown" in texts(plot.contrast(gap, top=2))


@pytest.fixture
def whole_gap(gap: pl.DataFrame) -> pl.DataFrame:
    """As a contrast has it: with effects, and what is primary and claimed."""
    return gap.with_columns(
        interval=pl.lit("over samples like this one"),
        fixed=pl.lit("partition and labels of the data"),
        effect=pl.Series([4.0, -10.0, 0.0, None]),
        effect_low=pl.Series([2.0, -12.0, -1.0, None]),
        effect_high=pl.Series([6.0, -8.0, 1.0, None]),
        primary=pl.Series([False, True, False, False]),
        direction=pl.Series(["higher", "lower", "not distinguishable", None]),
        filler=0.1,
        baseline_filler=0.2,
    )


def dots(canvas: Canvas) -> list[tuple[float, str]]:
    """Place and colour of every dot, from the first row down."""
    found = [c for c in canvas.axes[0].collections if isinstance(c, PathCollection)]
    return [(float(c.get_offsets()[0, 0]), to_hex(c.get_facecolor()[0])) for c in found]


def test_rows_share_the_axis_of_the_effect(whole_gap: pl.DataFrame) -> None:
    canvas = plot.contrast(whole_gap)
    shown = texts(canvas)
    # the primary row first; places are effects
    places, colours = zip(*dots(canvas), strict=True)
    assert places == pytest.approx((-10, 4, 0))
    assert colours == (BASE, ACCENT, MUTED)
    for text in (
        "difference in standard deviations over populations",
        "over samples like this one (9 groups)",
        "held fixed: partition and labels of the data",
        "filler: interest 10%",
        "cross-community exposure\nplanted partition",
        "not distinguishable",
        "−0.50  [−0.60, −0.40]",
    ):
        assert text in shown, text
    # of a contrast the primary rows only
    canvas = plot.contrast(Contrast(whole_gap))
    assert len(dots(canvas)) == 1
    assert "reach" not in texts(canvas)
    assert len(dots(plot.contrast(Contrast(whole_gap.with_columns(primary=False))))) == 3


def test_directions_that_are_not_claimed_are_grey(whole_gap: pl.DataFrame) -> None:
    filled = whole_gap.with_columns(direction=pl.lit("not claimed: filler"))
    for frame in (filled, filled.drop("effect_low"), filled.filter(measure="crossing")):
        canvas = plot.contrast(frame)
        assert {colour for _, colour in dots(canvas)} == {MUTED}
        assert "not claimed: filler" in texts(canvas)


def test_no_interval_and_no_variation_are_said(whole_gap: pl.DataFrame) -> None:
    columns = ["effect", "effect_low", "effect_high"]
    same = pl.when(measure="reach")
    equal = whole_gap.with_columns(
        same.then(None).otherwise(pl.col(columns)).name.keep(),
        same.then(0.0).otherwise(pl.col("difference", "low", "high")).name.keep(),
    )
    assert dots(plot.contrast(equal))[1][0] == 0
    none = whole_gap.with_columns(
        pl.lit(None, pl.Float64).alias(n) for n in ("low", "high", *columns)
    )
    shown = texts(plot.contrast(none))
    assert "no confidence interval" in shown
    assert "no interval" in shown
    assert dots(plot.contrast(none)) == [(0, MUTED)]  # nothing to standardise others by


def test_uncalibrated_behaviour_is_said_where_it_is_known(gap: pl.DataFrame) -> None:
    said = "behaviour not calibrated"
    curve = pl.DataFrame(
        {"arm": "a", "world": 0, "replication": 0, "tick": [0, 1], "reach": [1.0, 2.0]}
    )
    for draw, frame in ((plot.contrast, gap), (plot.reach, curve), (plot.s_scan, scan([1.0, 2.0]))):
        assert said not in texts(draw(frame))  # nothing is known
        assert said not in texts(draw(frame.with_columns(calibrated=pl.lit(True))))
        assert said in texts(draw(frame.with_columns(calibrated=pl.lit(False))))
    panel = Mixing(("x", "y"), np.full((2, 2), 9.0), np.full((2, 2), 9.0), 0.0, 0, True)
    assert said not in texts(plot.flows({"a": panel}))
    marked = replace(panel, provenance=Provenance("flow", {"calibrated": False}))
    assert said in texts(plot.flows({"a": panel, "b": marked}))


def test_one_world_is_in_half_widths_of_its_intervals(gap: pl.DataFrame) -> None:
    canvas = plot.contrast(gap)
    # 2,000 ± 1,000, −0.5 ± 0.1 and 0 ± 0.1
    places = [place for place, _ in dots(canvas)]
    assert places == pytest.approx([2, -5, 0])
    assert "difference in half-widths of its interval" in texts(canvas)
    sizes = [c.get_segments()[0][:, 0] for c in canvas.axes[0].collections[::2]]
    assert [float(np.ptp(ends)) for ends in sizes] == pytest.approx([2, 2, 2])


def test_contrast_of_one_measure_has_its_unit(gap: pl.DataFrame) -> None:
    canvas = plot.contrast(gap.filter(measure="hosting_reach"))
    shown = texts(canvas)
    assert "follower: within-community reach" in shown
    assert canvas.axes[0].get_xlabel() == "difference (share)"
    names = [t.get_text() for t in canvas.axes[0].get_yticklabels()]
    assert names == ["#alt, planted partition", "#books, planted partition"]


def test_contrast_refuses_what_it_cannot_show(gap: pl.DataFrame) -> None:
    with pytest.raises(MissingDataError, match="no column low"):
        plot.contrast(gap.drop("low"))
    with pytest.raises(DataError, match="no row"):
        plot.contrast(gap.tail(1))
    with pytest.raises(DataError, match="one pair"):
        plot.contrast(pl.concat([gap, gap.with_columns(arm=pl.lit("other"))]))


def test_reach_bands_span_the_worlds() -> None:
    rows = [
        (arm, w, r, t, (t + 1.0) * (w + 1) + r)
        for arm in ("follower", "interest")
        for w in (0, 1, 2)
        for r in (0, 1)
        for t in range(4)
    ]
    curve = pl.DataFrame(
        rows, schema=["arm", "world", "replication", "tick", "reach"], orient="row"
    )
    canvas = plot.reach(curve)
    assert "band: range over 3 worlds" in texts(canvas)
    assert "interest" in texts(canvas)
    assert canvas.axes[0].lines[0].get_ydata()[-1] == pytest.approx(4 * 2 + 0.5)
    band = canvas.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((1.5, 12.5))
    assert "2 replications" in texts(plot.reach(curve.filter(world=0)))
    assert "ticks since it entered" in texts(plot.reach(curve.rename({"tick": "age"})))
    with pytest.raises(MissingDataError, match="no column tick"):
        plot.reach(curve.drop("tick"))
    with pytest.raises(DataError, match="no tick"):
        plot.reach(curve.head(0))


def scan(differences: list[float], partition: str = "planted") -> pl.DataFrame:
    n = len(differences)
    return pl.DataFrame(
        {
            "s": np.linspace(0, 1, n),
            "measure": "crossing",
            "partition": partition,
            "community": pl.Series([None] * n, dtype=pl.String),
            "arm": "interest",
            "baseline": "follower",
            "difference": differences,
            "low": [d - 0.1 for d in differences],
            "high": [d + 0.1 for d in differences],
        }
    )


def test_s_scan_marks_sign_changes() -> None:
    frame = pl.concat([scan([-1.0, 1.0, 2.0]), scan([-1.0, -1.0, -2.0], "follow")])
    shown = texts(plot.s_scan(frame))
    assert "s = 0.25" in shown
    assert "The mean changes its sign" in shown
    assert "follow partition" in shown
    assert "keeps its sign" in texts(plot.s_scan(scan([1.0, 0.0, 2.0])))
    said = frame.with_columns(
        interval=pl.lit("within this world"), direction=pl.lit("not claimed: filler")
    )
    shown = texts(plot.s_scan(said))
    assert "No direction is claimed: filler" in shown
    assert "s = 0.25" not in shown
    assert "band: confidence interval within this world" in shown


def test_s_scan_refuses_what_it_cannot_show() -> None:
    frame = scan([1.0, 2.0])
    with pytest.raises(MissingDataError, match="no column s"):
        plot.s_scan(frame.drop("s"))
    with pytest.raises(DataError, match="'reach'"):
        plot.s_scan(frame, measure="reach")
    with pytest.raises(DataError, match="more than once"):
        plot.s_scan(pl.concat([frame, frame]))
    with pytest.raises(DataError, match="one pair"):
        plot.s_scan(pl.concat([frame, frame.with_columns(arm=pl.lit("other"))]))


def test_flows_are_named_by_what_flows(tmp_path: Path) -> None:
    observed = np.array([[90.0, 10.0], [10.0, 90.0]])
    panel = Mixing(("#alt", "#books"), observed, np.full((2, 2), 50.0), -0.8, 0, True)
    arms = {"follower": panel, "interest": panel}
    shown = texts(plot.flows(arms, highlight=("#alt",)))
    for text in ("impressions", "community of origin", "community of viewers", "interest"):
        assert text in shown
    first = plot.flows(arms).write(tmp_path / "a.png").read_bytes()
    assert first == plot.flows(arms).write(tmp_path / "b.png").read_bytes()
    first = plot.flows(arms).write(tmp_path / "a.svg").read_bytes()
    with mpl.rc_context({"svg.fonttype": "none"}):
        again = plot.flows(arms).write(tmp_path / "b.svg").read_bytes()
    assert first == again
    # letters are paths, so that no font is needed
    assert b"<text" not in first
    with pytest.raises(DataError, match="at least one"):
        plot.flows({})


def test_reach_that_is_the_same_is_one_line() -> None:
    rows = [(arm, 0, 0, tick, 1.0 + tick) for arm in "abc" for tick in range(3)]
    schema = ["arm", "world", "replication", "tick", "reach"]
    frame = pl.DataFrame(rows, orient="row", schema=schema)
    canvas = plot.reach(ReachCurve(frame))
    assert ReachCurve(frame).equal
    assert len(canvas.axes[0].lines) == 1
    assert "Reach of a post: the same under all feeds" in texts(canvas)
    assert "3 feeds" in texts(canvas)
    other = frame.with_columns(pl.when(arm="c").then(0.0).otherwise("reach").alias("reach"))
    assert not ReachCurve(other).equal
    canvas = plot.reach(ReachCurve(other))
    assert len(canvas.axes[0].lines) == 2
    assert "a = b" in texts(canvas)
    assert "the same under" not in texts(canvas)


def test_s_scan_takes_contrasts_by_s(whole_gap: pl.DataFrame) -> None:
    found = {s: Contrast(whole_gap) for s in (0.0, 0.5)}
    (line,) = plot.s_scan(found).axes[0].lines[1:]
    assert line.get_xydata().tolist() == [[0, -0.5], [0.5, -0.5]]
    with pytest.raises(DataError, match="contrasts by s, or stacked"):
        plot.s_scan({0.0: whole_gap})  # type: ignore[dict-item]
    with pytest.raises(OptionError, match="s"):
        plot.s_scan({1.5: Contrast(whole_gap)})
    with pytest.raises(DataError, match="at least one contrast"):
        plot.s_scan({})

"""Figures of times to cross and of cold starts: lines, bands, marks, and what is refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit import plot
from graphkit.errors import DataError, GraphkitWarning, MissingDataError, OptionError
from graphkit.measures import ColdStart, TimeToCross, cold_start, time_to_cross


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[TimeToCross, TimeToCross, ColdStart]:
    platforms = [gk.synthetic.platform(150, communities=4, rng=i) for i in range(2)]
    worlds = [gk.build_world(platform, ticks=5, rng=1) for platform in platforms]
    arms = {"uniform": gk.recommenders.uniform(), "interest": gk.interest_centric()}
    folder: Path = tmp_path_factory.mktemp("log")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        options = {"ticks": 5, "slots": 5, "impressions": folder, "rng": 1}
        spread = gk.simulate_spread(worlds, arms, **options)
        one = gk.simulate_spread(worlds[0], arms, ticks=5, slots=5, rng=1)
    log = gk.simulation.scan_impressions(folder)
    return (
        time_to_cross(spread, "planted", by_community=True, communities=2),
        time_to_cross(one, "planted"),
        cold_start(log, worlds, "planted", chance="uniform", step=5),
    )


def test_steps_fall_from_one_and_bands_are_the_range(
    found: tuple[TimeToCross, TimeToCross, ColdStart],
) -> None:
    times, one, _ = found
    canvas = plot.time_to_cross(times)
    (axes,) = canvas.axes
    curves = [line for line in axes.lines if line.get_drawstyle() == "steps-post"]
    assert len(curves) == len(axes.collections) == 2
    whole = times.curves.filter(times.curves["community"].is_null())
    for line, arm in zip(curves, ("uniform", "interest"), strict=True):
        height = np.asarray(line.get_ydata(), float)
        assert height[0] == 1
        assert (np.diff(height) <= 0).all()
        by_age = whole.filter(arm=arm).drop_nulls("survival").group_by("age")
        mean = by_age.agg(pl.col("survival").mean(), n=pl.len()).filter(n=2).sort("age")
        assert height[1:-1] == pytest.approx(mean["survival"].to_numpy())
    assert any(line.get_xdata()[0] == 3 for line in axes.lines if line.get_linestyle() == ":")
    note = canvas._supxlabel.get_text()  # type: ignore[attr-defined]
    assert "range over 2 worlds" in note.replace("\n", " ")
    single = plot.time_to_cross(one)
    assert "interval within" in single._supxlabel.get_text()  # type: ignore[attr-defined]
    name = times.curves["community"].drop_nulls()[0]
    assert plot.time_to_cross(times, community=name).axes[0].get_title("left").endswith(name)
    with pytest.raises(MissingDataError, match="by_community=True"):
        plot.time_to_cross(one, community=name)
    with pytest.raises(MissingDataError, match="no community 'nobody'"):
        plot.time_to_cross(times, community="nobody")
    with pytest.raises(DataError, match="needs a TimeToCross"):
        plot.time_to_cross(times.frame)  # type: ignore[arg-type]


def test_a_panel_per_community_with_chance(
    found: tuple[TimeToCross, TimeToCross, ColdStart],
) -> None:
    times, _, start = found
    canvas = plot.cold_start(start)
    names = start.curves["community"].unique().sort().to_list()
    assert [axes.get_title("left") for axes in canvas.axes] == names
    for axes in canvas.axes:
        assert [line.get_linestyle() for line in axes.lines].count("--") == 1
        assert len(axes.collections) == 1
    assert len(plot.cold_start(start, names[:1]).axes) == 1
    with pytest.raises(MissingDataError, match="no community 'nobody'"):
        plot.cold_start(start, ["nobody"])
    with pytest.raises(OptionError, match="name 1 to 6"):
        plot.cold_start(start, [])
    with pytest.raises(DataError, match="needs a ColdStart"):
        plot.cold_start(times)  # type: ignore[arg-type]

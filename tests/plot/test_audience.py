"""The figure of audiences: dots, intervals, which dots are filled, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit import plot
from graphkit.errors import DataError, MissingDataError
from graphkit.measures import AudienceExposure, audience_exposure


@pytest.fixture(scope="module")
def found() -> AudienceExposure:
    like = gk.synthetic.platform(
        240, communities=("dance", "K-pop", "politics", "QAnon"), ages=1.0, rng=1
    )
    worlds = gk.synthetic.worlds(3, like=like, ticks=3, rng=2)
    arms = {"interest": gk.interest_centric(), "uniform": gk.recommenders.uniform()}
    return audience_exposure(gk.simulate_spread(worlds, arms, ticks=3, slots=6, rng=3))


def dots(axes: object) -> list[tuple[float, bool]]:
    """Place of each dot, and whether it is filled."""
    return [
        (float(np.asarray(line.get_xdata())[0]), line.get_markerfacecolor() != "white")
        for line in axes.lines  # type: ignore[attr-defined]
        if line.get_marker() != "None"
    ]


def test_dots_are_levels_and_differences(found: AudienceExposure) -> None:
    canvas = plot.audience(found, measure="divisive_share")
    rows = found.levels.filter(measure="divisive_share")
    assert [x for x, _ in dots(canvas.axes[0])] == pytest.approx(rows["value"].to_list())
    ends = [c.get_segments()[0][:, 0].tolist() for c in canvas.axes[0].collections]  # type: ignore[attr-defined]
    assert ends == [pytest.approx(list(pair)) for pair in rows.select("low", "high").rows()]
    gaps = found.frame.filter(measure="divisive_share")
    told = gaps["direction"].is_in(["higher", "lower"]).to_list()
    assert dots(canvas.axes[1]) == [
        (pytest.approx(x), t) for x, t in zip(gaps["difference"].to_list(), told, strict=True)
    ]
    labels = [text.get_text() for text in canvas.axes[0].get_yticklabels()]
    assert labels[0].startswith("13-17  (")
    assert len(labels) == 5


def test_a_single_arm_has_no_second_panel(found: AudienceExposure) -> None:
    alone = replace(
        found, frame=found.frame.clear(), levels=found.levels.filter(arm="uniform"), calibrated=True
    )
    canvas = plot.audience(alone)
    assert len(canvas.axes) == 1
    (note,) = [text.get_text() for text in canvas.texts]
    assert "told apart" not in note


def test_filler_and_merged_groups_are_told(found: AudienceExposure) -> None:
    filled = found.frame.with_columns(direction=pl.lit("not claimed: filler"))
    canvas = plot.audience(replace(found, frame=filled, merged={"a": 3, "b": 2}))
    (note,) = [text.get_text().replace("\n", " ") for text in canvas.texts]
    assert "no direction is claimed: filler" in note
    assert "2 small groups merged" in note
    assert not any(full for _, full in dots(canvas.axes[1]))


def test_what_cannot_be_drawn_is_refused(found: AudienceExposure) -> None:
    with pytest.raises(MissingDataError, match="Did you mean 'flagged_share'"):
        plot.audience(found, measure="flagged_shares")
    with pytest.raises(DataError, match="AudienceExposure"):
        plot.audience(found.frame)  # type: ignore[arg-type]


def test_bounds_that_are_impossible_are_not_drawn(found: AudienceExposure) -> None:
    wide = found.levels.with_columns(low=pl.lit(-0.4), high=pl.lit(1.4))
    left, right = plot.audience(replace(found, levels=wide)).axes[0].get_xlim()
    assert -0.05 < left <= 0
    assert 1 <= right < 1.05

"""The figure of cross-posts: panels, filled marks where a direction is claimed, and two platforms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit import plot
from graphkit.attribution import CrossPostDemotion, TwoPlatforms, cross_post_demotion, two_platforms
from graphkit.errors import DataError
from graphkit.recommenders import circle_popularity, interest_centric

RUN: dict[str, Any] = {"ticks": 3, "slots": 4, "rng": 1}


@pytest.fixture(scope="module")
def results() -> tuple[CrossPostDemotion, TwoPlatforms]:
    like = gk.synthetic.platform(100, communities=3, rng=1)
    made = gk.synthetic.worlds(3, like=like, ticks=3, rng=1)
    worlds = [replace(world, cross_posted=np.arange(world.n_posts) % 4 == 0) for world in made]
    found = cross_post_demotion(worlds, circle_popularity(), weights=(-0.02, -0.5), **RUN)
    feeds = interest_centric(), circle_popularity()
    return found, two_platforms(worlds, *feeds, share_of_creators=0.6, **RUN)


def test_panels(results: tuple[CrossPostDemotion, TwoPlatforms], tmp_path: Path) -> None:
    found, both = results
    canvas = plot.cross_posting(found)
    titles = [axes.get_title(loc="left") for axes in canvas.axes]
    assert titles == ["Reach of posts", "Rewards of creators", "Viewers"]
    assert [t.get_text() for t in canvas.axes[0].get_xticklabels()] == ["−0.02", "−0.5"]
    canvas = plot.cross_posting(found, both)
    assert canvas.axes[-1].get_title(loc="left") == "Two platforms: viewers of a post"
    groups = [t.get_text() for t in canvas.axes[-1].get_yticklabels()]
    assert groups == ["all\ncreators", "small\ncreators", "large\ncreators"]
    first, second = (canvas.write(tmp_path / f"{i}.png", dpi=50).read_bytes() for i in "ab")
    assert first == second


def test_marks_are_filled_where_a_direction_is_claimed(
    results: tuple[CrossPostDemotion, TwoPlatforms],
) -> None:
    found = results[0]
    none = replace(found, frame=found.frame.with_columns(direction=pl.lit("not claimed: filler")))
    lower = replace(found, frame=found.frame.with_columns(direction=pl.lit("lower")))
    for result, white in ((none, True), (lower, False)):
        axes = plot.cross_posting(result).axes[0]
        dots = [line for line in axes.lines if line.get_marker() in ("D", "o")]
        assert len(dots) == 4
        assert {line.get_markerfacecolor() == "white" for line in dots} == {white}


def test_nothing_falls_by_more_than_all(results: tuple[CrossPostDemotion, TwoPlatforms]) -> None:
    found = results[0]
    wide = found.frame.with_columns(percent_low=pl.lit(-170.0), percent_high=pl.lit(30.0))
    for axes in plot.cross_posting(replace(found, frame=wide)).axes:
        assert -110 <= axes.get_ylim()[0] < -100
    none = pl.lit(None, pl.Float64)
    bare = found.frame.with_columns(percent_low=none, percent_high=none)
    assert "bars" not in plot.cross_posting(replace(found, frame=bare)).get_supxlabel()


def test_bad_input(results: tuple[CrossPostDemotion, TwoPlatforms]) -> None:
    found, both = results
    with pytest.raises(DataError, match="CrossPostDemotion"):
        plot.cross_posting(both)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="TwoPlatforms"):
        plot.cross_posting(found, found)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no weight"):
        plot.cross_posting(replace(found, frame=found.frame.clear()))

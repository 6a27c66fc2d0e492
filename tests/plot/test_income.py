"""The figure of incomes: its dots and intervals, filler, and what is refused."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit import plot
from graphkit.data.spread import Spread
from graphkit.errors import DataError, GraphkitWarning
from graphkit.measures import Income, arm_means, economy, income, payouts

PANELS = ("income_gini", "living_share", "income_small_share")


@pytest.fixture(scope="module")
def spread() -> Spread:
    platforms = [gk.synthetic.platform(150, communities=4, rng=i) for i in range(3)]
    worlds = [gk.build_world(platform, ticks=4, rng=1) for platform in platforms]
    arms = {"uniform": gk.recommenders.uniform(), "interest": gk.interest_centric()}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        return gk.simulate_spread(worlds, arms, ticks=4, slots=5, rng=1)


@pytest.fixture(scope="module")
def found(spread: Spread) -> list[Income]:
    return [income(spread, name, baseline="uniform") for name in payouts()]


def test_dots_are_means_and_bars_their_intervals(found: list[Income]) -> None:
    canvas = plot.income(found, confidence=0.9)
    assert len(canvas.axes) == 3
    labels = [text.get_text() for text in canvas.axes[0].get_yticklabels()]
    assert labels == list(payouts())
    for axes, measure in zip(canvas.axes, PANELS, strict=True):
        dots = [
            float(np.asarray(line.get_xdata())[0])
            for line in axes.lines
            if line.get_marker() != "None"
        ]
        means = [arm_means(one.outcome, confidence=0.9).filter(measure=measure) for one in found]
        assert dots == pytest.approx(pl.concat(means)["mean"].to_list())
        # the last collection is that of the lines between the rows
        ends = [c.get_segments()[0][:, 0].tolist() for c in axes.collections[:-1]]  # type: ignore[attr-defined]
        bounds = pl.concat(means).select("low", "high").rows()
        assert ends == [pytest.approx(list(pair)) for pair in bounds]
    (note,) = [text.get_text() for text in canvas.texts]
    assert (
        "90% confidence intervals over populations of the same making (3 worlds)"
        in note.replace("\n", " ")
    )
    assert "a living: 0.5 of the mean income under uniform" in note.replace("\n", " ")


def test_arms_of_much_filler_are_hollow(spread: Spread) -> None:
    sources = np.zeros(len(spread.source_names), np.int64)
    sources[-1] = 9
    tallies = {
        key: replace(t, sources=sources) if key[0] == "interest" else t
        for key, t in spread.tallies.items()
    }
    canvas = plot.income(income(replace(spread, tallies=tallies), "per_view", baseline="uniform"))
    inside = [line.get_markerfacecolor() for line in canvas.axes[0].lines]
    assert (inside[0] == "white", inside[1] == "white") == (False, True)
    assert any(
        "hollow: more than 25% filler" in t.get_text().replace("\n", " ") for t in canvas.texts
    )


def test_what_is_refused(spread: Spread, found: list[Income]) -> None:
    with pytest.raises(DataError, match="needs a Income"):
        plot.income(found[0].frame)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="at least one"):
        plot.income([])
    with pytest.raises(DataError, match="twice"):
        plot.income([found[0], found[0]])
    other = income(spread, "marketplace", baseline="interest")
    with pytest.raises(DataError, match="cannot be drawn together"):
        plot.income([found[0], other])


def test_an_economy_has_a_panel_per_measure_that_its_budget_allows(spread: Spread) -> None:
    found = economy(spread, ["per_view", "marketplace"], baseline="uniform", confidence=0.9)
    canvas = plot.economy(found)
    titles = [axes.get_title(loc="left") for axes in canvas.axes]
    assert [title.split("\n")[0] for title in titles] == [
        *("Gini coefficient of income", "viewer value", "propensity to stay")
    ]
    labels = [text.get_text() for text in canvas.axes[0].get_yticklabels()]
    assert labels == ["per_view", "marketplace"]
    rows = found.frame.filter(measure="viewer_value")
    axes = canvas.axes[1]
    dots = [float(np.asarray(x.get_xdata())[0]) for x in axes.lines if x.get_marker() != "None"]
    assert dots == pytest.approx(rows["mean"].to_list())
    low, high = axes.get_xlim()
    assert low < rows["low"].min() < rows["high"].max() < high
    (note,) = [text.get_text().replace("\n", " ") for text in canvas.texts]
    assert "budget matched: creators respond to nothing" in note
    assert "90% confidence intervals over populations of the same making (3 worlds)" in note
    with pytest.raises(DataError, match="needs a Economy"):
        plot.economy(found.frame)  # type: ignore[arg-type]

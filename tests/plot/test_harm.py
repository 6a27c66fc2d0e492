"""Figures of harm: what is drawn, and what is said of it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from graphkit import plot
from graphkit.errors import DataError, MissingDataError
from graphkit.measures import HostingOfFlagged, InterventionCosts

MEASURES = ("flagged_exposure", "viewer_value", "hosting_unflagged", "bystander_reach")


def hosted(**changes: Any) -> HostingOfFlagged:
    row = {"measure": "hosting_reach", "arm": "a", "flagged": 0.2, "unflagged": 0.3}
    row |= {"difference": -0.1, "low": -0.15, "high": -0.05, "verdict": "lower"}
    row |= {"interval": "over populations", "calibrated": False} | changes
    other = row | {"arm": "b", "flagged": 0.3, "difference": 0.0, "verdict": "equivalent"}
    frame = pl.DataFrame([row, other])
    return HostingOfFlagged(frame, frame, frame, "planted", 0.1, 0.2)


def costs(**changes: Any) -> InterventionCosts:
    row = {"baseline": "base", "arm": "demoted", "difference": -0.02, "low": -0.03, "high": -0.01}
    row |= {"filler": 0.0, "interval": "over populations", "calibrated": True} | changes
    return InterventionCosts(pl.DataFrame([row | {"measure": m} for m in MEASURES]), "planted", 0.1)


def notes(figure: plot.Canvas) -> str:
    return " ".join(figure.get_supxlabel().split())


def test_hosting_of_both_groups_and_the_verdict() -> None:
    figure = plot.hosting_of_flagged(hosted())
    left, right = figure.axes
    dots = [tuple(dot) for group in left.collections for dot in group.get_offsets().tolist()]
    for dot in ((0.2, 0), (0.3, 0), (0.3, 1)):
        assert dot in dots
    assert [text.get_text() for text in right.texts] == ["lower", "equivalent"]
    legend = [text.get_text() for text in left.get_legend().get_texts()]
    assert legend == ["10% flagged posts or more", "others of like size"]
    assert "±20% of the hosting of the others" in notes(figure)
    assert "not calibrated" in notes(figure)
    # the first is the uppermost
    assert left.get_ylim()[0] > left.get_ylim()[1]


def test_what_is_avoided_stands_to_the_right_and_a_loss_below() -> None:
    figure = plot.intervention_costs(costs())
    for axes, scale in zip(figure.axes, (100, 100, 1), strict=True):
        (dot,) = (line for line in axes.lines if line.get_marker() == "o")
        assert dot.get_xdata() == pytest.approx([2.0])
        assert dot.get_ydata() == pytest.approx([-0.02 * scale])
        across, up = (line for line in axes.lines if line.get_alpha() == 0.6)
        assert sorted(across.get_xdata()) == pytest.approx([1.0, 3.0])
        assert sorted(up.get_ydata()) == pytest.approx([-0.03 * scale, -0.01 * scale])
        assert dot.get_markerfacecolor() != "white"
    assert "hollow" not in notes(figure)


def test_filler_makes_dots_hollow() -> None:
    figure = plot.intervention_costs(costs(filler=0.3))
    (dot,) = (line for line in figure.axes[0].lines if line.get_marker() == "o")
    assert dot.get_markerfacecolor() == "white"
    assert "hollow: more than 25% filler" in notes(figure)


def test_results_without_values_are_refused() -> None:
    with pytest.raises(MissingDataError, match="nothing to draw"):
        plot.hosting_of_flagged(hosted(measure="hosting_members"))
    with pytest.raises(MissingDataError, match="nothing to draw"):
        plot.intervention_costs(costs(difference=None))
    for figure, other in ((plot.hosting_of_flagged, costs()), (plot.intervention_costs, hosted())):
        with pytest.raises(DataError, match="needs a"):
            figure(other)  # type: ignore[arg-type]
    # bounds may be unknown
    bare = {"low": None, "high": None}
    assert "bars" not in notes(plot.intervention_costs(costs(**bare)))
    assert "bars" not in notes(plot.hosting_of_flagged(hosted(**bare)))


def test_long_names_of_feeds_leave_room_for_the_intervention() -> None:
    feed = "a feed with a name that is much longer than there is room for"
    rows = [costs(arm=f"{feed}, {what}").frame for what in ("flagged demoted", "capped for minors")]
    found = InterventionCosts(pl.concat(rows), "planted", 0.1)
    legend = plot.intervention_costs(found).axes[2].get_legend()
    texts = [text.get_text() for text in legend.get_texts()]
    assert [text.rsplit(", ")[-1] for text in texts] == ["flagged demoted", "capped for minors"]
    assert all(len(text) <= 48 for text in texts)

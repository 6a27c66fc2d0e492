"""Figure of a contrast of flows: colours, frames, hatching and words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from graphkit import plot
from graphkit.errors import DataError, OptionError
from graphkit.measures import FlowContrast
from graphkit.plot.style import Canvas


def texts(canvas: Canvas) -> str:
    canvas.canvas.draw()
    return " ".join(t.get_text().replace("\n", " ") for t in canvas.findobj(Text))


@pytest.fixture
def found() -> FlowContrast:
    frame = pl.DataFrame(
        {
            "home": ["a$b$", "a$b$", "dance"],
            "viewer": ["a$b$", "dance", "dance"],
            "difference": [1.5, -0.4, 4.0],
            "direction": ["higher", "not distinguishable", "higher"],
        }
    )
    labels, interval = ("a$b$", "dance"), "over populations of the same making"
    return FlowContrast(
        "interest", "follower", "planted", labels, frame, interval, 0.95, calibrated=False
    )


def test_cells_frames_and_words(found: FlowContrast) -> None:
    canvas = plot.flow_contrast(found)
    written = texts(canvas)
    for part in (
        "Flows: interest − follower",
        "a$b$",
        "rate of 5 %",
        "over populations",
        "hatched",
    ):
        assert part in written
    assert "behaviour not calibrated" in written
    axes = canvas.axes[0]
    (image,) = axes.findobj(AxesImage)
    cells = image.get_array()
    assert cells.filled(np.nan).tolist()[0] == [1.5, -0.4]
    assert cells[1, 1] == 3.0  # the last colour
    assert cells.mask.tolist() == [[False, False], [True, False]]
    boxes = [p for p in axes.findobj(Rectangle) if p is not axes.patch]
    assert sum(box.get_hatch() is not None for box in boxes) == 1
    assert sum(box.get_width() == 0.92 for box in boxes) == 2
    assert len(axes.lines) == 1


def test_filler_frames_nothing_and_no_hatching_is_named_without_masked_cells(
    found: FlowContrast,
) -> None:
    frame = found.frame.with_columns(direction=pl.lit("not claimed: filler"))
    written = texts(canvas := plot.flow_contrast(replace(found, frame=frame)))
    assert "no direction is claimed: filler" in written
    assert "dot:" not in written
    boxes = [p for p in canvas.axes[0].findobj(Rectangle) if p.get_width() == 0.92]
    assert boxes == []
    one = replace(found, labels=("a$b$",), frame=frame.head(1))
    assert "hatched" not in texts(plot.flow_contrast(one))


def test_only_the_largest_are_shown_and_wrong_input_is_refused(found: FlowContrast) -> None:
    assert "dance" not in texts(plot.flow_contrast(found, top=1))
    with pytest.raises(DataError, match="needs a FlowContrast"):
        plot.flow_contrast(found.frame)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="top=0"):
        plot.flow_contrast(found, top=0)
    with pytest.raises(DataError, match="nothing to draw"):
        plot.flow_contrast(replace(found, frame=found.frame.head(0)))

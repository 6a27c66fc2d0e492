"""Figure of answers: panels, bars, hatching and words."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from graphkit import plot
from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.errors import DataError, OptionError
from graphkit.measures import AnswerTrees, answers, compare_answers
from graphkit.plot.style import Canvas


def texts(canvas: Canvas) -> str:
    canvas.canvas.draw()
    return " ".join(t.get_text().replace("\n", " ") for t in canvas.findobj(Text))


@pytest.fixture(scope="module")
def found() -> AnswerTrees:
    """Six accounts of x answer a of x, one of y answers, and the first answer is answered."""
    who = [*"bcdefg", "z", "a"]
    ds = Dataset(
        items={
            "item_id": ["v", *(f"w{k}" for k in range(8))],
            "author_id": ["a", *who],
            "created_at": [f"2024-05-{1 + k:02}T00:00:00Z" for k in range(9)],
        },
        interactions={
            "account_id": who,
            "item_id": [f"w{k}" for k in range(8)],
            "kind": ["duet"] * 8,
            "target_item_id": ["v"] * 7 + ["w0"],
        },
    )
    places = Partition.from_membership(dict.fromkeys("abcdefg", "x$") | {"z": "y"})
    return answers(ds, places)


def test_panels_of_one_source(found: AnswerTrees) -> None:
    canvas = plot.answers(found)
    written = texts(canvas)
    for part in ("Delays", "Depth of chains", "88% inside", "x$", "who is answered", "hatched"):
        assert part in written
    assert "not calibrated" not in written
    delays, depths, mixing, _ = canvas.axes
    steps = delays.lines[0]
    assert np.asarray(steps.get_ydata())[[0, -1]].tolist() == [0, 1]
    assert delays.get_xscale() == "log"
    bars = [p for p in depths.patches if isinstance(p, Rectangle)]
    assert [(b.get_x() + b.get_width() / 2, b.get_height()) for b in bars] == [
        (pytest.approx(2), 1.0)
    ]
    (image,) = mixing.findobj(AxesImage)
    cells = image.get_array()
    # of 8 answers 7 are from x and all go to x: 7 of 7 expected; the rest is too few
    assert cells.filled(np.nan).tolist()[0][0] == 0
    assert cells.mask.sum() == 3
    assert sum(p.get_hatch() is not None for p in mixing.patches) == 3


def test_sides_and_limits(found: AnswerTrees) -> None:
    both = plot.answers(compare_answers({"one": found, "other": found}))
    assert len(both.axes) == 5
    assert "one: 88% inside" in texts(both)
    alone = plot.answers(compare_answers({"one": found}), top=1)
    assert len(alone.axes[2].get_xticks()) == 1
    with pytest.raises(OptionError, match="5 sides are compared"):
        plot.answers(compare_answers({str(k): found for k in range(5)}))
    with pytest.raises(DataError, match=r"plot\.answers needs a AnswerTrees"):
        plot.answers(pl.DataFrame())  # type: ignore[arg-type]

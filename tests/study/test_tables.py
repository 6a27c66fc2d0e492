"""Tables of a report: units, and fixed decimals per column."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.visibility import Visibility
from graphkit.study.tables import difference_texts, hosting_table, text_table


def test_numbers_of_a_column_have_the_same_decimals() -> None:
    values: dict[str, Any] = {"a_b": ["x", "y"], "b": [0.5, -0.0123], "c": [1200.0, 3.0]}
    values |= {"n": [5, None], "arm_1": [0.5, None]}
    table = text_table(pl.DataFrame(values), "A caption", names=["arm_1"])
    assert table.columns == ("a b", "b", "c", "n", "arm_1")
    assert table.rows == (("x", "0.500", "1,200", "5", "0.500"), ("y", "−0.012", "3", "–", "–"))
    assert table.numeric == (False, True, True, True, True)


def test_a_large_bound_leaves_the_decimals_of_others() -> None:
    """A ratio of 1.6 beside one of 135 is not shown as 2: the verdict hangs on 1.5."""
    names = ["to", "from"]
    seen = pl.DataFrame({"to": [1.634, 135.2], "from": [1.52, 29.6]})
    assert text_table(seen, "A caption").rows == (("2", "1.5"), ("135", "29.6"))
    table = text_table(seen, "A caption", decimals=dict.fromkeys(names, 2))
    assert table.rows == (("1.63", "1.52"), ("135.20", "29.60"))


def test_a_community_too_small_for_hosting_is_said_to_be() -> None:
    """Community b is its author alone: no value, and no row that is missing."""
    seen = pl.DataFrame(
        {"label": ["b", "a"], "homophily": [None, 0.25], "verdict": ["undecided", "visible"]}
    )
    values = {"baseline_mean": [0.5, None], "arm_mean": [0.75, None], "difference": [0.25, None]}
    bounds = {"low": [0.125, None], "high": [0.375, None]}
    keys = {"community": ["a", "b"], "measure": "hosting_reach", "partition": "interest"}
    bounds |= {"direction": ["higher", None]}
    # of a jackknife the chance level is that of the whole
    same = {"replication": 0, "budget": "matched", "calibrated": False}
    runs = [
        {"world": w, **same, "sample": sample} for w, sample in enumerate(("whole", "part", "part"))
    ]
    result: Any = SimpleNamespace(
        visibility={"interest": (Visibility(seen, np.zeros((1, 1), np.int32), 1.0),)},
        headlines=(SimpleNamespace(arm="interest", baseline="follower", random="uniform"),),
        contrasts=pl.DataFrame(keys | {"arm": "interest"} | values | bounds),
        outcome=pl.concat(
            pl.DataFrame(keys | run | {"arm": "uniform", "value": [value, None]})
            for run, value in zip(runs, (0.0625, 0.5, 0.75), strict=True)
        ),
    )
    table = hosting_table(result)
    assert table is not None
    none = "not estimable"
    assert table.rows == (
        ("a", "0.250", "visible", "6.25", "50", "75", "+25.0 [+12.5, +37.5]", ""),
        ("b", none, "undecided", none, none, none, none, ""),
    )


def test_differences_say_why_no_direction_is_claimed() -> None:
    rows = pl.DataFrame(
        {
            "difference": [0.1, 0.1, 0.1, 0.1, None],
            "low": [0.05, -0.1, 0.05, None, None],
            "high": [0.2, 0.2, 0.2, None, None],
            "direction": ["higher", "not distinguishable", "not claimed: filler", None, None],
        }
    )
    texts, notes = difference_texts(rows)
    assert texts.to_list() == [
        *("+0.100 [+0.050, +0.200]", "+0.100 [−0.100, +0.200]", "+0.100 [+0.050, +0.200]"),
        *("+0.100", "not estimable"),
    ]
    assert notes.to_list() == [
        *("", "not distinguishable from zero", "no direction is claimed: filler"),
        *("no interval", ""),
    ]

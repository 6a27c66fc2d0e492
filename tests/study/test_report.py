"""Tables of a report."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.visibility import Visibility
from graphkit.study.report import _hosting_table


def test_a_community_too_small_for_hosting_is_said_to_be() -> None:
    """Community b is its author alone: no value, and no row that is missing."""
    seen = pl.DataFrame(
        {"label": ["b", "a"], "homophily": [None, 0.25], "verdict": ["undecided", "visible"]}
    )
    values = {"baseline_mean": [0.5, None], "arm_mean": [0.75, None], "difference": [0.25, None]}
    bounds = {"low": [0.125, None], "high": [0.375, None]}
    keys = {"community": ["a", "b"], "measure": "hosting_reach", "partition": "interest"}
    result: Any = SimpleNamespace(
        visibility={"interest": (Visibility(seen, np.zeros((1, 1), np.int32), 1.0),)},
        headlines=(SimpleNamespace(arm="interest", baseline="follower", random="uniform"),),
        contrasts=pl.DataFrame(keys | {"arm": "interest"} | values | bounds),
        outcome=pl.DataFrame(keys | {"arm": "uniform", "value": [0.0625, None]}),
    )
    table = _hosting_table(result)
    assert table is not None
    none = "not estimable"
    assert table.rows == (
        ("a", "0.25", "visible", "0.0625", "0.5", "0.75", "+0.25 [+0.125, +0.375]", ""),
        ("b", none, "undecided", none, none, none, none, ""),
    )

"""Tables of a report."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl

from graphkit.data.partition import Partition
from graphkit.study.report import _hosting_table


def test_a_community_too_small_for_hosting_is_said_to_be() -> None:
    """Community b is its author alone: no value, and no row that is missing."""
    partition = Partition.from_membership("wxyz", ["a", "a", "a", "b"])
    values = {"baseline_mean": [0.5, None], "arm_mean": [0.75, None], "difference": [0.25, None]}
    bounds = {"low": [0.125, None], "high": [0.375, None]}
    keys = {"community": ["a", "b"], "measure": "hosting_reach", "partition": "interest"}
    result: Any = SimpleNamespace(
        communities=SimpleNamespace(partition=partition, visibility=None, labels_hidden=0),
        spread=SimpleNamespace(arms=("follower", "interest")),
        contrasts=pl.DataFrame(keys | {"arm": "interest"} | values | bounds),
        config=SimpleNamespace(min_community_size=1),
    )
    table = _hosting_table(result, 2)
    assert table is not None
    assert table.rows == (
        ("a", "", "0.5", "0.75", "+0.25 [+0.125, +0.375]", ""),
        ("b", "", "not estimable", "not estimable", "not estimable", ""),
    )

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from graphkit.study.analysis import blend_curve, mark_sign_changes, means_of_arms
from graphkit.study.config import ArmConfig

FOLLOWER = ArmConfig(name="circle", preset="follower_centric")
INTEREST = ArmConfig(name="taste", preset="interest_centric")


def mixed(share: float, name: str | None = None, **more: Any) -> ArmConfig:
    pair = ("follower_centric", "interest_centric")
    return ArmConfig(name=name or f"mix {share:g}", blend=pair, share=share, **more)


def test_presets_are_the_ends_of_their_blends() -> None:
    curve = blend_curve([INTEREST, mixed(0.75), FOLLOWER, mixed(0.25)])
    assert curve is not None
    assert curve.ends == ("circle", "taste")
    assert list(curve.shares.items()) == [
        ("circle", 0.0),
        ("mix 0.25", 0.25),
        ("mix 0.75", 0.75),
        ("taste", 1.0),
    ]


def test_blends_of_share_zero_and_one_are_ends_too_and_the_first_of_equals_counts() -> None:
    curve = blend_curve([mixed(0), mixed(0.5), mixed(1), FOLLOWER, mixed(0.5, "again")])
    assert curve is not None
    assert curve.shares == {"mix 0": 0.0, "mix 0.5": 0.5, "mix 1": 1.0}


@pytest.mark.parametrize(
    "arms",
    [
        [FOLLOWER, INTEREST],
        [FOLLOWER, mixed(0.5)],
        [FOLLOWER, mixed(0.5), mixed(0.75)],
        [FOLLOWER, INTEREST, mixed(0.5, filler="empty")],
        [FOLLOWER, INTEREST, ArmConfig(name="x", blend=("uniform", "popularity"))],
    ],
    ids=["no blend", "one end", "no second end", "changed alone", "of others"],
)
def test_no_curve_without_both_ends_of_one_pair(arms: list[ArmConfig]) -> None:
    assert blend_curve(arms) is None


def test_what_is_changed_alike_in_all_is_a_curve() -> None:
    arms = [FOLLOWER, INTEREST, mixed(0.5)]
    changed = [arm.model_copy(update={"filler": "empty"}) for arm in arms]
    curve = blend_curve(changed)
    assert curve is not None
    assert set(curve.shares.values()) == {0.0, 0.5, 1.0}


def test_means_of_three_arms_and_their_shares() -> None:
    outcome = pl.DataFrame(
        {
            "arm": ["circle", "mix 0.5", "taste"],
            "world": 0,
            "replication": 0,
            "partition": "planted",
            "community": None,
            "measure": "crossing",
            "value": [0.5, 0.6, 0.7],
            "budget": "matched",
            "calibrated": False,
        }
    )
    curve = blend_curve([FOLLOWER, mixed(0.5), INTEREST])
    means = means_of_arms(outcome, ["circle", "mix 0.5", "taste"], curve)
    assert means is not None
    assert means.select("mean", "share").rows() == [(0.5, 0.0), (0.6, 0.5), (0.7, 1.0)]
    plain = means_of_arms(outcome, ["circle", "mix 0.5", "taste"], None)
    assert plain is not None
    assert "share" not in plain.columns
    assert means_of_arms(outcome, ["circle", "taste"], None) is None


def test_sign_changes_need_intervals_on_both_sides() -> None:
    scan = pl.DataFrame(
        {
            "s": [0.0, 0.5, 0.75, 1.0],
            "direction": ["higher", "not distinguishable", "lower", "not distinguishable"],
        }
    ).with_columns(
        partition=pl.lit(None, pl.String),
        measure=pl.lit("crossing"),
        arm=pl.lit("a"),
        baseline=pl.lit("b"),
    )
    assert mark_sign_changes(scan)["sign_change"].to_list() == [False, False, True, False]
    assert not mark_sign_changes(scan.head(2))["sign_change"].any()
    # too much filler forbids a direction, so that nothing changes
    filled = scan.with_columns(direction=pl.lit("not claimed: filler"))
    assert not mark_sign_changes(filled)["sign_change"].any()
    assert not mark_sign_changes(scan.with_columns(direction=pl.lit(None, pl.String)))[
        "sign_change"
    ].any()

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from graphkit.simulation import Behaviour
from graphkit.study import demo_config
from graphkit.study import text as prose
from graphkit.study._sides import curve_of, side_by_side
from graphkit.study.config import ArmConfig

FOLLOWER = ArmConfig(name="circle", preset="follower_centric")
INTEREST = ArmConfig(name="taste", preset="interest_centric")


def mixed(share: float, name: str | None = None, **more: Any) -> ArmConfig:
    pair = ("follower_centric", "interest_centric")
    return ArmConfig(name=name or f"mix {share:g}", blend=pair, share=share, **more)


def test_presets_are_the_ends_of_their_blends() -> None:
    curve = curve_of([INTEREST, mixed(0.75), FOLLOWER, mixed(0.25)])
    assert curve is not None
    assert curve.ends == ("circle", "taste")
    assert list(curve.shares.items()) == [
        ("circle", 0.0), ("mix 0.25", 0.25), ("mix 0.75", 0.75), ("taste", 1.0),
    ]  # fmt: skip


def test_blends_of_share_zero_and_one_are_ends_too_and_the_first_of_equals_counts() -> None:
    curve = curve_of([mixed(0), mixed(0.5), mixed(1), FOLLOWER, mixed(0.5, "again")])
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
    assert curve_of(arms) is None


def test_what_is_changed_alike_in_all_is_a_curve() -> None:
    arms = [FOLLOWER, INTEREST, mixed(0.5)]
    changed = [arm.model_copy(update={"filler": "empty"}) for arm in arms]
    curve = curve_of(changed)
    assert curve is not None
    assert set(curve.shares.values()) == {0.0, 0.5, 1.0}


def test_means_of_three_arms_and_their_shares() -> None:
    outcome = pl.DataFrame(
        {
            "arm": ["circle", "mix 0.5", "taste"], "world": 0, "replication": 0,
            "partition": "planted", "community": None, "measure": "crossing",
            "value": [0.5, 0.6, 0.7], "budget": "matched", "calibrated": False,
        }
    )  # fmt: skip
    curve = curve_of([FOLLOWER, mixed(0.5), INTEREST])
    means = side_by_side(outcome, ["circle", "mix 0.5", "taste"], curve)
    assert means is not None
    assert means.select("mean", "share").rows() == [(0.5, 0.0), (0.6, 0.5), (0.7, 1.0)]
    plain = side_by_side(outcome, ["circle", "mix 0.5", "taste"], None)
    assert plain is not None
    assert "share" not in plain.columns
    assert side_by_side(outcome, ["circle", "taste"], None) is None


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Behaviour(), "s = 0.2; behaviour is not calibrated."),
        (
            replace(Behaviour(), watch_base=-1.0, noise=0.2, calibrated=True),
            "s = 0.2; behaviour is calibrated: 2 of its 29 numbers are not",
        ),
    ],
)
def test_captions_say_s_behaviour_filler_and_what_intervals_are_over(
    behaviour: Behaviour, said: str
) -> None:
    spread = SimpleNamespace(
        calibrated=behaviour.calibrated, worlds=(1, 2, 3),
        summary=lambda: pl.DataFrame({"filler": [0.0, 0.218]}),
    )  # fmt: skip
    config = demo_config().model_copy(update={"behaviour": behaviour})
    caption = prose.sides_caption(cast("Any", SimpleNamespace(config=config, spread=spread)))
    assert said in caption
    assert "0% to 22% of a feed's posts are filler" in caption
    assert "intervals (95 %) are over 3 worlds" in caption

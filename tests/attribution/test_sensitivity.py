"""Sobol indices: a function with known ones, and simulated outputs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.attribution import evaluate, sensitivity, sobol_indices
from graphkit.attribution.sensitivity import saltelli_points
from graphkit.data.world import World
from graphkit.errors import DataError, DependencyError, OptionError
from graphkit.recommenders import Feed, uniform
from graphkit.simulation import Behaviour

Floats = np.ndarray[Any, np.dtype[np.float64]]
ANGLES = dict.fromkeys("xyz", (-np.pi, np.pi))
ARM = Feed("arm", {"everywhere": 60}, {"interest": 1.0}, learning_rate=0.0)
RANGES = {"arm.weights.interest": (0.0, 2.0), "arm.topic_penalty": (0.0, 1.0)}
PLAYED: dict[str, Any] = {"measure": "viewer_value", "ticks": 1, "samples": 16, "rng": 1}


def ishigami(points: Floats) -> Floats:
    x, y, z = points.T
    found: Floats = np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)
    return found


def test_indices_of_the_ishigami_function_lie_within_their_intervals() -> None:
    points = saltelli_points(ANGLES, 1024, second_order=True, rng=3)
    found = sobol_indices(ishigami(points), list("xyz"), second_order=True, rng=3)
    for kind, known in (("first", (0.3139, 0.4424, 0)), ("total", (0.5576, 0.4424, 0.2437))):
        rows = found.frame.select(kind, f"{kind}_low", f"{kind}_high").rows()
        for (value, low, high), truth in zip(rows, known, strict=True):
            assert low <= truth <= high
            assert value == pytest.approx(truth, abs=0.05)
    # x and z interact, by the whole of what z does
    second = found.second_order.filter(parameter="x", other="z").row(0, named=True)
    assert second["second_low"] <= 0.2437 <= second["second_high"]
    assert found.second_order.height == 3
    assert found.ranking.startswith("intervals are too wide to rank x, y with 1024 samples")
    most = sobol_indices(points @ [3.0, 1.0, 0.0], list("xyz"), second_order=True, rng=3)
    assert most.ranking == "x has the largest total index"


def test_intervals_of_few_samples_are_too_wide_to_rank() -> None:
    points = saltelli_points(ANGLES, 8, rng=1)
    found = sobol_indices(ishigami(points), list("xyz"), rng=1)
    assert "too wide to rank" in found.ranking
    assert found.second_order.height == 0
    assert set(found.second_order.columns) >= {"parameter", "other", "second"}


def test_equal_seeds_give_equal_indices_and_leave_the_global_generator_alone() -> None:
    before = np.random.get_state()[1].copy()  # type: ignore[index, union-attr]  # noqa: NPY002
    points = [saltelli_points(ANGLES, 32, rng=0) for _ in range(2)]
    found = [sobol_indices(ishigami(p), list("xyz"), rng=0) for p in points]
    assert found[0] == found[1]
    assert (np.random.get_state()[1] == before).all()  # type: ignore[index]  # noqa: NPY002
    assert not np.array_equal(points[0], saltelli_points(ANGLES, 32, rng=1))


def test_blocks_with_an_undefined_output_are_dropped_whole_and_counted() -> None:
    points = saltelli_points(ANGLES, 64, rng=2)
    outputs = ishigami(points)
    kept = sobol_indices(outputs[5 * 3 :], list("xyz"), rng=2)
    outputs[[0, 7, 8, 14]] = np.nan  # of blocks 0, 1, 1 and 2
    found = sobol_indices(outputs, list("xyz"), rng=2)
    assert (found.samples, found.dropped) == (61, 3)
    assert found.frame.equals(kept.frame)
    outputs[: 5 * 33] = np.nan
    with pytest.raises(DataError, match="33 of 64 blocks"):
        sobol_indices(outputs, list("xyz"), rng=2)


@pytest.mark.parametrize("value", [0.0, 0.3, 1e9])
def test_a_constant_output_has_no_indices(value: float) -> None:
    outputs = np.full(32 * 8, value)
    outputs[3] *= 1 + 1e-15
    found = sobol_indices(outputs, list("xyz"), second_order=True, rng=1)
    assert found.frame.drop("parameter").null_count().sum_horizontal().item() == 3 * 6
    assert found.second_order["second"].null_count() == 3
    assert "constant" in found.ranking


def test_wrong_outputs_are_refused() -> None:
    with pytest.raises(DataError, match="a multiple of 5"):
        sobol_indices(np.zeros(16), list("xyz"))
    with pytest.raises(DataError, match="a multiple of 8"):
        sobol_indices(np.zeros(20), list("xyz"), second_order=True)
    for names in ("xy", ["x", "x"], ["x", 1]):
        with pytest.raises((DataError, OptionError), match=r"different names|multiple of 3"):
            sobol_indices(np.arange(16.0), names)
    with pytest.raises(DataError, match="numbers are needed"):
        sobol_indices(["a"] * 16, ["x", "y"])
    with pytest.raises(DataError, match="infinite"):
        sobol_indices(np.r_[np.inf, np.zeros(4)], list("xyz"))
    outputs = np.zeros(20)
    outputs[1] = 1.0  # neither of A nor of B
    with pytest.raises(DataError, match="independent samples are equal"):
        sobol_indices(outputs, list("xyz"))


def test_without_salib_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(
        DependencyError, match=r'pip install "\.\[sensitivity\]" in the folder of graphkit'
    ):
        saltelli_points(ANGLES, 8, rng=1)


def test_an_additive_output_has_its_own_shares(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    def game(feed: Feed, w: int, r: int) -> float:
        return feed.weights.get("interest", 0) + feed.topic_penalty + w

    calls = play(game, small_worlds)
    found = sensitivity(small_worlds, ARM, ranges=RANGES, **PLAYED | {"samples": 256})
    assert calls == [1] * 256 * 4
    # variances 4/12 and 1/12
    for (_, first, low, high, total, *_), truth in zip(found.frame.rows(), (0.8, 0.2), strict=True):
        assert low <= truth <= high
        assert (first, total) == pytest.approx((truth, truth), abs=0.1)
    outputs = found.samples["arm.weights.interest"] + found.samples["arm.topic_penalty"] + 1.5
    assert found.samples["output"].to_list() == pytest.approx(outputs.to_list())
    assert found.samples["block"].to_list() == sorted(4 * list(range(256)))
    assert "over samples of the parameters" in repr(found)
    assert found.output == "viewer_value: arm"


def test_a_baseline_is_subtracted_and_whole_numbers_are_rounded(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    def game(feed: Feed, w: int, r: int) -> float | None:
        return 1.0 * feed.sources["everywhere"] if w else None

    calls = play(game, small_worlds)
    ranges = {"arm.sources.everywhere": (10.0, 12.0), "baseline.sources.everywhere": (1, 4)}
    found = sensitivity(small_worlds, ARM, uniform(), ranges=ranges, **PLAYED)
    assert set(calls) == {2}
    quota = found.samples.drop("block", "output")
    assert (quota == quota.select(pl.all().round())).to_numpy().all()
    difference = quota["arm.sources.everywhere"] - quota["baseline.sources.everywhere"]
    assert found.samples["output"].to_list() == difference.to_list()
    assert "rounded to whole numbers" in repr(found)
    assert found.output == "viewer_value: arm − uniform"


def test_undefined_outputs_are_counted(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    def game(feed: Feed, w: int, r: int) -> float | None:
        return None if feed.topic_penalty > 0.9 else feed.topic_penalty

    play(game, small_worlds)
    found = sensitivity(small_worlds, ARM, ranges=RANGES, **PLAYED)
    blocks = found.samples.filter(pl.col("output").is_null())["block"].n_unique()
    assert found.provenance.removed == {"blocks with an undefined output": blocks}
    assert f"blocks with an undefined output  {blocks}" in " ".join(repr(found).split("   "))
    play(lambda feed, w, r: 0.3, small_worlds)
    still = sensitivity(small_worlds, ARM, ranges=RANGES, **PLAYED)
    assert still.frame["first"].null_count() == 2


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        ({"behaviour.social_shar": (0, 1)}, "Did you mean 'behaviour.social_share'"),
        ({"arm.weights.intrest": (0, 1)}, "Did you mean 'arm.weights.interest'"),
        ({"baseline.topic_penalty": (0, 1)}, "no parameter 'baseline.topic_penalty'"),
        ({"arm.filler": (0, 1)}, "no parameter 'arm.filler'"),
        ({"behaviour.social_share": (0, 2)}, "social_share"),
        ({"arm.topic_penalty": (-1, 2)}, "topic_penalty"),
        ({"arm.topic_penalty": (2, 1)}, "first must be lower"),
        ({"arm.topic_penalty": 3}, r"\(lowest, highest\)"),
        ({"arm.half_life": (1, float("inf"))}, "finite"),
        ({"arm.sources.everywhere": (10.1, 10.4)}, "one whole number"),
        ({}, "at least one parameter"),
    ],
)
def test_other_ranges_are_refused(
    small_worlds: list[World], ranges: dict[str, Any], words: str
) -> None:
    with pytest.raises(OptionError, match=words):
        sensitivity(small_worlds, ARM, ranges=ranges, **PLAYED)


def test_other_options_are_refused(small_worlds: list[World]) -> None:
    with pytest.raises(OptionError, match="power of two"):
        sensitivity(small_worlds, ARM, ranges=RANGES, **PLAYED | {"samples": 48})
    with pytest.raises(OptionError, match="one measure"):
        sensitivity(small_worlds, ARM, ranges=RANGES, **PLAYED | {"measure": ["a", "b"]})


def test_simulated_outputs_share_their_draws(small_worlds: list[World], tmp_path: Any) -> None:
    ranges = {"behaviour.watch_base": (-2.0, -1.0), "arm.trial_growth": (1.0, 4.0)}
    options: dict[str, Any] = {"measure": "viewer_value", "ticks": 1, "slots": 3, "samples": 4}
    options |= {"behaviour": Behaviour(noise=0.2), "rng": 1, "cache": tmp_path}
    found = sensitivity(small_worlds[:1], ARM, ranges=ranges, **options)
    # the feed tries no fresh posts: what does nothing has indices of zero, not of noise
    nothing = found.frame.filter(parameter="arm.trial_growth").row(0, named=True)
    assert nothing["first"] == pytest.approx(0, abs=1e-12)
    assert nothing["total"] == pytest.approx(0, abs=1e-12)
    assert found.frame["total"][0] > 0.3
    assert sensitivity(small_worlds[:1], ARM, ranges=ranges, **options) == found


def test_an_executor_gets_all_samples_and_a_baseline_is_simulated_once(
    small_worlds: list[World],
) -> None:
    options: dict[str, Any] = {"measure": "viewer_value", "ticks": 2, "slots": 3, "samples": 4}
    options |= {"rng": 1, "ranges": {**RANGES, "behaviour.noise": (0.0, 0.3)}}
    seen: list[tuple[str, int, int]] = []
    with gk.show_progress(lambda *step: seen.append(step)):
        found = sensitivity(small_worlds[:2], ARM, uniform(), **options)
    # 20 samples of an arm and a baseline in two worlds; those that differ by the arm share a baseline
    behaviours = found.samples["behaviour.noise"].n_unique()
    assert max(total for what, _, total in seen if what == "evaluating") == 2 * (20 + behaviours)
    for row in found.samples.sample(3, seed=1).iter_rows(named=True):
        weights = {"interest": row["arm.weights.interest"]}
        arm = ARM.but("x", weights=weights, topic_penalty=row["arm.topic_penalty"])
        outcome = evaluate(
            *(small_worlds[:2], {"arm": arm, "base": uniform()}),
            ticks=2,
            slots=3,
            rng=1,
            behaviour=Behaviour(noise=row["behaviour.noise"]),
        ).filter(measure="viewer_value")
        means = outcome.group_by("arm").agg(pl.col("value").mean()).sort("arm")["value"]
        assert row["output"] == pytest.approx(means[0] - means[1], abs=1e-12)
    with ThreadPoolExecutor(2) as executor:
        assert sensitivity(small_worlds[:2], ARM, uniform(), executor=executor, **options) == found
    shared = options | {"reading": "shared"}
    with ThreadPoolExecutor(2) as executor:
        one = sensitivity(small_worlds[:1], ARM, uniform(), executor=executor, **shared)
    assert one == sensitivity(small_worlds[:1], ARM, uniform(), **shared)


def test_parts_of_a_jackknife_are_left_out_with_their_visibility() -> None:
    world = gk.build_world(gk.synthetic.platform(accounts=200, rng=1), rng=1)
    worlds = gk.resample_worlds(world, 2, rng=1)
    kind = next(iter(world.partitions))
    seen = gk.visibility(world.partitions[kind], world.follows, runs=2, rng=1)
    options: dict[str, Any] = {"measure": "hosting_visible", "ticks": 3, "slots": 3, "samples": 4}
    options |= {"ranges": {"behaviour.noise": (0.0, 0.3)}, "partition": kind, "rng": 1}
    whole = sensitivity(worlds[:1], ARM, visibility={kind: seen}, **options)
    assert whole == sensitivity(worlds, ARM, visibility={kind: [seen] * 3}, **options)


def test_filler_of_the_samples_is_told(small_worlds: list[World]) -> None:
    options: dict[str, Any] = {"measure": "viewer_value", "ticks": 2, "slots": 3, "samples": 4}
    found = sensitivity(small_worlds[:1], ARM, ranges={"arm.sources.everywhere": (0, 1)}, **options)
    none = found.samples.filter(pl.col("arm.sources.everywhere") == 0)["filler"]
    assert none.unique().to_list() == [1.0]
    assert "above 25% in" in str(found.facts["filler"])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"arm": "x"}, "arm='x': give a Feed"),
        ({"baseline": 5}, "baseline=5: give a Feed"),
        ({"behaviour": "x"}, "behaviour='x': give a Behaviour"),
        ({"ranges": ["behaviour.noise"]}, "at least one parameter"),
    ],
)
def test_things_of_another_type_are_named(
    small_worlds: list[World], more: dict[str, Any], words: str
) -> None:
    given: dict[str, Any] = {"arm": ARM, "ranges": {"behaviour.noise": (0.0, 0.3)}} | more
    with pytest.raises(OptionError, match=words):
        sensitivity(small_worlds, **given, **PLAYED)

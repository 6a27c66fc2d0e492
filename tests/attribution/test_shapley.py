"""Shapley values: games solved by hand, laws, and divisions of simulated gaps."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.attribution import ablate, feed_factors, interaction_index, shapley, shapley_values
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import hosting_by_visibility
from graphkit.recommenders import Feed, source_by_ranking

RNG = np.random.default_rng(5)
#: Ten numbers that a game reads.
KEYS = ("topic_penalty", "author_penalty", "author_decay", "author_floor", "learning_rate")
PLAYED: dict[str, Any] = {"measure": "viewer_value", "ticks": 1, "rng": 1}

#: Eight numbers, of which the first alone matters: the feed generates no fresh candidates, asks no
#: followee for posts, and learns nothing.
A8 = Feed("a", {"everywhere": 240}, {"chance": 1.0}, learning_rate=0.0)
B8 = A8.but(
    "b",
    weights={"interest": 2.0},
    signals={"like": 0.1},
    author_floor=0.5,
    half_life=10.0,
    interest_share=0.5,
    trial_size=30,
    trial_growth=2.0,
)
B8 = B8.but("b", signals={"skip": -0.1})


def brute_force(values: np.ndarray[Any, Any]) -> list[float]:
    """Mean of what each player adds over all orders."""
    k = int(math.log2(values.size))
    parts = np.zeros(k)
    for order in permutations(range(k)):
        mask = 0
        for player in order:
            parts[player] += values[mask | 1 << player] - values[mask]
            mask |= 1 << player
    return list(parts / math.factorial(k))


def test_the_glove_game() -> None:
    # player 0 has a left glove, 1 and 2 a right one each; a pair is worth 1
    values = [float(bool(s & 1) and bool(s & 6)) for s in range(8)]
    assert shapley_values(values) == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    # with the rest absent and present: I_01 = ½ (1 − 0 − 0 + 0) + ½ (1 − 1 − 0 + 0), and
    # I_12 = ½ (0 − 0 − 0 + 0) + ½ (1 − 1 − 1 + 0)
    index = interaction_index(values)
    assert index[0, 1] == pytest.approx(0.5)
    assert index[0, 2] == pytest.approx(0.5)
    assert index[1, 2] == pytest.approx(-0.5)


def test_an_additive_game_gives_each_its_own_and_no_interaction() -> None:
    own = np.array([3.0, -1.5, 0.25, 7.0])
    values = [sum(own[i] for i in range(4) if s >> i & 1) for s in range(16)]
    assert shapley_values(values).tolist() == own.tolist()
    index = interaction_index(values)
    assert np.isnan(np.diag(index)).all()
    assert np.nanmax(np.abs(index)) == 0


def test_a_pair_that_interacts_shares_its_surplus() -> None:
    # v = x + 2 y + 4 x y, and z does nothing
    values = [(s & 1) + 2 * (s >> 1 & 1) + 4 * (s & 1) * (s >> 1 & 1) for s in range(8)]
    assert shapley_values(values) == pytest.approx([3.0, 4.0, 0.0])
    index = interaction_index(values)
    assert index[0, 1] == index[1, 0] == pytest.approx(4)
    assert index[0, 2] == index[1, 2] == 0


@pytest.mark.parametrize("k", [1, 2, 5])
def test_exact_values_are_the_mean_over_all_orders(k: int) -> None:
    values = RNG.normal(size=1 << k)
    assert shapley_values(values) == pytest.approx(brute_force(values), abs=1e-12)
    assert shapley_values(values).sum() == pytest.approx(values[-1] - values[0], abs=1e-12)
    several = np.stack([values, values**2], axis=1)
    assert shapley_values(several)[:, 0].tolist() == shapley_values(values).tolist()


def test_the_dual_game_has_the_negated_values_exactly() -> None:
    values = RNG.normal(size=1 << 7)
    assert shapley_values(values[::-1]).tolist() == (-shapley_values(values)).tolist()
    assert interaction_index(values[::-1])[2, 4] == pytest.approx(interaction_index(values)[2, 4])


def test_interactions_are_differences_of_values_with_and_without_a_partner() -> None:
    # the index of i and j is the value of i where j is there, minus where it is not (Grabisch)
    values = RNG.normal(size=32)
    index = interaction_index(values)
    for i, j in ((0, 3), (4, 2)):
        rest = [s for s in range(32) if not s >> j & 1]
        place = i if i < j else i - 1
        there = shapley_values(values[[s | 1 << j for s in rest]])[place]
        assert index[i, j] == pytest.approx(there - shapley_values(values[rest])[place])


def test_other_shapes_are_refused() -> None:
    for wrong in ([1.0], [1.0, 2.0, 3.0], np.zeros((2, 2, 2))):
        with pytest.raises(DataError, match="one value per coalition"):
            shapley_values(wrong)


def ends() -> tuple[Feed, Feed]:
    """Two feeds that differ in five numbers, by the bits of which a game is played."""
    a = Feed("a", {"everywhere": 60}, {"chance": 1.0}, learning_rate=0.0)
    return a, a.but(
        "b",
        topic_penalty=1.0,
        author_penalty=1.0,
        author_decay=0.5,
        author_floor=0.5,
        learning_rate=0.5,
    )


def bits(feed: Feed) -> list[int]:
    a, _ = ends()
    return [int(getattr(feed, key) != getattr(a, key)) for key in KEYS]


def number(feed: Feed) -> int:
    return sum(bit << i for i, bit in enumerate(bits(feed)))


@pytest.mark.parametrize("exact", [True, False])
def test_parts_sum_to_the_gap_and_exchanged_feeds_negate_them(
    small_worlds: list[World], play: Callable[..., list[int]], exact: bool
) -> None:
    table = RNG.normal(size=(4, 2, 32))
    play(lambda feed, w, r: float(table[w, r, number(feed)]), small_worlds)
    a, b = ends()
    options = PLAYED | {"factors": "numbers", "replications": 2, "exact": exact, "permutations": 6}
    found, back = (shapley(small_worlds, *pair, **options) for pair in ((a, b), (b, a)))
    gap = found.gap.row(0, named=True)
    differences = (table[:, :, 31] - table[:, :, 0]).mean(axis=1)
    assert gap["gap"] == pytest.approx(differences.mean(), abs=1e-14)
    low, high = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert (gap["low"], gap["high"]) == pytest.approx((low, high))
    assert found.frame["value"].sum() == pytest.approx(gap["gap"], abs=1e-14)
    # intervals too, and to the last digit
    negated = found.frame.select(-pl.col("value"), low=-pl.col("high"), high=-pl.col("low"))
    assert back.frame.select("value").equals(negated.select("value"))
    for side in ("low", "high"):
        assert back.frame[side].to_list() == pytest.approx(negated[side].to_list(), abs=1e-13)
    if exact:
        parts = shapley_values(table.reshape(8, 32).T).reshape(5, 4, 2).mean(axis=2)
        assert found.frame["value"].to_list() == pytest.approx(parts.mean(axis=1).tolist())
        for f in range(5):
            low, high = stats.ttest_1samp(parts[f], 0).confidence_interval(0.95)
            bounds = found.frame.select("low", "high").row(f)
            assert bounds == pytest.approx((low, high))
        assert found.frame["sampling_error"].to_list() == [0.0] * 5
        index = interaction_index(table.reshape(8, 32).T).mean(axis=2)
        assert found.interactions["value"].to_list() == pytest.approx(
            [index[i, j] for i in range(5) for j in range(i + 1, 5)]
        )
    else:
        assert found.interactions.height == 0
        assert (found.frame["sampling_error"] > 0).all()


def test_sampled_values_approach_the_exact_ones(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    table = RNG.normal(size=32)
    calls = play(lambda feed, w, r: float(table[number(feed)]), small_worlds)
    a, b = ends()
    truth = shapley_values(table)
    options = PLAYED | {"factors": "numbers", "exact": False}
    many = shapley(small_worlds, a, b, permutations=400, **options).frame
    assert calls == [32] * 4  # each world on its own
    errors = many["sampling_error"].to_numpy()
    assert np.abs(many["value"].to_numpy() - truth).max() < 4 * errors.max()
    few = shapley(small_worlds, a, b, permutations=8, **options).frame
    assert few["sampling_error"].mean() > 4 * errors.mean()
    # worlds are alike, so that the interval is that of the sampling alone
    half = (few["high"] - few["low"]).to_numpy() / 2
    assert half == pytest.approx(stats.t.ppf(0.975, 3) * few["se"].to_numpy())
    assert (few["se"] > 0).all()


def test_one_world_shares_its_orders_and_its_interval_is_widened(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    table = RNG.normal(size=32)
    calls = play(lambda feed, w, r: float(table[number(feed)]) + 0.001 * r, small_worlds)
    a, b = ends()
    found = shapley(
        small_worlds[0],
        a,
        b,
        factors="numbers",
        exact=False,
        permutations=6,
        replications=3,
        **PLAYED,
    ).frame
    assert len(calls) == 1
    # replications do not differ, but the sampling does
    assert found["se"].to_list() == pytest.approx(found["sampling_error"].to_list(), rel=1e-6)
    assert found["interval"].unique().to_list() == ["within this world"]


def test_a_jackknife_is_centred_on_its_whole(play: Callable[..., list[int]]) -> None:
    world = gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), rng=1)
    worlds = gk.resample_worlds(world, 3, rng=1)
    table = RNG.normal(size=(4, 32))
    calls = play(lambda feed, w, r: float(table[w, number(feed)]), worlds)
    a, b = ends()
    found = shapley(worlds, a, b, factors="numbers", **PLAYED)
    parts = shapley_values(table.T)
    whole = next(w for w, one in enumerate(worlds) if one.sample == "whole")
    assert found.frame["value"].to_list() == pytest.approx(parts[:, whole].tolist())
    rest = np.delete(parts, whole, axis=1)
    error = np.sqrt(2 / 3 * ((rest - rest.mean(axis=1, keepdims=True)) ** 2).sum(axis=1))
    assert found.frame["se"].to_list() == pytest.approx(error.tolist())
    shapley(worlds, a, b, factors="numbers", exact=False, permutations=4, **PLAYED)
    assert len(calls) == 2  # all worlds together in both modes


def test_many_coalitions_are_evaluated_in_pieces_unless_slots_are_shared(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    a, b = ends()
    b = b.but("b", trial_size=9, trial_growth=2.0)
    calls = play(lambda feed, w, r: bits(feed)[0] + 2.0 * (feed.trial_size == 9), small_worlds)
    found = shapley(small_worlds, a, b, factors="numbers", **PLAYED)
    assert found.frame["value"].to_list() == pytest.approx([1, 0, 0, 0, 0, 2, 0])
    shapley(small_worlds, a, b, factors="numbers", reading="shared", **PLAYED)
    assert calls == [64, 64, 128]


def test_holm_is_over_the_factors_and_filler_claims_nothing(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    noise = RNG.normal(scale=0.05, size=4)

    def game(feed: Feed, w: int, r: int) -> float:
        return (1 + noise[w]) * bits(feed)[0] + noise[w] * bits(feed)[1]

    a, b = ends()
    play(game, small_worlds)
    found = shapley(small_worlds, a, b, factors="numbers", **PLAYED).frame
    first, second, *others = found.iter_rows(named=True)
    assert first["direction"] == "higher"
    assert first["p_holm"] == pytest.approx(2 * first["p"])
    assert second["p_holm"] == pytest.approx(second["p"])
    assert all(row["p"] is None and row["value"] == row["se"] == 0 for row in others)
    assert first["share"] == pytest.approx(first["value"] / found["value"].sum())
    play(game, small_worlds, filler=0.3)
    filled = shapley(small_worlds, a, b, factors="numbers", **PLAYED)
    assert filled.frame["direction"].unique().to_list() == ["not claimed: filler"]
    assert filled.frame["p"].null_count() == 5
    assert "no direction is claimed" in repr(filled)


def test_runs_without_a_value_are_left_out_and_counted(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    table = RNG.normal(size=(4, 32))

    def game(feed: Feed, w: int, r: int) -> float | None:
        return None if (w, number(feed)) == (1, 7) else float(table[w, number(feed)])

    play(game, small_worlds)
    a, b = ends()
    found = shapley(small_worlds, a, b, factors="numbers", **PLAYED)
    kept = np.delete(table, 1, axis=0)
    assert found.frame["worlds"].unique().to_list() == [3]
    assert found.gap["gap"].item() == pytest.approx((kept[:, 31] - kept[:, 0]).mean())
    assert found.frame["value"].sum() == pytest.approx(found.gap["gap"].item())
    assert dict(found.provenance.removed) == {"runs in which some feed has no viewer_value": 1}
    play(lambda feed, w, r: None, small_worlds)
    nothing = shapley(small_worlds, a, b, factors="numbers", **PLAYED)
    assert nothing.frame["value"].null_count() == 5
    assert nothing.frame["direction"].null_count() == 5
    assert nothing.gap["a_mean"].item() is None


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"exact": False, "permutations": 5}, OptionError, "even number"),
        ({"exact": False, "permutations": 2}, OptionError, "from 4 on"),
        ({"measure": []}, OptionError, "at least one"),
        ({"measure": "viewer_valu"}, MissingDataError, "Did you mean 'viewer_value'"),
        ({"measure": "hosting_slope"}, MissingDataError, "need visibility="),
        ({"partition": "follow"}, MissingDataError, "no partition 'follow' in the worlds"),
        ({"confidence": 1.0}, OptionError, "confidence"),
    ],
)
def test_other_options_are_refused(
    small_worlds: list[World],
    play: Callable[..., list[int]],
    options: dict[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    play(lambda feed, w, r: 0.0, small_worlds)
    with pytest.raises(error, match=words):
        shapley(small_worlds, *ends(), **PLAYED | {"factors": "numbers"} | options)


def test_measures_without_a_partition_go_with_those_under_one(small_worlds: list[World]) -> None:
    a = Feed("a", {"everywhere": 60}, {"chance": 1.0})
    b = a.but("b", weights={"chance": 0.0, "interest": 1.0})
    options: dict[str, Any] = {"ticks": 2, "slots": 3, "partition": "planted", "rng": 1}
    found = shapley(small_worlds, a, b, measure=["viewer_value", "crossing"], **options)
    rows = found.gap.select("measure", "partition").rows()
    assert rows == [("viewer_value", None), ("crossing", "planted")]


def test_too_many_factors_are_sampled_or_refused(small_worlds: list[World]) -> None:
    a = Feed("a", {"everywhere": 60}, {"chance": 1.0})
    b = a.but("b", weights=dict.fromkeys(("interest", "recency", "followed"), 1.0), half_life=9.0)
    b = b.but("b", signals=dict.fromkeys(("like", "comment", "share", "follow"), 0.1))
    b = b.but("b", trial_growth=2.0, trial_size=9, delivery=0.5)
    with pytest.raises(OptionError, match="2,048 coalitions"):
        shapley(small_worlds, a, b, measure="crossing", ticks=1, factors="numbers", exact=True)


def test_one_of_eight_numbers_causes_the_gap(small_worlds: list[World]) -> None:
    assert len(feed_factors(A8, B8, factors="numbers").names) == 8
    found = shapley(
        small_worlds[:2],
        A8,
        B8,
        measure=["crossing", "viewer_value"],
        ticks=2,
        slots=3,
        factors="numbers",
        rng=1,
    )
    assert found.exact
    assert found.gap["partition"].to_list() == ["planted", None]
    for measure in ("crossing", "viewer_value"):
        rows = found.frame.filter(measure=measure)
        gap = found.gap.filter(measure=measure)["gap"].item()
        assert rows.row(0, named=True)["value"] / gap >= 0.8
        assert rows["value"].sum() == pytest.approx(gap, abs=1e-14)
        assert rows["value"][1:].abs().max() < 0.1 * abs(gap)
    assert found.gap["gap"].abs().min() > 0.02  # type: ignore[operator]


def test_a_null_pair_has_no_finding(small_worlds: list[World]) -> None:
    a = Feed("a", {"everywhere": 240}, {"chance": 1.0}, learning_rate=0.0)
    b = a.but("b", weights={"chance": -1.0}, trial_size=40, trial_growth=2.0, author_floor=0.2)
    found = shapley(
        small_worlds, a, b, measure="crossing", ticks=2, slots=4, factors="numbers", rng=2
    ).frame
    assert found["direction"].unique().to_list() == ["not distinguishable"]
    assert found["p_holm"].drop_nulls().min() > 0.05  # type: ignore[operator]


def test_the_gap_is_that_of_the_contrast_also_with_visibility(small_worlds: list[World]) -> None:
    corners = source_by_ranking()
    a, b = corners["everywhere × circle reactions"], corners["everywhere × interest"]
    worlds = small_worlds[:2]
    seen = [gk.visibility(w.partitions["planted"], w.follows, runs=1, rng=1) for w in worlds]
    options: dict[str, Any] = {"ticks": 2, "slots": 4, "rng": 4}
    found = shapley(
        worlds,
        a,
        b.but("b", author_penalty=0.1),
        measure=["crossing", "hosting_slope"],
        visibility={"planted": seen},
        **options,
    )
    arms = {"a": a, "b": b.but("b", author_penalty=0.1), "uniform": gk.recommenders.uniform()}
    outcome = gk.measure_spread(gk.simulate_spread(worlds, arms, **options))
    gap = gk.contrast(hosting_by_visibility(outcome, {"planted": seen}, least=10), "b", "a")
    for row in found.gap.iter_rows(named=True):
        expected = gap.row(row["measure"], partition="planted")
        assert row["gap"] == expected["difference"]
        assert (row["low"], row["high"]) == (expected["low"], expected["high"])
        assert (row["a_mean"], row["b_mean"]) == (expected["baseline_mean"], expected["arm_mean"])
    sampled = shapley(
        worlds,
        a,
        b.but("b", author_penalty=0.1),
        measure="hosting_slope",
        visibility={"planted": seen},
        exact=False,
        permutations=4,
        **options,
    )
    assert sampled.frame["value"].sum() == pytest.approx(sampled.gap["gap"].item())
    with pytest.raises(DataError, match="1 for 2 worlds"):
        shapley(
            worlds,
            a,
            b,
            measure="hosting_slope",
            visibility={"planted": seen[:1]},
            exact=False,
            **options,
        )


def test_an_executor_and_a_cache_change_nothing(small_worlds: list[World], tmp_path: Path) -> None:
    b = A8.but("b", weights={"interest": 1.0}, trial_growth=2.0)
    options: dict[str, Any] = {"measure": "crossing", "ticks": 1, "slots": 3, "rng": 3}
    plain = shapley(small_worlds[:2], A8, b, **options)
    with ThreadPoolExecutor(2) as pool:
        pooled = shapley(small_worlds[:2], A8, b, executor=pool, cache=tmp_path, **options)
    seen: list[str] = []
    with gk.show_progress(lambda what, done, total: seen.append(what) if done else None):
        again = shapley(small_worlds[:2], A8, b, cache=tmp_path, **options)
    assert plain == pooled == again
    assert not seen  # nothing was simulated again


def test_the_display_tells_method_gap_and_parts(
    small_worlds: list[World], play: Callable[..., list[int]]
) -> None:
    def game(feed: Feed, w: int, r: int) -> float:
        x, y, z, *_ = bits(feed)
        return x + 0.01 * w * y + (1 + 0.1 * w) * x * z

    play(game, small_worlds)
    found = shapley(small_worlds, *ends(), factors="numbers", **PLAYED)
    text = repr(found)
    for words in ("all 32 coalitions", "4 worlds", "gap in viewer_value", "zero in every run"):
        assert words in text
    assert "topic_penalty × author_decay: viewer_value" in text
    assert "<table" in found._repr_html_()


def test_filler_between_the_feeds_forbids_directions_of_factors(small_worlds: list[World]) -> None:
    # neither feed has filler, and the one between them that has no source shows nothing else
    a = Feed("everywhere", {"everywhere": 60}, {"interest": 1.0})
    b = Feed("by interest", {"interest": 60}, {"recency": 1.0})
    options: dict[str, Any] = {"ticks": 3, "slots": 3, "factors": "numbers", "rng": 1}
    found = shapley(small_worlds, a, b, measure="viewer_value", **options)
    assert found.gap.select("filler", "baseline_filler").row(0) == (0.0, 0.0)
    assert found.gap["direction"][0] in ("higher", "lower", "not distinguishable")
    assert found.frame["direction"].unique().to_list() == ["not claimed: filler"]
    assert found.frame["p"].null_count() == found.frame.height
    assert found.interactions["direction"].unique().to_list() == ["not claimed: filler"]
    assert "no direction of a factor is claimed" in repr(found)
    one = ablate(small_worlds, a, b, measure="viewer_value", **options)
    # only what is compared counts: A with interest of B has both sources
    signs = one.frame.select("factor", "direction", claimed=~pl.col("sign").str.contains("filler"))
    claimed = set(signs.filter("claimed").select("factor", "direction").rows())
    assert ("sources.interest", "a to b") in claimed
    assert ("sources.everywhere", "b to a") in claimed
    assert ("sources.interest", "b to a") not in claimed
    assert ("sources.everywhere", "a to b") not in claimed


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"measure": "viewer_valu"}, "Did you mean 'viewer_value'"),
        ({"measure": "hosting_slope"}, "need visibility="),
        ({"measure": "amplification"}, "no measure 'amplification'"),
        ({"measure": "crossing", "partition": "plantd"}, "Did you mean 'planted'"),
        ({"measure": "crossing", "community": 5}, "no community 5"),
        ({"measure": 5}, "name at least one measure"),
        ({"measure": [5]}, "name at least one measure"),
    ],
)
def test_what_no_outcome_has_is_refused_before_anything_is_simulated(
    small_worlds: list[World], play: Callable[..., list[int]], more: Any, words: str
) -> None:
    calls = play(lambda feed, w, r: 0.0, small_worlds)
    a, b = ends()
    with pytest.raises((MissingDataError, OptionError), match=words):
        shapley(small_worlds, a, b, ticks=1, **more)
    assert not calls


def test_parts_of_a_jackknife_without_the_others_are_refused_at_once(
    play: Callable[..., list[int]],
) -> None:
    world = gk.build_world(gk.synthetic.platform(accounts=100, rng=1), rng=1)
    parts = gk.resample_worlds(world, 3, rng=1)
    calls = play(lambda feed, w, r: 0.0, parts)
    a, b = ends()
    with pytest.raises(DataError, match="without all the others"):
        shapley(parts[:-1], a, b, measure="viewer_value", ticks=1)
    assert not calls


def test_texts_are_no_values() -> None:
    with pytest.raises(DataError, match="numbers are needed"):
        shapley_values(["a", "b"])

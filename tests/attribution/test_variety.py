"""Curves over the topic penalty: known optima, known sets, edges, no difference, and simulations."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.attribution import Variety, judge_variety, variety
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.simulation import Behaviour

PENALTIES = (0.0, 0.1, 0.2, 0.4)
#: What worlds differ by, and what the penalties differ by between worlds.
WORLDS = np.array([5.0, 7.0, 6.0, 8.0])
NOISE = np.array([[0.1, -0.1, 0.0, 0.0], [-0.2, 0.1, 0.1, 0.0], [0.1, 0.1, -0.1, -0.1], [0, -0.1, 0, 0.1]])  # fmt: skip


def made(
    values: Any,
    *,
    penalties: Sequence[float] = PENALTIES,
    filler: Sequence[float] | float = 0.0,
    budget: str = "matched",
    samples: Sequence[str] | None = None,
    measure: str = "session_length",
) -> pl.DataFrame:
    """Outcome of values of shape (worlds, penalties), and of the filler of each penalty."""
    table = np.asarray(values, dtype=np.float64)
    shares = np.broadcast_to(np.asarray(filler, dtype=np.float64), len(penalties))
    rows = [
        (f"p{penalty:g}", w, 0, None, None, name, value, budget, False)
        for w in range(table.shape[0])
        for k, penalty in enumerate(penalties)
        for name, value in ((measure, table[w, k]), ("filler", shares[k]))
    ]
    names = ("arm", "world", "replication", "partition", "community", "measure", "value", "budget")
    types: dict[str, Any] = dict.fromkeys(names, pl.String) | {"value": pl.Float64}
    types |= {"world": pl.Int64, "replication": pl.Int64, "calibrated": pl.Boolean}
    outcome = pl.DataFrame(rows, schema=types, orient="row")
    if samples is None:
        return outcome
    return outcome.with_columns(sample=pl.Series([samples[w] for w in outcome["world"]]))


def judged(values: Any, penalties: Sequence[float] = PENALTIES, **more: Any) -> Variety:
    arms = {f"p{p:g}": p for p in penalties}
    return judge_variety(made(values, penalties=penalties, **more), arms)


def only(found: Variety) -> Mapping[str, Any]:
    assert found.optimum.height == 1
    return found.optimum.row(0, named=True)


def by_hand(own: Any, base: Any, confidence: float = 0.95) -> tuple[float, float, float]:
    """Mean difference and its paired t interval, by SciPy."""
    test = stats.ttest_rel(own, base)
    bounds = test.confidence_interval(confidence)
    return float(np.mean(np.asarray(own) - base)), float(bounds.low), float(bounds.high)


#: Best at .1, and .2 not told from it: the mean of 1.2 is 0.05 higher.
CURVE = WORLDS[:, None] + np.array([0.0, 1.2, 1.15, -1.0]) + NOISE


def test_a_known_optimum_and_its_set() -> None:
    found = judged(CURVE)
    row = only(found)
    assert (row["best"], row["optimum"], row["undistinguished"]) == (0.1, "interior", [0.1, 0.2])
    assert row["mean"] == pytest.approx(CURVE[:, 1].mean())
    # every difference, and Holm's adjustment of three p-values, by SciPy
    p = [stats.ttest_rel(CURVE[:, k], CURVE[:, 1]).pvalue for k in (0, 2, 3)]
    frame = found.differences
    assert frame["penalty"].to_list() == [0.0, 0.2, 0.4]
    assert frame["p"].to_list() == pytest.approx(p)
    order = np.argsort(p)
    adjusted = np.empty(3)
    adjusted[order] = np.maximum.accumulate(np.minimum(np.array(p)[order] * [3, 2, 1], 1))
    assert frame["p_holm"].to_list() == pytest.approx(adjusted.tolist())
    assert frame["direction"].to_list() == ["lower", "not distinguishable", "lower"]
    for row_of, k in zip(frame.iter_rows(named=True), (0, 2, 3), strict=True):
        expected = by_hand(CURVE[:, k], CURVE[:, 1])
        assert (row_of["difference"], row_of["low"], row_of["high"]) == pytest.approx(expected)
    assert (row["unit"], row["worlds"]) == ("posts per session", 4)
    assert row["interval"] == "over populations of the same making"
    assert found.curves["mean"].to_list() == pytest.approx(CURVE.mean(axis=0).tolist())


def test_what_monotony_costs_holds_for_all_penalties_at_once() -> None:
    row = only(judged(CURVE))
    cost = by_hand(CURVE[:, 1], CURVE[:, 0], 1 - 0.05 / 3)
    assert (row["cost"], row["cost_low"], row["cost_high"]) == pytest.approx(cost)
    assert row["direction"] == "higher"
    # in per cent: the ratio of means, and its linear part in each world
    zero, best = CURVE[:, 0], CURVE[:, 1]
    ratio = best.mean() / zero.mean()
    linear = 100 * (ratio - 1 + (best - ratio * zero) / zero.mean())
    percent = by_hand(linear, np.zeros(4), 1 - 0.05 / 3)
    shown = (row["cost_percent"], row["percent_low"], row["percent_high"])
    assert shown == pytest.approx(percent)
    assert row["cost_percent"] == pytest.approx(100 * row["cost"] / zero.mean())


def test_the_vertex_of_an_exact_parabola_is_found() -> None:
    """Worlds whose parabolas have one curvature: the vertex is linear, and its interval exact."""
    x = np.array([0.0, 0.1, 0.25, 0.5, 1.0])
    vertices = np.array([0.22, 0.30, 0.26, 0.24])
    values = 3 - 8 * (x - vertices[:, None]) ** 2 + WORLDS[:, None]
    row = only(judged(values, x.tolist()))
    assert (row["best"], row["optimum"]) == (0.25, "interior")
    expected = by_hand(vertices, np.zeros(4))
    assert (row["vertex"], row["vertex_low"], row["vertex_high"]) == pytest.approx(expected)
    assert row["no_vertex"] is None
    assert "highest at 0.255 [0.2" in judged(values, x.tolist()).sentences[0]


def test_no_vertex_where_a_parabola_says_nothing() -> None:
    # a plateau: no curvature at the best
    flat = WORLDS[:, None] + np.array([-3.0, 1.0, 1.001, 1.0, -3.0]) + np.c_[NOISE, NOISE[:, 0]] / 9
    row = only(judged(flat, (0, 1, 2, 3, 4)))
    assert (row["optimum"], row["vertex"]) == ("interior", None)
    assert row["no_vertex"] == "the curvature is not distinguishable from zero"
    # a vertex that lies anywhere, although the curvature is known
    wild = np.array([-0.9, 0.8, -0.7, 0.85])
    tilted = 1e3 * np.array([0, 1, 1.02, 1.0, 0.0]) + WORLDS[:, None]
    tilted = tilted + 40 * wild[:, None] * np.array([0, -1, 0, 1, 0])
    row = only(judged(tilted, (0, 1, 2, 3, 4)))
    assert (row["vertex"], row["no_vertex"]) == (None, "its interval leaves the neighbours")


@pytest.mark.parametrize(
    ("means", "optimum", "kept", "said"),
    [
        (
            (3.0, 2.0, 1.0, 0.0),
            "at the lower edge",
            [0.0],
            "least penalty tried, and there is none",
        ),
        ((0.0, 1.0, 2.0, 3.0), "at the upper edge", [0.4], "largest penalty tried, and nothing is"),
        ((2.0, 2.05, 0.0, 0.0), "not told from the lower edge", [0.0, 0.1], "set 0, 0.1"),
        ((0.0, 0.0, 2.05, 2.0), "not told from the upper edge", [0.2, 0.4], "set 0.2, 0.4"),
        ((2.0, 2.05, 0.0, 2.0), "not told from either edge", [0.0, 0.1, 0.4], "set 0, 0.1, 0.4"),
        ((2.0, 2.02, 2.01, 2.0), "none found", [0.0, 0.1, 0.2, 0.4], "no penalty is distinguish"),
    ],
)
def test_edges_are_said_to_be_edges(
    means: tuple[float, ...], optimum: str, kept: list[float], said: str
) -> None:
    found = judged(WORLDS[:, None] + np.array(means) + NOISE)
    row = only(found)
    assert (row["optimum"], row["undistinguished"]) == (optimum, kept)
    assert said in found.sentences[0]
    assert (row["vertex"], row["no_vertex"]) == (None, optimum)
    if row["best"] == 0:
        assert (row["cost"], row["cost_percent"], row["cost_low"]) == (0.0, 0.0, None)


def test_no_difference_at_all() -> None:
    found = judged(np.repeat(WORLDS[:, None], 4, axis=1))
    row = only(found)
    assert (row["best"], row["optimum"], row["cost"]) == (0.0, "none found", 0.0)
    assert found.differences["p_holm"].to_list() == [1.0] * 3
    assert found.differences["direction"].unique().to_list() == ["not distinguishable"]
    # up to rounding, too
    almost = np.repeat(WORLDS[:, None], 4, axis=1) * (1 + np.array([0, 2e-16, 4e-16, 0]))
    assert only(judged(almost))["best"] == 0.0
    # a difference that never varies is one
    steady = WORLDS[:, None] + np.array([0.0, 1.0, 0.0, 0.0])
    row = only(judged(steady))
    assert (row["optimum"], row["undistinguished"]) == ("interior", [0.1])
    assert (row["cost_low"], row["cost_high"]) == (pytest.approx(1), pytest.approx(1))


def test_filler_forbids_directions() -> None:
    everywhere = judged(CURVE, filler=0.3)
    assert only(everywhere)["optimum"] == "not claimed: filler"
    assert only(everywhere)["direction"] == "not claimed: filler"
    assert only(everywhere)["no_vertex"] == "not claimed: filler"
    assert everywhere.differences["p"].null_count() == 3
    # in one that is not the best: it stays in the set, and Holm's family is smaller
    some = judged(CURVE, filler=[0.0, 0.0, 0.0, 0.3])
    assert only(some)["undistinguished"] == [0.1, 0.2, 0.4]
    assert only(some)["optimum"] == "not told from the upper edge"
    assert some.differences["direction"].to_list()[2] == "not claimed: filler"
    p = stats.ttest_rel(CURVE[:, 0], CURVE[:, 1]).pvalue
    assert some.differences["p_holm"][0] == pytest.approx(2 * p)
    # 25 % is not above the limit
    assert only(judged(CURVE, filler=0.25))["optimum"] == "interior"


def test_a_jackknife_is_centred_on_the_whole() -> None:
    samples = ["whole", *["part"] * 4]
    whole = np.array([6.0, 7.3, 7.2, 5.0])
    parts = np.vstack([whole, whole + NOISE / 20])
    found = judged(parts, samples=samples)
    row = only(found)
    assert (row["best"], row["mean"]) == (0.1, 7.3)
    assert row["interval"] == "over samples like this one"
    d = (parts[:, 0] - parts[:, 1])[1:]
    se = np.sqrt(3 / 4 * ((d - d.mean()) ** 2).sum())
    first = found.differences.row(0, named=True)
    assert first["difference"] == pytest.approx(-1.3)
    assert first["high"] - first["difference"] == pytest.approx(stats.t.ppf(0.975, 3) * se)
    assert first["p"] == pytest.approx(2 * stats.t.sf(1.3 / se, 3))
    # a part without a value: no interval
    parts[2, 0] = np.nan
    row = only(judged(parts, samples=samples))
    assert (row["optimum"], row["best"], row["undistinguished"]) == ("no interval", 0.1, None)


def test_runs_without_all_penalties_are_counted_and_left_out() -> None:
    gone = CURVE.copy()
    gone[3, 2] = np.nan
    found = judged(gone)
    assert only(found)["worlds"] == 3
    assert only(found)["mean"] == pytest.approx(CURVE[:3, 1].mean())
    assert found.provenance.removed == {
        "runs without all penalties: session_length, matched budget": 1
    }
    single = judged(CURVE[:1])
    assert only(single)["optimum"] == "no interval"
    assert (only(single)["cost"], only(single)["direction"]) == (pytest.approx(1.05), None)
    nothing = CURVE.copy()
    nothing[:, 2] = np.nan
    assert (only(judged(nothing))["optimum"], only(judged(nothing))["best"]) == (
        "no interval",
        None,
    )
    assert "not estimable" in judged(nothing).sentences[0]


def test_budgets_are_judged_apart() -> None:
    arms = {f"p{p:g}": p for p in PENALTIES}
    free = made(CURVE[:, ::-1], budget="free")
    found = judge_variety([made(CURVE), free], arms)
    alone = judge_variety(free, arms)
    assert found.optimum.filter(budget="free").equals(alone.optimum)
    assert found.differences.filter(budget="free").equals(alone.differences)
    assert found.optimum["best"].to_list() == [0.1, 0.2]
    with pytest.raises(DataError, match="two outcomes are of one budget"):
        judge_variety([free, free], arms)
    with pytest.raises(DataError, match="mixes the budgets"):
        judge_variety(pl.concat([made(CURVE), free]), arms)
    fitted = free.with_columns(calibrated=True)
    with pytest.raises(DataError, match="calibrated behaviour"):
        judge_variety([made(CURVE), fitted], arms)


def test_the_order_of_rows_and_arms_does_not_matter() -> None:
    outcome = made(CURVE)
    arms = {f"p{p:g}": p for p in PENALTIES}
    found = judge_variety(outcome, arms)
    again = judge_variety(
        outcome.sample(fraction=1, shuffle=True, seed=1), dict(reversed(arms.items()))
    )
    assert again == found
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_true_best_is_seldom_left_out() -> None:
    """Two penalties are the best by far and equal: the set lacks the first in at most 5 %."""
    rng = np.random.default_rng(2)
    lacking = 0
    for _ in range(100):
        values = rng.standard_normal((5, 4)) + np.array([-9.0, 0.0, 0.0, -9.0])
        lacking += 0.1 not in only(judged(values + 20))["undistinguished"]
    assert stats.binomtest(lacking, 100, 0.05, alternative="greater").pvalue > 0.01


def test_bad_options_are_refused(small_worlds: list[World]) -> None:
    feed, run = gk.interest_centric(), {"ticks": 2}
    for penalties, said in (
        ((0.1, 0.2), "0 and another"),
        ((0.0,), "0 and another"),
        ((0.0, 0.1, 0.1), "given twice"),
        ((0.0, -0.1), "penalties"),
        (0.1, "give several"),
    ):
        with pytest.raises(OptionError, match=said):
            variety(small_worlds, feed, penalties=penalties, **run)  # type: ignore[arg-type]
    for budget, said in (("fre", "Did you mean 'free'"), ((), "name 'matched'"), (("free",) * 2, "each once")):  # fmt: skip
        with pytest.raises(OptionError, match=said):
            variety(small_worlds, feed, budget=budget, **run)
    with pytest.raises(OptionError, match="give a Feed"):
        variety(small_worlds, {"a": feed}, **run)  # type: ignore[arg-type]
    with pytest.raises(MissingDataError, match=r"no arm 'p0\.3'"):
        judge_variety(made(CURVE), {"p0": 0.0, "p0.3": 0.3})
    with pytest.raises(MissingDataError, match="no value of session_length"):
        judged(CURVE, measure="reach")
    with pytest.raises(MissingDataError, match="no outcome"):
        judge_variety([], {"p0": 0.0, "p0.1": 0.1})


RUN: dict[str, Any] = {"penalties": (0, 0.2, 2.0), "ticks": 3, "slots": 6, "rng": 1}


def test_a_simulation_is_that_of_the_feeds_by_hand(
    small_worlds: list[World], tmp_path: Path
) -> None:
    feed = gk.interest_centric()
    found = variety(small_worlds, feed, **RUN, cache=tmp_path / "cache")
    again = variety(small_worlds, feed.but("b", topic_penalty=9.0), **RUN, cache=tmp_path / "cache")
    assert again.optimum.equals(found.optimum)
    assert (found.feed, found.penalties, found.calibrated) == (feed.name, (0.0, 0.2, 2.0), False)
    for budget in ("matched", "free"):
        arms = {f"{p}": feed.but("f", topic_penalty=p) for p in (0.0, 0.2, 2.0)}
        run = {"ticks": 3, "slots": 6, "budget": budget, "rng": 1}
        means = gk.measures.arm_means(
            gk.measure_spread(gk.simulate_spread(small_worlds, arms, **run))
        )
        for measure in found.curves.filter(budget=budget)["measure"].unique():
            own = found.curves.filter(budget=budget, measure=measure)
            expected = means.filter(pl.col("community").is_null(), measure=measure)
            assert own["mean"].to_list() == expected["mean"].to_list()
            assert own["low"].to_list() == expected["low"].to_list()
    names = found.optimum.group_by("budget", maintain_order=True).agg("measure").rows()
    both = ["session_length", "long_term_value"]
    rest = ["viewer_value", "platform_value", "viewer_diet_entropy", "crossing"]
    assert names == [("matched", both + rest), ("free", [*both, "kept_sessions", "accounts_kept", *rest])]  # fmt: skip
    assert "not calibrated" in repr(found)
    assert "session_length" in found._repr_html_()


def test_visibility_adds_hosting(small_worlds: list[World]) -> None:
    seen = [gk.visibility(w.partitions["planted"], w.follows, runs=2, rng=1) for w in small_worlds]
    options = RUN | {"budget": "matched", "visibility": {"planted": seen}, "penalties": (0, 0.3)}
    found = variety(small_worlds, gk.interest_centric(), **options)
    assert found.optimum["measure"].str.starts_with("hosting_").any()
    assert found.penalties == (0.0, 0.3)


def test_without_boredom_and_fatigue_variety_cannot_pay() -> None:
    """A feed that knows its viewers shows what they like best; what else would it gain by?"""
    like = gk.synthetic.platform(300, communities=6, rng=1)
    worlds = gk.synthetic.worlds(4, like=like, ticks=4, rng=3)
    options: dict[str, Any] = RUN | {"ticks": 4, "slots": 8, "budget": "matched"}
    # nothing is learned, so that no variety teaches a feed anything
    feed = gk.interest_centric().but("known", learning_rate=0.0)
    plain = variety(worlds, feed, **options, behaviour=Behaviour(boredom=0.0, fatigue=0.0))
    for measure in ("session_length", "long_term_value", "viewer_value"):
        row = plain.optimum.row(by_predicate=pl.col("measure") == measure, named=True)
        assert (row["best"], row["cost"]) == (0.0, 0.0)
    bored = variety(worlds, feed, **options, behaviour=Behaviour(boredom=8.0, fatigue=0.0))
    row = bored.optimum.row(by_predicate=pl.col("measure") == "long_term_value", named=True)
    assert row["best"] > 0
    assert row["direction"] == "higher"

"""Contrast of flows: cells by hand, a slow twin, names over worlds, and laws."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import FlowContrast, flow_contrast


@pytest.fixture(scope="module")
def spread() -> Spread:
    platform = gk.synthetic.platform(200, communities=4, rng=3)
    made = gk.synthetic.worlds(5, like=platform, ticks=4, rng=3)
    arms = {"interest": gk.interest_centric(), "uniform": gk.recommenders.uniform()}
    arms["again"] = gk.recommenders.uniform()
    return gk.simulate_spread(made, arms, ticks=4, slots=8, rng=3)


def test_cells_are_those_of_a_plain_loop(spread: Spread) -> None:
    found = flow_contrast(spread, "interest", "uniform", partition="planted")
    names = sorted(found.labels)
    for home in names:
        for viewer in names:
            differences = []
            for w, world in enumerate(spread.worlds):
                labels = list(world.partitions["planted"].labels)
                a, b = labels.index(home), labels.index(viewer)
                values, least = [], []
                for arm in ("interest", "uniform"):
                    matrix = np.zeros((4, 4))
                    views = spread.tallies[arm, w, 0].views["planted"]
                    for post, origin in enumerate(world.homes["planted"].tolist()):
                        if origin >= 0:
                            matrix[origin] += views[post, :4]
                    expected = matrix[a].sum() * matrix[:, b].sum() / matrix.sum()
                    least.append(expected)
                    values.append(np.log2((matrix[a, b] + 0.5) / (expected + 0.5)))
                if min(least) >= 5:
                    differences.append(values[0] - values[1])
            row = found.frame.filter(home=home, viewer=viewer)
            assert row.height == bool(differences)
            if len(differences) < 2:
                continue
            test = stats.ttest_1samp(differences, 0)
            low, high = test.confidence_interval(0.95)
            assert row["difference"][0] == pytest.approx(np.mean(differences))
            assert (row["low"][0], row["high"][0]) == pytest.approx((low, high))
            assert row["p"][0] == pytest.approx(test.pvalue)
            assert row["worlds"][0] == len(differences)
    tested = found.frame["p"].drop_nulls()
    adjusted = stats.false_discovery_control(tested.to_numpy())
    assert found.frame["p_fdr"].drop_nulls().to_list() == pytest.approx(adjusted.tolist())


def test_a_feed_of_interests_keeps_content_at_home_and_two_random_feeds_are_alike(
    spread: Spread,
) -> None:
    found = flow_contrast(spread, "interest", "uniform", partition="planted")
    inside = found.frame.filter(pl.col("home") == pl.col("viewer"))
    assert set(inside["direction"]) <= {"higher", "not distinguishable"}
    assert (inside["direction"] == "higher").sum() >= 2
    assert np.nanmin(np.diag(found.matrix())) > 0
    alike = flow_contrast(spread, "again", "uniform", partition="planted")
    assert set(alike.frame["direction"]) <= {"not distinguishable", None}
    assert float(np.nanmean(np.abs(alike.matrix()))) < 0.3
    turned = flow_contrast(spread, "uniform", "interest", partition="planted")
    np.testing.assert_allclose(turned.matrix(), -found.matrix())


def by_hand_spread(
    by_hand: Any, groups: list[list[str | None]], cells: list[list[tuple[int, int]]]
) -> Spread:
    """Worlds of six accounts, the first and fourth posting; who sees what, per arm and world."""
    worlds = [by_hand.world(g, [[0], [3]]) for g in groups]
    arms: dict[str, list[list[ArmTally]]] = {"a": [], "b": []}
    for world in worlds:
        for arm, log in zip(arms, cells, strict=True):
            tally = by_hand.tally(world, [(x, p, 0) for x, p in log])
            many = {k: v * 20 for k, v in tally.views.items()}
            arms[arm].append([replace(tally, views=many, sources=np.array([100, 0, 0]))])
    return by_hand.spread(worlds, arms)


HOME = [(1, 0), (2, 0), (4, 1), (5, 1)]
AWAY = [(1, 1), (2, 1), (4, 0), (5, 0)]


def test_exact_cells_by_hand(by_hand: Any) -> None:
    # 40 inside each of two communities against 40 across: every expectation is 20
    one = by_hand_spread(by_hand, [["x"] * 3 + ["y"] * 3], [HOME, AWAY])
    found = flow_contrast(one, "a", "b", partition="planted")
    assert found.labels == ("x", "y")
    step = np.log2(40.5 / 20.5) - np.log2(0.5 / 20.5)
    np.testing.assert_allclose(found.matrix(), [[step, -step], [-step, step]])
    # one world, one replication: no interval, no direction
    assert found.interval == "within this world"
    assert found.frame["direction"].null_count() == 4
    assert found.frame["low"].null_count() == 4


def test_names_match_worlds_and_what_does_not_match_is_counted(by_hand: Any) -> None:
    xy, yx = ["x"] * 3 + ["y"] * 3, ["y"] * 3 + ["x"] * 3
    xz = ["x"] * 3 + ["z"] * 3
    two = by_hand_spread(by_hand, [xy, yx, xz], [HOME, AWAY])
    found = flow_contrast(two, "a", "b", partition="planted")
    assert found.labels == ("x", "y")
    assert found.provenance.removed["communities in one world only"] == 1
    counts = dict(
        zip(found.frame["home"] + found.frame["viewer"], found.frame["worlds"], strict=True)
    )
    assert counts == {"xx": 3, "xy": 2, "yx": 2, "yy": 2}
    assert found.frame["difference"].sign().to_list() == [1, -1, -1, 1]
    other = by_hand_spread(by_hand, [xy, ["p"] * 3 + ["q"] * 3], [HOME, AWAY])
    with pytest.raises(DataError, match="in two worlds by name"):
        flow_contrast(other, "a", "b", partition="planted")


def test_numbers_are_no_names_except_of_one_partition(by_hand: Any) -> None:
    """A rank by size says nothing about which community it is in another population."""
    xy = ["community 0"] * 3 + ["community 1"] * 3
    yx = ["community 1"] * 3 + ["community 0 (unnamed)"] * 3
    apart = by_hand_spread(by_hand, [xy, [*yx[:2], None, *yx[3:]]], [HOME, AWAY])
    with pytest.raises(DataError, match="in two worlds by name"):
        flow_contrast(apart, "a", "b", partition="planted")
    found = flow_contrast(
        by_hand_spread(by_hand, [xy, xy], [HOME, AWAY]), "a", "b", partition="planted"
    )
    assert found.labels == ("community 0", "community 1")
    assert set(found.frame["worlds"]) == {2}


def test_other_names_give_the_same(spread: Spread) -> None:
    swap = {"gaming": "zz", "music": "aa"}

    def renamed(world: World) -> World:
        old = world.partitions["planted"]
        labels = tuple(swap.get(str(name), str(name) + "!") for name in old.labels)
        return replace(world, partitions={"planted": replace(old, labels=labels)})

    other = replace(spread, worlds=tuple(map(renamed, spread.worlds)))
    before = flow_contrast(spread, "interest", "uniform", partition="planted").frame
    after = flow_contrast(other, "interest", "uniform", partition="planted").frame
    numbers = ["difference", "low", "high", "p", "p_fdr", "worlds"]
    assert before.select(numbers).sort(numbers).equals(after.select(numbers).sort(numbers))


def test_random_feeds_give_few_findings(by_hand: Any) -> None:
    """Both arms show posts at random, whatever the labels: p is uniform, findings are rare."""
    rng, claimed, p = np.random.default_rng(7), 0, []
    for _ in range(20):
        groups = rng.permutation(["x"] * 14 + ["y"] * 11 + ["z"] * 8).tolist()
        world = by_hand.world(groups, [[i] for i in range(33)])
        runs: dict[str, list[list[ArmTally]]] = {"a": [], "b": []}
        for _ in range(5):
            for arm in runs:
                log = [(a, i, 0) for a in range(33) for i in rng.choice(33, 9, False) if i != a]
                runs[arm].append([by_hand.tally(world, log, sources=np.array([len(log), 0, 0]))])
        spread = by_hand.spread([world] * 5, runs)
        found = flow_contrast(spread, "a", "b", partition="planted").frame
        claimed += bool(found["direction"].is_in(["higher", "lower"]).any())
        p += found["p"].to_list()
    assert claimed / 20 <= 0.2
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_thin_cells_are_masked_and_filler_claims_nothing(by_hand: Any) -> None:
    worlds = [by_hand.world(["x"] * 3 + ["y"] * 3, [[0], [3]]) for _ in range(3)]
    runs = [[by_hand.tally(world, [(x, p, 0) for x, p in HOME])] for world in worlds]
    other = [[by_hand.tally(world, [(x, p, 0) for x, p in AWAY])] for world in worlds]
    thin = flow_contrast(
        by_hand.spread(worlds, {"a": runs, "b": other}), "a", "b", partition="planted"
    )
    assert thin.frame.height == 0
    assert thin.provenance.removed["cells masked in every world"] == 4
    many = [[replace(t, views={"planted": t.views["planted"] * 20}) for t in row] for row in runs]
    full = [[replace(t, sources=np.array([2, 0, 2])) for t in row] for row in many]
    found = flow_contrast(
        by_hand.spread(worlds, {"a": full, "b": many}), "a", "b", partition="planted"
    )
    assert set(found.frame["direction"]) == {"not claimed: filler"}
    assert found.frame["p"].null_count() == 4


def test_what_is_refused(spread: Spread) -> None:
    with pytest.raises(MissingDataError, match="'interest'"):
        flow_contrast(spread, "intrest", "uniform", partition="planted")
    with pytest.raises(MissingDataError, match="planted"):
        flow_contrast(spread, "interest", "uniform", partition="plant")
    with pytest.raises(OptionError, match="two arms"):
        flow_contrast(spread, "uniform", "uniform", partition="planted")
    found = flow_contrast(spread, "interest", "uniform", partition="planted")
    assert isinstance(found, FlowContrast)
    assert "cells within a community" in repr(found)
    with pytest.raises(DataError, match="column of numbers"):
        found.matrix("direction")

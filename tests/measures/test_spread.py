"""Every measure against plain loops over the log, and on cases worked by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.data.world import World
from graphkit.errors import OptionError
from graphkit.measures import MEASURES, ei_null, measure_spread
from graphkit.measures.spread import take_measures

Log = list[tuple[int, int, int]]
TWO = ["x"] * 4 + ["y"] * 4


def values(frame: pl.DataFrame) -> dict[tuple[str | None, str], float | None]:
    assert frame.select("community", "measure").is_duplicated().sum() == 0
    return {(c, m): v for c, m, v in frame.select("community", "measure", "value").rows()}


def measured(by_hand: Any, world: World, log: Log, **keywords: Any) -> dict[Any, Any]:
    tally = by_hand.tally(world, log, **keywords)
    return values(measure_spread(by_hand.spread([world], {"a": [[tally]]})))


def test_all_at_home(by_hand: Any) -> None:
    world = by_hand.world(TWO, [[0], [4]])
    found = measured(by_hand, world, [(a, 0, 0) for a in (1, 2, 3)] + [(a, 1, 0) for a in (5, 6)])
    assert found[None, "crossing"] == found[None, "crossing_item_mean"] == 0
    assert found[None, "ei_index"] == -1
    assert found[None, "audience_entropy"] == 0
    assert found[None, "audience_communities"] == pytest.approx(1)
    assert found[None, "reach"] == found[None, "reach_median"] == 2.5
    assert found[None, "reach_outside"] == 0
    assert found["x", "hosting_reach"] == 1
    assert found["y", "hosting_reach"] == pytest.approx(2 / 3)
    assert (found["x", "hosting_members"], found["y", "hosting_members"]) == (0.75, 0.5)
    assert (found["x", "hosting_creators"], found["y", "hosting_creators"]) == (1, 0)
    assert (found["x", "reach"], found["y", "reach"]) == (3, 2)
    assert found[None, "creator_gini"] == pytest.approx(0.1)


def test_all_foreign(by_hand: Any) -> None:
    world = by_hand.world(TWO, [[0], [4]])
    found = measured(by_hand, world, [(a, 0, 0) for a in (4, 5)] + [(a, 1, 0) for a in (0, 1)])
    assert found[None, "ei_index"] == 1
    assert found["x", "hosting_members"] == 0
    assert found["x", "hosting_reach"] == 0
    # inside x: 2 impressions, one of them the author's own; e = 1 − 1/3
    assert found[None, "crossing"] == pytest.approx(1.5)
    assert found[None, "reach_outside"] == found["x", "reach_outside"] == 2
    assert found["x", "crossing"] == pytest.approx(1.5)


def test_everybody_but_the_author_is_shown_everything(by_hand: Any) -> None:
    world = by_hand.world(TWO, [[a] for a in range(8)])
    found = measured(by_hand, world, [(a, p, 0) for a in range(8) for p in range(8) if a != p])
    assert found[None, "crossing"] == pytest.approx(1)
    assert found[None, "crossing_item_mean"] == pytest.approx(1)
    assert found[None, "ei_index"] == pytest.approx(found[None, "ei_null"])
    assert found[None, "ei_null"] == pytest.approx(1 / 7)
    assert found[None, "creator_gini"] == 0
    assert found[None, "small_creator_share"] == 0.5


def test_a_uniform_feed_scores_one(by_hand: Any) -> None:
    draws = np.random.default_rng(5)
    groups = ["x"] * 60 + ["y"] * 30 + ["z"] * 20 + [None] * 10
    results = []
    for _ in range(25):
        world = by_hand.world(groups, [[int(a)] for a in draws.integers(0, 120, 80)])
        log = []
        for a in range(120):
            others = np.flatnonzero(world.posters != a)
            log += [(a, int(p), 0) for p in draws.choice(others, 12, replace=False)]
        results.append(measured(by_hand, world, log)[None, "crossing"])
    mean, error = np.mean(results), np.std(results, ddof=1) / math.sqrt(len(results))
    assert abs(mean - 1) < 3 * error
    assert error < 0.01


def test_the_plain_numbers(by_hand: Any) -> None:
    world = by_hand.world(TWO, [[0], [4], [4]], follows=[(1, 4), (2, 4), (3, 0)])
    log = [(1, 0, 0), (2, 0, 1), (3, 0, 1), (5, 1, 2)]
    found = measured(by_hand, world, log, shares=[(0, 1, -1, 0, 0), (0, 2, 1, 1, 2)])
    assert found[None, "viewer_value"] == 0.5
    assert found[None, "platform_value"] == 2
    assert found[None, "completion"] == 0.25
    assert found[None, "long_term_value"] == pytest.approx(0.9)
    assert found[None, "creator_value"] == pytest.approx(4 / 3)
    assert found[None, "session_length"] == 4
    assert found[None, "posting_propensity"] == 0.8
    assert found[None, "quitting_propensity"] == 0.05
    assert found[None, "candidates_per_session"] == 20
    assert found[None, "index_recall"] is None
    assert found[None, "filler"] == 0.25
    assert found[None, "kept"] == 1
    assert found[None, "source_following"] == 0.75
    assert found[None, "small_creator_share"] == 0.75  # account 0, one follower
    assert found[None, "structural_virality"] == pytest.approx(4 / 3)
    assert found[None, "cascade_size"] == pytest.approx(5 / 3)
    assert found[None, "excluded_share"] == 0


def test_kept_is_the_share_of_the_slots_that_are_tallied(by_hand: Any) -> None:
    world = by_hand.world(TWO, [[0], [4]])
    tally = by_hand.tally(world, [(1, 0, 0), (2, 0, 0), (5, 1, 0)], empty=5, untallied=4)
    assert tally.offered == 12
    frame = measure_spread(by_hand.spread([world], {"a": [[tally]]}))
    row = frame.filter(frame["measure"] == "kept").row(0, named=True)
    assert (row["value"], row["partition"], row["community"]) == (0.25, None, None)


def test_nothing_shown_is_null_and_not_zero(by_hand: Any) -> None:
    found = measured(by_hand, by_hand.world(TWO, [[0], [4]]), [])
    for measure in ("crossing", "ei_index", "audience_entropy", "creator_gini", "viewer_value"):
        assert found[None, measure] is None
    assert found[None, "reach"] == 0


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[str | None], list[list[int]], Log]:
    groups = draw(st.lists(st.sampled_from(["x", "y", "z", None]), min_size=4, max_size=9))
    if not any(groups):
        groups[0] = "x"
    n = len(groups)
    account = st.integers(0, n - 1)
    posters = draw(
        st.lists(st.lists(account, min_size=1, max_size=3, unique=True), min_size=1, max_size=6)
    )
    pairs = [(a, p) for a in range(n) for p in range(len(posters)) if a not in posters[p]]
    shown = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return groups, posters, [(a, p, 0) for a, p in shown]


@settings(deadline=None, max_examples=60)
@given(case=cases())
def test_against_loops_over_the_log(by_hand: Any, case: Any) -> None:
    groups, posters, log = case
    world = by_hand.world(groups, posters)
    member = world.partitions["planted"].membership.tolist()
    names = world.partitions["planted"].labels
    homes = world.homes["planted"].tolist()
    found = measured(by_hand, world, log)
    counted = [(a, p) for a, p, _ in log if member[a] >= 0 and homes[p] >= 0]
    # crossing
    top = bottom = 0.0
    ratios = []
    for i, home in enumerate(homes):
        mine = [a for a, p in counted if p == i]
        if not mine:
            continue
        x = sum(member[a] != home for a in mine) / len(mine)
        rest = [a for a, _ in counted if a not in posters[i]]
        e = sum(member[a] != home for a in rest) / len(rest)
        top, bottom = top + len(mine) * x, bottom + len(mine) * e
        if e > 0:
            ratios.append(x / e)
    close(found[None, "crossing"], top / bottom if bottom else None)
    close(found[None, "crossing_item_mean"], sum(ratios) / len(ratios) if ratios else None)
    foreign = [
        sum(member[a] != home for a, p in counted if p == i)
        for i, home in enumerate(homes)
        if home >= 0
    ]
    close(found[None, "reach_outside"], sum(foreign) / len(foreign) if foreign else None)
    # E–I index
    inside = sum(member[a] == homes[p] for a, p in counted)
    total = len(counted)
    close(found[None, "ei_index"], (total - 2 * inside) / total if total else None)
    # audience and diet
    for measure, lists in (
        ("audience_entropy", [[member[a] for a, p, _ in log if p == i] for i in range(len(homes))]),
        (
            "viewer_diet_entropy",
            [[homes[p] for b, p, _ in log if b == a] for a in range(len(groups))],
        ),
    ):
        known = [[c for c in row if c >= 0] for row in lists]
        each = [loop_entropy(row) / math.log(len(names)) for row in known if row and len(names) > 1]
        close(found[None, measure], sum(each) / len(each) if each else None)
    pairs = []
    for a in range(len(groups)):
        diet = [homes[p] for b, p, _ in log if b == a and homes[p] >= 0]
        both = [(x, y) for i, x in enumerate(diet) for y in diet[:i]]
        if both:
            pairs.append(sum(x != y for x, y in both) / len(both))
    close(found[None, "viewer_diet_distance"], sum(pairs) / len(pairs) if pairs else None)
    # hosting
    for c, name in enumerate(names):
        members = [a for a in range(len(groups)) if member[a] == c]
        parts = []
        for i, home in enumerate(homes):
            others = [a for a in members if a not in posters[i]]
            if home == c and others:
                parts.append(sum((a, i) in counted for a in others) / len(others))
        close(found[name, "hosting_reach"], sum(parts) / len(parts) if parts else None)
        seeing = [any(homes[p] == c for b, p in counted if b == a) for a in members]
        # its only member is the author of all its posts
        close(found[name, "hosting_members"], sum(seeing) / len(seeing) if seeing[1:] else None)
        hosted = []
        for creator in members:
            own = [i for i, group in enumerate(posters) if creator in group]
            reached = {a for a, p, _ in log if p in own and member[a] == c} - {creator}
            if own:
                hosted.append(len(reached) >= 3)
        reachable = hosted and len(members) > 3
        close(found[name, "hosting_creators"], sum(hosted) / len(hosted) if reachable else None)
        if len(members) == 1:
            assert found[name, "crossing"] is None
    # attention of creators
    creators = sorted({a for group in posters for a in group})
    held = [
        sum(1 / len(posters[p]) for _, p, _ in log if creator in posters[p]) for creator in creators
    ]
    differences = sum(abs(a - b) for a in held for b in held)
    gini = differences / (2 * len(held) * sum(held)) if log else None
    close(found[None, "creator_gini"], gini)
    close(found[None, "excluded_share"], 1 - total / len(log) if log else None)


def loop_entropy(row: list[int]) -> float:
    return -sum(row.count(c) / len(row) * math.log(row.count(c) / len(row)) for c in set(row))


def close(found: float | None, expected: float | None) -> None:
    if expected is None:
        assert found is None
    else:
        assert found == pytest.approx(expected, abs=1e-12)


def test_the_null_of_the_ei_index_is_the_mean_over_permutations(by_hand: Any) -> None:
    world = by_hand.world(["x"] * 5 + ["y"] * 3 + [None], [[0], [0, 5], [6], [8]])
    log = [(a, p, 0) for a, p in [(1, 0), (2, 0), (6, 0), (1, 1), (7, 1), (8, 1), (2, 2), (1, 3)]]
    tally = by_hand.tally(world, log)
    member, homes = world.partitions["planted"].membership, world.homes["planted"]
    exact = ei_null(
        tally.views["planted"],
        member,
        homes=homes,
        poster_indptr=world.poster_indptr,
        posters=world.posters,
    )
    draws = np.random.default_rng(1)
    counted = [(a, p) for a, p, _ in log if member[a] >= 0 and homes[p] >= 0]
    sums = 0
    for _ in range(4000):
        for post in (0, 1, 2):
            own = world.posters[world.poster_indptr[post] : world.poster_indptr[post + 1]]
            free = [a for a in np.flatnonzero(member >= 0) if a not in own]
            dealt = dict(zip(free, draws.permutation(member[free]), strict=True))
            sums += sum(dealt[a] == homes[p] for a, p in counted if p == post)
    assert exact == pytest.approx(1 - 2 * sums / 4000 / len(counted), abs=0.02)


def test_the_table(by_hand: Any) -> None:
    world = by_hand.world(TWO, [[0], [4]])
    tally = by_hand.tally(world, [(1, 0, 0)])
    frame = measure_spread(by_hand.spread([world] * 2, {"a": [[tally]] * 2, "b": [[tally]] * 2}))
    assert frame.columns == [
        "arm",
        "world",
        "replication",
        "partition",
        "community",
        "measure",
        "value",
        "budget",
        "calibrated",
        "sample",
    ]
    assert (
        not frame.select("arm", "world", "partition", "community", "measure").is_duplicated().any()
    )
    assert frame["budget"].unique().to_list() == ["matched"]
    assert frame["calibrated"].unique().to_list() == [False]
    assert set(frame["partition"].to_list()) == {None, "planted"}
    with pytest.raises(OptionError, match="members_reached"):
        measure_spread(by_hand.spread([world], {"a": [[tally]]}), members_reached=0)


@pytest.mark.parametrize("names", [("reach", "crossing"), ("ei_index",)])
def test_some_measures_have_the_rows_that_all_have(by_hand: Any, names: tuple[str, ...]) -> None:
    world = by_hand.world(TWO, [[0], [4]])
    spread = by_hand.spread([world], {"a": [[by_hand.tally(world, [(1, 0, 0), (5, 0, 0)])]]})
    some = take_measures(spread, [m for m in MEASURES if m.name in names])
    assert some.equals(measure_spread(spread).filter(pl.col("measure").is_in(names)))

"""Observed spread against measure_spread on the same log, planted logs, and plain loops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import Observed, arm_means, flow, measure_spread, observed
from graphkit.measures.exposure_log import (
    deal_accounts,
    distinct_pairs,
    encode_places,
    impressions_since,
)
from graphkit.recommenders import chronological, interest_centric, uniform
from graphkit.rng import Streams
from graphkit.simulation import scan_impressions

ROW = ["arm", "partition", "community", "measure"]
MATCHED = {"viewer_value", "crossing", "ei_index"}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, pl.DataFrame, Dataset]:
    """A spread, its outcome under one partition, and its impressions with the arm as surface."""
    folder = tmp_path_factory.mktemp("impressions")
    world = gk.build_world(gk.synthetic.platform(accounts=300, rng=1), ticks=4, rng=1)
    arms = {"interest": interest_centric(), "new": chronological(), "uniform": uniform()}
    spread = gk.simulate_spread(world, arms, ticks=4, slots=10, impressions=folder, rng=1)
    log = scan_impressions(folder).collect().with_columns(surface=pl.col("arm"))
    authors = world.accounts.series.gather(world.posters)
    dataset = Dataset(
        accounts={"account_id": world.accounts.series},
        items={"item_id": world.posts.series, "author_id": authors},
        impressions=log,
    )
    kind = next(iter(world.partitions))
    outcome = measure_spread(spread).filter(
        pl.col("partition").eq_missing(kind) | pl.col("partition").is_null()
    )
    outcome = outcome.with_columns(pl.col("partition").replace(kind, "given"))
    return spread, outcome, dataset


@pytest.fixture(scope="module")
def found(simulated: tuple[Any, pl.DataFrame, Dataset]) -> Observed:
    spread, _, dataset = simulated
    partition = next(iter(spread.worlds[0].partitions.values()))
    return observed(dataset, partition, baseline="uniform", rng=1)


def given(spread: Any) -> Partition:
    partition: Partition = next(iter(spread.worlds[0].partitions.values()))
    return partition


def log_of(rows: list[tuple[Any, ...]], authors: dict[str, str], **more: Any) -> Dataset:
    """A dataset of rows (account, item, surface, …), and the authors of items."""
    names = ("account_id", "item_id", "surface", *more.pop("columns", ()))
    impressions = pl.DataFrame(rows, schema=list(names), orient="row")
    items = {"item_id": list(authors), "author_id": list(authors.values())}
    return Dataset(items=items, impressions=impressions, **more)


# laws -------------------------------------------------------------------------------------


def test_raw_values_are_those_of_measure_spread(
    simulated: tuple[Any, pl.DataFrame, Dataset], found: Observed
) -> None:
    spread, outcome, _ = simulated
    whole = found.outcome.filter(world=0)
    both = whole.join(outcome, on=ROW, how="left", nulls_equal=True)
    assert both.height == whole.height
    assert set(whole["measure"]) >= {"crossing", "ei_index", "hosting_reach", "hosting_members"}
    assert both.filter(pl.col("value").is_null() != pl.col("value_right").is_null()).height == 0
    exact = both.filter(pl.col("measure") != "viewer_value")
    assert exact["value"].to_list() == exact["value_right"].to_list()
    watched = both.filter(measure="viewer_value")
    assert watched["value"].to_numpy() == pytest.approx(watched["value_right"].to_numpy(), abs=2e-5)
    for arm in spread.arms:
        expected = flow(spread, arm, next(iter(spread.worlds[0].partitions)))
        np.testing.assert_array_equal(found.flow(arm).observed, expected.observed)
        assert found.flow(arm).n_excluded == expected.n_excluded
        assert found.impressions[arm] == spread.impressions(arm)


def test_parts_are_the_log_without_the_accounts_of_a_group() -> None:
    """One account is left out of three in turn, with its item."""
    ids = [f"a{i}" for i in range(3)]
    rows = [(ids[a], f"v{b}", "s") for a in range(3) for b in range(3) if a != b]
    log = log_of(rows, {f"v{b}": ids[b] for b in range(3)})
    labels = Partition.from_membership(dict(zip(ids, "xxy", strict=True)))
    found = observed(log, labels, groups=3, min_impressions=1, rng=1)
    assert found.outcome.filter(world=0)["sample"].unique().to_list() == ["whole"]
    parts = found.outcome.filter(pl.col("world") > 0)
    assert parts["sample"].unique().to_list() == ["part"]
    # two accounts are left, and each sees the item of the other
    assert parts.filter(measure="reach")["value"].to_list() == [1.0] * 3
    assert sorted(parts.filter(measure="ei_index")["value"].to_list()) == [-1.0, 1.0, 1.0]
    inside = parts.filter(measure="hosting_reach", community="x")["value"].to_list()
    assert sorted(inside, key=str) == [1.0, None, None]


def test_parts_against_the_measures_of_the_smaller_log(
    simulated: tuple[Any, pl.DataFrame, Dataset],
) -> None:
    """Tallies by subtraction equal those of the log from which a group was cut."""
    spread, _, dataset = simulated
    partition, groups = given(spread), 4
    found = observed(dataset, partition, groups=groups, match=False, rng=4)
    places = encode_places(dataset, partition, None)
    counted, _ = impressions_since(dataset, partition, "surface", None, {})
    assert counted.height == distinct_pairs(counted, places, "surface", None, {}).arm.size
    dealt = deal_accounts(places, groups, Streams(4).generator("groups"))
    assert np.ptp(np.bincount(dealt)) <= 1
    ids, gone = places.accounts.series, 2
    kept = ids.filter(pl.Series(dealt != gone))
    inside = pl.col("account_id").is_in(kept.implode())
    items = dataset.items.filter(pl.col("author_id").is_in(kept.implode()))  # type: ignore[union-attr]
    shown = pl.col("item_id").is_in(items["item_id"].implode())
    smaller = Dataset(
        accounts={"account_id": kept},
        items=items,
        impressions=dataset.impressions.filter(inside & shown).drop(  # type: ignore[union-attr]
            "parent_account_id"
        ),
    )
    names = [partition.name(c) for c in partition.membership[dealt != gone].tolist()]
    labels = Partition.from_membership(kept.to_list(), names)
    twin = observed(
        smaller, labels, groups=2, match=False, min_impressions=1, rng=1
    ).outcome.filter(world=0)
    part = found.outcome.filter(world=gone + 1)
    both = part.join(twin, on=ROW, how="left", nulls_equal=True)
    assert both.drop_nulls("value").height > 100
    # sums of floats by subtraction
    known = both.drop_nulls("value")
    assert known["value"].to_numpy() == pytest.approx(known["value_right"].to_numpy(), abs=1e-12)
    assert both["value_right"].null_count() == both["value"].null_count()


def test_a_log_of_permuted_labels_is_uniform(simulated: tuple[Any, pl.DataFrame, Dataset]) -> None:
    spread, _, dataset = simulated
    partition = given(spread)
    draws = np.random.default_rng(3)
    values = []
    for _ in range(8):
        labels = draws.permutation(partition.membership)
        mixed = Partition.from_membership(partition.vocabulary, labels)
        result = observed(dataset, mixed, groups=2, match=False, measures=["crossing"], rng=1)
        whole = result.outcome.filter(world=0, arm="interest").filter(pl.col("community").is_null())
        values.append(whole["value"][0])
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values) - 1) < 3 * error < 0.03


def test_no_order_of_rows_changes_a_byte(
    simulated: tuple[Any, pl.DataFrame, Dataset], found: Observed
) -> None:
    spread, _, dataset = simulated
    tables = {
        name: t.sample(fraction=1, shuffle=True, seed=5) for name, t in dataset.tables.items()
    }
    again = observed(Dataset(**tables), given(spread), baseline="uniform", rng=1)
    assert again == found
    assert again.outcome["value"].to_list() == found.outcome["value"].to_list()
    assert observed(dataset, given(spread), baseline="uniform", rng=2) != found


def test_intervals_are_those_of_contrast(found: Observed) -> None:
    gap = found.contrast("interest")
    assert gap.frame["interval"].unique().to_list() == ["over samples like this one"]
    assert gap.frame["worlds"].max() == 21
    told = found.differences
    assert told is not None
    keys = ["partition", "community", "measure"]
    both = told.filter(arm="interest").join(gap.frame, on=keys, nulls_equal=True, how="left")
    assert both["low"].to_list() == both["low_right"].to_list()
    # Holm over the primary rows of both surfaces: no smaller than over those of one
    tested = both.drop_nulls("p_holm")
    assert set(tested["measure"]) == {"crossing", "viewer_value", "creator_gini"}
    assert (tested["p_holm"] >= tested["p_holm_right"]).all()
    raw = found.frame.filter(arm="new").filter(pl.col("community").is_null(), measure="crossing")
    level = arm_means(found.outcome).filter(arm="new", measure="crossing")
    level = level.filter(pl.col("community").is_null())
    assert raw.select("value", "low", "high").row(0) == level.select("mean", "low", "high").row(0)
    weighted = found.contrast("interest", "new", matched=True)
    assert set(weighted.frame["measure"]) == MATCHED


# matching ---------------------------------------------------------------------------------


def planted_log(*, confounded: bool) -> tuple[Dataset, Partition]:
    """Two surfaces that show alike within a stratum: popular items cross, others stay at home.

    With `confounded`, "b" shows heavy viewers more of the popular items. These have 40 % of the
    impressions, so that no fifth mixes them with others.
    """
    draws = np.random.default_rng(7)
    n, m = 400, 300
    community = np.arange(n) % 2
    popular = np.arange(m) < 40
    author = draws.integers(0, n, m)
    rows = []
    for a in range(n):
        heavy = a % 4 < 2
        for hot, number in ((True, 24), (False, 36)):
            pool = np.flatnonzero(popular == hot)
            home = community[author[pool]] == community[a]
            # an unpopular item is shown at home in 9 of 10 cases
            chance = np.ones(pool.size) if hot else np.where(home, 0.9, 0.1)
            shown = draws.choice(
                pool, number if heavy else number // 3, replace=False, p=chance / chance.sum()
            )
            in_b = (0.8 if hot and heavy else 0.2) if confounded else 0.5
            rows += [
                (f"a{a:03}", f"v{v:03}", "b" if draws.random() < in_b else "a", 0.9 if hot else 0.3)
                for v in shown
            ]
    authors = {f"v{i:03}": f"a{author[i]:03}" for i in range(m)}
    labels = Partition.from_membership({f"a{a:03}": "xy"[community[a]] for a in range(n)})
    return log_of(rows, authors, columns=("watch_fraction",)), labels


def test_a_planted_confounder_goes_when_matched() -> None:
    log, labels = planted_log(confounded=True)
    found = observed(log, labels, baseline="a", rng=1)
    raw, matched = found.contrast("b"), found.contrast("b", matched=True)
    for measure in ("crossing", "viewer_value"):
        assert raw.row(measure)["direction"] == "higher"
        assert abs(matched.row(measure)["difference"]) < 0.2 * raw.row(measure)["difference"]
    assert matched.row("crossing")["direction"] == "not distinguishable"
    balance = found.balance
    assert balance is not None
    other = balance.filter(arm="b")
    before, after = (other[x].to_numpy() for x in ("difference", "matched_difference"))
    assert (before > 0.25).all()
    assert np.abs(after[:2]).max() < 0.1
    assert after[2] == pytest.approx(0, abs=1e-12)
    assert "association" in repr(found)
    assert any("other differences between the surfaces" in note for note in found.notes)


def test_without_a_confounder_matching_changes_nothing() -> None:
    log, labels = planted_log(confounded=False)
    found = observed(log, labels, baseline="a", rng=1)
    for matched in (False, True):
        assert found.contrast("b", matched=matched).row("crossing")["direction"] == (
            "not distinguishable"
        )


def test_one_stratum_gives_the_raw_values() -> None:
    """All viewers and items alike: weights are equal, and weighted formulas are the plain ones."""
    n = 12
    rows = [
        (f"a{a:02}", f"v{b:02}", "near" if (a - b) % n in (1, 2) else "far")
        for a in range(n)
        for b in range(n)
        if (a - b) % n in (1, 2, 5, 7)
    ]
    log = log_of(rows, {f"v{b:02}": f"a{b:02}" for b in range(n)})
    labels = Partition.from_membership({f"a{a:02}": "xyz"[a // 4] for a in range(n)})
    found = observed(log, labels, min_impressions=10, groups=4, rng=1)
    rows_with_both = found.frame.drop_nulls("matched")
    assert set(rows_with_both["measure"]) == {"crossing", "ei_index"}
    assert rows_with_both["matched"].to_numpy() == pytest.approx(rows_with_both["value"].to_numpy())


def test_weighted_values_against_a_loop() -> None:
    """Matched crossing, E–I index and watch fraction by hand from strata and weights."""
    draws = np.random.default_rng(11)
    n, m = 30, 25
    community, author = draws.integers(0, 3, n), draws.integers(0, n, m)
    pairs = {(int(a), int(v), s) for a, v, s in zip(
        (n * draws.random(900) ** 2).astype(int), (m * draws.random(900) ** 2).astype(int),
        draws.choice(["a", "b"], 900), strict=True) if author[int(v)] != a}  # fmt: skip
    rows = sorted(pairs)
    seen = [(f"a{a:02}", f"v{v:02}", s, (a * v % 7) / 7) for a, v, s in rows]
    log = log_of(
        seen, {f"v{v:02}": f"a{author[v]:02}" for v in range(m)}, columns=("watch_fraction",)
    )
    labels = Partition.from_membership({f"a{a:02}": "xyz"[community[a]] for a in range(n)})
    found = observed(log, labels, min_impressions=50, groups=3, rng=1).frame

    def fifths(key: int) -> dict[Any, int]:
        count: dict[Any, int] = {}
        for row in rows:
            count[row[key]] = count.get(row[key], 0) + 1
        values = sorted(count[row[key]] for row in rows)
        middle = {v: (values.index(v) + values.index(v) + values.count(v)) / 2 for v in values}
        return {k: int(5 * middle[v] / len(values)) for k, v in count.items()}

    of_viewer, of_item = fifths(0), fifths(1)
    strata = [(of_item[v], of_viewer[a]) for a, v, _ in rows]
    share = {
        arm: {s: sum(t == s and r[2] == arm for t, r in zip(strata, rows, strict=True)) for s in set(strata)}
        for arm in "ab"
    }  # fmt: skip
    size = {arm: sum(share[arm].values()) for arm in "ab"}
    p = {arm: {s: k / size[arm] for s, k in share[arm].items()} for arm in "ab"}
    common = [s for s in set(strata) if p["a"][s] and p["b"][s]]
    target = {s: 1 / (1 / p["a"][s] + 1 / p["b"][s]) for s in common}
    total = sum(target.values())
    for arm in "ab":
        kept = [
            (a, v, target[s] / total / p[arm][s], f)
            for (a, v, arm_of), s, (_, _, _, f) in zip(rows, strata, seen, strict=True)
            if arm_of == arm and s in target
        ]
        weights = sum(w for _, _, w, _ in kept)
        value = sum(w * f for _, _, w, f in kept) / weights
        home = {v: community[author[v]] for v in range(m)}
        above = below = inside = 0.0
        for i in range(m):
            shown = [(a, w) for a, v, w, _ in kept if v == i]
            h, own = home[i], author[i]
            into = sum(w for a, v, w, _ in kept if community[a] == h and a != own)
            everything = sum(w for a, v, w, _ in kept if a != own)
            above += sum(w for a, w in shown if community[a] != h)
            inside += sum(w for a, w in shown if community[a] == h)
            below += sum(w for _, w in shown) * (1 - into / everything)
        expected = {
            "viewer_value": value,
            "crossing": above / below,
            "ei_index": (above - inside) / (above + inside),
        }
        rows_of = found.filter(arm=arm).filter(pl.col("community").is_null())
        for measure, number in expected.items():
            told = rows_of.filter(measure=measure)["matched"][0]
            assert told == pytest.approx(number, abs=1e-7), (arm, measure)


# what is counted --------------------------------------------------------------------------

PEOPLE = Partition.from_membership({"a": "x", "b": "x", "c": "y", "d": "y"})


def small(log: Dataset, **options: Any) -> Observed:
    return observed(log, PEOPLE, **{"groups": 2, "min_impressions": 1, "rng": 1, **options})


def test_everything_left_out_is_counted() -> None:
    rows = [
        ("b", "v", "s", "2024-03-02", 0.5),
        ("b", "v", "s", "2024-03-03", 1.0),  # again
        ("b", "v", "t", "2024-03-03", 1.0),  # on another surface: a group of its own, too small
        ("a", "v", "s", "2024-03-03", 1.0),  # its own
        ("c", "v", None, "2024-03-03", 1.0),
        ("c", "v", "s", "2024-02-03", 1.0),  # before
        ("c", "v", "s", None, 1.0),
        ("c", "w", "s", "2024-03-03", None),  # no home
        ("stranger", "v", "s", "2024-03-04", 0.2),
    ]
    log = log_of(rows, {"v": "a", "w": "unknown"}, columns=("at", "watch_fraction"))
    found = small(log, before="2024-03-01", min_impressions=2)
    where = "(from measures of communities only)"
    assert found.removed == {
        "impressions without a time": 1,
        "impressions before 2024-03-01T00:00:00+00:00": 1,
        "impressions without a surface": 1,
        "impressions of an account's own items": 1,
        "repeated impressions of an item to a viewer on a surface": 1,
        "surfaces of fewer than 2 impressions": 1,
        "impressions on surfaces of fewer than 2": 1,
        f"impressions of items without a community of origin {where}": 1,
        f"impressions to accounts without a community {where}": 1,
    }
    assert found.impressions == {"s": 3}
    assert found.notes == ()
    value = found.frame.filter(measure="viewer_value")["value"][0]
    assert value == pytest.approx((0.75 + 0.2) / 2)
    assert found.matched_outcome is None
    assert found.balance is None
    with pytest.raises(MissingDataError, match="match=True"):
        found.contrast("s", "s", matched=True)
    with pytest.raises(OptionError, match="baseline=None"):
        found.contrast("s")


def test_the_circle_is_told_unless_the_partition_is_of_earlier_data() -> None:
    rows = [
        ("b", "v", "s", "2024-03-02"),
        ("d", "v", "s", "2024-03-05"),
        ("a", "w", "s", "2024-03-05"),
    ]
    log = log_of(
        rows, {"v": "a", "w": "c"}, columns=("at",),
        follows={
            "follower_id": ["a", "b", "c", "d"], "followee_id": ["b", "a", "d", "c"],
            "since": ["2024-03-01"] * 4,
        },
    )  # fmt: skip
    circle = "may come from the same data"
    assert circle in small(log).notes[0]
    assert small(log, before="2024-03-04").notes == ()
    past, _ = log.split_time("2024-03-04")
    labels = gk.leiden(gk.follow_graph(past), runs=2, rng=1)
    found = observed(log, labels, groups=2, min_impressions=1, rng=1)
    assert found.notes == ()
    assert found.removed["impressions before 2024-03-04T00:00:00+00:00"] == 1
    # an instant before the end of the partition's data
    late = observed(log, labels, before="2024-03-02", groups=2, min_impressions=1, rng=1)
    assert circle in late.notes[0]
    assert circle in repr(late)
    with pytest.raises(MissingDataError, match=r"event times in impressions\.at"):
        small(log_of([("b", "v", "s")], {"v": "a"}), before="2024-03-04")


def test_homes_are_given_where_authors_are_no_viewers() -> None:
    rows = [("b", "v", "s"), ("c", "v", "s"), ("d", "w", "s")]
    log = log_of(rows, {"v": "author:1", "w": "author:2", "u": "author:2"})
    with pytest.raises(DataError, match="Give communities of origin by homes="):
        small(log)
    found = small(log, homes={"v": "x", "w": "y"})
    assert found.frame.filter(measure="ei_index")["value"][0] == pytest.approx(-1 / 3)
    assert small(log, homes={"v": 0, "w": 1, "u": -1}).frame["value"].equals(found.frame["value"])
    with pytest.raises(DataError, match="no community 'z'"):
        small(log, homes={"v": "z"})
    with pytest.raises(DataError, match="no item 'q'"):
        small(log, homes={"q": "x"})
    with pytest.raises(MissingDataError, match=r"items\.author_id"):
        small(Dataset(impressions={"account_id": ["a"], "item_id": ["v"], "surface": ["s"]}))


def test_random_surfaces_are_one_baseline() -> None:
    rows = [
        (a, v, s) for a in "bcd" for v in "vw" for s in ("tab 1", "random, tab 1", "random, tab 2")
    ]
    log = log_of(rows, {"v": "a", "w": "a"})
    found = small(log, baseline="random")
    assert found.impressions == {"random": 6, "tab 1": 6}
    assert found.removed["repeated impressions of an item to a viewer on a surface"] == 6
    assert (
        found.frame.filter(arm="tab 1", measure="ei_index")["at_baseline"][0]
        == (found.frame.filter(arm="random", measure="ei_index")["value"][0])
    )
    with pytest.raises(MissingDataError, match=r"baseline='rand.*Values: 'random, tab 1'"):
        small(log, baseline="rand")
    assert set(small(log).impressions) == {"tab 1", "random, tab 1", "random, tab 2"}


def test_any_column_of_names_can_be_compared() -> None:
    rows = [("b", "v", "s", 1), ("c", "v", "s", 2), ("d", "v", "t", 1)]
    log = log_of(rows, {"v": "a"}, columns=("tab",))
    assert small(log, by="tab").impressions == {"1": 2, "2": 1}
    with pytest.raises(MissingDataError, match=r"impressions\.tub.*Did you mean 'tab'"):
        small(log, by="tub")
    floats = log_of([("b", "v", "s", 0.5)], {"v": "a"}, columns=("watch_fraction",))
    with pytest.raises(DataError, match="holds Float64"):
        small(floats, by="watch_fraction")


def test_what_cannot_be_measured_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_of([("b", "v", "s"), ("b", "v", "t"), ("c", "v", "t")], {"v": "a"})
    with pytest.raises(DataError, match=r"no surface has 1,000 impressions .*most: 't', 2"):
        observed(log, PEOPLE, groups=2, rng=1)
    with pytest.raises(DataError, match="baseline='s' has 1 impressions"):
        small(log, baseline="s", min_impressions=2)
    with pytest.raises(
        OptionError, match=r"measures='crosing' is unknown\. Did you mean 'crossing'"
    ):
        small(log, measures=["crosing"])
    with pytest.raises(OptionError, match="one text"):
        small(log, measures="crossing")
    with pytest.raises(OptionError, match="groups=1"):
        small(log, groups=1)
    with pytest.raises(DataError, match="not a Partition"):
        observed(log, {"a": 0})  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no viewer has a community"):
        observed(log, Partition.from_membership({"a": 0, "z": 0}), groups=2, min_impressions=1)
    own = log_of([("a", "v", "s")], {"v": "a"})
    with pytest.raises(DataError, match="no surface has 1 impressions"):
        small(own)
    monkeypatch.setattr("graphkit.measures.exposure_log.MOST_CELLS", 2)
    with pytest.raises(DataError, match=r"1 items × 3 communities are 3 cells.*min_size="):
        small(log)


def test_some_measures_only() -> None:
    rows = [(a, v, s) for a in "bcd" for v in "vw" for s in "st"]
    log = log_of(rows, {"v": "a", "w": "a"})
    found = small(log, measures=["creator_gini", "reach"], baseline="s")
    assert found.frame["measure"].unique().sort().to_list() == ["creator_gini", "reach"]
    assert found.frame["matched"].null_count() == found.frame.height
    assert found.matched_outcome is None
    one = small(log, measures=["crossing"], baseline="s").differences
    assert one is not None
    assert one.select("arm", "community", "measure").rows() == [
        ("t", None, "crossing"), ("t", "x", "crossing"), ("t", "y", "crossing"),
    ]  # fmt: skip


def test_a_measure_without_a_value_in_a_part_has_no_interval() -> None:
    found = small(log_of([("b", "v", "s"), ("c", "v", "s"), ("b", "w", "s")], {"v": "a", "w": "c"}))
    gone = found.outcome.filter(pl.col("value").is_null(), pl.col("world") > 0)
    assert gone.height
    rows = found.frame.join(gone.select(ROW).unique(), on=ROW, how="semi", nulls_equal=True)
    assert rows["low"].null_count() == rows.height


@pytest.mark.real_data
def test_the_shape_of_kuairand(shared_data: Path) -> None:
    folder = shared_data / "samples" / "recommender" / "kuairand"
    dataset, _ = gk.read_any(folder)
    surfaces = dataset.impressions["surface"].unique().to_list()  # type: ignore[index]
    assert any(s.startswith("random, tab") for s in surfaces)
    viewers = dataset.impressions["account_id"].unique().sort().to_list()  # type: ignore[index]
    labels = Partition.from_membership({v: i % 2 for i, v in enumerate(viewers)})
    with pytest.raises(DataError, match="homes="):
        observed(dataset, labels)
    homes = {item: i % 2 for i, item in enumerate(dataset.item_ids.ids)}
    options: dict[str, Any] = {"homes": homes, "groups": 3, "min_impressions": 5, "rng": 1}
    found = observed(dataset, labels, baseline="random", **options)
    assert "random" in found.impressions
    assert found.differences is not None
    assert (
        sum(found.impressions.values())
        + sum(
            n
            for reason, n in found.removed.items()
            if reason.startswith(
                ("impressions on", "repeated", "impressions without", "impressions of an")
            )
        )
        == dataset.impressions.height
    )  # type: ignore[union-attr]

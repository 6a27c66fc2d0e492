"""How much of a feed changes: by hand, by a loop, and what a For-You feed learns from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.attribution import ablate
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import feed_change

SHOWN = {
    "base": {"u": "abcd", "v": "ab", "w": "a"},
    "half": {"u": "abxy", "v": "ba", "x": "a"},
    "same": {"u": "dcba", "v": "ab", "w": "a"},
    "none": {},
}
#: What is switched off in a For-You feed.
FACTORS = {
    "country": ["signals.country", "weights.same_country"],
    "others": ["signals.completion", "signals.device", "weights.same_language"],
}


def log_of(shown: dict[str, dict[str, str]], world: int = 0, replication: int = 0) -> pl.DataFrame:
    rows = [
        (arm, world, replication, account, post)
        for arm, by_account in shown.items()
        for account, posts in by_account.items()
        for post in posts
    ]
    names = ["arm", "world", "replication", "account_id", "item_id"]
    return pl.DataFrame(rows, schema=names, orient="row")


def worlds(n: int, **options: Any) -> list[World]:
    like = gk.synthetic.platform(250, rng=1, **options)
    return gk.synthetic.worlds(n, like=like, ticks=4, rng=2)


@pytest.fixture(scope="module")
def small() -> World:
    """Its posts are those of the logs by hand, and others."""
    made = gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), ticks=2, rng=1)
    others = [f"z{k:04d}" for k in range(made.n_posts - 6)]
    return replace(made, posts=Vocabulary([*"abcdxy", *others]))


def test_by_hand(small: World) -> None:
    """u: 2 of 4 in common; v: both; w and x: shown something by one feed only."""
    found = feed_change(log_of(SHOWN), small, baseline="base")
    rows = {row["arm"]: row for row in found.iter_rows(named=True)}
    assert rows["half"]["change"] == pytest.approx((0.5 + 0 + 1 + 1) / 4)
    assert rows["same"]["change"] == 0
    assert rows["half"]["accounts"] == 4
    assert rows["half"]["low"] is None
    assert set(rows) == {"half", "same"}  # the arm that shows nothing is in no row of a log
    # the other way round it is the same
    turned = feed_change(log_of(SHOWN), small, baseline="half")
    assert turned.filter(arm="base")["change"].item() == rows["half"]["change"]


def test_answers_of_two_runs_are_other_posts_though_their_ids_are_alike(tmp_path: Path) -> None:
    world = worlds(1)[0]
    arms = {"one": gk.interest_centric(), "other": gk.recommenders.uniform()}
    mind = gk.simulation.Behaviour(duet_base=-1.0, answer_delay=1.0, answer_spread=0.0)
    options: dict[str, Any] = {"ticks": 4, "slots": 6, "budget": "free", "behaviour": mind}
    gk.simulate_spread(world, arms, **options, impressions=tmp_path, rng=1)
    log = gk.simulation.scan_impressions(tmp_path).collect()
    ids, shown = set(world.posts.ids.tolist()), {}
    for arm, account, post in log.select("arm", "account_id", "item_id").iter_rows():
        shown.setdefault(account, {"one": set(), "other": set()})[arm].add(post)
    answers = [{p for p in both["one"] & both["other"] if p not in ids} for both in shown.values()]
    assert sum(map(len, answers)) > 10
    changes = [
        1 - 2 * len(both["one"] & both["other"] & ids) / (len(both["one"]) + len(both["other"]))
        for both in shown.values()
    ]
    found = feed_change(log, world, baseline="other")
    assert found["change"].item() == pytest.approx(np.mean(changes))


def test_replications_are_averaged_within_worlds(small: World) -> None:
    other = {**SHOWN, "half": SHOWN["base"]}
    log = pl.concat(
        [log_of(SHOWN, 0, 0), log_of(other, 0, 1), log_of(SHOWN, 1, 0), log_of(SHOWN, 1, 1)]
    )
    # a world without a record stands for one of data of its own
    worlds = [replace(small, provenance=Provenance("by hand"))] * 2
    row = feed_change(log.sample(fraction=1, shuffle=True, seed=1), worlds, baseline="base")
    half = row.filter(arm="half").row(0, named=True)
    values = np.array([0.625 / 2, 0.625])
    assert half["change"] == pytest.approx(values.mean())
    assert half["high"] - half["change"] == pytest.approx(12.7062 * values.std(ddof=1) / 2**0.5)
    assert (half["worlds"], half["interval"]) == (2, "over populations of the same making")
    within = feed_change(log.filter(world=0), small, baseline="base").filter(arm="half")
    assert within["interval"].item() == "within this world"
    assert within["worlds"].item() == 2  # replications


def test_bad_input(small: World) -> None:
    log = log_of(SHOWN)
    for given, options, error, words in (
        (3, {}, DataError, "scan_impressions"),
        (log.drop("item_id"), {}, MissingDataError, "item_id"),
        (log, {"baseline": "bases"}, MissingDataError, "Did you mean 'base'"),
        (log.with_columns(world=pl.lit(1)), {}, DataError, "of 2 worlds, and 1 are given"),
        (log, {"confidence": 0}, OptionError, "confidence=0"),
    ):
        with pytest.raises(error, match=words):
            feed_change(given, small, **{"baseline": "base", **options})  # type: ignore[arg-type]


def test_country_matters_where_it_goes_with_communities() -> None:
    """A recipe: `ablate` between the feed without the factors and the feed itself."""
    feed = gk.interest_centric()
    numbers: dict[str, dict[str, float]] = {
        "signals": dict.fromkeys(("completion", "country", "device"), 0.0),
        "weights": dict.fromkeys(("same_country", "same_language"), 0.0),
    }
    bare = feed.but("without", **numbers)  # type: ignore[arg-type]
    effects = {}
    for locality in (0.0, 1.0):
        found = ablate(
            worlds(4, locality=locality),
            bare,
            feed,
            measure=["viewer_value", "crossing"],
            factors=FACTORS,
            ticks=4,
            slots=6,
            rng=3,
        )
        rows = found.frame.filter(direction="b to a", factor="country")
        effects[locality] = {
            row["measure"]: (row["difference"], row["low"], row["high"])
            for row in rows.iter_rows(named=True)
        }
    # where it says nothing of interests, viewers gain nothing from it
    assert effects[0.0]["viewer_value"][1] < 0.001
    assert effects[1.0]["viewer_value"][1] > 0.001
    assert effects[1.0]["viewer_value"][1] > effects[0.0]["viewer_value"][2]
    # and what a country has in common crosses communities less
    assert effects[1.0]["crossing"][2] < effects[0.0]["crossing"][1]


def test_every_factor_changes_some_of_the_feed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """As Boeker and Urman (2022) say of TikTok: language and location, and what is watched."""
    feed = gk.interest_centric()
    arms = {
        "all": feed,
        "completion": feed.but("c", signals={"completion": 0.0}),
        "location": feed.but("l", signals={"country": 0.0}, weights={"same_country": 0.0}),
        "language": feed.but("s", weights={"same_language": 0.0}),
        "same": feed.but("same"),
    }
    made, folder = worlds(3, locality=1.0), tmp_path_factory.mktemp("log")
    gk.simulate_spread(made, arms, ticks=4, slots=6, impressions=folder, rng=3)
    log = gk.simulation.scan_impressions(folder).collect()
    found = feed_change(log, made, baseline="all")
    assert found["arm"].to_list() == ["completion", "location", "language", "same"]
    change = {arm: (mean, low) for arm, mean, low in found.select("arm", "change", "low").rows()}
    assert change["completion"][0] > 0
    assert change["location"][1] > 0.02
    assert change["language"][1] > 0.02
    assert found.filter(arm="same")["change"].item() == 0
    # against a loop over accounts
    changes = []
    for w in range(3):
        sets = {
            arm: {
                account: set(posts)
                for account, posts in log.filter(arm=arm, world=w)
                .group_by("account_id")
                .agg("item_id")
                .iter_rows()
            }
            for arm in ("all", "language")
        }
        each = [
            1 - 2 * len(a & b) / (len(a) + len(b))
            for a, b in ((sets["all"][x], sets["language"][x]) for x in sets["all"])
        ]
        changes.append(np.mean(each))
    expected = found.filter(arm="language")["change"].item()
    assert expected == pytest.approx(np.mean(changes))


def test_the_order_of_rows_does_not_change_the_last_digit(small: World) -> None:
    rng = np.random.default_rng(3)
    shown = {
        arm: {
            f"u{a}": "".join(rng.choice(list("abcdefghijklm"), int(rng.integers(1, 12)), False))
            for a in range(400)
        }
        for arm in ("base", "other")
    }
    log = log_of(shown)
    first = feed_change(log, small, baseline="base")
    for seed in range(6):
        shuffled = log.sample(fraction=1, shuffle=True, seed=seed)
        assert feed_change(shuffled, small, baseline="base")["change"][0] == first["change"][0]

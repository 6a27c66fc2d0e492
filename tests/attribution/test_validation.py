from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.attribution import Validation, published_figures, validate
from graphkit.attribution.validation import (
    CANNOT,
    DIRECTION,
    FILLED,
    NOT_COMPUTED,
    NOT_MET,
    WITHIN,
    acted,
    puppets,
)
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.recommenders import (
    chronological,
    follower_centric,
    interest_centric,
    published,
    uniform,
)
from graphkit.simulation import Behaviour, scan_impressions

ARMS = {"interest_centric": interest_centric(), "chronological": chronological()}


@pytest.fixture(scope="module")
def made() -> list[World]:
    like = gk.synthetic.platform(300, posts_per_account=6.0, leaning=0.5, rng=4)
    return gk.synthetic.worlds(3, like=like, ticks=5, rng=4)


@pytest.fixture(scope="module")
def run(made: list[World], tmp_path_factory: pytest.TempPathFactory) -> tuple[Spread, pl.LazyFrame]:
    folder = tmp_path_factory.mktemp("log") / "impressions"
    spread = gk.simulate_spread(made, ARMS, ticks=5, slots=6, impressions=folder, rng=1)
    return spread, scan_impressions(folder)


@pytest.fixture(scope="module")
def own(made: list[World]) -> Validation:
    """With the published preset, in runs of its own."""
    arms = {name: published(name) for name in ("interest_centric", "follower_centric")}
    return validate(made, arms=arms, behaviour=Behaviour.published(), ticks=5, slots=6, rng=1)


def verdicts(found: Validation) -> dict[str, str]:
    return dict(found.frame.select("figure", "verdict").iter_rows())


def test_there_is_one_row_per_published_figure(run: tuple[Spread, pl.LazyFrame]) -> None:
    found = Validation.of(run[0])
    assert found.frame["figure"].to_list() == published_figures()["key"].to_list()
    cannot = published_figures().filter(~pl.col("expressed"))["key"].to_list()
    assert {key for key, verdict in verdicts(found).items() if verdict == CANNOT} == set(cannot)


def test_what_a_run_lacks_is_named(run: tuple[Spread, pl.LazyFrame]) -> None:
    bare, logged = (
        verdicts(Validation.of(run[0])),
        verdicts(Validation.of(run[0], impressions=run[1])),
    )
    assert bare["exploit_share"] == f"{NOT_COMPUTED}the impression log"
    assert not logged["exploit_share"].startswith(NOT_COMPUTED)
    assert logged["like_minded_share"] == f"{NOT_COMPUTED}the arm follower_centric"
    assert logged["amplification_early"] == f"{NOT_COMPUTED}a cold start"
    assert "sock puppets" in logged["influence_order"]
    none = Validation.of(run[0], arms={})
    assert none.met() == (0, 0)


def test_attention_is_that_of_the_tallies_with_an_interval_over_worlds(
    run: tuple[Spread, pl.LazyFrame],
) -> None:
    spread, log = run
    each = [t.watch.sum() / 65536 / t.impressions for t in spread.of("interest_centric")]
    row = Validation.of(spread).frame.row(0, named=True)
    assert row["ours"] == pytest.approx(np.mean(each))
    assert row["low"] < row["ours"] < row["high"]
    table = log.filter(pl.col("arm") == "interest_centric").collect()
    assert row["ours"] == pytest.approx(table["watch_fraction"].mean(), abs=0.02)


def test_a_world_alone_has_no_interval_and_claims_no_direction(
    run: tuple[Spread, pl.LazyFrame],
) -> None:
    spread, log = run
    one = {job: tally for job, tally in spread.tallies.items() if job[1] == 0}
    alone = replace(spread, worlds=spread.worlds[:1], tallies=one)
    rows = Validation.of(alone, impressions=log.filter(pl.col("world") == 0)).frame
    row = rows.filter(figure="followed_liked_more").row(0, named=True)
    assert row["low"] is None
    assert row["direction_met"] is None
    assert row["verdict"] == f"{NOT_COMPUTED}several worlds, for an interval"
    assert rows.filter(figure="attention")["ours"].item() is not None


def test_filler_forbids_a_direction(made: list[World]) -> None:
    arms = {"interest_centric": interest_centric().but("few", sources={"interest": 1, "fresh": 0})}
    arms["interest_centric"] = arms["interest_centric"].but("few", sources={"following": 0})
    with pytest.warns(gk.GraphkitWarning, match="filler is a large part"):
        spread = gk.simulate_spread(made, arms, ticks=3, slots=30, rng=1)
    row = Validation.of(spread).frame.row(0, named=True)
    assert spread.filler("interest_centric") > 0.25
    assert (row["verdict"], row["within_tolerance"]) == (FILLED, None)


def test_roles_and_logs_are_checked(run: tuple[Spread, pl.LazyFrame]) -> None:
    spread, log = run
    with pytest.raises(OptionError, match="interest_centric"):
        Validation.of(spread, arms={"interest_centrik": "interest_centric"})
    with pytest.raises(MissingDataError, match="no arm 'other'"):
        Validation.of(spread, arms={"interest_centric": "other"})
    with pytest.raises(DataError, match="of the same simulation"):
        Validation.of(spread, impressions=log.filter(pl.col("tick") > 0))
    with pytest.raises(OptionError, match="ticks"):
        validate(list(spread.worlds), ticks=2)
    with pytest.raises(OptionError, match="at least one world"):
        validate([])


def test_a_follow_adds_a_tie_and_a_like_only_moves_the_profile(made: list[World]) -> None:
    world = made[0]
    chosen, topics, posts = puppets(world)
    assert chosen.size == 30
    assert posts.shape == (30, 10)
    liked = acted(world, "like", interest_centric(), chosen, topics, posts)
    followed = acted(world, "follow", interest_centric(), chosen, topics, posts)
    assert liked.follows == world.follows
    assert followed.follows.n_edges > world.follows.n_edges
    others = np.setdiff1d(np.arange(world.n_accounts), chosen)
    np.testing.assert_allclose(liked.profiles[others], world.profiles[others], atol=1e-6)
    assert not np.allclose(liked.profiles[chosen], world.profiles[chosen])
    mute = interest_centric().but("deaf", signals={"like": 0.0})
    deaf = acted(world, "like", mute, chosen, topics, posts)
    np.testing.assert_allclose(deaf.profiles, world.profiles, atol=1e-6)


def test_the_published_preset_meets_what_it_claims(own: Validation) -> None:
    found = verdicts(own)
    assert found["influence_order"] == DIRECTION
    assert found["chronological_less_time"] == DIRECTION
    assert found["ranked_less_congruent"] == DIRECTION
    assert set(found.values()) <= {WITHIN, DIRECTION, NOT_MET, CANNOT, FILLED}
    met, within = own.met()
    assert met == own.met("tune")[0] + own.met("test")[0]
    assert within <= met
    assert str(met) in repr(own)


def test_equal_seeds_give_equal_figures_and_a_cache_goes_on(
    made: list[World], tmp_path: Path
) -> None:
    few = made[:2]
    first = validate(few, ticks=3, slots=4, cache=tmp_path / "kept", rng=2)
    again = validate(few, ticks=3, slots=4, cache=tmp_path / "kept", rng=2)
    assert first == again
    assert first.content_key == again.content_key
    assert (tmp_path / "kept" / "empty" / "impressions").is_dir()


def test_uniform_is_no_role_but_may_be_an_arm(made: list[World]) -> None:
    spread = gk.simulate_spread(made[:2], {"uniform": uniform()}, ticks=2, slots=3, rng=1)
    assert Validation.of(spread).met() == (0, 0)
    row = Validation.of(spread, arms={"interest_centric": "uniform"}).frame.row(0, named=True)
    assert 0 < row["ours"] < 1
    assert follower_centric() == published("follower_centric")

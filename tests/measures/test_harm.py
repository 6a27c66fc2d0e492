"""Hosting of flagged communities and costs of interventions: by hand, and on simulated worlds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import graphkit as gk
from graphkit.data.spread import REACTIONS
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import (
    flagged_cascades,
    hosting_of_flagged,
    intervention_costs,
    measure_spread,
)
from graphkit.recommenders import interventions, uniform

#: Members of four communities: one of ten will be flagged, two are of like size, one is too large.
SIZES = {"flagged": 10, "alike": 12, "double": 20, "large": 21}
GROUPS = [name for name, size in SIZES.items() for _ in range(size)]
FIRST = {name: GROUPS.index(name) for name in SIZES}
NO_FILLER = {"sources": np.array([9, 0, 0])}


def made_world(by_hand: Any, **facts: Any) -> World:
    """Ten posts of each community's first member; two of the ten of one community are flagged."""
    posters = [[FIRST[name]] for name in SIZES for _ in range(10)]
    flagged = np.zeros(len(posters), np.bool_)
    flagged[:2] = True
    world: World = by_hand.world(GROUPS, posters, flagged=flagged, **facts)
    return world


def reaching(world: World, members: dict[str, int]) -> list[tuple[int, int, int]]:
    """Each post is shown to so many other members of its community."""
    log = []
    for post in range(world.n_posts):
        name = list(SIZES)[post // 10]
        log += [(FIRST[name] + 1 + i, post, 0) for i in range(members[name])]
    return log


def spread_of(by_hand: Any, world: World, arms: dict[str, list[dict[str, int]]]) -> Any:
    tallies = {
        arm: [[by_hand.tally(world, reaching(world, m), **NO_FILLER)] for m in members]
        for arm, members in arms.items()
    }
    worlds = [replace(world) for _ in next(iter(arms.values()))]
    return by_hand.spread(worlds, tallies)


def test_hosting_against_controls_by_hand(by_hand: Any) -> None:
    world = made_world(by_hand)
    # reach 3/9 against the mean of 1/11 and 19/19; the large community is no control
    one = {"flagged": 3, "alike": 1, "double": 19, "large": 20}
    two = one | {"flagged": 6}
    found = hosting_of_flagged(
        spread_of(by_hand, world, {"a": [one, one, two], "b": [one, two, two]}), partition="planted"
    )
    row = found.frame.row(0, named=True)
    other = (1 / 11 + 1) / 2
    assert row["unflagged"] == pytest.approx(other)
    assert row["flagged"] == pytest.approx((3 + 3 + 6) / 27)
    gaps = np.array([3, 3, 6]) / 9 - other
    assert row["difference"] == pytest.approx(gaps.mean())
    se = gaps.std(ddof=1) / 3**0.5
    assert row["high"] - row["difference"] == pytest.approx(stats.t.ppf(0.975, 2) * se)
    p = 2 * stats.t.sf(abs(gaps.mean()) / se, 2)
    assert row["p"] == pytest.approx(p)
    # a difference of differences: 0, 1/3, 0
    gap = found.contrasts.row(0, named=True)
    assert (gap["arm"], gap["baseline"]) == ("b", "a")
    assert gap["difference"] == pytest.approx(1 / 9)
    groups = dict(found.communities.filter(world=0).select("community", "group").rows())
    assert groups == {
        "flagged": "flagged",
        "alike": "control",
        "double": "control",
        "large": "other",
    }
    shares = dict(found.communities.filter(world=0).select("community", "flagged_share").rows())
    assert shares["flagged"] == 0.2
    assert "10% flagged posts or more" in repr(found)
    assert "−0.101 [−0.579, +0.377]; not distinguishable" in repr(found)
    assert "adjusted for the number of arms" in repr(found)
    assert "flagged; " in repr(found)


def test_all_three_measures_of_hosting_are_those_of_measure_spread(by_hand: Any) -> None:
    world = made_world(by_hand)
    some = {"flagged": 3, "alike": 4, "double": 5, "large": 6}
    spread = spread_of(by_hand, world, {"a": [some, some]})
    found = hosting_of_flagged(spread, partition="planted")
    outcome = measure_spread(spread).filter(world=0, partition="planted")
    for measure in ("hosting_reach", "hosting_members", "hosting_creators"):
        values = dict(outcome.filter(measure=measure).select("community", "value").rows())
        row = found.frame.row(by_predicate=pl.col("measure") == measure, named=True)
        assert row["flagged"] == pytest.approx(values["flagged"])
        assert row["unflagged"] == pytest.approx((values["alike"] + values["double"]) / 2)


@pytest.mark.parametrize(
    ("members", "verdict"),
    [
        # at about 4/9 against 4.4/11 and 7.6/19, scattered a little, much, or shifted
        ([4, 4, 4, 4, 4, 3], "equivalent"),
        ([0, 9, 1, 8, 4, 2], "not distinguishable"),
        ([9, 9, 9, 8, 9, 9], "higher"),
        ([0, 0, 0, 1, 0, 0], "lower"),
    ],
)
def test_equivalence_is_not_the_same_as_no_difference(
    by_hand: Any, members: list[int], verdict: str
) -> None:
    world = made_world(by_hand)
    runs = [{"flagged": k, "alike": 4, "double": 9, "large": 0} for k in members]
    spread = spread_of(by_hand, world, {"a": runs})
    row = hosting_of_flagged(spread, partition="planted", margin=0.25).frame.row(0, named=True)
    assert row["verdict"] == verdict
    own, other = np.array(members) / 9, (4 / 11 + 9 / 19) / 2
    sides = [
        stats.ttest_1samp(own, 0.75 * other, alternative="greater").pvalue,
        stats.ttest_1samp(own, 1.25 * other, alternative="less").pvalue,
    ]
    assert row["p_equivalence"] == pytest.approx(max(sides))


def test_a_small_difference_may_be_told_and_still_be_within_the_margin(by_hand: Any) -> None:
    world = made_world(by_hand)
    runs = [{"flagged": 4, "alike": 4, "double": 9 + (k == 2), "large": 0} for k in range(6)]
    spread = spread_of(by_hand, world, {"a": runs, "b": runs})
    found = hosting_of_flagged(spread, partition="planted")
    assert (
        found.frame.filter(measure="hosting_reach")["verdict"].to_list()
        == ["higher, within the margin"] * 2
    )
    # Holm's adjustment is over both arms
    row = found.frame.row(0, named=True)
    assert row["p_holm"] == pytest.approx(2 * row["p"])
    same = found.contrasts.row(0, named=True)
    assert (same["difference"], same["low"], same["p"]) == (0, 0, None)


def test_filler_gives_no_verdict(by_hand: Any) -> None:
    world = made_world(by_hand)
    some = {"flagged": 9, "alike": 0, "double": 1, "large": 0}
    spread = spread_of(by_hand, world, {"a": [some, some | {"flagged": 8}]})
    filled = {k: replace(t, sources=np.array([7, 0, 3])) for k, t in spread.tallies.items()}
    found = hosting_of_flagged(replace(spread, tallies=filled), partition="planted")
    row = found.frame.row(0, named=True)
    assert row["verdict"] == row["direction"] == "not claimed: filler"
    assert (row["p"], row["p_holm"], row["p_equivalence"]) == (None, None, None)


def seen(homophily: dict[str, float]) -> gk.data.visibility.Visibility:
    frame = pl.DataFrame({"label": list(homophily), "homophily": list(homophily.values())})
    return gk.data.visibility.Visibility(frame, np.zeros((1, 1), np.int32), 1.0)


def test_controls_are_as_visible_and_those_without_are_counted(by_hand: Any) -> None:
    world = made_world(by_hand)
    some = {"flagged": 3, "alike": 1, "double": 19, "large": 20}
    spread = spread_of(by_hand, world, {"a": [some, some]})
    view = seen({"flagged": 0.1, "alike": 0.3, "double": 0.9, "large": 0.1})
    found = hosting_of_flagged(spread, partition="planted", visibility=view)
    assert found.frame["unflagged"][0] == pytest.approx(1 / 11)
    alone = seen({"flagged": 0.1, "alike": 0.9, "double": 0.9, "large": 0.1})
    found = hosting_of_flagged(spread, partition="planted", visibility=[view, alone])
    assert found.provenance.removed == {
        "flagged communities without a control, over all worlds": 1,
        "worlds without a flagged community that has a control": 1,
    }
    assert (found.frame["worlds"][0], found.frame["low"][0]) == (1, None)
    with pytest.raises(DataError, match="no flagged community has a control"):
        hosting_of_flagged(spread, partition="planted", visibility=alone)
    with pytest.raises(DataError, match="3 for 2 worlds"):
        hosting_of_flagged(spread, partition="planted", visibility=[view] * 3)
    with pytest.raises(DataError, match="none of its communities"):
        hosting_of_flagged(spread, partition="planted", visibility=seen({"x": 0.1}))


def test_numbers_of_communities_do_not_match_over_independent_worlds(by_hand: Any) -> None:
    world = made_world(by_hand)
    part = world.partitions["planted"]
    unnamed = replace(world, partitions={"planted": gk.Partition(part.vocabulary, part.membership)})
    some = {"flagged": 3, "alike": 1, "double": 19, "large": 20}
    spread = spread_of(by_hand, unnamed, {"a": [some, some]})
    names = [unnamed.partitions["planted"].name(c) for c in range(4)]
    view = seen(dict(zip(names, (0.1, 0.3, 0.9, 0.1), strict=True)))
    with pytest.raises(DataError, match="one per world if communities have no names"):
        hosting_of_flagged(spread, partition="planted", visibility=view)
    found = hosting_of_flagged(spread, partition="planted", visibility=[view, view])
    assert found.frame["worlds"][0] == 2


def test_a_community_that_is_not_in_the_visibility_is_counted_as_such(by_hand: Any) -> None:
    world = made_world(by_hand)
    some = {"flagged": 3, "alike": 1, "double": 19, "large": 20}
    spread = spread_of(by_hand, world, {"a": [some, some]})
    view = seen({"flagged": 0.1, "alike": 0.3, "large": 0.1})
    found = hosting_of_flagged(spread, partition="planted", visibility=view)
    groups = dict(found.communities.filter(world=1).select("community", "group").rows())
    assert groups["double"] == "homophily unknown"
    assert found.provenance.removed == {"communities of unknown homophily, over all worlds": 2}


def test_what_cannot_be_compared_is_refused(by_hand: Any) -> None:
    world = made_world(by_hand)
    spread = spread_of(by_hand, world, {"a": [dict.fromkeys(SIZES, 1)]})
    with pytest.raises(DataError, match=r"largest share is 20.0%"):
        hosting_of_flagged(spread, partition="planted", threshold=0.3)
    for options, message in (
        ({"threshold": 0.0}, "threshold"),
        ({"margin": 0.0}, "margin"),
        ({"confidence": 1.0}, "confidence"),
    ):
        with pytest.raises(OptionError, match=message):
            hosting_of_flagged(spread, partition="planted", **options)
    with pytest.raises(MissingDataError, match="no partition 'plantde'"):
        hosting_of_flagged(spread, partition="plantde")
    with pytest.raises(MissingDataError, match="no arm 'c'"):
        hosting_of_flagged(spread, partition="planted", baseline="c")
    unknown = by_hand.spread([replace(world, flagged=None)], {"a": [spread.of("a")]})
    for call in (hosting_of_flagged, intervention_costs, flagged_cascades):
        given = {} if call is flagged_cascades else {"partition": "planted"}
        arms = [{"a": ["b"]}] if call is intervention_costs else []
        both = (
            unknown
            if not arms
            else by_hand.spread(unknown.worlds, {arm: [spread.of("a")] for arm in "ab"})
        )
        with pytest.raises(MissingDataError, match="no flags"):
            call(both, *arms, **given)
    none = by_hand.spread(
        [replace(world, flagged=np.zeros(world.n_posts, bool))], {"a": [spread.of("a")]}
    )
    with pytest.raises(MissingDataError, match="no post that enters is flagged"):
        flagged_cascades(none)


def test_costs_by_hand(by_hand: Any) -> None:
    durations = np.full(40, 10.0)
    durations[3] = np.nan
    divisiveness = np.zeros(40)
    divisiveness[[0, 39]] = 0.5
    world = made_world(by_hand, durations=durations, divisiveness=divisiveness)
    share = REACTIONS.index("share")

    def run(flagged: int, shares: int, other: int) -> Any:
        """The first post reaches `flagged` members, the fourth all nine, the last `other`."""
        log = [(1 + i, 0, 0) for i in range(flagged)] + [(1 + i, 3, 0) for i in range(9)]
        log += [(FIRST["large"] + 1 + i, 39, 0) for i in range(other)]
        tally = by_hand.tally(world, log, sources=np.array([len(log), 0, 0]))
        reactions = tally.reactions.copy()
        reactions[0, share], reactions[3, share] = shares, 5
        return replace(tally, reactions=reactions)

    before, after = run(5, 2, 6), run(1, 1, 10)
    spread = by_hand.spread([world], {"before": [[before]], "after": [[after]]})
    found = intervention_costs(spread, {"before": ["after"]}, partition="planted")
    values = {
        row["measure"]: (row["baseline_mean"], row["arm_mean"])
        for row in found.frame.iter_rows(named=True)
    }
    assert values["flagged_exposure"] == pytest.approx((5 / 20, 1 / 20))
    assert values["divisive_exposure"] == pytest.approx((11 / 20, 11 / 20))
    assert values["flagged_amplification"] == pytest.approx((5 / 20 * 20, 1 / 20 * 20))
    assert values["flagged_shares"] == pytest.approx((100, 50))
    assert values["viewer_value"] == pytest.approx((0.5, 0.5))
    # half of 10 s each, and of 20 s where nothing is known
    assert values["watch_time"] == pytest.approx(((11 * 5 + 9 * 10) / 20,) * 2)
    # one of ten posts of the largest of three reaches 6 or 10 of 20
    assert values["hosting_unflagged"] == pytest.approx((0.01, 10 / 20 / 10 / 3))
    assert values["bystander_reach"] == pytest.approx((9 / 8, 9 / 8))
    assert values["unflagged_reach"] == pytest.approx((6 / 30, 10 / 30))
    assert values["flagged_exposure_minors"] == (None, None)
    row = found.frame.row(0, named=True)
    assert row["percent"] == pytest.approx(-80)
    assert (row["low"], row["direction"]) == (None, None)
    outcome = measure_spread(spread)
    for measure in ("flagged_amplification", "divisive_amplification", "viewer_value"):
        rows = outcome.filter(measure=measure).select("arm", "value").rows()
        assert values[measure] == pytest.approx((dict(rows)["before"], dict(rows)["after"]))


@pytest.fixture(scope="module")
def arms() -> dict[str, Any]:
    feed = gk.interest_centric()
    return {"uniform": uniform(), "interest": feed} | interventions(feed)


@pytest.fixture(scope="module")
def simulated(arms: dict[str, Any]) -> Any:
    """Six worlds; in each, six posts of ten of one community are flagged, and a third are minors."""
    platform = gk.synthetic.platform(240, communities=6, posts_per_account=6, rng=1)
    worlds = []
    for i, world in enumerate(gk.synthetic.worlds(6, like=platform, ticks=4, rng=1)):
        rng = np.random.default_rng(i)
        flagged = (world.homes["planted"] == 3) & (rng.random(world.n_posts) < 0.6)
        ages = rng.integers(-1, 2, world.n_accounts)
        # a second partition whose homes are the flags, so that diets count flagged posts
        both = gk.Partition.from_membership(world.accounts, np.arange(world.n_accounts) % 2)
        worlds.append(
            replace(
                world,
                flagged=flagged,
                age_band=ages,
                code_names={**world.code_names, "age_band": ("13-17", "18+")},
                partitions={**world.partitions, "flags": both},
                homes={**world.homes, "flags": flagged.astype(np.int32)},
            )
        )
    return gk.simulate_spread(worlds, arms, ticks=4, slots=6, reading="empty", rng=2)


def test_a_demotion_is_seen_and_random_posts_host_all_alike(simulated: Any) -> None:
    found = hosting_of_flagged(simulated, partition="planted")
    verdicts = dict(found.frame.filter(measure="hosting_reach").select("arm", "verdict").rows())
    assert verdicts["uniform"] == "equivalent"
    gaps = found.contrasts.filter(measure="hosting_reach")
    assert gaps["arm"].to_list() == [arm for arm in simulated.arms if arm != "uniform"]
    # under random posts hosting is nearly equal, so that a feed's own difference remains
    levels = dict(found.frame.filter(measure="hosting_reach").select("arm", "difference").rows())
    for arm, gap in gaps.select("arm", "difference").rows():
        assert gap == pytest.approx(levels[arm] - levels["uniform"])
    again = hosting_of_flagged(simulated, partition="planted", baseline="interest").contrasts
    told = dict(again.filter(measure="hosting_reach").select("arm", "direction").rows())
    assert told["interest-centric, flagged demoted"] == "lower"
    assert told["interest-centric, friction on sharing"] == "not distinguishable"


def test_interventions_on_simulated_worlds(simulated: Any, arms: dict[str, Any]) -> None:
    names = [name for name in arms if ", " in name]
    found = intervention_costs(simulated, {"interest": names}, partition="planted")
    told = {
        (row["arm"].split(", ")[1], row["measure"]): row
        for row in found.frame.iter_rows(named=True)
    }
    assert told["flagged demoted", "flagged_exposure"]["direction"] == "lower"
    assert told["capped for minors", "flagged_exposure"]["direction"] == "lower"
    assert told["friction on sharing", "flagged_shares"]["direction"] == "lower"
    # posts without a flag take the places
    assert told["flagged demoted", "bystander_reach"]["difference"] > 0
    # a cap of 0 shows minors nothing that is flagged
    assert told["capped for minors", "flagged_exposure_minors"]["arm_mean"] == 0
    assert told["capped for minors", "flagged_exposure_minors"]["direction"] == "lower"
    assert found.provenance.removed["accounts of unknown age, no minors, over all worlds"] > 400
    tested = found.frame.drop_nulls("p_holm")
    assert tested["measure"].unique().sort().to_list() == [
        "bystander_reach",
        "flagged_exposure",
        "hosting_unflagged",
        "viewer_value",
    ]
    assert (tested["p_holm"] >= tested["p"]).all()


def test_exposure_of_minors_from_tallies_by_account(simulated: Any) -> None:
    counted = {}
    for key, tally in simulated.tallies.items():
        again = replace(tally)
        object.__setattr__(again, "flagged_shown", tally.diet["flags"][:, 1])
        counted[key] = again
    spread = replace(simulated, tallies=counted)
    capped = "interest-centric, capped for minors"
    found = intervention_costs(spread, {"interest": [capped]}, partition="planted")
    row = found.frame.row(by_predicate=pl.col("measure") == "flagged_exposure_minors", named=True)
    assert row["arm_mean"] == 0
    shares = []
    for w, world in enumerate(spread.worlds):
        diet = spread.tallies["interest", w, 0].diet["flags"][world.minors]
        shares.append(diet[:, 1].sum() / diet.sum())
    assert row["baseline_mean"] == pytest.approx(np.mean(shares))
    assert row["direction"] == "lower"


def test_a_jackknife_counts_its_whole_once(simulated: Any) -> None:
    world = replace(simulated.worlds[0], sample="population")
    parts = gk.resample_worlds(world, 4, rng=1)
    arms = {"uniform": uniform(), "interest": gk.interest_centric()}
    spread = gk.simulate_spread(parts, arms, ticks=3, slots=4, rng=1)
    hosted = hosting_of_flagged(spread, partition="planted")
    assert hosted.communities["world"].unique().to_list() == [0]
    assert hosted.frame["interval"].unique().to_list() == ["over samples like this one"]
    whole = replace(
        spread, worlds=(world,), tallies={k: v for k, v in spread.tallies.items() if not k[1]}
    )
    alone = hosting_of_flagged(whole, partition="planted")
    assert alone.frame["difference"].to_list() == pytest.approx(
        hosted.frame["difference"].to_list()
    )
    costs = intervention_costs(spread, {"uniform": ["interest"]}, partition="planted")
    unknown = int((world.age_band < 0).sum())
    assert list(costs.provenance.removed.values()) == [unknown]
    assert costs.frame["worlds"].max() == 4


def test_arms_that_cannot_be_compared_are_refused(simulated: Any) -> None:
    for given, kind, message in (
        ({}, OptionError, "no arm is named"),
        ({"interest": "uniform"}, OptionError, "one text"),
        (["interest"], OptionError, "give the arms by the arm"),
        ({"interest": ["interest"]}, OptionError, "both 'interest'"),
        ({"interest": ["unifrom"]}, MissingDataError, "Did you mean 'uniform'"),
    ):
        with pytest.raises(kind, match=message):
            intervention_costs(simulated, given, partition="planted")


def test_answers_of_a_run_do_not_change_which_communities_are_flagged() -> None:
    """With more answers than posts, a community's scheduled posts are those of the world."""
    platform = gk.synthetic.platform(120, communities=2, posts_per_account=3, rng=1)
    world = gk.build_world(platform, ticks=3, rng=1)
    home = world.homes["planted"]
    world = replace(world, flagged=(home == 1) & (world.quality > 0.5))
    many = gk.simulation.Behaviour(duet_base=0.0, answer_delay=0.1, answer_spread=0.0)
    options: dict[str, Any] = {"ticks": 3, "slots": 6, "replications": 2, "budget": "free"}
    spread = gk.simulate_spread(world, {"a": uniform()}, **options, behaviour=many, rng=1)
    assert len(spread.tallies["a", 0, 0].answers) > world.n_posts / 2
    found = hosting_of_flagged(spread, partition="planted").communities
    scheduled = world.ticks < 3
    for c, row in enumerate(found.iter_rows(named=True)):
        own = scheduled & (home == c)
        assert row["posts"] == own.sum()
        assert row["flagged_share"] == pytest.approx(world.flagged[own].mean())
    # and those of small creators who keep posting are judged by their scheduled posts
    kept = gk.measures.income(spread, "per_view", baseline="a").frame["small_kept_share"]
    posts = np.bincount(world.posters[world.poster_indptr[:-1]][scheduled], minlength=120)
    followers = np.bincount(world.follows.indices, minlength=120)
    creators = np.flatnonzero(posts)
    last = np.sort(followers[creators])[int(np.ceil(0.2 * creators.size)) - 1]
    below = creators[followers[creators] < last]
    tied = creators[followers[creators] == last]
    part = (0.2 * creators.size - below.size) / tied.size
    for r, value in enumerate(kept.to_list()):
        stays = 1 - spread.tallies["a", 0, r].quit.astype(float)
        weights = np.concatenate([np.ones(below.size), np.full(tied.size, part)])
        of = np.concatenate([below, tied])
        weights *= posts[of] >= 2
        assert value == pytest.approx((weights * stays[of]).sum() / weights.sum())


def test_the_parts_of_a_jackknife_have_the_groups_of_their_whole() -> None:
    """Without a tenth of the accounts, a community near the threshold stays on its side."""
    platform = gk.synthetic.platform(240, communities=6, posts_per_account=6, rng=1)
    world = gk.build_world(platform, ticks=4, rng=1)
    home, flagged = world.homes["planted"], np.zeros(world.n_posts, np.bool_)
    own = np.flatnonzero((home == 2) & (world.ticks < 4))
    flagged[own[: int(np.ceil(own.size / 10))]] = True
    parts = gk.resample_worlds(replace(world, flagged=flagged), 8, rng=1)
    shares = []
    for part in parts:
        code = [part.partitions["planted"].name(c) for c in range(6)].index(
            world.partitions["planted"].name(2)
        )
        of = (part.homes["planted"] == code) & (part.ticks < 4)
        shares.append(part.flagged[of].mean())
    assert min(shares) < 0.1 <= shares[0]
    arms = {"a": uniform(), "b": gk.interest_centric()}
    spread = gk.simulate_spread(parts, arms, ticks=4, slots=5, rng=1)
    found = hosting_of_flagged(spread, partition="planted")
    groups = dict(found.communities.select("community", "group").rows())
    outcome = measure_spread(spread).filter(arm="a", partition="planted", measure="hosting_reach")
    gaps = []
    for w in range(len(parts)):
        reach = dict(outcome.filter(world=w).select("community", "value").rows())
        own = [reach[name] for name in groups if groups[name] == "flagged"]
        assert len(own) == 1
        gaps.append(own[0] - np.mean([reach[x] for x in groups if groups[x] == "control"]))
    of_parts = np.array(gaps[1:])
    half = stats.t.ppf(0.975, 7) * np.sqrt(7 / 8 * ((of_parts - of_parts.mean()) ** 2).sum())
    row = found.frame.row(0, named=True)
    assert row["difference"] == pytest.approx(gaps[0])
    assert (row["low"], row["high"]) == pytest.approx((gaps[0] - half, gaps[0] + half))
    costs = intervention_costs(spread, {"a": ["b"]}, partition="planted").frame
    assert costs.filter(measure="bystander_reach")["low"].null_count() == 0

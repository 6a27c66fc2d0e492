from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2_contingency

import graphkit as gk
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.world import World
from graphkit.errors import DataError, OptionError
from graphkit.parallel import show_progress
from graphkit.synthetic import platform, toy, worlds


@pytest.fixture(scope="module")
def small() -> Platform:
    return platform(240, communities=4, homophily={"football": 0.2}, posts_per_account=2.0, rng=3)


@pytest.fixture(scope="module")
def three(small: Platform) -> list[World]:
    return worlds(3, like=small, ticks=4, rng=7)


def test_same_seed_same_worlds_and_other_seeds_differ(small: Platform, three: list[World]) -> None:
    again, other = (worlds(3, like=small, ticks=4, rng=seed) for seed in (7, 8))
    assert again == three
    assert [w.provenance for w in again] == [w.provenance for w in three]
    assert all(a != b for a in three for b in other)


def test_a_world_is_the_same_whatever_their_number(small: Platform, three: list[World]) -> None:
    assert worlds(1, like=small, ticks=4, rng=7) == three[:1]
    assert worlds(2, like=small, ticks=4, rng=7) == three[:2]


def test_worlds_share_parameters_and_names_and_nothing_else(
    small: Platform, three: list[World]
) -> None:
    a, b = three[:2]
    for world in three:
        assert (world.n_accounts, list(world.partitions)) == (240, ["planted"])
        planted = world.partitions["planted"]
        sizes = dict(zip(planted.labels, planted.sizes.tolist(), strict=True))
        assert sizes == dict(zip(small.truth.labels, small.truth.sizes.tolist(), strict=True))
    assert not np.isin(a.account_keys, b.account_keys).any()
    assert not np.isin(a.post_keys, b.post_keys).any()
    assert small.truth.content_key not in {w.partitions["planted"].content_key for w in three}


def test_worlds_are_independent(three: list[World]) -> None:
    """The community, interests and follows of an account say nothing about another world's."""
    many = worlds(2, ticks=2, like=platform(1200, communities=4, mixing=0.1, rng=1), rng=5)
    codes = [w.partitions["planted"] for w in many]
    labels = sorted(str(label) for label in codes[0].labels)
    rows = [
        np.array([labels.index(str(p.labels[c])) for c in p.membership.tolist()]) for p in codes
    ]
    table = np.bincount(rows[0] * 4 + rows[1], minlength=16).reshape(4, 4)
    assert chi2_contingency(table).pvalue > 0.001
    arcs = []
    for world in many:
        tail, head, _ = world.follows.edge_arrays()
        arcs.append(set(zip(tail.tolist(), head.tolist(), strict=True)))
    n = many[0].n_accounts
    expected = len(arcs[0]) * len(arcs[1]) / (n * (n - 1))
    # fame makes some accounts popular in both only by chance
    assert len(arcs[0] & arcs[1]) < 1.3 * expected


def test_labels_of_all_worlds_are_compared_by_name(small: Platform, three: list[World]) -> None:
    arms = {"uniform": gk.recommenders.uniform()}
    outcome = gk.measure_spread(gk.simulate_spread(three, arms, ticks=4, slots=4, rng=1))
    reach = outcome.filter(measure="hosting_reach", partition="planted").drop_nulls("community")
    assert set(reach["community"]) == set(small.truth.labels)
    per_world = reach.group_by("community").agg(pl.col("world").n_unique())
    assert set(per_world["world"]) == {3}


def test_further_partitions_are_found_anew_in_every_platform(small: Platform) -> None:
    seen: list[Platform] = []

    def find(one: Platform) -> Mapping[str, Partition]:
        seen.append(one)
        piece = gk.split_world_data(one)
        return {"follow": gk.leiden(gk.follow_graph(piece), runs=1, rng=1)}

    made = worlds(2, like=small, partitions=find, ticks=4, rng=7)
    assert [list(w.partitions) for w in made] == [["planted", "follow"]] * 2
    assert len({p.dataset.content_key for p in seen}) == 2
    for one, world in zip(seen, made, strict=True):
        assert one.truth.content_key == world.partitions["planted"].content_key
        assert {k: v for k, v in one.parameters.items() if k != "seed"} == {
            k: v for k, v in small.parameters.items() if k != "seed"
        }
        # the world is that of the platform
        tail, head, _ = world.follows.edge_arrays()
        follows = one.dataset.follows
        assert follows is not None
        known = set(follows.select("follower_id", "followee_id").iter_rows())
        ids = world.accounts.ids
        assert set(zip(ids[tail].tolist(), ids[head].tolist(), strict=True)) <= known
    # the planted worlds are the same with and without them
    bare = worlds(2, like=small, ticks=4, rng=7)
    assert [w.account_keys.tolist() for w in bare] == [w.account_keys.tolist() for w in made]


def test_provenance_says_that_they_are_independently_made(three: list[World]) -> None:
    for number, world in enumerate(three):
        record = world.provenance
        assert (record.verb, record.seed) == ("synthetic.worlds", 7)
        assert record.parameters["sampling"] == "independently made"
        assert record.parameters["number"] == number
        # what the world was built with is kept
        assert record.parameters["ticks"] == 4
        assert record.parents


def test_options_reach_the_worlds(small: Platform) -> None:
    few, many = (
        worlds(1, like=small, ticks=6, stock=0.9, dimensions=d, space={"tags": 1.0}, rng=1)[0]
        for d in (4, 20)
    )
    assert few.ticks.max() == 5
    assert (few.ticks == 0).mean() > 0.85
    assert few.post_features.shape[1] <= 4 < many.post_features.shape[1] <= 20


def test_default_parameters_are_those_of_a_platform() -> None:
    from graphkit.synthetic.worlds import PARAMETERS

    assert set(platform(60, communities=2, rng=1).parameters) == PARAMETERS | {"seed"}


def test_progress_is_reported(small: Platform) -> None:
    steps: list[tuple[str, int, int]] = []
    with show_progress(lambda *step: steps.append(step)):
        worlds(2, like=small, ticks=2, rng=1)
    assert [step for step in steps if step[0] == "worlds"] == [
        ("worlds", 0, 2),
        ("worlds", 1, 2),
        ("worlds", 2, 2),
    ]


@pytest.mark.parametrize(
    ("bad", "error", "named"),
    [
        ({"n": 0}, OptionError, "n=0"),
        ({"n": 1.5}, OptionError, "n=1.5"),
        ({"ticks": 0}, OptionError, "ticks=0"),
        ({"partitions": {"follow": None}}, OptionError, "a function of a platform is needed"),
        ({"partitions": lambda one: one.truth}, DataError, "mapping from kinds to partitions"),
        ({"partitions": lambda one: {"x": 1}}, DataError, "mapping from kinds to partitions"),
        ({"like": 3}, DataError, "must be a Platform, not a int"),
        ({"rng": -1}, OptionError, "rng=-1"),
    ],
)
def test_bad_input_is_named(
    small: Platform, bad: dict[str, Any], error: type[Exception], named: str
) -> None:
    options = {"n": 1, "like": small, "ticks": 3, "rng": 1} | bad
    with pytest.raises(error, match=named.replace("(", r"\(")):
        worlds(options.pop("n"), **options)


def test_like_must_be_made_by_the_generator() -> None:
    with pytest.raises(DataError, match="does not record"):
        worlds(1, like=toy(), rng=1)


def test_an_interest_space_of_one_platform_is_refused(small: Platform) -> None:
    space = gk.simulation.interest_space(small.dataset)
    with pytest.raises(OptionError, match="interest space of one platform"):
        worlds(1, like=small, space=space, rng=1)  # type: ignore[arg-type]


def test_worlds_like_a_platform_with_leanings_have_them() -> None:
    lean, plain = (platform(60, communities=2, leaning=share, rng=1) for share in (0.5, None))
    with_them, without = (worlds(1, like=one, ticks=2, rng=1)[0] for one in (lean, plain))
    assert with_them.account_leaning is not None
    assert without.account_leaning is None
    assert without == worlds(1, like=platform(60, communities=2, rng=1), ticks=2, rng=1)[0]

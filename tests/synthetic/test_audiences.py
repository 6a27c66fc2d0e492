"""Countries and ages that go with communities, and the communities that must be named."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from scipy.stats import chi2_contingency
from scipy.stats.contingency import association

from graphkit.data.platform import Platform
from graphkit.errors import OptionError
from graphkit.rng import Streams
from graphkit.simulation import build_world
from graphkit.synthetic import platform, worlds
from graphkit.synthetic.accounts import draw_population
from graphkit.synthetic.audiences import draw_age_bands, draw_local_countries, meet_totals
from graphkit.synthetic.topics import AGES, COUNTRIES, OPTIONAL_TOPICS, TOPICS

FAST = {"impressions_per_account": 3.0, "posts_per_account": 0.3, "follows_per_account": 2.0}


def crossed(made: Platform, column: str) -> npt.NDArray[np.int64]:
    """Accounts by community and value."""
    assert made.dataset.accounts is not None
    codes = made.dataset.accounts[column].rank("dense").to_numpy().astype(int) - 1
    table = np.zeros((len(made.topics), codes.max() + 1), np.int64)
    np.add.at(table, (made.truth.membership, codes), 1)
    return table


@pytest.fixture(scope="module")
def made() -> dict[float, Platform]:
    return {
        dial: platform(6000, locality=dial, ages=dial, rng=1, **FAST) for dial in (0.0, 0.5, 1.0)
    }


def test_without_the_dials_nothing_changes() -> None:
    plain = platform(300, rng=4)
    zero = platform(300, locality=0.0, rng=4)
    assert zero.dataset.content_key == plain.dataset.content_key
    assert not {"locality", "ages", "leaning"} & set(plain.parameters)
    aged = platform(300, ages=0.7, rng=4)
    assert aged.dataset.accounts is not None
    assert plain.dataset.accounts is not None
    assert aged.dataset.accounts.drop("age_band").equals(plain.dataset.accounts)
    for name, table in plain.dataset.tables.items():
        assert name == "accounts" or table.equals(aged.dataset.tables[name])
    # this key is that of the version before the dials
    assert plain.dataset.content_key == "b854ace7c744285fb58ad8254171dce2"


def test_a_locality_moves_country_and_language_only() -> None:
    plain, local = platform(300, rng=4), platform(300, locality=1.0, rng=4)
    for name, table in plain.dataset.tables.items():
        moved = ["country", "language"] if name in ("accounts", "items") else []
        assert table.drop(moved).equals(local.dataset.tables[name].drop(moved)), name
    assert local.parameters["locality"] == 1.0
    assert np.array_equal(plain.interests, local.interests)


@pytest.mark.parametrize(("column", "at_one"), [("country", 0.53), ("age_band", 0.38)])
def test_association_is_proportional_to_the_dial(
    made: dict[float, Platform], column: str, at_one: float
) -> None:
    """The table at d is (1 − d) · independence + d · that at 1, so Cramér's V is d · V(1)."""
    found = [association(crossed(p, column), "cramer") for p in made.values()]
    assert found[0] < 0.05
    assert found[1] == pytest.approx(at_one / 2, abs=0.025)
    assert found[2] == pytest.approx(at_one, abs=0.025)
    assert chi2_contingency(crossed(made[0.0], column)).pvalue > 0.001
    assert chi2_contingency(crossed(made[0.5], column)).pvalue < 1e-100


@pytest.mark.parametrize("dial", [0.0, 0.5, 1.0])
def test_shares_of_countries_and_ages_stay(made: dict[float, Platform], dial: float) -> None:
    accounts = made[dial].dataset.accounts
    assert accounts is not None
    for column, wanted in (
        ("country", {c[0]: c[2] for c in COUNTRIES}),
        ("age_band", {a[0]: a[2] for a in AGES}),
    ):
        assert sum(wanted.values()) == pytest.approx(1.0)
        shares = dict(accounts[column].value_counts(normalize=True).iter_rows())
        assert set(shares) == set(wanted)
        for name, share in wanted.items():
            # four standard errors of a binomial share
            assert abs(shares[name] - share) < 4 * np.sqrt(share * (1 - share) / 6000), name


def test_expected_shares_are_met_whichever_communities_take_part() -> None:
    chosen = tuple(t for t in (*TOPICS, *OPTIONAL_TOPICS) if t.label in ("K-pop", "QAnon", "dance"))
    population = draw_population(40_000, chosen, mixing=0.3, overlap=0.1, streams=Streams(1))
    drawn = draw_local_countries(population, 1.0, streams=Streams(2))
    assert drawn.min() >= 0
    wanted = np.array([c[2] for c in COUNTRIES])
    assert np.abs(np.bincount(drawn, minlength=9) / 40_000 - wanted).max() < 0.01
    bands = draw_age_bands(population, 1.0, streams=Streams(2))
    assert np.abs(np.bincount(bands) / 40_000 - [a[2] for a in AGES]).max() < 0.01
    few = draw_local_countries(population, 0.25, streams=Streams(2))
    assert np.mean(few >= 0) == pytest.approx(0.25, abs=0.01)


def test_home_countries_and_ages_are_those_of_the_community(made: dict[float, Platform]) -> None:
    one = made[1.0]
    assert one.dataset.accounts is not None
    frame = one.dataset.accounts.with_columns(
        home=pl.Series([one.topics[c] for c in one.truth.membership.tolist()]),
        minor=pl.col("age_band") == "13-17",
    )
    from_asia = pl.col("country").is_in(["PH", "ID"]).mean()
    shares = dict(frame.group_by("home").agg(from_asia).iter_rows())
    assert shares["K-pop"] > 5 * shares["politics"]
    minors = dict(frame.group_by("home").agg(pl.col("minor").mean()).iter_rows())
    assert minors["K-pop"] > 3 * minors["politics"]
    assert all(set(t.countries) <= {c[0] for c in COUNTRIES} for t in (*TOPICS, *OPTIONAL_TOPICS))


def test_totals_are_met_exactly_and_odds_ratios_stay() -> None:
    weights = np.array([[1.0, 0.02, 0.5], [0.3, 1.0, 0.1]])
    table = meet_totals(weights, np.array([0.7, 0.3]), np.array([2.0, 1.0, 1.0]))
    np.testing.assert_allclose(table.sum(axis=1), [0.7, 0.3], atol=1e-12)
    np.testing.assert_allclose(table.sum(axis=0), [0.5, 0.25, 0.25], atol=1e-12)
    odds = [x[0, 0] * x[1, 1] / (x[0, 1] * x[1, 0]) for x in (weights, table)]
    assert odds[1] == pytest.approx(odds[0])


def test_worlds_carry_the_dials() -> None:
    like = platform(80, communities=2, locality=0.8, ages=0.6, rng=1)
    world = worlds(1, like=like, ticks=2, rng=1)[0]
    assert world.age_band is not None
    assert world.minors is not None
    assert world.code_names["age_band"] == tuple(a[0] for a in AGES)
    assert 0 < world.minors.mean() < 0.5
    plain = worlds(1, like=platform(80, communities=2, rng=1), ticks=2, rng=1)[0]
    assert plain.age_band is None
    assert world.country is not None
    assert plain.country is not None
    assert not np.array_equal(world.country, plain.country)
    again = worlds(1, like=like, ticks=2, rng=1)[0]
    assert again == world


def test_optional_communities_take_part_where_they_are_named() -> None:
    labels = ("comedy", "dance", "politics", "challenges", "antivax", "QAnon")
    made = platform(1500, communities=labels, rng=1, **{**FAST, "posts_per_account": 3.0})
    assert set(made.topics) == set(labels)
    assert set(platform(60, rng=1).topics) == {t.label for t in TOPICS}
    assert [t.label for t in OPTIONAL_TOPICS] == ["challenges", "antivax", "QAnon"]
    items = made.dataset.items
    assert items is not None
    rows = items.with_columns(topic=pl.Series([made.topics[t] for t in made.item_topics.tolist()]))
    flags = rows.filter(pl.col("flags").list.len() > 0).explode("flags", empty_as_null=True)
    dangerous = flags.filter(pl.col("flags") == "dangerous")
    assert set(dangerous["topic"]) == {"challenges"}
    assert set(flags.filter(topic="challenges")["flags"]) == {"dangerous"}
    shares = {
        label: part["flags"].list.len().gt(0).mean() for (label,), part in rows.group_by("topic")
    }
    for t in OPTIONAL_TOPICS:
        assert shares[t.label] == pytest.approx(t.flagged, abs=0.09)
        assert t.homophily <= 0.05
        assert t.share < min(u.share for u in TOPICS)
    divided = dict(rows.group_by("topic").agg(pl.col("divisiveness").mean()).iter_rows())
    assert divided["QAnon"] > divided["politics"] > divided["comedy"]


def test_default_communities_share_no_word_with_the_optional() -> None:
    """A platform of the twelve does not mention the others."""
    usual = {word for t in TOPICS for word in t.words}
    assert not usual & {word for t in OPTIONAL_TOPICS for word in t.words}
    assert not {t.label for t in OPTIONAL_TOPICS} & {n for t in TOPICS for n in t.neighbours}


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"locality": 1.1}, "locality=1.1"),
        ({"locality": True}, "locality=True"),
        ({"ages": -0.1}, "ages=-0.1"),
        ({"ages": "young"}, "ages='young'"),
        ({"communities": ("comedy", "Qanon")}, "Did you mean 'QAnon'"),
    ],
)
def test_bad_dials_are_named(bad: dict[str, Any], named: str) -> None:
    with pytest.raises(OptionError) as caught:
        platform(100, **bad)
    assert named in str(caught.value)


def test_a_world_of_the_data_has_the_bands() -> None:
    made = platform(60, communities=2, ages=1.0, rng=3)
    world = build_world(made, ticks=2, rng=1)
    assert world.age_band is not None
    assert made.dataset.accounts is not None
    names = np.array(world.code_names["age_band"])[world.age_band].tolist()
    assert names == made.dataset.accounts["age_band"].to_list()

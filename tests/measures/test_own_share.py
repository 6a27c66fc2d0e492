"""Share of own posts by the number shown before, on impressions made by hand."""

from __future__ import annotations

import tempfile

import polars as pl
import pytest

import graphkit as gk
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.measures import own_share


@pytest.fixture(scope="module")
def world() -> gk.World:
    return gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), ticks=3, rng=1)


def rows_of(world: gk.World, shown: list[tuple[int, int]]) -> pl.DataFrame:
    """Impressions of accounts and posts by code, one tick each."""
    return pl.DataFrame(
        {
            "account_id": [str(world.accounts.ids[a]) for a, _ in shown],
            "item_id": [str(world.posts.ids[i]) for _, i in shown],
            "tick": list(range(len(shown))),
            "position": 0,
            "arm": "a",
            "world": 0,
            "replication": 0,
        }
    )


def test_shares_by_step_and_who_was_reached(world: gk.World) -> None:
    members, homes = world.partitions["planted"].membership, world.homes["planted"]
    first, second = (members == 0).nonzero()[0][:2].tolist()
    own, other = int((homes == 0).argmax()), int((homes == 1).argmax())
    # the first sees another's, then its own twice; the second only another's
    shown = [(first, other), (first, own), (first, own), (second, other)]
    found = own_share(rows_of(world, shown), world, "planted", step=2)
    assert found.select("community", "shown_before", "accounts", "share", "reached").rows() == [
        ("comedy", 0, 2, pytest.approx(1 / 3), 0.5),
        ("comedy", 2, 1, 1.0, 0.5),
    ]
    # order in time counts, not the order of rows
    turned = own_share(rows_of(world, shown).reverse(), world, "planted", step=2)
    assert turned.equals(found)


def test_a_uniform_feed_shows_what_there_is(world: gk.World) -> None:
    arms = {"uniform": gk.recommenders.uniform()}
    with tempfile.TemporaryDirectory() as folder:
        gk.simulate_spread(world, arms, ticks=3, slots=4, impressions=folder, rng=1)
        found = own_share(gk.simulation.scan_impressions(folder), world, "planted", step=100)
    supply = [(world.homes["planted"] == c).mean() for c in (0, 1)]
    for c, name in enumerate(("comedy", "dance")):
        row = found.filter(community=name)
        count = int(row["accounts"][0]) * 6
        error = (supply[c] * (1 - supply[c]) / count) ** 0.5
        assert abs(row["share"][0] - supply[c]) < 4 * error + 0.03


def test_what_is_not_of_these_worlds_is_refused(world: gk.World) -> None:
    rows = rows_of(world, [(0, 0)])
    with pytest.raises(DataError, match="must be those of the simulation"):
        own_share(rows.with_columns(account_id=pl.lit("nobody")), world, "planted")
    with pytest.raises(DataError, match="must be those of the simulation"):
        own_share(rows.with_columns(world=pl.lit(1)), world, "planted")
    with pytest.raises(MissingDataError, match="no column tick"):
        own_share(rows.drop("tick"), world, "planted")
    with pytest.raises(MissingDataError, match="'planted'"):
        own_share(rows, world, "plantd")
    with pytest.raises(OptionError, match="step"):
        own_share(rows, world, "planted", step=0)

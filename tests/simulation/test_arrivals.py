"""Arrivals of posts in foreign communities: from the log of impressions, resumed, and saved."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.files import load_arrays, save_arrays
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import FileError, GraphkitWarning
from graphkit.recommenders import chronological, interest_centric, uniform
from graphkit.simulation import Behaviour, scan_impressions

ARMS = {"newest": chronological(), "uniform": uniform(), "interest": interest_centric()}


@pytest.fixture(scope="module")
def crowd() -> World:
    """150 accounts in 5 planted communities; a coarse partition as well, with unassigned ones."""
    world = gk.build_world(gk.synthetic.platform(150, communities=5, rng=2), ticks=6, rng=2)
    member = world.partitions["planted"].membership
    groups = [None if c == 4 else "ab"[c % 2] for c in member.tolist()]
    coarse = gk.Partition.from_membership(world.accounts, groups)
    home = np.array([0, 1, 0, 1, -1], np.int32)[world.homes["planted"]]
    return replace(
        world,
        partitions={**world.partitions, "coarse": coarse},
        homes={**world.homes, "coarse": home},
    )


def simulate(world: World, **options: Any) -> Spread:
    options = {"ticks": 7, "slots": 5, "rng": 3} | options
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        return gk.simulate_spread(world, ARMS, **options)


def from_log(log: pl.DataFrame, world: World, kind: str) -> np.ndarray:
    """Arrivals counted from impressions, one post and community after the other."""
    accounts = dict(zip(map(str, world.accounts.ids), range(world.n_accounts), strict=True))
    posts = dict(zip(map(str, world.posts.ids), range(world.n_posts), strict=True))
    member, homes = world.partitions[kind].membership, world.homes[kind]
    size = world.partitions[kind].n_communities
    ages: dict[tuple[int, int], list[int]] = {}
    for account, item, tick in log.select("account_id", "item_id", "tick").iter_rows():
        c, p = int(member[accounts[account]]), posts[item]
        if c >= 0 and homes[p] not in (-1, c):
            ages.setdefault((p, c), []).append(tick - int(world.ticks[p]))
    arrived: list[list[int]] = [[] for _ in range(world.n_posts)]
    for (p, _), seen in ages.items():
        if len(seen) >= 5:
            arrived[p].append(sorted(seen)[4])
    return np.array([(sorted(at) + [-1] * size)[: size - 1] for at in arrived], np.int16)


@pytest.mark.parametrize(
    "options",
    [{}, {"reading": "shared"}, {"reading": "empty"}, {"budget": "free"}],
    ids=["filled", "shared", "empty", "free"],
)
def test_arrivals_are_those_of_the_log(
    crowd: World, tmp_path: Path, options: dict[str, Any]
) -> None:
    options = {"behaviour": Behaviour(activity=0.9), **options}
    spread = simulate(crowd, impressions=tmp_path, **options)
    log = scan_impressions(tmp_path).collect()
    reached = 0
    for arm in ARMS:
        tally = spread.tallies[arm, 0, 0]
        for kind in crowd.partitions:
            found = tally.arrivals[kind]
            assert found.dtype == np.int16
            after = spread.world_of(arm, 0, 0)
            assert found.tolist() == from_log(log.filter(arm=arm), after, kind).tolist()
            reached += int((found >= 0).sum())
    assert reached > 20


def test_arrivals_agree_with_the_views_at_the_end(crowd: World) -> None:
    for tally in simulate(crowd).tallies.values():
        for kind, home in crowd.homes.items():
            views = tally.views[kind][:, :-1].copy()
            views[np.arange(home.size), np.maximum(home, 0)] = 0
            views[home < 0] = 0
            assert ((views >= 5).sum(axis=1) == (tally.arrivals[kind] >= 0).sum(axis=1)).all()


def test_eight_arrivals_at_most_are_kept_and_none_with_one_community(crowd: World) -> None:
    groups = [str(a // 10) for a in range(crowd.n_accounts)]
    many = gk.Partition.from_membership(crowd.accounts, groups)
    one = gk.Partition.from_membership(crowd.accounts, ["x"] * crowd.n_accounts)
    home = many.membership[crowd.posters[crowd.poster_indptr[:-1]]]
    world = replace(
        crowd, partitions={"many": many, "one": one}, homes={"many": home, "one": home * 0}
    )
    tally = simulate(world, slots=7).tallies["uniform", 0, 0]
    assert tally.arrivals["many"].shape == (world.n_posts, 8)
    assert (tally.arrivals["many"][:, 7] >= 0).any()
    assert tally.arrivals["one"].shape == (world.n_posts, 0)
    ages = tally.arrivals["many"].astype(int)
    later = np.where(ages < 0, 10**6, ages)
    assert (np.diff(later, axis=1) >= 0).all()


@pytest.mark.parametrize("reading", ["filled", "shared"])
def test_resumed_runs_have_the_same_bytes(crowd: World, tmp_path: Path, reading: str) -> None:
    whole = simulate(crowd, reading=reading)

    def stop(what: str, now: int, total: int) -> None:
        if now == 11:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), gk.show_progress(stop):
        simulate(crowd, reading=reading, checkpoint=tmp_path)
    states = [*tmp_path.rglob("state.npz"), *tmp_path.rglob("counting.npz")]
    assert len(states) == 1
    kept = load_arrays(states[0], "Run")[1]
    assert kept["arrivals.count"].any()
    assert (kept["arrivals.ages"] >= 0).any()
    assert simulate(crowd, reading=reading, checkpoint=tmp_path).content_key == whole.content_key


def test_files_of_earlier_versions(crowd: World, tmp_path: Path) -> None:
    spread = simulate(crowd)
    tally = spread.tallies["uniform", 0, 0]
    again = ArmTally.load(tally.save(tmp_path / "new"))
    assert again == tally
    header, arrays = load_arrays(tmp_path / "new", "ArmTally")
    header = {name: header[name] for name in ("kinds", "numbers")}
    before = {name: array for name, array in arrays.items() if "arrivals" not in name}
    old = ArmTally.load(save_arrays(tmp_path / "old", "ArmTally", header, before))
    assert not old.arrivals
    assert old == replace(tally, arrivals={})
    assert ArmTally.load(old.save(tmp_path / "again")) == old
    part = {name: array for name, array in arrays.items() if name != "arrivals_1"}
    with pytest.raises(FileError, match="does not fit together"):
        ArmTally.load(save_arrays(tmp_path / "part", "ArmTally", header, part))

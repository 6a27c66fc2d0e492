"""Cascades of flagged posts and of others: by hand, and grown so that only their size differs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from graphkit.measures import cascades, flagged_cascades
from graphkit.measures.flagged_cascades import audience_bins, matched_means

NO_FILLER = {"sources": np.array([9, 0, 0])}


def test_matched_means_by_hand() -> None:
    values = np.array([1.0, 2.0, 3.0, 10.0, 20.0, 60.0, 5.0])
    bins = np.array([0, 1, 1, 0, 1, 1, 9])
    flagged = np.array([True, True, True, False, False, False, True])
    # bin 0: 1 against 10; bin 1: 2 and 3 against 40 twice; bin 9 has no other
    assert matched_means(values, bins, flagged) == (2.0, 30.0, 3, 1)
    none = matched_means(values[:3], bins[:3], flagged[:3])
    assert np.isnan(none[0])
    assert none[2:] == (0, 3)


def test_bins_of_audiences_are_half_octaves() -> None:
    audience = np.arange(1, 2000)
    bins = audience_bins(audience)
    assert (np.diff(bins) >= 0).all()
    for b in np.unique(bins):
        inside = audience[bins == b]
        assert inside.max() / inside.min() <= 2**0.5 + 1e-9


def tree(post: int, parents: list[int]) -> list[tuple[int, ...]]:
    """Accounts 1, 2, … reshare a post after these parents, one per tick; −1 is the poster."""
    return [(post, i + 1, parent, i, 0) for i, parent in enumerate(parents)]


def test_cascades_by_hand(by_hand: Any) -> None:
    """Flagged: a chain of 4 and a post alone; others: a star of 4, a pair, and a post alone."""
    flagged = np.array([True, True, False, False, False])
    world = by_hand.world(["x"] * 9, [[0]] * 5, flagged=flagged)
    shares = tree(0, [-1, 1, 2]) + tree(2, [-1, -1, -1]) + tree(3, [-1])
    # audiences: 8, 1; and 8, 2, 1
    log = [(1 + i, post, 0) for post, k in enumerate([8, 1, 8, 2, 1]) for i in range(k)]
    tally = by_hand.tally(world, log, shares=shares, ticks=4, **NO_FILLER)
    found = flagged_cascades(by_hand.spread([world], {"a": [[tally]]}))
    rows = {
        (row["matching"], row["measure"]): (row["flagged"], row["unflagged"])
        for row in found.frame.iter_rows(named=True)
    }
    trees = cascades(tally.shares, 5)
    assert trees.size.tolist() == [4, 1, 4, 2, 1]
    assert rows["none", "size"] == pytest.approx((2.5, 7 / 3))
    assert rows["none", "depth"] == pytest.approx((1.5, 2 / 3))
    assert rows["none", "virality"] == pytest.approx((5 / 3, (1.5 + 1) / 2))
    assert rows["audience", "size"] == pytest.approx((2.5, 2.5))
    assert rows["audience", "depth"] == pytest.approx((1.5, 0.5))
    # of cascades of one size, the chain of four is compared with the star
    assert rows["cascade size", "depth"] == (3, 1)
    assert rows["cascade size", "breadth"] == (1, 3)
    assert rows["cascade size", "virality"] == pytest.approx((5 / 3, 1.5))
    assert ("cascade size", "size") not in rows
    counts = found.frame.filter(matching="cascade size")["cascades"].to_list()
    assert counts == [1, 1, 1]
    assert found.frame.filter(pl.col("difference") != 0)["direction"].null_count() == 10


def test_shared_more_often_but_of_the_same_shape_at_the_same_size(by_hand: Any) -> None:
    """Trees grow alike and flagged ones larger: a difference in depth is one in size."""
    rng = np.random.default_rng(1)
    flagged = np.arange(300) % 5 == 0
    worlds, tallies = [], []
    for _ in range(6):
        world = by_hand.world(["x"] * 60, [[0]] * 300, flagged=flagged)
        log = [(1 + i, post, 0) for post in range(300) for i in range(rng.integers(20, 40))]
        shares: list[tuple[int, ...]] = []
        for post in range(300):
            size = int(rng.poisson(4.0 if flagged[post] else 1.5))
            parents = [-1] + [int(rng.integers(-1, k + 1)) or -1 for k in range(1, size)]
            shares += tree(post, parents[:size])
        worlds.append(world)
        tallies.append([by_hand.tally(world, log, shares=shares, sources=np.array([9, 0, 0]))])
    frame = flagged_cascades(by_hand.spread(worlds, {"a": tallies})).frame
    told = {(m, s): d for m, s, d in frame.select("matching", "measure", "direction").rows()}
    for measure in ("size", "depth", "breadth", "virality"):
        assert told["none", measure] == told["audience", measure] == "higher"
    for measure in ("depth", "breadth", "virality"):
        assert told["cascade size", measure] == "not distinguishable"
    assert (frame["p_fdr"] >= frame["p"]).all()
    filled = [[replace(t, sources=np.array([6, 0, 4])) for t in one] for one in tallies]
    barred = flagged_cascades(by_hand.spread(worlds, {"a": filled})).frame
    assert barred["direction"].unique().to_list() == ["not claimed: filler"]
    assert barred["p"].null_count() == barred.height

"""Small worlds and tallies made by hand, from a list of who was shown what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.spread import REACTIONS, ArmTally, Spread
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World

Log = Sequence[tuple[int, int, int]]
SOURCES = ("following", "interest", "filler")


class ByHand:
    """Builders; a log lists (account, post, tick)."""

    @staticmethod
    def world(
        groups: Sequence[str | None],
        posters: Sequence[Sequence[int]],
        follows: Sequence[tuple[int, int]] = (),
        **facts: Any,
    ) -> World:
        n, m = len(groups), len(posters)
        accounts = Vocabulary([f"a{i:04}" for i in range(n)])
        partition = Partition.from_membership(accounts, groups)
        member = partition.membership
        homes = []
        for group in posters:
            votes = [int(member[p]) for p in group if member[p] >= 0]
            homes.append(min(votes, key=lambda c: (-votes.count(c), c)) if votes else -1)
        ids = accounts.ids
        graph = Graph.from_edges(
            [ids[a] for a, _ in follows],
            [ids[b] for _, b in follows],
            directed=True,
            nodes=accounts,
        )
        return World(
            accounts,
            Vocabulary([f"p{i:04}" for i in range(m)]),
            np.arange(n, dtype=np.uint64),
            np.arange(m, dtype=np.uint64),
            graph,
            np.zeros((n, 1), np.float32),
            np.zeros((n, 1), np.float32),
            np.zeros((m, 1), np.float32),
            np.zeros((m, 1), np.float32),
            np.cumsum([0, *map(len, posters)]),
            np.concatenate([np.asarray(p) for p in posters]).astype(np.int32),
            all(len(p) == 1 for p in posters),
            np.zeros(m, np.int32),
            np.full(m, 0.5, np.float32),
            {"planted": partition},
            {"planted": np.array(homes, np.int32)},
            **facts,
        )

    @staticmethod
    def tally(
        world: World,
        log: Log,
        *,
        shares: Sequence[tuple[int, ...]] = (),
        ticks: int = 3,
        **fields: Any,
    ) -> ArmTally:
        """Every impression is liked, one is watched to the end; `fields` replace others."""
        n, m = world.n_accounts, world.n_posts
        partition, homes = world.partitions["planted"], world.homes["planted"]
        size, member = partition.n_communities, partition.membership
        views, diet = np.zeros((m, size + 1), np.int32), np.zeros((n, size + 1), np.int32)
        by_tick = np.zeros((m, ticks), np.int32)
        met: dict[int, set[int]] = {a: set() for a in range(n)}
        for account, post, tick in log:
            views[post, member[account]] += 1  # −1 is the last column
            diet[account, homes[post]] += 1
            by_tick[post, tick] += 1
            for poster in world.posters[world.poster_indptr[post] : world.poster_indptr[post + 1]]:
                assert poster != account
                if member[poster] == member[account] >= 0:
                    met[int(poster)].add(account)
        reactions = np.zeros((m, len(REACTIONS)), np.int64)
        reactions[:, REACTIONS.index("like")] = by_tick.sum(axis=1)
        reactions[0, REACTIONS.index("complete")] = 1
        tally = ArmTally(
            views={"planted": views},
            diet={"planted": diet},
            member_reach={"planted": np.array([len(met[a]) for a in range(n)], np.int32)},
            ticks=by_tick,
            reactions=reactions,
            watch=by_tick.sum(axis=1) * 32768,
            sources=np.array([len(log) - len(log) // 4, 0, len(log) // 4]),
            sessions=len(log),
            empty=0,
            leave=0.1,
            back=0.5,
            stay=4.0,
            candidates=20 * len(log),
            shares=np.array(shares, np.int32).reshape(-1, 5),
            posting=0.8,
            quitting=0.05,
            posted=np.ones(m, np.bool_),
            left=np.zeros(n, np.bool_),
            quit=np.zeros(n, np.bool_),
            gained=np.zeros(n, np.int32),
            lost=np.zeros(n, np.int32),
            recall=float("nan"),
        )
        return replace(tally, **fields)

    @staticmethod
    def spread(
        worlds: Sequence[World],
        arms: dict[str, list[list[ArmTally]]],
        budget: str = "matched",
        calibrated: bool = False,
    ) -> Spread:
        tallies = {
            (arm, w, r): tally
            for arm, by_world in arms.items()
            for w, repeats in enumerate(by_world)
            for r, tally in enumerate(repeats)
        }
        repeats = len(next(iter(arms.values()))[0])
        return Spread(tuple(worlds), tuple(arms), tallies, repeats, SOURCES, budget, calibrated)

    @staticmethod
    def outcome(
        values: dict[str, list[list[float | None]]],
        measure: str = "crossing",
        budget: str = "matched",
        calibrated: bool = False,
    ) -> pl.DataFrame:
        """Rows of one measure; values[arm][world][replication]."""
        rows = [
            (arm, w, r, "planted", None, measure, value, budget, calibrated)
            for arm, worlds in values.items()
            for w, repeats in enumerate(worlds)
            for r, value in enumerate(repeats)
        ]
        schema = {
            "arm": pl.String,
            "world": pl.Int64,
            "replication": pl.Int64,
            "partition": pl.String,
            "community": pl.String,
            "measure": pl.String,
            "value": pl.Float64,
            "budget": pl.String,
            "calibrated": pl.Boolean,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture(scope="session")
def by_hand() -> type[ByHand]:
    return ByHand

"""Conditions of a study: other interest partitions of its worlds, and what is tried in simulations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from graphkit.attribution import Condition, conditions_of
from graphkit.attribution.conditions import REFUSALS
from graphkit.communities import leiden
from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.graphs import cointeraction_graph
from graphkit.recommenders import Feed
from graphkit.rng import Streams
from graphkit.study.config import CommunitiesConfig, StudyConfig
from graphkit.study.disclosure import NOBODY, public_message, unassign_small

__all__ = ["PartitionVariant"]

INTEREST = "interest"


@dataclass(frozen=True)
class PartitionVariant:
    """Another search for communities of shared interest, and the condition that it is.

    Attributes
    ----------
    condition
        The condition; its kind of partition stands for the interest partition.
    communities
        Options of the graph and of the search.
    factor
        Of the resolution.
    seed
        Number of another seed; 0 for that of the study.
    """

    condition: Condition
    communities: CommunitiesConfig
    factor: float = 1.0
    seed: int = 0

    @property
    def kind(self) -> str:
        """Name of the kind of partition in the worlds."""
        return (self.condition.partition or {})[INTEREST]


@dataclass(frozen=True)
class OtherPartitions:
    """Other interest partitions of the data's own world.

    `found` are those that other worlds get too, and `refused` the reasons of those that are none.
    """

    partitions: dict[str, Partition]
    found: Sequence[PartitionVariant]
    refused: Sequence[tuple[Condition, str]]

    @property
    def kinds(self) -> list[str]:
        """Their kinds."""
        return list(self.partitions)


def partition_variants(config: StudyConfig) -> list[PartitionVariant]:
    """The other interest partitions that a study tries.

    Examples
    --------
    >>> [variant.kind for variant in partition_variants(StudyConfig())]
    ['interest, other seed 1', 'interest, resolution × 0.5', 'interest, resolution × 2']
    """
    wanted, own = config.conditions, config.communities
    found = []

    def add(dimension: str, value: Any, default: Any, label: str, **changes: Any) -> None:
        kinds = {INTEREST: f"{INTEREST}, {label}"}
        condition = Condition(dimension, value, default, partition=kinds, label=label)
        found.append(PartitionVariant(condition, **{"communities": own, **changes}))

    for k in range(1, wanted.partition_seeds + 1):
        add("seed of the partition", f"other {k}", "own", f"other seed {k}", seed=k)
    for factor in wanted.resolution:
        if factor != 1:
            add("resolution", factor, 1.0, f"resolution × {factor:g}", factor=factor)
    for top in wanted.top:
        if top != own.top:
            default = "all edges" if own.top is None else own.top
            add("top", top, default, f"top = {top}", communities=replace(own, top=top))
    for least in wanted.min_shared:
        if least != own.min_shared:
            changed = replace(own, min_shared=least)
            add(
                *("min_shared", least, own.min_shared, f"min_shared = {least}"), communities=changed
            )
    return found


def find_variants(
    variants: Sequence[PartitionVariant],
    config: StudyConfig,
    part: Dataset,
    graph: Graph,
    own: Partition,
    search: Mapping[str, Any],
    seed: int,
) -> tuple[dict[str, Partition], dict[str, str]]:
    """Partitions by kind of the data that the interest partition is found in, and what is refused.

    Parameters
    ----------
    variants, config
        What is searched for, in which study.
    part, graph, own
        The data, the co-interaction graph, and the interest partition.
    search, seed
        Options and seed of the search.
    """
    found, refused = dict[str, Partition](), dict[str, str]()
    least = config.report.min_group_size
    for variant in variants:
        options, there = dict(search), graph
        if variant.factor != 1:
            options["resolution"] = variant.factor * (own.resolution or 1.0)
        rng = Streams(seed).integer("other seed", variant.seed) if variant.seed else seed
        try:
            if variant.communities is not config.communities:
                there = cointeraction_graph(part, **variant.communities.keywords())
            partition = unassign_small(leiden(there, **options, rng=rng), least)
            if partition.n_communities:
                found[variant.kind] = partition
            else:
                refused[variant.kind] = NOBODY.format(kind="other", least=least)
        except REFUSALS as error:
            refused[variant.kind] = public_message(error)
    return found, refused


def in_worlds(spread: Spread, worlds: Sequence[World]) -> Spread:
    """The spread in its worlds without some kinds of partition, which are these."""
    tallies = {
        job: tally.of_kinds(worlds[job[1]].partitions) for job, tally in spread.tallies.items()
    }
    return replace(spread, worlds=tuple(worlds), tallies=tallies)


def first_worlds(spread: Spread, n: int, replications: int) -> Spread:
    """The first worlds and replications of a spread."""
    kept = {
        (arm, w, r): tally
        for (arm, w, r), tally in spread.tallies.items()
        if w < n and r < replications
    }
    return replace(spread, worlds=spread.worlds[:n], tallies=kept, replications=replications)


def world_without(world: World, kinds: Sequence[str]) -> World:
    """The world without some kinds of partition."""
    if not set(kinds) & set(world.partitions):
        return world
    partitions, homes = (_without(table, kinds) for table in (world.partitions, world.homes))
    return replace(world, partitions=partitions, homes=homes)


def _without(table: Mapping[str, Any], kinds: Sequence[str]) -> dict[str, Any]:
    return {kind: value for kind, value in table.items() if kind not in kinds}


def simulated_conditions(
    config: StudyConfig, worlds: Sequence[World], feeds: Mapping[str, Feed], seed: int
) -> list[Condition]:
    """The conditions of a study that need simulations in worlds that are there."""
    wanted = config.conditions
    return conditions_of(
        *(worlds, feeds),
        arm=config.compared_arms,
        baseline=config.arms[0].name,
        slots=config.simulation.slots,
        behaviour=config.behaviour,
        cold_start=wanted.cold_start,
        profile_noise=wanted.profile_noise,
        feature_noise=wanted.feature_noise,
        topic_penalty=wanted.topic_penalty,
        social_share=(),
        other_slots=wanted.slots,
        readings=(),
        posts=wanted.posts_per_tick,
        rng=seed,
    )


def draws_at_random(feed: Feed) -> bool:
    """Whether neither interests nor what viewers do change the posts that a feed shows.

    Examples
    --------
    >>> from graphkit.recommenders import popularity, uniform
    >>> draws_at_random(uniform()), draws_at_random(popularity())
    (True, False)
    """
    read = {name for table in (feed.sources, feed.weights) for name, n in table.items() if n}
    plain = read <= {"everywhere", "chance"} and feed.filler != "popularity"
    return plain and feed.score is None and not feed.topic_penalty


def same_random_posts(worlds: Sequence[World], others: Sequence[World]) -> bool:
    """Whether random posts are the same, by who sees them, in worlds that differ in what is read."""
    return all(
        world.posts is other.posts and dict(world.partitions) == dict(other.partitions)
        for world, other in zip(worlds, others, strict=False)
    )


def read_alike(worlds: Sequence[World], others: Sequence[World]) -> bool:
    """Whether feeds read the same of posts and viewers in both."""
    names = ("post_features", "profiles")
    return all(
        np.array_equal(getattr(world, name), getattr(other, name))
        for world, other in zip(worlds, others, strict=True)
        for name in names
    )


def space_text(space: Mapping[str, float] | str | None) -> str:
    """Name of a space in tables.

    Examples
    --------
    >>> space_text({"tags": 1.0, "sounds": 0.5}), space_text(None)
    ('tags 1, sounds 0.5', 'content')
    """
    if space is None or isinstance(space, str):
        return space or "content"
    return ", ".join(f"{name} {weight:g}" for name, weight in space.items())


def concat_conditions(parts: Sequence[pl.DataFrame]) -> pl.DataFrame | None:
    """The table of conditions; `None` without any."""
    return pl.concat(parts, how="diagonal_relaxed") if parts else None

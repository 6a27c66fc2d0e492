"""Conditions that could end a conclusion: worse information, other feeds, tastes, posts, partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.partition import Partition
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_number,
    nearest,
)
from graphkit.measures.conditions import CANNOT_RUN, COLUMNS
from graphkit.measures.hosting_visibility import Views
from graphkit.recommenders.feed import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.build import choose_introducers
from graphkit.simulation.resample import thin_posts
from graphkit.simulation.tastes import perturb_world

__all__ = ["REFUSALS", "Condition", "condition_rows", "conditions_of", "partition_conditions"]

Value = float | int | str

#: Errors of a condition that cannot be run, which is told.
REFUSALS = (DataError, MissingDataError, OptionError)

#: Names of the readings of open slots.
_READINGS = {"filled": "slots filled", "empty": "slots left empty", "shared": "shared slots"}


@dataclass(frozen=True)
class Condition:
    """One change of a comparison that could end its conclusion.

    Attributes
    ----------
    dimension
        What is changed, such as ``"topic penalty"``.
    value, default
        The value tried, and that of the comparison as it is. If both are numbers, so that
        conditions of the dimension have a distance, they are told and drawn as such; a text is a
        choice.
    worlds, behaviour, slots, reading, ticks
        What takes the place of that of the comparison; `None`: as it is.
    arms
        Feeds by the names of the arms that are changed, likewise.
    partition
        Kinds of partition of the worlds, by the kind that each stands for, such as ``{"interest":
        "interest, seed 2"}``: no other simulation is needed.
    visibility
        Visibility of the communities of the `worlds`, if they are not those of the comparison.
    label
        Name in tables, if it is not "dimension = value".
    refused
        Why it cannot be run, if that is known beforehand.

    Examples
    --------
    >>> Condition("topic penalty", 0.3, 0.0).name, Condition("profiles", "all alike", "own").name
    ('topic penalty = 0.3', 'profiles = all alike')
    """

    dimension: str
    value: Value
    default: Value
    worlds: Sequence[World] | None = None
    arms: Mapping[str, Feed] | None = None
    behaviour: Behaviour | None = None
    slots: int | None = None
    reading: str | None = None
    ticks: int | None = None
    partition: Mapping[str, str] | None = None
    visibility: Views | None = None
    label: str | None = None
    refused: str | None = None

    @property
    def name(self) -> str:
        """Name in tables."""
        return self.label or f"{self.dimension} = {_value_text(self.value)}"

    @property
    def same_runs(self) -> bool:
        """Whether the simulations of the comparison as it is will do."""
        changes = (self.worlds, self.arms, self.behaviour, self.slots, self.reading, self.ticks)
        return all(change is None for change in changes)


def _value_text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"


def conditions_of(
    worlds: World | Sequence[World],
    arms: Mapping[str, Feed],
    *,
    arm: str | Sequence[str],
    baseline: str,
    slots: int = 10,
    reading: str = "filled",
    behaviour: Behaviour | None = None,
    cold_start: bool = True,
    profile_noise: Sequence[float] = (0.5,),
    feature_noise: Sequence[float] = (0.3, 0.7),
    topic_penalty: Sequence[float] = (0.3, 0.8),
    social_share: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0),
    other_slots: Sequence[int] = (3, 30),
    readings: Sequence[str] = ("filled", "empty", "shared"),
    posts: Sequence[float] = (0.5, 0.25),
    rng: RNGLike | None = None,
) -> list[Condition]:
    """Conditions that need no other worlds than those given, made worse or smaller.

    A value that the comparison has already is no condition. What needs to be built anew, such as
    worlds in another space, is a :class:`Condition` of the caller's own; other partitions are
    those of :func:`partition_conditions`.

    Parameters
    ----------
    worlds, arms
        Those of the comparison.
    arm, baseline
        The arms compared; also several arms, each compared with the baseline.
    slots, reading, behaviour
        Of the comparison as it is.
    cold_start
        Whether to try profiles that begin as their mean: feeds know nothing of their viewers.
    profile_noise, feature_noise
        Weights of another account in every first profile, and shares of the posts that feeds
        read as another, see :func:`graphkit.simulation.perturb_world`. Noise cannot be taken
        from worlds that have more: such a condition cannot run.
    topic_penalty
        Penalties of a repeated topic in re-ranking, in all compared arms; the default is that of
        the `arm`. If several arms have different ones, or a value is that of the arm and not of the
        baseline, it names those of all, and the values are choices.
    social_share
        Values of s, the share of taste that is social.
    other_slots
        Posts per session.
    readings
        What becomes of slots that a feed cannot fill, ``"filled"``, ``"empty"`` or ``"shared"``.
    posts
        Shares of the posts, see :func:`graphkit.simulation.thin_posts`.
    rng
        Seed of the posts that stay.

    Returns
    -------
    list of Condition

    Raises
    ------
    OptionError
        For a share out of range.
    MissingDataError
        For an unknown arm.

    Examples
    --------
    >>> import graphkit as gk
    >>> world = gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), ticks=3, rng=1)
    >>> arms = {"a": gk.follower_centric(), "b": gk.interest_centric()}
    >>> [c.name for c in conditions_of(world, arms, arm="b", baseline="a", rng=1)][:4]
    ['cold start', 'profile noise = 0.5', '30 % of posts misread', '70 % of posts misread']
    """
    population = [worlds] if isinstance(worlds, World) else list(worlds)
    behaviour = behaviour or Behaviour()
    compared = [arm] if isinstance(arm, str) else list(arm)
    for name in (*compared, baseline):
        if name not in arms:
            raise MissingDataError(
                f"no arm {name!r}.{nearest(name, arms)} Arms: {', '.join(map(str, arms))}."
            )
    seed, found = Streams(rng).seed, list[Condition]()
    known = population[0].provenance.parameters
    own = {name: float(known.get(name, 0.0)) for name in ("profile_noise", "feature_noise")}
    if cold_start and not known.get("cold_start", False):
        cold = [perturb_world(world, cold_start=True) for world in population]
        cold_one = Condition("profiles at the start", "all alike", "of each account", worlds=cold)
        found.append(replace(cold_one, label="cold start"))
    for name, values in (("profile_noise", profile_noise), ("feature_noise", feature_noise)):
        for value in values:
            noisy = _noise_condition(population, name, check_number(name, value, 0, 1), own[name])
            if name == "profile_noise" and known.get("cold_start", False):
                why = "the profiles of a cold start are all alike."
                noisy = [replace(one, worlds=None, refused=why) for one in noisy]
            found += noisy
    feeds = {name: arms[name] for name in (*compared, baseline)}
    penalties = {name: feeds[name].topic_penalty for name in compared}
    penalty: Value = arms[compared[0]].topic_penalty
    if len(set(penalties.values())) > 1 or penalty in topic_penalty:
        penalty = ", ".join(f"{feed.topic_penalty:g} in {name}" for name, feed in feeds.items())
    for value in topic_penalty:
        changed = {name: feed.but(feed.name, topic_penalty=value) for name, feed in feeds.items()}
        if any(feed.topic_penalty != value for feed in feeds.values()):
            found.append(Condition("topic penalty", value, penalty, arms=changed))
    for s in social_share:
        if s != behaviour.social_share:
            other = replace(behaviour, social_share=s)
            found.append(Condition("s", s, behaviour.social_share, behaviour=other))
    found += [Condition("slots", n, slots, slots=n) for n in other_slots if n != slots]
    check_choice("reading", reading, _READINGS)
    for one in readings:
        check_choice("readings", one, _READINGS)
        if one != reading:
            label = _READINGS[one]
            found.append(Condition("open slots", one, reading, reading=one, label=label))
    for share in posts:
        if check_number("posts", share, 0, 1, low_open=True) < 1:
            found.append(_post_condition(population, share, seed))
    return found


def _noise_condition(
    worlds: Sequence[World], name: str, value: float, own: float
) -> list[Condition]:
    """The condition of so much noise, if the worlds have another amount."""
    if value == own:
        return []
    label = f"{100 * value:g} % of posts misread" if name == "feature_noise" else None
    dimension = "share of posts misread" if label else "profile noise"
    condition = Condition(dimension, value, own, label=label)
    if value < own:
        return [replace(condition, refused=f"the worlds have more noise, {own:g}.")]
    # on top of the noise that is there, in such a way that both make the value
    added = value if name == "feature_noise" else (value - own) / (1 - own)
    noise: dict[str, Any] = {name: added}
    changed = [perturb_world(world, **noise) for world in worlds]
    return [replace(condition, worlds=changed)]


def _post_condition(worlds: Sequence[World], share: float, seed: int) -> Condition:
    """The condition of so many posts."""
    condition = Condition("share of posts", share, 1.0)
    try:
        return replace(condition, worlds=[thin_posts(world, share, rng=seed) for world in worlds])
    except DataError as error:
        return replace(condition, refused=str(error))


def partition_conditions(
    worlds: World | Sequence[World],
    partitions: Mapping[Value, Partition | Sequence[Partition]],
    *,
    kind: str = "interest",
    dimension: str = "partition",
    default: Value | None = None,
) -> tuple[list[World], list[Condition]]:
    """The worlds with other partitions as further kinds, and the condition of each.

    They need no simulation of their own: exposure is tallied under every kind of partition at once.

    Parameters
    ----------
    worlds
        Worlds that have a partition of this `kind`.
    partitions
        By value of the dimension, such as the resolution or "seed 2": a partition, or one for each
        of worlds that were made independently. Accounts that it lacks are unassigned.
    kind
        The kind that they stand for.
    dimension, default
        Of the conditions; the default is by default the `kind`.

    Returns
    -------
    worlds : list of World
        With further kinds, called "interest, resolution 2", say.
    conditions : list of Condition

    Raises
    ------
    OptionError
        If there is not one partition for each world.
    MissingDataError
        If the worlds have no partition of this kind.
    DataError
        If a partition puts no account of a world into a community.

    Examples
    --------
    >>> import graphkit as gk
    >>> platform = gk.synthetic.platform(60, communities=2, rng=1)
    >>> world = gk.build_world(platform, ticks=3, rng=1)
    >>> (more,), conditions = partition_conditions(
    ...     world, {"by name": platform.truth}, kind="planted"
    ... )
    >>> list(more.partitions), conditions[0].name
    (['planted', 'planted, partition by name'], 'partition = by name')
    """
    population = [worlds] if isinstance(worlds, World) else list(worlds)
    found = []
    for world in population:
        if kind not in world.partitions:
            raise MissingDataError(
                f"partition_conditions: no partition {kind!r}.{nearest(kind, world.partitions)} "
                f"Kinds: {', '.join(world.partitions)}."
            )
    for value, given in partitions.items():
        each = [given] * len(population) if isinstance(given, Partition) else list(given)
        if len(each) != len(population):
            raise OptionError(
                f"partition_conditions: {len(each)} partitions for {len(population)} worlds: one "
                "for each is needed, or a single one."
            )
        name = f"{kind}, {dimension} {_value_text(value)}"
        population = [
            _with_partition(world, name, one) for world, one in zip(population, each, strict=True)
        ]
        own = kind if default is None else default
        found.append(Condition(dimension, value, own, partition={kind: name}))
    return population, found


def _with_partition(world: World, kind: str, partition: Partition) -> World:
    """The world with a further partition of its accounts, and the homes of its posts by it."""
    codes = partition.vocabulary.lookup(world.accounts.ids)
    membership = np.where(codes >= 0, partition.membership[codes], -1)
    if (membership < 0).all():
        raise DataError(
            f"partition_conditions: {kind!r} puts none of the accounts into a community; its nodes "
            f"are {partition.node_kind}."
        )
    own = Partition.from_membership(
        world.accounts,
        membership,
        labels=[partition.name(c) for c in range(partition.n_communities)],
        node_kind="accounts",
        provenance=partition.provenance,
    )
    of = choose_introducers(world.poster_indptr, world.posters, world.post_keys, world.account_keys)
    return replace(
        world,
        partitions={**world.partitions, kind: own},
        homes={**world.homes, kind: own.membership[of]},
    )


def condition_rows(
    condition: Condition, found: pl.DataFrame | str, *, arm: str = "", baseline: str = ""
) -> pl.DataFrame:
    """Contrasts over all communities under a condition, with what it changes in front.

    Parameters
    ----------
    condition
        The condition.
    found
        Contrasts, as of :attr:`graphkit.measures.Contrast.frame`; or why it cannot be run.
    arm, baseline
        Of a condition that cannot be run.

    Returns
    -------
    polars.DataFrame
        The columns condition, dimension, value and default, then those of the contrasts. Of other
        partitions, rows under the kinds that they stand for. What cannot be run is one row without
        a measure, whose direction says why.
    """
    values = (condition.name, condition.dimension, condition.value, condition.default)
    texts = dict(zip(("condition", *COLUMNS), map(_value_text, values), strict=True))
    names = [pl.lit(text, pl.String).alias(name) for name, text in texts.items()]
    if isinstance(found, str):
        kinds = list(condition.partition or [None])
        row = {"arm": arm, "baseline": baseline, "direction": f"{CANNOT_RUN}: {found}"}
        texts_only = dict.fromkeys(("partition", "community", "measure", *row), pl.String)
        stopped = [{"partition": kind, **row} for kind in kinds]
        return pl.DataFrame(stopped, schema=texts_only).select(*names, pl.all())
    rows = found.filter(pl.col("community").is_null())
    if condition.partition is not None:
        stands_for = {kind: own for own, kind in condition.partition.items()}
        rows = rows.filter(pl.col("partition").is_in(list(stands_for)))
        rows = rows.with_columns(pl.col("partition").replace_strict(stands_for))
    return rows.select(*names, pl.all())

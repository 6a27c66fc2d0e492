"""Checks of the arguments of simulations, before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from graphkit.data.spread import arrival_columns
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_integer,
    warn,
)
from graphkit.graphs.options import memory_budget
from graphkit.graphs.planning import size_text
from graphkit.recommenders.arms import check_arms
from graphkit.recommenders.feed import Feed

if TYPE_CHECKING:
    from graphkit.measures.payouts import Payout

#: Most slots per session if shared ones are counted, in a byte each.
MOST_SLOTS = 255


def check_population(worlds: World | Sequence[World]) -> tuple[World, ...]:
    """One world, or several, as a tuple.

    Raises
    ------
    DataError
        For anything else.
    """
    several: Iterable[World] = (worlds,) if isinstance(worlds, World) else worlds
    if isinstance(several, str) or not isinstance(several, Iterable):
        several = (several,)
    population = tuple(several)
    for world in population:
        if not isinstance(world, World):
            kind = type(world).__name__
            how = {
                "Dataset": " graphkit.build_world(dataset, partition) makes one.",
                "Platform": " graphkit.build_world(platform) makes one.",
            }.get(kind, "")
            raise DataError(f"worlds: a {kind} is not a World. Give one, or a list of them.{how}")
    return population


def check_arguments(
    population: Sequence[World],
    arms: Mapping[str, Feed],
    ticks: int,
    replications: int,
    slots: int,
    budget: str,
    reading: str,
    what: str = "simulate_spread",
) -> tuple[int, int, int, Mapping[str, Feed]]:
    """Ticks, replications and slots as integers, and the feeds as they run under the reading.

    Raises
    ------
    OptionError, DataError, MissingDataError
        For what `what` cannot use.
    """
    check_arms(arms, what)
    check_choice("budget", budget, ("matched", "free"))
    check_choice("reading", reading, ("filled", "empty", "shared"))
    ticks = check_integer("ticks", ticks, 1)
    replications = check_integer("replications", replications, 1)
    slots = check_integer("slots", slots, 1)
    if not population or not arms:
        raise OptionError(f"{what} needs at least one world and one arm.")
    if reading == "shared":
        check_shared(arms, slots, budget)
    if reading != "filled":
        arms = {name: feed.but(feed.name, filler="empty") for name, feed in arms.items()}
    check_worlds(population, arms, ticks)
    return ticks, replications, slots, arms


def check_shared(arms: Mapping[str, Feed], slots: int, budget: str) -> None:
    """Raise unless slots can be shared."""
    if len(arms) < 2:
        raise OptionError(
            f"reading='shared' tallies slots that all arms fill: two arms are needed, not {len(arms)}. "
            "For one arm, use reading='empty'."
        )
    if budget != "matched":
        raise OptionError(
            f"reading='shared' needs budget='matched', not {budget!r}: under a free budget arms differ "
            "in their sessions, and share no slots. Use reading='empty'."
        )
    if slots > MOST_SLOTS:
        raise OptionError(
            f"slots={slots}: reading='shared' counts up to {MOST_SLOTS} slots per session."
        )


def check_worlds(worlds: Sequence[World], arms: Mapping[str, Feed], ticks: int) -> None:
    """Raise for worlds without the data that an arm's sources need.

    Weights of follows and places, and the source of groups, have no effect in a world without
    them, so that presets with groups run on data without memberships.
    """
    for w, world in enumerate(worlds):
        if int(world.ticks.min()) >= ticks:
            raise DataError(
                f"world {w}: no post enters before tick {int(world.ticks.min())}, and ticks={ticks}: "
                "nothing could be shown. Run for longer."
            )
        for name, feed in arms.items():
            _check_feed(name, feed, w, world)


def _check_feed(name: str, feed: Feed, w: int, world: World) -> None:
    quota = feed.sources.get
    social = [s for s in ("following", "circle") if quota(s, 0)]
    if social and not world.follows.n_edges:
        raise MissingDataError(
            f"arm {name!r} shows what followees post or react to ({', '.join(social)}), but world "
            f"{w} has no follows: leave these sources out, or build it from data with follows."
        )
    if quota("interest", 0) or feed.weights.get("interest", 0.0):
        blank = "features of posts" * (not world.post_features.any())
        blank = blank or "profiles" * (not world.profiles.any())
        if blank:
            raise MissingDataError(
                f"arm {name!r} ranks by interest, but world {w} has no {blank}: it was made "
                "without tags, or from too little history."
            )


def check_payout(
    payout: Payout | str | None, budget: str, population: Sequence[World]
) -> Payout | None:
    """The payout scheme of this name, if any.

    Raises
    ------
    OptionError, DataError
        For a scheme to which no creator could respond.
    """
    if payout is None:
        return None
    # only here: measures are not needed for simulation
    from graphkit.measures.payouts import find_payout

    scheme = find_payout(payout)
    if budget != "free":
        raise OptionError(
            f"payout={scheme.name!r} needs budget='free', not {budget!r}: under a matched budget posts "
            "are the same whatever creators earn. For incomes alone, use graphkit.measures.income."
        )
    for w, world in enumerate(population):
        if not world.authored:
            raise DataError(
                f"world {w}: posts are introduced by seeders, who did not make them and earn nothing: "
                "leave out the payout, or build the world with posts='authored'."
            )
    return scheme


def community_bytes(worlds: Sequence[World], runs: int) -> int:
    """Bytes of the tallies by community of all runs.

    Per kind of partition and run, these are the int32 counts, (m + n)(C + 1) of them, and the
    int16 ages at arrivals, m · min(C − 1, 8).
    """
    held = sum(
        4 * (world.n_posts + world.n_accounts) * (partition.n_communities + 1)
        + 2 * world.n_posts * arrival_columns(partition.n_communities)
        for world in worlds
        for partition in world.partitions.values()
    )
    return held * runs


def warn_of_tallies(worlds: Sequence[World], runs: int) -> None:
    """Warn if the counts by community of all runs would not fit into memory."""
    needed, budget = community_bytes(worlds, runs), memory_budget(None)
    if needed <= budget:
        return
    kind, most = max(
        ((kind, p.n_communities) for world in worlds for kind, p in world.partitions.items()),
        key=lambda each: each[1],
    )
    warn(
        f"simulate_spread: counts of posts and accounts by community will take {size_text(needed)}, "
        f"and {size_text(budget)} may be used: the partition {kind!r} has {most:,} communities. "
        "Find fewer and larger ones, or simulate fewer arms, worlds or replications at a time."
    )

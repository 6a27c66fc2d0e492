"""simulate_spread: the same worlds shown through several feeds, fairly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphkit.data.provenance import Provenance
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError, check_choice
from graphkit.progress import track
from graphkit.recommenders.feed import SOURCES, Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.behaviour import Behaviour

__all__ = ["simulate_spread"]

SOURCE_NAMES = (*SOURCES, "filler")


def simulate_spread(
    worlds: World | Sequence[World],
    arms: Mapping[str, Feed],
    *,
    ticks: int,
    replications: int = 1,
    slots: int = 10,
    budget: str = "matched",
    behaviour: Behaviour | None = None,
    rng: RNGLike | None = None,
) -> Spread:
    """Show every world through every feed and tally who is shown what.

    In each tick, each account that opens the feed is shown `slots` unseen posts: candidates
    of the feed's sources are scored, chosen greedily with its diversity rule, and, where
    they do not suffice, filled by its filler rule. The viewer reacts (see
    :class:`Behaviour`), the feed learns its profile, and the circle sees the reactions from
    the next tick on.

    Every draw is a hash of (seed, world, replication, event, account key, post key): what
    a viewer would draw for a post depends neither on the arm nor on the order of anything.

    Parameters
    ----------
    worlds
        One world, or several of :func:`graphkit.resample_worlds`.
    arms
        Feeds by the names of the arms.
    ticks
        Ticks to run, at least 1.
    replications
        Random repeats within each world, with other draws.
    slots
        Posts per session.
    budget
        ``"matched"``: posts, sessions and slots are exogenous and equal in all arms;
        leaving and returning are recorded as propensities. ``"free"``: they are acted on.
    behaviour
        Parameters of the viewers; the documented assumptions if absent.
    rng
        Seed.

    Returns
    -------
    Spread

    Raises
    ------
    OptionError
        For zero ticks, no arms, and other values out of range.
    MissingDataError
        If a feed needs follows or features that a world does not have.
    DataError
        If a world is exhausted under ``matched``: some viewer has seen every post.
    """
    from graphkit.simulation._engine import Run
    from graphkit.simulation._stage import Prepared, prepare

    population = (worlds,) if isinstance(worlds, World) else tuple(worlds)
    behaviour = behaviour or Behaviour()
    _check(population, arms, ticks, replications, slots, budget)
    streams = Streams(rng)
    tallies: dict[tuple[str, int, int], ArmTally] = {}
    jobs = [
        (w, r, arm) for w in range(len(population)) for r in range(replications) for arm in arms
    ]
    scene: Prepared | None = None
    for w, r, arm in track(jobs, "simulating", len(jobs)):
        if scene is None or scene.world is not population[w]:
            scene = prepare(population[w], list(arms.values()))
        seed = streams.integer("draws", w, r)
        run = Run(
            scene, arms[arm], behaviour,
            ticks=ticks, slots=slots, free=budget == "free", seed=seed,
        )  # fmt: skip
        for t in range(ticks):
            _, _, missing = run.step(t)
            if missing and arms[arm].filler != "empty" and budget == "matched":
                raise DataError(
                    f"arm {arm!r}, world {w}: in tick {t} {missing} slots cannot be filled: some "
                    f"viewers have seen every post that has entered. Fewer ticks or slots, or more "
                    f"or earlier posts ({population[w].n_posts} now) are needed."
                )
        tallies[arm, w, r] = run.tally()
    if budget == "matched":
        _assert_matched(tallies, tuple(arms), len(population), replications)
    return Spread(
        population, tuple(arms), tallies, replications, SOURCE_NAMES, budget,
        behaviour.calibrated,
        Provenance.of(
            "simulate_spread",
            {
                "arms": {name: _numbers(feed) for name, feed in arms.items()},
                "ticks": ticks, "replications": replications, "slots": slots, "budget": budget,
                "behaviour": dict(behaviour.frame.iter_rows()),
            },
            seed=streams.seed, made_from=population, packages=("numba", "numpy"),
        ),
    )  # fmt: skip


def _numbers(feed: Feed) -> dict[str, object]:
    rows = feed.frame.select("part", "key", "value").iter_rows()
    return {f"{part}.{key}": value for part, key, value in rows} | {"filler": feed.filler}


def _check(
    worlds: tuple[World, ...], arms: Mapping[str, Feed], ticks: int, replications: int, slots: int,
    budget: str,
) -> None:  # fmt: skip
    check_choice("budget", budget, ("matched", "free"))
    for name, value in (("ticks", ticks), ("replications", replications), ("slots", slots)):
        if value < 1:
            raise OptionError(f"{name}={value}: at least 1 is needed.")
    if not worlds or not arms:
        raise OptionError("simulate_spread needs at least one world and one arm.")
    for w, world in enumerate(worlds):
        for name, feed in arms.items():
            social = feed.sources.get("following", 0) or feed.sources.get("circle", 0)
            if social and not world.follows.n_edges:
                raise MissingDataError(
                    f"arm {name!r} shows what followees post or react to, but world {w} has no follows."
                )
            wanted = feed.sources.get("interest", 0) or feed.weights.get("interest", 0.0)
            if wanted and not (world.post_features.any() and world.profiles.any()):
                raise MissingDataError(
                    f"arm {name!r} ranks by interest, but world {w} has no features of posts or no "
                    "profiles: it was made without tags."
                )


def _assert_matched(
    tallies: Mapping[tuple[str, int, int], ArmTally], arms: tuple[str, ...], worlds: int, reps: int
) -> None:
    """Equal sessions and impressions in all arms, or the comparison is not fair."""
    for w in range(worlds):
        for r in range(reps):
            held = {
                (tallies[a, w, r].sessions, tallies[a, w, r].impressions + tallies[a, w, r].empty)
                for a in arms
            }
            if len(held) > 1:
                raise AssertionError(f"arms differ in sessions or slots under 'matched': {held}")

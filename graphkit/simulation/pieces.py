"""Piece of a simulation: some arms in one replication of one world, wherever it is computed.

Pieces depend on no other: their tallies are those of a simulation of all worlds, replications and
arms, in this process or in another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphkit.data.spread import ArmTally
from graphkit.data.world import World
from graphkit.errors import DataError
from graphkit.parallel import refuse_after_fork, spare_cores, stop_if_over
from graphkit.recommenders.feed import Feed
from graphkit.simulation.arrays import SimulationArrays, prepare_arrays
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.engine import Run
from graphkit.simulation.shared_slots import shared_slots


@dataclass(frozen=True)
class Piece:
    """Some arms in one replication of a world, which is given apart, as it is large.

    Attributes
    ----------
    arms
        Feeds by arm; of shared slots all arms that share them. If open slots stay empty, the
        filler of each is ``"empty"``.
    wanted
        The arms to tally.
    world, replication
        Numbers, for messages.
    seed
        Of all common random numbers of this replication of this world.
    ticks, slots, budget, reading, behaviour
        As in :func:`simulate_spread`.
    """

    arms: Mapping[str, Feed]
    wanted: tuple[str, ...]
    world: int
    replication: int
    seed: int
    ticks: int
    slots: int
    budget: str
    reading: str
    behaviour: Behaviour

    def arrays(self, world: World) -> SimulationArrays:
        """The world's arrays for these arms."""
        return prepare_arrays(world, list(self.arms.values()))


def simulate_piece(world: World, piece: Piece) -> dict[str, ArmTally]:
    """Tallies of the wanted arms of a piece, the same as those of :func:`simulate_spread`.

    Parameters
    ----------
    world
        The world of the piece.
    piece
        Arms and numbers.

    Raises
    ------
    DataError
        If the world is exhausted under a matched budget.

    Examples
    --------
    >>> import graphkit as gk
    >>> from graphkit.recommenders import uniform
    >>> from graphkit.rng import Streams
    >>> world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    >>> seed = Streams(1).integer("draws", 0, 0)
    >>> numbers = {"ticks": 2, "slots": 3, "budget": "matched", "reading": "filled"}
    >>> arms = {"uniform": uniform()}
    >>> piece = Piece(arms, ("uniform",), 0, 0, seed, **numbers, behaviour=Behaviour())
    >>> spread = gk.simulate_spread(world, arms, ticks=2, slots=3, rng=1)
    >>> simulate_piece(world, piece)["uniform"] == spread.tallies["uniform", 0, 0]
    True
    """
    return dict(tally_arms(piece.arrays(world), piece))


def tally_arms(arrays: SimulationArrays, piece: Piece) -> Iterator[tuple[str, ArmTally]]:
    """Simulate one wanted arm of a piece after the other, so that tallies need not be kept.

    Shared slots are counted in a run of every arm first; an arm all of whose slots are shared is
    not run again.
    """
    refuse_after_fork()
    options: dict[str, Any] = {"ticks": piece.ticks, "slots": piece.slots, "seed": piece.seed}
    options["free"] = piece.budget == "free"
    shared, whole = None, dict[str, ArmTally]()
    if piece.reading == "shared":
        shared = shared_slots(arrays, piece.behaviour, **options)
        for arm in piece.arms:
            run = _run(arrays, piece, arm, options | {"shared": shared, "counting": True})
            if arm in piece.wanted and int(run.sources.sum()) == shared.size:
                whole[arm] = run.tally()
    held: set[tuple[int, int, int]] = set()
    for arm in piece.wanted:
        tally = whole.pop(arm, None)
        if tally is None or (shared is not None and tally.impressions != shared.size):
            tally = _run(arrays, piece, arm, options | {"shared": shared}).tally()
        held.add((tally.sessions, tally.offered, 0 if shared is None else tally.impressions))
        if piece.budget == "matched" and len(held) > 1:
            raise AssertionError(f"arms differ in sessions or slots under 'matched': {held}")
        yield arm, tally


def _run(arrays: SimulationArrays, piece: Piece, arm: str, options: dict[str, Any]) -> Run:
    """One arm, simulated to the end."""
    feed = piece.arms[arm]
    run = Run(arrays, feed, piece.behaviour, **options, workers=spare_cores())
    for t in range(piece.ticks):
        stop_if_over()
        missing = run.step(t)[2]
        if missing and feed.filler != "empty" and piece.budget == "matched":
            raise exhausted_error(arm, piece.world, t, missing, arrays.world)
    return run


def exhausted_error(arm: str, number: int, t: int, missing: int, world: World) -> DataError:
    """Error for slots of a tick that no post is left for."""
    return DataError(
        f"arm {arm!r}, world {number}: in tick {t} {missing} slots cannot be filled: some "
        f"viewers have seen every post that has entered. Fewer ticks or slots, or more or earlier "
        f"posts ({world.n_posts} now) are needed."
    )

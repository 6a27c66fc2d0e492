"""Piece of a simulation: some arms in one replication of one world, wherever it is computed.

Pieces depend on no other: their tallies are those of a simulation of all worlds, replications and
arms, in this process or in another, to the byte.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from graphkit.data.provenance import Provenance
from graphkit.data.spread import ArmTally
from graphkit.data.world import World
from graphkit.errors import DataError, OptionError, shorten
from graphkit.parallel import Parcel, in_executor, refuse_after_fork, spare_cores, stop_if_over
from graphkit.recommenders.feed import Feed
from graphkit.simulation.arrays import SimulationArrays, prepare_arrays
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.engine import Run
from graphkit.simulation.shared_slots import shared_slots

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from graphkit.measures.payouts import Payout

Result = TypeVar("Result")

#: Pieces into which work for an executor is divided, if arms can be simulated apart.
ENOUGH = 16
#: The arrays of the last world in each thread of a worker.
_last = threading.local()


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
    ticks, slots, budget, reading, behaviour, payout
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
    payout: Payout | None = None

    def arrays(self, world: World) -> SimulationArrays:
        """The world's arrays for these arms."""
        return prepare_arrays(world, list(self.arms.values()))

    @property
    def searches(self) -> bool:
        """Whether an arm searches the index of posts, which is else not in the arrays."""
        return any(feed.sources.get("interest", 0) for feed in self.arms.values())

    def __str__(self) -> str:
        arms = ", ".join(map(repr, self.wanted[:3])) + ", …" * (len(self.wanted) > 3)
        return f"world {self.world}, replication {self.replication} (arms {arms})"


def tally_piece(arrays: SimulationArrays, piece: Piece) -> dict[str, ArmTally]:
    """Tallies of the wanted arms of a piece, the same as those of :func:`simulate_spread`."""
    return dict(tally_arms(arrays, piece))


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
    options = {**options, "payout": piece.payout, "workers": spare_cores()}
    run = Run(arrays, feed, piece.behaviour, **options)
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


def pieces_of(
    missing: Sequence[tuple[str, int, int]],
    arms: Mapping[str, Feed],
    seed: Callable[[int, int], int],
    *,
    apart: bool,
    **numbers: Any,
) -> list[Piece]:
    """The missing runs (arm, world, replication) as pieces, in their order.

    Parameters
    ----------
    missing
        Runs to tally.
    arms
        All arms; with shared slots they are in every piece.
    seed
        Of the draws, by world and replication.
    apart
        Whether the arms of a replication are divided over pieces, for an executor, if there are few.
    **numbers
        The other attributes of :class:`Piece`.
    """
    by_pair: dict[tuple[int, int], list[str]] = {}
    for arm, w, r in missing:
        by_pair.setdefault((w, r), []).append(arm)
    shared, found = numbers["reading"] == "shared", []
    for (w, r), wanted in by_pair.items():
        parts = -(-ENOUGH // len(by_pair)) if apart and not shared else 1
        step = -(-len(wanted) // parts)
        for begin in range(0, len(wanted), step):
            some = tuple(wanted[begin : begin + step])
            running = dict(arms) if shared else {arm: arms[arm] for arm in some}
            found.append(Piece(running, some, w, r, seed(w, r), **numbers))
    return found


def on_executor(
    executor: Executor,
    work: Callable[[SimulationArrays, Piece], Result],
    worlds: Sequence[World],
    pieces: Sequence[Piece],
    *,
    keep: Callable[[int, Result], None],
    kept: str,
) -> None:
    """Call ``keep(number, work(arrays, piece))`` for all pieces, as they finish.

    Parameters
    ----------
    executor
        Of any kind, see :func:`graphkit.parallel.in_executor`.
    work
        Function of a module.
    worlds
        All worlds.
    pieces
        Pieces of them.
    keep, kept
        As for :func:`graphkit.parallel.in_executor`.

    Raises
    ------
    OptionError
        If a feed cannot be sent, or a worker has other versions.
    GraphkitError
        As for :func:`graphkit.parallel.in_executor`.
    """
    sent: dict[int, bytes] = {}
    parcels = []
    for piece in pieces:
        world = worlds[piece.world]
        if piece.world not in sent:
            sent[piece.world] = pickle.dumps(world, pickle.HIGHEST_PROTOCOL)
        own = work, _versions(), world.content_key, piece
        parcels.append(Parcel(str(piece), sent[piece.world], _packed(own, piece)))
    in_executor(*(executor, work_on_parcel, parcels, "simulating"), keep=keep, kept=kept)


def _packed(own: object, piece: Piece) -> bytes:
    try:
        return pickle.dumps(own, pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        own_scores = [arm for arm, feed in piece.arms.items() if feed.score is not None]
        raise OptionError(
            f"a score function cannot be sent to the executor (arms {', '.join(own_scores)}: "
            f"{shorten(str(error), 120)}). Define it at the top level of a module."
        ) from error


def work_on_parcel(shared: bytes, own: bytes) -> Any:
    """Unpack a piece in a worker, and work on it; the last world's arrays are held in between."""
    try:
        work, versions, key, piece = pickle.loads(own)
    except (AttributeError, ModuleNotFoundError) as error:
        if getattr(error, "name", None) == "graphkit":
            raise
        raise OptionError(
            f"a worker cannot find a score function ({error}). Put it into a module that workers "
            "can import."
        ) from error
    if versions != _versions():
        raise OptionError(
            f"a worker has {_told(_versions())}, and this process {_told(versions)}: results would "
            "differ. Install the same versions."
        )
    held = (key, piece.searches)
    if getattr(_last, "held", None) != held:
        _last.held = _last.arrays = None  # not two worlds at a time
        _last.arrays, _last.held = piece.arrays(pickle.loads(shared)), held
    return work(_last.arrays, piece)


def _versions() -> dict[str, str]:
    return dict(Provenance.of("simulate_spread", packages=("numba", "numpy")).versions)


def _told(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())

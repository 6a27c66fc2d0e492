"""Answers: duets and stitches that became posts during a run, and the world that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.errors import DataError
from graphkit.kernels.state import E_DUET, E_QUALITY, E_STITCH

Floats = npt.NDArray[np.floating]
Keys = npt.NDArray[np.uint64]

#: Codes of :attr:`Answers.kind`, as in the column kind of :attr:`ArmTally.shares`.
DUETS, STITCHES = 1, 2
#: Beginning of the ids of answers.
_ID = "~answer-"


def _no_codes() -> npt.NDArray[np.int32]:
    return np.zeros(0, np.int32)


@dataclass(frozen=True, repr=False, eq=False)
class Answers(Frozen, table="frame"):
    """Duets and stitches that became posts in one run under a free budget, A of them.

    They are the last A posts of :meth:`Spread.world_of`, in the order in which they entered: by
    tick, and within a tick by key.

    Attributes
    ----------
    author
        int32, shape (A,): account that answered.
    parent
        int32, shape (A,): post that was answered, as a row of the tally; it may be an answer.
    kind
        int8, shape (A,): 1 duet, 2 stitch.
    tick
        int32, shape (A,): tick at which the answer entered.
    mix
        Share of the parent in the content of an answer, see :class:`graphkit.simulation.Behaviour`.
    late, left, quit, declined
        Duets and stitches that did not become posts: due after the last tick; due when their
        author had left for good, or had given up posting; and reactions without a post, by
        ``Behaviour.answer_posts``, or since the world, if it is that after another run, has the
        same answer.
    """

    author: npt.NDArray[np.int32] = field(default_factory=_no_codes)
    parent: npt.NDArray[np.int32] = field(default_factory=_no_codes)
    kind: npt.NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    tick: npt.NDArray[np.int32] = field(default_factory=_no_codes)
    mix: float = 0.5
    late: int = 0
    left: int = 0
    quit: int = 0
    declined: int = 0

    def __post_init__(self) -> None:
        shape = (np.size(self.author),)
        self._set_arrays(shape, author=np.int32, parent=np.int32, kind=np.int8, tick=np.int32)
        if self.kind.size and not np.isin(self.kind, (DUETS, STITCHES)).all():
            raise DataError("answers: kind must be 1 (duet) or 2 (stitch).")
        if (np.diff(self.tick) < 0).any():
            raise DataError("answers: tick must ascend: answers are in the order of entering.")

    def __len__(self) -> int:
        return self.author.size

    @property
    def none(self) -> bool:
        """Whether there was neither an answer nor a duet or stitch that did not become one."""
        return not (len(self) or self.late or self.left or self.quit or self.declined)

    @property
    def frame(self) -> pl.DataFrame:
        """One row per answer: author, parent, kind (``"duet"`` or ``"stitch"``), tick."""
        kinds = pl.Series(["", "duet", "stitch"]).gather(self.kind.astype(np.int64))
        return pl.DataFrame(
            {"author": self.author, "parent": self.parent, "kind": kinds, "tick": self.tick}
        )

    def _facts(self) -> dict[str, object]:
        return {
            "answers": len(self),
            "duets": int((self.kind == DUETS).sum()),
            "stitches": int((self.kind == STITCHES).sum()),
            "due after the last tick": self.late,
            "author had left": self.left,
            "author had given up posting": self.quit,
            "reactions without a post": self.declined,
        }


def answer_keys(kind: npt.NDArray[np.int8], author_keys: Keys, parent_keys: Keys) -> Keys:
    """Keys of answers: equal wherever the same account answers the same post in the same way.

    Parameters
    ----------
    kind
        Shape (A,): 1 duet, 2 stitch.
    author_keys, parent_keys
        Shape (A,): keys of the accounts that answered, and of the posts that they answered.
    """
    from graphkit.kernels.random import hash_pairs

    events = np.where(kind == DUETS, E_DUET, E_STITCH)
    found: Keys = hash_pairs(events, author_keys, parent_keys)
    return found


def answer_quality(
    keys: Keys, parent: npt.NDArray[np.float32], mix: float
) -> npt.NDArray[np.float32]:
    """Quality of answers: mix · that of the parent + (1 − mix) · a uniform draw by the key.

    An assumption: an answer replays the clip, and adds something of no quality that is known.
    """
    from graphkit.kernels.random import draw_all

    own = draw_all(np.uint64(0), E_QUALITY, keys, 0)
    return np.asarray(mix * parent.astype(np.float64) + (1 - mix) * own, dtype=np.float32)


def mix_features(parent: Floats, own: Floats, mix: float) -> npt.NDArray[np.float32]:
    """Features of answers: unit(mix · parent + (1 − mix) · own); those of the parent where it is 0.

    Examples
    --------
    >>> rows = np.eye(2, dtype=np.float32)
    >>> (mix_features(rows, rows[::-1], 0.5) ** 2).round(3).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    >>> mix_features(rows, -rows, 0.5).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    rows = mix * parent.astype(np.float64) + (1 - mix) * own.astype(np.float64)
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    found = np.divide(rows, length, out=parent.astype(np.float64), where=length > 0)
    return np.asarray(found, dtype=np.float32)


def answer_ids(posts: Vocabulary, size: int) -> list[Any]:
    """Ids of so many answers, in order, behind all ids of the posts and unlike them.

    Raises
    ------
    DataError
        If integers cannot go on behind those of the posts.

    Examples
    --------
    >>> answer_ids(Vocabulary(["a", "b"]), 2)
    ['~answer-0000000001', '~answer-0000000002']
    >>> answer_ids(Vocabulary([3, 8]), 2)
    [9, 10]
    """
    numbers = range(1, size + 1)
    # of some kinds of ids the array cannot be made without a copy: one element is enough
    last = posts.series[-1] if posts.kind != "object" else posts.ids[-1]
    if posts.kind == "int":
        if last + size > np.iinfo(np.int64).max:
            raise DataError(
                f"ids of posts reach {last}, so that 64 bits cannot hold those of {size:,} answers, "
                "which follow them: give the posts smaller ids, or text."
            )
        return [last + k for k in numbers]
    if posts.kind == "str":
        begin = _ID if last < _ID else f"{last}{_ID}"
        return [f"{begin}{k:010d}" for k in numbers]
    # objects are ordered by the names of their types, and among usual ones tuples come last
    first = last if isinstance(last, tuple) else ()
    return [(*first, f"{_ID}{k:010d}") for k in numbers]


def world_with_answers(world: World, answers: Answers) -> World:
    """The world after a run: its posts, in their order, and behind them the answers.

    An answer has the duration, divisiveness and flag of its parent, both forms replaying the clip,
    the country, language, leaning and communities of its author, who is its only poster, and is
    not cross-posted. Its features and quality mix those of the parent with the author's interests
    (for feeds, their initial profile); like those of all posts in a world, they are without the
    adaptation of content during a run.

    Parameters
    ----------
    world
        The world that was simulated.
    answers
        Those of a run of it.

    Raises
    ------
    DataError
        If the answers are of another world.
    """
    count, m, n = len(answers), world.n_posts, world.n_accounts
    if not count:
        return world
    author, parent = answers.author, answers.parent
    within = int(author.min()) >= 0 and int(author.max()) < n and int(parent.min()) >= 0
    if not within or (parent >= m + np.searchsorted(answers.tick, answers.tick)).any():
        raise DataError("answers: an account or a parent is not in this world.")

    def extended(name: str) -> npt.NDArray[Any]:
        values = getattr(world, name)
        return np.concatenate([values, np.zeros((count, *values.shape[1:]), values.dtype)])

    copied = ("durations", "divisiveness", "flagged")
    names = ["post_keys", "post_features", "taste_features", "quality"]
    names += [name for name in copied if getattr(world, name) is not None]
    made: dict[str, Any] = {name: extended(name) for name in names}
    own = {"post_features": world.profiles, "taste_features": world.interests}
    # a parent has entered in an earlier tick than its answers
    starts = np.flatnonzero(np.diff(answers.tick, prepend=-1)).tolist()
    for low, high in zip(starts, [*starts[1:], count], strict=True):
        some, of, by = slice(m + low, m + high), parent[low:high], author[low:high]
        keys = answer_keys(answers.kind[low:high], world.account_keys[by], made["post_keys"][of])
        made["post_keys"][some] = keys
        made["quality"][some] = answer_quality(keys, made["quality"][of], answers.mix)
        for name, rows in own.items():
            made[name][some] = mix_features(made[name][of], rows[by], answers.mix)
        for name in copied:
            if name in made:
                made[name][some] = made[name][of]
    old = np.full(m, -1, np.int32) if world.answers_to is None else world.answers_to
    made["answers_to"] = np.concatenate([old, parent])
    made["ticks"] = np.concatenate([world.ticks, answers.tick])
    if world.cross_posted is not None:
        made["cross_posted"] = extended("cross_posted")
    for name, of_account, unknown in (
        ("post_country", world.country, -1),
        ("post_language", world.language, -1),
        ("post_leaning", world.account_leaning, np.nan),
    ):
        if (known := getattr(world, name)) is not None:
            more = np.full(count, unknown) if of_account is None else of_account[author]
            made[name] = np.concatenate([known, more.astype(known.dtype)])
    ends = int(world.poster_indptr[-1]) + np.arange(1, count + 1)
    ids = answer_ids(world.posts, count)
    homes = {
        kind: np.concatenate([world.homes[kind], partition.membership[author]])
        for kind, partition in world.partitions.items()
    }
    return replace(
        world,
        posts=Vocabulary([*world.posts.ids.tolist(), *ids])
        if world.posts.kind == "object"
        else Vocabulary(pl.concat([world.posts.series, pl.Series("id", ids)])),
        poster_indptr=np.concatenate([world.poster_indptr, ends]),
        posters=np.concatenate([world.posters, author]),
        homes=homes,
        **made,
    )

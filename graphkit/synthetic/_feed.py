"""A uniform feed: who was shown what, when and in which place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.rng import Streams
from graphkit.synthetic._draws import moments
from graphkit.synthetic._posts import Posts

__all__ = ["Feed", "show_posts"]

_SHAPE = 6.0
"""Of the gamma law of impressions per account: lower is more unequal."""
_SESSION = (6, 17)
"""Slots of a session, drawn once per account; the upper end is excluded."""
_LARGEST_SHARE = 0.8
"""Nobody is shown more than this share of what exists; it keeps redrawing short on tiny platforms."""


@dataclass(frozen=True)
class Feed:
    """Impressions, ordered by account, session and position."""

    account: npt.NDArray[np.int64]
    item: npt.NDArray[np.int64]
    opened: npt.NDArray[np.int64]
    """When the session began, in seconds from the start of the window."""
    position: npt.NDArray[np.int64]
    """Place in the session, from 0."""

    def __len__(self) -> int:
        return len(self.account)


def show_posts(posts: Posts, n: int, *, per_account: float, days: int, streams: Streams) -> Feed:
    """Fill every session with a uniform draw from the posts that exist when it begins.

    Own posts and posts shown before are left out, which makes this a draw without replacement from
    all others. Each slot takes the first value of its own sequence of draws that no earlier slot of
    the account holds; the loop below redraws until that is so.
    """
    rng = streams.generator("feed")
    account, opened, position = _slots(n, per_account, days, rng)
    order = np.argsort(posts.created, kind="stable")
    existing = np.searchsorted(posts.created[order], opened, side="right")
    room = np.floor(_LARGEST_SHARE * (existing - _own(posts, n, account, opened, days)))
    kept = _fits(account, room.astype(np.int64))
    account, opened, position, existing = (a[kept] for a in (account, opened, position, existing))
    drawn = (rng.random(len(account)) * existing).astype(np.int64)
    open_slots = np.arange(len(account))
    while open_slots.size:
        who, what = account[open_slots], order[drawn[open_slots]]
        clash = _repeats(who * len(posts) + what) | (posts.author[what] == who)
        again = open_slots[clash]
        drawn[again] = (rng.random(len(again)) * existing[again]).astype(np.int64)
        unsettled = np.zeros(n, dtype=bool)
        unsettled[account[again]] = True
        open_slots = open_slots[unsettled[who]]
    return Feed(account, order[drawn], opened, position)


def _slots(
    n: int, per_account: float, days: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Account, beginning of session and position of each slot, in order of account and time."""
    count = np.maximum(1, np.rint(rng.gamma(_SHAPE, per_account / _SHAPE, n)).astype(np.int64))
    length = rng.integers(*_SESSION, n)
    sessions = -(-count // length)
    owner = np.repeat(np.arange(n), sessions)
    begin = moments(days, len(owner), rng)
    begin -= 3_600 * (begin >= days * 86_400 - 3_600)  # a session ends within the window
    begin = begin[np.lexsort((begin, owner))]
    account = np.repeat(np.arange(n), count)
    index = np.arange(len(account)) - np.repeat(np.cumsum(count) - count, count)
    session = np.repeat(np.cumsum(sessions) - sessions, count) + index // length[account]
    return account, begin[session], index % length[account]


def _own(
    posts: Posts,
    n: int,
    account: npt.NDArray[np.int64],
    opened: npt.NDArray[np.int64],
    days: int,
) -> npt.NDArray[np.int64]:
    """How many posts of the account itself exist at that time."""
    span = days * 86_400 + 1
    made = np.sort(posts.author * span + posts.created)
    before = np.searchsorted(made, account * span + opened, side="right")
    found: npt.NDArray[np.int64] = before - np.searchsorted(made, account * span, side="left")
    return found


def _fits(account: npt.NDArray[np.int64], room: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which slots can be filled if the first c slots of an account may hold at most `room` items.

    With slots 0, 1, … of one account, c(j + 1) = min(c(j) + 1, room(j)) and `room` never falling,
    so c(j + 1) = j + min(1, min over i ≤ j of room(i) − i).
    """
    if not len(account):
        return np.zeros(0, dtype=bool)
    begins = np.flatnonzero(np.diff(account, prepend=-1))
    index = np.arange(len(account)) - np.repeat(begins, np.diff(begins, append=len(account)))
    slack = room - index
    step = int(slack.max() - slack.min()) + 1  # a drop at each account restarts the running minimum
    lowest = np.minimum.accumulate(slack - account * step) + account * step
    filled = index + np.minimum(1, lowest)
    before = np.concatenate([[0], filled[:-1]])
    before[begins] = 0
    return filled > before


def _repeats(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which keys occurred earlier in the array."""
    order = np.argsort(keys, kind="stable")
    repeats = np.zeros(len(keys), dtype=bool)
    repeats[order[1:]] = keys[order[1:]] == keys[order[:-1]]
    return repeats

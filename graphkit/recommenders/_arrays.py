"""What the kernels of feeds and viewers read and write: tuples of arrays, and their codes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = Any

# order of graphkit.recommenders.feed.SOURCES, then filler
FOLLOWING, CIRCLE, INTEREST, FRESH, TRENDING, EVERYWHERE, FILLER = range(7)
#: How slots are filled that no candidate fills; order of graphkit.recommenders.feed.FILLERS.
FILL_UNIFORM, FILL_EMPTY, FILL_POPULAR = range(3)

# events of the keyed draws
(
    E_SESSION, E_NOISE, E_NOISE2, E_LIKE, E_COMMENT, E_SHARE, E_FOLLOW, E_LEAVE, E_CANDIDATE,
    E_FILL, E_TIE, E_CHANCE,
) = range(1, 13)  # fmt: skip

LIKE, COMMENT, SHARE, FOLLOW, COMPLETE = 1, 2, 4, 8, 16

#: Latest reactions that an account's followers can find in the circle source.
RING = 8
#: Ticks for which a reaction, or a post on trial or trending, stays a candidate.
HORIZON = 10
#: Fresh posts are on trial until this many views.
TRIAL = 40
#: Keyed draws for a filler before all unseen posts are compared.
FILL_DRAWS = 64


class Stage(NamedTuple):
    """What a world does not change: n accounts, m posts, d dimensions."""

    account_keys: Array
    post_keys: Array
    f_indptr: Array
    f_indices: Array
    """Followees of each account by code."""
    f_by_key: Array
    """The same by key."""
    p_indptr: Array
    posters: Array
    by_poster_indptr: Array
    by_poster: Array
    """Posts of each account in order of entry."""
    by_entry: Array
    """All posts in order of entry: by tick, then key."""
    ticks: Array
    quality: Array
    features: Array
    topic: Array
    """Largest feature of each post; d where it has none."""
    topic_indptr: Array
    topic_posts: Array
    """Posts of each topic in order of entry."""
    interests: Array


class State(NamedTuple):
    """What viewers change; each writes its own rows only."""

    profiles: Array
    ring: Array
    """int32, (n, RING, 3): post, tick and kind of each account's latest reactions."""
    ring_next: Array
    seen_start: Array
    seen: Array
    """An open-addressing table per account, −1 where free."""


class Now(NamedTuple):
    """One tick, the same for every viewer."""

    t: int
    seed: np.uint64
    n_eligible: int
    topic_end: Array
    fresh: Array
    trending: Array
    popular: Array
    merit: Array
    """The part of each post's score that is the same for all viewers."""


class Dials(NamedTuple):
    """The numbers of a feed."""

    quotas: Array
    interest: float
    reactions: float
    comments: float
    followed: float
    chance: float
    topic_penalty: float
    author_penalty: float
    filler: int
    slots: int
    circle: bool
    """Whether the circle's reactions are counted: the feed or the viewers' taste needs them."""


class Scratch(NamedTuple):
    """Working memory of one thread: posts met in one session, and where each stands."""

    place: Array
    """Open-addressing table: position of a post among those met, plus 1; 0 where free."""
    met: Array
    """A row per post met, by the columns below."""
    score: Array
    pool: Array
    """Positions of the candidates that were not chosen yet."""


# columns of State.ring
_, TICK, KIND = range(3)
# columns of Scratch.met
POST, SLOT, SOURCE, REACTIONS, COMMENTS, PEOPLE = range(6)

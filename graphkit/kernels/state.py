"""What the kernels of feeds and viewers read and write: tuples of arrays, and their codes.

Inside a simulation accounts are numbered by their keys and posts by (tick, key). So whatever
runs over codes in order runs in an order that neither names nor rows decide, "newer" is "of the
larger code", and the posts that have entered by a tick are those below a number.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = Any

# order of graphkit.recommenders.feed.SOURCES, then filler
(FOLLOWING, CIRCLE, GROUPS, INTEREST, FRESH, TRENDING, COVISITED, EVERYWHERE, FILLER) = range(9)
#: How slots are filled that no candidate fills; order of graphkit.recommenders.feed.FILLERS.
FILL_UNIFORM, FILL_EMPTY, FILL_POPULAR = range(3)

# events of the keyed draws
(
    E_SESSION,
    E_NOISE,
    E_NOISE2,
    E_LIKE,
    E_COMMENT,
    E_SHARE,
    E_FOLLOW,
    E_LEAVE,
    E_CANDIDATE,
    E_FILL,
    E_TIE,
    E_CHANCE,
    E_DUET,
    E_STITCH,
    E_UNFOLLOW,
    E_STOP,
    E_DELIVER,
    E_POST,
    E_QUIT,
    E_PAIR,
) = range(1, 21)

LIKE, COMMENT, SHARE, FOLLOW, COMPLETE, DUET, STITCH, UNFOLLOW = (1 << b for b in range(8))
#: What passes a post on to one's followers.
PASSED_ON = SHARE | DUET | STITCH
#: What followers hear of.
HEARD = LIKE | COMMENT | PASSED_ON
#: Watch fractions from which a post counts as watched to the end, and below which as skipped.
TO_THE_END, SKIPPED = 0.9, 0.25
#: Watch fractions are summed as integers, in this unit's inverse.
WATCH_UNIT = 65536


#: Latest reactions that an account's followers can find, completions an account and completers
#: a post are known by.
RING = 8
#: Ticks for which a reaction, or a post on trial or trending, stays a candidate.
HORIZON = 10
#: Posts that the trending source looks at.
MOST_TRENDING = 1000
#: A source looks at so many posts per place of its quota before it gives up.
LOOKS = 4
#: Keyed draws for a filler before all unseen posts are compared.
FILL_DRAWS = 64
#: Bits of codes that most authors are told apart from followees by.
MAYBE = 4096


class Stage(NamedTuple):
    """What a tick does not change: n accounts, m posts, d dimensions."""

    account_keys: Array
    post_keys: Array
    f_indptr: Array
    f_indices: Array
    """Followees of each account, ascending."""
    p_indptr: Array
    posters: Array
    single: bool
    """Whether every post has one poster."""
    by_poster_indptr: Array
    by_poster: Array
    """Posts of each account, ascending."""
    g_indptr: Array
    groups: Array
    """Groups of each account, ascending."""
    by_group_indptr: Array
    by_group: Array
    """Posts by members of each group, ascending."""
    features: Array
    """float32, (m, d)."""
    lines: Array
    """The same memory in rows of a cache line each."""
    interests: Array
    """float32, (n, d): true interests."""
    facts: Array
    """int32, (m, 4): first poster, topic (−1 for none), country and language (−1 unknown)."""
    traits: Array
    """float64, (m, 4): quality − ½, ln(duration / 20 s), divisiveness, flagged."""
    places: Array
    """int32, (n, 2): country and language of each account, −1 where unknown."""


class State(NamedTuple):
    """What viewers change; each writes its own rows only, while sessions run."""

    profiles: Array
    """float32, (n, d): what the feed has learned, not normalised."""
    last: Array
    """int32: tick of each account's latest session, −1 before the first."""
    cell: Array
    """int32: cell of the index nearest to each account's profile."""
    ring: Array
    """int32, (n, RING, 2): post, and tick · 256 + kind, of each account's latest reactions."""
    ring_next: Array
    done: Array
    """int32, (n, RING): each account's latest completions, −1 where none; no rows if unused."""
    done_next: Array
    fans: Array
    """int32, (m, RING): who watched each post to the end last, −1 where none; likewise."""
    fans_next: Array
    seen_start: Array
    seen: Array
    """An open-addressing table per account, −1 where free."""
    dropped: Array
    """bool, (m,): posts that were never posted, under a free budget."""


class Index(NamedTuple):
    """Posts in cells of near ones."""

    centres: Array
    """float32, (d, cells)."""
    start: Array
    """First place of each cell, (cells + 1,)."""
    posts: Array
    """Posts by cell, ascending within."""
    blocks: Array
    """Their features, a block (d, size) per cell, end to end."""
    probes: int
    """Cells that a search looks into."""


class Now(NamedTuple):
    """One tick, the same for every viewer."""

    t: int
    seed: np.uint64
    n_eligible: int
    """Posts below this code have entered."""
    thinned: bool
    """Whether any post was dropped."""
    poster_end: Array
    """End of each account's posts that have entered, in `by_poster`."""
    group_end: Array
    """Likewise in `by_group`."""
    cell_end: Array
    """Likewise in the index."""
    fresh: Array
    trending: Array
    popular: Array
    merit: Array
    """float64: the part of each post's score that is the same for all viewers."""


class Dials(NamedTuple):
    """The numbers of a feed."""

    quotas: Array
    interest_cap: int
    """Most candidates of the interest source from one cell."""
    weights: Array
    """float64: weights of the factors of a viewer and a post, in the order of their table."""
    topic_penalty: float
    author_penalty: float
    author_decay: Array
    """Factor of a positive score after k = 0, 1, … chosen posts of the author; empty for none."""
    delivery: float
    filler: int
    slots: int
    circle: bool
    """Whether the circle's reactions are counted: the feed or the viewers' taste needs them."""
    forget: Array
    """Share of the profile that is left k = 0, 1, … ticks later."""
    signals: Array
    """Of completion, like, comment, share, follow, answer, skip; times the learning rate."""
    halves: Array
    """2^−r for r = 0 … 63."""


class Nearest(NamedTuple):
    """Working memory of one search of the index."""

    dots: Array
    """float32: products with centres, then with the posts of a cell."""
    of_cell: Array
    """int64: heap of the nearest posts of a cell, and of all below."""
    of_all: Array
    cells: Array
    """int32: the nearest cells."""


class Scratch(NamedTuple):
    """Working memory of one thread: posts met in one session, and where each stands."""

    query: Array
    """float32, (1, d): the profile at length 1."""
    place: Array
    """Open-addressing table: position of a post among those met, plus 1; 0 where free."""
    met: Array
    """int32, a row per post met, by the columns below."""
    raw: Array
    """int32: posts that one source proposes."""
    maybe: Array
    """bool: whether the viewer follows somebody with these last bits of the code."""
    at: Array
    """int32: position of each candidate that was not chosen yet; its topic, its author, and
    posts of the author that were chosen, below."""
    of_topic: Array
    of_author: Array
    picks: Array
    factors: Array
    """float64: a row per candidate, a column per factor of viewer and post."""
    base: Array
    """float64: score of each candidate, with what is subtracted for diversity."""
    score: Array
    """float64: the same, with the author's discount."""
    tie: Array
    """int64: keyed bits that decide between equal scores."""
    nearest: Nearest
    topics: Array
    """int32, (slots,): topics shown in the session."""


class Feeding(NamedTuple):
    """All that a feed ranks from at one tick."""

    stage: Stage
    state: State
    now: Now
    inverted_file: Index
    dials: Dials


# columns of Stage.facts
AUTHOR, TOPIC, COUNTRY, LANGUAGE = range(4)
# columns of Stage.traits
QUALITY, LENGTH, DIVISIVE, FLAGGED = range(4)
# columns of State.ring
POST, WHEN = range(2)
# columns of Scratch.met, the first as above
_, SLOT, SOURCE, REACTIONS, COMMENTS, PEOPLE = range(6)

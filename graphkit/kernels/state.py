"""Arrays and integer codes that the kernels of feeds and viewers share.

Accounts are numbered by their keys and posts by (tick, key). So the order of codes depends on
neither names nor rows, a newer post has a larger code, and the posts that have entered by a tick
are those below a code.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = Any

# order of graphkit.recommenders.feed.SOURCES, then filler
(FOLLOWING, CIRCLE, GROUPS, INTEREST, FRESH, TRENDING, COVISITED, EVERYWHERE, FILLER) = range(9)
#: Backfill rules; order of graphkit.recommenders.feed.FILLERS.
FILL_UNIFORM, FILL_EMPTY, FILL_POPULAR = range(3)

# events of the common random numbers
E_SESSION, E_NOISE, E_NOISE2, E_LIKE, E_COMMENT, E_SHARE, E_FOLLOW = range(1, 8)
E_LEAVE, E_CANDIDATE, E_FILL, E_TIE_BREAK, E_CHANCE, E_DUET, E_STITCH = range(8, 15)
E_UNFOLLOW, E_STOP, E_DELIVER, E_POST, E_QUIT = range(15, 20)
# 20 is that of a pair, see graphkit.kernels.random; draws of an answer, by its key
E_ANSWER, E_DELAY, E_QUALITY = range(21, 24)
E_FRICTION = 24

LIKE, COMMENT, SHARE, FOLLOW, COMPLETE, DUET, STITCH, UNFOLLOW = (1 << b for b in range(8))
#: Bit of a skipped post, above those of reactions; not kept with them.
SKIP = 256
#: Reactions that reshare a post to one's followers.
RESHARE = SHARE | DUET | STITCH
#: Reactions that followers are shown.
ACTIVITY = LIKE | COMMENT | RESHARE
#: Watch fractions from which a post counts as watched to the end, and below which as skipped.
TO_THE_END, SKIPPED = 0.9, 0.25
#: Watch fractions are summed as integers, in this unit's inverse.
WATCH_UNIT = 65536

#: Length of the buffers: latest reactions and completions of an account, completers of a post.
RECENT = 8
#: Ticks for which a reaction, or a cold-start or trending post, remains a candidate.
HORIZON = 10
#: Posts that the trending source considers.
MOST_TRENDING = 1000
#: A source proposes at most this multiple of its quota.
OVERSAMPLE = 4
#: Random draws for a backfill before all unseen posts are compared.
FILL_DRAWS = 64
#: Steps of a loop by which memory is prefetched ahead.
AHEAD = 8
#: Followees of the next viewer whose activity is prefetched.
FETCHED = 32
#: Sizes of the filters of followees and of seen posts.
FILTER_SIZE, SEEN_SIZE = 1024, 2048


class StaticArrays(NamedTuple):
    """What no tick changes: n accounts, m posts, f dimensions of ranking and d of taste."""

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
    """float32, (m, f): what feeds read of the posts."""
    lines: Array
    """The same memory in rows of a cache line each."""
    taste_features: Array
    """float32, (m, d): what the posts are, for tastes."""
    interests: Array
    """float32, (n, d): true interests."""
    cards: Array
    """float64, (m, 8): memory of `traits`, `attributes` and `post_keys`, a cache line per post."""
    attributes: Array
    """int32, (m, 5): first poster, topic that feeds read (−1 for none), country and language (−1
    unknown), topic for tastes (−1 for none)."""
    traits: Array
    """float64, (m, 4): quality − ½, ln(duration / 20 s), divisiveness, flagged."""
    locales: Array
    """int32, (n, 2): country and language of each account, −1 where unknown."""
    minors: Array
    """bool, (n,): accounts known to be minors."""


class State(NamedTuple):
    """What viewers change; each writes its own rows only, while sessions run."""

    profiles: Array
    """float32, (n, f): learned profiles, not normalised."""
    last: Array
    """int32: tick of each account's latest session, −1 before the first."""
    cell: Array
    """int32: cell of the index nearest to each account's profile."""
    recent_activity: Array
    """int32, (n, RECENT, 2): post, and tick · 256 + kind, of each account's latest reactions."""
    activity_next: Array
    recent_completions: Array
    """int32, (n, RECENT): each account's latest completions, −1 where none; no rows if unused."""
    completions_next: Array
    recent_completers: Array
    """int32, (m, RECENT): latest accounts to complete each post, −1 where none; likewise."""
    completers_next: Array
    seen_start: Array
    seen: Array
    """Open-addressing hash table of seen posts per account, −1 where free."""
    withdrawn: Array
    """bool, (m,): posts that were never posted, under a free budget."""


class Index(NamedTuple):
    """Inverted-file index: posts in cells of similar ones."""

    centres: Array
    """float32, (d · cells,): a dimension of all cells, then the next."""
    start: Array
    """First position of each cell, (cells + 1,)."""
    posts: Array
    """Posts by cell, ascending within."""
    blocks: Array
    """Their features, a block (d, size) per cell, end to end."""
    probes: int
    """Cells that a search visits."""


class TickContext(NamedTuple):
    """One tick, the same for every viewer."""

    t: int
    seed: np.uint64
    n_eligible: int
    """Posts below this code have entered."""
    any_withdrawn: bool
    poster_end: Array
    """End of each account's posts that have entered, in `by_poster`."""
    group_end: Array
    """Likewise in `by_group`."""
    cell_end: Array
    """Likewise in the index."""
    cold_start: Array
    trending: Array
    popular: Array
    static_score: Array
    """float64: query-independent score of each post; empty where all are 0."""


class FeedParameters(NamedTuple):
    """Numbers of a feed."""

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
    minor_limit: int
    """Most flagged posts in a session of a minor; `slots` for no cap."""
    share_friction: float
    circle: bool
    """Whether the feed reads followees' activity."""
    profile_decay: Array
    """Share of the profile that is left k = 0, 1, … ticks later."""
    steps: Array
    """float64, (2 · SKIP,): step of the profile toward a post, by the bits of its reactions."""
    halves: Array
    """2^−r for r = 0 … 63."""


class NearPosts(NamedTuple):
    """What the interest source finds for some sessions, a row each."""

    queries: Array
    """float32, (sessions, f): the profiles at length 1."""
    keys: Array
    """int64, (sessions, quota): posts in the lower 31 bits, in no order."""
    sizes: Array
    """int64: number of posts of each session."""


class Scratch(NamedTuple):
    """Working memory of one thread: the candidates of a session and their hash table."""

    hash_slots: Array
    """int64, open-addressing hash table: row in `entries` · 2^32 + post; −1 where free."""
    entries: Array
    """int32, a row per post of the table, by the columns below; rows not in use: no source, 0."""
    proposed: Array
    """int32: posts that one source proposes."""
    followee_filter: Array
    """int32: a followee of the viewer whose code has these last bits, −1 for none."""
    seen_filter: Array
    """bool: whether the viewer may have seen a post whose code has these last bits."""
    at: Array
    """int32, per candidate not yet shown: row of `entries`; below, its topic, its author and the
    number of posts of the author chosen so far."""
    of_topic: Array
    of_author: Array
    n_chosen: Array
    keys: Array
    """uint64: key of each candidate."""
    factors: Array
    """float64: a row per factor of viewer and post, a column per candidate."""
    base: Array
    """float64: score of each candidate less the diversity penalties."""
    fade: Array
    """float64: the author's discount of each candidate; 1 if the feed has none."""
    order: Array
    """int64: `base` with the author's discount, as bits of the same order."""
    topics: Array
    """int32, (slots,): topics for tastes shown in the session."""
    chosen: Array
    """int32, (slots,): rows of `entries` to show, in order."""
    followees: Array
    """int32, (slots,): followees who were recently active on each post that is shown."""
    places: Array
    """int32: open-addressing hash table of the posts to show: slot plus 1; 0 where free."""
    posts: Array
    """int64, (slots,): posts that are shown together; below, what belongs to them."""
    shown_in: Array
    """int64: their slots."""
    repeats: Array
    """int64: earlier posts of the topic."""
    follows: Array
    """int64: their posters whom the viewer follows."""
    friends: Array
    """int64: these, and the followees who were active on them."""
    pairs: Array
    """uint64: random bits of the viewer and each post."""
    fractions: Array
    """float64: watch fractions."""
    first: Array
    second: Array
    """float64: intermediate values."""
    reacts: Array
    """uint8: reactions."""


class FeedInputs(NamedTuple):
    """All inputs of a feed's ranking at one tick."""

    static: StaticArrays
    state: State
    tick: TickContext
    params: FeedParameters


# columns of StaticArrays.attributes
AUTHOR, TOPIC, COUNTRY, LANGUAGE, TASTE_TOPIC = range(5)
# columns of StaticArrays.traits
QUALITY, LENGTH, DIVISIVE, FLAGGED = range(4)
# columns of State.recent_activity
POST, WHEN = range(2)
# columns of Scratch.entries, the first as above
_, HASH_SLOT, SOURCE, REACTIONS, COMMENTS, FOLLOWEES = range(6)

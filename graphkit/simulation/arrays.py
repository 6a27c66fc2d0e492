"""Simulation arrays: a world, a feed and its viewers as arrays and numbers for the kernels."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.world import USUAL_SECONDS, World
from graphkit.kernels.intrinsics import LANES
from graphkit.kernels.sessions import ViewerParameters
from graphkit.kernels.state import (
    AUTHOR,
    COMMENT,
    COMPLETE,
    COUNTRY,
    DUET,
    FILTER_SIZE,
    FOLLOW,
    LIKE,
    OVERSAMPLE,
    RECENT,
    SEEN_SIZE,
    SHARE,
    SKIP,
    SOURCE,
    STITCH,
    TASTE_TOPIC,
    TOPIC,
    FeedParameters,
    Index,
    Scratch,
    StaticArrays,
)
from graphkit.recommenders.factors import CIRCLE_FACTORS, FILLERS, PAIR_FACTORS, SOURCES
from graphkit.recommenders.feed import Feed
from graphkit.recommenders.search import build_index
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.interests import unit_length

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

#: Bytes of a cache line.
LINE = 64
#: Rows that are computed at a time, so that they stay in the cache.
ROWS = 4096


@dataclass(frozen=True)
class SimulationArrays:
    """A world's arrays for the kernels, whose codes are ordered by keys.

    Attributes
    ----------
    accounts, posts
        int64, shapes (n,) and (m,): the world's code of each account and post of the kernels. In
        a run, answers have the codes behind the world's posts, in the order of entering.
    static
        Arrays that no tick changes.
    index
        Index of the posts; a single empty cell if no feed searches it.
    ticks
        int32, shape (m,), ascending.
    seconds
        float64, shape (m,): durations.
    devices
        int32, shape (n,), −1 where unknown.
    """

    world: World
    accounts: Ints
    posts: Ints
    static: StaticArrays
    index: Index
    ticks: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float64]
    cross_posted: npt.NDArray[np.bool_]
    profiles: npt.NDArray[np.float32]
    devices: npt.NDArray[np.int32]
    _first: dict[tuple[float, float], Floats32] = field(
        default_factory=dict, init=False, compare=False
    )
    """The initial profiles that were made last, by the weights of country and device."""


def prepare_arrays(world: World, feeds: list[Feed]) -> SimulationArrays:
    """Number a world by keys, and index its posts if any of the feeds searches them."""
    n, m = world.n_accounts, world.n_posts
    accounts = np.argsort(world.account_keys)
    posts = np.lexsort((world.post_keys, world.ticks))
    new_account, new_post = _invert_order(accounts), _invert_order(posts)
    degree = np.diff(world.follows.indptr)
    source = np.repeat(new_account, degree)
    target = new_account[world.follows.indices]
    follows = _compress_rows(source, target, n)
    post_of = np.repeat(new_post, np.diff(world.poster_indptr))
    poster = new_account[world.posters]
    p_indptr, posters = _compress_rows(post_of, poster, m, ordered=False)
    by_poster = _compress_rows(poster, post_of, n)
    groups = _group_rows(world, accounts, post_of, poster)
    features = _pad_columns(world.post_features, posts)
    # one array if feeds read what the posts are: no run changes it, content adapts in copies
    tastes = features
    if not np.array_equal(world.taste_features, world.post_features):
        tastes = _pad_columns(world.taste_features, posts)
    seconds = np.full(m, USUAL_SECONDS)
    if world.durations is not None:
        known = world.durations[posts].astype(np.float64)
        seconds = np.where(np.isnan(known), USUAL_SECONDS, known)
    cards = allocate_aligned((m, 8), np.float64)
    cards[...] = 0.0
    post_keys, attributes, traits = card_views(cards)
    post_keys[:] = world.post_keys[posts]
    traits[:, 0] = world.quality[posts].astype(np.float64) - 0.5
    traits[:, 1] = _log_durations(seconds)
    for column, trait in ((2, world.divisiveness), (3, world.flagged)):
        if trait is not None:
            traits[:, column] = np.nan_to_num(trait[posts].astype(np.float64))
    attributes[...] = -1
    attributes[:, AUTHOR] = posters[p_indptr[:-1]]
    attributes[:, TOPIC] = largest_topic(features)
    attributes[:, TASTE_TOPIC] = attributes[:, TOPIC]
    if tastes is not features:
        attributes[:, TASTE_TOPIC] = largest_topic(tastes)
    locales = np.full((n, 2), -1, np.int32)
    for column, (of_post, of_account) in enumerate(
        ((world.post_country, world.country), (world.post_language, world.language))
    ):
        if of_post is not None and of_account is not None:
            attributes[:, COUNTRY + column] = of_post[posts]
            locales[:, column] = of_account[accounts]
    profiles = _pad_columns(world.profiles, accounts)
    if any(feed.sources.get("interest", 0) for feed in feeds):
        index = build_index(features, profiles)
    else:
        centre, start = np.zeros((features.shape[1], 1), np.float32), np.zeros(2, np.int64)
        index = Index(centre.ravel(), start, np.zeros(0, np.int32), np.zeros(0, np.float32), 1)
    static = StaticArrays(
        world.account_keys[accounts],
        post_keys,
        *follows,
        p_indptr,
        posters,
        bool((np.diff(p_indptr) == 1).all()),
        *by_poster,
        *groups,
        features,
        cache_lines(features),
        tastes,
        _pad_columns(world.interests, accounts),
        cards,
        attributes,
        traits,
        locales,
        np.zeros(n, np.bool_) if world.minors is None else world.minors[accounts],
    )
    cross_posted = np.zeros(m, np.bool_)
    if world.cross_posted is not None:
        cross_posted = world.cross_posted[posts]
    return SimulationArrays(
        world=world,
        accounts=accounts,
        posts=posts,
        static=static,
        index=index,
        ticks=world.ticks[posts],
        seconds=seconds,
        cross_posted=cross_posted,
        profiles=profiles,
        devices=np.full(n, -1, np.int32) if world.device is None else world.device[accounts],
    )


def allocate_aligned(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Array without values that begins with a cache line."""
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    memory = np.empty(size + LINE, np.uint8)
    first = -memory.ctypes.data % LINE
    return memory[first : first + size].view(kind).reshape(shape)


def copy_aligned(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Copy that begins with a cache line."""
    made = allocate_aligned(array.shape, array.dtype)
    made[...] = array
    return made


def card_views(cards: Floats) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32], Floats]:
    """Keys, attributes and traits of posts, as views of their cards."""
    return cards.view(np.uint64)[:, 7], cards.view(np.int32)[:, 8:13], cards[:, :4]


def cache_lines(features: Floats32) -> Floats32:
    """View of the rows as pieces of at most one cache line."""
    width = 16 if features.shape[1] % 16 == 0 else LANES
    cut: Floats32 = features.reshape(-1, width)
    return cut


def largest_topic(features: Floats32) -> npt.NDArray[np.int32]:
    """Topic of each row: its largest dimension, by sign; −1 for rows of zeros."""
    found = np.empty(features.shape[0], np.int32)
    for low in range(0, features.shape[0], ROWS):
        rows = features[low : low + ROWS]
        largest = np.abs(rows).argmax(axis=1)
        value = rows[np.arange(rows.shape[0]), largest]
        found[low : low + ROWS] = np.where(value == 0, -1, 2 * largest + (value < 0))
    return found


def _invert_order(order: Ints) -> Ints:
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    return place


def _compress_rows(
    row: Ints, value: Ints, size: int, *, ordered: bool = True
) -> tuple[Ints, npt.NDArray[np.int32]]:
    """Compressed rows: starts and values, sorted within rows or in their given order."""
    degree = np.bincount(row, minlength=size)
    starts = np.concatenate([[0], np.cumsum(degree)]).astype(np.int64)
    if not ordered:
        if (row[1:] >= row[:-1]).all():
            return starts, value.astype(np.int32)
        return starts, value[np.argsort(row, kind="stable")].astype(np.int32)
    # one sort of joint keys is faster than a sort by two keys
    span = int(value.max(initial=0)) + 1
    keys = np.sort(row.astype(np.int64) * span + value)
    keys -= np.repeat(np.arange(size) * span, degree)
    return starts, keys.astype(np.int32)


def _group_rows(
    world: World, accounts: Ints, post_of: Ints, poster: Ints
) -> tuple[Ints, npt.NDArray[np.int32], Ints, npt.NDArray[np.int32]]:
    """Compressed rows of the groups of each account, and of the posts by members of each group."""
    n, m = world.n_accounts, world.n_posts
    if world.group_indptr is None or world.groups is None or not world.groups.size:
        none = np.zeros(0, np.int32)
        return np.zeros(n + 1, np.int64), none, np.zeros(1, np.int64), none
    size = int(world.groups.max()) + 1
    degree = np.diff(world.group_indptr)
    owner = np.repeat(_invert_order(accounts), degree)
    # ordered by the keys of their members, independently of names
    total = np.zeros(size, np.uint64)
    np.add.at(total, world.groups, world.account_keys[np.repeat(np.arange(n), degree)])
    rank = _invert_order(np.argsort(total, kind="stable"))
    g_indptr, groups = _compress_rows(owner, rank[world.groups], n)
    count = np.diff(g_indptr)[poster]
    ends = np.cumsum(count)
    within = np.arange(int(ends[-1])) - np.repeat(ends - count, count)
    group = groups[np.repeat(g_indptr[:-1][poster], count) + within].astype(np.int64)
    # sorted: np.unique of integers fills a hash table first, which takes twenty times as long
    cells = np.sort(group * m + np.repeat(post_of, count))
    cells = cells[np.diff(cells, prepend=-1) > 0]
    by_group_indptr, by_group = _compress_rows(cells // m, cells % m, size)
    return g_indptr, groups, by_group_indptr, by_group


def _pad_columns(rows: Floats32, order: Ints) -> Floats32:
    """Rows in this order, padded with zeros to a multiple of the kernels' lanes."""
    width = -(-rows.shape[1] // LANES) * LANES
    wide: Floats32 = allocate_aligned((order.size, width), np.float32)
    if rows.shape[1] == width and rows.dtype == np.float32:
        # straight to where they stay; any other mode would copy them twice
        return np.take(rows, order, axis=0, out=wide, mode="clip")
    wide[:, rows.shape[1] :] = 0.0
    wide[:, : rows.shape[1]] = rows[order]
    return wide


def _log_durations(seconds: Floats) -> Floats:
    """ln(duration / 20 s), computed once per value, so that equal durations give equal bits."""
    values, place = np.unique(seconds, return_inverse=True)
    logs: Floats = np.log(values / USUAL_SECONDS)[place]
    return logs


#: Signals of a viewer's reactions, and their bits in `FeedParameters.steps`.
LEARNED = ("completion", "like", "comment", "share", "follow", "answer", "skip")
LEARNED_BITS = (COMPLETE, LIKE, COMMENT, SHARE, FOLLOW, DUET | STITCH, SKIP)
#: Number of chosen posts of an author up to which its discount is tabulated.
MOST_PICKS = 64


def feed_parameters(feed: Feed, behaviour: Behaviour, slots: int, ticks: int) -> FeedParameters:
    """Feed parameters for the kernels."""
    quotas = np.array([feed.sources.get(s, 0) for s in SOURCES], np.int64)
    circle = feed.sources.get("circle", 0) or feed.score is not None
    circle = circle or any(feed.weights.get(name) for name in CIRCLE_FACTORS)
    decay: Floats = np.zeros(0)
    if feed.author_decay < 1:
        powers = feed.author_decay ** np.arange(MOST_PICKS, dtype=np.float64)
        decay = feed.author_floor + (1 - feed.author_floor) * powers
    profile_decay: Floats = np.ones(1)
    if math.isfinite(feed.half_life):
        profile_decay = 2.0 ** (-np.arange(ticks + 1) / feed.half_life)
    return FeedParameters(
        quotas=quotas,
        interest_cap=max(1, math.ceil(feed.interest_share * feed.sources.get("interest", 0))),
        weights=np.array([feed.weights.get(name, 0.0) for name in PAIR_FACTORS]),
        topic_penalty=float(feed.topic_penalty),
        author_penalty=float(feed.author_penalty),
        author_decay=decay,
        delivery=float(feed.delivery),
        filler=FILLERS.index(feed.filler),
        slots=slots,
        minor_limit=capped_slots(feed.minor_cap, slots),
        share_friction=float(feed.share_friction),
        circle=bool(circle),
        profile_decay=profile_decay,
        steps=_profile_steps(feed),
        halves=0.5 ** np.arange(64),
    )


def _profile_steps(feed: Feed) -> Floats:
    """Step of a profile by the bits of the reactions."""
    codes, steps = np.arange(2 * SKIP), np.zeros(2 * SKIP)
    for name, bits in zip(LEARNED, LEARNED_BITS, strict=True):
        signal = feed.learning_rate * feed.signals.get(name, 0.0)
        steps += np.where(codes & bits, signal, 0.0)
    return steps


def capped_slots(share: float, slots: int) -> int:
    """A share of the slots in whole ones, rounded down but for the rounding of the product.

    Examples
    --------
    >>> capped_slots(0.29, 100), capped_slots(0.5, 5)
    (29, 2)
    """
    return math.floor(share * slots + 1e-9)


def viewer_parameters(behaviour: Behaviour, free: bool) -> ViewerParameters:
    """Viewer parameters for the kernels; log-odds as the odds against, e^(−base)."""
    values: dict[str, float | bool] = {"free": free}
    for name in ViewerParameters._fields:
        if name.endswith("_odds"):
            base = getattr(behaviour, name.removesuffix("_odds") + "_base")
            values[name] = math.exp(min(-base, 700.0))
        elif name != "free":
            values[name] = float(getattr(behaviour, name))
    return ViewerParameters(**values)  # type: ignore[arg-type]


def allocate_scratch(static: StaticArrays, params: FeedParameters) -> Scratch:
    """Working memory of one thread, large enough for the candidates of any session."""
    m = static.features.shape[0]
    degree = int(np.diff(static.f_indptr).max(initial=0)) if params.circle else 0
    size = min(degree * RECENT + int(params.quotas.sum()), m) + 1
    most = int(params.quotas.max(initial=0))
    # vectors are read to their end
    wide = size + LANES
    entries = np.zeros((size, 6), np.int32)
    entries[:, SOURCE] = -1
    return Scratch(
        hash_slots=np.full(1 << int(2 * size).bit_length(), -1, np.int64),
        entries=entries,
        proposed=np.zeros(OVERSAMPLE * most + 1, np.int32),
        followee_filter=np.full(FILTER_SIZE, -1, np.int32),
        seen_filter=np.zeros(SEEN_SIZE, np.bool_),
        at=np.zeros(size, np.int32),
        of_topic=np.zeros(wide, np.int32),
        of_author=np.zeros(wide, np.int32),
        n_chosen=np.zeros(size, np.int32),
        keys=np.zeros(size, np.uint64),
        factors=np.zeros((params.weights.size, int(params.quotas.sum()))),
        base=np.zeros(wide),
        fade=np.ones(wide),
        order=np.zeros(wide, np.int64),
        topics=np.zeros(params.slots, np.int32),
        chosen=np.zeros(params.slots, np.int32),
        followees=np.zeros(params.slots, np.int32),
        places=np.zeros(1 << int(32 * params.slots).bit_length(), np.int32),
        posts=np.zeros(params.slots, np.int64),
        shown_in=np.zeros(params.slots, np.int64),
        repeats=np.zeros(params.slots, np.int64),
        follows=np.zeros(params.slots, np.int64),
        friends=np.zeros(params.slots, np.int64),
        pairs=np.zeros(params.slots, np.uint64),
        fractions=np.zeros(params.slots),
        first=np.zeros(params.slots),
        second=np.zeros(params.slots),
        reacts=np.zeros(params.slots, np.uint8),
    )


def initial_profiles(arrays: SimulationArrays, feed: Feed) -> Floats32:
    """Initial profiles of unit length: own history + Σ weight · mean of its country and device.

    An account without history, country and device has a profile of zeros.
    """
    weights = feed.signals.get("country", 0.0), feed.signals.get("device", 0.0)
    made = arrays._first.get(weights)
    if made is None:
        made = _compute_profiles(arrays, weights)
        # one is kept, for the next arms and replications
        arrays._first.clear()
        arrays._first[weights] = made
    return made.copy()


def _compute_profiles(arrays: SimulationArrays, weights: tuple[float, float]) -> Floats32:
    """Initial profiles, some rows at a time."""
    own, means = arrays.profiles, []
    for weight, codes in zip(weights, (arrays.static.locales[:, 0], arrays.devices), strict=True):
        if weight and codes.max(initial=-1) >= 0:
            sums, code = _sum_by_code(own, codes)
            means.append((weight * unit_length(sums), code))
    profiles = np.empty_like(own)
    for low in range(0, own.shape[0], ROWS):
        total = own[low : low + ROWS].astype(np.float64)
        for mean, code in means:
            total += mean[code[low : low + ROWS]]
        profiles[low : low + ROWS] = unit_length(total)
    return profiles


def _sum_by_code(
    rows: Floats32, codes: npt.NDArray[np.int32]
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Sum of the rows of each code, zero for those of none, and the place of that of every row."""
    order = np.argsort(codes, kind="stable")
    found, begin = np.unique(codes[order], return_index=True)
    sums: Floats = np.add.reduceat(rows[order].astype(np.float64), begin, axis=0)
    sums[found < 0] = 0.0
    return sums, np.searchsorted(found, codes)

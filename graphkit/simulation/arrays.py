"""A world as the kernels read it: numbered by keys, with the orders that no renaming changes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.data.world import World
from graphkit.kernels.compile import LANES
from graphkit.kernels.sessions import Mind
from graphkit.kernels.state import LOOKS, MAYBE, RING, Dials, Index, Nearest, Scratch, Stage
from graphkit.recommenders.factors import CIRCLE_FACTORS, FILLERS, PAIR_FACTORS, SOURCES
from graphkit.recommenders.feed import Feed
from graphkit.recommenders.search import build_index
from graphkit.simulation.behaviour import Behaviour
from graphkit.simulation.interests import unit

__all__ = [
    "Prepared",
    "dials_of",
    "first_profiles",
    "lines_of",
    "mind_of",
    "prepare",
    "scratch_of",
    "topics",
]

Ints = npt.NDArray[np.int64]

#: A post whose duration is unknown counts as one of so many seconds.
USUAL_SECONDS = 20.0


@dataclass(frozen=True)
class Prepared:
    """A world's arrays for the kernels, and what its codes are there.

    Attributes
    ----------
    accounts, posts
        int64, shapes (n,) and (m,): the world's code of each account and post of the kernels.
    stage
        The arrays.
    index
        Of the posts; a single empty cell where no feed searches it.
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
    stage: Stage
    index: Index
    ticks: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float64]
    cross_posted: npt.NDArray[np.bool_]
    profiles: npt.NDArray[np.float32]
    devices: npt.NDArray[np.int32]


def prepare(world: World, feeds: list[Feed]) -> Prepared:
    """The world numbered by keys, with an index of its posts if any of the feeds searches it."""
    n, m = world.n_accounts, world.n_posts
    accounts = np.argsort(world.account_keys)
    posts = np.lexsort((world.post_keys, world.ticks))
    new_account, new_post = _inverse(accounts), _inverse(posts)
    degree = np.diff(world.follows.indptr)
    source = np.repeat(new_account, degree)
    target = new_account[world.follows.indices]
    f_indptr, f_indices = _rows(source, target, n)
    post_of = np.repeat(new_post, np.diff(world.poster_indptr))
    poster = new_account[world.posters]
    p_indptr, posters = _rows(post_of, poster, m, ordered=False)
    by_poster_indptr, by_poster = _rows(poster, post_of, n)
    g_indptr, groups, by_group_indptr, by_group = _groups(world, accounts, post_of, poster)
    features = _padded(world.post_features[posts])
    seconds = np.full(m, USUAL_SECONDS)
    if world.durations is not None:
        known = world.durations[posts].astype(np.float64)
        seconds = np.where(np.isnan(known), USUAL_SECONDS, known)
    traits = np.zeros((m, 4))
    traits[:, 0] = world.quality[posts].astype(np.float64) - 0.5
    traits[:, 1] = _logs(seconds)
    for column, fact in ((2, world.divisiveness), (3, world.flagged)):
        if fact is not None:
            traits[:, column] = np.nan_to_num(fact[posts].astype(np.float64))
    facts = np.full((m, 4), -1, np.int32)
    facts[:, 0] = posters[p_indptr[:-1]]
    facts[:, 1] = topics(features)
    places = np.full((n, 2), -1, np.int32)
    for column, (of_post, of_account) in enumerate(
        ((world.post_country, world.country), (world.post_language, world.language))
    ):
        if of_post is not None and of_account is not None:
            facts[:, 2 + column] = of_post[posts]
            places[:, column] = of_account[accounts]
    profiles = _padded(world.profiles[accounts])
    searched = any(feed.sources.get("interest", 0) for feed in feeds)
    index = (
        build_index(features, profiles)
        if searched
        else Index(
            np.zeros((features.shape[1], 1), np.float32),
            np.zeros(2, np.int64),
            np.zeros(0, np.int32),
            np.zeros(0, np.float32),
            1,
        )
    )
    stage = Stage(
        account_keys=world.account_keys[accounts],
        post_keys=world.post_keys[posts],
        f_indptr=f_indptr,
        f_indices=f_indices,
        p_indptr=p_indptr,
        posters=posters,
        single=bool((np.diff(p_indptr) == 1).all()),
        by_poster_indptr=by_poster_indptr,
        by_poster=by_poster,
        g_indptr=g_indptr,
        groups=groups,
        by_group_indptr=by_group_indptr,
        by_group=by_group,
        features=features,
        lines=lines_of(features),
        interests=_padded(world.interests[accounts]),
        facts=facts,
        traits=traits,
        places=places,
    )
    return Prepared(
        world=world,
        accounts=accounts,
        posts=posts,
        stage=stage,
        index=index,
        ticks=world.ticks[posts],
        seconds=seconds,
        cross_posted=_or_none(world.cross_posted, posts),
        profiles=profiles,
        devices=np.full(n, -1, np.int32) if world.device is None else world.device[accounts],
    )


def lines_of(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The rows cut into pieces of at most a cache line, the same memory."""
    width = 16 if features.shape[1] % 16 == 0 else LANES
    cut: npt.NDArray[np.float32] = features.reshape(-1, width)
    return cut


def topics(features: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
    """Largest dimension of each row, its two signs apart; −1 for rows of zeros."""
    largest = np.abs(features).argmax(axis=1)
    sign = features[np.arange(features.shape[0]), largest] < 0
    found: npt.NDArray[np.int32] = (2 * largest + sign).astype(np.int32)
    found[~features.any(axis=1)] = -1
    return found


def _or_none(fact: npt.NDArray[np.bool_] | None, posts: Ints) -> npt.NDArray[np.bool_]:
    return np.zeros(posts.size, np.bool_) if fact is None else fact[posts]


def _inverse(order: Ints) -> Ints:
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    return place


def _rows(
    row: Ints, value: Ints, size: int, *, ordered: bool = True
) -> tuple[Ints, npt.NDArray[np.int32]]:
    """Rows of values as starts and values; ascending within, or as they come."""
    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=size))]).astype(np.int64)
    if not ordered:
        return starts, value[np.argsort(row, kind="stable")].astype(np.int32)
    # one sort of joint keys takes a fraction of a sort by two
    span = int(value.max(initial=0)) + 1
    keys = np.sort(row.astype(np.int64) * span + value)
    return starts, (keys % span).astype(np.int32)


def _groups(
    world: World, accounts: Ints, post_of: Ints, poster: Ints
) -> tuple[Ints, npt.NDArray[np.int32], Ints, npt.NDArray[np.int32]]:
    """Groups of each account, and posts by members of each group, each once."""
    n, m = world.n_accounts, world.n_posts
    if world.group_indptr is None or world.groups is None or not world.groups.size:
        none = np.zeros(0, np.int32)
        return np.zeros(n + 1, np.int64), none, np.zeros(1, np.int64), none
    size = int(world.groups.max()) + 1
    degree = np.diff(world.group_indptr)
    owner = np.repeat(_inverse(accounts), degree)
    # by the keys of their members: no name decides the order of groups
    total = np.zeros(size, np.uint64)
    np.add.at(total, world.groups, world.account_keys[np.repeat(np.arange(n), degree)])
    rank = _inverse(np.argsort(total, kind="stable"))
    g_indptr, groups = _rows(owner, rank[world.groups], n)
    count = np.diff(g_indptr)[poster]
    ends = np.cumsum(count)
    within = np.arange(int(ends[-1])) - np.repeat(ends - count, count)
    group = groups[np.repeat(g_indptr[:-1][poster], count) + within].astype(np.int64)
    cells = np.unique(group * m + np.repeat(post_of, count))
    by_group_indptr, by_group = _rows(cells // m, cells % m, size)
    return g_indptr, groups, by_group_indptr, by_group


def _padded(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The rows with zeros behind, up to a multiple of the kernels' lanes."""
    width = -(-rows.shape[1] // LANES) * LANES
    wide = np.zeros((rows.shape[0], width), np.float32)
    wide[:, : rows.shape[1]] = rows
    return wide


def _logs(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """ln(duration / 20 s), once per value: no place in an array can show in a last digit."""
    values, place = np.unique(seconds, return_inverse=True)
    logs: npt.NDArray[np.float64] = np.log(values / USUAL_SECONDS)[place]
    return logs


#: Signals that follow from what a viewer does; the others are known beforehand.
LEARNED = ("completion", "like", "comment", "share", "follow", "answer", "skip")
#: Chosen posts of one author after which its discount hardly changes.
MOST_PICKS = 64


def dials_of(feed: Feed, behaviour: Behaviour, slots: int, ticks: int) -> Dials:
    """The numbers of a feed."""
    quotas = np.array([feed.sources.get(s, 0) for s in SOURCES], np.int64)
    heard = feed.sources.get("circle", 0) or feed.score is not None
    decay: npt.NDArray[np.float64] = np.zeros(0)
    if feed.author_decay < 1:
        powers = feed.author_decay ** np.arange(MOST_PICKS, dtype=np.float64)
        decay = feed.author_floor + (1 - feed.author_floor) * powers
    forget: npt.NDArray[np.float64] = np.ones(1)
    if math.isfinite(feed.half_life):
        forget = 2.0 ** (-np.arange(ticks + 1) / feed.half_life)
    return Dials(
        quotas=quotas,
        interest_cap=max(1, math.ceil(feed.interest_share * feed.sources.get("interest", 0))),
        # a function's scores take their place: its feed has no weights
        weights=np.array([feed.weights.get(name, 0.0) for name in PAIR_FACTORS]),
        topic_penalty=float(feed.topic_penalty),
        author_penalty=float(feed.author_penalty),
        author_decay=decay,
        delivery=float(feed.delivery),
        filler=FILLERS.index(feed.filler),
        slots=slots,
        circle=bool(
            heard
            or behaviour.social_share > 0
            or any(feed.weights.get(name) for name in CIRCLE_FACTORS)
        ),
        forget=forget,
        signals=feed.learning_rate * np.array([feed.signals.get(s, 0.0) for s in LEARNED]),
        halves=0.5 ** np.arange(64),
    )


def mind_of(behaviour: Behaviour, free: bool) -> Mind:
    """The numbers of the viewers; log-odds as the odds against, e^(−base)."""
    values: dict[str, float | bool] = {"free": free}
    for name in Mind._fields:
        if name.endswith("_odds"):
            base = getattr(behaviour, name.removesuffix("_odds") + "_base")
            values[name] = math.exp(min(-base, 700.0))
        elif name != "free":
            values[name] = float(getattr(behaviour, name))
    return Mind(**values)  # type: ignore[arg-type]


def scratch_of(stage: Stage, index: Index, dials: Dials) -> Scratch:
    """Room for every post that one session can meet."""
    m, d = stage.features.shape
    degree = int(np.diff(stage.f_indptr).max(initial=0)) if dials.circle else 0
    room = min(degree * RING + int(dials.quotas.sum()), m) + 1
    cells = index.start.size - 1
    widest = int(np.diff(index.start).max(initial=0))
    most = int(dials.quotas.max(initial=0))
    return Scratch(
        query=np.zeros((1, d), np.float32),
        place=np.zeros(1 << int(2 * room).bit_length(), np.int32),
        met=np.zeros((room, 6), np.int32),
        raw=np.zeros(LOOKS * most + 1, np.int32),
        maybe=np.zeros(MAYBE, np.bool_),
        at=np.zeros(room, np.int32),
        of_topic=np.zeros(room, np.int32),
        of_author=np.zeros(room, np.int32),
        picks=np.zeros(room, np.int32),
        factors=np.zeros((int(dials.quotas.sum()), dials.weights.size)),
        base=np.zeros(room),
        score=np.zeros(room),
        tie=np.zeros(room, np.int64),
        nearest=Nearest(
            dots=np.zeros(max(widest, cells), np.float32),
            of_cell=np.zeros(most + 1, np.int64),
            of_all=np.zeros(most + 1, np.int64),
            cells=np.zeros(cells, np.int32),
        ),
        topics=np.zeros(dials.slots, np.int32),
    )


Floats = npt.NDArray[np.float64]


def first_profiles(scene: Prepared, feed: Feed) -> npt.NDArray[np.float32]:
    """Profiles of length 1: the account's own history, and weakly that of its place and device.

    An account without a history begins with the mean of those of its country and device; one
    of which not even that is known has a profile of zeros until it does something.
    """
    own = scene.profiles.astype(np.float64)
    total = own.copy()
    for signal, codes in (("country", scene.stage.places[:, 0]), ("device", scene.devices)):
        weight = feed.signals.get(signal, 0.0)
        if weight and codes.max(initial=-1) >= 0:
            total += weight * unit(_means(own, codes.astype(np.int64)))
    return unit(total).astype(np.float32)


def _means(rows: Floats, codes: npt.NDArray[np.int64]) -> Floats:
    """Sum of the rows of each code, for every row; zero where the code is unknown."""
    order = np.argsort(codes, kind="stable")
    found, begin = np.unique(codes[order], return_index=True)
    sums = np.add.reduceat(rows[order], begin, axis=0)
    sums[found < 0] = 0.0
    out: Floats = sums[np.searchsorted(found, codes)]
    return out

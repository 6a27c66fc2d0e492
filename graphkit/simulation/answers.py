"""Answers of one run: duets and stitches that become posts some ticks after the reaction."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from graphkit.data.answers import (
    DUETS,
    STITCHES,
    Answers,
    answer_keys,
    answer_quality,
    mix_features,
)
from graphkit.kernels.random import draw_all
from graphkit.kernels.sessions import TickImpressions
from graphkit.kernels.state import (
    AUTHOR,
    COUNTRY,
    DUET,
    E_ANSWER,
    E_DELAY,
    LANGUAGE,
    QUALITY,
    STITCH,
    TASTE_TOPIC,
    TOPIC,
    Array,
    StaticArrays,
)
from graphkit.recommenders.search import insert_posts
from graphkit.simulation.arrays import (
    SimulationArrays,
    allocate_aligned,
    cache_lines,
    card_views,
    largest_topic,
)
from graphkit.simulation.behaviour import Behaviour

Ints = npt.NDArray[np.int64]

#: Largest ln of a delay over the median that is computed, and largest delay: after any run.
_LONGEST, _LATE = 40.0, 2.0**40


class Entering(NamedTuple):
    """Answers that enter together, by key: authors and parents in the codes of the kernels."""

    author: Ints
    parent: Ints
    kind: npt.NDArray[np.int8]


class Answering:
    """Answers of one run under a free budget, in the codes of the kernels.

    Attributes
    ----------
    author, parent, kind, due
        Of answers that are due in a later tick of the run.
    made_author, made_parent, made_kind, made_tick
        Of answers that entered, in the order of entering.
    late, left, quit, declined
        Of reactions that did not become posts, as in :class:`Answers`.
    """

    def __init__(
        self, arrays: SimulationArrays, behaviour: Behaviour, seed: np.uint64, ticks: int
    ) -> None:
        self._behaviour, self._seed, self._ticks = behaviour, seed, ticks
        self.author, self.parent, self.due = (np.zeros(0, np.int64) for _ in range(3))
        self.made_author, self.made_parent, self.made_tick = (
            np.zeros(0, np.int64) for _ in range(3)
        )
        self.kind, self.made_kind = np.zeros(0, np.int8), np.zeros(0, np.int8)
        self.late = self.left = self.quit = self.declined = 0
        world = arrays.world
        # of the world's posts, and of the answers that entered behind them
        self._quality = world.quality
        # a world after another run has its answers, whose keys these would have, too
        self._known = world.post_keys[[]]
        if world.answers_to is not None:
            self._known = world.post_keys[world.answers_to >= 0]

    def add(self, t: int, active: Ints, shown: TickImpressions, arrays: SimulationArrays) -> None:
        """Draw which duets and stitches of a tick become posts, and when."""
        static, found = arrays.static, []
        for kind, bit in ((DUETS, DUET), (STITCHES, STITCH)):
            rows, places = np.nonzero(shown.react & bit)
            parents = shown.post[rows, places].astype(np.int64)
            found.append((active[rows], parents, np.full(rows.size, kind, np.int8)))
        author, parent, kinds = (np.concatenate(parts) for parts in zip(*found, strict=True))
        keys = answer_keys(kinds, static.account_keys[author], static.post_keys[parent])
        chance = np.full(keys.size, float(self._behaviour.answer_posts))
        # the answers of this run are the last posts
        place = arrays.posts[parent] - arrays.world.n_posts
        of_stitch = np.zeros(keys.size, np.bool_)
        of_stitch[place >= 0] = self.made_kind[place[place >= 0]] == STITCHES
        chance[of_stitch & (kinds == STITCHES)] *= self._behaviour.stitch_chain
        posted = draw_all(self._seed, E_ANSWER, keys, 0) < chance
        posted &= ~np.isin(keys, self._known)
        due = t + self._delays(keys)
        kept = posted & (due < self._ticks)
        self.declined += int((~posted).sum())
        self.late += int((posted & ~kept).sum())
        self.author = np.concatenate([self.author, author[kept]])
        self.parent = np.concatenate([self.parent, parent[kept]])
        self.kind = np.concatenate([self.kind, kinds[kept]])
        self.due = np.concatenate([self.due, due[kept]])

    def _delays(self, keys: npt.NDArray[np.uint64]) -> Ints:
        """Ticks from the reactions to the answers: lognormal, rounded up."""
        b = self._behaviour
        # the lowest draw is 0, of which the quantile would be infinite
        drawn = np.maximum(draw_all(self._seed, E_DELAY, keys, 0), 2.0**-54)
        ratio = np.exp(np.minimum(b.answer_spread * ndtri(drawn), _LONGEST))
        delays = np.ceil(min(b.answer_delay, _LATE) * ratio)
        return np.asarray(np.clip(delays, 1, _LATE), dtype=np.int64)

    def take(
        self, t: int, gone: npt.NDArray[np.bool_], quit: npt.NDArray[np.bool_], static: StaticArrays
    ) -> Entering:
        """Answers that enter in tick t, in the order of their keys; they are due no more."""
        now = self.due == t
        author, parent, kind = self.author[now], self.parent[now], self.kind[now]
        self.author, self.parent = self.author[~now], self.parent[~now]
        self.kind, self.due = self.kind[~now], self.due[~now]
        left = gone[author]
        silent = quit[author] & ~left
        self.left += int(left.sum())
        self.quit += int(silent.sum())
        kept = np.flatnonzero(~(left | silent))
        keys = answer_keys(
            kind[kept], static.account_keys[author[kept]], static.post_keys[parent[kept]]
        )
        kept = kept[np.argsort(keys)]
        entering = Entering(author[kept], parent[kept], kind[kept])
        self.made_author = np.concatenate([self.made_author, entering.author])
        self.made_parent = np.concatenate([self.made_parent, entering.parent])
        self.made_kind = np.concatenate([self.made_kind, entering.kind])
        self.made_tick = np.concatenate([self.made_tick, np.full(kept.size, t)])
        return entering

    def made(self) -> list[tuple[int, Entering]]:
        """Tick and answers of every tick in which some entered, in order."""
        ticks, starts = np.unique(self.made_tick, return_index=True)
        ends = np.append(starts, self.made_tick.size)[1:]
        author, parent, kind = self.made_author, self.made_parent, self.made_kind
        return [
            (t, Entering(author[low:high], parent[low:high], kind[low:high]))
            for t, low, high in zip(ticks.tolist(), starts.tolist(), ends.tolist(), strict=True)
        ]

    def insert(
        self, arrays: SimulationArrays, t: int, at: int, answers: Entering
    ) -> SimulationArrays:
        """Arrays with the answers as posts of tick t, the codes `at` and following.

        All posts below `at` have entered by then, and no post from `at` on has.
        """
        mix, static = self._behaviour.answer_mix, arrays.static
        author, parent, kind = answers
        count = author.size
        keys = answer_keys(kind, static.account_keys[author], static.post_keys[parent])
        quality = answer_quality(keys, self._quality[arrays.posts[parent]], mix)
        first = self._quality.size
        self._quality = np.concatenate([self._quality, quality])
        features = mix_features(static.features[parent], arrays.profiles[author], mix)
        tastes = mix_features(static.taste_features[parent], static.interests[author], mix)
        cards = np.zeros((count, static.cards.shape[1]))
        post_keys, attributes, traits = card_views(cards)
        post_keys[:] = keys
        traits[:] = static.traits[parent]
        traits[:, QUALITY] = quality.astype(np.float64) - 0.5
        attributes[:, AUTHOR] = author
        attributes[:, TOPIC] = largest_topic(features)
        attributes[:, TASTE_TOPIC] = largest_topic(tastes)
        # unknown unless the world knows both of posts and of accounts
        attributes[:, [COUNTRY, LANGUAGE]] = static.locales[author]
        index = arrays.index
        if index.posts.size:
            index = insert_posts(index, at, features)
        seconds = arrays.seconds[parent]
        return replace(
            arrays,
            posts=np.insert(arrays.posts, at, np.arange(first, first + count)),
            static=_with_posts(static, at, author, features, tastes, cards),
            index=index,
            ticks=np.insert(arrays.ticks, at, np.full(count, t, np.int32)),
            seconds=np.insert(arrays.seconds, at, seconds),
            cross_posted=np.insert(arrays.cross_posted, at, np.zeros(count, np.bool_)),
        )

    def record(self, arrays: SimulationArrays) -> Answers:
        """The answers so far, in the world's codes."""
        return Answers(
            arrays.accounts[self.made_author].astype(np.int32),
            arrays.posts[self.made_parent].astype(np.int32),
            self.made_kind,
            self.made_tick.astype(np.int32),
            self._behaviour.answer_mix,
            self.late,
            self.left,
            self.quit,
            self.declined,
        )


def _with_posts(
    static: StaticArrays, at: int, author: Ints, features: Array, tastes: Array, cards: Array
) -> StaticArrays:
    """The arrays with posts of one author each, as the codes `at` and following."""
    count = author.size
    codes = np.arange(at, at + count)
    features = _insert_rows(static.features, at, features)
    cards = _insert_rows(static.cards, at, cards)
    post_keys, attributes, traits = card_views(cards)
    p, place = static.p_indptr, static.p_indptr[at]
    groups = np.diff(static.g_indptr)[author]
    ends = np.cumsum(groups)
    within = np.arange(int(ends[-1])) - np.repeat(ends - groups, groups)
    joined = static.groups[np.repeat(static.g_indptr[author], groups) + within]
    by_poster = _insert_codes(static.by_poster_indptr, static.by_poster, author, codes, at, count)
    by_group = _insert_codes(
        *(static.by_group_indptr, static.by_group, joined.astype(np.int64)),
        *(np.repeat(codes, groups), at, count),
    )
    return static._replace(
        post_keys=post_keys,
        p_indptr=np.concatenate([p[:at], place + np.arange(count), p[at:] + count]),
        posters=np.insert(static.posters, place, author.astype(np.int32)),
        by_poster_indptr=by_poster[0],
        by_poster=by_poster[1],
        by_group_indptr=by_group[0],
        by_group=by_group[1],
        features=features,
        lines=cache_lines(features),
        taste_features=_insert_rows(static.taste_features, at, tastes),
        cards=cards,
        attributes=attributes,
        traits=traits,
    )


def _insert_rows(rows: Array, at: int, new: Array) -> Array:
    """Rows with new ones from `at` on, in memory that begins with a cache line."""
    count = new.shape[0]
    made = allocate_aligned((rows.shape[0] + count, rows.shape[1]), rows.dtype)
    made[:at], made[at : at + count], made[at + count :] = rows[:at], new, rows[at:]
    return made


def _insert_codes(
    indptr: Ints, values: npt.NDArray[np.int32], row: Ints, new: Ints, at: int, count: int
) -> tuple[Ints, npt.NDArray[np.int32]]:
    """Compressed ascending rows of posts with more posts in some of their rows.

    The new ones have codes from `at` on, so that the others from there on move by `count`.
    """
    below = np.concatenate([[0], np.cumsum(values < at)])
    ends = indptr[:-1] + below[indptr[1:]] - below[indptr[:-1]]
    moved = values + np.int32(count) * (values >= at)
    order = np.lexsort((new, row))
    made = np.insert(moved, ends[row[order]], new[order].astype(np.int32))
    more = np.cumsum(np.bincount(row, minlength=indptr.size - 1))
    return indptr + np.concatenate([[0], more]), made.astype(np.int32, copy=False)

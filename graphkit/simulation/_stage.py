"""A world as the kernels read it, and what all viewers of a tick have in common."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from graphkit.data.world import World
from graphkit.recommenders._arrays import HORIZON, TRIAL, Now, Stage
from graphkit.recommenders.feed import Feed

__all__ = ["now_of", "stage_of"]

Ints = npt.NDArray[np.int64]

#: Posts that the trending source looks at.
TRENDING = 1000
#: Views at the mean watch fraction that every post is given before its own count.
PRIOR_VIEWS = 5.0


def stage_of(world: World) -> Stage:
    """The world's arrays with the orders that no renaming changes: by tick and key."""
    n, m, d = world.n_accounts, world.n_posts, world.interests.shape[1]
    rows = np.repeat(np.arange(n), np.diff(world.follows.indptr))
    by_key = np.lexsort((world.account_keys[world.follows.indices], rows))
    topic = world.post_features.argmax(axis=1).astype(np.int32)
    topic[~world.post_features.any(axis=1)] = d
    by_entry = np.lexsort((world.post_keys, world.ticks)).astype(np.int32)
    rank = np.empty(m, np.int64)
    rank[by_entry] = np.arange(m)
    post_of = np.repeat(np.arange(m), np.diff(world.poster_indptr))
    by_poster = np.lexsort((rank[post_of], world.posters))
    return Stage(
        account_keys=world.account_keys,
        post_keys=world.post_keys,
        f_indptr=world.follows.indptr,
        f_indices=world.follows.indices,
        f_by_key=world.follows.indices[by_key],
        p_indptr=world.poster_indptr,
        posters=world.posters,
        by_poster_indptr=_starts(world.posters, n),
        by_poster=post_of[by_poster].astype(np.int32),
        by_entry=by_entry,
        ticks=world.ticks,
        quality=world.quality,
        features=world.post_features,
        topic=topic,
        topic_indptr=_starts(topic, d + 1),
        topic_posts=np.lexsort((rank, topic)).astype(np.int32),
        interests=world.interests,
    )


def _starts(codes: npt.NDArray[np.int32], size: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=size))]).astype(np.int64)


def now_of(
    stage: Stage, feed: Feed, t: int, seed: int, watch: Ints, views: Ints, reacted: Ints
) -> Now:
    """A tick's posts and their scores, out of the counts of the ticks before."""
    n_eligible = int(np.searchsorted(stage.ticks[stage.by_entry], t, side="right"))
    eligible = stage.by_entry[:n_eligible]
    recent = eligible[stage.ticks[eligible] > t - HORIZON]
    popular = feed.filler == "popularity"
    return Now(
        t=t,
        seed=np.uint64(seed),
        n_eligible=n_eligible,
        topic_end=_topic_ends(stage, t),
        fresh=recent[views[recent] < TRIAL],
        trending=_most_reacted(stage, recent[reacted[recent] > 0], reacted)[:TRENDING],
        popular=_most_reacted(stage, eligible if popular else eligible[:0], reacted),
        merit=_merit(stage, feed, t, watch, views, reacted),
    )


def _topic_ends(stage: Stage, t: int) -> Ints:
    """End of each topic's posts that have entered by tick t."""
    entered = np.concatenate([[0], np.cumsum(stage.ticks[stage.topic_posts] <= t)])
    starts = stage.topic_indptr[:-1]
    ends: Ints = starts + entered[stage.topic_indptr[1:]] - entered[starts]
    return ends


def _most_reacted(
    stage: Stage, posts: npt.NDArray[np.int32], reacted: Ints
) -> npt.NDArray[np.int32]:
    """Posts by their reactions, most first; ties by key."""
    return posts[np.lexsort((stage.post_keys[posts], -reacted[posts]))]


def _merit(
    stage: Stage, feed: Feed, t: int, watch: Ints, views: Ints, reacted: Ints
) -> npt.NDArray[np.float64]:
    """Expected watch fraction, reactions of all, recency: weighted, per post."""
    from graphkit.simulation._kernel import UNIT

    merit = np.zeros(stage.post_keys.size)
    weights = feed.weights
    if weights.get("expected_watch"):
        shown = int(views.sum())
        prior = int(watch.sum()) / UNIT / shown if shown else 0.5
        expected = (watch / UNIT + PRIOR_VIEWS * prior) / (views + PRIOR_VIEWS)
        merit += weights["expected_watch"] * expected
    # functions of integers, once per value: no position in an array can show in a last digit
    if weights.get("global_reactions") and reacted.any():
        levels, place = np.unique(reacted, return_inverse=True)
        top = math.log1p(int(levels[-1]))
        of_level = np.array([math.log1p(level) / top for level in levels.tolist()])
        merit += weights["global_reactions"] * of_level[place]
    if weights.get("recency"):
        # later posts are no candidates yet; their age is cut at 0
        of_age = np.array([2.0 ** (-age / 3) for age in range(t + 1)])
        merit += weights["recency"] * of_age[np.maximum(t - stage.ticks, 0)]
    return merit

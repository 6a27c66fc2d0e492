"""The measures of one run that need no partition: reach, cascades, and the four goals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphkit.data.spread import REACTIONS, WATCH_UNIT, ArmTally
from graphkit.data.world import World
from graphkit.measures.exposure import gini, small_creator_share
from graphkit.measures.cascades import cascades

__all__ = ["entered", "goals", "mean", "part", "posters_of", "scheduled"]

Bools = npt.NDArray[np.bool_]

#: From which divisiveness on a post counts as divisive.
DIVISIVE = 0.5


def scheduled(world: World, tally: ArmTally) -> Bools:
    """Posts whose tick lies within the run, shape (m,); the same in all arms."""
    return np.asarray(world.ticks < tally.ticks.shape[1], dtype=np.bool_)


def entered(world: World, tally: ArmTally) -> Bools:
    """Scheduled posts that were really posted, shape (m,)."""
    return scheduled(world, tally) & tally.posted


def goals(
    world: World, tally: ArmTally, sources: tuple[str, ...], *, free: bool
) -> dict[str, float]:
    """Measure by name; NaN where undefined. Definitions: see :func:`measure_spread`."""
    shown, inside = tally.ticks.sum(axis=1, dtype=np.int64), entered(world, tally)
    impressions = tally.impressions
    watched = float(tally.watch.sum()) / WATCH_UNIT
    completed = int(tally.reactions[:, REACTIONS.index("complete")].sum())
    creators, exposure = _creator_impressions(world, shown, scheduled(world, tally))
    followers = np.bincount(world.follows.indices, minlength=world.n_accounts)[creators]
    held = tally.sessions > 0
    values = {
        "reach": mean(shown[inside]),
        "reach_median": _median(shown[inside]),
        **_cascades(world, tally, inside),
        "creator_gini": gini(exposure),
        "small_creator_share": small_creator_share(exposure, followers),
        "viewer_value": part(watched, impressions),
        "completion": part(completed, impressions),
        "long_term_value": 1 - float(tally.leave) if held else float("nan"),
        "session_length": float(tally.stay) if held else float("nan"),
        "creator_value": part(int(tally.rewards.sum()), int(inside.sum())),
        "posting_propensity": float(tally.posting),
        "quitting_propensity": float(tally.quitting),
        "platform_value": watched,
        **_kept(world, tally, free),
        "divisive_amplification": _over_share(
            None if world.divisiveness is None else world.divisiveness >= DIVISIVE, inside, shown
        ),
        "flagged_amplification": _over_share(world.flagged, inside, shown),
        "crossposted_amplification": _over_share(world.cross_posted, inside, shown),
        "filler_share": part(int(tally.sources[-1]), impressions),
        "candidates_per_session": part(tally.candidates, tally.sessions),
        "index_recall": float(tally.recall),
    }
    for name, count in zip(sources[:-1], tally.sources[:-1].tolist(), strict=True):
        values[f"source_{name}"] = part(count, impressions)
    return values


def _cascades(world: World, tally: ArmTally, inside: Bools) -> dict[str, float]:
    """Of the trees of the originals that entered, their answers' trees included."""
    trees = cascades(tally.shares, world.n_posts, answers_to=_answers(world, inside))
    originals = inside & (trees.size > 0)
    return {
        "cascade_size": mean(trees.size[originals]),
        "cascade_depth": mean(trees.depth[originals]),
        "cascade_breadth": mean(trees.breadth[originals]),
        "structural_virality": mean(trees.virality[originals]),
    }


def _answers(world: World, inside: Bools) -> npt.NDArray[np.int32] | None:
    """The posts that are answered, where both they and their answers entered."""
    answers = world.answers_to
    if answers is None:
        return None
    both = (answers >= 0) & inside & inside[np.maximum(answers, 0)]
    return np.where(both, answers, np.int32(-1))


def _kept(world: World, tally: ArmTally, free: bool) -> dict[str, float]:
    """Who and what stayed: only where leaving and giving up are acted on."""
    n, ticks = world.n_accounts, tally.ticks.shape[1]
    planned = scheduled(world, tally)
    often = np.bincount(posters_of(world, planned), minlength=n) >= 2
    values = {
        "kept_sessions": part(tally.sessions, n * ticks),
        "accounts_kept": 1 - mean(tally.left),
        "creators_kept": 1 - mean(tally.quit[often]),
        "posted_share": mean(tally.posted[planned]),
        "followers_gained": part(int(tally.gained.sum()), n),
        "followers_lost": part(int(tally.lost.sum()), n),
    }
    return values if free else dict.fromkeys(values, float("nan"))


def _over_share(group: Bools | None, inside: Bools, shown: npt.NDArray[np.int64]) -> float:
    """Share of the group's posts in the impressions, over their share of the posts."""
    if group is None:
        return float("nan")
    posts = part(int((group & inside).sum()), int(inside.sum()))
    return part(part(int(shown[group].sum()), int(shown.sum())), posts)


def posters_of(world: World, posts: Bools) -> npt.NDArray[np.int32]:
    """The accounts through which these posts enter, repeats included."""
    return world.posters[np.repeat(posts, np.diff(world.poster_indptr))]


def _creator_impressions(
    world: World, shown: npt.NDArray[np.int64], planned: Bools
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Those with a post scheduled, and their posts' impressions, in equal parts among posters."""
    count = np.diff(world.poster_indptr)
    each: npt.NDArray[np.float64] = np.repeat(shown / count, count)
    total = np.bincount(world.posters, weights=each, minlength=world.n_accounts)
    creators = np.unique(posters_of(world, planned)).astype(np.intp)
    return creators, np.asarray(total[creators], dtype=np.float64)


def mean(values: npt.NDArray[np.generic]) -> float:
    """Mean of the values that are defined; NaN if none is."""
    numbers = values.astype(np.float64)
    known = numbers[~np.isnan(numbers)]
    return float(known.mean()) if known.size else float("nan")


def part(count: float, total: float) -> float:
    """Count over total; NaN if that is 0."""
    return count / total if total else float("nan")


def _median(values: npt.NDArray[np.int64]) -> float:
    return float(np.median(values)) if values.size else float("nan")

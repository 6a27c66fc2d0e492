"""Measures of the answers of one dataset or run, as sums that add up over trees and runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.provenance import Provenance
from graphkit.measures.answer_log import AnswerLog
from graphkit.measures.cascades import cascades
from graphkit.measures.delays import DAYS, DelayFit, ratio_error
from graphkit.measures.mixing import Mixing, ei_index

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: Measures in the order of ``.frame``, with their meanings; later ones need a partition, or viewers.
MEANINGS = {
    "answers": "answers with a known parent",
    "answers_per_post": "answers per post at the root of a tree",
    **{f"within_{d:g}": f"share of the delays of at most {d:g} days" for d in DAYS},
    "delay_median": "median delay in days",
    "delay_mu": "mean of log days, lognormal, corrected for the window",
    "delay_sigma": "standard deviation of log days, likewise",
    "answer_to_answer": "share of answers whose parent is an answer",
    "depth": "mean depth of the trees",
    "depth_max": "largest depth",
    "to_oneself": "share of answers to the same account",
    "inside": "share of answers within a community, without those to oneself",
    "inside_margins": "the same, if answerer and answered were independent",
    "ei_index": "E–I index of who answers whom",
    "ei_null": "its expectation under permuted communities",
    "ei_excess": "E–I index − its expectation",
    "trees_crossing": "share of trees with an answer from another community than their root's",
    "answer_share": "share of views that go to answers",
    "original_outside": "share of the views of answered originals outside their community",
    "tree_outside": "share of the views of their answers outside the original's community",
    "carried": "share of the views outside that their answers bring",
}
_REACH_COUNTS = ("posts", "answers", "views", "answer_views", "answered")
_REACH_SHARES = ("answer_share", "original_outside", "tree_outside", "carried")
_REACH = {"community": pl.String, **dict.fromkeys(_REACH_COUNTS, pl.Int64)}
_REACH |= dict.fromkeys(_REACH_SHARES, pl.Float64)
_TREES = {"part": pl.String, "number": pl.Int64, "count": pl.Int64, "share": pl.Float64}


@dataclass(frozen=True, eq=False)
class Parts:
    """Ratios of one log, as sums by tree; single values; and what adds up over runs."""

    ratios: dict[str, tuple[Floats, Floats]]
    values: dict[str, float]
    z: float
    pairs: npt.NDArray[np.int64]
    excluded: int
    reach: dict[str, Floats] | None

    def value(self, measure: str) -> float:
        """The value of a measure, NaN if undefined."""
        if measure in self.ratios:
            return ratio_error(*self.ratios[measure])[0]
        return self.values.get(measure, float("nan"))


def parts_of(log: AnswerLog, size: int, fit: DelayFit) -> Parts:
    """All measures of one log under a partition of `size` communities; 0 for none."""
    m, root = log.root.size, log.root
    tree = root[log.answer]

    def by_tree(values: npt.ArrayLike, trees: Codes = tree) -> Floats:
        weights = np.broadcast_to(np.asarray(values, dtype=np.float64), trees.shape)
        return np.bincount(trees, weights=weights, minlength=m).astype(np.float64)

    every = by_tree(1.0)
    known = ~np.isnan(log.delay)
    ratios = {
        f"within_{day:g}": (by_tree(known & (log.delay <= day)), by_tree(known)) for day in DAYS
    }
    depth = np.zeros(m)
    np.maximum.at(depth, tree, log.level[log.answer].astype(np.float64))
    is_root = (every > 0).astype(np.float64)
    ratios["answers_per_post"] = (every, is_root)
    ratios["answer_to_answer"] = (by_tree(log.level[log.answer] > 1), every)
    ratios["depth"] = (depth, is_root)
    own = (log.answerer >= 0) & (log.answerer == log.author)
    whom = (log.answerer >= 0) & (log.author >= 0)
    ratios["to_oneself"] = (by_tree(own), by_tree(whom))
    values = {
        "answers": float(log.answer.size),
        "delay_median": float(np.median(log.delay[known])) if known.any() else float("nan"),
        "delay_mu": fit.mu,
        "delay_sigma": fit.sigma,
        "depth_max": float(depth.max(initial=0.0)) if log.answer.size else float("nan"),
    }
    nothing = np.zeros((size, size), np.int64)
    if not size:
        return Parts(ratios, values, float("nan"), nothing, 0, None)
    between = whom & ~own
    both = between & (log.community >= 0) & (log.answered >= 0)
    same = both & (log.community == log.answered)
    ratios["inside"] = (by_tree(same), by_tree(both))
    ratios["ei_index"] = (by_tree(both) - 2 * by_tree(same), by_tree(both))
    cell = log.community[both] * size + log.answered[both]
    pairs = np.bincount(cell, minlength=size * size).reshape(size, size)
    total = float(pairs.sum())
    if total:
        values["inside_margins"] = float((pairs.sum(axis=1) * pairs.sum(axis=0)).sum()) / total**2
    mean, sd = permuted_inside(
        log.answerer[both], log.author[both], log.community[both], log.answered[both]
    )
    values["ei_null"] = 1 - 2 * mean
    values["ei_excess"] = ratio_error(*ratios["ei_index"])[0] - values["ei_null"]
    z = -values["ei_excess"] / (2 * sd) if sd > 0 else float("nan")
    of_root = log.home[tree]
    foreign = (of_root >= 0) & (log.community >= 0) & (log.community != of_root)
    placed = by_tree((of_root >= 0) & (log.community >= 0)) > 0
    ratios["trees_crossing"] = (
        ((by_tree(foreign) > 0) & placed).astype(np.float64),
        placed.astype(np.float64),
    )
    excluded = int((between & ~both).sum())
    reach = None
    if log.viewers is not None:
        reach = _reach(log, size)
        answer = log.parents >= 0
        everyone = log.viewers.everyone.astype(np.float64)
        ratios["answer_share"] = (by_tree(everyone * answer, root), by_tree(everyone, root))
        outside = (log.viewers.assigned - log.viewers.at_home).astype(np.float64)
        within = (log.home[root] >= 0) & (every[root] > 0)
        assigned = log.viewers.assigned.astype(np.float64)
        for name, chosen in (("original_outside", ~answer), ("tree_outside", answer)):
            of = within & chosen
            ratios[name] = (by_tree(outside * of, root), by_tree(assigned * of, root))
        ratios["carried"] = (
            by_tree(outside * (within & answer), root),
            by_tree(outside * within, root),
        )
    return Parts(ratios, values, z, pairs, excluded, reach)


def permuted_inside(a: Codes, b: Codes, of_a: Codes, of_b: Codes) -> tuple[float, float]:
    """Mean and standard deviation of the share inside under permuted communities (Mantel 1967)."""
    if not a.size:
        return float("nan"), float("nan")
    ids, place = np.unique(np.concatenate([a, b]), return_inverse=True)
    n = ids.size
    code = np.empty(n, np.int64)
    code[place] = np.concatenate([of_a, of_b])
    low, high = (
        np.minimum(place[: a.size], place[a.size :]),
        np.maximum(place[: a.size], place[a.size :]),
    )
    pair, count = np.unique(low * n + high, return_counts=True)
    w = count.astype(np.float64)
    strength = np.bincount(pair // n, weights=w, minlength=n)
    strength += np.bincount(pair % n, weights=w, minlength=n)
    sizes = np.bincount(code).astype(np.float64)
    # sums over ordered pairs of Σ w, Σ w² and Σ (Σ w)², of both matrices
    w0, w1, w2 = 2 * w.sum(), 2 * (w**2).sum(), (strength**2).sum()
    c0 = (sizes * (sizes - 1)).sum()
    c1, c2 = c0, (sizes * (sizes - 1) ** 2).sum()
    mean = w0 * c0 / (n * (n - 1))
    variance = 2 * w1 * c1 / (n * (n - 1)) - mean**2
    if n > 2:
        variance += 4 * (w2 - w1) * (c2 - c1) / (n * (n - 1) * (n - 2))
    if n > 3:
        far = (w0**2 + 2 * w1 - 4 * w2) * (c0**2 + 2 * c1 - 4 * c2)
        variance += far / (n * (n - 1) * (n - 2) * (n - 3))
    return float(mean / w0), float(np.sqrt(max(float(variance), 0.0)) / w0)


def _reach(log: AnswerLog, size: int) -> dict[str, Floats]:
    """Sums by community of the author (posts), and of the original (trees); shape (C + 1,)."""
    assert log.viewers is not None
    # the last place is for all, with and without a community
    answer = log.parents >= 0
    tree_home = log.home[log.root]
    answered = np.zeros(log.root.size, np.bool_)
    answered[log.root[log.answer]] = True
    in_tree = answered[log.root]
    outside = log.viewers.assigned - log.viewers.at_home

    def sums(values: npt.ArrayLike, of: Codes, chosen: npt.ArrayLike) -> Floats:
        weights = np.asarray(values, dtype=np.float64) * np.asarray(chosen)
        found = np.bincount(np.where(of < 0, size, of), weights=weights, minlength=size + 1)
        found[size] = found.sum()
        return np.asarray(found, dtype=np.float64)

    everyone, assigned = log.viewers.everyone, log.viewers.assigned
    one, placed = np.ones(log.root.size), tree_home >= 0
    return {
        "posts": sums(one, log.home, log.present),
        "answers": sums(one, log.home, answer),
        "views": sums(everyone, log.home, one),
        "answer_views": sums(everyone, log.home, answer),
        "answered": sums(one, tree_home, answered),
        "own_assigned": sums(assigned, tree_home, in_tree & ~answer & placed),
        "own_outside": sums(outside, tree_home, in_tree & ~answer & placed),
        "tree_assigned": sums(assigned, tree_home, in_tree & answer & placed),
        "tree_outside": sums(outside, tree_home, in_tree & answer & placed),
    }


def reach_frame(sums: dict[str, Floats], names: Sequence[str]) -> pl.DataFrame:
    """Shares from sums, one row per community and one for all."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = {
            "answer_share": sums["answer_views"] / sums["views"],
            "original_outside": sums["own_outside"] / sums["own_assigned"],
            "tree_outside": sums["tree_outside"] / sums["tree_assigned"],
            "carried": sums["tree_outside"] / (sums["own_outside"] + sums["tree_outside"]),
        }
    counts = {name: sums[name].astype(np.int64) for name in _REACH_COUNTS}
    frame = pl.DataFrame({"community": [*names, None], **counts, **shares}, schema=_REACH)
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def tree_frame(logs: Sequence[AnswerLog]) -> pl.DataFrame:
    """Distributions of depth, size, breadth and level, over the trees of all logs."""
    parts: dict[str, list[Codes]] = {"depth": [], "size": [], "breadth": [], "level": []}
    for log in logs:
        m = log.root.size
        found = cascades(np.zeros((0, 5), np.int64), m, answers_to=log.parents)
        grown = found.size > 1
        for name in ("depth", "size", "breadth"):
            parts[name].append(getattr(found, name)[grown])
        parts["level"].append(log.level[log.answer])
    frames = []
    for name, arrays in parts.items():
        number, count = np.unique(np.concatenate(arrays), return_counts=True)
        frames.append(
            pl.DataFrame(
                {
                    "part": [name] * number.size,
                    "number": number,
                    "count": count,
                    "share": count / max(count.sum(), 1),
                },
                schema=_TREES,
            )
        )
    return pl.concat(frames)


def mixing_of(pairs: Codes, names: Sequence[str], excluded: int, made: Provenance) -> Mixing | None:
    """Matrix of who answers whom; none without an answer between accounts of communities."""
    total = float(pairs.sum())
    if not total:
        return None
    observed = pairs.astype(np.float64)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / total
    return Mixing(tuple(names), observed, expected, ei_index(observed), excluded, True, made)

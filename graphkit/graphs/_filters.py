"""Filters that judge an edge by the weights of its graph alone: arrays in, arrays out.

Each takes the edges (tail, head, weight; each once, no self-loops) and gives the mask of those
to keep, and figures per edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.errors import DataError

__all__ = ["Edges", "core", "disparity", "mutual_top", "noise_corrected", "probability"]

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

Judged = tuple[Mask, dict[str, Floats]]


@dataclass(frozen=True)
class Edges:
    """Edges among n nodes, each once."""

    tail: Codes
    head: Codes
    weight: Floats
    n: int
    directed: bool

    def per_end(self, values: Floats | None) -> tuple[Floats, Floats]:
        """Sum of the values (None: 1 each) at the tail of each edge, and at its head.

        A directed edge counts in what leaves its tail and what enters its head.
        """
        out = np.bincount(self.tail, weights=values, minlength=self.n).astype(np.float64)
        into = np.bincount(self.head, weights=values, minlength=self.n).astype(np.float64)
        if not self.directed:
            out = into = out + into
        return out[self.tail], into[self.head]


def probability(logs: Floats) -> Floats:
    """Probabilities from logs; none is 0."""
    return np.maximum(np.exp(logs), np.finfo(np.float64).tiny)


def disparity(edges: Edges, alpha: float) -> Judged:
    """(1 − w/s)^(k − 1) at either end, of which the smaller is p."""
    log_p = np.zeros(edges.tail.size)
    for strength, degree in zip(edges.per_end(edges.weight), edges.per_end(None), strict=True):
        share = np.minimum(edges.weight / np.where(strength > 0, strength, 1.0), 1.0)
        # the only edge of a node has all its weight for want of others
        several = degree > 1
        with np.errstate(divide="ignore"):
            rest = np.log1p(-np.where(several, share, 0.0))
        one_end = np.where(several, degree - 1, 1.0) * rest
        np.minimum(log_p, one_end, out=log_p)
    p = probability(log_p)
    return p < alpha, {"p": p}


def noise_corrected(edges: Edges, alpha: float) -> Judged:
    """Lift in (−1, 1), its deviation under the Bayesian model, and p of their ratio."""
    from scipy.special import log_ndtr

    w = edges.weight
    s, t = edges.per_end(w)
    total = float(w.sum()) * (1 if edges.directed else 2)
    if total <= 1:
        raise DataError(
            f"noise_corrected takes weights for numbers of events; these add up to {total:.4g}: "
            "use weight='count', or method='disparity'."
        )
    expected = s * t / total
    mean = expected / total
    ratio = np.divide(w, expected, out=np.zeros_like(w), where=expected > 0)
    lift = (ratio - 1) / (ratio + 1)
    # the Beta prior has the mean of independence and the variance of the hypergeometric
    spare = (total - s) * (total - t)
    prior = np.full_like(w, np.inf)
    np.divide((1 - mean) * total**2 * (total - 1), spare, out=prior, where=spare > 0)
    prior -= 1
    with np.errstate(invalid="ignore"):
        chance = np.where(np.isinf(prior), mean, (mean * prior + w) / (prior + total))
    kappa = np.divide(1.0, expected, out=np.zeros_like(w), where=expected > 0)
    # the expectation itself grows with w: s, t and the total all contain it
    product = np.where(s * t > 0, s * t, 1.0)
    slope = kappa + w / product - w * kappa * (s + t) / product
    deviation = np.sqrt(total * chance * (1 - chance)) * np.abs(2 * slope) / (ratio + 1) ** 2
    z = np.divide(lift, deviation, out=np.full_like(w, -np.inf), where=deviation > 0)
    p = probability(log_ndtr(-z))
    columns = {"expected": expected, "lift": lift, "deviation": deviation, "p": p}
    return p < alpha, columns


def mutual_top(edges: Edges, top: int) -> Judged:
    """Edges that are among the heaviest `top` of both ends, ties to the smaller node."""
    m = edges.tail.size
    ends = np.concatenate([edges.tail, edges.head])
    others = np.concatenate([edges.head, edges.tail])
    order = np.lexsort((others, -np.tile(edges.weight, 2), ends))
    starts = np.searchsorted(ends[order], np.arange(edges.n))
    rank = np.empty(2 * m)
    rank[order] = np.arange(2 * m) - starts[ends[order]] + 1
    columns = {"source_rank": rank[:m], "target_rank": rank[m:]}
    return np.maximum(rank[:m], rank[m:]) <= top, columns


def core(edges: Edges, k: int) -> Judged:
    """Edges among nodes of core number `k` or more, and the smaller core number of the ends."""
    import igraph

    pairs = zip(edges.tail.tolist(), edges.head.tolist(), strict=True)
    graph = igraph.Graph(n=edges.n, edges=pairs)
    graph.simplify()  # opposite directed edges become one
    numbers = np.array(graph.coreness())
    least = np.minimum(numbers[edges.tail], numbers[edges.head])
    return least >= k, {"core": least.astype(np.float64)}

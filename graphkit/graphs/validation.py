"""How surprising each tie of a projection is, given how active and how popular both sides are.

The number of things that two entities share depends, by chance, on their degrees alone. So
each distinct (degree, degree, count) is tested once, and pairs look their result up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph
from graphkit.graphs._bicm import DegreeModel, degree_model
from graphkit.graphs._source import Sides
from graphkit.threads import in_threads

__all__ = [
    "Judgement",
    "Triples",
    "benjamini_hochberg",
    "bicm_tails",
    "distinct_triples",
    "hypergeometric_tails",
    "validate",
]

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Triples that a thread tests between two progress reports.
BATCH = 1 << 14


@dataclass(frozen=True)
class Triples:
    """The distinct (class, class, count) of the ties, by classes, counts descending.

    Attributes
    ----------
    left, right, count
        Codes of degree classes, left ≤ right, and things shared.
    ties
        Ties of each triple.
    place
        The triple of each tie.
    group_start
        First triple of each pair of classes, and the number of triples.
    """

    left: Ints
    right: Ints
    count: Ints
    ties: Ints
    place: Codes
    group_start: Ints


@dataclass(frozen=True)
class Judgement:
    """Per tie: log p-value, log q-value, expected count; and how much work it was."""

    log_p: Floats
    log_q: Floats
    expected: Floats
    n_tests: int
    n_triples: int
    facts: Mapping[str, float | int]


def validate(graph: Graph, sides: Sides, *, method: str) -> Judgement:
    """Test all ties of a projection by ``"bicm"`` or ``"hypergeometric"``.

    Every pair of nodes counts as a test, those that share nothing too (p = 1).
    """
    tail, head, weight = graph.edge_arrays()
    degrees, classes = np.unique(sides.entities, return_inverse=True)
    triples = distinct_triples(classes[tail], classes[head], weight, degrees.size)
    facts: dict[str, float | int] = {}
    if method == "bicm":
        model = degree_model(sides.entities, sides.things)
        facts = {"degree_error": model.error, "solver_steps": model.steps}
        log_p, expected = bicm_tails(triples, model)
    else:
        log_p, expected = hypergeometric_tails(triples, degrees, sides.things.size)
    n_tests = graph.n_nodes * (graph.n_nodes - 1) // 2
    log_q = benjamini_hochberg(log_p, triples.ties, n_tests)
    place = triples.place
    return Judgement(log_p[place], log_q[place], expected[place], n_tests, log_p.size, facts)


def distinct_triples(
    left: npt.ArrayLike, right: npt.ArrayLike, count: npt.ArrayLike, classes: int
) -> Triples:
    """The distinct triples of ties between classes 0 … `classes` − 1."""
    from graphkit.kernels import tails as kernel

    a, b = np.asarray(left, dtype=np.int64), np.asarray(right, dtype=np.int64)
    shared = np.asarray(count).astype(np.int64)
    width = int(shared.max(initial=0)) + 1
    keys = np.minimum(a, b)
    keys *= classes
    keys += np.maximum(a, b)
    keys *= width
    keys += width - 1 - shared
    del a, b, shared
    place = np.empty(keys.size, dtype=np.int32)
    bits = 16
    while True:
        found = np.empty(1 << (bits - 1), dtype=np.int64)
        table, codes = np.full(1 << bits, -1, dtype=np.int64), np.empty(1 << bits, dtype=np.int32)
        n = kernel.index_distinct(keys, table, codes, found, place)
        if n >= 0:
            break
        bits += 2
    order = np.argsort(found[:n])
    rank = np.empty(n, dtype=np.int32)
    rank[order] = np.arange(n, dtype=np.int32)
    place = rank[place]
    group, back = np.divmod(found[:n][order], width)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return Triples(
        group // classes, group % classes, width - 1 - back,
        np.bincount(place, minlength=n), place, np.append(starts, n),
    )  # fmt: skip


def bicm_tails(
    triples: Triples, model: DegreeModel, workers: int | None = None
) -> tuple[Floats, Floats]:
    """Log P(X ≥ count) of each triple and the mean of X, under the configuration model."""
    from graphkit.kernels import tails as kernel

    start = triples.group_start
    first = start[:-1]
    left, right = triples.left[first], triples.right[first]
    size = model.n_things.astype(np.float64)

    def run(a: int, b: int, log_tail: Floats, expected: Floats) -> None:
        kernel.poisson_binomial_tails(
            a, b, start, left, right, triples.count, model.share, size, log_tail, expected
        )

    cuts = np.searchsorted(start, np.arange(BATCH, triples.count.size, BATCH))
    return _in_batches(run, cuts, left.size, triples.count.size, workers)


def hypergeometric_tails(
    triples: Triples, degrees: Ints, things: int, workers: int | None = None
) -> tuple[Floats, Floats]:
    """The same if both drew their things from all `things` alike, popular or not."""
    from graphkit.kernels import tails as kernel

    left, right, none = degrees[triples.left], degrees[triples.right], np.empty(0)

    def run(a: int, b: int, log_tail: Floats, expected: Floats) -> None:
        kernel.hypergeometric_tails(
            a, b, left, right, triples.count, things, none, log_tail, expected
        )

    n = triples.count.size
    return _in_batches(run, np.arange(BATCH, n, BATCH), n, n, workers)


def _in_batches(
    run: Callable[[int, int, Floats, Floats], None],
    cuts: Ints,
    last: int,
    n: int,
    workers: int | None,
) -> tuple[Floats, Floats]:
    log_tail, expected = np.empty(n), np.empty(n)
    bounds = np.unique(np.concatenate([[0], cuts, [last]])).tolist()
    in_threads(
        lambda step: run(*step, log_tail, expected), list(pairwise(bounds)), "tests",
        workers=workers,
    )  # fmt: skip
    return log_tail, expected


def benjamini_hochberg(log_p: Floats, times: Ints, n_tests: int) -> Floats:
    r"""Log q-values of p-values that occur several times each.

    :math:`q_{(k)} = \min_{l \ge k} \min(1, p_{(l)} M / l)` for M = `n_tests` tests [1]_; tests
    that are not among the given have p = 1.

    Parameters
    ----------
    log_p
        Logs of distinct or repeated p-values.
    times
        How many tests have each of them.
    n_tests
        All tests, at least the sum of `times`.

    References
    ----------
    .. [1] Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. Journal of
       the Royal Statistical Society B, 57, 289–300.
       https://doi.org/10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> logs = benjamini_hochberg(np.log([0.01, 0.04, 0.03]), np.array([1, 1, 1]), 4)
    >>> np.exp(logs).round(4).tolist()
    [0.04, 0.0533, 0.0533]
    """
    order = np.argsort(log_p, kind="stable")
    rank = np.cumsum(times[order])
    raw = log_p[order] + (np.log(n_tests) - np.log(rank)) if order.size else log_p
    log_q = np.empty(order.size)
    log_q[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 0.0)
    return log_q

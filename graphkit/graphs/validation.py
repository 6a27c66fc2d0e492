"""Statistical validation of a projection against null models of the two-mode network.

The number of shared objects of two actors depends under the null models on their degrees alone,
so each distinct (degree, degree, count) is tested once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph
from graphkit.errors import DataError
from graphkit.graphs.evidence import Degrees
from graphkit.graphs.options import Codes, Floats, Ints
from graphkit.parallel import in_threads

#: Largest relative error of any expected degree.
TOLERANCE = 1e-10

#: Largest number of Newton steps; ten are usual.
STEPS = 200

#: Triples that a thread tests between two progress reports.
BATCH = 1 << 14


@dataclass(frozen=True)
class DegreeModel:
    """Bipartite configuration model per class of equal degree.

    The A classes of actors have the degrees `actor_degree` (ascending) and sizes `n_actors`, the K
    classes of objects `object_degree` (descending) and `n_objects`. `share`, shape (A, K), is the
    probability of a pair of an actor and an object of each class, non-increasing along a row;
    `error` is the largest relative error of an expected degree after `steps` Newton steps.
    """

    actor_degree: Ints
    object_degree: Ints
    n_actors: Ints
    n_objects: Ints
    share: Floats
    error: float
    steps: int


def degree_model(actor_degrees: npt.ArrayLike, object_degrees: npt.ArrayLike) -> DegreeModel:
    """Bipartite configuration model with these expected degrees of actors and objects.

    Raises
    ------
    DataError
        If no bipartite graph has these degrees, or the solver does not converge.
    """
    d, n_d = np.unique(np.asarray(actor_degrees, dtype=np.int64), return_counts=True)
    k, n_k = np.unique(np.asarray(object_degrees, dtype=np.int64), return_counts=True)
    k, n_k = k[::-1].copy(), n_k[::-1].copy()
    if not d.size or not k.size or int(d @ n_d) != int(k @ n_k):
        raise DataError(
            f"the degrees of both node sets must add up to the same number of pairs, not to "
            f"{int(d @ n_d):,} and {int(k @ n_k):,}."
        )
    share, rows, columns, left_d, left_k = _decided_pairs(d, n_d, k, n_k)
    steps = 0
    if rows.size:
        degrees = (left_d[rows], n_d[rows], left_k[columns], n_k[columns])
        free, steps = _solve_newton(*(values.astype(float) for values in degrees))
        share[np.ix_(rows, columns)] = free
    # rounding must not change the order of the degrees
    share = np.minimum.accumulate(np.clip(share, 0.0, 1.0), axis=1)
    error = max(_relative_error(share @ n_k, d), _relative_error(n_d @ share, k))
    if not error <= TOLERANCE:
        raise DataError(
            f"the bipartite configuration model did not converge: after {steps} steps an expected "
            f"degree is off by {error:.1e} of itself (at most {TOLERANCE:.0e} is accepted). Are "
            "these the degrees of a bipartite graph without repeated pairs?"
        )
    return DegreeModel(d, k, n_d, n_k, share, error, steps)


def _relative_error(found: Floats, asked: Ints) -> float:
    return float((np.abs(found - asked) / np.maximum(asked, 1)).max())


def _decided_pairs(d: Ints, n_d: Ints, k: Ints, n_k: Ints) -> tuple[Floats, Ints, Ints, Ints, Ints]:
    """Pairs that the degrees decide: nodes joined to none or to all of the remaining nodes.

    Returns the shares so far, the undecided classes, and the remaining degrees.
    """
    share = np.zeros((d.size, k.size))
    d, k = d.copy(), k.copy()
    rows, columns = np.arange(d.size), np.arange(k.size)
    while rows.size and columns.size:
        objects, actors = int(n_k[columns].sum()), int(n_d[rows].sum())
        full = rows[d[rows] == objects]
        if full.size:
            share[np.ix_(full, columns)] = 1.0
            k[columns] -= int(n_d[full].sum())
            rows = rows[(d[rows] > 0) & (d[rows] < objects)]
            continue
        complete = columns[k[columns] == actors]
        if complete.size:
            share[np.ix_(rows, complete)] = 1.0
            d[rows] -= int(n_k[complete].sum())
        kept = columns[(k[columns] > 0) & (k[columns] < actors)]
        open_rows = rows[d[rows] > 0]
        if kept.size == columns.size and open_rows.size == rows.size:
            break
        rows, columns = open_rows, kept
    if not (rows.size and columns.size):
        rows, columns = rows[:0], columns[:0]
    return share, rows, columns, d, k


def _solve_newton(d: Floats, n_d: Floats, k: Floats, n_k: Floats) -> tuple[Floats, int]:
    """Shares u of the undecided classes by damped Newton steps on the likelihood, and the steps."""
    scale = np.sqrt(float(d @ n_d))
    a, b = np.log(d / scale), np.log(k / scale)
    for _ in range(10):  # initial values: fixed-point steps in turn
        a = np.log(d) - np.log(_odds_sums(a, b, n_k))
        b = np.log(k) - np.log(_odds_sums(b, a, n_d))
    best, error = -np.inf, np.inf
    u = _logistic(a, b)
    steps = 0
    while steps < STEPS:
        gap_d, gap_k = n_d * (d - u @ n_k), n_k * (k - n_d @ u)
        last, error = error, max(np.abs(gap_d / (n_d * d)).max(), np.abs(gap_k / (n_k * k)).max())
        if error <= TOLERANCE / 100 or (error <= TOLERANCE and error > last / 2):
            break  # converged up to rounding
        steps += 1
        move_a, move_b = _newton_step(n_d[:, None] * u * (1 - u) * n_k, gap_d, gap_k)
        size = min(1.0, 4.0 / max(np.abs(move_a).max(), np.abs(move_b).max(), 1e-300))
        for _ in range(40):
            trial = _logistic(a + size * move_a, b + size * move_b)
            likelihood = _likelihood(a + size * move_a, b + size * move_b, d, n_d, k, n_k)
            if likelihood >= best - 1e-12 * abs(best) or error < 1e-6:
                break
            size /= 2
        a, b, u, best = a + size * move_a, b + size * move_b, trial, likelihood
    return u, steps


def _newton_step(curvature: Floats, gap_d: Floats, gap_k: Floats) -> tuple[Floats, Floats]:
    """Newton step; the larger side is eliminated, one unknown is fixed (only x·y is identified)."""
    if curvature.shape[0] < curvature.shape[1]:
        move_k, move_d = _newton_step(curvature.T, gap_k, gap_d)
        return move_d, move_k
    row = curvature.sum(axis=1)
    scaled = curvature / row[:, None]
    system = np.diag(curvature.sum(axis=0)) - curvature.T @ scaled
    right = gap_k - scaled.T @ gap_d
    move = np.zeros(right.size)
    if right.size > 1:
        try:
            move[:-1] = np.linalg.solve(system[:-1, :-1], right[:-1])
        except np.linalg.LinAlgError:
            move[:-1] = np.linalg.lstsq(system[:-1, :-1], right[:-1])[0]
    return (gap_d - curvature @ move) / row, move


def _odds_sums(a: Floats, b: Floats, weight: Floats) -> Floats:
    """Σ_k weight_k y_k / (1 + x y_k) for each x = exp(a)."""
    found: Floats = (_logistic(a, b) * np.exp(-a)[:, None]) @ weight
    return found


def _logistic(a: Floats, b: Floats) -> Floats:
    from scipy.special import expit

    found: Floats = expit(a[:, None] + b)
    return found


def _likelihood(a: Floats, b: Floats, d: Floats, n_d: Floats, k: Floats, n_k: Floats) -> float:
    """Log-likelihood of the degrees."""
    sums = np.logaddexp(0.0, a[:, None] + b)
    return float((n_d * d) @ a + (n_k * k) @ b - n_d @ sums @ n_k)


@dataclass(frozen=True)
class Triples:
    """Distinct (class, class, count) of the edges, by classes, counts descending.

    `left` ≤ `right` are codes of degree classes, `count` the number of shared objects,
    `multiplicity` the number of edges of each triple; `position` is the triple of each edge, and
    `group_start` the first triple of each pair of classes, and the number of triples.
    """

    left: Ints
    right: Ints
    count: Ints
    multiplicity: Ints
    position: Codes
    group_start: Ints


@dataclass(frozen=True)
class Validation:
    """Log p-value, log q-value and expected count of each edge, and numbers of tests."""

    log_p: Floats
    log_q: Floats
    expected: Floats
    n_tests: int
    n_triples: int
    solver: Mapping[str, float | int]


def validate(graph: Graph, degrees_of: Degrees, *, method: str) -> Validation:
    """Test all edges of a projection by ``"bicm"`` or ``"hypergeometric"``.

    Every pair of nodes counts as a test, also those that share nothing (p = 1).
    """
    source, target, weight = graph.edge_arrays()
    degrees, classes = np.unique(degrees_of.actors, return_inverse=True)
    triples = distinct_triples(classes[source], classes[target], weight, degrees.size)
    solver: dict[str, float | int] = {}
    if method == "bicm":
        model = degree_model(degrees_of.actors, degrees_of.objects)
        solver = {"degree_error": model.error, "solver_steps": model.steps}
        log_p, expected = bicm_tails(triples, model)
    else:
        log_p, expected = hypergeometric_tails(triples, degrees, degrees_of.objects.size)
    n_tests = graph.n_nodes * (graph.n_nodes - 1) // 2
    log_q = benjamini_hochberg(log_p, triples.multiplicity, n_tests)
    edge = triples.position
    return Validation(log_p[edge], log_q[edge], expected[edge], n_tests, log_p.size, solver)


def distinct_triples(
    left: npt.ArrayLike, right: npt.ArrayLike, count: npt.ArrayLike, classes: int
) -> Triples:
    """Distinct triples of edges between degree classes 0 … `classes` − 1."""
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
    position = np.empty(keys.size, dtype=np.int32)
    bits = 16
    while True:
        found = np.empty(1 << (bits - 1), dtype=np.int64)
        table, codes = np.full(1 << bits, -1, dtype=np.int64), np.empty(1 << bits, dtype=np.int32)
        n = kernel.index_distinct(keys, table, codes, found, position)
        if n >= 0:
            break
        bits += 2
    order = np.argsort(found[:n])
    rank = np.empty(n, dtype=np.int32)
    rank[order] = np.arange(n, dtype=np.int32)
    position = rank[position]
    group, back = np.divmod(found[:n][order], width)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return Triples(
        group // classes,
        group % classes,
        width - 1 - back,
        np.bincount(position, minlength=n),
        position,
        np.append(starts, n),
    )


def bicm_tails(
    triples: Triples, model: DegreeModel, workers: int | None = None
) -> tuple[Floats, Floats]:
    """Log P(X ≥ count) of each triple, and E X, under the bipartite configuration model."""
    from graphkit.kernels import tails as kernel

    start = triples.group_start
    first = start[:-1]
    left, right = triples.left[first], triples.right[first]
    size = model.n_objects.astype(np.float64)

    def run(a: int, b: int, log_tail: Floats, expected: Floats) -> None:
        kernel.poisson_binomial_tails(
            a, b, start, left, right, triples.count, model.share, size, log_tail, expected
        )

    cuts = np.searchsorted(start, np.arange(BATCH, triples.count.size, BATCH))
    return _run_batches(run, cuts, left.size, triples.count.size, workers)


def hypergeometric_tails(
    triples: Triples, degrees: Ints, objects: int, workers: int | None = None
) -> tuple[Floats, Floats]:
    """Log P(X ≥ count) of each triple, and E X, with all `objects` equally popular."""
    from graphkit.kernels import tails as kernel

    left, right, none = degrees[triples.left], degrees[triples.right], np.empty(0)

    def run(a: int, b: int, log_tail: Floats, expected: Floats) -> None:
        kernel.hypergeometric_tails(
            a, b, left, right, triples.count, objects, none, log_tail, expected
        )

    n = triples.count.size
    return _run_batches(run, np.arange(BATCH, n, BATCH), n, n, workers)


def _run_batches(
    run: Callable[[int, int, Floats, Floats], None],
    cuts: Ints,
    last: int,
    n: int,
    workers: int | None,
) -> tuple[Floats, Floats]:
    log_tail, expected = np.empty(n), np.empty(n)
    bounds = np.unique(np.concatenate([[0], cuts, [last]])).tolist()
    steps = list(pairwise(bounds))
    in_threads(lambda step: run(*step, log_tail, expected), steps, "tests", workers=workers)
    return log_tail, expected


def benjamini_hochberg(log_p: Floats, times: Ints, n_tests: int) -> Floats:
    r"""Log q-values of Benjamini and Hochberg [1]_, for p-values with multiplicities.

    :math:`q_{(k)} = \min_{l \ge k} \min(1, p_{(l)} M / l)` for M = `n_tests` tests; tests that
    are not listed have p = 1.

    Parameters
    ----------
    log_p
        Logs of distinct or repeated p-values.
    times
        Number of tests with each of them.
    n_tests
        Number of all tests, at least the sum of `times`.

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

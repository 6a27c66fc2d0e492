"""The bipartite configuration model: how likely each entity has each thing, given degrees.

Among all bipartite graphs, the one of largest entropy whose expected degrees are the observed
ones has independent pairs of probability

    u_ik = x_i y_k / (1 + x_i y_k),   Σ_k u_ik = d_i,   Σ_i u_ik = k_k

(Saracco et al. 2015, https://doi.org/10.1038/srep10595). Entities of one degree have one x, so
that the unknowns are as few as the distinct degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.errors import DataError

__all__ = ["DegreeModel", "degree_model"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Largest relative error of any expected degree.
TOLERANCE = 1e-10

#: Steps after which the solver gives up; ten are usual.
STEPS = 200


@dataclass(frozen=True)
class DegreeModel:
    """The model per class of equal degree.

    Attributes
    ----------
    entity_degree, thing_degree
        Degrees of the classes, ascending (A,) and descending (K,).
    n_entities, n_things
        Entities and things per class, shapes (A,) and (K,).
    share
        Probability that an entity of a class has a thing of a class, shape (A, K); never
        ascending along a row.
    error
        Largest relative error of an expected degree.
    steps
        Newton steps taken.
    """

    entity_degree: Ints
    thing_degree: Ints
    n_entities: Ints
    n_things: Ints
    share: Floats
    error: float
    steps: int


def degree_model(entity_degrees: npt.ArrayLike, thing_degrees: npt.ArrayLike) -> DegreeModel:
    """Solve the model for the degrees of both sides; degrees of 0 make classes of their own.

    Raises
    ------
    DataError
        If the degrees are those of no bipartite graph, or the solver does not converge.
    """
    d, n_d = np.unique(np.asarray(entity_degrees, dtype=np.int64), return_counts=True)
    k, n_k = np.unique(np.asarray(thing_degrees, dtype=np.int64), return_counts=True)
    k, n_k = k[::-1].copy(), n_k[::-1].copy()
    if not d.size or not k.size or int(d @ n_d) != int(k @ n_k):
        raise DataError(
            f"the degrees of both sides must add up to the same number of pairs, not to "
            f"{int(d @ n_d):,} and {int(k @ n_k):,}."
        )
    share, rows, columns, left_d, left_k = _certain(d, n_d, k, n_k)
    steps = 0
    if rows.size:
        free, steps = _solve(
            left_d[rows].astype(float), n_d[rows].astype(float),
            left_k[columns].astype(float), n_k[columns].astype(float),
        )  # fmt: skip
        share[np.ix_(rows, columns)] = free
    # rounding must not undo the order that equal or larger degrees give
    share = np.minimum.accumulate(np.clip(share, 0.0, 1.0), axis=1)
    error = max(_relative(share @ n_k, d), _relative(n_d @ share, k))
    if not error <= TOLERANCE:
        raise DataError(
            f"the bipartite configuration model did not converge: after {steps} steps an expected "
            f"degree is off by {error:.1e} of itself (at most {TOLERANCE:.0e} is accepted). Are "
            "these the degrees of a bipartite graph without repeated pairs?"
        )
    return DegreeModel(d, k, n_d, n_k, share, error, steps)


def _relative(found: Floats, asked: Ints) -> float:
    return float((np.abs(found - asked) / np.maximum(asked, 1)).max())


def _certain(d: Ints, n_d: Ints, k: Ints, n_k: Ints) -> tuple[Floats, Ints, Ints, Ints, Ints]:
    """Pairs that the degrees decide: who has nothing, or everything that is left.

    Returns the shares so far, the classes that stay open, and what is left of each degree.
    """
    share = np.zeros((d.size, k.size))
    d, k = d.copy(), k.copy()
    rows, columns = np.arange(d.size), np.arange(k.size)
    while rows.size and columns.size:
        things, entities = int(n_k[columns].sum()), int(n_d[rows].sum())
        full = rows[d[rows] == things]
        if full.size:
            share[np.ix_(full, columns)] = 1.0
            k[columns] -= int(n_d[full].sum())
            rows = rows[(d[rows] > 0) & (d[rows] < things)]
            continue
        everyones = columns[k[columns] == entities]
        if everyones.size:
            share[np.ix_(rows, everyones)] = 1.0
            d[rows] -= int(n_k[everyones].sum())
        kept = columns[(k[columns] > 0) & (k[columns] < entities)]
        open_rows = rows[d[rows] > 0]
        if kept.size == columns.size and open_rows.size == rows.size:
            break
        rows, columns = open_rows, kept
    if not (rows.size and columns.size):
        rows, columns = rows[:0], columns[:0]
    return share, rows, columns, d, k


def _solve(d: Floats, n_d: Floats, k: Floats, n_k: Floats) -> tuple[Floats, int]:
    """Shares u of the open classes, by damped Newton steps on the likelihood, and the steps."""
    scale = np.sqrt(float(d @ n_d))
    a, b = np.log(d / scale), np.log(k / scale)
    for _ in range(10):  # a rough start; each side in turn, the other held
        a = np.log(d) - np.log(_odds_sums(a, b, n_k))
        b = np.log(k) - np.log(_odds_sums(b, a, n_d))
    best, error = -np.inf, np.inf
    u = _logistic(a, b)
    steps = 0
    while steps < STEPS:
        gap_d, gap_k = n_d * (d - u @ n_k), n_k * (k - n_d @ u)
        last, error = error, max(np.abs(gap_d / (n_d * d)).max(), np.abs(gap_k / (n_k * k)).max())
        if error <= TOLERANCE / 100 or (error <= TOLERANCE and error > last / 2):
            break  # as close as rounding allows
        steps += 1
        move_a, move_b = _newton(n_d[:, None] * u * (1 - u) * n_k, gap_d, gap_k)
        size = min(1.0, 4.0 / max(np.abs(move_a).max(), np.abs(move_b).max(), 1e-300))
        for _ in range(40):
            trial = _logistic(a + size * move_a, b + size * move_b)
            likelihood = _likelihood(a + size * move_a, b + size * move_b, d, n_d, k, n_k)
            if likelihood >= best - 1e-12 * abs(best) or error < 1e-6:
                break
            size /= 2
        a, b, u, best = a + size * move_a, b + size * move_b, trial, likelihood
    return u, steps


def _newton(curvature: Floats, gap_d: Floats, gap_k: Floats) -> tuple[Floats, Floats]:
    """The Newton step; the larger side is eliminated, one unknown is held (only x·y counts)."""
    if curvature.shape[0] < curvature.shape[1]:
        move_k, move_d = _newton(curvature.T, gap_k, gap_d)
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

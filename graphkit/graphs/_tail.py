"""Degrees: their distribution, and a power law for their tail; arrays in, frames out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["distribution", "power_law"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Nodes that a tail must have, and lower ends of it that are tried.
LEAST, TRIED = 50, 256

#: Exponents that are looked at.
LOW, HIGH = 1.0 + 1e-6, 20.0


def distribution(degrees: dict[str, Ints]) -> pl.DataFrame:
    """Nodes per bin 0, 1, 2–3, 4–7, … of each kind of degree."""
    frames = []
    for of, values in degrees.items():
        top = int(values.max(initial=0)).bit_length()
        # the bin of a whole number is the number of its binary digits
        bins = np.zeros(values.size, dtype=np.int64)
        positive = values > 0
        bins[positive] = np.frexp(values[positive].astype(np.float64))[1]
        nodes = np.bincount(bins, minlength=top + 1 if values.size else 0).astype(np.int64)
        low = np.array([0, *(1 << k for k in range(top))], dtype=np.int64)[: nodes.size]
        high = np.array([0, *((2 << k) - 1 for k in range(top))], dtype=np.int64)[: nodes.size]
        n = max(values.size, 1)
        frames.append(
            pl.DataFrame(
                {
                    "of": pl.Series([of] * nodes.size, dtype=pl.String),
                    "low": low,
                    "high": high,
                    "nodes": nodes,
                    "share": nodes / n,
                    "at_least": np.cumsum(nodes[::-1])[::-1] / n,
                }
            )
        )
    return pl.concat(frames)


def power_law(degrees: dict[str, Ints]) -> pl.DataFrame:
    """The fit of each kind of degree; nulls where the tail would be too short."""
    rows = [(of, *(_fit(values) or (None,) * 4)) for of, values in degrees.items()]
    schema = {
        "of": pl.String, "exponent": pl.Float64, "x_min": pl.Int64, "nodes": pl.Int64,
        "ks": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _fit(degrees: Ints) -> tuple[float, int, int, float] | None:
    """Exponent, x_min, nodes of the tail and KS distance; the smallest distance wins.

    With x the degrees of at least x_min, P(x) = x^−α / ζ(α, x_min); α maximises the likelihood
    −n ln ζ(α, x_min) − α Σ ln x, for all x_min at once.
    """
    from scipy.special import zeta

    x, times = np.unique(degrees[degrees > 0], return_counts=True)
    left = np.cumsum(times[::-1])[::-1]  # nodes of degree x or more
    # a tail needs two different degrees at least
    candidates = np.flatnonzero(left >= LEAST)
    candidates = candidates[candidates < x.size - 1]
    if not candidates.size:
        return None
    if candidates.size > TRIED:
        candidates = candidates[np.unique(np.geomspace(1, candidates.size, TRIED).astype(int) - 1)]
    logs = np.cumsum((times * np.log(x))[::-1])[::-1][candidates] / left[candidates]
    lowest = x[candidates].astype(np.float64)
    alpha = _maximised(logs, lowest)
    best: tuple[float, int, int, float] | None = None
    for place, exponent in zip(candidates.tolist(), alpha.tolist(), strict=True):
        values = x[place:].astype(np.float64)
        whole = zeta(exponent, values[0])
        if not whole > 0 or exponent > HIGH - 1e-3:
            continue
        fitted = 1 - zeta(exponent, values + 1) / whole
        seen = np.cumsum(times[place:]) / left[place]
        # between two degrees that occur the fit rises while the data stand still
        before = 1 - zeta(exponent, values) / whole
        stood = np.concatenate([[0.0], seen[:-1]])
        ks = float(max(np.abs(fitted - seen).max(), np.abs(before - stood).max()))
        if best is None or ks < best[3]:
            best = (exponent, int(x[place]), int(left[place]), ks)
    return best


def _maximised(logs: Floats, lowest: Floats) -> Floats:
    """α of highest likelihood per x_min, by golden section: the likelihood has one maximum."""
    from scipy.special import zeta

    def cost(alpha: Floats) -> Floats:
        # x_min is taken out of ζ, which would vanish for large ones
        scaled = zeta(alpha, lowest) * lowest**alpha
        found: Floats = np.log(scaled) + alpha * (logs - np.log(lowest))
        return found

    ratio = (5**0.5 - 1) / 2
    a, b = np.full(logs.size, LOW), np.full(logs.size, HIGH)
    c, d = b - ratio * (b - a), a + ratio * (b - a)
    low, high = cost(c), cost(d)
    for _ in range(48):
        left = low < high
        a, b = np.where(left, a, c), np.where(left, d, b)
        c, d = b - ratio * (b - a), a + ratio * (b - a)
        low, high = cost(c), cost(d)
    middle: Floats = (a + b) / 2
    return middle

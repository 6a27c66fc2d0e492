"""Which partitions are best somewhere: quality is a line in γ, and the best its envelope.

Modularity and CPM fall with γ along a straight line, internal − γ·expected, for every
partition. The upper envelope of many such lines tells, for each γ of a range, which
partition wins, and for each partition where it does (Weir et al. 2017).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities.prepare import Prepared
from graphkit.communities.quality import line

__all__ = ["Found", "envelope"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]

#: Relative difference below which two numbers are one, rounded differently.
_ROUNDING = 1e-12


def envelope(
    internal: Floats, expected: Floats, low: float, high: float
) -> tuple[list[int], list[float]]:
    """Lines that are highest somewhere between `low` and `high`, and where they take turns.

    Parameters
    ----------
    internal, expected
        Shape (lines,): each line is internal − γ·expected.

    Returns
    -------
    tuple
        The lines in order of γ, h of them, and the h + 1 bounds of their domains, the
        first `low`, the last `high`. Lines that only touch the envelope in a point are
        left out; of equal lines the first one stands.
    """
    value = internal - low * expected
    # of lines that meet at `low`, the flattest is higher behind it
    best = value >= value.max() - _ROUNDING * np.abs(internal).max()
    flattest = best & (expected <= expected[best].min() * (1 + _ROUNDING))
    current = int(np.flatnonzero(flattest)[0])
    order, bounds = [current], [low]
    while True:
        flatter = np.flatnonzero(expected < expected[current] * (1 - _ROUNDING))
        if not flatter.size:
            break
        crossing = (internal[current] - internal[flatter]) / (expected[current] - expected[flatter])
        crossing = np.maximum(crossing, bounds[-1])
        # equal lines differ by rounding: of all that cross here, the first flattest follows
        here = flatter[crossing <= crossing.min() * (1 + _ROUNDING)]
        following = here[expected[here] <= expected[here].min() * (1 + _ROUNDING)]
        at = float(crossing.min())
        if at >= high:
            break
        current = int(following[0])
        if at <= bounds[-1] * (1 + _ROUNDING):
            order[-1] = current
        else:
            order.append(current)
            bounds.append(at)
    return order, [*bounds, high]


@dataclass(eq=False)
class Found:
    """The distinct partitions of all runs as lines; memberships only of admissible ones."""

    prepared: Prepared
    quality: str
    low: float
    high: float
    rows: list[dict[str, Any]] = field(default_factory=list)
    number: dict[bytes, int] = field(default_factory=dict)
    kept: dict[int, Codes] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)

    def add(self, memberships: Codes, *, runs: int = 1) -> int:
        """Note the partitions of one γ, one a row; returns how many are distinct."""
        seen = set()
        for membership in memberships:
            codes = np.ascontiguousarray(membership)
            key = hashlib.blake2b(codes.data, digest_size=16).digest()
            seen.add(key)
            if key not in self.number:
                self.number[key] = len(self.rows)
                self.kept[len(self.rows)] = codes.copy()
                self.rows.append(self._row(codes))
            self.rows[self.number[key]]["runs"] += runs
        internal, expected = (
            np.array([row[name] for row in self.rows]) for name in ("internal", "expected")
        )
        self.order, self.bounds = envelope(internal, expected, self.low, self.high)
        # a line below the envelope stays below it: what more partitions do is raise it
        self.kept = {i: self.kept[i] for i in self.order}
        return len(seen)

    def _row(self, codes: Codes) -> dict[str, Any]:
        internal, expected = line(self.prepared, codes, self.quality)
        sizes = np.bincount(codes)
        return {
            "partition": len(self.rows), "internal": internal, "expected": expected,
            "communities": int(sizes.size), "largest": float(sizes.max() / codes.size),
            "alone": float((sizes == 1).sum() / codes.size), "runs": 0,
        }  # fmt: skip

    def frame(self) -> pl.DataFrame:
        """One row per distinct partition, with the domain where it has one."""
        domain = {number: place for place, number in enumerate(self.order)}
        places = [domain.get(row["partition"]) for row in self.rows]
        return pl.DataFrame(self.rows).with_columns(pl.Series("domain", places, dtype=pl.Int64))

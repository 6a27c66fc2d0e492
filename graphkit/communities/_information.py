"""Overlap of two memberships, and the information that they share beyond chance.

The expected information of two partitions depends on the sizes of their communities
alone, so that it is summed once per pair of distinct sizes, for all runs together: with
hundreds of communities that is far less than once per pair of communities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ExpectedInformation", "Grouped", "Overlap", "adjusted_information", "entropy"]

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Grouped:
    """A membership without −1, with its nodes by community.

    Attributes
    ----------
    sizes
        Nodes per community.
    start
        Where each community's nodes begin in `members`, shape (communities + 1,).
    members
        int32, shape (n,): nodes by community.
    """

    sizes: Counts
    start: Counts
    members: npt.NDArray[np.int32]

    @classmethod
    def of(cls, membership: npt.NDArray[Any]) -> Grouped:
        """Linear in the nodes."""
        from graphkit.kernels.partitions import group_nodes

        sizes = np.bincount(membership)
        start = np.concatenate([[0], np.cumsum(sizes)])
        members = np.empty(membership.size, dtype=np.int32)
        group_nodes(membership, start.copy(), members)
        return cls(sizes, start, members)


@dataclass(frozen=True, eq=False)
class Overlap:
    """The nodes that two memberships of the same nodes put together.

    Attributes
    ----------
    sizes_a, sizes_b
        Nodes per community of either membership.
    row, column
        Codes in a and in b of each pair of communities that share a node; rows ascend.
    shared
        Nodes that the pair shares, shape as `row`.
    similarity
        Shape (n,): for each node, what its two communities share, over the larger of them.
    """

    sizes_a: Counts
    sizes_b: Counts
    row: npt.NDArray[np.int32]
    column: npt.NDArray[np.int32]
    shared: npt.NDArray[np.int32]
    similarity: Floats

    @classmethod
    def of(cls, a: npt.NDArray[Any] | Grouped, b: npt.NDArray[Any]) -> Overlap:
        """The overlap of two memberships without −1, of one length, n ≥ 1."""
        from graphkit.kernels.partitions import overlap_cells

        grouped = a if isinstance(a, Grouped) else Grouped.of(a)
        sizes = np.bincount(b)
        most = min(b.size, grouped.sizes.size * sizes.size)
        row, column, shared = (np.empty(most, dtype=np.int32) for _ in range(3))
        similarity = np.empty(b.size)
        counter = np.zeros(sizes.size, dtype=np.int32)
        used = overlap_cells(
            grouped.start, grouped.members, b, sizes, counter, row, column, shared, similarity
        )
        return cls(grouped.sizes, sizes, row[:used], column[:used], shared[:used], similarity)

    @property
    def identical(self) -> bool:
        """Whether the two are the same partition, codes apart."""
        held = (int(np.count_nonzero(sizes)) for sizes in (self.sizes_a, self.sizes_b))
        return all(count == self.row.size for count in held)

    @property
    def information(self) -> float:
        """Mutual information, Σ (n_ij/n) log(n·n_ij / (a_i b_j)), in nats."""
        n = float(self.sizes_a.sum())
        outer = self.sizes_a[self.row].astype(np.float64) * self.sizes_b[self.column]
        return float((self.shared / n * np.log(n * self.shared / outer)).sum())


def entropy(sizes: Counts) -> float:
    """Entropy of a partition with these community sizes, in nats."""
    share = sizes[sizes > 0] / sizes.sum()
    return float(-(share * np.log(share)).sum())


class ExpectedInformation:
    """Mutual information expected between two random partitions of given sizes.

    The permutation model of Vinh et al. (2010): memberships are dealt at random, sizes
    kept, so that the overlap of two communities is hypergeometric.

    There are at most √(2rn) distinct sizes in r partitions of n nodes.

    Parameters
    ----------
    sizes
        All community sizes that will be asked for.
    n
        Number of nodes.
    """

    def __init__(self, sizes: npt.NDArray[Any], n: int) -> None:
        from graphkit.kernels.partitions import expected_cells

        self._distinct: Counts = np.unique(sizes[sizes > 0]).astype(np.int64)
        self._table = np.empty((self._distinct.size, self._distinct.size))
        expected_cells(self._distinct, n, self._table)

    def between(self, sizes_a: Counts, sizes_b: Counts) -> float:
        """Expected information, in nats."""
        a, b = (self._histogram(sizes) for sizes in (sizes_a, sizes_b))
        return float(a @ self._table @ b)

    def _histogram(self, sizes: Counts) -> Floats:
        places = np.searchsorted(self._distinct, sizes[sizes > 0])
        return np.bincount(places, minlength=self._distinct.size).astype(np.float64)


def adjusted_information(overlap: Overlap, expected: ExpectedInformation) -> float:
    """Adjusted mutual information, normalised by the arithmetic mean of the entropies."""
    if overlap.identical:
        return 1.0
    chance = expected.between(overlap.sizes_a, overlap.sizes_b)
    ceiling = (entropy(overlap.sizes_a) + entropy(overlap.sizes_b)) / 2
    return (overlap.information - chance) / (ceiling - chance)

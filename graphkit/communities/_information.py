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

__all__ = ["ExpectedInformation", "Overlap", "adjusted_information", "entropy"]

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: Terms summed at once; bounds the memory at some tens of megabytes.
_CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class Overlap:
    """The nodes that two memberships of the same nodes put together.

    Attributes
    ----------
    sizes_a, sizes_b
        Nodes per community of either membership.
    row, column
        Codes in a and in b of each pair of communities that share a node.
    shared
        Nodes that the pair shares, shape as `row`.
    per_node
        Shape (n,): for each node, how many nodes share both its communities.
    """

    sizes_a: Counts
    sizes_b: Counts
    row: Counts
    column: Counts
    shared: Counts
    per_node: Counts

    @classmethod
    def of(cls, a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Overlap:
        """The overlap of two memberships without −1, of one length, n ≥ 1."""
        width = int(b.max()) + 1
        joint = a.astype(np.int64) * width + b
        cells, inverse, shared = np.unique(joint, return_inverse=True, return_counts=True)
        return cls(
            np.bincount(a), np.bincount(b), cells // width, cells % width, shared,
            shared[inverse],
        )  # fmt: skip

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

    Parameters
    ----------
    sizes
        All community sizes that will be asked for.
    n
        Number of nodes.
    """

    def __init__(self, sizes: npt.NDArray[Any], n: int) -> None:
        self._distinct: Counts = np.unique(sizes[sizes > 0]).astype(np.int64)
        self._table = _expected_cells(self._distinct, n)

    def between(self, sizes_a: Counts, sizes_b: Counts) -> float:
        """Expected information, in nats."""
        a, b = (self._histogram(sizes) for sizes in (sizes_a, sizes_b))
        return float(a @ self._table @ b)

    def _histogram(self, sizes: Counts) -> Floats:
        places = np.searchsorted(self._distinct, sizes[sizes > 0])
        return np.bincount(places, minlength=self._distinct.size).astype(np.float64)


def _expected_cells(sizes: Counts, n: int) -> Floats:
    """Expected summand of the mutual information for each pair of sizes, symmetric."""
    from scipy.special import gammaln

    log_factorial: Floats = gammaln(np.arange(n + 1, dtype=np.float64) + 1)
    one, other = np.triu_indices(sizes.size)
    a, b = sizes[one], sizes[other]
    mean = a * (b / n)
    # beyond 12 deviations and 30 the tail, lighter than Poisson's, is below 1e-30
    reach = 12 * np.sqrt(mean) + 30
    low = np.maximum(np.maximum(1, a + b - n), np.floor(mean - reach).astype(np.int64))
    high = np.minimum(np.minimum(a, b), np.ceil(mean + reach).astype(np.int64))
    terms = np.maximum(high - low + 1, 0)
    expected = np.zeros(one.size)
    bounds = np.searchsorted(np.cumsum(terms), np.arange(0, int(terms.sum()), _CHUNK)[1:])
    for pairs in np.split(np.arange(one.size), np.unique(bounds)):
        repeat = np.repeat(np.arange(pairs.size), terms[pairs])
        first = np.cumsum(terms[pairs]) - terms[pairs]
        k = low[pairs][repeat] + np.arange(repeat.size) - first[repeat]
        sa, sb = a[pairs][repeat], b[pairs][repeat]
        fixed = log_factorial[a] + log_factorial[b] + log_factorial[n - a] + log_factorial[n - b]
        log_p = (
            fixed[pairs][repeat] - log_factorial[n] - log_factorial[k] - log_factorial[sa - k]
            - log_factorial[sb - k] - log_factorial[n - sa - sb + k]
        )  # fmt: skip
        value = k / n * np.log(n / sa * k / sb) * np.exp(log_p)
        expected[pairs] = np.bincount(repeat, weights=value, minlength=pairs.size)
    table = np.zeros((sizes.size, sizes.size))
    table[one, other] = table[other, one] = expected
    return table


def adjusted_information(overlap: Overlap, expected: ExpectedInformation) -> float:
    """Adjusted mutual information, normalised by the arithmetic mean of the entropies."""
    if overlap.identical:
        return 1.0
    chance = expected.between(overlap.sizes_a, overlap.sizes_b)
    ceiling = (entropy(overlap.sizes_a) + entropy(overlap.sizes_b)) / 2
    return (overlap.information - chance) / (ceiling - chance)

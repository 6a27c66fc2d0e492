"""Which communities of two partitions share nodes, how many, and which belong together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from graphkit.communities.tracking import ABSENT, flows
from graphkit.data.partition import Partition

__all__ = ["CommunityPairs"]

Codes = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CommunityPairs:
    """The pairs of communities of two partitions that share a node, sorted by codes.

    Attributes
    ----------
    row, column
        Code of either community, shape (k,).
    shared
        Nodes that they share, shape (k,).
    row_sizes, column_sizes
        Nodes of each community that the other partition assigns, too.
    common
        Whether the two partitions know any node both, assigned or not.
    """

    row: Codes
    column: Codes
    shared: Counts
    row_sizes: Counts
    column_sizes: Counts
    common: bool = True

    @classmethod
    def of(cls, a: Partition, b: Partition) -> CommunityPairs:
        """Communities of `a` are the rows, those of `b` the columns."""
        source, target, nodes = flows(a, b)
        both = (source >= 0) & (target >= 0)
        row, column, shared = source[both], target[both], nodes[both]
        return cls(
            row,
            column,
            shared,
            _summed(row, shared, a.n_communities),
            _summed(column, shared, b.n_communities),
            bool(((source != ABSENT) & (target != ABSENT)).any()),
        )

    @cached_property
    def jaccard(self) -> Floats:
        """|A∩B| / |A∪B| over the nodes that both partitions assign, shape (k,)."""
        union = self.row_sizes[self.row] + self.column_sizes[self.column] - self.shared
        index: Floats = self.shared / union
        return index

    def swapped(self) -> CommunityPairs:
        """The same with rows and columns exchanged."""
        order = np.lexsort((self.row, self.column))
        return CommunityPairs(
            self.column[order],
            self.row[order],
            self.shared[order],
            self.column_sizes,
            self.row_sizes,
            self.common,
        )

    def one_to_one(self, allowed: npt.NDArray[np.bool_]) -> Codes:
        """The column tied to each row, −1 where none: the highest Jaccard index first.

        Ties go to the pair that shares more, then to the smaller codes.
        """
        from graphkit.kernels.partitions import strongest_first

        order = np.lexsort((self.column, self.row, -self.shared, -self.jaccard))
        match = np.full(self.row_sizes.size, -1, dtype=np.int32)
        taken = np.zeros(self.column_sizes.size, dtype=bool)
        strongest_first(self.row, self.column, order[allowed[order]], match, taken)
        return match

    def largest(self, rows: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """Place of the pair in which each of these rows shares most, −1 where it has none."""
        order = np.lexsort((self.column, -self.shared, self.row))
        first = np.searchsorted(self.row, rows)
        found = np.searchsorted(self.row, rows, side="right") > first
        return np.where(found, np.append(order, -1)[first], -1)

    def places(
        self, rows: npt.NDArray[np.integer], columns: npt.NDArray[np.integer]
    ) -> npt.NDArray[np.int64]:
        """Place of each of these pairs, −1 where it shares nothing or a code is −1."""
        width = self.column_sizes.size
        keys = self.row.astype(np.int64) * width + self.column
        wanted = rows.astype(np.int64) * width + columns
        at = np.searchsorted(keys, wanted)
        known = (np.append(keys, -1)[at] == wanted) & (rows >= 0) & (columns >= 0)
        return np.where(known, at, -1)


def _summed(codes: Codes, counts: Counts, n: int) -> Counts:
    sums = np.zeros(n, dtype=np.int64)
    np.add.at(sums, codes, counts)
    return sums

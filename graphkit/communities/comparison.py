"""Comparison of partitions: AMI, ARI, element-centric similarity, and matching of communities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities.prepare import (
    Codes,
    Counts,
    Floats,
    Mask,
    community_columns,
    require_partition,
    shared_nodes,
)
from graphkit.data.frozen import Frozen
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, check_number

__all__ = ["Agreement", "agreement", "best_matches", "match_communities", "node_agreement"]

#: Codes of nodes that a partition does not assign, and of nodes that it does not contain.
UNASSIGNED, ABSENT = -1, -2


@dataclass(frozen=True, eq=False)
class Grouped:
    """A membership without −1, with its nodes grouped by community.

    Community c has `sizes[c]` nodes, which are in `members` (int32, (n,)) from `start[c]` on.
    """

    sizes: Counts
    start: Counts
    members: Codes

    @classmethod
    def from_membership(cls, membership: npt.NDArray[Any], count: int = 0) -> Grouped:
        """Group the nodes in linear time; at least `count` communities, the last perhaps empty."""
        from graphkit.kernels.partitions import group_nodes

        sizes = np.bincount(membership, minlength=count)
        start = np.concatenate([[0], np.cumsum(sizes)])
        members = np.empty(membership.size, dtype=np.int32)
        group_nodes(membership, start.copy(), members)
        return cls(sizes, start, members)


@dataclass(frozen=True, eq=False)
class Overlap:
    """Contingency table of two memberships of the same nodes, as a sparse list of cells.

    `sizes_a` and `sizes_b` are nodes per community. Each cell is a pair of communities `row`,
    `column` that has `shared` nodes in common, with ascending rows. `similarity`, shape (n,), is
    for each node what its two communities share over the size of the larger one.
    """

    sizes_a: Counts
    sizes_b: Counts
    row: Codes
    column: Codes
    shared: Codes
    similarity: Floats

    @classmethod
    def from_memberships(cls, a: npt.NDArray[Any] | Grouped, b: npt.NDArray[Any]) -> Overlap:
        """Contingency table of two memberships without −1, of one length, n ≥ 1."""
        from graphkit.kernels.partitions import overlap_cells

        grouped = a if isinstance(a, Grouped) else Grouped.from_membership(a)
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
        """Whether the two are the same partition up to their codes."""
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
    """Expected mutual information of two random partitions of n nodes with given sizes.

    In the permutation model of Vinh et al. (2010) the overlap of two communities is
    hypergeometric. `sizes` are all community sizes that will be used: r partitions have at most
    √(2rn) distinct ones.
    """

    def __init__(self, sizes: npt.NDArray[Any], n: int) -> None:
        from graphkit.kernels.partitions import expected_cells

        self._distinct: Counts = np.unique(sizes[sizes > 0]).astype(np.int64)
        self._table = np.empty((self._distinct.size, self._distinct.size))
        expected_cells(self._distinct, n, self._table)

    def expected_value(self, sizes_a: Counts, sizes_b: Counts) -> float:
        """Expected information, in nats."""
        a, b = (self._size_histogram(sizes) for sizes in (sizes_a, sizes_b))
        return float(a @ self._table @ b)

    def _size_histogram(self, sizes: Counts) -> Floats:
        places = np.searchsorted(self._distinct, sizes[sizes > 0])
        return np.bincount(places, minlength=self._distinct.size).astype(np.float64)


def adjusted_information(overlap: Overlap, expected: ExpectedInformation) -> float:
    """Adjusted mutual information, normalised by the arithmetic mean of the entropies."""
    if overlap.identical:
        return 1.0
    chance = expected.expected_value(overlap.sizes_a, overlap.sizes_b)
    ceiling = (entropy(overlap.sizes_a) + entropy(overlap.sizes_b)) / 2
    return (overlap.information - chance) / (ceiling - chance)


def membership_flows(earlier: Partition, later: Partition) -> tuple[Codes, Codes, Counts]:
    """Number of nodes that go from each community of one partition to each of another.

    Returns
    -------
    tuple of arrays
        Code in `earlier`, code in `later`, nodes: one entry per pair that occurs, sorted by
        codes, which include ``UNASSIGNED`` and ``ABSENT``: the nodes sum to all that either
        partition contains.

    Examples
    --------
    >>> a = Partition.from_membership("abcd", [0, 0, 0, -1])
    >>> b = Partition.from_membership("abcde", [0, 0, 1, 0, 0])
    >>> [array.tolist() for array in membership_flows(a, b)]
    [[-2, -1, 0, 0], [0, 0, 0, 1], [1, 1, 2, 1]]
    """
    source, target = earlier.membership, later.membership
    if earlier.vocabulary != later.vocabulary:
        found = later.vocabulary.lookup(earlier.vocabulary)
        known = found >= 0
        new = np.ones(target.size, dtype=bool)
        new[found[known]] = False
        target = np.concatenate([np.append(target, ABSENT)[found], target[new]])
        source = np.concatenate([source, np.full(int(new.sum()), ABSENT, dtype=np.int32)])
    # one number per pair, from 0 on
    width = int(target.max(initial=0)) - ABSENT + 1
    keys = (source.astype(np.int64) - ABSENT) * width + (target - ABSENT)
    pairs, nodes = np.unique(keys, return_counts=True)
    source, target = (codes.astype(np.int32) + ABSENT for codes in np.divmod(pairs, width))
    return source, target, nodes.astype(np.int64)


@dataclass(frozen=True, eq=False)
class CommunityPairs:
    """Pairs of communities of two partitions that share nodes, sorted by codes.

    `row` and `column` (k,) are the codes of a pair, `shared` (k,) the nodes in common;
    `row_sizes` and `column_sizes` count the nodes of each community that the other partition
    assigns, too. `common` tells whether any node is in both partitions, assigned or not.
    """

    row: Codes
    column: Codes
    shared: Counts
    row_sizes: Counts
    column_sizes: Counts
    common: bool = True

    @classmethod
    def from_partitions(cls, a: Partition, b: Partition) -> CommunityPairs:
        """Communities of `a` are the rows, those of `b` the columns."""
        source, target, nodes = membership_flows(a, b)
        both = (source >= 0) & (target >= 0)
        row, column, shared = source[both], target[both], nodes[both]
        row_sizes, column_sizes = (
            np.bincount(codes, weights=shared, minlength=p.n_communities).astype(np.int64)
            for codes, p in ((row, a), (column, b))
        )
        common = bool(((source != ABSENT) & (target != ABSENT)).any())
        return cls(row, column, shared, row_sizes, column_sizes, common)

    @cached_property
    def jaccard(self) -> Floats:
        """|A∩B| / |A∪B| over the nodes that both partitions assign, shape (k,)."""
        union = self.row_sizes[self.row] + self.column_sizes[self.column] - self.shared
        index: Floats = self.shared / union
        return index

    def swapped(self) -> CommunityPairs:
        """The same pairs with rows and columns exchanged."""
        order = np.lexsort((self.row, self.column))
        row, column, shared = self.column[order], self.row[order], self.shared[order]
        sizes = self.column_sizes, self.row_sizes
        return CommunityPairs(row, column, shared, *sizes, self.common)

    def one_to_one(self, allowed: Mask) -> Codes:
        """Greedy matching by descending Jaccard index: the column of each row, −1 if none.

        Ties go to the pair that shares more, then to the smaller codes.
        """
        from graphkit.kernels.partitions import strongest_first

        order = np.lexsort((self.column, self.row, -self.shared, -self.jaccard))
        match = np.full(self.row_sizes.size, -1, dtype=np.int32)
        taken = np.zeros(self.column_sizes.size, dtype=bool)
        strongest_first(self.row, self.column, order[allowed[order]], match, taken)
        return match

    def largest_overlaps(self, rows: npt.NDArray[np.integer]) -> Counts:
        """Position of the pair in which each of these rows shares most, −1 if none."""
        order = np.lexsort((self.column, -self.shared, self.row))
        first = np.searchsorted(self.row, rows)
        found = np.searchsorted(self.row, rows, side="right") > first
        return np.where(found, np.append(order, -1)[first], -1)

    def pair_positions(
        self, rows: npt.NDArray[np.integer], columns: npt.NDArray[np.integer]
    ) -> Counts:
        """Position of each of these pairs, −1 if it shares nothing or a code is −1."""
        width = self.column_sizes.size
        keys = self.row.astype(np.int64) * width + self.column
        wanted = rows.astype(np.int64) * width + columns
        at = np.searchsorted(keys, wanted)
        known = (np.append(keys, -1)[at] == wanted) & (rows >= 0) & (columns >= 0)
        return np.where(known, at, -1)


@dataclass(frozen=True, repr=False, eq=False)
class Agreement(Frozen, Mapping[str, float], title="Agreement of two partitions"):
    """How far two partitions agree on the nodes that both assign; also a mapping of its numbers.

    ``found["ami"]`` is ``found.ami``, and ``dict(found)`` holds all numbers by their names. It equals
    a dictionary of the same numbers.

    Attributes
    ----------
    ami
        Mutual information adjusted for chance and normalised by the mean entropy: 1 if equal, near
        0 if independent.
    nmi
        The same unadjusted, in [0, 1]; far above 0 even for noise.
    ari
        Adjusted Rand index: the share of pairs of nodes on which they agree, adjusted for chance.
    vi
        Variation of information, in nats, from 0 (equal) to log n.
    ecs
        Element-centric similarity, in (0, 1], 1 if equal.
    nodes
        Nodes compared.
    unassigned
        Nodes in both that at least one does not assign.
    unshared
        Nodes in only one.
    provenance
        The two partitions.
    """

    ami: float
    nmi: float
    ari: float
    vi: float
    ecs: float
    nodes: int
    unassigned: int
    unshared: int
    provenance: Provenance = field(default_factory=lambda: Provenance("agreement"))

    def __getitem__(self, name: str) -> float:
        if name not in set(self):
            raise KeyError(name)
        value: float = getattr(self, name)
        return value

    def __iter__(self) -> Iterator[str]:
        return (spec.name for spec in fields(self) if spec.name != "provenance")

    def __len__(self) -> int:
        return len(fields(self)) - 1

    def __eq__(self, other: object) -> bool:
        return dict(self) == other if isinstance(other, dict) else super().__eq__(other)

    __hash__ = Frozen.__hash__

    def _facts(self) -> dict[str, object]:
        return {
            "AMI (1 equal, 0 by chance)": self.ami,
            "NMI (not adjusted)": self.nmi,
            "adjusted Rand index": self.ari,
            "variation of information, nats (0 equal)": self.vi,
            "element-centric similarity": self.ecs,
            "nodes compared": self.nodes,
            "nodes unassigned in one": self.unassigned,
            "nodes in only one": self.unshared,
        }


def agreement(a: Partition, b: Partition) -> Agreement:
    """Agreement of two partitions on the nodes that both contain and assign.

    Parameters
    ----------
    a, b
        Partitions of overlapping sets of nodes.

    Returns
    -------
    Agreement
        ``ami``: mutual information adjusted for chance and normalised by the mean entropy,
        1 if equal, near 0 if independent [1]_; ``nmi``: the same unadjusted, which is far
        above 0 even for noise; ``ari``: adjusted Rand index, the share of pairs of nodes on
        which they agree, adjusted for chance [2]_; ``vi``: variation of information,
        H(a) + H(b) − 2·I(a, b) in nats, from 0 (equal) to log n, a metric [3]_; ``ecs``:
        element-centric similarity, the mean over nodes of :func:`node_agreement`, 1 if equal [4]_; ``nodes``: nodes compared;
        ``unassigned``: nodes in both that at least one does not assign; ``unshared``: nodes
        in only one.

    Raises
    ------
    DataError
        If they share no node, or no node that both assign.

    References
    ----------
    .. [1] Vinh, N. X., Epps, J. & Bailey, J. (2010). Information theoretic measures for
       clusterings comparison. Journal of Machine Learning Research, 11, 2837–2854.
       https://jmlr.org/papers/v11/vinh10a.html
    .. [2] Hubert, L. & Arabie, P. (1985). Comparing partitions. Journal of Classification,
       2, 193–218. doi:10.1007/BF01908075
    .. [3] Meilă, M. (2007). Comparing clusterings — an information based distance. Journal
       of Multivariate Analysis, 98, 873–895. doi:10.1016/j.jmva.2006.11.013
    .. [4] Gates, A. J., Wood, I. B., Hetrick, W. P. & Ahn, Y.-Y. (2019). Element-centric
       clustering comparison unifies overlaps and hierarchy. Scientific Reports, 9, 8574.
       doi:10.1038/s41598-019-44892-y

    Examples
    --------
    >>> a = Partition.from_membership("abcdef", [0, 0, 0, 1, 1, 1])
    >>> b = Partition.from_membership("abcdeg", [0, 0, 0, 1, 1, -1])
    >>> agreement(a, b)
    Agreement of two partitions
      AMI (1 equal, 0 by chance)                1
      NMI (not adjusted)                        1
      adjusted Rand index                       1
      variation of information, nats (0 equal)  0
      element-centric similarity                1
      nodes compared                            5
      nodes unassigned in one                   0
      nodes in only one                         2
    >>> agreement(a, b)["unshared"]
    2
    """
    in_a, in_b = _shared_codes(a, b, caller="agreement")
    codes_a, codes_b = a.membership[in_a], b.membership[in_b]
    both = (codes_a >= 0) & (codes_b >= 0)
    n = int(both.sum())
    if not n:
        raise DataError(
            f"agreement: none of the {in_a.size:,} nodes in both partitions is assigned to "
            "a community by both: there is nothing to compare."
        )
    overlap = Overlap.from_memberships(codes_a[both], codes_b[both])
    sizes = np.concatenate([overlap.sizes_a, overlap.sizes_b])
    entropies = entropy(overlap.sizes_a) + entropy(overlap.sizes_b)
    identical = overlap.identical
    return Agreement(
        ami=adjusted_information(overlap, ExpectedInformation(sizes, n)),
        nmi=1.0 if identical else overlap.information / (entropies / 2),
        ari=1.0 if identical else _adjusted_rand(overlap),
        vi=0.0 if identical else entropies - 2 * overlap.information,
        ecs=float(overlap.similarity.mean()),
        nodes=n,
        unassigned=int(in_a.size) - n,
        unshared=len(a.vocabulary) + len(b.vocabulary) - 2 * int(in_a.size),
        provenance=Provenance.of("agreement", made_from=(a, b)),
    )


def node_agreement(a: Partition, b: Partition) -> pl.DataFrame:
    """Element-centric similarity of two partitions, node by node.

    A node's similarity is |A∩B| / max(|A|, |B|) for its communities A and B, over the nodes
    that both partitions assign: the similarity of Gates et al. (2019) [1]_, which for disjoint
    communities does not depend on its parameter α. Its mean is ``ecs`` of :func:`agreement`.

    Parameters
    ----------
    a, b
        Partitions of overlapping sets of nodes.

    Returns
    -------
    polars.DataFrame
        One row per node in both: id, community_a, community_b (null where
        unassigned), similarity in (0, 1], null unless both assign the node.

    Raises
    ------
    DataError
        If they share no node.

    References
    ----------
    .. [1] Gates, A. J., Wood, I. B., Hetrick, W. P. & Ahn, Y.-Y. (2019). Element-centric
       clustering comparison unifies overlaps and hierarchy. Scientific Reports, 9, 8574.
       doi:10.1038/s41598-019-44892-y

    Examples
    --------
    >>> a = Partition.from_membership("abcde", [0, 0, 0, 1, 1])
    >>> b = Partition.from_membership("abcde", [0, 0, 1, 1, -1])
    >>> node_agreement(a, b).select("id", "similarity").rows()
    [('a', 0.6666666666666666), ('b', 0.6666666666666666), ('c', 0.3333333333333333),
     ('d', 0.5), ('e', None)]
    """
    in_a, in_b = _shared_codes(a, b, caller="node_agreement")
    codes_a, codes_b = a.membership[in_a], b.membership[in_b]
    both = (codes_a >= 0) & (codes_b >= 0)
    similarity = np.full(in_a.size, np.nan)
    if both.any():
        similarity[both] = Overlap.from_memberships(codes_a[both], codes_b[both]).similarity
    return pl.DataFrame(
        {
            "id": a.vocabulary.series.gather(in_a),
            "community_a": pl.Series(codes_a).replace(-1, None),
            "community_b": pl.Series(codes_b).replace(-1, None),
            "similarity": pl.Series(similarity).fill_nan(None),
        }
    )


def _shared_codes(a: Partition, b: Partition, *, caller: str) -> tuple[Counts, Counts]:
    """Codes of the nodes in both, after checking that both are partitions."""
    for partition in (a, b):
        require_partition(partition, caller=caller)
    return shared_nodes(a, b, caller=caller)


def _adjusted_rand(overlap: Overlap) -> float:
    """Adjusted Rand index of Hubert and Arabie; not for identical partitions."""
    sizes = overlap.sizes_a, overlap.sizes_b, overlap.sizes_a.sum(keepdims=True)
    together, in_a, in_b, everything = (
        float((counts * (counts - 1.0)).sum()) / 2 for counts in (overlap.shared, *sizes)
    )
    chance = in_a * in_b / everything
    return (together - chance) / ((in_a + in_b) / 2 - chance)


def best_matches(a: Partition, b: Partition) -> pl.DataFrame:
    """Best match by F1 in `b` of each community of `a`.

    F1 = 2·|A∩B| / (|A| + |B|), over the nodes that both partitions contain and `a` assigns; those
    that `b` does not assign count in |A|. Several communities may have the same match: see
    :func:`match_communities` for one to one.

    Parameters
    ----------
    a, b
        Partitions of overlapping sets of nodes.

    Returns
    -------
    polars.DataFrame
        One row per community of `a`: community, label, size, shared (members that are in
        `b`), match, match_label, f1. Match and f1 are null where nothing is shared; where
        no community overlaps, f1 is 0 and the match null.

    Raises
    ------
    DataError
        If they share no node.

    Examples
    --------
    >>> a = Partition.from_membership("abcdef", [0, 0, 0, 0, 1, 1])
    >>> b = Partition.from_membership("abcdef", [0, 0, 0, 1, 1, 1])
    >>> best_matches(a, b).select("match", "f1").rows()
    [(0, 0.8571428571428571), (1, 0.8)]
    """
    in_a, in_b = _shared_codes(a, b, caller="best_matches")
    codes_a, codes_b = a.membership[in_a], b.membership[in_b]
    assigned = codes_a >= 0
    codes_a, codes_b = codes_a[assigned], codes_b[assigned]
    shared = np.bincount(codes_a, minlength=a.n_communities)
    f1, match = best_f1(Grouped.from_membership(codes_a, a.n_communities), codes_b)
    labels = community_columns(b)["label"]
    matched = pl.Series("match", match).replace(-1, None)
    return pl.DataFrame(
        community_columns(a)
        | {
            "shared": shared,
            "match": matched,
            "match_label": labels.gather(matched),
            "f1": pl.Series(np.where(shared > 0, f1, np.nan)).fill_nan(None),
        }
    )


def match_communities(
    partition: Partition, reference: Partition, *, min_jaccard: float = 0.0
) -> pl.DataFrame:
    """Match the communities of a partition one to one with those of a reference.

    The pair of highest Jaccard index |A∩B| / |A∪B| is matched first, then the next among those
    left; ties go to the pair that shares more nodes, then to the smaller codes. Sets are
    taken over the nodes that both partitions assign. In :func:`best_matches` several
    communities may have the same match.

    Parameters
    ----------
    partition, reference
        Partitions of overlapping sets of nodes.
    min_jaccard
        Least index of a match, in [0, 1].

    Returns
    -------
    polars.DataFrame
        One row per community of `partition`: community, label, size, matched (code in
        `reference`), matched_label, jaccard, shared (nodes of both). The last four are null
        without a match.

    Raises
    ------
    DataError
        If they share no node.
    OptionError
        If `min_jaccard` is out of range.

    Examples
    --------
    >>> a = Partition.from_membership("abcdefg", [0, 0, 0, 0, 1, 1, 2])
    >>> b = Partition.from_membership("abcdefg", [0, 0, 0, 1, 1, 1, 1])
    >>> match_communities(a, b).select("community", "matched", "jaccard").rows()
    [(0, 1, 0.75), (1, 0, 0.5), (2, None, None)]
    """
    _shared_codes(partition, reference, caller="match_communities")
    check_number("min_jaccard", min_jaccard, 0, 1)
    pairs = CommunityPairs.from_partitions(partition, reference)
    match = pairs.one_to_one(pairs.jaccard >= min_jaccard)
    codes = np.arange(partition.n_communities, dtype=np.int32)
    positions = pl.Series(pairs.pair_positions(codes, match)).replace(-1, None)
    matched = pl.Series("matched", match).replace(-1, None)
    return pl.DataFrame(
        community_columns(partition)
        | {
            "matched": matched,
            "matched_label": community_columns(reference)["label"].gather(matched),
            "jaccard": pl.Series(pairs.jaccard).gather(positions),
            "shared": pl.Series(pairs.shared).gather(positions),
        }
    )


def best_f1(grouped: Grouped, codes: Codes) -> tuple[Floats, Codes]:
    """Best F1 of each community of the groups with one of `codes`; which, −1 if none overlaps.

    Nodes of code −1 are in no community. Ties go to the smaller code.
    """
    from graphkit.kernels.partitions import best_columns

    sizes = np.bincount(codes[codes >= 0], minlength=1)
    f1 = np.zeros(grouped.sizes.size)
    match = np.full(f1.size, -1, dtype=np.int32)
    best_columns(grouped.start, grouped.members, codes, sizes, f1, match)
    return f1, match


def compare_runs(memberships: npt.NDArray[Any]) -> tuple[float, npt.NDArray[np.float32]]:
    """Mean AMI over pairs of runs, and each node's mean consistency over them.

    Consistency is the element-centric similarity |A∩B| / max(|A|, |B|) of Gates et al. (2019,
    doi:10.1038/s41598-019-44892-y) for disjoint communities A, B of a node in two runs.
    `memberships`, shape (runs, k), are canonical, without −1. NaN for a single run.
    """
    runs, n = memberships.shape
    if runs < 2:
        return float("nan"), np.full(n, np.nan, dtype=np.float32)
    # canonical: equal runs have equal rows
    keys = [np.ascontiguousarray(row).tobytes() for row in memberships]
    times = Counter(keys)
    kept = [memberships[keys.index(key)] for key in times]
    # equal runs agree completely and need no comparison
    same = sum(t * (t - 1) // 2 for t in times.values())
    information = float(same)
    consistency = np.full(n, float(same))
    pairs = runs * (runs - 1) // 2
    if len(kept) > 1:
        sizes = np.unique(np.concatenate([np.bincount(row) for row in kept]))
        expected = ExpectedInformation(sizes, n)
        counts = list(times.values())
        for i, first in enumerate(kept):
            grouped = Grouped.from_membership(first)
            for j in range(i):
                overlap = Overlap.from_memberships(grouped, kept[j])
                weight = counts[i] * counts[j]
                information += weight * adjusted_information(overlap, expected)
                consistency += weight * overlap.similarity
    return information / pairs, (consistency / pairs).astype(np.float32)

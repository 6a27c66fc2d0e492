"""How far partitions agree: two of them, the runs of one algorithm, or by community."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities._information import (
    ExpectedInformation,
    Grouped,
    Overlap,
    adjusted_information,
    entropy,
)
from graphkit.communities._overlap import CommunityPairs
from graphkit.communities.prepare import require_partition, shared_nodes
from graphkit.data.partition import Partition
from graphkit.errors import DataError, check_number

__all__ = [
    "agreement",
    "best_f1",
    "best_matches",
    "compare_runs",
    "match_communities",
    "node_agreement",
]

Floats = npt.NDArray[np.float64]


def agreement(a: Partition, b: Partition) -> dict[str, float]:
    """How far two partitions agree on the nodes that both know and assign.

    Parameters
    ----------
    a, b
        Partitions of overlapping sets of nodes.

    Returns
    -------
    dict
        ``ami``: mutual information adjusted for chance and normalised by the mean entropy,
        1 if equal, near 0 if independent [1]_; ``nmi``: the same unadjusted, which is far
        above 0 even for noise; ``ari``: adjusted Rand index, the share of pairs of nodes on
        which they agree, adjusted for chance [2]_; ``vi``: variation of information, what
        either tells that the other does not, H(a) + H(b) − 2·I(a, b) in nats, from 0 (equal)
        to log n, a metric [3]_; ``ecs``: element-centric similarity, the mean over nodes of
        :func:`node_agreement`, 1 if equal [4]_; ``nodes``: nodes compared;
        ``unassigned``: nodes that both know, but at least one does not assign;
        ``unshared``: nodes that only one knows.

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
    {'ami': 1.0, 'nmi': 1.0, 'ari': 1.0, 'vi': 0.0, 'ecs': 1.0, 'nodes': 5, 'unassigned': 0,
     'unshared': 2}
    """
    in_a, in_b = _compared(a, b, verb="agreement")
    codes_a, codes_b = a.membership[in_a], b.membership[in_b]
    both = (codes_a >= 0) & (codes_b >= 0)
    n = int(both.sum())
    if not n:
        raise DataError(
            f"agreement: none of the {in_a.size:,} nodes that both partitions know is assigned to "
            "a community by both: there is nothing to compare."
        )
    overlap = Overlap.of(codes_a[both], codes_b[both])
    sizes = np.concatenate([overlap.sizes_a, overlap.sizes_b])
    entropies = entropy(overlap.sizes_a) + entropy(overlap.sizes_b)
    identical = overlap.identical
    return {
        "ami": adjusted_information(overlap, ExpectedInformation(sizes, n)),
        "nmi": 1.0 if identical else overlap.information / (entropies / 2),
        "ari": 1.0 if identical else _adjusted_rand(overlap),
        "vi": 0.0 if identical else entropies - 2 * overlap.information,
        "ecs": float(overlap.similarity.mean()),
        "nodes": n,
        "unassigned": int(in_a.size) - n,
        "unshared": len(a.vocabulary) + len(b.vocabulary) - 2 * int(in_a.size),
    }


def node_agreement(a: Partition, b: Partition) -> pl.DataFrame:
    """Which nodes two partitions place alike: element-centric similarity, node by node.

    A node's similarity is |A∩B| / max(|A|, |B|) for its communities A and B, over the nodes
    that both partitions assign: the similarity of Gates et al. (2019) [1]_, whatever its
    parameter α, where communities are disjoint. Its mean is ``ecs`` of :func:`agreement`.

    Parameters
    ----------
    a, b
        Partitions of overlapping sets of nodes.

    Returns
    -------
    polars.DataFrame
        One row per node that both know: id, community_a, community_b (null where
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
    in_a, in_b = _compared(a, b, verb="node_agreement")
    codes_a, codes_b = a.membership[in_a], b.membership[in_b]
    both = (codes_a >= 0) & (codes_b >= 0)
    similarity = np.full(in_a.size, np.nan)
    if both.any():
        similarity[both] = Overlap.of(codes_a[both], codes_b[both]).similarity
    return pl.DataFrame(
        {
            "id": a.vocabulary.series.gather(in_a),
            "community_a": pl.Series(codes_a).replace(-1, None),
            "community_b": pl.Series(codes_b).replace(-1, None),
            "similarity": pl.Series(similarity).fill_nan(None),
        }
    )


def _compared(
    a: Partition, b: Partition, *, verb: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Codes of the nodes that both know, of two values that are partitions."""
    for partition in (a, b):
        require_partition(partition, verb=verb)
    return shared_nodes(a, b, verb=verb)


def _adjusted_rand(overlap: Overlap) -> float:
    """Hubert and Arabie's index from pairs of nodes; not for identical partitions."""
    together, in_a, in_b, everything = (
        float((counts * (counts - 1.0)).sum()) / 2
        for counts in (
            overlap.shared, overlap.sizes_a, overlap.sizes_b, overlap.sizes_a.sum(keepdims=True),
        )
    )  # fmt: skip
    chance = in_a * in_b / everything
    return (together - chance) / ((in_a + in_b) / 2 - chance)


def best_matches(a: Partition, b: Partition) -> pl.DataFrame:
    """For each community of `a`, the community of `b` that resembles it most.

    Resemblance is F1 = 2·|A∩B| / (|A| + |B|), over the nodes that both partitions know and
    `a` assigns; those that `b` does not assign count in |A|. Several communities may have
    the same match: see :func:`match_communities` for one to one.

    Parameters
    ----------
    a, b
        Partitions of overlapping sets of nodes.

    Returns
    -------
    polars.DataFrame
        One row per community of `a`: community, label, size, shared (members that `b`
        knows), match, match_label, f1. Match and f1 are null where nothing is shared; where
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
    in_a, in_b = _compared(a, b, verb="best_matches")
    codes_a, codes_b = a.membership[in_a], b.membership[in_b]
    assigned = codes_a >= 0
    codes_a, codes_b = codes_a[assigned], codes_b[assigned]
    shared = np.bincount(codes_a, minlength=a.n_communities)
    f1, match = best_f1(codes_a, codes_b, a.n_communities)
    names = pl.Series([b.name(c) for c in range(b.n_communities)], dtype=pl.String)
    matched = pl.Series("match", match).replace(-1, None)
    return pl.DataFrame(
        {
            "community": np.arange(a.n_communities, dtype=np.int32),
            "label": [a.name(c) for c in range(a.n_communities)],
            "size": a.sizes,
            "shared": shared,
            "match": matched,
            "match_label": names.gather(matched),
            "f1": pl.Series(np.where(shared > 0, f1, np.nan)).fill_nan(None),
        },
        schema_overrides={"label": pl.String},
    )


def match_communities(
    partition: Partition, reference: Partition, *, min_jaccard: float = 0.0
) -> pl.DataFrame:
    """Tie communities of one partition to those of a reference, one to one.

    The pair of highest Jaccard index |A∩B| / |A∪B| is tied first, then the next among those
    left; ties go to the pair that shares more nodes, then to the smaller codes. Sets are
    taken over the nodes that both partitions assign. :func:`best_matches` is the other
    question: what each community resembles most, even where several resemble the same.

    Parameters
    ----------
    partition, reference
        Partitions of overlapping sets of nodes.
    min_jaccard
        Index from which on two are tied, in [0, 1].

    Returns
    -------
    polars.DataFrame
        One row per community of `partition`: community, label, size, matched (code in
        `reference`), matched_label, jaccard, shared (nodes of both). The last four are null
        where it is tied to none.

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
    _compared(partition, reference, verb="match_communities")
    check_number("min_jaccard", min_jaccard, 0, 1)
    pairs = CommunityPairs.of(partition, reference)
    match = pairs.one_to_one(pairs.jaccard >= min_jaccard)
    codes = np.arange(partition.n_communities, dtype=np.int32)
    places = pl.Series(pairs.places(codes, match)).replace(-1, None)
    matched = pl.Series("matched", match).replace(-1, None)
    theirs = [reference.name(c) for c in range(reference.n_communities)]
    return pl.DataFrame(
        {
            "community": codes,
            "label": [partition.name(c) for c in range(codes.size)],
            "size": partition.sizes,
            "matched": matched,
            "matched_label": pl.Series(theirs, dtype=pl.String).gather(matched),
            "jaccard": pl.Series(pairs.jaccard).gather(places),
            "shared": pl.Series(pairs.shared).gather(places),
        },
        schema_overrides={"label": pl.String},
    )


def best_f1(
    codes_a: npt.NDArray[np.int32], codes_b: npt.NDArray[np.int32], n_communities: int
) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Best F1 of each community of `a` with one of `b`, and which; −1 where none overlaps.

    `codes_a` has no −1; ties go to the smaller code of `b`.
    """
    f1 = np.zeros(n_communities)
    match = np.full(n_communities, -1, dtype=np.int32)
    both = codes_b >= 0
    if not both.any():
        return f1, match
    overlap = Overlap.of(codes_a[both], codes_b[both])
    sizes_a = np.bincount(codes_a, minlength=n_communities)
    scores = 2 * overlap.shared / (sizes_a[overlap.row] + overlap.sizes_b[overlap.column])
    order = np.lexsort((overlap.column, -scores, overlap.row))
    rows, first = np.unique(overlap.row[order], return_index=True)
    f1[rows] = scores[order][first]
    match[rows] = overlap.column[order][first]
    return f1, match


def compare_runs(memberships: npt.NDArray[Any]) -> tuple[float, npt.NDArray[np.float32]]:
    """Mean AMI over pairs of runs, and each node's mean consistency over them.

    Consistency is the element-centric similarity of Gates et al. (2019) for disjoint
    communities A, B of a node in two runs, |A∩B| / max(|A|, |B|), their eq. for hard
    partitions (doi:10.1038/s41598-019-44892-y).

    Parameters
    ----------
    memberships
        Shape (runs, k), canonical, without −1: equal runs have equal rows.

    Returns
    -------
    tuple
        Agreement, and consistency of shape (k,); NaN if there is one run only.
    """
    runs, n = memberships.shape
    if runs < 2:
        return float("nan"), np.full(n, np.nan, dtype=np.float32)
    distinct: dict[bytes, int] = {}
    times: list[int] = []
    kept: list[int] = []
    for number, row in enumerate(memberships):
        key = np.ascontiguousarray(row).tobytes()
        if key not in distinct:
            distinct[key] = len(kept)
            kept.append(number)
            times.append(0)
        times[distinct[key]] += 1
    # pairs of equal runs agree entirely, and need no comparison
    same = sum(t * (t - 1) // 2 for t in times)
    information = float(same)
    consistency = np.full(n, float(same))
    pairs = runs * (runs - 1) // 2
    if len(kept) > 1:
        sizes = np.unique(np.concatenate([np.bincount(memberships[i]) for i in kept]))
        expected = ExpectedInformation(sizes, n)
        for i, first in enumerate(kept):
            grouped = Grouped.of(memberships[first])
            for j in range(i):
                overlap = Overlap.of(grouped, memberships[kept[j]])
                weight = times[i] * times[j]
                information += weight * adjusted_information(overlap, expected)
                consistency += weight * overlap.similarity
    return information / pairs, (consistency / pairs).astype(np.float32)

"""How far partitions agree: two of them, the runs of one algorithm, or by community."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities._checks import require_partition, shared_nodes
from graphkit.communities._information import (
    ExpectedInformation,
    Overlap,
    adjusted_information,
    entropy,
)
from graphkit.data.partition import Partition
from graphkit.errors import DataError

__all__ = ["agreement", "best_f1", "best_matches", "compare_runs"]

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
        which they agree, adjusted for chance [2]_; ``nodes``: nodes compared;
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

    Examples
    --------
    >>> a = Partition.from_membership("abcdef", [0, 0, 0, 1, 1, 1])
    >>> b = Partition.from_membership("abcdeg", [0, 0, 0, 1, 1, -1])
    >>> agreement(a, b)
    {'ami': 1.0, 'nmi': 1.0, 'ari': 1.0, 'nodes': 5, 'unassigned': 0, 'unshared': 2}
    """
    for partition in (a, b):
        require_partition(partition, verb="agreement")
    in_a, in_b = shared_nodes(a, b, verb="agreement")
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
    ceiling = (entropy(overlap.sizes_a) + entropy(overlap.sizes_b)) / 2
    identical = overlap.identical
    return {
        "ami": adjusted_information(overlap, ExpectedInformation(sizes, n)),
        "nmi": 1.0 if identical else overlap.information / ceiling,
        "ari": 1.0 if identical else _adjusted_rand(overlap),
        "nodes": n,
        "unassigned": int(in_a.size) - n,
        "unshared": len(a.vocabulary) + len(b.vocabulary) - 2 * int(in_a.size),
    }


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
    `a` assigns; those that `b` does not assign count in |A|.

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
    for partition in (a, b):
        require_partition(partition, verb="best_matches")
    in_a, in_b = shared_nodes(a, b, verb="best_matches")
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
            for j in range(i):
                overlap = Overlap.of(memberships[first], memberships[kept[j]])
                weight = times[i] * times[j]
                information += weight * adjusted_information(overlap, expected)
                larger = np.maximum(
                    overlap.sizes_a[memberships[first]], overlap.sizes_b[memberships[kept[j]]]
                )
                consistency += weight * (overlap.per_node / larger)
    return information / pairs, (consistency / pairs).astype(np.float32)

"""Memberships: their canonical numbering, and what several runs of an algorithm say together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.frozen import Frozen

__all__ = ["STABLE", "UNSTABLE", "VERDICTS", "Runs", "canonical_membership", "in_order"]

Membership = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Runs(Frozen):
    """What several runs of one algorithm say about a partition.

    Attributes
    ----------
    memberships
        int32, shape (runs, n): the canonical membership of each run, best first kept in
        the order of the runs.
    qualities
        float64, shape (runs,): quality of each run.
    agreement
        Mean adjusted mutual information over all pairs of runs, among nodes with an edge;
        1 if every run found the same, near 0 if they agree no more than chance. NaN for a
        single run.
    consistency
        float32, shape (n,): mean element-centric similarity of the node's community over
        all pairs of runs, |A∩B| / max(|A|, |B|), in [0, 1]; NaN for a single run and for
        nodes without an edge.
    """

    memberships: npt.NDArray[np.int32]
    qualities: npt.NDArray[np.float64]
    agreement: float
    consistency: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        self._set_arrays(memberships=None, qualities=None, consistency=None)


#: From this mean agreement of runs on, a partition is called stable, and below the
#: second bound unstable: planted graphs recovered perfectly score 1.00, sparse random
#: noise 0.23 although its modularity is higher.
STABLE, UNSTABLE = 0.75, 0.5

#: What each verdict means, as shown to readers.
VERDICTS = {
    "stable": "the runs find nearly the same communities",
    "partly stable": "the runs agree on some communities only; see the consistency of each",
    "unstable": "the communities are an artefact of one run; report that none were found",
    "untested": "one run cannot tell; take several",
}


def canonical_membership(membership: npt.ArrayLike) -> Membership:
    """Membership with communities numbered by size, ties by smallest node; −1 stays.

    Examples
    --------
    >>> canonical_membership([5, 3, 3, -1, 9]).tolist()
    [1, 0, 0, -1, 2]
    """
    return in_order(np.asarray(membership))[0]


def in_order(membership: npt.NDArray[Any]) -> tuple[Membership, list[int]]:
    """Canonical codes, and the old code of each new one."""
    canonical = np.full(membership.size, -1, dtype=np.int32)
    assigned = np.flatnonzero(membership >= 0)
    if not assigned.size:
        return canonical, []
    old, first, inverse, sizes = np.unique(
        membership[assigned], return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -sizes))
    rank = np.empty(old.size, dtype=np.int32)
    rank[order] = np.arange(old.size, dtype=np.int32)
    canonical[assigned] = rank[inverse]
    return canonical, old[order].tolist()

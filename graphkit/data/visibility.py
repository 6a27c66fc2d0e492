"""Visibility of communities in the follow graph, as a table with verdicts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.errors import check_choice

__all__ = ["VERDICTS", "Visibility"]

#: Verdicts on a community.
VERDICTS = ("visible", "hidden", "undecided", "not judgeable")


@dataclass(frozen=True, repr=False, eq=False)
class Visibility(Frozen, title="Visibility on the follow graph", table="frame"):
    """Visibility of each interest community in the follow graph.

    Attributes
    ----------
    frame
        One row per community: community, label, size, shared (members that the follow graph
        covers: that have an edge there), coverage (shared / size), follow_f1 (median over
        runs of the best F1 with a community of Leiden on the follow graph), visible_runs
        (share of runs where it is ≥ 0.5), conductance, internal_share (of the members'
        followings), expected_share (under the degree-preserving null), inside, expected
        (numbers of follows between members, observed and under the null), ratio (inside /
        expected), ratio_low, ratio_high (95 % interval), homophily (inbreeding homophily of the
        follows, (internal_share − expected_share) / (1 − expected_share): 0 at chance, 1 if all
        are inside), p_value, verdict (one of ``VERDICTS``).
    follow_memberships
        int32, shape (runs, shared nodes): the follow-graph partitions compared with.
    follow_agreement
        Mean AMI between those runs.
    """

    frame: pl.DataFrame
    follow_memberships: npt.NDArray[np.int32]
    follow_agreement: float
    provenance: Provenance = field(default_factory=lambda: Provenance("visibility"))

    def labels(self, verdict: str) -> list[str]:
        """Labels of the communities with this verdict, the largest first."""
        check_choice("verdict", verdict, VERDICTS)
        names: list[str] = self.frame.filter(verdict=verdict).get_column("label").to_list()
        return names

    @property
    def hidden(self) -> list[str]:
        """Labels of the communities that are hidden from the follow graph."""
        return self.labels("hidden")

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"communities": self.frame.height}
        for verdict in VERDICTS:
            names = self.labels(verdict)
            more = f", and {len(names) - 8} more" if len(names) > 8 else ""
            facts[verdict] = f"{len(names)}: {', '.join(names[:8])}{more}" if names else 0
        return facts | {"agreement of follow runs (AMI)": self.follow_agreement}

"""What is left of a graph, why, and what lies behind one of its edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError

__all__ = ["Backbone", "EdgeEvidence"]


@dataclass(frozen=True, repr=False, eq=False)
class Backbone(Frozen):
    """The edges that a rule keeps, with the figures they were judged by.

    Attributes
    ----------
    graph
        All nodes, and the kept edges with the weights they had.
    method
        The rule, one of those of :func:`graphkit.graphs.backbone`.
    columns
        Figures per kept edge, float64, shape (n_edges,), in the order of ``graph.edges()``;
        which ones there are is said under the method.
    n_before
        Edges before, self-loops included.
    weight_before
        Their total weight.
    removed
        What was taken away, as counts of edges by reason; with the kept ones they add up to
        `n_before`.
    n_tests
        Tests that the p-values were corrected for; `None` where nothing was corrected.
    note
        What a reader of the result must know; else empty.
    provenance
        How it was made.
    """

    graph: Graph
    method: str
    columns: Mapping[str, npt.NDArray[np.float64]]
    n_before: int
    weight_before: float
    removed: Mapping[str, int] = field(default_factory=dict)
    n_tests: int | None = None
    note: str = ""
    provenance: Provenance = field(default_factory=lambda: Provenance("backbone"))

    def __post_init__(self) -> None:
        columns = {}
        for name, values in self.columns.items():
            array = np.ascontiguousarray(values, dtype=np.float64)
            if array.shape != (self.graph.n_edges,):
                raise DataError(
                    f"backbone: column {name!r} has shape {array.shape} for "
                    f"{self.graph.n_edges:,} edges."
                )
            columns[name] = array
        gone = sum(self.removed.values())
        if self.graph.n_edges + gone != self.n_before:
            raise DataError(
                f"backbone: {self.n_before:,} edges before, {self.graph.n_edges:,} kept, but "
                f"{gone:,} explained as removed."
            )
        removed = MappingProxyType(dict(self.removed))
        self._set(columns=MappingProxyType(columns), removed=removed)

    @property
    def content_key(self) -> str:
        """Key of the kept graph."""
        return self.graph.content_key

    def frame(self) -> pl.DataFrame:
        """One row per kept edge: source, target, weight, and the figures of the method."""
        return self.graph.edges().with_columns(
            pl.Series(name, values) for name, values in self.columns.items()
        )

    def _facts(self) -> dict[str, object]:
        n = self.graph.n_edges
        isolated = int(np.count_nonzero(self.graph.degree() == 0)) if self.graph.n_nodes else 0
        facts: dict[str, object] = {
            "method": self.method,
            "edges kept": f"{n:,} of {self.n_before:,}",
            "share of weight kept": (
                self.graph.total_weight / self.weight_before if self.weight_before else None
            ),
            f"{self.graph.node_kind} without an edge": isolated,
        }
        if self.n_tests is not None:
            facts["tests"] = self.n_tests
        if "p" in self.columns and n:
            facts["largest p kept"] = float(self.columns["p"].max())
        facts |= {f"removed: {reason}": count for reason, count in self.removed.items()}
        return facts | ({"note": self.note} if self.note else {})


@dataclass(frozen=True, repr=False, eq=False)
class EdgeEvidence(Frozen, table="frame"):
    """The things behind one edge of a projection, and who came first.

    Attributes
    ----------
    source, target
        The two ends.
    frame
        One row per shared thing, rarest first: thing, popularity (entities that have it),
        source_acts, target_acts, source_first, target_first (the first act of each), leader
        (the end that came first; null in a tie, or where a time is missing), lag (from the
        first act of the leader to the first act of the other). Times, leader and lag are
        null where the log has no times of acts.
    source_led, target_led
        Things on which source, or target, came first.
    tied
        Things on which both came at the same instant.
    untimed
        Things for which a time is missing.
    median_lag
        Median lag over the things that one of them led; `None` if there is none.
    provenance
        How it was made.
    """

    source: Any
    target: Any
    frame: pl.DataFrame
    source_led: int
    target_led: int
    tied: int
    untimed: int
    median_lag: timedelta | None
    provenance: Provenance = field(default_factory=lambda: Provenance("edge_evidence"))

    @property
    def shared(self) -> int:
        """Number of things shared."""
        return self.frame.height

    @property
    def direction(self) -> tuple[Any, Any] | None:
        """(leader, follower) by the majority of things; `None` if there is none."""
        if self.source_led == self.target_led:
            return None
        ends = (self.source, self.target)
        return ends if self.source_led > self.target_led else ends[::-1]

    def _facts(self) -> dict[str, object]:
        way = self.direction
        return {
            "things shared": self.shared,
            f"{self.source} first": self.source_led,
            f"{self.target} first": self.target_led,
            "at the same instant": self.tied,
            "without a time": self.untimed,
            "leader → follower": f"{way[0]} → {way[1]}" if way else "no majority",
            "median lag": None if self.median_lag is None else str(self.median_lag),
        }

    def _title(self) -> str:
        return f"Evidence for {self.source} – {self.target}"

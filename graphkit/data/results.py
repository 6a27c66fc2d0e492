"""Small result types: what a verb found, frozen, with its own display."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError

__all__ = ["CommunityMatch", "ImportReport", "Visibility"]


@dataclass(frozen=True, repr=False, eq=False)
class ImportReport(Frozen, title="Import report"):
    """What a reader read, kept, added and dropped, and why.

    Attributes
    ----------
    rows
        One row per source table or kind of file: table, read, kept.
    dropped
        One row per reason: table, reason, rows. Read = kept + dropped in each table.
    notes
        What was changed or added without dropping a row: table, note, rows.
    """

    rows: pl.DataFrame
    dropped: pl.DataFrame
    notes: pl.DataFrame

    @classmethod
    def of(
        cls,
        read: Mapping[str, int],
        kept: Mapping[str, int],
        dropped: Mapping[tuple[str, str], int],
        notes: Mapping[tuple[str, str], int] | None = None,
    ) -> ImportReport:
        """A report from counts; reasons and notes are keyed by (table, text).

        Raises
        ------
        DataError
            If the rows of a table are not all accounted for.
        """
        for table, count in read.items():
            lost = count - kept.get(table, 0)
            explained = sum(n for (name, _), n in dropped.items() if name == table)
            if lost != explained:
                raise DataError(
                    f"import report: {table}: {count} rows read, {kept.get(table, 0)} kept, but "
                    f"{explained} explained as dropped."
                )
        rows = {
            "table": list(read),
            "read": list(read.values()),
            "kept": [kept.get(t, 0) for t in read],
        }
        schema = {"table": pl.String, "read": pl.Int64, "kept": pl.Int64}
        return cls(
            pl.DataFrame(rows, schema=schema),
            _counted(dropped, "reason"),
            _counted(notes or {}, "note"),
        )

    @property
    def n_dropped(self) -> int:
        """Rows dropped in all."""
        return int(self.dropped.get_column("rows").sum())

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            table: f"{read:,} rows read, {kept:,} kept" for table, read, kept in self.rows.rows()
        }
        facts |= {f"{t}: dropped, {why}": n for t, why, n in self.dropped.rows()}
        return facts | {f"{t}: {note}": n for t, note, n in self.notes.rows()}


def _counted(counts: Mapping[tuple[str, str], int], column: str) -> pl.DataFrame:
    entries = [(table, text, n) for (table, text), n in counts.items() if n]
    schema = {"table": pl.String, column: pl.String, "rows": pl.Int64}
    return pl.DataFrame(entries, schema=schema, orient="row")


@dataclass(frozen=True, repr=False, eq=False)
class CommunityMatch(Frozen, title="Community by tags"):
    """Which community is meant by a set of tags, and how well it matches; perhaps none.

    Attributes
    ----------
    tags
        The folded tags that were asked for.
    found
        Whether some community matches; also the truth value of the object.
    community, label
        The community of best F1, `None` if none was found.
    precision, recall, f1
        Of that community against the nodes that use the tags, in [0, 1].
    lift
        Share of users in the community over their share overall.
    p_value
        Hypergeometric, one-sided, multiplied by the number of communities (Bonferroni).
    n_users
        Nodes of the partition that use at least one of the tags.
    candidates
        The same figures for every community that holds a user, best first.
    hint
        What may be wrong with the tags, such as a spelling that nobody uses; else empty.
    """

    tags: tuple[str, ...]
    found: bool
    community: int | None
    label: str | None
    precision: float
    recall: float
    f1: float
    lift: float
    p_value: float
    n_users: int
    candidates: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("find_community"))
    hint: str = ""

    def __bool__(self) -> bool:
        return self.found

    def _facts(self) -> dict[str, object]:
        asked = " ".join(f"#{t}" for t in self.tags)
        hint = {"hint": self.hint} if self.hint else {}
        if not self.found:
            none = {"asked for": asked, "found": "none", "nodes that use the tags": self.n_users}
            return none | hint
        return hint | {
            "asked for": asked,
            "found": f"{self.label} (community {self.community})",
            "precision": self.precision,
            "recall": self.recall,
            "F1": self.f1,
            "lift": self.lift,
            "p (Bonferroni)": self.p_value,
            "nodes that use the tags": self.n_users,
        }

    def _table(self) -> pl.DataFrame:
        return self.candidates.head(5)


@dataclass(frozen=True, repr=False, eq=False)
class Visibility(Frozen, title="Visibility on the follow graph", table="frame"):
    """How well the follow graph alone would have shown each interest community.

    Attributes
    ----------
    frame
        One row per community: community, label, size, shared (members that are in the
        follow graph), follow_f1 (median over runs of the best F1 with a community of
        Leiden on the follow graph), visible_runs (share of runs where it is ≥ 0.5),
        visible, conductance, internal_share (of the follow arcs that touch members'
        followings), expected_share (under the degree-preserving null), ratio, p_value.
    follow_memberships
        int32, shape (runs, shared nodes): the follow-graph partitions compared with.
    follow_agreement
        Mean AMI between those runs.
    """

    frame: pl.DataFrame
    follow_memberships: npt.NDArray[np.int32]
    follow_agreement: float
    provenance: Provenance = field(default_factory=lambda: Provenance("visibility"))

    @property
    def hidden(self) -> list[str]:
        """Names of the communities that the follow graph does not show."""
        names: list[str] = self.frame.filter(~pl.col("visible")).get_column("label").to_list()
        return names

    def _facts(self) -> dict[str, Any]:
        visible = int(self.frame.get_column("visible").sum())
        return {
            "communities": self.frame.height,
            "visible on the follow graph": visible,
            "not visible": ", ".join(self.hidden[:8]) or "none",
            "agreement of follow runs (AMI)": self.follow_agreement,
        }

"""Report of an import: rows read, kept, changed and dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.errors import DataError

#: Columns of the table of files.
_FILES = dict.fromkeys("file format holds evidence status reason".split(), pl.String())  # noqa: SIM905


@dataclass(frozen=True, repr=False, eq=False)
class ImportReport(Frozen, title="Import report"):
    """Rows that a reader read, kept, added and dropped, with reasons.

    Attributes
    ----------
    rows
        One row per source table or kind of file: table, read, kept.
    dropped
        One row per reason: table, reason, rows. Read = kept + dropped in each table.
    notes
        Changes and additions that drop no row: table, note, rows.
    files
        One row per file, where files were recognised: file, format, holds (what the format is),
        evidence, status (``"read"``, ``"not read"`` or ``"not understood"``), reason.
    """

    rows: pl.DataFrame
    dropped: pl.DataFrame
    notes: pl.DataFrame
    files: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_FILES))

    @classmethod
    def of(
        cls,
        read: Mapping[str, int],
        kept: Mapping[str, int],
        dropped: Mapping[tuple[str, str], int],
        notes: Mapping[tuple[str, str], int] | None = None,
    ) -> ImportReport:
        """Report from counts; `dropped` and `notes` are keyed by (table, text).

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
        rows = [(table, count, kept.get(table, 0)) for table, count in read.items()]
        schema = {"table": pl.String, "read": pl.Int64, "kept": pl.Int64}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        return cls(frame, _count_table(dropped, "reason"), _count_table(notes or {}, "note"))

    def with_files(self, files: Iterable[Mapping[str, Any]]) -> ImportReport:
        """The report with a row for each file that was looked at."""
        return replace(self, files=pl.DataFrame(list(files), schema=_FILES))

    @property
    def recognised(self) -> str:
        """What was recognised and why, in one sentence; empty if nothing had to be."""
        read = self.files.filter(status="read")
        groups = read.group_by("holds", "evidence", maintain_order=True).len().rows()
        told = [
            f"{holds}, as {why}" + (f" ({n:,} files)" if n > 1 else "") for holds, why, n in groups
        ]
        more = f"; and {len(told) - 4} more" if len(told) > 4 else ""
        return "; ".join(told[:4]) + more

    @property
    def n_dropped(self) -> int:
        """Rows dropped in all."""
        return int(self.dropped.get_column("rows").sum())

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"recognised": self.recognised} if self.recognised else {}
        if self.files.height > 1:
            facts |= {
                f"files {status}": n
                for status, n in self.files.group_by("status", maintain_order=True).len().rows()
            }
        facts |= {
            table: f"{read:,} rows read, {kept:,} kept" for table, read, kept in self.rows.rows()
        }
        facts |= {f"{t}: dropped, {why}": n for t, why, n in self.dropped.rows()}
        return facts | {f"{t}: {note}": n for t, note, n in self.notes.rows()}


def _count_table(counts: Mapping[tuple[str, str], int], column: str) -> pl.DataFrame:
    entries = [(table, text, n) for (table, text), n in counts.items() if n]
    schema = {"table": pl.String, column: pl.String, "rows": pl.Int64}
    return pl.DataFrame(entries, schema=schema, orient="row")

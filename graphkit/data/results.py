"""Report of an import: rows read, kept, changed and dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.errors import DataError


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


def _count_table(counts: Mapping[tuple[str, str], int], column: str) -> pl.DataFrame:
    entries = [(table, text, n) for (table, text), n in counts.items() if n]
    schema = {"table": pl.String, column: pl.String, "rows": pl.Int64}
    return pl.DataFrame(entries, schema=schema, orient="row")

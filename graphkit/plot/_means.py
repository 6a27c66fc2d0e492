"""The rows of arm means that a figure shows, and how it names them."""

from __future__ import annotations

import polars as pl

from graphkit.errors import DataError, MissingDataError, nearest
from graphkit.measures.catalogue import describe_measure

__all__ = ["check_columns", "interval_text", "measure_text", "rows_of", "with_unit"]

_NEEDED = (
    "arm", "partition", "community", "measure", "mean", "low", "high", "worlds", "replications",
    "interval",
)  # fmt: skip


def check_columns(frame: pl.DataFrame, *more: str) -> None:
    """Refuse a frame that is not one of arm means."""
    missing = [name for name in (*_NEEDED, *more) if name not in frame.columns]
    if missing:
        raise MissingDataError(f"the frame has no column {', '.join(missing)}: see arm_means.")


def rows_of(frame: pl.DataFrame, measure: str, partition: str | None) -> pl.DataFrame:
    """The means of a measure over all communities; under one partition, if it needs any."""
    overall = frame.filter(pl.col("community").is_null())
    rows = overall.filter(pl.col("measure") == measure)
    if not rows.height:
        known = overall.get_column("measure").unique().sort().to_list()
        raise MissingDataError(
            f"the frame has no measure {measure!r} over all communities.{nearest(measure, known)}"
        )
    kinds = rows.get_column("partition").drop_nulls().unique(maintain_order=True).to_list()
    if partition is not None and kinds:
        if partition not in kinds:
            raise MissingDataError(
                f"the frame has no {measure!r} under a partition {partition!r}."
                f"{nearest(partition, kinds)} Kinds: {', '.join(kinds)}."
            )
        rows = rows.filter(pl.col("partition") == partition)
    rows = rows.filter(pl.col("mean").is_not_null())
    if not rows.height:
        raise DataError(f"no arm has a mean of {measure!r} that could be plotted.")
    return rows


def measure_text(rows: pl.DataFrame) -> str:
    """Name of the measure, with its partition if it has one, and its unit."""
    measure, partition = rows.select("measure", "partition").row(0)
    name = f"{measure} ({partition} partition)" if partition else str(measure)
    return with_unit(name, measure)


def with_unit(label: str, measure: str) -> str:
    """An axis label with the unit of the measure, if the catalogue has one."""
    known = describe_measure(measure)
    return label if known is None else f"{label}\n{known.unit}"


def interval_text(rows: pl.DataFrame) -> str:
    """What the intervals cover, such as ``interval over worlds (10 worlds)``."""
    label = rows.get_column("interval")[0]
    unit = "worlds" if label == "over worlds" else "replications"
    return f"interval {label} ({max(rows.get_column(unit).to_list())} {unit})"

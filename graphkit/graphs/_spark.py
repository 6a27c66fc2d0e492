"""The part that Spark does itself: count, prune, give codes, sort, and run the tasks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from graphkit.data._encode import refuse_mangled
from graphkit.data.schema import EARLIEST, LATEST
from graphkit.errors import DataError, DependencyError, MissingDataError, OptionError, nearest
from graphkit.graphs.options import ProjectionOptions
from graphkit.graphs.projection import Ints
from graphkit.graphs.spark_worker import task

__all__ = ["Coded", "Log", "encode", "find_session", "interactions", "project_blocks", "symmetric"]

START = (
    "from pyspark.sql import SparkSession; "
    "session = SparkSession.builder.master('local[*]').getOrCreate()"
)


@dataclass(frozen=True)
class Log:
    """Columns entity, thing (text), with a window `at`, and acts; what was left out."""

    frame: Any
    entities: Any
    removed: dict[str, int]


@dataclass(frozen=True)
class Coded:
    """Ids of the actors in code order, actors of each object, and what a cap took away."""

    ids: pl.Series
    degree: Ints
    pairs: int
    capped_objects: int
    capped_pairs: int


def find_session(session: Any) -> Any:
    """The session given, or the active one; says how to get one."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise DependencyError(
            "Spark needs the package pyspark and Java 17 or later: pip install "
            "'graphkit-social[spark]', then start a session with: " + START
        ) from error
    found = session or SparkSession.getActiveSession()
    if found is None:
        raise OptionError(f"no Spark session is active: pass session=, or start one with: {START}")
    return found


def interactions(
    session: Any,
    source: Any,
    entity: str,
    thing: str,
    at: str | None,
    kinds: list[str] | None,
    options: ProjectionOptions,
) -> Log:
    """The log of a frame or a Parquet path: each pair (and time) once, unless each counts."""
    from pyspark.sql import functions as F

    where, exclude, timed = "the frame", list(options.exclude), options.span is not None
    if isinstance(source, str | Path):
        where = str(source)
        source = session.read.parquet(where)
    types = {field.name: field.dataType.typeName() for field in source.schema.fields}
    for name in [entity, thing, *([at] if timed and at else []), *(["kind"] if kinds else [])]:
        if name not in types:
            raise MissingDataError(
                f"Spark: {where} has no column {name!r}; there are "
                f"{', '.join(map(repr, types)) or 'none'}.{nearest(name, types)}"
            )
    flags = F.col("kind").cast("string").isin(kinds) if kinds else F.lit(True)
    columns = [
        _id(F, entity, types[entity], where).alias("entity"),
        _id(F, thing, types[thing], where).alias("thing"),
        F.coalesce(flags, F.lit(False)).alias("asked"),
    ]
    if timed:
        assert at is not None
        columns.append(_time(F, at, types[at], where).alias("at"))
    rows = source.select(*columns)
    named = F.col("entity").isNotNull()
    known = named & F.col("asked") & F.col("thing").isNotNull()
    unwanted = F.col("thing").isin(exclude) if exclude else F.lit(False)
    late = F.col("at").isNull() if timed else F.lit(False)
    tests = {
        f"rows without {entity}": ~named,
        "rows of other kinds": named & ~F.col("asked"),
        f"rows without {thing}": named & F.col("asked") & F.col("thing").isNull(),
        "interactions with excluded objects": known & unwanted,
        "interactions without a time": known & ~unwanted & late,
    }
    sums = [F.sum(test.cast("long")).alias(str(k)) for k, test in enumerate(tests.values())]
    counts = rows.agg(*sums).collect()[0]
    removed = {why: n for why, n in zip(tests, counts, strict=True) if n}
    keys = ["entity", "thing", *(["at"] if timed else [])]
    kept = rows.where(known & ~unwanted & ~late).select(*keys)
    if timed and options.by_multiplicity:
        kept = kept.withColumn("acts", F.lit(1).cast("long"))
    else:
        kept = kept.groupBy(*keys).agg(F.count(F.lit(1)).alias("acts"))
    return Log(kept, rows.where(named).select("entity").distinct(), removed)


def encode(session: Any, log: Log, folder: Path, max_degree: int | None, timed: bool) -> Coded:
    """Write ``entities``, ``by_row`` and ``by_thing`` to `folder`: codes in the order of ids."""
    from pyspark.sql import functions as F

    log.frame.write.parquet(_uri(folder / "acts"))
    frame = session.read.parquet(_uri(folder / "acts"))
    pairs = frame.select("entity", "thing")
    degrees = (pairs.distinct() if timed else pairs).groupBy("thing").agg(F.count("*").alias("k"))
    log.entities.orderBy("entity").write.parquet(_uri(folder / "entities"))
    degrees.orderBy("thing").write.parquet(_uri(folder / "things"))
    ids = _column(folder / "entities", "entity")
    if not len(ids):
        raise MissingDataError("Spark: no row has an entity; check the names of the columns.")
    refuse_mangled(ids, "Spark: the column of entities")
    if not ids.is_sorted():
        raise DataError("Spark's sorted output is out of order: are its files changed or renamed?")
    degree = _column(folder / "things", "k").to_numpy().astype(np.int64)
    limit = len(ids) if max_degree is None else max_degree
    heavy = degree > limit
    things = _with_codes(session, folder / "things", "thing", "k").where(F.col("k") <= limit)
    places = _with_codes(session, folder / "entities", "entity")
    # codes of things keep their gaps where heavy ones were: only their order matters
    coded = (
        frame.join(things.withColumnRenamed("code", "col"), "thing")
        .join(places.withColumnRenamed("code", "row"), "entity")
        .select("row", "col", *(["at"] if timed else []), "acts")
    )
    last = ["at"] if timed else []
    coded.orderBy("row", "col", *last).write.parquet(_uri(folder / "by_row"))
    coded.orderBy("col", *last, "row").write.parquet(_uri(folder / "by_thing"))
    capped = int(degree[heavy].sum())
    everything = int(degree.sum())
    degree[heavy] = 0
    return Coded(ids, degree, everything - capped, int(heavy.sum()), capped)


def project_blocks(
    session: Any, folder: Path, bounds: list[int], options: ProjectionOptions
) -> dict[str, int]:
    """Run one task per block; returns the sums of what they counted."""
    for name in ("edges", "candidates"):
        (folder / name).mkdir(exist_ok=True)
    run = task(str(folder), bounds, options)
    blocks = len(bounds) - 1
    done = session.range(0, blocks, 1, blocks).mapInArrow(
        run, "edges long, few long, weightless long, passed long"
    )
    rows = done.collect()
    return {
        name: sum(row[name] for row in rows) for name in ("edges", "few", "weightless", "passed")
    }


def symmetric(session: Any, folder: Path, mutual: bool) -> None:
    """From each row's heaviest neighbours to edges that either end (or both) keeps."""
    from pyspark.sql import functions as F

    ends = [
        F.least("source", "target").alias("source"),
        F.greatest("source", "target").alias("target"),
    ]
    found = session.read.parquet(_uri(folder / "candidates")).select(*ends, "weight")
    # both ends hold the same weight, so the larger is the union
    found = found.groupBy("source", "target").agg(
        F.max("weight").alias("weight"), F.count("*").alias("n")
    )
    if mutual:
        found = found.where(F.col("n") == 2)
    found.drop("n").write.mode("overwrite").parquet(_uri(folder / "edges"))


def _id(F: Any, name: str, kind: str, where: str) -> Any:
    if kind in ("float", "double", "decimal"):
        raise DataError(
            f"{where}: column {name!r} is a {kind}: long ids lose digits that way; write the column "
            "as text."
        )
    if kind not in ("string", "byte", "short", "integer", "long", "void", "varchar", "char"):
        raise DataError(f"{where}: column {name!r} holds {kind}; ids are text or integers.")
    text = F.col(name).cast("string")
    return F.when(text != "", text)


def _time(F: Any, name: str, kind: str, where: str) -> Any:
    """Microseconds since 1970, null where not believable; times without a zone are UTC."""
    if kind == "timestamp":
        stamp = F.unix_micros(F.col(name))
    elif kind in ("timestamp_ntz", "date"):
        quoted = "`" + name.replace("`", "``") + "`"
        stamp = F.expr(
            "timestampdiff(MICROSECOND, TIMESTAMP_NTZ'1970-01-01 00:00:00', "
            f"cast({quoted} as timestamp_ntz))"
        )
    else:
        raise DataError(f"{where}: column {name!r} holds {kind}; make it a timestamp first.")
    low, high = (int(t.timestamp()) * 1_000_000 for t in (EARLIEST, LATEST))
    return F.when((stamp >= low) & (stamp < high), stamp)


def _with_codes(session: Any, folder: Path, name: str, *more: str) -> Any:
    """The sorted table with the place of each row: files come in order, rows within them too."""
    from pyspark.sql import functions as F

    offsets, first = [], 0
    for path in _parts(folder):
        offsets.append((path.name, first))
        first += pl.scan_parquet(path).select(pl.len()).collect().item()
    if first > np.iinfo(np.int32).max:
        raise DataError(f"{first:,} ids of {name} are more than 2^31 − 1 codes can hold.")
    starts = session.createDataFrame(offsets, "file string, start long")
    table = session.read.parquet(_uri(folder)).select(
        name, *more, F.col("_metadata.file_name").alias("file"),
        F.col("_metadata.row_index").alias("place"),
    )  # fmt: skip
    code = (F.col("start") + F.col("place")).cast("int").alias("code")
    return table.join(F.broadcast(starts), "file").select(name, *more, code)


def _column(folder: Path, name: str) -> pl.Series:
    """A column of a sorted table, in its order."""
    parts = _parts(folder)
    if not parts:
        return pl.Series(name, [], dtype=pl.String)
    lazy = pl.concat([pl.scan_parquet(path).select(name) for path in parts])
    return lazy.collect(engine="streaming").to_series()


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


def _uri(path: Path) -> str:
    return path.resolve().as_uri()

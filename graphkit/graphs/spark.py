"""One-mode projection on Spark: the edges of the local engine, for logs larger than one machine.

Spark counts pairs of actor and object, applies the caps, gives codes in the order of ids and
sorts; then the kernel of :func:`graphkit.cointeraction_graph` computes blocks of rows in Spark's
Python workers (``mapInArrow``), with the incidence mapped into memory from files. Nothing is
sampled or hashed, sums have one fixed order, and a block gives the same file whenever and
wherever it runs: weights agree with the local engine to the last bit.

On one machine
--------------
``pip install ".[spark]"`` in the folder of graphkit and Java 17 or later. A session is started with

    from pyspark.sql import SparkSession
    session = SparkSession.builder.master("local[*]").getOrCreate()

On a cluster
------------
1. Every worker needs Python of the driver's minor version with graphkit and the same versions
   of NumPy and Numba: a shared environment, or one packed with ``venv-pack`` and sent with
   ``--archives env.tar.gz#env`` and ``spark.pyspark.python=./env/bin/python``.
2. `workspace` is a folder that the driver and all workers see under one path: NFS, Lustre,
   CephFS, or a mounted bucket. The incidence and the edges lie there. A worker that does not
   see it fails with a message that says so.
3. Each Python worker compiles the kernel once, some ten seconds; with
   ``spark.executorEnv.NUMBA_CACHE_DIR`` set to a writable folder, once in total.
4. Memory outside the Java heap (``spark.executor.memoryOverhead``): per task 60 bytes for each
   actor, and up to 12 bytes for each actor and 200 MB for results; and as much page cache as
   possible, as the mapped files are read at random.
5. The driver needs 24 bytes for each actor and object, the ids of the actors, and for a
   Graph 24 bytes for each edge. Communities are found there, from the pruned graph.
6. Cap and prune: the work is the number of wedges, Σ k² / 2 over the actors k of an object, and
   one object of 10⁷ actors has 5·10¹³. Set `max_degree`, `min_shared` and `top`.

Estimated costs (not measured on a cluster)
-------------------------------------------
Per core and second: 10⁶ rows through Spark's shuffles (four: counting, two joins, two sorts
of which one is over half-sorted rows), 5·10⁷ wedges in the kernel, each read from both ends
with `top`. Per distinct pair: some 100 bytes through the shuffles and as temporary Parquet,
8 bytes mapped (24 under a window). Assumed: 0.9 distinct pairs an event, 20 events an account,
50 wedges a pair after `max_degree`, ``top=20``. A run has some ten seconds of fixed cost (about
twelve Spark jobs); where one machine holds the log the local engine is faster.

=======  ========  ==========  ========  ==========  ==========  ==========  ===========
events   accounts  shuffled    mapped    wedges      core hours  core hours  edges to
                                                     Spark       kernel      the driver
=======  ========  ==========  ========  ==========  ==========  ==========  ===========
10⁶      5 · 10⁴   0.1 GB      7 MB      4.5 · 10⁷   0.001       0.0005      0.02 GB
10⁸      5 · 10⁶   9 GB        0.7 GB    4.5 · 10⁹   0.1         0.05        2.4 GB
10⁹      5 · 10⁷   90 GB       7 GB      4.5 · 10¹⁰  1.1         0.5         24 GB
10¹⁰     5 · 10⁸   0.9 TB      72 GB     4.5 · 10¹¹  11          5           240 GB
=======  ========  ==========  ========  ==========  ==========  ==========  ===========

At 10¹⁰ events a task needs 30–36 GB for 5·10⁸ actors: run few tasks per machine
(``spark.task.cpus``), or select some accounts first; and keep the edges as Parquet
(:func:`spark_edges`). Codes are 32-bit: at most 2³¹ − 1 actors and as many objects.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit import errors
from graphkit.data.files import read_json, write_text
from graphkit.data.graph import Graph
from graphkit.data.ids import AROUND, MISSING_WORDS, check_real_ids, describe_changes, judge_ids
from graphkit.data.provenance import Provenance
from graphkit.data.times import PLAUSIBLE
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import (
    DataError,
    DependencyError,
    FileError,
    MissingDataError,
    OptionError,
    install_text,
    warn,
)
from graphkit.graphs import projection as product
from graphkit.graphs.options import Floats, Ints, ProjectionOptions
from graphkit.graphs.spark_worker import ARRAYS, block_function

__all__ = ["edge_checksum", "read_spark_edges", "spark_cointeraction", "spark_edges"]

SESSION = "SparkSession.builder.master('local[*]').getOrCreate()"
START = f"from pyspark.sql import SparkSession; session = {SESSION}"


@dataclass(frozen=True)
class Log:
    """Frame of actor, object (text), multiplicity, and `at` under a window; all actors."""

    frame: Any
    actors: Any
    removed: dict[str, int]


@dataclass(frozen=True)
class Coded:
    """Ids of the actors in code order, actors of each object, and counts of what a cap removed."""

    ids: pl.Series
    degree: Ints
    pairs: int
    capped_objects: int
    capped_pairs: int


def find_session(session: Any) -> Any:
    """The given session, or the active one; the error explains how to start one."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise DependencyError(
            f"Spark needs the package pyspark and Java 17 or later: {install_text('spark')}, then "
            f"start a session with: {START}"
        ) from error
    found = session or SparkSession.getActiveSession()
    if found is None:
        raise OptionError(f"no Spark session is active: pass session=, or start one with: {START}")
    return found


def read_log(session: Any, source: Any, columns: dict[str, Any], options: ProjectionOptions) -> Log:
    """Log of a frame or a Parquet path, one row per pair (and time), or each if each counts."""
    from pyspark.sql import functions as F

    entity, thing, at, kinds = (columns[name] for name in ("entity", "thing", "at", "kinds"))
    where, exclude, timed = "the frame", list(options.exclude), options.span is not None
    if isinstance(source, str | Path):
        where = str(source)
        source = session.read.parquet(where)
    types = {field.name: field.dataType.typeName() for field in source.schema.fields}
    for name in [entity, thing, *([at] if timed and at else []), *(["kind"] if kinds else [])]:
        if name not in types:
            raise MissingDataError(
                f"Spark: {where} has no column {name!r}; there are "
                f"{errors.name_some(types) or 'none'}.{errors.nearest(name, types)}"
            )
    flags = F.col("kind").cast("string").isin(kinds) if kinds else F.lit(True)
    words = sorted(set(MISSING_WORDS) - set(check_real_ids(columns["real_ids"])))
    selected = [F.coalesce(flags, F.lit(False)).alias("asked")]
    for side, name in (("actor", entity), ("object", thing)):
        selected += _id_columns(F, side, name, types[name], where, words)
    if timed:
        selected.append(_time_column(F, at, types[at], where).alias("at"))
    rows = source.select(*selected)
    named = F.col("actor").isNotNull()
    known = named & F.col("asked") & F.col("object").isNotNull()
    unwanted = F.col("object").isin(exclude) if exclude else F.lit(False)
    late = F.col("at").isNull() if timed else F.lit(False)
    tests = {
        f"rows without {entity}": ~named,
        "rows of other kinds": named & ~F.col("asked"),
        f"rows without {thing}": named & F.col("asked") & F.col("object").isNull(),
        "interactions with excluded objects": known & unwanted,
        "interactions without a time": known & ~unwanted & late,
    }
    changed = {
        (name, text): F.col(f"{side}_{what}")
        for side, name in (("actor", entity), ("object", thing))
        for what, text in (
            ("bare", "blanks around ids: stripped"),
            ("word", "words that mean missing: set to missing"),
        )
    }
    every = [*tests.values(), *changed.values()]
    sums = [F.sum(test.cast("long")).alias(str(k)) for k, test in enumerate(every)]
    counts = rows.agg(*sums).collect()[0]
    found = Counter({key: n or 0 for key, n in zip(changed, counts[len(tests) :], strict=True)})
    if any(found.values()):
        told = describe_changes(found, "If such a word is an id, name it in real_ids=.")
        warn(f"Spark: {told}")
    counts = counts[: len(tests)]
    removed = {why: n for why, n in zip(tests, counts, strict=True) if n}
    keys = ["actor", "object", *(["at"] if timed else [])]
    kept = rows.where(known & ~unwanted & ~late).select(*keys)
    if timed and options.by_multiplicity:
        kept = kept.withColumn("multiplicity", F.lit(1).cast("long"))
    else:
        kept = kept.groupBy(*keys).agg(F.count(F.lit(1)).alias("multiplicity"))
    return Log(kept, rows.where(named).select("actor").distinct(), removed)


def encode_log(session: Any, log: Log, folder: Path, max_degree: int | None, timed: bool) -> Coded:
    """Write ``entities``, ``by_row`` and ``by_object`` to `folder`: codes in the order of ids."""
    from pyspark.sql import functions as F

    log.frame.write.parquet(_folder_uri(folder / "interactions"))
    frame = session.read.parquet(_folder_uri(folder / "interactions"))
    pairs = frame.select("actor", "object")
    degrees = (pairs.distinct() if timed else pairs).groupBy("object").agg(F.count("*").alias("k"))
    # the ids of the actors are part of the result, whose column is named entity
    actors = log.actors.withColumnRenamed("actor", "entity")
    actors.orderBy("entity").write.parquet(_folder_uri(folder / "entities"))
    degrees.orderBy("object").write.parquet(_folder_uri(folder / "objects"))
    ids = _read_column(folder / "entities", "entity")
    if not len(ids):
        raise MissingDataError("Spark: no row has an actor; check the names of the columns.")
    judge_ids(ids, "Spark: the column of actors")
    if parts := _part_files(folder / "objects"):
        objects = pl.concat([pl.scan_parquet(path).select("object") for path in parts])
        judge_ids(objects, "Spark: the column of objects")
    if not ids.is_sorted():
        raise DataError("Spark's sorted output is out of order: are its files changed or renamed?")
    degree = _read_column(folder / "objects", "k").to_numpy().astype(np.int64)
    limit = len(ids) if max_degree is None else max_degree
    heavy = degree > limit
    light = _with_codes(session, folder / "objects", "object", "k").where(F.col("k") <= limit)
    rows = _with_codes(session, folder / "entities", "entity").withColumnRenamed("entity", "actor")
    last = ["at"] if timed else []
    # codes of objects keep the gaps of heavy ones: only their order matters
    coded = (
        frame.join(light.withColumnRenamed("code", "col"), "object")
        .join(rows.withColumnRenamed("code", "row"), "actor")
        .select("row", "col", *last, "multiplicity")
    )
    coded.orderBy("row", "col", *last).write.parquet(_folder_uri(folder / "by_row"))
    coded.orderBy("col", *last, "row").write.parquet(_folder_uri(folder / "by_object"))
    capped, total = int(degree[heavy].sum()), int(degree.sum())
    degree[heavy] = 0
    return Coded(ids, degree, total - capped, int(heavy.sum()), capped)


def project_blocks(
    session: Any, folder: Path, bounds: list[int], options: ProjectionOptions
) -> dict[str, int]:
    """Run one task per block; returns the sums of their counts."""
    names = ("edges", "few", "weightless", "passed")
    for name in ("edges", "candidates"):
        (folder / name).mkdir(exist_ok=True)
    blocks = len(bounds) - 1
    count, schema = block_function(str(folder), bounds, options), [f"{name} long" for name in names]
    with warnings.catch_warnings():
        # mapInArrow only asks whether pandas is there: no data become pandas
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")
        done = session.range(0, blocks, 1, blocks).mapInArrow(count, ", ".join(schema))
    rows = done.collect()
    return {name: sum(row[name] for row in rows) for name in names}


def write_symmetric(session: Any, folder: Path, mutual: bool) -> None:
    """Write the edges that either end (or, if `mutual`, both) keeps among its heaviest."""
    from pyspark.sql import functions as F

    low, high = F.least("source", "target"), F.greatest("source", "target")
    ends = [low.alias("source"), high.alias("target"), "weight"]
    found = session.read.parquet(_folder_uri(folder / "candidates")).select(*ends)
    # both ends have the same weight
    sums = [F.max("weight").alias("weight"), F.count("*").alias("n")]
    found = found.groupBy("source", "target").agg(*sums)
    if mutual:
        found = found.where(F.col("n") == 2)
    found.drop("n").write.mode("overwrite").parquet(_folder_uri(folder / "edges"))


def _id_columns(F: Any, side: str, name: str, kind: str, where: str, words: list[str]) -> list[Any]:
    """Ids as text, null where missing; whether blanks were stripped, and a word was meant."""
    if kind in ("float", "double", "decimal"):
        raise DataError(
            f"{where}: column {name!r} is a {kind}: long ids lose digits that way; write the "
            "column as text."
        )
    if kind not in ("string", "byte", "short", "integer", "long", "void", "varchar", "char"):
        raise DataError(f"{where}: column {name!r} holds {kind}; ids are text or integers.")
    text = F.col(name).cast("string")
    # Java's \\s is that of ASCII unless asked for Unicode
    bare = F.regexp_replace(text, f"(?U){AROUND}", "")
    word = F.coalesce(bare.isin(words), F.lit(False))
    ids = F.when((bare != "") & ~word, bare)
    stripped = F.coalesce(ids != text, F.lit(False))
    return [ids.alias(side), stripped.alias(f"{side}_bare"), word.alias(f"{side}_word")]


def _time_column(F: Any, name: str, kind: str, where: str) -> Any:
    """Microseconds since 1970, null outside the valid range; times without a zone are UTC."""
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
    low, high = PLAUSIBLE
    return F.when((stamp >= low) & (stamp < high), stamp)


def _with_codes(session: Any, folder: Path, name: str, *more: str) -> Any:
    """The sorted table with the position of each row, in the order of files and rows."""
    from pyspark.sql import functions as F

    offsets, first = [], 0
    for path in _part_files(folder):
        offsets.append((path.name, first))
        first += pl.scan_parquet(path).select(pl.len()).collect().item()
    if first > np.iinfo(np.int32).max:
        raise DataError(f"{first:,} ids of {name} are more than 2^31 − 1 codes can hold.")
    starts = session.createDataFrame(offsets, "file string, start long")
    file = F.col("_metadata.file_name").alias("file")
    row = F.col("_metadata.row_index").alias("position")
    table = session.read.parquet(_folder_uri(folder)).select(name, *more, file, row)
    code = (F.col("start") + F.col("position")).cast("int").alias("code")
    return table.join(F.broadcast(starts), "file").select(name, *more, code)


def _read_column(folder: Path, name: str) -> pl.Series:
    """Column of a sorted table, in its order."""
    parts = _part_files(folder)
    if not parts:
        return pl.Series(name, [], dtype=pl.String)
    lazy = pl.concat([pl.scan_parquet(path).select(name) for path in parts])
    return lazy.collect(engine="streaming").to_series()


def _part_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


def _folder_uri(path: Path) -> str:
    return path.resolve().as_uri()


#: Rows read at a time.
BATCH = 1 << 22

#: Least work of a block, in entries (a tenth of a second), and most: without `top` all of it may
#: become edges, some gigabytes of them; with `top` it takes a minute or two.
LEAST, MOST, MOST_TOP = 1 << 24, 1 << 26, 1 << 32


def write_arrays(folder: Path, n: int, degree: Ints, options: ProjectionOptions) -> Ints:
    """Write the arrays of `folder` from its sorted tables; returns the work of each row.

    Sizes are summed in the order of rows and objects, as in the local engine, to the last bit.
    """
    arrays = folder / "arrays"
    arrays.mkdir(exist_ok=True)
    timed = options.span is not None
    instant = ("at",) if timed else ()
    counted = options.by_multiplicity and not timed
    none = np.zeros(0, np.int32)
    contribution = product.weight_scales(options.weight, none, none, degree, n)[0]
    size: Floats = np.zeros(n if options.weight in ("jaccard", "cosine", "tfidf") else 0)
    shared = degree > 1  # an object of one actor counts in sizes, but makes no edge
    entries = np.zeros(degree.size, dtype=np.int64)
    files = {name: (arrays / f"{name}.bin").open("wb") for name in ARRAYS}
    try:
        for part in _read_batches(folder / "by_object", ("col", *instant, "row")):
            keep = shared[part["col"]]
            entries += np.bincount(part["col"][keep], minlength=degree.size)
            _append_array(files["members"], part["row"][keep])
            if timed:
                _append_array(files["times"], part["at"][keep])
            if counted:
                _append_array(files["object_multiplicity"], part["multiplicity"][keep])
        length, work = np.zeros((2, n), dtype=np.int64)
        before = (-1, -1)
        for part in _read_batches(folder / "by_row", ("row", "col", *instant)):
            row, col = part["row"], part["col"]
            if size.size:
                fresh = np.ones(row.size, dtype=bool)  # a pair of several times counts once
                fresh[1:] = (row[1:] != row[:-1]) | (col[1:] != col[:-1])
                fresh[:1] = (int(row[0]), int(col[0])) != before
                before = (int(row[-1]), int(col[-1]))
                np.add.at(size, row[fresh], contribution[col[fresh]] if contribution.size else 1.0)
            keep = shared[col]
            row, col = row[keep], col[keep]
            length += np.bincount(row, minlength=n)
            np.add.at(work, row, entries[col])
            _append_array(files["objects"], col)
            if timed:
                _append_array(files["row_times"], part["at"][keep])
            if counted:
                _append_array(files["row_multiplicity"], part["multiplicity"][keep])
        _append_array(files["row_start"], np.concatenate([[0], np.cumsum(length)]))
        _append_array(files["object_start"], np.concatenate([[0], np.cumsum(entries)]))
        _append_array(files["contribution"], contribution)
        _append_array(files["size"], size)
    finally:
        for file in files.values():
            file.close()
    return work


def cut_rows(work: Ints, slots: int, *, top: bool) -> list[int]:
    """Bounds of blocks of about equal work, several for each of `slots` parallel tasks."""
    step = min(max(int(work.sum()) // (8 * slots), LEAST), MOST_TOP if top else MOST)
    bounds: list[int] = product.equal_cuts(work, step).tolist()
    return bounds


def _append_array(file: BinaryIO, array: npt.NDArray[Any]) -> None:
    name = Path(file.name).stem
    np.ascontiguousarray(array, dtype=ARRAYS[name]).tofile(file)


def _read_batches(folder: Path, order: tuple[str, ...]) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """Rows of a sorted table, batch by batch; raises if they are out of order."""
    import pyarrow.parquet as pq

    last: tuple[int, ...] | None = None
    for path in _part_files(folder):
        for batch in pq.ParquetFile(path).iter_batches(batch_size=BATCH):
            part = {name: batch.column(name).to_numpy() for name in batch.schema.names}
            if not batch.num_rows:
                continue
            keys = [part[name] for name in order]
            ends = tuple(int(k[-1]) for k in keys)
            if last is not None and tuple(int(k[0]) for k in keys) < last:
                raise DataError(f"{path} is out of order: Spark's sorted output was changed.")
            last = ends
            yield part


_EDGES = pl.Schema({"source": pl.Int32, "target": pl.Int32, "weight": pl.Float64})

#: Temporary tables and arrays.
TEMPORARY = ("interactions", "objects", "by_row", "by_object", "arrays", "candidates")


def spark_cointeraction(
    source: Any,
    *,
    entity: str = "account_id",
    thing: str = "item_id",
    at: str | None = None,
    kinds: Collection[str] | None = None,
    weight: str = "count",
    min_shared: int = 1,
    max_degree: int | None = None,
    window: str | timedelta | None = None,
    top: int | None = None,
    mutual: bool = False,
    exclude: Iterable[str] = (),
    node_kind: str = "accounts",
    real_ids: Collection[str] = (),
    session: Any = None,
    workspace: str | Path | None = None,
) -> Graph:
    """One-mode projection of a log, computed on Spark.

    Parameters
    ----------
    source
        A Spark frame, or the path of Parquet files that Spark can read.
    entity, thing, at
        Columns of the ids of actors and objects (text or integers) and, for `window`, of the
        time of the interaction (a timestamp or date; without a zone it is UTC). Rows without
        an id are counted and left out; every actor of the column is a node.
    kinds
        Rows whose column ``kind`` is none of these are left out; by default all are kept.
    weight, min_shared, max_degree, window, top, mutual, exclude
        As in :func:`graphkit.cointeraction_graph`.
    node_kind
        Kind of the nodes.
    real_ids
        As in :func:`graphkit.readwrite.read_incidence`.
    session
        The Spark session; the active one by default.
    workspace
        An empty folder that the driver and all workers see, used and emptied again; optional
        where Spark runs on this machine alone.

    Returns
    -------
    Graph
        The edges of the local engine; its provenance counts what was left out.

    Raises
    ------
    DependencyError
        If pyspark is not installed.
    OptionError
        If no session is active, for a number out of range, or a workspace that is needed.
    MissingDataError
        If a column is missing, or no row has both ids.
    DataError
        If ids are floats, or `max_degree` leaves nothing to share.
    """
    session = find_session(session)
    if workspace is None and not str(session.conf.get("spark.master", "")).startswith("local"):
        raise OptionError(
            "workspace is missing: on a cluster, pass a folder that the driver and all workers see."
        )
    folder = Path(tempfile.mkdtemp(prefix="graphkit-")) if workspace is None else Path(workspace)
    out = folder / "edges-of-spark"
    try:
        columns = {"entity": entity, "thing": thing, "at": at, "kinds": kinds}
        columns["real_ids"] = real_ids
        options = ProjectionOptions(
            *("accounts", "items", None, window, exclude, weight, min_shared, max_degree),
            *(top, mutual),
        )
        _write_edges(session, source, out, columns, options, node_kind)
        return read_spark_edges(out)
    finally:
        shutil.rmtree(folder if workspace is None else out, ignore_errors=True)


def spark_edges(
    source: Any,
    out: str | Path,
    *,
    entity: str = "account_id",
    thing: str = "item_id",
    at: str | None = None,
    kinds: Collection[str] | None = None,
    weight: str = "count",
    min_shared: int = 1,
    max_degree: int | None = None,
    window: str | timedelta | None = None,
    top: int | None = None,
    mutual: bool = False,
    exclude: Iterable[str] = (),
    node_kind: str = "accounts",
    real_ids: Collection[str] = (),
    session: Any = None,
) -> Path:
    """One-mode projection of a log on Spark, with the edges as Parquet.

    Parameters
    ----------
    source, entity, thing, at, kinds, weight, min_shared, max_degree, window, top, mutual, \
exclude, node_kind, real_ids, session
        As in :func:`spark_cointeraction`.
    out
        A folder that does not exist or is empty, seen by the driver and all workers under one
        path.

    Returns
    -------
    Path
        The folder, with ``edges/`` (source < target, 32-bit codes, and weight), ``entities/``
        (ids; the code is the position among the files in order of name) and ``report.json``.

    Raises
    ------
    DependencyError, OptionError, MissingDataError, DataError
        As in :func:`spark_cointeraction`.
    FileError
        If the folder is not empty.
    """
    options = ProjectionOptions(
        *("accounts", "items", None, window, exclude, weight, min_shared, max_degree),
        *(top, mutual),
    )
    columns = {"entity": entity, "thing": thing, "at": at, "kinds": kinds}
    columns["real_ids"] = real_ids
    return _write_edges(session, source, Path(out), columns, options, node_kind)


def _write_edges(
    session: Any,
    source: Any,
    out: Path,
    columns: dict[str, Any],
    options: ProjectionOptions,
    node_kind: str,
) -> Path:
    entity, thing, kinds = columns["entity"], columns["thing"], columns["kinds"]
    max_degree, top = options.max_degree, options.top
    timed = options.span is not None
    if timed and columns["at"] is None:
        raise OptionError("window= needs at=, the column of the time of each interaction.")
    asked = None if kinds is None else sorted({kinds} if isinstance(kinds, str) else set(kinds))
    columns = columns | {"kinds": asked}
    session = find_session(session)
    folder = out.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise FileError(f"the folder {folder} is not empty: choose another.")
    folder.mkdir(parents=True, exist_ok=True)
    log = read_log(session, source, columns, options)
    coded = encode_log(session, log, folder, max_degree, timed)
    if not coded.degree.size:
        raise MissingDataError(
            f"Spark: no row has {entity} and {thing}"
            + (f" (left out: {log.removed})" if log.removed else "")
            + "; check the names of the columns and kinds=."
        )
    if not coded.pairs:
        raise DataError(
            f"Spark: max_degree={max_degree} leaves nothing: all {coded.capped_objects:,} objects "
            "have more actors than that. Raise it; weight='tfidf' weighs them down instead."
        )
    n = len(coded.ids)
    work = write_arrays(folder, n, coded.degree, options)
    bounds = cut_rows(work, session.sparkContext.defaultParallelism, top=top is not None)
    counted = project_blocks(session, folder, bounds, options)
    if top is not None:
        write_symmetric(session, folder, options.mutual)
    edges = int(_scan_edges(folder).select(pl.len()).collect().item())
    heavy = f"objects of more than {max_degree} actors"
    left_out = {heavy: coded.capped_objects, f"pairs with {heavy}": coded.capped_pairs}
    left_out |= {
        f"pairs of nodes that share less than {options.min_shared}": counted["few"],
        "edges of weight 0": counted["weightless"],
        f"edges outside the top {top}": counted["passed"] - edges,
    }
    parameters = options.parameters()
    del parameters["between"], parameters["through"]
    report = {
        "node_kind": node_kind,
        "parameters": parameters | columns | {"spark": session.version},
        "removed": log.removed | {reason: k for reason, k in left_out.items() if k},
        "nodes": n,
        "edges": edges,
        "pairs": coded.pairs,
        "walked": int(work.sum()),
        "blocks": len(bounds) - 1,
    }
    write_text(folder / "report.json", json.dumps(report, indent=1, sort_keys=True))
    for name in TEMPORARY:
        shutil.rmtree(folder / name, ignore_errors=True)
    return folder


def read_spark_edges(folder: str | Path) -> Graph:
    """Graph from a folder that :func:`spark_edges` wrote.

    Parameters
    ----------
    folder
        The folder.

    Raises
    ------
    FileError
        If it holds no report of :func:`spark_edges`.
    """
    folder = Path(folder)
    report = read_json(folder / "report.json", "Name the folder that spark_edges wrote.")
    kinds = {"parameters": dict, "removed": dict, "node_kind": str}
    if not isinstance(report, dict) or any(type(report.get(k)) is not t for k, t in kinds.items()):
        raise FileError(f"{folder / 'report.json'} is not that of spark_edges, or is damaged.")
    try:
        ids = _read_column(folder / "entities", "entity")
        edges = _scan_edges(folder).collect(engine="streaming")
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise FileError(f"{folder}: its Parquet files cannot be read: {_AGAIN}") from error
    if fault := _edge_fault(ids, edges):
        raise FileError(f"{folder}: {fault}: {_AGAIN}")
    source, target, weight = (edges.get_column(name).to_numpy() for name in edges.columns)
    provenance = Provenance.of(
        "spark_cointeraction",
        report["parameters"],
        removed=report["removed"],
        packages=("pyspark", "numba", "numpy"),
    )
    return Graph._from_codes(
        Vocabulary(ids),
        *(source, target, weight),
        directed=False,
        node_kind=report["node_kind"],
        provenance=provenance,
    )


_AGAIN = "write the edges again, or name the folder that spark_edges wrote."


def _edge_fault(ids: pl.Series, edges: pl.DataFrame) -> str | None:
    """What is wrong with the tables of a folder of edges; `None` if nothing."""
    if (
        ids.dtype != pl.String
        or ids.null_count()
        or not ids.is_sorted()
        or ids.is_duplicated().any()
    ):
        return "the entities are not sorted, distinct texts"
    if edges.schema != _EDGES:
        return "the edges are not columns source, target (32-bit integers) and weight (float)"
    source, target, weight = edges.get_columns()
    valid = (source >= 0) & (source < target) & (target < len(ids)) & weight.is_finite()
    if not (valid & (weight > 0)).fill_null(False).all():
        return "an edge has no such entities, or no positive weight"
    return None


def edge_checksum(graph: Graph) -> int:
    """Checksum of the edges, equal for two graphs over the same nodes with the same edges.

    Sum over all edges, modulo 2⁶⁴, of a hash of both codes and the bits of the weight; it does
    not depend on the order of edges.

    Parameters
    ----------
    graph
        Any graph.

    Examples
    --------
    >>> edge_checksum(Graph.from_edges([1, 2], [2, 3], directed=False))
    4665582660294674576
    """
    from graphkit.kernels.random import mix

    source, target, weight = graph.edge_arrays()
    mixed = source.astype(np.uint64) << np.uint64(32) | target.astype(np.uint64)
    for part in (np.uint64(0), weight.view(np.uint64)):
        mixed = mix.py_func(mixed ^ part)  # on arrays
    return int(mixed.sum(dtype=np.uint64))


def _scan_edges(folder: Path) -> pl.LazyFrame:
    parts = _part_files(folder / "edges")
    if not parts:
        return pl.LazyFrame(schema=_EDGES)
    return pl.scan_parquet(parts).select("source", "target", "weight")

"""Co-interaction on Spark: logs larger than one machine, the same edges.

Spark counts who acted on what, leaves out what the caps leave out, gives codes in the order
of ids and sorts; then the kernel of :func:`graphkit.cointeraction_graph` walks blocks of rows
in Spark's Python workers (``mapInArrow``), with the incidence mapped into memory from files.
Nothing is sampled or hashed on the way, sums are taken in one fixed order, and a block gives
the same file whenever and wherever it runs: weights agree with the local engine to the last
bit.

On one machine
--------------
``pip install 'graphkit-social[spark]'`` and Java 17 or later. A session is started with

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
   ``spark.executorEnv.NUMBA_CACHE_DIR`` set to a folder of yours, once in all.
4. Memory outside the Java heap (``spark.executor.memoryOverhead``): per task 60 bytes for each
   entity, and up to 12 bytes for each entity and 200 MB for results; and as much page cache as
   there is, for the mapped files are read at random.
5. The driver needs 24 bytes for each entity and thing, the ids of the entities, and for a
   Graph 24 bytes for each edge. Communities are found there, from the pruned graph.
6. Cap and prune: the work is the number of wedges, Σ k² / 2 over the entities k of a thing, and
   one thing of 10⁷ entities has 5·10¹³. Set `max_degree`, `min_shared` and `top`.

Costs planned on paper
----------------------
Per core and second: 10⁶ rows through Spark's shuffles (four: counting, two joins, two sorts
of which one is over half-sorted rows), 5·10⁷ wedges in the kernel, each walked from both
ends with `top`. Per distinct pair: some 100 bytes through the shuffles and as Parquet on the
way (deleted at the end), 8 bytes mapped (24 under a window). Taken: 0.9 distinct pairs an
event, 20 events an account, 50 wedges a pair after `max_degree`, ``top=20``. No line is
measured on a cluster. A run has some ten seconds of fixed cost (about twelve Spark jobs), and
where one machine holds the log the local engine is the faster.

=======  ========  ==========  ========  ==========  ==========  ==========  ===========
events   accounts  shuffled    mapped    wedges      core hours  core hours  edges to
                                                     Spark       kernel      the driver
=======  ========  ==========  ========  ==========  ==========  ==========  ===========
10⁶      5 · 10⁴   0.1 GB      7 MB      4.5 · 10⁷   0.001       0.0005      0.02 GB
10⁸      5 · 10⁶   9 GB        0.7 GB    4.5 · 10⁹   0.1         0.05        2.4 GB
10⁹      5 · 10⁷   90 GB       7 GB      4.5 · 10¹⁰  1.1         0.5         24 GB
10¹⁰     5 · 10⁸   0.9 TB      72 GB     4.5 · 10¹¹  11          5           240 GB
=======  ========  ==========  ========  ==========  ==========  ==========  ===========

At 10¹⁰ events a task needs 30–36 GB for 5·10⁸ entities: run few tasks per machine
(``spark.task.cpus``), or take a part of the accounts first; and let the edges stay as Parquet
(:func:`spark_edges`). Codes are 32-bit: at most 2³¹ − 1 entities and as many things.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Collection, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, FileError, MissingDataError, OptionError
from graphkit.graphs import _spark as engine
from graphkit.graphs._spark_layout import cut_rows, lay_out
from graphkit.graphs.options import ProjectionOptions

__all__ = ["edge_checksum", "read_spark_edges", "spark_cointeraction", "spark_edges"]

#: Tables and arrays on the way, which are not needed once the edges are there.
ON_THE_WAY = ("acts", "things", "by_row", "by_thing", "arrays", "candidates")


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
    session: Any = None,
    workspace: str | Path | None = None,
) -> Graph:
    """The co-interaction graph of a log, made on Spark.

    Parameters
    ----------
    source
        A Spark frame, or the path of Parquet files that Spark can read.
    entity, thing, at
        Columns of the ids (text or integers) and, for `window`, of the time of the act (a
        timestamp or date; without a zone it is UTC). Rows without an id are counted and
        left out; every entity of the column is a node.
    kinds
        Rows whose column ``kind`` is none of these are left out; by default all are acts.
    weight, min_shared, max_degree, window, top, mutual, exclude
        As in :func:`graphkit.cointeraction_graph`.
    node_kind
        What the entities are.
    session
        The Spark session; the active one if absent.
    workspace
        An empty folder that the driver and all workers see, used and emptied again. May be
        absent where Spark runs on this machine alone.

    Returns
    -------
    Graph
        With the edges of the local engine; its provenance counts what was left out.

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
    session = engine.find_session(session)
    if workspace is None and not str(session.conf.get("spark.master", "")).startswith("local"):
        raise OptionError(
            "workspace is missing: on a cluster, pass a folder that the driver and all workers see."
        )
    folder = Path(tempfile.mkdtemp(prefix="graphkit-")) if workspace is None else Path(workspace)
    out = folder / "edges-of-spark"
    try:
        spark_edges(
            source, out, entity=entity, thing=thing, at=at, kinds=kinds, weight=weight,
            min_shared=min_shared, max_degree=max_degree, window=window, top=top, mutual=mutual,
            exclude=exclude, node_kind=node_kind, session=session,
        )  # fmt: skip
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
    session: Any = None,
) -> Path:
    """The same, with the edges left as Parquet.

    Parameters
    ----------
    source, entity, thing, at, kinds, weight, min_shared, max_degree, window, top, mutual, \
exclude, node_kind, session
        As in :func:`spark_cointeraction`.
    out
        A folder that does not exist or is empty, seen by the driver and all workers under one
        path.

    Returns
    -------
    Path
        The folder, with ``edges/`` (source < target, 32-bit codes, and weight), ``entities/``
        (ids; the code is the place among the files in order of name) and ``report.json``.

    Raises
    ------
    DependencyError, OptionError, MissingDataError, DataError
        As in :func:`spark_cointeraction`.
    FileError
        If the folder is not empty.
    """
    options = ProjectionOptions(
        window=window,
        exclude=exclude,
        weight=weight,
        min_shared=min_shared,
        max_degree=max_degree,
        top=top,
        mutual=mutual,
    )
    timed = options.span is not None
    if timed and at is None:
        raise OptionError("window= needs at=, the column of the time of each interaction.")
    asked = None if kinds is None else sorted({kinds} if isinstance(kinds, str) else set(kinds))
    session = engine.find_session(session)
    folder = Path(out).resolve()
    if folder.exists() and any(folder.iterdir()):
        raise FileError(f"the folder {folder} is not empty: choose another.")
    folder.mkdir(parents=True, exist_ok=True)
    log = engine.interactions(session, source, entity, thing, at, asked, options)
    coded = engine.encode(session, log, folder, max_degree, timed)
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
    work = lay_out(folder, n, coded.degree, options)
    slots = session.sparkContext.defaultParallelism
    bounds = cut_rows(work, slots, top=top is not None)
    counted = engine.project_blocks(session, folder, bounds, options)
    if top is not None:
        engine.symmetric(session, folder, mutual)
    edges = int(_edges(folder).select(pl.len()).collect().item())
    heavy = f"objects of more than {max_degree} actors"
    left_out = {
        heavy: coded.capped_objects,
        f"pairs with {heavy}": coded.capped_pairs,
        f"pairs of nodes that share less than {min_shared}": counted["few"],
        "edges of weight 0": counted["weightless"],
        f"edges outside the top {top}": counted["passed"] - edges,
    }
    parameters = options.parameters()
    del parameters["between"], parameters["through"]
    columns = {"entity": entity, "thing": thing, "at": at, "kinds": asked}
    facts = {
        "node_kind": node_kind,
        "parameters": parameters | columns | {"spark": session.version},
        "removed": log.removed | {reason: k for reason, k in left_out.items() if k},
        "nodes": n,
        "edges": edges,
        "pairs": coded.pairs,
        "walked": int(work.sum()),
        "blocks": len(bounds) - 1,
    }
    (folder / "report.json").write_text(json.dumps(facts, indent=1, sort_keys=True))
    for name in ON_THE_WAY:
        shutil.rmtree(folder / name, ignore_errors=True)
    return folder


def read_spark_edges(folder: str | Path) -> Graph:
    """The graph of a folder that :func:`spark_edges` wrote.

    Parameters
    ----------
    folder
        The folder.

    Raises
    ------
    FileError
        If it is no such folder.
    """
    folder = Path(folder)
    try:
        facts = json.loads((folder / "report.json").read_text())
    except (OSError, ValueError) as error:
        raise FileError(f"{folder} holds no report.json of spark_edges: {error}.") from error
    ids = engine._column(folder / "entities", "entity")
    edges = _edges(folder).collect(engine="streaming")
    return Graph._from_codes(
        Vocabulary(ids),
        edges.get_column("source").to_numpy(),
        edges.get_column("target").to_numpy(),
        edges.get_column("weight").to_numpy(),
        directed=False,
        node_kind=facts["node_kind"],
        provenance=Provenance.of(
            "spark_cointeraction", facts["parameters"], removed=facts["removed"],
            packages=("pyspark", "numba", "numpy"),
        ),
    )  # fmt: skip


def edge_checksum(graph: Graph) -> int:
    """A number of 64 bits that two graphs over the same nodes share if their edges agree.

    The sum over all edges, modulo 2⁶⁴, of a mixture of both codes and the bits of the weight;
    the order of edges has no part in it.

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

    tail, head, weight = graph.edge_arrays()
    mixed = tail.astype(np.uint64) << np.uint64(32) | head.astype(np.uint64)
    for part in (np.uint64(0), weight.view(np.uint64)):
        mixed = mix.py_func(mixed ^ part)  # of arrays
    return int(mixed.sum(dtype=np.uint64))


def _edges(folder: Path) -> pl.LazyFrame:
    parts = sorted((folder / "edges").glob("part-*.parquet"))
    if not parts:
        return pl.LazyFrame(schema={"source": pl.Int32, "target": pl.Int32, "weight": pl.Float64})
    return pl.scan_parquet(parts).select("source", "target", "weight")

"""Spark on this machine against the local engine. Starts a JVM once; skips without one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.errors import (
    DataError,
    DependencyError,
    FileError,
    GraphkitWarning,
    MissingDataError,
    OptionError,
)
from graphkit.graphs import spark as layout
from graphkit.graphs.cointeraction import cointeraction_graph
from graphkit.graphs.spark import edge_checksum, read_spark_edges, spark_cointeraction, spark_edges
from graphkit.readwrite import read_incidence


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    pytest.importorskip("pyspark", reason="needs the extra 'spark'")
    pytest.importorskip("pandas", reason="needs the extra 'spark'")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Spark needs Java, which is not installed")
    from pyspark.sql import SparkSession

    root = str(Path(__file__).parents[2])
    before = dict(os.environ)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join(p for p in (root, before.get("PYTHONPATH")) if p)
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "3",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.sql.session.timeZone": "America/New_York",
    }
    builder = SparkSession.builder.master("local[2]").appName("graphkit tests")
    for key, value in settings.items():
        builder = builder.config(key, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("OFF")
    yield made
    made.stop()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def log() -> pl.DataFrame:
    """Acts with popular things, repetitions, and ids whose order as text is not that as numbers."""
    rng = np.random.default_rng(3)
    m = 2500
    return pl.DataFrame(
        {
            "account_id": pl.Series(rng.integers(0, 250, m)).cast(pl.String),
            "item_id": pl.Series((rng.pareto(1.0, m) * 20).astype(int) % 300).cast(pl.String),
            "kind": pl.Series(rng.choice(["like", "share"], m)),
            "at": pl.Series(1_700_000_000_000_000 + rng.integers(0, 10**10, m)).cast(
                pl.Datetime("us", "UTC")
            ),
        }
    )


@pytest.fixture(scope="module")
def path(log: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("log")
    log.head(1000).write_parquet(folder / "a.parquet")
    log.slice(1000).write_parquet(folder / "b.parquet")
    return str(folder)


def same(spark: Graph, local: Graph) -> bool:
    return spark.content_key == local.content_key and edge_checksum(spark) == edge_checksum(local)


@pytest.fixture
def many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "LEAST", 2000)
    monkeypatch.setattr(layout, "BATCH", 257)


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"weight": "newman", "min_shared": 2, "max_degree": 60},
        {"weight": "jaccard", "top": 4, "mutual": True},
        {"weight": "actions", "top": 3},
        {"weight": "tfidf", "window": "10min", "max_degree": 100, "top": 5},
    ],
    ids=str,
)
def test_edges_of_the_local_engine(
    session: Any, log: pl.DataFrame, path: str, options: dict[str, Any]
) -> None:
    local = cointeraction_graph(Dataset(interactions=log), **options)
    found = spark_cointeraction(path, at="at", session=session, **options)
    assert local.n_edges > 50
    assert same(found, local)
    counted = {why.replace("items", "objects"): n for why, n in local.provenance.removed.items()}
    assert found.provenance.removed == counted


def test_a_frame_with_rows_to_leave_out(session: Any, tmp_path: Path) -> None:
    rows = [
        ("b", 7, "like"),
        ("a", 7, "like"),
        ("a", 7, "like"),
        ("c", 7, "view"),
        (None, 7, "like"),
        ("d", None, "like"),
        ("", 8, "like"),
        ("a", 9, "like"),
        ("b", 9, "like"),
        ("b", 8, None),
    ]
    frame = session.createDataFrame(rows, "who string, what long, kind string")
    out = spark_edges(
        frame,
        tmp_path / "out",
        entity="who",
        thing="what",
        kinds=["like"],
        exclude=["9"],
        session=session,
    )
    found = read_spark_edges(out)
    assert found.edges().rows() == [("a", "b", 1.0)]
    assert list(found.vocabulary.ids) == ["a", "b", "c", "d"]
    assert found.provenance.removed == {
        "rows without who": 2,
        "rows of other kinds": 2,
        "rows without what": 1,
        "interactions with excluded objects": 2,
    }
    assert sorted(p.name for p in out.iterdir()) == ["edges", "entities", "report.json"]
    with pytest.raises(FileError, match="not empty"):
        spark_edges(frame, out, session=session)


def test_nothing_shared_is_a_graph_without_edges(session: Any) -> None:
    frame = session.createDataFrame([("a", "v"), ("b", "w")], "account_id string, item_id string")
    found = spark_cointeraction(frame, session=session, weight="tfidf", top=2)
    assert (found.n_nodes, found.n_edges) == (2, 0)


def test_times_without_a_zone_are_utc(session: Any, tmp_path: Path) -> None:
    times = ["2024-03-10 01:30:00", "2024-03-10 03:30:00", "1956-01-01 00:00:00"]
    frame = pl.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "item_id": ["v"] * 3,
            "at": pl.Series(times).str.to_datetime(time_unit="us"),
        }
    )
    frame.write_parquet(tmp_path / "log.parquet")
    found = {}
    for window in ("61min", "121min"):  # the clocks of the session's zone went on an hour between
        graph = spark_cointeraction(
            str(tmp_path / "log.parquet"), at="at", window=window, session=session
        )
        found[window] = graph.n_edges
        assert graph.provenance.removed == {"interactions without a time": 1}
    assert found == {"61min": 0, "121min": 1}


def test_what_cannot_be_right_is_refused(session: Any, path: str, tmp_path: Path) -> None:
    floats = session.createDataFrame([(1.0, "v")], "account_id double, item_id string")
    with pytest.raises(DataError, match="lose digits"):
        spark_cointeraction(floats, session=session)
    ids = "account_id string, item_id string"
    for bad, message in (("7.1E+18", "scientific"), ("12.0", "a float"), ("a\x07", "character")):
        for row in ((bad, "5"), ("1", bad)):
            frame = session.createDataFrame([row, ("2", "6")], ids)
            with pytest.raises(DataError, match=message):
                spark_cointeraction(frame, session=session)
    with pytest.raises(MissingDataError, match="Did you mean 'account_id'"):
        spark_cointeraction(path, entity="acount_id", session=session)
    with pytest.raises(MissingDataError, match="no row has account_id and item_id"):
        spark_cointeraction(path, kinds=["duet"], session=session)
    crowd = session.createDataFrame(
        [("a", "v"), ("b", "v"), ("c", "v")], "account_id string, item_id string"
    )
    with pytest.raises(DataError, match="max_degree=2 leaves nothing"):
        spark_cointeraction(crowd, max_degree=2, session=session)
    with pytest.raises(FileError, match=r"no report\.json"):
        read_spark_edges(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": "1h"}, "needs at="),
        ({"mutual": True}, "goes with top="),
        ({"weight": "counts"}, "Did you mean 'count'"),
        ({"exclude": "fyp"}, "one text"),
        ({"top": 0}, "from 1 on"),
    ],
)
def test_options_are_checked_before_spark(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        spark_edges("nowhere", "nowhere", session=object(), **options)


def test_without_spark_or_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(
        DependencyError, match=r'pip install "\.\[spark\]" in the folder of graphkit'
    ):
        spark_cointeraction("nowhere")


def test_without_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="needs the extra 'spark'")
    monkeypatch.setattr(sql.SparkSession, "getActiveSession", lambda: None)
    with pytest.raises(OptionError, match=r"start one with: from pyspark\.sql"):
        spark_cointeraction("nowhere")


def test_the_checksum_sees_every_part() -> None:
    def graph(ends: list[tuple[int, int]], weights: list[float]) -> Graph:
        source, target = zip(*ends, strict=True)
        return Graph.from_edges(source, target, weights, directed=False, nodes=range(4))

    first = edge_checksum(graph([(0, 1), (2, 3)], [1.0, 2.0]))
    assert first == edge_checksum(graph([(3, 2), (0, 1)], [2.0, 1.0]))
    others = [
        graph([(0, 1), (2, 3)], [2.0, 1.0]),
        graph([(0, 2), (1, 3)], [1.0, 2.0]),
        graph([(0, 1)], [1.0]),
        graph([(0, 1), (2, 3)], [1.0, np.nextafter(2.0, 3.0)]),
    ]
    assert len({first, *(edge_checksum(other) for other in others)}) == 5


def test_ids_are_taken_as_by_the_local_reader(session: Any) -> None:
    rows = [("ann", "v"), ("ann ", "w"), ("bob", "nan"), ("\u00a0bob", "v"), ("cem", "NA")]
    rows += [("cem", "w"), ("\u200bdan", "w")]
    frame = session.createDataFrame(rows, "account_id string, item_id string")
    with pytest.warns(GraphkitWarning, match=r"account_id: blanks.*\(3\); item_id: words.*\(2\)"):
        graph = spark_cointeraction(frame, session=session)
    with pytest.warns(GraphkitWarning, match="blanks"):
        log = read_incidence(pl.DataFrame(rows, ["account_id", "item_id"], orient="row"))
    assert graph.edges().equals(cointeraction_graph(log).edges())
    assert graph.provenance.removed == {"rows without item_id": 2}
    with pytest.warns(GraphkitWarning, match="blanks"):
        declared = spark_cointeraction(frame, session=session, real_ids=["NA", "nan"])
    assert declared.provenance.removed == {}

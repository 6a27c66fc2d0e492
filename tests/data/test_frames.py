"""Frames of other libraries: values arrive as they are, with and without pyarrow."""

from __future__ import annotations

import subprocess
import sys
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from graphkit.data.frames import advise_frame, column_names, take_frame
from graphkit.errors import DataError, FileError

ROOT = Path(__file__).parents[2]
NOON = datetime(2024, 3, 1, 10, tzinfo=UTC)
BIG = 123456789012345678901


def taken(series: Any) -> list[Any]:
    return take_frame(pd.DataFrame({"x": series}), "the frame")["x"].to_list()


@pytest.mark.parametrize(
    ("series", "wanted"),
    [
        (pd.Series([1, 2**62]), [1, 2**62]),
        (pd.Series([1, None], dtype="Int64"), [1, None]),
        (pd.Series([2**62 + 1, None], dtype="Int64"), [2**62 + 1, None]),
        (pd.Series([2**64 - 1, None], dtype="UInt64"), [2**64 - 1, None]),
        (pd.Series([BIG, 7], dtype=object), [str(BIG), "7"]),
        (pd.Series([2**62 + 1, None], dtype=object), [2**62 + 1, None]),
        (pd.Series([2**62 + 1, float("nan")], dtype=object), [2**62 + 1, None]),
        (pd.Series(["007", 7, pd.NA], dtype=object), ["007", "7", None]),
        (pd.Series([np.int64(5), 6], dtype=object), [5, 6]),
        (pd.Series(["a", None, np.nan], dtype=object), ["a", None, None]),
        (pd.Series(["a", None]), ["a", None]),
        (pd.Series(["a", None], dtype="string"), ["a", None]),
        (pd.Series(["a", None, "b"], dtype="category"), ["a", None, "b"]),
        (pd.Series([2**62 + 1, 5, 2**62 + 1], dtype="category"), [2**62 + 1, 5, 2**62 + 1]),
        (pd.Series([None, None], dtype="category"), [None, None]),
        (pd.Series([1.5, np.nan]), [1.5, None]),
        (pd.Series([1.5, None], dtype="Float64"), [1.5, None]),
        (pd.Series([True, None], dtype="boolean"), [True, None]),
        (pd.Series([True, False]), [True, False]),
        (pd.Series([NOON, pd.NaT]), [NOON, None]),
        (pd.Series([NOON, None]).dt.tz_convert("Asia/Kolkata"), [NOON, None]),
        (pd.Series([NOON, None]).dt.tz_localize(None), [NOON.replace(tzinfo=None), None]),
        (pd.Series([np.datetime64("2024-03-01T10", "s")]), [NOON.replace(tzinfo=None)]),
        (pd.Series([NOON, None], dtype=object), [NOON, None]),
        (pd.Series([pd.Timestamp("2024-03-01 10:00")], dtype=object), [NOON.replace(tzinfo=None)]),
        (pd.Series([date(2024, 3, 1), None], dtype=object), [date(2024, 3, 1), None]),
        (pd.Series([["a", "b"], None, ("c",), np.array([1])]), [["a", "b"], None, ["c"], ["1"]]),
        (pd.Series([Decimal(BIG), None], dtype=object), [str(BIG), None]),
        (pd.Series([Decimal("1.5")], dtype=object), [1.5]),
        (pd.Series([uuid.UUID(int=7)], dtype=object), [str(uuid.UUID(int=7))]),
        (pd.Series([1, None], dtype=pd.ArrowDtype(pa.int64())), [1, None]),
        (pd.Series([None, None], dtype=object), [None, None]),
        (pd.Series([], dtype=object), []),
        (pd.arrays.SparseArray([0, 0, 3]), [0, 0, 3]),
    ],
    ids=lambda v: f"{v.dtype}" if hasattr(v, "dtype") else None,
)
def test_columns_of_pandas_arrive_as_they_are(series: Any, wanted: list[Any]) -> None:
    assert taken(series) == wanted


@pytest.mark.parametrize(
    ("series", "named"),
    [
        (
            pd.Series(["a", 1.5], dtype=object),
            r"column 'x' holds str \(row 1\) and float \(row 2\)",
        ),
        (pd.Series([b"a"], dtype=object), r"column 'x' holds bytes \(row 1\): give values of one"),
        (pd.Series(["a", True], dtype=object), r"str \(row 1\) and bool \(row 2\)"),
        (pd.Series([NOON, NOON.replace(tzinfo=None)], dtype=object), "with and without a zone"),
        (pd.Series([[{"a": "secret"}]]), "holds a list with a dict"),
        (pd.Series(pd.period_range("2024-03", periods=1, freq="M")), "period.*convert it"),
    ],
)
def test_mixed_columns_of_pandas_are_refused_by_name(series: Any, named: str) -> None:
    with pytest.raises(DataError, match=named) as caught:
        taken(series)
    assert "secret" not in str(caught.value)


def test_datetimes_beyond_the_calendar_stay_implausible() -> None:
    far = pd.Series(np.array(["9999999-01-01", "NaT"], dtype="datetime64[s]"))
    found = taken(far)
    assert found[0].year > 2099
    assert found[1] is None


def test_the_index_is_left_out_unless_it_is_named() -> None:
    frame = pd.DataFrame({"v": [1, 2]}, index=pd.Index(["a", "b"], name="user"))
    assert take_frame(frame, "the frame").columns == ["v"]
    assert take_frame(frame, "the frame", ["user", "v"]).rows() == [("a", 1), ("b", 2)]
    levels = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["user", "day"])
    assert take_frame(frame.set_index(levels), "f", ["day"]).rows() == [(1,), (2,)]


def test_columns_that_are_missing_doubled_or_numbered() -> None:
    doubled = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(DataError, match="the frame has two columns 'a'"):
        take_frame(doubled, "the frame", ["a"])
    assert take_frame(pd.DataFrame([[1, 2]]), "the frame", ["1"]).rows() == [(2,)]
    for frame in (
        pd.DataFrame({"user": [1]}),
        pa.table({"user": [1]}),
        pl.LazyFrame({"user": [1]}),
    ):
        with pytest.raises(
            DataError, match=r"no column 'usr'; there are 'user'. Did you mean 'user'"
        ):
            take_frame(frame, "the frame", ["usr"])


def test_every_library_gives_the_same_frame() -> None:
    columns = {"user": ["a", "b"], "video": [2**62 + 1, 7]}
    native = pd.DataFrame(columns)
    frames = [
        *(columns, pl.DataFrame(columns), pl.LazyFrame(columns), native),
        *(pa.table(columns), pa.table(columns).to_batches()[0]),
        duckdb.sql("select * from native"),
    ]
    for frame in frames:
        assert take_frame(frame, "the frame", ["video", "user"]).rows() == [
            (2**62 + 1, "a"),
            (7, "b"),
        ], type(frame)
        if frame is not columns:
            assert column_names(frame) == ["user", "video"]


@pytest.mark.parametrize("value", [3, "log.csv", [1], None, object()])
def test_what_is_no_frame(value: Any) -> None:
    assert column_names(value) is None
    assert advise_frame(value) == ""
    with pytest.raises(DataError, match=f"the frame is a {type(value).__name__}: pass"):
        take_frame(value, "the frame")


def test_pandas_without_pyarrow() -> None:
    code = """
import sys
sys.modules["pyarrow"] = None
import pandas as pd, polars as pl, graphkit as gk
big = 7281986300348026145
for video in ([big, 7], pd.Series([big, 7], dtype="Int64"), pd.Series([str(big), "7"]),
              pd.Series([str(big), "7"], dtype="category"), pd.Series([big, 7], dtype=object)):
    when = pd.Series(pd.to_datetime(["2024-03-01", "2024-03-02"])).dt.tz_localize("Europe/Berlin")
    df = pd.DataFrame({"user": ["a", None], "video": video, "when": when, "n": [0.5, None]})
    ds = gk.from_frame(df.head(1), account="user", item="video", at="when", value="n", kind_is="view")
    assert ds.interactions["item_id"].to_list() == [str(big)], ds.interactions
    assert str(ds.interactions["at"][0]) == "2024-02-29 23:00:00+00:00"
    assert gk.Dataset(items=df[["video"]].rename(columns={"video": "item_id"})).items.height == 2
try:
    ds.to_pandas()
except gk.GraphkitError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "needs pandas and pyarrow" in done.stdout


@pytest.mark.parametrize(
    ("names", "graph", "wanted"),
    [
        (
            ["UserID", "Video", "ts"],
            False,
            "account='UserID', item='Video', at='ts', kind_is='view'",
        ),
        (["user", "movieId", "rating"], False, "account='user', item='movieId', rating='rating')"),
        (
            ["follower", "followee"],
            False,
            "from_frame(df, follower='follower', followee='followee')",
        ),
        (["Source", "Target", "w"], True, "gk.Graph.from_edges(df['Source'], df['Target'], dir"),
        (["a", "b"], False, "account='…', item='…', kind_is='view'); its columns are 'a', 'b'"),
        (["user", "video", "action", "hashtags"], False, "kind='action', tags='hashtags')"),
    ],
)
def test_advice_names_the_columns_of_the_frame(names: list[str], graph: bool, wanted: str) -> None:
    for frame in (pl.DataFrame(schema=names), pd.DataFrame(columns=names)):
        assert wanted in advise_frame(frame, graph=graph)


def test_a_lazy_frame_that_fails_shows_no_list_of_cells(tmp_path: Path) -> None:
    texts = pl.LazyFrame({"user": [f"planted {i}" for i in range(5)]})
    for broken in (
        texts.with_columns(pl.col("user").cast(pl.Int64)),
        texts.with_columns(pl.col("user").str.to_datetime("%Y")),
    ):
        with pytest.raises(DataError, match=r"conversion from .* failed in column 'user'") as told:
            take_frame(broken, "the frame", ["user"])
        assert "planted" not in str(told.value)
    with pytest.raises(FileError, match="the frame cannot be read: No such file"):
        take_frame(pl.scan_csv(tmp_path / "gone.csv"), "the frame", ["user"])

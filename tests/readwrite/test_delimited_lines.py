"""Delimited files and Parquet as frames of text, whatever their lines look like."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graphkit.errors import DataError, FileError
from graphkit.readwrite.delimited import read_delimited
from graphkit.readwrite.extract import Extract
from graphkit.readwrite.source import Source, look_at

ROWS = [("1", "ann"), ("2", None)]


def read(path: Path, data: bytes | None = None, **options: Any) -> tuple[pl.DataFrame, Extract]:
    if data is not None:
        path.write_bytes(data)
    extract = Extract()
    return read_delimited(look_at(Source(path)), "rows", extract, **options), extract


@pytest.mark.parametrize(
    "data",
    [
        b"id,who\n1,ann\n2,\n",
        b"\xef\xbb\xbfid,who\r\n1,ann\r\n2,\r\n",
        b"id,who\r1,ann\r2,\r",
        b"id;who\n1;ann\n2;\n",
        b"sep=;\nid;who\n1;ann\n2;\n",
        b"id\twho\n1\tann\n2\t",
        b" id , who \n1,ann\n\n2,\n\n\n",
        b",id,who\n0,1,ann\n1,2,\n",
        b"id,who,\n1,ann,\n2,,\n",
    ],
)
def test_lines_of_many_kinds_hold_the_same_rows(data: bytes, tmp_path: Path) -> None:
    frame, extract = read(tmp_path / "a.csv", data)
    assert frame.columns == ["id", "who"]
    assert frame.rows() == ROWS
    assert extract.read == {"rows": 2}
    some, _ = read(tmp_path / "a.csv", columns=["who", "other"])
    assert some.rows() == [(who,) for _, who in ROWS]


def test_rows_of_another_length(tmp_path: Path) -> None:
    data = b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n"
    frame, extract = read(tmp_path / "a.csv", data)
    assert frame.rows() == [("1", "2", "3"), ("4", "5", None)]
    assert extract.kept == {"rows": 2}
    exact, extract = read(tmp_path / "a.csv", exact=True, columns=["a"])
    assert exact.rows() == [("1",)]
    assert extract.dropped == {
        ("rows", "more cells than the 3 of the header"): 1,
        ("rows", "fewer cells than the 3 of the header"): 1,
    }


def test_a_quote_that_is_never_closed_swallows_nothing(tmp_path: Path) -> None:
    rows = b"".join(b"%d,ann\n" % i for i in range(100))
    with pytest.raises(FileError, match=r"a\.csv, line 102: a quote is opened and never closed"):
        read(tmp_path / "a.csv", b"id,who\n" + rows + b'7,"planted\n' + rows)
    # a quote inside a cell opens nothing
    frame, _ = read(tmp_path / "a.csv", b'id,who\n1,5" tall\n2,b\n')
    assert frame.rows() == [("1", '5" tall'), ("2", "b")]


def test_a_column_that_occurs_twice(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'a' occurs twice"):
        read(tmp_path / "a.csv", b"a,b,a\n1,2,3\n", columns=["a"])
    # an underscore and a word are no sign of it
    frame, _ = read(tmp_path / "a.csv", b"a,a_duplicated\n1,2\n")
    assert frame.rows() == [("1", "2")]


def test_a_first_line_that_is_very_long_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("planted " * 30_000)
    assert look_at(Source(tmp_path / "a.txt")).header == ()


@pytest.mark.parametrize("write", [pl.DataFrame.write_parquet, pl.DataFrame.write_ipc])
def test_columns_of_parquet_and_feather(write: Any, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "id": [7374807619341093709],
            "tags": [["a", "b"]],
            "flag": [True],
            "kind": pl.Series(["x"], dtype=pl.Categorical),
            "record": [{"secret": 1}],
            "records": [[{"secret": 1}]],
            "length": [timedelta(1)],
        }
    )
    write(frame, tmp_path / "a.bin")
    found, extract = read(tmp_path / "a.bin")
    assert found.rows() == [("7374807619341093709", ["a", "b"], "true", "x")]
    assert set(extract.notes) == {
        ("rows", "column 'record' holds Struct: not read"),
        ("rows", "column 'records' holds List: not read"),
        ("rows", "column 'length' holds Duration: not read"),
    }
    some, extract = read(tmp_path / "a.bin", columns=["kind"])
    assert some.rows() == [("x",)]
    assert not extract.notes

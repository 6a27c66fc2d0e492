"""Delimited text and Parquet as frames of text."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import polars as pl
import pytest

from graphkit.errors import DataError, FileError, MissingDataError
from graphkit.readwrite.delimited import read_delimited
from graphkit.readwrite.extract import Extract
from graphkit.readwrite.source import Source, list_sources, look_at

ROWS = {"id": ["007", "7374807619341093709", None], "name": ["a,b", 'say "x"', "c\nd"]}


def read(path: Path, names: list[str] | None = None) -> tuple[pl.DataFrame, Extract]:
    extract = Extract()
    (source,), _ = list_sources(path)
    return read_delimited(look_at(source), "rows", extract, names=names), extract


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_line_ends_and_marks(
    tmp_path: Path, separator: str, end: str, mark: str
) -> None:
    frame = pl.DataFrame(ROWS)
    text = frame.write_csv(separator=separator, line_terminator=end)
    (tmp_path / "x.csv").write_bytes((mark + text).encode())
    found, extract = read(tmp_path / "x.csv")
    assert found.equals(frame)
    assert (extract.read, extract.kept) == ({"rows": 3}, {"rows": 3})


def test_archives_compression_and_parquet(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": [7374807619341093709], "tags": [["a", "b"]]})
    text = frame.select("id").write_csv()
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(text.encode()))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("x.csv", text)
    frame.write_parquet(tmp_path / "x.parquet")
    for name in ("x.csv.gz", "x.zip", "x.parquet"):
        assert read(tmp_path / name)[0].get_column("id").to_list() == ["7374807619341093709"]
    assert read(tmp_path / "x.parquet")[0].get_column("tags").to_list() == [["a", "b"]]


def test_rows_with_too_many_cells_are_dropped_and_counted(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3,4,5\n6\n\n7,8\n")
    found, extract = read(tmp_path / "x.csv")
    assert found.rows() == [("1", "2"), ("6", None), ("7", "8")]
    assert extract.read == {"rows": 4}
    assert dict(extract.dropped) == {("rows", "more cells than the 2 of the header"): 1}
    assert extract.kept == {"rows": 3}


def test_files_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "u.data").write_text("1\t2\n3\t4\n")
    (tmp_path / "r.dat").write_bytes("1::café\n3::x\r\n".encode("latin-1"))
    assert read(tmp_path / "u.data", ["a", "b"])[0].rows() == [("1", "2"), ("3", "4")]
    assert read(tmp_path / "r.dat", ["a", "b"])[0].rows() == [("1", "café"), ("3", "x")]
    with pytest.raises(MissingDataError, match="no names of columns"):
        read(tmp_path / "r.dat")


def test_latin_1_is_read_and_noted(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("id,name\n1,café\n".encode("latin-1"))
    found, extract = read(tmp_path / "x.csv")
    assert found.rows() == [("1", "café")]
    assert extract.notes[("rows", "text that is not UTF-8: read as Latin-1")] == 1


def test_marks_for_spreadsheets_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("sep=;\nid;name\n1;a\n")
    assert read(tmp_path / "x.csv")[0].rows() == [("1", "a")]


@pytest.mark.parametrize("text", ["a,b,a\n1,2,3\n", "a,b,a\n1,2,3,4\n"])
def test_a_column_that_occurs_twice_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DataError, match="column 'a' occurs twice"):
        read(tmp_path / "x.csv")


def test_only_the_columns_that_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b,c\n1,2,3\n")
    extract = Extract()
    found = read_delimited(look_at(Source(tmp_path / "x.csv")), "rows", extract, columns=["c", "z"])
    assert found.rows() == [("3",)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[{"a": "PLANTED"}]', "is JSON"),
        ("<html>PLANTED,b</html>", "is a web page"),
        ("", "is an empty file"),
        ("PK\x03\x04PLANTED,PLANTED", "is a zip archive or workbook"),
    ],
)
def test_what_is_no_table_is_not_read_as_one(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(FileError, match=f"{what}, where a table is needed") as told:
        read(tmp_path / "x.csv")
    assert "PLANTED" not in str(told.value)

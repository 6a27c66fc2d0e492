from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path

import polars as pl
import pytest

from graphkit.errors import DataError, FileError
from graphkit.study.folder import ResultsFolder

FRAME = pl.DataFrame({"id": ["a"], "tags": [["x", "y"]], "n": [1.5]})


def test_tables_manifest_and_hashes(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path / "out")
    with folder.stage("one"):
        folder.table("t", FRAME)
    folder.finish({"seed": 1})
    manifest = json.loads((folder.path / "manifest.json").read_text())
    assert manifest["finished"] is True
    assert set(manifest["files"]) == {"tables/t.csv", "tables/t.parquet"}
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((folder.path / name).read_bytes()).hexdigest() == digest
    assert pl.read_parquet(folder.path / "tables/t.parquet").equals(FRAME)
    assert (folder.path / "tables/t.csv").read_text() == "id,tags,n\na,x y,1.5\n"
    timings = json.loads((folder.path / "timings.json").read_text())
    assert [t["stage"] for t in timings] == ["one"]


CELLS = ["=1+1", "+cmd", "-1+1", "@sum(1)", "\t=x", "\rx", " =x", "＝1", "＋1", "－1", "＠a", "\nx"]
PLAIN = ["jazz", "-1", "+2.5e-3", "-.5", "a=b", "'quoted'", "", None, "−1", "#tag", "(=1)"]


def test_csv_holds_no_formulas_and_parquet_is_exact(tmp_path: Path) -> None:
    texts = [*CELLS, *(f"'{cell}" for cell in CELLS), *(f"''{cell}" for cell in CELLS), *PLAIN]
    frame = pl.DataFrame(
        {
            "=text": texts,
            "kind": pl.Series(texts, dtype=pl.Categorical),
            "'@tags": [None if text is None else [text, "=b"] for text in texts],
            "n": [-1.5] * len(texts),
            "k": [-2] * len(texts),
        }
    )
    folder = ResultsFolder(tmp_path)
    folder.table("t", frame)
    folder.finish({})
    assert pl.read_parquet(tmp_path / "tables/t.parquet").equals(frame)
    with (tmp_path / "tables/t.csv").open(newline="", encoding="utf-8") as file:
        titles, *rows = csv.reader(file)
    assert titles == ["'=text", "kind", "''@tags", "n", "k"]
    # by hand: only those of CELLS, and what looks like them after one apostrophe or more
    for text, row in zip(texts, rows, strict=True):
        risky = text is not None and text.lstrip("'") in CELLS
        assert row[0] == row[1] == f"{chr(39) * risky}{text or ''}"
        assert row[3:] == ["-1.5", "-2"]
        assert (
            row[2].lstrip("'")[:1] not in tuple("=+-@") or row[2].startswith("'") or row[2] in PLAIN
        )
    # one apostrophe less where a formula would follow gives the texts back
    guard = re.compile(r"^'(?='*(?:[\t\r\n]|\s*[=+\-@＝＋－＠]))")
    assert [guard.sub("", row[0]) for row in rows] == [text or "" for text in texts]
    assert "apostrophe" in json.loads((tmp_path / "manifest.json").read_text())["csv"]


def test_failures_hold_no_formulas(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path)
    with pytest.raises(DataError, match="=2"), folder.stage("=stage"):
        raise DataError("=2")
    assert (tmp_path / "failures.csv").read_text().splitlines()[1] == "'=stage,DataError,'=2"


def test_an_earlier_study_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    first = ResultsFolder(tmp_path)
    first.table("old", FRAME)
    first.finish({})
    (tmp_path / "notes.txt").write_text("mine")
    second = ResultsFolder(tmp_path)
    second.table("new", FRAME)
    second.finish({})
    assert not (tmp_path / "tables/old.csv").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_broken_run_can_be_repeated(tmp_path: Path) -> None:
    ResultsFolder(tmp_path).table("half", FRAME)
    assert json.loads((tmp_path / "manifest.json").read_text())["finished"] is False
    ResultsFolder(tmp_path)


def test_foreign_folders_and_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(FileError, match=r"not empty \(it holds 'thesis.txt'\)"):
        ResultsFolder(tmp_path)
    with pytest.raises(FileError, match="is a file"):
        ResultsFolder(tmp_path / "thesis.txt")
    (tmp_path / "manifest.json").write_text('{"made_by": "somebody"}')
    with pytest.raises(FileError, match="no record of graphkit"):
        ResultsFolder(tmp_path)


def test_a_manifest_cannot_reach_outside(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ResultsFolder(out).finish({})
    victim = tmp_path / "victim.txt"
    victim.write_text("x")
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["files"] = {"../victim.txt": "", str(victim): ""}
    (out / "manifest.json").write_text(json.dumps(manifest))
    ResultsFolder(out)
    assert victim.exists()

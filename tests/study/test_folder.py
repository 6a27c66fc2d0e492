from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graphkit.errors import DataError, FileError, GraphkitError, GraphkitWarning
from graphkit.study import StudyConfig, run_study
from graphkit.study.folder import ResultsFolder, writing_results

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


@pytest.mark.parametrize(
    "text", ['{"made_by": "graphkit"', "", "\0\0", "[" * 9000, '{"a": 9' + "9" * 9000]
)
def test_a_damaged_manifest_locks_nobody_out(tmp_path: Path, text: str) -> None:
    first = ResultsFolder(tmp_path)
    first.table("old", FRAME)
    first.finish({})
    (tmp_path / "manifest.json").write_text(text)
    with pytest.warns(
        GraphkitWarning, match=r"manifest\.json cannot be read.*manifest\.json\.damaged"
    ):
        second = ResultsFolder(tmp_path)
    second.table("new", FRAME)
    second.finish({})
    assert (tmp_path / "manifest.json.damaged").read_text() == text
    # nobody knows any more whose it is
    assert (tmp_path / "tables/old.csv").exists()
    assert set(json.loads((tmp_path / "manifest.json").read_text())["files"]) == {
        "tables/new.csv",
        "tables/new.parquet",
    }
    ResultsFolder(tmp_path)


def test_values_of_other_types_are_damage(tmp_path: Path) -> None:
    for record in ({"finished": True, "files": ["a"]}, {"finished": 1, "files": {}}, {"files": {}}):
        (tmp_path / "manifest.json").write_text(json.dumps({"made_by": "graphkit", **record}))
        with pytest.warns(GraphkitWarning, match="is missing or damaged"):
            ResultsFolder(tmp_path)
    ResultsFolder(tmp_path).finish({})
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["files"] = {"a\0b": "", "tables": "", "": ""}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "tables").mkdir()
    ResultsFolder(tmp_path)


def test_what_a_killed_study_wrote_is_known(tmp_path: Path) -> None:
    # neither finished nor interrupted: the process is gone
    first = ResultsFolder(tmp_path)
    first.table("old", FRAME)
    first.text("old.html", "x")
    (tmp_path / "tables/.part-1-old.csv").write_text("half")
    (tmp_path / "failures.csv").write_text("stage,error,message\n")
    second = ResultsFolder(tmp_path)
    second.table("new", FRAME)
    second.finish({})
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert files == ["manifest.json", "tables/new.csv", "tables/new.parquet", "timings.json"]


def test_one_study_at_a_time(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with writing_results(out):
        ResultsFolder(out).finish({})
        told = r"out is in use: another run writes a study's results"
        with pytest.raises(FileError, match=told), writing_results(out):
            pass
    # what a killed process leaves is no lock
    (out / ".lock").touch()
    with writing_results(out):
        pass
    assert sorted(p.name for p in out.iterdir()) == ["manifest.json", "timings.json"]
    with (
        pytest.raises(FileError, match="is a file: name a folder"),
        writing_results(out / "manifest.json"),
    ):
        pass


def test_a_lock_holds_against_other_processes(tmp_path: Path) -> None:
    code = f"""
from graphkit.study.folder import writing_results
for _ in range(2):
    try:
        with writing_results({str(tmp_path)!r}):
            print("free", flush=True)
    except OSError as error:
        print(error, flush=True)
    input()
"""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        with writing_results(tmp_path):
            assert "is in use" in other.stdout.readline()
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "free\n"
        other.communicate("\n")
    assert other.returncode == 0


def test_an_interruption_says_what_stands(tmp_path: Path) -> None:
    told = r"^finished results are kept in .*\. Run the same again to continue\.$"
    with pytest.raises(KeyboardInterrupt, match=told), writing_results(tmp_path):
        raise KeyboardInterrupt


def test_a_failure_that_cannot_be_written_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ResultsFolder(tmp_path)
    folder.table("first", FRAME)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(FileError) as caught, folder.stage("tables"):
        folder.table("second", FRAME)
    told = str(caught.value)
    assert told.startswith("stage 'tables': ")
    assert "No space left on device. Earlier files are unchanged: make room" in told
    assert f"Finished results are in {tmp_path}." in told
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_run_tells_whose_finished_results_it_replaces(tmp_path: Path) -> None:
    ResultsFolder(tmp_path / "out").finish({})
    config = StudyConfig.of({"data": {"source": "any", "path": str(tmp_path / "nowhere")}})
    with (
        pytest.warns(GraphkitWarning, match="the finished results of another study"),
        pytest.raises(GraphkitError, match="nothing at"),
    ):
        run_study(config, tmp_path / "out")

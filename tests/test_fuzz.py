"""The mutators and the oracle of ``benchmarks/fuzz.py``: same seed, same mutants; faults are seen."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from graphkit.errors import DataError, FileError
from graphkit.readwrite.importers import IMPORTERS

FOLDER = Path(__file__).parents[1] / "benchmarks"
if not FOLDER.is_dir():
    pytest.skip("the benchmarks are not beside the tests", allow_module_level=True)
sys.path.insert(0, str(FOLDER))
try:
    from fuzz import generator, original_of, run_one
    from fuzz_files import tables
    from fuzz_graphs import GRAPHS, graph_file
    from fuzz_importers import Logs
    from fuzz_mutators import (
        DEEP,
        Mutant,
        Table,
        change_bytes,
        change_json,
        change_odd,
        change_packed,
        change_records,
        change_table,
        change_xml,
        write_json,
    )
    from fuzz_oracle import CHANGED, FAILURE, HARMLESS, REFUSED, Found, Trial, judge, wrong_id
    from fuzz_originals import CAPTION, ORIGINALS, PERSON
    from fuzz_subjects import SUBJECTS
finally:
    sys.path.remove(str(FOLDER))

PLAIN = Mutant(None, "a change")


def trial(read: Callable[[], Found], **rules: Any) -> Trial:
    """A trial whose reader is given."""
    return Trial(rules.pop("mutant", PLAIN), read, **rules)


def failing(error: BaseException) -> Callable[[], Found]:
    """A reader that raises."""

    def read() -> Found:
        raise error

    return read


def test_judge_tells_harmless_changed_and_refused_apart() -> None:
    assert judge(trial(lambda: Found("a")), "a").outcome == HARMLESS
    assert judge(trial(lambda: Found("b")), "a").outcome == CHANGED
    refusal = trial(failing(DataError("table 'items': no")), names=("items",))
    assert judge(refusal, "a").outcome == REFUSED


@pytest.mark.parametrize(
    ("rules", "read", "kind"),
    [
        ({"mutant": Mutant(None, "", doubtful=True)}, lambda: Found("b"), "rounded ids accepted"),
        ({}, failing(KeyError("x")), "KeyError in"),
        ({}, failing(pl.exceptions.PanicException("x")), "PanicException in"),
        ({"fixed": True}, lambda: Found("b"), "other content accepted"),
        ({"names": ("items.csv",)}, failing(FileError("it is bad")), "neither file nor table"),
        ({"content": "xy" * 200}, failing(DataError("got " + "xy" * 150)), "quotes the file"),
        ({}, failing(DataError("long " * 400)), "message of more than"),
        ({"mutant": Mutant(None, "", harmless=True)}, failing(DataError("no")), "though harmless"),
        ({}, lambda: Found("b", {"item_id": pl.Series(["v", "nan"])}), "a missing word is an id"),
    ],
)
def test_judge_flags_failures(rules: dict[str, Any], read: Callable[[], Found], kind: str) -> None:
    verdict = judge(trial(read, **rules), "a")
    assert (verdict.outcome, kind in verdict.kind) == (FAILURE, True)


def test_judge_flags_warnings_of_other_libraries() -> None:
    def read() -> Found:
        warnings.warn("careful", DeprecationWarning, stacklevel=1)
        return Found("a")

    assert judge(trial(read), "a").kind.startswith("warning of another library")


def test_judge_flags_loss_without_a_count() -> None:
    mutant = Mutant(None, "", rows=2, filled={"at": 2}, cells=(("at", 0, "24:00"),))
    frame = pl.DataFrame({"at": [None, 0]}, schema={"at": pl.Datetime("us", "UTC")})

    def read(reported: bool, rows: int = 2, frame: pl.DataFrame = frame) -> Trial:
        found = Found("b", reported=reported, tables={"t": frame}, rows={"t": rows})
        return trial(lambda: found, mutant=mutant, table="t")

    assert judge(read(True), "a").outcome == CHANGED
    assert "missing without a count: at" in judge(read(False), "a").kind
    assert "other number of rows" in judge(read(True, rows=1), "a").kind
    assert "rows lost" in judge(read(False, frame=frame.head(1)), "a").kind
    made_up = frame.with_columns(pl.col("at").fill_null(strategy="backward"))
    assert "read as a time" in judge(read(True, frame=made_up), "a").kind


@pytest.mark.parametrize(
    ("ids", "rule"),
    [
        (["a", "<NA>"], "missing word"),
        (["a", "b\u00a0"], "blanks"),
        (["a", "b\ufffd"], "U+FFFD"),
        (["a", "b\x00"], "control"),
        (["12", "7,1E+18"], "scientific"),
        (["12", "12.0"], "12.0"),
        (["nancy", "1e10ab", "12.5", "a b", "a", "a.0"], ""),
        (["deadbeef", "12e45", "a1"], ""),
    ],
)
def test_wrong_id_knows_the_rules(ids: list[str], rule: str) -> None:
    found = wrong_id(pl.Series(ids))
    assert rule in found
    assert bool(found) == bool(rule)


def test_mutants_of_one_seed_are_the_same(tmp_path: Path) -> None:
    lines = []
    for place in ("one", "two"):
        for subject in ("dataset-csv", "feed", "from-edges", "import-x-api", "graph-gml"):
            draw: Any = SUBJECTS[subject][1](tmp_path / place / subject)
            original = original_of(draw)
            made = [run_one(draw, original, 5, subject, n)[:3] for n in range(12)]
            lines.append([(n, what, verdict.outcome, verdict.kind) for n, what, verdict in made])
    assert lines[:5] == lines[5:]
    assert len({what for line in lines for _, what, _, _ in line}) > 20


def test_change_table_keeps_what_it_says() -> None:
    table = tables(numbers=True)["interactions"]
    for number in range(60):
        mutant = change_table(table, generator(1, "t", number))
        changed = mutant.value
        assert isinstance(changed, Table)
        assert mutant.rows in (None, len(changed.rows))
        for column, row, text in mutant.cells:
            assert changed.rows[row][changed.header.index(column)] == text


def test_change_bytes_and_json_change_their_input() -> None:
    data, value = b"abcdefgh" * 9, {"a": [1, {"b": "c.d"}], "e.f": 2.5}
    assert len({change_bytes(data, generator(1, "b", n)).value for n in range(40)}) > 35
    written = {write_json(change_json(value, np.random.default_rng(n)), False) for n in range(40)}
    assert len(written) > 20
    assert value == {"a": [1, {"b": "c.d"}], "e.f": 2.5}
    assert not any(DEEP.encode() in text for text in written)
    assert any(text.count(b"[") > 50 for text in written)


def test_every_importer_has_a_subject() -> None:
    assert sorted(ORIGINALS) == sorted(importer.name for importer in IMPORTERS)
    assert {f"import-{name}" for name in ORIGINALS} <= SUBJECTS.keys()


@pytest.mark.parametrize("name", sorted(ORIGINALS))
@pytest.mark.filterwarnings("ignore::graphkit.errors.GraphkitWarning")
def test_originals_are_read_alike_in_every_form(name: str, tmp_path: Path) -> None:
    if name == "bluesky-repository":
        pytest.importorskip("libipld")
    logs = Logs(tmp_path, name, ORIGINALS[name]())
    for number, log in enumerate(logs.logs):
        found = [logs.read_original(number, form) for form in log.forms]
        assert len({one.key for one in found}) == 1
        assert [one.wrong for one in found] == [""] * len(log.forms)
        assert all(one.rows and min(one.rows.values()) > 0 for one in found)
        assert {one.formats for one in found} == {(name,)}


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_original_graphs_are_read(name: str, tmp_path: Path) -> None:
    made: Any = graph_file(name)(tmp_path)
    outcomes = [run_one(made, "", 1, name, number)[2].outcome for number in range(30)]
    assert {HARMLESS, CHANGED, REFUSED} >= set(outcomes)
    assert HARMLESS in outcomes


def test_planted_texts_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = Logs(tmp_path, "coortweet", ORIGINALS["coortweet"]())
    for text, wrong in (
        (PERSON, "an error shows a planted text"),
        (CAPTION, "an error shows a planted text"),
        ("x" * 700, "message of more than 600 characters"),
        ("import report: 1", "the rows of the report do not add up"),
    ):

        def fail(*args: Any, text: str = text, **options: Any) -> None:
            raise FileError(f"{tmp_path}/log: {text}")

        monkeypatch.setattr("fuzz_importers.read_any", fail)
        assert logs.read_original(0, "file").wrong == wrong


def test_records_odd_values_xml_and_packed_files_change_their_input() -> None:
    records = [{"id": str(n), "created_at": n, "text": "x"} for n in range(4)]
    shown = str(records)
    made = [change_records(records, [{"a": 1}], generator(1, "r", n)) for n in range(40)]
    assert len({str(mutant.value) for mutant in made}) > 15
    odd = [change_odd(records, generator(1, "o", n)) for n in range(40)]
    assert len({str(mutant.value) for mutant in odd} - {shown}) > 25
    assert str(records) == shown
    data = b'<?xml version="1.0"?><g><n id="a" w="1">x</n><n id="b"/></g>'
    assert len({change_xml(data, generator(1, "x", n)).value for n in range(40)}) > 15
    packed = {change_packed(bytes(range(72)), generator(1, "p", n)).value for n in range(40)}
    assert len(packed) > 15

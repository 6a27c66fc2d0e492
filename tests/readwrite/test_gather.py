"""What importers of several files share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from graphkit.errors import FileError
from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.gather import (
    finish,
    folder_of,
    frame_of,
    moments,
    not_impossible,
    owner_of,
    read_each,
    read_rows,
)
from graphkit.readwrite.source import Sample, Source, look_at


def sample(path: Path, text: str = "x") -> Sample:
    path.write_text(text, encoding="utf-8")
    return look_at(Source(path))


def test_read_each_adds_nothing_of_a_file_that_fails(tmp_path: Path) -> None:
    samples = [sample(tmp_path / name) for name in ("a", "b", "c")]

    def read(one: Sample, part: Extract) -> None:
        part.count("rows", 1)
        part.dropped["rows", "why"] += 1
        part.add("accounts", pl.DataFrame({"account_id": [one.source.name]}))
        if one.source.name == "b":
            raise FileError("b is broken.")

    extract = Extract()
    read_each(samples, extract, read)
    assert extract.read == {"rows": 2}
    assert extract.tables["accounts"].rows() == [("a",), ("c",)]
    assert extract.refused == {samples[1].source: "b is broken."}
    with pytest.raises(FileError, match="b is broken"):
        read_each([samples[1]], Extract(), read)


def test_moments_reads_units_apart_and_notes_what_is_no_time() -> None:
    extract = Extract()
    values = [1_714_521_600, 1_714_521_600_000, "2024-05-01T00:00:00Z", "soon", 12, None]
    times = moments(values, extract, "rows").to_list()
    assert times == [datetime(2024, 5, 1, tzinfo=UTC)] * 3 + [None] * 3
    assert dict(extract.notes) == {("rows", "no time: read as missing"): 2}
    moments(["0001-01-01T00:00:00Z"], extract, "rows")
    assert extract.notes["rows", "a time outside 1990 to 2099: read as missing"] == 1


def test_not_impossible_counts_ids_with_characters_that_no_id_has() -> None:
    extract = Extract()
    frame = pl.DataFrame({"a": ["x", "x\x00", "y", None], "b": ["x", "y", "\ufffd", "z"]})
    kept = not_impossible(frame, ["a", "b"], extract, "rows")
    assert kept.rows() == [("x", "x"), (None, "z")]
    assert sum(extract.dropped.values()) == 2


def test_finish_keeps_names_that_look_missing() -> None:
    extract = Extract()
    extract.add("accounts", pl.DataFrame({"account_id": ["null", "nan", "ann"]}))
    dataset, _ = combine([finish(extract)], source="", caller="test", parameters={})
    assert dataset.accounts is not None
    assert dataset.accounts.get_column("account_id").to_list() == ["null", "nan", "ann"]
    assert dataset.real_ids == ("nan", "null")


def test_finish_leaves_out_ids_that_are_none_and_counts_below_zero() -> None:
    extract = Extract()
    extract.add("accounts", pl.DataFrame({"account_id": ["ann", "", "b\x00b", None], "follower_count": [-1, 1, 1, 1]}))  # fmt: skip
    extract.add("items", pl.DataFrame({"item_id": ["x", "y"], "author_id": ["\ufffd", "ann"]}))
    extract.add("memberships", pl.DataFrame({"account_id": [" "], "group_id": ["g"]}))
    finish(extract)
    assert extract.tables["accounts"].rows() == [("ann", None)]
    assert extract.tables["items"].rows() == [("x", None), ("y", "ann")]
    assert "memberships" not in extract.tables
    what = "an id that is empty, or has a character that no id has"
    assert dict(extract.notes) == {
        ("accounts", f"{what}: row left out"): 2,
        ("accounts", "no id: row left out"): 1,
        ("accounts", "follower_count below 0: read as missing"): 1,
        ("items", f"{what}: read as missing"): 1,
        ("memberships", f"{what}: row left out"): 1,
    }


def test_frame_of_is_exact_for_odd_texts_and_numbers() -> None:
    types = {"n": pl.Int64, "left": None, "texts": pl.List(pl.String)}
    rows = [(10**30, 1, ["a", ""]), (5, 2, ["a\x1fb"]), (None, 3, None), (-(2**63), 4, [])]
    frame = frame_of(rows, types)
    assert frame.rows() == [(None, ["a", ""]), (5, ["a\x1fb"]), (None, None), (-(2**63), [])]
    assert frame_of([], types).schema == {"n": pl.Int64, "texts": pl.List(pl.String)}
    plain = frame_of([(1, 1, ["a", "b"]), (2, 2, None), (3, 3, [])], types)
    assert plain.rows() == [(1, ["a", "b"]), (2, None), (3, [])]


def test_folder_of_ends_at_the_archive_and_at_the_folders_inside() -> None:
    inside = {"data", "likes"}.__contains__
    packed = Source(Path("likes/data.zip"), "data/likes/x.json")
    assert folder_of(packed, inside) == "likes/data.zip"
    assert folder_of(Source(Path("data/donor/data/x.json")), inside) == "data/donor"
    assert folder_of(Source(Path("x.json")), inside) == "."


def test_owner_of_asks_for_one_account_for_one_export(tmp_path: Path) -> None:
    samples = [sample(tmp_path / name) for name in ("a", "b")]
    extract = Extract()
    options = ImportOptions(account={"a": "ann"})
    assert owner_of(samples, options, extract, "name", "folder") == "ann"
    assert owner_of(samples, ImportOptions(), extract, "name", "folder") == "name"
    assert not extract.notes
    assert owner_of(samples, ImportOptions(), extract, None, "x/d.zip") == "donor:d"
    assert sum(extract.notes.values()) == 1
    with pytest.raises(FileError, match="the export of one account"):
        owner_of(samples, ImportOptions(account={"a": "ann", "b": "bob"}), extract, None, "f")


def test_read_rows_skips_lines_without_a_cell(tmp_path: Path) -> None:
    extract = Extract()
    frame = read_rows(sample(tmp_path / "x.csv", "a,b\n1,2\n\n3,\n,\n\n"), "rows", extract)
    assert frame.rows() == [("1", "2"), ("3", None)]
    assert extract.read == {"rows": 2}

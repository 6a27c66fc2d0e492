from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphkit.data.files import (
    load_arrays,
    open_folder,
    read_record,
    save_arrays,
    write_json,
    write_record,
    write_text,
    write_whole,
)
from graphkit.errors import DataError, FileError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_write_whole_uses_a_hidden_file_of_the_same_folder_and_ending(tmp_path: Path) -> None:
    target, seen = tmp_path / "new" / "table.csv", []

    def write(part: Path) -> None:
        seen.append(part)
        part.write_text("whole")
        assert not target.exists()

    write_whole(target, write)
    assert target.read_text() == "whole"
    (part,) = seen
    assert (part.parent, part.suffix, part.name[:6]) == (target.parent, ".csv", ".part-")
    assert names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt(), ValueError()])
def test_write_whole_keeps_the_old_file_if_writing_fails(
    tmp_path: Path, error: BaseException
) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")

    def write(part: Path) -> None:
        part.write_text("half")
        raise error

    raised = FileError if isinstance(error, OSError) else type(error)
    with pytest.raises(raised) as caught:
        write_whole(target, write)
    if raised is FileError:
        assert str(caught.value) == (
            f"{target} cannot be written: No space left. Earlier files are unchanged: make room, "
            "and do the same again."
        )
    assert target.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


def test_write_whole_names_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="cannot be written"):
        write_text(tmp_path / "file" / "a.txt", "a")


def test_write_text_and_write_json_give_the_same_bytes_everywhere(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "é\nb\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\xa9\nb\n"
    write_json(tmp_path / "a.json", {"é": [1]})
    assert (tmp_path / "a.json").read_bytes() == '{\n "é": [\n  1\n ]\n}\n'.encode()


def test_open_folder_knows_its_own_record(tmp_path: Path) -> None:
    root = tmp_path / "out"
    assert open_folder(root, "record.json", "results") is None
    write_record(root / "record.json", {"n": 1})
    (root / "more.txt").write_text("x")
    assert open_folder(root, "record.json", "results") == {"made_by": "graphkit", "n": 1}
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".part-1-x").write_text("left over")
    assert open_folder(tmp_path / "empty", "record.json", "results") is None


def test_open_folder_and_read_record_refuse_what_is_of_others(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileError, match=r"not empty \(it holds 'notes.txt'\)"):
        open_folder(tmp_path, "record.json", "results")
    with pytest.raises(FileError, match="is a file: name a folder for results"):
        open_folder(tmp_path / "notes.txt", "record.json", "results")
    for text, message in (('{"made_by": "x"}', "no record of graphkit"), ("{", "cannot be read")):
        (tmp_path / "record.json").write_text(text)
        with pytest.raises(FileError, match=message):
            read_record(tmp_path / "record.json")


def test_save_arrays_is_atomic_and_equal(tmp_path: Path) -> None:
    lengths, tally = np.array([2, 1], np.int64), np.zeros(3, np.int64)
    arrays = {"targets": np.arange(3, dtype=np.int32), "values": np.ones(3), "lengths": lengths}
    arrays |= {"rows": np.array([4, 6], np.int64), "tally": tally}
    path = save_arrays(tmp_path / "a", "Block", {}, arrays)
    assert path == tmp_path / "a.npz"
    again = save_arrays(tmp_path / "b.npz", "Block", {}, arrays)
    assert path.read_bytes() == again.read_bytes()
    header, found = load_arrays(path, "Block")
    assert header == {"format": 2, "noun": "Block"}
    assert {name: a.tolist() for name, a in found.items()} == {
        name: a.tolist() for name, a in arrays.items()
    }
    assert names(tmp_path) == ["a.npz", "b.npz"]
    with pytest.raises(FileError, match="holds a Block, not a Graph"):
        load_arrays(path, "Graph")
    with pytest.raises(
        DataError, match=r"Block cannot be saved: tally has shape \(2,\), not \(3,\)"
    ):
        save_arrays(path, "Block", {}, {**arrays, "tally": tally[:2]})
    assert names(tmp_path) == ["a.npz", "b.npz"]

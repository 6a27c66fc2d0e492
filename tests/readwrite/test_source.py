"""Sources: files, members of archives, compression, and what their beginnings show."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import polars as pl
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from graphkit.errors import FileError
from graphkit.readwrite.source import (
    Source,
    keep_archive_open,
    key_paths,
    list_sources,
    look_at,
    sniff_separator,
    split_line,
)


def write(path: Path, data: bytes | str) -> Source:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return Source(path)


def test_a_folder_with_archives_lists_every_file(tmp_path: Path) -> None:
    write(tmp_path / "a" / "one.json", "{}")
    write(tmp_path / ".DS_Store", "x")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("inner/two.json", "[]")
        archive.writestr("__MACOSX/inner/._two.json", "x")
        archive.mkdir("empty")
    found, idle = list_sources(tmp_path)
    assert [s.parts[-1] for s in found] == ["one.json", "two.json"]
    assert [s.parts[-1] for s in idle] == [".DS_Store", "._two.json"]
    assert found[1].place == f"{tmp_path / 'b.zip'}: inner/two.json"
    assert found[1].read() == b"[]"


def test_hidden_folders_above_the_path_do_not_hide_its_files(tmp_path: Path) -> None:
    write(tmp_path / ".cache" / "run" / "one.json", "{}")
    found, idle = list_sources(tmp_path / ".cache" / "run")
    assert (len(found), len(idle)) == (1, 0)


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_compressed_files_are_read_as_what_they_hold(tmp_path: Path, suffix: str) -> None:
    data = b'{"a": 1}\n{"a": 2}\n'
    packed = {"": data, ".gz": gzip.compress(data), ".zst": zstandard.compress(data)}[suffix]
    source = write(tmp_path / f"RC_2026-01{suffix}", packed)
    assert source.name == "rc_2026-01"
    assert source.read() == data
    assert look_at(source).kind == "ndjson"


def test_several_frames_and_a_window_of_two_gibibytes(tmp_path: Path) -> None:
    # dumps of Reddit name a window of 2^31 bytes in the header of the frame
    wide = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    one = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    frame = one.compress(b'{"a": 1}\n') + one.flush()
    source = write(tmp_path / "x.zst", frame + zstandard.compress(b'{"a": 2}\n'))
    assert source.read() == b'{"a": 1}\n{"a": 2}\n'


@pytest.mark.parametrize("name", ["x.gz", "x.zst", "x.zip"])
def test_damaged_archives_are_named(tmp_path: Path, name: str) -> None:
    good = {
        "x.gz": gzip.compress(b"a" * 9999),
        "x.zst": zstandard.compress(bytes(range(256)) * 40),
        "x.zip": b"PK\x03\x04 not really",
    }[name]
    write(tmp_path / name, good if name == "x.zip" else good[: len(good) - 12])
    (source,), _ = list_sources(tmp_path / name)
    if name == "x.zip":
        assert look_at(source).what == "a zip archive or workbook"
    else:
        with pytest.raises(FileError, match=name):
            source.read()


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m.json", bytes(range(256)) * 100)
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    (source,), _ = list_sources(path)
    with pytest.raises(FileError, match=r"x\.zip: m\.json"):
        source.read()


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.csv", "id,name\n1,x\n", "delimited"),
        ("a.tsv", "id\tname\n", "delimited"),
        ("u.data", "3\t128\t1\n", "delimited"),
        ("a.json", '{"a": [1]}', "json"),
        ("a.json", '{\n "a": 1\n}\n', "json"),
        ("a.json", '[{"a": 1},\n{"a": 2}]', "json"),
        ("a.json", '{"a": 1}\n{"a": 2}\n', "ndjson"),
        ("a.jsonl", '{"a": 1}', "ndjson"),
        ("dump", '{"a": 1}\n{"a": 2}', "ndjson"),
        ("tweets.js", 'window.YTD.tweets.part0 = [{"a": 1}]', "javascript"),
        ("a.gexf", '<?xml version="1.0"?>\n<gexf>', "xml"),
        ("a.html", "<!DOCTYPE html><html></html>", "other"),
        ("a.json", "<html><body>502</body></html>", "other"),
        ("a.json", "", "other"),
        ("a.json", "\ufeff" + '{"a": 1}', "json"),
        ("readme.md", "hello, world", "other"),
    ],
)
def test_kinds_of_text(tmp_path: Path, name: str, text: str, kind: str) -> None:
    assert look_at(write(tmp_path / name, text)).kind == kind


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7", "a PDF"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"\xff\xfe{\0}\0", "no text in UTF-8"),
        (b"ab\0cd", "no text in UTF-8"),
        (b"PK\x03\x04", "a zip archive or workbook"),
    ],
)
def test_what_is_no_text_is_said(tmp_path: Path, data: bytes, what: str) -> None:
    assert look_at(write(tmp_path / "x.csv", data)).what == what


def test_latin_1_is_text(tmp_path: Path) -> None:
    sample = look_at(write(tmp_path / "x.csv", "id,name\n1,café\n".encode("latin-1") + b"a" * 99))
    assert (sample.kind, sample.header) == ("delimited", ("id", "name"))


def test_a_character_that_is_cut_at_the_end_of_the_beginning(tmp_path: Path) -> None:
    text = "id,name\n" + "é" * (1 << 17)
    assert look_at(write(tmp_path / "x.csv", text)).header == ("id", "name")


def test_the_header_of_a_parquet_file(tmp_path: Path) -> None:
    pl.DataFrame({"user_id": ["1"], "video_id": ["2"]}).write_parquet(tmp_path / "x.parquet")
    assert look_at(Source(tmp_path / "x.parquet")).header == ("user_id", "video_id")


def test_separators_and_quotes() -> None:
    assert sniff_separator('"a,b";c;d\n1;2;3') == ";"
    assert sniff_separator("sep=;\na;b\n") == ";"
    assert sniff_separator("one column") == ","
    assert split_line('"a,b",c', ",") == ["a,b", "c"]
    assert split_line("1::2::3", "::") == ["1", "2", "3"]


def walk(value: object, path: str = "") -> set[str]:
    """Slow twin of key_paths on values."""
    if isinstance(value, dict):
        found = set()
        for key, entry in value.items():
            inner = f"{path}.{key}" if path else key
            found |= {inner} | walk(entry, inner)
        return found
    return set().union(*(walk(v, path) for v in value)) if isinstance(value, list) else set()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc{}[]:,", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=3))
def test_paths_of_keys_are_those_of_the_value(value: dict[str, object]) -> None:
    expected = walk(value)
    assert key_paths(json.dumps(value, ensure_ascii=False)) == expected
    whole = json.dumps(value)
    for cut in range(len(whole)):
        assert key_paths(whole[:cut]) <= expected


def test_an_archive_is_opened_once_for_its_members(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for number in range(5):
                archive.writestr(f"{number}.json", f'{{"{name}{number}": 1}}')
    opened: list[zipfile.ZipFile] = []
    original = zipfile.ZipFile

    def open_counted(path: Path) -> zipfile.ZipFile:
        opened.append(original(path))
        return opened[-1]

    sources, _ = list_sources(tmp_path)
    monkeypatch.setattr("graphkit.readwrite.source.zipfile.ZipFile", open_counted)
    with keep_archive_open():
        keys = [set(look_at(source).keys) for source in sources]
    assert keys == [{f"{name}{number}"} for name in "ab" for number in range(5)]
    assert len(opened) == 2
    assert all(archive.fp is None for archive in opened)


def test_a_sample_without_its_text_reads_it_again(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": {"b": 1}}')
    whole, known = look_at(Source(path)), {}
    assert whole.keys == {"a", "a.b"}
    light = whole.without_text(known)
    assert light.held is None
    assert (light.text, light.keys, light.kind) == (whole.text, whole.keys, whole.kind)
    assert light.keys is whole.keys

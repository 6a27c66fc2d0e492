"""Records of JSON: declared fields only, in pieces, with a count of what is none."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.errors import FileError
from graphkit.readwrite.records import Id, RecordReader, blocks_of, decode_document, id_text
from graphkit.readwrite.source import Source


class Author(msgspec.Struct):
    name: str | None = None


class Post(msgspec.Struct):
    id: Id
    author: Author | str | None = None
    score: float | None = None


class Outcome:
    """What reading a text gave."""

    def __init__(self, path: Path, text: str | bytes, piece: int | None = None) -> None:
        path.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
        self.read: dict[str, int] = {}
        self.dropped: Counter[tuple[str, str]] = Counter()
        self.notes: Counter[tuple[str, str]] = Counter()
        reader: RecordReader[Post] = RecordReader(
            Post, "posts", read=self.read, dropped=self.dropped, notes=self.notes
        )
        self.posts = [post for some in reader.pieces(Source(path)) for post in some]

    @property
    def why(self) -> dict[str, int]:
        return {why: n for (_, why), n in self.dropped.items()}


GOOD = (
    '{"id": 7374807619341093709, "author": {"name": "a", "secret": "PLANTED"}, "text": "PLANTED"}'
)


@pytest.mark.parametrize("suffix", [".ndjson", ".json"])
def test_lines_arrays_and_single_objects(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    for text in (f"{GOOD}\n{GOOD}\n", f"[{GOOD},\n {GOOD}]", f"[{GOOD}]\n[{GOOD}]\n"):
        found = Outcome(
            tmp_path / "x.ndjson" if text.startswith("[{") and "]\n[" in text else path, text
        )
        assert [p.id for p in found.posts] == [7374807619341093709] * 2
        assert found.read == {"posts": 2}
    assert Outcome(path, GOOD).read == {"posts": 1}
    assert "PLANTED" not in repr(found.posts)


def test_what_is_no_record_is_counted_with_its_reason(tmp_path: Path) -> None:
    lines = [
        GOOD,
        "",
        "null",
        "<html>PLANTED",
        '{"id": 7.3e18}',
        '{"author": "a"}',
        "[1]",
        '{"id": tr',
    ]
    found = Outcome(tmp_path / "x.ndjson", "\n".join(lines))
    assert found.read == {"posts": 7}
    assert found.why == {
        "null in place of a record": 1,
        "no valid JSON": 2,
        "another shape: int | str is needed, not float at id": 1,
        "another shape: key 'id' is missing": 1,
        "another shape: object is needed, not int": 1,
    }
    assert len(found.posts) == 1


def test_json_that_is_nested_too_deeply_is_dropped_or_refused(tmp_path: Path) -> None:
    deep = '{"id": 1, "other": ' + "[" * 200_000 + "]" * 200_000 + "}"
    for lines in ([deep, GOOD], [GOOD, deep], [GOOD, deep.replace("1,", "NaN,")]):
        found = Outcome(tmp_path / "x.ndjson", "\n".join(lines))
        assert found.read == {"posts": 2}
        assert found.why == {"JSON that is nested too deeply": 1}
    for text in (f"[{GOOD}, {deep}]", f'[{{"id": NaN}}, {deep}]'):
        with pytest.raises(FileError, match=r"x\.json is JSON that is nested too deeply"):
            Outcome(tmp_path / "x.json", text)
    for text in (deep, deep.replace("1,", "NaN,")):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(FileError, match=r"x\.json is JSON that is nested too deeply"):
            decode_document(Source(tmp_path / "x.json"), Post)


def test_nan_and_halves_of_characters_are_read_and_noted(tmp_path: Path) -> None:
    text = '{"id": "1", "score": NaN}\n{"id": "2", "author": "\\ud83d"}\n' + GOOD
    found = Outcome(tmp_path / "x.ndjson", text)
    assert [(p.id, p.score) for p in found.posts][:2] == [("1", None), ("2", None)]
    assert found.posts[1].author == "\ufffd"
    assert found.notes[("posts", "NaN or half a character: read as missing or as U+FFFD")] == 2


@pytest.mark.parametrize("text", ["<html>PLANTED</html>\n", '{"id": 1.5}\n{"id": [1]}', "[1, 2]"])
def test_a_file_without_a_record_is_refused_without_its_content(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileError, match=r"x\.ndjson") as told:
        Outcome(tmp_path / "x.ndjson", text)
    assert "PLANTED" not in str(told.value)
    assert len(str(told.value)) < 300 + len(str(tmp_path))


def test_an_empty_array_is_no_error(tmp_path: Path) -> None:
    assert Outcome(tmp_path / "x.json", "[]").posts == []


def test_broken_json_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is broken JSON, line 2"):
        Outcome(tmp_path / "x.json", '[{"id": 1},\n{"id": PLANTED}]')


@given(st.integers(10**18, 10**21 - 1), st.sampled_from(["int", "text"]))
def test_ids_keep_all_their_digits(number: int, kind: str) -> None:
    text = json.dumps({"id": number if kind == "int" else str(number)})
    assert id_text(msgspec.json.decode(text.encode(), type=Post, strict=False).id) == str(number)


def test_pieces_do_not_change_the_lines() -> None:
    import io

    data = b"".join(b"%d\n" % i for i in range(500)) + b"last"
    expected = data.split(b"\n")
    for piece in (1, 2, 7, 64, 10**6):
        lines = [
            line for block in blocks_of(io.BytesIO(data), piece) for line in block.split(b"\n")
        ]
        assert lines == expected


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ('{"id": 2} {"id": 3}', {"no valid JSON": 1}),
        ('{"id":\n2}', {"no valid JSON": 1, "another shape: object is needed, not int": 1}),
        ('{"id": 2}\x0c', {}),
        ('[{"id": 2}, {"id": 3}]', {}),
        ("\ufeff" + '{"id": 2}', {}),
        ("null", {"null in place of a record": 1}),
        ("\r\n", {}),
    ],
)
@pytest.mark.parametrize("place", [1, 2])
def test_an_odd_line_is_read_by_itself(
    tmp_path: Path, odd: str, why: dict[str, int], place: int
) -> None:
    lines = [f'{{"id": {i}}}' for i in (10, 11)]
    lines.insert(place, odd)
    found = Outcome(tmp_path / "x.ndjson", "\n".join(lines))
    own = {"[": [2, 3], "{": [] if why else [2], "\ufeff": [2]}.get(odd[0], [])
    assert [p.id for p in found.posts] == [*(10, 11)[:place], *own, *(10, 11)[place:]]
    assert found.why == why


class Document(msgspec.Struct):
    items: list[Post] = []


def test_a_document_of_a_declared_type(tmp_path: Path) -> None:
    path = tmp_path / "x.js"
    path.write_text(f'window.x = {{"items": [{GOOD}], "private": "PLANTED"}}')

    def prepare(data: bytes) -> bytes:
        return data.partition(b"=")[2]

    found: Any = decode_document(Source(path), Document, prepare)
    assert [p.id for p in found.items] == [7374807619341093709]
    path.write_text('window.x = {"items": [\n{"id": 1.5}]}')
    with pytest.raises(
        FileError, match=r"another shape: int \| str is needed, not float at items\[…\].id"
    ):
        decode_document(Source(path), Document, prepare)
    path.write_text('window.x = {"items": [\n\nPLANTED')
    with pytest.raises(FileError, match="broken JSON, line 3") as told:
        decode_document(Source(path), Document, prepare)
    assert "PLANTED" not in str(told.value)

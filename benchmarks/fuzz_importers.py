"""Every importer, with its logs changed inside, as files, and as they are packed; for ``fuzz.py``."""

from __future__ import annotations

import gzip
import io
import re
import shutil
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import zstandard
from fuzz_files import change_table_file, dataset_found
from fuzz_mutators import (
    Generator,
    Mutant,
    Table,
    change_bytes,
    change_json,
    change_lines,
    change_odd,
    change_packed,
    change_records,
    pick,
    short,
    write_json,
)
from fuzz_oracle import Draw, Found, Trial
from fuzz_originals import CAPTION, ORIGINALS, PERSON, Log, Script

from graphkit.errors import GraphkitError
from graphkit.readwrite import read_any
from graphkit.readwrite.census import write_report

#: Characters of an error, without the path of its file.
LONGEST = 600

#: Suffixes of files of one JSON record per line; those of Reddit have none.
_LINES = (".ndjson", ".jsonl", "-06")

#: Files that have no business in a log.
_STRANGERS: dict[str, bytes] = {
    "error.json": b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
    "page.html": b"<html><body>x</body></html>",
    "notes.txt": b"remember the milk\n",
    "empty.json": b"",
    "noise.bin": bytes(range(256)),
    "list.json": b"[]",
    "object.json": b"{}",
    "null.ndjson": b"null\n",
    "table.csv": b"a,b\n1,2\n",
    "one.zip": b"PK\x03\x04 no archive",
    ".DS_Store": b"\x00\x00",
    "image.png": b"\x89PNG\r\n",
}


def write_source(name: str, source: Any) -> bytes:
    """Bytes of a file of a log."""
    if isinstance(source, bytes):
        return source
    if isinstance(source, Table):
        return source.write()
    if isinstance(source, Script):
        return source.start.encode() + write_json(Mutant(source.value, ""), False)
    return write_json(Mutant(source, ""), name.endswith(_LINES))


def pack(contents: Mapping[str, bytes], form: str) -> dict[str, bytes]:
    """Files as they come in a form: name on disk → bytes."""
    if form == "gz":
        return {f"{n}.gz": gzip.compress(data, mtime=0) for n, data in contents.items()}
    if form == "zst":
        press = zstandard.ZstdCompressor()
        return {f"{n}.zst": press.compress(data) for n, data in contents.items()}
    if form == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in contents.items():
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
        return {"export.zip": buffer.getvalue()}
    return dict(contents)


@cache
def strange_records() -> list[Any]:
    """Records of all formats."""
    found: list[Any] = []
    for make in ORIGINALS.values():
        try:
            logs = make()
        except ImportError:
            continue
        for log in logs:
            for source in log.sources.values():
                if isinstance(source, list):
                    found += source[:1]
                elif isinstance(source, dict):
                    found.append(source)
    return found


def import_found(
    path: Path,
    options: Mapping[str, Any],
    n_files: int | None,
    format: str | None = None,
    *,
    renamed: bool = False,
) -> Found:
    """What ``read_any`` gives of a log, and the laws that it breaks; texts stand where they stood unless `renamed`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            dataset, report = read_any(path, format=format, **options)
        except GraphkitError as error:
            if wrong := _wrong_error(str(error), path, renamed):
                return Found("", wrong=wrong)
            raise
    for one in caught:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    found = dataset_found(dataset, report)
    told = [str(one.message) for one in caught]
    told += map(str, report.dropped.rows() + report.notes.rows() + report.rows.rows())
    told += map(str, report.files.select("holds", "evidence", "reason").rows())
    tables = [
        frame.drop("caption") if name == "items" and "caption" in frame.columns else frame
        for name, frame in dataset.tables.items()
    ]
    wrong = ""
    if _planted("\n".join(told)):
        wrong = "the report shows a planted text"
    elif not renamed and any(
        PERSON.lower() in str(frame.rows()).lower() for frame in dataset.tables.values()
    ):
        wrong = "a table holds the name or message of a person"
    elif not renamed and any(CAPTION.lower() in str(frame.rows()).lower() for frame in tables):
        wrong = "a table holds a caption in another column"
    elif n_files is not None and report.files.height != n_files:
        wrong = "the files of the census do not add up"
    elif set(report.files.get_column("status")) - {"read", "not read", "not understood"}:
        wrong = "a file of the census has no known status"
    elif str(path.parent) in _written(report, path):
        wrong = "the written report names a file"
    elif report.rows.filter(pl.min_horizontal("read", "kept") < 0).height:
        wrong = "a count of the report is negative"
    real = pl.Series(list(dataset.real_ids), dtype=pl.String)
    ids = {name: ids.filter(~ids.is_in(real.implode())) for name, ids in found.ids.items()}
    ids = {} if renamed else ids
    reported = found.reported or bool((report.files.get_column("status") != "read").any())
    read = report.files.filter(status="read").get_column("format")
    formats = tuple(read.unique().sort())
    return replace(found, ids=ids, wrong=wrong, reported=reported, formats=formats)


def _written(report: Any, path: Path) -> str:
    """The report as it is written to a file, that may be passed on."""
    place = path.parent.parent / "report.toml"
    return write_report(report, place).read_text(encoding="utf-8")


def _planted(text: str) -> bool:
    return PERSON.lower() in text.lower() or CAPTION.lower() in text.lower()


def _wrong_error(text: str, path: Path, renamed: bool) -> str:
    """The rule that the message of an error breaks; empty if it keeps all."""
    bare = text.replace(str(path.parent), "")
    if "import report:" in bare:
        return "the rows of the report do not add up"
    if len(bare) > LONGEST:
        return f"message of more than {LONGEST} characters"
    # of a column under another name, one cell is shown
    return "an error shows a planted text" if _planted(bare) and not renamed else ""


@dataclass(frozen=True)
class Logs:
    """Logs of one importer, of which one is drawn, changed and read.

    Attributes
    ----------
    folder
        Folder of this process.
    name
        Name of the importer.
    logs
        The logs.
    keys
        Content keys of the unchanged logs, filled as they are needed.
    """

    folder: Path
    name: str
    logs: tuple[Log, ...]
    keys: dict[int, str] = field(default_factory=dict)

    def __call__(self, rng: Generator) -> Trial:
        number = int(rng.integers(len(self.logs)))
        log = self.logs[number]
        form = pick(rng, log.forms)
        contents = {name: write_source(name, s) for name, s in log.sources.items()}
        options, named = dict(log.options), None
        chance = rng.random()
        packed: tuple[str, Mutant] | None = None
        if chance < 0.2 and form in ("gz", "zst", "zip"):
            files = pack(contents, form)
            name = pick(rng, sorted(files))
            mutant = change_packed(files[name], rng)
            packed = name, mutant
        elif chance < 0.35 and len(contents) + (form == "folder") > 1:
            mutant = self._change_files(contents, rng)
        else:
            name = pick(rng, sorted(contents))
            mutant = self._change(name, log.sources[name], rng)
            contents[name] = mutant.value
            mutant = replace(
                mutant,
                what=f"{name}: {mutant.what}",
                damage=mutant.damage and name.endswith((".csv", ".tsv", ".dat", ".data")),
            )
        if options and rng.random() < 0.1:
            left_out = pick(rng, sorted(options))
            del options[left_out]
            mutant = replace(mutant, what=f"{mutant.what}; no {left_out}=", harmless=False)
        elif rng.random() < 0.25:
            named = self.name
            mutant = replace(mutant, what=f"{mutant.what}; format=", harmless=False)
        files = pack(contents, form)
        if packed is not None:
            files[packed[0]] = packed[1].value
        # members of a damaged archive are unknown
        n_files = None if packed is not None and form == "zip" else len(contents)
        if any(n.endswith(".zip") for n in contents) and form != "zip":
            n_files = None
        # where columns have other names, or separators are damaged, cells stand elsewhere
        renamed = mutant.damage or bool(re.search(r"\bnames of\b|\bnamed\b", mutant.what))
        # a file may be taken for another format, which counts other records
        known = mutant.rows if "another format" not in mutant.what else None
        rows, counted = known, log.counted and len(contents) == 1

        def read() -> Found:
            found = self._read(files, form, options, n_files, named, renamed)
            if found.key == self._original(number) and found.key:
                return replace(found, key="")
            if counted and rows is not None and found.rows and sum(found.rows.values()) < rows:
                return replace(found, wrong="fewer records read than the file has")
            return replace(found, rows={}, tables={})

        text = b"\n".join(contents.values()).decode("utf-8", "replace")
        words = (str(self.folder), *files)
        what = f"{number}/{form}: {mutant.what}"
        shown = replace(mutant, what=what, value=None, rows=None, cells=(), damage=False)
        return Trial(shown, read, text, words)

    def _original(self, number: int) -> str:
        if number not in self.keys:
            log = self.logs[number]
            contents = {name: write_source(name, s) for name, s in log.sources.items()}
            files = pack(contents, log.forms[0])
            self.keys[number] = self._read(files, log.forms[0], log.options, None, None).key
        return self.keys[number]

    def read_original(self, number: int, form: str) -> Found:
        """What is read of an unchanged log in one of its forms."""
        log = self.logs[number]
        contents = {name: write_source(name, s) for name, s in log.sources.items()}
        return self._read(pack(contents, form), form, log.options, len(contents), None)

    def _read(
        self,
        files: Mapping[str, bytes],
        form: str,
        options: Mapping[str, Any],
        n_files: int | None,
        named: str | None,
        renamed: bool = False,
    ) -> Found:
        place = self.folder / "log"
        shutil.rmtree(place, ignore_errors=True)
        for name, data in files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        alone = form != "folder" and len(files) == 1
        path = place / next(iter(files)) if alone else place
        return import_found(path, options, n_files, named, renamed=renamed)

    def _change(self, name: str, source: Any, rng: Generator) -> Mutant:
        if isinstance(source, Table):
            mutant = change_table_file(source, rng)
            # empty lines are no rows
            return replace(mutant, doubtful=False, rows=_full(mutant.value, mutant.rows))
        if isinstance(source, bytes):
            text = name.endswith((".csv", ".data", ".dat", ".tsv"))
            return (
                change_lines(source, rng)
                if text and rng.random() < 0.5
                else change_bytes(source, rng)
            )
        if isinstance(source, Script):
            mutant = self._change(f"{name}.json", source.value, rng)
            start = source.start
            if rng.random() < 0.15:
                start = pick(
                    rng, ("", "window.YTD = ", "var a = ", f"\n{start}", start * 2, start[:-3])
                )
                mutant = replace(mutant, what=f"{mutant.what}; begins with {short(start)}")
            return replace(mutant, value=start.encode() + mutant.value)
        lines = name.endswith(_LINES)
        chance = rng.random()
        if chance < 0.15:
            data = write_json(Mutant(source, ""), lines)
            return (
                change_lines(data, rng) if lines and rng.random() < 0.4 else change_bytes(data, rng)
            )
        if chance < 0.4 and isinstance(source, list):
            mutant = change_records(source, strange_records(), rng)
        elif chance < 0.7:
            mutant = change_odd(source, rng)
        else:
            mutant = change_json(source, rng)
        rows = None
        if lines and isinstance(mutant.value, list):
            rows = sum(isinstance(one, dict) for one in mutant.value)
        return replace(mutant, value=write_json(mutant, lines), cells=(), rows=rows)

    def _change_files(self, contents: dict[str, bytes], rng: Generator) -> Mutant:
        """Drop, rename, double, swap or add files."""
        name, kind = pick(rng, sorted(contents)), int(rng.integers(7))
        if kind == 0 and len(contents) > 1:
            del contents[name]
            return Mutant(None, f"{name} dropped")
        if kind == 1:
            stem, _, ending = name.rpartition(".")
            new = pick(
                rng,
                (f"{name}.txt", f"x_{name}", f"{stem or name}.{ending.upper()}x", f"a b/{name}"),
            )
            contents[new] = contents.pop(name)
            return Mutant(None, f"{name} named {new}")
        if kind == 2:
            contents[f"copy_{name.replace('/', '_')}"] = contents[name]
            return Mutant(None, f"{name} twice")
        if kind == 3:
            other = pick(rng, sorted(contents))
            contents[name], contents[other] = contents[other], contents[name]
            return Mutant(None, f"contents of {name} and {other} swapped")
        if kind == 4:
            new = pick(rng, sorted(_STRANGERS))
            contents[name] = _STRANGERS[new]
            return Mutant(None, f"{name} holds {new}")
        if kind == 5:
            one = pick(rng, strange_records())
            contents["stranger.json"] = write_json(Mutant(one, ""), False)
            return Mutant(None, "a file of another format beside")
        new = pick(rng, sorted(_STRANGERS))
        contents[new] = _STRANGERS[new]
        return Mutant(None, f"{new} beside")


def _full(data: bytes, rows: int | None) -> int | None:
    """Rows of a table, `None` if some lines are blank or quoted over several."""
    if rows is None or data.count(b"\n") != rows + 1:
        return None
    return rows if all(line.strip(b', \t\r"') for line in data.split(b"\n")[:-1]) else None


def importer(name: str) -> Callable[[Path], Draw]:
    """Subject of one importer."""

    def make(folder: Path) -> Draw:
        folder.mkdir(parents=True, exist_ok=True)
        # not as a field of the name that says that there is one original only
        logs = Logs(folder, name, ORIGINALS[name]())

        def draw(rng: Generator) -> Trial:
            return logs(rng)

        return draw

    return make

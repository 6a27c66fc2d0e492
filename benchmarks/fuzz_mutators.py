"""Seeded changes of files, tables, JSON values and frames, for ``fuzz.py``."""

from __future__ import annotations

import copy
import csv
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import numpy as np
import polars as pl

Generator = np.random.Generator

#: Words that mean a missing value.
MISSING = ("nan", "NaN", "None", "NA", "null", "<NA>", "")

#: Cells that spreadsheets, other tools and people leave behind.
CELLS = (
    *MISSING,
    *("12.0", "12", "7E18", "7e+18", "7,1E+18", "7.28E+18", "-0", "0", "inf", "-inf", "1e400"),
    *(" 12", "12 ", "\u00a0", "\u00a012", "\ufeff12", "a\x00b", "a\ufffdb", "\x1b[1m", "a\u200bb"),
    *("9" * 19, "9" * 40, "18446744073709551616", "-9223372036854775809", "7000000000000000000"),
    *("1709251200", "1709251200000", "1709251200.5", "2024-02-31", "2024-13-01T00:00:00"),
    *("2024-03-01T25:00:00", "0000-00-00", "31/12/2024", "9999-12-31", "1889-01-01", "24:00"),
    *("2024-03-01T10:00:00+02:00", "2024-03-01 10:00", "2024-W09-5", "20240301"),
    *("deadbeef", "12e4567890abcdef", "0x1F", "1e10", "true", "False", "yes", "[]", "[1, x"),
    *('"', "'", ",", ";", "\t", "a\nb", "a\r\nb", "a,b", '""', "\\", "=1+1", "$x$", "@me", "#"),
    *("é", "e\u0301", "\u202eabc", "\U0001f408", "1,5", "1_000", "١٢", "½", "{}", "a" * 3000),
)
#: Cells that are no time of the years 1990 to 2099 in ISO 8601.
NO_TIMES = frozenset(
    (
        "12.0",
        "12",
        "7E18",
        "inf",
        "1709251200",
        "1709251200000",
        "1709251200.5",
        "2024-02-31",
        "2024-13-01T00:00:00",
        "2024-03-01T25:00:00",
        "0000-00-00",
        "31/12/2024",
        "1889-01-01",
        "9999-12-31",
        "24:00",
        "true",
        "1,5",
        "-0",
        "0",
        "9" * 19,
    )
)
#: Values of JSON and TOML that are of another type than the given one.
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 12.0, 7e18, 10**30, -(2**63) - 1, float("nan"), float("inf")),
    *("", "nan", "None", "12.0", "7,1E+18", " a ", "a\x00b", "a\ufffdb", "\ufeff", "2024-02-31"),
    *([], [None], [[]], [1, "a"], {}, {"a": {}}, {"": 1}, "$x$", "=1+1", "9" * 400),
)
#: Mark of the value of a JSON text that is nested deeply.
DEEP = "\x01deep\x01"
_TOKENS = (
    *("nan", "inf", "-inf", "-0", "12.0", "7E18", "9" * 5000, '"', "'''", "[[", "]", "{}", "[]"),
    *('""', '"a\\u0000b"', '"\\ufffd"', "true", "1979-05-27", "0x1F", "1_0", "{a = 1}", "\x00"),
    *("[" * 3000, "[" * 500 + "]" * 500, "a." * 1000 + "b = 1", '"$x$"', "1e400", "2024-02-31"),
)


@dataclass(frozen=True)
class Mutant:
    """Changed content of one file, or a changed value.

    Attributes
    ----------
    value
        The changed bytes, table, frame or value.
    what
        The change, in words.
    damage
        Whether the file as such is damaged, rather than another one of the same format.
    rows, filled
        Rows of a table, and the cells of each column that are not blank, where they are known.
    cells
        Replaced cells: column, row, text.
    harmless
        Whether the content must be accepted.
    doubtful
        Whether it must not be accepted without a warning or a count.
    """

    value: Any
    what: str
    damage: bool = False
    rows: int | None = None
    filled: Mapping[str, int] | None = None
    cells: tuple[tuple[str, int, str], ...] = ()
    harmless: bool = False
    doubtful: bool = False


def pick(rng: Generator, values: Any) -> Any:
    """One of some values."""
    return values[int(rng.integers(len(values)))]


def short(text: object, length: int = 24) -> str:
    """A value on one line, cut."""
    shown = ascii(text)
    return shown if len(shown) <= length else f"{shown[:length]}… ({len(shown)})"


def change_bytes(data: bytes, rng: Generator) -> Mutant:
    """Flip, delete, repeat, insert or cut bytes."""
    size = max(len(data), 1)
    at, kind = int(rng.integers(size)), int(rng.integers(7))
    length = int(rng.integers(1, 9))
    if kind == 0:
        flipped = bytearray(data)
        for _ in range(int(rng.integers(1, 4))):
            spot = int(rng.integers(size))
            flipped[spot] ^= 1 << int(rng.integers(8))
        return Mutant(bytes(flipped), f"bits flipped, among them in byte {at}", damage=True)
    if kind == 1:
        return Mutant(data[:at] + data[at + length :], f"{length} bytes cut at {at}", damage=True)
    if kind == 2:
        part = data[at : at + length]
        return Mutant(data[:at] + part + data[at:], f"{length} bytes twice at {at}", damage=True)
    if kind == 3:
        noise = rng.integers(0, 256, length, dtype=np.uint8).tobytes()
        return Mutant(data[:at] + noise + data[at:], f"{length} bytes put in at {at}", damage=True)
    if kind == 4:
        return Mutant(data[:at], f"cut to {at} bytes", damage=True)
    if kind == 5:
        other = int(rng.integers(size))
        swapped = bytearray(data)
        swapped[at], swapped[other] = swapped[other], swapped[at]
        return Mutant(bytes(swapped), f"bytes {at} and {other} swapped", damage=True)
    text = pick(rng, CELLS).encode()
    return Mutant(data[:at] + text + data[at:], f"{short(text)} put in at {at}", damage=True)


def change_lines(data: bytes, rng: Generator) -> Mutant:
    """Shuffle, repeat, drop, join or break lines."""
    lines = data.split(b"\n")
    at, kind = int(rng.integers(len(lines))), int(rng.integers(6))
    if kind == 0:
        order = rng.permutation(len(lines))
        return Mutant(b"\n".join(lines[i] for i in order), "lines shuffled")
    if kind == 1:
        return Mutant(b"\n".join([*lines[: at + 1], *lines[at:]]), f"line {at + 1} twice")
    if kind == 2:
        return Mutant(b"\n".join(lines[:at] + lines[at + 1 :]), f"line {at + 1} dropped")
    if kind == 3:
        return Mutant(b"\n".join([*lines[:at], b"", b" ", *lines[at:]]), f"blanks before {at + 1}")
    if kind == 4:
        half = len(lines[at]) // 2
        broken = [*lines[:at], lines[at][:half], lines[at][half:], *lines[at + 1 :]]
        return Mutant(b"\n".join(broken), f"line {at + 1} broken in two")
    joined = b"".join(lines[at : at + 2])
    return Mutant(b"\n".join([*lines[:at], joined, *lines[at + 2 :]]), f"line {at + 1} joined")


@dataclass(frozen=True)
class Table:
    """Cells of a table as text; `form` is csv, tsv, ndjson or parquet."""

    header: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    form: str
    types: Mapping[str, Any] = field(default_factory=dict)

    def write(self) -> bytes:
        """The bytes of a file."""
        if self.form in ("csv", "tsv"):
            text = io.StringIO()
            style: dict[str, Any] = {"lineterminator": "\n"}
            if self.form == "tsv":
                lines = ["\t".join(map(_cell, row)) for row in (self.header, *self.rows)]
                return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")
            csv.writer(text, **style).writerows([self.header, *self.rows])
            return text.getvalue().encode("utf-8", "surrogatepass")
        if self.form == "ndjson":
            records = [dict(zip(self.header, row, strict=False)) for row in self.rows]
            return "".join(json.dumps(r) + "\n" for r in records).encode()
        buffer = io.BytesIO()
        self.frame().write_parquet(buffer)
        return buffer.getvalue()

    def frame(self) -> pl.DataFrame:
        """The table as a frame of text columns, and of the types that are given."""
        columns = [
            pl.Series(name, [None if r[k] == "" else _cell(r[k]) for r in self.rows], pl.String)
            for k, name in enumerate(self.header)
        ]
        return pl.DataFrame(columns)


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _known(table: Table) -> dict[str, Any]:
    def is_blank(value: Any) -> bool:
        return value is None or (isinstance(value, str) and not value.strip())

    filled = {
        name: sum(not is_blank(row[k]) for row in table.rows) for k, name in enumerate(table.header)
    }
    return {"rows": len(table.rows), "filled": filled}


def change_table(table: Table, rng: Generator) -> Mutant:
    """Replace cells, shuffle rows or columns, swap or double columns or the header."""
    kind = int(rng.integers(13))
    if kind == 12 and (mutant := change_ids(table, rng)):
        return mutant
    header, rows = list(table.header), [list(row) for row in table.rows]
    at, column = int(rng.integers(len(rows))), int(rng.integers(len(header)))
    if kind <= 5:
        cells = []
        pool = CELLS if table.form != "ndjson" or rng.random() < 0.5 else VALUES
        for _ in range(int(rng.integers(1, 4))):
            r, c, value = int(rng.integers(len(rows))), column, pick(rng, pool)
            if table.form == "tsv" and isinstance(value, str):
                value = re.sub(r"[\t\r\n]", " ", value)
            rows[r][c] = value
            cells.append((header[c], r, value))
        final = {r: rows[r][column] for _, r, _ in cells}
        changed = replace(table, rows=tuple(map(tuple, rows)))
        what = f"{header[column]} := " + ", ".join(
            f"{short(v)} (row {r + 1})" for r, v in final.items()
        )
        texts = tuple((header[column], r, v) for r, v in final.items() if isinstance(v, str))
        return Mutant(changed, what, cells=texts, **_known(changed))
    if kind == 6:
        value = pick(rng, CELLS)
        if table.form == "tsv":
            value = re.sub(r"[\t\r\n]", " ", value)
        for row in rows:
            row[column] = value
        changed = replace(table, rows=tuple(map(tuple, rows)))
        texts = tuple((header[column], r, value) for r in range(len(rows)))
        return Mutant(
            changed, f"all of {header[column]} := {short(value)}", cells=texts, **_known(changed)
        )
    if kind == 7:
        changed = replace(table, rows=tuple(tuple(rows[i]) for i in rng.permutation(len(rows))))
        return Mutant(changed, "rows shuffled", harmless=True, **_known(changed))
    if kind == 8:
        order = rng.permutation(len(header))
        changed = replace(
            table,
            header=tuple(header[i] for i in order),
            rows=tuple(tuple(row[i] for i in order) for row in rows),
        )
        return Mutant(changed, "columns reordered", harmless=True, **_known(changed))
    if kind == 9:
        other = int(rng.integers(len(header)))
        what = f"names of {header[column]} and {header[other]} swapped"
        header[column], header[other] = header[other], header[column]
        return Mutant(replace(table, header=tuple(header)), what)
    if kind == 10 and table.form != "parquet":
        rows.insert(at, list(header))
        changed = replace(table, rows=tuple(map(tuple, rows)))
        return Mutant(changed, f"header again as row {at + 1}")
    name = header[column]
    forms = (name.upper(), f" {name}", f"{name} ", name[:-1], f"{name}s", "", f"\ufeff{name}", "x")
    header[column] = pick(rng, forms)
    if header[column] in table.header:
        header[column] = "x"
    return Mutant(
        replace(table, header=tuple(header)), f"column {name} named {short(header[column])}"
    )


def change_ids(table: Table, rng: Generator) -> Mutant | None:
    """Ids as other tools spoil them; `None` if the table has none of the kind."""
    named = [k for k, name in enumerate(table.header) if name.endswith("_id")]
    if not named or not table.rows:
        return None
    column, kind = pick(rng, named), int(rng.integers(3))
    name, old = table.header[column], [row[column] for row in table.rows]
    flags: dict[str, Any] = {}
    if kind == 0 and all(v.isdecimal() and len(v) > 17 for v in old):
        new = [str(int(float(v)) // 10**6 * 10**6) for v in old]
        what, flags = f"digits of {name} lost to zeros", {"doubtful": True}
    elif kind == 1 and name in ("group_id", "sound_id"):
        new = [f"{0xA41F09BC + 7919 * k:08x}" for k in range(len(old))]
        new[0] = "7e392803"
        what, flags = f"{name} := digests such as 7e392803", {"harmless": True}
    elif str(old[0]).isdecimal():
        new = [f"{old[0]}.0", *old[1:-1], old[0]]
        what = f"{name} := {short(new[0])} beside {short(old[0])}"
    else:
        return None
    rows = [(*r[:column], v, *r[column + 1 :]) for r, v in zip(table.rows, new, strict=True)]
    changed = replace(table, rows=tuple(rows))
    return Mutant(changed, what, **flags, **_known(changed))


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all values inside a JSON value."""
    if isinstance(value, dict):
        keys: Any = list(value)
    elif isinstance(value, list):
        keys = range(len(value))
    else:
        return [path]
    inner = [p for key in keys for p in paths_of(value[key], (*path, key))]
    return [path, *inner] if path else inner


def change_json(value: Any, rng: Generator) -> Mutant:
    """Drop, rename, repeat or replace a key or entry, or nest it deeply."""
    changed = copy.deepcopy(value)
    paths = paths_of(changed)
    if not paths:
        return Mutant(pick(rng, VALUES), "replaced as a whole")
    path = pick(rng, paths)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    key, where = path[-1], ".".join(map(str, path))
    kind = int(rng.integers(8))
    if kind == 0:
        del holder[key]
        return Mutant(changed, f"{where} dropped")
    if kind == 1 and isinstance(holder, dict):
        name = pick(rng, (key.upper(), f"{key}s", key[:-1], f" {key}", "", "x", f"{key}\x00"))
        holder[name] = holder.pop(key)
        return Mutant(changed, f"{where} named {short(name)}")
    if kind == 2 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
        return Mutant(changed, f"{where} twice")
    if kind == 3:
        holder[key] = [holder[key]]
        return Mutant(changed, f"{where} in a list")
    if kind == 4 and isinstance(holder[key], str | int | float):
        old = holder[key]
        holder[key] = str(old) if not isinstance(old, str) else {"text": old}
        return Mutant(changed, f"{where} of another type")
    if kind == 5:
        depth = int(rng.integers(2, 3000))
        # nested when it is written: the encoder has a limit of its own
        inner, holder[key] = json.dumps(holder[key]), DEEP
        return Mutant(changed, f"{where} in {depth} lists", cells=((inner, depth, ""),))
    new = pick(rng, VALUES) if kind < 7 else pick(rng, CELLS)
    holder[key] = copy.deepcopy(new)
    return Mutant(changed, f"{where} := {short(new)}")


def write_json(mutant: Mutant, lines: bool) -> bytes:
    """Bytes of a changed JSON value, one line per entry if asked for."""
    text = _dump(mutant.value, lines)
    for inner, depth, _ in mutant.cells:
        text = text.replace(json.dumps(DEEP), "[" * depth + inner + "]" * depth)
    return text.encode()


def _dump(value: Any, lines: bool) -> str:
    if lines and isinstance(value, list):
        return "".join(json.dumps(entry) + "\n" for entry in value)
    return json.dumps(value)


#: Keys and columns of times and of ids, in the words of many platforms.
_TIMED = re.compile(r"time|date|created|utc|since|published|collected|seen", re.I)
_NAMED = re.compile(r"id$|^id|uri|link|url|href|user|author|account|parent|subject|did|name", re.I)

#: Times that no record has, or not in this form.
MOMENTS: tuple[Any, ...] = (
    *(0, -1, 1, 1e18, 2**53 + 1, 2**63, -(2**63), 10**30, 1717081224.5, 1717081224000, True, None),
    *("", "0", "-1", "1717081224", "1717081224.5", "1717081224000", "1.7E9", "NaN", "Infinity"),
    *("2024-02-30", "2024-06-01T25:00:00Z", "2024-06-01T00:00:00+14:00", "2024-06-01 00:00"),
    *("0000-00-00 00:00:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1 juni 2024"),
    *("Wed Feb 30 12:00:00 +0000 2024", "Thu Foo 01 12:00:00 +0000 2024", "24:00", [], {"a": 1}),
    *(float("nan"), 253402300800, 2**31 - 1, "2024-06-01T00:00:00.1234567890Z", "٢٠٢٤-٠٦-٠١"),
)
#: Ids that other tools spoil, or that no account or item has.
IDENTS: tuple[Any, ...] = (
    *(0, -1, 1, 2**53 + 1, 2**63, 2**64, 10**30, 1.5, 7.3e18, True, None, [1], {"id": 1}, []),
    *("", " ", "0", "007", "7.3E18", "7,3E+18", "12.0", "null", "None", "NaN", "nan", "<NA>"),
    *("a\x00b", "\ufffd", "\ufeffa", "a\nb", "a b", "\u202ea", "@", "@@a", "#", "x" * 3000, "é"),
    *("at://", "at://did:plc:x", "https://", "https://www.tiktok.com/@/video/", "t3_", "t9_x"),
    *("[deleted]", "[removed]", "a,b", "a;b", '"', "\\", "\ud83d", "9" * 19, "9" * 40),
)


def change_odd(value: Any, rng: Generator) -> Mutant:
    """Set times and ids inside a JSON value to odd ones, or give a key of all records another type."""
    changed = copy.deepcopy(value)
    held = [p for p in paths_of(changed) if isinstance(p[-1], str)]
    odd = [p for p in held if _TIMED.search(p[-1]) or _NAMED.search(p[-1])]
    if not odd:
        return change_json(value, rng)
    path = pick(rng, odd)
    name, where = path[-1], ".".join(map(str, path))
    new = pick(rng, MOMENTS if _TIMED.search(name) else IDENTS)
    if rng.random() < 0.6:
        _set(changed, path, copy.deepcopy(new))
        return Mutant(changed, f"{where} := {short(new)}")
    same = [p for p in held if p[-1] == name]
    cast = pick(rng, (str, float, _listed, _worded, None))
    for one in same:
        try:
            _set(changed, one, new if cast is None else cast(_get(changed, one)))
        except (KeyError, IndexError, TypeError, ValueError, OverflowError):
            continue
    what = short(new) if cast is None else cast.__name__.strip("_")
    return Mutant(changed, f"all {name} := {what}")


def _listed(value: Any) -> list[Any]:
    return [value]


def _worded(value: Any) -> Any:
    return int(value) if isinstance(value, str) else {"text": value}


def _get(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _set(value: Any, path: tuple[Any, ...], new: Any) -> None:
    _get(value, path[:-1])[path[-1]] = new


def change_records(records: list[Any], others: Any, rng: Generator) -> Mutant:
    """Shuffle, double, drop or replace whole records; `others` are records of other formats."""
    changed, kind = list(records), int(rng.integers(6))
    at = int(rng.integers(len(records)))
    if kind == 0:
        return Mutant([records[i] for i in rng.permutation(len(records))], "records shuffled")
    if kind == 1:
        changed.insert(at, records[at])
        return Mutant(changed, f"record {at + 1} twice")
    if kind == 2:
        del changed[at]
        return Mutant(changed, f"record {at + 1} dropped")
    new = pick(rng, others) if kind > 3 else pick(rng, VALUES)
    what = f"a record {'of another format' if kind > 3 else short(new)}"
    if kind == 5:
        changed.insert(at, new)
        return Mutant(changed, f"{what} before record {at + 1}")
    changed[at] = new
    return Mutant(changed, f"{what} as record {at + 1}")


def change_xml(data: bytes, rng: Generator) -> Mutant:
    """Drop, double, move or rename an element or an attribute, or replace its value."""
    root = ElementTree.fromstring(data)
    holders = {child: parent for parent in root.iter() for child in parent}
    node = pick(rng, list(holders))
    name, kind = node.tag.rpartition("}")[2], int(rng.integers(8))
    if kind == 0:
        holders[node].remove(node)
        what = f"<{name}> dropped"
    elif kind == 1:
        holders[node].append(copy.deepcopy(node))
        what = f"<{name}> twice"
    elif kind == 2:
        node.tag = pick(rng, (f"{node.tag}s", name.upper(), "x", pick(rng, list(holders)).tag))
        what = f"<{name}> named {short(node.tag.rpartition('}')[2])}"
    elif kind == 3:
        other = pick(rng, list(holders))
        if node not in other.iter() and other not in node.iter():
            holders[node].remove(node)
            other.append(node)
        what = f"<{name}> moved into <{other.tag.rpartition('}')[2]}>"
    elif kind == 4 or not node.attrib:
        node.text = _plain(pick(rng, CELLS))
        what = f"text of <{name}> := {short(node.text)}"
    else:
        key = pick(rng, sorted(node.attrib))
        value = node.attrib.pop(key)
        what = f"{name}.{key} dropped"
        if kind == 6:
            node.set(f"{key}s", value)
            what = f"{name}.{key} named {key}s"
        elif kind == 7:
            new = pick(rng, (*map(str, IDENTS), *CELLS, *(n.get(key, "") for n in holders)))
            node.set(key, _plain(new))
            what = f"{name}.{key} := {short(node.get(key))}"
    return Mutant(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True), what)


def _plain(text: str) -> str:
    """A text without characters that XML cannot hold."""
    return "".join(
        c for c in text if c in "\t\n" or " " <= c < "\ud800" or "\ue000" <= c < "\ufffe"
    )


def change_packed(data: bytes, rng: Generator) -> Mutant:
    """Cut a compressed file, repeat it, or put other bytes behind it; or change its bytes."""
    kind = int(rng.integers(6))
    if kind == 0:
        cut = len(data) - int(rng.integers(1, min(24, len(data))))
        return Mutant(data[:cut], f"packed: cut to {cut} of {len(data)} bytes", damage=True)
    if kind == 1:
        return Mutant(data + data, "packed: twice, one behind the other")
    if kind == 2:
        tail = pick(
            rng, (b"\x00" * 9, b"\n", b"garbage", b"\x1f\x8b", b"(\xb5/\xfd", b"PK\x03\x04")
        )
        return Mutant(data + tail, f"packed: {tail[:4]!r} behind the end", damage=True)
    if kind == 3:
        return Mutant(b"", "packed: empty", damage=True)
    mutant = change_bytes(data, rng)
    return replace(mutant, what=f"packed: {mutant.what}")


def change_toml(data: bytes, rng: Generator) -> Mutant:
    """Replace a value or key of a TOML file, put tokens in, or change lines."""
    kind = int(rng.integers(5))
    if kind == 0:
        return change_lines(data, rng)
    lines = data.decode().split("\n")
    with_value = [i for i, line in enumerate(lines) if " = " in line]
    if kind == 4 or not with_value:
        token, at = pick(rng, _TOKENS), int(rng.integers(len(lines)))
        lines.insert(at, pick(rng, (token, f"x = {token}", f"[{token}]")))
        return Mutant("\n".join(lines).encode(), f"line {short(lines[at])} put in")
    at = pick(rng, with_value)
    key, _, value = lines[at].partition(" = ")
    if kind == 1:
        name = pick(rng, (key.upper(), f"{key}s", key[:-1], f'"{key}"', '""', "x", f"a.{key}"))
        lines[at] = f"{name} = {value}"
        return Mutant("\n".join(lines).encode(), f"{key} named {short(name)}")
    token = pick(rng, (*_TOKENS, *map(json.dumps, CELLS)))
    lines[at] = f"{key} = {token}"
    return Mutant("\n".join(lines).encode(), f"{key} = {short(token)}")


def change_npz(data: bytes, rng: Generator) -> Mutant:
    """Change one array of an ``.npz`` file, or its header, and write the file anew."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    name = pick(rng, sorted(arrays))
    array, kind = arrays[name], int(rng.integers(7))
    if name == "header":
        header = json.loads(array.tobytes().decode())
        changed = change_json(header, rng)
        arrays[name] = np.frombuffer(write_json(changed, False), np.uint8)
        what = f"header: {changed.what}"
    elif kind == 0:
        del arrays[name]
        what = f"array {name} dropped"
    elif kind == 1:
        arrays[name], what = array[: array.shape[0] // 2], f"array {name} halved"
    elif kind == 2:
        dtype = pick(rng, ("float32", "int8", "U5", "bool", "complex128", "S3", "uint64"))
        with np.errstate(all="ignore"):
            arrays[name], what = array.astype(dtype), f"array {name} as {dtype}"
    elif kind == 3:
        arrays[name], what = array.reshape(1, *array.shape), f"array {name} with one more axis"
    elif kind == 4 and array.size:
        values = array.copy()
        number = pick(rng, (-1, 0, 2**31 - 1, -(2**31), 10**18, np.nan, np.inf, 255))
        if array.dtype.kind not in "fc" and not np.isfinite(number):
            number = 120
        with np.errstate(all="ignore"):
            values.flat[int(rng.integers(array.size))] = np.asarray(number).astype(array.dtype)
        arrays[name], what = values, f"array {name}: an entry := {number}"
    elif kind == 5:
        arrays[name], what = np.concatenate([array, array]), f"array {name} twice as long"
    else:
        arrays[name], what = array[::-1].copy(), f"array {name} reversed"
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return Mutant(buffer.getvalue(), what)


def change_zip(data: bytes, rng: Generator) -> Mutant:
    """Repeat or rename a member of an archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        names = old.namelist()
        chosen = pick(rng, names)
        for name in names:
            target = f"x{name}" if name == chosen else name
            new.writestr(zipfile.ZipInfo(target, (1980, 1, 1, 0, 0, 0)), old.read(name))
    return Mutant(buffer.getvalue(), f"member {chosen} renamed")


def columns_of_types(n: int) -> list[tuple[str, Any]]:
    """Columns of every kind that no schema expects: name of the type, series of n values."""
    days = [timedelta(days=k) for k in range(n)]
    return [
        ("Struct", pl.Series([{"a": k} for k in range(n)])),
        ("List(Int64)", pl.Series([[k] for k in range(n)])),
        ("List(List)", pl.Series([[[str(k)]] for k in range(n)])),
        ("Array(2)", pl.Series([[1.0, k] for k in range(n)], dtype=pl.Array(pl.Float64, 2))),
        ("Binary", pl.Series([b"\xff\x00"] * n)),
        ("Duration", pl.Series(days)),
        ("Time", pl.Series(range(n), dtype=pl.Int64).cast(pl.Time)),
        ("Date", pl.Series(range(n), dtype=pl.Int32).cast(pl.Date)),
        ("Decimal", pl.Series([Decimal(k) / 2 for k in range(n)])),
        ("Int128", pl.Series([2**100 + k for k in range(n)], dtype=pl.Int128)),
        ("UInt64", pl.Series([2**64 - 1 - k for k in range(n)], dtype=pl.UInt64)),
        ("Int8", pl.Series([k % 100 for k in range(n)], dtype=pl.Int8)),
        ("Float64", pl.Series([float(k) for k in range(n)])),
        ("Float64 NaN", pl.Series([float("nan")] * n)),
        ("Float64 inf", pl.Series([float("inf")] * n)),
        ("Categorical", pl.Series([str(k) for k in range(n)], dtype=pl.Categorical)),
        ("Enum", pl.Series(["a"] * n, dtype=pl.Enum(["a"]))),
        ("Boolean", pl.Series([True] * n)),
        ("Null", pl.Series([None] * n)),
        ("Object", pl.Series([object() for _ in range(n)], dtype=pl.Object)),
        ("Datetime ns far", pl.Series([2**62] * n).cast(pl.Datetime("ns"))),
        ("Datetime us far", pl.Series([2**62] * n).cast(pl.Datetime("us"))),
        ("Datetime ms far", pl.Series([2**62] * n).cast(pl.Datetime("ms"))),
        ("Datetime of a zone", pl.Series([10**15] * n).cast(pl.Datetime("us", "Europe/Madrid"))),
    ]


def change_frame(frame: pl.DataFrame, rng: Generator) -> Mutant:
    """Replace a column by one of another type."""
    name = pick(rng, frame.columns)
    label, series = pick(rng, columns_of_types(frame.height))
    return Mutant(frame.with_columns(series.alias(name)), f"{name} as {label}")

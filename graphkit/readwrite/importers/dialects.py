"""Dialects of tables: which column of a delimited file or of Parquet means what, as TOML.

A file of dialects beside this module holds formats, a format the kinds of records of its files:

* ``needs``, ``lacks``: columns that a file must and must not have (``"id|video_id"``: either);
* ``signs``: columns of which one must be there, or else ``format=`` has to name the format;
* ``file``: regular expression of its name; ``names``: names of the columns if there is no header;
* ``exact``: whether rows with fewer cells than the header are dropped;
* ``lost``: why no record can be kept, if only what they mention is read;
* ``like``: a kind of records of the format, of which the rest is taken;
* ``columns``: each column that is read, and what it is (:class:`Column`);
* the tables of a dataset that the records give, the principal one first: for each column of the
  schema the column read, ``"=text"`` for one value in all rows, ``"@account"`` for the account
  that ``account=`` names and ``"@row"`` for the number of the row, from 0 on.

A record that lacks what the principal table requires is dropped and counted.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from graphkit.data.cells import split_lists
from graphkit.data.ids import take_ids
from graphkit.data.schema import TABLES
from graphkit.data.times import PLAUSIBLE, TIME, parse_times
from graphkit.errors import DataError, FileError, OptionError
from graphkit.readwrite.delimited import read_delimited
from graphkit.readwrite.extract import Extract, Importer, ImportOptions, merge_rows
from graphkit.readwrite.gather import read_each
from graphkit.readwrite.local_times import read_local_times
from graphkit.readwrite.records import id_text
from graphkit.readwrite.source import Sample
from graphkit.readwrite.tiktok_ids import take_handles

__all__ = ["Column", "Entry", "Format", "Shape", "importers_of", "load_formats"]

#: Counts of items beyond the schema.
COUNTS = ("view_count", "like_count", "comment_count", "share_count", "favorites_count")

As = Literal["id", "handle", "time", "local time", "integer", "number", "text", "list"]

#: What a column of the schema may be made from, by its type.
_FITS: dict[str, tuple[str, ...]] = {
    "id": ("id", "handle", "list"),
    "text": ("text", "id"),
    "kind": ("text",),
    "time": ("time", "local time"),
    "float": ("number",),
    "count": ("integer",),
    "texts": ("list",),
}


class Column(BaseModel):
    """What a column of a file is, and how its cells are read.

    Attributes
    ----------
    kind
        ``as`` in TOML. ``"handle"`` is an id in lower case without ``@``; ``"local time"`` has no
        offset, see :func:`read_local_times`.
    of
        Columns of the file, the first value that is there; by default that of this name.
    glue
        Text that joins the columns instead, all of which must be there.
    pattern
        Regular expression whose first group is the value.
    key
        Lists only: the cell is JSON, a list of objects of which this key is read.
    separator
        Lists only: text between entries.
    missing
        Words without a value.
    prefix
        Ids only: text put before them, if they share a space of ids with others.
    per
        Numbers only: number by which they are divided, such as 1000 from milliseconds to seconds,
        or column of the file.
    form
        Times only: form of digits that are no ISO 8601, in the signs of strptime.
    ids
        Local times only: column of ids of TikTok, which hold the time.
    known
        Handles only: columns of a handle and its id in the same file, by which ids replace handles.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: As = Field(alias="as")
    of: tuple[str, ...] = ()
    glue: str | None = None
    pattern: str | None = None
    key: str | None = None
    separator: str | None = None
    missing: tuple[str, ...] = ()
    prefix: str = ""
    per: int | str | None = None
    form: str | None = None
    ids: str | None = None
    known: tuple[str, str] | None = None


class Entry(BaseModel):
    """Rows of one table that each record gives.

    Attributes
    ----------
    table
        The table.
    columns
        Column of the table → source.
    where
        Column read → condition: ``"yes"``, ``"no"``, ``"filled"``, ``"empty"`` or ``">= 4"``.
    listed, asked
        Follows only: the account in the list, and that which was asked, if only ``direction=``
        says who follows whom.
    records
        Kind of record under which the rows are counted once more, for rows that need ``account=``
        and are dropped without it.
    separator, file
        Only in files with this separator, or whose name fits this regular expression.
    needs, lacks
        Only in files with, or without, these columns.
    note
        What the report says of the rows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    columns: dict[str, str]
    where: dict[str, str] = {}
    listed: str | None = None
    asked: str | None = None
    records: str | None = None
    separator: str | None = None
    file: str | None = None
    needs: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    note: str | None = None


class Shape(BaseModel):
    """Files of one kind of record; see the module."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    records: str
    needs: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    file: str | None = None
    names: tuple[str, ...] | None = None
    exact: bool = False
    lost: str | None = None
    columns: dict[str, Column]
    entries: tuple[Entry, ...] = Field(min_length=1)

    @field_validator("columns", mode="before")
    @classmethod
    def _expand(cls, columns: dict[str, Any]) -> dict[str, Any]:
        full: dict[str, dict[str, Any]] = {
            n: {"as": c} if isinstance(c, str) else dict(c) for n, c in columns.items()
        }
        for name, column in full.items():
            column.setdefault("of", [name])
        return full

    def fits(self, sample: Sample) -> bool:
        """Whether a file is of this shape."""
        if self.file is not None and not re.search(self.file, sample.source.name):
            return False
        header = sample.header
        if self.names is not None:
            # a row of data in place of a header: ids and numbers
            number = bool(header) and header[0].isdecimal()
            return sample.kind == "delimited" and len(header) == len(self.names) and number
        there = all(any(c in header for c in need.split("|")) for need in self.needs)
        return there and not any(column in header for column in self.lacks)

    def tell(self, sample: Sample) -> str:
        """What speaks for this shape in a file, in words."""
        if self.names is not None:
            return f"its name, and its {len(self.names)} columns without a header"
        told = [next(c for c in need.split("|") if c in sample.header) for need in self.needs]
        more = ", …" if len(told) > 8 else ""
        return f"its columns are {', '.join(told[:8])}{more}"


class Format(BaseModel):
    """A format: its name, what its files are in words, and their shapes.

    `missing` are words without a value in all columns, and `missing_fields` the column which names
    those columns of a row whose value was made up.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    holds: str
    missing: tuple[str, ...] = ()
    missing_fields: str | None = None
    shapes: tuple[Shape, ...] = Field(min_length=1)

    def shape_of(self, sample: Sample) -> Shape | None:
        """The shape of a file, `None` if it has another format."""
        if sample.kind not in ("delimited", "parquet", "arrow"):
            return None
        return next((shape for shape in self.shapes if shape.fits(sample)), None)

    def recognise(self, sample: Sample) -> str | None:
        """What speaks for this format in a file."""
        shape = self.shape_of(sample)
        if shape is None or (shape.signs and not any(s in sample.header for s in shape.signs)):
            return None
        return shape.tell(sample)

    def read(self, samples: Sequence[Sample], options: ImportOptions) -> Extract:
        """Extract of files of this format; a file that cannot be used is listed, unless all are."""
        extract = Extract()
        # of two files that describe an item, the first shape completes before the others
        order = {sample.source: self._position(sample) for sample in samples}
        ranked = sorted(samples, key=lambda sample: order[sample.source])
        read_each(ranked, extract, lambda sample, part: self._read_file(sample, options, part))
        return extract

    def _position(self, sample: Sample) -> int:
        shape = self.shape_of(sample)
        return len(self.shapes) if shape is None else self.shapes.index(shape)

    def _read_file(self, sample: Sample, options: ImportOptions, extract: Extract) -> None:
        shape = self.shape_of(sample)
        if shape is None:
            raise FileError(f"{sample.source.place} is not {self.holds}.")
        # no name for the cells here, so that they are freed once they are parsed
        _Reader(shape, sample, options, extract, self._cells(shape, sample, extract)).read()

    def _cells(self, shape: Shape, sample: Sample, extract: Extract) -> pl.DataFrame:
        """Columns of a file that are used, as text."""
        used = {name for column in shape.columns.values() for name in (*column.of, column.per)}
        frame = read_delimited(
            sample,
            shape.records,
            extract,
            names=shape.names,
            columns=sorted(n for n in {*used, self.missing_fields} if isinstance(n, str)),
            exact=shape.exact,
        )
        text = [n for n, dtype in frame.schema.items() if dtype == pl.String]
        if shape.names is None and len(text) > 1:
            # files to which a program appends may hold their header again
            again = pl.all_horizontal((pl.col(n) == n).fill_null(False) for n in text)
            if headers := int(frame.select(again.sum()).item()):
                extract.dropped[shape.records, "the header again"] += headers
                frame = frame.filter(~again)
        return self._without_missing(frame)

    def _without_missing(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Cells of text without words for missing values and made-up defaults."""
        text = [n for n, dtype in frame.schema.items() if dtype == pl.String]
        if text:
            # cells that are empty between quotes, too
            bare = pl.col(text).str.strip_chars()
            frame = frame.with_columns(
                pl.when(~bare.is_in(["", *self.missing])).then(pl.col(text)).name.keep()
            )
        if self.missing_fields in frame.columns:
            told = frame.get_column(self.missing_fields)
            if told.null_count() < len(told):
                named = told.str.replace_all(r"\s", "").str.split(",").alias("_named")
                frame = frame.with_columns(named).with_columns(
                    pl.when(~pl.col("_named").list.contains(n).fill_null(False))
                    .then(pl.col(n))
                    .alias(n)
                    for n in text
                )
                frame = frame.drop("_named")
        return frame


class _Reader:
    """Reads one file: its columns, then the rows of each table."""

    def __init__(
        self,
        shape: Shape,
        sample: Sample,
        options: ImportOptions,
        extract: Extract,
        frame: pl.DataFrame,
    ) -> None:
        self.shape, self.sample, self.options, self.extract = shape, sample, options, extract
        self.raw, self.height = frame, frame.height
        self.columns: dict[str, pl.Series] = {}
        self.kept = pl.repeat(True, frame.height, eager=True)

    def read(self) -> None:
        """Fill the extract."""
        order = sorted(
            self.shape.columns.items(), key=lambda c: (c[1].known, c[1].ids) != (None, None)
        )
        for name, column in order:
            series = self._source(name, column)
            if series is not None:
                self.columns[name] = self._parse(name, column, series)
        self.raw = pl.DataFrame()
        entries = [entry for entry in self.shape.entries if self._applies(entry)]
        first = entries[0]
        needed = [c.name for c in TABLES[first.table].columns if c.required]
        sources = [first.columns.get(target) for target in dict.fromkeys([*needed, "item_id"])]
        for source in [*sources, first.listed, first.asked]:
            if source is not None and source[:1] not in ("=", "@"):
                self._require(source)
        for entry in entries:
            self._add(entry, principal=entry is first)
        if self.shape.lost is not None:
            self.extract.dropped[self.shape.records, self.shape.lost] += int(self.kept.sum())

    def _note(self, text: str, count: Any) -> None:
        if count:
            self.extract.notes[self.shape.records, text] += int(count)

    def _place(self, name: str) -> str:
        return f"{self.sample.source.place}: column {name!r}"

    def _source(self, name: str, column: Column) -> pl.Series | None:
        """Cells of a column, `None` if the file lacks it."""
        there = [c for c in column.of if c in self.raw.columns]
        if not there or (column.glue is not None and len(there) < len(column.of)):
            return None
        if len(there) == 1:
            series = self.raw.get_column(there[0]).alias(there[0])
        else:
            joined = (
                pl.coalesce(there)
                if column.glue is None
                else pl.concat_str(there, separator=column.glue)
            )
            series = self.raw.select(joined.alias(name)).to_series()
        if series.dtype != pl.String:
            return series.alias(name) if column.kind == "list" else series
        if column.missing:
            series = series.set(
                series.str.strip_chars().is_in(list(column.missing)).fill_null(False), None
            )
        if column.pattern is not None and column.kind != "list":
            series = series.str.extract(column.pattern, 1)
        return series

    def _parse(self, name: str, column: Column, series: pl.Series) -> pl.Series:
        place, seen = self._place(series.name), Counter[str]()
        if column.kind == "list":
            parsed = self._parse_list(column, series, place, seen)
        elif series.dtype != pl.String:
            raise DataError(
                f"{place} holds lists, where single values are needed: export it again."
            )
        elif column.kind == "id":
            parsed = take_ids(series, place, changes=seen)
        elif column.kind == "handle":
            parsed = take_handles(series, place, (), seen)
            if column.known is not None:
                parsed = self._replace_known(parsed, column.known)
            else:
                uid = int(parsed.str.contains("^[0-9]{15,}$").sum())
                self._note(f"{name}: a numeric id in place of a user name", uid)
        elif column.kind == "time":
            parsed = self._parse_time(name, column, series)
        elif column.kind == "local time":
            ids = self.columns.get(column.ids) if column.ids else None
            parsed = read_local_times(series, place, self.options.tz, ids=ids, notes=seen)
        elif column.kind == "text":
            text = series.str.replace_all("\x00", "", literal=True).str.strip_chars()
            parsed = text.set((text == "").fill_null(False), None)
        else:
            parsed = self._parse_number(name, column, series)
        for change, times in seen.items():
            self._note(change if column.kind == "list" else f"{name}: {change}", times)
        if column.prefix:
            parsed = (column.prefix + parsed).alias(name)
        return parsed.alias(name)

    def _parse_list(
        self, column: Column, series: pl.Series, place: str, seen: Counter[str]
    ) -> pl.Series:
        if column.key is not None and series.dtype == pl.String:
            parsed = _decode_objects(series, column.key)
            bad = parsed.is_null() & (series.str.strip_chars() != "")
            self._note(f"{series.name}: no JSON list of objects: set to missing", bad.sum())
            return parsed
        return split_lists(series, place, seen, column.separator)

    def _replace_known(self, names: pl.Series, known: tuple[str, str]) -> pl.Series:
        """Ids of handles whose id the file tells elsewhere; others get an @ before them."""
        handles, ids = (self.columns[c] for c in known)
        pairs = pl.DataFrame({"name": handles, "id": ids}).drop_nulls().unique("name")
        found = pl.DataFrame({"name": names}).join(
            pairs, on="name", how="left", maintain_order="left"
        )
        unknown = found.get_column("id").is_null() & names.is_not_null()
        self._note(f"{names.name}: an id is not in the file: @ and the user name", unknown.sum())
        return found.select(pl.coalesce("id", "@" + pl.col("name"))).to_series()

    def _parse_time(self, name: str, column: Column, series: pl.Series) -> pl.Series:
        at = None
        if column.form is not None:
            at = series.str.to_datetime(column.form, time_unit="us", strict=False)
            at = at.dt.replace_time_zone("UTC").to_physical()
            series = series.set(at.is_not_null(), None)
        read = parse_times(series, self._place(name)).at
        at = read if at is None else at.zip_with(at.is_not_null(), read)
        possible = at.is_between(*PLAUSIBLE, closed="left").fill_null(False)
        there = series.is_not_null() & (series.str.strip_chars() != "")
        self._note(f"{name}: no possible time: set to missing", (there & ~possible).sum())
        return at.set(~possible, None).cast(TIME)

    def _parse_number(self, name: str, column: Column, series: pl.Series) -> pl.Series:
        text = series.str.strip_chars()
        there = text.is_not_null() & ~text.is_in(["", "NaN", "nan", "NA", "None", "null"])
        if column.kind == "integer":
            # pandas writes whole numbers beside missing ones as 3.0
            text = text.str.replace(r"^([+-]?[0-9]+)\.0*$", "$1")
            numbers = text.cast(pl.Int64, strict=False)
        else:
            numbers = text.cast(pl.Float64, strict=False)
            numbers = numbers.set(~numbers.is_finite(), None)
            if isinstance(column.per, int):
                # Polars multiplies by the inverse of a single number, which is not exact
                numbers = numbers / pl.repeat(float(column.per), len(numbers), eager=True)
            elif column.per is not None and column.per in self.raw.columns:
                by = self.raw.get_column(column.per).cast(pl.Float64, strict=False)
                numbers = numbers / by.set((by <= 0).fill_null(False), None)
        self._note(f"{name}: no number: set to missing", (there & numbers.is_null()).sum())
        return numbers

    def _require(self, name: str) -> None:
        """Drop records without a value in a column."""
        series = self.columns.get(name)
        if series is None:
            raise DataError(f"{self.sample.source.place} has no column {name!r}, which is needed.")
        empty = series.is_null() if series.dtype != pl.List else series.list.len().fill_null(0) == 0
        if series.dtype == pl.List:
            # an empty list is a record of nothing; no list is none
            empty = series.is_null()
        if lost := int((empty & self.kept).sum()):
            self.extract.dropped[self.shape.records, f"no {name}"] += lost
            self.kept = self.kept & ~empty

    def _applies(self, entry: Entry) -> bool:
        if entry.separator is not None and (
            self.sample.kind != "delimited" or self.sample.separator != entry.separator
        ):
            return False
        if entry.file is not None and not re.search(entry.file, self.sample.source.name):
            return False
        header = self.shape.names or self.sample.header
        there = all(any(c in header for c in need.split("|")) for need in entry.needs)
        return there and not any(c in header for c in entry.lacks)

    def _condition(self, name: str, condition: str) -> pl.Series:
        series = self.columns.get(name)
        if series is None:
            return pl.repeat(False, self.height, eager=True)
        if condition in ("filled", "empty"):
            filled = series.is_not_null()
            return filled if condition == "filled" else ~filled
        if condition in ("yes", "no"):
            yes = series.cast(pl.String).str.to_lowercase().is_in(["1", "1.0", "true", "yes", "t"])
            return yes.fill_null(False) == (condition == "yes")
        least = float(condition.removeprefix(">="))
        return (series.cast(pl.Float64, strict=False) >= least).fill_null(False)

    def _add(self, entry: Entry, *, principal: bool) -> None:
        """Add the rows of a table."""
        rows = self.kept
        for name, condition in entry.where.items():
            rows = rows & self._condition(name, condition)
        count = int(rows.sum())
        sources = dict(entry.columns)
        if entry.listed is not None and entry.asked is not None:
            direction = self.options.require_direction(self.sample.source, self._asked(entry.asked))
            self._check_direction(direction)
            ends = (
                (entry.listed, entry.asked)
                if direction == "followers"
                else (entry.asked, entry.listed)
            )
            sources |= dict(zip(("follower_id", "followee_id"), ends, strict=True))
        account = None
        if "@account" in sources.values():
            if entry.records is None:
                account = self.options.require_account(self.sample.source, self.shape.records)
            else:
                self.extract.count(entry.records, count)
                account = self.options.account_of(self.sample.source)
                if account is None:
                    reason = "whose feed it was is not in the file: pass account="
                    self.extract.dropped[entry.records, reason] += count
                    return
            if entry.table == "accounts" and count > 1:
                raise DataError(
                    f"{self.sample.source.place} holds {count:,} profiles without their names, of "
                    "which account= could name but one: add a column 'username'."
                )
            if any(column.kind == "handle" for column in self.shape.columns.values()):
                account = account.strip().removeprefix("@").lower()
        frame = pl.DataFrame(
            {
                t: s
                for t, source in sources.items()
                if (s := self._value(source, account)) is not None
            }
        )
        frame = frame if rows.all() else frame.filter(rows)
        for target, dtype in frame.schema.items():
            spec = TABLES[entry.table].column(target)
            if isinstance(dtype, pl.List) and spec is not None and spec.type == "id":
                frame = frame.explode(target, empty_as_null=False)
        required = [c.name for c in TABLES[entry.table].columns if c.required]
        if any(c not in frame.columns for c in required):
            return
        holes = sum(frame.get_column(c).null_count() for c in required)
        whole = frame.drop_nulls(required) if holes else frame
        if lost := frame.height - whole.height:
            self._note(f"rows of {entry.table} without {' or '.join(required)}: left out", lost)
        whole = self._within_range(entry.table, whole)
        if not principal and TABLES[entry.table].key:
            # what events mention is no description of it
            whole = merge_rows(whole, TABLES[entry.table].key)
        self.extract.add(entry.table, whole)
        if entry.note is not None:
            self._note(entry.note, whole.height)

    def _check_direction(self, direction: str) -> None:
        """Refuse a file whose name says the other direction: one is passed for all files."""
        words = [word for word in ("follower", "following") if word in self.sample.source.name]
        if len(words) == 1 and not direction.startswith(words[0]):
            raise OptionError(
                f"{self.sample.source.place}: its name says {words[0]!r}, and "
                f"direction={direction!r} was passed: read the file apart, or rename it."
            )

    def _asked(self, name: str) -> str:
        """The column of the account that was asked, as the file names it."""
        column = self.shape.columns.get(name)
        of = () if column is None else column.of
        return next((c for c in of if c in self.sample.header), "account=")

    def _value(self, source: str, account: str | None) -> pl.Series | None:
        if source == "@account":
            return pl.repeat(account, self.height, dtype=pl.String, eager=True)
        if source == "@row":
            return pl.int_range(self.height, eager=True)
        if source.startswith("="):
            return pl.repeat(source[1:], self.height, dtype=pl.String, eager=True)
        return self.columns.get(source)

    def _within_range(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Numbers outside the range of their column set to missing, and noted."""
        for name in frame.columns:
            spec = TABLES[table].column(name)
            low = 0 if spec is None and name in COUNTS else spec.low if spec else None
            if low is not None:
                bad = (frame.get_column(name) < low).fill_null(False)
                self._note(f"{name} below {low:g}: set to missing", bad.sum())
                frame = frame.with_columns(frame.get_column(name).set(bad, None))
        return frame


def _decode_objects(series: pl.Series, key: str) -> pl.Series:
    """The values of a key in JSON lists of objects; null where a cell is none."""
    entry = msgspec.defstruct("entry", [(key, int | str | None, None)])
    decoder = msgspec.json.Decoder(list[entry])  # type: ignore[valid-type]

    def values(cell: str | None) -> list[str] | None:
        try:
            found = decoder.decode(cell or "")
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None
        return [text for one in found if (text := id_text(getattr(one, key))) is not None]

    # a cell by itself: Polars joins cells before it decodes them, so that they may shift
    cells = series.unique(maintain_order=True).drop_nulls()
    lists = pl.Series([values(cell) for cell in cells], dtype=pl.List(pl.String))
    table = pl.DataFrame({"cell": cells, "values": lists})
    joined = pl.DataFrame({"cell": series}).join(
        table, on="cell", how="left", maintain_order="left"
    )
    return joined.get_column("values").alias(series.name)


#: Keys of an entry that are no column of a table.
_RULES = tuple(name for name in Entry.model_fields if name not in ("table", "columns"))


def load_formats(file: Path) -> dict[str, Format]:
    """Formats of a file of dialects, by name.

    Raises
    ------
    DataError
        Naming what in the file has no meaning.
    """
    formats = {}
    for name, given in tomllib.loads(file.read_text(encoding="utf-8")).items():
        own = ("holds", "missing", "missing_fields")
        kinds = {records: value for records, value in given.items() if records not in own}
        shapes, place = [], f"{file.name}: {name}"
        try:
            for records, value in kinds.items():
                place = f"{file.name}: {name}.{records}"
                like = value.get("like", records)
                shapes.append(Shape(**_shape(like, kinds.get(like, {}) | value)))
            place = f"{file.name}: {name}"
            found = Format(
                name=name, shapes=tuple(shapes), **{k: given[k] for k in own if k in given}
            )
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise DataError(f"{place}: {where}: {first['msg']}.") from None
        for shape in found.shapes:
            for entry in shape.entries:
                _check_entry(f"{file.name}: {name}.{shape.records}.{entry.table}", shape, entry)
        formats[name] = found
    return formats


def _shape(records: str, given: dict[str, Any]) -> dict[str, Any]:
    """A shape as its class takes it: tables become entries, in the order of the file."""
    shape = {key: value for key, value in given.items() if key not in TABLES and key != "like"}
    entries = []
    for table in (key for key in given if key in TABLES):
        several = given[table] if isinstance(given[table], list) else [given[table]]
        for one in several:
            rules = {key: one[key] for key in _RULES if key in one}
            sources = {key: value for key, value in one.items() if key not in _RULES}
            entries.append({"table": table, "columns": sources, **rules})
    return {"records": records, "entries": entries, **shape}


def _check_entry(place: str, shape: Shape, entry: Entry) -> None:
    named = [*entry.where, *(s for s in (entry.listed, entry.asked) if s)]
    for target, source in entry.columns.items():
        spec = TABLES[entry.table].column(target)
        if spec is None and not (entry.table == "items" and target in COUNTS):
            raise DataError(f"{place}: {target!r} is no column of the table.")
        if source[:1] not in ("=", "@"):
            named.append(source)
            known = shape.columns.get(source)
            fits = _FITS[spec.type] if spec and spec.type in _FITS else ("integer",)
            if known is not None and known.kind not in fits:
                raise DataError(
                    f"{place}: {target!r} cannot be made from {known.kind}: {source!r}."
                )
    for source in named:
        if source != "@account" and source not in shape.columns:
            raise DataError(f"{place}: {source!r} is not among the columns that are read.")
    for condition in entry.where.values():
        if not re.fullmatch(r"yes|no|filled|empty|>= ?-?[0-9.]+", condition):
            raise DataError(f"{place}: the condition {condition!r} has no meaning.")


def importers_of(formats: dict[str, Format]) -> tuple[Importer, ...]:
    """Importers of formats."""
    return tuple(Importer(f.name, f.holds, f.recognise, f.read) for f in formats.values())

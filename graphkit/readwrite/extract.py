"""Extracts: what an importer takes from files, and how several become one dataset.

An importer reads the files of one format, and returns the rows of the six tables that they hold,
with a count of every record that was read, dropped or changed. :func:`combine` merges extracts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.provenance import Provenance
from graphkit.data.schema import TABLES
from graphkit.errors import MissingDataError, OptionError, shorten
from graphkit.readwrite.files import Counts
from graphkit.readwrite.source import Sample, Source

__all__ = ["Extract", "ImportOptions", "Importer", "combine", "join_files", "merge_rows"]

Direction = Literal["followers", "following"]

#: Kinds of times, the most telling first; a column of several kinds is of the last among them.
_TIME_ORDER = ("event", "bound", "collected", "item_created", "none")


@dataclass(frozen=True)
class ImportOptions:
    """What the person who imports says about files that do not say it themselves.

    Attributes
    ----------
    account
        The account whose likes, follows or feed a file holds: one for all files, or a mapping of
        files to accounts, where a file is the end of its path: ``"liked.json"``, ``"ann/liked.json"``.
    direction
        Whether lists of follows hold the ``"followers"`` of the account that was asked, or those
        whom it is ``"following"``.
    tz
        Time zone of times that are written without one, such as ``"+02:00"``.
    root
        Folder or file that is imported; exports without a name are named by their path in it.
    """

    account: str | Mapping[str, str] | None = None
    direction: Direction | None = None
    tz: str | None = None
    root: Path | None = None

    def account_of(self, source: Source) -> str | None:
        """The account that was given for a file, `None` without one."""
        if isinstance(self.account, Mapping):
            # of "liked.json" and "ann/liked.json", the one that says more
            fitting = [end for end in self.account if source.ends_with(end)]
            longest = max(fitting, key=lambda end: len(Path(end).parts), default="")
            return self.account[longest] if fitting else None
        return self.account

    def require_account(self, source: Source, what: str) -> str:
        """The account of a file; a :class:`MissingDataError` that asks for it."""
        found = self.account_of(source)
        if found is None:
            raise MissingDataError(
                f"{source.place} holds {what}, and does not say of whom: pass account='name', or for "
                f"several files account={{{source.parts[-1]!r}: 'name'}}."
            )
        return found

    def require_direction(self, source: Source, column: str) -> Direction:
        """The direction of a list of follows; a :class:`MissingDataError` that asks for it."""
        if self.direction is None:
            raise MissingDataError(
                f"{source.place}: the column {column!r} is the account that was asked, for lists of "
                "its followers and of those whom it follows alike: pass direction='followers' or "
                "direction='following'."
            )
        return self.direction


@dataclass
class Extract:
    """What an importer took from files.

    Attributes
    ----------
    tables
        Rows of the tables of a dataset, with columns of the schema (and numbers beyond it).
    read
        Number of records read, by kind of record, such as ``"videos"``.
    dropped, notes
        Records that were dropped, and changes that drop none, by (kind of record, reason).
    time_kinds
        What a time column records, as in a dataset; those of the schema are the default.
    refused
        Files that could not be used, with the reason.
    real_ids
        Words such as ``null`` that are names of accounts here, as in a dataset.
    renamed
        Owners of exports, as these name them, in whose place `account` was taken.
    """

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    dropped: Counts = field(default_factory=Counter)
    notes: Counts = field(default_factory=Counter)
    time_kinds: dict[str, str] = field(default_factory=dict)
    refused: dict[Source, str] = field(default_factory=dict)
    real_ids: set[str] = field(default_factory=set)
    renamed: set[str] = field(default_factory=set)

    def add(self, table: str, *frames: pl.DataFrame) -> None:
        """Add rows to a table; columns that one side lacks are missing there.

        Many frames are added in one call, for each call looks at all that is held.
        """
        parts = [frame for frame in frames if frame.height]
        if parts:
            held = [self.tables[table]] if table in self.tables else []
            self.tables[table] = pl.concat([*held, *parts], how="diagonal_relaxed")

    def count(self, table: str, rows: int) -> None:
        """Count records that were read."""
        self.read[table] = self.read.get(table, 0) + rows

    def take(self, part: Extract, tables: dict[str, list[pl.DataFrame]]) -> None:
        """Add what another one read, dropped and refused; its tables go to those to be joined."""
        for name, frame in part.tables.items():
            if frame.height:
                tables.setdefault(name, []).append(frame)
        for table, rows in part.read.items():
            self.count(table, rows)
        self.dropped.update(part.dropped)
        self.notes.update(part.notes)
        self.refused |= part.refused

    @property
    def kept(self) -> dict[str, int]:
        """Number of records that were not dropped, by kind of record."""
        lost: Counter[str] = Counter()
        for (table, _), rows in self.dropped.items():
            lost[table] += rows
        return {table: rows - lost[table] for table, rows in self.read.items()}


class Importer(NamedTuple):
    """Importer of a format.

    Attributes
    ----------
    name
        Name of the format, for ``format=``: ``"tiktok-export"``.
    holds
        What its files are, in words: ``"a personal export of TikTok"``.
    recognise
        What speaks for the format in a sample of a file (``"its keys are …"``), `None` if it is
        another file.
    read
        Extract of files of this format.
    group
        Files for which it returns one value are read in one call: by default all of them.
    platform
        Platform or data set whose ids the files hold; empty if that differs between files.
    """

    name: str
    holds: str
    recognise: Callable[[Sample], str | None]
    read: Callable[[Sequence[Sample], ImportOptions], Extract]
    group: Callable[[Source], str] = lambda source: ""
    platform: str = ""


#: Kinds of which an account has one for each item: without a time they are told apart by that.
_STATES = ("like", "save", "repost", "rating", "pinned")

#: Columns that say which interaction it is; equal rows are one interaction that was read twice.
_ACT = ("account_id", "item_id", "kind", "at", "target_item_id", "target_account_id", "tag")

#: Columns that say which act or exposure it is, whose place in the feed depends on the file.
_SHARED = {"interactions": _ACT, "impressions": ("account_id", "item_id", "at", "surface")}


def merge_rows(frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """One row per key, in the order of first occurrence: the first value that is there in each column."""
    if not frame.height:
        return frame
    # one column is hashed faster than a struct of it
    keys = pl.col(key[0]) if len(key) == 1 else pl.struct(key)
    again = frame.select(keys.is_duplicated()).to_series()
    if not again.any():
        return frame
    frame = frame.with_row_index("_row")
    several = frame.filter(again)
    others = [c for c in frame.columns if c not in key]
    merged = several.group_by(key, maintain_order=True).agg(
        pl.col(c).drop_nulls().first() if c != "_row" else pl.col(c).first() for c in others
    )
    rows = pl.concat([frame.filter(~again), merged.select(frame.columns)])
    return rows.sort("_row").drop("_row")


def combine(
    extracts: Sequence[Extract], *, source: str, caller: str, parameters: Mapping[str, Any]
) -> tuple[Dataset, Extract]:
    """One dataset of several extracts, and the sum of their counts.

    Items, accounts and follows of several extracts are one row each, completed from one another.
    An interaction that is read twice, with the same account, item, kind and time, is kept once and
    noted. Impressions may repeat in one file; those that several files share are kept once, the
    n-th repeat of one file being the n-th of another. Rows without an account or an item that their
    table needs never come here, for importers count them.

    Raises
    ------
    MissingDataError
        If no extract holds a row.
    """
    total = Extract()
    parts: dict[str, list[pl.DataFrame]] = {}
    for extract in extracts:
        total.take(extract, parts)
        total.real_ids |= extract.real_ids
        total.renamed |= extract.renamed
        for column, kind in extract.time_kinds.items():
            _join_time_kind(total, column, kind)
    total.tables = {name: join_files(name, some, total.notes) for name, some in parts.items()}
    _merge_tables(total)
    tables: dict[str, Any] = {n: total.tables[n] for n in TABLES if n in total.tables}
    if not tables:
        raise MissingDataError(f"{source}: nothing that a dataset holds was found.")
    present = {
        column: kind
        for column, kind in total.time_kinds.items()
        if column.split(".")[0] in tables
        and column.split(".")[1] in tables[column.split(".")[0]].columns
    }
    removed = {f"{table}: {reason}": n for (table, reason), n in total.dropped.items() if n}
    record = Provenance.of(caller, parameters, removed=removed)
    words = tuple(sorted(total.real_ids))
    dataset = Dataset(
        **tables, time_kinds=present, source=source, real_ids=words, provenance=record
    )
    return dataset, total


def _join_time_kind(total: Extract, column: str, kind: str) -> None:
    if kind not in _TIME_ORDER:
        raise OptionError(f"time kind {shorten(kind)} of {column} is unknown.")
    held = total.time_kinds.get(column, kind)
    if held != kind:
        total.notes[
            column.split(".")[0], f"{column} holds times of several kinds: {kind}, {held}"
        ] += 1
    total.time_kinds[column] = max(held, kind, key=_TIME_ORDER.index)


def _merge_tables(total: Extract) -> None:
    """Merge rows of one key, drop repeated interactions, and complete what is only mentioned."""
    for name, frame in total.tables.items():
        order = [c.name for c in TABLES[name].columns if c.name in frame.columns]
        frame = frame.select(order + [c for c in frame.columns if c not in order])
        key = TABLES[name].key
        if name == "interactions":
            same: list[Any] = [c for c in _ACT if c in frame.columns]
            if "value" in frame.columns:  # another rating in the same second is no copy
                same.append(pl.when(pl.col("kind") == "rating").then("value"))
            timed = pl.col("at").is_not_null() if "at" in frame.columns else pl.lit(False)
            told = pl.col("item_id").is_not_null() if "item_id" in frame.columns else pl.lit(False)
            once = frame.filter(~(told & timed) | pl.struct(same).is_first_distinct())
            if again := frame.height - once.height:
                total.notes[name, "the same interaction in several places: kept once"] += again
            frame = once
        elif key:
            once = merge_rows(frame, key)
            if again := frame.height - once.height:
                total.notes[name, "described in several places: merged"] += again
            frame = once
            if name == "follows":
                others = frame.filter(pl.col("follower_id") != pl.col("followee_id"))
                if loops := frame.height - others.height:
                    total.notes[name, "an account follows itself: left out"] += loops
                frame = others
        total.tables[name] = frame
    for target, key_column in (("accounts", "account_id"), ("items", "item_id")):
        if target in total.tables:
            _add_mentioned(total, target, key_column)


def join_files(name: str, parts: Sequence[pl.DataFrame], notes: Counts) -> pl.DataFrame:
    """Rows of a table of several files; of acts and exposures, what files share once.

    The n-th repeat of one file is the n-th of another. Without a time, likes and other acts of which
    an account has one for each item are told apart; exposures and other acts are all kept.
    :func:`combine` tells acts with a time apart.
    """
    frame = pl.concat(parts, how="diagonal_relaxed")
    if len(parts) < 2 or name not in _SHARED or "item_id" not in frame.columns:
        return frame
    numbers = np.repeat(np.arange(len(parts), dtype=np.uint32), [part.height for part in parts])
    frame = frame.with_columns(_file=pl.Series(numbers))
    timed = pl.col("at").is_not_null() if "at" in frame.columns else pl.lit(False)
    same = [c for c in _SHARED[name] if c in frame.columns]
    told = timed if name == "impressions" else ~timed & pl.col("kind").is_in(_STATES)
    frame = frame.with_columns(_nth=pl.int_range(pl.len()).over(*same, "_file"))
    item = pl.col("item_id").is_not_null()
    once = frame.filter(~(item & told) | pl.struct(*same, "_nth").is_first_distinct())
    towards = [c for c in ("target_item_id", "target_account_id", "tag") if c in frame.columns]
    if name == "interactions" and towards:
        # one file tells whom an act answers, and another does not
        bare = pl.all_horizontal(pl.col(towards).is_null())
        act = [c for c in same if c not in towards]
        more = (~bare).any().over(act) & (pl.col("_file").n_unique().over(act) > 1)
        once = once.filter(~(item & timed & bare & more))
    if again := frame.height - once.height:
        what = "impression" if name == "impressions" else "interaction"
        notes[name, f"the same {what} in several places: kept once"] += again
    if name == "impressions":
        untimed = once.filter(~timed)
        if untimed.get_column("_file").n_unique() > 1:
            why = "without a time, in several files: some may be the same"
            notes[name, why] += untimed.height
    return once.drop("_file", "_nth")


def _add_mentioned(total: Extract, target: str, key: str) -> None:
    """Add rows of accounts or items that other tables mention, and this one lacks."""
    mentioned = [
        frame.select(pl.col(spec.name).cast(pl.String).alias(key))
        for name, frame in total.tables.items()
        for spec in TABLES[name].columns
        if spec.refers == target and spec.name in frame.columns
    ]
    if not mentioned:
        return
    held = total.tables[target]
    ids = pl.concat(mentioned).drop_nulls()
    lacking = ids.join(held, on=key, how="anti").get_column(key).unique().sort()
    if len(lacking):
        total.tables[target] = pl.concat([held, lacking.to_frame()], how="diagonal")
        total.notes[target, "added: another table mentions it"] += len(lacking)

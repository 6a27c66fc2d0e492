"""Dataset: the log of a platform as up to six checked tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import polars as pl

from graphkit.data.deletions import id_series, items_of, read_ids, without_deleted
from graphkit.data.display import html_card
from graphkit.data.frames import advise_frame, take_frame
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.ids import check_real_ids, describe_changes
from graphkit.data.provenance import Provenance
from graphkit.data.schema import TABLES, TIME_KINDS, conform
from graphkit.data.times import as_instant, parse_times
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import (
    DataError,
    DependencyError,
    MissingDataError,
    OptionError,
    check_choice,
    install_text,
    name_some,
    nearest,
    shorten,
    warn,
)
from graphkit.parallel import refuse_after_fork

Tables = Mapping[str, pl.DataFrame]

#: Functions that say what they changed, before they build a dataset.
_TELLERS = ("read_dataset", "from_frame")

#: Watch fractions whose median is above this are taken for times: few items are watched so often.
MOST_WATCHED = 5.0


@dataclass(frozen=True, repr=False, eq=False)
class Dataset(Frozen):
    """Immutable log of one platform: up to six tables, checked when built.

    Tables may be frames of any library (Polars, pandas, pyarrow, DuckDB, …) with the column
    names below, or mappings of columns; :func:`graphkit.from_frame` takes other names. Ids become
    strings, times UTC microseconds; naive times are taken as UTC. Times may be of any form of
    :mod:`graphkit.data.times`; numbers since 1970 are counted in the provenance. Columns beyond
    the schema are kept.

    Attributes
    ----------
    accounts
        account_id · country, language, device · follower_count, following_count ·
        list_complete (whether the account's follow lists are known to be complete) · leaning
        (political, in [−1, 1]) · age_band (text, such as ``13-17``).
    items
        item_id · author_id · created_at · duration (s) · tags, flags (lists of text) ·
        sound_id · caption · embedding · language, country · origin · divisiveness in [0, 1] ·
        leaning in [−1, 1].
    follows
        follower_id → followee_id · since.
    interactions
        account_id · item_id · kind (those of ``KINDS`` have a meaning, others are kept and usable
        by name) · at · value (watch fraction, play
        count, rating) · target_item_id, target_account_id (whom a duet, stitch, reply or
        mention answers) · tag (for kind ``tag``).
    impressions
        account_id · item_id · at · surface · position · watch_fraction (≥ 0, above 1 when
        watched again) · parent_account_id.
    memberships
        account_id · group_id.
    time_kinds
        What each time column records, ``{"interactions.at": "event", …}``; one of
        ``event``, ``item_created``, ``bound``, ``collected``, ``none``.
    source, terms
        Origin of the data, and its terms of use.
    refresh_due
        Day by which the terms ask that it be checked which items and accounts still exist, and the
        others be removed (:meth:`keep_valid`, :meth:`purge`): the TikTok Research API asks for it every
        15 days. Studies past this day say so.
    real_ids
        Words such as ``null`` or ``NA`` that are ids in this log. Without it, a word that means
        missing is a missing id; the words are those of ``graphkit.data.ids.MISSING_WORDS``.
    provenance
        How the dataset was made.

    Raises
    ------
    DataError
        On a missing or misspelt column, ids read as floats, duplicate keys, rows without a kind,
        ids that their table does not hold, times or numbers out of range.

    Examples
    --------
    >>> ds = Dataset(follows={"follower_id": ["a", "b"], "followee_id": ["b", "c"]})
    >>> list(ds.account_ids.ids)
    ['a', 'b', 'c']
    """

    accounts: pl.DataFrame | None = None
    items: pl.DataFrame | None = None
    follows: pl.DataFrame | None = None
    interactions: pl.DataFrame | None = None
    impressions: pl.DataFrame | None = None
    memberships: pl.DataFrame | None = None
    time_kinds: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    terms: str = ""
    refresh_due: date | None = None
    real_ids: tuple[str, ...] = ()
    provenance: Provenance = field(default_factory=lambda: Provenance("Dataset"))

    def __post_init__(self) -> None:
        self._set(real_ids=check_real_ids(self.real_ids))
        changes: Counter[tuple[str, str]] = Counter()
        converted: Counter[tuple[str, str]] = Counter()
        for name in TABLES:
            value = getattr(self, name)
            if value is not None:
                frame = take_frame(value, f"table {name!r}")
                frame = conform(
                    name, frame, real_ids=self.real_ids, changes=changes, converted=converted
                )
                self._set(**{name: frame})
        # what was derived from a dataset was told when that was built, and readers tell by themselves
        told_before = self.provenance.inputs or self.provenance.verb in _TELLERS
        if changes and not told_before:
            told = describe_changes(changes, "If such a word is an id, name it in real_ids=.")
            warn(f"Dataset: {told}")
        if not self.provenance.inputs:
            self._warn_of_times()
        if not self.tables:
            raise DataError(f"a dataset needs at least one table: {', '.join(TABLES)}.")
        self._check_rows()
        self._check_keys()
        self._check_references()
        if converted:
            times = {f"{table}: {text}": n for (table, text), n in converted.items()}
            parameters = {**self.provenance.parameters, "converted": times}
            self._set(provenance=replace(self.provenance, parameters=parameters))
        self._set(time_kinds=MappingProxyType(self._resolve_time_kinds()))

    def _warn_of_times(self) -> None:
        """Warn if most watch fractions are so large that they must be something else."""
        found = {"watch fractions": (self.impressions, "watch_fraction")}
        acts = self.interactions
        if acts is not None and "value" in acts.columns:
            found["values of views"] = (acts.filter(pl.col("kind") == "view"), "value")
        for what, (frame, column) in found.items():
            if frame is None or column not in frame.columns:
                continue
            middle = frame.get_column(column).median()
            if isinstance(middle, float) and middle > MOST_WATCHED:
                counts = " Counts of plays are of the kind 'play'." if column == "value" else ""
                warn(
                    f"Dataset: half of the {what} are above {middle:,.0f}, as if each item had "
                    "been watched so many times. These look like seconds or milliseconds: a watch "
                    "fraction is the time watched divided by the item's duration, in the same unit."
                    f"{counts}"
                )

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The tables that are present, by name, in schema order."""
        return {name: getattr(self, name) for name in TABLES if getattr(self, name) is not None}

    @cached_property
    def account_ids(self) -> Vocabulary:
        """All accounts: those of the accounts table, else all in any table."""
        return self._collect_ids("accounts", "account_id")

    @cached_property
    def item_ids(self) -> Vocabulary:
        """All items: those of the items table, else all in any table."""
        return self._collect_ids("items", "item_id")

    @cached_property
    def author_ids(self) -> Vocabulary:
        """Authors of at least one item."""
        items = self.require("items", "author_id", verb="author_ids")
        return Vocabulary(items.get_column("author_id").drop_nulls())

    @cached_property
    def _pairs(self) -> dict[Any, Any]:
        """The last incidences of this dataset, by their options; see ``graphkit.data.incidence``."""
        return {}

    @cached_property
    def content_key(self) -> str:
        """Key of the content of all tables."""
        parts = [part for name, frame in self.tables.items() for part in (name, frame)]
        return content_key(*parts, sorted(self.time_kinds.items()))

    def require(self, table: str, *columns: str, verb: str) -> pl.DataFrame:
        """The table, if it has these columns and each has a value; `verb` is the caller.

        Raises
        ------
        MissingDataError
            Naming the caller, what is missing and what is there.
        """
        refuse_after_fork()
        frame: pl.DataFrame | None = self.tables.get(table)
        if frame is None:
            present = ", ".join(self.tables)
            raise MissingDataError(f"{verb} needs the table {table!r}; this dataset has {present}.")
        for column in columns:
            if column not in frame.columns:
                raise MissingDataError(
                    f"{verb} needs the column {table}.{column}; the table has "
                    f"{name_some(frame.columns)}.{nearest(column, frame.columns)}"
                )
            if frame.height and frame.get_column(column).null_count() == frame.height:
                raise MissingDataError(
                    f"{verb} needs the column {table}.{column}, which has no value in any row."
                )
        return frame

    def require_event_times(self, column: str, *, verb: str) -> None:
        """Refuse a time column such as ``interactions.at`` unless it holds event times.

        `verb` is the caller, for the message.
        """
        kind = self.time_kinds.get(column, "none")
        if kind != "event":
            raise MissingDataError(
                f"{verb} needs event times in {column}, but its time kind is {kind!r}. "
                "If the column does hold event times, say so: "
                f"Dataset(…, time_kinds={{{column!r}: 'event'}})."
            )

    def split_time(
        self, when: str | datetime, *, untimed: Literal["raise", "past", "drop"] = "raise"
    ) -> tuple[Dataset, Dataset]:
        """Split into the dataset before `when`, and the dataset from `when` on.

        Interactions, impressions and follows are split by their times, items by their creation;
        accounts and memberships, which have no time, are in both. An item to which rows of the
        other side refer is in that side too.

        Parameters
        ----------
        when
            First instant of the future: a datetime, or text of a form of
            :mod:`graphkit.data.times`; UTC if naive.
        untimed
            What to do with interactions and impressions without a time: refuse them, keep
            them in the past, or leave them out of both (counted in the provenance). Follows
            without a time are older than the log and stay in the past; items without one are in
            the past, and wherever rows refer to them.
        """
        refuse_after_fork()
        check_choice("untimed", untimed, ("raise", "past", "drop"))
        cut = as_instant("when", when)
        future = take_side(self, "future", cut, untimed)
        return take_side(self, "past", cut, untimed), future

    def join(self, other: Dataset) -> Dataset:
        """This dataset and another one of the same platform, such as a log and its follows.

        A table that both have gets the rows of both. Of accounts, items, follows and memberships
        each is kept once, with the first value of each column. Where there is a table of accounts
        or items, those that only the other dataset mentions are added to it.

        Parameters
        ----------
        other
            A dataset with the same ids.

        Returns
        -------
        Dataset
            Its provenance counts what was left out in making both, and rows that both had.

        Raises
        ------
        DataError
            If `other` is no dataset, a time column has two meanings, or the ids are pseudonyms of
            different keys.

        Warns
        -----
        GraphkitWarning
            If no account is in both.

        Examples
        --------
        >>> log = Dataset(interactions={"account_id": ["a"], "item_id": ["v"], "kind": ["like"]})
        >>> both = log.join(Dataset(follows={"follower_id": ["a"], "followee_id": ["b"]}))
        >>> list(both.tables), list(both.account_ids.ids)
        (['follows', 'interactions'], ['a', 'b'])
        """
        refuse_after_fork()
        require_dataset(other, caller="Dataset.join")
        keys = {one.provenance.find("pseudonyms") for one in (self, other)}
        if len(keys) > 1:
            raise DataError(
                "Dataset.join: the ids of the two datasets are pseudonyms of different keys, or only "
                "one has pseudonyms: import both with the same key, or both with --raw-ids."
            )
        strange = [
            key
            for key, kind in self.time_kinds.items()
            if "none" not in (kind, other.time_kinds.get(key, kind))
            and kind != other.time_kinds.get(key, kind)
        ]
        if strange:
            raise DataError(
                f"Dataset.join: {strange[0]} has the time kind {self.time_kinds[strange[0]]!r} in one "
                f"and {other.time_kinds[strange[0]]!r} in the other: leave the column out of one."
            )
        tables, doubled = join_tables(self.tables, other.tables)
        if not (other.account_ids.lookup(self.account_ids.series) >= 0).any():
            warn(
                "Dataset.join: no account is in both datasets: see whether their ids are written in "
                "the same way."
            )
        record = Provenance.of("join", made_from=(self, other), removed=doubled)
        due = [one.refresh_due for one in (self, other) if one.refresh_due is not None]
        kinds = {**self.time_kinds}
        kinds |= {k: kind for k, kind in other.time_kinds.items() if kinds.get(k, "none") == "none"}
        return Dataset(
            **tables,
            time_kinds=kinds,
            source="; ".join(dict.fromkeys(filter(None, (self.source, other.source)))),
            terms="; ".join(dict.fromkeys(filter(None, (self.terms, other.terms)))),
            refresh_due=min(due, default=None),
            real_ids=tuple(sorted({*self.real_ids, *other.real_ids})),
            # all counts move to the new record, so that they are told once
            provenance=replace(record.without_counts(), removed=record.census()),
        )

    def select_accounts(self, ids: Iterable[str]) -> Dataset:
        """Dataset of some accounts: their rows, items, and follows among them.

        Items are kept if one of the accounts of `ids` made them or has rows that refer to them.
        """
        chosen = Vocabulary(ids).series
        tables: dict[str, Any] = {}
        for name, frame in self.tables.items():
            if name != "items":
                columns = ("follower_id", "followee_id") if name == "follows" else ("account_id",)
                inside = [pl.col(column).is_in(chosen.implode()) for column in columns]
                tables[name] = frame.filter(pl.all_horizontal(inside))
        if self.items is not None:
            authored = "author_id" in self.items.columns
            own = pl.col("author_id").is_in(chosen.implode()) if authored else pl.lit(False)
            tables["items"] = self._select_items(self.items.filter(own), tables)
        if self.accounts is not None:
            kept = pl.concat([chosen, _referenced_ids(tables, "accounts")]).implode()
            tables["accounts"] = self.accounts.filter(pl.col("account_id").is_in(kept))
        record = Provenance.of("select_accounts", {"n": len(chosen)}, made_from=(self,))
        return self._replace_tables(tables, record)

    def purge(self, ids: Iterable[str]) -> Dataset:
        """Dataset without some accounts, whose deletion is to be honoured.

        Their rows in all tables go, as do their items, with all rows about these, and follows
        from and to them. Where another account's row only points to one, as a target or as who
        passed a post on, that cell is emptied; an interaction without an object then goes too.
        Texts, such as captions that mention them, are not searched.

        Parameters
        ----------
        ids
            Ids of accounts; the provenance holds their number, never an id.

        Returns
        -------
        Dataset
            Its provenance counts what was removed by table, and ids that the data do not hold.

        Raises
        ------
        DataError
            If nothing is left, or the data hold pseudonyms and none of the `ids` is one of them.
        OptionError
            If `ids` is one text.

        Examples
        --------
        >>> acts = {"account_id": ["a", "b", "b"], "item_id": ["v", "v", "w"], "kind": ["like"] * 3}
        >>> ds = Dataset(items={"item_id": ["v", "w"], "author_id": ["c", "a"]}, interactions=acts)
        >>> left = ds.purge(["a"])
        >>> left.items.get_column("item_id").to_list(), left.interactions.height
        (['v'], 1)
        >>> dict(left.provenance.removed)
        {'items: rows': 1, 'interactions: rows': 2}
        """
        gone = id_series(ids, "purge")
        known = pl.concat([self._mentioned("accounts"), pl.Series("id", [], pl.String)])
        unknown = len(gone) - int(gone.is_in(known.implode()).sum())
        if unknown and unknown == len(gone) and (key := self.provenance.find("pseudonyms")):
            raise DataError(
                f"purge: none of the {unknown:,} ids is in the data, which hold pseudonyms of the key {key}: "
                "pass key.pseudonym(id, 'account') of each."
            )
        return self._without("purge", gone, items_of(self.items, gone), len(gone), unknown)

    def keep_valid(self, file: str | Path) -> Dataset:
        """Dataset without the items that a list of valid ones no longer names.

        Rows about the others go in all tables; where one is only the target of another item, as of
        a duet, that cell is emptied. Terms of data access ask for this at times: see `refresh_due`.

        Parameters
        ----------
        file
            Ids of items that still exist: text with one a line, or a CSV or Parquet file with a column
            ``item_id``.

        Returns
        -------
        Dataset
            Its provenance counts what was removed by table, and ids that the data do not hold. Its
            `refresh_due` is empty: set the next one with `dataclasses.replace`.

        Raises
        ------
        FileError
            If the file cannot be read, or names no item.
        DataError
            If no item is left, as of a list in another spelling.
        """
        valid, known = read_ids(file, "item_id"), self.item_ids.series.cast(pl.String)
        gone = known.filter(~known.is_in(valid.implode()))
        if len(gone) == len(known):
            raise DataError(
                f"{file}: none of its {len(valid):,} ids is that of an item of the data, so that no item "
                "would stay: name the column of the ids item_id, and write ids as the data do (if those "
                "are pseudonyms, key.pseudonym(id, 'item') of each)."
            )
        unknown = len(valid) - (len(known) - len(gone))
        nobody = pl.Series("account_id", [], pl.String)
        kept = self._without("keep_valid", nobody, gone, len(valid), unknown)
        return replace(kept, refresh_due=None)

    def _mentioned(self, target: Literal["accounts", "items"]) -> pl.Series:
        """All ids of accounts or items in any column, their own table included."""
        own = self.tables.get(target)
        key = "account_id" if target == "accounts" else "item_id"
        listed = [] if own is None else [own.get_column(key).alias("id")]
        return pl.concat([_referenced_ids(self.tables, target), *listed]).unique()

    def _without(
        self, verb: str, accounts: pl.Series, items: pl.Series, n: int, unknown: int
    ) -> Dataset:
        refuse_after_fork()
        tables, removed = without_deleted(self.tables, accounts, items)
        parameters = {"ids": n, "ids not in the data": unknown}
        record = Provenance.of(verb, parameters, made_from=(self,), removed=removed)
        return self._replace_tables(tables, record)

    def summary(self) -> pl.DataFrame:
        """One row per column: table, rows, column, type, share filled, distinct, low, high."""
        refuse_after_fork()
        rows: list[dict[str, Any]] = []
        for name, frame in self.tables.items():
            n = frame.height
            for c in frame:
                ordered = c.count() > 0 and (c.dtype.is_numeric() or c.dtype.is_temporal())
                row: dict[str, Any] = {"table": name, "rows": n, "column": c.name}
                row["type"] = str(c.dtype)
                row["filled"] = 1 - c.null_count() / n if n else None
                unordered = c.dtype.is_nested() or c.dtype == pl.Object
                row["distinct"] = None if unordered else c.n_unique()
                if isinstance(c.dtype, pl.Datetime | pl.Date) and parse_times(c, "").unread.any():
                    c = c.to_physical()  # columns beyond the schema may lie outside the calendar
                row["low"], row["high"] = (str(c.min()), str(c.max())) if ordered else (None, None)
                rows.append(row | {"time_kind": self.time_kinds.get(f"{name}.{c.name}")})
        return pl.DataFrame(rows, infer_schema_length=None)

    def to_pandas(self) -> dict[str, Any]:
        """The tables as pandas frames by name; ids are text, times UTC, missing values as in pandas.

        Raises
        ------
        DependencyError
            If pandas or pyarrow is not installed.
        """
        refuse_after_fork()
        try:
            import pandas  # noqa: F401
            import pyarrow  # noqa: F401
        except ImportError as error:
            raise DependencyError(
                f"to_pandas needs pandas and pyarrow: {install_text('pandas')}."
            ) from error
        return {name: frame.to_pandas() for name, frame in self.tables.items()}

    def _facts(self) -> dict[str, object]:
        return {name: f"{frame.height:,} rows" for name, frame in self.tables.items()}

    def _repr_html_(self) -> str:
        facts = {
            name: f"{frame.height:,} rows: {', '.join(frame.columns)}"
            for name, frame in self.tables.items()
        }
        return html_card(self._title(), facts)

    def _title(self) -> str:
        return "Dataset" + (f": {self.source}" if self.source else "")

    def _replace_tables(self, tables: Mapping[str, Any], provenance: Provenance) -> Dataset:
        others = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in TABLES}
        return Dataset(**tables, **(others | {"provenance": provenance}))

    def _select_items(self, own: pl.DataFrame, tables: Mapping[str, Any]) -> pl.DataFrame:
        """`own` and the items to which `tables` refer, in the order of the table."""
        assert self.items is not None
        others = {name: frame for name, frame in tables.items() if name != "items"}
        wanted = pl.concat([own.get_column("item_id"), _referenced_ids(others, "items")]).unique()
        return self.items.filter(pl.col("item_id").is_in(wanted.implode()))

    def _collect_ids(self, table: Literal["accounts", "items"], column: str) -> Vocabulary:
        frame = self.tables.get(table)
        if frame is not None:
            return Vocabulary(frame.get_column(column))
        ids = _referenced_ids(self.tables, table)
        if not len(ids):
            raise MissingDataError(f"no table of this dataset mentions any {table}.")
        return Vocabulary(ids)

    def _check_rows(self) -> None:
        if all(frame.height == 0 for frame in self.tables.values()):
            present = ", ".join(self.tables)
            raise DataError(f"every table is empty ({present}): there is nothing to study.")

    def _check_keys(self) -> None:
        for name, frame in self.tables.items():
            key = list(TABLES[name].key)
            if not (key and frame.height):
                continue
            doubled = frame.select(pl.struct(key).is_duplicated()).to_series().arg_true()
            if len(doubled):
                row = int(doubled[0])
                value = ", ".join(shorten(v) for v in frame.select(key).row(row))
                raise DataError(
                    f"table {name!r}: {'+'.join(key)} must be unique, but {value} (row {row + 1}) "
                    f"occurs again; {len(doubled):,} rows are concerned: keep one of each, e.g. "
                    f"frame.unique(subset={key}, keep='last')."
                )
        follows = self.follows
        if follows is not None and follows.height:
            followers = follows.get_column("follower_id")
            loops = (followers == follows.get_column("followee_id")).arg_true()
            if len(loops):
                row = int(loops[0])
                raise DataError(
                    f"table 'follows', row {row + 1}: account {shorten(followers[row])} follows itself "
                    f"({len(loops):,} such rows): drop them."
                )

    def _check_references(self) -> None:
        for target, key in (("accounts", "account_id"), ("items", "item_id")):
            known = self.tables.get(target)
            if known is None:
                continue
            ids = known.get_column(key)
            for name, column, series in _reference_columns(self.tables, target):
                unknown = (series.is_not_null() & ~series.is_in(ids.implode())).arg_true()
                if len(unknown):
                    row = int(unknown[0])
                    raise DataError(
                        f"table {name!r}, row {row + 1}: {column}={shorten(series[row])} is not in the table "
                        f"{target!r} ({len(unknown):,} such rows). Add the missing {target}, drop "
                        f"these rows, or leave the table {target!r} out; read_dataset(folder, "
                        "unknown='add'|'drop') does it by rule and counts."
                    )

    def _resolve_time_kinds(self) -> dict[str, str]:
        kinds: dict[str, str] = {}
        for name, frame in self.tables.items():
            for spec in TABLES[name].columns:
                if spec.type == "time" and spec.name in frame.columns:
                    empty = frame.get_column(spec.name).null_count() == frame.height
                    kinds[f"{name}.{spec.name}"] = "none" if empty else spec.time_kind
        for key, kind in self.time_kinds.items():
            check_choice(f"time_kinds[{key!r}]", kind, TIME_KINDS)
            if key not in kinds:
                raise OptionError(
                    f"time_kinds names {key!r}, which is not a time column of this dataset; there are "
                    f"{', '.join(kinds) or 'none'}.{nearest(key, kinds)}"
                )
            kinds[key] = kind
        return kinds


def with_tables(like: Dataset, tables: Mapping[str, Any], provenance: Provenance) -> Dataset:
    """A dataset with these tables, which are as the schema has them: none is checked.

    They are rows of checked tables with all that they refer to, or were made by a generator. All
    else is that of `like`.
    """
    made = object.__new__(Dataset)
    others = {f.name: getattr(like, f.name) for f in fields(like)}
    made._set(**(others | dict(tables) | {"provenance": provenance}))
    made._check_rows()
    made._set(time_kinds=MappingProxyType(made._resolve_time_kinds()))
    return made


def require_dataset(dataset: object, *, caller: str) -> None:
    """Raise a DataError unless `dataset` is a Dataset; of a frame it says how to make one."""
    if not isinstance(dataset, Dataset):
        advice = advise_frame(dataset, follows=caller == "follow_graph")
        if isinstance(dataset, tuple):
            advice = "readers return a dataset and a report: ds, report = gk.read_any(path)."
        elif isinstance(dataset, str) or hasattr(dataset, "__fspath__"):
            advice = "read the file with ds, report = gk.read_any(path)."
        elif type(dataset).__name__ == "Platform":
            advice = "pass its attribute .dataset."
        raise DataError(
            f"{caller} needs a graphkit Dataset, not a {type(dataset).__name__}"
            + (f": {advice}" if advice else ".")
        )


def join_tables(one: Tables, other: Tables) -> tuple[dict[str, pl.DataFrame], dict[str, int]]:
    """Rows of both by table, keyed ones once, and how many rows were there twice."""
    tables: dict[str, pl.DataFrame] = {}
    doubled: dict[str, int] = {}
    for name, table in TABLES.items():
        frames = [tables_of[name] for tables_of in (one, other) if name in tables_of]
        if not frames:
            continue
        rows = pl.concat(frames, how="diagonal_relaxed")
        if table.key and len(frames) > 1:
            first = [pl.col(c).drop_nulls().first() for c in rows.columns if c not in table.key]
            tables[name] = rows.group_by(table.key, maintain_order=True).agg(first)
            tables[name] = tables[name].select(rows.columns)
            if again := rows.height - tables[name].height:
                doubled[f"{name}: the same {' and '.join(table.key)} in both datasets"] = again
        else:
            tables[name] = rows
    for target in ("accounts", "items"):
        if target in tables:
            key = TABLES[target].key[0]
            mentioned = _referenced_ids({k: v for k, v in tables.items() if k != target}, target)
            if target == "accounts" and "items" in tables:
                mentioned = _referenced_ids(tables, target)
            lacking = mentioned.filter(~mentioned.is_in(tables[target].get_column(key).implode()))
            added = lacking.sort().alias(key).to_frame()
            tables[target] = pl.concat([tables[target], added], how="diagonal")
    return tables, doubled


#: The time by which the rows of a table are split.
_SPLIT_BY = {"items": "created_at", "follows": "since", "interactions": "at", "impressions": "at"}


def take_side(
    dataset: Dataset, side: Literal["past", "future"], cut: datetime, untimed: str
) -> Dataset:
    """One of the two datasets of :meth:`Dataset.split_time`."""
    tables: dict[str, pl.DataFrame] = {}
    removed: dict[str, int] = {}
    for name, frame in dataset.tables.items():
        if name not in _SPLIT_BY:
            tables[name] = frame
            continue
        rows, missing = _rows_of_side(frame, _SPLIT_BY[name], side, cut)
        of_log = name in ("interactions", "impressions")
        if of_log and missing.height:
            if untimed == "raise":
                raise MissingDataError(
                    f"split_time: {missing.height:,} of {frame.height:,} rows of {name!r} have "
                    "no time; pass untimed='past' or untimed='drop'."
                )
            if untimed == "drop":
                removed[f"{name} without a time"] = missing.height
        if missing.height and side == "past" and not (of_log and untimed == "drop"):
            rows = pl.concat([missing, rows])
        tables[name] = rows
    if dataset.items is not None:
        tables["items"] = dataset._select_items(tables["items"], tables)
    if side == "future" and not any(frame.height for frame in tables.values()):
        raise DataError(f"split_time: nothing happens from {cut.isoformat()} on.")
    parameters = {"when": cut.isoformat(), "untimed": untimed, "side": side}
    record = Provenance.of("split_time", parameters, made_from=(dataset,), removed=removed)
    return with_tables(dataset, tables, record)


def _rows_of_side(
    frame: pl.DataFrame, column: str, side: str, cut: datetime
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows before `cut`, or from it on, and rows without a time."""
    if column not in frame.columns:
        return frame.head(0), frame
    time = pl.col(column)
    rows = frame.filter(time < cut if side == "past" else time >= cut)
    return rows, frame.filter(time.is_null()) if frame[column].null_count() else frame.head(0)


def _reference_columns(tables: Tables, target: str) -> Iterable[tuple[str, str, pl.Series]]:
    for name, frame in tables.items():
        for spec in TABLES[name].columns:
            if spec.refers == target and spec.name in frame.columns:
                yield name, spec.name, frame.get_column(spec.name)


def _referenced_ids(tables: Tables, target: str) -> pl.Series:
    """Distinct ids of accounts or items in any column that refers to them, unordered."""
    found = [s.drop_nulls().unique().alias("id") for _, _, s in _reference_columns(tables, target)]
    empty = pl.Series("id", [], dtype=pl.String)
    return pl.concat([empty, *found]).unique()

"""A dataset from any frame with columns of any names, each named by the caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Literal

import polars as pl

from graphkit.data.cells import check_separator
from graphkit.data.dataset import Dataset
from graphkit.data.frames import KIND_NAMES, column_names, take_frame
from graphkit.data.ids import (
    check_id_times,
    check_real_ids,
    describe_changes,
    describe_offset,
    take_ids,
)
from graphkit.data.provenance import Provenance
from graphkit.data.schema import conform
from graphkit.data.times import check_zone
from graphkit.errors import DataError, OptionError, check_choice, check_number, shorten, warn
from graphkit.readwrite.files import Counts
from graphkit.readwrite.folder import drop_duplicates

__all__ = ["from_frame"]

#: Columns of the schema by the parameters of :func:`from_frame`, for each table.
_ITEMS = {
    "author": "author_id",
    "created": "created_at",
    "duration": "duration",
    "tags": "tags",
    "flags": "flags",
    "sound": "sound_id",
    "caption": "caption",
}
_COLUMNS = {
    "interactions": {
        "account": "account_id",
        "item": "item_id",
        "kind": "kind",
        "at": "at",
        "value": "value",
        "rating": "value",
        "target_item": "target_item_id",
        "target_account": "target_account_id",
        "tag": "tag",
    },
    "impressions": {
        "account": "account_id",
        "item": "item_id",
        "at": "at",
        "surface": "surface",
        "position": "position",
        "watch_fraction": "watch_fraction",
        "parent_account": "parent_account_id",
    },
    "follows": {"follower": "follower_id", "followee": "followee_id", "since": "since"},
    "memberships": {"account": "account_id", "group": "group_id"},
    "items": {"item": "item_id"},
}

Table = Literal["interactions", "impressions", "follows", "memberships", "items"]


def from_frame(
    frame: Any,
    *,
    account: str | None = None,
    item: str | None = None,
    at: str | None = None,
    kind: str | None = None,
    kind_is: str | None = None,
    value: str | None = None,
    rating: str | None = None,
    threshold: float | None = None,
    target_account: str | None = None,
    target_item: str | None = None,
    tag: str | None = None,
    surface: str | None = None,
    position: str | None = None,
    watch_fraction: str | None = None,
    parent_account: str | None = None,
    author: str | None = None,
    created: str | None = None,
    duration: str | None = None,
    tags: str | None = None,
    flags: str | None = None,
    sound: str | None = None,
    caption: str | None = None,
    follower: str | None = None,
    followee: str | None = None,
    since: str | None = None,
    group: str | None = None,
    table: Table | None = None,
    kinds: Mapping[str, str] | None = None,
    tz: str | None = None,
    separator: str | None = None,
    real_ids: Collection[str] = (),
    source: str = "",
    terms: str = "",
) -> Dataset:
    """Make a dataset of a frame of any library, by the names of its columns.

    Each row is what one account did with one item (``interactions``), an item that was shown
    (``impressions``), one account that follows another (``follows``), an account in a group
    (``memberships``) or an item. Only the columns that are named are taken. Ids become text with
    all digits; ids that a library made floats are refused, for they have lost some.

    Parameters
    ----------
    frame
        A frame of Polars (also lazy), pandas (with or without pyarrow), pyarrow, DuckDB or any
        other library that narwhals knows, or a mapping of columns. The index of a pandas frame is
        left out, unless one of its names is given here.
    account, item, at
        Columns of who, of what, and of when: times of any form of :mod:`graphkit.data.times`.
    kind, kind_is
        Column of what was done (view, like, comment, share, repost, quote, save, duet, stitch,
        mention, reply, tag, play, rating, skip have a meaning; others are kept and usable by name,
        as ``kinds=("is_hate",)``), or what was done in all rows; one of the two.
    value
        Column of a number: a watch fraction or a play count.
    rating, threshold
        Column of ratings instead of `kind` and `value`. Rows with a rating of `threshold` or more
        are of kind ``"like"``; all others, or all without a threshold, are of kind ``"rating"``,
        which is no engagement by default. The rating is kept as their value, and no row is dropped.
    target_account, target_item, tag
        Columns of whom or what a reply, duet, stitch or mention answers, and of the hashtag that
        an interaction of kind ``"tag"`` gives.
    surface, position, watch_fraction, parent_account
        Columns of impressions: the part of the platform, the place in the feed, the share that was
        watched, and the account that shared the item.
    author, created, duration, tags, flags, sound, caption
        Columns of what is known of the items, in the same rows; tags may be lists, or texts of a
        form of :mod:`graphkit.data.cells`. Of an item in several rows the first value is taken; a
        warning counts the items with several.
    follower, followee, since
        Columns of who follows, who is followed, and from when on. Repeated rows and accounts that
        follow themselves are left out, which a warning counts.
    group
        Column of groups, beside `account`.
    table
        What the rows are. If absent, follows with `follower`, memberships with `group`, impressions
        with `surface`, `position`, `watch_fraction` or `parent_account`, items without `account`,
        else interactions.
    kinds
        What the words of the column `kind` mean, as ``{"fav": "save"}``; others stay.
    tz
        Time zone of times without one, such as ``"Europe/Berlin"`` or ``"+02:00"``; UTC if absent.
    separator
        Text between the entries of lists in cells; found if absent. ``"#"`` takes the hashtags of a
        column of texts, such as captions.
    real_ids
        Words that mean missing elsewhere, such as ``"null"``, but are ids here.
    source, terms
        Origin of the data, and its terms of use.

    Returns
    -------
    Dataset
        With the table, and ``items`` if something is known of them. What was changed or left out is
        in its provenance.

    Raises
    ------
    DataError
        For what is no frame, columns that it lacks, and values that the table cannot hold.
    OptionError
        If the columns do not make a table.

    Examples
    --------
    >>> log = {"user": ["ann", "bob", "ann"], "video": [7281, 7281, 7282],
    ...        "when": [1709287200, 1709287260, 1709290800], "action": ["like", "fav", "view"]}
    >>> ds = from_frame(log, account="user", item="video", at="when", kind="action",
    ...                 kinds={"fav": "save"})
    >>> ds.interactions.select("account_id", "item_id", "kind").rows()
    [('ann', '7281', 'like'), ('bob', '7281', 'save'), ('ann', '7282', 'view')]
    >>> from_frame({"source": ["ann"], "target": ["bob"]}, follower="source",
    ...            followee="target").follows.rows()
    [('ann', 'bob')]
    >>> stars = {"user": ["ann", "bob"], "film": ["f", "f"], "stars": [5, 2]}
    >>> from_frame(stars, account="user", item="film", rating="stars",
    ...            threshold=4).interactions.select("account_id", "kind", "value").rows()
    [('ann', 'like', 5.0), ('bob', 'rating', 2.0)]
    """
    if isinstance(frame, str) or hasattr(frame, "__fspath__"):
        raise DataError("from_frame takes a frame, not a path: read a file with gk.read_any(path).")
    given: dict[str, str | None] = {
        "account": account, "item": item, "at": at, "kind": kind, "value": value, "rating": rating,
        "target_account": target_account, "target_item": target_item, "tag": tag,
        "surface": surface, "position": position, "watch_fraction": watch_fraction,
        "parent_account": parent_account, "author": author, "created": created,
        "duration": duration, "tags": tags, "flags": flags, "sound": sound, "caption": caption,
        "follower": follower, "followee": followee, "since": since, "group": group,
    }  # fmt: skip
    named = {key: str(column) for key, column in given.items() if column is not None}
    chosen = _choose_table(named, table, frame)
    _check_kind(named, chosen, kind_is, threshold, kinds, frame)
    if tz is not None:
        check_zone(tz)
    check_separator(separator)
    columns = list(dict.fromkeys(named.values()))
    raw = take_frame(frame, "the frame", columns)
    read = _Reading(raw, named, check_real_ids(real_ids), tz, separator)
    tables: dict[str, Any] = {}
    if chosen == "interactions":
        tables[chosen] = read.interactions(kind_is, kinds, threshold)
    elif chosen != "items":
        tables[chosen] = read.table(chosen, _COLUMNS[chosen])
    if chosen == "items" or (item is not None and set(named) & set(_ITEMS)):
        tables["items"] = read.items()
    parameters: dict[str, Any] = {"columns": named, "table": chosen, "kind_is": kind_is}
    parameters |= {"kinds": dict(kinds or {}), "threshold": threshold, "tz": tz}
    parameters = {key: v for key, v in parameters.items() if v is not None and v != {}}
    if read.notes:
        parameters["converted"] = {f"{t}: {text}": n for (t, text), n in read.notes.items() if n}
    removed = {f"{t}: {reason}": n for (t, reason), n in read.dropped.items() if n}
    read.warn(removed)
    return Dataset(
        **tables,
        real_ids=read.real_ids,
        source=source,
        terms=terms,
        provenance=Provenance.of("from_frame", parameters, removed=removed),
    )


def _choose_table(named: Mapping[str, str], table: str | None, frame: Any) -> str:
    """The table that the columns make; refuses columns that it has no place for."""
    shown = {"surface", "position", "watch_fraction", "parent_account"}
    if table is not None:
        check_choice("table", table, _COLUMNS)
        chosen = table
    elif {"follower", "followee"} & set(named):
        chosen = "follows"
    elif "group" in named:
        chosen = "memberships"
    elif shown & set(named):
        chosen = "impressions"
    elif "account" in named or not named:
        chosen = "interactions"
    else:
        chosen = "items"
    needed = {
        "follows": ("follower", "followee"),
        "memberships": ("account", "group"),
        "impressions": ("account", "item"),
        "interactions": ("account",),
        "items": ("item",),
    }[chosen]
    absent = [key for key in needed if key not in named]
    if absent:
        there = column_names(frame)
        columns = f"; its columns are {', '.join(map(repr, there[:8]))}" if there else ""
        raise OptionError(
            f"from_frame: {chosen} need {' and '.join(f'{key}=' for key in absent)}, the name of a "
            f"column{columns}."
        )
    takes = set(_COLUMNS[chosen]) | (set(_ITEMS) if "item" in _COLUMNS[chosen] else set())
    surplus = [key for key in named if key not in takes]
    if surplus:
        raise OptionError(
            f"from_frame: {surplus[0]}= has no place in {chosen}: leave it out, or make a dataset of "
            "each table and join them, as Dataset(follows=a.follows, interactions=b.interactions)."
        )
    if (
        chosen not in ("follows", "memberships")
        and "item" not in named
        and set(named) & set(_ITEMS)
    ):
        raise OptionError("from_frame: item= is missing, the column of the ids of the items.")
    return chosen


def _check_kind(
    named: Mapping[str, str],
    chosen: str,
    kind_is: str | None,
    threshold: float | None,
    kinds: Mapping[str, str] | None,
    frame: Any,
) -> None:
    says = [f"{key}=" for key in ("kind", "rating") if key in named]
    says += ["kind_is="] if kind_is is not None else []
    if chosen != "interactions":
        if says or kinds:
            raise OptionError(f"from_frame: {(says or ['kinds='])[0]} is for interactions only.")
        return
    if len(says) > 1 or ("rating" in named and "value" in named):
        both = says if len(says) > 1 else ["rating=", "value="]
        raise OptionError(f"from_frame: {' and '.join(both)} do not go together; give one.")
    if not says:
        there = column_names(frame) or []
        likely = [n for n in there if n.casefold() in KIND_NAMES and n not in named.values()]
        raise OptionError(
            "from_frame: what did the accounts do? Name the column that says it "
            f"(kind={likely[0] if likely else '…'!r}), or say it of all rows (kind_is='view'); rows of "
            "what was only shown are table='impressions'."
        )
    if kind_is is not None and (not isinstance(kind_is, str) or not kind_is.strip()):
        raise OptionError("kind_is= is a kind of interaction, such as 'like'.")
    if threshold is not None:
        check_number("threshold", threshold)
        if "rating" not in named:
            raise OptionError("threshold= goes with rating=, the column of the ratings.")
    if kinds is not None and not isinstance(kinds, Mapping):
        raise OptionError(
            f"kinds={shorten(kinds)}: a mapping is needed, such as {{'fav': 'like'}}."
        )
    if kinds and "kind" not in named:
        raise OptionError("kinds= goes with kind=, the column of the kinds.")
    for old, new in (kinds or {}).items():
        if not (isinstance(old, str) and isinstance(new, str)):
            raise OptionError(f"kinds={{{old!r}: {new!r}}}: it maps texts to texts.")


class _Reading:
    """The tables of one frame; what is changed, noted or dropped on the way is counted."""

    def __init__(
        self,
        raw: pl.DataFrame,
        named: Mapping[str, str],
        real_ids: tuple[str, ...],
        tz: str | None,
        separator: str | None,
    ) -> None:
        self.raw, self.named, self.real_ids = raw, named, real_ids
        self.tz, self.separator = tz, separator
        self.changes: Counter[tuple[str, str]] = Counter()
        self.notes, self.dropped = Counts(), Counts()

    def table(self, name: str, parts: Mapping[str, str], **more: pl.Expr) -> pl.DataFrame:
        """The columns of a table, cast and checked; errors name the columns of the frame."""
        own = {column: self.named[key] for key, column in parts.items() if key in self.named}
        renamed = self.raw.select(
            *(pl.col(given).alias(column) for column, given in own.items()), **more
        )
        frame = conform(
            name,
            renamed,
            real_ids=self.real_ids,
            changes=self.changes,
            converted=self.notes,
            given=own,
            tz=self.tz,
            separator=self.separator,
        )
        return frame if name == "items" else drop_duplicates(name, frame, self.dropped)

    def interactions(
        self, kind_is: str | None, kinds: Mapping[str, str] | None, threshold: float | None
    ) -> pl.DataFrame:
        rated = "rating" in self.named
        same = "rating" if rated else kind_is
        more = {} if same is None else {"kind": pl.lit(same)}
        if kinds:
            before, column = self.raw, self.named["kind"]
            text = pl.col(column).cast(pl.String).str.strip_chars()
            self.raw = before.with_columns(text.replace(dict(kinds)).alias(column))
            there = before.select(text.unique()).to_series()
            for word in kinds:
                if word not in there:
                    self.changes["interactions", f"no kind {shorten(word)} of kinds= is there"] += 1
        frame = self.table("interactions", _COLUMNS["interactions"], **more)
        if rated and threshold is not None:
            liked = (pl.col("value") >= threshold).fill_null(False)
            kind = pl.when(liked).then(pl.lit("like")).otherwise(pl.lit("rating"))
            frame = frame.with_columns(kind.alias("kind"))
            n = frame.filter(kind="like").height
            self.notes["interactions", f"ratings of {threshold:g} or more: kind 'like'"] += n
            self.notes["interactions", "other ratings: kind 'rating'"] += frame.height - n
        return frame

    def items(self) -> pl.DataFrame:
        """One row per item: of each column the first value."""
        known = {"item": "item_id"} | {key: c for key, c in _ITEMS.items() if key in self.named}
        # rows without an item, which interactions may have, say nothing of one
        place = f"the frame: column {self.named['item']!r}"
        ids = take_ids(self.raw.get_column(self.named["item"]), place, real_ids=self.real_ids)
        self.raw = self.raw.filter(ids.is_not_null())
        rows = self.table("items", known)
        values = [c for c in rows.columns if c != "item_id"]
        first = [pl.col(c).drop_nulls().first() for c in values]
        items = rows.group_by("item_id", maintain_order=True).agg(first)
        for column in values:
            pairs = rows.select("item_id", column).drop_nulls().unique()
            several = pairs.filter(pl.col("item_id").is_duplicated()).get_column("item_id")
            if n := several.n_unique():
                self.changes["items", f"{column} has several values for one item: first taken"] += n
        if "created_at" in values:
            offset = check_id_times(items.get_column("item_id"), items.get_column("created_at"))
            if offset is not None:
                self.changes["items", describe_offset(offset, "created_at")] += items.height
        return items

    def warn(self, removed: Mapping[str, int]) -> None:
        """Tell what was changed and left out."""
        if self.changes:
            told = describe_changes(self.changes, "If such a word is an id, name it in real_ids=.")
            warn(f"from_frame: {told}")
        if removed:
            told = "; ".join(f"{reason} ({n:,})" for reason, n in removed.items())
            warn(f"from_frame left out rows: {told}.")

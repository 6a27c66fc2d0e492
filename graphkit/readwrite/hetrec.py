"""Reader of the HetRec 2011 Last.fm data set: friendships, plays and dated tags."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.data.times import PLAUSIBLE
from graphkit.errors import DataError, FileError, name_some, nearest, shorten
from graphkit.readwrite.files import Counts, count_removed, read_text, reading_file, require_folder

__all__ = ["is_hetrec_lastfm", "read_hetrec_lastfm"]

_COLUMNS = {
    "artists.dat": ("id", "name"),
    "tags.dat": ("tagID", "tagValue"),
    "user_artists.dat": ("userID", "artistID", "weight"),
    "user_friends.dat": ("userID", "friendID"),
    "user_taggedartists.dat": ("userID", "artistID", "tagID", "day", "month", "year"),
    "user_taggedartists-timestamps.dat": ("userID", "artistID", "tagID", "timestamp"),
}
_DATED, _STAMPED = "user_taggedartists.dat", "user_taggedartists-timestamps.dat"

#: Beginning of Last.fm (2002); earlier dates are invalid.
_BEGIN = datetime(2002, 1, 1, tzinfo=UTC)

_SOURCE = "HetRec 2011 Last.fm 2K (https://grouplens.org/datasets/hetrec-2011/)"
_TERMS = (
    "Non-commercial use. Cite Last.fm (https://www.last.fm) and Cantador, Brusilovsky and Kuflik, "
    "HetRec 2011, RecSys '11."
)


def is_hetrec_lastfm(path: Path) -> bool:
    """Whether a path is a folder with ``user_artists.dat``."""
    return (path / "user_artists.dat").is_file()


def read_hetrec_lastfm(folder: str | Path) -> tuple[Dataset, ImportReport]:
    """Read the tab-separated files of ``hetrec2011-lastfm-2k``.

    Items are the artists, captions their names; there are no authors. Friendships, which the
    file has in both directions, are follows. Interactions are ``play`` (value = number of
    plays, without a time) and ``tag`` (text in ``tag``, at the start of the day in UTC; most
    dates are the first of a month, so times are accurate to a month only).

    Tags dated before 2002, when Last.fm began, lose their time. Artists who were tagged but
    are not in ``artists.dat`` are added without a name. Both are notes in the report. If
    ``user_taggedartists-timestamps.dat`` is present it is read instead of
    ``user_taggedartists.dat``: the same rows, with midnights of Madrid in milliseconds. Without
    both of the files of tags, tags.dat and user_taggedartists.dat, only plays are read, which is
    a note too; one without the other is an error.

    Parameters
    ----------
    folder
        Folder of artists.dat, user_artists.dat and user_friends.dat, and of tags.dat and
        user_taggedartists.dat (or user_taggedartists-timestamps.dat) if there are tags.

    Returns
    -------
    tuple of Dataset and ImportReport
        Accounts, items, follows and interactions; the report counts the rows of each file.

    Raises
    ------
    FileError
        If the folder or one of the files is missing or cannot be read; also if only one of the
        two files of tags is there.
    DataError
        If a file lacks a column, or a value is not a number.

    Examples
    --------
    >>> import tempfile
    >>> lines = {
    ...     "artists": "id name,1 Enya",
    ...     "tags": "tagID tagValue,1 celtic",
    ...     "user_artists": "userID artistID weight,2 1 13883",
    ...     "user_friends": "userID friendID,2 3,3 2",
    ...     "user_taggedartists": "userID artistID tagID day month year,2 1 1 1 4 2009",
    ... }
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, text in lines.items():
    ...         text = text.replace(" ", chr(9)).replace(",", chr(10))
    ...         _ = (Path(folder) / f"{name}.dat").write_text(text)
    ...     ds, report = read_hetrec_lastfm(folder)
    >>> ds.follows.rows(), ds.interactions.get_column("tag").to_list()
    ([('2', '3'), ('3', '2')], [None, 'celtic'])
    """
    root = require_folder(folder, "Give the folder that holds artists.dat and the other files.")
    tagging = _STAMPED if (root / _STAMPED).exists() else _DATED
    of_tags = ("tags.dat", tagging)
    tagged = any((root / name).exists() for name in of_tags)
    names = ("artists.dat", "user_artists.dat", "user_friends.dat", *(of_tags if tagged else ()))
    raw = {name: _read_columns(root, name) for name in sorted(names)}
    dropped, notes = Counts(), Counts()
    follows = _build_follows(raw["user_friends.dat"], dropped, notes)
    plays = raw["user_artists.dat"].select(
        account_id="userID", item_id="artistID", kind=pl.lit("play"), value="weight"
    )
    kept = {name: frame.height for name, frame in raw.items()}
    kept["user_friends.dat"] = follows.height
    interactions = plays
    if tagged:
        tags = _build_taggings(raw[tagging], raw["tags.dat"], tagging, dropped, notes)
        interactions = pl.concat([plays, tags], how="diagonal")
        kept[tagging] = tags.height
    else:
        absent = f"read without tags: there is neither tags.dat nor {_DATED}"
        notes["user_artists.dat", absent] = plays.height
    items = _build_items(raw["artists.dat"], interactions, dropped, notes)
    kept["artists.dat"] -= dropped["artists.dat", "the same row again"]
    users = [interactions["account_id"], follows["follower_id"], follows["followee_id"]]
    listeners = pl.concat([s.alias("account_id") for s in users]).unique()
    reasons = {f"{name}: {reason}": n for (name, reason), n in dropped.items() if n}
    try:
        dataset = Dataset(
            accounts=_sort_numerically(listeners).to_frame(),
            items=items,
            follows=follows,
            interactions=interactions,
            source=_SOURCE,
            terms=_TERMS,
            provenance=Provenance.of("read_hetrec_lastfm", removed=reasons),
        )
    except DataError as error:
        raise DataError(f"{root}: {error}") from error
    read = {name: frame.height for name, frame in raw.items()}
    return dataset, ImportReport.of(read, kept, dropped, notes)


def _read_columns(folder: Path, name: str) -> pl.DataFrame:
    """Columns of a tab-separated file, as text."""
    path = folder / name
    if not path.is_file():
        there = sorted(f.name for f in folder.glob("*.dat"))
        raise FileError(
            f"{path} is missing; the folder holds {', '.join(there) or 'no .dat file'}."
            " Unpack hetrec2011-lastfm-2k.zip and give its folder."
        )
    # tags.dat is Latin-1, which is hardly ever valid UTF-8; names contain stray quotes
    text = read_text(path, fallback="latin-1")
    with reading_file(path, "Unpack the file again."):
        frame = pl.read_csv(text.encode(), separator="\t", quote_char=None, infer_schema=False)
    for column in _COLUMNS[name]:
        if column not in frame.columns:
            raise DataError(
                f"{path}: column {column!r} is missing; there are "
                f"{name_some(frame.columns)}.{nearest(column, frame.columns)}"
            )
    frame = frame.select(_COLUMNS[name])
    numbers = [c for c in frame.columns if c not in ("name", "tagValue")]
    for column in numbers:
        sign = "-?" if column == "timestamp" else ""
        bad = ~frame.get_column(column).str.contains(rf"^\s*{sign}[0-9]+\s*$").fill_null(False)
        if bad.any():
            row = int(bad.arg_true()[0])
            raise DataError(
                f"{path}, row {row + 1}: {column} = {shorten(frame[column][row])} is no whole number; "
                "unpack the file again."
            )
    return frame.with_columns(pl.col(numbers).str.strip_chars())


def _build_follows(friends: pl.DataFrame, dropped: Counts, notes: Counts) -> pl.DataFrame:
    """Distinct follows without self-follows; one-sided friendships are noted."""
    name, edges = "user_friends.dat", friends.select(follower_id="userID", followee_id="friendID")
    once = edges.unique(maintain_order=True)
    once = count_removed(edges, once, dropped, name, "the same row again")
    others = once.filter(pl.col("follower_id") != pl.col("followee_id"))
    count_removed(once, others, dropped, name, "account follows itself")
    reverse = others.select(follower_id="followee_id", followee_id="follower_id")
    single = others.join(reverse, on=others.columns, how="anti").height
    notes[name, "friendship in one direction only: left so"] += single
    return others


def _build_taggings(
    rows: pl.DataFrame, words: pl.DataFrame, name: str, dropped: Counts, notes: Counts
) -> pl.DataFrame:
    """Interactions of kind ``tag`` with text and time; impossible times are noted."""
    words = words.select("tagID", tag="tagValue").unique("tagID", keep="first")
    joined = rows.join(words, on="tagID", how="left", maintain_order="left")
    known = joined.filter(pl.col("tag").is_not_null())
    count_removed(joined, known, dropped, name, "tagID is not in tags.dat")
    at = known.select(
        (_parse_timestamps() if name == _STAMPED else _parse_dates()).alias("at")
    ).to_series()
    early = (at < _BEGIN).fill_null(False)
    notes[name, "no such day: time set to missing"] += at.null_count()
    notes[name, "dated before Last.fm began (2002): time set to missing"] += int(early.sum())
    kind, at = pl.lit("tag"), at.set(early, None)
    return known.select(account_id="userID", item_id="artistID", kind=kind, at=at, tag="tag")


def _parse_dates() -> pl.Expr:
    day = pl.format("{}-{}-{}", "year", pl.col("month").str.zfill(2), pl.col("day").str.zfill(2))
    date = day.str.to_date("%Y-%m-%d", strict=False)
    return date.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _parse_timestamps() -> pl.Expr:
    """Times in milliseconds; a midnight of Madrid, where they were made, is that day in UTC."""
    given = pl.col("timestamp").cast(pl.Int64, strict=False)
    # numbers far outside the calendar would break the arithmetic of Polars
    last = PLAUSIBLE[1] // 1000
    given = pl.when(given.is_between(-last, last)).then(given)
    instant = pl.from_epoch(given, "ms").dt.replace_time_zone("UTC")
    local = instant.dt.convert_time_zone("Europe/Madrid").dt.replace_time_zone(None)
    midnight = local == local.dt.truncate("1d")
    day = local.dt.replace_time_zone("UTC")
    return pl.when(midnight).then(day).otherwise(instant).cast(pl.Datetime("us", "UTC"))


def _build_items(
    artists: pl.DataFrame, interactions: pl.DataFrame, dropped: Counts, notes: Counts
) -> pl.DataFrame:
    """Artists as items, with those that only interactions mention."""
    items = artists.select(item_id="id", caption="name")
    once = items.unique(maintain_order=True)
    count_removed(items, once, dropped, "artists.dat", "the same row again")
    ids = interactions.get_column("item_id").unique()
    nameless = _sort_numerically(ids.filter(~ids.is_in(once.get_column("item_id").implode())))
    notes["artists.dat", "added without a name: played or tagged, not listed"] += len(nameless)
    return pl.concat([once, nameless.to_frame()], how="diagonal")


def _sort_numerically(ids: pl.Series) -> pl.Series:
    digits = pl.col(ids.name).str.strip_chars_start("0")
    return ids.to_frame().sort(digits.str.len_bytes(), digits, pl.col(ids.name)).to_series()

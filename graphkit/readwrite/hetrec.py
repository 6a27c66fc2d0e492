"""The HetRec 2011 Last.fm data set: friendships, plays and dated tags of 1,892 listeners."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.errors import DataError, FileError, nearest
from graphkit.readwrite.files import read_text, reading, require_folder

__all__ = ["is_hetrec_lastfm", "read_hetrec_lastfm"]

Counts = Counter[tuple[str, str]]

_COLUMNS = {
    "artists.dat": ("id", "name"),
    "tags.dat": ("tagID", "tagValue"),
    "user_artists.dat": ("userID", "artistID", "weight"),
    "user_friends.dat": ("userID", "friendID"),
    "user_taggedartists.dat": ("userID", "artistID", "tagID", "day", "month", "year"),
    "user_taggedartists-timestamps.dat": ("userID", "artistID", "tagID", "timestamp"),
}
_DATED, _STAMPED = "user_taggedartists.dat", "user_taggedartists-timestamps.dat"

#: Last.fm began in 2002; nobody can have tagged anything there before.
_BEGIN = datetime(2002, 1, 1, tzinfo=UTC)

_SOURCE = "HetRec 2011 Last.fm 2K (https://grouplens.org/datasets/hetrec-2011/)"
_TERMS = (
    "Non-commercial use. Cite Last.fm (https://www.last.fm) and Cantador, Brusilovsky and Kuflik, "
    "HetRec 2011, RecSys '11."
)


def is_hetrec_lastfm(path: Path) -> bool:
    """Whether a path is a folder with the file of plays."""
    return (path / "user_artists.dat").is_file()


def read_hetrec_lastfm(folder: str | Path) -> tuple[Dataset, ImportReport]:
    """Read the folder of ``hetrec2011-lastfm-2k`` as it is distributed.

    Artists are the items, their names the captions; they have no authors. Friendships stand in
    the file in both directions, and so in follows. Interactions are ``play`` (value = how
    often, without a time) and ``tag`` (the text in ``tag``, at the start of the day in UTC;
    most dates are the first of a month, so times are good to a month only).

    A tag assignment dated before 2002, when Last.fm began, keeps its row and loses its time. An
    artist who was tagged but is not in ``artists.dat`` is added without a name. Both are notes
    in the report. Where ``user_taggedartists-timestamps.dat`` is present it is read instead of
    ``user_taggedartists.dat``: the same rows, each time the midnight of Madrid in milliseconds.

    Parameters
    ----------
    folder
        Holds artists.dat, tags.dat, user_artists.dat, user_friends.dat and
        user_taggedartists.dat (or user_taggedartists-timestamps.dat).

    Returns
    -------
    tuple of Dataset and ImportReport
        Accounts, items, follows and interactions; the report counts the rows of each file.

    Raises
    ------
    FileError
        If the folder or one of the files is missing or cannot be read.
    DataError
        If a file lacks a column, or a value in it is no number.

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
    place = require_folder(folder, "Give the folder that holds artists.dat and the other files.")
    tagging = _STAMPED if (place / _STAMPED).exists() else _DATED
    names = ("artists.dat", "tags.dat", "user_artists.dat", "user_friends.dat", tagging)
    raw = {name: _read(place, name) for name in names}
    dropped, notes = Counts(), Counts()
    follows = _follows(raw["user_friends.dat"], dropped, notes)
    plays = raw["user_artists.dat"].select(
        pl.col("userID").alias("account_id"),
        pl.col("artistID").alias("item_id"),
        pl.lit("play").alias("kind"),
        pl.col("weight").alias("value"),
    )
    tags = _taggings(raw[tagging], raw["tags.dat"], tagging, dropped, notes)
    acts = pl.concat([plays, tags], how="diagonal")
    kept = {name: frame.height for name, frame in raw.items()}
    kept |= {"user_friends.dat": follows.height, tagging: tags.height}
    items = _items(raw["artists.dat"], acts, dropped, notes)
    kept["artists.dat"] -= dropped["artists.dat", "the same row again"]
    users = [acts["account_id"], follows["follower_id"], follows["followee_id"]]
    everybody = pl.concat([s.alias("account_id") for s in users]).unique()
    reasons = {f"{name}: {reason}": n for (name, reason), n in dropped.items() if n}
    try:
        dataset = Dataset(
            accounts=_numerically(everybody).to_frame(),
            items=items,
            follows=follows,
            interactions=acts,
            source=_SOURCE,
            terms=_TERMS,
            provenance=Provenance.of("read_hetrec_lastfm", removed=reasons),
        )
    except DataError as error:
        raise DataError(f"{place}: {error}") from error
    read = {name: frame.height for name, frame in raw.items()}
    return dataset, ImportReport.of(read, kept, dropped, notes)


def _read(folder: Path, name: str) -> pl.DataFrame:
    """A tab-separated file as text, with the columns that are needed."""
    path = folder / name
    if not path.is_file():
        there = sorted(f.name for f in folder.glob("*.dat"))
        raise FileError(
            f"{path} is missing; the folder holds {', '.join(there) or 'no .dat file'}."
            " Unpack hetrec2011-lastfm-2k.zip and give its folder."
        )
    # tags.dat is Latin-1, which is hardly ever valid UTF-8; names hold stray quotes
    text = read_text(path, fallback="latin-1")
    with reading(path, "Unpack the file again."):
        frame = pl.read_csv(text.encode(), separator="\t", quote_char=None, infer_schema=False)
    for column in _COLUMNS[name]:
        if column not in frame.columns:
            raise DataError(
                f"{path}: column {column!r} is missing; there are "
                f"{', '.join(map(repr, frame.columns))}.{nearest(column, frame.columns)}"
            )
    frame = frame.select(_COLUMNS[name])
    numbers = [c for c in frame.columns if c not in ("name", "tagValue")]
    for column in numbers:
        sign = "-?" if column == "timestamp" else ""
        bad = ~frame.get_column(column).str.contains(rf"^\s*{sign}[0-9]+\s*$").fill_null(False)
        if bad.any():
            row = int(bad.arg_true()[0])
            raise DataError(
                f"{path}, row {row + 1}: {column} = {frame[column][row]!r} is no whole number; "
                "unpack the file again."
            )
    return frame.with_columns(pl.col(numbers).str.strip_chars())


def _follows(friends: pl.DataFrame, dropped: Counts, notes: Counts) -> pl.DataFrame:
    arcs = friends.select(follower_id="userID", followee_id="friendID")
    once = arcs.unique(maintain_order=True)
    dropped["user_friends.dat", "the same row again"] += arcs.height - once.height
    others = once.filter(pl.col("follower_id") != pl.col("followee_id"))
    dropped["user_friends.dat", "account follows itself"] += once.height - others.height
    back = others.select(follower_id="followee_id", followee_id="follower_id")
    single = others.join(back, on=others.columns, how="anti").height
    notes["user_friends.dat", "friendship in one direction only: left so"] += single
    return others


def _taggings(
    rows: pl.DataFrame, words: pl.DataFrame, name: str, dropped: Counts, notes: Counts
) -> pl.DataFrame:
    words = words.select("tagID", tag="tagValue").unique("tagID", keep="first")
    joined = rows.join(words, on="tagID", how="left", maintain_order="left")
    known = joined.filter(pl.col("tag").is_not_null())
    dropped[name, "tagID is not in tags.dat"] += joined.height - known.height
    at = known.select((_stamped() if name == _STAMPED else _dated()).alias("at")).to_series()
    early = (at < _BEGIN).fill_null(False)
    notes[name, "no such day: time set to missing"] += at.null_count()
    notes[name, "dated before Last.fm began (2002): time set to missing"] += int(early.sum())
    return known.select(
        pl.col("userID").alias("account_id"),
        pl.col("artistID").alias("item_id"),
        pl.lit("tag").alias("kind"),
        at.set(early, None),
        pl.col("tag"),
    )


def _dated() -> pl.Expr:
    day = pl.format("{}-{}-{}", "year", pl.col("month").str.zfill(2), pl.col("day").str.zfill(2))
    date = day.str.to_date("%Y-%m-%d", strict=False)
    return date.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _stamped() -> pl.Expr:
    """Milliseconds; a midnight of Madrid, where they were made, means that day in UTC."""
    instant = pl.from_epoch(pl.col("timestamp").cast(pl.Int64), "ms").dt.replace_time_zone("UTC")
    local = instant.dt.convert_time_zone("Europe/Madrid").dt.replace_time_zone(None)
    midnight = local == local.dt.truncate("1d")
    day = local.dt.replace_time_zone("UTC")
    return pl.when(midnight).then(day).otherwise(instant).cast(pl.Datetime("us", "UTC"))


def _items(
    artists: pl.DataFrame, acts: pl.DataFrame, dropped: Counts, notes: Counts
) -> pl.DataFrame:
    items = artists.select(item_id="id", caption="name")
    once = items.unique(maintain_order=True)
    dropped["artists.dat", "the same row again"] += items.height - once.height
    ids = acts.get_column("item_id").unique()
    nameless = _numerically(ids.filter(~ids.is_in(once.get_column("item_id").implode())))
    notes["artists.dat", "added without a name: played or tagged, not listed"] += len(nameless)
    return pl.concat([once, nameless.to_frame()], how="diagonal")


def _numerically(ids: pl.Series) -> pl.Series:
    return ids.to_frame().sort(pl.col(ids.name).cast(pl.Int64)).to_series()

"""Writers of datasets in the formats of other programs: CooRTweet, RecBole's atomic files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.files import write_whole
from graphkit.data.incidence import checked_kinds, rows_of_kinds
from graphkit.data.results import ImportReport
from graphkit.errors import FileError
from graphkit.graphs.social import REPLIES
from graphkit.parallel import refuse_after_fork

__all__ = ["write_coortweet", "write_recbole"]

Counts = Counter[tuple[str, str]]

#: Features of RecBole: its name by column of the accounts, and of the items.
_USER = {
    "account_id": "user_id:token",
    "country": "country:token",
    "language": "language:token",
    "device": "device:token",
    "age_band": "age_band:token",
    "follower_count": "follower_count:float",
    "following_count": "following_count:float",
}
_ITEM = {
    "item_id": "item_id:token",
    "author_id": "author_id:token",
    "created_at": "created_at:float",
    "duration": "duration:float",
    "language": "language:token",
    "country": "country:token",
    "sound_id": "sound_id:token",
    "tags": "tags:token_seq",
    "embedding": "embedding:float_seq",
}


def write_coortweet(
    dataset: Dataset, path: str | Path, *, kinds: Collection[str] | None = None
) -> ImportReport:
    """Write interactions as the table that CooRTweet reads: one row per shared object.

    The columns are object_id, account_id, content_id and timestamp_share, in seconds since 1970. The
    object of a duet, stitch, reply or mention is the post that it answers (``target_item_id``), and its
    content the post itself; the object of any other kind is the item, and its content is its kind and
    a number, as such an interaction is no post. Rows are sorted by object, time and account.

    In R: ``detect_groups(data.table::fread("shares.csv", colClasses = c(object_id = "character",
    account_id = "character", content_id = "character")), time_window = 60)``. Without the classes,
    R reads long ids as numbers.

    Parameters
    ----------
    dataset
        With interactions that have event times.
    path
        The CSV file. An earlier one is replaced.
    kinds
        Kinds of interaction; by default those of :func:`graphkit.cointeraction_graph`.

    Returns
    -------
    ImportReport
        Interactions of these kinds, those that are written, and why others are not.

    Raises
    ------
    MissingDataError
        If there is no interaction of these kinds, or times are not those of the interactions.
    FileError
        If the file cannot be written.

    References
    ----------
    Righetti, N., & Balluff, P. (2025). CooRTweet: Coordinated networks detection on social media
    (R package, version 2.1.2). https://CRAN.R-project.org/package=CooRTweet

    Examples
    --------
    >>> import tempfile
    >>> at = ["2024-05-30 15:00:24"] * 2
    >>> log = {"account_id": ["ann", "bob"], "item_id": ["7", "7"], "kind": ["share"] * 2, "at": at}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = write_coortweet(Dataset(interactions=log), f"{folder}/shares.csv")
    ...     text = Path(folder, "shares.csv").read_text()
    >>> print(text.splitlines()[1])
    7,ann,share:1,1717081224
    """
    refuse_after_fork()
    wanted, path = checked_kinds(kinds), Path(path)
    require_dataset(dataset, caller="write_coortweet")
    table = dataset.require("interactions", "at", verb="write_coortweet")
    dataset.require_event_times("interactions.at", verb="write_coortweet")
    rows = rows_of_kinds(table, wanted, "write_coortweet")
    nothing = pl.lit(None, pl.String)
    item, target = (
        pl.col(name) if name in rows.columns else nothing for name in ("item_id", "target_item_id")
    )
    answers = pl.col("kind").cast(pl.String).is_in(REPLIES)
    found = rows.select(
        pl.when(answers).then(target).otherwise(item).alias("object_id"),
        "account_id",
        pl.when(answers).then(item).alias("content_id"),
        pl.col("at"),
        pl.col("kind").cast(pl.String),
    )
    dropped, notes = Counts(), Counts()
    whole = found.filter(pl.col("object_id").is_not_null())
    dropped["interactions", "no object: the item, or the post that is answered, is missing"] = (
        found.height - whole.height
    )
    timed = whole.filter(pl.col("at").is_not_null())
    dropped["interactions", "no time"] = whole.height - timed.height
    micros = timed.get_column("at").dt.epoch("us")
    notes["interactions", "times cut to whole seconds"] = int((micros % 1_000_000 != 0).sum())
    ordered = timed.sort("object_id", "at", "account_id", "kind", "content_id")
    number = pl.int_range(1, pl.len() + 1).over("kind").cast(pl.String)
    shares = ordered.select(
        "object_id",
        "account_id",
        pl.coalesce("content_id", pl.col("kind") + ":" + number).alias("content_id"),
        pl.col("at").dt.epoch("us").floordiv(1_000_000).alias("timestamp_share"),
    )
    write_whole(path, shares.write_csv)
    counts = {"interactions": rows.height}
    return ImportReport.of(counts, {"interactions": shares.height}, dropped, notes)


def write_recbole(
    dataset: Dataset, folder: str | Path, *, kinds: Collection[str] | None = None
) -> ImportReport:
    """Write a dataset as the atomic files of RecBole: ``.inter``, ``.user``, ``.item`` and ``.net``.

    The files are called as the folder, as RecBole wants it: ``data/mine`` holds ``mine.inter``, and is
    read with ``dataset: mine`` and ``data_path: data``. Interactions have user_id, item_id, their kind,
    value and timestamp (seconds since 1970); where ratings alone are written, rating stands for kind
    and value. Accounts and items have the features that the dataset has, without captions; follows
    are the social network. Blanks in tags become ``_``, because RecBole parts tokens by blanks.

    Parameters
    ----------
    dataset
        With interactions.
    folder
        Made if need be; earlier files of these names are replaced.
    kinds
        Kinds of interaction; all by default.

    Returns
    -------
    ImportReport
        Rows of each table, those that are written, and why others are not; columns that the format has
        no place for are notes.

    Raises
    ------
    MissingDataError
        If there is no interaction of these kinds with an item.
    FileError
        If a file cannot be written.

    References
    ----------
    Zhao, W. X., et al. (2021). RecBole: Towards a unified, comprehensive and efficient framework for
    recommendation algorithms. CIKM, 4653–4664. https://doi.org/10.1145/3459637.3482016

    Examples
    --------
    >>> import tempfile
    >>> log = {"account_id": ["ann"], "item_id": ["0017"], "kind": ["like"]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = write_recbole(Dataset(interactions=log), f"{folder}/mine")
    ...     text = Path(folder, "mine", "mine.inter").read_text()
    >>> print(text.splitlines())
    ['user_id:token\\titem_id:token\\tkind:token', 'ann\\t0017\\tlike']
    """
    refuse_after_fork()
    wanted = None if kinds is None else checked_kinds(kinds)
    require_dataset(dataset, caller="write_recbole")
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileError(f"{folder} is a file: name a folder for the atomic files of RecBole.")
    dropped, notes = Counts(), Counts()
    read, kept = Counter[str](), Counter[str]()
    table = dataset.require("interactions", "item_id", verb="write_recbole")
    rows = table if wanted is None else rows_of_kinds(table, wanted, "write_recbole")
    whole = rows.filter(pl.col("item_id").is_not_null())
    dropped["interactions", "no item"] = rows.height - whole.height
    read["interactions"], kept["interactions"] = rows.height, whole.height
    files = {"inter": _interactions(dataset, whole, notes)}
    for name, ending, features in (("accounts", "user", _USER), ("items", "item", _ITEM)):
        if (frame := dataset.tables.get(name)) is not None:
            files[ending] = _features(frame.sort(frame.columns[0]), features)
            read[name] = kept[name] = frame.height
            _note_columns(notes, name, frame, [*features])
    if (follows := dataset.follows) is not None:
        files["net"] = follows.select(
            pl.col("follower_id").alias("source_id:token"),
            pl.col("followee_id").alias("target_id:token"),
        ).sort(pl.all())
        read["follows"] = kept["follows"] = follows.height
        _note_columns(notes, "follows", follows, ["follower_id", "followee_id"])
    for name in ("impressions", "memberships"):
        if (frame := dataset.tables.get(name)) is not None:
            notes[name, "this table: not in this format"] = frame.height
    if "item" in files and "tags:token_seq" in files["item"].columns:
        files["item"] = _part_tags(files["item"], notes)
    for ending, frame in files.items():
        path = folder / f"{folder.absolute().name}.{ending}"
        write_whole(path, partial(frame.write_csv, separator="\t"))
    return ImportReport.of(read, kept, dropped, notes)


def _interactions(dataset: Dataset, rows: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """The table ``.inter``, sorted."""
    columns = {"account_id": "user_id:token", "item_id": "item_id:token", "kind": "kind:token"}
    rated = rows.height > 0 and (rows.get_column("kind").cast(pl.String) == "rating").all()
    values = "value" in rows.columns and rows.get_column("value").count() > 0
    if rated and values:
        del columns["kind"]
    if values:
        columns["value"] = "rating:float" if rated else "value:float"
    if "at" in rows.columns and rows.get_column("at").count():
        columns["at"] = "timestamp:float"
        kind = dataset.time_kinds.get("interactions.at", "event")
        if kind != "event":
            notes["interactions", f"times of another kind than the interactions': {kind}"] = (
                rows.height
            )
    _note_columns(notes, "interactions", rows, [*columns, "kind"])
    order = [name for name in ("account_id", "at", "item_id", "kind", "value") if name in columns]
    return _features(rows.sort(order), columns)


def _features(frame: pl.DataFrame, columns: dict[str, str]) -> pl.DataFrame:
    """Columns under their names in RecBole: times as seconds, lists as texts."""
    found = [name for name in columns if name in frame.columns and frame.get_column(name).count()]
    return frame.select(_feature(frame.schema[name], name).alias(columns[name]) for name in found)


def _feature(dtype: Any, name: str) -> pl.Expr:
    if dtype.is_temporal():
        return pl.col(name).dt.epoch("us") / 1e6
    if name == "embedding":
        return pl.col(name).cast(pl.List(pl.String)).list.join(" ")
    return pl.col(name)


def _part_tags(items: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    tags = pl.col("tags:token_seq")
    blank = tags.list.eval(pl.element().str.contains(r"\s")).list.any().fill_null(False)
    notes["items", "tags with blanks; written with _"] = int(items.select(blank.sum()).item())
    return items.with_columns(
        tags.list.eval(pl.element().str.replace_all(r"\s+", "_")).list.join(" ")
    )


def _note_columns(notes: Counts, table: str, frame: pl.DataFrame, written: list[str]) -> None:
    """Note the columns that the format has no place for, with their numbers of values."""
    for column in frame.iter_columns():
        if column.name not in written and column.count():
            notes[table, f"{column.name}: not in this format"] += column.count()

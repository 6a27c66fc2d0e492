"""YouTube: the history, subscriptions and comments of an account, as Google Takeout writes them.

An item is a video; an account is a channel. Each row of the history is a view of the owner, and an
impression on the surface "watch history"; a row that Google Ads brought is an impression on the
surface "ad" only, for nobody chose it. Videos that were removed have no id, and are counted. The
owner is named by the channel of its comments, where there are any. Names of files and columns are in
the language of the export, so that files are known by their values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import polars as pl

from graphkit.readwrite.extract import Extract, Importer, ImportOptions
from graphkit.readwrite.gather import (
    finish,
    folder_of,
    frame_of,
    moments,
    owner_of,
    read_each,
    read_rows,
    refuse,
)
from graphkit.readwrite.records import RecordReader
from graphkit.readwrite.source import Sample, Source, split_line

__all__ = ["IMPORTERS"]

_HISTORY, _COMMENTS, _SUBSCRIPTIONS = "watch history", "comments", "subscriptions"

#: Channels are made of "UC" and 22 more characters; handles and older names occur in addresses.
_CHANNEL = r"^UC[\w-]{22}$"
_VIDEO = r"^[\w-]{11}$"
_WATCHED = re.compile(
    r"^https?://(?:www\.|m\.|music\.)?(?:youtube\.com/(?:watch\?(?:[^#]*&)?v=|shorts/)|youtu\.be/)([\w-]+)"
)
_CHANNEL_ADDRESS = re.compile(r"youtube\.com/(?:channel/|user/|c/)?(@?[^/?#\s]+)/?$")

#: Folders of an export, of which the innermost have names in its language.
_INSIDE = re.compile(
    r"^(?:Takeout|YouTube(?: \S+ YouTube Music)?|history|subscriptions|comments|geschiedenis|abonnementen"
    r"|reacties|Verlauf|Abos|Kommentare|historique|abonnements|commentaires|historial|suscripciones"
    r"|comentarios|histórico|inscrições|comentários|cronologia|iscrizioni|commenti)$"
)


class _Channel(msgspec.Struct):
    url: str | None = None


class _Row(msgspec.Struct):
    """A row of the history. Its title and the names of channels are not read."""

    titleUrl: str | None = None
    subtitles: list[_Channel] | None = None
    time: str | None = None
    details: list[msgspec.Raw] | None = None


_ROW_TYPES: dict[str, Any] = {
    "item_id": pl.String,
    "author_id": pl.String,
    "at": pl.String,
    "ad": pl.Boolean,
}


def _second_line(sample: Sample) -> list[str]:
    lines = sample.text.splitlines()
    return split_line(lines[1], sample.separator) if len(lines) > 1 else []


def _is_subscriptions(sample: Sample) -> bool:
    if sample.kind != "delimited" or len(sample.header) != 3:
        return False
    if sample.header == ("Channel Id", "Channel Url", "Channel Title"):
        return True
    cells = _second_line(sample)
    return len(cells) == 3 and bool(re.search(r"youtube\.com/channel/UC", cells[1]))


def _is_comments(sample: Sample) -> bool:
    if sample.kind != "delimited" or not 6 <= len(sample.header) <= 12:
        return False
    header = {name.casefold() for name in sample.header}
    if {"comment id", "channel id", "video id"} <= header:
        return True
    cells = _second_line(sample)
    return (
        len(cells) > 3
        and cells[0].startswith("Ug")
        and bool(re.match(_CHANNEL, cells[1]))
        and '{""text"":' in sample.text
    )


def _recognise(sample: Sample) -> str | None:
    history = sample.has("header", "title", "time", "products")
    if sample.kind == "json" and (history or sample.has("titleUrl", "time", "activityControls")):
        return "its keys are 'header', 'title', 'time' and 'products'"
    if _is_subscriptions(sample):
        return "its three columns are the id, address and title of channels"
    if _is_comments(sample):
        return "its columns have the ids of comments, channels and videos"
    return None


def _group(source: Source) -> str:
    return folder_of(source, lambda part: bool(_INSIDE.match(part)))


class _Export:
    """Rows of the files of one export."""

    def __init__(self) -> None:
        self.history: list[tuple[Any, ...]] = []
        self.channels: list[pl.Series] = []
        self.comments: list[pl.DataFrame] = []
        self.owners: set[str] = set()

    def take(self, sample: Sample, extract: Extract) -> None:
        if sample.kind == "json":
            self._take_history(sample, extract)
        elif _is_subscriptions(sample):
            frame = read_rows(sample, _SUBSCRIPTIONS, extract)
            self.channels.append(frame.to_series(0).str.strip_chars().alias("followee_id"))
        else:
            self._take_comments(sample, extract)

    def _take_history(self, sample: Sample, extract: Extract) -> None:
        reader: RecordReader[_Row] = RecordReader(
            _Row, _HISTORY, read=extract.read, dropped=extract.dropped, notes=extract.notes
        )
        for rows in reader.pieces(sample.source, sample):
            for row in rows:
                address = row.titleUrl
                found = _WATCHED.match(address or "")
                if found is None:
                    why = "removed video: no id" if address is None else "no video"
                    if address is not None and "/results?" in address:
                        why = "a search: not read"
                    extract.dropped[_HISTORY, why] += 1
                    continue
                channel = None
                for subtitle in row.subtitles or ():
                    named = _CHANNEL_ADDRESS.search(subtitle.url or "")
                    channel = channel or (named[1] if named else None)
                self.history.append((found[1], channel, row.time, row.details is not None))

    def _take_comments(self, sample: Sample, extract: Extract) -> None:
        frame = read_rows(sample, _COMMENTS, extract)
        columns = _comment_columns(frame)
        if columns.get("account") is None or columns.get("video") is None:
            raise refuse(sample, "no column has the ids of channels or of videos")
        rows = frame.select(
            owner=columns["account"],
            # the cells of a broken line stand in other columns
            item_id=pl.when(pl.col(columns["video"]).str.contains(_VIDEO)).then(columns["video"]),
            at=columns["at"] or pl.lit(None, pl.String),
            answered=columns["parent"] or pl.lit(None, pl.String),
        )
        self.owners |= set(rows.get_column("owner").drop_nulls().unique())
        self.comments.append(rows)


def _comment_columns(frame: pl.DataFrame) -> dict[str, Any]:
    """Columns of a table of comments, by their names in English, or else by their values."""
    names = {name.casefold(): name for name in frame.columns}
    columns: dict[str, Any] = {
        "account": names.get("channel id"),
        "video": names.get("video id"),
        "at": names.get("comment create timestamp"),
        "parent": names.get("parent comment id"),
    }
    # the first column is the id of the comment
    for name in frame.columns[1:]:
        cells = frame.get_column(name).drop_nulls()
        if not len(cells):
            continue
        for column, form in (
            ("account", _CHANNEL),
            ("video", _VIDEO),
            ("at", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]"),
            ("parent", r"^Ug[\w-]{20,}$"),
        ):
            if columns[column] is None and bool(cells.str.contains(form).all()):
                columns[column] = name
    return columns


def _read(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    extract, export = Extract(), _Export()
    read_each(samples, extract, export.take)
    folder = _group(samples[0].source)
    own = next(iter(export.owners)) if len(export.owners) == 1 else None
    owner = owner_of(samples, options, extract, own, folder)
    extract.add("accounts", pl.DataFrame({"account_id": [owner]}))
    _add_history(export, owner, extract)
    _add_comments(export, owner, extract)
    if export.channels:
        channels = pl.concat(export.channels).to_frame()
        told = channels.filter(pl.col("followee_id").is_not_null())
        if lost := channels.height - told.height:
            extract.dropped[_SUBSCRIPTIONS, "no channel"] += lost
        extract.add("follows", told.select(pl.lit(owner).alias("follower_id"), "followee_id"))
    return finish(extract)


def _add_history(export: _Export, owner: str, extract: Extract) -> None:
    rows = frame_of(export.history, _ROW_TYPES)
    rows = rows.with_columns(moments(rows.get_column("at"), extract, _HISTORY))
    who = pl.lit(owner).alias("account_id")
    surface = pl.when("ad").then(pl.lit("ad")).otherwise(pl.lit(_HISTORY))
    extract.add("impressions", rows.select(who, "item_id", "at", surface=surface))
    views = rows.filter(~pl.col("ad"))
    extract.add("interactions", views.select(who, "item_id", kind=pl.lit("view"), at="at"))
    if ads := rows.height - views.height:
        extract.notes[_HISTORY, "an advertisement: an impression, and no view"] += ads
    extract.add("items", rows.select("item_id", "author_id").unique(maintain_order=True))


def _add_comments(export: _Export, owner: str, extract: Extract) -> None:
    if not export.comments:
        return
    rows = pl.concat(export.comments)
    rows = rows.with_columns(moments(rows.get_column("at"), extract, _COMMENTS))
    told = rows.filter(pl.col("item_id").is_not_null())
    if lost := rows.height - told.height:
        extract.dropped[_COMMENTS, "below something that is no video"] += lost
    answers = pl.col("answered").is_not_null()
    extract.add(
        "interactions",
        told.select(
            pl.lit(owner).alias("account_id"),
            "item_id",
            kind=pl.when(answers).then(pl.lit("reply")).otherwise(pl.lit("comment")),
            at="at",
        ),
    )


IMPORTERS: tuple[Importer, ...] = (
    Importer("youtube-export", "an export of YouTube (Google Takeout)", _recognise, _read, _group),
)

"""JSON of the TikTok Research API → records, each value still the text it was."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from pathlib import Path

import polars as pl

from graphkit.errors import DataError, FileError, nearest
from graphkit.readwrite.files import first_bad_line, read_lines, read_text

__all__ = ["COUNTS", "JSON_SUFFIXES", "missing_key", "read_records"]

_LINES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
JSON_SUFFIXES = (".json", ".json.gz", *_LINES)

COUNTS = ("view_count", "like_count", "comment_count", "share_count", "favorites_count")

# Everything is decoded as text: JSON integers keep all their digits that way, and a key may
# hold a number in one file and a text in the next.
_VIDEO: dict[str, pl.DataType] = {
    name: pl.String()
    for name in (
        "id", "video_id", "item_id", "username", "create_time", "region_code", "video_description",
        "music_id", "video_duration", "voice_to_text", "is_stem_verified", *COUNTS,
        "favourites_count",
    )
} | {"hashtag_names": pl.List(pl.String), "video_mention_list": pl.List(pl.String)}  # fmt: skip
_PAGE: dict[str, pl.DataType] = {
    "data": pl.Struct({"videos": pl.List(pl.Struct(_VIDEO))}),
    "error": pl.Struct({"code": pl.String}),
}
_RECORD = pl.Struct(_VIDEO | _PAGE)

#: Keys of the API, of video objects and of what stands around or inside them, not all read.
_KNOWN_KEYS = frozenset(_VIDEO) | {
    "data", "videos", "error", "code", "message", "log_id", "http_status_code", "cursor",
    "has_more", "search_id", "effect_ids", "effect_id", "effect_name", "effect_photo_url",
    "effect_photo_URI", "hashtag_id", "hashtag_description", "hashtag_info_list",
    "sticker_info_list", "sticker_id", "sticker_name", "effect_info_list", "video_label",
    "video_tag", "type", "number", "video_tag_type", "video_tag_number", "playlist_id",
}  # fmt: skip

#: A JSON number with a point or an exponent where an id should be.
_FLOAT_ID = r'("(?:id|video_id|item_id|music_id)"\s*:\s*[0-9]+(?:\.[0-9]|[eE])[0-9eE.+-]*)'

#: How much of a file is looked at for the spelling of its keys.
_BEGINNING = 1 << 18


def read_records(path: Path, notes: Counter[tuple[str, str]]) -> tuple[pl.DataFrame, int]:
    """Video objects of one file, and how many lines at its end were cut off.

    Texts throughout; columns are the keys that are read, missing where a record lacks them.
    """
    documents = _documents(path)
    _refuse_float_ids(documents, path)
    records, cut = _decode_or_explain(documents, path)
    videos = _without_pages(records, notes)
    _look_for_misspellings(videos, documents, path, notes)
    ids = pl.coalesce("id", "video_id", "item_id").alias("id")
    likes = pl.coalesce("favorites_count", "favourites_count").alias("favorites_count")
    return videos.with_columns(ids, likes).drop("video_id", "item_id", "favourites_count"), cut


def _documents(path: Path) -> pl.Series:
    """The JSON documents of a file: its lines, or the whole of it."""
    if path.name.lower().endswith(_LINES):
        return read_lines(path)
    text = read_text(path).strip()
    first, several, _ = text.partition("\n")
    if several and first_bad_line(pl.Series([first.strip()])) is None:
        # lines under the name of JSON: the first is complete by itself
        return read_lines(path)
    return pl.Series([text], dtype=pl.String)


def _refuse_float_ids(documents: pl.Series, path: Path) -> None:
    found = documents.str.extract(_FLOAT_ID).drop_nulls()
    if len(found):
        raise DataError(
            f"{path}: {found[0]} was written as a float, so its last digits are lost: export ids "
            "as integers or text."
        )


def _decode_or_explain(documents: pl.Series, path: Path) -> tuple[pl.DataFrame, int]:
    try:
        return _decode(documents), 0
    except pl.exceptions.PolarsError as error:
        bad = first_bad_line(documents)
        filled = (documents != "").arg_true()
        if bad is not None and len(filled) > 1 and bad == int(filled[-1]):
            return _decode_or_explain(documents.head(bad), path)[0], 1
        where = f"{path}, line {bad + 1}," if bad is not None and len(filled) > 1 else f"{path}"
        why = str(error).split("\n")[0]
        raise FileError(
            f"{where} cannot be read as video objects of the Research API: {why}. Give JSON "
            "arrays of video objects, answers of the API, or lines of either."
        ) from error


def _decode(documents: pl.Series) -> pl.DataFrame:
    """Objects of all documents, each of which is an object or an array of objects."""
    documents = documents.filter(documents != "")
    is_array = documents.str.starts_with("[")
    lists = documents.filter(is_array).str.json_decode(pl.List(_RECORD))
    objects = documents.filter(~is_array).str.json_decode(_RECORD)
    records = pl.concat([_flatten(lists).alias("record"), objects.alias("record")])
    return records.drop_nulls().to_frame().unnest("record")


def _flatten(lists: pl.Series) -> pl.Series:
    # an empty list would become a row without a video
    return lists.filter(lists.list.len() > 0).explode()


def _without_pages(records: pl.DataFrame, notes: Counter[tuple[str, str]]) -> pl.DataFrame:
    """Replace answers of the API, ``{"data": {"videos": […]}, "error": …}``, by their videos."""
    is_page = pl.col("data").is_not_null() | pl.col("error").is_not_null()
    flat = records.filter(~is_page).drop("data", "error")
    pages = records.filter(is_page)
    if not pages.height:
        return flat
    codes = pages.get_column("error").struct.field("code").drop_nulls()
    failed = codes.filter(codes.str.to_lowercase() != "ok")
    for code, count in failed.value_counts(sort=True).rows():
        notes["videos", f"answer of the API with the error {code!r}"] += count
    lists = pages.get_column("data").struct.field("videos").drop_nulls()
    videos = _flatten(lists).drop_nulls().alias("video").to_frame().unnest("video")
    return pl.concat([flat, videos.select(flat.columns)])


def missing_key(needed: str, path: Path) -> str:
    """The message for videos that all lack a key that is needed."""
    keys = _keys(_documents(path))
    return (
        f"{path}: no video has the key {needed!r}.{nearest(needed, keys)} There are "
        f"{', '.join(map(repr, sorted(keys)[:20])) or 'no keys'}. Rename the key, or request the "
        "field from the API."
    )


def _keys(documents: pl.Series) -> set[str]:
    beginning = "\n".join(documents.head(2000).str.head(_BEGINNING).to_list())[:_BEGINNING]
    return set(re.findall(r'"([A-Za-z_]\w*)"\s*:', beginning))


def _look_for_misspellings(
    videos: pl.DataFrame, documents: pl.Series, path: Path, notes: Counter[tuple[str, str]]
) -> None:
    """Refuse a file whose id or user name is misspelt; note other keys that look misspelt."""
    if not videos.height:
        return
    keys = _keys(documents)
    absent = _KNOWN_KEYS - keys
    for key in sorted(keys - _KNOWN_KEYS):
        close = difflib.get_close_matches(key.lower(), sorted(absent), n=1, cutoff=0.85)
        if not close:
            continue
        if close[0] == "username":
            raise DataError(
                f"{path}: key {key!r} looks like 'username', which is missing: rename it."
            )
        notes["videos", f"key {key!r} not read; it looks like {close[0]!r}"] += videos.height

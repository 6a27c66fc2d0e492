"""Answers of the TikTok Research API, and lists of who stitched whom."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.data.schema import EARLIEST, LATEST
from graphkit.errors import DataError, FileError, OptionError, nearest
from graphkit.parallel import track
from graphkit.readwrite.files import expand, first_bad_line, read_lines, read_text

__all__ = ["is_tiktok_api", "read_tiktok_api"]

_LINES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
JSON_SUFFIXES = (".json", ".json.gz", *_LINES)

COUNTS = ("view_count", "like_count", "comment_count", "share_count", "favorites_count")

# Everything is decoded as text: JSON integers keep all their digits that way, and a key may
# hold a number in one file and a text in the next.
_VIDEO: dict[str, pl.DataType] = {
    name: pl.String()
    for name in (
        "id",
        "video_id",
        "item_id",
        "username",
        "create_time",
        "region_code",
        "video_description",
        "music_id",
        "video_duration",
        "voice_to_text",
        "is_stem_verified",
        *COUNTS,
        "favourites_count",
    )
} | {"hashtag_names": pl.List(pl.String), "video_mention_list": pl.List(pl.String)}
_PAGE: dict[str, pl.DataType] = {
    "data": pl.Struct({"videos": pl.List(pl.Struct(_VIDEO))}),
    "error": pl.Struct({"code": pl.String}),
}
_RECORD = pl.Struct(_VIDEO | _PAGE)

#: Keys of the API, of video objects and of what stands around or inside them, not all read.
_KNOWN_KEYS = frozenset(_VIDEO) | {
    "data",
    "videos",
    "error",
    "code",
    "message",
    "log_id",
    "http_status_code",
    "cursor",
    "has_more",
    "search_id",
    "effect_ids",
    "effect_id",
    "effect_name",
    "effect_photo_url",
    "effect_photo_URI",
    "hashtag_id",
    "hashtag_description",
    "hashtag_info_list",
    "sticker_info_list",
    "sticker_id",
    "sticker_name",
    "effect_info_list",
    "video_label",
    "video_tag",
    "type",
    "number",
    "video_tag_type",
    "video_tag_number",
    "playlist_id",
}

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


Counts = Counter[tuple[str, str]]

TIME = pl.Datetime("us", "UTC")

#: No TikTok id is older than the company, in seconds; nor do the upper bits go past 2100.
_FIRST_SECOND, _LAST_SECOND = 1_325_376_000, 4_102_444_800

NO_VIDEOS = pl.DataFrame(
    schema={
        "item_id": pl.String,
        "author_id": pl.String,
        "created_at": TIME,
        "mentions": pl.List(pl.String),
    }
)


def handle(name: pl.Expr) -> pl.Expr:
    """A user name in the form in which it is compared: lower case, without ``@``."""
    return _text(_text(name).str.strip_prefix("@").str.to_lowercase())


def _text(column: pl.Expr) -> pl.Expr:
    # answers of the API hold null bytes here and there
    clean = column.str.replace_all("\x00", "", literal=True).str.strip_chars()
    return pl.when(clean != "").then(clean)


def id_time(ids: pl.Expr) -> pl.Expr:
    """The creation time in the upper 32 bits of a video id; missing for ids of another make."""
    seconds = ids.cast(pl.Int64, strict=False) // (1 << 32)
    possible = seconds.is_between(_FIRST_SECOND, _LAST_SECOND)
    return pl.when(possible).then(pl.from_epoch(seconds * 1_000_000, "us")).cast(TIME)


def read_videos(files: list[Path], dropped: Counts, notes: Counts) -> tuple[pl.DataFrame, int]:
    """One row per video of all files, and the number of records read.

    Columns: those of the items table, the counts of the API, and ``mentions``.
    """
    frames = []
    read = 0
    for path in track(files, "reading videos", len(files)):
        records, cut = read_records(path, notes)
        dropped["videos", "truncated last line"] += cut
        read += records.height + cut
        frames.append(records.with_columns(_text(pl.col("id")), handle(pl.col("username"))))
    if not frames:
        return NO_VIDEOS, 0
    records = pl.concat(frames)
    for needed in ("id", "username"):
        if records.height and records.get_column(needed).null_count() == records.height:
            largest = max(range(len(files)), key=lambda i: frames[i].height)
            raise DataError(missing_key(needed, files[largest]))
        there = records.filter(pl.col(needed).is_not_null())
        dropped["videos", f"no {needed}"] += records.height - there.height
        records = there
    once = _one_per_video(records, notes)
    dropped["videos", "the same video again"] += records.height - once.height
    return _as_items(once, notes), read


def _one_per_video(records: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Of records with one id the one with most views, completed from the others."""
    records = records.with_columns(_number("view_count")).with_row_index("row")
    again = pl.col("id").is_duplicated()
    repeated = records.filter(again)
    if not repeated.height:
        return records.drop("row")
    names = repeated.group_by("id").agg(pl.col("username").n_unique())
    differing = int((names.get_column("username") > 1).sum())
    notes["videos", "username differs between records of one video: of most views kept"] += (
        differing
    )
    merged = (
        repeated.sort("view_count", descending=True, nulls_last=True, maintain_order=True)
        .group_by("id", maintain_order=True)
        .agg(pl.all().drop_nulls().first())
    )
    rows = pl.concat([records.filter(~again), merged.select(records.columns)])
    return rows.sort("row").drop("row")


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Int64, strict=False)


def _as_items(records: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    given = pl.col("create_time").str.strip_chars().cast(pl.Int64, strict=False)
    # seconds, unless they are so many that they must be milli- or microseconds
    time = given * pl.when(given < 10**11).then(10**6).when(given < 10**14).then(10**3).otherwise(1)
    low, high = (int(t.timestamp()) * 1_000_000 for t in (EARLIEST, LATEST))
    possible = (given < 10**17) & time.is_between(low, high, closed="left")
    created = pl.when(possible).then(pl.from_epoch(time, "us")).cast(TIME)
    stem = pl.col("is_stem_verified").str.to_lowercase()
    items = records.select(
        pl.col("id").alias("item_id"),
        pl.col("username").alias("author_id"),
        created.alias("created_at"),
        _number("video_duration").cast(pl.Float64).alias("duration"),
        pl.col("hashtag_names").alias("tags"),
        _text(pl.col("music_id")).alias("sound_id"),
        _text(pl.col("video_description")).alias("caption"),
        _text(pl.col("region_code")).str.to_uppercase().alias("country"),
        *(_number(name) for name in COUNTS),
        _text(pl.col("voice_to_text")),
        stem.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean),
        pl.col("video_mention_list").alias("mentions"),
        pl.col("create_time").is_null().alias("untimed"),
    )
    items = _check_times(items, notes)
    kept = ("item_id", "author_id", "created_at", "tags", "mentions")
    empty = [c for c in items.columns if c not in kept and items[c].null_count() == items.height]
    return items.drop(empty)


def _check_times(items: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Compare times with those in the ids, which also stand in where a record has none."""
    inside = id_time(pl.col("item_id"))
    lacking = pl.col("untimed") & inside.is_not_null()
    wrong = ~pl.col("untimed") & pl.col("created_at").is_null()
    gap = (inside - pl.col("created_at")).dt.total_seconds()
    facts = items.select(
        lacking=lacking.sum(),
        wrong=wrong.sum(),
        far=(gap.abs() > 3600).sum(),
        median=(gap.filter(gap.abs() > 3600).median() / 3600),
    ).row(0, named=True)
    notes["videos", "no create_time: taken from the id"] += facts["lacking"]
    notes["videos", "create_time is no possible time: set to missing"] += facts["wrong"]
    if facts["far"]:
        text = (
            "create_time is more than an hour from the time in the id (median "
            f"{-facts['median']:+.1f} h): check the time zone if these are many"
        )
        notes["videos", text] += facts["far"]
    created = pl.when(lacking).then(inside).otherwise("created_at").alias("created_at")
    return items.with_columns(created).drop("untimed")


_URL = (
    r"^(?:https?://)?(?:[a-z]+\.)?tiktok\.com/@(?<handle>[^/?#\s@]+)/(?:video|photo)/(?<id>[0-9]+)"
)
_HEADER = r"^[A-Za-z_ ]+,[A-Za-z_ ]+$"
_UNKNOWN = ("", "none", "null", "nan", "na")


def is_stitch_list(path: Path) -> bool:
    """Whether a file of a folder is a list of stitches by its name."""
    return path.name.lower().endswith(("_edges.txt", "_edges.csv"))


def read_stitches(files: list[Path], dropped: Counter[tuple[str, str]]) -> tuple[pl.DataFrame, int]:
    """Stitches of all files, each once, and the number of lines read.

    Columns: account_id, item_id, target_account_id, target_item_id.
    """
    lines = [_data_lines(path) for path in track(files, "reading stitches", len(files))]
    rows = pl.concat([pl.Series("line", [], dtype=pl.String), *lines]).to_frame()
    fields = pl.col("line").str.splitn(",", 2)
    rows = rows.select(
        *(fields.struct[i].str.strip_chars(" \"'").alias(side) for i, side in enumerate("ab"))
    ).with_columns(
        unknown=pl.col("b").str.to_lowercase().is_in(_UNKNOWN),
        first=pl.col("a").str.extract_groups(_URL),
        second=pl.col("b").str.extract_groups(_URL),
    )
    read = rows.height
    first, second = (pl.col(c).struct.field("id").is_not_null() for c in ("first", "second"))
    for reason, right in (
        ("the first field is no video URL", first),
        ("stitched video unknown", ~pl.col("unknown").fill_null(False)),
        ("the second field is no video URL", second),
    ):
        fit = rows.filter(right)
        dropped["stitches", reason] += rows.height - fit.height
        rows = fit
    stitches = rows.select(
        account_id=handle(pl.col("first").struct.field("handle")),
        item_id=pl.col("first").struct.field("id"),
        target_account_id=handle(pl.col("second").struct.field("handle")),
        target_item_id=pl.col("second").struct.field("id"),
    )
    # a video with several tags stands in the list of each
    once = stitches.unique(["item_id", "target_item_id"], keep="first", maintain_order=True)
    dropped["stitches", "the same stitch again"] += stitches.height - once.height
    return once, read


def _data_lines(path: Path) -> pl.Series:
    lines = read_lines(path)
    lines = lines.filter(lines != "").alias("line")
    if len(lines) and lines.head(1).str.contains(_HEADER)[0]:
        lines = lines.slice(1)
    return lines


def is_tiktok_api(path: Path) -> bool:
    """Whether a path is a JSON file, or a folder that holds one somewhere."""
    return _is_json(path) or (path.is_dir() and any(map(_is_json, path.rglob("*"))))


def read_tiktok_api(
    paths: str | Path | Iterable[str | Path], *, stitches: str | Path | Iterable[str | Path] = ()
) -> tuple[Dataset, ImportReport]:
    """Read video objects of the TikTok Research API, and stitches between them.

    Accounts are known by user name, in lower case and without ``@``; ids of videos and sounds
    are text with all their digits. A video that occurs again, in another file or under another
    hashtag, is one item: of its records that with most views, completed from the others.

    Interactions are ``mention`` (from ``video_mention_list``) and ``stitch``; both happen when
    the video is made. Accounts of a stitch are those of the URLs, also where the video's record
    names another author (user names change; counted as a note). Videos known from URLs only
    are added as items with the author of the URL and the time in the id.

    Parameters
    ----------
    paths
        Files, globs or folders (searched to the bottom) of ``.json``, ``.ndjson`` or ``.jsonl``
        files, also ``.gz``: arrays of video objects, answers ``{"data": {"videos": […]}, …}``,
        or lines of either. May be empty if there are stitches.
    stitches
        Text files of lines ``stitcher_url,stitched_url``, globs, or folders, of which the files
        ``*_edges.txt`` and ``*_edges.csv`` are read, or all ``.txt`` and ``.csv`` files where
        there are none.

    Returns
    -------
    tuple of Dataset and ImportReport
        Items with author_id, created_at, duration, tags, sound_id, caption, country (where the
        author registered) and, beyond the schema, view_count, like_count, comment_count,
        share_count, favorites_count, voice_to_text, is_stem_verified, as far as some video
        has them. The report counts ``videos``, ``mentions`` and ``stitches``.

    Raises
    ------
    FileError
        If a path does not exist or holds no such file, or a file cannot be read.
    DataError
        If no video has an id or a user name, or an id was written as a float.

    Examples
    --------
    >>> import json, tempfile
    >>> video = {"id": 7000000000000000001, "username": "Ann", "create_time": 1629814510}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "page.json").write_text(json.dumps([video]))
    ...     ds, report = read_tiktok_api(folder)
    >>> ds.items.select("item_id", "author_id").rows()
    [('7000000000000000001', 'ann')]
    """
    files = expand(paths, wanted=_is_json, what="JSON files (.json, .ndjson, .jsonl, also .gz)")
    lists = _stitch_lists(stitches)
    if not files and not lists:
        raise OptionError("read_tiktok_api: nothing to read: give paths, stitches or both.")
    dropped, notes = Counts(), Counts()
    videos, n_videos = read_videos(files, dropped, notes)
    pairs, n_pairs = read_stitches(lists, dropped)
    mentions, n_mentions = _mentions(videos, dropped)
    known = videos.drop("mentions")
    items = pl.concat([known, _only_in_urls(pairs, known, notes)], how="diagonal")
    if not items.height:
        raise DataError(
            f"there is no video in {len(files)} JSON files and no stitch in {len(lists)} lists: "
            "are these answers of the video query?"
        )
    acts = pl.concat([_acts(pairs, known, notes), mentions], how="diagonal")
    reasons = {f"{table}: {reason}": n for (table, reason), n in dropped.items() if n}
    dataset = Dataset(
        items=items,
        interactions=acts if acts.height else None,
        source="TikTok Research API",
        terms="TikTok Research Tools Terms of Service",
        provenance=Provenance.of(
            "read_tiktok_api", {"files": len(files) + len(lists)}, removed=reasons
        ),
    )
    read = {"videos": n_videos, "mentions": n_mentions, "stitches": n_pairs}
    kept = {"videos": videos.height, "mentions": mentions.height, "stitches": pairs.height}
    asked = {"videos": bool(files), "mentions": n_mentions > 0, "stitches": bool(lists)}
    return dataset, ImportReport.of(
        {table: n for table, n in read.items() if asked[table]}, kept, dropped, notes
    )


def _is_json(path: Path) -> bool:
    return path.name.lower().endswith(JSON_SUFFIXES)


def _stitch_lists(stitches: str | Path | Iterable[str | Path]) -> list[Path]:
    entries = [stitches] if isinstance(stitches, str | Path) else list(stitches)
    files: list[Path] = []
    for entry in entries:
        named = Path(entry).is_dir() and any(is_stitch_list(f) for f in Path(entry).rglob("*"))
        wanted = is_stitch_list if named else _is_text
        files += expand(entry, wanted=wanted, what="lists of stitches (*_edges.txt, .txt, .csv)")
    return list({file.resolve(): file for file in reversed(files)}.values())[::-1]


def _is_text(path: Path) -> bool:
    return path.suffix.lower() in (".txt", ".csv")


def _mentions(videos: pl.DataFrame, dropped: Counts) -> tuple[pl.DataFrame, int]:
    """Interactions of kind ``mention``, and how many entries the lists of mentions have."""
    lists = videos.filter(pl.col("mentions").list.len() > 0)
    entries = lists.explode("mentions").select(
        account_id="author_id",
        item_id="item_id",
        kind=pl.lit("mention"),
        at="created_at",
        target_account_id=handle(pl.col("mentions")),
    )
    named = entries.filter(pl.col("target_account_id").is_not_null())
    dropped["mentions", "no name"] += entries.height - named.height
    return named, entries.height


def _only_in_urls(pairs: pl.DataFrame, known: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Bare items for the videos that only lines of stitches mention."""
    mentioned = pl.concat(
        [
            pairs.select("item_id", author_id="account_id"),
            pairs.select(item_id="target_item_id", author_id="target_account_id"),
        ]
    ).unique("item_id", keep="first", maintain_order=True)
    bare = mentioned.join(known, on="item_id", how="anti", maintain_order="left")
    notes["videos", "added: only a stitch mentions it"] += bare.height
    return bare.with_columns(id_time(pl.col("item_id")).alias("created_at"))


def _acts(pairs: pl.DataFrame, known: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Interactions of kind ``stitch``, at the creation of the stitching video."""
    records = known.select("item_id", "author_id", "created_at")
    joined = pairs.join(records, on="item_id", how="left", maintain_order="left").join(
        records.select(target_item_id="item_id", target_author="author_id"),
        on="target_item_id",
        how="left",
        maintain_order="left",
    )
    for side, url, record in (
        ("stitching", "account_id", "author_id"),
        ("stitched", "target_account_id", "target_author"),
    ):
        differs = int((joined.get_column(url) != joined.get_column(record)).sum())
        notes["stitches", f"URL of the {side} video names another account than its record"] += (
            differs
        )
    return joined.select(
        "account_id",
        "item_id",
        pl.lit("stitch").alias("kind"),
        pl.coalesce("created_at", id_time(pl.col("item_id"))).alias("at"),
        "target_item_id",
        "target_account_id",
    )

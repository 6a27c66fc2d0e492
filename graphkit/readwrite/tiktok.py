"""Reader of the TikTok Research API: JSON of video objects, and text files of stitches."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.ids import MISSING_WORDS, check_real_ids, take_ids
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.data.times import PLAUSIBLE, TIME, parse_times
from graphkit.errors import DataError, FileError, OptionError, name_some, nearest, shorten
from graphkit.parallel import track
from graphkit.readwrite.files import (
    NDJSON,
    Counts,
    count_removed,
    expand_paths,
    first_bad_line,
    read_lines,
    read_text,
)

__all__ = ["is_tiktok_api", "read_tiktok_api"]

JSON_SUFFIXES = (".json", ".json.gz", *NDJSON)


COUNTS = ("view_count", "like_count", "comment_count", "share_count", "favorites_count")

# All values are decoded as text, so that integers keep all digits; types may vary between files.
_TEXTS = """id video_id item_id username create_time region_code video_description music_id
    video_duration voice_to_text is_stem_verified"""
_LISTS = ("hashtag_names", "video_mention_list")
_VIDEO: dict[str, pl.DataType] = {
    **{name: pl.String() for name in (*_TEXTS.split(), *COUNTS, "favourites_count")},
    **{name: pl.List(pl.String) for name in _LISTS},
    "hashtag_info_list": pl.List(pl.Struct({"hashtag_name": pl.String})),
}
_PAGE: dict[str, pl.DataType] = {
    "data": pl.Struct({"videos": pl.List(pl.Struct(_VIDEO))}),
    "error": pl.Struct({"code": pl.String}),
}
_RECORD = pl.Struct(_VIDEO | _PAGE)

#: Other keys of the API, around or inside video objects; they are not read.
_OTHER_KEYS = """data videos error code message log_id http_status_code cursor has_more search_id
    effect_ids effect_id effect_name effect_photo_url effect_photo_URI hashtag_id
    hashtag_name hashtag_description sticker_info_list sticker_id sticker_name
    effect_info_list video_label video_tag type number video_tag_type video_tag_number
    playlist_id"""
_KNOWN_KEYS = frozenset(_VIDEO) | set(_OTHER_KEYS.split())

#: A JSON number with a point or an exponent where an id should be.
_FLOAT_ID = r'("(?:id|video_id|item_id|music_id)"\s*:\s*[0-9]+(?:\.[0-9]|[eE])[0-9eE.+-]*)'

#: One object where a list of objects is meant.
_ONE_TAG = r'("hashtag_info_list"\s*:\s*)(\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\})'

#: Keys of lists of text that hold an object, or a list of objects.
_NO_TEXTS = r'"(hashtag_names|video_mention_list)"\s*:\s*\[?\s*\{'

#: Number of characters of a file in which keys are searched for.
_BEGINNING = 1 << 18


def read_records(path: Path, notes: Counts, dropped: Counts) -> pl.DataFrame:
    """Video objects of one file, as text columns; what is none is counted as dropped."""
    documents = _split_documents(path)
    _refuse_float_ids(documents, path)
    records, cut = _decode_or_explain(documents, path)
    dropped["videos", "truncated last line"] += cut
    objects = records.drop_nulls()
    dropped["videos", "null in place of a video"] += len(records) - len(objects)
    videos = _without_pages(objects.to_frame().unnest("record"), notes, dropped)
    _look_for_misspellings(videos, documents, path, notes)
    ids = pl.coalesce("id", "video_id", "item_id").alias("id")
    likes = pl.coalesce("favorites_count", "favourites_count").alias("favorites_count")
    tag_names = pl.col("hashtag_info_list").list.eval(pl.element().struct.field("hashtag_name"))
    return videos.with_columns(ids, likes, tag_names).drop(
        "video_id", "item_id", "favourites_count"
    )


def _split_documents(path: Path) -> pl.Series:
    """JSON documents of a file: its lines, or the whole text."""
    if path.name.lower().endswith(NDJSON):
        return read_lines(path)
    text = read_text(path).strip()
    first, several, _ = text.partition("\n")
    if several and first_bad_line(pl.Series([first.strip()])) is None:
        # NDJSON in a .json file: the first line is valid JSON
        return read_lines(path)
    return pl.Series([text], dtype=pl.String)


def _refuse_float_ids(documents: pl.Series, path: Path) -> None:
    found = documents.str.extract(_FLOAT_ID).drop_nulls()
    if len(found):
        raise DataError(
            f"{path}: {found[0]} was written as a float, so its last digits are lost: export ids "
            "as integers or text."
        )


def _decode_or_explain(documents: pl.Series, path: Path) -> tuple[pl.Series, int]:
    """Objects of all documents, null where there is none; number of truncated lines at the end."""
    try:
        return _decode_documents(documents), 0
    except pl.exceptions.PolarsError as error:
        bad = first_bad_line(documents)
        filled = (documents != "").arg_true()
        if bad is not None and len(filled) > 1 and bad == int(filled[-1]):
            return _decode_or_explain(documents.head(bad), path)[0], 1
        where = f"{path}, line {bad + 1}," if bad is not None and len(filled) > 1 else f"{path}"
        wrong = documents.str.extract(_NO_TEXTS).drop_nulls()
        # the words of Polars hold the value, however long it is
        why = "it is no valid JSON" if bad is not None else "a value is of another type"
        if len(wrong):
            why = f"{shorten(wrong[0])} holds objects, and a list of texts is needed"
        raise FileError(
            f"{where} cannot be read as video objects of the Research API: {why}. Give JSON "
            "arrays of video objects, answers of the API, or lines of either."
        ) from error


def _decode_documents(documents: pl.Series) -> pl.Series:
    """Objects of all documents, each an object or an array of objects; null where there is none."""
    documents = documents.filter(documents != "").str.replace_all(_ONE_TAG, "$1[$2]")
    is_array = documents.str.starts_with("[")
    lists = documents.filter(is_array).str.json_decode(pl.List(_RECORD))
    objects = documents.filter(~is_array).str.json_decode(_RECORD)
    return pl.concat([_explode_lists(lists).alias("record"), objects.alias("record")])


def _explode_lists(lists: pl.Series) -> pl.Series:
    # an empty list would become a null row
    return lists.filter(lists.list.len() > 0).explode()


def _without_pages(records: pl.DataFrame, notes: Counts, dropped: Counts) -> pl.DataFrame:
    """Replace responses of the API, ``{"data": {"videos": […]}, "error": …}``, by their videos."""
    is_page = pl.col("data").is_not_null() | pl.col("error").is_not_null()
    flat = records.filter(~is_page).drop("data", "error")
    pages = records.filter(is_page)
    if not pages.height:
        return flat
    codes = pages.get_column("error").struct.field("code").drop_nulls()
    failed = codes.filter(codes.str.to_lowercase() != "ok")
    for code, count in failed.value_counts(sort=True).rows():
        notes["videos", f"answer of the API with the error {shorten(code)}"] += count
    lists = pages.get_column("data").struct.field("videos").drop_nulls()
    held = _explode_lists(lists)
    dropped["videos", "null in place of a video"] += held.null_count()
    videos = held.drop_nulls().alias("video").to_frame().unnest("video")
    return pl.concat([flat, videos.select(flat.columns)])


def missing_key(needed: str, path: Path) -> str:
    """Message for videos that all lack a required key."""
    keys = _find_keys(_split_documents(path))
    return (
        f"{path}: no video has the key {needed!r}.{nearest(needed, keys)} There are "
        f"{name_some(sorted(keys)) or 'no keys'}. Rename the key, or request the "
        "field from the API."
    )


def _find_keys(documents: pl.Series) -> set[str]:
    beginning = "\n".join(documents.head(2000).str.head(_BEGINNING).to_list())[:_BEGINNING]
    return set(re.findall(r'"([A-Za-z_]\w*)"\s*:', beginning))


def _look_for_misspellings(
    videos: pl.DataFrame, documents: pl.Series, path: Path, notes: Counts
) -> None:
    """Refuse a file whose id or user name is misspelt; note other keys that look misspelt."""
    if not videos.height:
        return
    keys = _find_keys(documents)
    # outside hashtag_info_list, hashtag_name is a misspelt hashtag_names
    known = _KNOWN_KEYS - (set() if "hashtag_info_list" in keys else {"hashtag_name"})
    absent = known - keys
    for key in sorted(keys - known):
        close = difflib.get_close_matches(key.lower(), sorted(absent), n=1, cutoff=0.85)
        if not close:
            continue
        if close[0] == "username":
            raise DataError(
                f"{path}: key {key!r} looks like 'username', which is missing: rename it."
            )
        notes["videos", f"key {key!r} not read; it looks like {close[0]!r}"] += videos.height


#: Range of the times in ids, in seconds: 2012 to 2100.
_FIRST_SECOND, _LAST_SECOND = 1_325_376_000, 4_102_444_800

_IDS = {"item_id": pl.String, "author_id": pl.String}
NO_VIDEOS = pl.DataFrame(schema={**_IDS, "created_at": TIME, "mentions": pl.List(pl.String)})


def normalise_handle(name: pl.Expr) -> pl.Expr:
    """Normalised user name: lower case, without ``@``."""
    return _clean_text(_clean_text(name).str.strip_prefix("@").str.to_lowercase())


def take_handles(
    names: pl.Series, place: str, real_ids: Collection[str], seen: Counter[str]
) -> pl.Series:
    """Normalised user names, null where missing; what was changed is added to `seen`."""
    ids = take_keys(names, place, real_ids, seen)
    return ids.to_frame().select(normalise_handle(pl.col(names.name))).to_series()


def take_keys(
    names: pl.Series, place: str, real_ids: Collection[str], seen: Counter[str]
) -> pl.Series:
    """Ids as text, null where missing; what was changed is added to `seen`."""
    if holed := int(names.str.contains("\x00", literal=True).sum()):
        # responses of the API may contain null bytes
        seen["null bytes: taken out"] += holed
        names = names.str.replace_all("\x00", "", literal=True)
    return take_ids(names, place, real_ids=real_ids, changes=seen)


def _clean_text(column: pl.Expr) -> pl.Expr:
    # responses of the API may contain null bytes
    clean = column.str.replace_all("\x00", "", literal=True).str.strip_chars()
    return pl.when(clean != "").then(clean)


def id_time(ids: pl.Expr) -> pl.Expr:
    """Creation time in the upper 32 bits of a video id; null for other ids."""
    seconds = ids.cast(pl.Int64, strict=False) // (1 << 32)
    possible = seconds.is_between(_FIRST_SECOND, _LAST_SECOND)
    return pl.when(possible).then(pl.from_epoch(seconds * 1_000_000, "us")).cast(TIME)


def read_videos(
    files: list[Path], dropped: Counts, notes: Counts, real_ids: Collection[str] = ()
) -> tuple[pl.DataFrame, int]:
    """Items of all files with the counts of the API and ``mentions``; number of records read."""
    frames, read = [], 0
    for path in track(files, "reading videos", len(files)):
        before = dropped.total()
        records = read_records(path, notes, dropped)
        read += records.height + dropped.total() - before
        columns = []
        for key, take in (("id", take_keys), ("music_id", take_keys), ("username", take_handles)):
            seen: Counter[str] = Counter()
            columns.append(take(records.get_column(key), f"{path}: key {key!r}", real_ids, seen))
            for text, count in seen.items():
                notes["videos", f"{key}: {text}"] += count
        frames.append(records.with_columns(columns))
    if not frames:
        return NO_VIDEOS, 0
    records = pl.concat(frames)
    for needed in ("id", "username"):
        if records.height and records.get_column(needed).null_count() == records.height:
            largest = max(range(len(files)), key=lambda i: frames[i].height)
            raise DataError(missing_key(needed, files[largest]))
        there = records.filter(pl.col(needed).is_not_null())
        records = count_removed(records, there, dropped, "videos", f"no {needed}")
    once = _one_per_video(records, notes)
    count_removed(records, once, dropped, "videos", "the same video again")
    return _as_items(once, notes), read


def _one_per_video(records: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Merge records of one video: that with most views, completed from the others."""
    records = records.with_columns(_to_integer("view_count")).with_row_index("row")
    again = pl.col("id").is_duplicated()
    repeated = records.filter(again)
    if not repeated.height:
        return records.drop("row")
    names = repeated.group_by("id").agg(pl.col("username").n_unique())
    note = "username differs between records of one video: of most views kept"
    notes["videos", note] += int((names.get_column("username") > 1).sum())
    merged = (
        repeated.sort("view_count", descending=True, nulls_last=True, maintain_order=True)
        .group_by("id", maintain_order=True)
        .agg(pl.all().drop_nulls().first())
    )
    rows = pl.concat([records.filter(~again), merged.select(records.columns)])
    return rows.sort("row").drop("row")


def _to_integer(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Int64, strict=False)


def _as_items(records: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Columns of the items table from records of videos."""
    # seconds, mostly; files of several wrappers may differ in their units
    given = records.get_column("create_time")
    time = parse_times(given, "create_time").at
    possible = time.is_between(*PLAUSIBLE, closed="left")
    # no wrapper writes nanoseconds: so many digits are those of an id
    long = given.str.strip_chars().cast(pl.Int64, strict=False) >= 10**17
    created = time.set(~possible | long.fill_null(False), None).cast(TIME)
    stem = pl.col("is_stem_verified").str.to_lowercase()
    records = _fill_tags(records, notes)
    items = records.select(
        pl.col("id").alias("item_id"),
        pl.col("username").alias("author_id"),
        created.alias("created_at"),
        _to_integer("video_duration").cast(pl.Float64).alias("duration"),
        pl.col("hashtag_names").alias("tags"),
        pl.col("music_id").alias("sound_id"),
        _clean_text(pl.col("video_description")).alias("caption"),
        _clean_text(pl.col("region_code")).str.to_uppercase().alias("country"),
        *(_to_integer(name) for name in COUNTS),
        _clean_text(pl.col("voice_to_text")),
        stem.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean),
        pl.col("video_mention_list").alias("mentions"),
        pl.col("create_time").is_null().alias("untimed"),
    )
    items = _check_times(items, notes)
    kept = ("item_id", "author_id", "created_at", "tags", "mentions")
    empty = [c for c in items.columns if c not in kept and items[c].null_count() == items.height]
    return items.drop(empty)


def _fill_tags(records: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Take the tags of videos without hashtag_names from hashtag_info_list."""
    named = pl.col("hashtag_info_list").list.eval(_clean_text(pl.element()))
    empty = pl.col("hashtag_names").list.len().fill_null(0) == 0
    lacking = empty & (pl.col("hashtag_info_list").list.len() > 0)
    found = records.with_columns(named).select(
        filled=lacking & (named.list.drop_nulls().list.len() > 0),
        nameless=pl.when(lacking).then(named.list.len() - named.list.drop_nulls().list.len()),
        names=named.list.drop_nulls(),
    )
    filled = found.get_column("filled").fill_null(False)
    notes["videos", "no hashtag_names: tags taken from hashtag_info_list"] += int(filled.sum())
    lost = int(found.get_column("nameless").sum() or 0)
    notes["tags", "entry of hashtag_info_list without a hashtag_name: not read"] += lost
    tags = pl.when(filled).then(found.get_column("names")).otherwise("hashtag_names")
    return records.with_columns(tags.alias("hashtag_names"))


def _check_times(items: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Compare times with those in the ids, which replace missing times."""
    inside = id_time(pl.col("item_id"))
    lacking = pl.col("untimed") & inside.is_not_null()
    wrong = ~pl.col("untimed") & pl.col("created_at").is_null()
    gap = (inside - pl.col("created_at")).dt.total_seconds()
    counts = items.select(
        lacking=lacking.sum(),
        wrong=wrong.sum(),
        far=(gap.abs() > 3600).sum(),
        median=(gap.filter(gap.abs() > 3600).median() / 3600),
    ).row(0, named=True)
    notes["videos", "no create_time: taken from the id"] += counts["lacking"]
    notes["videos", "create_time is no possible time: set to missing"] += counts["wrong"]
    if counts["far"]:
        text = (
            "create_time is more than an hour from the time in the id (median "
            f"{-counts['median']:+.1f} h): check the time zone if these are many"
        )
        notes["videos", text] += counts["far"]
    created = pl.when(lacking).then(inside).otherwise("created_at").alias("created_at")
    return items.with_columns(created).drop("untimed")


_URL = (
    r"^(?:https?://)?(?:[a-z]+\.)?tiktok\.com/@(?<handle>[^/?#\s@]+)/(?:video|photo)/(?<id>[0-9]+)"
)
_HEADER = r"^[A-Za-z_ ]+,[A-Za-z_ ]+$"
_UNKNOWN = ("", "none", "null", "nan", "na")


def is_stitch_list(path: Path) -> bool:
    """Whether a file has the name of a list of stitches."""
    return path.name.lower().endswith(("_edges.txt", "_edges.csv"))


def read_stitches(files: list[Path], dropped: Counts) -> tuple[pl.DataFrame, int]:
    """Distinct stitches of all files (account, item, target account and item); lines read."""
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
        rows = count_removed(rows, rows.filter(right), dropped, "stitches", reason)
    stitches = rows.select(
        account_id=normalise_handle(pl.col("first").struct.field("handle")),
        item_id=pl.col("first").struct.field("id"),
        target_account_id=normalise_handle(pl.col("second").struct.field("handle")),
        target_item_id=pl.col("second").struct.field("id"),
    )
    # a video with several tags is in the list of each
    once = stitches.unique(["item_id", "target_item_id"], keep="first", maintain_order=True)
    return count_removed(stitches, once, dropped, "stitches", "the same stitch again"), read


def _data_lines(path: Path) -> pl.Series:
    lines = read_lines(path)
    lines = lines.filter(lines != "").alias("line")
    if len(lines) and lines.head(1).str.contains(_HEADER)[0]:
        lines = lines.slice(1)
    return lines


def is_tiktok_api(path: Path) -> bool:
    """Whether a path is a JSON file, or a folder with one at any depth."""
    return _is_json(path) or (path.is_dir() and any(map(_is_json, path.rglob("*"))))


def read_tiktok_api(
    paths: str | Path | Iterable[str | Path],
    *,
    stitches: str | Path | Iterable[str | Path] = (),
    real_ids: Collection[str] = (),
) -> tuple[Dataset, ImportReport]:
    """Read JSON video objects of the TikTok Research API, and text files of stitches.

    Account ids are user names, in lower case and without ``@``; ids of videos and sounds are
    text with all digits. Records of one video, in several files or under several hashtags, are
    one item: the record with most views, completed from the others.

    Tags are ``hashtag_names``; of a video without any, the names in ``hashtag_info_list``
    (counted as a note).

    Interactions are ``mention`` (from ``video_mention_list``) and ``stitch``, at the time of the
    video. Accounts of a stitch are those of the URLs, even if the record of the video has
    another author (user names change; counted as a note). Videos known from URLs only are items
    with the author of the URL and the time in the id.

    Parameters
    ----------
    paths
        Files, globs or folders (searched recursively) of ``.json``, ``.ndjson`` or ``.jsonl``
        files, also ``.gz``: arrays of video objects, responses ``{"data": {"videos": […]}, …}``,
        or lines of either. May be empty if there are stitches.
    stitches
        Text files with lines ``stitcher_url,stitched_url``, globs, or folders. In a folder,
        files ``*_edges.txt`` and ``*_edges.csv`` are read, else all ``.txt`` and ``.csv`` files.
    real_ids
        User names such as ``"null"`` that would otherwise be taken for a missing one.

    Returns
    -------
    tuple of Dataset and ImportReport
        Items with author_id, created_at, duration, tags, sound_id, caption, country (where the
        author registered) and, beyond the schema, view_count, like_count, comment_count,
        share_count, favorites_count, voice_to_text, is_stem_verified, if any video has them.
        The report counts ``videos``, ``mentions`` and ``stitches``.

    Raises
    ------
    FileError
        If a path does not exist or has no such file, or a file cannot be read.
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
    files = expand_paths(
        paths, wanted=_is_json, what="JSON files (.json, .ndjson, .jsonl, also .gz)"
    )
    lists = _stitch_lists(stitches)
    if not files and not lists:
        raise OptionError("read_tiktok_api: nothing to read: give paths, stitches or both.")
    n_files, dropped, notes = len(files) + len(lists), Counts(), Counts()
    words = check_real_ids(real_ids)
    videos, n_videos = read_videos(files, dropped, notes, words)
    pairs, n_pairs = read_stitches(lists, dropped)
    where = str((*files, *lists)[0]) + (f" and {n_files - 1} more" if n_files > 1 else "")
    try:
        mentions, n_mentions = _build_mentions(videos, dropped, notes, words)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    known = videos.drop("mentions")
    items = pl.concat([known, _only_in_urls(pairs, known, notes)], how="diagonal")
    if not items.height:
        raise DataError(
            f"there is no video in {len(files)} JSON files and no stitch in {len(lists)} lists "
            f"(the first is {(*files, *lists)[0]}): are these answers of the video query?"
        )
    interactions = pl.concat([_build_stitches(pairs, known, notes), mentions], how="diagonal")
    reasons = {f"{table}: {reason}": n for (table, reason), n in dropped.items() if n}
    # a word in the URL of a stitch is a user name
    handles = pl.concat(
        interactions.get_column(c).cast(pl.String).rename("id").unique()
        for c in ("account_id", "target_account_id")
        if c in interactions.columns
    )
    named = handles.filter(handles.is_in(list(MISSING_WORDS))).unique().to_list()
    try:
        dataset = Dataset(
            real_ids=tuple({*words, *named}),
            items=items,
            interactions=interactions if interactions.height else None,
            source="TikTok Research API",
            terms="TikTok Research Tools Terms of Service",
            provenance=Provenance.of("read_tiktok_api", {"files": n_files}, removed=reasons),
        )
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    read = {"videos": n_videos, "mentions": n_mentions, "stitches": n_pairs}
    kept = {"videos": videos.height, "mentions": mentions.height, "stitches": pairs.height}
    given = {"videos": bool(files), "mentions": n_mentions > 0, "stitches": bool(lists)}
    read = {table: n for table, n in read.items() if given[table]}
    return dataset, ImportReport.of(read, kept, dropped, notes)


def _is_json(path: Path) -> bool:
    return path.name.lower().endswith(JSON_SUFFIXES)


def _stitch_lists(stitches: str | Path | Iterable[str | Path]) -> list[Path]:
    entries = [stitches] if isinstance(stitches, str | Path) else list(stitches)
    files: list[Path] = []
    for entry in entries:
        named = Path(entry).is_dir() and any(is_stitch_list(f) for f in Path(entry).rglob("*"))
        wanted = is_stitch_list if named else _is_text
        files += expand_paths(
            entry, wanted=wanted, what="lists of stitches (*_edges.txt, .txt, .csv)"
        )
    return list({file.resolve(): file for file in reversed(files)}.values())[::-1]


def _is_text(path: Path) -> bool:
    return path.suffix.lower() in (".txt", ".csv")


def _build_mentions(
    videos: pl.DataFrame, dropped: Counts, notes: Counts, real_ids: Collection[str]
) -> tuple[pl.DataFrame, int]:
    """Interactions of kind ``mention``, and the number of entries in the lists of mentions."""
    lists = videos.filter(pl.col("mentions").list.len() > 0)
    entries = lists.explode("mentions").select(
        account_id="author_id",
        item_id="item_id",
        kind=pl.lit("mention"),
        at="created_at",
        target_account_id="mentions",
    )
    seen: Counter[str] = Counter()
    handles = take_handles(
        entries.get_column("target_account_id"), "video_mention_list", real_ids, seen
    )
    for text, count in seen.items():
        notes["mentions", text] += count
    entries = entries.with_columns(handles)
    named = entries.filter(pl.col("target_account_id").is_not_null())
    return count_removed(entries, named, dropped, "mentions", "no name"), entries.height


def _only_in_urls(pairs: pl.DataFrame, known: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Items for videos that only lists of stitches mention."""
    both = [
        pairs.select("item_id", author_id="account_id"),
        pairs.select(item_id="target_item_id", author_id="target_account_id"),
    ]
    mentioned = pl.concat(both).unique("item_id", keep="first", maintain_order=True)
    bare = mentioned.join(known, on="item_id", how="anti", maintain_order="left")
    notes["videos", "added: only a stitch mentions it"] += bare.height
    return bare.with_columns(id_time(pl.col("item_id")).alias("created_at"))


def _build_stitches(pairs: pl.DataFrame, known: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Interactions of kind ``stitch``, at the creation time of the stitching video."""
    records = known.select("item_id", "author_id", "created_at")
    targets = records.select(target_item_id="item_id", target_author="author_id")
    joined = pairs.join(records, on="item_id", how="left", maintain_order="left")
    joined = joined.join(targets, on="target_item_id", how="left", maintain_order="left")
    for side, url, record in (
        ("stitching", "account_id", "author_id"),
        ("stitched", "target_account_id", "target_author"),
    ):
        note = f"URL of the {side} video names another account than its record"
        notes["stitches", note] += int((joined.get_column(url) != joined.get_column(record)).sum())
    return joined.select(
        "account_id",
        "item_id",
        pl.lit("stitch").alias("kind"),
        pl.coalesce("created_at", id_time(pl.col("item_id"))).alias("at"),
        "target_item_id",
        "target_account_id",
    )

"""Reader of the TikTok Research API: JSON of its answers, and text files of stitches."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.ids import MISSING_WORDS, check_real_ids, creation_time
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.data.times import PLAUSIBLE, TIME, parse_times
from graphkit.errors import DataError, FileError, GraphkitError, OptionError, name_some, nearest
from graphkit.parallel import track
from graphkit.readwrite.extract import ImportOptions
from graphkit.readwrite.files import NDJSON, Counts, count_removed, expand_paths, read_lines
from graphkit.readwrite.source import Sample, Source, look_at
from graphkit.readwrite.tiktok_answers import COUNTS, RECORD, Answers, Records, read_answers
from graphkit.readwrite.tiktok_ids import (
    clean_text,
    normalise_handle,
    positive,
    take_handles,
    take_keys,
)
from graphkit.readwrite.tiktok_lists import build_others

__all__ = ["is_tiktok_api", "read_tiktok_api"]

JSON_SUFFIXES = (".json", ".json.gz", *NDJSON)


#: Other keys of the API, around or inside video objects; they are not read.
_OTHER_KEYS = """data videos error code message log_id http_status_code cursor has_more search_id
    effect_ids effect_id effect_name effect_photo_url effect_photo_URI hashtag_id
    hashtag_name hashtag_description sticker_info_list sticker_id sticker_name
    effect_info_list video_label video_tag type number video_tag_type video_tag_number
    playlist_id playlist_name playlist_item_total playlist_last_updated playlist_video_ids
    video_id item_id favourites_count user_followers user_following user_liked_videos
    user_pinned_videos pinned_videos_list user_reposted_videos reposted_videos comments text
    parent_comment_id reply_count display_name bio_description bio_url avatar_url is_verified
    is_private follower_count following_count likes_count video_count"""
_KNOWN_KEYS = frozenset(RECORD) | set(_OTHER_KEYS.split())


def missing_key(needed: str, answers: Answers) -> str:
    """Message for videos that all lack a required key."""
    return (
        f"{answers.source.place}: no video has the key {needed!r}.{nearest(needed, answers.keys)} "
        f"There are {name_some(sorted(answers.keys), 6) or 'no keys'}. Rename the key, or request the "
        "field from the API."
    )


def _look_for_misspellings(answers: Answers, notes: Counts) -> None:
    """Refuse a file whose id or user name is misspelt; note other keys that look misspelt."""
    rows = answers.videos
    if not rows:
        return
    # outside hashtag_info_list, hashtag_name is a misspelt hashtag_names
    known = _KNOWN_KEYS - (set() if "hashtag_info_list" in answers.keys else {"hashtag_name"})
    absent = known - answers.keys
    for key in sorted(answers.keys - known):
        close = difflib.get_close_matches(key.lower(), sorted(absent), n=1, cutoff=0.85)
        if not close:
            continue
        if close[0] == "username":
            raise DataError(
                f"{answers.source.place}: key {key!r} looks like 'username', which is missing: "
                "rename it."
            )
        notes["videos", f"key {key!r} not read; it looks like {close[0]!r}"] += rows


_IDS = {"item_id": pl.String, "author_id": pl.String}
NO_RECORDS = pl.DataFrame(schema={"item_id": pl.String, "held": pl.String, "file": pl.Int32})
NO_VIDEOS = pl.DataFrame(schema={**_IDS, "created_at": TIME, "mentions": pl.List(pl.String)})


def read_files(
    files: Sequence[Source | Sample], dropped: Counts, notes: Counts, *, strict: bool
) -> tuple[list[Answers], pl.DataFrame, dict[Source, str]]:
    """What the answers in all files hold, their records of videos, and the files that hold none.

    The records have the columns of `RECORD` and the place of their ``file`` in the list.

    The only file, or the first of files that all hold none, is refused with its error. With
    `strict`, a misspelt key or an id written as a float in any file is an error too, and transcripts
    are read.
    """
    found: dict[int, Answers] = {}
    refused: dict[Source, GraphkitError] = {}
    records = Records(transcripts=strict)
    for number, file in enumerate(track(files, "reading videos", len(files))):
        before, noted = Counter(dropped), Counter(notes)
        source = file if isinstance(file, Source) else file.source
        try:
            sample = look_at(file) if isinstance(file, Source) else file
            answers = read_answers(sample, number, records, dropped, notes, strict=strict)
            _look_for_misspellings(answers, notes)
        except GraphkitError as error:
            if strict and not isinstance(error, FileError):
                raise
            for counts, old in ((dropped, before), (notes, noted)):
                counts.clear()
                counts.update(old)
            refused[source] = error
            continue
        found[number] = answers
    if refused and not any(map(_holds_some, found.values())):
        raise next(iter(refused.values()))
    if refused:
        dropped["files", "file that holds no answer of the Research API"] += len(refused)
    reasons = {source: str(error) for source, error in refused.items()}
    return list(found.values()), records.frame(list(found)), reasons


def _holds_some(answers: Answers) -> bool:
    lists = (answers.follows, answers.users, answers.commented, answers.listed)
    return bool(answers.videos or answers.pages or any(lists))


_KEYS = {"id": take_keys, "music_id": take_keys, "username": take_handles}


def read_videos(
    answers: Sequence[Answers],
    records: pl.DataFrame,
    dropped: Counts,
    notes: Counts,
    real_ids: Collection[str] = (),
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Items of all files with the counts of the API and ``mentions``; records; number read.

    Of the records, with ``item_id``, ``held`` and the number of the ``file``, those with an id and
    a user name are returned as they came.
    """
    if not answers:
        return NO_VIDEOS, NO_RECORDS, 0
    nulls = sum(n for (table, _), n in dropped.items() if table == "videos")
    records = _take_ids(answers, records, notes, real_ids)
    read = records.height + nulls
    for needed in ("id", "username"):
        if records.height and records.get_column(needed).null_count() == records.height:
            largest = max(answers, key=lambda some: some.videos)
            raise DataError(missing_key(needed, largest))
        there = records.filter(pl.col(needed).is_not_null())
        records = count_removed(records, there, dropped, "videos", f"no {needed}")
    once = _one_per_video(records.drop("file"), notes)
    count_removed(records, once, dropped, "videos", "the same video again")
    return _as_items(once, notes), records.select(item_id="id", held="held", file="file"), read


def _take_ids(
    answers: Sequence[Answers], records: pl.DataFrame, notes: Counts, real_ids: Collection[str]
) -> pl.DataFrame:
    """Records with ids; those of each file are judged by themselves, for one may have been rounded."""
    if len(answers) > 1:
        seen: Counter[str] = Counter()
        odd = _look_odd(records)
        try:
            once = records.with_columns(
                take(records.get_column(key), key, real_ids, seen) for key, take in _KEYS.items()
            )
        except DataError:  # the file is told below
            odd = True
        if not odd and not seen:
            return once
    parts = [records.clear()]
    for (number,), some in records.group_by("file", maintain_order=True):
        columns = []
        for key, take in _KEYS.items():
            seen = Counter()
            place = f"{answers[number].source.place}: key {key!r}"
            columns.append(take(some.get_column(key), place, real_ids, seen))
            for text, count in seen.items():
                notes["videos", f"{key}: {text}"] += count
        parts.append(some.with_columns(columns))
    return pl.concat(parts)


def _look_odd(records: pl.DataFrame) -> bool:
    """Whether the ids of any one file may be suspect: 0, or all rounded, or of unusual letters."""
    signs = []
    for key in _KEYS:
        ids = pl.col(key)
        long = ids.str.contains("^[0-9]{16,}$")
        rounded = long.any() & ids.filter(long).str.ends_with("0").all()
        rare = ids.is_in(["0", "-1"]) | (ids.str.len_bytes() > ids.str.len_chars())
        signs.append((rounded | rare.any()).alias(key))
    files = records.group_by("file").agg(signs)
    return bool(files.select(pl.any_horizontal(pl.exclude("file").any())).item())


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
        positive("video_duration", pl.Int64).cast(pl.Float64).alias("duration"),
        pl.col("hashtag_names").alias("tags"),
        pl.col("music_id").alias("sound_id"),
        clean_text(pl.col("video_description")).alias("caption"),
        clean_text(pl.col("region_code")).str.to_uppercase().alias("country"),
        *(_to_integer(name) for name in COUNTS),
        clean_text(pl.col("voice_to_text")),
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
    named = pl.col("hashtag_info_list").list.eval(clean_text(pl.element()))
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
    inside = creation_time(pl.col("item_id"))
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
    account: str | Mapping[str, str] | None = None,
    real_ids: Collection[str] = (),
) -> tuple[Dataset, ImportReport]:
    """Read JSON answers of the TikTok Research API, and text files of stitches.

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
    account
        User name that was asked for followers, following, liked, pinned or reposted videos or user
        info: one for all files, or a mapping of file names to user names.
    real_ids
        User names such as ``"null"`` that would otherwise be taken for a missing one.

    Returns
    -------
    tuple of Dataset and ImportReport
        Items with author_id, created_at, duration, tags, sound_id, caption, country (where the
        author registered) and, beyond the schema, view_count, like_count, comment_count,
        share_count, favorites_count, voice_to_text, is_stem_verified, if any video has them.
        The report counts ``videos``, ``mentions``, ``stitches`` and what else there was.

    Raises
    ------
    FileError
        If a path does not exist or has no such file, or a file cannot be read. Among other files,
        one that holds no answer is counted as dropped.
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
    sources = [Source(path) for path in files]
    answers, raw, refused = read_files(sources, dropped, notes, strict=True)
    videos, records, n_videos = read_videos(answers, raw, dropped, notes, words)
    pairs, n_pairs = read_stitches(lists, dropped)
    where = str((*files, *lists)[0]) + (f" and {n_files - 1} more" if n_files > 1 else "")
    try:
        mentions, n_mentions = build_mentions(videos, records, dropped, notes, words)
        others = build_others(
            answers, records, ImportOptions(account=account), dropped, notes, words
        )
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    known = videos.drop("mentions")
    bare = [_only_in_urls(pairs, known, notes), others.items]
    items = pl.concat([known, *bare], how="diagonal").unique(
        "item_id", keep="first", maintain_order=True
    )
    if not items.height and not others.tables:
        raise DataError(
            f"there is no video in {len(files)} JSON files and no stitch in {len(lists)} lists "
            f"(the first is {(*files, *lists)[0]}): are these answers of the video query?"
        )
    stitched = _build_stitches(pairs, known, notes)
    parts = [f for f in (stitched, mentions, others.tables.get("interactions")) if f is not None]
    interactions = pl.concat(parts, how="diagonal")
    reasons = {f"{table}: {reason}": n for (table, reason), n in dropped.items() if n}
    # a word in the URL of a stitch is a user name
    handles = pl.concat(
        interactions.get_column(c).cast(pl.String).rename("id").unique()
        for c in ("account_id", "target_account_id")
        if c in interactions.columns
    )
    named = handles.filter(handles.is_in(list(MISSING_WORDS))).unique().to_list()
    follows = others.tables.get("follows")
    try:
        dataset = Dataset(
            real_ids=tuple({*words, *named}),
            accounts=_complete(others.tables.get("accounts"), items, interactions, follows),
            items=items if items.height else None,
            follows=follows,
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
    read = {table: n for table, n in read.items() if given[table]} | others.read
    if refused:
        read["files"] = others.read["files"] = len(files)
    lost: Counter[str] = Counter()
    for (table, _), n in dropped.items():
        lost[table] += n
    kept |= {table: n - lost[table] for table, n in others.read.items()}
    return dataset, ImportReport.of(read, kept, dropped, notes)


def _complete(
    accounts: pl.DataFrame | None,
    items: pl.DataFrame,
    interactions: pl.DataFrame,
    follows: pl.DataFrame | None,
) -> pl.DataFrame | None:
    """A table of accounts with all that other tables mention, `None` without one."""
    if accounts is None:
        return None
    columns = ("author_id", "account_id", "target_account_id", "follower_id", "followee_id")
    frames = (items, interactions, follows)
    mentioned = [
        frame.select(pl.col(column).cast(pl.String).alias("account_id"))
        for frame in frames
        if frame is not None
        for column in columns
        if column in frame.columns
    ]
    ids = pl.concat([accounts, *mentioned], how="diagonal").filter(
        pl.col("account_id").is_not_null()
    )
    return ids.unique("account_id", keep="first", maintain_order=True)


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


def build_mentions(
    videos: pl.DataFrame,
    records: pl.DataFrame,
    dropped: Counts,
    notes: Counts,
    real_ids: Collection[str],
) -> tuple[pl.DataFrame, int]:
    """Interactions of kind ``mention``, and the number of entries in the lists of mentions."""
    lists = videos.filter(pl.col("mentions").list.len() > 0)
    queried = records.filter(pl.col("held").is_null()).get_column("item_id")
    entries = lists.explode("mentions").select(
        account_id="author_id",
        item_id="item_id",
        kind=pl.lit("mention"),
        at="created_at",
        target_account_id="mentions",
    )
    n_entries = entries.height
    found = entries.filter(pl.col("item_id").is_in(queried.implode()))
    reason = "in a list of liked, pinned or reposted videos only"
    entries = count_removed(entries, found, dropped, "mentions", reason)
    seen: Counter[str] = Counter()
    handles = take_handles(
        entries.get_column("target_account_id"), "video_mention_list", real_ids, seen
    )
    for text, count in seen.items():
        notes["mentions", text] += count
    entries = entries.with_columns(handles)
    named = entries.filter(pl.col("target_account_id").is_not_null())
    return count_removed(entries, named, dropped, "mentions", "no name"), n_entries


def _only_in_urls(pairs: pl.DataFrame, known: pl.DataFrame, notes: Counts) -> pl.DataFrame:
    """Items for videos that only lists of stitches mention."""
    both = [
        pairs.select("item_id", author_id="account_id"),
        pairs.select(item_id="target_item_id", author_id="target_account_id"),
    ]
    mentioned = pl.concat(both).unique("item_id", keep="first", maintain_order=True)
    bare = mentioned.join(known, on="item_id", how="anti", maintain_order="left")
    notes["videos", "added: only a stitch mentions it"] += bare.height
    return bare.with_columns(creation_time(pl.col("item_id")).alias("created_at"))


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
        pl.coalesce("created_at", creation_time(pl.col("item_id"))).alias("at"),
        "target_item_id",
        "target_account_id",
    )

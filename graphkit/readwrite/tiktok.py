"""Answers of the TikTok Research API, and lists of who stitched whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.errors import DataError, OptionError
from graphkit.readwrite._tiktok_json import JSON_SUFFIXES
from graphkit.readwrite._tiktok_stitches import is_stitch_list, read_stitches
from graphkit.readwrite._tiktok_videos import handle, id_time, read_videos
from graphkit.readwrite.files import expand

__all__ = ["is_tiktok_api", "read_tiktok_api"]

Counts = Counter[tuple[str, str]]


def is_tiktok_api(path: Path) -> bool:
    """Whether a path is a JSON file, or a folder that holds one somewhere."""
    return _is_json(path) or (path.is_dir() and any(map(_is_json, path.rglob("*"))))


def read_tiktok_api(
    paths: str | Path | Iterable[str | Path],
    *,
    stitches: str | Path | Iterable[str | Path] = (),
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
        provenance=Provenance.of("read_tiktok_api", {"files": len(files) + len(lists)},
                                 removed=reasons),
    )  # fmt: skip
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
        on="target_item_id", how="left", maintain_order="left",
    )  # fmt: skip
    for side, url, record in (
        ("stitching", "account_id", "author_id"),
        ("stitched", "target_account_id", "target_author"),
    ):
        differs = int((joined.get_column(url) != joined.get_column(record)).sum())
        notes["stitches", f"URL of the {side} video names another account than its record"] += (
            differs
        )
    return joined.select(
        "account_id", "item_id", pl.lit("stitch").alias("kind"),
        pl.coalesce("created_at", id_time(pl.col("item_id"))).alias("at"),
        "target_item_id", "target_account_id",
    )  # fmt: skip

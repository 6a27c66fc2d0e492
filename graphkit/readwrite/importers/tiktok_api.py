"""Answers of the TikTok Research API: videos, follows, likes, reposts, comments, user info."""

from __future__ import annotations

from collections.abc import Sequence

from graphkit.readwrite.extract import Extract, Importer, ImportOptions
from graphkit.readwrite.source import Sample
from graphkit.readwrite.tiktok import build_mentions, read_files, read_videos
from graphkit.readwrite.tiktok_answers import COUNTS
from graphkit.readwrite.tiktok_lists import build_others

__all__ = ["IMPORTERS"]

#: Paths of keys that only answers of this API have.
_SIGNS = (
    "data.videos",
    "data.user_followers",
    "data.user_following",
    "data.user_liked_videos",
    "data.user_pinned_videos",
    "data.pinned_videos_list",
    "data.user_reposted_videos",
    "data.reposted_videos",
    "data.comments.parent_comment_id",
    "data.playlist_video_ids",
    "data.task_status",
    "error.log_id",
)

#: Keys of bare video objects, of which two must be there beside the user name.
_VIDEO = (
    "create_time",
    "region_code",
    "video_description",
    "hashtag_names",
    "music_id",
    "view_count",
)


_ITEM = (
    *("item_id", "author_id", "created_at", "duration", "tags", "sound_id", "caption", "country"),
    *COUNTS,
)


def _recognise(sample: Sample) -> str | None:
    if sample.kind not in ("json", "ndjson"):
        return None
    found = [sign for sign in _SIGNS if sample.has(sign)]
    if not found and sample.has("username") and (sample.has("id") or sample.has("video_id")):
        keys = [key for key in _VIDEO if sample.has(key)]
        # other logs have an id, a user name and a time as well
        found = ["username", *keys] if len(keys) > 1 else []
    if not found and sample.has("parent_comment_id", "video_id", "create_time"):
        found = ["parent_comment_id", "video_id"]
    return f"its keys are {' and '.join(found[:3])}" if found else None


def _read(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    extract = Extract()
    dropped, notes = extract.dropped, extract.notes
    answers, raw, extract.refused = read_files(samples, dropped, notes, strict=False)
    for key in [key for key in dropped if key[0] == "files"]:
        del dropped[key]  # they are told one by one
    videos, records, n_videos = read_videos(answers, raw, dropped, notes)
    mentions, n_mentions = build_mentions(videos, records, dropped, notes, ())
    others = build_others(answers, records, options, dropped, notes)
    # transcripts and the like stay with read_tiktok_api
    extract.add("items", videos.select(c for c in _ITEM if c in videos.columns))
    extract.add("items", others.items)
    extract.add("interactions", mentions)
    for table, frame in others.tables.items():
        extract.add(table, frame)
    counts = {"videos": n_videos, "mentions": n_mentions, **others.read}
    if not extract.tables and others.read:
        # nothing can be kept without the account that was asked
        needed = next(some for some in answers if some.follows or some.users)
        options.require_account(needed.source, "an answer about one account")
    pages = sum(some.pages for some in answers)
    counts["answers"] = pages + sum(n for (t, _), n in dropped.items() if t == "answers")
    for table, n in counts.items():
        if n:
            extract.count(table, n)
    extract.time_kinds["items.created_at"] = "item_created"
    if mentions.height:
        extract.time_kinds["interactions.at"] = "event"
    extract.dropped, extract.notes = +dropped, +notes
    return extract


IMPORTERS: tuple[Importer, ...] = (
    Importer("tiktok", "answers of the TikTok Research API", _recognise, _read),
)

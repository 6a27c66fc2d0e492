"""Tables and dumps of the wrappers of TikTok's interfaces: see tiktok_tables.toml.

ResearchTikPy dumps followers and followed accounts as lines of JSON as well, in which the name of a
key tells the direction. Its test of the answer for followed accounts fails always, so that the whole
answer stands as text in ``error``: the list is taken from there.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from graphkit.readwrite.extract import Extract, Importer, ImportOptions
from graphkit.readwrite.gather import read_each
from graphkit.readwrite.importers.dialects import importers_of, load_formats
from graphkit.readwrite.records import RecordReader
from graphkit.readwrite.source import Sample
from graphkit.readwrite.tiktok_ids import take_handles

__all__ = ["IMPORTERS"]


class _Line(msgspec.Struct):
    """A line of a dump: one account of a list, or a request that failed."""

    username: str
    follower_username: str | None = None
    following_username: str | None = None
    error: Any = None


class _User(msgspec.Struct):
    username: str | None = None


class _Lists(msgspec.Struct):
    user_followers: list[_User] | None = None
    user_following: list[_User] | None = None
    user_followings: list[_User] | None = None


class _Answer(msgspec.Struct):
    data: _Lists | None = None


_SIGNS = ("follower_username", "following_username")


def recognise_dump(sample: Sample) -> str | None:
    """Whether a file is a dump of ResearchTikPy."""
    if sample.kind not in ("ndjson", "json") or not sample.has("username", "success", "error"):
        return None
    sign = next((key for key in (*_SIGNS, "display_name") if sample.has(key)), None)
    return None if sign is None else f"its keys are 'username', 'success', 'error' and {sign!r}"


def read_dump(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    """Follows in dumps of ResearchTikPy; requests that failed are dropped and counted."""
    extract = Extract()
    read_each(samples, extract, _read_lines)
    return extract


def _read_lines(sample: Sample, extract: Extract) -> None:
    reader = RecordReader[_Line](
        _Line, "follows", read=extract.read, dropped=extract.dropped, notes=extract.notes
    )
    for lines in reader.pieces(sample.source, sample):
        followers: list[str | None] = []
        followees: list[str | None] = []
        for line in lines:
            if line.follower_username:
                followers.append(line.follower_username)
                followees.append(line.username)
            elif line.following_username:
                followers.append(line.username)
                followees.append(line.following_username)
            else:
                listed = _rescue(line.error)
                if listed is None:
                    extract.dropped["follows", "a failed request"] += 1
                    continue
                followed, names = listed
                # one line stands for a whole list
                extract.count("follows", len(names) - 1)
                extract.notes["follows", "a list in the text of an error: read from there"] += 1
                own = [line.username] * len(names)
                followers += own if followed else names
                followees += names if followed else own
        ends = pl.DataFrame(
            {"follower_id": followers, "followee_id": followees},
            schema={"follower_id": pl.String, "followee_id": pl.String},
        )
        seen: Counter[str] = Counter()
        place = f"{sample.source.place}: user names"
        ends = ends.select(take_handles(ends.get_column(c), place, (), seen) for c in ends.columns)
        for text, count in seen.items():
            extract.notes["follows", text] += count
        whole = ends.drop_nulls()
        if lost := ends.height - whole.height:
            extract.dropped["follows", "no user name"] += lost
        extract.add("follows", whole)


def _rescue(error: Any) -> tuple[bool, list[str | None]] | None:
    """The list in an answer, and whether it holds followed accounts; `None` if there is none."""
    try:
        if isinstance(error, str):
            answer = msgspec.json.decode(error, type=_Answer, strict=False)
        else:
            answer = msgspec.convert(error, _Answer, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        try:
            # Python's own way to write a dictionary
            answer = msgspec.convert(ast.literal_eval(str(error)), _Answer, strict=False)
        except (ValueError, SyntaxError, MemoryError, RecursionError, msgspec.MsgspecError):
            return None
    if answer.data is None:
        return None
    if answer.data.user_followers is not None:
        return False, [user.username for user in answer.data.user_followers]
    for listed in (answer.data.user_following, answer.data.user_followings):
        if listed is not None:
            return True, [user.username for user in listed]
    return None


IMPORTERS = (
    *importers_of(load_formats(Path(__file__).with_suffix(".toml"))),
    Importer(
        "researchtikpy-dump",
        "a dump of followers or followed accounts of ResearchTikPy",
        recognise_dump,
        read_dump,
    ),
)

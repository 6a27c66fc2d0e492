"""Answers of the TikTok Research API: their JSON, decoded into declared keys only.

An answer is a page, ``{"data": {…}, "error": {…}}``, or one bare object of a list; files hold one
answer, lists of answers, or lines of either.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from graphkit.errors import DataError, FileError, shorten
from graphkit.readwrite.files import Counts, reading_file
from graphkit.readwrite.records import TOO_DEEP, blocks_of, decode_lines
from graphkit.readwrite.rows import text_lists
from graphkit.readwrite.source import Sample, Source

__all__ = ["COUNTS", "RECORD", "Answers", "Records", "read_answers"]

COUNTS = ("view_count", "like_count", "comment_count", "share_count", "favorites_count")

Scalar = int | float | str | bool | None
#: A float is decoded to be refused: it has lost digits.
Id = int | float | str | None


#: In place of a key that is not there: no JSON is empty.
_ABSENT = msgspec.Raw(b"")


class _Tag(msgspec.Struct, gc=False):
    hashtag_name: Scalar = None


class _Name(msgspec.Struct, gc=False):
    username: Scalar = None


class _Video(msgspec.Struct, gc=False):
    id: Id = None
    video_id: Id = None
    item_id: Id = None
    username: Scalar = None
    create_time: Scalar = None
    region_code: Scalar = None
    video_description: Scalar = None
    music_id: Id = None
    video_duration: Scalar = None
    # often most of a record, and often not wanted
    voice_to_text: msgspec.Raw = _ABSENT
    is_stem_verified: Scalar = None
    view_count: Scalar = None
    like_count: Scalar = None
    comment_count: Scalar = None
    share_count: Scalar = None
    favorites_count: Scalar = None
    favourites_count: Scalar = None
    hashtag_names: list[Scalar] | None = None
    video_mention_list: list[Scalar] | None = None
    hashtag_info_list: list[_Tag | None] | _Tag | None = None


class _Comment(msgspec.Struct, gc=False):
    video_id: int | str | None = None


_Videos = list[_Video | None] | None


class _Data(msgspec.Struct):
    videos: _Videos = None
    user_liked_videos: _Videos = None
    user_pinned_videos: _Videos = None
    pinned_videos_list: _Videos = None
    user_reposted_videos: _Videos = None
    reposted_videos: _Videos = None
    user_followers: list[_Name | None] | None = None
    user_following: list[_Name | None] | None = None
    comments: list[_Comment | None] | None = None
    cursor: Scalar = None
    username: Scalar = None
    follower_count: Scalar = None
    following_count: Scalar = None
    playlist_id: Id = None
    playlist_video_ids: list[int | str | None] | None = None
    task_id: Scalar = None
    task_status: Scalar = None


class _Error(msgspec.Struct):
    code: Scalar = None


class _Answer(_Video):
    data: _Data | None = None
    error: _Error | None = None
    parent_comment_id: Scalar = None
    follower_count: Scalar = None
    following_count: Scalar = None


class _RawData(msgspec.Struct):
    """Lists of a page whose entries are decoded one by one, because one of them is odd."""

    videos: list[msgspec.Raw] | None = None
    user_liked_videos: list[msgspec.Raw] | None = None
    user_pinned_videos: list[msgspec.Raw] | None = None
    pinned_videos_list: list[msgspec.Raw] | None = None
    user_reposted_videos: list[msgspec.Raw] | None = None
    reposted_videos: list[msgspec.Raw] | None = None


class _RawPage(msgspec.Struct):
    data: _RawData


_ONE: msgspec.json.Decoder[_Answer | None] = msgspec.json.Decoder(_Answer | None)
_LIST: msgspec.json.Decoder[list[_Answer | None]] = msgspec.json.Decoder(list[_Answer | None])
_RAWS: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])
_ENTRY: msgspec.json.Decoder[_Video | None] = msgspec.json.Decoder(_Video | None)
_PAGE: msgspec.json.Decoder[_RawPage] = msgspec.json.Decoder(_RawPage)

#: Lists of videos by the list of an account that they are; of none for the video query.
_HELD = {
    "videos": None,
    "user_liked_videos": "like",
    "user_pinned_videos": "pinned",
    "pinned_videos_list": "pinned",
    "user_reposted_videos": "repost",
    "reposted_videos": "repost",
}

_TEXTS = (
    "id",
    "username",
    "create_time",
    "region_code",
    "video_description",
    "music_id",
    "video_duration",
    "voice_to_text",
    "is_stem_verified",
)

#: Columns of records of videos, all as text, so that integers keep their digits.
RECORD: dict[str, Any] = {
    **{name: pl.String() for name in (*_TEXTS, *COUNTS, "held")},
    **{
        name: pl.List(pl.String)
        for name in ("hashtag_names", "video_mention_list", "hashtag_info_list")
    },
}

#: A JSON number with a point or an exponent where an id should be.
_FLOAT_ID = re.compile(
    r'"(?:id|video_id|item_id|music_id|parent_comment_id|playlist_video_ids)"\s*:\s*\[?\s*'
    r"[0-9]+(?:\.[0-9]|[eE])[0-9eE.+-]*"
)


_KEY = re.compile(r'"([A-Za-z_]\w*)"\s*:')


@dataclass
class Answers:
    """What the answers in one file hold.

    Attributes
    ----------
    source
        The file.
    keys
        Keys at its beginning.
    videos
        Number of records of videos.
    follows
        Names of accounts, and whether they are ``"followers"`` of the account that was asked or
        those it is ``"following"``.
    users
        User name, followers and followed of accounts.
    commented
        Ids of the videos of comments.
    listed
        Ids of the videos of playlists.
    pages
        Number of pages.
    """

    source: Source
    keys: frozenset[str]
    videos: int = 0
    follows: list[tuple[str | None, str]] = field(default_factory=list)
    users: list[tuple[str | None, str | None, str | None]] = field(default_factory=list)
    commented: list[str | None] = field(default_factory=list)
    listed: list[str | None] = field(default_factory=list)
    pages: int = 0
    playlists: int = 0


#: Records that become one frame: so many that its making costs little for each.
_BATCH = 1 << 12


class Records:
    """Records of videos of several files, as one frame: small files have no frames of their own."""

    def __init__(self, *, transcripts: bool) -> None:
        self._transcripts = transcripts
        self._frames: list[pl.DataFrame] = []
        self._videos: list[_Video] = []
        self._held: list[str | None] = []
        self._files: list[int] = []

    def add(self, videos: list[_Video], held: list[str | None], file: int) -> None:
        """Add records of the file of this number, and the lists of accounts that they were in."""
        self._videos += videos
        self._held += held
        self._files += [file] * len(videos)
        if len(self._videos) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        frame = _frame_of(self._videos, self._held, self._transcripts)
        files = pl.Series("file", self._files, dtype=pl.Int32)
        self._frames.append(frame.with_columns(files))
        self._videos, self._held, self._files = [], [], []

    def frame(self, files: Sequence[int]) -> pl.DataFrame:
        """Columns of `RECORD` and the place of the ``file`` among `files`; others are left out.

        ``held`` is the list of an account that a video was in: ``like``, ``pinned``, ``repost``, or
        missing.
        """
        if self._videos or not self._frames:
            self._flush()
        whole = pl.concat(self._frames)
        last = max(files, default=-1)
        if last + 1 == len(files) and not (whole.get_column("file") > last).any():
            return whole
        places = pl.DataFrame(
            {"file": files, "place": range(len(files))},
            schema={"file": pl.Int32, "place": pl.Int32},
        )
        kept = whole.join(places, on="file", maintain_order="left")
        return kept.drop("file").rename({"place": "file"})


def _text(value: Scalar) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return "true" if value is True else "false" if value is False else str(value)


def read_answers(
    sample: Sample, file: int, records: Records, dropped: Counts, notes: Counts, *, strict: bool
) -> Answers:
    """What the answers in a file hold; what is none is counted as dropped.

    Videos are added to `records`, as those of `file`. With `strict`, a broken line or a value of
    another type refuses the file.

    Raises
    ------
    FileError
        If it is no JSON (with the line), or holds no answers.
    DataError
        If an id was written as a float.
    """
    answers = Answers(sample.source, frozenset(_KEY.findall(sample.text)))
    documents = _Documents(sample, dropped, notes, strict)
    for piece in documents.pieces():
        videos, held = _add_piece(answers, piece, dropped, notes)
        if any(float in map(type, map(attrgetter(key), videos)) for key in _IDS):
            documents.refuse_float()
        records.add(videos, held, file)
        answers.videos += len(videos)
    return answers


def _add_piece(
    answers: Answers, piece: list[_Answer | None], dropped: Counts, notes: Counts
) -> tuple[list[_Video], list[str | None]]:
    """Add records to the lists; videos, and the lists that hold them."""
    videos: list[_Video] = []
    held: list[str | None] = []
    for answer in piece:
        if answer is None:
            dropped["videos", "null in place of a video"] += 1
            continue
        data = answer.data
        if data is None and answer.error is None:
            if answer.parent_comment_id is not None and not isinstance(answer.video_id, float):
                answers.commented.append(_text(answer.video_id))
            elif answer.follower_count is not None and answer.id is None:
                counts = (_text(answer.follower_count), _text(answer.following_count))
                answers.users.append((_text(answer.username), *counts))
            else:
                videos.append(answer)
                held.append(None)
            continue
        answers.pages += 1
        code = _text(answer.error.code) if answer.error is not None else None
        if code is not None and code.lower() != "ok":
            notes["videos", f"answer of the API with the error {shorten(code)}"] += 1
        if data is None:
            continue
        if data.task_id is not None or data.task_status is not None:
            raise FileError(
                f"{answers.source.place} is the state of a batch-compliance task of the Research API, "
                "which holds no data: leave it out."
            )
        for key, kind in _HELD.items():
            for video in getattr(data, key) or ():
                if video is None:
                    dropped["videos", "null in place of a video"] += 1
                else:
                    videos.append(video)
                    held.append(kind)
        for side, people in (
            ("followers", data.user_followers),
            ("following", data.user_following),
        ):
            answers.follows += [(_text(p.username) if p else None, side) for p in people or ()]
            if people and data.cursor is not None:
                text = "the cursors of pages bound the times of follows: not kept"
                notes["follows", text] += len(people)
        answers.commented += [_text(c.video_id) if c else None for c in data.comments or ()]
        if data.follower_count is not None or data.following_count is not None:
            counts = (_text(data.follower_count), _text(data.following_count))
            answers.users.append((_text(data.username), *counts))
        if data.playlist_id is not None or data.playlist_video_ids is not None:
            answers.playlists += 1
            answers.listed += [_text(i) for i in data.playlist_video_ids or ()]
    return videos, held


_IDS = ("id", "video_id", "item_id", "music_id")


def _frame_of(videos: list[_Video], held: list[str | None], transcripts: bool) -> pl.DataFrame:
    columns = {
        name: _text_column(name, map(attrgetter(name), videos))
        for name in (*_TEXTS[1:], *COUNTS[:-1])
        if name != "voice_to_text"
    }
    spoken = [_transcript(v.voice_to_text) for v in videos] if transcripts else [None] * len(videos)
    columns["voice_to_text"] = pl.Series(spoken, dtype=pl.String)
    ids = (
        v.id if v.id is not None else v.video_id if v.video_id is not None else v.item_id
        for v in videos
    )
    saved = (
        v.favorites_count if v.favorites_count is not None else v.favourites_count for v in videos
    )
    columns["id"] = _text_column("id", ids)
    columns["favorites_count"] = _text_column("favorites_count", saved)
    for name in ("hashtag_names", "video_mention_list"):
        columns[name] = text_lists([_texts(getattr(v, name)) for v in videos])
    columns["hashtag_info_list"] = text_lists([_tags(v.hashtag_info_list) for v in videos])
    columns["held"] = pl.Series(held, dtype=pl.String)
    return pl.DataFrame({name: columns[name] for name in RECORD})


def _transcript(raw: msgspec.Raw) -> str | None:
    if not len(raw):
        return None
    try:
        value = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        value = json.loads(bytes(raw).decode("utf-8", "replace"))
        value = re.sub("[\ud800-\udfff]", "\ufffd", value) if isinstance(value, str) else None
    return _text(value) if isinstance(value, Scalar) else None


def _text_column(name: str, values: Iterable[Scalar]) -> pl.Series:
    held = list(values)
    types = set(map(type, held))
    if types <= {int, type(None)}:
        with contextlib.suppress(OverflowError, TypeError):
            return pl.Series(name, held, dtype=pl.Int64).cast(pl.String)
    if not types <= {str, type(None)}:
        held = [_text(value) for value in held]
    return pl.Series(name, held, dtype=pl.String)


def _texts(values: list[Scalar] | None) -> list[Any] | None:
    if values is None or set(map(type, values)) <= {str}:
        return values
    return [_text(value) for value in values]


def _tags(tags: list[_Tag | None] | _Tag | None) -> list[str | None] | None:
    if tags is None:
        return None
    several = [tags] if isinstance(tags, _Tag) else tags
    return [None if tag is None else _text(tag.hashtag_name) for tag in several]


class _Documents:
    """Decodes the JSON documents of a file: its lines, or the whole text."""

    def __init__(self, sample: Sample, dropped: Counts, notes: Counts, strict: bool) -> None:
        self.sample, self.place = sample, sample.source.place
        self.dropped, self.notes, self.strict = dropped, notes, strict
        self.broken: tuple[int, bytes] | None = None
        self.texts: list[bytes] = []

    def pieces(self) -> Iterator[list[_Answer | None]]:
        """Answers and bare objects, some thousand at a time."""
        if self.sample.kind == "ndjson":
            with self.sample.source.open() as file:
                yield from self._read_lines(blocks_of(file))
            return
        text = self.sample.source.read().removeprefix(b"\xef\xbb\xbf").strip()
        if not text:
            return
        first, several, _ = text.partition(b"\n")
        if several and text[:1] == b"[" and _is_json(first):
            yield from self._read_lines(iter([text]))
            return
        self.texts = [text]
        found: list[_Answer | None] = []
        if not self._decode(text, found):
            why = "it is a web page" if text[:1] == b"<" else "it is no valid JSON"
            raise self._refuse(_json_line(text), why)
        yield found

    def _read_lines(self, blocks: Iterable[bytes]) -> Iterator[list[_Answer | None]]:
        number, filled = 0, 0
        for block in blocks:
            self.texts = [block]
            whole = decode_lines(_ONE, block)
            if whole is not None:
                self._settle()
                number += len(whole)
                filled += len(whole)
                yield whole
                continue
            found: list[_Answer | None] = []
            self.texts = lines = block.split(b"\n")
            for line in lines:
                number += 1
                text = line.removeprefix(b"\xef\xbb\xbf").strip()
                if not text:
                    continue
                self._settle()
                filled += 1
                if text[:1] == b"<":
                    self.dropped["answers", "a web page in place of an answer"] += 1
                elif not self._decode(text, found, number):
                    self.broken = (number, text)
            yield found
        if self.broken is not None and filled > 1:
            self.dropped["videos", "truncated last line"] += 1
        else:
            self._settle()

    def _settle(self) -> None:
        """Drop or refuse a broken line that was not the last one."""
        if self.broken is None:
            return
        if self.strict:
            raise self._refuse(self.broken[0], "it is no valid JSON")
        self.broken = None
        self.dropped["answers", "no valid JSON"] += 1

    def _decode(self, text: bytes, found: list[_Answer | None], line: int = 0) -> bool:
        """Add the objects of a document; whether it is JSON."""
        try:
            return self._add_objects(text, found, line)
        except RecursionError:
            if self.strict or not line:
                raise self._refuse(line, f"it is {TOO_DEEP}") from None
            self.dropped["answers", TOO_DEEP] += 1
            return True

    def _add_objects(self, text: bytes, found: list[_Answer | None], line: int) -> bool:
        try:
            if text[:1] == b"[":
                found += _LIST.decode(text)
            else:
                found.append(_ONE.decode(text))
        except msgspec.ValidationError as error:
            # the first odd value is found before what is broken behind it
            if not _is_json(text):
                return False
            self._decode_odd(text, found, line, error)
        except (msgspec.DecodeError, UnicodeDecodeError):
            again = self._repair(text)
            if again is None:
                return False
            self.notes["videos", "NaN or half a character: read as missing or as U+FFFD"] += 1
            return self._add_objects(again, found, line)
        return True

    def _decode_odd(
        self, text: bytes, found: list[_Answer | None], line: int, error: msgspec.ValidationError
    ) -> None:
        """Objects of a document of which a part has another shape."""
        if self.strict:
            raise self._refuse(line, _reason(error)) from None
        entries: list[Any] = _RAWS.decode(text) if text[:1] == b"[" else [text]
        for entry in entries:
            try:
                found.append(_ONE.decode(entry))
                continue
            except msgspec.ValidationError as inner:
                error = inner
            except msgspec.DecodeError:
                self.dropped["answers", "text that is no UTF-8"] += 1
                continue
            try:
                lists = _PAGE.decode(entry).data
            except msgspec.DecodeError:
                lists = _RawData()
            if all(getattr(lists, key) is None for key in _HELD):
                if len(entries) == 1 and not line:
                    raise self._refuse(line, _reason(error)) from None
                self.dropped["answers", f"another shape: {_reason(error)}"] += 1
                continue
            data = _Data()
            for key in _HELD:
                setattr(data, key, self._entries(getattr(lists, key)))
            found.append(_Answer(data=data))

    def _entries(self, entries: list[msgspec.Raw] | None) -> _Videos:
        good: list[_Video | None] = []
        for entry in entries or ():
            try:
                good.append(_ENTRY.decode(entry))
            except msgspec.ValidationError as error:
                self.dropped["videos", f"another shape: {_reason(error)}"] += 1
            except msgspec.DecodeError:
                self.dropped["videos", "text that is no UTF-8"] += 1
        return good

    def _repair(self, text: bytes) -> bytes | None:
        """JSON with NaN and halves of characters as JSON without them; `None` if it is broken."""
        with reading_file(Path(self.place), "Get the file again, and keep it as UTF-8 text."):
            decoded = text.decode()
        try:
            loose = json.loads(decoded, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            return None
        dense = re.sub("[\ud800-\udfff]", "\ufffd", json.dumps(loose, ensure_ascii=False))
        again = dense.encode()
        return None if again == text else again

    def _refuse(self, line: int, why: str) -> FileError:
        where = f"{self.place}, line {line}," if line else self.place
        return FileError(
            f"{where} cannot be read as video objects of the Research API: {why}. Give JSON "
            "arrays of video objects, answers of the API, or lines of either."
        )

    def refuse_float(self) -> None:
        """Refuse the file for an id, in the last piece, that was written as a float."""
        texts = (text.decode("utf-8", "replace") for text in self.texts)
        found = next(filter(None, map(_FLOAT_ID.search, texts)), None)
        shown = found[0][:80] if found else "an id"
        raise DataError(
            f"{self.place}: {shown} was written as a float, so its last digits are lost: export ids "
            "as integers or text."
        )


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except RecursionError:
        return True
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _json_line(text: bytes) -> int:
    """Line of the error in broken JSON, 0 if the text has one line."""
    if b"\n" not in text:
        return 0
    try:
        json.loads(text.decode("utf-8", "replace"))
    except json.JSONDecodeError as error:
        return error.lineno
    except RecursionError:
        pass
    return 0


#: What msgspec calls the kinds of JSON values.
_KINDS = {"object": "objects", "array": "lists"}


def _reason(error: msgspec.ValidationError) -> str:
    """What is wrong with a value, by its key, never its content."""
    text = str(error)
    path = re.search(r"at `(\$[^`]*)`", text)
    keys = re.findall(r"\.(\w+)", path[1]) if path else []
    got = re.search(r"got `(\w+)`", text)
    held = _KINDS.get(got[1], f"a value of the type {got[1]}") if got else "a value of another type"
    if not keys:
        return f"it holds {held} where an object is needed"
    if keys[-1] in ("hashtag_names", "video_mention_list"):
        return f"{shorten(keys[-1])} holds {held}, and a list of texts is needed"
    return f"{shorten(keys[-1])} holds {held}, and another type is needed"

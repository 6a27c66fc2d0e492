"""Personal exports of TikTok in JSON: one donor or a folder of donors, of the three known layouts.

Only lists of views, likes, favourites, shares, comments, follows, own posts and live streams are
read, and the user name. Messages, logins, searches, places, devices and profiles are never built.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import polars as pl

from graphkit.data.ids import creation_time
from graphkit.data.times import PLAUSIBLE, TIME, parse_times
from graphkit.errors import FileError, GraphkitError
from graphkit.readwrite.extract import Extract, Importer, ImportOptions, merge_rows
from graphkit.readwrite.importers.tiktok_web import as_handle, place_of
from graphkit.readwrite.records import TOO_DEEP, decode_document
from graphkit.readwrite.source import Sample, Source
from graphkit.readwrite.tiktok_ids import take_handles

__all__ = ["IMPORTERS"]

Scalar = str | int | float | bool | None

#: Sections of an export by what they hold, in all layouts, and the keys of the lists in them.
_SECTIONS = {
    "own posts": (("Posts", "Videos"), ("VideoList",)),
    "views": (("Watch History", "Video Browsing History"), ("VideoList",)),
    "likes": (("Like List",), ("ItemFavoriteList",)),
    "favourites": (("Favorite Videos", "Favourite Videos"), ("FavoriteVideoList",)),
    "shares": (("Share History",), ("ShareHistoryList",)),
    "comments": (("Comments",), ("CommentsList",)),
    "following": (("Following List", "Following"), ("Following",)),
    "followers": (("Follower List", "Follower"), ("FansList",)),
    "live streams": (("Watch Live History",), ("WatchLiveMap",)),
}
_PROFILES = ("Profile Info", "Profile Information")
_HOME = {name: kind for kind, (names, _) in _SECTIONS.items() for name in names}
_LISTS = {name for _, lists in _SECTIONS.values() for name in lists}

#: Parts of an export, at its top, that hold sections.
_PARTS = (
    "Your Activity",
    "Activity",
    "Likes and Favorites",
    "Likes and Favourites",
    "Profile And Settings",
    "Profile",
    "Post",
    "Video",
    "Comment",
    "Tiktok Live",
    "TikTok Live",
)
_TOPS = (*_PARTS, "Ads and data", "App Settings", "Direct Message", "Direct Messages")


class _Row(msgspec.Struct, gc=False):
    """A view, like, favourite, share, comment or follow: its time, its video, the other account."""

    date: Scalar = None
    Date: Scalar = None
    link: Scalar = None
    Link: Scalar = None
    other_link: Scalar = msgspec.field(default=None, name="VideoLink")
    landing: Scalar = msgspec.field(default=None, name="Video landing page link")
    name: Scalar = msgspec.field(default=None, name="UserName")
    lower_name: Scalar = msgspec.field(default=None, name="userName")
    watched: Scalar = msgspec.field(default=None, name="WatchTime")


class _Owner(msgspec.Struct):
    """The user name of the donor, and nothing else of the profile."""

    name: Scalar = msgspec.field(default=None, name="userName")


class _Profile(msgspec.Struct):
    owner: _Owner | str | None = msgspec.field(default=None, name="ProfileMap")


#: In place of a key that is not there: no JSON is empty.
_ABSENT = msgspec.Raw(b"")
_NULL = msgspec.Raw(b"null")


def _fields(*names: str) -> list[tuple[str, Any, Any]]:
    """Fields of keys that may hold anything, and are decoded later or never."""
    return [
        (re.sub(r"\W", "_", name), msgspec.Raw, msgspec.field(default=_ABSENT, name=name))
        for name in names
    ]


_Part = msgspec.defstruct("_Part", _fields(*_HOME, *_PROFILES))
_Export = msgspec.defstruct("_Export", _fields(*_PARTS), bases=(_Part,))
_Section = msgspec.defstruct("_Section", _fields(*sorted(_LISTS)))


def _get(holder: Any, name: str) -> msgspec.Raw | None:
    raw: msgspec.Raw = getattr(holder, re.sub(r"\W", "_", name))
    return raw if len(raw) else None


def _start(raw: msgspec.Raw) -> bytes:
    return bytes(memoryview(raw)[:1])


def _decode_export(source: Source) -> Any:
    """The parts of an export, still as JSON; a :class:`FileError` with the line if it is broken."""
    text = source.read().removeprefix(b"\xef\xbb\xbf")
    try:
        return msgspec.json.decode(text, type=_Export)
    except msgspec.ValidationError:
        raise FileError(
            f"{source.place}: an object with the parts of an export is needed, such as "
            "'Your Activity'. Give the file as TikTok made it."
        ) from None
    except RecursionError:
        raise FileError(f"{source.place} is {TOO_DEEP}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    # half a character, or broken: the line is told
    loose = decode_document(source, Any)
    return msgspec.json.decode(msgspec.json.encode(loose), type=_Export)


def _sections_of(export: Any, extract: Extract) -> Iterator[tuple[str, msgspec.Raw]]:
    """Names of sections and what they hold, wherever they are."""
    holders = [export]
    for name in _PARTS:
        raw = _get(export, name)
        try:
            part = msgspec.json.decode(raw, type=_Part) if raw is not None else None
        except msgspec.ValidationError:
            if raw is not None and _start(raw) == b"[":
                extract.notes["donors", f"part {name!r} is a list: not read"] += 1
            continue  # null, or "None"
        if part is not None:
            holders.append(part)
    for holder in holders:
        for name in (*_HOME, *_PROFILES):
            raw = _get(holder, name)
            if raw is not None:
                yield name, raw


_ROWS: msgspec.json.Decoder[list[_Row | None]] = msgspec.json.Decoder(list[_Row | None])
_ROW: msgspec.json.Decoder[_Row | None] = msgspec.json.Decoder(_Row | None)
_RAW: msgspec.json.Decoder[msgspec.Raw] = msgspec.json.Decoder(msgspec.Raw)
_RAWS: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])
_BY_ID: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])

#: Rows that become one frame, and bytes of them that are decoded at a time.
_ROWS_AT_ONCE, _BYTES = 50_000, 1 << 23

_BETWEEN = re.compile(rb"\}\s*,\s*(?=\{)")


def _rows_of(raw: msgspec.Raw, kind: str, extract: Extract) -> Iterator[list[_Row]]:
    """Rows of a list, or of an object whose keys are ids; empty where there are none."""
    start = _start(raw)
    if start == b"{":
        lists: Iterable[bytes] = [b"[" + b",".join(_BY_ID.decode(raw).values()) + b"]"]
    elif start == b"[":
        lists = _cut(raw)
    else:
        return
    for some in lists:
        try:
            rows = _ROWS.decode(some)
        except msgspec.DecodeError:
            rows = []
            for entry in _RAWS.decode(some):
                try:
                    rows.append(_ROW.decode(entry))
                except msgspec.ValidationError:
                    extract.count(kind, 1)
                    extract.dropped[kind, "of another shape"] += 1
                except msgspec.DecodeError:
                    extract.count(kind, 1)
                    extract.dropped[kind, "text that is no UTF-8"] += 1
        there = [row for row in rows if row is not None]
        if empty := len(rows) - len(there):
            extract.count(kind, empty)
            extract.dropped[kind, "null in place of a row"] += empty
        extract.count(kind, len(there))
        yield there


def _cut(raw: msgspec.Raw) -> Iterator[bytes]:
    """A list in shorter lists, so that it never stands in memory as objects."""
    text = memoryview(raw)[1:-1]
    begun = 0
    while found := _BETWEEN.search(text, begun + _BYTES):
        end = found.start() + 1
        piece = b"".join((b"[", text[begun:end], b"]"))
        try:
            _RAW.decode(piece)
        except msgspec.DecodeError:
            break  # the mark is part of a text or of a row
        yield piece
        begun = found.end()
    yield b"".join((b"[", text[begun:], b"]"))


def _list_in(name: str, raw: msgspec.Raw, extract: Extract) -> msgspec.Raw | None:
    """The list in a section, which may itself be the list; `None` if there is none."""
    kind = _HOME[name]
    if _start(raw) == b"[":
        return raw
    if _start(raw) != b"{":
        return _NULL
    section = msgspec.json.decode(raw, type=_Section)
    for key in _SECTIONS[kind][1]:
        found = _get(section, key)
        if found is not None:
            return found
    try:
        keys = list(_BY_ID.decode(raw))
    except msgspec.DecodeError:
        keys = []
    if keys and all(key.isdigit() for key in keys):
        return raw
    if set(keys) & set(_SECTIONS[kind][1]):
        return _NULL
    if keys:
        extract.notes[kind, f"section {name!r} holds no list that is known: not read"] += 1
    return None


class _Rows:
    """Rows of one kind in all exports: small exports have no frames of their own."""

    def __init__(self) -> None:
        self._frames: list[pl.DataFrame] = []
        self._rows: list[_Row] = []
        self._files: list[int] = []

    def add(self, rows: list[_Row], file: int) -> None:
        """Add rows of the export of this number."""
        self._rows += rows
        self._files += [file] * len(rows)
        if len(self._rows) >= _ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        files = pl.Series("file", self._files, dtype=pl.Int32)
        self._frames.append(_frame_of(self._rows).with_columns(files))
        self._rows, self._files = [], []

    def frame(self, owners: Mapping[int, str]) -> pl.DataFrame:
        """All rows with their owners; those of exports without one are left out."""
        if self._rows or not self._frames:
            self._flush()
        rows, self._frames = pl.concat(self._frames), []
        names = pl.DataFrame(
            {"file": list(owners), "owner": list(owners.values())},
            schema={"file": pl.Int32, "owner": pl.String},
        )
        return rows.join(names, on="file", maintain_order="left")


def _frame_of(rows: list[_Row]) -> pl.DataFrame:
    """Times, video ids, authors in links, and user names; what is short, instead of the texts."""
    dates = _texts([r.Date if r.Date is not None else r.date or r.watched for r in rows])
    read = parse_times(dates.alias("at"), "key 'Date'").at
    links = _texts([r.Link or r.link or r.landing or r.other_link for r in rows])
    return pl.DataFrame(
        {
            "at": read.set(~read.is_between(*PLAUSIBLE, closed="left"), None).cast(TIME),
            "item_id": links.str.extract(r"/(?:video|photo)/(\d+)"),
            "author": links.str.extract(r"tiktok\.com/@([^/?#\s]+)/(?:video|photo)/"),
            "name": _texts([r.name or r.lower_name for r in rows]),
        }
    )


def _texts(values: list[Scalar]) -> pl.Series:
    """A column of texts; missing where the export writes that there is nothing."""
    if not set(map(type, values)) <= {str, type(None)}:
        values = [None if value is None else str(value) for value in values]
    texts = pl.Series(values, dtype=pl.String)
    return texts.set(texts.is_in(["", "None", "N/A"]).fill_null(False), None)


def _text(value: Scalar) -> str | None:
    return None if value is None or value in ("", "None", "N/A") else str(value)


def _read_one(
    sample: Sample, number: int, options: ImportOptions, found: dict[str, _Rows], extract: Extract
) -> tuple[str | None, set[str]]:
    """Owner of an export, `None` if it does not say, and what kinds of rows it has."""
    source = sample.source
    if _is_text_export(sample):
        raise FileError(
            f"{source.place} is an export of TikTok as text: ask TikTok for the data once more, "
            "in the format JSON."
        )
    kinds: set[str] = set()
    named = None
    for name, raw in _sections_of(_decode_export(source), extract):
        if name in _PROFILES:
            try:
                profile = msgspec.json.decode(raw, type=_Profile)
            except msgspec.ValidationError:
                continue
            if isinstance(profile.owner, _Owner):
                named = named or as_handle(_text(profile.owner.name))
            continue
        kind = _HOME[name]
        rows = _list_in(name, raw, extract)
        if rows is None:
            continue
        kinds.add(kind)
        for some in _rows_of(rows, kind, extract):
            found[kind].add(some, number)
    given = as_handle(options.account_of(source))
    if given and named and given != named:
        extract.renamed.add(named)
        extract.notes["donors", "account= was taken in place of the name in the export"] += 1
    return given or named, kinds


def _name_donor(source: Source, taken: Collection[str]) -> str:
    """An id of a donor whose user name is not known: the name of the archive, file or folder."""
    file = source.path
    usual = file.stem.lower().startswith("user_data")
    name = f"donor:{file.absolute().parent.name if usual and not source.member else file.stem}"
    number = 1
    while (owner := name if number == 1 else f"{name} ({number})") in taken:
        number += 1
    return owner


def _is_text_export(sample: Sample) -> bool:
    if sample.kind in ("json", "ndjson") or not sample.text:
        return False
    if sample.source.name in ("user_data.txt", "user_data_tiktok.txt"):
        return True
    start = sample.text.lstrip()[:200]
    return bool(re.match(r"Date: [0-9-]+ [0-9:]+.*\n\s*(?:Video )?Link: https?://\S*tiktok", start))


def _recognise(sample: Sample) -> str | None:
    if _is_text_export(sample):
        return "it is a list of an export as text"
    if sample.kind != "json":
        return None
    keys = sample.keys
    held = [
        (name, key)
        for name, kind in _HOME.items()
        for key in _SECTIONS[kind][1]
        if any(f"{part}{name}.{key}" in keys for part in ("", *(f"{p}." for p in _PARTS)))
    ]
    if held:
        return f"its keys are {held[0][0]!r} and {held[0][1]!r}"
    tops = [name for name in _TOPS if name in keys]
    if len(tops) > 1:
        return f"its keys are {tops[0]!r} and {tops[1]!r}"
    direct = [name for name in _HOME if f"{name}.Date" in keys or f"{name}.date" in keys]
    direct += [f"{p}.{n}" for p in _PARTS for n in _HOME if f"{p}.{n}.Date" in keys]
    return f"its keys are {direct[0]!r} and 'Date'" if direct else None


def _read(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    extract = Extract()
    found: dict[str, _Rows] = defaultdict(_Rows)
    donors: dict[str, set[str]] = {}
    owners: dict[int, str] = {}
    for number, sample in enumerate(samples):
        try:
            part = Extract()
            owner, kinds = _read_one(sample, number, options, found, part)
        except GraphkitError as error:
            if len(samples) == 1:
                raise
            extract.refused[sample.source] = str(error)
            continue
        for table, rows in part.read.items():
            if rows:  # empty lists are no records
                extract.count(table, rows)
        extract.dropped.update(part.dropped)
        extract.notes.update(part.notes)
        extract.renamed |= part.renamed
        if owner is None:
            owner = _name_donor(sample.source, donors)
            extract.notes["donors", "no user name in the export: named after its file"] += 1
        owners[number] = owner
        donors.setdefault(owner, set()).update(kinds)
    if not owners:
        return extract
    several = "s" if len(donors) > 1 else ""
    extract.notes["donors", f"files of {len(donors)} donor{several}"] += len(owners)
    place = place_of(samples)
    for kind in _SECTIONS:
        if kind in found and (whole := found.pop(kind).frame(owners)).height:
            _ADD[kind](_merged(whole, kind, extract), kind, place, extract)
    _finish_items(extract)
    _add_donors(donors, extract)
    return extract


def _merged(frame: pl.DataFrame, kind: str, extract: Extract) -> pl.DataFrame:
    """Rows of all donors; what several exports of one donor share is kept once."""
    if lost := frame.get_column("at").null_count():
        extract.notes[kind, "no date: time missing"] += lost
    once = frame
    if frame.group_by("owner").agg(pl.col("file").n_unique()).get_column("file").max() != 1:
        # repeats inside one file are real; the n-th repeat of one file is the n-th of another
        same = ["owner", "item_id", "name", "at"]
        numbered = frame.with_columns(nth=pl.int_range(pl.len()).over(*same, "file"))
        timed = pl.col("at").is_not_null()
        once = numbered.filter(~timed | pl.struct(*same, "nth").is_first_distinct())
    if again := frame.height - once.height:
        extract.dropped[kind, "also in another export of the same donor"] += again
    days = once.select(first=pl.col("at").min(), last=pl.col("at").max())
    first, last = days.select(pl.all().dt.strftime("%Y-%m-%d")).row(0)
    if first is not None:
        extract.notes[kind, f"{kind} from {first} to {last}"] += once.height
        spans = once.group_by("owner").agg(
            days=(pl.col("at").max() - pl.col("at").min()).dt.total_days()
        )
        if spans.height > 1:
            lengths = spans.get_column("days").drop_nulls()
            short, long = lengths.min(), lengths.max()
            span = f"{short!s} to {long!s}" if short != long else f"{long!s}"
            unit = "day" if span == "1" else "days"
            text = f"{kind} of one donor span {span} {unit}"
            extract.notes[kind, text] += spans.height
    return once


def _with_ids(frame: pl.DataFrame, kind: str, extract: Extract) -> pl.DataFrame:
    there = frame.filter(pl.col("item_id").is_not_null())
    if lost := frame.height - there.height:
        extract.dropped[kind, "no video id in its link"] += lost
    return there


def _add_items(frame: pl.DataFrame, kind: str, place: str, extract: Extract) -> None:
    """Items of links; the author where the link has one."""
    items = frame.select("item_id", author_id="author")
    if items.get_column("author_id").null_count() == items.height:
        extract.add("items", items.select("item_id").unique(maintain_order=True))
        return
    seen: Counter[str] = Counter()
    names = take_handles(items.get_column("author_id"), place, (), seen)
    extract.notes.update({(kind, f"user name in a link: {text}"): n for text, n in seen.items()})
    extract.add("items", items.with_columns(names).unique(maintain_order=True))


def _finish_items(extract: Extract) -> None:
    """One row per item, with the time in its id where there is no other."""
    if "items" not in extract.tables:
        return
    items = merge_rows(extract.tables["items"], ["item_id"])
    inside = creation_time(pl.col("item_id"))
    if "created_at" in items.columns:
        inside = pl.coalesce("created_at", inside)
        bare = items.get_column("created_at").null_count()
    else:
        bare = items.height
    extract.tables["items"] = items.with_columns(created_at=inside)
    extract.time_kinds["items.created_at"] = "item_created"
    if bare:
        extract.notes["items", "only links are known: time of creation from the id"] += bare


def _add_views(frame: pl.DataFrame, kind: str, place: str, extract: Extract) -> None:
    there = _with_ids(frame, kind, extract)
    seen = there.select(account_id="owner", item_id="item_id", at="at")
    extract.add("impressions", seen.with_columns(surface=pl.lit("watch history")))
    extract.add("interactions", seen.with_columns(kind=pl.lit("view")))
    _add_items(there, kind, place, extract)


_KIND = {"likes": "like", "favourites": "save", "shares": "share"}


def _add_acts(frame: pl.DataFrame, kind: str, place: str, extract: Extract) -> None:
    there = _with_ids(frame, kind, extract)
    if kind == "shares":
        timed = pl.col("at").is_not_null()
        once = there.filter(~timed | pl.struct("owner", "item_id", "at").is_first_distinct())
        if again := there.height - once.height:
            extract.dropped[kind, "the same second and link: one act with several receivers"] += (
                again
            )
        there = once
    extract.add(
        "interactions",
        there.select(account_id="owner", item_id="item_id", kind=pl.lit(_KIND[kind]), at="at"),
    )
    _add_items(there, kind, place, extract)


def _add_comments(frame: pl.DataFrame, kind: str, place: str, extract: Extract) -> None:
    extract.notes[kind, "the export does not say on which video: item missing"] += frame.height
    acts = frame.select(account_id="owner", kind=pl.lit("comment"), at="at")
    extract.add("interactions", acts.with_columns(item_id=pl.lit(None, pl.String)))


def _add_lives(frame: pl.DataFrame, kind: str, place: str, extract: Extract) -> None:
    extract.notes[kind, "live streams are no videos: kept as 'live view' without an item"] += (
        frame.height
    )
    acts = frame.select(account_id="owner", kind=pl.lit("live view"), at="at")
    extract.add("interactions", acts.with_columns(item_id=pl.lit(None, pl.String)))


def _add_posts(frame: pl.DataFrame, kind: str, place: str, extract: Extract) -> None:
    there = frame.filter(pl.col("item_id").is_not_null())
    if lost := frame.height - there.height:
        extract.dropped[kind, "own post without a video id"] += lost
    extract.add("items", there.select("item_id", author_id="owner", created_at="at"))


def _add_follows(frame: pl.DataFrame, kind: str, place: str, extract: Extract) -> None:
    seen: Counter[str] = Counter()
    names = take_handles(frame.get_column("name"), f"{place}: key 'UserName'", (), seen)
    frame = frame.with_columns(name=names)
    there = frame.filter(pl.col("name").is_not_null())
    if lost := frame.height - there.height:
        extract.dropped[kind, "no user name"] += lost
    ends = ("owner", "name") if kind == "following" else ("name", "owner")
    extract.add("follows", there.select(follower_id=ends[0], followee_id=ends[1], since="at"))


def _add_donors(donors: dict[str, set[str]], extract: Extract) -> None:
    """Whether the follow lists of a donor are whole: both of them are in the export."""
    lists = {"following", "followers"}
    whole = [None if not lists & kinds else lists <= kinds for kinds in donors.values()]
    frame = pl.DataFrame(
        {"account_id": list(donors), "list_complete": whole},
        schema={"account_id": pl.String, "list_complete": pl.Boolean},
    )
    if one := sum(value is False for value in whole):
        extract.notes["donors", "one of the two lists of follows is missing: not whole"] += one
    extract.add(
        "accounts", frame if any(v is not None for v in whole) else frame.drop("list_complete")
    )


_ADD = {
    "views": _add_views,
    "likes": _add_acts,
    "favourites": _add_acts,
    "shares": _add_acts,
    "comments": _add_comments,
    "following": _add_follows,
    "followers": _add_follows,
    "own posts": _add_posts,
    "live streams": _add_lives,
}

IMPORTERS: tuple[Importer, ...] = (
    Importer("tiktok-export", "a personal export of TikTok", _recognise, _read),
)

"""Instagram: the export of an account: follow lists, likes, saved posts, and posts that were shown.

An item is a post, by the code in its address (``/p/CODE/``, ``/reel/CODE/``); an account is a user
name. Text of these exports is UTF-8 that was read as Latin-1, which is mended. Labels are in the
language of the export; names of files are not, and say which acts a list holds. The owner is in none
of these files. Posts that were shown are exposure only: how long they were seen is not told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import polars as pl

from graphkit.errors import FileError
from graphkit.readwrite.extract import Extract, Importer, ImportOptions
from graphkit.readwrite.gather import (
    finish,
    folder_of,
    frame_of,
    moments,
    not_impossible,
    owner_of,
    read_each,
    refuse,
)
from graphkit.readwrite.records import RecordReader, decode_document
from graphkit.readwrite.source import Sample

__all__ = ["IMPORTERS"]

#: Folders inside an export; what is above them is the export of one account.
_INSIDE = frozenset(
    "connections followers_and_following your_instagram_activity likes saved ads_information "  # noqa: SIM905
    "ads_and_topics logged_information past_instagram_insights comments".split()
)

#: Labels of a user name, as exports spell them.
_USERNAMES = frozenset(
    label.casefold()
    for label in (
        "Username", "User name", "Gebruikersnaam", "Benutzername", "Nom d’utilisateur",
        "Nom d'utilisateur", "Nom de profil", "Nombre de usuario", "Usuario", "Nome utente",
        "Nome de usuário", "Nome de utilizador", "Nom d'usuari", "Nazwa użytkownika",
        "Användarnamn", "Brugernavn", "Brukernavn", "Käyttäjänimi", "Kullanıcı adı",
        "Uživatelské jméno", "Používateľské meno", "Felhasználónév", "Nume de utilizator",
        "Потребителско име", "Имя пользователя", "Ім’я користувача", "Ім'я користувача",
        "Όνομα χρήστη", "שם משתמש", "اسم المستخدم", "Korisničko ime", "ユーザーネーム",
        "ユーザー名", "사용자 이름", "用户名", "使用者名稱", "用戶名稱", "Nama pengguna",
        "Tên người dùng", "ชื่อผู้ใช้",
    )
)  # fmt: skip

#: Labels of the author in exports before 2024.
_AUTHORS = frozenset(
    label.casefold()
    for label in ("Author", "Auteur", "Autor", "Autore", "Verfasser", "Yazar", "作者", "投稿者")
)

_POST = re.compile(r"^https?://(?:www\.)?instagram\.com/(?:[\w.]+/)?(?:p|reel|reels|tv)/([\w-]+)")
_PROFILE = re.compile(r"^https?://(?:www\.)?instagram\.com/(?:_u/)?([\w.]{1,30})/?$")
_NAME = re.compile(r"^[\w.]{1,30}$", re.ASCII)


class _Text(msgspec.Struct):
    href: str | None = None
    value: str | None = None
    timestamp: int | float | None = None


class _Entry(msgspec.Struct):
    """One entry of a list: of an account, a liked or a saved post."""

    title: str | None = None
    string_list_data: list[_Text] | None = None
    string_map_data: dict[str, _Text] | None = None
    timestamp: int | float | None = None
    label_values: list[_Label] | None = None


class _Label(msgspec.Struct):
    """A value with its label; values are decoded where they are an account or an address only."""

    label: str | None = None
    href: str | None = None
    value: msgspec.Raw = msgspec.Raw(b"")
    dict_: list[_Label] | None = msgspec.field(name="dict", default=None)


#: What a list holds: by its key, or by its file.
_KEYS = {
    "relationships_followers": "followers",
    "relationships_following": "following",
    "likes_media_likes": "liked posts",
    "saved_saved_media": "saved posts",
    "impressions_history_posts_seen": "posts shown",
    "impressions_history_videos_watched": "videos shown",
    "impressions_history_ads_seen": "advertisements shown",
}
_FILES = (
    (r"^followers(?:_\d+)?\.json$", "followers"),
    (r"^following(?:_\d+)?\.json$", "following"),
    (r"^liked_posts(?:_\d+)?\.json$", "liked posts"),
    (r"^saved_posts(?:_\d+)?\.json$", "saved posts"),
    (r"^posts_viewed(?:_\d+)?\.json$", "posts shown"),
    (r"^videos_watched(?:_\d+)?\.json$", "videos shown"),
    (r"^ads_viewed(?:_\d+)?\.json$", "advertisements shown"),
)
_SURFACES = {
    "posts shown": "posts viewed",
    "videos shown": "videos watched",
    "advertisements shown": "ad",
}
_KINDS = {"liked posts": "like", "saved posts": "save"}


def _mended(text: str | None) -> str | None:
    """UTF-8 that was read as Latin-1, as what it is; other text as it is.

    Examples
    --------
    >>> _mended("Nome de usuÃ¡rio")
    'Nome de usuário'
    """
    if text is None or text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _content(sample: Sample) -> str | None:
    """What the list in a file holds."""
    for key, content in _KEYS.items():
        if sample.has(key):
            return content
    listed = sample.has("string_list_data", "title") or sample.has("label_values")
    if not listed:
        return None
    name = sample.source.name
    return next((content for form, content in _FILES if re.match(form, name)), None)


def _recognise(sample: Sample) -> str | None:
    if sample.kind != "json":
        return None
    for key in _KEYS:
        if sample.has(key):
            return f"its key is {key!r}"
    if sample.has("string_list_data.href", "string_list_data.timestamp", "title"):
        return "its keys are 'title' and 'string_list_data'"
    if sample.has("label_values.label", "timestamp"):
        return "its keys are 'timestamp' and 'label_values'"
    return None


def _group(source: Any) -> str:
    return folder_of(source, _INSIDE.__contains__)


def _labels(labels: list[_Label]) -> Iterator[_Label]:
    """Labels of a tree."""
    waiting = list(reversed(labels))
    while waiting:
        label = waiting.pop()
        yield label
        waiting += reversed(label.dict_ or ())


def _text(value: msgspec.Raw) -> str | None:
    try:
        return _mended(msgspec.json.decode(value, type=str))
    except msgspec.DecodeError:
        return None


def _code(address: str | None) -> str | None:
    """Code of the post at an address."""
    found = _POST.match(address or "")
    return found[1] if found else None


def _name(text: str | None) -> str | None:
    text = (_mended(text) or "").strip().lower()
    return text if _NAME.match(text) else None


def _read_labels(entry: _Entry) -> tuple[str | None, str | None]:
    """Post and author of an entry with a tree of labels."""
    post = author = None
    for label in _labels(entry.label_values or []):
        word = (_mended(label.label) or "").casefold()
        if post is None:
            post = _code(label.href)
        if word in _USERNAMES:
            author = author or _name(_text(label.value))
        elif word == "url" and label.value:
            address = _text(label.value)
            post = post or _code(address)
            profile = _PROFILE.match(address or "")
            author = author or (_name(profile[1]) if profile else None)
    return post, author


def _read_entry(entry: _Entry) -> tuple[str | None, str | None, int | float | None]:
    """Post, author and time of an entry of likes, saved posts or posts that were shown."""
    if entry.label_values:
        post, author = _read_labels(entry)
        return post, author, entry.timestamp
    texts = list(entry.string_list_data or ())
    author = _name(entry.title)
    for label, text in (entry.string_map_data or {}).items():
        texts.append(text)
        if (_mended(label) or "").casefold() in _AUTHORS | _USERNAMES:
            author = author or _name(text.value)
    post = next((code for code in (_code(text.href) for text in texts) if code), None)
    at = next((text.timestamp for text in texts if text.timestamp), None)
    return post, author, at or entry.timestamp


def _read_account(entry: _Entry) -> tuple[str | None, int | float | None]:
    """Account and time of an entry of a follow list: the name is the value, the title, or the address."""
    text = next(iter(entry.string_list_data or ()), _Text())
    profile = _PROFILE.match(text.href or "")
    name = _name(text.value) or _name(entry.title) or _name(profile[1] if profile else None)
    if name is None and entry.label_values:
        name = _read_labels(entry)[1]
    return name, text.timestamp or entry.timestamp


_TYPES: dict[str, Any] = {
    "content": pl.String,
    "item_id": pl.String,
    "other": pl.String,
    "at": pl.String,
}


class _Export:
    """Rows of the files of one export."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str | None, str | None, str | None]] = []

    def take(self, sample: Sample, extract: Extract) -> None:
        content = _content(sample)
        if content is None:
            raise refuse(sample, "its name does not say which acts it lists")
        key = next((k for k in _KEYS if sample.has(k)), None)
        if key is None:
            entries = decode_document(sample.source, list[msgspec.Raw])
        else:
            entries = decode_document(sample.source, dict[str, msgspec.Raw]).get(key)
            try:
                entries = msgspec.json.decode(entries or b"[]", type=list[msgspec.Raw])
            except msgspec.DecodeError:
                raise FileError(f"{sample.source.place}: key {key!r} holds no list.") from None
        reader: RecordReader[_Entry] = RecordReader(
            _Entry, content, read=extract.read, dropped=extract.dropped, notes=extract.notes
        )
        for entry in reader.take(entries, sample.source):
            post = None
            if content in ("followers", "following"):
                other, at = _read_account(entry)
            else:
                post, other, at = _read_entry(entry)
            # what is no time is told when all are read
            time = None if not at else str(int(at) if math.isfinite(at) else at)
            self.rows.append((content, post, other, time))


def _read(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    extract, export = Extract(), _Export()
    read_each(samples, extract, export.take)
    folder = _group(samples[0].source)
    owner = owner_of(samples, options, extract, None, folder)
    rows = frame_of(export.rows, _TYPES)
    at = pl.concat(
        [
            moments(rows.filter(pl.col("content") == content).get_column("at"), extract, content)
            for content in rows.get_column("content").unique(maintain_order=True)
        ]
        or [moments([], extract, "")]
    )
    # the rows of one kind stand together in the order of first occurrence
    order = rows.get_column("content").unique(maintain_order=True).to_list()
    rows = pl.concat([rows.filter(pl.col("content") == c) for c in order] or [rows])
    rows = rows.with_columns(at.alias("at"))
    _add_follows(rows, owner, extract)
    _add_acts(rows, owner, extract)
    return finish(extract)


def _add_follows(rows: pl.DataFrame, owner: str, extract: Extract) -> None:
    who = pl.lit(owner)
    found = set()
    for content, follower, followee in (
        ("followers", pl.col("other"), who),
        ("following", who, pl.col("other")),
    ):
        some = rows.filter(pl.col("content") == content)
        named = some.filter(pl.col("other").is_not_null())
        if lost := some.height - named.height:
            extract.dropped[content, "no user name"] += lost
        if named.height:
            found.add(content)
        extract.add(
            "follows",
            named.select(
                follower.alias("follower_id"),
                followee.alias("followee_id"),
                pl.col("at").alias("since"),
            ),
        )
    account = pl.DataFrame({"account_id": [owner]})
    whole = len(found) == 2
    extract.add("accounts", account.with_columns(list_complete=True) if whole else account)


def _add_acts(rows: pl.DataFrame, owner: str, extract: Extract) -> None:
    who = pl.lit(owner).alias("account_id")
    acts = rows.filter(~pl.col("content").is_in(["followers", "following"]))
    for (content,), some in acts.group_by("content", maintain_order=True):
        content = str(content)
        told = some.filter(pl.col("item_id").is_not_null())
        if lost := some.height - told.height:
            extract.dropped[content, "no address of a post"] += lost
        told = not_impossible(told, ["item_id"], extract, content)
        if unnamed := int(told.get_column("other").is_null().sum()):
            extract.notes[content, "the author of the post is not told"] += unnamed
        if content in _SURFACES:
            seen = told.select(who, "item_id", "at", surface=pl.lit(_SURFACES[content]))
            extract.add("impressions", seen)
        else:
            kind = pl.lit(_KINDS[content]).alias("kind")
            extract.add("interactions", told.select(who, "item_id", kind, "at"))
        authors = told.select("item_id", author_id="other")
        extract.add("items", authors.unique(maintain_order=True))


IMPORTERS: tuple[Importer, ...] = (
    Importer(
        "instagram-export", "the export of an account of Instagram", _recognise, _read, _group
    ),
)

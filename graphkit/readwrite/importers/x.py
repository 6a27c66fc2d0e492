"""X (formerly Twitter): answers of its API, version 2, as twarc and others keep them, and its archive.

Of the API: pages, lines of a stream and flat lines of one post each, with the posts that they
include; and lists of accounts or liked posts, whose subject twarc keeps in the address of the
request. A retweet is a row of ``items`` of its own, with the tags and the caption of its original,
and mentions nobody; a reply mentions whom it answers, if it names the account.

Of the archive, which an account asks for: its posts, likes and follow lists. Messages and other
files of the archive are never opened beyond their beginning.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec
import polars as pl

from graphkit.readwrite.extract import Extract, Importer, ImportOptions, merge_rows
from graphkit.readwrite.gather import (
    finish,
    folder_of,
    frame_of,
    moments,
    owner_of,
    read_each,
    refuse,
    series_of,
)
from graphkit.readwrite.records import Id, RecordReader, decode_document, id_text
from graphkit.readwrite.source import Sample, Source

__all__ = ["IMPORTERS"]

_POSTS, _USERS = "posts", "accounts"


# ------------------------------------------------------------------ answers of the API
class _Tag(msgspec.Struct, gc=False):
    tag: str | None = None


class _Named(msgspec.Struct, gc=False):
    id: Id | None = None


class _Entities(msgspec.Struct, gc=False):
    hashtags: list[_Tag] | None = None
    mentions: list[_Named] | None = None


class _Counts(msgspec.Struct, gc=False):
    retweet_count: int | None = None
    reply_count: int | None = None
    like_count: int | None = None
    impression_count: int | None = None
    bookmark_count: int | None = None
    followers_count: int | None = None
    following_count: int | None = None


class _User(msgspec.Struct, gc=False):
    id: Id
    public_metrics: _Counts | None = None


class _Twarc(msgspec.Struct, gc=False):
    url: str | None = None


class _Post(msgspec.Struct, gc=False):
    id: Id | None = None
    type: str | None = None  # only inside referenced_tweets
    text: str | None = None
    author_id: Id | None = None
    created_at: str | None = None
    lang: str | None = None
    in_reply_to_user_id: Id | None = None
    referenced_tweets: list[_Post] | None = None
    entities: _Entities | None = None
    public_metrics: _Counts | None = None
    author: _User | None = None
    username: msgspec.Raw = msgspec.Raw(b"")  # never decoded: an account has it, a post has not

    @property
    def is_account(self) -> bool:
        """Whether it is an account, in a list of accounts."""
        return bool(self.username) and self.text is None


class _Includes(msgspec.Struct, gc=False):
    users: list[_User] | None = None
    tweets: list[_Post] | None = None


class _Answer(_Post, gc=False):
    data: list[_Post] | _Post | None = None
    includes: _Includes | None = None
    errors: list[msgspec.Raw] | None = None
    twarc: _Twarc | None = msgspec.field(name="__twarc", default=None)


_KINDS = {"retweeted": "repost", "quoted": "quote", "replied_to": "reply"}

#: Lists that belong to an account or a post, which only the address of the request names.
_LISTS = re.compile(
    r"/2/(users|tweets)/([0-9]+)/(followers|following|liked_tweets|liking_users|retweeted_by)\b"
)

_POST_TYPES: dict[str, Any] = {
    "item_id": pl.String,
    "author_id": pl.String,
    "created_at": pl.String,
    "tags": pl.List(pl.String),
    "caption": pl.String,
    "language": pl.String,
    "view_count": pl.Int64,
    "like_count": pl.Int64,
    "comment_count": pl.Int64,
    "share_count": pl.Int64,
    "favorites_count": pl.Int64,
    "original_id": pl.String,
}
_ACT_TYPES: dict[str, Any] = {
    "account_id": pl.String,
    "item_id": pl.String,
    "kind": pl.String,
    "target_item_id": pl.String,
    "target_account_id": pl.String,
}
_USER_TYPES: dict[str, Any] = {
    "account_id": pl.String,
    "follower_count": pl.Int64,
    "following_count": pl.Int64,
}
_FOLLOW_TYPES: dict[str, Any] = {"follower_id": pl.String, "followee_id": pl.String}


def _post_row(post: _Post, original: str | None) -> tuple[Any, ...]:
    counts = post.public_metrics or _Counts()
    tags = post.entities.hashtags if post.entities else None
    return (
        id_text(post.id),
        id_text(post.author_id),
        post.created_at,
        list(dict.fromkeys(t.tag for t in tags or () if t.tag)),
        post.text,
        post.lang,
        counts.impression_count,
        counts.like_count,
        counts.reply_count,
        counts.retweet_count,
        counts.bookmark_count,
        original,
    )


class _Found:
    """Rows of the answers of one file."""

    def __init__(self) -> None:
        self.posts: list[tuple[Any, ...]] = []
        self.acts: list[tuple[Any, ...]] = []
        self.users: list[tuple[Any, ...]] = []
        self.follows: list[tuple[Any, ...]] = []

    def take(self, answer: _Answer, extract: Extract) -> None:
        """Add an answer: a page, a line of a stream, or one post."""
        if answer.errors:
            extract.notes["answers", "errors reported by the API"] += len(answer.errors)
        data = answer.data
        if data is None:
            main: list[_Post] = [answer] if answer.id is not None else []
            if not main and not answer.errors and answer.includes is None:
                extract.notes["answers", "without posts"] += 1
        else:
            main = data if isinstance(data, list) else [data]
        address = answer.twarc.url if answer.twarc and answer.twarc.url else ""
        asked = _LISTS.search(address)
        for post in main:
            if asked is not None:
                self._take_listed(post, asked)
            if post.is_account:
                extract.count(_USERS, 1)
                self._take_users([_User(post.id or "", post.public_metrics)])
            else:
                self._take_post(post, extract)
        if answer.includes is not None:
            for post in answer.includes.tweets or ():
                self._take_post(post, extract)
            self._take_users(answer.includes.users or ())

    def _take_users(self, users: Iterable[_User]) -> None:
        for user in users:
            counts = user.public_metrics or _Counts()
            self.users.append((id_text(user.id), counts.followers_count, counts.following_count))

    def _take_listed(self, entry: _Post, asked: re.Match[str]) -> None:
        """What a list says of an entry: that it follows, is followed, was liked, …"""
        subject, name, other = asked[2], asked[3], id_text(entry.id)
        if other is None or entry.is_account == (name == "liked_tweets"):
            return
        if name == "liked_tweets":
            self.acts.append((subject, other, "like", None, None))
        elif name == "followers":
            self.follows.append((other, subject))
        elif name == "following":
            self.follows.append((subject, other))
        else:
            kind = "like" if name == "liking_users" else "repost"
            self.acts.append((other, subject, kind, None, None))

    def _take_post(self, post: _Post, extract: Extract) -> None:
        extract.count(_POSTS, 1)
        own = id_text(post.id)
        if own is None:
            extract.dropped[_POSTS, "no id"] += 1
            return
        original = None
        author = id_text(post.author_id)
        answered = id_text(post.in_reply_to_user_id)
        for other in post.referenced_tweets or ():
            kind, target = _KINDS.get(other.type or ""), id_text(other.id)
            if kind is None or target is None:
                extract.notes[_POSTS, "reference of another kind: left out"] += 1
                continue
            if kind == "repost":
                original = target
            whom = answered if kind == "reply" else id_text(other.author_id)
            self.acts.append((author, own, kind, target, whom))
            if other.author_id is not None:
                # flat lines of twarc hold the whole post here
                self._take_post(other, extract)
        self.posts.append(_post_row(post, original))
        if post.author is not None:
            self._take_users([post.author])
        if original is None and post.entities is not None:
            named = dict.fromkeys(id_text(m.id) for m in post.entities.mentions or ())
            for account in named:
                if account is not None:
                    self.acts.append((author, own, "mention", None, account))

    def frames(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """Frames of the rows, by the names of their kinds."""
        for name, rows, types in (
            ("posts", self.posts, _POST_TYPES),
            ("acts", self.acts, _ACT_TYPES),
            ("accounts", self.users, _USER_TYPES),
            ("follows", self.follows, _FOLLOW_TYPES),
        ):
            yield name, frame_of(rows, types)


def _recognise_answers(sample: Sample) -> str | None:
    if sample.kind not in ("json", "ndjson") or sample.has("source_platform"):
        return None
    if sample.has("data.tweet_count", "data.start"):
        return "its keys are 'data.start' and 'data.tweet_count': counts"
    if sample.has("id", "action", "redacted_at"):
        return "its keys are 'id', 'action' and 'redacted_at': a check of compliance"
    inside = (
        *("edit_history_tweet_ids", "referenced_tweets", "public_metrics", "possibly_sensitive"),
        *("reply_settings", "in_reply_to_user_id", "context_annotations", "__twarc"),
    )
    wrapped = ("author_id", *inside, "conversation_id")
    # other logs have an id, a text and an author as well
    shapes: tuple[tuple[str, Sequence[str]], ...] = (("data.", wrapped), ("", inside))
    for start, marks in shapes:
        if sample.has(f"{start}id", f"{start}text") and any(
            sample.has(f"{start}{mark}") for mark in marks
        ):
            return f"its keys are '{start}id', '{start}text' and '{start}{_first(sample, start, marks)}'"
    if sample.has("data.id", "data.username", "meta.result_count"):
        return "its keys are 'data.id', 'data.username' and 'meta.result_count'"
    if sample.has("meta.result_count") and not sample.has("data"):
        return "its key is 'meta.result_count'"
    if sample.has("errors.resource_type", "errors.parameter"):
        return "its keys are 'errors.resource_type' and 'errors.parameter'"
    return None


def _first(sample: Sample, start: str, marks: Sequence[str]) -> str:
    return next(mark for mark in marks if sample.has(f"{start}{mark}"))


def _read_answers(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    extract = Extract()
    read_each(samples, extract, _take_answers)
    posts = extract.tables.pop("posts", pl.DataFrame(schema=_POST_TYPES))
    acts = extract.tables.pop("acts", pl.DataFrame(schema=_ACT_TYPES))
    users = extract.tables.get("accounts", pl.DataFrame(schema=_USER_TYPES))
    once = merge_rows(posts, ["item_id"])
    if again := posts.height - once.height:
        extract.dropped[_POSTS, "repeated tweet"] += again
    once = once.with_columns(moments(once.get_column("created_at"), extract, _POSTS))
    _add_posts(once, acts.unique(maintain_order=True), extract)
    if users.height:
        extract.tables["accounts"] = merge_rows(users, ["account_id"])
    return finish(extract)


def _take_answers(sample: Sample, extract: Extract) -> None:
    if sample.has("data.tweet_count", "data.start"):
        raise refuse(sample, "numbers of posts per time, and no posts")
    if sample.has("id", "action", "redacted_at"):
        raise refuse(sample, "a check of which posts still exist, and no posts")
    posts = sample.has("data.text") or sample.has("text")
    if sample.has("data.username") and not posts and not sample.has("__twarc.url"):
        raise refuse(sample, "accounts, without a word of whose followers or friends they are")
    # what an answer is, is counted by its posts
    answers: dict[str, int] = {}
    reader: RecordReader[_Answer] = RecordReader(
        _Answer, "answers", read=answers, dropped=extract.dropped, notes=extract.notes
    )
    frames: dict[str, list[pl.DataFrame]] = defaultdict(list)
    for records in reader.pieces(sample.source, sample):
        found = _Found()
        for answer in records:
            found.take(answer, extract)
        for name, frame in found.frames():
            frames[name].append(frame)
    for name, some in frames.items():
        extract.add(name, *some)
    if bad := sum(n for (kind, _), n in extract.dropped.items() if kind == "answers"):
        extract.count("answers", bad)


def _add_posts(posts: pl.DataFrame, acts: pl.DataFrame, extract: Extract) -> None:
    """Items and interactions; a retweet has the tags and caption of its original."""
    known = posts.select("item_id", "author_id", "tags", "caption")
    originals = known.select(
        pl.col("item_id").alias("original_id"),
        pl.col("tags").alias("whole_tags"),
        pl.col("caption").alias("whole_caption"),
    )
    items = posts.join(originals, on="original_id", how="left", maintain_order="left")
    shared = pl.col("original_id").is_not_null()
    counts = [c for c in items.columns if c.endswith("_count") or c == "favorites_count"]
    items = items.select(
        "item_id",
        "author_id",
        "created_at",
        tags=pl.coalesce("whole_tags", "tags"),
        caption=pl.coalesce("whole_caption", "caption"),
        language="language",
        # a retweet repeats some numbers of its original
        **{c: pl.when(~shared).then(pl.col(c)) for c in counts},
    )
    told = known.select(item_id="item_id", at=posts.get_column("created_at"), by="author_id")
    targets = known.select(target_item_id="item_id", target_author="author_id")
    acts = acts.join(told, on="item_id", how="left", maintain_order="left")
    acts = acts.join(targets, on="target_item_id", how="left", maintain_order="left")
    own = pl.col("target_item_id").is_not_null() | (pl.col("kind") == "mention")
    rows = acts.select(
        pl.coalesce("account_id", pl.when(own).then("by")).alias("account_id"),
        "item_id",
        "kind",
        # of likes, and reposts in lists, the time is not told
        pl.when(own).then(pl.col("at")).alias("at"),
        "target_item_id",
        pl.coalesce("target_account_id", "target_author").alias("target_account_id"),
    )
    whole = rows.filter(pl.col("account_id").is_not_null())
    if lost := rows.height - whole.height:
        extract.notes["interactions", "the post names no author: left out"] += lost
    absent = whole.get_column("target_item_id").drop_nulls().unique().sort()
    absent = absent.filter(~absent.is_in(items.get_column("item_id").implode()))
    if len(absent):
        extract.notes["items", "only referenced: deleted, hidden or not included"] += len(absent)
        authors = whole.filter(pl.col("target_account_id").is_not_null()).unique(
            "target_item_id", keep="first", maintain_order=True
        )
        bare = (
            absent.alias("item_id")
            .to_frame()
            .join(
                authors.select(item_id="target_item_id", author_id="target_account_id"),
                on="item_id",
                how="left",
                maintain_order="left",
            )
        )
        items = pl.concat([items, bare], how="diagonal")
    extract.add("items", items)
    extract.add("interactions", whole)


# ------------------------------------------------------------------ the archive of an account
class _Owner(msgspec.Struct, gc=False):
    accountId: str


class _OwnerRow(msgspec.Struct, gc=False):
    account: _Owner


class _FollowerRow(msgspec.Struct, gc=False):
    follower: _Owner


class _FollowingRow(msgspec.Struct, gc=False):
    following: _Owner


class _Like(msgspec.Struct, gc=False):
    tweetId: str


class _LikeRow(msgspec.Struct, gc=False):
    like: _Like


class _Hashtag(msgspec.Struct, gc=False):
    text: str | None = None


class _Mention(msgspec.Struct, gc=False):
    id_str: str | None = None
    id: Id | None = None


class _OwnEntities(msgspec.Struct, gc=False):
    hashtags: list[_Hashtag] | None = None
    user_mentions: list[_Mention] | None = None


class _OwnPost(msgspec.Struct, gc=False):
    id_str: str | None = None
    id: Id | None = None
    created_at: str | None = None
    full_text: str | None = None
    lang: str | None = None
    entities: _OwnEntities | None = None
    in_reply_to_status_id_str: str | None = None
    in_reply_to_user_id_str: str | None = None
    favorite_count: int | None = None
    retweet_count: int | None = None


class _OwnPostRow(_OwnPost, gc=False):
    """A post, which older archives do not wrap."""

    tweet: _OwnPost | None = None


_ASSIGNMENT = re.compile(rb"^\s*window\.YTD\.(\w+)\.part\d+\s*=\s*")

#: Files of the archive that are read, by the first word of their name.
_ROWS: dict[str, tuple[str, Any]] = {
    "account": ("accounts", _OwnerRow),
    "tweets": ("posts", _OwnPostRow),
    "tweet": ("posts", _OwnPostRow),
    "like": ("likes", _LikeRow),
    "follower": ("followers", _FollowerRow),
    "following": ("following", _FollowingRow),
}

#: Why others are not read.
_UNREAD = {
    "direct-message": "messages",
    "deleted": "posts that were deleted",
    "ad-": "advertisements",
    "ip-audit": "addresses and devices",
    "device": "addresses and devices",
}

_MONTHS = dict(
    zip(
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),  # noqa: SIM905
        (f"{n:02}" for n in range(1, 13)),
        strict=True,
    )
)
#: Wed Oct 10 20:19:24 +0000 2018; names of months do not depend on the language of the machine.
_STAMP = r"^\w{3} (?P<month>\w{3}) (?P<day>\d\d) (?P<clock>\d\d:\d\d:\d\d) (?P<zone>[+-]\d{4}) (?P<year>\d{4})$"


def _stamps(texts: Iterable[str | None], extract: Extract) -> pl.Series:
    """Times of posts of the archive."""
    column = pl.Series("at", texts, dtype=pl.String)
    parts = column.str.extract_groups(_STAMP).struct.unnest()
    month = pl.col("month").replace_strict(_MONTHS, default=None, return_dtype=pl.String)
    iso = parts.select(
        pl.concat_str(
            pl.col("year"), pl.lit("-"), month, pl.lit("-"), pl.col("day"), pl.lit("T"),
            pl.col("clock"), pl.col("zone"),
        )
    ).to_series()  # fmt: skip
    # what has another form is tried as it is
    return moments(iso.zip_with(iso.is_not_null(), column), extract, _POSTS)


def _base(source: Source) -> str:
    """``tweets`` of ``tweets-part1.js``."""
    return re.sub(r"-part\d+$", "", source.name.removesuffix(".js"))


def _recognise_archive(sample: Sample) -> str | None:
    if sample.kind == "javascript" and _ASSIGNMENT.match(sample.text[:200].encode()):
        return "it assigns to window.YTD"
    return None


def _read_archive(samples: Sequence[Sample], options: ImportOptions) -> Extract:
    extract = Extract()
    rows: dict[str, list[Any]] = {name: [] for name, _ in _ROWS.values()}
    read_each(samples, extract, partial(_take_archive, rows))
    folder = folder_of(samples[0].source, "data".__eq__)
    named = next((row.account.accountId for row in rows["accounts"]), None)
    owner = owner_of(samples, options, extract, named, folder)
    _add_follows(rows, owner, extract)
    posts = [row.tweet or row for row in rows["posts"]]
    _add_own_posts(posts, owner, extract)
    likes = list(dict.fromkeys(row.like.tweetId for row in rows["likes"]))
    if again := len(rows["likes"]) - len(likes):
        extract.dropped["likes", "repeated like"] += again
    if likes:
        frame = pl.DataFrame({"item_id": likes}, schema={"item_id": pl.String})
        acts = frame.select(pl.lit(owner).alias("account_id"), "item_id", kind=pl.lit("like"))
        extract.add("interactions", acts)
        extract.add("items", frame)
        extract.notes["likes", "the export has no times of likes"] += len(likes)
    return finish(extract)


def _take_archive(rows: dict[str, list[Any]], sample: Sample, extract: Extract) -> None:
    base = _base(sample.source)
    if base not in _ROWS:
        why = next((w for start, w in _UNREAD.items() if base.startswith(start)), None)
        raise refuse(sample, why or "nothing that a dataset holds")
    name, kind = _ROWS[base]
    # the owner's row is no record of an act
    counted = {} if name == "accounts" else extract.read
    entries = decode_document(
        sample.source, list[msgspec.Raw], prepare=lambda text: _ASSIGNMENT.sub(b"", text, count=1)
    )
    reader: RecordReader[Any] = RecordReader(
        kind, name, read=counted, dropped=extract.dropped, notes=extract.notes
    )
    rows[name] += reader.take(entries, sample.source)


def _add_follows(rows: dict[str, list[Any]], owner: str, extract: Extract) -> None:
    pairs = [(row.follower.accountId, owner) for row in rows["followers"]]
    pairs += [(owner, row.following.accountId) for row in rows["following"]]
    extract.add("follows", frame_of(pairs, _FOLLOW_TYPES))
    whole = bool(rows["followers"]) and bool(rows["following"])
    frame = pl.DataFrame({"account_id": [owner]})
    extract.add("accounts", frame.with_columns(list_complete=True) if whole else frame)


def _add_own_posts(posts: list[_OwnPost], owner: str, extract: Extract) -> None:
    if not posts:
        return
    ids = [post.id_str or id_text(post.id) for post in posts]
    frame = pl.DataFrame(
        {
            "item_id": pl.Series(ids, dtype=pl.String),
            "created_at": _stamps((post.created_at for post in posts), extract),
            "tags": pl.Series([_own_tags(post) for post in posts], dtype=pl.List(pl.String)),
            "caption": pl.Series([post.full_text for post in posts], dtype=pl.String),
            "language": pl.Series([post.lang for post in posts], dtype=pl.String),
            "like_count": series_of("", [post.favorite_count for post in posts], pl.Int64),
            "share_count": series_of("", [post.retweet_count for post in posts], pl.Int64),
            "parent": pl.Series([post.in_reply_to_status_id_str for post in posts], dtype=pl.String),
            "answered": pl.Series([post.in_reply_to_user_id_str for post in posts], dtype=pl.String),
            "named": pl.Series([_named(post) for post in posts], dtype=pl.List(pl.String)),
        }
    )  # fmt: skip
    told = frame.filter(pl.col("item_id").is_not_null())
    if lost := frame.height - told.height:
        extract.dropped[_POSTS, "no id"] += lost
    frame = told.unique("item_id", keep="first", maintain_order=True)
    if lost := told.height - frame.height:
        extract.dropped[_POSTS, "repeated tweet"] += lost
    shared = pl.col("caption").str.starts_with("RT @").fill_null(False)
    frame = frame.with_columns(shared.alias("shared"), author_id=pl.lit(owner))
    extract.add("items", frame.drop("parent", "answered", "named", "shared"))
    who = pl.lit(owner).alias("account_id")
    replies = frame.filter(pl.col("parent").is_not_null() & ~pl.col("shared"))
    extract.add(
        "interactions",
        replies.select(
            who,
            "item_id",
            kind=pl.lit("reply"),
            at="created_at",
            target_item_id="parent",
            target_account_id="answered",
        ),
    )
    extract.add("items", replies.select(item_id="parent", author_id="answered"))
    reposts = frame.filter("shared")
    first = pl.col("named").list.first()
    extract.add(
        "interactions",
        reposts.select(
            who,
            # without a target it would count as directed at the owner
            pl.when(first.is_not_null()).then(pl.col("item_id")).alias("item_id"),
            kind=pl.lit("repost"),
            at="created_at",
            target_account_id=first,
        ),
    )
    if reposts.height:
        extract.notes["interactions", "a repost, whose original is not in the export"] += (
            reposts.height
        )
    named = frame.filter(~pl.col("shared")).explode("named").filter(pl.col("named").is_not_null())
    extract.add(
        "interactions",
        named.select(
            who, "item_id", kind=pl.lit("mention"), at="created_at", target_account_id="named"
        ),
    )


def _own_tags(post: _OwnPost) -> list[str]:
    tags = post.entities.hashtags if post.entities else None
    return list(dict.fromkeys(tag.text for tag in tags or () if tag.text))


def _named(post: _OwnPost) -> list[str]:
    named = post.entities.user_mentions if post.entities else None
    ids = (mention.id_str or id_text(mention.id) for mention in named or ())
    # -1 stands for an account that is gone
    return list(dict.fromkeys(account for account in ids if account and account != "-1"))


IMPORTERS: tuple[Importer, ...] = (
    Importer("x-api", "answers of the API of X, version 2", _recognise_answers, _read_answers),
    Importer(
        "x-archive", "the archive of an account of X", _recognise_archive, _read_archive, folder_of
    ),
)

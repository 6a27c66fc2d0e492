"""Bluesky: streams of events (Jetstream, first and second version) and repositories of an account.

Records are follows, likes, reposts and posts; other collections are counted. An item is a post, its
id the address ``at://<account>/app.bsky.feed.post/<key>``; an account is its DID. Times are those at
which an event was witnessed; of a repository, those that the account's own program wrote. What was
deleted later, by an event in any of the files, is taken out, as are the records of accounts that
were deleted, and follows of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import polars as pl

from graphkit.data.times import TIME
from graphkit.errors import DependencyError, FileError, install_text
from graphkit.readwrite.extract import Extract, Importer, ImportOptions
from graphkit.readwrite.gather import finish, frame_of, in_range, moments, read_each, series_of
from graphkit.readwrite.records import RecordReader
from graphkit.readwrite.source import Sample

__all__ = ["IMPORTERS"]

#: Collections that are read; the number is their place.
_COLLECTIONS = (
    "app.bsky.graph.follow",
    "app.bsky.feed.like",
    "app.bsky.feed.repost",
    "app.bsky.feed.post",
)
_FOLLOW, _LIKE, _REPOST, _POST = range(4)
_PLACES = {name: place for place, name in enumerate(_COLLECTIONS)}

#: Collections that the application defines besides, for the report.
_KNOWN = frozenset(
    f"app.bsky.{name}"
    for name in [
        "actor.profile",
        "actor.status",
        "feed.generator",
        "feed.postgate",
        "feed.threadgate",
        "graph.block",
        "graph.list",
        "graph.listblock",
        "graph.listitem",
        "graph.starterpack",
        "graph.verification",
        "labeler.service",
        "notification.declaration",
    ]
)

_DID = r"did:[a-z]+:[A-Za-z0-9._:%-]+"
_ADDRESS = rf"^at://({_DID})/([A-Za-z0-9.-]+)/([A-Za-z0-9._~:-]+)$"
_EVENTS = "events"

_NOTHING = msgspec.Raw(b"")


class _Account(msgspec.Struct, gc=False):
    active: bool | None = None
    status: str | None = None
    seq: int | None = None


class _Commit(msgspec.Struct, gc=False):
    rev: str | None = None
    operation: str | None = None
    collection: str | None = None
    rkey: str | None = None
    record: msgspec.Raw = _NOTHING


class _Payload(_Commit, gc=False):
    type: str = msgspec.field(name="$type", default="")
    seq: int | None = None
    did: str | None = None
    time: str | None = None
    active: bool | None = None
    status: str | None = None


class _Event(msgspec.Struct, gc=False):
    did: str | None = None
    time_us: int | None = None
    kind: str | None = None
    commit: _Commit | None = None
    account: _Account | None = None
    type: str | None = msgspec.field(name="$type", default=None)
    payload: _Payload | None = None


class _Follow(msgspec.Struct, gc=False):
    subject: str
    createdAt: str | None = None


class _Reference(msgspec.Struct, gc=False):
    uri: str


class _Act(msgspec.Struct, gc=False):
    subject: _Reference
    createdAt: str | None = None


class _Reply(msgspec.Struct, gc=False):
    parent: _Reference


class _Embedded(msgspec.Struct, gc=False):
    uri: str | None = None
    record: _Reference | None = None


class _Embed(msgspec.Struct, gc=False):
    record: _Embedded | None = None


class _Feature(msgspec.Struct, gc=False):
    type: str | None = msgspec.field(name="$type", default=None)
    tag: str | None = None
    did: str | None = None


class _Facet(msgspec.Struct, gc=False):
    features: list[_Feature] | None = None


class _Post(msgspec.Struct, gc=False):
    text: str | None = None
    createdAt: str | None = None
    reply: _Reply | None = None
    embed: _Embed | None = None
    facets: list[_Facet] | None = None
    tags: list[str] | None = None
    langs: list[str] | None = None


_DECODERS: tuple[msgspec.json.Decoder[Any], ...] = tuple(
    msgspec.json.Decoder(type, strict=False) for type in (_Follow, _Act, _Act, _Post)
)

#: One row per event of a collection that is read: a record, or its deletion.
_RECORD_TYPES: dict[str, Any] = {
    "row": pl.Int64,
    "did": pl.String,
    "collection": pl.UInt8,
    "rkey": pl.String,
    "deleted": pl.Boolean,
    "rev": pl.String,
    "seq": pl.Int64,
    "at": TIME,  # seen at
    "claimed": pl.String,  # only where there is no such time
    "target": pl.String,  # whom a follow, or what a like or repost is about
}
#: What a post says besides.
_POST_TYPES: dict[str, Any] = {
    "row": pl.Int64,
    "parent": pl.String,
    "quoted": pl.String,
    "tags": pl.List(pl.String),
    "mentions": pl.List(pl.String),
    "caption": pl.String,
    "language": pl.String,
}
_STATUS_TYPES: dict[str, Any] = {
    "did": pl.String,
    "at": TIME,
    "seq": pl.Int64,
    "deleted": pl.Boolean,
    "stream": pl.Boolean,
}


def _post_cells(post: _Post) -> tuple[Any, ...]:
    """Parent, quoted post, tags, mentions, caption and language of a post."""
    tags = list(post.tags or ())
    mentions: list[str] = []
    for facet in post.facets or ():
        for feature in facet.features or ():
            kind = feature.type or ""
            if feature.tag and kind.endswith("#tag"):
                tags.append(feature.tag)
            elif feature.did and kind.endswith("#mention"):
                mentions.append(feature.did)
    quoted = None
    if post.embed is not None and (embedded := post.embed.record) is not None:
        quoted = embedded.uri or (embedded.record.uri if embedded.record else None)
    return (
        post.reply.parent.uri if post.reply else None,
        quoted,
        list(dict.fromkeys(tags)),
        list(dict.fromkeys(mentions)),
        post.text,
        post.langs[0] if post.langs else None,
    )


class _Stream:
    """What the events of several files say, before deletions are applied."""

    def __init__(self) -> None:
        self.records: list[pl.DataFrame] = []
        self.posts: list[pl.DataFrame] = []
        self.statuses: list[pl.DataFrame] = []
        self.rows = 0

    def take(self, events: list[_Event], extract: Extract) -> None:
        """Add events; those without meaning here are counted as dropped."""
        # columns, and no row for each event: fewer objects to collect
        records: tuple[list[Any], ...] = tuple([] for _ in _RECORD_TYPES)
        row, did_, collection, rkey, gone_, rev, seq_, at, claims, target = records
        posts: list[tuple[Any, ...]] = []
        statuses: list[tuple[Any, ...]] = []
        lost: dict[str, int] = {}
        for event in events:
            commit: _Commit | None
            time: int | str | None
            if (payload := event.payload) is not None:
                kind, did, seq = payload.type.rpartition("#")[2], payload.did, payload.seq
                time, commit = payload.time, payload
                status: _Payload | _Account | None = payload
            else:
                kind, did, commit, status = event.kind or "", event.did, event.commit, event.account
                time = event.time_us
                seq = status.seq if status is not None else None
            if kind != "commit" or commit is None:
                if kind == "account" and status is not None and did is not None:
                    gone = status.active is False and status.status == "deleted"
                    stream = event.payload is None
                    statuses.append((did, time, seq, gone, stream))
                elif kind in ("identity", "sync", "info"):
                    lost[f"{kind} event: no record"] = lost.get(f"{kind} event: no record", 0) + 1
                else:
                    lost["no event of a record or account"] = (
                        lost.get("no event of a record or account", 0) + 1
                    )
                continue
            place = _PLACES.get(commit.collection or "")
            if place is None or did is None or commit.rkey is None:
                why = _other(commit.collection) if place is None else "no account or key"
                lost[why] = lost.get(why, 0) + 1
                continue
            deleted = commit.operation == "delete"
            record: Any = None
            if not deleted:
                try:
                    record = _DECODERS[place].decode(commit.record)
                except msgspec.DecodeError:
                    why = f"another shape of {_COLLECTIONS[place]}"
                    lost[why] = lost.get(why, 0) + 1
                    continue
                if place == _POST:
                    posts.append((self.rows, *_post_cells(record)))
            row.append(self.rows)
            self.rows += 1
            did_.append(did)
            collection.append(place)
            rkey.append(commit.rkey)
            gone_.append(deleted)
            rev.append(commit.rev)
            seq_.append(seq)
            at.append(time)
            claims.append(record.createdAt if time is None and record is not None else None)
            if deleted or place == _POST:
                target.append(None)
            else:
                target.append(record.subject if place == _FOLLOW else record.subject.uri)
        for why, count in lost.items():
            extract.dropped[_EVENTS, why] += count
        if row:
            self.records.append(_timed(records, _RECORD_TYPES, extract))
        if posts:
            self.posts.append(frame_of(posts, _POST_TYPES))
        if statuses:
            self.statuses.append(_timed(tuple(zip(*statuses, strict=True)), _STATUS_TYPES, extract))

    def build(self, extract: Extract) -> None:
        """Apply repeats and deletions, and add the tables to the extract."""
        records = _in_order(_concat(self.records, _RECORD_TYPES))
        statuses = _in_order(_concat(self.statuses, _STATUS_TYPES))
        posts = _concat(self.posts, _POST_TYPES)
        self.records, self.posts, self.statuses = [], [], []
        gone = _deleted_accounts(statuses, extract)
        records = _without_repeats(records, extract)
        records = _last_versions(records, extract)
        _add_tables(records, posts, gone, extract)


def _other(collection: str | None) -> str:
    if collection in _KNOWN:
        return f"collection without meaning here: {collection}"
    return "other collection"


def _concat(frames: list[pl.DataFrame], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.concat(frames, rechunk=False) if frames else pl.DataFrame(schema=schema)


def _drop(frame: pl.DataFrame, lost: pl.Expr, extract: Extract, why: str) -> pl.DataFrame:
    kept = frame.filter(~lost)
    if kept.height < frame.height:
        extract.dropped[_EVENTS, why] += frame.height - kept.height
    return kept


def _timed(
    columns: Sequence[Sequence[Any]], types: dict[str, Any], extract: Extract
) -> pl.DataFrame:
    """Frame of columns of which one has times: microseconds since 1970, or texts."""
    series = []
    at = pl.Series("at", [], dtype=TIME)
    for (name, type), cells in zip(types.items(), columns, strict=True):
        if name != "at":
            series.append(series_of(name, cells, type))
            continue
        if any(isinstance(time, str) for time in cells):
            at = moments(cells, extract, _EVENTS).alias("at")
        else:
            at = in_range(series_of("at", cells, pl.Int64).cast(TIME), extract, _EVENTS)
        series.append(at)
    frame = pl.DataFrame(series)
    if "claimed" not in types:
        return frame
    claimed = frame.get_column("claimed")
    if count := int((at.is_null() & claimed.is_not_null()).sum()):
        extract.notes[_EVENTS, "no time at which it was seen: the time that it claims"] += count
        late = moments(claimed, extract, _EVENTS)
        frame = frame.with_columns(at.zip_with(at.is_not_null(), late).alias("at"))
    return frame


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows in the order of their times; of equal times, in that of their numbers."""
    return frame.drop("claimed", strict=False).sort("at", "seq", maintain_order=True)


def _deleted_accounts(statuses: pl.DataFrame, extract: Extract) -> pl.DataFrame:
    """Accounts whose last event says that they were deleted."""
    numbered = pl.col("seq").is_not_null()
    again = numbered & ~pl.struct("did", "seq", "stream").is_first_distinct()
    once = _drop(statuses, again, extract, "repeated event")
    if once.height:
        extract.dropped[_EVENTS, "account event: no record"] += once.height
    last = once.unique("did", keep="last", maintain_order=True)
    return last.filter("deleted").select("did")


def _without_repeats(records: pl.DataFrame, extract: Extract) -> pl.DataFrame:
    """Records without those that a stream sent twice: one revision holds one event of a record."""
    by_rev = ~pl.struct("did", "rev", "collection", "rkey").is_first_distinct()
    by_seq = ~pl.col("seq").is_first_distinct()
    again = (pl.col("rev").is_not_null() & by_rev) | (pl.col("seq").is_not_null() & by_seq)
    return _drop(records, again, extract, "repeated event").drop("rev")


def _last_versions(records: pl.DataFrame, extract: Extract) -> pl.DataFrame:
    """The last version of each record, unless that is its deletion."""
    key = ["did", "collection", "rkey"]
    again = pl.struct(key).is_duplicated()
    single, several = records.filter(~again), records.filter(again)
    several = several.with_columns(
        last=pl.struct(key).is_last_distinct(),
        ends=pl.col("deleted").last().over(key),
        made=(~pl.col("deleted")).any().over(key),
    )
    several = _drop(
        several, pl.col("deleted") & pl.col("made"), extract, "a deletion: of a record in the files"
    )
    several = _drop(several, ~pl.col("deleted") & pl.col("ends"), extract, "deleted later")
    several = _drop(
        several, ~pl.col("deleted") & ~pl.col("last"), extract, "a newer version follows"
    )
    rows = pl.concat([single, several.select(single.columns)])
    rows = _drop(rows, pl.col("deleted"), extract, "a deletion: of nothing in the files")
    return rows.drop("deleted").sort("at", "seq", maintain_order=True)


def _owner(address: str) -> pl.Expr:
    """The account of an address; null if it is no address of a record."""
    return pl.col(address).str.extract(_ADDRESS, 1)


def _add_tables(
    records: pl.DataFrame, details: pl.DataFrame, gone: pl.DataFrame, extract: Extract
) -> None:
    valid = (
        pl.when(pl.col("collection") == _FOLLOW)
        .then(pl.col("target").str.contains(rf"^{_DID}$"))
        .when(pl.col("collection") == _POST)
        .then(True)
        .otherwise(pl.col("target").str.contains(_ADDRESS))
    )
    valid = valid & pl.col("did").str.contains(rf"^{_DID}$")
    valid = valid & pl.col("rkey").str.contains(r"^[A-Za-z0-9._~:-]+$")
    records = _drop(records, ~valid.fill_null(False), extract, "no valid DID, key or address")
    dead = gone.get_column("did").implode()
    records = _drop(records, pl.col("did").is_in(dead), extract, "by an account deleted since")
    towards = (pl.col("collection") == _FOLLOW) & pl.col("target").is_in(dead).fill_null(False)
    records = _drop(records, towards, extract, "towards an account deleted since")

    follows = records.filter(pl.col("collection") == _FOLLOW)
    extract.add("follows", follows.select(follower_id="did", followee_id="target", since="at"))
    posts = records.filter(pl.col("collection") == _POST)
    posts = posts.join(details, on="row", how="left", maintain_order="left").with_columns(
        pl.format("at://{}/app.bsky.feed.post/{}", "did", "rkey").alias("item_id")
    )
    acts = [_directed_acts(records), *_answers(posts, extract)]
    rows = pl.concat(acts, how="diagonal").sort("at", maintain_order=True)
    about = pl.coalesce("target_item_id", "item_id").str.extract(_ADDRESS, 1).is_in(dead)
    if kept := int(rows.select(about.fill_null(False).sum()).item()):
        extract.notes["interactions", "with a post of an account deleted since: kept"] += kept
    extract.add("interactions", rows)
    _add_items(posts, rows, extract)


def _directed_acts(records: pl.DataFrame) -> pl.DataFrame:
    """Likes and reposts: the item is what they are about."""
    acts = records.filter(pl.col("collection").is_in([_LIKE, _REPOST]))
    like = pl.col("collection") == _LIKE
    return acts.select(
        account_id="did",
        item_id="target",
        kind=pl.when(like).then(pl.lit("like")).otherwise(pl.lit("repost")),
        at="at",
        target_account_id=_owner("target"),
    )


def _answers(posts: pl.DataFrame, extract: Extract) -> list[pl.DataFrame]:
    """Replies, quotes and mentions: the item is the post itself, the target what it is about."""
    found = []
    for kind, column in (("reply", "parent"), ("quote", "quoted")):
        told = posts.filter(pl.col(column).is_not_null())
        # lists, feeds and starter packs are embedded as posts are
        is_post = pl.col(column).str.extract(_ADDRESS, 2) == "app.bsky.feed.post"
        about = told.filter(is_post.fill_null(False))
        if other := told.height - about.height:
            extract.notes["interactions", f"{kind} of something that is no post: left out"] += other
        found.append(
            about.select(
                account_id="did",
                item_id="item_id",
                kind=pl.lit(kind),
                at="at",
                target_item_id=column,
                target_account_id=_owner(column),
            )
        )
    named = posts.filter(pl.col("mentions").list.len() > 0).explode("mentions")
    named = named.filter(pl.col("mentions").str.contains(rf"^{_DID}$"))
    found.append(
        named.select(
            account_id="did",
            item_id="item_id",
            kind=pl.lit("mention"),
            at="at",
            target_account_id="mentions",
        )
    )
    return found


def _add_items(posts: pl.DataFrame, acts: pl.DataFrame, extract: Extract) -> None:
    """Items of posts, and of what acts are about, whose account is in its address."""
    items = posts.select(
        "item_id",
        author_id="did",
        created_at="at",
        tags="tags",
        caption="caption",
        language="language",
    )
    mentioned = pl.concat([acts.get_column("item_id"), acts.get_column("target_item_id")])
    mentioned = mentioned.drop_nulls().unique().sort()
    bare = mentioned.filter(~mentioned.is_in(items.get_column("item_id").implode()))
    if other := int((bare.str.extract(_ADDRESS, 2) != "app.bsky.feed.post").sum()):
        extract.notes["items", "liked feeds and the like, which are no posts"] += other
    extract.add(
        "items",
        pl.concat(
            [items, pl.DataFrame({"item_id": bare, "author_id": bare.str.extract(_ADDRESS, 1)})],
            how="diagonal",
        ),
    )


def _recognise_stream(sample: Sample) -> str | None:
    if sample.has("did", "kind") and (
        sample.has("commit.collection")
        or sample.has("account.active")
        or sample.has("identity.did")
    ):
        return "its keys are 'did', 'kind' and 'commit'"
    jetstream = "network.bsky.jetstream.subscribeEvents#" in sample.text
    if sample.has("$type", "payload.$type") and jetstream:
        return "its keys are '$type' and 'payload', of Jetstream"
    return None


def _read(
    take: Callable[[_Stream, Sample, Extract], None],
    samples: Sequence[Sample],
    options: ImportOptions,
) -> Extract:
    """Rows of all events that `take` adds of each file; deletions in one are honoured in all."""
    extract, stream = Extract(), _Stream()
    read_each(samples, extract, partial(take, stream))
    stream.build(extract)
    return finish(extract)


def _take_file(stream: _Stream, sample: Sample, extract: Extract) -> None:
    reader: RecordReader[_Event] = RecordReader(
        _Event, _EVENTS, read=extract.read, dropped=extract.dropped, notes=extract.notes
    )
    own = _Stream()
    own.rows = stream.rows
    for events in reader.pieces(sample.source, sample):
        own.take(events, extract)
    stream.rows = own.rows
    stream.records += own.records
    stream.posts += own.posts
    stream.statuses += own.statuses


def _recognise_repository(sample: Sample) -> str | None:
    if sample.source.name.endswith(".car") and b"roots" in sample.source.read(200):
        return "it is a repository of an account (.car)"
    return None


def _take_repository(stream: _Stream, sample: Sample, extract: Extract) -> None:
    try:
        import libipld
    except ImportError as error:
        raise DependencyError(
            f"{sample.source.place} is a repository of Bluesky, which is read with libipld: "
            f"{install_text('bluesky')}."
        ) from error
    damaged = f"{sample.source.place} is no whole repository. Get the file again."
    try:
        header, blocks = libipld.decode_car(sample.source.read())
        commit = blocks[header["roots"][0]]
        did, root = commit["did"], commit["data"]
        entries = _walk(root, blocks)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise FileError(damaged) from error
    events = []
    for path, record in entries:
        collection, _, rkey = path.partition("/")
        events.append(
            _Event(
                did=did,
                kind="commit",
                commit=_Commit(
                    operation="create",
                    collection=collection,
                    rkey=rkey,
                    record=msgspec.Raw(msgspec.json.encode(record, enc_hook=str)),
                ),
            )
        )
    extract.count(_EVENTS, len(events))
    stream.take(events, extract)


def _walk(root: Any, blocks: dict[Any, Any]) -> list[tuple[str, Any]]:
    """Path and record of every leaf of the tree of a repository; records that are absent are left out.

    A node has entries that share the first ``p`` bytes of their path with the one before. Each is
    taken once, also in a damaged file that names it in several places.
    """
    found: list[tuple[str, Any]] = []
    waiting, seen = [root], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        node = blocks[name]
        if node.get("l"):
            waiting.append(node["l"])
        path = b""
        for entry in node["e"]:
            path = path[: entry["p"]] + bytes(entry["k"])
            if entry["v"] in blocks:
                found.append((path.decode(), blocks[entry["v"]]))
            if entry.get("t"):
                waiting.append(entry["t"])
    return sorted(found, key=lambda pair: pair[0])


IMPORTERS: tuple[Importer, ...] = (
    Importer(
        "bluesky-jetstream",
        "a stream of events of Bluesky (Jetstream)",
        _recognise_stream,
        partial(_read, _take_file),
    ),
    Importer(
        "bluesky-repository",
        "the repository of an account of Bluesky (.car)",
        _recognise_repository,
        partial(_read, _take_repository),
    ),
)

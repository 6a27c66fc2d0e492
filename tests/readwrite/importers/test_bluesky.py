"""Streams and repositories of Bluesky, on invented events."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graphkit.errors import FileError
from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.bluesky import IMPORTERS
from graphkit.readwrite.source import list_sources, look_at

STREAM, REPOSITORY = IMPORTERS
ANN, BOB, CLEO, DAN = (f"did:plc:invented{name}" for name in ("ann", "bob", "cleo", "dan"))
MINUTE = 60_000_000
START = 1_714_521_600_000_000


def address(did: str, key: str, collection: str = "app.bsky.feed.post") -> str:
    return f"at://{did}/{collection}/{key}"


def commit(
    minute: int,
    did: str,
    collection: str,
    key: str,
    record: dict[str, Any] | None = None,
    operation: str = "create",
    rev: str | None = None,
) -> dict[str, Any]:
    body = {
        "rev": rev or f"rev{minute}",
        "operation": operation,
        "collection": collection,
        "rkey": key,
    }
    if record is not None:
        body["record"] = {"$type": collection, **record}
    return {"did": did, "time_us": START + minute * MINUTE, "kind": "commit", "commit": body}


def account(minute: int, did: str, status: str | None) -> dict[str, Any]:
    state = {"active": status is None, "did": did, "seq": minute}
    if status is not None:
        state["status"] = status
    return {"did": did, "time_us": START + minute * MINUTE, "kind": "account", "account": state}


def follow(minute: int, did: str, whom: str, key: str = "f1", **more: Any) -> dict[str, Any]:
    return commit(minute, did, "app.bsky.graph.follow", key, {"subject": whom}, **more)


def act(kind: str, minute: int, did: str, uri: str, key: str = "a1", **more: Any) -> dict[str, Any]:
    return commit(minute, did, f"app.bsky.feed.{kind}", key, {"subject": {"uri": uri}}, **more)


def post(minute: int, did: str, key: str, text: str = "x", **record: Any) -> dict[str, Any]:
    record = {"text": text, "createdAt": "2001-01-01T00:00:00Z", **record}
    return commit(minute, did, "app.bsky.feed.post", key, record)


def second_version(event: dict[str, Any], seq: int) -> dict[str, Any]:
    """The same event as the second version of the stream sends it."""
    time = datetime.fromtimestamp(event["time_us"] / 1e6, UTC).isoformat()
    prefix = "network.bsky.jetstream.subscribeEvents#"
    body = {"$type": prefix + event["kind"], "seq": seq, "did": event["did"], "time": time}
    body |= event.get("commit", {}) or event.get("account", {}) | {"seq": seq}
    return {"$type": "message", "payload": body}


def at(minute: int) -> datetime:
    return datetime.fromtimestamp((START + minute * MINUTE) / 1e6, UTC)


def read(folder: Path, *files: list[Any]) -> Extract:
    for number, events in enumerate(files):
        lines = (e if isinstance(e, str) else json.dumps(e) for e in events)
        (folder / f"part{number}.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    samples = [look_at(source) for source in list_sources(folder)[0]]
    assert all(STREAM.recognise(sample) for sample in samples)
    extract = STREAM.read(samples, ImportOptions())
    assert extract.kept["events"] == extract.read["events"] - sum(extract.dropped.values())
    return extract


def test_follows_likes_reposts_and_posts_become_tables(tmp_path: Path) -> None:
    first = address(ANN, "p1")
    facets = [
        {"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "BookTok"}]},
        {"features": [{"$type": "app.bsky.richtext.facet#mention", "did": CLEO}]},
    ]
    extract = read(
        tmp_path,
        [
            follow(0, ANN, BOB),
            post(
                1, ANN, "p1", "hello", facets=facets, tags=["goth", "BookTok"], langs=["en", "nl"]
            ),
            act("like", 2, BOB, first),
            act("repost", 3, CLEO, first),
            post(4, BOB, "p2", "re", reply={"parent": {"uri": first}, "root": {"uri": first}}),
            post(5, CLEO, "p3", embed={"$type": "app.bsky.embed.record", "record": {"uri": first}}),
            post(
                6,
                DAN,
                "p4",
                embed={
                    "$type": "app.bsky.embed.recordWithMedia",
                    "record": {"record": {"uri": first}},
                },
            ),
        ],
    )
    assert extract.kept == {"events": 7}
    assert extract.tables["follows"].rows() == [(ANN, BOB, at(0))]
    items = extract.tables["items"].rows(named=True)
    assert items[0] == {
        "item_id": first,
        "author_id": ANN,
        "created_at": at(1),  # seen, not what the account claims
        "tags": ["goth", "BookTok"],
        "caption": "hello",
        "language": "en",
    }
    assert [row["author_id"] for row in items] == [ANN, BOB, CLEO, DAN]
    assert extract.tables["interactions"].rows() == [
        (ANN, first, "mention", at(1), CLEO, None),
        (BOB, first, "like", at(2), ANN, None),
        (CLEO, first, "repost", at(3), ANN, None),
        (BOB, address(BOB, "p2"), "reply", at(4), ANN, first),
        (CLEO, address(CLEO, "p3"), "quote", at(5), ANN, first),
        (DAN, address(DAN, "p4"), "quote", at(6), ANN, first),
    ]


def test_what_is_deleted_in_any_file_is_taken_out_in_whatever_order_files_stand(
    tmp_path: Path,
) -> None:
    gone = commit(5, ANN, "app.bsky.graph.follow", "f1", operation="delete")
    extract = read(tmp_path, [gone, follow(9, ANN, CLEO, "f2")], [follow(1, ANN, BOB)])
    assert extract.tables["follows"].rows() == [(ANN, CLEO, at(9))]
    assert dict(extract.dropped) == {
        ("events", "a deletion: of a record in the files"): 1,
        ("events", "deleted later"): 1,
    }


def test_a_deletion_applies_to_its_own_account_collection_and_key_only(tmp_path: Path) -> None:
    extract = read(
        tmp_path,
        [
            follow(1, ANN, BOB, "k"),
            follow(2, BOB, ANN, "k"),
            act("like", 3, ANN, address(BOB, "p"), "k"),
            commit(4, ANN, "app.bsky.feed.repost", "k", operation="delete"),
            commit(5, ANN, "app.bsky.graph.follow", "k", operation="delete"),
            follow(6, ANN, CLEO, "k"),
        ],
    )
    assert extract.tables["follows"].rows() == [(BOB, ANN, at(2)), (ANN, CLEO, at(6))]
    assert extract.tables["interactions"].height == 1
    assert extract.dropped["events", "a deletion: of nothing in the files"] == 1
    assert extract.dropped["events", "a newer version follows"] == 1


def test_an_update_replaces_a_post(tmp_path: Path) -> None:
    newer = post(2, ANN, "p1", "second")
    newer["commit"]["operation"] = "update"
    extract = read(tmp_path, [post(1, ANN, "p1", "first"), newer])
    assert extract.tables["items"].get_column("caption").to_list() == ["second"]
    assert dict(extract.dropped) == {("events", "a newer version follows"): 1}


def test_records_by_a_deleted_account_and_follows_of_it_are_taken_out(tmp_path: Path) -> None:
    extract = read(
        tmp_path,
        [
            follow(1, ANN, BOB),
            follow(2, BOB, ANN),
            follow(3, CLEO, BOB),
            follow(4, CLEO, DAN, "f2"),
            act("like", 5, CLEO, address(BOB, "p1")),
            post(6, BOB, "p1", "PLANTED"),
            account(7, BOB, "deleted"),
            account(8, DAN, "deleted"),
            account(9, DAN, None),
            account(9, ANN, "deactivated"),
        ],
    )
    assert extract.tables["follows"].rows() == [(CLEO, DAN, at(4))]
    assert extract.dropped["events", "by an account deleted since"] == 2
    assert extract.dropped["events", "towards an account deleted since"] == 2
    assert extract.dropped["events", "account event: no record"] == 4
    # the like is an act of someone who is still there
    assert extract.tables["interactions"].height == 1
    assert extract.notes["interactions", "with a post of an account deleted since: kept"] == 1
    assert "PLANTED" not in str(extract.tables["items"].rows())


def test_both_versions_of_the_stream_say_the_same_and_repeats_are_dropped(tmp_path: Path) -> None:
    events = [
        follow(1, ANN, BOB),
        post(2, ANN, "p1"),
        act("like", 3, BOB, address(ANN, "p1")),
        account(4, CLEO, "deleted"),
        follow(5, DAN, CLEO),
    ]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first = read(tmp_path / "one", [*events, events[0], events[3]], events[1:3])
    later = [second_version(event, 10**10 + n) for n, event in enumerate(events)]
    second = read(tmp_path / "two", [*later, later[0], later[3], *later[1:3]])
    assert first.dropped == second.dropped
    assert first.dropped["events", "repeated event"] == 4
    for name, frame in first.tables.items():
        assert frame.equals(second.tables[name]), name


def test_other_collections_and_shapes_are_counted_by_names_of_our_own(tmp_path: Path) -> None:
    extract = read(
        tmp_path,
        [
            follow(1, ANN, BOB),
            commit(2, ANN, "app.bsky.graph.block", "b", {"subject": BOB}),
            commit(3, ANN, "planted.secret.thing", "b", {"subject": "PLANTED"}),
            commit(4, ANN, "app.bsky.feed.like", "l", {"subject": "PLANTED"}),
            act("like", 5, ANN, "https://PLANTED.example/1", "l2"),
            follow(6, ANN, "PLANTED", "f9"),
            {"did": ANN, "time_us": START, "kind": "identity", "identity": {"handle": "PLANTED"}},
            '{"did": "PLANTED", "kind": "com',
        ],
    )
    assert dict(extract.dropped) == {
        ("events", "collection without meaning here: app.bsky.graph.block"): 1,
        ("events", "other collection"): 1,
        ("events", "another shape of app.bsky.feed.like"): 1,
        ("events", "no valid DID, key or address"): 2,
        ("events", "identity event: no record"): 1,
        ("events", "no valid JSON"): 1,
    }
    everything = str((extract.tables, extract.notes, extract.dropped))
    assert "planted" not in everything.lower()


def test_without_a_time_of_the_stream_the_claimed_one_is_taken_and_noted(tmp_path: Path) -> None:
    event = post(1, ANN, "p1")
    del event["time_us"]
    wrong = post(1, ANN, "p2", createdAt="0001-01-01T00:00:00Z")
    del wrong["time_us"]
    extract = read(tmp_path, [event, wrong])
    times = dict(extract.tables["items"].select("item_id", "created_at").rows())
    assert times[address(ANN, "p1")] == datetime(2001, 1, 1, tzinfo=UTC)
    assert times[address(ANN, "p2")] is None
    assert extract.notes["events", "no time at which it was seen: the time that it claims"] == 2


def test_a_quoted_list_or_feed_is_no_quote_and_a_liked_feed_is_noted(tmp_path: Path) -> None:
    feed = address(BOB, "g1", "app.bsky.feed.generator")
    extract = read(
        tmp_path, [post(1, ANN, "p1", embed={"record": {"uri": feed}}), act("like", 2, ANN, feed)]
    )
    assert extract.tables["interactions"].get_column("kind").to_list() == ["like"]
    assert extract.notes["interactions", "quote of something that is no post: left out"] == 1
    assert extract.notes["items", "liked feeds and the like, which are no posts"] == 1


def test_half_a_character_in_a_post_is_read_and_noted(tmp_path: Path) -> None:
    line = json.dumps(post(1, ANN, "p1", "half")).replace("half", "half \\ud83d")
    extract = read(tmp_path, [line])
    assert extract.tables["items"].get_column("caption").to_list() == ["half \ufffd"]
    assert sum(extract.notes.values()) == 1


def test_a_damaged_file_among_several_is_refused_and_alone_is_an_error(tmp_path: Path) -> None:
    whole = gzip.compress(
        "\n".join(json.dumps(follow(n, ANN, f"{BOB}{n}", f"k{n}")) for n in range(50_000)).encode()
    )
    (tmp_path / "cut.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError, match=r"cut\.ndjson\.gz"):
        read(tmp_path)
    extract = read(tmp_path, [follow(1, ANN, BOB)])
    assert extract.tables["follows"].rows() == [(ANN, BOB, at(1))]
    (why,) = extract.refused.values()
    assert len(why) <= 600


# ------------------------------------------------------------------ repositories
def write_repository(
    path: Path, did: str, records: dict[str, dict[str, Any]], *, twice: bool = False
) -> None:
    """A repository of a small tree, with the paths of records sharing their beginnings.

    If `twice`, the left part stands in place of the right one, too.
    """
    libipld = pytest.importorskip("libipld")
    blocks: list[tuple[bytes, bytes]] = []

    def store(value: Any) -> bytes:
        data = libipld.encode_dag_cbor(value)
        cid = b"\x01\x71\x12\x20" + hashlib.sha256(data).digest()
        blocks.append((cid, data))
        return cid

    def node(some: list[tuple[str, Any]], left: Any = None, after: Any = None) -> bytes:
        """Store a node; `left` stands before its entries, `after` behind the last one."""
        entries, before = [], b""
        for name, record in some:
            key = name.encode()
            shared = next(
                (n for n, (a, b) in enumerate(zip(key, before, strict=False)) if a != b),
                min(len(key), len(before)),
            )
            entries.append({"p": shared, "k": key[shared:], "v": store(record), "t": None})
            before = key
        if after is not None:
            entries[-1]["t"] = after
        return store({"l": left, "e": entries})

    ordered = sorted(records.items())
    third = len(ordered) // 3
    if third:
        left, right = node(ordered[:third]), node(ordered[-third:])
        root = node(ordered[third:-third], left, left if twice else right)
    else:
        root = node(ordered)
    head = store({"did": did, "version": 3, "data": root, "rev": "r", "prev": None, "sig": b"s"})

    def varint(n: int) -> bytes:
        out = b""
        while n > 127:
            out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])

    header = libipld.encode_dag_cbor({"version": 1, "roots": [head]})
    content = varint(len(header)) + header
    for cid, data in blocks:
        content += varint(len(cid) + len(data)) + cid + data
    path.write_bytes(content)


def test_a_repository_holds_the_records_of_its_account(tmp_path: Path) -> None:
    created = {"createdAt": "2024-05-01T00:00:00.000Z"}
    write_repository(
        tmp_path / "ann.car",
        ANN,
        {
            "app.bsky.graph.follow/f1": {"subject": BOB, **created},
            "app.bsky.graph.follow/f2": {"subject": CLEO, **created},
            "app.bsky.feed.like/l1": {"subject": {"uri": address(BOB, "p"), "cid": "c"}, **created},
            "app.bsky.feed.post/p1": {"text": "hello", **created},
            "app.bsky.actor.profile/self": {"displayName": "PLANTED", "avatar": b"PLANTED"},
        },
    )
    (sample,) = [look_at(source) for source in list_sources(tmp_path)[0]]
    assert REPOSITORY.recognise(sample)
    assert STREAM.recognise(sample) is None
    extract = REPOSITORY.read([sample], ImportOptions())
    assert extract.kept == {"events": 4}
    assert extract.tables["follows"].rows() == [(ANN, BOB, at(0)), (ANN, CLEO, at(0))]
    dataset, _ = combine([extract], source="", caller="test", parameters={})
    assert dataset.items is not None
    assert dataset.items.filter(pl.col("author_id") == ANN).get_column("caption").to_list() == [
        "hello"
    ]
    assert "PLANTED" not in str([frame.rows() for frame in dataset.tables.values()])


def test_a_part_that_a_damaged_tree_names_twice_is_read_once(tmp_path: Path) -> None:
    like = {"subject": {"uri": address(BOB, "p1")}, "createdAt": "2024-05-01T00:00:00.000Z"}
    records = {f"app.bsky.feed.like/l{n}": like for n in range(3)}
    write_repository(tmp_path / "ann.car", ANN, records, twice=True)
    (sample,) = (look_at(source) for source in list_sources(tmp_path)[0])
    assert REPOSITORY.read([sample], ImportOptions()).read == {"events": 2}


def test_a_damaged_repository_is_an_error_without_its_content(tmp_path: Path) -> None:
    write_repository(tmp_path / "ann.car", ANN, {"app.bsky.feed.post/p1": {"text": "PLANTED"}})
    content = (tmp_path / "ann.car").read_bytes()
    (tmp_path / "ann.car").write_bytes(content[:-40])
    (sample,) = [look_at(source) for source in list_sources(tmp_path)[0]]
    with pytest.raises(FileError, match=r"ann\.car is no whole repository") as caught:
        REPOSITORY.read([sample], ImportOptions())
    assert len(str(caught.value)) <= 600
    assert "PLANTED" not in str(caught.value)


# ------------------------------------------------------------------ samples
@pytest.mark.parametrize("name", ["bluesky/jetstream_v1.ndjson", "bluesky/jetstream_v2.ndjson"])
def test_the_samples_have_the_counts_of_their_table(shared_data: Path, name: str) -> None:
    samples = shared_data / "samples"
    if not samples.is_dir():
        pytest.skip("the samples are not beside the public data sets")
    expected = json.loads((samples / "expected.json").read_text("utf-8"))[name]
    found = [look_at(source) for source in list_sources(samples / name)[0]]
    extract = STREAM.read(found, ImportOptions())
    dataset, _ = combine([extract], source=name, caller="test", parameters={})
    assert dataset.items is not None
    assert dataset.follows is not None
    assert dataset.interactions is not None
    kinds = dict(dataset.interactions.get_column("kind").cast(pl.String).value_counts().rows())
    described = dataset.items.filter(pl.col("created_at").is_not_null()).height
    deletions = sum(n for (_, why), n in extract.dropped.items() if why.startswith("a deletion"))
    assert kinds | {"post": described, "delete": deletions} == expected["interactions"]
    assert extract.read["events"] == expected["rows"]
    assert dataset.items.height == expected["items"]
    assert dataset.follows.height == expected["follows"]
    assert dataset.items.get_column("tags").explode().drop_nulls().n_unique() == expected["tags"]
    for why, count in expected["noted"].items():
        assert extract.dropped["events", why] == count

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphkit.errors import FileError
from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.tiktok_web import IMPORTERS
from graphkit.readwrite.source import Source, look_at

SECOND = 1_717_180_199
TIME = datetime(2024, 5, 31, 18, 29, 59, tzinfo=UTC)


def item(low: int = 1) -> str:
    return str((SECOND << 32) + low)


def post(low: int = 1, author: Any = "Ann", **more: Any) -> dict[str, Any]:
    return {"id": item(low), "createTime": SECOND, "author": author, "desc": "hi"} | more


def comment(cid: str, who: str | None, reply: str = "0", **more: Any) -> dict[str, Any]:
    user = {"unique_id": who, "uid": "77", "nickname": "PLANTED"}
    return {
        "cid": cid,
        "id": cid,
        "aweme_id": item(),
        "create_time": SECOND,
        "reply_id": reply,
        "text": "PLANTED",
        "user": user,
    } | more


def read(folder: Path, *documents: Any) -> Extract:
    """Extract of files, each of one document, or of lines if it is a tuple."""
    samples = []
    for number, document in enumerate(documents):
        lines = document if isinstance(document, tuple) else (document,)
        path = folder / f"{number}.{'ndjson' if len(lines) > 1 else 'json'}"
        path.write_text("\n".join(json.dumps(line) for line in lines))
        samples.append(look_at(Source(path)))
        assert IMPORTERS[0].recognise(samples[-1])
    return IMPORTERS[0].read(samples, ImportOptions())


def test_every_column(tmp_path: Path) -> None:
    whole = post(
        author={"id": "5", "uniqueId": "@Ann.Lee", "nickname": "PLANTED", "signature": "PLANTED"},
        desc="Hi\u0000 there",
        authorStats={"followerCount": 10, "followingCount": "5", "heartCount": 9},
        stats={
            "playCount": 1,
            "diggCount": 2,
            "commentCount": 3,
            "shareCount": 4,
            "collectCount": 5,
        },
        statsV2={"playCount": "11", "diggCount": "0"},
        challenges=[{"title": "other"}],
        textExtra=[{"hashtagName": "fyp"}, {"hashtagName": "", "userUniqueId": "PLANTED"}, None],
        music={"id": "7", "title": "PLANTED"},
        video={"duration": 15, "playAddr": "PLANTED"},
        duetInfo={"duetFromId": item(8)},
        stitchInfo={"stitchFromId": item(9)},
    )
    extract = read(tmp_path, {"itemList": [whole], "hasMore": True})
    assert extract.tables["items"].to_dicts() == [
        {
            "item_id": item(),
            "author_id": "ann.lee",
            "created_at": TIME,
            "duration": 15.0,
            "tags": ["fyp"],
            "sound_id": "7",
            "caption": "Hi there",
            "view_count": 11,
            "like_count": 0,
            "comment_count": 3,
            "share_count": 4,
            "favorites_count": 5,
        }
    ]
    assert extract.tables["accounts"].rows() == [("ann.lee", 10, 5)]
    assert extract.tables["interactions"].select(
        "account_id", "item_id", "kind", "at", "target_item_id"
    ).rows() == [
        ("ann.lee", item(), "duet", TIME, item(8)),
        ("ann.lee", item(), "stitch", TIME, item(9)),
    ]
    assert extract.read == {"answers": 1, "posts": 1}
    assert "PLANTED" not in str([frame.to_dicts() for frame in extract.tables.values()])
    dataset, _ = combine([extract], source="x", caller="test", parameters={})
    assert dataset.items is not None
    assert set(dataset.items.get_column("item_id")) == {item(1), item(8), item(9)}


@pytest.mark.parametrize(
    "document",
    [
        {"itemList": [post(1), post(2, {"uniqueId": "bob", "id": "2"})]},
        [post(1), post(2, {"uniqueId": "bob"})],
        (post(1), post(2, {"uniqueId": "bob"})),
        {"ItemModule": {item(1): post(1), item(2): post(2, "bob")}},
        (
            {"__DEFAULT_SCOPE__": {"webapp.video-detail": {"itemInfo": {"itemStruct": post(1)}}}},
            {"itemInfo": {"itemStruct": post(2, "bob")}},
        ),
    ],
    ids=["itemList", "list", "lines", "SIGI_STATE", "universal data"],
)
def test_shapes(tmp_path: Path, document: Any) -> None:
    extract = read(tmp_path, document)
    assert extract.tables["items"].select("item_id", "author_id").rows() == [
        (item(1), "ann"),
        (item(2), "bob"),
    ]
    assert extract.kept["posts"] == 2
    assert extract.dropped == {}


def test_ids_times_and_authors_that_are_missing(tmp_path: Path) -> None:
    rows = [
        post(1, None, createTime="0"),
        post(2, {"id": 5}),
        post(3) | {"id": None, "cid": None, "aweme_id": None},
        post(4, createTime=str(SECOND)),
    ]
    extract = read(tmp_path, {"itemList": rows})
    assert extract.tables["items"].select("item_id", "author_id", "created_at").rows() == [
        (item(1), None, TIME),
        (item(2), "5", TIME),
        (item(4), "ann", TIME),
    ]
    assert extract.dropped == {("posts", "no id"): 1}
    assert extract.notes == {
        ("posts", "no user name: the number of the account is its id"): 1,
        ("posts", "no time of creation: taken from the id"): 1,
    }


def test_the_record_with_most_views_is_kept(tmp_path: Path) -> None:
    few = post(1, stats={"playCount": 1, "shareCount": 7}, music={"id": "3"})
    many = post(1, "bob", stats={"playCount": 30})
    extract = read(tmp_path, [post(2), few, many])
    assert extract.tables["items"].select(
        "item_id", "author_id", "view_count", "share_count", "sound_id"
    ).rows() == [(item(2), "ann", None, None, None), (item(1), "bob", 30, 7, "3")]
    note = "the same post again: the record with most views is kept"
    assert extract.notes["posts", note] == 1
    assert extract.kept["posts"] == 3


def test_comments_and_replies(tmp_path: Path) -> None:
    rows = [
        comment("1", "Ann"),
        comment("2", "bob", reply="1"),
        comment("3", "bob", reply="404"),
        comment("4", None),
        comment("5", None, user=None),
        comment("1", "Ann"),
    ]
    extract = read(tmp_path, {"comments": rows})
    acts = extract.tables["interactions"]
    assert acts.select("account_id", "item_id", "kind", "at", "target_account_id").rows() == [
        ("ann", item(), "comment", TIME, None),
        ("bob", item(), "reply", TIME, "ann"),
        ("bob", item(), "reply", TIME, None),
        ("77", item(), "comment", TIME, None),
    ]
    assert extract.tables["items"].rows() == [(item(), TIME)]
    assert extract.read["comments"] == 6
    assert extract.dropped == {
        ("comments", "no author"): 1,
        ("comments", "the same comment again"): 1,
    }
    assert "PLANTED" not in str(acts.to_dicts())


def test_what_is_no_post_is_counted(tmp_path: Path) -> None:
    odd = {"itemList": [post(1), {"id": {"PLANTED": 1}}, 7], "extra": 1}
    extract = read(tmp_path, (odd, {"itemList": [post(2)]}, {"statusCode": 0}))
    assert extract.tables["items"].height == 2
    assert extract.dropped == {
        ("posts", "of another shape"): 2,
        ("answers", "neither posts nor comments"): 1,
    }
    assert extract.read == {"posts": 4, "answers": 3}


def test_broken_json_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"itemList": [\n{"createTime": 1, "author": {"uniqueId": "PLANTED"},}]}')
    sample = look_at(Source(path))
    with pytest.raises(FileError) as caught:
        IMPORTERS[0].read([sample], ImportOptions())
    assert "PLANTED" not in str(caught.value)
    assert len(str(caught.value)) <= 600
    good = tmp_path / "b.json"
    good.write_text(json.dumps({"itemList": [post(1)]}))
    extract = IMPORTERS[0].read([sample, look_at(Source(good))], ImportOptions())
    assert list(extract.refused) == [Source(path)]
    assert extract.tables["items"].height == 1


@pytest.mark.real_data
def test_samples(shared_data: Path) -> None:
    folder = shared_data / "samples"
    if not folder.is_dir():
        pytest.skip("the samples are not among the public data sets")
    expected = json.loads((folder / "expected.json").read_text())
    for name in ("item_list", "list_of_as_dict", "sigi_state", "comment_list"):
        want = expected[f"tiktok_web/{name}.json"]
        sample = look_at(Source(folder / "tiktok_web" / f"{name}.json"))
        extract = IMPORTERS[0].read([sample], ImportOptions())
        assert extract.kept.get("posts", 0) + extract.kept.get("comments", 0) == want["rows"]
        items, acts = extract.tables["items"], extract.tables.get("interactions")
        assert items.height == want["items"]
        if acts is not None:
            assert dict(acts.get_column("kind").value_counts().rows()) == want["interactions"]
        people = items if acts is None else acts
        column = "author_id" if acts is None else "account_id"
        assert people.get_column(column).n_unique() == want["accounts"]
        if "tags" in items.columns:
            assert items.get_column("tags").explode().drop_nulls().n_unique() == want["tags"]
        times = items.get_column("created_at") if acts is None else acts.get_column("at")
        assert times.min() == datetime.fromisoformat(want["first"])
        assert times.max() == datetime.fromisoformat(want["last"])


def test_a_profile_that_was_written_out_as_text_is_no_user_name(tmp_path: Path) -> None:
    profile = "{'uniqueId': 'ann', 'nickname': 'PLANTED'}"
    extract = read(tmp_path, (post(1), post(2, author=profile), comment("5", profile)))
    assert extract.tables["items"].get_column("author_id").to_list() == ["ann", None]
    assert extract.tables["interactions"].get_column("account_id").to_list() == ["77"]
    note = "user name: a whole profile as text: read as missing"
    assert (extract.notes["posts", note], extract.notes["comments", note]) == (1, 1)

"""Dumps of Reddit, on invented comments and posts."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from graphkit.errors import FileError
from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.reddit import IMPORTERS
from graphkit.readwrite.source import Sample, list_sources, look_at

COMMENTS, POSTS = IMPORTERS
SECOND = 1_714_521_600
AT = datetime(2024, 5, 1, tzinfo=UTC)


def comment(ident: str, author: str | None, parent: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": ident,
        "author": author,
        "subreddit": "booktok",
        "link_id": "t3_p1",
        "parent_id": parent,
        "created_utc": SECOND,
        "body": "PLANTED",
        "author_flair_text": "PLANTED",
        **more,
    }


def post(ident: str, author: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": ident,
        "name": f"t3_{ident}",
        "author": author,
        "subreddit": "booktok",
        "title": f"title {ident}",
        "selftext": "PLANTED",
        "num_comments": 2,
        "created_utc": SECOND,
        **more,
    }


def compress(lines: list[Any], window: int = 20, frames: int = 1) -> bytes:
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=window)
    out = io.BytesIO()
    size = -(-len(lines) // frames)
    for start in range(0, len(lines), size):
        text = "".join(f"{json.dumps(line)}\n" for line in lines[start : start + size])
        compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        out.write(compressor.compress(text.encode()) + compressor.flush())
    return out.getvalue()


def look(folder: Path) -> list[Sample]:
    return [look_at(source) for source in list_sources(folder)[0]]


def read(folder: Path, *lines: Any, name: str = "RC_2026-01.zst", frames: int = 1) -> Extract:
    (folder / name).write_bytes(compress(list(lines), frames=frames))
    comments = [s for s in look(folder) if COMMENTS.recognise(s)]
    posts = [s for s in look(folder) if POSTS.recognise(s)]
    assert len(comments) + len(posts) == len(look(folder))
    read = COMMENTS if comments else POSTS
    extract = read.read(comments or posts, ImportOptions())
    assert "PLANTED" not in str((extract.tables, extract.notes, extract.dropped))
    return extract


def test_comments_are_interactions_with_the_post_and_answers_are_towards_accounts(
    tmp_path: Path,
) -> None:
    extract = read(
        tmp_path,
        comment("c1", "Ann", "t3_p1"),
        comment("c2", "BOB", "t1_c1", created_utc=str(SECOND)),
        comment("c3", "cleo", "t1_zzz", created_utc=float(SECOND)),
        frames=3,
    )
    assert extract.tables["interactions"].rows() == [
        ("ann", "t3_p1", "comment", AT, None),
        ("bob", "t3_p1", "reply", AT, "ann"),
        ("cleo", "t3_p1", "reply", AT, None),
    ]
    members = [("ann", "booktok"), ("bob", "booktok"), ("cleo", "booktok")]
    assert extract.tables["memberships"].rows() == members
    why = "answers a comment that is not in the files: towards nobody"
    assert extract.notes["comments", why] == 1


def test_answers_find_their_comment_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "RC_2026-02.zst").write_bytes(compress([comment("c1", "ann", "t3_p1")]))
    extract = read(tmp_path, comment("c2", "bob", "t1_c1"))
    assert extract.tables["interactions"].get_column("target_account_id").to_list() == ["ann", None]


def test_deleted_accounts_numbers_as_parents_and_repeats_are_counted(tmp_path: Path) -> None:
    extract = read(
        tmp_path,
        comment("c1", "ann", "t3_p1"),
        comment("c1", "ann", "t3_p1"),
        comment("c2", "[deleted]", "t3_p1", body="[removed]"),
        comment("c3", None, "t3_p1"),
        comment("c4", "bob", 12345),
        comment("c5", "bob", None),
        {"id": "c6", "subreddit": "booktok"},
    )
    assert extract.read == {"comments": 7}
    assert dict(extract.dropped) == {
        ("comments", "author deleted"): 2,
        ("comments", "what it answers is not told"): 2,
        ("comments", "repeated comment"): 1,
        ("comments", "another shape: key 'link_id' is missing"): 1,
    }
    assert extract.kept == {"comments": 1}


def test_an_account_that_is_called_null_is_an_account(tmp_path: Path) -> None:
    extract = read(tmp_path, comment("c1", "null", "t3_p1"), comment("c2", "None", "t1_c1"))
    dataset, _ = combine([extract], source="", caller="test", parameters={})
    assert dataset.interactions is not None
    assert dataset.interactions.get_column("account_id").to_list() == ["null", "none"]
    assert dataset.interactions.get_column("target_account_id").to_list() == [None, "null"]


def test_posts_are_items_and_their_authors_members(tmp_path: Path) -> None:
    extract = read(
        tmp_path,
        post("p1", "Ann"),
        post("p1", "Ann"),
        post("p2", "[deleted]"),
        post("p3", "bob", created_utc=5, subreddit="alttok"),
        name="RS_2026-01.zst",
    )
    assert extract.tables["items"].rows() == [
        ("t3_p1", "ann", AT, "title p1", 2),
        ("t3_p3", "bob", None, "title p3", 2),
    ]
    assert extract.tables["memberships"].rows() == [("ann", "booktok"), ("bob", "alttok")]
    assert dict(extract.dropped) == {("posts", "author deleted"): 1, ("posts", "repeated post"): 1}
    assert extract.notes["posts", "a time outside 1990 to 2099: read as missing"] == 1


def test_a_crosspost_is_a_repost_of_its_original(tmp_path: Path) -> None:
    extract = read(
        tmp_path,
        post("p1", "ann"),
        post("p2", "bob", crosspost_parent="t3_p1"),
        post("p3", "bob", crosspost_parent="t3_p9"),
        name="RS_2026-01.zst",
    )
    columns = ["account_id", "item_id", "kind", "at", "target_item_id", "target_account_id"]
    assert extract.tables["interactions"].select(columns).rows() == [
        ("bob", "t3_p2", "repost", AT, "t3_p1", "ann"),
        ("bob", "t3_p3", "repost", AT, "t3_p9", None),
    ]


@pytest.mark.parametrize("name", ["RC_2026-01", "booktok_comments", "x.json", "x.ndjson"])
@pytest.mark.parametrize("lines", [1, 3])
def test_the_keys_say_what_a_dump_is_not_its_name(tmp_path: Path, name: str, lines: int) -> None:
    some = [comment(f"c{n}", "ann", "t3_p1") for n in range(lines)]
    (tmp_path / name).write_text("\n".join(map(json.dumps, some)) + "\n", encoding="utf-8")
    (sample,) = look(tmp_path)
    assert COMMENTS.recognise(sample)
    assert POSTS.recognise(sample) is None
    extract = COMMENTS.read([sample], ImportOptions())
    assert extract.read == {"comments": lines}


def test_a_frame_with_a_window_of_two_gibibytes_is_read(tmp_path: Path) -> None:
    # the window of a small frame is taken down to its size, unless the size is not told
    some = [comment(f"c{n}", "ann", "t3_p1") for n in range(3)]
    text = "".join(f"{json.dumps(line)}\n" for line in some).encode()
    parameters = zstandard.ZstdCompressionParameters.from_level(
        1, window_log=31, write_content_size=False
    )
    data = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    content = data.compress(text) + data.flush()
    assert zstandard.get_frame_parameters(content).window_size == 1 << 31
    (tmp_path / "RC_2026-01.zst").write_bytes(content)
    extract = COMMENTS.read(look(tmp_path), ImportOptions())
    assert extract.kept == {"comments": 3}


def test_a_cut_dump_is_an_error_that_names_it(tmp_path: Path) -> None:
    lines = [comment(f"c{n}", f"u{n}", "t3_p1", body=str(hash(n))) for n in range(30_000)]
    content = compress(lines)
    (tmp_path / "RC_2026-01.zst").write_bytes(content[: len(content) // 2])
    with pytest.raises(FileError, match=r"RC_2026-01\.zst") as caught:
        COMMENTS.read(look(tmp_path), ImportOptions())
    assert len(str(caught.value)) <= 600
    assert "PLANTED" not in str(caught.value)


@pytest.mark.parametrize("name", ["reddit/RC_comments.ndjson", "reddit/RS_submissions.ndjson"])
def test_the_samples_have_the_counts_of_their_table(shared_data: Path, name: str) -> None:
    samples = shared_data / "samples"
    if not samples.is_dir():
        pytest.skip("the samples are not beside the public data sets")
    expected = json.loads((samples / "expected.json").read_text("utf-8"))[name]
    (sample,) = look(samples / name)
    importer = COMMENTS if "RC" in name else POSTS
    extract = importer.read([sample], ImportOptions())
    assert sum(extract.read.values()) == expected["rows"]
    assert {why: n for (_, why), n in extract.dropped.items()} == expected["noted"]
    members = extract.tables["memberships"]
    assert members.get_column("account_id").n_unique() == expected["accounts"]
    # a subreddit is a group here, and a tag in the table
    assert members.get_column("group_id").n_unique() == expected["tags"]
    acts = extract.tables.get("interactions", pl.DataFrame({"kind": []}))
    assert dict(acts.get_column("kind").value_counts().rows()) == expected["interactions"]
    table = extract.tables["items" if "RS" in name else "interactions"]
    assert table.get_column("item_id").n_unique() == expected["items"]


@pytest.mark.parametrize("second", ["nan", "Infinity", 1e300, 10**30, -(10**30)])
def test_what_is_no_time_is_missing_and_noted(tmp_path: Path, second: Any) -> None:
    good = comment("c1", "ann", "t3_p1")
    extract = read(tmp_path, good, good | {"id": "c2", "created_utc": second})
    assert extract.tables["interactions"].get_column("at").to_list() == [AT, None]
    assert extract.notes["comments", "a time outside 1990 to 2099: read as missing"] == 1

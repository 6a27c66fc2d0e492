"""Archives of Mastodon, on invented posts."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphkit.errors import FileError
from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.mastodon import IMPORTERS
from graphkit.readwrite.source import Sample, Source, list_sources, look_at

(IMPORTER,) = IMPORTERS
ME = "https://here.example/users/ann"
HER = "https://there.example/users/bob"
AT = datetime(2024, 5, 1, tzinfo=UTC)
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def collection(folder: Path, name: str, entries: list[Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": name,
        "type": "OrderedCollection",
        "orderedItems": entries,
    }
    (folder / name).write_text(json.dumps(document), encoding="utf-8")


def actor(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    document = {"@context": [], "id": ME, "preferredUsername": "ann", "outbox": "outbox.json"}
    document |= {"name": "PLANTED", "summary": "PLANTED"}
    (folder / "actor.json").write_text(json.dumps(document), encoding="utf-8")


def note(ident: str, to: str = PUBLIC, cc: str | None = None, **more: Any) -> dict[str, Any]:
    body = {"id": f"{ME}/statuses/{ident}", "published": "2024-05-01T00:00:00Z", "inReplyTo": None}
    body |= {"content": "<p>invented</p>", "tag": []} | more
    return {
        "id": f"{body['id']}/activity",
        "type": "Create",
        "actor": ME,
        "published": "2024-05-01T00:00:00Z",
        "to": [to],
        "cc": [] if cc is None else [cc],
        "object": body,
    }


def look(folder: Path) -> list[Sample]:
    return [look_at(source) for source in list_sources(folder)[0]]


def read(folder: Path, **options: Any) -> Extract:
    samples = look(folder)
    assert all(IMPORTER.recognise(sample) for sample in samples)
    assert len({IMPORTER.group(sample.source) for sample in samples}) == 1
    extract = IMPORTER.read(samples, ImportOptions(**options))
    told = str((extract.tables, extract.notes, extract.dropped, extract.refused))
    assert "PLANTED" not in told
    return extract


def acts(extract: Extract) -> list[tuple[Any, ...]]:
    columns = ["account_id", "item_id", "kind", "at", "target_item_id", "target_account_id"]
    return extract.tables["interactions"].select(columns).rows()


def test_an_archive_has_posts_answers_likes_and_bookmarks(tmp_path: Path) -> None:
    actor(tmp_path)
    hashtag = {"type": "Hashtag", "href": "PLANTED", "name": "#BookTok"}
    mention = {"type": "Mention", "href": HER, "name": "PLANTED"}
    text = "<p>one &amp; two<br>three</p><p>four <a href='PLANTED'>#BookTok</a></p>"
    collection(
        tmp_path,
        "outbox.json",
        [
            note("1", content=text, tag=[hashtag, hashtag]),
            note("2", inReplyTo=f"{HER}/statuses/9", tag=[mention]),
            note("3", inReplyTo="https://there.example/objects/9"),
            {
                "type": "Announce",
                "published": "2024-05-01T00:00:00Z",
                "object": f"{HER}/statuses/8",
            },
        ],
    )
    collection(tmp_path, "likes.json", [f"{HER}/statuses/7", f"{HER}/statuses/7"])
    collection(tmp_path, "bookmarks.json", ["https://there.example/ap/users/5/statuses/6"])
    extract = read(tmp_path)
    assert extract.read == {"posts": 4, "likes": 2, "bookmarks": 1}
    assert dict(extract.dropped) == {("likes", "listed twice"): 1}
    other = "https://there.example/ap/users/5"
    assert acts(extract) == [
        (ME, f"{ME}/statuses/2", "reply", AT, f"{HER}/statuses/9", HER),
        (ME, f"{ME}/statuses/3", "reply", AT, "https://there.example/objects/9", None),
        (ME, f"{ME}/statuses/2", "mention", AT, None, HER),
        (ME, f"{HER}/statuses/8", "repost", AT, None, HER),
        (ME, f"{other}/statuses/6", "save", None, None, other),
        (ME, f"{HER}/statuses/7", "like", None, None, HER),
    ]
    items = {row["item_id"]: row for row in extract.tables["items"].rows(named=True)}
    assert items[f"{ME}/statuses/1"]["caption"] == "one & two\nthree\nfour #BookTok"
    assert items[f"{ME}/statuses/1"]["tags"] == ["BookTok"]
    assert items[f"{HER}/statuses/8"]["author_id"] == HER
    why = "the address of the post does not name its account"
    assert extract.notes["interactions", why] == 1


def test_messages_are_not_read_and_posts_for_followers_are(tmp_path: Path) -> None:
    actor(tmp_path)
    posts = [
        note("1", to=HER, content="PLANTED SECRET"),
        note("2", to=f"{ME}/followers"),
        note("3", to=f"{ME}/followers", cc=PUBLIC),
    ]
    collection(tmp_path, "outbox.json", posts)
    extract = read(tmp_path)
    ids = extract.tables["items"].get_column("item_id").to_list()
    assert ids == [f"{ME}/statuses/2", f"{ME}/statuses/3"]
    assert dict(extract.dropped) == {("posts", "a message to persons: not read"): 1}


@pytest.mark.parametrize(
    "text",
    [
        "bob@there.example\n@Cleo@there.example\n",
        "Account address,Show boosts,Notify on new posts,Languages\n"
        "bob@there.example,true,false,\nCleo@there.example,true,false,en\n",
        "Account address, Show boosts\r\nbob@there.example, true\r\nCleo@there.example, false\r\n",
    ],
    ids=["2017", "2023", "spaces"],
)
def test_lists_of_follows_of_three_vintages_are_the_same(tmp_path: Path, text: str) -> None:
    (tmp_path / "following_accounts.csv").write_bytes(text.encode())
    extract = read(tmp_path, account="ann")
    rows = [("ann", "bob@there.example"), ("ann", "cleo@there.example")]
    assert extract.tables["follows"].rows() == rows
    assert extract.read == {"followed": 2}


def test_a_list_of_followers_points_the_other_way_and_one_of_muted_accounts_is_not_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "followers.csv").write_text(
        "Account address\nbob@there.example\n", encoding="utf-8"
    )
    muted = "Account address,Hide notifications\nPLANTED@there.example,true\n"
    (tmp_path / "muted_accounts.csv").write_text(muted, encoding="utf-8")
    extract = read(tmp_path, account="ann")
    assert extract.tables["follows"].rows() == [("bob@there.example", "ann")]
    (why,) = extract.refused.values()
    assert "not read: a list of accounts, such as of muted ones" in why


def test_a_list_that_begins_with_a_blank_line_is_read_if_its_format_is_named(
    tmp_path: Path,
) -> None:
    path = tmp_path / "following_accounts.csv"
    path.write_text("\nbob@there.example\n", encoding="utf-8")
    extract = IMPORTER.read([look_at(Source(path))], ImportOptions(account="ann"))
    assert extract.tables["follows"].rows() == [("ann", "bob@there.example")]


def test_other_tables_of_one_column_are_not_lists_of_follows(tmp_path: Path) -> None:
    (tmp_path / "follows.csv").write_text("account\nann\n", encoding="utf-8")
    (tmp_path / "emails.csv").write_text("ann@there.example\n", encoding="utf-8")
    assert [IMPORTER.recognise(sample) for sample in look(tmp_path)] == [None, None]


def test_an_archive_without_its_actor_is_named_by_its_folder_or_zip(tmp_path: Path) -> None:
    collection(tmp_path / "donor7", "likes.json", [f"{HER}/statuses/7"])
    assert acts(read(tmp_path))[0][0] == "donor:donor7"
    with zipfile.ZipFile(tmp_path / "donor8.zip", "w") as packed:
        packed.write(tmp_path / "donor7" / "likes.json", "likes.json")
    (tmp_path / "donor7" / "likes.json").unlink()
    assert acts(read(tmp_path))[0][0] == "donor:donor8"


def test_a_broken_file_is_refused_beside_others_and_an_error_alone(tmp_path: Path) -> None:
    collection(tmp_path, "likes.json", [f"{HER}/statuses/7"])
    text = (tmp_path / "likes.json").read_text("utf-8")
    (tmp_path / "bookmarks.json").write_text(text[:-30] + "PLANTED", encoding="utf-8")
    extract = read(tmp_path)
    assert extract.read == {"likes": 1}
    assert [source.name for source in extract.refused] == ["bookmarks.json"]
    (tmp_path / "likes.json").unlink()
    with pytest.raises(FileError, match=r"bookmarks\.json is broken JSON, line 1") as caught:
        read(tmp_path)
    assert "PLANTED" not in str(caught.value)


def test_the_sample_has_the_counts_of_its_table(shared_data: Path) -> None:
    samples = shared_data / "samples"
    if not samples.is_dir():
        pytest.skip("the samples are not beside the public data sets")
    name = "personal_exports/mastodon/"
    expected = json.loads((samples / "expected.json").read_text("utf-8"))[name]
    extract = read(samples / name)
    assert sum(extract.read.values()) == expected["rows"]
    dataset, _ = combine([extract], source=name, caller="test", parameters={})
    assert dataset.accounts is not None
    assert dataset.items is not None
    assert dataset.accounts.height == expected["accounts"]
    assert dataset.items.height == expected["items"]
    kinds = dict(extract.tables["interactions"].get_column("kind").value_counts().rows())
    kinds["like (no time)"] = kinds.pop("like")
    kinds["own post"] = extract.kept["posts"] - kinds["repost"]
    assert kinds == expected["interactions"]
    assert dataset.items.get_column("tags").explode().drop_nulls().n_unique() == expected["tags"]

"""Exports of Instagram, on invented accounts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphkit.errors import FileError, GraphkitError
from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.instagram import IMPORTERS
from graphkit.readwrite.source import Sample, list_sources, look_at

(IMPORTER,) = IMPORTERS
SECOND = 1_714_521_600
AT = datetime(2024, 5, 1, tzinfo=UTC)
FOLLOWS = "connections/followers_and_following"


def garble(text: str) -> str:
    """UTF-8 that is read as Latin-1, as these exports write it."""
    return text.encode().decode("latin-1")


def write(folder: Path, name: str, document: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def account(name: str, place: str = "value") -> dict[str, Any]:
    text = {"href": f"https://www.instagram.com/_u/{name}", "timestamp": SECOND}
    if place == "value":
        return {"title": "", "string_list_data": [text | {"value": name}]}
    return {"title": name if place == "title" else "", "string_list_data": [text]}


def shown(code: str, owner: str, label: str = "Username", kind: str = "p") -> dict[str, Any]:
    address = f"https://www.instagram.com/{kind}/{code}/"
    person = [
        {"label": "URL", "value": ""},
        {"label": "Name", "value": "PLANTED"},
        {"label": garble(label), "value": owner},
    ]
    return {
        "timestamp": SECOND,
        "media": [],
        "label_values": [
            {"label": "URL", "value": address, "href": address},
            {"label": "Caption", "value": "PLANTED"},
            {"title": "Owner", "dict": [{"title": "", "dict": person}]},
        ],
        "fbid": "PLANTED",
    }


def look(folder: Path) -> list[Sample]:
    return [look_at(source) for source in list_sources(folder)[0]]


def read(folder: Path, **options: Any) -> Extract:
    samples = look(folder)
    assert all(IMPORTER.recognise(sample) for sample in samples)
    assert len({IMPORTER.group(sample.source) for sample in samples}) == 1
    extract = IMPORTER.read(samples, ImportOptions(**options))
    assert "PLANTED" not in str((extract.tables, extract.notes, extract.dropped, extract.refused))
    return extract


@pytest.mark.parametrize("place", ["value", "title", "address"])
@pytest.mark.parametrize("keyed", [True, False])
def test_follow_lists_of_every_vintage_are_the_same(
    tmp_path: Path, place: str, keyed: bool
) -> None:
    following = [account("bob", place), account("Cleo_1.x", place)]
    write(tmp_path, f"{FOLLOWS}/following.json", {"relationships_following": following})
    followers: Any = [account("dan", place)]
    followers = {"relationships_followers": followers} if keyed else followers
    write(tmp_path, f"{FOLLOWS}/followers_1.json", followers)
    extract = read(tmp_path, account="ann")
    assert sorted(extract.tables["follows"].rows()) == [
        ("ann", "bob", AT),
        ("ann", "cleo_1.x", AT),
        ("dan", "ann", AT),
    ]
    assert extract.tables["accounts"].rows() == [("ann", True)]


def test_one_follow_list_alone_is_not_complete(tmp_path: Path) -> None:
    write(tmp_path, f"{FOLLOWS}/following.json", {"relationships_following": [account("bob")]})
    extract = read(tmp_path, account="ann")
    assert extract.tables["accounts"].rows() == [("ann",)]


def test_liked_and_saved_posts_are_interactions_with_the_code_of_the_post(tmp_path: Path) -> None:
    address = "https://www.instagram.com/p/AbC_-1/"
    liked = {
        "title": "Bob",
        "string_list_data": [{"href": address, "value": "x", "timestamp": SECOND}],
    }
    write(
        tmp_path, "your_instagram_activity/likes/liked_posts.json", {"likes_media_likes": [liked]}
    )
    saved = {
        "title": "cleo",
        "string_map_data": {
            "Saved on": {"href": "https://www.instagram.com/reel/XyZ/", "timestamp": SECOND}
        },
    }
    write(tmp_path, "saved/saved_posts.json", {"saved_saved_media": [saved, {"title": "x"}]})
    extract = read(tmp_path, account="ann")
    rows = [("ann", "AbC_-1", "like", AT), ("ann", "XyZ", "save", AT)]
    assert sorted(extract.tables["interactions"].rows()) == rows
    assert sorted(extract.tables["items"].rows()) == [("AbC_-1", "bob"), ("XyZ", "cleo")]
    assert extract.dropped["saved posts", "no address of a post"] == 1


@pytest.mark.parametrize(
    "label", ["Username", "Gebruikersnaam", "Nome de usuário", "ユーザーネーム"]
)
def test_posts_that_were_shown_are_impressions_whatever_the_language(
    tmp_path: Path, label: str
) -> None:
    folder = tmp_path / "ads_information" / "ads_and_topics"
    write(folder, "posts_viewed.json", [shown("A1", "bob", label), shown("A1", "bob", label)])
    write(folder, "videos_watched.json", [shown("B1", "cleo", label, "reel")])
    write(folder, "ads_viewed.json", [shown("C1", "shop", label)])
    extract = read(tmp_path, account="ann")
    assert sorted(extract.tables["impressions"].rows()) == [
        ("ann", "A1", AT, "posts viewed"),
        ("ann", "A1", AT, "posts viewed"),
        ("ann", "B1", AT, "videos watched"),
        ("ann", "C1", AT, "ad"),
    ]
    assert "interactions" not in extract.tables
    authors = dict(extract.tables["items"].rows())
    assert authors == {"A1": "bob", "B1": "cleo", "C1": "shop"}


def test_an_owner_under_an_unknown_label_is_not_guessed_and_noted(tmp_path: Path) -> None:
    write(tmp_path, "posts_viewed.json", [shown("A1", "PLANTED", "Qwerty")])
    extract = read(tmp_path, account="ann")
    assert extract.tables["items"].rows() == [("A1", None)]
    assert extract.notes["posts shown", "the author of the post is not told"] == 1


def test_new_lists_of_likes_are_told_from_exposure_by_their_name(tmp_path: Path) -> None:
    write(tmp_path, "likes/liked_posts.json", [shown("A1", "bob")])
    write(tmp_path, "likes/other.json", [shown("A2", "bob")])
    extract = read(tmp_path, account="ann")
    assert extract.tables["interactions"].rows() == [("ann", "A1", "like", AT)]
    (why,) = extract.refused.values()
    assert "its name does not say which acts it lists" in why
    (tmp_path / "likes" / "liked_posts.json").unlink()
    with pytest.raises(FileError, match="does not say which acts"):
        read(tmp_path)


def test_old_lists_of_exposure_name_no_post_and_are_counted(tmp_path: Path) -> None:
    seen = {"string_map_data": {"Auteur": {"value": "bob"}, "Heure": {"timestamp": SECOND}}}
    write(tmp_path, "posts_viewed.json", {"impressions_history_posts_seen": [seen]})
    extract = read(tmp_path, account="ann")
    assert dict(extract.dropped) == {("posts shown", "no address of a post"): 1}
    assert "impressions" not in extract.tables


def test_times_in_milliseconds_and_absent_times_are_read(tmp_path: Path) -> None:
    rows = [shown("A1", "bob") | {"timestamp": t} for t in (SECOND * 1000, 0, None)]
    write(tmp_path, "posts_viewed.json", rows)
    extract = read(tmp_path, account="ann")
    assert extract.tables["impressions"].get_column("at").to_list() == [AT, None, None]


def test_every_donor_is_a_group_of_files_and_named_by_the_folder(tmp_path: Path) -> None:
    for donor in ("donor1", "donor2"):
        write(tmp_path / donor, f"{FOLLOWS}/followers_1.json", [account("bob")])
        write(
            tmp_path / donor,
            "ads_information/ads_and_topics/posts_viewed.json",
            [shown("A", "bob")],
        )
    samples = look(tmp_path)
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(IMPORTER.group(sample.source), []).append(sample)
    extracts = [IMPORTER.read(some, ImportOptions()) for some in groups.values()]
    owners = [extract.tables["accounts"].item(0, 0) for extract in extracts]
    assert owners == ["donor:donor1", "donor:donor2"]
    dataset, _ = combine(extracts, source="", caller="test", parameters={})
    assert dataset.follows is not None
    assert dataset.follows.height == 2


def test_errors_show_no_content(tmp_path: Path) -> None:
    for broken in (
        '{"relationships_following": "PLANTED"}',
        '{"relationships_following": [{"PLANTED',
    ):
        (tmp_path / "following.json").write_text(broken, encoding="utf-8")
        with pytest.raises(GraphkitError, match=r"following\.json") as caught:
            read(tmp_path)
        assert "PLANTED" not in str(caught.value)
        assert len(str(caught.value)) <= 600


def test_the_sample_has_the_counts_of_its_table(shared_data: Path) -> None:
    samples = shared_data / "samples"
    if not samples.is_dir():
        pytest.skip("the samples are not beside the public data sets")
    name = "personal_exports/instagram/"
    expected = json.loads((samples / "expected.json").read_text("utf-8"))[name]
    extract = read(samples / name)
    assert sum(extract.read.values()) == expected["rows"]
    assert not extract.dropped
    dataset, _ = combine([extract], source=name, caller="test", parameters={})
    assert dataset.accounts is not None
    assert dataset.items is not None
    assert dataset.follows is not None
    assert dataset.interactions is not None
    assert dataset.impressions is not None
    assert dataset.accounts.height == expected["accounts"]
    assert dataset.items.height == expected["items"]
    assert dataset.follows.height == expected["follows"]
    assert expected["interactions"] == {
        "like": dataset.interactions.height,
        "view (impression)": dataset.impressions.height,
    }


@pytest.mark.parametrize("second", ["nan", "Infinity", "-Infinity"])
def test_what_is_no_time_is_missing_and_noted(tmp_path: Path, second: str) -> None:
    write(tmp_path, "posts_viewed.json", [shown("A1", "bob") | {"timestamp": second}])
    extract = read(tmp_path, account="ann")
    assert extract.tables["impressions"].get_column("at").to_list() == [None]
    assert sum(n for (_, why), n in extract.notes.items() if "no time" in why) == 1

"""Exports of YouTube, on invented videos."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.youtube import IMPORTERS
from graphkit.readwrite.source import Sample, list_sources, look_at

(IMPORTER,) = IMPORTERS
AT = datetime(2024, 5, 1, 12, 0, 0, 123_000, tzinfo=UTC)
ANN, BOB = (f"UC{name:x<22}" for name in ("ann", "bob"))
FOLDER = "Takeout/YouTube and YouTube Music"


def watched(url: str | None, channel: str | None = BOB, **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "header": "YouTube",
        "title": "PLANTED",
        "time": "2024-05-01T12:00:00.123Z",
    }
    row |= {"products": ["YouTube"], "activityControls": ["YouTube watch history"]}
    if url is not None:
        row["titleUrl"] = url
    if channel is not None:
        address = f"https://www.youtube.com/channel/{channel}"
        row["subtitles"] = [{"name": "PLANTED", "url": address}]
    return row | more


def video(ident: str) -> str:
    return f"https://www.youtube.com/watch?v={ident}"


def write(folder: Path, name: str, content: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    path.write_text(text.replace("=", "\\u003d") if name.endswith(".json") else text, "utf-8")


def look(folder: Path) -> list[Sample]:
    return [look_at(source) for source in list_sources(folder)[0]]


def read(folder: Path, **options: Any) -> Extract:
    samples = look(folder)
    assert all(IMPORTER.recognise(sample) for sample in samples)
    assert len({IMPORTER.group(sample.source) for sample in samples}) == 1
    extract = IMPORTER.read(samples, ImportOptions(**options))
    assert "PLANTED" not in str((extract.tables, extract.notes, extract.dropped, extract.refused))
    return extract


@pytest.mark.parametrize("name", ["watch-history.json", "kijkgeschiedenis.json"])
def test_views_are_impressions_too_and_advertisements_are_impressions_only(
    tmp_path: Path, name: str
) -> None:
    rows = [
        watched(video("A0000000001")),
        watched(video("A0000000001"), None),
        watched(video("A0000000002"), details=[{"name": "From Google Ads"}]),
        watched(None, None),
        watched("https://www.youtube.com/post/1"),
        watched("https://music.youtube.com/watch?list=1&v=A0000000003"),
        watched("https://www.youtube.com/shorts/A0000000004", time="yesterday"),
    ]
    write(tmp_path, f"{FOLDER}/history/{name}", rows)
    extract = read(tmp_path, account="ann")
    assert extract.tables["impressions"].rows() == [
        ("ann", "A0000000001", AT, "watch history"),
        ("ann", "A0000000001", AT, "watch history"),
        ("ann", "A0000000002", AT, "ad"),
        ("ann", "A0000000003", AT, "watch history"),
        ("ann", "A0000000004", None, "watch history"),
    ]
    assert extract.tables["interactions"].rows() == [
        ("ann", "A0000000001", "view", AT),
        ("ann", "A0000000001", "view", AT),
        ("ann", "A0000000003", "view", AT),
        ("ann", "A0000000004", "view", None),
    ]
    assert extract.read == {"watch history": 7}
    assert dict(extract.dropped) == {
        ("watch history", "removed video: no id"): 1,
        ("watch history", "no video"): 1,
    }
    dataset, _ = combine([extract], source="", caller="test", parameters={})
    assert dataset.items is not None
    authors = dict(dataset.items.select("item_id", "author_id").rows())
    assert authors == dict.fromkeys((f"A000000000{n}" for n in range(1, 5)), BOB)


def test_the_cells_of_a_broken_line_are_no_videos(tmp_path: Path) -> None:
    text = "Comment ID,Channel ID,Comment create timestamp,Price,Video ID,Comment text\n"
    row = f'Ugx{"a" * 23},{ANN},2024-05-01T12:00:00.123+00:00,0,A0000000001,"x"\n'
    broken = f"Ugx{'b' * 23},{ANN},2024-05-01T12:00:00.123+00:00,0,PLANTED words of a person\n"
    write(tmp_path, f"{FOLDER}/comments/comments.csv", text + row + broken)
    extract = read(tmp_path)
    assert extract.tables["interactions"].get_column("item_id").to_list() == ["A0000000001"]
    assert dict(extract.dropped) == {("comments", "below something that is no video"): 1}


def test_searches_are_counted_and_not_read(tmp_path: Path) -> None:
    rows = [
        watched("https://www.youtube.com/results?search_query=PLANTED", None),
        watched(video("A0000000002"), details=[{"name": "From Google Ads"}]),
    ]
    write(tmp_path, f"{FOLDER}/history/search-history.json", rows)
    extract = read(tmp_path, account="ann")
    assert dict(extract.dropped) == {("watch history", "a search: not read"): 1}
    assert extract.tables["impressions"].rows() == [("ann", "A0000000002", AT, "ad")]
    assert "interactions" not in extract.tables


@pytest.mark.parametrize(
    "header", ["Channel Id,Channel Url,Channel Title", "Kanaal-ID,Kanaal-URL,Kanaaltitel"]
)
def test_subscriptions_are_follows_in_any_language(tmp_path: Path, header: str) -> None:
    rows = f"{header}\n{BOB},http://www.youtube.com/channel/{BOB},PLANTED\n\n"
    write(tmp_path, f"{FOLDER}/subscriptions/abonnementen.csv", rows)
    extract = read(tmp_path, account=ANN)
    assert extract.tables["follows"].rows() == [(ANN, BOB)]
    assert extract.read == {"subscriptions": 1}


HEADERS = {
    "en": "Comment ID,Channel ID,Comment create timestamp,Price,Parent comment ID,Video ID,Comment text",
    "nl": "Reactie-ID,Kanaal-ID,Tijd van reactie,Prijs,Reactie-ID bovenaan,Video-ID,Tekst",
}


@pytest.mark.parametrize("language", HEADERS)
def test_comments_name_the_owner_and_their_texts_are_not_read(
    tmp_path: Path, language: str
) -> None:
    text = '"{""text"":""PLANTED""}"'
    rows = [
        HEADERS[language],
        f"Ugx{'a' * 23},{ANN},2024-05-01T12:00:00.123+00:00,0,,A0000000001,{text}",
        f"Ugx{'b' * 23},{ANN},2024-05-01T12:00:00.123+00:00,0,Ugx{'c' * 23},A0000000001,{text}",
        f"Ugx{'d' * 23},{ANN},2024-05-01T12:00:00.123+00:00,0,,,{text}",
    ]
    write(tmp_path, f"{FOLDER}/comments/reacties.csv", "\n".join(rows) + "\n")
    write(tmp_path, f"{FOLDER}/history/watch-history.json", [watched(video("A0000000001"))])
    extract = read(tmp_path)
    assert extract.tables["accounts"].rows() == [(ANN,)]
    acts = [(ANN, "A0000000001", kind, AT) for kind in ("view", "comment", "reply")]
    assert extract.tables["interactions"].rows() == acts
    assert dict(extract.dropped) == {("comments", "below something that is no video"): 1}
    assert not extract.notes


def test_other_tables_are_not_recognised(tmp_path: Path) -> None:
    write(tmp_path, "follows.csv", "follower_id,followee_id,since\na,b,2024-05-01\n")
    write(tmp_path, "log.csv", "account_id,item_id,kind,at,value,tag\na,b,like,2024-05-01,1,x\n")
    assert [IMPORTER.recognise(sample) for sample in look(tmp_path)] == [None, None]


def test_a_zip_is_one_export_and_names_its_owner(tmp_path: Path) -> None:
    write(tmp_path, "h.json", [watched(video("A0000000001"))])
    with zipfile.ZipFile(tmp_path / "takeout-7.zip", "w") as packed:
        packed.write(tmp_path / "h.json", f"{FOLDER}/history/watch-history.json")
    (tmp_path / "h.json").unlink()
    extract = read(tmp_path)
    assert extract.tables["accounts"].rows() == [("donor:takeout-7",)]


def test_the_sample_has_the_counts_of_its_table(shared_data: Path) -> None:
    samples = shared_data / "samples"
    if not samples.is_dir():
        pytest.skip("the samples are not beside the public data sets")
    name = "personal_exports/youtube/"
    expected = json.loads((samples / "expected.json").read_text("utf-8"))[name]
    extract = read(samples / name)
    assert sum(extract.read.values()) == expected["rows"]
    assert {why: n for (_, why), n in extract.dropped.items()} == expected["noted"]
    dataset, _ = combine([extract], source=name, caller="test", parameters={})
    assert dataset.accounts is not None
    assert dataset.items is not None
    assert dataset.follows is not None
    assert dataset.interactions is not None
    assert dataset.impressions is not None
    assert dataset.accounts.height == expected["accounts"]
    assert dataset.items.height == expected["items"]
    assert dataset.follows.height == expected["follows"]
    ads = int((dataset.impressions.get_column("surface") == "ad").sum())
    assert {"view": dataset.interactions.height, "view (ad)": ads} == expected["interactions"]

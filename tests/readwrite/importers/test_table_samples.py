"""Tables in the exact shape of tools and data sets, with counts that others made of them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from graphkit.data.schema import TABLES
from graphkit.errors import DataError, MissingDataError
from graphkit.readwrite.extract import Extract, Importer, ImportOptions, combine
from graphkit.readwrite.importers import (
    coordination,
    failla_rossetti,
    fourcat,
    kuaishou,
    recommender_sets,
    tiktok_tables,
    twarc_tables,
)
from graphkit.readwrite.source import list_sources, look_at

IMPORTERS: tuple[Importer, ...] = sum(
    (
        module.IMPORTERS
        for module in (
            coordination,
            failla_rossetti,
            fourcat,
            kuaishou,
            recommender_sets,
            tiktok_tables,
            twarc_tables,
        )
    ),
    (),
)

#: File or folder → importer, options, and what its count means otherwise than a table does.
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "tiktok_wrappers/traktok_videos_fwrite.csv": ("tiktok-research-tables", {}, {}),
    "tiktok_wrappers/traktok_followers.csv (direction: followers)": (
        "tiktok-research-tables", {"direction": "followers"}, {},
    ),
    "tiktok_wrappers/traktok_following.csv (direction: following)": (
        "tiktok-research-tables", {"direction": "following"}, {},
    ),
    # counted without the authors, tags and times of creation of the videos
    "tiktok_wrappers/traktok_liked.csv": (
        "tiktok-research-tables",
        {},
        {"accounts": 5, "tags": 5,
         "first": "2024-05-28T12:21:02+00:00", "last": "2024-05-30T15:00:24+00:00"},
    ),
    "tiktok_wrappers/researchtikpy_followers.csv (direction: followers)": (
        "tiktok-research-tables", {"direction": "followers"}, {},
    ),
    "tiktok_wrappers/researchtikpy_dump_users_follower.jsonl": ("researchtikpy-dump", {}, {}),
    "tiktok_wrappers/researchtikpy_videos.csv": ("tiktok-research-tables", {}, {}),
    "tiktok_wrappers/pyktok_videos_utc_plus_2.csv (tz +02:00)": ("pyktok", {"tz": "+02:00"}, {}),
    # the account that was browsing is one more, and each post a row of its feed
    "zeeschuimer_4cat/zeeschuimer-export-tiktok.com-2026-07-01T010000.csv": (
        "4cat", {"account": "donor"}, {"rows": 68, "accounts": 13, "interactions": {}},
    ),
    "zeeschuimer_4cat/4cat_tiktok_posts.csv": ("4cat", {}, {}),
    "zeeschuimer_4cat/4cat_tiktok_comments_server_utc_plus_1.csv": ("4cat", {}, {}),
    "zeeschuimer_4cat/4cat_bluesky.csv": ("4cat", {}, {}),
    "zeeschuimer_4cat/4cat_telegram.csv": (
        "4cat", {}, {"interactions": {"reply": 1, "repost": 4}},
    ),
    "bluesky/failla_rossetti/": ("failla-rossetti", {}, {}),
    "x_v2/twarc_csv.csv": ("twarc-csv", {}, {}),
    "recommender/kuairec/small_matrix.csv": ("kuairec", {}, {"interactions": {"view": 96}}),
    # the features are rows too, with numbers as tags, and each follow is counted once more
    "recommender/kuairand/": (
        "kuairand",
        {},
        {"rows": 132, "follows": 6, "tags": 2, "first": "2024-05-03T00:00:00+00:00",
         "interactions": {"click": 96, "comment": 33, "hate": 4, "like": 32, "share": 31}},
    ),
    "recommender/recbole/invented.inter": ("recbole", {}, {"interactions": {"rating": 96}}),
    "recommender/recbole/invented.net": ("recbole", {}, {}),
    "recommender/movielens/ratings.csv": ("movielens", {}, {"interactions": {"rating": 96}}),
    "recommender/movielens/ratings.dat": ("movielens", {}, {"interactions": {"rating": 96}}),
    "recommender/movielens/u.data": ("movielens", {}, {"interactions": {"rating": 96}}),
    "recommender/coordination/coortweet.csv": ("coortweet", {}, {}),
    "recommender/coordination/coortweet_from_r.csv": ("coortweet", {}, {}),
    # a post is an item; reposts, replies and addresses are interactions here
    "recommender/coordination/coordination_network_toolkit.csv": (
        "coordination-network-toolkit",
        {},
        {"items": 122, "interactions": {"reply": 33, "repost": 31, "share": 32}},
    ),
}  # fmt: skip


def importer(name: str) -> Importer:
    return next(found for found in IMPORTERS if found.name == name)


def read(name: str, path: Path, **options: Any) -> Extract:
    samples = [look_at(source) for source in list_sources(path)[0]]
    return importer(name).read(samples, ImportOptions(**options))


def distinct(extract: Extract, refers: str) -> int:
    found: set[str] = set()
    for name, frame in extract.tables.items():
        for column in TABLES[name].columns:
            own = name == refers and column.name == TABLES[name].key[0]
            if column.name in frame.columns and (own or column.refers == refers):
                found |= set(frame.get_column(column.name).drop_nulls())
    return len(found)


def counts_of(extract: Extract) -> dict[str, Any]:
    tables = extract.tables
    acts = tables.get("interactions", pl.DataFrame({"kind": []}, schema={"kind": pl.String}))
    follows = tables.get("follows")
    items = tables.get("items")
    times = [
        frame.get_column(column)
        for name, column in (("interactions", "at"), ("impressions", "at"), ("follows", "since"))
        if (frame := tables.get(name)) is not None and column in frame.columns
    ]
    if items is not None and "created_at" in items.columns:
        times.append(items.get_column("created_at"))
    known = pl.concat([series.alias("at") for series in times]).drop_nulls() if times else []
    tags = (
        items.get_column("tags").explode().drop_nulls().n_unique()
        if items is not None and "tags" in items.columns
        else 0
    )
    return {
        "rows": sum(extract.read.values()),
        "accounts": distinct(extract, "accounts"),
        "items": distinct(extract, "items"),
        "follows": 0
        if follows is None
        else follows.select("follower_id", "followee_id").n_unique(),
        "interactions": dict(Counter(acts.get_column("kind").to_list())),
        "tags": tags,
        "first": known.min().replace(microsecond=0).isoformat() if len(known) else None,
        "last": known.max().replace(microsecond=0).isoformat() if len(known) else None,
    }


@pytest.mark.real_data
@pytest.mark.parametrize("name", CASES)
def test_counts(shared_data: Path, name: str) -> None:
    folder = shared_data / "samples"
    told = json.loads((folder / "expected.json").read_text())[name]
    importer_name, options, otherwise = CASES[name]
    extract = read(importer_name, folder / name.partition(" (")[0], **options)
    expected = {key: told[key] for key in counts_of(extract)} | otherwise
    assert counts_of(extract) == expected
    assert not extract.refused
    dataset, total = combine([extract], source=name, caller="test", parameters={})
    assert set(dataset.tables) == set(extract.tables)
    assert total.read == extract.read


@pytest.mark.real_data
def test_what_is_asked_for_and_refused(shared_data: Path) -> None:
    wrappers = shared_data / "samples" / "tiktok_wrappers"
    with pytest.raises(DataError, match="digits are lost"):
        read("tiktok-research-tables", wrappers / "video_ids_ruined_by_excel.csv")
    with pytest.raises(MissingDataError, match="direction='followers' or direction='following'"):
        read("tiktok-research-tables", wrappers / "traktok_followers.csv")
    with pytest.raises(MissingDataError, match=r"2 h ahead of UTC: tz='\+02:00'"):
        read("pyktok", wrappers / "pyktok_videos_utc_plus_2.csv")


@pytest.mark.real_data
def test_what_is_dropped_or_noted(shared_data: Path) -> None:
    folder = shared_data / "samples"
    dump = read(
        "researchtikpy-dump", folder / "tiktok_wrappers/researchtikpy_dump_users_follower.jsonl"
    )
    assert dump.dropped == {("follows", "a failed request"): 1}
    pyktok = read("pyktok", folder / "tiktok_wrappers/pyktok_videos_utc_plus_2.csv", tz="+02:00")
    _, total = combine([pyktok], source="sample", caller="test", parameters={})
    assert total.notes["items", "described in several places: merged"] == 2
    kuairand = read("kuairand", folder / "recommender/kuairand")
    impressions = kuairand.tables["impressions"]
    assert impressions.height == 96
    assert impressions.get_column("surface").str.starts_with("random").sum() == 10
    seen = read(
        "4cat", folder / "zeeschuimer_4cat/zeeschuimer-export-tiktok.com-2026-07-01T010000.csv"
    )
    reason = "whose feed it was is not in the file: pass account="
    assert seen.dropped == {("impressions", reason): 34}
    assert seen.kept == {"tiktok-posts": 34, "impressions": 0}


@pytest.mark.real_data
def test_no_file_of_another_format_is_taken(shared_data: Path) -> None:
    folder = shared_data / "samples"
    mine = {name.partition(" (")[0].rstrip("/") for name in CASES}
    mine |= {
        "tiktok_wrappers/video_ids_ruined_by_excel.csv",
        "recommender/kuairec",
        "recommender/movielens",
        "recommender/recbole",
    }
    taken = []
    for file in sorted(folder.rglob("*")):
        for source in list_sources(file)[0] if file.is_file() else []:
            sample = look_at(source)
            names = [found.name for found in IMPORTERS if found.recognise(sample)]
            path = file.relative_to(folder).as_posix()
            assert len(names) <= 1, (path, names)
            if names:
                taken.append(path)
                assert any(path == name or path.startswith(f"{name}/") for name in mine), path
    assert len(taken) == 35


@pytest.mark.real_data
@pytest.mark.parametrize("name", CASES)
def test_nothing_planted_comes_through(shared_data: Path, name: str) -> None:
    importer_name, options, _ = CASES[name]
    extract = read(importer_name, shared_data / "samples" / name.partition(" (")[0], **options)
    text = str(extract.notes) + str(extract.dropped)
    for frame in extract.tables.values():
        text += frame.drop("tags", strict=False).write_csv()
    assert "planted" not in text.lower()
    assert "Sample_" not in text  # display names

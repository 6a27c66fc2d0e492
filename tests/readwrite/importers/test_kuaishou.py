"""KuaiRec and KuaiRand, on invented rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphkit.errors import DataError
from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.kuaishou import IMPORTERS
from graphkit.readwrite.source import Source, look_at

KUAIREC, KUAIRAND = IMPORTERS
SIGNALS = "is_click,is_like,is_follow,is_comment,is_forward,is_hate"
LOG = f"user_id,video_id,date,hourmin,time_ms,{SIGNALS},play_time_ms,duration_ms,is_rand,tab"
FEATURES = "video_id,author_id,video_type,upload_dt,video_duration,music_id,tag"
AT = datetime(2024, 5, 9, 11, 25, 31, 7000, tzinfo=UTC)


def write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(importer: Any, *paths: Path, **options: Any) -> Extract:
    samples = [look_at(Source(path)) for path in paths]
    assert all(importer.recognise(sample) for sample in samples)
    extract: Extract = importer.read(samples, ImportOptions(**options))
    return extract


def test_views_are_views_and_exposure(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "big_matrix.csv",
        "user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio",
        "0,148,4020,13700,2020-07-05 05:27:48.378,20200705,1593898068.378,1.5",
        "0,149,4020,1000,,,,0.25",
    )
    extract = read(KUAIREC, path)
    at = datetime(2020, 7, 4, 21, 27, 48, 378_000, tzinfo=UTC)
    assert extract.tables["interactions"].rows() == [
        ("0", "148", "view", at, 1.5),
        ("0", "149", "view", None, 0.25),
    ]
    assert extract.tables["impressions"].rows() == [
        ("0", "148", at, "watch history", 1.5),
        ("0", "149", None, "watch history", 0.25),
    ]
    assert extract.tables["items"].rows() == [("148", 13.7), ("149", 1.0)]


def test_videos_and_friends_of_kuairec(tmp_path: Path) -> None:
    friends = write(
        tmp_path, "social_network.csv", "user_id,friend_list", '3,"[4, 5]"', "4,[3]", "5,[]"
    )
    categories = write(tmp_path, "item_categories.csv", "video_id,feat", "1,[8]", '2,"[27, 9]"')
    captions = write(
        tmp_path,
        "kuairec_caption_category.csv",
        "video_id,manual_cover_text,caption,topic_tag",
        '1,UNKNOWN,words,"[one,two]"',
        "2,UNKNOWN,UNKNOWN,",
    )
    daily = write(
        tmp_path,
        "item_daily_features.csv",
        "video_id,date,author_id,upload_dt,video_duration,music_id,show_cnt,play_cnt,like_cnt",
        "1,20200705,77,2020-03-30,5966.0,0,9,9,9",
        "1,20200706,77,2020-03-30,5966.0,3,9,9,9",
    )
    extract = read(KUAIREC, categories, daily, friends, captions)
    assert extract.tables["follows"].rows() == [("3", "4"), ("3", "5"), ("4", "3")]
    assert extract.notes["friends", "friends: read as follows, from the user to each friend"] == 3
    dataset, _ = combine([extract], source="x", caller="test", parameters={})
    assert dataset.items is not None
    columns = ["item_id", "author_id", "duration", "tags", "sound_id", "caption"]
    assert dataset.items.select(columns).rows() == [
        # hashtags of the captions rather than numbers of categories
        ("1", "author:77", 5.966, ["one", "two"], "3", "words"),
        ("2", None, None, ["27", "9"], None, None),
    ]


def test_kuairand(tmp_path: Path) -> None:
    log = write(
        tmp_path,
        "log_standard_4_08_to_4_21.csv",
        LOG,
        "2,128,20240509,1925,1715253931007,1,0,1,1,0,1,3000,6000,0,4",
        "2,129,20240509,1925,1715253932007,0,1,1,0,1,0,3000,0,1,0",
    )
    features = write(
        tmp_path,
        "video_features_basic.csv",
        FEATURES,
        '128,9000,NORMAL,2024-05-01,6000.0,55,"12,65"',
        "129,9000,NORMAL,2024-05-01,,0,UNKNOWN",
    )
    extract = read(KUAIRAND, log, features)
    assert extract.tables["impressions"].rows() == [
        ("2", "128", AT, "tab 4", 0.5),
        ("2", "129", AT.replace(second=32), "random, tab 0", None),
    ]
    kinds = extract.tables["interactions"].select("item_id", "kind").rows()
    assert sorted(kinds) == [
        ("128", "click"),
        ("128", "comment"),
        ("128", "hate"),
        ("129", "like"),
        ("129", "share"),
    ]
    # the second follow of one author is the same edge
    assert extract.tables["follows"].rows() == [("2", "author:9000", AT)]
    assert extract.kept == {"impressions": 2, "features": 2, "follows": 2}
    assert extract.notes["follows", "followed again: kept once, at the first time"] == 1
    dataset, _ = combine([extract], source="x", caller="test", parameters={})
    assert list(dataset.account_ids.ids) == ["2", "author:9000"]


@pytest.mark.parametrize("known", [True, False])
def test_follows_of_unknown_authors_are_dropped(known: bool, tmp_path: Path) -> None:
    log = write(tmp_path, "log.csv", LOG, "2,128,1,1,1715253931007,0,0,1,0,0,0,1,1,0,4")
    files = [log]
    if known:
        files.append(write(tmp_path, "features.csv", FEATURES, "129,9000,NORMAL,2024-05-01,1,1,1"))
    extract = read(KUAIRAND, *files)
    assert "follows" not in extract.tables
    assert extract.kept["follows"] == 0
    reason = "the author of the video is not known: read video_features_basic with the log"
    assert extract.dropped == {("follows", reason): 1}


def test_ids_that_are_floats_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "log.csv", LOG, "2.0,128,1,1,1715253931007,0,0,1,0,0,0,1,1,0,4")
    with pytest.raises(DataError, match="was written as a float"):
        read(KUAIRAND, path)

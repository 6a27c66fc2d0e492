from __future__ import annotations

import json
from pathlib import Path

import pytest

import graphkit as gk
from graphkit.errors import GraphkitWarning, OptionError
from graphkit.readwrite import formats, read_any, read_hetrec_lastfm, read_tiktok_api
from graphkit.study.config import DataConfig

VIDEO = {
    "id": 7000000000000000001,
    "username": "Ann",
    "create_time": 1629814510,
    "region_code": "DE",
}
HETREC = {
    "artists": "id\tname\n1\tA\n",
    "tags": "tagID\ttagValue\n1\tjazz\n",
    "user_artists": "userID\tartistID\tweight\n2\t1\t3\n",
    "user_friends": "userID\tfriendID\n2\t3\n3\t2\n",
    "user_taggedartists": "userID\tartistID\ttagID\tday\tmonth\tyear\n2\t1\t1\t1\t4\t2009\n",
}


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """A data set of every format, by its name."""
    made = {name: tmp_path / name for name in ("folder", "hetrec-lastfm", "tiktok")}
    follows = {"follower_id": ["a", "b"], "followee_id": ["b", "a"]}
    gk.write_dataset(gk.Dataset(follows=follows), made["folder"])
    made["hetrec-lastfm"].mkdir()
    for name, text in HETREC.items():
        (made["hetrec-lastfm"] / f"{name}.dat").write_text(text)
    (made["tiktok"] / "pages").mkdir(parents=True)
    (made["tiktok"] / "pages" / "1.json").write_text(json.dumps([VIDEO]))
    return made


READERS = {
    "folder": gk.read_dataset,
    "hetrec-lastfm": read_hetrec_lastfm,
    "tiktok": read_tiktok_api,
}


@pytest.mark.parametrize("name", READERS)
def test_each_format_is_read_as_by_its_own_reader(places: dict[str, Path], name: str) -> None:
    found, report = read_any(places[name])
    expected, _ = READERS[name](places[name])
    assert found.content_key == expected.content_key
    assert report.rows.height
    assert report.files.get_column("format").to_list() == [name]
    assert report.files.get_column("status").to_list() == ["read"]
    assert report.recognised
    assert read_any(places[name], format=name)[0].content_key == expected.content_key


def test_a_study_knows_every_format() -> None:
    for name in ("any", *formats().get_column("name")):
        assert DataConfig(source=name).source == name


def test_single_files_are_recognised(places: dict[str, Path]) -> None:
    page = places["tiktok"] / "pages" / "1.json"
    assert read_any(page)[0].items.height == 1


def test_stitches_go_to_the_reader_that_takes_them(places: dict[str, Path]) -> None:
    lists = places["tiktok"] / "a_edges.txt"
    one, two = (f"https://www.tiktok.com/@{u}/video/700000000000000000{i}" for u, i in ("a1", "b2"))
    lists.write_text(f"{one},{two}\n")
    with pytest.warns(GraphkitWarning, match="stitch lists with stitches=.*--stitches"):
        read_any(places["tiktok"])
    found, report = read_any(places["tiktok"], stitches=[lists])
    assert found.interactions.get_column("kind").to_list() == ["stitch"]
    assert report.files.select("format", "status", "evidence").rows() == [
        ("tiktok", "read", "stitches= says so")
    ]
    assert "TikTok Research API, as stitches= says so" in report.recognised
    with pytest.raises(OptionError, match="stitches= does not go with format='folder'"):
        read_any(places["folder"], stitches=[lists])
    with pytest.raises(OptionError, match="direction= does not go with stitches="):
        read_any(places["tiktok"], stitches=[lists], direction="followers")


def test_stitches_leave_the_account_of_likes(tmp_path: Path) -> None:
    liked = {"data": {"user_liked_videos": [{"id": 7281986300348026145, "username": "bob"}]}}
    (tmp_path / "liked.json").write_text(json.dumps(liked))
    lists = tmp_path / "a_edges.txt"
    lists.write_text("https://www.tiktok.com/@a/video/7000000000000000001,None\n")
    found, _ = read_any(tmp_path, stitches=[lists], account="ann")
    assert found.interactions.select("account_id", "kind").rows() == [("ann", "like")]

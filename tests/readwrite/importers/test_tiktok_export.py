from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphkit.errors import FileError
from graphkit.readwrite.extract import Extract, ImportOptions, combine
from graphkit.readwrite.importers.tiktok_export import IMPORTERS
from graphkit.readwrite.source import Source, list_sources, look_at

SECOND = 1_717_180_199
MADE = datetime(2024, 5, 31, 18, 29, 59, tzinfo=UTC)
SECRETS = {
    "Direct Message": {
        "Direct Messages": {"ChatHistory": {"with PLANTED": [{"Content": "PLANTED"}]}}
    },
    "Ads and data": {"Off TikTok Activity": {"OffTikTokActivityDataList": [{"Source": "PLANTED"}]}},
    "App Settings": {"Block List": {"BlockList": [{"UserName": "PLANTED"}]}},
}


def item(low: int = 1) -> str:
    return str((SECOND << 32) + low)


def link(low: int = 1) -> str:
    return f"https://www.tiktokv.com/share/video/{item(low)}/"


def at(day: int, second: int = 0) -> str:
    return f"2024-06-{day:02} 00:00:{second:02}"


def time(day: int, second: int = 0) -> datetime:
    return datetime(2024, 6, day, second=second, tzinfo=UTC)


def row(low: int, day: int, second: int = 0) -> dict[str, Any]:
    return {"Date": at(day, second), "Link": link(low)}


VIEWS = [row(1, 3), row(2, 2), row(1, 1)]
LIKES = [row(1, 3)]
SAVES = [row(2, 3)]
SHARES = [row(1, 4, 5), row(1, 4, 5) | {"Method": "PLANTED"}, row(1, 4, 6)]
SAID = [{"date": at(2), "comment": "PLANTED", "photo": "PLANTED", "url": ""}]
FOLLOWS = [{"Date": at(1), "UserName": "Bob"}, {"Date": at(2), "UserName": "cem"}]
FANS = [{"Date": at(3), "UserName": "bob"}]
OWN = [{"Date": at(1), "Link": "https://example.org/v.mp4", "Title": "PLANTED"}]
LIVE = {"7400000000000000001": {"WatchTime": at(5), "Comments": [{"CommentContent": "PLANTED"}]}}


def profile(name: Any) -> dict[str, Any]:
    return {"ProfileMap": {"userName": name, "emailAddress": "PLANTED", "birthDate": "PLANTED"}}


def of_2023(name: Any = "Ann") -> dict[str, Any]:
    return {
        "Activity": {
            "Video Browsing History": {"VideoList": VIEWS},
            "Like List": {"ItemFavoriteList": LIKES},
            "Favorite Videos": {"FavoriteVideoList": SAVES},
            "Share History": {"ShareHistoryList": SHARES},
            "Following List": {"Following": FOLLOWS},
            "Follower List": {"FansList": FANS},
            "Login History": {"LoginHistoryList": [{"IP": "PLANTED"}]},
        },
        "Comment": {"Comments": {"CommentsList": SAID}},
        "Video": {"Videos": {"VideoList": OWN}},
        "Profile": {"Profile Information": profile(name)},
        "Tiktok Live": {"Watch Live History": {"WatchLiveMap": LIVE}},
    } | SECRETS


def of_2026_01(name: Any = "Ann") -> dict[str, Any]:
    lower = [{"date": r["Date"], "link": r["Link"]} for r in LIKES]
    return {
        "Your Activity": {
            "Watch History": {"VideoList": VIEWS},
            "Like List": {"App": 0, "ItemFavoriteList": lower},
            "Favorite Videos": {"App": 0, "FavoriteVideoList": SAVES},
            "Share History": {"ShareHistoryList": SHARES},
            "Following": {"App": 0, "IsFastLane": False, "Following": FOLLOWS},
            "Follower": {"App": 0, "IsFastLane": False, "FansList": FANS},
            "Status": {"Status List": [{"IDFA": "PLANTED", "DID": "PLANTED"}]},
        },
        "Comment": {"Comments": {"App": 0, "CommentsList": SAID}},
        "Post": {"Posts": {"VideoList": OWN}, "Recently Deleted Posts": {"PostList": []}},
        "Profile And Settings": {"Profile Info": {"App": 0} | profile(name)},
        "Tiktok Live": {"Watch Live History": {"WatchLiveMap": LIVE}},
    } | SECRETS


def of_2026_05(name: Any = "Ann") -> dict[str, Any]:
    older = of_2026_01(name)
    activity = older["Your Activity"]
    moved = {key: activity.pop(key) for key in ("Like List", "Favorite Videos")}
    follows = {key: activity.pop(key) for key in ("Following", "Follower")}
    older["Likes and Favorites"] = {"Collection": {}} | moved
    older["Profile And Settings"] |= follows
    return older


def put(folder: Path, document: Any, name: str = "user_data_tiktok.json") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def read(path: Path, **options: Any) -> Extract:
    """Extract of a file, archive or folder; nothing planted is in it, and counts add up."""
    samples = [look_at(source) for source in list_sources(path)[0]]
    assert all(IMPORTERS[0].recognise(sample) for sample in samples)
    extract = IMPORTERS[0].read(samples, ImportOptions(**options))
    told = [f.to_dicts() for f in extract.tables.values()]
    assert "PLANTED" not in f"{told}{extract.notes}{extract.dropped}{extract.refused}"
    assert all(rows >= 0 for rows in extract.kept.values())
    return extract


@pytest.mark.parametrize("layout", [of_2023, of_2026_01, of_2026_05])
def test_the_three_layouts(tmp_path: Path, layout: Any) -> None:
    extract = read(put(tmp_path, layout()))
    views = [(item(1), time(3)), (item(2), time(2)), (item(1), time(1))]
    shown = extract.tables["impressions"]
    assert shown.rows() == [("ann", *view, "watch history") for view in views]
    acts = extract.tables["interactions"]
    assert acts.select("account_id", "item_id", "at", "kind").rows() == [
        *(("ann", *view, "view") for view in views),
        ("ann", item(1), time(3), "like"),
        ("ann", item(2), time(3), "save"),
        ("ann", item(1), time(4, 5), "share"),
        ("ann", item(1), time(4, 6), "share"),
        ("ann", None, time(2), "comment"),
        ("ann", None, time(5), "live view"),
    ]
    assert extract.tables["follows"].rows() == [
        ("ann", "bob", time(1)),
        ("ann", "cem", time(2)),
        ("bob", "ann", time(3)),
    ]
    assert extract.tables["items"].rows() == [(item(1), MADE), (item(2), MADE)]
    assert extract.tables["accounts"].rows() == [("ann", True)]
    assert extract.read == {
        "views": 3,
        "likes": 1,
        "favourites": 1,
        "shares": 3,
        "comments": 1,
        "following": 2,
        "followers": 1,
        "own posts": 1,
        "live streams": 1,
    }
    assert extract.dropped == {
        ("own posts", "own post without a video id"): 1,
        ("shares", "the same second and link: one act with several receivers"): 1,
    }
    assert extract.notes["views", "views from 2024-06-01 to 2024-06-03"] == 3
    assert extract.notes["likes", "likes from 2024-06-03 to 2024-06-03"] == 1


def test_the_sections_make_a_dataset(tmp_path: Path) -> None:
    document = of_2023()
    del document["Tiktok Live"]
    extract = read(put(tmp_path, document))
    dataset, total = combine([extract], source="x", caller="test", parameters={})
    assert dataset.accounts is not None
    assert set(dataset.accounts.get_column("account_id")) == {"ann", "bob", "cem"}
    assert dataset.impressions is not None
    assert dataset.impressions.height == 3
    assert total.kept["views"] == 3


@pytest.mark.parametrize(
    "document",
    [
        {"Activity": {"Like List": {"ItemFavoriteList": LIKES}}},
        {"Like List": {"ItemFavoriteList": LIKES}},
        {"Like List": LIKES},
        {"Likes and Favourites": {"Like List": LIKES}},
        {"Your Activity": {"Like List": {"ItemFavoriteList": {"7": LIKES[0]}}}, "Comment": None},
        {"Your Activity": {"Like List": {"0": LIKES[0]}, "Watch History": {"VideoList": None}}},
        {"Like List": {"ItemFavoriteList": [{"date": at(3), "VideoLink": link(1)}]}},
        {
            "Like List": [{"Date": "2024-06-03T00:00:00Z", "Video landing page link": link(1)}],
            "Watch History": "None",
        },
    ],
)
def test_a_section_may_be_alone_and_anywhere(tmp_path: Path, document: Any) -> None:
    extract = read(put(tmp_path, document), account="Ann")
    assert extract.tables["interactions"].rows() == [("ann", item(1), "like", time(3))]
    assert extract.read == {"likes": 1}


def test_whose_follows_are_whole(tmp_path: Path) -> None:
    both, one, empty, none = of_2023("a"), of_2023("b"), of_2026_01("c"), of_2023("d")
    del one["Activity"]["Follower List"]
    empty["Your Activity"]["Follower"]["FansList"] = None
    del none["Activity"]["Follower List"], none["Activity"]["Following List"]
    for n, document in enumerate((both, one, empty, none)):
        put(tmp_path, document, f"{n}/user_data.json")
    extract = read(tmp_path)
    accounts = dict(extract.tables["accounts"].rows())
    assert accounts == {"a": True, "b": False, "c": True, "d": None}
    assert extract.notes["donors", "files of 4 donors"] == 4


def test_two_exports_of_one_donor_are_merged(tmp_path: Path) -> None:
    first, second = of_2023(), of_2026_01()
    # seen twice in one second, which both files say
    twice = [row(1, 3), row(1, 3), row(2, 2)]
    first["Activity"]["Video Browsing History"]["VideoList"] = twice
    second["Your Activity"]["Watch History"]["VideoList"] = [row(3, 9), *twice]
    for name, document in (("a", first), ("b", second), ("c", of_2023("Eve"))):
        put(tmp_path, document, f"{name}.json")
    extract = read(tmp_path)
    shown = extract.tables["impressions"].select("account_id", "item_id", "at").rows()
    assert shown[:4] == [
        ("ann", item(1), time(3)),
        ("ann", item(1), time(3)),
        ("ann", item(2), time(2)),
        ("ann", item(3), time(9)),
    ]
    assert [who for who, *_ in shown[4:]] == ["eve"] * 3
    again = "also in another export of the same donor"
    assert extract.dropped["views", again] == 3
    assert extract.dropped["following", again] == 2
    assert extract.notes["views", "views of one donor span 2 to 7 days"] == 2


def test_a_donor_without_a_user_name(tmp_path: Path) -> None:
    nameless = of_2023(None)
    archive = tmp_path / "TikTok_Data_7.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("user_data_tiktok.json", json.dumps(nameless))
    put(tmp_path, nameless, "one/user_data.json")
    put(tmp_path, of_2023("None"), "two/p2.json")
    put(tmp_path, nameless, "three/one/user_data.json")
    extract = read(tmp_path)
    assert extract.tables["accounts"].get_column("account_id").to_list() == [
        "donor:TikTok_Data_7",
        "donor:one",
        "donor:one (2)",
        "donor:p2",
    ]
    assert extract.notes["donors", "no user name in the export: named after its file"] == 4
    named = read(archive, account={"user_data_tiktok.json": "@Ann"})
    assert named.tables["accounts"].get_column("account_id").to_list() == ["ann"]


def test_author_in_the_link(tmp_path: Path) -> None:
    rows = [{"Date": at(1), "Link": f"https://www.tiktok.com/@Bob.x/video/{item(1)}"}, row(2, 1)]
    own = [{"Date": at(1), "Link": link(3)}]
    document = {"Watch History": {"VideoList": rows}, "Posts": {"VideoList": own}}
    extract = read(put(tmp_path, document), account="ann")
    items = extract.tables["items"].select("item_id", "author_id", "created_at")
    assert sorted(items.rows()) == [
        (item(1), "bob.x", MADE),
        (item(2), None, MADE),
        (item(3), "ann", time(1)),
    ]


def test_rows_that_say_too_little_are_counted(tmp_path: Path) -> None:
    views = [row(1, 1), {"Date": at(1), "Link": ""}, {"Link": link(2)}, None, 7, {"Date": ["x"]}]
    follows = [{"Date": "None", "UserName": "bob"}, {"Date": at(1), "UserName": ""}]
    document = {
        "Watch History": {"VideoList": views},
        "Following": {"Following": follows},
        "Share History": {"Other": [1]},
    }
    extract = read(put(tmp_path, document), account="ann")
    assert extract.tables["impressions"].select("item_id", "at").rows() == [
        (item(1), time(1)),
        (item(2), None),
    ]
    assert extract.tables["follows"].rows() == [("ann", "bob", None)]
    assert extract.dropped == {
        ("views", "no video id in its link"): 1,
        ("views", "null in place of a row"): 1,
        ("views", "of another shape"): 2,
        ("following", "no user name"): 1,
    }
    assert extract.read == {"views": 6, "following": 2}
    assert extract.notes["views", "no date: time missing"] == 1
    note = "section 'Share History' holds no list that is known: not read"
    assert extract.notes["shares", note] == 1


def test_broken_json_names_the_line(tmp_path: Path) -> None:
    text = json.dumps(of_2023(), indent=1)
    lines = text.split("\n")
    lines.insert(12, "PLANTED")
    path = put(tmp_path, "\n".join(lines), "p1/user_data.json")
    with pytest.raises(FileError, match=r"user_data\.json is broken JSON, line 13\.") as caught:
        read(path)
    assert "PLANTED" not in str(caught.value)
    put(tmp_path, of_2023(), "p2/user_data.json")
    extract = read(tmp_path)
    assert [source.path for source in extract.refused] == [path]
    assert extract.read["views"] == 3


def test_half_a_character_is_no_reason_to_refuse(tmp_path: Path) -> None:
    text = json.dumps(of_2023()).replace('"Title": "PLANTED"', '"Title": "\\ud83d", "Likes": NaN')
    assert read(put(tmp_path, text)).read["views"] == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("user_data.txt", "Profile\nUserName: PLANTED"),
        ("Like List.txt", f"Date: 2021-05-01 10:00:00\nLink: {link(1)}\n"),
        ("Browsing History.txt", f"Date: 2021-05-01 10:00:00\nVideo Link: {link(1)}\n"),
    ],
)
def test_exports_as_text_are_refused(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(FileError, match=r"as text: ask TikTok .* in the format JSON") as caught:
        read(put(tmp_path, text, name))
    assert "PLANTED" not in str(caught.value)


@pytest.mark.parametrize(
    "document",
    [
        {"your_activity": {"likes": []}},
        {"data": {"videos": []}},
        {"Following": ["a", "b"]},
        {"Profile": {"name": "x"}},
        [{"title": "Watch", "time": "x"}],
    ],
)
def test_other_files_are_not_taken(tmp_path: Path, document: Any) -> None:
    [source], _ = list_sources(put(tmp_path, document))
    assert IMPORTERS[0].recognise(look_at(source)) is None


@pytest.mark.real_data
def test_samples(shared_data: Path) -> None:
    folder = shared_data / "samples"
    if not folder.is_dir():
        pytest.skip("the samples are not among the public data sets")
    expected = json.loads((folder / "expected.json").read_text())
    names = {"view": "view (impression)", "comment": "comment (no item)"}
    for name in (
        "tiktok_2023/user_data.json",
        "tiktok_2026-01/user_data_tiktok.json",
        "tiktok_2026-05/user_data_tiktok.json",
        "TikTok_Data_1714521600.zip",
    ):
        want = expected[f"personal_exports/{name}"]
        extract = read(folder / "personal_exports" / name)
        acts, follows = extract.tables["interactions"], extract.tables["follows"]
        found = dict(acts.get_column("kind").value_counts().rows())
        lives = found.pop("live view", 0)
        counted = {names.get(kind, kind): n for kind, n in found.items()}
        counted["own post"] = extract.read["own posts"]
        assert counted == want["interactions"]
        assert sum(extract.read.values()) - lives == want["rows"]
        assert extract.tables["impressions"].height == want["interactions"]["view (impression)"]
        assert follows.height == want["follows"]
        people = set(follows.get_column("follower_id")) | set(follows.get_column("followee_id"))
        assert len(people | set(acts.get_column("account_id"))) == want["accounts"]
        assert acts.get_column("item_id").drop_nulls().n_unique() == want["items"]
        times = [*acts.get_column("at"), *follows.get_column("since")]
        assert max(times) == datetime.fromisoformat(want["last"])
        assert min(times) == datetime.fromisoformat(want["first"])
        text = str([frame.to_dicts() for frame in extract.tables.values()])
        assert "planted" not in text.lower()
        assert "192.0.2.7" not in text


def test_an_export_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    text = json.dumps(of_2026_01())[:-1] + ', "Other": ' + "[" * 200_000 + "]" * 200_000 + "}"
    path = tmp_path / "user_data_tiktok.json"
    path.write_text(text, encoding="utf-8")
    sample = look_at(list_sources(path)[0][0])
    with pytest.raises(FileError, match="is JSON that is nested too deeply"):
        IMPORTERS[0].read([sample], ImportOptions())


@pytest.mark.parametrize("size", [1, 40, 200, 1 << 20])
def test_long_lists_are_cut_between_their_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("graphkit.readwrite.importers.tiktok_export._BYTES", size)
    rows = [row(n + 1, 1, n) for n in range(40)]
    rows[7]["Method"] = '"}, {"'
    rows[9]["Sent"] = [{"To": 1}, {"To": 2}]
    path = tmp_path / "user_data_tiktok.json"
    path.write_text(json.dumps({"Your Activity": {"Watch History": {"VideoList": [*rows, None]}}}))
    found = IMPORTERS[0].read([look_at(Source(path))], ImportOptions(account="ann"))
    assert found.tables["impressions"].get_column("item_id").to_list() == [
        item(n + 1) for n in range(40)
    ]
    assert found.tables["impressions"].get_column("at").to_list() == [time(1, n) for n in range(40)]
    assert found.read["views"] == 41
    assert found.dropped["views", "null in place of a row"] == 1

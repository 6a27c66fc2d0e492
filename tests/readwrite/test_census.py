"""Any log in: recognition, census of folders, and what is asked for."""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest

import graphkit as gk
from graphkit.errors import DataError, FileError, MissingDataError, OptionError
from graphkit.readwrite import formats, read_any, write_report

VIDEO = {
    "id": 7374807619341093709,
    "username": "Ann",
    "create_time": 1717081224,
    "region_code": "DE",
    "video_description": "PLANTED caption",
    "hashtag_names": ["booktok"],
}


def answer(**data: Any) -> str:
    error = {"code": "ok", "message": "", "log_id": "1"}
    return json.dumps({"data": data, "error": error})


def seen(item: int, at: int) -> str:
    """A line of Zeeschuimer."""
    author = {"id": "6442450945390851128", "uniqueId": "ann", "nickname": "PLANTED name"}
    data = {"id": str(item), "desc": "PLANTED", "createTime": 1717081224, "author": author}
    line = {
        "nav_index": "1:2:1",
        "item_id": str(item),
        "timestamp_collected": at,
        "last_updated": at,
        "source_platform": "tiktok.com",
        "source_platform_url": "https://www.tiktok.com/foryou",
        "user_agent": "PLANTED agent",
        "data": data,
    }
    return json.dumps(line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as people have them: answers, a feed, a web page, notes, a twin, a system file."""
    root = tmp_path / "collected"
    (root / "pages").mkdir(parents=True)
    (root / "pages" / "1.json").write_text(answer(videos=[VIDEO], cursor=1, has_more=False))
    (root / "pages" / "1 copy.json").write_text(answer(videos=[VIDEO], cursor=1, has_more=False))
    (root / "pages" / "2.json").write_text("<html><body>PLANTED 502</body></html>")
    (root / "liked.json").write_text(answer(user_liked_videos=[VIDEO], cursor=1, has_more=False))
    (root / "feed.ndjson").write_text(seen(7374807619341093709, 1717117200000) + "\n")
    (root / "notes.md").write_text("PLANTED notes")
    (root / "mine.csv").write_text("PLANTED header,b,c,d\n1,2,3,4\n")
    (root / ".DS_Store").write_bytes(b"\0\0PLANTED")
    return root


@pytest.mark.filterwarnings("ignore::graphkit.errors.GraphkitWarning")
def test_every_file_of_a_folder_is_accounted_for(folder: Path) -> None:
    dataset, report = read_any(folder, account={"liked.json": "Bob", "feed.ndjson": "me"})
    status = dict(zip(report.files["file"], report.files["status"], strict=True))
    names = {Path(file).name: what for file, what in status.items()}
    assert names == {
        ".DS_Store": "not understood",
        "1 copy.json": "read",
        "1.json": "not read",
        "2.json": "not understood",
        "feed.ndjson": "read",
        "liked.json": "read",
        "mine.csv": "not understood",
        "notes.md": "not understood",
    }
    assert report.files.height == sum(p.is_file() for p in folder.rglob("*"))
    reasons = {Path(f).name: r for f, r in report.files.select("file", "reason").rows()}
    assert reasons["1.json"] == "the same bytes as another file here"
    assert reasons["2.json"] == "a web page"
    assert reasons["notes.md"] == "no data file by its name"
    # one video, seen once, liked once
    assert dataset.items is not None
    assert dataset.impressions is not None
    assert dataset.interactions is not None
    assert dataset.items.get_column("item_id").to_list() == ["7374807619341093709"]
    assert dataset.impressions.select("account_id", "surface").rows() == [("me", "foryou")]
    assert dataset.interactions.select("account_id", "kind").rows() == [("bob", "like")]
    assert "answers of the TikTok Research API, as its keys are" in report.recognised
    text = str(report.files.rows()) + repr(report) + report.recognised
    assert "PLANTED" not in text


def test_what_was_not_read_is_told(folder: Path) -> None:
    with pytest.warns(gk.GraphkitWarning) as told:
        read_any(folder)
    texts = [str(w.message) for w in told]
    assert any("5 of 8 files" in text and "report.files" in text for text in texts)
    assert any("does not say whose they are: pass account=" in text for text in texts)
    assert all(len(text) <= 600 and "PLANTED" not in text for text in texts)


@pytest.mark.filterwarnings("ignore::graphkit.errors.GraphkitWarning")
def test_an_archive_is_a_folder(folder: Path, tmp_path: Path) -> None:
    accounts = {"liked.json": "Bob", "feed.ndjson": "me"}
    expected, report = read_any(folder, account=accounts)
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    found, packed = read_any(archive, account=accounts)
    assert found.content_key == expected.content_key
    assert packed.rows.equals(report.rows)
    assert packed.files.height == report.files.height


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", "PLANTED,PLANTED,c,d\n1,2,3,4\n", "its 4 columns do not say of what"),
        ("x.json", '{"PLANTED": {"PLANTED": 1}}', "JSON with keys of no known tool"),
        ("x.json", "<html>PLANTED</html>", "a web page"),
        ("x.json", "", "an empty file"),
        ("x.gexf", "<gexf>PLANTED</gexf>", "graphkit.readwrite.read_graph(path)"),
        ("x.csv", "Source,Target\nPLANTED,b\n", "graphkit.readwrite.read_graph(path)"),
        ("x.rds", "RDX3PLANTED", "arrow::write_parquet"),
        ("x.xlsx", "PK\x03\x04PLANTED", "export its sheet as CSV"),
        ("x.db", "SQLite format 3\0PLANTED", "export its tables"),
        ("x.pkl", "\x80\x04PLANTED", "may run code"),
        ("x.pdf", "%PDF-PLANTED", "a PDF"),
    ],
)
def test_an_unknown_file_is_named_without_its_content(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="latin-1")
    with pytest.raises(FileError) as told:
        read_any(path)
    message = str(told.value)
    assert said in message
    assert "PLANTED" not in message
    assert len(message) - len(str(path)) <= 600


def test_a_folder_of_nothing_known_counts_its_files(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text(f"a,b,c,d\n1,2,3,{number}\n")
    with pytest.raises(FileError, match=r"none of 3 files is of a format that is known: .* \(3\)"):
        read_any(tmp_path)
    with pytest.raises(FileError, match="does not exist"):
        read_any(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileError, match="holds no file"):
        read_any(tmp_path / "empty")


def test_likes_of_nobody_are_asked_for(folder: Path) -> None:
    with pytest.raises(MissingDataError, match=r"1 likes.*pass account='name'") as told:
        read_any(folder / "liked.json")
    assert "PLANTED" not in str(told.value)
    dataset, _ = read_any(folder / "liked.json", account="@Bob")
    assert dataset.interactions is not None
    assert dataset.interactions.get_column("account_id").to_list() == ["bob"]


def test_a_feed_of_nobody_is_read_for_its_posts(folder: Path) -> None:
    with pytest.warns(gk.GraphkitWarning, match="1 impressions.*pass account="):
        dataset, report = read_any(folder / "feed.ndjson")
    assert list(dataset.tables) == ["items"]
    assert report.dropped.get_column("rows").to_list() == [1]


def test_the_direction_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "follows.csv"
    path.write_text("display_name,username,following_user\nPLANTED,ann,bob\n")
    with pytest.raises(MissingDataError, match="direction='followers' or direction='following'"):
        read_any(path)
    for direction, expected in (("followers", ("ann", "bob")), ("following", ("bob", "ann"))):
        dataset, _ = read_any(path, direction=direction)  # type: ignore[arg-type]
        assert dataset.follows is not None
        assert dataset.follows.select("follower_id", "followee_id").rows() == [expected]
    with pytest.raises(OptionError, match="direction"):
        read_any(path, direction="both")  # type: ignore[arg-type]


def test_an_answer_with_an_error_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    error = {"code": "daily_quota_limit_exceeded", "message": "PLANTED", "log_id": "1"}
    path.write_text(json.dumps({"data": {}, "error": error}))
    with pytest.raises(MissingDataError, match="daily_quota_limit_exceeded") as told:
        read_any(path)
    assert "PLANTED" not in str(told.value)


def test_files_of_several_platforms_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(answer(videos=[VIDEO], cursor=1, has_more=False))
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,2,3.0,1715253931\n")
    with pytest.warns(gk.GraphkitWarning, match="files of 'TikTok', 'movielens'"):
        read_any(tmp_path)


def test_a_format_can_be_named(folder: Path) -> None:
    names = formats().get_column("name").to_list()
    assert len(set(names)) == len(names)
    dataset, report = read_any(folder / "feed.ndjson", format="zeeschuimer", account="me")
    assert dataset.impressions is not None
    assert report.files.get_column("evidence").to_list() == ["format= names it"]
    with pytest.raises(OptionError, match="format="):
        read_any(folder, format="nonsense")


def test_the_report_on_disk_names_no_file(folder: Path, tmp_path: Path) -> None:
    with pytest.warns(gk.GraphkitWarning):
        _, report = read_any(folder)
    text = write_report(report, tmp_path / "import.toml").read_text()
    assert "liked.json" not in text
    assert "PLANTED" not in text
    assert "[[files]]" in text or "files = [" in text


@pytest.mark.parametrize("form", ["folder", "archive"])
def test_reasons_of_importers_name_no_file_either(tmp_path: Path, form: str) -> None:
    place = tmp_path / "Planted" / "Takeout" / "YouTube"
    (place / "history").mkdir(parents=True)
    row = {"header": "YouTube", "title": "x", "time": "2024-05-01T12:00:00Z", "products": []}
    row["titleUrl"] = "https://www.youtube.com/watch?v=A0000000001"
    (place / "history" / "watch-history.json").write_text(json.dumps([row]))
    (place / "history" / "Planted-history.json").write_text(json.dumps([row])[:-3])
    path = tmp_path / "Planted"
    if form == "archive":
        path = Path(shutil.make_archive(str(path), "zip", path))
    with pytest.warns(gk.GraphkitWarning, match="1 of 2 files"):
        _, report = read_any(path)
    reasons = report.files.get_column("reason").to_list()
    assert sorted(reasons) == ["", "broken JSON, line 1. Get the file again."]
    assert "Planted" not in write_report(report, tmp_path / "import.toml").read_text()


def test_ids_that_make_no_dataset_are_refused_with_the_path(tmp_path: Path) -> None:
    tweets = [
        {"id": str(n), "text": "x", "author_id": who, "edit_history_tweet_ids": []}
        for n, who in enumerate(("11", "12", "7.3E+18"))
    ]
    (tmp_path / "tweets.jsonl").write_text("\n".join(map(json.dumps, tweets)))
    with pytest.raises(DataError, match=r"tweets\.jsonl: table 'items': column 'author_id'"):
        read_any(tmp_path / "tweets.jsonl")


def test_members_of_damaged_archives_are_counted(folder: Path) -> None:
    with zipfile.ZipFile(folder / "bad.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.json", answer(videos=[VIDEO] * 50, cursor=1, has_more=False))
    data = bytearray((folder / "bad.zip").read_bytes())
    data[60] ^= 0xFF
    (folder / "bad.zip").write_bytes(data)
    with pytest.warns(gk.GraphkitWarning):
        _, report = read_any(folder)
    bad = report.files.filter(report.files["file"].str.contains("bad.zip"))
    assert bad.get_column("status").to_list() == ["not read"]
    assert "cannot be" in bad.get_column("reason")[0]


def test_exports_in_folders_of_one_name_are_of_several_donors(tmp_path: Path) -> None:
    for donor in ("one", "two"):
        place = tmp_path / donor / "instagram" / "connections" / "followers_and_following"
        place.mkdir(parents=True)
        friend = {"href": "x", "value": f"friend_of_{donor}", "timestamp": 1714521600}
        entry = {"title": "", "string_list_data": [friend]}
        (place / "following.json").write_text(json.dumps({"relationships_following": [entry]}))
    dataset, _ = read_any(tmp_path)
    assert dataset.follows is not None
    owners = dataset.follows.get_column("follower_id").to_list()
    assert sorted(owners) == ["donor:one/instagram", "donor:two/instagram"]
    named = {"one/instagram/connections/followers_and_following/following.json": "ann"}
    dataset, _ = read_any(tmp_path, account=named)
    assert dataset.follows is not None
    assert sorted(dataset.follows.get_column("follower_id")) == ["ann", "donor:two/instagram"]


def liked(author: str = "zed") -> str:
    return answer(user_liked_videos=[VIDEO | {"username": author}], cursor=1, has_more=False)


@pytest.mark.filterwarnings("ignore::graphkit.errors.GraphkitWarning")
def test_equal_lists_of_two_accounts_are_no_copies(tmp_path: Path) -> None:
    for name in ("ann", "bob"):
        (tmp_path / f"liked_{name}.json").write_text(liked())
    account = {"liked_ann.json": "ann", "liked_bob.json": "bob"}
    dataset, report = read_any(tmp_path, account=account)
    assert dataset.interactions is not None
    assert dataset.interactions.get_column("account_id").to_list() == ["ann", "bob"]
    assert report.files.get_column("status").to_list() == ["read", "read"]
    # of one account they are
    dataset, report = read_any(tmp_path, account="ann")
    assert sorted(report.files.get_column("status")) == ["not read", "read"]


def archive(folder: Path, owner: str, tweet: str = "5") -> None:
    """An archive of an account of X, with one like."""
    (folder / "data").mkdir(parents=True)
    account = [{"account": {"username": f"name{owner}", "accountId": owner}}]
    (folder / "data" / "account.js").write_text(f"window.YTD.account.part0 = {json.dumps(account)}")
    likes = json.dumps([{"like": {"tweetId": tweet}}])
    (folder / "data" / "like.js").write_text(f"window.YTD.like.part0 = {likes}")


def test_equal_files_of_two_donors_are_no_copies(tmp_path: Path) -> None:
    archive(tmp_path / "first", "1")
    archive(tmp_path / "second", "2")
    dataset, report = read_any(tmp_path)
    assert dataset.interactions is not None
    assert dataset.interactions.select("account_id", "item_id").rows() == [("1", "5"), ("2", "5")]
    assert set(report.files.get_column("status")) == {"read"}


@pytest.mark.filterwarnings("ignore::graphkit.errors.GraphkitWarning")
def test_an_export_beside_its_archive_is_read_once(tmp_path: Path) -> None:
    archive(tmp_path / "first", "1")
    with zipfile.ZipFile(tmp_path / "first.zip", "w") as packed:
        for file in sorted((tmp_path / "first").rglob("*.js")):
            packed.write(file, file.relative_to(tmp_path / "first"))
    dataset, report = read_any(tmp_path)
    assert dataset.interactions is not None
    assert dataset.interactions.rows() == [("1", "5", "like")]
    assert report.files.group_by("status").len().sort("status").rows() == [
        ("not read", 2),
        ("read", 2),
    ]


@pytest.mark.filterwarnings("ignore::graphkit.errors.GraphkitWarning")
def test_a_packed_file_beside_itself_is_read_once(tmp_path: Path) -> None:
    line = seen(7374807619341093709, 1717117200000) + "\n"
    (tmp_path / "feed.ndjson").write_text(line)
    (tmp_path / "feed.ndjson.gz").write_bytes(gzip.compress(line.encode()))
    dataset, report = read_any(tmp_path, account="me")
    assert dataset.impressions is not None
    assert dataset.impressions.height == 1
    assert sorted(report.files.get_column("status")) == ["not read", "read"]


def test_exports_of_one_browser_that_overlap(tmp_path: Path) -> None:
    first = [seen(7374807619341093709 + i, 1717117200000 + i) for i in range(3)]
    more = [*first, seen(7374807619341093712, 1717117200003)]
    (tmp_path / "monday.ndjson").write_text("\n".join(first))
    (tmp_path / "tuesday.ndjson").write_text("\n".join(more))
    dataset, report = read_any(tmp_path, account="me")
    assert dataset.impressions is not None
    assert dataset.impressions.get_column("position").to_list() == [0, 1, 2, 3]
    assert report.rows.filter(table="impressions").select("read", "kept").rows() == [(7, 4)]


def test_one_account_for_exports_of_several(tmp_path: Path) -> None:
    archive(tmp_path / "first", "1")
    archive(tmp_path / "second", "2", "6")
    with pytest.raises(OptionError, match=r"'me' is one account, and .* exports of 2"):
        read_any(tmp_path, account="me")
    named = {"first/data/like.js": "me", "first/data/account.js": "me"}
    dataset, _ = read_any(tmp_path, account=named)
    assert dataset.accounts is not None
    assert dataset.accounts.get_column("account_id").to_list() == ["me", "2"]


@pytest.mark.filterwarnings("ignore::graphkit.errors.GraphkitWarning")
def test_accounts_of_files(tmp_path: Path) -> None:
    for name in ("ann", "bob"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "liked.json").write_text(liked(name))
    with pytest.raises(OptionError, match=r"'likd.json'.*no file has this name.*'liked.json'"):
        read_any(tmp_path, account={"likd.json": "ann"})
    # the longer end of a path is taken, in any order
    dataset, _ = read_any(tmp_path, account={"liked.json": "cleo", "bob/liked.json": "bob"})
    assert dataset.interactions is not None
    assert sorted(dataset.interactions.get_column("account_id")) == ["bob", "cleo"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log.csv", "id,username,create_time\n1,ann,1717081224\n"),
        ("log.json", '[{"id": 1, "username": "ann", "create_time": 1717081224, "likes": 3}]'),
        ("log.ndjson", '{"id": "1", "author_id": "9", "text": "x", "created_at": "2024-05-30"}\n'),
        ("log.json", '[{"id": "1", "author": "ann", "createTime": 1717081224}]'),
        ("my_pairs.csv", "user_id,item_id,timestamp,action\n1,2,1717081224,like\n"),
        ("my_pairs.tsv", "1\t5 6 7\n2\t8\n"),
        ("book_titles.csv", "item,title\n1,x\n"),
    ],
)
def test_common_names_of_columns_are_no_sign_of_a_platform(
    name: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(FileError, match=r"table|keys of no known tool"):
        read_any(tmp_path / name)
    if name == "log.csv":
        dataset, _ = read_any(tmp_path / name, format="tiktok-research-tables")
        assert dataset.items is not None


def test_reasons_name_no_file(tmp_path: Path) -> None:
    # exports are often called by the names of their donors, and reasons go into import.toml
    activity = {"Watch History": {"VideoList": []}, "Like List": {"ItemFavoriteList": []}}
    export = json.dumps({"Your Activity": activity})
    (tmp_path / "donated").mkdir()
    (tmp_path / "donated" / "planted_ann.json").write_text(export[:-20])
    (tmp_path / "donated" / "planted_bob.txt").write_text(
        "Date: 2026-03-01 12:00:00\nLink: https://www.tiktokv.com/share/video/7374807619341093709/\n"
    )
    with zipfile.ZipFile(tmp_path / "donated" / "planted_cem.zip", "w") as archive:
        archive.writestr("planted_cem/liked.json", answer(videos="PLANTED"))
        archive.writestr("planted_cem/page.json", answer(videos=[VIDEO], cursor=1, has_more=False))
    with pytest.warns(gk.GraphkitWarning) as warned:
        _, report = read_any(tmp_path)
    unread = report.files.filter(status="not read")
    assert unread.height >= 2
    assert not any("planted" in reason.lower() for reason in unread.get_column("reason"))
    assert "broken JSON, line 1. Get the file again." in unread.get_column("reason").to_list()
    assert "planted" not in write_report(report, tmp_path / "import.toml").read_text().lower()
    assert not any("planted" in str(w.message) for w in warned)


def test_accounts_of_files_that_are_not_there_are_refused(folder: Path) -> None:
    with pytest.raises(OptionError, match=r"'like\.json'.* no file .*Did you mean 'liked\.json'"):
        read_any(folder, account={"like.json": "Bob"})
    with pytest.raises(OptionError, match="no file has this name"):
        read_any(folder / "liked.json", account={"pages": "Bob"})


def test_a_zone_is_checked_even_if_no_time_needs_it(folder: Path) -> None:
    with pytest.raises(OptionError, match="Did you mean 'Europe/Berlin'"):
        read_any(folder, tz="Berlin")


def test_a_path_with_a_typo_names_its_neighbour(folder: Path) -> None:
    with pytest.raises(FileError, match=r"liekd\.json does not exist\. Did you mean 'liked\.json'"):
        read_any(folder / "liekd.json")
    with pytest.raises(FileError, match=r"does not exist: there is no folder 'nowhere'\.$"):
        read_any(folder / "nowhere" / "deep" / "liked.json")
    with pytest.raises(FileError, match="Did you mean 'collected'"):
        gk.read_dataset(folder.parent / "colected")


def test_what_is_no_path_is_told_the_call_that_takes_it() -> None:
    log = pl.DataFrame({"user": ["ann"], "video": ["v"], "action": ["like"]})
    with pytest.raises(DataError, match=r"gk\.from_frame\(df, account='user', item='video'"):
        read_any(log)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="goes into graphkit's functions as it is"):
        read_any(nx.path_graph(3))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="a text or Path is needed"):
        read_any(7)  # type: ignore[arg-type]


def test_a_table_whose_columns_are_named_is_no_folder(folder: Path) -> None:
    (folder / "log.csv").write_text("user,video\nann,v\n")
    names = {"user": "account_id", "video": "item_id"}
    ds, report = read_any(folder / "log.csv", columns=names, table="interactions", kind_is="like")
    assert ds.interactions is not None
    assert ds.interactions.rows() == [("ann", "v", "like")]
    assert report.recognised == "one table: Parquet, CSV or NDJSON, as columns= says so"


@pytest.mark.filterwarnings("ignore::graphkit.errors.GraphkitWarning")
def test_no_reason_names_a_file(tmp_path: Path) -> None:
    root = tmp_path / "of_meier"
    archive(root / "meier_first", "1")
    (root / "meier_first" / "data" / "direct-messages.js").write_text(
        'window.YTD.direct_messages.part0 = [{"dmConversation": {"messages": []}}]'
    )
    lists = "username,target_account\nann,bob\n"
    (root / "meier_list.csv").write_text(lists)
    (root / "followers_meier.csv").write_text(lists + "cleo,bob\n")
    (root / "meier_hidden.csv").write_text("uniqueId,secUid,followerCount\nann,s,1\n")
    (root / "meier.ndjson").write_text("\n".join(["{", '{"did": 1', ""]))
    with zipfile.ZipFile(root / "meier.zip", "w") as packed:
        packed.writestr("meier_inside.json", answer(user_followers=[{"username": "x"}]))
        packed.writestr("meier_page.json", "<html></html>")
    for direction in (None, "following"):
        _, report = read_any(root, direction=direction)
        assert set(report.files.get_column("status")) == {"read", "not read", "not understood"}
        text = write_report(report, tmp_path / "report.toml").read_text()
        text += str(report.files.drop("file").rows())
        assert "meier" not in text
        assert str(tmp_path) not in text

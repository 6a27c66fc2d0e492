from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from graphkit.errors import DataError, FileError, GraphkitError
from graphkit.readwrite import read_dataset, read_hetrec_lastfm, write_dataset

FILES = {
    "artists.dat": "id\tname\turl\tpictureURL\n1\tSigur Rós\thttp://x\thttp://y\n"
    '2\tRoyce da 5\'9"\thttp://x\thttp://y\n10\t"Weird" One\thttp://x\t\n',
    "tags.dat": "tagID\ttagValue\r\n1\tmetal\r\n2\ttropicália\r\n",
    "user_artists.dat": "userID\tartistID\tweight\r\n2\t1\t13883\r\n2\t10\t1\r\n11\t2\t5\r\n",
    "user_friends.dat": "userID\tfriendID\r\n2\t11\r\n11\t2\r\n",
    "user_taggedartists.dat": "userID\tartistID\ttagID\tday\tmonth\tyear\r\n"
    "2\t1\t1\t1\t4\t2009\r\n11\t1\t2\t9\t12\t2010\r\n11\t99\t2\t1\t9\t1956\r\n",
}
TIMES = [datetime(2009, 4, 1, tzinfo=UTC), datetime(2010, 12, 9, tzinfo=UTC), None]


def put(folder: Path, **changed: str | None) -> Path:
    """The files, with some replaced or left out; ``user_friends`` means user_friends.dat."""
    files = FILES | {f"{name}.dat": text for name, text in changed.items()}
    for name, text in files.items():
        if text is not None:
            encoding = "latin-1" if name == "tags.dat" else "utf-8"
            (folder / name).write_bytes(text.encode(encoding))
    return folder


def counts(frame: pl.DataFrame) -> dict[tuple[str, str], int]:
    return {(table, text): n for table, text, n in frame.rows()}


def test_tables(tmp_path: Path) -> None:
    ds, report = read_hetrec_lastfm(put(tmp_path))
    assert ds.accounts is not None
    assert ds.accounts.rows() == [("2",), ("11",)]
    assert ds.items is not None
    assert ds.items.rows() == [
        ("1", "Sigur Rós"),
        ("2", "Royce da 5'9\""),
        ("10", '"Weird" One'),
        ("99", None),
    ]
    assert ds.follows is not None
    assert ds.follows.rows() == [("2", "11"), ("11", "2")]
    assert ds.interactions is not None
    plays = ds.interactions.filter(kind="play")
    assert plays.select("account_id", "item_id", "value").rows() == [
        ("2", "1", 13883.0),
        ("2", "10", 1.0),
        ("11", "2", 5.0),
    ]
    assert plays.get_column("at").null_count() == 3
    tags = ds.interactions.filter(kind="tag")
    assert tags.get_column("tag").to_list() == ["metal", "tropicália", "tropicália"]
    assert tags.get_column("at").to_list() == TIMES
    assert dict(ds.time_kinds) == {"interactions.at": "event"}
    assert "HetRec" in ds.source
    assert "Non-commercial" in ds.terms
    assert counts(report.notes) == {
        ("user_taggedartists.dat", "dated before Last.fm began (2002): time set to missing"): 1,
        ("artists.dat", "added without a name: played or tagged, not listed"): 1,
    }
    assert report.n_dropped == 0
    assert report.rows.rows() == [
        ("artists.dat", 3, 3),
        ("tags.dat", 2, 2),
        ("user_artists.dat", 3, 3),
        ("user_friends.dat", 2, 2),
        ("user_taggedartists.dat", 3, 3),
    ]


def test_round_trip(tmp_path: Path) -> None:
    ds, _ = read_hetrec_lastfm(put(tmp_path))
    assert read_dataset(write_dataset(ds, tmp_path / "out"))[0].content_key == ds.content_key


@pytest.mark.parametrize("tagging", ["user_taggedartists", "user_taggedartists-timestamps"])
def test_plays_alone(tmp_path: Path, tagging: str) -> None:
    put(tmp_path, tags=None, user_taggedartists=None)
    ds, report = read_hetrec_lastfm(tmp_path)
    assert ds.interactions is not None
    assert ds.interactions.rows() == [
        ("2", "1", "play", 13883.0),
        ("2", "10", "play", 1.0),
        ("11", "2", "play", 5.0),
    ]
    assert ds.items is not None
    assert ds.items.get_column("item_id").to_list() == ["1", "2", "10"]
    assert dict(ds.time_kinds) == {}
    absent = "read without tags: there is neither tags.dat nor user_taggedartists.dat"
    assert counts(report.notes) == {("user_artists.dat", absent): 3}
    tables = ["artists.dat", "user_artists.dat", "user_friends.dat"]
    assert report.rows.get_column("table").to_list() == tables
    assert read_dataset(write_dataset(ds, tmp_path / "out"))[0].content_key == ds.content_key
    # one of the two files of tags alone is a file lost
    (tmp_path / f"{tagging}.dat").write_text(FILES["user_taggedartists.dat"])
    with pytest.raises(FileError, match=r"tags\.dat is missing"):
        read_hetrec_lastfm(tmp_path)


def test_timestamps_give_the_same_days(tmp_path: Path) -> None:
    # midnights of Madrid, in summer and in winter, and one moment that is none
    stamped = (
        "userID\tartistID\ttagID\ttimestamp\n2\t1\t1\t1238536800000\n11\t1\t2\t1291849200000\n"
        "11\t99\t2\t-420000000000\n2\t2\t1\t1238536800123\n"
    )
    put(tmp_path, **{"user_taggedartists-timestamps": stamped})
    (tmp_path / "user_taggedartists.dat").unlink()
    ds, report = read_hetrec_lastfm(tmp_path)
    assert ds.interactions is not None
    exact = datetime(2009, 3, 31, 22, 0, 0, 123000, tzinfo=UTC)
    assert ds.interactions.filter(kind="tag").get_column("at").to_list() == [*TIMES, exact]
    assert report.rows.get_column("table").to_list()[-1] == "user_taggedartists-timestamps.dat"


def test_timestamps_outside_the_calendar_are_missing(tmp_path: Path) -> None:
    far = "\n".join(f"2\t1\t1\t{n}" for n in (9 * 10**18, -(2**63), 10**30))
    stamped = f"userID\tartistID\ttagID\ttimestamp\n11\t1\t2\t1291849200000\n{far}\n"
    put(tmp_path, **{"user_taggedartists": None, "user_taggedartists-timestamps": stamped})
    ds, report = read_hetrec_lastfm(tmp_path)
    assert ds.interactions is not None
    tagged = ds.interactions.filter(kind="tag").get_column("at")
    assert (len(tagged), tagged.null_count()) == (4, 3)
    noted = counts(report.notes)
    assert noted["user_taggedartists-timestamps.dat", "no such day: time set to missing"] == 3


def test_utf8_tags_are_read_as_such(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "tags.dat").write_text(FILES["tags.dat"], encoding="utf-8", newline="")
    ds, _ = read_hetrec_lastfm(tmp_path)
    assert ds.interactions is not None
    assert "tropicália" in ds.interactions.get_column("tag")


def test_rules_are_counted(tmp_path: Path) -> None:
    put(
        tmp_path,
        user_friends="userID\tfriendID\n2\t11\n2\t11\n2\t2\n11\t3\n3\t11\n",
        artists=FILES["artists.dat"] + "1\tSigur Rós\thttp://x\thttp://y\n",
        user_taggedartists="userID\tartistID\ttagID\tday\tmonth\tyear\n2\t1\t7\t1\t4\t2009\n"
        "2\t1\t1\t31\t2\t2009\n",
    )
    ds, report = read_hetrec_lastfm(tmp_path)
    assert counts(report.dropped) == {
        ("user_friends.dat", "the same row again"): 1,
        ("user_friends.dat", "account follows itself"): 1,
        ("user_taggedartists.dat", "tagID is not in tags.dat"): 1,
        ("artists.dat", "the same row again"): 1,
    }
    assert counts(report.notes) == {
        ("user_friends.dat", "friendship in one direction only: left so"): 1,
        ("user_taggedartists.dat", "no such day: time set to missing"): 1,
    }
    assert ds.accounts is not None
    assert ds.accounts.get_column("account_id").to_list() == ["2", "3", "11"]


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"tags": None}, FileError, ["tags.dat is missing", "user_friends.dat"]),
        ({"user_taggedartists": None}, FileError, ["user_taggedartists.dat is missing"]),
        ({"user_friends": "user\tfriendID\n1\t2\n"}, DataError, ["user_friends.dat", "'userID'"]),
        ({"user_artists": "userID,artistID,weight\n"}, DataError, ["user_artists.dat", "'userID'"]),
        (
            {"user_artists": "userID\tartistID\tweight\n1\t2\t3\n1\t2\tx\n"},
            DataError,
            ["user_artists.dat, row 2", "weight = 'x'"],
        ),
        ({"user_artists": ""}, FileError, ["user_artists.dat", "empty"]),
        (
            {"artists": FILES["artists.dat"] + "1\tOther\t\t\n"},
            DataError,
            ["item_id must be unique"],
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_errors_name_file_and_column(
    tmp_path: Path, changed: dict[str, str | None], error: type[GraphkitError], words: list[str]
) -> None:
    put(tmp_path, **changed)
    with pytest.raises(error) as caught:
        read_hetrec_lastfm(tmp_path)
    for word in [*words, str(tmp_path)]:
        assert word in str(caught.value)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        read_hetrec_lastfm(tmp_path / "nowhere")
    with pytest.raises(FileError, match=r"artists\.dat is missing; the folder holds no \.dat file"):
        read_hetrec_lastfm(tmp_path)


@pytest.mark.real_data
def test_published_figures(shared_data: Path) -> None:
    ds, report = read_hetrec_lastfm(shared_data / "hetrec2011_lastfm_2k")
    assert ds.accounts is not None
    assert ds.accounts.height == 1892
    assert ds.items is not None
    assert ds.items.get_column("caption").count() == 17632
    assert ds.items.height == 17632 + 390
    assert ds.follows is not None
    assert ds.follows.height == 25434
    assert ds.interactions is not None
    kinds = dict(ds.interactions.get_column("kind").cast(str).value_counts().rows())
    assert kinds == {"play": 92834, "tag": 186479}
    assert report.rows.filter(table="tags.dat").rows() == [("tags.dat", 11946, 11946)]
    assert report.n_dropped == 0
    assert counts(report.notes) == {
        ("user_taggedartists.dat", "dated before Last.fm began (2002): time set to missing"): 5,
        ("artists.dat", "added without a name: played or tagged, not listed"): 390,
    }
    tags = ds.interactions.filter(kind="tag")
    assert str(tags.get_column("at").min()) == "2005-08-01 00:00:00+00:00"
    assert "rock français" in tags.get_column("tag")
    assert '"Weird Al" Yankovic' in ds.items.get_column("caption")
    # co-listening without caps: the total weight is the sum over artists of C(d, 2)
    degree = ds.interactions.filter(kind="play").get_column("item_id").value_counts()
    d = degree.get_column("count").cast(pl.Int64)
    assert int((d * (d - 1) // 2).sum()) == 3_946_300

"""MicroLens, RecBole and MovieLens, on invented rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from graphkit.readwrite.extract import Extract, ImportOptions
from graphkit.readwrite.importers.recommender_sets import IMPORTERS
from graphkit.readwrite.source import Source, look_at

MICROLENS, RECBOLE, MOVIELENS = IMPORTERS
AT = datetime(2024, 5, 30, 15, 0, 24, tzinfo=UTC)


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def read(importer: Any, *paths: Path) -> Extract:
    samples = [look_at(Source(path)) for path in paths]
    assert all(importer.recognise(sample) for sample in samples)
    extract: Extract = importer.read(samples, ImportOptions())
    return extract


@pytest.mark.parametrize(
    "header", ["user,item,timestamp", "userID,videoID,timestamp", "user_id,item_id,timestamp"]
)
def test_pairs_of_microlens(header: str, tmp_path: Path) -> None:
    path = write(tmp_path, "MicroLens-100k_pairs.csv", f"{header}\n1,2,1717081224000\n")
    acts = read(MICROLENS, path).tables["interactions"]
    assert acts.rows() == [("1", "2", "comment", AT)]
    # the same columns under another name are a table of anyone
    other = write(tmp_path, "events.csv", path.read_text())
    assert MICROLENS.recognise(look_at(Source(other))) is None


def test_sequences_and_titles_of_microlens(tmp_path: Path) -> None:
    lines = write(tmp_path, "MicroLens-100k_pairs.tsv", "1\t7 8\n2\t9\n")
    titles = write(tmp_path, "MicroLens-100k_titles.csv", 'item,title\n7,"one, two"\n')
    extract = read(MICROLENS, lines, titles)
    acts = extract.tables["interactions"].select("account_id", "item_id", "kind").rows()
    assert acts == [("1", "7", "comment"), ("1", "8", "comment"), ("2", "9", "comment")]
    assert extract.read == {"sequences": 2, "titles": 1}
    assert extract.tables["items"].rows() == [("7", "one, two")]


def test_atomic_files(tmp_path: Path) -> None:
    rated = write(
        tmp_path,
        "a.inter",
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\nann\t1\t2.5\t1717081224\n",
    )
    bare = write(tmp_path, "b.inter", "user_id:token\titem_id:token\nann\t2\n")
    items = write(
        tmp_path, "a.item", "item_id:token\tgenre:token_seq\trelease_year:token\n1\tone two\t1999\n"
    )
    users = write(tmp_path, "a.user", "user_id:token\tcountry:token\tage:token\nann\tNL\t99\n")
    follows = write(tmp_path, "a.net", "source_id:token\ttarget_id:token\nann\tbob\n")
    knowledge = write(tmp_path, "a.link", "item_id:token\tentity_id:token\n1\tm.1\n")
    extract = read(RECBOLE, rated, bare, items, users, follows, knowledge)
    columns = ["account_id", "item_id", "kind", "at", "value"]
    assert extract.tables["interactions"].select(columns).rows() == [
        ("ann", "1", "rating", AT, 2.5),
        ("ann", "2", "interaction", None, None),
    ]
    note = ("interactions", "what the users did is not in the file: kind 'interaction'")
    assert extract.notes[note] == 1
    assert extract.tables["items"].filter(extract.tables["items"]["tags"].is_not_null()).rows() == [
        ("1", ["one", "two"])
    ]
    assert extract.tables["accounts"].rows() == [("ann", "NL")]
    assert extract.tables["follows"].rows() == [("ann", "bob")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ratings.csv", "userId,movieId,rating,timestamp\r\n1,2,3.5,1717081224\r\n"),
        ("ratings.dat", "1::2::3.5::1717081224\n"),
        ("u.data", "1\t2\t3.5\t1717081224\n"),
        ("u1.base", "1\t2\t3.5\t1717081224\n"),
    ],
)
def test_ratings_of_movielens(name: str, text: str, tmp_path: Path) -> None:
    extract = read(MOVIELENS, write(tmp_path, name, text))
    assert extract.tables["interactions"].rows() == [("1", "2", "rating", AT, 3.5)]
    assert extract.read == {"ratings": 1}


def test_tags_and_movies(tmp_path: Path) -> None:
    tags = write(
        tmp_path, "tags.csv", "userId,movieId,tag,timestamp\n1,2,#Good,1717081224\n1,2,,1\n"
    )
    old = write(tmp_path, "tags.dat", "3::2::so, so::1717081224\n")
    movies = write(
        tmp_path,
        "movies.csv",
        'movieId,title,genres\n2,"One, The (1999)",A|B\n3,Two,(no genres listed)\n',
    )
    latin = write(tmp_path, "movies.dat", "4::Café (1999)::A\n", "latin-1")
    extract = read(MOVIELENS, tags, old, movies, latin)
    assert extract.tables["interactions"].rows() == [
        ("1", "2", "tag", AT, "#Good"),
        ("3", "2", "tag", AT, "so, so"),
    ]
    assert extract.tables["items"].rows() == [
        ("2", "One, The (1999)", ["A", "B"]),
        ("3", "Two", None),
        ("4", "Café (1999)", ["A"]),
    ]

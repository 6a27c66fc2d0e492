from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphkit.data.dataset import Dataset
from graphkit.data.ids import MISSING_WORDS
from graphkit.errors import (
    DataError,
    FileError,
    GraphkitError,
    GraphkitWarning,
    MissingDataError,
    OptionError,
)
from graphkit.parallel import show_progress
from graphkit.privacy import PseudonymKey, pseudonymise
from graphkit.readwrite import read_any, read_dataset, read_incidence, write_dataset
from graphkit.study.text import data_text

LONG_ID = "7375232772228682300"
LONGER_ID = "123456789012345678901"


def full() -> Dataset:
    """All six tables, with every type of column, an empty table and columns of one's own."""
    start = datetime(2024, 3, 1, tzinfo=UTC)
    return Dataset(
        accounts={
            "account_id": ["ann", "bob", "cém"],
            "country": ["FR", None, "NA"],
            "follower_count": [3, None, 0],
            "list_complete": [True, None, False],
            "born": [datetime(1990, 1, 1).date(), None, None],
        },
        items={
            "item_id": [LONG_ID, LONGER_ID],
            "author_id": ["ann", None],
            "created_at": [start, None],
            "duration": [12.5, None],
            "tags": [["BookTok", 'a "quoted", tag'], []],
            "caption": ["two\nlines, and a comma", None],
            "embedding": [[0.25, -1.0], [0.0, 3.5]],
            "divisiveness": [0.0, 1.0],
            "extra": pl.Series([{"x": 1, "y": ["q"]}, None]),
            "colour": pl.Series(["red", None], dtype=pl.Categorical),
        },
        follows={
            "follower_id": ["ann", "bob"],
            "followee_id": ["bob", "ann"],
            "since": [start, None],
        },
        interactions={
            "account_id": ["bob", "bob", "cém"],
            "item_id": [LONG_ID, LONG_ID, LONGER_ID],
            "kind": ["like", "like", "tag"],
            "at": [start, start, start + timedelta(microseconds=1)],
            "value": [None, None, 1.5],
            "tag": [None, None, "books"],
        },
        impressions=pl.DataFrame(schema={"account_id": pl.String, "item_id": pl.String}),
        memberships={"account_id": ["ann"], "group_id": ["choir"]},
        time_kinds={"follows.since": "bound"},
        source='hand-made "in" a test\\ \x7f\u2028',
        terms="none",
    )


def put(folder: Path, **files: str) -> Path:
    """Write text files; ``items_csv`` becomes ``items.csv``."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


def counts(frame: pl.DataFrame) -> dict[tuple[str, str], int]:
    return {(table, text): n for table, text, n in frame.rows()}


# --- round trips


def test_round_trip_of_everything(tmp_path: Path) -> None:
    ds = full()
    again, report = read_dataset(write_dataset(ds, tmp_path / "new" / "folder"))
    assert again.content_key == ds.content_key
    assert (again.source, again.terms) == (ds.source, ds.terms)
    assert dict(again.time_kinds) == dict(ds.time_kinds)
    assert again.time_kinds["follows.since"] == "bound"
    for name, frame in ds.tables.items():
        assert again.tables[name].schema == frame.schema, name
        assert again.tables[name].equals(frame), name
    assert report.n_dropped == 0
    assert report.rows.rows() == [(name, f.height, f.height) for name, f in ds.tables.items()]
    assert again.provenance.verb == "read_dataset"


def test_row_order_of_a_long_table_is_kept(tmp_path: Path) -> None:
    n = 600_000
    ids = pl.Series([f"a{i * 7919 % n}" for i in range(n)])
    ds = Dataset(memberships=pl.DataFrame({"account_id": ids, "group_id": ["g"] * n}))
    write_dataset(ds, tmp_path)
    again, _ = read_dataset(tmp_path)
    assert again.memberships is not None
    assert again.memberships.get_column("account_id").equals(ids.alias("account_id"))


def test_same_bytes_whatever_the_chunks(tmp_path: Path) -> None:
    rows = pl.DataFrame({"account_id": [f"a{i}" for i in range(5000)], "group_id": ["g"] * 5000})
    parts = pl.concat([rows[:17], rows[17:3000], rows[3000:]], rechunk=False)
    assert parts.n_chunks() == 3
    for name, frame in (("one", rows), ("two", parts)):
        write_dataset(Dataset(memberships=frame, source="s"), tmp_path / name)
    for file in ("memberships.parquet", "dataset.toml"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


# ids hold neither controls nor the replacement character, and begin and end with no blank
inner = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffd\ufffe\uffff"),
    max_size=6,
)
letters = st.characters(categories=["L"])
ids = st.tuples(letters, inner, letters).map("".join).filter(lambda s: s not in MISSING_WORDS)


@given(
    pairs=st.lists(st.tuples(ids, ids), min_size=1, max_size=12, unique=True),
    source=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_round_trip_of_any_text(tmp_path: Path, pairs: list[tuple[str, str]], source: str) -> None:
    frame = pl.DataFrame(pairs, schema=["account_id", "group_id"], orient="row")
    ds = Dataset(memberships=frame, source=source)
    again, _ = read_dataset(write_dataset(ds, tmp_path / "f", overwrite=True))
    assert again.content_key == ds.content_key
    assert again.source == source


@given(numbers=st.lists(st.integers(10**18, 10**21), min_size=1, max_size=6, unique=True))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
def test_long_ids_keep_their_digits(tmp_path: Path, numbers: list[int], suffix: str) -> None:
    lines = {
        "csv": ["item_id,author_id", *(f"{n},{n + 1}" for n in numbers)],
        "ndjson": [f'{{"item_id": {n}, "author_id": "{n + 1}"}}' for n in numbers],
    }[suffix]
    (tmp_path / f"items.{suffix}").write_text("\n".join(lines))
    ds, _ = read_dataset(tmp_path)
    assert ds.items is not None
    assert ds.items.rows() == [(str(n), str(n + 1)) for n in numbers]
    (tmp_path / f"items.{suffix}").unlink()


def test_csv_and_ndjson_read_as_parquet_does(tmp_path: Path) -> None:
    ds = full()
    plain = {
        name: frame.drop("extra", strict=False).with_columns(pl.col(pl.Categorical).cast(str))
        for name, frame in ds.tables.items()
    }
    for suffix in ("csv", "csv.gz", "ndjson", "jsonl"):
        folder = tmp_path / suffix
        folder.mkdir()
        for name, frame in plain.items():
            nested = [c for c, t in frame.schema.items() if t.is_nested()]
            path = folder / f"{name}.{suffix}"
            if suffix.startswith("csv"):
                texts = [
                    pl.Series(c, [None if v is None else json.dumps(v) for v in frame[c].to_list()])
                    for c in nested
                ]
                flat = frame.with_columns(texts)
                flat.write_csv(
                    path, compression="gzip" if suffix.endswith("gz") else "uncompressed"
                )
            else:
                frame.write_ndjson(path)
        again, _ = read_dataset(folder)
        for name, frame in plain.items():
            known = [c for c in frame.columns if c not in ("born", "colour")]
            assert again.tables[name].select(known).equals(frame.select(known)), (suffix, name)


# --- formats


def test_ids_of_csv_stay_text(tmp_path: Path) -> None:
    put(
        tmp_path,
        items_csv="item_id,sound_id\n007,1e5x\n0x10,\n",
        follows_csv="follower_id,followee_id\n1,2\n",
    )
    ds, _ = read_dataset(tmp_path)
    assert ds.items is not None
    assert ds.items.rows() == [("007", "1e5x"), ("0x10", None)]


def test_byte_order_mark_and_upper_case_names(tmp_path: Path) -> None:
    (tmp_path / "Follows.CSV").write_bytes(b"\xef\xbb\xbffollower_id,followee_id\r\na,b\r\n")
    ds, _ = read_dataset(tmp_path)
    assert ds.follows is not None
    assert ds.follows.rows() == [("a", "b")]


def test_brackets_in_the_path_are_no_pattern(tmp_path: Path) -> None:
    folder = put(
        tmp_path / "run [1] *",
        items_ndjson='{"item_id": 1}\n',
        follows_csv="follower_id,followee_id\na,b\n",
    )
    pl.DataFrame({"account_id": ["a"], "group_id": ["g"]}).write_parquet(
        folder / "memberships.parquet"
    )
    ds, _ = read_dataset(folder)
    assert list(ds.tables) == ["items", "follows", "memberships"]


def test_keys_that_first_occur_late_in_ndjson(tmp_path: Path) -> None:
    lines = ['{"account_id": 1, "kind": "like"}'] * 3000
    lines.append('{"account_id": 2, "kind": "stitch", "target_account_id": 3}')
    put(tmp_path, interactions_ndjson="\n".join(lines))
    ds, _ = read_dataset(tmp_path)
    assert ds.interactions is not None
    assert ds.interactions.get_column("target_account_id").drop_nulls().to_list() == ["3"]


def test_empty_tables_are_kept_beside_others(tmp_path: Path) -> None:
    put(
        tmp_path,
        items_ndjson="",
        interactions_csv="account_id,kind\n",
        follows_csv="follower_id,followee_id\na,b\n",
    )
    ds, report = read_dataset(tmp_path)
    assert {name: frame.height for name, frame in ds.tables.items()} == {
        "items": 0,
        "follows": 1,
        "interactions": 0,
    }
    assert report.rows.rows() == [("items", 0, 0), ("follows", 1, 1), ("interactions", 0, 0)]


def test_columns_that_are_no_mapping_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("user,clip\nann,v\n")
    with pytest.raises(OptionError, match="columns='user': a mapping"):
        read_dataset(file, columns="user")  # type: ignore[arg-type]


def test_progress_is_told(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    with show_progress(lambda *step: seen.append(step)):
        read_dataset(write_dataset(full(), tmp_path))
    assert seen[-1] == ("reading tables", 6, 6)


# --- what is dropped and what is an error


def test_repeated_rows_are_dropped_from_keyed_tables_only(tmp_path: Path) -> None:
    put(
        tmp_path,
        accounts_csv="account_id,country\na,FR\na,FR\nb,\n",
        items_ndjson='{"item_id": 1, "tags": ["x"]}\n{"item_id": 1, "tags": ["x"]}\n',
        follows_csv="follower_id,followee_id\na,b\na,b\na,a\na,a\nb,b\n",
        memberships_csv="account_id,group_id\na,g\na,g\na,g\n",
        interactions_csv="account_id,item_id,kind\na,1,like\na,1,like\n",
        impressions_csv="account_id,item_id\na,1\na,1\n",
    )
    ds, report = read_dataset(tmp_path)
    assert counts(report.dropped) == {
        ("accounts", "the same row again"): 1,
        ("items", "the same row again"): 1,
        ("follows", "the same row again"): 2,
        ("follows", "account follows itself"): 2,
        ("memberships", "the same row again"): 2,
    }
    assert report.rows.rows() == [
        ("accounts", 3, 2),
        ("items", 2, 1),
        ("follows", 5, 1),
        ("interactions", 2, 2),
        ("impressions", 2, 2),
        ("memberships", 3, 1),
    ]
    assert ds.provenance.removed["follows: account follows itself"] == 2


def test_one_key_with_two_contents_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, accounts_csv="account_id,country\na,FR\na,DE\n")
    with pytest.raises(DataError, match=r"account_id must be unique, but 'a'") as caught:
        read_dataset(tmp_path)
    assert str(tmp_path) in str(caught.value)


UNKNOWN = {
    "accounts_csv": "account_id\na\n",
    "items_csv": "item_id,author_id\nv,a\nw,x\n",
    "follows_csv": "follower_id,followee_id\na,y\n",
    "interactions_csv": "account_id,item_id,kind,target_item_id,target_account_id\n"
    "a,v,like,,\na,u,like,,\nz,v,like,,\na,w,stitch,v,a\na,v,stitch,t,a\na,,mention,,q\n",
    "impressions_csv": "account_id,item_id,parent_account_id\na,v,\na,v,p\n",
}


def test_unknown_ids_raise(tmp_path: Path) -> None:
    put(tmp_path, **UNKNOWN)
    with pytest.raises(DataError, match="unknown='add'") as caught:
        read_dataset(tmp_path)
    assert "author_id='x' is not in the table 'accounts'" in str(caught.value)


def test_unknown_ids_dropped_and_counted(tmp_path: Path) -> None:
    put(tmp_path, **UNKNOWN)
    ds, report = read_dataset(tmp_path, unknown="drop")
    assert counts(report.dropped) == {
        ("items", "author_id is not in the table 'accounts'"): 1,
        ("follows", "followee_id is not in the table 'accounts'"): 1,
        ("interactions", "account_id is not in the table 'accounts'"): 1,
        ("interactions", "target_account_id is not in the table 'accounts'"): 1,
        # u was never there, w went with its author
        ("interactions", "item_id is not in the table 'items'"): 2,
        ("interactions", "target_item_id is not in the table 'items'"): 1,
        ("impressions", "parent_account_id is not in the table 'accounts'"): 1,
    }
    assert ds.interactions is not None
    assert ds.interactions.height == 1
    assert ds.follows is not None
    assert ds.follows.height == 0


def test_unknown_ids_added_and_noted(tmp_path: Path) -> None:
    put(tmp_path, **UNKNOWN)
    ds, report = read_dataset(tmp_path, unknown="add")
    assert ds.accounts is not None
    assert ds.accounts.get_column("account_id").to_list() == ["a", "p", "q", "x", "y", "z"]
    assert ds.items is not None
    assert ds.items.rows() == [("v", "a"), ("w", "x"), ("t", None), ("u", None)]
    assert counts(report.notes) == {
        ("accounts", "added: another table mentions it"): 5,
        ("items", "added: another table mentions it"): 2,
    }
    assert report.n_dropped == 0
    assert report.rows.filter(table="accounts").rows() == [("accounts", 1, 1)]


def test_without_an_accounts_table_nothing_is_unknown(tmp_path: Path) -> None:
    put(tmp_path, follows_csv="follower_id,followee_id\na,b\n")
    for unknown in ("raise", "drop", "add"):
        ds, _ = read_dataset(tmp_path, unknown=unknown)  # type: ignore[arg-type]
        assert ds.accounts is None


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({}, FileError, ["holds no table", "accounts", ".parquet"]),
        ({"README_md": "hello", "truth_csv": "a\n1\n"}, FileError, ["holds no table"]),
        ({"interaction_csv": "a\n"}, FileError, ["interaction.csv", "'interactions'", "rename"]),
        (
            {"acounts_parquet": "a"},
            FileError,
            ["acounts.parquet", "'accounts'", "accounts.parquet"],
        ),
        (
            {"items_csv": "item_id\n1\n", "items_jsonl": '{"item_id": 1}'},
            FileError,
            ["two files", "'items'", "items.csv", "items.jsonl"],
        ),
        ({"items_xlsx": "PK"}, FileError, ["items.xlsx", "is .xlsx", "Parquet"]),
        ({"items_json": "[]"}, FileError, ["items.json", "NDJSON"]),
        ({"items_csv": ""}, FileError, ["items.csv", "is empty", "column names"]),
        ({"items_csv": "item_id,a\n1,2,3\n"}, FileError, ["items.csv", "more fields"]),
        ({"items_csv": "item_id,item_id\n1,2\n"}, DataError, ["items.csv", "'item_id'", "twice"]),
        ({"items_csv": "id,a\n1,2\n"}, DataError, ["items.csv", "'item_id' is missing"]),
        ({"items_csv": "item_id,durations\n1,2\n"}, DataError, ["items.csv", "'duration'"]),
        ({"items_csv": "item_id\n7.32077E+18\n"}, DataError, ["items.csv", "row 1", "scientific"]),
        ({"items_csv": "item_id,duration\n1,x\n"}, DataError, ["items.csv", "row 1", "'x'"]),
        ({"items_parquet": "PAR1 no"}, FileError, ["items.parquet", "cannot be read"]),
        (
            {"items_ndjson": '{"item_id": 1}\n{"item'},
            FileError,
            ["items.ndjson, line 2", "no JSON"],
        ),
        ({"items_ndjson": '[{"item_id": 1}]'}, FileError, ["items.ndjson", "cannot be read"]),
        ({"items_ndjson": '{"item_id": 7.3e18}'}, DataError, ["items.ndjson", "float", "2^53"]),
        ({"items_csv": "item_id\n"}, DataError, ["every table is empty"]),
        (
            {"interactions_csv": "account_id,kind\na,\n"},
            DataError,
            ["interactions.csv", "row 1", "no kind", "like"],
        ),
    ],
    ids=lambda value: next(iter(value), "empty folder") if isinstance(value, dict) else None,
)
def test_errors_name_the_file(
    tmp_path: Path, files: dict[str, str], error: type[GraphkitError], words: list[str]
) -> None:
    put(tmp_path, **files)
    with pytest.raises(error) as caught:
        read_dataset(tmp_path)
    for word in [*words, str(tmp_path)]:
        assert word in str(caught.value)


def test_misspelt_option_and_places_that_are_no_folder(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"unknown='dorp'.*Did you mean 'drop'"):
        read_dataset(tmp_path, unknown="dorp")  # type: ignore[arg-type]
    with pytest.raises(FileError, match="nowhere does not exist"):
        read_dataset(tmp_path / "nowhere")
    put(tmp_path, items_csv="item_id\n1\n")
    with pytest.raises(OptionError, match="table= goes with one file"):
        read_dataset(tmp_path, table="items")
    (tmp_path / "follows").mkdir()
    with pytest.raises(FileError, match="follows is a folder: write the table 'follows' as one"):
        read_dataset(tmp_path)


def test_latin_1_is_told(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_bytes("item_id,caption\n1,é\n".encode("latin-1"))
    with pytest.raises(FileError, match=r"items\.csv cannot be read: invalid utf-8"):
        read_dataset(tmp_path)


FOLLOWS = "follower_id,followee_id\na,b\n"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (FOLLOWS.encode("utf-16"), "is in UTF-16 or UTF-32: save it as UTF-8"),
        (FOLLOWS.encode("utf-16-le"), "is in UTF-16 or UTF-32: save it as UTF-8"),
        (FOLLOWS.encode("utf-16-be"), "is in UTF-16 or UTF-32: save it as UTF-8"),
        (FOLLOWS.encode("utf-32"), "is in UTF-16 or UTF-32: save it as UTF-8"),
        (FOLLOWS.replace("\n", "\r").encode(), "lines end in CR alone"),
        (b"PAR1\x15\x04", "is a Parquet file"),
        (b"PK\x03\x04\x14\x00", "is a zip archive or workbook"),
        (b"sep=_\n" + FOLLOWS.encode(), "line 1: a separator that is not read"),
    ],
)
def test_texts_that_would_be_misread_are_refused(tmp_path: Path, data: bytes, told: str) -> None:
    for name, content in (("follows.csv", data), ("follows.csv.gz", gzip.compress(data))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileError, match=rf"{name}.*{told}"):
            read_dataset(tmp_path)
        with pytest.raises(FileError, match=rf"{name}.*{told}"):
            read_incidence(tmp_path, entity="follower_id", thing="followee_id")
        (tmp_path / name).unlink()


def test_ndjson_of_other_encodings_is_refused(tmp_path: Path) -> None:
    line = '{"account_id": "a"}\n'
    for encoding, told in (("utf-16", "UTF-16"), ("utf-8-sig", "byte order mark.*without one")):
        (tmp_path / "accounts.ndjson").write_bytes(line.encode(encoding))
        with pytest.raises(FileError, match=f"accounts.ndjson.*{told}"):
            read_dataset(tmp_path)


def test_other_separators_inside_texts_are_no_separators(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text('item_id,caption;note\nv,"a;b\rc"\n')
    (tmp_path / "accounts.csv").write_text("account_id\na\n")
    ds, _ = read_dataset(tmp_path)
    assert ds.items is not None
    assert ds.items.rows() == [("v", "a;b\rc")]


def test_blank_lines_at_the_end_are_dropped_and_counted(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account_id\na\nb\n\n\n")
    (tmp_path / "follows.csv").write_text(FOLLOWS + ",\n\n")
    ds, report = read_dataset(tmp_path)
    assert ds.follows is not None
    assert ds.follows.rows() == [("a", "b")]
    assert report.rows.rows() == [("accounts", 4, 2), ("follows", 3, 1)]
    reason = "blank line at the end of the file"
    assert report.dropped.rows() == [("accounts", reason, 2), ("follows", reason, 2)]
    # elsewhere a row without ids is an error of the row
    (tmp_path / "follows.csv").write_text(FOLLOWS + "\nb,a\n")
    with pytest.raises(DataError, match="row 2"):
        read_dataset(tmp_path)


def test_missing_values_as_r_and_pandas_write_them(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text(
        "account_id,country,follower_count,list_complete\na,NA,NA,TRUE\nb,DE,3.0,NA\n"
    )
    (tmp_path / "follows.csv").write_text("follower_id,followee_id,since\na,b,NaT\n")
    ds, report = read_dataset(tmp_path)
    assert ds.accounts is not None
    assert ds.accounts.rows() == [("a", "NA", None, True), ("b", "DE", 3, None)]
    assert sorted(report.notes.rows()) == [
        ("accounts", "follower_count: 'NA' is no value: set to missing", 1),
        ("accounts", "list_complete: 'NA' is no value: set to missing", 1),
        ("follows", "since: 'NaT' is no value: set to missing", 1),
    ]


def test_messages_hold_no_row_of_a_file(tmp_path: Path) -> None:
    long = "x" * 5000
    values = ",".join(f"{long}{k}" for k in range(500))
    for name, content in (
        ("interactions.csv", f"{values}\n{values}\n"),  # without a header
        ("accounts.csv", f"account_id,country\n{long},b\n{long},c\n"),
        ("items.csv", f'item_id,caption\n1,"{long}\n'),
        ("items.csv", f'item_id,caption\n1,{long}"{long}\n2,x\n'),
        ("interactions.ndjson", f'{{"account_id": "a", "kind": "like", "at": "{long}"}}\n'),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(GraphkitError) as caught:
            read_dataset(tmp_path)
        assert 0 < len(str(caught.value)) < 1500 + len(str(tmp_path))
        (tmp_path / name).unlink()
    (tmp_path / "log.csv").write_text(f"{values}\n{values}\n")
    with pytest.raises(MissingDataError) as missing:
        read_incidence(tmp_path)
    assert 0 < len(str(missing.value)) < 1500 + len(str(tmp_path))


def test_real_ids_are_a_list(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account_id\nNA\n")
    with pytest.raises(OptionError, match="a list of words is needed"):
        read_dataset(tmp_path, real_ids="NA")
    ds, _ = read_dataset(tmp_path, real_ids=["NA"])
    assert list(ds.account_ids.ids) == ["NA"]


def test_damaged_files_never_panic(tmp_path: Path) -> None:
    write_dataset(full(), tmp_path)
    good = (tmp_path / "items.parquet").read_bytes()
    (tmp_path / "dataset.toml").unlink()
    for cut in range(0, len(good), max(1, len(good) // 40)):
        (tmp_path / "items.parquet").write_bytes(good[:cut])
        with pytest.raises(FileError, match=r"items\.parquet"):
            read_dataset(tmp_path)


def test_truncated_gzip_is_told(tmp_path: Path) -> None:
    packed = gzip.compress(("item_id\n" + "".join(f"{i}\n" for i in range(9999))).encode())
    (tmp_path / "items.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(FileError, match=r"items\.csv\.gz cannot be read"):
        read_dataset(tmp_path)


# --- writing


def test_only_own_files_are_replaced(tmp_path: Path) -> None:
    put(tmp_path, notes_txt="mine")
    with pytest.raises(FileError, match=r"not empty.*overwrite=True"):
        write_dataset(full(), tmp_path)
    write_dataset(full(), tmp_path, overwrite=True)
    less = Dataset(follows={"follower_id": ["a"], "followee_id": ["b"]})
    write_dataset(less, tmp_path, overwrite=True)
    assert sorted(f.name for f in tmp_path.iterdir()) == [
        "dataset.toml",
        "follows.parquet",
        "notes.txt",
    ]
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert read_dataset(tmp_path)[0].content_key == less.content_key


def test_a_table_of_another_format_is_not_doubled(tmp_path: Path) -> None:
    put(tmp_path, follows_csv="follower_id,followee_id\na,b\n")
    before = (tmp_path / "follows.csv").read_bytes()
    with pytest.raises(FileError, match=r"follows\.csv would be a second file"):
        write_dataset(full(), tmp_path, overwrite=True)
    assert (tmp_path / "follows.csv").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    put(tmp_path, file_txt="x")
    with pytest.raises(FileError, match="is a file: give a folder"):
        write_dataset(full(), tmp_path / "file.txt")
    with pytest.raises(FileError, match="cannot be made"):
        write_dataset(full(), tmp_path / "file.txt" / "below")


def test_python_objects_are_refused(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"account_id": ["a"], "group_id": ["g"], "thing": pl.Series([object()], dtype=pl.Object)}
    )
    with pytest.raises(DataError, match=r"'memberships': column 'thing' holds Python objects"):
        write_dataset(Dataset(memberships=frame), tmp_path)


def test_a_copied_folder_still_reads(tmp_path: Path) -> None:
    write_dataset(full(), tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert read_dataset(tmp_path / "b")[0].content_key == full().content_key


# --- dataset.toml


def with_header(folder: Path, text: str) -> Path:
    put(folder, follows_csv="follower_id,followee_id,since\na,b,2024-01-01\n")
    (folder / "dataset.toml").write_text(text, encoding="utf-8")
    return folder


def test_header_is_read(tmp_path: Path) -> None:
    text = 'source = "S"\nterms = "T"\n[time_kinds]\nfollows.since = "bound"\n'
    ds, _ = read_dataset(with_header(tmp_path, text))
    assert (ds.source, ds.terms, ds.time_kinds["follows.since"]) == ("S", "T", "bound")


def test_hash_of_a_csv_is_checked(tmp_path: Path) -> None:
    with_header(tmp_path, "")
    digest = hashlib.sha256((tmp_path / "follows.csv").read_bytes()).hexdigest()
    with_header(tmp_path, f'[files]\n"follows.csv" = "{digest.upper()}"\n')
    read_dataset(tmp_path)
    with (tmp_path / "follows.csv").open("a") as file:
        file.write("b,a,\n")
    with pytest.raises(FileError, match=r"follows\.csv is not the file that was written"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("sourse = 'x'", DataError, ["'sourse'", "Did you mean 'source'", "Known:"]),
        ("schema_version = 2", DataError, ["schema_version = 2", "reads version 1"]),
        ("schema_version = true", DataError, ["schema_version = True"]),
        ("schema_version = '1'", DataError, ["schema_version = '1'"]),
        ("source = 3", DataError, ["source = 3 is no text"]),
        ("files = 3", DataError, ["[files] must map"]),
        ("[time_kinds]\nfollows.since = 3", DataError, ["[time_kinds] must map"]),
        ("source = ", FileError, ["no valid TOML", "Invalid value"]),
        ("[time_kinds]\nfollows.since = 'evnt'", DataError, ["'evnt'", "'event'"]),
        ("[time_kinds]\nfollows.sins = 'event'", DataError, ["'follows.sins'", "follows.since"]),
        ("[files]\n'items.csv' = 'ab'", FileError, ["items.csv is missing", "[files]"]),
        ("[files]\n'../x' = 'ab'", DataError, ["'../x'", "plain file names"]),
    ],
)
def test_errors_of_the_header(
    tmp_path: Path, text: str, error: type[GraphkitError], words: list[str]
) -> None:
    with_header(tmp_path, text)
    with pytest.raises(error) as caught:
        read_dataset(tmp_path)
    for word in [*words, "dataset.toml"]:
        assert word in str(caught.value)


def test_header_that_is_no_text(tmp_path: Path) -> None:
    with_header(tmp_path, "")
    (tmp_path / "dataset.toml").write_bytes(b"source = '\xe9'")
    with pytest.raises(FileError, match=r"dataset\.toml cannot be read"):
        read_dataset(tmp_path)


def test_half_a_surrogate_is_refused(tmp_path: Path) -> None:
    tables: dict[str, Any] = {"memberships": {"account_id": ["a"], "group_id": ["g"]}}
    with pytest.raises(DataError, match="surrogate"):
        write_dataset(Dataset(**tables, source="\ud83d"), tmp_path)
    assert not list(tmp_path.iterdir())


LOG = "user;clip;when;did\nann;007;1709287200;like\nbob;7281986300348026145;1709287260;is_hate\n"
NAMES = {"user": "account_id", "clip": "item_id", "when": "at", "did": "kind"}


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("head", ["", "\ufeff", "sep=", "\ufeffsep="])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_are_those_of_the_header(tmp_path: Path, mark: str, head: str, end: str) -> None:
    first = f"{head}{mark}\n" if "sep=" in head else head
    text = (first + LOG.replace(";", mark)).replace("\n", end)
    for name, data in {
        "log.csv": text.encode(),
        "log.csv.gz": gzip.compress(text.encode()),
    }.items():
        path = tmp_path / name
        path.write_bytes(data)
        ds, report = read_dataset(path, table="interactions", columns=NAMES)
        assert ds.interactions is not None
        assert ds.interactions.select("account_id", "item_id", "kind").rows() == [
            ("ann", "007", "like"),
            ("bob", "7281986300348026145", "is_hate"),
        ]
        told = [n for n in report.notes["note"].to_list() if n.startswith("columns separated")]
        marked = ", as its first line says (sep=)" if "sep=" in head else ""
        usual = mark == "," and not marked
        assert told == ([] if usual else [f"columns separated by {mark!r}{marked}"])
        matrix = read_incidence(path, entity="user", thing="clip", at="when")
        assert list(matrix.through.ids) == ["007", "7281986300348026145"]
        assert matrix.provenance.parameters.get("files", []) == told


def test_logs_of_several_separators_are_one_log(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LOG)
    (tmp_path / "b.csv").write_text("did,user,clip,when\nlike,cid,007,1709287261\n")
    found = read_incidence(tmp_path, entity="user", thing="clip", at="when")
    assert list(found.between.ids) == ["ann", "bob", "cid"]
    assert found.n_acts == 3


def test_decimal_commas_are_not_guessed(tmp_path: Path) -> None:
    put(tmp_path, items_csv="item_id;duration\nv;1,5\n")
    with pytest.raises(DataError, match=r"row 1: '1,5' is not a number"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "parquet"])
def test_columns_of_other_names(tmp_path: Path, suffix: str) -> None:
    frame = pl.DataFrame({"user": ["0071"], "clip": ["7"], "did": ["like"], "extra": ["x"]})
    getattr(frame, f"write_{suffix}")(tmp_path / f"interactions.{suffix}")
    names = {"user": "account_id", "clip": "item_id", "did": "kind"}
    ds, _ = read_dataset(tmp_path, columns={"interactions": names})
    assert ds.interactions is not None
    assert ds.interactions.rows(named=True) == [
        {"account_id": "0071", "item_id": "7", "kind": "like", "extra": "x"}
    ]
    # in dataset.toml they are part of the folder; the argument has the last word
    lines = ["[columns.interactions]", 'user = "account_id"', 'clip = "item_id"', 'did = "tag"']
    (tmp_path / "dataset.toml").write_text("\n".join(lines))
    again, _ = read_dataset(tmp_path, columns={"interactions": {"did": "kind"}})
    assert again.content_key == ds.content_key
    one, _ = read_dataset(tmp_path / f"interactions.{suffix}", columns=names)
    assert one.content_key == ds.content_key


@pytest.mark.parametrize(
    ("columns", "error", "named"),
    [
        ({"interactions": {"usr": "account_id"}}, DataError, "no column 'usr'.*mean 'user'"),
        (
            {"interactions": {"account_id": "user"}},
            DataError,
            r"maps the name in the file to that of graphkit, \{'user': 'account_id'\}; on the command "
            "line it is the other way round, --columns account_id=user",
        ),
        (
            {"interactions": {"zzzzzz": "account_id"}},
            DataError,
            "there are .*the file calls it 'user'; on the command line --columns account_id=user does",
        ),
        ({"interaction": {"user": "account_id"}}, OptionError, "mean 'interactions'"),
        ({"follows": {"user": "follower_id"}}, OptionError, "'follows', which has no file"),
        ({"interactions": "user"}, OptionError, "maps the names of columns"),
        (
            {"interactions": {"user": "item_id", "clip": "item_id"}},
            OptionError,
            "two columns 'item_id'",
        ),
        ({"interactions": {"user": 3}}, OptionError, "maps texts to texts"),
    ],
)
def test_wrong_names_of_columns_are_refused(
    tmp_path: Path, columns: Any, error: type[Exception], named: str
) -> None:
    put(tmp_path, interactions_csv=LOG)
    with pytest.raises(error, match=named):
        read_dataset(tmp_path, columns=columns)


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ("username,following_user", "columns 'follower_id' and 'followee_id' are missing"),
        ("username,target_account", "columns 'follower_id' and 'followee_id' are missing"),
        ("follower_id,following_id", "column 'followee_id' is missing"),
        ("followed_id,x", "are missing"),
        ("source,target", "are missing"),
    ],
)
def test_no_hint_says_who_follows_whom(tmp_path: Path, columns: str, wanted: str) -> None:
    put(tmp_path, follows_csv=f"{columns}\na,b\n")
    with pytest.raises(DataError, match=wanted) as caught:
        read_dataset(tmp_path)
    told = str(caught.value)
    assert "Nobody but you knows which column follows which" in told
    assert "Did you mean" not in told
    assert "looks like" not in told
    assert len(told) < 600


def test_a_file_is_read_or_says_how(tmp_path: Path) -> None:
    put(tmp_path, log_csv=LOG.replace("did", "action").replace("clip", "video"))
    with pytest.raises(FileError) as caught:
        read_dataset(tmp_path / "log.csv")
    told = str(caught.value)
    call = "columns={'user': 'account_id', 'video': 'item_id', 'when': 'at', 'action': 'kind'}"
    assert call in told
    assert "--table interactions --columns account_id=user --columns item_id=video" in told
    assert len(told) < 600
    names = {"user": "account_id", "video": "item_id", "when": "at", "action": "kind"}
    ds, report = read_dataset(tmp_path / "log.csv", table="interactions", columns=names)
    assert report.rows.rows() == [("interactions", 2, 2)]
    # its columns or its name say what it is
    assert read_dataset(tmp_path / "log.csv", columns=names)[0].content_key == ds.content_key
    put(tmp_path, edges_csv="follower_id,followee_id\na,b\n", follows_csv=FOLLOWS)
    for name in ("edges.csv", "follows.csv"):
        assert list(read_dataset(tmp_path / name)[0].tables) == ["follows"]
    put(tmp_path, views_csv="account_id,item_id\na,v\n")
    viewed, _ = read_dataset(tmp_path / "views.csv", table="interactions", kind_is="view")
    assert viewed.interactions is not None
    assert viewed.interactions["kind"].to_list() == ["view"]
    with pytest.raises(DataError, match="has a column 'kind': kind_is= is for a log without"):
        read_dataset(tmp_path / "log.csv", columns=names, kind_is="view")
    with pytest.raises(FileError, match=r"notes\.txt is no table that is read"):
        read_dataset(put(tmp_path, notes_txt="x") / "notes.txt")


def test_no_error_shows_what_a_file_holds(tmp_path: Path) -> None:
    secret = "planted secret"
    row = json.dumps({"item_id": 1, "tags": {secret: [secret] * 99}})
    files = {
        "items.ndjson": [
            row + "\n" + json.dumps({"item_id": [secret]}),
            f'[{{"{secret}": 1}}]' * 99,
        ],
        "items.csv": [
            f"item_id,a\n1,2,{secret}\n",
            f'item_id,a\n1,"{secret}\n',
            f"{secret},a\n" * 9,
        ],
        "items.json": [row],
    }
    for name, texts in files.items():
        for text in texts:
            (tmp_path / name).write_text(text)
            with pytest.raises(GraphkitError) as caught:
                read_dataset(tmp_path)
            assert str(caught.value).count(secret) <= 1, name
            assert len(str(caught.value)) < 600
        (tmp_path / name).unlink()


def test_lists_and_local_times_in_files(tmp_path: Path) -> None:
    put(tmp_path, items_csv="item_id,tags,created_at\nv,a|b,2024-07-01 12:00\nw,c;d,2024-07-01\n")
    with pytest.raises(DataError, match=r"items\.csv.*may both part the lists.*separator="):
        read_dataset(tmp_path)
    ds, report = read_dataset(tmp_path, separator="|", tz="Europe/Berlin")
    assert ds.items is not None
    assert ds.items["tags"].to_list() == [["a", "b"], ["c;d"]]
    assert ds.items["created_at"][0].isoformat() == "2024-07-01T10:00:00+00:00"
    assert report.notes["note"].to_list() == [
        "times in 'created_at' without a zone read as those of Europe/Berlin",
        "lists in 'tags' parted at '|'",
    ]
    log = read_incidence(
        pl.LazyFrame({"account_id": ["a"], "item_id": ["v"], "at": ["2024-07-01 12:00"]}),
        at="at",
        tz="Europe/Berlin",
    )
    assert log.first.tolist() == [1719828000 * 10**6]


def test_times_that_ids_contradict_are_told(tmp_path: Path) -> None:
    put(tmp_path, items_csv=f"item_id,created_at\n{1717081224 << 32},2024-05-30T17:00:24\n")
    told = r"made 2 h earlier than items.created_at: local time\? pass tz='\+02:00'"
    with pytest.warns(GraphkitWarning, match=told):
        _, report = read_dataset(tmp_path)
    assert "pass tz='+02:00'" in report.notes["note"].item()
    assert read_dataset(tmp_path, tz="+02:00")[0].items is not None


@pytest.mark.parametrize("ending", [".csv", ".ndjson", ".parquet"])
def test_a_log_in_one_file_describes_its_items_too(tmp_path: Path, ending: str) -> None:
    rows = {
        "user": ["ann", "bob", "cem", "dan"],
        "video": ["0071", "0071", "72", None],
        "tags": ["#a|#b", "#c|#d", None, "#e|#f"],
        "maker": [None, "eve", "fay", "gus"],
    }
    log = tmp_path / f"log{ending}"
    write = {".csv": "write_csv", ".ndjson": "write_ndjson", ".parquet": "write_parquet"}[ending]
    getattr(pl.DataFrame(rows), write)(log)
    flat = {"user": "account_id", "video": "item_id", "tags": "tags", "maker": "author_id"}
    ds, report = read_dataset(log, table="interactions", columns=flat, kind_is="like")
    assert ds.items is not None
    assert ds.interactions is not None
    assert ds.interactions.columns == ["account_id", "item_id", "kind"]
    # of each column the first value that is there; the row without a video says nothing of one
    first = [("0071", ["#a", "#b"], "eve"), ("72", None, "fay")]
    assert ds.items.select("item_id", "tags", "author_id").rows() == first
    assert ("items", "tags has several values for one item: first taken", 1) in report.notes.rows()
    assert ("items", 2, 2) in report.rows.rows()
    nested = {
        "interactions": {"user": "account_id", "video": "item_id"},
        "items": {"tags": "tags", "maker": "author_id"},
    }
    again, _ = read_dataset(log, columns=nested, kind_is="like")
    assert again.content_key == ds.content_key
    wrong = {"items": {"tags": "tags", "maler": "author_id"}}
    with pytest.raises(DataError, match="no column 'maler', which columns= names"):
        read_dataset(log, columns=nested | wrong, kind_is="like")


def test_what_was_left_out_is_kept_through_a_folder(tmp_path: Path) -> None:
    (tmp_path / "follows.csv").write_text("follower_id,followee_id\na,b\na,b\na,a\n")
    first, report = read_dataset(tmp_path / "follows.csv")
    assert report.n_dropped == 2
    key = PseudonymKey(b"k" * 32)
    folder = write_dataset(pseudonymise(first, key), tmp_path / "out")
    again, report = read_dataset(folder)
    assert report.n_dropped == 0
    told = {"follows: the same row again": 1, "follows: account follows itself": 1}
    assert again.provenance.removed == told
    assert read_any(folder)[0].provenance.removed == told
    assert data_text(again, report)[1] == (
        "Left out before the study: 1 follows: account follows itself; 1 follows: the same row again."
    )
    header = folder / "dataset.toml"
    header.write_text(header.read_text().replace('again" = 1', 'again" = "1"'))
    with pytest.raises(DataError, match="must map reasons to numbers"):
        read_dataset(folder)


def test_rows_of_a_log_that_are_kept_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "interactions.csv"
    rows = ["a,v,like,2026-01-01", "a,v,like,2026-01-01", "b,v,like,", "b,v,like,"]
    path.write_text("\n".join(["account_id,item_id,kind,at", *rows]))
    _, report = read_dataset(path)
    assert report.notes.rows() == [
        ("interactions", "no time: kept, and left out where times are needed", 2),
        ("interactions", "the same row again: kept, for events may repeat", 1),
    ]
    path.write_text("account_id,item_id,kind\nNA,v,like\n")
    with pytest.raises(DataError, match=r"'NA' is no id.*name the word in real_ids="):
        read_dataset(path)
    assert read_dataset(path, real_ids=["NA"])[0].account_ids.ids[0] == "NA"


def test_what_does_not_fit_in_json_lines_has_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "interactions.jsonl"
    row = {"user": {"id": "a"}, "item_id": "v", "kind": "like"}
    path.write_text(json.dumps(row) + "\n")
    with pytest.raises(
        DataError, match=r"no column 'user.id'.*'user' holds records.*json_normalize"
    ):
        read_dataset(path, columns={"user.id": "account_id"})
    with pytest.raises(DataError, match=r"line 1: an id is an object.*json_normalize"):
        read_dataset(path, columns={"user": "account_id"})
    whole = json.dumps(row | {"account_id": "a"})
    path.write_text(whole + "\n" + whole[:20])
    with pytest.raises(FileError, match=r"line 2: no JSON object.*looks cut off.*remove it"):
        read_dataset(path)


@pytest.mark.parametrize("time", ["2026-04-16 22:10:38 CEST", "16.04.2026 22:10"])
def test_a_time_that_is_none_says_which_forms_are(tmp_path: Path, time: str) -> None:
    path = tmp_path / "interactions.csv"
    path.write_text(f"account_id,item_id,kind,at\na,v,like,{time}\n")
    with pytest.raises(DataError, match=r"such as 2026-04-16T22:10:38\+02:00 or.*tz="):
        read_dataset(path)
    for good in ("2026-04-16T22:10:38+02:00", "2026-04-16T22:10:38"):
        path.write_text(f"account_id,item_id,kind,at\na,v,like,{good}\n")
        ds, _ = read_dataset(path, tz="Europe/Berlin")
        assert str(ds.interactions["at"][0]) == "2026-04-16 20:10:38+00:00"  # type: ignore[index]

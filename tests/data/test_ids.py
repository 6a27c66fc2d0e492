"""Ids at the border: what is stripped, what is missing, what is refused, and what is told."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.ids import MISSING_WORDS, check_id_times, describe_offset, judge_ids, take_ids
from graphkit.errors import DataError, GraphkitWarning, OptionError
from graphkit.readwrite import read_incidence


def taken(values: list[Any] | pl.Series, **options: Any) -> tuple[list[str | None], dict[str, int]]:
    seen: Counter[str] = Counter()
    series = values if isinstance(values, pl.Series) else pl.Series("id", values)
    return take_ids(series, "column 'id'", changes=seen, **options).to_list(), dict(seen)


@pytest.mark.parametrize("word", MISSING_WORDS)
def test_words_that_mean_missing_are_missing_and_counted(word: str) -> None:
    ids, seen = taken(["ann", word, f" {word} ", "bob"])
    assert ids == ["ann", None, None, "bob"]
    assert seen == {f"{word!r} is no id: set to missing": 2}
    # declared, they are ids; inside a longer id they are letters
    assert taken(["ann", word], real_ids=[word]) == (["ann", word], {})
    assert taken([f"x{word}", f"{word}x"]) == ([f"x{word}", f"{word}x"], {})


def test_accounts_that_are_gone_are_no_account() -> None:
    log = {"who": ["ann", "[deleted]", "[deleted]"], "what": ["v", "v", "w"]}
    with pytest.raises(
        DataError, match=r"row 2 \(2 such rows\): '\[deleted\]' is no id.*real_ids="
    ):
        gk.from_frame(log, account="who", item="what", kind_is="like")


@pytest.mark.parametrize(
    "blank", [" ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2003", "\ufeff", "\u200b", "\u200e"]
)
def test_blanks_around_ids_are_stripped_and_counted(blank: str) -> None:
    ids, seen = taken([f"{blank}ann", "ann", f"ann{blank}", f"{blank}{blank}", "a b", None])
    assert ids == ["ann", "ann", "ann", None, "a b", None]
    assert seen == {"blanks around ids: stripped": 2}


@pytest.mark.parametrize(
    "mark", ["\x00", "\x07", "\n", "\x7f", "\x85", "\ufffd", "\ufeff", "\uffff"]
)
def test_impossible_characters_inside_an_id_are_refused(mark: str) -> None:
    with pytest.raises(DataError, match=r"row 2: 'a.*b' holds a character that no id has"):
        taken(["ann", f"a{mark}b"])


NUMBERS = ["7281986300348026145", "7281986300348026146"]
TEXTS = ["ann.lee", "bob", "cem"]
DIGESTS = ["a41f09bc", "7e392803", "00c4d1ef", "73928e03", "9e000041", "ffab3310"]


@pytest.mark.parametrize(
    "lost", ["7E18", "7e18", "71e17", "7.28199E+18", "7.28199e+18", "7,1E+18", "7.e18", "-7E+5"]
)
def test_scientific_notation_is_refused_in_a_column_of_numbers(lost: str) -> None:
    with pytest.raises(DataError, match=r"column 'id', row 2: .* scientific notation"):
        taken([NUMBERS[0], lost, NUMBERS[1]])
    with pytest.raises(DataError, match="scientific notation"):
        taken([lost])


def test_the_column_is_judged_not_the_cell() -> None:
    for ids in (DIGESTS, [d.upper() for d in DIGESTS], ["7e18", "00ff", "a4c1"], ["7e18", *TEXTS]):
        assert taken(ids) == (ids, {})
    # half the column being numbers is a column of numbers; no name is written with 7.3E+18
    with pytest.raises(DataError, match="'7e18'"):
        taken(["7e18", "12", "ann", "bob"])
    with pytest.raises(DataError, match=r"row 1: '7.3E\+18'"):
        taken(["7.3E+18", *TEXTS])


def test_a_point_and_zero_is_refused_among_numbers_only() -> None:
    for ids in (["12.0", "12"], ["12.0", "13.0"], ["12,0", "12"], ["12.000"], ["-1.0", "3"]):
        with pytest.raises(DataError, match=r"row 1.*written as a float"):
            taken(ids)
    arxiv = ["2409.02086", "2603.11084", "1801.0000"]
    assert taken(arxiv) == (arxiv, {})
    assert taken(["12.0", *TEXTS])[0][0] == "12.0"


def test_judging_a_lazy_column_is_as_judging_a_series() -> None:
    for ids in ([*NUMBERS, "7E18"], ["12.0", "12"], ["a\x00b"]):
        messages = []
        for form in (pl.Series("id", ids), pl.Series("id", ids).to_frame().lazy()):
            with pytest.raises(DataError) as caught:
                judge_ids(form, "place")
            messages.append(str(caught.value))
        assert messages[0] == messages[1]
    judge_ids(pl.Series("id", DIGESTS).to_frame().lazy(), "place")


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([7, 2**64 - 1], dtype=pl.UInt64),
        pl.Series([7, 2**100], dtype=pl.Int128),
        pl.Series([7, -3], dtype=pl.Int8),
        pl.Series(["b", "a", "b"], dtype=pl.Categorical),
        pl.Series(["b", "a"], dtype=pl.Enum(["a", "b"])),
        pl.Series([None, None], dtype=pl.Null),
    ],
)
def test_integers_of_any_width_and_categories_are_written_out(series: pl.Series) -> None:
    expected = [None if v is None else str(v) for v in series.to_list()]
    assert taken(series) == (expected, {})


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([1.0]),
        pl.Series([True]),
        pl.Series([b"a"]),
        pl.Series([["a"]]),
        pl.Series([{"a": 1}]),
        pl.Series([1], dtype=pl.Decimal(10, 2)),
        pl.Series([0], dtype=pl.Date),
    ],
)
def test_other_types_are_refused_by_name(values: pl.Series) -> None:
    with pytest.raises(DataError, match="column 'id'"):
        taken(values)


def rounded(digits: int, n: int) -> list[str]:
    whole = [str(7281986300348026145 + k * 1_234_567_890_123) for k in range(n)]
    return [w[:digits] + "0" * (19 - digits) for w in whole]


def test_long_ids_that_all_end_in_zeros_are_told() -> None:
    for digits, zeros in ((15, "0000"), (16, "000"), (17, "00")):
        ids, seen = taken(rounded(digits, 400))
        (note,) = seen
        assert ids == rounded(digits, 400)
        assert f"all end in '{zeros}'" in note
    assert taken(rounded(19, 400))[1] == {}
    # two such ids may be chance, and one whole id among many is a proof
    assert taken(rounded(17, 2))[1] == {}
    assert taken([*rounded(15, 400), "7281986300348026145"])[1] == {}


def test_a_dataset_warns_once_and_derived_ones_do_not() -> None:
    with pytest.warns(GraphkitWarning, match=r"'nan' is no id.*\(1\)") as caught:
        ds = gk.Dataset(
            interactions={
                "account_id": [" ann", "bob", "ann"],
                "item_id": ["v", "nan", "w"],
                "kind": ["like"] * 3,
                "at": ["2024-01-01", "2024-01-02", "2024-01-03"],
            }
        )
    assert len(caught) == 1
    assert "interactions: account_id: blanks around ids: stripped (1)" in str(caught[0].message)
    assert ds.interactions is not None
    assert ds.interactions["item_id"].to_list() == ["v", None, "w"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        past, _ = ds.split_time("2024-01-03")
    assert list(past.account_ids.ids) == ["ann", "bob"]


def test_real_ids_are_kept_through_splitting_writing_and_reading(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ds = gk.Dataset(
            follows={"follower_id": ["null", "ann"], "followee_id": ["ann", "null"]},
            real_ids=["null"],
        )
        assert list(ds.select_accounts(["null", "ann"]).account_ids.ids) == ["ann", "null"]
        gk.write_dataset(ds, tmp_path / "folder")
        again, report = gk.read_dataset(tmp_path / "folder")
    assert again.content_key == ds.content_key
    assert again.real_ids == ("null",)
    assert report.notes.height == 0
    with pytest.raises(DataError, match="row 1: 'null' is no id"):
        gk.Dataset(follows={"follower_id": ["null"], "followee_id": ["ann"]})
    with pytest.raises(OptionError, match="real_ids='null'"):
        gk.Dataset(follows={"follower_id": ["a"], "followee_id": ["b"]}, real_ids="null")  # type: ignore[arg-type]


def write(folder: Path, form: str, rows: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    frame = pl.DataFrame(rows, schema=["account_id", "item_id", "kind"])
    if form == "parquet":
        frame.write_parquet(folder / "interactions.parquet")
    elif form == "csv":
        frame.write_csv(folder / "interactions.csv")
    else:
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (folder / "interactions.ndjson").write_text(lines, encoding="utf-8")
    return folder


ROWS = [
    ("ann", "v"),
    ("ann ", "w"),
    ("bob", "nan"),
    ("\u00a0bob", "v"),
    ("cem", "NA"),
    ("cem", "w"),
]


@pytest.mark.parametrize("form", ["parquet", "csv", "ndjson"])
def test_every_reader_takes_ids_by_the_same_rules(tmp_path: Path, form: str) -> None:
    rows = [{"account_id": a, "item_id": i, "kind": "like"} for a, i in ROWS]
    folder = write(tmp_path / form, form, rows)
    ds, report = gk.read_dataset(folder)
    table = ("account_id", "item_id", "kind")
    assert ds.interactions is not None
    assert ds.interactions.select(*table[:2]).rows() == [
        *(("ann", "v"), ("ann", "w"), ("bob", None)),
        *(("bob", "v"), ("cem", None), ("cem", "w")),
    ]
    assert report.notes.rows() == [
        ("interactions", "account_id: blanks around ids: stripped", 2),
        ("interactions", "item_id: 'NA' is no id: set to missing", 1),
        ("interactions", "item_id: 'nan' is no id: set to missing", 1),
    ]
    with pytest.warns(GraphkitWarning, match=r"account_id: blanks around ids: stripped \(2\)"):
        streamed = read_incidence(folder)
    assert list(streamed.between.ids) == ["ann", "bob", "cem"]
    assert list(streamed.through.ids) == ["v", "w"]
    assert dict(streamed.removed) == {"rows without item_id": 2}
    with pytest.warns(GraphkitWarning, match="blanks"):
        kept = read_incidence(folder, real_ids=["NA", "nan"])
    assert list(kept.through.ids) == ["NA", "nan", "v", "w"]


@pytest.mark.parametrize("form", ["parquet", "csv", "ndjson"])
@pytest.mark.parametrize("bad", ["7E18", "12.0", "a\x07b", "a\ufffdb"])
def test_every_reader_refuses_the_same(tmp_path: Path, form: str, bad: str) -> None:
    rows = [{"account_id": a, "item_id": i, "kind": "like"} for a, i in (("1", bad), ("2", "12"))]
    folder = write(tmp_path / form, form, rows)
    with pytest.raises(DataError, match="'item_id'"):
        gk.read_dataset(folder)
    with pytest.raises(DataError, match="'item_id'"):
        read_incidence(folder)


@pytest.mark.parametrize("value", ["7.28e18", "12.0", "true", '["a"]', '{"a": 1}'])
def test_ndjson_ids_are_texts_or_integers(tmp_path: Path, value: str) -> None:
    line = '{"account_id": "0071", "item_id": %s, "kind": "like"}'
    lines = [line % '"0072"', line % value]
    (tmp_path / "interactions.ndjson").write_text("\n".join(lines))
    for read in (gk.read_dataset, read_incidence):
        with pytest.raises(DataError, match=r"interactions.ndjson, line 2: an id is"):
            read(tmp_path)
    # a text that looks like such a key is no id
    quoted = json.dumps(
        {"account_id": "a", "item_id": "b", "kind": "like", "note": '"item_id": 1.5'}
    )
    (tmp_path / "interactions.ndjson").write_text(f"{quoted}\n{line % 7281986300348026145}")
    ds, _ = gk.read_dataset(tmp_path)
    assert ds.interactions is not None
    assert ds.interactions["item_id"].to_list() == ["b", "7281986300348026145"]
    assert ds.interactions["account_id"].to_list() == ["a", "0071"]


def test_leading_zeros_in_quotes_stay(tmp_path: Path) -> None:
    (tmp_path / "follows.ndjson").write_text('{"follower_id": "0071", "followee_id": "71"}')
    ds, _ = gk.read_dataset(tmp_path)
    assert list(ds.account_ids.ids) == ["0071", "71"]


def test_nodes_of_a_graph_are_taken_as_they_are_but_told() -> None:
    with pytest.warns(GraphkitWarning, match=r"blanks around 1 id; 'nan'.*neither was changed"):
        graph = gk.Graph.from_edges(["ann ", "nan"], ["bob", "ann"], directed=False)
    assert list(graph.vocabulary.ids) == ["ann", "ann ", "bob", "nan"]
    with pytest.raises(DataError, match="the edge list: '7E18'"):
        gk.Graph.from_edges(["7E18", "12"], ["13", "14"], directed=False)


def test_wide_integers_are_nodes_in_any_form() -> None:
    big = [2**63 + 5, 2**64 - 1, 7]
    forms: list[Any] = [
        big,
        np.array(big, dtype=np.uint64),
        pl.Series(big, dtype=pl.UInt64),
        pl.Series(big, dtype=pl.Int128),
        [np.uint64(v) for v in big],
    ]
    graphs = [gk.Graph.from_edges(ids, ids[::-1], directed=True) for ids in forms]
    assert len({graph.content_key for graph in graphs}) == 1
    assert graphs[0].vocabulary.ids.tolist() == sorted(big)


def test_an_exponent_of_any_length_is_refused_among_whole_numbers_only() -> None:
    for lost in ("1e400", "17e3928031", "7E-18"):
        with pytest.raises(DataError, match="scientific notation"):
            taken([lost, *NUMBERS])
    assert taken(["7e392803"]) == (["7e392803"], {})


def test_rounded_ids_that_fall_together_are_told() -> None:
    rows = ["7281986300348000000"] * 3
    assert "all end in '000000'" in str(taken(rows)[1])
    assert taken(rows[:2])[1] == {}


@pytest.mark.parametrize(
    "marked",
    [
        "'7281986300348026145",
        "'7281986300348026145'",
        '="7281986300348026145"',
        '"7281"',
        "7,281,986",
    ],
)
def test_marks_of_spreadsheets_are_refused_in_a_column_of_numbers(marked: str) -> None:
    with pytest.raises(DataError, match=r"column 'id', row 2.*spreadsheet.*plain text"):
        taken([NUMBERS[0], marked])
    with pytest.raises(DataError, match="spreadsheet"):
        taken([marked])
    assert taken([*TEXTS, marked])[0][-1] == marked
    with pytest.raises(DataError, match=r"the edge list.*spreadsheet"):
        gk.Graph.from_edges([marked], ["12"], directed=False)


def test_names_with_marks_are_no_numbers() -> None:
    ids = ["'ann'", "='bob", "12,345", "1,2,3", "o'neil", '"quoted"', "'90s"]
    assert taken(ids) == (ids, {})


def test_two_normal_forms_of_one_id_are_told() -> None:
    ids = ["ren\u00e9", "rene\u0301", "\u00fcm", "bob", "bob", None]
    kept, seen = taken(ids)
    assert kept == ids
    assert list(seen.values()) == [2]
    assert "normal form" in next(iter(seen))
    # an id with a mark that is not seen looks like the one without it
    assert list(taken(["a\u200bnn", "a\u00adnn", "ann", "z\u200be"])[1].values()) == [2]
    # joiners change letters of Persian, and join emoji
    joined = ["\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u062e"]
    assert taken(joined)[1] == {}
    assert taken(["ren\u00e9", "ren\u00e9", "rene"])[1] == {}
    with pytest.warns(GraphkitWarning, match=r"normal form.*\(2\)"):
        gk.Graph.from_edges(["ren\u00e9"], ["rene\u0301"], directed=False)


def test_one_id_in_two_types_is_told() -> None:
    with pytest.warns(GraphkitWarning, match=r"2 nodes are one id in two types"):
        graph = gk.Graph.from_edges([1, 2], ["1", "x"], directed=False)
    assert graph.vocabulary.ids.tolist() == [1, 2, "1", "x"]
    assert gk.Graph.from_edges([1, 2], ["v1", "v2"], directed=False).n_nodes == 4


def test_advice_on_words_is_given_if_a_word_was_taken_as_missing() -> None:
    with pytest.warns(GraphkitWarning) as caught:
        gk.Dataset(follows={"follower_id": ["ann "], "followee_id": ["bob"]})
    assert "real_ids" not in str(caught[0].message)


@pytest.mark.parametrize("word", ["0", "-1"])
def test_words_for_none_among_long_numbers_are_told(word: str, tmp_path: Path) -> None:
    ids, seen = taken([*NUMBERS, word, word, None])
    assert ids == [*NUMBERS, word, word, None]
    note = f"{word!r} among ids of 10 and more digits: if it stands for none, set it to missing"
    assert seen == {note: 2}
    # ids that were numbered anew start at 0, and names may be anything
    for others in (["1", "2"], [*NUMBERS, "12"], [*NUMBERS, "ann"], []):
        assert taken([*others, word])[1] == {}
    path = tmp_path / "log.csv"
    path.write_text("account_id,item_id\n" + "".join(f"{i},v\n" for i in (*NUMBERS, word)))
    with pytest.warns(GraphkitWarning, match="stands for none"):
        read_incidence(path)


def made(offset: timedelta, n: int = 3) -> tuple[pl.Series, pl.Series]:
    """Ids of 19 digits of n seconds, and times that are `offset` later."""
    seconds = [1717081224 + 977 * k for k in range(n)]
    ids = pl.Series([str((s << 32) + 4093 * k) for k, s in enumerate(seconds)], dtype=pl.String)
    times = pl.Series([datetime.fromtimestamp(s, UTC) + offset for s in seconds])
    return ids, times.cast(pl.Datetime("us", "UTC"))


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (2, "2 h earlier than items.created_at: local time? pass tz='+02:00'"),
        (1, "1 h earlier than items.created_at: local time? pass tz='+01:00'"),
        (-5, "5 h later than items.created_at: local time? pass tz='-05:00'"),
        (5.5, "5.5 h earlier than items.created_at: local time? pass tz='+05:30'"),
    ],
)
def test_ids_tell_local_times(hours: float, told: str) -> None:
    ids, times = made(timedelta(hours=hours, seconds=7))
    offset = check_id_times(ids, times)
    assert offset == timedelta(hours=hours, seconds=7)
    assert (
        describe_offset(offset, "items.created_at") == f"item ids say that items were made {told}"
    )


def test_ids_that_say_nothing_of_times() -> None:
    assert check_id_times(*made(timedelta(seconds=70))) is None
    hour = timedelta(hours=2)
    ids, times = made(hour)
    # others' ids of 19 digits lie in other years, or one by chance in these
    assert check_id_times(pl.Series(["1796544704310337536"] * 3), times) is None
    assert check_id_times(pl.Series([ids[0], *["1796544704310337536"] * 2]), times) is None
    assert check_id_times(pl.Series(["17", "a", None]), times) is None
    assert check_id_times(ids, times.set(pl.Series([True] * 3), None)) is None
    # days apart: of a few, any numbers; of many, another time
    assert check_id_times(*made(timedelta(days=90))) is None
    far = check_id_times(*made(timedelta(days=90), 30))
    assert far is not None
    assert describe_offset(far, "at").endswith("made 90 days earlier than at: is it another time?")

"""Lists in cells: every form is read exactly, and two separators are asked about."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphkit as gk
from graphkit.data.cells import split_lists
from graphkit.errors import DataError, GraphkitWarning, OptionError


def split(*cells: str | None, separator: str | None = None) -> tuple[list[object], dict[str, int]]:
    seen: Counter[str] = Counter()
    series = pl.Series("tags", list(cells), dtype=pl.String)
    return split_lists(series, "column 'tags'", seen, separator).to_list(), dict(seen)


BRACKETS = {
    '["a", "b"]': ["a", "b"],
    "['a', 'b']": ["a", "b"],
    "['a' 'b']": ["a", "b"],
    "['a'\n 'b']": ["a", "b"],
    "('a', 'b')": ["a", "b"],
    "('a',)": ["a"],
    "{'a'}": ["a"],
    "{a,b}": ["a", "b"],
    "[a,b]": ["a", "b"],
    "[a b, c]": ["a b", "c"],
    "[4202,7126]": ["4202", "7126"],
    "[123456789012345678901]": ["123456789012345678901"],
    'c("a", "b")': ["a", "b"],
    r'c("a \"b\"", "c\\d")': ['a "b"', "c\\d"],
    '["it\'s", \'a "b"\']': ["it's", 'a "b"'],
    r"['it\'s', '\u200d\xe9']": ["it's", "\u200dé"],
    r'["\ud83d\ude00", "a,b", "[c]"]': ["😀", "a,b", "[c]"],
    '["a", null]': ["a"],
    "['a', None, nan]": ["a"],
    'c("a", NA)': ["a"],
    "[]": [],
    "[ ]": [],
    "()": [],
    "{}": [],
    "set()": [],
    "character(0)": [],
}


@pytest.mark.parametrize("cell", BRACKETS)
def test_lists_between_brackets(cell: str) -> None:
    found, seen = split(cell, None, "x")
    assert found == [BRACKETS[cell], None, ["x"]]
    assert seen in ({}, {"lists in 'tags' read between brackets": 1})


@pytest.mark.parametrize(
    ("cells", "wanted", "mark"),
    [
        (["a|b", "c"], [["a", "b"], ["c"]], "'|'"),
        (["a;b; c ", "d"], [["a", "b", "c"], ["d"]], "';'"),
        (["a,b,,c"], [["a", "b", "c"]], "','"),
        (["#a #b", "#c"], [["#a", "#b"], ["#c"]], "blanks before '#'"),
        (["#a, #b"], [["#a", "#b"]], "','"),
        (["a b|c", "d e"], [["a b", "c"], ["d e"]], "'|'"),
        (["a", "b c"], [["a"], ["b c"]], None),
        (["#a b", "c"], [["#a b"], ["c"]], None),
        (["(live) a", "{x"], [["(live) a"], ["{x"]], None),
        (["", " "], [[], []], None),
    ],
)
def test_one_separator_parts_a_column(
    cells: list[str], wanted: list[list[str]], mark: str | None
) -> None:
    found, seen = split(*cells)
    assert found == wanted
    assert seen == ({} if mark is None else {f"lists in 'tags' parted at {mark}": 1})


@pytest.mark.parametrize(
    ("cells", "named"),
    [
        (["x", "a|b", "c;d"], r"'\|' \(row 2: 'a\|b'\) and ';' \(row 3: 'c;d'\) may both part"),
        (["a|b,c"], "may both part the lists: say which one, with separator="),
        (["#a #b, #c"], "',' .* and blanks before '#' .* may both"),
    ],
)
def test_two_separators_that_fit_are_asked_about(cells: list[str], named: str) -> None:
    with pytest.raises(DataError, match=named) as caught:
        split(*cells)
    assert len(str(caught.value)) < 600
    assert split(*cells, separator="|")[0] == [
        [part.strip() for part in cell.split("|")] for cell in cells
    ]


def test_a_separator_that_is_given() -> None:
    found, seen = split("http://a;b  http://c", "['x y', 'z']", separator=" ")
    assert found == [["http://a;b", "http://c"], ["x y", "z"]]
    assert seen["lists in 'tags' parted at ' '"] == 1
    with pytest.raises(OptionError, match="separator=''"):
        split("a", separator="")


@pytest.mark.parametrize(
    "cell", ["[a", '["a', "['a', 'b'", '["a"] ["b"]', '[{"a": "secret"}]', "[[1], [2]]", "[" * 5000]
)
def test_broken_lists_are_refused_by_row(cell: str) -> None:
    with pytest.raises(DataError, match=r"column 'tags', row 2: .* is not a JSON list") as caught:
        split("[]", cell)
    assert len(str(caught.value)) < 200


def test_words_for_missing_are_missing_and_told() -> None:
    found, seen = split("NA", "nan", "a,b", "NA")
    assert found == [None, None, ["a", "b"], None]
    assert seen["tags: 'NA' is no list: set to missing"] == 2


def test_what_is_a_list_already_stays() -> None:
    for series in ([["a"], None, []], [[1, 2], None]):
        found = split_lists(pl.Series("tags", series), "place")
        assert found.to_list() == [v and [str(e) for e in v] for v in series]
    assert split_lists(pl.Series("tags", [2**63 - 1, None]), "place").to_list() == [
        [str(2**63 - 1)],
        None,
    ]
    with pytest.raises(DataError, match="place holds Float64"):
        split_lists(pl.Series("tags", [1.5]), "place")


WORDS = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=8).filter(
        lambda word: word.strip() == word and pl.Series([word]).str.strip_chars()[0] == word
    ),
    max_size=4,
)


@given(st.lists(WORDS, min_size=1, max_size=3))
def test_what_python_numpy_and_json_write_is_read_back(lists: list[list[str]]) -> None:
    writers = (
        repr,
        json.dumps,
        lambda e: json.dumps(e, ensure_ascii=False),
        lambda e: repr(tuple(e)),
    )
    for write in writers:
        assert split(*(write(entries) for entries in lists))[0] == lists
    arrays = [np.array(entries, dtype=object) for entries in lists]
    assert split(*(str(array) for array in arrays))[0] == lists


@given(st.lists(st.lists(st.from_regex(r"[#\w]+", fullmatch=True), min_size=1), min_size=1))
def test_joined_words_are_parted(lists: list[list[str]]) -> None:
    from graphkit.data.ids import MISSING_WORDS

    for mark in "|;,":
        cells = [mark.join(entries) for entries in lists]
        wanted = [
            None if cell in MISSING_WORDS else e for cell, e in zip(cells, lists, strict=True)
        ]
        assert split(*cells)[0] == wanted


def test_a_dataset_parts_tags_and_flags() -> None:
    items = {"item_id": ["v", "w"], "tags": ["a|b", "c"], "flags": ["['x']", None]}
    ds = gk.Dataset(items=items)
    assert ds.items is not None
    assert ds.items.select("tags", "flags").rows() == [(["a", "b"], ["x"]), (["c"], None)]
    assert ds.provenance.parameters["converted"] == {
        "items: lists in 'tags' parted at '|'": 1,
        "items: lists in 'flags' read between brackets": 1,
    }


def test_hashtags_are_taken_from_captions() -> None:
    captions = ["Look at this! #Elo #End_game, #fyp. https://x.y/z#no", "nothing", None, "#a#b ＃c"]
    log = {"user": list("abcd"), "video": list("vwxy"), "caption": captions}
    options: dict[str, Any] = {"account": "user", "item": "video", "kind_is": "like"}
    ds = gk.from_frame(log, **options, tags="caption", separator="#")
    assert ds.items is not None
    found = [["#Elo", "#End_game", "#fyp"], [], None, ["#a", "#b", "＃c"]]
    assert ds.items["tags"].to_list() == found
    assert gk.cointeraction_graph(ds, between="tags", through="items").n_nodes == 6
    with pytest.warns(GraphkitWarning, match=r"1 cell is a text with hashtags.*separator='#'"):
        gk.from_frame(
            log | {"caption": ["hip hop", None, "#x", "Look! #y"]}, **options, tags="caption"
        )

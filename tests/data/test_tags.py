from __future__ import annotations

import re
import sys
import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit import Dataset, cointeraction_graph
from graphkit.communities.naming import frequent_spellings
from graphkit.data.tags import (
    STOP_FAMILIES,
    STOP_TAGS,
    any_tag,
    fold_tag,
    fold_tags,
    stopped,
    written_tag,
)

#: All code points but the surrogates, which are no text.
EVERY = [c for c in map(chr, range(sys.maxunicode + 1)) if not 0xD800 <= ord(c) <= 0xDFFF]
JOINERS = "\u200c\u200d"


@pytest.mark.parametrize(
    "tag",
    [
        "parati",
        "ParaTiiiiiii",
        "#paravocê",
        "paravoce",
        "FürDich",
        "furdich",
        "fuerdich",
        "PourToi",
        "voorjou",
        "neiperte",
        "dlaciebie",
        "рекомендации",
        "Вреки",
        "рекк" + "к" * 5,
        "keşfet",
        "KEŞFETTEYİZ",
        "kesfet",
        "untukmu",
        "berandafyp",
        "xuhuong",
        "xuhướng",
        "おすすめ",
        "추천",
        "推荐",
        "اكسبلور",
        "לך",
        "ฟีด",
        "वायरल",
        "fypシ",
        "fypシ゚viral",
        "FYPツ",
        "xyzbca",
        "xyzbca123",
        "fyp1",
        "fyp2024",
        "viral_video",
        "for_you",
        "for-you-page",
        "foryou💖",
        "ｆｏｒｙｏｕ",
        "vıral",
        "viralllll",
        "tendências",
    ],
)
def test_asking_for_reach_is_no_topic(tag: str) -> None:
    folded = fold_tag(tag)
    assert stopped([folded], STOP_TAGS) == {folded}


@pytest.mark.parametrize(
    "tag",
    [
        "booktok",
        "book",
        "books",
        "jazz",
        "blink182",
        "u2",
        "trendsetter",
        "virology",
        "para",
        "топология",
        "рекa и море",
        "typ",
        "foryoung",
        "tok",
        "2024",
        "シティポップ",
        "カラオケ",
        "duetto d'amore",
        "marketing",
        "lofi",
        "🎵",
        "",
    ],
)
def test_topics_are_kept(tag: str) -> None:
    assert stopped([fold_tag(tag)], STOP_TAGS) == set()


def test_families_are_folded_and_make_up_the_whole() -> None:
    assert set(STOP_FAMILIES) == {"reach", "languages", "form"}
    assert frozenset().union(*STOP_FAMILIES.values()) == STOP_TAGS
    assert all(fold_tag(t) == t and t for t in STOP_TAGS)
    assert "duet" not in STOP_TAGS - STOP_FAMILIES["form"]


def test_only_what_the_caller_names_is_stopped() -> None:
    assert stopped(["fyp", "mytag", "my_tag7", "jazz"], ["mytag"]) == {"mytag", "my_tag7"}
    assert stopped(["fyp", "fypp"], []) == set()
    # two letters and a number are a name of their own, as are two of a letter in a row
    assert stopped(["u2", "bok", "book"], ["u", "bok"]) == {"bok"}


@given(st.lists(st.text(max_size=8)), st.lists(st.text(max_size=8)))
def test_stop_tags_stop_themselves_and_nothing_new(tags: list[str], stop: list[str]) -> None:
    folded = {fold_tag(t) for t in tags}
    named = {fold_tag(t) for t in stop}
    found = stopped(folded, named)
    assert folded & named <= found <= folded
    assert stopped(folded - found, named) == set()


def ignorable() -> set[str]:
    """Default ignorable code points, by another table than that of graphkit."""
    letters = pl.Series(EVERY)
    return set(letters.filter(letters.str.contains(r"^\p{Default_Ignorable_Code_Point}$")))


def test_fold_tag_removes_exactly_what_unicode_ignores() -> None:
    hidden = ignorable()
    assert len(hidden) == 4174
    gone = {c for c in EVERY if fold_tag(f"a{c}b") == "ab"}
    assert gone == hidden - set(JOINERS)
    assert {c for c in EVERY if fold_tag(c) == ""} == hidden | {
        c for c in EVERY if c.isspace() or unicodedata.normalize("NFKC", c) in "#"
    }


def test_fold_tag_is_idempotent_and_the_same_in_all_normal_forms() -> None:
    # the rest folds to itself: unassigned, or of private use
    known = [c for c in EVERY if unicodedata.category(c) not in ("Cn", "Co")]
    assert len(known) > 140_000
    for c in known:
        for text in (c, f"A{c}\u0301"):
            folded = fold_tag(text)
            assert fold_tag(folded) == folded
            for form in ("NFC", "NFD", "NFKC", "NFKD"):
                assert fold_tag(unicodedata.normalize(form, text)) == folded


def slow_fold(text: str) -> str:
    """NFKC_Casefold by its definition: the fixed point of each character of NFD, then NFC."""
    hidden = "[\u00ad\u034f\u061c\u200b\u2060\ufe0f\ufeff]"
    parts = []
    for c in unicodedata.normalize("NFD", text):
        last, part = None, c
        while part != last:
            last, part = part, unicodedata.normalize("NFKC", part.casefold())
            part = re.sub(hidden, "", part)
        parts.append(part)
    return unicodedata.normalize("NFC", "".join(parts))


WORDS = st.text(
    st.sampled_from(
        "aßIİıǅŉſΣς\u0345\u0301\u0307\u0323αή\u1fb4ﬁＡ한\u1100\u1161か\u3099\u00ad\u200b\ufe0f"
    )
)


@given(WORDS)
def test_fold_tag_is_nfkc_casefold(text: str) -> None:
    assert fold_tag(text) == slow_fold(text)


@given(st.text(max_size=12) | WORDS)
def test_fold_tag_is_idempotent_on_texts(text: str) -> None:
    folded = fold_tag(text)
    assert fold_tag(folded) == folded
    assert fold_tag(f" #{text}\u2060 ") == folded
    written = pl.DataFrame({"tag": [text]}).select(written_tag(pl.col("tag"))).item()
    assert fold_tag(written) == folded


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("＃BookTok", "booktok"),
        ("﹟booktok", "booktok"),
        ("\u2068#booktok\u2069", "booktok"),
        ("#\u200bbook\u200btok", "booktok"),
        ("# # book tok #", "book tok #"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("İstanbul", "i\u0307stanbul"),
        ("ISTANBUL", "istanbul"),
        ("ısparta", "ısparta"),
        ("\u200dمی\u200cخواهم\u200c", "می\u200cخواهم"),
        ("a\u200d b", "a b"),
        ("👩\u200d❤\ufe0f\u200d👨", "👩\u200d❤\u200d👨"),
        ("\u3164", ""),
        ("#", ""),
        (" ##\u200d ", ""),
    ],
)
def test_fold_tag_by_hand(written: str, tag: str) -> None:
    assert fold_tag(written) == tag
    assert fold_tags(pl.Series([written, None, written])).to_list() == [tag, None, tag]


def test_empty_tags_are_no_tags_and_are_counted() -> None:
    empty = ["", "#", " ", "\u200b", "＃\u2060", "\u3164"]
    tags = [["jazz", *empty], ["Jazz\u200e"], empty]
    assert any_tag(pl.Series(tags))
    assert not any_tag(pl.Series(tags[2:]))
    assert not any_tag(pl.Series(empty))
    assert not any_tag(pl.Series([], dtype=pl.List(pl.String)))
    ds = Dataset(items={"item_id": ["1", "2", "3"], "author_id": ["a", "b", "c"], "tags": tags})
    graph = cointeraction_graph(ds, between="authors", through="tags")
    assert graph.edges().rows() == [("a", "b", 1.0)]
    # blanks never enter a list: four of six are counted here, in two lists
    assert graph.provenance.removed["empty tags"] == 8
    nodes = cointeraction_graph(ds, between="tags", through="items").vocabulary
    assert nodes.ids.tolist() == ["jazz"]


def test_frequent_spellings_are_those_written_without_what_is_not_seen() -> None:
    tags = [["#BookTok"], ["BookTok\u200b"], ["booktok"], ["＃❤\ufe0f"], ["\u202ecar\u202cs"]]
    ds = Dataset(items={"item_id": list("12345"), "author_id": list("abcde"), "tags": tags})
    found = frequent_spellings(ds, ["booktok", "❤", "cars"])
    assert found == {"booktok": "BookTok", "❤": "❤\ufe0f", "cars": "cars"}

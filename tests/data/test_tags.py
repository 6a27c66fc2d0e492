from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.data.tags import STOP_FAMILIES, STOP_TAGS, fold_tag, stopped


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

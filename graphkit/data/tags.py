"""How hashtags are compared, and the ones that say nothing about a topic."""

from __future__ import annotations

import unicodedata

import polars as pl

__all__ = ["STOP_TAGS", "fold_tag", "fold_tags"]


def fold_tag(tag: str) -> str:
    """The form in which tags are compared: NFKC, case folded, without ``#`` and blanks.

    Examples
    --------
    >>> fold_tag("#BookTok"), fold_tag("ＦＹＰ")
    ('booktok', 'fyp')
    """
    folded = unicodedata.normalize("NFKC", tag).casefold()
    return unicodedata.normalize("NFKC", folded).strip().lstrip("#").strip()


def fold_tags(tags: pl.Series) -> pl.Series:
    """:func:`fold_tag` over a series of strings; each distinct spelling is folded once."""
    spellings = tags.drop_nulls().unique()
    folded = pl.Series([fold_tag(t) for t in spellings.to_list()], dtype=pl.String)
    return tags.replace_strict(spellings, folded, default=None, return_dtype=pl.String)


def _stop_tags() -> frozenset[str]:
    # The platform's "show me to everybody" family: asks for distribution, not a topic.
    reach = {
        "4u", "4upage", "blowthisup", "blowup", "explore", "explorepage", "fy", "fyp", "fypage",
        "fyppage", "fyou", "fyourpage", "fyoupage", "fy4page", "foryou", "foryoupage",
        "foryoupages", "foryour", "foryourpage", "foryourpages", "foryourepage", "foryoupageofficial",
        "foryoupageofficiall", "foryoufeed", "foryouviral", "goviral", "makethisviral",
        "makethisgoviral", "makemeviral", "trend", "trending", "trendingnow", "nowtrending",
        "trendingvideo", "trendingvideos", "trendingtiktok", "trends", "tiktoktrend", "newtrend",
        "viral", "virale", "viralpost", "viralposts", "viralreels", "viraltiktok", "viraltiktoks",
        "viraltok", "viraltrend", "viraltrending", "viralvideo", "viralvideos", "viral_video",
        "videoviral", "tiktokviral", "tiktokviralvideo", "fypviral", "fypageviral", "fyptiktok",
        "xyz", "xyzbca", "xyzcba", "xyzabc", "abcxyz", "xyzbcafyp", "bhfyp", "tiktok",
        # the same in other languages
        "parati", "paratipagina", "viralizar", "viraliza", "pourtoi", "pourtoipage", "pourvous",
        "fürdich", "fürdichseite", "fuerdich", "foryoude", "perte", "neiperte", "voorjou",
        "voorjoupagina", "dlaciebie", "dlaciebiee", "рекомендации", "рек", "вирек", "keşfet",
        "kesfet", "keşfetteyiz", "untukmu", "berandafyp", "fypdong", "fypindonesia", "xuhuong",
        "おすすめ", "おすすめにのりたい", "추천", "추천떠라", "推荐", "热门", "اكسبلور", "لك",
    }  # fmt: skip
    # What a clip is (an answer to another clip), not what it is about.
    form = {
        "duet", "duets", "dueto", "duetto", "duett", "duetme", "duetthis", "duetwithme", "openduet",
        "plzduet", "stitch", "stitches", "stitched", "stitchthis", "stitchincoming", "repost",
        "greenscreen", "greenscreenvideo", "capcut",
    }  # fmt: skip
    stretched = {stem + last * n for stem, last in (("fy", "p"), ("f", "y")) for n in range(1, 31)}
    stretched |= {"vira" + "l" * n for n in range(1, 9)} | {"fyfy" * n for n in range(1, 10)}
    stretched |= {"fyp" * n for n in range(2, 12)} | {"foryou" + "u" * n for n in range(1, 6)}
    ornaments = ("シ", "ツ", "シ゚", "シ゚viral", "シviral", "シ゚vira", "シ゚v", "シツ")
    decorated = {
        stem + tail
        for stem in ("fyp", "fy", "foryou", "foryoupage", "fypage", "viral", "xyzbca", "xyzbcafyp")
        for tail in ornaments
    }
    return frozenset(fold_tag(t) for t in reach | form | stretched | decorated)


#: Tags of the fyp/foryou/viral family, in many languages and spellings, with ``stitch`` and
#: ``duet``: they ask for an audience or name a form of clip, and tie everybody to everybody.
#: A plain frozenset of folded tags, so ``STOP_TAGS | {"mytag"}`` works.
STOP_TAGS: frozenset[str] = _stop_tags()

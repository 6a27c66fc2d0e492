"""Folding of hashtags, and stop-tags: those without information on a topic."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

import polars as pl

#: Default ignorable code points: they are not seen. Property Default_Ignorable_Code_Point of
#: DerivedCoreProperties.txt, Unicode 16.0.0 (4,174 code points, unchanged since 5.2 but for
#: U+061C, U+180F and unassigned ones).
_IGNORABLE = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160)),
    *((0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E)),
    *((0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),
    (0xE0000, 0xE0FFF),
)
#: The zero-width non-joiner and joiner, which change letters of Persian and Indic scripts, and
#: join emoji.
_JOINERS = "\u200c\u200d"


def _character_class(ranges: Iterable[tuple[int, int]]) -> str:
    """Ranges of code points as a class of a regular expression, without the joiners."""
    parts = []
    for low, high in ranges:
        for a, b in ((low, 0x200B), (0x200E, high)) if low == 0x200B else ((low, high),):
            parts.append(f"{re.escape(chr(a))}-{re.escape(chr(b))}")
    return f"[{''.join(parts)}]"


_IGNORED = re.compile(_character_class(_IGNORABLE))
#: All that ``str.isspace`` holds for and NFKC keeps.
_BLANKS = " \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029"
#: Joiners beside a blank join nothing.
_LOOSE_JOINERS = re.compile(f"(?<=[{_BLANKS}])[{_JOINERS}]+|[{_JOINERS}]+(?=[{_BLANKS}])")


def fold_tag(tag: str) -> str:
    r"""Fold a tag for comparison: NFKC_Casefold, without ``#`` and blanks before and after.

    The text is put in NFD and mapped by Unicode's NFKC_Casefold, which folds case and width,
    and removes what is not seen: zero-width spaces, direction marks, soft hyphens, variation
    selectors and other default ignorable code points. The zero-width joiner and non-joiner,
    which change the letters of some scripts, stay inside words. Folding twice changes nothing,
    and all normal forms of a text fold alike. A tag that folds to an empty text is none.

    The Turkish capital İ folds to i with a dot above (U+0307) as in all of Unicode, whatever
    the language: ``#İstanbul`` is another tag than ``#istanbul``, ``#ISTANBUL`` is the same,
    and ``ı`` stays apart from ``i``.

    References
    ----------
    The Unicode Standard, version 16.0, section 3.13.5, D147 and R5;
    DerivedCoreProperties-16.0.0.txt.

    Examples
    --------
    >>> fold_tag("#BookTok"), fold_tag("ＦＹＰ"), fold_tag("＃book\u200btok\u2060")
    ('booktok', 'fyp', 'booktok')
    >>> fold_tag("#\u200b"), fold_tag("#İstanbul") == "i\u0307stanbul"
    ('', True)
    """
    if tag.isascii():
        return tag.lower().lstrip(_BLANKS + "#").rstrip(_BLANKS)
    folded, last = unicodedata.normalize("NFD", tag), None
    while folded != last:  # a removed character may bring letters and marks together
        last = folded
        folded = unicodedata.normalize("NFKC", drop_unseen(folded).casefold())
    folded = _LOOSE_JOINERS.sub("", folded)
    return folded.lstrip(_BLANKS + _JOINERS + "#").rstrip(_BLANKS + _JOINERS)


def drop_unseen(text: str) -> str:
    """A text without default ignorable code points, but for joiners.

    Examples
    --------
    >>> drop_unseen("\u202ebook\u00adtok\ufe0f")
    'booktok'
    """
    return _IGNORED.sub("", text)


def fold_tags(tags: pl.Series) -> pl.Series:
    """:func:`fold_tag` over a series of strings; each distinct spelling is folded once."""
    spellings = tags.drop_nulls().unique()
    folded = pl.Series([fold_tag(t) for t in spellings.to_list()], dtype=pl.String)
    return tags.replace_strict(spellings, folded, default=None, return_dtype=pl.String)


#: Format characters that are not seen, without joiners and the letters of emoji flags.
_UNSEEN = r"[\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0]"
_AROUND = r"\s\u034F\u115F\u1160\u200C\u200D"


def written_tag(tag: pl.Expr) -> pl.Expr:
    """A tag as it was written, without ``#``, blanks and unseen format characters around it.

    Direction marks inside it go as well, which would turn the text that follows.
    """
    bare = tag.str.replace_all(_UNSEEN, "").str.replace(rf"^[{_AROUND}\uFE0E\uFE0F#＃﹟]+", "")
    return bare.str.replace(rf"[{_AROUND}]+$", "")


def any_tag(tags: pl.Series) -> bool:
    """Whether a series of texts, or of lists of texts, holds a tag that is not empty."""
    flat = tags.explode(empty_as_null=False) if isinstance(tags.dtype, pl.List) else tags
    return bool((fold_tags(flat.unique()) != "").any())


def stopped(tags: Iterable[str], stop: Iterable[str]) -> set[str]:
    """Stop-tags among `tags`, including other spellings of one.

    A tag is one if it is in `stop`, or equals one of `stop` without accents, ornaments
    (``fypシ゚``, ``for_you``) and a number after three or more letters (``fyp2024``), and with
    repeated letters reduced to one (``fyppppp``, ``paratiiii``; from three in a row on). Both
    are folded tags; `stop` is a set such as `STOP_TAGS`.

    Examples
    --------
    >>> sorted(stopped(["fyp", "fyppppp", "fyp2024", "fürdïch", "book", "u2"], STOP_TAGS | {"u"}))
    ['fyp', 'fyp2024', 'fyppppp', 'fürdïch']
    """
    exact = frozenset(stop)
    plain, reduced = _plain_forms(exact)
    found = set()
    for tag in tags:
        bare = _strip_ornaments(tag)
        repeated = _REPEATS.search(bare) and _reduce_repeats(bare) in reduced
        if tag in exact or bare in plain or repeated:
            found.add(tag)
    return found


@lru_cache(maxsize=8)
def _plain_forms(stop: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Stop-tags without ornaments, and these with repeated letters reduced to one."""
    plain = frozenset(_strip_ornaments(tag) for tag in stop) - {""}
    return plain, frozenset(_reduce_repeats(tag) for tag in plain)


#: Three of a letter in a row, which no language writes.
_REPEATS = re.compile(r"(.)\1\1")


def _reduce_repeats(tag: str) -> str:
    """The tag with runs of one letter reduced to one."""
    return re.sub(r"(.)\1+", r"\1", tag)


#: What is neither a letter nor a digit, in ASCII.
_SIGNS = re.compile(r"[^0-9A-Za-z]+")


def _strip_ornaments(tag: str) -> str:
    """A folded tag without accents, signs and ornaments, and without a number at its end."""
    if tag.isascii():
        letters = tag if tag.isalnum() else _SIGNS.sub("", tag)
        stem = letters.rstrip("0123456789")
        return stem if len(stem) >= 3 else letters
    kept = []
    accented = True
    for c in unicodedata.normalize("NFKD", tag):
        kind = unicodedata.category(c)[0]
        if kind != "M":
            # Latin, Greek and Cyrillic carry accents; in other scripts marks are letters
            accented = c < "\u0530" or c in _ORNAMENTS
        if (kind in "LN" and c not in _ORNAMENTS) or (kind == "M" and not accented):
            kept.append(c)
    # the dotless i of Turkish is typed as i as often as not
    letters = "".join(kept).replace("ı", "i")
    stem = letters.rstrip("0123456789")
    return stem if len(stem) >= 3 else letters


#: Katakana written as a smile after fyp.
_ORNAMENTS = frozenset("シツッㄱ")

# Requests for distribution, not topics.
_REACH = """
    4u 4upage 4you 4youpage algorithm algorithmplease blowthisup blowup explore exploremore
    explorepage fy fyp fypage fyppage fyou fyourpage fyoupage fy4page fypgakni foru forupage
    foryou foryoupage foryoupages foryour foryourpage foryourpages foryourepage
    foryoupageofficial foryoupageofficiall foryoufeed foryouviral foryouu goviral gettingviral
    letsgoviral makethisviral makethisgoviral makemeviral makeitviral makemefamous
    targetaudience trend trending trendingnow nowtrending trendingreels trendingvideo
    trendingvideos trendingtiktok trends tiktoktrend tiktoktrending newtrend viral virale
    viralpost viralposts viralreels viralshorts viralthis viraltiktok viraltiktoks viraltok
    viraltrend viraltrending viralvideo viralvideos videoviral tiktokviral tiktokviralvideo
    fypviral fypageviral fyptiktok tiktokfyp viralfyp viralforyou xyz xyzbca xyzcba xyzabc
    xybca abcxyz xyzbcafyp zyxcba bhfyp tiktok tiktoks unfreezemyacount unfreezemyaccount
    dontflop dontletthisflop pleasegoviral plsgoviral pleaseviral
"""

# Requests for distribution in other languages, and to their speakers.
_LANGUAGES = """
    parati paratipage paratipagina paravos paraty paravoce paravocê paravocepage prati pravoce
    viralizar viraliza viralizame viralizou viralizando hazmeviral hazlaviral hazmefamoso
    ponmeenparati sacameenparati tiktokparati enparati tendencia tendencias tendenciatiktok
    vaiprofy vaiprofycaramba vaiprofyp entreinofy foryoubrasil foryoubr fyportugal fybrasil
    fypbrasil fypespaña fypmexico fypargentina
    pourtoi pourtoipage pourvous pourtoii tendance tendances percer percersurtiktok
    fürdich fürdichseite fürdichpage fuerdich fuerdichseite fuerdichpage fürdiche fypdeutschland
    foryoude viralgehen
    perte neiperte perteneiperte perteee andiamoneiperte andiamonellaperte mandatemineiperte
    tendenza tendenze diventavirale voorjou voorjoupagina voorjouwpagina
    dlaciebie dlaciebiee dlaciebiepage nadlaciebie proteb pretebe protebe
    pentrutine förig fordig fördig tildig sinulle
    рекомендации рек реки вирек врек врекомендации рекомендация рекомендую хочуврек хочуреки
    вреки вреке втоп топ тренд тренды втренде втренды глобальныерекомендации залетаемвреки
    рекомендаціі рекомендації длятебя вирусное популярное
    keşfet kesfet keşfetteyiz keşfetteyim keşfetbeniöneçıkar keşfetiçin keşfetedüş keşfetedus
    beniöneçıkar öneçıkar öneçıkart oneçikar onecikar kesfetteyiz kesfetbeni keşfetbeni
    untukmu untukanda berandafyp beranda masukberanda fypdong fypindonesia fypindo fyptiktokindonesia
    masukfyp masukfypdong fyplewat lewatberanda lewatberandafyp viralindonesia semogafyp
    fypmalaysia fypphilippines fyppilipinas fypthailand parasayo
    xuhuong xuhướng xuhuongtiktok xuhuongg xuhuong2 xh xhtiktok lenxuhuong thinhhanh thịnhhành
    dexuat đềxuất
    おすすめ おすすめにのりたい おすすめのりたい オススメ おすすめ乗れ 運営さん大好き バズりたい
    추천 추천떠라 추천떠 추천뜨기 추천떴으면 알고리즘 떡상 추천영상
    推荐 推薦 热门 熱門 上热门 我要上热门 上推荐 流量密码 流量密碼
    اكسبلور اكسبلورر الاكسبلور اكسبلورexplore لك لك_انت ترند الترند ترندات تريند فايرال فيرال
    شعب_الصيني_ماله_حل الشعب_الصيني_ماله_حل اكسبلور_تيك_توك تيك_توك متابعه متابعة
    اکسپلور ویرال وایرال فوریو فور_یو ट्रेंडिंग वायरल फॉरयू ফরইউ ভাইরাল
    לך פוריו עמודעבורך ฟีด ขึ้นฟีด ขึ้นหน้าฟีด เปิดการมองเห็น เทรนด์วันนี้ για_σενα γιασένα
"""

# Forms of clip (such as answers to other clips), not topics.
_FORM = """
    duet duets dueto duetto duett duetme duetthis duetwithme openduet plzduet stitch stitches
    stitched stitchthis stitchincoming repost greenscreen greenscreenvideo capcut
"""


def _stop_families() -> Mapping[str, frozenset[str]]:
    stretched = {stem + last * n for stem, last in (("fy", "p"), ("f", "y")) for n in range(1, 31)}
    stretched |= {"vira" + "l" * n for n in range(1, 9)} | {"fyfy" * n for n in range(1, 10)}
    stretched |= {"fyp" * n for n in range(2, 12)} | {"foryou" + "u" * n for n in range(1, 6)}
    ornaments = ("シ", "ツ", "シ゚", "シ゚viral", "シviral", "シ゚vira", "シ゚v", "シツ")
    decorated = {
        stem + tail
        for stem in ("fyp", "fy", "foryou", "foryoupage", "fypage", "viral", "xyzbca", "xyzbcafyp")
        for tail in ornaments
    }
    families = {
        "reach": set(_REACH.split()) | stretched | decorated | {"viral_video"},
        "languages": set(_LANGUAGES.split()),
        "form": set(_FORM.split()),
    }
    return MappingProxyType(
        {name: frozenset(fold_tag(t) for t in tags) for name, tags in families.items()}
    )


#: Stop-tags by family: ``reach`` (the fyp/foryou/viral family), ``languages`` (the same in
#: other languages) and ``form`` (duet, stitch and other forms of clip). Frozensets of folded
#: tags, so that ``stop=STOP_TAGS - STOP_FAMILIES["form"]`` keeps the forms.
STOP_FAMILIES: Mapping[str, frozenset[str]] = _stop_families()

#: Tags of all `STOP_FAMILIES`: they ask for an audience or name a form of clip, and connect
#: all accounts. A frozenset of folded tags, so ``STOP_TAGS | {"mytag"}`` works.
STOP_TAGS: frozenset[str] = frozenset().union(*STOP_FAMILIES.values())

"""Fonts for names in scripts that the font of a figure lacks, and what to install for others."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import matplotlib as mpl
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

from graphkit.data.tags import drop_unseen

__all__ = ["BASE_FAMILY", "describe_lack", "fallback_families"]

#: Comes with Matplotlib: Latin, Greek, Cyrillic, Hebrew, Arabic and many signs.
BASE_FAMILY = "DejaVu Sans"

#: Below are the Latin letters, which every font has.
_LATIN_END = "\u0250"

#: Not for reading: boxes with the number of a letter, blanks, Matplotlib's formulas, bitmaps.
_UNREADABLE = ("LastResort", "Last Resort", ".LastResort", "Adobe Blank", "cm", "Noto Color")

_SCRIPTS = {
    "CJK": "Chinese characters",
    "IDEOGRAPHIC": "Chinese characters",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "KATAKANA-HIRAGANA": "Japanese",
    "HANGUL": "Korean",
}


def fallback_families(letters: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Families beside `BASE_FAMILY` that hold letters which it lacks, and letters that none has.

    Of the fonts that Matplotlib knows, Noto Sans comes first, and then the order of names.
    """
    seen = drop_unseen("".join(letters))
    lacking = {c for c in seen if c >= _LATIN_END and c not in "\u200c\u200d"}
    lacking -= _letters_of(BASE_FAMILY) if lacking else set()
    # fonts may be added later
    return _find_families(frozenset(lacking), len(fontManager.ttflist)) if lacking else ((), ())


@lru_cache(maxsize=64)
def _find_families(
    lacking: frozenset[str], n_fonts: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    scripts = {_script_of(c) for c in lacking}
    # faces of one font differ in how they write the same Chinese characters
    face = "JP" if "Japanese" in scripts else "KR" if "Korean" in scripts else "SC"
    names = {font.name for font in fontManager.ttflist if not font.name.startswith(_UNREADABLE)}
    order = sorted(names, key=lambda n: (not n.startswith("Noto Sans"), not n.endswith(face), n))
    left, chosen = set(lacking), []
    for name in order:
        if not left:
            break
        if held := left & _letters_of(name):
            chosen.append(name)
            left -= held
    return tuple(chosen), tuple(sorted(left))


@lru_cache(maxsize=1024)
def _letters_of(family: str) -> frozenset[str]:
    """Letters of a family, none if its file cannot be read or holds pictures only."""
    try:
        font = get_font(findfont(FontProperties(family=[family]), fallback_to_default=False))
    except (OSError, RuntimeError, ValueError):
        return frozenset()
    return frozenset(map(chr, font.get_charmap())) if font.scalable else frozenset()


def _script_of(letter: str) -> str:
    """Name of the script of a letter, by the Unicode name of the letter."""
    if unicodedata.category(letter)[0] not in "LMN":
        return "emoji and signs"
    words = unicodedata.name(letter, "unknown letters").split()
    word = words[1] if words[0] in ("HALFWIDTH", "FULLWIDTH", "MODIFIER") else words[0]
    return _SCRIPTS.get(word, word.title())


def _font_for(script: str) -> str:
    if script in _SCRIPTS.values():
        return "Noto Sans CJK"
    return "Noto Emoji" if script == "emoji and signs" else f"Noto Sans {script}"


def describe_lack(missing: Iterable[str], drawn: Iterable[str]) -> str:
    """What the reader of a figure cannot read, and what helps; empty if there is nothing.

    Parameters
    ----------
    missing
        Letters that no font has.
    drawn
        All letters of the figure. Matplotlib before 3.11 sets them one by one from left to
        right, which is wrong for scripts that join or reorder them.
    """
    sentences = []
    example = {_script_of(c): c for c in sorted(missing, reverse=True)}
    if example:
        scripts = ", ".join(f"{name} (such as {c!r})" for name, c in sorted(example.items()))
        fonts = ", ".join(sorted({_font_for(name) for name in example}))
        sentences.append(
            f"no font is installed that holds {scripts}: boxes are drawn in their place. Install "
            f"{fonts}, and delete the file fontlist-*.json in the folder "
            "matplotlib.get_cachedir(), so that Matplotlib looks for fonts again."
        )
    joined = sorted({_script_of(c) for c in drawn if _is_shaped(c)} - set(example))
    if joined and mpl.__version_info__ < (3, 11):
        sentences.append(
            f"letters of {' and '.join(joined)} are neither joined nor put in order by Matplotlib "
            f"{mpl.__version__}: 3.11 or newer does so."
        )
    return f"figure: {' '.join(sentences)}" if sentences else ""


def _is_shaped(letter: str) -> bool:
    """Whether a letter is written from right to left, or its script has signs around letters."""
    right_to_left = unicodedata.bidirectional(letter) in ("R", "AL")
    return right_to_left or "\u0900" <= letter < "\u1100" or "\u1780" <= letter < "\u1800"

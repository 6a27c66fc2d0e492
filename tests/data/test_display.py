"""Values show themselves as text, whatever they hold."""

from __future__ import annotations

import polars as pl

from graphkit.data.display import html_card, text_card

HOSTILE = "<b>x</b> [bold] \x1b[31m \x07 \u202eturned \x9b31m"
PLAIN = "<b>x</b> [bold] \ufffd[31m \ufffd turned \ufffd31m"
ESCAPED = PLAIN.replace("<", "&lt;").replace(">", "&gt;")


def test_text_card_holds_no_codes_of_terminals() -> None:
    assert text_card(HOSTILE, {HOSTILE: HOSTILE, "n": 1}).splitlines()[:2] == [
        PLAIN,
        f"  {PLAIN}  {PLAIN}",
    ]


def test_html_card_escapes_titles_facts_and_tables() -> None:
    frame = pl.DataFrame({HOSTILE: [HOSTILE], "tags": [[HOSTILE]]})
    shown = html_card(HOSTILE, {HOSTILE: HOSTILE}, frame)
    assert shown.count(ESCAPED) == 6
    for code in ("<b>", "\x1b", "\x07", "\u202e", "\x9b"):
        assert code not in shown

"""Lists inside the cells of text tables: the one place where they are parted.

A cell is a list between brackets, or words with a separator between them:

* JSON ``["a", "b"]``, Python ``['a', 'b']`` and ``('a', 'b')``, NumPy ``['a' 'b']``, bare
  ``[a,b]``, R ``c("a", "b")`` and ``character(0)``, ``{a,b}`` of databases;
* ``a|b``, ``a;b`` or ``a,b``; ``#a #b`` if every such cell of the column begins with ``#``.

A caption or another text with hashtags in it is no list: ``separator="#"`` takes its hashtags.

Brackets are read cell by cell. The separator is one for a whole column: if two occur, nobody but
its owner knows which one parts the lists, and a :class:`DataError` asks.
"""

from __future__ import annotations

import ast
from collections.abc import MutableMapping

import polars as pl

from graphkit.data.ids import MISSING_WORDS, refuse_rows
from graphkit.errors import DataError, OptionError, shorten, warn

#: Separators that are known by themselves.
SEPARATORS = ("|", ";", ",")

_NAMES = {"|": "'|'", ";": "';'", ",": "','", "#": "blanks before '#'"}

#: A hashtag in a text, and what holds a ``#`` that begins none.
_HASHTAG = r"""[#＃﹟][^\s#＃﹟.,;:!?…"'()\[\]{}<>|/\\]+"""
_LINK = r"\w+://\S+"

_QUOTED = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
#: A word without quotes inside brackets; it may hold blanks and quotes, and ends at a comma.
_BARE = r"""[^,"'\s\[\](){}][^,\[\]{}]*"""
_ENTRIES = rf"(?:\s*(?:(?:{_QUOTED})\s*,?|{_BARE}(?:,|$)))*\s*"
#: Words without a meaning as an entry between brackets, where texts are in quotes.
_NO_ENTRY = ("", "null", "None", "NA", "nan", "NaN", "NULL", "<NA>", "NA_character_")
_JSON = r'(?s)^\[\s*(?:"(?:[^"\\]|\\.)*"\s*(?:,\s*"(?:[^"\\]|\\.)*"\s*)*)?\]$'
_LIKE_LISTS = (
    r"^\[|^c\(.*\)$|^character\(0\)$|^list\(\)$|^\(\s*['\"].*\)$|^\(\)$|^\{.*\}$|^set\(\)$"
)


def split_lists(
    series: pl.Series,
    place: str,
    notes: MutableMapping[str, int] | None = None,
    separator: str | None = None,
) -> pl.Series:
    """Lists of text of a column whose cells are texts, in any form of this module.

    Parameters
    ----------
    series
        Text; lists of texts or whole numbers are returned as lists of text, and a number as a
        list of one.
    place
        Name of the column in messages, such as ``"items.csv: column 'tags'"``.
    notes
        Counter to which the number of cells that were parted is added, by a text that says how.
    separator
        Text between the words of cells without brackets; ``" "`` stands for blanks of any number,
        and ``"#"`` takes the hashtags of a text and leaves out the rest. If absent, it is found by
        the rules above.

    Returns
    -------
    Series of lists of text
        Blanks around entries are stripped, and empty entries left out; null where the cell is, and
        where it is a word that means missing, which is noted.

    Raises
    ------
    DataError
        If two separators fit, or a cell begins with a bracket and is no list.
    OptionError
        If `separator` is empty.

    Warns
    -----
    GraphkitWarning
        If cells are texts with hashtags in them, each of which becomes one entry.

    Examples
    --------
    >>> from collections import Counter
    >>> seen = Counter()
    >>> split_lists(pl.Series("tags", ["a|b", None, "['c', 'd']"]), "column 'tags'", seen).to_list()
    [['a', 'b'], None, ['c', 'd']]
    >>> dict(seen)
    {"lists in 'tags' parted at '|'": 1, "lists in 'tags' read between brackets": 1}
    >>> split_lists(pl.Series("tags", ["a|b", "c;d"]), "column 'tags'")
    Traceback (most recent call last):
        ...
    graphkit.errors.DataError: column 'tags': '|' (row 1: 'a|b') and ';' (row 2: 'c;d') may both \
part the lists: say which one, with separator='|' or another ('#' takes the hashtags of a text).
    """
    check_separator(separator)
    lists = _lists_given(series, place)
    if lists is not None:
        return _clean(lists)
    text = series.cast(pl.String).str.strip_chars()
    missing = text.is_in(list(MISSING_WORDS)).fill_null(False)
    if missing.any():
        for word, count in text.filter(missing).value_counts(sort=True).rows():
            _note(notes, f"{series.name}: {word!r} is no list: set to missing", count)
        text = text.set(missing, None)
    listed = text.str.contains(f"(?s){_LIKE_LISTS}").fill_null(False)
    plain = text.set(listed, None)
    mark = _find_separator(plain, place) if separator is None else separator
    if separator == "#":
        result = plain.str.replace_all(_LINK, " ").str.extract_all(_HASHTAG)
    else:
        result = _part_plain(plain, mark)
        if separator is None:
            _warn_of_texts(result, place)
    parted = int((result.list.len() > 1).sum()) if mark is not None else 0
    if mark is not None and parted:
        shown = _NAMES.get(mark, shorten(mark)) if separator is None else shorten(mark)
        _note(notes, f"lists in {series.name!r} parted at {shown}", parted)
    if listed.any():
        result = result.zip_with(~listed, _read_listed(text.set(~listed, None), place, notes))
    return _clean(result.alias(series.name))


def _warn_of_texts(lists: pl.Series, place: str) -> None:
    """Warn of entries that are texts with a hashtag in them."""
    held = pl.element().str.contains(r"(?s)^[^#＃﹟].*\s[#＃﹟]\w").any()
    if n := int(lists.list.eval(held).list.first().sum() or 0):
        cells = "1 cell is a text" if n == 1 else f"{n:,} cells are texts"
        warn(
            f"{place}: {cells} with hashtags inside, and not a list of tags: pass separator='#' (on "
            "the command line --separator '#') to take the hashtags only."
        )


def _note(notes: MutableMapping[str, int] | None, text: str, count: int) -> None:
    if notes is not None and count:
        notes[text] = notes.get(text, 0) + int(count)


def _lists_given(series: pl.Series, place: str) -> pl.Series | None:
    """Lists of a column that is no text; `None` for text."""
    dtype = series.dtype
    if dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum):
        return None
    if isinstance(dtype, pl.Array) and len(dtype.shape) == 1:
        series = series.arr.to_list()
    if dtype == pl.Null:
        return series.cast(pl.List(pl.String))
    if dtype.is_integer():
        return series.cast(pl.String).reshape((-1, 1)).arr.to_list().set(series.is_null(), None)
    entries = series.dtype.inner if isinstance(series.dtype, pl.List) else pl.Object()
    named = isinstance(entries, pl.String | pl.Categorical | pl.Enum | pl.Null)
    if not (named or entries.is_integer()):
        raise DataError(f"{place} holds {dtype}; lists of texts are needed: convert it.")
    return series.cast(pl.List(pl.String))


def _clean(lists: pl.Series) -> pl.Series:
    entry = pl.element().str.strip_chars()
    return lists.list.eval(entry.filter(entry.is_not_null() & (entry != "")))


def check_separator(separator: str | None) -> None:
    """Refuse a separator that is no text, or empty."""
    if separator is not None and not (isinstance(separator, str) and separator):
        raise OptionError(
            f"separator={shorten(separator)}: the text between two entries is needed, such as '|'."
        )


def _find_separator(plain: pl.Series, place: str) -> str | None:
    """The separator of the cells without brackets; ``#`` stands for blanks before it."""
    held = {mark: plain.str.contains(mark, literal=True).fill_null(False) for mark in SEPARATORS}
    found = {mark: rows for mark, rows in held.items() if rows.any()}
    filled = plain.filter((plain != "").fill_null(False))
    if len(filled) and filled.str.starts_with("#").all():
        blanks = plain.str.contains(r"[^\s|;,]\s+#").fill_null(False)
        if blanks.any():
            found["#"] = blanks
    if len(found) > 1:
        cells = []
        for mark, rows in list(found.items())[:2]:
            row = int(rows.arg_true()[0])
            cells.append(f"{_NAMES[mark]} (row {row + 1}: {shorten(plain[row])})")
        first = next(iter(found))
        raise DataError(
            f"{place}: {' and '.join(cells)} may both part the lists: say which one, with "
            f"separator={first!r} or another ('#' takes the hashtags of a text)."
        )
    return next(iter(found), None)


def _part_plain(plain: pl.Series, mark: str | None) -> pl.Series:
    if mark is None:
        alone = (
            plain.reshape((-1, 1)).arr.to_list() if len(plain) else plain.cast(pl.List(pl.String))
        )
        return alone.set(plain.is_null(), None)
    if mark == "#" or not mark.strip():
        return plain.str.replace_all(r"\s+", " ").str.split(" ")
    return plain.str.split(mark)


def _read_listed(text: pl.Series, place: str, notes: MutableMapping[str, int] | None) -> pl.Series:
    """Lists of cells between brackets; null where the cell is."""
    is_json = text.str.contains(_JSON).fill_null(False)
    decoded = text.set(~is_json, None).str.json_decode(pl.List(pl.String))
    if is_json.all():
        return decoded
    rest = text.set(is_json, None)
    inner = rest.str.replace(r"(?s)^(?:c|character|list|set)?[\[({](.*)[\])}]$", "$1")
    inner = inner.set(rest.str.contains(r"^character\(0\)$").fill_null(False), "")
    whole = rest.str.contains(r"(?s)[\])}]$") & inner.str.contains(rf"(?s)^{_ENTRIES}$")
    refuse_rows(
        text, ~whole, place, "is not a JSON list of texts, nor one of Python or R; correct it"
    )
    entries = inner.str.extract_all(rf"(?s){_QUOTED}|{_BARE}")
    frame = pl.DataFrame({"row": pl.int_range(len(entries), eager=True), "entry": entries})
    long = frame.explode("entry").drop_nulls()
    quoted = long.get_column("entry").str.contains(r"^['\"]")
    bare = long.get_column("entry").str.strip_chars()
    long = long.with_columns(
        entry=pl.when(quoted)
        .then(_unescape(long.get_column("entry")))
        .when(~bare.is_in(_NO_ENTRY))
        .then(bare)
    ).drop_nulls()
    joined = frame.select("row").join(
        long.group_by("row", maintain_order=True).agg("entry"),
        on="row", how="left", maintain_order="left",
    ).get_column("entry")  # fmt: skip
    joined = joined.fill_null([]).set(rest.is_null(), None)
    _note(notes, f"lists in {text.name!r} read between brackets", len(rest) - rest.null_count())
    return joined.zip_with(~is_json, decoded)


def _unescape(entries: pl.Series) -> pl.Series:
    """Texts between quotes without them, escapes resolved as Python does, and R and JSON alike."""
    bare = entries.str.slice(1, entries.str.len_chars() - 2)
    escaped = entries.filter(entries.str.contains("\\", literal=True)).unique()
    if not len(escaped):
        return bare
    values = {entry: _evaluate(entry) for entry in escaped}
    return bare.zip_with(~entries.is_in(escaped.implode()), entries.replace(values))


def _evaluate(quoted: str) -> str:
    try:
        text = ast.literal_eval(quoted.replace("\n", "\\n").replace("\r", "\\r"))
        str(text).encode("utf-8")
    except (ValueError, SyntaxError, MemoryError):
        return quoted[1:-1]
    return str(text)

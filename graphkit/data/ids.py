"""Ids: the one place where columns of ids become text, are cleaned and counted, or refused.

Every reader, :class:`Dataset`, the streaming reader and Spark take ids by these rules:

- integers of any width, and decimals without digits after the point, are written out; floats are
  refused, for their digits are lost above 2^53;
- blanks and invisible marks around an id are stripped, and counted;
- an empty id, or a word that means missing (:data:`MISSING_WORDS`), is missing, and counted,
  unless the word is declared as a real id;
- control characters, U+FFFD and byte order marks inside an id are refused;
- scientific notation (``7.3E+18``), ``12.0``, separators of thousands (``7,281,234``) and the marks
  that keep a number as text in a spreadsheet (``'7281``, ``="7281"``) are refused in a column of
  numbers. The column is judged, not the cell: among hexadecimal digests or names, ``7e18`` is an id
  as any other;
- kept with a note are long numbers that all end in zeros (a spreadsheet keeps 15 digits), 0 and −1
  among long numbers, and two spellings of one text in Unicode (é, and e with an accent).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from graphkit.errors import DataError, OptionError, shorten

#: Words that other programs write for a missing value, spelled so: pandas, R, SQL, JavaScript; and
#: Reddit's for accounts that are gone, which would be one account that shares with everybody.
MISSING_WORDS = tuple(
    "nan NaN NAN -nan -NaN NaT None NONE none NA N/A n/a <NA> #N/A #NA null NULL Null \\N "  # noqa: SIM905
    "undefined [deleted] [removed]".split()
)

#: Characters that are stripped around an id: blanks, and marks that nobody sees. Rust's \s holds
#: the white space of Unicode, such as U+00A0.
_MARKS = r"\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}\x{2066}-\x{2069}\x{feff}"
AROUND = rf"^[\s{_MARKS}]+|[\s{_MARKS}]+$"

#: Characters that no id holds: controls, the replacement character, marks of byte order.
IMPOSSIBLE = r"[\x00-\x1f\x7f-\x{9f}\x{fffd}-\x{ffff}\x{feff}]"

_IMPOSSIBLE_PROBLEM = "holds a character that no id has: export the file again"

_WHOLE = r"^[+-]?[0-9]+$"
#: A number as spreadsheets, R and pandas write long ones: 7.3E+18, 71e17, 7,3E+18.
_SCIENTIFIC = r"^[+-]?[0-9]+(?:[.,][0-9]*)?[eE](?:[+-][0-9]+|[0-9]{1,3})$"
#: The same with an exponent of any length, which digests may have too.
_ANY_EXPONENT = r"^[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+$"
#: No name looks like this one.
_SURELY_SCIENTIFIC = r"^[0-9][.,][0-9]+[eE]\+[0-9]{1,2}$"
_POINT_ZERO = r"^[+-]?[0-9]+[.,]0+$"
#: A number between marks that keep it as text in a spreadsheet, or with separators of thousands.
_MARKED = r"""^(?:=?"[+-]?[0-9]+"|'[+-]?[0-9]+'?|[0-9]{1,3}(?:,[0-9]{3}){2,})$"""

_WORDS = "|".join(map(re.escape, MISSING_WORDS))
_WORD = rf"^(?:{_WORDS})?$"
#: Anything that needs a closer look; most columns hold nothing of the sort.
_ODD = f"{AROUND}|{IMPOSSIBLE}|{_WORD}|{_ANY_EXPONENT}|{_POINT_ZERO}|{_MARKED}"

#: Number of digits from which an id of zeros at its end is suspected, as 15 are kept.
_LONG = 16


def take_ids(
    series: pl.Series,
    place: str,
    *,
    required: bool = False,
    real_ids: Collection[str] = (),
    changes: Counter[str] | None = None,
    whole: bool = True,
) -> pl.Series:
    """Ids as text, null where missing, by the rules above.

    Parameters
    ----------
    series
        Text, integers of any width, categories, or nothing but nulls.
    place
        Table and column, for messages.
    required
        Whether a missing id is refused.
    real_ids
        Words of :data:`MISSING_WORDS` that are ids here.
    changes
        Counts of what was changed or looks wrong, by text; added to.
    whole
        Whether the series is the whole column. A part of it is cleaned, but not judged: call
        :func:`judge_ids` on the distinct ids in the end.

    Raises
    ------
    DataError
        Naming the place, the row (counted from 1), the value and the remedy.

    Examples
    --------
    >>> seen = Counter()
    >>> take_ids(pl.Series([" ann", "nan", "bob"]), "column 'item_id'", changes=seen).to_list()
    ['ann', None, 'bob']
    >>> dict(seen)
    {'blanks around ids: stripped': 1, "'nan' is no id: set to missing": 1}
    """
    changes = Counter() if changes is None else changes
    given = series
    text = _write_out(series, place)
    odd = text.str.contains(_ODD).fill_null(False)
    if odd.any():
        text = _clean(text, text.filter(odd).unique(), place, real_ids, changes)
        if whole and (fault := _find_fault(_count_forms(text))):
            refuse_rows(text, text.str.contains(fault[0]), place, fault[1])
    if required:
        problem = "is no id; give every row an id, or drop it"
        lost = text.is_null().arg_true()
        if len(lost) and given.cast(pl.String)[int(lost[0])] in MISSING_WORDS:
            problem += (
                ", or name the word in real_ids= of read_dataset or from_frame if it is an id"
            )
        refuse_rows(given, text.is_null(), place, problem)
    if whole:
        suspect_ids(text, changes)
    return text


def _write_out(series: pl.Series, place: str) -> pl.Series:
    """The ids as text."""
    dtype = series.dtype
    if dtype.is_float():
        present = series.drop_nulls()
        if not len(present):  # pandas has no other type for a column without values
            return pl.Series(series.name, [None] * len(series), dtype=pl.String)
        first = f" such as {present[0]!r}" if len(present) else ""
        raise DataError(
            f"{place} was read as float{first}: ids above 2^53 lose digits that way; "
            "export or read the column as text."
        )
    if dtype == pl.String:
        return series
    if isinstance(dtype, pl.Categorical | pl.Enum) or dtype == pl.Null or dtype.is_integer():
        return series.cast(pl.String)
    if isinstance(dtype, pl.Decimal) and dtype.scale == 0:  # integers of up to 38 digits
        return series.cast(pl.String)
    raise DataError(f"{place} holds {dtype}; ids are text or integers: convert it.")


def _clean(
    text: pl.Series, odd: pl.Series, place: str, real_ids: Collection[str], changes: Counter[str]
) -> pl.Series:
    """The column without blanks around ids and words for missing; `odd` are its odd values."""
    bare = odd.str.replace_all(AROUND, "")
    bad = bare.str.contains(IMPOSSIBLE)
    if bad.any():
        held = text.is_in(odd.filter(bad).implode())
        refuse_rows(text, held, place, _IMPOSSIBLE_PROBLEM)
    table = pl.DataFrame({"given": odd, "bare": bare})
    missing = pl.col("bare").is_in([w for w in MISSING_WORDS if w not in real_ids])
    table = table.with_columns(
        id=pl.when((pl.col("bare") != "") & ~missing).then("bare"), word=missing
    ).filter((pl.col("given") != pl.col("id")).fill_null(True))
    if not table.height:
        return text
    rows = text.filter(text.is_in(table.get_column("given").implode()))
    counted = table.join(rows.alias("given").value_counts(name="count"), on="given")
    stripped = counted.filter(pl.col("id").is_not_null()).get_column("count").sum()
    if stripped:
        changes["blanks around ids: stripped"] += int(stripped)
    words = counted.filter("word").group_by("bare").agg(pl.col("count").sum()).sort("bare")
    for word, count in words.rows():
        changes[f"{word!r} is no id: set to missing"] += int(count)
    # what is not in the table is kept
    return text.replace(table.get_column("given"), table.get_column("id"))


@dataclass(frozen=True)
class _Forms:
    """How many ids of a column are of which form; whether they look like digests."""

    n: int
    whole: int
    scientific: int
    any_exponent: int
    sure: int
    point_zero: int
    marked: int
    digests: bool
    impossible: int


def judge_ids(ids: pl.Series | pl.LazyFrame, place: str) -> None:
    """Refuse impossible characters, and numbers that lost their digits or read ``12.0``.

    `ids` are cleaned, a series or a lazy frame of one column; repetitions may be left out.

    Raises
    ------
    DataError
        Naming the place, the first such id, and the remedy.

    Examples
    --------
    >>> judge_ids(pl.Series(["7e18", "a41f", "00c4"]), "column 'account_id'")
    >>> judge_ids(pl.Series(["7e18", "7281", "7282"]), "column 'account_id'")
    Traceback (most recent call last):
        ...
    graphkit.errors.DataError: column 'account_id': '7e18' is a number in scientific notation; \
its digits are lost: export the column as text.
    """
    forms = _count_forms(ids)
    if fault := _find_fault(forms):
        regex, problem, count = fault
        lazy = ids.to_frame().lazy() if isinstance(ids, pl.Series) else ids
        first = lazy.filter(pl.all().str.contains(regex)).min().collect(engine="streaming").item()
        many = f" ({count:,} such ids)" if count > 1 else ""
        raise DataError(f"{place}: {shorten(first)} {problem}{many}.")


def _find_fault(forms: _Forms) -> tuple[str, str, int] | None:
    """Regular expression of faulty ids of a column, what is wrong with them, and their number."""
    if forms.impossible:
        return IMPOSSIBLE, _IMPOSSIBLE_PROBLEM, forms.impossible
    plain = forms.whole + forms.scientific + forms.point_zero
    if forms.marked and 2 * (plain + forms.marked) >= forms.n:
        problem = (
            "is a number with marks or separators of a spreadsheet, another id than the same number "
            "without them: export the column as plain text"
        )
        return _MARKED, problem, forms.marked
    numbers = 2 * plain >= forms.n
    if forms.digests or not (forms.sure or numbers):
        return None
    problem = "is a number in scientific notation; its digits are lost: export the column as text"
    if 2 * forms.whole >= forms.n and forms.any_exponent:
        return _ANY_EXPONENT, problem, forms.any_exponent
    if not numbers:
        return _SURELY_SCIENTIFIC, problem, forms.sure
    if forms.scientific:
        return _SCIENTIFIC, problem, forms.scientific
    if forms.point_zero:
        problem = (
            "is an id that was written as a float, another than the same number without a point: "
            "export the column as text, or as integers"
        )
        return _POINT_ZERO, problem, forms.point_zero
    return None


def _count_forms(ids: pl.Series | pl.LazyFrame) -> _Forms:
    lazy = ids.to_frame().lazy() if isinstance(ids, pl.Series) else ids
    (name,) = lazy.collect_schema().names()
    column = pl.col(name)
    forms = {"whole": _WHOLE, "scientific": _SCIENTIFIC, "any_exponent": _ANY_EXPONENT}
    forms |= {"sure": _SURELY_SCIENTIFIC, "marked": _MARKED}
    counts = {form: column.str.contains(regex).sum() for form, regex in forms.items()}
    hexadecimal = column.str.contains(r"^(?:[0-9a-f]+|[0-9A-F]+)$").all()
    letters = column.str.contains(r"[a-df-zA-DF-Z]").any()
    lengths = column.str.len_bytes()
    found = (
        lazy.filter(column.is_not_null())
        .select(
            pl.len().alias("n"),
            point_zero=column.str.contains(_POINT_ZERO).sum(),
            # digests are of one length, and in most some digit is above 9
            digests=hexadecimal & letters & (lengths.min() == lengths.max()),
            impossible=column.str.contains(IMPOSSIBLE).sum(),
            **counts,
        )
        .collect(engine="streaming")
    )
    return _Forms(**found.row(0, named=True))


def suspect_ids(text: pl.Series, changes: Counter[str], *, rows: int | None = None) -> None:
    """Note ids that look rounded, stand for none, or are written in two ways.

    `rows` is the length of the column, if `text` holds its distinct ids only.

    Examples
    --------
    >>> seen = Counter()
    >>> suspect_ids(pl.Series(["7281986300348026145", "0", "0"]), seen)
    >>> dict(seen)
    {"'0' among ids of 10 and more digits: if it stands for none, set it to missing": 2}
    """
    _suspect_zeros(text, changes, rows)
    _suspect_none(text, changes)
    _suspect_spellings(text, changes)


def _suspect_none(text: pl.Series, changes: Counter[str]) -> None:
    """Note 0 and −1 among long numbers, which many platforms write for none."""
    none = text.is_in(["0", "-1"])
    if not none.any():
        return
    others = text.filter(~none & text.is_not_null())
    if len(others) and others.str.contains(r"^[0-9]{10,}$").all():
        for word in ("0", "-1"):
            note = f"{word!r} among ids of 10 and more digits: if it stands for none, set it to missing"
            if count := int((text == word).sum()):
                changes[note] += count


def _suspect_zeros(text: pl.Series, changes: Counter[str], rows: int | None) -> None:
    """Note long numbers that all end in zeros, if that is unlikely to be chance."""
    # whole ids are told by their first rows, without a pass over the others
    for part in (text.head(1000), text):
        held = part.filter(part.str.len_bytes() >= _LONG)
        held = held.filter(held.str.contains("^[0-9]+$"))
        long = held.unique()
        if not len(long) or not long.str.ends_with("0").all():
            return
    tails = long.str.len_bytes() - long.str.strip_chars_end("0").str.len_bytes()
    least = tails.min()
    assert isinstance(least, int)
    # each of n ids ends in k zeros with probability 10^-k
    if (rows or len(held)) >= 3 and len(long) * least >= 6:
        note = f"ids of {_LONG} and more digits that all end in {'0' * least!r}: were they rounded?"
        changes[note] += len(long)


#: Marks inside an id that nobody sees, but for joiners, which change letters of some scripts.
_UNSEEN = r"[\x{ad}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}\x{2066}-\x{2069}]"


def _suspect_spellings(text: pl.Series, changes: Counter[str]) -> None:
    """Note ids that look alike: é, and e with an accent; with and without marks that are not seen."""
    marked = text.filter((text.str.len_bytes() > text.str.len_chars()).fill_null(False)).unique()
    if not len(marked):
        return
    seen = marked.str.replace_all(_UNSEEN, "").str.normalize("NFC")
    other = (seen != marked) & seen.is_in(text.implode())
    if twice := int((seen.is_duplicated() | other).sum()):
        changes[
            "ids that look like others, and differ in the normal form of Unicode or in unseen marks: "
            "clean them, if they are the same"
        ] += twice


#: The words as a series, for look-up.
_MISSING = pl.Series(MISSING_WORDS)


def blank_words(series: pl.Series, changes: Counter[str]) -> pl.Series:
    """A column of numbers, times or truth values as text, without words that mean missing.

    Examples
    --------
    >>> seen = Counter()
    >>> blank_words(pl.Series("at", ["NA", "2024-03-01"]), seen).to_list(), dict(seen)
    ([None, '2024-03-01'], {"at: 'NA' is no value: set to missing": 1})
    """
    words = series.str.strip_chars()
    missing = words.is_in(_MISSING.implode()).fill_null(False)
    if not missing.any():
        return series
    counted = words.filter(missing).alias("word").value_counts(name="count").sort("word")
    for word, count in counted.rows():
        changes[f"{series.name}: {word!r} is no value: set to missing"] += int(count)
    return series.set(missing, None)


def _plain(value: object) -> object:
    return value.to_list() if isinstance(value, pl.Series) else value


def refuse_rows(series: pl.Series, bad: pl.Series, place: str, problem: str) -> None:
    """Raise a DataError that names the first row where `bad` is true, and its value."""
    hits = bad.fill_null(False).arg_true()
    if len(hits):
        row = int(hits[0])
        many = f" ({len(hits):,} such rows)" if len(hits) > 1 else ""
        raise DataError(f"{place}, row {row + 1}{many}: {shorten(_plain(series[row]))} {problem}.")


def check_real_ids(words: Collection[str]) -> tuple[str, ...]:
    """The words that are declared as real ids, sorted; refuses what is no text."""
    if isinstance(words, str) or not all(isinstance(word, str) for word in words):
        raise OptionError(f"real_ids={words!r}: a list of words is needed, such as ['null'].")
    return tuple(sorted(set(words)))


def describe_changes(changes: Counter[tuple[str, str]], advice: str) -> str:
    """One sentence of what was changed in which table; the advice, if a word was taken as missing."""
    parts = [f"{table}: {text} ({n:,})" for (table, text), n in changes.items() if n]
    told = f"{'; '.join(parts)}."
    return f"{told} {advice}" if any("is no id" in part for part in parts) else told


def look_over_ids(ids: pl.Series, place: str) -> str:
    """What looks wrong with ids that are taken as they are, empty if nothing; text only.

    Nodes of a graph may be hashtags or words, so that blanks and words for missing are told, not
    changed. Numbers that lost their digits and impossible characters are refused.

    Examples
    --------
    >>> look_over_ids(pl.Series(["ann", "ann ", "nan"]), "the edge list")
    "blanks around 1 id; 'nan', a word for a missing id; neither was changed"
    """
    changes: Counter[str] = Counter()
    judge_ids(ids, place)
    suspect_ids(ids, changes)
    odd = ids.filter(ids.str.contains(AROUND)).len()
    words = ids.filter(ids.is_in(list(MISSING_WORDS))).to_list()
    parts = [f"{text} ({n:,})" for text, n in changes.items()]
    parts += [f"blanks around {odd:,} id{'s' * (odd > 1)}"] if odd else []
    parts += [f"{word!r}, a word for a missing id" for word in sorted(words)]
    parts += ["neither was changed"] if odd or words else []
    return "; ".join(parts)


#: Range of the times in ids of TikTok, in seconds: 2012 to 2100. Ids of X never reach it before 2050.
_FIRST_SECOND, _LAST_SECOND = 1_325_376_000, 4_102_444_800


def creation_time(ids: pl.Expr) -> pl.Expr:
    """Time of creation in the upper 32 bits of an id, as TikTok makes them; null for other ids.

    Examples
    --------
    >>> ids = pl.DataFrame({"id": ["7374807619341093709", "42"]})
    >>> [t and t.isoformat() for t in ids.select(creation_time(pl.col("id"))).to_series()]
    ['2024-05-30T15:00:04+00:00', None]
    """
    whole = pl.when(ids.str.contains("^[0-9]{19}$")).then(ids)
    seconds = whole.cast(pl.Int64, strict=False) // (1 << 32)
    possible = seconds.is_between(_FIRST_SECOND, _LAST_SECOND)
    time = pl.from_epoch(seconds * 1_000_000, "us").cast(pl.Datetime("us", "UTC"))
    return pl.when(possible).then(time)


#: Zones are an hour apart or more, and an item is made some seconds after its id.
_APART = timedelta(minutes=45)
_ZONES = timedelta(hours=14, minutes=7)


def check_id_times(ids: pl.Series, times: pl.Series) -> timedelta | None:
    """How long after its id an item was made, in the median, if that is 45 minutes or more.

    The upper 32 bits of TikTok's ids of 19 digits are the second in which they were made, so that
    times that were written in local time show. Other ids say nothing, nor do fewer than 20 that are
    further away than any time zone.

    Parameters
    ----------
    ids
        Ids of items, text.
    times
        When each was made, as datetimes in UTC; null where unknown.

    Returns
    -------
    timedelta or None
        The median of time − second of the id, of the rows with both; `None` if it is small, or if
        no id holds a second of the years from 2012 on.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> at = pl.Series([datetime(2024, 5, 30, 17, 0, 24, tzinfo=UTC)])
    >>> check_id_times(pl.Series(["7374807701655650304"]), at)
    datetime.timedelta(seconds=7200)
    """
    made = ids.to_frame().select(creation_time(pl.col(ids.name))).to_series().to_physical()
    known = made.is_not_null() & times.is_not_null()
    long = int(ids.str.contains(r"^[0-9]{19}$").sum())
    # ids that others make by chance of 19 digits lie in any year
    if not known.any() or 2 * known.sum() < long:
        return None
    apart = times.cast(pl.Datetime("us", "UTC")).to_physical() - made
    median = apart.filter(known).median()
    assert isinstance(median, float)
    offset = timedelta(microseconds=round(median))
    # a few ids that are days away may be of any numbers; hours are those of a zone
    sure = abs(offset) <= _ZONES or apart.filter(known).count() >= 20
    return offset if abs(offset) >= _APART and sure else None


def describe_offset(offset: timedelta, column: str) -> str:
    """What an offset of :func:`check_id_times` may mean, and what to do.

    Examples
    --------
    >>> describe_offset(timedelta(hours=2, seconds=7), "items.created_at")
    "item ids say that items were made 2 h earlier than items.created_at: local time? pass \
tz='+02:00'"
    """
    minutes = round(abs(offset) / timedelta(minutes=15)) * 15
    hours = f"{minutes / 60:.4g} h" if minutes < 48 * 60 else f"{minutes / 1440:.4g} days"
    early = "earlier" if offset > timedelta() else "later"
    told = f"item ids say that items were made {hours} {early} than {column}"
    if abs(offset) > _ZONES:
        return f"{told}: is it another time?"
    sign = "+" if offset > timedelta() else "-"
    return f"{told}: local time? pass tz='{sign}{minutes // 60:02}:{minutes % 60:02}'"

"""What a mutant came to: harmless, changed, refused, or a failure; for ``fuzz.py``."""

from __future__ import annotations

import re
import time
import traceback
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from fuzz_mutators import MISSING, NO_TIMES, Generator, Mutant

from graphkit.errors import GraphkitError, GraphkitWarning

#: Seconds of one mutant; characters of a file in a message; characters of a message.
DEADLINE, LONGEST_QUOTE, LONGEST_MESSAGE = 5.0, 200, 1500

HARMLESS, CHANGED, REFUSED, FAILURE = "harmless", "changed", "refused", "FAILURE"


@dataclass(frozen=True)
class Found:
    """What a reader gave.

    Attributes
    ----------
    key
        Key of the content.
    ids
        Columns of ids, by name.
    reported
        Whether the reader says that it changed or dropped something.
    tables
        Tables, by name.
    rows
        Rows that the reader says that it read, by table or file.
    wrong
        A law of this reader that the value breaks; empty if it keeps all.
    formats
        Names of the formats as which files were read.
    """

    key: str
    ids: Mapping[str, pl.Series] = field(default_factory=dict)
    reported: bool = False
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    wrong: str = ""
    formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trial:
    """One mutant of a subject: the change, the call that reads it, and what to expect.

    Attributes
    ----------
    mutant
        The change.
    read
        The call.
    content
        Text of the file, of which a message holds little.
    names
        Words of which a message must hold one; empty if there is no file or table.
    fixed
        Whether other content must never be accepted.
    table
        Key of the changed table in ``Found.tables`` and ``Found.rows``.
    """

    mutant: Mutant
    read: Callable[[], Found]
    content: str = ""
    names: Sequence[str] = ()
    fixed: bool = False
    table: str = ""


#: A call that draws one mutant.
Draw = Callable[[Generator], Trial]


@dataclass(frozen=True)
class Verdict:
    """Outcome of a mutant; `kind` groups failures, `message` is that of an error."""

    outcome: str
    kind: str = ""
    message: str = ""
    seconds: float = 0.0


def wrong_id(ids: pl.Series) -> str:
    """The rule that an id of a column breaks; empty if all keep all."""
    texts = [str(v) for v in ids.drop_nulls().unique().to_list()]
    known = set(texts)
    digits = sum(t.isdecimal() for t in texts)
    for text in texts:
        if text in MISSING:
            return "a missing word is an id"
        if text != text.strip() or "\ufeff" in text:
            return "an id has blanks or a BOM"
        if "\ufffd" in text:
            return "an id holds U+FFFD"
        if any(unicodedata.category(c) == "Cc" for c in text):
            return "an id holds a control character"
        if 2 * digits >= len(texts) and re.fullmatch(r"[+-]?\d+([.,]\d+)?[eE][+-]?\d+", text):
            return "an id of a column of numbers is in scientific notation"
        if text.endswith(".0") and text[:-2].isdecimal() and text[:-2] in known:
            return "12.0 is an id beside 12"
    return ""


def where_of(error: BaseException) -> str:
    """Innermost function of graphkit in a traceback, and the package where it was raised."""
    inside, outside = "no function of graphkit", ""
    for frame in traceback.extract_tb(error.__traceback__):
        name = frame.filename.replace("\\", "/")
        if "/graphkit/" in name and "site-packages" not in name:
            inside, outside = f"{name.rpartition('/graphkit/')[2]}:{frame.name}", ""
        elif "site-packages/" in name:
            outside = name.rpartition("site-packages/")[2].split("/")[0]
        elif "fuzz" not in name:
            outside = Path(name).stem
    return inside + (f" ({outside})" if outside else "")


def quotes(message: str, content: str) -> bool:
    """Whether more than ``LONGEST_QUOTE`` characters of a message are those of the content."""
    if len(message) <= LONGEST_QUOTE:
        return False
    for text in (content, repr(content)[1:-1]):
        step = LONGEST_QUOTE // 4
        for start in range(0, len(message) - LONGEST_QUOTE, step):
            if message[start : start + LONGEST_QUOTE + 1] in text:
                return True
    return False


def judge(trial: Trial, original: str) -> Verdict:
    """Read a mutant and compare it with the content key of the original."""
    begun, busy = time.perf_counter(), time.process_time()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        verdict = _outcome(trial, original, caught)
    # the smaller of both: other processes take time, and threads count twice
    seconds = min(time.perf_counter() - begun, time.process_time() - busy)
    foreign = [w for w in caught if not issubclass(w.category, GraphkitWarning)]
    if verdict.outcome != FAILURE and foreign:
        first = foreign[0]
        kind = f"warning of another library: {first.category.__name__} {Path(first.filename).name}"
        verdict = Verdict(FAILURE, kind, str(first.message))
    if verdict.outcome != FAILURE and seconds > DEADLINE:
        verdict = Verdict(FAILURE, f"took more than {DEADLINE:g} s")
    return Verdict(verdict.outcome, verdict.kind, verdict.message, seconds)


def _outcome(trial: Trial, original: str, caught: list[Any]) -> Verdict:
    try:
        found = trial.read()
    except GraphkitError as error:
        return _refusal(trial, error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        name = type(error).__name__
        name = f"{type(error).__module__}.{name}" if name == "error" else name
        kind = f"{name} in {where_of(error)}"
        return Verdict(FAILURE, kind, str(error))
    if found.wrong:
        return Verdict(FAILURE, found.wrong)
    for name, ids in found.ids.items():
        if problem := wrong_id(ids):
            return Verdict(FAILURE, problem, f"in {name}")
    if found.key == original:
        return Verdict(HARMLESS)
    if trial.fixed:
        return Verdict(FAILURE, "other content accepted")
    reported = found.reported or any(issubclass(w.category, GraphkitWarning) for w in caught)
    if trial.mutant.doubtful and not reported:
        return Verdict(FAILURE, "rounded ids accepted without a warning")
    if lost := _lost(trial, found, reported):
        return Verdict(FAILURE, lost)
    return Verdict(CHANGED)


def _refusal(trial: Trial, error: GraphkitError) -> Verdict:
    message, place = str(error), where_of(error)
    if trial.mutant.harmless:
        return Verdict(FAILURE, f"refused though harmless, {place}", message)
    if not message.strip():
        return Verdict(FAILURE, f"empty message, {place}")
    if quotes(message, trial.content):
        return Verdict(FAILURE, f"message quotes the file, {place}", message)
    if len(message) > LONGEST_MESSAGE:
        return Verdict(
            FAILURE, f"message of more than {LONGEST_MESSAGE} characters, {place}", message
        )
    if trial.names and not any(name in message for name in trial.names):
        return Verdict(FAILURE, f"message names neither file nor table, {place}", message)
    return Verdict(REFUSED, type(error).__name__, message)


def _lost(trial: Trial, found: Found, reported: bool) -> str:
    """What a reader lost or made up without a count; empty if nothing."""
    mutant, table = trial.mutant, trial.table
    read, frame = found.rows.get(table), found.tables.get(table)
    if mutant.rows is not None and read is not None and read != mutant.rows:
        return "other number of rows read than the file has"
    if frame is None or mutant.rows is None:
        return ""
    same_rows = frame.height == mutant.rows
    if not same_rows and not reported:
        return "rows lost without a count"
    for column, row, text in mutant.cells if same_rows else ():
        if column not in frame.columns or not frame.schema[column].is_temporal():
            continue
        if text.isdecimal() and reported:  # a column of seconds since 1970 is read, and counted
            continue
        if text in NO_TIMES and frame.get_column(column)[row] is not None:
            return f"{text!r} is read as a time"
    if reported:
        return ""
    for column, filled in (mutant.filled or {}).items():
        if (
            column in frame.columns
            and frame.height - frame.get_column(column).null_count() < filled
        ):
            return f"values became missing without a count: {column}"
    return ""

"""What the command line prints: results, reports and tables on a terminal, or JSON."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

if TYPE_CHECKING:
    import polars as pl

    from graphkit.data.results import ImportReport
    from graphkit.study import CommunityStudy, StudyResult

#: How this command prints: ``"json"``, ``"quiet"``, both or neither.
_ways: ContextVar[frozenset[str]] = ContextVar("graphkit_output", default=frozenset())

#: Width of a table that goes to a file or another program, where COLUMNS does not say it.
_PIPED = 160
#: A column of text is not made narrower than this to fit in more columns.
_NARROW = 16


@contextmanager
def output() -> Iterator[None]:
    """Context of one command, in which :func:`print_as` has effect."""
    token = _ways.set(frozenset())
    try:
        yield
    finally:
        _ways.reset(token)


def print_as(way: Literal["json", "quiet"]) -> None:
    """Print JSON only, or errors only, from here on."""
    _ways.set(_ways.get() | {way})


def is_quiet() -> bool:
    """Whether errors only are printed."""
    return "quiet" in _ways.get()


def is_json() -> bool:
    """Whether standard output gets one JSON document and nothing else."""
    return "json" in _ways.get()


@contextmanager
def progress() -> Iterator[None]:
    """Context that draws progress bars on a terminal, unless errors only are asked for."""
    import graphkit as gk
    from graphkit.progress import silenced

    with silenced() if is_quiet() else gk.show_progress():
        yield


def say(text: str, *, err: bool = False) -> None:
    """Print a text, whose names may hold codes that a terminal would obey.

    Where standard output gets JSON, it goes to standard error; errors (`err`) always do.
    """
    from graphkit.data.display import plain_text

    if err or not is_quiet():
        to_error = err or is_json()
        typer.echo(_folded(plain_text(text), to_error), err=to_error)


def _folded(text: str, to_error: bool) -> str:
    """A text in lines of the width of the terminal; one line each where none reads it."""
    import shutil
    import textwrap

    stream = sys.stderr if to_error else sys.stdout
    if not stream.isatty():
        return text
    fold = textwrap.TextWrapper(
        max(20, shutil.get_terminal_size().columns - 1),
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    # a command to be copied stays one line
    folded = [
        [line] if line.startswith("  graphkit ") else fold.wrap(line) for line in text.split("\n")
    ]
    return "\n".join("\n".join(parts) for parts in folded)


def show_json(document: Mapping[str, Any]) -> None:
    """Print the one JSON document of a command, if it is asked for."""
    if is_json():
        typer.echo(json.dumps(_plain(document), indent=2, default=str, allow_nan=False))


def _plain(value: Any) -> Any:
    """A value of JSON: frames as lists of rows, numbers that are none as null."""
    if hasattr(value, "to_dicts"):
        return _plain(value.to_dicts())
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


def report_document(path: Path, report: ImportReport) -> dict[str, Any]:
    """What was recognised, and what became of files and records."""
    return {
        "path": str(path),
        "recognised": report.recognised,
        "files": report.files,
        "rows": report.rows,
        "dropped": report.dropped,
        "notes": report.notes,
    }


def show_report(path: Path, report: ImportReport) -> None:
    """Print what was recognised, and what became of files and records."""
    say(f"{path} is {report.recognised}.")
    if report.files.height > 1:
        files = report.files.group_by("status", "holds", "reason", maintain_order=True).len("files")
        show_table("Files", files.sort("status", descending=True), rows=200)
    show_table("Rows read", report.rows, rows=200)
    if report.dropped.height:
        show_table("Rows dropped, with reasons", report.dropped, rows=200)
    if report.notes.height:
        show_table("Changes and additions", report.notes, rows=200)


def show_counts(report: ImportReport) -> None:
    """Print what became of rows that were written in another format."""
    show_table("Rows written", report.rows.rename({"read": "rows", "kept": "written"}))
    if report.dropped.height:
        show_table("Rows left out, with reasons", report.dropped, rows=200)
    if report.notes.height:
        show_table("What is not in this format, or changed", report.notes, rows=200)


def study_document(study: CommunityStudy) -> dict[str, Any]:
    """The communities of a study for JSON; none where they cannot be told from chance."""
    from graphkit.study.disclosure import n_merged

    return {
        "folder": str(study.folder),
        "nodes": study.partition.node_kind,
        "found": study.found,
        "verdict": study.verdict,
        "reason": study.reason,
        "communities": study.table() if study.found else [],
        "suppressed": n_merged(study.partition),
        "notes": list(study.notes),
    }


def show_study(study: CommunityStudy) -> None:
    """Print the communities of a study, and how many are suppressed."""
    from graphkit.study.disclosure import n_merged

    partition = study.partition
    if study.untested:
        say(
            f"{partition.n_communities} communities of {partition.node_kind}, which were not tested "
            f"against chance: {study.verdict} ({study.reason}). To test them: --null-draws 99."
        )
    elif not study.found:
        say(
            f"No communities found: {study.verdict} ({study.reason}). The tables hold the best run; do not interpret it as communities."
        )
    else:
        show_table(
            f"{partition.n_communities} communities of {partition.node_kind}, {study.verdict} "
            f"({study.reason})",
            study.table(),
            first=("community", "label", "size", "verdict"),
        )
    if hidden := n_merged(partition):
        say(f"{hidden} smaller communities are suppressed.")
    for note in study.notes:
        say(note)


def show_result(result: StudyResult) -> None:
    """Print the findings of a study, and where its results are."""
    from graphkit.study.disclosure import without_few_creators
    from graphkit.study.text import interval_text

    for headline in result.headlines:
        for finding in headline.findings:
            say(f"\n{finding.title}\n  {finding.verdict}")
            for sentence in finding.sentences:
                say(f"  - {sentence}")
    if result.economy is not None:
        shown = without_few_creators(result.economy, result.config.report.min_group_size)
        say(f"\nEconomy of creators\n  {shown.sentence}")
    say(f"\n{interval_text(result)}")
    if not result.spread.calibrated:
        say("Viewer behaviour is not calibrated: its parameters are assumptions.")
    say(f"Report: {result.folder / 'report.html'}")
    say(f"Tables, figures and manifest: {result.folder}")


def show_table(
    title: str, frame: pl.DataFrame, rows: int = 40, *, first: Sequence[str] = ()
) -> None:
    """Print a table on the terminal: the first `rows` rows, and how many more there are.

    Where it is too wide, columns are left out from the right, those of `first` last, and named
    below.
    """
    if is_json() or is_quiet():
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from graphkit.data.display import format_cell, plain_text

    console = Console(highlight=False)
    if not console.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        console.width = _PIPED
    cells = {
        name: [plain_text(format_cell(v)) for v in frame.get_column(name).head(rows).to_list()]
        for name in frame.columns
    }
    kept = _fitting(frame, cells, console.width, first)
    table = Table(box=box.SIMPLE_HEAD)
    for name in kept:
        number = frame.schema[name].is_numeric()
        table.add_column(
            Text(plain_text(name)), justify="right" if number else "left", overflow="fold"
        )
    for row in zip(*(cells[name] for name in kept), strict=True):
        table.add_row(*map(Text, row))  # no markup
    console.print(Text(plain_text(title), style="bold"))
    console.print(table)
    if absent := [plain_text(name) for name in frame.columns if name not in kept]:
        say(f"(Not shown at this width: {', '.join(absent)}.)")
    if frame.height > rows:
        say(f"… and {frame.height - rows:,} more rows in the tables folder")


def _fitting(
    frame: pl.DataFrame, cells: Mapping[str, list[str]], width: int, first: Sequence[str]
) -> list[str]:
    """The columns that fit the width: numbers whole, texts folded to no less than a few words."""
    from rich.cells import cell_len

    least = {}
    for name, texts in cells.items():
        whole = max(map(cell_len, [name, *texts]))
        numbers = frame.schema[name].is_numeric()
        least[name] = whole if numbers else min(whole, max(_NARROW, cell_len(name)))
    kept = list(frame.columns)
    order = [name for name in reversed(kept) if name not in first]
    order += [name for name in reversed(kept) if name in first]
    # each column has a blank on both sides and a line, which is blank too
    while len(kept) > 1 and sum(least[name] + 3 for name in kept) + 1 > width:
        kept.remove(order.pop(0))
    return kept


def for_shell(message: str) -> str:
    """A message of the library with the options of the command line that it asks for.

    Examples
    --------
    >>> for_shell("whose likes? pass account='name'.")
    "whose likes? pass account='name'. On the command line: --account."
    """
    message, read = re.subn(
        r"by read_any\(path.*?\) or, on the command line, with", "with", message
    )
    asked = [f"--{name}" for name in ("account", "direction", "tz") if f"pass {name}=" in message]
    asked += ["--kind"] if "pass kinds=" in message else []
    asked += ["--overwrite"] if "pass overwrite=True" in message else []
    told = f" On the command line: {', '.join(asked)}." if asked else ""
    if read:
        told += " To have this written for you: graphkit init my-study --data FILE."
    return message + told

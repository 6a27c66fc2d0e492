"""What the command line prints: results, reports and tables on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

if TYPE_CHECKING:
    import polars as pl

    from graphkit.data.results import ImportReport
    from graphkit.study import CommunityStudy, StudyResult


def say(text: str, *, err: bool = False) -> None:
    """Print a text, whose names may hold codes that a terminal would obey."""
    from graphkit.data.display import plain_text

    typer.echo(plain_text(text), err=err)


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


def show_study(study: CommunityStudy) -> None:
    """Print the communities of a study, and how many are suppressed."""
    from graphkit.study.disclosure import n_merged

    partition = study.partition
    if not study.found:
        say(
            f"No communities found: {study.verdict} ({study.reason}). The tables hold the best run; do not interpret it as communities."
        )
    else:
        show_table(
            f"{partition.n_communities} communities of {partition.node_kind}, {study.verdict} "
            f"({study.reason})",
            study.table(),
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


def show_table(title: str, frame: pl.DataFrame, rows: int = 40) -> None:
    """Print a table on the terminal: the first `rows` rows, and how many more there are."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from graphkit.data.display import format_cell, plain_text

    def plain(text: str) -> Text:
        return Text(plain_text(text))  # no markup

    table = Table(title=plain(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name, dtype in frame.schema.items():
        side: Literal["left", "right"] = "right" if dtype.is_numeric() else "left"
        table.add_column(plain(name), justify=side, overflow="fold")  # no text is cut off
    for row in frame.head(rows).iter_rows():
        table.add_row(*(plain(format_cell(v)) for v in row))
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(table)
    if frame.height > rows:
        say(f"… and {frame.height - rows:,} more rows in the tables folder")


def as_options(message: str) -> str:
    """The options of the command line for parameters that a message asks for."""
    asked = [f"--{name}" for name in ("account", "direction", "tz") if f"pass {name}=" in message]
    return f" On the command line: {', '.join(asked)}." if asked else ""

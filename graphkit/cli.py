"""The command line: ``graphkit demo | run | check | describe | communities``.

Bad input ends with one sentence and exit code 2, never with a traceback.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphkit.errors import GraphkitError

if TYPE_CHECKING:
    import polars as pl

    from graphkit.data.dataset import Dataset
    from graphkit.data.results import ImportReport
    from graphkit.study import CommunityStudy, StudyResult

__all__ = ["app", "main"]

app = typer.Typer(
    name="graphkit",
    help="Measure how a feed shapes communities, from a platform's logs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Format(StrEnum):
    """How a dataset lies on disk."""

    FOLDER = "folder"
    TIKTOK = "tiktok"
    HETREC_LASTFM = "hetrec-lastfm"


DatasetPath = Annotated[
    Path, typer.Argument(metavar="DATASET", help="Folder (or file) that holds the data.")
]
StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (TOML).")]
FormatOption = Annotated[
    Format,
    typer.Option(
        "--format",
        help="folder: tables as Parquet, CSV or NDJSON; tiktok: Research API JSON; "
        "hetrec-lastfm: the HetRec 2011 files.",
    ),
]
StitchesOption = Annotated[
    list[Path] | None,
    typer.Option("--stitches", help="With tiktok: file or folder of stitch lists; repeatable."),
]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of all random streams.")]
RunsOption = Annotated[int, typer.Option("--runs", min=1, help="Runs of Leiden per graph.")]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from graphkit._version import __version__

        typer.echo(f"graphkit {__version__}")
        raise typer.Exit


@app.command()
def demo(
    out: OutOption = Path("graphkit-demo"), seed: SeedOption = 1, runs: RunsOption = 10
) -> None:
    """Run a whole study on the bundled synthetic platform, in a minute or so.

    Finds the communities in who engaged with the same videos, names them by their hashtags,
    asks whether the follow graph would have shown them, holds the result against what was
    planted, and shows the same posts through a follower-centric and an interest-centric feed.
    """
    import graphkit as gk
    from graphkit.study import demo_config, run_study

    with gk.show_progress():
        result = run_study(demo_config(seed, runs), out)
    study = result.communities
    _say("The bundled platform is synthetic: its communities were planted, and are known.")
    _show_study(study)
    assert study.recovery is not None
    _show("Held against what was planted (best F1 per community; AMI over all)", study.recovery)
    truth = result.spread.worlds[0].partitions["planted"]
    planted = gk.communities.best_matches(result.spread.worlds[0].partitions["interest"], truth)
    for name in result.hidden.get("interest", ()):
        meant = planted.filter(label=name).get_column("match_label").item()
        _say(
            f"{name} (planted as {meant}) is a community of shared interest that the follow graph "
            "does not show."
        )
    _show_result(result)


@app.command()
def run(study: StudyPath, out: OutOption) -> None:
    """Run a study: one TOML file in, one folder of tables, figures and a report out."""
    import graphkit as gk
    from graphkit.study import run_study

    with gk.show_progress():
        result = run_study(study, out)
    _show_study(result.communities)
    _show_result(result)


@app.command()
def check(study: StudyPath) -> None:
    """Read a study file and its data, and say what a run would do."""
    from graphkit.study import check_study

    _show(f"{study.name}: nothing stands in the way", check_study(study))


@app.command()
def describe(
    dataset: DatasetPath, format: FormatOption = Format.FOLDER, stitches: StitchesOption = None
) -> None:
    """Show what a dataset holds, table by table and column by column."""
    ds, report = _read(dataset, format, stitches)
    _show("Rows read", report.rows)
    if report.dropped.height:
        _show("Rows dropped, and why", report.dropped)
    if report.notes.height:
        _show("Changed or added", report.notes)
    _show("Columns", ds.summary())


@app.command()
def communities(
    dataset: DatasetPath,
    out: OutOption,
    format: FormatOption = Format.FOLDER,
    stitches: StitchesOption = None,
    between: Annotated[
        str, typer.Option(help="The nodes: accounts, authors, items, tags or sounds.")
    ] = "accounts",
    through: Annotated[
        str, typer.Option(help="What they share: items, authors, tags, sounds or accounts.")
    ] = "items",
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="Kinds of interaction that count; repeatable. [the usual]"),
    ] = None,
    weight: Annotated[
        str, typer.Option(help="count, pairs, actions, jaccard, cosine, newman or tfidf.")
    ] = "tfidf",
    min_shared: Annotated[int, typer.Option(help="Objects that two nodes must share.")] = 1,
    max_degree: Annotated[
        int | None, typer.Option(help="Leave out objects of more nodes than this.")
    ] = None,
    window: Annotated[
        str | None, typer.Option(help="Both interacted within this time, such as 10s, 5min, 1d.")
    ] = None,
    top: Annotated[int | None, typer.Option(help="Keep each node's heaviest edges only.")] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", help="Object to leave out; repeatable. Adds to the stop-tags."),
    ] = None,
    keep_stop_tags: Annotated[
        bool, typer.Option("--keep-stop-tags", help="Do not leave out fyp, foryou, viral, …")
    ] = False,
    quality: Annotated[str, typer.Option(help="modularity or cpm.")] = "modularity",
    resolution: Annotated[
        float | None, typer.Option(help="γ. [1 for modularity, the density for cpm]")
    ] = None,
    runs: RunsOption = 10,
    engine: Annotated[str, typer.Option(help="native, igraph or leidenalg.")] = "native",
    find: Annotated[
        list[str] | None,
        typer.Option("--find", help="Tags of a community to look for, a,b,c; repeatable."),
    ] = None,
    seed: SeedOption = 1,
) -> None:
    """Find, name and test the communities of a dataset, into a folder.

    Builds the co-interaction graph, finds communities by several runs of Leiden, names them
    by their over-represented tags, and asks whether the follow graph would have shown them.
    """
    import graphkit as gk

    unwanted = set(exclude or ())
    if through == "tags" and not keep_stop_tags:
        unwanted |= gk.STOP_TAGS
    with gk.show_progress():
        ds, report = _read(dataset, format, stitches)
        study = gk.study_communities(
            ds,
            out,
            between=between,
            through=through,
            kinds=kind or None,
            weight=weight,
            min_shared=min_shared,
            max_degree=max_degree,
            window=window,
            top=top,
            exclude=unwanted,
            quality=quality,
            resolution=resolution,
            runs=runs,
            engine=engine,
            report=report,
            rng=seed,
        )
    _show_study(study)
    for tags in find or ():
        hit = gk.find_community(study.partition, ds, tags=tuple(tags.split(",")))
        _say(repr(hit))
    _say(f"Tables, figures and manifest: {study.folder}")


def _read(path: Path, format: Format, stitches: list[Path] | None) -> tuple[Dataset, ImportReport]:
    from graphkit import readwrite

    if format is Format.TIKTOK:
        return readwrite.read_tiktok_api([path], stitches=stitches or ())
    if stitches:
        raise typer.BadParameter("--stitches goes with --format tiktok.")
    if format is Format.HETREC_LASTFM:
        return readwrite.read_hetrec_lastfm(path)
    return readwrite.read_dataset(path)


def _show_study(study: CommunityStudy) -> None:
    partition = study.partition
    if not study.found:
        _say(
            f"No communities found: the runs agree too little (AMI {partition.stability:.2f}). "
            "The tables hold the best run all the same; do not read it as communities."
        )
    else:
        _show(
            f"{partition.n_communities} communities of {partition.node_kind}, {partition.verdict} "
            f"(agreement of runs: AMI {partition.stability:.2f})",
            study.table(),
        )
    for note in study.notes:
        _say(note)


def _show_result(result: StudyResult) -> None:
    for headline in result.headlines:
        _say(f"\n{headline.title}\n  {headline.verdict}")
        for sentence in headline.sentences:
            _say(f"  - {sentence}")
    if not result.spread.calibrated:
        _say("\nThe viewers' behaviour is not calibrated: its numbers are assumptions.")
    _say(f"Report: {result.folder / 'report.html'}")
    _say(f"Tables, figures and manifest: {result.folder}")


def _say(text: str) -> None:
    typer.echo(text)


def _show(title: str, frame: pl.DataFrame, rows: int = 40) -> None:
    """A table on the terminal; numbers right, long ones cut with a note."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from graphkit.data.display import number

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left")
    for row in frame.head(rows).iter_rows():
        table.add_row(*(_cell(v, number) for v in row))
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(table)
    if frame.height > rows:
        _say(f"… and {frame.height - rows:,} more rows in the tables folder")


def _cell(value: Any, number: Any) -> str:
    from rich.markup import escape

    return escape(", ".join(map(str, value)) if isinstance(value, list) else number(value))


def main() -> None:
    """Entry point of the command ``graphkit``."""
    try:
        app()
    except GraphkitError as error:
        typer.echo(f"graphkit: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("graphkit: stopped; what was finished stands in the results folder.", err=True)
        sys.exit(130)

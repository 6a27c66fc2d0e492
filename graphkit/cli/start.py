"""Commands to begin with: init, doctor, warm."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphkit.cli.app import app
from graphkit.cli.options import (
    AccountOption,
    ColumnsOption,
    DirectionOption,
    FormatOption,
    JsonOption,
    KindIsOption,
    QuietOption,
    SeparatorOption,
    StitchesOption,
    TableOption,
    ZoneOption,
    accounts_of,
    option,
    table_options,
)
from graphkit.cli.terminal import is_json, progress, say, show_json, show_table
from graphkit.errors import FileError, GraphkitError

if TYPE_CHECKING:
    import polars as pl

    from graphkit.cli.doctor import Finding
    from graphkit.data.dataset import Dataset
    from graphkit.data.results import ImportReport

_README = """\
# {title}

`study.toml` says what is studied: every key is there, with its default and what it does.

{steps}
{notes}"""


@app.command(short_help="Begin a study: a folder, a study file, the next command.")
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of the study; made if absent.")
    ],
    data: Annotated[
        Path | None,
        option(
            "Your log: file, folder or zip archive. It is looked at, and columns and times are filled "
            "in where they can be told. (default: the bundled synthetic platform)",
            "--data",
            metavar="LOG",
        ),
    ] = None,
    format: FormatOption = None,
    account: AccountOption = None,
    direction: DirectionOption = None,
    columns: ColumnsOption = None,
    table: TableOption = None,
    kind_is: KindIsOption = None,
    tz: ZoneOption = None,
    separator: SeparatorOption = None,
    stitches: StitchesOption = None,
    quiet: QuietOption = False,
) -> None:
    """Begin a study: a folder with a study file that explains itself, and the next command.

    \b
    Examples:
      graphkit init my-study
      graphkit init my-study --data my-log.csv
    """
    from graphkit.cli.template import study_text
    from graphkit.data.files import write_text

    for name in ("study.toml", "README.md"):
        if (folder / name).exists():
            raise FileError(f"{folder / name} is there already: name another folder.")
    values: dict[str, dict[str, Any]] = {}
    looked: list[str] = []
    runs = True
    if data is not None:
        options = table_options(columns, table=table, kind_is=kind_is, tz=tz, separator=separator)
        options |= {"account": accounts_of(account), "direction": direction, "format": format}
        options["stitches"] = stitches
        options = {name: value for name, value in options.items() if value is not None}
        with progress():
            dataset, report, options = _look(data, options, looked)
        values, runs = _values_of(data, folder, dataset, report, options, looked)
    study = folder / "study.toml"
    steps = _steps(study, runs)
    write_text(study, study_text(values))
    write_text(folder / "README.md", _readme(folder, steps, looked))
    for sentence in looked:
        say(sentence)
    say(f"Written: {study} and {folder / 'README.md'}")
    say("")
    for what, command in steps:
        say(f"{what}:\n  {command}")


def _steps(study: Path, runs: bool) -> list[tuple[str, str]]:
    """What to do next, and the command."""
    place = _quoted(study)
    found, results = _quoted(study.parent / "communities"), _quoted(study.parent / "results")
    steps = [("Find, name and test communities", f"graphkit communities {place} --out {found}")]
    if runs:
        steps.insert(0, ("See what a run would do", f"graphkit check {place}"))
        steps.append(("Compare feeds, with a report", f"graphkit run {place} --out {results}"))
    return steps


def _quoted(path: Path) -> str:
    import shlex

    return (
        shlex.quote(str(path))
        if os.name == "posix"
        else f'"{path}"'
        if " " in str(path)
        else str(path)
    )


def _readme(folder: Path, steps: list[tuple[str, str]], looked: list[str]) -> str:
    from graphkit.data.display import plain_text

    told = "\n".join(f"{what}:\n\n    {command}\n" for what, command in steps)
    notes = "".join(f"\n- {sentence}" for sentence in looked)
    notes = f"What was seen in the data:\n{notes}\n" if notes else ""
    title = folder.absolute().name or "study"
    return plain_text(_README.format(title=title, steps=told, notes=notes))


def _look(
    path: Path, options: dict[str, Any], looked: list[str]
) -> tuple[Dataset, ImportReport, dict[str, Any]]:
    """Read the data as asked for; a table of unknown columns as their names suggest."""
    from graphkit.readwrite import read_any
    from graphkit.readwrite.folder import column_names, guess_log, is_dataset

    try:
        return *read_any(path, **options), options
    except FileError:
        named = {"columns", "table", "format"} & options.keys()
        if named or not (path.is_file() and is_dataset(path)):
            raise
        guess = guess_log(column_names(path))
        if not guess.complete:
            raise
        kind = options.get("kind_is", guess.kind_is)
        options |= {"table": "interactions"} | ({"kind_is": kind} if kind else {})
        options["columns"] = {"interactions": {old: new for new, old in guess.named.items()}}
    read = read_any(path, **options)
    told = ", ".join(f"{old} = {new}" for new, old in guess.named.items())
    looked.append(f"Columns, by their names: {told}. Correct them in [data] if they are others.")
    if guess.kind_is == kind == "view":
        looked.append(
            "No column says what was done: all rows count as 'view'. If they are likes or shares, "
            "change kind_is in [data], and kinds in [communities]."
        )
    return *read, options


def _seen_from(folder: Path, path: Path) -> str:
    """A path as the study file in the folder names it."""
    try:
        return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()
    except ValueError:  # on another drive
        return path.absolute().as_posix()


def _values_of(
    data: Path,
    folder: Path,
    dataset: Dataset,
    report: ImportReport,
    options: dict[str, Any],
    looked: list[str],
) -> tuple[dict[str, dict[str, Any]], bool]:
    """What the study file says of the data, and whether feeds can be compared on them."""
    from graphkit.data.incidence import ACTS, other_kinds
    from graphkit.simulation.interests import present_sources
    from graphkit.study import StudyConfig
    from graphkit.study.inputs import StudyInputs, check_inputs

    guessed = bool(looked)
    looked.insert(0, f"{data} is {'a log in one table' if guessed else report.recognised}.")
    sizes = ", ".join(f"{frame.height:,} {name}" for name, frame in dataset.tables.items())
    looked.insert(1, f"It holds {len(dataset.account_ids):,} accounts: {sizes}.")
    if report.n_dropped:
        looked.insert(2, f"{report.n_dropped:,} records were left out: graphkit describe says why.")
    source = options.pop("format", None) or "any"
    if "stitches" in options:
        options["stitches"] = [_seen_from(folder, path) for path in options["stitches"]]
    values: dict[str, dict[str, Any]] = {
        "data": {"source": source, "path": _seen_from(folder, data), **options}
    }
    tagged, sounded = (name in present_sources(dataset) for name in ("tags", "sounds"))
    acts, items = dataset.interactions, dataset.items
    if acts is not None:
        kinds = acts.get_column("kind").unique().sort().to_list()
        if kinds and not set(kinds) & set(ACTS):
            values["communities"] = {"kinds": kinds}
        else:
            looked.extend(
                f"Left out of communities: {count:,} {reason}. If some of them count, name all that do "
                "in kinds of [communities]."
                for reason, count in other_kinds(acts).items()
            )
    alone = acts is None
    if acts is not None:
        pairs = acts.select("account_id", "item_id").drop_nulls().unique()
        alone = pairs.get_column("item_id").is_unique().all()
    if alone and items is not None and "author_id" in items.columns and (tagged or sounded):
        through = "tags" if tagged else "sounds"
        values["communities"] = {"between": "authors", "through": through}
        looked.append(
            f"No item has two accounts that act on it: authors are joined by {through}, as "
            "[communities] says."
        )
    if not tagged:
        looked.append(
            "There are no hashtags: communities go by their numbers, without names. If a column of "
            "texts holds some, name it in columns of [data] as tags, with separator = '#'."
        )
    if items is None or not {"created_at", "author_id"} <= set(items.columns):
        values["world"] = {"posts": "introduced"}
    if not (dataset.follows is not None and dataset.follows.height):
        looked.append(
            "There are no follows: communities can be found, and feeds cannot be compared, as "
            "graphkit run does."
        )
        return values, False
    try:
        config = StudyConfig.of(values, place="study.toml", base=folder)
        check_inputs(config, StudyInputs(dataset, None, report))
    except GraphkitError as error:
        looked.append(f"Communities can be found; feeds cannot be compared yet: {error}")
        return values, False
    return values, True


@app.command(short_help="Look whether all that graphkit needs is there.")
def doctor(json: JsonOption = False) -> None:
    """Look whether all is in place: versions, cores, compiled kernels, optional parts, fonts, space.

    Exit code 0 if graphkit can work, else 1.

    Example: graphkit doctor
    """
    from graphkit.cli.doctor import examine

    findings = examine()
    fine = not any(one.state == "missing" for one in findings)
    show_json({"fine": fine, "findings": [vars(one) for one in findings]})
    if not is_json():
        show_table("What graphkit needs, and what it can use", _rows(findings), rows=100)
        for one in findings:
            if one.remedy and one.part != "optional":
                say(f"{one.what}: {one.remedy}")
        lacking = [one for one in findings if one.remedy and one.part == "optional"]
        if lacking:
            say(f"Optional parts are installed by their names, such as: {lacking[0].remedy}")
    say(
        "All that graphkit needs is there." if fine else "Something that graphkit needs is missing."
    )
    if not fine:
        raise typer.Exit(1)


def _rows(findings: list[Finding]) -> pl.DataFrame:
    """The findings as a table, where packages that are as they should be are one row."""
    import polars as pl

    shown = ("graphkit", "Python", "numba", "numpy", "polars")
    fine = [o for o in findings if o.part == "versions" and o.state == "ok" and o.what not in shown]
    others = ", ".join(f"{one.what} {one.found}" for one in fine)
    rows: list[tuple[str, str, str, str]] = []
    for one in findings:
        if one in fine and one is not fine[-1]:
            continue
        what, found = ("others", others) if one in fine else (one.what, one.found)
        part = "" if rows and one.part in [row[0] for row in rows] else one.part
        rows.append((part, what, found, "MISSING" if one.state == "missing" else one.state))
    return pl.DataFrame(rows, schema=["part", "what", "found", "state"], orient="row")


@app.command(short_help="Compile in advance, for containers and read-only homes.")
def warm(
    to: Annotated[
        Path | None,
        option(
            "Folder to write to; set NUMBA_CACHE_DIR to it wherever graphkit runs. (default: "
            "NUMBA_CACHE_DIR, else the folder of the package, else your cache folder)",
            "--to",
            metavar="FOLDER",
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Compile in advance what the first use would compile, for containers and read-only homes.

    Example: graphkit warm

    Run it when an image is built: every user of the image then starts without compiling, even where nothing can be written.

    Compiled code is for one type of CPU. If images are built on another type than they run on, set NUMBA_CPU_NAME=generic for both, or run this where they run. After an update of graphkit, Python, NumPy or Numba, run it again.
    """
    from graphkit.study.warm import warm_kernels

    with progress():
        done = warm_kernels(to)
    there = f", {done.found} were there" if done.found else ""
    say(f"{done.compiled} kernels compiled for the CPU {done.cpu}{there} ({done.seconds:.0f} s).")
    say(f"Folder: {done.folder}")

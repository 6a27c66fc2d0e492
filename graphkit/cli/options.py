"""Options that several commands share, and what their texts mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from graphkit.cli.terminal import print_as
from graphkit.errors import OptionError


def option(help: str, *names: str, **rules: Any) -> Any:
    """An option of a command, its help first."""
    return typer.Option(*names, help=help, **rules)


def _json(asked: bool) -> None:
    if asked:
        print_as("json")


def _quiet(asked: bool) -> None:
    if asked:
        print_as("quiet")


def complete_formats(incomplete: str) -> list[str]:
    """Names of formats that begin like this, for completion in the shell."""
    from graphkit.readwrite import formats

    return [name for name in formats().get_column("name") if name.startswith(incomplete)]


def complete_data(incomplete: str) -> list[str]:
    """Names of public data that begin like this."""
    from graphkit import datasets

    return [n for n in datasets.available().get_column("name") if n.startswith(incomplete)]


def complete_sides(incomplete: str) -> list[str]:
    """What a graph can be between, and through."""
    sides = ("accounts", "authors", "items", "tags", "sounds")
    return [side for side in sides if side.startswith(incomplete)]


JsonOption = Annotated[
    bool, option("Print one JSON document; notes go to standard error.", "--json", callback=_json)
]
QuietOption = Annotated[bool, option("Print errors only.", "--quiet", "-q", callback=_quiet)]


DatasetPath = Annotated[
    Path, typer.Argument(metavar="DATASET", help="Folder, file or zip archive of the data.")
]
StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="Study file (TOML).")]


FormatOption = Annotated[
    str | None,
    option(
        "Read all files as this format, one of `graphkit formats`. (default: recognised)",
        "--format",
        metavar="NAME",
        autocompletion=complete_formats,
    ),
]
StitchesOption = Annotated[
    list[Path] | None,
    option(
        "With tiktok: file or folder of stitch lists; repeatable.", "--stitches", metavar="PATH"
    ),
]
AccountOption = Annotated[
    list[str] | None,
    option(
        "Whose likes, follows or feed the files hold, where they do not say it: NAME, or FILE=NAME "
        "for one file; repeatable.",
        "--account",
        metavar="NAME",
    ),
]
DirectionOption = Annotated[
    Literal["followers", "following"] | None,
    option(
        "Whom lists of follows hold, where they do not say it: the `followers` of the account, or "
        "those whom it is `following`.",
        "--direction",
        metavar="WHICH",
    ),
]
ColumnsOption = Annotated[
    list[str] | None,
    option(
        "The column of graphkit, and its name in the file: with --table, account_id=user, else "
        "TABLE.COLUMN=NAME, as items.tags=hashtags; repeatable. (In Python the name in the file comes "
        "first: columns={'user': 'account_id'}.)",
        "--columns",
        metavar="NEW=OLD",
    ),
]
TableOption = Annotated[
    str | None,
    option(
        "The table that one file holds: interactions, follows, items, impressions, …",
        "--table",
        metavar="TABLE",
    ),
]
KindIsOption = Annotated[
    str | None,
    option(
        "What was done in all rows of a log without a column 'kind': like, view, …",
        "--kind-is",
        metavar="KIND",
    ),
]
ZoneOption = Annotated[
    str | None,
    option(
        "Zone of times without one, as Europe/Berlin or +02:00. (default: UTC)",
        "--tz",
        metavar="ZONE",
    ),
]
SeparatorOption = Annotated[
    str | None,
    option(
        "Text between the entries of lists in cells; '#' takes the hashtags of texts. (default: found)",
        "--separator",
        metavar="TEXT",
    ),
]
ExecutorOption = Annotated[
    str | None,
    option(
        "Simulate in several processes, or on several machines: 'processes' (one per core), "
        "'processes:4', or the address of a Dask scheduler, such as tcp://host:8786, whose workers "
        "have the same versions of graphkit, Numba and NumPy. The results are the same bytes. "
        "(default: this process)",
        "--executor",
        metavar="WHERE",
    ),
]
OutOption = Annotated[Path, option("Folder for the results.", "--out", metavar="FOLDER")]
GraphFileOption = Annotated[
    Path | None,
    option(
        "Also write the graph with its communities to this file: .gexf, .graphml, .csv or "
        ".parquet. It holds ids and edges: keep it as you keep the data.",
        "--graph",
        metavar="FILE",
    ),
]
MapOption = Annotated[
    Path | None,
    option(
        "Also write a map of the communities to explore in a browser to this file, .html "
        "(extra interactive). It holds no ids.",
        "--map",
        metavar="FILE",
    ),
]
LeastOption = Annotated[
    int,
    option(
        "In what is exported, communities of fewer members are one, 'other'; 1 keeps all.",
        "--min-group-size",
        min=1,
        metavar="N",
    ),
]
GroupOption = Annotated[
    int,
    option(
        "Smaller communities are told apart nowhere: their members become members of none.",
        "--min-group-size",
        min=1,
        metavar="N",
    ),
]
MembersOption = Annotated[
    Literal["none", "pseudonyms", "raw"],
    option(
        "Table of the members of communities: none, pseudonyms (of a random key that nobody has), "
        "or raw, with the ids of the data, which lead to persons.",
        "--members",
        metavar="WHICH",
    ),
]
SeedOption = Annotated[int, option("Seed of all random streams.", "--seed", min=0, metavar="N")]
RunsOption = Annotated[int, option("Runs of Leiden per graph.", "--runs", min=1, metavar="N")]


def accounts_of(given: list[str] | None) -> str | dict[str, str] | None:
    """The option --account: one name for all files, or names by file."""
    if not given:
        return None
    pairs = [entry.partition("=") for entry in given]
    if len(given) == 1 and not pairs[0][1]:
        return given[0]
    wrong = next((file for file, mark, _ in pairs if not mark), None)
    if wrong is not None:
        raise OptionError(f"--account {wrong}: several accounts are given as FILE=NAME.")
    return {file: name for file, _, name in pairs}


def table_options(columns: list[str] | None, **others: str | None) -> dict[str, Any]:
    """Options of :func:`graphkit.read_dataset` that are given; columns as TABLE.COLUMN=NAME."""
    from graphkit.errors import shorten

    names: dict[str, dict[str, str]] = {}
    for entry in columns or ():
        new, equals, old = entry.partition("=")
        table, dot, column = new.partition(".")
        if not dot and others.get("table"):
            table, column = str(others["table"]), new  # of items too, where the table is a log
        if not (equals and table and column and old):
            raise OptionError(
                f"--columns {shorten(entry)}: TABLE.COLUMN=NAME is needed, the column of graphkit and "
                "its name in the file, such as interactions.account_id=user."
            )
        if old in names.setdefault(table, {}):
            raise OptionError(f"--columns names the column {shorten(old)} of the file twice.")
        names[table][old] = column
    given = {"columns": names or None, **others}
    return {key: value for key, value in given.items() if value is not None}

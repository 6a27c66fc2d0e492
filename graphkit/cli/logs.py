"""Commands on logs: formats, fetch, import, describe, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from graphkit.cli.app import app
from graphkit.cli.options import (
    AccountOption,
    ColumnsOption,
    DatasetPath,
    DirectionOption,
    FormatOption,
    JsonOption,
    KindIsOption,
    LeastOption,
    QuietOption,
    SeparatorOption,
    StitchesOption,
    TableOption,
    ZoneOption,
    accounts_of,
    complete_data,
    option,
    table_options,
)
from graphkit.cli.terminal import (
    is_json,
    progress,
    report_document,
    say,
    show_counts,
    show_json,
    show_report,
    show_table,
)
from graphkit.errors import GraphkitError, OptionError

if TYPE_CHECKING:
    import polars as pl

    from graphkit.data.dataset import Dataset
    from graphkit.privacy import PseudonymKey


@app.command(short_help="List the formats that are read.")
def formats(json: JsonOption = False) -> None:
    """List the formats that import, describe and communities read.

    Example: graphkit formats
    """
    from graphkit.readwrite import formats as known

    show_json({"formats": known()})
    show_table("Formats", known(), rows=100)
    if is_json():
        return
    say(
        "A table of any other tool is read with --table and --columns. Graph files (GEXF, GraphML, GML, "
        "Pajek, NodeXL, edge lists) are read by `graphkit export`, and by graphkit.readwrite.read_graph."
    )


@app.command(short_help="Download public data by name.")
def fetch(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="Name of public data. (default: list them)",
            autocompletion=complete_data,
        ),
    ] = None,
    listed: Annotated[
        bool, option("List the names, with licences, and fetch none.", "--list")
    ] = False,
    registry: Annotated[
        Path | None,
        option(
            "TOML file with names of your own, of the form of graphkit's. (default: the variable "
            "GRAPHKIT_REGISTRY, if it is set)",
            "--registry",
            metavar="FILE",
        ),
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Download public data by name into your cache folder, check them, and say where they are.

    Example: graphkit fetch hetrec

    Licence and what to cite are shown first. Each file must have the SHA-256 of the registry, and what is read the counts. The variable GRAPHKIT_DATA names another folder for the downloads.
    """
    if listed or name is None:
        from graphkit import datasets

        known = datasets.available(registry=registry)
        show_json({"data": known})
        show_table("Public data", known, rows=1000, first=("name", "title", "licence"))
        return
    try:
        _fetch(name, registry)
    except GraphkitError as error:  # of a download, which holds no id of the data
        say(f"graphkit: {error}", err=True)
        raise typer.Exit(2) from None


def _fetch(name: str, registry: Path | None) -> None:
    """Fetch public data, and print its terms before and its counts after."""
    from graphkit import datasets
    from graphkit.datasets.registry import find_entry

    entry = find_entry(name, registry=registry)
    say(f"{entry.title}. {entry.what}\nLicence: {entry.licence}\nCite: {entry.cite}")
    for file in entry.files:
        by = f" (SHA-256 according to {file.origin})" if file.sha256 and file.origin else ""
        say(f"From: {file.url}{by}")
    found = datasets.fetch(name, registry=registry)
    show_json({"name": name, "path": found.path, "files": found.files, "counts": found.counts})
    if found.files.height:
        show_table("Files", found.files.select("file", "bytes", "sha256", "check"))
    show_table("Counts", found.counts)
    say(f"Path: {found.path}")


@app.command(name="import", short_help="Write a log as a dataset folder, with pseudonyms.")
def import_log(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="File, folder or zip archive.")],
    out: Annotated[Path, option("Dataset folder to write.", "--out")],
    account: AccountOption = None,
    direction: DirectionOption = None,
    tz: ZoneOption = None,
    format: FormatOption = None,
    columns: ColumnsOption = None,
    table: TableOption = None,
    kind_is: KindIsOption = None,
    separator: SeparatorOption = None,
    stitches: StitchesOption = None,
    key: Annotated[
        Path | None,
        option(
            "Secret key of the pseudonyms; made, for you alone to read, if there is none. (default: the "
            "variable GRAPHKIT_KEY, else graphkit.key beside the folder that is written)",
            "--key",
        ),
    ] = None,
    raw_ids: Annotated[
        bool,
        option(
            "Write ids as they came. Ids of accounts and posts lead to persons, and ids of TikTok hold "
            "the second of their making: keep such a folder as you keep the export.",
            "--raw-ids",
        ),
    ] = False,
    keep: Annotated[
        list[str] | None,
        option(
            "Column to keep as it is, as TABLE.COLUMN, such as items.caption; repeatable.", "--keep"
        ),
    ] = None,
    overwrite: Annotated[
        bool, option("Replace the dataset in a folder that is not empty.", "--overwrite")
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read a log in any format that is known, and write it as a dataset folder.

    Example: graphkit import my-export.zip --out data

    Says what each file was recognised as and why, and what became of every file and record.

    A table of no known tool is read with --table and --columns.

    Ids become pseudonyms (keyed hashes), and captions and other texts of persons are left out, unless --raw-ids or --keep asks for them.
    """
    from graphkit.privacy import drop_texts, pseudonymise
    from graphkit.readwrite import read_any, write_dataset, write_report
    from graphkit.readwrite.files import check_writable

    options = table_options(columns, table=table, kind_is=kind_is, tz=tz, separator=separator)
    with progress():
        ds, report = read_any(
            path,
            account=accounts_of(account),
            direction=direction,
            format=format,
            stitches=stitches or (),
            **options,
        )
        check_writable(out, overwrite=overwrite, what="dataset")  # before a key is made
        secret = None
        if raw_ids:
            ds = drop_texts(ds, keep=keep or ())
        else:
            secret = _pseudonym_key(key, out)
            ds = pseudonymise(ds, secret, keep=keep or ())
        write_dataset(ds, out, overwrite=overwrite)
        write_report(report, out / "import.toml")
    show_json(
        report_document(path, report)
        | {
            "tables": _table_sizes(ds),
            "left_out": dict(ds.provenance.removed),
            "pseudonyms": None if secret is None else secret.fingerprint,
            "dataset": out,
        }
    )
    show_report(path, report)
    show_table("Tables written", _table_sizes(ds))
    for reason, count in ds.provenance.removed.items():
        say(f"left out: {reason} ({count:,} rows)")
    if secret is None:
        say("Ids are as they came: they lead to persons. Keep the folder as you keep the export.")
    else:
        say(
            f"Ids are pseudonyms of the key {secret.fingerprint}; whoever has the key can link them."
        )
    say(f"Dataset: {out}")


def _pseudonym_key(path: Path | None, out: Path) -> PseudonymKey:
    """The key of --key, of the environment, or of the file beside the output; made if absent."""
    import os

    from graphkit.privacy import load_key, make_key
    from graphkit.privacy.pseudonyms import KEY_VARIABLE

    if path is None and KEY_VARIABLE in os.environ:
        return load_key()
    path = path or out.absolute().parent / "graphkit.key"
    if path.absolute().is_relative_to(out.absolute()):
        raise OptionError(f"--key {path}: keep the key out of the folder that is written.")
    if path.exists():
        return load_key(path)
    made = make_key(path)
    say(f"A key of pseudonyms was made: {path}. Keep it apart from the data.")
    return made


def _table_sizes(dataset: Dataset) -> pl.DataFrame:
    import polars as pl

    rows = [(name, f.height, ", ".join(f.columns)) for name, f in dataset.tables.items()]
    return pl.DataFrame(rows, schema=["table", "rows", "columns"], orient="row")


@app.command(short_help="Summarise a log: what it is, its rows and columns.")
def describe(
    dataset: DatasetPath,
    format: FormatOption = None,
    account: AccountOption = None,
    direction: DirectionOption = None,
    stitches: StitchesOption = None,
    columns: ColumnsOption = None,
    table: TableOption = None,
    kind_is: KindIsOption = None,
    tz: ZoneOption = None,
    separator: SeparatorOption = None,
    json: JsonOption = False,
) -> None:
    """Summarise a dataset: rows read and dropped, and each column of each table.

    Example: graphkit describe my-log.csv
    """
    import polars as pl

    from graphkit.readwrite import read_any

    options = table_options(columns, table=table, kind_is=kind_is, tz=tz, separator=separator)
    options |= {"account": accounts_of(account), "direction": direction}
    ds, report = read_any(dataset, format=format, stitches=stitches or (), **options)
    show_json(report_document(dataset, report) | {"columns": ds.summary()})
    show_report(dataset, report)
    # of a time the type says what it is the time of, so that the table fits 80 columns
    type_ = pl.concat_str(
        pl.col("type").str.replace(r"\(.*", ""), "time_kind", separator=" ", ignore_nulls=True
    )
    columns_of = ds.summary().with_columns(type=type_).drop("rows", "time_kind")
    for name, frame in ds.tables.items():
        shown = columns_of.filter(table=name).drop("table")
        title = f"Columns of {name} ({frame.height:,} rows)"
        show_table(title, shown, rows=200, first=("column", "type", "low", "high", "filled"))


@app.command(short_help="Write graphs, datasets or results for other programs.")
def export(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="Dataset (folder, file or archive), graph file, or results folder of `graphkit "
            "communities` or `graphkit run`.",
        ),
    ],
    out: Annotated[
        Path,
        option(
            "File to write, whose ending says the format: .gexf, .graphml (both also .gz), .csv or "
            ".parquet (edges, and nodes in NAME_nodes); for recbole and bundle a folder.",
            "--out",
        ),
    ],
    to: Annotated[
        Literal["graph", "coortweet", "recbole", "bundle"],
        option(
            "graph; a dataset as the table of CooRTweet or the atomic files of RecBole; or a results "
            "folder as a bundle of aggregates without ids.",
            "--to",
        ),
    ] = "graph",
    edges: Annotated[
        Literal["cointeraction", "follows", "interactions"],
        option("What the edges of a dataset's graph are."),
    ] = "cointeraction",
    partition: Annotated[
        str | None,
        option(
            "Communities to write with the graph: a results folder (its projection is then that of the "
            "graph), a file of Partition.save, or an attribute of the nodes.",
            "--partition",
        ),
    ] = None,
    directed: Annotated[
        bool | None,
        option(
            "PATH is an edge list whose edges have a direction, or none.", "--directed/--undirected"
        ),
    ] = None,
    kind: Annotated[
        list[str] | None, option("Kind of interaction to count; repeatable.", "--kind")
    ] = None,
    min_group_size: LeastOption = 10,
    format: FormatOption = None,
    account: AccountOption = None,
    direction: DirectionOption = None,
    columns: ColumnsOption = None,
    table: TableOption = None,
    kind_is: KindIsOption = None,
    tz: ZoneOption = None,
    separator: SeparatorOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write a graph with its communities, or a dataset, for other programs; or results to share.

    \b
    Example: graphkit export data --partition results --out graph.gexf
    To pass results on: graphkit export results --to bundle --out shared

    Graphs are opened by Gephi (GEXF, CSV), Cytoscape and igraph (GraphML), networkx, pandas and others.

    """
    from graphkit.readwrite import read_any, write_coortweet, write_recbole
    from graphkit.study import share_bundle
    from graphkit.study.export import export_graph

    if to == "bundle":
        say(f"Bundle: {share_bundle(path, out, min_group_size=min_group_size)}")
        say("README.md in it says what was left out.")
        return
    options = table_options(columns, table=table, kind_is=kind_is, tz=tz, separator=separator)
    options |= {"account": accounts_of(account), "direction": direction, "format": format}
    if to in ("coortweet", "recbole"):
        with progress():
            ds, _ = read_any(path, **options)
        write = write_coortweet if to == "coortweet" else write_recbole
        report = write(ds, out, kinds=kind or None)
        show_counts(report)
        say(f"Written: {out}")
        return
    with progress():
        said = export_graph(
            *(path, out),
            edges=edges,
            partition=partition,
            directed=directed,
            kinds=kind,
            min_group_size=min_group_size,
            options=options,
        )
    for sentence in said:
        say(sentence)

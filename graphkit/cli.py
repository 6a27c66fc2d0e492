"""Command line: ``graphkit demo | run | check | formats | fetch | import | describe | communities | export | warm``.

Invalid input ends with one sentence and exit code 2, without a traceback.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from graphkit.errors import GraphkitError, GraphkitWarning, OptionError
from graphkit.terminal import (
    as_options,
    say,
    show_counts,
    show_report,
    show_result,
    show_study,
    show_table,
)

if TYPE_CHECKING:
    import polars as pl

    from graphkit.data.dataset import Dataset
    from graphkit.privacy import PseudonymKey
    from graphkit.study import StudyConfig

__all__ = ["app", "main"]


class _InterruptedError(Exception):
    """Ctrl-C, which Typer would end without a word; the message says what stands."""


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        """Run the command of the arguments."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise _InterruptedError(str(stop)) from None


app = typer.Typer(
    name="graphkit",
    cls=_Commands,
    help="Measure how a feed shapes communities, from a platform's logs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _option(help: str, *names: str, **rules: Any) -> Any:
    return typer.Option(*names, help=help, **rules)


DatasetPath = Annotated[
    Path, typer.Argument(metavar="DATASET", help="Folder, file or zip archive of the data.")
]
StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="Study file (TOML).")]
FormatOption = Annotated[
    str | None,
    _option(
        "Read all files as this format; see `graphkit formats`. (default: recognised)", "--format"
    ),
]
StitchesOption = Annotated[
    list[Path] | None,
    _option("With tiktok: file or folder of stitch lists; repeatable.", "--stitches"),
]
AccountOption = Annotated[
    list[str] | None,
    _option(
        "Whose likes, follows or feed the files hold, where they do not say it: NAME, or FILE=NAME "
        "for one file; repeatable.",
        "--account",
    ),
]
ExecutorOption = Annotated[
    str | None,
    _option(
        "Simulate in several processes, or on several machines: 'processes' (one per core), "
        "'processes:4', or the address of a Dask scheduler, such as tcp://host:8786, whose workers "
        "have the same versions of graphkit, Numba and NumPy. The results are the same bytes. "
        "(default: this process)",
        "--executor",
    ),
]
DirectionOption = Annotated[
    Literal["followers", "following"] | None,
    _option(
        "Whom lists of follows hold, where they do not say it: the followers of the account, or "
        "those whom it follows.",
        "--direction",
    ),
]
ColumnsOption = Annotated[
    list[str] | None,
    _option(
        "TABLE.COLUMN=NAME: the column of graphkit, and its name in the file, as "
        "interactions.account_id=user; with --table, account_id=user; repeatable.",
        "--columns",
    ),
]
TableOption = Annotated[
    str | None,
    _option(
        "The table that one file holds: interactions, follows, items, impressions, …", "--table"
    ),
]
KindIsOption = Annotated[
    str | None,
    _option("What was done in all rows of a log without a column 'kind': like, …", "--kind-is"),
]
ZoneOption = Annotated[
    str | None,
    _option("Zone of times without one, as Europe/Berlin or +02:00. (default: UTC)", "--tz"),
]
SeparatorOption = Annotated[
    str | None,
    _option("Text between the entries of lists in cells. (default: found)", "--separator"),
]
OutOption = Annotated[Path, _option("Folder for the results.", "--out")]
GraphFileOption = Annotated[
    Path | None,
    _option(
        "Also write the graph with its communities to this file: .gexf, .graphml, .csv or .parquet. It "
        "holds ids and edges: keep it as you keep the data.",
        "--graph",
    ),
]
LeastOption = Annotated[
    int,
    _option(
        "In what is exported, communities of fewer members are one, 'other'; 1 keeps all.",
        "--min-group-size",
        min=1,
    ),
]
GroupOption = Annotated[
    int,
    _option(
        "Smaller communities are told apart nowhere: their members become members of none.",
        "--min-group-size",
        min=1,
    ),
]
MembersOption = Annotated[
    Literal["none", "pseudonyms", "raw"],
    _option(
        "Table of the members of communities: none, pseudonyms (of a random key that nobody has), or "
        "raw, with the ids of the data, which lead to persons.",
        "--members",
    ),
]
SeedOption = Annotated[int, _option("Seed of all random streams.", "--seed", min=0)]
RunsOption = Annotated[int, _option("Runs of Leiden per graph.", "--runs", min=1)]


@app.callback(invoke_without_command=True)
def _show_version(
    version: Annotated[bool, _option("Show the version and exit.", "--version")] = False,
) -> None:
    if version:
        from graphkit._version import __version__

        typer.echo(f"graphkit {__version__}")
        raise typer.Exit


@app.command()
def demo(
    out: OutOption = Path("graphkit-demo"),
    seed: SeedOption = 1,
    runs: RunsOption = 10,
    min_group_size: GroupOption = 10,
    members: MembersOption = "none",
) -> None:
    """Run a complete study on the bundled synthetic platform, in about two minutes.

    Projects engagement with videos to a graph of accounts, finds its communities, names them by
    their hashtags, measures their visibility in the follow graph, compares them with the planted
    ones, and simulates the same posts in a follower-centric and an interest-centric feed.
    """
    import graphkit as gk
    from graphkit.study import demo_config, run_study
    from graphkit.study.ahead import compiling_ahead

    with compiling_ahead(simulation=True), gk.show_progress():
        config = _disclosing(demo_config(seed, runs), min_group_size, members)
        result = run_study(config, out)
    study = result.communities
    typer.echo("The bundled platform is synthetic: its planted communities are known.")
    show_study(study)
    assert study.recovery is not None
    show_table("Agreement with the planted communities (best F1 each; AMI)", study.recovery)
    truth = result.spread.worlds[0].partitions["planted"]
    planted = gk.communities.best_matches(result.spread.worlds[0].partitions["interest"], truth)
    for name in result.hidden.get("interest", ()):
        meant = planted.filter(label=name).get_column("match_label").item()
        typer.echo(
            f"{name} (planted as {meant}) is a community of shared interest that is hidden in the "
            "follow graph."
        )
    show_result(result)


@app.command()
def run(
    study: StudyPath,
    out: OutOption,
    executor: ExecutorOption = None,
    min_group_size: Annotated[
        int | None, _option("In place of report.min_group_size.", "--min-group-size", min=1)
    ] = None,
    members: Annotated[
        Literal["none", "pseudonyms", "raw"] | None,
        _option("In place of report.members of the study.", "--members"),
    ] = None,
    graph: GraphFileOption = None,
) -> None:
    """Run a study file: write a folder of tables, figures and a report.

    In the file of --graph, members of communities below the study's min_group_size have none.
    """
    import graphkit as gk
    from graphkit.parallel import open_executor
    from graphkit.readwrite.graph_files import check_graph_ending
    from graphkit.study import load_config, run_study, write_study_graph
    from graphkit.study.ahead import compiling_ahead

    if graph is not None:
        check_graph_ending(graph)

    with ExitStack() as opened:
        # the executor first: its workers take the kernels that are compiled ahead
        workers = None if executor is None else opened.enter_context(open_executor(executor))
        opened.enter_context(compiling_ahead(simulation=True))
        opened.enter_context(gk.show_progress())
        config: StudyConfig | Path = study
        if min_group_size is not None or members is not None:
            config = _disclosing(load_config(study), min_group_size, members)
        result = run_study(config, out, executor=workers)
    if graph is not None:
        write_study_graph(result, graph, min_group_size=result.config.report.min_group_size)
        say(f"Graph with its communities: {graph}")
    show_study(result.communities)
    show_result(result)


def _disclosing(config: StudyConfig, least: int | None, members: str | None) -> StudyConfig:
    """The study with other options of what is told, where they are given."""
    given = {"min_group_size": least, "members": members}
    changed = {name: value for name, value in given.items() if value is not None}
    report = config.report.model_copy(update=changed)
    return config.model_copy(update={"report": report})


@app.command()
def check(study: StudyPath) -> None:
    """Validate a study file and its data, and summarise what a run would do."""
    from graphkit.study import check_study

    show_table(f"{study.name}: ready to run", check_study(study))


@app.command()
def formats() -> None:
    """List the formats that import, describe and communities read."""
    from graphkit.readwrite import formats as known

    show_table("Formats", known(), rows=100)
    say(
        "A table of any other tool is read with --table and --columns. Graph files (GEXF, GraphML, GML, "
        "Pajek, NodeXL, edge lists) are read by `graphkit export`, and by graphkit.readwrite.read_graph."
    )


@app.command()
def fetch(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Name of public data. (default: list them)")
    ] = None,
    listed: Annotated[
        bool, _option("List the names, with licences, and fetch none.", "--list")
    ] = False,
    registry: Annotated[
        Path | None,
        _option(
            "TOML file with names of your own, of the form of graphkit's. (default: the variable "
            "GRAPHKIT_REGISTRY, if it is set)",
            "--registry",
        ),
    ] = None,
) -> None:
    """Download public data by name into your cache folder, check them, and say where they are.

    Example: graphkit fetch hetrec

    Licence and what to cite are shown first. Each file must have the SHA-256 of the registry, and what is read the counts. The variable GRAPHKIT_DATA names another folder for the downloads.
    """
    if listed or name is None:
        from graphkit import datasets

        show_table("Public data", datasets.available(registry=registry), rows=1000)
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
    if found.files.height:
        show_table("Files", found.files.select("file", "bytes", "sha256", "check"))
    show_table("Counts", found.counts)
    say(f"Path: {found.path}")


@app.command(name="import")
def import_log(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="File, folder or zip archive.")],
    out: Annotated[Path, _option("Dataset folder to write.", "--out")],
    account: AccountOption = None,
    direction: DirectionOption = None,
    tz: ZoneOption = None,
    format: FormatOption = None,
    columns: ColumnsOption = None,
    table: TableOption = None,
    kind_is: KindIsOption = None,
    separator: SeparatorOption = None,
    key: Annotated[
        Path | None,
        _option(
            "Secret key of the pseudonyms; made, for you alone to read, if there is none. (default: the "
            "variable GRAPHKIT_KEY, else graphkit.key beside the folder that is written)",
            "--key",
        ),
    ] = None,
    raw_ids: Annotated[
        bool,
        _option(
            "Write ids as they came. Ids of accounts and posts lead to persons, and ids of TikTok hold "
            "the second of their making: keep such a folder as you keep the export.",
            "--raw-ids",
        ),
    ] = False,
    keep: Annotated[
        list[str] | None,
        _option(
            "Column to keep as it is, as TABLE.COLUMN, such as items.caption; repeatable.", "--keep"
        ),
    ] = None,
    overwrite: Annotated[
        bool, _option("Replace the dataset in a folder that is not empty.", "--overwrite")
    ] = False,
) -> None:
    """Read a log in any format that is known, and write it as a dataset folder.

    Says what each file was recognised as and why, and what became of every file and record.

    A table of no known tool is read with --table and --columns.

    Ids become pseudonyms (keyed hashes), and captions and other texts of persons are left out, unless --raw-ids or --keep asks for them.
    """
    import graphkit as gk
    from graphkit.privacy import drop_texts, pseudonymise
    from graphkit.readwrite import read_any, write_dataset, write_report

    options = _table_options(columns, table=table, kind_is=kind_is, tz=tz, separator=separator)
    with gk.show_progress():
        ds, report = read_any(
            path, account=_accounts(account), direction=direction, format=format, **options
        )
        secret = None
        if raw_ids:
            ds = drop_texts(ds, keep=keep or ())
        else:
            secret = _pseudonym_key(key, out)
            ds = pseudonymise(ds, secret, keep=keep or ())
        write_dataset(ds, out, overwrite=overwrite)
        write_report(report, out / "import.toml")
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


def _accounts(given: list[str] | None) -> str | dict[str, str] | None:
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


@app.command()
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
) -> None:
    """Summarise a dataset: rows read and dropped, and each column of each table."""
    import polars as pl

    from graphkit.readwrite import read_any

    options = _table_options(columns, table=table, kind_is=kind_is, tz=tz, separator=separator)
    options |= {"account": _accounts(account), "direction": direction}
    ds, report = read_any(dataset, format=format, stitches=stitches or (), **options)
    show_report(dataset, report)
    # of a time the type says what it is the time of, so that the table fits 80 columns
    type_ = pl.concat_str(
        pl.col("type").str.replace(r"\(.*", ""), "time_kind", separator=" ", ignore_nulls=True
    )
    columns_of = ds.summary().with_columns(type=type_).drop("rows", "time_kind")
    for name, frame in ds.tables.items():
        shown = columns_of.filter(table=name).drop("table")
        show_table(f"Columns of {name} ({frame.height:,} rows)", shown, rows=200)


@app.command()
def communities(
    dataset: DatasetPath,
    out: OutOption,
    format: FormatOption = None,
    account: AccountOption = None,
    direction: DirectionOption = None,
    stitches: StitchesOption = None,
    columns: ColumnsOption = None,
    table: TableOption = None,
    kind_is: KindIsOption = None,
    tz: ZoneOption = None,
    separator: SeparatorOption = None,
    between: Annotated[str, _option("Nodes: accounts, authors, items, tags, sounds.")] = "accounts",
    through: Annotated[str, _option("Objects they share: as --between.")] = "items",
    kind: Annotated[
        list[str] | None,
        _option("Kind of interaction to count; repeatable. (default: engagement)", "--kind"),
    ] = None,
    weight: Annotated[
        str, _option("count, pairs, actions, jaccard, cosine, newman or tfidf.")
    ] = "tfidf",
    min_shared: Annotated[int, _option("Minimum number of shared objects per edge.")] = 1,
    max_degree: Annotated[int | None, _option("Leave out objects of more nodes.")] = None,
    window: Annotated[
        str | None, _option("Maximum time between the two interactions: 10s, 5min, 1d, …")
    ] = None,
    top: Annotated[int | None, _option("Keep only this many edges per node.")] = None,
    exclude: Annotated[
        list[str] | None,
        _option("Object to leave out; repeatable. Adds to the stop-tags.", "--exclude"),
    ] = None,
    keep_stop_tags: Annotated[
        bool, _option("Keep fyp, foryou, viral and other stop-tags.", "--keep-stop-tags")
    ] = False,
    quality: Annotated[str, _option("modularity or cpm.")] = "modularity",
    resolution: Annotated[
        float | None, _option("Resolution γ. (default: 1 for modularity, the density for cpm)")
    ] = None,
    runs: RunsOption = 10,
    engine: Annotated[str, _option("native, igraph or leidenalg.")] = "native",
    null_draws: Annotated[
        int, _option("Random logs of the null test, 19 or more; 0 leaves it out.")
    ] = 99,
    find: Annotated[
        list[str] | None, _option("Find a community by tags a,b,c; repeatable.", "--find")
    ] = None,
    min_group_size: GroupOption = 10,
    members: MembersOption = "none",
    seed: SeedOption = 1,
    graph: GraphFileOption = None,
) -> None:
    """Find, name and validate the communities of a dataset, and write them to a folder.

    Builds the co-interaction graph (one-mode projection), finds communities by several runs of Leiden, compares them with those of random logs, names them by over-represented tags, and measures their visibility in the follow graph.
    """
    import graphkit as gk
    from graphkit.readwrite import read_any
    from graphkit.readwrite.graph_files import check_graph_ending
    from graphkit.study import write_study_graph
    from graphkit.study.ahead import compiling_ahead

    if graph is not None:
        check_graph_ending(graph)
    options = _table_options(columns, table=table, kind_is=kind_is, tz=tz, separator=separator)
    options |= {"account": _accounts(account), "direction": direction}
    unwanted = set(exclude or ())
    if through == "tags" and not keep_stop_tags:
        unwanted |= gk.STOP_TAGS
    with compiling_ahead(), gk.show_progress():
        ds, report = read_any(dataset, format=format, stitches=stitches or (), **options)
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
            null_draws=null_draws,
            report=report,
            min_group_size=min_group_size,
            members=members,
            rng=seed,
        )
    show_study(study)
    for tags in find or ():
        hit = gk.find_community(study.partition, ds, tags=tuple(tags.split(",")))
        few = 0 < hit.n_users < min_group_size
        say(f"Fewer than {min_group_size} accounts use {tags}." if few else repr(hit))
    if graph is not None:
        write_study_graph(study, graph, min_group_size=min_group_size)
        say(f"Graph with its communities: {graph}")
    say(f"Tables, figures and manifest: {study.folder}")


@app.command()
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
        _option(
            "File to write, whose ending says the format: .gexf, .graphml (both also .gz), .csv or "
            ".parquet (edges, and nodes in NAME_nodes); for recbole and bundle a folder.",
            "--out",
        ),
    ],
    to: Annotated[
        Literal["graph", "coortweet", "recbole", "bundle"],
        _option(
            "graph; a dataset as the table of CooRTweet or the atomic files of RecBole; or a results "
            "folder as a bundle of aggregates without ids.",
            "--to",
        ),
    ] = "graph",
    edges: Annotated[
        Literal["cointeraction", "follows", "interactions"],
        _option("What the edges of a dataset's graph are."),
    ] = "cointeraction",
    partition: Annotated[
        str | None,
        _option(
            "Communities to write with the graph: a results folder (its projection is then that of the "
            "graph), a file of Partition.save, or an attribute of the nodes.",
            "--partition",
        ),
    ] = None,
    directed: Annotated[
        bool | None,
        _option(
            "PATH is an edge list whose edges have a direction, or none.", "--directed/--undirected"
        ),
    ] = None,
    kind: Annotated[
        list[str] | None, _option("Kind of interaction to count; repeatable.", "--kind")
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
) -> None:
    """Write a graph with its communities, or a dataset, for other programs; or results to share.

    Example: graphkit export data --partition results --out graph.gexf

    Graphs are opened by Gephi (GEXF, CSV), Cytoscape and igraph (GraphML), networkx, pandas and others.

    To pass results on: graphkit export results --to bundle --out shared
    """
    import graphkit as gk
    from graphkit.readwrite import read_any, write_coortweet, write_recbole
    from graphkit.study import share_bundle
    from graphkit.study.export import export_graph

    if to == "bundle":
        say(f"Bundle: {share_bundle(path, out, min_group_size=min_group_size)}")
        say("README.md in it says what was left out.")
        return
    options = _table_options(columns, table=table, kind_is=kind_is, tz=tz, separator=separator)
    options |= {"account": _accounts(account), "direction": direction, "format": format}
    if to in ("coortweet", "recbole"):
        with gk.show_progress():
            ds, _ = read_any(path, **options)
        write = write_coortweet if to == "coortweet" else write_recbole
        report = write(ds, out, kinds=kind or None)
        show_counts(report)
        say(f"Written: {out}")
        return
    with gk.show_progress():
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


@app.command()
def warm(
    to: Annotated[
        Path | None,
        _option(
            "Folder to write to; set NUMBA_CACHE_DIR to it wherever graphkit runs. (default: "
            "NUMBA_CACHE_DIR, else the folder of the package, else your cache folder)",
            "--to",
        ),
    ] = None,
) -> None:
    """Compile in advance what the first use would compile, for containers and read-only homes.

    Run it when an image is built: every user of the image then starts without compiling, even where nothing can be written.

    Compiled code is for one type of CPU. If images are built on another type than they run on, set NUMBA_CPU_NAME=generic for both, or run this where they run. After an update of graphkit, Python, NumPy or Numba, run it again.
    """
    import graphkit as gk
    from graphkit.study.warm import warm_kernels

    with gk.show_progress():
        done = warm_kernels(to)
    there = f", {done.found} were there" if done.found else ""
    say(f"{done.compiled} kernels compiled for the CPU {done.cpu}{there} ({done.seconds:.0f} s).")
    say(f"Folder: {done.folder}")


def _table_options(columns: list[str] | None, **others: str | None) -> dict[str, Any]:
    """Options of :func:`graphkit.read_dataset` that are given; columns as TABLE.COLUMN=NAME."""
    from graphkit.errors import OptionError, shorten

    names: dict[str, dict[str, str]] = {}
    for entry in columns or ():
        new, equals, old = entry.partition("=")
        table, dot, column = new.partition(".")
        if not dot and others.get("table"):
            table, column = str(others["table"]), new
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


def _warn(others: Callable[..., None]) -> Callable[..., None]:
    """What shows warnings: those of graphkit as a sentence, without the line of code that gave them."""

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, GraphkitWarning):
            say(f"graphkit: warning: {message}", err=True)
        else:
            others(message, category, *place, **more)

    return show


def main() -> None:
    """Entry point of the command ``graphkit``."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn(warnings.showwarning)
            app()
    except GraphkitError as error:
        from graphkit.study.disclosure import public_message

        told = public_message(error)  # no id of the data, which a log of the terminal would keep
        say(f"graphkit: {told}{as_options(told)}", err=True)
        sys.exit(2)
    except (KeyboardInterrupt, _InterruptedError) as stop:
        say(f"Interrupted: {stop}" if str(stop) else "Interrupted.", err=True)
        sys.exit(130)

"""Commands on studies: demo, run, check, communities."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from graphkit.cli.app import app
from graphkit.cli.options import (
    AccountOption,
    ColumnsOption,
    DirectionOption,
    ExecutorOption,
    FormatOption,
    GraphFileOption,
    GroupOption,
    JsonOption,
    KindIsOption,
    MapOption,
    MembersOption,
    OutOption,
    QuietOption,
    RunsOption,
    SeedOption,
    SeparatorOption,
    StitchesOption,
    StudyPath,
    TableOption,
    ZoneOption,
    accounts_of,
    complete_sides,
    option,
    table_options,
)
from graphkit.cli.terminal import (
    progress,
    say,
    show_json,
    show_result,
    show_study,
    show_table,
    study_document,
)
from graphkit.errors import OptionError

if TYPE_CHECKING:
    from graphkit.data.dataset import Dataset
    from graphkit.data.results import ImportReport
    from graphkit.study import CommunityStudy, StudyConfig


@app.command(short_help="Run a whole study of a synthetic platform, in two minutes.")
def demo(
    out: OutOption = Path("graphkit-demo"),
    seed: SeedOption = 1,
    runs: RunsOption = 10,
    min_group_size: GroupOption = 10,
    members: MembersOption = "none",
    quiet: QuietOption = False,
) -> None:
    """Run a complete study on the bundled synthetic platform, in about two minutes.

    Example: graphkit demo --out my-demo

    Projects engagement with videos to a graph of accounts, finds its communities, names them by
    their hashtags, measures their visibility in the follow graph, compares them with the planted
    ones, and simulates the same posts in a follower-centric and an interest-centric feed.
    """
    import graphkit as gk
    from graphkit.study import demo_config, run_study
    from graphkit.study.ahead import compiling_ahead

    with compiling_ahead(simulation=True), progress():
        config = _disclosing(demo_config(seed, runs), min_group_size, members)
        result = run_study(config, out)
    study = result.communities
    say("The bundled platform is synthetic: its planted communities are known.")
    show_study(study)
    assert study.recovery is not None
    show_table("Agreement with the planted communities (best F1 each; AMI)", study.recovery)
    truth = result.spread.worlds[0].partitions["planted"]
    planted = gk.communities.best_matches(result.spread.worlds[0].partitions["interest"], truth)
    for name in result.hidden.get("interest", ()):
        meant = planted.filter(label=name).get_column("match_label").item()
        say(
            f"{name} (planted as {meant}) is a community of shared interest that is hidden in the "
            "follow graph."
        )
    show_result(result)


@app.command(short_help="Run a study file: tables, figures and a report.")
def run(
    study: StudyPath,
    out: OutOption,
    executor: ExecutorOption = None,
    min_group_size: Annotated[
        int | None, option("In place of report.min_group_size.", "--min-group-size", min=1)
    ] = None,
    members: Annotated[
        Literal["none", "pseudonyms", "raw"] | None,
        option("In place of report.members of the study.", "--members"),
    ] = None,
    graph: GraphFileOption = None,
    quiet: QuietOption = False,
) -> None:
    """Run a study file: write a folder of tables, figures and a report.

    Example: graphkit run my-study/study.toml --out my-study/results

    In the file of --graph, members of communities below the study's min_group_size have none.
    """
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
        opened.enter_context(progress())
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


@app.command(short_help="Validate a study file and its data.")
def check(study: StudyPath, json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Validate a study file and its data, and summarise what a run would do.

    Example: graphkit check my-study/study.toml
    """
    from graphkit.study import check_study

    stages = check_study(study)
    show_json({"study": study, "stages": stages})
    show_table(f"{study.name}: ready to run", stages)


@app.command(short_help="Find, name and test the communities of a log.")
def communities(
    ctx: typer.Context,
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="Folder, file or zip archive of the data, or a study file (TOML), whose sections "
            "data, communities and report then hold where no option says otherwise.",
        ),
    ],
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
    between: Annotated[
        str,
        option(
            "Nodes: accounts, authors, items, tags, sounds.",
            "--between",
            metavar="NODES",
            autocompletion=complete_sides,
        ),
    ] = "accounts",
    through: Annotated[
        str,
        option(
            "Objects they share: as --between.",
            "--through",
            metavar="NODES",
            autocompletion=complete_sides,
        ),
    ] = "items",
    kind: Annotated[
        list[str] | None,
        option(
            "Kind of interaction to count; repeatable. (default: engagement, or that of --kind-is)",
            "--kind",
            metavar="KIND",
        ),
    ] = None,
    weight: Annotated[
        str,
        option(
            "count, pairs, actions, jaccard, cosine, newman or tfidf.", "--weight", metavar="NAME"
        ),
    ] = "tfidf",
    min_shared: Annotated[
        int, option("Minimum number of shared objects per edge.", "--min-shared", metavar="N")
    ] = 1,
    max_degree: Annotated[
        int | None, option("Leave out objects of more nodes.", "--max-degree", metavar="N")
    ] = None,
    window: Annotated[
        str | None,
        option(
            "Maximum time between the two interactions: 10s, 5min, 1d, …",
            "--window",
            metavar="TIME",
        ),
    ] = None,
    top: Annotated[
        int | None, option("Keep only this many edges per node.", "--top", metavar="N")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        option(
            "Object to leave out; repeatable. Adds to the stop-tags.", "--exclude", metavar="ID"
        ),
    ] = None,
    keep_stop_tags: Annotated[
        bool, option("Keep fyp, foryou, viral and other stop-tags.", "--keep-stop-tags")
    ] = False,
    quality: Annotated[
        str, option("modularity or cpm.", "--quality", metavar="NAME")
    ] = "modularity",
    resolution: Annotated[
        float | None,
        option(
            "Resolution γ. (default: 1 for modularity, the density for cpm)",
            "--resolution",
            metavar="γ",
        ),
    ] = None,
    runs: Annotated[int, option("Runs of Leiden.", "--runs", min=1, metavar="N")] = 10,
    engine: Annotated[
        str, option("native, igraph or leidenalg.", "--engine", metavar="NAME")
    ] = "native",
    null_draws: Annotated[
        int,
        option(
            "Random logs of the null test, 19 or more; 0 leaves it out.",
            "--null-draws",
            metavar="N",
        ),
    ] = 99,
    find: Annotated[
        list[str] | None,
        option("Find a community by tags a,b,c; repeatable.", "--find", metavar="TAGS"),
    ] = None,
    min_group_size: GroupOption = 10,
    members: MembersOption = "none",
    seed: SeedOption = 1,
    graph: GraphFileOption = None,
    map: MapOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find, name and validate the communities of a dataset, and write them to a folder.

    \b
    Examples:
      graphkit communities my-study/study.toml --out results
      graphkit communities my-export.zip --out results
      graphkit communities my-log.csv --out results --table interactions \\
        --columns account_id=user --columns item_id=video \\
        --columns tags=hashtags --kind-is like

    Builds the co-interaction graph (one-mode projection), finds communities by several runs of Leiden, compares them with those of random logs, names them by over-represented tags, and measures their visibility in the follow graph.
    """
    import graphkit as gk
    from graphkit.plot.interactive_map import check_map_file
    from graphkit.readwrite.graph_files import check_graph_ending
    from graphkit.study import write_study_graph
    from graphkit.study.ahead import compiling_ahead

    if graph is not None:
        check_graph_ending(graph)
    if map is not None:
        check_map_file(map)
    given = {
        name for name in ctx.params if str(ctx.get_parameter_source(name)).endswith("COMMANDLINE")
    }
    reading = table_options(columns, table=table, kind_is=kind_is, tz=tz, separator=separator)
    reading |= {"account": accounts_of(account), "direction": direction}
    asked: dict[str, Any] = {
        "between": between,
        "through": through,
        "kinds": kind or None,
        "weight": weight,
        "min_shared": min_shared,
        "max_degree": max_degree,
        "window": window,
        "top": top,
        "exclude": tuple(exclude or ()),
        "quality": quality,
        "resolution": resolution,
        "runs": runs,
        "engine": engine,
        "null_draws": null_draws,
        "min_group_size": min_group_size,
        "members": members,
        "rng": seed,
    }
    with compiling_ahead(), progress():
        if data.suffix.lower() == ".toml" and data.is_file():
            _refuse_reading(given)
            ds, report = _of_study(data, asked, given)
        else:
            ds, report = _read(data, format, stitches, reading)
            _count_all_rows(ds, asked, kind_is)
        if asked["through"] == "tags" and not keep_stop_tags:
            asked["exclude"] = {*asked["exclude"], *gk.STOP_TAGS}
        study = gk.study_communities(ds, out, report=report, **asked)
    least = asked["min_group_size"]
    hits = [
        repr(gk.find_community(study.partition, ds, tags=tuple(tags.split(","))).suppress(least))
        for tags in find or ()
    ]
    if graph is not None:
        write_study_graph(study, graph, min_group_size=least)
    if map is not None:
        _write_map(study, map, least, asked["rng"])
    show_json(study_document(study) | {"found_by_tags": hits, "graph": graph, "map": map})
    show_study(study)
    for line in hits:
        say(line)
    if graph is not None:
        say(f"Graph with its communities: {graph}")
    if map is not None:
        say(f"Map to explore in a browser: {map}")
    say(f"Report: {Path(study.folder) / 'report.html'}")
    say(f"Tables, figures and manifest: {study.folder}")


def _write_map(study: CommunityStudy, path: Path, least: int, seed: int) -> None:
    """Write the interactive map, with the places of the map of the results."""
    from graphkit.plot import interactive_map
    from graphkit.rng import Streams

    interactive_map(
        *(study.graph, study.partition, path),
        min_group_size=least,
        visibility=study.visibility,
        verdict=study.verdict,
        rng=Streams(seed).integer("map"),
    )


def _read(
    path: Path, format: str | None, stitches: list[Path] | None, reading: dict[str, Any]
) -> tuple[Dataset, ImportReport]:
    from graphkit.readwrite import read_any

    return read_any(path, format=format, stitches=stitches or (), **reading)


#: Options that say how data are read, which a study file says itself.
_READS = (
    *("format", "account", "direction", "stitches", "columns", "table", "kind_is", "tz"),
    "separator",
)


def _refuse_reading(given: set[str]) -> None:
    wrong = [f"--{name.replace('_', '-')}" for name in _READS if name in given]
    if wrong:
        raise OptionError(
            f"{wrong[0]} says how a file is read; of a study file, change its section [data]."
        )


def _of_study(
    path: Path, asked: dict[str, Any], given: set[str]
) -> tuple[Dataset, ImportReport | None]:
    """The data of a study file; its options are put where the command line says nothing."""
    from graphkit.study import load_config
    from graphkit.study.inputs import load_inputs

    config = load_config(path)
    names = {"kinds": "kind", "rng": "seed"}
    said: dict[str, Any] = {
        name: getattr(config.communities, name)
        for name in asked
        if hasattr(config.communities, name)
    }
    said |= {name: getattr(config.report, name) for name in ("min_group_size", "members")}
    said |= {"rng": config.seed}
    asked |= {name: value for name, value in said.items() if names.get(name, name) not in given}
    inputs = load_inputs(config)
    return inputs.dataset, inputs.report


def _count_all_rows(ds: Dataset, asked: dict[str, Any], kind_is: str | None) -> None:
    """Count what --kind-is says of all rows, where no other kind is asked for."""
    if kind_is is None or asked["kinds"] is not None:
        return
    from graphkit.data.incidence import ACTS

    if kind_is not in ACTS:
        asked["kinds"] = [kind_is]

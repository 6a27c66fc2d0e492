"""Community study: graph, communities, null test, names, and visibility on the follow graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from matplotlib.collections import EllipseCollection

from graphkit import plot
from graphkit.communities import (
    NullComparison,
    agreement,
    best_matches,
    label_communities,
    layout,
    leiden,
    projection_null,
    visibility,
)
from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.graph import Graph
from graphkit.data.incidence import OTHER_KINDS, account_tags
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.data.tags import STOP_TAGS
from graphkit.errors import MissingDataError, OptionError, check_choice, check_integer
from graphkit.graphs import cointeraction_graph, follow_graph
from graphkit.graphs.options import ProjectionOptions
from graphkit.measures import mixing
from graphkit.plot.style import Width
from graphkit.rng import RNGLike, Streams
from graphkit.study.citations import bibliography, community_sources
from graphkit.study.community_report import write_community_report
from graphkit.study.config import check_null_draws
from graphkit.study.disclosure import (
    MEMBERS,
    data_summary,
    disclosed_names,
    disclosed_visibility,
    disclosure_facts,
    disclosure_note,
    graph_facts,
    members_table,
    overdue,
    public_message,
    public_record,
    refresh_text,
    unassign_small,
)
from graphkit.study.figures import Draw, draw_both
from graphkit.study.folder import ResultsFolder, warn_of_replacing, writing_results
from graphkit.study.results import CommunityStudy

__all__ = ["community_facts", "community_stages", "graph_tables", "study_communities"]


#: Options that a manifest tells as they were given.
_TOLD = (
    *("between", "through", "kinds", "weight", "min_shared", "max_degree", "window", "top"),
    *("quality", "runs", "engine"),
)


def study_communities(
    dataset: Dataset,
    out: str | Path,
    *,
    between: str = "accounts",
    through: str = "items",
    kinds: Collection[str] | None = None,
    weight: str = "tfidf",
    min_shared: int = 1,
    max_degree: int | None = None,
    window: str | None = None,
    top: int | None = None,
    exclude: Iterable[str] | None = None,
    quality: str = "modularity",
    resolution: float | None = None,
    runs: int = 10,
    engine: str = "native",
    null_draws: int = 99,
    report: ImportReport | None = None,
    truth: Partition | None = None,
    min_group_size: int = 10,
    members: str = "none",
    rng: RNGLike | None = None,
) -> CommunityStudy:
    """Find, name and test the communities of a dataset, and write the results to a folder.

    The chain: :func:`graphkit.cointeraction_graph` → :func:`graphkit.leiden` →
    :func:`graphkit.communities.projection_null` → :func:`graphkit.label_communities` →
    :func:`graphkit.visibility` on the follow graph. Communities are said to be found only if
    quality and agreement of runs are above those of random logs.

    Parameters
    ----------
    dataset
        The data.
    out
        Folder for the results: new, empty, or of an earlier study, which is replaced; a warning
        says so if that was another study.
    between, through, kinds, weight, min_shared, max_degree, window, top, exclude
        As in :func:`graphkit.cointeraction_graph`; through tags, the stop-tags are
        excluded unless `exclude` says otherwise.
    quality, resolution, runs, engine
        As in :func:`graphkit.leiden`.
    null_draws
        Random logs of the null test, 19 or more; 0 leaves it out, and then nothing counts as
        found. Each costs a projection and two runs.
    report
        The import report of the reader; it is written into the folder.
    truth
        A known or planted partition to compare with, if there is one.
    min_group_size
        The smallest community that is told apart. Before anything is computed of them, members
        of smaller ones become unassigned (small-cell suppression), and of further ones from whose
        size theirs could be worked out. Counts of tags that fewer members use are left out. 1 keeps
        all.
    members
        Whether the folder holds a table of the members: ``"none"``, ``"pseudonyms"`` (of a random
        key that nobody has, so that its bytes differ between runs), or ``"raw"``, with the ids of
        the data.
    rng
        Seed; recorded in the manifest.

    Returns
    -------
    CommunityStudy
        With the tables ``dataset``, ``graphs``, ``communities``, ``names``, ``visibility``,
        ``borders``, ``null``, and ``members`` if asked for, the figures, ``report.html`` of one
        page, ``disclosure.md``, ``methods.bib``, ``manifest.json`` and ``timings.json`` in its
        folder.

    Raises
    ------
    GraphkitError
        For data or options that cannot be used; the study then stops.
    """
    if exclude is None:
        exclude = STOP_TAGS if through == "tags" else ()
    options = ProjectionOptions(
        between, through, kinds, window, exclude, weight, min_shared, max_degree, top
    )
    streams = Streams(rng)
    search = {"quality": quality, "resolution": resolution, "runs": runs, "engine": engine}
    null_draws = check_null_draws(null_draws)
    require_dataset(dataset, caller="study_communities")
    least = check_integer("min_group_size", min_group_size, 1)
    check_choice("members", members, MEMBERS)
    asked = {"seed": streams.seed, **options.parameters(), **search}

    def is_same(record: Mapping[str, Any]) -> bool:
        if record.get("dataset") != dataset.content_key or "provenance" not in record:
            return False
        known = Provenance.from_dict(record["provenance"])
        own = {name: known.find(name) for name in _TOLD} | {"seed": record.get("seed")}
        return all(own[name] == asked[name] for name in own)

    warn_of_replacing(out, is_same)
    with writing_results(out):
        folder = ResultsFolder(out)
        study = community_stages(
            *(dataset, folder, streams, options, search, null_draws),
            report=report,
            truth=truth,
            least=least,
            members=members,
        )
        told = disclosure_facts({"interest": (study.partition,)}, least, members)
        write_community_report(study, folder, report, told)
        folder.text("disclosure.md", disclosure_note(told))
        folder.text("methods.bib", bibliography(community_sources(study)))
        folder.finish(community_facts(study, streams.seed) | {"disclosure": told})
    return study


def community_stages(
    dataset: Dataset,
    folder: ResultsFolder,
    streams: Streams,
    options: ProjectionOptions,
    search: Mapping[str, Any],
    null_draws: int,
    *,
    report: ImportReport | None,
    truth: Partition | None,
    least: int,
    members: str,
) -> CommunityStudy:
    """The stages of :func:`study_communities` in a folder that other stages write to as well.

    `search` holds the options of :func:`graphkit.leiden`. All but the null test is of communities
    that may be told apart, see :func:`unassign_small`.
    """
    repeat = {"runs": search["runs"], "engine": search["engine"]}
    with folder.stage("graph"):
        graph = cointeraction_graph(dataset, **options.keywords())
    with folder.stage("communities"):
        found = leiden(graph, **search, rng=streams.integer("communities"))
        partition = unassign_small(found, least)
    null, untested = None, "the test was left out"
    if null_draws:
        with folder.stage("null"):
            null, untested = _test_null(dataset, graph, search, null_draws, streams)
    study = _name_and_show(dataset, graph, partition, folder, repeat, streams, least)
    notes = study.notes if null else (f"null not tested: {untested}", *study.notes)
    study = replace(study, null=null, notes=notes, seed=streams.seed)
    truth = None if truth is None else unassign_small(truth, least)
    if truth is not None and truth.n_communities and partition.n_communities:
        with folder.stage("comparison with the truth"):
            study = replace(study, recovery=_recovery_table(study, truth, repeat, streams))
    with folder.stage("tables and figures"):
        _write_results(study, folder, report, least, members, streams)
    return study


def _test_null(
    dataset: Dataset, graph: Graph, search: Mapping[str, Any], draws: int, streams: Streams
) -> tuple[NullComparison | None, str]:
    """Comparison with projections of random logs; `None` and the reason where there is no null."""
    options = {name: search[name] for name in ("quality", "resolution", "engine")}
    try:
        rng = streams.integer("null")
        return projection_null(dataset, graph, draws=draws, **options, rng=rng), ""
    except OptionError as error:  # a window, or a weight by repetitions
        return None, public_message(error).removeprefix("projection_null: ")


def _name_and_show(
    dataset: Dataset,
    graph: Graph,
    partition: Partition,
    folder: ResultsFolder,
    repeat: dict[str, Any],
    streams: Streams,
    least: int,
) -> CommunityStudy:
    """Community names and visibility on the follow graph, as far as the data allow."""
    notes = [refresh_text(dataset).rstrip(".")] if overdue(dataset) else []
    notes += [
        f"left out: {count:,} {reason}; kinds=, on the command line --kind, says which count"
        for reason, count in graph.provenance.removed.items()
        if reason.startswith(OTHER_KINDS)
    ]
    with folder.stage("names"):
        try:
            partition = disclosed_names(label_communities(partition, dataset), least)
        except MissingDataError:
            notes.append(_explain_numbers(dataset))
    follows, seen = None, None
    panels = {"shared interest": mixing(graph, partition)} if partition.n_communities else {}
    if not partition.n_communities:
        notes.append(f"no community of {least} or more that could be told apart")
    elif dataset.follows is None or not dataset.follows.height:
        notes.append("no visibility: the dataset has no follows")
    elif graph.node_kind not in ("accounts", "authors"):
        notes.append(f"no visibility: {graph.node_kind} do not follow each other")
    else:
        with folder.stage("visibility"):
            follows = follow_graph(dataset)
            rng = streams.integer("visibility")
            seen = disclosed_visibility(visibility(partition, follows, **repeat, rng=rng), least)
            panels["follows"] = mixing(follows, partition)
    return CommunityStudy(
        dataset, graph, partition, follows, seen, panels, folder.path, tuple(notes)
    )


def _explain_numbers(dataset: Dataset) -> str:
    """Why communities have no names, without an id of the data."""
    try:
        account_tags(dataset, verb="a study")
    except MissingDataError:
        why = "the data have no tags"
    else:
        why = "no member of a community uses a tag"
    return f"no names: {why}. Communities go by their number, the largest is community 0"


def community_facts(study: CommunityStudy, seed: int) -> dict[str, Any]:
    """Facts about the communities for the manifest."""
    partition = study.partition
    stability = partition.stability
    return {
        "seed": seed,
        "dataset": study.dataset.content_key,
        "source": study.dataset.source,
        "terms": study.dataset.terms,
        "verdict": study.verdict,
        "agreement_of_runs": None if stability != stability else round(stability, 6),
        "null": None if study.null is None else study.null.frame.to_dicts(),
        "communities_found": partition.n_communities if study.found else 0,
        "notes": list(study.notes),
        "provenance": public_record(partition.provenance.to_dict()),
    }


def _write_results(
    study: CommunityStudy,
    folder: ResultsFolder,
    report: ImportReport | None,
    least: int,
    members: str,
    streams: Streams,
) -> None:
    partition, seen, recovery = study.partition, study.visibility, study.recovery
    tables = {
        "dataset": data_summary(study.dataset),
        "graphs": graph_tables(study, least),
        "communities": study.table(),
        "members": members_table(partition, members),
        "names": partition.evidence,
        "visibility": None if seen is None else seen.frame,
        "null": None if study.null is None else study.null.frame,
        "borders": _stack_named({n: m.frame for n, m in study.mixing.items()})
        if study.mixing
        else None,
        "recovery": recovery,
    }
    if report is not None:
        tables |= {f"import_{n}": getattr(report, n) for n in ("rows", "dropped", "notes")}
    for name, table in tables.items():
        if table is not None:
            folder.table(name, table)
    shown = partition.n_communities
    if not shown:
        return
    hidden = () if seen is None else tuple(seen.hidden)
    colours, verdict = plot.palette(partition), study.verdict
    options: dict[str, Any] = {"top": min(20, shown), "verdict": verdict, "palette": colours}
    draw_both(
        folder, "communities", lambda width: plot.communities(partition, **options, width=width)
    )
    draw_both(folder, "map", _map_drawn(study, least, streams))
    matrices: dict[str, Any] = {"top": min(16, shown), "highlight": hidden}
    draw_both(folder, "borders", lambda width: plot.borders(study.mixing, **matrices, width=width))
    if seen is not None and seen.frame["follow_f1"].count():
        looks: dict[str, Any] = {"top": min(25, shown), "palette": colours}
        draw_both(folder, "visibility", lambda width: plot.visibility(seen, **looks, width=width))


def graph_tables(
    study: CommunityStudy, least: int, *, follow: Partition | None = None
) -> pl.DataFrame:
    """Statistics of the graphs of a study; `follow` is a partition of the follow graph that is told."""
    facts = {"co-interaction": graph_facts(study.graph, study.partition, least)}
    if study.follows is not None:
        facts["follow"] = graph_facts(study.follows, follow, least)
    return _stack_named(facts)


def _map_drawn(study: CommunityStudy, least: int, streams: Streams) -> Draw:
    """Draws the map, of one layout; dots of members are pixels, so that none can be picked out."""
    seed = streams.integer("map")
    places = layout(study.graph, study.partition, min_group_size=least, rng=seed)

    def draw(width: Width) -> plot.Canvas:
        named = (study.graph, study.partition)
        figure = plot.map(*named, places=places, verdict=study.verdict, width=width)
        for dots in figure.findobj(EllipseCollection):
            dots.set_rasterized(True)
        return figure

    return draw


def _stack_named(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Frames below each other, with the name of the graph in front."""
    named = [f.select(pl.lit(name).alias("graph"), pl.all()) for name, f in frames.items()]
    return pl.concat(named)


def _recovery_table(
    study: CommunityStudy, truth: Partition, repeat: dict[str, Any], streams: Streams
) -> pl.DataFrame:
    """Best F1 per true community, and AMI over all, for each graph or baseline."""
    ways = {"interest": study.partition}
    if study.follows is not None:
        rng = streams.integer("follow communities")
        ways["follow"] = leiden(study.follows, **repeat, rng=rng)
    ways["components"] = Partition.from_membership(
        study.graph.vocabulary, study.graph.components(), node_kind=study.graph.node_kind
    )
    columns: dict[str, Any] = {
        "planted": [truth.name(c) for c in range(truth.n_communities)] + ["all (AMI)"],
        "size": [*truth.sizes.tolist(), int(truth.sizes.sum())],
    }
    for name, found in ways.items():
        f1 = best_matches(truth, found).get_column("f1")
        columns[name] = [*f1.to_list(), agreement(truth, found)["ami"]]
    return pl.DataFrame(columns)

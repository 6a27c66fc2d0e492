"""Study run: from a study file to a folder of tables, figures and a report."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from graphkit.attribution import Condition
from graphkit.attribution.conditions import REFUSALS
from graphkit.communities import label_communities, leiden
from graphkit.communities.visibility import visibility_of_all
from graphkit.data.dataset import Dataset
from graphkit.data.files import remove_folder
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.visibility import Visibility
from graphkit.data.world import World
from graphkit.errors import DataError, GraphkitWarning, MissingDataError, OptionError
from graphkit.graphs import cointeraction_graph, follow_graph
from graphkit.measures import headline
from graphkit.measures.income import OF_SMALLEST
from graphkit.parallel import Beside, beside, check_executor, in_threads
from graphkit.rng import RNGLike, Streams
from graphkit.simulation import build_world, resample_worlds, split_world_data
from graphkit.study import analysis
from graphkit.study.citations import bibliography, study_sources
from graphkit.study.communities import community_stages, graph_tables
from graphkit.study.conditions import (
    INTEREST,
    OtherPartitions,
    PartitionVariant,
    concat_conditions,
    find_variants,
    in_worlds,
    partition_variants,
    read_alike,
    simulated_conditions,
    space_text,
    world_without,
)
from graphkit.study.config import StudyConfig, load_config
from graphkit.study.disclosure import (
    NOBODY,
    disclosed_names,
    disclosed_visibility,
    disclosure_note,
    n_merged,
    public_config,
    public_message,
    unassign_small,
    unassign_small_in_world,
    without_few_creators,
)
from graphkit.study.figures import flow_tables, write_figures
from graphkit.study.folder import ResultsFolder, warn_of_replacing, writing_results
from graphkit.study.inputs import StudyInputs, check_inputs, load_inputs, manifest_facts
from graphkit.study.published import calibrate_viewers, validate_runs
from graphkit.study.report import write_report
from graphkit.study.results import CommunityStudy, StudyResult
from graphkit.study.simulations import CHECKPOINTS, MOST_SIDE_BY_SIDE, Simulation
from graphkit.synthetic.worlds import Partitions, world_maker

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

__all__ = ["demo_config", "run_study"]

T = TypeVar("T")
#: A world, and why it does not have some partitions, by their kind.
MadeWorld = tuple[World, dict[str, str]]

_HEAD = (
    "# The study as it ran, every default written out. Paths are relative to the folder of the\n"
    "# study file that was run, not to this one.\n\n"
)


def run_study(
    study: StudyConfig | str | Path, out: str | Path, *, executor: Executor | None = None
) -> StudyResult:
    """Run a study: communities, worlds, feeds, contrasts, tables, figures and a report.

    The communities are found in data that neither the feeds' profiles nor the posts come
    from. Of synthetic data, worlds are made independently, with communities of their own; of
    other data, groups of accounts are left out in turn. All arms share viewers and common random
    numbers, every arm is compared with the first, and an arm of random posts gives the level of
    chance.

    Parameters
    ----------
    study
        A study file, or a configuration.
    out
        Folder for the results: new, empty, or of an earlier study, which is replaced; a warning
        says so if that was another study.
    executor
        Where worlds are simulated, as for :func:`graphkit.simulate_spread`; the results are the
        same bytes. Not with ``[simulation] impressions``.

    Returns
    -------
    StudyResult
        The folder holds ``report.html``, tables as CSV and Parquet, figures, ``study.toml``
        with every default, ``manifest.json`` and ``timings.json``; all but the last are the
        same bytes for the same study and data. Until the study is finished it also holds
        ``checkpoints``, from which the same call resumes the simulations.

    Raises
    ------
    GraphkitError
        If the study or its data cannot be used, or a stage fails: then ``failures.csv``
        names it, and finished results stay in the folder. Also if another study runs in it.
    """
    config = study if isinstance(study, StudyConfig) else load_config(study)
    check_executor(executor)
    if executor is not None and config.simulation.impressions:
        raise OptionError(
            "[simulation] impressions: workers of an executor cannot write to one folder. Run the "
            "study without the executor, or without impressions."
        )
    file, text = Path(out) / "study.toml", _HEAD + public_config(config).to_toml()
    warn_of_replacing(out, lambda _: file.is_file() and file.read_text("utf-8") == text)
    with writing_results(out), warnings.catch_warnings():
        # the report states the share of filler itself
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        with ExitStack() as stack:
            return _run_stages(config, ResultsFolder(out), executor, stack)


def _run_stages(
    config: StudyConfig, folder: ResultsFolder, executor: Executor | None, stack: ExitStack
) -> StudyResult:
    streams = Streams(config.seed)
    folder.text("study.toml", _HEAD + public_config(config).to_toml())
    with folder.stage("data"):
        inputs = load_inputs(config)
        check_inputs(config, inputs)
    # large worlds fill all cores one by one, and keep to their memory
    alone = 1 if len(inputs.dataset.account_ids) > MOST_SIDE_BY_SIDE else None
    beside_us = stack.enter_context(beside(alone))
    config = calibrate_viewers(config, inputs, folder, streams)
    # beside the communities of the data's own world
    early = None if alone else EarlyWorlds.begin(config, inputs, streams, beside_us)
    found, partitions = _find_communities(config, inputs, folder, streams)
    with folder.stage("other partitions"):
        others = _find_other_partitions(config, found, streams)
    with folder.stage("worlds"):
        tried, others = _build_tried_worlds(config, inputs, partitions, others, streams, early)
        worlds = [world_without(world, others.kinds) for world in tried]
    with folder.stage("visibility in the worlds"):
        views_of = _see_communities(config, tried, streams)
        seen = {kind: views for kind, views in views_of.items() if kind not in others.kinds}
        for kind, views in seen.items():
            rows = [_named_rows(v.frame, world=w) for w, v in enumerate(views)]
            folder.table(f"visibility_{kind}", pl.concat(rows))
    simulation = Simulation(config, worlds, seen, streams, folder.path, beside_us, executor)
    with folder.stage("simulation"):
        log = _log_folder(config, folder.path)
        started = time.perf_counter()
        conditions_of = simulated_conditions(
            *(config, worlds[: simulation.some(config.conditions.worlds)], config.feeds()),
            streams.integer("conditions"),
        )
        # beside the arms as they are
        begun = simulation.begin_conditions(conditions_of) if alone is None else []
        with beside_us.sharing():
            found_in_all, read = simulation.run_arms(tried, log, one_by_one=alone is not None)
        spread = in_worlds(found_in_all, worlds)
        readings, scanned = simulation.begin_readings(spread, read), time.perf_counter()
        swept = simulation.begin_sweep(spread) if config.s_scan.social_share else {}
    with folder.stage("measures"):
        whole = simulation.measure(found_in_all, views_of)
        in_others = pl.col("partition").is_in(others.kinds).fill_null(False)
        outcome = whole.filter(~in_others)
        gaps = simulation.contrast(outcome)
        tables = {"outcome": outcome, "contrasts": gaps, "impressions": spread.summary()}
        for name, table in tables.items():
            folder.table(name, table)
        curve = analysis.blend_curve(config.arms)
        means = analysis.means_of_arms(outcome, [arm.name for arm in config.arms], curve)
        if means is not None:
            folder.table("arm_means", means)
    paid = None
    if config.compared_payouts:
        with folder.stage("economy"):
            paid = simulation.compare_payouts(spread)
            paid = without_few_creators(paid, config.report.min_group_size)
            folder.table("economy", paid.frame)
            folder.table("economy_contrasts", paid.contrasts)
            rows = [_named_rows(i.frame, payout=i.payout.name) for i in paid.incomes]
            few = [name for name in OF_SMALLEST if name not in paid.frame["measure"]]
            folder.table("incomes", pl.concat(rows).drop(few))
    # what is not known yet is told at the end
    result = StudyResult(
        *(config, found, seen, spread, outcome, gaps, means, curve),
        *(None, (), None, (), folder.path, found.notes),
        economy=paid,
    )
    # beside the simulations of other conditions
    with folder.stage("flows and figures"):
        flows = flow_tables(spread)
        rows = [
            _named_rows(m.frame, partition=kind, arm=arm)
            for kind, by_arm in flows.items()
            for arm, m in by_arm.items()
        ]
        folder.table("flows", pl.concat(rows))
        feeds = [_named_rows(feed.frame, arm=arm) for arm, feed in config.feeds().items()]
        folder.table("feeds", pl.concat(feeds))
        write_figures(result, flows, folder)
    scan = None
    with folder.stage("other conditions", since=started):
        parts = simulation.try_conditions(
            [*conditions_of, *_built_conditions(config, simulation, inputs)],
            begun,
            readings,
            spread,
        )
        parts += simulation.contrast_partitions(whole, others)
    if config.s_scan.social_share:
        with folder.stage("scan over s", since=scanned):
            scan, rows_over_s = simulation.end_sweep(swept)
            parts += rows_over_s
            folder.table("s_scan", scan)
    conditions = concat_conditions(parts)
    if conditions is not None:
        folder.table("conditions", conditions)
    base, chance = config.arms[0].name, config.random_arm
    headlines = tuple(
        headline(outcome, seen, conditions, arm=arm, baseline=base, random=chance, least=0)
        for arm in config.compared_arms
    )
    folder.table("headlines", pl.concat([_named_rows(h.frame, arm=h.arm) for h in headlines]))
    robust = analysis.judge_findings(config, gaps, conditions)
    folder.table("robustness", analysis.robustness_table(robust))
    notes = found.notes
    if not found.found:
        notes += (
            f"no communities of shared interest are established, {found.verdict} "
            f"({found.reason}): results under the interest partition describe one run only",
        )
    with folder.stage("published figures"):
        validation = validate_runs(config, spread, log)
        folder.table("validation", validation.frame)
    known: dict[str, Any] = {"conditions": conditions, "robustness": robust, "scan": scan}
    known |= {"headlines": headlines, "notes": notes, "validation": validation}
    result = replace(result, **known)
    with folder.stage("figures of other conditions"):
        write_figures(result, flows, folder)
    with folder.stage("report"):
        write_report(result, inputs, folder)
    folder.text("disclosure.md", disclosure_note(result.disclosure))
    folder.text("methods.bib", bibliography(study_sources(result)))
    folder.finish(manifest_facts(result, inputs, streams.seed))
    remove_folder(folder.path / CHECKPOINTS)
    return result


def _named_rows(frame: pl.DataFrame, **names: str | int) -> pl.DataFrame:
    """A frame with constant columns in front."""
    return frame.select(*(pl.lit(v).alias(k) for k, v in names.items()), pl.all())


def _find_communities(
    config: StudyConfig, inputs: StudyInputs, folder: ResultsFolder, streams: Streams
) -> tuple[CommunityStudy, dict[str, Partition]]:
    """The community study, and all partitions that were found."""
    wanted, world = config.communities, config.world
    with folder.stage("disjoint data"):
        part = split_world_data(inputs.source, since=world.since, posts=world.posts)
    found = community_stages(
        *(part, folder, streams, wanted, _search(config), wanted.null_draws),
        report=inputs.report,
        truth=None if inputs.platform is None else inputs.platform.truth,
        least=config.report.min_group_size,
        members=config.report.members,
    )
    with folder.stage("communities"):
        _require_communities(found.partition, config)
    partitions = {"interest": found.partition}
    if found.follows is not None:
        with folder.stage("follow partition"):
            rng = streams.integer("follow partition")
            follow = _follow_partition(config, part, found.follows, rng)
            folder.table("follow_communities", follow.summary())
            if n_merged(follow):  # the nodes without an edge would tell how many are left
                least = config.report.min_group_size
                folder.table("graphs", graph_tables(found, least, follow=follow))
        if follow.n_communities:
            partitions["follow"] = follow
        else:
            why = NOBODY.format(kind="follow", least=config.report.min_group_size)
            found = replace(found, notes=(*found.notes, why.rstrip(".")))
    return found, partitions


def _find_other_partitions(
    config: StudyConfig, found: CommunityStudy, streams: Streams
) -> OtherPartitions:
    """The interest partition by other seeds, resolutions and thresholds, as the study asks."""
    variants = partition_variants(config)
    seed, search = streams.integer("communities"), _search(config)
    part = (found.dataset, found.graph, found.partition)
    partitions, why = find_variants(variants, config, *part, search, seed)
    known = [variant for variant in variants if variant.kind in partitions]
    refused = [(v.condition, why[v.kind]) for v in variants if v.kind in why]
    return OtherPartitions(partitions, known, refused)


def _search(config: StudyConfig) -> dict[str, Any]:
    """Options of Leiden on the co-interaction graph."""
    wanted = config.communities
    search = {"quality": wanted.quality, "resolution": wanted.resolution}
    return {**search, "runs": wanted.runs, "engine": wanted.engine}


def _follow_partition(
    config: StudyConfig, part: Dataset, follows: Graph, rng: RNGLike
) -> Partition:
    """Communities of the follow graph, named if there is anything to name them by."""
    least = config.report.min_group_size
    found = leiden(follows, runs=config.communities.runs, engine=config.communities.engine, rng=rng)
    found = unassign_small(found, least)
    try:
        return disclosed_names(label_communities(found, part), least)
    except MissingDataError:
        return found  # they go by their number


def _require_communities(partition: Partition, config: StudyConfig) -> None:
    """Refuse an interest partition without a community that may be told apart."""
    if not partition.n_communities:
        raise DataError(NOBODY.format(kind=INTEREST, least=config.report.min_group_size))


def _partitions_of(
    config: StudyConfig,
    variants: Sequence[PartitionVariant],
    stopped: dict[str, str],
    platform: Platform,
) -> dict[str, Partition]:
    """Communities of shared interest and of the follow graph of another platform.

    `stopped` gets the reasons of the other partitions that it does not have.
    """
    part = split_world_data(platform, since=config.world.since, posts=config.world.posts)
    streams = Streams(config.seed)
    graph = cointeraction_graph(part, **config.communities.keywords())
    seed, search = streams.integer("interest"), _search(config)
    least = config.report.min_group_size
    found = unassign_small(leiden(graph, **search, rng=seed), least)
    _require_communities(found, config)
    interest = disclosed_names(label_communities(found, part), least)
    follows = follow_graph(part)
    rng = streams.integer("follow partition")
    follow = _follow_partition(config, part, follows, rng)
    known = {INTEREST: interest} | ({"follow": follow} if follow.n_communities else {})
    others, why = find_variants(variants, config, part, graph, found, search, seed)
    for kind, reason in why.items():
        stopped.setdefault(kind, f"in another world: {reason}")
    return known | others


def _build_tried_worlds(
    config: StudyConfig,
    inputs: StudyInputs,
    partitions: Mapping[str, Partition],
    others: OtherPartitions,
    streams: Streams,
    early: EarlyWorlds | None,
) -> tuple[list[World], OtherPartitions]:
    """The worlds with the other partitions, and those of them that every world has."""
    stopped = dict[str, str]()
    found = [*others.found]
    if early is not None and len(found) < len(partition_variants(config)):
        early.drop()  # they are made with partitions that this world does not have
        early = None
    worlds = _build_worlds(
        *(config, inputs, {**partitions, **others.partitions}, streams, found),
        stopped=stopped,
        early=early,
    )
    kept = {kind: p for kind, p in others.partitions.items() if kind not in stopped}
    refused = [(v.condition, stopped[v.kind]) for v in found if v.kind in stopped]
    there = [variant for variant in found if variant.kind in kept]
    whole = [world_without(world, list(stopped)) for world in worlds]
    return whole, OtherPartitions(kept, there, [*others.refused, *refused])


def _build_worlds(
    config: StudyConfig,
    inputs: StudyInputs,
    partitions: Mapping[str, Partition],
    streams: Streams,
    variants: Sequence[PartitionVariant] = (),
    known: Sequence[World] = (),
    stopped: dict[str, str] | None = None,
    early: EarlyWorlds | None = None,
) -> list[World]:
    """The data's own world, from data that the partitions were not found in, and the others.

    Of synthetic data the others are made anew, with communities found anew, unless they are those
    of the `known` worlds; of other data they are the own world without one group of accounts each.
    `stopped` gets the reasons of variants that some of the others do not have, which may have been
    begun `early`.
    """
    wanted = config.world
    options = _world_options(config)
    of_data = ("since", "posts", "share_of_posts", "introducers")
    own = build_world(
        inputs.source,
        partitions,
        **options,
        **{name: getattr(wanted, name) for name in of_data},
        rng=streams.integer("world"),
    )
    own = unassign_small_in_world(own, config.report.min_group_size)
    if inputs.platform is None:
        rng = streams.integer("worlds")
        return resample_worlds(own, wanted.groups, rng=rng) if wanted.groups else [own]

    def find_known(number: int, _: dict[str, str]) -> Partitions:
        there = known[number + 1].partitions
        return lambda _: {kind: found for kind, found in there.items() if kind != "planted"}

    others, more = wanted.worlds - 1, list[World]()
    if early is not None:
        more = _worlds_made(early.wait(), stopped)
    elif others:
        find = find_known if known else _found_anew(config, variants)
        more = _make_worlds(config, inputs.platform, others, find, streams, stopped)
    return _of_common_kinds([own, *more])


def _of_common_kinds(worlds: Sequence[World]) -> list[World]:
    """The worlds with the kinds of partition that all of them have."""
    kinds = set.intersection(*(set(world.partitions) for world in worlds))
    return [
        world_without(world, [k for k in world.partitions if k not in kinds]) for world in worlds
    ]


def _found_anew(
    config: StudyConfig, variants: Sequence[PartitionVariant]
) -> Callable[[int, dict[str, str]], Partitions]:
    """What finds the partitions of each world in its own data, for :func:`_make_worlds`."""
    return lambda _, reasons: partial(_partitions_of, config, variants, reasons)


def _make_worlds(
    config: StudyConfig,
    like: Platform,
    n: int,
    find: Callable[[int, dict[str, str]], Partitions],
    streams: Streams,
    stopped: dict[str, str] | None = None,
) -> list[World]:
    """Worlds that are made independently, with partitions.

    `find` gives the function that finds those of a world by its number; it adds the reasons of
    variants that the world does not have to a table, and `stopped` gets the first ones.
    """
    make_one = _one_world(config, like, find, streams)
    made = _map_worlds(config, len(like.dataset.account_ids), make_one, range(n), "worlds")
    return _worlds_made(made, stopped)


def _one_world(
    config: StudyConfig,
    like: Platform,
    find: Callable[[int, dict[str, str]], Partitions],
    streams: Streams,
) -> Callable[[int], MadeWorld]:
    """The function that makes a world by its number, see :func:`_make_worlds`."""
    options, seed = _world_options(config), streams.integer("worlds")

    def make_one(number: int) -> MadeWorld:
        # here, so that what is wrong with worlds is said where they are waited for
        make, reasons = world_maker(like=like, **options, rng=seed), dict[str, str]()
        world = make(number, find(number, reasons))
        return unassign_small_in_world(world, config.report.min_group_size), reasons

    return make_one


def _worlds_made(made: Sequence[MadeWorld], stopped: dict[str, str] | None) -> list[World]:
    """The worlds; `stopped` gets the first reason of each variant that one does not have."""
    for _, reasons in made:
        for kind, reason in reasons.items():
            if stopped is not None:
                stopped.setdefault(kind, reason)
    return [world for world, _ in made]


@dataclass(frozen=True)
class EarlyWorlds:
    """The worlds that do not depend on the data's own, made beside the search for its communities.

    They have all partitions that the study asks for.
    """

    begun: Sequence[Future[MadeWorld]]
    others: Beside

    @classmethod
    def begin(
        cls, config: StudyConfig, inputs: StudyInputs, streams: Streams, others: Beside
    ) -> EarlyWorlds | None:
        """Begin to make them; `None` of other data than synthetic ones, or without any."""
        n, like = config.world.worlds - 1, inputs.platform
        if not n or like is None or config.communities.engine != "native":
            return None
        find = _found_anew(config, partition_variants(config))
        make_one = _one_world(config, like, find, streams)
        return cls([others.begin(partial(make_one, number)) for number in range(n)], others)

    def wait(self) -> list[MadeWorld]:
        """The worlds, and why they do not have some partitions."""
        return self.others.wait_for_all(self.begun, "worlds")

    def drop(self) -> None:
        """Make no more of them."""
        for one in self.begun:
            one.cancel()


def _map_worlds(
    config: StudyConfig, size: int, work: Callable[[int], T], numbers: Sequence[int], title: str
) -> list[T]:
    """Map `work` over numbers of worlds, several at a time where the engine can, and few accounts.

    A world of many takes all cores by itself, and memory.
    """
    alone = config.communities.engine != "native" or size > MOST_SIDE_BY_SIDE
    return in_threads(work, numbers, title, one_by_one=alone)


def _world_options(config: StudyConfig) -> dict[str, Any]:
    """Options of worlds of any data."""
    shared = ("ticks", "stock", "space", "dimensions")
    noise = ("feature_noise", "profile_noise", "cold_start")
    return {name: getattr(config.world, name) for name in (*shared, *noise)}


def _see_communities(
    config: StudyConfig, worlds: Sequence[World], streams: Streams
) -> dict[str, tuple[Visibility, ...]]:
    """Visibility of the communities by kind of partition and world.

    A world without a group of accounts has the visibility of the whole: that is held fixed. The
    follow partition itself is what is visible.
    """
    least, runs = config.report.min_group_size, config.communities.runs
    options: dict[str, Any] = {"runs": runs, "engine": config.communities.engine}
    rng = streams.integer("visibility in the worlds")
    kinds = [kind for kind in worlds[0].partitions if kind != "follow"]

    def see(number: int) -> list[Visibility]:
        # of other worlds only the verdicts and the line are used: two runs will do
        fewer = options | {"runs": min(runs, 2)} if number else options
        partitions = [worlds[number].partitions[kind] for kind in kinds]
        seen = visibility_of_all(partitions, worlds[number].follows, **fewer, rng=rng)
        return [disclosed_visibility(one, least) for one in seen]

    # as those before them
    parts = [number for number, world in enumerate(worlds) if number and world.sample == "part"]
    whole = [number for number in range(len(worlds)) if number not in parts]
    of_whole = _map_worlds(config, worlds[0].n_accounts, see, whole, "visibility in the worlds")
    views = dict(zip(whole, of_whole, strict=True))
    found = [views.get(number, views[0]) for number in range(len(worlds))]
    return dict(zip(kinds, zip(*found, strict=True), strict=True))


def _built_conditions(
    config: StudyConfig, simulation: Simulation, inputs: StudyInputs
) -> list[Condition]:
    """The conditions of a study that need worlds built anew."""
    wanted, streams = config.conditions, simulation.streams
    n = simulation.some(wanted.worlds)
    worlds = simulation.worlds[:n]
    found = list[Condition]()
    for space in wanted.space:
        if space == config.world.space:
            continue
        condition = Condition("space", space_text(space), space_text(config.world.space))
        world = config.world.model_copy(update={"space": space, "worlds": n})
        changed = config.model_copy(update={"world": world})
        partitions = {k: p for k, p in worlds[0].partitions.items() if k != "planted"}
        try:
            made = _build_worlds(changed, inputs, partitions, streams, known=worlds)
        except REFUSALS as error:
            found.append(replace(condition, refused=public_message(error)))
        else:
            why = "these data are read so already." if read_alike(made, worlds) else None
            found.append(replace(condition, worlds=None if why else made, refused=why))
    if inputs.platform is None:
        return found
    known = inputs.platform.parameters["homophily"]
    own = min(known.values())
    for least in wanted.homophily:
        if least <= own:
            continue
        condition = Condition(
            "least homophily", least, own, label=f"homophily of follows from {least:g}"
        )
        dial = {name: max(share, least) for name, share in known.items()}
        like = replace(
            inputs.platform, parameters={**inputs.platform.parameters, "homophily": dial}
        )
        try:
            made = _make_worlds(config, like, n, _found_anew(config, ()), streams)
            views = _see_communities(config, made, streams)
        except REFUSALS as error:
            found.append(replace(condition, refused=public_message(error)))
        else:
            found.append(replace(condition, worlds=made, visibility=views))
    return found


def _log_folder(config: StudyConfig, out: Path) -> Path | None:
    """Folder of the impression log, if requested, without that of an earlier study."""
    log = out / "impressions"
    going_on = (out / CHECKPOINTS).exists() and config.simulation.impressions
    if not going_on:
        remove_folder(log)
    return log if config.simulation.impressions else None


def demo_config(seed: int = 1, runs: int = 10) -> StudyConfig:
    """Study of ``graphkit demo``: follower- and interest-centric feeds in ten bundled worlds.

    Parameters
    ----------
    seed
        Root of all random streams.
    runs
        Runs of Leiden per graph.

    Examples
    --------
    >>> demo_config().world.worlds
    10
    """
    values: dict[str, dict[str, Any]] = {
        "world": {"ticks": 10, "worlds": 10},
        "simulation": {"ticks": 12},
    }
    # nothing that needs further simulations, and few further partitions
    values |= {"communities": {"runs": runs}, "s_scan": {"worlds": 5}}
    values |= {"conditions": {"profile_noise": (), "topic_penalty": (), "resolution": (2.0,)}}
    return StudyConfig.of({"seed": seed, **values})

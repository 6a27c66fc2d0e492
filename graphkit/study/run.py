"""Study run: from a study file to a folder of tables, figures and a report."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from graphkit.communities import label_communities, leiden
from graphkit.communities.visibility import visibility_of_all
from graphkit.data.dataset import Dataset
from graphkit.data.files import remove_folder
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.spread import Spread
from graphkit.data.visibility import Visibility
from graphkit.data.world import World
from graphkit.errors import GraphkitWarning, MissingDataError, OptionError
from graphkit.graphs import cointeraction_graph, follow_graph
from graphkit.measures import headline, hosting_by_visibility, measure_spread
from graphkit.parallel import in_threads, track
from graphkit.recommenders import Feed
from graphkit.rng import RNGLike, Streams
from graphkit.simulation import (
    Behaviour,
    build_world,
    perturb_world,
    resample_worlds,
    simulate_spread,
    split_world_data,
)
from graphkit.simulation.readings import simulate_readings
from graphkit.study import analysis, text
from graphkit.study.communities import community_stages
from graphkit.study.config import StudyConfig, load_config
from graphkit.study.folder import ResultsFolder, writing_results
from graphkit.study.inputs import StudyInputs, check_inputs, load_inputs, manifest_facts
from graphkit.study.published import calibrate_viewers, validate_runs
from graphkit.study.report import flow_tables, write_figures, write_report
from graphkit.study.results import CommunityStudy, StudyResult
from graphkit.synthetic import worlds

__all__ = ["demo_config", "run_study"]

#: Folder of simulation checkpoints, removed when the study is finished.
CHECKPOINTS = "checkpoints"
#: Simulations of worlds with more accounts fill all cores one by one, and keep to their memory.
MOST_SIDE_BY_SIDE = 20_000
#: From this share of filler or of empty slots in an arm on, the comparison is repeated without.
MIN_FILLER = 0.01

T = TypeVar("T")
Piece = TypeVar("Piece")
Result = TypeVar("Result")

_HEAD = (
    "# The study as it ran, every default written out. Paths are relative to the folder of the\n"
    "# study file that was run, not to this one.\n\n"
)


def run_study(study: StudyConfig | str | Path, out: str | Path) -> StudyResult:
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
        Folder for the results: new, empty, or of an earlier study.

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
    with writing_results(out), warnings.catch_warnings():
        # the report states the share of filler itself
        warnings.filterwarnings("ignore", "simulate_spread: filler", GraphkitWarning)
        return _run_stages(config, ResultsFolder(out))


def _run_stages(config: StudyConfig, folder: ResultsFolder) -> StudyResult:
    streams = Streams(config.seed)
    folder.text("study.toml", _HEAD + config.to_toml())
    with folder.stage("data"):
        inputs = load_inputs(config)
        check_inputs(config, inputs)
    config = calibrate_viewers(config, inputs, folder, streams)
    found, partitions = _find_communities(config, inputs, folder, streams)
    with folder.stage("worlds"):
        worlds = _build_worlds(config, inputs, partitions, streams)
    with folder.stage("visibility in the worlds"):
        seen = _see_communities(config, worlds, streams)
        for kind, views in seen.items():
            rows = [_named_rows(v.frame, world=w) for w, v in enumerate(views)]
            folder.table(f"visibility_{kind}", pl.concat(rows))
    simulation = _Simulation(config, worlds, seen, streams, folder.path)
    with folder.stage("simulation"):
        log = _log_folder(config, folder.path)
        spread = simulation.run("simulation", impressions=log)
    with folder.stage("measures"):
        outcome = simulation.measure(spread)
        gaps = simulation.contrast(outcome)
        tables = {"outcome": outcome, "contrasts": gaps, "impressions": spread.summary()}
        for name, table in tables.items():
            folder.table(name, table)
        curve = analysis.blend_curve(config.arms)
        means = analysis.means_of_arms(outcome, [arm.name for arm in config.arms], curve)
        if means is not None:
            folder.table("arm_means", means)
    scan = None
    with folder.stage("other conditions"):
        others = simulation.other_conditions(spread)
    if config.s_scan.social_share:
        with folder.stage("scan over s"):
            scan = simulation.sweep_social_share(spread)
            folder.table("s_scan", scan)
    conditions = analysis.all_conditions(others, scan, config.behaviour.social_share)
    if conditions is not None:
        folder.table("conditions", conditions)
    base, chance = config.arms[0].name, config.random_arm
    headlines = tuple(
        headline(outcome, seen, conditions, arm=arm, baseline=base, random=chance, least=0)
        for arm in config.compared_arms
    )
    folder.table("headlines", pl.concat([_named_rows(h.frame, arm=h.arm) for h in headlines]))
    notes = found.notes
    if not found.found:
        notes += (
            f"no communities of shared interest are established, {found.verdict} "
            f"({found.reason}): results under the interest partition describe one run only",
        )
    with folder.stage("published figures"):
        validation = validate_runs(config, spread, log)
        folder.table("validation", validation.frame)
    measured = (outcome, gaps, means, curve, conditions, scan, headlines)
    rest: dict[str, Any] = {"validation": validation}
    result = StudyResult(config, found, seen, spread, *measured, folder.path, notes, **rest)
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
    with folder.stage("report"):
        write_report(result, inputs, folder)
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
    )
    partitions = {"interest": found.partition}
    if found.follows is not None:
        with folder.stage("follow partition"):
            rng = streams.integer("follow partition")
            partitions["follow"] = _follow_partition(config, part, found.follows, rng)
            folder.table("follow_communities", partitions["follow"].summary())
    return found, partitions


def _search(config: StudyConfig) -> dict[str, Any]:
    """Options of Leiden on the co-interaction graph."""
    wanted = config.communities
    search = {"quality": wanted.quality, "resolution": wanted.resolution}
    return {**search, "runs": wanted.runs, "engine": wanted.engine}


def _follow_partition(
    config: StudyConfig, part: Dataset, follows: Graph, rng: RNGLike
) -> Partition:
    """Communities of the follow graph, named if there is anything to name them by."""
    found = leiden(follows, runs=config.communities.runs, engine=config.communities.engine, rng=rng)
    try:
        return label_communities(found, part)
    except MissingDataError:
        return found  # they go by their number


def _partitions_of(config: StudyConfig, platform: Platform) -> dict[str, Partition]:
    """Communities of shared interest and of the follow graph of another platform."""
    part = split_world_data(platform, since=config.world.since, posts=config.world.posts)
    streams = Streams(config.seed)
    graph = cointeraction_graph(part, **config.communities.keywords())
    found = leiden(graph, **_search(config), rng=streams.integer("interest"))
    interest = label_communities(found, part)
    follows = follow_graph(part)
    rng = streams.integer("follow partition")
    return {"interest": interest, "follow": _follow_partition(config, part, follows, rng)}


def _build_worlds(
    config: StudyConfig, inputs: StudyInputs, partitions: dict[str, Partition], streams: Streams
) -> list[World]:
    """The data's own world, from data that the partitions were not found in, and the others.

    Of synthetic data the others are made anew, with communities found anew; of other data they
    are the own world without one group of accounts each.
    """
    wanted = config.world
    shared = ("ticks", "stock", "space", "dimensions")
    noise = ("feature_noise", "profile_noise", "cold_start")
    options = {name: getattr(wanted, name) for name in (*shared, *noise)}
    of_data = ("since", "posts", "share_of_posts", "introducers")
    own = build_world(
        inputs.source,
        partitions,
        **options,
        **{name: getattr(wanted, name) for name in of_data},
        rng=streams.integer("world"),
    )
    rng = streams.integer("worlds")
    if inputs.platform is None:
        return resample_worlds(own, wanted.groups, rng=rng) if wanted.groups else [own]
    find = partial(_partitions_of, config)
    others = wanted.worlds - 1
    if not others:
        return [own]
    more = worlds(others, like=inputs.platform, partitions=find, **options, rng=rng)
    return [own, *more]


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
    found: list[list[Visibility]] = []
    for world in track(worlds, "visibility in the worlds", len(worlds)):
        if world.sample == "part":
            found.append(found[0])
            continue
        # of other worlds only the verdicts and the line are used: two runs will do
        fewer = options if not found else options | {"runs": min(runs, 2)}
        partitions = [world.partitions[kind] for kind in kinds]
        seen = visibility_of_all(partitions, world.follows, **fewer, rng=rng)
        found.append(
            [
                analysis.reported_visibility(one, least, partition.n_unassigned)
                for one, partition in zip(seen, partitions, strict=True)
            ]
        )
    return dict(zip(kinds, zip(*found, strict=True), strict=True))


@dataclass(frozen=True)
class _Simulation:
    """Simulations of all arms in the worlds of a study, with common random numbers."""

    config: StudyConfig
    worlds: Sequence[World]
    seen: Mapping[str, Sequence[Visibility]]
    streams: Streams
    out: Path

    def some(self, most: int) -> int:
        """Number of worlds for a condition: all, if they are parts of one."""
        return len(self.worlds) if self.worlds[0].sample == "whole" else min(most, len(self.worlds))

    def run(
        self,
        name: str,
        *,
        worlds: Sequence[World] | None = None,
        arms: Sequence[str] | None = None,
        replications: int | None = None,
        behaviour: Behaviour | None = None,
        reading: str = "filled",
        impressions: Path | None = None,
    ) -> Spread:
        """Some arms in some worlds, with the same draws under every condition."""
        wanted, feeds = self.config.simulation, self.config.feeds()
        kept = self.out / CHECKPOINTS / name
        simulate = partial(
            simulate_spread,
            self.worlds if worlds is None else worlds,
            {arm: feeds[arm] for arm in arms or feeds},
            ticks=wanted.ticks,
            replications=replications or wanted.replications,
            slots=wanted.slots,
            budget=wanted.budget,
            behaviour=behaviour or self.config.behaviour,
            reading=reading,
            impressions=impressions,
            checkpoint=kept,
            rng=self.streams.integer("simulation"),
        )
        return _from_checkpoint(simulate, kept, impressions)

    def readings(self) -> tuple[Spread, list[Spread]]:
        """All arms with open slots left empty, and each compared arm over slots that it shares."""
        wanted, kept = self.config.simulation, self.out / CHECKPOINTS / "open slots"
        first, last = self.config.arms[0].name, self.config.random_arm
        simulate = partial(
            simulate_readings,
            *(self.worlds, self.config.feeds()),
            [list(dict.fromkeys((first, arm, last))) for arm in self.config.compared_arms],
            ticks=wanted.ticks,
            replications=wanted.replications,
            slots=wanted.slots,
            behaviour=self.config.behaviour,
            checkpoint=kept,
            rng=self.streams.integer("simulation"),
        )
        return _from_checkpoint(simulate, kept)

    def run_first(self, name: str, spread: Spread, n: int, **options: Any) -> Spread:
        """The first `n` worlds under another condition than those of `spread`, the study's own.

        Random posts are the same under each, and so is who sees them: their arm, which no other
        is compared with by what viewers do, is that of `spread`.
        """
        feeds, random = self.config.feeds(), self.config.random_arm
        compared = {self.config.arms[0].name, *self.config.compared_arms}
        replications = options.get("replications") or spread.replications
        alike = draws_at_random(feeds[random]) and self.config.simulation.budget == "matched"
        if random in compared or not alike or replications > spread.replications:
            return self.run(name, **options)
        found = self.run(name, arms=[arm for arm in feeds if arm != random], **options)
        known = _first_worlds(spread, n, replications).tallies
        known = {job: tally for job, tally in known.items() if job[0] == random}
        return replace(found, arms=tuple(feeds), tallies={**found.tallies, **known})

    def measure(self, spread: Spread) -> pl.DataFrame:
        """All measures, with the hosting of hidden and visible communities and its slope."""
        views = {kind: list(seen)[: len(spread.worlds)] for kind, seen in self.seen.items()}
        outcome = measure_spread(spread)
        # small communities are left out of the views
        return hosting_by_visibility(outcome, views, random=self.config.random_arm, least=0)

    def contrast(self, outcome: pl.DataFrame) -> pl.DataFrame:
        """Contrasts of the compared arms with the first."""
        there = outcome.get_column("arm").unique().to_list()
        arms = [arm for arm in self.config.compared_arms if arm in there]
        return analysis.contrast_arms(outcome, arms, self.config.arms[0].name)

    def other_conditions(self, spread: Spread) -> dict[str, pl.DataFrame]:
        """Contrasts by condition: other readings of empty slots, a cold start, misread posts."""
        wanted, changes = self.config.conditions, dict[str, dict[str, Any]]()
        arms = [arm for arm in self.config.feeds() if arm != self.config.random_arm]
        filled = max(spread.filler(arm) for arm in arms) > MIN_FILLER
        if filled or max(text.empty_shares(spread)[arm] for arm in arms) > MIN_FILLER:
            changes["open slots"] = {}
        if wanted.cold_start:
            changes["cold start"] = {"cold_start": True}
        for share in wanted.feature_noise:
            changes[f"{100 * share:g} % of posts misread"] = {"feature_noise": share}

        def try_condition(name: str) -> dict[str, pl.DataFrame]:
            if not changes[name]:
                return self._contrast_readings(filled)
            worlds = self.worlds[: self.some(wanted.worlds)]
            changed = [perturb_world(world, **changes[name]) for world in worlds]
            found = self.run_first(name, spread, len(worlds), worlds=changed)
            return {name: self.contrast(self.measure(found))}

        parts = self._side_by_side(try_condition, list(changes), "other conditions")
        return {name: frame for part in parts for name, frame in part.items()}

    def _contrast_readings(self, filled: bool) -> dict[str, pl.DataFrame]:
        """Contrasts with slots left empty, if filler filled some, and over shared slots.

        The latter are those that both arms fill from their own sources, pair by pair.
        """
        left = "slots left empty"
        if self.config.simulation.budget == "free":  # arms have no slots in common
            if not filled:
                return {}
            return {left: self.contrast(self.measure(self.run(left, reading="empty")))}
        empty, shared = self.readings()
        found = {left: self.contrast(self.measure(empty))} if filled else {}
        found["shared slots"] = pl.concat([self.contrast(self.measure(one)) for one in shared])
        return found

    def sweep_social_share(self, spread: Spread) -> pl.DataFrame:
        """Contrasts over the social share of taste s; `spread` is that of the study's own."""
        wanted = self.config.s_scan
        worlds = self.worlds[: self.some(wanted.worlds)]

        def try_value(s: float) -> pl.DataFrame:
            if (
                s == self.config.behaviour.social_share
                and wanted.replications <= spread.replications
            ):
                found = _first_worlds(spread, len(worlds), wanted.replications)
            else:
                options: dict[str, Any] = {"worlds": worlds, "replications": wanted.replications}
                options["behaviour"] = replace(self.config.behaviour, social_share=s)
                found = self.run_first(f"s {s!r}", spread, len(worlds), **options)
            return analysis.sweep_contrasts(self.contrast(self.measure(found)), s)

        values = sorted(set(wanted.social_share))
        return analysis.mark_sign_changes(
            pl.concat(self._side_by_side(try_value, values, "scanning s"))
        )

    def _side_by_side(
        self, work: Callable[[Piece], Result], pieces: Sequence[Piece], title: str
    ) -> list[Result]:
        """Simulations under several conditions, in threads unless one of them fills all cores."""
        if self.worlds[0].n_accounts > MOST_SIDE_BY_SIDE:
            return [work(piece) for piece in track(pieces, title, len(pieces))]
        return in_threads(work, pieces, title)


def draws_at_random(feed: Feed) -> bool:
    """Whether neither interests nor what viewers do change the posts that a feed shows.

    Examples
    --------
    >>> from graphkit.recommenders import popularity, uniform
    >>> draws_at_random(uniform()), draws_at_random(popularity())
    (True, False)
    """
    read = {name for table in (feed.sources, feed.weights) for name, n in table.items() if n}
    plain = read <= {"everywhere", "chance"} and feed.filler != "popularity"
    return plain and feed.score is None and not feed.topic_penalty


def _first_worlds(spread: Spread, n: int, replications: int) -> Spread:
    """The first worlds and replications of a spread."""
    kept = {
        (arm, w, r): tally
        for (arm, w, r), tally in spread.tallies.items()
        if w < n and r < replications
    }
    return replace(spread, worlds=spread.worlds[:n], tallies=kept, replications=replications)


def _from_checkpoint(simulate: Callable[[], T], kept: Path, *folders: Path | None) -> T:
    """Simulate from the checkpoint `kept` on; if it is of a changed study, anew."""
    try:
        return simulate()
    except OptionError:
        if not kept.exists():
            raise
    # the checkpoint last: if only that were gone, the impressions would be of another run
    for old in filter(None, (*folders, kept)):
        remove_folder(old)
    return simulate()


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
    values = {"world": {"ticks": 10, "worlds": 10}, "simulation": {"ticks": 12}}
    values |= {"communities": {"runs": runs}, "s_scan": {"worlds": 5}}
    return StudyConfig.of({"seed": seed, **values})

"""Study run: from a study file to a folder of tables, figures and a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from graphkit.communities import label_communities, leiden, visibility
from graphkit.data.files import remove_folder
from graphkit.data.partition import Partition
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import MissingDataError, OptionError
from graphkit.measures import measure_spread
from graphkit.parallel import track
from graphkit.rng import Streams
from graphkit.simulation import (
    Behaviour,
    build_world,
    resample_worlds,
    simulate_spread,
    split_world_data,
)
from graphkit.study import analysis
from graphkit.study.communities import community_stages
from graphkit.study.config import StudyConfig, load_config
from graphkit.study.folder import ResultsFolder, writing_results
from graphkit.study.inputs import StudyInputs, check_inputs, load_inputs, manifest_facts
from graphkit.study.report import flow_tables, write_figures, write_report
from graphkit.study.results import CommunityStudy, StudyResult

__all__ = ["demo_config", "run_study"]


Names = dict[str, tuple[str, ...]]

#: Folder of simulation checkpoints, removed when the study is finished.
CHECKPOINTS = "checkpoints"
#: From this share of filler in an arm on, the comparison is repeated without backfill.
MIN_FILLER = 0.01

_HEAD = (
    "# The study as it ran, every default written out. Paths are relative to the folder of the\n"
    "# study file that was run, not to this one.\n\n"
)


def run_study(study: StudyConfig | str | Path, out: str | Path) -> StudyResult:
    """Run a study: communities, worlds, feeds, contrasts, tables, figures and a report.

    The communities are found in data that neither the feeds' profiles nor the posts come
    from; worlds are resampled from one; all arms share viewers and common random numbers, and
    every arm is compared with the first.

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
    with writing_results(out):
        return _run_stages(config, ResultsFolder(out))


def _run_stages(config: StudyConfig, folder: ResultsFolder) -> StudyResult:
    streams = Streams(config.seed)
    folder.text("study.toml", _HEAD + config.to_toml())
    with folder.stage("data"):
        inputs = load_inputs(config)
        check_inputs(config, inputs)
    found, partitions, hidden, visible = _find_communities(config, inputs, folder, streams)
    with folder.stage("worlds"):
        worlds = _build_worlds(config, inputs, partitions, streams)
    simulation = _Simulation(config, worlds, hidden, visible, streams, folder.path)
    with folder.stage("simulation"):
        log = _log_folder(config, folder.path)
        spread = simulation.run("simulation", impressions=log)
    with folder.stage("measures"):
        arms = spread.arms
        outcome = simulation.measure(spread)
        gaps = analysis.contrast_arms(outcome, arms)
        tables = {"outcome": outcome, "contrasts": gaps, "impressions": spread.summary()}
        for name, table in tables.items():
            folder.table(name, table)
        curve = analysis.blend_curve(config.arms)
        means = analysis.means_of_arms(outcome, arms, curve)
        if means is not None:
            folder.table("arm_means", means)
    unfilled = scan = None
    if spread.summary().get_column("filler").max() > MIN_FILLER:  # type: ignore[operator]
        with folder.stage("without filler"):
            unfilled = simulation.contrast_without_filler()
            folder.table("contrasts_without_filler", unfilled)
    if config.s_scan.social_share:
        with folder.stage("scan over s"):
            scan = simulation.sweep_social_share()
            folder.table("s_scan", scan)
    headlines = tuple(analysis.state_headlines(gaps, arms, hidden, unfilled))
    measured = (outcome, gaps, means, curve, unfilled, scan, headlines)
    notes = found.notes
    if not found.found:
        notes += (
            f"no communities of shared interest are established, {found.verdict} "
            f"({found.reason}): results under the interest partition describe one run only",
        )
    result = StudyResult(config, found, hidden, visible, spread, *measured, folder.path, notes)
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


def _named_rows(frame: pl.DataFrame, **names: str) -> pl.DataFrame:
    """A frame with constant columns in front."""
    return frame.select(*(pl.lit(v).alias(k) for k, v in names.items()), pl.all())


def _find_communities(
    config: StudyConfig, inputs: StudyInputs, folder: ResultsFolder, streams: Streams
) -> tuple[CommunityStudy, dict[str, Partition], Names, Names]:
    """The community study, all partitions, and the names of hidden and visible communities."""
    least = config.report.min_group_size
    wanted, world = config.communities, config.world
    with folder.stage("disjoint data"):
        part = split_world_data(inputs.source, since=world.since, posts=world.posts)
    repeat: dict[str, Any] = {"runs": wanted.runs, "engine": wanted.engine}
    search = {"quality": wanted.quality, "resolution": wanted.resolution, **repeat}
    platform = inputs.platform
    truth = None if platform is None else platform.truth
    found = community_stages(
        *(part, folder, streams, wanted, search, wanted.null_draws),
        report=inputs.report,
        truth=truth,
        least=least,
    )
    partitions = {"interest": found.partition}
    seen = {} if found.visibility is None else {"interest": found.visibility}
    if found.follows is not None:
        with folder.stage("follow partition"):
            follow = leiden(found.follows, **repeat, rng=streams.integer("follow partition"))
            try:
                follow = label_communities(follow, part)
            except MissingDataError as error:
                del error  # communities of the follow graph then go by their number
            partitions["follow"] = follow
            folder.table("follow_communities", follow.summary())
        if platform is not None:
            with folder.stage("visibility of what was planted"):
                rng = streams.integer("visibility of the planted")
                planted = visibility(platform.truth, found.follows, **repeat, rng=rng)
                seen["planted"] = planted
                folder.table("visibility_planted", planted.frame)
    others = {"interest": found.partition.n_unassigned}
    split = {
        kind: analysis.hidden_and_visible(s, least, others.get(kind, 0)) for kind, s in seen.items()
    }
    hidden = {kind: names for kind, (names, _) in split.items()}
    return found, partitions, hidden, {kind: names for kind, (_, names) in split.items()}


def _build_worlds(
    config: StudyConfig, inputs: StudyInputs, partitions: dict[str, Partition], streams: Streams
) -> list[World]:
    """A world from data that the partitions were not found in, and its resamples."""
    wanted = config.world
    names = ("since", "posts", "ticks", "stock", "share_of_posts", "introducers", "space")
    options = {name: getattr(wanted, name) for name in (*names, "dimensions")}
    rng = streams.integer("world")
    world = build_world(inputs.source, partitions, **options, rng=rng)
    if wanted.worlds == 1:
        return [world]
    return resample_worlds(world, wanted.worlds, rng=streams.integer("worlds"))


@dataclass(frozen=True)
class _Simulation:
    """Simulations of all arms in the worlds of a study, with common random numbers."""

    config: StudyConfig
    worlds: Sequence[World]
    hidden: Names
    visible: Names
    streams: Streams
    out: Path

    def run(
        self,
        name: str,
        *,
        worlds: int | None = None,
        replications: int | None = None,
        behaviour: Behaviour | None = None,
        filler: str | None = None,
        impressions: Path | None = None,
    ) -> Spread:
        """All arms in the first worlds, with the same draws for every s and backfill rule.

        Checkpoints go to a folder of this name; those of a study that has changed since are
        discarded.
        """
        wanted, kept = self.config.simulation, self.out / CHECKPOINTS / name
        feeds = self.config.feeds()
        simulate = partial(
            simulate_spread,
            self._first(worlds),
            {arm: feed.but(feed.name, filler=filler) for arm, feed in feeds.items()},
            ticks=wanted.ticks,
            replications=replications or wanted.replications,
            slots=wanted.slots,
            budget=wanted.budget,
            behaviour=behaviour or self.config.behaviour,
            impressions=impressions,
            checkpoint=kept,
            rng=self.streams.integer("simulation"),
        )
        try:
            return simulate()
        except OptionError:
            if not kept.exists():
                raise
        # the checkpoint last: if only that were gone, the impressions would be of another run
        for old in filter(None, (impressions, kept)):
            remove_folder(old)
        return simulate()

    def _first(self, worlds: int | None) -> Sequence[World]:
        """The first worlds; of a jackknife, one with so many groups, which must be complete."""
        if worlds is None or worlds >= len(self.worlds) or self.worlds[0].sample != "whole":
            return self.worlds[:worlds]
        if worlds == 1:
            return self.worlds[:1]
        return resample_worlds(self.worlds[0], worlds, rng=self.streams.integer("worlds"))

    def measure(self, spread: Spread) -> pl.DataFrame:
        """All measures, with the within-community reach of hidden and visible communities."""
        return analysis.add_hosting(measure_spread(spread), self.hidden, self.visible)

    def contrast_without_filler(self) -> pl.DataFrame:
        """Contrasts with slots left empty instead of backfilled."""
        spread = self.run("without filler", filler="empty")
        return analysis.contrast_arms(self.measure(spread), spread.arms)

    def sweep_social_share(self) -> pl.DataFrame:
        """Contrasts over the social share of taste s."""
        wanted, parts = self.config.s_scan, []
        values = sorted(set(wanted.social_share))
        for s in track(values, "scanning s", len(values)):
            behaviour = replace(self.config.behaviour, social_share=s)
            spread = self.run(
                f"s {s!r}",
                behaviour=behaviour,
                worlds=wanted.worlds,
                replications=wanted.replications,
            )
            parts.append(analysis.sweep_contrasts(self.measure(spread), spread.arms, s))
        return analysis.mark_sign_changes(pl.concat(parts))


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
    values |= {"communities": {"runs": runs}, "s_scan": {"worlds": 3}}
    return StudyConfig.of({"seed": seed, **values})

"""Running a study: one file in, one folder of tables, figures and a report out."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from graphkit.communities import label_communities, leiden, visibility
from graphkit.data.partition import Partition
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import MissingDataError, OptionError
from graphkit.measures import measure_spread
from graphkit.parallel import track
from graphkit.rng import Streams
from graphkit.simulation import build_world, resample_worlds, simulate_spread, split_world_data
from graphkit.study.analysis import (
    add_hosting,
    blend_curve,
    contrast_arms,
    hidden_and_visible,
    mark_sign_changes,
    means_of_arms,
    state_headlines,
    sweep_contrasts,
)
from graphkit.study.communities import community_stages
from graphkit.study.config import (
    CommunitiesConfig,
    ScanConfig,
    SimulationConfig,
    StudyConfig,
    WorldConfig,
    load_config,
)
from graphkit.study.folder import ResultsFolder
from graphkit.study.inputs import Materials, check_materials, load_materials, manifest_facts
from graphkit.study.report import flow_tables, write_figures, write_report
from graphkit.study.results import CommunityStudy, StudyResult

__all__ = ["demo_config", "run_study"]


Names = dict[str, tuple[str, ...]]

#: Folder of simulation checkpoints, removed when the study is finished.
CHECKPOINTS = "checkpoints"
#: From this share of filler in an arm on, the comparison is repeated without backfill.
FILLER = 0.01


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
        names it, and finished results stay in the folder.
    """
    config = study if isinstance(study, StudyConfig) else load_config(study)
    folder = ResultsFolder(out)
    streams = Streams(config.seed)
    folder.text("study.toml", _HEAD + config.to_toml())
    with folder.stage("data"):
        materials = load_materials(config)
        check_materials(config, materials)
    found, partitions, hidden, visible = _find_communities(config, materials, folder, streams)
    with folder.stage("worlds"):
        worlds = _build_worlds(config, materials, partitions, streams)
    with folder.stage("simulation"):
        log = _log_folder(config, folder.path)
        spread = _simulate(
            config,
            worlds,
            config.simulation.replications,
            None,
            streams,
            kept=folder.path / CHECKPOINTS / "simulation",
            impressions=log,
        )
    with folder.stage("measures"):
        arms = spread.arms
        outcome = add_hosting(measure_spread(spread), hidden, visible)
        gaps = contrast_arms(outcome, arms)
        folder.table("outcome", outcome)
        folder.table("contrasts", gaps)
        folder.table("impressions", spread.summary())
        curve = blend_curve(config.arms)
        means = means_of_arms(outcome, arms, curve)
        if means is not None:
            folder.table("arm_means", means)
    unfilled = None
    if spread.summary().get_column("filler").max() > FILLER:  # type: ignore[operator]
        with folder.stage("without filler"):
            unfilled = _contrasts_without_filler(
                config, worlds, hidden, visible, streams, folder.path
            )
            folder.table("contrasts_without_filler", unfilled)
    scan = None
    if config.s_scan.social_share:
        with folder.stage("scan over s"):
            scan = _sweep_social_share(config, worlds, hidden, visible, streams, folder.path)
            folder.table("s_scan", scan)
    notes = (*found.notes, *_stability_notes(found))
    result = StudyResult(
        config,
        found,
        hidden,
        visible,
        spread,
        outcome,
        gaps,
        means,
        curve,
        unfilled,
        scan,
        tuple(state_headlines(gaps, arms, hidden, unfilled)),
        folder.path,
        notes,
    )
    with folder.stage("flows and figures"):
        flows = flow_tables(spread)
        rows = [
            m.frame.select(pl.lit(kind).alias("partition"), pl.lit(arm).alias("arm"), pl.all())
            for kind, by_arm in flows.items()
            for arm, m in by_arm.items()
        ]
        folder.table("flows", pl.concat(rows))
        feeds = [
            feed.frame.select(pl.lit(arm).alias("arm"), pl.all())
            for arm, feed in config.feeds().items()
        ]
        folder.table("feeds", pl.concat(feeds))
        write_figures(result, flows, folder)
    with folder.stage("report"):
        write_report(result, materials, folder)
    folder.finish(manifest_facts(result, materials, streams.seed))
    shutil.rmtree(folder.path / CHECKPOINTS, ignore_errors=True)
    return result


_HEAD = (
    "# The study as it ran, every default written out. Paths are relative to the folder of the\n"
    "# study file that was run, not to this one.\n\n"
)


def _find_communities(
    config: StudyConfig, materials: Materials, folder: ResultsFolder, streams: Streams
) -> tuple[CommunityStudy, dict[str, Partition], Names, Names]:
    """The community study, all partitions, and the names of hidden and visible communities."""
    least = config.report.min_group_size
    wanted, world = config.communities, config.world
    with folder.stage("disjoint data"):
        part = split_world_data(materials.source, since=world.since, posts=world.posts)
    found = community_stages(
        part,
        folder,
        streams,
        wanted,
        quality=wanted.quality,
        resolution=wanted.resolution,
        runs=wanted.runs,
        engine=wanted.engine,
        report=materials.report,
        truth=materials.platform.truth if materials.platform is not None else None,
        least=least,
    )
    partitions = {"interest": found.partition}
    seen = {} if found.visibility is None else {"interest": found.visibility}
    if found.follows is not None:
        with folder.stage("follow partition"):
            follow = leiden(
                found.follows,
                runs=wanted.runs,
                engine=wanted.engine,
                rng=streams.integer("follow partition"),
            )
            try:
                follow = label_communities(follow, part)
            except MissingDataError as error:
                del error  # communities of the follow graph then go by their number
            partitions["follow"] = follow
            folder.table("follow_communities", follow.summary())
        if materials.platform is not None:
            with folder.stage("visibility of what was planted"):
                seen["planted"] = visibility(
                    materials.platform.truth,
                    found.follows,
                    runs=wanted.runs,
                    engine=wanted.engine,
                    rng=streams.integer("visibility of the planted"),
                )
                folder.table("visibility_planted", seen["planted"].frame)
    others = {"interest": found.partition.n_unassigned}
    split = {kind: hidden_and_visible(s, least, others.get(kind, 0)) for kind, s in seen.items()}
    hidden = {kind: names for kind, (names, _) in split.items()}
    return found, partitions, hidden, {kind: names for kind, (_, names) in split.items()}


def _build_worlds(
    config: StudyConfig, materials: Materials, partitions: dict[str, Partition], streams: Streams
) -> list[World]:
    """A world from data that the partitions were not found in, and its resamples."""
    wanted = config.world
    world = build_world(
        materials.source,
        partitions,
        since=wanted.since,
        posts=wanted.posts,
        ticks=wanted.ticks,
        stock=wanted.stock,
        share_of_posts=wanted.share_of_posts,
        introducers=wanted.introducers,
        space=wanted.space,
        dimensions=wanted.dimensions,
        rng=streams.integer("world"),
    )
    if wanted.worlds == 1:
        return [world]
    return resample_worlds(world, wanted.worlds, rng=streams.integer("worlds"))


def _simulate(
    config: StudyConfig,
    worlds: Sequence[World],
    replications: int,
    s: float | None,
    streams: Streams,
    *,
    kept: Path,
    filler: str | None = None,
    impressions: Path | None = None,
) -> Spread:
    """All arms in these worlds, with the same draws for every s and filler rule.

    Checkpoints go to `kept`; those of a study that has changed since are discarded.
    """
    behaviour = config.behaviour if s is None else replace(config.behaviour, social_share=s)
    feeds = {name: feed.but(feed.name, filler=filler) for name, feed in config.feeds().items()}

    def run() -> Spread:
        return simulate_spread(
            worlds,
            feeds,
            ticks=config.simulation.ticks,
            replications=replications,
            slots=config.simulation.slots,
            budget=config.simulation.budget,
            behaviour=behaviour,
            impressions=impressions,
            checkpoint=kept,
            rng=streams.integer("simulation"),
        )

    try:
        return run()
    except OptionError:
        if not kept.exists():
            raise
    for old in filter(None, (kept, impressions)):
        shutil.rmtree(old, ignore_errors=True)
    return run()


def _log_folder(config: StudyConfig, out: Path) -> Path | None:
    """Folder of the impression log, if one is wanted, without that of an earlier study."""
    log = out / "impressions"
    going_on = (out / CHECKPOINTS).exists() and config.simulation.impressions
    if log.exists() and not going_on:
        shutil.rmtree(log)
    return log if config.simulation.impressions else None


def _contrasts_without_filler(
    config: StudyConfig,
    worlds: Sequence[World],
    hidden: Names,
    visible: Names,
    streams: Streams,
    out: Path,
) -> pl.DataFrame:
    """Contrasts with slots left empty instead of backfilled."""
    spread = _simulate(
        config,
        worlds,
        config.simulation.replications,
        None,
        streams,
        kept=out / CHECKPOINTS / "without filler",
        filler="empty",
    )
    return contrast_arms(add_hosting(measure_spread(spread), hidden, visible), spread.arms)


def _sweep_social_share(
    config: StudyConfig,
    worlds: Sequence[World],
    hidden: Names,
    visible: Names,
    streams: Streams,
    out: Path,
) -> pl.DataFrame:
    """Contrasts over the social share of taste s."""
    wanted = config.s_scan
    parts = []
    values = sorted(set(wanted.social_share))
    for s in track(values, "scanning s", len(values)):
        spread = _simulate(
            config,
            worlds[: wanted.worlds],
            wanted.replications,
            s,
            streams,
            kept=out / CHECKPOINTS / f"s {s!r}",
        )
        outcome = add_hosting(measure_spread(spread), hidden, visible)
        parts.append(sweep_contrasts(outcome, spread.arms, s))
    return mark_sign_changes(pl.concat(parts))


def _stability_notes(found: CommunityStudy) -> list[str]:
    if found.found:
        return []
    return [
        "the runs agree too little to establish communities of shared interest: results under "
        "the interest partition describe one run only"
    ]


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
    return StudyConfig(
        seed=seed,
        communities=CommunitiesConfig(runs=runs),
        world=WorldConfig(ticks=10, worlds=10),
        simulation=SimulationConfig(ticks=12),
        s_scan=ScanConfig(worlds=3),
    )

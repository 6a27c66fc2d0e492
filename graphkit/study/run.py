"""run_study: one file in, one folder of tables, figures and a report out."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from graphkit.communities import label_communities, leiden, visibility
from graphkit.data.frozen import Frozen
from graphkit.data.partition import Partition
from graphkit.data.spread import Spread
from graphkit.data.world import World
from graphkit.errors import MissingDataError, OptionError
from graphkit.measures import measure_spread
from graphkit.progress import track
from graphkit.rng import Streams
from graphkit.simulation import build_world, resample_worlds, simulate_spread, split_world_data
from graphkit.study._facts import manifest_facts
from graphkit.study._figures import HEADED, draw_figures, flow_tables
from graphkit.study._materials import Materials, check_materials, load_materials
from graphkit.study._sentences import Headline
from graphkit.study._sides import Curve, curve_of, draw_sides, side_by_side
from graphkit.study.analysis import (
    add_hosting,
    contrasts,
    headlines,
    mark_sign_changes,
    scan_rows,
    told_apart,
)
from graphkit.study.communities import CommunityStudy, community_stages
from graphkit.study.config import StudyConfig, load_config
from graphkit.study.disclosure import shown_communities
from graphkit.study.folder import ResultsFolder
from graphkit.study.report import write_report

__all__ = ["StudyResult", "run_study"]


Names = dict[str, tuple[str, ...]]

#: What is simulated is kept here until the study is finished.
CHECKPOINTS = "checkpoints"
#: From this share of filler in an arm on, the comparison is repeated without any.
FILLER = 0.01


@dataclass(frozen=True, repr=False, eq=False)
class StudyResult(Frozen, title="Study"):
    """What a study found; its folder holds the same as files.

    Attributes
    ----------
    config
        The study, every default in it.
    communities
        The community part: graph, named partition, visibility, recovery.
    hidden, visible
        Names of the communities that the follow graph does not show, and of those that it
        shows, by kind of partition; without those that are too small for a report.
    spread
        The tallies of the simulation.
    outcome
        All measures in long form, one row per arm, world, replication.
    contrasts
        Every arm against the first.
    arm_means
        Every arm for itself, with intervals, and its share in a blend where there is a
        `curve`; `None` for two arms.
    curve
        Arms that lie on the way from one feed to another; `None` without.
    unfilled
        The same with slots left empty in place of filler; `None` where no arm needed any.
    scan
        The same for some measures, over s; `None` without a scan.
    headlines
        The findings as sentences.
    folder
        Where the files are.
    notes
        What could not be done, and why.
    """

    config: StudyConfig
    communities: CommunityStudy
    hidden: Mapping[str, Sequence[str]]
    visible: Mapping[str, Sequence[str]]
    spread: Spread
    outcome: pl.DataFrame
    contrasts: pl.DataFrame
    arm_means: pl.DataFrame | None
    curve: Curve | None
    unfilled: pl.DataFrame | None
    scan: pl.DataFrame | None
    headlines: tuple[Headline, ...]
    folder: Path
    notes: tuple[str, ...]

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "worlds": len(self.spread.worlds),
            "arms": ", ".join(self.spread.arms),
            "behaviour": "calibrated" if self.spread.calibrated else "not calibrated",
            "folder": str(self.folder),
        }
        return facts | {h.title: h.verdict for h in self.headlines}

    def _table(self) -> pl.DataFrame:
        return self.contrasts.filter(
            pl.col("community").is_null() & pl.col("measure").is_in(list(HEADED))
        )  # fmt: skip


def run_study(study: StudyConfig | str | Path, out: str | Path) -> StudyResult:
    """Run a study: communities, worlds, feeds, contrasts, tables, figures and a report.

    The communities are found in data that neither the feeds' profiles nor the posts come
    from; worlds are resampled from one; every arm is shown to the same viewers with the same
    draws, and compared with the first.

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
        ``checkpoints``: the same call goes on with the simulations from there.

    Raises
    ------
    GraphkitError
        If the study or its data cannot be used, or a stage fails: then ``failures.csv``
        says which, and what was finished before stays in the folder.
    """
    config = study if isinstance(study, StudyConfig) else load_config(study)
    folder = ResultsFolder(out)
    streams = Streams(config.seed)
    folder.text("study.toml", _HEAD + config.to_toml())
    with folder.stage("data"):
        materials = load_materials(config)
        check_materials(config, materials)
    found, partitions, hidden, visible = _communities(config, materials, folder, streams)
    with folder.stage("worlds"):
        worlds = _worlds(config, materials, partitions, streams)
    with folder.stage("simulation"):
        log = _log_folder(config, folder.path)
        spread = _simulate(
            config, worlds, config.simulation.replications, None, streams,
            kept=folder.path / CHECKPOINTS / "simulation", impressions=log,
        )  # fmt: skip
    with folder.stage("measures"):
        arms = spread.arms
        outcome = add_hosting(measure_spread(spread), hidden, visible)
        gaps = contrasts(outcome, arms)
        folder.table("outcome", outcome)
        folder.table("contrasts", gaps)
        folder.table("impressions", spread.summary())
        curve = curve_of(config.arms)
        means = side_by_side(outcome, arms, curve)
        if means is not None:
            folder.table("arm_means", means)
    unfilled = None
    if spread.summary().get_column("filler").max() > FILLER:  # type: ignore[operator]
        with folder.stage("without filler"):
            unfilled = _unfilled(config, worlds, hidden, visible, streams, folder.path)
            folder.table("contrasts_without_filler", unfilled)
    scan = None
    if config.s_scan.social_share:
        with folder.stage("scan over s"):
            scan = _scan(config, worlds, hidden, visible, streams, folder.path)
            folder.table("s_scan", scan)
    notes = (*found.notes, *_notes(found))
    result = StudyResult(
        config, found, hidden, visible, spread, outcome, gaps, means, curve, unfilled, scan,
        tuple(headlines(gaps, arms, hidden, unfilled)), folder.path, notes,
    )  # fmt: skip
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
        sizes, others = found.partition.sizes.tolist(), found.partition.n_unassigned
        shown = shown_communities(sizes, config.report.min_group_size, others)
        unseen = hidden.get("interest", ())
        draw_figures(folder, spread, gaps, scan, flows["interest"], shown, unseen)
        if means is not None:
            draw_sides(folder, means, curve)
    with folder.stage("report"):
        write_report(result, materials, folder)
    folder.finish(manifest_facts(result, materials, streams.seed))
    shutil.rmtree(folder.path / CHECKPOINTS, ignore_errors=True)
    return result


_HEAD = (
    "# The study as it ran, every default written out. Paths are relative to the folder of the\n"
    "# study file that was run, not to this one.\n\n"
)


def _communities(
    config: StudyConfig, materials: Materials, folder: ResultsFolder, streams: Streams
) -> tuple[CommunityStudy, dict[str, Partition], Names, Names]:
    """The community part, the partitions, and what the follow graph shows and does not."""
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
                found.follows, runs=wanted.runs, engine=wanted.engine,
                rng=streams.integer("follow partition"),
            )  # fmt: skip
            try:
                follow = label_communities(follow, part)
            except MissingDataError as error:
                del error  # a follow community without a name is called by its number
            partitions["follow"] = follow
            folder.table("follow_communities", follow.summary())
        if materials.platform is not None:
            with folder.stage("visibility of what was planted"):
                seen["planted"] = visibility(
                    materials.platform.truth, found.follows, runs=wanted.runs,
                    engine=wanted.engine, rng=streams.integer("visibility of the planted"),
                )  # fmt: skip
                folder.table("visibility_planted", seen["planted"].frame)
    others = {"interest": found.partition.n_unassigned}
    told = {kind: told_apart(s, least, others.get(kind, 0)) for kind, s in seen.items()}
    hidden = {kind: names for kind, (names, _) in told.items()}
    return found, partitions, hidden, {kind: names for kind, (_, names) in told.items()}


def _worlds(
    config: StudyConfig, materials: Materials, partitions: dict[str, Partition], streams: Streams
) -> list[World]:
    """One world from data that the partitions were not found in, and others like it."""
    wanted = config.world
    world = build_world(
        materials.source, partitions, since=wanted.since, posts=wanted.posts, ticks=wanted.ticks,
        stock=wanted.stock, share_of_posts=wanted.share_of_posts, introducers=wanted.introducers,
        space=wanted.space, dimensions=wanted.dimensions, rng=streams.integer("world"),
    )  # fmt: skip
    if wanted.worlds == 1:
        return [world]
    return resample_worlds(world, wanted.worlds, rng=streams.integer("worlds"))


def _simulate(
    config: StudyConfig, worlds: Sequence[World], replications: int, s: float | None,
    streams: Streams, *, kept: Path, filler: str | None = None, impressions: Path | None = None,
) -> Spread:  # fmt: skip
    """All arms in these worlds; the same draws for every s and filler rule.

    What is done is kept in `kept`, unless that is of a study that has changed since.
    """
    behaviour = config.behaviour if s is None else replace(config.behaviour, social_share=s)
    feeds = {name: feed.but(feed.name, filler=filler) for name, feed in config.feeds().items()}

    def run() -> Spread:
        return simulate_spread(
            worlds, feeds, ticks=config.simulation.ticks, replications=replications,
            slots=config.simulation.slots, budget=config.simulation.budget, behaviour=behaviour,
            impressions=impressions, checkpoint=kept, rng=streams.integer("simulation"),
        )  # fmt: skip

    try:
        return run()
    except OptionError:
        if not kept.exists():
            raise
    for old in filter(None, (kept, impressions)):
        shutil.rmtree(old, ignore_errors=True)
    return run()


def _log_folder(config: StudyConfig, out: Path) -> Path | None:
    """Where impressions go, if they are wanted; without those of an earlier study."""
    log = out / "impressions"
    going_on = (out / CHECKPOINTS).exists() and config.simulation.impressions
    if log.exists() and not going_on:
        shutil.rmtree(log)
    return log if config.simulation.impressions else None


def _unfilled(
    config: StudyConfig, worlds: Sequence[World], hidden: Names, visible: Names,
    streams: Streams, out: Path,
) -> pl.DataFrame:  # fmt: skip
    """The contrasts with slots left empty in place of filler."""
    spread = _simulate(
        config, worlds, config.simulation.replications, None, streams,
        kept=out / CHECKPOINTS / "without filler", filler="empty",
    )  # fmt: skip
    return contrasts(add_hosting(measure_spread(spread), hidden, visible), spread.arms)


def _scan(
    config: StudyConfig, worlds: Sequence[World], hidden: Names, visible: Names,
    streams: Streams, out: Path,
) -> pl.DataFrame:  # fmt: skip
    wanted = config.s_scan
    parts = []
    values = sorted(set(wanted.social_share))
    for s in track(values, "scanning s", len(values)):
        spread = _simulate(
            config, worlds[: wanted.worlds], wanted.replications, s, streams,
            kept=out / CHECKPOINTS / f"s {s!r}",
        )  # fmt: skip
        outcome = add_hosting(measure_spread(spread), hidden, visible)
        parts.append(scan_rows(outcome, spread.arms, s))
    return mark_sign_changes(pl.concat(parts))


def _notes(found: CommunityStudy) -> list[str]:
    if found.found:
        return []
    return [
        "the runs agree too little to speak of communities of shared interest: what is said about "
        "the interest partition describes one run only"
    ]

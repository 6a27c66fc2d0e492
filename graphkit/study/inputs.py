"""Inputs of a study: its data, checks of them, and the facts of its manifest."""

from __future__ import annotations

import platform as machine
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl

from graphkit import datasets, readwrite, synthetic
from graphkit.data.dataset import Dataset
from graphkit.data.platform import Platform
from graphkit.data.results import ImportReport
from graphkit.data.times import as_instant
from graphkit.errors import DataError, FileError, MissingDataError, OptionError
from graphkit.study.communities import community_facts
from graphkit.study.config import PLATFORMS, StudyConfig, load_config
from graphkit.study.disclosure import public_config, refresh_text
from graphkit.study.results import StudyResult

__all__ = ["check_study"]


@dataclass(frozen=True)
class StudyInputs:
    """Dataset of a study, its platform if it is synthetic, and the report of its import."""

    dataset: Dataset
    platform: Platform | None
    report: ImportReport | None

    @property
    def source(self) -> Platform | Dataset:
        """Platform or dataset that worlds are built from."""
        return self.platform or self.dataset


def load_inputs(config: StudyConfig) -> StudyInputs:
    """Read or generate the data of a study.

    Data that are missing or in another format are a :class:`FileError` or :class:`DataError`.
    """
    data = config.data
    if data.source in PLATFORMS:
        platform = (
            readwrite.load_platform()
            if data.source == "bundled"
            else synthetic.platform(data.accounts, mixing=data.mixing, rng=data.seed)
        )
        return StudyInputs(platform.dataset, platform, None)
    if data.source == "fetch":
        return _fetch_inputs(data.name or "")
    path = config.resolve(data.path or "")
    if not path.exists():
        raise FileError(
            f"data.path = {data.path!r}: there is nothing at {path}. Paths are relative to the "
            "folder of the study file."
        )
    stitches = [config.resolve(s) for s in data.stitches]
    dataset, report = readwrite.read_any(
        path,
        account=data.account,
        direction=data.direction,
        tz=data.tz,
        format=None if data.source == "any" else data.source,
        stitches=stitches,
        **data.table_options(),
    )
    return StudyInputs(dataset, None, report)


def _fetch_inputs(name: str) -> StudyInputs:
    """Public data by name; those that are no log of accounts are an :class:`OptionError`."""
    if name == "platform":
        raise OptionError("data.name = 'platform': that is source = 'bundled', without a name.")
    found = datasets.fetch(name)
    if not isinstance(found.data, Dataset):
        raise OptionError(
            f"data.name = {name!r} is a graph, and a study needs a log of accounts and posts: read it "
            "with graphkit.datasets.fetch."
        )
    return StudyInputs(found.data, None, found.report)


def check_inputs(config: StudyConfig, inputs: StudyInputs) -> None:
    """Refuse data without the tables and columns that a feed or the kind of posts needs.

    A :class:`MissingDataError` names the arm and the table or column; fewer posts than a session
    has slots are a :class:`DataError`.
    """
    ds = inputs.dataset
    ds.require("interactions", "account_id", "item_id", verb="a study")
    for name, feed in config.feeds().items():
        sources, follows = feed.sources, ds.follows
        social = sources.get("following", 0) or sources.get("circle", 0)
        if social and (follows is None or not follows.height):
            raise MissingDataError(
                f"arm {name!r} shows what followees post or react to, but the data have no follows. "
                "Give the arm other sources, or data with follows."
            )
    if inputs.platform is None:
        ds.require("follows", "follower_id", "followee_id", verb="a study")
        groups, accounts = config.world.groups, len(ds.account_ids)
        if groups > accounts:
            raise OptionError(
                f"world.groups = {groups}: the data have {accounts:,} accounts to be put in groups; "
                "10 to 20 groups will do, or 0 for an interval within this world only."
            )
    if config.world.posts == "authored" and inputs.platform is None:
        try:
            ds.require("items", "created_at", "author_id", verb="world.posts = 'authored'")
        except MissingDataError as error:
            raise MissingDataError(f"{error} Or set world.posts = 'introduced'.") from None
    if config.simulation.impressions and inputs.platform is None and config.report.members != "raw":
        raise OptionError(
            "simulation.impressions writes ids of accounts and posts into the results: set "
            "report.members = 'raw' too, or leave the impressions out."
        )
    if config.calibration.log:
        try:
            ds.require("impressions", "watch_fraction", verb="calibration.log")
        except MissingDataError as error:
            raise MissingDataError(f"{error} Or set calibration.log = false.") from None
    posts = _count_posts(config, ds)
    if config.simulation.budget == "matched" and posts < config.simulation.slots:
        raise DataError(
            f"about {posts} posts are too few for {config.simulation.slots} slots in a session: set "
            "fewer simulation.slots, or a longer window of posts."
        )


def _count_posts(config: StudyConfig, ds: Dataset) -> int:
    """Approximate number of posts in the worlds."""
    if config.world.posts == "introduced":
        return int(len(ds.item_ids) * config.world.share_of_posts)
    if ds.items is None or "created_at" not in ds.items.columns:
        return 0
    created = ds.items.get_column("created_at").drop_nulls()
    if config.world.since is None:
        return len(created) // 3
    return int((created >= as_instant("world.since", config.world.since)).sum())


def check_study(path: str | Path) -> pl.DataFrame:
    """Dry run: read a study file and its data, and list the stages, without running them.

    Parameters
    ----------
    path
        The study file.

    Returns
    -------
    polars.DataFrame
        One row per stage: stage, what.

    Raises
    ------
    GraphkitError
        For unknown keys, missing data, and data that do not suffice for the study.
    """
    config = load_config(path)
    inputs = load_inputs(config)
    check_inputs(config, inputs)
    ds, world, simulation = inputs.dataset, config.world, config.simulation
    synthetic = inputs.platform is not None
    worlds = world.worlds if synthetic else 1 + world.groups
    runs = worlds * simulation.replications * len(config.feeds())
    per_tick = len(ds.account_ids) * config.behaviour.activity
    per_run = int(per_tick * simulation.ticks * simulation.slots)
    scan, communities = config.s_scan, config.communities
    data = ", ".join(f"{f.height:,} {name}" for name, f in ds.tables.items())
    posts = f"{_count_posts(config, ds):,} {world.posts} posts"
    swept = min(scan.worlds, worlds) if synthetic else worlds
    sweep = f"{len(scan.social_share)} values of s in {swept} worlds"
    parts = f"the data's own and {world.groups} without a group of accounts each"
    made = "made independently" if synthetic else parts if world.groups else "the data's own"
    rows = {
        "data": f"{config.data.source}: {data}",
        **({"terms": refresh_text(ds)} if ds.refresh_due else {}),
        "communities": f"{communities.between} through {communities.through}, "
        f"{communities.runs} runs of Leiden ({communities.engine}), "
        f"{communities.null_draws or 'no'} random logs",
        "worlds": f"{worlds} of {len(ds.account_ids):,} accounts and about {posts} ({made})",
        "arms": f"{', '.join(config.feeds())} (baseline: {config.arms[0].name}, level of chance: {config.random_arm})",
        "simulation": f"{runs} runs of about {per_run:,} impressions, budget {simulation.budget}",
        "economy": _economy_plan(config),
        "s scan": sweep if scan.social_share else "none",
        "other conditions": _conditions_plan(config, worlds, synthetic),
        "behaviour": "fitted to the log of the data"
        if config.calibration.log
        else "calibrated"
        if config.behaviour.calibrated
        else "not calibrated",
    }
    return pl.DataFrame({"stage": list(rows), "what": list(rows.values())})


def _economy_plan(config: StudyConfig) -> str:
    """The payout schemes that are compared, and whether they need runs of their own."""
    schemes = config.compared_payouts
    if not schemes:
        return "none: no payout scheme"
    names = ", ".join(payout.name for payout in schemes)
    if config.simulation.budget == "matched":
        return f"{names}, in the same runs: creators respond to nothing"
    anew = len(schemes) - (config.payout is not None)
    return f"{names}; {anew} with as many runs of their own as the simulation"


def _conditions_plan(config: StudyConfig, worlds: int, synthetic: bool) -> str:
    """How many conditions are tried by simulations, in how many worlds, and by other partitions."""
    wanted = config.conditions
    some = min(wanted.worlds, worlds) if synthetic else worlds
    names = ("feature_noise", "profile_noise", "topic_penalty", "slots", "posts_per_tick")
    simulated = int(wanted.cold_start) + sum(
        len(getattr(wanted, name)) for name in (*names, "space", "homophily")
    )
    partitions = wanted.partition_seeds + sum(
        len(getattr(wanted, name)) for name in ("resolution", "top", "min_shared")
    )
    return (
        f"at most {simulated} by simulations in {some} worlds, {partitions} by other partitions, and "
        "two readings of open slots"
    )


_PACKAGES = "igraph leidenalg matplotlib numba numpy polars scikit-learn scipy"


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results may depend on."""
    found = {"python": machine.python_version()}
    for name in _PACKAGES.split():
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def manifest_facts(result: StudyResult, inputs: StudyInputs, seed: int) -> dict[str, Any]:
    """Seeds, versions, keys of the inputs, and headlines for the manifest."""
    communities = community_facts(result.communities, seed)
    spread = result.spread
    return {
        "seed": seed,
        "study": public_config(result.config).model_dump(mode="json"),
        "inputs": {
            "dataset": inputs.dataset.content_key,
            "communities from": communities.pop("dataset"),
            "worlds": [world.content_key for world in spread.worlds],
        },
        "source": communities.pop("source"),
        "terms": communities.pop("terms"),
        "versions": versions(),
        "spread": spread.content_key,
        "calibrated": spread.calibrated,
        "budget": spread.budget,
        "headlines": [
            {"title": f.title, "verdict": f.verdict, "sentences": list(f.sentences)}
            for headline in result.headlines
            for f in headline.findings
        ],
        "disclosure": result.disclosure,
        "notes": list(result.notes),
        "communities": {k: v for k, v in communities.items() if k not in ("seed", "notes")},
    }

"""Calibration of a study's viewers, and the published figures that its own runs meet."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from graphkit.attribution import Validation, published_figures
from graphkit.attribution.figures import ROLES, tuning_history
from graphkit.attribution.validation import NOT_COMPUTED
from graphkit.data.spread import Spread
from graphkit.rng import Streams
from graphkit.simulation import calibrate, scan_impressions
from graphkit.study.config import StudyConfig
from graphkit.study.folder import ResultsFolder
from graphkit.study.inputs import StudyInputs
from graphkit.study.results import StudyResult

__all__: list[str] = []


def calibrate_viewers(
    config: StudyConfig, inputs: StudyInputs, folder: ResultsFolder, streams: Streams
) -> StudyConfig:
    """The study with its behaviour fitted to the log of the data, if ``calibration.log`` says so."""
    if not config.calibration.log:
        return config
    with folder.stage("calibration"):
        found = calibrate(config.behaviour, inputs.source, rng=streams.integer("calibration"))
        folder.table("calibration", found.parameters)
    return config.model_copy(update={"behaviour": found.behaviour})


def validate_runs(config: StudyConfig, spread: Spread, log: Path | None) -> Validation:
    """The published figures that the arms of the study meet; nothing else is simulated.

    The first arm of a preset stands for it, also with changed numbers.
    """
    arms: dict[str, str] = {}
    for arm in config.arms:
        if arm.preset is not None and arm.preset in ROLES:
            arms.setdefault(arm.preset, arm.name)
    rows = None if log is None else scan_impressions(log, verify=False)
    return Validation.of(spread, arms=arms, impressions=rows)


def published_text(result: StudyResult) -> list[str]:
    """Which calibration the study has, and how many published figures its runs meet."""
    wanted, found = result.config.calibration, result.validation
    chosen = {
        "none": "The numbers of feeds and viewers are not chosen by published figures; those marked tune "
        "chose the preset 'published', which this study does not use",
        "published": "The numbers of preset feeds are those chosen by the published figures marked tune"
        if wanted.log
        else "The numbers of preset feeds and of viewers are those chosen by the published figures "
        "marked tune",
    }[wanted.preset]
    fitted = "fitted to the log of the data" if wanted.log else "not fitted to a log"
    texts = [f"{chosen}; the viewers' behaviour is {fitted}."]
    if wanted.preset == "published":
        texts.append(tuning_history())
    if found is None:
        return texts
    met, within = found.met()
    verdicts = found.frame.get_column("verdict")
    missing = int(verdicts.str.starts_with(NOT_COMPUTED).sum())
    texts.append(
        f"Of {found.frame.height} published figures, the runs of this study meet {met} in direction or "
        f"level, {within} of them within tolerance; {missing} are not computed, because the runs lack what "
        "the table names. The figures are of other platforms, years and people: to meet them is no proof "
        "that the model is right, and not to meet one says where it falls short."
    )
    return texts


def published_table(result: StudyResult) -> pl.DataFrame | None:
    """The figures for the report."""
    if result.validation is None:
        return None
    stated = published_figures().select("statement", "how_read", figure="key")
    columns = ("published", "tolerance", "ours", "low", "high", "verdict", "use")
    rows = result.validation.frame.join(stated, on="figure", maintain_order="left")
    return rows.select(
        pl.col("statement").alias("figure"), "source", pl.col("how_read").alias("read"), *columns
    )

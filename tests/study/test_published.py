"""Published figures in studies, and the numbers that a study takes from them or from its log."""

from __future__ import annotations

import html
import tomllib
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from graphkit.attribution import published_figures
from graphkit.errors import OptionError
from graphkit.recommenders import interest_centric, published
from graphkit.simulation import Behaviour
from graphkit.study import CalibrationConfig, StudyConfig, StudyResult, run_study
from graphkit.study.published import published_text

TINY = """
[data]
source = "synthetic"
accounts = 250
[communities]
runs = 2
null_draws = 0
[world]
worlds = 2
ticks = 3
[simulation]
ticks = 3
slots = 4
impressions = true
[s_scan]
social_share = []
[conditions]
cold_start = false
feature_noise = []
[calibration]
log = true
[[arms]]
name = "friends"
preset = "follower_centric"
[[arms]]
name = "taste"
preset = "interest_centric"
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, all_undrawn: None) -> StudyResult:
    folder = tmp_path_factory.mktemp("study")
    (folder / "tiny.toml").write_text(TINY)
    return run_study(folder / "tiny.toml", folder / "out")


def test_the_results_hold_every_figure(result: StudyResult) -> None:
    table = pl.read_parquet(result.folder / "tables" / "validation.parquet")
    assert table["figure"].to_list() == published_figures()["key"].to_list()
    assert result.validation is not None
    assert table.equals(result.validation.frame)
    said = dict(table.select("figure", "verdict").iter_rows())
    # by presets, not by the names of the arms
    assert not said["exploit_share"].startswith("not computed")
    assert said["ranked_less_congruent"] == "not computed: needs the arm chronological"


def test_the_viewers_are_fitted_to_the_log_and_the_report_says_so(result: StudyResult) -> None:
    assert result.config.behaviour.calibrated
    assert result.spread.calibrated
    fitted = pl.read_parquet(result.folder / "tables" / "calibration.parquet")
    after = dict(fitted.select("parameter", "after").iter_rows())
    assert after["watch_base"] == result.config.behaviour.watch_base
    report = html.unescape((result.folder / "report.html").read_text(encoding="utf-8"))
    assert '<h2 id="published">Validation: published figures</h2>' in report
    assert "the viewers' behaviour is fitted to the log of the data" in report
    assert "are not chosen by published figures" in report
    assert "Of 18 published figures, the runs of this study meet" in report
    # statements and how they were read, no keys
    assert "attention to the videos of the For You feed is about 45 per cent" in report
    assert "attention_stable" not in report
    assert "memory: not checked" in report
    assert "not a blind test" not in report  # nothing is tuned here


def test_the_published_preset_changes_what_a_study_leaves_alone() -> None:
    plain = StudyConfig.of({})
    assert plain.calibration == CalibrationConfig(preset="none", log=False)
    assert plain.behaviour == Behaviour()
    assert plain.feeds()["interest"].topic_penalty == interest_centric().topic_penalty
    chosen = StudyConfig.of({"calibration": {"preset": "published"}})
    assert chosen.behaviour == Behaviour.published()
    feed = chosen.feeds()["interest"]
    assert not feed.diff(published("interest_centric")).height
    values = {"calibration": {"preset": "published"}, "behaviour": {"watch_base": -1.0}}
    arms = [
        {"name": "a", "preset": "chronological"},
        {"name": "b", "preset": "interest_centric", "topic_penalty": 0.5},
    ]
    own = StudyConfig.of({**values, "arms": arms})
    assert own.behaviour.watch_base == -1.0
    assert own.behaviour.comment_divisive == Behaviour.published().comment_divisive
    assert own.feeds()["b"].topic_penalty == 0.5
    assert own.feeds()["b"].signals == published("interest_centric").signals


def test_a_study_with_the_preset_reads_back_as_it_is(tmp_path: Path) -> None:
    chosen = StudyConfig.of({"calibration": {"preset": "published"}})
    assert StudyConfig.of(tomllib.loads(chosen.to_toml())) == chosen


def test_a_report_says_how_the_preset_was_chosen(result: StudyResult) -> None:
    values = {"calibration": {"preset": "published", "log": True}}
    chosen = replace(result, config=StudyConfig.of(values))
    first, second, *_ = published_text(chosen)
    # viewers that are fitted to a log have no numbers of the preset
    assert first.startswith("The numbers of preset feeds are those chosen by the published figures")
    assert "fitted to the log" in first
    assert "tried by hand" in second
    assert "not a blind test" in second
    plain = replace(result, config=StudyConfig.of({"calibration": {"preset": "published"}}))
    assert "preset feeds and of viewers" in published_text(plain)[0]


def test_another_preset_is_refused() -> None:
    with pytest.raises(OptionError, match=r"calibration\.preset"):
        StudyConfig.of({"calibration": {"preset": "publishd"}})
    with pytest.raises(OptionError, match="interest_centric"):
        published("interest")

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.platform import Platform
from graphkit.errors import FileError, GraphkitWarning, OptionError
from graphkit.study import study_communities


@pytest.fixture(scope="module")
def platform() -> Platform:
    return gk.synthetic.platform(accounts=800, rng=5)


def hashes(folder: Path) -> dict[str, bytes]:
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "timings.json"]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def test_the_whole_chain_twice_is_the_same_bytes(platform: Platform, tmp_path: Path) -> None:
    options: dict[str, Any] = {"runs": 3, "truth": platform.truth, "null_draws": 19, "rng": 2}
    one = study_communities(platform.dataset, tmp_path / "1", **options)
    study_communities(platform.dataset, tmp_path / "2", **options)
    assert hashes(tmp_path / "1") == hashes(tmp_path / "2")
    names = {"dataset", "graphs", "communities", "names", "visibility", "borders", "null"}
    present = {p.stem for p in (tmp_path / "1" / "tables").glob("*.csv")}
    assert present == names | {"recovery"}
    figures = {p.name for p in (tmp_path / "1" / "figures").iterdir()}
    names = ("communities", "visibility", "borders", "map")
    assert figures == {f"{name}{end}" for name in names for end in (".png", ".svg", "_phone.svg")}
    assert one.found
    assert one.recovery is not None
    overall = one.recovery.filter(pl.col("planted") == "all (AMI)")
    assert overall["interest"][0] > 0.6
    assert overall["components"][0] < 0.1
    manifest = json.loads((tmp_path / "1" / "manifest.json").read_text())
    assert manifest["seed"] == 2
    assert manifest["verdict"] == one.verdict == "stable"
    assert one.null is not None
    assert one.null.stable
    assert manifest["null"] == one.null.frame.to_dicts()
    written = pl.read_parquet(tmp_path / "1/tables/null.parquet")
    assert written.equals(one.null.frame)
    assert written["p"].to_list() == [0.05, 0.05]
    assert manifest["provenance"]["verb"] == "disclosed_names"
    assert "none found" not in repr(one)
    assert "#" in one._repr_html_()
    # Methods say what the test said, and name the seed of the study first
    page = (tmp_path / "1" / "report.html").read_text()
    assert "not tested" not in page
    assert "were compared with those of 19 projections of random logs" in page
    assert "random seed: 2, from which" in page


@pytest.mark.usefixtures("undrawn")
def test_without_follows_it_says_so(platform: Platform, tmp_path: Path) -> None:
    tables = {k: v for k, v in platform.dataset.tables.items() if k != "follows"}
    study = study_communities(gk.Dataset(**tables), tmp_path / "out", runs=2, null_draws=19, rng=1)
    assert study.visibility is None
    assert study.notes == ("no visibility: the dataset has no follows",)
    assert not (tmp_path / "out/tables/visibility.csv").exists()


@pytest.mark.usefixtures("undrawn")
def test_without_tags_it_says_so(platform: Platform, tmp_path: Path) -> None:
    ds = platform.dataset
    bare = gk.Dataset(interactions=ds.interactions.select("account_id", "item_id", "kind"))  # type: ignore[union-attr]
    study = study_communities(bare, tmp_path / "out", runs=2, null_draws=0, rng=1)
    assert study.notes[0] == "null not tested: the test was left out"
    assert any(note.startswith("no names:") for note in study.notes)
    assert study.partition.labels[0] is None


@pytest.mark.usefixtures("undrawn")
def test_nothing_planted_nothing_found(tmp_path: Path) -> None:
    empty = gk.synthetic.platform(accounts=1500, mixing=1.0, rng=11)
    options: dict[str, Any] = {"runs": 5, "truth": empty.truth, "null_draws": 19, "rng": 1}
    study = study_communities(empty.dataset, tmp_path / "out", **options)
    assert study.partition.verdict == study.verdict == "runs disagree"
    assert study.null is not None
    assert not study.null.stable
    assert not study.found
    assert "none found" in repr(study)
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["communities_found"] == 0
    assert study.recovery is not None
    assert abs(study.recovery["interest"][-1]) < 0.05
    assert not gk.find_community(study.partition, empty.dataset, tags=("alttok", "altfashion"))


def test_bad_options_come_before_any_work(platform: Platform, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="between"):
        study_communities(platform.dataset, tmp_path / "out", between="account", rng=1)
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="is a file"):
        study_communities(platform.dataset, tmp_path / "file", rng=1)


def random_log(seed: int) -> gk.Dataset:
    draws = np.random.default_rng(seed)
    rows = {"account_id": draws.integers(0, 300, 900), "item_id": draws.integers(0, 3000, 900)}
    acts = pl.DataFrame(rows).unique().sort("account_id", "item_id").cast(pl.String)
    return gk.Dataset(interactions=acts.with_columns(kind=pl.lit("like")))


@pytest.mark.usefixtures("undrawn")
def test_runs_that_agree_on_a_random_log_are_no_communities(tmp_path: Path) -> None:
    """Sparse projections have cliques that every run finds again."""
    study = study_communities(random_log(0), tmp_path / "out", runs=5, null_draws=19, rng=0)
    assert study.partition.verdict == "runs agree; null not tested"
    assert study.verdict == "not distinguishable from the null"
    assert not study.found
    assert "agreement p = 0.9" in study.reason
    assert "none found" in repr(study)


@pytest.mark.usefixtures("undrawn")
def test_without_a_null_nothing_is_found(platform: Platform, tmp_path: Path) -> None:
    options: dict[str, Any] = {"weight": "pairs", "top": 20, "runs": 2, "rng": 1}
    study = study_communities(platform.dataset, tmp_path / "out", **options)
    assert study.null is None
    assert study.notes[0].startswith("null not tested: weight='pairs' counts repeated")
    assert (study.found, study.verdict) == (False, study.partition.verdict)
    assert f"{study.partition.n_communities}, not tested against chance" in repr(study)
    assert "none found" not in repr(study)
    assert not (tmp_path / "out/tables/null.csv").exists()
    with pytest.raises(OptionError, match="null_draws=5: with fewer than 19"):
        study_communities(platform.dataset, tmp_path / "new", null_draws=5)


@pytest.mark.usefixtures("undrawn")
def test_finished_results_of_another_study_are_not_replaced_silently(
    platform: Platform, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"runs": 2, "null_draws": 0, "rng": 1}
    study_communities(platform.dataset, tmp_path / "out", **options)
    study_communities(platform.dataset, tmp_path / "out", **options)  # the same again
    for changed in ({"rng": 2}, {"top": 9}):
        with pytest.warns(GraphkitWarning, match="the finished results of another study"):
            study_communities(platform.dataset, tmp_path / "out", **options | changed)

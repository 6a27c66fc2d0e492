"""Bundles of aggregates: no id, no small group, and what was left out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.errors import FileError, MissingDataError, OptionError
from graphkit.measures import mixing
from graphkit.study import (
    CommunityStudy,
    StudyConfig,
    read_results,
    share_bundle,
    study_communities,
)
from graphkit.study.disclosure import drop_rare_tags, merge_small, rounded_mixing

LEAST = 30


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> CommunityStudy:
    dataset = gk.synthetic.platform(accounts=400, rng=5).dataset
    folder = tmp_path_factory.mktemp("study") / "results"
    whole: dict[str, Any] = {"min_group_size": 1, "members": "raw"}
    return study_communities(dataset, folder, runs=2, null_draws=0, **whole, rng=2)


@pytest.fixture(scope="module")
def bundle(study: CommunityStudy) -> Path:
    return share_bundle(study, study.folder.parent / "bundle", min_group_size=LEAST)


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / "tables" / f"{name}.parquet")


def left_out(folder: Path) -> dict[str, int | None]:
    return dict(table(folder, "left_out").select("what", "rows").rows())


def test_share_bundle_holds_no_id(study: CommunityStudy, bundle: Path) -> None:
    ids = {*study.dataset.account_ids.ids.tolist(), *study.dataset.item_ids.ids.tolist()}
    for path in bundle.rglob("*"):
        if path.suffix in (".csv", ".md", ".json"):
            words = set(path.read_text().replace('"', ",").replace("\n", ",").split(","))
            assert not ids & words, path
        if path.suffix == ".parquet":
            for column in pl.read_parquet(path).select(pl.col(pl.String)).iter_columns():
                assert not ids & set(column.drop_nulls()), path
    assert not (bundle / "tables/members.parquet").exists()


def test_share_bundle_merges_before_it_computes(study: CommunityStudy, bundle: Path) -> None:
    merged, _ = merge_small(study.partition, LEAST)
    assert merged.n_communities < study.partition.n_communities  # or nothing is tested
    communities = table(bundle, "communities")
    assert communities["size"].to_list() == merged.sizes.tolist()
    assert communities["size"].min() >= LEAST  # type: ignore[operator]
    assert communities["consistency"].equals(merged.summary()["consistency"])
    assert communities["share"].sum() == pytest.approx(1)
    assert study.follows is not None
    borders = table(bundle, "borders")
    graphs = {"shared interest": study.graph, "follows": study.follows}
    for name, graph in graphs.items():
        found, whole = borders.filter(graph=name), mixing(graph, merged)
        own = rounded_mixing(whole, LEAST).frame
        # follows are counts, and told in multiples
        assert own.equals(whole.frame) == (name != "follows")
        assert name != "follows" or (found["observed"] % LEAST == 0).all()
        for column in ("observed", "expected"):
            assert np.allclose(found[column], own[column]), (name, column)
        assert np.allclose(found["log2_ratio"].fill_null(99), own["log2_ratio"].fill_null(99))


def test_share_bundle_shows_no_small_count(bundle: Path) -> None:
    names = bundle / "tables/names.parquet"
    assert not names.exists() or pl.read_parquet(names)["nodes"].min() >= LEAST  # type: ignore[operator]
    seen = table(bundle, "visibility")
    assert seen["shared"].min() >= LEAST  # type: ignore[operator]
    assert "other" not in seen["label"].to_list()
    assert set(seen["label"]) <= set(table(bundle, "communities")["label"])
    assert not {"low", "high"} & set(table(bundle, "dataset").columns)
    facts = table(bundle, "graphs")["fact"].to_list()
    assert "nodes" in facts
    assert not [fact for fact in facts if "largest" in fact or "without" in fact]


def test_share_bundle_says_what_was_left_out(study: CommunityStudy, bundle: Path) -> None:
    merged, _ = merge_small(study.partition, LEAST)
    told = left_out(bundle)
    n = study.partition.n_communities - merged.n_communities + 1
    assert told["communities, merged into 'other'"] == n
    readme = (bundle / "README.md").read_text()
    assert all(what in readme for what in told)
    assert f"at least {LEAST} accounts" in readme
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["min_group_size"] == LEAST
    assert "source" not in manifest
    present = {str(p.relative_to(bundle)) for p in bundle.rglob("*") if p.is_file()}
    assert set(manifest["files"]) == present - {"manifest.json"}


def test_share_bundle_of_the_folder_is_the_same_bytes(
    study: CommunityStudy, bundle: Path, tmp_path: Path
) -> None:
    again = share_bundle(study.folder, tmp_path / "b", min_group_size=LEAST)
    for path in bundle.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(bundle)).read_bytes(), path


@pytest.mark.usefixtures("undrawn")
def test_share_bundle_of_a_simulation_has_no_rows_of_communities(
    study: CommunityStudy, tmp_path: Path
) -> None:
    results = shutil.copytree(study.folder, tmp_path / "results")
    outcome = pl.DataFrame(
        {
            "arm": ["a", "a", "a"],
            "community": [None, "#x", None],
            "measure": ["crossing", "crossing", "unassigned_accounts"],
            "value": [1.0, 2.0, 4.0],
        }
    )
    outcome.write_parquet(results / "tables/outcome.parquet")
    outcome.write_parquet(results / "tables/flows.parquet")
    (results / "figures/reach.png").write_bytes(b"png")
    one = share_bundle(results, tmp_path / "one", min_group_size=LEAST)
    assert table(one, "outcome").rows() == [("a", "crossing", 1.0)]
    told = left_out(one)
    assert told["rows of outcome"] == 1
    assert "the table flows" in told
    # nobody knows which groups the figures of the simulation show
    assert told["figures of the simulation"] == 1
    for least, copied in ((LEAST - 1, False), (LEAST, True)):
        config = StudyConfig.of({"report": {"min_group_size": least}})
        (results / "study.toml").write_text(config.to_toml())
        share_bundle(results, one, min_group_size=LEAST)
        assert (one / "figures/reach.png").exists() == copied


def test_share_bundle_refuses_what_it_cannot_share(study: CommunityStudy, tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="nothing to share"):
        share_bundle(study, tmp_path / "b", min_group_size=300)
    with pytest.raises(OptionError, match="min_group_size"):
        share_bundle(study, tmp_path / "b", min_group_size=1)
    with pytest.raises(OptionError, match="is the folder of the results"):
        share_bundle(study, study.folder)
    with pytest.raises(FileError, match=r"no results folder .* A bundle needs no members\.$"):
        share_bundle(tmp_path, tmp_path / "b")
    assert not (tmp_path / "b").exists()
    results = shutil.copytree(study.folder, tmp_path / "results")
    record = json.loads((results / "manifest.json").read_text()) | {"finished": False}
    (results / "manifest.json").write_text(json.dumps(record))
    with pytest.raises(FileError, match="did not finish"):
        share_bundle(results, tmp_path / "b")


@pytest.mark.usefixtures("undrawn")
def test_share_bundle_needs_no_members(tmp_path: Path) -> None:
    dataset = gk.synthetic.platform(accounts=400, rng=5).dataset
    study = study_communities(dataset, tmp_path / "results", runs=2, null_draws=0, rng=2)
    with pytest.raises(FileError, match="with --members raw"):
        read_results(study.folder)
    merged, _ = merge_small(study.partition, LEAST)
    shared = share_bundle(study.folder, tmp_path / "shared", min_group_size=LEAST)
    found = table(shared, "communities")
    assert found["size"].to_list() == merged.sizes.tolist()
    assert tuple(found["label"]) == drop_rare_tags(merged, LEAST).labels
    assert np.allclose(found["consistency"], merged.summary()["consistency"], rtol=1e-5)
    borders = table(shared, "borders").filter(graph="shared interest")
    own = mixing(study.graph, merged).frame
    assert np.allclose(borders["observed"], own["observed"])

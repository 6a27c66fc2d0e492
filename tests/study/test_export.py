"""Graphs of studies and datasets as files, with communities of results folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.dataset import Dataset
from graphkit.errors import FileError, OptionError
from graphkit.readwrite import read_graph, write_graph
from graphkit.study import CommunityStudy, read_results, study_communities, write_study_graph
from graphkit.study.export import export_graph


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return gk.synthetic.platform(accounts=300, rng=5).dataset


@pytest.fixture(scope="module")
def data(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gk.write_dataset(dataset, tmp_path_factory.mktemp("export") / "data")


@pytest.fixture(scope="module")
def study(data: Path, all_undrawn: None) -> CommunityStudy:
    ds, _ = gk.read_any(data)
    options = {"weight": "count", "max_degree": 60, "runs": 2, "null_draws": 0}
    options |= {"min_group_size": 1, "members": "raw"}
    return study_communities(ds, data.parent / "results", **options, rng=2)  # type: ignore[arg-type]


def test_read_results_gives_what_the_study_found(study: CommunityStudy) -> None:
    partition, seen = read_results(study.folder)
    own = study.partition
    assert partition.vocabulary == own.vocabulary
    assert np.array_equal(partition.membership, own.membership)
    assert [partition.name(c) for c in range(9)] == [own.name(c) for c in range(9)]
    assert partition.summary().equals(own.summary())
    assert partition.node_kind == "accounts"
    assert partition.evidence is not None
    assert own.evidence is not None
    assert partition.evidence.equals(own.evidence)
    assert seen is not None
    assert study.visibility is not None
    assert seen.frame.equals(study.visibility.frame)


def test_read_results_refuses_other_folders(data: Path, tmp_path: Path) -> None:
    for folder in (data, tmp_path, tmp_path / "none"):
        with pytest.raises(FileError, match="no results folder"):
            read_results(folder)


def test_write_study_graph_merges_small_communities(study: CommunityStudy, tmp_path: Path) -> None:
    least = int(study.partition.sizes[-3])
    path = write_study_graph(study, tmp_path / "g.gexf", min_group_size=least + 1)
    graph, _ = read_graph(path)
    assert graph.content_key == study.graph.content_key
    assert graph.attributes is not None
    table = graph.attributes
    sizes = table.drop_nulls("community").group_by("community_label").len()
    assert sizes["len"].min() >= least + 1  # type: ignore[operator]
    other = table.filter(community_label="other")
    small = [c for c in range(study.partition.n_communities) if study.partition.sizes[c] <= least]
    members = {one for c in small for one in study.partition.members(c)}
    assert members <= set(other["id"])
    assert other["visibility"].null_count() == other.height
    whole = write_study_graph(study, tmp_path / "all.gexf", min_group_size=1)
    labels = read_graph(whole)[0].attributes
    assert labels is not None
    assert dict(labels.select("id", "community_label").rows()) == dict(
        study.partition.frame().select("id", "label").rows()
    )


def test_export_graph_builds_the_graph_of_the_results(
    study: CommunityStudy, data: Path, tmp_path: Path
) -> None:
    own = write_study_graph(study, tmp_path / "own.gexf")
    said = export_graph(data, tmp_path / "again.gexf", partition=str(study.folder))
    assert own.read_bytes() == (tmp_path / "again.gexf").read_bytes()
    assert f"Graph of {study.graph.n_nodes} nodes" in " ".join(said)
    study.partition.save(tmp_path / "p.npz")
    study.graph.save(tmp_path / "g.npz")
    options = {"partition": str(tmp_path / "p.npz"), "min_group_size": 1}
    export_graph(tmp_path / "g.npz", tmp_path / "saved.graphml", **options)  # type: ignore[arg-type]
    assert read_graph(tmp_path / "saved.graphml")[0].content_key == study.graph.content_key


def test_export_graph_of_other_edges_and_of_graph_files(dataset: Dataset, data: Path) -> None:
    folder = data.parent
    said = export_graph(data, folder / "f.csv", edges="follows")
    assert "takes cells that begin with = + - @" in said[-1]
    # the table of nodes beside it holds those without an edge
    export_graph(folder / "f.csv", folder / "f.graphml", directed=True)
    follows = gk.follow_graph(dataset)
    assert read_graph(folder / "f.graphml")[0].content_key == follows.content_key
    export_graph(data, folder / "i.gexf", edges="interactions", kinds=["comment"])
    found = read_graph(folder / "i.gexf")[0]
    comments = gk.interaction_graph(dataset, ["comment"])
    assert found.edges().rows() == comments.edges().rows()


def test_export_graph_replaces_communities_of_a_file(tmp_path: Path) -> None:
    table = {"id": list("abcdef"), "community": [5, 5, 5, 7, 7, 7], "age": range(6)}
    graph = gk.Graph.from_edges("abcdef", "bcadef", directed=False, attributes=table)
    write_graph(graph, tmp_path / "g.gexf")
    options = {"partition": "community", "min_group_size": 1}
    said = export_graph(tmp_path / "g.gexf", tmp_path / "h.parquet", **options)  # type: ignore[arg-type]
    assert said[0] == "Replaced by the partition: community."
    nodes = pl.read_parquet(tmp_path / "h_nodes.parquet")
    assert nodes.columns == ["Id", "Label", "age", "community", "community_label"]
    assert nodes["community_label"].to_list() == ["5", "5", "5", "7", "7", "7"]


def test_export_graph_says_what_is_missing(study: CommunityStudy, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="holds no edges: graphkit export DATASET --partition"):
        export_graph(study.folder, tmp_path / "g.gexf")
    with pytest.raises(OptionError, match="known by the ending"):
        export_graph(study.folder, tmp_path / "g.dot")

"""Graphs of studies and datasets with their communities, and communities of results folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.files import read_record
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition, Runs
from graphkit.data.provenance import Provenance
from graphkit.data.visibility import Visibility
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import FileError, check_integer
from graphkit.graphs import cointeraction_graph, follow_graph, interaction_graph
from graphkit.readwrite import read_any, read_graph, write_graph
from graphkit.readwrite.graph_files import check_graph_ending
from graphkit.study.disclosure import merge_small
from graphkit.study.results import CommunityStudy, StudyResult

__all__ = ["export_graph", "read_results", "read_table", "write_study_graph"]

MANIFEST = "manifest.json"
#: Endings of graph files, and of graphs that graphkit saved.
_GRAPHS = (".gexf", ".graphml", ".gml", ".net", ".paj", ".npz")
#: Options of a projection that a partition records.
_PROJECTION = (
    *("between", "through", "kinds", "weight", "min_shared"),
    *("max_degree", "window", "top", "exclude"),
)
#: Columns that a partition and its visibility become.
_COLUMNS = ("community", "community_label", "consistency", "visibility")


def write_study_graph(
    study: CommunityStudy | StudyResult, path: str | Path, *, min_group_size: int = 10
) -> Path:
    """Write the co-interaction graph of a study with its communities as attributes of the nodes.

    The file holds the ids of the data and every edge: keep it as you keep the data. Communities of
    fewer than `min_group_size` members are one, ``other``, as in :func:`share_bundle`; 1 keeps all.

    Parameters
    ----------
    study
        Result of :func:`graphkit.study_communities` or :func:`graphkit.run_study`.
    path
        The file, of a format of :func:`graphkit.readwrite.write_graph`.
    min_group_size
        Smallest community that keeps its name.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    OptionError
        If the ending of the path is of no format that is written.
    """
    least = check_integer("min_group_size", min_group_size, low=1)
    found = study.communities if isinstance(study, StudyResult) else study
    partition, seen = merge_small(found.partition, least, found.visibility)
    return write_graph(found.graph, path, partition=partition, visibility=seen)


def read_results(folder: str | Path) -> tuple[Partition, Visibility | None]:
    """Partition and visibility of a results folder of ``graphkit communities`` or ``graphkit run``.

    Parameters
    ----------
    folder
        The folder. Memberships of single runs are not in it, so that the partition has one run, with
        the agreement and the consistency of all.

    Returns
    -------
    tuple of Partition and Visibility
        The second is `None` if the study had no follows.

    Raises
    ------
    FileError
        If the folder holds no finished results, no table of members (which a study writes on
        request), or a damaged table.
    """
    folder = Path(folder)
    record = read_record(folder / MANIFEST) if folder.is_dir() else None
    if record is None or "tables/members.parquet" not in record["files"]:
        raise FileError(
            f"{folder} is no results folder with members of communities: give the folder that `graphkit "
            "communities --out` or `graphkit run --out` wrote, with --members raw."
        )
    if not record["finished"]:
        raise FileError(f"{folder}: this study did not finish: run it again first.")
    about = record.get("communities", record)
    members = read_table(folder, "members")
    assert members is not None
    vocabulary = Vocabulary(members.get_column("id"))
    codes = members.get_column("community").fill_null(-1).to_numpy().astype(np.int32)
    named = members.drop_nulls("community").unique("community").sort("community")
    runs = None
    if "consistency" in members.columns:
        values = members.get_column("consistency").cast(pl.Float32).fill_null(float("nan"))
        stability = about.get("agreement_of_runs")
        agreement = float("nan") if stability is None else float(stability)
        runs = Runs(codes[None], np.full(1, np.nan), agreement, values.to_numpy())
    made = Provenance.from_dict(about["provenance"])
    partition = Partition(
        vocabulary,
        codes,
        tuple(named.get_column("label")),
        runs=runs,
        evidence=read_table(folder, "names"),
        node_kind=made.find("between") or "nodes",
        provenance=made,
    )
    seen = read_table(folder, "visibility")
    if seen is None:
        return partition, None
    return partition, Visibility(seen, np.empty((0, 0), np.int32), float("nan"))


def read_table(folder: Path, name: str) -> pl.DataFrame | None:
    """A table of a results folder; `None` if there is none."""
    path = folder / "tables" / f"{name}.parquet"
    if not path.exists():
        return None
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FileError(f"{path} cannot be read: {error}. Run the study again.") from error


def export_graph(
    path: str | Path,
    out: str | Path,
    *,
    edges: str = "cointeraction",
    partition: str | None = None,
    directed: bool | None = None,
    kinds: Sequence[str] | None = None,
    min_group_size: int = 10,
    options: Mapping[str, Any] | None = None,
) -> list[str]:
    """Write the graph of a dataset or of a graph file with communities; the words of ``graphkit export``.

    Parameters
    ----------
    path, out
        The dataset or graph file, and the file of :func:`graphkit.readwrite.write_graph`.
    edges
        Of a dataset: ``"cointeraction"``, ``"follows"`` or ``"interactions"``.
    partition
        A results folder, whose projection is then that of the graph, a file of ``Partition.save``, or
        an attribute of the nodes.
    directed
        Given for an edge list: whether its edges have a direction.
    kinds
        Kinds of interaction of the graph of a dataset.
    min_group_size
        Communities of fewer members are one, ``other``; 1 keeps all.
    options
        Those of :func:`graphkit.read_any`.

    Returns
    -------
    list of str
        What was done, in sentences.

    Raises
    ------
    GraphkitError
        If the data cannot be read, or the graph cannot be written.
    """
    path, out = Path(path), check_graph_ending(out)
    least = check_integer("min_group_size", min_group_size, low=1)
    found, seen = (None, None) if partition is None else _read_partition(partition)
    graph = _read_file(path, directed)
    if graph is None:
        graph = _graph_of_dataset(path, edges, found, kinds, options or {})
    if partition is not None and found is None:
        found = Partition.from_attribute(graph, partition)
    said = []
    names = [] if graph.attributes is None else graph.attributes.columns[1:]
    if found is not None:
        whole = found.n_communities
        found, seen = merge_small(found, least, seen)
        if found.n_communities < whole:
            n = whole - found.n_communities + 1
            said.append(f"{n:,} communities of fewer than {least} members are 'other'.")
        if replaced := [name for name in names if name in _COLUMNS]:
            said.append(f"Replaced by the partition: {', '.join(replaced)}.")
            names = [name for name in names if name not in _COLUMNS]
    write_graph(graph, out, partition=found, visibility=seen, attributes=names)
    said.append(f"Graph of {graph.n_nodes:,} nodes and {graph.n_edges:,} edges: {out}")
    said.append("It holds ids and edges: keep it as you keep the data.")
    if out.suffix.lower() == ".csv":
        said.append(
            "A spreadsheet takes cells that begin with = + - @ for formulas, and rounds long numbers: "
            "import the columns there as text."
        )
    return said


def _read_partition(given: str) -> tuple[Partition | None, Visibility | None]:
    """Partition of a results folder or a file; nothing if it is the name of an attribute."""
    if Path(given).is_dir():
        return read_results(given)
    if given.endswith(".npz"):
        return Partition.load(given), None
    return None, None


def _read_file(path: Path, directed: bool | None) -> Graph | None:
    """The graph of a graph file; `None` if the path is a dataset."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".npz"):
        return Graph.load(path)
    if directed is None and not name.endswith(_GRAPHS):
        return None
    nodes = path.with_name(f"{path.stem}_nodes{path.suffix}")  # as write_graph names it
    beside = nodes if name.endswith(".csv") and nodes.exists() else None
    return read_graph(path, directed=directed, nodes=beside)[0]


def _graph_of_dataset(
    path: Path,
    edges: str,
    partition: Partition | None,
    kinds: Sequence[str] | None,
    options: Mapping[str, Any],
) -> Graph:
    if (path / MANIFEST).exists():
        raise FileError(
            f"{path} is a results folder, which holds no edges: graphkit export DATASET --partition "
            f"{path} --out FILE writes its graph, and --to bundle its aggregates."
        )
    dataset, _ = read_any(path, **options)
    if edges == "follows":
        return follow_graph(dataset)
    if edges == "interactions":
        return interaction_graph(dataset, kinds) if kinds else interaction_graph(dataset)
    made = {} if partition is None else {n: partition.provenance.find(n) for n in _PROJECTION}
    wanted: dict[str, Any] = {"weight": "tfidf"} | {k: v for k, v in made.items() if v is not None}
    if kinds:
        wanted["kinds"] = kinds
    return cointeraction_graph(dataset, **wanted)

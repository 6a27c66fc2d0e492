"""Graphs that the tests of this room share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest

from graphkit.data.graph import Graph

FILES = {
    "dolphins": "dolphins/dolphins.edges",
    "football": "football/football.gml",
    "polbooks": "polbooks/polbooks.gml",
    "polblogs": "polblogs/polblogs.gml",
    "email": "email-Eu-core/email-Eu-core.txt",
}


@pytest.fixture(scope="session")
def benchmark(shared_data: Path) -> Callable[[str], Graph]:
    """The largest component of a benchmark graph: simple, undirected, unweighted."""
    folder = shared_data / "community_benchmarks"
    if not folder.is_dir():
        pytest.skip("the folder 'community_benchmarks' is absent")

    def load(name: str) -> Graph:
        path = folder / FILES[name]
        pattern = r"source (\d+)\s+target (\d+)" if path.suffix == ".gml" else r"(\d+)\s+(\d+)"
        found = re.findall(pattern, path.read_text())
        pairs = {(min(e), max(e)) for e in ((int(u), int(v)) for u, v in found) if e[0] != e[1]}
        graph = Graph.from_edges([u for u, _ in pairs], [v for _, v in pairs], directed=False)
        return graph.largest_component()

    return load


@pytest.fixture(scope="session")
def karate() -> Graph:
    return Graph.from_networkx(nx.karate_club_graph(), weight=None)


@pytest.fixture(scope="session")
def directed_karate() -> Graph:
    """Every edge from the lower to the higher node."""
    edges = [sorted(edge) for edge in nx.karate_club_graph().edges()]
    return Graph.from_edges([u for u, _ in edges], [v for _, v in edges], directed=True)

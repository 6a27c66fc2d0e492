"""Communities below a least size join a neighbour."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.communities import leiden
from graphkit.communities.leiden import merge_small
from graphkit.communities.prepare import prepare
from graphkit.communities.quality import evaluate
from graphkit.data.graph import Graph
from graphkit.errors import OptionError
from graphkit.nullmodels import random_graph

every_engine = pytest.mark.parametrize("engine", ["native", "igraph", "leidenalg"])


def tailed_triangles() -> Graph:
    """Two triangles, each with a pendant pair; and a pair of nodes apart."""
    return Graph.from_edges(
        "aabccg" + "ddefki" + "y",
        "bccdgh" + "effkij" + "z",
        [9, 9, 9, 0.5, 2, 9, 9, 9, 9, 2, 9, 9, 1],
        directed=False,
    )


@every_engine
def test_small_communities_join_the_neighbour_and_those_without_are_counted(engine: str) -> None:
    free = leiden(tailed_triangles(), resolution=2, engine=engine, rng=1)
    assert free.sizes.min() == 2
    p = leiden(tailed_triangles(), resolution=2, min_size=3, engine=engine, rng=1)
    assert p.sizes.min() >= 3
    members = dict(zip(p.vocabulary.ids.tolist(), p.membership.tolist(), strict=True))
    assert members["g"] == members["h"] == members["c"]
    assert members["y"] == members["z"] == -1
    removed = dict(p.provenance.removed)
    assert removed == {"nodes in communities below 3 that no neighbour can take": 2}
    assert p.provenance.parameters["min_size"] == 3
    assert p.quality == pytest.approx(
        evaluate(prepare(tailed_triangles(), caller="test"), p.membership, "modularity", 2.0)
    )


def slowly(
    n: int, ready: Any, codes: np.ndarray, quality: str, gamma: float, least: int, most: int | None
) -> np.ndarray:
    """The same rule by brute force: every join is tried, and the quality computed."""
    codes = np.unique(codes, return_inverse=True)[1]
    ties = np.zeros((n, n))
    ties[ready.source, ready.target] = ready.weight
    ties += ties.T
    while True:
        sizes = np.bincount(codes)
        small = [c for c in np.argsort(sizes, kind="stable").tolist() if sizes[c] < least]
        now, settled, joined = codes.copy(), set(), False
        for c in small:
            if c in settled:
                continue
            choices = []
            for d in np.unique(now).tolist():
                tied = ties[np.ix_(now == c, now == d)].any()
                if d == c or not tied or (most and (np.isin(now, [c, d])).sum() > most):
                    continue
                joint = np.where(now == c, d, now)
                choices.append((-round(evaluate(ready, joint, quality, gamma), 9), d))
            if choices:
                best = min(choices)[1]
                now[now == c] = best
                settled |= {c, best}
                joined = True
        if not joined:
            return np.where(sizes[codes] < least, -1, codes)
        codes = np.unique(now, return_inverse=True)[1]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    directed=st.booleans(),
    quality=st.sampled_from(["modularity", "cpm", "rber"]),
    least=st.integers(2, 6),
    most=st.sampled_from([None, 8]),
)
def test_the_neighbour_is_the_one_where_quality_loses_least(
    seed: int, quality: str, least: int, most: int | None, *, directed: bool
) -> None:
    rng = np.random.default_rng(seed)
    n = 24
    tail, head = rng.integers(0, n, (2, 30))
    other = tail != head
    weight = rng.lognormal(0, 1, 30)[other]
    graph = Graph.from_edges(tail[other], head[other], weight, directed=directed)
    ready = prepare(graph, caller="test")
    codes = rng.integers(0, 12, ready.size).astype(np.int32)
    found = merge_small(
        ready, codes, quality=quality, resolution=0.7, min_size=least, max_size=most
    )
    wanted = slowly(ready.size, ready, codes, quality, 0.7, least, most)
    assert np.array_equal(found < 0, wanted < 0)
    assert np.array_equal(found[:, None] == found, wanted[:, None] == wanted)


@every_engine
@pytest.mark.parametrize("directed", [True, False])
def test_sizes_hold_in_every_run(engine: str, *, directed: bool) -> None:
    graph = random_graph(300, 500, directed=directed, rng=1).graph
    p = leiden(graph, min_size=8, runs=3, engine=engine, rng=1)
    assert p.runs is not None
    assert p.n_unassigned == p.provenance.removed[
        "nodes without an edge"
    ] + p.provenance.removed.get("nodes in communities below 8 that no neighbour can take", 0)
    for membership in p.runs.memberships:
        assert np.bincount(membership[membership >= 0]).min() >= 8


def test_both_limits_hold() -> None:
    graph = Graph.from_networkx(nx.barabasi_albert_graph(300, 2, seed=1))
    p = leiden(graph, min_size=4, max_size=12, runs=3, rng=1)
    assert p.runs is not None
    for membership in p.runs.memberships:
        sizes = np.bincount(membership[membership >= 0])
        assert sizes.min() >= 4
        assert sizes.max() <= 12


def test_a_least_size_of_one_changes_nothing() -> None:
    graph = random_graph(200, 300, rng=1).graph
    assert leiden(graph, min_size=1, rng=1).content_key == leiden(graph, rng=1).content_key


def test_limits_that_contradict_each_other() -> None:
    with pytest.raises(OptionError, match="min_size=5 is above max_size=4"):
        leiden(tailed_triangles(), min_size=5, max_size=4)
    with pytest.raises(OptionError, match="min_size= is not available for surprise"):
        leiden(tailed_triangles(), quality="surprise", min_size=3)

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.errors import DataError, OptionError
from graphkit.measures import cascades
from graphkit.measures.cascades import KINDS, Cascades


def test_one_edge_stars_and_chains() -> None:
    for n in (2, 3, 10, 100):
        star = np.array([(0, k, -1, 0, k % 3) for k in range(1, n)])
        assert cascades(star, 1).virality[0] == pytest.approx(2 * (n - 1) / n)
        chain = np.array([(0, k, k - 1 if k > 1 else -1, k, k % 3) for k in range(1, n)])
        found = cascades(chain, 1)
        assert found.virality[0] == pytest.approx((n + 1) / 3)
        assert (found.size[0], found.depth[0], found.breadth[0]) == (n, n - 1, 1)
    assert cascades(np.array([[0, 1, -1, 0, 0]]), 1).virality[0] == 1


def test_the_laws_hold_for_answers_too() -> None:
    none = np.zeros((0, 5), np.int32)
    for n in (2, 3, 10, 100):
        star = cascades(none, n, answers_to=np.array([-1] + [0] * (n - 1)))
        assert star.virality[0] == pytest.approx(2 * (n - 1) / n)
        assert (star.size[0], star.depth[0], star.breadth[0]) == (n, 1, max(n - 1, 1))
        # a chain whose numbers run against the answers
        chain = cascades(none, n, answers_to=np.array([*range(1, n), -1]))
        assert chain.virality[-1] == pytest.approx((n + 1) / 3)
        assert (chain.size[-1], chain.depth[-1], chain.breadth[-1]) == (n, n - 1, 1)
        assert chain.size[:-1].tolist() == chain.breadth[:-1].tolist() == [0] * (n - 1)
        assert np.isnan(chain.virality[:-1]).all()


def test_no_shares_are_single_nodes() -> None:
    found = cascades(np.zeros((0, 5), np.int32), 2)
    assert found.size.tolist() == [1, 1]
    assert found.depth.tolist() == [0, 0]
    assert found.breadth.tolist() == [1, 1]
    assert np.isnan(found.virality).all()


def test_parents_that_did_not_share_before_are_the_root() -> None:
    # 2 names an account that never shared, 3 one that shared in the same tick
    shares = np.array([[0, 1, -1, 1, 0], [0, 2, 9, 1, 0], [0, 3, 1, 1, 0]])
    assert cascades(shares, 1).depth[0] == 1


def test_rows_of_other_kinds_are_as_if_they_had_not_been() -> None:
    # a share, a duet of it, a stitch of that
    shares = np.array([[0, 1, -1, 0, 0], [0, 2, 1, 1, 1], [0, 3, 2, 2, 2]])
    assert cascades(shares, 1).depth.tolist() == [3]
    assert cascades(shares, 1, kinds=["share", "duet"]).size.tolist() == [3]
    without = cascades(shares, 1, kinds=["share", "stitch"])
    assert (without.size[0], without.depth[0], without.breadth[0]) == (3, 1, 2)
    assert cascades(shares, 1, kinds=["stitch"]).virality.tolist() == [1]


def test_errors_name_what_is_wrong() -> None:
    row = np.array([[1, 1, -1, 0, 0]])
    with pytest.raises(
        DataError, match="posts of shares: integers from 0 to 0 are needed, and there is 1"
    ):
        cascades(row, 1)
    with pytest.raises(
        DataError, match="kinds of shares: integers from 0 to 2 are needed, and there is 3"
    ):
        cascades(np.array([[1, 1, -1, 0, 3]]), 2)
    with pytest.raises(DataError, match=r"shape is \(1, 4\), and \(any, 5\) is needed"):
        cascades(row[:, :4], 2)
    with pytest.raises(OptionError, match="Did you mean 'stitch'"):
        cascades(row, 2, kinds=["stich"])
    for nothing in ("share", ()):
        with pytest.raises(OptionError, match="a sequence of some of"):
            cascades(row, 2, kinds=nothing)
    for answers, message in (
        ([-1], "shape"),
        ([-1, 2], "integers from -1 to 1 are needed, and there is 2"),
        ([-1, 1], "post 1 is its own parent"),
        ([1, 0], "in a cycle"),
    ):
        with pytest.raises(DataError, match=message):
            cascades(row, 2, answers_to=np.array(answers))
    with pytest.raises(DataError, match="in a cycle"):  # an answer to posts in a cycle
        cascades(row, 4, answers_to=np.array([1, 2, 0, 0]))


POSTS = 4
share = st.tuples(
    st.integers(0, POSTS - 1),
    st.integers(0, 7),
    st.integers(-1, 7),
    st.integers(0, 5),
    st.integers(0, 2),
)
kinds = st.lists(st.sampled_from(KINDS), min_size=1, unique=True)
# any forest: each post answers one before it in some order
forests = st.tuples(
    st.permutations(range(POSTS)), st.tuples(*(st.integers(-1, k - 1) for k in range(POSTS)))
)


@given(st.lists(share, max_size=40), kinds, st.none() | forests, st.randoms())
def test_against_networkx(
    shares: list[tuple[int, ...]], kinds: list[str], forest: Any, shuffle: Any
) -> None:
    answers = None
    if forest is not None:
        order, earlier = forest
        answers = np.full(POSTS, -1)
        for at, to in enumerate(earlier):
            answers[order[at]] = order[to] if to >= 0 else -1
    graph = slow_forest(shares, kinds, answers)
    shuffle.shuffle(shares)
    rows = np.array(shares, np.int32).reshape(-1, 5)
    found = cascades(rows, POSTS, kinds=kinds, answers_to=answers)
    for post in range(POSTS):
        if answers is not None and answers[post] >= 0:
            own = (found.size[post], found.depth[post], found.breadth[post])
            assert own == (0, 0, 0)
            assert np.isnan(found.virality[post])
        else:
            check_tree(graph.subgraph(nx.node_connected_component(graph, post)), post, found)


def slow_forest(shares: list[tuple[int, ...]], kinds: list[str], answers: Any) -> nx.Graph:
    """Roots are posts, other nodes pairs of post and account."""
    first: dict[tuple[int, int], tuple[int, int]] = {}
    for post, sharer, parent, tick, kind in sorted(shares, key=lambda s: (s[3], s[2])):
        if KINDS[kind] in kinds:
            first.setdefault((post, sharer), (parent, tick))
    graph = nx.Graph()
    graph.add_nodes_from(range(POSTS))
    for (post, sharer), (parent, tick) in first.items():
        before = (post, parent) in first and first[post, parent][1] < tick
        graph.add_edge((post, sharer), (post, parent) if before else post)
    if answers is not None:
        graph.add_edges_from((i, int(j)) for i, j in enumerate(answers) if j >= 0)
    assert nx.is_forest(graph)
    return graph


def check_tree(tree: nx.Graph, root: int, found: Cascades) -> None:
    n = tree.number_of_nodes()
    depth = list(nx.shortest_path_length(tree, root).values())
    assert found.size[root] == n
    assert found.depth[root] == max(depth)
    assert found.breadth[root] == max(depth.count(d) for d in depth)
    if n > 1:
        assert found.virality[root] == pytest.approx(nx.average_shortest_path_length(tree))
    else:
        assert np.isnan(found.virality[root])

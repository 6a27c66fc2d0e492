from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.errors import DataError
from graphkit.measures import cascades


def test_one_edge_stars_and_chains() -> None:
    for n in (2, 3, 10, 100):
        star = np.array([(0, k, -1, 0) for k in range(1, n)])
        assert cascades(star, 1).virality[0] == pytest.approx(2 * (n - 1) / n)
        chain = np.array([(0, k, k - 1 if k > 1 else -1, k) for k in range(1, n)])
        found = cascades(chain, 1)
        assert found.virality[0] == pytest.approx((n + 1) / 3)
        assert (found.size[0], found.depth[0], found.breadth[0]) == (n, n - 1, 1)
    assert cascades(np.array([[0, 1, -1, 0]]), 1).virality[0] == 1


def test_no_shares_are_single_nodes() -> None:
    found = cascades(np.zeros((0, 4), np.int32), 2)
    assert found.size.tolist() == [1, 1]
    assert found.depth.tolist() == [0, 0]
    assert found.breadth.tolist() == [1, 1]
    assert np.isnan(found.virality).all()


def test_parents_that_did_not_share_before_are_the_root() -> None:
    # 2 names an account that never shared, 3 one that shared in the same tick
    shares = np.array([[0, 1, -1, 1], [0, 2, 9, 1], [0, 3, 1, 1]])
    assert cascades(shares, 1).depth[0] == 1


def test_posts_must_exist() -> None:
    with pytest.raises(DataError, match="outside 0 … 1"):
        cascades(np.array([[2, 1, -1, 0]]), 2)


share = st.tuples(st.integers(0, 2), st.integers(0, 7), st.integers(-1, 7), st.integers(0, 5))


@given(st.lists(share, max_size=40), st.randoms())
def test_against_networkx(shares: list[tuple[int, int, int, int]], shuffle: object) -> None:
    first = {}
    for post, sharer, parent, tick in sorted(shares, key=lambda s: (s[0], s[1], s[3], s[2])):
        first.setdefault((post, sharer), (parent, tick))
    shuffle.shuffle(shares)  # type: ignore[attr-defined]
    found = cascades(np.array(shares, np.int32).reshape(-1, 4), 3)
    for post in range(3):
        tree = nx.Graph()
        tree.add_node("root")
        for (own, sharer), (parent, tick) in first.items():
            if own != post:
                continue
            earlier = (post, parent) in first and first[post, parent][1] < tick
            tree.add_edge(sharer, parent if earlier else "root")
        n = tree.number_of_nodes()
        assert nx.is_tree(tree)
        assert found.size[post] == n
        depth = list(nx.shortest_path_length(tree, "root").values())
        assert found.depth[post] == max(depth)
        assert found.breadth[post] == max(depth.count(d) for d in depth)
        if n > 1:
            expected = nx.average_shortest_path_length(tree)
            assert found.virality[post] == pytest.approx(expected)
        else:
            assert np.isnan(found.virality[post])

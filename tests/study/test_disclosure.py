from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphkit.study.disclosure import shown_communities


@given(st.lists(st.integers(1, 60), max_size=12), st.integers(1, 20))
def test_suppressed_groups_cannot_be_worked_out(sizes: list[int], least: int) -> None:
    sizes = sorted(sizes, reverse=True)
    shown = shown_communities(sizes, least)
    assert all(size >= least for size in sizes[:shown])
    rest = sizes[shown:]
    if rest and shown:
        assert len(rest) >= 2
        assert sum(rest) >= least
    if all(size >= least for size in sizes):
        assert shown == len(sizes)


def test_accounts_of_no_community_hide_a_small_group() -> None:
    assert shown_communities([143, 3, 3, 2], 10) == 0
    assert shown_communities([143, 3, 3, 2], 10, others=800) == 1
    assert shown_communities([143, 3], 10, others=4) == 0

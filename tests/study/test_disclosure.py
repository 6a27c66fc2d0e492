from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphkit.data.partition import Partition
from graphkit.study.disclosure import merge_small, shown_communities


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


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8), st.integers(2, 8))
def test_merge_small_moves_members_of_small_communities_and_nobody_else(
    sizes: list[int], least: int
) -> None:
    groups = [group for group, size in enumerate(sizes) for _ in range(size)]
    p = Partition.from_membership(range(len(groups)), groups)
    merged, _ = merge_small(p, least)
    assert int(merged.sizes.sum()) == len(groups)
    assert merged.sizes.min() >= least or merged.n_communities == 1
    for code in range(merged.n_communities):
        members = set(merged.members(code).tolist())
        if merged.labels[code] != "other":
            # a community keeps its members, and the name that it went by
            (old,) = {int(c) for c in p.membership[sorted(members)]}
            assert members == set(p.members(old).tolist())
            assert merged.labels[code] == p.name(old)


def test_merge_small_finds_a_name_for_the_rest() -> None:
    p = Partition.from_membership(
        dict(zip("abcdefg", ["other"] * 3 + ["x"] * 2 + ["y", "z"], strict=True))
    )
    assert merge_small(p, 3)[0].labels == ("other_2", "other")

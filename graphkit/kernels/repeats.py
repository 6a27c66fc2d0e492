"""Kernel that finds what is repeated within groups, such as posts shown to an account again."""

from __future__ import annotations

from typing import Any

from graphkit.kernels.compile import kernel

Array = Any


@kernel()
def mark_repeats(group: Array, member: Array, last: Array, repeats: Array) -> None:
    """Mark the entries whose member an earlier entry of their group has.

    The entries of a group are next to each other. `last`, one per member, is −1 before.
    """
    for i in range(group.size):
        repeats[i] = last[member[i]] == group[i]
        last[member[i]] = group[i]

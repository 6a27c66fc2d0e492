"""Small groups are not told apart in a report, and cannot be worked out from the rest."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["shown_communities"]


def shown_communities(sizes: Sequence[int], least: int, others: int = 0) -> int:
    """How many communities, the largest first, may be shown one by one.

    Those with fewer than `least` members are suppressed. What is left could be worked out
    from the total if it were one group, or fewer than `least` accounts: then the next
    larger ones are suppressed with it (complementary suppression). Accounts of no community
    hide the rest as well, because the report does not say how many they are.

    Parameters
    ----------
    sizes
        Members of each community, descending.
    least
        The smallest group that may be shown.
    others
        Accounts of no community.

    Examples
    --------
    >>> shown_communities([50, 30, 12], 10), shown_communities([50, 30, 12, 4], 10)
    (3, 2)
    >>> shown_communities([50, 30, 12, 4], 10, others=40)
    3
    >>> shown_communities([50, 30, 12, 6, 5], 10)
    3
    """
    shown = sum(size >= least for size in sizes)
    if shown == len(sizes):
        return shown
    while shown:
        rest = [*sizes[shown:], *([others] if others else [])]
        if len(rest) >= 2 and sum(rest) >= least:
            break
        shown -= 1
    return shown

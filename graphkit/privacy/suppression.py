"""Small-cell suppression: which groups are large enough to be told apart."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["shown_communities"]


def shown_communities(sizes: Sequence[int], least: int, others: int = 0) -> int:
    """Number of communities, the largest first, that survive small-cell suppression.

    Communities with fewer than `least` members are suppressed. If what is suppressed were one
    group, or fewer than `least` accounts, it could be derived from the total: then the next
    larger communities are suppressed too (complementary suppression). Accounts without a
    community protect the rest as well, if their number is not told where a community is suppressed.

    Parameters
    ----------
    sizes
        Members of each community, descending.
    least
        The smallest group that may be shown.
    others
        Accounts without a community.

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

"""Disclosure control: which communities and groups of creators are large enough to report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from graphkit.measures import Economy
from graphkit.measures.income import OF_SMALLEST, SMALLEST

__all__ = ["shown_communities", "without_few_creators"]


def shown_communities(sizes: Sequence[int], least: int, others: int = 0) -> int:
    """Number of communities, the largest first, that survive small-cell suppression.

    Communities with fewer than `least` members are suppressed. If what is suppressed were one
    group, or fewer than `least` accounts, it could be derived from the total: then the next
    larger communities are suppressed too (complementary suppression). Accounts without a
    community protect the rest as well, because the report does not give their number.

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


def without_few_creators(found: Economy, least: int) -> Economy:
    """An economy without the measures of small creators, if these are fewer than `least`.

    They are the fifth of the creators of a world with fewest followers; the world with fewest
    counts.
    """
    fewest = min(codes.size for one in found.incomes for codes in one.creators)
    if SMALLEST * fewest >= least:
        return found
    kept = ~pl.col("measure").is_in(OF_SMALLEST)
    return replace(found, frame=found.frame.filter(kept), contrasts=found.contrasts.filter(kept))

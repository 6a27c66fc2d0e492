"""Disclosure control: which communities and groups of creators are large enough to report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from graphkit.data.attributes import unique_name
from graphkit.data.membership import number_by_size
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.visibility import Visibility
from graphkit.measures import Economy
from graphkit.measures.income import OF_SMALLEST, SMALLEST

__all__ = ["drop_rare_tags", "merge_small", "shown_communities", "without_few_creators"]


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


def merge_small(
    partition: Partition, least: int, seen: Visibility | None = None
) -> tuple[Partition, Visibility | None]:
    """Partition whose small communities are one, called ``other``, and the visibility of the rest.

    Merged are the communities that :func:`shown_communities` suppresses. The others keep the names
    that they go by, also where that is a number.

    Examples
    --------
    >>> p = Partition.from_membership({k: "abbcccddddeeeee"[k] for k in range(15)})
    >>> merged, _ = merge_small(p, 3)
    >>> merged.labels, merged.sizes.tolist()
    (('e', 'd', 'other', 'c'), [5, 4, 3, 3])
    """
    shown = shown_communities(partition.sizes.tolist(), least)
    old = partition.membership
    membership, order = number_by_size(np.where(old >= shown, shown, old))
    names = [partition.name(c) for c in range(shown)]
    other = unique_name("other", names)
    labels = tuple(other if code == shown else names[code] for code in order)
    new = {code: k for k, code in enumerate(order) if code < shown}
    merged = replace(
        partition,
        membership=membership,
        labels=labels,
        labels_key="",
        quality=float("nan"),
        evidence=None,
        provenance=Provenance.of("merge_small", {"least": least}, made_from=(partition,)),
    )
    if partition.evidence is not None:
        key = pl.lit(merged.membership_key).alias("membership_key")
        rows = _recode(partition.evidence, new, labels).with_columns(key)
        merged = replace(merged, evidence=rows)
    if seen is not None:
        seen = replace(seen, frame=_recode(seen.frame, new, labels))
    return merged, seen


def drop_rare_tags(partition: Partition, least: int) -> Partition:
    """Partition without tags that fewer than `least` members of a community use.

    A community whose best tag is one of these goes by its number.
    """
    evidence = partition.evidence
    if evidence is None:
        return partition
    rare = evidence.filter((pl.col("nodes") < least) & (pl.col("rank") == 1))
    unnamed = set(rare.get_column("community").to_list())
    labels = [f"community {c}" if c in unnamed else n for c, n in enumerate(partition.labels)]
    names = pl.Series("label", labels, dtype=pl.String)
    kept = evidence.filter(pl.col("nodes") >= least)
    kept = kept.with_columns(names.gather(kept.get_column("community")))
    record = Provenance.of("drop_rare_tags", {"least": least}, made_from=(partition,))
    return partition.with_labels(labels, kept, record)


def _recode(frame: pl.DataFrame, new: dict[int, int], labels: Sequence[str]) -> pl.DataFrame:
    """Rows of the communities that are kept, by their new codes and names."""
    code = pl.col("community")
    rows = frame.filter(code.is_in(list(new))).with_columns(
        code.replace_strict(new, return_dtype=pl.Int32)
    )
    names = pl.Series("label", labels, dtype=pl.String)
    rows = rows.with_columns(names.gather(rows.get_column("community")))
    return rows.sort("community", maintain_order=True)

"""Which tags are over-represented in which community: scores, tests and their error rate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities._tag_use import tag_use
from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.data.tags import stopped
from graphkit.errors import MissingDataError
from graphkit.kernels.tails import log_hypergeometric_tail, probability

__all__ = ["MIN_MEMBERS", "PRIOR", "over_represented", "ranked", "without_stop"]

Floats = npt.NDArray[np.float64]

#: A name must be borne by this many members at least: one prolific account and a friend
#: are no culture.
MIN_MEMBERS = 3

#: Weight of the prior, in uses, as in Monroe et al. (2008): a tag must be seen some times
#: before it outweighs what all communities together say about it. Between 100 and 3,000 it
#: hardly changes which tag comes first.
PRIOR = 500.0


def without_stop(uses: pl.DataFrame, stop: frozenset[str]) -> pl.DataFrame:
    named = stopped(uses.get_column("tag").unique().to_list(), stop)
    return uses.filter(~pl.col("tag").is_in(list(named)))


def over_represented(
    partition: Partition, dataset: Dataset, stop: frozenset[str], fdr: float, min_share: float
) -> pl.DataFrame:
    """Tags that may name a community, by descending z: the columns of the evidence."""
    uses, _ = tag_use(partition, dataset, verb="label_communities")
    codes = pl.Series("community", partition.membership)
    uses = uses.with_columns(codes.gather(uses.get_column("node")))
    uses = uses.filter(pl.col("community") >= 0)
    if not uses.height:
        raise MissingDataError(
            "label_communities: no assigned node of the partition uses a tag of the dataset; the "
            f"partition's ids ({partition.node_kind}) are such as "
            f"{', '.join(repr(i) for i in partition.vocabulary.ids[:3].tolist()) or 'none'}."
        )
    # whoever uses stop-tags only was observed, and uses none of the others
    taggers = uses.group_by("community").agg(
        pl.col("node").n_unique().cast(pl.Int64).alias("taggers")
    )
    everybody = int(taggers.get_column("taggers").sum())
    counted = (
        uses.group_by("community", "tag")
        .agg(pl.len().cast(pl.Int64).alias("nodes"), pl.col("uses").sum().alias("count"))
        .join(taggers, on="community")
        .with_columns(
            pl.col("nodes").sum().over("tag").alias("users"),
            pl.col("nodes").sum().over("community").alias("n_c"),
        )
    )
    # stop-tags name nothing, but count among all uses: so there is always something else
    n = int(counted.get_column("nodes").sum())
    cells = without_stop(counted, stop)
    # tags and communities too small to pass are no tests; neither says how they cross
    eligible = cells.filter(pl.col("users") >= MIN_MEMBERS)
    large = taggers.filter(pl.col("taggers") >= MIN_MEMBERS).height
    tests = large * eligible.get_column("tag").n_unique()
    candidates = eligible.filter(
        (pl.col("nodes") >= MIN_MEMBERS)
        & (pl.col("nodes") * everybody > pl.col("users") * pl.col("taggers"))
    )
    scored = _scored(candidates, n, everybody)
    scored = scored.with_columns(_benjamini_hochberg(scored.get_column("p").to_numpy(), tests))
    named = scored.filter(
        (pl.col("q") <= fdr) & (pl.col("log_odds") > 0) & (pl.col("share_in") >= min_share)
    )
    return ranked(named, ["z", "nodes"])


def ranked(frame: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Rows by community and descending keys (ties: by tag), with their rank."""
    order = ["community", *keys, "tag"]
    sorted_frame = frame.sort(order, descending=[False, *[True] * len(keys), False])
    rank = (pl.int_range(pl.len()).over("community") + 1).alias("rank")
    return sorted_frame.with_columns(rank)


def _scored(cells: pl.DataFrame, n: int, everybody: int) -> pl.DataFrame:
    """Columns share_in, share_out, log_odds, z and p beside the counts."""
    y, users, n_c, taggers = (
        cells.get_column(c).to_numpy().astype(np.float64)
        for c in ("nodes", "users", "n_c", "taggers")
    )
    prior = PRIOR * users / n
    inside, outside = y + prior, users - y + prior
    log_odds = np.log(inside / (n_c + PRIOR - inside)) - np.log(
        outside / (n - n_c + PRIOR - outside)
    )
    others = everybody - taggers
    share_out = np.divide(users - y, others, out=np.full(y.size, np.nan), where=others > 0)
    log_p = _distinct_tails(y, users, taggers, everybody)
    return cells.with_columns(
        pl.Series("share_in", y / taggers),
        pl.Series("share_out", share_out).fill_nan(None),
        pl.Series("log_odds", log_odds),
        pl.Series("z", log_odds / np.sqrt(1 / inside + 1 / outside)),
        pl.Series("p", probability(log_p)),
    )


def _distinct_tails(y: Floats, users: Floats, taggers: Floats, everybody: int) -> Floats:
    """Hypergeometric tails, each distinct triple once."""
    if not y.size:
        return np.zeros(0)
    triples, places = np.unique(np.stack([y, users, taggers]), axis=1, return_inverse=True)
    tails = log_hypergeometric_tail(triples[0], everybody, triples[1], triples[2])
    found: Floats = tails[places.ravel()]
    return found


def _benjamini_hochberg(p: Floats, tests: int) -> pl.Series:
    """False-discovery rates of the smallest p-values of `tests`; the others are 1."""
    order = np.argsort(p, kind="stable")
    raw = p[order] * tests / np.arange(1, p.size + 1)
    q = np.empty(p.size)
    q[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return pl.Series("q", q)

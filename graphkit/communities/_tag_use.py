"""Who uses which tag: the nodes of a partition against the tags of a dataset."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.incidence import account_tags, incidence
from graphkit.data.partition import Partition
from graphkit.data.tags import fold_tag, fold_tags
from graphkit.errors import DataError

__all__ = ["require_dataset", "spellings", "tag_use"]


def require_dataset(dataset: Dataset, *, verb: str) -> None:
    """Raise a DataError unless `dataset` is a Dataset."""
    if not isinstance(dataset, Dataset):
        raise DataError(f"{verb} needs a graphkit Dataset, not a {type(dataset).__name__}.")


def tag_use(partition: Partition, dataset: Dataset, *, verb: str) -> tuple[pl.DataFrame, pl.Series]:
    """Uses of tags by the nodes of a partition, and all folded tags of the dataset.

    An account or author (or a node of no stated kind) uses a tag as
    :func:`graphkit.data.incidence.account_tags` says; an item bears it; a sound is used in
    items that bear it; a tag uses itself.

    Returns
    -------
    tuple
        Columns node (code in the partition), tag (folded), uses (how often); each pair of
        node and tag once. Then the tags, each once.
    """
    kind = partition.node_kind
    if kind == "tags":
        ids = partition.vocabulary.series.cast(pl.String)
        rows = pl.DataFrame({"id": ids, "tag": fold_tags(ids)})
        known = rows.get_column("tag")
    elif kind in ("items", "sounds"):
        pairs = incidence(dataset, between=kind, through="tags", verb=verb)
        rows = pl.DataFrame(
            {
                "id": pairs.between.series.gather(pairs.rows),
                "tag": pairs.through.series.gather(pairs.columns),
            }
        )
        known = pairs.through.series
    else:
        rows = account_tags(dataset, verb=verb)
        known = rows.get_column("tag")
    nodes = partition.vocabulary.lookup(rows.get_column("id"))
    uses = (
        rows.select(pl.Series("node", nodes), "tag")
        .filter(pl.col("node") >= 0)
        .group_by("node", "tag")
        .agg(pl.len().cast(pl.Int64).alias("uses"))
        .sort("node", "tag")
    )
    return uses, known.unique().sort()


def spellings(dataset: Dataset, tags: Iterable[str]) -> dict[str, str]:
    """The most frequent original spelling of each folded tag, without ``#``.

    Ties go to the spelling that sorts first; a tag the data lack stays as it is.
    """
    wanted = sorted(set(tags))
    sources = []
    if dataset.items is not None and "tags" in dataset.items.columns:
        sources.append(dataset.items.get_column("tags").drop_nulls().explode())
    if dataset.interactions is not None and "tag" in dataset.interactions.columns:
        sources.append(dataset.interactions.get_column("tag"))
    written = pl.concat([pl.Series([], dtype=pl.String), *sources]).drop_nulls().alias("written")
    counts = written.value_counts(name="count")
    counts = counts.with_columns(
        fold_tags(counts.get_column("written")).alias("tag"),
        pl.col("written").str.strip_chars().str.strip_chars_start("#").str.strip_chars(),
    )
    best = (
        counts.filter(pl.col("tag").is_in(wanted))
        .group_by("tag", "written")
        .agg(pl.col("count").sum())
        .sort("tag", "count", "written", descending=[False, True, False])
        .unique("tag", keep="first", maintain_order=True)
    )
    found = dict(best.select("tag", "written").iter_rows())
    return {tag: found.get(tag) or fold_tag(tag) for tag in wanted}

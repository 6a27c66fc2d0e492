"""split_world_data: the part of the data in which a world's communities may be looked for."""

from __future__ import annotations

import hashlib
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.data.times import as_instant
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, OptionError, check_choice

__all__ = ["item_draws", "split_world_data", "time_cuts"]

#: Share of the items of an "introduced" world that the partition may see.
PARTITION_SHARE = 0.4


def split_world_data(
    source: Platform | Dataset,
    *,
    since: str | datetime | None = None,
    posts: str = "authored",
) -> Dataset:
    """The piece of the data that a world built with the same options leaves untouched.

    Communities found in the data that also drives a feed make its spread look confined even
    where nothing is planted. So the data are cut into three disjoint parts, without any
    draw: calls of this verb and of :func:`graphkit.build_world` with the same `since` and
    `posts` always agree.

    ``posts="authored"`` cuts by time. *Cut* is `since`, or the time from which the last
    third of the items is created; *middle* is the median creation of the items before it.

    =============================  =====================================================
    before middle                  this piece: interactions, impressions, follows, items
    from middle, before cut        interactions: profiles (and, of a dataset, tastes)
    from cut on                    items: the posts; of acts, only what an answer answers
    =============================  =====================================================

    ``posts="introduced"`` cuts by items, each at a fixed place u in [0, 1) that is a hash of
    its id: u < 0.4 is this piece, the rest are profiles and tastes, and
    u ≥ 1 − ``share_of_posts`` the posts. Every interaction and impression goes with its
    items; rows that mention items of two parts are in none.

    Ties are no log of acts: a world follows all arcs older than *cut* (if introduced: all),
    and those among them older than *middle* (if introduced: all) are in this piece, too.
    Interactions without a time are in this piece only. Accounts and memberships are whole.

    Parameters
    ----------
    source
        What the world will be built from.
    since, posts
        As in :func:`graphkit.build_world`.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError, MissingDataError, OptionError
        As :func:`graphkit.build_world`.

    Examples
    --------
    >>> from graphkit.synthetic import platform
    >>> log = platform(60, communities=2, rng=1)
    >>> piece = split_world_data(log)
    >>> piece.interactions["at"].max() < log.dataset.interactions["at"].max()
    True
    """
    check_choice("posts", posts, ("authored", "introduced"))
    dataset = source.dataset if isinstance(source, Platform) else source
    if posts == "authored":
        middle, _ = time_cuts(dataset, since)
        return dataset.split_time(middle, untimed="past")[0]
    if since is not None:
        raise OptionError("since= belongs to posts='authored'; introduced posts go by items.")
    return _of_items(dataset)


def time_cuts(dataset: Dataset, since: str | datetime | None) -> tuple[datetime, datetime]:
    """The instants *middle* and *cut* of :func:`split_world_data`."""
    items = dataset.require("items", "created_at", verb="build_world")
    created = items.get_column("created_at").drop_nulls().sort()
    cut = created[int(len(created) * 2 / 3)] if since is None else as_instant("since", since)
    history = created.filter(created < cut)
    if len(history) == len(created):
        raise DataError(f"build_world: no item was created from since={cut.isoformat()} on.")
    if len(history) < 2 or history[0] == history[-1]:
        raise DataError(
            f"build_world: the posts begin at {cut.isoformat()}, before there is any history to "
            f"learn from ({len(history)} items are older): choose a later since=."
        )
    # two halves that both hold something
    middle = max(history[len(history) // 2], history.filter(history > history[0])[0])
    return middle, cut


def item_draws(items: Vocabulary) -> npt.NDArray[np.float64]:
    """The place of every item in [0, 1): a hash of its id."""
    key = b"graphkit items"
    digests = (hashlib.blake2b(str(i).encode(), digest_size=8, key=key).digest() for i in items)
    return np.array([int.from_bytes(d, "big") / 2**64 for d in digests])


def _of_items(dataset: Dataset) -> Dataset:
    items = dataset.item_ids
    own = pl.Series(items.ids[item_draws(items) < PARTITION_SHARE], dtype=pl.String).implode()
    tables = {}
    removed = {}
    for name, frame in dataset.tables.items():
        columns = [c for c in ("item_id", "target_item_id") if c in frame.columns]
        kept = frame
        if columns:
            inside = (pl.col(c).is_in(own) | pl.col(c).is_null() for c in columns)
            kept = frame.filter(pl.all_horizontal(*inside))
            removed[f"{name} of other items"] = frame.height - kept.height
        tables[name] = kept
    return Dataset(
        **tables,
        time_kinds={
            k: v
            for k, v in dataset.time_kinds.items()
            if k.split(".")[1] in tables[k.split(".")[0]].columns
        },
        source=dataset.source,
        terms=dataset.terms,
        provenance=Provenance.of(
            "split_world_data", {"posts": "introduced"}, made_from=(dataset,), removed=removed
        ),
    )

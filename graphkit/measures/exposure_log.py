"""Log of impressions: distinct pairs of viewer and item by surface, with their communities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.times import as_instant
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError, name_some, nearest

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: Cells of a table of items or accounts by community, at most: 0.4 GB, and there are several.
MOST_CELLS = 50_000_000

#: Types of columns beside text and integers whose values are names.
_NAMED = (pl.Boolean, pl.Categorical, pl.Enum)


@dataclass(frozen=True, eq=False)
class Places:
    """Accounts and items with their communities: of a log, or of a part of the jackknife."""

    accounts: Vocabulary
    items: Vocabulary
    partition: Partition
    membership: Codes
    homes: Codes
    author: Codes
    kept: Bools

    @property
    def size(self) -> int:
        """Number of communities."""
        return self.partition.n_communities

    @cached_property
    def origins(self) -> dict[str, Codes]:
        """Communities of origin and authors, as measures take them by keyword."""
        known = self.author >= 0
        indptr = np.concatenate([[0], np.cumsum(known)])
        return {"homes": self.homes, "poster_indptr": indptr, "posters": self.author[known]}

    def without(self, accounts: Bools, items: Bools) -> Places:
        """The same without some accounts and items: codes stay, communities become none."""
        return Places(
            self.accounts,
            self.items,
            self.partition,
            np.where(accounts, -1, self.membership),
            np.where(items, -1, self.homes),
            self.author,
            self.kept & ~items,
        )


@dataclass(frozen=True, eq=False)
class Log:
    """Distinct pairs of viewer and item by surface, sorted: those of arm a from start[a] on."""

    arms: tuple[str, ...]
    start: Codes
    arm: Codes
    account: Codes
    item: Codes
    watched: Floats

    def of(self, arm: int) -> slice:
        """Pairs of an arm."""
        return slice(int(self.start[arm]), int(self.start[arm + 1]))


def encode_places(
    dataset: Dataset, partition: Partition, homes: Mapping[str, str | int] | None
) -> Places:
    """Accounts of the log and the partition, items, communities and authors."""
    nodes = partition.vocabulary.series.cast(pl.String)
    accounts = Vocabulary(pl.concat([nodes, dataset.account_ids.series]))
    items = dataset.item_ids
    width = partition.n_communities + 1
    for what, n in (("items", len(items)), ("accounts", len(accounts))):
        if n * width > MOST_CELLS:
            raise DataError(
                f"observed: {n:,} {what} × {width:,} communities are {n * width:,} cells, and at "
                f"most {MOST_CELLS:,} fit: leave {what} that play no part out of the dataset, or "
                "merge small communities with min_size= of leiden."
            )
    membership = np.full(len(accounts), -1, np.int64)
    membership[accounts.encode(nodes)] = partition.membership
    author = np.full(len(items), -1, np.int64)
    table = dataset.items
    if table is not None and "author_id" in table.columns:
        known = table.filter(pl.col("author_id").is_not_null())
        code = items.encode(known.get_column("item_id"))
        author[code] = accounts.encode(known.get_column("author_id"))
    if homes is None:
        home = np.where(author >= 0, membership[author], -1)
        if not (author >= 0).any():
            raise MissingDataError(
                "observed needs the column items.author_id, or communities of origin by homes=."
            )
    else:
        home = _given_homes(homes, items, partition)
    if not (home >= 0).any():
        raise DataError(
            "observed: no item has a community of origin: none of the authors is in the partition. "
            "Give communities of origin by homes=."
        )
    return Places(
        accounts, items, partition, membership, home, author, np.ones(len(items), np.bool_)
    )


def _given_homes(homes: Mapping[str, str | int], items: Vocabulary, partition: Partition) -> Codes:
    """Community of origin of each item, as given by id."""
    if not isinstance(homes, Mapping):
        raise DataError(
            f"homes: a {type(homes).__name__}: give a mapping from item ids to communities."
        )
    names = [partition.name(c) for c in range(partition.n_communities)]
    given = pl.Series("home", list(homes.values()), strict=False)
    if given.dtype == pl.String:
        known = pl.DataFrame({"home": names, "code": np.arange(len(names))})
        codes = given.to_frame().join(known, on="home", how="left", maintain_order="left")
        found = codes.get_column("code")
        wrong = (found.is_null() & given.is_not_null()).arg_true()
    elif given.dtype.is_integer():
        found = given.cast(pl.Int64)
        wrong = ((found < -1) | (found >= len(names))).fill_null(False).arg_true()
    else:
        raise DataError(f"homes: names or codes of communities are needed, not {given.dtype}.")
    if len(wrong):
        value = given[int(wrong[0])]
        raise DataError(
            f"homes: the partition has no community {value!r}.{nearest(str(value), names)}"
        )
    rows = items.lookup(pl.Series("id", [str(item) for item in homes], dtype=pl.String))
    if (rows < 0).any():
        item = list(homes)[int(np.flatnonzero(rows < 0)[0])]
        raise DataError(f"homes: the dataset has no item {str(item)[:60]!r}.")
    home = np.full(len(items), -1, np.int64)
    home[rows] = found.fill_null(-1).to_numpy()
    return home


def _past_until(record: Provenance) -> datetime | None:
    """The instant before which data end, if a record tells that they were split there."""
    if record.verb == "split_time" and record.parameters.get("side") == "past":
        return as_instant("when", str(record.parameters["when"]))
    known = [at for parent in record.parents if (at := _past_until(parent)) is not None]
    return max(known) if known and len(known) == len(record.parents) else None


def impressions_since(
    dataset: Dataset,
    partition: Partition,
    by: str,
    before: str | date | int | None,
    removed: dict[str, int],
) -> tuple[pl.DataFrame, bool]:
    """Impressions at `before` or later, and whether they may be those of the partition."""
    table = dataset.require("impressions", by, verb="observed")
    kind = table.schema[by]
    named = kind == pl.String or kind.is_integer() or isinstance(kind, _NAMED)
    if not named:
        raise DataError(f"by={by!r}: the column holds {kind}, and its values are to be names.")
    known = _past_until(partition.provenance)
    if before is not None:
        dataset.require_event_times("impressions.at", verb="observed with before=")
        cut = as_instant("before", before)
        circular = known is not None and cut < known
    else:
        timed = dataset.time_kinds.get("impressions.at") == "event"
        if known is None or not timed:
            return table, True
        cut, circular = known, False
    at = table.get_column("at")
    removed["impressions without a time"] = at.null_count()
    removed[f"impressions before {cut.isoformat()}"] = int((at < cut).sum())
    return table.filter(pl.col("at") >= cut), circular


def distinct_pairs(
    table: pl.DataFrame, places: Places, by: str, baseline: str | None, removed: dict[str, int]
) -> Log:
    """Coded pairs of viewer and item by surface, each once, without authors' own items."""
    surface = table.get_column(by).cast(pl.String)
    names = surface.drop_nulls().unique().sort().to_list()
    if baseline is not None and baseline not in names:
        pooled = [name for name in names if name.startswith(f"{baseline}, ")]
        if not pooled:
            raise MissingDataError(
                f"baseline={baseline!r}: no such value in {by!r}.{nearest(baseline, names)} "
                f"Values: {name_some(names)}."
            )
        surface = surface.replace(pooled, [baseline] * len(pooled))
        names = sorted({baseline, *names} - set(pooled))
    removed["impressions without a surface"] = surface.null_count()
    kept = surface.is_not_null()
    table, surface = table.filter(kept), surface.filter(kept)
    if not table.height:
        raise DataError("observed: no impression is left to be measured.")
    arm = Vocabulary(names).encode(surface).astype(np.int64)
    account = places.accounts.encode(table.get_column("account_id")).astype(np.int64)
    item = places.items.encode(table.get_column("item_id")).astype(np.int64)
    watched = np.full(arm.size, np.nan)
    if "watch_fraction" in table.columns:
        fractions = table.get_column("watch_fraction").cast(pl.Float64)
        watched = fractions.fill_null(np.nan).to_numpy().astype(np.float64)
    own = places.author[item] == account
    removed["impressions of an account's own items"] = int(own.sum())
    arm, account, item, watched = (x[~own] for x in (arm, account, item, watched))
    # by watch fraction too, so that no order of rows changes the last digit of a sum
    order = np.lexsort((watched, item, account, arm))
    arm, account, item, watched = (x[order] for x in (arm, account, item, watched))
    new = np.ones(arm.size, np.bool_)
    new[1:] = (np.diff(arm) != 0) | (np.diff(account) != 0) | (np.diff(item) != 0)
    first = np.flatnonzero(new)
    removed["repeated impressions of an item to a viewer on a surface"] = arm.size - first.size
    if first.size:
        known = ~np.isnan(watched)
        total = np.add.reduceat(np.where(known, watched, 0.0), first)
        count = np.add.reduceat(known.astype(np.int64), first)
        watched = np.divide(total, count, out=np.full(first.size, np.nan), where=count > 0)
    start = np.searchsorted(arm[first], np.arange(len(names) + 1))
    return Log(tuple(names), start, arm[first], account[first], item[first], watched)


def large_enough(log: Log, least: int, baseline: str | None, removed: dict[str, int]) -> Log:
    """The surfaces with enough impressions."""
    sizes = np.diff(log.start)
    kept = sizes >= least
    if not kept.any():
        largest = log.arms[int(sizes.argmax())]
        raise DataError(
            f"observed: no surface has {least:,} impressions to be counted (most: {largest!r}, "
            f"{int(sizes.max()):,}): lower min_impressions=, or compare another column by by=."
        )
    if baseline is not None and not kept[log.arms.index(baseline)]:
        raise DataError(
            f"baseline={baseline!r} has {int(sizes[log.arms.index(baseline)]):,} impressions to be "
            f"counted, and {least:,} are needed: see min_impressions=."
        )
    removed[f"surfaces of fewer than {least:,} impressions"] = int((~kept).sum())
    removed[f"impressions on surfaces of fewer than {least:,}"] = int(sizes[~kept].sum())
    rows = kept[log.arm]
    arms = tuple(name for name, keep in zip(log.arms, kept.tolist(), strict=True) if keep)
    arm = (np.cumsum(kept) - 1)[log.arm[rows]]
    start = np.concatenate([[0], np.cumsum(sizes[kept])])
    return Log(arms, start, arm, log.account[rows], log.item[rows], log.watched[rows])


def count_excluded(log: Log, places: Places, removed: dict[str, int]) -> None:
    """Count impressions that measures of communities leave out."""
    homeless = places.homes[log.item] < 0
    unassigned = places.membership[log.account] < 0
    if unassigned.all():
        raise DataError(
            f"observed: no viewer has a community: the partition is over {places.partition.node_kind} "
            "with other ids than the accounts of the log."
        )
    where = "(from measures of communities only)"
    removed[f"impressions of items without a community of origin {where}"] = int(homeless.sum())
    removed[f"impressions to accounts without a community {where}"] = int(unassigned.sum())


def deal_accounts(places: Places, groups: int, generator: np.random.Generator) -> Codes:
    """Group of each account, shape (n,): equal sizes, and each its share of every community.

    Within communities accounts are sorted by their number of items, then at random; each
    `groups` of them in a row are dealt to all groups at random.
    """
    n = len(places.accounts)
    known = places.author[places.author >= 0]
    made = np.bincount(known, minlength=n)
    order = np.lexsort((generator.random(n), -made, places.membership))
    rounds = generator.random((n // groups + 1, groups)).argsort(axis=1)
    group = np.empty(n, np.int64)
    group[order] = rounds.ravel()[:n]
    return group


def item_groups(places: Places, dealt: Codes) -> Codes:
    """Group of the author of each item; −1 without one."""
    return np.where(places.author >= 0, dealt[places.author], -1)

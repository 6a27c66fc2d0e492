"""Two-mode (bipartite) incidence of a dataset: which node is paired with which object.

Every pair of node sets has one definition, the same in both directions:

=================  ==================================================================
accounts · items   the account interacted with the item (for a duet, stitch or reply:
                   with the item that it answers); kinds as asked, by default ``ACTS``
accounts · authors the account interacted with an item of that author, not its own
accounts · tags    the account interacted with an item with the tag, or gave the tag
accounts · sounds  the account interacted with an item with the sound
authors · items    the author made the item
authors · tags     the author made an item with the tag
authors · sounds   the author made an item with the sound
items · tags       the item has the tag, or an account gave it the tag
items · sounds     the item uses the sound
tags · sounds      some item has the tag and uses the sound
=================  ==================================================================
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.provenance import Provenance
from graphkit.data.schema import KINDS
from graphkit.data.tags import fold_tag, fold_tags
from graphkit.data.times import TIME
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    name_some,
    nearest,
    shorten,
)

Codes = npt.NDArray[np.int32]

#: Interactions that are sorted together; some hundred megabytes.
PIECE = 1 << 23

#: Incidences that a dataset keeps, the last ones; 16 bytes for each of their pairs.
KEPT = 2


@dataclass(frozen=True, eq=False, repr=False)
class IncidenceMatrix(Frozen):
    """Two-mode incidence matrix in compressed rows; one entry per pair, with its multiplicity.

    Attributes
    ----------
    between, through
        Vocabularies of the n nodes and m objects. Nodes without a pair are included.
    indptr
        int64, shape (n + 1,): the pairs of node i are indptr[i] … indptr[i + 1] − 1.
    things
        int32, shape (nnz,): codes of objects, ascending within a row, each once.
    acts
        int32, shape (nnz,): interactions of the node with the object, from 1 on.
    first, last
        int64, shape (nnz,): earliest and latest interaction, UTC microseconds, −1 where none
        of the pair has a time; `None` where the log has no times.
    node_kind
        What the nodes are, such as ``"accounts"``.
    provenance
        How it was made; `removed` counts the rows left out.

    Examples
    --------
    >>> found = IncidenceMatrix.from_codes(
    ...     Vocabulary(["a", "b"]), Vocabulary(["v", "w"]),
    ...     np.array([1, 0, 1], np.int32), np.array([0, 1, 0], np.int32))
    >>> found.indptr.tolist(), found.things.tolist(), found.acts.tolist()
    ([0, 1, 2], [1, 0], [1, 2])
    """

    between: Vocabulary
    through: Vocabulary
    indptr: npt.NDArray[np.int64]
    things: npt.NDArray[np.int32]
    acts: npt.NDArray[np.int32]
    first: npt.NDArray[np.int64] | None = None
    last: npt.NDArray[np.int64] | None = None
    node_kind: str = "accounts"
    provenance: Provenance = field(default_factory=lambda: Provenance("IncidenceMatrix"))

    def __post_init__(self) -> None:
        if (self.first is None) != (self.last is None):
            raise DataError("IncidenceMatrix: first and last go together.")
        self._set_arrays(indptr=np.int64, things=np.int32)
        self._set_arrays(self.things.shape, acts=np.int32, first=np.int64, last=np.int64)
        starts = self.indptr
        if starts.shape != (len(self.between) + 1,) or starts[0] or starts[-1] != self.things.size:
            raise DataError(
                f"IncidenceMatrix: indptr must hold {len(self.between) + 1} offsets from 0 to "
                f"{self.things.size}."
            )

    @classmethod
    def from_codes(
        cls,
        between: Vocabulary,
        through: Vocabulary,
        rows: npt.NDArray[np.int32],
        columns: npt.NDArray[np.int32],
        at: npt.NDArray[np.int64] | None = None,
        *,
        node_kind: str = "accounts",
        provenance: Provenance | None = None,
    ) -> IncidenceMatrix:
        """Incidence matrix of interactions given as codes, in any order, with repetitions.

        `rows` and `columns`, shape (m,), are the node and object of each interaction, coded by
        `between` and `through`; `at` is its time in UTC microseconds, −1 where unknown.
        `node_kind` and `provenance` are as the attributes.
        """
        n = len(between)
        bounds = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=n), out=bounds[1:])
        # written front to back: pages behind the last pair are never touched
        things, acts = np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
        first = None if at is None else np.empty(rows.size, np.int64)
        last = None if at is None else np.empty(rows.size, np.int64)
        lengths = np.zeros(n, dtype=np.int64)
        used = 0
        for low, high in _cut_rows(bounds):
            inside = np.flatnonzero((rows >= low) & (rows < high))
            keys = (rows[inside].astype(np.int64) - low) * len(through) + columns[inside]
            order = np.argsort(keys, kind="stable") if at is not None else None
            keys = np.sort(keys) if order is None else keys[order]
            starts = np.flatnonzero(np.diff(keys, prepend=-1))
            stop = used + starts.size
            node, target = np.divmod(keys[starts], len(through))
            lengths[low:high] = np.bincount(node, minlength=high - low)
            things[used:stop] = target
            acts[used:stop] = np.diff(starts, append=keys.size)
            if at is not None and first is not None and last is not None and starts.size:
                times = at[inside][order]
                last[used:stop] = np.maximum.reduceat(times, starts)
                times[times < 0] = np.iinfo(np.int64).max
                first[used:stop] = np.minimum.reduceat(times, starts)
                first[used:stop][last[used:stop] < 0] = -1
            used = stop
        indptr = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(lengths, out=indptr[1:])
        entries = {"things": things, "acts": acts, "first": first, "last": last}
        cut: dict[str, Any] = {k: None if a is None else a[:used] for k, a in entries.items()}
        record = provenance or Provenance("IncidenceMatrix.from_codes")
        return cls(between, through, indptr, **cut, node_kind=node_kind, provenance=record)

    @property
    def n_pairs(self) -> int:
        """Number of distinct pairs."""
        return int(self.things.size)

    @property
    def n_acts(self) -> int:
        """Number of interactions."""
        return int(self.acts.sum(dtype=np.int64))

    @property
    def removed(self) -> Mapping[str, int]:
        """Rows of the log that were left out, by reason."""
        return self.provenance.removed

    @property
    def rows(self) -> npt.NDArray[np.int32]:
        """int32, shape (nnz,): node of each pair, computed at each call."""
        return np.repeat(np.arange(len(self.between), dtype=np.int32), np.diff(self.indptr))

    @cached_property
    def content_key(self) -> str:
        """Key of the content, see :func:`graphkit.data.frozen.content_key`."""
        times = [a for a in (self.first, self.last) if a is not None]
        ids = (self.between.content_key, self.through.content_key)
        return content_key(*ids, self.indptr, self.things, self.acts, *times)

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {
            self.node_kind: len(self.between),
            "objects": len(self.through),
            "pairs": self.n_pairs,
            "interactions": self.n_acts,
            "times": self.first is not None,
        }
        return facts | {f"left out: {k}": v for k, v in self.removed.items()}


def _cut_rows(bounds: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of rows of about `PIECE` interactions each, none empty."""
    steps = np.arange(PIECE, int(bounds[-1]), PIECE)
    inner = np.searchsorted(bounds, steps)
    cuts = np.unique(np.concatenate([[0], inner, [bounds.size - 1]])).tolist()
    return list(pairwise(cuts))


class Coder:
    """Incremental encoder of text ids: one code per distinct id, over successive columns.

    Rows are looked up by a 64-bit hash, which is faster than by text, and then compared with
    the id of that code: a collision is detected, and the piece is encoded again under another
    seed. No result depends on the hash function. Distinct `ids` known beforehand have their
    positions as codes.

    Examples
    --------
    >>> coder = Coder()
    >>> first, second = coder.add(pl.Series(["b", "c", None])), coder.add(pl.Series(["a", "b"]))
    >>> first.tolist(), second.tolist()
    ([0, 1, -1], [2, 0])
    >>> ids, place = coder.finish()
    >>> ids.to_list(), place[first[:2]].tolist(), place[second].tolist()
    (['a', 'b', 'c'], [1, 2], [0, 1])
    """

    __slots__ = ("_ids", "_seed", "_table")

    def __init__(self, ids: pl.Series | None = None) -> None:
        self._seed = 0
        self._ids = pl.Series("id", [], dtype=pl.String) if ids is None else ids.alias("id")
        self._rehash_ids()

    def add(self, values: pl.Series) -> Codes:
        """Provisional codes of text `values`, shape (len(values),), −1 where null."""
        present = values.is_not_null() if values.null_count() else None
        given = values if present is None else values.filter(present)
        found = self._insert_ids(given)
        while not (self._ids.gather(found) == given).all():  # a hash collision
            self._seed += 1
            self._rehash_ids()
            found = self._insert_ids(given)
        if present is None:
            return found
        codes = np.full(len(values), -1, dtype=np.int32)
        codes[present.to_numpy()] = found
        return codes

    def finish(self) -> tuple[pl.Series, Codes]:
        """All ids, sorted, and the rank of each provisional code among them."""
        order = self._ids.arg_sort()
        place = np.empty(len(order), dtype=np.int32)
        place[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
        return self._ids.gather(order), place

    def _rehash_ids(self) -> None:
        """Hash the known ids, under the first seed without a collision."""
        while (hashes := _hash_ids(self._ids, self._seed)).n_unique() < len(hashes):
            self._seed += 1
        self._table = _code_table(hashes, 0)

    def _insert_ids(self, values: pl.Series) -> Codes:
        hashes = _hash_ids(values, self._seed)
        first = hashes.arg_unique().sort()
        one_each = pl.DataFrame({"hash": hashes.gather(first), "first": first})
        unknown = one_each.join(self._table, on="hash", how="anti", maintain_order="left")
        if unknown.height:
            if len(self._ids) + unknown.height > np.iinfo(np.int32).max:
                raise DataError("there are more than 2^31 − 1 distinct ids, the most that fit.")
            # adding nothing copies: a selection alone would keep the whole piece in memory
            new = values.gather(unknown.get_column("first")).alias("id") + ""
            added = _code_table(unknown.get_column("hash"), len(self._ids))
            self._ids = pl.concat([self._ids, new], rechunk=True)
            self._table = pl.concat([self._table, added], rechunk=True)
        rows = hashes.to_frame("hash")
        found = rows.join(self._table, on="hash", how="left", maintain_order="left")
        return np.asarray(found.get_column("code").to_numpy(), dtype=np.int32)


def _hash_ids(values: pl.Series, seed: int) -> pl.Series:
    return values.hash(seed=seed).alias("hash")


def _code_table(hashes: pl.Series, first: int) -> pl.DataFrame:
    codes = np.arange(first, first + len(hashes), dtype=np.int32)
    return pl.DataFrame({"hash": hashes, "code": codes})


#: Node sets that an incidence can pair.
SIDES = ("accounts", "authors", "items", "tags", "sounds")

#: Kinds that count as an interaction with an item unless others are asked for. Exposure is
#: not (``view``), nor is naming an account (``mention``) or describing an item (``tag``).
ACTS = ("like", "comment", "share", "repost", "save", "duet", "stitch", "reply", "play")
_NO_ACTS = ("view", "mention", "tag")

#: Beginning of the reason for interactions that are left out as their kinds are not ``ACTS``.
OTHER_KINDS = "interactions of other kinds"

#: Own kinds of fewer interactions are not named: a column of texts may have been taken for kinds.
_NAMED_FROM = 10


@dataclass(frozen=True, eq=False)
class Incidence(Frozen):
    """Edge list of a two-mode network as codes, one row per event, repetitions included.

    Attributes
    ----------
    between, through
        Vocabularies of nodes and objects; nodes include those without a pair.
    rows, columns
        int32, shape (m,): codes of node and object of each pair.
    at
        int64, shape (m,), UTC microseconds, −1 where unknown; `None` if no pair has a time.
    time_column
        Column of the times.
    removed
        Pairs left out, by reason.
    """

    between: Vocabulary
    through: Vocabulary
    rows: npt.NDArray[np.int32]
    columns: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64] | None
    time_column: str | None
    removed: Mapping[str, int] = field(default_factory=dict)


def incidence(
    dataset: Dataset,
    *,
    between: str,
    through: str,
    kinds: Collection[str] | None = None,
    exclude: Iterable[str] = (),
    verb: str = "incidence",
) -> Incidence:
    """Two-mode edge list of a dataset, by the table of this module.

    Parameters
    ----------
    dataset
        Needs the tables that the definition mentions.
    between, through
        Two different members of ``SIDES``.
    kinds
        Kinds of interaction that count; ``ACTS`` if absent.
    exclude
        Ids of objects to leave out, such as ``STOP_TAGS``; ids the data lack are ignored.
    verb
        Name of the calling function, for messages.

    Raises
    ------
    OptionError
        For an unknown or repeated side or kind.
    MissingDataError
        If a table or column is missing, or nothing is left.
    """
    check_sides(between, through)
    if isinstance(exclude, str):
        raise OptionError(f"exclude={exclude!r} is one text: pass a set or list of ids.")
    require_dataset(dataset, caller=verb)
    unwanted = frozenset(map(fold_tag, exclude) if through == "tags" else exclude)
    key = (between, through, checked_kinds(kinds), unwanted)
    found: Incidence | None = dataset._pairs.get(key)
    if found is None:
        found = _encode_pairs(dataset, *key, verb)
        for old in list(dataset._pairs)[: 1 - KEPT]:
            dataset._pairs.pop(old, None)
        dataset._pairs[key] = found
    return found


def _encode_pairs(
    dataset: Dataset,
    between: str,
    through: str,
    kinds: tuple[str, ...],
    unwanted: frozenset[str],
    verb: str,
) -> Incidence:
    removed: dict[str, int] = {}
    source = _PairSource(dataset, kinds, verb, removed)
    frame, column = source.pairs(between, through)
    pairs = frame.select(between, through, "at")
    if unwanted:
        ids = pairs.get_column(through)
        hit = ids.is_in(pl.Series(sorted(unwanted), dtype=pl.String).implode())
        if hit.any():
            gone = pairs.filter(hit)
            name = f"pairs of {gone.n_unique(through)} excluded {through}"
            removed[name] = gone.n_unique([between, through])  # an author uses a tag in many items
            pairs = pairs.filter(~hit)
    if not pairs.height:
        raise MissingDataError(
            f"{verb}: nothing connects {between} with {through}"
            + (f" (left out: {removed})" if removed else "")
            + "; check kinds= and exclude=."
        )
    nodes, rows = _encode_ids(_known_nodes(dataset, between), pairs.get_column(between))
    objects, columns = _encode_ids(None, pairs.get_column(through))
    at = None
    if pairs.get_column("at").null_count() < pairs.height:
        at = pairs.get_column("at").to_physical().fill_null(-1).to_numpy()
    told = MappingProxyType(removed)
    return Incidence(nodes, objects, rows, columns, at, None if at is None else column, told)


def account_tags(dataset: Dataset, *, verb: str) -> pl.DataFrame:
    """Tag use by accounts: columns ``id``, ``tag`` (folded), one row per use.

    An account uses a tag by posting an item with it or by giving the tag to an item. If no
    account does either, interactions with items that have the tag are taken instead: those of
    engagement or, in a log without any, such as one of views, those of every kind.
    """
    acts = dataset.interactions
    kinds = () if acts is None else tuple(acts.get_column("kind").unique().sort().drop_nulls())
    source = _PairSource(dataset, ACTS if set(kinds) & {*ACTS, "tag"} else kinds or ACTS, verb, {})
    parts = []
    if _has_values(dataset, "items", "author_id") and _has_values(dataset, "items", "tags"):
        parts.append(source.pairs("authors", "tags")[0].rename({"authors": "accounts"}))
    if (given := source.given_tags()) is not None:
        parts.append(given)
    parts = parts or [source.pairs("accounts", "tags")[0]]
    return pl.concat([part.select(id="accounts", tag="tags") for part in parts])


def check_sides(between: str, through: str) -> None:
    """Raise an :class:`OptionError` unless these are two different members of ``SIDES``."""
    check_choice("between", between, SIDES)
    check_choice("through", through, SIDES)
    if between == through:
        raise OptionError(f"between and through are both {between!r}: name two different sides.")


def checked_kinds(kinds: Collection[str] | None) -> tuple[str, ...]:
    """The kinds of interaction asked for, or the default ones; any text may be one."""
    if kinds is None:
        return ACTS
    if isinstance(kinds, str):
        kinds = (kinds,)
    for kind in kinds:
        if not isinstance(kind, str) or not kind.strip():
            raise OptionError(f"kinds={shorten(kind)}: a kind of interaction is a text.")
    if not kinds:
        raise OptionError("kinds is empty: name at least one kind of interaction.")
    # as in a dataset, which reads LIKE as like
    return tuple(kind.lower() if kind.lower() in KINDS else kind for kind in kinds)


def other_kinds(table: pl.DataFrame) -> dict[str, int]:
    """Number of interactions whose kinds do not count by default, by the reason that names these.

    Views, mentions and tags, which are never meant, are not among them.

    Examples
    --------
    >>> other_kinds(pl.DataFrame({"kind": ["like"] * 3 + ["watch"] * 20 + ["skip"] * 5 + ["x"]}))
    {'interactions of other kinds (watch 20, skip 5, others 1), of 29': 26}
    """
    left = (
        table.get_column("kind").value_counts(name="n").sort("n", "kind", descending=[True, False])
    )
    left = left.filter(~pl.col("kind").is_in([*ACTS, *_NO_ACTS]))
    if not left.height:
        return {}
    named = (pl.col("n") >= _NAMED_FROM) | pl.col("kind").is_in(list(KINDS))
    told = [f"{kind[:40]} {n:,}" for kind, n in left.filter(named).head(5).rows()]
    total = int(left.get_column("n").sum())
    rest = total - int(left.filter(named).head(5).get_column("n").sum())
    told += [f"others {rest:,}"] if rest else []
    return {f"{OTHER_KINDS} ({', '.join(told)}), of {table.height:,}": total}


def rows_of_kinds(table: pl.DataFrame, kinds: Collection[str], caller: str) -> pl.DataFrame:
    """Interactions of these kinds, known ones or those of the table.

    Raises
    ------
    OptionError
        For a kind that is neither known nor in the table, with the nearest.
    MissingDataError
        If there is no interaction of these kinds.
    """
    found = table.get_column("kind").unique().sort().to_list()
    strange = [kind for kind in kinds if kind not in KINDS and kind not in found]
    if strange:
        own = [kind for kind in found if kind not in KINDS]
        there = f"; in these data also {name_some(own)}" if own else ""
        raise OptionError(
            f"kinds={shorten(strange[0])} is unknown.{nearest(strange[0][:60], [*KINDS, *own])} Known: "
            f"{', '.join(KINDS)}{there}."
        )
    rows = table.filter(pl.col("kind").is_in(list(kinds)))
    if not rows.height:
        raise MissingDataError(
            f"{caller}: no interaction is of kind {', '.join(kinds)}; the table has "
            f"{', '.join(kind[:40] for kind in found[:12]) or 'none'} (pass kinds=…)."
        )
    return rows


def _known_nodes(dataset: Dataset, side: str) -> Vocabulary | None:
    """All nodes of a side, also those without a pair; None if only the pairs name them."""
    if side == "accounts":
        return dataset.account_ids
    if side == "authors" and _has_values(dataset, "items", "author_id"):
        return dataset.author_ids
    if side == "items":
        return dataset.item_ids
    return None


def _encode_ids(known: Vocabulary | None, ids: pl.Series) -> tuple[Vocabulary, Codes]:
    """The vocabulary (as known, or of the ids), and the code of each id."""
    if known is not None:
        return known, known.encode(ids)
    coder = Coder()
    codes = coder.add(ids)
    distinct, place = coder.finish()
    return Vocabulary(distinct), place[codes]


def _has_values(dataset: Dataset, table: str, column: str) -> bool:
    frame = dataset.tables.get(table)
    if frame is None or column not in frame.columns:
        return False
    return frame.get_column(column).null_count() < frame.height


def _time_of(frame: pl.DataFrame, column: str) -> pl.Expr:
    return (pl.col(column) if column in frame.columns else pl.lit(None, TIME)).alias("at")


class _PairSource(NamedTuple):
    """Where pairs are read from; rows left out are counted in `removed`, by reason."""

    dataset: Dataset
    kinds: tuple[str, ...]
    caller: str
    removed: dict[str, int]

    def pairs(self, between: str, through: str) -> tuple[pl.DataFrame, str]:
        """Columns `between`, `through` and at (a time or null), and the column of the times."""
        sides = {between, through}
        columns = {"authors": "author_id", "sounds": "sound_id"}
        if "accounts" in sides:
            (other,) = sides - {"accounts"}
            if other == "tags":
                return self.account_tags(), "interactions.at"
            frame = self.interactions(self.kinds)
            if other in columns:
                frame = self.join_items(frame, self.item_column(columns[other], other), other)
            if other == "authors":
                foreign = frame.filter(pl.col("accounts") != pl.col("authors"))
                self.count_removed("interactions with own items", frame, foreign)
                frame = foreign
            return frame, "interactions.at"
        if sides == {"items", "tags"}:
            return self.tags_of_items(), "items.created_at"
        parts = [self.item_column(c, side) for side, c in columns.items() if side in sides]
        parts += [self.item_tags()] if "tags" in sides else []
        frame = parts[0]
        for part in parts[1:]:
            frame = frame.join(part.drop("at"), on="items", maintain_order="left")
        return frame, "items.created_at"

    def count_removed(self, reason: str, before: pl.DataFrame, after: pl.DataFrame) -> None:
        if count := before.height - after.height:
            self.removed[reason] = self.removed.get(reason, 0) + count

    def interactions(self, kinds: tuple[str, ...]) -> pl.DataFrame:
        """accounts, items, at of these kinds; an answer counts for the item that it answers."""
        table = self.dataset.require("interactions", verb=self.caller)
        rows = rows_of_kinds(table, kinds, self.caller)
        if self.kinds == ACTS:
            self.removed.update(other_kinds(table))
        target = [pl.col(c) for c in ("target_item_id", "item_id") if c in rows.columns]
        if not target:
            raise MissingDataError(f"{self.caller} needs interactions.item_id, which is missing.")
        items = pl.coalesce(target).alias("items")
        frame = rows.select(pl.col("account_id").alias("accounts"), items, _time_of(rows, "at"))
        known = frame.filter(pl.col("items").is_not_null())
        self.count_removed("interactions without an item", frame, known)
        return known

    def join_items(self, frame: pl.DataFrame, items: pl.DataFrame, side: str) -> pl.DataFrame:
        """Interactions with the `side` of their items; items without one are left out."""
        joined = frame.join(items.drop("at"), on="items", maintain_order="left")
        lacking = {"authors": "of unknown author", "sounds": "without a sound"}[side]
        self.count_removed(f"interactions with items {lacking}", frame, joined)
        return joined

    def item_column(self, column: str, name: str) -> pl.DataFrame:
        """items, `name` and at (creation) of the items that have a value in `column`."""
        items = self.dataset.require("items", column, verb=self.caller)
        value = pl.col(column).alias(name)
        frame = items.select(pl.col("item_id").alias("items"), value, _time_of(items, "created_at"))
        return frame.filter(pl.col(name).is_not_null())

    def item_tags(self) -> pl.DataFrame:
        """items, tags, at: each folded tag once per item."""
        rows = self.item_column("tags", "tags").explode("tags", empty_as_null=False)
        rows = rows.with_columns(fold_tags(rows.get_column("tags")).alias("tags"))
        kept = rows.filter(pl.col("tags").is_not_null() & (pl.col("tags") != ""))
        self.count_removed("empty tags", rows, kept)
        return kept.unique(["items", "tags"], keep="first", maintain_order=True)

    def given_tags(self) -> pl.DataFrame | None:
        """accounts, items, tags, at of the interactions that give a tag; None if none does."""
        if not _has_values(self.dataset, "interactions", "tag"):
            return None
        table = self.dataset.tables["interactions"]
        rows = table.filter((pl.col("kind") == "tag") & pl.col("tag").is_not_null())
        item = pl.col("item_id") if "item_id" in rows.columns else pl.lit(None, pl.String)
        frame = rows.select(
            pl.col("account_id").alias("accounts"),
            item.alias("items"),
            fold_tags(rows.get_column("tag")).alias("tags"),
            _time_of(rows, "at"),
        )
        kept = frame.filter(pl.col("tags") != "")
        self.count_removed("empty tags", frame, kept)
        return kept if kept.height else None

    def account_tags(self) -> pl.DataFrame:
        parts = []
        if _has_values(self.dataset, "items", "tags"):
            frame = self.interactions(tuple(k for k in self.kinds if k != "tag") or ACTS)
            tags = self.item_tags().drop("at")
            parts.append(frame.join(tags, on="items", maintain_order="left"))
        if (given := self.given_tags()) is not None:
            parts.append(given)
        if not parts:
            raise MissingDataError(
                f"{self.caller} needs tags: items.tags with interactions on the items, or "
                "interactions of kind 'tag'. (Of a frame: from_frame(…, tags='its column of hashtags').)"
            )
        return pl.concat([part.select("accounts", "tags", "at") for part in parts])

    def tags_of_items(self) -> pl.DataFrame:
        parts = [self.item_tags()] if _has_values(self.dataset, "items", "tags") else []
        if (given := self.given_tags()) is not None:
            parts.append(given.filter(pl.col("items").is_not_null()))
        if not parts:
            raise MissingDataError(f"{self.caller} needs items.tags or interactions of kind 'tag'.")
        return pl.concat([part.select("items", "tags", "at") for part in parts])

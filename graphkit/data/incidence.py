"""Who touches what: the one place that says what "accounts through tags" means.

Every pair of sides has one definition, the same in both directions:

=================  ==================================================================
accounts · items   the account acted on the item (for a duet, stitch or reply: on the
                   item that it answers); kinds as asked, by default every act
accounts · authors the account acted on an item of that author, not its own
accounts · tags    the account acted on an item with the tag, or gave the tag itself
accounts · sounds  the account acted on an item with the sound
authors · items    the author made the item
authors · tags     the author made an item with the tag
authors · sounds   the author made an item with the sound
items · tags       the item bears the tag, or somebody gave it the tag
items · sounds     the item uses the sound
tags · sounds      some item bears the tag and uses the sound
=================  ==================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.provenance import Provenance
from graphkit.data.schema import KINDS
from graphkit.data.tags import fold_tag, fold_tags
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError, OptionError, check_choice

__all__ = [
    "ACTS",
    "SIDES",
    "Coder",
    "Incidence",
    "IncidenceMatrix",
    "account_tags",
    "check_sides",
    "checked_kinds",
    "incidence",
    "refuse_mangled",
]

#: Acts that are put in order together; some hundred megabytes.
PIECE = 1 << 23


@dataclass(frozen=True, eq=False, repr=False)
class IncidenceMatrix(Frozen):
    """Entities × things, compressed by row; each entry is one pair, however many acts.

    Attributes
    ----------
    between, through
        Vocabularies of the n entities and m things. Entities without a pair are included.
    indptr
        int64, shape (n + 1,): the pairs of entity i are indptr[i] … indptr[i + 1] − 1.
    things
        int32, shape (nnz,): codes of things, ascending within a row, each once.
    acts
        int32, shape (nnz,): acts of the entity on the thing, from 1 on.
    first, last
        int64, shape (nnz,): earliest and latest act, UTC microseconds, −1 where no act of
        the pair has a time; `None` where the log has no times.
    node_kind
        What the entities are, such as ``"accounts"``.
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
        """The matrix of acts given as codes, in any order, with repetitions.

        Parameters
        ----------
        between, through
            Vocabularies that the codes belong to.
        rows, columns
            Entity and thing of each act, shape (m,).
        at
            Time of each act in UTC microseconds, −1 where unknown; shape (m,).
        node_kind, provenance
            As the attributes.
        """
        n = len(between)
        bounds = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=n), out=bounds[1:])
        # written front to back, so that what lies behind the last pair takes no memory
        things, acts = np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
        first = None if at is None else np.empty(rows.size, np.int64)
        last = None if at is None else np.empty(rows.size, np.int64)
        lengths = np.zeros(n, dtype=np.int64)
        used = 0
        for low, high in _cuts(bounds):
            inside = np.flatnonzero((rows >= low) & (rows < high))
            keys = (rows[inside].astype(np.int64) - low) * len(through) + columns[inside]
            order = np.argsort(keys, kind="stable") if at is not None else None
            keys = np.sort(keys) if order is None else keys[order]
            starts = np.flatnonzero(np.diff(keys, prepend=-1))
            stop = used + starts.size
            entity, thing = np.divmod(keys[starts], len(through))
            lengths[low:high] = np.bincount(entity, minlength=high - low)
            things[used:stop] = thing
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
        return cls(
            between,
            through,
            indptr,
            things[:used],
            acts[:used],
            None if first is None else first[:used],
            None if last is None else last[:used],
            node_kind,
            provenance or Provenance("IncidenceMatrix.from_codes"),
        )

    @property
    def n_pairs(self) -> int:
        """Number of distinct pairs."""
        return int(self.things.size)

    @property
    def n_acts(self) -> int:
        """Number of acts."""
        return int(self.acts.sum(dtype=np.int64))

    @property
    def removed(self) -> Mapping[str, int]:
        """Rows of the log that were left out, by reason."""
        return self.provenance.removed

    @property
    def rows(self) -> npt.NDArray[np.int32]:
        """int32, shape (nnz,): the entity of each pair, made anew at each call."""
        return np.repeat(np.arange(len(self.between), dtype=np.int32), np.diff(self.indptr))

    @cached_property
    def content_key(self) -> str:
        """Key of the content, see :func:`graphkit.data.provenance.content_key`."""
        times = [a for a in (self.first, self.last) if a is not None]
        ids = (self.between.content_key, self.through.content_key)
        return content_key(*ids, self.indptr, self.things, self.acts, *times)

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {
            self.node_kind: len(self.between),
            "things": len(self.through),
            "pairs": self.n_pairs,
            "acts": self.n_acts,
            "times": self.first is not None,
        }
        return facts | {f"left out: {k}": v for k, v in self.removed.items()}


def _cuts(bounds: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of entities of about `PIECE` acts each, none empty."""
    steps = np.arange(PIECE, int(bounds[-1]), PIECE)
    inner = np.searchsorted(bounds, steps)
    cuts = np.unique(np.concatenate([[0], inner, [bounds.size - 1]])).tolist()
    return list(pairwise(cuts))


Codes = npt.NDArray[np.int32]


class Coder:
    """Gives each distinct id a code as columns come in, piece by piece.

    Rows are looked up by a 64-bit hash, which is some times faster than by text, and every
    row is then compared with the id that it was given: two ids of one hash are seen, and the
    piece is done again under another hash. So no result depends on the hash function.

    Parameters
    ----------
    ids
        Distinct ids that are known beforehand; their codes are their positions.

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
        self._learn()

    def add(self, values: pl.Series) -> Codes:
        """Provisional codes of text `values`, shape (len(values),), −1 where null."""
        present = values.is_not_null() if values.null_count() else None
        given = values if present is None else values.filter(present)
        found = self._codes(given)
        while not (self._ids.gather(found) == given).all():  # two ids of one hash
            self._seed += 1
            self._learn()
            found = self._codes(given)
        if present is None:
            return found
        codes = np.full(len(values), -1, dtype=np.int32)
        codes[present.to_numpy()] = found
        return codes

    def finish(self) -> tuple[pl.Series, Codes]:
        """All ids seen, sorted, and the place of each provisional code among them."""
        order = self._ids.arg_sort()
        place = np.empty(len(order), dtype=np.int32)
        place[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
        return self._ids.gather(order), place

    def _learn(self) -> None:
        """Hash the ids known, under the first seed that tells them apart."""
        while True:
            hashes = _hash(self._ids, self._seed)
            if hashes.n_unique() == len(hashes):
                break
            self._seed += 1
        self._table = _table(hashes, 0)

    def _codes(self, values: pl.Series) -> Codes:
        hashes = _hash(values, self._seed)
        first = hashes.arg_unique().sort()
        one_each = pl.DataFrame({"hash": hashes.gather(first), "first": first})
        fresh = one_each.join(self._table, on="hash", how="anti", maintain_order="left")
        if fresh.height:
            if len(self._ids) + fresh.height > np.iinfo(np.int32).max:
                raise DataError("there are more than 2^31 − 1 distinct ids, the most that fit.")
            # adding nothing copies: a selection alone would keep the whole piece in memory
            new = values.gather(fresh.get_column("first")).alias("id") + ""
            added = _table(fresh.get_column("hash"), len(self._ids))
            self._ids = pl.concat([self._ids, new], rechunk=True)
            self._table = pl.concat([self._table, added], rechunk=True)
        codes = hashes.to_frame("hash").join(
            self._table, on="hash", how="left", maintain_order="left"
        )
        found: Codes = codes.get_column("code").to_numpy()
        return found


def refuse_mangled(ids: pl.Series, place: str) -> None:
    """Raise if an id is a number in scientific notation, as spreadsheets write long ids."""
    hits = ids.filter(ids.str.contains(r"^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"))
    if len(hits):
        raise DataError(
            f"{place}: {hits[0]!r} is a number in scientific notation ({len(hits):,} such ids); its "
            "digits are lost: export the column as text."
        )


def _hash(values: pl.Series, seed: int) -> pl.Series:
    return values.hash(seed=seed).alias("hash")


def _table(hashes: pl.Series, first: int) -> pl.DataFrame:
    codes = np.arange(first, first + len(hashes), dtype=np.int32)
    return pl.DataFrame({"hash": hashes, "code": codes})


#: What can stand on either side of an incidence.
SIDES = ("accounts", "authors", "items", "tags", "sounds")

#: Kinds that count as an act on an item unless others are asked for. Seeing an item is no
#: act (``view``), naming somebody is not about the item (``mention``), and giving a tag
#: describes an item rather than consuming it (``tag``).
ACTS = ("like", "comment", "share", "repost", "save", "duet", "stitch", "reply", "play")


@dataclass(frozen=True, eq=False)
class Incidence(Frozen):
    """Pairs (entity, thing) as codes, one per event, repetitions included.

    Attributes
    ----------
    between, through
        Vocabularies of entities and things; entities include those without any pair.
    rows, columns
        int32, shape (m,): codes of entity and thing of each pair.
    at
        int64, shape (m,), UTC microseconds, −1 where unknown; `None` where the pairs have
        no times at all.
    time_column
        The column that the times are from.
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
    """The pairs of entities and things of a dataset, by the table above.

    Parameters
    ----------
    dataset
        Needs the tables that the definition mentions.
    between, through
        Two different members of ``SIDES``.
    kinds
        Kinds of interaction that count as an act; ``ACTS`` if absent.
    exclude
        Ids of things to leave out, such as ``STOP_TAGS``; ids the data lack are ignored.
    verb
        The caller, for messages.

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
    removed: dict[str, int] = {}
    pairs, time_column = _pairs(dataset, between, through, checked_kinds(kinds), verb, removed)
    unwanted = {fold_tag(t) for t in exclude} if through == "tags" else set(exclude)
    if unwanted:
        things = pairs.get_column(through)
        hit = things.is_in(pl.Series(sorted(unwanted), dtype=pl.String).implode())
        if hit.any():
            removed[f"pairs of {things.filter(hit).n_unique()} excluded {through}"] = int(hit.sum())
            pairs = pairs.filter(~hit)
    if not pairs.height:
        raise MissingDataError(
            f"{verb}: nothing ties {between} to {through}"
            + (f" (left out: {removed})" if removed else "")
            + "; check kinds= and exclude=."
        )
    entities, rows = _coded(_known(dataset, between), pairs.get_column(between))
    vocabulary, columns = _coded(None, pairs.get_column(through))
    at = None
    if time_column is not None and pairs.get_column("at").null_count() < pairs.height:
        at = pairs.get_column("at").to_physical().fill_null(-1).to_numpy()
    return Incidence(
        entities, vocabulary, rows, columns, at, time_column if at is not None else None, removed
    )


def account_tags(dataset: Dataset, *, verb: str) -> pl.DataFrame:
    """Which accounts use which tags: columns ``id``, ``tag`` (folded), one row per use.

    An account uses a tag by posting an item with it or by giving the tag to an item. Only
    where no account does either, acting on an item with the tag stands in.
    """
    removed: dict[str, int] = {}
    parts = []
    if _has(dataset, "items", "author_id") and _has(dataset, "items", "tags"):
        made, _ = _pairs(dataset, "authors", "tags", ACTS, verb, removed)
        parts.append(made.select(pl.col("authors").alias("id"), pl.col("tags").alias("tag")))
    given = _assigned(dataset, removed)
    if given is not None:
        parts.append(given.select(pl.col("accounts").alias("id"), pl.col("tags").alias("tag")))
    if not parts:
        acted, _ = _pairs(dataset, "accounts", "tags", ACTS, verb, removed)
        parts.append(acted.select(pl.col("accounts").alias("id"), pl.col("tags").alias("tag")))
    return pl.concat(parts)


def check_sides(between: str, through: str) -> None:
    """Raise an :class:`OptionError` unless these are two different members of ``SIDES``."""
    check_choice("between", between, SIDES)
    check_choice("through", through, SIDES)
    if between == through:
        raise OptionError(f"between and through are both {between!r}: choose two sides.")


def checked_kinds(kinds: Collection[str] | None) -> tuple[str, ...]:
    """The kinds of interaction asked for, or the default ones; refuses unknown ones."""
    if kinds is None:
        return ACTS
    if isinstance(kinds, str):
        kinds = (kinds,)
    for kind in kinds:
        check_choice("kinds", kind, KINDS)
    if not kinds:
        raise OptionError("kinds is empty: name at least one kind of interaction.")
    return tuple(kinds)


Pairs = tuple[pl.DataFrame, str | None]


def _pairs(
    dataset: Dataset,
    between: str,
    through: str,
    kinds: tuple[str, ...],
    verb: str,
    removed: dict[str, int],
) -> Pairs:
    """Columns `between`, `through` and at (a time or null), one row per event."""
    build = _DEFINITIONS[frozenset((between, through))]
    frame, time_column = build(dataset, kinds, verb, removed)
    return frame.select(between, through, "at"), time_column


def _known(dataset: Dataset, side: str) -> Vocabulary | None:
    """All entities of a side, those without a pair included; None where pairs tell them."""
    if side == "accounts":
        return dataset.account_ids
    if side == "authors" and _has(dataset, "items", "author_id"):
        return dataset.author_ids
    if side == "items":
        return dataset.item_ids
    return None


def _coded(known: Vocabulary | None, ids: pl.Series) -> tuple[Vocabulary, npt.NDArray[np.int32]]:
    """The vocabulary (as known, or of the ids), and the code of each id."""
    coder = Coder(None if known is None else known.series)
    codes = coder.add(ids)
    if known is not None:
        return known, codes
    distinct, place = coder.finish()
    return Vocabulary(distinct), place[codes]


def _has(dataset: Dataset, table: str, column: str) -> bool:
    frame = dataset.tables.get(table)
    if frame is None or column not in frame.columns:
        return False
    return frame.get_column(column).null_count() < frame.height


_TIME = pl.Datetime("us", "UTC")


def _dropped(removed: dict[str, int], reason: str, count: int) -> None:
    if count:
        removed[reason] = removed.get(reason, 0) + count


def _acts(
    dataset: Dataset, kinds: tuple[str, ...], verb: str, removed: dict[str, int]
) -> tuple[pl.DataFrame, str]:
    """accounts, items, at: an answer acts on the item that it answers."""
    table = dataset.require("interactions", verb=verb)
    rows = table.filter(pl.col("kind").cast(pl.String).is_in(list(kinds)))
    if not rows.height:
        present = ", ".join(sorted(table.get_column("kind").cast(pl.String).unique().to_list()))
        raise MissingDataError(
            f"{verb}: no interaction is of kind {', '.join(kinds)}; the table has {present or 'none'}"
            " (pass kinds=…)."
        )
    target = [pl.col(c) for c in ("target_item_id", "item_id") if c in rows.columns]
    if not target:
        raise MissingDataError(f"{verb} needs interactions.item_id, which is missing.")
    frame = rows.select(
        pl.col("account_id").alias("accounts"),
        pl.coalesce(target).alias("items"),
        (pl.col("at") if "at" in rows.columns else pl.lit(None, _TIME)).alias("at"),
    )
    known = frame.filter(pl.col("items").is_not_null())
    _dropped(removed, "acts on no item", frame.height - known.height)
    return known, "interactions.at"


def _item_facts(dataset: Dataset, column: str, name: str, verb: str) -> pl.DataFrame:
    """items, `name` and at (creation) for the items that have the fact."""
    items = dataset.require("items", column, verb=verb)
    created = pl.col("created_at") if "created_at" in items.columns else pl.lit(None, _TIME)
    frame = items.select(
        pl.col("item_id").alias("items"), pl.col(column).alias(name), created.alias("at")
    )
    return frame.filter(pl.col(name).is_not_null())


def _item_tags(dataset: Dataset, verb: str, removed: dict[str, int]) -> pl.DataFrame:
    """items, tags, at: each folded tag once per item."""
    lists = _item_facts(dataset, "tags", "tags", verb)
    rows = lists.explode("tags", empty_as_null=False)
    rows = rows.with_columns(fold_tags(rows.get_column("tags")).alias("tags"))
    kept = rows.filter(pl.col("tags").is_not_null() & (pl.col("tags") != ""))
    _dropped(removed, "empty tags", rows.height - kept.height)
    return kept.unique(["items", "tags"], keep="first", maintain_order=True)


def _assigned(dataset: Dataset, removed: dict[str, int]) -> pl.DataFrame | None:
    """accounts, items, tags, at of the interactions that give a tag; None if there are none."""
    if not _has(dataset, "interactions", "tag"):
        return None
    table = dataset.tables["interactions"]
    rows = table.filter((pl.col("kind") == "tag") & pl.col("tag").is_not_null())
    frame = rows.select(
        pl.col("account_id").alias("accounts"),
        (pl.col("item_id") if "item_id" in rows.columns else pl.lit(None, pl.String)).alias(
            "items"
        ),
        fold_tags(rows.get_column("tag")).alias("tags"),
        (pl.col("at") if "at" in rows.columns else pl.lit(None, _TIME)).alias("at"),
    )
    kept = frame.filter(pl.col("tags") != "")
    _dropped(removed, "empty tags", frame.height - kept.height)
    return kept if kept.height else None


def _accounts_items(d: Dataset, kinds: tuple[str, ...], verb: str, gone: dict[str, int]) -> Pairs:
    return _acts(d, kinds, verb, gone)


def _accounts_authors(d: Dataset, kinds: tuple[str, ...], verb: str, gone: dict[str, int]) -> Pairs:
    acts, time_column = _acts(d, kinds, verb, gone)
    authors = _item_facts(d, "author_id", "authors", verb).drop("at")
    joined = acts.join(authors, on="items", maintain_order="left")
    _dropped(gone, "acts on items of unknown author", acts.height - joined.height)
    others = joined.filter(pl.col("accounts") != pl.col("authors"))
    _dropped(gone, "acts on own items", joined.height - others.height)
    return others, time_column


def _accounts_tags(d: Dataset, kinds: tuple[str, ...], verb: str, gone: dict[str, int]) -> Pairs:
    parts = []
    if _has(d, "items", "tags"):
        acts, _ = _acts(d, tuple(k for k in kinds if k != "tag") or ACTS, verb, gone)
        tags = _item_tags(d, verb, gone).drop("at")
        parts.append(acts.join(tags, on="items", maintain_order="left"))
    given = _assigned(d, gone)
    if given is not None:
        parts.append(given)
    if not parts:
        raise MissingDataError(
            f"{verb} needs tags: items.tags with interactions on the items, or interactions of "
            "kind 'tag'."
        )
    columns = ["accounts", "tags", "at"]
    return pl.concat([p.select(columns) for p in parts]), "interactions.at"


def _accounts_sounds(d: Dataset, kinds: tuple[str, ...], verb: str, gone: dict[str, int]) -> Pairs:
    acts, time_column = _acts(d, kinds, verb, gone)
    sounds = _item_facts(d, "sound_id", "sounds", verb).drop("at")
    joined = acts.join(sounds, on="items", maintain_order="left")
    _dropped(gone, "acts on items without a sound", acts.height - joined.height)
    return joined, time_column


def _authors_items(d: Dataset, kinds: tuple[str, ...], verb: str, gone: dict[str, int]) -> Pairs:
    del kinds, gone
    return _item_facts(d, "author_id", "authors", verb), "items.created_at"


def _authors_tags(d: Dataset, kinds: tuple[str, ...], verb: str, gone: dict[str, int]) -> Pairs:
    del kinds
    authors = _item_facts(d, "author_id", "authors", verb)
    tags = _item_tags(d, verb, gone).drop("at")
    return authors.join(tags, on="items", maintain_order="left"), "items.created_at"


def _authors_sounds(d: Dataset, kinds: tuple[str, ...], verb: str, gone: dict[str, int]) -> Pairs:
    del kinds, gone
    authors = _item_facts(d, "author_id", "authors", verb)
    sounds = _item_facts(d, "sound_id", "sounds", verb).drop("at")
    return authors.join(sounds, on="items", maintain_order="left"), "items.created_at"


def _items_tags(d: Dataset, kinds: tuple[str, ...], verb: str, gone: dict[str, int]) -> Pairs:
    del kinds
    parts = []
    if _has(d, "items", "tags"):
        parts.append(_item_tags(d, verb, gone))
    given = _assigned(d, gone)
    if given is not None:
        parts.append(given.filter(pl.col("items").is_not_null()))
    if not parts:
        raise MissingDataError(f"{verb} needs items.tags or interactions of kind 'tag'.")
    return pl.concat([p.select("items", "tags", "at") for p in parts]), "items.created_at"


def _items_sounds(d: Dataset, kinds: tuple[str, ...], verb: str, gone: dict[str, int]) -> Pairs:
    del kinds, gone
    return _item_facts(d, "sound_id", "sounds", verb), "items.created_at"


def _tags_sounds(d: Dataset, kinds: tuple[str, ...], verb: str, gone: dict[str, int]) -> Pairs:
    del kinds
    sounds = _item_facts(d, "sound_id", "sounds", verb)
    tags = _item_tags(d, verb, gone).drop("at")
    return sounds.join(tags, on="items", maintain_order="left"), "items.created_at"


_DEFINITIONS: dict[
    frozenset[str], Callable[[Dataset, tuple[str, ...], str, dict[str, int]], Pairs]
] = {
    frozenset(("accounts", "items")): _accounts_items,
    frozenset(("accounts", "authors")): _accounts_authors,
    frozenset(("accounts", "tags")): _accounts_tags,
    frozenset(("accounts", "sounds")): _accounts_sounds,
    frozenset(("authors", "items")): _authors_items,
    frozenset(("authors", "tags")): _authors_tags,
    frozenset(("authors", "sounds")): _authors_sounds,
    frozenset(("items", "tags")): _items_tags,
    frozenset(("items", "sounds")): _items_sounds,
    frozenset(("tags", "sounds")): _tags_sounds,
}

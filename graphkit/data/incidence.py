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

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data._encode import Coder
from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.schema import KINDS
from graphkit.data.tags import fold_tag, fold_tags
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import MissingDataError, OptionError, check_choice

__all__ = [
    "ACTS",
    "SIDES",
    "Incidence",
    "account_tags",
    "check_sides",
    "checked_kinds",
    "incidence",
]

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
        entities,
        vocabulary,
        rows,
        columns,
        at,
        time_column if at is not None else None,
        removed,
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

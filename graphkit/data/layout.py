"""Layouts of saved files: the arrays and the header of each kind, checked on loading.

A shape is a tuple of lengths: a number, the name of a length (equal wherever it stands in one
file), a name with an addend such as ``"n+1"``, or `None` for any length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

#: Lengths of an array: see the module.
Shape = tuple[int | str | None, ...]


@dataclass(frozen=True)
class Layout:
    """Layout of a kind of saved file.

    Attributes
    ----------
    header
        Types of the values of the header, by key.
    arrays
        Type and shape by name. A name that ends in ``*`` stands for one array per entry of the
        list `each` of the header: ``views_*`` for ``views_0``, ``views_1``, ….
    optional
        Sets of arrays and keys that a file holds all or none of.
    either
        Sets of arrays and keys of which a file holds one.
    each
        Key of the header with the list that ``*`` counts.
    """

    header: Mapping[str, tuple[type, ...]]
    arrays: Mapping[str, tuple[str, Shape]]
    optional: tuple[frozenset[str], ...] = ()
    either: tuple[tuple[frozenset[str], ...], ...] = ()
    each: str = ""
    _needed: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        free = frozenset[str]().union(*self.optional, *(s for sets in self.either for s in sets))
        object.__setattr__(self, "_needed", frozenset({*self.header, *self.arrays}) - free)

    def fault(
        self, header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]
    ) -> str | None:
        """What is wrong with a file's content, as a clause; `None` if it fits.

        Examples
        --------
        >>> LAYOUTS["Block"].fault({}, {"rows": np.zeros(3, np.int64)})
        'rows has shape (3,), not (2,)'
        """
        for key, kinds in self.header.items():
            if key in header and type(header[key]) not in kinds:
                return f"{key} of its header is of another type"
        names = {name: (name, *spec) for name, spec in self.arrays.items()}
        listed = header.get(self.each) or ()
        for name in [name for name in names if name.endswith("*")]:
            starred = names.pop(name)
            names |= {f"{name[:-1]}{k}": starred for k in range(len(listed))}
        lengths: dict[str, int] = {}
        for name, array in arrays.items():
            if name not in names:
                return f"the array {name!r} has no place in it"
            dtype, shape = names[name][1:]
            if array.dtype != np.dtype(dtype):
                return f"{name} is of type {array.dtype}, not {dtype}"
            if not _fits(array.shape, shape, lengths):
                wanted = ", ".join("any" if part is None else str(part) for part in shape)
                comma = "," * (len(shape) == 1)
                return f"{name} has shape {array.shape}, not ({wanted}{comma})"
        return self._absent({names[name][0] for name in arrays} | {*header}, bool(listed))

    def _absent(self, held: set[str], listed: bool) -> str | None:
        needed = {name for name in self._needed if listed or not name.endswith("*")}
        if missing := sorted(needed - held):
            return f"{missing[0]!r} is missing"
        for names in self.optional:
            if held & names and not names <= held:
                return f"{min(names - held)!r} is missing"
        for sets in self.either:
            if sum(names <= held for names in sets) != 1 or any(
                held & names and not names <= held for names in sets
            ):
                return f"one of {', '.join(min(names) for names in sets)} is needed"
        return None


def _fits(found: tuple[int, ...], shape: Shape, lengths: dict[str, int]) -> bool:
    """Whether a shape is as wanted; lengths named for the first time are entered."""
    if len(found) != len(shape):
        return False
    for size, wanted in zip(found, shape, strict=True):
        if isinstance(wanted, int):
            if size != wanted:
                return False
        elif wanted is not None:
            name, _, more = wanted.partition("+")
            if lengths.setdefault(name, size - int(more or 0)) != size - int(more or 0):
                return False
    return True


def _ids(prefix: str, n: str) -> tuple[dict[str, tuple[str, Shape]], tuple[frozenset[str], ...]]:
    """Arrays of a vocabulary, integers or texts, and the choice between the two."""
    whole = {"ids": ("int64", (n,)), "id_bytes": ("uint8", (None,)), "id_lengths": ("int32", (n,))}
    arrays: dict[str, tuple[str, Shape]] = {f"{prefix}{k}": v for k, v in whole.items()}
    texts = frozenset({f"{prefix}id_bytes", f"{prefix}id_lengths"})
    return arrays, (frozenset({f"{prefix}ids"}), texts)


def _sets(*texts: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(text.split()) for text in texts)


_TEXT, _WHOLE, _FLAG, _LIST, _TABLE = (str,), (int,), (bool,), (list,), (dict,)
_NUMBER = (int, float)
_NONE = type(None)

_NODES, _NODE_IDS = _ids("", "n")
_ACCOUNTS, _ACCOUNT_IDS = _ids("accounts_", "a")
_ITEMS, _ITEM_IDS = _ids("items_", "i")

_GRAPH = Layout(
    {"directed": _FLAG, "node_kind": _TEXT, "provenance": _TABLE},
    {
        **_NODES,
        "indptr": ("int64", ("n+1",)),
        "indices": ("int32", ("e",)),
        "weights": ("float64", ("e",)),
        "attributes": ("uint8", (None,)),
    },
    optional=_sets("attributes"),
    either=(_NODE_IDS,),
)

_PARTITION = Layout(
    {
        "labels": _LIST,
        "labels_key": _TEXT,
        "quality": (*_NUMBER, _NONE),
        "quality_function": (str, _NONE),
        "resolution": (*_NUMBER, _NONE),
        "node_kind": _TEXT,
        "evidence": (list, _NONE),
        "provenance": _TABLE,
        "agreement": (*_NUMBER, _NONE),
    },
    {
        **_NODES,
        "membership": ("int32", ("n",)),
        "runs_memberships": ("int32", ("r", "n")),
        "runs_qualities": ("float64", ("r",)),
        "runs_consistency": ("float32", ("n",)),
    },
    optional=(*_sets("agreement runs_memberships runs_qualities runs_consistency"),),
    either=(_NODE_IDS,),
)

_IMPRESSIONS = Layout(
    {"provenance": _TABLE, "surfaces": (list, _NONE)},
    {
        **_ACCOUNTS,
        **_ITEMS,
        "account": ("int32", ("m",)),
        "item": ("int32", ("m",)),
        "at": ("int64", ("m",)),
        "watch_fraction": ("float32", ("m",)),
        "surface": ("int32", ("m",)),
    },
    optional=_sets("at", "watch_fraction", "surface"),
    either=(_ACCOUNT_IDS, _ITEM_IDS),
)

#: m posts, n accounts, t ticks, s sources, x reshares, y answers.
_TALLY = Layout(
    {"kinds": _LIST, "numbers": _TABLE, "of": _TEXT},
    {
        "views_*": ("int32", ("m", None)),
        "diet_*": ("int32", ("n", None)),
        "member_reach_*": ("int32", ("n",)),
        "arrivals_*": ("int16", ("m", None)),
        "ticks": ("int32", ("m", "t")),
        "reactions": ("int64", ("m", 9)),
        "watch": ("int64", ("m",)),
        "sources": ("int64", ("s",)),
        "shares": ("int32", ("x", 5)),
        "posted": ("bool", ("m",)),
        "left": ("bool", ("n",)),
        "quit": ("bool", ("n",)),
        "gained": ("int32", ("n",)),
        "lost": ("int32", ("n",)),
        "flagged_shown": ("int32", ("n",)),
        "divisive_shown": ("int32", ("n",)),
        **{f"answers_{name}": ("int32", ("y",)) for name in ("author", "parent", "tick")},
        "answers_kind": ("int8", ("y",)),
    },
    optional=_sets(
        *("of", "arrivals_*", "flagged_shown", "divisive_shown"),
        "answers_author answers_parent answers_tick answers_kind",
    ),
    each="kinds",
)

#: As the tally, with z answers that are due, d dimensions, and rows of some buffers (c, p) only where they are used.
_RUN = Layout(
    {"ticks": _WHOLE, "of": _TEXT},
    {
        "run.sources": ("int64", ("s",)),
        **{f"run.{name}": ("int64", ()) for name in ("sessions", "read", "empty", "candidates")},
        **{f"run.{name}": ("float64", ()) for name in ("leave", "back", "stay")},
        "viewers.gone": ("bool", ("n",)),
        "viewers.satisfaction": ("float64", ("n",)),
        "creators.quit": ("bool", ("n",)),
        "creators.posting": ("float64", ()),
        "creators.quitting": ("float64", ()),
        "creators.scheduled": ("int64", ()),
        "follows._added": ("int64", (None,)),
        "follows._removed": ("int64", (None,)),
        "follows.gained": ("int32", ("n",)),
        "follows.lost": ("int32", ("n",)),
        **{f"counts.{name}": ("int64", ("m",)) for name in ("watch", "views", "reacted")},
        "counts.reactions": ("int64", ("m", 9)),
        "counts.item_ticks": ("int32", ("m", "t")),
        "counts.budget": ("int64", ("m",)),
        "arrivals.count": ("uint8", ("m", None)),
        "arrivals.ages": ("int16", ("m", None)),
        "state.profiles": ("float32", ("n", "d")),
        "state.last": ("int32", ("n",)),
        "state.cell": ("int32", ("n",)),
        "state.recent_activity": ("int32", ("n", 8, 2)),
        "state.activity_next": ("int8", ("n",)),
        "state.recent_completions": ("int32", ("c", 8)),
        "state.completions_next": ("int8", ("c",)),
        "state.recent_completers": ("int32", ("p", 8)),
        "state.completers_next": ("int8", ("p",)),
        "state.seen": ("int32", (None,)),
        "state.withdrawn": ("bool", ("m",)),
        "shares": ("int32", ("x", 5)),
        "f_indptr": ("int64", ("n+1",)),
        "f_indices": ("int32", (None,)),
        "features": ("float32", ("m", "d")),
        "taste_features": ("float32", ("m", None)),
        "attributes": ("int32", ("m", 5)),
        "blocks": ("float32", (None,)),
        "index_start": ("int64", (None,)),
        "index_posts": ("int32", ("m",)),
        **{f"answers.made_{name}": ("int64", ("y",)) for name in ("author", "parent", "tick")},
        "answers.made_kind": ("int8", ("y",)),
        **{f"answers.{name}": ("int64", ("z",)) for name in ("author", "parent", "due")},
        "answers.kind": ("int8", ("z",)),
        **{f"answers.{name}": ("int64", ()) for name in ("late", "left", "quit", "declined")},
        "shared_caps": ("uint8", ("n", "t")),
        **{f"shared.{name}": ("int64", ("m",)) for name in ("watch", "reacted")},
        "shared.reactions": ("int64", ("m", 9)),
        "shared.item_ticks": ("int32", ("m", "t")),
        "shared.sources": ("int64", ("s",)),
        "shared._next": ("int64", ("n",)),
        "shared._posts": ("int32", (None,)),
    },
    optional=_sets(
        "f_indptr f_indices",
        "features taste_features attributes blocks",
        "index_start index_posts",
        "answers.made_author answers.made_parent answers.made_tick answers.made_kind "
        "answers.author answers.parent answers.due answers.kind "
        "answers.late answers.left answers.quit answers.declined",
        "shared_caps",
        "shared.watch shared.reacted shared.reactions shared.item_ticks shared.sources "
        "shared._next shared._posts",
    ),
)

#: Shared slots of n accounts in t ticks, of the arms that were counted.
_SHARED_SLOTS = Layout({"arms": _LIST, "of": _TEXT}, {"caps": ("uint8", ("n", "t"))})

#: A block of rows of a projection: y neighbours.
_BLOCK = Layout(
    {},
    {
        "rows": ("int64", (2,)),
        "targets": ("int32", ("y",)),
        "values": ("float64", ("y",)),
        "lengths": ("int64", (None,)),
        "tally": ("int64", (3,)),
    },
)

#: The layout of each kind of saved file.
LAYOUTS: dict[str, Layout] = {
    "Graph": _GRAPH,
    "Partition": _PARTITION,
    "Impressions": _IMPRESSIONS,
    "ArmTally": _TALLY,
    "Run": _RUN,
    "SharedSlots": _SHARED_SLOTS,
    "Block": _BLOCK,
}

#: The types of the keys of each record of a folder; a dot goes into a table.
RECORDS: dict[str, Mapping[str, tuple[type, ...]]] = {
    "manifest.json": {"finished": _FLAG, "files": _TABLE},
    "checkpoint.json": {
        "seed": _TEXT,
        "facts.arms": _TABLE,
        "facts.worlds": _LIST,
        "facts.replications": _WHOLE,
        "facts.behaviour": _TABLE,
    },
    "simulation.json": {
        "run": _TEXT,
        "arms": _TABLE,
        "worlds": _WHOLE,
        "replications": _WHOLE,
        "ticks": _WHOLE,
        "finished": _FLAG,
        "sha256": _TABLE,
    },
    "projection.json": {"key": _TEXT, "options": _TEXT},
}

"""Who acted on what, and when: what the projection and its plan both begin with."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.dataset import Dataset
from graphkit.data.incidence import ACTS, Incidence, incidence
from graphkit.data.incidence_matrix import IncidenceMatrix
from graphkit.errors import DataError, MissingDataError, OptionError, check_choice
from graphkit.graphs._lists import Codes, Ints
from graphkit.graphs._options import at_least, microseconds
from graphkit.graphs._projection import WEIGHTS

__all__ = ["Acts", "check_options", "gather", "told"]


@dataclass(frozen=True)
class Acts:
    """Codes of entity and thing of each act, its time where a window needs one.

    `removed` counts what was left out, `parameters` what was asked for.
    """

    found: Incidence
    rows: Codes
    columns: Codes
    at: Ints | None
    window: int | None
    removed: dict[str, int]
    parameters: dict[str, Any]


def gather(
    dataset: Dataset | IncidenceMatrix,
    *,
    between: str,
    through: str,
    kinds: Collection[str] | None,
    window: str | timedelta | None,
    exclude: Iterable[str],
    counted: bool = False,
    verb: str,
) -> Acts:
    """The acts of a dataset; raises unless they have times where `window` needs them.

    Of a matrix, each pair is one act, or as many as it had if they are `counted`.
    """
    span = None if window is None else microseconds(window)
    exclude = exclude if isinstance(exclude, str) else sorted(set(exclude))
    if isinstance(dataset, IncidenceMatrix):
        for name, value in (("kinds", kinds), ("window", window)):
            if value is not None:
                raise OptionError(
                    f"{verb}: {name}={value!r} cannot be told of an incidence matrix, which keeps "
                    "pairs and not acts: leave it out, choose kinds= when reading, or pass a "
                    "Dataset."
                )
        return _of_matrix(dataset, exclude, counted, verb)
    found = incidence(
        dataset, between=between, through=through, kinds=kinds, exclude=exclude, verb=verb
    )
    removed = dict(found.removed)
    rows, columns, at = found.rows, found.columns, None
    if span is not None:
        timed = _times(dataset, found, verb)
        untimed = int((~timed).sum())
        if untimed:
            removed["acts without a time"] = untimed
        rows, columns = rows[timed], columns[timed]
        assert found.at is not None
        at = found.at[timed]
    acts = (kinds,) if isinstance(kinds, str) else kinds or ACTS
    return Acts(
        found, rows, columns, at, span, removed,
        {
            "between": between, "through": through,
            "kinds": sorted(set(acts)) if "accounts" in (between, through) else None,
            "window": None if span is None else f"{span / 1e6:.15g} s", "exclude": exclude,
        },
    )  # fmt: skip


def _of_matrix(matrix: IncidenceMatrix, exclude: str | list[str], counted: bool, verb: str) -> Acts:
    if isinstance(exclude, str):
        raise OptionError(f"{verb}: exclude={exclude!r} is one text: pass a set or list of ids.")
    rows, columns = matrix.rows, matrix.things
    often = matrix.acts if counted else None
    removed: dict[str, int] = {}
    if exclude:
        unwanted = np.zeros(len(matrix.through) + 1, dtype=bool)
        # an unknown id is −1, the last place
        unwanted[matrix.through.lookup(exclude)] = True
        unwanted[-1] = False
        keep = ~unwanted[columns]
        if not keep.all():
            removed["acts on excluded things"] = int(matrix.acts[~keep].sum(dtype=np.int64))
        rows, columns = rows[keep], columns[keep]
        often = None if often is None else often[keep]
    if often is not None:
        rows, columns = np.repeat(rows, often), np.repeat(columns, often)
    if not rows.size:
        raise DataError(f"{verb}: the incidence matrix has no pairs left: there is nothing to tie.")
    return Acts(
        Incidence(matrix.between, matrix.through, rows, columns, None, None, removed),
        rows, columns, None, None, removed,
        {
            "between": matrix.node_kind, "through": "things", "kinds": None, "window": None,
            "exclude": exclude,
        },
    )  # fmt: skip


def check_options(
    *, weight: str, min_shared: int, max_degree: int | None, top: int | None, mutual: bool,
    window: object,
) -> None:  # fmt: skip
    """Raise an :class:`OptionError` where the options of a projection make no sense."""
    check_choice("weight", weight, WEIGHTS)
    at_least("min_shared", min_shared, 1)
    at_least("max_degree", max_degree, 2, optional=True)
    at_least("top", top, 1, optional=True)
    if mutual and top is None:
        raise OptionError("mutual=True goes with top=…, which is not given.")
    if weight == "actions" and window is not None:
        raise OptionError(
            "weight='actions' is not defined within a window=…: take weight='pairs', or "
            "coordinated_accounts, which counts the acts of each side."
        )


def told(removed: dict[str, int]) -> str:
    """What was left out, in a message."""
    return "left out: " + ", ".join(f"{n:,} {reason}" for reason, n in removed.items())


def _times(dataset: Dataset, found: Incidence, verb: str) -> npt.NDArray[np.bool_]:
    """Which acts have a time; raises unless these are times of acts."""
    if found.at is None or found.time_column is None:
        raise MissingDataError(
            f"{verb}: window= needs the time of each act, and there is none: give "
            "interactions.at (or, between authors, items.created_at)."
        )
    if found.time_column == "interactions.at":
        dataset.require_event_times(found.time_column, verb=f"{verb}(window=…)")
    kind = dataset.time_kinds[found.time_column]
    if kind not in ("event", "item_created"):
        raise MissingDataError(
            f"{verb}(window=…) needs the time of creation in {found.time_column}, "
            f"but its time kind is {kind!r}."
        )
    return found.at >= 0

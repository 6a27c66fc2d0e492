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
from graphkit.errors import MissingDataError, OptionError, check_choice
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
    dataset: Dataset,
    *,
    between: str,
    through: str,
    kinds: Collection[str] | None,
    window: str | timedelta | None,
    exclude: Iterable[str],
    verb: str,
) -> Acts:
    """The acts of a dataset; raises unless they have times where `window` needs them."""
    span = None if window is None else microseconds(window)
    exclude = exclude if isinstance(exclude, str) else sorted(set(exclude))
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
            "window": None if span is None else f"{span / 1e6:g} s", "exclude": exclude,
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

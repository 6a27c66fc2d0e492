"""An interest space: where the items of a log stand by what they are about."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance, content_key
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, check_choice

__all__ = ["InterestSpace"]

#: What the places of the items may come from.
SPACE_KINDS = ("terms", "embedding", "planted", "given", "none")

#: How far from 1 the length of a row may be: float32, and rounding on the way here.
TOLERANCE = 1e-3


@dataclass(frozen=True, repr=False, eq=False)
class InterestSpace(Frozen, table="sources"):
    """Features of every item; two items are alike by the product of their rows.

    Attributes
    ----------
    items
        m items.
    features
        float32, shape (m, d), d ≥ 1; rows of unit length, or zero where nothing is known of
        an item.
    kind
        ``"terms"`` (tags, sounds, captions: no feature is negative), ``"embedding"``,
        ``"planted"`` (one topic an item), ``"given"`` (made by hand), or ``"none"``
        (nothing is known of any item).
    sources
        One row per source: source, weight, terms (columns that it gave), items (that have
        any of them), explained (share of the squared length of its rows that the d
        dimensions hold, in [0, 1]). `None` for a space made by hand.
    provenance
        How it was made; ``removed`` counts what was left out.

    Examples
    --------
    >>> space = InterestSpace(Vocabulary(["v", "w"]), np.array([[1, 0], [0.6, 0.8]]))
    >>> space.rows(Vocabulary(["w", "x"])).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """

    items: Vocabulary
    features: npt.NDArray[np.float32]
    kind: str = "given"
    sources: pl.DataFrame | None = None
    provenance: Provenance = field(default_factory=lambda: Provenance("InterestSpace"))

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, SPACE_KINDS)
        self._set_arrays(features=np.float32)
        features, m = self.features, len(self.items)
        if features.ndim != 2 or features.shape[0] != m or features.shape[1] < 1:
            raise DataError(f"interest space: features have shape {features.shape}, not ({m}, d).")
        lengths = np.sqrt((features.astype(np.float64) ** 2).sum(axis=1))
        # written so that NaN is wrong, too
        wrong = ~((lengths == 0) | (np.abs(lengths - 1) <= TOLERANCE))
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            raise DataError(
                f"interest space: row {first} of the features has length {lengths[first]:.4g} "
                f"({int(wrong.sum()):,} such rows): scale rows to length 1, or set them to zero."
            )

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def dimensions(self) -> int:
        """Number of features, d."""
        return int(self.features.shape[1])

    @cached_property
    def n_placed(self) -> int:
        """Items that have a place: whose row is not zero."""
        return int(self.features.any(axis=1).sum())

    @cached_property
    def content_key(self) -> str:
        """Key of items and features."""
        return content_key(self.items.content_key, self.features, self.kind)

    def rows(self, items: Vocabulary) -> npt.NDArray[np.float32]:
        """Features of some items, shape (len(items), d); zero for those that are not here."""
        codes = self.items.lookup(items.series if items.kind == "str" else items.ids)
        chosen = np.zeros((codes.size, self.dimensions), np.float32)
        chosen[codes >= 0] = self.features[codes[codes >= 0]]
        return chosen

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "items": self.n_items,
            "with a place": self.n_placed,
            "dimensions": self.dimensions,
            "from": self.kind,
        }
        if self.sources is not None:
            for source, weight, terms, items, explained in self.sources.iter_rows():
                facts[f"{source} (weight {weight:g})"] = (
                    f"{terms:,} terms of {items:,} items, {explained:.0%} kept"
                )
        if self.provenance.removed:
            left_out = (f"{k}: {v:,}" for k, v in self.provenance.removed.items())
            facts["left out"] = ", ".join(left_out)
        return facts

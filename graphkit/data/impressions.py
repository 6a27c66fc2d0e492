"""Impressions as arrays: what was shown to whom, observed or simulated alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.files import load_arrays, pack_ids, save_arrays, unpack_ids
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError

__all__ = ["Impressions"]


@dataclass(frozen=True, repr=False, eq=False)
class Impressions(Frozen):
    """Items shown to accounts, one entry per showing, in the order given.

    Attributes
    ----------
    accounts, items
        Vocabularies: also those that saw, or were, nothing.
    account, item
        int32, shape (m,): codes of viewer and item.
    at
        int64, shape (m,): UTC microseconds, −1 where unknown; `None` without times.
    watch_fraction
        float32, shape (m,), ≥ 0, NaN where unknown; `None` without any.
    surface
        Where it was shown (``"following"``, ``"for_you"``, …), shape (m,); `None` without.

    Examples
    --------
    >>> from graphkit.data.dataset import Dataset
    >>> ds = Dataset(impressions={"account_id": ["a", "b"], "item_id": ["v", "v"]})
    >>> shown = Impressions.from_dataset(ds)
    >>> len(shown), shown.views_per_item().tolist()
    (2, [2])
    """

    accounts: Vocabulary
    items: Vocabulary
    account: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64] | None = None
    watch_fraction: npt.NDArray[np.float32] | None = None
    surface: pl.Series | None = None
    provenance: Provenance = field(default_factory=lambda: Provenance("Impressions"))

    def __post_init__(self) -> None:
        m = len(self.account)
        self._set_arrays((m,), account=np.int32, item=np.int32, at=np.int64)
        self._set_arrays((m,), watch_fraction=np.float32)
        for codes, ids, name in (
            (self.account, self.accounts, "account"),
            (self.item, self.items, "item"),
        ):
            if m and not 0 <= int(codes.min()) <= int(codes.max()) < len(ids):
                raise DataError(f"impressions: {name} codes must lie in 0 … {len(ids) - 1}.")
        if self.watch_fraction is not None and bool((self.watch_fraction < 0).any()):
            raise DataError("impressions: watch_fraction must be 0 or larger.")
        if self.surface is not None and len(self.surface) != m:
            raise DataError(f"impressions: {len(self.surface)} surfaces for {m} impressions.")

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> Impressions:
        """The impressions table of a dataset, encoded."""
        table = dataset.require("impressions", verb="Impressions.from_dataset")
        accounts, items = dataset.account_ids, dataset.item_ids

        def column(name: str) -> pl.Series | None:
            return table.get_column(name) if name in table.columns else None

        at, watched = column("at"), column("watch_fraction")
        return cls(
            accounts,
            items,
            accounts.encode(table.get_column("account_id")),
            items.encode(table.get_column("item_id")),
            None if at is None else at.to_physical().fill_null(-1).to_numpy(),
            None if watched is None else watched.cast(pl.Float32).fill_null(np.nan).to_numpy(),
            column("surface"),
            Provenance.of("Impressions.from_dataset", made_from=(dataset,)),
        )

    def __len__(self) -> int:
        return int(self.account.size)

    @cached_property
    def content_key(self) -> str:
        """Key of everything that was shown."""
        parts: list[Any] = [self.accounts.content_key, self.items.content_key]
        arrays = (self.account, self.item, self.at, self.watch_fraction, self.surface)
        return content_key(*parts, *("absent" if a is None else a for a in arrays))

    def views_per_item(self) -> npt.NDArray[np.int64]:
        """Impressions of each item, shape (items,)."""
        return np.bincount(self.item, minlength=len(self.items))

    def views_per_account(self) -> npt.NDArray[np.int64]:
        """Impressions to each account, shape (accounts,)."""
        return np.bincount(self.account, minlength=len(self.accounts))

    def select(self, mask: npt.NDArray[np.bool_]) -> Impressions:
        """The impressions where `mask`, shape (m,), is true."""
        if mask.dtype != bool or mask.shape != self.account.shape:
            raise DataError(f"the mask must be boolean of shape {self.account.shape}.")
        return Impressions(
            self.accounts,
            self.items,
            self.account[mask],
            self.item[mask],
            None if self.at is None else self.at[mask],
            None if self.watch_fraction is None else self.watch_fraction[mask],
            None if self.surface is None else self.surface.filter(pl.Series(mask)),
            Provenance.of("select", made_from=(self,), removed={"impressions": int((~mask).sum())}),
        )

    def frame(self) -> pl.DataFrame:
        """A table in the columns of the schema."""
        columns: dict[str, Any] = {
            "account_id": self.accounts.series.gather(self.account),
            "item_id": self.items.series.gather(self.item),
        }
        if self.at is not None:
            times = pl.Series(self.at, dtype=pl.Int64)
            columns["at"] = times.set(times < 0, None).cast(pl.Datetime("us", "UTC"))
        if self.surface is not None:
            columns["surface"] = self.surface
        if self.watch_fraction is not None:
            columns["watch_fraction"] = pl.Series(self.watch_fraction).fill_nan(None)
        return pl.DataFrame(columns)

    def save(self, path: str | Path) -> Path:
        """Write the impressions as one ``.npz`` file; :meth:`load` reads them back."""
        arrays: dict[str, npt.NDArray[Any]] = {"account": self.account, "item": self.item}
        for side, vocabulary in (("accounts", self.accounts), ("items", self.items)):
            arrays |= {f"{side}_{k}": v for k, v in pack_ids(vocabulary).items()}
        for name in ("at", "watch_fraction"):
            if getattr(self, name) is not None:
                arrays[name] = getattr(self, name)
        header: dict[str, Any] = {"provenance": self.provenance.to_dict(), "surfaces": None}
        if self.surface is not None:
            names = sorted(self.surface.drop_nulls().unique().to_list())
            header["surfaces"] = names
            arrays["surface"] = Vocabulary(names).lookup(self.surface)
        return save_arrays(path, "Impressions", header, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Impressions:
        """Read impressions that :meth:`save` wrote."""
        header, arrays = load_arrays(path, "Impressions")
        sides = [
            unpack_ids({k.removeprefix(s): v for k, v in arrays.items() if k.startswith(s)})
            for s in ("accounts_", "items_")
        ]
        surface = None
        if header["surfaces"] is not None:
            codes = pl.Series(arrays["surface"]).replace(-1, None)
            surface = pl.Series("surface", header["surfaces"], dtype=pl.String).gather(codes)
        return cls(
            sides[0],
            sides[1],
            arrays["account"],
            arrays["item"],
            arrays.get("at"),
            arrays.get("watch_fraction"),
            surface,
            Provenance.from_dict(header["provenance"]),
        )

    def _facts(self) -> dict[str, object]:
        return {
            "impressions": len(self),
            "accounts": len(self.accounts),
            "items": len(self.items),
            "mean watch fraction": (
                float(np.nanmean(self.watch_fraction)) if self.watch_fraction is not None else None
            ),
        }

"""Impressions as arrays: items shown to accounts, observed or simulated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.files import loading, pack_ids, save_arrays, unpack_ids
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError
from graphkit.parallel import refuse_after_fork


@dataclass(frozen=True, repr=False, eq=False)
class Impressions(Frozen):
    """Impressions of items by accounts, one entry each, in the order given.

    Attributes
    ----------
    accounts, items
        Vocabularies, including accounts and items without an impression.
    account, item
        int32, shape (m,): codes of viewer and item.
    at
        int64, shape (m,): UTC microseconds, −1 where unknown; `None` without times.
    watch_fraction
        float32, shape (m,), ≥ 0, NaN where unknown; `None` without any.
    surface
        Surface of the platform (``"following"``, ``"for_you"``, …), shape (m,); `None` without.
    provenance
        How the impressions were made.

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
        sides = ((self.account, self.accounts, "account"), (self.item, self.items, "item"))
        for codes, ids, name in sides:
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
        """Key of all impressions."""
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
        names = ("account", "item", "at", "watch_fraction")
        columns: dict[str, Any] = {
            x: None if (a := getattr(self, x)) is None else a[mask] for x in names
        }
        if self.surface is not None:
            columns["surface"] = self.surface.filter(pl.Series(mask))
        record = Provenance.of(
            "select", made_from=(self,), removed={"impressions": int((~mask).sum())}
        )
        return replace(self, **columns, provenance=record)

    def frame(self) -> pl.DataFrame:
        """Impressions as a table in the columns of the schema."""
        refuse_after_fork()
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
        """Read impressions that :meth:`save` wrote.

        Raises
        ------
        FileError
            If the file is missing, damaged or holds something else.
        """
        with loading(path, "Impressions") as (header, arrays):
            accounts, items = (
                unpack_ids({k.removeprefix(s): v for k, v in arrays.items() if k.startswith(s)})
                for s in ("accounts_", "items_")
            )
            surface = None
            if header["surfaces"] is not None:
                codes = pl.Series(arrays["surface"]).replace(-1, None)
                surface = pl.Series("surface", header["surfaces"], dtype=pl.String).gather(codes)
            columns: dict[str, Any] = {
                x: arrays.get(x) for x in ("account", "item", "at", "watch_fraction")
            }
            record = Provenance.from_dict(header["provenance"])
            return cls(accounts, items, **columns, surface=surface, provenance=record)

    def _facts(self) -> dict[str, object]:
        watched = self.watch_fraction
        return {
            "impressions": len(self),
            "accounts": len(self.accounts),
            "items": len(self.items),
            "mean watch fraction": None if watched is None else float(np.nanmean(watched)),
        }

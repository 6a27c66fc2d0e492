"""Where accounts stand in the interest space: what they acted on, weighted by the act."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from graphkit.data.incidence import ACTS
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import MissingDataError

__all__ = ["acted_items", "mean_features", "unit", "unit_rows"]

Floats = npt.NDArray[np.float32]

#: Weight of an act for a profile: what takes more says more; a watch counts its fraction.
SIGNALS = {"share": 1.0, "repost": 1.0, "save": 0.8, "like": 0.6, "duet": 0.8, "stitch": 0.8,
           "comment": 0.4, "reply": 0.4, "play": 1.0}  # fmt: skip


def unit_rows(matrix: npt.ArrayLike) -> Floats:
    """Rows scaled to length 1; zero rows stay."""
    return np.asarray(unit(np.asarray(matrix, dtype=np.float64)), dtype=np.float32)


def unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The same, unrounded."""
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    scaled: npt.NDArray[np.float64] = np.divide(
        rows, length, out=np.zeros_like(rows), where=length > 0
    )
    return scaled


def acted_items(rows: pl.DataFrame, accounts: Vocabulary, items: Vocabulary) -> pl.DataFrame:
    """What accounts did with items: codes ``account``, ``item``, and ``weight`` of the signal.

    Of an answer (duet, stitch, reply), the item is the one that it answers.
    """
    rows = rows.filter(pl.col("kind").cast(pl.String).is_in(list(ACTS)))
    target = [pl.col(c) for c in ("target_item_id", "item_id") if c in rows.columns]
    if not target:
        raise MissingDataError("build_world needs the column interactions.item_id.")
    rows = rows.select(
        "account_id", pl.coalesce(target).alias("item_id"), pl.col("kind").cast(pl.String)
    ).drop_nulls()
    frame = pl.DataFrame(
        {
            "account": accounts.lookup(rows.get_column("account_id")),
            "item": items.lookup(rows.get_column("item_id")),
            "weight": rows.get_column("kind").replace_strict(SIGNALS, return_dtype=pl.Float64),
        }
    )
    known = frame.filter((pl.col("item") >= 0) & (pl.col("account") >= 0))
    # in one order, whatever the rows' was: sums of floats follow it
    return known.sort("item", "account", "weight")


def mean_features(acts: pl.DataFrame, features: Floats, n: int) -> Floats:
    """Unit-length sum of the features of the items that each of n accounts acted on."""
    shape = (n, features.shape[0])
    pairs = (acts["account"].to_numpy(), acts["item"].to_numpy())
    matrix: Any = sp.csr_array((acts["weight"].to_numpy(), pairs), shape=shape)
    return unit_rows(matrix @ features.astype(np.float64))

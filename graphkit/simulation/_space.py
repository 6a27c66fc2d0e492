"""The interest space of a dataset: TF-IDF of tags, reduced by truncated SVD."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from graphkit.data.dataset import Dataset
from graphkit.data.incidence import ACTS, incidence
from graphkit.data.tags import STOP_TAGS
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import MissingDataError

__all__ = ["acted_items", "mean_features", "tag_features", "unit_rows"]

Floats = npt.NDArray[np.float32]

#: Weight of an act for a profile: what takes more says more; a watch counts its fraction.
SIGNALS = {"share": 1.0, "repost": 1.0, "save": 0.8, "like": 0.6, "duet": 0.8, "stitch": 0.8,
           "comment": 0.4, "reply": 0.4, "play": 1.0}  # fmt: skip


def unit_rows(matrix: npt.ArrayLike) -> Floats:
    """Rows scaled to length 1; zero rows stay."""
    values = np.asarray(matrix, dtype=np.float64)
    length = np.sqrt((values**2).sum(axis=1, keepdims=True))
    scaled = np.divide(values, length, out=np.zeros_like(values), where=length > 0)
    return np.asarray(scaled, dtype=np.float32)


def tag_features(dataset: Dataset, dimensions: int, seed: int) -> Floats:
    """Non-negative features of every item of a dataset, rows in sorted id order.

    Tags give TF-IDF rows; a truncated SVD reduces them; the components are then folded
    into non-negative parts (positive and negative lobes apart), so that each dimension is
    a topic that an item has or has not.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer

    found = incidence(
        dataset, between="items", through="tags", exclude=STOP_TAGS, verb="build_world"
    )
    shape = (len(found.between), len(found.through))
    counts = sp.csr_array((np.ones(found.rows.size), (found.rows, found.columns)), shape=shape)
    weights = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    size = min(dimensions // 2, min(shape) - 1)
    if size < 1:
        raise MissingDataError("build_world needs at least two tags to tell items apart.")
    reduced = TruncatedSVD(size, random_state=seed % 2**32).fit_transform(weights)
    lobes = np.concatenate([np.maximum(reduced, 0), np.maximum(-reduced, 0)], axis=1)
    return unit_rows(lobes[:, lobes.any(axis=0)])


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

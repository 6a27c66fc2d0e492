"""A synthetic platform: a dataset together with the truth that was planted in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.partition import Partition
from graphkit.errors import DataError

__all__ = ["Platform"]


@dataclass(frozen=True, repr=False, eq=False)
class Platform(Frozen, title="Platform (synthetic)", table="truth.summary"):
    """A dataset with planted communities, tastes and topics.

    Attributes
    ----------
    dataset
        The log, as a researcher would hold it.
    truth
        The planted home community of every account, with its name.
    topics
        Names of the planted topics, t of them.
    interests
        float32, shape (accounts, t): share of each topic in the account's interest; rows
        in the order of ``truth.vocabulary``, each summing to 1.
    item_topics
        int32, shape (items,): planted topic of each item, in sorted item-id order.
    item_quality
        float32, shape (items,): planted quality in [0, 1], same order.
    parameters
        What the platform was made with.
    """

    dataset: Dataset
    truth: Partition
    topics: tuple[str, ...]
    interests: npt.NDArray[np.float32]
    item_topics: npt.NDArray[np.int32]
    item_quality: npt.NDArray[np.float32]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n, t, m = len(self.truth.vocabulary), len(self.topics), len(self.dataset.item_ids)
        self._set_arrays((n, t), interests=np.float32)
        self._set_arrays((m,), item_topics=np.int32, item_quality=np.float32)
        if self.truth.vocabulary != self.dataset.account_ids:
            raise DataError("platform: truth must hold every account of the dataset, and no other.")
        if n and not np.allclose(self.interests.sum(axis=1), 1, atol=1e-4):
            raise DataError("platform: each account's interests must sum to 1.")
        if m and not (0 <= int(self.item_topics.min()) <= int(self.item_topics.max()) < t):
            raise DataError(f"platform: item_topics must lie in 0 … {t - 1}.")
        self._set(parameters=MappingProxyType(dict(self.parameters)))

    def _facts(self) -> dict[str, object]:
        rows: dict[str, object] = {
            name: f"{f.height:,} rows" for name, f in self.dataset.tables.items()
        }
        return rows | {"planted communities": ", ".join(n or "–" for n in self.truth.labels)}

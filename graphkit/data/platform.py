"""Synthetic platforms and benchmark graphs, with their planted communities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError


@dataclass(frozen=True, repr=False, eq=False)
class Platform(Frozen, title="Platform (synthetic)", table="truth.summary"):
    """A dataset with planted communities, tastes and topics.

    Attributes
    ----------
    dataset
        The log, as a researcher would have it.
    truth
        The planted community of every account, with its name.
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
        Parameters of the generator.
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


@dataclass(frozen=True, repr=False, eq=False)
class Planted(Frozen, title="Planted graph", table="truth.summary"):
    """Benchmark graph with planted communities.

    Attributes
    ----------
    graph
        Simple and unweighted; nodes are the integers 0 … n − 1.
    truth
        The planted community of every node of the graph.
    mixing
        Realised share of edge ends that leave their community, in [0, 1]: edges between
        communities over all edges. NaN without edges.
    provenance
        Generator, parameters as given and as realised, and seed.

    Examples
    --------
    >>> ring = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0], directed=False)
    >>> planted = Planted.of(ring, Partition.from_membership(range(4), [0, 0, 1, 1]))
    >>> planted.mixing
    0.5
    """

    graph: Graph
    truth: Partition
    mixing: float
    provenance: Provenance = field(default_factory=lambda: Provenance("Planted"))

    def __post_init__(self) -> None:
        if self.truth.vocabulary != self.graph.vocabulary:
            raise DataError("planted: truth must hold every node of the graph, and no other.")
        if self.truth.n_unassigned:
            raise DataError(
                f"planted: {self.truth.n_unassigned:,} nodes have no planted community: each "
                "needs one."
            )

    @classmethod
    def of(cls, graph: Graph, truth: Partition, provenance: Provenance | None = None) -> Planted:
        """Benchmark from a `graph` and its planted communities; computes the mixing."""
        planted = cls(graph, truth, float("nan"), provenance or Provenance("Planted.of"))
        source, target, _ = graph.edge_arrays()
        leaving = int(np.count_nonzero(truth.membership[source] != truth.membership[target]))
        return replace(planted, mixing=leaving / source.size) if source.size else planted

    @property
    def content_key(self) -> str:
        """Key of graph and truth."""
        return content_key(self.graph.content_key, self.truth.content_key)

    def _facts(self) -> dict[str, object]:
        degree = self.graph.degree()
        facts: dict[str, object] = {
            "nodes": self.graph.n_nodes,
            "edges": self.graph.n_edges,
            "mean degree": float(degree.mean()) if degree.size else float("nan"),
            "planted communities": self.truth.n_communities,
            "mixing": self.mixing,
            "made by": self.provenance.verb,
        }
        return facts | {f"left out: {k}": v for k, v in self.provenance.removed.items()}

"""A graph in which communities were planted, together with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance, content_key
from graphkit.errors import DataError

__all__ = ["Planted"]


@dataclass(frozen=True, repr=False, eq=False)
class Planted(Frozen, title="Planted graph", table="truth.summary"):
    """A benchmark graph and the communities that were planted in it.

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
        """A graph with its planted communities; the mixing is counted."""
        if truth.vocabulary != graph.vocabulary:
            raise DataError("planted: truth must hold every node of the graph, and no other.")
        tail, head, _ = graph.edge_arrays()
        home = truth.membership
        leaving = int(np.count_nonzero(home[tail] != home[head]))
        mixing = leaving / tail.size if tail.size else float("nan")
        return cls(graph, truth, mixing, provenance or Provenance("Planted.of"))

    @property
    def content_key(self) -> str:
        """Key of graph and truth."""
        return content_key(self.graph.content_key, self.truth.content_key)

    def _facts(self) -> dict[str, object]:
        degree = self.graph.degree()
        facts: dict[str, object] = {
            "nodes": self.graph.n_nodes,
            "arcs" if self.graph.directed else "edges": self.graph.n_edges,
            "mean degree": float(degree.mean()) if degree.size else float("nan"),
            "planted communities": self.truth.n_communities,
            "mixing": self.mixing,
            "made by": self.provenance.verb,
        }
        return facts | {f"left out: {k}": v for k, v in self.provenance.removed.items()}

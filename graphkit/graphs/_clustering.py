"""Triangles of a graph without directions, weights and loops; arrays in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph
from graphkit.threads import cores, in_threads

__all__ = ["Simple", "Triangles", "count_triangles", "simplified"]

Codes = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Simple:
    """Symmetric compressed rows without loops."""

    indptr: Ints
    indices: Codes

    @property
    def degree(self) -> Ints:
        """Number of neighbours of each node."""
        return np.diff(self.indptr)

    @property
    def n_edges(self) -> int:
        """Pairs of neighbours."""
        return int(self.indices.size) // 2


@dataclass(frozen=True)
class Triangles:
    """Triangles through each node, shape (n,), and the pairs of its neighbours."""

    through: Ints
    pairs: Ints

    @property
    def transitivity(self) -> float | None:
        """Closed share of the connected triples."""
        triples = int(self.pairs.sum())
        return int(self.through.sum()) / triples if triples else None

    @property
    def mean_local(self) -> float | None:
        """Mean over all nodes; 0 where a node has no two neighbours."""
        if not self.pairs.size:
            return None
        local = np.divide(
            self.through, self.pairs, out=np.zeros(self.pairs.size), where=self.pairs > 0
        )
        return float(local.mean())


def simplified(graph: Graph) -> Simple:
    """Who is tied to whom, whichever way and how strongly."""
    import scipy.sparse as sp

    plain = graph.without_loops()
    if not graph.directed:
        return Simple(plain.indptr, plain.indices)
    n = plain.n_nodes
    once = sp.csr_array(
        (np.ones(plain.indices.size, dtype=np.int8), plain.indices.copy(), plain.indptr.copy()),
        shape=(n, n),
    )
    both = sp.csr_array(once + once.T)
    return Simple(both.indptr.astype(np.int64), both.indices.astype(np.int32))


def count_triangles(simple: Simple, workers: int | None = None) -> Triangles:
    """All triangles, each found once, on all cores."""
    from graphkit.graphs import _triangles_kernel as kernel

    degree = simple.degree
    n = degree.size
    start = np.zeros(n + 1, dtype=np.int64)
    heads = np.empty(simple.n_edges, dtype=np.int32)
    kernel.orient(simple.indptr, simple.indices, start, heads)
    # steps of the walk before each node, so that the threads get alike shares
    steps = np.concatenate([[0], np.cumsum(np.diff(start)[heads] + 1)])[start]
    workers = workers or cores()
    shares = np.linspace(0, steps[-1], workers + 1)[1:-1]
    bounds = np.unique(np.concatenate([[0], np.searchsorted(steps, shares), [n]])).tolist()

    def walk(stretch: tuple[int, int]) -> Ints:
        mark, through = np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=np.int64)
        kernel.triangles(*stretch, start, heads, mark, through)
        return through

    through = np.zeros(n, dtype=np.int64)
    for part in in_threads(walk, list(pairwise(bounds)), "triangles", workers=workers):
        through += part
    return Triangles(through, degree * (degree - 1) // 2)

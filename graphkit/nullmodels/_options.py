"""What the generators share: power laws, nodes in random order, their result."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph
from graphkit.data.membership import canonical_membership
from graphkit.data.partition import Partition
from graphkit.data.planted import Planted
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary

__all__ = ["power_law", "shuffled_nodes", "to_planted"]

Floats = npt.NDArray[np.float64]


def power_law(low: float, high: int, exponent: float) -> tuple[npt.NDArray[np.int64], Floats]:
    """Whole values from `low` to `high`, and probabilities ∝ value^−exponent.

    A fractional `low` cuts into the first value, which counts by the share that is left: so
    the mean rises continuously with `low`.
    """
    first = math.floor(low)
    values = np.arange(first, high + 1, dtype=np.int64)
    # relative to the largest value: steep exponents must not underflow
    weights = (values / values[-1]) ** -exponent
    weights[0] *= 1 - (low - first)
    return values, weights / weights.sum()


def shuffled_nodes(n: int, shuffled: bool, draws: np.random.Generator) -> npt.NDArray[np.int32]:
    """The code of the node at each place: random, or the place itself."""
    codes = np.arange(n, dtype=np.int32)
    if shuffled:
        draws.shuffle(codes)
    return codes


def to_planted(
    edges: npt.NDArray[np.int32],
    group: npt.NDArray[np.int32],
    codes: npt.NDArray[np.int32],
    *,
    directed: bool,
    provenance: Provenance,
) -> Planted:
    """The noun of edges among places, given the group of each place and its code as a node."""
    vocabulary = Vocabulary(np.arange(group.size, dtype=np.int64))
    membership = np.empty(group.size, dtype=np.int32)
    membership[codes] = group
    graph = Graph._from_codes(
        vocabulary, codes[edges[:, 0]], codes[edges[:, 1]], None,
        directed=directed, node_kind="nodes", provenance=provenance,
    )  # fmt: skip
    truth = Partition(vocabulary, canonical_membership(membership), provenance=provenance)
    return Planted.of(graph, truth, provenance)

"""leidenalg, the algorithm's first implementation: sums of qualities, fixed members, sizes.

What it maximises here is a sum over terms, each a quality of one graph, all graphs over
the same nodes: one term for a graph, one per layer of several, one per slice and one for
the couplings between slices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities.prepare import Prepared
from graphkit.errors import GraphkitError, OptionError

__all__ = ["Term", "optimised", "rejoined", "single_runner", "starting_codes", "unit", "with_nodes"]

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

#: What a move beyond the largest size costs. leidenalg 0.12 ignores the size unless it is
#: given a cost; no gain comes near this one, and moves that keep the size cost nothing.
_FORBIDDEN = 1e30


@dataclass(frozen=True, eq=False)
class Term:
    """One term of the sum: a quality of one igraph graph, with its factor.

    Attributes
    ----------
    graph
        Over all nodes, without names.
    weights
        One per edge; near 1 on average, see :func:`unit`.
    quality, resolution
        RBER is handed over as CPM, so that its resolution is a density.
    factor
        What the quality, in leidenalg's own units, is multiplied by.
    sizes
        What each node counts, for CPM; 1 each if `None`.
    """

    graph: Any
    weights: list[float]
    quality: str
    resolution: float | None
    factor: float = 1.0
    sizes: list[int] | None = None

    def partition(self, initial: list[int] | None) -> Any:
        """A fresh partition for leidenalg to change."""
        import leidenalg

        options: dict[str, Any] = {"initial_membership": initial}
        if self.quality == "significance":
            return leidenalg.SignificanceVertexPartition(self.graph, **options)
        options["weights"] = self.weights
        if self.quality == "surprise":
            return leidenalg.SurpriseVertexPartition(self.graph, **options)
        options["resolution_parameter"] = self.resolution
        if self.quality == "modularity":
            # modularity with a resolution, and with in- and out-strength; not divided by m
            return leidenalg.RBConfigurationVertexPartition(self.graph, **options)
        return leidenalg.CPMVertexPartition(self.graph, node_sizes=self.sizes, **options)


def unit(weight: Floats) -> float:
    """The power of two near the mean weight: dividing by it loses no digit.

    leidenalg compares gains with a fixed tolerance, so that the unit of the weights would
    change its result.
    """
    typical = float(weight.mean()) or float(weight.max())
    return math.ldexp(1.0, math.frexp(typical)[1] - 1)


def with_nodes(prepared: Prepared) -> Any:
    """An igraph graph without names: a zip of lists is its fastest way in."""
    import igraph

    edges = zip(prepared.tail.tolist(), prepared.head.tolist(), strict=True)
    return igraph.Graph(n=prepared.size, edges=edges, directed=prepared.directed)


def single_runner(
    prepared: Prepared,
    *,
    weights: list[float],
    quality: str,
    resolution: float | None,
    iterations: int,
    initial: npt.NDArray[Any] | None = None,
    fixed: npt.NDArray[np.bool_] | None = None,
    max_size: int | None = None,
) -> Callable[[int], Codes]:
    """One run on one graph as a function of its seed; the graph is handed over once.

    `weights` are in the unit that the engine sees, and so is the resolution of CPM. See
    :func:`starting_codes` for `initial` and `fixed`. With fixed members, what comes back is
    to be cut into connected parts by :func:`rejoined`.
    """
    gamma = resolution
    if quality == "rber":
        gamma = (1.0 if resolution is None else resolution) * sum(weights) / prepared.possible_pairs
    with translated():
        terms = (Term(with_nodes(prepared), weights, quality, gamma),)
    start = starting_codes(prepared.size, initial, fixed, max_size)

    def run(seed: int) -> Codes:
        return optimised(
            terms, seed, iterations=iterations, initial=start, fixed=fixed, max_size=max_size
        )

    return run


def starting_codes(
    size: int,
    initial: npt.NDArray[Any] | None,
    fixed: npt.NDArray[np.bool_] | None = None,
    max_size: int | None = None,
) -> list[int] | None:
    """The membership that a run starts from, numbered 0, 1, …; `None` for one node each.

    `initial` holds one code per node, −1 where a node starts alone; `fixed` says which
    nodes may not leave their community.

    Raises
    ------
    OptionError
        If `fixed` comes without `initial`, or members of one community that are fixed
        outnumber `max_size`.
    """
    if initial is None:
        if fixed is not None and fixed.any():
            raise OptionError(
                "leiden: fixed= names nodes that stay in their community, but initial= does not "
                "say which: give the partition that they stay in."
            )
        return None
    given = np.array(initial, dtype=np.int64)
    alone = given < 0
    given[alone] = int(given.max(initial=-1)) + 1 + np.arange(int(alone.sum()))
    codes = np.unique(given, return_inverse=True)[1]
    if max_size is not None and fixed is not None:
        most = int(np.bincount(codes[fixed], minlength=1).max())
        if most > max_size:
            raise OptionError(
                f"leiden: max_size={max_size}, but {most:,} fixed members stay in one community: "
                "fix fewer, or raise max_size."
            )
    listed: list[int] = codes.tolist()
    return listed


def optimised(
    terms: Sequence[Term],
    seed: int,
    *,
    iterations: int,
    initial: list[int] | None = None,
    fixed: npt.NDArray[np.bool_] | None = None,
    max_size: int | None = None,
) -> Codes:
    """Membership that leidenalg finds for the sum of the terms; `seed` below 2^32."""
    with translated():
        import leidenalg

        optimiser = leidenalg.Optimiser()
        optimiser.set_rng_seed(seed)
        if max_size is not None:
            optimiser.max_comm_size = max_size
            optimiser.community_constraint_enforcement = _FORBIDDEN
        held = None if fixed is None else fixed.tolist()
        partitions = [term.partition(initial) for term in terms]
        factors = [term.factor for term in terms]
        # gains below the rounding of the sum are none: they could go round for ever
        least = 1e-13 * sum(
            abs(term.factor) * math.fsum(term.weights) for term in terms
        )  # fmt: skip
        done = 0
        while done != iterations:
            gain = optimiser.optimise_partition_multiplex(
                partitions, factors, n_iterations=1, is_membership_fixed=held
            )
            done += 1
            if iterations < 0 and not gain > least:
                break
        found = np.array(partitions[0].membership, dtype=np.int32)
    if max_size is not None and int(np.bincount(found).max()) > max_size:
        raise GraphkitError(
            f"the engine 'leidenalg' left a community of {int(np.bincount(found).max()):,} nodes "
            f"beyond max_size={max_size}: start from smaller communities."
        )
    return found


def rejoined(parts: Codes, membership: Codes, fixed: npt.NDArray[np.bool_]) -> Codes:
    """Connected parts of communities, with those that hold fixed members put together again.

    `parts` are the connected parts of `membership`. A part without a fixed member stands
    alone; fixed members of one community stay together, connected or not.
    """
    holder = np.full(int(parts.max(initial=-1)) + 1, -1, dtype=np.int64)
    holder[parts[fixed]] = membership[fixed]
    found = np.where(holder[parts] >= 0, holder.size + holder[parts], parts)
    return found.astype(np.int32)


@contextmanager
def translated() -> Iterator[None]:
    """The engine's failure as a GraphkitError; Ctrl-C and exit pass."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError, ImportError, GraphkitError):
        raise
    except BaseException as error:  # leidenalg raises BaseException itself
        raise GraphkitError(
            f"the engine 'leidenalg' failed: {error}. Another engine= may do; if it does not, "
            "please report the graph."
        ) from error

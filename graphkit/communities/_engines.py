"""The engines that run Leiden, each behind the same call: seed → membership.

They are imported here, inside functions, so that importing the room loads none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities._checks import Prepared
from graphkit.errors import GraphkitError
from graphkit.rng import fenced_igraph

__all__ = ["ENGINES", "connected", "packages", "runner"]

Floats = npt.NDArray[np.float64]

#: One run: a seed below 2^31 → int array, shape (k,), one code per prepared node.
Run = Callable[[int], npt.NDArray[np.int32]]


def runner(
    prepared: Prepared, *, engine: str, quality: str, resolution: float, iterations: int
) -> Run:
    """One run of Leiden as a function of its seed; the graph is handed over only once."""
    weights = _scaled(prepared.weight, prepared).tolist()
    if quality == "cpm":
        resolution = float(np.minimum(_scaled(np.array(resolution), prepared), 1e300))
    with _translated(engine):
        start = _ENGINES[engine](prepared, weights, quality, resolution, iterations)

    def run(seed: int) -> npt.NDArray[np.int32]:
        with _translated(engine):
            found = start(seed)
        return connected(prepared, np.asarray(found, dtype=np.int32))

    return run


def _scaled(values: Floats, prepared: Prepared) -> Floats:
    """`values` times a power of two that brings the mean weight near 1, and 1 to 1.

    The engines compare gains with a fixed temperature and fixed tolerances, so that the
    unit of the weights would change the result: below 1e-180 they return singletons.
    Powers of two lose no digit.
    """
    typical = float(prepared.weight.mean()) or float(prepared.weight.max())
    with np.errstate(over="ignore"):
        scaled: Floats = np.ldexp(values, 1 - math.frexp(typical)[1])
    return scaled


def _igraph(
    prepared: Prepared, weights: list[float], quality: str, resolution: float, iterations: int
) -> Callable[[int], Any]:
    graph = _handed_over(prepared)
    options: dict[str, Any] = {
        # in lower case: the check is case-blind, but "Modularity" would then run CPM
        "objective_function": "modularity" if quality == "modularity" else "cpm",
        "weights": weights,
        "resolution": resolution,
        "n_iterations": iterations,
    }
    if quality == "modularity":
        out, into = (_scaled(side, prepared) for side in prepared.strengths())
        options["node_weights"] = out.tolist()
        if prepared.directed:
            # left to itself python-igraph takes the out-strength for both
            options["node_in_weights"] = into.tolist()

    def start(seed: int) -> Any:
        with fenced_igraph(seed):
            return graph.community_leiden(**options).membership

    return start


def _leidenalg(
    prepared: Prepared, weights: list[float], quality: str, resolution: float, iterations: int
) -> Callable[[int], Any]:
    import leidenalg

    graph = _handed_over(prepared)
    # RBConfiguration is modularity with a resolution, and knows in- and out-strength
    kind = (
        leidenalg.RBConfigurationVertexPartition
        if quality == "modularity"
        else leidenalg.CPMVertexPartition
    )

    def start(seed: int) -> Any:
        found = leidenalg.find_partition(
            graph, kind, weights=weights, n_iterations=iterations, seed=seed,
            resolution_parameter=resolution,
        )  # fmt: skip
        return found.membership

    return start


_ENGINES: dict[str, Callable[..., Callable[[int], Any]]] = {
    "igraph": _igraph,
    "leidenalg": _leidenalg,
}

#: Names of the engines.
ENGINES = tuple(_ENGINES)


def packages(engine: str) -> tuple[str, ...]:
    """Packages whose versions belong in the provenance."""
    return ("igraph",) if engine == "igraph" else ("igraph", engine)


def _handed_over(prepared: Prepared) -> Any:
    """An igraph graph without names: a zip of lists is its fastest way in."""
    import igraph

    edges = zip(prepared.tail.tolist(), prepared.head.tolist(), strict=True)
    return igraph.Graph(n=prepared.size, edges=edges, directed=prepared.directed)


@contextmanager
def _translated(engine: str) -> Iterator[None]:
    """An engine's failure as a GraphkitError; Ctrl-C and exit pass."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError, ImportError, GraphkitError):
        raise
    except BaseException as error:  # leidenalg raises BaseException itself
        raise GraphkitError(
            f"the engine {engine!r} failed: {error}. Another engine= may do; if it does not, "
            "please report the graph."
        ) from error


def connected(prepared: Prepared, membership: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The membership with every community cut into its weakly connected parts.

    Leiden's communities are connected, so that this changes nothing but numbers; it makes
    the guarantee graphkit's own, at the cost of one pass over the edges. To part a
    disconnected community never lowers modularity or CPM.
    """
    import scipy.sparse as sp
    from scipy.sparse.csgraph import connected_components

    inside = membership[prepared.tail] == membership[prepared.head]
    ends = (prepared.tail[inside], prepared.head[inside])
    ties = sp.coo_array((np.ones(ends[0].size, np.int8), ends), shape=(prepared.size,) * 2)
    _, parts = connected_components(ties.tocsr(), directed=False)
    found: npt.NDArray[np.int32] = parts.astype(np.int32)
    return found

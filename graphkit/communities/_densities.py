"""Qualities that compare densities: surprise, significance, and RBER, from arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.communities.prepare import Prepared
from graphkit.errors import DataError, OptionError

__all__ = ["DENSITY_QUALITIES", "check_takes", "evaluate_density", "resolved_density"]

Floats = npt.NDArray[np.float64]

#: Qualities that leidenalg maximises, beside modularity and CPM.
DENSITY_QUALITIES = ("surprise", "significance", "rber")


def check_takes(
    prepared: Prepared, quality: str, resolution: float | None = None, *, verb: str
) -> None:
    """Refuse what a quality cannot mean: a resolution of none, weights of significance.

    Raises
    ------
    OptionError
        If `resolution` is given for a quality without one.
    DataError
        If significance is asked of a weighted graph.
    """
    if resolution is not None and quality in ("surprise", "significance"):
        raise OptionError(
            f"{verb}: {quality} has no resolution, but resolution={resolution!r} was given: leave "
            "it out, or take modularity, cpm or rber."
        )
    other = np.flatnonzero(prepared.weight != 1) if quality == "significance" else np.zeros(0)
    if other.size:
        raise DataError(
            f"{verb}: significance compares numbers of edges and has no meaning for weights, but "
            f"{other.size:,} of {prepared.weight.size:,} edges do not weigh 1 (the first "
            f"{prepared.weight[other[0]]:g}): use surprise, which takes weights, or give the graph "
            "without them: Graph.from_edges(e['source'], e['target'], directed=…) with "
            "e = graph.edges()."
        )


def resolved_density(prepared: Prepared, quality: str, resolution: float | None) -> float | None:
    """The resolution of any quality, or its default: none for surprise and significance."""
    if quality in ("surprise", "significance"):
        return None
    if resolution is not None:
        return resolution
    return prepared.density if quality == "cpm" else 1.0


def evaluate_density(
    prepared: Prepared,
    membership: npt.NDArray[Any],
    quality: str,
    resolution: float | None = None,
    sizes: npt.NDArray[Any] | None = None,
) -> float:
    r"""Surprise, significance or RBER of a membership of the prepared nodes.

    With :math:`m_c` the weight inside community c, :math:`n_c` its nodes, :math:`N_c` its
    pairs of nodes (:math:`n_c(n_c - 1)/2`, twice that if directed), :math:`m` and :math:`N`
    those of the graph, and
    :math:`D(x \| y) = \pm[x \ln(x/y) + (1 - x) \ln((1 - x)/(1 - y))]`, negative where
    :math:`x < y`:

    * asymptotic surprise [1]_: :math:`m\,D(\sum_c m_c / m \,\|\, \sum_c N_c / N)`
    * significance [2]_: :math:`\sum_c N_c\,D(m_c / N_c \,\|\, m / N)`
    * RBER, a Potts model against an Erdős–Rényi graph [3]_:
      :math:`\sum_c (m_c - \gamma\,(m / N)\,N_c)`, that is CPM at :math:`\gamma m / N`

    Surprise is in nats times the unit of the weights, significance in nats. leidenalg
    counts each undirected pair twice in RBER, as in CPM.

    Parameters
    ----------
    prepared
        Edges that count.
    membership
        One code per prepared node; −1 belongs to no community and adds nothing.
    quality
        ``"surprise"``, ``"significance"`` or ``"rber"``.
    resolution
        γ of RBER, by default 1.
    sizes
        Nodes per community, where some have no edge and so are not prepared.

    References
    ----------
    .. [1] Traag, V. A., Aldecoa, R. & Delvenne, J.-C. (2015). Detecting communities using
       asymptotical surprise. Physical Review E, 92, 022816.
       doi:10.1103/PhysRevE.92.022816
    .. [2] Traag, V. A., Krings, G. & Van Dooren, P. (2013). Significant scales in community
       structure. Scientific Reports, 3, 2930. doi:10.1038/srep02930
    .. [3] Reichardt, J. & Bornholdt, S. (2006). Statistical mechanics of community
       detection. Physical Review E, 74, 016110. doi:10.1103/PhysRevE.74.016110
    """
    groups = membership[membership >= 0]
    nodes = (np.bincount(groups) if sizes is None else np.asarray(sizes)).astype(np.float64)
    if not nodes.size:
        return 0.0
    home = membership[prepared.tail]
    inside = (home == membership[prepared.head]) & (home >= 0)
    within = np.bincount(home[inside], weights=prepared.weight[inside], minlength=nodes.size)
    pairs = _pairs(nodes, prepared.directed)
    # nodes without an edge count where they were given a community
    everyone = np.float64(prepared.size + max(0.0, float(nodes.sum()) - groups.size))
    possible = float(_pairs(everyone, prepared.directed))
    total = float(prepared.weight.sum())
    if quality == "rber":
        gamma = 1.0 if resolution is None else resolution
        return float(within.sum()) - gamma * prepared.density * float(pairs.sum())
    if quality == "significance":
        some = pairs > 0
        inner = within[some] / pairs[some]
        return float(np.dot(pairs[some], _divergence(inner, np.float64(total / possible))))
    share, expected = float(within.sum()) / total, float(pairs.sum()) / possible
    return total * float(_divergence(np.array(share), np.float64(expected)))


def _pairs(nodes: Any, directed: bool) -> Any:
    return nodes * (nodes - 1) / (1 if directed else 2)


def _divergence(x: Floats, y: np.float64) -> Floats:
    """Kullback–Leibler divergence of two coins, in nats; negative where x < y."""
    from scipy.special import xlogy

    with np.errstate(divide="ignore", invalid="ignore"):
        heads = np.where((x > 0) & (y > 0), xlogy(x, x / y), 0.0)
        tails = np.where((x < 1) & (y < 1), xlogy(1 - x, (1 - x) / (1 - y)), 0.0)
    signed: Floats = np.where(x < y, -1.0, 1.0) * (heads + tails)
    return signed

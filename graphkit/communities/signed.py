"""A signed graph as two layers: what binds and what parts."""

from __future__ import annotations

import numpy as np

from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError

__all__ = ["by_sign"]


def by_sign(graph: Graph) -> dict[str, Graph]:
    r"""The positive and the negative edges of a signed graph, as two layers for Leiden.

    Modularity and its kin have no meaning for negative weights. Communities of a signed
    graph have many positive edges inside and many negative ones between them: give the two
    layers to :func:`graphkit.leiden`, with a positive and a negative weight.

    With ``layer_weights={"positive": 1, "negative": -1}`` both signs count alike, however
    few the edges of one. To count them by their share of the weight, as in the modularity
    of Gómez, Jensen and Arenas [1]_, use :math:`w^+/(w^+ + w^-)` and
    :math:`-w^-/(w^+ + w^-)`, with w the `total_weight` of each layer. With
    ``quality="cpm"`` and weights of 1 and −1 it is the Potts model of Traag and
    Bruggeman [2]_, with the same γ in both layers.

    Parameters
    ----------
    graph
        With positive and negative weights.

    Returns
    -------
    dict
        ``"positive"`` and ``"negative"``: graphs of all nodes. The weights of the second are
        turned to positive ones. Edges of weight zero are in neither, and counted.

    Raises
    ------
    DataError
        If `graph` is no Graph, or lacks one of the signs.

    References
    ----------
    .. [1] Gómez, S., Jensen, P. & Arenas, A. (2009). Analysis of community structure in
       networks of correlated data. Physical Review E, 80, 016114.
       doi:10.1103/PhysRevE.80.016114
    .. [2] Traag, V. A. & Bruggeman, J. (2009). Community detection in networks with positive
       and negative links. Physical Review E, 80, 036115. doi:10.1103/PhysRevE.80.036115

    Examples
    --------
    Two camps of two that dislike each other, and one friendship across:

    >>> g = Graph.from_edges("aabbc", "bccdd", [1, -1, 1, -1, 1], directed=False)
    >>> layers = by_sign(g)
    >>> {name: (layer.n_edges, layer.total_weight) for name, layer in layers.items()}
    {'positive': (3, 3.0), 'negative': (2, 2.0)}
    """
    if not isinstance(graph, Graph):
        raise DataError(
            f"by_sign needs a graphkit Graph, not a {type(graph).__name__}: convert it with "
            "Graph.from_networkx, Graph.from_igraph or Graph.from_edges."
        )
    tail, head, weight = graph.edge_arrays()
    for sign, there in (("negative", (weight < 0).any()), ("positive", (weight > 0).any())):
        if not there:
            other = "positive" if sign == "negative" else "negative"
            raise DataError(
                f"by_sign: the graph has no {sign} weight, so there is nothing to part: "
                + (
                    "leiden(graph) takes it as it is."
                    if sign == "negative"
                    else f"with {other} weights alone nothing holds a community together."
                )
            )
    zero = int(np.count_nonzero(weight == 0))
    layers = {}
    for name, keep in (("positive", weight > 0), ("negative", weight < 0)):
        removed = {"edges of the other sign": int((~keep).sum()) - zero}
        if zero:
            removed["edges of weight zero"] = zero
        layers[name] = Graph._from_codes(
            graph.vocabulary, tail[keep], head[keep], np.abs(weight[keep]),
            directed=graph.directed, node_kind=graph.node_kind,
            provenance=Provenance.of(
                "by_sign", {"sign": name}, made_from=(graph,), removed=removed
            ),
        )  # fmt: skip
    return layers

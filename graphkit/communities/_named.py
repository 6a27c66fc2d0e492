"""Several graphs by name, as layers or slices: what they must have in common."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from graphkit.data.graph import Graph
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError

__all__ = ["check_named_graphs", "refuse_strangers", "union_vocabulary"]


def check_named_graphs(graphs: Mapping[str, Graph], *, verb: str, what: str) -> None:
    """Refuse what is no mapping of names to graphs of one kind.

    Raises
    ------
    DataError
        If it is no mapping or empty, a name is no text, a value no Graph, or the graphs
        differ in direction, in what their nodes are, or in the kind of their ids.
    """
    if not isinstance(graphs, Mapping):
        raise DataError(
            f"{verb} needs a mapping of names to graphs, not a {type(graphs).__name__}: such as "
            f"{{'first {what}': graph, 'second {what}': other}}."
        )
    if not graphs:
        raise DataError(f"{verb}: the mapping is empty: give at least one {what}.")
    for name, graph in graphs.items():
        if not isinstance(name, str):
            raise DataError(f"{verb}: the {what} {name!r} is not named by text: use str({name!r}).")
        if not isinstance(graph, Graph):
            raise DataError(
                f"{verb}: the {what} {name!r} is a {type(graph).__name__}, not a graphkit Graph: "
                "convert it with Graph.from_networkx, Graph.from_igraph or Graph.from_edges."
            )
    (first, one), *others = graphs.items()
    for name, graph in others:
        for mine, theirs, advice in (
            (_way(one), _way(graph), "use to_undirected() on the directed ones"),
            (f"of {one.node_kind}", f"of {graph.node_kind}", "use graphs of the same nodes"),
            (f"with ids of kind {one.vocabulary.kind!r}",
             f"with ids of kind {graph.vocabulary.kind!r}", "give all ids in one kind"),
        ):  # fmt: skip
            if mine != theirs and one.n_nodes and graph.n_nodes:
                raise DataError(
                    f"{verb}: the {what} {first!r} is {mine}, {name!r} {theirs}: {advice}."
                )


def _way(graph: Graph) -> str:
    return "directed" if graph.directed else "undirected"


def union_vocabulary(layers: Mapping[str, Graph]) -> Vocabulary:
    """Ids of all nodes that any of the graphs knows; one of them must have nodes."""
    known = [graph.vocabulary for graph in layers.values() if graph.n_nodes]
    if all(vocabulary == known[0] for vocabulary in known[1:]):
        return known[0]
    if known[0].kind == "object":
        return Vocabulary([i for vocabulary in known for i in vocabulary])
    return Vocabulary(pl.concat([vocabulary.series for vocabulary in known]))


def refuse_strangers(layers: Mapping[str, Graph], verb: str) -> None:
    """Raise a DataError unless every layer knows a node that another knows."""
    known = [(name, graph.vocabulary) for name, graph in layers.items()]
    if len(known) < 2:
        return
    everyone = union_vocabulary(layers)
    counts = np.zeros(len(everyone), dtype=np.int64)
    codes = [everyone.lookup(vocabulary) for _, vocabulary in known]
    for found in codes:
        counts[found] += 1
    for (name, vocabulary), found in zip(known, codes, strict=True):
        if found.size and not (counts[found] > 1).any():
            mine = ", ".join(repr(i) for i in vocabulary.ids[:3].tolist())
            other = next(v for n, v in known if n != name)
            theirs = ", ".join(repr(i) for i in other.ids[:3].tolist())
            raise DataError(
                f"{verb}: the layer {name!r} shares no node with another layer (it has ids such as "
                f"{mine}, another has {theirs}): layers must be about the same nodes."
            )

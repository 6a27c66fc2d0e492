"""Exchange of graphs with networkx and igraph: ids, edges, weights and attributes of nodes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.attributes import attributes_of, unique_name
from graphkit.data.frames import advise_frame
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, name_some, nearest, warn

if TYPE_CHECKING:
    import igraph
    import networkx


#: Source codes, target codes and weights.
Edges = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float64]]


class Parts(NamedTuple):
    """A graph of another library: its nodes, edges and what :class:`Graph` keeps of both."""

    ids: list[Any]
    source: list[Any]
    target: list[Any]
    weight: list[Any] | None
    directed: bool
    attributes: dict[str, list[Any]]


def parts_of_networkx(graph: networkx.Graph[Any], weight: str | None) -> Parts:
    """See :meth:`Graph.from_networkx`."""
    edges = list(graph.edges(data=weight or None, default=None))
    values = [1.0 if w is None else w for _, _, w in edges] if weight else None
    if weight not in (None, "weight") and edges and all(w is None for _, _, w in edges):
        raise _no_weight("networkx", weight, _names(data for *_, data in graph.edges(data=True)))
    nodes = list(graph.nodes(data=True))
    columns = {name: [data.get(name) for _, data in nodes] for name in _names(d for _, d in nodes)}
    ids = [node for node, _ in nodes]
    ends = [u for u, _, _ in edges], [v for _, v, _ in edges]
    return Parts(ids, *ends, values, graph.is_directed(), columns)


def parts_of_igraph(graph: igraph.Graph, weight: str | None) -> Parts:
    """See :meth:`Graph.from_igraph`."""
    ids, used = _igraph_ids(graph)
    if "idkind" in graph.attributes() and graph["idkind"] == "int":
        ids = as_integers(ids)
    pairs = graph.get_edgelist()
    names = graph.es.attributes()
    if weight not in (None, "weight", *names) and pairs:
        raise _no_weight("igraph", weight, names)
    values = graph.es[weight] if weight and weight in names else None
    columns = {name: graph.vs[name] for name in graph.vs.attributes() if name != used}
    if "id" in columns and are_running(columns["id"]):
        del columns["id"]  # the numbers that igraph writes into files
    ends = [ids[u] for u, _ in pairs], [ids[v] for _, v in pairs]
    return Parts(ids, *ends, values, graph.is_directed(), columns)


def keep_attributes(
    parts: Parts, vocabulary: Vocabulary
) -> tuple[pl.DataFrame | None, dict[str, int]]:
    """Attributes of the nodes, and the count of those that no frame can hold."""
    frame, changed = attributes_of(parts.ids, parts.attributes, vocabulary)
    if texts := changed["made text"]:
        warn(
            f"node attributes {name_some(texts, 5)}: the values are of several kinds, or integers of "
            "more than 64 bits, and were made text: give them in one kind."
        )
    out = changed["left out"]
    return frame, {f"node attributes of other kinds ({name_some(out, 3)})": len(out)} if out else {}


def _names(data: Iterable[dict[Any, Any]]) -> list[Any]:
    return list(dict.fromkeys(name for one in data for name in one))


def are_running(ids: Iterable[Any]) -> bool:
    """Whether ids are mere numbers of rows: n0, n1, …; 0, 1, …; or 1, 2, ….

    Examples
    --------
    >>> are_running(["n0", "n1"]), are_running(["7", "8"]), are_running(["ann"])
    (True, False, False)
    """
    listed = ids if isinstance(ids, list) else list(ids)
    found = [re.fullmatch(r"(n?)(\d{1,10})", str(one)) for one in listed]
    numbers = [(m[1], int(m[2])) for m in found if m]
    if not listed or len(numbers) < len(listed):
        return False
    mark, first = numbers[0]
    return first in (0, 1) and numbers == [(mark, first + k) for k in range(len(listed))]


def count_distinct(ids: Iterable[Any]) -> int:
    """Number of distinct ids."""
    try:
        return len(set(ids))
    except TypeError as error:
        raise DataError(f"ids must be hashable, such as text or integers: {error}.") from None


def _igraph_ids(graph: igraph.Graph) -> tuple[list[Any], str]:
    """Ids of an igraph graph, see :meth:`Graph.from_igraph`, and the attribute they are from."""
    present = graph.vs.attributes()
    ids: list[Any]
    if "name" in present:
        ids = graph.vs["name"]
        if None in ids:
            raise DataError(
                f"the igraph vertex attribute 'name' is missing for vertex {ids.index(None)} "
                f"({ids.count(None):,} such): name all vertices, or delete the attribute."
            )
        if count_distinct(ids) < len(ids):
            raise DataError(
                "the igraph vertex attribute 'name' has repeated values: ids are unique."
            )
        return ids, "name"
    for attribute in ("id", "label"):
        ids = graph.vs[attribute] if attribute in present else []
        if ids and all(isinstance(v, str) for v in ids) and len(set(ids)) == len(ids):
            return ids, attribute
    return list(range(graph.vcount())), ""


def as_integers(ids: list[Any]) -> list[Any]:
    """Integers of texts, as they are where one is not the plain text of an integer."""
    try:
        numbers = [int(one) for one in ids]
    except (TypeError, ValueError):
        return ids
    return numbers if [str(number) for number in numbers] == ids else ids


def _no_weight(kind: str, weight: str | None, known: Iterable[Any]) -> DataError:
    names = sorted(map(str, known))
    return DataError(
        f"no edge of the {kind} graph has the attribute {weight!r}.{nearest(str(weight), names)} "
        f"Attributes: {', '.join(name[:40] for name in names[:10]) or 'none'}. Pass weight=None to "
        "count edges."
    )


def to_igraph(
    vocabulary: Vocabulary, edges: Edges, directed: bool, attributes: pl.DataFrame | None
) -> igraph.Graph:
    """See :meth:`Graph.to_igraph`."""
    import igraph

    source, target, weight = edges
    # a zip of lists is igraph's fastest way in
    pairs = zip(source.tolist(), target.tolist(), strict=True)
    other = igraph.Graph(n=len(vocabulary), edges=pairs, directed=directed)
    if vocabulary.kind == "int":
        other["idkind"] = "int"
        other.vs["name"] = vocabulary.series.cast(pl.String).to_list()
    else:
        other.vs["name"] = vocabulary.ids.tolist()
    if attributes is not None:
        for column in attributes.drop("id").iter_columns():
            other.vs[unique_name(column.name, ["name"])] = column.to_list()
    other.es["weight"] = weight.tolist()
    return other


def to_networkx(
    vocabulary: Vocabulary, edges: Edges, directed: bool, attributes: pl.DataFrame | None
) -> networkx.Graph[Any]:
    """See :meth:`Graph.to_networkx`."""
    import networkx as nx

    other: Any = nx.DiGraph() if directed else nx.Graph()
    ids = vocabulary.ids
    if attributes is None:
        other.add_nodes_from(ids.tolist())
    else:
        frame = attributes.drop("id")
        known = (
            {
                name: value
                for name, value in zip(frame.columns, row, strict=True)
                if value is not None
            }
            for row in frame.iter_rows()
        )
        other.add_nodes_from(zip(ids.tolist(), known, strict=True))
    source, target, weight = edges
    rows = (ids[source].tolist(), ids[target].tolist(), weight.tolist())
    other.add_weighted_edges_from(zip(*rows, strict=True))
    return other


def library_of(value: Any) -> str:
    """``"networkx"``, ``"igraph"`` or ``"scipy"`` for a graph of that library, else empty.

    No library is imported: a value of one that is not loaded cannot exist.
    """
    for library, name in (("networkx", "Graph"), ("igraph", "Graph")):
        kind = getattr(sys.modules.get(library), name, None)
        if kind is not None and isinstance(value, kind):
            return library
    sparse = sys.modules.get("scipy.sparse")
    return "scipy" if sparse is not None and sparse.issparse(value) else ""


def no_graph(value: Any, caller: str) -> DataError:
    """The error for a value that is no graph, with the call that makes one of it."""
    kind = type(value).__name__
    if isinstance(value, str) or hasattr(value, "__fspath__"):
        how = "read the file with graphkit.readwrite.read_graph(path)"
    elif kind == "Backbone":
        how = "pass its attribute .graph"
    elif kind in ("Dataset", "IncidenceMatrix"):
        how = (
            "make one with graphkit.cointeraction_graph(dataset), of what accounts have in common, "
            "or graphkit.follow_graph or interaction_graph"
        )
    elif kind == "Platform":
        how = "make one of its data, such as graphkit.cointeraction_graph(platform.dataset)"
    elif kind == "World":
        how = "pass its attribute .follows"
    elif advice := advise_frame(value, graph=True):
        how = advice.rstrip(".")
    elif hasattr(value, "shape") and hasattr(value, "dtype"):
        how = "make one with graphkit.Graph.from_scipy(matrix, directed=…)"
    elif kind == "Partition":
        how = "a partition holds no edges; pass the graph that it was found in"
    elif isinstance(value, tuple) and any(type(v).__name__ == "ImportReport" for v in value):
        how = "read_graph returns a graph and a report: graph, report = read_graph(path)"
    elif isinstance(value, list | tuple | set):
        how = (
            "of pairs, sources, targets = zip(*pairs) and graphkit.Graph.from_edges(sources, targets, "
            "directed=…) make one"
        )
    else:
        how = (
            "convert it with Graph.from_networkx, Graph.from_igraph, Graph.from_scipy or "
            "Graph.from_edges"
        )
    return DataError(
        f"{caller} needs a graphkit Graph, or a graph of networkx, igraph or SciPy, not a {kind}: "
        f"{how}."
    )

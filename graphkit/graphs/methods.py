"""How a graph was made, as a paragraph for a paper."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from graphkit.data.backbone import Backbone
from graphkit.data.coordination import Coordination
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, OptionError
from graphkit.graphs._phrases import Cited, counted, listed, phrases

__all__ = ["methods_paragraph"]

#: Reasons whose counts need a word more in prose.
REASONS = {"stored entries": "entries of the adjacency, where an undirected edge has two"}

Told = Graph | Backbone | Coordination | Partition


def methods_paragraph(result: Told, *, graph: Graph | Backbone | None = None) -> str:
    """What was done to make a result, with citations, from its provenance alone.

    Data, ties, weights and their formula, caps and filters with what each left out, tests,
    communities, versions and seeds: whatever the chain of records tells, first things first.
    Where a record does not know (the origin of an edge list), the text says so. Of the data,
    only times and the names of columns, kinds and layers enter the text, no ids. The same
    result gives the same text.

    Parameters
    ----------
    result
        A graph, a backbone, coordinated accounts, or communities.
    graph
        For communities: the graph (or backbone) they were found in, so that its numbers can
        be told; a record holds no sizes.

    Returns
    -------
    str
        One paragraph, an empty line, ``References``, and one work a line.

    Raises
    ------
    OptionError
        If `result` is none of these, or `graph` is given with something else than communities.
    DataError
        If the communities were not found in `graph`.

    Examples
    --------
    >>> from graphkit.data.dataset import Dataset
    >>> from graphkit.graphs.cointeraction import cointeraction_graph
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "b", "c"], "item_id": ["v"] * 3, "kind": ["like"] * 3})
    >>> text = methods_paragraph(cointeraction_graph(ds, kinds="like", weight="jaccard"))
    >>> "c_ij / (d_i + d_j − c_ij)" in text, "(Jaccard 1912)" in text
    (True, True)
    >>> text.split()[-1]
    'https://doi.org/10.1111/j.1469-8137.1912.tb05611.x'
    """
    if not isinstance(result, Graph | Backbone | Coordination | Partition):
        raise OptionError(
            f"methods_paragraph: result is a {type(result).__name__}: pass a Graph, Backbone, "
            "Coordination or Partition."
        )
    if graph is not None:
        _check_graph(result, graph)
    cited = Cited()
    at = None if graph is None else (_key(graph.provenance), _numbers(graph))
    sentences = _chain(result.provenance, cited, at, set())
    sentences += _numbers(result) + _software(result.provenance)
    paragraph = " ".join(sentences)
    references = cited.references()
    return "\n".join([paragraph, *(["", "References", *references] if references else [])])


def _check_graph(result: Told, graph: Graph | Backbone) -> None:
    if not isinstance(result, Partition):
        raise OptionError(
            f"methods_paragraph: graph= goes with communities; a {type(result).__name__} knows its "
            "own numbers."
        )
    if not isinstance(graph, Graph | Backbone):
        raise OptionError(
            f"methods_paragraph: graph is a {type(graph).__name__}, not a Graph or Backbone."
        )
    records = _records(result.provenance)
    inputs = {key for record in records for key in record.inputs}
    known = {_key(record) for record in records}
    if graph.content_key not in inputs or _key(graph.provenance) not in known:
        raise DataError(
            f"methods_paragraph: the communities were not found in this graph (content key "
            f"{graph.content_key[:8]}…): pass the one that they were made from."
        )


def _records(record: Provenance) -> list[Provenance]:
    """A record and all before it."""
    return [record, *(earlier for parent in record.parents for earlier in _records(parent))]


def _key(record: Provenance) -> str:
    return json.dumps(record.to_dict(), sort_keys=True)


def _line(record: Provenance) -> list[Provenance]:
    """What leads to a record, first things first, by the first input of each.

    Further inputs are data in which names and the like were looked up.
    """
    found = [record]
    while found[0].parents:
        found.insert(0, found[0].parents[0])
    return found


def _chain(
    record: Provenance, cited: Cited, at: tuple[str, list[str]] | None, seen: set[str]
) -> list[str]:
    """What was done, and the numbers of the graph after the record that they are `at`."""
    sentences: list[str] = []
    for one in _line(record):
        key = _key(one)
        if key in seen:
            continue
        if len(one.parents) > 1 and one.parameters.get("layer_weights"):
            sentences = _layers(one, cited, at, seen)
        sentences += phrases(one, cited) + _left_out(one.removed)
        if at is not None and key == at[0]:
            sentences += at[1]
    return sentences


def _layers(
    record: Provenance, cited: Cited, at: tuple[str, list[str]] | None, seen: set[str]
) -> list[str]:
    """The layers of a multiplex one by one, after what all of them come from."""
    parents, names = record.parents, list(record.parameters["layer_weights"])
    lines = [{_key(one): one for one in _line(parent)[:-1]} for parent in parents]
    common = [one for key, one in lines[0].items() if all(key in line for line in lines)]
    sentences: list[str] = []
    if common:
        sentences = _chain(common[-1], cited, at, seen)
        seen = seen | {_key(one) for one in common}
    for number, parent in enumerate(parents, 1):
        title = f" ({names[number - 1]})" if len(names) == len(parents) else ""
        sentences += [f"Layer {number}{title}:", *_chain(parent, cited, at, seen)]
    return sentences


def _left_out(removed: Mapping[str, int]) -> list[str]:
    parts = [f"{REASONS.get(reason, reason)} ({n:,})" for reason, n in removed.items() if n]
    return [f"Left out: {'; '.join(parts)}."] if parts else []


def _numbers(result: Told) -> list[str]:
    if isinstance(result, Partition):
        return _communities(result)
    if isinstance(result, Backbone):
        before = result.weight_before
        share = f" ({result.graph.total_weight / before:.1%} of the weight)" if before > 0 else ""
        caveat = [f"A caveat: {result.note}"] if result.note else []
        return [
            f"It keeps {result.graph.n_edges:,} of {result.n_before:,} edges{share}.",
            *caveat,
            *_numbers(result.graph),
        ]
    graph = result.graph if isinstance(result, Coordination) else result
    edges = "arcs" if graph.directed else "edges"
    isolated = int(np.count_nonzero(graph.degree() == 0)) if graph.n_nodes else 0
    parts = [
        f"{counted(graph.n_nodes, graph.node_kind)} ({isolated:,} without any edge)",
        f"{counted(graph.n_edges, edges)}",
    ]
    weight = f" of total weight {graph.total_weight:,.6g}" if graph.is_weighted else ""
    loops = f", {counted(graph.n_loops, 'self-loops')} among them" if graph.n_loops else ""
    way = "directed" if graph.directed else "undirected"
    return [f"The resulting {way} graph has {listed(parts)}{weight}{loops}."]


def _communities(partition: Partition) -> list[str]:
    kind = partition.node_kind
    unassigned = partition.n_unassigned
    rest = f"; {unassigned:,} belong to none" if unassigned else ""
    sizes = partition.sizes
    span = ""
    if sizes.size:
        least, most = sizes.min(), sizes.max()
        span = f" of {least:,} to {most:,} {kind}" if least < most else f" of {most:,} {kind} each"
    found = [
        f"The number of communities is {partition.n_communities:,}{span}, among {kind} that number "
        f"{len(partition.vocabulary):,} in all{rest}."
    ]
    if not np.isnan(partition.stability):
        found.append(
            "Pairs of runs agree with a mean adjusted mutual information of "
            f"{partition.stability:.3f} ({partition.verdict})."
        )
    return found


def _software(record: Provenance) -> list[str]:
    """Versions and seeds of the whole chain."""
    versions: dict[str, set[str]] = {}
    seeds: dict[tuple[str, int], None] = {}
    for one in reversed(_records(record)):
        for name, version in one.versions.items():
            versions.setdefault(name, set()).add(version)
        if one.seed is not None:
            seeds[one.verb, one.seed] = None
    own = listed(sorted(versions.pop("graphkit", set())))
    others = [f"{name} {listed(sorted(found))}" for name, found in sorted(versions.items())]
    beside = f" ({listed(others)})" if others else ""
    if not seeds:
        return [f"Computed with graphkit {own}{beside}; nothing was drawn at random."]
    told = listed([f"{seed} ({verb})" for verb, seed in seeds])
    return [f"Computed with graphkit {own}{beside}; seed of the random numbers: {told}."]

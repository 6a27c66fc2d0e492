"""Layout of a graph by its communities, and the meta-graph of the ties between communities."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities.prepare import prepare, require_partition
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, check_integer
from graphkit.parallel import refuse_after_fork
from graphkit.rng import RNGLike, Streams

__all__ = ["Layout", "layout", "meta_graph"]

Codes = npt.NDArray[np.int32]
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Areas of a layout, at most, without that of the other communities: the largest are kept.
MOST_AREAS = 1000
#: Share of a disc's radius within which its nodes lie, and gap between discs, in mean radii.
_INNER, _GAP = 0.93, 0.25
#: Rounds of colour refinement, and of averaging over neighbours.
_ROUNDS, _SMOOTHING = 4, 12
#: Attraction of areas that share no tie, as a share of the mean ratio: it holds a map together.
_WEAK = 0.05


def meta_graph(graph: GraphLike, partition: Partition) -> Graph:
    """Graph of the communities: an edge holds the weight of all edges between two of them.

    Also called quotient or block graph. Its nodes are the codes of the communities, so that the
    names of the partition may change. Edges inside a community are no loops of the meta-graph,
    but the attribute ``inside``.

    Parameters
    ----------
    graph
        Its nodes may be more or fewer than the partition's; ids are matched.
    partition
        The communities.

    Returns
    -------
    Graph
        Directed if the graph is, of the kind ``"communities"``, with the attributes ``label``,
        ``size`` (members that are nodes of the graph) and ``inside`` (weight of the edges between
        members). The provenance counts self-loops and edges with an endpoint in no community,
        which are left out.

    Raises
    ------
    DataError
        If no node of the graph is in a community.

    Examples
    --------
    >>> g = Graph.from_edges("aabcd", "bccde", directed=False)
    >>> p = Partition.from_membership("abcde", [0, 0, 0, 1, 1])
    >>> meta = meta_graph(g, p)
    >>> meta.edges().rows(), meta.attributes.get_column("inside").to_list()
    ([(0, 1, 1.0)], [3.0, 1.0])
    """
    refuse_after_fork()
    graph = as_graph(graph, "meta_graph")
    community = _community_of_nodes(graph, partition, "meta_graph")
    n = partition.n_communities
    source, target, weight = graph.edge_arrays()
    proper = source != target
    a, b, weight = community[source[proper]], community[target[proper]], weight[proper]
    known = (a >= 0) & (b >= 0)
    inside, between = known & (a == b), known & (a != b)
    removed = {
        "self-loops": graph.n_loops,
        "edges with an endpoint in no community": int((~known).sum()),
    }
    attributes = {
        "id": np.arange(n, dtype=np.int64),
        "label": [partition.name(c) for c in range(n)],
        "size": np.bincount(community[community >= 0], minlength=n),
        "inside": np.bincount(a[inside], weight[inside], n).astype(np.float64),
    }
    return Graph.from_edges(
        a[between].astype(np.int64),
        b[between].astype(np.int64),
        weight[between],
        directed=graph.directed,
        nodes=np.arange(n, dtype=np.int64),
        attributes=attributes,
        node_kind="communities",
        provenance=Provenance.of(
            "meta_graph",
            made_from=(graph, partition),
            removed={reason: count for reason, count in removed.items() if count},
        ),
    )


def _community_of_nodes(graph: Graph, partition: Partition, caller: str) -> Codes:
    """Community of each node of the graph, −1 for none."""
    require_partition(partition, caller=caller)
    codes = partition.vocabulary.lookup(graph.vocabulary)
    found: Codes = np.full(graph.n_nodes, -1, dtype=np.int32)
    found[codes >= 0] = partition.membership[codes[codes >= 0]]
    if not (found >= 0).any():
        raise DataError(
            f"{caller}: no node of the graph is in a community: the graph's ids (such as "
            f"{graph.vocabulary.ids[:1].tolist()}) and the partition's (such as "
            f"{partition.vocabulary.ids[:1].tolist()}) may be of different kinds, or all nodes "
            "are unassigned."
        )
    return found


@dataclass(frozen=True, repr=False, eq=False)
class Layout(Frozen, title="Layout by communities", table="frame"):
    """Places of nodes in the plane: each community a disc, its members inside.

    Attributes
    ----------
    vocabulary
        Node ids of the graph, n of them.
    positions
        float64, shape (n, 2): x and y of each node in the order of the vocabulary, as
        :func:`graphkit.readwrite.write_gexf` takes them. One node has about the area 1.
    area
        int32, shape (n,): the row of `frame` of each node; −1 for nodes of no community, which
        lie below the discs.
    frame
        One row per disc: area, community (its code; null for the disc of the smaller
        communities), label, communities (in the disc), size (nodes of the graph), x, y, radius.
    ties
        One row per pair of discs that an edge joins: source, target (rows of `frame`), edges,
        weight, expected, ratio (weight / expected); the largest weight first.
    provenance
        How it was made; `removed` counts what has no disc of its own.
    """

    vocabulary: Vocabulary
    positions: Floats
    area: Codes
    frame: pl.DataFrame
    ties: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("layout"))

    def __post_init__(self) -> None:
        n = len(self.vocabulary)
        self._set_arrays(shape=(n, 2), positions=np.float64)
        self._set_arrays(shape=(n,), area=np.int32)

    @property
    def content_key(self) -> str:
        """Key of nodes, places and discs."""
        return content_key(self.vocabulary.content_key, self.positions, self.area, self.frame)

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "nodes": len(self.vocabulary),
            "discs": self.frame.height,
            "ties between discs": self.ties.height,
            "unassigned": int((self.area < 0).sum()),
        }
        return facts | {f"no disc of their own: {k}": v for k, v in self.provenance.removed.items()}


def layout(
    graph: GraphLike, partition: Partition, *, min_group_size: int = 10, rng: RNGLike | None = None
) -> Layout:
    r"""Two-level layout: communities as discs that do not overlap, nodes inside by their ties.

    *Discs* have an area in proportion to their members in the graph. Their centres :math:`x_a`
    minimise :math:`\frac12 \sum_{a<b} s_{ab} \lVert x_a - x_b \rVert^2 - \sum_{a<b} \lVert x_a -
    x_b \rVert`, the map of van Eck & Waltman [1]_, where :math:`s_{ab} = w_{ab} / e_{ab}` is the
    weight between two communities over its expectation, so that communities whose ties are above
    chance are near each other. Of several random starts the best is kept; discs that overlap are
    moved apart.

    The *expectation* is that of quasi-independence [2]_: :math:`e_{ab} = \alpha_a \alpha_b` for
    a ≠ b, fitted so that each community keeps its weight to others. It asks where the ties go that
    leave a community; that most stay inside says nothing about them. Two or three communities have
    no ties above it, for it fits them exactly.

    *Nodes* lie on rings: those with the most weight inside their community in the middle. Around
    the ring they are sorted by direction, the mean of the directions to their neighbours of other
    communities and of those of their neighbours inside.

    The direction of edges is ignored, loops are left out. Places depend on the edges, the weights
    and the seed. They do not depend on the order of rows, nor on names where four rounds of colour
    refinement tell the nodes apart; those that are alike are taken in the order of their ids.
    Memory grows with nodes, edges, and the square of the number of discs (at most 1,001).

    Parameters
    ----------
    graph
        The graph, without negative weights.
    partition
        The communities; ids are matched.
    min_group_size
        Communities of fewer nodes of the graph share one disc, as do those beyond the 1,000
        largest.
    rng
        Seed of the starts.

    Returns
    -------
    Layout
        Places of all nodes and discs, and ties between discs.

    Raises
    ------
    DataError
        If no node of the graph is in a community, or a weight is negative.

    References
    ----------
    .. [1] van Eck, N. J., Waltman, L., Dekker, R. & van den Berg, J. (2010). A comparison of two
       techniques for bibliometric mapping: multidimensional scaling and VOS. Journal of the
       American Society for Information Science and Technology, 61(12), 2405–2416.
       https://doi.org/10.1002/asi.21421
    .. [2] Goodman, L. A. (1968). The analysis of cross-classified data: independence,
       quasi-independence, and interactions in contingency tables with or without missing entries.
       Journal of the American Statistical Association, 63(324), 1091–1131.
       https://doi.org/10.1080/01621459.1968.10480916

    Examples
    --------
    >>> g = Graph.from_edges("aabcd", "bccde", directed=False)
    >>> p = Partition.from_membership("abcde", [0, 0, 0, 1, 1])
    >>> found = layout(g, p, min_group_size=2, rng=1)
    >>> found.frame.select("community", "size").rows(), found.positions.shape
    ([(0, 3), (1, 2)], (5, 2))
    """
    refuse_after_fork()
    check_integer("min_group_size", min_group_size, 1)
    given = as_graph(graph, "layout")
    community = _community_of_nodes(given, partition, "layout")
    prepare(given, caller="layout", may_be_empty=True)  # refuses weights that have no sum
    plain = given.to_undirected().without_loops()
    sizes = np.bincount(community[community >= 0], minlength=partition.n_communities)
    kept = np.flatnonzero(sizes >= min_group_size)
    # the largest; equal ones in the order of the partition
    kept = np.sort(kept[np.argsort(-sizes[kept], kind="stable")[:MOST_AREAS]])
    small = np.setdiff1d(np.flatnonzero(sizes > 0), kept)
    area_of = np.full(partition.n_communities + 1, -1, dtype=np.int32)  # the last for none
    area_of[kept] = np.arange(kept.size)
    area_of[small] = kept.size
    area = area_of[community]
    n_areas = int(area.max()) + 1
    keys = _node_keys(plain, area)
    order = _area_order(area, n_areas, keys)
    streams = Streams(rng)
    edges, weight = _weights_between(plain, area, n_areas)
    expected = _expected_weights(weight)
    counts = np.bincount(area[area >= 0], minlength=n_areas)
    radius = np.sqrt(counts / np.pi) / _INNER
    ratio = np.divide(weight, expected, out=np.zeros_like(weight), where=expected > 0)
    centres = np.empty((n_areas, 2))
    centres[order] = _place_areas(ratio[np.ix_(order, order)], radius[order], streams)
    positions = _place_nodes(plain, area, centres, radius, order, keys, streams)
    removed = {
        "nodes without a community": int((area < 0).sum()),
        "communities below min_group_size": int((sizes[small] < min_group_size).sum()),
        f"communities beyond the {MOST_AREAS:,} largest": int(
            (sizes[small] >= min_group_size).sum()
        ),
        "nodes of these communities": int(sizes[small].sum()),
        "members that are no nodes of the graph": int(partition.sizes.sum() - sizes.sum()),
    }
    record = Provenance.of(
        "layout",
        {"min_group_size": min_group_size},
        seed=streams.seed,
        made_from=(given, partition),
        removed={reason: count for reason, count in removed.items() if count},
    )
    some = ["other"] if small.size else []
    frame = pl.DataFrame(
        {
            "area": np.arange(n_areas, dtype=np.int32),
            "community": pl.Series([*kept.tolist(), *([None] if some else [])], dtype=pl.Int32),
            "label": pl.Series([partition.name(c) for c in kept.tolist()] + some, dtype=pl.String),
            "communities": pl.Series([1] * kept.size + [small.size] * len(some), dtype=pl.Int64),
            "size": counts,
            "x": centres[:, 0],
            "y": centres[:, 1],
            "radius": radius,
        }
    )
    ties = _tie_table(edges, weight, expected)
    return Layout(given.vocabulary, positions, area, frame, ties, record)


def _node_keys(graph: Graph, area: Codes) -> npt.NDArray[np.uint64]:
    """Hash of the surroundings of each node, whatever its name."""
    from graphkit.kernels.layout import refine_keys

    keys = np.zeros(graph.n_nodes, dtype=np.uint64)
    # −0 and 0 are one weight
    bits = (graph.weights + 0.0).view(np.uint64)
    for _ in range(_ROUNDS):
        new = np.empty_like(keys)
        refine_keys(graph.indptr, graph.indices, bits, area, keys, new)
        keys = new
    return keys


def _area_order(area: Codes, n_areas: int, keys: npt.NDArray[np.uint64]) -> Counts:
    """Areas by size, ties by the keys of their nodes."""
    total = np.zeros(n_areas, dtype=np.uint64)
    inside = area >= 0
    np.add.at(total, area[inside], keys[inside])
    sizes = np.bincount(area[inside], minlength=n_areas)
    return np.lexsort((total, -sizes))


def _weights_between(graph: Graph, area: Codes, n_areas: int) -> tuple[Counts, Floats]:
    """Number and weight of the edges between areas, symmetric, with zeros on the diagonal."""
    source, target, weight = graph.edge_arrays()
    a, b = area[source].astype(np.int64), area[target]
    between = (a >= 0) & (b >= 0) & (a != b)
    cell = a[between] * n_areas + b[between]
    shape = (n_areas, n_areas)
    edges = np.bincount(cell, minlength=n_areas**2).reshape(shape)
    sums = np.bincount(cell, weight[between], n_areas**2).reshape(shape).astype(np.float64)
    return edges + edges.T, sums + sums.T


def _expected_weights(weight: Floats) -> Floats:
    """Quasi-independence: α_a α_b off the diagonal, with the row sums of the weights."""
    out = weight.sum(axis=1)
    total = float(out.sum())
    if not total > 0:
        return np.zeros_like(weight)
    alpha = out / np.sqrt(total)
    # slow where one community has nearly all ties, and a step costs little
    for _ in range(20_000):
        rest = alpha.sum() - alpha
        fitted = np.divide(out, rest, out=np.zeros_like(out), where=rest > 0)
        new = np.sqrt(alpha * fitted)  # damped: plain steps swing between two values
        if np.abs(new - alpha).max() <= 1e-12 * alpha.max():
            break
        alpha = new
    expected = np.outer(new, new)
    np.fill_diagonal(expected, 0.0)
    return expected


def _place_areas(ratio: Floats, radius: Floats, streams: Streams) -> Floats:
    """Centres of the discs, by the ratios of observed over expected weight between them."""
    from graphkit.kernels.layout import attract, push_apart

    n = radius.size
    if n == 1:
        return np.zeros((1, 2))
    pairs = ratio[~np.eye(n, dtype=bool)]
    mean = float(pairs.mean())
    pull = (ratio / mean if mean > 0 else ratio) + _WEAK
    np.fill_diagonal(pull, 0.0)
    best, least = np.zeros((n, 2)), np.inf
    for start in range(1 if n > 300 else 8):
        place = streams.generator("areas", start).normal(size=(n, 2)) * n**0.5
        attract(pull, place, 300)
        cost = _map_cost(pull, place)
        if cost < least:
            best, least = place, cost
    place = _turned(best)
    gap = _GAP * float(radius.mean())
    # the discs and their gaps would fill about half of the map
    spread = float(np.sqrt((place**2).sum(axis=1).mean()))
    place *= float(np.sqrt(((radius + gap) ** 2).sum())) / max(spread, 1e-12)
    while not push_apart(place, radius, gap, 400):
        place *= 1.1
    place = _drawn_together(ratio, place, radius, gap)
    middle: Floats = (place.min(axis=0) + place.max(axis=0)) / 2
    return place - middle


def _drawn_together(ratio: Floats, place: Floats, radius: Floats, gap: float) -> Floats:
    """Places whose components, which no tie joins, are as near each other as their circles allow.

    Without ties to hold it, a disc would be so far off that the others are small beside the gap.
    """
    from scipy.sparse.csgraph import connected_components

    n, part = connected_components(ratio > 0, directed=False)
    if n == 1:
        return place
    held = np.bincount(part)
    middle = np.column_stack([np.bincount(part, axis) / held for axis in place.T])
    around = np.zeros(n)
    np.maximum.at(around, part, np.hypot(*(place - middle[part]).T) + radius)
    a, b = np.triu_indices(n, 1)
    away = np.hypot(*(middle[a] - middle[b]).T)
    share = float(((around[a] + around[b] + gap) / np.maximum(away, 1e-12)).max())
    if share >= 1:
        return place
    return _turned(place + (share - 1) * middle[part])


def _map_cost(pull: Floats, place: Floats) -> float:
    x, y = place[:, 0], place[:, 1]
    square = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    return float((pull * square / 2 - np.sqrt(square)).sum())


def _turned(place: Floats) -> Floats:
    """Places with their widest extent from left to right, around their mean."""
    x, y = (place - place.mean(axis=0)).T
    angle = 0.5 * np.arctan2(2 * (x * y).sum(), (x * x).sum() - (y * y).sum())
    cos, sin = np.cos(angle), np.sin(angle)
    return np.column_stack([cos * x + sin * y, cos * y - sin * x])


def _place_nodes(
    graph: Graph,
    area: Codes,
    centres: Floats,
    radius: Floats,
    order: Counts,
    keys: npt.NDArray[np.uint64],
    streams: Streams,
) -> Floats:
    """Place of each node on the rings of its disc; nodes of no community have a disc below."""
    n, n_areas = graph.n_nodes, radius.size
    unassigned = int((area < 0).sum())
    below = float((centres[:, 1] - radius).min())
    last = np.sqrt(unassigned / np.pi) / _INNER
    gap = _GAP * float(radius.mean())
    centres = np.vstack([centres, [0.0, below - 2 * gap - last]])
    radius = np.append(radius, last)
    group = np.where(area < 0, n_areas, area)
    source = np.repeat(np.arange(n), np.diff(graph.indptr))
    target = graph.indices
    inside = group[source] == group[target]
    weight = graph.weights
    own = np.bincount(source[inside], weight[inside], n)
    # in the order of the discs, of weight inside, and of keys
    rank = np.empty(n_areas + 1, dtype=np.int64)
    rank[order], rank[n_areas] = np.arange(n_areas), n_areas
    sequence = np.lexsort((keys, -own, rank[group]))
    angle = np.empty(n)
    angle[sequence] = streams.generator("nodes").random(n) * 2 * np.pi
    way = _directions(graph, group, centres, angle, source, inside)
    place = np.empty(n, dtype=np.int64)
    sizes = np.bincount(group, minlength=n_areas + 1)[np.append(order, n_areas)]
    place[sequence] = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    # K rings hold 1 + 6 + 12 + … + 6K = N places; nodes take as many evenly, so that no ring is left
    # with a few nodes just outside a full one
    size = np.bincount(group, minlength=n_areas + 1)[group]
    rings = np.ceil((np.sqrt(12 * size - 3) - 3) / 6).astype(np.int64)
    full = 1 + 3 * rings * (rings + 1)
    ring = np.ceil((np.sqrt(12 * (place * full // size) + 9) - 3) / 6).astype(np.int64)
    away = np.sqrt(np.where(ring > 0, 3 * ring**2 + 1, 0) / full)
    slot = np.lexsort((keys, way, ring, rank[group]))
    at = np.empty(n, dtype=np.int64)
    breaks = np.r_[True, (np.diff(ring[slot]) != 0) | (np.diff(rank[group][slot]) != 0)]
    ring_id = np.cumsum(breaks) - 1
    starts = np.flatnonzero(breaks)
    at[slot] = np.arange(n) - starts[ring_id]
    number = np.empty(n, dtype=np.int64)
    number[slot] = ring_id
    held = np.bincount(ring_id)[number]
    turn = 2 * np.pi * at / held
    # each ring is turned so that the slots face the directions of their nodes
    gap_angle = way - turn
    up = np.bincount(number, np.sin(gap_angle))
    right = np.bincount(number, np.cos(gap_angle))
    turn += np.arctan2(up, right)[number]
    distance = _INNER * radius[group] * away
    way_out: Floats = np.column_stack([np.cos(turn), np.sin(turn)]) * distance[:, None]
    return centres[group] + way_out


def _directions(
    graph: Graph,
    group: Counts,
    centres: Floats,
    angle: Floats,
    source: Counts,
    inside: npt.NDArray[np.bool_],
) -> Floats:
    """Direction of each node from the centre of its disc, as an angle in [−π, π]."""
    import scipy.sparse as sp

    n, target, weight = graph.n_nodes, graph.indices, graph.weights
    strength = np.maximum(np.bincount(source, weight, n), 1e-300)
    across = ~inside
    leads = centres[group[target[across]]] - centres[group[source[across]]]
    leads *= (weight[across] / np.maximum(np.hypot(*leads.T), 1e-300))[:, None]
    sums = [np.bincount(source[across], lead, n) for lead in leads.T]
    base: Floats = np.column_stack(sums) / strength[:, None]
    base += 0.05 * np.column_stack([np.cos(angle), np.sin(angle)])
    parts = (weight[inside] / strength[source[inside]], (source[inside], target[inside]))
    matrix = sp.csr_array(parts, shape=(n, n))
    members = np.maximum(np.bincount(group), 1)
    way = base
    for _ in range(_SMOOTHING):
        near = matrix @ way
        # what all members share is no direction of any
        means = [np.bincount(group, part) / members for part in near.T]
        way = base + 0.95 * (near - np.column_stack(means)[group])
    return np.arctan2(way[:, 1], way[:, 0])


def _tie_table(edges: Counts, weight: Floats, expected: Floats) -> pl.DataFrame:
    a, b = np.nonzero(np.triu(edges, 1))
    frame = pl.DataFrame(
        {
            "source": a.astype(np.int32),
            "target": b.astype(np.int32),
            "edges": edges[a, b],
            "weight": weight[a, b],
            "expected": expected[a, b],
        }
    )
    positive = pl.col("expected") > 0
    frame = frame.with_columns(ratio=pl.when(positive).then(pl.col("weight") / pl.col("expected")))
    return frame.sort("weight", "source", "target", descending=[True, False, False])

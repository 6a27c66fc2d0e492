"""A graph as compressed sparse rows (CSR) over a vocabulary of node ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data import graph_convert
from graphkit.data.attributes import align_attributes, check_attributes
from graphkit.data.files import loading, pack_frame, pack_ids, save_arrays, unpack_frame, unpack_ids
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.ids import look_over_ids
from graphkit.data.matrix import fold_symmetric, read_matrix
from graphkit.data.membership import canonical_membership
from graphkit.data.provenance import Provenance
from graphkit.data.rows import csr_from_codes
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, check_choice, check_flag, name_some, warn

if TYPE_CHECKING:
    import igraph
    import networkx
    import scipy.sparse

Array = npt.NDArray[Any]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Ids = Iterable[Any] | pl.Series
#: What functions of graphs take, see :func:`as_graph`.
GraphLike: TypeAlias = "Graph | networkx.Graph[Any] | igraph.Graph | scipy.sparse.sparray"


def _check_rows(graph: Graph) -> None:
    """Raise a DataError unless the arrays meet cheap necessary conditions of a graph."""
    n, indptr, indices, weights = graph.n_nodes, graph.indptr, graph.indices, graph.weights
    if indptr.shape != (n + 1,) or (indptr.size and (indptr[0] != 0 or indptr[-1] != indices.size)):
        raise DataError(f"indptr must run from 0 to {indices.size} in {n + 1} steps.")
    if (np.diff(indptr) < 0).any():
        raise DataError("indptr must not decrease.")
    if weights.shape != indices.shape:
        raise DataError(f"{weights.size} weights for {indices.size} entries: one each is needed.")
    _check_weights(weights)
    if not indices.size:
        return
    if int(indices.min()) < 0 or int(indices.max()) >= n:
        raise DataError(f"indices must lie in 0 … {n - 1}.")
    lengths = np.diff(indptr)
    columns, by_column = np.zeros(n, dtype=np.int64), np.zeros(n)
    step = max(1 << 20, n)  # in segments, so that the check needs less memory than the graph
    for first in range(0, indices.size, step):
        part = indices[first : first + step + 1]
        rises = part[1:] > part[:-1]
        low, high = np.searchsorted(indptr, [first + 1, min(first + step + 1, indices.size)])
        rises[indptr[low:high] - first - 1] = True  # a new row may begin anywhere
        if not rises.all():
            raise DataError("indices must ascend within each row, without repetition.")
        if not graph.directed:
            columns += np.bincount(part[:step], minlength=n)
            by_column += np.bincount(part[:step], weights[first : first + step], minlength=n)
    if not graph.directed:
        # necessary for symmetry, linear, and enough to catch a forgotten half
        by_row = np.zeros(n)
        with np.errstate(over="ignore"):  # weights near the largest float may add up to more
            by_row[lengths > 0] = np.add.reduceat(weights, indptr[:-1][lengths > 0])
        if (columns != lengths).any() or not np.allclose(by_column, by_row):
            raise DataError("an undirected graph must store every edge in both its rows.")


def _check_weights(weights: Floats) -> None:
    """Raise a DataError that names the first weight that is not finite."""
    bad = np.flatnonzero(~np.isfinite(weights))
    if bad.size:
        raise DataError(
            f"weight {weights[bad[0]]} of edge {bad[0] + 1} is not a finite number ({bad.size:,} "
            "such edges): drop these edges or give them a weight."
        )


def _encode_edges(
    source: Ids, target: Ids, weight: npt.ArrayLike | pl.Series | None, nodes: Ids | None
) -> tuple[Vocabulary, Codes, Codes, Floats | None]:
    """Vocabulary, codes and weights of an edge list given by ids."""
    sources, targets = (
        ids if isinstance(ids, pl.Series | np.ndarray | list) else list(ids)
        for ids in (source, target)
    )
    if len(sources) != len(targets):
        raise DataError(f"{len(sources)} sources for {len(targets)} targets: one each is needed.")
    values: Floats | None = None
    if weight is not None:
        if np.ma.isMaskedArray(weight):
            weight = np.ma.filled(weight.astype(np.float64), np.nan)
        temporal = isinstance(weight, pl.Series) and weight.dtype.is_temporal()
        if temporal or (isinstance(weight, np.ndarray) and weight.dtype.kind in "cmM"):
            assert isinstance(weight, pl.Series | np.ndarray)
            raise DataError(f"weights must be real numbers; these are of type {weight.dtype}.")
        try:
            values = np.asarray(weight, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise DataError(f"weights must be numbers: {error}.") from None
        if values.shape != (len(sources),):
            raise DataError(f"weights have shape {values.shape}; ({len(sources)},) is needed.")
        _check_weights(values)
    if nodes is None:
        first, second = Vocabulary(sources), Vocabulary(targets)
        if first.kind == second.kind and first.kind != "object":
            nodes = pl.concat([first.series, second.series])
        else:
            nodes = [*first.ids.tolist(), *second.ids.tolist()]
    if isinstance(nodes, Vocabulary):
        vocabulary = nodes
    else:
        vocabulary = Vocabulary(nodes)
        if vocabulary.kind == "str" and (told := look_over_ids(vocabulary.series, "the edge list")):
            # nodes may be words, so they are taken as they are
            warn(f"ids of the graph: {told}.")
        elif vocabulary.kind == "object" and (twice := vocabulary.series.is_duplicated().sum()):
            warn(
                f"ids of the graph: {twice:,} nodes are one id in two types, such as 1 and '1'; neither "
                "was changed: give all ids in one type."
            )
    return vocabulary, vocabulary.encode(sources), vocabulary.encode(targets), values


@dataclass(frozen=True, repr=False, eq=False)
class Graph(Frozen):
    """Immutable graph: nodes in sorted id order, edges as compressed sparse rows.

    Build one with :meth:`from_edges`, :meth:`from_networkx`, :meth:`from_igraph`,
    :meth:`from_scipy`, or with a function such as :func:`graphkit.follow_graph`; read one with
    :func:`graphkit.readwrite.read_graph`.

    Attributes
    ----------
    vocabulary
        Node ids, n of them; the code of a node is its row.
    indptr
        int64, shape (n + 1,): row i holds the entries indptr[i] … indptr[i + 1] − 1.
    indices
        int32, shape (nnz,): targets of the edges, ascending within a row, each once. An
        undirected graph stores an edge in both its rows, a self-loop once.
    weights
        float64, shape (nnz,), finite; 1 where the graph is unweighted.
    directed
        Whether an entry is a directed edge row → column.
    node_kind
        ``"accounts"``, ``"authors"``, ``"items"``, ``"tags"``, ``"sounds"`` or ``"nodes"``.
    provenance
        How the graph was made.
    attributes
        What is known of the nodes: a frame with their ids in the column ``id`` and one row per
        node, in the order of the vocabulary; `None` without any. Attributes stay with the nodes in
        subgraphs and backbones, and take no part in the content key, which is of what
        communities are computed from: nodes, edges and weights.

    Examples
    --------
    >>> g = Graph.from_edges(["a", "b", "c"], ["b", "c", "a"], directed=False)
    >>> g.n_nodes, g.n_edges, g.degree().tolist()
    (3, 3, [2, 2, 2])
    """

    vocabulary: Vocabulary
    indptr: npt.NDArray[np.int64]
    indices: Codes
    weights: Floats
    directed: bool
    node_kind: str = "nodes"
    provenance: Provenance = field(default_factory=lambda: Provenance("Graph"))
    attributes: pl.DataFrame | None = None

    def __post_init__(self) -> None:
        self._set_arrays(indptr=np.int64, indices=np.int32, weights=np.float64)
        _check_rows(self)
        if self.attributes is not None:
            check_attributes(self.attributes, self.vocabulary)
            if self.attributes.width == 1:
                self._set(attributes=None)

    def __getstate__(self) -> dict[str, Any]:
        # a graph without attributes is what it was before there were any, its key too
        state = super().__getstate__()
        return {k: v for k, v in state.items() if k != "attributes" or v is not None}

    @classmethod
    def from_edges(
        cls,
        source: Ids,
        target: Ids,
        weight: npt.ArrayLike | pl.Series | None = None,
        *,
        directed: bool,
        nodes: Iterable[Any] | None = None,
        attributes: Any = None,
        node_kind: str = "nodes",
        provenance: Provenance | None = None,
    ) -> Graph:
        """A graph from edge lists; parallel edges are merged and their weights added.

        Parameters
        ----------
        source, target
            Ids of any hashable kind (not floats), one pair per edge.
        weight
            One finite number per edge; 1 each if absent. Negative weights make a signed
            graph, which most qualities refuse.
        directed
            Whether an edge runs from source to target only.
        nodes
            All nodes, where some have no edge; every end of an edge must be among them.
        attributes
            What is known of the nodes: a frame of Polars or pandas, or a mapping of columns, with
            the ids in the column ``id``. Nodes without a row have null values.
        node_kind, provenance
            As the fields of the graph.

        Raises
        ------
        DataError
            If lengths differ, ids are missing or floats, weights are not finite, or `attributes`
            have an id that is no node, or one twice.

        Examples
        --------
        >>> g = Graph.from_edges([1, 1, 2], [2, 2, 3], directed=True)
        >>> g.n_edges, g.total_weight
        (2, 3.0)
        >>> table = {"id": ["b", "a"], "age": [40, 31]}
        >>> Graph.from_edges(["a"], ["b"], directed=True, attributes=table).attributes.rows()
        [('a', 31), ('b', 40)]
        """
        check_flag("directed", directed)
        record = provenance or Provenance("Graph.from_edges", {"directed": directed})
        codes = _encode_edges(source, target, weight, nodes)
        options: Any = {"directed": directed, "node_kind": node_kind, "provenance": record}
        if attributes is not None:
            options["attributes"] = align_attributes(attributes, codes[0])
        return cls._from_codes(*codes, **options)

    @classmethod
    def _from_codes(
        cls,
        vocabulary: Vocabulary,
        source: Array,
        target: Array,
        weight: Floats | None,
        *,
        directed: bool,
        node_kind: str,
        provenance: Provenance,
        attributes: pl.DataFrame | None = None,
    ) -> Graph:
        """A graph from node codes; undirected edges are given once, in either direction."""
        arrays = csr_from_codes(len(vocabulary), source, target, weight, directed=directed)
        if attributes is None:
            facts = {"directed": directed, "node_kind": node_kind, "provenance": provenance}
            graph = graph_of_rows(vocabulary, *arrays, **facts)
        else:
            graph = cls(vocabulary, *arrays, directed, node_kind, provenance, attributes)
        # known already, and slow to find in compressed rows
        graph.__dict__["n_loops"] = int(np.unique(source[source == target]).size)
        return graph

    @classmethod
    def from_networkx(cls, graph: networkx.Graph[Any], *, weight: str | None = "weight") -> Graph:
        """A graph from networkx, with the data of its nodes.

        Missing weights are 1, parallel edges are merged. Node data become `attributes`; what no
        column holds, such as a mapping, is left out and counted in the provenance.

        Raises
        ------
        DataError
            If a weight is no finite number, or no edge has the attribute `weight`, unless it is
            ``"weight"``.
        """
        parts = graph_convert.parts_of_networkx(graph, weight)
        return cls._from_parts(parts, "Graph.from_networkx", weight)

    @classmethod
    def from_igraph(cls, graph: igraph.Graph, *, weight: str | None = "weight") -> Graph:
        """A graph from igraph, with the attributes of its vertices; parallel edges are merged.

        Ids are the vertex attribute ``name``, else ``id`` or ``label`` if it is text that differs
        for each vertex (as in GraphML and GML files of other tools), else the indices. Names that
        :meth:`to_igraph` made of integers become integers again, also after GraphML and GML
        files, which keep the graph attribute ``idkind`` that says so.

        Raises
        ------
        DataError
            If ids repeat, a weight is no finite number, or the graph has no edge attribute
            `weight`, unless it is ``"weight"``.
        """
        parts = graph_convert.parts_of_igraph(graph, weight)
        return cls._from_parts(parts, "Graph.from_igraph", weight)

    @classmethod
    def _from_parts(cls, parts: graph_convert.Parts, verb: str, weight: str | None) -> Graph:
        codes = _encode_edges(parts.source, parts.target, parts.weight, parts.ids)
        frame, removed = graph_convert.keep_attributes(parts, codes[0])
        options: Any = {"directed": parts.directed, "node_kind": "nodes", "attributes": frame}
        record = Provenance(verb, {"weight": weight}, removed=removed)
        return cls._from_codes(*codes, **options, provenance=record)

    @classmethod
    def from_scipy(
        cls, matrix: Any, *, directed: bool, nodes: Iterable[Any] | None = None
    ) -> Graph:
        """A graph from a square matrix, sparse or dense; an undirected one must be symmetric.

        Repeated entries of a sparse matrix are added as float64, whatever its type (so that those of
        a boolean matrix are counted). Zeros, stored or not, and masked entries are no edges.

        Parameters
        ----------
        matrix
            Real numbers, shape (n, n): entry (i, j) is the weight of the edge i → j.
        directed
            If not, opposite entries must be equal up to rounding, |a − b| ≤ 10⁻¹² · max(|a|, |b|);
            the weight is their mean.
        nodes
            Ids of rows and columns, in their order; 0 … n−1 if absent.

        Raises
        ------
        DataError
            If the matrix is not square, holds numbers that are not real or finite, or is not
            symmetric; or if ids are not one for each row.

        Examples
        --------
        >>> third = 0.1 + 0.2
        >>> Graph.from_scipy(np.array([[0, 0.3], [third, 0]]), directed=False).n_edges
        1
        """
        check_flag("directed", directed)
        n, rows, columns, weights = read_matrix(matrix)
        if not directed:
            rows, columns, weights = fold_symmetric(n, rows, columns, weights)
        ids = np.arange(n) if nodes is None else list(nodes)
        distinct = n if nodes is None else graph_convert.count_distinct(ids)
        if len(ids) != n or distinct != n:
            raise DataError(f"{len(ids)} ids ({distinct} distinct) for {n} rows: one each.")
        vocabulary, record = Vocabulary(ids), Provenance("Graph.from_scipy")
        code = vocabulary.encode(ids)
        options: Any = {"directed": directed, "node_kind": "nodes", "provenance": record}
        return cls._from_codes(vocabulary, code[rows], code[columns], weights, **options)

    @property
    def n_nodes(self) -> int:
        """Number of nodes, those without edges included."""
        return len(self.vocabulary)

    @cached_property
    def n_edges(self) -> int:
        """Number of edges; an undirected self-loop counts once."""
        stored = int(self.indices.size)
        return stored if self.directed else (stored + self.n_loops) // 2

    @cached_property
    def n_loops(self) -> int:
        """Number of self-loops."""
        return int(np.count_nonzero(self._edge_sources == self.indices))

    @cached_property
    def total_weight(self) -> float:
        """Sum of the weights of all edges, each once."""
        total = float(self.weights.sum())
        if self.directed:
            return total
        if self.n_loops:
            total += float(self.weights[self._edge_sources == self.indices].sum())
        return total / 2

    @cached_property
    def is_weighted(self) -> bool:
        """Whether any weight differs from 1."""
        return bool(self.weights.size) and not bool((self.weights == 1).all())

    @cached_property
    def content_key(self) -> str:
        """Key of nodes, edges and weights."""
        weights = self.weights if self.is_weighted else None
        return content_key(
            self.vocabulary.content_key, self.indptr, self.indices, weights, self.directed
        )

    @property
    def _edge_sources(self) -> Codes:
        """Source of each stored entry, shape (nnz,)."""
        return np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.indptr))

    def degree(self, *, mode: str = "all") -> npt.NDArray[np.int64]:
        """Number of edges per node, shape (n,); `mode` "in", "out" or "all" if directed.

        A self-loop counts twice in an undirected graph, and in "all".
        """
        return self._sum_edges(None, mode).astype(np.int64)

    def strength(self, *, mode: str = "all") -> npt.NDArray[np.float64]:
        """Sum of the weights of a node's edges, shape (n,), counted as in :meth:`degree`."""
        return self._sum_edges(self.weights, mode)

    def _sum_edges(self, weights: Floats | None, mode: str) -> npt.NDArray[Any]:
        """Count the edges of each node, or sum their `weights`."""
        check_choice("mode", mode, ("all", "in", "out"))
        n, sources = self.n_nodes, self._edge_sources
        out = np.bincount(sources, weights=weights, minlength=n)
        if not self.directed:
            loops = sources == self.indices
            own = None if weights is None else weights[loops]
            return out + np.bincount(sources[loops], weights=own, minlength=n)
        if mode == "out":
            return out
        into = np.bincount(self.indices, weights=weights, minlength=n)
        return into if mode == "in" else out + into

    def edge_arrays(self) -> tuple[Codes, Codes, Floats]:
        """Source codes, target codes and weights; each edge once, sorted by source, then target."""
        sources = self._edge_sources
        if self.directed:
            return sources, self.indices, self.weights
        once = sources <= self.indices
        return sources[once], self.indices[once], self.weights[once]

    def edges(self) -> pl.DataFrame:
        """Edge list by ids: source, target, weight; each edge once, sorted."""
        source, target, weight = self.edge_arrays()
        ids = self.vocabulary.series
        return pl.DataFrame(
            {"source": ids.gather(source), "target": ids.gather(target), "weight": weight}
        )

    def subgraph(self, nodes: Iterable[Any] | Mask) -> Graph:
        """Induced subgraph of some nodes, given by ids or by a boolean mask over all nodes."""
        if not (isinstance(nodes, np.ndarray) and nodes.dtype == bool):
            codes = self.vocabulary.encode(list(nodes))
            nodes = np.zeros(self.n_nodes, dtype=bool)
            nodes[codes] = True
        if nodes.shape != (self.n_nodes,):
            raise DataError(f"the mask has shape {nodes.shape}, not ({self.n_nodes},).")
        return self._keep_nodes(nodes, "subgraph")

    def _keep_nodes(self, mask: Mask, caller: str) -> Graph:
        keep = mask[self._edge_sources] & mask[self.indices]
        removed = {"nodes": int((~mask).sum()), "stored entries": int((~keep).sum())}
        return self._keep_entries(mask, keep, caller, removed)

    def _keep_entries(
        self, nodes: Mask, entries: Mask, caller: str, removed: dict[str, int]
    ) -> Graph:
        """The graph of the nodes and stored entries of two masks."""
        code = np.cumsum(nodes, dtype=np.int64) - 1
        lengths = np.bincount(code[self._edge_sources[entries]], minlength=int(nodes.sum()))
        return replace(
            self,
            vocabulary=self.vocabulary if nodes.all() else self.vocabulary.take(nodes),
            indptr=np.concatenate([[0], np.cumsum(lengths)]),
            indices=code[self.indices[entries]].astype(np.int32),
            weights=self.weights[entries],
            attributes=self._attributes_of(nodes),
            provenance=Provenance.of(caller, made_from=(self,), removed=removed),
        )

    def _attributes_of(self, nodes: Mask) -> pl.DataFrame | None:
        return None if self.attributes is None else self.attributes.filter(pl.Series(nodes))

    def with_attributes(self, attributes: Any) -> Graph:
        """The same nodes and edges with other `attributes`, given as to :meth:`from_edges`.

        They replace those that the graph has; `None` takes all away.

        Examples
        --------
        >>> g = Graph.from_edges(["a"], ["b"], directed=True)
        >>> g.with_attributes({"id": ["b"], "side": ["left"]}).attributes.rows()
        [('a', None), ('b', 'left')]
        """
        frame = None if attributes is None else align_attributes(attributes, self.vocabulary)
        return replace(self, attributes=frame)

    def components(self) -> Codes:
        """Weakly connected component of each node, shape (n,): numbered by size, from 0 on."""
        from scipy.sparse.csgraph import connected_components

        if self.n_nodes == 0:
            return np.zeros(0, dtype=np.int32)
        _, found = connected_components(self.to_scipy(), directed=self.directed, connection="weak")
        return canonical_membership(found)

    def largest_component(self) -> Graph:
        """Induced subgraph of the largest (weakly) connected component."""
        return self._keep_nodes(self.components() == 0, "largest_component")

    def without_loops(self) -> Graph:
        """The graph without self-loops; the provenance records their number."""
        if not self.n_loops:
            return self
        every = np.ones(self.n_nodes, dtype=bool)
        proper = self._edge_sources != self.indices
        return self._keep_entries(every, proper, "without_loops", {"self-loops": self.n_loops})

    def to_undirected(self) -> Graph:
        """The undirected graph; weights of opposite edges are added."""
        if not self.directed:
            return self
        record = Provenance.of("to_undirected", made_from=(self,))
        options: Any = {"directed": False, "node_kind": self.node_kind, "provenance": record}
        options["attributes"] = self.attributes
        return self._from_codes(self.vocabulary, *self.edge_arrays(), **options)

    def to_scipy(self) -> scipy.sparse.csr_array:
        """The adjacency matrix, float64, shape (n, n); rows follow the vocabulary."""
        import scipy.sparse as sp

        # copies, since SciPy may sort or change what it is given
        parts = (self.weights.copy(), self.indices.copy(), self.indptr.copy())
        return sp.csr_array(parts, shape=(self.n_nodes, self.n_nodes))

    def to_igraph(self) -> igraph.Graph:
        """An igraph graph with vertex attribute ``name`` and edge attribute ``weight``.

        The attributes of the nodes are vertex attributes; one called ``name`` becomes ``name_2``.

        Names of integer ids are text, for igraph writes numbers to files with 15 digits; the graph
        attribute ``idkind`` is ``"int"`` then, and :meth:`from_igraph` gives the integers back.
        Ids of other kinds, such as tuples, stay objects, which igraph leaves out of files.
        """
        return graph_convert.to_igraph(
            self.vocabulary, self.edge_arrays(), self.directed, self.attributes
        )

    def to_networkx(self) -> networkx.Graph[Any]:
        """A networkx Graph or DiGraph with the ids as nodes and edge attribute ``weight``.

        The attributes of the nodes are node data, without those that are null.
        """
        return graph_convert.to_networkx(
            self.vocabulary, self.edge_arrays(), self.directed, self.attributes
        )

    def save(self, path: str | Path) -> Path:
        """Write the graph as one ``.npz`` file; :meth:`load` reads it back."""
        header: dict[str, Any] = {"directed": self.directed, "node_kind": self.node_kind}
        header["provenance"] = self.provenance.to_dict()
        arrays = pack_ids(self.vocabulary)
        arrays |= {"indptr": self.indptr, "indices": self.indices, "weights": self.weights}
        if self.attributes is not None:
            arrays["attributes"] = pack_frame(self.attributes.drop("id"))
        return save_arrays(path, "Graph", header, arrays)

    @classmethod
    def load(cls, path: str | Path) -> Graph:
        """Read a graph that :meth:`save` wrote.

        Raises
        ------
        FileError
            If the file is missing, damaged or holds something else.
        """
        with loading(path, "Graph") as (header, arrays):
            values = {name: arrays[name] for name in ("indptr", "indices", "weights")}
            values |= {name: header[name] for name in ("directed", "node_kind")}
            values["provenance"] = Provenance.from_dict(header["provenance"])
            vocabulary = unpack_ids(arrays)
            if "attributes" in arrays:
                frame = unpack_frame(arrays["attributes"])
                values["attributes"] = pl.DataFrame([vocabulary.series, *frame])
            return cls(vocabulary, **values)

    def _facts(self) -> dict[str, object]:
        isolated = int(np.count_nonzero(self.degree() == 0)) if self.n_nodes else 0
        facts: dict[str, object] = {
            self.node_kind: self.n_nodes,
            "edges": self.n_edges,
            "isolated": isolated,
            "total weight": self.total_weight,
            "made by": self.provenance.verb,
        }
        if self.attributes is not None:
            facts["attributes"] = name_some(self.attributes.columns[1:], 8)
        return facts | {f"left out: {k}": v for k, v in self.provenance.removed.items()}

    def _title(self) -> str:
        weighted = "weighted" if self.is_weighted else "unweighted"
        return f"Graph ({'directed' if self.directed else 'undirected'}, {weighted})"


def graph_of_rows(vocabulary: Vocabulary, *rows: Array, **others: Any) -> Graph:
    """A graph of indptr, indices and weights that were just built: they are not checked again.

    `others` are further fields, by name.
    """
    graph = object.__new__(Graph)
    arrays = dict(zip(("indptr", "indices", "weights"), rows, strict=True))
    graph.__setstate__({"vocabulary": vocabulary, "attributes": None} | arrays | others)
    return graph


def as_graph(value: GraphLike, caller: str) -> Graph:
    """The value as a :class:`Graph`: a graph of networkx, igraph or SciPy is converted.

    A weight is the edge attribute ``weight``. A sparse matrix that is symmetric up to rounding is an
    undirected graph, any other a directed one.

    Raises
    ------
    DataError
        If the value is none of these; the message names the call that makes a graph of it.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> as_graph(sp.csr_array([[0, 1], [1, 0]]), "leiden").directed
    False
    """
    if isinstance(value, Graph):
        return value
    library = graph_convert.library_of(value)
    if library == "networkx":
        return Graph.from_networkx(value)
    if library == "igraph":
        return Graph.from_igraph(value)
    if library == "scipy":
        try:
            return Graph.from_scipy(value, directed=False)
        except DataError:  # not symmetric; other faults are found again
            return Graph.from_scipy(value, directed=True)
    raise graph_convert.no_graph(value, caller)

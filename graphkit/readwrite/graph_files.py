"""Reader and writer of graphs in the formats of other programs, by the ending of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from graphkit.data.attributes import unique_name
from graphkit.data.files import write_whole
from graphkit.data.frames import advise_frame
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.graph_convert import library_of
from graphkit.data.partition import Partition
from graphkit.data.results import ImportReport
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, FileError, OptionError, shorten
from graphkit.parallel import refuse_after_fork
from graphkit.readwrite.edge_lists import read_edge_list
from graphkit.readwrite.gexf import read_gexf, write_gexf
from graphkit.readwrite.gml import read_gml
from graphkit.readwrite.graph_tables import GraphTables, build_graph, open_bytes, read_utf8
from graphkit.readwrite.graphml import read_graphml, write_graphml
from graphkit.readwrite.node_columns import exact_text, gather_columns, id_texts, split_label
from graphkit.readwrite.nodexl import read_nodexl
from graphkit.readwrite.pajek import is_pajek, read_pajek

__all__ = ["read_graph", "write_graph"]

#: Endings of the formats of :func:`write_graph`.
_WRITTEN = (".gexf", ".gexf.gz", ".graphml", ".graphml.gz", ".csv", ".parquet")
_LISTS = (".csv", ".tsv", ".txt", ".edges", ".edgelist", ".edge", ".el", ".ncol", ".tab", ".net")
_INSTEAD = "export GEXF, GraphML or an edge list (CSV) instead"
#: What is not read, by the ending of a name.
_REFUSED = {
    ".dot": f"DOT describes drawings: {_INSTEAD}",
    ".gv": f"DOT describes drawings: {_INSTEAD}",
    ".gephi": f"a project of Gephi: open it there, and {_INSTEAD}",
    ".npz": "an archive of arrays: use graphkit.Graph.load for a graph that .save() wrote, or SciPy's "
    "load_npz and graphkit.Graph.from_scipy(matrix, directed=…) for a matrix",
    ".mtx": "a matrix: read it with scipy.io.mmread, and use graphkit.Graph.from_scipy(matrix, "
    "directed=…)",
    ".npy": "a matrix: read it with numpy, and use graphkit.Graph.from_scipy(matrix, directed=…)",
    ".pickle": "a pickle, which may run code when it is read: write GraphML in the program that made it",
    ".pkl": "a pickle, which may run code when it is read: write GraphML in the program that made it",
    ".gpickle": "a pickle, which may run code when it is read: write GraphML in the program that made it",
    ".json": "JSON has no one shape for graphs: read it with networkx (node_link_graph), and use "
    "graphkit.Graph.from_networkx",
    ".xls": "an old workbook: save it as .xlsx",
    ".parquet": "a table: read it with Polars, and use graphkit.Graph.from_edges(df['source'], "
    "df['target'], directed=…)",
    ".zip": "an archive: unpack it, and give the file that holds the graph",
    ".lgl": f"the LGL format: {_INSTEAD}",
    ".dl": f"the DL format of UCINET: {_INSTEAD}",
}


def read_graph(
    path: str | Path,
    *,
    directed: bool | None = None,
    weight: str | None = "weight",
    id: str | None = None,
    label: str | None = None,
    nodes: str | Path | None = None,
    ends: tuple[str, str] | None = None,
) -> tuple[Graph, ImportReport]:
    """Read a graph that another program wrote: GEXF, GraphML, GML, Pajek, NodeXL, or an edge list.

    Files of all formats may be compressed (``.gz``). Attributes of nodes are kept, in
    :attr:`Graph.attributes`; attributes of edges other than the weight are not, and are named in the
    report. Ids are text, as they stand in the file. Colours, sizes, positions and times of nodes and
    edges are left out, and counted.

    Rules

    * Parallel edges are merged and their weights added; self-loops are kept. Both are counted.
    * If some edges have a direction and others have none, the graph is directed, and an edge without
      direction becomes two arcs. A mutual edge of GEXF is one without direction.
    * An edge without a weight weighs 1, also where the file says ``null``. One whose weight is infinite
      or no number is dropped, and counted.
    * Nodes that only edges name are added, and counted; an edge without one of its ends is dropped.
    * Where the ids of a file are mere numbers of rows (0, 1, … in GML and Pajek; n0, n1, … in GraphML
      of igraph), the attribute ``name``, ``id`` or ``label`` has the ids, if it is text, complete and
      different for each node; the report says so.
    * An edge list may have a header that names the ends (source and target, from and to, …), or none.
      Columns are parted by commas, semicolons, tabs or blanks. A third column without a name is the
      weight. Lines at the beginning are comments if ``#`` and a blank begin them, or if they have
      another number of columns than the edges: hashtags are ids.

    Parameters
    ----------
    path
        The file. Its ending says the format: ``.gexf``, ``.graphml`` or ``.xml``, ``.gml``, ``.net``,
        ``.xlsx`` (NodeXL, with the extra ``nodexl``), ``.csv``, ``.tsv``, ``.txt``, ``.edgelist``, ….
    directed
        Whether edges have a direction; by default as the file says. Edge lists and workbooks mostly
        do not say, and need it.
    weight
        Name of the attribute (or column) of edges with the weights; `None` counts edges.
    id
        Name of an attribute of nodes that holds their ids; ``"id"`` keeps those of the file.
    label
        Name of an attribute that becomes the attribute ``label``.
    nodes
        For an edge list: a CSV file with attributes of nodes, and their ids in the column ``Id``.
    ends
        For an edge list with a header: the names of the columns of the two ends, in the direction
        of the edges.

    Returns
    -------
    tuple of Graph and ImportReport
        The report counts nodes and edges as the file has them.

    Raises
    ------
    FileError
        If the file is missing, damaged or of a format that is not read; the message names the line,
        or what to export instead.
    DataError
        If an id is missing or there twice, or has lost digits; if an edge list does not say its
        direction; if a third column holds no weights; or if the path is a graph or frame.
    MissingDataError
        If no edge has the weight, or no node the attribute, that is named.
    DependencyError
        If python-calamine is needed and absent.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "tags.txt"
    ...     _ = path.write_text("#booktok #reading\\n#goth #art\\n")
    ...     graph, report = read_graph(path, directed=False)
    >>> graph.n_edges, graph.vocabulary.ids.tolist()
    (2, ['#art', '#booktok', '#goth', '#reading'])
    """
    refuse_after_fork()
    if library_of(path) or isinstance(path, Graph):
        raise DataError(
            "read_graph reads files: a graph in memory goes into graphkit's functions as it is."
        )
    if advice := advise_frame(path, graph=True):
        raise DataError(f"read_graph reads files, and this is a frame: {advice}")
    path = Path(path)
    if directed is not None and not isinstance(directed, bool):
        raise OptionError(f"directed={shorten(directed)}: True, False or None is needed.")
    if ends is not None and (
        isinstance(ends, str) or len(ends) != 2 or ends[0] == ends[1] or "" in ends
    ):
        raise OptionError(f"ends={shorten(ends)}: the names of two columns are needed.")
    tables = _read(path, weight, None if nodes is None else Path(nodes), ends)
    return build_graph(tables, directed=directed, weight=weight, id=id, label=label)


def _read(
    path: Path, weight: str | None, nodes: Path | None, ends: tuple[str, str] | None
) -> GraphTables:
    with open_bytes(path) as file:
        head = file.read(1 << 12)
    if not head.strip():
        raise FileError(f"{path} is empty.")
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if ending in _REFUSED:
        raise FileError(f"{path} is not read: {_REFUSED[ending]}.")
    kind = _kind_of(path, ending, head)
    if kind != "list" and (nodes is not None or ends is not None):
        raise OptionError(f"{path}: nodes= and ends= go with edge lists only.")
    if kind == "list":
        return read_edge_list(path, weight, nodes, ends)
    readers = {"gexf": read_gexf, "graphml": read_graphml, "gml": read_gml}
    readers |= {"pajek": read_pajek, "nodexl": read_nodexl}
    return readers[kind](path, weight)


def _kind_of(path: Path, ending: str, head: bytes) -> str:
    """Name of the reader, by the ending of the file, and its beginning where that says more."""
    named = {
        ".gexf": "gexf",
        ".graphml": "graphml",
        ".gml": "gml",
        ".xlsx": "nodexl",
        ".paj": "pajek",
    }
    if ending in named:
        if named[ending] != "nodexl" and head.startswith(b"PK\x03\x04"):
            raise FileError(
                f"{path} is an archive or a workbook, whatever its name: export it again."
            )
        return named[ending]
    if head.startswith(b"PK\x03\x04"):
        return "nodexl"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"<?xml", b"<graphml", b"<gexf")):
        return "gexf" if b"<gexf" in head else "graphml"
    if ending == ".net" and is_pajek(read_utf8(path)):
        return "pajek"
    if head.lstrip()[:9].lower() == b"*vertices":
        return "pajek"
    if ending in _LISTS:
        return "list"
    raise FileError(
        f"{path} is of no format that is known by its name (.gexf, .graphml, .gml, .net, .xlsx, "
        f"{', '.join(_LISTS[:3])}): rename it, or {_INSTEAD}."
    )


def write_graph(
    graph: GraphLike,
    path: str | Path,
    *,
    partition: Partition | None = None,
    visibility: Visibility | None = None,
    positions: Any = None,
    attributes: Any = None,
) -> Path:
    """Write a graph with its communities in the format that the ending of the file says.

    ``.gexf`` is written by :func:`write_gexf`, ``.graphml`` by :func:`write_graphml` (both also with
    ``.gz``). ``.csv`` and ``.parquet`` make two tables as Gephi imports them: the file itself holds the
    edges (Source, Target, Type, Weight), and ``<stem>_nodes`` beside it the nodes: Id, Label, and a
    column per attribute, ``community`` and so on. CSV is read back by
    ``read_graph(path, nodes=nodes_path)``.

    The tables are for programs, so ids and texts stand in them as they are: an id that begins with
    ``=``, ``+``, ``-`` or ``@``, as handles do, gets no apostrophe, with which it would be another id in
    every program but a spreadsheet. A spreadsheet takes such cells for formulas, and rounds long
    numbers: import the columns there as text.

    Parameters
    ----------
    graph, path
        The graph; the file, whose ending is ``.gexf``, ``.graphml``, ``.csv`` or ``.parquet``.
    partition, visibility, positions, attributes
        As in :func:`write_gexf`; in tables, positions are the columns ``x``, ``y`` and ``z``, and lists
        are lists in Parquet and text such as ``[a, b]`` in CSV.

    Returns
    -------
    Path
        The path.

    Raises
    ------
    OptionError
        If the ending is another one.
    DataError, MissingDataError, FileError
        As in :func:`write_gexf`.

    Examples
    --------
    >>> import tempfile
    >>> g = Graph.from_edges(["0017"], ["@bob"], directed=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_graph(g, f"{folder}/g.csv", partition=Partition.from_membership({"0017": 0}))
    ...     nodes = path.with_name("g_nodes.csv")
    ...     again, _ = read_graph(path, nodes=nodes)
    ...     lines = nodes.read_text().splitlines()
    >>> lines[:2], again.edges().rows()
    (['Id,Label,community,community_label', '0017,0017,0,community 0'], [('0017', '@bob', 1.0)])
    """
    refuse_after_fork()
    path = check_graph_ending(path)
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    options: Any = {"partition": partition, "visibility": visibility, "positions": positions}
    options["attributes"] = attributes
    if ending == ".gexf":
        return write_gexf(graph, path, **options)
    if ending == ".graphml":
        return write_graphml(graph, path, **options)
    graph = as_graph(graph, "write_graph")
    nodes, edges = _tables_of(graph, gather_columns(graph, "write_graph", **options))
    beside = path.with_name(f"{path.stem}_nodes{path.suffix}")
    for place, table in ((beside, nodes), (path, edges)):
        if ending == ".parquet":
            write_whole(place, table.write_parquet)
        else:
            write_whole(place, _plain(table).write_csv)
    return path


def check_graph_ending(path: str | Path) -> Path:
    """The path, if its ending is of a format that :func:`write_graph` writes.

    Raises
    ------
    OptionError
        If it is not.
    """
    path = Path(path)
    if not path.name.lower().endswith(_WRITTEN):
        raise OptionError(
            f"{path}: the format is known by the ending: .gexf, .graphml, .csv or .parquet."
        )
    return path


def _tables_of(graph: Graph, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The table of the nodes and that of the edges."""
    texts = id_texts(graph, "write_graph")
    ids = graph.vocabulary.series if graph.vocabulary.kind == "int" else texts
    label, rest = split_label(frame, texts)
    columns = {"Id": ids, "Label": label}
    taken = {"id", "label"}
    for column in rest.drop("id").iter_columns():
        # Gephi takes ID and Id for one column
        name = column.name
        if name.lower() in taken:
            name = unique_name(name, {*taken, name})
        taken.add(name.lower())
        columns[name] = column
    source, target, weight = graph.edge_arrays()
    way = "Directed" if graph.directed else "Undirected"
    edges = {
        "Source": ids.gather(source),
        "Target": ids.gather(target),
        "Type": pl.repeat(way, len(source), eager=True),
        "Weight": weight,
    }
    return pl.DataFrame(columns), pl.DataFrame(edges)


def _plain(table: pl.DataFrame) -> pl.DataFrame:
    """The table with lists as text, and without NaN."""
    return table.with_columns(
        exact_text(column)[1] if isinstance(column.dtype, pl.List) else column.fill_nan(None)
        for column in table.iter_columns()
        if isinstance(column.dtype, pl.List) or column.dtype.is_float()
    )

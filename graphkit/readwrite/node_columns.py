"""What writers of graph files share: columns of the nodes, their texts, escaping, and streaming."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.attributes import align_attributes
from graphkit.data.files import write_whole
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.visibility import Visibility
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError, OptionError, name_some, nearest, shorten

#: Whole numbers up to this one are exact in every reader, also those that use floats.
EXACT = 1 << 53
#: Characters that XML cannot hold, in no spelling.
_IMPOSSIBLE = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"
#: Endings by which programs take a file for one of a format.
_ENDINGS = (
    *(".gexf", ".graphml", ".gml", ".net", ".paj", ".dot", ".gv"),
    *(".csv", ".tsv", ".txt", ".json", ".xlsx", ".parquet"),
)
#: Lines that are composed and written at a time.
_LINES = 1 << 17
#: Signs that would part the entries of a list in a file, or be taken off them.
_PARTING = r"""[\[\],|"'\\]|^\s|\s$|^$"""


def gather_columns(
    graph: Graph,
    caller: str,
    *,
    partition: Partition | None,
    visibility: Visibility | None,
    positions: Any,
    attributes: Any,
) -> pl.DataFrame:
    """The columns of the nodes that a file holds: id, attributes, communities, x and y.

    The arguments are those of the writers, see :func:`graphkit.readwrite.write_gexf`.

    Raises
    ------
    DataError
        If no node is in the partition, the visibility is of another partition, positions are not
        one finite pair or triple per node, or two columns have one name.
    MissingDataError
        If an attribute that is named is not there, or visibility is given without a partition.
    """
    frame = _chosen(graph, attributes, caller)
    added = [] if partition is None else _partition_columns(graph, partition, visibility, caller)
    if visibility is not None and partition is None:
        raise MissingDataError(
            f"{caller}: visibility= is of communities: pass their partition= as well."
        )
    added += [] if positions is None else _coordinates(graph, positions, caller)
    if twice := [column.name for column in added if column.name in frame.columns]:
        others = [name for name in frame.columns[1:] if name not in twice]
        raise DataError(
            f"{caller}: the graph has an attribute {twice[0]!r} already, which the partition or the "
            f"positions would hide: name the attributes to write, such as attributes={shorten(others)}."
        )
    return frame.hstack(added)


def _chosen(graph: Graph, attributes: Any, caller: str) -> pl.DataFrame:
    """Ids and attributes: all, those that are named, or all with the columns of a table."""
    frame = graph.attributes
    if frame is None:
        frame = pl.DataFrame([graph.vocabulary.series])
    if attributes is None:
        return frame
    if isinstance(attributes, Mapping) or hasattr(attributes, "columns"):
        table = align_attributes(attributes, graph.vocabulary)
        if twice := [name for name in table.columns[1:] if name in frame.columns]:
            raise DataError(
                f"{caller}: the graph has an attribute {twice[0]!r} already: rename the column of "
                "attributes=."
            )
        return frame.hstack(table.drop("id"))
    known = frame.columns[1:]
    wanted = [attributes] if isinstance(attributes, str) else list(attributes)
    for name in wanted:
        if name not in known:
            raise MissingDataError(
                f"{caller}: the graph has no attribute {shorten(name)}; there are "
                f"{name_some(known, 8) or 'none'}.{nearest(str(name), known)}"
            )
    return frame.select("id", *wanted)


def _partition_columns(
    graph: Graph, partition: Partition, visibility: Visibility | None, caller: str
) -> list[pl.Series]:
    """Community, its label, consistency if there were runs, and the verdict on its visibility."""
    found = partition.frame().drop("id").rename({"label": "community_label"})
    codes = partition.vocabulary.lookup(graph.vocabulary)
    if not (codes >= 0).any() and len(codes):
        raise DataError(
            f"{caller}: no node of the graph is in the partition: pass a partition of this graph."
        )
    if visibility is not None:
        seen = visibility.frame
        of = seen.get_column("community").to_numpy()
        told = seen.get_column("size").to_numpy()
        if of.size and (of.max() >= partition.n_communities or (partition.sizes[of] != told).any()):
            raise DataError(
                f"{caller}: visibility= is of another partition, whose communities have other sizes: "
                "pass graphkit.visibility(partition, follow_graph) of this partition."
            )
        verdicts = dict(seen.select("community", "verdict").iter_rows())
        column = found.get_column("community").replace_strict(
            verdicts, default=None, return_dtype=pl.String
        )
        found = found.with_columns(column.alias("visibility"))
    rows = pl.Series(codes).cast(pl.Int64).replace(-1, None)
    return [column.gather(rows) for column in found.iter_columns()]


def _coordinates(graph: Graph, positions: Any, caller: str) -> list[pl.Series]:
    """x, y and perhaps z of each node; null where a mapping has none."""
    n = graph.n_nodes
    known = getattr(positions, "vocabulary", None)
    if isinstance(known, Vocabulary):  # a layout of graphkit's own
        rows = known.lookup(graph.vocabulary)
        placed = np.full((n, 2), np.nan)
        placed[rows >= 0] = positions.positions[rows[rows >= 0]]
    elif isinstance(positions, Mapping):
        codes = graph.vocabulary.lookup(list(positions))
        if (codes < 0).any():
            first = list(positions)[int(np.flatnonzero(codes < 0)[0])]
            raise DataError(
                f"{caller}: positions= has {shorten(first)}, which is no node of the graph: take it out."
            )
        given = _to_array(list(positions.values()), caller)
        placed = np.full((n, given.shape[1]), np.nan)
        placed[codes] = given
    else:
        placed = _to_array(positions, caller)
        if len(placed) != n:
            raise DataError(
                f"{caller}: positions= has {len(placed):,} rows for {n:,} nodes: give one row per node, in "
                "the order of graph.vocabulary, or a mapping from ids to (x, y)."
            )
    return [
        pl.Series(name, placed[:, k]).fill_nan(None)
        for k, name in zip(range(placed.shape[1]), "xyz", strict=False)
    ]


def _to_array(values: Any, caller: str) -> Any:
    try:
        array = np.asarray(list(values), dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 2 or array.shape[1] not in (2, 3) or not np.isfinite(array).all():
        raise DataError(
            f"{caller}: positions= needs two or three finite numbers per node, such as the array of a "
            "layout of igraph or the mapping of one of networkx."
        )
    return array


def id_texts(graph: Graph, caller: str) -> pl.Series:
    """The ids as text.

    Raises
    ------
    DataError
        If two ids are one text.
    """
    ids = graph.vocabulary.series.cast(pl.String)
    if ids.is_duplicated().any():
        raise DataError(
            f"{caller}: two ids are one text, such as 1 and '1': give all ids in one type."
        )
    return ids


def split_label(frame: pl.DataFrame, ids: pl.Series) -> tuple[pl.Series, pl.DataFrame]:
    """Names to show, and the other columns: the attribute ``label`` as text, else the ids."""
    if "label" not in frame.columns:
        return ids.alias("label"), frame
    return exact_text(frame.get_column("label"))[1].alias("label"), frame.drop("label")


def exact_text(column: pl.Series) -> tuple[str, pl.Series]:
    """Type and texts of a column: boolean, long, double or string; null where a value is missing.

    Integers beyond 2⁵³ are of the type string, because some programs would round them.

    Examples
    --------
    >>> kind, texts = exact_text(pl.Series([1.5, float("nan"), float("inf")]))
    >>> kind, texts.to_list()
    ('double', ['1.5', None, 'inf'])
    """
    dtype = column.dtype
    if dtype == pl.Boolean:
        return "boolean", column.cast(pl.String)
    if dtype.is_integer():
        low, high = column.min() or 0, column.max() or 0
        assert isinstance(low, int)
        assert isinstance(high, int)
        exact = low >= -EXACT and high <= EXACT
        return ("long" if exact else "string"), column.cast(pl.String)
    if dtype.is_float():
        return "double", column.fill_nan(None).cast(pl.String)
    if isinstance(dtype, pl.List):
        texts: pl.Series = "[" + column.cast(pl.List(pl.String)).list.join(", ") + "]"
        return "string", texts.alias(column.name)
    return "string", column.cast(pl.String)


def parts_safely(column: pl.Series) -> bool:
    """Whether the entries of a column of lists can be told apart again in ``[a, b]``."""
    entries = column.cast(pl.List(pl.String)).explode(empty_as_null=False).drop_nulls()
    whole = not column.list.eval(pl.element().is_null()).list.any().any()
    return whole and not entries.str.contains(_PARTING).any()


def escape_xml(texts: pl.Series, what: str, caller: str) -> pl.Series:
    """Texts as XML holds them, also in attributes, where a line break would become a blank.

    Raises
    ------
    DataError
        If a text holds a control character, which no XML can, escaped or not.
    """
    bad = texts.str.contains(_IMPOSSIBLE).fill_null(False)
    if bad.any():
        raise DataError(
            f"{caller}: {what}: {shorten(texts.filter(bad)[0])} holds a control character, which "
            f"no XML can ({int(bad.sum()):,} such values): take it out."
        )
    odd = ["&", "<", ">", '"', "\r", "\n", "\t"]
    new = ["&amp;", "&lt;", "&gt;", "&quot;", "&#13;", "&#10;", "&#9;"]
    return texts.str.replace_many(odd, new)


def check_ending(path: Path, own: Collection[str], caller: str, format: str) -> None:
    """Refuse a name by which programs would take the file for one of another format."""
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if ending in _ENDINGS and ending not in own:
        raise OptionError(
            f"{path}: {caller} writes {format}, and programs go by a file's name: end it in "
            f"{next(iter(own))}."
        )


def compose_lines(frame: pl.DataFrame, *parts: str | pl.Expr) -> Iterator[str]:
    """Texts of many rows each: the parts, one after the other, for each row."""
    line = pl.concat_str(*(pl.lit(part) if isinstance(part, str) else part for part in parts))
    for first in range(0, frame.height, _LINES):
        yield frame.slice(first, _LINES).select(line.str.join("")).item()


def compose_edges(
    graph: Graph, ids: pl.Series, start: str, weight: tuple[str, str], end: str
) -> Iterator[str]:
    """Texts of the edges: `start`, the ends, and between two texts the weight if there are any."""
    source, target, weights = graph.edge_arrays()
    ends = (start, pl.col("u"), '" target="', pl.col("v"))
    last: tuple[str | pl.Expr, ...] = (end,)
    if graph.is_weighted:
        last = (weight[0], pl.col("w").cast(pl.String), weight[1])
    for first in range(0, len(source), _LINES):
        rows = slice(first, first + _LINES)
        block = {"u": ids.gather(source[rows]), "v": ids.gather(target[rows]), "w": weights[rows]}
        yield from compose_lines(pl.DataFrame(block), *ends, *last)


def write_stream(path: Path, texts: Iterable[str]) -> None:
    """Write texts one after the other, compressed if the path ends in ``.gz``; the same bytes always."""

    def write(part: Path) -> None:
        with part.open("wb") as file:
            if path.suffix.lower() != ".gz":
                file.writelines(text.encode() for text in texts)
                return
            with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
                for text in texts:
                    packed.write(text.encode())

    write_whole(path, write)

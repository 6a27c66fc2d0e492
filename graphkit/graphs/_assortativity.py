"""Attribute assortativity: are nodes with like attributes joined by edges?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.graph import Graph
from graphkit.errors import DataError, MissingDataError, OptionError

__all__ = ["by_attributes", "defined"]

Floats = npt.NDArray[np.float64]

SCHEMA = {
    "attribute": pl.String, "kind": pl.String, "coefficient": pl.Float64, "edges": pl.Int64,
    "edges_unknown": pl.Int64,
}  # fmt: skip


def defined(value: float) -> float | None:
    """A coefficient of igraph; `None` where it is 0/0 (or, by rounding, ±∞)."""
    return value if np.isfinite(value) else None


def by_attributes(
    graph: Graph, plain: Any, by: pl.DataFrame | Mapping[Any, Any] | None
) -> pl.DataFrame:
    """One row per attribute; edges that lack a value at an end are counted, not compared.

    `plain` is the igraph graph of `graph` without self-loops.
    """
    if by is None:
        return pl.DataFrame(schema=SCHEMA)
    ids, columns = _columns(by)
    places = _places(graph, ids)
    tail, head, _ = graph.edge_arrays()
    proper = tail != head
    tail, head = tail[proper], head[proper]
    rows = []
    for values in columns:
        values = values.gather(places.cast(pl.UInt32))  # null where a node has no row
        if values.dtype.is_float():
            values = values.fill_nan(None)
        known = values.is_not_null().to_numpy()
        use = known[tail] & known[head]
        if values.dtype.is_numeric():
            kind, numbers = "numeric", values.cast(pl.Float64).to_numpy()
            found = _pearson(numbers[tail[use]], numbers[head[use]], directed=graph.directed)
        else:
            kind, classes = "categorical", (values.drop_nulls().rank("dense") - 1).to_list()
            compared = plain.induced_subgraph(np.flatnonzero(known).tolist())
            found = defined(compared.assortativity_nominal(classes, directed=graph.directed))
        rows.append((values.name, kind, found, int(use.sum()), int((~use).sum())))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _pearson(x: Floats, y: Floats, *, directed: bool) -> float | None:
    """Pearson's r of the values at both ends; an undirected edge counts both ways round.

    Not by igraph, whose sums of squares are not centred: it loses the digits of years and
    timestamps, and gives −∞ where all values are equal.
    """
    if not directed:
        x, y = np.concatenate([x, y]), np.concatenate([y, x])
    if not x.size or x.min() == x.max() or y.min() == y.max():
        return None
    # scaled first, so that squares of very large or small values stay finite
    return float(np.corrcoef(x / np.abs(x).max(), y / np.abs(y).max())[0, 1])


def _columns(by: pl.DataFrame | Mapping[Any, Any]) -> tuple[list[Any] | pl.Series, list[pl.Series]]:
    """The ids, and the attributes that are given with them."""
    if isinstance(by, pl.DataFrame):
        if by.width < 2:
            raise OptionError(
                f"describe: by= has the columns {by.columns}: the first holds ids of nodes, each "
                "further one an attribute."
            )
        columns = by.get_columns()
        ids: list[Any] | pl.Series = columns[0]
        attributes = columns[1:]
    elif isinstance(by, Mapping):
        ids, values = list(by), list(by.values())
        try:
            attributes = [pl.Series("attribute", values)]
        except TypeError as error:
            raise DataError(f"describe: by= mixes values of several types ({error}).") from None
    else:
        raise OptionError(
            f"describe: by= is a {type(by).__name__}: pass a frame (ids first, then attributes), "
            "such as ds.accounts.select('account_id', 'country'), or a mapping from ids to values."
        )
    for series in attributes:
        if series.dtype.is_nested() or series.dtype == pl.Object:
            raise DataError(
                f"describe: by= column {series.name!r} holds {series.dtype}: one text, truth value "
                "or number per node is needed."
            )
    return ids, attributes


def _places(graph: Graph, ids: list[Any] | pl.Series) -> pl.Series:
    """The row of each node among the ids; null where it has none."""
    codes = graph.vocabulary.lookup(ids)
    ours = np.flatnonzero(codes >= 0)
    if not ours.size and graph.n_nodes:
        raise MissingDataError(
            f"describe: by= names no node of the graph, whose ids are of kind "
            f"{graph.vocabulary.kind!r}: the first column must hold them."
        )
    often = np.bincount(codes[ours], minlength=graph.n_nodes)
    if (often > 1).any():
        node = graph.vocabulary.ids[int(np.argmax(often > 1))]
        raise DataError(f"describe: by= has {often.max()} rows for the node {node!r}: one each.")
    rows = np.full(graph.n_nodes, -1, dtype=np.int64)
    rows[codes[ours]] = ours
    places = pl.Series(rows)
    return places.set(places < 0, None)

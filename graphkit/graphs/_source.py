"""Back from a projection to the pairs that it was made of, by what its provenance tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.incidence import Incidence
from graphkit.data.incidence_matrix import IncidenceMatrix
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.graphs.options import ProjectionOptions, gather

__all__ = [
    "PROJECTION",
    "Sides",
    "projected_pairs",
    "projection_record",
    "require_source",
    "sides_of",
]

Ints = npt.NDArray[np.int64]

#: The verb that makes projections.
PROJECTION = "cointeraction_graph"


@dataclass(frozen=True)
class Sides:
    """Things of each entity, shape (n,), and entities of each thing that has any."""

    entities: Ints
    things: Ints


def projection_record(graph: Graph) -> Provenance | None:
    """The record of the projection that a graph is, or was made from; else `None`."""
    waiting = [graph.provenance]
    while waiting:
        record = waiting.pop()
        if record.verb == PROJECTION:
            return record
        waiting.extend(record.parents)
    return None


def require_source(
    record: Provenance, dataset: Dataset | IncidenceMatrix | None, *, verb: str
) -> Dataset | IncidenceMatrix:
    """The dataset, if it is the one that the projection was made from."""
    if dataset is None:
        raise MissingDataError(
            f"{verb} needs the dataset that the graph was made from: pass dataset=…."
        )
    if not isinstance(dataset, Dataset | IncidenceMatrix):
        raise OptionError(
            f"{verb}: dataset is a {type(dataset).__name__}, not a Dataset or an IncidenceMatrix."
        )
    if record.inputs != (dataset.content_key,):
        made_from = ", ".join(key[:8] for key in record.inputs) or "none"
        raise DataError(
            f"{verb}: the graph was made from other data (content key {made_from}…) than this "
            f"dataset ({dataset.content_key[:8]}…): pass the one that {PROJECTION} was given, or "
            "make the graph again."
        )
    return dataset


def projected_pairs(
    dataset: Dataset | IncidenceMatrix, record: Provenance, *, verb: str
) -> tuple[Incidence, Ints, Ints]:
    """The interactions behind a projection, its distinct pairs, and the actors of each object.

    Pairs are actor · m + object. Objects above the projection's `max_degree` have no pair and
    0 actors; their interactions are still there.
    """
    asked = record.parameters
    chosen = {"exclude": asked["exclude"]}
    if isinstance(dataset, Dataset):  # a matrix knows its sides
        chosen |= {name: asked[name] for name in ("between", "through", "kinds")}
    found = gather(dataset, ProjectionOptions(**chosen), caller=verb).found
    m = len(found.through)
    pairs = found.rows.astype(np.int64) * m + found.columns
    if asked["window"] is not None and found.at is not None:
        pairs = pairs[found.at >= 0]  # interactions without a time took no part
    pairs = np.unique(pairs)
    popularity = np.bincount(pairs % m, minlength=m)
    limit = asked["max_degree"]
    if limit is not None:
        heavy = popularity > limit
        pairs = pairs[~heavy[pairs % m]]
        popularity[heavy] = 0
    return found, pairs, popularity


def sides_of(graph: Graph, dataset: Dataset | IncidenceMatrix | None, *, verb: str) -> Sides:
    """Degrees of both sides of a plain count projection, as it counted them.

    Raises
    ------
    OptionError, DataError, MissingDataError
        If the graph is no such projection, or not of this dataset.
    """
    record = graph.provenance
    if record.verb != PROJECTION:
        raise OptionError(
            f"{verb} tests how much entities share, but this graph was made by {record.verb}: pass "
            f"the result of {PROJECTION}(…, weight='count') itself. Other graphs have "
            "method='disparity' and 'noise_corrected'."
        )
    asked = record.parameters
    for name, value in {"weight": "count", "window": None, "top": None}.items():
        if asked[name] != value:
            raise OptionError(
                f"{verb} tests how many things two entities share of all they have; this projection "
                f"has {name}={asked[name]!r}: make it with {name}={value!r}."
            )
    dataset = require_source(record, dataset, verb=verb)
    found, pairs, things = projected_pairs(dataset, record, verb=verb)
    if found.between.content_key != graph.vocabulary.content_key:
        raise DataError(
            f"{verb}: the graph has {graph.n_nodes:,} nodes, its projection had "
            f"{len(found.between):,}: test the whole projection, then take parts of its backbone."
        )
    entities = np.bincount(pairs // things.size, minlength=graph.n_nodes)
    shared = float((things * (things - 1.0)).sum()) / 2
    if graph.total_weight > shared or (asked["min_shared"] == 1 and graph.total_weight < shared):
        raise DataError(
            f"{verb}: the graph's weights add up to {graph.total_weight:,.0f} shared things, those "
            f"of its dataset to {shared:,.0f}: it is not the projection that its provenance tells."
        )
    return Sides(entities, things[things > 0])

"""Evidence for an edge of a projection: shared objects, their times, and which end was first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.incidence import Incidence, IncidenceMatrix
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.graphs.options import Ints, ProjectionOptions, gather_interactions

__all__ = ["EdgeEvidence", "edge_evidence"]

#: The function that makes projections.
PROJECTION = "cointeraction_graph"


@dataclass(frozen=True)
class Degrees:
    """Objects of each actor, shape (n,), and actors of each object that has any."""

    actors: Ints
    objects: Ints


def projection_record(graph: Graph) -> Provenance | None:
    """Record of the projection that a graph is or was made from, else `None`."""
    waiting = [graph.provenance]
    while waiting:
        record = waiting.pop()
        if record.verb == PROJECTION:
            return record
        waiting.extend(record.parents)
    return None


def require_source(
    record: Provenance, dataset: Dataset | IncidenceMatrix | None, *, caller: str
) -> Dataset | IncidenceMatrix:
    """The dataset; raises if the projection was made from other data."""
    if dataset is None:
        raise MissingDataError(
            f"{caller} needs the dataset that the graph was made from: pass dataset=…."
        )
    if not isinstance(dataset, Dataset | IncidenceMatrix):
        raise OptionError(
            f"{caller}: dataset is a {type(dataset).__name__}, not a Dataset or an IncidenceMatrix."
        )
    if record.inputs != (dataset.content_key,):
        made_from = ", ".join(key[:8] for key in record.inputs) or "none"
        raise DataError(
            f"{caller}: the graph was made from other data (content key {made_from}…) than this "
            f"dataset ({dataset.content_key[:8]}…): pass the one that {PROJECTION} was given, or "
            "make the graph again."
        )
    return dataset


def projected_pairs(
    dataset: Dataset | IncidenceMatrix, record: Provenance, *, caller: str
) -> tuple[Incidence, Ints, Ints]:
    """Interactions of a projection, its distinct pairs actor · m + object, and object degrees.

    Objects above the projection's `max_degree` have no pair and degree 0; their interactions
    are included.
    """
    asked = record.parameters
    chosen = {"exclude": asked["exclude"]}
    if isinstance(dataset, Dataset):  # a matrix knows its node sets
        chosen |= {name: asked[name] for name in ("between", "through", "kinds")}
    found = gather_interactions(dataset, ProjectionOptions(**chosen), caller=caller).found
    m = len(found.through)
    pairs = found.rows.astype(np.int64) * m + found.columns
    if asked["window"] is not None and found.at is not None:
        pairs = pairs[found.at >= 0]  # those without a time were left out
    pairs = np.unique(pairs)
    popularity = np.bincount(pairs % m, minlength=m)
    limit = asked["max_degree"]
    if limit is not None:
        heavy = popularity > limit
        pairs = pairs[~heavy[pairs % m]]
        popularity[heavy] = 0
    return found, pairs, popularity


def projection_degrees(
    graph: Graph, dataset: Dataset | IncidenceMatrix | None, *, caller: str
) -> Degrees:
    """Degrees of both node sets of a plain count projection.

    Raises
    ------
    OptionError, DataError, MissingDataError
        If the graph is not such a projection of this dataset.
    """
    record = graph.provenance
    if record.verb != PROJECTION:
        raise OptionError(
            f"{caller} tests how many objects two actors share, but this graph was made by "
            f"{record.verb}: pass the result of {PROJECTION}(…, weight='count') itself. Other "
            "graphs have method='disparity' and 'noise_corrected'."
        )
    asked = record.parameters
    for name, value in {"weight": "count", "window": None, "top": None}.items():
        if asked[name] != value:
            raise OptionError(
                f"{caller} tests how many objects two actors share out of all of theirs; this "
                f"projection has {name}={asked[name]!r}: make it with {name}={value!r}."
            )
    dataset = require_source(record, dataset, caller=caller)
    found, pairs, objects = projected_pairs(dataset, record, caller=caller)
    if found.between.content_key != graph.vocabulary.content_key:
        raise DataError(
            f"{caller}: the graph has {graph.n_nodes:,} nodes, its projection had "
            f"{len(found.between):,}: test the whole projection, then take parts of its backbone."
        )
    actors = np.bincount(pairs // objects.size, minlength=graph.n_nodes)
    shared = float((objects * (objects - 1.0)).sum()) / 2
    if graph.total_weight > shared or (asked["min_shared"] == 1 and graph.total_weight < shared):
        raise DataError(
            f"{caller}: the graph's weights add up to {graph.total_weight:,.0f} shared objects, "
            f"those of its dataset to {shared:,.0f}: it is not the projection that its provenance "
            "describes."
        )
    return Degrees(actors, objects[objects > 0])


@dataclass(frozen=True, repr=False, eq=False)
class EdgeEvidence(Frozen, table="frame"):
    """Shared objects of one edge of a projection, and which end interacted first.

    Attributes
    ----------
    source, target
        The two ends.
    frame
        One row per shared object, rarest first: thing (its id), popularity (its number of
        actors), source_acts, target_acts (interactions of each), source_first, target_first
        (first interaction of each), leader (the end that was first; null in a tie, or where a
        time is missing), lag (from the leader's first interaction to that of the other).
        Times, leader and lag are null where the log has no times of interactions.
    source_led, target_led, tied, untimed
        Numbers of objects with which source or target interacted first, both first at the same
        instant, or for which a time is missing.
    median_lag
        Median lag over the objects with a leader; `None` if there is none.
    provenance
        How it was made.
    """

    source: Any
    target: Any
    frame: pl.DataFrame
    source_led: int
    target_led: int
    tied: int
    untimed: int
    median_lag: timedelta | None
    provenance: Provenance = field(default_factory=lambda: Provenance("edge_evidence"))

    @property
    def shared(self) -> int:
        """Number of shared objects."""
        return self.frame.height

    @property
    def direction(self) -> tuple[Any, Any] | None:
        """(leader, follower) by the majority of objects; `None` if there is none."""
        if self.source_led == self.target_led:
            return None
        ends = (self.source, self.target)
        return ends if self.source_led > self.target_led else ends[::-1]

    def _facts(self) -> dict[str, object]:
        way = self.direction
        return {
            "objects shared": self.shared,
            f"{self.source} first": self.source_led,
            f"{self.target} first": self.target_led,
            "at the same instant": self.tied,
            "without a time": self.untimed,
            "leader → follower": f"{way[0]} → {way[1]}" if way else "no majority",
            "median lag": None if self.median_lag is None else str(self.median_lag),
        }

    def _title(self) -> str:
        return f"Evidence for {self.source} – {self.target}"


#: Kinds of time that are those of interactions.
INTERACTION_TIMES = ("event", "item_created")


def edge_evidence(graph: GraphLike, source: Any, target: Any, *, dataset: Dataset) -> EdgeEvidence:
    """Shared objects of two nodes of a projection, with times and the order of the two.

    On each object the end whose first interaction is earlier leads, and the lag is the time
    until the first interaction of the other. Only what the projection counted is listed: its
    node sets, kinds, excluded objects, `max_degree` and window apply (under a window,
    interactions without a time are left out, and an object is listed if some interaction of
    each is close enough).

    Leading is not influence: both may follow a third, or the rhythm of the day.

    Parameters
    ----------
    graph
        A projection, or a graph made from one: a backbone's graph, its largest component.
    source, target
        Ids of two different nodes, with or without an edge.
    dataset
        The dataset that the projection was made from.

    Returns
    -------
    EdgeEvidence
        Its frame has one row per shared object, rarest first (ties by id). Times are null where
        the log has none or holds other times than those of interactions.

    Raises
    ------
    OptionError
        If the graph was not made from a projection, or both ends are the same node.
    MissingDataError
        If an end is not a node of the graph.
    DataError
        If the graph was made from other data.

    Examples
    --------
    >>> from graphkit.graphs import cointeraction_graph
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "b", "a", "b", "c"], "item_id": ["v", "v", "w", "w", "w"],
    ...     "kind": ["like"] * 5,
    ...     "at": ["2024-05-01T10:00:00", "2024-05-01T10:05:00", "2024-05-02", "2024-05-03", None]})
    >>> found = edge_evidence(cointeraction_graph(ds), "a", "b", dataset=ds)
    >>> found.frame.select("thing", "popularity", "leader").rows()
    [('v', 2, 'a'), ('w', 3, 'a')]
    >>> found.direction, str(found.median_lag)
    (('a', 'b'), '12:02:30')
    """
    graph = as_graph(graph, "edge_evidence")
    record = projection_record(graph)
    if record is None:
        raise OptionError(
            f"edge_evidence: this graph was made by {graph.provenance.verb}, not by {PROJECTION}: "
            "its edges have no shared objects."
        )
    ends = graph.vocabulary.encode([source, target])
    if ends[0] == ends[1]:
        raise OptionError(f"edge_evidence: source and target are both {source!r}.")
    made_from = require_source(record, dataset, caller="edge_evidence")
    if not isinstance(made_from, Dataset):
        raise OptionError(
            "edge_evidence: an incidence matrix keeps pairs and not interactions: pass the Dataset."
        )
    dataset = made_from
    found, _, popularity = projected_pairs(dataset, record, caller="edge_evidence")
    a, b = found.between.encode([source, target]).tolist()
    window = record.parameters["window"]
    rows = _shared_interactions(dataset, found, popularity, a, b)
    if window is not None:
        rows = rows.filter(pl.col("at").is_not_null())
        rows = rows.filter(pl.col("thing").is_in(_objects_within(rows, window).implode()))
    frame = _object_table(rows, found, popularity, source, target)
    leader = frame.get_column("leader")
    source_led = int((leader == str(source)).sum())
    target_led = int((leader == str(target)).sum())
    tied = int((frame.get_column("lag") == timedelta(0)).sum())
    led = frame.filter(pl.col("leader").is_not_null()).get_column("lag")
    median = led.median() if len(led) else None
    untimed = frame.height - source_led - target_led - tied
    median_lag = median if isinstance(median, timedelta) else None
    options = {"source": str(source), "target": str(target)}
    provenance = Provenance.of("edge_evidence", options, made_from=(graph, dataset))
    return EdgeEvidence(
        source, target, frame, source_led, target_led, tied, untimed, median_lag, provenance
    )


def _shared_interactions(
    dataset: Dataset, found: Incidence, popularity: Ints, a: int, b: int
) -> pl.DataFrame:
    """thing, by_source, at: the interactions of both ends with their shared objects."""
    mine = np.flatnonzero(((found.rows == a) | (found.rows == b)) & (popularity[found.columns] > 0))
    kind = dataset.time_kinds.get(found.time_column or "", "none")
    at: pl.Series = pl.Series([None] * mine.size, dtype=pl.Int64)
    if found.at is not None and kind in INTERACTION_TIMES:
        at = pl.Series(found.at[mine])
    rows = pl.DataFrame(
        {"thing": found.columns[mine], "by_source": found.rows[mine] == a, "at": at}
    ).with_columns(pl.when(pl.col("at") >= 0).then("at"))
    return rows.filter(pl.col("by_source").n_unique().over("thing") == 2)


def _objects_within(rows: pl.DataFrame, window: str) -> pl.Series:
    """Objects with an interaction of each end within the window of each other."""
    mine, theirs = (rows.filter(pl.col("by_source") == own).sort("at") for own in (True, False))
    near = mine.join_asof(
        theirs.select("thing", "at", other="at"),
        on="at",
        by="thing",
        strategy="nearest",
        tolerance=round(float(window.removesuffix("s")) * 1e6),
        check_sortedness=False,
    )
    return near.filter(pl.col("other").is_not_null()).get_column("thing").unique()


def _object_table(
    interactions: pl.DataFrame, found: Incidence, popularity: Ints, source: Any, target: Any
) -> pl.DataFrame:
    mine = pl.col("by_source")
    instant, length = pl.Datetime("us", "UTC"), pl.Duration("us")
    rows = (
        interactions.group_by("thing")
        .agg(
            source_acts=mine.sum().cast(pl.Int64),
            target_acts=(~mine).sum().cast(pl.Int64),
            source_first=pl.col("at").filter(mine).min().cast(instant),
            target_first=pl.col("at").filter(~mine).min().cast(instant),
        )
        .sort("thing")
    )
    codes = rows.get_column("thing").to_numpy()
    gap = pl.col("target_first") - pl.col("source_first")
    first, second = pl.lit(str(source)), pl.lit(str(target))
    ends = ["source_acts", "target_acts", "source_first", "target_first"]
    table = rows.with_columns(
        thing=found.through.series.gather(codes),
        popularity=pl.Series(popularity[codes], dtype=pl.Int64),
        leader=pl.when(gap > timedelta(0)).then(first).when(gap < timedelta(0)).then(second),
        lag=gap.abs().cast(length),
    )
    return table.select("thing", "popularity", *ends, "leader", "lag").sort("popularity", "thing")

"""What lies behind an edge of a projection: the things, the times, and who came first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.incidence import Incidence, IncidenceMatrix
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.graphs.options import ProjectionOptions, gather

__all__ = ["EdgeEvidence", "Sides", "edge_evidence", "projection_record", "sides_of"]

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


@dataclass(frozen=True, repr=False, eq=False)
class EdgeEvidence(Frozen, table="frame"):
    """The things behind one edge of a projection, and who came first.

    Attributes
    ----------
    source, target
        The two ends.
    frame
        One row per shared thing, rarest first: thing, popularity (entities that have it),
        source_acts, target_acts, source_first, target_first (the first act of each), leader
        (the end that came first; null in a tie, or where a time is missing), lag (from the
        first act of the leader to the first act of the other). Times, leader and lag are
        null where the log has no times of acts.
    source_led, target_led
        Things on which source, or target, came first.
    tied
        Things on which both came at the same instant.
    untimed
        Things for which a time is missing.
    median_lag
        Median lag over the things that one of them led; `None` if there is none.
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
        """Number of things shared."""
        return self.frame.height

    @property
    def direction(self) -> tuple[Any, Any] | None:
        """(leader, follower) by the majority of things; `None` if there is none."""
        if self.source_led == self.target_led:
            return None
        ends = (self.source, self.target)
        return ends if self.source_led > self.target_led else ends[::-1]

    def _facts(self) -> dict[str, object]:
        way = self.direction
        return {
            "things shared": self.shared,
            f"{self.source} first": self.source_led,
            f"{self.target} first": self.target_led,
            "at the same instant": self.tied,
            "without a time": self.untimed,
            "leader → follower": f"{way[0]} → {way[1]}" if way else "no majority",
            "median lag": None if self.median_lag is None else str(self.median_lag),
        }

    def _title(self) -> str:
        return f"Evidence for {self.source} – {self.target}"


#: Kinds of time that say when an act took place.
ACT_TIMES = ("event", "item_created")


def edge_evidence(graph: Graph, source: Any, target: Any, *, dataset: Dataset) -> EdgeEvidence:
    """The things that two nodes of a projection share, when each came, and who came first.

    On each thing the end whose first act is earlier leads, and the lag is the time until the
    first act of the other. Only what the projection counted is listed: its sides, kinds,
    excluded things, `max_degree` and window hold here too (under a window, acts without a
    time are left out, and a thing is listed if some act of each is close enough).

    Leading is no influence: both may follow a third, or the rhythm of the day.

    Parameters
    ----------
    graph
        A projection, or what was made of one: a backbone's graph, its largest component.
    source, target
        Ids of two different nodes. They need not be tied.
    dataset
        The dataset that the projection was made from.

    Returns
    -------
    EdgeEvidence
        Its frame has one row per shared thing, rarest first (ties by id): thing, popularity,
        source_acts, target_acts, source_first, target_first, leader, lag. Times are null
        where the log has none or holds other times than those of the acts.

    Raises
    ------
    OptionError
        If the graph comes from no projection, or both ends are one node.
    MissingDataError
        If an end is no node of the graph.
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
    record = projection_record(graph)
    if record is None:
        raise OptionError(
            f"edge_evidence: this graph was made by {graph.provenance.verb}, not by {PROJECTION}: no "
            "shared things lie behind its edges."
        )
    ends = graph.vocabulary.encode([source, target])
    if ends[0] == ends[1]:
        raise OptionError(f"edge_evidence: source and target are both {source!r}.")
    made_from = require_source(record, dataset, verb="edge_evidence")
    if not isinstance(made_from, Dataset):
        raise OptionError(
            "edge_evidence: an incidence matrix keeps pairs and not acts: what stands behind an "
            "edge is told from a Dataset."
        )
    dataset = made_from
    found, _, popularity = projected_pairs(dataset, record, verb="edge_evidence")
    a, b = found.between.encode([source, target]).tolist()
    window = record.parameters["window"]
    acts = _acts(dataset, found, popularity, a, b)
    if window is not None:
        acts = acts.filter(pl.col("at").is_not_null())
        acts = acts.filter(pl.col("thing").is_in(_close(acts, window).implode()))
    frame = _by_thing(acts, found, popularity, source, target)
    leader = frame.get_column("leader")
    source_led = int((leader == str(source)).sum())
    target_led = int((leader == str(target)).sum())
    tied = int((frame.get_column("lag") == timedelta(0)).sum())
    led = frame.filter(pl.col("leader").is_not_null()).get_column("lag")
    median = led.median() if len(led) else None
    return EdgeEvidence(
        source,
        target,
        frame,
        source_led,
        target_led,
        tied,
        frame.height - source_led - target_led - tied,
        median if isinstance(median, timedelta) else None,
        Provenance.of(
            "edge_evidence",
            {"source": str(source), "target": str(target)},
            made_from=(graph, dataset),
        ),
    )


def _acts(
    dataset: Dataset, found: Incidence, popularity: npt.NDArray[np.int64], a: int, b: int
) -> pl.DataFrame:
    """thing, first_end, at: the acts of both on what both have."""
    mine = np.flatnonzero(((found.rows == a) | (found.rows == b)) & (popularity[found.columns] > 0))
    kind = dataset.time_kinds.get(found.time_column or "", "none")
    at: pl.Series = pl.Series([None] * mine.size, dtype=pl.Int64)
    if found.at is not None and kind in ACT_TIMES:
        at = pl.Series(found.at[mine])
    acts = pl.DataFrame(
        {"thing": found.columns[mine], "by_source": found.rows[mine] == a, "at": at}
    ).with_columns(pl.when(pl.col("at") >= 0).then("at"))
    return acts.filter(pl.col("by_source").n_unique().over("thing") == 2)


def _close(acts: pl.DataFrame, window: str) -> pl.Series:
    """Things on which some act of each end is within the window of one of the other."""
    mine, theirs = (
        acts.filter(side).sort("at") for side in (pl.col("by_source"), ~pl.col("by_source"))
    )
    near = mine.join_asof(
        theirs.select("thing", "at", other="at"),
        on="at",
        by="thing",
        strategy="nearest",
        tolerance=round(float(window.removesuffix("s")) * 1e6),
        check_sortedness=False,
    )
    return near.filter(pl.col("other").is_not_null()).get_column("thing").unique()


def _by_thing(
    acts: pl.DataFrame,
    found: Incidence,
    popularity: npt.NDArray[np.int64],
    source: Any,
    target: Any,
) -> pl.DataFrame:
    mine = pl.col("by_source")
    instant, length = pl.Datetime("us", "UTC"), pl.Duration("us")
    rows = (
        acts.group_by("thing")
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
    return (
        rows.with_columns(
            thing=found.through.series.gather(codes),
            popularity=pl.Series(popularity[codes], dtype=pl.Int64),
            leader=pl.when(gap > timedelta(0))
            .then(pl.lit(str(source)))
            .when(gap < timedelta(0))
            .then(pl.lit(str(target))),
            lag=gap.abs().cast(length),
        )
        .select(
            "thing",
            "popularity",
            "source_acts",
            "target_acts",
            "source_first",
            "target_first",
            "leader",
            "lag",
        )
        .sort("popularity", "thing")
    )

"""What lies behind an edge of a projection: the things, the times, and who came first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.backbone import EdgeEvidence
from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.incidence import Incidence
from graphkit.data.provenance import Provenance
from graphkit.errors import OptionError
from graphkit.graphs._source import PROJECTION, projected_pairs, projection_record, require_source

__all__ = ["edge_evidence"]

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
        source, target, frame, source_led, target_led, tied,
        frame.height - source_led - target_led - tied,
        median if isinstance(median, timedelta) else None,
        Provenance.of(
            "edge_evidence", {"source": str(source), "target": str(target)},
            made_from=(graph, dataset),
        ),
    )  # fmt: skip


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
        theirs.select("thing", "at", other="at"), on="at", by="thing", strategy="nearest",
        tolerance=round(float(window.removesuffix("s")) * 1e6), check_sortedness=False,
    )  # fmt: skip
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
            "thing", "popularity", "source_acts", "target_acts", "source_first", "target_first",
            "leader", "lag",
        )
        .sort("popularity", "thing")
    )  # fmt: skip

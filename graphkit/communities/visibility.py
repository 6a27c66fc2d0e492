"""Visibility of interest communities in the follow graph: best F1, conductance, null model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities.comparison import best_f1
from graphkit.communities.leiden import leiden
from graphkit.communities.prepare import (
    Codes,
    Counts,
    Floats,
    Prepared,
    community_columns,
    prepare,
    require_partition,
    shared_nodes,
)
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError
from graphkit.rng import RNGLike, Streams

__all__ = ["Visibility", "visibility"]


@dataclass(frozen=True, repr=False, eq=False)
class Visibility(Frozen, title="Visibility on the follow graph", table="frame"):
    """Visibility of each interest community in the follow graph.

    Attributes
    ----------
    frame
        One row per community: community, label, size, shared (members that are in the
        follow graph), follow_f1 (median over runs of the best F1 with a community of
        Leiden on the follow graph), visible_runs (share of runs where it is ≥ 0.5),
        visible, conductance, internal_share (of the members' followings), expected_share
        (under the degree-preserving null), ratio, p_value.
    follow_memberships
        int32, shape (runs, shared nodes): the follow-graph partitions compared with.
    follow_agreement
        Mean AMI between those runs.
    """

    frame: pl.DataFrame
    follow_memberships: Codes
    follow_agreement: float
    provenance: Provenance = field(default_factory=lambda: Provenance("visibility"))

    @property
    def hidden(self) -> list[str]:
        """Labels of the communities that are not visible in the follow graph."""
        names: list[str] = self.frame.filter(~pl.col("visible")).get_column("label").to_list()
        return names

    def _facts(self) -> dict[str, Any]:
        visible = int(self.frame.get_column("visible").sum())
        return {
            "communities": self.frame.height,
            "visible on the follow graph": visible,
            "not visible": ", ".join(self.hidden[:8]) or "none",
            "agreement of follow runs (AMI)": self.follow_agreement,
        }


#: A community is visible in a run if some follow community matches it with this F1.
SEEN = 0.5

#: With fewer members in the follow graph the statistics are null.
MIN_SHARED = 2


def visibility(
    partition: Partition,
    follow_graph: Graph,
    *,
    runs: int = 10,
    engine: str | None = None,
    quality: str = "modularity",
    resolution: float | None = None,
    rng: RNGLike | None = None,
) -> Visibility:
    r"""Visibility of each community of the partition in the follow graph alone.

    Three views of each community c, over its members that are nodes of the follow graph:

    * *As a community there*: Leiden runs on the follow graph; in each run the best
      :math:`F_1 = 2|c \cap f| / (|c| + |f|)` with a follow community f, over the shared
      nodes (in both, and assigned by the partition; a member in no follow community still
      counts in \|c\|). The community is *visible* if F1 ≥ 0.5 in more than half of the runs.
    * *As a set of nodes*: conductance, cut / min(vol, rest of vol), of all edges without
      direction; 0 for an isolated set, near 1 for one without internal edges [1]_.
    * *Against chance*: the share of the members' followings that go to members, and its
      expectation if every edge kept its source and the targets were permuted, which keeps all
      in- and out-degrees. The edges inside are then exactly hypergeometric: of m targets,
      :math:`K_{in}` are members', and :math:`K_{out}` are drawn; the mean is
      :math:`K_{in} K_{out} / m` and p is P(X ≥ observed). In an undirected graph the 2m ends
      are matched at random, and a share of (k − 1)/(2m − 1) of the members' k ends is
      expected to match another of them. Like any configuration model the null allows
      self-loops and parallel edges, which matters in very small graphs only.

    Self-loops and edges of weight zero are left out; otherwise weights affect Leiden, while
    conductance and the null model count edges.

    Parameters
    ----------
    partition
        Communities of shared interest, not found in the follow graph itself.
    follow_graph
        Follower → followee, with the same ids; an undirected friendship graph will do.
    runs, engine, quality, resolution
        Of :func:`graphkit.leiden` on the follow graph.
    rng
        Seed; the follow partition is ``leiden(follow_graph, …, rng=seed)`` with the seed in
        the provenance.

    Returns
    -------
    Visibility
        One row per community; null where fewer than two members are in the follow graph, or
        where they follow nobody. p-values are per community, not corrected for their number,
        and never 0 but at least 2.2e-308, the smallest that a float holds.

    Raises
    ------
    DataError
        If no assigned node of the partition is in the follow graph, or the follow graph
        cannot be partitioned.
    OptionError
        As :func:`graphkit.leiden`.

    References
    ----------
    .. [1] Yang, J. & Leskovec, J. (2015). Defining and evaluating network communities based
       on ground-truth. Knowledge and Information Systems, 42, 181–213.
       doi:10.1007/s10115-013-0693-z

    Examples
    --------
    Two interests; the members of the first follow each other, those of the second only
    accounts elsewhere:

    >>> p = Partition.from_membership("defgabc", [0] * 4 + [1] * 3)
    >>> follows = Graph.from_edges("abcdefg", "bcavxyz", directed=True)
    >>> v = visibility(p, follows, rng=1)
    >>> v.frame.select("follow_f1", "visible", "internal_share", "expected_share").rows()
    [(0.4, False, 0.0, 0.0), (1.0, True, 1.0, 0.42857142857142855)]
    >>> v.hidden
    ['community 0']
    """
    require_partition(partition, caller="visibility")
    prepared = prepare(follow_graph, caller="visibility")
    here, there = shared_nodes(partition, follow_graph, caller="visibility")
    assigned = partition.membership[here] >= 0
    if not assigned.any():
        raise DataError(
            f"visibility: none of the {here.size:,} nodes that are also in the follow graph is "
            "assigned to a community: there is nothing to compare."
        )
    here, there = here[assigned], there[assigned]
    streams = Streams(rng)
    options: dict[str, Any] = {"quality": quality, "resolution": resolution, "runs": runs}
    follow = leiden(follow_graph, **options, engine=engine, rng=streams.seed)
    assert follow.runs is not None
    codes, count = partition.membership[here], partition.n_communities
    memberships = follow.runs.memberships[:, there]
    scores = np.stack([best_f1(codes, row, count)[0] for row in memberships])
    shared = np.bincount(codes, minlength=count)
    communities = np.full(follow_graph.n_nodes, -1, dtype=np.int32)
    communities[there] = codes
    statistics = _edge_statistics(prepared, communities[prepared.nodes], count)
    used = follow.provenance
    parameters = {"runs": runs, "engine": used.parameters["engine"], "quality": quality}
    return Visibility(
        _visibility_table(partition, shared, scores, statistics),
        memberships,
        follow.runs.agreement,
        Provenance.of(
            "visibility",
            parameters | {"resolution": follow.resolution},
            seed=streams.seed,
            made_from=(partition, follow_graph),
            removed=prepared.removed,
            packages=tuple(name for name in used.versions if name != "graphkit"),
        ),
    )


def _edge_statistics(prepared: Prepared, communities: Codes, count: int) -> dict[str, Floats]:
    """Conductance and the null model of the edges inside each community."""
    from graphkit.kernels.tails import log_hypergeometric_tail, log_matching_tail, probability

    sources, targets = communities[prepared.source], communities[prepared.target]
    edges = int(sources.size)
    inside = np.bincount(sources[(sources == targets) & (sources >= 0)], minlength=count)
    out = np.bincount(sources[sources >= 0], minlength=count)
    into = np.bincount(targets[targets >= 0], minlength=count)
    volume = out + into
    smaller = np.minimum(volume, 2 * edges - volume)
    if prepared.directed:
        share, expected = _safe_ratio(inside, out), np.where(out > 0, into / edges, np.nan)
        log_p = log_hypergeometric_tail(inside, edges, into, out)
    else:
        share = _safe_ratio(2 * inside, volume)
        expected = np.where(volume > 0, (volume - 1) / (2 * edges - 1), np.nan)
        log_p = np.array(
            [log_matching_tail(int(x), edges, int(k)) for x, k in zip(inside, volume, strict=True)]
        )
    return {
        "conductance": _safe_ratio(volume - 2 * inside, smaller),
        "internal_share": share,
        "expected_share": expected,
        "ratio": _safe_ratio(share, expected),
        "p_value": probability(np.where(np.isnan(share), np.nan, log_p)),
    }


def _safe_ratio(above: npt.NDArray[Any], below: npt.NDArray[Any]) -> Floats:
    """Quotient, NaN where the divisor is not above zero."""
    undefined = np.full(above.shape, np.nan)
    quotient: Floats = np.divide(above, below, out=undefined, where=below > 0)
    return quotient


def _visibility_table(
    partition: Partition, shared: Counts, scores: Floats, statistics: dict[str, Floats]
) -> pl.DataFrame:
    visible_runs = (scores >= SEEN).mean(axis=0)
    figures = {"follow_f1": np.median(scores, axis=0), "visible_runs": visible_runs}
    columns = community_columns(partition) | {"shared": shared} | figures
    columns |= {"visible": visible_runs > 0.5} | statistics
    known = pl.when(pl.Series(shared >= MIN_SHARED))
    return pl.DataFrame(columns).with_columns(
        known.then(pl.col(*figures, *statistics).fill_nan(None)), known.then(pl.col("visible"))
    )

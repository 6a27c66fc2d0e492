"""Would the follow graph alone have shown the communities of shared interest?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities.comparison import best_f1
from graphkit.communities.leiden import leiden
from graphkit.communities.prepare import Prepared, prepare, require_partition, shared_nodes
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError
from graphkit.rng import RNGLike, Streams

__all__ = ["Visibility", "visibility"]


@dataclass(frozen=True, repr=False, eq=False)
class Visibility(Frozen, title="Visibility on the follow graph", table="frame"):
    """How well the follow graph alone would have shown each interest community.

    Attributes
    ----------
    frame
        One row per community: community, label, size, shared (members that are in the
        follow graph), follow_f1 (median over runs of the best F1 with a community of
        Leiden on the follow graph), visible_runs (share of runs where it is ≥ 0.5),
        visible, conductance, internal_share (of the follow arcs that touch members'
        followings), expected_share (under the degree-preserving null), ratio, p_value.
    follow_memberships
        int32, shape (runs, shared nodes): the follow-graph partitions compared with.
    follow_agreement
        Mean AMI between those runs.
    """

    frame: pl.DataFrame
    follow_memberships: npt.NDArray[np.int32]
    follow_agreement: float
    provenance: Provenance = field(default_factory=lambda: Provenance("visibility"))

    @property
    def hidden(self) -> list[str]:
        """Names of the communities that the follow graph does not show."""
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


Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: A community is seen in a run where some follow community matches it with this F1.
SEEN = 0.5

#: With fewer members in the follow graph nothing can be said.
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
    r"""How well the follow graph alone would have shown each community of the partition.

    Three views of each community c, over its members that are nodes of the follow graph:

    * *As a community there*: Leiden runs on the follow graph; in each run the best
      :math:`F_1 = 2|c \cap f| / (|c| + |f|)` with a follow community f, over the shared
      nodes (in both, and assigned by the partition; a member that no follow community holds
      still counts in \|c\|). The community is *visible* if F1 ≥ 0.5 in more than half of the
      runs.
    * *As a set of nodes*: conductance, cut / min(vol, rest of vol), of all arcs taken
      without direction; 0 for a set apart, near 1 for one that is no set at all [1]_.
    * *Against chance*: the share of the members' followings that go to members, beside its
      expectation if every arc kept its tail and the heads were dealt anew, which keeps all
      in- and out-degrees. The arcs inside are then exactly hypergeometric: of m heads,
      :math:`K_{in}` are members', and :math:`K_{out}` are drawn; the mean is
      :math:`K_{in} K_{out} / m` and p is P(X ≥ observed). In an undirected graph the 2m ends
      are matched at random, and of the members' k ends a share of (k − 1)/(2m − 1) is
      expected to meet another of them. Like any configuration model the null allows
      self-loops and parallel arcs, which matters in very small graphs only.

    Self-loops and arcs of weight zero are left out; otherwise weights move Leiden, while
    conductance and the null count arcs.

    Parameters
    ----------
    partition
        Communities of shared interest, from anything but the follow graph itself.
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
    require_partition(partition, verb="visibility")
    prepared = prepare(follow_graph, verb="visibility")
    here, there = shared_nodes(partition, follow_graph, verb="visibility")
    assigned = partition.membership[here] >= 0
    if not assigned.any():
        raise DataError(
            f"visibility: none of the {here.size:,} nodes that are also in the follow graph is "
            "assigned to a community: there is nothing to compare."
        )
    here, there = here[assigned], there[assigned]
    streams = Streams(rng)
    follow = leiden(
        follow_graph,
        quality=quality,
        resolution=resolution,
        runs=runs,
        engine=engine,
        rng=streams.seed,
    )
    assert follow.runs is not None
    codes, count = partition.membership[here], partition.n_communities
    memberships = follow.runs.memberships[:, there]
    scores = np.stack([best_f1(codes, row, count)[0] for row in memberships])
    shared = np.bincount(codes, minlength=count)
    homes = np.full(follow_graph.n_nodes, -1, dtype=np.int32)
    homes[there] = codes
    borders = _borders(prepared, homes[prepared.nodes], count)
    return Visibility(
        _frame(partition, shared, scores, borders),
        memberships,
        follow.runs.agreement,
        Provenance.of(
            "visibility",
            {
                "runs": runs,
                "engine": follow.provenance.parameters["engine"],
                "quality": quality,
                "resolution": follow.resolution,
            },
            seed=streams.seed,
            made_from=(partition, follow_graph),
            removed=prepared.removed,
            packages=tuple(k for k in follow.provenance.versions if k != "graphkit"),
        ),
    )


@dataclass(frozen=True, eq=False)
class _Borders:
    """Per community, each of shape (C,): see the columns of the frame."""

    conductance: Floats
    internal_share: Floats
    expected_share: Floats
    log_p: Floats


def _borders(prepared: Prepared, homes: npt.NDArray[np.int32], count: int) -> _Borders:
    """Conductance and the null of the arcs, from their numbers."""
    from graphkit.kernels.tails import log_hypergeometric_tail, log_matching_tail

    tails, heads = homes[prepared.tail], homes[prepared.head]
    arcs = int(tails.size)
    inside = np.bincount(tails[(tails == heads) & (tails >= 0)], minlength=count)
    out = np.bincount(tails[tails >= 0], minlength=count)
    into = np.bincount(heads[heads >= 0], minlength=count)
    volume = out + into
    cut = volume - 2 * inside
    smaller = np.minimum(volume, 2 * arcs - volume)
    if prepared.directed:
        share, expected = _ratio(inside, out), np.where(out > 0, into / arcs, np.nan)
        log_p = log_hypergeometric_tail(inside, arcs, into, out)
    else:
        share = _ratio(2 * inside, volume)
        expected = np.where(volume > 0, (volume - 1) / (2 * arcs - 1), np.nan)
        log_p = np.array(
            [log_matching_tail(int(x), arcs, int(k)) for x, k in zip(inside, volume, strict=True)]
        )
    log_p = np.where(np.isnan(share), np.nan, log_p)
    return _Borders(_ratio(cut, smaller), share, expected, log_p)


def _ratio(above: npt.NDArray[Any], below: npt.NDArray[Any]) -> Floats:
    """Quotient, NaN where nothing is below."""
    nothing = np.full(above.shape, np.nan)
    quotient: Floats = np.divide(above, below, out=nothing, where=below > 0)
    return quotient


def _frame(partition: Partition, shared: Counts, scores: Floats, borders: _Borders) -> pl.DataFrame:
    from graphkit.kernels.tails import probability

    runs_seen = (scores >= SEEN).mean(axis=0)
    known = shared >= MIN_SHARED
    figures = {
        "follow_f1": np.median(scores, axis=0),
        "visible_runs": runs_seen,
        "conductance": borders.conductance,
        "internal_share": borders.internal_share,
        "expected_share": borders.expected_share,
        "ratio": _ratio(borders.internal_share, borders.expected_share),
        "p_value": probability(borders.log_p),
    }
    columns = {
        name: pl.Series(name, np.where(known, values, np.nan)).fill_nan(None)
        for name, values in figures.items()
    }
    labels = [partition.name(c) for c in range(partition.n_communities)]
    visible = [bool(v) if k else None for v, k in zip(runs_seen > 0.5, known, strict=True)]
    return pl.DataFrame(
        {
            "community": np.arange(partition.n_communities, dtype=np.int32),
            "label": pl.Series(labels, dtype=pl.String),
            "size": partition.sizes,
            "shared": shared,
            "follow_f1": columns.pop("follow_f1"),
            "visible_runs": columns.pop("visible_runs"),
            "visible": pl.Series(visible, dtype=pl.Boolean),
            **columns,
        }
    )

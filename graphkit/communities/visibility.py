"""Visibility of interest communities in the follow graph: coverage, F1, follows against chance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities.comparison import Grouped, best_f1
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
from graphkit.communities.report import EdgeSums
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.visibility import VERDICTS, Visibility
from graphkit.errors import DataError, warn
from graphkit.rng import RNGLike, Streams

__all__ = ["Visibility", "visibility"]


#: Without an edge in the follow graph for this share of its members, a community is not judged.
MIN_COVERAGE = 0.5

#: Near chance: the members follow each other at most this often, as a multiple of the null.
NEAR_CHANCE = 1.5

#: Fewer expected follows between members cannot show that there are too few.
MIN_EXPECTED = 5.0

#: A community is visible in a run if some follow community matches it with this F1.
SEEN = 0.5

#: From so many follows on, runs end after this many iterations unless a verdict may rest on more.
MANY, EARLY = 50_000, 2

#: F1 of an early end that more iterations might carry across 0.5.
OPEN = (0.25, 0.75)

#: With an edge for a smaller share of all accounts with a community, ids may not match.
LEAST_SHARED = 0.2

#: Functions whose graphs have shared objects as edges.
_SHARED_OBJECTS = ("cointeraction_graph", "spark_cointeraction")

#: With fewer members in the follow graph the statistics are null.
MIN_SHARED = 2


def visibility(
    partition: Partition,
    follow_graph: GraphLike,
    *,
    runs: int = 10,
    engine: str | None = None,
    quality: str = "modularity",
    resolution: float | None = None,
    rng: RNGLike | None = None,
) -> Visibility:
    r"""Visibility of each community of the partition in the follow graph alone.

    Three views of each community c, over its members that have an edge in the follow graph:

    * *As a community there*: Leiden runs on the follow graph; in each run the best
      :math:`F_1 = 2|c \cap f| / (|c| + |f|)` with a follow community f, over the shared
      nodes (assigned by the partition, and with an edge).
    * *As a set of nodes*: conductance, cut / min(vol, rest of vol), of all edges without
      direction; 0 for an isolated set, near 1 for one without internal edges [1]_.
    * *Against chance*: the follows between members, and their expectation if every edge kept
      its source and the targets were permuted, which keeps all in- and out-degrees. The
      edges inside are then exactly hypergeometric: of m targets, :math:`K_{in}` are members',
      and :math:`K_{out}` are drawn; the mean is :math:`E = K_{in} K_{out} / m` and p is
      P(X ≥ observed). In an undirected graph the 2m ends are matched at random, and a share
      of (k − 1)/(2m − 1) of the members' k ends is expected to match another of them. Like
      any configuration model the null allows self-loops and parallel edges, which matters in
      very small graphs only. The 95 % interval of the ratio x / E is the exact one of a
      Poisson count [2]_, with the count and E divided by a dispersion of r + max(1, D). There r is
      the share of all edges that are reciprocated: two people who follow each other are one
      observation, not two. And D is the variance between members over that of a Poisson count: with
      the follows :math:`k_i` of member i, :math:`x_i` of them inside, and their share s inside,
      :math:`D = \frac{n}{n - 1} \sum_i (x_i - s k_i)^2 / \sum_i x_i`, for the follows of one
      account are alike. Follows of a few accounts, or an interest that some members have
      friends in and others have not, so make a wide interval.

    The inbreeding homophily of the follows, :math:`(s - e) / (1 - e)` with the observed and the
    expected share inside [3]_, is 0 at chance and 1 if all of them stay inside. Unlike the
    ratio, whose largest value is the inverse of the community's share of the targets, it
    compares communities of different sizes.

    The verdict on a community, by the first rule that applies:

    * ``not judgeable``: fewer than half of its members, or fewer than two, have an edge in
      the follow graph (`coverage`);
    * ``visible``: F1 ≥ 0.5 in more than half of the runs, or the lower bound of the ratio is
      above 1.5 (its members follow each other clearly more than chance, whatever Leiden makes
      of it);
    * ``hidden``: the upper bound of the ratio is at most 1.5, with at least five follows
      between members expected, and not more than two thirds of all, where no ratio could be
      above 1.5;
    * ``undecided``: all others. F1 is low, and the follows are too few, or too near 1.5 times
      chance, to tell.

    Structureless follows keep Leiden busy for long, and more iterations change nothing that the
    verdict needs. So in a follow graph of 50,000 edges or more every run ends after two
    iterations, unless a verdict may rest on more of them: for some community whose coverage
    suffices and whose lower bound of the ratio is not above 1.5, F1 is 0.25 or more in more than
    half of the runs, but not 0.75 or more in more than half. Then all runs are made again, as
    :func:`graphkit.leiden` makes them.

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
        the provenance, and with its iterations, which it holds where runs ended early.

    Returns
    -------
    Visibility
        One row per community; figures are null where fewer than two members have an edge in
        the follow graph, or where they follow nobody. p-values and intervals are per
        community, not corrected for their number; p is never 0 but at least 2.2e-308, the
        smallest that a float holds.

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
    .. [2] Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika, 28,
       437–442. doi:10.1093/biomet/28.3-4.437
    .. [3] Currarini, S., Jackson, M. O. & Pin, P. (2009). An economic model of friendship:
       homophily, minorities, and segregation. Econometrica, 77(4), 1003–1045.
       doi:10.3982/ECTA7528. The index is that of Coleman, J. S. (1958), Human Organization,
       17(4), 28–36.

    Examples
    --------
    Two interests; the members of the first follow each other, those of the second only
    accounts elsewhere, but so few that this may be chance:

    >>> from graphkit import Graph
    >>> p = Partition.from_membership("defgabc", [0] * 4 + [1] * 3)
    >>> follows = Graph.from_edges("abcdefg", "bcavxyz", directed=True)
    >>> v = visibility(p, follows, rng=1)
    >>> v.frame.select("follow_f1", "verdict", "internal_share", "expected_share").rows()
    [(0.4, 'undecided', 0.0, 0.0), (1.0, 'visible', 1.0, 0.42857142857142855)]
    >>> v.hidden
    []
    """
    options: dict[str, Any] = {"runs": runs, "engine": engine, "quality": quality}
    options["resolution"] = resolution
    (seen,) = visibility_of_all([partition], follow_graph, **options, rng=rng)
    return seen


def visibility_of_all(
    partitions: Sequence[Partition],
    follow_graph: GraphLike,
    *,
    runs: int = 10,
    engine: str | None = None,
    quality: str = "modularity",
    resolution: float | None = None,
    rng: RNGLike | None = None,
) -> list[Visibility]:
    """The :func:`visibility` of several partitions, with the same communities of the follow graph."""
    for partition in partitions:
        require_partition(partition, caller="visibility")
    follow_graph = as_graph(follow_graph, "visibility")
    prepared = prepare(follow_graph, caller="visibility")
    compared = [_compared_nodes(partition, follow_graph, prepared) for partition in partitions]
    for partition, (here, _) in zip(partitions, compared, strict=True):
        _warn_of_mistakes(partition, follow_graph, here.size)
    streams = Streams(rng)
    options: dict[str, Any] = {"quality": quality, "resolution": resolution, "runs": runs}
    options |= {"engine": engine, "rng": streams.seed}

    @cache
    def search(iterations: int) -> Partition:
        return leiden(follow_graph, iterations=iterations, **options)

    found = []
    for partition, (here, there) in zip(partitions, compared, strict=True):
        codes, count = partition.membership[here], partition.n_communities
        shared = np.bincount(codes, minlength=count)
        communities = np.full(follow_graph.n_nodes, -1, dtype=np.int32)
        communities[there] = codes
        statistics = _edge_statistics(prepared, communities[prepared.nodes], count)
        grouped = Grouped.from_membership(codes, count)
        judged = (shared >= MIN_SHARED) & (shared >= MIN_COVERAGE * partition.sizes)
        resting = judged & ~(statistics["ratio_low"] > NEAR_CHANCE)
        for iterations in (EARLY, -1) if _count_edges(prepared) >= MANY else (-1,):
            follow = search(iterations)
            assert follow.runs is not None
            memberships = follow.runs.memberships[:, there]
            scores = np.stack([best_f1(grouped, row)[0] for row in memberships])
            if not _may_cross(scores[:, resting]):
                break
        used = follow.provenance
        parameters = {"runs": runs, "engine": used.parameters["engine"], "quality": quality}
        parameters |= {"resolution": follow.resolution}
        record = Provenance.of(
            "visibility",
            parameters | ({"iterations": iterations} if iterations == EARLY else {}),
            seed=streams.seed,
            made_from=(partition, follow_graph),
            removed=prepared.removed,
            packages=tuple(name for name in used.versions if name != "graphkit"),
        )
        table = _visibility_table(partition, shared, scores, statistics)
        found.append(Visibility(table, memberships, follow.stability, record))
    return found


def _compared_nodes(
    partition: Partition, follow_graph: Graph, prepared: Prepared
) -> tuple[Counts, Counts]:
    """Nodes that the partition assigns and that have an edge: codes in it and in the graph."""
    here, there = shared_nodes(partition, follow_graph, caller="visibility")
    assigned = partition.membership[here] >= 0
    if not assigned.any():
        raise DataError(
            f"visibility: none of the {here.size:,} nodes that are also in the follow graph is "
            "assigned to a community: there is nothing to compare."
        )
    covered = np.isin(there, prepared.nodes)
    return here[assigned & covered], there[assigned & covered]


def _warn_of_mistakes(partition: Partition, follow_graph: Graph, shared: int) -> None:
    """Warn of a graph that holds no follows, a partition of it, and ids that hardly match."""
    record = follow_graph.provenance
    # a backbone's parent is the graph that it was taken from
    if any(one.verb in _SHARED_OBJECTS for one in (record, *record.parents)):
        warn(
            "visibility: edges of the graph are shared objects: the verdicts say whether communities "
            "are visible there, not among follows. Pass graphkit.follow_graph(…)."
        )
    found = partition.provenance
    if found.verb == "leiden" and follow_graph.content_key in found.inputs:
        warn(
            "visibility: the partition was found in this very graph, so that its communities are "
            "visible there. Pass one of shared interest, found elsewhere."
        )
    assigned = int((partition.membership >= 0).sum())
    if shared < LEAST_SHARED * assigned:
        warn(
            f"visibility: only {shared:,} of {assigned:,} accounts with a community have an edge in "
            "the follow graph. If there should be more, look whether both write ids alike, such as "
            "007 and 7."
        )


def _count_edges(prepared: Prepared) -> int:
    return prepared.indices.size // (1 if prepared.directed else 2)


def _may_cross(scores: Floats) -> bool:
    """Whether F1 of some community, shape (runs, communities), might pass 0.5 in most runs or not."""
    low, high = ((scores >= bound).mean(axis=0) > 0.5 for bound in OPEN)
    return bool((low & ~high).any())


def _edge_statistics(prepared: Prepared, communities: Codes, count: int) -> dict[str, Floats]:
    """Conductance and the null model of the edges inside each community."""
    from graphkit.kernels.tails import log_hypergeometric_tail, log_matching_tail, probability

    sums = EdgeSums.of_codes(prepared, communities, count, weighted=False)
    edges = _count_edges(prepared)
    inside = sums.edges
    out, into = inside + sums.leaving.astype(np.int64), inside + sums.entering.astype(np.int64)
    volume = out + into
    smaller = np.minimum(volume, 2 * edges - volume)
    if prepared.directed:
        share, expected_share = _safe_ratio(inside, out), np.where(out > 0, into / edges, np.nan)
        expected = np.where(out > 0, out * (into / edges), np.nan)
        log_p = log_hypergeometric_tail(inside, edges, into, out)
    else:
        share = _safe_ratio(2 * inside, volume)
        expected_share = np.where(volume > 0, (volume - 1) / (2 * edges - 1), np.nan)
        expected = volume / 2 * expected_share
        log_p = np.array(
            [log_matching_tail(int(x), edges, int(k)) for x, k in zip(inside, volume, strict=True)]
        )
    dispersion = _reciprocity(prepared) + _member_dispersion(prepared, communities, count)
    low, high = poisson_interval(inside, dispersion)
    return {
        "conductance": _safe_ratio(volume - 2 * inside, smaller),
        "internal_share": share,
        "expected_share": expected_share,
        "inside": inside.astype(np.float64),
        "expected": expected,
        "ratio": _safe_ratio(share, expected_share),
        "ratio_low": _safe_ratio(low, expected),
        "ratio_high": _safe_ratio(high, expected),
        "homophily": _safe_ratio(share - expected_share, 1 - expected_share),
        "p_value": probability(np.where(np.isnan(share), np.nan, log_p)),
    }


def poisson_interval(counts: Counts, dispersion: float | Floats) -> tuple[Floats, Floats]:
    """Bounds of the exact 95 % interval of the mean of each Poisson count.

    A count of observations that come in lumps is divided by its dispersion, variance over mean.

    Examples
    --------
    >>> low, high = poisson_interval(np.array([0, 10]), 1.0)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 4.795], [3.689, 18.39])
    """
    from scipy.special import gammaincinv

    x = counts / dispersion
    low = np.where(x > 0, gammaincinv(np.maximum(x, 1e-9), 0.025), 0.0)
    return low * dispersion, gammaincinv(x + 1, 0.975) * dispersion


def _member_dispersion(prepared: Prepared, communities: Codes, count: int) -> Floats:
    """Variance over mean of the edges inside each community, over its members; 1 or more."""
    degree = np.diff(prepared.indptr)
    inside = np.repeat(communities, degree) == communities[prepared.indices]
    before = np.concatenate([[0], np.cumsum(inside)])
    own = before[prepared.indptr[1:]] - before[prepared.indptr[:-1]]
    members = (communities >= 0) & (degree > 0)
    code, edges, own = communities[members], degree[members], own[members]
    n, total, found = (
        np.bincount(code, weights=w, minlength=count).astype(np.float64) for w in (None, edges, own)
    )
    share = np.divide(found, total, out=np.zeros(count), where=total > 0)
    squares = np.bincount(code, (own - share[code] * edges) ** 2, count)
    variance = np.divide(squares * n, n - 1, out=np.zeros(count), where=n > 1)
    return np.maximum(np.divide(variance, found, out=np.ones(count), where=found > 0), 1.0)


def _reciprocity(prepared: Prepared) -> float:
    """Share of edges that are reciprocated; 0 if undirected."""
    from graphkit.kernels.partitions import count_reciprocated

    if not prepared.directed:
        return 0.0
    both = int(count_reciprocated(prepared.indptr, prepared.indices))
    return both / prepared.indices.size


def _safe_ratio(above: npt.NDArray[Any], below: npt.NDArray[Any]) -> Floats:
    """Quotient, NaN where the divisor is not above zero."""
    undefined = np.full(above.shape, np.nan)
    quotient: Floats = np.divide(above, below, out=undefined, where=below > 0)
    return quotient


def _visibility_table(
    partition: Partition, shared: Counts, scores: Floats, statistics: dict[str, Floats]
) -> pl.DataFrame:
    figures = {
        "follow_f1": np.median(scores, axis=0),
        "visible_runs": (scores >= SEEN).mean(axis=0),
    }
    columns = community_columns(partition)
    columns |= {"shared": shared, "coverage": shared / np.maximum(partition.sizes, 1)}
    known = pl.when(pl.Series(shared >= MIN_SHARED))
    frame = pl.DataFrame(columns | figures | statistics).with_columns(
        known.then(pl.col(*figures, *statistics).fill_nan(None))
    )
    return frame.with_columns(pl.col("inside").cast(pl.Int64), _verdict())


def _verdict() -> pl.Expr:
    """The verdict by the first rule that applies; comparisons with null are false."""
    judged = (pl.col("coverage") >= MIN_COVERAGE) & (pl.col("shared") >= MIN_SHARED)
    seen = (pl.col("visible_runs") > 0.5) | (pl.col("ratio_low") > NEAR_CHANCE)
    chance = (pl.col("ratio_high") <= NEAR_CHANCE) & (pl.col("expected") >= MIN_EXPECTED)
    # the largest ratio there can be: of most of all accounts it says nothing
    chance &= 1 / pl.col("expected_share") > NEAR_CHANCE
    words = {verdict: pl.lit(verdict) for verdict in VERDICTS}
    return (
        pl.when(~judged)
        .then(words["not judgeable"])
        .when(seen.fill_null(False))
        .then(words["visible"])
        .when(chance.fill_null(False))
        .then(words["hidden"])
        .otherwise(words["undecided"])
        .alias("verdict")
    )

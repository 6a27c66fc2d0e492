"""Permutation null of a spread: exposure that does not depend on the viewer's community."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse, stats

from graphkit.data.display import number
from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.errors import DataError, check_integer, check_number
from graphkit.measures.catalogue import (
    MEASURES,
    PartitionTallies,
    RunTallies,
    mean_defined,
    outcome_schema,
)
from graphkit.measures.chance import TIE, Exposure
from graphkit.measures.exposure import entropy
from graphkit.measures.hosting import hosting_members, hosting_reach
from graphkit.measures.mixing import ei_index, matrix_size, partition_of
from graphkit.parallel import track
from graphkit.rng import RNGLike, Streams

__all__ = ["PermutationNull", "permutation_null"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

#: With fewer draws no p can reach 0.05.
MIN_DRAWS = 19

#: Cells of a flow matrix with a smaller expectation are not tested, as in :class:`Mixing`.
MIN_EXPECTED = 5.0

#: How expectation, standard deviation and p of a measure were found.
HYPERGEOMETRIC = "hypergeometric, exact"
MOMENTS = "exact moments, p by draws"
DRAWS = "draws"
EXPECTATION = "exact expectation only"

_FIGURES = ("observed", "expected", "sd", "low", "high", "z", "p", "p_less", "p_greater")
_SCHEMA = {
    **outcome_schema("arm", "world", "replication", "community", "measure", *_FIGURES),
    "method": pl.String(),
}
_FLOW = ("observed", "expected", "sd", "log2_ratio", "z", "p", "q")
_FLOW_SCHEMA = {
    **outcome_schema("arm", "world"),
    "home": pl.String(),
    "viewer": pl.String(),
    **outcome_schema(*_FLOW),
}


@dataclass(frozen=True, repr=False, eq=False)
class PermutationNull(Frozen, title="Permutation null of a spread", table="frame"):
    """Measures of a spread beside what they are if exposure does not depend on the community.

    Attributes
    ----------
    frame
        One row per run and measure, and per community where the measure has one: arm, world,
        replication, community (null for the whole), measure, observed (the value of
        :func:`measure_spread`), expected and sd under the null, low and high (central interval
        of the null), z = (observed − expected) / sd, p (two-sided), p_less and p_greater
        (one-sided), method. Null where undefined.
    flow
        One row per arm, world, home and viewer's community, replications added up: arm, world,
        home, viewer, observed (as :func:`flow`), expected, sd, log2_ratio, z, p (two-sided)
        and q, by Benjamini and Hochberg over all tested cells of the arm. Cells with an
        expectation below 5 are not tested: log2_ratio, z, p and q are null.
    partition
        Kind of partition.
    draws
        Number of permutations.
    confidence
        Level of the intervals of the null.
    """

    frame: pl.DataFrame
    flow: pl.DataFrame
    partition: str
    draws: int
    confidence: float
    provenance: Provenance = field(default_factory=lambda: Provenance("PermutationNull"))

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"partition": self.partition, "permutations": self.draws}
        crossing = self.frame.filter(pl.col("measure") == "crossing", pl.col("community").is_null())
        for (arm,), rows in crossing.group_by("arm", maintain_order=True):
            observed, expected = (rows[name].drop_nulls() for name in ("observed", "expected"))
            if len(observed) and len(expected):
                low, high = rows["p"].min(), rows["p"].max()
                span = number(low) if low == high else f"{number(low)} … {number(high)}"
                facts[f"crossing, {arm}"] = (
                    f"{number(observed.mean())}, null {number(expected.mean())}, p {span}"
                )
        tested = self.flow.filter(pl.col("q").is_not_null())
        told = f"{tested.filter(pl.col('q') <= 0.05).height:,} of {tested.height:,} tested"
        return facts | {"flow cells with q ≤ 0.05": told}


def permutation_null(
    spread: Spread,
    partition: str,
    *,
    draws: int = 999,
    confidence: float = 0.95,
    rng: RNGLike | None = None,
) -> PermutationNull:
    r"""Compare exposure with its null: who is shown what does not depend on the community.

    The labels of the accounts that have a community are permuted among them; who was shown which
    posts, and the communities of origin of the posts, stay. All arms and replications of a world
    have the same permutations, keyed by account, so that neither names nor the order of rows
    matter. With N accounts that have a community, n_i the impressions of post i to them, h_i its
    community of origin and p_i of its posters among the N, p_ic of them in community c:

    =================  ===========================================================================
    flow cell h → c    mean Σ_{i from h} n_i (\|c\| − p_ic) / (N − p_i); variance that of \|c\| of N
                       rows drawn without replacement, \|c\| (1 − \|c\| / N) s²; p by draws
    ei_index           mean as :func:`ei_null`; variance by Hoeffding's formula [1]_; p by draws
    hosting_reach      mean over the posts of n_i / (N − p_i); variance from that of the cell
                       c → c; p by draws
    hosting_members    hypergeometric: of the N accounts K are shown a post of c, \|c\| are drawn;
                       exact p
    crossing           mean, standard deviation and p of the draws
    audience_entropy   mean over the posts of its expectation, from the hypergeometric
                       distribution of the members of each community among n_i of N − p_i accounts
    =================  ===========================================================================

    Nobody is shown a post of their own, which makes an author's community see a little less of
    its own posts under any feed, a uniform one too. For flows, E–I index and reach within the
    community these absent pairs are therefore filled with the mean of the post over the other
    accounts, n_i / (N − p_i), before labels are permuted, and taken out again: a uniform feed has
    the expectation given here exactly. Crossing leaves posters out by definition. In
    `hosting_members` an author counts as any other, so that even a uniform feed stays below the
    expectation, by no more than one part in \|c\| where each member makes as many posts: about a
    tenth of a standard deviation. If several accounts introduce posts, and not equally many of them
    from their community of origin, the standard deviation and p of `hosting_reach` are those of a
    mean with weights, a close approximation.

    Tallies do not tell which account was shown which post, so that neither the spread of the
    mean entropy nor its p can be known from them, and both are null: audiences overlap, and as if
    they did not the spread would be too small.

    By draws p = (1 + draws that are as extreme) / (draws + 1) [2]_, never 0: two-sided by the
    distance from the expectation, and to each side; q of the cells is that of [3]_. The null says
    also that accounts of all communities are shown equally much: where one is more active than
    another, flow cells differ from it for that alone. :func:`flow` compares with row and column
    sums instead.

    What is expected differs between arms, for feeds differ in how varied a diet they make: compare
    `hosting_members` of two arms by observed − expected.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`.
    partition
        Kind of partition, such as ``"planted"``.
    draws
        Number of permutations, 19 or more: with fewer no p can reach 0.05. A single cell of k
        tested ones has q ≤ 0.05 only from 20 k − 1 draws on.
    confidence
        Level of the central intervals of the null, in (0, 1).
    rng
        Seed.

    Returns
    -------
    PermutationNull
        With the tables ``frame`` of measures and ``flow`` of cells.

    Raises
    ------
    MissingDataError
        For an unknown kind of partition.
    DataError
        If fewer than two accounts of a world have a community, or there are more than 5,000
        communities.
    OptionError
        If `draws` is below 19, or `confidence` outside (0, 1).

    References
    ----------
    .. [1] Hoeffding, W. (1951). A combinatorial central limit theorem. Annals of Mathematical
       Statistics, 22(4), 558–566. https://doi.org/10.1214/aoms/1177729545
    .. [2] Phipson, B., & Smyth, G. K. (2010). Permutation p-values should never be zero.
       Statistical Applications in Genetics and Molecular Biology, 9, 39.
       https://doi.org/10.2202/1544-6115.1585
    .. [3] Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. Journal of
       the Royal Statistical Society B, 57, 289–300.
       https://doi.org/10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    Exposure by interest stays at home; a uniform feed does not tell communities apart:

    >>> import graphkit as gk
    >>> from graphkit.recommenders import uniform
    >>> world = gk.build_world(gk.synthetic.platform(accounts=200, rng=1), rng=1)
    >>> arms = {"interest": gk.interest_centric(), "uniform": uniform()}
    >>> spread = gk.simulate_spread(world, arms, ticks=4, slots=4, rng=1)
    >>> null = permutation_null(spread, "planted", rng=1)
    >>> whole = null.frame.filter(pl.col("measure") == "crossing", pl.col("community").is_null())
    >>> dict(whole.select("arm", "p").rows())["interest"]
    0.001
    """
    draws = check_integer("draws", draws, MIN_DRAWS, hint="With fewer no p can reach 0.05.")
    confidence = check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    for w in range(len(spread.worlds)):
        _require_communities(spread, w, partition)
    streams = Streams(rng)
    rows: list[tuple[object, ...]] = []
    cells: list[pl.DataFrame] = []
    groups = [(arm, w) for arm in spread.arms for w in range(len(spread.worlds))]
    for arm, w in track(groups, "permuting communities", len(groups)):
        jobs = [(arm, w, r) for r in range(spread.replications)]
        tallied = (RunTallies.of(spread, *job) for job in jobs)
        runs = [Exposure(PartitionTallies(run, partition)) for run in tallied]
        drawn, extreme = _permute_labels(runs, draws, streams, w)
        cells.append(_flow_cells(arm, w, runs, extreme, draws))
        for r, run in enumerate(runs):
            rows += ((arm, w, r, *row) for row in _measure_rows(run, drawn[r], confidence))
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    frame = frame.with_columns(pl.col(pl.Float64).fill_nan(None))
    flow = pl.concat(cells).with_columns(
        pl.col("p").map_batches(_false_discovery, return_dtype=pl.Float64).over("arm").alias("q")
    )
    options = {"partition": partition, "draws": draws, "confidence": confidence}
    options |= {"calibrated": spread.calibrated}
    made = Provenance.of(
        "permutation_null", options, seed=streams.seed, made_from=(spread,), packages=("scipy",)
    )
    return PermutationNull(frame, flow, partition, draws, confidence, made)


def _require_communities(spread: Spread, world: int, kind: str) -> None:
    """Raise where a world has no such partition, or nothing to permute."""
    partition = partition_of(spread, world, kind)
    matrix_size(partition, "permutation_null")
    assigned = int(partition.sizes.sum())
    if assigned < 2:
        raise DataError(
            f"permutation_null: {assigned} account of world {world} has a community under "
            f"{kind!r}: labels of at least two accounts are permuted."
        )


def _permute_labels(
    runs: Sequence[Exposure], draws: int, streams: Streams, world: int
) -> tuple[list[Floats], Codes]:
    """Values of the measures that are drawn, and how often each cell was as extreme.

    For every run, float64 of shape (draws, 2 + 2 C): E–I index, hosting_reach of each community,
    crossing of the whole and of each community. Of the flows of all runs together, int64 (C, C):
    draws as far from the expectation as the observed flow, or farther.
    """
    first, size = runs[0], runs[0].sizes.size
    values = [np.empty((draws, 2 + 2 * size)) for _ in runs]
    expected = np.sum([run.expected_flow for run in runs], axis=0)
    observed = np.sum([run.tallies.flows for run in runs], axis=0)
    gap = np.abs(observed - expected) - TIE * np.maximum(expected, 1)
    extreme = np.zeros((size, size), dtype=np.int64)
    for d in range(draws):
        order = streams.generator("world", world, "draw", d).permutation(first.n)
        total = -expected
        for run, found in zip(runs, values, strict=True):
            flow, crossing = run.draw(first.labels[order])
            found[d] = np.concatenate([[run.ei_of(flow)], run.reach_of(flow), crossing])
            total += flow
        extreme += np.abs(total) >= gap
    return values, extreme


def _flow_cells(
    arm: str, world: int, runs: Sequence[Exposure], extreme: Codes, draws: int
) -> pl.DataFrame:
    """The rows of one arm and world of the table of flows; q is filled in later."""
    partition = runs[0].tallies.partition
    size, n, sizes = partition.n_communities, runs[0].n, runs[0].sizes
    observed = np.sum([run.tallies.flows for run in runs], axis=0)
    expected = np.sum([run.expected_flow for run in runs], axis=0)
    sd = np.sqrt(_cell_variance(_add_up(runs), n, sizes))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log2(observed / expected)
        z = np.where(sd > 0, (observed - expected) / sd, np.nan)
    p = (1 + extreme) / (draws + 1)
    for figure in (ratio, z, p):
        figure[expected < MIN_EXPECTED] = np.nan
    names = pl.Series([partition.name(c) for c in range(size)], dtype=pl.String)
    home, viewer = np.divmod(np.arange(size * size), size)
    figures = (observed, expected, sd, ratio, z, p, np.full(p.shape, np.nan))
    columns = {name: value.ravel() for name, value in zip(_FLOW, figures, strict=True)}
    return pl.DataFrame(
        {
            "arm": pl.repeat(arm, size * size, eager=True),
            "world": pl.repeat(world, size * size, dtype=pl.Int64, eager=True),
            "home": names.gather(home),
            "viewer": names.gather(viewer),
            **columns,
        },
        schema=_FLOW_SCHEMA,
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def _add_up(runs: Sequence[Exposure]) -> sparse.csr_array:
    """Filled diets of all runs of a world, added up."""
    total = runs[0].filled
    for run in runs[1:]:
        total = total + run.filled
    return total


def _cell_variance(filled: sparse.csr_array, n: int, sizes: Codes) -> Floats:
    """Variance of each flow cell: rows of a community's number, drawn without replacement."""
    mean = np.asarray(filled.sum(axis=0)) / n
    squares = np.asarray(filled.power(2).sum(axis=0)) / n
    variance = np.maximum(squares - mean**2, 0) * n / (n - 1)
    return np.outer(variance, sizes * (1 - sizes / n))


def _false_discovery(p: pl.Series) -> pl.Series:
    """q of every p by Benjamini and Hochberg; null where there is no p."""
    known = p.drop_nulls()
    q = np.full(len(p), np.nan)
    if len(known):
        q[p.is_not_null().to_numpy()] = stats.false_discovery_control(known.to_numpy())
    return pl.Series(p.name, q).fill_nan(None)


def _measure_rows(run: Exposure, drawn: Floats, confidence: float) -> Iterator[tuple[object, ...]]:
    """Community, measure, figures and method of one run."""
    tallies, size = run.tallies, run.sizes.size
    nothing = (np.nan,) * 7
    spread = 2 * np.sqrt(run.trace_variance()) / run.total if run.total else np.nan
    index = ei_index(tallies.flows)
    expected = run.ei_of(run.expected_flow + run.withheld)
    yield (
        None,
        "ei_index",
        index,
        *_figures(index, drawn[:, 0], confidence, expected, spread),
        MOMENTS,
    )
    crossing = np.array([tallies.exposure.ratio(), *_crossing_by_community(tallies)])
    start = 1 + size
    found = _figures(crossing[0], drawn[:, start], confidence)
    yield None, "crossing", crossing[0], *found, DRAWS
    observed = mean_defined(entropy(tallies.audience))
    yield None, "audience_entropy", observed, run.expected_entropy(), *nothing, EXPECTATION
    reach = hosting_reach(tallies.views, tallies.partition.membership, **tallies.origins)
    variance = np.diagonal(_cell_variance(run.filled, run.n, run.sizes))
    sd = run.reach_weights * np.sqrt(variance)
    members = hosting_members(tallies.diet, tallies.partition.membership)
    hosted = run.members_figures(confidence)
    for c in range(size):
        name, own = tallies.partition.name(c), float(crossing[1 + c])
        yield name, "crossing", own, *_figures(own, drawn[:, start + 1 + c], confidence), DRAWS
        own, expected = float(reach[c]), float(run.expected_reach[c])
        found = _figures(own, drawn[:, 1 + c], confidence, expected, float(sd[c]))
        yield name, "hosting_reach", own, *found, MOMENTS
        own = float(members[c])
        yield name, "hosting_members", own, *hosted[c].tolist(), HYPERGEOMETRIC


def _crossing_by_community(tallies: PartitionTallies) -> list[float]:
    """Crossing of each community as :func:`measure_spread` gives it."""
    found = next(m for m in MEASURES if m.level == "community" and m.name == "crossing")
    return list(found.compute(tallies))


def _figures(
    observed: float,
    drawn: Floats,
    confidence: float,
    expected: float | None = None,
    sd: float | None = None,
) -> tuple[float, ...]:
    """Expected, sd, low, high, z, p, p_less and p_greater of a measure with these draws.

    Without an expectation, it is the mean of the draws and the observed value, which treats them
    alike, and the standard deviation is that of the draws.
    """
    if np.isnan(observed) or np.isnan(drawn).any():
        return (np.nan,) * 8
    centre = float(np.append(drawn, observed).mean()) if expected is None else expected
    mean = float(drawn.mean()) if expected is None else expected
    spread = float(drawn.std(ddof=1)) if sd is None else sd
    tie = TIE * max(abs(observed), abs(centre), 1.0)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    z = (observed - mean) / spread if spread > tie else np.nan
    two = np.count_nonzero(np.abs(drawn - centre) >= abs(observed - centre) - tie)
    less = np.count_nonzero(drawn <= observed + tie)
    greater = np.count_nonzero(drawn >= observed - tie)
    counts = (two, less, greater)
    return (mean, spread, float(low), float(high), z, *((1 + k) / (drawn.size + 1) for k in counts))

"""Resolution: profile over γ (CHAMP), and the resolution limit of modularity."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from graphkit.communities import prepare as checks
from graphkit.communities.engines import split_disconnected
from graphkit.communities.leiden import leiden
from graphkit.communities.prepare import Codes, Counts, Floats, Prepared, community_columns
from graphkit.communities.quality import quality_line, resolve_resolution
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph, GraphLike, as_graph
from graphkit.data.membership import canonical_membership
from graphkit.data.partition import AGREE, Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, OptionError, check_choice, check_integer, warn
from graphkit.parallel import track
from graphkit.rng import RNGLike, Streams

__all__ = ["ResolutionProfile", "resolution_limit", "resolution_profile"]

#: Relative difference below which two numbers are equal up to rounding.
_ROUNDING = 1e-12


def upper_envelope(
    internal: Floats, expected: Floats, low: float, high: float
) -> tuple[list[int], list[float]]:
    """Upper envelope of the lines internal − γ·expected between `low` and `high`.

    Returns the h lines on the envelope in order of γ, and the h + 1 bounds of their domains, from
    `low` to `high`. Lines that only touch the envelope in a point are left out; of equal lines
    the first is kept.
    """
    value = internal - low * expected
    # of lines that meet at `low`, the flattest is highest beyond it
    best = value >= value.max() - _ROUNDING * np.abs(internal).max()
    flattest = best & (expected <= expected[best].min() * (1 + _ROUNDING))
    current = int(np.flatnonzero(flattest)[0])
    order, bounds = [current], [low]
    while True:
        flatter = np.flatnonzero(expected < expected[current] * (1 - _ROUNDING))
        if not flatter.size:
            break
        crossing = (internal[current] - internal[flatter]) / (expected[current] - expected[flatter])
        crossing = np.maximum(crossing, bounds[-1])
        # equal lines differ by rounding: of all that cross here, the first flattest follows
        here = flatter[crossing <= crossing.min() * (1 + _ROUNDING)]
        following = here[expected[here] <= expected[here].min() * (1 + _ROUNDING)]
        at = float(crossing.min())
        if at >= high:
            break
        current = int(following[0])
        if at <= bounds[-1] * (1 + _ROUNDING):
            order[-1] = current
        else:
            order.append(current)
            bounds.append(at)
    return order, [*bounds, high]


@dataclass(eq=False)
class PartitionLines:
    """Distinct partitions of all runs as lines in γ, with the memberships of admissible ones."""

    prepared: Prepared
    quality: str
    low: float
    high: float
    rows: list[dict[str, Any]] = field(default_factory=list)
    number: dict[bytes, int] = field(default_factory=dict)
    kept: dict[int, Codes] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)

    def add_partitions(self, memberships: Codes, *, runs: int = 1) -> int:
        """Add the partitions of one γ, one per row; returns how many are distinct."""
        seen = set()
        for membership in memberships:
            codes = np.ascontiguousarray(membership)
            key = hashlib.blake2b(codes.data, digest_size=16).digest()
            seen.add(key)
            if key not in self.number:
                self.number[key] = len(self.rows)
                self.kept[len(self.rows)] = codes.copy()
                self.rows.append(self._line_row(codes))
            self.rows[self.number[key]]["runs"] += runs
        internal, expected = (
            np.array([row[name] for row in self.rows]) for name in ("internal", "expected")
        )
        self.order, self.bounds = upper_envelope(internal, expected, self.low, self.high)
        # a line below the envelope stays below it: more partitions can only raise it
        self.kept = {i: self.kept[i] for i in self.order}
        return len(seen)

    def _line_row(self, codes: Codes) -> dict[str, Any]:
        internal, expected = quality_line(self.prepared, codes, self.quality)
        sizes = np.bincount(codes)
        return {
            "partition": len(self.rows),
            "internal": internal,
            "expected": expected,
            "communities": int(sizes.size),
            "largest": float(sizes.max() / codes.size),
            "alone": float((sizes == 1).sum() / codes.size),
            "runs": 0,
        }

    def to_frame(self) -> pl.DataFrame:
        """One row per distinct partition, with its domain or null."""
        index = {number: domain for domain, number in enumerate(self.order)}
        domains = [index.get(row["partition"]) for row in self.rows]
        return pl.DataFrame(self.rows).with_columns(pl.Series("domain", domains, dtype=pl.Int64))


#: Least size of a part that counts: any chain splits off pairs at its ends.
_LEAST = 3


def resolution_limit(
    graph: GraphLike,
    partition: Partition,
    *,
    resolution: float | None = None,
    runs: int = 5,
    engine: str | None = None,
    rng: RNGLike | None = None,
) -> pl.DataFrame:
    r"""Communities of a modularity partition that may hide smaller ones (resolution limit).

    Modularity joins two groups as soon as one edge more than expected runs between them,
    and in a large graph less than one is expected between any two small groups. A community
    with fewer than :math:`\sqrt{2L}` internal edges, L being all edges, may therefore hide
    smaller ones however clear they are [1]_. With weights, W their sum and
    :math:`\bar w = W / L` that of a typical edge, and at resolution γ, the same argument
    gives :math:`\sqrt{2 W \bar w / \gamma}`, also for directed graphs.

    The bound alone is not evidence: a community below it may be genuine, and one above it may
    hide many. A community *hides* smaller ones if modularity splits it when it is partitioned
    alone, in runs that agree (mean AMI ≥ 0.75), and if at least two of the parts have three
    nodes or more, are below the bound, and are communities in the whole graph: more than half
    of their strength stays inside (the weak definition of Radicchi et al. [2]_). Parts that
    depend on the run, as in a random graph, and parts with more strength to the rest than
    inside, as in small social networks, do not count; so smaller communities that keep less
    than half of their edges are not found either. Chains, trees and lattices do split into
    parts on which runs agree, and are reported.

    Parameters
    ----------
    graph
        Weights of zero or more.
    partition
        Communities of its nodes, usually of :func:`graphkit.leiden` with modularity; its ids
        must hold every node of the graph that has an edge.
    resolution
        γ; by default that of the partition, or 1 where it has none.
    runs
        Runs of Leiden on each community alone; agreement needs two.
    engine
        As in :func:`graphkit.leiden`.
    rng
        Seed of the runs.

    Returns
    -------
    polars.DataFrame
        One row per community: community, label, size, internal (weight), bound, below
        (whether internal < bound), parts (when partitioned alone; 1 if it has no edge),
        agreement (mean AMI of these runs; null for fewer than two), weak
        (parts of three nodes or more that are communities in the whole graph and below the
        bound), hides.

    Raises
    ------
    DataError
        If the partition was found by CPM, which has no such limit, or lacks nodes of the
        graph, or the graph cannot be partitioned.
    OptionError
        For a resolution or a number of runs out of range.

    References
    ----------
    .. [1] Fortunato, S. & Barthélemy, M. (2007). Resolution limit in community detection.
       Proceedings of the National Academy of Sciences, 104, 36–41.
       doi:10.1073/pnas.0605965104
    .. [2] Radicchi, F., Castellano, C., Cecconi, F., Loreto, V. & Parisi, D. (2004). Defining
       and identifying communities in networks. Proceedings of the National Academy of
       Sciences, 101, 2658–2663. doi:10.1073/pnas.0400054101

    Examples
    --------
    Thirty triangles in a ring, taken in pairs, and one by one:

    >>> nodes = np.arange(90)
    >>> inside = 3 * (nodes // 3) + (nodes + 1) % 3
    >>> ends, starts = nodes[2::3], (nodes[::3] + 3) % 90
    >>> g = Graph.from_edges([*nodes, *ends], [*inside, *starts], directed=False)
    >>> pairs = Partition.from_membership(range(90), nodes // 6)
    >>> resolution_limit(g, pairs, rng=1).row(0, named=True)["hides"]
    True
    >>> single = Partition.from_membership(range(90), nodes // 3)
    >>> resolution_limit(g, single, rng=1).get_column("hides").any()
    False
    """
    checks.require_partition(partition, caller="resolution_limit")
    if partition.quality_function == "cpm":
        raise DataError(
            "resolution_limit: the partition was found by CPM, which has no resolution limit: "
            "give one that modularity found."
        )
    asked = resolution if resolution is not None else partition.resolution
    gamma = checks.check_resolution(asked) or 1.0
    runs = check_integer("runs", runs, 1)
    graph = as_graph(graph, "resolution_limit")
    prepared = checks.prepare(graph, caller="resolution_limit")
    codes = partition.vocabulary.lookup(graph.vocabulary)[prepared.nodes]
    if (codes < 0).any():
        missing = graph.vocabulary.ids[prepared.nodes[codes < 0]].tolist()
        raise DataError(
            f"resolution_limit: node {missing[0]!r} of the graph is not in the partition "
            f"({len(missing):,} such nodes): use a partition of this graph."
        )
    out, into = prepared.strengths()
    strength = out + into if prepared.directed else out
    bound = float(prepared.weight.sum()) * math.sqrt(2 / (gamma * prepared.weight.size))
    find = partial(leiden, engine=engine, runs=runs)
    streams = Streams(rng)
    count = partition.n_communities
    pieces = _community_subgraphs(prepared, partition.membership[codes], count)
    rows: list[tuple[float, int, float | None, int]] = []
    for community, (nodes, piece) in enumerate(track(pieces, "resolution limit", count)):
        if piece is None:
            rows.append((0.0, 1, None, 0))
            continue
        seed = streams.integer("resolution_limit", community)
        split = find(piece, resolution=gamma, rng=seed)
        parts = split.membership
        source, target, weight = piece.edge_arrays()
        same = parts[source] == parts[target]
        kept = np.bincount(parts[source[same]], weight[same], minlength=split.n_communities)
        touched = parts >= 0
        held = np.bincount(parts[touched], weights=strength[nodes[touched]])
        # internal edges count at both ends, so that half of the strength is 2·kept
        real = (split.sizes >= _LEAST) & (kept < bound) & (4 * kept > held)
        agreement = None if math.isnan(split.stability) else split.stability
        rows.append((piece.total_weight, split.n_communities, agreement, int(real.sum())))
    schema = {"internal": pl.Float64, "parts": pl.Int64, "agreement": pl.Float64, "weak": pl.Int64}
    found = pl.DataFrame(rows, schema=schema, orient="row")
    hides = (pl.col("weak") >= 2) & (pl.col("agreement") >= AGREE)
    return pl.DataFrame(community_columns(partition)).hstack(
        found.select(
            "internal",
            pl.lit(bound).alias("bound"),
            (pl.col("internal") < bound).alias("below"),
            "parts",
            "agreement",
            "weak",
            hides.fill_null(False).alias("hides"),
        )
    )


def _community_subgraphs(
    prepared: Prepared, membership: Codes, count: int
) -> Iterator[tuple[Counts, Graph | None]]:
    """Nodes and induced subgraph of each community; `None` if it has no edge.

    Edges are sorted by community once, so that all subgraphs together cost one pass.
    """
    local = np.empty(prepared.size, dtype=np.int64)
    order = np.argsort(membership, kind="stable")
    starts = np.searchsorted(membership[order], np.arange(count + 1))
    local[order] = np.arange(prepared.size)
    first, second = membership[prepared.source], membership[prepared.target]
    of_edge = np.where(first == second, first, -1)
    edges = np.argsort(of_edge, kind="stable")
    cuts = np.searchsorted(of_edge[edges], np.arange(count + 1))
    for community in range(count):
        start = starts[community]
        nodes = order[start : starts[community + 1]]
        inside = edges[cuts[community] : cuts[community + 1]]
        if not inside.size:
            yield nodes, None
            continue
        source, target = (local[e[inside]] - start for e in (prepared.source, prepared.target))
        weight, ids, directed = prepared.weight[inside], range(nodes.size), prepared.directed
        yield nodes, Graph.from_edges(source, target, weight, directed=directed, nodes=ids)


@dataclass(frozen=True, repr=False, eq=False)
class ResolutionProfile(Frozen, title="Resolution profile"):
    """Partitions of a graph over a range of resolutions, and the domain of γ of each.

    Attributes
    ----------
    quality_function
        ``"modularity"`` or ``"cpm"``.
    frame
        One row per resolution γ that was run, ascending: resolution, communities (of the
        best run), quality (of the best run), stability (mean AMI over pairs of runs; null
        for a single run), distinct (different partitions among the runs), largest (share of
        the nodes that have an edge), alone (share of them in a community of their own),
        domain (index of the domain that γ falls in), optimal_quality (at γ, of that
        domain's partition: above `quality` where a run at another γ found a better one).
    domains
        One row per admissible partition, by γ, ascending: domain (its index, also in
        `partitions`), low, high (the γ between which no partition found is better), width
        (log₁₀ high/low, in decades), communities, largest, alone, points (γ that were run
        inside), stability (mean of theirs; null where there are none), trivial (one
        community per connected component, or one per node), internal, expected (its
        quality at γ is internal − γ·expected). The domains follow on each other and cover
        the range.
    found
        One row per distinct partition found, and the two trivial ones: partition, internal,
        expected, communities, largest, alone, runs (that found it), domain (null if it is not
        admissible).
    partitions
        The admissible partitions, in the order of `domains`. `resolution` is the γ nearest to
        the middle of the domain among those that were run inside it; `runs` are the runs there,
        and `quality` is at that γ. A domain without such a γ has its middle, and no runs.
    suggestion
        Index of the suggested domain, or `None`.
    limit
        The result of :func:`graphkit.communities.resolution_limit` for the partition that
        is best at γ = 1; `None` for CPM, or where 1 is outside the range.
    provenance
        How the profile was made.
    """

    quality_function: str
    frame: pl.DataFrame
    domains: pl.DataFrame
    found: pl.DataFrame
    partitions: tuple[Partition, ...]
    suggestion: int | None
    limit: pl.DataFrame | None = None
    provenance: Provenance = field(default_factory=lambda: Provenance("resolution_profile"))

    @property
    def low(self) -> float:
        """The lowest γ of the range."""
        low: float = self.domains.item(0, "low")
        return low

    @property
    def high(self) -> float:
        """The highest γ of the range."""
        high: float = self.domains.item(-1, "high")
        return high

    @property
    def suggested(self) -> Partition | None:
        """The partition of the suggested domain; `None` where there is none."""
        return None if self.suggestion is None else self.partitions[self.suggestion]

    def at(self, resolution: float) -> Partition:
        """The best partition found for a resolution inside the range.

        Where two domains meet, both partitions are equally good, and the coarser is returned.

        Raises
        ------
        OptionError
            If the resolution is outside the range that was scanned.
        """
        if not self.low <= resolution <= self.high:
            raise OptionError(
                f"resolution={resolution!r} is outside the range that was scanned, "
                f"{self.low:.4g} to {self.high:.4g}: scan a wider one with resolutions=(low, high)."
            )
        return self.partitions[int((self.domains.get_column("high") < resolution).sum())]

    def _facts(self) -> dict[str, object]:
        counts = self.frame.get_column("communities").to_list()
        facts: dict[str, object] = {
            "quality": self.quality_function,
            "resolutions": f"{self.frame.height} from {self.low:.4g} to {self.high:.4g}",
            "communities": " to ".join(f"{n:,}" for n in (min(counts), max(counts))),
            "distinct partitions": self.found.height,
            "best somewhere": self.domains.height,
        }
        if self.suggestion is None:
            facts["suggested"] = "none: no partition lasts over a range of γ in which runs agree"
        else:
            row = self.domains.row(self.suggestion, named=True)
            facts["suggested"] = (
                f"{row['communities']:,} communities, best from {row['low']:.3g} to "
                f"{row['high']:.3g}, agreement of runs {row['stability']:.2f}"
            )
        if self.limit is not None:
            hidden = int(self.limit.get_column("hides").sum())
            facts["hide smaller ones at γ = 1"] = f"{hidden:,} of {self.limit.height:,} communities"
        return facts

    def _table(self) -> pl.DataFrame:
        return self.domains.drop("internal", "expected")


def resolution_profile(
    graph: GraphLike,
    *,
    quality: str = "modularity",
    resolutions: tuple[float, float] | Sequence[float] | Floats | None = None,
    steps: int = 20,
    runs: int = 10,
    engine: str | None = None,
    rng: RNGLike | None = None,
) -> ResolutionProfile:
    r"""Communities over a range of resolutions γ, and the γ over which each partition is best.

    Leiden runs at each γ. For any partition, modularity and CPM are linear in γ,
    internal − γ·expected, so that a partition found at one γ can be evaluated at all others:
    the upper envelope of the lines of all distinct partitions gives the *admissible* ones, and
    the domain in which each is the best that was found (CHAMP [1]_). The two trivial
    partitions, one community per connected component and one per node, are included. All
    memberships of all runs are in memory until the end, 4 bytes per node.

    *Suggested* is the widest domain, in log γ, among those that are not trivial, leave less
    than half of the nodes alone, hold two or more of the γ that were run, and whose runs
    agree there (mean AMI ≥ 0.75). In a wide domain the partition does not depend on the choice
    of γ, with agreement it does not depend on the seed; random graphs have the one without the
    other. There may be no such domain, and in a graph with nested communities there are
    several: inspect all before choosing one.

    For modularity, the partition that is best at γ = 1 is examined by
    :func:`graphkit.communities.resolution_limit`, and a warning is given if it hides smaller
    communities.

    Parameters
    ----------
    graph
        Weights of zero or more.
    quality
        ``"modularity"`` or ``"cpm"``, as in :func:`graphkit.leiden`.
    resolutions
        A tuple (low, high): the range of γ; any other sequence: the γ themselves, two or
        more. By default the range starts at a tenth of the default resolution (1 for
        modularity, the density for CPM) and ends where communities splinter: where half of
        all weight is in edges that would no longer join even two single nodes, the weighted
        median of :math:`m w_{ij} / k_i k_j` (twice that if undirected), or of
        :math:`w_{ij}` for CPM.
    steps
        Number of γ in a range, evenly spaced in log γ; the inner one nearest to the default
        resolution is moved onto it.
    runs
        Runs of Leiden at each γ; with one there is no agreement, and no suggestion.
    engine
        As in :func:`graphkit.leiden`.
    rng
        Seed of the runs; those at one γ do not depend on the others.

    Returns
    -------
    ResolutionProfile
        With `frame` (per γ), `domains` (per admissible partition), `partitions`,
        `suggested`, and ``at(resolution)``.

    Raises
    ------
    DataError
        If the graph cannot be partitioned, see :func:`graphkit.leiden`.
    OptionError
        For an unknown quality or engine, or for resolutions, steps or runs out of range.

    Warns
    -----
    GraphkitWarning
        If modularity at γ = 1 is at its resolution limit.

    References
    ----------
    .. [1] Weir, W. H., Emmons, S., Gibson, R., Taylor, D. & Mucha, P. J. (2017).
       Post-processing partitions to identify domains of modularity optimization.
       Algorithms, 10, 93. doi:10.3390/a10030093

    Examples
    --------
    Two triangles joined by one edge are two communities from γ = 2/7 to 7/4, and triangles
    split only where no edge gains any more:

    >>> g = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    >>> profile = resolution_profile(g, resolutions=(0.1, 5), rng=1)
    >>> row = profile.domains.row(profile.suggestion, named=True)
    >>> row["communities"], round(row["low"], 4)
    (2, 0.2857)
    """
    check_choice("quality", quality, checks.LINEAR)
    runs = check_integer("runs", runs, 1)
    graph = as_graph(graph, "resolution_profile")
    prepared = checks.prepare(graph, caller="resolution_profile")
    grid = _resolution_grid(prepared, quality, resolutions, steps)
    find = partial(leiden, engine=engine, quality=quality, runs=runs)
    streams = Streams(rng)
    found = PartitionLines(prepared, quality, float(grid[0]), float(grid[-1]))
    whole = canonical_membership(split_disconnected(prepared, np.zeros(prepared.size, np.int32)))
    found.add_partitions(np.stack([whole, np.arange(prepared.size, dtype=np.int32)]), runs=0)
    views: list[Partition] = []
    distinct: list[int] = []
    for gamma in track(grid.tolist(), "resolution profile", grid.size):
        # seeded by γ itself, so that another grid draws the same
        seed = streams.integer("resolution_profile", float(gamma).hex())
        view = find(graph, resolution=gamma, rng=seed)
        views.append(view)
        assert view.runs is not None
        distinct.append(found.add_partitions(view.runs.memberships[:, prepared.nodes]))
    used = views[0].provenance
    parameters = {"quality": quality, "resolutions": grid.tolist(), "runs": runs}
    provenance = Provenance.of(
        "resolution_profile",
        parameters | {"engine": used.parameters.get("engine")},
        seed=streams.seed,
        made_from=(graph,),
        removed=prepared.removed,
        packages=tuple(name for name in used.versions if name != "graphkit"),
    )
    domains = _domain_table(found, grid, views)
    partitions = tuple(
        _domain_partition(graph, found, views, row, provenance)
        for row in domains.iter_rows(named=True)
    )
    limit = None
    if quality == "modularity" and grid[0] <= 1 <= grid[-1]:
        here = partitions[int((domains.get_column("high") < 1).sum())]
        seed = streams.integer("resolution_limit")
        limit = resolution_limit(graph, here, resolution=1.0, engine=engine, rng=seed)
        hidden = int(limit.get_column("hides").sum())
        if hidden:
            warn(
                f"modularity at γ = 1 is at its resolution limit: {hidden:,} of its "
                f"{limit.height:,} communities split into smaller ones when partitioned alone, which "
                'it cannot resolve in a graph of this size. Take quality="cpm", which has no '
                "such limit, or a higher resolution; the profile's `limit` lists the communities."
            )
    scan = _scan_table(found, grid, views, distinct, domains)
    suggestion, lines = _suggest_domain(domains), found.to_frame()
    return ResolutionProfile(
        quality, scan, domains, lines, partitions, suggestion, limit, provenance
    )


def _resolution_grid(
    prepared: Prepared,
    quality: str,
    resolutions: tuple[float, float] | Sequence[float] | Floats | None,
    steps: int,
) -> Floats:
    """The distinct γ to be run, ascending."""
    default = resolve_resolution(prepared, quality, None)
    if resolutions is None:
        low = default / 10
        resolutions = (low, max(_splinter_resolution(prepared, quality), 10 * low))
    ranged = isinstance(resolutions, tuple)
    if isinstance(resolutions, str) or np.ndim(resolutions) != 1:
        raise OptionError(
            f"resolutions={resolutions!r} must be a range (low, high) or a list of numbers above 0."
        )
    values = [checks.check_resolution(value) for value in resolutions]
    grid = np.unique(np.array([value for value in values if value is not None]))
    if len(values) != len(resolutions) or grid.size < 2 or (ranged and len(values) != 2):
        raise OptionError(
            f"resolutions={resolutions!r} must be a range (low, high) with low < high, or a list "
            "of two or more different numbers."
        )
    if not ranged:
        return grid
    if values != grid.tolist():
        raise OptionError(f"resolutions={resolutions!r}: a range needs low < high.")
    grid = np.geomspace(grid[0], grid[1], check_integer("steps", steps, 2))
    grid[[0, -1]] = values
    inner = np.abs(np.log(grid[1:-1] / default))
    if inner.size and grid[0] < default < grid[-1]:
        grid[1 + int(np.argmin(inner))] = default
    return np.unique(grid)


def _splinter_resolution(prepared: Prepared, quality: str) -> float:
    """γ at which half of the weight is in edges that would not join even two single nodes."""
    even = prepared.weight
    if quality == "modularity":
        out, into = prepared.strengths()
        total = float(prepared.weight.sum())
        both = total if prepared.directed else 2 * total
        shares = (out[prepared.source] / both) * (into[prepared.target] / both)
        even = prepared.weight / both / shares
    order = np.argsort(even, kind="stable")
    weight = np.cumsum(prepared.weight[order])
    return float(even[order[np.searchsorted(weight, weight[-1] / 2)]])


def _domain_table(found: PartitionLines, grid: Floats, views: list[Partition]) -> pl.DataFrame:
    """One row per admissible partition."""
    stability = np.array([view.stability for view in views])
    rows = []
    for domain, number in enumerate(found.order):
        low, high = found.bounds[domain : domain + 2]
        inside = (grid >= low) & (grid <= high)
        agreed = stability[inside]
        width = math.log10(high / low)
        row: dict[str, Any] = {"domain": domain, "low": low, "high": high, "width": width}
        row |= {name: found.rows[number][name] for name in ("communities", "largest", "alone")}
        row["points"] = int(inside.sum())
        row["stability"] = None if np.isnan(agreed).all() else float(agreed.mean())
        row["trivial"] = number < 2
        rows.append(row | {name: found.rows[number][name] for name in ("internal", "expected")})
    return pl.DataFrame(rows, schema_overrides={"stability": pl.Float64})


def _scan_table(
    found: PartitionLines,
    grid: Floats,
    views: list[Partition],
    distinct: list[int],
    domains: pl.DataFrame,
) -> pl.DataFrame:
    """One row per γ that was run."""
    high = domains.get_column("high").to_numpy()
    domain = np.minimum(np.searchsorted(high, grid), domains.height - 1)
    internal, expected = (domains.get_column(c).to_numpy() for c in ("internal", "expected"))
    sizes = [view.sizes for view in views]
    return pl.DataFrame(
        {
            "resolution": grid,
            "communities": [view.n_communities for view in views],
            "quality": [view.quality for view in views],
            "stability": pl.Series([view.stability for view in views]).fill_nan(None),
            "distinct": distinct,
            "largest": [float(s[0]) / found.prepared.size for s in sizes],
            "alone": [float((s == 1).sum()) / found.prepared.size for s in sizes],
            "domain": domain,
            "optimal_quality": internal[domain] - grid * expected[domain],
        }
    )


def _domain_partition(
    graph: Graph,
    found: PartitionLines,
    views: list[Partition],
    row: dict[str, Any],
    provenance: Provenance,
) -> Partition:
    """Partition of a domain, with the runs at the γ nearest to its middle."""
    middle = math.sqrt(row["low"] * row["high"])
    gammas = [view.resolution for view in views if view.resolution is not None]
    inside = [i for i, gamma in enumerate(gammas) if row["low"] <= gamma <= row["high"]]
    nearest = min(inside, key=lambda i: abs(math.log(gammas[i] / middle)), default=None)
    gamma = middle if nearest is None else gammas[nearest]
    membership = found.kept[found.order[row["domain"]]]
    return Partition(
        graph.vocabulary,
        found.prepared.expand_nodes(membership, -1),
        quality=row["internal"] - gamma * row["expected"],
        quality_function=found.quality,
        resolution=gamma,
        runs=None if nearest is None else views[nearest].runs,
        node_kind=graph.node_kind,
        provenance=provenance,
    )


def _suggest_domain(domains: pl.DataFrame) -> int | None:
    """The widest domain that is nontrivial, with runs that agree and two or more γ, or `None`."""
    agreed = (pl.col("stability") >= AGREE) & (pl.col("points") >= 2)
    lasting = domains.filter(~pl.col("trivial"), pl.col("alone") < 0.5, agreed)
    if not lasting.height:
        return None
    return int(lasting.sort("width", descending=True, maintain_order=True).item(0, "domain"))

"""Communities from coarse to fine: Leiden over a range of resolutions, and what lasts."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities import prepare as checks
from graphkit.communities._champ import Found
from graphkit.communities._engines import connected
from graphkit.communities.leiden import leiden
from graphkit.communities.limit import resolution_limit
from graphkit.communities.quality import resolved
from graphkit.data.graph import Graph
from graphkit.data.membership import STABLE, canonical_membership
from graphkit.data.partition import Partition
from graphkit.data.profile import ResolutionProfile
from graphkit.data.provenance import Provenance
from graphkit.errors import GraphkitWarning, OptionError, check_choice, check_integer
from graphkit.parallel import track
from graphkit.rng import RNGLike, Streams

__all__ = ["resolution_profile"]

Floats = npt.NDArray[np.float64]


def resolution_profile(
    graph: Graph,
    *,
    quality: str = "modularity",
    resolutions: tuple[float, float] | Sequence[float] | Floats | None = None,
    steps: int = 20,
    runs: int = 10,
    engine: str | None = None,
    rng: RNGLike | None = None,
) -> ResolutionProfile:
    r"""Communities over a range of resolutions γ, and the γ over which each partition is best.

    Leiden runs at each γ. For any one partition, modularity and CPM fall with γ along a
    straight line, internal − γ·expected, so that a partition found at one γ can be judged at
    all others: the upper envelope of the lines of all distinct partitions gives the
    *admissible* ones, and the domain in which each is the best that was found (CHAMP [1]_).
    The two trivial partitions, one community per connected component and one per node,
    compete as well. All memberships of all runs are in memory until the end, 4 bytes a node.

    *Suggested* is the widest domain, in log γ, among those that are not trivial, leave less
    than half of the nodes alone, hold two or more of the γ that were run, and whose runs
    agree there (mean AMI ≥ 0.75). A wide domain says that the partition does not hang on the
    choice of γ, agreement that it does not hang on the seed; random graphs have the one
    without the other. There may be none, and in a graph with communities within communities
    there are several such domains: look at all before taking one.

    For modularity, the partition that is best at γ = 1 is examined by
    :func:`graphkit.communities.resolution_limit`, and a warning says if it hides smaller
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
        Runs of Leiden at each γ; with one there is no stability, and no suggestion.
    engine
        As in :func:`graphkit.leiden`; its default where absent.
    rng
        Seed of the runs; those at one γ do not depend on which others are run.

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
    fall apart only where edges no longer pay:

    >>> g = Graph.from_edges("aabcdde", "bccdeff", directed=False)
    >>> profile = resolution_profile(g, resolutions=(0.1, 5), rng=1)
    >>> row = profile.domains.row(profile.suggestion, named=True)
    >>> row["communities"], round(row["low"], 4)
    (2, 0.2857)
    """
    check_choice("quality", quality, checks.LINEAR)
    runs = check_integer("runs", runs, 1)
    prepared = checks.prepare(graph, verb="resolution_profile")
    grid = _grid(prepared, quality, resolutions, steps)
    find = leiden if engine is None else partial(leiden, engine=engine)
    streams = Streams(rng)
    found = Found(prepared, quality, float(grid[0]), float(grid[-1]))
    whole = canonical_membership(connected(prepared, np.zeros(prepared.size, np.int32)))
    found.add(np.stack([whole, np.arange(prepared.size, dtype=np.int32)]), runs=0)
    views: list[Partition] = []
    distinct: list[int] = []
    for gamma in track(grid.tolist(), "resolution profile", grid.size):
        # named by its own value, so that another grid draws the same for it
        seed = streams.integer("resolution_profile", float(gamma).hex())
        view = find(graph, quality=quality, resolution=gamma, runs=runs, rng=seed)
        views.append(view)
        assert view.runs is not None
        distinct.append(found.add(view.runs.memberships[:, prepared.nodes]))
    used = views[0].provenance
    parameters = {
        "quality": quality, "resolutions": grid.tolist(), "runs": runs,
        "engine": used.parameters.get("engine"),
    }  # fmt: skip
    packages = tuple(name for name in used.versions if name != "graphkit")
    provenance = Provenance.of(
        "resolution_profile", parameters, seed=streams.seed, made_from=(graph,),
        removed=prepared.removed, packages=packages,
    )  # fmt: skip
    domains = _domains(found, grid, views)
    partitions = tuple(
        _admissible(graph, found, views, row, provenance) for row in domains.iter_rows(named=True)
    )
    limit = None
    if quality == "modularity" and grid[0] <= 1 <= grid[-1]:
        here = partitions[int((domains.get_column("high") < 1).sum())]
        seed = streams.integer("resolution_limit")
        limit = resolution_limit(graph, here, resolution=1.0, engine=engine, rng=seed)
        hidden = int(limit.get_column("hides").sum())
        if hidden:
            warnings.warn(
                f"modularity at γ = 1 is at its resolution limit: {hidden:,} of its "
                f"{limit.height:,} communities fall into smaller ones when looked at alone, which "
                'it cannot tell apart in a graph of this size. Take quality="cpm", which has no '
                "such limit, or a higher resolution; which communities these are stands in the "
                "profile's `limit`.",
                GraphkitWarning,
                stacklevel=2,
            )
    return ResolutionProfile(
        quality, _frame(found, grid, views, distinct, domains), domains, found.frame(),
        partitions, _suggestion(domains), limit, provenance,
    )  # fmt: skip


def _grid(
    prepared: checks.Prepared,
    quality: str,
    resolutions: tuple[float, float] | Sequence[float] | Floats | None,
    steps: int,
) -> Floats:
    """The γ to be run, ascending, each once."""
    default = resolved(prepared, quality, None)
    if resolutions is None:
        low = default / 10
        resolutions = (low, max(_splinters(prepared, quality), 10 * low))
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


def _splinters(prepared: checks.Prepared, quality: str) -> float:
    """γ at which half of the weight is in edges that would not join even two single nodes."""
    even = prepared.weight
    if quality == "modularity":
        out, into = prepared.strengths()
        total = float(prepared.weight.sum())
        mass = total if prepared.directed else 2 * total
        shares = (out[prepared.tail] / mass) * (into[prepared.head] / mass)
        even = prepared.weight / mass / shares
    order = np.argsort(even, kind="stable")
    weight = np.cumsum(prepared.weight[order])
    return float(even[order[np.searchsorted(weight, weight[-1] / 2)]])


def _domains(found: Found, grid: Floats, views: list[Partition]) -> pl.DataFrame:
    """One row per admissible partition."""
    stability = np.array([view.stability for view in views])
    rows = []
    for place, number in enumerate(found.order):
        low, high = found.bounds[place : place + 2]
        inside = (grid >= low) & (grid <= high)
        agreed = stability[inside]
        row = found.rows[number]
        rows.append(
            {
                "domain": place, "low": low, "high": high, "width": math.log10(high / low),
                "communities": row["communities"], "largest": row["largest"],
                "alone": row["alone"], "points": int(inside.sum()),
                "stability": None if np.isnan(agreed).all() else float(agreed.mean()),
                "trivial": number < 2, "internal": row["internal"], "expected": row["expected"],
            }
        )  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"stability": pl.Float64})


def _frame(
    found: Found,
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


def _admissible(
    graph: Graph,
    found: Found,
    views: list[Partition],
    row: dict[str, Any],
    provenance: Provenance,
) -> Partition:
    """The partition of a domain, with the runs at the γ nearest to its middle."""
    middle = math.sqrt(row["low"] * row["high"])
    gammas = [view.resolution for view in views if view.resolution is not None]
    inside = [i for i, gamma in enumerate(gammas) if row["low"] <= gamma <= row["high"]]
    nearest = min(inside, key=lambda i: abs(math.log(gammas[i] / middle)), default=None)
    gamma = middle if nearest is None else gammas[nearest]
    membership = np.full(graph.n_nodes, -1, dtype=np.int32)
    membership[found.prepared.nodes] = found.kept[found.order[row["domain"]]]
    return Partition(
        graph.vocabulary,
        membership,
        quality=row["internal"] - gamma * row["expected"],
        quality_function=found.quality,
        resolution=gamma,
        runs=None if nearest is None else views[nearest].runs,
        node_kind=graph.node_kind,
        provenance=provenance,
    )


def _suggestion(domains: pl.DataFrame) -> int | None:
    """The widest domain that is neither trivial nor unstable, nor seen at one γ only."""
    lasting = domains.filter(
        ~pl.col("trivial"),
        pl.col("alone") < 0.5,
        pl.col("stability") >= STABLE,
        pl.col("points") >= 2,
    )
    if not lasting.height:
        return None
    return int(lasting.sort("width", descending=True, maintain_order=True).item(0, "domain"))

"""Cost of a projection before it is computed, and its sensitivity to `max_degree`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from time import perf_counter

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.incidence import Incidence, IncidenceMatrix
from graphkit.data.provenance import Provenance
from graphkit.errors import OptionError, check_integer, warn
from graphkit.graphs import projection as product
from graphkit.graphs.options import Ints, ProjectionOptions, gather_interactions, memory_budget
from graphkit.graphs.projection import PairLists, Prepared, Projection, RowProduct
from graphkit.parallel import cores, track

__all__ = ["ProjectionPlan", "cap_sensitivity", "plan"]

#: Seconds above which a projection warns before it starts, and the entries to read, per core,
#: below which it cannot take as long: their time is not estimated.
LONG, LONG_WORK = 120.0, 1 << 30

#: Edges per tag above which a projection of tags without `top` may glue topics together: with 41
#: the planted topics of the bundled platform are found exactly, with 151 at a precision of 0.7.
DENSE = 50

#: Entries read for an estimate, and the number of segments of rows that hold them.
SAMPLE, PLACES = 1 << 21, 64


@dataclass(frozen=True)
class Sample:
    """Entries of the rows before they are made symmetric, and seconds of one core, estimated.

    Of whole rows these are half of the entries. `share` is the part of the work that was done.
    """

    kept: float
    seconds: float
    share: float


def sample_rows(work: RowProduct) -> Sample:
    """Compute evenly spread segments of rows of equal work, and scale up."""
    total = int(work.work.sum())
    if not total:
        return Sample(0.0, 0.0, 1.0)
    bounds = product.equal_cuts(work.work, SAMPLE // PLACES if total > SAMPLE else total)
    chosen = np.unique(np.linspace(0, bounds.size - 2, PLACES).astype(int))
    work.sample_rows(work.base, work.base + 1)  # compiles the kernels
    kept = seconds = done = rows = 0.0
    for first, end in zip(bounds[chosen].tolist(), bounds[chosen + 1].tolist(), strict=True):
        start = perf_counter()
        kept += float(work.sample_rows(first + work.base, end + work.base))
        seconds += perf_counter() - start
        done += float(work.work[first:end].sum())
        rows += end - first
    scale = total / max(done, 1.0)
    # with `top`, the entries kept scale with the number of rows more than with their work
    more = work.work.size / rows if work.top else scale
    if work.whole and not work.top:  # both ends of each edge
        kept = kept / 2
    return Sample(kept * more, seconds * scale, min(1.0, 1 / scale))


def without_entries(
    work: RowProduct, heavy: npt.NDArray[np.bool_], min_shared: int | None = None
) -> RowProduct:
    """The same product without some entries of its lists; sizes of actors are unchanged."""
    lists, rule = work.lists, work.rule
    assert isinstance(lists, PairLists)
    if heavy.any():
        lists = lists._replace(length=np.where(heavy, np.int32(0), lists.length))
    rule = rule._replace(min_shared=min_shared or rule.min_shared)
    return RowProduct(lists, rule, work.n, whole=work.whole)


def memory_needed(
    ready: Prepared, kept: float, pairs: int, *, top: bool, whole: bool = False
) -> int:
    """Bytes at the peak: of the lists, of the product with its results, or of symmetric rows.

    `kept` are the entries of the rows before they are made symmetric, 12 bytes each, from
    `pairs` distinct pairs of actor and object. `whole` rows are written into the result.
    """
    n, interactions, workers, entry = ready.product.n, ready.interactions, cores(), 12.0
    timed = not isinstance(ready.product.lists, PairLists)
    weighted = ready.product.rule.contribution.size > 0
    fixed = 16 * n + 16 * ready.degree.size
    listing = (120.0 if timed else 17.0) * interactions + (0.0 if timed else 24.0 * pairs) + fixed
    held = (36.0 if timed else 16.0) * (interactions if timed else pairs) + 8.0 * weighted * pairs
    scratch = workers * 32.0 * n
    space = min(kept, float(workers * product.SPACE)) * entry
    computing = held + scratch + kept * entry + min(space, 0.25 * kept * entry) + fixed
    if whole:
        computing, joining = held + scratch + 2 * kept * entry + fixed + 32 * n, 0.0
    elif top:  # rows, their mirror image, and at most twice as many entries in the union
        joining = (1 + 2 / 3 + 2) * kept * entry + min(space, kept * entry) / 2 + 32 * n
    else:
        joining = 2 * kept * entry + min(space + entry * product.BATCH, kept * entry) + 32 * n
    return int(max(listing, computing, joining))


@lru_cache(maxsize=1)
def seconds_to_mirror() -> float:
    """Seconds per edge to make rows symmetric, measured once."""
    n, each = 40_000, 50
    rng = np.random.default_rng(0)
    rows = np.arange(each, n)
    targets = np.sort(rng.integers(0, rows[:, None], (rows.size, each)), axis=1).astype(np.int32)
    lengths = np.where(np.arange(n) < each, 0, each)
    later = np.bincount(targets.ravel(), minlength=n)

    def run() -> float:
        piece = (0, n, targets.ravel(), np.ones(targets.size))
        block = product.Block(0, n, [piece], lengths, np.zeros(3, dtype=np.int64))
        start = perf_counter()
        product.mirror_blocks([block], later, cores())
        return perf_counter() - start

    return min(run() for _ in range(3)) / targets.size


def size_text(size: float) -> str:
    """Number of bytes as text, in GB or MB.

    Examples
    --------
    >>> size_text(4e9), size_text(2_500_000), size_text(10)
    ('4 GB', '2.5 MB', '0 MB')
    """
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{round(size / 1e6, 1):g} MB"


def time_text(seconds: float) -> str:
    """Length of time as text, in hours, minutes or seconds.

    Examples
    --------
    >>> time_text(9000), time_text(200), time_text(1.2)
    ('2.5 h', '3.3 min', '1.2 s')
    """
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return (
                f"{seconds / unit:.2g} {name}"
                if seconds < 100 * unit
                else (f"{seconds / unit:,.0f} {name}")
            )
    return f"{seconds:.2g} s" if seconds < 100 else f"{seconds:.0f} s"


def largest_cap(degree: Ints, cost: npt.NDArray[np.generic], most: float) -> int | None:
    """Largest `max_degree` at which the summed `cost` of the objects is at most `most`.

    `None` if not even objects of two actors fit, or if no cap is needed.

    Examples
    --------
    >>> largest_cap(np.array([5, 2, 9]), np.array([10, 1, 36]), most=20)
    5
    """
    order = np.argsort(degree, kind="stable")
    sizes = degree[order]
    total = np.cumsum(cost[order])
    last = np.flatnonzero(np.diff(sizes, append=-1))  # of each size
    fitting = last[(total[last] <= most) & (sizes[last] >= 2)]
    if not fitting.size or fitting[-1] == sizes.size - 1:
        return None
    return int(sizes[fitting[-1]])


@dataclass(frozen=True, repr=False, eq=False)
class ProjectionPlan(Frozen, title="Plan of a projection", table="caps"):
    """Work, time and memory of a projection, and the effect of lower caps.

    Attributes
    ----------
    entities, things
        Numbers of actors and objects.
    pairs
        Distinct pairs (actor, object) that are projected, after `max_degree`.
    wedges
        Pairs of actors that share an object, once per object: Σ k (k − 1) / 2 over the numbers
        of actors k of all objects; exact.
    edges, seconds
        Edges (exact where `sampled` is 1) and wall-clock time expected, from a sample of rows.
    memory, budget
        Bytes expected at the peak, above those of the data themselves, and bytes that may be used.
    sampled
        Share of the wedges that the estimates are based on, in (0, 1].
    caps
        One row per possible cap: max_degree, things_removed, pairs_removed,
        wedges, edges, memory, seconds, fits (the memory); the mildest first.
    others
        The same for other options: option, edges, memory, seconds, fits.
    provenance
        How the plan was made.
    """

    entities: int
    things: int
    pairs: int
    wedges: int
    edges: int
    seconds: float
    memory: int
    budget: int
    sampled: float
    caps: pl.DataFrame
    others: pl.DataFrame
    provenance: Provenance

    @property
    def fits(self) -> bool:
        """Whether the memory expected is within the budget."""
        return self.memory <= self.budget

    @property
    def advice(self) -> str:
        """Options under which the projection would fit in little time, as text.

        Those of up to two minutes come first, then the mildest, by memory; and of the caps one.
        """
        if self.fits and self.seconds <= LONG:
            return "it fits"
        ways = [
            (f"{row['option']}", "", row["memory"], row["seconds"])
            for row in self.others.filter("fits").iter_rows(named=True)
        ]
        caps = self.caps.filter("fits")
        quick = caps.filter(pl.col("seconds") <= LONG)
        for row in (quick if quick.height else caps).head(1).iter_rows(named=True):
            left = f"; leaves out {row['things_removed']:,} of {self.things:,} objects"
            ways.append((f"max_degree={row['max_degree']}", left, row["memory"], row["seconds"]))
        if self.fits:
            ways = [way for way in ways if way[3] <= LONG]
        ways.sort(key=lambda way: (way[3] > LONG, "max_degree" in way[0], -way[2]))
        texts = [
            f"{way} (about {size_text(memory)}"
            f"{f', {time_text(seconds)}' * (seconds > LONG or self.fits)}{left})"
            for way, left, memory, seconds in ways
        ]
        if self.fits:
            found = f"it fits, but would take about {time_text(self.seconds)}"
            return f"{found}; quicker: {', '.join(texts)}" if texts else found
        return "these would fit: " + ", ".join(texts) if texts else "no cap alone would fit"

    @property
    def note(self) -> str:
        """Warning of a projection that joins tags of many topics; else empty.

        Where most tags share few objects of many tags, communities of tags glue topics together
        unless each tag keeps its heaviest edges only; see `top` of
        :func:`graphkit.cointeraction_graph`.
        """
        asked = self.provenance.parameters
        each = 2 * self.edges / max(self.entities, 1)
        if asked.get("between") != "tags" or asked.get("top") is not None or each <= DENSE:
            return ""
        return (
            f"about {each:,.0f} edges per tag, most of them weak: communities may glue topics "
            "together; compare them with top=20 and top=50"
        )

    def _facts(self) -> dict[str, object]:
        note = {"note": self.note} if self.note else {}
        return note | {
            "entities": self.entities,
            "things": self.things,
            "pairs": self.pairs,
            "wedges": self.wedges,
            "edges expected": self.edges,
            "seconds expected": self.seconds,
            "memory expected": size_text(self.memory),
            "memory allowed": size_text(self.budget),
            "advice": self.advice,
        }


def plan(
    source: Dataset | IncidenceMatrix | Incidence,
    *,
    between: str = "accounts",
    through: str = "items",
    kinds: Collection[str] | None = None,
    weight: str = "count",
    min_shared: int = 1,
    max_degree: int | None = None,
    window: str | timedelta | None = None,
    top: int | None = None,
    mutual: bool = False,
    exclude: Iterable[str] = (),
    memory: int | str | None = None,
) -> ProjectionPlan:
    """Cost of ``cointeraction_graph`` with the same options, estimated from a sample of rows.

    The wedges, Σ k (k − 1) / 2 over the numbers of actors k of all objects, are counted
    exactly. A sample of rows of about two million wedges is computed, and edges and seconds are
    scaled up by wedges; the plan takes about as long as sorting the interactions. Memory
    follows from the expected edges.

    Parameters
    ----------
    source
        The dataset, or an incidence built from one, to which `between`, `through`, `kinds` and
        `exclude` have been applied already.
    between, through, kinds, weight, min_shared, max_degree, window, top, mutual, exclude, memory
        As in :func:`graphkit.cointeraction_graph`.

    Returns
    -------
    ProjectionPlan
        With a table of caps, halving from the most popular object down, the time of each, and
        whether it fits.

    Raises
    ------
    OptionError
        For an unknown side, kind or weight, or a number out of range.
    MissingDataError
        As in :func:`graphkit.cointeraction_graph`.

    Examples
    --------
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "b", "c", "a", "b"], "item_id": ["v", "v", "v", "w", "w"],
    ...     "kind": ["like"] * 5})
    >>> found = plan(ds, memory="1 GB")
    >>> found.wedges, found.edges, found.fits, found.sampled
    (4, 3, True, 1.0)
    """
    options = ProjectionOptions(
        *(between, through, kinds, window, exclude, weight, min_shared, max_degree),
        *(top, mutual, memory),
    )
    chosen = gather_interactions(source, options, caller="plan")
    n, m = len(chosen.found.between), len(chosen.found.through)
    budget, begin = memory_budget(memory), perf_counter()
    ready = product.prepare_product(chosen.rows, chosen.columns, n, m, options, chosen.at)
    made_from = () if isinstance(source, Incidence) else (source,)
    provenance = Provenance.of(
        "plan",
        chosen.parameters | {"memory": budget},
        made_from=made_from,
        packages=("numba", "numpy"),
    )
    return _make_plan(ready, budget, perf_counter() - begin, provenance)


def _make_plan(
    ready: Prepared, budget: int, listing: float, provenance: Provenance
) -> ProjectionPlan:
    """Plan of a prepared product, whose lists took `listing` seconds."""
    work = ready.product
    found = sample_rows(work)
    seconds = listing + _seconds_of(found, top=work.top > 0, whole=_whole(ready))
    return ProjectionPlan(
        *(work.n, int(np.count_nonzero(ready.degree)) + ready.capped_objects, ready.pairs),
        *(_count_wedges(ready.degree), _expected_edges(found.kept, top=work.top > 0), seconds),
        *(_memory_of(ready, found.kept), budget, found.share),
        *(_cap_table(ready, budget), _option_table(ready, budget, found), provenance),
    )


def check_budget(ready: Prepared, *, caller: str, silent: bool = False) -> None:
    """Raise an :class:`OptionError` with advice if the projection will not fit.

    If it is expected to take more than two minutes, a warning says so, unless `silent`. Rows are
    sampled only where the upper bound of the edges does not fit, or the entries to read are many.
    """
    budget, work = memory_budget(ready.options.memory), ready.product
    total = int(work.work.sum())
    pairs = work.n * (work.n - 1) / 2
    most = (
        min(total / 2, pairs) if _whole(ready) else min(float(total), (1 + (work.top > 0)) * pairs)
    )
    if work.top:
        most = min(most, float(work.n) * work.top)
    doubtful = _memory_of(ready, most) > budget
    slow = not silent and total > LONG_WORK * cores()
    if not doubtful and not slow:
        return
    found = sample_rows(work)
    if doubtful and _memory_of(ready, found.kept) > budget:
        found_plan = _make_plan(ready, budget, 0.0, Provenance("plan"))
        raise OptionError(
            f"{caller}: about {size_text(found_plan.memory)} would be needed for about "
            f"{found_plan.edges:,} edges ({found_plan.wedges:,} wedges), and {size_text(budget)} "
            f"may be used: {found_plan.advice}. Or allow more with memory=…; "
            "graphkit.graphs.plan shows the choices."
        )
    seconds = _seconds_of(found, top=work.top > 0, whole=_whole(ready))
    if slow and seconds > LONG:
        warn(
            f"{caller}: this will take about {time_text(seconds)}: "
            + _time_advice(ready, budget, found, seconds)
        )


def _time_advice(ready: Prepared, budget: int, found: Sample, seconds: float) -> str:
    """What brings the time down, from exact numbers of wedges where that is `max_degree`."""
    total = _count_wedges(ready.degree)
    quick = _option_table(ready, budget, found).filter(pl.col("seconds") <= LONG)
    texts = [
        f"{option} (about {time_text(each)})"
        for option, each in quick.select("option", "seconds").iter_rows()
    ]
    cap = largest_cap(ready.degree, ready.degree * (ready.degree - 1) // 2, total * LONG / seconds)
    if cap is not None:
        heavy = ready.degree > cap
        less = seconds * _count_wedges(ready.degree[~heavy]) / total
        texts.append(
            f"max_degree={cap} (about {time_text(less)}; leaves out {int(heavy.sum()):,} of "
            f"{int(np.count_nonzero(ready.degree)):,} objects)"
        )
    if ready.options.span is not None:
        texts.append("a shorter window=…")
    start = f"there are {total:,} pairs of actors with an object in common (wedges)"
    if not texts:
        return f"{start}, and no option alone brings it under two minutes: take part of the data."
    return f"{start}. Quicker: {', '.join(texts)}."


def _seconds_of(found: Sample, *, top: bool, whole: bool = False) -> float:
    """Wall-clock time of the product and, unless rows are `whole`, of making them symmetric."""
    if whole:
        return found.seconds / cores()
    return found.seconds / cores() + (2 if top else 1) * found.kept * seconds_to_mirror()


def _count_wedges(degree: Ints) -> int:
    return int((degree * (degree - 1) // 2).sum())


def _expected_edges(kept: float, *, top: bool) -> int:
    """Edges of the result; with `top`, both ends of an edge often keep it."""
    return round(0.9 * kept) if top else round(kept)


def _whole(ready: Prepared) -> bool:
    """Whether rows are computed whole, and all of them kept."""
    return ready.product.fills


def _memory_of(ready: Prepared, kept: float) -> int:
    return memory_needed(ready, kept, ready.pairs, top=ready.product.top > 0, whole=_whole(ready))


def _cap_table(ready: Prepared, budget: int) -> pl.DataFrame:
    """One row per cap, each half the one before."""
    degree, work = ready.degree, ready.product
    top = work.top > 0
    rows = []
    cap = int(degree.max(initial=0)) // 2
    entry_degree = work.degree_of_entries()
    whole = sample_rows(work) if entry_degree is None else Sample(0.0, 0.0, 1.0)
    wedges = max(1, _count_wedges(degree))
    while cap >= 2:
        heavy = degree > cap
        left, gone = _count_wedges(degree[~heavy]), int(degree[heavy].sum())
        if entry_degree is None:  # with times: in proportion to the wedges
            share = left / wedges
            found = Sample(whole.kept * share, whole.seconds * share, whole.share)
        else:
            found = sample_rows(without_entries(work, entry_degree > cap))
        way = {"top": top, "whole": _whole(ready)}
        memory = memory_needed(ready, found.kept, ready.pairs - gone, **way)
        edges, seconds = _expected_edges(found.kept, top=top), _seconds_of(found, **way)
        removed = (cap, int(heavy.sum()), gone)
        rows.append((*removed, left, edges, memory, seconds, memory <= budget))
        cap //= 2
    names = ["max_degree", "things_removed", "pairs_removed", "wedges", "edges", "memory"]
    schema = dict.fromkeys(names, pl.Int64) | {"seconds": pl.Float64, "fits": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _option_table(ready: Prepared, budget: int, found: Sample) -> pl.DataFrame:
    """Cost with a higher `min_shared` or a `top`."""
    work = ready.product
    tries = []
    if isinstance(work.lists, PairLists):
        none = np.zeros(work.lists.length.size, dtype=bool)
        for least in (work.rule.min_shared + 1, work.rule.min_shared + 3):
            less = sample_rows(without_entries(work, none, least))
            if _whole(ready):  # then one triangle would be computed
                less = replace(less, seconds=less.seconds / 2)
            tries.append((f"min_shared={least}", less, work.top > 0))
    if not work.top:
        for most in (50, 10):
            kept = min(2 * found.kept, float(work.n) * most)
            # each wedge is read from both its ends
            both = (1 if _whole(ready) else 2) * found.seconds
            tries.append((f"top={most}", Sample(kept, both, found.share), True))
    rows = []
    for option, less, top in tries:
        memory = memory_needed(ready, less.kept, ready.pairs, top=top)
        edges, seconds = _expected_edges(less.kept, top=top), _seconds_of(less, top=top)
        rows.append((option, edges, memory, seconds, memory <= budget))
    schema = {"option": pl.String, "edges": pl.Int64, "memory": pl.Int64}
    schema |= {"seconds": pl.Float64, "fits": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def cap_sensitivity(
    dataset: Dataset | IncidenceMatrix,
    *,
    caps: Sequence[int],
    between: str = "accounts",
    through: str = "items",
    kinds: Collection[str] | None = None,
    weight: str = "count",
    min_shared: int = 1,
    window: str | timedelta | None = None,
    top: int | None = None,
    mutual: bool = False,
    exclude: Iterable[str] = (),
    memory: int | str | None = None,
) -> pl.DataFrame:
    r"""Sensitivity of ``cointeraction_graph`` to `max_degree`.

    Each capped graph is compared with the one without a cap: E and E₀ are their edges, and
    the agreement of edges is :math:`|E \cap E_0| / |E \cup E_0|`. Weights are compared on
    :math:`E \cap E_0` by Spearman's rank correlation, equal ones at their mean rank [1]_. (Capped
    graphs can have additional edges only with `top`, or where the weight of an edge was 0.)

    Parameters
    ----------
    dataset, between, through, kinds, weight, min_shared, window, top, mutual, exclude, memory
        As in :func:`graphkit.cointeraction_graph`.
    caps
        Values of `max_degree` to try, each from 2 on.

    Returns
    -------
    polars.DataFrame
        One row per cap, the mildest first, after one without a cap (null): max_degree;
        things_removed, pairs_removed (of actor and object); edges; total_weight; isolates
        (actors without an edge); edge_jaccard in [0, 1] (null where neither graph has an
        edge); weight_spearman in [−1, 1] (null where fewer than two edges are common, or
        all weights are alike).

    Raises
    ------
    OptionError
        For caps that are none or below 2, and as in :func:`graphkit.cointeraction_graph`.
    MissingDataError
        As in :func:`graphkit.cointeraction_graph`.

    References
    ----------
    .. [1] Spearman, C. (1904). The proof and measurement of association between two things.
       American Journal of Psychology, 15, 72–101. https://doi.org/10.2307/1412159

    Examples
    --------
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "b", "c", "a", "b"], "item_id": ["v", "v", "v", "w", "w"],
    ...     "kind": ["like"] * 5})
    >>> columns = ["max_degree", "pairs_removed", "edges", "isolates", "edge_jaccard"]
    >>> cap_sensitivity(ds, caps=[2]).select(columns).rows()
    [(None, 0, 3, 0, 1.0), (2, 3, 1, 1, 0.3333333333333333)]
    """
    options = ProjectionOptions(
        between, through, kinds, window, exclude, weight, min_shared, None, top, mutual, memory
    )
    if not caps:
        raise OptionError("cap_sensitivity: caps is empty: name at least one max_degree.")
    for each in caps:
        check_integer("caps", each, 2)
    chosen = gather_interactions(dataset, options, caller="cap_sensitivity")
    n, m = len(chosen.found.between), len(chosen.found.through)
    rows = []
    whole: Projection | None = None
    tries = [None, *sorted(set(caps), reverse=True)]
    for cap in track(tries, "caps", len(tries)):
        capped = replace(options, max_degree=cap)
        ready = product.prepare_product(chosen.rows, chosen.columns, n, m, capped, chosen.at)
        check_budget(ready, caller="cap_sensitivity", silent=cap is not None)
        found = product.run_product(ready)
        whole = found if whole is None else whole
        agreement, correlation = _compare_edges(found, whole)
        edges, total = found.indices.size // 2, float(found.weights.sum()) / 2
        isolates = int((np.diff(found.indptr) == 0).sum())
        removed = (found.capped_objects, found.capped_pairs)
        rows.append((cap, *removed, edges, total, isolates, agreement, correlation))
    counts = ["max_degree", "things_removed", "pairs_removed", "edges"]
    schema = dict.fromkeys(counts, pl.Int64) | {"total_weight": pl.Float64, "isolates": pl.Int64}
    schema |= dict.fromkeys(["edge_jaccard", "weight_spearman"], pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _compare_edges(found: Projection, whole: Projection) -> tuple[float | None, float | None]:
    """Jaccard index of the edges, and Spearman's correlation of the weights in common."""
    (keys, weights), (whole_keys, whole_weights) = _keyed_edges(found), _keyed_edges(whole)
    _, ours, theirs = np.intersect1d(keys, whole_keys, assume_unique=True, return_indices=True)
    union = keys.size + whole_keys.size - ours.size
    if not union:
        return None, None
    a = pl.Series(weights[ours]).rank().to_numpy()
    b = pl.Series(whole_weights[theirs]).rank().to_numpy()
    if ours.size < 2 or a.min() == a.max() or b.min() == b.max():
        return ours.size / union, None
    return ours.size / union, float(np.corrcoef(a, b)[0, 1])


def _keyed_edges(found: Projection) -> tuple[Ints, npt.NDArray[np.float64]]:
    """Key source · n + target and weight of each edge, source < target."""
    n = found.indptr.size - 1
    sources = np.repeat(np.arange(n), np.diff(found.indptr))
    upper = sources < found.indices
    return (sources * n + found.indices)[upper], found.weights[upper]

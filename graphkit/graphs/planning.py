"""Plan of a projection: what it would cost, and which caps would make it fit."""

from __future__ import annotations

import time
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
from graphkit.errors import OptionError, check_integer
from graphkit.graphs import projection as _symmetric
from graphkit.graphs import projection as _walk
from graphkit.graphs.options import ProjectionOptions, at_most, gather
from graphkit.graphs.projection import (
    Block,
    Ints,
    PairLists,
    Prepared,
    Projection,
    Walk,
    finish,
    prepare,
)
from graphkit.parallel import cores, track

__all__ = ["ProjectionPlan", "cap_sensitivity", "check_budget", "plan", "size_text"]

#: Entries walked for an estimate, and in how many places.
SAMPLE, PLACES = 1 << 21, 64


@dataclass(frozen=True)
class Sample:
    """Entries that the rows hold before they are made symmetric, and seconds of one core.

    `share` is the part of the work that was walked.
    """

    kept: float
    seconds: float
    share: float


def sampled(walk: Walk) -> Sample:
    """Walk some rows in stretches of equal work, spread evenly, and scale up."""
    everything = int(walk.work.sum())
    if not everything:
        return Sample(0.0, 0.0, 1.0)
    done = np.cumsum(walk.work)
    step = SAMPLE // PLACES if everything > SAMPLE else everything
    cuts = np.searchsorted(done, np.arange(step, everything, step)) + 1
    bounds = np.unique(np.concatenate([[0], cuts, [done.size]]))
    chosen = np.unique(np.linspace(0, bounds.size - 2, PLACES).astype(int))
    walk.block(walk.base, walk.base + 1)  # compiled now
    kept = seconds = work = rows = 0.0
    for first, end in zip(bounds[chosen].tolist(), bounds[chosen + 1].tolist(), strict=True):
        start = time.perf_counter()
        block = walk.block(first + walk.base, end + walk.base)
        seconds += time.perf_counter() - start
        kept += float(block.lengths.sum())
        work += float(walk.work[first:end].sum())
        rows += end - first
        walk.forget()
    scale = everything / max(work, 1.0)
    # with `top`, what rows keep goes by their number more than by their work
    more = done.size / rows if walk.top else scale
    return Sample(kept * more, seconds * scale, min(1.0, 1 / scale))


def capped(walk: Walk, heavy: npt.NDArray[np.bool_], min_shared: int | None = None) -> Walk:
    """The same walk without some entries of its lists; sizes of actors stay as they are."""
    lists, rule = walk.lists, walk.rule
    assert isinstance(lists, PairLists)
    if heavy.any():
        lists = lists._replace(length=np.where(heavy, np.int32(0), lists.length))
    return Walk(lists, rule._replace(min_shared=min_shared or rule.min_shared), walk.n)


def memory_needed(
    interactions: int,
    pairs: int,
    n: int,
    m: int,
    kept: float,
    *,
    top: bool,
    weighted: bool,
    timed: bool,
) -> int:
    """Bytes at the peak: of the lists, of the walk with its results, or of the symmetric rows.

    `kept` are the entries of the rows before they are made symmetric, 12 bytes each.
    """
    workers = cores()
    entry = 12.0
    fixed = 16 * n + 16 * m
    listing = (120.0 if timed else 17.0) * interactions + (0.0 if timed else 24.0 * pairs) + fixed
    held = (36.0 if timed else 16.0) * (interactions if timed else pairs) + 8.0 * weighted * pairs
    scratch = workers * 64.0 * n
    room = min(kept, float(workers * _walk.ROOM)) * entry
    walking = held + scratch + kept * entry + min(room, 0.25 * kept * entry) + fixed
    if top:  # rows, their mirror image, and at most twice as many entries in the union
        joining = (1 + 2 / 3 + 2) * kept * entry + min(room, kept * entry) / 2 + 32 * n
    else:
        joining = 2 * kept * entry + min(room + entry * _symmetric.BATCH, kept * entry) + 32 * n
    return int(max(listing, walking, joining))


@lru_cache(maxsize=1)
def seconds_to_mirror() -> float:
    """Seconds per edge to put rows and their mirror images into place, measured once."""
    n, each = 40_000, 50
    rng = np.random.default_rng(0)
    rows = np.arange(each, n)
    heads = np.sort(rng.integers(0, rows[:, None], (rows.size, each)), axis=1).astype(np.int32)
    lengths = np.where(np.arange(n) < each, 0, each)
    later = np.bincount(heads.ravel(), minlength=n)

    def run() -> float:
        piece = (0, n, heads.ravel(), np.ones(heads.size))
        block = Block(0, n, [piece], lengths, np.zeros(3, dtype=np.int64))
        start = time.perf_counter()
        _symmetric.mirrored([block], later, cores())
        return time.perf_counter() - start

    return min(run() for _ in range(3)) / heads.size


def size_text(size: float) -> str:
    """A number of bytes in words.

    Examples
    --------
    >>> size_text(4e9), size_text(2_500_000), size_text(10)
    ('4 GB', '2.5 MB', '0 MB')
    """
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{round(size / 1e6, 1):g} MB"


@dataclass(frozen=True, repr=False, eq=False)
class ProjectionPlan(Frozen, title="Plan of a projection", table="caps"):
    """Work, time and memory of a projection, and which caps would make it smaller.

    Attributes
    ----------
    entities, things
        How many there are on the two sides.
    pairs
        Distinct pairs (entity, thing) that take part, after `max_degree`.
    wedges
        Pairs of entities that share a thing, once per thing: Σ k (k − 1) / 2 over the
        numbers of entities k of all things; exact.
    edges
        Edges expected in the result, from a sample of rows; exact where `sampled` is 1.
    seconds
        Wall-clock time expected on this machine as it is now.
    memory
        Bytes expected at the peak, above those of the data themselves.
    budget
        Bytes that may be used.
    sampled
        Share of the wedges that was walked for the estimates, in (0, 1].
    caps
        One row per cap that could be set: max_degree, things_removed, pairs_removed,
        wedges, edges, memory, fits; the mildest first.
    others
        The same for other ways out: option, edges, memory, fits.
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
        """Which options would make it fit, in words."""
        if self.fits:
            return "it fits"
        ways = self.others.filter(pl.col("fits")).sort("memory", descending=True)
        texts = [
            f"{option} (about {size_text(memory)})"
            for option, memory in ways.select("option", "memory").iter_rows()
        ]
        caps = self.caps.filter(pl.col("fits")).head(1)
        texts += [
            f"max_degree={cap} (about {size_text(memory)}; leaves out {things:,} of "
            f"{self.things:,} things)"
            for cap, things, memory in caps.select(
                "max_degree", "things_removed", "memory"
            ).iter_rows()
        ]
        return "these would fit: " + ", ".join(texts) if texts else "no cap alone would fit"

    def _facts(self) -> dict[str, object]:
        return {
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
    exactly. The lists are built, a sample of rows of about two million wedges is walked, and
    the edges and seconds scaled up from it by wedges; so the plan takes about as long as
    sorting the interactions. Memory follows from the edges expected.

    Parameters
    ----------
    source
        The dataset, or an incidence built from one; then `between`, `through`, `kinds` and
        `exclude` have been decided already and only name its sides.
    between, through, kinds, weight, min_shared, max_degree, window, top, mutual, exclude, memory
        As in :func:`graphkit.cointeraction_graph`.

    Returns
    -------
    ProjectionPlan
        With a table of caps, halving from the most popular object down, and whether each fits.

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
        between=between,
        through=through,
        kinds=kinds,
        window=window,
        exclude=exclude,
        weight=weight,
        min_shared=min_shared,
        max_degree=max_degree,
        top=top,
        mutual=mutual,
        memory=memory,
    )
    chosen = gather(source, options, caller="plan")
    n, m = len(chosen.found.between), len(chosen.found.through)
    budget, begin = at_most(memory), perf_counter()
    ready = prepare(chosen.rows, chosen.columns, n, m, options, at=chosen.at)
    provenance = Provenance.of(
        "plan",
        chosen.parameters | {"memory": budget},
        made_from=() if isinstance(source, Incidence) else (source,),
        packages=("numba", "numpy"),
    )
    return _planned(ready, budget, perf_counter() - begin, provenance)


def _planned(
    ready: Prepared, budget: int, listing: float, provenance: Provenance
) -> ProjectionPlan:
    """The plan of a walk that is prepared; `listing` are the seconds its lists took."""
    walk = ready.walk
    found = sampled(walk)
    seconds = listing + found.seconds / cores()
    seconds += (2 if walk.top else 1) * found.kept * seconds_to_mirror()
    return ProjectionPlan(
        walk.n,
        int(np.count_nonzero(ready.degree)) + ready.capped_objects,
        ready.pairs,
        _wedges(ready.degree),
        _edges(found.kept, cut=walk.top > 0),
        seconds,
        _memory(ready, found.kept),
        budget,
        found.share,
        _caps(ready, budget),
        _others(ready, budget, found),
        provenance,
    )


def check_budget(ready: Prepared, *, caller: str) -> None:
    """Raise an :class:`OptionError` with advice if the projection will not fit.

    What even the most edges possible fit into is not looked at further.
    """
    budget = at_most(ready.options.memory)
    n = ready.walk.n
    most = min(float(ready.walk.work.sum()), n * (n - 1) / (1 if ready.walk.top else 2))
    if ready.walk.top:
        most = min(most, float(n) * ready.walk.top)
    if _memory(ready, most) <= budget:
        return
    found = sampled(ready.walk)
    if _memory(ready, found.kept) <= budget:
        ready.walk.forget()
        return
    told = _planned(ready, budget, 0.0, Provenance("plan"))
    raise OptionError(
        f"{caller}: about {size_text(told.memory)} would be needed for about {told.edges:,} edges "
        f"({told.wedges:,} wedges), and {size_text(budget)} may be used: {told.advice}. Or allow "
        "more with memory=…; graphkit.graphs.plan shows the choices."
    )


def _wedges(degree: Ints) -> int:
    return int((degree * (degree - 1) // 2).sum())


def _edges(kept: float, *, cut: bool) -> int:
    """Edges of the result: with `top`, a row keeps an edge that often both ends keep."""
    return round(0.9 * kept) if cut else round(kept)


def _memory(
    ready: Prepared, kept: float, *, pairs: int | None = None, cut: bool | None = None
) -> int:
    walk = ready.walk
    return memory_needed(
        ready.interactions,
        ready.pairs if pairs is None else pairs,
        walk.n,
        ready.degree.size,
        kept,
        top=walk.top > 0 if cut is None else cut,
        weighted=walk.rule.contribution.size > 0,
        timed=not isinstance(walk.lists, PairLists),
    )


def _caps(ready: Prepared, budget: int) -> pl.DataFrame:
    """One row per cap, each half the one before."""
    degree, walk = ready.degree, ready.walk
    rows = []
    cap = int(degree.max(initial=0)) // 2
    # entries of the lists are of actors that share; each belongs to an object of some degree
    entry_degree = walk.degree_of_entries()
    whole = sampled(walk).kept / max(1, _wedges(degree)) if entry_degree is None else 0.0
    while cap >= 2:
        heavy = degree > cap
        left, gone = _wedges(degree[~heavy]), int(degree[heavy].sum())
        if entry_degree is None:  # interactions in time: in proportion
            kept = whole * left
        else:
            kept = sampled(capped(walk, entry_degree > cap)).kept
        edges, memory = (
            _edges(kept, cut=walk.top > 0),
            _memory(ready, kept, pairs=ready.pairs - gone),
        )
        rows.append((cap, int(heavy.sum()), gone, left, edges, memory, memory <= budget))
        cap //= 2
    names = ["max_degree", "things_removed", "pairs_removed", "wedges", "edges", "memory"]
    schema = dict.fromkeys(names, pl.Int64) | {"fits": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _others(ready: Prepared, budget: int, found: Sample) -> pl.DataFrame:
    """What a higher `min_shared` or a `top` would do."""
    walk = ready.walk
    tries = []
    if isinstance(walk.lists, PairLists):
        nothing = np.zeros(walk.lists.length.size, dtype=bool)
        for least in (walk.rule.min_shared + 1, walk.rule.min_shared + 3):
            kept = sampled(capped(walk, nothing, least)).kept
            tries.append((f"min_shared={least}", kept, walk.top > 0))
    if not walk.top:
        for most in (50, 10):
            tries.append((f"top={most}", min(2 * found.kept, float(walk.n) * most), True))
    rows = []
    for option, kept, cut in tries:
        memory = _memory(ready, kept, cut=cut)
        rows.append((option, _edges(kept, cut=cut), memory, memory <= budget))
    schema = {"option": pl.String, "edges": pl.Int64, "memory": pl.Int64, "fits": pl.Boolean}
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
    graphs can have edges of their own only with `top`, or where the weight of an edge was 0.)

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
    chosen = gather(dataset, options, caller="cap_sensitivity")
    n, m = len(chosen.found.between), len(chosen.found.through)
    rows = []
    whole: Projection | None = None
    tries = [None, *sorted(set(caps), reverse=True)]
    for cap in track(tries, "caps", len(tries)):
        capped = replace(options, max_degree=cap)
        ready = prepare(chosen.rows, chosen.columns, n, m, capped, at=chosen.at)
        check_budget(ready, caller="cap_sensitivity")
        found = finish(ready)
        whole = found if whole is None else whole
        agreement, correlation = _compared(found, whole)
        edges, total = found.indices.size // 2, float(found.weights.sum()) / 2
        isolates = int((np.diff(found.indptr) == 0).sum())
        removed = (found.capped_objects, found.capped_pairs)
        rows.append((cap, *removed, edges, total, isolates, agreement, correlation))
    whole_numbers = ["max_degree", "things_removed", "pairs_removed", "edges"]
    schema = dict.fromkeys(whole_numbers, pl.Int64) | {
        "total_weight": pl.Float64,
        "isolates": pl.Int64,
        "edge_jaccard": pl.Float64,
        "weight_spearman": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _compared(found: Projection, whole: Projection) -> tuple[float | None, float | None]:
    """Jaccard of the edges, and Spearman's correlation of the weights of those common."""
    keys, other_keys = _keys(found), _keys(whole)
    _, ours, theirs = np.intersect1d(keys, other_keys, assume_unique=True, return_indices=True)
    union = keys.size + other_keys.size - ours.size
    if not union:
        return None, None
    a = pl.Series(found.weights[_upper(found)][ours]).rank().to_numpy()
    b = pl.Series(whole.weights[_upper(whole)][theirs]).rank().to_numpy()
    if ours.size < 2 or a.min() == a.max() or b.min() == b.max():
        return ours.size / union, None
    return ours.size / union, float(np.corrcoef(a, b)[0, 1])


def _upper(found: Projection) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    tails = np.repeat(np.arange(found.indptr.size - 1), np.diff(found.indptr))
    return np.asarray(tails < found.indices)


def _keys(found: Projection) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    n = found.indptr.size - 1
    tails = np.repeat(np.arange(n), np.diff(found.indptr))
    return np.asarray((tails * n + found.indices)[tails < found.indices])

"""Echo chambers: controversy by random walks, leaning of neighbours, and leaning of what is shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import cg, splu

from graphkit.data.frozen import Frozen
from graphkit.data.graph import GraphLike, as_graph
from graphkit.data.impressions import Impressions
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, check_choice, check_integer, check_number, shorten, warn
from graphkit.measures.catalogue import mean_defined
from graphkit.parallel import track
from graphkit.rng import RNGLike, Streams

__all__ = [
    "Controversy",
    "ExposedLeaning",
    "NeighboursLeaning",
    "controversy",
    "exposed_leaning",
    "neighbours_leaning",
]

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Communities that are compared in pairs, at most: each pair needs its own linear system.
MOST_IN_PAIRS = 100

#: Relative residual of a linear system, and decimals of what it gives.
RESIDUAL, DECIMALS = 1e-12, 9

#: Permutations that are multiplied with the graph at once.
BATCH = 32


@dataclass(frozen=True, repr=False, eq=False)
class Controversy(Frozen, title="Random-walk controversy", table="frame"):
    """Result of :func:`controversy`.

    Attributes
    ----------
    frame
        One row per pair of sides X and Y: community (X), other (Y; null for the rest), rwc,
        p_xx, p_yy, p_yx, p_xy (probabilities that a walk started in the first side, given that it
        ended in the second), starts (nodes from which walks start, both sides), stuck (those of
        them that reach no hub, left out). Null where a side has no start from which a hub is
        reached.
    hubs
        Nodes of highest degree of each side, at which walks end.
    n_excluded
        Nodes without a community, left out.
    """

    frame: pl.DataFrame
    hubs: int
    n_excluded: int
    provenance: Provenance = field(default_factory=lambda: Provenance("controversy"))

    def _facts(self) -> dict[str, object]:
        known = self.frame.drop_nulls("rwc").sort("rwc", descending=True)
        facts: dict[str, object] = {"pairs of sides": self.frame.height, "hubs": self.hubs}
        for row in known.head(3).iter_rows(named=True):
            facts[f"{row['community']} and {row['other'] or 'the rest'}"] = row["rwc"]
        return facts | {"nodes without a community": self.n_excluded}


def controversy(
    graph: GraphLike, partition: Partition, *, hubs: int = 10, against: str = "each"
) -> Controversy:
    """Random-walk controversy (RWC) of the communities of a graph.

    Walks start at random nodes of side X or Y, each side with probability one half, and end at the
    first hub: one of the k nodes of highest degree of either side, in the graph of the two. With P_AB the probability that
    a walk started in A, given that it ended in B, RWC = P_XX P_YY − P_YX P_XY (Garimella et al.
    2018): 1 if no walk ends on the other side, 0 if where it ends says nothing of where it
    started, below 0 if walks end on the other side rather. It depends neither on the sizes of
    the sides nor on their numbers of edges.

    The probabilities are exact: those of an absorbing Markov chain, (D − A) h = b over the nodes that
    are no hubs, with h the probability of ending in Y; nothing is drawn. Walks start at nodes
    that are no hubs: a walk from a hub has ended before it began, so that a side of k nodes would
    score 1 whatever its edges. Edges of a directed graph are walked in both directions, in proportion
    to their weights; self-loops are left out. Of nodes of equal degree the first in the order of ids
    are hubs.

    Parameters
    ----------
    graph
        Graph, with weights of 0 or more.
    partition
        Communities of its nodes; two for the measure of the paper.
    hubs
        Number k of hubs of each side.
    against
        ``"each"``: every pair of communities, in the graph of these two alone; ``"rest"``: each
        community against all nodes of the others.

    Returns
    -------
    Controversy

    Raises
    ------
    OptionError
        If `hubs` is below 1 or `against` unknown.
    DataError
        If the partition is not over the nodes of the graph, has fewer than two communities, or
        more than 100 to be compared in pairs, or a weight is negative.

    References
    ----------
    Garimella, K., De Francisci Morales, G., Gionis, A., & Mathioudakis, M. (2018). Quantifying
    controversy on social media. ACM Transactions on Social Computing, 1(1), 3.
    https://doi.org/10.1145/3140565

    Examples
    --------
    Two triangles joined by an edge, whose ends are the hubs, so that no walk crosses it:

    >>> from graphkit.data.graph import Graph
    >>> edges = [("a", "b"), ("a", "c"), ("b", "c"), ("c", "d"), ("d", "e"), ("d", "f"), ("e", "f")]
    >>> graph = Graph.from_edges(*zip(*edges), directed=False)
    >>> sides = Partition.from_membership({n: int(n > "c") for n in "abcdef"})
    >>> controversy(graph, sides, hubs=1).frame.get_column("rwc").to_list()
    [1.0]
    """
    hubs = check_integer("hubs", hubs, 1)
    check_choice("against", against, ("each", "rest"))
    known = as_graph(graph, "controversy")
    if known.vocabulary != partition.vocabulary:
        raise DataError(
            "controversy: the partition is not over the nodes of the graph: make it with "
            "Partition.from_membership(…, graph=graph)."
        )
    size = partition.n_communities
    if size < 2:
        raise DataError(f"controversy: {size} communities, and two sides are needed.")
    if against == "each" and size > MOST_IN_PAIRS:
        raise DataError(
            f"controversy: {size:,} communities have {size * (size - 1) // 2:,} pairs, and at most "
            f"{MOST_IN_PAIRS} communities are compared in pairs: pass against='rest'."
        )
    if known.n_edges and known.weights.min() < 0:
        raise DataError(
            f"controversy: a weight is {known.weights.min():g}: walks need weights of 0 or more."
        )
    adjacency = known.to_undirected().without_loops().to_scipy()
    adjacency.eliminate_zeros()  # no walk takes an edge of weight 0
    member = partition.membership.astype(np.int64)
    pairs: list[tuple[int, int | None]] = list(combinations(range(size), 2))
    if against == "rest":
        # of two communities, each is the rest of the other
        pairs = [(c, None) for c in range(size if size > 2 else 1)]
    rows = []
    for x, y in track(pairs, "walking", len(pairs)):
        others = member >= 0 if y is None else member == y
        side = np.where(member == x, 0, np.where(others, 1, -1))
        found = _walk(adjacency, side, hubs)
        other = None if y is None else partition.name(y)
        rows.append((partition.name(x), other, *found))
    floats = ("rwc", "p_xx", "p_yy", "p_yx", "p_xy")
    schema = {"community": pl.String, "other": pl.String, **dict.fromkeys(floats, pl.Float64)}
    schema |= {"starts": pl.Int64, "stuck": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    made = Provenance.of(
        "controversy", {"hubs": hubs, "against": against}, made_from=(known, partition)
    )
    return Controversy(
        frame.with_columns(pl.col(pl.Float64).fill_nan(None)), hubs, partition.n_unassigned, made
    )


def _walk(
    adjacency: sparse.csr_array, side: Codes, hubs: int
) -> tuple[float, float, float, float, float, int, int]:
    """RWC, P_XX, P_YY, P_YX, P_XY, number of starts, and of those that reach no hub.

    `side` is 0 for X, 1 for Y, −1 for nodes that are left out.
    """
    nodes = np.flatnonzero(side >= 0)
    own, among = side[nodes], adjacency[nodes][:, nodes].tocsr()
    degree = np.diff(among.indptr)
    is_hub = np.zeros(nodes.size, np.bool_)
    for s in (0, 1):
        members = np.flatnonzero(own == s)
        is_hub[members[np.argsort(-degree[members], kind="stable")[:hubs]]] = True
    part = connected_components(among, directed=False)[1]
    reaches = np.isin(part, part[is_hub])
    starts = ~is_hub
    walks = np.flatnonzero(starts & reaches)
    stuck = int((starts & ~reaches).sum())
    ends_in_y = _absorbed(among, walks, is_hub & (own == 1))
    to_y = [
        ends_in_y[own[walks] == s].mean() if (own[walks] == s).any() else np.nan for s in (0, 1)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        p_yy = np.float64(to_y[1]) / (to_y[0] + to_y[1])
        p_xx = np.float64(1 - to_y[0]) / (2 - to_y[0] - to_y[1])
    # no walk ends on a side: then P of that side is undefined, and so is RWC
    values = (p_xx * p_yy - (1 - p_xx) * (1 - p_yy), p_xx, p_yy, 1 - p_xx, 1 - p_yy)
    rounded = [float(np.round(value, DECIMALS)) + 0.0 for value in values]
    return (*rounded, int(starts.sum()), stuck)  # type: ignore[return-value]


def _absorbed(among: sparse.csr_array, walks: Codes, ends: Bools) -> Floats:
    """Probability that a walk from each of some nodes ends at `ends`, all other nodes being ends."""
    if not walks.size:
        return np.zeros(0)
    strength = np.asarray(among.sum(axis=1)).ravel()[walks]
    rows = among[walks]
    system = sparse.diags_array(strength) - rows[:, walks]
    wanted = np.asarray(rows @ ends.astype(np.float64))
    if not wanted.any():
        return np.zeros(walks.size)
    scale = sparse.diags_array(1 / strength)
    found, failed = cg(system.tocsr(), wanted, rtol=RESIDUAL, atol=0.0, maxiter=2_000, M=scale)
    if failed:  # long chains of nodes: few fill-ins
        found = splu(system.tocsc()).solve(wanted)
    return np.clip(np.asarray(found, np.float64), 0.0, 1.0)


@dataclass(frozen=True, repr=False, eq=False)
class NeighboursLeaning(Frozen, title="Leaning of neighbours", table="frame"):
    """Result of :func:`neighbours_leaning`.

    Attributes
    ----------
    correlation
        Pearson's correlation of the own leaning with the mean leaning of neighbours; NaN if one
        of them does not vary.
    expected, low, high
        Mean of the correlation under permuted leanings, and the central 95 % of it.
    p
        Two-sided p-value of the permutations.
    n
        Nodes in the correlation.
    frame
        One row per such node: node, leaning, neighbours (those with a known leaning),
        neighbours_leaning (their mean).
    removed
        Nodes left out, by reason.
    """

    correlation: float
    expected: float
    low: float
    high: float
    p: float
    n: int
    frame: pl.DataFrame
    removed: Mapping[str, int]
    provenance: Provenance = field(default_factory=lambda: Provenance("neighbours_leaning"))

    def _facts(self) -> dict[str, object]:
        names = ("correlation", "expected", "low", "high", "p", "n")
        facts: dict[str, object] = {name: getattr(self, name) for name in names}
        return facts | dict(self.removed)


def neighbours_leaning(
    graph: GraphLike,
    leaning: npt.ArrayLike | Mapping[Any, Any],
    *,
    draws: int = 999,
    rng: RNGLike | None = None,
) -> NeighboursLeaning:
    """Correlation of a node's leaning with the mean leaning of its neighbours, beside its null.

    x_i and x̄_i = Σ_j A_ij x_j / k_i over the k_i neighbours with a known leaning (Cinelli et al.
    2021); near 1 in echo chambers. Neighbours count alike whatever the weight of the edge; in a
    directed graph they are the targets (followees). Under the null, leanings are permuted among
    the nodes that have one, and the graph stays: it keeps degrees and the distribution of leanings.

    Parameters
    ----------
    graph
        Graph; self-loops are left out.
    leaning
        Numbers in [−1, 1] by id: a mapping, or a pandas Series with the ids as its index. Or of
        shape (n,), in the order of the graph's vocabulary, NaN if unknown. A Series whose index is
        the numbers of its rows is read in this order, and refused where these numbers are ids.
    draws
        Number of permutations, 19 or more.
    rng
        Seed.

    Returns
    -------
    NeighboursLeaning

    Raises
    ------
    DataError
        If the leanings are not one per node, or no numbers in [−1, 1], if all their ids are unknown
        or one is there twice, or fewer than three nodes
        have a leaning and a neighbour with one.
    OptionError
        If `draws` is below 19.

    References
    ----------
    Cinelli, M., De Francisci Morales, G., Galeazzi, A., Quattrociocchi, W., & Starnini, M. (2021).
    The echo chamber effect on social media. Proceedings of the National Academy of Sciences, 118(9),
    e2023301118. https://doi.org/10.1073/pnas.2023301118

    Examples
    --------
    >>> from graphkit.data.graph import Graph
    >>> edges = [("a", "b"), ("a", "c"), ("b", "c"), ("c", "d"), ("d", "e"), ("d", "f"), ("e", "f")]
    >>> graph = Graph.from_edges(*zip(*edges), directed=False)
    >>> found = neighbours_leaning(graph, [-1, -1, -1, 1, 1, 1], rng=1)
    >>> round(found.correlation, 3), found.n
    (0.927, 6)
    """
    draws = check_integer("draws", draws, 19)
    known = as_graph(graph, "neighbours_leaning")
    values, unknown = _leaning_of("leaning", leaning, known.vocabulary, "One leaning per node.")
    streams = Streams(rng)
    has = np.flatnonzero(~np.isnan(values))
    adjacency = known.without_loops().to_scipy()
    among = adjacency[has][:, has].tocsr()
    among.data = np.ones_like(among.data)
    count = np.diff(among.indptr)
    rows = np.flatnonzero(count > 0)
    if rows.size < 3:
        raise DataError(
            f"neighbours_leaning: {rows.size} nodes have a leaning and a neighbour with one, and "
            "three are needed."
        )
    own, among = values[has], among[rows]
    own_of = own[rows]
    mean_of = np.asarray(among @ own) / count[rows]
    observed = float(_correlations(own_of[:, None], mean_of[:, None])[0])
    null = np.concatenate(list(_permuted(own, among, rows, count[rows], draws, streams)))
    expected = mean_defined(null)
    far = np.abs(null - expected) >= abs(observed - expected) - 1e-12
    defined = not (np.isnan(observed) or np.isnan(null).any())
    low, high = np.quantile(null, [0.025, 0.975]) if defined else (np.nan, np.nan)
    frame = pl.DataFrame(
        {
            "node": known.vocabulary.series.gather(has[rows]),
            "leaning": own_of,
            "neighbours": count[rows].astype(np.int64),
            "neighbours_leaning": mean_of,
        }
    )
    removed = {
        "nodes without a leaning": int(known.n_nodes - has.size),
        "nodes without a neighbour that has a leaning": int(has.size - rows.size),
        **unknown,
    }
    return NeighboursLeaning(
        observed,
        expected,
        float(low),
        float(high),
        (1 + int(far.sum())) / (draws + 1) if defined else float("nan"),
        int(rows.size),
        frame,
        {reason: n for reason, n in removed.items() if n},
        Provenance.of(
            "neighbours_leaning",
            {"draws": draws, "leaning": values},
            seed=streams.seed,
            made_from=(known,),
            removed=removed,
        ),
    )


def _permuted(
    own: Floats,
    among: sparse.csr_array,
    rows: Codes,
    count: npt.NDArray[np.integer],
    draws: int,
    streams: Streams,
) -> Iterator[Floats]:
    """Correlations under permuted leanings, in batches."""
    generator = streams.generator("permutations")
    for first in range(0, draws, BATCH):
        columns = np.repeat(own[:, None], min(BATCH, draws - first), axis=1)
        columns = generator.permuted(columns, axis=0)
        yield _correlations(columns[rows], np.asarray(among @ columns) / count[:, None])


def _correlations(x: Floats, y: Floats) -> Floats:
    """Pearson's correlation of each column of x with that of y; NaN where one does not vary."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    below = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    found = np.full(x.shape[1], np.nan)
    np.divide((x * y).sum(axis=0), below, out=found, where=below > 1e-12 * x.shape[0])
    return found


@dataclass(frozen=True, repr=False, eq=False)
class ExposedLeaning(Frozen, title="Leaning of what is shown", table="frame"):
    """Result of :func:`exposed_leaning`.

    Attributes
    ----------
    frame
        One row per account that was shown an item with a leaning: account_id, leaning (null if
        unknown), items, mean_leaning; like_minded, cross_cutting, neutral: shares of the items, in
        [0, 1]; the first two are null for accounts without a side.
    removed
        What was left out, by reason.
    """

    frame: pl.DataFrame
    removed: Mapping[str, int]
    provenance: Provenance = field(default_factory=lambda: Provenance("exposed_leaning"))

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"accounts": self.frame.height}
        for name in ("like_minded", "cross_cutting"):
            facts[f"{name}, median account"] = self.frame.get_column(name).median()
        return facts | dict(self.removed)


def exposed_leaning(
    impressions: Impressions,
    account_leaning: npt.ArrayLike | Mapping[Any, Any],
    item_leaning: npt.ArrayLike | Mapping[Any, Any],
    *,
    neutral: float = 0.0,
) -> ExposedLeaning:
    """Mean leaning of the items shown to each account, and shares like-minded and cross-cutting.

    An item is like-minded if it leans to the account's side, cross-cutting if it leans to the
    other (Bakshy et al. 2015), and neutral if its leaning is within ± `neutral`. An item that is
    shown to an account several times counts once; items without a leaning are left out. The
    shares describe exposure, not its cause: users choose whom they follow and where they look.

    Parameters
    ----------
    impressions
        Items shown to accounts.
    account_leaning, item_leaning
        Numbers in [−1, 1] by id: mappings, or pandas Series with the ids as their index. Or of
        shapes (accounts,) and (items,), in the order of the vocabularies of the impressions, NaN if
        unknown. A Series is read as in :func:`neighbours_leaning`.
    neutral
        Largest leaning, in size, of an account or item without a side, in [0, 1).

    Returns
    -------
    ExposedLeaning

    Raises
    ------
    DataError
        If the leanings do not fit the vocabularies, or are no numbers in [−1, 1], if all their ids
        are unknown, or one is there twice.
    OptionError
        If `neutral` is out of its range.

    References
    ----------
    Bakshy, E., Messing, S., & Adamic, L. A. (2015). Exposure to ideologically diverse news and
    opinion on Facebook. Science, 348(6239), 1130–1132. https://doi.org/10.1126/science.aaa1160

    Examples
    --------
    >>> from graphkit.data.dataset import Dataset
    >>> log = {"account_id": ["a", "a", "a", "b"], "item_id": ["u", "v", "w", "u"]}
    >>> shown = Impressions.from_dataset(Dataset(impressions=log))
    >>> found = exposed_leaning(shown, [-0.5, 1.0], [-1.0, 0.5, 0.0])
    >>> found.frame.drop("account_id", "leaning", "items").row(0)
    (-0.16666666666666666, 0.3333333333333333, 0.3333333333333333, 0.3333333333333333)
    """
    check_number("neutral", neutral, 0, 1, high_open=True)
    if not isinstance(impressions, Impressions):
        raise DataError(
            f"exposed_leaning: a {type(impressions).__name__}: pass Impressions.from_dataset(…)."
        )
    n, m = len(impressions.accounts), len(impressions.items)
    hint = "One leaning per id of the vocabulary of the impressions."
    of_account, unknown = _leaning_of(
        "account_leaning", account_leaning, impressions.accounts, hint
    )
    of_item, more = _leaning_of("item_leaning", item_leaning, impressions.items, hint)
    pairs = np.unique(impressions.account.astype(np.int64) * m + impressions.item)
    account, item = pairs // max(m, 1), pairs % max(m, 1)
    known = ~np.isnan(of_item[item])
    account, leaning = account[known], of_item[item[known]]
    own = of_account[account]
    with np.errstate(invalid="ignore"):
        sided = np.abs(leaning) > neutral
        viewer = np.where(np.abs(own) > neutral, np.sign(own), 0.0)
    count = np.bincount(account, minlength=n)
    rows = np.flatnonzero(count)
    has_side = np.abs(of_account[rows]) > neutral

    def share(chosen: Bools) -> Floats:
        return np.asarray(np.bincount(account[chosen], minlength=n)[rows] / count[rows], np.float64)

    alike = sided & (np.sign(leaning) == viewer)
    across = sided & (np.sign(leaning) == -viewer) & (viewer != 0)
    frame = pl.DataFrame(
        {
            "account_id": impressions.accounts.series.gather(rows),
            "leaning": of_account[rows],
            "items": count[rows],
            "mean_leaning": np.bincount(account, leaning, minlength=n)[rows] / count[rows],
            "like_minded": np.where(has_side, share(alike), np.nan),
            "cross_cutting": np.where(has_side, share(across), np.nan),
            "neutral": share(~sided),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    removed = {
        "repeated impressions of an item to an account": len(impressions) - pairs.size,
        "items shown without a leaning": int((~known).sum()),
        "accounts without a side (from like-minded and cross-cutting)": int((~has_side).sum()),
        **unknown,
        **more,
    }
    made = Provenance.of(
        "exposed_leaning", {"neutral": neutral}, made_from=(impressions,), removed=removed
    )
    return ExposedLeaning(frame, {reason: k for reason, k in removed.items() if k}, made)


def _leaning_of(
    name: str, value: npt.ArrayLike | Mapping[Any, Any], ids: Vocabulary, hint: str
) -> tuple[Floats, dict[str, int]]:
    """Leanings in the order of `ids`, NaN where unknown, and the number of those of other ids."""
    if isinstance(value, Mapping):
        keys, given = list(value), list(value.values())
    elif _has_ids(value):
        keys, given = value.index.tolist(), value.to_numpy().tolist()
    else:
        if _is_series(value):
            _refuse_two_readings(name, len(value), ids)
            hint += " The index of the Series holds no ids, only the numbers of its rows."
        return _check_leaning(name, value, len(ids), hint), {}
    numbers = _check_leaning(name, given, len(keys), "One leaning per id.")
    codes = ids.lookup(keys)
    known = codes >= 0
    if keys and not known.any():
        raise DataError(
            f"{name}: none of its {len(keys):,} ids is known, such as {shorten(keys[0])} of type "
            f"{type(keys[0]).__name__}; the {len(ids):,} known ids are of kind {ids.kind!r}."
        )
    if np.unique(codes[known]).size < known.sum():
        raise DataError(f"{name}: an id is given twice. One leaning per id.")
    # a table of many more accounts than these is no slip
    if 2 * known.sum() < min(len(keys), len(ids)):
        warn(
            f"{name}: only {known.sum():,} of its {len(keys):,} ids are among the {len(ids):,} known "
            "ones. If there should be more, look whether both write ids alike, such as 007 and 7."
        )
    found = np.full(len(ids), np.nan)
    found[codes[known]] = numbers[known]
    return found, {f"{name}: unknown ids": int((~known).sum())}


def _is_series(value: Any) -> TypeGuard[Any]:
    """Whether it is a Series of pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.Series)


def _has_ids(value: Any) -> TypeGuard[Any]:
    """Whether it is a Series of pandas whose index is more than the numbers of its rows."""
    if not _is_series(value):
        return False
    index = value.index
    return not (type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1)


def _refuse_two_readings(name: str, size: int, ids: Vocabulary) -> None:
    """Refuse a Series with the numbers of its rows as its index, if these can be read as ids."""
    rows = np.arange(size)
    codes = ids.lookup(rows.astype(str).tolist() if ids.kind == "str" else rows)
    # read both ways, 0 … n − 1 in their order are the same
    other = np.flatnonzero((codes >= 0) & ((codes != rows) | (size != len(ids))))
    if other.size:
        row = int(other[0])
        text = ".astype(str)" if ids.kind == "str" else ".tolist()"
        raise DataError(
            f"{name}: the index of the Series is the numbers of its rows, and {row} is also an id, in "
            f"place {codes[row]} of the vocabulary. If the index holds the ids, write "
            f"series.index = series.index{text}; if the values are in the order of the vocabulary, "
            "pass series.to_numpy()."
        )


def _check_leaning(name: str, value: npt.ArrayLike, size: int, hint: str) -> Floats:
    """Leanings as an array of shape (size,), NaN where unknown."""
    wanted = f"{size:,} numbers from −1 to 1 are needed, NaN where unknown"
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            missing = type(None).__name__, "NAType"  # the second is that of pandas
            array = np.array([np.nan if type(x).__name__ in missing else x for x in array.tolist()])
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"{name}: {wanted}. {hint}") from None
    if array.dtype.kind not in "iuf" or array.shape != (size,):
        raise DataError(f"{name}: {wanted}, not {array.dtype} of shape {array.shape}. {hint}")
    found = array.astype(np.float64)
    wrong = np.flatnonzero(np.abs(found) > 1)
    if wrong.size:
        raise DataError(f"{name}: {wanted}, and there is {found[wrong[0]]:g}. {hint}")
    return found

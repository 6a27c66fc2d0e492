"""Coordinated accounts: who repeatedly acts on the same things within seconds."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import check_choice, check_integer
from graphkit.graphs.options import ProjectionOptions, gather
from graphkit.graphs.projection import EventLists, Ints, event_lists
from graphkit.parallel import track

__all__ = ["Coordination", "coordinated_accounts"]


@dataclass(frozen=True, repr=False, eq=False)
class Coordination(Frozen, title="Coordinated accounts", table="frame"):
    """Pairs of accounts that acted on the same things within a window.

    Attributes
    ----------
    graph
        Accounts that take part, tied by their pairs of acts (the weight).
    frame
        One row per edge, sorted by its ends: source, target; shared (things on which both
        acted within the window); pairs (pairs of acts, one of each, within it);
        actions_source, actions_target (acts of each that are in such a pair); symmetry
        (the smaller of these by the larger, in (0, 1]); mean_seconds (mean distance in time
        of the pairs).
    accounts
        One row per account with an act in any pair, sorted: account_id; actions (its acts);
        participations (acts in a pair); own_pairs (pairs of its own acts within the window,
        its loops); passes (whether its participations are enough).
    provenance
        How it was made, and what each rule left out.
    """

    graph: Graph
    frame: pl.DataFrame
    accounts: pl.DataFrame
    provenance: Provenance

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "accounts": self.graph.n_nodes,
            "edges": self.graph.n_edges,
            "pairs of acts": self.graph.total_weight,
            "accounts near themselves only": int(
                self.accounts.filter(
                    (pl.col("own_pairs") > 0)
                    & ~pl.col("account_id").is_in(self.graph.vocabulary.ids.tolist())
                ).height
            ),
        }
        return facts | {f"left out: {k}": v for k, v in self.provenance.removed.items()}


#: Acts walked between two progress reports, and pairs of accounts that there is room for.
BLOCK, ROOM = 1 << 18, 1 << 20

Found = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Ints]


class PairScratch(NamedTuple):
    """Working arrays over the accounts: `seen_…` −1 at first, `sums` 0 before and after."""

    seen_object: Ints
    seen_interaction: Ints
    sums: Ints
    touched: npt.NDArray[np.int32]


class PairOutput(NamedTuple):
    """Later and earlier account of each pair, its sums, and how many pairs were cut."""

    tails: npt.NDArray[np.int32]
    heads: npt.NDArray[np.int32]
    sums: Ints
    cut: Ints


def coordinated_accounts(
    dataset: Dataset,
    *,
    window: str | timedelta,
    min_participation: int = 2,
    ends: str = "any",
    loops: bool = False,
    between: str = "accounts",
    through: str = "items",
    kinds: Collection[str] | None = None,
    exclude: Iterable[str] = (),
) -> Coordination:
    r"""Tie accounts that act on the same things within a short time, as CooRTweet does [1]_.

    Each row of the data is an act, those alike in everything too. Two acts on one thing are a
    pair if they are at most `window` apart, both ends included; a pair of acts of one account
    is a loop. An account's participations are its acts that are in a pair. For two accounts i
    and j with the pairs of acts :math:`P_{ij}`, of which :math:`a_{ij}` distinct acts are of
    i and :math:`a_{ji}` of j,

    * the weight is :math:`|P_{ij}|`;
    * the symmetry is :math:`\min(a_{ij}, a_{ji}) / \max(a_{ij}, a_{ji})`: near 0 where one
      very active account makes the edge heavy;
    * the mean distance in time is that of :math:`P_{ij}`.

    The steps are those of CooRTweet: accounts with fewer than `min_participation` acts are
    left out; pairs are found; loops go; accounts keep their standing if at least
    `min_participation` of their acts are in a pair that is left.

    Parameters
    ----------
    dataset
        With interactions that have event times, see `window` of
        :func:`graphkit.cointeraction_graph`.
    window
        Largest distance in time: text such as ``"10s"``, or a timedelta.
    min_participation
        Participations that an account needs.
    ends
        ``"any"``: an edge stands if either end has enough (as in CooRTweet); ``"both"``: if
        both have.
    loops
        Whether acts that are near acts of the same account alone are participations too.
        Loops never become edges; they stand in the table of accounts.
    between, through, kinds, exclude
        Who acts, on what, how, and what is left out, as in
        :func:`graphkit.cointeraction_graph`.

    Returns
    -------
    Coordination
        A graph of the accounts with an edge (and, with `loops`, of those that only stand by
        their loops), the table of edges, and the table of accounts.

    Raises
    ------
    OptionError
        For an unknown choice or a number out of range.
    MissingDataError
        If a table, a column or event times are missing.

    References
    ----------
    .. [1] Righetti, N., Balluff, P. (2025). CooRTweet: A generalized R software for coordinated
       network detection. Computational Communication Research, 7(1), 1.
       https://doi.org/10.5117/CCR2025.1.7.RIGH

    Examples
    --------
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "b", "a", "b", "c"], "item_id": ["v", "v", "w", "w", "w"],
    ...     "kind": ["share"] * 5,
    ...     "at": [f"2024-05-01T00:00:{s:02}Z" for s in (0, 4, 10, 16, 50)]})
    >>> coordinated_accounts(ds, window="10s").frame.rows()
    [('a', 'b', 2, 2, 2, 2, 1.0, 5.0)]
    """
    min_participation = check_integer("min_participation", min_participation, 1)
    check_choice("ends", ends, ("any", "both"))
    options = ProjectionOptions(between, through, kinds, window, exclude)
    chosen = gather(dataset, options, caller="coordinated_accounts")
    removed = dict(chosen.removed)
    ids, n = chosen.found.between, len(chosen.found.between)
    assert chosen.at is not None
    assert options.span is not None
    often = np.bincount(chosen.rows, minlength=n)
    active = often >= min_participation
    stay = active[chosen.rows]
    few = f"accounts of less than {min_participation} interactions"
    _count(removed, few, ((often > 0) & ~active))
    _count(removed, f"interactions of {few}", ~stay)
    lists = event_lists(
        chosen.rows[stay],
        chosen.columns[stay],
        chosen.at[stay],
        n,
        len(chosen.found.through),
        options.span,
        each=True,
    )
    others, own = _near(lists)
    owners = np.repeat(np.arange(n), np.diff(lists.row_start))
    takes_part = others > 0
    if loops:
        takes_part |= own > 1
    participations = np.bincount(owners[takes_part], minlength=n)
    passing = participations >= min_participation
    own_pairs = np.bincount(owners, weights=own - 1, minlength=n).astype(np.int64) // 2
    (tail, head, sums), cut = _pairs(lists, passing, ends == "both")
    if cut:
        wanted = "neither end" if ends == "any" else "not both ends"
        removed[f"edges where {wanted} has {min_participation} participations"] = cut
    if not loops and own_pairs.any():
        removed["pairs of interactions of one account (loops)"] = int(own_pairs.sum())
    frame = _edges(ids, tail, head, sums)
    selected = ("between", "through", "kinds", "window", "exclude")
    parameters = {name: chosen.parameters[name] for name in selected} | {
        "min_participation": min_participation,
        "ends": ends,
        "loops": loops,
    }
    provenance = Provenance.of(
        "coordinated_accounts",
        parameters,
        made_from=(dataset,),
        removed=removed,
        packages=("numba", "numpy"),
    )
    stands = np.zeros(n, dtype=bool)
    stands[tail] = stands[head] = True
    if loops:
        stands |= passing & (own_pairs > 0)
    graph = Graph.from_edges(
        frame.get_column("source"),
        frame.get_column("target"),
        frame.get_column("pairs"),
        directed=False,
        nodes=ids.series.filter(pl.Series(stands)),
        node_kind=between,
        provenance=provenance,
    )
    near = np.flatnonzero((participations > 0) | (own_pairs > 0))
    accounts = pl.DataFrame(
        {
            "account_id": ids.series.gather(near),
            "actions": often[near],
            "participations": participations[near],
            "own_pairs": own_pairs[near],
            "passes": passing[near],
        }
    )
    return Coordination(graph, frame, accounts, provenance)


def _count(removed: dict[str, int], reason: str, which: npt.NDArray[np.bool_]) -> None:
    if which.any():
        removed[reason] = int(which.sum())


def _near(lists: EventLists) -> tuple[Ints, Ints]:
    """Interactions of others near each, and those of its own account, itself included."""
    from graphkit.kernels import projection as kernel

    everybody = np.empty(lists.objects.size, dtype=np.int64)
    own = np.empty(lists.objects.size, dtype=np.int64)
    kernel.count_near(lists, everybody, own)
    return everybody - own, own


def _pairs(lists: EventLists, passing: npt.NDArray[np.bool_], both: bool) -> tuple[Found, int]:
    """Codes j < i of the accounts of each edge, its sums, and how many edges were cut."""
    from graphkit.kernels import projection as kernel

    n = passing.size
    scratch = PairScratch(
        np.full(n, -1, dtype=np.int64),
        np.full(n, -1, dtype=np.int64),
        np.zeros((n, 5), dtype=np.int64),
        np.empty(n + 1, dtype=np.int32),
    )
    cut = np.zeros(1, dtype=np.int64)
    room = max(ROOM, n)
    parts: list[Found] = []
    done = np.searchsorted(lists.row_start, np.arange(BLOCK, lists.objects.size, BLOCK))
    bounds = np.unique(np.concatenate([done, [n]])).tolist()
    row = 0
    for stop in track(bounds, "pairs", len(bounds)):
        while row < stop:
            tails, heads = np.empty(room, np.int32), np.empty(room, np.int32)
            out = PairOutput(tails, heads, np.empty((room, 5), dtype=np.int64), cut)
            row, used = kernel.paired_rows(row, stop, lists, passing, both, scratch, out)
            parts.append((tails[:used].copy(), heads[:used].copy(), out.sums[:used].copy()))
    tail, head, all_sums = (np.concatenate(column) for column in zip(*parts, strict=True))
    return (tail, head, all_sums), int(cut[0])


def _edges(
    ids: Vocabulary, tail: npt.NDArray[np.int32], head: npt.NDArray[np.int32], sums: Ints
) -> pl.DataFrame:
    """The table of edges; the smaller id is the source."""
    order = np.lexsort((tail, head))
    tail, head, sums = tail[order], head[order], sums[order]
    shared, pairs, distance, later, earlier = sums.T
    return pl.DataFrame(
        {
            "source": ids.series.gather(head),
            "target": ids.series.gather(tail),
            "shared": shared,
            "pairs": pairs,
            "actions_source": earlier,
            "actions_target": later,
            "symmetry": np.minimum(later, earlier) / np.maximum(later, earlier),
            "mean_seconds": distance / pairs / 1e6,
        }
    )

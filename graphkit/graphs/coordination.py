"""Coordinated accounts: repeated interaction with the same objects within a short window."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, OptionError, check_choice, check_flag, check_integer, warn
from graphkit.graphs.options import (
    Codes,
    Ints,
    ProjectionOptions,
    gather_interactions,
    memory_budget,
)
from graphkit.graphs.planning import LONG, largest_cap, size_text, time_text
from graphkit.graphs.projection import EventLists, distinct_pairs, event_lists
from graphkit.parallel import track

__all__ = ["Coordination", "coordinated_accounts"]


@dataclass(frozen=True, repr=False, eq=False)
class Coordination(Frozen, title="Coordinated accounts", table="frame"):
    """Pairs of accounts that interacted with the same objects within a window.

    Attributes
    ----------
    graph
        Coordinated accounts; the weight of an edge is its number of pairs of interactions.
    frame
        One row per edge, sorted by its ends: source, target; shared (objects with which both
        interacted within the window); pairs (pairs of interactions, one of each, within it);
        actions_source, actions_target (interactions of each in such a pair); symmetry (the
        smaller of these by the larger, in (0, 1]); mean_seconds (mean distance in time of the
        pairs).
    accounts
        One row per account with an interaction in any pair, sorted: account_id; actions (its
        interactions); participations (interactions in a pair); own_pairs (pairs of its own
        interactions within the window, its loops); passes (whether its participations reach
        `min_participation`).
    provenance
        How it was made, and what each rule left out.
    """

    graph: Graph
    frame: pl.DataFrame
    accounts: pl.DataFrame
    provenance: Provenance

    def _facts(self) -> dict[str, object]:
        isolated = ~pl.col("account_id").is_in(self.graph.vocabulary.ids.tolist())
        facts: dict[str, object] = {
            "accounts": self.graph.n_nodes,
            "edges": self.graph.n_edges,
            "pairs of interactions": self.graph.total_weight,
            "accounts with loops only": self.accounts.filter(
                (pl.col("own_pairs") > 0) & isolated
            ).height,
        }
        return facts | {f"left out: {k}": v for k, v in self.provenance.removed.items()}


#: Interactions read between two progress reports, and pairs of accounts allocated at a time.
BLOCK, SPACE = 1 << 18, 1 << 20

#: Bytes at the peak per edge and per interaction, and seconds per edge and per pair of
#: interactions, measured: 226–248 bytes on graphs of one to five million edges.
EDGE_BYTES, INTERACTION_BYTES = 250, 120
EDGE_SECONDS, PAIR_SECONDS = 2e-6, 4e-9

#: Later and earlier account of each pair, and its sums, see `PairOutput`.
Pairs = tuple[Codes, Codes, Ints]


class PairScratch(NamedTuple):
    """Working arrays over the accounts: `seen_…` −1 at first, `sums` 0 before and after."""

    seen_object: Ints
    seen_interaction: Ints
    sums: Ints
    touched: Codes


@dataclass(frozen=True)
class PairBounds:
    """Work by object, before any pair is formed.

    `degree` are the accounts of each object, as `max_degree` counts them; `pairs` the pairs of
    interactions of two accounts within the window, exact; `edges` an upper bound of the edges
    that the object makes. The last is the number of pairs of all accounts that take part.
    """

    degree: Ints
    pairs: Ints
    edges: Ints
    most: int

    @property
    def n_edges(self) -> int:
        """Upper bound of the edges."""
        return min(int(self.edges.sum()), self.most)

    @property
    def seconds(self) -> float:
        """Upper bound of the time expected."""
        return self.n_edges * EDGE_SECONDS + float(self.pairs.sum()) * PAIR_SECONDS

    def capped_edges(self, cap: int) -> int:
        """The bound without objects of more accounts than `cap`."""
        return min(int(self.edges[self.degree <= cap].sum()), self.most)

    def heaviest_text(self, through: str) -> str:
        """Numbers of accounts of the most popular objects, as a sentence."""
        sizes = np.sort(self.degree)[::-1][:3].tolist()
        return f"The {through} of most accounts have {', '.join(f'{k:,}' for k in sizes)}."

    def cap_text(self, cap: int | None, through: str, *, timed: bool) -> str:
        """The cap with what it would cost and leave out; empty without one."""
        if cap is None:
            return ""
        kept = self.degree <= cap
        seconds = self.capped_edges(cap) * EDGE_SECONDS + int(self.pairs[kept].sum()) * PAIR_SECONDS
        cost = time_text(seconds) if timed else size_text(self.capped_edges(cap) * EDGE_BYTES)
        return (
            f"max_degree={cap} (at most about {cost}; leaves out {int((~kept).sum()):,} of "
            f"{int(np.count_nonzero(self.degree)):,} {through})"
        )


class PairOutput(NamedTuple):
    """Later and earlier account of each pair, its sums, and the number of pairs cut."""

    later: Codes
    earlier: Codes
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
    max_degree: int | None = None,
    exclude: Iterable[str] = (),
    memory: int | str | None = None,
) -> Coordination:
    r"""Network of accounts that interact with the same objects within a short time [1]_.

    Two interactions with one object are a pair if they are at most `window` apart, both ends
    included; a pair of interactions of one account is a loop. Each row of the data is an
    interaction, also identical rows. The participations of an account are its interactions in
    a pair. For two accounts i and j with the pairs of interactions :math:`P_{ij}`, of which
    :math:`a_{ij}` distinct interactions are of i and :math:`a_{ji}` of j,

    * the weight is :math:`|P_{ij}|`;
    * the symmetry is :math:`\min(a_{ij}, a_{ji}) / \max(a_{ij}, a_{ji})`: near 0 where one
      very active account makes the edge heavy;
    * the mean distance in time is that of :math:`P_{ij}`.

    The steps are those of CooRTweet: accounts with fewer than `min_participation` interactions
    are left out; pairs are found; loops are removed; an account passes if at least
    `min_participation` of its interactions are in a remaining pair.

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
        ``"any"``: an edge is kept if either end passes (as in CooRTweet); ``"both"``: if both do.
    loops
        Whether interactions that are paired only with ones of the same account are
        participations. Loops never become edges; they are counted in the table of accounts.
    between, through, kinds, exclude
        As in :func:`graphkit.cointeraction_graph`.
    max_degree
        Objects of more actors than this are left out before anything is counted. One object of
        n actors at once makes n(n − 1)/2 edges, and says little about any two of them.
    memory
        Bytes that may be used, or text such as ``"4 GB"``; by default 80 % of the available
        memory.

    Returns
    -------
    Coordination
        A graph of the accounts with an edge (and, with `loops`, of those that pass by their
        loops), the table of edges, and the table of accounts.

    Raises
    ------
    OptionError
        For an unknown choice or a number out of range; or if more than `memory` would be needed:
        the message says which `max_degree` fits.
    MissingDataError
        If a table, a column or event times are missing.
    DataError
        If `max_degree` leaves nothing.

    Warns
    -----
    GraphkitWarning
        If it may take more than two minutes, before any pair is formed.

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
    check_flag("loops", loops)
    options = ProjectionOptions(
        *(between, through, kinds, window, exclude), max_degree=max_degree, memory=memory
    )
    chosen = gather_interactions(dataset, options, caller="coordinated_accounts")
    removed = dict(chosen.removed)
    ids, n, m = chosen.found.between, len(chosen.found.between), len(chosen.found.through)
    assert chosen.at is not None
    assert options.span is not None
    rows, objects, at = chosen.rows, chosen.columns, chosen.at
    degree = np.bincount(distinct_pairs(rows, objects, n, m)[1], minlength=m)
    if options.max_degree is not None:
        heavy = degree > options.max_degree
        popular = f"{through} of more than {max_degree} actors"
        _add_count(removed, popular, heavy)
        _add_count(removed, f"interactions with {popular}", heavy[objects])
        keep = ~heavy[objects]
        if not keep.any() and keep.size:
            raise DataError(
                f"coordinated_accounts: max_degree={max_degree} leaves nothing: all "
                f"{int(heavy.sum()):,} {through} have more {between} than that. Raise it, or "
                "shorten the window."
            )
        rows, objects, at = rows[keep], objects[keep], at[keep]
        degree[heavy] = 0
    counts = np.bincount(rows, minlength=n)
    active = counts >= min_participation
    stay = active[rows]
    few = f"accounts of less than {min_participation} interactions"
    _add_count(removed, few, (counts > 0) & ~active)
    _add_count(removed, f"interactions of {few}", ~stay)
    codes = (rows[stay], objects[stay], at[stay])
    lists = event_lists(*codes, n, m, options.span, each=True)
    others, own = _count_within_window(lists)
    bounds = _bound_pairs(lists, others, degree)
    fitting = _fitting_edges(lists, n, memory_budget(options.memory))
    _warn_of_length(bounds, through)
    owners = np.repeat(np.arange(n), np.diff(lists.row_start))
    takes_part = others > 0
    if loops:
        takes_part |= own > 1
    participations = np.bincount(owners[takes_part], minlength=n)
    passing = participations >= min_participation
    own_pairs = np.bincount(owners, weights=own - 1, minlength=n).astype(np.int64) // 2
    found = _find_pairs(lists, passing, ends == "both", max(fitting, 0))
    if found is None or fitting < 0:
        raise OptionError(_refusal(bounds, fitting, memory_budget(options.memory), through))
    (later, earlier, sums), cut = found
    if cut:
        wanted = "neither end" if ends == "any" else "not both ends"
        removed[f"edges where {wanted} has {min_participation} participations"] = cut
    if not loops and own_pairs.any():
        removed["pairs of interactions of one account (loops)"] = int(own_pairs.sum())
    frame = _edge_table(ids, later, earlier, sums)
    selected = ("between", "through", "kinds", "window", "max_degree", "exclude")
    parameters = {name: chosen.parameters[name] for name in selected}
    parameters |= {"min_participation": min_participation, "ends": ends, "loops": loops}
    provenance = Provenance.of(
        "coordinated_accounts",
        parameters,
        made_from=(dataset,),
        removed=removed,
        packages=("numba", "numpy"),
    )
    kept = np.zeros(n, dtype=bool)
    kept[later] = kept[earlier] = True
    if loops:
        kept |= passing & (own_pairs > 0)
    graph = Graph.from_edges(
        *(frame.get_column(name) for name in ("source", "target", "pairs")),
        directed=False,
        nodes=ids.series.filter(pl.Series(kept)),
        node_kind=between,
        provenance=provenance,
    )
    near = np.flatnonzero((participations > 0) | (own_pairs > 0))
    columns: dict[str, npt.NDArray[Any]] = {"actions": counts, "participations": participations}
    columns |= {"own_pairs": own_pairs, "passes": passing}
    accounts = pl.DataFrame(
        {"account_id": ids.series.gather(near)} | {k: v[near] for k, v in columns.items()}
    )
    return Coordination(graph, frame, accounts, provenance)


def _add_count(removed: dict[str, int], reason: str, which: npt.NDArray[np.bool_]) -> None:
    if which.any():
        removed[reason] = int(which.sum())


def _count_within_window(lists: EventLists) -> tuple[Ints, Ints]:
    """Interactions of other accounts near each, and of its own account, including itself."""
    from graphkit.kernels import coordination as kernel

    everyone, own = np.empty((2, lists.objects.size), dtype=np.int64)
    kernel.count_near(lists, everyone, own)
    return everyone - own, own


def _bound_pairs(lists: EventLists, others: Ints, degree: Ints) -> PairBounds:
    """Work by object, from the interactions of other accounts near each one."""
    objects, m = lists.objects, degree.size
    pairs = np.bincount(objects, weights=others, minlength=m).astype(np.int64) // 2
    # the first interaction of each account with each object
    first = np.diff(objects, prepend=-1) != 0
    first[lists.row_start[:-1][np.diff(lists.row_start) > 0]] = True
    there = np.bincount(objects[first], minlength=m)
    near = np.unique(lists.members).size
    edges = np.minimum(pairs, there * (there - 1) // 2)
    return PairBounds(degree, pairs, edges, near * (near - 1) // 2)


def _fitting_edges(lists: EventLists, n: int, budget: int) -> int:
    """Edges that fit beside the lists and the arrays over the accounts; negative if these do not.

    Buffers take memory only where they are written to.
    """
    return (budget - INTERACTION_BYTES * lists.objects.size - 64 * n) // EDGE_BYTES


def _refusal(bounds: PairBounds, fitting: int, budget: int, through: str) -> str:
    """Why the edges do not fit, and what would."""
    cap = largest_cap(bounds.degree, bounds.edges, fitting) if fitting >= 0 else None
    way = bounds.cap_text(cap, through, timed=False)
    return (
        f"coordinated_accounts: {int(bounds.pairs.sum()):,} pairs of interactions within the window "
        f"make up to {bounds.n_edges:,} edges, which would need about "
        f"{size_text(bounds.n_edges * EDGE_BYTES)}, and {size_text(budget)} may be used. "
        f"{bounds.heaviest_text(through)} "
        + (f"This would fit: {way}. Or" if way else "No cap alone would fit:")
        + " shorten the window, or allow more with memory=…."
    )


def _warn_of_length(bounds: PairBounds, through: str) -> None:
    if bounds.seconds <= LONG:
        return
    cost = bounds.edges * EDGE_SECONDS + bounds.pairs * PAIR_SECONDS
    way = bounds.cap_text(largest_cap(bounds.degree, cost, LONG), through, timed=True)
    warn(
        f"coordinated_accounts: this may take up to {time_text(bounds.seconds)}: there are "
        f"{int(bounds.pairs.sum()):,} pairs of interactions within the window, and up to "
        f"{bounds.n_edges:,} edges. {bounds.heaviest_text(through)} Quicker: "
        f"{f'{way}, or ' if way else ''}a shorter window=…."
    )


def _find_pairs(
    lists: EventLists, passing: npt.NDArray[np.bool_], both: bool, most: int
) -> tuple[Pairs, int] | None:
    """Codes i > j of the accounts of each edge, its sums, and the number of edges cut.

    `None` as soon as there are more edges than `most`.
    """
    from graphkit.kernels import coordination as kernel

    n = passing.size
    seen_object, seen_interaction = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    sums, touched = np.zeros((n, 5), np.int64), np.empty(n + 1, np.int32)
    scratch = PairScratch(seen_object, seen_interaction, sums, touched)
    cut = np.zeros(1, dtype=np.int64)
    space = max(SPACE, n)
    parts: list[Pairs] = []
    total = 0
    done = np.searchsorted(lists.row_start, np.arange(BLOCK, lists.objects.size, BLOCK))
    bounds = np.unique(np.concatenate([done, [n]])).tolist()
    row = 0
    for stop in track(bounds, "pairs", len(bounds)):
        while row < stop:
            later, earlier = np.empty(space, np.int32), np.empty(space, np.int32)
            out = PairOutput(later, earlier, np.empty((space, 5), dtype=np.int64), cut)
            row, used = kernel.paired_rows(row, stop, lists, passing, both, scratch, out)
            total += used
            if total > most:
                return None
            parts.append((later[:used].copy(), earlier[:used].copy(), out.sums[:used].copy()))
    later, earlier, sums = (np.concatenate(column) for column in zip(*parts, strict=True))
    return (later, earlier, sums), int(cut[0])


def _edge_table(ids: Vocabulary, later: Codes, earlier: Codes, sums: Ints) -> pl.DataFrame:
    """The table of edges; the smaller id is the source."""
    order = np.lexsort((later, earlier))
    later, earlier, sums = later[order], earlier[order], sums[order]
    shared, pairs, distance, of_later, of_earlier = sums.T
    return pl.DataFrame(
        {
            "source": ids.series.gather(earlier),
            "target": ids.series.gather(later),
            "shared": shared,
            "pairs": pairs,
            "actions_source": of_earlier,
            "actions_target": of_later,
            "symmetry": np.minimum(of_later, of_earlier) / np.maximum(of_later, of_earlier),
            "mean_seconds": distance / pairs / 1e6,
        }
    )

"""Follow graph, interaction graphs, and both as the layers of a multiplex."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.graph import Graph
from graphkit.data.incidence import checked_kinds, rows_of_kinds
from graphkit.data.provenance import Provenance
from graphkit.data.times import TIME, as_instant
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError, OptionError, check_choice, check_flag, warn

__all__ = ["follow_graph", "interaction_graph", "interaction_times", "layers"]

#: Kinds whose ``item_id`` is the reply itself, so that only a target names its addressee.
REPLIES = ("duet", "stitch", "reply", "mention")


@dataclass(frozen=True)
class Selected:
    """Interactions with a known target: source, target, at; the options; what was left out."""

    rows: pl.DataFrame
    kinds: tuple[str, ...]
    span: tuple[datetime | None, datetime | None]
    removed: dict[str, int]


def interaction_graph(
    dataset: Dataset,
    kinds: Collection[str] = ("stitch", "duet"),
    *,
    nodes: str = "active",
    since: str | datetime | None = None,
    until: str | datetime | None = None,
) -> Graph:
    """Directed graph of interactions, account → target account; weight = their number.

    The target is ``target_account_id``, else the author of ``target_item_id``. For kinds
    directed at an existing item, such as ``like``, it is else the author of ``item_id``; for
    duets, stitches, replies and mentions ``item_id`` is the reply itself, so that the target is
    then unknown. Rows without a known target are left out and counted. Self-loops are kept; see
    ``Graph.n_loops``.

    Parameters
    ----------
    dataset
        With interactions of these kinds.
    kinds
        Kinds of interaction.
    nodes
        ``"active"``: sources and targets; ``"all"``: every account of the dataset.
    since, until
        Interactions from `since` on and before `until` (ISO 8601 text or datetimes; UTC if
        naive), which needs event times in ``interactions.at``. Interactions without a time are
        then left out and counted. For the times of each edge see :func:`interaction_times`.

    Returns
    -------
    Graph
        Directed, weighted, nodes are accounts. The number of interactions is its
        `total_weight`; surplus parallel edges are ``total_weight - n_edges``.

    Raises
    ------
    OptionError
        For an unknown kind or choice of nodes, or times that are invalid or out of order.
    MissingDataError
        If there is no interaction of these kinds (and times), or none with a known target; or
        no event times where they are needed.

    Examples
    --------
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "a", "b"], "kind": ["stitch", "stitch", "duet"],
    ...     "target_account_id": ["b", "b", "b"]})
    >>> interaction_graph(ds).edges().rows()
    [('a', 'b', 2.0), ('b', 'b', 1.0)]
    """
    check_choice("nodes", nodes, ("active", "all"))
    selected = _select_interactions(dataset, kinds, since, until, caller="interaction_graph")
    source, target = selected.rows.get_column("source"), selected.rows.get_column("target")
    active = Vocabulary(pl.concat([source, target.alias("source")]))
    removed = dict(selected.removed)
    if nodes == "active":
        removed["accounts that take no part"] = len(dataset.account_ids) - len(active)
    low, high = (None if end is None else end.isoformat() for end in selected.span)
    options = {"kinds": selected.kinds, "nodes": nodes, "since": low, "until": high}
    among = active if nodes == "active" else dataset.account_ids
    return _account_graph(dataset, (source, target), among, "interaction_graph", options, removed)


def _account_graph(
    dataset: Dataset,
    ends: tuple[pl.Series, pl.Series],
    nodes: Vocabulary,
    caller: str,
    options: dict[str, Any],
    removed: dict[str, int],
) -> Graph:
    counts = {reason: n for reason, n in removed.items() if n}
    provenance = Provenance.of(caller, options, made_from=(dataset,), removed=counts)
    return Graph.from_edges(
        *ends, directed=True, nodes=nodes, node_kind="accounts", provenance=provenance
    )


def interaction_times(
    dataset: Dataset,
    kinds: Collection[str] = ("stitch", "duet"),
    *,
    since: str | datetime | None = None,
    until: str | datetime | None = None,
) -> pl.DataFrame:
    """Number and times of the interactions of each edge of :func:`interaction_graph`.

    Parameters
    ----------
    dataset
        With interactions of these kinds that have event times.
    kinds, since, until
        As in :func:`interaction_graph`.

    Returns
    -------
    polars.DataFrame
        One row per edge, in the order of ``interaction_graph(…).edges()``: source, target;
        n (interactions, the weight of the edge); timed (those with a time); first, last (null
        where none has a time).

    Raises
    ------
    OptionError, MissingDataError
        As in :func:`interaction_graph`, and if there are no event times.

    Examples
    --------
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "a"], "kind": ["duet"] * 2, "target_account_id": ["b"] * 2,
    ...     "at": ["2024-05-01", "2024-05-03"]})
    >>> found = interaction_times(ds, "duet").row(0, named=True)
    >>> found["n"], str(found["last"] - found["first"])
    (2, '2 days, 0:00:00')
    """
    _require_times(dataset, "interaction_times")
    rows = _select_interactions(dataset, kinds, since, until, caller="interaction_times").rows
    at = pl.col("at")
    counts = {"n": pl.len().cast(pl.Int64), "timed": at.count().cast(pl.Int64)}
    table = rows.group_by("source", "target").agg(**counts, first=at.min(), last=at.max())
    return table.sort("source", "target")


def _require_times(dataset: Dataset, caller: str) -> None:
    require_dataset(dataset, caller=caller)
    dataset.require("interactions", "at", verb=caller)
    dataset.require_event_times("interactions.at", verb=caller)


def _select_interactions(
    dataset: Dataset,
    kinds: Collection[str],
    since: str | datetime | None,
    until: str | datetime | None,
    *,
    caller: str,
) -> Selected:
    """Interactions of these kinds and times with a known target."""
    wanted = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    wanted = checked_kinds(wanted)
    require_dataset(dataset, caller=caller)
    span = _check_span(since, until)
    table = dataset.require("interactions", verb=caller)
    rows = rows_of_kinds(table, wanted, caller)
    removed: dict[str, int] = {}
    if span != (None, None):
        rows = _filter_times(dataset, rows, span, removed, caller)
    at = rows.get_column("at") if "at" in rows.columns else pl.repeat(None, rows.height, eager=True)
    ends = {"source": rows.get_column("account_id"), "target": _target_accounts(dataset, rows)}
    edges = pl.DataFrame(ends | {"at": at.cast(TIME)})
    known = edges.drop_nulls("target")
    if not known.height:
        raise MissingDataError(
            f"{caller}: none of the {rows.height:,} interactions of kind "
            f"{', '.join(wanted)} has a known target: fill target_account_id, or target_item_id "
            "(or item_id) with items.author_id."
        )
    removed["interactions without a known target"] = edges.height - known.height
    return Selected(known, wanted, span, removed)


def _check_span(
    since: str | datetime | None, until: str | datetime | None
) -> tuple[datetime | None, datetime | None]:
    low = None if since is None else as_instant("since", since)
    high = None if until is None else as_instant("until", until)
    if low is not None and high is not None and low >= high:
        raise OptionError(
            f"since={low.isoformat()} is not before until={high.isoformat()}: swap or widen them."
        )
    return low, high


def _filter_times(
    dataset: Dataset,
    rows: pl.DataFrame,
    span: tuple[datetime | None, datetime | None],
    removed: dict[str, int],
    caller: str,
) -> pl.DataFrame:
    """Rows with a time in [first, second)."""
    caller = f"{caller}(since=…, until=…)"
    _require_times(dataset, caller)
    timed = rows.filter(pl.col("at").is_not_null())
    low, high = span
    inside = pl.lit(True) if low is None else pl.col("at") >= low
    kept = timed.filter(inside if high is None else inside & (pl.col("at") < high))
    removed["interactions without a time"] = rows.height - timed.height
    removed["interactions before or after"] = timed.height - kept.height
    if not kept.height:
        raise MissingDataError(
            f"{caller}: none of the {rows.height:,} interactions of these kinds lies in this "
            f"period ({rows.height - timed.height:,} have none): widen it."
        )
    return kept


def _target_accounts(dataset: Dataset, rows: pl.DataFrame) -> pl.Series:
    """Target account of each row; null where it is unknown."""
    nothing = pl.lit(None, pl.String)

    def column(name: str) -> pl.Expr:
        return pl.col(name) if name in rows.columns else nothing

    direct = pl.when(~pl.col("kind").cast(pl.String).is_in(REPLIES)).then(column("item_id"))
    named = rows.select(
        column("target_account_id").alias("account"),
        pl.coalesce(column("target_item_id"), direct).alias("item_id"),
    )
    items = dataset.items
    if items is None or "author_id" not in items.columns:
        return named.get_column("account")
    authors = items.select("item_id", "author_id")
    found = named.join(authors, on="item_id", how="left", maintain_order="left")
    return found.select(pl.coalesce("account", "author_id").alias("target")).to_series()


def follow_graph(
    dataset: Dataset,
    *,
    until: str | datetime | None = None,
    mutual: bool = False,
    complete_only: bool = False,
) -> Graph:
    """Directed graph follower → followee of all accounts; content flows the other way.

    Lists of follows may have been truncated in collection. ``accounts.list_complete`` says
    whether an account's list is known to be complete; the provenance counts complete, truncated
    and unknown lists. Truncated lists bias reciprocity downwards: compute it on the ``subgraph``
    of accounts with complete lists.

    Parameters
    ----------
    dataset
        With a table of follows.
    until
        Follows made before this instant (ISO 8601 text or a datetime; UTC if naive), which
        needs event times in ``follows.since``. Follows without a time are treated as older than
        the log, as in ``Dataset.split_time``, and kept; the provenance counts them.
        Unfollowing is not known.
    mutual
        Keep only reciprocated edges (after the other options); still directed.
    complete_only
        Keep only the follows of accounts whose list is known to be complete.

    Returns
    -------
    Graph
        Directed, unweighted, nodes are all accounts; possibly without edges.

    Raises
    ------
    MissingDataError
        If the table of follows, the times that `until` needs, or the column that
        `complete_only` needs is missing.
    DataError
        If the table is empty.
    OptionError
        If `until` is not a time.

    Examples
    --------
    >>> ds = Dataset(
    ...     accounts={"account_id": ["a", "b", "c"], "list_complete": [True, True, False]},
    ...     follows={"follower_id": ["a", "b", "b", "c"], "followee_id": ["b", "a", "c", "a"]})
    >>> follow_graph(ds).edges().rows()
    [('a', 'b', 1.0), ('b', 'a', 1.0), ('b', 'c', 1.0), ('c', 'a', 1.0)]
    >>> found = follow_graph(ds, complete_only=True, mutual=True)
    >>> found.edges().rows(), dict(found.provenance.removed)
    ([('a', 'b', 1.0), ('b', 'a', 1.0)],
     {'follows of accounts whose lists are not known to be whole': 1,
      'follows that are not returned': 1})
    """
    require_dataset(dataset, caller="follow_graph")
    check_flag("mutual", mutual)
    check_flag("complete_only", complete_only)
    follows = dataset.require("follows", verb="follow_graph")
    if not follows.height:
        raise DataError("follow_graph: the table 'follows' is empty: there are no edges.")
    removed: dict[str, int] = {}
    cut = None if until is None else as_instant("until", until)
    parameters: dict[str, object] = {
        "until": None if cut is None else cut.isoformat(),
        "mutual": mutual,
        "complete_only": complete_only,
        **_count_lists(dataset),
    }
    if cut is not None:
        dataset.require("follows", "since", verb="follow_graph(until=…)")
        dataset.require_event_times("follows.since", verb="follow_graph(until=…)")
        later = follows.get_column("since") >= cut
        removed["follows made later"] = int(later.sum())
        follows = follows.filter(~later.fill_null(False))
        parameters["untimed"] = follows.get_column("since").null_count()
    if complete_only:
        complete = _complete_accounts(dataset)
        known = follows.get_column("follower_id").is_in(complete.implode())
        removed["follows of accounts whose lists are not known to be whole"] = int((~known).sum())
        follows = follows.filter(known)
    edges = follows.select("follower_id", "followee_id")
    if mutual:
        opposite = edges.select(follower_id="followee_id", followee_id="follower_id")
        returned = edges.join(opposite, on=["follower_id", "followee_id"], how="semi")
        removed["follows that are not returned"] = edges.height - returned.height
        edges = returned
    ends = (edges.get_column("follower_id"), edges.get_column("followee_id"))
    return _account_graph(dataset, ends, dataset.account_ids, "follow_graph", parameters, removed)


def _count_lists(dataset: Dataset) -> dict[str, int]:
    """Numbers of complete, truncated and unknown lists of follows."""
    accounts = dataset.accounts
    if accounts is None or "list_complete" not in accounts.columns:
        return {}
    whole = accounts.get_column("list_complete")
    return {
        "whole_lists": int(whole.sum()),
        "cut_lists": int((~whole).sum()),
        "unknown_lists": whole.null_count(),
    }


def _complete_accounts(dataset: Dataset) -> pl.Series:
    """Accounts whose lists are known to be complete."""
    accounts = dataset.require("accounts", "list_complete", verb="follow_graph(complete_only=True)")
    whole = accounts.filter(pl.col("list_complete")).get_column("account_id")
    if not len(whole):
        raise MissingDataError(
            "follow_graph(complete_only=True): no list of follows is known to be whole "
            "(accounts.list_complete is nowhere true): leave the option out."
        )
    return whole


#: Kinds of interaction that are layers by default.
LAYERS = ("mention", "duet", "stitch", "reply", "repost")


def layers(
    dataset: Dataset,
    *,
    kinds: Collection[str] | None = None,
    follows: bool = True,
    since: str | datetime | None = None,
    until: str | datetime | None = None,
) -> dict[str, Graph]:
    """Follow and interaction graphs over the same accounts, as the layers of a multiplex.

    Every layer is directed and has all accounts of the dataset as nodes, in the same order, so
    that layers can be added, compared, and clustered together by ``leiden``. Weights are numbers
    of interactions; a follow weighs 1. Layers of very different total weight need layer weights
    there.

    A co-interaction graph is undirected. To add one, make all layers undirected:
    ``{name: g.to_undirected() for name, g in layers(ds).items()} | {"tags": shared}``.

    Parameters
    ----------
    dataset
        With follows, interactions, or both.
    kinds
        Kinds of interaction, one layer each, which must occur. By default those of mention,
        duet, stitch, reply and repost that occur.
    follows
        Whether the follow graph is a layer, which needs a table of follows.
    since, until
        Interactions from `since` on and before `until`, and follows made before `until`: see
        :func:`interaction_graph` and :func:`follow_graph`. Follows from before `since` are
        kept.

    Returns
    -------
    dict
        Name → Graph: ``"follow"`` first, then the kinds in the order above, or as given.

    Raises
    ------
    MissingDataError
        If the table of follows or a requested kind is missing, or if no layer is left.
    OptionError
        For an unknown kind, one named twice, or times out of order.

    Warns
    -----
    GraphkitWarning
        If a kind occurs, but none of its interactions has a known target in the period.

    Examples
    --------
    >>> ds = Dataset(
    ...     follows={"follower_id": ["a"], "followee_id": ["b"]},
    ...     interactions={
    ...         "account_id": ["c", "c"], "kind": ["duet", "mention"],
    ...         "target_account_id": ["b", "a"]})
    >>> {name: g.edges().rows() for name, g in layers(ds).items()}
    {'follow': [('a', 'b', 1.0)], 'mention': [('c', 'a', 1.0)], 'duet': [('c', 'b', 1.0)]}
    """
    require_dataset(dataset, caller="layers")
    check_flag("follows", follows)
    found: dict[str, Graph] = {}
    if follows:
        if dataset.follows is None:
            raise MissingDataError(
                "layers: there is no table 'follows'; this dataset has "
                f"{', '.join(dataset.tables)}. Pass follows=False to go without."
            )
        found["follow"] = follow_graph(dataset, until=until)
    wanted = _layer_kinds(dataset, kinds)
    if wanted and (since is not None or until is not None):
        _require_times(dataset, "layers(since=…, until=…)")
    unusable: list[str] = []
    for kind in wanted:
        try:
            found[kind] = interaction_graph(dataset, (kind,), nodes="all", since=since, until=until)
        except MissingDataError as error:
            if kinds is not None:
                raise MissingDataError(f"layers: {error}") from None
            unusable.append(f"no layer {kind!r}: {error}")
    if unusable:
        warn(f"layers: {' '.join(unusable)}")
    if not found:
        raise MissingDataError(
            f"layers: no layer can be made: follows={follows}, and of the kinds "
            f"{', '.join(LAYERS)} none can be used (pass kinds=… for others)."
        )
    return found


def _layer_kinds(dataset: Dataset, kinds: Collection[str] | None) -> tuple[str, ...]:
    if kinds is not None:
        wanted = (kinds,) if isinstance(kinds, str) else tuple(kinds)
        if len(set(wanted)) < len(wanted):
            raise OptionError(f"layers: kinds={wanted} names a kind twice.")
        return wanted
    if dataset.interactions is None:
        return ()
    present = set(dataset.interactions.get_column("kind").cast(pl.String).unique().to_list())
    return tuple(kind for kind in LAYERS if kind in present)

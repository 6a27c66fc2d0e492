"""Who answers whom, and when: duets, stitches, replies, mentions."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from graphkit.data.dataset import Dataset, as_instant
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.data.schema import KINDS, TIME
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, GraphkitWarning, MissingDataError, OptionError, check_choice

__all__ = ["LAYERS", "follow_graph", "interaction_graph", "interaction_times", "layers"]

#: Kinds whose ``item_id`` is the answer itself: only a target says whom they answer.
ANSWERS = ("duet", "stitch", "reply", "mention")


@dataclass(frozen=True)
class Answers:
    """The interactions that count: source, target, at; what was asked for; what was left out."""

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
    """The directed graph account → account that it answers; weight = how often.

    The target is ``target_account_id``; where that is missing, the author of
    ``target_item_id``. Kinds that act on somebody's item, such as ``like``, answer the
    author of ``item_id`` where the row names no target; for duets, stitches, replies and
    mentions ``item_id`` is the answer itself, so without a target theirs is unknown. Rows
    whose target is unknown are left out and counted. Self-loops (answers to oneself) are
    kept; see ``Graph.n_loops``.

    Parameters
    ----------
    dataset
        With interactions of these kinds.
    kinds
        Kinds of interaction.
    nodes
        ``"active"``: accounts that answer or are answered; ``"all"``: every account of
        the dataset.
    since, until
        Interactions from `since` on and before `until` (ISO 8601 text or datetimes; UTC if
        naive), which needs event times in ``interactions.at``. Interactions without a time are
        left out then, and counted. For the times of each arc see :func:`interaction_times`.

    Returns
    -------
    Graph
        Directed, weighted, nodes are accounts. The number of interactions is its
        `total_weight`; surplus parallel arcs are ``total_weight - n_edges``.

    Raises
    ------
    OptionError
        For an unknown kind or choice of nodes, or a time that is none or not before the other.
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
    answers = _answers(dataset, kinds, since, until, verb="interaction_graph")
    source, target = answers.rows.get_column("source"), answers.rows.get_column("target")
    active = Vocabulary(pl.concat([source, target.alias("source")]))
    removed = dict(answers.removed)
    if nodes == "active":
        removed["accounts that take no part"] = len(dataset.account_ids) - len(active)
    low, high = (None if end is None else end.isoformat() for end in answers.span)
    return Graph.from_edges(
        source,
        target,
        directed=True,
        nodes=active if nodes == "active" else dataset.account_ids,
        node_kind="accounts",
        provenance=Provenance.of(
            "interaction_graph",
            {"kinds": answers.kinds, "nodes": nodes, "since": low, "until": high},
            made_from=(dataset,),
            removed={reason: n for reason, n in removed.items() if n},
        ),
    )


def interaction_times(
    dataset: Dataset,
    kinds: Collection[str] = ("stitch", "duet"),
    *,
    since: str | datetime | None = None,
    until: str | datetime | None = None,
) -> pl.DataFrame:
    """When the interactions behind each arc of :func:`interaction_graph` happened.

    Parameters
    ----------
    dataset
        With interactions of these kinds that have event times.
    kinds, since, until
        As in :func:`interaction_graph`.

    Returns
    -------
    polars.DataFrame
        One row per arc, in the order of ``interaction_graph(…).edges()``: source, target;
        n (interactions, the weight of the arc); timed (those with a time); first, last (null
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
    verb = "interaction_times"
    dataset.require("interactions", "at", verb=verb)
    dataset.require_event_times("interactions.at", verb=verb)
    answers = _answers(dataset, kinds, since, until, verb=verb)
    return (
        answers.rows.group_by("source", "target")
        .agg(
            n=pl.len().cast(pl.Int64),
            timed=pl.col("at").count().cast(pl.Int64),
            first=pl.col("at").min(),
            last=pl.col("at").max(),
        )
        .sort("source", "target")
    )


def _answers(
    dataset: Dataset,
    kinds: Collection[str],
    since: str | datetime | None,
    until: str | datetime | None,
    *,
    verb: str,
) -> Answers:
    """The interactions of these kinds and times whose target is known."""
    wanted = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    for kind in wanted:
        check_choice("kinds", kind, KINDS)
    if not wanted:
        raise OptionError("kinds is empty: name at least one kind of interaction.")
    span = _span(since, until)
    table = dataset.require("interactions", verb=verb)
    rows = table.filter(pl.col("kind").cast(pl.String).is_in(list(wanted)))
    if not rows.height:
        present = ", ".join(sorted(table.get_column("kind").cast(pl.String).unique().to_list()))
        raise MissingDataError(
            f"{verb}: no interaction is of kind {', '.join(wanted)}; the table has "
            f"{present or 'none'} (pass kinds=…)."
        )
    removed: dict[str, int] = {}
    if span != (None, None):
        rows = _within(dataset, rows, span, removed, verb)
    at = rows.get_column("at") if "at" in rows.columns else pl.repeat(None, rows.height, eager=True)
    arcs = pl.DataFrame(
        {
            "source": rows.get_column("account_id"),
            "target": _targets(dataset, rows),
            "at": at.cast(TIME),
        }
    )
    known = arcs.drop_nulls("target")
    if not known.height:
        raise MissingDataError(
            f"{verb}: none of the {rows.height:,} interactions of kind "
            f"{', '.join(wanted)} says whom it answers: fill target_account_id, or target_item_id "
            "(or item_id) with items.author_id."
        )
    removed["interactions without a known target"] = arcs.height - known.height
    return Answers(known, wanted, span, removed)


def _span(
    since: str | datetime | None, until: str | datetime | None
) -> tuple[datetime | None, datetime | None]:
    low = None if since is None else as_instant("since", since)
    high = None if until is None else as_instant("until", until)
    if low is not None and high is not None and low >= high:
        raise OptionError(
            f"since={low.isoformat()} is not before until={high.isoformat()}: swap or widen them."
        )
    return low, high


def _within(
    dataset: Dataset,
    rows: pl.DataFrame,
    span: tuple[datetime | None, datetime | None],
    removed: dict[str, int],
    verb: str,
) -> pl.DataFrame:
    """The rows from the first instant on and before the second."""
    verb = f"{verb}(since=…, until=…)"
    dataset.require("interactions", "at", verb=verb)
    dataset.require_event_times("interactions.at", verb=verb)
    timed = rows.filter(pl.col("at").is_not_null())
    low, high = span
    inside = pl.lit(True) if low is None else pl.col("at") >= low
    kept = timed.filter(inside if high is None else inside & (pl.col("at") < high))
    removed["interactions without a time"] = rows.height - timed.height
    removed["interactions before or after"] = timed.height - kept.height
    if not kept.height:
        raise MissingDataError(
            f"{verb}: none of the {rows.height:,} interactions of these kinds lies in this time "
            f"({rows.height - timed.height:,} have none): widen it."
        )
    return kept


def _targets(dataset: Dataset, rows: pl.DataFrame) -> pl.Series:
    """Whom each row answers; null where that is unknown."""
    nothing = pl.lit(None, pl.String)

    def column(name: str) -> pl.Expr:
        return pl.col(name) if name in rows.columns else nothing

    acted_on = pl.when(~pl.col("kind").cast(pl.String).is_in(ANSWERS)).then(column("item_id"))
    named = rows.select(
        column("target_account_id").alias("account"),
        pl.coalesce(column("target_item_id"), acted_on).alias("item_id"),
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
    """The directed graph follower → followee; content flows the other way.

    Nodes are all accounts of the dataset: those who follow nobody and are followed by
    nobody stay, without an edge.

    A list of follows may have been cut short when it was collected. ``accounts.list_complete``
    says whether an account's list is known to be whole; how many are, are not, or are not
    known to be stands in the provenance, whatever the options. Where lists are cut short,
    fewer follows seem to be returned than are: for reciprocity take the ``subgraph`` among
    the accounts whose lists are whole.

    Parameters
    ----------
    dataset
        With a table of follows.
    until
        Follows made before this instant (ISO 8601 text or a datetime; UTC if naive), which
        needs event times in ``follows.since``. Follows without a time are older than the log,
        as in ``Dataset.split_time``, and stay; the provenance counts them. What was
        unfollowed in between is not known.
    mutual
        Keep only arcs whose opposite exists (after the other options); still directed.
    complete_only
        Keep only the follows of accounts whose list is known to be whole.

    Returns
    -------
    Graph
        Directed, unweighted, nodes are accounts. It has no edge where no follow is left.

    Raises
    ------
    MissingDataError
        If the dataset has no table of follows, no times where `until` needs them, or does
        not say which lists are whole where `complete_only` needs it.
    DataError
        If the table is empty.
    OptionError
        If `until` is no time.

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
    follows = dataset.require("follows", verb="follow_graph")
    if not follows.height:
        raise DataError("follow_graph: the table 'follows' is empty: there is no edge to build.")
    removed: dict[str, int] = {}
    cut = None if until is None else as_instant("until", until)
    parameters: dict[str, object] = {
        "until": None if cut is None else cut.isoformat(),
        "mutual": mutual,
        "complete_only": complete_only,
        **_lists(dataset),
    }
    if cut is not None:
        dataset.require("follows", "since", verb="follow_graph(until=…)")
        dataset.require_event_times("follows.since", verb="follow_graph(until=…)")
        later = follows.get_column("since") >= cut
        removed["follows made later"] = int(later.sum())
        follows = follows.filter(~later.fill_null(False))
        parameters["untimed"] = follows.get_column("since").null_count()
    if complete_only:
        whole = _whole(dataset)
        known = follows.get_column("follower_id").is_in(whole.implode())
        removed["follows of accounts whose lists are not known to be whole"] = int((~known).sum())
        follows = follows.filter(known)
    arcs = follows.select("follower_id", "followee_id")
    if mutual:
        opposite = arcs.select(follower_id="followee_id", followee_id="follower_id")
        returned = arcs.join(opposite, on=["follower_id", "followee_id"], how="semi")
        removed["follows that are not returned"] = arcs.height - returned.height
        arcs = returned
    return Graph.from_edges(
        arcs.get_column("follower_id"),
        arcs.get_column("followee_id"),
        directed=True,
        nodes=dataset.account_ids,
        node_kind="accounts",
        provenance=Provenance.of(
            "follow_graph",
            parameters,
            made_from=(dataset,),
            removed={reason: n for reason, n in removed.items() if n},
        ),
    )


def _lists(dataset: Dataset) -> dict[str, int]:
    """Accounts by what is known of their lists."""
    accounts = dataset.accounts
    if accounts is None or "list_complete" not in accounts.columns:
        return {}
    whole = accounts.get_column("list_complete")
    return {
        "whole_lists": int(whole.sum()),
        "cut_lists": int((~whole).sum()),
        "unknown_lists": whole.null_count(),
    }


def _whole(dataset: Dataset) -> pl.Series:
    """Accounts whose lists are known to be whole."""
    accounts = dataset.require("accounts", "list_complete", verb="follow_graph(complete_only=True)")
    whole = accounts.filter(pl.col("list_complete")).get_column("account_id")
    if not len(whole):
        raise MissingDataError(
            "follow_graph(complete_only=True): no list of follows is known to be whole "
            "(accounts.list_complete is nowhere true): leave the option out."
        )
    return whole


#: Kinds of interaction by which one account turns to another.
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

    Every layer is directed, from who acts to whom it concerns, and has all accounts of the
    dataset as nodes, in the same order; so the layers can be added, compared, and clustered
    together by ``leiden``. Weights are numbers of interactions; a follow weighs 1. Layers of
    very different total weight need weights of their own in what follows.

    A co-interaction graph is undirected. To add one, make all layers undirected:
    ``{name: g.to_undirected() for name, g in layers(ds).items()} | {"tags": tied}``.

    Parameters
    ----------
    dataset
        With follows, interactions, or both.
    kinds
        Kinds of interaction, one layer each, which must be there. By default those of
        mention, duet, stitch, reply and repost that occur; the others are absent.
    follows
        Whether the follow graph is a layer; then there must be a table of follows.
    since, until
        Interactions from `since` on and before `until`, and follows made before `until`: see
        :func:`interaction_graph` and :func:`follow_graph`. A follow from before `since` still
        stands.

    Returns
    -------
    dict
        Name → Graph: ``"follow"`` first, then the kinds in the order above, or as given.

    Raises
    ------
    MissingDataError
        If the table of follows, or a kind that was asked for, is missing; or if nothing is
        left.
    OptionError
        For an unknown kind, one named twice, or times out of order.

    Warns
    -----
    GraphkitWarning
        If a kind occurs, but no layer can be made of it: no interaction says whom it answers,
        or none lies in the time asked for.

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
    found: dict[str, Graph] = {}
    if follows:
        if dataset.follows is None:
            raise MissingDataError(
                "layers: there is no table 'follows'; this dataset has "
                f"{', '.join(dataset.tables)}. Pass follows=False to go without."
            )
        found["follow"] = follow_graph(dataset, until=until)
    wanted = _wanted(dataset, kinds)
    if wanted and (since is not None or until is not None):
        dataset.require("interactions", "at", verb="layers(since=…, until=…)")
        dataset.require_event_times("interactions.at", verb="layers(since=…, until=…)")
    unusable: list[str] = []
    for kind in wanted:
        try:
            found[kind] = interaction_graph(dataset, (kind,), nodes="all", since=since, until=until)
        except MissingDataError as error:
            if kinds is not None:
                raise MissingDataError(f"layers: {error}") from None
            unusable.append(f"no layer {kind!r}: {error}")
    if unusable:
        warnings.warn(f"layers: {' '.join(unusable)}", GraphkitWarning, stacklevel=2)
    if not found:
        raise MissingDataError(
            f"layers: no layer can be made: follows={follows}, and of the kinds "
            f"{', '.join(LAYERS)} none can be used (pass kinds=… for others)."
        )
    return found


def _wanted(dataset: Dataset, kinds: Collection[str] | None) -> tuple[str, ...]:
    if kinds is not None:
        wanted = (kinds,) if isinstance(kinds, str) else tuple(kinds)
        if len(set(wanted)) < len(wanted):
            raise OptionError(f"layers: kinds={wanted} names a kind twice.")
        return wanted
    if dataset.interactions is None:
        return ()
    present = set(dataset.interactions.get_column("kind").cast(pl.String).unique().to_list())
    return tuple(kind for kind in LAYERS if kind in present)

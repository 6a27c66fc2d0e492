"""Who follows whom."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.data.times import as_instant
from graphkit.errors import DataError, MissingDataError

__all__ = ["follow_graph"]


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
        "until": None if cut is None else cut.isoformat(), "mutual": mutual,
        "complete_only": complete_only, **_lists(dataset),
    }  # fmt: skip
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

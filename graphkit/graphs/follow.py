"""Who follows whom."""

from __future__ import annotations

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError

__all__ = ["follow_graph"]


def follow_graph(dataset: Dataset) -> Graph:
    """The directed graph follower → followee; content flows the other way.

    Nodes are all accounts of the dataset: those who follow nobody and are followed by
    nobody stay, without an edge.

    Parameters
    ----------
    dataset
        With a table of follows.

    Returns
    -------
    Graph
        Directed, unweighted, nodes are accounts.

    Raises
    ------
    MissingDataError
        If the dataset has no table of follows.
    DataError
        If the table is empty.

    Examples
    --------
    >>> ds = Dataset(follows={"follower_id": ["a", "b"], "followee_id": ["b", "c"]})
    >>> follow_graph(ds).edges().rows()
    [('a', 'b', 1.0), ('b', 'c', 1.0)]
    """
    follows = dataset.require("follows", verb="follow_graph")
    if not follows.height:
        raise DataError("follow_graph: the table 'follows' is empty: there is no edge to build.")
    return Graph.from_edges(
        follows.get_column("follower_id"),
        follows.get_column("followee_id"),
        directed=True,
        nodes=dataset.account_ids,
        node_kind="accounts",
        provenance=Provenance.of("follow_graph", made_from=(dataset,)),
    )

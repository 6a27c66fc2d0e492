"""Who answers whom: duets, stitches, replies, mentions."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance
from graphkit.data.schema import KINDS
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import MissingDataError, OptionError, check_choice

__all__ = ["interaction_graph"]

#: Kinds whose ``item_id`` is the answer itself: only a target says whom they answer.
ANSWERS = ("duet", "stitch", "reply", "mention")


def interaction_graph(
    dataset: Dataset,
    kinds: Collection[str] = ("stitch", "duet"),
    *,
    nodes: str = "active",
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

    Returns
    -------
    Graph
        Directed, weighted, nodes are accounts. The number of interactions is its
        `total_weight`; surplus parallel arcs are ``total_weight - n_edges``.

    Raises
    ------
    OptionError
        For an unknown kind or choice of nodes.
    MissingDataError
        If there is no interaction of these kinds, or none with a known target.

    Examples
    --------
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "a", "b"], "kind": ["stitch", "stitch", "duet"],
    ...     "target_account_id": ["b", "b", "b"]})
    >>> interaction_graph(ds).edges().rows()
    [('a', 'b', 2.0), ('b', 'b', 1.0)]
    """
    check_choice("nodes", nodes, ("active", "all"))
    wanted = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    for kind in wanted:
        check_choice("kinds", kind, KINDS)
    if not wanted:
        raise OptionError("kinds is empty: name at least one kind of interaction.")
    table = dataset.require("interactions", verb="interaction_graph")
    rows = table.filter(pl.col("kind").cast(pl.String).is_in(list(wanted)))
    if not rows.height:
        present = ", ".join(sorted(table.get_column("kind").cast(pl.String).unique().to_list()))
        raise MissingDataError(
            f"interaction_graph: no interaction is of kind {', '.join(wanted)}; the table has "
            f"{present or 'none'} (pass kinds=…)."
        )
    arcs = pl.DataFrame(
        {"source": rows.get_column("account_id"), "target": _targets(dataset, rows)}
    )
    known = arcs.drop_nulls()
    if not known.height:
        raise MissingDataError(
            f"interaction_graph: none of the {rows.height:,} interactions of kind "
            f"{', '.join(wanted)} says whom it answers: fill target_account_id, or target_item_id "
            "(or item_id) with items.author_id."
        )
    active = Vocabulary(pl.concat([known["source"], known["target"].alias("source")]))
    removed = {"interactions without a known target": arcs.height - known.height}
    if nodes == "active":
        removed["accounts that take no part"] = len(dataset.account_ids) - len(active)
    return Graph.from_edges(
        known.get_column("source"),
        known.get_column("target"),
        directed=True,
        nodes=active if nodes == "active" else dataset.account_ids,
        node_kind="accounts",
        provenance=Provenance.of(
            "interaction_graph",
            {"kinds": wanted, "nodes": nodes},
            made_from=(dataset,),
            removed={reason: n for reason, n in removed.items() if n},
        ),
    )


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

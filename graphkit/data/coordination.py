"""Who repeatedly did the same within seconds of one another."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance

__all__ = ["Coordination"]


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

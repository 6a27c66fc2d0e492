"""What a projection would cost, before it runs."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance

__all__ = ["ProjectionPlan", "size_text"]


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

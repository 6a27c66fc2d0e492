"""Partitions over a range of resolutions, and where each of them is the best one."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import OptionError

__all__ = ["ResolutionProfile"]


@dataclass(frozen=True, repr=False, eq=False)
class ResolutionProfile(Frozen, title="Resolution profile"):
    """What a graph looks like from coarse to fine, and which views of it last.

    Attributes
    ----------
    quality_function
        What was maximised, ``"modularity"`` or ``"cpm"``.
    frame
        One row per resolution γ that was run, ascending: resolution, communities (of the
        best run), quality (of the best run), stability (mean AMI over pairs of runs; null
        for a single run), distinct (different partitions among the runs), largest (share of
        the nodes that have an edge), alone (share of them in a community of their own),
        domain (index of the domain that γ falls in), optimal_quality (at γ, of that
        domain's partition: above `quality` where a run at another γ found a better one).
    domains
        One row per admissible partition, by γ, ascending: domain (its index, also in
        `partitions`), low, high (the γ between which no partition found is better), width
        (log₁₀ high/low, in decades), communities, largest, alone, points (γ that were run
        inside), stability (mean of theirs; null where there are none), trivial (one
        community per connected component, or one per node), internal, expected (its
        quality at γ is internal − γ·expected). The domains follow on each other and cover
        the range.
    found
        One row per distinct partition found, and the two trivial ones: partition, internal,
        expected, communities, largest, alone, runs (that found it), domain (null where it
        is nowhere the best).
    partitions
        The admissible partitions, in the order of `domains`. `resolution` is the γ, of those
        that were run inside the domain, nearest to its middle; `runs` are the runs there, and
        `quality` is at that γ. A domain between two such γ has its own middle, and no runs.
    suggestion
        Index of the suggested domain; `None` where no view of the graph lasts.
    limit
        The result of :func:`graphkit.communities.resolution_limit` for the partition that
        is best at γ = 1; `None` for CPM, or where 1 is outside the range.
    provenance
        How the profile was made.
    """

    quality_function: str
    frame: pl.DataFrame
    domains: pl.DataFrame
    found: pl.DataFrame
    partitions: tuple[Partition, ...]
    suggestion: int | None
    limit: pl.DataFrame | None = None
    provenance: Provenance = field(default_factory=lambda: Provenance("resolution_profile"))

    @property
    def low(self) -> float:
        """The lowest γ of the range."""
        low: float = self.domains.item(0, "low")
        return low

    @property
    def high(self) -> float:
        """The highest γ of the range."""
        high: float = self.domains.item(-1, "high")
        return high

    @property
    def suggested(self) -> Partition | None:
        """The partition of the suggested domain; `None` where there is none."""
        return None if self.suggestion is None else self.partitions[self.suggestion]

    def at(self, resolution: float) -> Partition:
        """The best partition found for a resolution inside the range.

        Where two domains meet both partitions are equally good, and the coarser is given.

        Raises
        ------
        OptionError
            If the resolution is outside the range that was scanned.
        """
        if not self.low <= resolution <= self.high:
            raise OptionError(
                f"resolution={resolution!r} is outside the range that was scanned, "
                f"{self.low:.4g} to {self.high:.4g}: scan a wider one with resolutions=(low, high)."
            )
        return self.partitions[int((self.domains.get_column("high") < resolution).sum())]

    def _facts(self) -> dict[str, object]:
        counts = self.frame.get_column("communities").to_list()
        facts: dict[str, object] = {
            "quality": self.quality_function,
            "resolutions": f"{self.frame.height} from {self.low:.4g} to {self.high:.4g}",
            "communities": " to ".join(f"{n:,}" for n in (min(counts), max(counts))),
            "distinct partitions": self.found.height,
            "best somewhere": self.domains.height,
        }
        if self.suggestion is None:
            facts["suggested"] = "none: no partition lasts over a stable range"
        else:
            row = self.domains.row(self.suggestion, named=True)
            facts["suggested"] = (
                f"{row['communities']:,} communities, best from {row['low']:.3g} to "
                f"{row['high']:.3g}, agreement of runs {row['stability']:.2f}"
            )
        if self.limit is not None:
            hidden = int(self.limit.get_column("hides").sum())
            facts["hide smaller ones at γ = 1"] = f"{hidden:,} of {self.limit.height:,} communities"
        return facts

    def _table(self) -> pl.DataFrame:
        return self.domains.drop("internal", "expected")

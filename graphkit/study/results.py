"""Results of studies, and their display."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from graphkit.attribution import Robustness, Validation
from graphkit.communities import NullComparison
from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.partition import DISAGREE, Partition
from graphkit.data.spread import Spread
from graphkit.data.visibility import Visibility
from graphkit.measures import Economy, Headline, Mixing
from graphkit.study.config import StudyConfig
from graphkit.study.disclosure import disclosure_facts, n_merged

__all__ = ["HEADLINE_MEASURES", "CommunityStudy", "Curve", "StudyResult"]

#: The verdict on communities that differ from their null and on which runs agree.
STABLE = "stable"

#: Measures that the headlines and the first rows of a report are about.
HEADLINE_MEASURES = (
    "hosting_hidden",
    "hosting_visible",
    "hosting_gap",
    "hosting_slope",
    "hosting_at_chance",
    "crossing",
)


@dataclass(frozen=True, repr=False, eq=False)
class CommunityStudy(Frozen, title="Community study", table="table"):
    """Results of a community study; the folder holds the same as files.

    Attributes
    ----------
    dataset, graph, partition
        The data, the co-interaction graph, and its named communities.
    follows
        The follow graph; `None` without a table of follows.
    visibility
        How well the follow graph alone would have shown them; `None` without follows, or if
        nothing can be compared.
    mixing
        Mixing matrices by name of the graph.
    folder
        Folder with the files.
    notes
        Omitted results, with the reason.
    recovery
        Comparison with ground truth, one row per true community and one for all: community,
        size, and the best F1 (in the last row the adjusted mutual information) of the
        co-interaction graph, the follow graph and the connected components as a baseline.
    null
        Comparison with projections of random logs; `None` where there is no such test, for
        which a note gives the reason.
    seed
        Seed of the study; `None` where it is not known.
    """

    dataset: Dataset
    graph: Graph
    partition: Partition
    follows: Graph | None
    visibility: Visibility | None
    mixing: dict[str, Mixing]
    folder: Path
    notes: tuple[str, ...]
    recovery: pl.DataFrame | None = None
    null: NullComparison | None = None
    seed: int | None = None

    @property
    def found(self) -> bool:
        """Whether there are several communities that differ from their null, and runs agree on them.

        Both quality and agreement must differ, see :attr:`NullComparison.stable`.
        """
        return self.verdict == STABLE

    @property
    def untested(self) -> bool:
        """Whether runs agree on several communities, at least in part, that no null test was made of."""
        several = self.partition.n_communities + n_merged(self.partition) > 1
        return self.null is None and several and not self.partition.stability < DISAGREE

    @property
    def verdict(self) -> str:
        """``stable``, or why nothing was found, in a few words."""
        if self.partition.n_communities + n_merged(self.partition) < 2:
            return "one community only"
        if self.null is None or self.partition.stability < DISAGREE:
            return self.partition.verdict
        return STABLE if self.null.stable else "not distinguishable from the null"

    @property
    def reason(self) -> str:
        """What the verdict rests on, as a clause."""
        figures = f"agreement of runs: AMI {self.partition.stability:.2f}"
        if self.null is None:
            return figures
        p = ", ".join(f"{name} p = {self.null.p(name):.2g}" for name in ("quality", "agreement"))
        return f"{figures}; against {self.null.n} projections of random logs: {p}"

    def table(self) -> pl.DataFrame:
        """One row per community: its summary, and its visibility where that is known."""
        summary = self.partition.summary()
        if self.visibility is None:
            return summary
        seen = self.visibility.frame.select(
            "community", "coverage", "follow_f1", "internal_share", "expected_share", "verdict"
        )
        return summary.join(seen, on="community", how="left", maintain_order="left")

    def _facts(self) -> dict[str, object]:
        kind, told = self.partition.node_kind, self.partition.n_communities
        untested = f"{told}, not tested against chance" if self.untested else "none found"
        facts: dict[str, object] = {
            kind: self.graph.n_nodes,
            "edges": self.graph.n_edges,
            "communities": told if self.found else untested,
            "agreement of runs (AMI)": self.partition.stability,
            "null": "not tested" if self.null is None else self.null.conclusion,
            "verdict": self.verdict,
            "folder": str(self.folder),
        }
        return facts | {f"note {i}": note for i, note in enumerate(self.notes, 1)}


@dataclass(frozen=True)
class Curve:
    """Arms that are blends of two feeds, with both feeds.

    Attributes
    ----------
    ends
        Names of the arms with share 0 and 1.
    shares
        Share of the second feed by name of the arm, ascending, from 0 to 1.
    """

    ends: tuple[str, str]
    shares: dict[str, float]


@dataclass(frozen=True, repr=False, eq=False)
class StudyResult(Frozen, title="Study"):
    """Results of a study; its folder holds the same as files.

    Attributes
    ----------
    config
        The study with all defaults.
    communities
        The community part: graph, named partition, visibility, recovery.
    visibility
        Visibility on the follow graph by kind of partition and world; without communities that
        are too small for a report.
    spread
        The tallies of the simulation.
    outcome
        All measures in long form, one row per arm, world, replication.
    contrasts
        Every arm compared with the first.
    arm_means
        Means of every arm with confidence intervals, and its share in a blend if there is a
        `curve`; `None` for two arms.
    curve
        Arms that are blends of two feeds; `None` without.
    conditions
        Contrasts over all communities under other conditions, with condition, dimension, value and
        default in front: other readings of slots that a feed cannot fill, a cold start, posts that
        feeds misread, other partitions, and so on.
    robustness
        What becomes of each finding under these conditions, for each compared arm.
    scan
        Contrasts of some measures over the social share of taste s; `None` without this
        sensitivity sweep.
    headlines
        The main findings as sentences, one of each compared arm.
    folder
        Folder with the files.
    notes
        Omitted results, with the reason.
    validation
        Published figures that the runs of the study meet.
    economy
        The feeds by payout schemes; `None` without a scheme.
    """

    config: StudyConfig
    communities: CommunityStudy
    visibility: Mapping[str, tuple[Visibility, ...]]
    spread: Spread
    outcome: pl.DataFrame
    contrasts: pl.DataFrame
    arm_means: pl.DataFrame | None
    curve: Curve | None
    conditions: pl.DataFrame | None
    robustness: tuple[Robustness, ...]
    scan: pl.DataFrame | None
    headlines: tuple[Headline, ...]
    folder: Path
    notes: tuple[str, ...]
    validation: Validation | None = None
    economy: Economy | None = None

    @property
    def disclosure(self) -> dict[str, Any]:
        """Least size of a group, what is told of members, and the communities merged by world."""
        worlds = [world for world in self.spread.worlds if world.sample != "part"]
        told = self.config.report
        return disclosure_facts(
            {kind: [world.partitions[kind] for world in worlds] for kind in worlds[0].partitions},
            told.min_group_size,
            told.members,
        )

    @property
    def hidden(self) -> dict[str, list[str]]:
        """Names of the communities hidden from the follow graph in the first world, by partition."""
        return {kind: views[0].hidden for kind, views in self.visibility.items()}

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "worlds": len(self.spread.worlds),
            "arms": ", ".join(self.spread.arms),
            "behaviour": "calibrated" if self.spread.calibrated else "not calibrated",
            "folder": str(self.folder),
        }
        if self.economy is not None:
            facts["economy"] = self.economy.sentence
        return facts | {f.title: f.verdict for h in self.headlines for f in h.findings}

    def _table(self) -> pl.DataFrame:
        return self.contrasts.filter(
            pl.col("community").is_null() & pl.col("measure").is_in(HEADLINE_MEASURES)
        )

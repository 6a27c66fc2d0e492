"""Simulations of a study: all arms in its worlds as they are, and under other conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from graphkit.attribution import Condition, condition_rows
from graphkit.attribution.conditions import REFUSALS
from graphkit.data.files import remove_folder
from graphkit.data.spread import Spread
from graphkit.data.visibility import Visibility
from graphkit.data.world import World
from graphkit.errors import OptionError
from graphkit.measures import MEASURES, Economy, Measure, Payout, economy, hosting_by_visibility
from graphkit.measures.spread import take_measures
from graphkit.parallel import Beside, track
from graphkit.recommenders import Feed
from graphkit.rng import Streams
from graphkit.simulation import Behaviour, simulate_spread
from graphkit.simulation.arguments import MOST_SLOTS
from graphkit.simulation.readings import Readings, simulate_readings
from graphkit.study import analysis, text
from graphkit.study.conditions import (
    OtherPartitions,
    draws_at_random,
    first_worlds,
    same_random_posts,
)
from graphkit.study.config import StudyConfig
from graphkit.study.disclosure import disclosed_outcome, public_message

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

__all__ = ["Simulation"]

#: Folder of simulation checkpoints, removed when the study is finished.
CHECKPOINTS = "checkpoints"
#: Simulations of worlds with more accounts fill all cores one by one, and keep to their memory.
MOST_SIDE_BY_SIDE = 20_000
#: From this share of filler or of empty slots in an arm on, the comparison is repeated without.
MIN_FILLER = 0.01
#: Measures of whole runs and partitions, and what the hosting of hidden communities is made of.
_OF_WHOLE = tuple(m for m in MEASURES if m.level != "community" or m.name == "hosting_reach")

T = TypeVar("T")


@dataclass(frozen=True)
class Simulation:
    """Simulations of all arms in the worlds of a study, with common random numbers.

    `others` takes those that go on beside the rest of the study.
    """

    config: StudyConfig
    worlds: Sequence[World]
    seen: Mapping[str, Sequence[Visibility]]
    streams: Streams
    out: Path
    others: Beside
    executor: Executor | None = None

    def some(self, most: int) -> int:
        """Number of worlds for a condition: all, if they are parts of one."""
        return len(self.worlds) if self.worlds[0].sample == "whole" else min(most, len(self.worlds))

    def run(
        self,
        name: str,
        *,
        worlds: Sequence[World] | None = None,
        feeds: Mapping[str, Feed] | None = None,
        replications: int | None = None,
        behaviour: Behaviour | None = None,
        slots: int | None = None,
        reading: str = "filled",
        payout: Payout | None = None,
        impressions: Path | None = None,
    ) -> Spread:
        """Some arms in some worlds, with the same draws under every condition."""
        wanted = self.config.simulation
        kept = self.out / CHECKPOINTS / name
        simulate = partial(
            simulate_spread,
            self.worlds if worlds is None else worlds,
            feeds or self.config.feeds(),
            ticks=wanted.ticks,
            replications=replications or wanted.replications,
            slots=slots or wanted.slots,
            budget=wanted.budget,
            behaviour=behaviour or self.config.behaviour,
            reading=reading,
            payout=payout or self.config.payout,
            impressions=impressions,
            checkpoint=kept,
            executor=self.executor,
            rng=self.streams.integer("simulation"),
        )
        return _from_checkpoint(simulate, kept, impressions)

    def run_arms(
        self, tried: Sequence[World], impressions: Path | None, *, one_by_one: bool
    ) -> tuple[Spread, Readings | None]:
        """All arms in the worlds with the partitions that are tried, and what was read on the way.

        That are the readings of open slots, if all arms can be simulated tick by tick: of a matched
        budget, without impressions and executor. Arms are simulated `one_by_one` in large worlds.
        """
        wanted = self.config.simulation
        apart = one_by_one or impressions is not None or self.executor is not None
        if apart or wanted.budget == "free" or wanted.slots > MOST_SLOTS:
            return self.run("simulation", worlds=tried, impressions=impressions), None
        found = self.readings(self.out / CHECKPOINTS / "simulation", tried)
        return found.filled, found

    def readings(self, filled: Spread | Path, tried: Sequence[World] | None = None) -> Readings:
        """All arms with open slots left empty, and each compared arm over slots that it shares.

        With slots filled they are known, or kept in a folder.
        """
        wanted, kept = self.config.simulation, self.out / CHECKPOINTS / "open slots"
        first, last = self.config.arms[0].name, self.config.random_arm
        simulate = partial(
            simulate_readings,
            *(self.worlds, self.config.feeds()),
            [list(dict.fromkeys((first, arm, last))) for arm in self.config.compared_arms],
            filled=filled,
            tried=tried,
            wanted=self._has_open_slots,
            ticks=wanted.ticks,
            replications=wanted.replications,
            slots=wanted.slots,
            behaviour=self.config.behaviour,
            checkpoint=kept,
            executor=self.executor,
            rng=self.streams.integer("simulation"),
        )
        return _from_checkpoint(simulate, *([filled] if isinstance(filled, Path) else []), kept)

    def simulate_first(self, name: str, worlds: Sequence[World], **options: Any) -> Spread:
        """As many worlds under another condition than those of the study's own spread.

        Where random posts are the same under both, and so is who sees them, their arm, which no other
        is compared with by what viewers do, is left to :meth:`complete`.
        """
        feeds = self.config.feeds() | dict(options.pop("feeds", None) or {})
        random, own = self.config.random_arm, self.config.simulation
        compared = {self.config.arms[0].name, *self.config.compared_arms}
        alike = draws_at_random(feeds[random]) and own.budget == "matched"
        alike &= options.get("slots") is None and same_random_posts(worlds, self.worlds)
        alike &= (options.get("replications") or own.replications) <= own.replications
        if alike and random not in compared:
            feeds = {arm: feed for arm, feed in feeds.items() if arm != random}
        return self.run(name, feeds=feeds, worlds=worlds, **options)

    def complete(self, found: Spread, spread: Spread) -> Spread:
        """The spread of some worlds with the arm of random posts, that of the study's own `spread`."""
        random = self.config.random_arm
        if random in found.arms:
            return found
        known = first_worlds(spread, len(found.worlds), found.replications).tallies
        known = {job: tally for job, tally in known.items() if job[0] == random}
        arms = tuple(self.config.feeds())
        return replace(found, arms=arms, tallies={**found.tallies, **known})

    def measure(
        self,
        spread: Spread,
        seen: Mapping[str, Sequence[Visibility]] | None = None,
        measures: Sequence[Measure] = MEASURES,
    ) -> pl.DataFrame:
        """The measures, with the hosting of hidden and visible communities and its slope."""
        given = (seen or self.seen).items()
        views = {kind: list(of_worlds)[: len(spread.worlds)] for kind, of_worlds in given}
        wanted = self.config.simulation.ticks, self.config.report.min_group_size
        outcome = disclosed_outcome(take_measures(spread, measures), spread.worlds, *wanted)
        # small communities are left out of the views
        return hosting_by_visibility(outcome, views, random=self.config.random_arm, least=0)

    def contrast(self, outcome: pl.DataFrame) -> pl.DataFrame:
        """Contrasts of the compared arms with the first."""
        there = outcome.get_column("arm").unique().to_list()
        arms = [arm for arm in self.config.compared_arms if arm in there]
        return analysis.contrast_arms(outcome, arms, self.config.arms[0].name)

    def contrast_whole(
        self, spread: Spread, seen: Mapping[str, Sequence[Visibility]] | None = None
    ) -> pl.DataFrame:
        """Contrasts without those of single communities, which conditions do not tell."""
        outcome = self.measure(spread, seen, _OF_WHOLE)
        return self.contrast(outcome.filter(pl.col("community").is_null()))

    def compare_payouts(self, spread: Spread) -> Economy:
        """The payout schemes of the study; under a free budget each with runs of its own.

        `spread` is that of the study's own scheme.
        """
        schemes, own = self.config.compared_payouts, self.config.payout
        base, living = self.config.arms[0].name, self.config.economy.living
        if self.config.simulation.budget == "matched":
            return economy(spread, schemes, baseline=base, living=living)
        spreads = [
            spread if scheme == own else self.run(f"payout {at}", payout=scheme)
            for at, scheme in enumerate(track(schemes, "payout schemes", len(schemes)))
        ]
        return economy(spreads, schemes, baseline=base, living=living)

    def begin_conditions(self, conditions: Sequence[Condition]) -> list[Future[Spread | str]]:
        """Begin simulations under each condition; of one that cannot be run, there is the reason."""

        def simulate(condition: Condition) -> Spread | str:
            if condition.refused is not None:
                return condition.refused
            worlds = condition.worlds or self.worlds[: self.some(self.config.conditions.worlds)]
            options = {"feeds": condition.arms, "slots": condition.slots}
            try:
                return self.simulate_first(condition.name, worlds, **options)
            except REFUSALS as error:
                return public_message(error)

        return [self.others.begin(partial(simulate, condition)) for condition in conditions]

    def begin_readings(self, spread: Spread, read: Readings | None) -> Future[list[pl.DataFrame]]:
        """Begin the comparison with other readings of open slots, which may be `read` already."""
        return self.others.begin(partial(self._contrast_readings, spread, read))

    def try_conditions(
        self,
        conditions: Sequence[Condition],
        begun: Sequence[Future[Spread | str]],
        readings: Future[list[pl.DataFrame]],
        spread: Spread,
    ) -> list[pl.DataFrame]:
        """Rows of other readings of open slots, and of each condition; if it cannot be run, why.

        The first of the conditions are `begun`; they are compared with the study's own `spread`.
        """
        begun = [*begun, *self.begin_conditions(conditions[len(begun) :])]

        def compare(condition: Condition, found: Future[Spread | str]) -> list[pl.DataFrame]:
            run = self.others.wait_for(found)
            if isinstance(run, str):
                return [self._refuse(condition, run)]
            views: Any = condition.visibility
            try:
                gaps = self.contrast_whole(self.complete(run, spread), views)
                return [condition_rows(condition, gaps)]
            except REFUSALS as error:
                return [self._refuse(condition, public_message(error))]

        pairs = zip(conditions, begun, strict=True)
        rows = [self.others.begin(partial(compare, *pair)) for pair in pairs]
        parts = self.others.wait_for_all([readings, *rows], "other conditions")
        return [frame for several in parts for frame in several]

    def _refuse(self, condition: Condition, why: str) -> pl.DataFrame:
        """Rows of a condition that cannot be run, one per comparison."""
        base = self.config.arms[0].name
        arms = self.config.compared_arms
        return pl.concat([condition_rows(condition, why, arm=a, baseline=base) for a in arms])

    def contrast_partitions(
        self, outcome: pl.DataFrame, others: OtherPartitions
    ) -> list[pl.DataFrame]:
        """Rows of the other partitions, which the study's own simulations were tallied under."""
        parts = [self._refuse(condition, why) for condition, why in others.refused]
        if others.kinds:
            wanted = pl.col("partition").is_null() | pl.col("partition").is_in(others.kinds)
            gaps = self.contrast(outcome.filter(pl.col("community").is_null(), wanted))
            parts += [condition_rows(variant.condition, gaps) for variant in others.found]
        return parts

    def _filler(self, spread: Spread) -> float:
        """The largest share of filler in an arm, but for that of random posts."""
        arms = [arm for arm in self.config.feeds() if arm != self.config.random_arm]
        return max(spread.filler(arm) for arm in arms)

    def _has_open_slots(self, spread: Spread) -> bool:
        """Whether more than a few slots are filled by filler, or left empty."""
        empty = text.empty_shares(spread)
        empty.pop(self.config.random_arm, None)
        return max(self._filler(spread), *empty.values()) > MIN_FILLER

    def _contrast_readings(self, spread: Spread, read: Readings | None) -> list[pl.DataFrame]:
        """Rows of slots left empty, if filler filled some, and over shared slots.

        The latter are those that both arms fill from their own sources, pair by pair; neither
        is tried if hardly any slot is open.
        """
        if not self._has_open_slots(spread):
            return []
        filled = self._filler(spread) > MIN_FILLER
        left = Condition("open slots", "empty", "filled", label="slots left empty")
        shared = Condition("open slots", "shared", "filled", label="shared slots")
        if self.config.simulation.budget == "free":  # arms have no slots in common
            if not filled:
                return []
            run = self.run(left.name, reading="empty")
            return [condition_rows(left, self.contrast_whole(run))]
        read = read or self.readings(spread)
        assert read.empty is not None
        found = []
        if filled:
            found = [condition_rows(left, self.contrast_whole(read.empty))]
        gaps = pl.concat([self.contrast_whole(one) for one in read.shared])
        return [*found, condition_rows(shared, gaps)]

    def begin_sweep(self, spread: Spread) -> dict[float, Future[pl.DataFrame]]:
        """Begin simulations over the social share of taste s; `spread` is that of the study's own s."""
        wanted, own = self.config.s_scan, self.config.behaviour.social_share
        worlds = self.worlds[: self.some(wanted.worlds)]

        def try_value(s: float) -> pl.DataFrame:
            if s == own and wanted.replications <= spread.replications:
                found = first_worlds(spread, len(worlds), wanted.replications)
            else:
                options: dict[str, Any] = {"replications": wanted.replications}
                options["behaviour"] = replace(self.config.behaviour, social_share=s)
                found = self.complete(self.simulate_first(f"s {s!r}", worlds, **options), spread)
            return self.contrast_whole(found)

        values = sorted(set(wanted.social_share))
        return {s: self.others.begin(partial(try_value, s)) for s in values}

    def end_sweep(
        self, begun: Mapping[float, Future[pl.DataFrame]]
    ) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
        """Contrasts over s, and the rows of each s as a condition, but for the study's own s."""
        own = self.config.behaviour.social_share
        gaps = self.others.wait_for_all(list(begun.values()), "scanning s")
        pairs = list(zip(begun, gaps, strict=True))
        scan = pl.concat([analysis.sweep_contrasts(rows, s) for s, rows in pairs])
        swept = [condition_rows(Condition("s", s, own), rows) for s, rows in pairs if s != own]
        return analysis.mark_sign_changes(scan), swept


def _from_checkpoint(simulate: Callable[[], T], kept: Path, *folders: Path | None) -> T:
    """Simulate from the checkpoint `kept` on; if it is of a changed study, anew."""
    try:
        return simulate()
    except OptionError:
        if not kept.exists():
            raise
    # the checkpoint last: if only that were gone, the impressions would be of another run
    for old in filter(None, (*folders, kept)):
        remove_folder(old)
    return simulate()

"""Measures of a simulation: reach, mixing of communities and outcomes for the four goals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import polars as pl

from graphkit.data.spread import Spread
from graphkit.errors import check_integer
from graphkit.measures import catalogue
from graphkit.measures.catalogue import MEASURES, Measure, PartitionTallies, RunTallies
from graphkit.measures.samples import samples_of
from graphkit.parallel import track

__all__ = ["measure_spread"]

Row = tuple[str | None, str | None, str, float]

_SCHEMA = catalogue.outcome_schema(
    *("arm", "world", "replication", "partition", "community", "measure", "value"),
    *("budget", "calibrated", "sample"),
)


def measure_spread(spread: Spread, *, members_reached: int = 3) -> pl.DataFrame:
    """All measures of a spread in long form: one row per run, partition, community, measure.

    ``graphkit.measures.MEASURES`` lists every measure with its meaning and unit. Measures of
    posts are over those that entered: their tick lies within the run and, under a free budget,
    they were published; or they are answers, duets and stitches that became posts under a free
    budget. Measures of creators are over those with a post scheduled within the run, and count
    the answers among their posts. What is acted on under ``budget="free"`` only is null under ``"matched"``, since it is
    not estimable there.

    Parameters
    ----------
    spread
        Result of :func:`simulate_spread`.
    members_reached
        Members of its own community that a creator must reach to count in
        ``hosting_creators``.

    Returns
    -------
    polars.DataFrame
        arm, world, replication, partition (null where a measure needs none), community
        (its name; null for the whole), measure, value (null where undefined), budget,
        calibrated (whether the viewers' behaviour was fitted to a log), sample (``"whole"`` and
        ``"part"`` for the worlds of :func:`resample_worlds`, null for parts if some are missing,
        ``"repeated"`` for worlds built from the data set of another, else ``"population"``), by
        which :func:`contrast` knows what its intervals speak about.
        Every budget and arm has the same rows, except for the names of sources and communities.

    Raises
    ------
    OptionError
        If `members_reached` is below 1.
    """
    check_integer("members_reached", members_reached, 1)
    return take_measures(spread, MEASURES, members_reached=members_reached)


def take_measures(
    spread: Spread, measures: Sequence[Measure], *, members_reached: int = 3
) -> pl.DataFrame:
    """The rows of :func:`measure_spread` for some of its measures."""
    keys, samples = catalogue.run_keys(spread), samples_of(spread.worlds)
    rows: list[Row] = []
    sizes: list[int] = []
    for arm, w, r in track(keys, "measuring", len(keys)):
        run = RunTallies.of(spread, arm, w, r)
        before = len(rows)
        rows += _run_rows(run, spread, measures)
        for kind in run.world.partitions:
            rows += _partition_rows(PartitionTallies(run, kind, members_reached), measures)
        sizes.append(len(rows) - before)
    values = list(zip(*rows, strict=True)) or [()] * 4
    columns: dict[str, object] = dict(
        zip(("partition", "community", "measure", "value"), values, strict=True)
    )
    of_run = np.repeat(np.arange(len(keys)), sizes)
    frame = pl.DataFrame(columns, schema={name: _SCHEMA[name] for name in columns})
    runs = [(*key, spread.budget, spread.calibrated, samples[key[1]]) for key in keys]
    named = {name: _SCHEMA[name] for name in _SCHEMA if name not in columns}
    about = pl.DataFrame(runs, schema=named, orient="row")
    frame = pl.concat([about[of_run], frame], how="horizontal").select(*_SCHEMA)
    return frame.with_columns(pl.col("value").fill_nan(None))


def _run_rows(run: RunTallies, spread: Spread, measures: Sequence[Measure]) -> Iterator[Row]:
    """The measures that need no partition."""
    free = spread.budget == "free"
    for m in measures:
        if m.level == "run":
            yield None, None, m.name, m.compute(run) if free or not m.free_only else float("nan")
        elif m.level == "source":
            for source, share in zip(spread.source_names[:-1], m.compute(run), strict=True):
                yield None, None, m.name + source, share


def _partition_rows(tallies: PartitionTallies, measures: Sequence[Measure]) -> Iterator[Row]:
    """The measures under one partition: of the whole, and per community."""
    kind = tallies.kind
    by_community = {}
    for m in measures:
        if m.level == "partition":
            yield kind, None, m.name, m.compute(tallies)
        elif m.level == "community":
            by_community[m.name] = m.compute(tallies)
    names = map(tallies.partition.name, range(tallies.partition.n_communities))
    values = np.transpose([*by_community.values()]).ravel().tolist()
    for (name, measure), value in zip(product(names, by_community), values, strict=True):
        yield kind, name, measure, value

"""Share of a viewer's own community in what is shown, by the number of posts shown before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.provenance import Provenance
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_integer,
    check_number,
    nearest,
)
from graphkit.measures.intervals import WITHIN_WORLD, Scheme, match_by_name
from graphkit.measures.paired import scheme_of_worlds
from graphkit.measures.survival import kaplan_meier, median_survival
from graphkit.parallel import refuse_after_fork

__all__ = ["ColdStart", "OwnShare", "cold_start", "own_share"]

_RUN = ["arm", "world", "replication"]
_NEEDED = ["account_id", "item_id", "tick", "position", *_RUN]


@dataclass(frozen=True, repr=False, eq=False)
class OwnShare(Frozen, title="Share of own posts", table="frame"):
    """Result of :func:`own_share`.

    Attributes
    ----------
    frame
        One row per run, community and step; columns as in :func:`own_share`.
    partition
        Kind of partition.
    """

    frame: pl.DataFrame
    partition: str

    def _facts(self) -> dict[str, object]:
        arms = self.frame.get_column("arm").unique(maintain_order=True).to_list()
        communities = self.frame.get_column("community").n_unique()
        return {"partition": self.partition, "communities": communities, "arms": ", ".join(arms)}


def own_share(
    impressions: pl.LazyFrame | pl.DataFrame,
    worlds: World | Sequence[World],
    partition: str,
    *,
    step: int = 20,
) -> OwnShare:
    """When a community first sees its own: share of own posts by the number of posts shown before.

    The impressions of each account are numbered in the order in which they were shown, and cut
    into steps of `step`. With K_c the members of community c to whom something was shown in a
    step, the share is Σ (posts of home c) / Σ (posts shown), over K_c; and ``reached`` is the
    share of the members of c to whom at least one post of home c was shown by the end of the
    step, over the members to whom anything was shown at all. An account that saw fewer posts
    stays in the later steps of ``reached`` with what it saw. Posts without a home are no own posts.
    Unassigned accounts are left out.

    Parameters
    ----------
    impressions
        As of :func:`graphkit.simulation.scan_impressions`.
    worlds
        The worlds that were simulated, in their order.
    partition
        Kind of partition, such as ``"planted"``.
    step
        Posts per step, at least 1.

    Returns
    -------
    OwnShare
        Its frame: arm, world, replication, partition, community (its name), shown_before (0, `step`, …),
        accounts (members in this step), share, reached (both in [0, 1]).

    Raises
    ------
    MissingDataError
        For a missing column, or an unknown kind of partition.
    DataError
        If an impression is of an account, a post or a world that is not among the worlds; also of
        an answer that became a post under a free budget, whose author the log does not have.
    OptionError
        If `step` is less than 1.

    Examples
    --------
    >>> import tempfile
    >>> import graphkit as gk
    >>> world = gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), rng=1)
    >>> arms = {"uniform": gk.recommenders.uniform()}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     options = {"ticks": 2, "slots": 4, "impressions": folder, "rng": 1}
    ...     spread = gk.simulate_spread(world, arms, **options)
    ...     log = gk.simulation.scan_impressions(folder)
    ...     found = own_share(log, world, "planted", step=4)
    >>> found.frame.filter(community="comedy").get_column("shown_before").to_list()
    [0, 4]
    """
    refuse_after_fork()
    step = check_integer("step", step, 1)
    found, names = _numbered(impressions, _population(worlds), partition)
    return OwnShare(_by_step(_in_steps(found, step), names, partition), partition)


def _population(worlds: World | Sequence[World]) -> tuple[World, ...]:
    population = (worlds,) if isinstance(worlds, World) else worlds
    if not isinstance(population, Sequence) or not all(isinstance(w, World) for w in population):
        raise DataError(
            f"worlds: a {type(worlds).__name__}: the worlds that were simulated are needed, such as "
            "spread.worlds."
        )
    population = tuple(population)
    if not population:
        raise OptionError("own_share and cold_start need at least one world.")
    return population


def _in_steps(found: pl.DataFrame, step: int) -> pl.DataFrame:
    return found.with_columns(shown_before=pl.col("number") // step * step)


def _numbered(
    impressions: pl.LazyFrame | pl.DataFrame, population: tuple[World, ...], partition: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Impressions of assigned accounts with their number, and whether they are own; and names."""
    if not isinstance(impressions, pl.LazyFrame | pl.DataFrame):
        raise DataError(
            f"impressions: a {type(impressions).__name__}: the frame of "
            "gk.simulation.scan_impressions(folder) is needed, of a simulation with impressions=."
        )
    table = impressions.lazy()
    columns = table.collect_schema().names()
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise MissingDataError(
            f"the impressions have no column {', '.join(missing)}: they must be those of "
            "scan_impressions."
        )
    accounts, items, names = _lookup_tables(population, partition)
    order = [*_RUN, "account_id"]
    rows = table.select(_NEEDED).with_columns(pl.col("world").cast(pl.Int64))
    rows = rows.join(accounts.lazy(), on=["world", "account_id"], how="left")
    rows = rows.join(items.lazy(), on=["world", "item_id"], how="left")
    found = rows.sort(*order, "tick", "position").collect()
    if found.get_column("viewer").has_nulls() or found.get_column("home").has_nulls():
        raise DataError(
            "an impression is of an account, a post or a world that the worlds do not have: they "
            "must be those of the simulation, in the same order, and without answers: under a free "
            "budget, simulate with Behaviour(answer_posts=0) for this measure."
        )
    number = pl.int_range(pl.len(), dtype=pl.Int64).over(order)
    own = pl.col("home") == pl.col("viewer")
    found = found.with_columns(own=own, number=number)
    return found.filter(pl.col("viewer") >= 0), names


def _by_step(found: pl.DataFrame, names: pl.DataFrame, partition: str) -> pl.DataFrame:
    """Both shares by run, community and step."""
    group = [*_RUN, "viewer"]
    shares = found.group_by(*group, "shown_before").agg(
        accounts=pl.col("account_id").n_unique().cast(pl.Int64), share=pl.col("own").mean()
    )
    members = found.group_by(*group).agg(members=pl.col("account_id").n_unique())
    first = found.filter("own").group_by(*group, "account_id").agg(pl.col("shown_before").min())
    newly = first.group_by(*group, "shown_before").agg(newly=pl.len())
    joined = shares.join(newly, on=[*group, "shown_before"], how="left")
    joined = joined.join(members, on=group).sort(*group, "shown_before")
    reached = pl.col("newly").fill_null(0).cum_sum().over(group) / pl.col("members")
    return (
        joined.with_columns(reached=reached, partition=pl.lit(partition))
        .join(names, on=["world", "viewer"], how="left", maintain_order="left")
        .select(*_RUN, "partition", "community", "shown_before", "accounts", "share", "reached")
    )


def _lookup_tables(
    worlds: Sequence[World], partition: str
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Codes of accounts and posts, and names of communities, by world."""
    accounts: list[pl.DataFrame] = []
    items: list[pl.DataFrame] = []
    names: list[pl.DataFrame] = []
    for w, world in enumerate(worlds):
        if not isinstance(partition, str) or partition not in world.partitions:
            raise MissingDataError(
                f"world {w} has no partition {partition!r}."
                f"{nearest(str(partition), world.partitions)} "
                f"Partitions: {', '.join(world.partitions)}."
            )
        found, number = world.partitions[partition], pl.lit(w, pl.Int64).alias("world")
        tables = (
            (accounts, world.accounts.series, "account_id", "viewer", found.membership),
            (items, world.posts.series, "item_id", "home", world.homes[partition]),
        )
        for parts, ids, key, name, codes in tables:
            frame = pl.DataFrame({key: ids.cast(pl.String), name: codes.astype("int32")})
            parts.append(frame.select(number, pl.all()))
        labels = [found.name(c) for c in range(found.n_communities)]
        numbers = pl.Series("viewer", range(len(labels)), pl.Int32)
        frame = pl.DataFrame({"viewer": numbers, "community": pl.Series(labels, dtype=pl.String)})
        names.append(frame.select(number, pl.all()))
    return pl.concat(accounts), pl.concat(items), pl.concat(names)


_CURVES: dict[str, Any] = dict.fromkeys(("arm", "community"), pl.String)
_CURVES |= {"shown_before": pl.Int64}
_CURVES |= dict.fromkeys(("share", "low", "high", "chance", "above"), pl.Float64)
_CURVES |= dict.fromkeys(("above_low", "above_high", "reached"), pl.Float64)
_CURVES |= dict.fromkeys(("accounts", "worlds", "replications"), pl.Int64)
_CURVES |= {"interval": pl.String}
_FIRST: dict[str, Any] = dict.fromkeys(("arm", "community"), pl.String)
_FIRST |= dict.fromkeys(("first_own", "low", "high"), pl.Float64)
_FIRST |= {"worlds": pl.Int64, "replications": pl.Int64, "never": pl.Int64, "interval": pl.String}
_COUNTS = ("members", "not_shown", "saw_own", "censored")
_FRAME = {"arm": pl.String, "world": pl.Int64, "replication": pl.Int64, "community": pl.String}
_FRAME |= {**dict.fromkeys(_COUNTS, pl.Int64), "first_own": pl.Float64}


@dataclass(frozen=True, repr=False, eq=False)
class ColdStart(Frozen, title="Cold start", table="first"):
    """Result of :func:`cold_start`.

    Attributes
    ----------
    curves
        One row per arm, community and step: arm, community, shown_before, share (of own posts),
        low, high, chance (share in the arm of chance), above (share − chance), above_low,
        above_high, reached (share of the members who saw an own post by the end of the step),
        accounts (members in this step, in the run with fewest), worlds, replications (with a
        member in this step), interval (what it speaks about).
    first
        One row per arm and community to which anything was shown, over the runs in which it was:
        first_own (mean over worlds), low, high, worlds and replications (with a value), never (runs in which fewer than half of the members are known
        to have seen an own post; if there are any, first_own and its bounds are null, since the
        mean of the others would be too low), interval.
    frame
        One row per run and community: arm, world, replication, community, members, not_shown
        (members to whom nothing was shown, left out), saw_own, censored (members who saw no own
        post), first_own (posts shown until half of the members have seen an own one; null if
        survival does not fall to one half).
    partition
        Kind of partition.
    chance
        Arm that gives the level of chance; `None` without.
    """

    curves: pl.DataFrame
    first: pl.DataFrame
    frame: pl.DataFrame
    partition: str
    chance: str | None
    provenance: Provenance = field(default_factory=lambda: Provenance("cold_start"))

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "partition": self.partition,
            "chance": self.chance or "not compared",
            "communities": self.first.get_column("community").n_unique(),
        }
        for (arm,), rows in self.first.group_by("arm", maintain_order=True):
            known = rows.get_column("first_own").drop_nulls()
            middle = float(np.median(known.to_numpy())) if len(known) else None
            text = "no community" if middle is None else f"{middle:.3g} posts (median)"
            never = rows.height - len(known)
            facts[f"first own, {arm}"] = text + (f"; {never} not reached" if never else "")
        return facts


def cold_start(
    impressions: pl.LazyFrame | pl.DataFrame,
    worlds: World | Sequence[World],
    partition: str,
    *,
    chance: str | None = None,
    step: int = 20,
    confidence: float = 0.95,
) -> ColdStart:
    """How fast a feed finds what each community is about: own posts from a cold start on.

    The share of own posts by the number of posts shown before, as in :func:`own_share`, is
    averaged over replications in a world, then over worlds, with an interval over worlds. An arm
    of `chance`, such as the uniform feed, is subtracted within each world and replication.
    Worlds with communities of their own match by name; those without one are left out, and counted.

    ``first_own`` is the number of posts shown until half of the members of a community have seen
    one of their own, 1 if it is the first one: the median of Kaplan and Meier's estimate, the
    smallest number t with S(t) ≤ 1/2. Members who saw none are censored at the number of posts
    that they were shown.

    Parameters
    ----------
    impressions, worlds, partition
        As in :func:`own_share`.
    chance
        Arm whose share is the level of chance.
    step
        Posts per step, at least 1.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    ColdStart
        Intervals speak about what those of :func:`graphkit.contrast` do: populations, samples
        (a jackknife's parts are in the frame), or this world.

    Raises
    ------
    MissingDataError, DataError, OptionError
        As :func:`own_share`; also for an unknown arm of chance.

    Examples
    --------
    >>> import tempfile
    >>> import graphkit as gk
    >>> world = gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), rng=1)
    >>> arms = {"uniform": gk.recommenders.uniform(), "interest": gk.interest_centric()}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     options = {"ticks": 2, "slots": 4, "impressions": folder, "rng": 1}
    ...     spread = gk.simulate_spread(world, arms, **options)
    ...     log = gk.simulation.scan_impressions(folder)
    ...     found = cold_start(log, world, "planted", chance="uniform", step=4)
    >>> found.curves.filter(arm="uniform").get_column("above").unique().to_list()
    [0.0]
    """
    refuse_after_fork()
    step = check_integer("step", step, 1)
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    population = _population(worlds)
    found, names = _numbered(impressions, population, partition)
    shares = _by_step(_in_steps(found, step), names, partition)
    arms = shares.get_column("arm").unique(maintain_order=True).to_list()
    if chance is not None and chance not in arms:
        raise MissingDataError(
            f"chance: the impressions have no arm {chance!r}.{nearest(chance, arms)} "
            f"Arms: {', '.join(map(str, arms))}."
        )
    present = set(shares.get_column("world").to_list())
    scheme = scheme_of_worlds([population[w] for w in sorted(present)], sorted(present))
    frame = _first_own(found, names, population, partition)
    used = [population[w].partitions[partition] for w in sorted(present)]
    unnamed = 0
    if len({p.membership_key for p in used}) > 1:  # a number is a rank by size, and no name
        shares, unnamed = match_by_name(shares, scheme)
    level = shares.filter(pl.col("arm") == chance) if chance is not None else shares.clear()
    key = ["world", "replication", "community", "shown_before"]
    joined = shares.join(level.select(*key, chance="share"), on=key, how="left")
    group = ["arm", "community", "shown_before"]
    rows = []
    for names_of, part in joined.sort(*group, "world", "replication").group_by(
        group, maintain_order=True
    ):
        share = _centre(part, "share", scheme, confidence)
        above = part.with_columns(above=pl.col("share") - pl.col("chance"))
        more = _centre(above.drop_nulls("above"), "above", scheme, confidence)
        base = _centre(part.drop_nulls("chance"), "chance", scheme, confidence)
        seen = _centre(part, "reached", scheme, confidence)
        fewest = part.select(pl.col("accounts").min()).item()
        count = (fewest, part.get_column("world").n_unique(), part.height)
        rows.append((*names_of, *share, base[0], *more, seen[0], *count, scheme.interval))
    curves = pl.DataFrame(rows, schema=_CURVES, orient="row").fill_nan(None)
    named = match_by_name(frame.with_columns(partition=pl.lit(partition)), scheme)[0]
    first = _first_over_worlds(named if unnamed else frame, scheme, confidence)
    parameters = {"partition": partition, "chance": chance, "step": step}
    unseen = int(frame.get_column("not_shown").sum())
    removed = {
        "members who were shown nothing, over all runs": unseen,
        "communities without a name, over all worlds": unnamed,
    }
    removed = {reason: count for reason, count in removed.items() if count}
    record = Provenance("cold_start", parameters, removed=removed)
    return ColdStart(curves, first, frame, partition, chance, record)


def _centre(
    rows: pl.DataFrame, column: str, scheme: Scheme, confidence: float
) -> tuple[float, float, float]:
    """Mean over worlds (of replications within one world) and its bounds; NaN where there is none."""
    if not rows.height:
        return (float("nan"),) * 3
    units = rows
    if scheme.interval != WITHIN_WORLD:
        units = rows.group_by("world", maintain_order=True).agg(pl.col(column).mean())
    values = units.get_column(column).to_numpy().astype(np.float64)
    worlds = units.get_column("world").to_numpy()
    found = scheme.find(values, np.abs(values), worlds, confidence)
    return found.centre, found.low, found.high


def _first_own(
    found: pl.DataFrame, names: pl.DataFrame, population: tuple[World, ...], partition: str
) -> pl.DataFrame:
    """Posts shown until half of the members have seen an own post, by run and community."""
    seen = found.group_by(*_RUN, "viewer", "account_id").agg(
        shown=pl.len(), first=(pl.col("number") + 1).filter("own").min()
    )
    labels = {(w, c): name for w, c, name in names.select("world", "viewer", "community").rows()}
    rows = []
    for (arm, w, r, c), part in seen.sort(*_RUN, "viewer").group_by(
        *_RUN, "viewer", maintain_order=True
    ):
        ended = part.get_column("first").is_not_null().to_numpy()
        durations = part.select(pl.coalesce("first", "shown")).to_series().to_numpy()
        curve = kaplan_meier(durations, ended)
        size, saw = int(population[w].partitions[partition].sizes[c]), int(ended.sum())
        counts = (size, size - part.height, saw, part.height - saw)
        median = median_survival(curve["time"], curve["survival"])
        rows.append((arm, w, r, c, labels[w, c], *counts, median))
    # communities to none of whose members anything was shown in a run
    known = {row[:4] for row in rows}
    for arm, w, r in dict.fromkeys(row[:3] for row in rows):
        sizes = population[w].partitions[partition].sizes.tolist()
        unseen = [c for c, size in enumerate(sizes) if size and (arm, w, r, c) not in known]
        rows += [(arm, w, r, c, labels[w, c], *[sizes[c]] * 2, 0, 0, None) for c in unseen]
    ordered = [(*row[:3], *row[4:]) for row in sorted(rows, key=lambda row: row[:4])]
    return pl.DataFrame(ordered, schema=_FRAME, orient="row")


def _first_over_worlds(frame: pl.DataFrame, scheme: Scheme, confidence: float) -> pl.DataFrame:
    """Mean of ``first_own`` over worlds with its bounds, by arm and community."""
    rows = []
    frame = frame.filter(pl.col("not_shown") < pl.col("members"))
    for key, part in frame.sort("arm", "community", "world", "replication").group_by(
        "arm", "community", maintain_order=True
    ):
        known = part.drop_nulls("first_own")
        never = part.height - known.height
        bounds = _centre(known.clear() if never else known, "first_own", scheme, confidence)
        count = (known.get_column("world").n_unique(), known.height)
        rows.append((*key, *bounds, *count, never, scheme.interval))
    return pl.DataFrame(rows, schema=_FIRST, orient="row").fill_nan(None)

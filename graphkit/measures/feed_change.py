"""How much of what viewers are shown changes between two feeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, check_number, nearest
from graphkit.measures.intervals import WITHIN_WORLD
from graphkit.measures.paired import scheme_of_worlds
from graphkit.parallel import refuse_after_fork

__all__ = ["feed_change"]

_RUN = ("arm", "world", "replication")
_NEEDED = (*_RUN, "account_id", "item_id")
_SCHEMA: dict[str, Any] = {"arm": pl.String, "baseline": pl.String}
_SCHEMA |= dict.fromkeys(("change", "low", "high"), pl.Float64)
_SCHEMA |= {"interval": pl.String, "accounts": pl.Int64, "worlds": pl.Int64}


def feed_change(
    impressions: pl.LazyFrame | pl.DataFrame,
    worlds: World | Sequence[World],
    *,
    baseline: str,
    confidence: float = 0.95,
) -> pl.DataFrame:
    r"""Share of what viewers are shown that is another post under another feed.

    With :math:`P_a` and :math:`B_a` the posts shown to account a by an arm and by the baseline in one
    run, the mean over accounts of

    .. math:: 1 - \frac{2\,|P_a \cap B_a|}{|P_a| + |B_a|}

    (the distance of Dice 1945): 0 if each viewer is shown the same posts, 1 if no one in common; of
    equal numbers the share that was replaced. The order of posts does not count. Arms share their
    draws, so that feeds that do the same have 0; but a feed learns from what it shows, and a small
    difference in early slots grows. Read it beside that of a change which ought not to matter.

    Accounts to whom neither shows anything are left out. Answers that became posts under a free budget
    are other posts in every run, whose ids are numbers only: none of them is in common.

    Parameters
    ----------
    impressions
        As of :func:`graphkit.simulation.scan_impressions`.
    worlds
        The worlds that were simulated, which have the posts, and say what the intervals speak about.
    baseline
        Arm that all others are compared with.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    polars.DataFrame
        One row per other arm: arm, baseline, change, low, high, interval, accounts (in the run with
        fewest), worlds (of one world, replications). Bounds are null with one run.

    Raises
    ------
    MissingDataError
        For a missing column, or an unknown arm.
    DataError
        If `impressions` are no frame, or of other worlds.

    References
    ----------
    Dice, L. R. (1945). Measures of the amount of ecologic association between species. Ecology,
    26(3), 297–302. https://doi.org/10.2307/1932409

    Examples
    --------
    >>> import tempfile
    >>> import graphkit as gk
    >>> world = gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), ticks=2, rng=1)
    >>> arms = {"a": gk.interest_centric(), "b": gk.recommenders.uniform()}
    >>> arms |= {"same": arms["a"].but("same")}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     options = {"ticks": 2, "slots": 4, "impressions": folder, "rng": 1}
    ...     spread = gk.simulate_spread(world, arms, **options)
    ...     found = feed_change(gk.simulation.scan_impressions(folder), world, baseline="a")
    >>> dict(found.select("arm", pl.col("change") > 0).rows())
    {'b': True, 'same': False}
    """
    refuse_after_fork()
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    population = (worlds,) if isinstance(worlds, World) else tuple(worlds)
    if not isinstance(impressions, pl.LazyFrame | pl.DataFrame):
        raise DataError(
            f"impressions: a {type(impressions).__name__}: the frame of "
            "gk.simulation.scan_impressions(folder) is needed."
        )
    table = impressions.lazy()
    missing = [name for name in _NEEDED if name not in table.collect_schema().names()]
    if missing:
        raise MissingDataError(
            f"the impressions have no column {', '.join(missing)}: they must be those of "
            "scan_impressions."
        )
    table = table.select(_NEEDED).with_columns(
        pl.col("arm").cast(pl.String), pl.col("world", "replication").cast(pl.Int64)
    )
    arms = table.select("arm").unique(maintain_order=True).collect().get_column("arm").to_list()
    if baseline not in arms:
        raise MissingDataError(
            f"baseline: the impressions have no arm {baseline!r}.{nearest(baseline, arms)} "
            f"Arms: {', '.join(arms)}."
        )
    posts = pl.concat(
        pl.DataFrame({"item_id": world.posts.series.cast(pl.String)}).with_columns(
            world=pl.lit(w, pl.Int64)
        )
        for w, world in enumerate(population)
    )
    runs = _by_run(table, [arm for arm in arms if arm != baseline], baseline, posts.lazy())
    present = runs.get_column("world").unique().sort().to_list()
    if any(w >= len(population) for w in present):
        raise DataError(
            f"the impressions are of {max(present) + 1} worlds, and {len(population)} are given."
        )
    scheme = scheme_of_worlds([population[w] for w in present], present)
    rows = []
    for (arm,), part in runs.group_by("arm", maintain_order=True):
        units = part
        if scheme.interval != WITHIN_WORLD:
            units = part.group_by("world", maintain_order=True).agg(pl.col("change").mean())
        values = units.get_column("change").to_numpy().astype(np.float64)
        found = scheme.find(values, values, units.get_column("world").to_numpy(), confidence)
        fewest = int(part.get_column("accounts").to_numpy().min())
        bounds = (found.centre, found.low, found.high)
        rows.append((arm, baseline, *bounds, scheme.interval, fewest, units.height))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").fill_nan(None)


def _by_run(
    table: pl.LazyFrame, others: list[str], baseline: str, posts: pl.LazyFrame
) -> pl.DataFrame:
    """Mean change of each arm in each run, arms in their order; `posts` may be in common."""
    keys = ["world", "replication", "account_id"]
    base = table.filter(pl.col("arm") == baseline)
    own = table.filter(pl.col("arm") != baseline)
    common = own.join(base.drop("arm"), on=[*keys, "item_id"], how="semi")
    common = common.join(posts, on=["world", "item_id"], how="semi")
    per_base = base.group_by(keys).agg(base=pl.len())
    per_own = own.group_by("arm", *keys).agg(own=pl.len())
    pairs = pl.LazyFrame({"arm": others}, schema={"arm": pl.String}).join(per_base, how="cross")
    every = pairs.join(per_own, on=["arm", *keys], how="full", coalesce=True)
    shared = common.group_by("arm", *keys).agg(shared=pl.len())
    every = every.join(shared, on=["arm", *keys], how="left")
    counts = pl.col("own", "base", "shared").fill_null(0).cast(pl.Float64)
    change = 1 - 2 * pl.col("shared") / (pl.col("own") + pl.col("base"))
    order = {arm: at for at, arm in enumerate(others)}
    at = pl.col("arm").replace_strict(order, return_dtype=pl.Int64)
    # sorted by the values too, so that the order of rows does not change the last digit
    rows = (
        every.with_columns(counts)
        .select(*_RUN, change=change)
        .collect()
        .sort(at, "world", "replication", "change")
    )
    found = rows.group_by(_RUN, maintain_order=True).agg(accounts=pl.len().cast(pl.Int64))
    size = found.get_column("accounts").to_numpy()
    starts = np.cumsum(size) - size
    values = rows.get_column("change").to_numpy()
    mean = np.add.reduceat(values, starts) / size if size.size else np.zeros(0)
    return found.with_columns(change=pl.Series(mean, dtype=pl.Float64))

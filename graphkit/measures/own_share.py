"""Share of a viewer's own community in what is shown, by the number of posts shown before."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError, check_integer, nearest
from graphkit.parallel import refuse_after_fork

__all__ = ["own_share"]

_RUN = ["arm", "world", "replication"]
_NEEDED = ["account_id", "item_id", "tick", "position", *_RUN]


def own_share(
    impressions: pl.LazyFrame | pl.DataFrame,
    worlds: World | Sequence[World],
    partition: str,
    *,
    step: int = 20,
) -> pl.DataFrame:
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
    polars.DataFrame
        arm, world, replication, partition, community (its name), shown_before (0, `step`, …),
        accounts (members in this step), share, reached (both in [0, 1]).

    Raises
    ------
    MissingDataError
        For a missing column, or an unknown kind of partition.
    DataError
        If an impression is of an account, a post or a world that is not among the worlds.
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
    >>> found.filter(community="comedy").get_column("shown_before").to_list()
    [0, 4]
    """
    refuse_after_fork()
    step = check_integer("step", step, 1)
    population = (worlds,) if isinstance(worlds, World) else tuple(worlds)
    if not population:
        raise OptionError("own_share needs at least one world.")
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
            "must be those of the simulation, in the same order."
        )
    number = pl.int_range(pl.len(), dtype=pl.Int64).over(order)
    own = pl.col("home") == pl.col("viewer")
    found = found.with_columns(own=own, shown_before=number // step * step)
    found = found.filter(pl.col("viewer") >= 0)
    return _by_step(found, names, partition)


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
        if partition not in world.partitions:
            raise MissingDataError(
                f"world {w} has no partition {partition!r}.{nearest(partition, world.partitions)} "
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

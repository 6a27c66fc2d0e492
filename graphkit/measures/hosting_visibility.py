"""Hosting over visibility: what is hosted of hidden and of visible communities, and the slope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, MissingDataError, OptionError, check_integer, nearest
from graphkit.measures.contrast import check_outcome
from graphkit.measures.intervals import NUMBERED

__all__ = ["LEAST", "RANDOM", "SMALLEST", "Views", "hosting_by_visibility", "no_random_arm"]

#: Name of the arm that shows random posts.
RANDOM = "uniform"
#: Members of the smallest community that is counted, unless said otherwise.
SMALLEST = 10
#: Measures of :func:`hosting_by_visibility`.
_FROM_VISIBILITY = (
    "hosting_hidden",
    "hosting_visible",
    "hosting_gap",
    "hosting_slope",
    "hosting_at_chance",
    "hosting_excess",
)
#: Fewer communities that can be judged give no slope.
LEAST = 3

#: Whether a community goes by a number.
IS_NUMBER = pl.col("community").cast(pl.String).str.contains(f"^{NUMBERED}$")

#: Visibility by kind of partition: one for all worlds, or one per world.
Views = Visibility | Mapping[str, Visibility | Sequence[Visibility]]


def hosting_by_visibility(
    outcome: pl.DataFrame, visibility: Views, *, random: str = RANDOM, least: int = SMALLEST
) -> pl.DataFrame:
    r"""The outcome with the hosting of hidden and visible communities, and its slope over visibility.

    For community c with within-community reach :math:`h_c` (``hosting_reach``), :math:`h^0_c` that
    under random exposure, and inbreeding homophily of its follows :math:`x_c`
    (:attr:`Visibility.frame`), in each arm, world, replication and kind of partition:

    * ``hosting_hidden``, ``hosting_visible``: means of :math:`h_c` over the hidden and over the
      visible communities; ``hosting_gap`` the first minus the second;
    * ``hosting_excess``, per community: :math:`h_c - h^0_c`;
    * ``hosting_slope``, ``hosting_at_chance``: slope and intercept of the least-squares line of
      :math:`h_c - h^0_c` over :math:`x_c`, over all communities that can be judged, at least
      three of them. In a difference between two arms :math:`h^0` cancels.

    The slope is over homophily and not over the ratio of observed to expected follows, for the
    largest ratio of a community is the inverse of its size: homophily is 0 at chance and 1 if all
    follows stay inside, whatever the size.

    One visibility for several worlds made independently is matched by the communities' names: a
    number (``community 3``) is another community in each, and those are in none of the measures.
    :func:`headline` counts them. Give one per world, or, if all worlds are of one partition, the
    same one for each: ``[seen] * n``. A jackknife and one world match by numbers too.

    Parameters
    ----------
    outcome, visibility, random
        As for :func:`headline`.
    least
        Communities of fewer members are in none of these but ``hosting_excess``: one of three
        has a reach of 0, 50 or 100 %.

    Returns
    -------
    polars.DataFrame
        The outcome, and below it the new rows, which replace those of the same measures and kinds
        of partition; kinds without visibility have none.

    Raises
    ------
    MissingDataError
        Without an arm of random posts, for an unknown kind of partition, or a visibility without
        homophily, which earlier versions did not measure.
    DataError
        If a sequence of visibilities has not one per world, a visibility is of communities none
        of which is in the outcome, or one for several worlds has no community with a name.
    OptionError
        If no kind is named, and there are several.
    """
    check_outcome(outcome)
    if random not in (arms := outcome.get_column("arm").unique(maintain_order=True).to_list()):
        raise MissingDataError(no_random_arm(random, arms))
    views = _by_kind(outcome, visibility, check_integer("least", least, 0))
    old = pl.col("measure").is_in(_FROM_VISIBILITY) & pl.col("partition").is_in(list(views))
    outcome = outcome.filter(~old.fill_null(False))
    parts = [outcome]
    for kind, seen in views.items():
        rows = outcome.filter(
            pl.col("community").is_not_null(), measure="hosting_reach", partition=kind
        )
        # sorted, so that the order of rows does not change the last digit
        rows = rows.sort("community", maintain_order=True)
        parts += [more.select(outcome.columns) for more in _hosting_rows(rows, seen, random)]
    return pl.concat(parts)


def _hosting_rows(rows: pl.DataFrame, seen: pl.DataFrame, random: str) -> list[pl.DataFrame]:
    """Rows of the measures per arm, and of the excess per community."""
    run = ["world", "replication", "community"]
    chance = rows.filter(arm=random).select(*run, chance="value")
    joined = rows.join(chance, on=run, how="left", nulls_equal=True, maintain_order="left")
    joined = joined.join(seen, on=["world", "community"], how="left", maintain_order="left")
    joined = joined.with_columns(excess=pl.col("value") - pl.col("chance"))
    same = [c for c in rows.columns if c not in ("community", "measure", "value")]
    of = {v: pl.col("value").filter(verdict=v).mean() for v in ("hidden", "visible")}
    judged = pl.col("verdict") != "not judgeable"
    known = judged & pl.col("excess").is_not_null() & pl.col("homophily").is_not_null()
    x, y = pl.col("homophily").filter(known), pl.col("excess").filter(known)
    enough = (known.sum() >= LEAST) & (x.max() - x.min() > 1e-9)
    slope = pl.when(enough).then(((x - x.mean()) * y).sum() / ((x - x.mean()) ** 2).sum())
    wide = joined.group_by(same, maintain_order=True).agg(
        hosting_hidden=of["hidden"],
        hosting_visible=of["visible"],
        hosting_gap=of["hidden"] - of["visible"],
        hosting_slope=slope,
        hosting_at_chance=pl.when(enough).then(y.mean()) - slope * x.mean(),
    )
    long = wide.unpivot(index=same, variable_name="measure", value_name="value")
    excess = joined.with_columns(measure=pl.lit("hosting_excess"), value="excess")
    return [long.with_columns(pl.lit(None, pl.String).alias("community")), excess]


def _by_kind(outcome: pl.DataFrame, visibility: Views, least: int) -> dict[str, pl.DataFrame]:
    """World, community, homophily and verdict by kind of partition; not those of fewer members."""
    kinds = outcome.filter(pl.col("community").is_not_null()).get_column("partition")
    names = [k for k in kinds.unique(maintain_order=True).to_list() if k is not None]
    worlds = outcome.get_column("world").unique().sort().to_list()
    if not isinstance(visibility, Mapping):
        if len(names) != 1:
            raise OptionError(
                f"the outcome has {len(names)} kinds of partition ({', '.join(names)}): give the "
                "visibility by kind, such as {'interest': seen}."
            )
        visibility = {names[0]: visibility}
    found = {}
    for kind, given in visibility.items():
        if kind not in names:
            raise MissingDataError(
                f"visibility: no partition {kind!r} in the outcome.{nearest(kind, names)} "
                f"Partitions: {', '.join(names)}."
            )
        views = list(given) if isinstance(given, Sequence) else [given]
        for seen in views:
            _check_visibility(seen, kind)
        several = views * len(worlds) if isinstance(given, Visibility) else views
        if len(several) != len(worlds):
            raise DataError(
                f"visibility of the partition {kind!r}: {len(several)} for {len(worlds)} worlds: "
                "give one, or one per world."
            )
        table = _seen_table(zip(worlds, several, strict=True), least)
        if isinstance(given, Visibility) and made_independently(outcome):
            named = table.filter(~IS_NUMBER)
            if table.height and not named.height:
                raise DataError(
                    f"visibility of the partition {kind!r}: none of its communities has a name, and "
                    "a number is another community in each of the worlds. Give one visibility per "
                    "world (of worlds of one partition, the same for each: [seen] * n), or label "
                    "the communities."
                )
            table = named
        found[kind] = table
        _check_communities(outcome, table, kind)
    return found


def made_independently(outcome: pl.DataFrame) -> bool:
    """Whether several worlds are independent, so that numbers of communities do not match."""
    if outcome.get_column("world").n_unique() < 2:
        return False
    if "sample" not in outcome.columns:
        return True
    return bool((outcome.get_column("sample").cast(pl.String) == "population").all())


def count_numbered(outcome: pl.DataFrame, visibility: Views) -> int:
    """Communities, over all worlds, that one visibility does not match for want of a name."""
    if not made_independently(outcome):
        return 0
    rows = outcome.filter(IS_NUMBER.fill_null(False))
    if isinstance(visibility, Mapping):
        single = [kind for kind, seen in visibility.items() if isinstance(seen, Visibility)]
        rows = rows.filter(pl.col("partition").is_in(single))
    return rows.select("world", "partition", "community").n_unique() if rows.height else 0


def _check_visibility(seen: object, kind: str) -> None:
    """Refuse what is no visibility, and one of an earlier version."""
    if not isinstance(seen, Visibility):
        raise DataError(
            f"visibility of the partition {kind!r}: a {type(seen).__name__}, not a Visibility. Give "
            "the result of gk.visibility, or a list of them with one per world."
        )
    if "homophily" not in seen.frame.columns:
        raise MissingDataError(
            f"visibility of the partition {kind!r}: no column 'homophily'; an earlier version made "
            "it. Call gk.visibility again."
        )


def _check_communities(outcome: pl.DataFrame, seen: pl.DataFrame, kind: str) -> None:
    """Refuse a visibility none of whose communities is in its world."""
    there = outcome.filter(pl.col("community").is_not_null(), partition=kind)
    keys = ["world", "community"]
    there = there.select(pl.col("world").cast(pl.Int64), pl.col("community").cast(pl.String))
    shared = seen.join(there.unique(), on=keys, how="semi")
    known = there.get_column("world").implode()
    alone = seen.filter(
        pl.col("world").is_in(known), ~pl.col("world").is_in(shared["world"].implode())
    )
    if alone.height:
        world, name = alone.row(0)[:2]
        own = there.filter(world=world).get_column("community").unique().sort().to_list()
        raise DataError(
            f"visibility of the partition {kind!r}: none of its communities, such as {name!r}, is in "
            f"world {world}, which has {', '.join(own[:3])}{', …' if len(own) > 3 else ''}: it must be "
            "of the same partition."
        )


def _seen_table(views: Iterable[tuple[int, Visibility]], least: int) -> pl.DataFrame:
    parts = [
        seen.frame.filter(pl.col("size") >= least).select(
            pl.lit(world, pl.Int64).alias("world"),
            pl.col("label").cast(pl.String).alias("community"),
            pl.col("homophily").cast(pl.Float64),
            "verdict",
        )
        for world, seen in views
    ]
    return pl.concat(parts)


def no_random_arm(random: str, arms: Sequence[str]) -> str:
    """Message for an outcome without an arm of random posts."""
    return (
        f"no arm {random!r} in the outcome: levels are told beside random exposure. Add "
        f"{{{random!r}: gk.recommenders.uniform()}} to the arms, or name it by random=."
        f"{nearest(random, arms)}"
    )

"""build_world: a population and its posts out of a platform or a log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.data.space import InterestSpace
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_integer,
    check_number,
)
from graphkit.rng import RNGLike, Streams
from graphkit.simulation._facts import world_facts
from graphkit.simulation._homes import aligned, draw_keys, plurality_homes
from graphkit.simulation._space import acted_items, mean_features, unit_rows
from graphkit.simulation.interests import check_sources, interest_space
from graphkit.simulation.split import PARTITION_SHARE, item_draws, time_cuts

__all__ = ["build_world"]

Floats = npt.NDArray[np.float32]


def build_world(
    source: Platform | Dataset,
    partition: Partition | Mapping[str, Partition] | None = None,
    *,
    since: str | datetime | None = None,
    posts: str = "authored",
    ticks: int = 20,
    stock: float = 0.3,
    share_of_posts: float = 0.15,
    introducers: int = 3,
    space: InterestSpace | Mapping[str, float] | str | None = None,
    dimensions: int = 32,
    rng: RNGLike | None = None,
) -> World:
    """A world whose partition, profiles and posts come from disjoint data.

    The partition should be found in the piece that :func:`split_world_data` gives; its
    docstring says which rows serve what. A feed's first profile of each account is the mean
    of what the account acted on between that piece and the posts, in an interest space of the
    items. Unless tastes are the planted ones, they are such means, too, and taste and profile
    come from disjoint halves of the items.

    What else the data know goes along, and what they do not know stays `None`: length,
    divisiveness, flags and origin of the posts; which duet or stitch answers which post;
    country, language and device; groups.

    Parameters
    ----------
    source
        A synthetic platform, or a dataset with follows.
    partition
        Communities of the accounts, one or by kind (``{"interest": …, "follow": …}``; one
        alone is called ``"given"``); for a platform the planted ones are added as
        ``"planted"``, first. Accounts that a partition lacks are unassigned; those that only
        the partition has are counted, and so are communities without a name that consist of
        them. A community with a name is one that somebody will ask for: it is refused.
    since
        First instant of the posts, with ``posts="authored"``; by default the last third of
        the items by creation.
    posts
        ``"authored"``: items created from `since` on enter through their authors.
        ``"introduced"``: for items that no account posts (artists, songs): a sample is held
        out with all its rows; each enters through accounts of its held-out audience.
    ticks
        Posts enter in ticks 0 … ticks − 1: by their creation if authored, else keyed.
    stock
        Share of the posts that are there when the simulation begins, the oldest; the others
        enter evenly over the later ticks. No feed begins on an empty platform, and without a
        stock the first sessions of a small world find too few posts to show.
    share_of_posts, introducers
        Of introduced posts: share of items held out (at most 0.5), and accounts each enters
        through; items of a smaller audience are left out and counted.
    space
        Where items and tastes stand: sources with their weights, or ``"embedding"``, as in
        :func:`graphkit.simulation.interest_space`; or a space made before, of the same items.
        By default the planted topics and tastes of a platform, and the default sources of a
        dataset. A dataset that has none of them gets features of zero: feeds that rank by
        interest then refuse the world.
    dimensions
        Of a space that is made here: at most so many, at least 2.
    rng
        Seed of the keys, which are fixed here, and of the space.

    Returns
    -------
    World
        What was left out is counted in ``provenance.removed``.

    Raises
    ------
    OptionError
        For options out of range.
    MissingDataError
        Without a partition, follows, authors, times or acts between the cuts, or a source of
        the space that was named.
    DataError
        For posts before any history, no posts, a partition of other accounts or with a named
        community of others, a space of other items, or a posting audience that is too small.

    Examples
    --------
    >>> from graphkit.synthetic import platform
    >>> world = build_world(platform(60, communities=2, rng=1), ticks=5, rng=1)
    >>> world.n_accounts, world.n_posts, int(world.ticks.max())
    (60, 24, 4)
    """
    check_choice("posts", posts, ("authored", "introduced"))
    ticks = check_integer("ticks", ticks, 1)
    stock = check_number("stock", stock, 0, 1, high_open=True)
    dimensions = check_integer("dimensions", dimensions, 2)
    if not isinstance(space, InterestSpace):
        check_sources(space)
    streams = Streams(rng)
    removed: dict[str, int] = {}
    given: dict[str, Partition] = {}
    if isinstance(source, Platform):
        if posts == "introduced":
            raise OptionError("a platform's items have authors: posts='authored'.")
        given["planted"] = source.truth
    if isinstance(partition, Partition):
        given["given"] = partition
    elif partition is not None:
        given |= dict(partition)
    if not given:
        raise MissingDataError(
            "build_world needs a partition of the accounts: find one in split_world_data(…), such "
            "as gk.leiden(gk.cointeraction_graph(…))."
        )
    dataset = source.dataset if isinstance(source, Platform) else source
    # before anything that takes long
    accounts = dataset.account_ids
    partitions = {kind: aligned(p, accounts, kind, removed) for kind, p in given.items()}
    if posts == "authored":
        parts = _authored(source, since, streams, removed)
    else:
        assert isinstance(source, Dataset)
        if since is not None:
            raise OptionError("since= belongs to posts='authored'; introduced posts go by items.")
        parts = _introduced(source, share_of_posts, introducers, streams, removed)
    place, learned = parts.pop("place"), parts.pop("learned")
    found = _space_of(source, space, dimensions, streams)
    features = found.rows(parts["posts"])
    removed["posts without a place in the interest space"] = int((~features.any(axis=1)).sum())
    taste, profile = _tastes(source, found, learned, streams)
    facts = world_facts(dataset, parts["posts"], place, removed)
    return World(
        accounts=accounts,
        account_keys=draw_keys(streams, "accounts", len(accounts)),
        post_keys=draw_keys(streams, "posts", len(parts["posts"])),
        interests=taste,
        profiles=profile,
        post_features=features,
        ticks=_entry_ticks(place, ticks, stock),
        partitions=partitions,
        homes={
            kind: plurality_homes(p.membership, parts["poster_indptr"], parts["posters"])
            for kind, p in partitions.items()
        },
        authored=posts == "authored",
        provenance=Provenance.of(
            "build_world",
            {"posts": posts, "since": None if since is None else str(since), "ticks": ticks,
             "stock": stock, "space": found.kind, "dimensions": found.dimensions,
             "share_of_posts": share_of_posts, "introducers": introducers},
            seed=streams.seed,
            made_from=(dataset, *given.values(), found),
            removed={k: v for k, v in removed.items() if v},
            packages=("scikit-learn", "numpy"),
        ),
        **parts,
        **facts,
    )  # fmt: skip


def _space_of(
    source: Platform | Dataset, space: InterestSpace | Mapping[str, float] | str | None,
    dimensions: int, streams: Streams,
) -> InterestSpace:  # fmt: skip
    """The space as it was given or asked for; of zeros where nothing is known by default."""
    items = source.dataset.item_ids if isinstance(source, Platform) else source.item_ids
    if isinstance(space, InterestSpace):
        if not space.rows(items).any():
            raise DataError(
                f"build_world: the space places none of the items; its own are such as "
                f"{space.items.ids[:1].tolist()}: make one from the same dataset."
            )
        return InterestSpace(items, space.rows(items), space.kind, space.sources, space.provenance)
    seed = streams.integer("space")
    try:
        return interest_space(source, sources=space, dimensions=dimensions, rng=seed)
    except MissingDataError:
        if space is not None:
            raise
        return InterestSpace(items, np.zeros((len(items), 1), np.float32), "none")


def _tastes(
    source: Platform | Dataset, space: InterestSpace, learned: pl.DataFrame, streams: Streams
) -> tuple[Floats, Floats]:
    """True tastes, and the profiles that a feed has of them when the posts begin."""
    n = len((source.dataset if isinstance(source, Platform) else source).account_ids)
    if isinstance(source, Platform) and space.kind == "planted":
        return unit_rows(source.interests), mean_features(learned, space.features, n)
    first, second = _halves(learned, streams)
    return mean_features(first, space.features, n), mean_features(second, space.features, n)


def _follows(dataset: Dataset, accounts: Vocabulary) -> Graph:
    """Follow arcs of a piece of the data, over the accounts of all of it."""
    follows = dataset.require("follows", "follower_id", "followee_id", verb="build_world")
    if not follows.height:
        raise MissingDataError("build_world: nobody follows anybody before the posts begin.")
    return Graph.from_edges(
        follows.get_column("follower_id"), follows.get_column("followee_id"), directed=True,
        nodes=accounts, node_kind="accounts",
        provenance=Provenance.of("follow_graph", made_from=(dataset,)),
    )  # fmt: skip


def _entry_ticks(place: npt.NDArray[np.float64], ticks: int, stock: float) -> npt.NDArray[np.int32]:
    """Ticks of posts by their place in time, in [0, 1]: the first `stock` of them at once."""
    entry = np.zeros(place.size, dtype=np.int32)
    if ticks == 1:
        return entry
    if stock == 0:
        return np.minimum(place * ticks, ticks - 1).astype(np.int32)
    begin = np.quantile(place, stock)
    later = place > begin
    span = max(float(place.max() - begin), 1e-12)
    steps = (place[later] - begin) / span * (ticks - 1)
    entry[later] = 1 + np.minimum(steps, ticks - 2).astype(np.int32)
    return entry


def _authored(
    source: Platform | Dataset, since: str | datetime | None, streams: Streams,
    removed: dict[str, int],
) -> dict[str, Any]:  # fmt: skip
    ds = source.dataset if isinstance(source, Platform) else source
    verb = "build_world"
    items = ds.require("items", "created_at", "author_id", verb=verb)
    known = items.filter(pl.col("created_at").is_not_null() & pl.col("author_id").is_not_null())
    removed["items without author or creation"] = items.height - known.height
    middle, cut = time_cuts(ds, since)
    new = known.filter(pl.col("created_at") >= cut).sort("item_id")
    if not new.height:
        raise DataError(f"build_world: no item with an author was created from {cut} on.")
    acts = ds.require("interactions", "at", verb=verb)
    ds.require_event_times("interactions.at", verb=verb)
    acts = acts.filter((pl.col("at") >= middle) & (pl.col("at") < cut))
    learned = acted_items(acts, ds.account_ids, ds.item_ids)
    if not learned.height:
        raise MissingDataError(
            f"build_world: no account acted on any item from {middle} until {cut}: there is nothing "
            "to learn profiles from."
        )
    at = new.get_column("created_at").to_physical().to_numpy().astype(np.float64)
    quality = np.full(new.height, 0.5, np.float32)
    if isinstance(source, Platform):
        quality = source.item_quality[ds.item_ids.encode(new.get_column("item_id"))]
    return {
        "posts": Vocabulary(new.get_column("item_id")),
        "follows": _follows(ds.split_time(cut, untimed="past")[0], ds.account_ids),
        "poster_indptr": np.arange(new.height + 1),
        "posters": ds.account_ids.encode(new.get_column("author_id")),
        "place": (at - at.min()) / max(np.ptp(at), 1.0),
        "learned": learned,
        "quality": quality,
    }


def _halves(acts: pl.DataFrame, streams: Streams) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Acts on one half of the items, and on the other: taste and profile share no row."""
    size = int(acts.get_column("item").to_numpy().max()) + 1
    first = streams.generator("halves").random(size) < 0.5
    mask = pl.Series(first[acts.get_column("item").to_numpy()])
    return acts.filter(mask), acts.filter(~mask)


def _introduced(
    ds: Dataset, share: float, introducers: int, streams: Streams, removed: dict[str, int],
) -> dict[str, Any]:  # fmt: skip
    share = check_number("share_of_posts", share, 0, 0.5, low_open=True)
    introducers = check_integer("introducers", introducers, 1)
    acts = acted_items(ds.require("interactions", verb="build_world"), ds.account_ids, ds.item_ids)
    place = item_draws(ds.item_ids)[acts.get_column("item").to_numpy()]
    learned = acts.filter(pl.Series((place >= PARTITION_SHARE) & (place < 1 - share)))
    if not learned.height:
        raise MissingDataError("build_world: no acts are left to learn profiles from.")
    audience = acts.filter(pl.Series(place >= 1 - share)).select("item", "account").unique()
    audience = audience.sort("item", "account")
    drawn = streams.generator("introducers").random(audience.height)
    chosen = (
        audience.with_columns(draw=pl.Series(drawn))
        .sort("item", "draw")
        .group_by("item", maintain_order=True)
        .agg(pl.col("account").head(introducers))
    )
    whole = chosen.filter(pl.col("account").list.len() == introducers)
    removed[f"held-out items of fewer than {introducers} accounts"] = chosen.height - whole.height
    if not whole.height:
        raise DataError(
            f"build_world: none of {chosen.height} held-out items has an audience of "
            f"{introducers} accounts: lower introducers= or raise share_of_posts=."
        )
    codes, m = whole.get_column("item").to_numpy(), whole.height
    return {
        "posts": Vocabulary(ds.item_ids.series.gather(codes)),
        "follows": _follows(ds, ds.account_ids),
        "poster_indptr": np.arange(m + 1) * introducers,
        "posters": whole.get_column("account").explode().to_numpy(),
        "place": streams.generator("entry").random(m),
        "learned": learned,
        "quality": np.full(m, 0.5, np.float32),
    }

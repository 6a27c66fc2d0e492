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
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.errors import DataError, MissingDataError, OptionError, check_choice
from graphkit.rng import RNGLike, Streams
from graphkit.simulation._homes import draw_keys, plurality_homes
from graphkit.simulation._space import acted_items, mean_features, tag_features, unit_rows
from graphkit.simulation.split import PARTITION_SHARE, item_draws, time_cuts

__all__ = ["build_world"]


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
    dimensions: int = 32,
    rng: RNGLike | None = None,
) -> World:
    """A world whose partition, profiles and posts come from disjoint data.

    The partition should be found in the piece that :func:`split_world_data` gives; its
    docstring says which rows serve what. A feed's first profile of each account is the mean
    of what the account acted on between that piece and the posts. Of a dataset, the true
    taste is such a mean, too, and the two come from disjoint halves of the items.

    Parameters
    ----------
    source
        A synthetic platform (tastes and post topics are the planted ones), or a dataset
        with tags (both come from TF-IDF of tags, reduced by truncated SVD) and follows.
    partition
        Communities of the accounts, one or by kind (``{"interest": …, "follow": …}``; one
        alone is called ``"given"``); for a platform the planted ones are added as
        ``"planted"``, first. Accounts that a partition lacks are unassigned.
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
    dimensions
        Of the feature space of a dataset, at least 2.
    rng
        Seed of the keys, which are fixed here.

    Returns
    -------
    World
        What was left out is counted in ``provenance.removed``.

    Raises
    ------
    OptionError
        For options out of range.
    MissingDataError
        Without a partition, follows, tags, authors, times or acts between the cuts.
    DataError
        For posts before any history, no posts, a partition of other accounts, or a posting
        audience that is too small.

    Examples
    --------
    >>> from graphkit.synthetic import platform
    >>> world = build_world(platform(60, communities=2, rng=1), ticks=5, rng=1)
    >>> world.n_accounts, world.n_posts, int(world.ticks.max())
    (60, 24, 4)
    """
    check_choice("posts", posts, ("authored", "introduced"))
    if ticks < 1:
        raise OptionError(f"ticks={ticks}: at least 1 is needed.")
    if not 0 <= stock < 1:
        raise OptionError(f"stock={stock} must lie in [0, 1).")
    if dimensions < 2:
        raise OptionError(f"dimensions={dimensions}: at least 2 are needed.")
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
    if posts == "authored":
        parts = _authored(source, since, dimensions, streams, removed)
    else:
        assert isinstance(source, Dataset)
        if since is not None:
            raise OptionError("since= belongs to posts='authored'; introduced posts go by items.")
        parts = _introduced(source, share_of_posts, introducers, dimensions, streams, removed)
    parts["ticks"] = _entry_ticks(parts.pop("place"), ticks, stock)
    accounts: Vocabulary = parts["accounts"]
    aligned = {kind: _aligned(p, accounts, kind) for kind, p in given.items()}
    return World(
        account_keys=draw_keys(streams, "accounts", len(accounts)),
        post_keys=draw_keys(streams, "posts", len(parts["posts"])),
        partitions=aligned,
        homes={
            kind: plurality_homes(p.membership, parts["poster_indptr"], parts["posters"])
            for kind, p in aligned.items()
        },
        authored=posts == "authored",
        provenance=Provenance.of(
            "build_world",
            {"posts": posts, "since": None if since is None else str(since), "ticks": ticks,
             "stock": stock, "dimensions": dimensions, "share_of_posts": share_of_posts,
             "introducers": introducers},
            seed=streams.seed,
            made_from=(source.dataset if isinstance(source, Platform) else source, *given.values()),
            removed={k: v for k, v in removed.items() if v},
            packages=("scikit-learn", "numpy"),
        ),
        **parts,
    )  # fmt: skip


def _aligned(partition: Partition, accounts: Vocabulary, kind: str) -> Partition:
    """The partition over exactly these accounts; those it lacks are unassigned."""
    codes = partition.vocabulary.lookup(accounts.ids)
    membership = np.where(codes >= 0, partition.membership[codes], -1)
    if (membership < 0).all():
        raise DataError(
            f"build_world: the partition {kind!r} puts none of the accounts into a community; its "
            f"nodes are {partition.node_kind}, such as {partition.vocabulary.ids[:1].tolist()}."
        )
    return Partition.from_membership(
        accounts,
        membership,
        labels=[partition.name(c) for c in range(partition.n_communities)],
        node_kind="accounts",
        provenance=partition.provenance,
    )


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
    source: Platform | Dataset, since: str | datetime | None, dimensions: int, streams: Streams,
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
    n, accounts = len(ds.account_ids), ds.account_ids
    codes = ds.item_ids.encode(new.get_column("item_id"))
    at = new.get_column("created_at").to_physical().to_numpy().astype(np.float64)
    parts = {
        "accounts": accounts,
        "posts": Vocabulary(new.get_column("item_id")),
        "follows": _follows(ds.split_time(cut, untimed="past")[0], accounts),
        "poster_indptr": np.arange(new.height + 1),
        "posters": accounts.encode(new.get_column("author_id")),
        "place": (at - at.min()) / max(np.ptp(at), 1.0),
    }
    if isinstance(source, Platform):
        features = np.eye(len(source.topics), dtype=np.float32)[source.item_topics]
        taste, profile = unit_rows(source.interests), mean_features(learned, features, n)
        quality = source.item_quality[codes]
    else:
        features = tag_features(ds, dimensions, streams.integer("space"))
        taste, profile = (mean_features(h, features, n) for h in _halves(learned, streams))
        quality = np.full(new.height, 0.5, np.float32)
    return parts | {
        "interests": taste,
        "profiles": profile,
        "post_features": features[codes],
        "quality": quality,
    }


def _halves(acts: pl.DataFrame, streams: Streams) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Acts on one half of the items, and on the other: taste and profile share no row."""
    size = int(acts.get_column("item").to_numpy().max()) + 1
    first = streams.generator("halves").random(size) < 0.5
    mask = pl.Series(first[acts.get_column("item").to_numpy()])
    return acts.filter(mask), acts.filter(~mask)


def _introduced(
    ds: Dataset, share: float, introducers: int, dimensions: int, streams: Streams,
    removed: dict[str, int],
) -> dict[str, Any]:  # fmt: skip
    if not 0 < share <= 0.5:
        raise OptionError(f"share_of_posts={share} must lie above 0 and not above 0.5.")
    if introducers < 1:
        raise OptionError(f"introducers={introducers}: at least 1 is needed.")
    n = len(ds.account_ids)
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
    features = tag_features(ds, dimensions, streams.integer("space"))
    taste, profile = (mean_features(h, features, n) for h in _halves(learned, streams))
    codes, m = whole.get_column("item").to_numpy(), whole.height
    return {
        "accounts": ds.account_ids,
        "posts": Vocabulary(ds.item_ids.series.gather(codes)),
        "follows": _follows(ds, ds.account_ids),
        "interests": taste,
        "profiles": profile,
        "post_features": features[codes],
        "poster_indptr": np.arange(m + 1) * introducers,
        "posters": whole.get_column("account").explode().to_numpy(),
        "place": streams.generator("entry").random(m),
        "quality": np.full(m, 0.5, np.float32),
    }

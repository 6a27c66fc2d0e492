"""build_world: a population and its posts out of a platform or a log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset, as_instant
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
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
from graphkit.simulation.interests import (
    InterestSpace,
    acted_items,
    check_sources,
    interest_space,
    mean_features,
    unit_rows,
)

__all__ = [
    "build_world",
    "draw_keys",
    "item_draws",
    "plurality_homes",
    "split_world_data",
    "time_cuts",
    "world_facts",
]

Codes = npt.NDArray[np.int32]

#: Shorter posts than this count as of unknown length, in seconds.
SHORTEST = 1e-3


def world_facts(
    dataset: Dataset, posts: Vocabulary, place: npt.NDArray[np.float64], removed: dict[str, int]
) -> dict[str, Any]:
    """The optional fields of a world; what the dataset has no value of is left out.

    Parameters
    ----------
    dataset
        The log.
    posts
        Items that are the posts.
    place
        When each enters, in [0, 1]: an answer comes after what it answers.
    removed
        Counts of what is left out are added here.
    """
    facts: dict[str, Any] = {}
    rows = pl.Series(dataset.item_ids.encode(posts.series))
    items, accounts = _in_order(dataset, "items"), _in_order(dataset, "accounts")
    if (durations := _column(items, "duration")) is not None:
        known = durations.set(durations < SHORTEST, None)
        facts["durations"] = known.gather(rows).fill_null(float("nan")).to_numpy()
    if (divisiveness := _column(items, "divisiveness")) is not None:
        facts["divisiveness"] = divisiveness.gather(rows).fill_null(0.0).to_numpy()
    if (flags := _column(items, "flags")) is not None:
        facts["flagged"] = (flags.list.len().fill_null(0) > 0).gather(rows).to_numpy()
    if (origin := _column(items, "origin")) is not None:
        facts["cross_posted"] = origin.is_not_null().gather(rows).to_numpy()
    for name in ("country", "language"):
        of_accounts, of_items = _column(accounts, name), _column(items, name)
        codes = _shared_codes([of_accounts, of_items])
        if codes[0] is not None:
            facts[name] = codes[0]
        if codes[1] is not None:
            facts[f"post_{name}"] = codes[1][rows.to_numpy()]
    (device,) = _shared_codes([_column(accounts, "device")])
    if device is not None:
        facts["device"] = device
    answers = _answers(dataset, posts, place, removed)
    if answers is not None:
        facts["answers_to"] = answers
    return facts | _groups(dataset)


def _in_order(dataset: Dataset, table: str) -> pl.DataFrame | None:
    """The table in the order of its ids, which is that of their codes."""
    frame = dataset.tables.get(table)
    return None if frame is None else frame.sort(frame.columns[0])


def _column(frame: pl.DataFrame | None, name: str) -> pl.Series | None:
    """A column with a value in some row."""
    if frame is None or name not in frame.columns:
        return None
    series = frame.get_column(name)
    return None if series.null_count() == frame.height else series


def _shared_codes(columns: list[pl.Series | None]) -> list[Codes | None]:
    """Codes of texts over the sorted distinct ones of all columns, whatever their case."""
    folded = [None if c is None else c.str.strip_chars().str.to_lowercase() for c in columns]
    present = [c.alias("text") for c in folded if c is not None]
    if not present:
        return [None] * len(columns)
    texts = pl.concat(present).drop_nulls()
    vocabulary = Vocabulary(texts.filter(texts != ""))
    return [None if c is None else vocabulary.lookup(c) for c in folded]


def _answers(
    dataset: Dataset, posts: Vocabulary, place: npt.NDArray[np.float64], removed: dict[str, int]
) -> Codes | None:
    """Post that each duet or stitch answers; the first by id where there are several."""
    table = dataset.tables.get("interactions")
    if table is None or not {"item_id", "target_item_id"} <= set(table.columns):
        return None
    rows = table.filter(pl.col("kind").is_in(["duet", "stitch"])).select(
        "item_id", "target_item_id"
    )
    rows = rows.drop_nulls().unique()
    if not rows.height:
        return None
    answer = posts.lookup(rows.get_column("item_id"))
    original = posts.lookup(rows.get_column("target_item_id"))
    here = (answer >= 0) & (original >= 0)
    answer, original = answer[here], original[here]
    # nothing answers what comes later; and so no chain of answers can be a ring
    later = place[answer] > place[original]
    removed["answers to posts that enter no earlier"] = int((~later).sum())
    answer, original = answer[later], original[later]
    first = np.full(len(posts), len(posts), np.int32)
    np.minimum.at(first, answer, original)
    return np.where(first == len(posts), -1, first).astype(np.int32)


def _groups(dataset: Dataset) -> dict[str, Any]:
    """Groups of each account, ascending, as compressed rows."""
    table = dataset.tables.get("memberships")
    if table is None or not table.height:
        return {}
    account = dataset.account_ids.encode(table.get_column("account_id"))
    group = Vocabulary(table.get_column("group_id")).lookup(table.get_column("group_id"))
    counts = np.bincount(account, minlength=len(dataset.account_ids))
    return {
        "group_indptr": np.concatenate([[0], np.cumsum(counts)]),
        "groups": group[np.lexsort((group, account))],
    }


def aligned(
    partition: Partition, accounts: Vocabulary, kind: str, removed: dict[str, int]
) -> Partition:
    """The partition over exactly these accounts; those that it lacks are unassigned.

    Raises
    ------
    DataError
        If no account is in a community, or a community with a name has none of the accounts.
    """
    codes = partition.vocabulary.lookup(accounts.ids)
    membership = np.where(codes >= 0, partition.membership[codes], -1)
    left = np.bincount(membership[membership >= 0], minlength=partition.n_communities)
    if not left.any():
        raise DataError(
            f"build_world: the partition {kind!r} puts none of the accounts into a community; its "
            f"nodes are {partition.node_kind}, such as {partition.vocabulary.ids[:1].tolist()}."
        )
    empty = np.flatnonzero(left == 0).tolist()
    named = [partition.labels[c] for c in empty if partition.labels[c] is not None]
    if named:
        raise DataError(
            f"build_world: of the partition {kind!r}, the community {named[0]!r} has none of the "
            f"accounts ({len(named)} with a name have none): its members are not in this dataset. "
            "Find and name the communities in the same dataset, or leave this one unassigned."
        )
    removed[f"communities of {kind!r} without an account"] = len(empty)
    strangers = len(partition.vocabulary) - int((codes >= 0).sum())
    removed[f"nodes of {kind!r} that are no accounts here"] = strangers
    return Partition.from_membership(
        accounts,
        membership,
        labels=[partition.name(c) for c in range(partition.n_communities)],
        node_kind="accounts",
        provenance=partition.provenance,
    )


def draw_keys(streams: Streams, name: str, size: int) -> npt.NDArray[np.uint64]:
    """Distinct random keys."""
    generator = streams.generator("keys", name)
    drawn = np.unique(generator.integers(0, 2**63, size=size + 64, dtype=np.uint64))
    return generator.permutation(drawn)[:size]


def plurality_homes(
    membership: npt.NDArray[np.int32], indptr: npt.NDArray[np.int64], posters: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """Plurality of each post's posters' communities; ties: smallest code, −1 without any.

    Examples
    --------
    >>> plurality_homes(np.array([0, 1, 1, -1]), np.array([0, 2, 5, 6]), np.array([1, 0, 0, 1, 2, 3]))
    array([ 0,  1, -1], dtype=int32)
    """
    post = np.repeat(np.arange(indptr.size - 1), np.diff(indptr))
    community = membership[posters].astype(np.int64)
    known = community >= 0
    size = int(membership.max(initial=0)) + 1
    cell, count = np.unique(post[known] * size + community[known], return_counts=True)
    # by post, most votes first, then the smallest code: the first row of each post wins
    order = np.lexsort((cell % size, -count, cell // size))
    winners, first = np.unique(cell[order] // size, return_index=True)
    homes = np.full(indptr.size - 1, -1, np.int32)
    homes[winners] = cell[order][first] % size
    return homes


#: Share of the items of an "introduced" world that the partition may see.
PARTITION_SHARE = 0.4


def split_world_data(
    source: Platform | Dataset, *, since: str | datetime | None = None, posts: str = "authored"
) -> Dataset:
    """The piece of the data that a world built with the same options leaves untouched.

    Communities found in the data that also drives a feed make its spread look confined even
    where nothing is planted. So the data are cut into three disjoint parts, without any
    draw: calls of this verb and of :func:`graphkit.build_world` with the same `since` and
    `posts` always agree.

    ``posts="authored"`` cuts by time. *Cut* is `since`, or the time from which the last
    third of the items is created; *middle* is the median creation of the items before it.

    =============================  =====================================================
    before middle                  this piece: interactions, impressions, follows, items
    from middle, before cut        interactions: profiles (and, of a dataset, tastes)
    from cut on                    items: the posts; of acts, only what an answer answers
    =============================  =====================================================

    ``posts="introduced"`` cuts by items, each at a fixed place u in [0, 1) that is a hash of
    its id: u < 0.4 is this piece, the rest are profiles and tastes, and
    u ≥ 1 − ``share_of_posts`` the posts. Every interaction and impression goes with its
    items; rows that mention items of two parts are in none.

    Ties are no log of acts: a world follows all arcs older than *cut* (if introduced: all),
    and those among them older than *middle* (if introduced: all) are in this piece, too.
    Interactions without a time are in this piece only. Accounts and memberships are whole.

    Parameters
    ----------
    source
        What the world will be built from.
    since, posts
        As in :func:`graphkit.build_world`.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError, MissingDataError, OptionError
        As :func:`graphkit.build_world`.

    Examples
    --------
    >>> from graphkit.synthetic import platform
    >>> log = platform(60, communities=2, rng=1)
    >>> piece = split_world_data(log)
    >>> piece.interactions["at"].max() < log.dataset.interactions["at"].max()
    True
    """
    check_choice("posts", posts, ("authored", "introduced"))
    dataset = source.dataset if isinstance(source, Platform) else source
    if posts == "authored":
        middle, _ = time_cuts(dataset, since)
        return dataset.split_time(middle, untimed="past")[0]
    if since is not None:
        raise OptionError("since= belongs to posts='authored'; introduced posts go by items.")
    return _of_items(dataset)


def time_cuts(dataset: Dataset, since: str | datetime | None) -> tuple[datetime, datetime]:
    """The instants *middle* and *cut* of :func:`split_world_data`."""
    items = dataset.require("items", "created_at", verb="build_world")
    created = items.get_column("created_at").drop_nulls().sort()
    cut = created[int(len(created) * 2 / 3)] if since is None else as_instant("since", since)
    history = created.filter(created < cut)
    if len(history) == len(created):
        raise DataError(f"build_world: no item was created from since={cut.isoformat()} on.")
    if len(history) < 2 or history[0] == history[-1]:
        raise DataError(
            f"build_world: the posts begin at {cut.isoformat()}, before there is any history to "
            f"learn from ({len(history)} items are older): choose a later since=."
        )
    # two halves that both hold something
    middle = max(history[len(history) // 2], history.filter(history > history[0])[0])
    return middle, cut


def item_draws(items: Vocabulary) -> npt.NDArray[np.float64]:
    """The place of every item in [0, 1): a hash of its id."""
    key = b"graphkit items"
    digests = (hashlib.blake2b(str(i).encode(), digest_size=8, key=key).digest() for i in items)
    return np.array([int.from_bytes(d, "big") / 2**64 for d in digests])


def _of_items(dataset: Dataset) -> Dataset:
    items = dataset.item_ids
    own = pl.Series(items.ids[item_draws(items) < PARTITION_SHARE], dtype=pl.String).implode()
    tables = {}
    removed = {}
    for name, frame in dataset.tables.items():
        columns = [c for c in ("item_id", "target_item_id") if c in frame.columns]
        kept = frame
        if columns:
            inside = (pl.col(c).is_in(own) | pl.col(c).is_null() for c in columns)
            kept = frame.filter(pl.all_horizontal(*inside))
            removed[f"{name} of other items"] = frame.height - kept.height
        tables[name] = kept
    return Dataset(
        **tables,
        time_kinds={
            k: v
            for k, v in dataset.time_kinds.items()
            if k.split(".")[1] in tables[k.split(".")[0]].columns
        },
        source=dataset.source,
        terms=dataset.terms,
        provenance=Provenance.of(
            "split_world_data", {"posts": "introduced"}, made_from=(dataset,), removed=removed
        ),
    )


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
            {
                "posts": posts,
                "since": None if since is None else str(since),
                "ticks": ticks,
                "stock": stock,
                "space": found.kind,
                "dimensions": found.dimensions,
                "share_of_posts": share_of_posts,
                "introducers": introducers,
            },
            seed=streams.seed,
            made_from=(dataset, *given.values(), found),
            removed={k: v for k, v in removed.items() if v},
            packages=("scikit-learn", "numpy"),
        ),
        **parts,
        **facts,
    )


def _space_of(
    source: Platform | Dataset,
    space: InterestSpace | Mapping[str, float] | str | None,
    dimensions: int,
    streams: Streams,
) -> InterestSpace:
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
        follows.get_column("follower_id"),
        follows.get_column("followee_id"),
        directed=True,
        nodes=accounts,
        node_kind="accounts",
        provenance=Provenance.of("follow_graph", made_from=(dataset,)),
    )


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
    source: Platform | Dataset,
    since: str | datetime | None,
    streams: Streams,
    removed: dict[str, int],
) -> dict[str, Any]:
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
    ds: Dataset, share: float, introducers: int, streams: Streams, removed: dict[str, int]
) -> dict[str, Any]:
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

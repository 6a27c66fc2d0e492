"""Worlds (a population and its posts) built from a platform or a log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset, require_dataset, take_side
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.data.times import as_instant
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_integer,
    check_number,
    shorten,
)
from graphkit.kernels.random import draw_pairs
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.interests import InterestSpace, check_sources, interacted_items
from graphkit.simulation.tastes import (
    History,
    authored_audience,
    blur_profiles,
    find_places,
    likeness_correlation,
    misread,
    order_audience,
    without_posters,
)

__all__ = ["build_world", "split_world_data"]

Ints32 = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

#: Shorter durations, in seconds, count as unknown.
SHORTEST = 1e-3


def world_attributes(
    dataset: Dataset, posts: Vocabulary, place: Floats, removed: dict[str, int]
) -> dict[str, Any]:
    """Optional fields of a world, without those that the dataset lacks.

    `place` is the time of each post in [0, 1]: a reply enters after its parent post. Counts of
    omitted rows are added to `removed`.
    """
    facts: dict[str, Any] = {}
    rows = pl.Series(dataset.item_ids.encode(posts.series))
    items, accounts = _sorted_table(dataset, "items"), _sorted_table(dataset, "accounts")
    if (durations := _column_with_values(items, "duration")) is not None:
        known = durations.set(durations < SHORTEST, None)
        facts["durations"] = known.gather(rows).fill_null(float("nan")).to_numpy()
    if (divisiveness := _column_with_values(items, "divisiveness")) is not None:
        facts["divisiveness"] = divisiveness.gather(rows).fill_null(0.0).to_numpy()
    if (flags := _column_with_values(items, "flags")) is not None:
        facts["flagged"] = (flags.list.len().fill_null(0) > 0).gather(rows).to_numpy()
    if (origin := _column_with_values(items, "origin")) is not None:
        facts["cross_posted"] = origin.is_not_null().gather(rows).to_numpy()
    names: dict[str, tuple[str, ...]] = {}
    for name in ("country", "language"):
        of_accounts, of_items = (
            _column_with_values(accounts, name),
            _column_with_values(items, name),
        )
        codes, names[name] = _shared_codes([of_accounts, of_items])
        if codes[0] is not None:
            facts[name] = codes[0]
        if codes[1] is not None:
            facts[f"post_{name}"] = codes[1][rows.to_numpy()]
    for name in ("device", "age_band"):
        (of_account,), names[name] = _shared_codes([_column_with_values(accounts, name)])
        if of_account is not None:
            facts[name] = of_account
    facts["code_names"] = {name: texts for name, texts in names.items() if texts}
    if (leaning := _column_with_values(accounts, "leaning")) is not None:
        facts["account_leaning"] = leaning.fill_null(float("nan")).to_numpy()
    if (leaning := _column_with_values(items, "leaning")) is not None:
        facts["post_leaning"] = leaning.gather(rows).fill_null(float("nan")).to_numpy()
    answers = _parent_posts(dataset, posts, place, removed)
    if answers is not None:
        facts["answers_to"] = answers
    return facts | _group_rows(dataset)


def _sorted_table(dataset: Dataset, table: str) -> pl.DataFrame | None:
    """Table sorted by id, the order of codes."""
    frame = dataset.tables.get(table)
    return None if frame is None else frame.sort(frame.columns[0])


def _column_with_values(frame: pl.DataFrame | None, name: str) -> pl.Series | None:
    """Column, if any of its values is known."""
    if frame is None or name not in frame.columns:
        return None
    series = frame.get_column(name)
    return None if series.null_count() == frame.height else series


def _shared_codes(columns: list[pl.Series | None]) -> tuple[list[Ints32 | None], tuple[str, ...]]:
    """Case-insensitive codes of texts over the sorted distinct texts of all columns, and these."""
    folded = [None if c is None else c.str.strip_chars().str.to_lowercase() for c in columns]
    present = [c.alias("text") for c in folded if c is not None]
    if not present:
        return [None] * len(columns), ()
    texts = pl.concat(present).drop_nulls()
    vocabulary = Vocabulary(texts.filter(texts != ""))
    codes = [None if c is None else vocabulary.lookup(c) for c in folded]
    return codes, tuple(vocabulary.ids.tolist())


def _parent_posts(
    dataset: Dataset, posts: Vocabulary, place: Floats, removed: dict[str, int]
) -> Ints32 | None:
    """Parent post of each duet or stitch; of several, the first by id."""
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
    # replies to later posts are removed, so chains of replies have no cycles
    later = place[answer] > place[original]
    removed["replies to posts that enter no earlier"] = int((~later).sum())
    answer, original = answer[later], original[later]
    first = np.full(len(posts), len(posts), np.int32)
    np.minimum.at(first, answer, original)
    return np.where(first == len(posts), -1, first).astype(np.int32)


def _group_rows(dataset: Dataset) -> dict[str, Any]:
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


def align_partition(
    partition: Partition, accounts: Vocabulary, kind: str, removed: dict[str, int]
) -> Partition:
    """Restrict a partition to these accounts; accounts that it lacks are unassigned.

    Raises
    ------
    DataError
        If no account is in a community, or a community with a name has none of the accounts.
    """
    codes = partition.vocabulary.lookup(accounts)
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
    others = len(partition.vocabulary) - int((codes >= 0).sum())
    removed[f"nodes of {kind!r} outside the accounts"] = others
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


#: The draw that chooses the introducer whose community is a post's home; no event of a simulation.
HOME_DRAW = 63


def choose_introducers(
    indptr: npt.NDArray[np.int64],
    posters: Ints32,
    post_keys: npt.NDArray[np.uint64],
    account_keys: npt.NDArray[np.uint64],
) -> Ints32:
    """One poster of each post, by the least keyed draw of the pair of account and post.

    Codes, order and communities have no say, and without one of the others the choice stays.

    Examples
    --------
    >>> posts, accounts = np.array([7, 8], np.uint64), np.array([1, 2, 3], np.uint64)
    >>> choose_introducers(np.array([0, 1, 2]), np.array([2, 0], np.int32), posts, accounts)
    array([2, 0], dtype=int32)
    """
    if posters.size == indptr.size - 1:
        return posters
    post = np.repeat(np.arange(indptr.size - 1), np.diff(indptr))
    draws = draw_pairs(np.uint64(0), HOME_DRAW, account_keys[posters], post_keys[post])
    # the first row of each post wins
    order = np.lexsort((account_keys[posters], draws, post))
    return posters[order][indptr[:-1]]


#: Of introduced posts by default: their share of the held-out interactions, and their introducers.
_SHARE_OF_POSTS, _INTRODUCERS = 0.15, 3

#: Share of the items of an "introduced" world that the partition may see.
PARTITION_SHARE = 0.4


def split_world_data(
    source: Platform | Dataset, *, since: str | datetime | None = None, posts: str = "authored"
) -> Dataset:
    """Part of the data for finding communities, disjoint from the data of a world.

    Communities found in the data that also drive a feed make its spread look confined even
    without planted structure. So the data are split into three disjoint parts, deterministically:
    this function and :func:`graphkit.build_world` agree for the same `since` and `posts`.

    ``posts="authored"`` cuts by time. *Cut* is `since`, or the time from which the last
    third of the items is created; *middle* is the median creation of the items before it.

    =============================  =====================================================
    before middle                  this piece: interactions, impressions, follows, items
    from middle, before cut        interactions: profiles (and, of a dataset, tastes)
    from cut on                    items: the posts; of interactions, only parents of replies
    =============================  =====================================================

    ``posts="introduced"`` splits items by u in [0, 1), a hash of the id: u < 0.4 is this piece,
    the rest are profiles and tastes, and u ≥ 1 − ``share_of_posts`` the posts. Interactions and
    impressions belong to the part of their items; rows with items of two parts are omitted.

    The follow graph is shared: a world has all edges older than *cut* (if introduced: all), and
    this piece those older than *middle* (if introduced: all). Interactions without a time are in
    this piece only. Accounts and memberships are complete.

    Parameters
    ----------
    source
        The source of the world.
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
    require_dataset(dataset, caller="split_world_data")
    if posts == "authored":
        middle, _ = time_cuts(dataset, since)
        return take_side(dataset, "past", middle, "past")
    if since is not None:
        raise OptionError("since= belongs to posts='authored'; introduced posts go by items.")
    return _select_items(dataset)


def _items_of(dataset: Dataset, *columns: str) -> pl.DataFrame:
    """The items, which have these columns; else the error names the other kind of posts."""
    try:
        return dataset.require("items", *columns, verb="build_world")
    except MissingDataError as error:
        raise MissingDataError(
            f"{error} Of items without authors or times of creation, pass posts='introduced': a "
            "sample of them is introduced as posts."
        ) from None


def time_cuts(dataset: Dataset, since: str | datetime | None) -> tuple[datetime, datetime]:
    """The instants *middle* and *cut* of :func:`split_world_data`."""
    items = _items_of(dataset, "created_at")
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


def item_draws(items: Vocabulary) -> Floats:
    """Hash of every item's id, in [0, 1)."""
    key = b"graphkit items"
    digests = (hashlib.blake2b(str(i).encode(), digest_size=8, key=key).digest() for i in items)
    return np.array([int.from_bytes(d, "big") / 2**64 for d in digests])


def _select_items(dataset: Dataset) -> Dataset:
    items = dataset.item_ids
    own = pl.Series(items.ids[item_draws(items) < PARTITION_SHARE], dtype=pl.String).implode()
    tables: dict[str, Any] = {}
    removed = {}
    for name, frame in dataset.tables.items():
        columns = [c for c in ("item_id", "target_item_id") if c in frame.columns]
        kept = frame
        if columns:
            inside = (pl.col(c).is_in(own) | pl.col(c).is_null() for c in columns)
            kept = frame.filter(pl.all_horizontal(*inside))
            removed[f"{name} of other items"] = frame.height - kept.height
        tables[name] = kept
    kinds = {k: v for k, v in dataset.time_kinds.items() if _has_column(tables, k)}
    record = Provenance.of(
        "split_world_data", {"posts": "introduced"}, made_from=(dataset,), removed=removed
    )
    origin: dict[str, Any] = {"source": dataset.source, "terms": dataset.terms}
    return Dataset(**tables, time_kinds=kinds, **origin, provenance=record)


def _has_column(tables: Mapping[str, pl.DataFrame], path: str) -> bool:
    table, column = path.split(".")
    return column in tables[table].columns


def build_world(
    source: Platform | Dataset,
    partition: Partition | Mapping[str, Partition] | None = None,
    *,
    since: str | datetime | None = None,
    posts: str = "authored",
    ticks: int = 20,
    stock: float = 0.3,
    share_of_posts: float = _SHARE_OF_POSTS,
    introducers: int = _INTRODUCERS,
    space: InterestSpace | Mapping[str, float] | str | None = None,
    dimensions: int = 32,
    feature_noise: float = 0.0,
    profile_noise: float = 0.0,
    cold_start: bool = False,
    rng: RNGLike | None = None,
) -> World:
    """Build a world whose partition, profiles and posts come from disjoint data.

    The partition should be found in the piece of :func:`split_world_data`, which defines the
    split. *History* are the interactions between that piece and the posts.

    **What feeds read of a post is not what it is.** Feeds read the interest space `space`, by
    default of tags, sounds and captions, for platforms too; an account's initial profile is the
    mean there of its items of the history. Tastes act on other features:

    * of a platform, the planted topics and interests (all of the history gives its profiles);
    * of a dataset, behaviour: a space of who acted on what (truncated SVD of items × accounts, as
      :func:`graphkit.simulation.interest_space` describes; Deerwester et al. 1990), made from one
      half of the items of the history, by a draw; interests are means over it, and profiles are
      means over the other half. Each post is placed for taste by half of its audience, by a draw of
      the keys of account and post; never by its posters. If a feed reads interactions too, it
      reads another space, of the other half of the items, where the other half of the audience
      places the post: no row serves ranking and taste. The *audience* are accounts that acted on
      the post (if authored, also those that watched half of it or more), all of it after the cut.

    So `space` and the three noises of the feed change no taste. A post without an audience for a
    part has features of zero there, which is counted. Without any audience tastes act on what feeds
    read, and ``provenance.parameters["tastes"]`` says so; ``"rank_correlation"`` there tells
    how well feeds read: Spearman's, of the similarities of pairs of posts in the two spaces.

    Other fields are copied where known: duration, divisiveness, flags and origin of posts; parent
    posts of duets and stitches; country, language, device and age band; leaning; groups.

    Parameters
    ----------
    source
        A synthetic platform, or a dataset with follows.
    partition
        Communities of the accounts, one (``"given"``) or several by kind (``{"interest": …,
        "follow": …}``); the planted ones of a platform are added first, as ``"planted"``.
        Accounts that a partition lacks are unassigned; its other nodes, and unnamed communities
        of them alone, are omitted and counted. A named community of them alone is an error.
    since
        First instant of the posts, with ``posts="authored"``; by default the last third of
        the items by creation.
    posts
        ``"authored"``: items created from `since` on enter through their authors.
        ``"introduced"``: for items without authors (artists, songs): a sample is held out with
        all its rows; each enters through seeders, accounts of its held-out audience. Its
        community of origin is that of one of them, chosen by the keys; none if that one is
        unassigned.
    ticks
        Posts enter in ticks 0 … ticks − 1: by their creation if authored, else keyed.
    stock
        Initial content (warm start): share of the posts, the oldest, that enter in tick 0; the
        others enter evenly over the later ticks.
    share_of_posts, introducers
        Of introduced posts: share of items held out (at most 0.5), and number of seeders; items
        of a smaller audience are omitted and counted.
    space
        What feeds read: sources with weights, or ``"embedding"``, as in
        :func:`graphkit.simulation.interest_space`; or an existing space of the same items. By
        default content, as far as the data have it, else ``"interactions"``, which is counted.
        ``"interactions"``: who acted on what, see above. ``"planted"``: an *oracle*, which reads
        the planted topics of a platform, as no feed can.
    dimensions
        Largest number of dimensions of a new space, at least 2.
    feature_noise
        Share of the posts, in [0, 1], that feeds read as another post: drawn by keys, as is
        the other one. What the post is, for tastes, stays.
    profile_noise
        Share x in [0, 1] of another account in every initial profile, (1 − x) · own + x · that of
        an account drawn by keys, to unit length.
    cold_start
        Whether every initial profile is the mean of all, so that feeds know nobody apart;
        `profile_noise` then changes nothing.
    rng
        Seed of the keys, which are fixed here, and of the space.

    Returns
    -------
    World
        ``provenance.removed`` counts what was omitted.

    Raises
    ------
    OptionError
        For options out of range or of the other kind of posts, the oracle of a dataset, or an
        existing space of interactions.
    MissingDataError
        Without a partition, follows, authors, times or interactions between the cuts, or a source of
        the space that was named.
    DataError
        For posts before any history, no posts, a partition of other accounts or with a named
        community of others, a space of other items, or a posting audience that is too small.

    References
    ----------
    Deerwester, S., Dumais, S. T., Furnas, G. W., Landauer, T. K., & Harshman, R. (1990).
    Indexing by latent semantic analysis. Journal of the American Society for Information
    Science, 41(6), 391–407. doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9

    Examples
    --------
    >>> from graphkit.synthetic import platform
    >>> small = platform(60, communities=2, rng=1)
    >>> world = build_world(small, ticks=5, rng=1)
    >>> world.n_accounts, world.n_posts, int(world.ticks.max())
    (60, 24, 4)
    >>> oracle = build_world(small, ticks=5, space="planted", rng=1)
    >>> oracle.provenance.parameters["reads"]
    'planted topics: an oracle'
    """
    check_choice("posts", posts, ("authored", "introduced"))
    if not isinstance(source, Platform):
        require_dataset(source, caller="build_world")
    ticks = check_integer("ticks", ticks, 1)
    stock = check_number("stock", stock, 0, 1, high_open=True)
    dimensions = check_integer("dimensions", dimensions, 2)
    feature_noise = check_number("feature_noise", feature_noise, 0, 1)
    profile_noise = check_number("profile_noise", profile_noise, 0, 1)
    if not isinstance(cold_start, bool):
        raise OptionError(f"cold_start={shorten(cold_start)}: pass True or False.")
    if not isinstance(space, InterestSpace):
        check_sources(space)
    streams = Streams(rng)
    removed: dict[str, int] = {}
    given: dict[str, Partition] = {}
    if isinstance(source, Platform):
        if posts == "introduced":
            raise OptionError("a platform's items have authors: posts='authored'.")
        given["planted"] = source.truth
    elif space == "planted":
        raise OptionError(
            "space='planted' is the oracle of a synthetic platform; a dataset has no planted topics."
        )
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
    accounts = dataset.account_ids
    partitions = {kind: align_partition(p, accounts, kind, removed) for kind, p in given.items()}
    account_keys = draw_keys(streams, "accounts", len(accounts))
    if posts == "authored":
        for name, is_asked in (
            ("share_of_posts", share_of_posts != _SHARE_OF_POSTS),
            ("introducers", introducers != _INTRODUCERS),
        ):
            if is_asked:
                raise OptionError(
                    f"{name}= belongs to posts='introduced'; authored posts are those from since= on."
                )
        parts = _authored_posts(source, since, account_keys, streams, removed)
    else:
        assert isinstance(source, Dataset)
        if since is not None:
            raise OptionError("since= belongs to posts='authored'; introduced posts go by items.")
        parts = _introduced_posts(
            source, share_of_posts, introducers, account_keys, streams, removed
        )
    place, post_keys = parts.pop("place"), parts["post_keys"]
    history = History(
        parts["posts"], parts.pop("learned"), parts.pop("audience"), account_keys, post_keys
    )
    places = find_places(source, history, space, dimensions, streams, removed)
    features = misread(places.post_features, post_keys, feature_noise, removed)
    attributes = world_attributes(dataset, parts["posts"], place, removed)
    homes = _find_homes(partitions, parts, post_keys, account_keys, removed)
    likeness = likeness_correlation(features, places.taste_features, post_keys)
    record: dict[str, Any] = {
        "posts": posts,
        "since": None if since is None else str(since),
        "ticks": ticks,
        "stock": stock,
        "share_of_posts": share_of_posts,
        "introducers": introducers,
        **places.record,
        "feature_noise": feature_noise,
        "profile_noise": profile_noise,
        "cold_start": cold_start,
        "rank_correlation": likeness,
    }
    return World(
        accounts=accounts,
        account_keys=account_keys,
        interests=places.interests,
        profiles=blur_profiles(places.profiles, account_keys, profile_noise, cold_start),
        post_features=features,
        taste_features=places.taste_features,
        ticks=_entry_ticks(place, ticks, stock),
        partitions=partitions,
        homes=homes,
        authored=posts == "authored",
        provenance=Provenance.of(
            "build_world",
            record,
            seed=streams.seed,
            made_from=(dataset, *given.values(), places.space),
            removed={k: v for k, v in removed.items() if v},
            packages=("scikit-learn", "numpy"),
        ),
        **parts,
        **attributes,
    )


def _find_homes(
    partitions: Mapping[str, Partition],
    parts: dict[str, Any],
    post_keys: npt.NDArray[np.uint64],
    account_keys: npt.NDArray[np.uint64],
    removed: dict[str, int],
) -> dict[str, Ints32]:
    """Community of origin of each post by kind of partition, −1 if none; these are counted."""
    of = choose_introducers(parts["poster_indptr"], parts["posters"], post_keys, account_keys)
    homes = {kind: p.membership[of] for kind, p in partitions.items()}
    for kind, home in homes.items():
        removed[f"posts without a home in {kind!r}"] = int(np.count_nonzero(home < 0))
    return homes


def _follow_graph(dataset: Dataset, accounts: Vocabulary) -> Graph:
    """Follow graph of a piece of the data, over all accounts."""
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


def _entry_ticks(place: Floats, ticks: int, stock: float) -> Ints32:
    """Entry ticks of posts by their time in [0, 1]; the first `stock` of them enter in tick 0."""
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


def _authored_posts(
    source: Platform | Dataset,
    since: str | datetime | None,
    account_keys: npt.NDArray[np.uint64],
    streams: Streams,
    removed: dict[str, int],
) -> dict[str, Any]:
    ds = source.dataset if isinstance(source, Platform) else source
    verb = "build_world"
    items = _items_of(ds, "created_at", "author_id")
    known = items.filter(pl.col("created_at").is_not_null() & pl.col("author_id").is_not_null())
    removed["items without author or creation"] = items.height - known.height
    middle, cut = time_cuts(ds, since)
    new = known.filter(pl.col("created_at") >= cut).sort("item_id")
    if not new.height:
        raise DataError(f"build_world: no item with an author was created from {cut} on.")
    interactions = ds.require("interactions", "at", verb=verb)
    ds.require_event_times("interactions.at", verb=verb)
    interactions = interactions.filter((pl.col("at") >= middle) & (pl.col("at") < cut))
    learned = interacted_items(interactions, ds.account_ids, ds.item_ids)
    if not learned.height:
        raise MissingDataError(
            f"build_world: no account acted on any item from {middle} until {cut}: there is nothing "
            "to learn profiles from."
        )
    posts = Vocabulary(new.get_column("item_id"))
    codes = ds.item_ids.encode(posts.series).astype(np.int64)
    author = ds.account_ids.encode(new.get_column("author_id")).astype(np.int32)
    early = pl.col("item").is_in(pl.Series(codes).implode())
    removed["acts on posts before they enter"] = learned.filter(early).height
    learned = learned.filter(~early)
    starts = np.arange(new.height + 1)
    post_keys = draw_keys(streams, "posts", new.height)
    audience = without_posters(authored_audience(ds, posts, cut), codes, starts, author)
    at = new.get_column("created_at").to_physical().to_numpy().astype(np.float64)
    quality = np.full(new.height, 0.5, np.float32)
    if isinstance(source, Platform):
        quality = source.item_quality[codes]
    return {
        "posts": posts,
        "post_keys": post_keys,
        "follows": _follow_graph(take_side(ds, "past", cut, "past"), ds.account_ids),
        "poster_indptr": starts,
        "posters": author,
        "place": (at - at.min()) / max(np.ptp(at), 1.0),
        "learned": learned,
        "audience": order_audience(audience, codes, account_keys, post_keys),
        "quality": quality,
    }


def _introduced_posts(
    ds: Dataset,
    share: float,
    introducers: int,
    account_keys: npt.NDArray[np.uint64],
    streams: Streams,
    removed: dict[str, int],
) -> dict[str, Any]:
    share = check_number("share_of_posts", share, 0, 0.5, low_open=True)
    introducers = check_integer("introducers", introducers, 1)
    interactions = interacted_items(
        ds.require("interactions", verb="build_world"), ds.account_ids, ds.item_ids
    )
    place = item_draws(ds.item_ids)[interactions.get_column("item").to_numpy()]
    learned = interactions.filter(pl.Series((place >= PARTITION_SHARE) & (place < 1 - share)))
    if not learned.height:
        raise MissingDataError("build_world: no acts are left to learn profiles from.")
    held_out = interactions.filter(pl.Series(place >= 1 - share)).select("item", "account")
    audience = held_out.select(pl.all().cast(pl.Int64)).unique().sort("item", "account")
    whole = audience.filter(pl.len().over("item") >= introducers)
    every, codes = (frame.get_column("item").unique().sort() for frame in (audience, whole))
    removed[f"held-out items of fewer than {introducers} accounts"] = len(every) - len(codes)
    if not len(codes):
        raise DataError(
            f"build_world: none of {len(every)} held-out items has an audience of "
            f"{introducers} accounts: lower introducers= or raise share_of_posts=."
        )
    m = len(codes)
    posts = Vocabulary(ds.item_ids.series.gather(codes))
    post_keys = draw_keys(streams, "posts", m)
    ordered = order_audience(whole, codes.to_numpy(), account_keys, post_keys)
    chosen = ordered.filter(pl.col("turn") < introducers)
    return {
        "posts": posts,
        "post_keys": post_keys,
        "follows": _follow_graph(ds, ds.account_ids),
        "poster_indptr": np.arange(m + 1) * introducers,
        "posters": chosen.get_column("account").to_numpy().astype(np.int32),
        "place": streams.generator("entry").random(m),
        "learned": learned,
        "audience": ordered.filter(pl.col("turn") >= introducers).with_columns(
            turn=pl.col("turn") - introducers
        ),
        "quality": np.full(m, 0.5, np.float32),
    }

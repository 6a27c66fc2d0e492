"""Places of posts and accounts: what feeds read of them, and apart from it what tastes act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from graphkit.data.dataset import Dataset
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import READING, World
from graphkit.errors import DataError, MissingDataError, OptionError, check_number
from graphkit.kernels.random import draw_all, draw_pairs
from graphkit.rng import Streams
from graphkit.simulation.interests import (
    AudienceSpace,
    InterestSpace,
    interacted_items,
    interest_space,
    mean_features,
    unit_rows,
)

__all__ = ["perturb_world"]

Keys = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Floats32 = npt.NDArray[np.float32]
Space = InterestSpace | Mapping[str, float] | str | None

#: Draws by the keys of accounts and posts when a world is made; no events of a simulation.
PAIR_DRAW, STRANGER_DRAW, SWAP_DRAW, MISREAD_DRAW, AUDIENCE_DRAW = range(58, 63)
#: Watch fraction from which an impression counts as an act of the audience.
WATCHED = 0.5
#: Pairs of posts whose similarities are compared between ranking and taste.
PAIRS = 20_000

#: What feeds read, by the kind of the space.
_READS = {
    "embedding": "embeddings",
    "interactions": "who acted on what",
    "planted": "planted topics: an oracle",
    "given": "a given space",
    "none": "nothing: no source places the posts",
}
_PLANTED, _ACTS = "planted topics", "who acted on what"
SAME_SPACE = "the space that feeds read: no audience says what the posts are"


def authored_audience(ds: Dataset, posts: Vocabulary, cut: Any) -> pl.DataFrame:
    """Codes ``item`` (of the dataset) and ``account`` of who acted on posts from `cut` on.

    An impression counts if at least half was watched; one without a watch fraction says what a
    feed chose, not what the viewer likes. Authors are no audience of their own posts.
    """
    own = posts.series.implode()
    parts = []
    if ds.interactions is not None and "at" in ds.interactions.columns:
        rows = ds.interactions.filter(pl.col("at") >= cut)
        parts.append(interacted_items(rows, ds.account_ids, ds.item_ids).select("item", "account"))
    if ds.impressions is not None and "watch_fraction" in ds.impressions.columns:
        seen = ds.impressions.filter(
            pl.col("item_id").is_in(own) & (pl.col("watch_fraction") >= WATCHED)
        )
        codes = {
            "item": ds.item_ids.lookup(seen.get_column("item_id")),
            "account": ds.account_ids.lookup(seen.get_column("account_id")),
        }
        parts.append(pl.DataFrame(codes))
    if not parts:
        return pl.DataFrame(schema={"item": pl.Int64, "account": pl.Int64})
    integers = [part.select(pl.all().cast(pl.Int64)) for part in parts]
    pairs = pl.concat(integers).unique().sort("item", "account")
    chosen = pl.Series(ds.item_ids.encode(posts.series)).cast(pl.Int64)
    return pairs.filter(pl.col("item").is_in(chosen.implode()))


def without_posters(
    audience: pl.DataFrame, items: Ints, poster_indptr: Ints, posters: npt.NDArray[np.int32]
) -> pl.DataFrame:
    """The audience without the posters of each post; `items` are the posts' codes."""
    rows = {"item": np.repeat(items, np.diff(poster_indptr)), "account": posters}
    own = pl.DataFrame(rows).select(pl.all().cast(pl.Int64))
    return audience.join(own, on=["item", "account"], how="anti", maintain_order="left")


def order_audience(
    audience: pl.DataFrame, items: Ints, account_keys: Keys, post_keys: Keys
) -> pl.DataFrame:
    """The audience of each post in the order of keyed draws of the pairs: item, account, turn."""
    item, account = (audience.get_column(c).to_numpy() for c in ("item", "account"))
    post = np.searchsorted(items, item)
    drawn = draw_pairs(np.uint64(0), AUDIENCE_DRAW, account_keys[account], post_keys[post])
    ordered = audience.with_columns(draw=pl.Series(drawn)).sort("item", "draw")
    return ordered.select("item", "account", turn=pl.int_range(pl.len()).over("item"))


@dataclass(frozen=True)
class Places:
    """Features of a world, as its fields, with the space that feeds read.

    Attributes
    ----------
    interests, profiles, post_features, taste_features
        As those of the world.
    space
        The interest space of the dataset's items that feeds read.
    record
        For the provenance: what feeds read, what tastes act on, and how alike these are.
    """

    interests: Floats32
    profiles: Floats32
    post_features: Floats32
    taste_features: Floats32
    space: InterestSpace
    record: dict[str, Any]


@dataclass(frozen=True)
class History:
    """What places posts and accounts.

    Attributes
    ----------
    posts
        The posts; none of their rows is in `learned`.
    learned
        Acts of the history: account, item, weight.
    audience
        Acts on the posts, without those of their posters, from :func:`order_audience`.
    account_keys, post_keys
        Keys of the world.
    """

    posts: Vocabulary
    learned: pl.DataFrame
    audience: pl.DataFrame
    account_keys: Keys
    post_keys: Keys


def find_places(
    source: Platform | Dataset,
    history: History,
    space: Space,
    dimensions: int,
    streams: Streams,
    removed: dict[str, int],
) -> Places:
    """Places for ranking, as a feed reads them, and apart from them places for taste.

    Tastes of a platform are planted. Those of a dataset are found in behaviour: a space of who
    acted on what, from one half of the items of the history, in which the first, third, … of the
    audience of each post, in keyed order, places it; the other half of the items gives the
    profiles, the others of the audience the place that a feed may read, if it reads interactions.
    So neither `space` nor the noise of a feed changes a taste.
    """
    dataset = source.dataset if isinstance(source, Platform) else source
    n, posts = len(dataset.account_ids), history.posts
    of_taste, of_feed = pl.col("turn") % 2 == 0, pl.col("turn") % 2 == 1
    liked, known = history.learned, history.learned
    readers = history.audience
    if isinstance(source, Dataset):
        liked, known = _split_items(history.learned, streams)
        readers = history.audience.filter(of_feed)
    found = _resolve_space(source, space, dimensions, known, readers, posts, streams, removed)
    features, profiles = found.rows(posts), mean_features(known, found.features, n)
    removed["posts without a place in the interest space"] = _count_blank(features)
    if isinstance(source, Platform):
        topics = source.item_topics[dataset.item_ids.encode(posts.series)]
        tastes = np.eye(len(source.topics), dtype=np.float32)[topics]
        interests, word = unit_rows(source.interests), _PLANTED
    else:
        audience = history.audience.filter(of_taste)
        seed = streams.integer("taste space")
        try:
            placing = AudienceSpace(liked, n, dimensions, seed)
            places = placing.place(_pairs(liked, audience), len(dataset.item_ids))
            tastes, word = places[dataset.item_ids.encode(posts.series)], _ACTS
        except MissingDataError:
            tastes = np.zeros((len(posts), 1), np.float32)
        if not tastes.any():
            tastes, places, word = features, found.features, SAME_SPACE
        interests = mean_features(liked, places, n)
        removed["posts without a place for taste"] = _count_blank(tastes)
    reads = _READS.get(found.kind, "")
    if found.sources is not None and found.kind == "terms":
        reads = f"content: {', '.join(found.sources.get_column('source'))}"
    record = {"space": found.kind, "dimensions": found.dimensions, "reads": reads, "tastes": word}
    return Places(interests, profiles, features, tastes, found, record)


def _count_blank(rows: Floats32) -> int:
    return int((~rows.any(axis=1)).sum())


def _pairs(*parts: pl.DataFrame) -> pl.DataFrame:
    return pl.concat(part.select(pl.col("item", "account").cast(pl.Int64)) for part in parts)


def _split_items(interactions: pl.DataFrame, streams: Streams) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Interactions with either half of the items, so that taste and profile share no row."""
    size = int(interactions.get_column("item").to_numpy().max()) + 1
    first = streams.generator("halves").random(size) < 0.5
    mask = pl.Series(first[interactions.get_column("item").to_numpy()])
    return interactions.filter(mask), interactions.filter(~mask)


def _resolve_space(
    source: Platform | Dataset,
    space: Space,
    dimensions: int,
    known: pl.DataFrame,
    readers: pl.DataFrame,
    posts: Vocabulary,
    streams: Streams,
    removed: dict[str, int],
) -> InterestSpace:
    """The space that feeds read: the given one, checked, or a new one."""
    dataset = source.dataset if isinstance(source, Platform) else source
    items = dataset.item_ids
    if isinstance(space, InterestSpace):
        if space.kind == "interactions":
            raise OptionError(
                "build_world: this space places items by their whole audience, of which one part "
                "introduces posts or says what they are: pass space='interactions'."
            )
        if not space.rows(items).any():
            raise DataError(
                f"build_world: the space places none of the items; its own are such as "
                f"{space.items.ids[:1].tolist()}: make one from the same dataset."
            )
        return InterestSpace(items, space.rows(items), space.kind, space.sources, space.provenance)
    seed = streams.integer("space")
    if space != "interactions":
        try:
            return interest_space(source, sources=space, dimensions=dimensions, rng=seed)
        except MissingDataError:
            if space is not None:
                raise
        removed["posts whose content says nothing, placed by who acted on them"] = len(posts)
    try:
        placing = AudienceSpace(known, len(dataset.account_ids), dimensions, seed)
    except MissingDataError:
        if space is not None:
            raise
        return InterestSpace(items, np.zeros((len(items), 1), np.float32), "none")
    features = placing.place(_pairs(known, readers), len(items))
    return InterestSpace(items, features, "interactions")


def misread(features: Floats32, post_keys: Keys, share: float, removed: dict[str, int]) -> Floats32:
    """Features that feeds read of posts of which a keyed `share` is read as another post each.

    The others are a rotation of the keyed order of all posts: each post is read as one fixed
    other, whatever the share, and a smaller share misreads a part of the same posts.
    """
    if share == 0 or post_keys.size < 2:
        return features
    wrong = draw_all(np.uint64(0), MISREAD_DRAW, post_keys, 0) < share
    removed["posts that feeds read as another"] = int(np.count_nonzero(wrong))
    read: Floats32 = np.where(
        wrong[:, None], features[_next_by_key(post_keys, SWAP_DRAW)], features
    )
    return read


def blur_profiles(
    profiles: Floats32, account_keys: Keys, share: float, cold_start: bool
) -> Floats32:
    """Profiles with noise: (1 − x) · own + x · that of a keyed other account, to unit length.

    With `cold_start` every profile is the mean of all, to unit length, instead.
    """
    order = np.argsort(account_keys)
    if cold_start:
        # summed in the order of keys, which names do not change
        mean = profiles[order].astype(np.float64).sum(axis=0, keepdims=True)
        return np.repeat(unit_rows(mean), account_keys.size, axis=0)
    if share == 0 or account_keys.size < 2:
        return profiles
    other = profiles[_next_by_key(account_keys, STRANGER_DRAW)].astype(np.float64)
    return unit_rows((1 - share) * profiles + share * other)


def _next_by_key(keys: Keys, event: int) -> Ints:
    """Another row for each row: the next in the order of keyed draws, the first after the last."""
    order = np.lexsort((keys, draw_all(np.uint64(0), event, keys, 0)))
    following: Ints = np.empty(keys.size, np.int64)
    following[order] = np.roll(order, -1)
    return following


def likeness_correlation(first: Floats32, second: Floats32, post_keys: Keys) -> float | None:
    """Rank correlation (Spearman) of the similarities of pairs of posts in two spaces.

    Of at most about 20,000 pairs of posts that both spaces place, chosen by keys: neighbours at
    distance 1, 2, … in keyed order. `None` if there are fewer than three pairs, or all are alike
    in one of the spaces.
    """
    placed = np.flatnonzero(first.any(axis=1) & second.any(axis=1))
    keys = post_keys[placed]
    order = placed[np.lexsort((keys, draw_all(np.uint64(0), PAIR_DRAW, keys, 0)))]
    m = order.size
    steps = min(max(PAIRS // max(m, 1), 1), (m - 1) // 2)
    if steps < 1:
        return None
    left = np.tile(order, steps)
    right = np.concatenate([np.roll(order, -step) for step in range(1, steps + 1)])
    likeness = [
        np.einsum("ij,ij->i", rows[left], rows[right], dtype=np.float64).round(6)
        for rows in (first, second)
    ]
    if any(np.ptp(values) == 0 for values in likeness):
        return None
    return round(float(stats.spearmanr(*likeness).statistic), 6)


def perturb_world(
    world: World,
    *,
    feature_noise: float = 0.0,
    profile_noise: float = 0.0,
    cold_start: bool = False,
) -> World:
    """The world with what feeds read of posts and viewers made worse; tastes are untouched.

    The same noise as that of :func:`graphkit.build_world`, added to a world that is there: it is
    keyed, so that the same posts are misread and the same profiles blurred, whatever else differs.
    Noise that the world has already stays, and the record of the new world has both.

    Parameters
    ----------
    world
        The world.
    feature_noise
        Share of the posts that feeds read as another post, in [0, 1].
    profile_noise
        Weight of another account's profile in each profile, in [0, 1].
    cold_start
        Whether all profiles begin as their mean.

    Returns
    -------
    World

    Raises
    ------
    OptionError
        If a share is not in [0, 1].

    Examples
    --------
    >>> import graphkit as gk
    >>> world = gk.build_world(gk.synthetic.platform(60, communities=2, rng=1), ticks=3, rng=1)
    >>> cold = perturb_world(world, cold_start=True)
    >>> bool((cold.profiles == cold.profiles[0]).all())
    True
    """
    feature_noise = check_number("feature_noise", feature_noise, 0, 1)
    profile_noise = check_number("profile_noise", profile_noise, 0, 1)
    removed: dict[str, int] = {}
    features = misread(world.post_features, world.post_keys, feature_noise, removed)
    known = world.provenance.parameters
    options = {name: known[name] for name in READING if name in known}
    # on top of the noise that is there: what was misread stays so, by the same keys
    clear = (1 - profile_noise) * (1 - known.get("profile_noise", 0.0))
    options |= {
        "feature_noise": max(feature_noise, known.get("feature_noise", 0.0)),
        "profile_noise": round(1 - clear, 12),
        "cold_start": cold_start or known.get("cold_start", False),
    }
    if "tastes" in known:
        likeness = likeness_correlation(features, world.taste_features, world.post_keys)
        options["rank_correlation"] = likeness
    record = Provenance.of("perturb_world", options, made_from=(world,), removed=removed)
    profiles = blur_profiles(world.profiles, world.account_keys, profile_noise, cold_start)
    return replace(world, post_features=features, profiles=profiles, provenance=record)

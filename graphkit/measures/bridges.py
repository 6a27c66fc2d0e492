"""Bridges: posts, creators and tags that carry content across communities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from graphkit.data.dataset import Dataset, require_dataset
from graphkit.data.frozen import Frozen
from graphkit.data.impressions import Impressions
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.data.spread import Spread
from graphkit.data.tags import fold_tags
from graphkit.data.world import World
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_integer,
    check_number,
)
from graphkit.measures.intervals import FILLER, HIGHER, LOWER, WITHIN_WORLD, Scheme
from graphkit.measures.mixing import partition_of
from graphkit.measures.paired import (
    Family,
    by_unit,
    control_discoveries,
    directions,
    find_all,
    scheme_of_spread,
    too_filled,
)
from graphkit.parallel import refuse_after_fork

__all__ = ["Bridges", "bridges"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Integers = npt.NDArray[np.integer]

#: A tag of fewer posts is not reported.
FEWEST_POSTS = 5

#: How a p was found.
HYPERGEOMETRIC = "hypergeometric"
NORMAL = "normal approximation"
T_TEST = "t over {}"

#: Functions whose first input is the data of a world.
_BUILDERS = ("build_world", "synthetic.worlds")

_SIDES = {"post": "item_id", "creator": "account_id", "tag": "tag"}


@dataclass(frozen=True, repr=False, eq=False)
class Bridges(Frozen, title="Bridges between communities", table="frame"):
    """Result of :func:`bridges`: what reaches viewers outside its community of origin.

    Attributes
    ----------
    by
        ``"post"``, ``"creator"`` or ``"tag"``.
    arm
        The arm of a simulation; `None` for observed impressions.
    frame
        One row each, the largest excess first; columns as in :func:`bridges`.
    ratio
        Σ observed / Σ expected over all posts: cross-community exposure (:func:`crossing`).
    interval
        What intervals speak about; `None` where there is one run.
    """

    by: str
    arm: str | None
    frame: pl.DataFrame
    ratio: float
    interval: str | None
    provenance: Provenance = field(default_factory=lambda: Provenance("bridges"))

    def _title(self) -> str:
        return f"Bridges by {self.by}" + ("" if self.arm is None else f": {self.arm}")

    def _facts(self) -> dict[str, object]:
        told = self.frame.get_column("direction")
        facts: dict[str, object] = {
            "rows": self.frame.height,
            "outside relative to random exposure": self.ratio,
        }
        words = {HIGHER: "more outside than at random", LOWER: "less outside than at random"}
        for verdict, text in words.items():
            facts[text] = int((told == verdict).sum())
        if (told == FILLER).any():
            facts["direction"] = FILLER
        if self.interval is not None:
            facts["intervals"] = self.interval
        return facts | {key: f"{n:,}" for key, n in self.provenance.removed.items()}


class _Counts(NamedTuple):
    """Per post with a home and a viewer: its code, home, viewers, and the population drawn from."""

    post: Codes
    home: Codes
    viewers: Codes
    outside: Codes
    population: Codes
    population_outside: Codes

    @property
    def expected(self) -> Floats:
        """Viewers outside expected under random exposure, n_i e_i."""
        total = np.maximum(self.population, 1)
        return np.asarray(self.viewers * (self.population_outside / total), dtype=np.float64)


class _Source(NamedTuple):
    """What is counted, the same posts in every run: shape (worlds, replications) of counts."""

    runs: list[list[_Counts]]
    posts: pl.Series
    accounts: pl.Series
    post_of: Codes
    poster: Codes
    homes: Codes
    names: list[str]
    scheme: Scheme


def bridges(
    shown: Spread | Impressions,
    partition: str | Partition,
    *,
    arm: str | None = None,
    by: str = "post",
    dataset: Dataset | Platform | None = None,
    world: int | None = None,
    confidence: float = 0.95,
) -> Bridges:
    r"""What carries content across communities: viewers outside, beside random exposure.

    For post i with community of origin h, :math:`n_i` viewers with a community, a share
    :math:`x_i` of them outside h, and :math:`e_i` the share outside h of all impressions without
    those of i's posters, as in :func:`crossing`: observed are :math:`n_i x_i` viewers outside,
    expected :math:`n_i e_i`; excess is their difference, ratio their quotient. Creators are sums
    over their posts, tags sums over the posts that have the tag, one of several tags in each.
    Summed over all posts, observed over expected is :func:`crossing` (without answers).

    The p-value of one run is that of a hypergeometric draw: under random exposure, the viewers of
    a post are :math:`n_i` of the N impressions that its posters did not receive, drawn without
    replacement, K of them outside h. It is exact for posts, and for creators, whose posts share N
    and K, and draw from the same impressions. A viewer sees a post once, which makes the number
    vary less than impressions drawn so: the test errs on the safe side where posts reach much of
    the population. For tags, whose posts differ in K, it is the normal approximation to the sum,
    with the hypergeometric variances. P-values are two-sided, twice the smaller tail. Where the
    same posts are in several worlds, or replications of one, the excess is their mean, with a t
    interval and test over them; its standard error is at least that of rounding to whole numbers,
    for counts of few runs are often equal by chance.

    Of observed impressions this is an association of posts with audiences: it does not say that
    the post, or the feed, made the viewers come.

    Parameters
    ----------
    shown
        Result of :func:`simulate_spread`, or observed impressions.
    partition
        Kind of partition of the spread, such as ``"planted"``; of impressions, the communities of
        the accounts, by ids.
    arm
        Name of the arm, for a spread.
    by
        ``"post"``, ``"creator"`` or ``"tag"``.
    dataset
        Its items give the tags (``by="tag"``), and authors of the items of impressions; of a
        platform, its dataset. Tags of a spread must be of the data that its worlds were made of.
    world
        One world only. Needed where worlds have different posts; of a jackknife, the whole is taken.
    confidence
        Confidence level of the intervals; directions are claimed at p_fdr ≤ 1 − confidence.

    Returns
    -------
    Bridges
        ``.frame``: item_id, account_id (creator) or tag; community (of origin; none for tags),
        posts (with a viewer), viewers, outside, expected, excess, low, high (null for one run),
        ratio, p, p_fdr (Benjamini and Hochberg, over the rows), direction (``"higher"``: more
        outside than under random exposure), test. Values are means over runs. In an arm with more
        than 25 % filler, nothing is tested and no direction claimed.

        Answers (duets and stitches that became posts under a free budget) have no rows, as they
        are other posts in every run, but their impressions are among those drawn from. Answers,
        posts without a community of origin or without a viewer, viewers without a community,
        repeated views and an author's own, and tags of fewer than 5 posts are left out and
        counted in ``.provenance.removed``.

    Raises
    ------
    MissingDataError
        For an unknown arm or kind of partition, or without a dataset that is needed, or its
        authors or tags.
    OptionError
        For an unknown `by`, an arm or a world of impressions, or a dataset that a spread does not
        need.
    DataError
        If worlds have different posts, posts have several posters (by creator), no post has a
        community of origin and a viewer with one, or a world was made from other data than
        `dataset` (by tag): ids of synthetic platforms are alike.

    References
    ----------
    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the
    Royal Statistical Society B, 57(1), 289–300. https://doi.org/10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> import graphkit as gk
    >>> platform = gk.synthetic.platform(120, communities=2, rng=1)
    >>> made = gk.build_world(platform, ticks=3, rng=1)
    >>> arms = {"interest": gk.interest_centric(), "uniform": gk.recommenders.uniform()}
    >>> spread = gk.simulate_spread(made, arms, ticks=3, rng=1)
    >>> found = bridges(spread, "planted", arm="uniform")
    >>> found.frame.filter(direction="higher").height, 0.9 < found.ratio < 1.1
    (0, True)
    """
    refuse_after_fork()
    check_choice("by", by, tuple(_SIDES))
    check_number("confidence", confidence, 0, 1, low_open=True, high_open=True)
    if isinstance(dataset, Platform):
        dataset = dataset.dataset
    if dataset is not None:
        require_dataset(dataset, caller="bridges")
    if by == "tag" and dataset is None:
        raise MissingDataError("by='tag' needs dataset=, whose items have the tags of the posts.")
    removed: dict[str, int] = {}
    filled = False
    if isinstance(shown, Spread):
        if dataset is not None and by != "tag":
            raise OptionError(
                f"bridges: dataset= has the tags of a Spread's posts, for by='tag'; by={by!r} needs none."
            )
        source = _of_spread(shown, partition, arm, world, removed)
        filled = too_filled(shown, str(arm))
        if by == "tag" and dataset is not None:
            for w, made_of in enumerate(shown.worlds):
                if world is None or w == world:
                    _require_same_data(made_of, w, dataset)
    elif isinstance(shown, Impressions):
        if arm is not None or world is not None:
            raise OptionError("arm= and world= belong to a Spread: impressions have neither.")
        source = _of_impressions(shown, partition, dataset, removed)
    else:
        raise DataError(
            f"bridges: a {type(shown).__name__}: a result of simulate_spread or Impressions is needed."
        )
    group, table = _grouping(source, by, dataset, removed)
    frame, ratio = _rows(source, group, table, by, removed, filled=filled, confidence=confidence)
    given = {"by": by, "arm": arm, "world": world, "confidence": confidence}
    inputs = (shown,) if dataset is None else (shown, dataset)
    made = Provenance.of("bridges", given, made_from=inputs, removed=removed)
    runs = sum(map(len, source.runs))
    interval = source.scheme.interval if runs > 1 else None
    return Bridges(by, arm, frame, ratio, interval, made)


def _of_spread(
    spread: Spread,
    kind: str | Partition,
    arm: str | None,
    world: int | None,
    removed: dict[str, int],
) -> _Source:
    """Counts of one arm in the worlds that share their posts."""
    if not isinstance(kind, str):
        raise OptionError("partition: name the kind of partition of the spread, such as 'planted'.")
    if arm is None:
        raise MissingDataError(f"arm= is needed: one of {', '.join(spread.arms)}.")
    spread.of(arm)
    world = check_integer("world", world, 0, len(spread.worlds) - 1, optional=True)
    scheme = scheme_of_spread(spread)
    chosen = list(range(len(spread.worlds))) if world is None else [world]
    if world is None and scheme.whole is not None:
        chosen = [scheme.whole]
    partitions = [partition_of(spread, w, kind) for w in chosen]
    first, communities = spread.worlds[chosen[0]], partitions[0]
    for w, own in zip(chosen, partitions, strict=True):
        if not _same_posts(spread.worlds[w], first, kind) or own != communities:
            raise DataError(
                "the worlds have different posts or communities, although ids may be alike: choose "
                "one by world=."
            )
    if len(chosen) == 1:
        scheme = Scheme(WITHIN_WORLD, 1)
    runs, silent, unassigned, answered = [], 0, 0, 0
    for w in chosen:
        row = []
        for r in range(spread.replications):
            tally, after = spread.tallies[arm, w, r], spread.world_of(arm, w, r)
            views, size = tally.views[kind], communities.n_communities
            homes = after.homes[kind].astype(np.int64)
            known = views[:, :size]
            received = tally.diet[kind][:, :size].sum(axis=1, dtype=np.int64)
            counts = _count(
                known.sum(axis=1, dtype=np.int64),
                known[np.arange(homes.size), np.maximum(homes, 0)].astype(np.int64)
                if size
                else np.zeros(homes.size, np.int64),
                known[homes >= 0].sum(axis=0, dtype=np.int64),
                received,
                communities.membership,
                homes,
                np.repeat(np.arange(homes.size), np.diff(after.poster_indptr)),
                after.posters,
            )
            # answers are other posts in every run
            of_world = counts.post < first.n_posts
            counts = _Counts(*(column[of_world] for column in counts))
            row.append(counts)
            answered += len(tally.answers)
            silent += int((homes[: first.n_posts] >= 0).sum()) - counts.post.size
            unassigned += int(views[homes >= 0, size].sum())
        runs.append(row)
    homeless = int((first.homes[kind] < 0).sum())
    runs_made = len(chosen) * spread.replications
    _note(removed, "posts without a community of origin", homeless)
    _note(removed, f"posts without a viewer (over {runs_made} runs)", silent)
    _note(removed, f"views without a community (over {runs_made} runs)", unassigned)
    _note(removed, f"answers, which no two runs share (over {runs_made} runs)", answered)
    return _Source(
        runs,
        first.posts.series.cast(pl.String),
        first.accounts.series.cast(pl.String),
        np.repeat(np.arange(first.n_posts), np.diff(first.poster_indptr)),
        first.posters.astype(np.int64),
        first.homes[kind].astype(np.int64),
        [communities.name(c) for c in range(communities.n_communities)],
        scheme,
    )


def _same_posts(one: World, other: World, kind: str) -> bool:
    """Whether two worlds have the same posts, by ids, posters, times and communities of origin."""
    return (
        one.posts == other.posts
        and one.accounts == other.accounts
        and np.array_equal(one.poster_indptr, other.poster_indptr)
        and np.array_equal(one.posters, other.posters)
        and np.array_equal(one.ticks, other.ticks)
        and np.array_equal(one.homes[kind], other.homes[kind])
    )


def _require_same_data(world: World, number: int, dataset: Dataset) -> None:
    """Refuse data that the world was not made from, as far as its provenance tells."""
    built = next((r for r in _records(world.provenance) if r.verb in _BUILDERS), None)
    if built is None or not built.inputs:
        return
    # parts of the same data, such as its later half, share what they were made from
    source = {built.inputs[0], *(key for r in _records(*built.parents[:1]) for key in r.inputs)}
    given = {dataset.content_key, *(k for r in _records(dataset.provenance) for k in r.inputs)}
    if not source & given:
        raise DataError(
            f"bridges: world {number} was made from other data (content key {built.inputs[0][:8]}…) "
            f"than dataset= ({dataset.content_key[:8]}…), so its posts are other posts although ids "
            "may be alike: pass the dataset given to gk.build_world, or build the world from "
            "this one (of a synthetic platform, gk.build_world(platform, …)) and simulate it."
        )


def _records(*records: Provenance) -> Iterator[Provenance]:
    """Records and all that they were made from, the latest first."""
    waiting = list(records)
    while waiting:
        record = waiting.pop(0)
        yield record
        waiting.extend(record.parents)


def _of_impressions(
    shown: Impressions, partition: str | Partition, dataset: Dataset | None, removed: dict[str, int]
) -> _Source:
    """Counts of observed impressions; the community of origin is that of the author."""
    if not isinstance(partition, Partition):
        raise OptionError("partition: of impressions, a Partition of the accounts is needed.")
    if dataset is None:
        raise MissingDataError("dataset= is needed: its items have the authors of the posts.")
    items = dataset.require("items", "author_id", verb="bridges")
    author_of = items.select(pl.col("item_id", "author_id").cast(pl.String)).unique("item_id")
    ids = pl.DataFrame({"item_id": shown.items.series.cast(pl.String)})
    known = ids.join(author_of, on="item_id", how="left", maintain_order="left")
    authors = known.get_column("author_id")
    # authors may have seen nothing: they are accounts too, after those of the impressions
    accounts = shown.accounts.series.cast(pl.String)
    more = authors.drop_nulls().unique().sort()
    more = more.filter(~more.is_in(accounts.implode()))
    everyone = pl.concat([accounts.rename("id"), more.rename("id")])
    number = pl.DataFrame({"id": everyone, "code": np.arange(len(everyone))})
    author = (
        pl.DataFrame({"id": authors})
        .join(number, on="id", how="left", maintain_order="left")
        .get_column("code")
        .fill_null(-1)
        .to_numpy()
    )
    codes = partition.vocabulary.lookup(everyone)
    membership = np.where(codes >= 0, partition.membership[codes], -1).astype(np.int64)
    homes = np.where(author >= 0, np.append(membership, -1)[author], -1)
    pair = np.unique(shown.item.astype(np.int64) * len(everyone) + shown.account)
    item, account = np.divmod(pair, len(everyone))
    _note(removed, "repeated views", len(shown) - pair.size)
    own = author[item] == account
    _note(removed, "views of an account's own posts", int(own.sum()))
    homeless = ~own & (homes[item] < 0)
    _note(removed, "views of posts without a community of origin", int(homeless.sum()))
    stray = ~own & ~homeless & (membership[account] < 0)
    _note(removed, "views without a community", int(stray.sum()))
    kept = ~(own | homeless | stray)
    item, account = item[kept], account[kept]
    m, n, size = homes.size, membership.size, partition.n_communities
    inside = membership[account] == homes[item]
    authored = np.flatnonzero(author >= 0)
    counts = _count(
        np.bincount(item, minlength=m),
        np.bincount(item[inside], minlength=m),
        np.bincount(membership[account], minlength=size),
        np.bincount(account, minlength=n),
        membership,
        homes,
        authored,
        author[authored],
    )
    _note(removed, "posts without a community of origin", int((homes < 0).sum()))
    _note(removed, "posts without a viewer", int((homes >= 0).sum()) - counts.post.size)
    names = [partition.name(c) for c in range(size)]
    scheme = Scheme(WITHIN_WORLD, 1)
    posts = ids.get_column("item_id")
    poster = author[authored].astype(np.int64)
    return _Source([[counts]], posts, everyone, authored, poster, homes, names, scheme)


def _note(removed: dict[str, int], what: str, count: int) -> None:
    if count:
        removed[what] = count


def _count(
    shown: Integers,
    inside: Integers,
    inside_of: Integers,
    received: Integers,
    membership: Integers,
    homes: Codes,
    post_of: Codes,
    posters: Integers,
) -> _Counts:
    """Viewers of each post, and the impressions from which random exposure would draw them.

    `shown` and `inside` are by post, `inside_of` impressions by the viewer's community and
    `received` by account, of posts with a home to accounts with a community.
    """
    received = np.where(membership >= 0, received, 0)
    own = received[posters]
    at_home = np.where(membership[posters] == homes[post_of], own, 0)
    own_all = np.bincount(post_of, weights=own, minlength=homes.size)
    own_home = np.bincount(post_of, weights=at_home, minlength=homes.size)
    kept = np.flatnonzero((homes >= 0) & (shown > 0))
    population = inside_of.sum() - own_all[kept]
    outside = population - (inside_of[homes[kept]] - own_home[kept])
    numbers = (kept, homes[kept], shown[kept], (shown - inside)[kept], population, outside)
    return _Counts(*(np.rint(x).astype(np.int64) for x in numbers))


def _grouping(
    source: _Source, by: str, dataset: Dataset | None, removed: dict[str, int]
) -> tuple[tuple[Codes, Codes], pl.DataFrame]:
    """Pairs of post and group, and a row for each group."""
    m, names = source.homes.size, pl.Series(source.names, dtype=pl.String)
    if by == "post":
        home = pl.Series(source.homes).replace(-1, None)
        table = pl.DataFrame({"item_id": source.posts, "community": names.gather(home)})
        return (np.arange(m), np.arange(m)), table
    if by == "creator":
        if np.unique(source.post_of).size < source.post_of.size:
            raise DataError(
                "posts are introduced by several accounts and have no creator: use by='post' or 'tag'."
            )
        creators, group = np.unique(source.poster, return_inverse=True)
        of_creator = np.full(creators.size, -1, np.int64)
        of_creator[group] = source.homes[source.post_of]
        table = pl.DataFrame(
            {
                "account_id": source.accounts.gather(creators),
                "community": names.gather(pl.Series(of_creator).replace(-1, None)),
            }
        )
        return (source.post_of, group.astype(np.int64)), table
    assert dataset is not None
    items = dataset.require("items", "tags", verb="bridges")
    tags = items.select(pl.col("item_id").cast(pl.String), tag="tags").explode("tag")
    tags = tags.with_columns(tag=fold_tags(tags.get_column("tag"))).unique(maintain_order=True)
    tags = tags.filter(pl.col("tag").is_not_null() & (pl.col("tag") != ""))
    posts = pl.DataFrame({"item_id": source.posts, "post": np.arange(m)})
    pairs = posts.join(tags, on="item_id", how="inner", maintain_order="left")
    _note(removed, "posts without a tag", m - pairs.get_column("post").n_unique())
    if not pairs.height:
        raise MissingDataError(
            "no post has a tag in dataset=: its items must be those of the posts, with tags."
        )
    known = pairs.get_column("tag").unique().sort()
    code = pairs.get_column("tag").replace_strict(known, np.arange(len(known)))
    return (pairs.get_column("post").to_numpy(), code.to_numpy()), pl.DataFrame({"tag": known})


def _rows(
    source: _Source,
    group: tuple[Codes, Codes],
    table: pl.DataFrame,
    by: str,
    removed: dict[str, int],
    *,
    filled: bool,
    confidence: float,
) -> tuple[pl.DataFrame, float]:
    """Sums by group over the runs, tested, and the ratio over all posts."""
    size, flat = table.height, [counts for row in source.runs for counts in row]
    if not any(counts.post.size for counts in flat):
        raise DataError("no post with a community of origin has a viewer with a community.")
    sums = np.stack([_sums(counts, group, size, source.homes.size) for counts in flat])
    posts, viewers, outside, expected, variance = np.moveaxis(sums, 1, 0)
    excess = np.where(posts > 0, outside - expected, np.nan)
    runs = len(flat)
    low = high = np.full(size, np.nan)
    if runs > 1:
        shape = (len(source.runs), len(source.runs[0]), size)
        # a run in which nothing was seen has no excess, and none is expected
        values = by_unit(np.where(posts > 0, excess, 0.0).reshape(shape), source.scheme)
        magnitude = by_unit(np.maximum(outside, expected).reshape(shape), source.scheme)
        found = find_all(values, magnitude, source.scheme, confidence)
        within = source.scheme.interval == WITHIN_WORLD
        certain = (variance == 0).all(axis=0)
        low, high, p = _of_counts(found, certain, 1 if within else shape[1], confidence)
        unit = "replications" if source.scheme.interval == WITHIN_WORLD else "worlds"
        test = T_TEST.format(unit)
    elif by == "tag":
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.abs(excess[0]) / np.sqrt(variance[0])
        p, test = np.where(variance[0] > 0, 2 * stats.norm.sf(z), np.nan), NORMAL
    else:
        p, test = _hypergeometric_p(flat[0], group, size, viewers[0], outside[0]), HYPERGEOMETRIC
    means = [x.mean(axis=0) for x in (posts, viewers, outside, expected)]
    frame = table.with_columns(
        **dict(zip(("posts", "viewers", "outside", "expected"), means, strict=True)),
        excess=means[2] - means[3],
        low=low,
        high=high,
        ratio=np.divide(means[2], means[3], out=np.full(size, np.nan), where=means[3] > 0),
        p=np.full(size, np.nan) if filled else p,
        test=pl.lit(None if filled else test, pl.String),
    )
    seen = frame.filter(pl.col("posts") > 0)
    shown = seen.filter(pl.col("posts") >= FEWEST_POSTS) if by == "tag" else seen
    if by == "tag":
        _note(removed, f"tags of fewer than {FEWEST_POSTS} posts", table.height - shown.height)
    told = _told(shown, filled=filled, confidence=confidence)
    every = np.array([[c.outside.sum(), c.expected.sum()] for c in flat]).sum(axis=0)
    ratio = float(every[0] / every[1]) if every[1] > 0 else float("nan")
    order = ["excess", _SIDES[by]]
    return told.sort(order, descending=[True, False]), ratio


def _of_counts(
    found: Family, certain: Mask, runs: int, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """Bounds and p of means of counts, each unit that of so many `runs`.

    Counts are whole, so that a few are often equal by chance, and what varies between them is then
    little more than what is expected: a t test would take that for certainty. Rounding to whole numbers
    has a variance of 1/12 (Sheppard), and the standard error is at least that of it, but where nothing
    could vary: `certain`, as all viewers, or none, are outside under any exposure.
    """
    freedom = np.maximum(found.units - 1, 1)
    quantile = stats.t.ppf((1 + confidence) / 2, freedom)
    with np.errstate(invalid="ignore", divide="ignore"):
        se = (found.high - found.centre) / quantile
        se = np.where(certain, se, np.maximum(se, np.sqrt(1 / 12 / (runs * found.units))))
        p = np.where(se > 0, 2 * stats.t.sf(np.abs(found.centre) / se, freedom), np.nan)
    return found.centre - quantile * se, found.centre + quantile * se, p


def _told(frame: pl.DataFrame, *, filled: bool, confidence: float) -> pl.DataFrame:
    """With adjusted p-values and directions, NaN as null."""
    adjusted = control_discoveries(frame.get_column("p").to_numpy())
    centre = frame.get_column("excess").to_numpy()
    told = directions(centre, adjusted, alpha=1 - confidence, filled=filled)
    frame = frame.with_columns(p_fdr=adjusted, direction=pl.Series(told, dtype=pl.String))
    columns = [name for name in frame.columns if name not in ("p_fdr", "direction", "test")]
    frame = frame.select(*columns, "p_fdr", "direction", "test")
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def _sums(counts: _Counts, group: tuple[Codes, Codes], size: int, m: int) -> Floats:
    """Posts, viewers, outside, expected and variance of each group, shape (5, size)."""
    n, population = counts.viewers, counts.population
    share = counts.population_outside / np.maximum(population, 1)
    variance = n * share * (1 - share) * (population - n) / np.maximum(population - 1, 1)
    by_post = np.zeros((5, m))
    by_post[:, counts.post] = (np.ones(n.size), n, counts.outside, counts.expected, variance)
    return np.stack(
        [np.bincount(group[1], weights=row[group[0]], minlength=size) for row in by_post]
    )


def _hypergeometric_p(
    counts: _Counts, group: tuple[Codes, Codes], size: int, viewers: Floats, outside: Floats
) -> Floats:
    """Two-sided p of each group, whose posts share N and K; NaN where nothing could vary."""
    at = np.full(size, -1, np.int64)
    row = np.full(max(int(group[0].max(initial=-1)), int(counts.post.max(initial=-1))) + 1, -1)
    row[counts.post] = np.arange(counts.post.size)
    seen = row[group[0]] >= 0
    at[group[1][seen]] = row[group[0][seen]]
    known = at >= 0
    population = np.where(known, counts.population[at], 1)
    good = np.where(known, counts.population_outside[at], 0)
    n, k = np.rint(viewers).astype(np.int64), np.rint(outside).astype(np.int64)
    able = known & (good > 0) & (good < population) & (n < population) & (n > 0)
    p = np.full(size, np.nan)
    draws = (population[able], good[able], n[able])
    tails = stats.hypergeom.cdf(k[able], *draws), stats.hypergeom.sf(k[able] - 1, *draws)
    p[able] = np.minimum(1.0, 2 * np.minimum(*tails))
    return p

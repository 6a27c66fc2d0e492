"""Parts of a world: without each group of accounts in turn (jackknife), and with fewer posts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import ACCOUNT_FIELDS, POST_FIELDS, READING, World
from graphkit.errors import DataError, OptionError, check_integer, check_number
from graphkit.kernels.random import draw_pairs
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.build import choose_introducers
from graphkit.simulation.tastes import likeness_correlation

__all__ = ["resample_worlds", "thin_posts"]

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
Ints32 = npt.NDArray[np.int32]

#: The draw by which accounts are dealt out (and the one below), and the one by which posts stay; no
#: events of a simulation.
ACCOUNT_DRAWS, POST_DRAWS = 62, 60


def resample_worlds(world: World, n: int = 20, *, rng: RNGLike | None = None) -> list[World]:
    """Delete-a-group jackknife: the world itself, then it without each of n groups of accounts.

    :func:`graphkit.contrast` and :func:`graphkit.measures.arm_means` make intervals "over samples
    like this one" of them: how far the result would differ had other accounts of the same kind,
    with their own posts and follows, been sampled. They are centred
    on θ, the value in the world itself, with SE = √((n − 1)/n · Σ (θ_g − θ̄)²) over the parts and t
    with n − 1 degrees of freedom (Kott 2001): more groups make the standard error less noisy,
    and not smaller. Leaving out many accounts at once keeps it sound for measures that are not smooth,
    such as medians (Shao & Wu 1989). Held fixed are the partitions and their labels, and the
    interest space.

    Every account is in one group. Groups are of equal size, also within each community of the
    first partition (unassigned accounts as one), up to one account, and have about equally many
    posts: of accounts with as many posts, each group takes its share. They depend on the keys of
    the accounts and on `rng`, not on ids or on the order of rows. Part g lacks the accounts of
    group g with their follows, their groups and their posts. An introduced post, which has no
    author but several posters, leaves with the poster that is its home, and with no other: were
    another home chosen for it, its chance would be counted twice. Replies to posts that left are
    replies to none.
    What is left keeps its keys, so that :func:`simulate_spread` draws the same for it (common
    random numbers), and communities keep their names; codes are sorted by size, so compare
    communities by name.

    A community whose accounts are all in one group, such as one of a single account, is not in
    the part without them. It is counted in the provenance of the part and not refused:
    partitions of real data have such communities, and a contrast has no interval for them.

    Parameters
    ----------
    world
        The data's own world.
    n
        Number of groups, from 2 to the number of accounts; 10 to 20 do. Many small groups widen
        the intervals: however few accounts a part lacks, its feeds take another course.
    rng
        Seed.

    Returns
    -------
    list of World
        n + 1 worlds: the whole (``sample="whole"``), then the n parts (``sample="part"``). They
        belong together: leave none out.

    Raises
    ------
    OptionError
        If `n` is less than 2 or more than the number of accounts.
    DataError
        If it is no world, is itself a part, or a part has no post left or fewer than two accounts.

    References
    ----------
    Kott, P. S. (2001). The delete-a-group jackknife. Journal of Official Statistics, 17(4),
    521–526.

    Shao, J., & Wu, C. F. J. (1989). A general theory for jackknife variance estimation. The
    Annals of Statistics, 17(3), 1176–1197. https://doi.org/10.1214/aos/1176347263

    Examples
    --------
    >>> from graphkit.simulation import build_world
    >>> from graphkit.synthetic import platform
    >>> world = build_world(platform(60, communities=2, rng=1), ticks=3, rng=1)
    >>> [(w.n_accounts, w.sample) for w in resample_worlds(world, 3, rng=1)]
    [(60, 'whole'), (40, 'part'), (40, 'part'), (40, 'part')]
    """
    if not isinstance(world, World):
        raise DataError(
            f"resample_worlds: a {type(world).__name__}, not a World: give the one world that "
            "build_world makes of the data."
        )
    n = check_integer("n", n, 2)
    if world.sample == "part":
        raise DataError(
            "resample_worlds: this world is a part of another, without one group of its accounts: "
            "resample the whole one."
        )
    if n > world.n_accounts:
        raise OptionError(f"n={n}: there are only {world.n_accounts} accounts to be put in groups.")
    streams = Streams(rng)
    whole = replace(world, sample="whole")
    seed, kind = streams.integer("groups"), next(iter(world.partitions))
    origin = choose_introducers(
        world.poster_indptr, world.posters, world.post_keys, world.account_keys
    )
    count = np.bincount(origin, minlength=world.n_accounts)
    group = _deal(world.account_keys, world.partitions[kind].membership, count, n, seed)
    return [whole, *(_part_without(whole, group, group[origin], g, streams.seed) for g in range(n))]


def _deal(keys: npt.NDArray[np.uint64], strata: Ints32, rank: Codes, n: int, seed: int) -> Codes:
    """Group of each of some rows: each gets its share of every stratum (−1 is one), and of ranks.

    Rows are dealt out by stratum and rank, and in keyed order within them.
    """
    draws, others = (draw_pairs(np.uint64(seed), ACCOUNT_DRAWS - k, keys, keys) for k in (0, 1))
    # strata in the order of their first draw: codes depend on ids where sizes are equal
    first = np.full(int(strata.max(initial=-1)) + 2, np.inf)
    np.minimum.at(first, strata + 1, draws)
    order = np.lexsort((keys, draws, -rank, first[strata + 1]))
    stratum = first[strata + 1][order]
    _, start, of, size = np.unique(
        stratum, return_index=True, return_inverse=True, return_counts=True
    )
    at = np.arange(keys.size) - start[of]
    # one of each n rows of about the same rank goes to each group, at random
    order = order[np.lexsort((others[order], at // n, stratum))]
    group = np.empty(keys.size, np.int64)
    group[order] = at % n
    # what is left of each stratum is dealt on from one to the next, so that sizes are equal
    left = order[at >= size[of] // n * n]
    group[left] = np.arange(left.size) % n
    return group


def _part_without(whole: World, group: Codes, of_posts: Codes, g: int, seed: int) -> World:
    """The world without the accounts of group g and what is theirs, its posts of group g too."""
    stays = group != g
    rows = np.flatnonzero(stays)
    post = np.repeat(np.arange(whole.n_posts), np.diff(whole.poster_indptr))
    entries = np.flatnonzero(stays[whole.posters] & (of_posts != g)[post])
    left = np.bincount(post[entries], minlength=whole.n_posts)
    order = np.flatnonzero(left)
    if rows.size < 2 or not order.size:
        raise DataError(
            f"resample_worlds: without group {g} there are {rows.size} accounts and {order.size} "
            "posts, and at least two accounts and one post are needed: take more groups by n=."
        )
    accounts = whole.accounts.take(rows)
    posters = _new_codes(rows, whole.n_accounts)[whole.posters[entries]]
    indptr = np.concatenate([[0], np.cumsum(left[order])])
    partitions, homes, removed = {}, {}, {}
    for kind, p in whole.partitions.items():
        labels = [p.name(c) for c in range(p.n_communities)]
        part = Partition.from_membership(
            accounts,
            p.membership[rows],
            labels=labels,
            node_kind="accounts",
            provenance=p.provenance,
        )
        partitions[kind] = part
        removed[f"communities of {kind!r} without an account"] = len(labels) - part.n_communities
        renumbered = np.full(p.n_communities + 1, -1, np.int32)  # the last entry stands for −1
        renumbered[p.membership[rows]] = part.membership
        homes[kind] = renumbered[whole.homes[kind][order]]
    removed |= {
        "accounts of the group": whole.n_accounts - rows.size,
        "posts of the group": whole.n_posts - order.size,
    }
    facts = {"group": g, **_reading_of(whole, order)}
    record = Provenance.of("resample_worlds", facts, seed=seed, made_from=(whole,), removed=removed)
    fields: dict[str, Any] = _references(whole, rows, order)
    for names, kept in ((ACCOUNT_FIELDS, rows), (POST_FIELDS, order)):
        values = {name: getattr(whole, name) for name in names}
        fields |= {name: None if value is None else value[kept] for name, value in values.items()}
    return replace(
        whole,
        sample="part",
        accounts=accounts,
        posts=whole.posts.take(order),
        follows=_induced_graph(whole.follows, accounts, rows, record),
        poster_indptr=indptr,
        posters=posters,
        partitions=partitions,
        homes=homes,
        provenance=record,
        **fields,
    )


def thin_posts(world: World, share: float, *, rng: RNGLike | None = None) -> World:
    """The world with a keyed share of its posts: as many accounts, and less to be shown.

    Each post stays with probability `share`, by a draw of its key: the posts of a smaller share
    are among those of a larger one, a post stays in a part of :func:`resample_worlds` if it stays
    in the whole, and what stays keeps its key, its tick and its home. Replies to posts that left
    are replies to none.

    Parameters
    ----------
    world
        The world.
    share
        Of the posts, in (0, 1].
    rng
        Seed of the draws; give the same for worlds that belong together.

    Returns
    -------
    World
        Its provenance counts the posts that left.

    Raises
    ------
    OptionError
        If the share is not in (0, 1].
    DataError
        If it is no world, or no post stays.

    Examples
    --------
    >>> from graphkit.simulation import build_world
    >>> from graphkit.synthetic import platform
    >>> world = build_world(platform(60, communities=2, rng=1), ticks=3, rng=1)
    >>> half, quarter = (thin_posts(world, share, rng=1) for share in (0.5, 0.25))
    >>> set(quarter.post_keys.tolist()) < set(half.post_keys.tolist())
    True
    """
    if not isinstance(world, World):
        raise DataError(f"thin_posts: a {type(world).__name__}, not a World: see build_world.")
    share = check_number("share", share, 0, 1, low_open=True)
    seed, keys = Streams(rng).integer("posts that stay"), world.post_keys
    order = np.flatnonzero(draw_pairs(np.uint64(seed), POST_DRAWS, keys, keys) < share)
    if not order.size:
        raise DataError(
            f"thin_posts: of {world.n_posts:,} posts none stays at share={share:g}: take a larger one."
        )
    post = np.repeat(np.arange(world.n_posts), np.diff(world.poster_indptr))
    stays = np.zeros(world.n_posts, np.bool_)
    stays[order] = True
    facts = {"share": share, **_reading_of(world, order)}
    removed = {"posts that do not stay": world.n_posts - order.size}
    record = Provenance.of("thin_posts", facts, seed=seed, made_from=(world,), removed=removed)
    values = {name: getattr(world, name) for name in POST_FIELDS}
    fields: dict[str, Any] = {k: None if v is None else v[order] for k, v in values.items()}
    if world.answers_to is not None:
        fields["answers_to"] = _answered(world, order)
    lengths = np.diff(world.poster_indptr)[order]
    return replace(
        world,
        posts=world.posts.take(order),
        poster_indptr=np.concatenate([[0], np.cumsum(lengths)]),
        posters=world.posters[stays[post]],
        homes={kind: home[order] for kind, home in world.homes.items()},
        provenance=record,
        **fields,
    )


def _reading_of(world: World, order: Codes) -> dict[str, Any]:
    """What feeds read of the posts that stay, as the record of a world says it."""
    known = world.provenance.parameters
    facts = {name: known[name] for name in READING if name in known}
    if "rank_correlation" in facts:
        features = (world.post_features[order], world.taste_features[order])
        facts["rank_correlation"] = likeness_correlation(*features, world.post_keys[order])
    return facts


def _answered(world: World, order: Codes) -> Codes:
    """The posts that those that stay answer to, −1 where they left."""
    assert world.answers_to is not None
    answered = world.answers_to[order]
    new = _new_codes(order, world.n_posts)
    return np.where(answered >= 0, new[np.maximum(answered, 0)], -1)


def _new_codes(kept: Codes, size: int) -> Ints32:
    """Code of each old code among those kept; −1 where it left."""
    codes = np.full(size, -1, np.int32)
    codes[kept] = np.arange(kept.size, dtype=np.int32)
    return codes


def _references(whole: World, rows: Codes, order: Codes) -> dict[str, Any]:
    """Optional fields that refer to posts, or have several entries per account."""
    known: dict[str, Any] = {}
    if whole.answers_to is not None:
        known["answers_to"] = _answered(whole, order)
    if whole.group_indptr is not None and whole.groups is not None:
        lengths = np.diff(whole.group_indptr)
        stays = np.zeros(whole.n_accounts, np.bool_)
        stays[rows] = True
        known["groups"] = whole.groups[np.repeat(stays, lengths)]
        known["group_indptr"] = np.concatenate([[0], np.cumsum(lengths[rows])])
    return known


def _induced_graph(follows: Graph, accounts: Vocabulary, rows: Codes, record: Provenance) -> Graph:
    """Follow graph among the accounts that stay."""
    source, target, weight = follows.edge_arrays()
    new = _new_codes(rows, follows.n_nodes)
    stays = (new[source] >= 0) & (new[target] >= 0)
    ids = accounts.series
    return Graph.from_edges(
        ids.gather(new[source[stays]]),
        ids.gather(new[target[stays]]),
        None if weight is None else weight[stays],
        directed=True,
        nodes=accounts,
        node_kind="accounts",
        provenance=record,
    )

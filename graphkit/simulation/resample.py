"""Bootstrap of worlds: accounts and posts resampled within communities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.errors import DataError, check_integer
from graphkit.rng import RNGLike, Streams
from graphkit.simulation.build import choose_introducers, draw_keys

__all__ = ["resample_worlds"]

Codes = npt.NDArray[np.int64]

#: Fields that are copied with an account or post; replies and groups are references, see below.
ACCOUNT_FIELDS = ("country", "language", "device")
POST_FIELDS = [
    "durations",
    "divisiveness",
    "flagged",
    "cross_posted",
    "post_country",
    "post_language",
]


def resample_worlds(world: World, n: int, *, rng: RNGLike | None = None) -> list[World]:
    """Bootstrap worlds: accounts and posts of the same number, resampled from this world.

    Replications within one world measure the variance of the simulation, not that of worlds. Each
    new world draws accounts with replacement within the communities of the first partition
    (unassigned accounts as one), so that community sizes are kept. Every draw is a new account
    with a new key and the id ``<id>~<copy>``; copy a follows copy b if a follows b. Posts are
    drawn with replacement, with probability proportional to the number of copies of their poster
    (of introduced posts: the mean over seeders), and enter through a random copy of each drawn
    poster. Communities of origin are recomputed; partitions keep their names, and codes are sorted
    by size, so compare communities of worlds by name. Other fields are copied; a duet or stitch
    replies to a random copy of its parent post, or to none if that was not drawn.

    Parameters
    ----------
    world
        The world to draw from; it is not among the results.
    n
        Number of worlds, at least 1.
    rng
        Seed.

    Returns
    -------
    list of World

    Raises
    ------
    OptionError
        If `n` is less than 1.

    Examples
    --------
    >>> from graphkit.simulation import build_world
    >>> from graphkit.synthetic import platform
    >>> world = build_world(platform(60, communities=2, rng=1), ticks=3, rng=1)
    >>> [w.n_accounts for w in resample_worlds(world, 2, rng=1)]
    [60, 60]
    """
    n = check_integer("n", n, 1)
    streams = Streams(rng)
    return [_resample_world(world, Streams(streams.integer("world", i)), i) for i in range(n)]


def _resample_world(world: World, streams: Streams, number: int) -> World:
    drawn = _draw_accounts(world, streams.generator("accounts"))
    accounts, rows = _copy_ids(world.accounts, drawn)
    # rows[c] is the original of the account with code c in the new world
    copies = np.bincount(rows, minlength=world.n_accounts)
    first = np.concatenate([[0], np.cumsum(copies)])
    by_original = np.argsort(rows, kind="stable")
    old, indptr, posters = _draw_posts(world, copies, first, by_original, streams)
    posts, order = _copy_ids(world.posts, old)
    # `_copies` sorts by id: bring the posters into that order
    place = _match_occurrences(old, order)
    entries, indptr = _gather_rows(indptr, place)
    entering = posters[entries].astype(np.int32)
    partitions = {
        kind: Partition.from_membership(
            accounts,
            p.membership[rows],
            labels=[p.name(c) for c in range(p.n_communities)],
            node_kind="accounts",
            provenance=p.provenance,
        )
        for kind, p in world.partitions.items()
    }
    account_keys = draw_keys(streams, "accounts", len(accounts))
    post_keys = draw_keys(streams, "posts", len(posts))
    origin = choose_introducers(indptr, entering, post_keys, account_keys)
    record = Provenance.of(
        "resample_worlds", {"number": number}, seed=streams.seed, made_from=(world,)
    )
    return World(
        accounts=accounts,
        posts=posts,
        account_keys=account_keys,
        post_keys=post_keys,
        follows=_copied_graph(world.follows, accounts, rows, first, by_original, record),
        interests=world.interests[rows],
        profiles=world.profiles[rows],
        post_features=world.post_features[order],
        taste_features=world.taste_features[order],
        poster_indptr=indptr,
        posters=entering,
        authored=world.authored,
        ticks=world.ticks[order],
        quality=world.quality[order],
        partitions=partitions,
        homes={kind: p.membership[origin] for kind, p in partitions.items()},
        provenance=record,
        **_resample_attributes(world, rows, order, streams),
    )


def _resample_attributes(
    world: World, rows: Codes, order: Codes, streams: Streams
) -> dict[str, Any]:
    """Optional fields of a world, copied from the originals of accounts and posts."""
    known: dict[str, Any] = {}
    for names, originals in ((ACCOUNT_FIELDS, rows), (POST_FIELDS, order)):
        values = {name: getattr(world, name) for name in names}
        known |= {name: value[originals] for name, value in values.items() if value is not None}
    if world.answers_to is not None:
        answered = world.answers_to[order]
        copies = np.bincount(order, minlength=world.n_posts)
        there = np.flatnonzero((answered >= 0) & (copies[answered] > 0))
        draw = streams.generator("answers").random(order.size)[there]
        original = answered[there]
        pick = (draw * copies[original]).astype(np.int64)
        first = np.cumsum(copies) - copies
        known["answers_to"] = np.full(order.size, -1, np.int32)
        known["answers_to"][there] = np.argsort(order, kind="stable")[first[original] + pick]
    if world.group_indptr is not None and world.groups is not None:
        entries, known["group_indptr"] = _gather_rows(world.group_indptr, rows)
        known["groups"] = world.groups[entries]
    return known


def _gather_rows(indptr: Codes, rows: npt.NDArray[Any]) -> tuple[Codes, Codes]:
    """Positions of the entries of the given compressed rows, and the new row starts."""
    lengths = np.diff(indptr)[rows]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    inner = np.arange(int(starts[-1])) - np.repeat(starts[:-1], lengths)
    return np.repeat(indptr[rows], lengths) + inner, starts


def _draw_accounts(world: World, generator: np.random.Generator) -> Codes:
    """Codes drawn with replacement within each community of the first partition."""
    membership = next(iter(world.partitions.values())).membership
    drawn = np.empty(world.n_accounts, np.int64)
    for c in range(-1, int(membership.max()) + 1):
        members = np.flatnonzero(membership == c)
        if members.size:
            drawn[members] = generator.choice(members, members.size)
    return drawn


def _copy_ids(vocabulary: Vocabulary, drawn: Codes) -> tuple[Vocabulary, Codes]:
    """Vocabulary of the drawn ids, numbered by copy, and their original codes."""
    originals = np.sort(drawn)
    starts = np.searchsorted(originals, originals)
    copy = np.arange(originals.size) - starts + 1
    names = [f"{vocabulary.ids[o]}~{k}" for o, k in zip(originals, copy, strict=True)]
    copied = Vocabulary(names)
    if len(copied) < len(names):
        raise DataError("resample_worlds: ids that end in ~1, ~2, … collide with those of copies.")
    rows = np.empty(originals.size, np.int64)
    rows[copied.encode(names)] = originals
    return copied, rows


def _match_occurrences(drawn: Codes, order: Codes) -> Codes:
    """For each entry of `order`, a position in `drawn` of the same value, each used once."""
    place = np.empty(order.size, np.int64)
    place[np.argsort(order, kind="stable")] = np.argsort(drawn, kind="stable")
    return place


def _draw_posts(
    world: World, copies: Codes, first: Codes, by_original: Codes, streams: Streams
) -> tuple[Codes, Codes, Codes]:
    """Draw posts by the copies of their posters, and the copies through which they enter."""
    generator = streams.generator("posts")
    m = world.n_posts
    lengths = np.diff(world.poster_indptr)
    entries = np.repeat(np.arange(m), lengths)
    weight = np.bincount(entries, weights=copies[world.posters], minlength=m) / lengths
    if not weight.any():
        raise DataError("resample_worlds: no poster was drawn: the world is too small.")
    old = generator.choice(m, m, p=weight / weight.sum())
    original = world.posters[_gather_rows(world.poster_indptr, old)[0]]
    pick = (generator.random(original.size) * copies[original]).astype(np.int64)
    there = copies[original] > 0
    posters = by_original[(first[original] + pick)[there]]
    kept = np.bincount(np.repeat(np.arange(m), lengths[old])[there], minlength=m)
    return old, np.concatenate([[0], np.cumsum(kept)]), posters


def _copied_graph(
    follows: Graph,
    accounts: Vocabulary,
    rows: Codes,
    first: Codes,
    by_original: Codes,
    record: Provenance,
) -> Graph:
    """Follow graph of the copies: all edges between copies of connected accounts."""
    entries, starts = _gather_rows(follows.indptr, rows)
    source = np.repeat(np.arange(rows.size), np.diff(starts))
    target = follows.indices[entries]
    entries, starts = _gather_rows(first, target)
    source = np.repeat(source, np.diff(starts))
    ids = accounts.series
    return Graph.from_edges(
        ids.gather(source),
        ids.gather(by_original[entries]),
        directed=True,
        nodes=accounts,
        node_kind="accounts",
        provenance=record,
    )

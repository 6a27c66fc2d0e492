"""What worlds are a sample of: populations, a jackknife, or the same data several times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from graphkit.data.frozen import content_key
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.measures.intervals import REPEATED

Codes = npt.NDArray[np.integer]

#: Worlds that share more than this of their follows or posts, beyond chance, are of one population.
_SHARED = 0.5
#: Follows and posts that are compared, at most; of fewer than the second, nothing is said.
_MOST, _LEAST = 256, 20


def samples_of(worlds: Sequence[World]) -> list[str | None]:
    """What each world is; null for the parts of a jackknife of which some are missing.

    Without one of them, no interval can be made of the others: it would be too narrow. So it would
    be of worlds built from one data set as if they were populations: they are ``"repeated"``.
    That is a data set of the same rows in the same order, whatever was made of it; in another order,
    or with other interactions, it is known by its accounts, follows and posts; and with other rows,
    such as those of another window of time, by the follows or posts that it shares.
    """
    samples: list[str | None] = [world.sample for world in worlds]
    sources = [_source_keys(world) if world.sample != "part" else () for world in worlds]
    times = Counter(key for keys in sources for key in keys)
    known = [w for w, keys in enumerate(sources) if keys]
    if len(known) > 1:
        shared = _share_data([worlds[w] for w in known])
        for w, shares in zip(known, shared.tolist(), strict=True):
            if shares or any(times[key] > 1 for key in sources[w]):
                samples[w] = REPEATED
    whole = [world for world in worlds if world.sample == "whole"]
    if len(whole) != 1:
        return samples
    sizes = [world.n_accounts for world in worlds if world.sample == "part"]
    # every account is left out once
    complete = sum(whole[0].n_accounts - size for size in sizes) == whole[0].n_accounts
    return [None if sample == "part" and not complete else sample for sample in samples]


def _source_keys(world: World) -> tuple[str, ...]:
    """Keys of the data set that a world was built from, and of what it holds of it in any order.

    None without a record of it. The second is of what neither seed nor options change.
    """
    record = world.provenance
    while record.verb not in ("build_world", "synthetic.worlds"):
        if not record.parents:
            return ()
        record = record.parents[0]
    held = world.accounts.content_key, world.follows.content_key, world.posts.content_key
    authors = (world.posters,) if world.authored else ()  # others are drawn
    return (*record.inputs[:1], content_key(*held, *authors))


def _share_data(worlds: Sequence[World]) -> npt.NDArray[np.bool_]:
    """Which of these worlds have more than half of their follows, or posts, in common with another.

    That is (s − e) / (1 − e) > 1/2, where s is the share of the world that has fewer and e the share
    that is expected by chance: accounts of independent platforms may have the same ids. A follow of
    i by j is expected with probability d_j d_i / m of the other world, a post of an author with the
    author's share of the other world's posts.
    """
    # objects of independent platforms may be the same where they have no authors: songs, films
    authored = np.array([world.authored for world in worlds], dtype=bool)
    found = _shared_follows(worlds)
    if authored.any():
        found[authored] |= _shared_posts([world for world in worlds if world.authored])
    return found


def _shared_follows(worlds: Sequence[World]) -> npt.NDArray[np.bool_]:
    at = [_evenly(world.follows.n_edges) for world in worlds]
    ends = zip(at, worlds, strict=True)
    sources = [np.searchsorted(w.follows.indptr, edges, side="right") - 1 for edges, w in ends]
    targets = [w.follows.indices[edges] for edges, w in zip(at, worlds, strict=True)]
    accounts = [world.accounts for world in worlds]
    there = []
    for world, source, target in zip(
        worlds, _codes_in_all(accounts, sources), _codes_in_all(accounts, targets), strict=True
    ):
        graph, known = world.follows, (source >= 0) & (target >= 0)
        j, i = source[known].astype(np.int64), target[known].astype(np.int64)
        degree = np.diff(graph.indptr)
        rows = np.unique(j)
        lengths = degree[rows]
        skipped = graph.indptr[rows] - np.cumsum(lengths) + lengths
        places = np.repeat(skipped, lengths) + np.arange(lengths.sum())
        pairs = np.repeat(rows, lengths) * world.n_accounts + graph.indices[places]
        found, chance = np.zeros(known.size), np.zeros(known.size)
        found[known] = np.isin(j * world.n_accounts + i, pairs)
        indegree = np.bincount(graph.indices, minlength=world.n_accounts)
        chance[known] = np.minimum(degree[j] * indegree[i] / max(graph.n_edges, 1), 1.0)
        there.append((found, chance))
    return _exceed_chance(at, there, [world.follows.n_edges for world in worlds])


def _shared_posts(worlds: Sequence[World]) -> npt.NDArray[np.bool_]:
    at = [_evenly(world.n_posts) for world in worlds]
    authors = [world.posters[posts] for world, posts in zip(worlds, at, strict=True)]
    posts_in = _codes_in_all([world.posts for world in worlds], at)
    authors_in = _codes_in_all([world.accounts for world in worlds], authors)
    there = []
    for world, post, author in zip(worlds, posts_in, authors_in, strict=True):
        known = (post >= 0) & (author >= 0)
        found, chance = np.zeros(known.size), np.zeros(known.size)
        found[known] = world.posters[post[known]] == author[known]
        made = np.bincount(world.posters, minlength=world.n_accounts)
        chance[known] = made[author[known]] / world.n_posts
        there.append((found, chance))
    return _exceed_chance(at, there, [world.n_posts for world in worlds])


def _exceed_chance(
    at: Sequence[Codes],
    there: Sequence[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]],
    sizes: Sequence[int],
) -> npt.NDArray[np.bool_]:
    """Worlds of which another has more than half, beyond chance, and these others.

    `there` has per world whether it holds each of the samples `at` of all worlds, and by what chance.
    """
    drawn = np.array([rows.size for rows in at])
    owner = np.repeat(np.arange(drawn.size), drawn)
    found, chance = (
        np.array([np.bincount(owner, part[k], drawn.size) for part in there]).T for k in (0, 1)
    )
    size = np.array(sizes)
    shared = found - chance > _SHARED * (drawn[:, None] - chance)
    shared &= (drawn >= _LEAST)[:, None] & (size[:, None] <= size)
    np.fill_diagonal(shared, False)
    either: npt.NDArray[np.bool_] = shared.any(axis=0) | shared.any(axis=1)
    return either


def _evenly(size: int) -> npt.NDArray[np.int64]:
    """Places of at most so many entries, from the first to the last."""
    return np.unique(np.linspace(0, size - 1, min(size, _MOST)).astype(np.int64))


def _codes_in_all(vocabularies: Sequence[Vocabulary], codes: Sequence[Codes]) -> list[Codes]:
    """Codes in every vocabulary of the ids that have these codes in their own, −1 where it lacks them."""
    if len({vocabulary.content_key for vocabulary in vocabularies}) == 1:
        return [np.concatenate(codes)] * len(vocabularies)
    pairs = zip(vocabularies, codes, strict=True)
    ids = [each for vocabulary, own in pairs for each in vocabulary.ids[own].tolist()]
    return [vocabulary.lookup(ids) for vocabulary in vocabularies]

"""Communities through time: which of this month continues which of the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit import parallel as progress
from graphkit.communities._overlap import CommunityPairs
from graphkit.communities._track_events import EVENT_COLUMNS, events
from graphkit.communities.prepare import require_partition
from graphkit.communities.tracking import Tracks
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, check_integer, check_number

__all__ = ["assemble", "track"]

Codes = npt.NDArray[np.int32]


def track(
    partitions: Mapping[str, Partition] | Sequence[Partition],
    *,
    min_jaccard: float = 0.3,
    min_shared: int = 1,
    gap: int = 0,
    share: float = 0.25,
) -> Tracks:
    """Follow communities through a series of partitions, such as one a month or one a run.

    Each community continues at most one of the time before, and is continued by at most
    one: the pair of highest Jaccard index |A∩B| / |A∪B| is tied first, then the next
    highest among those left, down to `min_jaccard` [1]_ [2]_. Both sets are taken over the
    nodes that both partitions assign, so that coming and going of nodes does not end a
    track; ties in the index go to the pair that shares more nodes, then to the smaller
    codes. What remains begins a track. Above 1/2 a match can be neither bettered nor
    shared, so that only pairs below depend on the order.

    Strongest first, not the greatest sum: an assignment that maximises the sum may part two
    communities that are each other's best in order to raise the scores of two other pairs.

    Parameters
    ----------
    partitions
        In order: by name of the time, or a plain sequence, whose times are then "0", "1", ….
        They need not know the same nodes.
    min_jaccard
        Index from which on a community continues another, in [0, 1].
    min_shared
        Nodes that the two must share at least. Raise it where few nodes stay: two that
        share a single node, all that is left of either, have index 1.
    gap
        For how many times in a row a community may be missing and still be resumed. What
        was there last time is matched first, then what was missing once, and so on.
    share
        For splits and merges, see :func:`assemble`.

    Returns
    -------
    Tracks
        With `track_ids` per time and the events; codes stay those of each partition.

    Raises
    ------
    DataError
        If there is no partition, one is no Partition, or no two neighbours share a node.
    OptionError
        For a parameter out of range.

    References
    ----------
    .. [1] Hopcroft, J., Khan, O., Kulis, B. & Selman, B. (2004). Tracking evolving
       communities in large linked networks. PNAS, 101 (suppl. 1), 5249–5253.
       doi:10.1073/pnas.0307750100
    .. [2] Greene, D., Doyle, D. & Cunningham, P. (2010). Tracking the evolution of
       communities in dynamic social networks. Proceedings of ASONAM 2010, 176–183.
       doi:10.1109/ASONAM.2010.17

    Examples
    --------
    >>> may = Partition.from_membership("abcdefgh", [0, 0, 0, 0, 0, 1, 1, 1])
    >>> june = Partition.from_membership("abcdefgh", [1, 1, 2, 2, 2, 0, 0, 0])
    >>> tracks = track({"may": may, "june": june})
    >>> [ids.tolist() for ids in tracks.track_ids]
    [[0, 1], [0, 1, 2]]
    >>> tracks.events.filter(time="june").select("event", "track_id", "other", "nodes").rows()
    [('birth', 2, 0, 2), ('continue', 0, 0, 3), ('continue', 1, 1, 3), ('split', 0, 0, 3),
     ('split', 0, 2, 2)]
    """
    times, series = _series(partitions)
    _check(min_jaccard, min_shared, gap)
    _check_share(share)
    seen_at = np.zeros(0, dtype=np.int64)
    code_at = np.zeros(0, dtype=np.int64)
    found: list[Codes] = []
    common = len(series) == 1
    for now in progress.track(range(len(series)), "track", len(series)):
        ids = np.full(series[now].n_communities, -1, dtype=np.int32)
        for back in range(1, min(gap + 1, now) + 1):
            pairs = CommunityPairs.of(series[now - back], series[now])
            common |= pairs.common
            held = np.full(series[now - back].n_communities, -1, dtype=np.int32)
            there = np.flatnonzero(seen_at == now - back)
            held[code_at[there]] = there
            open_ = (held[pairs.row] >= 0) & (ids[pairs.column] < 0)
            enough = (pairs.jaccard >= min_jaccard) & (pairs.shared >= min_shared)
            match = pairs.one_to_one(open_ & enough)
            tied = np.flatnonzero(match >= 0)
            ids[match[tied]] = held[tied]
            seen_at[held[tied]] = now
            code_at[held[tied]] = match[tied]
        new = np.flatnonzero(ids < 0)
        ids[new] = seen_at.size + np.arange(new.size)
        seen_at = np.append(seen_at, np.full(new.size, now))
        code_at = np.append(code_at, new)
        found.append(ids)
    if not common:
        raise DataError(
            "track: no partition shares a node with the one before it: use partitions that are "
            f"about the same nodes (the first has ids such as {series[0].vocabulary!r})."
        )
    provenance = Provenance.of(
        "track",
        {
            "times": times,
            "min_jaccard": min_jaccard,
            "min_shared": min_shared,
            "gap": gap,
            "share": share,
        },
        made_from=series,
    )
    return assemble(times, series, found, share=share, provenance=provenance)


def assemble(
    times: Sequence[str],
    partitions: Sequence[Partition],
    track_ids: Sequence[npt.NDArray[Any]],
    *,
    share: float = 0.25,
    provenance: Provenance | None = None,
) -> Tracks:
    """Tracks from given numbers: they are numbered afresh, and the events told.

    Numbers serve only to say which communities are one track. An event is told at the later
    of the two times that it compares; sets are taken over the nodes that both assign.

    ===========  ====================================================================
    birth        the track is there for the first time; `other` gave it most nodes
    continue     it was there the time before
    resume       it was there before, but not the time before; compared with the last
                 time it was there
    split        of the track's community A the time before: one row per part B, of two
                 or more, that holds at least `share` of A and has more than half of its
                 own nodes from A
    merge        into the track's community B: one row per source A, of two or more, that
                 makes up at least `share` of B and left more than half of its nodes to B
    pause        it was there the time before, is not now, and will be again
    death        the same, but it is not seen again; `other` took most of its nodes
    ===========  ====================================================================

    A split read backwards is a merge. A small community that goes into a large one is no
    merge but a death, whose `other` is the large one; the part or source that bears the
    track's own number is among the rows. Continue and resume have the track itself as
    `other`; `other` and `jaccard` are null where no node is
    shared, as at the first time.

    Parameters
    ----------
    times
        Name of each time, in order.
    partitions
        The partition at each time.
    track_ids
        The track of each community code, one array per time; no number twice in one.
    share
        In (0, 0.5], for splits and merges.
    provenance
        Of the verb that found the numbers.
    """
    times, series = tuple(times), tuple(partitions)
    _check_share(share)
    given = [np.asarray(ids, dtype=np.int64) for ids in track_ids]
    if not len(times) == len(series) == len(given):
        raise DataError(
            f"assemble: {len(times)} times, {len(series)} partitions and {len(given)} arrays of "
            "track ids: there must be one of each per time."
        )
    tracks = Tracks(
        times,
        series,
        _numbered(given),
        pl.DataFrame(schema=EVENT_COLUMNS),
        provenance or Provenance.of("assemble", {"times": times, "share": share}, made_from=series),
    )
    return replace(tracks, events=events(tracks, share))


def _numbered(given: Sequence[npt.NDArray[np.int64]]) -> tuple[Codes, ...]:
    """Numbers from 0 by first time, then by code, which goes by size."""
    if not given:
        return ()
    _, first, inverse = np.unique(np.concatenate(given), return_index=True, return_inverse=True)
    rank = np.empty(first.size, dtype=np.int32)
    rank[np.argsort(first)] = np.arange(first.size, dtype=np.int32)
    return tuple(np.split(rank[inverse], np.cumsum([ids.size for ids in given])[:-1]))


def _series(
    partitions: Mapping[str, Partition] | Sequence[Partition],
) -> tuple[tuple[str, ...], tuple[Partition, ...]]:
    if isinstance(partitions, Partition):
        raise DataError("track needs several partitions in order, not one: give a list or a dict.")
    if isinstance(partitions, Mapping):
        times, series = tuple(map(str, partitions)), tuple(partitions.values())
    else:
        series = tuple(partitions)
        times = tuple(map(str, range(len(series))))
    if not series:
        raise DataError("track needs at least one partition; there is none.")
    for partition in series:
        require_partition(partition, verb="track")
    return times, series


def _check(min_jaccard: float, min_shared: int, gap: int) -> None:
    check_number("min_jaccard", min_jaccard, 0, 1)
    check_integer("min_shared", min_shared, 1)
    check_integer("gap", gap, 0)


def _check_share(share: float) -> None:
    check_number("share", share, 0, 0.5, low_open=True, hint="Two parts must fit.")

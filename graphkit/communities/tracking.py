"""Tracking of communities over time: matching of consecutive partitions, and events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit import parallel
from graphkit.communities.comparison import ABSENT, UNASSIGNED, CommunityPairs, membership_flows
from graphkit.communities.prepare import Codes, Counts, require_partition
from graphkit.data.frozen import Frozen, content_key
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import (
    DataError,
    MissingDataError,
    OptionError,
    check_choice,
    check_integer,
    check_number,
    nearest,
)

__all__ = ["EVENTS", "Tracks", "track"]

#: Events of a track from one time to the next, in the order of the frame.
EVENTS = ("birth", "continue", "resume", "split", "merge", "pause", "death")

_STATES = {UNASSIGNED: "unassigned", ABSENT: "absent"}

_EVENT_COLUMNS = {"time": pl.String, "event": pl.String, "track_id": pl.Int32, "other": pl.Int32}
_EVENT_COLUMNS |= {"jaccard": pl.Float64, "nodes": pl.Int64, "size": pl.Int64}


@dataclass(frozen=True, repr=False, eq=False)
class Tracks(Frozen):
    """Communities followed through an ordered series of T partitions.

    A track has at most one community at a time, and a community one track. Community codes
    are those of each partition (by size), so that the code of a track varies over time.

    Attributes
    ----------
    times
        Name of each time, in order, T of them.
    partitions
        The partition at each time; their nodes may differ.
    track_ids
        T arrays, int32, shape (communities at that time,): the track of each community
        code. Tracks are numbered from 0 by their first time, then by size at that time.
    events
        One row per event: time, event (one of ``EVENTS``), track_id, other (the track that
        it concerns), jaccard, nodes (shared with `other`), size (of the track's community).
        :func:`graphkit.communities.tracking.assemble` defines the events.
    provenance
        How the tracks were made.
    """

    times: tuple[str, ...]
    partitions: tuple[Partition, ...]
    track_ids: tuple[Codes, ...]
    events: pl.DataFrame
    provenance: Provenance = field(default_factory=lambda: Provenance("Tracks"))

    def __post_init__(self) -> None:
        if not len(self.times) == len(self.partitions) == len(self.track_ids):
            raise DataError(
                f"{len(self.times)} times, {len(self.partitions)} partitions and "
                f"{len(self.track_ids)} arrays of track ids: there must be one of each per time."
            )
        twice = [time for time, count in Counter(self.times).items() if count > 1]
        if twice:
            raise DataError(f"the time {twice[0]!r} occurs more than once: times must be unique.")
        frozen = []
        for time, partition, given in zip(self.times, self.partitions, self.track_ids, strict=True):
            ids = np.ascontiguousarray(given, dtype=np.int32)
            if ids.shape != (partition.n_communities,):
                raise DataError(
                    f"track ids of shape {ids.shape} at {time!r}, where the partition has "
                    f"{partition.n_communities} communities."
                )
            if ids.size and (ids.min() < 0 or np.unique(ids).size < ids.size):
                raise DataError(
                    f"track ids at {time!r} must be 0 or more, and each occur once: a track has "
                    "one community at a time."
                )
            frozen.append(ids)
        self._set(
            times=tuple(self.times), partitions=tuple(self.partitions), track_ids=tuple(frozen)
        )
        seen = np.unique(np.concatenate(frozen)) if frozen else np.zeros(0)
        if seen.size and seen[-1] != seen.size - 1:
            raise DataError(
                f"{seen.size} tracks have ids up to {seen[-1]}: number them from 0 without gaps."
            )

    @cached_property
    def n_tracks(self) -> int:
        """Number of tracks."""
        return 1 + max((int(ids.max(initial=-1)) for ids in self.track_ids), default=-1)

    @cached_property
    def content_key(self) -> str:
        """Key of times, nodes, memberships, names and tracks."""
        keys = [partition.content_key for partition in self.partitions]
        return content_key(list(self.times), keys, *self.track_ids)

    @cached_property
    def labels(self) -> tuple[str | None, ...]:
        """The most frequent label of each track over its times (ties: the earliest), or `None`.

        Two tracks may have the same label.
        """
        counts: list[Counter[str]] = [Counter() for _ in range(self.n_tracks)]
        for partition, ids in zip(self.partitions, self.track_ids, strict=True):
            for label, number in zip(partition.labels, ids.tolist(), strict=True):
                if label is not None:
                    counts[number][label] += 1
        return tuple(count.most_common(1)[0][0] if count else None for count in counts)

    def name(self, track_id: int) -> str:
        """A track's label, with its number where it has none or shares it with another."""
        label = self.labels[track_id]
        if label is None:
            return f"track {track_id}"
        return label if self.labels.count(label) == 1 else f"{label} (track {track_id})"

    def find(self, which: int | str) -> int:
        """Number of a track, given by number, label or name."""
        if isinstance(which, str):
            hits = [i for i in range(self.n_tracks) if which in (self.labels[i], self.name(i))]
            if len(hits) > 1:
                raise OptionError(
                    f"{len(hits)} tracks are named {which!r}: {', '.join(map(str, hits))}. Give "
                    "the number of one."
                )
            if not hits:
                known = [label for label in self.labels if label is not None]
                raise MissingDataError(f"no track is named {which!r}.{nearest(which, known)}")
            return hits[0]
        if not 0 <= which < self.n_tracks:
            raise OptionError(
                f"track {which} does not exist: numbers run from 0 to {self.n_tracks - 1}."
            )
        return int(which)

    def frame(self) -> pl.DataFrame:
        """One row per time and community: time, track_id, community, label, size, share.

        Label is that of the community at that time; share is of all nodes at that time.
        """
        columns = {"time": pl.String, "track_id": pl.Int32, "community": pl.Int32}
        figures = {"label": pl.String, "size": pl.Int64, "share": pl.Float64}
        empty = pl.DataFrame(schema=columns | figures)
        parts = []
        for time, partition, ids in zip(self.times, self.partitions, self.track_ids, strict=True):
            track_id = pl.Series("track_id", ids, dtype=pl.Int32)
            label = pl.Series("label", partition.labels, dtype=pl.String)
            named = partition.summary().with_columns(pl.lit(time).alias("time"), track_id, label)
            parts.append(named.select(empty.columns))
        return pl.concat(parts) if parts else empty

    def summary(self) -> pl.DataFrame:
        """One row per track: track_id, label, first, last, times, largest, nodes.

        First and last are its first and last time, `times` their number, `largest` its greatest
        size, `nodes` its size summed over times.
        """
        groups = self.frame().group_by("track_id", maintain_order=True)
        found = groups.agg(
            pl.col("time").first().alias("first"),
            pl.col("time").last().alias("last"),
            pl.len().cast(pl.Int64).alias("times"),
            pl.col("size").max().alias("largest"),
            pl.col("size").sum().alias("nodes"),
        ).sort("track_id")
        return found.insert_column(1, pl.Series("label", self.labels, dtype=pl.String))

    def track(self, which: int | str) -> pl.DataFrame:
        """The rows of :meth:`frame` of one track, given by number, label or name."""
        return self.frame().filter(pl.col("track_id") == self.find(which))

    def members(self, which: int | str, time: str) -> npt.NDArray[Any]:
        """Ids of the nodes of a track at a time.

        Raises
        ------
        MissingDataError
            If the track has no community at that time.
        """
        number = self.find(which)
        check_choice("time", time, self.times)
        at = self.times.index(time)
        codes = np.flatnonzero(self.track_ids[at] == number)
        if not codes.size:
            there = [t for t, ids in zip(self.times, self.track_ids, strict=True) if number in ids]
            raise MissingDataError(
                f"track {number} is not there at {time!r}; it is at {', '.join(there)}."
            )
        return self.partitions[at].members(int(codes[0]))

    def alluvial(self) -> pl.DataFrame:
        """Flows of nodes between the tracks of consecutive times, with all nodes.

        One row per pair of neighbouring times, source and target: time, next_time, source
        and target (tracks, null where the nodes are in no community), source_state and
        target_state (``assigned``, ``unassigned`` or ``absent``: not in the partition), nodes.
        In each step, nodes that are not absent at its start (end) sum to all nodes at that time,
        and those of a source (target) to its size.
        """
        columns = {"time": pl.String, "next_time": pl.String, "source": pl.Int32}
        states = {"target": pl.Int32, "source_state": pl.String, "target_state": pl.String}
        parts = []
        for at, (time, next_time) in enumerate(pairwise(self.times)):
            ends = pl.lit(time).alias("time"), pl.lit(next_time).alias("next_time")
            parts.append(self._step_flows(at).select(*ends, pl.all()))
        empty = pl.DataFrame(schema=columns | states | {"nodes": pl.Int64})
        return pl.concat(parts) if parts else empty

    def _step_flows(self, at: int) -> pl.DataFrame:
        source, target, nodes = membership_flows(self.partitions[at], self.partitions[at + 1])
        ends = [("source", source, self.track_ids[at]), ("target", target, self.track_ids[at + 1])]
        # the last two entries are for the codes −2 and −1
        columns: dict[str, Any] = {
            name: pl.Series(np.append(ids, [-1, -1])[codes]).replace(-1, None)
            for name, codes, ids in ends
        }
        for name, codes, _ in ends:
            columns[f"{name}_state"] = pl.Series(np.minimum(codes, 0)).replace_strict(
                _STATES, default="assigned", return_dtype=pl.String
            )
        order = ["source", "source_state", "target", "target_state"]
        return pl.DataFrame(columns | {"nodes": nodes}).sort(order, nulls_last=True)

    def _facts(self) -> dict[str, object]:
        seen = self.events.get_column("event").to_list() if self.events.height else []
        counts = Counter(str(event) for event in seen)
        span = f"{self.times[0]} … {self.times[-1]}" if self.times else "none"
        return {
            "times": f"{len(self.times)} ({span})",
            "tracks": self.n_tracks,
            "communities": sum(ids.size for ids in self.track_ids),
            **{f"{event}s": counts[event] for event in EVENTS if counts[event]},
        }

    def _table(self) -> pl.DataFrame:
        return self.summary().sort("nodes", "track_id", descending=[True, False])


def track_events(tracks: Tracks, share: float) -> pl.DataFrame:
    """The events of all times, by time, kind, track and other; see :func:`assemble`."""
    series, ids = tracks.partitions, tracks.track_ids
    seen = np.full(tracks.n_tracks, -1, dtype=np.int64)
    final = seen.copy()
    for now, here in enumerate(ids):
        final[here] = now
    rows: list[pl.DataFrame] = []
    for now, here in enumerate(ids):
        sizes = series[now].sizes
        before = seen[here]
        new = np.flatnonzero(before < 0)
        if now == 0:
            none = np.full(new.size, -1)
            rows.append(_event_rows("birth", now, here[new], none, None, none, sizes[new]))
            seen[here] = now
            continue
        past, past_sizes = ids[now - 1], series[now - 1].sizes
        ahead = CommunityPairs.from_partitions(series[now - 1], series[now])
        back = ahead.swapped()
        rows.append(_nearest_rows("birth", now, here, past, back, sizes, new))
        lost = ~np.isin(past, here)
        for event, some in (("death", final[past] < now), ("pause", final[past] > now)):
            ended = np.flatnonzero(lost & some)
            rows.append(_nearest_rows(event, now, past, here, ahead, past_sizes, ended))
        rows.append(_part_rows("split", now, past, here, ahead, past_sizes, share))
        rows.append(_part_rows("merge", now, here, past, back, sizes, share))
        for earlier in np.unique(before[before >= 0]).tolist():
            near = earlier == now - 1
            pairs = back if near else CommunityPairs.from_partitions(series[now], series[earlier])
            codes = np.flatnonzero(before == earlier)
            then = np.full(tracks.n_tracks, -1)
            then[ids[earlier]] = np.arange(ids[earlier].size)
            own = here[codes]
            positions = pairs.pair_positions(codes, then[own])
            event = "continue" if near else "resume"
            rows.append(_event_rows(event, now, own, own, pairs, positions, sizes[codes]))
        seen[here] = now
    if not rows:
        return pl.DataFrame(schema=_EVENT_COLUMNS)
    kind = pl.col("event").cast(pl.Enum(EVENTS))
    frame = pl.concat(rows).sort("at", kind, "track_id", "other", nulls_last=True)
    names = pl.Series("time", tracks.times, dtype=pl.String)
    return frame.with_columns(names.gather(frame.get_column("at"))).select(*_EVENT_COLUMNS)


def _nearest_rows(
    event: str,
    now: int,
    mine: Codes,
    theirs: Codes,
    pairs: CommunityPairs,
    sizes: Counts,
    codes: Counts,
) -> pl.DataFrame:
    """One row per community of `codes`, with the track with which it shares most nodes."""
    positions = pairs.largest_overlaps(codes)
    other = np.append(theirs, -1)[np.append(pairs.column, theirs.size)[positions]]
    return _event_rows(event, now, mine[codes], other, pairs, positions, sizes[codes])


def _part_rows(
    event: str,
    now: int,
    mine: Codes,
    theirs: Codes,
    pairs: CommunityPairs,
    sizes: Counts,
    share: float,
) -> pl.DataFrame:
    """One row per part of a whole (a row of `pairs`) that has two or more parts."""
    large = pairs.shared >= share * pairs.row_sizes[pairs.row]
    own = 2 * pairs.shared > pairs.column_sizes[pairs.column]
    parts = np.flatnonzero(large & own)
    several = np.bincount(pairs.row[parts], minlength=sizes.size)[pairs.row[parts]] > 1
    parts = parts[several]
    codes, other = pairs.row[parts], theirs[pairs.column[parts]]
    return _event_rows(event, now, mine[codes], other, pairs, parts, sizes[codes])


def _event_rows(
    event: str,
    now: int,
    track_id: Codes,
    other: npt.NDArray[np.integer],
    pairs: CommunityPairs | None,
    positions: Counts,
    sizes: Counts,
) -> pl.DataFrame:
    """Rows of one kind; other and index are null where nothing is shared (position −1)."""
    shared = pairs.shared if pairs else np.zeros(0, dtype=np.int64)
    jaccard = pairs.jaccard if pairs else np.zeros(0)
    known = positions >= 0
    return pl.DataFrame(
        {
            "at": np.full(track_id.size, now, dtype=np.int64),
            "event": pl.repeat(event, track_id.size, dtype=pl.String, eager=True),
            "track_id": track_id.astype(np.int32),
            "other": pl.Series(np.where(known, other, -1).astype(np.int32)).replace(-1, None),
            "jaccard": pl.Series(np.append(jaccard, np.nan)[positions]).fill_nan(None),
            "nodes": np.append(shared, 0)[positions],
            "size": sizes,
        }
    )


def track(
    partitions: Mapping[str, Partition] | Sequence[Partition],
    *,
    min_jaccard: float = 0.3,
    min_shared: int = 1,
    gap: int = 0,
    share: float = 0.25,
) -> Tracks:
    """Track communities through a series of partitions, such as one per month or per run.

    Each community continues at most one of the time before, and is continued by at most
    one: the pair of highest Jaccard index |A∩B| / |A∪B| is matched first, then the next
    highest among those left, down to `min_jaccard` [1]_ [2]_. Both sets are taken over the
    nodes that both partitions assign, so that arrivals and departures of nodes do not end a
    track; ties in the index go to the pair that shares more nodes, then to the smaller
    codes. Unmatched communities begin a track. A match above 1/2 is the best of both, so that
    only lower ones depend on the order.

    The matching is greedy: an assignment of greatest sum may separate two communities that
    are each other's best in order to raise the scores of two other pairs.

    Parameters
    ----------
    partitions
        In order: by name of the time, or a plain sequence, whose times are then "0", "1", ….
        Their nodes may differ.
    min_jaccard
        Least index for a community to continue another, in [0, 1].
    min_shared
        Least number of shared nodes. Raise it where few nodes stay: two communities of which
        only one common node is left have index 1.
    gap
        Number of consecutive times that a community may be missing and still be resumed.
        Tracks present at the last time are matched first, then those missing once, and so on.
    share
        For splits and merges, see :func:`assemble`.

    Returns
    -------
    Tracks
        With `track_ids` per time and the events; codes are those of each partition.

    Raises
    ------
    DataError
        If there is no partition, one is not a Partition, or no two neighbours share a node.
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
    times, series = _ordered_partitions(partitions)
    check_number("min_jaccard", min_jaccard, 0, 1)
    check_integer("min_shared", min_shared, 1)
    check_integer("gap", gap, 0)
    _check_share(share)
    seen_at = np.zeros(0, dtype=np.int64)
    code_at = np.zeros(0, dtype=np.int64)
    found: list[Codes] = []
    common = len(series) == 1
    for now in parallel.track(range(len(series)), "track", len(series)):
        ids = np.full(series[now].n_communities, -1, dtype=np.int32)
        for back in range(1, min(gap + 1, now) + 1):
            pairs = CommunityPairs.from_partitions(series[now - back], series[now])
            common |= pairs.common
            held = np.full(series[now - back].n_communities, -1, dtype=np.int32)
            there = np.flatnonzero(seen_at == now - back)
            held[code_at[there]] = there
            open_ = (held[pairs.row] >= 0) & (ids[pairs.column] < 0)
            enough = (pairs.jaccard >= min_jaccard) & (pairs.shared >= min_shared)
            match = pairs.one_to_one(open_ & enough)
            matched = np.flatnonzero(match >= 0)
            ids[match[matched]] = held[matched]
            seen_at[held[matched]] = now
            code_at[held[matched]] = match[matched]
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
    parameters = {"times": times, "min_jaccard": min_jaccard, "min_shared": min_shared}
    parameters |= {"gap": gap, "share": share}
    provenance = Provenance.of("track", parameters, made_from=series)
    return assemble(times, series, found, share=share, provenance=provenance)


def assemble(
    times: Sequence[str],
    partitions: Sequence[Partition],
    track_ids: Sequence[npt.NDArray[Any]],
    *,
    share: float = 0.25,
    provenance: Provenance | None = None,
) -> Tracks:
    """Tracks from given track numbers, renumbered, with their events.

    Numbers only identify the communities of one track. An event has the later of the two times
    that it compares; sets are taken over the nodes that both partitions assign.

    ===========  ====================================================================
    birth        the first time of the track; most of its nodes come from `other`
    continue     it was present the time before
    resume       it was present earlier, but not the time before; compared with its last
                 time
    split        of the track's community A the time before: one row per part B, of two
                 or more, that holds at least `share` of A and has more than half of its
                 own nodes from A
    merge        into the track's community B: one row per source A, of two or more, that
                 makes up at least `share` of B and left more than half of its nodes to B
    pause        it was present the time before, is not now, and will be again
    death        it was present the time before for the last time; most of its nodes go to
                 `other`
    ===========  ====================================================================

    A split in reverse is a merge. A small community that joins a large one is not a merge but a
    death, whose `other` is the large one; the part or source that has the number of the track
    is among the rows. Continue and resume have the track itself as `other`; `other` and
    `jaccard` are null where no node is shared, as at the first time.

    Parameters
    ----------
    times, partitions
        Name of each time, in order, and the partition at each.
    track_ids
        The track of each community code, one array per time; no number twice in one.
    share
        In (0, 0.5], for splits and merges.
    provenance
        Of the function that found the numbers.
    """
    times, series = tuple(times), tuple(partitions)
    _check_share(share)
    given = [np.asarray(ids, dtype=np.int64) for ids in track_ids]
    if not len(times) == len(series) == len(given):
        raise DataError(
            f"assemble: {len(times)} times, {len(series)} partitions and {len(given)} arrays of "
            "track ids: there must be one of each per time."
        )
    parameters = {"times": times, "share": share}
    record = provenance or Provenance.of("assemble", parameters, made_from=series)
    empty = pl.DataFrame(schema=_EVENT_COLUMNS)
    tracks = Tracks(times, series, _number_tracks(given), empty, record)
    return replace(tracks, events=track_events(tracks, share))


def _number_tracks(given: Sequence[npt.NDArray[np.int64]]) -> tuple[Codes, ...]:
    """Numbers from 0 by first time, then by code, which is by size."""
    if not given:
        return ()
    _, first, inverse = np.unique(np.concatenate(given), return_index=True, return_inverse=True)
    rank = np.empty(first.size, dtype=np.int32)
    rank[np.argsort(first)] = np.arange(first.size, dtype=np.int32)
    return tuple(np.split(rank[inverse], np.cumsum([ids.size for ids in given])[:-1]))


def _ordered_partitions(
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
        require_partition(partition, caller="track")
    return times, series


def _check_share(share: float) -> None:
    check_number("share", share, 0, 0.5, low_open=True, hint="Two parts must fit.")

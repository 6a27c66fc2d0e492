"""Communities through time: which of this month continues which of the last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit import parallel as progress
from graphkit.communities.comparison import ABSENT, UNASSIGNED, CommunityPairs, flows
from graphkit.communities.prepare import require_partition
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

__all__ = ["EVENTS", "Tracks", "assemble", "track"]

#: What can happen to a track from one time to the next, in the order of the frame.
EVENTS = ("birth", "continue", "resume", "split", "merge", "pause", "death")

_STATES = {UNASSIGNED: "unassigned", ABSENT: "absent"}


@dataclass(frozen=True, repr=False, eq=False)
class Tracks(Frozen):
    """Communities followed through an ordered series of T partitions.

    A track has at most one community at a time, and a community one track. Community codes
    are those of each partition (by size), so the same track has another code at another
    time.

    Attributes
    ----------
    times
        Name of each time, in order, T of them.
    partitions
        The partition at each time; they need not know the same nodes.
    track_ids
        T arrays, int32, shape (communities at that time,): the track of each community
        code. Tracks are numbered from 0 by their first time, then by size at that time.
    events
        One row per event: time, event (one of ``EVENTS``), track_id, other (the track that
        it concerns), jaccard, nodes (shared with `other`), size (of the track's community).
        :func:`graphkit.communities.tracking.assemble` says what each event means.
    provenance
        How the tracks were made.
    """

    times: tuple[str, ...]
    partitions: tuple[Partition, ...]
    track_ids: tuple[npt.NDArray[np.int32], ...]
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
                    f"track ids at {time!r} must be 0 or more, and each stand there once: a track "
                    "has one community at a time."
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
        """The most frequent label of each track over its times, ties to the earliest.

        `None` where no community of the track has one. Two tracks may bear one label.
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

        Label is the community's own at that time; share is of all nodes known then.
        """
        parts = [
            partition.summary().select(
                pl.lit(time).alias("time"),
                pl.Series("track_id", ids, dtype=pl.Int32),
                "community",
                pl.Series("label", partition.labels, dtype=pl.String),
                "size",
                "share",
            )
            for time, partition, ids in zip(
                self.times, self.partitions, self.track_ids, strict=True
            )
        ]
        return pl.concat(parts) if parts else _empty_frame()

    def summary(self) -> pl.DataFrame:
        """One row per track: track_id, label, first, last, times, largest, nodes.

        First and last are the times between which it was seen, `times` at how many,
        `largest` its greatest size, `nodes` its size summed over times.
        """
        groups = self.frame().group_by("track_id", maintain_order=True)
        found = groups.agg(
            pl.col("time").first().alias("first"),
            pl.col("time").last().alias("last"),
            pl.len().cast(pl.Int64).alias("times"),
            pl.col("size").max().alias("largest"),
            pl.col("size").sum().alias("nodes"),
        ).sort("track_id")
        label = pl.Series("label", self.labels, dtype=pl.String)
        return found.insert_column(1, label)

    def track(self, which: int | str) -> pl.DataFrame:
        """The rows of :meth:`frame` of one track, given by number, label or name."""
        return self.frame().filter(pl.col("track_id") == self.find(which))

    def members(self, which: int | str, time: str) -> npt.NDArray[Any]:
        """Ids of the nodes of a track at a time.

        Raises
        ------
        MissingDataError
            If the track is not there at that time.
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
        """Where the nodes go from each time to the next, none left out.

        One row per pair of neighbouring times, source and target: time, next_time, source
        and target (tracks, null where the nodes are in no community), source_state and
        target_state (``assigned``, ``unassigned`` or ``absent``: not known at that time),
        nodes. Over the rows of a step, nodes that are not absent at its begin (its end) sum
        to all nodes known then, and those of a source (target) to its size then.
        """
        parts = [
            self._step(at).select(
                pl.lit(self.times[at]).alias("time"),
                pl.lit(self.times[at + 1]).alias("next_time"),
                pl.all(),
            )
            for at in range(len(self.times) - 1)
        ]
        if parts:
            return pl.concat(parts)
        columns = {"time": pl.String, "next_time": pl.String, "source": pl.Int32}
        states = {"target": pl.Int32, "source_state": pl.String, "target_state": pl.String}
        return pl.DataFrame(schema=columns | states | {"nodes": pl.Int64})

    def _step(self, at: int) -> pl.DataFrame:
        source, target, nodes = flows(self.partitions[at], self.partitions[at + 1])
        ends = [("source", source, self.track_ids[at]), ("target", target, self.track_ids[at + 1])]
        columns: dict[str, Any] = {}
        for name, codes, ids in ends:
            # the two last entries serve the codes −2 and −1
            columns[name] = pl.Series(np.append(ids, [-1, -1])[codes]).replace(-1, None)
        for name, codes, _ in ends:
            states = pl.Series(np.minimum(codes, 0)).replace_strict(
                _STATES, default="assigned", return_dtype=pl.String
            )
            columns[f"{name}_state"] = states
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


def _empty_frame() -> pl.DataFrame:
    columns: Iterable[tuple[str, Any]] = (
        ("time", pl.String),
        ("track_id", pl.Int32),
        ("community", pl.Int32),
        ("label", pl.String),
        ("size", pl.Int64),
        ("share", pl.Float64),
    )
    return pl.DataFrame(schema=dict(columns))


Codes = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]

EVENT_COLUMNS = {
    "time": pl.String,
    "event": pl.String,
    "track_id": pl.Int32,
    "other": pl.Int32,
    "jaccard": pl.Float64,
    "nodes": pl.Int64,
    "size": pl.Int64,
}


def events(tracks: Tracks, share: float) -> pl.DataFrame:
    """The events of all times, by time, kind, track and other; see ``assemble``."""
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
            nobody = np.full(new.size, -1)
            rows.append(_rows("birth", now, here[new], nobody, None, nobody, sizes[new]))
            seen[here] = now
            continue
        past = ids[now - 1]
        ahead = CommunityPairs.of(series[now - 1], series[now])
        back = ahead.swapped()
        rows.append(_nearest("birth", now, here, past, back, sizes, new))
        lost = ~np.isin(past, here)
        for event, some in (("death", final[past] < now), ("pause", final[past] > now)):
            ended = np.flatnonzero(lost & some)
            rows.append(_nearest(event, now, past, here, ahead, series[now - 1].sizes, ended))
        rows.append(_parts("split", now, past, here, ahead, series[now - 1].sizes, share))
        rows.append(_parts("merge", now, here, past, back, sizes, share))
        for earlier in np.unique(before[before >= 0]).tolist():
            near = earlier == now - 1
            pairs = back if near else CommunityPairs.of(series[now], series[earlier])
            codes = np.flatnonzero(before == earlier)
            then = np.full(tracks.n_tracks, -1)
            then[ids[earlier]] = np.arange(ids[earlier].size)
            places = pairs.places(codes, then[here[codes]])
            event = "continue" if near else "resume"
            rows.append(_rows(event, now, here[codes], here[codes], pairs, places, sizes[codes]))
        seen[here] = now
    if not rows:
        return pl.DataFrame(schema=EVENT_COLUMNS)
    kind = pl.col("event").cast(pl.Enum(EVENTS))
    frame = pl.concat(rows).sort("at", kind, "track_id", "other", nulls_last=True)
    names = pl.Series("time", tracks.times, dtype=pl.String)
    return frame.with_columns(names.gather(frame.get_column("at"))).select(*EVENT_COLUMNS)


def _nearest(
    event: str,
    now: int,
    mine: Codes,
    theirs: Codes,
    pairs: CommunityPairs,
    sizes: Places,
    codes: Places,
) -> pl.DataFrame:
    """One row per community of `codes`: beside it the track with which it shares most."""
    places = pairs.largest(codes)
    other = np.append(theirs, -1)[np.append(pairs.column, theirs.size)[places]]
    return _rows(event, now, mine[codes], other, pairs, places, sizes[codes])


def _parts(
    event: str,
    now: int,
    mine: Codes,
    theirs: Codes,
    pairs: CommunityPairs,
    sizes: Places,
    share: float,
) -> pl.DataFrame:
    """One row per part of a whole (a row of `pairs`) that has two of them or more."""
    large = pairs.shared >= share * pairs.row_sizes[pairs.row]
    own = 2 * pairs.shared > pairs.column_sizes[pairs.column]
    places = np.flatnonzero(large & own)
    several = np.bincount(pairs.row[places], minlength=sizes.size)[pairs.row[places]] > 1
    places = places[several]
    codes = pairs.row[places]
    return _rows(event, now, mine[codes], theirs[pairs.column[places]], pairs, places, sizes[codes])


def _rows(
    event: str,
    now: int,
    track_id: Codes,
    other: npt.NDArray[np.integer],
    pairs: CommunityPairs | None,
    places: Places,
    sizes: Places,
) -> pl.DataFrame:
    """Rows of one kind; where nothing is shared (place −1) no other track and no index."""
    shared = pairs.shared if pairs else np.zeros(0, dtype=np.int64)
    jaccard = pairs.jaccard if pairs else np.zeros(0)
    known = places >= 0
    return pl.DataFrame(
        {
            "at": np.full(track_id.size, now, dtype=np.int64),
            "event": pl.repeat(event, track_id.size, dtype=pl.String, eager=True),
            "track_id": track_id.astype(np.int32),
            "other": pl.Series(np.where(known, other, -1).astype(np.int32)).replace(-1, None),
            "jaccard": pl.Series(np.append(jaccard, np.nan)[places]).fill_nan(None),
            "nodes": np.append(shared, 0)[places],
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

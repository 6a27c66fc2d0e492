"""Tracks: communities of a series of partitions, each followed through time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.frozen import Frozen
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance, content_key
from graphkit.errors import DataError, MissingDataError, OptionError, check_choice, nearest

__all__ = ["ABSENT", "EVENTS", "UNASSIGNED", "Tracks", "flows"]

#: What can happen to a track from one time to the next, in the order of the frame.
EVENTS = ("birth", "continue", "resume", "split", "merge", "pause", "death")

#: Codes, beside those of communities, of nodes that a partition knows but does not assign,
#: and of nodes that it does not know.
UNASSIGNED, ABSENT = -1, -2

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
        :func:`graphkit.communities.track.assemble` says what each event means.
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
        for time, partition, given in zip(
            self.times, self.partitions, self.track_ids, strict=True
        ):  # fmt: skip
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
            there = [
                t for t, ids in zip(self.times, self.track_ids, strict=True) if number in ids
            ]  # fmt: skip
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


def flows(
    earlier: Partition, later: Partition
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """How many nodes go from each community of one partition to each of another.

    Returns
    -------
    tuple of arrays
        Code in `earlier`, code in `later`, nodes: one entry per pair that occurs, sorted by
        codes. Beside communities there are ``UNASSIGNED`` and ``ABSENT``, so that the nodes
        sum to all that either partition knows.

    Examples
    --------
    >>> a = Partition.from_membership("abcd", [0, 0, 0, -1])
    >>> b = Partition.from_membership("abcde", [0, 0, 1, 0, 0])
    >>> [array.tolist() for array in flows(a, b)]
    [[-2, -1, 0, 0], [0, 0, 0, 1], [1, 1, 2, 1]]
    """
    source, target = earlier.membership, later.membership
    if earlier.vocabulary != later.vocabulary:
        found = later.vocabulary.lookup(earlier.vocabulary)
        known = found >= 0
        new = np.ones(target.size, dtype=bool)
        new[found[known]] = False
        target = np.concatenate([np.append(target, ABSENT)[found], target[new]])
        source = np.concatenate([source, np.full(int(new.sum()), ABSENT, dtype=np.int32)])
    pairs = pl.DataFrame({"source": source, "target": target}, schema_overrides=_CODES)
    counted = pairs.group_by("source", "target").agg(pl.len().cast(pl.Int64).alias("nodes"))
    counted = counted.sort("source", "target")
    return (
        counted.get_column("source").to_numpy(),
        counted.get_column("target").to_numpy(),
        counted.get_column("nodes").to_numpy(),
    )


_CODES = {"source": pl.Int32, "target": pl.Int32}


def _empty_frame() -> pl.DataFrame:
    columns: Iterable[tuple[str, Any]] = (
        ("time", pl.String), ("track_id", pl.Int32), ("community", pl.Int32),
        ("label", pl.String), ("size", pl.Int64), ("share", pl.Float64),
    )  # fmt: skip
    return pl.DataFrame(schema=dict(columns))

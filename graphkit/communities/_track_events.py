"""What happens to tracks from one time to the next."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.communities._overlap import CommunityPairs
from graphkit.communities.tracking import EVENTS, Tracks

__all__ = ["EVENT_COLUMNS", "events"]

Codes = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]

EVENT_COLUMNS = {
    "time": pl.String, "event": pl.String, "track_id": pl.Int32, "other": pl.Int32,
    "jaccard": pl.Float64, "nodes": pl.Int64, "size": pl.Int64,
}  # fmt: skip


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
    event: str, now: int, mine: Codes, theirs: Codes, pairs: CommunityPairs, sizes: Places,
    codes: Places,
) -> pl.DataFrame:  # fmt: skip
    """One row per community of `codes`: beside it the track with which it shares most."""
    places = pairs.largest(codes)
    other = np.append(theirs, -1)[np.append(pairs.column, theirs.size)[places]]
    return _rows(event, now, mine[codes], other, pairs, places, sizes[codes])


def _parts(
    event: str, now: int, mine: Codes, theirs: Codes, pairs: CommunityPairs, sizes: Places,
    share: float,
) -> pl.DataFrame:  # fmt: skip
    """One row per part of a whole (a row of `pairs`) that has two of them or more."""
    large = pairs.shared >= share * pairs.row_sizes[pairs.row]
    own = 2 * pairs.shared > pairs.column_sizes[pairs.column]
    places = np.flatnonzero(large & own)
    several = np.bincount(pairs.row[places], minlength=sizes.size)[pairs.row[places]] > 1
    places = places[several]
    codes = pairs.row[places]
    return _rows(event, now, mine[codes], theirs[pairs.column[places]], pairs, places, sizes[codes])


def _rows(
    event: str, now: int, track_id: Codes, other: npt.NDArray[np.integer],
    pairs: CommunityPairs | None, places: Places, sizes: Places,
) -> pl.DataFrame:  # fmt: skip
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

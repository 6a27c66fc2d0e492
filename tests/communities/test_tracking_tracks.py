from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.communities.comparison import ABSENT, UNASSIGNED, membership_flows
from graphkit.communities.tracking import Tracks, assemble, track
from graphkit.data.partition import Partition
from graphkit.errors import DataError, MissingDataError, OptionError


@pytest.fixture
def tracks() -> Tracks:
    may = Partition.from_membership("abcdefg", [*"xxxxyy", None], node_kind="accounts")
    june = Partition.from_membership("abcdfgh", list("yyxxxzz"), node_kind="accounts")
    july = Partition.from_membership("abcdfgh", list("yyxxxyz"), node_kind="accounts")
    return track({"may": may, "june": june, "july": july}, min_jaccard=0.3)


@settings(max_examples=30)
@given(st.lists(st.dictionaries(st.integers(0, 20), st.integers(-1, 4)), min_size=1, max_size=4))
def test_flows_leave_no_node_out(series: list[dict[int, int]]) -> None:
    partitions = [Partition.from_membership(list(d), list(d.values())) for d in series]
    ids = [np.arange(p.n_communities) for p in partitions]
    tracks = assemble([str(t) for t in range(len(ids))], partitions, ids)
    frame = tracks.alluvial()
    sides = (("source", 0), ("target", 1))
    for at in range(len(series) - 1):
        step = frame.filter(time=str(at), next_time=str(at + 1))
        assert step["nodes"].sum() == len(series[at].keys() | series[at + 1].keys())
        for side, shift in sides:
            partition, numbers = partitions[at + shift], tracks.track_ids[at + shift]
            present = step.filter(pl.col(f"{side}_state") != "absent")
            assert present["nodes"].sum() == len(partition.vocabulary)
            sums = dict(step.drop_nulls(side).group_by(side).agg(pl.col("nodes").sum()).rows())
            sizes = partition.sizes.tolist()
            assert sums == dict(zip(numbers.tolist(), sizes, strict=True))
            none = step.filter(pl.col(f"{side}_state") == "unassigned")
            assert none["nodes"].sum() == partition.n_unassigned
            assert none[side].null_count() == none.height
        assert not step.filter(
            pl.col("source_state") == "absent", pl.col("target_state") == "absent"
        ).height
        for a, b, nodes in (
            step.drop_nulls(["source", "target"]).select("source", "target", "nodes").rows()
        ):
            one, other = (set(tracks.members(n, str(at + i)).tolist()) for n, i in ((a, 0), (b, 1)))
            assert nodes == len(one & other)


def test_flows_by_hand() -> None:
    a = Partition.from_membership("abcd", [0, 0, 0, -1])
    b = Partition.from_membership("bcde", [0, 0, 1, -1])
    rows = list(zip(*(array.tolist() for array in membership_flows(a, b)), strict=True))
    assert rows == [(ABSENT, UNASSIGNED, 1), (UNASSIGNED, 1, 1), (0, ABSENT, 1), (0, 0, 2)]


def test_frame_and_track(tracks: Tracks) -> None:
    frame = tracks.frame()
    assert frame.columns == ["time", "track_id", "community", "label", "size", "share"]
    assert frame.filter(time="may").rows()[0] == ("may", 0, 0, "x", 4, 4 / 7)
    assert frame["size"].sum() == 6 + 7 + 7
    # the label x goes from abcd to cdf, and the track stays with ab or cd by Jaccard
    assert tracks.track(0)["time"].to_list() == ["may", "june", "july"]
    assert tracks.track("x").equals(tracks.track(tracks.find("x")))


def test_names() -> None:
    one = Partition.from_membership("abcde", list("xxxyy"))
    two = Partition.from_membership("abcde", list("zzzyy"))
    bare = Partition.from_membership("abcde", [0, 0, 0, 1, 1])
    tracks = track([one, two, two, bare])
    assert tracks.labels == ("z", "y")
    assert tracks.name(0) == "z"
    assert track([one, two]).labels[0] == "x"  # a tie goes to the earliest
    assert track([bare, bare]).name(1) == "track 1"
    twice = Partition.from_membership("abcdeuvw", list("xxxyyzzz"))
    apart = assemble("pq", [one, twice], [np.array([0, 1]), np.array([2, 3, 4])])
    assert apart.labels == ("x", "y", "x", "z", "y")
    assert apart.name(2) == "x (track 2)"
    assert apart.find("x (track 2)") == 2
    with pytest.raises(OptionError, match="2 tracks are named 'x': 0, 2"):
        apart.find("x")


def test_members(tracks: Tracks) -> None:
    assert tracks.members(0, "may").tolist() == list("abcd")
    with pytest.raises(OptionError, match=r"time='jun' is unknown. Did you mean 'june'"):
        tracks.members(0, "jun")
    with pytest.raises(OptionError, match="track 99 does not exist"):
        tracks.members(99, "may")
    with pytest.raises(MissingDataError, match="no track is named 'q'"):
        tracks.track("q")
    late = int(tracks.events.filter(event="birth", time="june")["track_id"][0])
    with pytest.raises(
        MissingDataError, match=f"track {late} is not there at 'may'; it is at june"
    ):
        tracks.members(late, "may")


def test_summary_and_cards(tracks: Tracks) -> None:
    summary = tracks.summary()
    assert summary["track_id"].to_list() == list(range(tracks.n_tracks))
    assert summary["nodes"].sum() == tracks.frame()["size"].sum()
    assert summary.row(0, named=True)["first"] == "may"
    assert "3 (may … july)" in repr(tracks)
    assert "births" in repr(tracks)
    assert "track_id" in tracks._repr_html_()


def test_equal_tracks_have_equal_keys(tracks: Tracks) -> None:
    again = assemble(tracks.times, tracks.partitions, tracks.track_ids)
    assert again.content_key == tracks.content_key
    assert again.events.equals(tracks.events)
    other = assemble(("a", "b", "c"), tracks.partitions, tracks.track_ids)
    assert other.content_key != tracks.content_key
    with pytest.raises(ValueError, match="read-only"):
        tracks.track_ids[0][0] = 5


def test_refusals() -> None:
    one = Partition.from_membership("abcde", [0, 0, 0, 1, 1])
    empty = pl.DataFrame()
    ids = np.array([0, 1])
    with pytest.raises(DataError, match="one of each per time"):
        Tracks(("a",), (one, one), (ids, ids), empty)
    with pytest.raises(DataError, match="'a' occurs more than once"):
        Tracks(("a", "a"), (one, one), (ids, ids), empty)
    with pytest.raises(DataError, match=r"shape \(1,\) at 'a'"):
        Tracks(("a",), (one,), (ids[:1],), empty)
    for wrong in ([0, 0], [-1, 0]):
        with pytest.raises(DataError, match="must be 0 or more, and each occur once"):
            Tracks(("a",), (one,), (np.array(wrong),), empty)
    with pytest.raises(DataError, match="without gaps"):
        Tracks(("a",), (one,), (np.array([0, 2]),), empty)

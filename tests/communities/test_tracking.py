from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.communities.comparison import CommunityPairs, match_communities
from graphkit.communities.tracking import Tracks, assemble, track
from graphkit.data.partition import Partition
from graphkit.errors import DataError, OptionError


def groups(text: str) -> Partition:
    """A partition from words of one-letter nodes; what follows a bar is unassigned."""
    words, _, rest = text.partition("|")
    pairs = [(node, code) for code, word in enumerate(words.split()) for node in word]
    pairs += [(node, -1) for node in rest.strip()]
    return Partition.from_membership([p[0] for p in pairs], [p[1] for p in pairs])


def told(tracks: Tracks, time: str) -> list[tuple[str, int, int | None, int]]:
    rows = tracks.events.filter(time=time).select("event", "track_id", "other", "nodes").rows()
    return [tuple(row) for row in rows]  # type: ignore[misc]


SERIES = st.integers(6, 40).flatmap(
    lambda n: st.lists(st.lists(st.integers(-1, 5), min_size=n, max_size=n), min_size=1, max_size=5)
)


def partitions(rows: list[list[int]]) -> list[Partition]:
    return [Partition.from_membership(range(len(row)), row) for row in rows]


# what is one track -----------------------------------------------------------------------


@settings(max_examples=40)
@given(SERIES)
def test_a_series_of_one_partition_is_the_identity(rows: list[list[int]]) -> None:
    base = partitions(rows)[0]
    tracks = track([base] * 4, min_jaccard=1.0)
    assert tracks.n_tracks == base.n_communities
    for ids in tracks.track_ids:
        assert ids.tolist() == list(range(base.n_communities))
    counts = dict(tracks.events.group_by("event").len().rows())
    n = base.n_communities
    assert counts == ({"birth": n, "continue": 3 * n} if n else {})
    kept = tracks.events.filter(event="continue")
    assert (kept["jaccard"] == 1).all()
    assert tracks.events.filter(event="birth")["time"].unique().to_list() == ["0"] * (n > 0)


def slow_ids(series: list[Partition], threshold: float, gap: int) -> list[list[int]]:
    """The definition with sets: repeatedly the best of all pairs that are left."""
    found: list[list[int]] = []
    sets: list[list[set[int]]] = []
    count = 0
    for now, partition in enumerate(series):
        size = partition.n_communities
        sets.append([set(partition.members(c).tolist()) for c in range(size)])
        ids = [-1] * size
        for back in range(1, min(gap + 1, now) + 1):
            mine, theirs = sets[now], sets[now - back]
            both = set().union(*mine) & set().union(*theirs)
            recent = {i for row in found[now - back + 1 : now] for i in row}
            while True:
                options = []
                for a, old in enumerate(theirs):
                    name = found[now - back][a]
                    if name in ids or name in recent:
                        continue
                    for b, new in enumerate(mine):
                        shared = len(old & new)
                        if ids[b] >= 0 or not shared:
                            continue
                        score = shared / len((old | new) & both)
                        if score >= threshold:
                            options.append((-score, -shared, a, b, name))
                if not options:
                    break
                *_, b, name = min(options)
                ids[b] = name
        for b in range(size):
            if ids[b] < 0:
                ids[b] = count
                count += 1
        found.append(ids)
    return found


@settings(max_examples=80)
@given(SERIES, st.sampled_from([0.0, 0.2, 0.5]), st.integers(0, 2))
def test_agrees_with_the_slow_twin(rows: list[list[int]], threshold: float, gap: int) -> None:
    series = partitions(rows)
    if not any(p.n_communities for p in series):
        return
    tracks = track(series, min_jaccard=threshold, gap=gap)
    assert [ids.tolist() for ids in tracks.track_ids] == slow_ids(series, threshold, gap)


@settings(max_examples=30)
@given(SERIES, st.randoms(use_true_random=False))
def test_names_of_times_and_order_of_rows_do_not_matter(rows, random) -> None:  # type: ignore[no-untyped-def]
    plain = track(partitions(rows))
    shuffled = {}
    for at, row in enumerate(rows):
        order = list(range(len(row)))
        random.shuffle(order)
        shuffled[f"t{at}"] = Partition.from_membership(order, [row[i] for i in order])
    named = track(shuffled)
    assert named.times == tuple(shuffled)
    for one, other in zip(plain.track_ids, named.track_ids, strict=True):
        assert one.tolist() == other.tolist()
    assert plain.events.drop("time").equals(named.events.drop("time"))


def test_codes_change_and_tracks_do_not() -> None:
    tracks = track([groups("abcde fgh"), groups("ab fghi"), groups("ghi abcd")])
    assert [ids.tolist() for ids in tracks.track_ids] == [[0, 1], [1, 0], [0, 1]]


def test_the_strongest_pair_comes_before_the_greatest_sum() -> None:
    # 4/9 is the best of either; parting them would give 2/6 and 3/7, more in sum
    one, other = groups("abcdef xyz"), groups("abcdxyz ef")
    frame = match_communities(one, other)
    rows = frame.select("community", "matched", "jaccard", "shared").rows()
    assert rows == [(0, 0, 4 / 9, 4), (1, None, None, None)]
    assert match_communities(one, other, min_jaccard=0.45)["matched"].null_count() == 2
    with pytest.raises(OptionError, match="min_jaccard=2"):
        match_communities(one, other, min_jaccard=2)


@settings(max_examples=60)
@given(SERIES)
def test_a_match_is_stable_and_one_to_one(rows: list[list[int]]) -> None:
    """No two communities are both better off with each other; above 1/2 all are matched."""
    a, b = partitions([rows[0], rows[-1][: len(rows[0])]])
    pairs = CommunityPairs.from_partitions(a, b)
    match = pairs.one_to_one(pairs.jaccard >= 0)
    tied = match[match >= 0]
    assert np.unique(tied).size == tied.size
    score = {(r, c): j for r, c, j in zip(pairs.row, pairs.column, pairs.jaccard, strict=True)}
    back = {int(c): r for r, c in enumerate(match) if c >= 0}
    for (r, c), value in score.items():
        mine = score[r, match[r]] if match[r] >= 0 else 0
        theirs = score[back[c], c] if c in back else 0
        assert value <= mine or value <= theirs
        if value > 0.5:
            assert match[r] == c


def test_only_nodes_that_both_assign_count() -> None:
    # of abcdef only ab stay assigned; with them alone the index is 1
    tracks = track([groups("abcdef"), groups("abxyz | c")])
    assert tracks.events.filter(event="continue").select("jaccard", "nodes", "size").rows() == [
        (1.0, 2, 5)
    ]
    assert track([groups("abcdef"), groups("abxyz | c")], min_shared=3).n_tracks == 2


# what happened ---------------------------------------------------------------------------


def test_split() -> None:
    tracks = track([groups("abcdefgh xyz"), groups("abcde xyz fgh")])
    assert told(tracks, "1") == [
        ("birth", 2, 0, 3),
        ("continue", 0, 0, 5),
        ("continue", 1, 1, 3),
        ("split", 0, 0, 5),
        ("split", 0, 2, 3),
    ]
    assert (
        track([groups("abcdefgh"), groups("abcdefg h")], share=0.25)
        .events.filter(event="split")
        .is_empty()
    )


def test_merge() -> None:
    tracks = track([groups("abcde fgh xyz"), groups("abcdefgh xyz")])
    assert told(tracks, "1") == [
        ("continue", 0, 0, 5),
        ("continue", 2, 2, 3),
        ("merge", 0, 0, 5),
        ("merge", 0, 1, 3),
        ("death", 1, 0, 3),
    ]


def test_an_absorbed_community_dies_into_the_larger() -> None:
    tracks = track([groups("abcdefghijklm xy"), groups("abcdefghijklmxy")])
    assert told(tracks, "1") == [("continue", 0, 0, 13), ("death", 1, 0, 2)]


def test_a_part_that_joins_a_larger_group_is_no_split() -> None:
    # ef leave for a community that is mostly others
    tracks = track([groups("abcdef uvwxyz"), groups("uvwxyzef abcd")])
    assert tracks.events.filter(pl.col("event").is_in(["split", "merge"])).is_empty()


def test_birth_from_nowhere_and_death_into_nothing() -> None:
    tracks = track([groups("abc xyz"), groups("abc uvw")])
    assert told(tracks, "1") == [
        ("birth", 2, None, 0),
        ("continue", 0, 0, 3),
        ("death", 1, None, 0),
    ]
    sizes = tracks.events.filter(time="1").select("event", "size").rows()
    assert sizes == [("birth", 3), ("continue", 3), ("death", 3)]


def test_a_gap_is_bridged_if_allowed() -> None:
    series = [groups("abcd xyz"), groups("abcd"), groups("abcd xyzw")]
    apart = track(series)
    assert apart.n_tracks == 3
    assert [row[0] for row in told(apart, "1")] == ["continue", "death"]
    bridged = track(series, gap=1)
    assert bridged.n_tracks == 2
    assert told(bridged, "1") == [("continue", 0, 0, 4), ("pause", 1, None, 0)]
    assert told(bridged, "2") == [("continue", 0, 0, 4), ("resume", 1, 1, 3)]
    longer = [series[0], series[1], series[1], series[2]]
    assert track(longer, gap=1).n_tracks == 3
    assert track(longer, gap=2).n_tracks == 2


def test_what_was_there_last_time_comes_before_what_was_missing() -> None:
    # abcd at the third time: resumes the first in full, but ab were there last time
    series = [groups("abcd"), groups("ab"), groups("abcd")]
    tracks = track(series, min_jaccard=0.9, gap=1)
    assert [ids.tolist() for ids in tracks.track_ids] == [[0], [0], [0]]
    assert [row[0] for row in told(tracks, "2")] == ["continue"]


@settings(max_examples=30)
@given(SERIES, st.integers(0, 2))
def test_births_and_deaths_add_up(rows: list[list[int]], gap: int) -> None:
    tracks = track(partitions(rows), gap=gap, min_jaccard=0.4)
    alive = 0
    for time, ids in zip(tracks.times, tracks.track_ids, strict=True):
        count = dict(tracks.events.filter(time=time).group_by("event").len().rows())
        alive += count.get("birth", 0) + count.get("resume", 0)
        alive -= count.get("death", 0) + count.get("pause", 0)
        assert alive == ids.size
        assert count.get("continue", 0) == ids.size - count.get("birth", 0) - count.get("resume", 0)
    births = tracks.events.filter(event="birth")
    assert births["track_id"].to_list() == list(range(tracks.n_tracks))


@settings(max_examples=60)
@given(SERIES, st.sampled_from([0.1, 0.25, 0.5]))
def test_a_split_read_backwards_is_a_merge(rows: list[list[int]], share: float) -> None:
    series = partitions(rows)[:2]
    if len(series) < 2:
        return
    ids = track(series, min_jaccard=0.3).track_ids

    def parts(tracks: Tracks, event: str) -> list[tuple[int, int, int]]:
        """Codes of whole and part, whatever the numbers of the tracks."""
        there, here = (0, 1) if event == "split" else (1, 0)
        code = [{int(t): c for c, t in enumerate(tracks.track_ids[at])} for at in (there, here)]
        frame = tracks.events.filter(event=event).select("track_id", "other", "nodes")
        return sorted((code[0][a], code[1][b], n) for a, b, n in frame.rows())

    ahead = assemble("ab", series, ids, share=share)
    back = assemble("ba", series[::-1], ids[::-1], share=share)
    assert parts(ahead, "split") == parts(back, "merge")
    assert parts(ahead, "merge") == parts(back, "split")
    births = ahead.events.filter(pl.col("time") == "b", pl.col("event") == "birth")
    assert births.height == back.events.filter(event="death").height


# given numbers ---------------------------------------------------------------------------


def test_given_numbers_are_numbered_afresh() -> None:
    series = [groups("abc xy"), groups("xyz ab")]
    tracks = assemble(("may", "june"), series, [np.array([70, 7]), np.array([7, 5])])
    assert [ids.tolist() for ids in tracks.track_ids] == [[0, 1], [1, 2]]
    assert tracks.provenance.verb == "assemble"
    assert told(tracks, "june")[0] == ("birth", 2, 0, 2)


def test_one_track_may_share_no_node_with_itself() -> None:
    tracks = assemble("ab", [groups("abc"), groups("xyz")], [np.array([4]), np.array([4])])
    rows = tracks.events.filter(time="b").rows()
    assert rows == [("b", "continue", 0, None, None, 0, 3)]


def test_refusals() -> None:
    one = groups("abc xy")
    with pytest.raises(DataError, match="at least one partition"):
        track([])
    with pytest.raises(DataError, match="several partitions in order"):
        track(one)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="not a list"):
        track([one, [0, 1]])  # type: ignore[list-item]
    with pytest.raises(DataError, match="no partition shares a node"):
        track([one, groups("uvw")])
    for options in ({"min_jaccard": 1.5}, {"min_shared": 0}, {"gap": -1}, {"gap": True}):
        with pytest.raises(OptionError, match=next(iter(options))):
            track([one, one], **options)  # type: ignore[arg-type]
    for share in (0, 0.6):
        with pytest.raises(OptionError, match="share"):
            track([one, one], share=share)
        with pytest.raises(OptionError, match="share"):
            assemble("ab", [one, one], [np.arange(2)] * 2, share=share)
    with pytest.raises(DataError, match="one of each per time"):
        assemble("ab", [one], [np.arange(2)])


def test_provenance_tells_options_and_sources() -> None:
    one = groups("abc xy")
    record = track({"may": one, "june": one}, gap=2).provenance
    assert record.verb == "track"
    assert record.parameters["gap"] == 2
    assert record.parameters["times"] == ["may", "june"]
    assert record.inputs == (one.content_key,) * 2

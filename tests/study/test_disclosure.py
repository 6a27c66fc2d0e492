from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphkit as gk
from graphkit.communities import label_communities
from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, FileError, MissingDataError, OptionError
from graphkit.measures import Mixing
from graphkit.study import StudyConfig
from graphkit.study.disclosure import (
    data_summary,
    disclosed_names,
    disclosed_outcome,
    disclosed_visibility,
    disclosure_facts,
    disclosure_text,
    drop_rare_tags,
    graph_facts,
    merge_small,
    n_merged,
    overdue,
    public_config,
    public_message,
    refresh_text,
    rounded_mixing,
    shown_communities,
    unassign_small,
    unassign_small_in_world,
)


@given(st.lists(st.integers(1, 60), max_size=12), st.integers(1, 20))
def test_suppressed_groups_cannot_be_worked_out(sizes: list[int], least: int) -> None:
    sizes = sorted(sizes, reverse=True)
    shown = shown_communities(sizes, least)
    assert all(size >= least for size in sizes[:shown])
    rest = sizes[shown:]
    if rest and shown:
        assert len(rest) >= 2
        assert sum(rest) >= least
    if all(size >= least for size in sizes):
        assert shown == len(sizes)


def test_accounts_of_no_community_hide_a_small_group() -> None:
    assert shown_communities([143, 3, 3, 2], 10) == 0
    assert shown_communities([143, 3, 3, 2], 10, others=800) == 1
    assert shown_communities([143, 3], 10, others=4) == 0


def of_sizes(**sizes: int) -> Partition:
    return Partition.from_membership({f"{c}{i}": c for c, n in sizes.items() for i in range(n)})


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(1, 15))
def test_merging_leaves_what_is_shown_and_does_nothing_twice(sizes: list[int], least: int) -> None:
    partition = of_sizes(**{f"c{i}-": n for i, n in enumerate(sizes)})
    merged = unassign_small(partition, least)
    shown = shown_communities(partition.sizes.tolist(), least)
    assert merged.sizes.tolist() == partition.sizes.tolist()[:shown]
    assert merged.labels == partition.labels[:shown]
    assert n_merged(merged) == len(sizes) - shown
    assert unassign_small(merged, least) is merged
    kept = merged.membership >= 0
    assert np.array_equal(merged.membership[kept], partition.membership[kept])


def test_a_small_group_cannot_be_taken_from_the_numbers_of_nodes() -> None:
    """Two pairs beside a ring of twenty; nodes without an edge would tell how many are left."""
    ring = [(f"r{i}", f"r{(i + 1) % 20}") for i in range(20)]
    edges = [*ring, ("a", "b"), ("c", "d")]
    alone = [f"z{i}" for i in range(30)]
    graph = Graph.from_edges(
        *zip(*edges, strict=True), directed=False, nodes=[*{n for e in edges for n in e}, *alone]
    )
    told = set(graph_facts(graph, None, 4)["fact"])
    assert {"nodes without an edge", "largest component"} <= told
    quiet = set(graph_facts(graph, None, 10)["fact"])
    assert told - quiet == {
        *("nodes without an edge", "weak components", "largest component"),
        "share in largest component",
    }


def test_communities_hardly_in_the_follow_graph_have_no_figures() -> None:
    frame = pl.DataFrame(
        {
            "community": [0, 1, 2],
            "label": ["a", "b", "c"],
            "size": [40, 30, 20],
            "shared": [30, 6, 0],
            "coverage": [0.75, 0.2, 0.0],
            "verdict": ["hidden", "not judgeable", "not judgeable"],
        }
    )
    whole = Visibility(frame, np.zeros((1, 1), np.int32), 1.0)
    seen = disclosed_visibility(whole, 10)
    assert seen.frame["shared"].to_list() == [30, None, 0]
    assert seen.frame["coverage"].to_list() == [0.75, None, 0.0]
    assert seen.frame["size"].to_list() == [40, 30, 20]
    assert seen.hidden == ["a"]


def test_how_few_members_are_outside_the_follow_graph_is_not_told() -> None:
    frame = pl.DataFrame(
        {
            "community": [0, 1, 2, 3],
            "label": ["a", "b", "c", "d"],
            "size": [38, 40, 38, 30],
            "shared": [37, 40, 20, 3],
            "coverage": [37 / 38, 1.0, 20 / 38, 0.1],
            "follow_f1": [30 / 59, 30 / 59, 30 / 59, 0.5],
            "inside": [77, 80, 60, 1],
        }
    )
    seen = disclosed_visibility(Visibility(frame, np.zeros((1, 1), np.int32), 1.0), 10)
    assert seen.frame["shared"].to_list() == [None, 40, 20, None]
    assert seen.frame["coverage"].to_list() == [None, 1.0, 20 / 38, None]
    # 2 · 15 / (37 + 22), the 22 of a table: the exact value would tell 37
    assert seen.frame["follow_f1"].to_list() == [0.51, 30 / 59, 30 / 59, None]
    assert seen.frame["inside"].to_list() == [77, 80, 60, None]
    assert disclosed_visibility(seen, 10).frame.equals(seen.frame)
    assert disclosed_visibility(Visibility(frame, seen.follow_memberships, 1.0), 1).frame.equals(
        frame
    )


def test_a_tag_of_few_members_is_no_name() -> None:
    users = {f"a{i}": ["Zimmer12b", "jazz"] for i in range(8)} | {
        f"a{i}": ["jazz"] for i in range(8, 16)
    }
    users |= {f"b{i}": ["goth"] for i in range(16)}
    users |= {f"c{i}": ["tiny"] if i < 9 else ["x"] for i in range(10)}
    people = list(users)
    ds = Dataset(items={"item_id": people, "author_id": people, "tags": list(users.values())})
    groups = [name[0] for name in people]
    p = Partition.from_membership(people, groups, node_kind="authors")
    named = label_communities(p, ds, min_stability=0)
    assert named.n_communities == 3
    assert named.labels == ("#jazz", "#goth", "#tiny")
    hidden = disclosed_names(named, 10)
    assert hidden.labels == ("#jazz", "#goth", None)
    assert hidden.name(2) == "community 2 (unnamed)"
    assert hidden.evidence is not None
    assert set(hidden.evidence["tag"]) == {"jazz", "goth"}
    assert disclosed_names(named, 1) is named
    # a name that only few members use makes room for the best that more use, as in a bundle
    evidence = named.evidence
    assert evidence is not None
    renamed = named.rename({"#jazz": "#Zimmer12b"})
    assert disclosed_names(renamed, 10).labels == ("#jazz", "#goth", None)
    assert drop_rare_tags(renamed, 10).labels == ("#jazz", "#goth", "community 2")


def test_names_tell_no_number_of_a_few_others() -> None:
    """What is left out as a count of few is not the difference of what is told of the others."""

    def evidence_of(users: dict[str, list[str]], least: int = 10) -> pl.DataFrame:
        people = list(users)
        ds = Dataset(items={"item_id": people, "author_id": people, "tags": list(users.values())})
        p = Partition.from_membership(people, [x[0] for x in people], node_kind="authors")
        named = label_communities(p, ds, min_stability=0)
        hidden = disclosed_names(named, least)
        assert hidden.evidence is not None
        assert set(hidden.labels) <= {*named.labels, None}
        bundled = drop_rare_tags(named, least).evidence
        assert bundled is not None
        columns = [c for c in hidden.evidence.columns if c not in ("label", "membership_key")]
        assert bundled.select(columns).equals(hidden.evidence.select(columns))
        return hidden.evidence

    figures = ["share_in", "share_out", "lift", "log_odds", "z", "q"]
    # of two communities, three members of b use jazz: the row of a tells it
    users = {f"a{i}": ["jazz"] for i in range(30)}
    users |= {f"b{i}": ["goth", "jazz"] if i < 3 else ["goth"] for i in range(30)}
    found = evidence_of(users)
    jazz, goth = (found.filter(tag=tag).row(0, named=True) for tag in ("jazz", "goth"))
    assert (jazz["label"], goth["label"]) == ("#jazz", "#goth")
    assert [jazz[name] for name in figures] == [None] * 6
    assert (jazz["nodes"], jazz["count"], jazz["reason"]) == (30, 30, None)
    assert (goth["share_in"], goth["share_out"]) == (1, 0)
    # ten of them are no few
    users |= {f"b{i}": ["goth", "jazz"] for i in range(10)}
    row = evidence_of(users).filter(tag="jazz").row(0, named=True)
    assert row["share_out"] == pytest.approx(1 / 3)
    assert row["lift"] == pytest.approx(3)
    # why a tag is no name tells its lift no more than the column does
    wide = {f"a{i}": ["wide"] if i < 12 else [f"own{i}"] for i in range(30)}
    wide |= {f"b{i}": ["goth", "wide"] if i < 7 else ["goth"] for i in range(30)}
    row = evidence_of(wide).filter(tag="wide").row(0, named=True)
    assert (row["lift"], row["reason"]) == (None, "not told: few other accounts")
    # two members of b use no tag, which the size of b and the share inside tell
    users |= {f"b{i}": [] for i in (28, 29)}
    found = evidence_of(users)
    goth = found.filter(tag="goth").row(0, named=True)
    assert [goth[name] for name in figures] == [None] * 6
    assert found.filter(tag="jazz")["share_out"][0] is not None
    # of six communities, three members of c use what all of a and b use: all users less both tell it
    users = {f"{c}{i}": [c * 3] for c in "abcdef" for i in range(60)}
    users |= {f"{c}{i}": [c * 3, "jazz"] for c in "ab" for i in range(60)}
    few = {f"c{i}": ["ccc", "jazz"] for i in range(3)}
    assert evidence_of(users).filter(tag="jazz")["share_out"].to_list() == [0.2, 0.2]
    found = evidence_of(users | few)
    assert found.filter(tag="jazz").select(figures).null_count().sum_horizontal()[0] == 12
    assert found.filter(tag="aaa")["share_out"].to_list() == [0]
    # rows of communities whose tags are all of few are counted, too, and hide nothing
    users = {f"{c}{i}": [c * 3] for c in "ab" for i in range(30)}
    users |= {f"a{i}": ["aaa", "jazz"] for i in range(30)}
    users |= {f"{c}{i}": ["jazz", c * 3] for c in "cd" for i in range(8)}
    assert evidence_of(users).filter(tag="jazz")["share_out"].to_list() == [pytest.approx(16 / 46)]


def test_counts_of_edges_between_communities_are_told_in_multiples() -> None:
    counts = np.array([[340.0, 4.0], [16.0, 0.0]])
    found = Mixing(("a", "b"), counts, counts + 1, 0.5, 0, True)
    rounded = rounded_mixing(found, 10)
    assert rounded.observed.tolist() == [[340.0, 10.0], [20.0, 0.0]]
    assert rounded_mixing(found, 1) is found
    weights = Mixing(("a", "b"), counts / 3, counts, 0.5, 0, True)
    assert rounded_mixing(weights, 10) is weights


def test_degrees_of_single_accounts_are_not_told() -> None:
    star = Graph.from_edges(["a"] * 30, [f"b{i}" for i in range(30)], directed=True)
    assert not [f for f in graph_facts(star, None, 10)["fact"] if "largest" in f and "degree" in f]
    assert "largest in-degree" in graph_facts(star, None, 1)["fact"].to_list()


def test_the_summary_of_the_data_tells_no_extreme_of_one_account() -> None:
    accounts = {"account_id": ["a", "b"], "follower_count": [3, 987654]}
    items = {"item_id": ["v", "w"], "created_at": ["2024-05-01T10:20:30Z", "2024-05-02T11:12:13Z"]}
    found = data_summary(Dataset(accounts=accounts, items=items))
    known = {row["column"]: (row["low"], row["high"]) for row in found.iter_rows(named=True)}
    assert known["follower_count"] == (None, None)
    assert known["created_at"] == ("2024-05-01", "2024-05-02")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DataError("row 3: 'ann' occurs again"), "row 3: '…' occurs again"),
        (DataError("column 'at', row 1: 'ann…, cut off"), "column 'at', row 1: '…', cut off"),
        (DataError("members' own \"it's\" row"), 'members\' own "…" row'),
        (
            MissingDataError("f has no column 'who'; there are 'user' and 'clip', not 'ann'."),
            "f has no column 'who'; there are 'user' and 'clip', not '…'.",
        ),
        (DataError("keep='last', as ['ann', 'bob']"), "keep='last', as ['…', '…']"),
        (FileError("log.csv, line 2: 'ann'"), "log.csv, line 2: '…'"),
        (OptionError("engine='igraf' is unknown."), "engine='igraf' is unknown."),
        (OptionError("account={'likes_ann.csv': …}: no file"), "account={'…': …}: no file"),
        (OptionError("exclude='7281986300348026145' is one text"), "exclude='…' is one text"),
        (DataError("row 2: account_id=7281986300348026145"), "row 2: account_id=…"),
        (DataError("row 2: 1,234,567 rows, 0.12345678"), "row 2: 1,234,567 rows, 0.12345678"),
        (
            MissingDataError("column 'at' is missing; there are 'ann', '7281986300', 'like'."),
            "column 'at' is missing; there are '…', '…', 'like'.",
        ),
        (ValueError("ann"), "ValueError"),
    ],
)
def test_messages_show_no_value_of_the_data(error: Exception, told: str) -> None:
    assert public_message(error) == told
    assert public_message(type(error)(told)) == told


def test_a_file_of_failures_has_no_names_of_columns() -> None:
    error = MissingDataError("column 'at' is missing; there are 'ann', 'bob', 'like'.")
    assert public_message(error) == str(error)
    told = public_message(error, lists=False)
    assert told == "column 'at' is missing; there are '…', '…', 'like'."


def test_the_note_says_what_was_merged() -> None:
    merged = unassign_small(of_sizes(a=30, b=12, c=6, d=5), 10)
    told = disclosure_facts({"interest": [merged, merged], "planted": [of_sizes(a=12)]}, 10, "raw")
    assert told["merged"] == [
        {"partition": "interest", "world": world, "communities": 2} for world in (0, 1)
    ]
    text = " ".join(disclosure_text(told))
    assert "Merged were: 4 of the interest partition, over 2 worlds." in text
    assert "lead to persons" in text
    assert "nothing was suppressed" in disclosure_text(told | {"min_group_size": 1})[0]


def test_a_world_forgets_small_communities_and_the_homes_of_their_posts() -> None:
    world = gk.build_world(gk.synthetic.platform(accounts=150, rng=4), ticks=2, rng=1)
    before = world.partitions["planted"]
    least = int(before.sizes[4])
    merged = unassign_small_in_world(world, least)
    after, homes = merged.partitions["planted"], merged.homes["planted"]
    assert after.n_communities < before.n_communities
    assert after.sizes.min() >= least
    kept = homes >= 0
    assert np.array_equal(
        kept, (world.homes["planted"] >= 0) & (world.homes["planted"] < after.n_communities)
    )
    assert np.array_equal(homes[kept], world.homes["planted"][kept])
    assert unassign_small_in_world(merged, least) is merged
    with pytest.raises(DataError, match="planted partition has no community of 1000 accounts"):
        unassign_small_in_world(world, 1000)


def test_measures_tell_no_number_of_few_creators_or_unassigned_accounts() -> None:
    world = gk.build_world(gk.synthetic.platform(accounts=300, rng=4), ticks=3, rng=1)
    spread = gk.simulate_spread(world, gk.study.StudyConfig.of({}).feeds(), ticks=2, slots=3, rng=1)
    outcome = gk.measure_spread(spread)
    partition = world.partitions["planted"]
    within = np.repeat(world.ticks < 2, np.diff(world.poster_indptr))
    creators = np.unique(world.posters[within])
    counts = np.bincount(partition.membership[creators], minlength=partition.n_communities)
    least = int(np.sort(counts)[-2])  # two communities have as many
    told = disclosed_outcome(outcome, [world], 2, least)
    hosted = told.filter(pl.col("measure") == "hosting_creators")
    shown = {partition.name(int(c)) for c in np.flatnonzero(counts >= least)}
    assert set(hosted["community"]) == shown
    assert "unassigned_accounts" not in told["measure"]
    rest = ~pl.col("measure").is_in(["hosting_creators", "unassigned_accounts"])
    assert told.filter(rest).equals(outcome.filter(rest))
    assert disclosed_outcome(outcome, [world], 2, 1) is outcome


def test_a_study_names_neither_owners_nor_items() -> None:
    values = {
        "data": {"source": "any", "path": "log", "account": {"liked.json": "ann"}},
        "communities": {"exclude": ["7281986300348026145"]},
    }
    study = StudyConfig.of(values)
    told = public_config(study)
    assert (told.data.account, told.communities.exclude) == ("(left out)", ("(left out)",))
    raw = study.model_copy(update={"report": study.report.model_copy(update={"members": "raw"})})
    assert public_config(raw) is raw
    tags = StudyConfig.of({"communities": {"through": "tags", "exclude": ["jazz"]}})
    assert "jazz" in public_config(tags).communities.exclude


def test_a_study_past_the_day_of_its_terms_says_so() -> None:
    follows = {"follower_id": ["a"], "followee_id": ["b"]}
    for days, late in ((-1, True), (0, False), (1, False)):
        day = date.today() + timedelta(days)
        ds = Dataset(follows=follows, refresh_due=day)
        assert overdue(ds) == late
        assert ("which is past" in refresh_text(ds)) == late
        assert day.isoformat() in refresh_text(ds)
    assert not overdue(Dataset(follows=follows))


@given(st.lists(st.integers(1, 12), min_size=1, max_size=8), st.integers(2, 8))
def test_merge_small_moves_members_of_small_communities_and_nobody_else(
    sizes: list[int], least: int
) -> None:
    groups = [group for group, size in enumerate(sizes) for _ in range(size)]
    p = Partition.from_membership(range(len(groups)), groups)
    merged, _ = merge_small(p, least)
    assert int(merged.sizes.sum()) == len(groups)
    assert merged.sizes.min() >= least or merged.n_communities == 1
    for code in range(merged.n_communities):
        members = set(merged.members(code).tolist())
        if merged.labels[code] != "other":
            # a community keeps its members, and the name that it went by
            (old,) = {int(c) for c in p.membership[sorted(members)]}
            assert members == set(p.members(old).tolist())
            assert merged.labels[code] == p.name(old)


def test_merge_small_finds_a_name_for_the_rest() -> None:
    p = Partition.from_membership(
        dict(zip("abcdefg", ["other"] * 3 + ["x"] * 2 + ["y", "z"], strict=True))
    )
    assert merge_small(p, 3)[0].labels == ("other_2", "other")

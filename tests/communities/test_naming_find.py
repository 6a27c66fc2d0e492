from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import hypergeom

import graphkit as gk
from graphkit.communities import find_community, resolution_profile
from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.rng import Streams


def world(
    members: dict[str, tuple[int, int]], unassigned: tuple[int, int] = (0, 0)
) -> tuple[Partition, Dataset]:
    """Community → (size, how many of its members use #BookTok); the others use #misc."""
    ids: list[str] = []
    codes: list[int] = []
    tags: list[list[str]] = []
    everybody = [*members.items(), ("zz", unassigned)]
    for code, (name, (size, users)) in enumerate(everybody):
        for i in range(size):
            ids.append(f"{name}{i:03}")
            codes.append(-1 if name == "zz" else code)
            tags.append(["BookTok", "fyp"] if i < users else ["misc"])
    ds = Dataset(items={"item_id": ids, "author_id": ids, "tags": tags})
    return Partition.from_membership(ids, codes, node_kind="authors"), ds


def counted(p: Partition, ds: Dataset, part: str, seed: int = 0) -> dict[int, dict[str, float]]:
    """Slow twin: the figures of each community for #booktok, over a half or over everyone."""
    assert ds.items is not None
    tags = dict(ds.items.select("author_id", "tags").iter_rows())
    ids = p.vocabulary.ids.tolist()
    tagging = [bool(tags.get(i)) for i in ids]
    using = [t and "BookTok" in tags[i] for i, t in zip(ids, tagging, strict=True)]
    order = Streams(seed).generator("find_community").permutation(len(ids)).tolist()
    chooses: set[int] = set()
    for group in (using, [t and not u for t, u in zip(tagging, using, strict=True)]):
        chooses |= {i for k, i in enumerate(i for i in order if group[i]) if k % 2 == 0}
    kept = {
        "choosing": chooses,
        "scoring": set(range(len(ids))) - chooses,
        "all": set(range(len(ids))),
    }[part]
    base = {i for i in kept if tagging[i]}
    users = {i for i in base if using[i]}
    assigned = {i for i in base if p.membership[i] >= 0}
    found = {}
    for c in range(p.n_communities):
        mine = {i for i in base if p.membership[i] == c}
        x = len(mine & users)
        precision, recall = x / len(mine), x / len(users)
        share = len(users & assigned) / len(assigned)
        f1 = 2 * precision * recall / (precision + recall) if x else 0.0
        found[c] = {"precision": precision, "recall": recall, "f1": f1, "lift": precision / share}
        found[c] |= {"users": x, "taggers": len(mine)}
    return found


def cross_fitted(p: Partition, ds: Dataset, seed: int = 0) -> dict[str, float]:
    """Slow twin: what either half chose, counted in the other."""
    assert ds.items is not None
    halves = [counted(p, ds, part, seed) for part in ("choosing", "scoring")]
    best = [max(half, key=lambda c, half=half: half[c]["f1"]) for half in halves]  # type: ignore[misc]
    mine = [halves[1][best[0]], halves[0][best[1]]]
    x, base = (sum(row[name] for row in mine) for name in ("users", "taggers"))
    whole = counted(p, ds, "all")
    share = sum(row["users"] for row in whole.values()) / sum(
        row["taggers"] for row in whole.values()
    )
    precision, recall = (
        x / base,
        x / ds.items.filter(pl.col("tags").list.contains("BookTok")).height,
    )
    f1 = 2 * precision * recall / (precision + recall) if x else 0.0
    return {"precision": precision, "recall": recall, "f1": f1, "lift": precision / share}


def test_suppressed_counts_of_few_are_gone() -> None:
    p, ds = world({"a": (100, 10), "b": (50, 40)}, unassigned=(30, 6))
    hit = find_community(p, ds, tags="booktok")
    # nothing is below ten: nothing is left out
    assert repr(hit.suppress(10)) == repr(hit)
    assert hit.suppress(10).candidates.equals(hit.candidates)
    # ten users of the first community are below eleven
    assert hit.suppress(11).candidates["community"].to_list() == [1]
    assert hit.suppress(11).found
    # all users are below 57
    none = hit.suppress(57)
    assert (none.found, none.community, none.n_users) == (False, None, None)
    assert none.candidates.is_empty()
    assert "56" not in repr(none)
    assert "Fewer than 57 nodes use booktok." in repr(none)


def test_suppressed_members_without_tags_cannot_be_subtracted() -> None:
    p, ds = world({"a": (100, 10), "b": (50, 40)}, unassigned=(30, 6))
    hit = find_community(p, ds, tags="booktok")
    untold = dataclasses.replace(hit, n_untagged=3, candidates=hit.candidates.with_columns(size=53))
    shown = untold.suppress(10)
    assert shown.n_untagged is None
    assert "without any tag" not in repr(shown)
    assert shown.candidates.filter(pl.col("community") == 1)["taggers"].to_list() == [None]


def test_figures_are_what_the_formulas_say() -> None:
    p, ds = world({"a": (100, 10), "b": (50, 40)}, unassigned=(30, 6))
    hit = find_community(p, ds, tags=("#booktok",))
    assert hit
    assert hit.found
    assert hit.tags == ("booktok",)
    assert (hit.community, hit.label) == (1, "community 1")
    assert hit.n_users == 56
    best = hit.candidates.row(0, named=True)
    assert best["precision"] == 40 / 50
    assert best["recall"] == 40 / 56  # the unassigned six are missed
    assert best["f1"] == pytest.approx(2 * (0.8 * 40 / 56) / (0.8 + 40 / 56))
    assert best["lift"] == pytest.approx((40 / 50) / (50 / 150))
    # no half scores what it chose; both chose the same, so that all are counted
    twin = cross_fitted(p, ds)
    assert {name: getattr(hit, name) for name in twin} == pytest.approx(twin)
    assert (hit.precision, hit.recall, hit.lift) == (40 / 50, 40 / 56, pytest.approx(2.4))
    for name, part in (("first_f1", "choosing"), ("second_f1", "scoring")):
        assert best[name] == pytest.approx(counted(p, ds, part)[1]["f1"])
    assert (hit.n_taggers, hit.n_untagged) == (180, 0)
    assert (hit.domain, hit.resolution) == (None, None)
    assert hit.p_value == pytest.approx(2 * hypergeom.sf(39, 150, 50, 50), rel=1e-9)
    assert hit.hint == ""
    assert hit.candidates.columns == [
        "domain",
        "resolution",
        "community",
        "label",
        "size",
        "taggers",
        "users",
        "precision",
        "recall",
        "f1",
        "lift",
        "p_value",
        "first_f1",
        "second_f1",
    ]
    assert hit.candidates.select("community", "users").rows() == [(1, 40), (0, 10)]
    assert hit.provenance.verb == "find_community"
    assert "found" in repr(hit)


def test_named_communities_are_answered_by_name() -> None:
    p, ds = world({"a": (60, 0), "b": (20, 20)})
    named = p.with_labels((None, "#BookTok"), None, p.provenance)
    assert find_community(named, ds, tags="booktok").label == "#BookTok"


def test_several_tags_are_one_question() -> None:
    ids = [f"u{i:02}" for i in range(40)]
    tags = [["bookish"]] * 5 + [["BOOKTOK"]] * 5 + [["x"]] * 30
    ds = Dataset(items={"item_id": ids, "author_id": ids, "tags": tags})
    p = Partition.from_membership(ids, [0] * 10 + [1] * 30, node_kind="authors")
    hit = find_community(p, ds, tags=("booktok", "#Bookish", "bookstagram", "booktok"))
    assert (hit.precision, hit.recall, hit.n_users) == (1.0, 1.0, 10)
    assert hit.tags == ("bookish", "bookstagram", "booktok")
    assert hit.hint.startswith("nobody in the data uses #bookstagram.")


def test_none_where_everybody_uses_the_tag() -> None:
    p, ds = world({"a": (100, 100), "b": (50, 50)})
    hit = find_community(p, ds, tags="booktok")
    assert not hit
    assert (hit.community, hit.label) == (None, None)
    assert (hit.precision, hit.recall, hit.f1, hit.lift, hit.p_value) == (0, 0, 0, 0, 1)
    assert hit.candidates.height == 2
    assert hit.n_users == 150
    assert "none" in repr(hit)


def test_lift_of_exactly_two_is_enough() -> None:
    p, ds = world({"a": (30, 30), "b": (30, 0)})
    assert find_community(p, ds, tags="booktok").lift == 2.0
    q, more = world({"a": (30, 30), "b": (29, 0)})
    assert not find_community(q, more, tags="booktok")


def test_a_match_in_part_says_so() -> None:
    # twelve users in a community of sixty, none among the other six hundred
    p, ds = world({"a": (60, 12), "b": (600, 2)})
    hit = find_community(p, ds, tags="booktok")
    assert hit
    assert hit.candidates["precision"][0] == 0.2
    assert hit.hint == (
        "only 20% (12 of 60) of its members that use tags use these: it is about more than them."
    )
    assert "20% (12 of 60)" in repr(hit)
    assert "20% (12 of 60)" in hit._repr_html_()
    # most users elsewhere, each of them alone among strangers
    q, more = world({"a": (30, 30), "b": (900, 40)})
    found = find_community(q, more, tags="booktok")
    assert found
    assert found.hint == (
        "only 43% (30 of 70) of the users of the tags are in it: most are elsewhere."
    )


def test_a_refusal_gives_its_reason_and_the_next_best() -> None:
    p, ds = world({"a": (100, 100), "b": (50, 50)})
    hit = find_community(p, ds, tags="booktok")
    assert hit.hint == (
        "the best candidate, community 0, is no match: lift 1.00 is below 2 and p 1 is not below "
        "0.01."
    )
    # a crowd has the best F1 by its size; a small community is far beyond chance
    q, more = world({"a": (500, 200), "b": (20, 18), "c": (300, 0)})
    refused = find_community(q, more, tags="booktok")
    assert not refused
    assert refused.candidates.row(0, named=True)["community"] == 0
    assert refused.candidates["lift"][0] == pytest.approx(1.5, abs=0.01)
    lift = cross_fitted(q, more)["lift"]
    assert f"lift {lift:.2f} is below 2" in refused.hint
    assert "community 2 would be one (lift 3.39" in refused.hint
    assert (
        "90% (18 of 20) of its members that use tags, 8% (18 of 218) of the users." in refused.hint
    )


def test_few_users_prove_nothing() -> None:
    p, ds = world({"a": (4, 3), "b": (40, 0)})
    hit = find_community(p, ds, tags="booktok")
    best = hit.candidates.row(0, named=True)
    assert best["lift"] > 2
    assert best["p_value"] == pytest.approx(2 * hypergeom.sf(2, 44, 3, 4))
    assert hit.found == (best["p_value"] < 0.01)
    smaller, less = world({"a": (4, 2), "b": (40, 0)})
    assert not find_community(smaller, less, tags="booktok")


def test_a_tag_spread_by_chance_is_found_nowhere() -> None:
    rng = np.random.default_rng(6)
    found = 0
    for _ in range(200):
        ids = [f"u{i:03}" for i in range(200)]
        tags = [["booktok" if u else "misc"] for u in rng.random(200) < 0.1]
        ds = Dataset(items={"item_id": ids, "author_id": ids, "tags": tags})
        p = Partition.from_membership(ids, rng.integers(0, 8, 200), node_kind="authors")
        found += bool(find_community(p, ds, tags="booktok"))
    assert found / 200 < 0.01 + 3 * math.sqrt(0.01 * 0.99 / 200)


def test_a_misspelt_tag_is_no_error_but_a_hint() -> None:
    p, ds = world({"a": (30, 30), "b": (30, 0)})
    hit = find_community(p, ds, tags="boktok")
    assert not hit
    assert hit.n_users == 0
    assert hit.candidates.height == 0
    assert hit.hint == "nobody in the data uses #boktok. Did you mean 'booktok'?"
    assert "Did you mean" in repr(hit)


def test_tags_of_others_give_a_hint_too() -> None:
    _, ds = world({"a": (30, 30), "b": (30, 0)})
    strangers = Partition.from_membership(["x", "y"], [0, 1])
    hit = find_community(strangers, ds, tags="booktok")
    assert not hit
    assert "no node of the partition" in hit.hint


def test_users_who_are_all_unassigned() -> None:
    p, ds = world({"a": (30, 0)}, unassigned=(10, 10))
    hit = find_community(p, ds, tags="booktok")
    assert not hit
    assert hit.n_users == 10
    assert hit.candidates.height == 0


def test_a_partition_without_communities() -> None:
    p, ds = world({}, unassigned=(10, 10))
    assert not find_community(p, ds, tags="booktok")


def test_communities_of_tags() -> None:
    tags = [f"book{i}" for i in range(10)] + [f"jazz{i}" for i in range(30)]
    ds = Dataset(items={"item_id": ["v"], "tags": [tags]})
    p = Partition.from_membership(tags, [0] * 10 + [1] * 30, node_kind="tags")
    hit = find_community(p, ds, tags=tags[:8])
    assert hit.community == 1
    assert hit.recall == 1
    assert hit.candidates.select("precision", "recall").row(0) == (0.8, 1.0)


def test_row_order_does_not_matter() -> None:
    p, ds = world({"a": (100, 10), "b": (50, 40)})
    assert ds.items is not None
    turned = Dataset(items=ds.items.reverse())
    one, other = (find_community(p, d, tags="booktok") for d in (ds, turned))
    assert one.candidates.equals(other.candidates)


def test_members_without_tags_are_no_misses() -> None:
    p, ds = world({"a": (50, 40), "b": (100, 10)})
    silent = [f"silent{i}" for i in range(400)]
    q = Partition.from_membership(
        [*p.vocabulary.ids.tolist(), *silent],
        [*p.membership.tolist(), *[1 - i % 2 for i in range(400)]],
        node_kind="authors",
    )
    hit, other = find_community(p, ds, tags="booktok"), find_community(q, ds, tags="booktok")
    figures = ["taggers", "users", "precision", "recall", "f1", "lift", "p_value"]
    assert sorted(hit.candidates.select(figures).rows()) == sorted(
        other.candidates.select(figures).rows()
    )
    assert (other.n_taggers, other.n_untagged) == (150, 200)
    assert other.candidates.filter(pl.col("users") == 40)["size"].to_list() == [250]
    assert "200" in repr(other)


def test_the_score_of_the_best_of_many_is_not_optimistic() -> None:
    """Where nothing matches, the F1 of the best is too high, and the score is not."""
    rng = np.random.default_rng(3)
    chosen, together, scored, truth = [], [], [], []
    for _ in range(100):
        codes = rng.integers(0, 20, 400)
        ids = [f"u{i:03}" for i in range(400)]
        tags = [["BookTok" if u else "misc"] for u in rng.random(400) < 0.1]
        ds = Dataset(items={"item_id": ids, "author_id": ids, "tags": tags})
        p = Partition.from_membership(ids, codes, node_kind="authors")
        best = find_community(p, ds, tags="booktok").candidates.row(0, named=True)
        chosen.append(max(row["f1"] for row in counted(p, ds, "choosing").values()))
        together.append(best["f1"])
        scored.append(cross_fitted(p, ds)["f1"])
        truth.append(np.mean([row["f1"] for row in counted(p, ds, "all").values()]))
    assert np.mean(chosen) > 2 * np.mean(truth)
    assert np.mean(together) > 1.5 * np.mean(truth)
    error = np.std(scored) / 10
    assert abs(np.mean(scored) - np.mean(truth)) < 3 * error


def test_where_the_halves_choose_apart_each_is_scored_in_the_other() -> None:
    """Two communities of the same size and nearly as many users: halves disagree in some seeds."""
    p, ds = world({"a": (40, 20), "b": (40, 19), "c": (200, 4)})
    apart = 0
    for seed in range(20):
        halves = [counted(p, ds, part, seed) for part in ("choosing", "scoring")]
        best = [max(half, key=lambda c, half=half: half[c]["f1"]) for half in halves]  # type: ignore[misc]
        apart += best[0] != best[1]
        hit = find_community(p, ds, tags="booktok", rng=seed)
        twin = cross_fitted(p, ds, seed)
        assert hit.community == 1
        assert {name: getattr(hit, name) for name in twin} == pytest.approx(twin)
    assert 5 < apart < 20


def test_the_score_hardly_depends_on_the_halves() -> None:
    """One half alone would score anything from a third to two thirds."""
    p, ds = world({"a": (40, 20), "b": (40, 4), "c": (200, 16)})
    one_half = [counted(p, ds, "scoring", seed)[1]["f1"] for seed in range(30)]
    assert np.ptp(one_half) > 0.2
    found = {find_community(p, ds, tags="booktok", rng=seed).f1 for seed in range(30)}
    assert found == {0.5}


def nested() -> tuple[Graph, Dataset]:
    """Four large groups, one of which is five small ones; #BookTok is one of the five."""
    rng = np.random.default_rng(1)
    small = np.arange(240) // 12
    large = np.where(small < 5, 0, 1 + (small - 5) // 5)
    share = np.where(small[:, None] == small, 0.9, np.where(large[:, None] == large, 0.25, 0.01))
    linked = np.triu(rng.random((240, 240)) < share, 1)
    ids = np.array([f"u{i:03}" for i in range(240)])
    tail, head = np.nonzero(linked)
    g = Graph.from_edges(ids[tail], ids[head], directed=False, nodes=ids, node_kind="authors")
    tags = [["BookTok"] if s == 2 else ["misc"] for s in small]
    return g, Dataset(items={"item_id": ids, "author_id": ids, "tags": tags})


def test_a_profile_finds_the_small_and_the_large() -> None:
    g, ds = nested()
    profile = resolution_profile(g, runs=3, steps=8, rng=1)
    hit = find_community(profile, ds, tags="booktok")
    assert hit
    assert hit.domain is not None
    p = profile.partitions[hit.domain]
    assert hit.resolution == p.resolution
    assert set(p.members(hit.community)) == {f"u{i:03}" for i in range(24, 36)}
    assert (hit.precision, hit.recall) == (1.0, 1.0)
    # corrected for every community of every partition that is not trivial
    kept = [q for q, t in zip(profile.partitions, profile.domains["trivial"], strict=True) if not t]
    tested = sum(q.n_communities for q in kept)
    assert hit.p_value == pytest.approx(tested * hypergeom.sf(11, 240, 12, 12), rel=1e-9)
    assert f"domain {hit.domain}" in repr(hit)
    assert ds.items is not None
    crowd = ds.items.with_columns(
        tags=pl.Series([["BookTok"] if i < 60 else ["misc"] for i in range(240)])
    )
    big = find_community(profile, Dataset(items=crowd), tags="booktok")
    assert big.domain is not None
    assert big.domain < hit.domain
    trivial = dataclasses.replace(
        profile, domains=profile.domains.with_columns(trivial=pl.lit(value=True))
    )
    with pytest.raises(DataError, match="all partitions of the profile are trivial"):
        find_community(trivial, ds, tags="booktok")


@pytest.mark.parametrize("ends", [{"through": "tags"}, {"between": "tags", "through": "items"}])
def test_edges_made_of_tags_are_no_independent_evidence(ends: dict[str, Any]) -> None:
    p, ds = world({"a": (100, 10), "b": (50, 40)})
    graph = Provenance("cointeraction_graph", ends)
    q = dataclasses.replace(p, provenance=Provenance("leiden", parents=(graph,)))
    assert "no independent evidence" in find_community(q, ds, tags="booktok").hint
    other = dataclasses.replace(graph, parameters={"between": "accounts", "through": "items"})
    r = dataclasses.replace(p, provenance=Provenance("leiden", parents=(other,)))
    assert find_community(r, ds, tags="booktok").hint == ""


def test_a_graph_through_tags_says_so() -> None:
    platform = gk.synthetic.platform(200, communities=4, rng=1)
    graph = gk.cointeraction_graph(platform.dataset, between="authors", through="tags")
    found = gk.leiden(graph, runs=2, rng=1)
    hit = find_community(found, platform.dataset, tags="comedy")
    assert "the edges of the graph were made of tags" in hit.hint


def test_other_halves_can_be_asked_for() -> None:
    p, ds = world({"a": (100, 10), "b": (50, 40)})
    hit = find_community(p, ds, tags="booktok", rng=5)
    twin = cross_fitted(p, ds, seed=5)
    assert {name: getattr(hit, name) for name in twin} == pytest.approx(twin)
    assert hit.provenance.seed == 5
    assert find_community(p, ds, tags="booktok").provenance.seed == 0


def test_errors() -> None:
    p, ds = world({"a": (3, 1)})
    for nothing in ((), "", "#", ["# ", ""]):
        with pytest.raises(OptionError, match="names no tag: pass at least one"):
            find_community(p, ds, tags=nothing)
    with pytest.raises(OptionError, match="3 is no text"):
        find_community(p, ds, tags=[3])  # type: ignore[list-item]
    bare = Dataset(follows=pl.DataFrame({"follower_id": ["a"], "followee_id": ["b"]}))
    with pytest.raises(MissingDataError, match="find_community needs"):
        find_community(p, bare, tags="x")
    with pytest.raises(DataError, match="needs a graphkit Partition"):
        find_community(ds, ds, tags="x")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="needs a graphkit Dataset"):
        find_community(p, p, tags="x")  # type: ignore[arg-type]

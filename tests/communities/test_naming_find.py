from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy.stats import hypergeom

from graphkit.communities import find_community
from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.errors import DataError, MissingDataError, OptionError


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


def test_figures_are_what_the_formulas_say() -> None:
    p, ds = world({"a": (100, 10), "b": (50, 40)}, unassigned=(30, 6))
    hit = find_community(p, ds, tags=("#booktok",))
    assert hit
    assert hit.found
    assert hit.tags == ("booktok",)
    assert (hit.community, hit.label) == (1, "community 1")
    assert hit.n_users == 56
    assert hit.precision == 40 / 50
    assert hit.recall == 40 / 56  # the unassigned six are missed
    assert hit.f1 == pytest.approx(2 * hit.precision * hit.recall / (hit.precision + hit.recall))
    assert hit.lift == pytest.approx((40 / 50) / (50 / 150))
    assert hit.p_value == pytest.approx(2 * hypergeom.sf(39, 150, 50, 50), rel=1e-9)
    assert hit.hint == ""
    assert hit.candidates.columns == [
        "community",
        "label",
        "size",
        "users",
        "precision",
        "recall",
        "f1",
        "lift",
        "p_value",
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
    assert hit.precision == 0.2
    assert hit.hint == (
        "only 20% (12 of 60) of its members use the tags: it is about more than them."
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
    assert "lift 1.50 is below 2" in refused.hint
    assert "community 2 would be one (lift 3.39" in refused.hint
    assert "90% (18 of 20) of its members, 8% (18 of 218) of the users." in refused.hint


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
    tags = [f"book{i}" for i in range(10)] + [f"jazz{i}" for i in range(10)]
    ds = Dataset(items={"item_id": ["v"], "tags": [tags]})
    p = Partition.from_membership(tags, [0] * 10 + [1] * 10, node_kind="tags")
    hit = find_community(p, ds, tags=tags[:8])
    assert hit.community == 0
    assert (hit.precision, hit.recall) == (0.8, 1.0)


def test_row_order_does_not_matter() -> None:
    p, ds = world({"a": (100, 10), "b": (50, 40)})
    assert ds.items is not None
    turned = Dataset(items=ds.items.reverse())
    one, other = (find_community(p, d, tags="booktok") for d in (ds, turned))
    assert one.candidates.equals(other.candidates)


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

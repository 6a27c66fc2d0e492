from __future__ import annotations

from collections import Counter

import igraph as ig
import numpy as np
import polars as pl
import pytest

from graphkit.data.platform import Platform
from graphkit.rng import fenced_igraph
from graphkit.synthetic import toy


@pytest.fixture(scope="module")
def platform() -> Platform:
    return toy()


def community(account: str) -> str:
    return account[:-1]


def partition(platform: Platform, pairs: Counter[tuple[str, str]], seed: int) -> list[set[str]]:
    ids = platform.dataset.account_ids.ids.tolist()
    code = {a: i for i, a in enumerate(ids)}
    with fenced_igraph(seed):
        graph = ig.Graph(n=24, edges=[(code[a], code[b]) for a, b in pairs])
        found = graph.community_leiden("modularity", weights=list(pairs.values()), n_iterations=-1)
    return sorted(({ids[i] for i in group} for group in found), key=min)


def test_exact_counts(platform: Platform) -> None:
    rows = {name: table.height for name, table in platform.dataset.tables.items()}
    assert rows == {
        "accounts": 24,
        "items": 14,
        "follows": 70,
        "interactions": 89,
        "impressions": 141,
        "memberships": 15,
    }
    interactions = platform.dataset.interactions
    assert interactions is not None
    assert Counter(interactions["kind"].to_list()) == {
        "like": 80,
        "comment": 3,
        "share": 2,
        "save": 2,
        "stitch": 1,
        "duet": 1,
    }


def test_truth(platform: Platform) -> None:
    assert platform.truth.labels == platform.topics == ("#alttok", "BookTok", "CatTok")
    assert platform.truth.members("BookTok").tolist() == [f"book{i}" for i in range(1, 9)]
    assert platform.interests[0].tolist() == pytest.approx([0.8, 0.1, 0.1])
    assert np.bincount(platform.item_topics).tolist() == [5, 4, 5]
    items = platform.dataset.items
    assert items is not None
    assert [community(a) for a in items["author_id"]] == [
        ("alt", "book", "cat")[t] for t in platform.item_topics
    ]


def test_alttok_follows_cattok_only(platform: Platform) -> None:
    follows = platform.dataset.follows
    assert follows is not None
    between = Counter((community(a), community(b)) for a, b in follows.iter_rows())
    assert between == {
        ("book", "book"): 24,
        ("cat", "cat"): 24,
        ("alt", "cat"): 12,
        ("book", "alt"): 8,
        ("book", "cat"): 1,
        ("cat", "book"): 1,
    }


def test_impressions_and_likes_fit_together(platform: Platform) -> None:
    data = platform.dataset
    assert data.impressions is not None
    assert data.items is not None
    assert data.interactions is not None
    shown = data.impressions.join(data.items, on="item_id", how="left")
    assert (shown["account_id"] != shown["author_id"]).all()
    assert (shown["at"] > shown["created_at"]).all()
    assert not data.impressions.select("account_id", "item_id").is_duplicated().any()
    finished = data.impressions.filter(pl.col("watch_fraction") == 1.0)
    likes = data.interactions.filter(pl.col("kind") == "like")
    key = ["account_id", "item_id", "at"]
    assert finished.select(key).sort(key).equals(likes.select(key).sort(key))
    seen = set(data.impressions.select("account_id", "item_id").iter_rows())
    others = data.interactions.filter(pl.col("kind").cast(pl.String).is_in(["comment", "share"]))
    assert set(others.select("account_id", "item_id").iter_rows()) <= seen


def test_answers(platform: Platform) -> None:
    interactions = platform.dataset.interactions
    assert interactions is not None
    answers = interactions.drop_nulls("target_item_id").drop("at").sort("item_id")
    assert answers.rows() == [
        ("alt5", "v13", "stitch", "v09", "alt1"),
        ("cat6", "v14", "duet", "v06", "cat2"),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_follows_do_not_show_alttok_and_likes_do(platform: Platform, seed: int) -> None:
    data = platform.dataset
    assert data.follows is not None
    assert data.interactions is not None
    ties = Counter((min(pair), max(pair)) for pair in data.follows.iter_rows())
    follow_communities = partition(platform, ties, seed)
    halves = [
        {f"alt{i}" for i in range(1, 5)} | {f"cat{i}" for i in range(1, 9)},
        {f"alt{i}" for i in range(5, 9)} | {f"book{i}" for i in range(1, 9)},
    ]
    assert follow_communities == halves

    likes = data.interactions.filter(pl.col("kind") == "like")
    shared: Counter[tuple[str, str]] = Counter()
    for fans in likes.group_by("item_id", maintain_order=True).agg("account_id")["account_id"]:
        shared.update((a, b) for a in fans for b in fans if a < b)
    found = partition(platform, shared, seed)
    assert found == [{f"{stem}{i}" for i in range(1, 9)} for stem in ("alt", "book", "cat")]

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import igraph as ig
import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, spearmanr
from sklearn.metrics import adjusted_mutual_info_score

import graphkit
from graphkit.data.dataset import Dataset
from graphkit.data.incidence import incidence
from graphkit.data.platform import Platform
from graphkit.data.tags import STOP_TAGS, fold_tag
from graphkit.errors import GraphkitError, OptionError
from graphkit.rng import Streams, fenced_igraph
from graphkit.synthetic import platform
from graphkit.synthetic.accounts import draw_population, topics_followed
from graphkit.synthetic.topics import GENERIC_TAGS, TOPICS

Codes = npt.NDArray[np.int64]


@pytest.fixture(scope="module")
def usual() -> Platform:
    return platform(rng=20240601)


@pytest.fixture(scope="module")
def mixed() -> Platform:
    return platform(mixing=1.0, rng=3)


def homes(p: Platform, ids: pl.Series) -> Codes:
    return p.truth.membership[p.dataset.account_ids.encode(ids)].astype(np.int64)


def topics(p: Platform, ids: pl.Series) -> Codes:
    return p.item_topics[p.dataset.item_ids.encode(ids)].astype(np.int64)


def _mean(series: pl.Series) -> float:
    value = series.mean()
    assert isinstance(value, float)
    return value


def crossed(a: Codes, b: Codes, k: int) -> Codes:
    return np.bincount(a * k + b, minlength=k * k).reshape(k, k)


def internal_follows(p: Platform) -> npt.NDArray[np.float64]:
    """Share of each community's follows that stay within it."""
    follows, k = p.dataset.follows, len(p.topics)
    assert follows is not None
    table = crossed(homes(p, follows["follower_id"]), homes(p, follows["followee_id"]), k)
    share: npt.NDArray[np.float64] = table.diagonal() / table.sum(axis=1)
    return share


def leiden(n: int, source: Any, target: Any, weight: Any) -> Codes:
    with fenced_igraph(1):
        graph = ig.Graph(n=n, edges=list(zip(source.tolist(), target.tolist(), strict=True)))
        found = graph.community_leiden("modularity", weights=weight.tolist(), n_iterations=-1)
    return np.array(found.membership)


def by_likes(p: Platform) -> Codes:
    """Communities of accounts that react to the same items, rows weighted by ln(N / d)."""
    pairs = incidence(p.dataset, between="accounts", through="items")
    shape = (len(pairs.between), len(pairs.through))
    table = sp.csr_array((np.ones(len(pairs.rows)), (pairs.rows, pairs.columns)), shape=shape)
    table.data[:] = 1.0
    rows = table @ sp.diags_array(np.log(shape[0] / np.asarray(table.sum(axis=0))))
    norm = np.sqrt(np.asarray((rows * rows).sum(axis=1)))
    rows = sp.diags_array(1.0 / np.maximum(norm, 1e-12)) @ rows
    ties = sp.triu(rows @ rows.T, 1).tocoo()
    return leiden(shape[0], ties.row, ties.col, ties.data)


def by_follows(p: Platform) -> Codes:
    follows, ids = p.dataset.follows, p.dataset.account_ids
    assert follows is not None
    a, b = ids.encode(follows["follower_id"]), ids.encode(follows["followee_id"])
    return leiden(len(ids), a, b, np.ones(len(a)))


def best_f1(found: Codes, members: npt.NDArray[np.bool_]) -> float:
    hits = np.bincount(found[members], minlength=found.max() + 1)
    return float((2 * hits / (np.bincount(found) + members.sum())).max())


# --- tables -----------------------------------------------------------------------------------


def test_tables_hold_what_was_asked_for(usual: Platform) -> None:
    rows = {name: table.height for name, table in usual.dataset.tables.items()}
    assert rows["accounts"] == 5000
    assert rows["items"] == 6000
    assert 15 <= rows["follows"] / 5000 <= 20
    assert 500_000 <= rows["impressions"] <= 600_000
    assert 30_000 <= rows["interactions"] <= 60_000
    assert 0.8 <= rows["memberships"] / 5000 <= 1.3
    assert usual.dataset.account_ids.ids[[0, -1]].tolist() == ["a00000", "a04999"]
    assert usual.dataset.item_ids.ids[[0, -1]].tolist() == ["v000000", "v005999"]


def test_no_column_is_empty(usual: Platform) -> None:
    for name, table in usual.dataset.tables.items():
        for column in table.get_columns():
            assert column.null_count() < table.height, f"{name}.{column.name}"


def test_counts_of_accounts_are_those_of_the_follows(usual: Platform) -> None:
    accounts, follows = usual.dataset.accounts, usual.dataset.follows
    assert accounts is not None
    assert follows is not None
    made, had = Counter(follows["follower_id"]), Counter(follows["followee_id"])
    ids = accounts["account_id"].to_list()
    assert accounts["following_count"].to_list() == [made[a] for a in ids]
    assert accounts["follower_count"].to_list() == [had[a] for a in ids]
    assert max(had.values()) > 10 * follows.height / 5000, "fame must be unequal"


def test_times_are_whole_seconds_within_the_window(usual: Platform) -> None:
    for name, column in (("items", "created_at"), ("impressions", "at"), ("interactions", "at")):
        at = usual.dataset.tables[name][column]
        assert at.dt.microsecond().sum() == 0
        assert at.dt.date().min().isoformat() == "2024-02-15"
        assert at.dt.date().max().isoformat() == "2024-03-15"
    follows = usual.dataset.follows
    assert follows is not None
    assert 0.2 < _mean(follows["since"] >= datetime(2024, 2, 15, tzinfo=UTC)) < 0.3


def test_files_stay_small(usual: Platform, tmp_path: Any) -> None:
    total = 0
    for name, table in usual.dataset.tables.items():
        file = tmp_path / f"{name}.parquet"
        table.write_parquet(file, compression="zstd", compression_level=3)
        total += file.stat().st_size
    assert total < 8_000_000


def test_answers_are_new_items_on_something_seen_before(usual: Platform) -> None:
    items, impressions = usual.dataset.items, usual.dataset.impressions
    interactions = usual.dataset.interactions
    assert items is not None
    assert impressions is not None
    assert interactions is not None
    answers = interactions.filter(pl.col("kind").cast(pl.String).is_in(["duet", "stitch"]))
    assert answers.height > 200
    assert answers["item_id"].is_unique().all()
    own = answers.join(items, on="item_id", how="left")
    assert (own["author_id"] == own["account_id"]).all()
    assert (own["created_at"] == own["at"]).all()
    original = answers.join(items, left_on="target_item_id", right_on="item_id", how="left")
    assert (original["author_id"] == original["target_account_id"]).all()
    assert (original["author_id"] != original["account_id"]).all()
    seen = answers.join(
        impressions.select("account_id", target_item_id="item_id", seen_at="at"),
        on=["account_id", "target_item_id"],
        how="left",
    )
    assert seen.height == answers.height
    assert (seen["seen_at"] < seen["at"]).all()
    assert (topics(usual, answers["item_id"]) == topics(usual, answers["target_item_id"])).all()
    others = interactions.filter(~pl.col("kind").cast(pl.String).is_in(["duet", "stitch"]))
    assert set(others["kind"].cast(pl.String).unique()) == {"like", "comment", "share", "save"}
    assert others["target_item_id"].null_count() == others.height


def test_reactions_follow_an_impression(usual: Platform) -> None:
    interactions, impressions = usual.dataset.interactions, usual.dataset.impressions
    assert interactions is not None
    assert impressions is not None
    reactions = interactions.filter(pl.col("target_item_id").is_null())
    seen = reactions.join(impressions, on=["account_id", "item_id"], how="left", suffix="_seen")
    assert (seen["at"] >= seen["at_seen"]).all()
    assert seen.height == reactions.height
    assert _mean(seen["watch_fraction"]) > 3 * _mean(impressions["watch_fraction"])
    assert impressions["watch_fraction"].max() > 1.0, "some watch again"


# --- what is said -------------------------------------------------------------------------------


def test_tags_are_noisy_but_telling(usual: Platform) -> None:
    items = usual.dataset.items
    assert items is not None
    lists = [[fold_tag(t) for t in tags] for tags in items["tags"].to_list()]
    assert all(len(set(tags)) == len(tags) for tags in lists)
    generic = {fold_tag(t) for t in GENERIC_TAGS}
    assert generic <= STOP_TAGS
    assert 0.75 < np.mean([bool(generic & set(tags)) for tags in lists]) < 0.90
    topical = [bool(set(tags) - STOP_TAGS) for tags in lists]
    assert 0.82 < np.mean(topical) < 0.95
    spelt = Counter(t for tags in items["tags"].to_list() for t in tags)
    assert all(spelt[t] for t in ("fyp", "FYP", "fypシ", "booktok", "BookTok", "BOOKTOK"))
    for code, label in enumerate(usual.topics):
        topic = next(t for t in TOPICS if t.label == label)
        about = [set(tags) for tags, t in zip(lists, usual.item_topics, strict=True) if t == code]
        others = [set(tags) for tags, t in zip(lists, usual.item_topics, strict=True) if t != code]
        share = np.mean([topic.tags[0] in tags for tags in about])
        assert 0.3 < share < 0.6, f"{label}: its own tag is frequent, but not everywhere"
        assert share > 15 * np.mean([topic.tags[0] in tags for tags in others])
    foreign = np.mean([bool(set(tags) & {"cattok", "cat", "cats"}) for tags in lists])
    assert foreign < 0.1


def test_captions_end_with_the_hashtags(usual: Platform) -> None:
    items = usual.dataset.items
    assert items is not None
    for caption, tags in items.select("caption", "tags").head(500).iter_rows():
        assert caption.split("#", 1)[0].strip()
        assert caption.endswith(" ".join(f"#{t}" for t in tags))


def test_sounds_are_shared_within_and_across(usual: Platform) -> None:
    items = usual.dataset.items
    assert items is not None
    with_sound = items.with_columns(topic=pl.Series(usual.item_topics)).drop_nulls("sound_id")
    assert 0.7 < with_sound.height / items.height < 0.8
    breadth = with_sound.group_by("sound_id").agg(
        pl.len(), pl.col("topic").value_counts(sort=True).first().struct.field("count")
    )
    used = breadth.filter(pl.col("len") >= 10).with_columns(top=pl.col("count") / pl.col("len"))
    assert used.filter(pl.col("top") < 0.5).height > 20, "sounds that everybody uses"
    assert used.filter(pl.col("top") > 0.9).height > 20, "sounds of one community"


def test_politics_divides(usual: Platform) -> None:
    items = usual.dataset.items
    assert items is not None
    mean = [_mean(items["divisiveness"].filter(usual.item_topics == t)) for t in range(12)]
    flagged = items["flags"].list.len().to_numpy() > 0
    politics = usual.topics.index("politics")
    assert int(np.argmax(mean)) == politics
    assert mean[politics] > 0.4
    in_politics = usual.item_topics == politics
    assert flagged[in_politics].mean() > 4 * flagged[~in_politics].mean() > 0
    assert items["flags"].explode(empty_as_null=True).drop_nulls().unique().to_list() == [
        "misinformation"
    ]


# --- truth and mixing ---------------------------------------------------------------------------


def test_truth_is_in_canonical_order(usual: Platform) -> None:
    assert usual.truth.labels == usual.topics
    assert usual.truth.node_kind == "accounts"
    shares = {t.label: t.share for t in TOPICS}
    for label, size in zip(usual.truth.labels, usual.truth.sizes, strict=True):
        assert label is not None
        assert abs(size - 5000 * shares[label]) < 1
    # ids tell nothing about homes
    codes = usual.truth.membership
    halves = (np.arange(5000) >= 2500).astype(np.int64)
    assert chi2_contingency(np.bincount(halves * 12 + codes).reshape(2, 12)).pvalue > 0.001
    assert abs(np.corrcoef(codes[:-1], codes[1:])[0, 1]) < 0.05


def test_home_is_the_strongest_interest() -> None:
    pure = platform(600, mixing=0.0, overlap=0.0, rng=1)
    assert np.array_equal(pure.interests, np.eye(12, dtype=np.float32)[pure.truth.membership])
    two = platform(2000, mixing=0.0, overlap=1.0, rng=1)
    second = np.sort(two.interests, axis=1)[:, -2]
    assert np.array_equal(two.interests.argmax(axis=1), two.truth.membership)
    assert 0.15 <= second.min() <= second.max() <= 0.40 + 1e-6
    usual = platform(2000, rng=1)
    assert (usual.interests.argmax(axis=1) == usual.truth.membership).mean() > 0.99
    assert abs((np.sort(usual.interests, axis=1)[:, -2] > 0.15).mean() - 0.1) < 0.06


def test_homes_and_traits_do_not_depend_on_mixing() -> None:
    low, high = platform(300, mixing=0.1, rng=8), platform(300, mixing=0.9, rng=8)
    assert low.truth.content_key == high.truth.content_key
    assert low.dataset.accounts is not None
    assert high.dataset.accounts is not None
    columns = ["account_id", "country", "language", "device"]
    assert low.dataset.accounts.select(columns).equals(high.dataset.accounts.select(columns))


def test_full_mixing_makes_truth_independent_of_behaviour(mixed: Platform) -> None:
    data, k = mixed.dataset, len(mixed.topics)
    assert data.items is not None
    assert data.interactions is not None
    assert data.follows is not None
    assert data.memberships is not None
    by_home = np.array([mixed.interests[mixed.truth.membership == j].mean(0) for j in range(k)])
    assert np.abs(by_home - mixed.truth.sizes / 5000).max() < 0.02
    posts = homes(mixed, data.items["author_id"]), topics(mixed, data.items["item_id"])
    likes = data.interactions.filter(pl.col("kind") == "like")
    liked = homes(mixed, likes["account_id"]), topics(mixed, likes["item_id"])
    arcs = homes(mixed, data.follows["follower_id"]), homes(mixed, data.follows["followee_id"])
    groups = data.memberships["group_id"].rank("dense").to_numpy().astype(np.int64) - 1
    joined = np.zeros((k, groups.max() + 1))
    np.add.at(joined, (homes(mixed, data.memberships["account_id"]), groups), 1)
    assert chi2_contingency(joined).pvalue > 0.001
    # accounts repeat within the rows, so the bound is looser than for independent rows
    for pairs in (posts, liked, arcs):
        table = crossed(*pairs, k).astype(float)
        expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
        off = np.abs(table.diagonal().sum() - expected.diagonal().sum())
        assert off < 5 * np.sqrt(expected.diagonal().sum())
    assert abs(adjusted_mutual_info_score(mixed.truth.membership, by_likes(mixed))) < 0.02
    assert abs(adjusted_mutual_info_score(mixed.truth.membership, by_follows(mixed))) < 0.02


def test_interest_in_the_home_topic_falls_with_mixing() -> None:
    shares = []
    for mixing in (0.0, 0.3, 0.6, 1.0):
        p = platform(800, mixing=mixing, rng=2)
        assert p.dataset.interactions is not None
        likes = p.dataset.interactions.filter(pl.col("kind") == "like")
        shares.append((homes(p, likes["account_id"]) == topics(p, likes["item_id"])).mean())
    assert shares[0] > 0.9
    assert shares[-1] < 0.15
    assert all(a > b + 0.1 for a, b in pairwise(shares))


def test_likes_are_far_likelier_within_interest(usual: Platform) -> None:
    data = usual.dataset
    assert data.interactions is not None
    assert data.impressions is not None
    likes = data.interactions.filter(pl.col("kind") == "like").select("account_id", "item_id")
    shown = data.impressions.join(
        likes.with_columns(liked=True), on=["account_id", "item_id"], how="left"
    )
    liked = shown["liked"].fill_null(False).to_numpy()
    inside = homes(usual, shown["account_id"]) == topics(usual, shown["item_id"])
    assert 0.40 < liked[inside].mean() < 0.55
    assert 0.005 < liked[~inside].mean() < 0.02


# --- homophily: how much a community follows itself --------------------------------------------------


def coleman(p: Platform) -> dict[str, float]:
    """Coleman's index of inbreeding homophily of follows: (share inside − expected) / (1 − expected).

    Expected is the share of all follows that go to the community.
    """
    follows, k = p.dataset.follows, len(p.topics)
    assert follows is not None
    table = crossed(homes(p, follows["follower_id"]), homes(p, follows["followee_id"]), k)
    expected = table.sum(axis=0) / table.sum()
    index = (table.diagonal() / table.sum(axis=1) - expected) / (1 - expected)
    return dict(zip(p.topics, index.tolist(), strict=True))


def test_alttok_members_hardly_follow_each_other(usual: Platform) -> None:
    internal = dict(zip(usual.topics, internal_follows(usual), strict=True))
    assert internal["#alttok"] < 0.03
    follows = usual.dataset.follows
    assert follows is not None
    ours = homes(usual, follows["follower_id"]) == usual.topics.index("#alttok")
    followed = homes(usual, follows["followee_id"].filter(pl.Series(ours)))
    mainstream = [usual.topics.index(t) for t in ("comedy", "dance")]
    assert np.isin(followed, mainstream).mean() > 0.4


def test_alttok_shows_in_shared_interest_only(usual: Platform) -> None:
    likes, follows, truth = by_likes(usual), by_follows(usual), usual.truth.membership
    alttok = truth == usual.topics.index("#alttok")
    assert best_f1(likes, alttok) > 0.8
    assert best_f1(follows, alttok) < 0.3
    assert adjusted_mutual_info_score(truth, likes) > 0.7


def test_with_homophily_one_every_community_shows_among_follows() -> None:
    open_ = platform(homophily=1.0, rng=20240601)
    follows, truth = by_follows(open_), open_.truth.membership
    assert min(internal_follows(open_)) > 0.4
    for code, label in enumerate(open_.topics):
        assert best_f1(follows, truth == code) > 0.7, label


def test_the_default_is_a_spectrum_that_does_not_go_with_size(usual: Platform) -> None:
    given = usual.parameters["homophily"]
    assert given == {t.label: t.homophily for t in TOPICS}
    assert (given["#alttok"], given["comedy"], given["dance"]) == (0, 1, 1)
    assert sorted(given.values())[:9] == [0, 0.02, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1]
    others = [t for t in TOPICS if not t.mainstream]
    sizes, dial = np.log([t.share for t in others]), [t.homophily for t in others]
    assert abs(np.corrcoef(sizes, dial)[0, 1]) < 0.1


def test_index_of_homophily_rises_along_the_spectrum(usual: Platform) -> None:
    index, mainstream = coleman(usual), {t.label for t in TOPICS if t.mainstream}
    others = [t for t in TOPICS if t.label not in mainstream]
    dial = [t.homophily for t in others]
    found = [index[t.label] for t in others]
    assert spearmanr(dial, found).statistic > 0.95
    for (low, a), (high, b) in pairwise(sorted(zip(dial, found, strict=True))):
        assert a < b or low == high, "the index rises with the dial"
    assert abs(index["#alttok"]) < 0.02, "near chance"
    assert max(found) > 0.5


@pytest.mark.parametrize("label", ["#alttok", "football", "comedy"])
def test_index_of_homophily_rises_with_the_dial(label: str) -> None:
    """Of one community, the others' kept; also of one that is mainstream itself."""
    steps = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
    made = [platform(2000, homophily={label: h}, rng=5) for h in steps]
    found = [coleman(p)[label] for p in made]
    assert all(a < b - 0.02 for a, b in pairwise(found)), found
    assert found[0] < 0.02
    # the share of follows within is about the dial's share of what it is at 1
    inside = [internal_follows(p)[p.topics.index(label)] for p in made]
    floor, ceiling = inside[0], inside[-1]
    scaled = [(x - floor) / (ceiling - floor) for x in inside]
    assert np.abs(np.subtract(scaled, steps)).max() < 0.06


def test_homophily_moves_interest_to_the_mainstream() -> None:
    """h_t θ_t + m_t Σ_u (1 − h_u) θ_u, m over comedy and dance but u itself."""
    chosen = ("comedy", "dance", "BookTok", "#alttok")
    homophily = {"comedy": 0.5, "BookTok": 0.25, "#alttok": 0.0}
    topics_ = tuple(
        t._replace(homophily=homophily.get(t.label, 1.0)) for t in TOPICS if t.label in chosen
    )
    population = draw_population(400, topics_, mixing=0.3, overlap=0.1, streams=Streams(1))
    order = [t.label for t in population.topics]
    assert order == list(chosen)
    theta, wanted = population.interests.astype(float), topics_followed(population)
    comedy, dance = population.shares[:2] / population.shares[:2].sum()
    away = 0.75 * theta[:, 2] + theta[:, 3]
    assert np.allclose(wanted[:, 0], 0.5 * theta[:, 0] + comedy * away)
    assert np.allclose(wanted[:, 1], theta[:, 1] + dance * away + 0.5 * theta[:, 0])
    assert np.allclose(wanted[:, 2], 0.25 * theta[:, 2])
    assert np.allclose(wanted[:, 3], 0)
    assert np.allclose(wanted.sum(axis=1), theta.sum(axis=1))


def test_without_the_mainstream_interest_moves_to_all_others() -> None:
    chosen = ("BookTok", "CatTok", "#alttok")
    p = platform(600, communities=chosen, homophily={"#alttok": 0}, rng=1)
    internal = dict(zip(p.topics, internal_follows(p), strict=True))
    assert internal["#alttok"] < 0.06 < 0.4 < min(internal["BookTok"], internal["CatTok"])
    nobody = platform(600, communities=chosen, homophily=0.0, rng=1)
    assert max(coleman(nobody).values()) < 0
    assert nobody.dataset.memberships is not None


def test_homophily_changes_follows_and_groups_only() -> None:
    open_, other = (
        platform(1500, homophily=h, rng=4) for h in (1.0, {"CatTok": 0.0, "#alttok": 1.0})
    )
    assert internal_follows(open_)[open_.topics.index("#alttok")] > 0.4
    assert internal_follows(other)[other.topics.index("CatTok")] < 0.03
    assert set(open_.parameters["homophily"].values()) == {1.0}
    assert other.parameters["homophily"] == dict.fromkeys(open_.topics, 1.0) | {"CatTok": 0.0}
    # whatever the dial, the culture is the same
    for table in ("items", "impressions", "interactions"):
        assert open_.dataset.tables[table].equals(other.dataset.tables[table])
    assert not open_.dataset.tables["follows"].equals(other.dataset.tables["follows"])


def test_a_community_has_groups_by_its_homophily() -> None:
    """One group per 60 accounts who join at home, at least one unless nobody does."""
    counts = []
    for h in (0.0, 0.05, 0.5, 1.0):
        p = platform(3000, homophily={"football": h}, rng=2)
        assert p.dataset.memberships is not None
        inside = homes(p, p.dataset.memberships["account_id"]) == p.topics.index("football")
        share = p.dataset.memberships.with_columns(inside=pl.Series(inside))
        by_group = share.group_by("group_id").agg(pl.col("inside").mean())
        counts.append(by_group.filter(pl.col("inside") > 0.4).height)
    assert counts[0] == 0
    assert counts[-1] >= 4
    assert counts == sorted(counts)


# --- cross-posts ------------------------------------------------------------------------------------


def test_some_posts_are_from_elsewhere_and_nothing_depends_on_it(usual: Platform) -> None:
    items, interactions = usual.dataset.items, usual.dataset.interactions
    assert items is not None
    assert interactions is not None
    assert items["origin"].drop_nulls().unique().to_list() == ["other"]
    elsewhere = items["origin"].is_not_null()
    assert 0.045 < _mean(elsewhere) < 0.075
    answers = interactions.filter(pl.col("target_item_id").is_not_null())["item_id"]
    assert not elsewhere.filter(items["item_id"].is_in(answers.implode())).any()
    by_topic = [np.bincount(usual.item_topics[(elsewhere == e).to_numpy()]) for e in (True, False)]
    assert chi2_contingency(by_topic).pvalue > 0.001


# --- determinism ----------------------------------------------------------------------------------


def test_same_seed_same_bytes_and_other_seeds_differ() -> None:
    one, again, other = (platform(200, rng=seed) for seed in (7, 7, 8))
    assert one.dataset.content_key == again.dataset.content_key
    assert one.truth.content_key == again.truth.content_key
    assert np.array_equal(one.interests, again.interests)
    assert np.array_equal(one.item_quality, again.item_quality)
    assert np.array_equal(one.item_topics, again.item_topics)
    for name, table in other.dataset.tables.items():
        assert not table.equals(one.dataset.tables[name]), name
    assert one.parameters["seed"] == 7
    assert one.dataset.provenance.seed == 7


def test_bytes_ignore_hash_seed_and_threads() -> None:
    code = "from graphkit.synthetic import platform as p; print(p(200, rng=7).dataset.content_key)"
    root = os.path.dirname(os.path.dirname(graphkit.__file__))
    seen = {platform(200, rng=7).dataset.content_key}
    for hash_seed, threads in (("1", "1"), ("2", "3")):
        environment = {"PYTHONHASHSEED": hash_seed, "POLARS_MAX_THREADS": threads, "PATH": ""}
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        seen.add(done.stdout.strip())
    assert len(seen) == 1


# --- parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"accounts": 20}, "accounts=20"),
        ({"accounts": 50.0}, "accounts=50.0"),
        ({"accounts": True}, "accounts=True"),
        ({"mixing": 1.01}, "mixing=1.01"),
        ({"mixing": float("nan")}, "mixing=nan"),
        ({"mixing": "0.3"}, "mixing='0.3'"),
        ({"overlap": -0.1}, "overlap=-0.1"),
        ({"tag_noise": 2}, "tag_noise=2"),
        ({"days": 0}, "days=0"),
        ({"posts_per_account": 0}, "posts_per_account=0"),
        ({"impressions_per_account": float("inf")}, "impressions_per_account=inf"),
        ({"follows_per_account": -3}, "follows_per_account=-3"),
        ({"communities": 1}, "communities=1"),
        ({"communities": 13}, "communities=13"),
        ({"communities": ("BookTok",)}, "communities="),
        ({"communities": ("BookTok", "BookTok")}, "communities="),
        ({"communities": "BookTok"}, "communities='BookTok'"),
        ({"communities": ("BookTok", "CatTock")}, "Did you mean 'CatTok'"),
        ({"homophily": {"alttok": 0.5}}, "Did you mean '#alttok'"),
        ({"homophily": {"#alttok": 1.5}}, "homophily['#alttok']=1.5"),
        ({"homophily": {"#alttok": None}}, "homophily['#alttok']=None"),
        ({"homophily": -0.1}, "homophily=-0.1"),
        ({"homophily": True}, "homophily=True"),
        ({"homophily": "#alttok"}, "homophily='#alttok'"),
        ({"homophily": ("#alttok",)}, "numbers by name"),
        ({"rng": -1}, "rng=-1"),
    ],
)
def test_bad_parameters_are_named(bad: dict[str, Any], named: str) -> None:
    with pytest.raises(OptionError) as caught:
        platform(**{"accounts": 100, **bad})
    assert named in str(caught.value)
    assert isinstance(caught.value, GraphkitError)


def test_communities_can_be_chosen() -> None:
    named = platform(90, communities=("CatTok", "BookTok", "#alttok"), rng=1)
    assert named.topics == ("BookTok", "CatTok", "#alttok")
    assert named.truth.sizes.tolist() == [33, 31, 26]
    assert platform(90, communities=3, rng=1).topics == ("comedy", "dance", "football")


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(8, 90),
    k=st.integers(2, 12),
    mixing=st.floats(0, 1),
    days=st.integers(1, 4),
    posts=st.floats(0.01, 4),
    shown=st.floats(0.1, 60),
    overlap=st.floats(0, 1),
    noise=st.floats(0, 1),
    homophily=st.none() | st.floats(0, 1),
    seed=st.integers(0, 2**64),
)
def test_every_small_platform_is_sound(
    n: int,
    k: int,
    mixing: float,
    days: int,
    posts: float,
    shown: float,
    overlap: float,
    noise: float,
    homophily: float | None,
    seed: int,
) -> None:
    k = min(k, n // 4)
    p = platform(
        n,
        communities=k,
        mixing=mixing,
        days=days,
        posts_per_account=posts,
        impressions_per_account=shown,
        tag_noise=noise,
        overlap=overlap,
        homophily=homophily,
        rng=seed,
    )
    data = p.dataset  # building it has checked ids, keys and references
    assert data.items is not None
    assert data.impressions is not None
    assert data.interactions is not None
    assert (p.truth.n_communities, p.truth.sizes.sum(), p.truth.sizes.min() >= 2) == (k, n, True)
    assert p.truth.labels == p.topics
    rows = data.impressions.join(data.items, on="item_id", how="left")
    assert (rows["at"] >= rows["created_at"]).all()
    assert (rows["account_id"] != rows["author_id"]).all()
    assert not data.impressions.select("account_id", "item_id").is_duplicated().any()
    assert max(Counter(rows["account_id"]).values(), default=0) <= 0.8 * data.items.height
    acts = data.interactions.filter(pl.col("target_item_id").is_null())
    shown_pairs = set(data.impressions.select("account_id", "item_id").iter_rows())
    assert set(acts.select("account_id", "item_id").iter_rows()) <= shown_pairs
    assert np.allclose(p.interests.sum(axis=1), 1.0, atol=1e-5)


def test_leaning_changes_follows_only_and_adds_two_columns() -> None:
    plain, lean = platform(400, rng=2), platform(400, leaning=0.6, rng=2)
    none = platform(400, leaning=0.0, rng=2)
    assert "leaning" not in plain.parameters
    assert lean.parameters["leaning"] == 0.6
    for table in ("interactions", "impressions", "memberships"):
        assert plain.dataset.tables[table].equals(lean.dataset.tables[table])
    assert plain.dataset.items.equals(lean.dataset.items.drop("leaning"))
    assert plain.dataset.follows.equals(none.dataset.follows)
    kept = lean.dataset.follows.join(
        plain.dataset.follows, on=["follower_id", "followee_id"], how="semi"
    )
    assert kept.height == lean.dataset.follows.height < plain.dataset.follows.height


def test_opposed_follows_are_missing_by_the_share_asked_for() -> None:
    def opposed(made: Platform) -> tuple[int, int]:
        of = made.dataset.accounts.select("account_id", "leaning")
        ties = made.dataset.follows.join(of, left_on="follower_id", right_on="account_id")
        ties = ties.join(of, left_on="followee_id", right_on="account_id", suffix="_of")
        product = ties["leaning"] * ties["leaning_of"]
        return int((product < 0).sum()), int((product >= 0).sum())

    every, alike = opposed(platform(1000, leaning=0.0, rng=2))
    some, same = opposed(platform(1000, leaning=0.6, rng=2))
    assert same == alike
    assert some / every == pytest.approx(0.4, abs=0.02)
    assert opposed(platform(1000, leaning=1.0, rng=2))[0] == 0


def test_a_post_has_its_authors_leaning_by_its_divisiveness() -> None:
    made = platform(200, leaning=0.5, rng=2).dataset
    of = made.accounts.select("account_id", said="leaning")
    rows = made.items.join(of, left_on="author_id", right_on="account_id")
    wanted = np.clip(rows["said"] * (0.5 + rows["divisiveness"]), -1, 1)
    np.testing.assert_allclose(rows["leaning"], wanted, atol=0.0006)
    assert made.items["leaning"].is_between(-1, 1).all()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"communities": 2, "impressions_per_account": 1e-9, "follows_per_account": 1e-9},
        {"communities": ("antivax", "BookTok", "CatTok"), "days": 1},
        {"leaning": 0.5, "locality": 0.7, "ages": 0.5},
    ],
)
def test_tables_are_as_a_checked_dataset_has_them(options: dict[str, Any]) -> None:
    made = platform(300, **options, rng=5).dataset
    checked = Dataset(**made.tables, source=made.source, provenance=made.provenance)
    assert made == checked
    assert made.provenance == checked.provenance
    assert [(name, frame.schema) for name, frame in made.tables.items()] == [
        (name, frame.schema) for name, frame in checked.tables.items()
    ]

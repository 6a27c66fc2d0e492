"""Items in one space: what each source gives, and what does not matter to it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import graphkit as gk
from graphkit.data.platform import Platform
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError, OptionError
from graphkit.simulation import interest_space
from graphkit.simulation.interests import InterestSpace, item_terms, present_sources, tfidf_rows


@pytest.fixture(scope="module")
def platform() -> Platform:
    return gk.synthetic.platform(200, communities=4, posts_per_account=3, rng=1)


def log(**columns: list[object]) -> gk.Dataset:
    m = len(next(iter(columns.values())))
    return gk.Dataset(items={"item_id": [f"v{i:02}" for i in range(m)]} | columns)


def likeness(space: InterestSpace) -> np.ndarray:
    return np.asarray(space.features @ space.features.T)


def parted(space: InterestSpace, topic: np.ndarray) -> tuple[float, float]:
    """Mean likeness within and across topics, of the items that have a place."""
    placed = np.flatnonzero(space.features.any(axis=1))
    like = likeness(space)[np.ix_(placed, placed)]
    same = topic[placed][:, None] == topic[placed][None, :]
    return float(like[same].mean()), float(like[~same].mean())


def test_tags_part_what_shares_none() -> None:
    ds = log(tags=[["Book", "fyp"], ["#book"], ["cat"], ["cat", "alone"], ["cat"], ["viral"], None])
    space = interest_space(ds, dimensions=4, rng=1)
    expected = np.zeros((7, 7))
    expected[:2, :2] = expected[2:5, 2:5] = 1
    np.testing.assert_allclose(likeness(space), expected, atol=1e-6)
    assert space.kind == "terms"
    assert space.n_placed == 5
    assert space.provenance.removed == {
        "tags: uses of stop-tags": 2,
        "tags: terms of one item only": 1,
        "items without a place": 2,
    }
    assert space.sources is not None
    assert space.sources.row(0)[:4] == ("tags", 1.0, 2, 5)
    assert space.sources.row(0)[4] == pytest.approx(1)
    assert "2 terms of 5 items, 100% kept" in repr(space)
    assert "<table>" in space._repr_html_()


def test_rows_of_terms_are_what_the_docstring_says() -> None:
    ds = gk.Dataset(
        items={"item_id": ["v", "w", "x"]},
        interactions={
            "account_id": ["a", "b", "c", "a", "a", "a", "b"],
            "item_id": ["v", "v", "v", "w", "v", "x", "x"],
            "kind": ["tag"] * 7,
            "tag": ["rock", "Rock", "#rock", "rock", "jazz", "jazz", "soul"],
        },
    )
    removed: dict[str, int] = {}
    terms = item_terms(ds, "tags", removed)
    assert terms.rows() == [(0, "jazz", 1), (0, "rock", 3), (1, "rock", 1), (2, "jazz", 1)]
    matrix, n_terms, covered = tfidf_rows(terms, 3)
    assert (n_terms, covered) == (2, 3)
    row = np.array([1, 1 + np.log(3)])  # both tags stand at two of three items
    expected = [row / np.linalg.norm(row), [0, 1], [1, 0]]
    np.testing.assert_allclose(matrix.toarray(), expected)


def test_captions_are_words_without_hashtags_names_and_addresses() -> None:
    captions = [
        "Slow BURN and a sequel #BookTok @someone",
        "slow burn, part 2 https://a.b/c #BookTok",
        "ＳＬＯＷ café viral #cats",
        "café #cats",
        None,
        "",
    ]
    removed: dict[str, int] = {}
    terms = item_terms(log(caption=captions), "captions", removed)
    assert terms.rows() == [
        (0, "burn", 1),
        (0, "slow", 1),
        (1, "burn", 1),
        (1, "slow", 1),
        (2, "café", 1),
        (2, "slow", 1),
        (3, "café", 1),
    ]
    assert removed == {"captions: uses of stop-tags": 1, "captions: terms of one item only": 3}


def test_a_weight_is_a_share_of_the_squared_length() -> None:
    ds = log(tags=[["a"], ["a"], ["b"], ["b"], ["b"]], sound_id=["s", "t", "s", "t", "t"])
    by_tag = interest_space(ds, sources={"sounds": 1, "tags": 9}, dimensions=8, rng=1)
    by_sound = interest_space(ds, sources={"sounds": 9, "tags": 1}, dimensions=8, rng=1)
    assert likeness(by_tag)[0, 1] > likeness(by_tag)[0, 2]
    assert likeness(by_sound)[0, 1] < likeness(by_sound)[0, 2]
    assert by_tag.sources is not None
    assert by_tag.sources["source"].to_list() == ["tags", "sounds"]
    np.testing.assert_allclose(by_tag.sources["explained"], 1, atol=1e-9)
    # only their ratio counts
    again = interest_space(ds, sources={"tags": 0.9, "sounds": 0.1}, dimensions=8, rng=1)
    np.testing.assert_allclose(again.features, by_tag.features, atol=1e-6)


def test_what_is_used_by_default(platform: Platform) -> None:
    ds = platform.dataset
    assert present_sources(ds) == ["tags", "sounds", "captions"]
    # the captions of items without authors are names
    names = log(caption=["a b", "a b"], tags=[["x"], ["y"]], embedding=[[1.5], [2.5]])
    assert present_sources(names) == ["tags"]
    assert interest_space(log(embedding=[[1.5, 0.0], [0.0, 1.5]]), rng=1).kind == "embedding"
    default = interest_space(ds, rng=1)
    assert default.sources is not None
    assert default.sources["weight"].to_list() == [1.0, 0.5, 0.25]
    assert default.dimensions <= 32
    assert (default.features >= 0).all()
    explained = default.sources["explained"]
    assert ((explained > 0) & (explained < 1)).all()


def test_features_are_topics_the_less_the_more_tags_are_noise() -> None:
    ratios = []
    for noise in (0.0, 0.1, 0.3, 0.6, 1.0):
        log = gk.synthetic.platform(200, communities=4, posts_per_account=3, tag_noise=noise, rng=1)
        tags = interest_space(log.dataset, sources={"tags": 1.0}, rng=1)
        everything = interest_space(log.dataset, rng=1)
        assert everything.n_placed > tags.n_placed
        pairs = (parted(space, log.item_topics) for space in (tags, everything))
        ratios.append([same / other for same, other in pairs])
    few = ratios[1]
    assert few[0] > 3
    assert few[1] > 1.5
    assert all(a > b > 1 for a, b in pairwise(r[0] for r in ratios))
    # with captions and sounds, noise in tags matters less
    assert ratios[-1][1] > ratios[-1][0]


def test_content_is_the_default_and_the_oracle_is_called_one(platform: Platform) -> None:
    content = interest_space(platform, rng=1)
    assert content.kind == "terms"
    assert content.content_key == interest_space(platform.dataset, rng=1).content_key
    space = interest_space(platform, sources="planted")
    assert "oracle" in repr(space)
    with pytest.raises(OptionError, match="only a synthetic platform"):
        interest_space(platform.dataset, sources="planted")
    assert space.kind == "planted"
    assert (space.features.argmax(axis=1) == platform.item_topics).all()
    assert interest_space(platform, sources={"tags": 1.0}, rng=1).kind == "terms"


def test_order_of_rows_and_threads_do_not_matter(platform: Platform) -> None:
    ds = platform.dataset
    shuffled = gk.Dataset(
        **{
            name: frame.sample(fraction=1, shuffle=True, seed=1)
            for name, frame in ds.tables.items()
        }
    )
    made = []
    for data, threads in ((ds, 1), (ds, 2), (shuffled, 2)):
        with threadpool_limits(threads):
            made.append(interest_space(data, rng=1).content_key)
            made.append(interest_space(data, sources={"tags": 1.0}, rng=1).content_key)
    assert made[:2] == made[2:4] == made[4:]


def test_the_seed_touches_little(platform: Platform) -> None:
    first, second = (
        interest_space(platform.dataset, sources={"tags": 1.0}, dimensions=8, rng=r) for r in (1, 2)
    )
    np.testing.assert_allclose(first.features, second.features, atol=1e-4)


@settings(max_examples=30)
@given(
    tags=st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=4), min_size=2, max_size=20),
    dimensions=st.integers(2, 12),
    seed=st.integers(0, 99),
)
def test_every_space_is_sound(tags: list[list[str]], dimensions: int, seed: int) -> None:
    ds = log(tags=tags)
    try:
        space = interest_space(ds, sources={"tags": 1.0}, dimensions=dimensions, rng=seed)
    except MissingDataError:
        return
    assert 1 <= space.dimensions <= dimensions
    assert (space.features >= 0).all()
    lengths = np.linalg.norm(space.features, axis=1)
    assert np.allclose(lengths[lengths > 0], 1, atol=1e-5)
    # items of the same tags stand in the same place
    for i, j in zip(*np.triu_indices(len(tags), 1), strict=True):
        if set(tags[i]) == set(tags[j]):
            np.testing.assert_allclose(space.features[i], space.features[j], atol=1e-4)


def test_embeddings_are_centred_and_keep_their_signs() -> None:
    vectors = np.random.default_rng(1).normal(size=(12, 5)) + 3
    column = [*vectors.tolist(), None]
    space = interest_space(log(embedding=column), sources="embedding", dimensions=5)
    centred = vectors.astype(np.float32) - vectors.astype(np.float32).mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(space.features[:12], unit, atol=1e-6)
    assert not space.features[12].any()
    assert (space.features < 0).any()
    assert space.sources is not None
    assert space.sources.row(0) == ("embedding", 1.0, 5, 12, 1.0)
    # wide vectors of low rank: the likeness of all pairs is kept
    wide = centred @ np.random.default_rng(2).normal(size=(5, 40))
    reduced = interest_space(log(embedding=wide.tolist()), sources="embedding", dimensions=8, rng=1)
    assert reduced.dimensions == 5
    length = np.linalg.norm(wide, axis=1)
    np.testing.assert_allclose(
        likeness(reduced), wide @ wide.T / np.outer(length, length), atol=1e-5
    )
    few = interest_space(log(embedding=wide.tolist()), sources="embedding", dimensions=2, rng=1)
    assert few.dimensions == 2
    assert few.sources is not None
    assert few.sources["explained"][0] < 1


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({"tag": 1.0}, r"Did you mean 'tags'\?"),
        ("embeddings", r"Did you mean 'embedding'\?"),
        ("tags", r"pass a weight, \{'tags': 1.0\}"),
        ("interaction", r"Did you mean 'interactions'\?"),
        ({"planted": 1.0}, "do not mix"),
        ({"embedding": 1.0}, "do not mix"),
        ({"tags": 0}, r"sources\['tags'\]=0: a finite number above 0"),
        ({"tags": float("nan")}, r"sources\['tags'\]=nan: a finite number above 0"),
        ({"tags": True}, r"sources\['tags'\]=True: a finite number above 0"),
        ({}, "pass weights"),
    ],
)
def test_sources_are_checked(platform: Platform, sources: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        interest_space(platform.dataset, sources=sources, rng=1)  # type: ignore[arg-type]


def test_what_is_missing_is_named(platform: Platform) -> None:
    with pytest.raises(OptionError, match="dimensions=1"):
        interest_space(platform, dimensions=1)
    bare = log(duration=[1.0, 2.0])
    with pytest.raises(MissingDataError, match="what items are about"):
        interest_space(bare)
    for source, column in (
        ({"tags": 1.0}, "items.tags"),
        ({"sounds": 1.0}, "sound_id"),
        ({"captions": 1}, "caption"),
        ("embedding", "embedding"),
    ):
        with pytest.raises(MissingDataError, match=column):
            interest_space(bare, sources=source)  # type: ignore[arg-type]
    for tags in ([["fyp"], ["viral"]], [["a"], ["a"]], [["a"], ["b"]]):
        with pytest.raises(MissingDataError, match="tells items apart"):
            interest_space(log(tags=tags))  # type: ignore[arg-type]
    with pytest.raises(MissingDataError, match="same embedding"):
        interest_space(log(embedding=[[1.0, 2.0], [1.0, 2.0]]))


def test_a_space_is_checked_and_gives_rows() -> None:
    items = Vocabulary(["v", "w"])
    for features, message in (
        (np.ones((2, 2)), "length 1.414"),
        (np.full((2, 1), np.nan), "length nan"),
        (np.ones((3, 1)), "shape"),
        (np.ones((2, 0)), "shape"),
    ):
        with pytest.raises(DataError, match=message):
            InterestSpace(items, features)
    space = InterestSpace(items, np.eye(2))
    assert (space.kind, space.n_items, space.dimensions, space.n_placed) == ("given", 2, 2, 2)
    assert space.rows(Vocabulary(["u", "w"])).tolist() == [[0, 0], [0, 1]]
    assert space.content_key != InterestSpace(items, np.eye(2)[::-1]).content_key
    with pytest.raises(OptionError, match="kind="):
        InterestSpace(items, np.eye(2), "guessed")


@pytest.mark.real_data
def test_artists_of_one_tag_stand_together(shared_data: Path) -> None:
    ds, _ = gk.readwrite.read_hetrec_lastfm(shared_data / "hetrec2011_lastfm_2k")
    space = interest_space(ds, rng=1)
    assert space.sources is not None
    assert space.sources["source"].to_list() == ["tags"]
    assert space.n_placed > 12_000
    terms = item_terms(ds, "tags", {})
    most = terms.sort("count", "term", descending=True).unique("item", maintain_order=True)
    usual = most.group_by("term").len().sort("len", "term", descending=True)["term"].head(8)
    most = most.filter(pl.col("term").is_in(usual.implode())).sort("item")
    topic = usual.sort().search_sorted(most["term"]).to_numpy()
    rows = space.features[most["item"].to_numpy()]
    like = rows @ rows.T
    same = topic[:, None] == topic[None, :]
    assert like[same].mean() > 1.5 * like[~same].mean()

"""What a score function is given, and what it must return."""

from __future__ import annotations

import numpy as np
import pytest

import graphkit as gk
from graphkit.data.world import World
from graphkit.errors import MissingDataError, OptionError
from graphkit.recommenders import FACTORS, SOURCES, Context, checked_scores, follower_centric

PAIRS = 40


@pytest.fixture(scope="module")
def world() -> World:
    return gk.build_world(gk.synthetic.platform(accounts=48, rng=1))


@pytest.fixture
def context(world: World) -> Context:
    draws = np.random.default_rng(1)
    return Context(
        world=world,
        tick=3,
        viewer=np.sort(draws.integers(0, world.n_accounts, PAIRS)),
        post=draws.integers(0, world.n_posts, PAIRS),
        source=draws.integers(0, len(SOURCES), PAIRS),
        factors={name: draws.random(PAIRS, dtype=np.float32) for name in FACTORS},
    )


def test_pairs_are_typed_and_read_only(context: Context) -> None:
    assert context.n_pairs == PAIRS
    assert [a.dtype for a in (context.viewer, context.post, context.source)] == [
        np.int32,
        np.int32,
        np.int8,
    ]
    for array in (context.viewer, context.post, context.source, context.factor("interest")):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert "pairs" in repr(context)
    assert context.world.quality[context.post].shape == (PAIRS,)


@pytest.mark.parametrize("name", FACTORS)
def test_every_factor_can_be_asked_for(context: Context, name: str) -> None:
    values = context.factor(name)
    assert (values.dtype, values.shape) == (np.float32, (PAIRS,))
    assert np.array_equal(values, context.factors[name])


def test_a_factor_is_computed_once_and_only_if_asked_for(world: World) -> None:
    asked: list[str] = []

    def compute() -> np.ndarray:
        asked.append("recency")
        return np.array([0.25, 0.5])

    context = Context(
        world=world,
        tick=0,
        viewer=[0, 0],
        post=[0, 1],
        source=[0, 0],
        factors={"recency": compute, "followed": lambda: [1]},
    )
    assert asked == []
    assert context.factor("recency") is context.factor("recency")
    assert context.factor("recency").dtype == np.float32
    assert asked == ["recency"]
    with pytest.raises(OptionError, match=r"'followed' has shape \(1,\), not \(2,\)"):
        context.factor("followed")
    with pytest.raises(OptionError, match="Did you mean 'interest'"):
        context.factor("intrest")
    with pytest.raises(MissingDataError, match="'chance' was not given; there are: recency"):
        context.factor("chance")


def test_no_pairs_are_no_trouble(world: World) -> None:
    context = Context(world=world, tick=0, viewer=[], post=[], source=[], factors={"chance": []})
    assert context.n_pairs == 0
    assert checked_scores("mine", context, context.factor("chance")).shape == (0,)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"post": [0]}, r"post has shape \(1,\), not \(2,\)"),
        ({"viewer": [[0, 1]]}, r"viewer has shape \(1, 2\)"),
        ({"viewer": [0, 48]}, "viewer must lie in 0 … 47"),
        ({"post": [-1, 0]}, "post must lie in"),
        ({"source": [0, 8]}, "source must lie in 0 … 7"),
    ],
)
def test_pairs_that_cannot_be_are_refused(
    world: World, changed: dict[str, list[int]], message: str
) -> None:
    pairs = {"viewer": [0, 1], "post": [0, 1], "source": [0, 1]} | changed
    with pytest.raises(OptionError, match=message):
        Context(world=world, tick=0, factors={}, **pairs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "returned a NoneType: return a NumPy array of float32"),
        ([0.0] * PAIRS, "returned a list"),
        (np.float32(1), "returned a float32: return a NumPy array"),
        (np.zeros(PAIRS), r"returned float64: .* see .astype\(np.float32\)"),
        (np.zeros(PAIRS, np.int32), "returned int32"),
        (np.zeros(PAIRS - 1, np.float32), r"returned shape \(39,\): .*shape \(40,\)"),
        (np.zeros((PAIRS, 1), np.float32), r"returned shape \(40, 1\)"),
        (np.float32([0.0] * 39 + [np.nan]), "returned nan for pair 39 .*1 of 40"),
        (np.float32([0.0, -np.inf] * 20), "returned -inf for pair 1 .*20 of 40.*finite"),
        (np.float32([np.inf] * 40), "returned inf for pair 0 .*40 of 40"),
    ],
)
def test_scores_that_cannot_be_used_are_refused(
    context: Context, values: object, message: str
) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        checked_scores("mine", context, values)
    assert str(caught.value).startswith("feed 'mine': its score function")


def test_good_scores_pass_unchanged(context: Context) -> None:
    scores = np.linspace(-1, 1, PAIRS, dtype=np.float32)
    assert np.array_equal(checked_scores("mine", context, scores), scores)
    strided = np.zeros(2 * PAIRS, np.float32)[::2]
    assert checked_scores("mine", context, strided).flags.c_contiguous


def test_follower_centric_in_ten_lines_scores_alike(context: Context) -> None:
    def circle_first(context: Context) -> np.ndarray:
        score = 0.6 * context.factor("circle_comments")
        score += 0.4 * context.factor("circle_reactions")
        score += 0.5 * context.factor("followed")
        score += 0.4 * context.factor("recency")
        score += 0.1 * context.factor("global_reactions")
        score += 0.1 * context.factor("interest")
        return score

    preset = follower_centric()
    mine = preset.but("mine", score=circle_first)
    assert mine.score is not None
    scores = checked_scores(mine.name, context, mine.score(context))
    expected = [
        preset.score_of(**{name: float(context.factor(name)[i]) for name in FACTORS})
        for i in range(PAIRS)
    ]
    assert scores == pytest.approx(expected, abs=1e-6)
    assert mine.sources == preset.sources

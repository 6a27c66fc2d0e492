"""Duets and stitches that become posts: when, by whom, of what content, and in every arm alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

import graphkit as gk
from graphkit.data.answers import Answers, world_with_answers
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.spread import ArmTally, Spread
from graphkit.data.vocabulary import Vocabulary
from graphkit.data.world import World
from graphkit.errors import MissingDataError, OptionError
from graphkit.kernels import state as codes
from graphkit.kernels.sessions import TickImpressions
from graphkit.recommenders import Feed, uniform
from graphkit.simulation import Behaviour
from graphkit.simulation.answers import Answering
from graphkit.simulation.arrays import SimulationArrays, prepare_arrays
from graphkit.simulation.engine import Run

Simulate = Callable[..., Spread]
#: Nobody leaves, stops or gives up; all answer whatever they see by one duet, a tick later.
ALL_ANSWER = Behaviour(
    duet_base=50.0,
    stitch_base=-50.0,
    share_base=-50.0,
    activity=1.0,
    stop_base=-50.0,
    leave_base=-50.0,
    quit_base=-50.0,
    answer_delay=1.0,
    answer_mix=0.5,
    answer_spread=0.0,
    drift=0.0,
)


@pytest.fixture(scope="module")
def arrays(world: World, all_feeds: dict[str, Feed]) -> SimulationArrays:
    return prepare_arrays(world, [all_feeds["interest"]])


def duets_of_all(arrays: SimulationArrays) -> tuple[np.ndarray, TickImpressions]:
    """Every account duets every post."""
    n, m = arrays.accounts.size, arrays.posts.size
    post = np.tile(np.arange(m, dtype=np.int32), (n, 1))
    none = np.zeros(0)
    react = np.full((n, m), codes.DUET, np.uint8)
    shown = TickImpressions(post, none, none, none, react, none, none, none, none)
    return np.arange(n), shown


def test_delays_have_the_published_quantiles(arrays: SimulationArrays) -> None:
    answering = Answering(arrays, Behaviour(), np.uint64(7), 10**9)
    answering.add(5, *duets_of_all(arrays), arrays)
    delay = answering.due - 5
    assert delay.min() == 1
    # 31 % within a day and 82 % within thirty: 19,200 draws, three standard errors
    assert np.mean(delay <= 1) == pytest.approx(0.31, abs=0.01)
    assert np.mean(delay <= 30) == pytest.approx(0.82, abs=0.0085)
    assert answering.declined == answering.late == 0
    # which of them are late depends on the end of the run alone
    short = Answering(arrays, Behaviour(), np.uint64(7), 10)
    short.add(5, *duets_of_all(arrays), arrays)
    assert short.late == np.count_nonzero(delay + 5 >= 10)
    assert short.due.tolist() == answering.due[answering.due < 10].tolist()


def test_a_share_of_them_is_posted(arrays: SimulationArrays) -> None:
    kept = {}
    for share in (0.0, 0.3, 0.6):
        mind = Behaviour(answer_posts=share)
        answering = Answering(arrays, mind, np.uint64(7), 10**9)
        answering.add(0, *duets_of_all(arrays), arrays)
        assert answering.declined + answering.author.size == 80 * arrays.posts.size
        assert answering.author.size / (80 * arrays.posts.size) == pytest.approx(share, abs=0.011)
        pairs = zip(answering.author.tolist(), answering.parent.tolist(), strict=True)
        kept[share] = set(pairs)
    # one draw for each, so that those of a smaller share are among those of a larger one
    assert kept[0.3] < kept[0.6]


@pytest.mark.parametrize(
    ("spread", "delay", "ticks"), [(0.0, 0.2, 1), (0.0, 1.0, 1), (0.0, 1.5, 2), (0.0, 3.0, 3)]
)
def test_a_delay_is_rounded_up_and_at_least_a_tick(
    arrays: SimulationArrays, spread: float, delay: float, ticks: int
) -> None:
    mind = Behaviour(answer_spread=spread, answer_delay=delay)
    answering = Answering(arrays, mind, np.uint64(7), 100)
    answering.add(2, *duets_of_all(arrays), arrays)
    assert set(answering.due.tolist()) == {2 + ticks}


def three() -> World:
    """Three accounts, one post by the first; the third is in another community."""
    accounts = Vocabulary(["a", "b", "c"])
    parts = Partition.from_membership(accounts, ["x", "x", "y"])
    eye = np.eye(3, dtype=np.float32)
    follows = Graph.from_edges(["b"], ["a"], directed=True, nodes=accounts)
    return World(
        *(accounts, Vocabulary(["post"]), np.arange(3, dtype=np.uint64)),
        *(np.array([9], np.uint64), follows, eye, eye, eye[:1], eye[:1]),
        *(np.array([0, 1]), np.array([0], np.int32), True, np.zeros(1, np.int32)),
        *(np.ones(1, np.float32), {"planted": parts}, {"planted": np.zeros(1, np.int32)}),
        durations=np.array([30], np.float32),
        flagged=np.ones(1, np.bool_),
        cross_posted=np.ones(1, np.bool_),
        country=np.array([0, 1, -1], np.int32),
        post_country=np.zeros(1, np.int32),
        account_leaning=np.array([-1, 0, 1], np.float32),
        post_leaning=np.array([-1], np.float32),
    )


def test_a_chain_by_hand() -> None:
    # tick 0: b and c see the post, and answer. Tick 1: a sees both answers, b and c each that of
    # the other: four answers to answers. Tick 2: each of these is seen by two; their answers are
    # due after the end.
    world = three()
    spread = gk.simulate_spread(
        world, {"u": uniform()}, ticks=3, slots=9, budget="free", behaviour=ALL_ANSWER, rng=1
    )
    tally = spread.of("u")[0]
    made = tally.answers
    assert made.tick.tolist() == [1, 1, 2, 2, 2, 2]
    assert set(made.kind.tolist()) == {1}
    assert sorted(made.author[:2].tolist()) == [1, 2]
    assert made.parent[:2].tolist() == [0, 0]
    of = {1: int(made.author[0]), 2: int(made.author[1])}
    answered = {(a, of[p]) for a, p in zip(made.author[2:].tolist(), made.parent[2:].tolist(), strict=True)}  # fmt: skip
    assert answered == {(0, 1), (0, 2), (1, 2), (2, 1)}
    assert (made.late, made.left, made.quit, made.declined) == (8, 0, 0, 0)
    assert tally.ticks.tolist() == [[2, 0, 0], [0, 2, 0], [0, 2, 0], *[[0, 0, 2]] * 4]
    assert tally.posted.all()
    assert tally.shares[:, 4].tolist() == [1] * 14
    after = spread.world_of("u", 0, 0)
    assert after.n_posts == 7
    assert after.answers_to.tolist() == [-1, *made.parent.tolist()]
    assert after.posters.tolist() == [0, *made.author.tolist()]
    assert after.homes["planted"].tolist() == [0, *np.array([0, 0, 1])[made.author].tolist()]
    assert after.post_country.tolist() == [0, *np.array([0, 1, -1])[made.author].tolist()]
    assert after.post_leaning.tolist() == [-1, *(made.author - 1).tolist()]
    assert after.durations.tolist() == [30] * 7
    assert after.flagged.all()
    assert after.cross_posted.tolist() == [True, *[False] * 6]
    assert after.posts.ids.tolist() == ["post", *(f"~answer-{k:010d}" for k in range(1, 7))]
    # b's answer lies between the post and b; the answer to it of c between that and c
    eye = np.eye(3)
    by_b = 1 + int(np.flatnonzero(made.author[:2] == 1)[0])
    half = (eye[0] + eye[1]) / np.sqrt(2)
    np.testing.assert_allclose(after.post_features[by_b], half, atol=1e-6)
    of_c = 1 + int(np.flatnonzero((made.parent == by_b) & (made.author == 2))[0])
    both = 0.5 * half + 0.5 * eye[2]
    np.testing.assert_allclose(after.taste_features[of_c], both / np.linalg.norm(both), atol=1e-6)
    # quality: half that of the parent, half drawn
    assert ((after.quality[1:3] >= 0.5) & (after.quality[1:3] < 1)).all()


def test_the_share_of_the_parent_is_from_the_author_alone_to_a_copy() -> None:
    for mix in (0.0, 1.0):
        mind = dataclasses.replace(ALL_ANSWER, answer_mix=mix)
        world = three()
        spread = gk.simulate_spread(
            world, {"u": uniform()}, ticks=2, slots=9, budget="free", behaviour=mind, rng=1
        )
        after, made = spread.world_of("u", 0, 0), spread.of("u")[0].answers
        expected = world.profiles[made.author] if mix == 0 else world.post_features[made.parent]
        assert after.post_features[1:].tolist() == expected.tolist()
        if mix == 1:
            assert after.quality.tolist() == [1.0] * 3


@pytest.mark.parametrize("reason", ["left", "quit"])
def test_who_left_or_gave_up_answers_no_more(
    world: World, all_feeds: dict[str, Feed], run_of: Callable[..., Run], reason: str
) -> None:
    changes = {"left": {"leave_base": 50.0}, "quit": {"quit_base": 50.0, "post_base": 50.0}}
    mind = dataclasses.replace(ALL_ANSWER, answer_delay=4.0, **changes[reason])
    run = run_of(world, all_feeds["uniform"], free=True, behaviour=mind)
    for t in range(run.ticks):
        run.step(t)
    made, tally = run.tally().answers, run.tally()
    assert getattr(made, reason) > 100
    flags = getattr(tally, reason)
    # whoever leaves does so after the first session
    assert (reason == "quit") == bool(len(made))
    assert flags.any()
    answers = made.late + made.left + made.quit + made.declined + len(made)
    kinds = [gk.data.spread.REACTIONS.index(name) for name in ("duet", "stitch")]
    waiting = 0 if reason == "left" else int(run.answering.author.size)
    assert answers + waiting == tally.reactions[:, kinds].sum()


def fields_but_answers(tally: ArmTally) -> list[object]:
    return [
        getattr(tally, spec.name) for spec in dataclasses.fields(tally) if spec.name != "answers"
    ]


def test_without_answers_in_time_a_run_is_that_without_answers(
    world: World, all_feeds: dict[str, Feed], lively: Behaviour, simulate: Simulate
) -> None:
    arms = {"interest": all_feeds["interest"], "everything": all_feeds["everything"]}
    silent, late = (
        dataclasses.replace(lively, **change)
        for change in ({"answer_posts": 0.0}, {"answer_delay": 1e9, "answer_spread": 0.0})
    )
    spreads = [simulate(world, arms, budget="free", behaviour=mind) for mind in (silent, late)]
    for arm in arms:
        first, second = (spread.of(arm)[0] for spread in spreads)
        answered = first.answers.declined
        assert answered == second.answers.late > 50
        assert first.ticks.shape[0] == world.n_posts
        same = dataclasses.replace(second, answers=first.answers)
        assert first == same
        assert spreads[0].world_of(arm, 0, 0) is world


def test_under_a_matched_budget_answers_change_nothing(
    world: World, all_feeds: dict[str, Feed], lively: Behaviour, simulate: Simulate
) -> None:
    arms = {"interest": all_feeds["interest"]}
    other = dataclasses.replace(lively, answer_delay=1.0, answer_mix=0.9, answer_posts=0.4)
    first, second = (simulate(world, arms, behaviour=mind) for mind in (lively, other))
    assert first.content_key == second.content_key
    assert first.of("interest")[0].answers == Answers()


def test_the_same_pair_gives_the_same_answer_in_every_arm(
    world: World, all_feeds: dict[str, Feed], lively: Behaviour, simulate: Simulate
) -> None:
    mind = dataclasses.replace(lively, answer_delay=1.0, answer_spread=0.5, duet_base=2.0, drift=0)
    arms = {name: all_feeds[name] for name in ("interest", "uniform")}
    spread = simulate(world, arms, budget="free", behaviour=mind, slots=20)
    found = []
    for arm in arms:
        after, made = spread.world_of(arm, 0, 0), spread.of(arm)[0].answers
        own = np.arange(world.n_posts, after.n_posts)
        rows = zip(
            made.author.tolist(),
            after.post_keys[made.parent].tolist(),
            made.kind.tolist(),
            after.post_keys[own].tolist(),
            after.quality[own].tolist(),
            map(tuple, after.post_features[own].tolist()),
            map(tuple, after.taste_features[own].tolist()),
            strict=True,
        )
        found.append({row[:3]: row[3:] for row in rows})
    both = found[0].keys() & found[1].keys()
    assert len(both) > 20
    assert all(found[0][pair] == found[1][pair] for pair in both)
    # chains: answers of answers
    assert any(spread.of(arm)[0].answers.parent.max() >= world.n_posts for arm in arms)


def test_a_world_after_a_run_is_made_once_and_not_kept_for_long(
    world: World, all_feeds: dict[str, Feed], lively: Behaviour, simulate: Simulate
) -> None:
    arms = {"uniform": all_feeds["uniform"]}
    spread = simulate(world, arms, budget="free", behaviour=lively, replications=3)
    first = spread.world_of("uniform", 0, 0)
    assert spread.world_of("uniform", 0, 0) is first
    again = [spread.world_of("uniform", 0, r) for r in (1, 2, 0)][-1]
    assert again is not first
    assert again == first
    assert world_with_answers(world, spread.of("uniform")[0].answers) == first
    with pytest.raises(MissingDataError, match="3 replications"):
        spread.world_of("uniform", 0, 3)


def test_a_world_after_a_run_can_be_simulated_and_has_no_answer_twice(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate
) -> None:
    arms = {"interest": all_feeds["interest"]}
    options = {"budget": "free", "behaviour": ALL_ANSWER, "slots": 10}
    first = simulate(world, arms, **options)
    before = first.world_of("interest", 0, 0)
    again = simulate(before, arms, **options)
    made, after = again.of("interest")[0].answers, again.world_of("interest", 0, 0)
    assert made.declined > 0
    assert len(made) > 0
    assert after.n_posts == before.n_posts + len(made)
    assert np.unique(after.post_keys).size == after.n_posts
    assert after.posts.ids[-1] > before.posts.ids[-1]


def test_the_index_finds_answers(
    world: World, all_feeds: dict[str, Feed], lively: Behaviour, run_of: Callable[..., Run]
) -> None:
    mind = dataclasses.replace(lively, answer_delay=1.0, duet_base=-1.0)
    run = run_of(world, all_feeds["interest"], free=True, behaviour=mind)
    for t in range(run.ticks):
        run.step(t)
    index, features = run.index, run.static.features
    m, d = features.shape
    assert m > world.n_posts + 100
    assert sorted(index.posts.tolist()) == list(range(m))
    for low, high in zip(index.start[:-1], index.start[1:], strict=True):
        mine = index.posts[low:high]
        assert (np.diff(mine) > 0).all()
        assert (index.blocks[low * d : high * d].reshape(d, -1) == features[mine].T).all()
    assert run.tally().recall >= 0.9
    # memory of cards and features is laid out as before
    assert features.ctypes.data % 64 == run.static.cards.ctypes.data % 64 == 0
    assert np.shares_memory(run.static.lines, features)


@pytest.mark.parametrize(
    "change",
    [{"answer_posts": 1.1}, {"answer_mix": -0.1}, {"answer_delay": 0}, {"answer_spread": -1}],
)
def test_what_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(OptionError, match=next(iter(change))):
        Behaviour(**change)


@pytest.mark.parametrize("chain", [0.0, 1.0])
def test_stitches_of_stitches_are_posts_only_if_they_may_be(chain: float) -> None:
    mind = dataclasses.replace(ALL_ANSWER, duet_base=-50.0, stitch_base=50.0, stitch_chain=chain)
    spread = gk.simulate_spread(
        three(), {"u": uniform()}, ticks=3, slots=9, budget="free", behaviour=mind, rng=1
    )
    made = spread.of("u")[0].answers
    assert set(made.kind.tolist()) == {2}
    # both others stitch the only post; in the next tick each stitches the other's stitch, and the
    # author both
    assert (made.parent > 0).sum() == (4 if chain else 0)
    assert made.declined == (0 if chain else 4)

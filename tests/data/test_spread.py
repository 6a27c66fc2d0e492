"""What a spread says of its tallies, and that its key covers all of them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from graphkit.data.answers import Answers, answer_ids
from graphkit.data.spread import REACTIONS, ArmTally, Spread
from graphkit.data.vocabulary import Vocabulary
from graphkit.errors import DataError, MissingDataError


def tally(**fields: Any) -> ArmTally:
    """Two posts, three accounts, two ticks; four impressions, all liked."""
    reactions = np.zeros((2, len(REACTIONS)), np.int64)
    reactions[:, REACTIONS.index("like")] = 2
    made = ArmTally(
        views={"planted": np.array([[2, 0, 0], [0, 1, 1]], np.int32)},
        diet={"planted": np.array([[2, 0, 0], [0, 1, 0], [0, 1, 0]], np.int32)},
        member_reach={"planted": np.array([2, 0, 1], np.int32)},
        ticks=np.array([[1, 1], [0, 2]], np.int32),
        reactions=reactions,
        watch=np.array([65536, 9], np.int64),
        sources=np.array([3, 0, 1], np.int64),
        sessions=4,
        empty=0,
        leave=0.1,
        back=0.5,
        stay=4.0,
        candidates=80,
        shares=np.array([[0, 1, -1, 0, 2]], np.int32),
        posting=0.8,
        quitting=0.05,
        posted=np.ones(2, np.bool_),
        left=np.zeros(3, np.bool_),
        quit=np.zeros(3, np.bool_),
        gained=np.zeros(3, np.int32),
        lost=np.zeros(3, np.int32),
        recall=0.9,
        untallied=2,
        arrivals={"planted": np.array([[1], [-1]], np.int16)},
        flagged_shown=np.array([1, 0, 1], np.int32),
        divisive_shown=np.array([0, 1, 0], np.int32),
    )
    return replace(made, **fields)


TALLY = tally()


def spread(*tallies: ArmTally) -> Spread:
    names = ("following", "interest", "filler")
    keyed = {("a", 0, r): one for r, one in enumerate(tallies)}
    return Spread((), ("a",), keyed, len(tallies), names, "matched", False)


@pytest.mark.parametrize("name", [spec.name for spec in fields(ArmTally)])
def test_the_key_covers_every_field(name: str) -> None:
    value: Any = getattr(TALLY, name)
    other: Any
    if isinstance(value, dict):
        other = {kind: array + 1 for kind, array in value.items()}
    elif isinstance(value, np.ndarray):
        other = ~value if value.dtype == np.bool_ else value + 1
    elif isinstance(value, Answers):
        other = Answers([0], [1], [2], [1])
    else:
        other = value + 1
    changed = replace(TALLY, **{name: other})
    assert spread(changed).content_key != spread(TALLY).content_key


def test_the_key_is_of_values_only() -> None:
    same = replace(TALLY, leave=np.float64(TALLY.leave), views=dict(TALLY.views))
    assert spread(same).content_key == spread(TALLY).content_key


def test_summary_of_an_arm() -> None:
    unused = replace(TALLY, recall=float("nan"), candidates=40)
    row = spread(TALLY, unused).summary().row(0, named=True)
    assert row["impressions"] == row["sessions"] == 8
    assert row["candidates_per_session"] == (80 + 40) / 8
    assert row["index_recall"] == 0.9
    assert row["reactions_per_impression"] == 1  # all are liked
    assert (row["following"], row["filler"]) == (0.75, 0.25)
    assert row["kept"] == 8 / (8 + 2 * 2)
    assert spread(TALLY, unused).filler("a") == 0.25


def test_answers_of_an_arm_are_told() -> None:
    one, none = np.zeros(1, np.int32), spread(TALLY)
    made = replace(TALLY, answers=Answers(one, one, np.ones(1, np.int8), one))
    assert "answers" not in repr(none)
    assert "candidates a session, 0.5 answers a run" in repr(spread(made, TALLY))


@pytest.mark.parametrize(
    ("posts", "ids"),
    [
        ([-5, 3], [4, 5]),
        ([7, 2**63 - 3], [2**63 - 2, 2**63 - 1]),
        (["a"], ["~answer-0000000001", "~answer-0000000002"]),
        (["~b"], ["~b~answer-0000000001", "~b~answer-0000000002"]),
        ([("a", 1)], [("a", 1, "~answer-0000000001"), ("a", 1, "~answer-0000000002")]),
        ([1, "a"], [("~answer-0000000001",), ("~answer-0000000002",)]),
    ],
)
def test_ids_of_answers_follow_those_of_the_posts(posts: list[Any], ids: list[Any]) -> None:
    assert answer_ids(Vocabulary(posts), 2) == ids
    assert Vocabulary([*posts, *ids]).ids[-2:].tolist() == ids


def test_ids_of_posts_without_room_behind_them_are_refused() -> None:
    with pytest.raises(DataError, match="64 bits cannot hold those of 2 answers"):
        answer_ids(Vocabulary([1, 2**63 - 2]), 2)


def test_what_is_undefined_is_null() -> None:
    nothing = tally(sessions=0, candidates=0, sources=np.zeros(3, np.int64), recall=float("nan"))
    nothing = replace(nothing, untallied=0)
    row = spread(nothing).summary().row(0, named=True)
    for name in ("kept", "candidates_per_session", "index_recall", "reactions_per_impression"):
        assert row[name] is None


def test_rewards_are_no_views() -> None:
    reactions = np.zeros((2, len(REACTIONS)), np.int64)
    reactions[0] = 1
    assert replace(TALLY, reactions=reactions).rewards.tolist() == [6, 0]


def test_arms_are_named() -> None:
    with pytest.raises(MissingDataError, match="no arm 'b'"):
        spread(TALLY).of("b")

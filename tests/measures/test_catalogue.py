"""The catalogue, and the measures that need no partition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graphkit.data.spread import REACTIONS
from graphkit.measures import MEASURES, contrast, measure_spread

FREE_ONLY = (
    "kept_sessions",
    "accounts_kept",
    "creators_kept",
    "posted_share",
    "followers_gained",
    "followers_lost",
)
GROUPS = ["x"] * 4 + ["y"] * 4
LOG = [(1, 0, 0), (2, 0, 0), (3, 0, 1), (5, 1, 1), (6, 2, 2), (7, 2, 2)]


def overall(
    by_hand: Any, world: Any, tally: Any, budget: str = "matched"
) -> dict[str, float | None]:
    frame = measure_spread(by_hand.spread([world], {"a": [[tally]]}, budget))
    rows = frame.filter(frame["community"].is_null())
    return dict(rows.select("measure", "value").iter_rows())


def test_every_reward_of_creators_counts_and_nothing_else(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0], [4]])
    reactions = np.zeros((2, len(REACTIONS)), np.int64)
    rewarding = {"like": 1, "comment": 2, "share": 4, "follow": 8, "duet": 16, "stitch": 32}
    for name, count in rewarding.items():
        reactions[0, REACTIONS.index(name)] = count
    for name in ("complete", "skip", "unfollow"):
        reactions[1, REACTIONS.index(name)] = 3
    tally = by_hand.tally(world, LOG[:4], reactions=reactions)
    assert tally.rewards.tolist() == [63, 0]
    found = overall(by_hand, world, tally)
    assert found["creator_value"] == 31.5
    assert found["completion"] == 0.75


def free_case(by_hand: Any) -> tuple[Any, Any]:
    """Five posts: the fourth is not posted, the fifth scheduled after the end."""
    world = by_hand.world(GROUPS, [[0], [4], [4], [0], [5]])
    world = replace(world, ticks=np.array([0, 0, 1, 2, 3], np.int32))
    some = np.zeros(8, np.bool_)
    some[[0, 5]] = True
    tally = by_hand.tally(
        world,
        LOG,
        posted=np.array([1, 1, 1, 0, 1], np.bool_),
        quit=some,
        left=some,
        gained=np.arange(8, dtype=np.int32),
        lost=np.full(8, 2, np.int32),
        sessions=6,
    )
    return world, tally


def test_what_is_kept_under_a_free_budget(by_hand: Any) -> None:
    found = overall(by_hand, *free_case(by_hand), "free")
    assert found["kept_sessions"] == 6 / (8 * 3)
    assert found["accounts_kept"] == 0.75
    assert found["creators_kept"] == 0.5  # 0 and 4 post twice, and 0 gave up
    assert found["posted_share"] == 0.75  # of the four scheduled by tick 2
    assert found["followers_gained"] == 3.5
    assert found["followers_lost"] == 2
    # means are over the three posts that entered
    assert found["reach"] == 2
    assert found["reach_median"] == 2
    assert found["reach_outside"] == 0
    assert found["creator_value"] == 2
    assert found["cascade_size"] == 1
    assert found["homeless_posts"] == 0


def test_posts_that_come_after_the_run_count_nowhere(by_hand: Any) -> None:
    facts = {"flagged": np.array([1, 0, 0, 1], np.bool_)}
    long = by_hand.world(GROUPS, [[0], [4], [4], [1]], **facts)
    late = replace(long, ticks=np.array([0, 0, 1, 3], np.int32))
    short = by_hand.world(GROUPS, [[0], [4], [4]], flagged=facts["flagged"][:3])
    shares = [(0, 1, -1, 0, 0)]
    found = overall(by_hand, late, by_hand.tally(late, LOG, shares=shares))
    assert found == overall(by_hand, short, by_hand.tally(short, LOG, shares=shares))
    assert found["flagged_amplification"] == pytest.approx((3 / 6) / (1 / 3))
    by_home = measure_spread(by_hand.spread([late], {"a": [[by_hand.tally(late, LOG)]]}))
    hosting = by_home.filter(measure="hosting_creators", community="x")
    assert hosting["value"].to_list() == [1]  # 1 has not posted yet


def test_what_is_acted_on_under_free_only_is_null_under_matched(by_hand: Any) -> None:
    world, tally = free_case(by_hand)
    found = overall(by_hand, world, tally)
    assert [found[name] for name in FREE_ONLY] == [None] * 6
    assert found.keys() == overall(by_hand, world, tally, "free").keys()
    for name in ("long_term_value", "session_length", "posting_propensity"):
        assert found[name] == overall(by_hand, world, tally, "free")[name]
    # and no contrast tests it
    other = replace(tally, leave=0.3)
    spread = by_hand.spread([world] * 2, {"a": [[tally]] * 2, "b": [[other]] * 2})
    gap = contrast(measure_spread(spread), "a", "b").frame
    rows = gap.filter(gap["measure"].is_in(FREE_ONLY))
    assert rows.height == 6
    assert rows["difference"].null_count() == rows["p_holm"].null_count() == 6


def test_nothing_posted_is_null(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0]])
    tally = by_hand.tally(world, [], posted=np.zeros(1, np.bool_), posting=float("nan"))
    found = overall(by_hand, world, tally, "free")
    for name in (
        "reach",
        "reach_median",
        "cascade_size",
        "creator_value",
        "creators_kept",
        "posting_propensity",
        "session_length",
    ):
        assert found[name] is None
    assert found["posted_share"] == 0


def test_kinds_of_content_over_their_share_of_the_posts(by_hand: Any) -> None:
    facts = {
        "divisiveness": np.array([0.5, 0.49, 0.0], np.float32),
        "flagged": np.array([0, 0, 1], np.bool_),
        "cross_posted": np.zeros(3, np.bool_),
    }
    world = by_hand.world(GROUPS, [[0], [4], [4]], **facts)
    found = overall(by_hand, world, by_hand.tally(world, LOG))
    assert found["divisive_amplification"] == pytest.approx((3 / 6) / (1 / 3))
    assert found["flagged_amplification"] == pytest.approx((2 / 6) / (1 / 3))
    assert found["crossposted_amplification"] is None  # there is no such post
    # of the posts that entered
    some = by_hand.tally(world, LOG[:4], posted=np.array([1, 1, 0], np.bool_))
    found = overall(by_hand, world, some, "free")
    assert found["divisive_amplification"] == pytest.approx((3 / 4) / (1 / 2))
    assert found["flagged_amplification"] is None
    unknown = by_hand.world(GROUPS, [[0], [4], [4]])
    found = overall(by_hand, unknown, by_hand.tally(unknown, LOG))
    for name in ("divisive", "flagged", "crossposted"):
        assert found[f"{name}_amplification"] is None


def test_everybody_shown_everything_amplifies_nothing(by_hand: Any) -> None:
    world = by_hand.world(
        GROUPS,
        [[a] for a in range(8)],
        flagged=np.arange(8) < 3,
        divisiveness=np.linspace(0, 1, 8, dtype=np.float32),
    )
    log = [(a, p, 0) for a in range(8) for p in range(8) if a != p]
    found = overall(by_hand, world, by_hand.tally(world, log))
    assert found["divisive_amplification"] == pytest.approx(1)
    assert found["flagged_amplification"] == pytest.approx(1)


def test_the_cascade_of_an_original_holds_its_answers(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0], [1], [2]], answers_to=np.array([-1, 0, -1], np.int32))
    shares = [(0, 3, -1, 0, 0), (1, 5, -1, 1, 1), (1, 6, 5, 2, 2)]
    tally = by_hand.tally(world, LOG, shares=shares)
    found = overall(by_hand, world, tally)
    # root 0 with a sharer and the answer 1, below which a duet and its stitch; and post 2
    assert found["cascade_size"] == (5 + 1) / 2
    assert found["cascade_depth"] == (3 + 0) / 2
    assert found["cascade_breadth"] == (2 + 1) / 2
    assert found["structural_virality"] == pytest.approx(2 * (1 * 4 + 3 * 2 + 2 * 3 + 1 * 4) / 20)
    # an answer to what did not enter is an original; what did not enter counts nowhere
    gone = by_hand.tally(world, LOG[3:], shares=shares[1:], posted=np.array([0, 1, 1], np.bool_))
    assert overall(by_hand, world, gone, "free")["cascade_size"] == (3 + 1) / 2


def test_recall_and_candidates_describe_the_feed(by_hand: Any) -> None:
    world = by_hand.world(GROUPS, [[0], [4], [4]])
    tally = by_hand.tally(world, LOG, recall=0.95, candidates=90, sessions=3)
    found = overall(by_hand, world, tally)
    assert (found["index_recall"], found["candidates_per_session"]) == (0.95, 30)


def test_the_catalogue_lists_every_measure_of_an_outcome(by_hand: Any) -> None:
    world, tally = free_case(by_hand)
    frame = measure_spread(by_hand.spread([world], {"a": [[tally]]}, "free"))
    levels = {"run": (True, True), "partition": (False, True), "community": (False, False)}
    for level, (whole_run, whole) in levels.items():
        rows = frame.filter(
            frame["partition"].is_null() == whole_run, frame["community"].is_null() == whole
        )
        names = rows["measure"].unique(maintain_order=True).to_list()
        expected = [m.name for m in MEASURES if m.level == level]
        assert [n for n in names if not n.startswith("source_")] == expected
        assert all(m.needs_partition is not whole_run for m in MEASURES if m.level == level)
    assert {m.name for m in MEASURES if m.free_only} == set(FREE_ONLY)
    assert all(m.meaning and m.unit for m in MEASURES)

"""Types and results survive pickling and copying, compare by content, and stay read-only."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.answers import Answers
from graphkit.data.frozen import Frozen
from graphkit.data.incidence import IncidenceMatrix, incidence
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.simulation.calibration import Calibration

LEANING = np.array([0.5, -0.5, 0.5, 0.5, -0.5, 0.0])
CREATORS = [f"{side}{i}" for side in "bj" for i in range(9)]


@cache
def dataset() -> gk.Dataset:
    return gk.Dataset(
        items={
            "item_id": CREATORS,
            "author_id": CREATORS,
            "tags": [["BookTok", "fyp"]] * 9 + [["jazz", "fyp"]] * 9,
        },
        follows={"follower_id": CREATORS[:-1], "followee_id": CREATORS[1:]},
        interactions={
            "account_id": [CREATORS[i] for i in (0, 1, 0, 1, 2)],
            "item_id": [CREATORS[i] for i in (5, 5, 6, 6, 6)],
            "kind": ["share"] * 5,
            "at": [f"2024-05-01T00:00:{second:02}Z" for second in (0, 4, 10, 16, 50)],
        },
        source="made by hand",
    )


@cache
def graph() -> gk.Graph:
    return gk.Graph.from_edges("aabcdde", "bccdeff", [1, 2, 1, 1, 1, 1, 1], directed=False)


@cache
def partition() -> gk.Partition:
    return gk.leiden(graph(), runs=2, rng=1)


@cache
def world() -> Any:
    return gk.build_world(gk.synthetic.platform(accounts=200, rng=1), ticks=2, rng=1)


@cache
def spread() -> Any:
    return gk.simulate_spread(
        world(), {"new": gk.recommenders.chronological()}, ticks=2, slots=3, reading="empty", rng=1
    )


def shares() -> Any:
    return gk.cointeraction_graph(dataset(), between="accounts", through="items")


def tally() -> Any:
    return next(iter(spread().tallies.values()))


def crossing() -> Any:
    seen, at = tally(), world()
    return gk.measures.crossing(
        seen.views["planted"],
        seen.diet["planted"],
        at.partitions["planted"].membership,
        homes=at.homes["planted"],
        poster_indptr=at.poster_indptr,
        posters=at.posters,
    )


def context() -> Any:
    return gk.recommenders.Context(
        world(), 1, [1, 1], [0, 1], [0, 7], {"followed": [1, 0], "recency": lambda: [0.5, 0.25]}
    )


def communities() -> Any:
    mixing = {"graph": gk.measures.mixing(graph(), partition())}
    return gk.study.CommunityStudy(
        dataset(), graph(), partition(), None, None, mixing, Path("folder"), ("a note",)
    )


def study() -> Any:
    empty = pl.DataFrame({"community": ["x"], "measure": ["reach"]})
    return gk.study.StudyResult(
        gk.study.StudyConfig(),
        communities(),
        {},
        spread(),
        empty,
        empty,
        None,
        None,
        None,
        (),
        None,
        (),
        Path("folder"),
        (),
    )


@cache
def compared() -> Any:
    arms = {"new": gk.recommenders.chronological(), "all": gk.interest_centric()}
    return gk.simulate_spread(world(), arms, ticks=2, slots=3, reading="empty", rng=1)


@cache
def flagged() -> Any:
    """The comparison, with all posts of one community flagged."""
    at = replace(world(), flagged=world().homes["planted"] == 1)
    return replace(compared(), worlds=(at,))


@cache
def two_worlds() -> Any:
    like = gk.synthetic.platform(accounts=60, communities=2, rng=1)
    return gk.synthetic.worlds(2, like=like, ticks=2, rng=1)


@cache
def two_outcomes() -> pl.DataFrame:
    arms = {"a": gk.recommenders.uniform(), "b": gk.interest_centric()}
    return gk.attribution.evaluate(two_worlds(), arms, ticks=2, slots=3, rng=1)


def attributed(function: Callable[..., Any]) -> Any:
    a = gk.recommenders.Feed("a", {"everywhere": 60}, {"chance": 1.0})
    b = a.but("b", weights={"chance": 0.0, "interest": 1.0}, half_life=9.0)
    options: dict[str, Any] = {"measure": "viewer_value", "ticks": 2, "slots": 3, "rng": 1}
    return function(two_worlds(), a, b, **options)


def robust() -> Any:
    pair = {"arm": "b", "baseline": "a", "measure": "viewer_value"}
    return gk.attribution.judge(gk.contrast(two_outcomes(), "b", "a"), **pair)


def sampled() -> Any:
    options: dict[str, Any] = {"measure": "viewer_value", "ticks": 2, "slots": 3, "samples": 4}
    ranges = {"behaviour.noise": (0.0, 0.2), "arm.topic_penalty": (0.0, 0.5)}
    feed = gk.interest_centric()
    return gk.attribution.sensitivity(two_worlds(), feed, ranges=ranges, **options, rng=1)


def indices() -> Any:
    outputs = np.arange(16.0) % 5
    return gk.attribution.sobol_indices(outputs, ["x", "y"], second_order=False, rng=1)


def observed() -> Any:
    log = gk.Dataset(
        items={"item_id": ["v", "w"], "author_id": ["a", "c"]},
        impressions={
            "account_id": ["b", "d", "b", "d"],
            "item_id": ["v", "w", "w", "v"],
            "surface": ["following", "following", "for you", "for you"],
        },
    )
    communities = gk.Partition.from_membership({"a": "x", "b": "x", "c": "y", "d": "y"})
    return gk.measures.observed(log, communities, groups=2, min_impressions=2, rng=1)


def cold_start() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        arms = {"new": gk.recommenders.uniform()}
        gk.simulate_spread(world(), arms, ticks=2, slots=3, impressions=folder, rng=1)
        log = gk.simulation.scan_impressions(folder)
        return gk.measures.cold_start(log, world(), "planted", step=2)


def lifetimes(*ages: int) -> pl.DataFrame:
    return gk.measures.kaplan_meier(np.array(ages), np.ones(len(ages), dtype=bool))


def exposed() -> Any:
    shown = gk.Impressions(gk.Vocabulary("ab"), gk.Vocabulary("vw"), [0, 1], [0, 1])
    return gk.measures.exposed_leaning(shown, np.array([0.5, -0.5]), np.array([1.0, 1.0]))


def outcome() -> pl.DataFrame:
    arms = {"new": gk.recommenders.chronological(), "all": gk.interest_centric()}
    arms["uniform"] = gk.recommenders.uniform()
    return gk.measure_spread(gk.simulate_spread(world(), arms, ticks=2, slots=3, rng=1))


def headline() -> Any:
    seen = gk.visibility(world().partitions["planted"], world().follows, runs=2, rng=1)
    return gk.measures.headline(outcome(), {"planted": seen})


def calibration() -> Any:
    fit = pl.DataFrame({"outcome": ["like"], "gain": [0.1], "standard_error": [None]})
    parameters = pl.DataFrame({"parameter": ["noise"], "standard_error": [float("nan")]})
    fit = fit.with_columns(n_held_out=9, explained=0.2)
    return Calibration(gk.simulation.Behaviour(), parameters, fit, fit)


def replied() -> Any:
    toy = gk.synthetic.toy()
    return gk.measures.answers(toy, toy.truth)


def matrix() -> IncidenceMatrix:
    ids, codes = gk.Vocabulary("ab"), np.array([1, 0, 1], np.int32)
    return IncidenceMatrix.from_codes(ids, ids, codes, codes[::-1], np.arange(3))


def tracks() -> Any:
    later = gk.Partition.from_membership("abcdef", [0, 0, 0, 0, 1, 1], labels=["x", "y"])
    return gk.track({"may": partition(), "june": later})


def follows() -> gk.Graph:
    return gk.Graph.from_edges("abcde", "bcaxy", directed=True)


def named() -> gk.Partition:
    return gk.Partition.from_membership(CREATORS, [0] * 9 + [1] * 9, node_kind="authors")


def space() -> Any:
    return gk.simulation.interest_space(dataset(), rng=1)


def interactive_map() -> gk.plot.InteractiveMap:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.html"
        return gk.plot.interactive_map(graph(), partition(), path, min_group_size=2, rng=1)


MAKE: dict[str, Callable[[], Any]] = {
    "Ablation": lambda: attributed(gk.attribution.ablate),
    "AudienceExposure": lambda: gk.measures.audience_exposure(
        compared(), by="device", baseline="new", min_group=1
    ),
    "CrossPostDemotion": lambda: gk.attribution.cross_post_demotion(
        world(), gk.recommenders.circle_popularity(), weights=(-0.1,), ticks=2, slots=3, rng=1
    ),
    "Agreement": lambda: gk.agreement(partition(), partition()),
    "AnswerTrees": replied,
    "AnswersCompared": lambda: gk.measures.compare_answers({"toy": replied()}),
    "Bridges": lambda: gk.measures.bridges(compared(), "planted", arm="all"),
    "ColdStart": cold_start,
    "Controversy": lambda: gk.measures.controversy(graph(), partition(), hubs=1),
    "DelayFit": lambda: gk.measures.fit_delays([1.0, 2.0, 5.0], highest=[9.0] * 3),
    "Economy": lambda: gk.measures.economy(compared(), ["per_view"], baseline="new"),
    "ExposedLeaning": exposed,
    "FeedFactors": lambda: gk.attribution.feed_factors(
        gk.follower_centric(), gk.interest_centric()
    ),
    "Fetched": lambda: gk.datasets.fetch("platform"),
    "Finding": lambda: headline().findings[0],
    "FlaggedCascades": lambda: gk.measures.flagged_cascades(flagged()),
    "FlowContrast": lambda: gk.measures.flow_contrast(
        compared(), "all", "new", partition="planted"
    ),
    "Gains": lambda: gk.measures.who_gains(compared(), "all", "new", by="creator size"),
    "HostingOfFlagged": lambda: gk.measures.hosting_of_flagged(flagged(), partition="planted"),
    "Income": lambda: gk.measures.income(compared(), "per_view", baseline="new"),
    "InterventionCosts": lambda: gk.measures.intervention_costs(
        flagged(), {"new": ["all"]}, partition="planted"
    ),
    "OwnShare": lambda: gk.measures.OwnShare(
        pl.DataFrame({"arm": ["a"], "community": ["dance"], "share": [0.5]}), "planted"
    ),
    "Palette": lambda: gk.plot.palette(partition()),
    "Payout": lambda: gk.measures.payouts()["per_view"],
    "LogRank": lambda: gk.measures.logrank(lifetimes(1, 2, 3), lifetimes(4, 5, 6)),
    "NeighboursLeaning": lambda: gk.measures.neighbours_leaning(graph(), LEANING, draws=19, rng=1),
    "Observed": observed,
    "ReachCurve": lambda: gk.measures.reach_curve(compared()),
    "Robustness": robust,
    "SampleSize": lambda: gk.measures.worlds_needed(
        two_outcomes(), "b", "a", measure="viewer_value", precision=0.01
    ),
    "Sensitivity": sampled,
    "Shapley": lambda: attributed(gk.attribution.shapley),
    "SobolIndices": indices,
    "TimeToCross": lambda: gk.measures.time_to_cross(compared(), "planted", communities=1),
    "TwoPlatforms": lambda: gk.attribution.two_platforms(
        world(), gk.interest_centric(), gk.recommenders.circle_popularity(), ticks=2, slots=3, rng=1
    ),
    "Validation": lambda: gk.attribution.Validation.of(compared()),
    "Variety": lambda: gk.attribution.judge_variety(two_outcomes(), {"a": 0.0, "b": 0.5}),
    "Answers": lambda: Answers([0, 1], [2, 3], [1, 2], [1, 4], late=2),
    "ArmTally": tally,
    "Backbone": lambda: gk.backbone(graph(), method="disparity", alpha=0.9),
    "Calibration": calibration,
    "Cascades": lambda: gk.measures.cascades(tally().shares, world().n_posts),
    "CommunityMatch": lambda: gk.find_community(named(), dataset(), tags="#booktok"),
    "CommunityStudy": communities,
    "Context": context,
    "Contrast": lambda: gk.contrast(outcome(), "all", "new"),
    "Coordination": lambda: gk.graphs.coordinated_accounts(dataset(), window="10s"),
    "Crossing": crossing,
    "Dataset": dataset,
    "EdgeEvidence": lambda: gk.graphs.edge_evidence(shares(), "b0", "b1", dataset=dataset()),
    "Feed": gk.follower_centric,
    "Feed with a score": lambda: gk.follower_centric().but("own", score=np.ones_like),
    "Graph": graph,
    "GraphFacts": lambda: gk.graphs.describe(graph(), by=dict.fromkeys("abcdef", "x")),
    "Headline": headline,
    "ImportReport": lambda: ImportReport.of({"items": 3}, {"items": 2}, {("items", "empty"): 1}),
    "Impressions": lambda: gk.Impressions(
        gk.Vocabulary("ab"),
        gk.Vocabulary("v"),
        [0, 1],
        [0, 0],
        None,
        [0.5, np.nan],
        pl.Series(["x", "y"]),
    ),
    "Incidence": lambda: incidence(dataset(), between="accounts", through="items"),
    "IncidenceMatrix": matrix,
    "InteractiveMap": interactive_map,
    "InterestSpace": space,
    "Mixing": lambda: gk.measures.mixing(graph(), partition()),
    "Layout": lambda: gk.communities.layout(graph(), partition(), min_group_size=2, rng=1),
    "NullComparison": lambda: gk.communities.rewired_null(graph(), n=19, runs=2, rng=1),
    "Partition": partition,
    "PermutationNull": lambda: gk.measures.permutation_null(spread(), "planted", draws=19, rng=1),
    "Planted": lambda: gk.nullmodels.planted_partition([9, 9], inside=4, outside=1, rng=1),
    "Platform": lambda: gk.synthetic.platform(accounts=48, rng=1),
    "ProjectionPlan": lambda: gk.graphs.plan(dataset(), memory="1 GB"),
    "Provenance": lambda: replace(partition().provenance, parameters={"x": float("nan")}),
    "ResolutionProfile": lambda: gk.communities.resolution_profile(
        graph(), resolutions=(0.5, 2), runs=2, rng=1
    ),
    "Runs": lambda: partition().runs,
    "Spread": spread,
    "StudyResult": study,
    "Tracks": tracks,
    "Visibility": lambda: gk.visibility(partition(), follows(), runs=2, rng=1),
    "World": world,
}

make = cache(lambda name: MAKE[name]())
each_type = pytest.mark.parametrize("name", MAKE)
WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda value: pickle.loads(pickle.dumps(value)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}
each_way = pytest.mark.parametrize("again", WAYS.values(), ids=WAYS)


def arrays(value: Any) -> Iterator[np.ndarray]:
    """All arrays that a value holds, however deep."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Mapping):
        yield from (array for part in value.values() for array in arrays(part))
    elif isinstance(value, tuple):
        yield from (array for part in value for array in arrays(part))
    elif isinstance(value, Frozen) and not isinstance(value, gk.Vocabulary):
        yield from arrays(stored(value))


def stored(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def other(value: Any) -> Any:
    """Something of the same kind that differs."""
    if isinstance(value, np.ndarray):
        changed = value.copy() if value.size else np.zeros((1, *value.shape[1:]), value.dtype)
        changed.flat[:1] = changed.flat[:1] != 1
        return changed
    if isinstance(value, pl.DataFrame):
        return value.with_columns(pl.lit("x").alias("new"))
    if isinstance(value, Mapping):
        return dict(list(value.items())[1:]) if value else {"new": 1}
    if isinstance(value, tuple):
        return (*value, 1)
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, bool):
        return not value
    finite = isinstance(value, int | float) and np.isfinite(value)
    return value + 1 if finite else "other"


def test_every_type_that_shows_itself_is_tried() -> None:
    tried = {type(make(name)).__name__ for name in MAKE} | {"Vocabulary"}
    assert {kind.__name__ for kind in Frozen.__subclasses__()} == tried


@each_type
@each_way
def test_copies_are_equal(name: str, again: Callable[[Any], Any]) -> None:
    value = make(name)
    twin = again(value)
    assert twin is not value
    assert type(twin) is type(value)
    assert twin == value
    assert repr(twin) == repr(value)
    assert twin._repr_html_() == value._repr_html_()
    if name in ("Feed", "Feed with a score"):
        with pytest.raises(TypeError, match="unhashable"):
            hash(value)
    else:
        assert hash(twin) == hash(value)
    if hasattr(value, "content_key"):
        assert twin.content_key == value.content_key
    if hasattr(value, "provenance"):
        assert twin.provenance == value.provenance


@each_type
@each_way
def test_arrays_are_read_only(name: str, again: Callable[[Any], Any]) -> None:
    assert not any(array.flags.writeable for array in arrays(make(name)))
    twin = again(make(name))
    found = list(arrays(twin))
    assert len(found) >= len(list(arrays(make(name))))
    assert not any(array.flags.writeable for array in found)


@each_type
@each_way
def test_mappings_stay_what_they_are(name: str, again: Callable[[Any], Any]) -> None:
    value = make(name)
    twin = again(value)
    for key, part in stored(value).items():
        assert type(getattr(twin, key)) is type(part) or name == "Context"
    with pytest.raises((TypeError, AttributeError)):
        setattr(twin, next(iter(stored(value))), None)


@each_type
def test_every_field_counts_but_the_provenance(name: str) -> None:
    value = make(name)
    for key, part in stored(value).items():
        changed = copy.copy(value)
        different = Provenance("another way") if key == "provenance" else other(part)
        object.__setattr__(changed, key, different)
        assert (changed == value) is (key == "provenance"), key


@each_way
def test_the_record_of_a_copy_is_read_only(again: Callable[[Any], Any]) -> None:
    record = again(partition()).provenance
    assert dict(record.parameters) == dict(partition().provenance.parameters)
    for mapping in (record.parameters, record.removed, record.versions):
        with pytest.raises(TypeError):
            mapping["new"] = 1


@each_way
def test_ids_of_any_kind(again: Callable[[Any], Any]) -> None:
    for ids in ("ab", [3, 1], [("a", 1), "b"]):
        vocabulary = gk.Vocabulary(ids)
        before = vocabulary.ids
        twin = again(vocabulary)
        assert twin == vocabulary
        assert hash(twin) == hash(vocabulary)
        assert twin.ids.tolist() == before.tolist()
        assert not twin.ids.flags.writeable
        assert twin.encode(before.tolist()).tolist() == list(range(len(ids)))
        assert f"<td style='text-align:left'>{len(ids)}</td>" in twin._repr_html_()


def test_what_was_computed_is_left_behind() -> None:
    edges = graph().n_edges
    assert "n_edges" in vars(graph())
    twin = pickle.loads(pickle.dumps(graph()))
    assert "n_edges" not in vars(twin)
    assert twin.n_edges == edges


def test_the_array_given_stays_writable() -> None:
    given = np.zeros(2, np.int32)
    shown = gk.Impressions(gk.Vocabulary("ab"), gk.Vocabulary("v"), [0, 1], given)
    assert given.flags.writeable
    assert not shown.item.flags.writeable


def test_numbers_of_any_type_are_equal() -> None:
    assert replace(partition(), resolution=1) == replace(partition(), resolution=np.float64(1))
    assert replace(partition(), quality=float("nan")) == replace(partition(), quality=np.nan)


def test_other_types_are_not_equal() -> None:
    assert graph() != partition()
    assert graph() != "graph"
    assert len({graph(), copy.copy(graph()), partition()}) == 2


def test_a_feed_is_pickled_with_its_score() -> None:
    feed = make("Feed with a score")
    assert pickle.loads(pickle.dumps(feed)).score is np.ones_like
    local = feed.but("local", score=lambda context: context.factor("interest"))
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(local)
    assert copy.deepcopy(local) == local


def test_a_context_is_pickled_with_its_factors() -> None:
    again = pickle.loads(pickle.dumps(make("Context")))
    assert again.factor("recency").tolist() == [0.5, 0.25]
    assert not again.factor("recency").flags.writeable


def test_through_a_spawned_process() -> None:
    values = [dataset(), graph(), partition(), world(), make("Feed"), gk.Vocabulary("ab")]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        assert list(pool.map(copy.copy, values)) == values

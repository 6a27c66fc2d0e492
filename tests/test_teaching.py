"""Calls with wrong arguments, as users of other libraries make them: the message names the right one."""

from __future__ import annotations

import importlib
import inspect
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import graphkit as gk
from graphkit import communities, errors, measures, recommenders
from graphkit.errors import CallError, DataError, MissingDataError, OptionError
from graphkit.teaching import explain, teach

GRAPH = gk.Graph.from_edges("aabcdde", "bccdeff", directed=False)
PARTITION = gk.Partition.from_membership("abcdef", [0, 0, 0, 1, 1, 1])
FRAME = pd.DataFrame({"user": ["a", "b"], "video": ["v", "v"]})
LOG = gk.Dataset(
    interactions={"account_id": ["a", "b"], "item_id": ["v", "v"], "kind": ["like"] * 2}
)
FEED = gk.interest_centric()


@pytest.fixture(scope="module")
def platform() -> gk.Platform:
    return gk.synthetic.toy()


@pytest.fixture(scope="module")
def world(platform: gk.Platform) -> Any:
    return gk.build_world(platform, ticks=2, rng=1)


KEYWORDS: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "seed": (gk.leiden, {"seed": 1}, "Use rng="),
    "random_state": (gk.leiden, {"random_state": 1}, "Use rng="),
    "resolution_parameter": (gk.leiden, {"resolution_parameter": 1.0}, "Use resolution="),
    "gamma": (gk.leiden, {"gamma": 1.0}, "Use resolution="),
    "gammas": (communities.resolution_profile, {"gammas": [1.0]}, "Use resolutions="),
    "n_iterations": (gk.leiden, {"n_iterations": 2}, "Use iterations="),
    "partition_type": (gk.leiden, {"partition_type": 1}, "Use quality="),
    "objective_function": (gk.leiden, {"objective_function": "CPM"}, "Use quality="),
    "initial_membership": (gk.leiden, {"initial_membership": [0]}, "Use initial="),
    "max_comm_size": (gk.leiden, {"max_comm_size": 3}, "Use max_size="),
    "n_runs": (communities.consensus, {"n_runs": 3}, "Use runs="),
    "alpha_level": (gk.backbone, {"alpha_level": 0.1}, "Use alpha="),
    "n_jobs, where all cores are used": (gk.leiden, {"n_jobs": 2}, "All cores are used"),
    "weights, which the graph has": (gk.leiden, {"weights": "weight"}, "Graph.from_networkx(graph"),
    "weight, where there is no graph": (gk.interest_centric, {"weight": {}}, "It takes none."),
    "verbose": (gk.leiden, {"verbose": True}, "graphkit.set_progress(False)"),
    "copy": (gk.backbone, {"copy": True}, "Nothing is changed in place"),
    "misspelled": (gk.leiden, {"resolutionn": 1.0}, "Did you mean resolution=?"),
    "of a method": (FEED.but, {"weight": {}}, "Use weights="),
    "a part of the name": (gk.measures.mixing, {"graph_partition": 1}, "Did you mean partition=?"),
    "rng, where nothing is drawn": (measures.controversy, {"rng": 1}, "Nothing is drawn at random"),
    "unknown": (measures.controversy, {"zzz": 1}, "It takes graph=, partition=, hubs=, against="),
}


@pytest.mark.parametrize("name", KEYWORDS)
def test_a_keyword_of_elsewhere_names_ours(name: str) -> None:
    function, given, told = KEYWORDS[name]
    with pytest.raises(CallError) as caught:
        function(*() if function is gk.interest_centric else (GRAPH,), **given)
    (key,) = given
    assert f"has no parameter {key}=." in str(caught.value)
    assert told in str(caught.value)


def test_keywords_of_a_simulation(world: Any) -> None:
    for key, told in (
        ("seed", "rng"),
        ("steps", "ticks"),
        ("n_jobs", "executor"),
        ("cache", "checkpoint"),
        ("n_replications", "replications"),
        ("feeds", "arms"),
    ):
        with pytest.raises(CallError, match=rf"no parameter {key}=\. Use {told}=\."):
            gk.simulate_spread(world, **{key: 1})


def test_a_keyword_whose_meaning_is_given_already() -> None:
    with pytest.raises(CallError, match=r"no parameter seed=. It means rng=, which is given"):
        gk.leiden(GRAPH, rng=1, seed=1)


def test_keywords_of_a_frame() -> None:
    for key, told in (
        ("user", "account"),
        ("video", "item"),
        ("timestamp", "at"),
        ("action", "kind"),
    ):
        with pytest.raises(CallError, match=rf"no parameter {key}=\. Use {told}=\."):
            gk.from_frame(FRAME, **{key: "user"})
    with pytest.raises(
        CallError, match=r"user=\. Use account=\. from_frame has no parameter video="
    ):
        gk.from_frame(FRAME, user="user", video="video")


PAIRS = [("a", "b"), ("b", "c")]
MISSING: dict[str, tuple[Callable[[], Any], str]] = {
    "pairs": (
        lambda: gk.Graph.from_edges(PAIRS),
        "sources, targets = zip(*pairs); Graph.from_edges(sources, targets, directed=…)",
    ),
    "triples": (
        lambda: gk.Graph.from_edges([("a", "b", 2.0)], directed=False),
        "sources, targets, weights = zip(*edges); Graph.from_edges(sources, targets, weights",
    ),
    "a frame": (
        lambda: gk.Graph.from_edges(FRAME),
        "Graph.from_edges(df['user'], df['video'], directed=…)",
    ),
    "a graph of networkx": (
        lambda: gk.Graph.from_edges(nx.path_graph(3)),
        "Graph.from_networkx(graph)",
    ),
    "no direction": (lambda: gk.Graph.from_edges("a", "b"), "directed=True for follows"),
    "edges in the constructor": (
        lambda: gk.Graph(PAIRS),
        "Graph is made by Graph.from_edges(sources, targets, directed=…)",
    ),
    "codes in the constructor": (
        lambda: gk.Partition([0, 1]),
        "Partition.from_membership(ids, communities)",
    ),
    "no follow graph": (
        lambda: gk.visibility(PARTITION),
        "visibility needs follow_graph= (graphkit.follow_graph(dataset) makes one)",
    ),
    "no arms to compare": (
        lambda: gk.contrast(None),
        "arm= (the name of an arm of the spread) and baseline=",
    ),
    "no ticks": (
        lambda: gk.simulate_spread([], {}),
        "ticks= (steps of simulated time, such as ticks=24)",
    ),
    "explained by the documentation": (
        lambda: gk.run_study("study.toml"),
        "run_study needs out= (folder for the results).",
    ),
    "by position": (
        lambda: gk.leiden(GRAPH, "cpm"),
        "leiden takes graph by position, and 2 values were given. Give the others by name: quality=",
    ),
    "twice": (lambda: gk.leiden(GRAPH, graph=GRAPH), "leiden: graph= is given twice"),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_or_misplaced_is_named(name: str) -> None:
    call, told = MISSING[name]
    with pytest.raises(CallError) as caught:
        call()
    assert told in str(caught.value)


def test_the_right_call_that_is_named_works() -> None:
    sources, targets = zip(*PAIRS, strict=True)
    assert gk.Graph.from_edges(sources, targets, directed=False).n_edges == 2
    graph = gk.Graph.from_edges(FRAME["user"], FRAME["video"], directed=True)
    assert graph.n_edges == 2
    arms = {"first": recommenders.interest_centric(), "second": recommenders.uniform()}
    assert gk.simulate_spread(
        gk.build_world(gk.synthetic.toy(), ticks=2, rng=1),
        arms,
        ticks=1,
        slots=1,
        reading="empty",
        rng=1,
    ).arms == ("first", "second")


OBJECTS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "leiden(frame)": (
        lambda platform, world: gk.leiden(FRAME),
        "ds = gk.from_frame(df, account='user', item='video', kind_is='view') and "
        "gk.cointeraction_graph(ds)",
    ),
    "leiden(dataset)": (
        lambda platform, world: gk.leiden(platform.dataset),
        "graphkit.cointeraction_graph(dataset)",
    ),
    "leiden(platform)": (
        lambda platform, world: gk.leiden(platform),
        "graphkit.cointeraction_graph(platform.dataset)",
    ),
    "leiden(world)": (lambda platform, world: gk.leiden(world), "pass its attribute .follows"),
    "leiden(pairs)": (
        lambda platform, world: gk.leiden(PAIRS),
        "graphkit.Graph.from_edges(sources, targets, directed=…)",
    ),
    "leiden(path)": (
        lambda platform, world: gk.leiden("graph.gexf"),
        "graphkit.readwrite.read_graph(path)",
    ),
    "label_communities(graph)": (
        lambda platform, world: gk.label_communities(GRAPH, LOG),
        "needs a graphkit Partition, not a Graph: find one with graphkit.leiden(graph)",
    ),
    "agreement(list)": (
        lambda platform, world: gk.agreement([0, 1], [0, 1]),
        "graphkit.Partition.from_membership(ids, communities)",
    ),
    "agreement of others": (
        lambda platform, world: gk.agreement(
            PARTITION, gk.Partition.from_membership(["x", "y"], [0, 1])
        ),
        "no node is in both",
    ),
    "from_membership(graph)": (
        lambda platform, world: gk.Partition.from_membership(GRAPH, [0] * 6),
        "pass graph.vocabulary",
    ),
    "simulate_spread(dataset)": (
        lambda platform, world: gk.simulate_spread(platform.dataset, {"a": FEED}, ticks=1),
        "graphkit.build_world(dataset, partition) makes one",
    ),
    "simulate_spread(platform)": (
        lambda platform, world: gk.simulate_spread(platform, {"a": FEED}, ticks=1),
        "graphkit.build_world(platform) makes one",
    ),
    "an arm by its name": (
        lambda platform, world: gk.simulate_spread(world, {"a": "interest_centric"}, ticks=1),
        "arms has 'a': str, and needs a feed under a text as name: "
        "graphkit.recommenders.interest_centric()",
    ),
    "an arm that is not called": (
        lambda platform, world: gk.simulate_spread(world, {"a": gk.interest_centric}, ticks=1),
        "graphkit.recommenders.interest_centric()",
    ),
    "arms without names": (
        lambda platform, world: gk.simulate_spread(world, [FEED], ticks=1),
        "arms is a list of 1: give feeds by the names of their arms, such as arms={",
    ),
    "the name of a feed": (
        lambda platform, world: gk.simulate_spread(world, "interest-centric", ticks=1),
        '"first": graphkit.recommenders.interest_centric()',
    ),
    "items without authors": (
        lambda platform, world: gk.build_world(LOG, gk.Partition.from_membership("ab", [0, 1])),
        "pass posts='introduced'",
    ),
    "the piece of them": (
        lambda platform, world: gk.split_world_data(LOG),
        "pass posts='introduced'",
    ),
    "a study that is no file": (
        lambda platform, world: gk.run_study(platform, "out"),
        "a study is a file, or the StudyConfig that load_config makes of it, not a Platform",
    ),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_another_kind_of_thing_names_what_makes_the_right_one(
    name: str, platform: gk.Platform, world: Any
) -> None:
    call, told = OBJECTS[name]
    with pytest.raises((DataError, MissingDataError, OptionError)) as caught:
        call(platform, world)
    assert told in str(caught.value)


NAMES = {
    "louvain": "graphkit.leiden(graph)",
    "from_edges": "graphkit.Graph.from_edges(sources, targets, directed=…)",
    "read_graph": "It is graphkit.readwrite.read_graph.",
    "resolution_profile": "It is graphkit.communities.resolution_profile.",
    "Leiden": "Did you mean graphkit.leiden?",
    "partition_qualty": "Did you mean graphkit.communities.partition_quality?",
    "zzzzzz": "dir(graphkit) lists what there is",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_elsewhere(name: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(gk, name)
    assert NAMES[name] in str(caught.value)
    assert not hasattr(gk, name)


def test_the_error_is_caught_by_each_of_its_kinds() -> None:
    for kind in (TypeError, ValueError, OptionError, gk.GraphkitError):
        with pytest.raises(kind, match="Use rng="):
            gk.leiden(GRAPH, seed=1)


def test_each_public_function_refuses_an_unknown_keyword_in_this_way() -> None:
    names = "attribution communities datasets graphs measures nullmodels plot privacy"
    names += " readwrite recommenders simulation study synthetic data"
    functions = {}
    for package in map(importlib.import_module, (f"graphkit.{n}" for n in names.split())):
        values = [getattr(package, name) for name in package.__all__]
        functions |= {f"{v.__module__}.{v.__name__}": v for v in values if inspect.isfunction(v)}
    assert len(functions) > 150
    for name, function in functions.items():
        with pytest.raises(CallError, match="has no parameter an_unknown_one=") as caught:
            function(an_unknown_one=1)
        assert name.rsplit(".", 1)[1] in str(caught.value)


def test_signature_documentation_and_pickles_are_those_of_the_function() -> None:
    signature = inspect.signature(gk.leiden)
    assert next(iter(signature.parameters)) == "graph"
    assert signature.return_annotation == "Partition"
    assert gk.leiden.__doc__
    assert gk.leiden is communities.leiden
    assert pickle.loads(pickle.dumps(gk.leiden)) is gk.leiden
    assert list(inspect.signature(gk.Graph.from_edges).parameters)[:2] == ["source", "target"]


def test_an_error_within_a_call_stays_as_it_is() -> None:
    def score(context: Any) -> Any:
        return int("a", basis=2)

    space = {"__all__": ["within"], "within": None}

    def within(number: int) -> None:
        """Call something wrongly."""
        score(number)

    within.__module__ = "graphkit.errors"
    try:
        teach(space | {"within": within})
        taught: Callable[[int], None] = errors.within
        with pytest.raises(TypeError) as caught:
            taught(1)
        assert not isinstance(caught.value, CallError)
        with pytest.raises(CallError, match=r"needs number="):
            taught()
    finally:
        del errors.within


def test_arguments_that_fit_are_not_explained() -> None:
    assert explain(gk.leiden, [GRAPH], {"rng": 1}) == ""


def test_a_warning_is_of_the_line_that_called() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gk.Graph.from_edges([1], ["1"], directed=True)
        errors.warn("of this line")
    assert [told.filename for told in caught] == [__file__] * 2
    assert "one id in two types" in str(caught[0].message)


def test_arrays_are_told_how_a_graph_is_made_of_them() -> None:
    with pytest.raises(DataError, match=r"graphkit\.Graph\.from_scipy\(matrix, directed=…\)"):
        gk.leiden(np.eye(3))


def test_what_is_missing_is_told_without_markup() -> None:
    with pytest.raises(CallError) as caught:
        measures.ei_null(GRAPH, PARTITION)
    told = str(caught.value)
    assert "needs homes= (arrays of a log of views, as for crossing" in told
    assert "`" not in told


def test_a_figure_of_another_result_says_whose_it_is() -> None:
    with pytest.raises(DataError, match=r"draws the result of gk.visibility\(.*a Partition"):
        gk.plot.visibility(PARTITION)  # type: ignore[arg-type]

"""Options of a projection: one check for functions, study files and the command line."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from datetime import timedelta
from inspect import signature
from typing import Any

import pytest

import graphkit as gk
from graphkit.errors import OptionError
from graphkit.graphs import cap_sensitivity, cointeraction_graph, plan, spark_edges
from graphkit.graphs.options import ProjectionOptions
from graphkit.study import study_communities
from graphkit.study.config import StudyConfig

INVALID: dict[str, list[dict[str, Any]]] = {
    "between": [{"between": "account"}],
    "through": [{"through": "item"}, {"through": "accounts"}],
    "kinds": [{"kinds": (" ",)}],
    "window": [{"window": "0s"}, {"window": "5m"}, {"window": "soon"}],
    "weight": [{"weight": "jacard"}, {"weight": "actions", "window": "1s"}],
    "min_shared": [{"min_shared": 0}],
    "max_degree": [{"max_degree": 1}],
    "top": [{"top": 0}],
    "mutual": [{"mutual": True}],
    "memory": [{"memory": "much"}, {"memory": 0}],
}
CASES = [(name, options) for name, cases in INVALID.items() for options in cases]


@pytest.fixture(scope="module")
def likes() -> gk.Dataset:
    return gk.Dataset(
        interactions={
            "account_id": ["a", "b", "c", "a", "b"],
            "item_id": ["v", "v", "v", "w", "w"],
            "kind": ["like"] * 5,
        }
    )


def refused(call: Callable[..., Any], *args: Any, **options: Any) -> str:
    with pytest.raises(OptionError) as caught:
        call(*args, **options)
    return str(caught.value)


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_projection_options_are_refused_by_name_everywhere(
    likes: gk.Dataset, name: str, options: dict[str, Any]
) -> None:
    message = refused(ProjectionOptions, **options)
    assert message.startswith(name) or f"through are both {options.get(name)!r}" in message
    assert refused(cointeraction_graph, likes, **options) == message
    assert refused(plan, likes, **options) == message
    file = refused(StudyConfig.of, {"communities": options}, place="my.toml")
    assert file == f"my.toml: communities: {message}"
    if name != "max_degree":
        assert refused(cap_sensitivity, likes, caps=[2], **options) == message
    if name not in ("mutual", "memory"):
        assert refused(study_communities, likes, "nowhere", **options) == message
    if name not in ("between", "through", "kinds", "memory"):
        assert refused(spark_edges, "nowhere", "nowhere", session=object(), **options) == message


@pytest.mark.parametrize(
    "options",
    [
        {"kinds": ()},
        {"window": timedelta(0)},
        {"window": 10},
        {"exclude": "v1"},
        {"min_shared": 1.5},
        {"max_degree": True},
        {"top": 2.5},
        {"memory": 2.5},
    ],
    ids=str,
)
def test_projection_options_of_other_types_are_refused(
    likes: gk.Dataset, options: dict[str, Any]
) -> None:
    message = refused(ProjectionOptions, **options)
    assert message.startswith(next(iter(options)))
    assert refused(cointeraction_graph, likes, **options) == message
    assert refused(plan, likes, **options) == message


@pytest.mark.parametrize(
    ("window", "length"),
    [
        ("2.5 µs", 2),
        ("10s", 10_000_000),
        ("1 second", 10**6),
        ("90 minutes", 5_400_000_000),
        ("1 day", 86_400_000_000),
        ("0,5h", 1_800_000_000),
        ("PT1H30M", 5_400_000_000),
        ("PT0.000001S", 1),
        ("P1DT0,5S", 86_400_500_000),
        ("P2W", 1_209_600_000_000),
        (timedelta(milliseconds=1), 1000),
        # longer than any log is as long as can be
        (timedelta.max, 1 << 60),
        ("9" * 400 + "w", 1 << 60),
    ],
    ids=str,
)
def test_windows_are_lengths_of_time(window: Any, length: int) -> None:
    assert ProjectionOptions(window=window).span == length


@pytest.mark.parametrize(
    "window",
    [
        *("-1s", "0.4us", "1e3s", "inf s", "nan s", "10", "1 month", "١s", "9" * 5000 + "s"),
        *("P", "PT", "P1Y", "P1M", "PT-1H"),
        *(timedelta(days=-1), float("nan"), True, ["1s"]),
    ],
    ids=lambda w: str(w)[:20],
)
def test_other_windows_are_refused(window: Any) -> None:
    assert refused(ProjectionOptions, window=window).startswith("window=")


def test_projection_options_are_the_arguments_of_cointeraction_graph() -> None:
    asked = signature(cointeraction_graph).parameters
    defaults = {name: p.default for name, p in asked.items() if name not in ("dataset", "resume")}
    assert defaults == {f.name: f.default for f in fields(ProjectionOptions)}
    assert ProjectionOptions().keywords() == defaults
    for name in set(signature(plan).parameters) - {"source"}:
        assert signature(plan).parameters[name].default == defaults[name]


def test_projection_options_are_frozen_values() -> None:
    options = ProjectionOptions(kinds={"share", "like"}, exclude=["w", "v", "w"], window="1h")
    assert (options.kinds, options.exclude) == (("like", "share"), ("v", "w"))
    assert options == ProjectionOptions(
        kinds=["like", "share"], exclude={"v", "w"}, window="1h", memory=None
    )
    for other in (copy.deepcopy(options), pickle.loads(pickle.dumps(options))):
        assert (other, hash(other)) == (options, hash(options))
    with pytest.raises(FrozenInstanceError):
        options.top = 3  # type: ignore[misc]


def test_parameters_are_those_of_the_provenance(likes: gk.Dataset) -> None:
    given: dict[str, Any] = {"exclude": ("x",), "weight": "cosine", "top": 2, "mutual": True}
    found = cointeraction_graph(likes, memory="1 GB", **given).provenance.parameters
    assert dict(found) == ProjectionOptions(**given).parameters()
    assert ProjectionOptions(window="90min").parameters()["window"] == "5400 s"
    assert ProjectionOptions(between="items", through="tags").parameters()["kinds"] is None


def test_a_study_file_has_every_projection_option() -> None:
    wanted = StudyConfig.of(
        {"communities": {"through": "tags", "exclude": ["x"], "kinds": ["like"], "window": "1d"}}
    ).communities
    assert wanted.weight == "tfidf"
    assert wanted.exclude == tuple(sorted({"x", *gk.STOP_TAGS}))
    assert (
        wanted.keywords()
        == ProjectionOptions(
            through="tags", exclude=wanted.exclude, kinds=("like",), window="1d", weight="tfidf"
        ).keywords()
    )
    assert StudyConfig.of({"communities": {"kinds": []}}) == StudyConfig()
    message = refused(StudyConfig.of, {"communities": {"between": "items", "through": "tags"}})
    assert "between='items': a study shows posts to accounts" in message

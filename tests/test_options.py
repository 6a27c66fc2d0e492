"""Options that are misspelt, of another type, or of no effect here are refused, never left out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphkit as gk
from graphkit import measures
from graphkit.errors import MissingDataError, OptionError, check_flag

PLATFORM = gk.synthetic.platform(accounts=120, impressions_per_account=20, communities=2, rng=1)
DATA, TRUTH = PLATFORM.dataset, PLATFORM.truth
FOLLOWS = gk.follow_graph(DATA)
SPREAD = gk.simulate_spread(
    gk.synthetic.worlds(2, like=gk.synthetic.platform(accounts=120, rng=1), ticks=3, rng=1),
    {"a": gk.follower_centric(), "b": gk.interest_centric()},
    ticks=3,
    reading="empty",
    rng=1,
)
LOG = {"user": ["a", "b"], "video": ["x1", "x1"], "action": ["fav", "fav"]}
NAMES = {"account": "user", "item": "video"}


def mixing() -> measures.Mixing:
    return measures.flow(SPREAD, "a", "planted")


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "directed": (lambda: gk.Graph.from_edges("a", "b", directed="no"), "directed='no'"),  # type: ignore[arg-type]
    "matrix": (lambda: gk.Graph.from_scipy(np.eye(2), directed="no"), "directed='no'"),  # type: ignore[arg-type]
    "mutual": (lambda: gk.follow_graph(DATA, mutual="no"), "mutual='no'"),  # type: ignore[arg-type]
    "complete": (lambda: gk.follow_graph(DATA, complete_only="no"), "complete_only='no'"),  # type: ignore[arg-type]
    "top": (lambda: gk.cointeraction_graph(DATA, top=5, mutual="no"), "mutual='no'"),  # type: ignore[arg-type]
    "layers": (lambda: gk.layers(DATA, follows="no"), "follows='no'"),  # type: ignore[arg-type]
    "rewire": (lambda: gk.nullmodels.rewire(FOLLOWS, connected="no"), "connected='no'"),  # type: ignore[arg-type]
    "cross": (
        lambda: measures.time_to_cross(SPREAD, "planted", by_community="no"),  # type: ignore[arg-type]
        "by_community='no'",
    ),
    "kinds of a simulation": (
        lambda: measures.answers(SPREAD, arm="a", kinds=["duets"]),
        "kinds= is for a dataset; a simulation has duet and stitch",
    ),
    "ticks of a dataset": (
        lambda: measures.answers(DATA, tick_days=2.0),
        "tick_days= is for a simulation; a dataset has times",
    ),
    "data of a spread": (
        lambda: measures.bridges(SPREAD, "planted", arm="a", dataset=DATA),
        "dataset= has the tags of a Spread's posts, for by='tag'; by='post' needs none",
    ),
    "introducers of authors": (
        lambda: gk.build_world(DATA, TRUTH, introducers=5),
        "introducers= belongs to posts='introduced'",
    ),
    "share of authored posts": (
        lambda: gk.build_world(DATA, TRUTH, share_of_posts=0.3),
        "share_of_posts= belongs to posts='introduced'",
    ),
    "interventions": (
        lambda: measures.intervention_costs(SPREAD, {"a": 3}, partition="planted"),  # type: ignore[dict-item]
        "give a list of arms",
    ),
    "shares": (
        lambda: measures.arm_means(gk.measure_spread(SPREAD), shares="a"),  # type: ignore[arg-type]
        "shares='a': numbers by arm",
    ),
    "feed": (
        lambda: gk.interest_centric().but("other", weights="interest"),  # type: ignore[arg-type]
        "weights='interest': numbers by key are needed, such as",
    ),
    "kinds of a frame": (
        lambda: gk.from_frame(LOG, **NAMES, kind="action", kinds="fav"),  # type: ignore[arg-type]
        "kinds='fav': a mapping is needed",
    ),
    "zone": (lambda: gk.from_frame(LOG, **NAMES, kind="action", tz="Berlin"), "no time zone"),
    "separator": (
        lambda: gk.from_frame(LOG, **NAMES, kind="action", separator=["|"]),  # type: ignore[arg-type]
        "the text between two entries",
    ),
    "null": (
        lambda: gk.graphs.methods_paragraph(gk.leiden(FOLLOWS, runs=1, rng=1), null="rewired"),  # type: ignore[arg-type]
        "give the result of rewired_null or projection_null",
    ),
    "one text": (lambda: gk.plot.borders(mixing(), highlight="dance"), "is one text"),  # type: ignore[arg-type]
    "highlight": (
        lambda: gk.plot.borders(mixing(), highlight=("danse",)),
        "highlight='danse' is unknown. Did you mean 'dance'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_left_out_is_refused(name: str) -> None:
    call, told = REFUSED[name]
    with pytest.raises(OptionError) as caught:
        call()
    assert told in str(caught.value)


def test_options_of_exports_are_refused_for_tables(tmp_path: Path) -> None:
    gk.write_dataset(DATA, tmp_path / "log")
    with pytest.raises(OptionError, match="account= is for files that do not say it"):
        gk.read_any(tmp_path / "log", account="ann")
    with pytest.raises(OptionError, match="direction= is for files that do not say it"):
        gk.read_any(tmp_path / "log", direction="followers")


def test_what_the_data_lack_is_told_with_what_they_have() -> None:
    kind: Any = ["planted"]
    with pytest.raises(MissingDataError, match="Kinds: planted"):
        measures.flow(SPREAD, "a", kind)
    contrast = gk.contrast(gk.measure_spread(SPREAD), "a", "b")
    with pytest.raises(MissingDataError, match=r"Did you mean .crossing.\?.*Measures: .acc"):
        contrast.row("crosing")
    seen = gk.visibility(SPREAD.worlds[0].partitions["planted"], SPREAD.worlds[0].follows, rng=1)
    with pytest.raises(MissingDataError, match=r".plantd.\. Did you mean .planted."):
        gk.plot.hosting(contrast, seen, partition="plantd")


def test_kinds_of_a_simulation_may_have_any_order() -> None:
    kinds: Any
    for kinds in (["stitch", "duet"], {"duet", "stitch"}, None):
        with pytest.raises(MissingDataError, match="no post of arm 'a' answers another one"):
            measures.answers(SPREAD, arm="a", kinds=kinds)


@pytest.mark.parametrize("value", [True, False, 0, 1, np.bool_(True), np.int8(0)])
def test_flags_are_what_is_true_or_false(value: Any) -> None:
    check_flag("directed", value)


@pytest.mark.parametrize("value", ["yes", "", None, 2, 0.5, [True], np.ones(2, np.bool_)])
def test_flags_are_nothing_else(value: Any) -> None:
    with pytest.raises(OptionError, match="True or False is needed"):
        check_flag("directed", value)

"""Names in figures are drawn as they are, in all figures, whatever they hold."""

from __future__ import annotations

import html
import io
import pickle
import re
import tempfile
import warnings
import xml.etree.ElementTree as tree
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import networkx as nx
import numpy as np
import polars as pl
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

from graphkit import GraphkitWarning, plot
from graphkit.attribution import (
    Condition,
    CrossPostDemotion,
    Sensitivity,
    Shapley,
    TwoPlatforms,
    condition_rows,
    feed_factors,
    judge,
    judge_variety,
)
from graphkit.communities.resolution import resolution_profile
from graphkit.communities.tracking import track
from graphkit.data.dataset import Dataset
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, OptionError
from graphkit.measures import (
    AudienceExposure,
    ColdStart,
    Economy,
    FlowContrast,
    HostingOfFlagged,
    Income,
    InterventionCosts,
    Payout,
    TimeToCross,
    answers,
    compare_answers,
    mixing,
)
from graphkit.plot import fonts
from graphkit.plot.labels import shown
from graphkit.plot.style import Canvas, blank_canvas
from graphkit.recommenders import Feed
from graphkit.simulation.calibration import Calibration

#: Names, and how each is drawn.
HOSTILE = {
    "#ba$$in": "#ba$$in",
    "$$": "$$",
    r"\$x$": r"\$x$",
    "_100%$a%b$": "_100%$a%b$",
    r"_{x}\n<b>&amp;[bold]": r"_{x}\n<b>&amp;[bold]",
    "\u202ec\nd\te\r\n\x00g\x1bh\u2069z\u200b\ufeffero": "c d e \ufffdg\ufffdhzero",
    "": "(empty)",
    "x" * 300: "x" * 47 + "…",
}


def texts(figure: Canvas) -> list[str]:
    """Texts of a figure that were drawn, from its file."""
    file = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(file, format="svg")
    found = [node for node in tree.fromstring(file.getvalue()).iter() if node.tag.endswith("}text")]
    return [re.sub(r"\s+", " ", "".join(node.itertext())).strip() for node in found]


def check(figure: Canvas, *names: str) -> list[str]:
    """The texts drawn, all names among them, without a warning, also elsewhere and pickled."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = texts(figure)
        for name in names:
            assert any(HOSTILE[name] in text for text in drawn), (name, drawn)
        if "#ba$$in" in names:
            assert texts(pickle.loads(pickle.dumps(figure))) == drawn
            # laid out it is by now
            figure.set_layout_engine("none")
            figure.savefig(io.BytesIO(), format="pdf")
            figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
    return drawn


def named_partition(name: str, size: int = 12) -> Partition:
    places = [k % 2 for k in range(size)]
    base = Partition.from_membership(range(size), places, labels=[name, "other"], node_kind=name)
    rows = [(0, "reading", 1), (0, name, 2), (1, f"b{name}", 1)]
    evidence = pl.DataFrame(rows, orient="row", schema=["community", "tag", "rank"])
    return replace(base, evidence=evidence)


def draw_communities(name: str) -> None:
    check(plot.communities(named_partition(name)), name)


def draw_visibility(name: str) -> None:
    frame = pl.DataFrame(
        {
            "community": [0, 1],
            "label": [name, "other"],
            "size": [4, 3],
            "follow_f1": [0.9, 0.2],
            "verdict": ["visible", "hidden"],
            "internal_share": [0.8, 0.7],
            "expected_share": [0.4, 0.3],
        }
    )
    found = Visibility(frame, np.zeros((1, 7), np.int32), 0.9, Provenance("visibility"))
    check(plot.visibility(found), name)


def draw_matrices(figure: Callable[..., Canvas], name: str) -> None:
    partition = named_partition(name)
    graph = Graph.from_edges(range(12), [*range(1, 12), 0], directed=True)
    panel = mixing(graph, partition)
    canvas = figure({name: panel, "second": panel}, highlight=(name,))
    drawn = check(canvas, name)
    # a title, and then in the rows of one panel and in the columns of both
    label = HOSTILE[name] if name else "community 0 (unnamed)"
    assert HOSTILE[name] in drawn
    assert drawn.count(label) == (4 if name else 3)
    inked = canvas.axes[0].get_xticklabels()
    assert (inked[0].get_color() != inked[1].get_color()) == bool(name)


def draw_map(name: str) -> None:
    partition = named_partition(name)
    graph = Graph.from_edges(range(12), [*range(1, 12), 0], directed=False, node_kind=name)
    drawn = check(plot.map(graph, partition, min_group_size=1, rng=1), name)
    assert (HOSTILE[name] if name else "community 0 (unnamed)") in drawn


def draw_interactive_map(name: str) -> None:
    partition = named_partition(name)
    graph = Graph.from_edges(range(12), [*range(1, 12), 0], directed=False, node_kind=name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.html"
        plot.interactive_map(graph, partition, path, min_group_size=1, rng=1)
        text = html.unescape(path.read_text())
    label = HOSTILE[name] if name else "community 0 (unnamed)"
    assert f"<span>{label}</span>" in text
    assert f"2 communities of 12 {HOSTILE[name]}" in text


def draw_resolution(name: str) -> None:
    graph = Graph.from_networkx(nx.relabel_nodes(nx.ring_of_cliques(4, 4), {0: name}))
    check(plot.resolution(resolution_profile(graph, runs=2, steps=3, rng=1)))


def draw_alluvial(name: str) -> None:
    first = named_partition(name)
    check(plot.alluvial(track({name: first, f"{name}2": first}), unassigned=True), name)


def draw_calibration(name: str) -> None:
    def part(outcome: str, by: str, n: int) -> pl.DataFrame:
        numbers = dict.fromkeys(["observed", "simulated", "simulated_low", "simulated_high"], 0.2)
        base = {"outcome": [outcome] * n, "by": [by] * n, "bin": range(n), "n": [9] * n}
        edges = {"low": np.arange(n) / n, "high": np.arange(1, n + 1) / n}
        return pl.DataFrame(base | edges).with_columns(
            pl.lit(v).alias(k) for k, v in numbers.items()
        )

    watched = [part("watch", "share", 2), part("watch", "predicted", 2)]
    frame = pl.concat([*watched, part(name, "chain", 1), part(name, "watch fraction", 2)])
    fit = pl.DataFrame({"outcome": [name], "gain": [0.1], "standard_error": [0.1]})
    rest = pl.DataFrame({"parameter": ["drift"], "standard_error": [0.1], "status": ["estimated"]})
    found = Calibration("behaviour", rest, fit, frame)
    drawn = check(plot.calibration(found))
    assert any(shown(name, 20) in text for text in drawn)


def long_form(name: str) -> pl.DataFrame:
    """Rows that are contrasts over s and means of blends, all names alike."""
    rows = [(at / 4, arm) for at in range(3) for arm in ("one",)]
    return pl.DataFrame(rows, orient="row", schema=["s", "x"]).with_columns(
        pl.lit(name).alias("partition"),
        pl.lit(None, pl.String).alias("community"),
        pl.lit(name).alias("measure"),
        pl.lit(name).alias("arm"),
        pl.lit(f"{name}2").alias("baseline"),
        pl.col("s").alias("difference"),
        (pl.col("s") - 0.1).alias("low"),
        (pl.col("s") + 0.1).alias("high"),
        arm_mean=0.3,
        baseline_mean=0.2,
        mean=pl.col("s"),
        share=pl.col("s"),
        interval=pl.lit("over populations of the same making"),
        worlds=3,
        replications=6,
        calibrated=False,
    )


def draw_contrast(name: str) -> None:
    frame = long_form(name)
    check(plot.contrast(frame), name)
    named = frame.with_columns(community=pl.lit(name), s=0.0).head(1)
    other = named.with_columns(measure=pl.lit("crossing"))
    check(plot.contrast(pl.concat([named, other])), name)


def draw_hosting(name: str) -> None:
    frame = pl.DataFrame({"label": [name, "b$x$"], "homophily": [0.0, 0.5], "verdict": "hidden"})
    found = Visibility(frame, np.zeros((1, 1), np.int32), 0.9, Provenance("visibility"))
    for arm in (name, "other"):  # in the title, and at a dot
        gap = frame.select(community="label", difference="homophily", low="homophily")
        texts_of = {"measure": "hosting_reach", "partition": name, "arm": arm, "baseline": "b"}
        more = {key: pl.lit(value) for key, value in texts_of.items()}
        gap = gap.with_columns(high=pl.col("low"), interval=pl.lit("within this world"), **more)
        check(plot.hosting(gap, found), name)


def draw_answers(name: str) -> None:
    ds = Dataset(
        items={"item_id": ["v", "w"], "author_id": ["a", "b"]},
        interactions={
            "account_id": ["b"],
            "item_id": ["w"],
            "kind": ["duet"],
            "target_item_id": ["v"],
        },
    )
    found = answers(ds, Partition.from_membership(list("ab"), [0, 1]))
    assert found.mixing is not None
    found = replace(found, mixing=replace(found.mixing, labels=(name[:10], "other")))
    drawn = texts(plot.answers(compare_answers({name: found, "b$x$": found})))
    for start in (HOSTILE[name][:6], HOSTILE[name][:15]):
        assert any(start in text for text in drawn), (name, drawn)


def draw_flow_contrast(name: str) -> None:
    frame = pl.DataFrame(
        {"home": [name], "viewer": [name], "difference": [1.0], "direction": ["higher"]}
    )
    for arm in (name, "other"):
        found = FlowContrast(
            arm, "b$x$", name, (name, "b"), frame, "within this world", 0.95, calibrated=False
        )
        check(plot.flow_contrast(found), name)


def draw_own_share(name: str) -> None:
    rows = [(name, name, "p", 0, 20, 0.1), (name, f"{name}2", "p", 0, 20, 0.2)]
    schema = ["arm", "community", "partition", "shown_before", "accounts", "share"]
    canvas = plot.own_share(pl.DataFrame(rows, orient="row", schema=schema))
    check(canvas, name)
    # also two names that are drawn alike
    assert len(canvas.axes[0].get_legend().get_texts()) == 2


def draw_s_scan(name: str) -> None:
    frame = long_form(name)
    more = frame.with_columns(partition=pl.lit("_b"))
    canvas = plot.s_scan(pl.concat([frame, more]), measure=name)
    drawn = check(canvas, name)
    assert {f"{HOSTILE[name]} partition", "_b partition"} <= set(drawn)
    none = frame.with_columns(partition=pl.lit(None, pl.String))
    assert HOSTILE[name] in texts(plot.s_scan(none, measure=name))


def draw_blend(name: str) -> None:
    frame = long_form(name)
    more = frame.with_columns(partition=pl.lit("_b"))
    canvas = plot.blend(pl.concat([frame, more]), name, ends=(name, "other"))
    drawn = check(canvas, name)
    assert {f"{HOSTILE[name]} partition", "_b partition"} <= set(drawn)
    check(plot.blend(frame, name), name)


def draw_trade_off(name: str) -> None:
    frame = long_form(name).with_columns(arm=pl.col("s").cast(pl.String) + "$" + name)
    frame = frame.with_columns(
        arm=pl.when(pl.col("s") == 0).then(pl.lit(name)).otherwise(pl.col("arm"))
    )
    both = pl.concat([frame, frame.with_columns(measure=pl.lit("y$2$"))])
    check(plot.trade_off(both, x=name, y="y$2$"), name)


def draw_reach(name: str) -> None:
    schema = ["arm", "world", "replication", "tick", "reach"]
    rows = [(arm, 0, 0, tick, 1.0 + tick) for arm in (name, f"{name}2") for tick in range(3)]
    check(plot.reach(pl.DataFrame(rows, orient="row", schema=schema)), name)


def draw_time_to_cross(name: str) -> None:
    key = {"arm": [name, name, "other"], "world": 0, "replication": 0, "community": name}
    counts = {"age": [0, 1, 0], "at_risk": [3, 2, 3], "crossed": 1, "censored": 0}
    curves = pl.DataFrame({**key, **counts, "survival": [0.6, 0.3, 0.6], "low": 0.2, "high": 0.9})
    frame = pl.DataFrame({"horizon": [1], "community": [name]})
    found = TimeToCross(curves, frame, pl.DataFrame({"calibrated": [True]}), "p", 3)
    check(plot.time_to_cross(found, community=name), name)


def draw_cold_start(name: str) -> None:
    key = {"arm": [name, f"{name}2", "chance"], "community": name, "shown_before": 0}
    numbers = {"share": 0.4, "low": 0.2, "high": 0.5, "chance": 0.4}
    counts = {"accounts": 20, "replications": 1, "interval": "within this world"}
    curves = pl.DataFrame({**key, **numbers, **counts})
    first = pl.DataFrame({"arm": [name], "community": [name], "first_own": [1.0]})
    canvas = plot.cold_start(ColdStart(curves, first, first, "p", "chance"))
    check(canvas, name)
    # also two names that are drawn alike
    assert len(canvas.axes[0].get_legend().get_texts()) == 3


def draw_audience(name: str) -> None:
    row = {"measure": "flagged_share", "group": name, "members": 12.0, "low": 0.1, "high": 0.3}
    row |= {"direction": "higher"}
    arms = [name, f"{name}2"]
    levels = pl.DataFrame([row | {"arm": arm, "value": 0.2} for arm in arms])
    gaps = pl.DataFrame([row | {"arm": arms[1], "difference": 0.2}])
    found = AudienceExposure(
        gaps, levels, levels, "country", name, "here", 0.95, {name: 3}, calibrated=True
    )
    canvas = plot.audience(found)
    drawn = " ".join(texts(canvas))
    assert HOSTILE[name][:20] in drawn
    assert len(canvas.axes[1].get_legend().get_texts()) == 2


def draw_income(name: str) -> None:
    arms = [name, f"{name}2"]
    key = {"world": 0, "replication": 0, "partition": None, "community": None}
    told = {"budget": "matched", "calibrated": True, "sample": "population"}
    measures = ("filler", "income_gini", "living_share", "income_small_share")
    rows = [
        {"arm": arm, **key, "measure": measure, "value": 0.2, **told}
        for arm in arms
        for measure in measures
    ]
    outcome = pl.DataFrame(rows).with_columns(pl.col("partition", "community").cast(pl.String))
    payout = Payout(name or " ", per_view=1.0)
    found = Income(pl.DataFrame({"arm": arms}), outcome, {}, (), payout, name, 0.5)
    canvas = plot.income(found)
    check(canvas, name)
    # also two names that are drawn alike
    assert len(canvas.axes[2].get_legend().get_texts()) == 2


def draw_economy(name: str) -> None:
    key = {"payout": name or " ", "goal": None, "mean": 0.2, "low": 0.1, "high": 0.3, "se": 0.05}
    told = {"interval": "within this world", "fixed": "the world", "filler": 0.0, "worlds": 1}
    told |= {"replications": 2, "budget": "free", "calibrated": True, "responds_to": name or " "}
    rows = [
        {**key, **told, "arm": arm, "measure": measure}
        for arm in (name, f"{name}2")
        for measure in ("income_gini", "small_kept_share", "viewer_value", "kept_sessions")
    ]
    payout = Payout(name or " ", per_view=1.0)
    paid = Income(pl.DataFrame(), pl.DataFrame(), {}, (), payout, name, 0.5)
    canvas = plot.economy(Economy(pl.DataFrame(rows), pl.DataFrame(), (paid,), name, 0.95))
    check(canvas, name)
    # also two names that are drawn alike
    assert len(canvas.axes[3].get_legend().get_texts()) == 2


def draw_hosting_of_flagged(name: str) -> None:
    row = {"measure": "hosting_reach", "flagged": 0.2, "unflagged": 0.3, "difference": -0.1}
    row |= {"low": -0.2, "high": 0.1, "verdict": "lower", "interval": "here", "calibrated": True}
    frame = pl.DataFrame([row | {"arm": name}, row | {"arm": "other"}])
    found = HostingOfFlagged(frame, frame, frame, name, 0.1, 0.2)
    check(plot.hosting_of_flagged(found), name)


def draw_intervention_costs(name: str) -> None:
    row = {"baseline": "b", "difference": 0.1, "low": -0.2, "high": 0.2, "filler": 0.0}
    row |= {"interval": "here", "calibrated": True}
    measures = ("flagged_exposure", "viewer_value", "hosting_unflagged", "bystander_reach")
    rows = [row | {"arm": arm, "measure": m} for arm in (name, f"{name}2") for m in measures]
    canvas = plot.intervention_costs(InterventionCosts(pl.DataFrame(rows), name, 0.1))
    check(canvas, name)
    # also two names that are drawn alike
    assert len(canvas.axes[2].get_legend().get_texts()) == 2


def draw_robustness(name: str) -> None:
    row = {"partition": "x", "community": None, "measure": "y$2$", "arm": name, "baseline": "b"}
    row |= {"arm_mean": 1.0, "baseline_mean": 0.0, "difference": 1.0, "low": 0.5, "high": 1.5}
    own = pl.DataFrame([row | {"interval": "here", "direction": "higher"}])
    own = own.with_columns(pl.col("community").cast(pl.String))
    changed = condition_rows(Condition("space", name, "z"), own)
    check(plot.robustness(judge(own, changed, measure="y$2$")), name)


def draw_shapley(name: str) -> None:
    a = Feed(name or " ", {"everywhere": 60}, {"recency": 1.0})
    numbers = {"topic_penalty": 0.5, "author_penalty": 0.5}
    pairs = {f"0{name}": ["topic_penalty"], f"1{name}": ["author_penalty"]}
    factors = feed_factors(a, a.but(f"b{name}", **numbers), factors=pairs)
    own = {"measure": "y$2$", "partition": name, "community": name, "interval": "here"}
    own |= {"low": 0.5, "high": 1.5, "se": 0.1, "direction": "higher", "calibrated": True}
    gap = own | {"gap": 1.0, "a_mean": 0.0, "b_mean": 1.0, "filler": 0.0, "baseline_filler": 0.0}
    rows = [
        own | {"factor": f"0{name}", "value": 1.0, "share": 1.0},
        own | {"factor": f"1{name}", "value": 0.0, "share": 0.0, "se": 0.0},
    ]
    frames = pl.DataFrame(rows), pl.DataFrame([gap]), pl.DataFrame()
    canvas = plot.shapley(Shapley(*frames, factors, exact=True, facts={}))
    whole = name and len(name) < 30  # longer ones are cut at the axis
    drawn = " ".join(check(canvas, *([name] if whole else [])))
    if whole:
        for part in (f"0{HOSTILE[name]}", f"1{HOSTILE[name]}", f"b{HOSTILE[name]}"):
            assert part in drawn
    assert "y$2$" in drawn


def draw_sensitivity(name: str) -> None:
    ends = ("first", "first_low", "first_high", "total", "total_low", "total_high")
    frame = pl.DataFrame([{"parameter": f"{name}", **dict.fromkeys(ends, 0.5)}])
    facts = {"samples": "4 blocks", "ranking": "x$2$ ranks"}
    found = Sensitivity(frame, pl.DataFrame(), pl.DataFrame(), name, calibrated=True, facts=facts)
    canvas = plot.sensitivity(found)
    drawn = check(canvas, *([name] if len(name) < 30 else []))
    assert any("x$2$ ranks" in text for text in drawn)


def draw_variety(name: str) -> None:
    row = {"replication": 0, "partition": name, "community": None, "measure": "crossing"}
    row |= {"budget": "matched", "calibrated": False}
    outcome = pl.DataFrame(
        [
            {"arm": f"{p}", "world": w, "value": p + w * p / 9} | row
            for p in range(3)
            for w in (1, 2)
        ]
    )
    canvas = plot.variety(judge_variety(outcome, {f"{p}": p for p in range(3)}, feed=name))
    drawn = check(canvas, *([name] if 0 < len(name) < 30 else []))
    assert f"{HOSTILE[name]} partition" in " ".join(drawn)


def draw_cross_posting(name: str) -> None:
    row = {"weight": -0.5, "of": "posts", "measure": "reach", "group": "cross-posts"}
    row |= {"percent": -50.0, "percent_low": -60.0, "percent_high": -40.0}
    row |= {"direction": "lower", "interval": "over populations of the same making"}
    found = CrossPostDemotion(name, pl.DataFrame([row]), -0.5, "strangers")
    viewers = {"group": "all creators", "strategy": "first only", "measure": "viewers"}
    both = TwoPlatforms(
        *("a", name, pl.DataFrame([viewers | {"mean": 2.0, "low": 1.0, "high": 3.0}])),
        *(pl.DataFrame(), pl.DataFrame(), 0.1, 0.5),
    )
    canvas = plot.cross_posting(found, both)
    check(canvas, name)
    assert f"{HOSTILE[name]}: demotion of cross-posts" in " ".join(texts(canvas))


DRAWN: dict[str, Callable[[str], None]] = {
    "alluvial": draw_alluvial,
    "audience": draw_audience,
    "answers": draw_answers,
    "blend": draw_blend,
    "borders": lambda name: draw_matrices(plot.borders, name),
    "calibration": draw_calibration,
    "cold_start": draw_cold_start,
    "communities": draw_communities,
    "contrast": draw_contrast,
    "cross_posting": draw_cross_posting,
    "economy": draw_economy,
    "flow_contrast": draw_flow_contrast,
    "flows": lambda name: draw_matrices(plot.flows, name),
    "hosting": draw_hosting,
    "hosting_of_flagged": draw_hosting_of_flagged,
    "income": draw_income,
    "interactive_map": draw_interactive_map,
    "intervention_costs": draw_intervention_costs,
    "map": draw_map,
    "own_share": draw_own_share,
    "reach": draw_reach,
    "resolution": draw_resolution,
    "robustness": draw_robustness,
    "s_scan": draw_s_scan,
    "sensitivity": draw_sensitivity,
    "shapley": draw_shapley,
    "time_to_cross": draw_time_to_cross,
    "trade_off": draw_trade_off,
    "variety": draw_variety,
    "visibility": draw_visibility,
}


def test_every_figure_is_tried() -> None:
    assert {*DRAWN, "Canvas", "InteractiveMap", "Palette", "palette"} == set(plot.__all__)


@pytest.mark.parametrize("figure", DRAWN)
def test_names_are_drawn_as_they_are(figure: str) -> None:
    # a resolution profile draws no names
    for name in HOSTILE if figure != "resolution" else ["#ba$$in"]:
        DRAWN[figure](name)


class _CalledError(Exception):
    """Raised in place of a drawing, with its arguments."""


def call_of(figure: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A public figure with the arguments of its first drawing here."""
    own = getattr(plot, figure)

    def stop(*values: Any, **more: Any) -> None:
        raise _CalledError(values, more)

    with monkeypatch.context() as patch:
        patch.setattr(plot, figure, stop)
        with pytest.raises(_CalledError) as caught:
            DRAWN[figure]("#ba$$in")
    values, more = caught.value.args
    return partial(own, *values, **more)


def state_of(axes: Axes) -> tuple[object, ...]:
    told = [text.get_text() for text in axes.findobj(Text)]
    return [*map(id, axes.get_children())], axes.axis(), axes.get_subplotspec(), told


#: An interactive map is a page of its own: it has no place in a figure, and the screen's width.
FIGURES = sorted({*DRAWN} - {"interactive_map"})


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_draws_where_it_is_told(figure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = call_of(figure, monkeypatch)
    alone = draw()
    panels = len(alone.axes)
    bars = sum(axes.get_label() == "<colorbar>" for axes in alone.axes)
    settings, figures = dict(mpl.rcParams), pyplot.get_fignums()
    whole = Figure(figsize=(40, 8), layout="constrained")
    left, right = whole.subfigures(1, 2)
    other = left.add_subplot(title="other", xlabel="x")
    other.plot([1, 2], [3, 4])
    whole.draw_without_rendering()  # makes the ticks
    before = state_of(other)
    places = {"axes": right.add_subplot(), "part": right}
    for kind, place in places.items():
        if kind == "part":
            if figure == "map":
                continue  # it has one panel, and takes axes alone
            right.clear()
        if kind == "axes" and panels - bars > 1:
            told = rf"plot\.{figure}: ax=Axes .* has \d+ panels: pass a SubFigure"
            with pytest.raises(DataError, match=told):
                draw(ax=place)
            continue
        drawn = draw(ax=place)
        assert drawn is whole
        assert left.axes == [other]
        assert len(right.axes) == panels
        assert sum(len(axes.get_children()) for axes in right.axes) > 10 * panels
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            written = texts(whole)
        assert "other" in written
        # names are no formulas there either; of a resolution profile there are none
        assert figure == "resolution" or any("#ba$$in" in text for text in written)
    assert state_of(other) == before
    assert whole.get_size_inches().tolist() == [40, 8]
    assert dict(mpl.rcParams) == settings
    assert pyplot.get_fignums() == figures


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_legible_on_a_phone(figure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = call_of(figure, monkeypatch)
    canvas = draw(width="phone")
    canvas.savefig(io.BytesIO(), format="svg")
    assert canvas.get_figwidth() == pytest.approx(3.9)
    sizes = {text.get_fontsize() for text in canvas.findobj(Text) if text.get_text().strip()}
    # 390 pixels are 3.9 inches, so that a point is 100 / 72 pixels
    assert min(sizes) * 100 / 72 >= 11
    box = canvas.get_tightbbox()
    assert box.x0 > -0.1
    assert box.x1 < 4.0
    with pytest.raises(OptionError, match="width='phone' is of a new figure"):
        draw(
            ax=Figure().add_subplot() if len(canvas.axes) == 1 else Figure().subfigures(),
            width="phone",
        )


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(DataError, match=r"plot\.communities: ax=list is no axes"):
        plot.communities(named_partition("a"), ax=[1])  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="width"):
        plot.communities(named_partition("a"), width="wide")  # type: ignore[arg-type]


def test_settings_of_the_user_do_not_turn_names_into_formulas() -> None:
    for setting in (
        {"text.usetex": True},
        {"text.parse_math": False},
        {"axes.formatter.use_mathtext": True},
    ):
        with mpl.rc_context(setting):
            draw_communities("#ba$$in")
            draw_s_scan("_100%$a%b$")
            figure = plot.communities(named_partition("_100%$a%b$"))
        check(figure, "_100%$a%b$")  # made under the setting, drawn without
        figure = plot.communities(named_partition("_100%$a%b$"))
        with mpl.rc_context(setting):
            check(figure, "_100%$a%b$")


def test_numbers_at_ticks_may_be_formulas_of_matplotlib() -> None:
    figure, (axes,) = blank_canvas(4, 3)
    axes.plot([1, 1000], [1, 1e6])
    axes.set(xscale="log", yscale="log", title="$a$")
    axes.set_xticks([1.0, 1000.0], ["$one$", "_two"])
    drawn = texts(figure)
    assert {"$a$", "$one$", "_two"} <= set(drawn)
    assert not any("mathdefault" in text for text in drawn)
    assert [text for text in drawn if text.replace(" ", "") == "106"]


@given(st.text(max_size=60))
def test_shown_is_one_drawable_line(name: str) -> None:
    text = shown(name)
    assert text
    assert len(text) <= 48
    assert shown(text) == text
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2060-\u2069\ud800-\udfff]", text)


SCRIPTS = ["#本好きの人と", "#อ่านหนังสือ", "#책추천", "#किताबें", "🎉"]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the fonts that come with Matplotlib."""
    inside = [font for font in fontManager.ttflist if "mpl-data" in str(font.fname)]
    monkeypatch.setattr(fontManager, "ttflist", inside)
    clear_fonts()


def clear_fonts() -> None:
    fonts._find_families.cache_clear()
    fonts._letters_of.cache_clear()


@pytest.mark.usefixtures("bare")
def test_one_warning_says_which_fonts_to_install() -> None:
    places = [k % 5 for k in range(20)]
    figure = plot.communities(Partition.from_membership(range(20), places, labels=SCRIPTS))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            figure.savefig(io.BytesIO(), format="png")
            figure.savefig(io.BytesIO(), format="pdf", bbox_inches="tight")
        figure._repr_png_()
    (one,) = caught
    assert issubclass(one.category, GraphkitWarning)
    message = str(one.message)
    for part in ("Chinese characters", "Thai (such as", "Korean", "Devanagari", "emoji and signs"):
        assert part in message
    for font in ("Noto Sans CJK", "Noto Sans Thai", "Noto Sans Devanagari", "Noto Emoji"):
        assert message.count(font) == 1
    clear_fonts()


def make_font(family: str, letters: str) -> bytes:
    """A font in which each of the letters is a box."""
    pen = TTGlyphPen(None)
    for step, point in enumerate([(50, 0), (50, 600), (450, 600), (450, 0)]):
        (pen.lineTo if step else pen.moveTo)(point)
    pen.closePath()
    box = pen.glyph()
    names = {ord(c): f"u{ord(c):04X}" for c in letters}
    glyphs = [".notdef", *names.values()]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(glyphs)
    font.setupCharacterMap(names)
    font.setupGlyf(dict.fromkeys(glyphs, box))
    font.setupHorizontalMetrics(dict.fromkeys(glyphs, (500, 50)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": family, "styleName": "Regular"})
    font.setupOS2(usWeightClass=400)
    font.setupPost()
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


@pytest.mark.usefixtures("bare")
def test_installed_fonts_are_used(
    tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path_factory.mktemp("fonts")
    for family, letters in {
        "Noto Sans KR": "가나다",
        "Zapf Other": "가나다라",
        "LastResort": "가나다라마",
    }.items():
        path = folder / f"{family}.ttf"
        path.write_bytes(make_font(family, letters))
        fontManager.addfont(path)
    clear_fonts()
    assert fonts.fallback_families("abc é − γ ☃") == ((), ())
    assert fonts.fallback_families("가나") == (("Noto Sans KR",), ())
    assert fonts.fallback_families("가라마") == (("Noto Sans KR", "Zapf Other"), ("마",))
    frame = long_form("가$나$")
    for figure in (plot.communities(named_partition("가$나$")), plot.contrast(frame)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert any("가$나$" in text for text in texts(figure))
            figure.savefig(io.BytesIO(), format="png")
    # of a name that is bold, too: the font has one weight only
    assert not [record for record in caplog.records if "matplotlib" in record.name]
    clear_fonts()


def test_letters_are_told_of_where_matplotlib_does_not_join_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mpl, "__version_info__", (3, 10, 0, "final", 0))
    monkeypatch.setattr(mpl, "__version__", "3.10.0")
    assert fonts.describe_lack((), "abcé本") == ""
    told = fonts.describe_lack((), "abcمरथ")
    assert "letters of Arabic and Devanagari are neither joined" in told
    monkeypatch.setattr(mpl, "__version_info__", (3, 11, 0, "final", 0))
    assert fonts.describe_lack((), "abcمरथ") == ""

"""The map of communities shows what the layout holds, and its names do not collide."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, LineCollection, PatchCollection
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.text import Text

from graphkit import plot
from graphkit.communities import NullComparison, layout
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition, Runs
from graphkit.errors import DataError, GraphkitWarning, OptionError
from graphkit.plot import Canvas
from graphkit.plot.style import ACCENT
from graphkit.readwrite.gexf import PALETTE


def planted(sizes: list[int], seed: int = 0, names: list[str] | None = None) -> Any:
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(len(sizes)), sizes)
    n = place.size
    a, b = rng.integers(0, n, (2, 30 * n))
    kept = (a != b) & (rng.random(a.size) < np.where(place[a] == place[b], 0.6, 0.1))
    graph = Graph.from_edges(a[kept], b[kept], directed=False, nodes=range(n), node_kind="accounts")
    return graph, Partition.from_membership(range(n), place, labels=names)


def only(axes: Axes, kind: type) -> list[Any]:
    return [artist for artist in axes.collections if type(artist) is kind]


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


def name_boxes(figure: Figure, labels: list[str]) -> np.ndarray:
    figure.draw_without_rendering()
    found = [text for text in texts(figure) if text.get_text() in labels]
    return np.array([text.get_window_extent().extents for text in found])


def check_names(figure: Figure, labels: list[str]) -> int:
    """No name covers another or leaves the axes; returns their number."""
    boxes = name_boxes(figure, labels)
    for k, box in enumerate(boxes):
        others = np.delete(boxes, k, axis=0)
        assert not ((others[:, :2] < box[2:]) & (others[:, 2:] > box[:2])).all(axis=1).any()
    frame = figure.axes[0].get_window_extent().extents
    assert (boxes[:, :2] >= frame[:2]).all()
    assert (boxes[:, 2:] <= frame[2:]).all()
    return len(boxes)


def test_map_has_a_disc_per_community_and_a_dot_per_node() -> None:
    graph, partition = planted([40, 30, 20, 15, 6, 5])
    found = layout(graph, partition, rng=1)
    figure = plot.map(graph, partition, rng=1)
    assert isinstance(figure, Canvas)
    (axes,) = figure.axes
    (discs,) = only(axes, PatchCollection)
    (dots,) = only(axes, EllipseCollection)
    assert len(discs.get_paths()) == found.frame.height == 5
    assert np.array_equal(dots.get_offsets(), found.positions)
    boxes = [path.get_extents() for path in discs.get_paths()]
    np.testing.assert_allclose([b.width / 2 for b in boxes], found.frame["radius"], rtol=1e-3)
    hues = to_rgba_array([*PALETTE[:4], "#8c96a0"])
    np.testing.assert_allclose(dots.get_facecolors(), hues[found.area])
    said = " ".join(text.get_text() for text in texts(figure)).replace("\n", " ")
    assert "6 communities of 116 accounts" in said
    assert "other: 2 smaller communities of 11 accounts" in said
    labels = [*(f"community {k}" for k in range(4)), "other"]
    assert check_names(figure, labels) == 5


def test_a_small_group_is_neither_drawn_nor_told_by_the_rest() -> None:
    def said(figure: Figure) -> str:
        return " ".join(text.get_text() for text in texts(figure)).replace("\n", " ")

    # one community of four, or a rest of seven: with the next larger one
    for sizes, drawn, rest in (
        ([40, 30, 20, 15, 4], 3, 19),
        ([40, 30, 20, 15, 4, 3], 3, 22),
        ([40, 30, 20, 9], 2, 29),
    ):
        graph, partition = planted(sizes)
        figure = plot.map(graph, partition, rng=1)
        (dots,) = only(figure.axes[0], EllipseCollection)
        assert len(dots.get_offsets()) == sum(sizes[:drawn])
        told = said(figure)
        assert f"{drawn} communities of {sum(sizes[:drawn])} accounts" in told
        assert f"not drawn: {rest} of {sum(sizes)} accounts, in no community, or in one" in told
        assert "other:" not in told
        check_names(figure, [f"community {k}" for k in range(drawn)])
        # the places are those of the layout, whose own smallest group counts
        places = layout(graph, partition, rng=1)
        given = plot.map(graph, partition, places=places)
        assert said(given) == told
        (again,) = only(given.axes[0], EllipseCollection)
        assert np.array_equal(again.get_offsets(), places.positions[: sum(sizes[:drawn])])
        whole = plot.map(graph, partition, min_group_size=3, rng=1)
        assert f"{len(sizes)} communities of {sum(sizes)} accounts" in said(whole)
    # nodes of no community protect a small one, if they are not told apart
    graph, _ = planted([40, 30, 20, 15, 4])
    place = [c for c, n in enumerate((40, 30, 20)) for _ in range(n)] + [-1] * 15 + [3] * 4
    some = Partition.from_membership(range(109), place)
    told = said(plot.map(graph, some, rng=1))
    assert "3 communities of 90 accounts" in told
    assert "not drawn: 19 of 109 accounts" in told
    with pytest.raises(DataError, match="map: no community of 10 accounts could be told apart"):
        plot.map(graph, Partition.from_membership(range(109), [-1] * 105 + [0] * 4), rng=1)


def test_lines_are_ties_above_expectation_as_wide_as_their_excess() -> None:
    # weights of whole groups of edges: 4 × 30, and 8 or 12 between
    rows = [(f"{c}{i}", f"{c}{(i + 1) % 12}", 9) for c in "abcd" for i in range(12)]
    rows += [(f"a{i}", f"b{i}", 3) for i in range(6)] + [(f"c{i}", f"d{i}", 3) for i in range(6)]
    rows += [(f"{x}{i}", f"{y}{i}", 1) for x, y in ("ac", "ad", "bc", "bd") for i in range(6)]
    source, target, weight = zip(*rows, strict=True)
    graph = Graph.from_edges(source, target, weight, directed=False)
    partition = Partition.from_membership({i: i[0] for i in graph.vocabulary})
    figure = plot.map(graph, partition, rng=1)
    weak, strong = only(figure.axes[0], LineCollection)
    assert (len(weak.get_segments()), len(strong.get_segments())) == (4, 2)
    assert strong.get_linewidths() == pytest.approx([7.0, 7.0])  # alike
    said = " ".join(text.get_text() for text in texts(figure)).replace("\n", " ")
    assert "dark lines: 2 of 6 ties between communities" in said
    # from edge to edge of the discs
    frame = layout(graph, partition, rng=1).frame
    first = strong.get_segments()[0][0]
    centre = frame.select("x", "y").to_numpy()[0]
    assert np.hypot(*(first - centre)) == pytest.approx(frame["radius"][0])
    # fewer than five edges are not called more than expected
    few = Graph.from_edges(source, target, weight, directed=False).subgraph(
        [i for i in graph.vocabulary if not (i[0] in "ac" and i[1:] in ("0", "1"))]
    )
    said = " ".join(text.get_text() for text in texts(plot.map(few, partition, rng=1)))
    assert "no dark lines" in said


def test_names_do_not_collide_and_those_left_out_are_counted() -> None:
    names = [f"#a rather long name of community {k}" for k in range(30)]
    graph, partition = planted([14] * 30, names=names)
    figure = plot.map(graph, partition, rng=1)
    drawn = check_names(figure, names)
    assert 0 < drawn < 30
    said = " ".join(text.get_text() for text in texts(figure)).replace("\n", " ")
    assert f"{30 - drawn} discs are not named" in said
    few = plot.map(graph, partition, top=2, rng=1)
    assert check_names(few, names) <= 2
    scripts = ["#本好きの人と", "العربية", "#किताबें", "🎉", "$x$", "…", "a" * 200, "b"]
    graph, partition = planted([12] * 8, names=scripts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphkitWarning)  # of fonts that this machine lacks
        figure = plot.map(graph, partition, rng=1)
        assert check_names(figure, [*scripts, "a" * 19 + "…"]) == 8


def test_verdicts_against_the_communities_are_marked() -> None:
    graph, base = planted([12, 11, 10])
    assert not [t for t in texts(plot.map(graph, base, rng=1)) if t.get_color() == ACCENT]
    runs = Runs(np.stack([base.membership] * 2), np.ones(2), 0.3, np.zeros(33, np.float32))
    doubtful = replace(base, runs=runs, quality=0.2)
    (said,) = [t for t in texts(plot.map(graph, doubtful, rng=1)) if t.get_color() == ACCENT]
    assert said.get_text() == "not to be read as groups — runs disagree"
    agreeing = replace(base, runs=replace(runs, agreement=0.9), quality=0.9)
    figure = plot.map(graph, agreeing, rng=1)
    assert "runs agree; null not tested" in [t.get_text() for t in texts(figure)]
    low, high = np.full(19, 0.1), np.full(19, 0.95)
    stable = plot.map(graph, agreeing, verdict=NullComparison(agreeing, low, low), rng=1)
    assert not [t for t in texts(stable) if t.get_color() == ACCENT]
    null = NullComparison(agreeing, low, high)
    (said,) = [
        t for t in texts(plot.map(graph, agreeing, verdict=null, rng=1)) if t.get_color() == ACCENT
    ]
    assert "not stable: agreement is not distinguishable from the null" in said.get_text()
    assert "as told" in [
        t.get_text() for t in texts(plot.map(graph, base, verdict="as told", rng=1))
    ]
    other = Partition.from_membership(range(33), [0] * 33)
    with pytest.raises(DataError, match="verdict= is of another partition"):
        plot.map(graph, other, verdict=null, rng=1)


def test_a_test_at_another_resolution_is_no_verdict() -> None:
    graph, base = planted([12, 11, 10])
    found = replace(base, quality=0.9, quality_function="modularity", resolution=1.0)
    draws = np.full(19, 0.1)
    for other in (replace(found, resolution=2.0), replace(found, quality_function="cpm")):
        # the communities are the same: only the question was another
        with pytest.raises(DataError, match=r"verdict= is of \w+ at a resolution of"):
            plot.map(graph, found, verdict=NullComparison(other, draws, draws), rng=1)
    for same in (found, base):
        plot.map(graph, found, verdict=NullComparison(same, draws, draws), rng=1)


def test_same_seed_gives_the_same_file(tmp_path: Path) -> None:
    graph, partition = planted([30, 20, 10])
    files = [
        plot.map(graph, partition, rng=seed).write(tmp_path / f"{k}.png", dpi=50).read_bytes()
        for k, seed in enumerate((1, 1, 2))
    ]
    assert files[0] == files[1] != files[2]
    given = layout(graph, partition, rng=1)
    path = plot.map(graph, partition, places=given).write(tmp_path / "given.png", dpi=50)
    assert path.read_bytes() == files[0]
    with pytest.raises(OptionError, match="rng="):
        plot.map(graph, partition, places=given, rng=1)
    with pytest.raises(DataError, match="another graph or partition"):
        plot.map(graph, partition.rename({0: "new"}), places=given)
    with pytest.raises(DataError, match="needs a Layout"):
        plot.map(graph, partition, places=given.positions)  # type: ignore[call-overload]


def test_maps_of_little() -> None:
    one = Graph.from_edges([], [], directed=False, nodes=["a"])
    figure = plot.map(one, Partition.from_membership(["a"], [0]), rng=1)
    said = " ".join(text.get_text() for text in texts(figure)).replace("\n", " ")
    assert "1 community of 1 nodes" in said
    assert check_names(figure, ["other"]) == 1
    graph, _ = planted([20])
    whole = plot.map(graph, Partition.from_membership(range(20), [0] * 20), rng=1)
    assert not only(whole.axes[0], LineCollection)
    assert check_names(whole, ["community 0"]) == 1
    with pytest.raises(DataError, match="no node of the graph is in a community"):
        plot.map(graph, Partition.from_membership(range(20), [-1] * 20))
    some = Partition.from_membership(range(20), [0] * 12 + [-1] * 8)
    figure = plot.map(graph, some, rng=1)
    said = " ".join(text.get_text() for text in texts(figure)).replace("\n", " ")
    assert "not drawn: 8 of 20 accounts, in no community" in said
    (dots,) = only(figure.axes[0], EllipseCollection)
    assert len(dots.get_offsets()) == 12
    # two halves that no edge joins
    apart = Graph.from_edges([0, 20], [1, 21], directed=False, nodes=range(40))
    figure = plot.map(
        apart, Partition.from_membership(range(40), [k // 20 for k in range(40)]), rng=1
    )
    said = " ".join(text.get_text() for text in texts(figure)).replace("\n", " ")
    assert "no edge joins two of the discs" in said


def test_map_in_axes_of_the_user() -> None:
    graph, partition = planted([30, 20, 10], names=["$x$", "_b", "c"])
    own = Figure(figsize=(10, 4), layout="constrained")
    left, right = own.subplots(1, 2)
    left.plot([1, 2], [3, 4])
    assert plot.map(graph, partition, ax=right, rng=1) is own
    assert only(right, PatchCollection)
    assert not left.collections
    named = [text for text in texts(own) if text.get_text() == "$x$"]
    assert [text.get_parse_math() for text in named] == [False]
    part = own.subfigures(1, 1).subplots()
    assert plot.map(graph, partition, ax=part, rng=1) is own
    with pytest.raises(DataError, match="no axes of a Matplotlib figure"):
        plot.map(graph, partition, ax=own, rng=1)  # type: ignore[call-overload]

"""The figure of a resolution profile: what it shows, and that equal figures are equal files."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from graphkit.communities.resolution import ResolutionProfile, resolution_profile
from graphkit.data.graph import Graph
from graphkit.errors import DataError
from graphkit.plot.communities import resolution
from graphkit.plot.style import ACCENT, INK, Canvas


def texts(canvas: Canvas) -> str:
    canvas.canvas.draw()
    return "\n".join(t.get_text() for t in canvas.findobj(Text))


@pytest.fixture(scope="module")
def profile() -> ResolutionProfile:
    graph = Graph.from_networkx(nx.ring_of_cliques(30, 5))
    return resolution_profile(graph, quality="cpm", runs=3, steps=10, rng=1)


def test_the_suggestion_is_marked_and_named(profile: ResolutionProfile) -> None:
    canvas = resolution(profile)
    shown = texts(canvas)
    assert "30 communities last from γ = 0.04 to 1" in shown
    assert "suggested: 30" in shown
    assert "resolution γ of CPM" in shown
    above, below = canvas.axes
    steps = [c for c in above.collections if isinstance(c, LineCollection)]
    assert len(steps) == profile.domains.height
    colours = [to_hex(c.get_color()[0]) for c in steps]
    assert profile.suggestion is not None
    assert colours.pop(profile.suggestion) == ACCENT
    assert set(colours) == {INK}
    (start, y), (end, _) = steps[profile.suggestion].get_segments()[0]
    assert (start, end, y) == pytest.approx((0.04, 1.0, 30))
    dots = next(c for c in above.collections if isinstance(c, PathCollection)).get_offsets()
    assert np.asarray(dots) == pytest.approx(
        profile.frame.select("resolution", "communities").to_numpy()
    )
    assert below.lines[0].get_ydata() == pytest.approx(profile.frame["stability"].to_numpy())
    assert above.get_xscale() == below.get_xscale() == "log"
    assert above.get_xlim() == below.get_xlim()


def test_no_suggestion_is_said() -> None:
    graph = Graph.from_networkx(nx.gnm_random_graph(100, 250, seed=1))
    canvas = resolution(resolution_profile(graph, steps=6, runs=3, rng=1))
    assert "No partition lasts" in texts(canvas)
    assert "suggested" not in texts(canvas)
    assert "resolution γ of modularity" in texts(canvas)


def test_one_run_leaves_the_agreement_empty() -> None:
    graph = Graph.from_networkx(nx.gnm_random_graph(60, 150, seed=1))
    canvas = resolution(resolution_profile(graph, steps=4, runs=1, rng=1))
    assert np.isnan(np.asarray(canvas.axes[1].lines[0].get_ydata(), dtype=float)).all()
    canvas.canvas.draw()


def test_equal_figures_are_equal_files(profile: ResolutionProfile, tmp_path: Path) -> None:
    one, other = (resolution(profile).write(tmp_path / f"{i}.png") for i in (1, 2))
    assert one.read_bytes() == other.read_bytes()


def test_it_refuses_anything_else() -> None:
    with pytest.raises(DataError, match="not a dict"):
        resolution({})  # type: ignore[arg-type]

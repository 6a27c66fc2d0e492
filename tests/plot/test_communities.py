"""Figures are checked for what they show; how they look is for the eye."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import polars as pl
import pytest
from matplotlib.patches import Rectangle

from graphkit import plot
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition, Runs
from graphkit.data.provenance import Provenance
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError
from graphkit.measures import Mixing, mixing
from graphkit.plot.canvas import rc_settings
from graphkit.plot.style import ACCENT, INK, Width

IDS = [f"a{i}" for i in range(9)]


@pytest.fixture
def partition() -> Partition:
    base = Partition.from_membership(IDS, ["#books"] * 4 + ["#cats"] * 3 + ["#alt"] * 2)
    runs = Runs(np.stack([base.membership] * 2), np.ones(2), 0.9, np.linspace(0, 1, 9).astype("f4"))
    evidence = pl.DataFrame(
        {"community": [0, 0, 1], "tag": ["books", "reading", "kitten"], "rank": [1, 2, 1]}
    )
    return Partition(
        base.vocabulary, base.membership, base.labels, 0.4, "modularity", 1.0, runs, evidence
    )


@pytest.fixture
def found() -> Visibility:
    frame = pl.DataFrame(
        {
            "community": [0, 1, 2],
            "label": ["#books", "#cats", "#alt"],
            "size": [4, 3, 2],
            "shared": [4, 3, 2],
            "follow_f1": [0.9, 0.7, 0.2],
            "visible_runs": [1.0, 1.0, 0.0],
            "verdict": ["visible", "visible", "hidden"],
            "conductance": [0.1, 0.2, 0.9],
            "internal_share": [0.8, 0.7, 0.0],
            "expected_share": [0.4, 0.3, 0.2],
        }
    )
    return Visibility(frame, np.zeros((1, 9), np.int32), 0.9, Provenance("visibility"))


def texts(canvas: plot._canvas.Canvas) -> str:
    from matplotlib.text import Text

    canvas.canvas.draw()
    return "\n".join(t.get_text() for t in canvas.findobj(Text))


def test_communities_show_names_sizes_and_evidence(partition: Partition) -> None:
    shown = texts(plot.communities(partition))
    assert "#books" in shown
    assert "reading" in shown
    assert "communities — runs agree; null not tested" in shown
    tested = texts(plot.communities(partition, verdict="stable"))
    assert "communities — stable" in tested
    assert "runs agree" not in tested
    assert "not shown" in texts(plot.communities(partition, top=2))
    with pytest.raises(DataError, match="no community"):
        plot.communities(Partition.from_membership(["a"], [-1]))


def test_visibility_sorts_by_f1_and_counts_the_hidden(found: Visibility) -> None:
    canvas = plot.visibility(found)
    assert "1 of 3 hidden" in texts(canvas)
    labels = [t.get_text() for t in canvas.axes[0].get_yticklabels()]
    assert labels == ["#books", "#cats", "#alt"]


def test_borders_need_one_partition(partition: Partition) -> None:
    graph = Graph.from_edges(IDS, IDS[1:] + IDS[:1], directed=True)
    panel = mixing(graph, partition)
    assert "#alt" in texts(plot.borders({"follows": panel, "interest": panel}, highlight=("#alt",)))
    # one result is one panel
    assert len(plot.borders(panel).axes) == len(plot.borders({"t": panel}).axes) == 2
    assert "Edges between communities" in texts(plot.borders(panel))
    assert "impressions" in texts(plot.flows(panel))
    other = mixing(graph, Partition.from_membership(IDS, ["x"] * 5 + ["y"] * 4))
    with pytest.raises(DataError, match="same communities"):
        plot.borders({"a": panel, "b": other})
    with pytest.raises(DataError, match="at least one"):
        plot.borders({})
    with pytest.raises(DataError, match="at least one"):
        plot.borders(partition)  # type: ignore[arg-type]


def mixing_of(labels: list[str], *, directed: bool) -> Mixing:
    """Weights of any kind between communities of these names."""
    weights = np.full((len(labels), len(labels)), 20.0) + 200 * np.eye(len(labels))
    expected = np.outer(weights.sum(0), weights.sum(1)) / weights.sum()
    return Mixing(tuple(labels), weights, expected, 0.1, 0, directed)


@pytest.mark.parametrize("draw", [plot.borders, plot.flows])
@pytest.mark.parametrize("tag", [None, "#", "#a tag of "])
@pytest.mark.parametrize("count", [6, 16])
def test_names_at_a_matrix_for_phones_do_not_cover_each_other(
    draw: Callable[..., plot.Canvas], tag: str | None, count: int
) -> None:
    names = [f"community {at + 1} (unnamed)" for at in range(count)]
    if tag is not None:
        names = [tag + 30 * letter for letter in "abcdefghijklmnop"[:count]]
    panels = {arm: mixing_of(names, directed=draw is plot.flows) for arm in ("one", "other")}
    canvas = draw(panels, width="phone")
    canvas.draw_without_rendering()
    for axes in canvas.axes[:2]:
        for axis, along in ((axes.xaxis, 0), (axes.yaxis, 1)):
            written = [text.get_text() for text in axis.get_ticklabels()]
            assert len(set(written)) == count
            assert min(map(len, written)) > 8
            assert any("\n" in name for name in written) == (count == 6)
            boxes = [text.get_window_extent().extents for text in axis.get_ticklabels()]
            boxes.sort(key=lambda box: float(box[along]))
            for one, following in pairwise(boxes):
                assert following[along] >= one[along + 2]


def test_numbers_of_communities_are_not_cut_for_phones() -> None:
    names = [f"community {at + 1} (unnamed)" for at in range(16)]
    canvas = plot.borders(mixing_of(names, directed=False), width="phone")
    written = [text.get_text() for text in canvas.axes[0].get_yticklabels()]
    assert written == [f"community {at + 1} …" for at in range(16)]


def test_equal_figures_are_equal_files(partition: Partition, tmp_path: Path) -> None:
    one = plot.communities(partition).write(tmp_path / "1.png").read_bytes()
    two = plot.communities(partition).write(tmp_path / "2.png").read_bytes()
    assert one == two
    assert plot.communities(partition)._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["png", "svg"])
@pytest.mark.parametrize("width", ["page", "phone"])
@pytest.mark.parametrize("box", [None, "tight"])
def test_figures_are_saved_as_matplotlib_saves_them(
    found: Visibility, tmp_path: Path, width: Width, kind: str, box: str | None
) -> None:
    paths = [tmp_path / f"{name}.{kind}" for name in ("own", "matplotlib")]
    plain = {"Date": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context({"svg.hashsalt": "a", "savefig.bbox": box}):
        canvas = plot.visibility(found, width=width)
        before = canvas.canvas, canvas.dpi, canvas.get_layout_engine()
        canvas.save(paths[0], kind, 130, plain)
        assert (canvas.canvas, canvas.dpi, canvas.get_layout_engine()) == before
        plot.visibility(found, width=width).savefig(paths[1], dpi=130, metadata=plain)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_setting_for_tight_layouts_does_not_stop_figures_with_a_colour_bar(
    tmp_path: Path,
) -> None:
    panel = mixing_of(["#a", "#b"], directed=False)
    with mpl.rc_context({"figure.autolayout": True}):
        set_tight = plot.borders(panel).write(tmp_path / "1.svg").read_bytes()
    assert plot.borders(panel).write(tmp_path / "2.svg").read_bytes() == set_tight


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "eps", "ps"])
def test_files_of_equal_figures_hold_no_time(
    partition: Partition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    found = []
    for time in ("1000000000", "1100000000"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", time)
        found.append(plot.communities(partition).write(tmp_path / f"a.{kind}").read_bytes())
    assert found[0] == found[1]


def test_compressed_figures_hold_no_time(partition: Partition, tmp_path: Path) -> None:
    written = plot.communities(partition).write(tmp_path / "a.svgz").read_bytes()
    assert written[4:8] == bytes(4)
    plain = plot.communities(partition).write(tmp_path / "a.svg").read_bytes()
    assert gzip.decompress(written) == plain


def test_formats_without_metadata_are_written(partition: Partition, tmp_path: Path) -> None:
    canvas = plot.communities(partition)
    assert canvas.write(tmp_path / "a.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert canvas.write(tmp_path / "a.eps").read_bytes()[:4] == b"%!PS"


def test_postscript_names_neither_time_nor_file(partition: Partition, tmp_path: Path) -> None:
    written = plot.communities(partition).write(tmp_path / "of_today.eps").read_bytes()
    assert b"%%BoundingBox" in written
    assert b"%%CreationDate" not in written
    assert b"of_today" not in written


def test_settings_stay_as_they_are_if_threads_save_figures(
    partition: Partition, tmp_path: Path
) -> None:
    names = ("svg.hashsalt", "svg.fonttype", "font.size", "text.parse_math", "text.usetex")
    before = {name: mpl.rcParams[name] for name in names}
    figures = [plot.communities(partition) for _ in range(8)]
    paths = [tmp_path / f"{k}.svg" for k in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda k: figures[k].write(paths[k]), range(8)))
    assert {name: mpl.rcParams[name] for name in names} == before
    assert len({path.read_bytes() for path in paths}) == 1


def test_settings_of_which_one_is_wrong_change_nothing() -> None:
    before = mpl.rcParams["font.size"]
    with pytest.raises(ValueError, match="perhaps"):
        rc_settings({"font.size": before + 1, "text.usetex": "perhaps"}).__enter__()
    assert mpl.rcParams["font.size"] == before


def test_names_at_the_top_are_highlighted_too() -> None:
    panel = mixing_of(["#a", "#b"], directed=False)
    with mpl.rc_context({"xtick.labeltop": True, "xtick.labelbottom": False}):
        axes = plot.borders(panel, highlight=("#a",)).axes[0]
    colours = [tick.label2.get_color() for tick in axes.xaxis.get_major_ticks()]
    assert colours == [ACCENT, INK]
    names = (name for name in ["#a"])
    again = plot.borders(panel, highlight=names).axes[0]  # type: ignore[arg-type]
    assert [label.get_color() for label in again.get_yticklabels()] == [ACCENT, INK]


@pytest.mark.filterwarnings("error")
def test_a_figure_without_axes_is_saved(partition: Partition, tmp_path: Path) -> None:
    canvas = plot.communities(partition)
    canvas.clf()
    assert canvas.write(tmp_path / "empty.svg").stat().st_size > 0


def test_marks_of_communities_have_the_order_of_the_rows() -> None:
    names = [f"#{at}" for at in range(9)]
    panel = mixing_of(names, directed=False)
    axes = plot.borders(panel, highlight=names[::-1]).axes[0]
    corners = [patch.get_xy() for patch in axes.patches if isinstance(patch, Rectangle)]
    assert corners == sorted(corners)
    assert len(corners) == 9


def test_matrices_say_how_many_communities_are_not_drawn() -> None:
    names = [f"#c{n}" for n in range(5)]
    for draw in (plot.borders, plot.flows):
        panel = mixing_of(names, directed=draw is plot.flows)
        assert "the 3 largest of 5 communities" in texts(draw(panel, top=3))
        assert "largest of" not in texts(draw(panel, top=5))


@pytest.mark.parametrize("size", range(2, 13))
@pytest.mark.parametrize("draw", [plot.borders, plot.flows])
def test_the_bar_of_matrices_has_its_whole_label(
    draw: Callable[..., plot.Canvas], size: int
) -> None:
    names = [f"#c{n}" for n in range(size)]
    canvas = draw(mixing_of(names, directed=draw is plot.flows))
    canvas.canvas.draw()
    label = canvas.axes[-1].yaxis.label.get_window_extent()
    assert 0 <= label.y0 < label.y1 <= canvas.bbox.height
    assert label.x1 <= canvas.bbox.width

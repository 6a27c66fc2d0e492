"""The interactive map is one file without ids or requests, and shows what the layout holds."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit import plot
from graphkit.communities import layout
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError, DependencyError, FileError, OptionError
from graphkit.plot import InteractiveMap, interactive_map
from graphkit.readwrite.gexf import PALETTE


def planted(sizes: list[int], alone: int = 0, *, turned: bool = False) -> tuple[Graph, Partition]:
    """Rings with chords, tied to the next two; ids that occur nowhere else; some in no community."""
    ids = [f"qx{k}zq" for k in range(sum(sizes) + alone)]
    home = np.repeat(np.arange(len(sizes)), sizes)
    start = np.r_[0, np.cumsum(sizes)]
    rows = []
    for k, c in enumerate(home.tolist()):
        rows += [(k, start[c] + (k - start[c] + step) % sizes[c]) for step in (1, 3)]
        rows += [(k, start[(c + step) % len(sizes)] + k % 3) for step in (1, 2) if k % step == 0]
    rows += [(k, 0) for k in range(home.size, len(ids))]
    ends = np.array([row for row in rows if row[0] != row[1]])
    ends = ends[::-1] if turned else ends
    names = np.array(ids)
    graph = Graph.from_edges(
        *(names[ends[:, 0]], names[ends[:, 1]]), directed=False, node_kind="accounts"
    )
    place = [f"#tag{c}" for c in home.tolist()] + [None] * alone
    pairs = list(zip(ids, place, strict=True))
    return graph, Partition.from_membership(pairs[::-1] if turned else pairs)


class Page(HTMLParser):
    """Tags, texts and scripts of a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.document: dict[str, Any] = {}
        self.styles = ""
        self.feed(path.read_text())
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attributes = self.tags[-1] if self.tags else ("", {})
        if attributes.get("id") == "document" and data.strip():
            self.document = json.loads(data)
        elif tag == "style":
            self.styles += data
        elif tag != "script":
            self.words.append(data)

    def models(self, value: Any = None) -> list[dict[str, Any]]:
        """All models of the document."""
        value = self.document if value is None else value
        if isinstance(value, dict):
            own = [value] if value.get("type") == "object" and "id" in value else []
            return own + [one for part in value.values() for one in self.models(part or [])]
        parts = value if isinstance(value, list) else []
        return [one for part in parts for one in self.models(part or [])]

    def source(self, name: str) -> dict[str, Any]:
        """Columns of a data source."""
        (found,) = [
            one["attributes"]["data"]["entries"]
            for one in self.models()
            if one["name"] == "ColumnDataSource" and one["attributes"].get("name") == name
        ]
        return {key: read(column) for key, column in found}


def read(column: Any) -> Any:
    if not isinstance(column, dict):
        return column
    data = base64.b64decode(column["array"]["data"])
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    return np.frombuffer(data, column["dtype"]).reshape(column["shape"])


def test_discs_dots_and_colours_are_those_of_the_layout(tmp_path: Path) -> None:
    graph, partition = planted([40, 30, 20, 15])
    made = interactive_map(graph, partition, tmp_path / "map.html", rng=3)
    assert isinstance(made, InteractiveMap)
    assert made.path == tmp_path / "map.html"
    page, places = Page(made.path), layout(graph, partition, rng=3)
    discs, nodes = page.source("discs"), page.source("nodes")
    assert discs["name"] == [f"#tag{c}" for c in range(4)]
    assert discs["size"] == ["40", "30", "20", "15"]
    assert discs["colour"] == list(PALETTE[:4])
    for key, column in (("x", "x"), ("y", "y"), ("r", "radius")):
        assert discs[key].tolist() == places.frame.get_column(column).to_list()
    drawn = sorted(zip(nodes["disc"].tolist(), nodes["x"], nodes["y"], strict=True))
    x, y = places.positions.astype(np.float32).T
    assert drawn == sorted(zip(places.area.tolist(), x, y, strict=True))
    assert nodes["colour"] == [PALETTE[c] for c in nodes["disc"].tolist()]
    # edges join dots, each once
    edges = page.source("edges")
    dots = {*zip(nodes["x"].tolist(), nodes["y"].tolist(), strict=True)}
    assert {*zip(edges["x0"].tolist(), edges["y0"].tolist(), strict=True)} <= dots
    assert edges["x0"].size == graph.n_edges == made.edges_drawn
    assert (made.nodes, made.nodes_drawn, made.edges) == (105, 105, graph.n_edges)
    assert "4 communities of 105 accounts" in page.text
    assert made.note in page.text
    assert f"Drawn: all 105 accounts and all {graph.n_edges} edges" in made.note
    given = interactive_map(graph, partition, tmp_path / "given.html", places=places, rng=3)
    assert given.path.read_bytes() == made.path.read_bytes()


def test_file_holds_no_id_unless_asked(tmp_path: Path) -> None:
    graph, partition = planted([30, 20, 15, 4, 3], alone=5)
    path = tmp_path / "map.html"
    interactive_map(graph, partition, path, rng=1)
    assert not re.search(r"qx\d+zq", path.read_text())
    nodes = Page(path).source("nodes")
    assert {*nodes} == {"x", "y", "disc", "colour"}
    # in the order of their places, which tells nothing of the ids
    order = np.lexsort((nodes["y"], nodes["x"], nodes["disc"]))
    assert (order == np.arange(order.size)).all()
    made = interactive_map(graph, partition, path, members="raw", rng=1)
    raw = Page(path).source("nodes")
    places = layout(graph, partition, rng=1)
    at = graph.vocabulary.encode(raw["id"])
    assert np.array_equal(places.positions[at].astype(np.float32).T, [raw["x"], raw["y"]])
    assert "holds ids as they are in the data" in made.note
    # also then nobody of a group that is too small
    small = set(partition.vocabulary.ids[(partition.membership < 0) | (partition.membership > 2)])
    assert small.isdisjoint(raw["id"])


def test_small_communities_are_left_out_and_told_by_none(tmp_path: Path) -> None:
    graph, partition = planted([40, 30, 20, 6, 5])
    made = interactive_map(graph, partition, tmp_path / "a.html", rng=1)
    assert made.frame.get_column("label").to_list() == ["#tag0", "#tag1", "#tag2"]
    assert made.frame.get_column("drawn").to_list() == [40, 30, 20]
    assert "Left out: 11 accounts" in made.note
    removed = made.provenance.removed
    assert removed["nodes in no community that may be told apart"] == 11
    assert made.edges_drawn + sum(n for why, n in removed.items() if why[:5] == "edges") == (
        graph.n_edges
    )
    text = made.path.read_text()
    assert "#tag3" not in text
    assert "#tag4" not in text
    # one small community would be the rest: the next larger one is left out too
    graph, partition = planted([40, 30, 20, 6])
    made = interactive_map(graph, partition, tmp_path / "b.html", rng=1)
    assert made.frame.get_column("size").to_list() == [40, 30]
    assert "Left out: 26 accounts" in made.note
    # so few without a community are no number
    graph, partition = planted([40, 30], alone=3)
    made = interactive_map(graph, partition, tmp_path / "c.html", rng=1)
    assert "Left out: fewer than 10 accounts" in made.note
    assert made.provenance.removed["nodes in no community that may be told apart"] == 3
    with pytest.raises(DataError, match="no community of 50 accounts could be told apart"):
        interactive_map(graph, partition, tmp_path / "d.html", min_group_size=50, rng=1)
    assert not (tmp_path / "d.html").exists()


def test_samples_keep_the_shares_of_communities(tmp_path: Path) -> None:
    graph, partition = planted([200, 100, 60, 40])
    path = tmp_path / "map.html"
    made = interactive_map(graph, partition, path, most_nodes=100, most_edges=30, rng=1)
    assert made.frame.get_column("drawn").to_list() == [50, 25, 15, 10]
    assert (made.nodes_drawn, made.edges_drawn) == (100, 30)
    assert f"Drawn: 100 of 400 accounts and 30 of {graph.n_edges:,} edges" in made.note
    assert "at random" in made.note
    assert "While the map moves" not in made.note
    nodes, edges = Page(path).source("nodes"), Page(path).source("edges")
    dots = {*zip(nodes["x"].tolist(), nodes["y"].tolist(), strict=True)}
    assert {*zip(edges["x1"].tolist(), edges["y1"].tolist(), strict=True)} <= dots
    none = interactive_map(graph, partition, path, most_edges=0, rng=1)
    assert (none.nodes_drawn, none.edges_drawn) == (400, 0)
    many = planted([1400, 1000])
    assert "one in 10 is drawn" in interactive_map(*many, path, rng=1).note


def test_file_asks_for_nothing(tmp_path: Path) -> None:
    graph, partition = planted([30, 20])
    page = Page(interactive_map(graph, partition, tmp_path / "map.html", rng=1).path)
    for tag, attributes in page.tags:
        assert tag not in ("iframe", "img", "object", "embed", "base")
        for name in ("src", "href", "action", "srcset", "data"):
            assert (attributes.get(name) or "data:").startswith("data:"), (tag, attributes)
    assert "url(" not in page.styles
    assert "@import" not in page.styles
    # Bokeh puts its tips, which are white, into the body of the page
    assert ".bk-Tooltip { --tooltip-color: #2a2f36; --tooltip-text: #e8ebee;" in page.styles
    (policy,) = [a["content"] for _, a in page.tags if a.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'unsafe-inline';")
    assert "http" not in policy
    # a title, a language, a described map, and a search with a label
    assert "html" in {tag for tag, a in page.tags if a.get("lang") == "en"}
    (holder,) = [a for _, a in page.tags if a.get("id") == "map"]
    assert (holder["aria-label"] or "").startswith("Map of 2 communities of 50 accounts")
    assert holder["tabindex"] == "0"
    assert [tag for tag, a in page.tags if tag == "label" or a.get("id") == "wanted"][:2] == (
        ["label", "input"]
    )


MAKE = """
import sys
sys.path.insert(0, sys.argv[1])
from test_interactive_map import planted
from graphkit.plot import interactive_map
graph, partition = planted([60, 30, 20], turned=sys.argv[2] == "turned")
interactive_map(graph, partition, sys.argv[3], most_nodes=80, most_edges=50, members="raw", rng=4)
"""


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    graph, partition = planted([60, 30, 20])
    options: dict[str, Any] = {"most_nodes": 80, "most_edges": 50, "members": "raw"}
    for name in ("one", "two"):
        interactive_map(graph, partition, tmp_path / f"{name}.html", **options, rng=4)
    first = (tmp_path / "one.html").read_bytes()
    assert (tmp_path / "two.html").read_bytes() == first
    # in another process, with another hash seed and the rows the other way round
    path = tmp_path / "other.html"
    call = [sys.executable, "-c", MAKE, str(Path(__file__).parent), "turned", str(path)]
    subprocess.run(call, check=True, env=os.environ | {"PYTHONHASHSEED": "77"})
    assert path.read_bytes() == first
    interactive_map(graph, partition, path, **options, rng=5)
    assert path.read_bytes() != first


def test_measures_are_told_where_they_are_known(tmp_path: Path) -> None:
    graph, _ = planted([40, 30, 20])
    found = gk.leiden(graph, runs=3, rng=1)
    columns = {"community": range(found.n_communities), "size": found.sizes}
    seen = pl.DataFrame(columns).with_columns(
        pl.col("community").cast(pl.Int32), verdict=pl.lit("hidden")
    )
    known = Visibility(seen, np.zeros((1, 1), np.int32), 1.0)
    made = interactive_map(graph, found, tmp_path / "map.html", visibility=known, rng=1)
    summary = found.summary().head(made.frame.height)
    assert made.frame.get_column("consistency").equals(summary.get_column("consistency"))
    discs = Page(made.path).source("discs")
    assert discs["verdict"] == ["hidden"] * made.frame.height
    assert discs["consistency"] == [f"{c:.2f}" for c in summary.get_column("consistency")]
    assert "Consistency: how alike" in Page(made.path).text
    assert found.verdict in Page(made.path).text
    other = Visibility(seen.with_columns(pl.col("size") + 1), np.zeros((1, 1), np.int32), 1.0)
    with pytest.raises(DataError, match="visibility= is of another partition"):
        interactive_map(graph, found, tmp_path / "map.html", visibility=other, rng=1)


def test_names_end_no_script(tmp_path: Path) -> None:
    graph, plain = planted([30, 20])
    names = ["</script><script>alert(1)</script>", '"><img src=x onerror="1"> {{ 7 * 7 }}']
    partition = Partition.from_membership(plain.vocabulary, plain.membership, labels=names)
    page = Page(interactive_map(graph, partition, tmp_path / "map.html", rng=1).path)
    assert page.source("discs")["name"] == names
    assert [tag for tag, _ in page.tags].count("img") == 0
    assert [tag for tag, _ in page.tags].count("script") == 4  # data, Bokeh and its log level, page
    for name in names:
        assert name in page.text


def test_what_is_wrong_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, partition = planted([30, 20])
    other, parts = planted([20, 30])
    path = tmp_path / "map.html"
    with pytest.raises(OptionError, match=r"must end in \.html"):
        interactive_map(graph, partition, tmp_path / "map.png")
    with pytest.raises(OptionError, match="members='pseudonyms' is unknown"):
        interactive_map(graph, partition, path, members="pseudonyms")
    with pytest.raises(OptionError, match="most_nodes"):
        interactive_map(graph, partition, path, most_nodes=0)
    with pytest.raises(DataError, match="interactive_map: places= is the layout of another"):
        interactive_map(graph, partition, path, places=layout(other, parts, rng=1))
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError):
        interactive_map(graph, partition, tmp_path / "file" / "map.html", rng=1)
    monkeypatch.setitem(sys.modules, "bokeh", None)
    with pytest.raises(
        DependencyError, match=r'pip install "\.\[interactive\]" in the folder of graphkit'
    ):
        interactive_map(graph, partition, path)
    assert not path.exists()
    # the static map needs no Bokeh
    assert plot.map(graph, partition, rng=1).axes

"""Three tasks of a newcomer, in as few lines as the README promises, from data that are invented."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import polars as pl
import pytest
from typer.testing import CliRunner

import graphkit as gk
from graphkit.cli import app
from graphkit.privacy import load_key

#: From a frame of pandas to named communities.
FRAME = """
ds = gk.from_frame(df, account="user", item="video", at="timestamp", kind="action", tags="hashtags")
graph = gk.cointeraction_graph(ds)
found = gk.leiden(graph, rng=1)
named = gk.label_communities(found, ds)
"""

#: From a graph of networkx to communities, names and a file.
GRAPH = """
found = gk.leiden(G, rng=1)
named = gk.label_communities(found, G, by="school")
gk.readwrite.write_graphml(G, path, partition=named)
"""

#: From a folder of exports to a dataset.
FOLDER = "ds, report = gk.read_any(folder)"


def run(task: str, most: int, **given: Any) -> dict[str, Any]:
    """What the lines of a task make; there are no more than `most`, and none is long."""
    lines = task.strip().splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= 100
    names = {"gk": gk, **given}
    exec(task, names)
    return names


def test_a_frame_becomes_named_communities() -> None:
    # each of two circles has ten users and six videos, and each user acts on four of them
    rows = [
        (f"{tag}{user}", 7_300_000_000_000_000_000 + 10 * circle + (user + k) % 6, k, action, [tag])
        for circle, tag in enumerate(("books", "chess"))
        for user in range(10)
        for k, action in enumerate(("like", "share", "comment", "save"))
    ]
    log = pd.DataFrame(rows, columns=["user", "video", "timestamp", "action", "hashtags"])
    log["timestamp"] = pd.Timestamp("2026-03-01") + pd.to_timedelta(log["timestamp"], unit="h")
    made = run(FRAME, 4, df=log)
    assert made["ds"].interactions.height == 80
    # a float would have made 7300000000000000001 into 7300000000000000000
    assert made["ds"].item_ids.ids[:2].tolist() == ["7300000000000000000", "7300000000000000001"]
    assert made["graph"].n_nodes == 20
    named = made["named"]
    assert sorted(named.labels) == ["#books", "#chess"]
    members = named.frame().select(pl.col("id").cast(pl.String), "community").rows()
    assert all(named.labels[code] == f"#{user[:-1]}" for user, code in members)


def test_a_graph_becomes_communities_names_and_a_file(tmp_path: Path) -> None:
    G = nx.disjoint_union(nx.complete_graph(8), nx.complete_graph(8))
    G.add_edge(0, 8)
    nx.set_node_attributes(G, {n: "north" if n < 8 else "south" for n in G}, "school")
    path = tmp_path / "schools.graphml"
    named = run(GRAPH, 4, G=G, path=path)["named"]
    assert sorted(named.labels) == ["north", "south"]
    assert named.sizes.tolist() == [8, 8]
    back = nx.read_graphml(path, node_type=int)
    assert nx.utils.graphs_equal(nx.Graph(back.edges), nx.Graph(G.edges))
    for node, values in back.nodes(data=True):
        assert values["school"] == values["community_label"] == G.nodes[node]["school"]
    again, _ = gk.readwrite.read_graph(path)
    assert again.attributes is not None
    assert again.attributes.columns[:2] == ["id", "school"]


def export(owner: str, videos: list[int], follows: str) -> str:
    """A personal export of TikTok, invented."""
    seen = [
        {"Date": f"2026-03-0{day} 12:00:00", "Link": f"https://www.tiktokv.com/share/video/{v}/"}
        for day, v in enumerate(videos, 1)
    ]
    liked = [{"date": seen[0]["Date"], "link": seen[0]["Link"]}]
    activity = {
        "Watch History": {"VideoList": seen},
        "Like List": {"ItemFavoriteList": liked},
        "Following": {"Following": [{"Date": "2026-01-01 00:00:00", "UserName": follows}]},
    }
    profile = {"Profile Info": {"ProfileMap": {"userName": owner}}}
    return json.dumps({"Your Activity": activity, "Profile": profile})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Exports of donors: in a zip archive, as JSON, cut off, and as text."""
    root = tmp_path / "donors"
    root.mkdir()
    first = 7_374_807_619_341_093_709
    with zipfile.ZipFile(root / "invented_ann.zip", "w") as archive:
        content = export("invented_ann", [first, first + 1, first + 2], "invented_bob")
        archive.writestr("user_data_tiktok.json", content)
    (root / "invented_bob.json").write_text(export("invented_bob", [first + 2], "invented_ann"))
    (root / "invented_cem.json").write_text(export("invented_cem", [first], "invented_ann")[:300])
    (root / "invented_dua.txt").write_text(
        f"Date: 2026-03-01 12:00:00\nLink: https://www.tiktokv.com/share/video/{first}/\n"
    )
    return root


def test_a_folder_of_donors_becomes_one_dataset(folder: Path) -> None:
    with pytest.warns(gk.GraphkitWarning, match="2 of 4 files"):
        made = run(FOLDER, 1, folder=folder)
    ds, report = made["ds"], made["report"]
    assert ds.account_ids.ids.tolist() == ["invented_ann", "invented_bob"]
    assert ds.impressions.group_by("account_id").len().sort("account_id").rows() == [
        ("invented_ann", 3),
        ("invented_bob", 1),
    ]
    assert sorted(ds.follows.select("follower_id", "followee_id").rows()) == [
        ("invented_ann", "invented_bob"),
        ("invented_bob", "invented_ann"),
    ]
    assert ds.interactions.get_column("kind").value_counts(sort=True).rows() == [
        ("view", 4),
        ("like", 2),
    ]
    assert report.rows.rows() == [("views", 4, 4), ("likes", 2, 2), ("following", 2, 2)]
    files = report.files.select("file", "status", "reason").rows()
    text = "an export of TikTok as text: ask TikTok for the data once more, in the format JSON."
    assert [(Path(file).name, status, reason) for file, status, reason in files] == [
        ("invented_ann.zip: user_data_tiktok.json", "read", ""),
        ("invented_bob.json", "read", ""),
        ("invented_cem.json", "not read", "broken JSON, line 1. Get the file again."),
        ("invented_dua.txt", "not read", text),
    ]


def test_one_command_imports_the_folder(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "made"
    with pytest.warns(gk.GraphkitWarning, match="2 of 4 files"):
        done = CliRunner().invoke(app, ["import", str(folder), "--out", str(out)])
    assert done.exit_code == 0, done.output
    ds, report = gk.read_dataset(out)
    assert report.n_dropped == 0
    key = load_key(tmp_path / "graphkit.key")
    people = {key.pseudonym(f"invented_{name}", "account") for name in ("ann", "bob")}
    assert set(ds.account_ids.ids) == people
    # neither names of donors nor of their files are in what is written
    written = b"".join(p.read_bytes() for p in sorted(out.iterdir()))
    assert b"invented_" not in written
    assert b"broken JSON, line 1" in written


def test_the_documentation_lists_every_format() -> None:
    section = (Path(__file__).parents[1] / "docs" / "formats.md").read_text()
    names = gk.readwrite.formats().get_column("name").to_list()
    assert [name for name in names if f"`{name}`" not in section] == []

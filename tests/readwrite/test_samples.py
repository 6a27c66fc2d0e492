"""Every sample file is recognised, and read to the counts that plain Python finds in it."""

from __future__ import annotations

import json
import shutil
import warnings
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import graphkit as gk
from graphkit.data.dataset import Dataset
from graphkit.data.results import ImportReport
from graphkit.data.schema import TABLES
from graphkit.errors import DependencyError, GraphkitError, MissingDataError
from graphkit.readwrite import read_any, read_graph
from graphkit.readwrite.census import recognise
from graphkit.readwrite.source import list_sources, look_at

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "samples"
EXPECTED: dict[str, Any] = (
    json.loads((SAMPLES / "expected.json").read_text()) if SAMPLES.exists() else {}
)

pytestmark = [
    pytest.mark.skipif(not SAMPLES.exists(), reason=f"the sample files are not at {SAMPLES}"),
    pytest.mark.filterwarnings("ignore::graphkit.errors.GraphkitWarning"),
]

#: Names under which a sample is counted apart from its rows of a table: where they are here.
ELSEWHERE = {
    "comment (no author)": "dropped",
    "own post": "posts",
    "post": "posts",
    "delete": "dropped",
    "errors reported by the API": "noted",
    "view (impression)": "impressions",
    "impression": "impressions",
    "view (ad)": "impressions",
    "is_rand": "impressions",
    "is_follow": "follows",
    "distinct user–author follows": "follows",
}
#: Kinds of interaction by the names of the counts.
KINDS = {
    "comment (no item)": "comment",
    "like (no time)": "like",
    "repost (original id unknown)": "repost",
    "repost (forward)": "repost",
    "view (watch_ratio)": "view",
    "(rating)": "rating",
    "is_click": "click",
    "is_comment": "comment",
    "is_forward": "share",
    "is_hate": "hate",
    "is_like": "like",
}
#: Counts that mean something else than distinct values of the dataset, and why.
OTHERWISE: dict[str, dict[str, int]] = {
    # the accounts and tags of the liked videos are read as well
    "tiktok_wrappers/traktok_liked.csv": {"accounts": 5, "tags": 5},
    # own posts of this vintage have their video ids in the link: two more items
    "personal_exports/tiktok_2023/user_data.json": {"items": 22},
    # whoever saw the posts is one account more
    "zeeschuimer_4cat/zeeschuimer-export-tiktok.com-2024-06-01T010000.ndjson": {"accounts": 13},
    "zeeschuimer_4cat/zeeschuimer-export-tiktok.com-2026-07-01T010000.csv": {"accounts": 13},
    # forums are groups of memberships, not tags
    "reddit/RC_comments.ndjson": {"tags": 0},
    "reddit/RS_submissions.ndjson": {"tags": 0},
    # follows of authors are edges; the features of the videos have tags
    "recommender/kuairand/": {"follows": 6, "tags": 2},
    # messages, and the addresses and messages that they pass on
    "recommender/coordination/coordination_network_toolkit.csv": {"items": 122},
}


def read(name: str, folder: Path) -> tuple[Dataset, ImportReport]:
    path, _, told = name.partition(" (")
    options: dict[str, Any] = {}
    if told:
        key, value = told[:-1].replace(":", "").split()
        options[key] = value
    if "sample_ida" in path:
        options["account"] = "sample_ida"
    if "export-tiktok.com" in path:
        options["account"] = "me"
    if "*" in path:
        for file in SAMPLES.glob(path):
            shutil.copy(file, folder)
        return read_any(folder, **options)
    return read_any(SAMPLES / path, **options)


def seen_times(dataset: Dataset) -> tuple[datetime | None, datetime | None]:
    """First and last time: of acts where there are any, else of items."""
    acts, items = [], []
    for table, column in (("interactions", "at"), ("impressions", "at"), ("follows", "since")):
        frame = dataset.tables.get(table)
        if frame is not None and column in frame.columns:
            acts += frame.get_column(column).drop_nulls().to_list()
    if dataset.items is not None and "created_at" in dataset.items.columns:
        items = dataset.items.get_column("created_at").drop_nulls().to_list()
    times = acts or items
    return (min(times), max(times)) if times else (None, None)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "graphs"])
def test_counts(name: str, tmp_path: Path) -> None:
    expected = EXPECTED[name] | OTHERWISE.get(name, {})
    if name == "tiktok_research_api/error_quota.json":
        with pytest.raises(MissingDataError, match="'daily_quota_limit_exceeded'"):
            read(name, tmp_path)
        return
    dataset, report = read(name, tmp_path)
    tables = dataset.tables
    referenced = {"accounts": 0, "items": 0}
    for kind, ids in (("accounts", "account_ids"), ("items", "item_ids")):
        try:
            referenced[kind] = len(getattr(dataset, ids))
        except MissingDataError:
            continue
    tags = set()
    if dataset.items is not None and "tags" in dataset.items.columns:
        tags = set(dataset.items.get_column("tags").explode().drop_nulls())
    heights = {table: tables[table].height if table in tables else 0 for table in TABLES}
    found = {"tags": len(tags), "follows": heights["follows"], **referenced}
    assert found == {key: expected[key] for key in found}
    acts: Counter[str] = Counter()
    if dataset.interactions is not None:
        acts = Counter(dataset.interactions.get_column("kind").to_list())
    for what, count in expected["interactions"].items():
        where = ELSEWHERE.get(what)
        if where is None:
            assert acts[KINDS.get(what, what)] == count, what
        elif where == "impressions" and what != "is_rand":
            assert heights["impressions"] >= count
        elif where == "follows":
            assert (
                heights["follows"] == EXPECTED[name]["interactions"]["distinct user–author follows"]
            )
        elif where == "dropped":
            assert count in report.dropped.get_column("rows").to_list()
        elif where == "noted":
            assert count in report.notes.get_column("rows").to_list()
    # every record is accounted for
    lost = dict(report.dropped.group_by("table").agg(pl.col("rows").sum()).rows())
    for table, n_read, kept in report.rows.rows():
        assert n_read == kept + lost.get(table, 0)
    assert report.recognised


@pytest.mark.parametrize("name", EXPECTED.get("graphs", {}))
def test_graph_files(name: str) -> None:
    path, expected = SAMPLES / "graphs" / name, EXPECTED["graphs"][name]
    with pytest.raises(GraphkitError, match=r"read_graph|GraphML or GEXF|workbook|one table"):
        read_any(path)
    if name == "graph.dot":
        with pytest.raises(GraphkitError, match="GEXF"):
            read_graph(path)
        return
    directed = None if expected["directed"] is not None else True
    try:
        graph, report = read_graph(path, directed=directed)
    except DependencyError:
        pytest.skip("workbooks need python-calamine")
    assert (graph.n_nodes, graph.n_edges) == (expected["nodes"], expected["edges"])
    if expected["directed"] is not None:
        assert graph.directed == expected["directed"]
    if expected["weight"] is not None:
        assert graph.total_weight == pytest.approx(expected["weight"])
    assert report.rows.height


def test_every_file_is_recognised_by_one_importer_or_named() -> None:
    sources, _ = list_sources(SAMPLES)
    known = {s: recognise(look_at(s)) for s in sources}
    unknown = {s.parts[-1] for s, hit in known.items() if hit is None}
    graphs = {p.name for p in (SAMPLES / "graphs").iterdir()}
    others = {"README.md", "count_samples.py", "make_samples.py", "expected.json"}
    assert unknown == graphs | others


def test_a_folder_of_everything_holds_nothing_that_was_planted(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        # one name for all files would make one account of the donors
        files = [f for f in SAMPLES.rglob("*") if f.is_file() and "personal_exports" not in f.parts]
        account = {f.relative_to(SAMPLES).as_posix(): "me" for f in files}
        dataset, report = read_any(SAMPLES, account=account, direction="followers", tz="+02:00")
    gk.write_dataset(dataset, tmp_path / "ds")
    text = "".join(frame.write_ndjson() for frame in dataset.tables.values())
    text += str([str(w.message) for w in told]) + str(report.files.rows()) + repr(report)
    text += "".join(p.read_text(errors="replace") for p in (tmp_path / "ds").iterdir())
    assert "planted" not in text.lower()
    assert report.files.height == len(list_sources(SAMPLES)[0])
    assert set(report.files.get_column("status")) == {"read", "not read", "not understood"}
    assert all(len(str(w.message)) <= 600 for w in told)

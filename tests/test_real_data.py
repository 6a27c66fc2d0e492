"""What must come out of the public data sets: published figures, end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import graphkit as gk
from graphkit.data.dataset import Dataset

pytestmark = pytest.mark.real_data

BOOKTOK = ("booktok", "bookish", "bookstagram", "books")


@pytest.fixture(scope="module")
def lastfm(shared_data: Path) -> Dataset:
    return gk.readwrite.read_hetrec_lastfm(shared_data / "hetrec2011_lastfm_2k")[0]


@pytest.fixture(scope="module")
def stitch_folder(shared_data: Path) -> Path:
    return shared_data / "tiktok_stitchgraph"


@pytest.fixture(scope="module")
def tiktok(stitch_folder: Path) -> Dataset:
    return gk.readwrite.read_tiktok_api([stitch_folder], stitches=[stitch_folder / "edges"])[0]


@pytest.fixture(scope="module")
def booktokers(stitch_folder: Path) -> set[str]:
    return {v["username"] for v in json.loads((stitch_folder / "sources/booktok.json").read_text())}


def test_lastfm_graphs_have_the_published_size(lastfm: Dataset) -> None:
    listening = gk.cointeraction_graph(lastfm, between="accounts", through="items")
    assert (listening.n_nodes, listening.n_edges) == (1_892, 1_014_138)
    assert listening.total_weight == 3_946_300
    follows = gk.follow_graph(lastfm)
    assert follows.n_edges == 25_434
    friends = follows.to_undirected()
    assert friends.n_edges == 12_717
    sizes = np.bincount(friends.components())
    assert (sizes.size, sizes[0]) == (20, 1_843)


def test_lastfm_friendship_and_listening_agree_little(lastfm: Dataset) -> None:
    listening = gk.leiden(gk.cointeraction_graph(lastfm, weight="tfidf"), runs=4, rng=1)
    friends = gk.leiden(gk.follow_graph(lastfm).to_undirected(), runs=4, rng=1)
    assert friends.quality == pytest.approx(0.468, abs=0.01)
    found = gk.agreement(listening, friends)
    assert found["nmi"] == pytest.approx(0.28, abs=0.06)
    named = gk.label_communities(listening, lastfm)
    assert all(named.labels[: min(3, named.n_communities)])


@pytest.mark.parametrize(
    ("tag", "accounts", "stitches", "loops", "multi", "components", "largest"),
    [
        ("booktok", 3540, 2792, 266, 91, 1119, 844),
        ("comedy", 4608, 3737, 32, 104, 1135, 1838),
        ("maga", 644, 689, 5, 70, 106, 414),
        ("jazz", 32, 16, 0, 0, 16, 2),
    ],
)
def test_stitch_graphs_have_the_published_figures(
    stitch_folder: Path,
    tag: str,
    accounts: int,
    stitches: int,
    loops: int,
    multi: int,
    components: int,
    largest: int,
) -> None:
    paths = [stitch_folder / side / f"{tag}.json" for side in ("sources", "targets")]
    ds, _ = gk.readwrite.read_tiktok_api(
        paths, stitches=[stitch_folder / "edges" / f"{tag}_edges.txt"]
    )
    graph = gk.interaction_graph(ds, kinds=("stitch",))
    sizes = np.bincount(graph.components())
    assert graph.n_nodes == accounts
    assert graph.total_weight == stitches
    assert graph.total_weight - graph.n_edges == multi
    looped = graph.edges().filter(source=graph.edges()["target"])
    assert looped["weight"].sum() == pytest.approx(loops)
    assert (sizes.size, sizes[0]) == (components, largest)


def recall_and_precision(members: set[str], wanted: set[str]) -> tuple[float, float]:
    both = len(members & wanted)
    return both / len(wanted), both / len(members)


def test_booktok_is_found(tiktok: Dataset, booktokers: set[str]) -> None:
    graph = gk.cointeraction_graph(
        tiktok, between="authors", through="tags", weight="tfidf", exclude=gk.STOP_TAGS, top=200
    )
    named = gk.label_communities(gk.leiden(graph, runs=3, iterations=2, rng=1), tiktok)
    hit = gk.find_community(named, tiktok, tags=BOOKTOK)
    assert hit
    assert hit.label == "#booktok"
    recall, precision = recall_and_precision(set(named.members(hit.label)), booktokers)
    assert recall >= 0.9
    assert precision >= 0.7


def test_booktok_is_found_without_the_tags_that_collected_it(
    tiktok: Dataset, booktokers: set[str], stitch_folder: Path
) -> None:
    collecting = {p.stem for p in (stitch_folder / "sources").glob("*.json")}
    assert len(collecting) == 24
    unwanted = gk.STOP_TAGS | collecting
    graph = gk.cointeraction_graph(
        tiktok, between="authors", through="tags", weight="tfidf", exclude=unwanted, top=200
    )
    found = gk.leiden(graph, runs=3, iterations=2, rng=1)
    named = gk.label_communities(found, tiktok, stop=unwanted)
    hit = gk.find_community(named, tiktok, tags=BOOKTOK)
    assert hit.label == "#books"
    recall, precision = recall_and_precision(set(named.members(hit.label)), booktokers)
    assert recall >= 0.7
    assert precision >= 0.65
    largest = [name for name in named.labels[:12] if name is not None]
    assert len(largest) >= 10
    assert all(name.startswith("#") and len(name) <= 30 for name in largest)

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphkit as gk
from graphkit.data.incidence import SIDES
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, OptionError
from graphkit.graphs import methods as words
from graphkit.graphs.backbone import METHODS, backbone
from graphkit.graphs.coordination import coordinated_accounts
from graphkit.graphs.methods import REFERENCES, methods_paragraph
from graphkit.graphs.options import WEIGHTS
from graphkit.graphs.social import layers


@pytest.fixture(scope="module")
def dataset() -> gk.Dataset:
    """Twelve accounts with telling ids that like, tag and post."""
    rng = np.random.default_rng(5)
    accounts = [f"person-{i:02}" for i in range(12)]
    items = [f"clip-{i:02}" for i in range(20)]
    who, what = rng.integers(0, 12, 160), rng.integers(0, 20, 160)
    days = rng.integers(1, 29, 160)
    return gk.Dataset(
        accounts={"account_id": accounts, "list_complete": [True] * 10 + [False, None]},
        items={
            "item_id": items,
            "author_id": [accounts[i % 12] for i in range(20)],
            "tags": [[f"topic-{i % 4}", "fyp"] for i in range(20)],
            "sound_id": [f"song-{i % 5}" for i in range(20)],
            "created_at": [f"2023-12-{i + 1:02}" for i in range(20)],
        },
        follows={"follower_id": accounts[:6], "followee_id": accounts[6:]},
        interactions={
            "account_id": [accounts[i] for i in who],
            "item_id": [items[i] for i in what],
            "kind": ["like"] * 150 + ["stitch"] * 10,
            "at": [f"2024-01-{d:02}" for d in days],
            "target_item_id": [None] * 150 + ["clip-01"] * 10,
        },
    )


def parts(result: Any, **options: Any) -> tuple[str, list[str]]:
    """The paragraph and the references, after checks that hold for every text."""
    text = methods_paragraph(result, **options)
    assert text == methods_paragraph(result, **options)
    paragraph, *rest = text.split("\n")
    assert not re.search("person-|clip-|topic-|song-", text)
    assert not re.search(r"None|\{|\}|\.\.|  | ,| \.|\[|\bnan\b|_graph|True|False", paragraph)
    assert paragraph.endswith(".")
    assert all(
        s[0].isupper() or s.startswith("graphkit")
        for s in re.split(r"(?<=\w\.)(?<!al\.) ", paragraph)
    )
    references = rest[2:]
    assert rest[:2] == (["", "References"] if references else [])
    for reference in references:
        # every work is cited, and every citation has its work
        year = re.search(r"\((\d{4})\)", reference)
        assert year is not None
        assert f"{reference.split(',')[0]}" in paragraph
        assert year[1] in paragraph
    assert len(set(re.findall(r"\([^()]*? \d{4}\)", paragraph))) == len(references)
    return paragraph, references


def test_tables_of_phrases_are_complete() -> None:
    assert set(words.WEIGHTS) == set(WEIGHTS)
    assert set(words.BACKBONES) == set(METHODS)
    pairs = {frozenset(pair) for pair in combinations(SIDES, 2)}
    assert {frozenset(pair) for pair in words.INCIDENCE} == pairs
    for citation, reference in REFERENCES.values():
        assert re.fullmatch(r"[^()]+ \d{4}", citation)
        assert re.search(r"https://doi\.org/10\.\d{4,5}/\S+[^.\s]$", reference)
        assert f"({citation[-4:]})" in reference


@pytest.mark.parametrize(("between", "through"), list(permutations(SIDES, 2)))
def test_every_pair_of_sides_reads_well(dataset: gk.Dataset, between: str, through: str) -> None:
    graph = gk.cointeraction_graph(dataset, between=between, through=through)
    text, references = parts(graph)
    assert f"Two {between}, i and j, are joined by an edge if they share {through} t" in text
    assert f"c_ij = Σ_t B_it B_jt, the number of {through}" in text
    assert ("Interactions are of kind" in text) == ("accounts" in (between, through))
    assert f"{graph.n_nodes:,} {between} (" in text
    assert "no random numbers used" in text
    assert references == []


@pytest.mark.parametrize(
    ("weight", "window"),
    [(w, span) for w in WEIGHTS for span in (None, "2d") if (w, span) != ("actions", "2d")],
)
def test_every_weight_has_its_formula(dataset: gk.Dataset, weight: str, window: str | None) -> None:
    graph = gk.cointeraction_graph(dataset, weight=weight, window=window)
    text, references = parts(graph)
    cited = {"jaccard": "Jaccard", "cosine": "Salton", "newman": "Newman", "tfidf": "Spärck Jones"}
    assert [r.split(",")[0] for r in references] == ([cited[weight]] if weight in cited else [])
    assert ("at most 2 days apart" in text) == (window is not None)
    assert ("Degrees are those of all interactions" in text) == (
        window is not None and weight in cited
    )
    formula = {
        "count": "c_ij = Σ_t B_it B_jt",
        "pairs": "Σ_t n_it n_jt",
        "actions": "min(n_it, n_jt)",
        "jaccard": "c_ij / (d_i + d_j − c_ij)",
        "cosine": "c_ij / √(d_i d_j)",
        "newman": "B_jt / (k_t − 1)",
        "tfidf": "ln(N / k_t)",
    }[weight]
    assert (formula in text) == (weight != "pairs" or window is None)


def test_options_and_what_they_left_out(dataset: gk.Dataset) -> None:
    graph = gk.cointeraction_graph(
        dataset,
        through="tags",
        exclude={*gk.STOP_TAGS, "topic-1"},
        min_shared=2,
        top=3,
        mutual=True,
        max_degree=12,
        kinds=("like", "stitch"),
    )
    text, _ = parts(graph)
    for part in (
        "Interactions are of kind like and stitch.",
        "stop-tags (the fyp, foryou and viral family) and 1 other tag.",
        "Tags of more than 12 accounts were left out before counting.",
        "Edges of fewer than 2 shared tags",
        "Each node keeps its 3 heaviest edges",
        "if both its ends keep it",
    ):
        assert part in text
    for reason, count in graph.provenance.removed.items():
        assert f"{reason} ({count:,})" in text
    some = gk.cointeraction_graph(dataset, through="tags", exclude={"fyp"}, top=2)
    text, _ = parts(some)
    assert "Excluded by name: 1 tag." in text
    assert "if at least one of its ends keeps it" in text


@pytest.mark.parametrize("method", METHODS)
def test_every_backbone_is_told_with_its_works(dataset: gk.Dataset, method: str) -> None:
    graph = gk.cointeraction_graph(dataset)
    options: dict[str, Any] = {
        "bicm": {"dataset": dataset, "alpha": 0.2},
        "mutual_top": {"top": 2},
        "k_core": {"k": 4},
        "hypergeometric": {"dataset": dataset},
        "threshold": {"min_weight": 3},
    }.get(method, {"alpha": 0.5})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = backbone(graph, method=method, **options)
    text, references = parts(found)
    assert f"It keeps {found.graph.n_edges:,} of {graph.n_edges:,} edges" in text
    assert len(references) == words.BACKBONES[method].count("[[")
    assert ("Note:" in text) == bool(found.note)
    if method == "bicm":
        assert "q ≤ 0.2 (Benjamini & Hochberg 1995) over all 66 pairs" in text
    assert parts(found.graph)[1] == references


def test_communities_after_their_graph(dataset: gk.Dataset) -> None:
    kept = backbone(gk.cointeraction_graph(dataset), method="threshold", min_weight=3)
    found = gk.label_communities(gk.leiden(kept.graph, runs=3, rng=11), dataset)
    alone, references = parts(found)
    assert [r[:9] for r in references] == ["Benjamini", "Monroe, B", "Newman, M", "Traag, V."]
    assert "random seed: 11 (leiden)" in alone
    assert f"The number of communities is {found.n_communities}" in alone
    assert (
        "A name must be used by 10% of the members that use any, 2 times the share elsewhere, and "
        "come first in 80% of the runs; communities without such a name are unnamed." in alone
    )
    assert "It keeps" not in alone
    both, _ = parts(found, graph=kept)
    marks = [
        "are joined by",
        "weight 3 or more",
        "It keeps",
        "The resulting",
        "Leiden",
        "named",
        "The number",
    ]
    places = [both.index(mark) for mark in marks]
    assert places == sorted(places)
    assert parts(found, graph=kept.graph)[0].count("The resulting undirected graph") == 1
    with pytest.raises(DataError, match="were not found in this graph"):
        methods_paragraph(found, graph=gk.follow_graph(dataset))
    with pytest.raises(OptionError, match="goes with communities"):
        methods_paragraph(kept, graph=kept.graph)
    with pytest.raises(DataError, match="needs a graphkit Graph"):
        methods_paragraph(found, graph="g")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="result is a Dataset"):
        methods_paragraph(dataset)  # type: ignore[arg-type]


def test_follows_and_interactions(dataset: gk.Dataset) -> None:
    text, _ = parts(gk.follow_graph(dataset, complete_only=True).to_undirected())
    assert "complete for 10 accounts and known to be truncated for 1; for 1 it is not" in text
    assert "weights of opposite directed edges added" in text
    answers = gk.interaction_graph(dataset, "stitch", since="2024-01-02", until="2024-01-20")
    text, _ = parts(answers.largest_component().without_loops())
    assert "from 2024-01-02T00:00:00+00:00 and before 2024-01-20" in text
    assert text.index("interactions before or after (") < text.index("largest (weakly)")
    past, _ = dataset.split_time("2024-01-15")
    assert "Only events before 2024-01-15" in parts(gk.cointeraction_graph(past))[0]
    text, references = parts(coordinated_accounts(dataset, window="90min", exclude={"clip-01"}))
    assert "at most 90 minutes apart" in text
    assert [r[:8] for r in references] == ["Righetti"]


def test_layers_are_told_one_by_one(dataset: gk.Dataset) -> None:
    graphs = layers(dataset, kinds=("stitch", "like"))
    weights = {"follow": 1.0, "stitch": 2.0, "like": 1.0}
    record = Provenance.of(
        "leiden",
        {
            "quality": "cpm",
            "resolution": {"follow": 0.1},
            "runs": 2,
            "iterations": -1,
            "engine": "leidenalg",
            "layer_weights": weights,
            "max_size": 9,
        },
        seed=3,
        made_from=tuple(graphs.values()),
    )
    ids = next(iter(graphs.values())).vocabulary
    found = gk.Partition.from_membership(ids, np.zeros(len(ids), int), node_kind="accounts")
    text = methods_paragraph(replace(found, provenance=record))
    assert text.count("The data are tables") == 1
    titles = [f"Layer {i} ({name}):" for i, name in enumerate(graphs, 1)]
    places = [text.index(t) for t in ["The data are", *titles, "summed over 3 layers"]]
    assert places == sorted(places)
    assert "The layer weights are 1 (follow), 2 (stitch) and 1 (like)." in text
    assert "Communities have at most 9 nodes." in text
    assert "Mucha" in text
    apart = replace(record, parents=tuple(g.to_undirected().provenance for g in graphs.values()))
    text = methods_paragraph(replace(found, provenance=apart))
    assert text.count("Directions were dropped") == 3
    places = [text.index(t) for t in ["The data are", titles[0], "every account that it follows"]]
    assert places == sorted(places)


def test_what_other_engines_made_is_told(dataset: gk.Dataset) -> None:
    graph = gk.cointeraction_graph(dataset)
    asked = {
        "entity": "user",
        "thing": "url",
        "at": "when",
        "kinds": None,
        "weight": "newman",
        "min_shared": 1,
        "max_degree": 50,
        "window": "10 s",
        "top": None,
        "mutual": False,
        "exclude": ["clip-01"],
        "spark": "4.0.1",
    }
    made = Provenance.of("spark_cointeraction", asked, removed={"rows without user": 3})
    text, references = parts(replace(graph, provenance=made))
    assert "whose column user identifies the actor and whose column url" in text
    assert "It was read by Spark 4.0.1; its origin is not recorded further." in text
    assert "Objects of more than 50 actors" in text
    assert "most 10 s apart; interactions" in text
    assert len(references) == 1
    log = Provenance.of("read_incidence", {"entity": "u", "thing": "v", "at": None, "kinds": ["a"]})
    strange = Provenance("by_hand", {"n": 3, "name": "person-01", "on": True}, parents=(log,))
    text, _ = parts(replace(graph, provenance=strange))
    assert "Interactions are of kind a. The graphkit function by_hand was applied (n = 3)." in text


@pytest.mark.parametrize(
    ("make", "origin"),
    [
        (lambda g: gk.Graph.from_networkx(g.to_networkx()), "networkx"),
        (lambda g: gk.Graph.from_igraph(g.to_igraph()), "igraph"),
        (lambda g: gk.Graph.from_scipy(g.to_scipy(), directed=False), "matrix"),
        (lambda g: gk.Graph.from_edges([1], [2], directed=False), "list of edges"),
    ],
)
def test_unknown_origins_are_said_to_be(dataset: gk.Dataset, make: Any, origin: str) -> None:
    text, _ = parts(make(gk.cointeraction_graph(dataset)))
    assert re.search(f"{origin}.* not recorded", text)


def test_a_saved_graph_tells_the_same(dataset: gk.Dataset, tmp_path: Path) -> None:
    graph = gk.cointeraction_graph(dataset, weight="tfidf", window="1d", top=4)
    assert methods_paragraph(gk.Graph.load(graph.save(tmp_path / "g.npz"))) == (
        methods_paragraph(graph)
    )


@pytest.mark.real_data
def test_real_records(shared_data: Path) -> None:
    folder = shared_data / "tiktok_stitchgraph"
    files = [folder / side / "jazz.json" for side in ("sources", "targets")]
    ds, _ = gk.readwrite.read_tiktok_api(files, stitches=[folder / "edges" / "jazz_edges.txt"])
    text, _ = parts(gk.interaction_graph(ds))
    assert "records of the TikTok Research API (3 files)" in text
    assert "32 accounts (0 without any edge) and 16 edges" in text
    lastfm, _ = gk.readwrite.read_hetrec_lastfm(shared_data / "hetrec2011_lastfm_2k")
    text, references = parts(gk.follow_graph(lastfm))
    assert text.startswith("The data are the HetRec 2011 set of Last.fm (Cantador et al. 2011).")
    assert len(references) == 1


def test_communities_from_attributes_say_so() -> None:
    ids = [f"{side}{i}" for side in "bj" for i in range(9)]
    table = {"id": ids, "camp": ["books"] * 9 + ["jazz"] * 9}
    g = gk.Graph.from_edges(ids[1:], ids[:-1], directed=False, attributes=table)
    given = gk.Partition.from_attribute(g, "camp")
    assert "the values of the node attribute 'camp'; their origin is not" in methods_paragraph(
        given
    )
    text = methods_paragraph(gk.label_communities(given, g, by="camp").rename({"jazz": "music"}))
    assert "after over-represented values of the node attribute 'camp', by" in text
    assert "must be held by 10% of the members that have any" in text
    assert "Some names of communities were chosen by hand." in text


def test_a_null_test_and_the_seed_of_a_study_are_told() -> None:
    graph = gk.Graph.from_edges(
        *zip(*combinations("abcd", 2), *combinations("efgh", 2), strict=True), directed=False
    )
    found = gk.leiden(graph, runs=2, rng=3)
    null = gk.communities.rewired_null(graph, n=19, runs=2, rng=1)
    assert "null not tested" in methods_paragraph(found)
    told = methods_paragraph(found, null=null, root=7)
    assert "not tested" not in told
    assert (
        f"They were compared with those of 19 rewired graphs, which keep every degree: p = {null.p():.2g}"
        in told
    )
    assert null.conclusion in told
    assert "random seed: 7, from which 3 (leiden) follows" in told
    finer = gk.leiden(graph, resolution=2.0, rng=3)
    with pytest.raises(
        DataError, match=r"resolution of 1, and these .* by modularity at a resolution"
    ):
        methods_paragraph(finer, null=null)
    tested = gk.communities.rewired_null(graph, n=19, partition=finer, rng=1)
    assert "19 rewired graphs" in methods_paragraph(finer, null=tested)
    with pytest.raises(OptionError, match="goes with communities"):
        methods_paragraph(graph, null=null)
    with pytest.raises(DataError, match="of other nodes"):
        methods_paragraph(
            gk.leiden(gk.Graph.from_edges("xy", "yz", directed=False), rng=1), null=null
        )

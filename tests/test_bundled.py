"""The bundled platform: what its generator makes, found by several ways of looking."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.platform import Platform

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def bundled() -> Platform:
    return gk.load_platform()


def test_it_is_what_the_generator_makes(bundled: Platform) -> None:
    sys.path.insert(0, str(ROOT / "datasets"))
    try:
        import make_platform
    finally:
        sys.path.pop(0)
    made = gk.synthetic.platform(accounts=make_platform.ACCOUNTS, rng=make_platform.SEED)
    assert made.truth.content_key == bundled.truth.content_key
    assert np.array_equal(made.item_topics, bundled.item_topics)
    for name, table in made.dataset.tables.items():
        stored = bundled.dataset.tables[name]
        numbers = [c for c, t in table.schema.items() if t.is_float()]
        assert table.drop(numbers).equals(stored.drop(numbers)), name
        # rounded to two decimals, the last of which may differ between processors
        for column in numbers:
            apart = (table[column] - stored[column]).abs().max()
            assert apart is None or apart < 0.011  # type: ignore[operator]


def test_it_is_small_and_stands_beside_its_datasheet() -> None:
    folder = ROOT / "datasets" / "platform"
    assert sum(p.stat().st_size for p in folder.iterdir()) < 10_000_000
    text = (folder / "DATASHEET.md").read_text()
    for table, frame in gk.load_platform().dataset.tables.items():
        assert table in text
        assert f"{frame.height:,}" in text


def test_size_and_shape(bundled: Platform) -> None:
    ds = bundled.dataset
    assert ds.accounts is not None
    assert ds.accounts.height == 5_000
    assert ds.impressions is not None
    assert ds.impressions.height <= 600_000
    assert bundled.truth.n_communities >= 12
    assert ds.items is not None
    assert (
        ds.items["created_at"].max() - ds.items["created_at"].min()
        <= pl.select(  # type: ignore[operator]
            pl.duration(days=30)
        ).item()
    )


def test_alttok_lives_in_shared_interest_only(bundled: Platform) -> None:
    ds = bundled.dataset
    found = gk.leiden(gk.cointeraction_graph(ds, weight="tfidf"), runs=5, rng=1)
    named = gk.label_communities(found, ds)
    hit = gk.find_community(named, ds, tags=("alttok", "altfashion", "alt", "goth"))
    assert hit
    alttok = set(bundled.truth.members("#alttok"))
    members = set(named.members(hit.community))
    assert 2 * len(alttok & members) / (len(alttok) + len(members)) > 0.8
    seen = gk.visibility(named, gk.follow_graph(ds), runs=5, rng=1)
    assert seen.hidden == [hit.label]
    row = seen.frame.filter(pl.col("community") == hit.community).row(0, named=True)
    assert row["follow_f1"] < 0.3
    assert row["visible_runs"] == 0
    # its members follow each other no more than their degrees alone would give
    assert row["ratio"] < 1.2
    assert row["ratio_high"] <= 1.5
    assert row["expected"] >= 5
    others = seen.frame.filter(pl.col("community") != hit.community)
    assert others["follow_f1"].min() > 0.8  # type: ignore[operator]
    assert others["ratio"].min() > 2  # type: ignore[operator]


@pytest.mark.parametrize(
    ("mixing", "low", "high"), [(0.1, 0.8, 1), (0.4, 0.6, 0.85), (0.6, 0.2, 0.6)]
)
def test_recovery_falls_as_communities_mix(mixing: float, low: float, high: float) -> None:
    platform = gk.synthetic.platform(accounts=2500, mixing=mixing, rng=3)
    graph = gk.cointeraction_graph(platform.dataset, weight="tfidf")
    ami = gk.agreement(platform.truth, gk.leiden(graph, runs=3, rng=1))["ami"]
    assert low < ami < high


def test_booktok_is_found_about_as_well_as_it_was_planted(bundled: Platform) -> None:
    ds, tags = bundled.dataset, ("booktok", "bookish", "bookstagram")
    found = gk.leiden(gk.cointeraction_graph(ds, weight="tfidf"), runs=5, rng=1)
    named = gk.label_communities(found, ds)
    # every community has a name that all runs agree on, with an effect far above the bounds
    assert None not in named.labels
    assert named.evidence is not None
    first = named.evidence.filter(rank=1)
    assert first["stability"].min() >= 0.8  # type: ignore[operator]
    assert first["lift"].min() > 5  # type: ignore[operator]
    hit, planted = (gk.find_community(p, ds, tags=tags) for p in (named, bundled.truth))
    assert (hit.label, planted.label) == ("#booktok", "BookTok")
    # among accounts that use tags, in the half that scores and over both
    assert abs(hit.f1 - planted.f1) < 0.1
    assert abs(hit.candidates["f1"][0] - planted.candidates["f1"][0]) < 0.1
    assert hit.precision > 0.6
    # accounts without tags are given beside
    assert hit.n_untagged > 100
    assert "about more than them" not in hit.hint

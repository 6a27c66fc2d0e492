"""Origins: every number of every preset has one, none is left over, and no size is claimed."""

from __future__ import annotations

import importlib.resources
import tomllib
from typing import Any

import polars as pl
import pytest

from graphkit import recommenders
from graphkit.recommenders import Feed, preset_numbers, published, ranker, source_by_ranking
from graphkit.recommenders.factors import NUMBERS, TABLES

FEEDS: dict[str, Feed] = {
    name: getattr(recommenders, name)()
    for name in (
        *("interest_centric", "follower_centric", "circle_popularity", "watch_time"),
        *("chronological", "popularity", "uniform"),
    )
}
FEEDS |= source_by_ranking()
FEEDS |= {"published interest_centric": published("interest_centric")}
FEEDS |= {name: ranker(name) for name in recommenders.rankers()}
#: Numbers that act whatever their value.
ALWAYS = {"learning_rate", "trial_size", "trial_growth"}


def entries() -> dict[str, Any]:
    file = importlib.resources.files("graphkit.recommenders") / "origins.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FEEDS)
def test_every_number_of_a_preset_has_an_origin(name: str) -> None:
    feed = FEEDS[name]
    rows = preset_numbers().filter(preset=name)
    told = {(part, key): value for part, key, value in rows.select("part", "key", "value").rows()}
    assert len(told) == rows.height
    usual = {key: Feed.__dataclass_fields__[key].default for key in NUMBERS}
    wanted = {
        (part, key): value
        for part, key, value in feed.frame.select("part", "key", "value").rows()
        if key in ALWAYS or value != usual.get(key, 0.0)
    }
    assert {at: value for at, value in told.items() if value or at[1] in NUMBERS} == wanted
    absent = {at for at, value in told.items() if not value and at[1] not in NUMBERS}
    assert all(part == "factor" for part, _ in absent)


def test_no_preset_and_no_entry_is_left_over() -> None:
    table = preset_numbers()
    assert table["preset"].unique(maintain_order=True).to_list() == list(FEEDS)
    given = entries()
    presets = {*given["presets"]} - {"source_by_ranking"}
    assert presets == {name for name in FEEDS if name in dir(recommenders)}
    for section in ("presets", "rankers"):
        for name, entry in given[section].items():
            feeds = [FEEDS[name]] if name in FEEDS else list(source_by_ranking().values())
            for key, value in entry.items():
                if key == "absent":
                    assert not set(value) & set(feeds[0].weights)
                elif key in TABLES:
                    assert set(value) <= {k for f in feeds for k, v in getattr(f, key).items() if v}
                else:
                    assert key in NUMBERS
    from graphkit.recommenders.presets import PUBLISHED

    for name, changed in PUBLISHED.items():
        entry = given["published"].get(name, {})
        flat = {**entry, **entry.get("signals", {})}
        flat.pop("signals", None)
        numbers = {**changed, **changed.get("signals", {})}
        numbers.pop("signals", None)
        assert set(flat) == set(numbers)


def test_sources_are_cited_and_used() -> None:
    table, cited = preset_numbers(), entries()["sources"]
    named = set(table["source"].drop_nulls())
    assert named == {source["citation"] for source in cited.values()}
    assert {source["read"] for source in cited.values()} == {
        "source",
        "report",
        "memory: not checked",
    }
    sourced = table.filter(direction="source")
    assert sourced.select("source", "year", "read").null_count().sum_horizontal().item() == 0
    others = table.filter(pl.col("direction") != "source")
    assert others["source"].null_count() == others.height
    assert set(table["direction"]) == {"source", "assumption", "definition"}


def test_sizes_are_assumptions_but_those_of_a_published_ranker_and_tuned_ones() -> None:
    table = preset_numbers()
    rest = table.filter(pl.col("size") != "assumption")
    assert set(rest["preset"]) == {"published interest_centric", "x_2023"}
    tuned = table.filter(size="tuned").select("key", "value").rows()
    assert sorted(tuned) == [
        ("completion", 0.3),
        ("follow", 1.2),
        ("like", 1.0),
        ("topic_penalty", 0.15),
    ]
    none = table.filter(preset="interest_centric", value=0.0)
    assert none["key"].to_list() == ["author_followers", "author_hits"]

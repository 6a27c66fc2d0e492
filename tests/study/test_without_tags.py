"""A log whose items say nothing of themselves runs the whole study."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import graphkit as gk
from graphkit.study import StudyConfig, StudyResult, check_study, run_study

GROUPS, MEMBERS, ITEMS = 3, 40, 360
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
#: No name, caption, sound or tag; only who acted on what, and who follows whom.
STUDY = {
    "communities": {"runs": 3, "null_draws": 19},
    "world": {"groups": 4, "ticks": 3},
    "simulation": {"ticks": 3, "slots": 4},
    "s_scan": {"social_share": []},
    "conditions": {"profile_noise": [], "topic_penalty": [], "resolution": [0.5]},
}


def log(posts: str, *, tags: bool = False) -> gk.Dataset:
    """Accounts in three groups, who act on items of their own group nine times out of ten."""
    draws = np.random.default_rng(4)
    accounts = np.arange(GROUPS * MEMBERS)
    topic = np.arange(ITEMS) % GROUPS
    own = np.array([np.flatnonzero(topic == g) for g in range(GROUPS)])
    rows = []
    for account in accounts:
        at_home = draws.choice(own[account // MEMBERS], 40, replace=False)
        anywhere = draws.choice(ITEMS, 4, replace=False)
        rows += [(account, item) for item in {*at_home.tolist(), *anywhere.tolist()}]
    acts = pl.DataFrame(rows, schema=["account", "item"], orient="row")
    name = pl.format("user {}", pl.col("account")).alias("account_id")
    acts = acts.select(
        name,
        pl.format("item {}", pl.col("item")).alias("item_id"),
        pl.col("item"),
        kind=pl.lit("like"),
    )
    follows = [(a, b) for a in accounts for b in draws.choice(accounts, 6) if a != b]
    follows += [
        (a, b)
        for a in accounts
        for b in draws.choice(accounts[accounts // MEMBERS == a // MEMBERS], 6)
        if a != b
    ]
    edges = pl.DataFrame(follows, schema=["follower_id", "followee_id"], orient="row").unique()
    edges = edges.sort(pl.all()).select(pl.format("user {}", pl.all()).name.keep())
    items = pl.DataFrame({"item_id": [f"item {i}" for i in range(ITEMS)]})
    if posts == "authored":
        created = [BEGIN + timedelta(hours=i) for i in range(ITEMS)]
        author = [f"user {draws.choice(MEMBERS) + MEMBERS * g}" for g in topic]
        items = items.with_columns(pl.Series("author_id", author), pl.Series("created_at", created))
        acts = acts.with_columns(at=BEGIN + pl.duration(hours="item", minutes=90))
    if tags:
        # of an account that is in no community
        extra = {"account_id": "user of tags", "item_id": None, "kind": "tag", "tag": "folk"}
        acts = pl.concat([acts, pl.DataFrame(extra)], how="diagonal")
    return gk.Dataset(items=items, interactions=acts.drop("item"), follows=edges)


def run(folder: Path, posts: str, *, tags: bool = False) -> StudyResult:
    gk.write_dataset(log(posts, tags=tags), folder / "data")
    values = {"data": {"source": "folder", "path": "data"}, **STUDY}
    values["world"] = {**STUDY["world"], "posts": posts}
    return run_study(StudyConfig.of(values, base=folder), folder / "out")


def text(result: StudyResult) -> str:
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"base64,[A-Za-z0-9+/=]+", "", page)
    return html.unescape(re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ")


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("posts", ["introduced", "authored"])
def test_the_whole_study(posts: str, tmp_path: Path) -> None:
    result = run(tmp_path, posts)
    found = result.communities
    assert found.found
    assert found.partition.labels == (None,) * GROUPS
    assert [found.partition.name(c) for c in range(GROUPS)] == [
        f"community {c}" for c in range(GROUPS)
    ]
    said = "no names: the data have no tags. Communities go by their number"
    assert any(note.startswith(said) for note in result.notes)
    # feeds read one half of the acts, tastes are the other
    reads = [world.provenance.parameters["reads"] for world in result.spread.worlds[:1]]
    assert reads == ["who acted on what"]
    whole = result.contrasts.filter(pl.col("community").is_null())
    kinds = dict.fromkeys(whole.filter(measure="crossing").get_column("partition"))
    assert list(kinds) == ["interest", "follow"]
    assert whole.filter(measure="crossing").get_column("difference").is_not_nan().all()
    hosted = result.contrasts.filter(measure="hosting_reach", partition="interest")
    assert set(hosted.get_column("community")) == {f"community {c}" for c in range(GROUPS)}
    report = text(result)
    assert "They go by their number, the largest first" in report
    assert "No names: the data have no tags." in report
    assert "Feeds read who acted on what; tastes act on who acted on what, of other items" in report
    for absent in ("named after", "hashtag", "over-represented", "..", "user 1", "item 1"):
        assert absent not in report
    assert {"communities.csv", "visibility.csv", "headlines.csv"} <= {
        path.name for path in (result.folder / "tables").iterdir()
    }
    assert not (result.folder / "tables" / "names.csv").exists()


def test_the_dry_run(tmp_path: Path) -> None:
    gk.write_dataset(log("introduced"), tmp_path / "data")
    file = tmp_path / "study.toml"
    file.write_text('[data]\nsource = "folder"\npath = "data"\n[world]\nposts = "introduced"\n')
    assert "data" in check_study(file).get_column("stage").to_list()


@pytest.mark.usefixtures("undrawn")
def test_tags_of_others_name_nobody(tmp_path: Path) -> None:
    """Why there is no name is said without the id of an account."""
    result = run(tmp_path, "introduced", tags=True)
    said = "no names: no member of a community uses a tag. Communities go by their number"
    assert any(note.startswith(said) for note in result.notes)
    assert "user" not in " ".join(result.notes)
    assert "user 1" not in text(result)

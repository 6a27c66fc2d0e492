from __future__ import annotations

import html
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba
import polars as pl
import pytest

import graphkit as gk
from graphkit.data.dataset import Dataset
from graphkit.errors import DataError, FileError, GraphkitError, MissingDataError, OptionError
from graphkit.study import (
    StudyConfig,
    StudyResult,
    check_study,
    load_config,
    run_study,
    simulations,
)
from graphkit.study import run as run_module
from graphkit.study.conditions import OtherPartitions
from graphkit.study.disclosure import n_merged

TINY = """
[data]
source = "synthetic"
accounts = 300
[communities]
runs = 2
null_draws = 19
[world]
worlds = 3
ticks = 3
[simulation]
ticks = 4
slots = 4
[s_scan]
social_share = [0, 0.2, 1]
worlds = 2
[conditions]
feature_noise = [0.5]
worlds = 2
"""


#: No condition but the readings of open slots.
NOTHING_TRIED = {"cold_start": False, "partition_seeds": 0} | dict.fromkeys(
    ("feature_noise", "profile_noise", "topic_penalty", "resolution"), ()
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("study") / "tiny.toml"
    file.write_text(TINY)
    return file


@pytest.fixture(scope="module")
def result(study: Path, tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    return run_study(study, tmp_path_factory.mktemp("out") / "first")


@pytest.fixture(scope="module")
def report(result: StudyResult) -> str:
    return (result.folder / "report.html").read_text(encoding="utf-8")


def words(report: str) -> str:
    return html.unescape(re.sub(r"base64,[A-Za-z0-9+/=]+", "", report)).replace("\xa0", " ")


def contents(folder: Path) -> dict[str, bytes]:
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "timings.json"]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def test_the_folder_holds_everything(result: StudyResult) -> None:
    present = set(contents(result.folder))
    tables = "communities visibility outcome contrasts s_scan flows feeds conditions headlines"
    for table in (*tables.split(), "visibility_planted", "visibility_interest"):
        assert {f"tables/{table}.csv", f"tables/{table}.parquet"} <= present
    pair = "interest_against_follower"
    figures = {"map", f"contrast_{pair}", f"robustness_crossing_{pair}"}
    assert {f"figures/{name}.{kind}" for name in figures for kind in ("png", "svg")} <= present
    # values of s are among the conditions of the figure above
    assert f"figures/s_scan_crossing_{pair}.svg" not in present
    manifest = json.loads((result.folder / "manifest.json").read_text())
    assert manifest["finished"] is True
    assert manifest["seed"] == 1
    assert manifest["calibrated"] is False
    assert set(manifest["files"]) == present - {"manifest.json"}
    assert {"numba", "polars", "python"} <= set(manifest["versions"])
    assert len(manifest["inputs"]["worlds"]) == 3  # made independently
    stages = [t["stage"] for t in json.loads((result.folder / "timings.json").read_text())]
    assert {"simulation", "scan over s", "report"} <= set(stages)


def test_a_scan_is_of_the_partitions_of_the_study(result: StudyResult) -> None:
    # the study's own s is of the simulations that are tallied under other partitions, too
    assert result.scan is not None
    assert result.scan is not None
    by_s = result.scan.group_by("s").agg(pl.col("partition").drop_nulls().unique().sort())
    kinds = sorted(set(result.contrasts.get_column("partition").drop_nulls()))
    assert by_s.sort("s").rows() == [(s, kinds) for s in (0.0, 0.2, 1.0)]


@pytest.mark.usefixtures("undrawn")
def test_what_feeds_read_is_passed_on(tmp_path: Path) -> None:
    reading = {"space": "planted", "feature_noise": 0.2, "profile_noise": 0.1, "cold_start": True}
    values = {
        "data": {"source": "synthetic", "accounts": 48},
        "communities": {"runs": 1, "null_draws": 0},
        "world": {"worlds": 1, "ticks": 2, **reading},
        "simulation": {"ticks": 2, "slots": 2},
        "s_scan": {"social_share": []},
        "report": {"min_group_size": 1},
    }
    (world,) = run_study(StudyConfig.of(values), tmp_path / "out").spread.worlds
    assert {name: world.provenance.parameters[name] for name in reading} == reading
    assert world.provenance.parameters["reads"] == "planted topics: an oracle"


def test_study_toml_repeats_the_study(result: StudyResult) -> None:
    again = load_config(result.folder / "study.toml")
    assert again.model_dump() == result.config.model_dump()


def test_the_same_bytes_twice_whatever_the_threads(
    result: StudyResult, study: Path, tmp_path: Path
) -> None:
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        run_study(study, tmp_path / "second")
    finally:
        numba.set_num_threads(threads)
    first, second = contents(result.folder), contents(tmp_path / "second")
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_the_partitions_and_the_pairing(result: StudyResult) -> None:
    assert set(result.spread.worlds[0].partitions) == {"planted", "interest", "follow"}
    crossing = result.contrasts.filter(pl.col("community").is_null(), measure="crossing")
    assert set(crossing["partition"]) == {"planted", "interest", "follow"}
    assert set(crossing["baseline"]) == {"follower"}
    assert set(crossing["worlds"]) == {3}
    assert result.scan is not None
    assert result.scan["s"].unique().sort().to_list() == [0, 0.2, 1]
    assert "not calibrated" in repr(result)
    assert "crossing" in result._repr_html_()


def test_the_report_says_what_was_found(result: StudyResult, report: str) -> None:
    text = words(report)
    for finding in result.headlines[0].findings:
        assert finding.verdict in text
        for sentence in finding.sentences:
            assert sentence in text
    for phrase in (
        result.config.report.question,
        "synthetic",
        "not calibrated",
        "disjoint parts",
        "filler",
        "over 3 worlds",
        "The sweep uses 2 worlds",
        "Limits",
        "seed",
        "learning_rate",
    ):
        assert phrase in text, phrase
    assert "significant" not in text


def test_the_report_opens_offline(report: str) -> None:
    assert not re.findall(r"<(?:script |link|iframe|object|embed)", report)
    assert set(re.findall(r'(?:src|href)="([^"]{1,26})', report)) <= {
        "data:image/svg+xml,%3C?xml",
        *re.findall(r'href="(#[a-z]+)"', report),
    }
    assert len(report.encode()) < 3_000_000
    assert 'name="viewport"' in report


def test_no_ids_captions_or_handles_in_the_report(report: str) -> None:
    platform = gk.synthetic.platform(300, mixing=0.3, rng=1)
    text = words(report)
    for ids in (platform.dataset.account_ids.ids, platform.dataset.item_ids.ids):
        assert [i for i in ids if str(i) in text] == []
    items = platform.dataset.items
    assert items is not None
    captions = [c for c in items["caption"].drop_nulls().unique() if len(c) > 12]
    assert captions
    assert [c for c in captions if c in text] == []


@pytest.mark.usefixtures("undrawn")
def test_small_communities_are_suppressed(result: StudyResult, study: Path, tmp_path: Path) -> None:
    def ask(least: int) -> Path:
        file = study.parent / f"of {least}.toml"
        few = study.read_text().replace("social_share = [0, 0.2, 1]", "social_share = []")
        few += "profile_noise = []\ntopic_penalty = []\nresolution = []\n"
        file.write_text(f"{few}[report]\nmin_group_size = {least}\n")
        return file

    all_of_them = result.communities.partition
    sizes = all_of_them.sizes.tolist()
    least = sizes[2]
    assert sum(size < least for size in sizes) >= 2
    hidden = run_study(ask(least), tmp_path / "out")
    partition = hidden.communities.partition
    assert partition.sizes.tolist() == sizes[: partition.n_communities]
    (own,) = hidden.outcome.filter(partition="interest", world=0).select(
        pl.col("community").drop_nulls().n_unique()
    )
    assert own.to_list() == [partition.n_communities]
    text = words((hidden.folder / "report.html").read_text(encoding="utf-8"))
    gone = len(sizes) - partition.n_communities + n_merged(all_of_them)
    assert n_merged(partition) == gone
    assert f"{gone} smaller ones, suppressed" in text
    assert "No sensitivity sweep" in text
    for kind, found in hidden.visibility.items():
        assert all(view.frame["size"].min() >= least for view in found), kind
    with pytest.raises(DataError, match="interest partition has no community of 1000 accounts"):
        run_study(ask(1000), tmp_path / "none")
    assert pl.read_csv(tmp_path / "none" / "failures.csv")["stage"].to_list() == ["communities"]


@pytest.mark.usefixtures("undrawn")
def test_a_failing_stage_leaves_what_was_finished(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise DataError("the worlds are too small.")

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "world_maker", broken)
        with pytest.raises(DataError, match=r"stage 'worlds': the worlds are too small. Finished"):
            run_study(study, out)
    failures = pl.read_csv(out / "failures.csv")
    assert failures.row(0) == ("worlds", "DataError", "the worlds are too small.")
    assert (out / "tables" / "communities.csv").exists()
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["finished"], manifest["failed"]) == (False, "worlds")
    with monkeypatch.context() as patch:
        patch.setattr(simulations, "simulate_readings", lambda *_, **__: 1 / 0)
        with pytest.raises(GraphkitError, match=r"stage 'simulation': ZeroDivisionError"):
            run_study(study, out)
    assert pl.read_csv(out / "failures.csv")["stage"].to_list() == ["simulation"]
    with monkeypatch.context() as patch:
        patch.setattr(simulations.Simulation, "try_conditions", broken)
        with pytest.raises(DataError, match=r"stage 'other conditions': the worlds are too small"):
            run_study(study, out)
    # what needs no other conditions is there
    assert "tables/flows.csv" in json.loads((out / "manifest.json").read_text())["files"]


@pytest.mark.usefixtures("undrawn")
def test_worlds_that_were_begun_early_are_those_made_later(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = study.read_text().replace("social_share = [0, 0.2, 1]", "social_share = []")
    few = few.replace("feature_noise = [0.5]", "feature_noise = []\nprofile_noise = []")
    file = tmp_path / "few.toml"
    file.write_text(few + "topic_penalty = []\ncold_start = false\npartition_seeds = 1\n")
    find = run_module._find_other_partitions

    def find_fewer(*args: Any) -> OtherPartitions:
        others = find(*args)
        gone, *there = others.found  # the data's own world has one of them less
        kept = {kind: p for kind, p in others.partitions.items() if kind != gone.kind}
        return OtherPartitions(kept, there, [(gone.condition, "there is none.")])

    monkeypatch.setattr(run_module, "_find_other_partitions", find_fewer)
    run_study(file, tmp_path / "early")
    monkeypatch.setattr(run_module.EarlyWorlds, "begin", lambda *_: None)
    run_study(file, tmp_path / "late")
    assert contents(tmp_path / "early") == contents(tmp_path / "late")
    conditions = pl.read_csv(tmp_path / "early" / "tables" / "conditions.csv")
    assert "there is none." in str(conditions.rows())


def test_no_world_is_begun_where_there_is_no_other(study: Path) -> None:
    one = load_config(study)
    one = one.model_copy(update={"world": one.world.model_copy(update={"worlds": 1})})
    inputs: Any = SimpleNamespace(platform=object())
    nothing: Any = None
    assert run_module.EarlyWorlds.begin(one, inputs, nothing, nothing) is None


def of_folder(tmp_path: Path, dataset: Dataset, more: str = "") -> Path:
    gk.write_dataset(dataset, tmp_path / "log")
    file = tmp_path / "study.toml"
    file.write_text(f'[data]\nsource = "folder"\npath = "log"\n{more}')
    return file


def test_check_says_what_a_run_would_do(study: Path, tmp_path: Path) -> None:
    plan = check_study(study)
    assert plan.columns == ["stage", "what"]
    text = " ".join(plan["what"])
    assert "300 accounts" in text
    assert "baseline: follower" in text
    assert "at most 4 by simulations in 2 worlds, 3 by other partitions" in text
    file = of_folder(tmp_path, gk.synthetic.platform(100, rng=1).dataset)
    assert "100 accounts" in " ".join(check_study(file)["what"])


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("follows", "arm 'follower' shows what followees post or react to, but the data have no"),
        ("interactions", "interactions"),
        ("author_id", "world.posts = 'introduced'"),
        ("nothing", "10 to 20 groups will do"),
        ("impressions", r"Or set calibration\.log = false"),
    ],
)
def test_data_that_cannot_carry_the_study(tmp_path: Path, gone: str, message: str) -> None:
    ds = gk.synthetic.platform(100, rng=1).dataset
    tables = {name: f for name, f in ds.tables.items() if name != gone}
    tables["items"] = tables["items"].drop([c for c in (gone,) if c in tables["items"].columns])
    more = "[world]\ngroups = 101\n" if gone == "nothing" else ""
    more = "[calibration]\nlog = true\n" if gone == "impressions" else more
    with pytest.raises((MissingDataError, OptionError), match=message):
        check_study(of_folder(tmp_path, Dataset(**tables), more))  # type: ignore[arg-type]


def test_data_that_are_not_there(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text('[data]\nsource = "folder"\npath = "nowhere"\n')
    with pytest.raises(FileError, match="relative to the folder of the study file"):
        check_study(file)
    few = "[world]\nsince = 2024-03-15\n[simulation]\nslots = 900\n"
    with pytest.raises(DataError, match="too few for 900 slots"):
        check_study(of_folder(tmp_path, gk.synthetic.platform(100, rng=1).dataset, few))


@pytest.mark.usefixtures("undrawn")
def test_a_dataset_with_authors_runs(tmp_path: Path) -> None:
    more = """
[communities]
runs = 2
null_draws = 19
[world]
groups = 3
ticks = 3
[simulation]
ticks = 3
slots = 3
[s_scan]
social_share = []
[conditions]
profile_noise = []
topic_penalty = []
resolution = []
"""
    file = of_folder(tmp_path, gk.synthetic.platform(300, rng=1).dataset, more)
    result = run_study(file, tmp_path / "out")
    assert set(result.spread.worlds[0].partitions) == {"interest", "follow"}
    assert [w.sample for w in result.spread.worlds] == ["whole", "part", "part", "part"]
    assert set(result.contrasts["interval"].drop_nulls()) == {"over samples like this one"}
    text = words((result.folder / "report.html").read_text(encoding="utf-8"))
    assert "Rows read and kept" in text
    assert not [i for i in result.spread.worlds[0].accounts.ids if str(i) in text]


@pytest.mark.usefixtures("undrawn")
def test_arms_beyond_two_are_each_held_against_the_first(tmp_path: Path) -> None:
    arms = [
        {"name": "random", "preset": "uniform"},
        {"name": "interest", "preset": "interest_centric"},
        {"name": "half", "blend": ["uniform", "interest_centric"], "share": 0.5},
    ]
    config = StudyConfig.of(
        {
            "data": {"source": "synthetic", "accounts": 200},
            "communities": {"runs": 2},
            "world": {"worlds": 1, "ticks": 2},
            "arms": arms,
            "simulation": {"ticks": 3, "slots": 3, "replications": 2},
            "s_scan": {"social_share": []},
            "conditions": NOTHING_TRIED | {"cold_start": True},
        }
    )
    result = run_study(config, tmp_path / "out")
    assert [h.arm for h in result.headlines] == ["interest", "half"]
    assert {p.name for p in (tmp_path / "out/figures").glob("contrast*.png")} == {
        "contrast_interest_against_random.png",
        "contrast_half_against_random.png",
    }
    assert "within this world" in result.headlines[0].findings[3].sentences[0]
    assert result.curve is not None
    assert result.curve.ends == ("random", "interest")
    means = pl.read_parquet(tmp_path / "out/tables/arm_means.parquet")
    crossing = means.filter(pl.col("community").is_null(), measure="crossing", partition="planted")
    assert dict(crossing.select("arm", "share").rows()) == {"random": 0, "interest": 1, "half": 0.5}
    assert result.arm_means is not None
    assert means.equals(result.arm_means)
    figures = {p.stem for p in (tmp_path / "out/figures").glob("*.png")}
    assert {"trade_off", "trade_off_planted", "blend_crossing", "blend_viewer_value"} <= figures
    text = words((tmp_path / "out/report.html").read_text(encoding="utf-8"))
    for phrase in (
        "Means of all feeds",
        "All feeds: means with 95 % intervals",
        "s = 0.2; behaviour is not calibrated",
        "% of a feed's posts are filler",
        "The curves lead from random to interest",
        "The same for 1 more feed;",
    ):
        assert phrase in text, phrase


@pytest.mark.parametrize(
    ("first", "budget", "tried"),
    [
        ("follower_centric", "free", {"slots left empty"}),
        # it ends, and so has neither filler nor as many posts as the other
        ("chronological", "matched", {"shared slots"}),
    ],
)
@pytest.mark.usefixtures("undrawn")
def test_slots_that_a_feed_cannot_fill_are_a_condition(
    tmp_path: Path, first: str, budget: str, tried: set[str]
) -> None:
    file = of_folder(
        tmp_path,
        gk.synthetic.platform(200, communities=3, rng=1).dataset,
        f"""
[communities]
runs = 2
null_draws = 0
[world]
groups = 2
ticks = 2
[[arms]]
name = "old_feed 50 %"
preset = "{first}"
[[arms]]
name = "new_feed"
preset = "interest_centric"
[simulation]
ticks = 2
slots = 4
budget = "{budget}"
[s_scan]
social_share = []
[conditions]
cold_start = false
feature_noise = []
profile_noise = []
topic_penalty = []
partition_seeds = 0
resolution = []
""",
    )
    result = run_study(file, tmp_path / "out")
    assert result.conditions is not None
    assert set(result.conditions.get_column("condition")) == tried
    text = words((tmp_path / "out/report.html").read_text(encoding="utf-8"))
    assert ("shared slots" in text) == ("shared slots" in tried)
    # names of arms stay as they are, above columns too
    assert text.count("old_feed 50 %") > 10
    assert "old feed" not in text
    assert "Further feeds" not in text
    assert "Impressions from a post's community of origin (rows)" in text
    assert "the data themselves: red" in text


def test_conditions_are_tried_and_named(result: StudyResult) -> None:
    assert result.conditions is not None
    names = set(result.conditions.get_column("condition"))
    assert {"slots left empty", "shared slots", "cold start", "50 % of posts misread"} <= names
    assert {"s = 0", "s = 1", "profile noise = 0.5", "topic penalty = 0.3"} <= names
    assert {"other seed 1", "resolution × 0.5", "resolution × 2"} <= names
    assert not [kind for kind in result.spread.worlds[0].partitions if "," in kind]
    levels = result.headlines[0].frame.filter(measure="crossing", partition="planted")
    assert levels.get_column("random_mean").item() == pytest.approx(1, abs=0.1)
    assert "other conditions" in result.headlines[0].findings[3].verdict


def test_what_becomes_of_each_finding_is_told(result: StudyResult, report: str) -> None:
    table = pl.read_parquet(result.folder / "tables/robustness.parquet")
    assert set(table["measure"]) == {one.measure for one in result.robustness}
    own = table.filter(condition="as it is", measure="crossing").row(0, named=True)
    crossing = result.contrasts.filter(pl.col("community").is_null(), measure="crossing")
    mine = crossing.filter(partition="interest").row(0, named=True)
    assert own["difference"] == mine["difference"]
    names = set(table.filter(measure="crossing")["condition"])
    assert {"cold start", "follow partition", "other seed 1", "s = 1"} <= names
    # a finding without a partition has no other partitions
    assert not {"follow partition", "other seed 1"} & set(
        table.filter(measure="viewer_value")["condition"]
    )
    assert (result.folder / "figures/robustness_crossing_interest_against_follower.svg").exists()
    text = words(report)
    assert "What could end the findings" in text
    for one in result.robustness:
        assert one.verdict in text
        assert one.nearest_text in text


@pytest.mark.usefixtures("undrawn")
def test_conditions_that_need_other_worlds_or_graphs(tmp_path: Path) -> None:
    """Those that cannot be run are told, and the study is as without them."""
    values = {
        "data": {"source": "synthetic", "accounts": 120},
        "communities": {"runs": 1, "null_draws": 0},
        "world": {"worlds": 2, "ticks": 2},
        "simulation": {"ticks": 2, "slots": 3},
        "s_scan": {"social_share": []},
        "report": {"min_group_size": 1},
    }
    more: dict[str, object] = {"slots": [60], "posts_per_tick": [0.5], "homophily": [0.5]}
    more |= {"top": [4], "min_shared": [2], "space": ["planted", {"tags": 1.0}, "embedding"]}
    plain = run_study(StudyConfig.of(values | {"conditions": NOTHING_TRIED}), tmp_path / "plain")
    tried = run_study(StudyConfig.of(values | {"conditions": NOTHING_TRIED | more}), tmp_path / "x")
    assert tried.outcome.equals(plain.outcome)
    assert tried.spread.content_key == plain.spread.content_key
    assert tried.conditions is not None
    why = tried.conditions.filter(pl.col("direction").str.starts_with("cannot run"))
    assert set(why["condition"]) == {"slots = 60", "space = embedding"}
    names = set(tried.conditions["condition"])
    assert {"share of posts = 0.5", "homophily of follows from 0.5", "top = 4"} <= names
    assert {"min_shared = 2", "space = planted", "space = tags 1"} <= names
    again = load_config(tmp_path / "x/study.toml")
    assert again.conditions == tried.config.conditions
    report = words((tmp_path / "x/report.html").read_text(encoding="utf-8"))
    assert "2 could not be run (slots = 60, space = embedding)" in report


@pytest.mark.usefixtures("undrawn")
def test_a_space_that_is_read_already_is_no_other_condition(tmp_path: Path) -> None:
    """Data with nothing but tags are read by their tags, whether or not the study says so."""
    ds = gk.synthetic.platform(100, rng=1).dataset
    items = ds.require("items", "tags", verb="this test")
    plain = items.drop([c for c in ("sound_id", "caption") if c in items.columns])
    tables = dict(ds.tables) | {"items": plain}
    tables.pop("sounds", None)
    more = (
        "[communities]\nruns = 1\nnull_draws = 0\n[world]\ngroups = 0\nticks = 2\n"
        "[simulation]\nticks = 2\nslots = 3\n[s_scan]\nsocial_share = []\n[conditions]\n"
        "cold_start = false\nfeature_noise = []\nprofile_noise = []\ntopic_penalty = []\n"
        'partition_seeds = 0\nresolution = []\nspace = [{tags = 1.0}, "interactions"]\n'
    )
    study = of_folder(tmp_path, Dataset(**tables), more)
    found = run_study(study, tmp_path / "out")
    assert found.conditions is not None
    why = found.conditions.filter(pl.col("measure").is_null()).select("condition", "direction")
    assert why.rows() == [("space = tags 1", "cannot run: these data are read so already.")]
    assert "space = interactions" in set(found.conditions["condition"])


@pytest.mark.usefixtures("undrawn")
def test_a_partition_that_another_world_lacks_cannot_run(tmp_path: Path) -> None:
    """The data's own world has one edge of four shared items, the other world none."""
    values = {
        "data": {"source": "synthetic", "accounts": 120, "seed": 4},
        "communities": {"runs": 1, "null_draws": 0},
        "world": {"worlds": 2, "ticks": 2},
        "simulation": {"ticks": 2, "slots": 3},
        "s_scan": {"social_share": []},
        "report": {"min_group_size": 1},
    }
    more: dict[str, object] = {"min_shared": [2, 4], "partition_seeds": 1}
    study = StudyConfig.of(values | {"conditions": NOTHING_TRIED | more})
    found = run_study(study, tmp_path / "out")
    assert found.conditions is not None
    why = found.conditions.filter(pl.col("direction").str.starts_with("cannot run"))
    reasons = dict(why.select("condition", "direction").iter_rows())
    assert "in another world: leiden" in reasons["min_shared = 4"]
    ran = set(found.conditions.filter(measure="crossing")["condition"])
    assert {"min_shared = 2", "other seed 1"} <= ran
    assert "min_shared = 4" not in ran
    assert not [kind for kind in found.spread.worlds[0].partitions if "," in kind]


def test_two_arms_have_a_contrast_and_no_table_of_means(result: StudyResult, report: str) -> None:
    assert result.arm_means is None
    assert not (result.folder / "tables" / "arm_means.csv").exists()
    assert not (result.folder / "figures" / "trade_off.png").exists()
    assert "Means of all feeds" not in words(report)
    collapsed = re.findall("<summary>(.*?)</summary>", report)
    assert "All differences: interest − follower" in collapsed
    assert not [name for name in collapsed if "more feed" in name]


@pytest.mark.parametrize("budget", ["matched", "free"])
@pytest.mark.usefixtures("undrawn")
def test_a_feed_that_ends_shows_fewer_posts(budget: str, tmp_path: Path) -> None:
    """No arm has filler; one leaves slots empty, and the report says what that does."""
    values = {
        "data": {"source": "synthetic", "accounts": 120},
        "communities": {"runs": 1, "null_draws": 0},
        "world": {"worlds": 2, "ticks": 2},
        "arms": [
            {"name": "newest", "preset": "chronological"},
            {"name": "all", "preset": "interest_centric"},
            {"name": "chance", "preset": "uniform"},
        ],
        "simulation": {"ticks": 2, "slots": 6, "budget": budget},
        "s_scan": {"social_share": []},
        "conditions": NOTHING_TRIED,
    }
    result = run_study(StudyConfig.of(values), tmp_path / "out")
    summary = result.spread.summary()
    assert summary["filler"].to_list() == [0, 0, 0]
    left = 1 - summary["kept"][0]
    assert left > 0.2
    report = words((result.folder / "report.html").read_text(encoding="utf-8"))
    assert "a uniform draw over unseen posts (nothing in newest)." in report
    assert f'<td class="t">{100 * left:.0f} %</td>' in report  # in the table of all arms
    said = f"leave slots empty that they cannot fill (newest {100 * left:.0f} % of the slots)"
    if budget == "free":
        assert result.conditions is None
        assert said not in report
        return
    assert said in report
    assert f"slots left empty: newest {100 * left:.0f} %" in report
    assert "their mean is lower for that alone" in report
    assert "the arms show equally many posts" not in report
    assert result.conditions is not None
    assert result.conditions["condition"].unique().to_list() == ["shared slots"]


@pytest.mark.usefixtures("undrawn")
def test_a_free_budget_has_no_shared_slots(tmp_path: Path) -> None:
    values = {
        "data": {"source": "synthetic", "accounts": 60},
        "communities": {"runs": 1, "null_draws": 0},
        "world": {"worlds": 1, "ticks": 2},
        "simulation": {"ticks": 2, "slots": 6, "budget": "free"},
        "s_scan": {"social_share": []},
        "conditions": NOTHING_TRIED,
        "report": {"min_group_size": 1},
    }
    result = run_study(StudyConfig.of(values), tmp_path / "out")
    assert result.spread.filler("follower") > 0.01
    assert result.conditions is not None
    assert result.conditions["condition"].unique().to_list() == ["slots left empty"]

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.errors import FileError, OptionError
from graphkit.recommenders import ranker, watch_time, write_feed
from graphkit.recommenders.factors import NUMBERS
from graphkit.study.config import PRESETS, StudyConfig, load_config
from graphkit.study.inputs import load_inputs

TWO = [{"name": "a", "preset": "uniform"}, {"name": "b", "preset": "chronological"}]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"simulation": {"tikcs": 3}}, r"simulation.tikcs is unknown. Did you mean 'ticks'\?"),
        ({"simulaton": {}}, r"simulaton is unknown. Did you mean 'simulation'\?"),
        ({"min_group_size": 3}, r"Did you mean 'report.min_group_size'\?"),
        ({"behaviour": {"noize": 1}}, r"behaviour.noize is unknown. Did you mean 'noise'\?"),
        ({"behaviour": {"noise": -1}}, "noise=-1.0: a finite number from 0 on is needed"),
        ({"simulation": {"ticks": 0}}, "simulation.ticks = 0: input should be greater than"),
        ({"simulation": {"ticks": "3"}}, "simulation.ticks = '3': input should be a valid integer"),
        ({"simulation": 3}, r"simulation = 3 must be a table: \[simulation\]"),
        ({"arms": 3}, r"arms = 3 must be tables: \[\[arms\]\]"),
        ({"seed": True}, "seed = True"),
        ({"world": {"worlds": 0}}, "world.worlds = 0"),
        ({"s_scan": {"social_share": [0, 2]}}, "s_scan.social_share.1 = 2"),
        ({"data": {"source": "tictoc"}}, "data.source = 'tictoc'"),
        ({"data": {"source": "folder"}}, "data.path is missing"),
        ({"data": {"path": "x"}}, "data.path goes with"),
        ({"data": {"stitches": ["x"]}}, "data.stitches goes with"),
        ({"world": {"posts": "introduced"}}, "world.posts = 'introduced'"),
        ({"world": {"space": "plantd"}}, r"Did you mean 'planted'\?"),
        ({"world": {"feature_noise": 1.5}}, "world.feature_noise = 1.5"),
        ({"world": {"profile_noise": -1}}, "world.profile_noise = -1"),
        ({"world": {"cold_start": 2}}, "world.cold_start = 2"),
        (
            {"world": {"space": "planted"}, "data": {"source": "folder", "path": "x"}},
            "the oracle of a synthetic platform; the data of 'folder'",
        ),
        ({"arms": TWO[:1]}, "arms"),
        ({"arms": [TWO[0], TWO[0]]}, "must be distinct"),
        (
            {"arms": [{"name": "a", "preset": "folower_centric"}, TWO[1]]},
            r"Did you mean 'follower_centric'\?",
        ),
        ({"arms": [{"name": "a", "preset": "unifrm"}, TWO[1]]}, r"Did you mean 'uniform'\?"),
        ({"arms": [{"name": "a"}, TWO[1]]}, "'a' needs one of preset, blend, file or ranker"),
        ({"arms": [TWO[0] | {"ranker": "x_2023"}, TWO[1]]}, "not preset and ranker"),
        ({"arms": [{"name": "a", "ranker": "x_2024"}, TWO[1]]}, r"Did you mean 'x_2023'\?"),
        ({"arms": [TWO[0] | {"signals": {"lik": 3}}, TWO[1]]}, r"mean 'like'\?"),
        ({"arms": [TWO[0] | {"deliver": 0.5}, TWO[1]]}, r"mean 'delivery'\?"),
        ({"arms": [TWO[0] | {"delivery": 1.5}, TWO[1]]}, "delivery=1.5"),
        ({"arms": [TWO[0] | {"trial_size": 2.5}, TWO[1]]}, "trial_size = 2.5"),
        ({"arms": [TWO[0] | {"sources": {"folowing": 3}}, TWO[1]]}, r"mean 'following'\?"),
        ({"arms": [TWO[0] | {"weights": {"recencey": 3}}, TWO[1]]}, r"mean 'recency'\?"),
        ({"conditions": {"slots": [3, 3]}}, r"conditions.slots = \[3, 3\]: 3 is there twice"),
        ({"conditions": {"homophily": [0.5, 0.50000001]}}, "0.5 is there twice"),
        ({"conditions": {"space": [{"tags": 1.0}, {"tags": 1.0}]}}, "is there twice"),
        ({"conditions": {"topic_penalty": [-1.0]}}, "conditions.topic_penalty.0 = -1"),
        ({"conditions": {"topics_penalty": [1]}}, r"Did you mean 'topic_penalty'\?"),
        ({"communities": {"null_draws": 5}}, "null_draws=5: with fewer than 19 no p"),
        ({"arms": [TWO[0] | {"filler": "popular"}, TWO[1]]}, "filler='popular'"),
        ({"arms": [{"name": "a", "blend": ["uniform"]}, TWO[1]]}, "blend names two presets"),
    ],
)
def test_what_cannot_be_is_refused_by_name(values: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        StudyConfig.of(values, place="my.toml")
    assert str(caught.value).startswith("my.toml: ")
    assert "pydantic" not in str(caught.value)


def test_an_empty_file_is_a_study() -> None:
    config = StudyConfig.of({})
    assert config == StudyConfig()
    # the level of chance is always there
    assert list(config.feeds()) == ["follower", "interest", "uniform"]
    assert (config.random_arm, config.compared_arms) == ("uniform", ("interest",))
    assert config.world.worlds == 10
    assert config.report.min_group_size == 10


def test_a_configuration_shows_its_file_with_markup_escaped() -> None:
    shown = StudyConfig.of({"data": {"source": "folder", "path": "<b>"}})._repr_html_()
    assert shown.startswith("<pre>")
    assert "&lt;b&gt;" in shown
    assert "[simulation]" in shown


def test_every_default_is_written_out_and_read_back() -> None:
    text = StudyConfig().to_toml()
    for key in (
        "min_group_size",
        "share_of_posts",
        "watch_base",
        "social_share",
        "# not set: data.path",
    ):
        assert key in text
    assert StudyConfig.of(tomllib.loads(text)) == StudyConfig()


@given(
    title=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**63 - 1),
    weight=st.floats(-1e9, 1e9),
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=10),
)
def test_round_trip(title: str, share: float, seed: int, weight: float, name: str) -> None:
    values = {
        "seed": seed,
        "data": {"source": "tiktok", "path": title, "stitches": [title, "b"]},
        "world": {"since": "2024-03-01", "worlds": 3},
        "arms": [
            {"name": name, "preset": "interest_centric", "weights": {"recency": weight}},
            {"name": name + "2", "blend": ["uniform", "popularity"], "share": share},
        ],
        "behaviour": {"social_share": share},
        "report": {"title": title},
    }
    config = StudyConfig.of(values)
    assert StudyConfig.of(tomllib.loads(config.to_toml())) == config


def test_overrides_and_blends_change_the_feed() -> None:
    config = StudyConfig.of(
        {
            "arms": [
                {
                    "name": "more",
                    "preset": "interest_centric",
                    "sources": {"fresh": 7},
                    "weights": {"recency": 0.9},
                    "filler": "empty",
                },
                {"name": "half", "blend": ["follower_centric", "interest_centric"], "share": 0.5},
            ]
        }
    )
    more, half, _ = config.feeds().values()
    assert (more.sources["fresh"], more.sources["interest"]) == (7, 120)
    assert (more.weights["recency"], more.filler) == (0.9, "empty")
    assert half.sources["following"] == 70
    assert half.name == "half"


def test_every_preset_and_number_can_be_named() -> None:
    numbers: dict[str, Any] = {
        "topic_penalty": 0.5,
        "author_penalty": 0.5,
        "author_decay": 0.5,
        "author_floor": 0.5,
        "learning_rate": 0.5,
        "interest_share": 0.5,
        "half_life": 5.0,
        "delivery": 0.5,
        "trial_size": 7,
        "trial_growth": 2.0,
        "minor_cap": 0.5,
        "share_friction": 0.5,
    }
    assert set(numbers) == set(NUMBERS)
    arms = [{"name": name, "preset": name} for name in PRESETS]
    arms.append({"name": "x", "ranker": "x_2023"} | numbers | {"signals": {"like": 0.1}})
    config = StudyConfig.of({"arms": arms})
    feeds = config.feeds()
    for name, make in PRESETS.items():
        assert feeds[name].diff(make()).height == 0
    assert {key: getattr(feeds["x"], key) for key in numbers} == numbers
    assert feeds["x"].signals["like"] == 0.1
    assert feeds["x"].weights == ranker("x_2023").weights
    assert StudyConfig.of(tomllib.loads(config.to_toml())) == config


def test_a_half_life_may_be_infinite() -> None:
    text = '[[arms]]\nname = "a"\npreset = "watch_time"\nhalf_life = inf\n[[arms]]\nname = "b"\n'
    config = StudyConfig.of(tomllib.loads(text + 'preset = "uniform"\n'))
    assert math.isinf(config.feeds()["a"].half_life)
    assert StudyConfig.of(tomllib.loads(config.to_toml())) == config


def test_an_arm_may_be_a_file_beside_the_study(tmp_path: Path) -> None:
    feed = watch_time().but("mine", delivery=0.5, filler="empty")
    write_feed(feed, tmp_path / "mine.toml")
    study = tmp_path / "study.toml"
    arms = '[[arms]]\nname = "a"\nfile = "mine.toml"\n[[arms]]\nname = "b"\n'
    study.write_text(arms + 'file = "mine.toml"\nfiller = "uniform"\ndelivery = 1.0\n')
    a, b, _ = load_config(study).feeds().values()
    assert (a.name, a.diff(feed).height) == ("a", 0)
    assert b.diff(watch_time()).height == 0
    (tmp_path / "mine.toml").write_text("[sources]\n[weights]\nrecencey = 1\n")
    with pytest.raises(OptionError, match=r"study.toml: arms: .*mine.toml: .*mean 'recency'\?"):
        load_config(study)
    (tmp_path / "mine.toml").unlink()
    with pytest.raises(FileError, match=r"study.toml: arms: .*mine.toml cannot be read"):
        load_config(study)


def test_dates_may_be_dates_of_toml() -> None:
    config = StudyConfig.of(tomllib.loads("[world]\nsince = 2024-03-01"))
    assert config.world.since == "2024-03-01"


@pytest.mark.parametrize("text", ["2024-W09-5", "20240301T02+02", "2024-03-01 00:00:00 UTC"])
def test_since_is_a_time_of_any_form(text: str) -> None:
    assert StudyConfig.of({"world": {"since": text}}).world.since == text


@pytest.mark.parametrize("text", ["soon", "2024-03", "03/01/2024"])
def test_other_texts_are_no_since(text: str) -> None:
    with pytest.raises(
        OptionError, match=rf"world.since = .*: since='{text}' is not an ISO 8601 time"
    ):
        StudyConfig.of({"world": {"since": text}})


def test_files(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none.toml cannot be read"):
        load_config(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("seed = ")
    with pytest.raises(FileError, match=r"broken.toml is no valid TOML"):
        load_config(broken)
    good = tmp_path / "good.toml"
    good.write_text('[data]\nsource = "folder"\npath = "log"\n')
    assert load_config(good).resolve("log") == tmp_path / "log"


def test_the_studies_of_the_project_are_valid() -> None:
    folder = Path(__file__).parents[2] / "notebooks" / "studies"
    studies = sorted(folder.glob("*.toml"))
    assert studies
    for file in studies:
        load_config(file)


def test_data_tables_of_other_names(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,clip,when\nann,0071,2024-07-01 12:00\n")
    (tmp_path / "study.toml").write_text(
        '[data]\nsource = "folder"\npath = "log.csv"\ntable = "interactions"\nkind_is = "like"\n'
        'tz = "Europe/Berlin"\n[data.columns.interactions]\nuser = "account_id"\n'
        'clip = "item_id"\nwhen = "at"\n'
    )
    config = load_config(tmp_path / "study.toml")
    found = load_inputs(config).dataset.interactions
    assert found is not None
    assert found.select("account_id", "item_id", "kind").rows() == [("ann", "0071", "like")]
    assert found["at"][0].isoformat() == "2024-07-01T10:00:00+00:00"
    again = StudyConfig.of(tomllib.loads(config.to_toml()), base=tmp_path)
    assert again == config


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"tz": "+02:00"}, r"data\.tz goes with data that are read"),
        ({"source": "tiktok", "path": "x", "kind_is": "like"}, "data.kind_is goes with"),
        ({"source": "folder", "path": "x", "tz": "Berlin"}, "tz='Berlin' is no time zone"),
    ],
)
def test_options_of_tables_are_checked(data: dict[str, Any], named: str) -> None:
    with pytest.raises(OptionError, match=named):
        StudyConfig.of({"data": data})

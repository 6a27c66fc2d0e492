"""The way of a newcomer: doctor, init, a study file that explains itself, own communities."""

from __future__ import annotations

import json
import random
import re
import time
import tomllib
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import graphkit as gk
from graphkit.cli import app
from graphkit.cli.template import describe_keys, study_text
from graphkit.cli.terminal import output, print_as, progress
from graphkit.parallel import track
from graphkit.study import StudyConfig, check_study, load_config

Call = Callable[..., tuple[object, str, str]]

TAGS = {"books": "booktok", "music": "alttok", "gym": "gymtok"}


@pytest.fixture
def call(call: Call, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command at 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    return call


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of one table with names of its own, and three planted communities."""
    draw = random.Random(4)
    rows = ["user,video,time,hashtags"]
    for number, (group, tag) in enumerate(TAGS.items()):
        for user in range(40):
            for video in draw.sample(range(25), 9):
                when = f"2024-03-{draw.randint(1, 28):02d} 12:00"
                rows.append(f"u{number}{user:02d},{group}{video},{when},#fyp|#{tag}")
    path = tmp_path / "my log.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def with_defaults(text: str) -> str:
    """The study file, its commented keys in effect."""
    lines = [line for line in text.splitlines() if not line.endswith("# not set")]
    return "\n".join(re.sub(r"^#(?=\w+ = )", "", line) for line in lines)


def test_the_study_file_is_the_default_study() -> None:
    text = study_text()
    assert StudyConfig.of(tomllib.loads(text)) == StudyConfig()
    assert StudyConfig.of(tomllib.loads(with_defaults(text))) == StudyConfig()


def test_every_key_of_every_section_is_explained_and_there() -> None:
    text = study_text()
    for name, section in StudyConfig():
        if name in ("seed", "arms"):
            continue
        told = describe_keys(type(section))
        keys = json.loads(StudyConfig().model_dump_json())[name]
        assert set(keys) == set(told), name
        start = text.index(f"\n[{name}]\n")
        part = text[start : text.find("\n[", start + 2)]
        assert [key for key in keys if f"\n#{key} = " not in part] == []
        # keys that are told together are named in the comment of the first
        assert [
            key for key in keys if not told[key] and f"{key}" not in " ".join(told.values())
        ] == []
    assert max(len(line) for line in text.splitlines() if line.startswith("# ")) <= 80


def test_values_take_the_place_of_defaults() -> None:
    values = {"data": {"source": "any", "path": "a 'b'.csv", "columns": {"t": {"x y": "at"}}}}
    read = tomllib.loads(study_text(values))["data"]
    assert read == values["data"]


def test_init_of_the_bundled_platform(tmp_path: Path, call: Call) -> None:
    study = tmp_path / "s" / "study.toml"
    code, shown, _ = call("init", tmp_path / "s")
    assert not code
    assert load_config(study).to_toml() == StudyConfig().to_toml()
    assert f"graphkit check {study}" in shown
    assert f"graphkit run {study} --out" in (tmp_path / "s" / "README.md").read_text()
    assert check_study(study).height > 5
    before = study.read_bytes()
    code, _, told = call("init", tmp_path / "s")
    assert code == 2
    assert "is there already" in told
    assert study.read_bytes() == before


def test_from_an_own_log_to_named_communities(tmp_path: Path, log: Path, call: Call) -> None:
    code, _, told = call("describe", log)
    assert code == 2
    assert "--columns tags=hashtags" in told
    assert "graphkit init my-study --data" in told
    assert "read_any" not in told
    code, shown, _ = call("init", tmp_path / "s", "--data", log)
    assert not code
    assert "120 accounts: 75 items, 1,080 interactions" in shown
    assert "all rows count as 'view'" in shown
    assert "no follows" in shown
    study = tmp_path / "s" / "study.toml"
    config = load_config(study)
    assert config.data.path == "../my log.csv"
    assert config.communities.kinds == ("view",)
    few = ("--runs", "2", "--null-draws", "19", "--json")
    code, shown, told = call("communities", study, "--out", tmp_path / "out", *few)
    assert not code, told
    found = json.loads(shown)
    assert found["found"] is True
    labels = {row["label"] for row in found["communities"]}
    assert labels == {f"#{tag}" for tag in TAGS.values()}
    assert [row["size"] for row in found["communities"]] == [40, 40, 40]
    # the same options by hand
    names = ("account_id=user", "item_id=video", "at=time", "items.tags=hashtags")
    options = [part for name in names for part in ("--columns", name)]
    options += ["--table", "interactions", "--kind-is", "view", *few]
    code, shown, told = call("communities", log, "--out", tmp_path / "again", *options)
    assert not code, told
    assert json.loads(shown)["communities"] == found["communities"]
    code, _, told = call("communities", study, "--out", tmp_path / "x", "--tz", "UTC")
    assert code == 2
    assert "change its section [data]" in told


def test_a_study_of_own_data_with_follows_can_be_checked(tmp_path: Path, call: Call) -> None:
    data = gk.write_dataset(gk.synthetic.platform(accounts=200, rng=2).dataset, tmp_path / "data")
    code, shown, _ = call("init", tmp_path / "s", "--data", data)
    assert not code
    assert f"graphkit check {tmp_path / 's' / 'study.toml'}" in shown
    code, shown, told = call("check", tmp_path / "s" / "study.toml", "--json")
    assert not code, told
    stages = {row["stage"]: row["what"] for row in json.loads(shown)["stages"]}
    assert stages["data"].startswith("any: 200 accounts")


def test_hashtags_that_are_given_are_seen(tmp_path: Path, call: Call) -> None:
    tagging = {"account_id": ["a", "b"], "item_id": ["x", "x"], "kind": ["tag", "tag"]}
    data = gk.write_dataset(
        gk.Dataset(interactions=tagging | {"tag": ["rock", "pop"]}), tmp_path / "d"
    )
    code, shown, _ = call("init", tmp_path / "s", "--data", data)
    assert not code
    assert "no hashtags" not in shown


def test_init_of_posts_alone_joins_their_authors(tmp_path: Path, call: Call) -> None:
    data = tmp_path / "answers"
    data.mkdir()
    videos = [
        {"id": 7000000000000000000 + n, "username": f"u{n}", "hashtag_names": ["books"]}
        for n in range(3)
    ]
    (data / "page.json").write_text(json.dumps({"data": {"videos": videos}}))
    one, two = (f"https://www.tiktok.com/@u{n}/video/700000000000000000{n}" for n in (1, 2))
    (tmp_path / "a_edges.txt").write_text(f"{one},{two}\n")
    stitches = ("--stitches", tmp_path / "a_edges.txt")
    for name, options in (("s", ()), ("t", stitches)):
        code, shown, told = call("init", tmp_path / name, "--data", data, *options)
        assert not code, told
        assert "authors are joined by tags" in shown
        assert f"{data} is answers of the TikTok Research API, as" in shown
        config = load_config(tmp_path / name / "study.toml")
        assert (config.communities.between, config.communities.through) == ("authors", "tags")
    assert config.data.stitches == ("../a_edges.txt",)
    code, shown, told = call("import", data, "--out", tmp_path / "d", *stitches, "--json")
    assert not code, told
    assert [row["rows"] for row in json.loads(shown)["tables"]] == [3, 1]


def test_options_of_the_command_line_have_the_last_word(
    tmp_path: Path, log: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}

    def take(dataset: object, out: object, **options: object) -> None:
        asked.update(options)
        raise KeyboardInterrupt

    call("init", tmp_path / "s", "--data", log)
    study = tmp_path / "s" / "study.toml"
    text = (
        study.read_text().replace("#runs = 10", "runs = 4").replace("#top =  # not set", "top = 7")
    )
    study.write_text(text)
    monkeypatch.setattr("graphkit.study_communities", take)
    code, _, _ = call("communities", study, "--out", tmp_path / "o", "--top", "3", "--seed", "8")
    assert code == 130
    assert (asked["runs"], asked["top"], asked["rng"]) == (4, 3, 8)
    assert asked["kinds"] == ("view",)


def test_doctor(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    code, shown, errors = call("doctor", "--json")
    assert not code
    found = json.loads(shown)
    assert found["fine"] is True
    assert "needs is there" in errors
    parts = {one["part"] for one in found["findings"]}
    assert {"versions", "threads", "kernels", "fonts", "space"} <= parts
    states = {one["what"]: one["state"] for one in found["findings"]}
    assert states["Python"] == states["DejaVu Sans"] == states["graphkit"] == "ok"

    def lacking(name: str, bounds: str) -> tuple[str, bool]:
        return ("not installed", False) if name in ("scipy", "SALib") else ("1.0", True)

    asked = [("scipy", ">=1.14", ""), ("numpy", ">=2", ""), ("SALib", ">=1.5", "sensitivity")]
    monkeypatch.setattr("graphkit.cli.doctor._requirements", lambda: asked)
    monkeypatch.setattr("graphkit.cli.doctor._installed", lacking)
    code, shown, _ = call("doctor")
    assert code == 1
    assert 'scipy: pip install "scipy>=1.14"' in shown
    assert 'such as: pip install ".[sensitivity]"' in shown
    assert "Something that graphkit needs is missing." in shown


def test_json_is_one_document_and_quiet_is_silent(tmp_path: Path, log: Path, call: Call) -> None:
    names = ("--columns", "account_id=user", "--columns", "item_id=video", "--kind-is", "like")
    reading = ("--table", "interactions", *names)
    assert len(json.loads(call("formats", "--json")[1])["formats"]) > 20
    assert "hetrec" in {
        row["name"] for row in json.loads(call("fetch", "--list", "--json")[1])["data"]
    }
    described = json.loads(call("describe", log, *reading, "--json")[1])
    assert described["rows"] == [{"table": "interactions", "read": 1080, "kept": 1080}]
    code, shown, told = call("import", log, "--out", tmp_path / "ds", *reading, "--json")
    assert not code
    assert json.loads(shown)["dataset"] == str(tmp_path / "ds")
    assert "A key of pseudonyms was made" in told
    again = ("import", log, "--out", tmp_path / "d2", *reading, "--quiet")
    assert call(*again) == (0, "", "")
    code, shown, told = call(*again)
    assert (code, shown) == (2, "")
    assert "not empty" in told
    # what one command was asked for does not hold for the next
    assert "Formats" in call("formats")[1]


NAMES = [command.name or command.callback.__name__ for command in app.registered_commands]  # type: ignore[union-attr]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_help_and_tables_keep_to_the_width(
    columns: int, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert len(NAMES) == 12
    for arguments in (["--help"], *([name, "-h"] for name in NAMES)):
        code, shown, _ = call(*arguments)
        assert not code
        assert arguments == ["--help"] or "Example" in shown
        assert "\x1b" not in shown
        # usage, lists and commands to be copied are not folded
        lines = [line for line in shown.splitlines() if columns >= 80 or line[:4].strip()]
        lines = [line for line in lines if "graphkit" not in line]
        assert max(map(len, lines)) <= min(columns, 80)
    _, shown, _ = call("fetch", "--list")
    tables = [line for line in shown.splitlines() if not line.startswith("(Not shown")]
    assert max(map(len, tables)) <= columns


def test_narrow_tables_leave_out_the_least_and_say_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from graphkit.cli.terminal import show_table

    frame = pl.DataFrame({f"measure {i}": [1234567.0] for i in range(8)})
    frame = frame.with_columns(verdict=pl.lit("seen by the follow graph, and by nothing else"))
    monkeypatch.setenv("COLUMNS", "60")
    show_table("A table", frame, first=("measure 0", "verdict"))
    shown = capsys.readouterr().out
    head = next(line for line in shown.splitlines() if "measure 0" in line)
    assert "verdict" in head
    assert "1,234,567" in shown
    assert "(Not shown at this width: measure" in shown
    assert max(map(len, shown.splitlines()[:-1])) <= 60
    monkeypatch.setenv("COLUMNS", "160")
    show_table("A table", frame)
    assert "Not shown" not in capsys.readouterr().out


def test_exit_codes_are_told() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    told = re.findall(r"^    (\d+) ", shown, re.MULTILINE)
    assert told == ["0", "1", "2", "130"]
    assert "--install-completion" in shown


def test_kinds_that_do_not_count_are_told(tmp_path: Path, log: Path, call: Call) -> None:
    rows = log.read_text().splitlines()
    kinds = [f"{row},{('SHARE', 'watch', 'view')[n % 3]}" for n, row in enumerate(rows[1:])]
    log.write_text("\n".join([f"{rows[0]},action", *kinds]) + "\n")
    told = "interactions of other kinds (watch 360), of 1,080"
    code, shown, _ = call("init", tmp_path / "s", "--data", log)
    assert not code
    assert f"Left out of communities: 360 {told}. If some of them count" in " ".join(shown.split())
    study = tmp_path / "s" / "study.toml"
    options = ("--runs", "2", "--null-draws", "0", "--json")
    code, shown, _ = call("communities", study, "--out", tmp_path / "out", *options)
    assert not code
    assert f"left out: 360 {told}; kinds=, on the command line --kind" in str(json.loads(shown))
    assert told in (tmp_path / "out" / "report.html").read_text()


def test_quiet_is_quiet_of_progress_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("graphkit.progress.DELAY", 0.0)
    monkeypatch.setattr("graphkit.progress.delay", ContextVar("delay", default=0.0))
    monkeypatch.delenv("GRAPHKIT_PROGRESS", raising=False)
    for quiet in (False, True):
        with output():
            if quiet:
                print_as("quiet")
            with progress():
                for _ in track(range(3), "counting", 3):
                    time.sleep(0.01)
        assert ("counting" in capsys.readouterr().err) is not quiet

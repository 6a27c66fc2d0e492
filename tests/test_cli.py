from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import graphkit as gk
from graphkit.cli import main
from graphkit.study import StudyConfig, demo_config

ROOT = Path(__file__).parents[1]


def graphkit(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "graphkit", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "160", "NO_COLOR": "1"},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "platform"
    return gk.write_dataset(gk.synthetic.platform(accounts=300, rng=5).dataset, path)


def test_help_is_complete(call: Callable[..., tuple[object, str, str]]) -> None:
    commands = ("demo", "run", "check", "formats", "import", "describe", "communities")
    commands += ("export", "fetch", "warm")
    for arguments in ((), *((command,) for command in commands)):
        code, shown, _ = call(*arguments, "--help")
        assert code == 0
        assert "Usage" in shown
    assert "--min-shared" in call("communities", "--help")[1]
    assert "--executor" in call("run", "--help")[1]
    assert "Example: graphkit export" in call("export", "--help")[1]
    assert "Example: graphkit fetch hetrec" in call("fetch", "--help")[1]
    for command in ("import", "describe", "communities", "export"):
        _, shown, _ = call(command, "--help")
        for option in ("--account", "--direction", "--tz", "--format", "--columns", "--table"):
            assert option in shown
    assert graphkit("--version").stdout.startswith("graphkit 0.")


def test_export(folder: Path, tmp_path: Path, call: Callable[..., tuple[object, str, str]]) -> None:
    out = tmp_path / "results"
    options = ("--runs", "2", "--null-draws", "0", "--graph", tmp_path / "c.gexf")
    options += ("--members", "raw", "--map", tmp_path / "map.html")
    code, shown, _ = call("communities", folder, "--out", out, *options)
    assert code == 0
    assert f"Map to explore in a browser: {tmp_path / 'map.html'}" in shown
    assert "Bokeh" in (tmp_path / "map.html").read_text()
    code, _, told = call("communities", folder, "--out", out, "--map", "map.png")
    assert (code, "must end in .html" in told) == (2, True)
    assert f"Graph with its communities: {tmp_path / 'c.gexf'}" in shown
    code, _, told = call("communities", folder, "--out", out, "--graph", "c.dot")
    assert (code, "known by the ending" in told) == (2, True)
    code, shown, _ = call("export", folder, "--partition", out, "--out", tmp_path / "g.gexf")
    assert code == 0
    assert "keep it as you keep the data" in shown
    assert (tmp_path / "g.gexf").read_bytes() == (tmp_path / "c.gexf").read_bytes()
    code, shown, _ = call("export", out, "--to", "bundle", "--out", tmp_path / "shared")
    assert code == 0
    assert "what was left out" in (tmp_path / "shared/README.md").read_text().lower()
    code, shown, _ = call("export", folder, "--to", "recbole", "--out", tmp_path / "atomic")
    assert code == 0
    assert "caption: not in this format" in shown
    code, shown, _ = call(
        "export", folder, "--to", "coortweet", "--kind", "share", "--out", tmp_path / "s.csv"
    )
    assert code == 0
    assert (tmp_path / "s.csv").read_text().startswith("object_id,account_id,content_id,")


def test_describe(folder: Path, call: Callable[..., tuple[object, str, str]]) -> None:
    code, shown, errors = call("describe", folder)
    assert code == 0, errors
    for text in ("Rows read", "interactions", "watch_fraction", "item_created"):
        assert text in shown


def test_describe_a_log_of_other_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    log = tmp_path / "log.csv"
    log.write_text("user;clip;when\nann;0071;2024-07-01 12:00\nbob;0071;2024-07-01 13:00\n")

    def run(*arguments: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["graphkit", "describe", str(log), *arguments])
        with pytest.raises(SystemExit) as done:
            main()
        shown = capsys.readouterr()
        return done.value.code, shown.out + shown.err

    code, shown = run()
    assert code == 2
    assert "--table interactions --columns account_id=user" in " ".join(shown.split())
    names = ["account_id=user", "interactions.item_id=clip", "at=when"]
    options = [part for name in names for part in ("--columns", name)]
    options += ["--table", "interactions", "--kind-is", "like"]
    code, shown = run(*options, "--tz", "Europe/Berlin")
    assert code == 0, shown
    for text in ("2024-07-01 10:00:00+00:00", "columns separated by ';'", "those of Europe/Berlin"):
        assert text in shown
    for wrong, told in {
        "user": "TABLE.COLUMN=NAME is needed",
        "likes.account_id=user": "'likes' is unknown",
    }.items():
        code, shown = run("--columns", wrong)
        assert code == 2
        assert told in " ".join(shown.split())
    code, shown = run("--separator", ",", "--format", "tiktok")
    assert code == 2
    assert "separator= is for tables" in shown


def test_accounts_and_directions_of_lists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    video = {"id": 7374807619341093709, "username": "cem", "create_time": 1717081224}
    liked = tmp_path / "liked.json"
    data = {"user_liked_videos": [video], "cursor": 1, "has_more": False}
    liked.write_text(json.dumps({"data": data, "error": {"code": "ok", "log_id": "1"}}))
    follows = tmp_path / "list.csv"
    follows.write_text("username,display_name,following_user\nann,A,bob\n")

    def run(*arguments: object) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["graphkit", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        shown = capsys.readouterr()
        return done.value.code, " ".join((shown.out + shown.err).split())

    code, shown = run("describe", liked)
    assert code == 2
    assert "pass account='name'. On the command line: --account." in shown
    code, shown = run("describe", liked, "--account", "ann")
    assert code == 0
    assert "liked.json is answers of the TikTok Research API" in shown
    assert "Columns of interactions (1 rows)" in shown
    code, shown = run("communities", liked, "--out", tmp_path / "out", "--account", "like.json=ann")
    assert code == 2
    assert "Did you mean 'liked.json'" in shown
    code, shown = run("describe", follows)
    assert code == 2
    assert "On the command line: --direction." in shown
    code, shown = run("describe", follows, "--direction", "followers")
    assert code == 0
    assert "Columns of follows (1 rows)" in shown
    code, shown = run("communities", follows, "--out", tmp_path / "out", "--direction", "following")
    assert code == 2
    assert "pass direction=" not in shown
    assert "interactions" in shown


def test_a_table_of_other_names_is_imported(
    tmp_path: Path, call: Callable[..., tuple[object, str, str]]
) -> None:
    log = tmp_path / "log.csv"
    log.write_text("user,clip\nplanted_ann,0071\n")
    names = ("--table", "interactions", "--columns", "account_id=user", "--columns", "item_id=clip")
    out = tmp_path / "ds"
    code, _, errors = call("import", log, "--out", out, *names, "--kind-is", "like")
    assert code == 0, errors
    ds, _ = gk.read_dataset(out)
    key = gk.privacy.load_key(tmp_path / "graphkit.key")
    assert ds.interactions is not None
    expected = (key.pseudonym("planted_ann", "account"), key.pseudonym("0071", "item"), "like")
    assert ds.interactions.rows() == [expected]


def test_warnings_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n1,2,3.0,1715253931\n"
    )
    (tmp_path / "in" / "notes.md").write_text("notes")
    done = graphkit("describe", tmp_path / "in")
    assert done.returncode == 0
    assert done.stderr.startswith("graphkit: warning: read_any: 1 of 2 files")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.usefixtures("undrawn")
def test_communities_into_a_folder(
    folder: Path, tmp_path: Path, call: Callable[..., tuple[object, str, str]]
) -> None:
    out = tmp_path / "out"
    few = ("--runs", "3", "--null-draws", "19")
    code, shown, errors = call(
        "communities", folder, "--out", out, *few, "--find", "booktok,bookish"
    )
    assert code == 0, errors
    assert "Community by tags" in shown
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["finished"] is True
    assert "import_rows" in {Path(name).stem for name in manifest["files"]}


HOSTILE = ["ba$$in", "[bold]x[/]", "[/]", "esc\x1b[31m", "<b>y</b>", "=1+1"]


def test_hostile_hashtags_stay_text(
    tmp_path: Path, call: Callable[..., tuple[object, str, str]]
) -> None:
    rng = random.Random(1)
    items, acts = [], []
    for c, tag in enumerate(HOSTILE):
        for v in range(20):
            items.append({"item_id": f"v{c}-{v}", "author_id": f"u{c}-{v}", "tags": [tag]})
            acts += [
                {"account_id": f"u{c}-{a}", "item_id": f"v{c}-{v}", "kind": "like"}
                for a in rng.sample(range(20), 8)
            ]
    data = gk.write_dataset(
        gk.Dataset(items=pl.DataFrame(items), interactions=pl.DataFrame(acts)), tmp_path / "data"
    )
    out = tmp_path / "out"
    arguments = ("communities", data, "--out", out, "--runs", "3", "--find", "esc\x1b[31m")
    code, shown, errors = call(*arguments)
    assert not code, errors
    for tag in HOSTILE:
        assert f"#{tag}".replace("\x1b", "\ufffd") in shown
    assert "\x1b" not in shown
    assert (out / "figures" / "communities.png").exists()
    names = (out / "tables" / "names.csv").read_text().splitlines()
    assert any(",'=1+1," in line for line in names)
    assert not any(",=" in line for line in names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("describe", "no-such-folder"), "no-such-folder"),
        (("communities", "FOLDER", "--out", "OUT", "--weight", "tfidff"), "Did you mean 'tfidf'"),
        (("communities", "FOLDER", "--out", "OUT", "--between", "people"), "between='people'"),
        (("communities", "FOLDER", "--out", "OUT", "--engine", "igraf"), "Did you mean 'igraph'"),
        (("communities", "FOLDER", "--out", "OUT", "--kind", "play"), "of kind play"),
        (("communities", "FOLDER", "--out", "OUT", "--window", "soon"), "window"),
        (("communities", "FOLDER", "--out", "OUT", "--resolution", "-1"), "resolution"),
        (("communities", "FOLDER", "--out", "FOLDER"), "not empty"),
        (("describe", "FOLDER", "--stitches", "x"), "stitches= does not go with format='folder'"),
        (("describe", "FOLDER", "--format", "folde"), "Did you mean 'folder'"),
        (("describe", "FOLDER", "--format", "hetrec-lastfm"), "artists.dat"),
        (("communities", "FOLDER"), "--out"),
        (("run", "no-such.toml", "--out", "OUT"), "no-such.toml cannot be read"),
        (("run", "STUDY"), "--out"),
        (("run", "STUDY", "--out", "OUT"), "simulation.tikcs is unknown. Did you mean 'ticks'"),
        (("check", "STUDY"), "simulation.tikcs is unknown. Did you mean 'ticks'"),
    ],
)
def test_bad_input_exits_2_with_one_sentence(
    folder: Path,
    tmp_path: Path,
    call: Callable[..., tuple[object, str, str]],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    study = tmp_path / "study.toml"
    study.write_text("[simulation]\ntikcs = 3\n")
    places = {"FOLDER": str(folder), "OUT": str(tmp_path / "out"), "STUDY": str(study)}
    code, _, shown = call(*(places.get(a, a) for a in arguments))
    assert code == 2
    assert message in shown
    assert "Traceback" not in shown


@pytest.mark.usefixtures("undrawn")
def test_the_demo_finds_what_was_planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[..., tuple[object, str, str]]
) -> None:
    def of_few_conditions(*options: Any) -> StudyConfig:
        config = demo_config(*options)
        scan = config.s_scan.model_copy(update={"social_share": (0.0, 1.0), "worlds": 2})
        none = ("feature_noise", "profile_noise", "topic_penalty", "resolution")
        few: dict[str, Any] = dict.fromkeys(none, ())
        few |= {"cold_start": False, "partition_seeds": 0, "worlds": 2}
        tried = config.conditions.model_copy(update=few)
        found = replace(config.communities, null_draws=19)
        changed = {"communities": found, "s_scan": scan, "conditions": tried}
        changed["world"] = config.world.model_copy(update={"ticks": 5, "worlds": 4})
        changed["simulation"] = config.simulation.model_copy(update={"ticks": 6})
        return config.model_copy(update=changed)

    monkeypatch.setattr("graphkit.study.demo_config", of_few_conditions)
    monkeypatch.chdir(tmp_path)
    code, shown, errors = call("demo", "--runs", "3", "--out", tmp_path / "demo")
    assert not code, errors
    assert "(planted as #alttok) is a community of shared interest" in shown
    assert "Agreement with the planted communities" in shown
    assert "over 4 worlds" in shown
    assert "not calibrated" in shown
    assert (tmp_path / "demo" / "report.html").exists()


def test_run_and_check_a_study(
    folder: Path, tmp_path: Path, call: Callable[..., tuple[object, str, str]]
) -> None:
    study = tmp_path / "study.toml"
    study.write_text(
        f'[data]\nsource = "folder"\npath = "{folder}"\n[communities]\nruns = 2\nnull_draws = 19\n'
        "[world]\ngroups = 3\nticks = 2\n[simulation]\nticks = 2\nslots = 3\n"
        "[s_scan]\nsocial_share = []\n[conditions]\nfeature_noise = []\nprofile_noise = []\n"
        "topic_penalty = []\npartition_seeds = 0\nresolution = []\n"
        '[economy]\npayouts = ["view_fund"]\n'
    )
    code, shown, errors = call("check", study)
    assert not code, errors
    assert "ready to run" in shown
    code, shown, errors = call("run", study, "--out", tmp_path / "out")
    assert not code, errors
    assert "Cross-community exposure: interest compared with follower" in shown
    assert "Economy of creators" in shown
    assert "the Gini coefficient of income is" in shown
    assert "each of 3 groups of accounts is left out in turn" in shown
    assert "are held fixed" in shown
    assert (tmp_path / "out" / "report.html").exists()
    # in other processes, it writes the same files
    apart = ("--executor", "processes:2")
    code, _, errors = call("run", study, "--out", tmp_path / "more", *apart)
    assert not code, errors
    outs = tmp_path / "out", tmp_path / "more"
    assert (outs[0] / "tables" / "conditions.csv").exists()
    names = [sorted(p.relative_to(out) for p in out.rglob("*") if p.is_file()) for out in outs]
    assert names[0] == names[1]
    for name in names[0]:
        if name.name != "timings.json":
            assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes(), name


def test_impressions_and_an_executor_are_refused(
    folder: Path, tmp_path: Path, call: Callable[..., tuple[object, str, str]]
) -> None:
    study = tmp_path / "study.toml"
    study.write_text(
        f'[data]\nsource = "folder"\npath = "{folder}"\n[simulation]\nimpressions = true\n'
    )
    code, shown, told = call("run", study, "--out", tmp_path / "out", "--executor", "processes:2")
    assert (code, shown) == (2, "")
    assert "workers of an executor cannot write to one folder" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("said", ["finished results are kept in out. Run the same again.", ""])
def test_ctrl_c_says_what_stands_and_ends_with_130(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt(*filter(None, [said]))

    monkeypatch.setattr("graphkit.study.run_study", interrupt)
    monkeypatch.setattr(sys, "argv", ["graphkit", "run", "study.toml", "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 130
    assert capsys.readouterr().err == (f"Interrupted: {said}\n" if said else "Interrupted.\n")

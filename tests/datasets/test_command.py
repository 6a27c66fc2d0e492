"""The command ``graphkit fetch``, and studies of public data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graphkit.errors import OptionError
from graphkit.study import StudyConfig, check_study

from .conftest import Server, zipped

Write = Callable[..., Path]
Call = Callable[..., tuple[object, str, str]]

STUDY = """
[data]
source = "fetch"
name = "toy"

[world]
posts = "introduced"
share_of_posts = 0.5
groups = 0
"""


def test_names_are_listed(registry: Write, server: Server, call: Call) -> None:
    path = registry("interactions.csv")
    for arguments in (("--list",), ()):
        code, shown, _ = call("fetch", *arguments, "--registry", path)
        assert code == 0
        assert "hetrec" in shown
        assert "toy" in shown
    assert server.asked == []


def test_terms_are_shown_then_files_counts_and_path(
    registry: Write, call: Call, cache: Path
) -> None:
    path = registry("interactions.csv", counts={"accounts": 2})
    code, shown, told = call("fetch", "toy", "--registry", path)
    assert (code, told) == (0, "")
    lines = shown.splitlines()
    assert lines[0].startswith("A toy.")
    assert lines[1:3] == ["Licence: CC0.", "Cite: Nobody."]
    assert lines[3].startswith("From: http://127.0.0.1")
    assert "SHA-256 as registered" in shown
    assert f"Path: {cache}" in shown


def test_the_licence_is_shown_although_the_download_fails(
    registry: Write, server: Server, call: Call
) -> None:
    path = registry("interactions.csv")
    server.files.clear()
    code, shown, told = call("fetch", "toy", "--registry", path)
    assert code == 2
    assert "Licence: CC0." in shown
    assert told.startswith("graphkit: 'toy': http://127.0.0.1")
    assert "Traceback" not in told


@pytest.mark.filterwarnings("always::graphkit.errors.GraphkitWarning")
def test_a_file_that_is_not_checked_is_said_loudly(registry: Write, call: Call) -> None:
    code, shown, told = call(
        "fetch", "toy", "--registry", registry("interactions.csv", file={"sha256": ""})
    )
    assert code == 0
    assert "not checked" in shown
    assert "graphkit: warning: 'toy': interactions.csv is NOT CHECKED" in told


def test_an_unknown_name_ends_with_a_sentence(call: Call) -> None:
    code, _, told = call("fetch", "hetrek")
    assert code == 2
    assert "Did you mean 'hetrec'" in told


class TestStudies:
    def test_the_data_of_a_study_are_fetched(
        self, server: Server, registry: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        accounts = [f"a{i}" for i in range(30)]
        server.files["toy.zip"] = _log(accounts)
        path = registry("toy.zip", file={"unpack": "zip"})
        monkeypatch.setenv("GRAPHKIT_REGISTRY", str(path))
        study = tmp_path / "study.toml"
        study.write_text(STUDY)
        rows = dict(check_study(study).rows())
        assert rows["data"].startswith("fetch: ")
        assert "900 interactions" in rows["data"]

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            ({"source": "fetch"}, "go together"),
            ({"name": "hetrec"}, "go together"),
            ({"source": "fetch", "name": "hetrec", "path": "x"}, "data.path goes with"),
            ({"source": "fetch", "name": "hetrec", "tz": "UTC"}, "data.tz goes with"),
        ],
    )
    def test_a_name_goes_with_fetch_alone(self, data: dict[str, str], told: str) -> None:
        with pytest.raises(OptionError, match=told):
            StudyConfig.of({"data": data})

    def test_what_is_no_log_is_refused(
        self, registry: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = registry("edges.txt.gz", read="graph", options={"directed": True})
        monkeypatch.setenv("GRAPHKIT_REGISTRY", str(path))
        study = tmp_path / "study.toml"
        study.write_text(STUDY)
        with pytest.raises(OptionError, match="'toy' is a graph, and a study needs a log"):
            check_study(study)
        study.write_text(STUDY.replace("toy", "platform"))
        with pytest.raises(OptionError, match="that is source = 'bundled'"):
            check_study(study)


def _log(accounts: list[str]) -> bytes:
    """A log of accounts in a ring, each of which likes 30 of 60 items."""
    likes = [f"{a},v{(2 * i + j) % 60},like" for i, a in enumerate(accounts) for j in range(30)]
    ring = [f"{a},{accounts[i - 1]}" for i, a in enumerate(accounts)]
    return zipped(
        **{
            "interactions.csv": "\n".join(["account_id,item_id,kind", *likes]).encode(),
            "follows.csv": "\n".join(["follower_id,followee_id", *ring]).encode(),
        }
    )

"""The registry of public data: graphkit's own, and files of persons."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphkit.data.files import to_toml
from graphkit.datasets import available, fetch
from graphkit.datasets.registry import find_entry, read_registry
from graphkit.errors import DataError, FileError

from .conftest import Server

Write = Callable[..., Path]


def test_every_entry_has_terms_a_source_of_its_hash_and_counts() -> None:
    entries = read_registry()
    assert {"platform", "hetrec", "email-eu-core", "polblogs"} <= set(entries)
    for name, entry in entries.items():
        assert entry.name == name
        assert entry.registry == "graphkit"
        assert all((entry.title, entry.what, entry.page, entry.licence, entry.cite, entry.counts))
        for file in entry.files:
            assert file.url.startswith("https://")
            assert file.origin
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)


def test_available_lists_names_and_what_is_checked(registry: Write) -> None:
    own = available()
    assert own.columns == ["name", "title", "licence", "checked", "bytes"]
    assert own.filter(name="polbooks").row(0)[3:] == ("SHA-256", 3952)
    more = available(registry=registry("interactions.csv", file={"sha256": "", "bytes": 61}))
    assert more.height == own.height + 1
    assert more.row(-1) == ("toy", "A toy", "CC0.", "not checked", 61)


def test_the_registry_of_the_environment_adds_names(
    registry: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = registry("interactions.csv")
    monkeypatch.setenv("GRAPHKIT_REGISTRY", str(path))
    assert fetch("toy").verified
    assert find_entry("toy").registry == str(path)
    assert find_entry("hetrec").registry == "graphkit"


def test_a_file_of_ones_own_replaces_names(server: Server, tmp_path: Path) -> None:
    mirror = {"title": "T", "licence": "L", "cite": "C", "read": "hetrec-lastfm"}
    path = tmp_path / "mirror.toml"
    path.write_text(to_toml({"hetrec": {**mirror, "files": [{"url": f"{server.url}/x.zip"}]}}))
    assert find_entry("hetrec", registry=path).files[0].url == f"{server.url}/x.zip"


def test_options_go_to_the_reader(server: Server, registry: Write) -> None:
    server.files["plays.csv"] = b"who,song\nann,s1\nbob,s1\n"
    names = {"interactions": {"who": "account_id", "song": "item_id"}}
    options = {"table": "interactions", "columns": names, "kind_is": "play"}
    found = fetch("toy", registry=registry("plays.csv", options=options, read="folder"))
    assert found.data.account_ids.ids.tolist() == ["ann", "bob"]  # type: ignore[union-attr]


URL = "https://example.org/log.csv"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"licence": None}, "`licence`"),
        ({"cite": " "}, "cite is empty"),
        ({"titel": "A"}, "'titel' is unknown. Did you mean 'title'"),
        ({"title": 3}, "got `int`"),
        ({"read": "hetrec"}, "Did you mean 'hetrec-lastfm'"),
        ({"groups": "side"}, "groups goes with read = 'graph'"),
        ({"path": "../x"}, "leads out of"),
        ({"path": "/x"}, "leads out of"),
        ({"options": {"table_": "x"}}, "options.table_ is unknown. Did you mean 'table'"),
        ({"counts": {"account": 3}}, "counts.account is unknown. Did you mean 'accounts'"),
        ({"counts": {"accounts": -3}}, "a count is 0 or more"),
        ({"counts": {"accounts": "3"}}, "got `str`"),
        ({"files": []}, "it has no file"),
        ({"files": [{"url": URL}, {"url": URL}]}, "two files have the same name"),
        ({"files": [{"url": URL, "sha": ""}]}, "file 1: 'sha' is unknown"),
        ({"files": [{"url": "file:///etc/hosts"}]}, "an address of http or https is needed"),
        ({"files": [{"url": "http://[::1/a"}]}, "is no address: Invalid IPv6"),
        ({"files": [{"url": "http://example.org:99999/a"}]}, "is no address: Port out of range"),
        ({"files": [{"url": "https://example.org/"}]}, "does not end in a file name"),
        ({"files": [{"url": "https://example.org/%2E%2E"}]}, "does not end in a file name"),
        ({"files": [{"url": "https://example.org/.hidden"}]}, "does not end in a file name"),
        ({"files": [{"url": "https://ann:pw@example.org/a"}]}, "holds a user name or password"),
        ({"files": [{"url": URL, "sha256": "md5:12"}]}, "64 hex digits are needed"),
        ({"files": [{"url": URL, "bytes": 0}]}, "a size is 1 or more"),
        ({"files": [{"url": URL, "unpack": "rar"}]}, "rar"),
        ({"files": "log.csv"}, "got `str`"),
        ({"files": ["log.csv"]}, "got `str`"),
    ],
)
def test_an_entry_that_is_not_valid_is_named(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    whole = {"title": "T", "licence": "L", "cite": "C", "read": "any", "files": [{"url": URL}]}
    path = tmp_path / "own.toml"
    path.write_text(to_toml({"toy": whole}))
    assert "toy" in read_registry(path)
    values = {key: value for key, value in {**whole, **change}.items() if value is not None}
    path.write_text(to_toml({"toy": values}))
    with pytest.raises(DataError, match=told) as error:
        read_registry(path)
    assert str(error.value).startswith(f"{path}: [toy]")
    assert "pw" not in str(error.value)


@pytest.mark.parametrize("name", ["../x", "A", "", ".x", "a" * 65, "a/b"])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(to_toml({name: {"title": "T"}}))
    with pytest.raises(DataError, match="a name has small letters"):
        read_registry(path)


def test_the_name_of_the_bundled_platform_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[platform]\ntitle = "T"\nlicence = "L"\ncite = "C"\nread = "any"\n')
    with pytest.raises(DataError, match=r"\[platform\] is the name of the data that come with"):
        read_registry(path)


def test_a_registry_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="nowhere"):
        available(registry=tmp_path / "nowhere.toml")
    path = tmp_path / "own.toml"
    path.write_text("toy = 3\n")
    with pytest.raises(DataError, match=r"toy = 3 must be a table: \[toy\]"):
        available(registry=path)
    path.write_text("[toy\n")
    with pytest.raises(FileError, match="no valid TOML"):
        available(registry=path)

"""Public data by name: downloads, hashes, archives and counts, from a server on this machine."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import graphkit as gk
from graphkit.data.files import to_toml
from graphkit.datasets import fetch
from graphkit.datasets.registry import find_entry
from graphkit.errors import DataError, FileError, GraphkitWarning, MissingDataError, OptionError

from .conftest import LOG, Server, tarred, zipped

Write = Callable[..., Path]
ROOT = Path(__file__).parents[2]


def held(cache: Path) -> set[str]:
    """Files in the cache, by their names."""
    return {path.name for path in cache.rglob("*") if path.is_file()}


def test_fetch_downloads_checks_unpacks_reads_and_counts(server: Server, registry: Write) -> None:
    counts = {"accounts": 2, "items": 2, "interactions": 3}
    found = fetch("toy", registry=registry("log.zip", file={"unpack": "zip"}, counts=counts))
    assert isinstance(found.data, gk.Dataset)
    assert found.data.interactions is not None
    assert sorted(found.data.interactions.get_column("account_id")) == ["ann", "bob", "bob"]
    assert (found.title, found.licence, found.cite) == ("A toy", "CC0.", "Nobody.")
    assert found.counts.rows() == [("accounts", 2, 2), ("items", 2, 2), ("interactions", 3, 3)]
    digest = hashlib.sha256(server.files["log.zip"]).hexdigest()
    size = len(server.files["log.zip"])
    assert found.files.rows() == [
        ("log.zip", f"{server.url}/log.zip", size, digest, "SHA-256 as registered")
    ]
    assert found.verified
    assert found.differences.height == 0
    assert "CC0." in repr(found)


def test_fetch_reads_from_the_cache_without_a_network(
    server: Server, registry: Write, cache: Path
) -> None:
    path = registry("log.zip", file={"unpack": "zip"})
    first = fetch("toy", registry=path)
    server.files.clear()
    assert fetch("toy", registry=path) == first
    assert server.asked == ["log.zip"]
    assert held(cache) == {"log.zip", "interactions.csv", "readme.md", "graphkit.json"}


def test_fetch_prints_nothing(registry: Write, capfd: pytest.CaptureFixture[str]) -> None:
    fetch("toy", registry=registry("interactions.csv"))
    assert capfd.readouterr() == ("", "")


def test_a_file_of_another_hash_is_refused_and_removed(
    server: Server, registry: Write, cache: Path
) -> None:
    path = registry("interactions.csv")
    server.files["interactions.csv"] = LOG + b"eve,v9,like\n"
    seen = hashlib.sha256(server.files["interactions.csv"]).hexdigest()
    with pytest.raises(FileError, match=f"another file than that of the registry.* is {seen}"):
        fetch("toy", registry=path)
    assert held(cache) == set()


def test_a_truncated_file_is_refused_and_removed(
    server: Server, registry: Write, cache: Path
) -> None:
    server.cut.add("interactions.csv")
    with pytest.raises(FileError, match="broke off after 30 bytes, which were removed"):
        fetch("toy", registry=registry("interactions.csv"))
    assert held(cache) == set()
    server.cut.clear()
    assert fetch("toy", registry=registry("interactions.csv")).verified


def test_a_file_that_is_not_served_is_named(server: Server, registry: Write) -> None:
    path = registry("gone.csv", page="https://example.org/toy")
    with pytest.raises(
        FileError, match=r"gone\.csv is not served.*404.*See https://example\.org/toy"
    ):
        fetch("toy", registry=path)


@pytest.mark.parametrize(
    ("status", "to", "told"),
    [
        (503, "", "is not served .*503.*: the host is busy. Call again later"),
        (302, "/interactions.csv", "leads in a circle"),
        (302, "file:///etc/hosts", "is not of http"),
    ],
)
def test_a_host_that_answers_otherwise_is_one_sentence(
    server: Server, registry: Write, cache: Path, status: int, to: str, told: str
) -> None:
    server.status["interactions.csv"] = status
    server.headers["interactions.csv"] = {"Location": to} if to else {}
    with pytest.raises(FileError, match=told):
        fetch("toy", registry=registry("interactions.csv"))
    assert held(cache) == set()


def test_half_a_file_that_nothing_checks_can_be_downloaded_again(
    server: Server, registry: Write
) -> None:
    server.files["interactions.csv"] = b"<html>please log in</html>"
    path = registry("interactions.csv", file={"sha256": ""})
    with pytest.raises(DataError, match="Nothing proves that what was downloaded") as told:
        fetch("toy", registry=path)
    folder = str(told.value).partition("remove the folder ")[2].rstrip(".")
    shutil.rmtree(folder)
    server.files["interactions.csv"] = LOG
    with pytest.warns(GraphkitWarning, match="NOT CHECKED"):
        assert fetch("toy", registry=path).path.exists()


@pytest.mark.parametrize("names", [("log.csv", "log.csv"), ("a", "a/b.csv"), ("a/b.csv", "a")])
def test_an_archive_with_a_name_twice_is_refused(
    server: Server, registry: Write, names: tuple[str, str]
) -> None:
    server.files["log.tar.gz"] = tarred(*((name, LOG) for name in names))
    with pytest.raises(FileError, match=r"log\.tar\.gz: .* is in the archive twice, or"):
        fetch("toy", registry=registry("log.tar.gz", file={"unpack": "tar"}))


def test_a_host_that_refuses_is_one_sentence_with_what_to_do(registry: Write, cache: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/interactions.csv"
    path = registry("interactions.csv", file={"url": url})
    with pytest.raises(FileError) as told:
        fetch("toy", registry=path)
    text = str(told.value)
    assert text.startswith(f"'toy': {url} cannot be reached (the connection is refused): ")
    # what it says to do helps
    by_hand = Path(text.partition("download it by hand to ")[2].partition(", and call again")[0])
    assert by_hand.is_relative_to(cache)
    by_hand.parent.mkdir(parents=True, exist_ok=True)
    by_hand.write_bytes(LOG)
    assert fetch("toy", registry=path).verified


def test_a_file_larger_than_the_registry_says_is_not_kept(registry: Write, cache: Path) -> None:
    with pytest.raises(FileError, match="larger than the 20 bytes of the registry"):
        fetch("toy", registry=registry("interactions.csv", file={"bytes": 20}))
    assert held(cache) == set()


def test_bytes_are_kept_as_they_are_served(server: Server, registry: Write) -> None:
    # servers that call each .gz an encoding
    server.headers["edges.txt.gz"] = {"Content-Encoding": "gzip"}
    found = fetch(
        "toy", registry=registry("edges.txt.gz", read="graph", options={"directed": True})
    )
    assert found.verified
    assert isinstance(found.data, gk.Graph)
    assert (found.data.n_nodes, found.data.n_edges, found.data.directed) == (3, 3, True)


class TestNotChecked:
    def test_a_warning_says_so_with_the_hash_that_was_seen(
        self, server: Server, registry: Write
    ) -> None:
        seen = hashlib.sha256(LOG).hexdigest()
        with pytest.warns(GraphkitWarning, match=f"interactions.csv is NOT CHECKED.*Seen: {seen}"):
            found = fetch("toy", registry=registry("interactions.csv", file={"sha256": ""}))
        assert not found.verified
        assert found.files.get_column("check").to_list() == ["not checked"]

    def test_the_hash_of_the_first_download_holds_for_later_ones(
        self, server: Server, registry: Write, cache: Path
    ) -> None:
        path = registry("interactions.csv", file={"sha256": ""})
        with pytest.warns(GraphkitWarning, match="NOT CHECKED"):
            fetch("toy", registry=path)
        next(cache.glob("*/served/interactions.csv")).unlink()
        server.files["interactions.csv"] = LOG + b"eve,v9,like\n"
        with pytest.raises(FileError, match="another file than that of the first download"):
            fetch("toy", registry=path)

    def test_what_is_no_archive_is_not_recorded(
        self, server: Server, registry: Write, cache: Path
    ) -> None:
        path = registry("log.zip", file={"sha256": "", "unpack": "zip"})
        whole, server.files["log.zip"] = server.files["log.zip"], b"<html>sign in</html>"
        with pytest.raises(FileError, match="cannot be unpacked as zip"):
            fetch("toy", registry=path)
        assert held(cache) == set()
        server.files["log.zip"] = whole
        with pytest.warns(GraphkitWarning, match="NOT CHECKED"):
            fetch("toy", registry=path)


def test_counts_that_differ_are_reported(registry: Write) -> None:
    path = registry("interactions.csv", counts={"accounts": 3, "interactions": 3, "follows": 4})
    with pytest.warns(GraphkitWarning, match="2 accounts in place of 3, 0 follows in place of 4"):
        found = fetch("toy", registry=path)
    assert found.differences.rows() == [("accounts", 3, 2), ("follows", 4, 0)]
    assert "2, not 3 as expected" in repr(found)


def test_two_processes_at_once_have_the_same_data(
    server: Server, registry: Write, cache: Path
) -> None:
    path = registry("log.zip", file={"unpack": "zip"})
    code = (
        "import sys, graphkit as gk\n"
        f"print(gk.datasets.fetch('toy', registry={str(path)!r}).data.content_key)"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        )
        for _ in range(2)
    ]
    ends = [process.communicate() for process in running]
    key = fetch("toy", registry=path).data.content_key
    assert ends == [(f"{key}\n", "")] * 2
    assert held(cache) == {"log.zip", "interactions.csv", "readme.md", "graphkit.json"}


class TestUnpacking:
    @pytest.mark.parametrize("kind", ["zip", "tar"])
    @pytest.mark.parametrize("name", ["a/../out.csv", "a\\..\\out.csv"])
    def test_members_that_go_up_are_refused_even_within_the_folder(
        self, server: Server, registry: Write, cache: Path, kind: str, name: str
    ) -> None:
        made = (
            zipped(**{"interactions.csv": LOG, name: LOG}) if kind == "zip" else tarred((name, LOG))
        )
        server.files["bad"] = made
        with pytest.raises(FileError, match="leads out of the folder"):
            fetch("toy", registry=registry("bad", file={"unpack": kind}))
        assert held(cache.parent) == {"bad", "registry.toml"}

    def test_links_are_refused(self, server: Server, registry: Write, cache: Path) -> None:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "elsewhere"
        server.files["bad.tar"] = tarred((link, b""))
        with pytest.raises(FileError, match="'link' is a link or a device"):
            fetch("toy", registry=registry("bad.tar", file={"unpack": "tar"}))
        assert held(cache) == {"bad.tar"}

    def test_tar(self, registry: Write) -> None:
        found = fetch("toy", registry=registry("log.tar.gz", file={"unpack": "tar"}))
        assert len(found.data.account_ids) == 2  # type: ignore[union-attr]

    @pytest.mark.parametrize("kind", ["zip", "tar"])
    def test_what_is_no_archive_is_refused(self, registry: Write, kind: str) -> None:
        with pytest.raises(FileError, match=f"cannot be unpacked as {kind}"):
            fetch("toy", registry=registry("interactions.csv", file={"unpack": kind}))

    def test_a_damaged_archive_is_refused(self, server: Server, registry: Write) -> None:
        whole = server.files["log.tar.gz"]
        server.files["log.tar.gz"] = whole[:-30]
        with pytest.raises(FileError, match="cannot be unpacked as tar"):
            fetch("toy", registry=registry("log.tar.gz", file={"unpack": "tar"}))

    def test_an_interrupted_unpacking_leaves_nothing_that_is_read(
        self, registry: Write, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        path = registry("log.zip", file={"unpack": "zip"})
        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", stop)
            with pytest.raises(KeyboardInterrupt):
                fetch("toy", registry=path)
        assert held(cache) == {"log.zip"}
        assert fetch("toy", registry=path).verified

    def test_files_that_were_changed_in_the_cache_are_named(
        self, registry: Write, cache: Path
    ) -> None:
        path = registry("log.zip", file={"unpack": "zip"})
        fetch("toy", registry=path)
        next(cache.glob("*/data/interactions.csv")).write_bytes(LOG + b"eve,v9,like\n")
        with pytest.raises(FileError, match=r"'interactions\.csv' has changed\. Remove the folder"):
            fetch("toy", registry=path)


def test_a_download_that_was_changed_in_the_cache_is_downloaded_again(
    server: Server, registry: Write, cache: Path
) -> None:
    path = registry("interactions.csv")
    first = fetch("toy", registry=path)
    next(cache.glob("*/served/interactions.csv")).write_bytes(b"account_id\n")
    assert fetch("toy", registry=path) == first
    assert server.asked == ["interactions.csv", "interactions.csv"]


def test_another_hash_of_the_registry_is_another_folder_of_the_cache(
    server: Server, registry: Write
) -> None:
    first = fetch("toy", registry=registry("interactions.csv"))
    server.files["interactions.csv"] = LOG + b"eve,v9,like\n"
    second = fetch("toy", registry=registry("interactions.csv"))
    assert first.path != second.path
    assert len(second.data.account_ids) == 3  # type: ignore[union-attr]


class TestGraphs:
    def test_groups_of_a_file(self, registry: Write) -> None:
        path = registry(
            *("edges.txt.gz", "labels.txt"),
            read="graph",
            path="edges.txt.gz",
            options={"directed": False},
            groups="labels.txt",
            counts={"nodes": 3, "edges": 3, "groups": 2},
        )
        found = fetch("toy", registry=path)
        assert found.groups is not None
        assert found.groups.sizes.tolist() == [2, 1]
        assert found.differences.height == 0

    def test_groups_of_an_attribute(self, server: Server, registry: Write) -> None:
        nodes = "".join(
            f'node [ id {i} label "{c}" side "{s}" ] '
            for i, c, s in [(0, "a", "x"), (1, "b", "x"), (2, "c", "y")]
        )
        server.files["toy.gml"] = f"graph [ {nodes} edge [ source 0 target 1 ] ]".encode()
        found = fetch("toy", registry=registry("toy.gml", read="graph", groups="side"))
        assert found.groups is not None
        assert dict(zip(found.groups.labels, found.groups.sizes.tolist(), strict=True)) == {
            "x": 2,
            "y": 1,
        }
        with pytest.raises(MissingDataError, match="groups = 'sides'"):
            fetch("toy", registry=registry("toy.gml", read="graph", groups="sides"))

    def test_a_line_without_a_group_is_named(self, server: Server, registry: Write) -> None:
        server.files["labels.txt"] = b"a 0\n\nb\n"
        names = ("edges.txt.gz", "labels.txt")
        keys = {
            "read": "graph",
            "path": names[0],
            "options": {"directed": False},
            "groups": names[1],
        }
        with pytest.raises(DataError, match=r"labels\.txt, line 3: a node and its group"):
            fetch("toy", registry=registry(*names, **keys))

    def test_one_of_several_files_must_be_named(self, registry: Write) -> None:
        with pytest.raises(DataError, match="a graph is one file"):
            fetch("toy", registry=registry("edges.txt.gz", "labels.txt", read="graph"))


def test_a_path_that_is_not_there_is_named(registry: Write) -> None:
    with pytest.raises(FileError, match=r"path = 'other\.csv' of the registry is not in"):
        fetch("toy", registry=registry("interactions.csv", path="other.csv"))


def test_a_cache_that_cannot_be_written_is_named(registry: Write, cache: Path) -> None:
    cache.write_text("a file")
    with pytest.raises(FileError, match="Set GRAPHKIT_DATA to another folder"):
        fetch("toy", registry=registry("interactions.csv"))


def test_a_record_of_the_cache_that_is_damaged_is_named(registry: Write, cache: Path) -> None:
    path = registry("interactions.csv")
    fetch("toy", registry=path)
    for text in ("{", "[]", '{"served": 1}'):
        next(cache.glob("*/graphkit.json")).write_text(text)
        with pytest.raises(FileError, match="Remove the folder"):
            fetch("toy", registry=path)


def test_the_bundled_platform_has_a_name_and_needs_no_network(server: Server) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fetch("platform")
    assert found.data == gk.load_platform().dataset
    assert found.groups == gk.load_platform().truth
    assert found.verified
    assert found.files.height == 0
    assert gk.load_platform(found.path).dataset == found.data


def test_an_unknown_name_has_a_hint() -> None:
    with pytest.raises(OptionError, match="Did you mean 'hetrec'"):
        fetch("hetrek")


def test_import_loads_no_network() -> None:
    code = (
        "import sys, graphkit.datasets as d; d.available; d.fetch\n"
        "print([m for m in ('pooch', 'requests', 'urllib3') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("hetrec", "hetrec2011_lastfm_2k"),
        ("email-eu-core", "community_benchmarks/email-Eu-core"),
        ("polbooks", "community_benchmarks/polbooks"),
        ("football", "community_benchmarks/football"),
        ("polblogs", "community_benchmarks/polblogs"),
    ],
)
def test_the_counts_of_the_registry_are_those_of_the_data(
    shared_data: Path, server: Server, tmp_path: Path, name: str, folder: str
) -> None:
    """The files are served as the registry has them, so that it is read as it would be."""
    entry = find_entry(name)
    content = {p.name: p.read_bytes() for p in (shared_data / folder).iterdir()}
    files = []
    for file in entry.files:
        if file.unpack:
            server.files[file.name] = zipped(**content)
        else:
            server.files[file.name] = gzip.compress(content[file.name.removesuffix(".gz")])
        digest = hashlib.sha256(server.files[file.name]).hexdigest()
        url = f"{server.url}/{file.name}"
        files.append({"url": url, "sha256": digest, "unpack": file.unpack})
    keys = {"title", "licence", "cite", "read", "path", "options", "groups", "counts"}
    values = {key: getattr(entry, key) for key in keys}
    path = tmp_path / "registry.toml"
    path.write_text(to_toml({name: {**values, "files": files}}))
    found = fetch(name, registry=path)
    assert found.counts.height == len(entry.counts) > 1
    assert found.differences.rows() == []

"""A server of invented files on this machine, and registries that name them."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from graphkit.data.files import to_toml

LOG = b"account_id,item_id,kind\nann,v1,like\nbob,v1,like\nbob,v2,share\n"
EDGES = b"a b\nb c\nc a\n"
LABELS = b"a 0\nb 0\nc 1\n"


def zipped(**members: bytes) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def tarred(*members: tuple[tarfile.TarInfo | str, bytes]) -> bytes:
    """A gzipped tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


class Server(ThreadingHTTPServer):
    """Serves bytes by path; counts requests; can cut answers off."""

    files: dict[str, bytes]
    asked: list[str]
    headers: dict[str, dict[str, str]]
    cut: set[str]
    status: dict[str, int]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        name = self.path[1:]
        self.server.asked.append(name)
        if name not in self.server.files:
            self.send_error(404)
            return
        content = self.server.files[name]
        self.send_response(self.server.status.get(name, 200))
        self.send_header("Content-Length", str(len(content)))
        for key, value in self.server.headers.get(name, {}).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if name in self.server.cut else content)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.files = {
        "log.zip": zipped(**{"interactions.csv": LOG, "about/readme.md": b"# invented"}),
        "interactions.csv": LOG,
        "edges.txt.gz": gzip.compress(EDGES, mtime=0),
        "labels.txt": LABELS,
        "log.tar.gz": tarred(("interactions.csv", LOG)),
    }
    made.asked, made.headers, made.cut, made.status = [], {}, set(), {}
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of each test, no proxy, and no registry of the one who runs the tests."""
    monkeypatch.setenv("GRAPHKIT_DATA", str(tmp_path / "cache"))
    monkeypatch.delenv("GRAPHKIT_REGISTRY", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache"


@pytest.fixture
def registry(server: Server, tmp_path: Path) -> Callable[..., Path]:
    """Write a registry with one entry, ``toy``, of files of the server."""

    def write(*names: str, file: dict[str, Any] | None = None, **keys: Any) -> Path:
        files = [
            {
                "url": f"{server.url}/{name}",
                "sha256": hashlib.sha256(server.files.get(name, b"")).hexdigest(),
                **(file or {}),
            }
            for name in names
        ]
        terms = {"title": "A toy", "licence": "CC0.", "cite": "Nobody.", "read": "folder"}
        path = tmp_path / "registry.toml"
        path.write_text(to_toml({"toy": {**terms, **keys, "files": files}}))
        return path

    return write

"""Downloads of public data into the user's cache: hashes, partial files, archives."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import logging
import lzma
import os
import re
import shutil
import tarfile
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from graphkit._version import __version__
from graphkit.data.files import read_json, write_json
from graphkit.datasets.registry import DataFile, Entry
from graphkit.errors import FileError, shorten
from graphkit.readwrite.files import sha256_of

__all__ = ["CACHE_VARIABLE", "Downloaded", "cache_folder", "get_files"]

#: Environment variable with the folder of the cache.
CACHE_VARIABLE = "GRAPHKIT_DATA"

_PIECE = 1 << 16
#: Answers of a host that may serve the file at another time.
_BUSY = (408, 425, 429, 500, 502, 503, 504)
#: What is raised for an archive that is damaged, encrypted or none.
_DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError),
    *(gzip.BadGzipFile, RuntimeError),
)
#: Seconds without an answer, or without a further byte of it.
_PATIENCE = 30


@dataclass(frozen=True)
class Downloaded:
    """Files of an entry in the cache.

    Attributes
    ----------
    folder
        Folder with the files as they are read: unpacked, or as they were served.
    served
        SHA-256 and size in bytes of each file as it was served, by name.
    """

    folder: Path
    served: dict[str, tuple[str, int]]


def cache_folder() -> Path:
    """Folder of downloads: that of the variable ``GRAPHKIT_DATA``, else in the user's cache folder."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    import pooch

    return Path(pooch.os_cache("graphkit")) / "data"


def get_files(entry: Entry) -> Downloaded:
    """Download the files of an entry, as far as they are not in the cache, and unpack them.

    A file is in the cache only after it has arrived whole and its SHA-256 is right; the folder of
    what is unpacked takes its name last. So processes that do the same at once do it twice, and no
    harm. Where the registry has no SHA-256, that of the first download is recorded, and later ones
    must have it.

    Raises
    ------
    FileError
        If a file cannot be reached, is not the one of the registry, or cannot be unpacked or kept;
        or if files in the cache have been changed.
    """
    root = cache_folder() / entry.folder
    book, folder = root / "graphkit.json", root / "data"
    known = _read_book(book)
    paths = {file: root / "served" / file.name for file in entry.files}
    for file, path in paths.items():
        _retrieve(entry, file, path, known["served"].get(file.name, ""))
    digests = {file.name: sha256_of(path) for file, path in paths.items()}
    if not folder.exists():
        known["data"] = _unpack(paths, folder)
    there = _digests_in(folder)
    if known["data"] and there != known["data"]:
        changed = sorted(name for name, _ in there.items() ^ known["data"].items())
        raise FileError(
            f"{folder} is not as it was unpacked: {shorten(changed[0])} has changed. Remove the folder, "
            "which is then unpacked again, and change a copy."
        )
    held = {"served": digests, "data": there}
    if held != _read_book(book):
        write_json(book, held)
    return Downloaded(
        folder, {f.name: (digests[f.name], p.stat().st_size) for f, p in paths.items()}
    )


def _read_book(path: Path) -> dict[str, Any]:
    """SHA-256 of the files that were served, and of those that are read, by name."""
    remedy = f"Remove the folder {path.parent}: the data are then downloaded again."
    held = read_json(path, remedy) if path.exists() else {}
    parts = [held.get(key, {}) if isinstance(held, dict) else None for key in ("served", "data")]
    if not all(isinstance(part, dict) for part in parts):
        raise FileError(f"{path} is not what graphkit wrote. {remedy}")
    return {"served": parts[0], "data": parts[1]}


def _digests_in(folder: Path) -> dict[str, str]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {file.relative_to(folder).as_posix(): sha256_of(file) for file in files}


def _retrieve(entry: Entry, file: DataFile, path: Path, seen: str) -> None:
    """Have a file of the right SHA-256 at `path`; `seen` is that of an earlier download."""
    import pooch
    import requests
    import urllib3

    download = _Download(file)
    digest = file.sha256.lower() or seen or None
    what = f"{entry.name!r}: {file.url}"
    by_hand = f"or download it by hand to {path}, and call again"
    try:
        with _quiet(pooch.get_logger()):
            pooch.retrieve(file.url, digest, fname=path.name, path=path.parent, downloader=download)
    except FileError:
        raise
    except requests.HTTPError as error:
        status = f"{error.response.status_code} {error.response.reason}".strip()
        answer = f"{what} is not served (the answer is {shorten(status)})"
        if error.response.status_code in _BUSY:
            raise FileError(f"{answer}: the host is busy. Call again later, {by_hand}.") from error
        page = f" See {entry.page}." if entry.page else ""
        raise FileError(
            f"{answer}: it may have moved.{page} Give another url in a registry of your own, {by_hand}."
        ) from error
    except (requests.TooManyRedirects, requests.exceptions.InvalidSchema) as error:
        raise FileError(
            f"{what} leads to another address that leads in a circle, or is not of http: give another "
            f"url in a registry of your own, {by_hand}."
        ) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, _CutOffError) as error:
        if download.size:
            raise FileError(
                f"{what} broke off after {download.size:,} bytes, which were removed: call again, "
                f"{by_hand}."
            ) from error
        raise FileError(
            f"{what} cannot be reached ({_why(error)}): call again with a network, {by_hand}."
        ) from error
    except OSError as error:
        raise FileError(
            f"{what} cannot be kept at {path}: {error.strerror or error}. Set {CACHE_VARIABLE} to "
            "another folder."
        ) from error
    except ValueError as error:  # what pooch says of another hash
        whose = "the registry" if file.sha256 else "the first download"
        raise FileError(
            f"{what} is another file than that of {whose}: its SHA-256 is {download.digest}, and "
            f"{digest} is expected. It was removed. If the publisher replaced it, put the new SHA-256 in "
            "a registry of your own."
        ) from error


def _why(error: BaseException) -> str:
    """Why a host cannot be reached, in a few words."""
    text = str(error)
    for mark, words in (
        (r"[Pp]roxy", "the proxy does not answer"),
        (r"resolve|getaddrinfo|Name or service", "the name of the host is not found"),
        (r"refused", "the connection is refused"),
        (r"[Tt]imed? ?out", "no answer in time"),
        (r"CERTIFICATE|SSL", "its certificate is not accepted"),
        (r"unreachable", "the network is unreachable"),
    ):
        if re.search(mark, text):
            return words
    return type(error).__name__


class _CutOffError(Exception):
    """A download that ended before its end."""


class _Download:
    """Downloader for pooch: the bytes as they are served, no more of them than there should be.

    That of pooch unpacks what a server calls encoded, which some do with each ``.gz``, and keeps
    that: no published hash fits it.
    """

    def __init__(self, file: DataFile) -> None:
        self.file, self.size, self.digest = file, 0, ""

    def __call__(self, url: str, target: str | IO[bytes], _: object) -> None:
        import requests

        # some hosts refuse the names of Python's own clients
        headers = {"User-Agent": f"graphkit/{__version__}", "Accept-Encoding": "identity"}
        running, most = hashlib.sha256(), self.file.bytes
        with (
            requests.get(url, stream=True, timeout=_PATIENCE, headers=headers) as answer,
            contextlib.ExitStack() as stack,
        ):
            answer.raise_for_status()
            out = stack.enter_context(open(target, "wb")) if isinstance(target, str) else target
            for piece in answer.raw.stream(_PIECE, decode_content=False):
                self.size += len(piece)
                if most is not None and self.size > most:
                    raise FileError(
                        f"{url} is larger than the {most:,} bytes of the registry: it is another file, "
                        "and was not kept."
                    )
                running.update(piece)
                out.write(piece)
            declared = answer.headers.get("Content-Length", "")
            if declared.isdigit() and self.size < int(declared):
                raise _CutOffError
        self.digest = running.hexdigest()


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Inside, pooch does not print where it downloads from: that is in the result."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _unpack(paths: Mapping[DataFile, Path], folder: Path) -> dict[str, str]:
    """Unpack files into a hidden folder, which takes its name when all is there; their SHA-256."""
    part = folder.with_name(f".part-{uuid.uuid4().hex}")
    digests: dict[str, str] = {}
    try:
        part.mkdir()
        for file, path in paths.items():
            try:
                with _opened(path, file.unpack) as members:
                    digests |= {name: _write(part, path, name, stream) for name, stream in members}
            except _DAMAGED as error:
                if not file.sha256:
                    path.unlink()  # whatever it is, it is not to be what is recorded
                raise FileError(
                    f"{path} cannot be unpacked as {file.unpack}: {str(error)[:100].rstrip('.')}. It is "
                    "another file than expected, or 'unpack' of the registry is wrong."
                ) from error
        try:
            part.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            # another process was there first, with the same files
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{folder} cannot be made: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return digests


@contextlib.contextmanager
def _opened(path: Path, kind: str) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Files in an archive, or a file as it is, with streams; links and devices are refused."""
    with contextlib.ExitStack() as stack:
        if not kind:
            yield iter([(path.name, stack.enter_context(path.open("rb")))])
        elif kind == "zip":
            archive = stack.enter_context(zipfile.ZipFile(path))
            infos = [info for info in archive.infolist() if not info.is_dir()]
            yield ((info.filename, archive.open(info)) for info in infos)
        else:
            tar = stack.enter_context(tarfile.open(path))
            yield _files_of(tar, path)


def _files_of(tar: tarfile.TarFile, path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    for info in tar:
        if info.isdir():
            continue
        stream = tar.extractfile(info) if info.isfile() else None
        if stream is None:
            raise FileError(
                f"{path}: {shorten(info.name)} is a link or a device, which data have no use for: "
                "nothing was unpacked."
            )
        yield info.name, stream


def _write(part: Path, path: Path, name: str, stream: IO[bytes]) -> str:
    """Write one file of an archive inside a folder; its SHA-256."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    outside = not parts or name.startswith(("/", "\\")) or PureWindowsPath(name).drive
    if outside or ".." in parts or "\0" in name:
        raise FileError(
            f"{path}: {shorten(name)} leads out of the folder that it is unpacked to: nothing was "
            "unpacked."
        )
    target = part.joinpath(*parts)
    running = hashlib.sha256()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        out = target.open("xb")
    except (FileExistsError, NotADirectoryError) as error:
        raise FileError(
            f"{path}: {shorten(name)} is in the archive twice, or is a file and a folder: nothing was "
            "unpacked."
        ) from error
    with stream, out:
        while piece := stream.read(_PIECE):
            running.update(piece)
            out.write(piece)
    return running.hexdigest()

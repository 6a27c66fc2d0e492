"""Compilation of kernels with Numba, and the disk cache of compiled kernels.

Numba keeps them in the folder that ``NUMBA_CACHE_DIR`` names, else beside the sources, else
in the user's cache folder, and fails where it can write to none of these. Then nothing is
kept, and every process compiles what it uses (some seconds for Leiden).
"""

from __future__ import annotations

import ast
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["CACHE", "kernel"]


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


#: Whether there is a place to keep compiled kernels.
CACHE = (
    bool(os.environ.get("NUMBA_CACHE_DIR"))
    or _writable(Path(__file__).parent)
    or _writable(_nearest(Path.home() / ".cache" / "numba"))
)


#: The folder of the package that this module belongs to.
_PACKAGE = Path(__file__).parents[__name__.count(".") - 1]


def _source(module: str) -> Path | None:
    """Source file of a module of the package; None for any other name."""
    package, *parts = module.split(".")
    if package != _PACKAGE.name:
        return None
    path = _PACKAGE.joinpath(*parts)
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module that run when it is imported, without those for type checkers."""
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _statements(node.orelse)
        elif isinstance(node, ast.If | ast.Try):
            yield from _statements([*node.body, *node.orelse])
        else:
            yield node


@cache
def _read(path: Path) -> tuple[bytes, frozenset[Path]]:
    """Source of a module, and the files of the package that it imports from.

    Imports inside functions are left out: a kernel uses the globals of its module.
    """
    source = path.read_bytes()
    found: set[Path | None] = set()
    for node in _statements(ast.parse(source).body):
        if isinstance(node, ast.ImportFrom):
            parent = node.module or ""
            found |= {_source(f"{parent}.{a.name}") or _source(parent) for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {_source(a.name) for a in node.names}
    return source, frozenset(file for file in found if file)


@cache
def _dependencies(path: Path) -> frozenset[Path]:
    """A module's file, and the files of the package that it imports, transitively."""
    found, new = {path}, {path}
    while new:
        new = {file for each in new for file in _read(each)[1]} - found
        found |= new
    return frozenset(found)


@cache
def _stamp(path: Path) -> str:
    """Digest of the sources that a kernel in this file is compiled from."""
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(_dependencies(path)):
        digest.update(hashlib.blake2b(_read(file)[0]).digest())
    return digest.hexdigest()


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit` whose compiled code is kept until its sources change, imported ones included.

    Numba's own stamp is that of the file that defines a kernel. But kernels and constants that
    it imports from other files are compiled into it.
    """
    from numba import njit

    def compiled(function: Callable[..., Any]) -> Any:
        made = njit(nogil=True, cache=CACHE, **options)(function)
        kept: Any = getattr(getattr(made, "_cache", None), "_cache_file", None)
        if hasattr(kept, "_source_stamp"):
            kept._source_stamp = _stamp(Path(function.__code__.co_filename))
        return made

    return compiled

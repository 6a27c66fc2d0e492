"""Whether compiled kernels are kept on disk, so that only the first use ever waits for them.

Numba keeps them in the folder that ``NUMBA_CACHE_DIR`` names, else beside the sources, else
in the user's cache folder, and fails where it can write to none of these. Then nothing is
kept, and every process compiles what it uses (some seconds for Leiden).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
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


@cache
def _stamp() -> str:
    """Key of the sources of all kernels."""
    digest = hashlib.blake2b(digest_size=16)
    folder = Path(__file__).parent
    for path in sorted([*folder.rglob("*_kernel.py"), *folder.glob("kernels/*.py")]):
        digest.update(path.read_bytes())
    digest.update((folder / "lanes.py").read_bytes())
    return digest.hexdigest()


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit` for kernels that call kernels of other files.

    Numba keeps a compiled kernel until the file that it stands in changes; what it calls from
    other files would stay as it was. So these are kept until any kernel changes.
    """
    from numba import njit

    def compiled(function: Callable[..., Any]) -> Any:
        made = njit(nogil=True, cache=CACHE, **options)(function)
        kept: Any = getattr(getattr(made, "_cache", None), "_cache_file", None)
        if hasattr(kept, "_source_stamp"):
            kept._source_stamp = (_stamp(), kept._source_stamp)
        return made

    return compiled

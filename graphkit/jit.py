"""Whether compiled kernels are kept on disk, so that only the first use ever waits for them.

Numba keeps them in the folder that ``NUMBA_CACHE_DIR`` names, else beside the sources, else
in the user's cache folder, and fails where it can write to none of these. Then nothing is
kept, and every process compiles what it uses (some seconds for Leiden).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["CACHE"]


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

"""What ``graphkit doctor`` looks at: versions, cores, compiled kernels, optional parts, fonts, space."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

__all__ = ["Finding", "examine"]

_NAME = "graphkit-social"
#: Optional parts that are for those who develop graphkit.
_FOR_DEVELOPERS = ("test",)
#: Below so many bytes of a folder for temporary files, large projections may stop.
_SPACE = 1 << 30
#: A letter of each script that names of communities are often written in.
_LETTERS = {
    "Chinese": "书",
    "Japanese": "の",
    "Korean": "책",
    "Arabic": "ك",
    "Hindi": "क",
    "Thai": "ก",
    "emoji": "📚",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    part: str
    what: str
    found: str
    state: str
    """``"ok"``, ``"missing"`` (graphkit does not work without), ``"optional"``, or ``"note"``."""
    remedy: str = ""


def examine() -> list[Finding]:
    """Look at all that graphkit needs, and at what it can use."""
    return [*_versions(), *_machine(), *_kernels(), *_extras(), *_fonts(), *_space()]


def _requirements() -> list[tuple[str, str, str]]:
    """Name, bounds and optional part ("" for none) of each package that graphkit asks for."""
    from packaging.requirements import Requirement

    found = []
    for text in metadata.requires(_NAME) or ():
        asked = Requirement(text)
        if asked.marker is None or asked.marker.evaluate({"extra": ""}):
            found.append((asked.name, str(asked.specifier), ""))
            continue
        for extra in metadata.metadata(_NAME).get_all("Provides-Extra") or ():
            if asked.marker.evaluate({"extra": extra}):
                found.append((asked.name, str(asked.specifier), extra))
    return found


def _installed(name: str, bounds: str) -> tuple[str, bool]:
    """Version of a package, or why it will not do."""
    from packaging.specifiers import SpecifierSet

    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed", False
    if not SpecifierSet(bounds).contains(version, prereleases=True):
        return f"{version}, and {bounds} is needed", False
    return version, True


def _versions() -> list[Finding]:
    from graphkit._version import __version__

    new = sys.version_info >= (3, 11)
    found = [
        Finding("versions", "graphkit", __version__, "ok"),
        Finding("versions", "Python", platform.python_version(), "ok" if new else "missing"),
    ]
    try:
        asked = _requirements()
    except metadata.PackageNotFoundError:
        text = "graphkit is not installed as a package: its requirements are not known"
        return [*found, Finding("versions", "packages", text, "note", "pip install .")]
    for name, bounds, extra in sorted(asked):
        if not extra:
            version, fits = _installed(name, bounds)
            remedy = "" if fits else f'pip install "{name}{bounds}"'
            found.append(Finding("versions", name, version, "ok" if fits else "missing", remedy))
    return found


def _machine() -> list[Finding]:
    from graphkit.parallel import cores

    there, used = os.cpu_count() or 1, cores()
    found = [Finding("threads", "cores", f"{used} of {there} are used", "ok")]
    for name in ("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS"):
        if name in os.environ:
            found.append(Finding("threads", name, os.environ[name], "note"))
    return found


def _kernels() -> list[Finding]:
    from graphkit.kernels.compile import cache_folders, cpu_name, is_filled, writable

    folders = cache_folders()
    place = writable(folders)
    filled = is_filled()
    sizes = [_size(folder) for folder in folders]
    used = [
        f"{folder} ({n} files, {size / 1e6:.0f} MB)"
        for folder, (n, size) in zip(folders, sizes, strict=True)
        if n
    ]
    state = "all that default calls need" if filled else "not yet all: compiled at first use"
    found = [
        Finding(
            *("kernels", "compiled", f"{state} (CPU {cpu_name()})"),
            "ok" if filled else "note",
            "" if filled else "graphkit warm  (about a minute, once)",
        ),
        Finding("kernels", "kept in", "; ".join(used) or "none yet", "ok"),
    ]
    if place is not None:
        return [*found, Finding("kernels", "new ones go to", str(place), "ok")]
    lost = "no folder can be written: every process compiles anew"
    remedy = "set NUMBA_CACHE_DIR to a folder that you can write"
    return [*found, Finding("kernels", "new ones go to", lost, "ok" if filled else "note", remedy)]


def _size(folder: Path) -> tuple[int, int]:
    """Number and bytes of the files of a folder that are no compiled modules."""
    try:
        files = [f.stat() for f in folder.iterdir() if f.is_file() and f.suffix != ".pyc"]
    except OSError:
        return 0, 0
    return len(files), sum(file.st_size for file in files)


def _extras() -> list[Finding]:
    try:
        asked = _requirements()
    except metadata.PackageNotFoundError:
        return []
    found = []
    extras = sorted({extra for *_, extra in asked} - {"", *_FOR_DEVELOPERS})
    for extra in extras:
        parts = [(name, *_installed(name, bounds)) for name, bounds, of in asked if of == extra]
        text = ", ".join(f"{name} {version}" for name, version, _ in parts)
        fits = all(fit for *_, fit in parts)
        remedy = "" if fits else f'pip install ".[{extra}]"  (in the folder of graphkit)'
        found.append(Finding("optional", extra, text, "ok" if fits else "optional", remedy))
    return found


def _fonts() -> list[Finding]:
    import logging

    # Matplotlib tells which of several weights it takes, which is no lack
    logger = logging.getLogger("matplotlib.font_manager")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return _look_for_fonts()
    finally:
        logger.setLevel(before)


def _look_for_fonts() -> list[Finding]:
    from matplotlib.font_manager import FontProperties, findfont

    from graphkit.plot.fonts import BASE_FAMILY, fallback_families

    try:
        findfont(FontProperties(family=[BASE_FAMILY]), fallback_to_default=False)
    except ValueError:
        remedy = "pip install --force-reinstall matplotlib"
        base = Finding("fonts", BASE_FAMILY, "not found", "missing", remedy)
    else:
        base = Finding("fonts", BASE_FAMILY, "figures can be drawn", "ok")
    lacking = [script for script, letter in _LETTERS.items() if fallback_families(letter)[1]]
    there = ", ".join(script for script in _LETTERS if script not in lacking) or "none"
    if not lacking:
        return [base, Finding("fonts", "other scripts", there, "ok")]
    remedy = "install Noto Sans of these scripts (fonts-noto on Debian and Ubuntu)"
    text = f"boxes in place of names in {', '.join(lacking)}; there: {there}"
    return [base, Finding("fonts", "other scripts", text, "optional", remedy)]


def _space() -> list[Finding]:
    found = []
    for what, place in (("temporary files", tempfile.gettempdir()), ("this folder", os.getcwd())):
        free = shutil.disk_usage(place).free
        text = f"{free / 1e9:.1f} GB free in {place}"
        if free >= _SPACE:
            found.append(Finding("space", what, text, "ok"))
            continue
        remedy = "set TMPDIR to a folder with more space" if what[0] == "t" else "make space"
        found.append(Finding("space", what, text, "note", remedy))
    return found

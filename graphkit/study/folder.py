"""Results folder of a study: tables, figures, a manifest, and timings in a separate file.

Everything but ``timings.json`` is the same bytes for the same input and seed.
"""

from __future__ import annotations

import errno
import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from graphkit._version import __version__
from graphkit.data.files import (
    guard_formulas,
    locked_folder,
    open_folder,
    read_record,
    write_json,
    write_record,
    write_text,
    write_whole,
)
from graphkit.errors import FileError, GraphkitError, warn
from graphkit.plot.canvas import Canvas, rc_settings
from graphkit.study.disclosure import public_message

__all__ = ["ResultsFolder"]

_MANIFEST = "manifest.json"
#: Dots per inch of what is no vector in a vector figure.
_DPI = 120

#: What the manifest says of the tables.
_CSV = (
    "The Parquet tables are exact. In CSV, texts that a spreadsheet would take for a formula have "
    "an apostrophe before them, and lists are words separated by blanks."
)


@contextmanager
def writing_results(path: str | Path) -> Iterator[None]:
    """Hold a results folder against other studies; an interruption says what stands in it."""
    with locked_folder(Path(path), "a study's results"):
        try:
            yield
        except KeyboardInterrupt as stop:
            done = f" {stop}" if str(stop) else " Run the same again to continue."
            raise KeyboardInterrupt(f"finished results are kept in {path}.{done}") from None


def warn_of_replacing(out: str | Path, is_same: Callable[[Mapping[str, Any]], bool]) -> None:
    """Warn if a folder holds finished results whose manifest is not of the same study."""
    try:
        record = read_record(Path(out) / _MANIFEST) if Path(out).is_dir() else None
    except FileError:  # a damaged one is told when the folder is opened
        return
    if record is not None and record.get("finished") and not is_same(record):
        warn(
            f"{out}: the finished results of another study in this folder are replaced. Name another "
            "folder to keep both."
        )


class ResultsFolder:
    """Writes the results of one study into one folder.

    Parameters
    ----------
    path
        New, empty, or the folder of an earlier study, whose files are replaced. A damaged manifest
        is set aside with a warning; the files that it listed stay until they are written again.

    Raises
    ------
    FileError
        If the folder holds anything else, or cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.files: dict[str, str] = {}
        self.timings: list[dict[str, Any]] = []
        self._opened = time.perf_counter()
        manifest = open_folder(self.path, _MANIFEST, "a study's results") or {}
        for name in (*manifest.get("files", {}), "timings.json", "failures.csv"):
            self._remove(name)
        # marks the folder as ours from the start, so that a failed run can be repeated
        write_record(self.path / _MANIFEST, {"finished": False, "files": {}})

    def _remove(self, name: str) -> None:
        """Remove a file that the manifest lists, if it is one, and in this folder."""
        if Path(name).anchor or ".." in Path(name).parts or "\0" in name:
            return
        path = self.path / name
        try:
            if path.is_file():
                path.unlink()
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:  # no such file can be
                return
            raise FileError(f"{path} cannot be removed: {error.strerror or error}.") from error

    @contextmanager
    def stage(self, name: str, *, since: float | None = None) -> Iterator[None]:
        """Time a stage; its seconds and the peak memory so far go to ``timings.json``.

        The seconds count from `since`, a time of :func:`time.perf_counter`, where work of the stage
        began beside an earlier one. Such stages overlap: `begin` of each is in seconds since the
        folder was opened.

        A stage that fails is a row of ``failures.csv``; the manifest then names the files
        that were finished, and the error says where they are. Neither shows a value of the data:
        see :func:`graphkit.study.disclosure.public_message`.
        """
        start = time.perf_counter() if since is None else since
        try:
            try:
                yield
            finally:
                self._record_time(name, start)
        except Exception as error:
            known = isinstance(error, GraphkitError)
            # values of the data stay in the error that this one is raised from
            what = public_message(error) if known else f"{public_message(error)}."
            try:
                self._record_failure(name, error)
            except FileError:
                what += " The failure could not be written to failures.csv either."
            message = f"stage {name!r}: {what} Finished results are in {self.path}."
            raise (type(error) if known else GraphkitError)(message) from error

    def _record_time(self, stage: str, start: float) -> None:
        seconds = round(time.perf_counter() - start, 3)
        row = {"stage": stage, "begin": round(start - self._opened, 3), "seconds": seconds}
        self.timings.append({**row, "peak_memory_mb": _peak_memory_mb()})

    def _record_failure(self, stage: str, error: Exception) -> None:
        row = {
            "stage": [stage],
            "error": [type(error).__name__],
            "message": [public_message(error, lists=False)],
        }
        self._write_file("failures.csv", guard_formulas(pl.DataFrame(row)).write_csv)
        self.finish({"failed": stage}, finished=False)

    def table(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table as Parquet, and as CSV without formulas: see :func:`guard_formulas`."""
        self._write_file(f"tables/{name}.csv", guard_formulas(frame).write_csv)
        self._write_file(f"tables/{name}.parquet", partial(frame.write_parquet, compression="zstd"))

    def figure(self, name: str, canvas: Canvas, *, vector_only: bool = False) -> None:
        """Write a figure as SVG, for reports and papers, and as PNG, for slides."""
        if not vector_only:
            self._write_file(f"figures/{name}.png", canvas.write, whole=True)
        plain = {"Date": None, "Creator": None}
        with rc_settings({"svg.hashsalt": name, "svg.fonttype": "path"}):
            save = partial(canvas.save, kind="svg", dpi=_DPI, metadata=plain)
            self._write_file(f"figures/{name}.svg", save)

    def has_figure(self, name: str) -> bool:
        """Whether a figure was written by this study."""
        return bool(self.files.get(f"figures/{name}.svg"))

    def copy(self, name: str, source: Path) -> None:
        """Write a file that is the same as another one."""
        self._write_file(name, lambda path: path.write_bytes(source.read_bytes()))

    def text(self, name: str, content: str) -> None:
        """Write a text file, such as ``report.html``."""
        self._write_file(name, lambda path: write_text(path, content), whole=True)

    def finish(
        self, facts: Mapping[str, Any], *, finished: bool = True, timed: bool = True
    ) -> None:
        """Write the manifest, with the hash of every file, and the timings if `timed`."""
        if timed:
            write_json(self.path / "timings.json", self.timings)
        files = dict(sorted(self.files.items()))
        record = {"version": __version__, "finished": finished, **facts, "csv": _CSV}
        record["files"] = files
        write_record(self.path / _MANIFEST, record)

    def _write_file(
        self, file: str, write: Callable[[Path], object], *, whole: bool = False
    ) -> None:
        """Write a file, by itself `whole` or not at all or else by `write_whole`."""
        # listed before it is there, so that the next run removes it if this one is killed
        self.files.setdefault(file, "")
        write_record(self.path / _MANIFEST, {"finished": False, "files": self.files})
        path = self.path / file
        write(path) if whole else write_whole(path, write)
        self.files[file] = hashlib.sha256(path.read_bytes()).hexdigest()


def _peak_memory_mb() -> float | None:
    """Peak resident memory of this process so far; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # kilobytes on Linux, bytes on macOS
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)

"""The results folder: tables, figures, a manifest, and timings in a file of their own.

Everything but ``timings.json`` is the same bytes for the same input and seed.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from graphkit._version import __version__
from graphkit.errors import FileError, GraphkitError
from graphkit.plot._canvas import Canvas

__all__ = ["ResultsFolder"]

_MANIFEST = "manifest.json"


class ResultsFolder:
    """Writes the results of one study into one folder.

    Parameters
    ----------
    path
        New, empty, or the folder of an earlier study, whose files are replaced.

    Raises
    ------
    FileError
        If the folder holds anything else, or cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.files: dict[str, str] = {}
        self.timings: list[dict[str, Any]] = []
        self._prepare()

    def _prepare(self) -> None:
        try:
            if self.path.exists() and not self.path.is_dir():
                raise FileError(f"{self.path} is a file: name a folder for the results.")
            present = sorted(p.name for p in self.path.iterdir()) if self.path.exists() else []
            if present and not self._is_ours():
                raise FileError(
                    f"{self.path} is not empty (it holds {present[0]!r}) and no study of graphkit "
                    "wrote it: name another folder."
                )
            for name in self._earlier_files():
                (self.path / name).unlink(missing_ok=True)
            (self.path / "tables").mkdir(parents=True, exist_ok=True)
            (self.path / "figures").mkdir(exist_ok=True)
            # marks the folder as ours from the start, so that a broken run can be repeated
            self._write_json(_MANIFEST, {"made_by": "graphkit", "finished": False, "files": {}})
        except FileError:
            raise
        except OSError as error:
            raise FileError(
                f"{self.path} cannot be written: {error.strerror or error}. Name another folder."
            ) from error

    def _manifest(self) -> dict[str, Any]:
        try:
            found = json.loads((self.path / _MANIFEST).read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _is_ours(self) -> bool:
        return self._manifest().get("made_by") == "graphkit"

    def _earlier_files(self) -> list[str]:
        names = self._manifest().get("files", {})
        inside = [n for n in names if not Path(n).is_absolute() and ".." not in Path(n).parts]
        return [*inside, "timings.json"]

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; its seconds and the peak memory so far go to ``timings.json``.

        A stage that fails is a row of ``failures.csv``; the manifest then names the files
        that were finished, and the error says where they are.
        """
        start = time.perf_counter()
        try:
            yield
        except Exception as error:
            self._clock(name, start)
            self._fail(name, error)
            what = str(error) if isinstance(error, GraphkitError) else f"{error!r}."
            message = f"stage {name!r}: {what} Finished results are in {self.path}."
            kind = type(error) if isinstance(error, GraphkitError) else GraphkitError
            raise kind(message) from error
        self._clock(name, start)

    def _clock(self, name: str, start: float) -> None:
        seconds = round(time.perf_counter() - start, 3)
        self.timings.append(
            {"stage": name, "seconds": seconds, "peak_memory_mb": _peak_memory_mb()}
        )

    def _fail(self, stage: str, error: Exception) -> None:
        row = {"stage": [stage], "error": [type(error).__name__], "message": [str(error)]}
        pl.DataFrame(row).write_csv(self.path / "failures.csv")
        self._note("failures.csv")
        self._finish({"failed": stage}, finished=False)

    def table(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table as CSV and as Parquet."""
        csv = f"tables/{name}.csv"
        flat = frame.with_columns(pl.col(pl.List(pl.String)).list.join(" "))
        flat.write_csv(self.path / csv, float_precision=None)
        frame.write_parquet(self.path / f"tables/{name}.parquet", compression="zstd")
        self._note(csv)
        self._note(f"tables/{name}.parquet")

    def figure(self, name: str, canvas: Canvas) -> None:
        """Write a figure as PNG."""
        file = f"figures/{name}.png"
        canvas.write(self.path / file)
        self._note(file)

    def text(self, name: str, content: str) -> None:
        """Write a text file, such as ``report.html``."""
        (self.path / name).write_text(content, encoding="utf-8", newline="\n")
        self._note(name)

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Write the manifest, with the hash of every file, and the timings."""
        self._finish(facts, finished=True)

    def _finish(self, facts: Mapping[str, Any], *, finished: bool) -> None:
        self._write_json("timings.json", self.timings)
        self._write_json(
            _MANIFEST,
            {
                "made_by": "graphkit",
                "version": __version__,
                "finished": finished,
                **facts,
                "files": dict(sorted(self.files.items())),
            },
        )

    def _note(self, file: str) -> None:
        content = (self.path / file).read_bytes()
        self.files[file] = hashlib.sha256(content).hexdigest()

    def _write_json(self, name: str, value: Any) -> None:
        text = json.dumps(value, indent=1, ensure_ascii=False)
        (self.path / name).write_text(text + "\n", encoding="utf-8")


def _peak_memory_mb() -> float | None:
    """Peak resident memory of this process so far; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # kilobytes on Linux, bytes on macOS
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)

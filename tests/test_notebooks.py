"""Notebooks are run, and what they show is what they showed when they were written."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))


def shown(notebook: nbformat.NotebookNode) -> list[str]:
    """The text of every result, in order."""
    return [
        output["data"]["text/plain"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "data" in output
    ]


# the kernel opens sockets of its own, whose warnings are not ours to mend
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_run_and_agree_with_what_they_show(
    path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "shared/data" in path.read_text():
        request.getfixturevalue("shared_data")  # skips where the data are absent
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    written = nbformat.read(path, as_version=4)
    again = nbformat.read(path, as_version=4)
    # as a reader opens it: paths are relative to the notebook
    beside = {"metadata": {"path": str(path.parent)}}
    NotebookClient(again, timeout=300, kernel_name="python3", resources=beside).execute()
    assert len(shown(written)) > 5
    assert shown(again) == shown(written)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_name_no_machine(path: Path) -> None:
    text = path.read_text()
    assert str(ROOT) not in text
    assert '"output_type": "error"' not in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_hold_no_warnings(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.get("name") == "stderr"]

"""Notebooks are run, show what they showed when they were written, begin with a question and conclude."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from graphkit.study import check_study

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
#: The documentation links to them by these names.
NAMES = [
    *("creators_and_harm", "follow_against_interest", "from_one_csv", "observed_logs"),
    *("scripted_study", "trust", "why_and_for_whom", "your_own_feed"),
]
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


#: Makes a kernel that ran another notebook as a new one: its names, its folder, its tables.
RESET = """
get_ipython().reset(new_session=True)
import os
import polars
os.chdir({folder!r})
polars.Config.restore_defaults()
get_ipython().reset(new_session=True)
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[KernelManager]:
    """One for all notebooks of this process: imports and compiled kernels are loaded once."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(ROOT))
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel()
    yield manager
    manager.shutdown_kernel(now=True)


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def shown(notebook: nbformat.NotebookNode) -> list[str]:
    """The text of every result, in order, and what each cell prints."""
    texts = []
    for cell in notebook.cells:
        held = cell.get("outputs", [])
        # how what is printed falls into pieces is chance
        texts.append("".join(output["text"] for output in held if "text" in output))
        texts += [output["data"]["text/plain"] for output in held if "data" in output]
    return [text for text in texts if text]


def test_there_are_the_notebooks_that_the_documentation_names() -> None:
    assert [path.stem for path in NOTEBOOKS] == NAMES


# the kernel opens sockets of its own, whose warnings are not ours to mend
@pytest.mark.filterwarnings("default")
@each
def test_notebooks_run_and_agree_with_what_they_show(path: Path, kernel: KernelManager) -> None:
    written = nbformat.read(path, as_version=4)
    again = nbformat.read(path, as_version=4)
    # as a reader opens it: paths are relative to the notebook
    begin = nbformat.v4.new_code_cell(RESET.format(folder=str(path.parent)))
    again.cells.insert(0, begin)
    client = NotebookClient(again, km=kernel, timeout=300)
    try:
        client.execute()
    finally:
        client.kc.stop_channels()
    assert begin.outputs == []
    assert len(shown(written)) > 5
    assert shown(again) == shown(written)


@each
def test_notebooks_begin_with_a_question_and_end_with_what_may_be_concluded(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].cell_type == cells[-1].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert "?" in cells[0].source
    assert cells[-1].source.startswith("## What may be concluded\n")
    assert len(cells[-1].source.split()) > 50


@each
def test_notebooks_name_no_machine_and_need_no_data_beside_the_checkout(path: Path) -> None:
    text = path.read_text()
    assert str(ROOT) not in text
    assert "shared/data" not in text
    assert "/tmp/" not in text
    assert '"output_type": "error"' not in text


@each
def test_notebooks_hold_no_warnings_and_are_small(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert not [output for output in outputs(notebook) if output.get("name") == "stderr"]
    assert path.stat().st_size < 700_000


def test_studies_that_fetch_data_read_a_copy_on_disk(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = str(ROOT / "benchmarks" / "hetrec_on_disk.py")
    folder = shared_data / "hetrec2011_lastfm_2k"
    monkeypatch.setattr(sys, "argv", [script, str(folder), str(tmp_path)])
    runpy.run_path(script, run_name="__main__")
    monkeypatch.setenv("GRAPHKIT_DATA", str(tmp_path))
    monkeypatch.setenv("GRAPHKIT_REGISTRY", str(tmp_path / "registry.toml"))
    for name in ("hetrec", "feeds_hetrec"):
        stages = dict(check_study(ROOT / "notebooks" / "studies" / f"{name}.toml").rows())
        assert stages["data"].startswith("fetch: 1,892 accounts")

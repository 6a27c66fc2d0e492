"""Every code block of the README and the documentation is run, page by page, in a folder of its own."""

from __future__ import annotations

import doctest
import functools
import json
import re
import shlex
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from typer.testing import CliRunner

import graphkit as gk
from graphkit import progress
from graphkit.cli import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Pages that are written by hand; those made at build time show lines that the build runs.
PAGES = sorted(
    page
    for page in (ROOT / "README.md", *DOCS.rglob("*.md"))
    if not {"_build", "_made", "reference", "notebooks"} & set(page.relative_to(ROOT).parts)
)
LANGUAGES = {"python", "pycon", "shell", "toml", "text", "{toctree}", "{include}"}
#: Commands that are only parsed: they need a network or a cluster, take long, or `.ci/run` runs them.
ONLY_PARSED = ("demo", "warm", "run study.toml --out results --executor", "fetch hetrec")
#: Other programs that a page may name.
PROGRAMS = {"python3", ".venv/bin/pip", ".venv/bin/python", ".venv/bin/graphkit"}


class Block(NamedTuple):
    """A fenced block: its language, a word after it, its text, and the line on which it begins.

    The word ``parsed`` is for commands whose files the page does not make.
    """

    language: str
    mark: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    found, start = [], 0
    fence: list[str] = []
    lines: list[str] = []
    for k, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            if fence:
                found.append(Block(fence[0], fence[-1], "\n".join(lines) + "\n", start))
                fence, lines = [], []
            else:
                fence, start = line.removeprefix("```").split(), k + 1
        elif fence:
            lines.append(line)
    assert not fence, f"{page.name}: a block is not closed"
    return found


def commands(block: Block) -> Iterator[str]:
    """Lines of a shell, with those that a backslash continues joined; without comments."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def parse(words: list[str]) -> None:
    """Raise a usage error if graphkit has no such command or option."""
    command: Any = typer.main.get_command(app)
    if not words or words[0].startswith("--"):
        return
    command.commands[words[0]].make_context(words[0], words[1:])


def run_shell(block: Block, page: Path) -> None:
    for line in commands(block):
        for part in line.split("&&"):
            program, *words = shlex.split(part)
            if program != "graphkit":
                assert program in PROGRAMS, f"{page.name}: {line}"
                continue
            parse(words)
            named = " ".join(words)
            if block.mark == "parsed" or named.startswith(ONLY_PARSED):
                continue
            done = CliRunner().invoke(app, words)
            assert done.exit_code == 0, f"{page.name}: {line}\n{done.output}\n{done.exception!r}"


def run_python(block: Block, page: Path, names: dict[str, Any]) -> None:
    # the line of the page stands in a traceback
    code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
    exec(code, names)


def run_console(block: Block, page: Path, names: dict[str, Any]) -> None:
    flags = doctest.NORMALIZE_WHITESPACE
    parsed = doctest.DocTestParser().get_doctest(
        block.text, names, page.name, str(page), block.line - 1
    )
    parsed.globs = names
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=flags, verbose=False)
    runner.run(parsed, out=told.append, clear_globs=False)
    assert runner.tries
    assert runner.failures == 0, "".join(told)


def run_page(page: Path) -> dict[str, Any]:
    """Run the blocks of a page in order; names that it leaves."""
    before = re.search(r"<!-- continues: (\S+) -->", page.read_text())
    names = dict(tutorial()) if before else {"__name__": "page"}
    if before:
        assert before[1] == "tutorial.md"
    with warnings.catch_warnings():
        # results are small: what is filler, or has no name, is said in them
        warnings.simplefilter("ignore", gk.GraphkitWarning)
        for block in blocks(page):
            if block.language == "python":
                run_python(block, page, names)
            elif block.language == "pycon":
                run_console(block, page, names)
            elif block.language == "shell":
                run_shell(block, page)
            elif block.language == "toml":
                tomllib.loads(block.text)
                # a file that the page names in its first line is there for what follows
                name = re.match(r"# (\w+\.toml)\n", block.text)
                if name:
                    Path(name[1]).write_text(block.text)
    return names


@functools.cache
def tutorial() -> dict[str, Any]:
    """What the tutorial leaves to the pages that go on from it; run once."""
    return run_page(DOCS / "tutorial.md")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRAPHKIT_KEY", raising=False)
    monkeypatch.setattr(progress, "_asked", None)  # a page turns it off
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_blocks_of_every_page_run(page: Path) -> None:
    assert {block.language for block in blocks(page)} <= LANGUAGES
    names = tutorial() if page.name == "tutorial.md" else run_page(page)
    assert names
    if page.name == "own_data.md":  # its commands find what was planted, by name
        assert json.loads(Path("results/manifest.json").read_text())["communities_found"] == 3
        assert "#books" in Path("results/report.html").read_text()


def test_a_wrong_option_would_be_found() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse(["communities", "data", "--out", "x", "--no-such"])
    with pytest.raises(KeyError, match="comunities"):
        parse(["comunities"])


def test_every_page_has_text_and_no_indented_code() -> None:
    for page in PAGES:
        outside = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        indented = [line for line in outside.splitlines() if re.match(r"    (?!\S*[*|-])\S", line)]
        assert indented == [], page.name

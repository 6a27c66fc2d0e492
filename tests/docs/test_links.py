"""Links: of the sources, to files that are there; of the built pages, to anchors, and nowhere else."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from graphkit import plot

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MADE = {"_build", "_made", "reference", "notebooks"}
SOURCES = [
    *(ROOT / "README.md", ROOT / "CONTRIBUTING.md"),
    *(p for p in sorted(DOCS.rglob("*.md")) if not MADE & set(p.relative_to(ROOT).parts)),
]


def tool(name: str) -> dict[str, object]:
    """Names of a module of docs/ that needs no Sphinx."""
    sys.path.insert(0, str(DOCS))
    try:
        return vars(__import__(name))
    finally:
        sys.path.pop(0)


def is_address(link: str) -> bool:
    """Whether a link leads elsewhere, by an address that can be one."""
    parts = urlsplit(link)
    return parts.scheme == "https" and bool(re.fullmatch(r"[\w.-]+\.[a-z]{2,}", parts.netloc))


def links(page: Path) -> Iterator[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"(?<!`)\]\(([^)\s]+)\)", text)


@pytest.mark.parametrize("page", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_of_the_sources_lead_somewhere(page: Path) -> None:
    notebooks = {f"{name}.ipynb" for name in tool("notebook_pages")["NOTEBOOKS"]}  # type: ignore[attr-defined]
    for link in links(page):
        if "://" in link:
            assert is_address(link), link
            continue
        path = page.parent / unquote(link.split("#")[0])
        # pages that the build makes, and notebooks by the one list of their names
        if path.name in notebooks or link.startswith(("_made/", "../_made/", "reference/")):
            continue
        assert path.exists(), link


def test_every_figure_is_in_the_gallery() -> None:
    figures = tool("gallery")["FIGURES"]
    # types, colours, and a page of its own kind
    elsewhere = {"Canvas", "InteractiveMap", "Palette", "interactive_map", "palette"}
    assert sorted(set(plot.__all__) - elsewhere) == sorted(figures)  # type: ignore[call-overload]


class Page(HTMLParser):
    """Links, anchors and loaded files of a page, and pictures without a text."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.loaded: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in ("img", "script", "iframe", "source") and "src" in given:
            self.loaded.append(given["src"])
            if tag == "img" and "alt" not in given:
                self.silent.append(given["src"])
        elif tag == "link" and given.get("rel") not in ("canonical", "prev", "next"):
            self.loaded.append(given.get("href", ""))


@pytest.fixture(scope="module")
def site() -> dict[Path, Page]:
    folder = os.environ.get("GRAPHKIT_DOCS")
    if not folder or not (Path(folder) / "index.html").exists():
        pytest.skip("GRAPHKIT_DOCS names no folder of built pages; .ci/run sets it")
    pages = {}
    for path in sorted(Path(folder).resolve().rglob("*.html")):
        if "_static" not in path.parts:
            pages[path] = Page()
            pages[path].feed(path.read_text())
    return pages


def test_links_of_the_built_pages_lead_to_pages_and_anchors(site: dict[Path, Page]) -> None:
    assert len(site) > 200
    broken = []
    for path, page in site.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme in ("http", "https", "mailto"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            known = target in site and (not anchor or anchor in site[target].anchors)
            if not known and not (target.is_file() and not anchor):
                broken.append((path.name, link))
    assert broken == []


def test_built_pages_load_nothing_from_elsewhere(site: dict[Path, Page]) -> None:
    away = {
        (path.name, file)
        for path, page in site.items()
        for file in page.loaded
        if urlsplit(file).netloc or urlsplit(file).scheme not in ("", "data")
    }
    assert away == set()


def test_built_pages_give_every_picture_a_text(site: dict[Path, Page]) -> None:
    assert {(path.name, file) for path, page in site.items() for file in page.silent} == set()


def test_addresses_elsewhere_are_well_formed(site: dict[Path, Page]) -> None:
    away = {link for page in site.values() for link in page.links if link.startswith("http")}
    assert {link for link in away if not urlsplit(link).netloc} == set()

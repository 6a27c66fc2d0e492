"""Pages of a study: templates, their style and script, and figures within them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from graphkit.data.display import plain_text
from graphkit.study.figures import PHONE, ReportFigure

__all__ = ["Picture", "embed", "render"]

_ESCAPES = (("#", "%23"), ("<", "%3C"), (">", "%3E"), ("&", "%26"))


class Picture(NamedTuple):
    """A figure of a page: its name, its SVGs as data URIs, texts, and its file in the folder.

    `narrow` is the figure for a phone, or empty.
    """

    name: str
    data: Markup
    narrow: str
    alt: str
    caption: str
    file: str

    @property
    def tall(self) -> bool:
        """Whether it has a row for each condition, measure or community."""
        return self.name.startswith(("contrast_", "map", "flows"))


def embed(figures: Sequence[ReportFigure], folder: Path) -> dict[str, list[Picture]]:
    """Figures in a results folder by section of its page."""
    found: dict[str, list[Picture]] = {}
    for figure in figures:
        page, phone = (folder / "figures" / f"{figure.name}{end}.svg" for end in ("", PHONE))
        if page.exists():
            narrow = _packed(phone.read_bytes()) if phone.exists() else ""
            file = f"figures/{figure.name}.svg"
            data = _quoted(page.read_text(encoding="utf-8"))
            picture = Picture(figure.name, data, narrow, figure.alt, figure.caption, file)
            found.setdefault(figure.section, []).append(picture)
    return found


def _quoted(svg: str) -> Markup:
    """An SVG as a data URI for an attribute in double quotes; a quarter shorter than base64."""
    svg = svg.replace("'", "&apos;").replace('"', "'")
    # a URI loses its line breaks; %, # and what HTML would read are escaped
    for plain, escaped in (("%", "%25"), ("\n", " "), *_ESCAPES):
        svg = svg.replace(plain, escaped)
    return Markup("data:image/svg+xml," + svg)


def _packed(svg: bytes) -> str:
    """An SVG as a data URI without a space, which would end it in a list of sources."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")


def render(template: str, content: Mapping[str, Any]) -> str:
    """A page that needs no other file, and may load none."""
    environment = Environment(
        loader=PackageLoader("graphkit.study", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    own = {name: _asset(f"page.{name}") for name in ("css", "js")}
    digest = base64.b64encode(hashlib.sha256(own["js"].encode()).digest()).decode("ascii")
    page = environment.get_template(template).render(
        **content,
        style=Markup(own["css"]),
        script=Markup(own["js"]),
        script_hash=f"sha256-{digest}",
    )
    return plain_text(page)


def _asset(name: str) -> str:
    return files("graphkit.study").joinpath("templates", name).read_text(encoding="utf-8")

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


class Picture(NamedTuple):
    """A figure of a page: its name, its SVGs as base64, texts, and its file in the folder.

    `narrow` is the figure for a phone, or empty.
    """

    name: str
    data: str
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
        data, narrow = (_encoded(folder, figure.name + end) for end in ("", PHONE))
        if data:
            file = f"figures/{figure.name}.svg"
            picture = Picture(figure.name, data, narrow, figure.alt, figure.caption, file)
            found.setdefault(figure.section, []).append(picture)
    return found


def _encoded(folder: Path, name: str) -> str:
    """An SVG of a results folder as base64; empty if there is none."""
    path = folder / "figures" / f"{name}.svg"
    return base64.b64encode(path.read_bytes()).decode("ascii") if path.exists() else ""


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

"""What tests of studies share."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graphkit.plot.style import Canvas

#: A PNG of one pixel.
_PIXEL = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
#: An SVG of one pixel.
_SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


def _save(_: Canvas, file: Path, **more: Any) -> None:
    file.write_bytes(_SVG if more.get("format") == "svg" else _PIXEL)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are composed and saved as one pixel: for studies whose numbers and words count."""
    monkeypatch.setattr(Canvas, "savefig", _save)


@pytest.fixture(scope="module")
def all_undrawn() -> Iterator[None]:
    """The same for a module, whose tests share a study."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Canvas, "savefig", _save)
        yield

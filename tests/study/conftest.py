"""What tests of studies share."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from graphkit.plot.style import Canvas

#: A PNG of one pixel.
_PIXEL = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are composed and saved as one pixel: for studies whose numbers and words count."""

    def save(_: Canvas, file: Path, **more: Any) -> None:
        file.write_bytes(_PIXEL)

    monkeypatch.setattr(Canvas, "savefig", save)

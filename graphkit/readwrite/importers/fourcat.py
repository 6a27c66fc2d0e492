"""Tables of 4CAT and Zeeschuimer: see fourcat.toml."""

from __future__ import annotations

from pathlib import Path

from graphkit.readwrite.importers.dialects import importers_of, load_formats

__all__ = ["IMPORTERS"]

IMPORTERS = importers_of(load_formats(Path(__file__).with_suffix(".toml")))

"""Importers: how each format that researchers hold is recognised and read, one file per platform.

Every module names its importers in ``IMPORTERS``; the first that recognises a file reads it.
"""

from __future__ import annotations

__all__: list[str] = []

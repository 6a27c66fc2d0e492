"""Importers: how each format that researchers hold is recognised and read, one file per platform.

Every module names its importers in ``IMPORTERS``; the first that recognises a file reads it.
"""

from __future__ import annotations

from graphkit.readwrite.extract import Importer

__all__ = ["IMPORTERS"]

#: All importers, in the order in which they are asked.
IMPORTERS: tuple[Importer, ...] = ()

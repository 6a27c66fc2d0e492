"""Importers: how each format that researchers hold is recognised and read, one file per platform.

Every module names its importers in ``IMPORTERS``; the first that recognises a file reads it.
"""

from __future__ import annotations

from graphkit.readwrite.extract import Importer
from graphkit.readwrite.importers import (
    bluesky,
    coordination,
    failla_rossetti,
    fourcat,
    instagram,
    kuaishou,
    mastodon,
    recommender_sets,
    reddit,
    tiktok_api,
    tiktok_export,
    tiktok_tables,
    tiktok_web,
    twarc_tables,
    x,
    youtube,
    zeeschuimer,
)

__all__ = ["IMPORTERS"]

#: All importers, in the order in which they are asked.
IMPORTERS: tuple[Importer, ...] = (
    *tiktok_export.IMPORTERS,
    *zeeschuimer.IMPORTERS,
    *fourcat.IMPORTERS,
    *tiktok_api.IMPORTERS,
    *tiktok_web.IMPORTERS,
    *tiktok_tables.IMPORTERS,
    *bluesky.IMPORTERS,
    *failla_rossetti.IMPORTERS,
    *x.IMPORTERS,
    *twarc_tables.IMPORTERS,
    *reddit.IMPORTERS,
    *mastodon.IMPORTERS,
    *instagram.IMPORTERS,
    *youtube.IMPORTERS,
    *kuaishou.IMPORTERS,
    *recommender_sets.IMPORTERS,
    *coordination.IMPORTERS,
)

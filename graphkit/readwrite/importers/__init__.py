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

#: Modules of the platforms whose ids they hold; data sets have ids of their own.
_MODULES = {
    "TikTok": (tiktok_export, zeeschuimer, tiktok_api, tiktok_web, tiktok_tables),
    "Bluesky": (bluesky,),
    "X": (x, twarc_tables),
    "Reddit": (reddit,),
    "Mastodon": (mastodon,),
    "Instagram": (instagram,),
    "YouTube": (youtube,),
}
_DATA_SETS = (failla_rossetti, kuaishou, recommender_sets, coordination)

#: All importers, in the order in which they are asked. 4CAT writes tables of several platforms.
IMPORTERS: tuple[Importer, ...] = (
    *(
        importer._replace(platform=platform)
        for platform, modules in _MODULES.items()
        for module in modules
        for importer in module.IMPORTERS
    ),
    *fourcat.IMPORTERS,
    *(i._replace(platform=i.name) for module in _DATA_SETS for i in module.IMPORTERS),
)

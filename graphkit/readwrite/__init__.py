"""Files and nouns: reading what platforms and data sets hand out, writing what graphkit made."""

from graphkit.readwrite.bundled import load_platform, write_platform
from graphkit.readwrite.folder import read_dataset, write_dataset
from graphkit.readwrite.hetrec import read_hetrec_lastfm
from graphkit.readwrite.stream import read_incidence
from graphkit.readwrite.tiktok import read_tiktok_api

__all__ = [
    "load_platform",
    "read_dataset",
    "read_hetrec_lastfm",
    "read_incidence",
    "read_tiktok_api",
    "write_dataset",
    "write_platform",
]

"""Readers and writers: any log, dataset folders, platforms, graph files, logs beyond memory."""

from __future__ import annotations

from graphkit.data.results import ImportReport
from graphkit.readwrite.census import formats, read_any, write_report
from graphkit.readwrite.columns import from_frame
from graphkit.readwrite.dataset_exports import write_coortweet, write_recbole
from graphkit.readwrite.folder import read_dataset, write_dataset
from graphkit.readwrite.gexf import write_gexf
from graphkit.readwrite.graph_files import read_graph, write_graph
from graphkit.readwrite.graphml import write_graphml
from graphkit.readwrite.hetrec import read_hetrec_lastfm
from graphkit.readwrite.log import read_incidence
from graphkit.readwrite.platform import load_platform, write_platform
from graphkit.readwrite.tiktok import read_tiktok_api
from graphkit.teaching import teach

__all__ = [
    "ImportReport",
    "formats",
    "from_frame",
    "load_platform",
    "read_any",
    "read_dataset",
    "read_graph",
    "read_hetrec_lastfm",
    "read_incidence",
    "read_tiktok_api",
    "write_coortweet",
    "write_dataset",
    "write_gexf",
    "write_graph",
    "write_graphml",
    "write_platform",
    "write_recbole",
    "write_report",
]


def __dir__() -> list[str]:
    return __all__


teach(globals())

"""Readers and writers of data sets and graphs: folders, TikTok, HetRec 2011, logs, GEXF, GraphML."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from graphkit.data.dataset import Dataset
from graphkit.data.results import ImportReport
from graphkit.errors import FileError, OptionError, check_choice
from graphkit.readwrite.folder import is_dataset, read_dataset, write_dataset
from graphkit.readwrite.graph_files import read_graph
from graphkit.readwrite.graphml import write_graphml
from graphkit.readwrite.hetrec import is_hetrec_lastfm, read_hetrec_lastfm
from graphkit.readwrite.log import read_incidence
from graphkit.readwrite.platform import load_platform, write_platform
from graphkit.readwrite.tiktok import is_tiktok_api, read_tiktok_api

__all__ = [
    "READERS",
    "ImportReport",
    "load_platform",
    "read_any",
    "read_dataset",
    "read_graph",
    "read_hetrec_lastfm",
    "read_incidence",
    "read_tiktok_api",
    "write_dataset",
    "write_graphml",
    "write_platform",
]


class Reader(NamedTuple):
    """Reader of a format: its function, test of a path, and description of the format."""

    read: Callable[..., tuple[Dataset, ImportReport]]
    recognises: Callable[[Path], bool]
    holds: str
    stitches: bool = False


#: Readers by the name of their format; the first that recognises a path reads it.
READERS = {
    "folder": Reader(read_dataset, is_dataset, "tables as Parquet, CSV or NDJSON"),
    "hetrec-lastfm": Reader(read_hetrec_lastfm, is_hetrec_lastfm, "the HetRec 2011 files"),
    "tiktok": Reader(
        read_tiktok_api, is_tiktok_api, "JSON of TikTok's Research API", stitches=True
    ),
}


def read_any(
    path: str | Path, *, format: str | None = None, stitches: Iterable[str | Path] = ()
) -> tuple[Dataset, ImportReport]:
    """Read a data set in any format of ``READERS``: a folder, TikTok JSON, or HetRec 2011 files.

    Parameters
    ----------
    path
        Folder or file.
    format
        A name of ``READERS``; recognised from the names of the files if absent.
    stitches
        For ``"tiktok"``: files or folders of stitch lists.

    Returns
    -------
    tuple of Dataset and ImportReport

    Raises
    ------
    OptionError
        For an unknown format, or stitches with a format that has none.
    FileError
        If the path does not exist, or its format is not recognised.

    Examples
    --------
    >>> import tempfile
    >>> ds = Dataset(follows={"follower_id": ["a", "b"], "followee_id": ["b", "a"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_any(write_dataset(ds, folder))[0].content_key == ds.content_key
    True
    """
    path, lists = Path(path), list(stitches)
    if format is None:
        if not path.exists():
            raise FileError(f"{path} does not exist.")
        format = next((name for name, r in READERS.items() if r.recognises(path)), None)
        if format is None:
            known = "; ".join(f"{name}: {r.holds}" for name, r in READERS.items())
            raise FileError(f"{path} is of no format that is known ({known}).")
    check_choice("format", format, READERS)
    reader = READERS[format]
    if lists and not reader.stitches:
        raise OptionError(f"stitches= does not go with format={format!r}.")
    return reader.read(path, stitches=lists) if lists else reader.read(path)


def __dir__() -> list[str]:
    return __all__

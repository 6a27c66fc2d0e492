"""Public data by name: download, check, read, count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.frozen import Frozen
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.results import ImportReport
from graphkit.datasets.download import Downloaded, get_files
from graphkit.datasets.registry import BUNDLED, Entry, find_entry
from graphkit.errors import DataError, FileError, GraphkitError, MissingDataError, shorten, warn
from graphkit.parallel import refuse_after_fork
from graphkit.readwrite import load_platform, read_any, read_graph
from graphkit.readwrite.files import read_lines
from graphkit.readwrite.platform import bundled_folder

__all__ = ["Fetched", "fetch"]


@dataclass(frozen=True, repr=False, eq=False)
class Fetched(Frozen, table="counts"):
    """Public data with their terms, and what was checked.

    Attributes
    ----------
    name, title
        Name in the registry, and what it stands for.
    licence, cite
        Terms of use as the publisher states them, and what to cite.
    path
        Folder or file that was read, in the cache.
    data
        The data: a dataset, or a graph.
    report
        What the reader read and dropped; `None` for the bundled platform.
    groups
        Known groups of the nodes or accounts, if there are any.
    files
        One row per file: file, url, bytes, sha256 (as it was served), check (``"SHA-256 as
        registered"``, or ``"not checked"`` where the registry has none).
    counts
        One row per count of the registry: what, expected, found.
    """

    name: str
    title: str
    licence: str
    cite: str
    path: Path
    data: Dataset | Graph
    report: ImportReport | None
    groups: Partition | None
    files: pl.DataFrame
    counts: pl.DataFrame

    @property
    def verified(self) -> bool:
        """Whether each file has the SHA-256 of the registry; true of the bundled platform."""
        return not (self.files.get_column("check") == _NOT_CHECKED).any()

    @property
    def differences(self) -> pl.DataFrame:
        """The counts that are not as expected."""
        return self.counts.filter(pl.col("expected") != pl.col("found"))

    def _title(self) -> str:
        return f"Public data {self.name}: {self.title}"

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {"licence": self.licence, "cite": self.cite}
        facts |= {
            f"file {name}": check for name, check in self.files.select("file", "check").rows()
        }
        for what, expected, found in self.counts.rows():
            facts[what] = found if found == expected else f"{found:,}, not {expected:,} as expected"
        return {**facts, "path": str(self.path)}


_CHECKED, _NOT_CHECKED = "SHA-256 as registered", "not checked"


def fetch(name: str, *, registry: str | Path | None = None) -> Fetched:
    """Fetch public data by name: download them once, check them, read them.

    Files are kept in the user's cache folder, or in that of the variable ``GRAPHKIT_DATA``, and are
    read from there without a network from then on. The SHA-256 of each is compared with that of the
    registry, every time. Names are listed by :func:`available`.

    Parameters
    ----------
    name
        Name in the registry, such as ``"hetrec"``, or ``"platform"`` for the bundled one.
    registry
        A TOML file with entries of your own, of the form of ``graphkit/datasets/registry.toml``; by
        default that of the variable ``GRAPHKIT_REGISTRY``, if it is set. Its entries replace those of
        the same name. Where one has ``sha256 = ""``, nothing proves that the file is the right one: a
        warning says so with the SHA-256 that was seen, which later downloads must have too.

    Returns
    -------
    Fetched
        The data, licence, what to cite, files with their hashes, and counts as expected and found.

    Raises
    ------
    OptionError
        If there are no data of that name.
    FileError
        If a file cannot be downloaded and is not in the cache, is another one than that of the
        registry, cannot be unpacked, or has been changed in the cache.
    DataError
        If an entry of the registry is not valid, or the data are not of the format that it says.

    Warns
    -----
    GraphkitWarning
        If a file is not checked, or a count is not as expected.

    Examples
    --------
    >>> import graphkit as gk
    >>> found = gk.datasets.fetch("platform")
    >>> found.counts.filter(what="accounts").row(0), found.groups.n_communities
    (('accounts', 5000, 5000), 12)
    """
    refuse_after_fork()
    entry = find_entry(name, registry=registry)
    found = _bundled(entry) if entry.name == BUNDLED else _read(entry)
    unchecked = found.files.filter(check=_NOT_CHECKED)
    for file, digest in unchecked.select("file", "sha256").rows():
        warn(
            f"{name!r}: {file} is NOT CHECKED: its registry has no SHA-256, so that nothing proves that "
            f"it is the right file. Seen: {digest}. Compare it with what the publisher or a colleague "
            "has, and put it in the registry as sha256."
        )
    told = [f"{n:,} {what} in place of {wanted:,}" for what, wanted, n in found.differences.rows()]
    if told:
        why = "though the files are those of the registry: the reader or the counts have changed"
        warn(
            f"{name!r} does not hold what is expected: {', '.join(told)}"
            f"{f', {why}' if found.verified else ': it may be another version of the data'}."
        )
    return found


def _bundled(entry: Entry) -> Fetched:
    platform = load_platform()
    return _fetched(entry, bundled_folder(), platform.dataset, None, platform.truth, {})


def _read(entry: Entry) -> Fetched:
    got = get_files(entry)
    try:
        return _read_files(entry, got)
    except GraphkitError as error:
        if all(file.sha256 for file in entry.files):
            raise
        # else a page of a log-in, or half a file, would be read again and again
        raise type(error)(
            f"{error} Nothing proves that what was downloaded is the right file: to download "
            f"{entry.name!r} again, remove the folder {got.folder.parent}."
        ) from error


def _read_files(entry: Entry, got: Downloaded) -> Fetched:
    path, groups = got.folder / entry.path, None
    if not path.exists():
        raise FileError(
            f"{entry.name!r}: path = {entry.path!r} of the registry is not in {got.folder}."
        )
    if path.is_dir() and len(held := list(path.iterdir())) == 1 and held[0].is_file():
        path = held[0]
    data: Dataset | Graph
    if entry.read != "graph":
        data, report = read_any(
            path, format=None if entry.read == "any" else entry.read, **entry.options
        )
        return _fetched(entry, path, data, report, None, got.served)
    if path.is_dir():
        raise DataError(
            f"{entry.name!r}: a graph is one file, and there are several in {path}: name it as 'path' in "
            "the registry."
        )
    data, report = read_graph(path, **entry.options)
    if entry.groups:
        groups = _groups(entry, data, got.folder)
    return _fetched(entry, path, data, report, groups, got.served)


def _groups(entry: Entry, graph: Graph, folder: Path) -> Partition:
    """Known groups of the nodes: from a file of pairs, or an attribute."""
    if entry.groups in [f.name for f in entry.files]:
        lines = read_lines(folder / entry.groups)
        pairs = lines.str.extract_groups(r"^(\S+)\s+(\S.*)$").struct.unnest()
        node, group = pairs.get_columns()
        wrong = node.is_null() & (lines != "")
        if wrong.any():
            raise DataError(
                f"{entry.name!r}: {entry.groups}, line {int(wrong.arg_true()[0]) + 1}: a node and its "
                "group are needed."
            )
        node, group = node.drop_nulls(), group.drop_nulls()
    else:
        table = graph.attributes
        if table is None or entry.groups not in table.columns:
            raise MissingDataError(
                f"{entry.name!r}: groups = {shorten(entry.groups)} of the registry is neither a file of "
                "it nor an attribute of the nodes."
            )
        node, group = table.get_column("id"), table.get_column(entry.groups).cast(pl.String)
    return Partition.from_membership(
        node.to_list(), group.to_list(), graph=graph, provenance=Provenance("known groups")
    )


def _fetched(
    entry: Entry,
    path: Path,
    data: Dataset | Graph,
    report: ImportReport | None,
    groups: Partition | None,
    served: Mapping[str, tuple[str, int]],
) -> Fetched:
    rows = [(f.name, f.url, *served[f.name][::-1], f.sha256) for f in entry.files]
    texts = dict.fromkeys(("file", "url"), pl.String)
    schema = {**texts, "bytes": pl.Int64, "sha256": pl.String, "check": pl.String}
    files = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        check=pl.when(pl.col("check") == "").then(pl.lit(_NOT_CHECKED)).otherwise(pl.lit(_CHECKED))
    )
    found: dict[str, int] = {}
    if isinstance(data, Graph):
        found |= {"nodes": data.n_nodes, "edges": data.n_edges}
    else:
        found |= {name: table.height for name, table in data.tables.items()}
        found |= {"accounts": len(data.account_ids), "items": len(data.item_ids)}
    if groups is not None:
        found["groups"] = groups.n_communities
    counts = pl.DataFrame(
        [(what, expected, found.get(what, 0)) for what, expected in entry.counts.items()],
        schema={"what": pl.String, "expected": pl.Int64, "found": pl.Int64},
        orient="row",
    )
    terms = (entry.name, entry.title, entry.licence, entry.cite)
    return Fetched(*terms, path, data, report, groups, files, counts)

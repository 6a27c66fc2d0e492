"""Folders of synthetic platforms with ground truth, among them the bundled one."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from graphkit.data.dataset import Dataset
from graphkit.data.files import read_json, write_text, write_whole
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.data.provenance import Provenance
from graphkit.errors import DataError, FileError, shorten
from graphkit.readwrite.files import check_writable, reading_file, require_folder, sha256_of
from graphkit.readwrite.folder import read_dataset, write_dataset

__all__ = ["load_platform", "write_platform"]

_ABOUT = "platform.json"
_ACCOUNTS, _ITEMS = "truth_accounts.parquet", "truth_items.parquet"
_VERSION = 1


def load_platform(path: str | Path | None = None) -> Platform:
    """Read the folder of a synthetic platform: the bundled one, or one of :func:`write_platform`.

    Parameters
    ----------
    path
        Folder of the platform; by default, the platform that comes with graphkit.

    Returns
    -------
    Platform
        Dataset with its ground truth: communities, interests and topics.

    Raises
    ------
    FileError
        If there is no such folder, or a file in it is missing, damaged or changed.
    DataError
        If the ground truth does not match the dataset.

    Examples
    --------
    >>> import tempfile
    >>> from graphkit.data.dataset import Dataset
    >>> from graphkit.data.partition import Partition
    >>> made = Platform(
    ...     Dataset(interactions={"account_id": ["a"], "item_id": ["v"], "kind": ["like"]}),
    ...     Partition.from_membership(["a"], ["books"]),
    ...     topics=("novels",), interests=[[1.0]], item_topics=[0], item_quality=[0.5],
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     platform = load_platform(write_platform(made, folder))
    >>> platform.truth.labels, platform.topics
    (('books',), ('novels',))
    """
    wanted = "Give the folder that write_platform wrote."
    root = bundled_folder() if path is None else require_folder(path, wanted)
    about = _read_about(root)
    dataset, _ = read_dataset(root)
    topics = tuple(about["topics"])
    truth, interests = _read_accounts(root / _ACCOUNTS, topics)
    item_topics, quality = _read_items(root / _ITEMS, topics, dataset)
    try:
        return Platform(
            dataset, truth, topics, interests, item_topics, quality, about["parameters"]
        )
    except DataError as error:
        raise DataError(f"{root}: {error}") from error


def bundled_folder() -> Path:
    """Folder of the platform that comes with graphkit."""
    package = Path(str(importlib.resources.files("graphkit")))
    # in the package if installed, next to it in a source tree
    roots = (package / "_datasets" / "platform", package.parent / "datasets" / "platform")
    for root in roots:
        if (root / _ABOUT).is_file():
            return root
    raise FileError(
        f"the bundled platform is not there; looked in {' and '.join(map(str, roots))}. Install "
        "graphkit again, or make a platform with graphkit.synthetic.platform(rng=1)."
    )


def _read_about(folder: Path) -> dict[str, Any]:
    path = folder / _ABOUT
    if not path.is_file():
        raise FileError(
            f"{path} is missing: {folder} is no platform. Make one with "
            "write_platform(graphkit.synthetic.platform(rng=1), folder)."
        )
    about: dict[str, Any] = read_json(path, "Write the platform again.")
    wanted = {"version": int, "topics": list, "parameters": dict, "files": dict}
    for key, kind in wanted.items():
        if not isinstance(about, dict) or not isinstance(about.get(key), kind):
            raise DataError(f"{path}: {key!r} is missing or of the wrong type: write it again.")
    topics = about["topics"]
    if not all(isinstance(t, str) for t in topics) or len(set(topics)) < len(topics):
        raise DataError(f"{path}: 'topics' must be distinct texts: write the platform again.")
    if about["version"] != _VERSION:
        raise DataError(
            f"{path}: version {shorten(about['version'])}, but this graphkit reads {_VERSION}: make the "
            "platform again with this version."
        )
    for name in (_ACCOUNTS, _ITEMS):
        file = folder / name
        if not file.is_file():
            raise FileError(f"{file} is missing: get the folder again, or write it again.")
        if sha256_of(file) != about["files"].get(name):
            raise FileError(
                f"{file} is not the file that was written: its SHA-256 differs from that in "
                f"{_ABOUT}. Get the folder again, or write it again."
            )
    return about


def _read_truth(path: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    with reading_file(path, "Write the platform again."):
        frame = pl.read_parquet(path, glob=False, hive_partitioning=False)
    for column in columns:
        if column not in frame.columns:
            raise DataError(
                f"{path}: column {shorten(column)} is missing: write the platform again."
            )
    return frame.sort(columns[0])


def _read_accounts(
    path: Path, topics: tuple[str, ...]
) -> tuple[Partition, npt.NDArray[np.float32]]:
    frame = _read_truth(path, ("account_id", "community", *topics))
    truth = Partition.from_membership(
        frame.get_column("account_id"),
        frame.get_column("community").to_list(),
        node_kind="accounts",
        provenance=Provenance("planted"),
    )
    return truth, frame.select(topics).to_numpy().astype(np.float32)


def _read_items(
    path: Path, topics: tuple[str, ...], dataset: Dataset
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    frame = _read_truth(path, ("item_id", "topic", "quality"))
    if not frame.get_column("item_id").equals(dataset.item_ids.series.alias("item_id")):
        raise DataError(f"{path} must hold every item of the dataset once, and no other.")
    codes = dict(zip(topics, range(len(topics)), strict=True))
    topic = frame.get_column("topic").replace_strict(codes, default=-1, return_dtype=pl.Int32)
    return topic.to_numpy(), frame.get_column("quality").to_numpy().astype(np.float32)


def write_platform(platform: Platform, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write a synthetic platform as a folder: dataset, ground truth and parameters.

    To the files of :func:`write_dataset` it adds ``truth_accounts.parquet`` (account_id,
    community, and the share of each topic in the account's interest), ``truth_items.parquet``
    (item_id, topic, quality) and ``platform.json`` (topics in order, parameters).

    Parameters
    ----------
    platform
        Platform to write; its communities must have names.
    folder
        Target folder; created if missing.
    overwrite
        Whether a folder that is not empty may be written to; files of another name stay.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileError
        If the folder is not empty or cannot be written.
    DataError
        If a community has no name, or a topic has the name of another column.
    """
    about = _describe_platform(platform)
    root = check_writable(folder, overwrite=overwrite, what="platform")
    write_dataset(platform.dataset, root, overwrite=True)
    names = pl.Series(platform.truth.labels, dtype=pl.String)
    codes = pl.Series(platform.truth.membership).replace(-1, None)
    accounts = pl.DataFrame(
        {"account_id": platform.truth.vocabulary.series, "community": names.gather(codes)}
        | {topic: platform.interests[:, i] for i, topic in enumerate(platform.topics)}
    )
    topics = pl.Series(platform.topics, dtype=pl.String)
    ids, topic = platform.dataset.item_ids.series, topics.gather(pl.Series(platform.item_topics))
    items = pl.DataFrame({"item_id": ids, "topic": topic, "quality": platform.item_quality})
    for name, frame in ((_ACCOUNTS, accounts), (_ITEMS, items)):
        save = partial(frame.rechunk().write_parquet, compression="zstd", row_group_size=1 << 18)
        write_whole(root / name, save)
        about["files"][name] = sha256_of(root / name)
    text = json.dumps(about, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    write_text(root / _ABOUT, text)
    return root


def _describe_platform(platform: Platform) -> dict[str, Any]:
    if None in platform.truth.labels:
        raise DataError("write_platform: every planted community needs a name; one has none.")
    taken = {"account_id", "community"}
    clash = sorted(taken & set(platform.topics))
    if clash or len(set(platform.topics)) < len(platform.topics):
        raise DataError(
            f"write_platform: topics must have distinct names other than {sorted(taken)}; they are "
            f"{platform.topics}."
        )
    try:
        parameters = json.loads(json.dumps(platform.parameters, default=_to_plain))
    except TypeError as error:
        raise DataError(f"write_platform: a parameter cannot be written: {error}.") from error
    about = {"version": _VERSION, "topics": list(platform.topics), "parameters": parameters}
    return {**about, "files": {}}


def _to_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} is a {type(value).__name__}")

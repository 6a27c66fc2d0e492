from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from graphkit.data.dataset import Dataset
from graphkit.data.partition import Partition
from graphkit.data.platform import Platform
from graphkit.errors import DataError, FileError, GraphkitError
from graphkit.readwrite import load_platform, write_platform
from graphkit.readwrite import platform as bundled


def tiny(**more: Any) -> Platform:
    dataset = Dataset(
        accounts={"account_id": ["d", "c", "b", "a"]},
        items={"item_id": ["v2", "v1", "v3"], "author_id": ["a", "b", None]},
        interactions={"account_id": ["a", "b"], "item_id": ["v1", "v2"], "kind": ["like", "save"]},
        source="made by hand",
    )
    parts: dict[str, Any] = {
        "truth": Partition.from_membership(["d", "c", "b", "a"], ["#alt", "Books", "Books", None]),
        "topics": ("zines", "books", "quality"),
        "interests": [[0.1, 0.2, 0.7], [1, 0, 0], [0, 1, 0], [0.3, 0.3, 0.4]],
        "item_topics": [2, 0, 1],
        "item_quality": [0.1, 0.25, 1.0],
        "parameters": {"seed": 2**127 + 1, "none": None, "hidden": ["#alt"], "share": 0.1},
    }
    return Platform(dataset, **(parts | more))


def test_round_trip(tmp_path: Path) -> None:
    made = tiny()
    platform = load_platform(write_platform(made, tmp_path / "p"))
    assert platform.dataset.content_key == made.dataset.content_key
    assert platform.truth.content_key == made.truth.content_key
    assert platform.truth.labels == ("Books", "#alt")
    assert platform.truth.membership.tolist() == [-1, 0, 0, 1]
    assert platform.topics == made.topics
    assert np.array_equal(platform.interests, made.interests)
    assert np.array_equal(platform.item_topics, made.item_topics)
    assert np.array_equal(platform.item_quality, made.item_quality)
    assert dict(platform.parameters) == dict(made.parameters)


def test_files(tmp_path: Path) -> None:
    write_platform(tiny(), tmp_path)
    accounts = pl.read_parquet(tmp_path / "truth_accounts.parquet")
    assert accounts.columns == ["account_id", "community", "zines", "books", "quality"]
    assert accounts.rows()[3] == ("d", "#alt", *map(pytest.approx, (0.3, 0.3, 0.4)))
    items = pl.read_parquet(tmp_path / "truth_items.parquet")
    assert items.select("item_id", "topic").rows() == [
        ("v1", "quality"),
        ("v2", "zines"),
        ("v3", "books"),
    ]


def test_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_platform(tiny(), tmp_path / name)
    files = sorted(f.name for f in (tmp_path / "one").iterdir())
    assert len(files) == 7
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_other_files_stay(tmp_path: Path) -> None:
    write_platform(tiny(), tmp_path)
    (tmp_path / "DATASHEET.md").write_text("about")
    with pytest.raises(FileError, match="not empty"):
        write_platform(tiny(), tmp_path)
    write_platform(tiny(), tmp_path, overwrite=True)
    assert (tmp_path / "DATASHEET.md").read_text() == "about"
    assert load_platform(tmp_path).dataset.source == "made by hand"


def test_rows_of_the_truth_may_stand_in_any_order(tmp_path: Path) -> None:
    made = tiny()
    write_platform(made, tmp_path)
    about = json.loads((tmp_path / "platform.json").read_text())
    for name in ("truth_accounts.parquet", "truth_items.parquet"):
        pl.read_parquet(tmp_path / name).reverse().write_parquet(tmp_path / name)
        about["files"][name] = bundled.sha256_of(tmp_path / name)
    (tmp_path / "platform.json").write_text(json.dumps(about))
    platform = load_platform(tmp_path)
    assert np.array_equal(platform.interests, made.interests)
    assert np.array_equal(platform.item_topics, made.item_topics)


def test_names_that_cannot_be_written(tmp_path: Path) -> None:
    unnamed = Partition.from_membership(["a", "b", "c", "d"], [0, 0, 1, 1])
    with pytest.raises(DataError, match="every planted community needs a name"):
        write_platform(tiny(truth=unnamed), tmp_path)
    with pytest.raises(DataError, match="distinct names"):
        write_platform(tiny(topics=("a", "community", "b")), tmp_path)
    with pytest.raises(DataError, match="distinct names"):
        write_platform(tiny(topics=("a", "a", "b")), tmp_path)
    with pytest.raises(DataError, match="parameter cannot be written"):
        write_platform(tiny(parameters={"x": object()}), tmp_path)
    assert not list(tmp_path.iterdir())


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "platform.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def replace(folder: Path, name: str, frame: pl.DataFrame) -> None:
    frame.write_parquet(folder / name)
    files = json.loads((folder / "platform.json").read_text())["files"]
    edit(folder, files=files | {name: bundled.sha256_of(folder / name)})


def damage(folder: Path, how: str) -> None:
    accounts, items = folder / "truth_accounts.parquet", folder / "truth_items.parquet"
    if how == "no about":
        (folder / "platform.json").unlink()
    elif how == "bad json":
        (folder / "platform.json").write_text("{")
    elif how == "list":
        (folder / "platform.json").write_text("[]")
    elif how == "no topics":
        edit(folder, topics=None)
    elif how == "version":
        edit(folder, version=9)
    elif how == "no truth":
        accounts.unlink()
    elif how == "changed":
        pl.read_parquet(items).reverse().write_parquet(items)
    elif how == "garbage":
        accounts.write_bytes(b"x")
        edit(
            folder,
            files={accounts.name: bundled.sha256_of(accounts)}
            | {items.name: bundled.sha256_of(items)},
        )
    elif how == "column":
        replace(folder, accounts.name, pl.read_parquet(accounts).drop("books"))
    elif how == "account":
        replace(folder, accounts.name, pl.read_parquet(accounts).head(3))
    elif how == "item":
        replace(folder, items.name, pl.read_parquet(items).head(2))
    elif how == "topic":
        replace(folder, items.name, pl.read_parquet(items).with_columns(topic=pl.lit("golf")))


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ("no about", FileError, ["platform.json is missing", "write_platform"]),
        ("bad json", FileError, ["platform.json cannot be read: no valid JSON"]),
        ("list", DataError, ["platform.json", "missing"]),
        ("no topics", DataError, ["platform.json", "'topics'"]),
        ("version", DataError, ["version 9", "reads 1"]),
        ("no truth", FileError, ["truth_accounts.parquet is missing"]),
        ("changed", FileError, ["truth_items.parquet", "SHA-256"]),
        ("garbage", FileError, ["truth_accounts.parquet cannot be read"]),
        ("column", DataError, ["truth_accounts.parquet", "'books'"]),
        ("account", DataError, ["every account"]),
        ("item", DataError, ["truth_items.parquet", "every item"]),
        ("topic", DataError, ["item_topics"]),
    ],
)
def test_errors(tmp_path: Path, how: str, error: type[GraphkitError], words: list[str]) -> None:
    write_platform(tiny(), tmp_path)
    damage(tmp_path, how)
    with pytest.raises(error) as caught:
        load_platform(tmp_path)
    for word in [*words, str(tmp_path)]:
        assert word in str(caught.value)


def test_where_the_bundled_platform_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "graphkit"
    package.mkdir()
    monkeypatch.setattr(bundled.importlib.resources, "files", lambda name: tmp_path / name)
    with pytest.raises(FileError, match=r"bundled platform is not there.*Install graphkit again"):
        load_platform()
    write_platform(tiny(), tmp_path / "datasets" / "platform")
    assert load_platform().dataset.source == "made by hand"
    write_platform(tiny(parameters={"where": "wheel"}), package / "_datasets" / "platform")
    assert load_platform().parameters == {"where": "wheel"}


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="does not exist"):
        load_platform(tmp_path / "nowhere")

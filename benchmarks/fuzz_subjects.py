"""The readers and saved files of graphkit with small valid inputs, for ``fuzz.py``."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from fuzz_files import (
    Files,
    any_files,
    dataset_files,
    feed_file,
    hetrec,
    log_files,
    platform_files,
    stitches,
    study_file,
    tables,
    tiktok,
    write_files,
    written_dataset,
)
from fuzz_graphs import GRAPHS, given_memberships, graph_file, other_frames
from fuzz_importers import importer
from fuzz_mutators import Generator, Mutant, change_bytes, change_json, pick, write_json
from fuzz_oracle import Draw, Found, Trial
from fuzz_originals import ORIGINALS
from fuzz_values import edges, frames, matrices, memberships, networks, options

import graphkit as gk
from graphkit.data.dataset import Dataset
from graphkit.data.frozen import content_key
from graphkit.data.spread import ArmTally
from graphkit.graphs import read_spark_edges
from graphkit.recommenders import uniform
from graphkit.simulation import read_checkpoint, scan_impressions
from graphkit.study.folder import ResultsFolder


def saved(kind: str) -> Callable[[Path], Draw]:
    """A value that was saved as ``.npz``."""

    def make(folder: Path) -> Draw:
        folder.mkdir()
        dataset = gk.synthetic.toy().dataset
        graph = gk.cointeraction_graph(dataset)
        values: dict[str, Callable[[], Any]] = {
            "Graph": lambda: graph,
            "Partition": lambda: gk.leiden(graph, runs=3, rng=1),
            "Impressions": lambda: gk.data.Impressions.from_dataset(
                Dataset(impressions=tables(False)["impressions"].frame())
            ),
        }
        value = values[kind]()
        path = value.save(folder / kind.lower())

        def read(where: Path) -> Found:
            found = type(value).load(where / path.name)
            # every part is used once, so that what was read holds together
            repr(found)
            return Found(found._key)

        return Files(folder, {path.name: path.read_bytes()}, read, "damage")

    return make


def _world() -> Any:
    return gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)


def _simulate(world: Any, checkpoint: Path, impressions: Path | None = None) -> Any:
    return gk.simulate_spread(
        world,
        {"uniform": uniform()},
        ticks=2,
        slots=3,
        checkpoint=checkpoint,
        impressions=impressions,
        rng=1,
    )


def _simulation(folder: Path) -> Any:
    """A checkpoint and impressions of a small simulation; the world."""
    world = _world()
    _simulate(world, folder / "checkpoint", folder / "impressions")
    return world


def tally(folder: Path) -> Draw:
    """The tally of an arm, saved."""
    folder.mkdir()
    _simulation(folder)
    path = next(folder.rglob("tally.npz"))
    source = path.read_bytes()
    name = str(path.relative_to(folder))

    def read(where: Path) -> Found:
        found = ArmTally.load(where / name)
        parts = [str(getattr(found, key)) for key in ("sessions", "leave", "recall", "candidates")]
        mappings = [
            v for k in ("views", "diet", "member_reach") for v in getattr(found, k).values()
        ]
        arrays = [v for v in vars(found).values() if isinstance(v, np.ndarray)]
        return Found(content_key(*parts, *mappings, *arrays, found.impressions))

    return Files(folder, {name: source}, read, "damage")


def checkpoint(folder: Path) -> Draw:
    """The folder of a checkpoint."""
    folder.mkdir()
    world = _simulation(folder)
    names = [str(p.relative_to(folder)) for p in (folder / "checkpoint").rglob("*") if p.is_file()]
    sources = {
        name: json.loads((folder / name).read_text())
        if name.endswith(".json")
        else (folder / name).read_bytes()
        for name in names
    }

    def read(where: Path) -> Found:
        found = read_checkpoint(where / "checkpoint", world)
        return Found(found.content_key, reported=bool(found.provenance.removed))

    return Files(folder, sources, read, "damage")


def resumed(folder: Path) -> Draw:
    """A simulation that resumes from a checkpoint whose files are changed."""
    made = checkpoint(folder)
    assert isinstance(made, Files)
    world = _world()

    def read(where: Path) -> Found:
        return Found(_simulate(world, where / "checkpoint").content_key)

    return replace(made, read=read)


def impressions_folder(folder: Path) -> Draw:
    """The folder of impressions of a simulation."""
    folder.mkdir()
    _simulation(folder)
    files = [p for p in (folder / "impressions").rglob("*") if p.is_file()]
    sources = {
        str(p.relative_to(folder)): json.loads(p.read_text())
        if p.suffix == ".json"
        else p.read_bytes()
        for p in files
    }

    def read(where: Path) -> Found:
        lazy = scan_impressions(where / "impressions")
        try:
            log = lazy.collect()
        except pl.exceptions.PolarsError as error:
            # the caller collects, not graphkit: an ordinary error of Polars is a refusal
            raise gk.errors.FileError(f"{where}: {type(error).__name__}") from None
        ids = {name: log.get_column(name) for name in ("account_id", "item_id")}
        return Found(content_key(log), ids)

    return Files(folder, sources, read)


def spark_folder(folder: Path) -> Draw:
    """A folder of edges as Spark leaves it."""
    edges = {"source": [0, 0, 1], "target": [1, 2, 3], "weight": [1.0, 2.0, 0.5]}
    types = {"source": pl.Int32, "target": pl.Int32, "weight": pl.Float64}
    frames = {
        "entities/part-0.parquet": pl.DataFrame({"entity": ["a", "b", "c", "d"]}),
        "edges/part-0.parquet": pl.DataFrame(edges, schema=types),
    }
    sources: dict[str, Any] = {
        "report.json": {"parameters": {"weight": "count"}, "removed": {}, "node_kind": "accounts"}
    }
    for name, frame in frames.items():
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        sources[name] = buffer.getvalue()

    def read(where: Path) -> Found:
        found = read_spark_edges(where)
        repr(found)
        return Found(found._key, {"entity": found.vocabulary.series})

    return Files(folder, write_files(folder, sources), read)


def manifest(folder: Path) -> Draw:
    """The manifest of a results folder, whose files a new run replaces; others must stay."""
    folder.mkdir()
    results = folder / "results"

    def restore() -> None:
        shutil.rmtree(results, ignore_errors=True)
        made = ResultsFolder(results)
        made.table("one", pl.DataFrame({"a": [1, 2]}))
        made.text("report.html", "<p>one</p>")
        made.finish({"seed": 1})
        (results / "mine").mkdir()
        for mine in (results / "mine.txt", results / "mine" / "x.txt", folder / "outside.txt"):
            mine.write_text("keep")

    restore()
    text = (results / "manifest.json").read_text()

    def draw(rng: Generator) -> Trial:
        mutant = change_json(json.loads(text), rng) if rng.random() < 0.7 else None
        if mutant is None:
            mutant = change_bytes(text.encode(), rng)
            data = mutant.value
        else:
            names = (
                "../outside.txt",
                "mine",
                "",
                ".",
                "a\x00b",
                "x" * 300,
                str(folder / "outside.txt"),
            )
            if rng.random() < 0.3:
                record = json.loads(text)
                record["files"][pick(rng, names)] = "0" * 64
                mutant = Mutant(record, "another name in files")
            data = write_json(mutant, False)

        def read() -> Found:
            try:
                (results / "manifest.json").write_bytes(data)
                ResultsFolder(results)
                kept = (results / "mine.txt", results / "mine" / "x.txt", folder / "outside.txt")
                gone = [p.name for p in kept if not p.exists()]
                return Found("", wrong="a file that is not of the study is deleted" if gone else "")
            finally:
                restore()

        words = (str(results), "manifest.json")
        shown = replace(mutant, value=None, cells=(), harmless=False)
        return Trial(shown, read, data.decode("utf-8", "replace"), words)

    return draw


#: Subjects by name: share of the mutants, and the function that prepares them in a new folder.
SUBJECTS: dict[str, tuple[int, Callable[[Path], Draw]]] = {
    "dataset-csv": (8, dataset_files("csv", True, False)),
    "dataset-csv-names": (4, dataset_files("csv", False, False)),
    "dataset-csv-linked": (5, dataset_files("csv", True, True)),
    "dataset-ndjson": (8, dataset_files("ndjson", True, False)),
    "dataset-ndjson-linked": (4, dataset_files("ndjson", False, True)),
    "dataset-parquet": (8, dataset_files("parquet", True, False)),
    "dataset-written": (4, written_dataset),
    "read-any": (4, any_files),
    "tiktok-json": (6, tiktok("json")),
    "tiktok-ndjson": (6, tiktok("ndjson")),
    "tiktok-page": (4, tiktok("page")),
    "tiktok-stitches": (4, stitches),
    "hetrec": (6, hetrec),
    "log-csv": (5, log_files("csv")),
    "log-ndjson": (4, log_files("ndjson")),
    "log-parquet": (4, log_files("parquet")),
    "platform": (3, platform_files),
    "feed": (5, feed_file),
    "study": (4, study_file),
    "saved-graph": (6, saved("Graph")),
    "saved-partition": (6, saved("Partition")),
    "saved-impressions": (6, saved("Impressions")),
    "saved-tally": (4, tally),
    "checkpoint": (4, checkpoint),
    "resumed": (2, resumed),
    "impressions-folder": (4, impressions_folder),
    "spark-edges": (3, spark_folder),
    "manifest": (3, manifest),
    "frames": (10, frames),
    "from-edges": (5, edges),
    "from-scipy": (4, matrices),
    "networks": (4, networks),
    "memberships": (5, memberships),
    "options": (5, options),
    **{f"import-{name}": (6, importer(name)) for name in ORIGINALS},
    **{f"graph-{name}": (4, graph_file(name)) for name in GRAPHS},
    "from-frame": (10, other_frames),
    "given-memberships": (5, given_memberships),
}

"""The readers and saved files of graphkit with small valid inputs, for ``fuzz.py``."""

from __future__ import annotations

import io
import json
import shutil
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from fuzz_mutators import (
    CELLS,
    VALUES,
    Generator,
    Mutant,
    Table,
    change_bytes,
    change_frame,
    change_json,
    change_lines,
    change_npz,
    change_table,
    change_toml,
    change_zip,
    pick,
    short,
    write_json,
)
from fuzz_oracle import Found, Trial

import graphkit as gk
from graphkit.data.dataset import Dataset, as_instant
from graphkit.data.frozen import content_key
from graphkit.data.schema import TABLES
from graphkit.data.spread import ArmTally
from graphkit.graphs import read_spark_edges
from graphkit.graphs.options import microseconds
from graphkit.readwrite import (
    load_platform,
    read_any,
    read_dataset,
    read_hetrec_lastfm,
    read_incidence,
    read_tiktok_api,
    write_dataset,
    write_platform,
)
from graphkit.recommenders import interest_centric, read_feed, uniform, write_feed
from graphkit.simulation import read_checkpoint, scan_impressions
from graphkit.study import StudyConfig, load_config
from graphkit.study.folder import ResultsFolder

#: A call that draws one mutant.
Draw = Callable[[Generator], Trial]

_LONG = 7_000_000_000_000_000_000
_TIMES = [f"2024-03-{d:02d}T10:{d:02d}:00" for d in range(1, 13)]


def tables(numbers: bool) -> dict[str, Table]:
    """Twelve rows of each table; ids are numbers of 19 digits, or names."""

    def who(k: int) -> str:
        return str(_LONG + 17 * (k % 6)) if numbers else f"user{'abcdef'[k % 6]}"

    def what(k: int) -> str:
        return str(_LONG + 1001 + 13 * (k % 4)) if numbers else f"v{k % 4}"

    rows = range(12)
    found = {
        "accounts": (
            "account_id country follower_count list_complete",
            [(who(k), "ES", str(10 * k), "true") for k in range(6)],
        ),
        "items": (
            "item_id author_id created_at duration tags sound_id caption",
            [(what(k), who(k), _TIMES[k], "12.5", "a,b", f"s{k}", "one, two") for k in range(4)],
        ),
        "follows": (
            "follower_id followee_id since",
            [(who(k), who(k + 1), _TIMES[k]) for k in range(6)],
        ),
        "interactions": (
            "account_id item_id kind at value",
            [(who(k), what(k // 2), pick_kind(k), _TIMES[k], str(k / 2)) for k in rows],
        ),
        "impressions": (
            "account_id item_id at surface position watch_fraction",
            [(who(k), what(k), _TIMES[k], "for_you", str(k), "0.5") for k in rows],
        ),
        "memberships": (
            "account_id group_id",
            [(who(k), f"{8 * _LONG // 9 + k}" if numbers else f"g{k}") for k in range(6)],
        ),
    }
    return {
        name: Table(tuple(names.split()), tuple(cells), "csv")
        for name, (names, cells) in found.items()
    }


def pick_kind(k: int) -> str:
    """A kind of interaction."""
    return ("like", "view", "comment", "share")[k % 4]


def dataset_found(dataset: Dataset, report: Any) -> Found:
    """What a reader of datasets gave."""
    ids = {
        f"{name}.{spec.name}": frame.get_column(spec.name)
        for name, frame in dataset.tables.items()
        for spec in TABLES[name].columns
        if spec.type == "id" and spec.name in frame.columns
    }
    reported = report is not None and bool(report.dropped.height or report.notes.height)
    rows = {} if report is None else dict(report.rows.select("table", "read").rows())
    return Found(dataset.content_key, ids, reported, dataset.tables, rows)


@dataclass(frozen=True)
class Files:
    """Files of a folder that one reader reads.

    Attributes
    ----------
    folder
        Folder of the files, private to this process.
    sources
        Content of each file that is changed: bytes, a Table, or a JSON value.
    read
        Reads the folder.
    changes
        How the bytes of a file are changed beside flips and cuts, by the suffix of its name.
    fixed
        Whether other content is never accepted, and for which changes: all, damage, or none.
    """

    folder: Path
    sources: Mapping[str, Any]
    read: Callable[[Path], Found]
    fixed: str = "none"
    stem: bool = True

    def __call__(self, rng: Generator) -> Trial:
        name = pick(rng, sorted(self.sources))
        mutant = self._change(name, self.sources[name], rng)
        data = mutant.value

        def read() -> Found:
            path = self.folder / name
            before = path.read_bytes()
            try:
                path.write_bytes(data)
                return self.read(self.folder)
            finally:
                path.write_bytes(before)

        table = name.partition(".")[0] if self.stem else name
        words = (name, Path(name).name, str(self.folder), f"'{table}'")
        fixed = self.fixed == "all" or (self.fixed == "damage" and mutant.damage)
        text = data.decode("utf-8", "replace")
        shown = replace(mutant, what=f"{name}: {mutant.what}", value=None)
        return Trial(shown, read, text, words, fixed, table)

    def _change(self, name: str, source: Any, rng: Generator) -> Mutant:
        suffix = Path(name).suffix
        if isinstance(source, Table):
            return _change_table_file(source, rng)
        if not isinstance(source, bytes):
            lines = suffix in (".ndjson", ".jsonl")
            if rng.random() < 0.3:
                return change_bytes(write_json(Mutant(source, ""), lines), rng)
            mutant = change_json(source, rng)
            return replace(mutant, value=write_json(mutant, lines), cells=(), rows=_length(mutant))
        if suffix == ".npz" and rng.random() < 0.4:
            return change_npz(source, rng) if rng.random() < 0.9 else change_zip(source, rng)
        if suffix == ".toml" and rng.random() < 0.75:
            return change_toml(source, rng)
        if suffix == ".parquet" and rng.random() < 0.4:
            return _change_parquet(source, rng)
        if suffix in (".txt", ".csv") and rng.random() < 0.5:
            return change_lines(source, rng)
        return change_bytes(source, rng)


def _length(mutant: Mutant) -> int | None:
    return len(mutant.value) if isinstance(mutant.value, list) else None


def _change_table_file(table: Table, rng: Generator) -> Mutant:
    """A table changed as a table, as lines or as bytes."""
    chance = rng.random()
    if chance < 0.2:
        return change_bytes(table.write(), rng)
    if chance < 0.3 and table.form != "parquet":
        return change_lines(table.write(), rng)
    if chance < 0.33 and table.form == "csv":
        data = table.write()
        what = pick(rng, ("BOM", "CRLF"))
        data = b"\xef\xbb\xbf" + data if what == "BOM" else data.replace(b"\n", b"\r\n")
        return Mutant(data, what, harmless=True, rows=len(table.rows))
    if chance < 0.6 and table.form == "parquet":
        mutant, buffer = change_frame(table.frame(), rng), io.BytesIO()
        if pl.Object not in mutant.value.dtypes:
            mutant.value.write_parquet(buffer)
            return replace(mutant, value=buffer.getvalue())
    mutant = change_table(table, rng)
    return replace(mutant, value=mutant.value.write())


def _change_parquet(source: bytes, rng: Generator) -> Mutant:
    """A column of another type, or rows and columns dropped or doubled."""
    frame, buffer = pl.read_parquet(source), io.BytesIO()
    kind, column = int(rng.integers(5)), pick(rng, frame.columns)
    if kind == 0:
        new, what = frame.drop(column), f"{column} dropped"
    elif kind == 1:
        new, what = pl.concat([frame, frame.head(1)]), "first row twice"
    elif kind == 2 and frame.schema[column].is_numeric():
        number = pick(rng, (-1, 120, 2**31 - 1, None))
        values = pl.Series([number], dtype=pl.Int64).cast(frame.schema[column], strict=False)
        whole = pl.concat([values, frame.get_column(column)[1:]])
        new, what = frame.with_columns(whole.alias(column)), f"{column}: first := {number}"
    elif kind == 3:
        new, what = frame.head(0), "no rows"
    else:
        mutant = change_frame(frame, rng)
        new, what = mutant.value, mutant.what
    if pl.Object in new.dtypes:
        new, what = frame.rename({column: f"{column}s"}), f"{column} renamed"
    new.write_parquet(buffer)
    return Mutant(buffer.getvalue(), what)


def _fresh(folder: Path, sources: Mapping[str, Any]) -> dict[str, Any]:
    """Write sources to an empty folder."""
    folder.mkdir(parents=True)
    for name, source in sources.items():
        lines = name.endswith(("ndjson", "jsonl"))
        data = source if isinstance(source, bytes) else None
        if isinstance(source, Table):
            data = source.write()
        elif data is None:
            data = write_json(Mutant(source, ""), lines)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return dict(sources)


_HEADER = b"""schema_version = 1
source = "a test"
terms = "none"

[time_kinds]
"interactions.at" = "event"
"follows.since" = "bound"
"""


def dataset_files(form: str, numbers: bool, linked: bool) -> Callable[[Path], Draw]:
    """A dataset folder; with accounts and items, so that ids are looked up, or without."""

    def make(folder: Path) -> Draw:
        own = {n: t for n, t in tables(numbers).items() if linked or n not in ("accounts", "items")}
        sources: dict[str, Any] = {f"{n}.{form}": replace(t, form=form) for n, t in own.items()}
        _fresh(folder, sources | {"dataset.toml": _HEADER})
        if linked:
            sources["dataset.toml"] = _HEADER
        return Files(folder, sources, lambda path: dataset_found(*read_dataset(path)))

    return make


def written_dataset(folder: Path) -> Draw:
    """A folder of write_dataset, with the SHA-256 of its files."""
    write_dataset(gk.synthetic.toy().dataset, folder)
    sources = {p.name: p.read_bytes() for p in folder.glob("*.parquet")}
    return Files(folder, sources, lambda path: dataset_found(*read_dataset(path)), "all")


def any_files(folder: Path) -> Draw:
    """Any of three formats, by read_any."""
    draws = []
    for number, make in enumerate((dataset_files("csv", True, True), tiktok("json"), hetrec)):
        draw = make(folder / str(number))
        assert isinstance(draw, Files)
        draws.append(replace(draw, read=lambda path: dataset_found(*read_any(path))))
    return lambda rng: pick(rng, draws)(rng)


def videos() -> list[dict[str, Any]]:
    """Video objects as the Research API gives them."""
    return [
        {
            "id": (1_709_251_200 + 86_400 * k << 32) + 4711,
            "username": f"User{k}",
            "create_time": 1_709_251_200 + 86_400 * k,
            "region_code": "ES",
            "video_description": "first, second #a",
            "music_id": _LONG + k,
            "video_duration": 12 + k,
            "hashtag_names": ["a", "b"],
            "video_mention_list": ["user1"],
            "view_count": 10 * k,
            "like_count": k,
            "voice_to_text": "hello",
            "is_stem_verified": False,
        }
        for k in range(5)
    ]


def tiktok(form: str) -> Callable[[Path], Draw]:
    """Pages or lines of video objects."""

    def read(path: Path) -> Found:
        found = dataset_found(*read_tiktok_api(path))
        return replace(found, rows={"page": found.rows["videos"]}) if form != "page" else found

    def make(folder: Path) -> Draw:
        page = {
            "data": {"videos": videos(), "cursor": 5, "has_more": False},
            "error": {"code": "ok"},
        }
        source: Any = page if form == "page" else videos()
        sources = {f"page.{'json' if form == 'page' else form}": source}
        return Files(folder, _fresh(folder, sources), read)

    return make


def stitches(folder: Path) -> Draw:
    """Lists of stitches beside video objects."""
    urls = [f"https://www.tiktok.com/@user{v['username'][-1]}/video/{v['id']}" for v in videos()]
    lines = "stitcher,stitched\n" + "".join(f"{a},{b}\n" for a, b in pairwise(urls))
    sources = {"a_edges.txt": lines.encode()}
    _fresh(folder, sources | {"page.json": videos()})

    def read(path: Path) -> Found:
        return dataset_found(*read_tiktok_api(path / "page.json", stitches=path))

    return Files(folder, sources, read)


def hetrec(folder: Path) -> Draw:
    """The files of HetRec 2011, made up."""
    made = {
        "artists": ("id name", [(str(k), f"Artist {k}") for k in range(1, 7)]),
        "tags": ("tagID tagValue", [(str(k), f"tag{k}") for k in range(1, 5)]),
        "user_artists": (
            "userID artistID weight",
            [(str(k % 4 + 2), str(k % 6 + 1), str(100 * k + 1)) for k in range(12)],
        ),
        "user_friends": (
            "userID friendID",
            [("2", "3"), ("3", "2"), ("4", "5"), ("5", "4"), ("2", "5"), ("5", "2")],
        ),
        "user_taggedartists": (
            "userID artistID tagID day month year",
            [(str(k % 4 + 2), str(k % 6 + 1), str(k % 4 + 1), "1", "4", "2009") for k in range(8)],
        ),
    }
    sources = {
        f"{name}.dat": Table(tuple(header.split()), tuple(rows), "tsv")
        for name, (header, rows) in made.items()
    }

    def read(path: Path) -> Found:
        return dataset_found(*read_hetrec_lastfm(path))

    return Files(folder, _fresh(folder, sources), read, stem=False)


def log_files(form: str) -> Callable[[Path], Draw]:
    """A log that is read in chunks."""

    def make(folder: Path) -> Draw:
        name = f"log.{form}"
        sources = {name: replace(tables(True)["interactions"], form=form)}
        _fresh(folder, sources)

        def read(path: Path) -> Found:
            found = read_incidence(path / name, at="at")
            ids = {"entity": found.between.series, "thing": found.through.series}
            dropped = sum(n for why, n in found.removed.items() if why.startswith("rows"))
            rows = {"log": found.n_acts + dropped}
            return Found(found.content_key, ids, bool(found.removed), {}, rows)

        return Files(folder, sources, read)

    return make


def platform_files(folder: Path) -> Draw:
    """A folder of write_platform."""
    write_platform(gk.synthetic.platform(accounts=48, rng=1), folder)
    sources = {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix == ".parquet"}
    sources["dataset.toml"] = (folder / "dataset.toml").read_bytes()
    sources["platform.json"] = json.loads((folder / "platform.json").read_text())

    def read(path: Path) -> Found:
        found = load_platform(path)
        ids = dataset_found(found.dataset, None).ids
        return Found(found._key, ids)

    return Files(folder, sources, read)


def feed_file(folder: Path) -> Draw:
    """A feed as TOML."""
    folder.mkdir()
    write_feed(interest_centric(), folder / "feed.toml")

    def read(path: Path) -> Found:
        found = read_feed(path / "feed.toml")
        numbers = [*found.weights.values(), *found.sources.values()]
        return Found(repr(found), wrong="NaN is a number of a feed" * any(x != x for x in numbers))

    return Files(folder, {"feed.toml": (folder / "feed.toml").read_bytes()}, read)


def study_file(folder: Path) -> Draw:
    """A study as TOML, with every default."""
    sources = {"study.toml": StudyConfig().to_toml().encode()}
    _fresh(folder, sources)
    return Files(folder, sources, lambda path: Found(repr(load_config(path / "study.toml"))))


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


def _simulation(folder: Path) -> Any:
    """A checkpoint and impressions of a small simulation; the world."""
    world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    where = {"checkpoint": folder / "checkpoint", "impressions": folder / "impressions"}
    gk.simulate_spread(world, {"uniform": uniform()}, ticks=2, slots=3, rng=1, **where)
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

    return Files(folder, _fresh(folder, sources), read)


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


def frames(folder: Path) -> Draw:
    """Frames that are handed to Dataset."""

    def draw(rng: Generator) -> Trial:
        own = tables(bool(rng.integers(2)))
        name = pick(rng, sorted(own))
        if rng.random() < 0.7:
            mutant = change_frame(own[name].frame(), rng)
            if rng.random() < 0.3:
                mutant = replace(mutant, value=mutant.value.lazy())
        else:
            mutant = change_table(replace(own[name], form="parquet"), rng)
            mutant = replace(mutant, value=mutant.value.frame(), filled=None, rows=None)
        value = mutant.value
        shown = replace(mutant, value=None, what=f"{name}: {mutant.what}", cells=())
        return Trial(
            shown, lambda: dataset_found(Dataset(**{name: value}), None), names=(name,), table=name
        )

    return draw


_IDS: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**31, 2**63, 2**64 - 1, 10**30, 1.0, 1.5, float("nan"), float("inf")),
    *(("a", 1), frozenset("a"), b"a", np.int64(3), np.float64(3), np.str_("a"), "a", "b", "12"),
    *(["a"], {"a": 1}, object, 1 + 2j, np.datetime64("2024-01-01"), np.array([1]), "12.0", " a"),
    *("a\x00b", "\ufffd", "nan", "None", "", "\ud800"),
)
_WEIGHTS: tuple[Any, ...] = (
    *(1, 1.5, -2, 0, 10**30, 10**400, float("nan"), float("inf"), None, "1", "a", True, [1]),
    *(np.float32(2), np.uint8(255), 1 + 0j, b"1"),
)


def _some(rng: Generator, values: Any, n: int) -> list[Any]:
    plain = ["a", "b", "c", "d"] if rng.random() < 0.5 else [1, 2, 3, 4]
    return [pick(rng, values) if rng.random() < 0.3 else pick(rng, plain) for _ in range(n)]


def _distinct(values: Any) -> int:
    return len(dict.fromkeys(values))


def _graph_found(graph: Any, nodes: int, total: float | None = None) -> Found:
    wrong = "" if graph.n_nodes == nodes else "other number of nodes than distinct ids"
    if not wrong and total is not None and not np.isclose(graph.total_weight, total, rtol=1e-9):
        wrong = "other total weight than that given"
    ids = graph.vocabulary.ids.tolist()
    if any(v is None or v != v for v in ids if not isinstance(v, np.ndarray)):
        wrong = "a missing id is a node"
    return Found("", wrong=wrong)


def edges(folder: Path) -> Draw:
    """Ids and weights for Graph.from_edges."""

    def draw(rng: Generator) -> Trial:
        n = int(rng.integers(1, 8))
        source, target = _some(rng, _IDS, n), _some(rng, _IDS, n)
        weight = None if rng.random() < 0.5 else [pick(rng, _WEIGHTS) for _ in range(n)]
        directed = bool(rng.integers(2))

        def read() -> Found:
            graph = gk.Graph.from_edges(source, target, weight, directed=directed)
            total = float(n) if weight is None else float(sum(map(float, weight)))
            return _graph_found(graph, _distinct([*source, *target]), total)

        what = f"from_edges({short(source, 60)}, {short(target, 60)}, {short(weight, 60)})"
        return Trial(Mutant(None, what), read)

    return draw


def matrices(folder: Path) -> Draw:
    """Matrices for Graph.from_scipy."""
    import scipy.sparse as sp

    kinds = ("int8", "uint8", "int32", "int64", "float32", "float64", "bool", "complex128")

    def draw(rng: Generator) -> Trial:
        n, m = int(rng.integers(1, 6)), int(rng.integers(1, 12))
        where = rng.integers(0, n, (2, m))
        dtype = pick(rng, kinds)
        numbers = rng.integers(0, 120, m).astype(dtype)
        if rng.random() < 0.3 and dtype[0] in "fc":
            numbers[0] = pick(rng, (np.nan, np.inf, 1e308, -1))
        symmetric = bool(rng.integers(2))
        rows, columns = np.r_[where[0], where[1]], np.r_[where[1], where[0]]
        ends = (rows, columns) if symmetric else (where[0], where[1])
        values = np.r_[numbers, numbers] if symmetric else numbers
        form = pick(rng, (sp.coo_array, sp.csr_array, sp.csc_matrix, sp.lil_array))
        # the others add up duplicates themselves, and wrap
        form = sp.coo_array if dtype in ("int8", "uint8") else form
        with np.errstate(all="ignore"):
            built = sp.coo_array((values, ends), shape=(n, n))
            matrix = built if form is sp.coo_array else form(built)
        nodes = None if rng.random() < 0.5 else _some(rng, _IDS, n)

        def read() -> Found:
            graph = gk.Graph.from_scipy(matrix, directed=not symmetric, nodes=nodes)
            if dtype == "bool" or symmetric:
                return _graph_found(graph, n)
            return _graph_found(graph, n, float(np.asarray(values, np.float64).sum()))

        return Trial(
            Mutant(None, f"{form.__name__} of {dtype}, {n} × {n}, nodes {short(nodes, 60)}"), read
        )

    return draw


def networks(folder: Path) -> Draw:
    """Graphs of networkx and igraph."""
    import igraph as ig
    import networkx as nx

    def draw(rng: Generator) -> Trial:
        n = int(rng.integers(1, 7))
        weight = [pick(rng, _WEIGHTS) for _ in range(n)] if rng.random() < 0.5 else [1] * n
        if rng.random() < 0.5:
            hashable = [v for v in _IDS if v is not None and _is_hashable(v)]
            ends = [
                (a, b)
                for a, b in zip(_some(rng, hashable, n), _some(rng, hashable, n), strict=True)
            ]
            other: Any = pick(rng, (nx.Graph, nx.DiGraph, nx.MultiGraph))()
            for (a, b), w in zip(ends, weight, strict=True):
                other.add_edge(a, b, weight=w)
            what = f"{type(other).__name__}: {short(ends, 80)}, weights {short(weight, 60)}"
            return Trial(
                Mutant(None, what),
                lambda: _graph_found(gk.Graph.from_networkx(other), other.number_of_nodes()),
            )
        pairs = [(int(a), int(b)) for a, b in rng.integers(0, 5, (n, 2))]
        made = ig.Graph(5, pairs, directed=bool(rng.integers(2)))
        made.es["weight"] = weight
        names = None if rng.random() < 0.5 else _some(rng, _IDS, 5)
        if names is not None:
            made.vs["name"] = names
        what = f"igraph: {pairs}, names {short(names, 60)}, weights {short(weight, 60)}"
        return Trial(Mutant(None, what), lambda: _graph_found(gk.Graph.from_igraph(made), 5))

    return draw


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def memberships(folder: Path) -> Draw:
    """Ids and memberships for Partition.from_membership."""
    pool = (*_IDS, 1382979469312, 7281986300348026145, 0.2, 0.7, -2, -1.0)

    def draw(rng: Generator) -> Trial:
        n = int(rng.integers(1, 7))
        ids: Any = list("abcdefg"[:n]) if rng.random() < 0.6 else _some(rng, _IDS, n)
        groups: Any = _some(rng, pool, n)
        if rng.random() < 0.2:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                dtype = pick(rng, ("int64", "float64", "U4", "object"))
                try:
                    groups = np.array(groups, dtype=dtype)
                except (TypeError, ValueError, OverflowError):
                    groups = np.array([0.0, np.nan, 1.0, 1.5, -1.0, 2e12, np.inf][:n])

        def read() -> Found:
            found = gk.Partition.from_membership(ids, groups)
            given = [g for g in list(groups) if g is not None]
            if not all(isinstance(g, str | Real) for g in given):
                return Found("", wrong="a membership that is no text or number is accepted")
            named = [g for g in given if g == g]
            texts = any(isinstance(g, str) for g in named)
            distinct = _distinct([g for g in named if texts or g >= 0])
            same = found.n_communities == distinct and len(found.vocabulary) == n
            return Found("", wrong="" if same else "other communities than those given")

        what = f"ids {short(ids, 60)}, memberships {short(groups, 80)}"
        return Trial(Mutant(None, what), read)

    return draw


def options(folder: Path) -> Draw:
    """Texts of times and windows."""
    units = ("s", "min", "h", "d", "us", "ms", "weeks", "M", "", "ds")

    def draw(rng: Generator) -> Trial:
        chance = rng.random()
        number = pick(
            rng, ("1", "-1", "0", "1.5", "1e3", "9" * 30, "9" * 400, "nan", "٣", "1_0", " 7")
        )
        text: Any = f"{number}{pick(rng, ('', ' '))}{pick(rng, units)}"
        if chance < 0.3:
            text = pick(rng, CELLS)
        elif chance < 0.4:
            text = pick(rng, VALUES)
        if rng.random() < 0.5:

            def window() -> Found:
                length = microseconds(text)
                return Found("", wrong="" if 0 < length < 2**63 else "a window beyond 64 bits")

            return Trial(Mutant(None, f"window {short(text)}"), window, names=("window",))

        def instant() -> Found:
            found = as_instant("since", text)
            return Found("", wrong="" if found.utcoffset() is not None else "a time without zone")

        if not isinstance(text, str):
            text = str(text)
        return Trial(Mutant(None, f"time {short(text)}"), instant, names=("since",))

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
    "impressions-folder": (4, impressions_folder),
    "spark-edges": (3, spark_folder),
    "manifest": (3, manifest),
    "frames": (10, frames),
    "from-edges": (5, edges),
    "from-scipy": (4, matrices),
    "networks": (4, networks),
    "memberships": (5, memberships),
    "options": (5, options),
}

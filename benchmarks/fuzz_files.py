"""Folders that readers read, made up and changed file by file, for ``fuzz.py``."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
from fuzz_mutators import (
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
    write_json,
)
from fuzz_oracle import Draw, Found, Trial

import graphkit as gk
from graphkit.data.dataset import Dataset
from graphkit.data.schema import TABLES
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
from graphkit.recommenders import interest_centric, read_feed, write_feed
from graphkit.study import StudyConfig, load_config

_LONG = 7_000_000_000_000_000_000
_TIMES = [f"2024-03-{d:02d}T10:{d:02d}:00" for d in range(1, 13)]


def tables(numbers: bool) -> dict[str, Table]:
    """Twelve rows of each table; ids are numbers of 19 digits, or names."""

    def who(k: int) -> str:
        return str(_LONG + 17 * (k % 6)) if numbers else f"user{'abcdef'[k % 6]}"

    def what(k: int) -> str:
        return str(_LONG + 1001 + 13 * (k % 4)) if numbers else f"v{k % 4}"

    rows = range(12)
    found: dict[str, tuple[str, list[tuple[str, ...]]]] = {
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
            return change_table_file(source, rng)
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


def change_table_file(table: Table, rng: Generator) -> Mutant:
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


def write_files(folder: Path, sources: Mapping[str, Any]) -> dict[str, Any]:
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
        write_files(folder, sources | {"dataset.toml": _HEADER})
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
        return Files(folder, write_files(folder, sources), read)

    return make


def stitches(folder: Path) -> Draw:
    """Lists of stitches beside video objects."""
    urls = [f"https://www.tiktok.com/@user{v['username'][-1]}/video/{v['id']}" for v in videos()]
    lines = "stitcher,stitched\n" + "".join(f"{a},{b}\n" for a, b in pairwise(urls))
    sources = {"a_edges.txt": lines.encode()}
    write_files(folder, sources | {"page.json": videos()})

    def read(path: Path) -> Found:
        return dataset_found(*read_tiktok_api(path / "page.json", stitches=path))

    return Files(folder, sources, read)


def hetrec(folder: Path) -> Draw:
    """The files of HetRec 2011, made up."""
    made: dict[str, tuple[str, list[tuple[str, ...]]]] = {
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

    return Files(folder, write_files(folder, sources), read, stem=False)


def log_files(form: str) -> Callable[[Path], Draw]:
    """A log that is read in chunks."""

    def make(folder: Path) -> Draw:
        name = f"log.{form}"
        sources = {name: replace(tables(True)["interactions"], form=form)}
        write_files(folder, sources)

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
    write_files(folder, sources)
    return Files(folder, sources, lambda path: Found(repr(load_config(path / "study.toml"))))

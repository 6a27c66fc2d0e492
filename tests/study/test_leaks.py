"""No byte of what commands write or print tells an id, a handle, a caption or a small group."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_to_bytes

import polars as pl
import pytest

import graphkit as gk
from graphkit.cli import main
from graphkit.data.incidence import account_tags
from graphkit.data.schema import TABLES

#: In every planted id, handle and caption; not in base64 by chance.
MARK = "zqx-planted"

STUDY = """
[data]
source = "folder"
path = "PATH"
[communities]
runs = 2
null_draws = 0
exclude = ["zqx-planted-item"]
[world]
groups = 2
ticks = 2
[simulation]
ticks = 2
slots = 3
[s_scan]
social_share = []
[conditions]
feature_noise = []
profile_noise = []
topic_penalty = []
partition_seeds = 0
resolution = []
"""

Call = Callable[..., tuple[object, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """A command in this process: exit code, and all that it prints."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str | Path) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["graphkit", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        shown = capsys.readouterr()
        return done.value.code, shown.out + shown.err

    return run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    platform = gk.synthetic.platform(accounts=150, rng=4)
    tables = {}
    for name, frame in platform.dataset.tables.items():
        ids = [c.name for c in TABLES[name].columns if c.type == "id" and c.name in frame.columns]
        marked = [
            pl.when(pl.col(c).is_not_null()).then(pl.format(f"{MARK}-{{}}", c)).alias(c)
            for c in ids
        ]
        tables[name] = frame.with_columns(marked)
    caption = pl.format(f"{MARK} says {{}}", "item_id").alias("caption")
    tables["items"] = tables["items"].with_columns(caption)
    handle = pl.format("@{}", "account_id").alias("handle")
    tables["accounts"] = tables["accounts"].with_columns(handle)
    kinds = dict(platform.dataset.time_kinds)
    folder = tmp_path_factory.mktemp("planted")
    return gk.write_dataset(gk.Dataset(**tables, time_kinds=kinds), folder / "data")


def decoded(held: bytes, depth: int = 0) -> bytes:
    """Bytes with what is packed in them: data URIs, arrays in base64, gzip, texts of PNG."""
    if depth > 3:
        return held
    parts = [held]
    if held[:2] == b"\x1f\x8b":
        parts.append(decoded(gzip.decompress(held), depth + 1))
    if held[:4] == b"\x89PNG":
        at = 8
        while at < len(held):
            size, kind = int.from_bytes(held[at : at + 4], "big"), held[at + 4 : at + 8]
            body = held[at + 8 : at + 8 + size]
            if kind == b"zTXt":
                parts.append(zlib.decompress(body.partition(b"\0")[2][1:]))
            at += size + 12
        return b"".join(parts)
    if b"%3C" in held:
        parts.append(unquote_to_bytes(held))
    for text in re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", held):
        try:
            parts.append(decoded(base64.b64decode(text, validate=True), depth + 1))
        except (binascii.Error, OSError, EOFError, zlib.error):
            continue
    return b"".join(parts)


def test_what_is_packed_is_found() -> None:
    text = (MARK + " " * 30).encode()
    packed = base64.b64encode(gzip.compress(text))
    svg = b"<image href='data:image/svg+xml;base64," + base64.b64encode(b"<svg>" + packed) + b"'/>"
    for held in (text, packed, svg, base64.b64encode(svg), b"%3Csvg%3E" + text):
        assert MARK.encode() in decoded(held)


def leaks(folder: Path) -> list[str]:
    """Files that hold the mark, in their bytes or, decoded, in a table or its footer."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        held = decoded(path.read_bytes())
        if path.suffix == ".parquet":
            held += pl.read_parquet(path).write_json().encode()
            held += str(pl.read_parquet_metadata(path)).encode()
        if MARK.encode() in held:
            found.append(str(path.relative_to(folder)))
    return found


def small_groups(folder: Path, least: int = 10) -> list[str]:
    """Tables that count a group of accounts of fewer."""
    found = []
    for path in sorted(folder.rglob("*.parquet")):
        frame = pl.read_parquet(path)
        for name in {"size", "shared", "nodes", "count"} & set(frame.columns):
            counts = frame.get_column(name).drop_nulls()
            if counts.is_between(1, least - 1).any():
                found.append(f"{path.relative_to(folder)}: {name}")
        if {"size", "coverage"} <= set(frame.columns):  # members outside the follow graph
            outside = frame["size"] - (frame["size"] * frame["coverage"]).round()
            if outside.drop_nulls().is_between(1, least - 1).any():
                found.append(f"{path.relative_to(folder)}: size × coverage")
        if "measure" in frame.columns and "unassigned_accounts" in frame["measure"]:
            found.append(f"{path.relative_to(folder)}: accounts without a community")
    return found


@pytest.mark.usefixtures("undrawn")
def test_a_study_tells_neither_ids_nor_small_groups(data: Path, tmp_path: Path, call: Call) -> None:
    study = tmp_path / "study.toml"
    study.write_text(STUDY.replace("PATH", str(data)))
    code, shown = call("check", study)
    assert not code
    assert MARK not in shown
    code, shown = call("run", study, "--out", tmp_path / "out")
    assert not code, shown
    assert MARK not in shown
    assert "smaller communities are suppressed" in shown
    assert leaks(tmp_path / "out") == []
    assert small_groups(tmp_path / "out") == []
    assert '"(left out)"' in (tmp_path / "out" / "study.toml").read_text()
    report = (tmp_path / "out" / "report.html").read_text()
    note = (tmp_path / "out" / "disclosure.md").read_text()
    for text in (report, note):
        assert "No community of fewer than 10 accounts is told apart" in text
        assert "No table of members was written" in text
    assert "@article{traag2019," in report
    # without suppression there are groups to find, so that the search above is one
    code, shown = call("run", study, "--out", tmp_path / "all", "--min-group-size", "1")
    assert not code
    assert small_groups(tmp_path / "all")


def test_communities_tell_ids_only_on_request(data: Path, tmp_path: Path, call: Call) -> None:
    options = ("--runs", "2", "--null-draws", "0", "--exclude", f"{MARK}-item")
    for members in ("none", "pseudonyms", "raw"):
        out = tmp_path / members
        code, shown = call("communities", data, "--out", out, *options, "--members", members)
        assert not code, shown
        assert MARK not in shown
        assert small_groups(out) == []
        ids = ["tables/members.csv", "tables/members.parquet"] if members == "raw" else []
        assert leaks(out) == ids
        assert (out / "tables" / "members.csv").exists() == (members != "none")
    tables = [tmp_path / name / "tables" / "members.parquet" for name in ("pseudonyms", "raw")]
    hidden, raw = map(pl.read_parquet, tables)
    assert hidden["id"].str.contains(r"^[0-9a-f]{20}$").all()
    # the same rows in the order of the pseudonyms, which is not that of the ids
    assert hidden["id"].is_sorted()
    rest = ("community", "label", "consistency")
    assert hidden.select(rest).sort(rest).equals(raw.select(rest).sort(rest))
    assert not hidden.select(rest).equals(raw.select(rest))


def test_other_commands_and_failures_tell_no_ids(data: Path, tmp_path: Path, call: Call) -> None:
    code, shown = call("describe", data)
    assert not code
    assert MARK not in shown
    code, shown = call("import", data, "--out", tmp_path / "kept")
    assert not code, shown
    assert MARK not in shown
    assert leaks(tmp_path / "kept") == []
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "accounts.csv").write_text(f"account_id\n{MARK}-1\n{MARK}-2\n")
    (bad / "follows.csv").write_text(f"follower_id,followee_id\n{MARK}-1,{MARK}-3\n")
    study = tmp_path / "study.toml"
    study.write_text(f'[data]\nsource = "folder"\npath = "{bad}"\n')
    commands = [("run", study, "--out", tmp_path / "run"), ("check", study), ("describe", bad)]
    commands += [("import", bad, "--out", tmp_path / "in")]
    commands += [("communities", bad, "--out", tmp_path / "found")]
    for command in commands:
        code, shown = call(*command)
        assert code == 2
        plain = re.sub(r"\s+", " ", shown)
        assert "table 'follows', row 1: followee_id='…' is not in the table 'accounts'" in plain
        assert MARK not in shown
    failures = pl.read_csv(tmp_path / "run" / "failures.csv")
    assert failures["stage"].to_list() == ["data"]
    assert "row 1: followee_id='…'" in failures["message"][0]
    for name in ("run", "in", "found"):
        assert leaks(tmp_path / name) == []


def test_documents_of_commands_tell_neither_ids_nor_small_groups(
    data: Path, tmp_path: Path, call: Call
) -> None:
    options = ("--runs", "2", "--null-draws", "0", "--out", tmp_path / "found")
    commands: list[tuple[str | Path, ...]] = [("describe", data), ("doctor",), ("formats",)]
    commands += [("import", data, "--out", tmp_path / "kept"), ("communities", data, *options)]
    for command in commands:
        code, shown = call(*command, "--json")
        assert not code, shown
        assert MARK not in shown
    document = json.loads(shown[shown.index("{\n") : shown.rindex("}") + 1])
    assert all(row["size"] >= 10 for row in document["communities"])
    code, shown = call("init", tmp_path / "begun", "--data", data)
    assert not code, shown
    assert MARK not in shown
    assert leaks(tmp_path / "begun") == []
    code, shown = call("export", tmp_path / "found", "--to", "bundle", "--out", tmp_path / "shared")
    assert not code, shown
    assert MARK not in shown
    for name in ("found", "shared", "kept"):
        assert leaks(tmp_path / name) == []
        assert small_groups(tmp_path / name) == [] or name == "kept"


def test_an_interactive_map_holds_ids_on_request_only(data: Path, tmp_path: Path) -> None:
    graph = gk.cointeraction_graph(gk.read_dataset(data)[0])
    partition = gk.leiden(graph, runs=2, rng=1)
    for members in ("none", "raw"):
        path = tmp_path / members / "map.html"
        gk.plot.interactive_map(graph, partition, path, members=members, rng=1)
        assert leaks(path.parent) == (["map.html"] if members == "raw" else [])


def test_a_file_without_a_header_and_a_tag_of_few_tell_nobody(tmp_path: Path, call: Call) -> None:
    rows = "\n".join(f"{MARK}-{i},728198630034802614{i},like" for i in range(3))
    (tmp_path / "interactions.csv").write_text(rows + "\n")
    study = tmp_path / "study.toml"
    study.write_text(f'[data]\nsource = "folder"\npath = "{tmp_path}"\n')
    log = tmp_path / "interactions.csv"
    commands = [("describe", log), ("import", log, "--out", tmp_path / "in")]
    commands += [("run", study, "--out", tmp_path / "run")]
    commands += [("communities", log, "--out", tmp_path / "found")]
    for command in commands:
        code, shown = call(*command)
        assert code == 2
        assert MARK not in shown
        assert "72819863" not in shown
        assert "is missing; there are '…', '…', 'like'." in re.sub(r"\s+", " ", shown)
    (failures,) = (tmp_path / "run").rglob("failures.csv")
    assert MARK not in failures.read_text()
    assert "72819863" not in failures.read_text()


def test_a_tag_of_few_is_not_counted_on_the_terminal(
    data: Path, tmp_path: Path, call: Call
) -> None:
    ds, _ = gk.read_dataset(data)
    uses = account_tags(ds, verb="a test").unique().group_by("tag").len().sort("len", "tag")
    rare, common = uses.filter(pl.col("len") < 10)["tag"][0], uses["tag"][-1]
    options = ("--runs", "2", "--null-draws", "0", "--find", rare, "--find", common)
    code, shown = call("communities", data, "--out", tmp_path / "found", *options)
    assert not code, shown
    assert f"Fewer than 10 nodes use {rare}." in shown
    assert shown.count("nodes that use the tags") == 1


def test_impressions_are_written_with_raw_ids_only(data: Path, tmp_path: Path, call: Call) -> None:
    study = tmp_path / "study.toml"
    study.write_text(
        f'[data]\nsource = "folder"\npath = "{data}"\n[simulation]\nimpressions = true\n'
    )
    code, shown = call("check", study)
    assert code == 2
    assert "set report.members = 'raw' too" in shown

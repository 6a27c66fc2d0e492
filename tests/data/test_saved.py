"""A saved file is read as what was written, or refused: each kind of file, each kind of damage."""

from __future__ import annotations

import dataclasses
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard

import graphkit as gk
from graphkit.data.files import load_arrays, save_arrays
from graphkit.data.impressions import Impressions
from graphkit.data.layout import LAYOUTS, Layout
from graphkit.data.partition import Partition, Runs
from graphkit.data.spread import ArmTally
from graphkit.errors import DataError, FileError

FLIPS = 300


def graph() -> gk.Graph:
    ids = [f"konto-{i}" for i in range(12)]
    return gk.Graph.from_edges(ids, ids[3:] + ids[:3], np.arange(1.0, 13.0), directed=True)


def numbered() -> gk.Graph:
    return gk.Graph.from_edges([1, 1, 2], [2, 3, 9], directed=False)


def partition() -> Partition:
    n, runs = 8, 3
    memberships = np.tile(np.arange(n, dtype=np.int32) // 4, (runs, 1))
    found = Runs(memberships, np.linspace(0, 1, runs), 1.0, np.ones(n, np.float32))
    return Partition(graph().vocabulary.take(np.arange(n)), memberships[0], runs=found)


def impressions() -> Impressions:
    rows = {"account_id": ["a", "b", "a"], "item_id": ["v", "v", "w"], "surface": ["x", None, "y"]}
    return Impressions.from_dataset(
        gk.Dataset(impressions={**rows, "watch_fraction": [0.5, None, 1.0]})
    )


def tally() -> ArmTally:
    m, n = 3, 4
    counts = {name: np.zeros(m, np.int64) for name in ("watch",)}
    people = {name: np.zeros(n, bool) for name in ("left", "quit")}
    people |= {name: np.arange(n, dtype=np.int32) for name in ("gained", "lost")}
    numbers = dict.fromkeys(("sessions", "empty", "candidates", "untallied"), 2)
    numbers |= dict.fromkeys(("leave", "back", "stay", "posting", "quitting", "recall"), 0.25)
    return ArmTally(
        views={"planted": np.ones((m, 3), np.int32)},
        diet={"planted": np.ones((n, 3), np.int32)},
        member_reach={"planted": np.ones(n, np.int32)},
        ticks=np.ones((m, 2), np.int32),
        reactions=np.ones((m, 9), np.int64),
        sources=np.ones(4, np.int64),
        shares=np.ones((1, 5), np.int32),
        posted=np.ones(m, bool),
        arrivals={"planted": np.zeros((m, 1), np.int16)},
        flagged_shown=np.ones(n, np.int32),
        divisive_shown=np.zeros(n, np.int32),
        **counts,
        **people,
        **numbers,  # type: ignore[arg-type]
    )


def block_arrays() -> dict[str, Any]:
    sizes = {"rows": np.array([4, 6]), "lengths": np.array([2, 1]), "tally": np.arange(3)}
    return {"targets": np.arange(3, dtype=np.int32), "values": np.ones(3), **sizes}


def run_arrays() -> dict[str, Any]:
    """Arrays of a run as its layout has them: every length is 3, but n + 1 is 4."""
    return {
        name: np.ones([3 if isinstance(k, str | None) else k for k in shape], dtype)
        for name, (dtype, shape) in LAYOUTS["Run"].arrays.items()
    } | {"f_indptr": np.arange(4)}


Load = Callable[[Path], object]

#: Of each kind: a function that saves one, and one that gives all that was read.
KINDS: dict[str, tuple[Callable[[Path], Path], Load]] = {
    "Graph": (lambda p: graph().save(p), lambda p: gk.Graph.load(p)),
    "Graph of integers": (lambda p: numbered().save(p), lambda p: gk.Graph.load(p)),
    "Partition": (lambda p: partition().save(p), lambda p: Partition.load(p)),
    "Impressions": (lambda p: impressions().save(p), lambda p: Impressions.load(p)),
    "ArmTally": (lambda p: tally().save(p, of="x"), lambda p: ArmTally.load(p)),
    "ArmTally of a checkpoint": (
        lambda p: tally().save(p, of="x", passing=True),
        lambda p: ArmTally.load(p),
    ),
    "Run": (
        lambda p: save_arrays(p, "Run", {"ticks": 2, "of": "x"}, run_arrays(), compressed=False),
        lambda p: load_arrays(p, "Run"),
    ),
    "SharedSlots": (
        lambda p: save_arrays(
            *(p, "SharedSlots", {"arms": ["a"], "of": "x"}, {"caps": np.ones((3, 2), np.uint8)}),
            passing=True,
        ),
        lambda p: load_arrays(p, "SharedSlots"),
    ),
    "Block": (
        lambda p: save_arrays(p, "Block", {}, block_arrays(), compressed=False),
        lambda p: load_arrays(p, "Block"),
    ),
}


def content(value: object) -> bytes:
    """All that a value holds, provenance and types included."""
    if isinstance(value, gk.Graph | Partition | Impressions | ArmTally):
        held = io.BytesIO()
        value.__getstate__()
        pickle.dump(value, held)
        return held.getvalue()
    header, arrays = value  # type: ignore[misc]
    return pickle.dumps(
        (header, {k: (a.dtype.str, a.shape, a.tobytes()) for k, a in arrays.items()})
    )


def check_refused(load: Load, path: Path, good: bytes | None = None) -> None:
    """Reading is an error of graphkit that names the file and a remedy, or gives what is `good`."""
    try:
        found = load(path)
    except FileError as error:
        told = str(error)
    else:
        assert good is not None, "read as if it were whole"
        assert content(found) == good
        return
    assert str(path) in told
    assert any(word in told for word in ("again", ".save(", "not a ")), told


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_found(kind: str, tmp_path: Path) -> None:
    save, load = KINDS[kind]
    path = save(tmp_path / "x")
    whole, good = path.read_bytes(), content(load(path))
    rng = np.random.default_rng(7)
    for bit in rng.choice(8 * len(whole), FLIPS, replace=False).tolist():
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(broken)
        check_refused(load, path, good)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_file_is_refused(kind: str, tmp_path: Path) -> None:
    save, load = KINDS[kind]
    path = save(tmp_path / "x")
    whole = path.read_bytes()
    for length in {*range(0, len(whole), max(len(whole) // 60, 1)), len(whole) - 1}:
        path.write_bytes(whole[:length])
        check_refused(load, path)


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_other_make_are_refused(kind: str, tmp_path: Path) -> None:
    load = KINDS[kind][1]
    path = tmp_path / "x.npz"
    check_refused(load, path)
    for data in (
        b"",
        b"id,name\n1,a\n",
        bytes(4096),
        pickle.dumps({"a": 1}),
        b"PK\x05\x06" + bytes(18),
    ):
        path.write_bytes(data)
        check_refused(load, path)
    for arrays in (
        {"x": np.arange(3)},
        {"header": np.arange(3)},
        {"header": np.frombuffer(b"[" * 9000, np.uint8)},
        {"header": np.frombuffer(b'{"noun": 1}', np.uint8)},
        {"header": np.frombuffer(b"\xff\xfe", np.uint8)},
    ):
        np.savez(path, **arrays)  # type: ignore[arg-type]
        check_refused(load, path)
    np.savez(path, header=np.array([{"a": 1}], dtype=object))
    check_refused(load, path)
    path.unlink()
    path.mkdir()
    check_refused(load, path)
    for other, (save, _) in KINDS.items():
        if other.split()[0] != kind.split()[0]:
            check_refused(load, save(tmp_path / "other"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_version_of_a_file_is_told(kind: str, tmp_path: Path) -> None:
    save, load = KINDS[kind]
    path = save(tmp_path / "x")
    with np.load(path) as archive:
        held = {name: archive[name] for name in archive.files}
    header = json.loads(held["header"].tobytes())
    for number, age in ((1, "an older"), (3, "a newer")):
        text = json.dumps({**header, "format": number}).encode()
        np.savez(path, **held | {"header": np.frombuffer(text, np.uint8)})
        with pytest.raises(FileError, match=rf"{age} version of graphkit .*: make it again"):
            load(path)


def test_nothing_is_allocated_for_a_declared_shape(tmp_path: Path) -> None:
    path = graph().save(tmp_path / "g")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for shape in ("(99999999999999, )", "(4, 999999999999, )", "(-1, )"):
        head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        data = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + bytes(80)
        with zipfile.ZipFile(path, "w") as archive:
            for name, held in (members | {"weights.npy": data}).items():
                archive.writestr(name, held)
        with pytest.raises(FileError, match="is damaged"):
            gk.Graph.load(path)


#: Arrays that may be absent by themselves.
OPTIONAL = {"at", "watch_fraction", "shared_caps", "arrivals_0"}
OPTIONAL |= {"flagged_shown", "divisive_shown"}


def save_as(path: Path, kind: str, header: dict[str, Any], arrays: dict[str, Any]) -> Path:
    """A file with a right digest, whatever it holds."""
    held = LAYOUTS[kind]
    LAYOUTS[kind] = Layout(
        {}, {name: (a.dtype.str, (None,) * a.ndim) for name, a in arrays.items()}
    )
    try:
        return save_arrays(path, kind, header, arrays)
    finally:
        LAYOUTS[kind] = held


@pytest.mark.parametrize("kind", KINDS)
def test_every_array_and_key_has_its_place(kind: str, tmp_path: Path) -> None:
    save, load = KINDS[kind]
    noun = kind.split()[0]
    header, arrays = load_arrays(save(tmp_path / "x"), noun)
    header = {k: v for k, v in header.items() if k not in ("noun", "format")}
    for name, array in arrays.items():
        changed = [
            {k: v for k, v in arrays.items() if k != name},
            {**arrays, name: array.astype(np.complex64)},
            {**arrays, name: array[None]},
            {**arrays, f"{name}x": array},
        ]
        for wrong in changed:
            path = save_as(tmp_path / "wrong", noun, header, wrong)
            if name in OPTIONAL and name not in wrong:
                load(path)
                continue
            check_refused(load, path)
            if LAYOUTS[noun].fault(header, wrong) is not None:
                with pytest.raises(DataError, match=f"a {noun} cannot be saved"):
                    save_arrays(path, noun, header, wrong)
    for key, value in header.items():
        wrong_value: Any = 5 if isinstance(value, dict) else {"a": 1}
        check_refused(load, save_as(tmp_path / "wrong", noun, header | {key: wrong_value}, arrays))


def test_content_that_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    header, arrays = load_arrays(graph().save(tmp_path / "g"), "Graph")
    header = {k: v for k, v in header.items() if k not in ("noun", "format")}
    lengths, bytes_ = arrays["id_lengths"], arrays["id_bytes"]
    for change in (
        {"id_lengths": lengths[::-1]},
        {"id_lengths": lengths + 1},
        {"id_lengths": -lengths},
        {"id_bytes": bytes_[:-1]},
        {"id_bytes": np.full_like(bytes_, 255)},
        {"id_bytes": bytes_[::-1]},
        {"indices": arrays["indices"] + 99},
        {"indptr": arrays["indptr"][::-1]},
    ):
        path = save_arrays(tmp_path / "wrong", "Graph", header, {**arrays, **change})
        with pytest.raises((FileError, DataError), match=r"wrong\.npz"):
            gk.Graph.load(path)
    for record in ({}, {"verb": 1}, header["provenance"] | {"parents": [1]}):
        path = save_arrays(tmp_path / "wrong", "Graph", header | {"provenance": record}, arrays)
        with pytest.raises(FileError, match=r"wrong\.npz .*does not fit together"):
            gk.Graph.load(path)


def test_a_tally_without_counts_by_account_is_read(tmp_path: Path) -> None:
    bare = dataclasses.replace(tally(), flagged_shown=None, divisive_shown=None)
    found = ArmTally.load(bare.save(tmp_path / "t"))
    assert (found.flagged_shown, found.divisive_shown) == (None, None)
    assert found == bare != tally()


def test_a_packed_file_is_read_as_the_one_that_lasts(tmp_path: Path) -> None:
    lasting, passing = tally().save(tmp_path / "a"), tally().save(tmp_path / "b", passing=True)
    assert ArmTally.load(passing) == ArmTally.load(lasting) == tally()


def test_nothing_is_allocated_for_a_packed_array(tmp_path: Path) -> None:
    huge = (
        b"\x93NUMPY\x01\x00\x76\x00"
        + (
            f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({1 << 40},), }}".ljust(117) + "\n"
        ).encode()
    )
    empty = zstandard.ZstdCompressor().compress(b"")
    # magic number, flags of an 8-byte size and the size, and no block
    declared = zstandard.MAGIC_NUMBER.to_bytes(4, "little") + b"\xe0" + bytes([255] * 6 + [0] * 2)
    for content in (zstandard.ZstdCompressor().compress(huge), empty, declared, b"no frame"):
        packed = {"caps.zst": np.frombuffer(content, np.uint8)}
        path = save_as(tmp_path / "s.npz", "SharedSlots", {"arms": ["a"], "of": "x"}, packed)
        with pytest.raises(FileError, match="is damaged"):
            load_arrays(path, "SharedSlots")


def test_a_file_that_holds_an_array_twice_is_refused(tmp_path: Path) -> None:
    caps = np.zeros((2, 3), np.uint8)
    header = {"arms": ["a"], "of": "x"}
    packed = save_arrays(tmp_path / "p.npz", "SharedSlots", header, {"caps": caps}, passing=True)
    with np.load(packed) as held:
        both = {"caps": caps, "caps.zst": held["caps.zst"]}
    path = save_as(tmp_path / "s.npz", "SharedSlots", header, both)
    with pytest.raises(FileError, match="is damaged"):
        load_arrays(path, "SharedSlots")


def test_a_tally_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tally().save(tmp_path / "t", of="x")
    assert ArmTally.load(path, of="x").impressions == tally().impressions
    with pytest.raises(FileError, match="tally of another run"):
        ArmTally.load(path, of="y")

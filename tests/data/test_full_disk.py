"""A file that does not fit is not written: the earlier one stays, and the error says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import graphkit as gk
from graphkit.errors import FileError
from graphkit.plot.style import blank_canvas
from graphkit.readwrite import write_dataset
from graphkit.recommenders import write_feed

resource = pytest.importorskip("resource")


@contextmanager
def no_room(size: int = 64) -> Iterator[None]:
    """Files of this process may have no more bytes, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def simulate(folder: Path, **where: Path) -> None:
    world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    arms = {"newest": gk.recommenders.chronological()}
    gk.simulate_spread(world, arms, ticks=2, slots=3, reading="empty", rng=1, **where)


def graph() -> gk.Graph:
    return gk.Graph.from_edges(np.arange(99), np.arange(1, 100), directed=False)


WRITERS: dict[str, Callable[[Path], object]] = {
    "graph": lambda p: graph().save(p / "g"),
    "partition": lambda p: gk.leiden(graph(), runs=2, rng=1).save(p / "p"),
    "figure": lambda p: blank_canvas(3, 2)[0].write(p / "f.png"),
    "feed": lambda p: write_feed(gk.interest_centric(), p / "feed.toml", overwrite=True),
    "dataset": lambda p: write_dataset(
        gk.Dataset(follows={"follower_id": ["a"], "followee_id": ["b"]}), p, overwrite=True
    ),
    "impressions": lambda p: simulate(p, impressions=p / "i"),
}


@pytest.mark.parametrize("what", WRITERS)
def test_a_file_that_does_not_fit(what: str, tmp_path: Path) -> None:
    WRITERS[what](tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert before
    with no_room(), pytest.raises(FileError) as caught:
        WRITERS[what](tmp_path)
    assert "too large. Earlier files are unchanged: make room, and do the same again." in str(
        caught.value
    ).replace("(os error 27)", "").replace(" .", ".")
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("size", [64, 1024])
def test_a_checkpoint_that_does_not_fit_goes_on_later(size: int, tmp_path: Path) -> None:
    with no_room(size), pytest.raises(FileError, match="Earlier files are unchanged: make room"):
        simulate(tmp_path, checkpoint=tmp_path / "c")
    assert {p.name for p in tmp_path.rglob("*") if p.is_file()} <= {"checkpoint.json"}
    simulate(tmp_path, checkpoint=tmp_path / "c")
    assert len([*tmp_path.rglob("tally.npz")]) == 1

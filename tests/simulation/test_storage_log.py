"""What is written while it is shown is what was tallied."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import graphkit as gk
from graphkit.data.files import read_record, write_record
from graphkit.data.spread import REACTIONS, ArmTally, Spread
from graphkit.data.world import World
from graphkit.errors import FileError, GraphkitWarning, MissingDataError
from graphkit.recommenders import Feed, presets
from graphkit.simulation import Behaviour, scan_impressions
from graphkit.simulation import storage as _log
from graphkit.simulation.storage import arm_folders

Simulate = Callable[..., Spread]


def check(rows: pl.DataFrame, tally: ArmTally, world: World, sources: tuple[str, ...]) -> None:
    """The rows of one run give its tally."""
    m = world.n_posts
    account = world.accounts.encode(rows.get_column("account_id"))
    post = world.posts.encode(rows.get_column("item_id"))
    assert rows.height == tally.impressions
    counted = np.zeros(tally.ticks.shape, np.int32)
    np.add.at(counted, (post, rows.get_column("tick").to_numpy()), 1)
    np.testing.assert_array_equal(counted, tally.ticks)
    for column, name in enumerate(REACTIONS):
        did = rows.get_column(name).to_numpy()
        np.testing.assert_array_equal(
            np.bincount(post[did], minlength=m), tally.reactions[:, column], err_msg=name
        )
    watch = rows.get_column("watch_fraction").to_numpy().astype(np.float64) * 65536
    assert (watch == watch.round()).all()
    np.testing.assert_array_equal(np.bincount(post, weights=watch, minlength=m), tally.watch)
    surface = rows.get_column("surface").to_list()
    assert [surface.count(name) for name in sources] == tally.sources.tolist()
    for kind, partition in world.partitions.items():
        home, views = partition.membership[account], np.zeros_like(tally.views[kind])
        np.add.at(views, (post, np.where(home < 0, partition.n_communities, home)), 1)
        np.testing.assert_array_equal(views, tally.views[kind])
    passed = rows.filter(pl.any_horizontal("share", "duet", "stitch"))
    assert passed.height == len(tally.shares)
    parents = passed.get_column("parent_account_id")
    assert parents.null_count() == (tally.shares[:, 2] < 0).sum()
    assert rows.get_column("parent_account_id").count() == parents.count()
    found = [
        world.posts.encode(passed.get_column("item_id")),
        world.accounts.encode(passed.get_column("account_id")),
        np.where(
            parents.is_null(), -1, world.accounts.encode(parents.fill_null(world.accounts.ids[0]))
        ),
        passed.get_column("tick").to_numpy(),
    ]
    assert sorted(zip(*found, strict=True)) == sorted(map(tuple, tally.shares[:, :4].tolist()))


@pytest.mark.parametrize("budget", ["matched", "free"])
def test_the_log_gives_the_tallies(
    world: World,
    all_feeds: dict[str, Feed],
    lively: Behaviour,
    simulate: Simulate,
    tmp_path: Path,
    budget: str,
) -> None:
    arms = {name: all_feeds[name] for name in ("everything", "own score", "chronological")}
    options: dict[str, Any] = {"replications": 2, "budget": budget, "behaviour": lively}
    spread = simulate(world, arms, impressions=tmp_path, **options)
    assert spread.content_key == simulate(world, arms, **options).content_key
    rows = scan_impressions(tmp_path).collect()
    assert rows.height == sum(t.impressions for t in spread.tallies.values())
    for (arm, w, r), tally in spread.tallies.items():
        mine = rows.filter(arm=arm, world=w, replication=r)
        check(mine, tally, spread.world_of(arm, w, r), spread.source_names)
        places = mine.group_by("account_id", "tick").agg(pl.col("position").sort())
        assert all(p == sorted(set(p)) for p in places.get_column("position").to_list())
    first = scan_impressions(tmp_path).filter(arm="everything", replication=0).collect()
    back = gk.Dataset(impressions=first)
    assert back.impressions is not None
    assert back.impressions.get_column("watch_fraction").sum() * 65536 == (
        spread.of("everything")[0].watch.sum()
    )


def test_introduced_posts_and_empty_slots(
    introduced: World, simulate: Simulate, tmp_path: Path
) -> None:
    feed = presets.chronological()
    mind = Behaviour(activity=0.02)
    # so many slots that followees introduced too few posts, whoever comes
    options = {"behaviour": mind, "ticks": 8, "slots": 40}
    spread = simulate(introduced, {"e": feed}, impressions=tmp_path, **options)
    tally = spread.of("e")[0]
    assert tally.empty > 0
    check(scan_impressions(tmp_path).collect(), tally, introduced, spread.source_names)
    # ticks in which nobody comes are files, too
    assert len([*tmp_path.rglob("tick-*.parquet")]) == 8


def test_resuming_neither_doubles_nor_loses_ticks(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path
) -> None:
    arms = {"u": all_feeds["uniform"], "own": all_feeds["own score"]}
    simulate(world, arms, impressions=tmp_path / "whole")
    whole = scan_impressions(tmp_path / "whole").collect()
    both = {"impressions": tmp_path / "log", "checkpoint": tmp_path / "kept"}
    for error, done in ((KeyboardInterrupt, 5), (RuntimeError, 9), (KeyboardInterrupt, 17)):

        def report(what: str, now: int, total: int) -> None:
            if now == done:  # noqa: B023
                raise error  # noqa: B023

        with pytest.raises(error), gk.show_progress(report):
            simulate(world, arms, **both)
        part = scan_impressions(tmp_path / "log").collect()
        assert_frame_equal(part, whole.head(part.height))
        assert part.select("arm", "tick").n_unique() == done
    spread = simulate(world, arms, **both)
    assert_frame_equal(scan_impressions(tmp_path / "log").collect(), whole)
    # what got lost of the log is run again
    lost = tmp_path / "log/arm=own/world=0/replication=0/tick-00004.parquet"
    lost.unlink()
    assert simulate(world, arms, **both).content_key == spread.content_key
    assert_frame_equal(scan_impressions(tmp_path / "log").collect(), whole)
    # and so is all of it if it was not wanted before
    both["impressions"] = tmp_path / "new"
    assert simulate(world, arms, **both).content_key == spread.content_key
    assert_frame_equal(scan_impressions(tmp_path / "new").collect(), whole)


def test_half_written_files_are_no_files(
    world: World,
    all_feeds: dict[str, Feed],
    simulate: Simulate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def half(frame: pl.LazyFrame, path: Path, **options: object) -> None:
        path.write_bytes(b"PAR1half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.LazyFrame, "sink_parquet", half)
    with pytest.raises(FileError, match=r"tick-00000\.parquet cannot be written: No space"):
        simulate(world, {"u": all_feeds["uniform"]}, impressions=tmp_path)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["simulation.json"]
    with pytest.raises(MissingDataError, match="no tick has been written"):
        scan_impressions(tmp_path)


def test_the_log_of_another_simulation_is_left_alone(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path
) -> None:
    arms = {"u": all_feeds["uniform"]}
    simulate(world, arms, impressions=tmp_path)
    before = scan_impressions(tmp_path).collect()
    with pytest.raises(FileError, match="impressions of another simulation"):
        simulate(world, arms, impressions=tmp_path, slots=2)
    simulate(world, arms, impressions=tmp_path)
    assert_frame_equal(scan_impressions(tmp_path).collect(), before)


def test_arms_may_be_called_anything(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path
) -> None:
    names = ["", "..", "a/b", "A/B", "tick-*[x]?", "50 % für alle", "z" * 300, "z" * 299]
    arms = dict.fromkeys(names, all_feeds["uniform"])
    spread = simulate(world, arms, ticks=2, impressions=tmp_path / "i", checkpoint=tmp_path / "c")
    rows = scan_impressions(tmp_path / "i").group_by("arm").len().collect()
    assert dict(rows.rows()) == {name: spread.impressions(name) for name in names}
    folders = arm_folders(names)
    assert len({f.casefold() for f in folders.values()}) == len(names)
    assert sorted(p.name for p in (tmp_path / "c").iterdir() if p.is_dir()) == sorted(
        folders.values()
    )


def test_pieces_do_not_show(
    world: World,
    all_feeds: dict[str, Feed],
    simulate: Simulate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arms = {"u": all_feeds["uniform"]}
    simulate(world, arms, impressions=tmp_path / "large")
    monkeypatch.setattr(_log, "ROWS", 7)
    simulate(world, arms, impressions=tmp_path / "small")
    assert_frame_equal(
        *(scan_impressions(tmp_path / name).collect() for name in ("large", "small"))
    )


def ticks_of(folder: Path) -> list[Path]:
    """The files of a log in the order in which they are written."""
    return [folder / f"arm={arm}/world=0/replication=0/tick-{t:05d}.parquet" for arm, t in WRITTEN]


WRITTEN = [(arm, t) for arm in ("u", "c") for t in range(4)]


@pytest.fixture
def log(world: World, all_feeds: dict[str, Feed], simulate: Simulate, tmp_path: Path) -> Path:
    """A whole log of two arms and four ticks."""
    arms = {"u": all_feeds["uniform"], "c": all_feeds["chronological"]}
    simulate(world, arms, ticks=4, impressions=tmp_path / "log", checkpoint=tmp_path / "kept")
    return tmp_path / "log"


def unfinish(folder: Path) -> None:
    """Make the record that of an interrupted simulation."""
    record = read_record(folder / "simulation.json")
    assert record is not None
    assert record["finished"] is True
    write_record(folder / "simulation.json", record | {"finished": False}, sealed=True)


@pytest.mark.parametrize("lost", range(8))
def test_only_the_last_ticks_of_an_interrupted_log_may_be_missing(log: Path, lost: int) -> None:
    whole = scan_impressions(log).collect()
    ticks_of(log)[lost].unlink()
    with pytest.raises(FileError, match=rf"tick-0000{lost % 4}\.parquet is missing.*run the same"):
        scan_impressions(log)
    unfinish(log)
    if lost < 7:
        with pytest.raises(FileError, match="is missing, but later ticks are there"):
            scan_impressions(log)
    for later in ticks_of(log)[lost:]:
        later.unlink(missing_ok=True)
    if lost:
        part = scan_impressions(log).collect()
        kept = pl.DataFrame(
            WRITTEN[:lost], schema={"arm": pl.String, "tick": pl.Int32}, orient="row"
        )
        assert_frame_equal(part, whole.join(kept, on=["arm", "tick"], maintain_order="left"))
    else:
        with pytest.raises(MissingDataError):
            scan_impressions(log)


def spoil(log: Path, how: str) -> Path:
    first, second, *_ = files = ticks_of(log)
    data = second.read_bytes()
    if how == "truncated":
        second.write_bytes(data[:-9])
    elif how == "empty":
        second.write_bytes(b"")
    elif how == "another tick":
        second.write_bytes(first.read_bytes())
    elif how == "another arm":
        second.write_bytes(files[5].read_bytes())
    elif how == "of others":
        pl.DataFrame({"a": [1]}).write_parquet(second)
    elif how == "folder":
        second.unlink()
        second.mkdir()
    elif how == "zeros":
        second.write_bytes(bytes(len(data)))
    return second


DAMAGE = ("truncated", "empty", "another tick", "another arm", "of others", "zeros")


@pytest.mark.parametrize("how", [*DAMAGE, "folder"])
def test_files_that_are_not_of_the_log_are_refused(log: Path, how: str) -> None:
    spoiled = spoil(log, how)
    with pytest.raises(FileError, match=rf"arm=u/.*{spoiled.name} (is|cannot).*run the same"):
        scan_impressions(log)


@pytest.mark.parametrize("how", DAMAGE)
def test_the_same_simulation_mends_its_log(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, log: Path, how: str
) -> None:
    whole = {path: path.read_bytes() for path in ticks_of(log)}
    spoiled = spoil(log, how)
    arms = {"u": all_feeds["uniform"], "c": all_feeds["chronological"]}
    with pytest.warns(GraphkitWarning, match=rf"{spoiled.name}.*set aside"):
        simulate(world, arms, ticks=4, impressions=log, checkpoint=log.parent / "kept")
    assert {path: path.read_bytes() for path in ticks_of(log)} == whole
    scan_impressions(log)


def test_a_log_of_another_seed_or_a_changed_record_is_not_mixed_in(
    world: World, all_feeds: dict[str, Feed], simulate: Simulate, log: Path
) -> None:
    arms = {"u": all_feeds["uniform"], "c": all_feeds["chronological"]}
    simulate(world, arms, ticks=4, impressions=log.parent / "other", rng=2)
    mine, other = ticks_of(log)[2], ticks_of(log.parent / "other")[2]
    mine.write_bytes(other.read_bytes())
    with pytest.raises(FileError, match="not the file of this run and tick"):
        scan_impressions(log)
    record = log / "simulation.json"
    record.write_text(record.read_text().replace('"ticks": 4', '"ticks": 2'))
    with pytest.raises(FileError, match=r"simulation\.json cannot be read: it was changed"):
        scan_impressions(log)


def test_other_tables_in_the_folder_are_counted(log: Path) -> None:
    whole = scan_impressions(log).collect()
    pl.DataFrame({"a": [1]}).write_parquet(log / "mine.parquet")
    with pytest.warns(GraphkitWarning, match=r"1 Parquet files .* such as mine\.parquet"):
        assert_frame_equal(scan_impressions(log).collect(), whole)


def test_a_changed_tick_of_a_finished_log_is_refused_unless_not_verified(tmp_path: Path) -> None:
    world = gk.build_world(gk.synthetic.platform(accounts=48, rng=1), rng=1)
    arms = {"u": presets.uniform()}
    gk.simulate_spread(world, arms, ticks=2, slots=3, impressions=tmp_path, rng=1)
    whole = scan_impressions(tmp_path).collect()
    path = next(tmp_path.rglob("tick-00001.parquet"))
    frame, facts = pl.read_parquet(path), pl.read_parquet_metadata(path)
    changed = frame.with_columns(position=pl.col("position") + 1)
    changed.write_parquet(
        path, metadata={k: v for k, v in facts.items() if k.startswith("graphkit")}
    )
    with pytest.raises(FileError, match=r"tick-00001.parquet is not the file that was written"):
        scan_impressions(tmp_path)
    assert scan_impressions(tmp_path, verify=False).collect().height == whole.height

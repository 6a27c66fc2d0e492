from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.data.dataset import Dataset
from graphkit.data.incidence import IncidenceMatrix, incidence
from graphkit.errors import DataError, FileError, MissingDataError, OptionError
from graphkit.readwrite import log as stream
from graphkit.readwrite.log import read_incidence

Table = dict[tuple[str, str], tuple[int, int, int]]


def table(found: IncidenceMatrix) -> Table:
    who, what = found.between.ids[found.rows], found.through.ids[found.things]
    none = np.full(found.n_pairs, -1)
    first = none if found.first is None else found.first
    last = none if found.last is None else found.last
    values = zip(found.acts.tolist(), first.tolist(), last.tolist(), strict=True)
    return dict(zip(zip(who, what, strict=True), values, strict=True))


def twin(rows: list[tuple[Any, Any, Any]]) -> Table:
    """Acts, first and last time of each pair, one row after the other."""
    found: Table = {}
    for who, what, at in rows:
        if who in (None, "") or what in (None, ""):
            continue
        n, first, last = found.get((who, what), (0, -1, -1))
        if at is not None:
            first = at if first < 0 else min(first, at)
            last = max(last, at)
        found[who, what] = (n + 1, first, last)
    return found


ID = st.one_of(st.none(), st.just(""), st.sampled_from(["a", "b", "B", "é", "10", "9"]))
TIME = st.one_of(st.none(), st.integers(10**15, 10**15 + 5))


@settings(max_examples=40)
@given(st.lists(st.tuples(ID, ID, TIME), max_size=30), st.integers(1, 7))
def test_agrees_with_the_slow_twin(rows: list[tuple[Any, Any, Any]], size: int) -> None:
    expected = twin(rows)
    frame = pl.DataFrame(
        rows, schema={"account_id": pl.String, "item_id": pl.String, "at": pl.Int64}, orient="row"
    ).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "CHUNK_ROWS", size)
        patch.setattr("graphkit.data.incidence.PIECE", size)
        if not expected:
            with pytest.raises(MissingDataError, match="no row of the frame has account_id and"):
                read_incidence(frame, at="at")
            return
        found = read_incidence(frame, at="at")
    assert table(found) == expected
    assert list(found.between.ids) == sorted({w for w, *_ in rows if w})
    assert (np.diff(found.things) > 0)[np.diff(found.rows) == 0].all()
    lost = sum(not w for w, *_ in rows), sum(bool(w) and not t for w, t, _ in rows)
    untimed = sum(bool(w) and bool(t) and at is None for w, t, at in rows)
    counts = dict(
        zip(
            ("rows without account_id", "rows without item_id", "acts without at"),
            (*lost, untimed),
            strict=True,
        )
    )
    assert found.removed == {why: n for why, n in counts.items() if n}


def write(frame: pl.DataFrame, folder: Path, form: str) -> Path:
    folder.mkdir()
    for part in range(2):
        half = frame.slice(part * 3, 3)
        path = folder / f"log-{part}.{form}"
        if form == "parquet":
            half.write_parquet(path)
        elif form == "csv":
            half.write_csv(path)
        elif form == "csv.gz":
            path.write_bytes(gzip.compress(half.write_csv().encode()))
        else:
            half.write_ndjson(path)
    return folder


@pytest.mark.parametrize("form", ["parquet", "csv", "csv.gz", "ndjson"])
def test_every_form_gives_the_same(tmp_path: Path, form: str) -> None:
    frame = pl.DataFrame(
        {
            "user": [7100000000000000001, 7100000000000000003, 7100000000000000001, 5, 5, None],
            "clip": ["v", "v", "v", "w", None, "w"],
            "seen": pl.Series(
                ["2024-05-01T10:00:00", "2024-05-02T10:00:00", "2024-04-01T10:00:00"] * 2
            ).str.to_datetime(time_unit="us", time_zone="UTC"),
        }
    )
    folder = write(frame, tmp_path / "log", form)
    found = read_incidence(folder, entity="user", thing="clip", at="seen")
    day = 86_400_000_000
    may = 1_714_557_600_000_000
    assert table(found) == {
        ("5", "w"): (1, may, may),
        ("7100000000000000001", "v"): (2, may - 30 * day, may),
        ("7100000000000000003", "v"): (1, may + day, may + day),
    }
    assert found.removed == {"rows without user": 1, "rows without clip": 1}
    globbed = read_incidence(str(folder / "log-*"), entity="user", thing="clip", at="seen")
    files = read_incidence(
        sorted(folder.iterdir(), reverse=True), entity="user", thing="clip", at="seen"
    )
    assert found.content_key == globbed.content_key == files.content_key


def test_kinds_and_entities_without_an_act() -> None:
    log = pl.LazyFrame(
        {"account_id": ["a", "b", "c"], "item_id": ["v", "v", "v"], "kind": ["like", "view", None]}
    )
    found = read_incidence(log, kinds=["like"], node_kind="users")
    assert list(found.between.ids) == ["a", "b", "c"]
    assert (found.n_pairs, dict(found.removed)) == (1, {"rows of other kinds": 2})
    assert found.node_kind == "users"


def test_times_in_text() -> None:
    texts = [
        "2024-05-01",
        "2024-05-01 00:00:01Z",
        "2024-05-01T02:00:02+02:00",
        "soon",
        "1956-01-01",
    ]
    log = pl.LazyFrame({"account_id": list("abcde"), "item_id": ["v"] * 5, "at": texts})
    found = read_incidence(log, at="at")
    first = 1_714_521_600_000_000
    assert found.first is not None
    assert found.first.tolist() == [first, first + 10**6, first + 2 * 10**6, -1, -1]
    assert found.removed == {"times in at that cannot be read or lie outside 1990–2099": 2}
    with pytest.raises(DataError, match="no time in 'at' of the lazy frame can be read"):
        read_incidence(log.with_columns(at=pl.lit("soon")), at="at")


def test_same_pairs_as_the_dataset() -> None:
    rng = np.random.default_rng(1)
    who = pl.Series(rng.integers(0, 400, 5000)).cast(pl.String)
    what = pl.Series(rng.integers(0, 90, 5000)).cast(pl.String)
    frame = pl.DataFrame({"account_id": who, "item_id": what, "kind": ["like"] * 5000})
    found = read_incidence(frame)
    there = incidence(Dataset(interactions=frame), between="accounts", through="items")
    assert found.between == there.between
    assert found.through == there.through
    codes = Counter(zip(there.rows.tolist(), there.columns.tolist(), strict=True))
    assert (
        Counter(
            dict(
                zip(
                    zip(found.rows.tolist(), found.things.tolist(), strict=True),
                    found.acts.tolist(),
                    strict=True,
                )
            )
        )
        == codes
    )


def test_what_cannot_be_right_is_refused(tmp_path: Path) -> None:
    frame = pl.DataFrame({"account_id": ["a"], "item_id": ["v"], "at": [True]})
    with pytest.raises(DataError, match="lose digits"):
        read_incidence(frame.with_columns(item_id=pl.lit(7.1e18)))
    with pytest.raises(DataError, match="scientific notation"):
        read_incidence(frame.with_columns(item_id=pl.lit("7.1E+18")))
    with pytest.raises(DataError, match="whose unit and origin are unknown"):
        read_incidence(frame, at="at")
    with pytest.raises(MissingDataError, match="Did you mean 'account_id'"):
        read_incidence(frame, entity="acount_id")
    with pytest.raises(OptionError, match="one column twice"):
        read_incidence(frame, thing="account_id")
    with pytest.raises(OptionError, match="kinds is empty"):
        read_incidence(frame, kinds=[])
    with pytest.raises(FileError, match="does not exist"):
        read_incidence(tmp_path / "nowhere.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(FileError, match=r"broken\.parquet cannot be read"):
        read_incidence(tmp_path / "broken.parquet")
    (tmp_path / "a.csv").write_text("account_id,item_id\na,v\nb,w,x\n")
    with pytest.raises(FileError, match=r"a\.csv cannot be read"):
        read_incidence(tmp_path / "a.csv")
    with pytest.raises(FileError, match="several kinds"):
        read_incidence([tmp_path / "a.csv", tmp_path / "broken.parquet"])
    (tmp_path / "log.txt").write_text("a")
    with pytest.raises(FileError, match="are read"):
        read_incidence(tmp_path / "log.txt")

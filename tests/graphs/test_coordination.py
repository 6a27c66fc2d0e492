from __future__ import annotations

import gzip
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphkit as gk
from graphkit.errors import DataError, GraphkitWarning, MissingDataError, OptionError
from graphkit.graphs import cointeraction_graph, coordination
from graphkit.graphs.coordination import coordinated_accounts

START = datetime(2024, 5, 1, tzinfo=UTC)
Act = tuple[str, str, int]


def shares(acts: list[Act]) -> gk.Dataset:
    return gk.Dataset(
        interactions={
            "account_id": [a for a, _, _ in acts],
            "item_id": [t for _, t, _ in acts],
            "kind": ["share"] * len(acts),
            "at": [START + timedelta(seconds=s) for _, _, s in acts],
        }
    )


def twin(
    acts: list[Act], window: int, least: int, ends: str, loops: bool
) -> tuple[list[tuple[Any, ...]], dict[str, tuple[int, int, int, bool]]]:
    """Every act with every other, in the steps of the paper's package."""
    often: dict[str, int] = defaultdict(int)
    for account, _, _ in acts:
        often[account] += 1
    acts = [act for act in acts if often[act[0]] >= least]
    near = [
        (p, q)
        for q in range(len(acts))
        for p in range(q)
        if acts[p][1] == acts[q][1] and abs(acts[p][2] - acts[q][2]) <= window
    ]
    own: dict[str, int] = defaultdict(int)
    pairs = defaultdict(list)
    part = set()
    for p, q in near:
        if acts[p][0] == acts[q][0]:
            own[acts[p][0]] += 1
            if loops:
                part |= {p, q}
        else:
            part |= {p, q}
            p, q = sorted((p, q), key=lambda x: acts[x][0])
            pairs[acts[p][0], acts[q][0]].append((p, q))
    number: dict[str, int] = defaultdict(int)
    for p in part:
        number[acts[p][0]] += 1
    passes = {a for a, k in number.items() if k >= least}
    check = any if ends == "any" else all
    rows = []
    for (a, b), both in sorted(pairs.items()):
        if not check((a in passes, b in passes)):
            continue
        left, right = len({p for p, _ in both}), len({q for _, q in both})
        delay = sum(abs(acts[p][2] - acts[q][2]) for p, q in both) / len(both)
        things = len({acts[p][1] for p, _ in both})
        rows.append(
            (a, b, things, len(both), left, right, min(left, right) / max(left, right), delay)
        )
    return rows, {
        a: (often[a], number[a], own[a], a in passes) for a in sorted(set(number) | set(own))
    }


ACTS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("vwx"), st.integers(0, 25)),
    min_size=1,
    max_size=40,
)


@given(
    acts=ACTS,
    window=st.integers(1, 9),
    least=st.integers(1, 4),
    ends=st.sampled_from(("any", "both")),
    loops=st.booleans(),
)
def test_agrees_with_the_twin(
    acts: list[Act], window: int, least: int, ends: str, loops: bool
) -> None:
    found = coordinated_accounts(
        shares(acts),
        window=timedelta(seconds=window),
        min_participation=least,
        ends=ends,
        loops=loops,
    )
    rows, accounts = twin(acts, window, least, ends, loops)
    assert [row[:6] for row in found.frame.rows()] == [row[:6] for row in rows]
    for mine, right in zip(found.frame.rows(), rows, strict=True):
        assert mine[6:] == pytest.approx(right[6:], abs=1e-12)
    assert {row[0]: row[1:] for row in found.accounts.rows()} == accounts
    edges = found.graph.edges().rows()
    assert edges == [(row[0], row[1], float(row[3])) for row in rows]
    ends_of_edges = {a for row in rows for a in row[:2]}
    assert set(found.graph.vocabulary.ids) >= ends_of_edges
    assert loops or set(found.graph.vocabulary.ids) == ends_of_edges


def test_by_hand() -> None:
    # b acts thrice within reach of a's only act: a heavy, lopsided edge
    found = coordinated_accounts(
        shares([("a", "v", 5), ("b", "v", 0), ("b", "v", 5), ("b", "v", 9), ("c", "v", 60)]),
        window="5s",
        min_participation=1,
    )
    assert found.frame.rows() == [("a", "b", 1, 3, 1, 3, pytest.approx(1 / 3), 3.0)]
    assert found.graph.total_weight == 3
    assert found.accounts.rows() == [("a", 1, 1, 0, True), ("b", 3, 3, 2, True)]
    assert found.provenance.removed == {"pairs of interactions of one account (loops)": 2}
    assert "edges" in repr(found)
    assert "<table" in found._repr_html_()


def test_one_end_is_enough_unless_both_are_asked() -> None:
    acts = [
        ("a", "v", 0),
        ("b", "v", 1),
        ("a", "w", 0),
        ("c", "w", 1),
        ("b", "x", 0),
        ("c", "y", 0),
    ]
    options: dict[str, Any] = {"window": "2s", "min_participation": 2}
    found = coordinated_accounts(shares(acts), **options)
    assert found.graph.edges().rows() == [("a", "b", 1.0), ("a", "c", 1.0)]
    both = coordinated_accounts(shares(acts), **options, ends="both")
    assert both.frame.height == 0 == both.graph.n_nodes
    assert both.provenance.removed == {"edges where not both ends has 2 participations": 2}


def test_bytes_do_not_depend_on_rows_or_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    acts = [
        (f"a{i:02}", f"v{t}", int(s))
        for i, t, s in zip(
            rng.integers(0, 40, 600), rng.integers(0, 9, 600), rng.integers(0, 99, 600), strict=True
        )
    ]
    first = coordinated_accounts(shares(acts), window="6s")
    monkeypatch.setattr(coordination, "BLOCK", 50)
    monkeypatch.setattr(coordination, "SPACE", 1)
    again = coordinated_accounts(shares([acts[i] for i in rng.permutation(600)]), window="6s")
    assert first.frame.height > 500
    assert first.frame.equals(again.frame)
    assert first.accounts.equals(again.accounts)


def test_pairs_are_those_of_the_projection() -> None:
    rng = np.random.default_rng(2)
    acts = [(f"a{i}", f"v{i % 3}", int(s)) for i, s in rng.integers(0, 60, (400, 2))]
    found = coordinated_accounts(shares(acts), window="3s", min_participation=1)
    graph = gk.cointeraction_graph(shares(acts), window="3s", weight="pairs")
    assert graph.edges().rows() == found.graph.edges().rows()
    shared = gk.cointeraction_graph(shares(acts), window="3s").edges()
    assert shared.get_column("weight").to_list() == found.frame.get_column("shared").to_list()


def test_bad_input() -> None:
    ds = shares([("a", "v", 0)])
    with pytest.raises(OptionError, match="Did you mean 'any'"):
        coordinated_accounts(ds, window="1s", ends="an")
    with pytest.raises(OptionError, match="min_participation=0"):
        coordinated_accounts(ds, window="1s", min_participation=0)
    assert ds.interactions is not None
    timeless = gk.Dataset(interactions=ds.interactions.drop("at"))
    with pytest.raises(MissingDataError, match=r"coordinated_accounts.*interactions\.at"):
        coordinated_accounts(timeless, window="1s")


@pytest.mark.real_data
@pytest.mark.parametrize("window", [10, 60])
def test_shares_of_the_package(shared_data: Path, window: int) -> None:
    content = gzip.decompress((shared_data / "coortweet/russian_coord_tweets.csv.gz").read_bytes())
    table = pl.read_csv(content).with_columns(pl.col("timestamp_share").cast(pl.Int64))
    ds = gk.Dataset(
        interactions=table.select(
            "account_id",
            pl.col("object_id").alias("item_id"),
            pl.lit("share").alias("kind"),
            pl.from_epoch("timestamp_share", time_unit="s").alias("at"),
        )
    )
    options: dict[str, Any] = {"window": f"{window}s", "min_participation": 5}
    found = coordinated_accounts(ds, **options)
    # the same by joins of every act with every other on the same object
    acts = table.with_row_index("act").filter(pl.len().over("account_id") >= 5)
    near = acts.join(acts, on="object_id").filter(
        (pl.col("account_id") < pl.col("account_id_right"))
        & ((pl.col("timestamp_share") - pl.col("timestamp_share_right")).abs() <= window)
    )
    part = pl.concat(
        [
            near.select("account_id", "act"),
            near.select(account_id="account_id_right", act="act_right"),
        ]
    ).unique()
    enough = part.group_by("account_id").len().filter(pl.col("len") >= 5).get_column("account_id")
    right = (
        near.filter(
            pl.col("account_id").is_in(enough.implode())
            | pl.col("account_id_right").is_in(enough.implode())
        )
        .group_by("account_id", "account_id_right")
        .agg(
            pl.col("object_id").n_unique().alias("shared"),
            pl.len().alias("pairs"),
            pl.col("act").n_unique().alias("left"),
            pl.col("act_right").n_unique().alias("right"),
        )
        .sort("account_id", "account_id_right")
    )
    assert found.frame.select(pl.nth(range(6))).rows() == right.rows()
    assert (found.graph.n_nodes, found.graph.n_edges) == {10: (23, 20), 60: (772, 1193)}[window]


@pytest.mark.real_data
def test_an_account_near_itself_alone_goes_with_the_loops(shared_data: Path) -> None:
    content = gzip.decompress((shared_data / "coortweet/russian_coord_tweets.csv.gz").read_bytes())
    ds = gk.Dataset(
        interactions=pl.read_csv(content).select(
            "account_id",
            pl.col("object_id").alias("item_id"),
            pl.lit("share").alias("kind"),
            pl.from_epoch(pl.col("timestamp_share").cast(pl.Int64), time_unit="s").alias("at"),
        )
    )
    options: dict[str, Any] = {"window": "10s", "min_participation": 5}
    with_loops = coordinated_accounts(ds, **options, loops=True).graph.vocabulary.ids
    without = coordinated_accounts(ds, **options).graph.vocabulary.ids
    gone = set(with_loops) - set(without)
    assert any(account.startswith("9fa51ef17278c01d") for account in gone)
    assert len(gone) == 7


# popular objects ----------------------------------------------------------------------------


def popular(*degrees: int, times: int = 2) -> gk.Dataset:
    """Objects at which so many accounts, the same first ones, act a second apart, `times` each."""
    acts = [
        (f"a{k % degree:03}", f"v{v}", k)
        for v, degree in enumerate(degrees)
        for k in range(times * degree)
    ]
    return shares(acts)


def bounds_of(ds: gk.Dataset, **options: Any) -> coordination.PairBounds:
    """The bounds that the function itself computes."""
    found = []
    original = coordination._bound_pairs

    def keep(*arguments: Any) -> coordination.PairBounds:
        found.append(original(*arguments))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coordination, "_bound_pairs", keep)
        coordinated_accounts(ds, **options)
    return found[0]


@pytest.mark.parametrize("window", [1, 2, 5, 1000])
def test_pairs_are_counted_exactly_before_they_are_formed(window: int) -> None:
    ds = popular(9, 4, 2)
    bounds = bounds_of(ds, window=f"{window}s")
    found = coordinated_accounts(ds, window=f"{window}s")
    assert bounds.degree.tolist() == [9, 4, 2]
    assert bounds.pairs.sum() == found.frame.get_column("pairs").sum()
    assert found.graph.n_edges <= bounds.n_edges
    if window == 1000:  # everybody with everybody, twice each
        assert bounds.pairs.tolist() == [36 * 4, 6 * 4, 4]
        assert bounds.edges.tolist() == [36, 6, 1]
        assert bounds.n_edges == found.graph.n_edges == 36


@given(
    st.lists(
        st.tuples(st.sampled_from("abcde"), st.sampled_from("vwx"), st.integers(0, 30)),
        min_size=1,
        max_size=40,
    ),
    st.integers(1, 20),
)
def test_the_bounds_hold(acts: list[Act], window: int) -> None:
    options = {"window": f"{window}s", "min_participation": 1}
    bounds = bounds_of(shares(acts), **options)
    found = coordinated_accounts(shares(acts), **options)
    assert bounds.pairs.sum() == found.frame.get_column("pairs").sum()
    assert found.graph.n_edges <= bounds.n_edges
    shared = found.frame.get_column("shared").sum()
    assert shared <= bounds.edges.sum()


def test_more_than_the_memory_is_refused_with_advice() -> None:
    ds = popular(60, 20, 3)
    room = coordination.INTERACTION_BYTES * 166 + 64 * 60
    # 60 · 59 / 2 = 1,770 edges in all, 190 without the first object
    edge = coordination.EDGE_BYTES
    with pytest.raises(OptionError, match="coordinated_accounts: 7,852 pairs") as error:
        coordinated_accounts(ds, window="1000s", memory=room + 1769 * edge)
    text = str(error.value)
    assert "make up to 1,770 edges" in text
    assert "The items of most accounts have 60, 20, 3." in text
    assert "This would fit: max_degree=20 (at most about" in text
    assert "leaves out 1 of 3 items)" in text
    assert "v0" not in text
    # what it advises is accepted, and what fits is the same whatever is allowed
    assert (
        coordinated_accounts(
            ds, window="1000s", memory=room + 1769 * edge, max_degree=20
        ).graph.n_edges
        == 190
    )
    just = coordinated_accounts(ds, window="1000s", memory=room + 1770 * edge)
    assert just.graph.content_key == coordinated_accounts(ds, window="1000s").graph.content_key
    with pytest.raises(OptionError, match="No cap alone would fit: shorten the window"):
        coordinated_accounts(ds, window="1000s", memory=1000)


def test_a_bound_above_the_memory_is_no_reason_to_refuse() -> None:
    # two groups that meet at different objects: the bound of the edges counts each pair twice
    acts = [(f"{g}{k}", f"{g}{v}", k) for g in "ab" for v in "xy" for k in range(8)]
    ds = shares(acts)
    bounds = bounds_of(ds, window="100s")
    assert bounds.n_edges == 4 * 28
    room = coordination.INTERACTION_BYTES * 32 + 64 * 16
    found = coordinated_accounts(ds, window="100s", memory=room + 56 * coordination.EDGE_BYTES)
    assert found.graph.n_edges == 56
    with pytest.raises(OptionError, match="up to 112 edges"):
        coordinated_accounts(ds, window="100s", memory=room + 55 * coordination.EDGE_BYTES)


@pytest.mark.parametrize("cap", [2, 3, 4, 8, 9])
def test_max_degree_is_that_of_the_projection(cap: int) -> None:
    ds = popular(9, 4, 2)
    found = coordinated_accounts(ds, window="1000s", max_degree=cap)
    degrees = {"v0": 9, "v1": 4, "v2": 2}
    kept = [item for item, degree in degrees.items() if degree <= cap]
    assert ds.interactions is not None
    rest = gk.Dataset(interactions=ds.interactions.filter(pl.col("item_id").is_in(kept)))
    assert found.frame.equals(coordinated_accounts(rest, window="1000s").frame)
    projected = cointeraction_graph(ds, max_degree=cap)
    assert found.graph.n_edges == projected.n_edges
    out = sum(degree > cap for degree in degrees.values())
    reason = f"items of more than {cap} actors"
    removed = found.provenance.removed
    assert removed.get(reason, 0) == projected.provenance.removed.get(reason, 0) == out
    gone = sum(2 * degree for degree in degrees.values() if degree > cap)
    assert removed.get(f"interactions with {reason}", 0) == gone
    assert found.provenance.parameters["max_degree"] == cap


def test_max_degree_out_of_range() -> None:
    with pytest.raises(DataError, match=r"max_degree=2 leaves nothing: all 2 items have more"):
        coordinated_accounts(popular(9, 4), window="10s", max_degree=2)
    for options in ({"max_degree": 1}, {"max_degree": 2.5}, {"memory": "many"}, {"memory": 0}):
        with pytest.raises(OptionError, match=next(iter(options))):
            coordinated_accounts(popular(9, 4), window="10s", **options)


def test_a_long_search_says_so_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coordination, "EDGE_SECONDS", 1.0)
    monkeypatch.setattr(coordination, "PAIR_SECONDS", 0.0)
    with pytest.warns(GraphkitWarning, match="this may take up to 30 min") as told:
        found = coordinated_accounts(popular(60, 15, 3), window="1000s")
    assert len(told) == 1
    assert told[0].filename == __file__
    assert found.graph.n_edges == 1770
    text = str(told[0].message)
    assert "up to 1,770 edges. The items of most accounts have 60, 15, 3. Quicker: " in text
    # 15 · 14 / 2 + 3 = 108
    assert "max_degree=15 (at most about 108 s; leaves out 1 of 3 items)" in text
    assert coordinated_accounts(popular(60, 15, 3), window="1000s", max_degree=15).graph.n_edges

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graphkit.graphs import projection as product
from graphkit.graphs.options import WEIGHTS, ProjectionOptions
from graphkit.graphs.projection import Projection, project
from graphkit.parallel import show_progress

#: Weights that a window leaves defined.
TIMED = tuple(weight for weight in WEIGHTS if weight != "actions")

OPTIONS = {
    "weight": st.sampled_from(WEIGHTS),
    "min_shared": st.integers(1, 3),
    "max_degree": st.none() | st.integers(2, 6),
}
CUTS = st.fixed_dictionaries({}) | st.fixed_dictionaries(
    {"top": st.integers(1, 4), "mutual": st.booleans()}
)
ACTS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 6), st.integers(0, 40)), min_size=1, max_size=60
)


def run(
    acts: list[tuple[int, int, int]],
    n: int,
    m: int,
    *,
    window: int | None = None,
    workers: int | None = None,
    block_work: int | None = None,
    kept: Path | None = None,
    **options: Any,
) -> Projection:
    rows, columns, at = (np.array(part) for part in zip(*acts, strict=True))
    return project(
        rows.astype(np.int32),
        columns.astype(np.int32),
        n,
        m,
        ProjectionOptions(window=None if window is None else f"{window}us", **options),
        at=at.astype(np.int64),
        workers=workers,
        block_work=block_work,
        kept=kept,
    )


def random_acts(seed: int, n: int, m: int, size: int) -> list[tuple[int, int, int]]:
    """Things of very different popularity, with repetitions."""
    rng = np.random.default_rng(seed)
    things = (m * rng.random(size) ** 3).astype(int)
    return list(
        zip(
            rng.integers(0, n, size).tolist(),
            things.tolist(),
            rng.integers(0, 1000, size).tolist(),
            strict=True,
        )
    )


def edges(found: Projection) -> dict[tuple[int, int], float]:
    tails = np.repeat(np.arange(found.indptr.size - 1), np.diff(found.indptr))
    triples = zip(tails.tolist(), found.indices.tolist(), found.weights.tolist(), strict=True)
    return {(i, j): w for i, j, w in triples if i < j}


def matrix(found: Projection) -> sp.csr_array:
    n = found.indptr.size - 1
    return sp.csr_array((found.weights, found.indices, found.indptr), shape=(n, n))


def assert_sound(found: Projection) -> None:
    """Symmetric to the last bit, sorted, no loops, no zeros."""
    square = matrix(found)
    assert (square != square.T).nnz == 0
    assert square.has_canonical_format
    assert not square.diagonal().any()
    assert (found.weights > 0).all()
    assert (found.indptr.dtype, found.indices.dtype) == (np.int64, np.int32)


def assert_same(found: dict[tuple[Any, Any], float], right: dict[tuple[Any, Any], float]) -> None:
    assert found.keys() == right.keys()
    for pair, weight in right.items():
        assert found[pair] == pytest.approx(weight, abs=1e-12, rel=1e-12), pair


def assert_identical(a: Projection, b: Projection) -> None:
    for name in Projection.__dataclass_fields__:
        left, right = getattr(a, name), getattr(b, name)
        same = left.tobytes() == right.tobytes() if isinstance(left, np.ndarray) else left == right
        assert same, name


# --- the twin


@settings(deadline=None, max_examples=250)
@given(acts=ACTS, options=st.fixed_dictionaries(OPTIONS), cut=CUTS)
@example(acts=[(0, 0, 0), (1, 0, 0)], options={"weight": "tfidf"}, cut={"top": 1})
@example(acts=[(0, 0, 0)], options={"weight": "newman"}, cut={})
def test_agrees_with_the_twin(
    twin: Callable[..., Any],
    acts: list[tuple[int, int, int]],
    options: dict[str, Any],
    cut: dict[str, Any],
) -> None:
    found = run(acts, 10, 7, **options, **cut)
    assert_sound(found)
    assert_same(edges(found), twin(acts, range(10), **options, **cut))


@settings(deadline=None, max_examples=250)
@given(
    acts=ACTS,
    window=st.integers(1, 40),
    options=st.fixed_dictionaries(OPTIONS | {"weight": st.sampled_from(TIMED)}),
    cut=CUTS,
)
@example(acts=[(0, 0, 0), (1, 0, 10)], window=10, options={}, cut={})
@example(acts=[(0, 0, 0), (1, 0, 11)], window=10, options={}, cut={})
def test_agrees_with_the_twin_in_a_window(
    twin: Callable[..., Any],
    acts: list[tuple[int, int, int]],
    window: int,
    options: dict[str, Any],
    cut: dict[str, Any],
) -> None:
    found = run(acts, 10, 7, window=window, **options, **cut)
    assert_sound(found)
    assert_same(edges(found), twin(acts, range(10), window=window, **options, **cut))


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"min_shared": 3},
        {"max_degree": 40},
        {"top": 5},
        {"top": 30, "mutual": True},
        {"window": 25},
        {"window": 60, "top": 7, "min_shared": 2},
    ],
    ids=str,
)
def test_agrees_with_the_twin_on_rows_of_every_length(
    twin: Callable[..., Any], weight: str, options: dict[str, Any]
) -> None:
    if weight == "actions" and "window" in options:
        pytest.skip("acts per side within a window are not a weight")
    acts = random_acts(7, 140, 60, 900)
    found = run(acts, 140, 60, weight=weight, **options)
    lengths = np.diff(found.indptr)
    assert lengths.min() < 24 or lengths.max() > 24
    assert_sound(found)
    assert_same(edges(found), twin(acts, range(140), weight=weight, **options))


# --- other oracles


@pytest.mark.parametrize("n", [63, 64, 65, 4095, 4096, 4097, 9000])
def test_counts_are_the_matrix_product(n: int) -> None:
    acts = random_acts(n, n, 400, 6000)
    rows, columns, _ = zip(*acts, strict=True)
    incidence = sp.csr_array((np.ones(len(acts)), (rows, columns)), shape=(n, 400))
    incidence.sum_duplicates()
    incidence.data[:] = 1
    right = sp.csr_array(sp.triu(incidence @ incidence.T, k=1))
    right = right + right.T
    assert (matrix(run(acts, n, 400)) != right).nnz == 0


def test_newman_strengths_are_numbers_of_shared_things() -> None:
    # each thing with another entity adds exactly 1 to the strength of each of its entities
    acts = random_acts(3, 200, 80, 1500)
    pairs = {(i, t) for i, t, _ in acts}
    k = np.bincount([t for _, t in pairs], minlength=80)
    shared = np.bincount([i for i, t in pairs if k[t] > 1], minlength=200)
    found = matrix(run(acts, 200, 80, weight="newman"))
    np.testing.assert_allclose(found.sum(axis=1), shared, rtol=1e-12)


def test_the_widest_window_is_none() -> None:
    acts = random_acts(4, 200, 80, 1500)
    for weight in TIMED:
        wide = run(acts, 200, 80, weight=weight, window=1 << 60)
        assert_identical(wide, run(acts, 200, 80, weight=weight))


def test_a_large_top_is_none() -> None:
    acts = random_acts(5, 200, 80, 1500)
    for options in ({}, {"window": 30}):
        whole = run(acts, 200, 80, weight="cosine", **options)
        assert_identical(whole, run(acts, 200, 80, weight="cosine", top=10**6, **options))
        assert_identical(
            whole, run(acts, 200, 80, weight="cosine", top=199, mutual=True, **options)
        )


def test_ties_go_to_the_smaller_code() -> None:
    star = [(i, 0, 0) for i in range(60)]  # all pairs share one thing
    kept = edges(run(star, 60, 1, top=2, mutual=True))
    assert set(kept) == {(0, 1), (0, 2), (1, 2)}
    kept = edges(run(star, 60, 1, top=1))
    assert set(kept) == {(0, i) for i in range(1, 60)}


# --- blocks that are kept


@pytest.mark.parametrize("options", [{}, {"top": 6}, {"window": 40, "weight": "newman"}])
def test_an_interrupted_projection_goes_on(tmp_path: Path, options: dict[str, Any]) -> None:
    acts = random_acts(15, 300, 100, 2000)
    right = run(acts, 300, 100, block_work=500, **options)

    def interrupt(what: str, done: int, total: int) -> None:
        if (what, done) == ("rows", total // 2):
            raise KeyboardInterrupt

    with show_progress(interrupt), pytest.raises(KeyboardInterrupt):
        run(acts, 300, 100, block_work=500, workers=1, kept=tmp_path, **options)
    finished = sorted(tmp_path.iterdir())
    assert finished
    for file in finished:
        with np.load(file) as block:
            assert block["lengths"].sum() == block["targets"].size == block["values"].size
    written = {file: file.stat().st_mtime_ns for file in finished}
    assert_identical(right, run(acts, 300, 100, block_work=500, kept=tmp_path, **options))
    assert len(list(tmp_path.iterdir())) > len(finished)
    assert {file: file.stat().st_mtime_ns for file in finished} == written


# --- what is left out


def test_counts_of_what_is_left_out() -> None:
    acts = [(0, 0, 0), (1, 0, 0), (2, 0, 0), (0, 1, 0), (1, 1, 0), (0, 0, 5), (3, 2, 0), (0, 2, 0)]
    found = run(acts, 4, 3, max_degree=2)
    assert (found.capped_objects, found.capped_pairs, found.pairs) == (1, 3, 4)
    found = run(acts, 4, 3, min_shared=2)
    assert (found.few, edges(found)) == (3, {(0, 1): 2.0})
    found = run(acts, 4, 3, top=1, mutual=True)
    assert (found.outside_top, edges(found)) == (3, {(0, 1): 2.0})
    # thing 0 is everybody's among three
    found = run(acts[:6], 3, 2, weight="tfidf")
    assert (found.weightless, list(edges(found))) == (2, [(0, 1)])
    found = run(acts[:6], 3, 2, weight="tfidf", top=1)
    assert (found.weightless, found.outside_top) == (2, 0)


@pytest.mark.parametrize("options", [{}, {"top": 3}, {"window": 50}, {"window": 50, "top": 3}])
def test_every_pair_is_counted_once(options: dict[str, Any]) -> None:
    acts = random_acts(6, 150, 70, 1200)
    base = {key: value for key, value in options.items() if key == "window"}
    everything = len(edges(run(acts, 150, 70, **base)))
    found = run(acts, 150, 70, min_shared=2, **options)
    assert len(edges(found)) + found.few + found.outside_top == everything


# --- order, threads, blocks


@pytest.mark.parametrize("weight", ["count", "tfidf"])
@pytest.mark.parametrize("options", [{}, {"top": 6}, {"window": 40}, {"window": 40, "top": 6}])
def test_bytes_depend_on_neither_threads_nor_blocks(
    monkeypatch: pytest.MonkeyPatch, weight: str, options: dict[str, Any]
) -> None:
    acts = random_acts(8, 500, 150, 3000)
    first = run(acts, 500, 150, weight=weight, workers=1, **options)
    for workers, block_work in ((2, None), (2, 1000), (5, 37), (1, 1)):
        other = run(
            acts, 500, 150, weight=weight, workers=workers, block_work=block_work, **options
        )
        assert_identical(first, other)
    monkeypatch.setattr(product, "SPACE", 1)  # rows are handed out one by one
    monkeypatch.setattr(product, "RANGE", 100)
    monkeypatch.setattr(product, "BATCH", 100)
    assert_identical(first, run(acts, 500, 150, weight=weight, workers=3, **options))


@pytest.mark.parametrize("options", [{}, {"top": 6}, {"window": 40}])
def test_bytes_do_not_depend_on_the_order_of_rows(options: dict[str, Any]) -> None:
    acts = random_acts(9, 300, 100, 2000)
    shuffled = [acts[i] for i in np.random.default_rng(1).permutation(len(acts))]
    for weight in ("count", "jaccard", "cosine", "newman", "tfidf"):
        first = run(acts, 300, 100, weight=weight, **options)
        assert_identical(first, run(shuffled + acts[:50], 300, 100, weight=weight, **options))


def test_calls_from_several_threads() -> None:
    acts = random_acts(10, 300, 100, 2000)
    right = run(acts, 300, 100, weight="newman")
    found: list[Projection] = []
    threads = [
        threading.Thread(target=lambda: found.append(run(acts, 300, 100, weight="newman")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for one in found:
        assert_identical(one, right)


# --- house rules


def test_progress_is_reported_and_interruptions_stop() -> None:
    acts = random_acts(11, 300, 100, 2000)
    seen = []
    with show_progress(lambda what, done, total: seen.append((what, done, total))):
        run(acts, 300, 100, block_work=500, workers=2)
    assert {what for what, _, _ in seen} == {"rows", "edges"}
    assert all(done <= total for _, done, total in seen)
    assert ("rows", seen[0][2], seen[0][2]) in seen

    def interrupt(what: str, done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    for workers in (1, 2):
        with show_progress(interrupt), pytest.raises(KeyboardInterrupt):
            run(acts, 300, 100, block_work=500, workers=workers)


def test_numba_is_loaded_only_by_the_projection() -> None:
    code = (
        "import sys, graphkit as gk; gk.follow_graph(gk.Dataset("
        "follows={'follower_id': ['a'], 'followee_id': ['b']})); print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_one_specialisation_per_kernel() -> None:
    from graphkit.kernels import projection as _kernel

    acts = random_acts(12, 50, 20, 300)
    for weight in TIMED:
        for top in (None, 3):
            for window in (None, 20):
                run(acts, 50, 20, weight=weight, top=top, window=window)
        run(acts, 50, 20, weight=weight, min_shared=2)
    for name in ("index_pairs", "shared_rows", "repeated_rows", "windowed_rows"):
        assert len(getattr(_kernel, name).signatures) == 1, name


@pytest.mark.parametrize("weight", WEIGHTS)
def test_whole_rows_are_mirrored_rows(weight: str) -> None:
    acts = np.array(random_acts(13, 400, 120, 4000))
    rows, columns = acts[:, 0].astype(np.int32), acts[:, 1].astype(np.int32)
    given = (rows, columns, 400, 120, ProjectionOptions(weight=weight))
    halves = product.prepare_product(*given, in_blocks=True)
    assert not halves.product.whole
    expected = product.run_product(halves)
    for workers in (1, 3):
        whole = product.prepare_product(*given)
        assert whole.product.whole
        found = product.run_product(whole, workers=workers, block_work=700)
        for name in vars(expected):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_repeated_actors_are_counted_as_all_are(monkeypatch: pytest.MonkeyPatch) -> None:
    # rows of more repetitions than the buffer holds, and rows of few actors far apart
    acts = random_acts(15, 30, 400, 6000) + [
        (30 + i, 400 + t, 0) for i, t, _ in random_acts(16, 5000, 3000, 9000)
    ]
    for least in (2, 3, 9):
        found = run(acts, 5030, 3400, min_shared=least)
        assert_sound(found)
        with monkeypatch.context() as patch:
            rule = product.edge_rule

            def ones(options: ProjectionOptions, entries: Any, size: Any, n: int) -> Any:
                # contributions of one each, which the kernel of all weights adds up
                assert not entries.size
                made = rule(options, entries, size, n)  # noqa: B023
                return made._replace(contribution=np.ones(len(acts)))

            patch.setattr(product, "edge_rule", ones)
            assert_identical(found, run(acts, 5030, 3400, min_shared=least))
    assert found.indices.size


def test_marks_begin_again(monkeypatch: pytest.MonkeyPatch) -> None:
    acts = np.array(random_acts(14, 60, 30, 500)).astype(np.int32)
    for least in (1, 2):
        options = ProjectionOptions(min_shared=least)
        given = (acts[:, 0].copy(), acts[:, 1].copy(), 60, 30, options)
        expected = product.project(*given, workers=1)
        made = product.RowProduct._new_scratch

        def late(self: product.RowProduct) -> product.Scratch:
            scratch = made(self)  # noqa: B023
            scratch.mark[:] = 2**31 - 40
            return scratch

        with monkeypatch.context() as patch:
            patch.setattr(product.RowProduct, "_new_scratch", late)
            found = product.project(*given, workers=1)
        np.testing.assert_array_equal(found.indices, expected.indices)
        np.testing.assert_array_equal(found.weights, expected.weights)
        assert found.few == expected.few

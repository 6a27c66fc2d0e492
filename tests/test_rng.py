from __future__ import annotations

import random

import igraph
import numpy as np
import pytest

from graphkit.errors import GraphkitError, OptionError
from graphkit.rng import Streams, fenced_igraph


@pytest.mark.parametrize("seed", [0, 1, 2**32 + 1, 2**64, 2**200, np.int64(5)])
def test_any_integer_from_zero_up(seed: int) -> None:
    a, b = Streams(seed), Streams(seed)
    assert a.seed == int(seed)
    assert a.integer("x") == b.integer("x")
    assert a.generator("x").random() == b.generator("x").random()


def test_large_seeds_do_not_wrap() -> None:
    assert Streams(1).integer("x") != Streams(2**32 + 1).integer("x")


@pytest.mark.parametrize("seed", [-1, 1.5, "seven", True])
def test_what_cannot_seed(seed: object) -> None:
    with pytest.raises(OptionError, match="rng="):
        Streams(seed)  # type: ignore[arg-type]


def test_names_are_independent_and_unambiguous() -> None:
    streams = Streams(3)
    drawn = {streams.integer(*name) for name in [("a",), ("b",), ("a", "b"), ("ab",), ("a", 1)]}
    assert len(drawn) == 5


def test_a_generator_is_advanced_by_its_use() -> None:
    generator = np.random.default_rng(4)
    assert Streams(generator).seed != Streams(generator).seed
    assert Streams(np.random.default_rng(4)).seed == Streams(np.random.default_rng(4)).seed
    assert Streams(np.random.PCG64(4)).seed == Streams(np.random.PCG64(4)).seed
    sequence = np.random.SeedSequence(9)
    assert Streams(sequence).seed == Streams(np.random.SeedSequence(9)).seed


def test_without_a_seed_each_differs_and_is_recorded() -> None:
    first = Streams()
    assert first.seed != Streams().seed
    assert Streams(first.seed).integer("x") == first.integer("x")


def test_integers_fit_their_bits() -> None:
    assert all(0 <= Streams(s).integer("x", bits=31) < 2**31 for s in range(50))


def test_the_fence_leaves_the_callers_generators_alone() -> None:
    def draws() -> list[tuple[int, int]]:
        return igraph.Graph.Erdos_Renyi(30, 0.2).get_edgelist()

    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    without = (draws(), random.random(), np.random.random())  # noqa: NPY002
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    with fenced_igraph(1):
        first = draws()
    second = []

    def fail_inside() -> None:
        with fenced_igraph(1):
            second.append(draws())
            raise GraphkitError("inside")

    with pytest.raises(GraphkitError, match="inside"):
        fail_inside()
    assert second == [first]
    assert (draws(), random.random(), np.random.random()) == without  # noqa: NPY002

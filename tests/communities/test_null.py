"""The null test: about graphs, never about partitions."""

from __future__ import annotations

import re

import numpy as np
import pytest

from graphkit.communities import leiden
from graphkit.communities.null import NullComparison, rewired_null
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, OptionError
from graphkit.nullmodels import lfr, planted_partition, random_graph
from graphkit.parallel import show_progress

DIFFERS, CANNOT = (
    "the graph differs from its null",
    "the graph is not distinguishable from its null",
)


@pytest.fixture(scope="module")
def planted() -> NullComparison:
    return rewired_null(lfr(500, mu=0.4, rng=1).graph, n=19, runs=3, rng=1)


def test_a_planted_graph_differs(planted: NullComparison) -> None:
    assert planted.verdict == DIFFERS == planted.sentence("agreement")
    assert planted.p() == planted.p("agreement") == 0.05
    assert planted.z() > 20
    assert planted.z("agreement") > 5
    assert planted.partition.quality > planted.null_quality.max()


def test_noise_cannot_be_told_from_its_null_though_its_modularity_is_high() -> None:
    p = []
    for seed in range(8):
        found = rewired_null(random_graph(200, 500, rng=seed).graph, n=19, runs=1, rng=seed)
        assert found.observed() > 0.4
        p.append(found.p())
    # at an error rate of 5 %, three or more of eight come up once in 170 times
    assert sum(value <= 0.05 for value in p) <= 2
    assert 0.2 < np.mean(p) < 0.85


def test_numbers_are_those_of_the_formulas(planted: NullComparison) -> None:
    values = planted.null_quality
    assert planted.z() == pytest.approx((planted.observed() - values.mean()) / values.std(ddof=1))
    frame = planted.frame
    assert frame.columns == ["statistic", "observed", "null_mean", "null_sd", "z", "p", "says"]
    assert frame["null_mean"].to_list() == pytest.approx(
        [values.mean(), planted.null_agreement.mean()]
    )
    assert frame["says"].to_list() == [DIFFERS, DIFFERS]
    assert planted.n == values.size == planted.null_agreement.size == 19
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 1


def comparison(observed: float, null: list[float]) -> NullComparison:
    plain = Partition.from_membership("ab", [0, 1])
    partition = Partition(plain.vocabulary, plain.membership, quality=observed)
    return NullComparison(partition, np.array(null), np.full(len(null), np.nan))


def test_the_rank_counts_ties_against_the_graph() -> None:
    assert comparison(3.0, [1, 2, 3, 4]).p() == 3 / 5
    assert comparison(0.3, [0.1 + 0.2] * 4).p() == 1  # equal but for rounding
    assert np.isnan(comparison(0.3, [0.1 + 0.2] * 4).z())
    assert comparison(5.0, list(range(5))).p() == 1 / 6
    assert comparison(5.0, list(range(5))).verdict == CANNOT  # five copies can never tell
    assert comparison(5.0, [1.0] * 19).verdict == DIFFERS


def test_a_single_run_says_nothing_by_agreement() -> None:
    found = comparison(5.0, [1.0] * 19)
    assert np.isnan(found.p("agreement"))
    assert found.sentence("agreement") == "nothing can be said by agreement"
    assert found.frame.filter(statistic="agreement").row(0)[1:6] == (None,) * 5


def test_a_graph_that_is_its_only_copy() -> None:
    complete = Graph.from_edges(
        *zip(*[(a, b) for a in range(5) for b in range(a)], strict=True), directed=False
    )
    found = rewired_null(complete, n=19, runs=2, rng=1)
    assert found.p() == found.p("agreement") == 1
    assert found.verdict == CANNOT


@pytest.mark.parametrize("observed", [0.1, 9.0])
def test_words_are_about_the_graph(observed: float, planted: NullComparison) -> None:
    for found in (comparison(observed, [float(i % 5) for i in range(19)]), planted):
        for text in (repr(found), found._repr_html_(), found.verdict, *found.frame["says"][:1]):
            assert not re.search("signific|partition (is|differs)|communities are", text)
            assert "null" in text
        assert found.verdict in (DIFFERS, CANNOT)
    for text in (rewired_null.__doc__, NullComparison.__doc__):
        assert text is not None
        assert "significant" not in text


def test_weights_and_direction_are_taken() -> None:
    graph = planted_partition([30] * 4, inside=6, outside=1, directed=True, rng=1).graph
    found = rewired_null(graph, n=19, runs=1, quality="cpm", rng=1)
    assert found.verdict == DIFFERS
    assert found.partition.resolution == found.provenance.parameters["resolution"]
    assert found.provenance.inputs == (graph.content_key,)


def test_same_seed_same_values_and_another_engine() -> None:
    graph = planted_partition([15] * 3, inside=5, outside=1, rng=1).graph
    first, second = (rewired_null(graph, n=19, runs=2, rng=5) for _ in range(2))
    assert first.null_quality.tobytes() == second.null_quality.tobytes()
    assert first.null_agreement.tobytes() == second.null_agreement.tobytes()
    assert first.partition.content_key == second.partition.content_key
    assert first.provenance == second.provenance
    other = rewired_null(graph, n=19, runs=2, engine="leidenalg", rng=5)
    assert other.partition.provenance.parameters["engine"] == "leidenalg"
    default = leiden(graph, runs=1, rng=1).provenance.parameters["engine"]
    assert first.partition.provenance.parameters["engine"] == default


def test_progress_is_told() -> None:
    graph = random_graph(20, 40, rng=1).graph
    seen: list[tuple[str, int, int]] = []
    with show_progress(lambda *step: seen.append(step)):
        rewired_null(graph, n=19, runs=1, rng=1)
    assert ("rewired graphs", 19, 19) in seen


def test_what_cannot_be_is_refused() -> None:
    graph = random_graph(20, 40, rng=1).graph
    for n in (18, 0, 20.0, True):
        with pytest.raises(OptionError, match=f"n={n!r}: an integer from 19 on is needed"):
            rewired_null(graph, n=n)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no edges"):
        rewired_null(Graph.from_edges([], [], directed=False, nodes=[1, 2]))
    with pytest.raises(DataError, match="null comparison"):
        NullComparison(Partition.from_membership("ab", [0, 1]), np.zeros(3), np.zeros(2))

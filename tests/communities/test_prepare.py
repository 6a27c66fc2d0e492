"""What cannot be meant is refused, what can be is settled by rule: the same for every engine."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest

from graphkit.communities import by_sign, leiden, partition_quality
from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.errors import DataError, GraphkitError, MissingDataError, OptionError

ENGINES = ["native", "igraph", "leidenalg"]
every_engine = pytest.mark.parametrize("engine", [*ENGINES, None])
TRIANGLES = "aabcdde", "bccdeff"


def triangles(weight: Any = None, *, directed: bool = False, **options: Any) -> Graph:
    return Graph.from_edges(*TRIANGLES, weight, directed=directed, **options)


# weights ---------------------------------------------------------------------------------


@every_engine
@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("quality", ["modularity", "cpm"])
def test_negative_weights_are_refused(engine: str | None, quality: str, *, directed: bool) -> None:
    graph = triangles([1, 1, 1, -2, 1, 1, 1], directed=directed)
    with pytest.raises(DataError, match=r"leiden: the edge 'c' – 'd' has the weight -2 .*by_sign"):
        leiden(graph, quality=quality, engine=engine)
    # as layers they are meant
    parts = by_sign(graph)
    p = leiden(parts, layer_weights={"positive": 1, "negative": -1}, rng=1)
    assert p.n_communities == 2


@pytest.mark.parametrize("quality", ["rber", "surprise", "significance"])
def test_no_quality_of_one_graph_takes_signs(quality: str) -> None:
    graph = triangles([2, 2, 2, -2, 2, 2, 2])
    with pytest.raises(DataError, match="the weight -2"):
        leiden(graph, quality=quality)
    with pytest.raises(DataError, match="the weight -2"):
        partition_quality(graph, Partition.from_membership("abcdef", [0] * 6), quality=quality)


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_do_not_make_a_graph(weight: float) -> None:
    with pytest.raises(DataError, match=rf"weight {weight} of edge 4 is not a finite number"):
        triangles([1, 1, 1, weight, 1, 1, 1])


@every_engine
def test_weights_that_are_all_zero(engine: str | None) -> None:
    with pytest.raises(DataError, match=r"nothing joins.*7 have weight zero"):
        leiden(triangles([0.0] * 7), engine=engine)


@every_engine
def test_weights_near_the_ends_of_what_floats_hold(engine: str | None) -> None:
    for weight in (5e-324, 1e-300, 1e300):
        p = leiden(triangles([weight] * 7), runs=2, engine=engine, rng=1)
        assert p.membership.tolist() == [0, 0, 0, 1, 1, 1]
        assert p.quality == pytest.approx(5 / 14)
    with pytest.raises(DataError, match="their sum is not"):
        leiden(triangles([1.7e308] * 7), engine=engine)


@every_engine
def test_weights_of_very_unequal_size_end(engine: str | None) -> None:
    rng = np.random.default_rng(1)
    model = nx.gnm_random_graph(60, 200, seed=1)
    tail, head = np.array(model.edges()).T
    graph = Graph.from_edges(tail, head, 10.0 ** rng.uniform(-15, 15, tail.size), directed=False)
    p = leiden(graph, runs=2, engine=engine, rng=1)
    assert np.isfinite(p.quality)


# edges -----------------------------------------------------------------------------------


@every_engine
@pytest.mark.parametrize("directed", [True, False])
def test_loops_count_for_nothing(engine: str | None, *, directed: bool) -> None:
    plain = triangles(directed=directed)
    looped = Graph.from_edges(
        TRIANGLES[0] + "aab", TRIANGLES[1] + "aab", [1.0] * 7 + [50, 50, 7], directed=directed
    )
    p, q = (leiden(g, runs=2, engine=engine, rng=1) for g in (plain, looped))
    assert p.quality == q.quality
    assert np.array_equal(p.membership, q.membership)
    assert q.provenance.removed == {"self-loops": 2}  # parallel ones are one


@every_engine
@pytest.mark.parametrize("directed", [True, False])
def test_parallel_edges_are_one_with_their_weights_added(
    engine: str | None, *, directed: bool
) -> None:
    doubled = Graph.from_edges(
        TRIANGLES[0] + "ad", TRIANGLES[1] + "be", [1, 1, 1, 1, 1, 1, 1, 2, 3], directed=directed
    )
    merged = triangles([3, 1, 1, 1, 4, 1, 1], directed=directed)
    p, q = (leiden(g, runs=2, engine=engine, rng=1) for g in (doubled, merged))
    assert p.content_key == q.content_key


@every_engine
@pytest.mark.parametrize("directed", [True, False])
def test_graphs_without_anything_to_part(engine: str | None, *, directed: bool) -> None:
    empty = Graph.from_edges([], [], directed=directed)
    with pytest.raises(DataError, match="leiden: the graph has no nodes"):
        leiden(empty, engine=engine)
    edgeless = Graph.from_edges([], [], directed=directed, nodes="abc")
    with pytest.raises(DataError, match="3 nodes and no edges"):
        leiden(edgeless, engine=engine)
    loops = Graph.from_edges("ab", "ab", directed=directed)
    with pytest.raises(DataError, match="2 are self-loops"):
        leiden(loops, engine=engine)


@every_engine
@pytest.mark.parametrize("directed", [True, False])
def test_isolated_nodes_stay_unassigned(engine: str | None, *, directed: bool) -> None:
    p = leiden(triangles(directed=directed, nodes="abcdefxyz"), runs=2, engine=engine, rng=1)
    assert p.membership.tolist() == [0, 0, 0, 1, 1, 1, -1, -1, -1]
    assert p.provenance.removed == {"nodes without an edge": 3}


@every_engine
@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("quality", ["modularity", "cpm"])
def test_a_single_edge(engine: str | None, quality: str, *, directed: bool) -> None:
    graph = Graph.from_edges("a", "b", directed=directed)
    p = leiden(graph, quality=quality, runs=2, engine=engine, rng=1)
    best = max(
        partition_quality(
            graph, Partition.from_membership("ab", codes), quality=quality, resolution=p.resolution
        )
        for codes in ([0, 0], [0, 1])
    )
    assert p.quality == pytest.approx(best)


# options ---------------------------------------------------------------------------------


@every_engine
@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**32 + 1, 2**64, 2**521 - 1])
def test_seeds_of_any_size(engine: str | None, seed: int) -> None:
    one, other = (leiden(triangles(), runs=2, engine=engine, rng=seed) for _ in range(2))
    assert one.content_key == other.content_key
    assert one.provenance.seed == seed


def test_names_that_are_nearly_right() -> None:
    with pytest.raises(OptionError, match=r"engine='igrpah' is unknown. Did you mean 'igraph'\?"):
        leiden(triangles(), engine="igrpah")
    with pytest.raises(OptionError, match=r"quality='CPM' is unknown. Did you mean 'cpm'\?"):
        leiden(triangles(), quality="CPM")
    with pytest.raises(OptionError, match=r"quality='suprise'.*'surprise'\?"):
        leiden(triangles(), quality="suprise")


@every_engine
@pytest.mark.parametrize("resolution", [0, 0.0, -1, float("nan"), float("inf"), "1", True])
def test_resolutions_out_of_range(engine: str | None, resolution: Any) -> None:
    for quality in ("modularity", "cpm"):
        with pytest.raises(OptionError, match="a finite number above 0 is needed"):
            leiden(triangles(), quality=quality, resolution=resolution, engine=engine)


@every_engine
@pytest.mark.parametrize("quality", ["modularity", "cpm"])
def test_extreme_resolutions(engine: str | None, quality: str) -> None:
    low, high = (
        leiden(triangles(), quality=quality, resolution=gamma, runs=2, engine=engine, rng=1)
        for gamma in (1e-12, 1e12)
    )
    assert (low.n_communities, high.n_communities) == (1, 6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"theta": -1}, "theta=-1: a finite number from 0 on is needed"),
        ({"theta": float("nan")}, "theta=nan"),
        ({"theta": True}, "theta=True"),
        ({"max_size": 0}, "max_size=0: an integer from 1 on is needed, or None"),
        ({"min_size": 1.5}, "min_size=1.5"),
        ({"engine": "igraph", "max_size": 3}, "engine 'igraph' cannot do max_size; native and"),
        ({"engine": "leidenalg", "theta": 0.1}, "engine 'leidenalg' cannot do theta; native can"),
        ({"engine": "native", "quality": "surprise"}, "'native' cannot do quality='surprise'"),
        ({"quality": "surprise", "theta": 0.1}, "no engine can do .* and theta at once"),
        ({"layer_weights": {"a": 1}}, "layer_weights= is for several layers"),
        ({"fixed": "abc"}, "fixed='abc' is one text"),
    ],
)
def test_what_no_engine_can_do(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        leiden(triangles(), **options)


@pytest.mark.parametrize("engine", ["native", "leidenalg", None])
def test_fixed_members_that_contradict(engine: str | None) -> None:
    start = Partition.from_membership("abcdef", [0, 0, 0, 0, 1, -1])

    def found(**options: Any) -> Partition:
        return leiden(triangles(), engine=engine, runs=2, rng=1, **options)

    with pytest.raises(OptionError, match="initial= does not say which"):
        found(fixed=["a", "b"])
    with pytest.raises(OptionError, match=r"fixed= names 'f' \(1 such nodes\).*no community"):
        found(initial=start, fixed=["a", "f"])
    with pytest.raises(OptionError, match="4 fixed members stay in one community"):
        found(initial=start, fixed=list("abcd"), max_size=3)
    with pytest.raises(OptionError, match="fixed= and min_size= contradict"):
        found(initial=start, fixed=["a"], min_size=2)
    with pytest.raises(MissingDataError, match="'q'"):
        found(initial=start, fixed=["q"])
    with pytest.raises(DataError, match="initial= needs a graphkit Partition"):
        found(initial=[0, 0, 0, 1, 1, 1])
    held = found(initial=start, fixed=list("abcde"))
    assert held.membership[:5].tolist() == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("what", [None, [], np.eye(3), nx.Graph(), {}])
def test_what_is_no_graph(what: Any) -> None:
    with pytest.raises(GraphkitError):
        leiden(what)

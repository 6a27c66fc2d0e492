from __future__ import annotations

import json

import numpy as np
import polars as pl

from graphkit.data.frozen import content_key
from graphkit.data.graph import Graph
from graphkit.data.provenance import Provenance


def test_round_trip_through_json() -> None:
    graph = Graph.from_edges(["a"], ["b"], directed=True)
    record = Provenance.of(
        "verb",
        {"kinds": ("b", "a"), "tags": {"y", "x"}, "codes": np.arange(3), "n": np.int64(3)},
        seed=2**80,
        made_from=(graph,),
        removed={"loops": 2},
        packages=("numpy", "no-such-package"),
    )
    assert record.parameters["tags"] == ["x", "y"]
    assert record.versions["numpy"] == np.__version__
    assert record.versions["no-such-package"] == "unknown"
    assert record.inputs == (graph.content_key,)
    assert record.parents[0].verb == "Graph.from_edges"
    assert Provenance.from_dict(json.loads(json.dumps(record.to_dict()))) == record


def test_content_key_depends_on_values_and_their_order() -> None:
    a = np.arange(6)
    assert content_key(a) == content_key(np.arange(12)[::2] // 2)
    assert content_key(a) != content_key(a[::-1])
    assert content_key(a) != content_key(a.astype(float))
    assert content_key(a) != content_key(a.reshape(2, 3))


def test_content_key_of_frames() -> None:
    frame = pl.DataFrame({"s": ["ab", None, "c"], "l": [["x"], [], None], "n": [1, None, 3]})
    assert content_key(frame) == content_key(frame.clone())
    moved = pl.DataFrame({"s": ["a", None, "bc"], "l": [["x"], [], None], "n": [1, None, 3]})
    assert content_key(frame) != content_key(moved)
    zero = frame.with_columns(pl.col("n").fill_null(0))
    assert content_key(frame) != content_key(zero)
    split = pl.concat([frame.head(1), frame.tail(2)], rechunk=False)
    assert content_key(frame) == content_key(split)
    kinds = frame.select(pl.col("s").cast(pl.Enum(["c", "ab"])))
    assert content_key(kinds) == content_key(frame.select("s"))

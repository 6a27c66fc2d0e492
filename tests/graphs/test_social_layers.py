from __future__ import annotations

import polars as pl
import pytest

import graphkit as gk
from graphkit.errors import GraphkitWarning, MissingDataError, OptionError
from graphkit.graphs import follow_graph, interaction_graph
from graphkit.graphs.social import LAYERS, layers


@pytest.fixture
def platform() -> gk.Dataset:
    return gk.Dataset(
        accounts={"account_id": list("abcd")},
        items={"item_id": ["v", "w"], "author_id": ["a", "b"]},
        follows={
            "follower_id": ["a", "b"],
            "followee_id": ["b", "c"],
            "since": ["2024-01-01", "2024-03-01"],
        },
        interactions={
            "account_id": ["a", "b", "b", "c", "a", "c"],
            "kind": ["stitch", "mention", "reply", "repost", "like", "stitch"],
            "item_id": [None, None, "v", "w", "w", None],
            "target_account_id": ["c", "a", "a", None, None, "a"],
            "at": ["2024-01-05"] * 5 + ["2024-02-05"],
        },
    )


def test_layers_share_nodes_and_direction(platform: gk.Dataset) -> None:
    found = layers(platform)
    assert list(found) == ["follow", "mention", "stitch", "reply", "repost"]
    for graph in found.values():
        assert graph.directed
        assert graph.vocabulary == platform.account_ids
    assert found["repost"].edges().rows() == [("c", "b", 1.0)]
    assert found["follow"].content_key == follow_graph(platform).content_key
    both = interaction_graph(platform, ("stitch", "mention"), nodes="all")
    assert both.total_weight == found["stitch"].total_weight + found["mention"].total_weight


def test_layers_are_chosen(platform: gk.Dataset) -> None:
    assert list(layers(platform, kinds=("like", "stitch"), follows=False)) == ["like", "stitch"]
    assert list(layers(platform, kinds="like")) == ["follow", "like"]
    only = gk.Dataset(follows=platform.follows)
    assert list(layers(only)) == ["follow"]


def test_the_time_cuts_both(platform: gk.Dataset) -> None:
    found = layers(platform, until="2024-02-01")
    assert found["follow"].edges().rows() == [("a", "b", 1.0)]
    assert found["stitch"].edges().rows() == [("a", "c", 1.0)]
    with pytest.warns(GraphkitWarning, match=r"no layer 'mention': .* no layer 'reply'"):
        late = layers(platform, kinds=None, follows=False, since="2024-02-01")
    assert list(late) == ["stitch"]


def test_a_kind_that_says_nothing_is_told(platform: gk.Dataset) -> None:
    assert platform.interactions is not None
    silent = platform.interactions.with_columns(
        target_account_id=pl.when(pl.col("kind").cast(pl.String) != "mention").then(
            "target_account_id"
        )
    )
    ds = gk.Dataset(
        accounts=platform.accounts,
        items=platform.items,
        follows=platform.follows,
        interactions=silent,
    )
    with pytest.warns(GraphkitWarning, match="no layer 'mention': .* has a known target"):
        assert "mention" not in layers(ds)
    with pytest.raises(MissingDataError, match=r"layers: .* has a known target"):
        layers(ds, kinds=("mention",))


def test_what_is_missing_is_named(platform: gk.Dataset) -> None:
    alone = gk.Dataset(interactions={"account_id": ["a"], "kind": ["like"], "item_id": ["v"]})
    with pytest.raises(MissingDataError, match="Pass follows=False"):
        layers(alone)
    with pytest.raises(MissingDataError, match="no layer can be made"):
        layers(alone, follows=False)
    with pytest.raises(MissingDataError, match="of kind duet"):
        layers(platform, kinds=("duet",))
    with pytest.raises(OptionError, match="Did you mean 'stitch'"):
        layers(platform, kinds=("stich",))
    with pytest.raises(OptionError, match="twice"):
        layers(platform, kinds=("stitch", "stitch"))
    timeless = gk.Dataset(
        interactions={"account_id": ["a"], "kind": ["duet"], "target_account_id": ["b"]}
    )
    with pytest.raises(MissingDataError, match=r"interactions\.at"):
        layers(timeless, follows=False, until="2024-01-01")


def test_bundled_platform_gives_a_multiplex() -> None:
    ds = gk.load_platform().dataset
    assert ds.interactions is not None
    present = set(ds.interactions.get_column("kind").cast(pl.String))
    found = layers(ds)
    assert set(found) == {"follow", *(k for k in LAYERS if k in present)}
    assert len({g.vocabulary.content_key for g in found.values()}) == 1
    added = {name: g.to_undirected() for name, g in found.items()}
    assert all(not g.directed for g in added.values())

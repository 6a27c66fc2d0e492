"""One colour per community, the same in all figures."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from matplotlib.colors import to_hex

from graphkit import plot
from graphkit.communities.tracking import track
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.visibility import Visibility
from graphkit.errors import DataError
from graphkit.readwrite.gexf import PALETTE


@pytest.fixture
def partition() -> Partition:
    # eleven communities, from twelve members down to two
    places = np.repeat(np.arange(11), np.arange(12, 1, -1))
    return Partition.from_membership(range(places.size), places, labels=list("abcdefghijk"))


@pytest.fixture
def seen() -> Visibility:
    frame = pl.DataFrame(
        {
            "community": [0, 1, 2],
            "label": ["a", "b", "c"],
            "size": [12, 11, 10],
            "follow_f1": [0.9, 0.2, 0.3],
            "verdict": ["visible", "hidden", None],
            "internal_share": [0.8, 0.7, 0.6],
            "expected_share": [0.4, 0.3, 0.2],
            "homophily": [0.9, 0.1, 0.3],
        }
    )
    return Visibility(frame, np.zeros((1, 77), np.int32), 0.9, Provenance("visibility"))


def test_the_largest_have_the_hues_of_a_map(partition: Partition, seen: Visibility) -> None:
    colours = plot.palette(partition)
    assert [colours[name] for name in "abcdefghi"] == list(PALETTE)
    assert colours["j"] == colours["k"] == colours["elsewhere"] == "#8c96a0"
    # of the visibility of the same communities, the same
    assert dict(plot.palette(seen).colours) == {name: colours[name] for name in "abc"}
    with pytest.raises(DataError, match="needs a Partition or a Visibility, not a list"):
        plot.palette([1])  # type: ignore[arg-type]


def test_a_community_has_one_colour_in_all_figures(partition: Partition, seen: Visibility) -> None:
    colours = plot.palette(partition)
    bars = plot.communities(partition, palette=colours).axes[0].patches
    assert [to_hex(bar.get_facecolor()) for bar in bars[:3]] == [colours[name] for name in "abc"]
    left = plot.visibility(seen, palette=colours).axes[0]
    found = {
        float(c.get_offsets()[0, 0]): to_hex(c.get_facecolor()[0]) for c in left.collections[1:]
    }
    assert found == {0.9: colours["a"], 0.2: colours["b"], 0.3: colours["c"]}
    gap = pl.DataFrame({"community": ["a", "b", "c"], "difference": [0.1, 0.2, 0.3]}).with_columns(
        *(pl.lit(None, pl.Float64).alias(name) for name in ("low", "high")),
        *(pl.lit(name).alias(name) for name in ("partition", "arm", "baseline", "interval")),
        measure=pl.lit("hosting_reach"),
    )
    dots = plot.hosting(gap, seen, palette=colours).axes[0].collections
    found = {float(c.get_offsets()[0, 0]): to_hex(c.get_facecolor()[0]) for c in dots}
    assert found == {0.9: colours["a"], 0.1: colours["b"], 0.3: colours["c"]}
    rows = [("arm", name, "p", step, 20, 0.1) for name in "ajk" for step in (0, 20)]
    schema = ["arm", "community", "partition", "shown_before", "accounts", "share"]
    lines = (
        plot.own_share(pl.DataFrame(rows, orient="row", schema=schema), palette=colours)
        .axes[0]
        .lines
    )
    assert [line.get_color() for line in lines] == [colours["a"], "#8c96a0", "#8c96a0"]
    # grey ones differ by their style
    assert [line.get_linestyle() for line in lines] == ["-", "-", "--"]
    stacked = plot.alluvial(track({"x": partition, "y": partition}), palette=colours)
    hues = {to_hex(patch.get_facecolor()) for patch in stacked.axes[0].patches}
    assert {colours[name] for name in "abcdefgh"} <= hues

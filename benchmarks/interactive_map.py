"""Size and seconds of interactive maps, and what they draw.

    python benchmarks/interactive_map.py [--out FOLDER]

Of accounts of Last.fm that heard the same artists (left out where the data are not beside the
checkout), of those of the bundled platform, and of 20,000 accounts in 60 planted communities. Each
map is written twice: seconds are of the second, wall time, layout included. With `--out` the files,
and the maps of Matplotlib beside them, are kept.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import graphkit as gk
from graphkit import plot
from graphkit.data.visibility import Visibility

LASTFM = Path(__file__).parents[2] / "shared" / "data" / "hetrec2011_lastfm_2k"
Found = tuple[gk.Graph, gk.Partition, Visibility | None]


def listeners() -> Found:
    past, _ = gk.readwrite.read_hetrec_lastfm(LASTFM)
    graph = gk.cointeraction_graph(past, weight="tfidf")
    found = gk.label_communities(gk.leiden(graph, runs=5, rng=1), past, by="tags")
    return graph, found, gk.visibility(found, gk.follow_graph(past), rng=1)


def bundled() -> Found:
    past = gk.split_world_data(gk.load_platform())
    graph = gk.cointeraction_graph(past, weight="tfidf")
    found = gk.label_communities(gk.leiden(graph, runs=5, rng=1), past, by="tags")
    return graph, found, gk.visibility(found, gk.follow_graph(past), rng=1)


def planted(nodes: int = 20_000, communities: int = 60, degree: int = 20) -> Found:
    """Communities of unequal sizes, each with most ties inside and some to the next."""
    rng = np.random.default_rng(1)
    share = 1 / np.arange(1, communities + 1) ** 0.6
    place = np.sort(rng.choice(communities, nodes, p=share / share.sum()))
    start = np.searchsorted(place, np.arange(communities + 1))
    source = rng.integers(0, nodes, nodes * degree // 2)
    kind = rng.random(source.size)  # inside, to the next, anywhere
    home = np.where(kind < 0.7, place[source], (place[source] + 1) % communities)
    target = start[home] + (rng.random(source.size) * np.diff(start)[home]).astype(np.int64)
    target = np.where(kind < 0.8, target, rng.integers(0, nodes, source.size))
    kept = source != target
    graph = gk.Graph.from_edges(
        *(source[kept], target[kept]), directed=False, nodes=range(nodes), node_kind="accounts"
    )
    return graph, gk.Partition.from_membership(range(nodes), place), None


CASES: dict[str, Callable[[], Found]] = {
    "Last.fm": listeners,
    "bundled platform": bundled,
    "20,000 planted": planted,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path)
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as scratch:
        folder = out or Path(scratch)
        for name, make in CASES.items():
            if make is listeners and not LASTFM.is_dir():
                print(f"{name}: left out, the data are not there")
                continue
            graph, found, seen = make()
            path = folder / f"{name.replace(' ', '_').replace(',', '').lower()}.html"
            for _ in range(2):
                begun = time.perf_counter()
                made = plot.interactive_map(graph, found, path, visibility=seen, rng=1)
                taken = time.perf_counter() - begun
            print(f"{name}: {taken:.2f} s, {path.stat().st_size / 1e6:.2f} MB. {made.note}")
            if out:
                plot.map(graph, found, rng=1).write(path.with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()

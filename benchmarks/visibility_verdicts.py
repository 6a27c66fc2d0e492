"""Verdicts of visibility against a planted preference for one's own community.

    python benchmarks/visibility_verdicts.py [--quick]

A community of a tenth of 1,000 accounts in a follow graph of communities of its own (circles).
Its members follow each other `ratio` times as often as chance would have it, and are spread over
all circles. Rows: the ratio asked for, mean ratio found, share of graphs in which the interval
holds the ratio asked for, and the share of each verdict.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import graphkit as gk
from graphkit.data.visibility import VERDICTS

ACCOUNTS, MEMBERS, CIRCLES = 1_000, 100, 5


def follow_graph(ratio: float, degree: int, mutual: float, rng: np.random.Generator) -> gk.Graph:
    """Random follows, most of them within circles; members prefer members."""
    circle = np.arange(ACCOUNTS) % CIRCLES
    rate = np.where(circle[:, None] == circle, 0.8 * CIRCLES, 0.2 * CIRCLES / (CIRCLES - 1))
    rate[:MEMBERS, :MEMBERS] *= ratio
    # the rest of each member's follows is scaled, so that all degrees stay as they are
    inside = rate[:MEMBERS, :MEMBERS].sum() / MEMBERS
    scale = (ACCOUNTS - inside) / rate[:MEMBERS, MEMBERS:].sum(axis=1).mean()
    rate[:MEMBERS, MEMBERS:] *= scale
    rate[MEMBERS:, :MEMBERS] *= scale
    np.fill_diagonal(rate, 0)
    linked = rng.random(rate.shape) < rate * degree / ACCOUNTS / (1 + mutual)
    back = linked.T & (rng.random(rate.shape) < mutual)
    tail, head = np.nonzero(linked | back)
    return gk.Graph.from_edges(tail, head, directed=True, nodes=range(ACCOUNTS))


def main() -> None:
    """Print one row per ratio, number of follows per account and share that is reciprocated."""
    quick = "--quick" in sys.argv
    start, graphs = time.perf_counter(), 5 if quick else 100
    partition = gk.Partition.from_membership(
        range(ACCOUNTS), np.r_[np.ones(MEMBERS, int), np.zeros(ACCOUNTS - MEMBERS, int)]
    )
    print("follows mutual ratio found held " + " ".join(f"{v:>13}" for v in VERDICTS))
    for degree, mutual in ((3, 0.0), (10, 0.0), (10, 0.5), (30, 0.0)):
        for ratio in (0.5, 1.0, 1.25, 1.5, 2.0, 3.0):
            rng, rows = np.random.default_rng(1), []
            for _ in range(graphs):
                graph = follow_graph(ratio, degree, mutual, rng)
                frame = gk.visibility(partition, graph, runs=3, rng=1).frame
                rows.append(frame.row(1, named=True))
            found = np.mean([r["ratio"] for r in rows])
            held = np.mean([r["ratio_low"] <= found <= r["ratio_high"] for r in rows])
            shares = [np.mean([r["verdict"] == v for r in rows]) for v in VERDICTS]
            print(
                f"{degree:7} {mutual:6.1f} {ratio:5.2f} {found:5.2f} {held:4.2f} "
                + " ".join(f"{s:13.2f}" for s in shares),
                flush=True,
            )
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()

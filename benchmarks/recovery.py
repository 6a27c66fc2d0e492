"""How well planted communities are found: a grid of mixing, beside baselines.

    python benchmarks/recovery.py [accounts] [platforms per cell]

Baselines on the same data: k-means on the 20 leading singular vectors of the same
tf-idf-weighted co-interaction graph, told the true number of communities; connected
components of that graph; and Leiden on the follow graph.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from scipy.sparse.linalg import svds
from sklearn.cluster import KMeans

import graphkit as gk
from graphkit.communities import best_matches


def kmeans(graph: gk.Graph, k: int) -> gk.Partition:
    """k-means on a spectral embedding of the graph, nodes without an edge left out."""
    matrix = graph.to_scipy()
    vectors, values, _ = svds(matrix, k=20, rng=np.random.default_rng(0))
    codes = KMeans(k, n_init=10, random_state=0).fit_predict(vectors * values)
    return gk.Partition.from_membership(graph.vocabulary, np.where(graph.degree() > 0, codes, -1))


def alttok_f1(truth: gk.Partition, found: gk.Partition) -> float:
    """Best F1 of any community with #alttok."""
    frame = best_matches(truth, found)
    return float(frame.filter(label="#alttok").get_column("f1").item() or 0.0)


def main() -> None:
    """Print the grid."""
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    start = time.perf_counter()
    print(f"{accounts:,} accounts, mean of {repeats} platforms; AMI with the planted homes")
    print(
        f"{'mixing':>6} {'interest':>9} {'agree':>6} {'verdict':>36} {'k-means':>8} "
        f"{'components':>10} {'follow':>7} {'agree':>6} {'#alttok':>8} {'on follows':>10}"
    )
    for mixing in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0):
        rows = []
        for seed in range(repeats):
            platform = gk.synthetic.platform(accounts=accounts, mixing=mixing, rng=seed)
            truth, ds = platform.truth, platform.dataset
            graph = gk.cointeraction_graph(ds, weight="tfidf")
            interest = gk.leiden(graph, runs=5, rng=1)
            follow = gk.leiden(gk.follow_graph(ds), runs=5, rng=1)
            whole = gk.Partition.from_membership(graph.vocabulary, graph.components())
            rows.append(
                (
                    gk.agreement(truth, interest)["ami"],
                    interest.stability,
                    gk.agreement(truth, kmeans(graph, truth.n_communities))["ami"],
                    gk.agreement(truth, whole)["ami"],
                    gk.agreement(truth, follow)["ami"],
                    follow.stability,
                    alttok_f1(truth, interest),
                    alttok_f1(truth, follow),
                )
            )
        a, b, c, d, e, f, g, h = np.mean(rows, axis=0)
        print(
            f"{mixing:6.1f} {a:9.3f} {b:6.2f} {interest.verdict:>36} {c:8.3f} {d:10.3f} {e:7.3f} "
            f"{f:6.2f} {g:8.2f} {h:10.2f}",
            flush=True,
        )
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()

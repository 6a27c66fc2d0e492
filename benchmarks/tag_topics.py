"""How well communities of tags are the planted topics, by the heaviest edges kept per tag.

    python benchmarks/tag_topics.py [--quick]

Fresh platforms, and the bundled one. Precision and recall are over pairs of tags that one topic
alone has: of the pairs in one community, those of one topic, and the reverse.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import graphkit as gk
from graphkit.data.tags import fold_tag
from graphkit.synthetic.topics import TOPICS

TOPS = (None, 5, 10, 20, 50, 200)


def topic_of_tags() -> dict[str, int]:
    """The topic of each tag that only one has."""
    owners: dict[str, set[int]] = {}
    for code, topic in enumerate(TOPICS):
        for tag in topic.tags:
            owners.setdefault(fold_tag(tag), set()).add(code)
    return {tag: min(codes) for tag, codes in owners.items() if len(codes) == 1}


def pair_scores(found: gk.Partition, topics: dict[str, int]) -> tuple[float, float]:
    """Precision and recall over pairs of tags."""
    codes = found.membership.tolist()
    kept = [
        (topics[tag], code)
        for tag, code in zip(found.vocabulary.ids.tolist(), codes, strict=True)
        if tag in topics and code >= 0
    ]
    topic, community = np.array(kept).T
    pairs = np.triu_indices(topic.size, 1)
    same_topic = (topic[:, None] == topic)[pairs]
    together = (community[:, None] == community)[pairs]
    both = float((same_topic & together).sum())
    return both / max(together.sum(), 1), both / max(same_topic.sum(), 1)


def main() -> None:
    """Print one table per pair of node sets and weight."""
    quick = "--quick" in sys.argv
    start, topics = time.perf_counter(), topic_of_tags()
    seeds = range(1 if quick else 10)
    fresh = [gk.synthetic.platform(accounts=1_000 if quick else 2_500, rng=s) for s in seeds]
    platforms = {"fresh": fresh, "bundled": [gk.load_platform()]}
    print(
        f"{'platforms':9} {'through':8} {'weight':7} {'top':>4} {'edges/tag':>9} precision recall"
    )
    for through in ("items", "authors"):
        for weight in ("count",) if quick else ("count", "tfidf", "jaccard", "cosine"):
            for name, several in platforms.items():
                for top in TOPS:
                    rows = []
                    for platform in several:
                        graph = gk.cointeraction_graph(
                            platform.dataset,
                            between="tags",
                            through=through,
                            weight=weight,
                            top=top,
                        )
                        found = gk.leiden(graph, runs=3, rng=1)
                        density = 2 * graph.n_edges / graph.n_nodes
                        rows.append((density, *pair_scores(found, topics)))
                    mean = np.mean(rows, axis=0)
                    print(
                        f"{name:9} {through:8} {weight:7} {top or 'all':>4} {mean[0]:9.0f} "
                        f"{mean[1]:9.3f} {mean[2]:6.3f}",
                        flush=True,
                    )
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()

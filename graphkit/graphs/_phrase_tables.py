"""Phrases of a methods paragraph for sources, ties, weights, backbones and qualities."""

from __future__ import annotations

__all__ = [
    "BACKBONES", "BY_DEGREE", "ONE", "PAIRS_WITHIN", "QUALITIES", "SOURCES", "TIES", "WEIGHTS",
]  # fmt: skip

#: Sources of data and graphs, about whose own making the records say no more.
SOURCES = {
    "Dataset": "The data are tables of a platform's log, checked by graphkit.",
    "read_dataset": "The data were read from a folder of tables.",
    "read_hetrec_lastfm": "The data are the HetRec 2011 set of Last.fm {hetrec}.",
    "synthetic.platform": "The data are synthetic: a platform made by graphkit.",
    "synthetic.toy": "The data are synthetic: graphkit's toy platform.",
    "IncidenceMatrix.from_codes": "The data are a table of who acted on what.",
    "Graph": "The graph was built from arrays; where its edges are from is not recorded.",
    "Graph.from_edges": "The graph was built from a list of edges, whose origin is not recorded.",
    "Graph.from_networkx": "The graph was taken over from networkx; where its edges are from is "
    "not recorded.",
    "Graph.from_igraph": "The graph was taken over from igraph; where its edges are from is not "
    "recorded.",
    "Graph.from_scipy": "The graph was taken over from a matrix; where its edges are from is not "
    "recorded.",
    "Partition.from_membership": "The communities were given; how they were found is not recorded.",
    "to_undirected": "Directions were dropped, and the weights of opposite arcs added.",
    "without_loops": "Self-loops were taken out.",
    "largest_component": "Only the largest (weakly) connected component was kept.",
    "subgraph": "Only the edges among a chosen part of the nodes were kept.",
}

#: When an entity and a thing of each pair of sides go together.
TIES = {
    ("accounts", "items"): "the account acted on the item (by a duet, stitch or reply: on the item "
    "that it answers)",
    ("accounts", "authors"): "the account acted on an item of the author, not its own",
    ("accounts", "tags"): "the account acted on an item with the tag, or gave the tag itself",
    ("accounts", "sounds"): "the account acted on an item with the sound",
    ("authors", "items"): "the author made the item",
    ("authors", "tags"): "the author made an item with the tag",
    ("authors", "sounds"): "the author made an item with the sound",
    ("items", "tags"): "the item bears the tag, or somebody gave it the tag",
    ("items", "sounds"): "the item uses the sound",
    ("tags", "sounds"): "some item bears the tag and uses the sound",
}

ONE = {
    "accounts": "an account", "authors": "an author", "items": "an item", "tags": "a tag",
    "sounds": "a sound",
}  # fmt: skip

#: Weights of a projection by name and whether there is a window: formula, work to cite.
SHARED = "c_ij the number of {things} that i and j share and d_i the number of those of i"
WEIGHTS: dict[str, tuple[str, str | None]] = {
    "count": ("c_ij = Σ_t B_it B_jt, the number of {things} that i and j share", None),
    "pairs": (
        "Σ_t n_it n_jt, with n_it the number of acts of i on t: the number of pairs of acts, one "
        "of i and one of j, on the same of the {things}",
        None,
    ),
    "actions": (
        "Σ_t min(n_it, n_jt), with n_it the number of acts of i on t: the number of acts of one "
        "that match one of the other each",
        None,
    ),
    "jaccard": (f"c_ij / (d_i + d_j − c_ij), with {SHARED}", "jaccard"),
    "cosine": (f"c_ij / √(d_i d_j), with {SHARED}", "cosine"),
    "newman": ("Σ_t B_it B_jt / (k_t − 1), with k_t the number of {entities} of t", "newman"),
    "tfidf": (
        "Σ_t w_t² B_it B_jt / (|i| |j|), with w_t = ln(N / k_t), |i|² = Σ_t w_t² B_it, k_t the "
        "number of {entities} of t and N that of all {entities}",
        "tfidf",
    ),
}
PAIRS_WITHIN = (
    "the number of pairs of acts, one of i and one of j, on the same of the {things} and \
within the window"
)

#: Weights that know the degrees of entities or things.
BY_DEGREE = ("jaccard", "cosine", "newman", "tfidf")

#: Rules of a backbone: sentence, works to cite.
BACKBONES: dict[str, tuple[str, tuple[str, ...]]] = {
    "bicm": (
        "Each pair of nodes was tested against the bipartite configuration model {0}, in which "
        "every node and every thing has the expected degree that it has in the data: p is the "
        "exact Poisson-binomial probability of sharing as much or more {1}. Pairs of "
        "false-discovery rate q ≤ {alpha} {2} over all {n_tests} pairs were kept",
        ("bicm", "bicm projection", "bh"),
    ),
    "hypergeometric": (
        "Each pair of nodes was tested by the hypergeometric probability of sharing as much or "
        "more {0}, as if all things were equally popular. Pairs of false-discovery rate "
        "q ≤ {alpha} {1} over all {n_tests} pairs were kept",
        ("hypergeometric", "bh"),
    ),
    "disparity": (
        "Edges of p < {alpha} at either end by the disparity filter {0} were kept, uncorrected "
        "for their number",
        ("disparity",),
    ),
    "noise_corrected": (
        "Edges of p < {alpha} by the noise-corrected filter {0} were kept, uncorrected for their "
        "number",
        ("noise_corrected",),
    ),
    "mutual_top": ("Edges among the {top} heaviest of both their ends were kept", ()),
    "k_core": ("The edges of the {k}-core {0} were kept", ("k_core",)),
    "threshold": ("Edges of weight {min_weight} or more were kept", ()),
}

#: Qualities of a partition: name, works to cite.
QUALITIES = {
    "modularity": ("modularity", "modularity"),
    "cpm": ("the constant Potts model", "cpm"),
    "rber": ("the Reichardt–Bornholdt quality with an Erdős–Rényi null model", "rber"),
    "surprise": ("asymptotical surprise", "surprise"),
    "significance": ("significance", "significance"),
}

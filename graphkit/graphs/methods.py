"""How a graph was made, as a paragraph for a paper."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graphkit.data.graph import Graph
from graphkit.data.partition import Partition
from graphkit.data.provenance import Provenance
from graphkit.data.tags import STOP_TAGS
from graphkit.errors import DataError, OptionError
from graphkit.graphs.backbone import Backbone
from graphkit.graphs.coordination import Coordination

__all__ = ["REFERENCES", "methods_paragraph"]

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
    "accounts": "an account",
    "authors": "an author",
    "items": "an item",
    "tags": "a tag",
    "sounds": "a sound",
}

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

REFERENCES = {
    "bh": (
        "Benjamini & Hochberg 1995",
        "Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the "
        "Royal Statistical Society B, 57, 289–300. "
        "https://doi.org/10.1111/j.2517-6161.1995.tb02031.x",
    ),
    "bicm": (
        "Saracco et al. 2015",
        "Saracco, F., Di Clemente, R., Gabrielli, A., Squartini, T. (2015). Randomizing bipartite "
        "networks: the case of the World Trade Web. Scientific Reports, 5, 10595. "
        "https://doi.org/10.1038/srep10595",
    ),
    "bicm projection": (
        "Saracco et al. 2017",
        "Saracco, F., Straka, M. J., Di Clemente, R., Gabrielli, A., Caldarelli, G., Squartini, T. "
        "(2017). Inferring monopartite projections of bipartite networks: an entropy-based "
        "approach. New Journal of Physics, 19, 053022. https://doi.org/10.1088/1367-2630/aa6b38",
    ),
    "coortweet": (
        "Righetti & Balluff 2025",
        "Righetti, N., Balluff, P. (2025). CooRTweet: A generalized R software for coordinated "
        "network detection. Computational Communication Research, 7(1), 1. "
        "https://doi.org/10.5117/CCR2025.1.7.RIGH",
    ),
    "cosine": (
        "Salton et al. 1975",
        "Salton, G., Wong, A., Yang, C. S. (1975). A vector space model for automatic indexing. "
        "Communications of the ACM, 18, 613–620. https://doi.org/10.1145/361219.361220",
    ),
    "cpm": (
        "Traag et al. 2011",
        "Traag, V. A., Van Dooren, P., Nesterov, Y. (2011). Narrow scope for resolution-limit-free "
        "community detection. Physical Review E, 84, 016114. "
        "https://doi.org/10.1103/PhysRevE.84.016114",
    ),
    "disparity": (
        "Serrano et al. 2009",
        "Serrano, M. Á., Boguñá, M., Vespignani, A. (2009). Extracting the multiscale backbone of "
        "complex weighted networks. PNAS, 106, 6483–6488. https://doi.org/10.1073/pnas.0808904106",
    ),
    "hetrec": (
        "Cantador et al. 2011",
        "Cantador, I., Brusilovsky, P., Kuflik, T. (2011). Second workshop on information "
        "heterogeneity and fusion in recommender systems (HetRec2011). RecSys '11, 387–388. "
        "https://doi.org/10.1145/2043932.2044016",
    ),
    "hypergeometric": (
        "Tumminello et al. 2011",
        "Tumminello, M., Miccichè, S., Lillo, F., Piilo, J., Mantegna, R. N. (2011). Statistically "
        "validated networks in bipartite complex systems. PLoS ONE, 6, e17994. "
        "https://doi.org/10.1371/journal.pone.0017994",
    ),
    "jaccard": (
        "Jaccard 1912",
        "Jaccard, P. (1912). The distribution of the flora in the alpine zone. New Phytologist, 11, "
        "37–50. https://doi.org/10.1111/j.1469-8137.1912.tb05611.x",
    ),
    "k_core": (
        "Seidman 1983",
        "Seidman, S. B. (1983). Network structure and minimum degree. Social Networks, 5, 269–287. "
        "https://doi.org/10.1016/0378-8733(83)90028-X",
    ),
    "leiden": (
        "Traag et al. 2019",
        "Traag, V. A., Waltman, L., van Eck, N. J. (2019). From Louvain to Leiden: guaranteeing "
        "well-connected communities. Scientific Reports, 9, 5233. "
        "https://doi.org/10.1038/s41598-019-41695-z",
    ),
    "modularity": (
        "Newman & Girvan 2004",
        "Newman, M. E. J., Girvan, M. (2004). Finding and evaluating community structure in "
        "networks. Physical Review E, 69, 026113. https://doi.org/10.1103/PhysRevE.69.026113",
    ),
    "multiplex": (
        "Mucha et al. 2010",
        "Mucha, P. J., Richardson, T., Macon, K., Porter, M. A., Onnela, J.-P. (2010). Community "
        "structure in time-dependent, multiscale, and multiplex networks. Science, 328, 876–878. "
        "https://doi.org/10.1126/science.1184819",
    ),
    "names": (
        "Monroe et al. 2008",
        "Monroe, B. L., Colaresi, M. P., Quinn, K. M. (2008). Fightin' words: lexical feature "
        "selection and evaluation for identifying the content of political conflict. Political "
        "Analysis, 16, 372–403. https://doi.org/10.1093/pan/mpn018",
    ),
    "newman": (
        "Newman 2001",
        "Newman, M. E. J. (2001). Scientific collaboration networks. II. Shortest paths, weighted "
        "networks, and centrality. Physical Review E, 64, 016132. "
        "https://doi.org/10.1103/PhysRevE.64.016132",
    ),
    "noise_corrected": (
        "Coscia & Neffke 2017",
        "Coscia, M., Neffke, F. M. H. (2017). Network backboning with noisy data. ICDE, 425–436. "
        "https://doi.org/10.1109/ICDE.2017.100",
    ),
    "rber": (
        "Reichardt & Bornholdt 2006",
        "Reichardt, J., Bornholdt, S. (2006). Statistical mechanics of community detection. "
        "Physical Review E, 74, 016110. https://doi.org/10.1103/PhysRevE.74.016110",
    ),
    "significance": (
        "Traag et al. 2013",
        "Traag, V. A., Krings, G., Van Dooren, P. (2013). Significant scales in community "
        "structure. Scientific Reports, 3, 2930. https://doi.org/10.1038/srep02930",
    ),
    "surprise": (
        "Traag et al. 2015",
        "Traag, V. A., Aldecoa, R., Delvenne, J.-C. (2015). Detecting communities using asymptotical "
        "surprise. Physical Review E, 92, 022816. https://doi.org/10.1103/PhysRevE.92.022816",
    ),
    "tfidf": (
        "Spärck Jones 1972",
        "Spärck Jones, K. (1972). A statistical interpretation of term specificity and its "
        "application in retrieval. Journal of Documentation, 28, 11–21. "
        "https://doi.org/10.1108/eb026526",
    ),
}


class Cited(list[str]):
    """Keys of the works cited, in order of mention."""

    def __call__(self, key: str) -> str:
        """The citation as it stands in the text."""
        if key not in self:
            self.append(key)
        return f"({REFERENCES[key][0]})"

    def references(self) -> list[str]:
        """The full references, in alphabetical order."""
        return sorted((REFERENCES[key][1] for key in self), key=_plain)


def _plain(text: str) -> str:
    return text.replace("ä", "a").casefold()


def listed(words: list[str]) -> str:
    """Words with commas, and the last with "and"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def counted(n: int, words: str) -> str:
    """A number of things whose plural ends in s."""
    return f"{n:,} {words[:-1] if n == 1 else words}"


def phrases(record: Provenance, cited: Cited) -> list[str]:
    """What a verb did; its own name and numbers where no words are known for it."""
    if record.verb in PHRASES:
        return PHRASES[record.verb](record, cited)
    if record.verb == "read_hetrec_lastfm":
        return [SOURCES[record.verb].format(hetrec=cited("hetrec"))]
    if record.verb in SOURCES:
        return [SOURCES[record.verb]]
    numbers = [
        f"{name} = {value:g}"
        for name, value in record.parameters.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return [f"graphkit's {record.verb} was applied{f' ({listed(numbers)})' if numbers else ''}."]


def _records_phrase(record: Provenance, cited: Cited) -> list[str]:
    files = record.parameters.get("files")
    many = f" ({counted(files, 'files')})" if files else ""
    return [f"The data are records of the TikTok Research API{many}."]


def _split(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    side = {"past": "before", "future": "from"}[asked["side"]]
    untimed = {
        "raise": "",
        "drop": "; acts without a time were left out",
        "past": "; acts without a time were taken as earlier",
    }[asked["untimed"]]
    return [f"Only what happened {side} {asked['when']} was used{untimed}."]


def _chosen(record: Provenance, cited: Cited) -> list[str]:
    return [f"Kept were {counted(record.parameters['n'], 'accounts')} chosen beforehand."]


def _log(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    return [_columns(asked), *_kinds(asked)]


def _columns(asked: Any) -> str:
    return (
        f"The data are a log whose column {asked['entity']} says who acted and whose column "
        f"{asked['thing']} says on what."
    )


def _follow(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    found = ["An arc runs from each account to every account that it follows."]
    if asked.get("until"):
        untimed = asked.get("untimed", 0)
        rest = f"; {untimed:,} follows without a time were taken as earlier" if untimed else ""
        found.append(f"Only follows made before {asked['until']} count{rest}.")
    if asked.get("complete_only"):
        found.append("Only the follows of accounts whose list is known to be whole count.")
    if asked.get("mutual"):
        found.append("Only follows that are returned count.")
    if "whole_lists" in asked:
        found.append(
            f"The list of follows is known to be whole for {asked['whole_lists']:,} accounts and "
            f"known to be cut short for {asked['cut_lists']:,}; for {asked['unknown_lists']:,} it "
            "is not known."
        )
    return found


def _interaction(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    kinds = listed(list(asked["kinds"]))
    found = [
        f"An arc runs from an account to each account that it answers (interactions of kind "
        f"{kinds}: to the account named, else to the author of the item that is answered or acted "
        "on); its weight is the number of these interactions."
    ]
    ends = [
        f"{word} {asked[name]}"
        for name, word in (("since", "from"), ("until", "before"))
        if asked.get(name)
    ]
    if ends:
        found.append(f"Only interactions {' and '.join(ends)} count.")
    return found


def _projection(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    between, through = asked["between"], asked["through"]
    if through == "things":  # of an incidence matrix, which has been told of already
        return _tied(asked, between, through, cited)
    pair = (between, through) if (between, through) in TIES else (through, between)
    first, second = (ONE[side] for side in (between, through))
    found = [
        f"Two {between}, i and j, are tied by the {through} t that they share; {first} and "
        f"{second} go together (B_it = 1, else 0) if {TIES[pair]}.",
        *_kinds(asked),
    ]
    return found + _tied(asked, between, through, cited)


def _spark(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    found = [
        f"{_columns(asked)[:-1]}, read by Spark {asked['spark']}; more of its origin is not "
        "recorded.",
        "Two entities, i and j, are tied by the things t that they share; an entity and a thing "
        "go together (B_it = 1, else 0) if a row of the log names both.",
        *_kinds(asked),
    ]
    return found + _tied(asked, "entities", "things", cited)


def _kinds(asked: Any) -> list[str]:
    kinds = asked.get("kinds")
    return [f"Acts are of kind {listed(list(kinds))}."] if kinds else []


def _tied(asked: Any, entities: str, things: str, cited: Cited) -> list[str]:
    """What projections have in common: what is left out, the window, the weight, the cuts."""
    found = _excluded(asked, things)
    window, top = asked.get("window"), asked.get("top")
    if asked.get("max_degree") is not None:
        found.append(
            f"{things.capitalize()} of more than {asked['max_degree']:,} {entities} were left out "
            "before counting."
        )
    if window:
        made = (
            ""
            if entities == "entities" or "accounts" in (entities, things)
            else (" (the act of an author, item or tag being the creation of the item)")
        )
        found.append(
            f"Of the {things}, i and j share those on which an act of i and an act of j lie at "
            f"most {_length(window)} apart{made}; acts without a time do not count."
        )
    weight = asked["weight"]
    formula, work = WEIGHTS[weight]
    if weight == "pairs" and window:
        formula = PAIRS_WITHIN
    words = formula.format(things=things, entities=entities)
    found.append(f"The weight of a tie is {words}{f' {cited(work)}' if work else ''}.")
    if window and weight in BY_DEGREE:
        found.append("Degrees are those of all acts that have a time.")
    if asked.get("min_shared", 1) > 1:
        found.append(f"Ties of fewer than {asked['min_shared']:,} shared {things} were left out.")
    if top is not None:
        end = "both its ends keep" if asked.get("mutual") else "one of its ends keeps"
        found.append(
            f"Of the ties of each node the {top:,} heaviest are kept (equal weights: the smaller "
            f"id), and a tie stays if {end} it."
        )
    return found


def _excluded(asked: Any, things: str) -> list[str]:
    names = set(asked.get("exclude") or ())
    if not names:
        return []
    if not names >= STOP_TAGS:
        return [f"Excluded by name: {counted(len(names), things)}."]
    own = len(names) - len(STOP_TAGS)
    rest = f" and {counted(own, f'other {things}')}" if own else ""
    return [
        f"Excluded by name: graphkit's {len(STOP_TAGS):,} stop-tags (the fyp, foryou and viral "
        f"family){rest}."
    ]


def _length(window: str) -> str:
    """A length as recorded ("3600 s") in its largest whole unit."""
    seconds = float(window.removesuffix(" s"))
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= size and seconds % size == 0:
            return counted(int(seconds // size), unit)
    return f"{seconds:g} s"


def _coordination(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    between, through, least = asked["between"], asked["through"], asked["min_participation"]
    found = [
        f"Coordinated {between} were found as by CooRTweet {cited('coortweet')}: two are tied if "
        f"they acted on the same {through} at most {_length(asked['window'])} apart, and the weight of a "
        "tie is the number of such pairs of acts.",
        *_kinds(asked),
        *_excluded(asked, through),
    ]
    end = {"any": "either end has", "both": "both ends have"}[asked["ends"]]
    loops = " (acts near others of the same account included)" if asked["loops"] else ""
    found.append(
        f"A tie counts if {end} {least:,} or more acts in such pairs{loops}; who acted less often "
        "than that at all was left out first."
    )
    return found


def _backbone(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    sentence, works = BACKBONES[asked["method"]]
    values = {
        name: f"{value:,}" if isinstance(value, int) else f"{value:g}"
        for name, value in asked.items()
        if isinstance(value, int | float)
    }
    return [sentence.format(*(cited(work) for work in works), **values) + "."]


def _leiden(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    name, work = QUALITIES[asked["quality"]]
    limits = [
        f"{word} {asked[key]:,} nodes"
        for key, word in (("min_size", "at least"), ("max_size", "at most"))
        if asked.get(key) and asked[key] != 1
    ]
    engine = {"native": "graphkit"}.get(asked["engine"], asked["engine"])
    resolution, runs = asked.get("resolution"), asked["runs"]
    gamma = f" at resolution γ = {resolution:.4g}" if isinstance(resolution, int | float) else ""
    layered = asked.get("layer_weights")
    over = f" summed over {len(layered)} layers {cited('multiplex')}" if layered else ""
    best = f"; of {runs:,} runs the one of highest quality is reported" if runs > 1 else ""
    found = [
        f"Communities maximise {name} {cited(work)}{over}{gamma}, by the Leiden algorithm "
        f"{cited('leiden')} as implemented in {engine}{best}."
    ]
    if asked.get("initial"):
        found.append("Every run starts from communities that were given.")
    if asked.get("fixed"):
        found.append(f"{asked['fixed']:,} nodes are held in the community that was given for them.")
    if asked.get("theta"):
        found.append(f"Parts merge at random in refinement, with θ = {asked['theta']:g}.")
    if limits:
        found.append(f"Communities have {listed(limits)}.")
    if layered and len(set(layered.values())) > 1:
        found.append(
            f"The layers count with {listed([f'{v:g} ({k})' for k, v in layered.items()])}."
        )
    return found


def _named(record: Provenance, cited: Cited) -> list[str]:
    asked = record.parameters
    return [
        f"Communities are named after over-represented {asked['by']}, by log-odds with an "
        f"informative Dirichlet prior {cited('names')} at a false-discovery rate of "
        f"{asked['fdr']:g} {cited('bh')}."
    ]


#: Verbs that say something of their options.
PHRASES: dict[str, Callable[[Provenance, Cited], list[str]]] = {
    "backbone": _backbone,
    "cointeraction_graph": _projection,
    "coordinated_accounts": _coordination,
    "follow_graph": _follow,
    "interaction_graph": _interaction,
    "label_communities": _named,
    "leiden": _leiden,
    "read_incidence": _log,
    "read_tiktok_api": _records_phrase,
    "select_accounts": _chosen,
    "spark_cointeraction": _spark,
    "split_time": _split,
}

#: Reasons whose counts need a word more in prose.
REASONS = {"stored entries": "entries of the adjacency, where an undirected edge has two"}

Told = Graph | Backbone | Coordination | Partition


def methods_paragraph(result: Told, *, graph: Graph | Backbone | None = None) -> str:
    """What was done to make a result, with citations, from its provenance alone.

    Data, ties, weights and their formula, caps and filters with what each left out, tests,
    communities, versions and seeds: whatever the chain of records tells, first things first.
    Where a record does not know (the origin of an edge list), the text says so. Of the data,
    only times and the names of columns, kinds and layers enter the text, no ids. The same
    result gives the same text.

    Parameters
    ----------
    result
        A graph, a backbone, coordinated accounts, or communities.
    graph
        For communities: the graph (or backbone) they were found in, so that its numbers can
        be told; a record holds no sizes.

    Returns
    -------
    str
        One paragraph, an empty line, ``References``, and one work a line.

    Raises
    ------
    OptionError
        If `result` is none of these, or `graph` is given with something else than communities.
    DataError
        If the communities were not found in `graph`.

    Examples
    --------
    >>> from graphkit.data.dataset import Dataset
    >>> from graphkit.graphs.cointeraction import cointeraction_graph
    >>> ds = Dataset(interactions={
    ...     "account_id": ["a", "b", "c"], "item_id": ["v"] * 3, "kind": ["like"] * 3})
    >>> text = methods_paragraph(cointeraction_graph(ds, kinds="like", weight="jaccard"))
    >>> "c_ij / (d_i + d_j − c_ij)" in text, "(Jaccard 1912)" in text
    (True, True)
    >>> text.split()[-1]
    'https://doi.org/10.1111/j.1469-8137.1912.tb05611.x'
    """
    if not isinstance(result, Graph | Backbone | Coordination | Partition):
        raise OptionError(
            f"methods_paragraph: result is a {type(result).__name__}: pass a Graph, Backbone, "
            "Coordination or Partition."
        )
    if graph is not None:
        _check_graph(result, graph)
    cited = Cited()
    at = None if graph is None else (_key(graph.provenance), _numbers(graph))
    sentences = _chain(result.provenance, cited, at, set())
    sentences += _numbers(result) + _software(result.provenance)
    paragraph = " ".join(sentences)
    references = cited.references()
    return "\n".join([paragraph, *(["", "References", *references] if references else [])])


def _check_graph(result: Told, graph: Graph | Backbone) -> None:
    if not isinstance(result, Partition):
        raise OptionError(
            f"methods_paragraph: graph= goes with communities; a {type(result).__name__} knows its "
            "own numbers."
        )
    if not isinstance(graph, Graph | Backbone):
        raise OptionError(
            f"methods_paragraph: graph is a {type(graph).__name__}, not a Graph or Backbone."
        )
    records = _all_records(result.provenance)
    inputs = {key for record in records for key in record.inputs}
    known = {_key(record) for record in records}
    if graph.content_key not in inputs or _key(graph.provenance) not in known:
        raise DataError(
            f"methods_paragraph: the communities were not found in this graph (content key "
            f"{graph.content_key[:8]}…): pass the one that they were made from."
        )


def _all_records(record: Provenance) -> list[Provenance]:
    """A record and all before it."""
    return [record, *(earlier for parent in record.parents for earlier in _all_records(parent))]


def _key(record: Provenance) -> str:
    return json.dumps(record.to_dict(), sort_keys=True)


def _line(record: Provenance) -> list[Provenance]:
    """What leads to a record, first things first, by the first input of each.

    Further inputs are data in which names and the like were looked up.
    """
    found = [record]
    while found[0].parents:
        found.insert(0, found[0].parents[0])
    return found


def _chain(
    record: Provenance, cited: Cited, at: tuple[str, list[str]] | None, seen: set[str]
) -> list[str]:
    """What was done, and the numbers of the graph after the record that they are `at`."""
    sentences: list[str] = []
    for one in _line(record):
        key = _key(one)
        if key in seen:
            continue
        if len(one.parents) > 1 and one.parameters.get("layer_weights"):
            sentences = _layers(one, cited, at, seen)
        sentences += phrases(one, cited) + _left_out(one.removed)
        if at is not None and key == at[0]:
            sentences += at[1]
    return sentences


def _layers(
    record: Provenance, cited: Cited, at: tuple[str, list[str]] | None, seen: set[str]
) -> list[str]:
    """The layers of a multiplex one by one, after what all of them come from."""
    parents, names = record.parents, list(record.parameters["layer_weights"])
    lines = [{_key(one): one for one in _line(parent)[:-1]} for parent in parents]
    common = [one for key, one in lines[0].items() if all(key in line for line in lines)]
    sentences: list[str] = []
    if common:
        sentences = _chain(common[-1], cited, at, seen)
        seen = seen | {_key(one) for one in common}
    for number, parent in enumerate(parents, 1):
        title = f" ({names[number - 1]})" if len(names) == len(parents) else ""
        sentences += [f"Layer {number}{title}:", *_chain(parent, cited, at, seen)]
    return sentences


def _left_out(removed: Mapping[str, int]) -> list[str]:
    parts = [f"{REASONS.get(reason, reason)} ({n:,})" for reason, n in removed.items() if n]
    return [f"Left out: {'; '.join(parts)}."] if parts else []


def _numbers(result: Told) -> list[str]:
    if isinstance(result, Partition):
        return _communities(result)
    if isinstance(result, Backbone):
        before = result.weight_before
        share = f" ({result.graph.total_weight / before:.1%} of the weight)" if before > 0 else ""
        caveat = [f"A caveat: {result.note}"] if result.note else []
        return [
            f"It keeps {result.graph.n_edges:,} of {result.n_before:,} edges{share}.",
            *caveat,
            *_numbers(result.graph),
        ]
    graph = result.graph if isinstance(result, Coordination) else result
    edges = "arcs" if graph.directed else "edges"
    isolated = int(np.count_nonzero(graph.degree() == 0)) if graph.n_nodes else 0
    parts = [
        f"{counted(graph.n_nodes, graph.node_kind)} ({isolated:,} without any edge)",
        f"{counted(graph.n_edges, edges)}",
    ]
    weight = f" of total weight {graph.total_weight:,.6g}" if graph.is_weighted else ""
    loops = f", {counted(graph.n_loops, 'self-loops')} among them" if graph.n_loops else ""
    way = "directed" if graph.directed else "undirected"
    return [f"The resulting {way} graph has {listed(parts)}{weight}{loops}."]


def _communities(partition: Partition) -> list[str]:
    kind = partition.node_kind
    unassigned = partition.n_unassigned
    rest = f"; {unassigned:,} belong to none" if unassigned else ""
    sizes = partition.sizes
    span = ""
    if sizes.size:
        least, most = sizes.min(), sizes.max()
        span = f" of {least:,} to {most:,} {kind}" if least < most else f" of {most:,} {kind} each"
    found = [
        f"The number of communities is {partition.n_communities:,}{span}, among {kind} that number "
        f"{len(partition.vocabulary):,} in all{rest}."
    ]
    if not np.isnan(partition.stability):
        found.append(
            "Pairs of runs agree with a mean adjusted mutual information of "
            f"{partition.stability:.3f} ({partition.verdict})."
        )
    return found


def _software(record: Provenance) -> list[str]:
    """Versions and seeds of the whole chain."""
    versions: dict[str, set[str]] = {}
    seeds: dict[tuple[str, int], None] = {}
    for one in reversed(_all_records(record)):
        for name, version in one.versions.items():
            versions.setdefault(name, set()).add(version)
        if one.seed is not None:
            seeds[one.verb, one.seed] = None
    own = listed(sorted(versions.pop("graphkit", set())))
    others = [f"{name} {listed(sorted(found))}" for name, found in sorted(versions.items())]
    beside = f" ({listed(others)})" if others else ""
    if not seeds:
        return [f"Computed with graphkit {own}{beside}; nothing was drawn at random."]
    told = listed([f"{seed} ({verb})" for verb, seed in seeds])
    return [f"Computed with graphkit {own}{beside}; seed of the random numbers: {told}."]

"""Calls with wrong arguments: which call was meant.

Users come from NetworkX, igraph, leidenalg, scikit-learn and pandas, and bring the names of their
parameters. :func:`teach` wraps what a package exports, so that a call whose arguments do not fit
raises a :class:`graphkit.errors.CallError` that names the right one. Signatures and documentation
stay as they are, for editors and type checkers, too; a call that fits costs a tenth of a
microsecond.
"""

from __future__ import annotations

import difflib
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

from graphkit.errors import CallError, name_some, nearest

P = ParamSpec("P")
Result = TypeVar("Result")

#: Names of elsewhere, by the parameters that may be meant: the first that a function has.
_MEANT = {
    ("rng",): "rng seed random_state random_seed rng_seed prng generator",
    ("resolution", "resolutions"): "resolution_parameter gamma res resolution_range gammas",
    ("iterations",): "n_iterations n_iter num_iter niter max_iter maxiter iters",
    ("runs", "replications", "draws"): "n_runs num_runs n_init n_trials num_trials trials repeats",
    ("replications", "runs"): "n_replications reps n_reps repetitions n_simulations n_sims",
    ("draws", "permutations", "runs", "samples"): (
        "n_permutations permutations nperm n_boot n_bootstrap n_resamples n_draws n_samples num_samples"
    ),
    (
        "executor",
    ): "executor n_jobs num_threads n_threads nthreads threads workers n_workers num_workers pool",
    ("weight", "weights"): "weights weight edge_weights edge_weight weight_attribute",
    ("quality", "method"): "partition_type objective_function objective quality_function",
    ("engine", "quality", "method"): "algorithm method backend flavor",
    ("initial",): "initial_membership init initial_partition seed_membership",
    ("fixed",): "is_membership_fixed fixed_nodes",
    ("min_size",): "min_comm_size min_community_size min_cluster_size",
    ("max_size",): "max_comm_size max_community_size",
    ("layer_weights",): "layer_weight",
    ("confidence",): "confidence_level conf_level ci level",
    ("alpha", "fdr"): "alpha_level significance p_value pvalue threshold",
    ("ticks", "steps"): "n_ticks n_steps num_steps steps timesteps n_rounds rounds",
    ("slots", "top"): "n_slots k top_k n_items feed_length session_length",
    ("top",): "n k topn top_n n_top head limit",
    ("arms", "feed"): "feeds arm feed recommender recommenders algorithms policies",
    ("worlds", "world"): "world worlds environment",
    ("checkpoint", "cache"): "cache checkpoint cache_dir checkpoint_dir save_dir resume",
    ("out", "folder", "path"): "output output_dir out_dir outdir save_to dest folder file filename",
    ("graph",): "G g network adjacency",
    ("follow_graph", "graph"): "follows graph network",
    ("partition",): "membership communities clusters clustering labels community",
    ("dataset", "frame"): "df data dataframe frame dataset table adata",
    ("account",): "user user_id user_col userid account_id viewer author_id",
    ("item",): "video video_id item_id item_col post post_id content",
    ("at",): "time timestamp date datetime created_at ts",
    ("kind",): "action event event_type type interaction",
    ("tags", "tag"): "hashtags hashtag keywords topics",
    ("source", "source_account"): "src u edges from_node",
    ("target",): "dst v to_node",
    ("nodes",): "nodelist vertices node_list",
    ("directed",): "create_using is_directed",
    ("attributes",): "node_attributes vertex_attrs node_attrs",
    ("kinds", "kind"): "actions event_types",
    ("min_weight", "min_shared"): "min_edge_weight weight_threshold min_cooccurrence",
    ("measure", "outcome"): "metric metrics measures",
    ("baseline",): "control reference base",
    ("arm",): "treatment treated",
    ("tz",): "timezone time_zone",
}
#: What to do where a function has no such parameter.
_ELSEWHERE = {
    "executor": "All cores are used without it: leave it out.",
    "weight": "Weights are those of the graph: Graph.from_edges(…, weight=…), or "
    "Graph.from_networkx(graph, weight='…').",
    "rng": "Nothing is drawn at random here: leave it out.",
}
_SENTENCES = {
    "verbose progress show_progress progress_bar disable_tqdm disable": (
        "Long calls show their progress by themselves; graphkit.set_progress(False) silences them."
    ),
    "inplace copy": "Nothing is changed in place: assign the result.",
}
#: How to come by the main values, by the name of the parameter.
_HOW = {
    "graph": "graphkit.follow_graph(dataset) or graphkit.cointeraction_graph(dataset) makes one",
    "follow_graph": "graphkit.follow_graph(dataset) makes one",
    "partition": "graphkit.leiden(graph) finds one",
    "dataset": "graphkit.read_any(path) reads one, graphkit.from_frame(df, …) makes one of a frame",
    "world": "graphkit.build_world(dataset, partition) makes one",
    "worlds": "graphkit.build_world(dataset, partition) makes one",
    "spread": "graphkit.simulate_spread(worlds, arms, ticks=…) makes one",
    "arms": 'feeds by name, such as {"interest": graphkit.interest_centric(), "following": '
    "graphkit.follower_centric()}",
    "ticks": "steps of simulated time, such as ticks=24",
    "arm": "the name of an arm of the spread",
    "baseline": "the name of the arm that it is compared with",
    "directed": "directed=True for follows, directed=False for ties without direction",
}


def teach(namespace: dict[str, Any]) -> None:
    """Wrap the functions, and the methods of types, that a package exports.

    The last line of the package's ``__init__`` is ``teach(globals())``.

    Parameters
    ----------
    namespace
        The globals of the package, with `__all__`.
    """
    for name in namespace["__all__"]:
        value = namespace[name]
        home = sys.modules.get(getattr(value, "__module__", None) or "")
        if not getattr(home, "__name__", "").startswith("graphkit."):
            continue
        if isinstance(value, FunctionType):
            namespace[name] = _taught(value)
            # pickled by its address, it is found there
            setattr(home, value.__name__, namespace[name])
        elif isinstance(value, type) and not issubclass(value, Exception):
            _teach_type(value)


def _teach_type(cls: type) -> None:
    """Wrap the constructor and the public methods that a type defines."""
    if hasattr(cls, "model_fields"):  # pydantic's errors name the field
        return
    for name, member in list(vars(cls).items()):
        if name.startswith("_") and name != "__init__":
            continue
        if isinstance(member, FunctionType):
            setattr(cls, name, _taught(member))
        elif isinstance(member, classmethod | staticmethod):
            setattr(cls, name, type(member)(_taught(member.__func__)))


def _taught(function: Callable[P, Result]) -> Callable[P, Result]:
    """The function, whose refusals of arguments name those that it takes; itself if it is wrapped."""
    if hasattr(function, "__wrapped__"):
        return function

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        __tracebackhide__ = True
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            # a traceback that ends here is of the call itself, not of what is within
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise
            told = explain(function, args, kwargs)
            if not told:
                raise
        raise CallError(told)

    return call


def explain(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """What is wrong with the arguments of a call, and which are right; empty if they fit.

    Examples
    --------
    >>> def leiden(graph, *, resolution=1.0, rng=None):
    ...     pass
    >>> explain(leiden, ["a graph"], {"seed": 1})
    'leiden has no parameter seed=. Use rng=.'
    """
    parameters = list(inspect.signature(function).parameters.values())
    name = function.__qualname__.removesuffix(".__init__").split("<locals>.")[-1]
    if parameters and parameters[0].name in ("self", "cls"):
        parameters, args = parameters[1:], args[1:]
    known = {p.name: p for p in parameters}
    unknown = [key for key in kwargs if key not in known]
    if unknown:
        return " ".join(_unknown(name, key, known, args, kwargs) for key in unknown)
    ordered = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    twice = [p.name for p, _ in zip(ordered, args, strict=False) if p.name in kwargs]
    if twice:
        return f"{name}: {twice[0]}= is given twice, by position and by name."
    if len(args) > len(ordered):
        return _too_many(name, ordered, parameters, args, kwargs)
    given = {p.name for p, _ in zip(ordered, args, strict=False)} | set(kwargs)
    missing = [p.name for p in parameters if p.default is p.empty and p.name not in given]
    return _missing(name, missing, args, function) if missing else ""


def _unknown(
    name: str,
    key: str,
    known: Mapping[str, inspect.Parameter],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> str:
    """What is meant by a keyword that a function does not have."""
    start = f"{name} has no parameter {key}=."
    lowered = key.lower()
    meant = [ours for ours, theirs in _MEANT.items() if key in theirs.split()]
    taken = list(known)[: len(args)] + list(kwargs)
    for names in meant:
        for ours in names:
            if ours in known and ours not in taken:
                return f"{start} Use {ours}=."
    for words, sentence in _SENTENCES.items():
        if lowered in words.split():
            return f"{start} {sentence}"
    given = [ours for names in meant for ours in names if ours in known]
    if given:
        return f"{start} It means {given[0]}=, which is given already: leave it out."
    for names in meant:
        # weights are those of a graph only where there is one
        if names[0] in _ELSEWHERE and (names[0] != "weight" or "graph" in known or args):
            return f"{start} {_ELSEWHERE[names[0]]}"
    # a part of the name, as in n_communities, is nearer than letters in common
    parts = [k for k in known if k not in taken and {k} <= set(lowered.split("_"))]
    near = parts[:1] or difflib.get_close_matches(lowered, known, n=1, cutoff=0.6)
    if near:
        return f"{start} Did you mean {near[0]}=?"
    takes = ", ".join(f"{k}=" for k in known)
    return f"{start} It takes {takes}." if takes else f"{start} It takes none."


def _too_many(
    name: str,
    ordered: Sequence[inspect.Parameter],
    parameters: Sequence[inspect.Parameter],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> str:
    """More arguments by position than there are."""
    first = ", ".join(p.name for p in ordered) or "nothing"
    by_name = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in kwargs]
    start = f"{name} takes {first} by position, and {len(args)} values were given."
    if not by_name:
        return start
    return f"{start} Give the others by name: {', '.join(f'{k}=' for k in by_name)}."


def _missing(
    name: str, missing: Sequence[str], args: Sequence[Any], function: Callable[..., Any]
) -> str:
    """What is not given, with what it is, or where it comes from."""
    if name.startswith("Graph.from_edges") and "target" in missing and args:
        return f"Graph.from_edges takes two lists of ends, not one of pairs: {_of_pairs(args[0])}."
    if name == "Graph":
        return (
            "Graph is made by Graph.from_edges(sources, targets, directed=…), Graph.from_networkx, "
            "Graph.from_igraph or Graph.from_scipy."
        )
    if name == "Partition":
        return (
            "Partition is made by Partition.from_membership(ids, communities), or found by "
            "graphkit.leiden(graph)."
        )
    told = []
    for key in missing:
        what = _HOW.get(key) or _first_sentence(inspect.getdoc(function) or "", key)
        told.append(f"{key}= ({what})" if what else f"{key}=")
    return f"{name} needs {' and '.join(told)}."


def _of_pairs(value: Any) -> str:
    """The call that makes a graph of what was given as its sources alone."""
    columns = list(getattr(value, "columns", ()))
    if len(columns) >= 2:
        return f"Graph.from_edges(df[{columns[0]!r}], df[{columns[1]!r}], directed=…)"
    if hasattr(value, "edges"):
        return "Graph.from_networkx(graph)"
    length = {len(pair) for pair in value} if _are_rows(value) else set()
    if length == {3}:
        return (
            "sources, targets, weights = zip(*edges); Graph.from_edges(sources, targets, weights, "
            "directed=…)"
        )
    return "sources, targets = zip(*pairs); Graph.from_edges(sources, targets, directed=…)"


def _are_rows(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, tuple | list) for v in value)


def _first_sentence(text: str, key: str) -> str:
    """The first sentence on a parameter, of the documentation in numpydoc's form."""
    found = re.search(rf"^(?:\w+, )*{key}(?:, \w+)*(?: :.*)?\n((?: +.*\n?)+)", text, re.MULTILINE)
    if not found:
        return ""
    # without markup, as of :func:`~graphkit.crossing` and ``literals``
    words = re.sub(r":\w+:`~?([^`]*)`", r"\1", " ".join(found[1].split())).replace("``", "")
    sentence = re.split(r"(?<=[^.].)[.;:](?: |$)", words, maxsplit=1)[0].rstrip(".")
    return sentence[:1].lower() + sentence[1:] if len(sentence) < 160 else ""


def missing_attribute(name: str, public: Sequence[str], folder: Path) -> str:
    """What is meant by a name that the package does not have: that of elsewhere, or the nearest.

    Parameters
    ----------
    name
        Such as ``"louvain"``.
    public
        Names that the package has.
    folder
        That of the package: its parts list what they export, and are not imported for it.
    """
    start = f"graphkit has no {name}."
    elsewhere = {
        "louvain": "graphkit.leiden(graph) finds communities, and mends Louvain's.",
        "from_edges": "It is graphkit.Graph.from_edges(sources, targets, directed=…).",
        "from_networkx": "It is graphkit.Graph.from_networkx(graph).",
        "from_membership": "It is graphkit.Partition.from_membership(ids, communities).",
        "simulate": "It is graphkit.simulate_spread(worlds, arms, ticks=…).",
        "read_csv": "graphkit.read_any(path) reads files of every kind.",
        "modularity": "It is graphkit.communities.partition_quality(graph, partition).",
    }
    if name in elsewhere:
        return f"{start} {elsewhere[name]}"
    places: dict[str, str] = {k: f"graphkit.{k}" for k in public}
    for path in sorted(folder.glob("*/__init__.py")):
        listed = path.read_text(encoding="utf-8").partition("__all__ = [")[2].partition("]")[0]
        for each in re.findall(r'"(\w+)"', listed):
            places.setdefault(each, f"graphkit.{path.parent.name}.{each}")
    if name in places:
        return f"{start} It is {places[name]}."
    near = difflib.get_close_matches(name, places, n=1, cutoff=0.7)
    if near:
        return f"{start} Did you mean {places[near[0]]}?"
    return (
        f"{start}{nearest(name, public)} dir(graphkit) lists what there is: {name_some(public, 5)}."
    )

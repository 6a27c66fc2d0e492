"""Validation of a projection: time of the tests, and whether they find what was planted.

    python benchmarks/validation.py            # ten million pairs
    python benchmarks/validation.py --quick    # a smaller log, some seconds
    python benchmarks/validation.py --only speed

First a skewed log is projected, and its ties (at most --pairs of them) are tested: what takes
how long, how many distinct (degree, degree, count) they come to, and how far the logs of their
p-values are from SciPy's: hypergeom, and poisson_binom where that has digits, else the plain
recursion over all things, whose terms are positive. They must agree to 1e-6. Then groups that share
things of their own are planted in a crowd: precision and recall of what the two tests keep.
Last, logs drawn from the configuration model itself: how often anything passes at all.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from graphkit.data.dataset import Dataset
from graphkit.graphs.backbone import backbone
from graphkit.graphs.cointeraction import cointeraction_graph
from graphkit.graphs.options import ProjectionOptions
from graphkit.graphs.projection import project
from graphkit.graphs.validation import (
    DegreeModel,
    Triples,
    benjamini_hochberg,
    bicm_tails,
    degree_model,
    distinct_triples,
    hypergeometric_tails,
)
from graphkit.parallel import cores


def timed(what: str, work: Callable[[], Any]) -> Any:
    """The result; prints wall-clock seconds, and how long the cores were busy."""
    start, busy = time.perf_counter(), time.process_time()
    found = work()
    wall, cpu = time.perf_counter() - start, time.process_time() - busy
    print(f"  {what:<44} {wall:6.2f} s   (cores busy {cpu:.2f} s)")
    return found


def log(options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Entity and thing of each distinct pair; both sides fall as a power of the rank."""
    rng = np.random.default_rng(options.seed)

    def draw(n: int, exponent: float) -> np.ndarray:
        shares = np.cumsum((np.arange(n) + 20.0) ** -exponent)
        return np.searchsorted(shares / shares[-1], rng.random(options.events))

    keys = np.unique(draw(options.entities, 0.7) * options.things + draw(options.things, 0.6))
    return (keys // options.things).astype(np.int32), (keys % options.things).astype(np.int32)


def speed(options: argparse.Namespace) -> None:
    """Time of each step of the test."""
    rows, columns = log(options)
    n, m = options.entities, options.things
    made = project(rows, columns, n, m, ProjectionOptions())
    tail = np.repeat(np.arange(n), np.diff(made.indptr))
    chosen = np.flatnonzero(tail < made.indices)
    if chosen.size > options.pairs:
        rng = np.random.default_rng(options.seed)
        chosen = np.sort(rng.choice(chosen, options.pairs, replace=False))
    tail, head, weight = tail[chosen], made.indices[chosen], made.weights[chosen]
    entities, things = np.bincount(rows, minlength=n), np.bincount(columns, minlength=m)
    degrees, classes = np.unique(entities, return_inverse=True)
    small = slice(0, 1000)
    for _ in ("compile", "run"):
        triples = distinct_triples(
            classes[tail[small]], classes[head[small]], weight[small], degrees.size
        )
        bicm_tails(triples, degree_model(entities, things))
        hypergeometric_tails(triples, degrees, m)
        small = slice(0, 1)
    print(f"{rows.size:,} pairs entity–thing, {tail.size:,} ties tested, {cores()} cores")
    triples = timed(
        "distinct triples",
        lambda: distinct_triples(classes[tail], classes[head], weight, degrees.size),
    )
    print(
        f"  {triples.count.size:,} triples ({tail.size / triples.count.size:.1f} ties each) of "
        f"{triples.group_start.size - 1:,} pairs of degrees"
    )
    model = timed("configuration model", lambda: degree_model(entities, things))
    print(
        f"  {model.share.shape[0]} × {model.share.shape[1]} classes, degree error {model.error:.0e}"
    )
    log_p, _ = timed("Poisson-binomial tails", lambda: bicm_tails(triples, model))
    log_h, _ = timed("hypergeometric tails", lambda: hypergeometric_tails(triples, degrees, m))
    timed(
        "Benjamini–Hochberg",
        lambda: benjamini_hochberg(log_p, triples.multiplicity, n * (n - 1) // 2)[triples.position],
    )
    accuracy(triples, model, degrees, m, log_p, log_h, options.checked)


def recursion_tail(p: np.ndarray, size: np.ndarray, count: int) -> float:
    """Log P(X ≥ count) by the recursion over all things; what is at least `count` is lumped."""
    mass = np.zeros(count + 1)
    mass[0] = 1.0
    for chance in np.repeat(p, size)[::-1]:
        moved = mass[:-1] * chance
        mass[:-1] *= 1.0 - chance  # not a difference, which would cancel
        mass[1:] += moved
    return float(np.log(mass[count])) if mass[count] > 1e-290 else -np.inf


def accuracy(
    triples: Triples,
    model: DegreeModel,
    degrees: np.ndarray,
    m: int,
    log_p: np.ndarray,
    log_h: np.ndarray,
    checked: int,
) -> None:
    """Largest differences of log p from SciPy's, over triples spread evenly by their log p."""
    for name, logs in (("Poisson-binomial", log_p), ("hypergeometric", log_h)):
        order = np.argsort(logs)
        depth = np.linspace(logs[order[0]], logs[order[-1]], checked // 2)
        deep = order[np.searchsorted(logs[order], depth).clip(max=order.size - 1)]
        even = order[np.linspace(0, order.size - 1, checked // 2).astype(int)]
        told: dict[str, list[tuple[float, float]]] = {}
        for e in np.unique(np.concatenate([deep, even])):
            a, b, c = int(triples.left[e]), int(triples.right[e]), int(triples.count[e])
            if name == "hypergeometric":
                right = stats.hypergeom.logsf(c - 1, m, degrees[a], degrees[b])
                told.setdefault("SciPy", []).append((logs[e], abs(logs[e] - right)))
                continue
            p = model.share[a] * model.share[b]
            if logs[e] > -10.0:
                right = np.log(stats.poisson_binom(np.repeat(p, model.n_objects)).sf(c - 1))
                told.setdefault("SciPy", []).append((logs[e], abs(logs[e] - right)))
                continue
            right = recursion_tail(p, model.n_objects, c)
            if np.isfinite(right):
                told.setdefault("recursion", []).append((logs[e], abs(logs[e] - right)))
        for oracle, found in told.items():
            depth, off = np.array(found).T
            print(
                f"  {name}: {off.size} triples of log p {depth.min():.1f} to {depth.max():.2g}, "
                f"from {oracle} at most {off.max():.1e}{'' if off.max() <= 1e-6 else '  MISSED'}"
            )


def dataset_of(table: np.ndarray) -> Dataset:
    """The log in which the entities like the things of their rows."""
    rows, columns = np.nonzero(table)
    acts = {"account_id": [f"{i:05d}" for i in rows], "item_id": [f"{t:05d}" for t in columns]}
    return Dataset(
        accounts={"account_id": [f"{i:05d}" for i in range(table.shape[0])]},
        interactions=acts | {"kind": ["like"] * rows.size},
    )


def activity(n: int, seed: int) -> np.ndarray:
    """How active each account is, about 1."""
    return np.random.default_rng(seed).lognormal(0, 0.6, n)


def chances(n: int, m: int, mean: float, seed: int) -> np.ndarray:
    """Independent chances of a crowd: unequal activity, very unequal popularity."""
    odds = np.outer(activity(n, seed), (np.arange(m) + 1.0) ** -0.9)
    return np.minimum(odds * mean * n / odds.sum(), 0.9)


def planted(options: argparse.Namespace, share: float) -> None:
    """Precision and recall where a share of the accounts is in groups with things of their own.

    The others, who have popular things only, are not quite what the configuration model takes
    them for: it spreads their acts over the groups' things too, and expects too little of what
    they have in common.
    """
    n = 600 if options.quick else 1995
    size, own = 15, 20
    groups = int(n * share) // size
    m = n * 2 // 3 + groups * own
    rng = np.random.default_rng(options.seed)
    active = activity(n, options.seed)
    group = np.full(n, -1)
    group[: groups * size] = np.repeat(np.arange(groups), size)
    table = rng.random((n, m)) < chances(n, m, 15.0, options.seed)
    for g in range(groups):
        columns = n * 2 // 3 + np.arange(own * g, own * (g + 1))
        likes = np.minimum(0.6 * active[group == g], 0.9)[:, None]
        table[np.ix_(group == g, columns)] |= rng.random((size, own)) < likes
    dataset = dataset_of(table)
    graph = cointeraction_graph(dataset)
    print(f"planted: {groups} groups of {size} among {n:,} accounts, {graph.n_edges:,} ties")
    for method in ("bicm", "hypergeometric"):
        tail, head, _ = backbone(graph, dataset=dataset, method=method).graph.edge_arrays()
        right = (group[tail] == group[head]) & (group[tail] >= 0)
        pairs = groups * size * (size - 1) // 2
        print(
            f"  {method:<15} keeps {tail.size:,}: precision {right.mean():.3f}, recall "
            f"{right.sum() / pairs:.3f}"
        )


def null(options: argparse.Namespace) -> None:
    """How often anything passes where nothing is planted; alpha bounds it."""
    worlds = 20 if options.quick else 200
    p = chances(200, 300, 15.0, options.seed)
    counts: dict[str, list[int]] = {"bicm": [], "hypergeometric": []}
    for seed in range(worlds):
        dataset = dataset_of(np.random.default_rng(1000 + seed).random(p.shape) < p)
        graph = cointeraction_graph(dataset)
        for method, found in counts.items():
            found.append(backbone(graph, dataset=dataset, method=method).graph.n_edges)
    print(f"null: {worlds} logs without any group, alpha 0.05")
    for method, found in counts.items():
        print(
            f"  {method:<15} something passes in {np.mean(np.array(found) > 0):.3f} of them, "
            f"{np.mean(found):.2f} ties on average"
        )


def arguments() -> argparse.Namespace:
    """Sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=900_000)
    parser.add_argument("--entities", type=int, default=20_000)
    parser.add_argument("--things", type=int, default=50_000)
    parser.add_argument("--pairs", type=int, default=10_000_000)
    parser.add_argument("--checked", type=int, default=60, help="triples compared with SciPy")
    parser.add_argument("--only", choices=("speed", "planted", "null"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.events, options.entities, options.things = 100_000, 5_000, 10_000
    return options


if __name__ == "__main__":
    chosen = arguments()
    if chosen.only in (None, "speed"):
        speed(chosen)
    if chosen.only in (None, "planted"):
        planted(chosen, 1.0)
        planted(chosen, 0.5)
    if chosen.only in (None, "null"):
        null(chosen)

"""What null tests say where nothing is planted, and where something is.

    python benchmarks/nulls.py [--quick] [--only NAME] [--graphs N] [--draws N] [--out FILE]

Nothing planted: random logs, whose accounts and items are drawn at random (heavy-tailed ones
with Pareto activity and popularity), sparse random graphs, trees and rings. At the level of
5 %, at most 5 % of them may be called stable, or differ from their null by quality. Planted: logs
of the platform generator, at most 5 % of which may be missed by projection_null, and 20 % by a study.

A share is printed with its exact 95 % interval (Clopper–Pearson); a row fails if the interval
excludes the bound. `--out` appends a line of JSON for every graph as it is done; graphs that the
file has already are not tested again, so that a long run can be stopped and continued.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

import graphkit as gk
from graphkit.communities import NullComparison, projection_null, rewired_null
from graphkit.nullmodels import random_graph
from graphkit.rng import Streams
from graphkit.study.results import CommunityStudy

#: Shares of what is not there that may be called stable, and of what is there that must be.
FALSE, FOUND, REJECTED = 0.05, 0.8, 0.95

Case = Callable[[int], gk.Graph | gk.Dataset]


def random_log(accounts: int, items: int, acts: int, seed: int, tail: float = 0.0) -> gk.Dataset:
    """Likes of random accounts for random items, each pair once; Pareto weights if `tail` > 0."""
    rng = np.random.default_rng(seed)

    def draw(n: int) -> npt.NDArray[np.int64]:
        if not tail:
            return rng.integers(0, n, acts)
        weight = rng.pareto(tail, n) + 1
        return rng.choice(n, acts, p=weight / weight.sum())

    rows = pl.DataFrame({"account_id": draw(accounts), "item_id": draw(items)}).unique()
    rows = rows.sort("account_id", "item_id").cast(pl.String)
    return gk.Dataset(interactions=rows.with_columns(kind=pl.lit("like")))


def sparse_graph(nodes: int, degree: float, seed: int) -> gk.Graph:
    """Erdős–Rényi graph of a mean degree."""
    return random_graph(nodes, round(nodes * degree / 2), rng=seed).graph


def random_tree(nodes: int, seed: int) -> gk.Graph:
    """Uniform random labelled tree, from a random Prüfer sequence."""
    import networkx as nx

    sequence = np.random.default_rng(seed).integers(0, nodes, nodes - 2)
    return gk.Graph.from_networkx(nx.from_prufer_sequence(sequence.tolist()))


def ring(nodes: int, seed: int) -> gk.Graph:
    """Ring of about this many nodes."""
    n = nodes + seed % 50
    return gk.Graph.from_edges(range(n), [*range(1, n), 0], directed=False)


def planted(accounts: int, mixing: float, seed: int) -> gk.Dataset:
    """Log of the platform generator."""
    return gk.synthetic.platform(accounts=accounts, mixing=mixing, rng=seed).dataset


NOTHING: dict[str, Case] = {
    "log 600 x 800 x 6,000, heavy-tailed": partial(random_log, 600, 800, 6000, tail=1.5),
    "log 300 x 3,000 x 900": partial(random_log, 300, 3000, 900),
    "log 300 x 1,000 x 900": partial(random_log, 300, 1000, 900),
    **{f"Erdos-Renyi 500, degree {d}": partial(sparse_graph, 500, d) for d in (1.6, 2.4, 5.0)},
    "tree 500": partial(random_tree, 500),
    "ring 500": partial(ring, 500),
}
PLANTED: dict[str, Case] = {
    f"platform 1,500, mixing {mixing}": partial(planted, 1500, mixing) for mixing in (0.2, 0.4, 0.5)
}


#: Logs of each case whose study is written as well; it must give the verdict of its stages.
WRITTEN = 2


def compare(
    data: gk.Graph | gk.Dataset, weight: str, draws: int, seed: int
) -> tuple[NullComparison, bool | None]:
    """The null test of a graph, or of the projection of a log, and the verdict of its study.

    The study is that of a log by its default weight. Its graph, communities and test are made as
    :func:`graphkit.study_communities` makes them, without the names, follows and figures, which
    have no say in the verdict.
    """
    if isinstance(data, gk.Graph):
        return rewired_null(data, n=draws, rng=seed), None
    graph = gk.cointeraction_graph(data, weight=weight)
    streams = Streams(seed)
    null = projection_null(data, graph, draws=draws, rng=streams.integer("null"))
    if weight != "tfidf":
        return null, None
    partition = gk.leiden(graph, runs=5, rng=streams.integer("communities"))
    study = CommunityStudy(data, graph, partition, None, None, {}, Path(), (), null=null)
    if seed < WRITTEN and found_by_study(data, draws, seed) != study.found:
        raise AssertionError(f"the study of log {seed} gives another verdict than its stages")
    return null, study.found


def found_by_study(data: gk.Dataset, draws: int, seed: int) -> bool:
    """Whether a study of the log announces communities."""
    with tempfile.TemporaryDirectory() as folder:
        study = gk.study_communities(data, Path(folder) / "out", runs=5, null_draws=draws, rng=seed)
    return bool(study.found)


def tell(what: str, hits: int, n: int, bound: float, *, most: bool) -> bool:
    """Print a share with its interval; whether the interval allows the bound."""
    interval = stats.binomtest(hits, n).proportion_ci(0.95)
    met = interval.low <= bound if most else interval.high >= bound
    sign = "<=" if most else ">="
    print(
        f"  {what:<32} {hits:>4}/{n:<4} {hits / n:6.1%}  [{interval.low:5.1%}, {interval.high:6.1%}]  "
        f"{sign} {bound:.0%}  {'' if met else 'MISSED'}"
    )
    return met


def test_one(make: Case, draws: int, seed: int) -> dict[str, Any]:
    """What the tests say about one graph or log: p, agreement of two runs, and of the null."""
    data = make(seed)
    log = isinstance(data, gk.Dataset)
    row: dict[str, Any] = {"weights": ["tfidf", "count"] if log else [""], "tests": []}
    row["study"] = None
    for weight in row["weights"]:
        test, found = compare(data, weight, draws, seed)
        row["study"] = row["study"] if found is None else found
        row["tests"].append(
            {
                "quality": test.p("quality"),
                "agreement": test.p("agreement"),
                "stable": test.stable,
                "ami": test.observed("agreement"),
                "null_ami": float(test.null("agreement").mean()),
            }
        )
    return row


def read_done(out: Path | None, name: str, draws: int) -> dict[int, dict[str, Any]]:
    """Results that a file has of one case, by seed."""
    if out is None or not out.exists():
        return {}
    lines = map(json.loads, out.read_text().splitlines())
    return {x["seed"]: x for x in lines if (x["case"], x["draws"]) == (name, draws)}


def run_case(name: str, make: Case, graphs: int, draws: int, out: Path | None) -> bool:
    """Test the graphs or logs of one case, and print the shares."""
    start, there = time.perf_counter(), name in PLANTED
    done = read_done(out, name, draws)
    rows = []
    for seed in range(graphs):
        if seed not in done:
            row = test_one(make, draws, seed)
            done[seed] = {"case": name, "draws": draws, "seed": seed, **row}
            if out is not None:
                with out.open("a") as file:
                    file.write(json.dumps(done[seed]) + "\n")
        rows.append(done[seed])
    print(f"{name}: {graphs} of them, {draws} draws, {time.perf_counter() - start:.0f} s")
    met = []
    studies = [row["study"] for row in rows if row["study"] is not None]
    for which, weight in enumerate(rows[0]["weights"]):
        tests = [row["tests"][which] for row in rows]
        label = f" ({weight})" if studies else ""
        quality = sum(test["quality"] <= 0.05 for test in tests)
        agreement = sum(test["agreement"] <= 0.05 for test in tests)
        bound = REJECTED if there else FALSE
        met.append(tell(f"differs by quality{label}", quality, graphs, bound, most=not there))
        print(f"  {f'differs by agreement{label}':<38} {agreement / graphs:6.1%}")
        stable, bound = sum(test["stable"] for test in tests), FOUND if there else FALSE
        met.append(tell(f"stable{label}", stable, graphs, bound, most=not there))
        ami, null = (np.mean([test[key] for test in tests]) for key in ("ami", "null_ami"))
        print(f"  {'AMI of two runs, of the null':<38} {ami:6.3f}  {null:.3f}")
    if studies:
        bound = FOUND if there else FALSE
        met.append(tell("found by a study", sum(studies), graphs, bound, most=not there))
    return all(met)


def main() -> None:
    """Run the cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few graphs and draws")
    parser.add_argument("--only", default="", help="cases whose names contain this")
    parser.add_argument("--graphs", type=int, help="graphs per case")
    parser.add_argument("--draws", type=int, help="draws per test")
    parser.add_argument("--out", type=Path, help="file of results, continued if it exists")
    given = parser.parse_args()
    graphs = given.graphs or (5 if given.quick else 100)
    draws = given.draws or (39 if given.quick else 99)
    results = [
        run_case(name, make, graphs, draws, given.out)
        for name, make in (NOTHING | PLANTED).items()
        if given.only in name
    ]
    print("all bounds hold" if all(results) else "some bounds are MISSED")


if __name__ == "__main__":
    main()

"""Frames, edges, memberships and texts that are handed over in memory, for ``fuzz.py``."""

from __future__ import annotations

import warnings
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_files import dataset_found, tables
from fuzz_mutators import CELLS, VALUES, Generator, Mutant, change_frame, change_table, pick, short
from fuzz_oracle import Draw, Found, Trial

import graphkit as gk
from graphkit.data.dataset import Dataset, as_instant
from graphkit.graphs.options import microseconds


def frames(folder: Path) -> Draw:
    """Frames that are handed to Dataset."""

    def draw(rng: Generator) -> Trial:
        own = tables(bool(rng.integers(2)))
        name = pick(rng, sorted(own))
        if rng.random() < 0.7:
            mutant = change_frame(own[name].frame(), rng)
            if rng.random() < 0.3:
                mutant = replace(mutant, value=mutant.value.lazy())
        else:
            mutant = change_table(replace(own[name], form="parquet"), rng)
            mutant = replace(mutant, value=mutant.value.frame(), filled=None, rows=None)
        value = mutant.value
        shown = replace(mutant, value=None, what=f"{name}: {mutant.what}", cells=())
        return Trial(
            shown, lambda: dataset_found(Dataset(**{name: value}), None), names=(name,), table=name
        )

    return draw


IDS: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**31, 2**63, 2**64 - 1, 10**30, 1.0, 1.5, float("nan"), float("inf")),
    *(("a", 1), frozenset("a"), b"a", np.int64(3), np.float64(3), np.str_("a"), "a", "b", "12"),
    *(["a"], {"a": 1}, object, 1 + 2j, np.datetime64("2024-01-01"), np.array([1]), "12.0", " a"),
    *("a\x00b", "\ufffd", "nan", "None", "", "\ud800"),
)
_WEIGHTS: tuple[Any, ...] = (
    *(1, 1.5, -2, 0, 10**30, 10**400, float("nan"), float("inf"), None, "1", "a", True, [1]),
    *(np.float32(2), np.uint8(255), 1 + 0j, b"1"),
)


def some_of(rng: Generator, values: Any, n: int) -> list[Any]:
    plain = ["a", "b", "c", "d"] if rng.random() < 0.5 else [1, 2, 3, 4]
    return [pick(rng, values) if rng.random() < 0.3 else pick(rng, plain) for _ in range(n)]


def _distinct(values: Any) -> int:
    return len(dict.fromkeys(values))


def _graph_found(graph: Any, nodes: int, total: float | None = None) -> Found:
    wrong = "" if graph.n_nodes == nodes else "other number of nodes than distinct ids"
    if not wrong and total is not None and not np.isclose(graph.total_weight, total, rtol=1e-9):
        wrong = "other total weight than that given"
    ids = graph.vocabulary.ids.tolist()
    if any(v is None or v != v for v in ids if not isinstance(v, np.ndarray)):
        wrong = "a missing id is a node"
    return Found("", wrong=wrong)


def edges(folder: Path) -> Draw:
    """Ids and weights for Graph.from_edges."""

    def draw(rng: Generator) -> Trial:
        n = int(rng.integers(1, 8))
        source, target = some_of(rng, IDS, n), some_of(rng, IDS, n)
        weight = None if rng.random() < 0.5 else [pick(rng, _WEIGHTS) for _ in range(n)]
        directed = bool(rng.integers(2))

        def read() -> Found:
            graph = gk.Graph.from_edges(source, target, weight, directed=directed)
            total = float(n) if weight is None else float(sum(map(float, weight)))
            return _graph_found(graph, _distinct([*source, *target]), total)

        what = f"from_edges({short(source, 60)}, {short(target, 60)}, {short(weight, 60)})"
        return Trial(Mutant(None, what), read)

    return draw


def matrices(folder: Path) -> Draw:
    """Matrices for Graph.from_scipy."""
    import scipy.sparse as sp

    kinds = ("int8", "uint8", "int32", "int64", "float32", "float64", "bool", "complex128")

    def draw(rng: Generator) -> Trial:
        n, m = int(rng.integers(1, 6)), int(rng.integers(1, 12))
        where = rng.integers(0, n, (2, m))
        dtype = pick(rng, kinds)
        numbers = rng.integers(0, 120, m).astype(dtype)
        if rng.random() < 0.3 and dtype[0] in "fc":
            numbers[0] = pick(rng, (np.nan, np.inf, 1e308, -1))
        symmetric = bool(rng.integers(2))
        rows, columns = np.r_[where[0], where[1]], np.r_[where[1], where[0]]
        ends = (rows, columns) if symmetric else (where[0], where[1])
        values = np.r_[numbers, numbers] if symmetric else numbers
        form = pick(rng, (sp.coo_array, sp.csr_array, sp.csc_matrix, sp.lil_array))
        # the others add up duplicates themselves, and wrap
        form = sp.coo_array if dtype in ("int8", "uint8") else form
        with np.errstate(all="ignore"):
            built = sp.coo_array((values, ends), shape=(n, n))
            matrix = built if form is sp.coo_array else form(built)
        nodes = None if rng.random() < 0.5 else some_of(rng, IDS, n)

        def read() -> Found:
            graph = gk.Graph.from_scipy(matrix, directed=not symmetric, nodes=nodes)
            if dtype == "bool" or symmetric:
                return _graph_found(graph, n)
            return _graph_found(graph, n, float(np.asarray(values, np.float64).sum()))

        return Trial(
            Mutant(None, f"{form.__name__} of {dtype}, {n} × {n}, nodes {short(nodes, 60)}"), read
        )

    return draw


def networks(folder: Path) -> Draw:
    """Graphs of networkx and igraph."""
    import igraph as ig
    import networkx as nx

    def draw(rng: Generator) -> Trial:
        n = int(rng.integers(1, 7))
        weight = [pick(rng, _WEIGHTS) for _ in range(n)] if rng.random() < 0.5 else [1] * n
        if rng.random() < 0.5:
            hashable = [v for v in IDS if v is not None and _is_hashable(v)]
            ends = [
                (a, b)
                for a, b in zip(some_of(rng, hashable, n), some_of(rng, hashable, n), strict=True)
            ]
            other: Any = pick(rng, (nx.Graph, nx.DiGraph, nx.MultiGraph))()
            for (a, b), w in zip(ends, weight, strict=True):
                other.add_edge(a, b, weight=w)
            what = f"{type(other).__name__}: {short(ends, 80)}, weights {short(weight, 60)}"
            return Trial(
                Mutant(None, what),
                lambda: _graph_found(gk.Graph.from_networkx(other), other.number_of_nodes()),
            )
        pairs = [(int(a), int(b)) for a, b in rng.integers(0, 5, (n, 2))]
        made = ig.Graph(5, pairs, directed=bool(rng.integers(2)))
        made.es["weight"] = weight
        names = None if rng.random() < 0.5 else some_of(rng, IDS, 5)
        if names is not None:
            made.vs["name"] = names
        what = f"igraph: {pairs}, names {short(names, 60)}, weights {short(weight, 60)}"
        return Trial(Mutant(None, what), lambda: _graph_found(gk.Graph.from_igraph(made), 5))

    return draw


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def memberships(folder: Path) -> Draw:
    """Ids and memberships for Partition.from_membership."""
    pool = (*IDS, 1382979469312, 7281986300348026145, 0.2, 0.7, -2, -1.0)

    def draw(rng: Generator) -> Trial:
        n = int(rng.integers(1, 7))
        ids: Any = list("abcdefg"[:n]) if rng.random() < 0.6 else some_of(rng, IDS, n)
        groups: Any = some_of(rng, pool, n)
        if rng.random() < 0.2:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                dtype = pick(rng, ("int64", "float64", "U4", "object"))
                try:
                    groups = np.array(groups, dtype=dtype)
                except (TypeError, ValueError, OverflowError):
                    groups = np.array([0.0, np.nan, 1.0, 1.5, -1.0, 2e12, np.inf][:n])

        def read() -> Found:
            found = gk.Partition.from_membership(ids, groups)
            given = [g for g in list(groups) if g is not None]
            if not all(isinstance(g, str | Real) for g in given):
                return Found("", wrong="a membership that is no text or number is accepted")
            named = [g for g in given if g == g]
            texts = any(isinstance(g, str) for g in named)
            distinct = _distinct([g for g in named if texts or g >= 0])
            same = found.n_communities == distinct and len(found.vocabulary) == n
            return Found("", wrong="" if same else "other communities than those given")

        what = f"ids {short(ids, 60)}, memberships {short(groups, 80)}"
        return Trial(Mutant(None, what), read)

    return draw


def options(folder: Path) -> Draw:
    """Texts of times and windows."""
    units = ("s", "min", "h", "d", "us", "ms", "weeks", "M", "", "ds")

    def draw(rng: Generator) -> Trial:
        chance = rng.random()
        number = pick(
            rng, ("1", "-1", "0", "1.5", "1e3", "9" * 30, "9" * 400, "nan", "٣", "1_0", " 7")
        )
        text: Any = f"{number}{pick(rng, ('', ' '))}{pick(rng, units)}"
        if chance < 0.3:
            text = pick(rng, CELLS)
        elif chance < 0.4:
            text = pick(rng, VALUES)
        if rng.random() < 0.5:

            def window() -> Found:
                length = microseconds(text)
                return Found("", wrong="" if 0 < length < 2**63 else "a window beyond 64 bits")

            return Trial(Mutant(None, f"window {short(text)}"), window, names=("window",))

        def instant() -> Found:
            found = as_instant("since", text)
            return Found("", wrong="" if found.utcoffset() is not None else "a time without zone")

        if not isinstance(text, str):
            text = str(text)
        return Trial(Mutant(None, f"time {short(text)}"), instant, names=("since",))

    return draw

"""The slow, obvious twin of the projection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pytest

Edges = dict[tuple[Any, Any], float]


def tie(
    acts: Iterable[tuple[Hashable, Hashable, int]],
    entities: Sequence[Any],
    *,
    weight: str = "count",
    min_shared: int = 1,
    max_degree: int | None = None,
    window: int | None = None,
    top: int | None = None,
    mutual: bool = False,
) -> Edges:
    """Edges {(i, j): weight}, i before j, of acts (entity, thing, time); entities sorted."""
    times: dict[Any, dict[Any, list[int]]] = defaultdict(lambda: defaultdict(list))
    for entity, thing, at in acts:
        times[thing][entity].append(at)
    if max_degree is not None:
        times = {t: who for t, who in times.items() if len(who) <= max_degree}  # type: ignore[assignment]
    k = {t: len(who) for t, who in times.items()}
    idf = {t: float(np.log(len(entities) / k[t])) ** 2 for t in k}
    things = {e: sorted(t for t in times if e in times[t]) for e in entities}
    found: Edges = {}
    for a, i in enumerate(entities):
        for j in entities[a + 1 :]:
            shared = [
                t
                for t in things[i]
                if t in things[j]
                and (
                    window is None
                    or any(abs(x - y) <= window for x in times[t][i] for y in times[t][j])
                )
            ]
            if len(shared) < max(min_shared, 1):
                continue
            c, d_i, d_j = len(shared), len(things[i]), len(things[j])
            if weight == "count":
                value = float(c)
            elif weight == "pairs":
                value = float(
                    sum(
                        window is None or abs(x - y) <= window
                        for t in shared
                        for x in times[t][i]
                        for y in times[t][j]
                    )
                )
            elif weight == "actions":
                value = float(sum(min(len(times[t][i]), len(times[t][j])) for t in shared))
            elif weight == "jaccard":
                value = c / (d_i + d_j - c)
            elif weight == "cosine":
                value = c / (d_i * d_j) ** 0.5
            # one by one: from Python 3.12 on, sum() of floats carries what rounding loses
            elif weight == "newman":
                value = reduce(add, (1 / (k[t] - 1) for t in shared), 0.0)
            else:
                dot = reduce(add, (idf[t] for t in shared), 0.0)
                norms = [reduce(add, (idf[t] for t in things[e]), 0.0) for e in (i, j)]
                value = dot / (norms[0] * norms[1]) ** 0.5 if dot else 0.0
            if value:
                found[i, j] = value
    if top is None:
        return found
    best: dict[Any, set[Any]] = {}
    for e in entities:
        near = [(-w, i if e == j else j) for (i, j), w in found.items() if e in (i, j)]
        best[e] = {other for _, other in sorted(near)[:top]}
    both = all if mutual else any
    return {(i, j): w for (i, j), w in found.items() if both((j in best[i], i in best[j]))}


@pytest.fixture(scope="session")
def twin() -> Callable[..., Edges]:
    return tie

"""Facts of a study for its manifest: seeds, versions, keys of the inputs, findings."""

from __future__ import annotations

import platform as machine
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from graphkit.study.communities import community_facts

if TYPE_CHECKING:
    from graphkit.study.inputs import Materials
    from graphkit.study.results import StudyResult

__all__ = ["manifest_facts", "versions"]

_PACKAGES = (
    "igraph",
    "leidenalg",
    "matplotlib",
    "numba",
    "numpy",
    "polars",
    "scikit-learn",
    "scipy",
)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results may depend on."""
    found = {"python": machine.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def manifest_facts(result: StudyResult, materials: Materials, seed: int) -> dict[str, Any]:
    """Seeds, versions, keys of the inputs, and the findings in words."""
    communities = community_facts(result.communities, seed)
    spread = result.spread
    return {
        "seed": seed,
        "study": result.config.model_dump(mode="json"),
        "inputs": {
            "dataset": materials.dataset.content_key,
            "communities from": communities.pop("dataset"),
            "worlds": [world.content_key for world in spread.worlds],
        },
        "source": communities.pop("source"),
        "terms": communities.pop("terms"),
        "versions": versions(),
        "spread": spread.content_key,
        "calibrated": spread.calibrated,
        "budget": spread.budget,
        "headlines": [
            {"title": h.title, "verdict": h.verdict, "sentences": list(h.sentences)}
            for h in result.headlines
        ],
        "notes": list(result.notes),
        "communities": {k: v for k, v in communities.items() if k not in ("seed", "notes")},
    }

"""graphkit: communities in social graphs, and the exposure that a feed gives to their content.

Packages and modules, from the top; each imports only those below it.

=================  ==========================================================================
cli                command line: ``graphkit demo | import | run | check | describe | …``
study              studies from data to report: communities, simulation, analysis
plot               figures
attribution        causes of a difference between feeds, its limits, published figures
synthetic          synthetic platforms with planted communities, and worlds of them; ``toy()``
simulation         agent-based simulation of feeds and viewers, calibration → Spread
networkx_backend   networkx's Leiden and Louvain on the native engine
datasets           public data by name: addresses, hashes, terms, checked downloads
readwrite          import and export of datasets and graphs
communities        Graph → Partition: Leiden, null tests, resolution, labels, tracking, visibility
recommenders       feeds: candidate sources, ranking factors, re-ranking, presets
measures           spread, mixing, reach, cascades and contrasts of arms
graphs             Dataset → Graph: follow and interaction graphs, projections, backbones
nullmodels         random graphs with planted communities; degree-preserving rewiring
data               types: Dataset, Graph, Partition, Impressions, Platform, World, Spread
kernels            compiled loops over arrays (Numba)
parallel, rng      threads; random streams
progress, teaching bars for long calls; what a wrong call meant
errors             errors, warnings and checks of parameters
=================  ==========================================================================

Names load on first use: ``import graphkit`` imports no engine.
"""

import lazy_loader as _lazy

from graphkit import parallel as _parallel  # noqa: F401 (it notes forks, see refuse_after_fork)
from graphkit._version import __version__

_attribute, _, _names = _lazy.attach_stub(__name__, __file__)
#: Packages are attributes (``graphkit.plot``); ``__all__`` holds types and functions only.
_PACKAGES = {
    "attribution",
    "communities",
    "data",
    "datasets",
    "graphs",
    "measures",
    "nullmodels",
    "plot",
    "privacy",
}
_PACKAGES |= {"readwrite", "recommenders", "simulation", "study", "synthetic"}
__all__ = [*(name for name in _names if name not in _PACKAGES), "__version__"]


def __dir__() -> list[str]:
    return sorted([*_names, "__version__"])


def __getattr__(name: str) -> object:
    try:
        return _attribute(name)
    except AttributeError:
        if name.startswith("_"):
            raise
    from pathlib import Path

    from graphkit.teaching import missing_attribute

    raise AttributeError(missing_attribute(name, __all__, Path(__file__).parent))

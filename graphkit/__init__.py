"""graphkit: from a platform's logs to its communities, and how a feed carries content across them.

The map of the house; imports point down only.

============  ==========================================================================
cli           ``graphkit demo | run | check | describe | communities``
study         whole chains: data → communities → worlds → feeds → a folder with a report
networkx_backend    networkx's Leiden and Louvain on the native engine
simulation    worlds, resampled worlds, and feeds × viewers → Spread
readwrite     files of the platforms ↔ nouns
synthetic     whole platforms with planted communities; ``toy()``
graphs        Dataset → Graph: follow, interaction, co-interaction; plans, backbones, facts
communities   Graph → Partition: Leiden, trust, resolution, names, time, visibility
recommenders  how a feed ranks: sources, factors, presets
measures      nouns → numbers
plot          nouns → figures
nullmodels    graphs without structure, and with planted communities
data          the nouns: Dataset, Graph, Partition, Impressions, Platform, World, Spread
============  ==========================================================================

Names load on first use: ``import graphkit`` imports no engine.
"""

import lazy_loader as _lazy

from graphkit._version import __version__

__getattr__, __dir__, _names = _lazy.attach_stub(__name__, __file__)
_ROOMS = {
    "communities",
    "data",
    "graphs",
    "measures",
    "nullmodels",
    "plot",
    "readwrite",
    "recommenders",
    "simulation",
    "study",
    "synthetic",
}
# rooms are reached as attributes (graphkit.plot), the public names are those of their verbs
__all__ = [*(name for name in _names if name not in _ROOMS), "__version__"]

"""graphkit: from a platform's logs to its communities, and how a feed carries content across them.

The map of the house; imports point down only.

===========  ==========================================================================
cli          ``graphkit demo | describe | communities``
study        whole chains: data → graphs → communities → names → visibility → a folder
readwrite    files of the platforms ↔ nouns
synthetic    whole platforms with planted communities; ``toy()``
graphs       Dataset → Graph: follow, interaction, co-interaction
communities  Graph → Partition: Leiden, agreement, names, visibility
measures     nouns → numbers
plot         nouns → figures
data         the nouns: Vocabulary, Dataset, Graph, Partition, Impressions, Platform
===========  ==========================================================================

Names load on first use: ``import graphkit`` imports no engine.
"""

import lazy_loader as _lazy

from graphkit._version import __version__

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
__all__ = [*__all__, "__version__"]

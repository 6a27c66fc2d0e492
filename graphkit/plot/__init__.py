"""Nouns → figures: Matplotlib figures, made without any global state."""

from graphkit.plot.borders import borders
from graphkit.plot.communities import communities
from graphkit.plot.visibility import visibility

__all__ = ["borders", "communities", "visibility"]

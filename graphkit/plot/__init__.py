"""Nouns → figures: Matplotlib figures, made without any global state."""

from graphkit.plot.borders import borders
from graphkit.plot.communities import communities
from graphkit.plot.contrast import contrast
from graphkit.plot.flows import flows
from graphkit.plot.reach import reach
from graphkit.plot.s_scan import s_scan
from graphkit.plot.visibility import visibility

__all__ = ["borders", "communities", "contrast", "flows", "reach", "s_scan", "visibility"]

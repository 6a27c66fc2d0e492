"""Nouns → figures: Matplotlib figures, made without any global state."""

from graphkit.plot.alluvial import alluvial
from graphkit.plot.blend import blend
from graphkit.plot.borders import borders
from graphkit.plot.calibration import calibration
from graphkit.plot.communities import communities
from graphkit.plot.flows import flows
from graphkit.plot.reach import reach
from graphkit.plot.resolution import resolution
from graphkit.plot.s_scan import s_scan
from graphkit.plot.spread import contrast
from graphkit.plot.trade_off import trade_off
from graphkit.plot.visibility import visibility

__all__ = [
    "alluvial",
    "blend",
    "borders",
    "calibration",
    "communities",
    "contrast",
    "flows",
    "reach",
    "resolution",
    "s_scan",
    "trade_off",
    "visibility",
]

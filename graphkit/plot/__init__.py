"""Figures of results: Matplotlib figures without global state."""

from graphkit.plot.alluvial import alluvial
from graphkit.plot.calibration import calibration
from graphkit.plot.communities import borders, communities, flows, resolution, visibility
from graphkit.plot.hosting import hosting, own_share
from graphkit.plot.robustness import robustness
from graphkit.plot.spread import blend, contrast, reach, s_scan, trade_off
from graphkit.plot.style import Canvas

__all__ = [
    "Canvas",
    "alluvial",
    "blend",
    "borders",
    "calibration",
    "communities",
    "contrast",
    "flows",
    "hosting",
    "own_share",
    "reach",
    "resolution",
    "robustness",
    "s_scan",
    "trade_off",
    "visibility",
]


def __dir__() -> list[str]:
    return __all__

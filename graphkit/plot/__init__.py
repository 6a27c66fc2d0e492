"""Figures of results: Matplotlib figures without global state."""

from graphkit.plot.alluvial import alluvial
from graphkit.plot.attribution import sensitivity, shapley
from graphkit.plot.calibration import calibration
from graphkit.plot.communities import borders, communities, flows, resolution, visibility
from graphkit.plot.hosting import hosting, own_share
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
    "s_scan",
    "sensitivity",
    "shapley",
    "trade_off",
    "visibility",
]


def __dir__() -> list[str]:
    return __all__

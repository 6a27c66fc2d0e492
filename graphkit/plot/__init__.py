"""Figures of results: Matplotlib figures without global state."""

from graphkit.plot.alluvial import alluvial
from graphkit.plot.answers import answers
from graphkit.plot.attribution import sensitivity, shapley
from graphkit.plot.audience import audience
from graphkit.plot.calibration import calibration
from graphkit.plot.communities import borders, communities, flows, resolution, visibility
from graphkit.plot.cross_posting import cross_posting
from graphkit.plot.flow_contrast import flow_contrast
from graphkit.plot.harm import hosting_of_flagged, intervention_costs
from graphkit.plot.hosting import hosting, own_share
from graphkit.plot.income import economy, income
from graphkit.plot.interactive_map import InteractiveMap, interactive_map
from graphkit.plot.map import map
from graphkit.plot.robustness import robustness
from graphkit.plot.spread import blend, contrast, reach, s_scan, trade_off
from graphkit.plot.style import Canvas
from graphkit.plot.survival import cold_start, time_to_cross
from graphkit.plot.variety import variety
from graphkit.teaching import teach

__all__ = [
    "Canvas",
    "InteractiveMap",
    "alluvial",
    "answers",
    "audience",
    "blend",
    "borders",
    "calibration",
    "cold_start",
    "communities",
    "contrast",
    "cross_posting",
    "economy",
    "flow_contrast",
    "flows",
    "hosting",
    "hosting_of_flagged",
    "income",
    "interactive_map",
    "intervention_costs",
    "map",
    "own_share",
    "reach",
    "resolution",
    "robustness",
    "s_scan",
    "sensitivity",
    "shapley",
    "time_to_cross",
    "trade_off",
    "variety",
    "visibility",
]


def __dir__() -> list[str]:
    return __all__


teach(globals())

"""Figures of results: Matplotlib figures without global state.

Every figure takes its result first, and by keyword where it is drawn:

- by default on a :class:`Canvas` of its own, which shows itself in a notebook and is saved by
  :meth:`Canvas.write`; with ``width="phone"`` it is 3.9 inches wide, its panels lie below each
  other, and at 390 pixels no letter is lower than 11;
- with ``ax=`` in a figure of the caller. A figure of one panel takes axes, and writes nothing
  around them but a note below; every figure takes a ``SubFigure``, such as
  ``figure.subfigures(1, 2)[0]``, which has room for several panels. The caller's figure is not
  resized, closed or restyled, and its other axes are left alone. What is returned is the whole
  figure of the caller.
"""

from graphkit.plot.alluvial import alluvial
from graphkit.plot.answers import answers
from graphkit.plot.attribution import sensitivity, shapley
from graphkit.plot.audience import audience
from graphkit.plot.calibration import calibration
from graphkit.plot.communities import borders, communities, flows, resolution, visibility
from graphkit.plot.contrast import contrast
from graphkit.plot.cross_posting import cross_posting
from graphkit.plot.flow_contrast import flow_contrast
from graphkit.plot.harm import hosting_of_flagged, intervention_costs
from graphkit.plot.hosting import hosting, own_share
from graphkit.plot.income import economy, income
from graphkit.plot.interactive_map import InteractiveMap, interactive_map
from graphkit.plot.map import map
from graphkit.plot.palette import Palette, palette
from graphkit.plot.robustness import robustness
from graphkit.plot.spread import blend, reach, s_scan, trade_off
from graphkit.plot.style import Canvas
from graphkit.plot.survival import cold_start, time_to_cross
from graphkit.plot.variety import variety
from graphkit.teaching import teach

__all__ = [
    "Canvas",
    "InteractiveMap",
    "Palette",
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
    "palette",
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

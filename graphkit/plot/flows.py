"""Where a feed carries posts: home communities × viewers' communities, arm by arm."""

from __future__ import annotations

from collections.abc import Mapping

from graphkit.measures import Mixing
from graphkit.plot._canvas import Canvas, foot
from graphkit.plot.borders import matrices

__all__ = ["flows"]


def flows(arms: Mapping[str, Mixing], *, top: int = 16, highlight: tuple[str, ...] = ()) -> Canvas:
    """Matrices side by side: log₂ of observed over expected impressions, one per arm.

    Rows are the home communities of the posts, columns the viewers' communities. Red: more
    impressions than independence would give; blue: fewer. Cells with an expectation below
    5 are blank. The darker the diagonal beside the rest, the less a feed carries across.

    Parameters
    ----------
    arms
        Results of :func:`graphkit.measures.flow` by the name of the arm, over the same
        communities.
    top
        Communities shown, the largest first.
    highlight
        Names of communities to set off by colour.
    """
    figure = matrices(arms, top, highlight, "impressions", ("post at home in", "shown to"))
    marks = [panel.provenance.parameters.get("calibrated", True) for panel in arms.values()]
    foot(figure, calibrated=all(marks))
    return figure

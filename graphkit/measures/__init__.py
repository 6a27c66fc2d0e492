"""Nouns → numbers: what graphs and impressions say about communities."""

from graphkit.measures.contrast import contrast
from graphkit.measures.crossing import crossing
from graphkit.measures.exposure import (
    effective_number,
    entropy,
    gini,
    lorenz,
    small_creator_share,
)
from graphkit.measures.flow import ei_index, ei_null, flow
from graphkit.measures.hosting import hosting_creators, hosting_members, hosting_reach
from graphkit.measures.mixing import mixing
from graphkit.measures.spread import measure_spread, reach_by_age, reach_curve
from graphkit.measures.virality import cascades

__all__ = [
    "cascades",
    "contrast",
    "crossing",
    "effective_number",
    "ei_index",
    "ei_null",
    "entropy",
    "flow",
    "gini",
    "hosting_creators",
    "hosting_members",
    "hosting_reach",
    "lorenz",
    "measure_spread",
    "mixing",
    "reach_by_age",
    "reach_curve",
    "small_creator_share",
]

"""Nouns → numbers: what graphs and impressions say about communities."""

from graphkit.measures.amplification import amplification
from graphkit.measures.arm_means import arm_means
from graphkit.measures.contrast import contrast
from graphkit.measures.mixing import crossing
from graphkit.measures.exposure import (
    effective_number,
    entropy,
    gini,
    intra_list_distance,
    lorenz,
    miscalibration,
    small_creator_share,
)
from graphkit.measures.mixing import ei_index, ei_null, flow
from graphkit.measures.hosting import hosting_creators, hosting_members, hosting_reach
from graphkit.measures.mixing import mixing
from graphkit.measures.reach import reach_by_age, reach_curve
from graphkit.measures.spread import measure_spread
from graphkit.measures.cascades import cascades

__all__ = [
    "amplification",
    "arm_means",
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
    "intra_list_distance",
    "lorenz",
    "measure_spread",
    "miscalibration",
    "mixing",
    "reach_by_age",
    "reach_curve",
    "small_creator_share",
]

"""Measures of graphs, impressions and simulated spread between communities."""

from graphkit.measures.cascades import Cascades, cascades
from graphkit.measures.catalogue import MEASURES, Measure
from graphkit.measures.contrast import Contrast, arm_means, contrast
from graphkit.measures.exposure import (
    effective_number,
    entropy,
    gini,
    intra_list_distance,
    lorenz,
    miscalibration,
    small_creator_share,
)
from graphkit.measures.headline import Finding, Headline, headline
from graphkit.measures.hosting import hosting_creators, hosting_members, hosting_reach
from graphkit.measures.hosting_visibility import hosting_by_visibility
from graphkit.measures.mixing import Crossing, Mixing, crossing, ei_index, ei_null, flow, mixing
from graphkit.measures.own_share import ColdStart, cold_start, own_share
from graphkit.measures.permutation import PermutationNull, permutation_null
from graphkit.measures.reach import amplification, reach_by_age, reach_curve
from graphkit.measures.spread import measure_spread
from graphkit.measures.survival import LogRank, kaplan_meier, logrank
from graphkit.measures.time_to_cross import TimeToCross, time_to_cross

__all__ = [
    "MEASURES",
    "Cascades",
    "ColdStart",
    "Contrast",
    "Crossing",
    "Finding",
    "Headline",
    "LogRank",
    "Measure",
    "Mixing",
    "PermutationNull",
    "TimeToCross",
    "amplification",
    "arm_means",
    "cascades",
    "cold_start",
    "contrast",
    "crossing",
    "effective_number",
    "ei_index",
    "ei_null",
    "entropy",
    "flow",
    "gini",
    "headline",
    "hosting_by_visibility",
    "hosting_creators",
    "hosting_members",
    "hosting_reach",
    "intra_list_distance",
    "kaplan_meier",
    "logrank",
    "lorenz",
    "measure_spread",
    "miscalibration",
    "mixing",
    "own_share",
    "permutation_null",
    "reach_by_age",
    "reach_curve",
    "small_creator_share",
    "time_to_cross",
]


def __dir__() -> list[str]:
    return __all__
